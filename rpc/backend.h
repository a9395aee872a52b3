/* rpc/backend.h -- what the RPC asks of the node, and nothing more.
 *
 * The node fills in this table once, before rpc_start, and keeps it valid until rpc_stop returns.
 * **Every function is called from RPC threads, several at once**; none may block for longer than a
 * short lock. What they give out is a copy, or constant for the life of the server.
 *
 *     node's loop thread                          RPC threads
 *     publishes a struct node_view  --- view ---> node_status, /readyz, ...
 *     pool, verify, gossip          <-- submit -- tx_submit; done(...) comes back on any thread
 *     rpc_on_block, rpc_on_sealed   ------------> waiters (rpc/server.h)
 *
 * Tests fill it in with a fake (tests/unit/rpc/fake_backend.h).
 */
#ifndef RPC_BACKEND_H
#define RPC_BACKEND_H

#include "crypto/blob.h"
#include "format/transaction.h"
#include "genesis/genesis.h"
#include <jansson.h>

struct ledger_reader;
struct state_question;
struct state_reading;

/* ---- the node at one moment ----------------------------------------------------------------- */

enum node_role { NODE_VALIDATOR, NODE_LEARNER, NODE_OBSERVER };

enum sync_state { SYNC_STARTING, SYNC_CATCHING_UP, SYNC_SYNCED, SYNC_STALLED };

/* Checks of /readyz, in the order in which they are printed. X(name) */
#define HEALTH_LIST(X) \
    X(genesis) \
    X(data) \
    X(sync) \
    X(quorum) \
    X(progress) \
    X(seal) \
    X(votes) \
    X(disk) \
    X(clock) \
    X(drain)

enum health_index {
#define X(name) HEALTH_##name,
    HEALTH_LIST(X)
#undef X
        HEALTH_COUNT
};

struct health_check {
    bool ok;
    char detail[96]; /* "" or a short phrase: "1.1 GiB free, 2 GiB wanted" */
};

struct peer_view {
    struct public_key node_key;
    bool has_validator;
    struct id validator;
    char member_name[MEMBER_NAME_MAX + 1]; /* "" if unknown */
    char address[ENDPOINT_MAX + 1];        /* host:port of the connection */
    bool dialled;                          /* direction: "out", else "in" */
    enum node_role role;
    uint64_t connected_since_ms; /* wall clock */
    uint64_t rtt_us;
    int64_t clock_offset_ms;
    uint64_t height;
    char version[48]; /* the peer's software, from its hello */
    uint16_t protocol;
    uint64_t send_queue_bytes;
    uint64_t bytes_in, bytes_out;
};

/* Validators of the epoch, and 32 observers: the latter may be about to become validators. */
enum { NODE_PEERS_MAX = COMMITTEE_MAX + 32, VOTE_KINDS_MAX = 4 };

/* Whose statements of one kind have come for the present view. */
struct vote_view {
    char kind[24];
    uint8_t have[(COMMITTEE_MAX + 7) / 8]; /* bit i: validator i of the committee */
};

struct node_view {
    /* Identity. */
    char name[64];
    char version[48];
    char revision[48];
    struct public_key node_key;
    enum node_role role;
    bool has_validator;
    struct id validator;
    uint64_t started_ms; /* wall clock */
    bool votes;
    char votes_reason[48]; /* a word, "" if it votes or never would */
    bool draining;         /* no new submissions: -32002 `draining` */

    /* Ledger. */
    enum sync_state sync;
    uint64_t height;
    uint64_t sealed_height;
    uint64_t target_height; /* highest sealed height that a peer has shown; height if none */
    struct digest block_hash;
    uint64_t block_time_ms;
    struct digest state_root;
    uint64_t earliest_height;
    double blocks_per_second; /* while catching up, else 0 */

    /* Consensus. committee is that of the epoch, for ids and arithmetic. */
    struct committee committee;
    uint64_t epoch;
    uint64_t view, sequence;
    uint16_t leader;               /* index in the committee, or VALIDATOR_NONE */
    uint16_t validators_connected; /* itself included */
    bool idle;
    uint64_t waiting_since_ms; /* wall clock: since when this view waits */
    uint64_t timeout_ms;       /* of this view */
    uint32_t undecided;
    uint64_t views_timed_out, conflicts;
    uint8_t vote_count;
    struct vote_view votes_seen[VOTE_KINDS_MAX];

