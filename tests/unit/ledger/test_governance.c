#include "ledger/governance.h"

#include "tests/unit/ledger/fixture_rows.h"
#include "tests/unit/ledger/governance_fixture.h"

static struct fixture f;

static void setup(void)
{
    governance_start(&f);
}

static void teardown(void)
{
    fixture_stop(&f);
}

TestSuite(governance, .init = setup, .fini = teardown);

static struct action idle(uint64_t value)
{
    return set_param(PARAM_max_idle_ms, value);
}

/* ---- gov.propose: results in their order of precedence ----------------------------------------
 */

/* A proposal that breaks every rule but the first `good`, of an action that is invalid. */
static unsigned propose_broken(unsigned who, unsigned good)
{
    uint8_t bytes[ACTIONS_TEXT_MAX];
    struct action action = good >= 5 ? add_validator(&f, 4) : remove_validator(9);
    if (good == 5) action.validator_add.ready.height = 1000;
    fixture_tx(&f, who);
    struct operation *o = add_proposal(&f, who, &action, 1, bytes);
    if (good < 2) o->gov_propose.expects_params_version = 7;
    if (good < 3) o->gov_propose.deadline_ms = 1;
    return fixture_one(&f, signed_by(who));
}

Test(governance, results_of_a_proposal_in_their_order)
{
    struct action action = idle(5000);
    cr_assert_eq(propose_broken(DAVE, 1), RESULT_not_member);
    for (unsigned i = 0; i < 10; i++)
        cr_assert_eq(propose(&f, ALICE, &action, 1), RESULT_ok);
    cr_assert_eq(propose_broken(ALICE, 1), RESULT_params_changed);
    cr_assert_eq(propose_broken(ALICE, 2), RESULT_term_out_of_range);
    cr_assert_eq(propose_broken(ALICE, 3), RESULT_proposal_limit);
    cr_assert_eq(propose_broken(BOB, 4), RESULT_action_invalid);
    cr_assert_eq(propose_broken(BOB, 5), RESULT_not_ready);
    cr_assert_eq(propose_broken(BOB, 6), RESULT_ok);
}

Test(governance, a_wrong_params_version_is_answered_with_the_right_one)
{
    uint8_t bytes[ACTIONS_TEXT_MAX], what;
    int64_t value;
    struct action action = idle(5000);
    fixture_tx(&f, BANK);
    add_proposal(&f, BANK, &action, 1, bytes)->gov_propose.expects_params_version = 9;
    cr_assert_eq(fixture_one(&f, SIGNED_BANK), RESULT_params_changed);
    cr_assert(effects_observed(f.ledger->executor.effects.list, &what, &value));
    cr_assert_eq(what, OBSERVED_PARAMS_VERSION);
    cr_assert_eq(value, 1);
}

/* deadline and activation, counted from the block's time. */
static unsigned propose_terms(uint64_t deadline_ms, uint64_t activate_ms)
{
    uint8_t bytes[ACTIONS_TEXT_MAX];
    struct action action = idle(5000);
    fixture_tx(&f, BANK);
    struct operation *o = add_proposal(&f, BANK, &action, 1, bytes);
    o->gov_propose.deadline_ms = f.time_ms + deadline_ms;
    o->gov_propose.activate_ms = activate_ms ? f.time_ms + activate_ms : 0;
    return fixture_one(&f, SIGNED_BANK);
}

Test(governance, terms_at_their_edges)
{
    uint64_t term = f.genesis->params.values[PARAM_gov_term_ms_max];
    cr_assert_eq(propose_terms(0, 0), RESULT_term_out_of_range);
    cr_assert_eq(propose_terms(1, 0), RESULT_ok);
    cr_assert_eq(propose_terms(term, 0), RESULT_ok);
    cr_assert_eq(propose_terms(term + 1, 0), RESULT_term_out_of_range);
    cr_assert_eq(propose_terms(5, 5 + term), RESULT_ok);
    cr_assert_eq(propose_terms(5, 6 + term), RESULT_term_out_of_range);
}

