/* tests/tools/governance_cases.h -- the cases of governance in the vectors `execute`, for
 * make_execution_vectors.c, which includes it behind run().
 *
 * Each case is a run of blocks on the chain of governance_fixture.h. A step names its epoch, since
 * the sequence begins anew with each.
 */
#ifndef TESTS_TOOLS_GOVERNANCE_CASES_H
#define TESTS_TOOLS_GOVERNANCE_CASES_H

#include "tests/unit/ledger/governance_fixture.h"

static void step_block(void)
{
    uint64_t epoch = ledger_head(f.ledger)->epoch;
    json_t *step = run();
    put_decimal(step, "epoch", epoch);
    json_array_append_new(steps, step);
}

static void step_propose(unsigned who, const struct action *actions, uint8_t count)
{
    uint8_t bytes[ACTIONS_TEXT_MAX];
    fixture_tx(&f, who);
    add_proposal(&f, who, actions, count, bytes);
    fixture_add(&f, signed_by(who));
    step_block();
}

static void step_ballot(unsigned who, uint64_t number, uint8_t vote)
{
    fixture_tx(&f, who);
    add_ballot(&f, who, number, vote);
    fixture_add(&f, signed_by(who));
    step_block();
}

/* Proposed and passed by three members in one block. */
static void step_pass(const struct action *actions, uint8_t count, uint64_t activate_ms)
{
    uint8_t bytes[ACTIONS_TEXT_MAX];
    uint64_t number = f.ledger->executor.live.next;
    fixture_tx(&f, BANK);
    add_proposal(&f, BANK, actions, count, bytes)->gov_propose.activate_ms = activate_ms;
    fixture_add(&f, SIGNED_BANK);
    fixture_tx(&f, ALICE);
    add_ballot(&f, ALICE, number, VOTE_YES);
    fixture_add(&f, SIGNED_ALICE);
    fixture_tx(&f, OTHER);
    add_ballot(&f, OTHER, number, VOTE_YES);
    fixture_add(&f, SIGNED_OTHER);
    step_block();
}

static void step_pay(void)
{
    fixture_tx(&f, ALICE);
    add_transfer(&f, ALICE, BOB, 10);
    fixture_add(&f, SIGNED_ALICE);
    step_block();
}

static struct action idle_of(uint64_t value)
{
    return set_param(PARAM_max_idle_ms, value);
}

/* ---- the cases ------------------------------------------------------------------------------- */

static void propose_precedence(void)
{
    struct action good = idle_of(5000), bad = remove_validator(9), ready = add_validator(&f, 4);
    uint8_t bytes[ACTIONS_TEXT_MAX];
    fixture_tx(&f, DAVE);
    add_proposal(&f, DAVE, &bad, 1, bytes)->gov_propose.expects_params_version = 7;
    fixture_add(&f, SIGNED_DAVE);
    step_block();
    for (unsigned i = 0; i < 10; i++)
        step_propose(ALICE, &good, 1);
    for (unsigned i = 0; i < 3; i++) { /* params_changed, term_out_of_range, proposal_limit */
        fixture_tx(&f, ALICE);
        struct operation *o = add_proposal(&f, ALICE, &bad, 1, bytes);
        if (i < 1) o->gov_propose.expects_params_version = 7;
        if (i < 2) o->gov_propose.deadline_ms = 1;
        fixture_add(&f, SIGNED_ALICE);
        step_block();
    }
    ready.validator_add.ready.height = 1000;
    bad = ready;
    bad.validator_add.member = f.cast[DAVE];
    step_propose(BOB, &bad, 1);
    step_propose(BOB, &ready, 1);
    ready = add_validator(&f, 4);
    step_propose(BOB, &ready, 1);
}

static void propose_terms_edges(void)
{
    static const uint64_t terms[][2] = { { 0, 0 }, { 1, 0 }, { 1, 1 }, { 2, 0 }, { 2, 3 } };
    uint64_t term = f.genesis->params.values[PARAM_gov_term_ms_max];
    struct action action = idle_of(5000);
    for (unsigned i = 0; i < sizeof terms / sizeof *terms; i++) {
        uint8_t bytes[ACTIONS_TEXT_MAX];
        uint64_t deadline_ms = terms[i][0] == 2 ? f.time_ms + term : f.time_ms + terms[i][0];
        fixture_tx(&f, BANK);
        struct operation *o = add_proposal(&f, BANK, &action, 1, bytes);
        o->gov_propose.deadline_ms = deadline_ms + (i == 3);
        o->gov_propose.activate_ms = terms[i][1] ? deadline_ms + term + (terms[i][1] == 1) : 0;
        fixture_add(&f, SIGNED_BANK);
        step_block();
    }
}

