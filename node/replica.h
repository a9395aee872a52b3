/* node/replica.h -- the node without I/O: engine, pool, sealing and sync, composed.
 *
 * The replica is a pure state machine like the engine inside it: inputs come through the functions
 * below, each with the time; outputs are taken one by one with replica_next. It owns no clock,
 * socket, file or thread, and the same inputs give the same outputs, to the bit. Two hosts run it:
 * the real one (event loop, TLS, threads, disk) and the simulator.
 *
 * Order is the contract. Records (OUTPUT_APPEND) are numbered 1, 2, 3... by the replica in the
 * order of its outputs; the host appends them in that order and says how far they are durable.
 * Whatever reveals a promise stands in one queue behind the records it rests on and comes out only
 * when they are durable: votes, proposals, seal signatures, and the execution of a decision.
 *
 *     frame from a peer  -> OUTPUT_CHECK -> replica_checked -> engine | pool | seals | sync
 *     client's bytes     -> OUTPUT_CHECK -> replica_checked -> OUTPUT_ADMIT -> replica_admitted
 *     engine: PERSIST    -> OUTPUT_APPEND ... replica_durable -> OUTPUT_SEND
 *     engine: COMMIT     -> OUTPUT_APPEND ... replica_durable -> OUTPUT_EXECUTE -> replica_executed
 *     executed block     -> OUTPUT_APPEND ... replica_durable -> OUTPUT_SEND (seal signature)
 *     quorum on a block  -> OUTPUT_SEALED
 *     client's read      -> engine: READ ... replica_executed -> OUTPUT_READ
 *     behind             -> OUTPUT_SEND (sync request) ... OUTPUT_EXECUTE_BLOCK -> replica_executed
 *     boundary sealed    -> OUTPUT_EPOCH_ENDED
 *
 * A replica lives in one epoch. When the block that ends it is sealed, whether it was decided here
 * or came from a peer, the replica says so and promises nothing any more. The host then lets what
 * is under way come back (replica_quiet), makes block and seal durable with a full checkpoint, and
 * starts a new replica with the pool of the old one, whose first record names the new epoch: all
 * that it promises stands behind that. So nothing of an old epoch is left in a new one, and the way
 * into it is the same after a restart.
 */
#ifndef NODE_REPLICA_H
#define NODE_REPLICA_H

#include "crypto/signer.h"
#include "ledger/pool.h"
#include "node/check.h"
#include "node/frame.h"
#include "node/journal.h"

struct replica;

/* Both clocks, read once by the host for each input. */
struct moment {
    uint64_t now_ms;  /* monotonic; timers */
    uint64_t wall_ms; /* Unix time; proposals' times and expiry */
};

/* Frames and records are those of node/frame.h and node/journal.h. Payloads of records:
 *
 *     ENGINE    promises u8 | [statement 57] | the engine's record
 *     PROPOSAL  proposal 88 | bytes32 batch
 *     DECIDED   epoch u64 | proposal 88 | bytes32 proof; empty: a later one proves it
 *     EXECUTED  epoch u64 | height u64 | sequence u64 | block hash 32: our seal promise
 *     SEAL      seal: a quorum's
 *     FOLD      u32 count | count x (kind u8 | bytes32 payload): the epoch, the engine's state and
 *               the seal promises. Together with the PROPOSAL and DECIDED records right behind it
 *               it replaces all before, which is cut when they are durable, and not sooner
 *     FOLDED    nothing: those records end here
 *     EPOCH     epoch u64 | seal key 32, or zeros if this node makes no promises in it: only
 *               within a FOLD, as its first item. A replica that opens an epoch begins with a FOLD
 *               of nothing else; no promise of an earlier epoch binds any more, nor is one made
 */

struct replica_config {
    const struct genesis *genesis;
    const struct committee *committee; /* of the epoch */
    const struct params *params;       /* it was opened with */
    uint64_t epoch;
    struct digest boundary_hash; /* block 0, or the boundary that opened the epoch */
    uint64_t next_due_ms;        /* ledger_next_due_ms */
    uint64_t tick_gap_ms;        /* tick_gap_ms_min as it is in force now */
    struct pool *adopted;        /* of the epoch before; taken over on success. NULL: a new one */
    uint16_t self;               /* our index, or VALIDATOR_NONE */
    struct signer *signer;       /* NULL: follows and serves, but neither votes nor seals */
    bool key_shared; /* for simulators, whose dishonest members run one key twice: a vote by
                        our key that is not ours does not stop this replica */
    struct pool_limits pool;
    uint8_t hash_key[16];
    uint64_t seed;
    uint64_t journal_roll_bytes;        /* fold and cut when this much has been appended */
    struct verify_cache *engine_cache;  /* may be NULL */
    struct verify_cache *account_cache; /* may be NULL */
};

/* STATUS_UNSUPPORTED if the chain's engine is not built. Everything in config must outlive the
 * replica. The ledger's head as it stands after opening, and the last sealed block's height and
 * sequence. */