    /* Mempool. */
    uint32_t mempool_txs, mempool_txs_max;
    uint64_t mempool_bytes, mempool_bytes_max;
    uint64_t mempool_oldest_ms; /* age of the oldest */
    uint32_t mempool_sources;
    uint32_t mempool_source_txs_max;

    bool disk_low;          /* submissions are refused: -32002 `disk_low` */
    uint64_t loop_age_ms;   /* since the replica's loop last turned, when view() was called */
    uint64_t tx_bytes_max;  /* parameter in force */
    uint64_t window_ms_max; /* parameter in force */
    struct health_check checks[HEALTH_COUNT];

    uint16_t peer_count;
    struct peer_view peers[NODE_PEERS_MAX];
};

/* ---- submission ----------------------------------------------------------------------------- */

enum submit_kind {
    SUBMIT_ADMITTED,    /* in the pool now */
    SUBMIT_PENDING,     /* was in the pool already */
    SUBMIT_COMMITTED,   /* is in a block already */
    SUBMIT_REFUSED,     /* refusal says why; nothing was kept */
    SUBMIT_UNAVAILABLE, /* reason: starting, catching_up, draining, stalled, disk_low */
    SUBMIT_BUSY,        /* the queue to the workers is full: limit_exceeded `submit_queue` */
};

struct submit_outcome {
    enum submit_kind kind;
    struct digest txid;     /* all but REFUSED with tx_malformed or tx_too_large */
    struct refusal refusal; /* REFUSED */
    const char *reason;     /* UNAVAILABLE: a string constant */
};

/* Called exactly once for each submit that returned true, from any thread, possibly before submit
 * returns. *outcome is borrowed. It must not block and does not: it queues. */
typedef void submit_done(void *context, const struct submit_outcome *outcome);

/* ---- reads of what is decided by now --------------------------------------------------------- */

enum read_outcome {
    READ_NOW,       /* a snapshot of the ledger that begins now shows everything decided when the
                       read was asked for */
    READ_NO_LEADER, /* in the given time nobody could say what that is */
    READ_BUSY,      /* too many are under way: limit_exceeded `linearizable_reads` */
    READ_NONE,      /* this chain's engine has no such reads */
    READ_DRAINING,  /* the node is stopping */
};

/* As submit_done. */
typedef void read_done(void *context, enum read_outcome outcome);

/* ---- proofs of the state ----------------------------------------------------------------------
 */

enum state_outcome {
    STATE_READ,     /* a reading */
    STATE_NONE,     /* a window entry that is not there, and no time to show its absence at */
    STATE_BUSY,     /* too many are under way: proof_unavailable `busy` */
    STATE_FAILED,   /* the node cannot go on; its log says why */
    STATE_DRAINING, /* the node is stopping */
};

/* As submit_done. A reading (with STATE_READ, else NULL) is handed over. */
typedef void state_done(void *context, enum state_outcome outcome, struct state_reading *reading);

/* Somebody who has signed a transaction wants to know that it will never be executed. The node
 * remembers one wish for each source: it asks for a block behind not_after and takes the reading
 * then, so that the proof can be had also when the window has passed. */
struct absence_wish {
    struct id source;
    struct digest txid;
    uint64_t not_after_ms;
    const struct state_question *question; /* borrowed */
};

/* ---- where a transaction stands ------------------------------------------------------------- */

struct tx_place {
    bool found;
    uint64_t position; /* of the entry */
    uint16_t code;     /* enum result_code */
    uint8_t at;
    uint64_t block_time_ms;
    struct digest block_hash;
    uint8_t effects[16]; /* of an entry that failed: at most what it observed */
    uint8_t effects_size;

    uint64_t ledger_height; /* the snapshot in which it was looked up, found or not */
    uint64_t ledger_time_ms;
    uint64_t sealed_height;
};

/* ---- what the RPC counts ----------------------------------------------------------------------
 */

/* Why a request was refused before a method ran; the label values of rpc_rejected_total, in the
 * same order. X(name) */
#define RPC_REJECTION_LIST(X) \
    X(host) \
    X(origin) \
    X(content_type) \
    X(header) /* malformed, repeated or missing ones */ \
    X(body)   /* no length, or too long */ \
    X(method) /* the HTTP verb */ \
    X(path) \
    X(rate) \
    X(connections) \
    X(queue) \
    X(other) /* a deadline has passed */

