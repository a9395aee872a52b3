#include "rpc/dispatch.h"
#include "tests/unit/rpc/harness.h"

#include <criterion/criterion.h>

static struct harness h;
static unsigned freed;

/* A method that sleeps on a height twice and then answers with the number of its turns. */
static void count_free(void *state)
{
    free(state);
    freed++;
}

static json_t *sleeper(struct rpc_call *call)
{
    if (!call->state) {
        call->state = malloc(1);
        call->state_free = count_free;
    }
    if (call->turn == 2) return json_pack("{s:i}", "turns", 2);
    struct waiter *waiter = waiters_add_height(call_core(call)->waiters, 8 + call->turn, 0);
    json_t *nothing = call_later(call, waiter);
    cr_assert_null(nothing);
    waiter_drop(waiter); /* a wake may still come for a height that is there already */
    return NULL;
}

static const struct rpc_method method_sleeper = { METHOD_BARE("sleeper", ACCESS_READ),
                                                  .handle = sleeper };

static const struct rpc_parameter read_parameters[] = { PARAMETERS_READ };

static json_t *reader(struct rpc_call *call)
{
    return json_pack("{s:b}", "has_reader", call->reader != NULL);
}

static const struct rpc_method method_reader = { METHOD("reader", ACCESS_READ, read_parameters),
                                                 .reads = true, .handle = reader };

static const struct rpc_parameter decided_parameters[] = { PARAMETERS_READ,
                                                           PARAMETERS_CONSISTENCY };

static const struct rpc_method method_decided = {
    METHOD("decided", ACCESS_READ, decided_parameters), .reads = true, .handle = reader
};

static const struct rpc_method *const methods[] = { &method_sleeper, &method_reader,
                                                    &method_decided };

static void open_all(void)
{
    harness_open_with(&h, methods, 3);
    freed = 0;
}

static void close_all(void)
{
    harness_close(&h);
}

TestSuite(dispatch, .init = open_all, .fini = close_all);

Test(dispatch, heights_that_are_there_need_no_wake)
{
    fake_block(h.node, NULL, 0);
    fake_block(h.node, NULL, 0); /* height 9 */
    json_t *answer = harness_call(&h, "sleeper", "");
    cr_assert_eq(json_integer_value(at(answer, "result/turns")), 2);
    cr_assert_eq(freed, 1);
    json_decref(answer);
}

Test(dispatch, a_request_that_is_dropped_frees_its_state)
{
    cr_assert_null(harness_call(&h, "reader", "{\"min_height\":8,\"timeout_ms\":5}"));
    request_free(h.request);
    h.request = NULL;
    cr_assert_eq(waiters_count(h.core.waiters), 0);
}

Test(dispatch, min_height_is_waited_for_once)
{
    cr_assert_null(harness_call(&h, "reader", "{\"min_height\":9,\"timeout_ms\":1000}"));
    fake_block(h.node, NULL, 0);
    cr_assert_not(h.woken);
    fake_block(h.node, NULL, 0);
    json_t *answer = harness_resumed(&h);
    cr_assert(json_is_false(at(answer, "result/has_reader")));
    json_decref(answer);
    answer = harness_call(&h, "reader", "{\"min_height\":9}");
    cr_assert(at(answer, "result"));
    json_decref(answer);
}

Test(dispatch, a_stop_while_waiting_for_a_height)
{
    cr_assert_null(harness_call(&h, "reader", "{\"min_height\":9,\"timeout_ms\":1000}"));
    waiters_stop(h.core.waiters);
    json_t *answer = harness_resumed(&h);
    cr_assert_str_eq(text_at(answer, "error/data/reason"), "draining");
    json_decref(answer);
}

Test(dispatch, too_many_waiters)
{
    struct waiter *taken[4];
    for (size_t i = 0; i < 4; i++)
        taken[i] = waiters_add_height(h.core.waiters, 100, 0);
    json_t *answer = harness_call(&h, "reader", "{\"min_height\":9,\"timeout_ms\":1000}");
    cr_assert_str_eq(text_at(answer, "error/data/limit"), "waiters");
    json_decref(answer);
    for (size_t i = 0; i < 4; i++)
        waiter_drop(taken[i]);
}

Test(dispatch, the_time_of_a_read)
{
    struct rpc_reader r = { .deadline_ms = rpc_monotonic_ms() + 1000 };
    cr_assert_not(rpc_reader_expired(&r));
    r.deadline_ms = rpc_monotonic_ms();
    cr_assert(rpc_reader_expired(&r));
}

