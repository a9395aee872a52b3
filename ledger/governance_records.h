/* ledger/governance_records.h -- the records of kind 0x80, read out of the state and put back.
 *
 * Rules of governance read them as they stand at that moment, changes of the same block and entry
 * included; what is in force for the block is another thing (struct executor). A record that does
 * not decode makes the state damaged (state_status), and the reader gets zeros: it finishes and the
 * block fails. (ledger.md, sections 6 and 9)
 */
#ifndef LEDGER_GOVERNANCE_RECORDS_H
#define LEDGER_GOVERNANCE_RECORDS_H

#include "format/proposal.h"
#include "ledger/state.h"

void governance_read_params(struct state *state, struct params *params);
void governance_put_params(struct state *state, const struct params *params);

/* All members by account, and how many; the caller frees. NULL: none, or the state has failed. */
struct member *governance_read_members(struct state *state, uint16_t *count);
void governance_put_members(struct state *state, const struct member *members, uint16_t count);
bool governance_is_member(struct state *state, const struct id *account);

/* The set that will seal the next block, as far as this one has decided it. */
void governance_read_set(struct state *state, struct committee *committee);
void governance_put_set(struct state *state, const struct committee *committee);

/* false: there is none of this id. */
bool governance_read_validator(struct state *state, const struct id *id,
                               struct validator_record *record);
void governance_put_validator(struct state *state, const struct validator_record *record);

/* false: there is none of this number. */
bool governance_read_proposal(struct state *state, uint64_t number, struct proposal_record *record);
bool governance_read_head(struct state *state, uint64_t number, struct proposal_head *head);
void governance_put_proposal(struct state *state, uint64_t number,
                             const struct proposal_record *record);

/* The number that the next proposal gets, from 1. */
uint64_t governance_read_next(struct state *state);
void governance_put_next(struct state *state, uint64_t next);

/* proposal_tally among the members as they stand. */
struct tally governance_tally(struct state *state, const struct proposal_record *record);

#endif
