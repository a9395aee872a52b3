/* node/replica_internal.h -- the replica's own structures, shared by its files and nobody else.
 *
 *     replica.c          life, outputs, the gated queue, inputs, the pump that turns them to steps
 *     replica_engine.c   the engine's effects become records, messages, decisions; our batches
 *     replica_store.c    proposals and their batches: kept, found, marked, dropped
 *     replica_order.c    decided batches go to the ledger one by one, and come back as blocks
 *     replica_seal.c     seal signatures: ours, theirs, the quorum, divergence
 *     replica_doubt.c    when execution contradicts what we once signed
 *     replica_twin.c     our own signature, given elsewhere
 *     replica_evidence.c who has signed two blocks at one height
 *     replica_sync.c     catching up: sealed blocks, anchors, missing proposals
 *     replica_pool.c     submissions and gossip
 *     replica_read.c     clients' reads that see all that is decided
 *     replica_journal.c  records: restored at start, folded into a new segment
 *     replica_epoch.c    the last block of the epoch, and the end of this replica
 */
#ifndef NODE_REPLICA_INTERNAL_H
#define NODE_REPLICA_INTERNAL_H

#include "node/replica.h"

enum {
    OBSERVERS_MAX = 64,
    OBSERVER_FIRST = 0x8000, /* peers from here on are observers */
    PEERS_MAX = COMMITTEE_MAX + OBSERVERS_MAX,
    PROPOSALS_MAX = 4096,
    PROPOSALS_A_VIEW_MAX = 2,
    GATED_MAX = 8192, /* beyond it the engine is not stepped until the disk has caught up */
    OUTPUTS_MAX = 65536,
    CHECKS_A_PEER_MAX = 512,
    CHECK_BYTES_A_PEER_MAX = 64 * 1024 * 1024,
    SUBMISSIONS_MAX = 20000,
    READS_WAITING_MAX = 1024, /* clients' reads that wait for the engine or the ledger */
    KEEP_INDEXES = 64,   /* decided proposals kept behind the sealed head, besides unsealed_max */
    UNDECIDED_KEEP = 64, /* undecided proposals; beyond it those without children go first */
    SEALED_KEEP = 128,   /* heights whose late signatures are still gathered */
    FOLD_BYTES_MAX = JOURNAL_PAYLOAD_MAX,
};

/* Times in milliseconds, all of them of liveness only. */
enum {
    GATHER_TXS_MAX = 64, /* a batch that has so many does not wait for more */
    SEAL_RESEND_MS = 500,
    SYNC_TIMEOUT_MS = 2000, /* then another peer is asked; a late answer is welcome all the same */
    SYNC_PATIENCE_MS = 300, /* a peer is ahead by a block: our own decision may be on its way */
    ANCHOR_RETRY_MS = 1000,
    FETCH_TIMEOUT_MS = 500,
    DIVERGED_WAIT_MS = 10000, /* for the header that tells why; the node stops either way */
    DOUBT_WAIT_MS = 10000,    /* for a seal that says whether we are right now or were before */
    STALL_TICK_MS = 60000,    /* between ticks while too much is unsealed */
    SERVE_WINDOW_MS = 1000,
    READ_AGAIN_MS = 200,  /* a question to the engine may be lost on its way to the leader */
    READ_REFUSED_MS = 20, /* nobody leads: then it is asked again */
};

/* What one peer is served of proposals and anchors in a window. */
enum { SERVE_TIMES_MAX = 256, SERVE_BYTES_MAX = 64 * 1024 * 1024 };

/* A proposal that we know, with its batch if we have it. */
struct entry {
    struct digest digest;
    struct proposal proposal;
    struct blob *batch; /* NULL: not here, or sealed and dropped */
    uint64_t time_ms;
    uint32_t tx_count;
    struct digest *txids; /* tx_count; NULL once executed */
    bool orders;          /* transactions, or a tick: somebody waits for its decision */
    bool journaled;
    bool decided;
    bool marked;        /* the pool's transactions in it are marked */
    uint64_t record;    /* that proves the decision; the ledger waits until it is durable */
    struct blob *proof; /* of a decision; NULL if a later decision proves this one */
};