enum status replica_new(struct replica **replica, const struct replica_config *config,
                        const struct ledger_head *head, uint64_t sealed_height,
                        uint64_t sealed_sequence);

/* Before replica_start: a block above the sealed height that the ledger holds already, in order.
 * Its signature may never have left; it is given again. */
void replica_known_block(struct replica *replica, const struct header *header,
                         const struct digest *hash);
void replica_free(struct replica *replica);

/* Before replica_start: every record of the journal in order. Of those before our epoch only the
 * promises are looked at. STATUS_MALFORMED: not ours. */
enum status replica_restore(struct replica *replica, uint8_t kind, struct span payload);

/* After all records. STATUS_DAMAGED: the journal begins with a fold, of which the end is missing.
 * What came before was cut when all of it was durable, so it was lost since. */
enum status replica_restored(const struct replica *replica);

/* After all records: the epoch that the journal speaks of, and the seal key in its EPOCH record
 * (zeros also if there is none). Above our epoch the ledger is older than the journal: then this
 * replica is freed, and one without signer, whose records nobody keeps, follows up to that epoch.
 */
uint64_t replica_journal_epoch(const struct replica *replica, struct public_key *seal_key);

/* Opens the engine. first_record is the number that the next appended record will get. If the
 * journal's promises end before the safety file says, the host opens without a signer instead. */
enum status replica_start(struct replica *replica, struct moment moment, uint64_t first_record);

/* Between restore and start: follows and serves, but neither votes nor seals. For a journal that
 * ends before the promises that the safety file remembers. */
void replica_disarm(struct replica *replica);

/* Highest promise restored for a kind of statement (SIGNER_KIND_SEAL: height); false if none. */
bool replica_promised(const struct replica *replica, uint8_t kind, uint64_t *epoch, uint64_t *slot);

/* ---- inputs ---- */

void replica_timer(struct replica *replica, struct moment moment);
void replica_frame(struct replica *replica, struct moment moment, uint16_t peer, uint8_t kind,
                   struct blob *payload); /* borrows the reference */
void replica_checked(struct replica *replica, struct moment moment, struct check_job *job);
void replica_admitted(struct replica *replica, struct moment moment,
                      struct check_job *jobs); /* one or more, linked by next */
void replica_durable(struct replica *replica, struct moment moment, uint64_t record);

/* The answer to an EXECUTE or EXECUTE_BLOCK; takes execution over. status STATUS_OK,
 * STATUS_DIVERGED (with problem), or what ends the process. A block from a peer may also be refused
 * (with problem): then it is asked for elsewhere, and only f + 1 such peers end the process. */
void replica_executed(struct replica *replica, struct moment moment, enum status status,
                      struct execution *execution, const struct problem *problem);

/* A full checkpoint of the ledger: everything up to this sequence of this epoch is on disk. */
void replica_checkpointed(struct replica *replica, struct moment moment, uint64_t sequence);

/* So much has been appended that a checkpoint should let the journal be cut, even if nothing was
 * executed (views that fail leave records too). */
bool replica_wants_checkpoint(const struct replica *replica);

/* A client's transaction; the answer is OUTPUT_ANSWER with this ticket (not 0). */
void replica_submit(struct replica *replica, struct moment moment, uint64_t ticket,
                    struct blob *transaction);

/* Other bounds of the pool from now on; what is in it stays. */
void replica_limit_pool(struct replica *replica, const struct pool_limits *limits);

/* A client waits for block time to pass this time. */
void replica_wish_tick(struct replica *replica, struct moment moment, uint64_t time_ms);

/* A client wants to see everything that is decided by now. OUTPUT_READ has this ticket (not 0) and
 * comes when the ledger is that far, or by the deadline (of now_ms): nobody led, or the ledger was
 * too slow. Whether the engine can say it at all is in the answer too. */
void replica_read(struct replica *replica, struct moment moment, uint64_t ticket,
                  uint64_t deadline_ms);

/* We are about to stop: if we lead for long, somebody else should. True: that is under way, until
 * replica_status says otherwise (engine.hands_over) or the host has no more patience. */
bool replica_hand_over(struct replica *replica, struct moment moment);

void replica_peer_up(struct replica *replica, struct moment moment, uint16_t peer,
                     uint64_t sealed_height);
void replica_peer_down(struct replica *replica, struct moment moment, uint16_t peer);
void replica_peer_height(struct replica *replica, struct moment moment, uint16_t peer,
                         uint64_t sealed_height);

/* The epoch that a peer is in, as its hello and its pings say: ours, until this is called. What a
 * peer in another epoch says about consensus means nothing here, and breaks no rule. */
void replica_peer_epoch(struct replica *replica, struct moment moment, uint16_t peer,
                        uint64_t epoch);

/* ---- the end of the epoch ---- */

/* After OUTPUT_EPOCH_ENDED: nothing is under way any more, all outputs have been taken. Until then
 * checks, admissions and executions come back as ever; there are no new ones. */
bool replica_quiet(const struct replica *replica);

/* The pool, without marks, for the next replica or to be freed; this one is good only for
 * replica_free after it. */
