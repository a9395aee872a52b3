/* tests/sim/checker_internal.h -- what the checker remembers; shared by its files.
 *
 *     checker.c                the door: events to those whom they concern; what only rises
 *     checker_promises.c       statements: one a slot, durable before they are said, never lost
 *     checker_certificates.c   certificates and warrants, judged again
 *     checker_proofs.c         so are proofs of decisions, and seals
 *     checker_chain.c          decisions and blocks: the same everywhere, in order
 *     checker_judge.c          a block's entries: each once, with the right result
 *     checker_ends.c           receipts; a ledger compared as a whole
 *     checker_reads.c          reads of the latest state
 *     checker_raft.c           logs, leaders and acknowledgements of Raft
 *     model.c                  the reference executor
 *
 * Numbers of replicas are those of the plan; an honest one is the replica of the member with the
 * same number. All engines' statements are of one epoch here, since nothing ends one.
 */
#ifndef SIM_CHECKER_INTERNAL_H
#define SIM_CHECKER_INTERNAL_H

#include "checker.h"
#include "model.h"
#include "shelf.h"

#include "consensus/engine.h"
#include "crypto/blob.h"

enum { KINDS = 16, KIND_SEAL = 15, STATEMENT_SIZE = 57 };

/* A statement as it stands in frames and records: kind u8 | index u64 | view u64 | aux u64 |
 * digest 32. A seal promise is told in the same way: its height is the view. */
struct promise_key {
    uint64_t view;
    uint32_t replica;
    uint32_t kind;
};

struct promise {
    struct promise_key key;
    uint64_t index, aux;
    struct digest digest;
    uint32_t life;         /* the incarnation in whose journal it stands */
    uint32_t durable_life; /* ... and is durable; 0: not yet */
    uint32_t sent;         /* ever */
    uint32_t unused;
};

/* A promise, or a decision with its proof, in a record that is not durable yet. */
struct waiting {
    uint64_t record;
    uint64_t decided; /* its index; 0: a promise */
    uint32_t promise;
};

struct watched {
    bool honest, frail;
    bool lapsed; /* frail, and its journal has lost promises: those are not judged any more */
    uint32_t life;
    uint64_t durable, last_record;
    uint64_t replayed; /* highest record; in this life */

    struct waiting *waiting; /* a queue */
    uint32_t waiting_first, waiting_count, waiting_capacity;
    uint64_t made[KINDS];      /* highest view of a kind that its journal knows */
    uint64_t sent[KINDS];      /* highest that it has said */
    uint64_t restored[KINDS];  /* highest that was replayed */
    uint64_t stands[KINDS];    /* highest durable one ... */
    uint64_t stands_in[KINDS]; /* ... and the last durable record that holds it */

    uint64_t proven; /* highest index that its journal can prove to be decided: durably */
    uint64_t decided_last, repeat_until, repeat_at;
    uint64_t height, sequence; /* of its ledger */
    bool sequence_unknown;     /* it came back, and has executed nothing since: at least that */
    uint64_t view, decided, sealed;
};

/* What was decided at an index. */
struct decision {
    bool known, judged; /* judged: that nothing came of it, by the reference executor */
    struct proposal proposal;
    struct digest digest;
    uint64_t term; /* Raft: of the member that decided it first */
};

struct block {
    bool known;      /* executed by an honest replica */
    bool hash_known; /* or sealed */
    struct digest hash;
    uint64_t sequence;
    struct digest parent;
    struct execution *later;     /* a copy: to be judged when its parent is known */
    struct signature *signed_by; /* of each member, found right; NULL: none yet */
    uint64_t signed_set;
};

/* A transaction that a client made. */
struct made {
    struct digest txid;
    uint64_t height; /* 0: in no block */
    uint32_t entry;
    uint16_t code;
    uint8_t at;
    bool told; /* a client has a receipt */
};

/* The bytes of a batch, by their digest. */
struct kept_batch {
    struct digest digest;
    struct blob *bytes;
};