enum gated_kind { GATED_SEND, GATED_EXECUTE, GATED_CUT };

struct gated {
    enum gated_kind kind;
    uint64_t after; /* record that must be durable first */
    uint16_t to;
    uint8_t type;
    bool droppable;
    struct blob *payload;
    uint64_t record; /* GATED_CUT */
};

struct gated_queue {
    struct gated *items;
    uint32_t capacity, first, count;
};

struct output_queue {
    struct output *items;
    uint32_t capacity, first, count;
};

struct blob_queue {
    struct blob **items;
    uint32_t capacity, first, count;
};

struct replica_peer {
    bool up;
    uint64_t epoch;         /* as it says */
    uint64_t claimed;       /* sealed height, as it says */
    uint64_t sealed_height; /* as we believe: lower after it has not delivered */
    uint32_t asked;         /* sync requests without an answer */
    uint32_t checks;
    uint64_t check_bytes;
    uint64_t messages_given; /* to be checked, in order of arrival */
    uint64_t messages_taken; /* by the engine, in the same order if it wants that */
    struct check_job *held;  /* checked before one that came earlier; ascending */
    uint64_t helped_at_ms;   /* when it was last sent a seal that it lacked */
    uint64_t served_at_ms;   /* beginning of the window that the next two speak of */
    uint64_t served_bytes;
    uint32_t served_times;
};

struct seal_slot {
    uint64_t height; /* 0: unused */
    bool executed;
    bool sealed;          /* a quorum agrees with us */
    bool late;            /* signatures came after the seal was stored */
    struct header header; /* ours, once executed */
    struct digest hash;
    uint16_t count;
    struct seal_vote *votes; /* by validator; nothing where have is false */
    bool *have;
};

/* A block that we have signed, perhaps before a restart. Kept apart from the slots: a node whose
 * ledger is gone has promised at heights far above those that it gathers for. */
struct seal_promise {
    uint64_t height; /* 0: unused */
    uint64_t sequence;
    struct digest hash;
};

/* We have executed a block at a height where we once signed another one. Which of the two is right
 * is for the seal to say; until it does nothing is executed on top or signed. */
struct seal_doubt {
    uint64_t height; /* the lowest such; 0: none */
    uint64_t until_ms;
    struct digest hash; /* as it is now */
    struct digest signed_hash;
};

struct promise {
    uint8_t kind;
    uint64_t epoch, slot;
};

struct sync_state {
    bool waiting; /* for a peer's answer */
    bool active;  /* blocks are being checked or executed */
    uint16_t peer;
    uint64_t asked_height;
    uint64_t deadline_ms;
    uint64_t behind_since_ms; /* a peer is ahead and we stand still; 0 = no */
    uint32_t executing;
    uint16_t last_peer;
    struct seal *seals; /* of the blocks being executed, in order */
    uint32_t seals_first;
    uint64_t diverged_height;       /* a quorum signed another block there: its header is wanted */
    uint64_t diverged_until_ms;     /* until then */
    uint64_t refused_height;        /* a sealed block there gave another header when executed */
    struct signer_set refused_from; /* the peers who sent such a one */
    bool discarding; /* after that, answers about the blocks behind it mean nothing */
};

struct anchor_state {
    bool wanted;
    uint64_t retry_at_ms;
    uint16_t last_peer;
};

struct fetch_state {
    bool wanted;
    struct digest digest;
    uint64_t index;
    uint64_t deadline_ms;
    uint16_t last_peer;
};

/* A client's read. The answer to a question that was asked after it came is one for it too. */
struct waiting_read {
    uint64_t ticket;
    uint64_t deadline_ms;
    uint64_t since; /* the first question that stands for it */
    bool placed;    /* answered: to be executed up to `index` */
    uint64_t index;
};

struct reads_state {
    struct waiting_read list[READS_WAITING_MAX];
    uint32_t count;
    uint64_t first;  /* questions have higher numbers than this */
    uint64_t number; /* of the last question */
    bool asked;      /* it has no answer yet */
    uint64_t again_ms;
};

