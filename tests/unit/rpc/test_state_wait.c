/* Most of it is tested through the methods that wait (test_methods_state.c and its neighbours). */
#include "rpc/state_wait.h"
#include "tests/unit/rpc/proof_harness.h"

TestSuite(rpc_state_wait, .init = proof_harness_open, .fini = proof_harness_close);

static void never(const char *what)
{
    call_through("state_prove", "{\"object\":\"params\",\"timeout_ms\":20000}");
    cr_assert_null(answer, "%s", what);
}

Test(rpc_state_wait, a_server_that_stops_answers_whoever_waits_for_a_seal)
{
    never("block 7 has no seal");
    waiters_stop(h.core.waiters);
    answer = harness_resumed(&h);
    cr_assert_str_eq(text_at(checked_error("unavailable"), "reason"), "draining");
}

Test(rpc_state_wait, a_server_that_stops_answers_whoever_waits_for_a_reading)
{
    h.node->mode = FAKE_HOLD;
    never("the node does not answer");
    waiters_stop(h.core.waiters);
    answer = harness_resumed(&h);
    cr_assert_str_eq(text_at(checked_error("unavailable"), "reason"), "draining");
    fake_release_state(h.node);
}

Test(rpc_state_wait, too_many_readings_are_busy_and_too_many_waits_are_refused)
{
    struct waiter *others[8];
    for (unsigned i = 0; i < 8; i++)
        others[i] = waiters_add_state(h.core.waiters, 0);
    const json_t *data = prove_fails("proof_unavailable", "state_prove", "{\"object\":\"params\"}");
    cr_assert_str_eq(text_at(data, "reason"), "busy");
    for (unsigned i = 0; i < 8; i++) {
        waiter_not_proven(others[i]);
        waiter_drop(others[i]);
    }
    for (unsigned i = 0; i < 4; i++)
        others[i] = waiters_add_height(h.core.waiters, 1000, 0);
    data = prove_fails("limit_exceeded", "state_prove", "{\"object\":\"params\"}");
    cr_assert_str_eq(text_at(data, "limit"), "waiters");
    for (unsigned i = 0; i < 4; i++)
        waiter_drop(others[i]);
}

Test(rpc_state_wait, nothing_that_waits_may_stand_in_a_batch)
{
    char *line = harness_send(&h, "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"state_prove\","
                                  "\"params\":{\"object\":\"params\"}}]");
    cr_assert_not_null(line);
    cr_assert_not_null(strstr(line, "invalid_params"));
    free(line);
}
