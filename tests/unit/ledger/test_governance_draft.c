#include "ledger/governance_draft.h"

#include "tests/unit/ledger/governance_fixture.h"
#include <criterion/criterion.h>

static struct fixture f;
static struct committee set;
static struct params params;

static void setup(void)
{
    governance_start(&f);
}

static void teardown(void)
{
    fixture_stop(&f);
}

TestSuite(governance_draft, .init = setup, .fini = teardown);

/* OK: -1, else the index of the action that does not hold. */
static int judge(const struct action *actions, uint8_t count)
{
    struct outcome outcome = governance_preview(&f.ledger->executor, actions, count, &set, &params);
    return outcome.code == RESULT_ok ? -1 : outcome.at;
}

#define JUDGE(...) \
    judge((struct action[]){ __VA_ARGS__ }, \
          (uint8_t)(sizeof(struct action[]){ __VA_ARGS__ } / sizeof(struct action)))

Test(governance_draft, parameters_each_once_in_their_range)
{
    cr_assert_eq(JUDGE(set_param(PARAM_max_idle_ms, 5000)), -1);
    cr_assert_eq(params.version, 2);
    cr_assert_eq(JUDGE(set_param(PARAM_max_idle_ms, 5)), 0);
    cr_assert_eq(JUDGE(set_param(PARAM_max_idle_ms, 5000), set_param(PARAM_max_idle_ms, 5000)), 1);
    cr_assert_eq(JUDGE(set_param(PARAM_gov_routine, PARAM_FRACTION(1, 1))), 0);
    cr_assert_eq(JUDGE(set_roles(&f, DAVE, 1), set_param(PARAM_skew_ms_max, 1)), 1);
}

Test(governance_draft, parameters_are_checked_together)
{
    /* batch_bytes_max has to be above tx_bytes_max: in either order */
    struct action tx = set_param(PARAM_tx_bytes_max, 1048576);
    struct action batch = set_param(PARAM_batch_bytes_max, 65571);
    struct action small = set_param(PARAM_tx_bytes_max, 40000);
    struct action kv = set_param(PARAM_kv_value_max, 30000);
    cr_assert_eq(JUDGE(batch, tx), 0);
    cr_assert_eq(JUDGE(tx, batch), 0);
    cr_assert_eq(JUDGE(batch), -1);
    cr_assert_eq(JUDGE(small, kv), -1);
    cr_assert_eq(JUDGE(set_param(PARAM_tx_bytes_max, 20000)), 0); /* kv_value_max stays 32768 */
}

Test(governance_draft, parameters_of_the_engine)
{
    const struct engine_param *first = &f.genesis->params.engine[0];
    cr_assert_gt(f.genesis->params.engine_count, 0);
    cr_assert_eq(JUDGE(engine_param(first->name, first->value)), -1);
    cr_assert_eq(params.version, 2);
    cr_assert_eq(JUDGE(engine_param("no_such_thing", 1)), 0);
    cr_assert_eq(JUDGE(engine_param(first->name, UINT64_MAX)), 0);
    cr_assert_eq(
        JUDGE(engine_param(first->name, first->value), engine_param(first->name, first->value)), 1);
}

Test(governance_draft, accounts_exist_and_come_once)
{
    struct action unknown = set_roles(&f, DAVE, 1), frozen = set_frozen(&f, DAVE, true);
    unknown.account_roles.account = sample_id("nobody", 1);
    cr_assert_eq(JUDGE(unknown), 0);
    frozen.account_frozen.account = sample_id("nobody", 1);
    cr_assert_eq(JUDGE(frozen), 0);
    cr_assert_eq(JUDGE(set_roles(&f, DAVE, 1), set_frozen(&f, DAVE, true)), -1);
    cr_assert_eq(JUDGE(set_roles(&f, DAVE, 1), set_roles(&f, DAVE, 2)), 1);
    cr_assert_eq(JUDGE(set_frozen(&f, DAVE, true), set_frozen(&f, DAVE, false)), 1);
    cr_assert_eq(JUDGE(set_frozen(&f, BANK, true)), -1); /* a member's, by vote */
}

Test(governance_draft, members)
{
    struct action nobody = add_member(&f, DAVE);
    nobody.member_add.account = sample_id("nobody", 1);
    cr_assert_eq(JUDGE(nobody), 0);
    cr_assert_eq(JUDGE(add_member(&f, ALICE)), 0);
    cr_assert_eq(JUDGE(add_member(&f, DAVE), add_member(&f, CAROL)), -1);
    cr_assert_eq(JUDGE(add_member(&f, DAVE), add_member(&f, DAVE)), 1);
    cr_assert_eq(JUDGE(remove_member(&f, DAVE)), 0);
    cr_assert_eq(JUDGE(remove_member(&f, BANK)), 0); /* it has validators */
    cr_assert_eq(JUDGE(remove_member(&f, OTHER), add_member(&f, OTHER)), 1);
    cr_assert_eq(JUDGE(remove_member(&f, OTHER), remove_member(&f, ALICE), remove_member(&f, BOB)),
                 -1);
}

