/* ledger/holds.h -- two-phase transfers: an amount reserved now, paid or given back later.
 *
 *     hold.create          hold.post          the payee gets an amount, the payer the rest back
 *        made  -------------------->  ended
 *                hold.void, or expires_ms <= block time:          the payer gets all of it back
 *
 * While it waits, the amount stands in the payer's held_out, which cannot be drawn, and in the
 * payee's held_in, which cannot be spent. The arbiter, whom the payer names, decides; the payee may
 * give up. Holds that share a group and an arbiter can be ended all together or not at all.
 *
 * What is due ends at the beginning of a block, each hold an entry of its own, ordered by
 * (expires_ms, id). That is found by an index and costs nothing while nothing is due. (ledger.md,
 * sections 5 and 7)
 */
#ifndef LEDGER_HOLDS_H
#define LEDGER_HOLDS_H

#include "ledger/execute.h"

enum { HOLD_GROUP_MAX = 100 }; /* holds that the group operations of a transaction end together */

/* The operations; called by operation_apply. */
enum result_code hold_create(struct executor *x, const struct operation *operation,
                             uint64_t position, struct observed *observed);
enum result_code hold_post(struct executor *x, const struct operation *operation, uint64_t position,
                           struct observed *observed);
enum result_code hold_void(struct executor *x, const struct operation *operation,
                           uint64_t position);
enum result_code hold_post_group(struct executor *x, const struct operation *operation,
                                 uint64_t position);
enum result_code hold_void_group(struct executor *x, const struct operation *operation,
                                 uint64_t position);

/* Finds the next time at which a hold is due: after opening a ledger, and between two blocks if one
 * changed holds. Ends with state_status. */
enum status holds_load(struct executor *x);
enum status holds_settle(struct executor *x);

/* The block time from which on a hold is due; UINT64_MAX: none waits. Between two blocks. */
uint64_t holds_next_due_ms(const struct executor *x);

/* Before the first entry of a block: the holds that end at x->time_ms, in their order, at most
 * hold_sweep_max, which is the room of ids. Returns how many. */
uint32_t holds_due(struct executor *x, struct id *ids);

/* Ends one of them as an entry and leaves its effects in x->effects. */
void hold_expire(struct executor *x, const struct id *id, uint32_t entry);

/* H(witan/expiry/v1, hold id): the id of the entry. */
struct digest hold_entry_id(const struct id *hold);

#endif
