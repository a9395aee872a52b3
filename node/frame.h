/* node/frame.h -- frames: how messages lie one behind the other in a connection between nodes.
 *
 *     u32 length of the payload | u8 kind | payload
 *
 * The limit is looked up by kind before anything is allocated. A frame that is too large or of an
 * unknown kind is the end of the connection: nothing behind it can be trusted to begin a frame.
 */
#ifndef NODE_FRAME_H
#define NODE_FRAME_H

#include "crypto/blob.h"

/* X(NAME, number, name, payload limit, or the name of one that depends on the chain). Their
 * payloads:
 *
 *     hello, ping, bye   node/hello.h; they are the connection's own
 *     engine             message (consensus/engine.h)
 *     transactions       u32 count | count x bytes32 transaction
 *     seal_votes         u16 count | count x seal vote
 *     fetch              what u8 (1 proposal, 2 anchor) | digest 32 | index u64
 *     fetched            proposal 88 | bytes32 batch
 *     sync_request       first height u64 | count u16
 *     sync_blocks        u16 count | count x (bytes32 block | bytes16 seal); ascending heights; an
 *                        empty seal: the next block of the frame names this one as its parent
 *     anchor             epoch u64 | u32 count | count x proposal 88 | bytes32 proof
 *     tick_wish          time_ms u64: a block later than this is wished for
 */
#define FRAME_LIST(X) \
    X(HELLO, 1, "hello", 1024) \
    X(PING, 2, "ping", 64) \
    X(ENGINE, 3, "engine", FRAME_LIMIT_BATCH) \
    X(TRANSACTIONS, 4, "transactions", FRAME_LIMIT_GOSSIP) \
    X(SEAL_VOTES, 5, "seal_votes", 16384) \
    X(FETCH, 6, "fetch", 64) \
    X(FETCHED, 7, "fetched", FRAME_LIMIT_BATCH) \
    X(SYNC_REQUEST, 8, "sync_request", 64) \
    X(SYNC_BLOCKS, 9, "sync_blocks", FRAME_LIMIT_BLOCKS) \
    X(ANCHOR, 10, "anchor", 262144) \
    X(TICK_WISH, 11, "tick_wish", 64) \
    X(BYE, 12, "bye", 512)

enum frame_kind {
#define X(name, number, text, limit) FRAME_##name = number,
    FRAME_LIST(X)
#undef X
        FRAME_KIND_LAST = FRAME_BYE,
};

/* Limits that depend on the chain's batch_bytes_max: that and 64 KiB for what stands around a
 * batch; for blocks the larger of 4 MiB and one block, and 64 KiB for header, seal and lengths. A
 * transaction is as large as a batch at most, and as tx_bytes_max can be: gossip is at least 256
 * KiB, and one such transaction with its length in any case. */
enum { FRAME_LIMIT_BATCH = 0, FRAME_LIMIT_BLOCKS = 1, FRAME_LIMIT_GOSSIP = 2 };

enum {
    FRAME_GOSSIP_BYTES = 256 * 1024,
    FRAME_GOSSIP_BYTES_MAX = 1024 * 1024 + 1024, /* the largest tx_bytes_max, and lengths */
};

enum { FRAME_HEAD_BYTES = 5, FRAME_BATCH_EXTRA = 64 * 1024, FRAME_SYNC_BYTES = 4 * 1024 * 1024 };

/* The name of a kind, for logs and metrics; "unknown" otherwise. */
const char *frame_name(uint8_t kind);

/* The largest payload of a kind; false if the kind does not exist. */
bool frame_limit(uint8_t kind, size_t batch_bytes_max, size_t *limit);

void frame_head_encode(uint8_t bytes[FRAME_HEAD_BYTES], enum frame_kind kind, size_t payload_size);

/* Reassembles frames from bytes as they come. Before the hello only a hello is taken. */
struct frame_decoder {
    size_t batch_bytes_max;
    uint8_t head[FRAME_HEAD_BYTES];
    size_t head_size;     /* bytes of the head so far */
    struct blob *payload; /* being filled; NULL while the head is incomplete */
    size_t payload_size;  /* bytes of the payload so far */
    bool hello_only;
    enum status status; /* sticky */
};

void frame_decoder_init(struct frame_decoder *decoder, size_t batch_bytes_max);
void frame_decoder_free(struct frame_decoder *decoder);

/* Takes bytes from the front of *bytes until a frame is whole (STATUS_OK: *kind and *payload, a
 * reference that is the caller's) or they are used up (STATUS_BUSY). Errors stick:
 * STATUS_UNSUPPORTED (kind), STATUS_TOO_LARGE, STATUS_REFUSED (not a hello before the hello),
 * STATUS_NO_MEMORY. */
enum status frame_decode(struct frame_decoder *decoder, struct span *bytes, enum frame_kind *kind,
                         struct blob **payload);

/* Has this decoder begun a frame that is not complete yet? (A peer that drips bytes.) */
bool frame_decoder_partial(const struct frame_decoder *decoder);

#endif
