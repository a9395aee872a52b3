/* consensus/engine.h -- one interface for every consensus protocol.
 *
 * An engine puts opaque batches in one order. It is a deterministic state machine without I/O: it
 * is given one event at a time and answers with effects. It owns no socket, file, clock, thread,
 * key or heap: time arrives inside events, memory is handed over once at open(), randomness is
 * seeded, signatures are added on the way out by crypto/signer.c. The same events give the same
 * effects, to the bit, on every machine.
 *
 * The order of effects is the contract. Effects of successive steps form one queue, and whatever
 * stands behind a PERSIST waits until that record is durable. So a promise (a vote, an
 * acknowledgement) cannot leave before the state that backs it. Messages to ourselves travel
 * through the same queue: receiving our own vote *is* the news that it is durable, and no other
 * persistence event exists. SEND_EARLY alone skips the queue, for messages that promise nothing.
 *
 * Every statement that a SEND carries has been announced by a PERSIST with that statement as its
 * promise, or is a repetition of such a one; the signer refuses anything else. The records since
 * the last fold, in order, are all an engine needs to go on after a restart.
 *
 *                  check (any thread, pure)                 replica: queue, journal, signer
 *     peer message ------------------------> EVENT_MESSAGE --> step --> effects
 *     pool has work, engine invites -------> EVENT_BATCH           PERSIST record, promise
 *     wake_at_ms reached ------------------> EVENT_TIMER           SEND to, statement, attachment
 *     a missing proposal came -------------> EVENT_FETCHED         FETCH digest, from whom
 *     an anchor after sync ----------------> EVENT_DECIDED         COMMIT proposal, proof
 *     a client wants the latest state -----> EVENT_READ            READ number, index
 */
#ifndef CONSENSUS_ENGINE_H
#define CONSENSUS_ENGINE_H

#include "consensus/proposal.h"
#include "crypto/certificate.h"

enum { NODE_ALL = 0xffff }; /* as a target: every member, ourselves included */

/* What travels between members: a signed statement, and what is needed to believe it. */
struct message {
    struct statement statement;
    struct signature signature;
    struct span attachment; /* proposal header, certificates: the engine's own encoding */
    struct span batch;      /* the bytes of a proposed batch; empty in all other messages */
};

enum { ATTACHMENT_BYTES_MAX = 60 * 1024 };

/* Wire form, the payload of an engine frame:
 * statement 57 | signature 64 | bytes32 attachment | bytes32 batch. Read borrows from the input. */
void message_write(struct writer *w, const struct message *message);
enum status message_read(struct span bytes, size_t batch_bytes_max, struct message *message);

enum event_kind {
    EVENT_MESSAGE,  /* from a member, or from ourselves; checked (see check below) */
    EVENT_TIMER,    /* wake_at_ms has come, or `work` or `hollow` has changed */
    EVENT_BATCH,    /* the batch for the proposal we were invited to make; it extends `parent` */
    EVENT_FETCHED,  /* a proposal we asked for; its digest is the one we asked for */
    EVENT_DECIDED,  /* a checked anchor: consecutive proposals, the last of them proven decided */
    EVENT_READ,     /* what must be executed, so that a read sees all that is decided by now? */
    EVENT_TRANSFER, /* we are about to go: if we lead for long, let this member lead instead */
    EVENT_MEMBERS,  /* from now on these take part (engines that change members by themselves) */
};

/* Voters decide. While `joint`, a decision needs a quorum of the new voters and one of the old
 * ones. Learners are sent everything and do not count. */
struct members {
    struct signer_set voters;
    struct signer_set learners;
    struct signer_set old;
    bool joint;
};

struct event {
    enum event_kind kind;
    uint16_t from;   /* EVENT_MESSAGE */
    bool work;       /* our pool holds transactions: a leader who ignores them must be replaced */
    bool hollow;     /* of what is proposed and not decided, nothing that we hold orders anything:
                        nobody waits for its decision. False is always safe, only never silent */
    uint64_t now_ms; /* monotonic */
    union {
        const struct message *message;
        struct digest batch;
        const struct proposal *proposal;
        struct {
            const struct proposal *list; /* ascending indexes, each the parent of the next; at
                                            most DECIDED_MAX of them above `executed` */
            size_t count;
            struct span proof; /* of the last one */
            uint64_t executed; /* the ledger holds every index up to here already */
        } decided;
        uint64_t read;     /* EVENT_READ: the caller's number for it */
        uint16_t transfer; /* EVENT_TRANSFER: to whom; VALIDATOR_NONE: the engine chooses */
        const struct members *members; /* EVENT_MEMBERS; not joint */
    };
};