static void votes_decide(void)
{
    struct action routine = idle_of(5000), critical = set_param(PARAM_unsealed_max, 10);
    struct action add = add_validator(&f, 4);
    step_ballot(DAVE, 1, VOTE_YES);
    step_ballot(BANK, 1, VOTE_YES);
    step_propose(BANK, &routine, 1);
    step_ballot(ALICE, 1, VOTE_NO);
    step_ballot(ALICE, 1, VOTE_YES);
    step_ballot(BANK, 1, VOTE_ABSTAIN);
    step_ballot(BANK, 1, VOTE_YES);
    step_ballot(BOB, 1, VOTE_YES);
    step_ballot(OTHER, 1, VOTE_YES);
    step_propose(BANK, &add, 1);
    step_ballot(ALICE, 2, VOTE_YES);
    step_ballot(BOB, 2, VOTE_NO);
    step_ballot(OTHER, 2, VOTE_ABSTAIN);
    step_ballot(OTHER, 2, VOTE_YES);
    step_propose(BANK, &critical, 1);
}

static void deadlines(void)
{
    struct action action = idle_of(5000);
    uint8_t bytes[ACTIONS_TEXT_MAX];
    for (unsigned i = 0; i < 2; i++) {
        fixture_tx(&f, BANK);
        add_proposal(&f, BANK, &action, 1, bytes)->gov_propose.deadline_ms = FIXTURE_TIME + 9000;
        fixture_add(&f, SIGNED_BANK);
        step_block();
    }
    f.time_ms = FIXTURE_TIME + 9000;
    step_ballot(ALICE, 1, VOTE_YES);
    step_ballot(ALICE, 2, VOTE_YES);
}

static void undone_proposal(void)
{
    uint8_t bytes[ACTIONS_TEXT_MAX];
    struct action action = idle_of(5000);
    step_propose(BANK, &action, 1);
    fixture_tx(&f, ALICE);
    add_ballot(&f, ALICE, 1, VOTE_YES);
    add_proposal(&f, ALICE, &action, 1, bytes);
    add_ballot(&f, ALICE, 2, VOTE_NO);
    add_ballot(&f, ALICE, 3, VOTE_YES);
    fixture_add(&f, SIGNED_ALICE);
    step_block();
    fixture_tx(&f, ALICE);
    add_proposal(&f, ALICE, &action, 1, bytes);
    add_ballot(&f, ALICE, 2, VOTE_NO);
    add_ballot(&f, ALICE, 1, VOTE_ABSTAIN);
    fixture_add(&f, SIGNED_ALICE);
    step_block();
}

static void enacted(void)
{
    struct action actions[5] = { set_param(PARAM_kv_value_max, 3), set_roles(&f, DAVE, ROLE_ALL),
                                 set_frozen(&f, CAROL, true), add_member(&f, DAVE),
                                 set_param(PARAM_window_grace_ms, 60000) };
    step_pass(actions, 5, 0);
    fixture_tx(&f, BANK); /* the old limit holds in the block of the enactment */
    add_put(&f, BANK, "x", "1234", EXPECT_ANY, 0);
    fixture_add(&f, SIGNED_BANK);
    step_block();
    fixture_tx(&f, BANK);
    add_put(&f, BANK, "x", "5678", EXPECT_ANY, 0);
    fixture_add(&f, SIGNED_BANK);
    step_block();
    struct action thaw = set_frozen(&f, CAROL, false);
    step_propose(DAVE, &thaw, 1);
    step_ballot(ALICE, 2, VOTE_YES);
    step_ballot(BOB, 2, VOTE_YES);
    step_block();
    fixture_tx(&f, BANK);
    fixture_assert(&f, ASSERT_PARAMS_VERSION, BANK)->number = 1;
    add_put(&f, BANK, "x", "1", EXPECT_ANY, 0);
    fixture_add(&f, SIGNED_BANK);
    step_block();
}

static void activation(void)
{
    struct action action = idle_of(600000);
    uint64_t when = f.time_ms + 5000;
    step_pass(&action, 1, when);
    f.time_ms = when - 1;
    step_block();
    f.time_ms = when;
    step_block();
    step_block();
}

static void failed_enactment(void)
{
    struct action first = remove_member(&f, OTHER);
    struct action second[2] = { set_roles(&f, CAROL, ROLE_ALL), remove_member(&f, OTHER) };
    uint64_t late = f.time_ms + 60000;
    step_pass(second, 2, late);
    step_pass(&first, 1, 0);
    step_block();
    step_ballot(OTHER, 1, VOTE_YES);
    f.time_ms = late;
    step_block();
    step_block();
}