Test(governance, a_ready_statement_names_a_block_of_this_chain_that_is_not_old)
{
    struct action action = add_validator(&f, 4);
    action.validator_add.ready.signature.bytes[0] ^= 1;
    cr_assert_eq(propose(&f, BANK, &action, 1), RESULT_not_ready);
    action = add_validator(&f, 4);
    action.validator_add.ready.block_hash.bytes[0] ^= 1;
    cr_assert_eq(propose(&f, BANK, &action, 1), RESULT_not_ready);
    action = add_validator(&f, 4);
    for (unsigned i = 0; i < 3; i++)
        cr_assert_eq(propose(&f, DAVE, &action, 1), RESULT_not_member);
    cr_assert_eq(propose(&f, BANK, &action, 1), RESULT_ok);
    action = rekey_validator(&f, 0, 50);
    cr_assert_eq(propose(&f, BANK, &action, 1), RESULT_ok);
    action.validator_rekey.id = sample_id("validator", 1); /* signed for another validator */
    cr_assert_eq(propose(&f, BANK, &action, 1), RESULT_not_ready);
}

Test(governance, ready_blocks_max_is_counted_from_the_last_block)
{
    struct action limit = set_param(PARAM_ready_blocks_max, 10);
    pass(&f, &limit, 1);
    fixture_run(&f);
    struct action action = add_validator(&f, 4);
    for (unsigned i = 0; i < 10; i++)
        cr_assert_eq(propose(&f, DAVE, &action, 1), RESULT_not_member);
    cr_assert_eq(propose(&f, BANK, &action, 1), RESULT_ok);
    cr_assert_eq(propose(&f, BANK, &action, 1), RESULT_not_ready);
}

/* ---- ballots -----------------------------------------------------------------------------------
 */

Test(governance, results_of_a_ballot_in_their_order)
{
    struct action action = idle(5000);
    cr_assert_eq(ballot(&f, DAVE, 1, VOTE_YES), RESULT_not_member);
    cr_assert_eq(ballot(&f, BANK, 1, VOTE_YES), RESULT_proposal_unknown);
    cr_assert_eq(propose(&f, BANK, &action, 1), RESULT_ok);
    cr_assert_eq(ballot(&f, ALICE, 1, VOTE_YES), RESULT_ok);
    cr_assert_eq(status_of(&f, 1), PROPOSAL_OPEN); /* 2 of 4 are not above 1/2 */
    cr_assert_eq(ballot(&f, BOB, 1, VOTE_YES), RESULT_ok);
    cr_assert_eq(status_of(&f, 1), PROPOSAL_PASSED);
    cr_assert_eq(ballot(&f, OTHER, 1, VOTE_YES), RESULT_proposal_closed);
}

Test(governance, a_critical_proposal_needs_three_of_four)
{
    struct action action = add_validator(&f, 4);
    cr_assert_eq(propose(&f, BANK, &action, 1), RESULT_ok);
    cr_assert_eq(ballot(&f, ALICE, 1, VOTE_YES), RESULT_ok);
    cr_assert_eq(status_of(&f, 1), PROPOSAL_OPEN);
    cr_assert_eq(ballot(&f, BOB, 1, VOTE_NO), RESULT_ok);
    cr_assert_eq(status_of(&f, 1), PROPOSAL_OPEN); /* three can still say yes */
    cr_assert_eq(ballot(&f, OTHER, 1, VOTE_ABSTAIN), RESULT_ok);
    cr_assert_eq(status_of(&f, 1), PROPOSAL_REJECTED);
    cr_assert_eq(ballot(&f, BOB, 1, VOTE_YES), RESULT_proposal_closed);
}

