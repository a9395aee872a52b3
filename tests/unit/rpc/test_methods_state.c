#include "tests/unit/rpc/proof_harness.h"

TestSuite(rpc_methods_state, .init = proof_harness_open, .fini = proof_harness_close);

static void seal_head(void)
{
    story_seal(&story.f, 7);
    tell_head();
}

static const char *balance_of(unsigned who)
{
    static char text[256];
    snprintf(text, sizeof text, "\"object\":\"balance\",\"account\":\"%s\",\"asset\":\"%s\"",
             account_text(who), eur_text());
    return text;
}

Test(rpc_methods_state, every_object)
{
    char validator[ADDRESS_TEXT], hold[ADDRESS_TEXT];
    address_encode(ADDRESS_VALIDATOR, &story.f.genesis->committee.validators[2].id, validator);
    struct id nothing = sample_id("no hold", 1);
    address_encode(ADDRESS_HOLD, &nothing, hold);
    seal_head();
    judge(prove_call("state_prove", "{\"object\":\"account\",\"account\":\"%s\"}",
                     account_text(ALICE)));
    judge(prove_call("state_prove", "{\"object\":\"asset\",\"asset\":\"%s\"}", eur_text()));
    judge(prove_call("state_prove", "{%s}", balance_of(ALICE)));
    cr_assert_eq(verdict.proof.state.form, STATE_PRESENT);
    judge(prove_call("state_prove", "{%s}", balance_of(OTHER)));
    cr_assert_eq(verdict.proof.state.form, STATE_ABSENT);
    judge(prove_call("state_prove", "{\"object\":\"hold\",\"hold\":\"%s\"}", hold));
    cr_assert_eq(verdict.proof.state.form, STATE_ABSENT);
    judge(prove_call("state_prove", "{\"object\":\"kv\",\"account\":\"%s\",\"key\":\"6c696d6974\"}",
                     account_text(BANK)));
    cr_assert_eq(verdict.proof.state.form, STATE_PRESENT);
    judge(prove_call("state_prove", "{\"object\":\"lane\",\"account\":\"%s\",\"lane\":%d}",
                     account_text(ALICE), STORY_LANE));
    cr_assert_eq(verdict.proof.state.form, STATE_PRESENT);
    judge(prove_call("state_prove", "{\"object\":\"params\"}"));
    judge(prove_call("state_prove", "{\"object\":\"members\"}"));
    judge(prove_call("state_prove", "{\"object\":\"validators\"}"));
    judge(prove_call("state_prove", "{\"object\":\"validator\",\"validator\":\"%s\"}", validator));
    cr_assert_eq(verdict.proof.state.form, STATE_PRESENT);
    judge(prove_call("state_prove", "{\"object\":\"proposal\",\"proposal\":1}"));
    cr_assert_eq(verdict.proof.state.form, STATE_ABSENT);
}

Test(rpc_methods_state, a_window_entry_with_and_without_its_time)
{
    char reference[33];
    struct id last = sample_id("reference", story.f.reference - 1);
    hex_encode(span_of(last.bytes, 16), reference);
    seal_head();
    judge(prove_call("state_prove",
                     "{\"object\":\"window\",\"account\":\"%s\",\"client_ref\":\"%s\"}",
                     account_text(BOB), reference));
    cr_assert_eq(verdict.proof.state.form, STATE_PRESENT);
    judge(prove_call("state_prove",
                     "{\"object\":\"window\",\"account\":\"%s\",\"client_ref\":\"%s\","
                     "\"not_after\":\"2030-01-01T00:00:00.000Z\"}",
                     account_text(BOB), reference));
    cr_assert_eq(verdict.proof.state.form, STATE_ABSENT);
    const json_t *data =
        prove_fails("invalid_params", "state_prove",
                    "{\"object\":\"window\",\"account\":\"%s\",\"client_ref\":\"%s\"}",
                    account_text(CAROL), reference);
    cr_assert_str_eq(text_at(data, "path"), "/not_after");
}

Test(rpc_methods_state, arguments_that_do_not_name_one_object)
{
    prove_fails("invalid_params", "state_prove", "{}");
    prove_fails("invalid_params", "state_prove", "{\"object\":\"chair\"}");
    const json_t *data = prove_fails("invalid_params", "state_prove", "{\"object\":\"account\"}");
    cr_assert_str_eq(text_at(data, "path"), "/account");
    data = prove_fails("invalid_params", "state_prove", "{\"object\":\"params\",\"lane\":3}");
    cr_assert_str_eq(text_at(data, "path"), "/lane");
    data = prove_fails("invalid_params", "state_prove",
                       "{\"object\":\"kv\",\"account\":\"%s\",\"key\":\"\"}", account_text(BANK));
    cr_assert_str_eq(text_at(data, "path"), "/key");
    data = prove_fails("invalid_params", "state_prove",
                       "{\"object\":\"account\",\"account\":\"%s\",\"at_height\":3}",
                       account_text(BANK));
    cr_assert_str_eq(text_at(data, "path"), "/at_height");
    cr_assert_eq(h.node->proves, 0, "the node was asked for what could not be answered");
}