/* ---- linearizable ---- */

static const char linearizable[] = "{\"consistency\":\"linearizable\"}";

static void expect_error(json_t *answer, const char *path, const char *text)
{
    cr_assert_str_eq(text_at(answer, path), text);
    json_decref(answer);
}

Test(dispatch, a_local_read_asks_nobody)
{
    h.node->mode = FAKE_STOPPING;
    json_t *answer = harness_call(&h, "decided", "{\"consistency\":\"local\"}");
    cr_assert(at(answer, "result"));
    json_decref(answer);
}

Test(dispatch, a_linearizable_read_runs_once_the_node_says_so)
{
    h.node->mode = FAKE_HOLD;
    cr_assert_null(harness_call(&h, "decided", linearizable));
    cr_assert_eq(h.node->read_timeout_ms, 3000);
    cr_assert_not(h.woken);
    h.node->read_done(h.node->read_context, READ_NOW);
    json_t *answer = harness_resumed(&h);
    cr_assert(at(answer, "result"));
    json_decref(answer);
    h.node->mode = FAKE_ADMIT;
    h.node->read = READ_NOW;
    answer = harness_call(&h, "decided", linearizable);
    cr_assert(at(answer, "result"), "also if the answer is there at once");
    json_decref(answer);
}

Test(dispatch, the_wait_is_the_callers)
{
    h.node->read = READ_NOW;
    json_decref(
        harness_call(&h, "decided", "{\"consistency\":\"linearizable\",\"timeout_ms\":70}"));
    cr_assert_eq(h.node->read_timeout_ms, 70);
}

Test(dispatch, why_there_is_no_linearizable_read)
{
    h.node->read = READ_NO_LEADER;
    json_t *answer = harness_call(&h, "decided", linearizable);
    cr_assert_eq(json_integer_value(at(answer, "error/code")), -32002);
    cr_assert_str_eq(text_at(answer, "error/data/retry"), "after_delay");
    expect_error(answer, "error/data/reason", "no_leader");
    h.node->read = READ_DRAINING;
    expect_error(harness_call(&h, "decided", linearizable), "error/data/reason", "draining");
    h.node->read = READ_BUSY;
    expect_error(harness_call(&h, "decided", linearizable), "error/data/limit",
                 "linearizable_reads");
    h.node->read = READ_NONE;
    answer = harness_call(&h, "decided", linearizable);
    cr_assert_str_eq(text_at(answer, "error/data/retry"), "never");
    expect_error(answer, "error/data/path", "/consistency");
    h.node->mode = FAKE_STOPPING;
    expect_error(harness_call(&h, "decided", linearizable), "error/data/reason", "draining");
}

/* The node's answer may come when the request is long over. */
Test(dispatch, a_linearizable_read_whose_time_runs_out)
{
    h.node->mode = FAKE_HOLD;
    cr_assert_null(
        harness_call(&h, "decided", "{\"consistency\":\"linearizable\",\"timeout_ms\":5}"));
    waiters_sweep(h.core.waiters, rpc_monotonic_ms() + 6);
    expect_error(harness_resumed(&h), "error/data/reason", "no_leader");
    h.node->read_done(h.node->read_context, READ_NOW);
    cr_assert_null(harness_call(&h, "decided", linearizable));
    waiters_stop(h.core.waiters);
    expect_error(harness_resumed(&h), "error/data/reason", "draining");
    h.node->read_done(h.node->read_context, READ_NOW);
}

Test(dispatch, no_linearizable_reads_in_a_batch)
{
    char *line =
        harness_send(&h, "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"decided\",\"params\":"
                         "{\"consistency\":\"linearizable\"}}]");
    cr_assert(strstr(line, "no waiting inside a batch"), "%s", line);
    free(line);
}

Test(dispatch, linearizable_reads_are_bounded)
{
    struct waiter *taken[8];
    for (size_t i = 0; i < 8; i++)
        taken[i] = waiters_add_read(h.core.waiters, 0);
    expect_error(harness_call(&h, "decided", linearizable), "error/data/limit",
                 "linearizable_reads");
    for (size_t i = 0; i < 8; i++) {
        waiter_drop(taken[i]);
        waiter_read_done(taken[i], READ_NOW);
    }
}
