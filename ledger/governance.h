/* ledger/governance.h -- the consortium decides: proposals, ballots, enactments, the next set.
 *
 * The records of kind 0x80 are the truth and live in the state like all others, so that a
 * transaction that fails later leaves no trace of them; this is what reads and changes them.
 * Members vote with transactions (gov.propose, gov.ballot); what has passed is enacted at the
 * beginning of the first block whose time has come, each proposal an entry of its own, all of its
 * actions or none. (ledger.md, sections 7 and 9)
 *
 *     gov.propose     gov.ballot ...         time >= activate_ms, a later block
 *        open  ------------------>  passed  ------------------------------------>  enacted
 *         |                                                      |
 *         +--->  rejected          (past its deadline: as rejected)  +--->  failed
 *
 * What a block changes of parameters, members and validators is in force from the next block; rules
 * of governance itself read the records as they stand.
 *
 * Which proposals still wait is kept beside the state as a list of numbers (struct live_proposals),
 * so that no block reads them all; what they are is always asked of the state.
 */
#ifndef LEDGER_GOVERNANCE_H
#define LEDGER_GOVERNANCE_H

#include "ledger/execute.h"
#include "ledger/governance_records.h"

enum { ENACTMENTS_MAX = 10 }; /* in a block */

/* gov.propose and gov.ballot; called by operation_apply. */
enum result_code governance_propose(struct executor *x, const struct operation *operation,
                                    struct observed *observed);
enum result_code governance_ballot(struct executor *x, const struct operation *operation);

/* Reads which proposals wait, after opening the ledger. Ends with state_status. */
enum status governance_load(struct executor *x);

/* Between two blocks, x->time_ms being that of the last: forgets the decided proposals, takes over
 * the new ones, and finds the next due time. Ends with state_status. */
enum status governance_settle(struct executor *x);

/* The block time from which on something is to be enacted; UINT64_MAX: nothing waits. Between two
 * blocks. */
uint64_t governance_next_due_ms(const struct executor *x);

/* The proposals that are to be enacted at x->time_ms, ascending by number: passed in an earlier
 * block, activate_ms not above it; at most ENACTMENTS_MAX, and only the first of those that end the
 * epoch. Returns how many. */
size_t governance_due(struct executor *x, uint64_t numbers[ENACTMENTS_MAX]);

/* Enacts one as an entry: checks every action again, applies all of them or none, closes the
 * proposal, and leaves its effects in x->effects. RESULT_ok, or RESULT_action_invalid with the
 * index of the action in at. *ends_epoch: set if it makes this block the last of its epoch. */
struct outcome governance_enact(struct executor *x, uint64_t number, uint32_t entry,
                                bool *ends_epoch);

/* H(witan/enactment/v1, number): the id of the entry. */
struct digest governance_entry_id(uint64_t number);

/* What a list of actions would do if it were enacted now, before a proposal is signed: RESULT_ok or
 * action_invalid with the index of the first that does not hold. Changes nothing. *set and *params
 * are what they leave. Readers have ledger_read_preview. */
struct outcome governance_preview(struct executor *x, const struct action *actions, uint8_t count,
                                  struct committee *set, struct params *params);

#endif
