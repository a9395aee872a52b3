/* ledger/explain.h -- every word of format/result.h in plain sentences: meaning, cause, remedy.
 *
 * One table for `witan explain WORD`, for the reference pages docs/reference/errors.md and
 * result-codes.md (a test compares them row by row), and for whoever shows an answer to people.
 */
#ifndef LEDGER_EXPLAIN_H
#define LEDGER_EXPLAIN_H

#include "format/result.h"

enum explanation_kind { EXPLAIN_REFUSAL, EXPLAIN_RESULT };

struct explanation {
    enum explanation_kind kind;
    const char *word;
    uint16_t number;
    const char *meaning; /* what the node says with it */
    const char *cause;   /* how one usually comes to it */
    const char *remedy;  /* what to do */
};

/* By word ("tx_expired") or by number in decimal ("1009"); NULL if unknown. */
const struct explanation *explain_find(const char *word);

/* All of them: refusals in the order of the checks, then results by number; NULL behind the last.
 */
const struct explanation *explain_at(size_t index);

#endif