enum effect_kind {
    EFFECT_SEND,       /* after everything persisted so far is durable */
    EFFECT_SEND_EARLY, /* at once; each use says why that is safe */
    EFFECT_PERSIST,    /* append this record to the journal */
    EFFECT_COMMIT, /* decided: ascending consecutive indexes, each exactly once an incarnation */
    EFFECT_FETCH,  /* find the proposal with this digest (header and batch), asking `to` first */
    EFFECT_NOTE,   /* one sentence for logs and golden tests */
    EFFECT_READ,   /* the answer to an EVENT_READ. It may stay out: who waits has a time limit */
};

struct effect {
    enum effect_kind kind;
    uint16_t to; /* SEND, SEND_EARLY, FETCH */
    union {
        struct { /* SEND, SEND_EARLY; signed by the replica on the way out */
            struct statement statement;
            struct span attachment;
            bool batch; /* the message carries the batch of the proposal in it: `proposal` */
            struct digest batch_digest;
        } send;
        struct {                /* PERSIST */
            struct span record; /* the engine's own encoding */
            bool promises;      /* `promise` is what this record entitles us to sign */
            struct statement promise;
            bool stores; /* header and batch of `proposal` must be durable too */
            struct proposal proposal;
        } persist;
        struct { /* COMMIT */
            struct proposal proposal;
            struct span proof; /* the engine's proof of this one; may be empty when a
                                  later COMMIT of the same step has one */
        } commit;
        struct { /* FETCH */
            struct digest digest;
            uint64_t index; /* where it stands, if known; else 0 */
        } fetch;
        struct { /* READ */
            uint64_t number;
            bool refused;   /* nobody leads, or the protocol has no such reads */
            uint64_t index; /* execute up to here first */
        } read;
        struct span note;
    };
};

enum invite {
    INVITE_NONE,
    INVITE_WORK, /* a batch is welcome if there are transactions to order */
    INVITE_ANY,  /* the protocol itself needs a proposal, if only an empty one */
};

enum { EFFECTS_MAX = 1024, EFFECTS_BYTES_MAX = 512 * 1024 };

/* One EVENT_DECIDED, or the opening, commits at most this many proposals: with what else a step
 * may want they must fit into EFFECTS_MAX. */
enum { DECIDED_MAX = 512 };

/* What one step wants. Borrowed memory (spans) belongs to the effects and is valid until they are
 * reset; the replica copies what it queues. */
struct effects {
    struct effect list[EFFECTS_MAX];
    uint32_t count;
    uint8_t bytes[EFFECTS_BYTES_MAX]; /* what the spans point into */
    uint32_t bytes_used;
    uint64_t wake_at_ms;  /* the one timer; UINT64_MAX = none */
    enum invite invite;   /* may we propose now? */
    struct digest parent; /* if so: the proposal that ours will extend ... */
    uint64_t parent_index;
};

void effects_reset(struct effects *out);

/* Copies bytes into the effects' memory; the span stays valid until the reset. */
struct span effects_copy(struct effects *out, struct span bytes);

/* Encodes straight into the effects' memory: begin, write, end, with nothing else copied or noted
 * in between. The span stays valid until the reset. */
void effects_write_begin(struct effects *out, struct writer *w);
struct span effects_write_end(struct effects *out, struct writer *w);

void emit_send(struct effects *out, enum effect_kind kind, uint16_t to,
               const struct statement *statement, struct span attachment,
               const struct digest *batch);
void emit_persist(struct effects *out, struct span record, const struct statement *promise,
                  const struct proposal *store);
