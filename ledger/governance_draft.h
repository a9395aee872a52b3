/* ledger/governance_draft.h -- what a list of actions makes of parameters, members and validators.
 *
 * Enactments, proposals and previews ask the same question of the same code: a draft is loaded
 * (from the state by the executor, from rows by a reader), the actions are applied to it in order,
 * and the draft is what they leave; only an enactment then puts it into the state. Pure, but for
 * one question: whether an account exists.
 *
 * Each action is judged on what the earlier ones leave:
 *     params.set, engine.params   each parameter once; a parameter that the engine has
 *     account.roles, .frozen      the account exists; each account once
 *     member.add, .remove         exists, no member yet, at most BALLOTS_MAX; a member, not the
 * last, without active validators; each account once validator.add               a new id, a
 * member's, keys that stand in no record validator.remove, .rekey    active; the new key stands in
 * no record of the set, one change: an addition, a removal, a rekey, or a removal and then an
 * addition Then the whole, by the first action that made it so: the parameters together
 * (params_check, engine_params_check), and the size of the set (validators_min, validators_max as
 * they will be; 4 in the Byzantine model unless the chain is for tests).
 */
#ifndef LEDGER_GOVERNANCE_DRAFT_H
#define LEDGER_GOVERNANCE_DRAFT_H

#include "format/proposal.h"
#include "ledger/execute.h"

enum { DRAFT_VALIDATORS_TOUCHED = 2, DRAFT_REASON_BYTES = 160 };

/* Why an action does not hold, for people and programs; no part of what is decided. */
struct draft_reason {
    const char *word; /* "last_member"; NULL: all hold */
    char text[DRAFT_REASON_BYTES];
};

/* About 20 KiB beside the arrays: keep off small stacks. */
struct governance_draft {
    bool test_chain;
    bool (*account_exists)(void *context, const struct id *account);
    void *context;

    struct params params;
    struct member *members; /* ascending by account; room for ACTIONS_MAX more */
    uint16_t member_count;
    struct committee set;
    struct validator_record *validators; /* all there ever were, in any order; room for one more */
    size_t validator_count;

    /* What draft_apply changed. */
    bool params_changed, members_changed;
    unsigned touched_count; /* validators; a change of the set touches at least one */
    size_t touched[DRAFT_VALIDATORS_TOUCHED];

    struct draft_reason reason;
};

/* Makes the arrays, so that the caller can fill them in. false without memory. */
bool draft_reserve(struct governance_draft *draft, uint16_t member_count, size_t validator_count);
void draft_free(struct governance_draft *draft); /* the arrays, not the struct */

/* RESULT_ok, or RESULT_action_invalid with the index of the first action that does not hold, and
 * the reason in the draft, which is of no other use then. params.version grows by one if a
 * parameter was set. */
struct outcome draft_apply(struct governance_draft *draft, const struct action *actions,
                           uint8_t count);

/* Whether one of them ends the epoch, and the highest class. */
bool actions_end_epoch(const struct action *actions, uint8_t count);
enum proposal_class actions_class(const struct action *actions, uint8_t count,
                                  const struct member *members, uint16_t member_count);

#endif