Test(governance, a_ballot_is_replaced_until_the_proposal_is_decided)
{
    struct action action = idle(5000);
    cr_assert_eq(propose(&f, BANK, &action, 1), RESULT_ok);
    cr_assert_eq(ballot(&f, ALICE, 1, VOTE_NO), RESULT_ok);
    cr_assert_eq(ballot(&f, ALICE, 1, VOTE_YES), RESULT_ok);
    cr_assert_eq(ballot(&f, BANK, 1, VOTE_NO), RESULT_ok);
    cr_assert_eq(ballot(&f, BOB, 1, VOTE_YES), RESULT_ok);
    cr_assert_eq(status_of(&f, 1), PROPOSAL_OPEN);
    cr_assert_eq(ballot(&f, BANK, 1, VOTE_YES), RESULT_ok);
    cr_assert_eq(status_of(&f, 1), PROPOSAL_PASSED);
    cr_assert_eq(fixture_number(&f, "SELECT count(*) FROM ballot"), 3);
    cr_assert_eq(fixture_number(&f, "SELECT sum(vote) FROM ballot"), 3);
}

Test(governance, the_deadline_is_the_last_moment)
{
    uint8_t bytes[ACTIONS_TEXT_MAX];
    struct action action = idle(5000);
    for (unsigned i = 0; i < 2; i++) {
        fixture_tx(&f, BANK);
        add_proposal(&f, BANK, &action, 1, bytes)->gov_propose.deadline_ms = FIXTURE_TIME + 10000;
        cr_assert_eq(fixture_one(&f, SIGNED_BANK), RESULT_ok);
    }
    f.time_ms = FIXTURE_TIME + 10000;
    cr_assert_eq(ballot(&f, ALICE, 1, VOTE_YES), RESULT_ok);
    f.time_ms = FIXTURE_TIME + 10001;
    cr_assert_eq(ballot(&f, ALICE, 2, VOTE_YES), RESULT_proposal_closed);
    cr_assert_eq(status_of(&f, 2), PROPOSAL_OPEN);
    cr_assert_eq(f.ledger->executor.live.count, 0);
}

/* ---- failed transactions leave no trace
 * ---------------------------------------------------------- */

Test(governance, a_failed_transaction_leaves_no_proposal_and_no_ballot)
{
    uint8_t bytes[ACTIONS_TEXT_MAX];
    struct action action = idle(5000);
    cr_assert_eq(propose(&f, BANK, &action, 1), RESULT_ok);
    struct span before, after;
    uint8_t key[GOVERNANCE_KEY_MAX];
    struct span k = span_of(key, governance_key_proposal(1, key));
    cr_assert(state_governance(f.ledger->state, k, &before));
    uint8_t copy[4096];
    memcpy(copy, before.data, before.size);
    before.data = copy;

    fixture_tx(&f, ALICE);
    add_ballot(&f, ALICE, 1, VOTE_YES);
    add_proposal(&f, ALICE, &action, 1, bytes);
    add_ballot(&f, ALICE, 2, VOTE_ABSTAIN); /* of this very transaction */
    add_ballot(&f, ALICE, 3, VOTE_YES);
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_proposal_unknown);
    cr_assert(state_governance(f.ledger->state, k, &after));
    cr_assert(span_equal(before, after));
    cr_assert_eq(governance_read_next(f.ledger->state), 2);
    cr_assert_eq(fixture_number(&f, "SELECT count(*) FROM proposal"), 1);
    cr_assert_eq(fixture_number(&f, "SELECT count(*) FROM ballot"), 1);
    struct proposal_head head;
    cr_assert_not(governance_read_head(f.ledger->state, 2, &head));
}

Test(governance, proposals_and_ballots_of_one_transaction_are_its_effects)
{
    uint8_t first[ACTIONS_TEXT_MAX], second[ACTIONS_TEXT_MAX];
    struct action action = idle(5000);
    fixture_tx(&f, ALICE);
    add_proposal(&f, ALICE, &action, 1, first);
    add_proposal(&f, ALICE, &action, 1, second);
    add_ballot(&f, ALICE, 1, VOTE_NO);
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_ok);
    struct effect_list list = effect_list_of(f.ledger->executor.effects.list);
    struct ledger_effect effect;
    for (uint64_t number = 1; number <= 2; number++) {
        cr_assert(effect_list_next(&list, &effect));
        cr_assert_eq(effect.kind, LEDGER_EFFECT_PROPOSAL);
        cr_assert_eq(effect.proposal.number, number);
        cr_assert_eq(effect.proposal.status, PROPOSAL_OPEN);
        cr_assert_eq(effect.proposal.yes, number == 2);
        cr_assert_eq(effect.proposal.no, number == 1);
    }
    cr_assert_not(effect_list_next(&list, &effect));
    cr_assert_eq(effect_list_end(&list), STATUS_OK);
    /* positions of operations: 1.0.2 replaced 1.0.0 */
    cr_assert_eq(fixture_number(&f, "SELECT position FROM ballot WHERE proposal = 1"),
                 (int64_t)position_of(1, 0, 2));
    cr_assert_eq(fixture_number(&f, "SELECT position FROM ballot WHERE proposal = 2"),
                 (int64_t)position_of(1, 0, 1));
}