struct pool *replica_pool_take(struct replica *replica);

/* ---- outputs ---- */

enum output_kind {
    OUTPUT_APPEND,        /* record, kind, payload: to the journal */
    OUTPUT_SEND,          /* peer (or NODE_ALL: every other one), frame kind, payload, droppable */
    OUTPUT_CHECK,         /* job: run check_run, answer with replica_checked */
    OUTPUT_ADMIT,         /* job: run check_admit on the ledger's thread, then replica_admitted */
    OUTPUT_EXECUTE,       /* epoch, sequence, payload = batch: ledger_execute, in this order */
    OUTPUT_EXECUTE_BLOCK, /* payload = block: ledger_execute_block */
    OUTPUT_SEALED,        /* seal: ledger_store_seal */
    OUTPUT_SERVE_BLOCKS,  /* peer, height, count: read sealed blocks, answer FRAME_SYNC_BLOCKS */
    OUTPUT_ANSWER,        /* ticket, refusal, txid: of a submission */
    OUTPUT_READ,          /* ticket, read: of a client's read */
    OUTPUT_COMMITTED,     /* execution (borrowed until the next call): tell waiters */
    OUTPUT_LEFT,          /* txid, refusal: left the pool without commit (expired or displaced) */
    OUTPUT_CUT,           /* record: everything before it may be deleted */
    OUTPUT_NOTE,          /* text: for the log */
    OUTPUT_PEER_BROKE,    /* peer, text: broke a rule; count it and close the connection */
    OUTPUT_EPOCH_ENDED,   /* epoch, height: its last block is sealed; see above */
    OUTPUT_STOP,          /* exit code, text: the process must end */
};

enum read_answer {
    READ_READY,       /* whoever reads the ledger from now on sees what was asked for */
    READ_LATE,        /* its deadline has come first */
    READ_FULL,        /* too many reads wait */
    READ_UNSUPPORTED, /* this chain's engine has no such reads */
};

struct output {
    enum output_kind kind;
    uint16_t peer;
    uint8_t type; /* frame or record kind */
    bool droppable;
    bool starts_segment; /* OUTPUT_APPEND of a fold: begin a new segment with it */
    bool later;          /* OUTPUT_APPEND that nothing waits for: durable with the next other one */
    uint64_t record;
    uint64_t epoch, sequence, height;
    uint16_t count;
    uint64_t ticket;
    int exit_code;
    struct blob *payload;  /* a reference that output_release drops */
    struct check_job *job; /* handed over to the host, which hands it back */
    struct seal *seal;     /* freed by output_release */
    struct execution *execution;
    enum read_answer read;
    struct refusal refusal;
    struct digest txid;
    char text[400];
};

/* The next output, or false. After use: output_release. */
bool replica_next(struct replica *replica, struct output *output);
void output_release(struct output *output);

/* When replica_timer is wanted next, in now_ms; UINT64_MAX = never. */
uint64_t replica_wake_at(const struct replica *replica);

/* ---- for status, metrics and tests ---- */

struct replica_status {
    struct engine_status engine;
    struct pool_stats pool;
    uint64_t epoch;
    bool ended;      /* its last block is sealed */
    uint64_t height; /* executed */
    uint64_t sealed_height;
    uint64_t sequence;      /* executed */
    uint64_t handed;        /* highest sequence handed over for execution */
    uint64_t target_height; /* highest sealed height that more peers show than can lie */
    bool syncing;
    bool votes;
    bool anchored;          /* the engine knows its place */
    uint64_t tick_wish_ms;  /* a block later than this is wished for; 0 = no wish */
    uint32_t proposals;     /* kept, decided ones included */
    uint32_t gated;         /* outputs that wait for the disk */
    uint32_t checks;        /* jobs under way */
    uint32_t unsealed;      /* decided batches with transactions not yet sealed */
    uint32_t undecided_max; /* most proposals in flight at once, since start */
    uint64_t messages_dropped;
    uint64_t conflicts; /* contradicting seal signatures seen */
};
void replica_status(const struct replica *replica, struct replica_status *status);

/* The part of it that only rises, at less cost: for those who look after every input. */
void replica_progress(const struct replica *replica, uint64_t *view, uint64_t *index_decided,
                      uint64_t *sealed_height);

/* Hash, time and state root of the last executed block. */
void replica_head(const struct replica *replica, struct digest *hash, uint64_t *time_ms,
                  struct digest *state_root);

/* Signatures gathered for a height, for status and diagnosis; false if none are kept. */
bool replica_seal_votes(const struct replica *replica, uint64_t height, struct seal *seal);

/* The next pair of contradicting seals that nobody has taken yet; false: none. At most one for a
 * validator; its signatures have been checked. */
bool replica_evidence(struct replica *replica, struct seal_pair *pair);

const struct check_context *replica_check_context(const struct replica *replica);

/* The pool's bytes of a transaction (borrowed), or NULL. */
struct blob *replica_pool_get(const struct replica *replica, const struct digest *txid);

#endif