/* Who has signed two blocks at one height; both arrays have a place for each validator. */
struct evidence_state {
    bool *accused;
    struct seal_pair *pairs;
    uint16_t count, taken;
};

struct replica {
    struct replica_config config;
    struct check_context context;
    struct engine_option options[ENGINE_PARAMS_MAX];
    uint16_t quorum;

    const struct engine_ops *ops;
    void *engine;
    struct effects *effects;
    struct engine_status engine_status;
    bool started;
    bool stopped;
    bool stop_told;
    struct output end;     /* OUTPUT_STOP; has its place here, so that it never lacks one */
    uint64_t seen_height;  /* an honest validator has executed it, for more have than can lie */
    bool work;             /* as last told to the engine */
    bool hollow;           /* the same */
    bool undecided_hollow; /* as it is now (store_hollow) */

    struct moment moment;
    uint64_t engine_wake_ms;

    struct output_queue outputs;
    struct gated_queue gated;
    struct blob_queue inbox; /* our own messages, durable, for our own engine */
    struct execution *told;  /* lent out by the last OUTPUT_COMMITTED */

    uint64_t next_record;
    uint64_t awaited; /* the last one that what is said now must wait for */
    uint64_t durable;
    uint64_t appended_bytes; /* since the last fold */
    uint64_t fold_bytes;     /* of the last fold and what was repeated behind it */

    uint64_t journal_epoch;        /* of the records restored last */
    bool fold_first;               /* the journal begins with the last fold ... */
    bool fold_open;                /* ... whose end has not come yet */
    uint64_t restored;             /* records */
    struct public_key journal_key; /* in its EPOCH record */
    struct blob **records;         /* the engine's, between restore and start */
    size_t records_count, records_capacity;

    struct entry **entries; /* undecided and decided, unordered but for the decided index below */
    uint32_t entries_count, entries_capacity;
    struct entry offered; /* the batch that the engine was last given; no proposal yet */
    bool offering;

    uint64_t decided_first, decided_last; /* indexes that are in entries as decided; 0: none */
    uint64_t handed;                      /* highest sequence given to the ledger */
    uint64_t executed_sequence;
    uint64_t checkpoint_sequence;
    uint64_t sealed_sequence;
    struct ledger_head head;
    uint64_t boundary;    /* height of the epoch's last block, once executed; else 0 */
    bool ended;           /* it is sealed: nothing is said or promised here any more */
    uint64_t next_due_ms; /* block time from which on a proposal of the members is due */
    uint64_t tick_gap_ms; /* in force */
    uint32_t executing;   /* EXECUTE outputs without an answer */
    uint64_t head_changed_ms;

    struct pool *pool;
    uint32_t submissions; /* checks and admissions under way for clients */
    uint32_t admissions;  /* of peers' transactions */
    bool gossip_waits;
    uint64_t regossip_at_ms;
    uint64_t tick_wish_ms;
    uint64_t tick_offered_ms; /* our wall clock when we last proposed a tick */
    uint64_t tick_again_ms;   /* when the wish is repeated to the others, if it lasts */

    struct seal_slot *slots;
    struct seal_vote *slots_votes;      /* of all slots: their votes ... */
    bool *slots_have;                   /* ... and have point into these */
    struct seal_promise *seal_promises; /* a ring as long as the slots, by height */
    struct seal_doubt doubt;
    uint32_t slots_count;
    uint64_t sealed_height;
    uint64_t seal_resend_ms;
    uint32_t seal_holes;   /* how often votes for unsealed heights below are still repeated */
    uint64_t seal_late_ms; /* when late signatures are to be stored; 0 = there are none */
    uint64_t conflicts;
    bool conflict_noted;
    struct evidence_state evidence;

    struct reads_state reads;
    struct replica_peer peers[PEERS_MAX];
    struct sync_state sync;
    struct anchor_state anchor;
    struct fetch_state fetch;       /* the engine's wish */
    struct fetch_state batch_fetch; /* a decided batch that the ledger waits for */

