/* proof/judge.h -- what the files of the verifier share with each other.
 *
 * A judge has the anchor, the policy and the verdict in the making. Every function that judges
 * returns whether to go on: false if a check failed (the verdict says which) or if there was no
 * memory (the status says so). Checks are written one beside the other in the order of their
 * numbers, so that a file reads like its section of docs/reference/proofs.md.
 */
#ifndef PROOF_JUDGE_H
#define PROOF_JUDGE_H

#include "format/effect_list.h"
#include "proof/verify.h"

struct judge {
    const struct genesis *genesis;
    const struct proof_policy *policy;
    struct verdict *verdict;
    enum status status;         /* STATUS_NO_MEMORY sticks */
    struct committee *set;      /* of the epoch at hand */
    struct committee *next_set; /* room for the one after it */
    struct digest set_hash;
    struct sealed_facts boundary; /* the last one of the walk */
    bool evidence;                /* contradictions are what it shows: memory is not asked */
    bool contradicted;
    char contradiction[TRUST_TEXT];
};

/* Records the failed check with what and why; false, so that `return fail(...)` reads well. */
bool judge_fail(struct judge *judge, enum proof_check check, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A sealed block of a proof, whose seal the walk over the epochs verifies. */
struct subject {
    const struct sealed *sealed;
    const char *what;           /* for the text: "the block of the receipt" */
    struct sealed_facts *facts; /* filled in */
    bool done;
};

/* P2 and, for each subject, P1: walks the chain from the genesis set. The highest epoch of the
 * subjects is the one that the chain leads to; it is `last` if there are none. (verify_seal.c) */
bool judge_chain(struct judge *judge, const struct epoch_chain *chain, struct subject *subjects,
                 unsigned count, uint64_t last);

/* A block that is established: sealed, or in a sealed history. (verify_seal.c) */
void judge_note_block(struct judge *judge, const struct header *header, const struct digest *hash);

/* P3.2 to P3.5; P2 and P1 of its sealed block are the walk's. what: "the receipt". */
bool judge_receipt(struct judge *judge, const struct receipt *receipt, const char *what);

/* The effect on a balance, if the receipt has one. */
bool receipt_balance_effect(const struct receipt *receipt, const struct id *account,
                            const struct id *asset, struct ledger_effect *effect);

/* Where its entry stands: the position of the entry, with operation 0. */
static inline uint64_t receipt_position(const struct receipt *receipt)
{
    return position_of(receipt_header(receipt)->height, receipt->index, 0);
}

bool judge_consistency(struct judge *judge, const struct consistency_proof *proof);

/* P5.2 to P5.6; P2, P1 are the walk's. */
bool judge_state(struct judge *judge, const struct state_proof *state);

bool judge_absence(struct judge *judge, const struct absence_proof *absence);
bool judge_statement(struct judge *judge, const struct statement_proof *statement);
bool judge_evidence(struct judge *judge, const struct evidence_proof *evidence);
bool judge_anchor(struct judge *judge, const struct anchor_proof *anchor);

#endif