/* ---- enactments
 * ---------------------------------------------------------------------------------- */

Test(governance, a_passed_proposal_is_enacted_in_the_next_block_and_in_force_after_it)
{
    struct action action = idle(5000);
    uint64_t number = pass(&f, &action, 1);
    cr_assert_eq(f.last->next_due_ms, f.last->header.time_ms + 1);
    cr_assert_null(f.last->changed);
    fixture_run(&f); /* an empty batch */
    cr_assert_eq(f.last->kind, EXECUTION_BLOCK);
    cr_assert_eq(f.last->entry_count, 1);
    cr_assert_eq(f.last->entries[0].kind, ENTRY_ENACTMENT);
    cr_assert_eq(f.last->entries[0].code, RESULT_ok);
    cr_assert_eq(f.last->header.flags, 0);
    struct digest id = governance_entry_id(number);
    cr_assert(digest_equal(&f.last->entries[0].id, &id));
    cr_assert_eq(status_of(&f, number), PROPOSAL_ENACTED);
    cr_assert_not_null(f.last->changed);
    cr_assert_eq(f.last->changed->values[PARAM_max_idle_ms], 5000);
    cr_assert_eq(ledger_params(f.ledger)->version, 2);
    cr_assert_eq(ledger_params(f.ledger)->values[PARAM_max_idle_ms], 5000);
    struct digest hash = params_hash(ledger_params(f.ledger));
    cr_assert(digest_equal(&hash, &f.last->header.params_hash));
    cr_assert_eq(f.last->next_due_ms, UINT64_MAX);
    cr_assert_eq(fixture_number(&f, "SELECT count(*) FROM entry WHERE kind = 3 AND data IS NULL "
                                    "AND source IS NULL AND effects <> ''"),
                 1);
    cr_assert_eq(fixture_number(&f, "SELECT value FROM param WHERE name = 'max_idle_ms'"), 5000);
}

Test(governance, activation_waits_for_its_time)
{
    struct action action = idle(5000);
    uint64_t when = f.time_ms + 5000;
    uint64_t number = pass_at(&f, &action, 1, when);
    cr_assert_eq(f.last->next_due_ms, when);
    f.time_ms = when - 1;
    fixture_run(&f);
    cr_assert_eq(f.last->kind, EXECUTION_EMPTY);
    cr_assert_eq(f.last->next_due_ms, when);
    f.time_ms = when;
    fixture_run(&f);
    cr_assert_eq(f.last->kind, EXECUTION_BLOCK);
    cr_assert_eq(status_of(&f, number), PROPOSAL_ENACTED);
}

Test(governance, roles_and_frozen_accounts_have_effects_and_touches)
{
    struct action actions[3] = { set_roles(&f, DAVE, ROLE_ISSUER), set_frozen(&f, DAVE, true),
                                 set_roles(&f, CAROL, ROLE_FREEZER) };
    pass(&f, actions, 3);
    fixture_run(&f);
    cr_assert_eq(f.last->entries[0].code, RESULT_ok);
    uint64_t position = position_of(f.last->header.height, 0, 0);
    const struct account *dave = state_account(f.ledger->state, &f.cast[DAVE]);
    cr_assert_eq(dave->roles, ROLE_ISSUER);
    cr_assert_eq(dave->flags, ACCOUNT_FROZEN);
    cr_assert_eq(dave->version, position);
    char sql[100];
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM touch WHERE position = %llu",
                   (unsigned long long)position);
    cr_assert_eq(fixture_number(&f, sql), 2);
    struct effect_list list = effect_list_of(f.ledger->executor.effects.list);
    cr_assert_eq(list.left, 3);
    struct action thaw = set_frozen(&f, DAVE, false);
    pass(&f, &thaw, 1);
    fixture_run(&f);
    cr_assert_eq(state_account(f.ledger->state, &f.cast[DAVE])->flags, 0);
}

