/* node/check.h -- everything about incoming bytes that can be judged without the node's state.
 *
 * Peers' messages and clients' transactions are turned into jobs; a job is run by any thread
 * (check_run is pure: the same job gives the same result), and comes back to the replica, which
 * alone decides what it means. So signatures are verified off the loop, once, on all cores, and the
 * simulator runs the same code inline.
 */
#ifndef NODE_CHECK_H
#define NODE_CHECK_H

#include "consensus/engine.h"
#include "crypto/blob.h"
#include "ledger/ledger.h"

/* What checks need of the chain; constant within an epoch, shared by all jobs. */
struct check_context {
    const struct engine_ops *engine;
    struct engine_config config; /* self, committee, domain, options, cache */
    struct digest chain_id;
    struct params params;
    struct verify_cache *cache; /* of account signatures; may be NULL */
};

enum check_kind {
    CHECK_MESSAGE,     /* an engine's message, with the batch of a proposal */
    CHECK_TRANSACTION, /* one transaction from a client */
    CHECK_GOSSIP,      /* u32 count | count x bytes32 transaction, from a peer */
    CHECK_SEAL_VOTES,  /* u16 count | count x seal vote */
    CHECK_BLOCKS,      /* sync_blocks of node/frame.h */
    CHECK_ANCHOR,      /* the answer to an anchor request */
};

enum {
    GOSSIP_TXS_MAX = 1024,
    SEAL_VOTES_MAX = 128,
    SYNC_BLOCKS_MAX = 256,
    ANCHOR_PROPOSALS_MAX = 1200
};

struct check_transaction {
    struct blob *blob; /* the job's reference; the receiver takes it over by setting it to NULL */
    struct digest txid;
    struct refusal refusal; /* REFUSAL_none: passed so far */
    uint64_t next_lane;     /* set by admission on the ledger's thread */
};

struct check_block {
    struct span block; /* into the job's blob */
    struct header header;
    struct digest hash;
    struct seal seal;
};

struct check_job {
    enum check_kind kind;
    uint16_t from;   /* peer */
    uint64_t ticket; /* of a client's submission; else 0 */
    struct blob *blob;
    const struct check_context *context;

    enum status status; /* of the whole job */

    uint64_t order; /* CHECK_MESSAGE: among those of its peer; the replica's own */
    struct check_job *next;

    struct message message; /* CHECK_MESSAGE: spans into blob */
    struct message_facts facts;
    struct batch batch;
    struct digest batch_hash;
    struct digest *txids; /* batch.count of them */

    struct check_transaction *transactions; /* CHECK_TRANSACTION, CHECK_GOSSIP */
    uint32_t transactions_count;

    struct seal_vote *votes; /* CHECK_SEAL_VOTES: the valid ones */
    uint16_t votes_count;

    struct check_block *blocks; /* CHECK_BLOCKS: the valid ones up to the first bad one */
    uint16_t blocks_count;

    struct proposal *proposals; /* CHECK_ANCHOR */
    uint32_t proposals_count;
    struct span proof;
};

/* A job that owns a reference to blob; NULL without memory. */
struct check_job *check_new(enum check_kind kind, uint16_t from, uint64_t ticket, struct blob *blob,
                            const struct check_context *context);
void check_free(struct check_job *job);

/* Pure and thread-safe. Sets status: STATUS_OK, or why the sender broke the rules. */
void check_run(struct check_job *job);

/* On the ledger's thread: the checks that need state, for those that passed so far, of one job or
 * more, linked by next. Sets status: anything but STATUS_OK means that the ledger, or memory, has
 * failed. */
void check_admit(struct check_job *jobs, struct ledger *ledger, uint64_t now_ms);

#endif