enum rpc_rejection {
#define X(name) RPC_REJECTION_##name,
    RPC_REJECTION_LIST(X)
#undef X
        RPC_REJECTION_COUNT
};

struct rpc_observation {
    enum { RPC_OBSERVED_CALL, RPC_OBSERVED_REJECTION, RPC_OBSERVED_LEVELS } kind;
    size_t method;             /* CALL: index in the method table; its size: an unknown method */
    bool local;                /* CALL: over the local socket */
    bool ok;                   /* CALL: answered with a result */
    uint64_t microseconds;     /* CALL: from its first turn to its answer */
    enum rpc_rejection reason; /* REJECTION */
    uint32_t connections[2];   /* LEVELS: over HTTP, over the local socket */
    uint32_t queue, waiters;   /* LEVELS */
};

/* ---- the table ------------------------------------------------------------------------------ */

struct rpc_backend {
    void *context; /* first argument of every function */

    const struct genesis *genesis; /* constant */

    /* Copies the latest snapshot into *view (about 180 KiB: keep it off small stacks). */
    void (*view)(void *context, struct node_view *view);

    /* Hands a transaction to admission: S checks on a worker, E checks between two blocks, the
     * pool, gossip. Takes its own reference to the blob. false: not accepted, done will not be
     * called (the node is stopping). */
    bool (*submit)(void *context, struct blob *transaction, submit_done *done, void *done_context);

    /* Asks what is decided by now, and waits until this node has executed it; at most timeout_ms.
     * false: not accepted, done will not be called (the node is stopping). */
    bool (*read)(void *context, uint64_t timeout_ms, read_done *done, void *done_context);

    /* Takes a reading of the state between two blocks. The question is valid (state_question_valid)
     * and copied. false: not accepted, done will not be called (the node is stopping). */
    bool (*prove)(void *context, const struct state_question *question, state_done *done,
                  void *done_context);

    /* Remembers a wish; the newest of a source is the one that counts. */
    void (*wish_absence)(void *context, const struct absence_wish *wish);

    /* A copy of the reading that a wish for this transaction was taken with, or NULL; the caller
     * frees. */
    struct state_reading *(*absence)(void *context, const struct digest *txid);

    /* Is it waiting in this node's pool? *not_after_ms is set if so. */
    bool (*pending)(void *context, const struct digest *txid, uint64_t *not_after_ms);

    /* Looks a transaction up in the ledger. reader is inside a snapshot (method.h). The node sets
     * ledger_find_tx of rpc/ledger_find.h. */
    enum status (*find_tx)(void *context, struct ledger_reader *reader, const struct digest *txid,
                           struct tx_place *place);

    /* Somebody waits for the end of a transaction whose not_after is this: should no block pass it
     * by itself, the node asks for a tick. May be called often. */
    void (*tick_wish)(void *context, uint64_t not_after_ms);

    /* admin_config: an array of {"key", "value", "origin", "reloadable"}. New reference. */
    json_t *(*config)(void *context);

    /* admin_log_level: sets the level of a module (NULL: of the node); level NULL only reads.
     * STATUS_NOT_FOUND: no such module. */
    enum status (*log_level_set)(void *context, const char *module, const char *level);
    json_t *(*log_levels)(void *context); /* {"": "info", "engine": "debug"}: name -> level */

    /* admin_backup_create: makes and verifies a backup in a new directory, which takes as long as
     * it takes. The result (new reference), or NULL and *problem. STATUS_BUSY: one is being made.
     */
    json_t *(*backup)(void *context, const char *directory, struct problem *problem);

    /* admin_shutdown: begins a clean stop and returns at once. */
    void (*shutdown)(void *context, uint64_t timeout_ms);

    /* The text of /metrics, allocated with malloc; the caller frees. NULL without memory. */
    char *(*metrics)(void *context);

    /* One answered call or refused request, for rpc_requests_total, rpc_request_seconds and
     * rpc_rejected_total; and the levels of now, just before metrics is called. Cheap. May be
     * NULL. */
    void (*observe)(void *context, const struct rpc_observation *observation);

    /* One line of the log. event is a constant name; fields an object, borrowed. May be NULL. */
    void (*log)(void *context, int level, const char *event, const json_t *fields);

    /* Wall clock in milliseconds. */
    uint64_t (*now_ms)(void *context);
};

enum rpc_log_level { RPC_LOG_ERROR, RPC_LOG_WARN, RPC_LOG_INFO, RPC_LOG_DEBUG };

#endif
