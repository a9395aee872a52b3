/* ledger/operations.h -- what the rules of operations share; operations.c and holds.c include it.
 *
 * Each rule checks in the order of precedence of ledger.md, section 5, and changes the state only
 * behind its last check.
 */
#ifndef LEDGER_OPERATIONS_H
#define LEDGER_OPERATIONS_H

#include "ledger/execute.h"

static inline bool is_frozen(const struct account *account)
{
    return (account->flags & ACCOUNT_FROZEN) != 0;
}

/* The balance to pay into. A new one is a change of its account too, whose version and number of
 * balances grow. */
struct balance *balance_to_pay(struct executor *x, const struct id *account, const struct id *asset,
                               uint64_t position);

/* What an account may draw of an asset; zero without a record. */
int64_t available(struct executor *x, const struct id *account, const struct id *asset);

/* RESULT_insufficient_funds, and what there was instead. */
enum result_code short_of(struct observed *observed, int64_t value);

#endif