    struct promise promises[SIGNER_KINDS];
    bool promised[SIGNER_KINDS];

    uint32_t checks;
    uint32_t undecided_max;
    uint64_t messages_dropped;
    uint64_t marks_view; /* for which marks of lost proposals have been taken off */
    bool marks_added;    /* since then */
};

/* replica_evidence.c */
void evidence_keep(struct replica *r, const struct seal_vote *first,
                   const struct seal_vote *second);
void evidence_free(struct replica *r);

/* replica.c */
struct output *output_push(struct replica *r, enum output_kind kind);
void note(struct replica *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
void stop(struct replica *r, int exit_code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void out_of_memory(struct replica *r);
uint64_t append_record(struct replica *r, uint8_t kind, struct blob *payload);
void send_frame(struct replica *r, uint16_t to, uint8_t type, struct blob *payload, bool droppable);
void send_gated(struct replica *r, uint16_t to, uint8_t type, struct blob *payload, bool droppable);
void execute_gated(struct replica *r);
void cut_gated(struct replica *r, uint64_t record);
bool check_push(struct replica *r, enum check_kind kind, uint16_t peer, uint64_t ticket,
                struct blob *blob);
struct replica_peer *peer_of(struct replica *r, uint16_t peer);
uint16_t peer_next(const struct replica *r, uint16_t after, uint64_t sealed_height);
struct blob *blob_of_writer(struct replica *r, struct writer *w);
void tick_wish(struct replica *r, uint64_t time_ms);
void pump(struct replica *r);

/* replica_engine.c */
void engine_message(struct replica *r, uint16_t from, const struct message *message);
void engine_own_message(struct replica *r, struct blob *payload);
void engine_timer(struct replica *r);
void engine_fetched(struct replica *r, const struct proposal *proposal);
void engine_decided(struct replica *r, const struct proposal *list, size_t count,
                    struct span proof);
void engine_read(struct replica *r, uint64_t number);
void engine_transfer(struct replica *r);
void engine_effects(struct replica *r);
void engine_offer(struct replica *r);
void journal_proposal(struct replica *r, struct entry *entry);
uint64_t entry_time(const struct replica *r, const struct entry *entry);
bool stall_tick_due(const struct replica *r);
void promise_remember(struct replica *r, uint8_t kind, uint64_t epoch, uint64_t slot);
bool engine_has_work(const struct replica *r);
void on_engine_checked(struct replica *r, struct check_job *job);

/* replica_store.c */
struct entry *store_find(const struct replica *r, const struct digest *digest);
struct entry *store_find_batch(const struct replica *r, const struct digest *batch);
struct entry *store_decided(const struct replica *r, uint64_t index);
struct entry *store_add(struct replica *r, const struct proposal *proposal,
                        const struct digest *digest, struct blob *batch, bool certain);
void store_give_batch(struct replica *r, struct entry *entry, struct blob *batch);
void store_mark(struct replica *r, struct entry *entry);
void store_unmark(struct replica *r, struct entry *entry);
void store_mark_branch(struct replica *r, const struct digest *parent);
void store_unmark_undecided(struct replica *r);
void store_unmark_lost(struct replica *r, const struct digest *branch, uint64_t view);
void store_executed(struct replica *r, struct entry *entry, bool made_block);
void store_executed_up_to(struct replica *r, uint64_t sequence, uint64_t block_sequence);
void store_restored(struct replica *r);
void store_prune(struct replica *r);
void store_clear(struct replica *r);
uint32_t store_undecided(const struct replica *r);
uint64_t store_passed(const struct replica *r);
bool store_hollow(const struct replica *r);
uint32_t store_unsealed(const struct replica *r);
void entry_clear(struct entry *entry);

/* replica_order.c */
uint64_t journal_decided(struct replica *r, const struct entry *entry);
void order_decided(struct replica *r, const struct proposal *proposal, struct span proof);
void order_hand_over(struct replica *r);
void order_executed(struct replica *r, struct execution *execution);
void order_head(struct replica *r, const struct header *header, const struct digest *hash);

/* replica_seal.c */
enum status seals_init(struct replica *r);
struct seal_slot *seal_slot_of(struct replica *r, uint64_t height);
void seal_add(struct replica *r, const struct seal_vote *vote);
void seal_of_slot(const struct replica *r, const struct seal_slot *slot, struct seal *seal);
void seals_free(struct replica *r);
void seal_executed(struct replica *r, const struct header *header, const struct digest *hash);
void seal_known(struct replica *r);
void seal_votes_checked(struct replica *r, struct check_job *job);
void seal_from_sync(struct replica *r, const struct seal *seal, const struct header *header);

void seal_own_released(struct replica *r, struct blob *payload);
void seal_timer(struct replica *r);
uint64_t seal_wake_at(const struct replica *r);
struct seal_slot *seal_slot_find(const struct replica *r, uint64_t height);
struct seal_promise *seal_promise_find(const struct replica *r, uint64_t height);
void seal_promise_keep(struct replica *r, uint64_t height, uint64_t sequence,
                       const struct digest *hash);
bool seal_made_block(const struct replica *r, uint64_t sequence);
bool seal_exhausted(const struct replica *r, uint32_t times);

/* replica_doubt.c */
void doubt_begin(struct replica *r, const struct seal_slot *slot,
                 const struct seal_promise *promise);
void doubt_timer(struct replica *r);
uint64_t doubt_wake_at(const struct replica *r);

/* replica_twin.c: each stops the replica if it is true. Of a seal it is asked before its block is
 * executed: what is in the ledger would not be asked for after a restart. */
bool message_of_a_twin(struct replica *r, const struct check_job *job);
bool seal_vote_of_a_twin(struct replica *r, const struct seal_vote *vote);
bool seal_of_a_twin(struct replica *r, const struct seal *seal);

/* replica_sync.c */
void sync_timer(struct replica *r);
uint64_t sync_wake_at(const struct replica *r);
void sync_blocks_checked(struct replica *r, struct check_job *job);
void sync_block_executed(struct replica *r, struct execution *execution);
void sync_block_refused(struct replica *r, const struct problem *problem);
void sync_request_frame(struct replica *r, uint16_t peer, struct span payload);
void fetch_frame(struct replica *r, uint16_t peer, struct span payload);
void fetched_frame(struct replica *r, uint16_t peer, struct blob *payload);
void anchor_checked(struct replica *r, struct check_job *job);
bool fetch_local(struct replica *r);
void fetch_want(struct replica *r, struct fetch_state *fetch, uint16_t to,
                const struct digest *digest, uint64_t index);
void fetch_settled(struct replica *r);
void sync_blocks_frame(struct replica *r, uint16_t peer, struct blob *payload);
void anchor_from_journal(struct replica *r);
void anchor_need(struct replica *r);
uint64_t sync_target(const struct replica *r);

/* replica_pool.c */
void pool_submission_checked(struct replica *r, struct check_job *job);
void pool_gossip_checked(struct replica *r, struct check_job *job);
void pool_admission_done(struct replica *r, struct check_job *job);
void pool_gossip_fresh(struct replica *r);
void pool_timer(struct replica *r);
uint64_t pool_patience_ms(const struct replica *r);
uint64_t pool_wake_at(const struct replica *r);
void pool_skipped(struct replica *r, const struct execution *execution);
void pool_block_executed(struct replica *r, const struct execution *execution);

/* replica_read.c */
void reads_init(struct replica *r);
void reads_answered(struct replica *r, uint64_t number, bool refused, uint64_t index);
bool reads_go_on(struct replica *r);
void reads_end(struct replica *r);
uint64_t reads_wake_at(const struct replica *r);

/* replica_epoch.c */
void epoch_begin(struct replica *r);
void epoch_executed(struct replica *r, const struct execution *execution);
bool epoch_end(struct replica *r);
bool peer_is_abreast(const struct replica *r, uint16_t peer);

/* replica_journal.c */
void journal_open_epoch(struct replica *r);
void journal_drop_unproven(struct replica *r);
void journal_roll(struct replica *r);

#endif