Test(governance_draft, the_last_member_stays)
{
    struct governance_draft draft = { .account_exists = NULL };
    struct action action = remove_member(&f, ALICE);
    cr_assert(draft_reserve(&draft, 1, 0));
    draft.members[0].account = f.cast[ALICE];
    cr_assert_eq(draft_apply(&draft, &action, 1).code, RESULT_action_invalid);
    cr_assert_str_eq(draft.reason.word, "last_member");
    draft_free(&draft);
}

/* A draft of four validators, of which the first is to go. */
static void remove_one_of_four(struct governance_draft *draft, enum fault_model fault_model,
                               uint64_t least)
{
    struct action action = { .kind = ACTION_VALIDATOR_REMOVE };
    *draft = (struct governance_draft){ .set = { .fault_model = fault_model, .count = 4 } };
    cr_assert(draft_reserve(draft, 0, 4));
    for (uint8_t i = 0; i < 4; i++) {
        draft->set.validators[i].id.bytes[15] = i;
        draft->validators[i].id = draft->set.validators[i].id;
        draft->validators[i].status = VALIDATOR_ACTIVE;
    }
    draft->params.values[PARAM_validators_min] = least;
    cr_assert_eq(draft_apply(draft, &action, 1).code, RESULT_action_invalid);
}

Test(governance_draft, it_says_why_an_action_does_not_hold)
{
    struct governance_draft draft;
    remove_one_of_four(&draft, FAULT_CRASH, 4);
    cr_assert_str_eq(draft.reason.word, "below_validators_min");
    cr_assert_str_eq(draft.reason.text, "4 validators become 3: below validators_min 4");
    draft_free(&draft);
    remove_one_of_four(&draft, FAULT_BYZANTINE, 1);
    cr_assert_str_eq(draft.reason.word, "below_byzantine_min");
    cr_assert_str_eq(draft.reason.text,
                     "4 validators become 3: of fewer than 4 not one could fail");
    draft_free(&draft);
}

static bool anyone(void *context, const struct id *account)
{
    (void)context;
    (void)account;
    return true;
}

Test(governance_draft, members_have_a_limit)
{
    struct governance_draft draft = { .account_exists = anyone };
    struct action action = add_member(&f, DAVE);
    cr_assert(draft_reserve(&draft, BALLOTS_MAX, 0));
    for (unsigned i = 0; i < BALLOTS_MAX; i++)
        store_u32(draft.members[i].account.bytes, i);
    cr_assert_eq(draft_apply(&draft, &action, 1).code, RESULT_action_invalid);
    cr_assert_str_eq(draft.reason.word, "members_full");
    draft.member_count--;
    cr_assert_eq(draft_apply(&draft, &action, 1).code, RESULT_ok);
    cr_assert_eq(draft.member_count, BALLOTS_MAX);
    draft_free(&draft);
}

Test(governance_draft, a_validator_is_new_in_id_and_keys_and_of_a_member)
{
    struct action action = add_validator(&f, 4);
    cr_assert_eq(JUDGE(action), -1);
    cr_assert_eq(set.count, 5);
    for (uint16_t i = 1; i < 5; i++)
        cr_assert_lt(id_compare(&set.validators[i - 1].id, &set.validators[i].id), 0);
    action.validator_add.id = sample_id("validator", 0);
    cr_assert_eq(JUDGE(action), 0);
    action = add_validator(&f, 4);
    action.validator_add.member = f.cast[DAVE];
    cr_assert_eq(JUDGE(action), 0);
    cr_assert_eq(JUDGE(add_member(&f, DAVE), action), -1);
    action = add_validator(&f, 4);
    for (unsigned key = 100; key <= 203; key += key == 103 ? 97 : 1) {
        struct sample_key used = sample_key(key);
        action = add_validator(&f, 4);
        action.validator_add.seal_key = used.public_key;
        cr_assert_eq(JUDGE(action), 0, "seal key %u", key);
        action = add_validator(&f, 4);
        action.validator_add.node_key = used.public_key;
        cr_assert_eq(JUDGE(action), 0, "node key %u", key);
    }
}

Test(governance_draft, one_change_of_the_set_or_a_removal_and_then_an_addition)
{
    struct action add = add_validator(&f, 4), add2 = add_validator(&f, 5);
    struct action out = remove_validator(0), out2 = remove_validator(1);
    struct action key = rekey_validator(&f, 2, 60), key2 = rekey_validator(&f, 3, 61);
    cr_assert_eq(JUDGE(out, add), -1);
    cr_assert_eq(set.count, 4);
    cr_assert_eq(committee_find_id(&set, &out.validator_remove.id), VALIDATOR_NONE);
    cr_assert_eq(JUDGE(add, out), 1);
    cr_assert_eq(JUDGE(add, add2), 1);
    cr_assert_eq(JUDGE(out, out2), 1);
    cr_assert_eq(JUDGE(key, key2), 1);
    cr_assert_eq(JUDGE(key, add), 1);
    cr_assert_eq(JUDGE(out, key), 1);
    cr_assert_eq(JUDGE(out, add, add2), 2);
    cr_assert_eq(JUDGE(set_param(PARAM_max_idle_ms, 5000), out, set_roles(&f, DAVE, 1), add), -1);
}