Test(governance, what_no_longer_holds_fails_whole_and_leaves_only_its_entry)
{
    struct action first = remove_member(&f, OTHER);
    struct action second[2] = { set_roles(&f, CAROL, ROLE_ALL), remove_member(&f, OTHER) };
    uint64_t late = f.time_ms + 60000;
    uint64_t b = pass_at(&f, second, 2, late), a = pass(&f, &first, 1);
    fixture_run(&f);
    cr_assert_eq(status_of(&f, a), PROPOSAL_ENACTED);
    cr_assert_eq(status_of(&f, b), PROPOSAL_PASSED);
    struct digest members = f.last->header.members_hash;
    f.time_ms = late;
    fixture_run(&f);
    cr_assert_eq(f.last->entry_count, 1);
    cr_assert_eq(f.last->entries[0].code, RESULT_action_invalid);
    cr_assert_eq(f.last->entries[0].at, 1);
    cr_assert_eq(status_of(&f, b), PROPOSAL_FAILED);
    cr_assert_eq(state_account(f.ledger->state, &f.cast[CAROL])->roles, 0);
    cr_assert(digest_equal(&members, &f.last->header.members_hash));
    struct effect_list list = effect_list_of(f.ledger->executor.effects.list);
    struct ledger_effect effect;
    cr_assert_eq(list.left, 1);
    cr_assert(effect_list_next(&list, &effect));
    cr_assert_eq(effect.proposal.status, PROPOSAL_FAILED);
    fixture_run(&f);
    cr_assert_eq(f.last->kind, EXECUTION_EMPTY); /* and it is not tried again */
}

Test(governance, a_member_who_left_does_not_count_and_a_new_one_may_vote)
{
    struct action change[2] = { remove_member(&f, OTHER), add_member(&f, DAVE) };
    struct action action = idle(7000);
    cr_assert_eq(propose(&f, OTHER, &action, 1), RESULT_ok);
    cr_assert_eq(ballot(&f, ALICE, 1, VOTE_YES), RESULT_ok);
    pass(&f, change, 2);
    /* OTHER has voted in vain: 2 passed with its ballot, 1 has it still. */
    fixture_run(&f);
    cr_assert_eq(ballot(&f, OTHER, 1, VOTE_NO), RESULT_not_member);
    cr_assert_eq(ballot(&f, DAVE, 1, VOTE_YES), RESULT_ok);
    cr_assert_eq(status_of(&f, 1), PROPOSAL_OPEN); /* ALICE and DAVE: 2 of 4 */
    cr_assert_eq(ballot(&f, BOB, 1, VOTE_YES), RESULT_ok);
    cr_assert_eq(status_of(&f, 1), PROPOSAL_PASSED);
}

Test(governance, a_preview_says_what_would_be_and_changes_nothing)
{
    struct committee set;
    struct params params;
    struct action actions[2] = { add_validator(&f, 4), idle(9000) };
    struct outcome outcome = governance_preview(&f.ledger->executor, actions, 2, &set, &params);
    cr_assert_eq(outcome.code, RESULT_ok);
    cr_assert_eq(set.count, 5);
    cr_assert_eq(params.values[PARAM_max_idle_ms], 9000);
    cr_assert_eq(state_edit_count(f.ledger->state), 0);
    actions[1] = remove_validator(17);
    outcome = governance_preview(&f.ledger->executor, actions, 2, &set, &params);
    cr_assert_eq(outcome.code, RESULT_action_invalid);
    cr_assert_eq(outcome.at, 1);
}