void emit_commit(struct effects *out, const struct proposal *proposal, struct span proof);
void emit_fetch(struct effects *out, uint16_t to, const struct digest *digest, uint64_t index);
void emit_read(struct effects *out, uint64_t number, bool refused, uint64_t index);
void emit_note(struct effects *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct engine_option {
    const char *name;
    uint64_t value;
};

struct engine_config {
    uint16_t self; /* our index, or VALIDATOR_NONE: follows, proposes and promises nothing */
    const struct committee *committee;
    struct domain domain;
    const struct engine_option *options; /* the chain's engine parameters, all of them */
    size_t options_count;
    uint64_t seed; /* for engines that draw lots */
    uint64_t now_ms;
    struct digest root; /* root_digest of the epoch */
    uint64_t executed;  /* sequence of the last batch that the ledger holds; 0 at the root */
    struct verify_cache *cache; /* used by check only; may be NULL */
};

uint64_t engine_option(const struct engine_config *config, const char *name, uint64_t standard);

struct engine_status {
    uint64_t view;
    uint64_t index_decided; /* highest index committed */
    uint64_t index_high;    /* highest index that has a certificate or stands in the log */
    uint16_t leader;        /* of this view, or VALIDATOR_NONE */
    uint64_t timeouts;      /* views or elections that timed out, since open */
    uint64_t conflicts;     /* contradicting statements seen, since open */
    uint32_t undecided;     /* proposals in flight, while a decision is awaited */
    bool placed;     /* knows the digest of the proposal at index_decided; if not it waits for
                        an anchor (EVENT_DECIDED) and promises nothing */
    bool hands_over; /* an EVENT_TRANSFER is under way: we lead until the other one does */
};

/* A message carries so many certificates at most. */
enum { OWN_STATEMENTS_MAX = 4 };

/* What check found in a message. */
struct message_facts {
    bool has_proposal;
    struct proposal proposal;
    bool
        certified; /* a certificate supports this proposal already: no clock check, no proposer's */

    /* What config->self has signed, by the certificates in it. The signatures are good if the
     * message is; whoever never said so knows that its key is in use elsewhere. */
    struct statement own[OWN_STATEMENTS_MAX];
    uint8_t own_count;
};

struct engine_ops {
    const char *name;
    const char *const *kinds; /* kinds[statement.kind]: names for logs and metrics */
    uint8_t kinds_count;      /* kinds 1 .. kinds_count - 1 exist */

    /* Bit k: statements of kind k promise nothing that a signature could prove. They travel with a
     * signature of zeros and are never given to the signer; their attachment proves them, or they
     * are believed because no member lies. */
    uint32_t unsigned_kinds;

    /* Does it count on the messages of one member in the order in which they were sent? Checks on
     * several threads lose it, and the replica restores it then. */
    bool ordered;

    /* Can it answer an EVENT_READ at all? If not it refuses every one. */
    bool reads;

    /* Bytes of memory that open wants; depends on the configuration alone. */
    size_t (*size)(const struct engine_config *config);

    /* memory is aligned for any type and zeroed. records: what was persisted since the last fold,
     * the fold's records first. The config is copied; committee and options stay valid until the
     * engine is dropped. STATUS_MALFORMED if a record is not ours. */
    enum status (*open)(void *engine, const struct engine_config *config,
                        const struct span *records, size_t records_count, struct effects *out);

    /* Never fails: whatever may be wrong about an event was found by check. */
    void (*step)(void *engine, const struct event *event, struct effects *out);

    /* Pure and thread-safe. Everything about a message that does not depend on an engine's state:
     * shape, signature, certificates, quorums, and whether `from` may say this (leader). */
    enum status (*check)(const struct engine_config *config, uint16_t from,
                         const struct message *message, struct message_facts *facts);

    /* Pure: does proof (of an EFFECT_COMMIT, on another machine) show that this proposal is
     * decided? */
    enum status (*check_decided)(const struct engine_config *config,
                                 const struct proposal *proposal, struct span proof);

    /* Emits PERSIST effects (into an empty *out) that stand for all records so far: they open a new
     * segment of the journal, and the old records may be cut. */
    void (*fold)(const void *engine, struct effects *out);

    void (*status)(const void *engine, struct engine_status *status);
};

static inline bool engine_signs(const struct engine_ops *ops, uint8_t kind)
{
    return (ops->unsigned_kinds >> (kind & 31) & 1) == 0;
}

/* The engine of a committee's kind, or NULL if it is not built. */
const struct engine_ops *engine_find_ops(enum engine_kind kind);

extern const struct engine_ops hotstuff_ops;
extern const struct engine_ops raft_ops;

#endif
