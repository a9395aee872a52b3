/* ledger/execute.h -- (state, transaction) -> skipped, or an entry with its result and effects.
 *
 * The E checks of admission and the execution of operations, deterministic and without I/O of their
 * own: everything comes from the state and from the fields below. (ledger.md, sections 4 and 5)
 */
#ifndef LEDGER_EXECUTE_H
#define LEDGER_EXECUTE_H

#include "ledger/effects.h"

/* The proposals that waited when the block in hand began: open or passed. */
struct live_proposals {
    uint64_t *numbers; /* ascending */
    size_t count, capacity;
    uint64_t next;   /* the number that the next one got then; newer ones are of this block */
    uint64_t due_ms; /* of the first to be enacted; UINT64_MAX: none has passed */
};

/* What is kept of the holds beside the state. (ledger/holds.h) */
struct holds_watch {
    uint64_t due_ms;  /* when the first of them ends by itself, as the last block left them */
    bool changed;     /* since then: due_ms is to be asked again */
    uint32_t grouped; /* ended by group operations of the transaction in hand */
};

/* What execution knows besides the state. One a ledger; the block's fields are set for each. */
struct executor {
    struct state *state;
    struct store *store;           /* of past blocks' hashes and lists of ids */
    const struct genesis *genesis; /* chain id, purpose */
    const struct params *params;
    const struct member *members; /* ascending by account */
    uint16_t member_count;
    uint64_t height; /* of the block in hand */
    uint64_t time_ms;

    struct digest txid; /* of the transaction in hand */
    struct holds_watch holds;
    struct live_proposals live;                 /* ledger/governance.h */
    struct proposal_record proposal;            /* scratch */
    struct actor actors[TX_OPERATIONS_MAX + 1]; /* scratch */
    struct effects effects;                     /* of the entry executed last */
};

/* Checks 6 to 12 in the normative order: REFUSAL_none, REFUSAL_duplicate (check 4, as far as window
 * and lane tell), or the first refusal; *refusal (may be NULL) says more. ahead: a lane number
 * above the next is let through, for the pool to judge; at execution it is a gap. */
enum refusal_code execute_check(struct executor *x, const struct transaction *tx, bool ahead,
                                struct refusal *refusal);

/* Executes a transaction that passed the checks as entry number entry of the block, and leaves its
 * changes accepted and its effects in x->effects. A failure changes nothing but window or lane. */
struct outcome {
    enum result_code code;
    uint8_t at; /* the operation, or 128 + the assert; 0 if ok */
};
struct outcome execute_transaction(struct executor *x, const struct transaction *tx,
                                   uint32_t entry);

/* One operation at its position; x->state is changed only as far as it succeeds, and the caller
 * undoes a failed transaction whole. (ledger/operations.c) */
enum result_code operation_apply(struct executor *x, const struct operation *operation,
                                 uint64_t position, struct observed *observed);

#endif