static void epochs(void)
{
    struct action add[2] = { add_validator(&f, 4), idle_of(600000) };
    step_pass(add, 2, 0);
    step_pay();
    /* behind the boundary: void, and before it: past */
    for (uint64_t sequence = 2; sequence <= 3; sequence++) {
        struct execution *execution;
        json_t *step = json_object();
        enum status status = ledger_execute(f.ledger, 0, sequence, writer_span(&f.last_batch),
                                            &execution, &f.problem);
        ASSERT(status == STATUS_OK);
        put_decimal(step, "epoch", 0);
        put_decimal(step, "sequence", sequence);
        put_span(step, "batch", writer_span(&f.last_batch));
        json_object_set_new(step, "kind", json_string(kind_words[execution->kind]));
        json_object_set_new(step, "skipped", json_array());
        json_array_append_new(steps, step);
        execution_free(execution);
    }
    step_pay();
    struct action rekey = rekey_validator(&f, 0, 60), out = remove_validator(1);
    uint64_t when = f.time_ms + 4000;
    step_pass(&rekey, 1, when);
    step_pass(&out, 1, when);
    f.time_ms = when;
    step_pay();
    step_pay();
    step_pay();
    struct action replace[2] = { remove_validator(0), add_validator(&f, 5) };
    step_pass(replace, 2, 0);
    step_block();
    struct action engine = engine_param("view_ms", 2000);
    step_pass(&engine, 1, 0);
    step_block();
    struct action limit = set_param(PARAM_batch_txs_max, 1);
    step_pass(&limit, 1, 0);
    step_block();
    step_pay();
}

/* Pairs of actions, each proposed; BANK and BOB in turns, so that no limit is met. */
static void action_pairs(void)
{
    struct action list[] = { remove_validator(0),
                             remove_validator(9),
                             add_validator(&f, 4),
                             add_validator(&f, 5),
                             rekey_validator(&f, 2, 70),
                             rekey_validator(&f, 2, 101),
                             add_member(&f, DAVE),
                             add_member(&f, ALICE),
                             remove_member(&f, BANK),
                             remove_member(&f, BOB),
                             set_param(PARAM_validators_min, 4),
                             set_param(PARAM_validators_max, 4),
                             set_param(PARAM_tx_bytes_max, 1048576),
                             set_param(PARAM_kv_value_max, 1000000),
                             set_param(PARAM_gov_routine, PARAM_FRACTION(1, 1)),
                             set_roles(&f, DAVE, ROLE_ISSUER),
                             set_frozen(&f, DAVE, true),
                             engine_param("view_ms", 2000),
                             engine_param("view_ms", 100),
                             engine_param("nothing", 1) };
    enum { LIST = sizeof list / sizeof *list };
    static const unsigned who[4] = { BANK, ALICE, BOB, OTHER };
    struct action wide = set_param(PARAM_gov_open_max, 100);
    step_pass(&wide, 1, 0);
    step_block();
    for (unsigned i = 0; i < LIST; i++)
        for (unsigned j = 0; j < LIST; j++) {
            struct action pair[2] = { list[i], list[j] };
            uint8_t bytes[ACTIONS_TEXT_MAX];
            unsigned by = who[(i + j) % 4];
            fixture_tx(&f, by);
            add_proposal(&f, by, pair, 2, bytes);
            fixture_add(&f, signed_by(by));
            if (j == LIST - 1) step_block(); /* a block a row */
        }
}

static const struct {
    const char *name;
    void (*run)(void);
} governance_cases[] = {
    { "results of gov.propose in their order", propose_precedence },
    { "terms of a proposal at their edges", propose_terms_edges },
    { "ballots decide, are replaced, come too late", votes_decide },
    { "the deadline is the last moment", deadlines },
    { "what comes before a failing operation is undone", undone_proposal },
    { "enacted, and in force from the next block", enacted },
    { "activation waits for its time", activation },
    { "an enactment that no longer holds", failed_enactment },
    { "epochs: add, rekey and remove at once, replace, engine, limits", epochs },
    { "pairs of actions", action_pairs },
};

static json_t *make_governance(void)
{
    json_t *vectors = json_object(), *list = json_array();
    governance_start(&f);
    put_genesis(vectors);
    fixture_stop(&f);
    for (size_t i = 0; i < sizeof governance_cases / sizeof *governance_cases; i++) {
        json_t *item = json_object();
        steps = json_array();
        governance_start(&f);
        governance_cases[i].run();
        fixture_stop(&f);
        json_object_set_new(item, "name", json_string(governance_cases[i].name));
        json_object_set_new(item, "steps", steps);
        json_array_append_new(list, item);
    }
    json_object_set_new(vectors, "cases", list);
    return vectors;
}

#endif
