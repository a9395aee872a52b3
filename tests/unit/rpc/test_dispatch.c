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

static const struct rpc_method *const methods[] = { &method_sleeper, &method_reader };

static void open_all(void)
{
    harness_open_with(&h, methods, 2);
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