Test(governance_draft, removal_and_rekey_are_of_active_validators)
{
    struct action key = rekey_validator(&f, 0, 60);
    cr_assert_eq(JUDGE(remove_validator(9)), 0);
    key.validator_rekey.id = sample_id("validator", 9);
    cr_assert_eq(JUDGE(key), 0);
    cr_assert_eq(JUDGE(rekey_validator(&f, 0, 60)), -1);
    struct sample_key seal = sample_key(60);
    uint16_t at = committee_find_key(&set, &seal.public_key);
    cr_assert_neq(at, VALIDATOR_NONE);
    cr_assert_eq(JUDGE(rekey_validator(&f, 0, 101)), 0); /* another's seal key */
    cr_assert_eq(JUDGE(rekey_validator(&f, 0, 200)), 0); /* its own node key */
    cr_assert_eq(JUDGE(rekey_validator(&f, 0, 100)), 0); /* its own seal key */
}

Test(governance_draft, the_size_of_the_set_stays_within_its_limits)
{
    struct action least = set_param(PARAM_validators_min, 4);
    struct action most = set_param(PARAM_validators_max, 4);
    cr_assert_eq(JUDGE(remove_validator(0)), -1); /* a chain for tests */
    cr_assert_eq(JUDGE(least, remove_validator(0)), 1);
    cr_assert_eq(JUDGE(remove_validator(0), least), 0);
    cr_assert_eq(JUDGE(least, remove_validator(0), add_validator(&f, 4)), -1);
    cr_assert_eq(JUDGE(most, add_validator(&f, 4)), 1);
    cr_assert_eq(JUDGE(most, remove_validator(0), add_validator(&f, 4)), -1);
}

/* Beside the chain for tests: four stay in the Byzantine model, whatever validators_min says. */
static bool may_shrink(bool test_chain, enum fault_model model, enum engine_kind engine,
                       uint16_t count, uint64_t least)
{
    struct governance_draft draft = { .test_chain = test_chain, .params = f.genesis->params };
    struct action action = remove_validator(0);
    draft.params.values[PARAM_validators_min] = least;
    draft.set.fault_model = model;
    draft.set.engine = engine;
    bool made = draft_reserve(&draft, 0, count);
    cr_assert(made);
    for (uint16_t i = 0; i < count; i++) {
        draft.validators[i].id = sample_id("validator", i);
        draft.validators[i].status = VALIDATOR_ACTIVE;
        draft.set.validators[i].id = draft.validators[i].id;
    }
    draft.set.count = count;
    bool may = draft_apply(&draft, &action, 1).code == RESULT_ok;
    draft_free(&draft);
    return may;
}

Test(governance_draft, four_remain_in_the_byzantine_model)
{
    cr_assert(may_shrink(false, FAULT_BYZANTINE, ENGINE_HOTSTUFF, 5, 1));
    cr_assert_not(may_shrink(false, FAULT_BYZANTINE, ENGINE_HOTSTUFF, 4, 1));
    cr_assert(may_shrink(true, FAULT_BYZANTINE, ENGINE_HOTSTUFF, 4, 1));
    cr_assert(may_shrink(false, FAULT_CRASH, ENGINE_RAFT, 4, 3));
    cr_assert_not(may_shrink(false, FAULT_CRASH, ENGINE_RAFT, 3, 3));
    cr_assert_not(may_shrink(true, FAULT_CRASH, ENGINE_RAFT, 1, 1)); /* nobody would be left */
}

Test(governance_draft, classes_and_ends_of_epochs)
{
    const struct member *members = f.genesis->members;
    struct action some[3] = { set_roles(&f, DAVE, 1), set_frozen(&f, DAVE, true),
                              set_param(PARAM_max_idle_ms, 5000) };
    cr_assert_eq(actions_class(some, 3, members, 4), CLASS_ROUTINE);
    cr_assert_not(actions_end_epoch(some, 3));
    some[1] = set_frozen(&f, ALICE, true);
    cr_assert_eq(actions_class(some, 3, members, 4), CLASS_CRITICAL);
    some[2] = set_param(PARAM_batch_txs_max, 100);
    cr_assert(actions_end_epoch(some, 3));
    some[2] = add_validator(&f, 4);
    cr_assert_eq(actions_class(&some[2], 1, members, 4), CLASS_CRITICAL);
    cr_assert(actions_end_epoch(some, 3));
}