Test(rpc_methods_state, it_waits_for_the_seal_of_the_block_it_was_read_at)
{
    call_through("state_prove", "{%s}", balance_of(ALICE));
    cr_assert_null(answer, "block 7 is not sealed");
    story_seal(&story.f, 7);
    tell_head();
    answer = harness_resumed(&h);
    judge(checked_result("state_prove"));
    cr_assert_eq(verdict.sealed[0].height, 7);
    cr_assert_eq(h.node->proves, 1);
}

Test(rpc_methods_state, a_block_that_only_a_later_seal_covers_is_read_again)
{
    call_through("state_prove", "{%s}", balance_of(ALICE));
    cr_assert_null(answer);
    story.f.tick = true;
    story_block(&story, 7);
    tell_head();
    answer = harness_resumed(&h);
    while (!answer && h.woken)
        answer = harness_resumed(&h);
    judge(checked_result("state_prove"));
    cr_assert_eq(verdict.sealed[0].height, 8);
    cr_assert_eq(h.node->proves, 2);
}

Test(rpc_methods_state, without_patience_or_after_it_it_is_not_sealed)
{
    const json_t *data =
        prove_fails("not_sealed", "state_prove", "{%s,\"timeout_ms\":0}", balance_of(ALICE));
    cr_assert_eq(number_at(data, "height"), 7);
    cr_assert_eq(number_at(data, "signers"), 1);
    call_through("state_prove", "{%s,\"timeout_ms\":30}", balance_of(ALICE));
    cr_assert_null(answer);
    usleep(40000);
    waiters_sweep(h.core.waiters, rpc_monotonic_ms());
    answer = harness_resumed(&h);
    checked_error("not_sealed");
}

Test(rpc_methods_state, what_the_node_may_say_instead)
{
    seal_head();
    h.node->state = STATE_BUSY;
    const json_t *data = prove_fails("proof_unavailable", "state_prove", "{%s}", balance_of(ALICE));
    cr_assert_str_eq(text_at(data, "reason"), "busy");
    h.node->state = STATE_FAILED;
    prove_fails("internal_error", "state_prove", "{%s}", balance_of(ALICE));
    h.node->state = STATE_DRAINING;
    prove_fails("unavailable", "state_prove", "{%s}", balance_of(ALICE));
    h.node->state = STATE_READ;
    h.node->mode = FAKE_STOPPING;
    prove_fails("unavailable", "state_prove", "{%s}", balance_of(ALICE));
}

Test(rpc_methods_state, a_client_that_is_gone_leaves_nothing_behind)
{
    h.node->mode = FAKE_HOLD;
    call_through("state_prove", "{%s}", balance_of(ALICE));
    cr_assert_null(answer);
    request_free(h.request);
    h.request = NULL;
    fake_release_state(h.node); /* The reading is freed with its waiter. */
}

Test(rpc_methods_state, a_node_that_does_not_answer_is_busy)
{
    h.node->mode = FAKE_HOLD;
    call_through("state_prove", "{%s}", balance_of(ALICE));
    cr_assert_null(answer);
    waiters_sweep(h.core.waiters, rpc_monotonic_ms() + 60000);
    answer = harness_resumed(&h);
    checked_error("proof_unavailable");
    fake_release_state(h.node);
}

Test(rpc_methods_state, the_past_of_a_balance)
{
    for (int height = 1; height <= 6; height++) {
        judge(prove_call("state_prove", "{%s,\"at_height\":%d,\"timeout_ms\":0}", balance_of(BOB),
                         height == 6   ? 5
                         : height == 5 ? 4
                                       : height));
        cr_assert_eq(verdict.proof.state.form, STATE_BETWEEN);
        if (height == 4) break; /* The next movement behind 5 is in block 7. */
    }
    prove_fails("height_not_reached", "state_prove", "{%s,\"at_height\":8}", balance_of(BOB));
    prove_fails("proof_unavailable", "state_prove", "{%s,\"at_height\":0}", balance_of(BOB));
    seal_head();
    judge(prove_call("state_prove", "{%s,\"at_height\":7}", balance_of(BOB)));
    cr_assert_eq(verdict.proof.state.form, STATE_SINCE);
}