struct checker {
    const struct plan *plan;
    const struct genesis *genesis;
    void (*failed)(void *user, enum check_name name, const char *text);
    void *user;
    bool reported;
    uint16_t replicas, members, quorum;
    uint8_t signed_head[73]; /* of an engine's statement: chain, epoch, validators, engine */
    struct watched watched[REPLICAS_MAX];
    struct shelf promises;
    struct shelf transactions;
    struct shelf batches;
    struct shelf right;         /* fingerprints of certificates, warrants and proofs found right */
    struct decision *decisions; /* by index */
    uint64_t decisions_count;
    struct block *blocks; /* by height; [0] is the genesis */
    uint64_t blocks_count;
    uint64_t height; /* up to which all is known and executed by the model */
    uint64_t committed;
    uint64_t sealed; /* highest block of which a seal held */
    uint64_t shown;  /* highest block that a client knows: told of, or read */
    struct model *model;
    const struct engine_ops *engine; /* for names, and which kinds are signed */
    struct raft_checker *raft;       /* NULL with another engine */
};

/* Reports, the first time; false, so that `return fail(...)` reads well. */
bool checker_fail(struct checker *checker, enum check_name name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* checker_promises.c */
void promises_appended(struct checker *checker, uint16_t replica, uint64_t record, uint8_t kind,
                       struct span payload);
void promises_decided(struct checker *checker, uint16_t replica, uint64_t record,
                      struct span payload);
void promises_durable(struct checker *checker, uint16_t replica, uint64_t record);
void promises_cut(struct checker *checker, uint16_t replica, uint64_t record);
void promises_crashed(struct checker *checker, uint16_t replica);
void promises_replayed(struct checker *checker, uint16_t replica, uint8_t kind,
                       struct span payload);
void promises_restored(struct checker *checker, uint16_t replica, bool forgot);
void promises_sent(struct checker *checker, uint16_t replica, uint8_t frame, struct span payload);

/* The items of a fold's record: kind u8 | bytes32 each. */
struct span fold_items(struct span fold);
bool fold_next(struct span *rest, uint8_t *kind, struct span *payload);

/* checker_raft.c. They do nothing with another engine. */
void raft_new(struct checker *checker);
void raft_free(struct checker *checker);
void raft_appended(struct checker *checker, uint16_t replica, uint64_t record, uint8_t kind,
                   struct span payload);
void raft_cut(struct checker *checker, uint16_t replica, uint64_t record);
void raft_crashed(struct checker *checker, uint16_t replica);
void raft_replayed(struct checker *checker, uint16_t replica, uint8_t kind, struct span payload);
void raft_restored(struct checker *checker, uint16_t replica, bool forgot);
void raft_sent(struct checker *checker, uint16_t replica, struct span message);
void raft_decided(struct checker *checker, uint16_t replica, uint64_t index);
const char *raft_proof_fails(const struct proposal *proposal, const struct digest *digest,
                             struct span proof);

/* checker_certificates.c. Bytes are taken from the front; what is not there makes it fail. */
struct taking {
    const uint8_t *data;
    size_t size;
    bool failed;
};
const uint8_t *take(struct taking *t, size_t size);

/* A certificate as it stands in bytes. */
struct certified {
    uint8_t kind;
    uint64_t index, view;
    struct digest digest;
    size_t signers;
    const uint8_t *bitmap, *signatures;
    const uint8_t *aux; /* NULL: zeros were signed */
};

/* NULL if a quorum has signed it, each member once; else why it does not hold. */
const char *certificate_fails(struct checker *checker, struct taking *t, bool with_aux,
                              struct certified *c);
uint64_t fingerprint(struct span bytes, uint64_t start);

/* What admits to a view: in proposals, in timeouts, in messages that help others on. */
void warrant_sent(struct checker *checker, uint16_t replica, struct span message);

/* checker_proofs.c */
const char *proof_fails(struct checker *checker, const struct proposal *proposal,
                        const struct digest *digest, struct span proof);
const char *seal_fails(struct checker *checker, struct block *block, const struct seal *seal);

/* checker_chain.c */
void chain_proposal(struct checker *checker, struct span payload);
void chain_decided(struct checker *checker, uint16_t replica, struct span payload);
void chain_folded(struct checker *checker, uint16_t replica);
void chain_executed(struct checker *checker, uint16_t replica, const struct execution *execution);
struct block *chain_block(struct checker *checker, uint64_t height);
struct decision *chain_decision(struct checker *checker, uint64_t index);

/* No honest run comes near: a number beyond it is nonsense, not memory to be taken. */
static inline bool chain_absurd(uint64_t number)
{
    return number > 1000000;
}
void chain_free(struct checker *checker);

/* checker_judge.c. The block behind the reference executor's height; a batch that gave none. */
void judge_block(struct checker *checker, const struct execution *e);
void judge_empty(struct checker *checker, uint16_t replica, const struct execution *e);

#endif
