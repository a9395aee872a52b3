#include "tests/unit/rpc/harness.h"

#include <criterion/criterion.h>

static struct harness h;
static char *hex;
static struct digest txid;
static char params[4096];
static char txid_text[65];

static void open_all(void)
{
    harness_open(&h);
    hex = fake_transaction(1, &txid);
    hex_encode(digest_span(&txid), txid_text);
}

static void close_all(void)
{
    free(hex);
    harness_close(&h);
}

TestSuite(methods_submit, .init = open_all, .fini = close_all);

static json_t *submit(const char *more)
{
    snprintf(params, sizeof params, "{\"tx\":\"%s\"%s}", hex, more);
    return harness_call(&h, "tx_submit", params);
}

static json_t *ask(const char *method, const char *more)
{
    snprintf(params, sizeof params, "{\"tx_id\":\"%s\"%s}", txid_text, more);
    return harness_call(&h, method, params);
}

static void check_status(json_t *answer, const char *status, bool final, bool sealed)
{
    cr_assert(answer);
    cr_assert_str_eq(text_at(answer, "result/status"), status, "%s", json_dumps(answer, 0));
    cr_assert_eq(json_is_true(at(answer, "result/final")), final);
    cr_assert_eq(json_is_true(at(answer, "result/sealed")), sealed);
    cr_assert_str_eq(text_at(answer, "result/tx_id"), txid_text);
}

static void check_error(json_t *answer, int code, const char *kind, const char *retry)
{
    cr_assert(answer);
    cr_assert_eq(json_integer_value(at(answer, "error/code")), code, "%s", json_dumps(answer, 0));
    cr_assert_str_eq(text_at(answer, "error/data/kind"), kind);
    cr_assert_str_eq(text_at(answer, "error/data/retry"), retry);
    cr_assert_str_eq(text_at(answer, "error/data/request_id"), "test-1");
}

Test(methods_submit, admitted_is_pending)
{
    json_t *answer = submit("");
    check_status(answer, "pending", false, false);
    cr_assert(json_is_false(at(answer, "result/duplicate")));
    cr_assert_null(at(answer, "result/timed_out"));
    cr_assert_str_eq(text_at(answer, "result/not_after"), "2026-12-01T09:00:00.000Z");
    json_decref(answer);
}

Test(methods_submit, the_same_bytes_again_are_a_duplicate_and_go_nowhere)
{
    json_decref(submit(""));
    json_t *answer = submit("");
    check_status(answer, "pending", false, false);
    cr_assert(json_is_true(at(answer, "result/duplicate")));
    cr_assert_eq(h.node->submits, 1);
    json_decref(answer);
    fake_block(h.node, &txid, RESULT_ok);
    answer = submit("");
    check_status(answer, "committed", true, false);
    cr_assert(json_is_true(at(answer, "result/duplicate")));
    cr_assert_eq(h.node->submits, 1);
    json_decref(answer);
}

Test(methods_submit, waits_until_committed)
{
    cr_assert_null(submit(",\"wait\":\"committed\",\"timeout_ms\":5000"));
    cr_assert_eq(waiters_count(h.core.waiters), 1);
    fake_block(h.node, NULL, 0);
    cr_assert_not(h.woken);
    fake_block(h.node, &txid, RESULT_ok);
    json_t *answer = harness_resumed(&h);
    check_status(answer, "committed", true, false);
    cr_assert_eq(json_integer_value(at(answer, "result/location/height")), 9);
    cr_assert_str_eq(text_at(answer, "result/location/position"), "9.0");
    cr_assert_str_eq(text_at(answer, "result/result/code"), "ok");
    cr_assert_null(at(answer, "result/result/at"));
    cr_assert_eq(waiters_count(h.core.waiters), 0);
    json_decref(answer);
}

Test(methods_submit, waits_until_sealed)
{
    cr_assert_null(submit(",\"wait\":\"sealed\",\"timeout_ms\":5000"));
    fake_block(h.node, &txid, RESULT_ok);
    cr_assert_not(h.woken);
    fake_seal(h.node);
    json_t *answer = harness_resumed(&h);
    check_status(answer, "committed", true, true);
    json_decref(answer);
}

Test(methods_submit, a_failed_transaction_says_what_it_observed)
{
    cr_assert_null(submit(",\"wait\":\"committed\",\"timeout_ms\":5000"));
    fake_block(h.node, &txid, RESULT_insufficient_funds);
    json_t *answer = harness_resumed(&h);
    check_status(answer, "committed", true, false);
    cr_assert_str_eq(text_at(answer, "result/result/code"), "insufficient_funds");
    cr_assert_eq(json_integer_value(at(answer, "result/result/at")), 0);
    cr_assert_str_eq(text_at(answer, "result/result/observed/what"), "available");
    cr_assert_str_eq(text_at(answer, "result/result/observed/value"), "25");
    json_decref(answer);
}

Test(methods_submit, a_wait_that_runs_out_is_a_result)
{
    cr_assert_null(submit(",\"wait\":\"committed\",\"timeout_ms\":50"));
    waiters_sweep(h.core.waiters, rpc_monotonic_ms() + 49);
    waiters_sweep(h.core.waiters, rpc_monotonic_ms() + 51);
    json_t *answer = harness_resumed(&h);
    check_status(answer, "pending", false, false);
    cr_assert(json_is_true(at(answer, "result/timed_out")));
    json_decref(answer);
}

Test(methods_submit, no_time_to_wait_says_so_at_once)
{
    json_t *answer = submit(",\"wait\":\"committed\"");
    check_status(answer, "pending", false, false);
    cr_assert(json_is_true(at(answer, "result/timed_out")));
    json_decref(answer);
}

Test(methods_submit, an_answer_of_admission_may_come_later)
{
    h.node->mode = FAKE_HOLD;
    cr_assert_null(submit(""));
    fake_release(h.node);
    json_t *answer = harness_resumed(&h);
    check_status(answer, "pending", false, false);
    json_decref(answer);
}

/* Admission is no news to who waits for the end. */
Test(methods_submit, wakes_once_for_its_end)
{
    h.node->mode = FAKE_HOLD;
    cr_assert_null(submit(",\"wait\":\"committed\",\"timeout_ms\":5000"));
    cr_assert_eq(waiters_count(h.core.waiters), 1, "from before it was handed over");
    fake_add(h.node, &txid, 1796115600000);
    fake_release(h.node);
    cr_assert_not(h.woken);
    fake_block(h.node, &txid, RESULT_ok);
    cr_assert(h.woken);
    json_t *answer = harness_resumed(&h);
    check_status(answer, "committed", true, false);
    cr_assert(json_is_false(at(answer, "result/duplicate")));
    json_decref(answer);
}

Test(methods_submit, time_that_runs_out_before_admission_is_a_result_after_it)
{
    h.node->mode = FAKE_HOLD;
    cr_assert_null(submit(",\"wait\":\"committed\",\"timeout_ms\":50"));
    waiters_sweep(h.core.waiters, rpc_monotonic_ms() + 51);
    cr_assert_not(h.woken);
    fake_add(h.node, &txid, 1796115600000);
    fake_release(h.node);
    json_t *answer = harness_resumed(&h);
    check_status(answer, "pending", false, false);
    cr_assert(json_is_true(at(answer, "result/timed_out")));
    json_decref(answer);
}

Test(methods_submit, admission_that_never_answers_is_given_up)
{
    h.node->mode = FAKE_HOLD;
    cr_assert_null(submit(""));
    waiters_sweep(h.core.waiters, rpc_monotonic_ms() + 10001);
    json_t *answer = harness_resumed(&h);
    check_error(answer, -32002, "unavailable", "after_delay");
    cr_assert_str_eq(text_at(answer, "error/data/reason"), "stalled");
    json_decref(answer);
    fake_release(h.node); /* too late, and harmless */
}

Test(methods_submit, a_stopping_server_answers_all_waits)
{
    cr_assert_null(submit(",\"wait\":\"committed\",\"timeout_ms\":5000"));
    waiters_stop(h.core.waiters);
    json_t *answer = harness_resumed(&h);
    check_error(answer, -32002, "unavailable", "after_delay");
    cr_assert_str_eq(text_at(answer, "error/data/reason"), "draining");
    json_decref(answer);
}

Test(methods_submit, unavailable_busy_and_stopping)
{
    h.node->mode = FAKE_UNAVAILABLE;
    json_t *answer = submit("");
    check_error(answer, -32002, "unavailable", "after_delay");
    cr_assert_str_eq(text_at(answer, "error/data/reason"), "catching_up");
    cr_assert_eq(json_integer_value(at(answer, "error/data/height")), 7);
    json_decref(answer);
    h.node->mode = FAKE_BUSY;
    answer = submit("");
    check_error(answer, -32005, "limit_exceeded", "after_delay");
    cr_assert_str_eq(text_at(answer, "error/data/limit"), "submit_queue");
    json_decref(answer);
    h.node->mode = FAKE_STOPPING;
    answer = submit("");
    check_error(answer, -32002, "unavailable", "after_delay");
    json_decref(answer);
}

Test(methods_submit, bytes_that_do_not_decode_are_judged_by_admission)
{
    json_t *answer = harness_call(&h, "tx_submit", "{\"tx\":\"00ff\"}");
    check_error(answer, 1001, "tx_malformed", "never");
    cr_assert_null(at(answer, "error/data/op"));
    cr_assert_eq(h.node->submits, 1);
    json_decref(answer);
}

static void refuse(const struct refusal *refusal, const char *kind, const char *retry)
{
    h.node->mode = FAKE_REFUSE;
    h.node->refusal = *refusal;
    json_t *answer = submit("");
    check_error(answer, (int)refusal->code, kind, retry);
    const struct rpc_error_row *row = rpc_error_row(rpc_error_by_code(refusal->code));
    cr_assert_str_eq(text_at(answer, "error/message"), row->message);
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)at(answer, "error/data"), name, value)
    {
        bool common = strcmp(name, "kind") == 0 || strcmp(name, "retry") == 0 ||
                      strcmp(name, "request_id") == 0;
        cr_assert(common || strstr(row->fields, name), "%s has no field %s", kind, name);
    }
    json_decref(answer);
}

Test(methods_submit, every_refusal_has_its_error_and_its_fields)
{
    static const struct {
        enum refusal_code code;
        const char *retry;
    } cases[] = {
        { REFUSAL_tx_too_large, "never" },
        { REFUSAL_tx_malformed, "never" },
        { REFUSAL_tx_wrong_chain, "never" },
        { REFUSAL_tx_bad_signature, "never" },
        { REFUSAL_tx_ref_conflict, "never" },
        { REFUSAL_tx_lane_past, "re_sign" },
        { REFUSAL_tx_lane_gap, "after_delay" },
        { REFUSAL_tx_expired, "re_sign" },
        { REFUSAL_tx_too_early, "after_delay" },
        { REFUSAL_tx_window_too_long, "re_sign" },
        { REFUSAL_tx_unknown_source, "after_delay" },
        { REFUSAL_tx_source_frozen, "after_delay" },
        { REFUSAL_tx_not_permitted, "never" },
        { REFUSAL_mempool_full, "same_request" },
        { REFUSAL_source_quota, "same_request" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct refusal refusal = { .code = cases[i].code, .value = 3, .limit = 2, .level = 2 };
        refuse(&refusal, refusal_name(cases[i].code), cases[i].retry);
    }
}

Test(methods_submit, a_conflict_names_the_first_one_and_its_status)
{
    struct digest first = sample_digest("first", 1);
    fake_add(h.node, &first, 1796115600000);
    h.node->mode = FAKE_REFUSE;
    h.node->refusal = (struct refusal){ .code = REFUSAL_tx_ref_conflict, .txid = first };
    json_t *answer = submit("");
    check_error(answer, 1007, "tx_ref_conflict", "never");
    cr_assert_str_eq(text_at(answer, "error/data/status"), "pending");
    cr_assert_eq(strlen(text_at(answer, "error/data/client_ref")), 32);
    json_decref(answer);
}

Test(methods_submit, too_early_says_when_to_come_again)
{
    h.node->mode = FAKE_REFUSE;
    h.node->refusal =
        (struct refusal){ .code = REFUSAL_tx_too_early, .limit = h.node->now_ms + 1500 };
    json_t *answer = submit("");
    cr_assert_eq(json_integer_value(at(answer, "error/data/retry_after_ms")), 1500);
    json_decref(answer);
}

/* ---- tx_status ------------------------------------------------------------------------------ */

Test(methods_submit, an_unknown_id_is_no_error)
{
    json_t *answer = ask("tx_status", "");
    check_status(answer, "unknown", false, false);
    cr_assert_null(at(answer, "result/not_after"));
    cr_assert_null(at(answer, "result/duplicate"));
    json_decref(answer);
}

Test(methods_submit, expired_needs_a_block_later_than_not_after)
{
    static const char not_after[] = ",\"not_after\":\"2026-12-01T08:59:00.000Z\"";
    h.node->now_ms = 1796115540000;
    json_t *answer = ask("tx_status", not_after); /* the last block is a second before */
    check_status(answer, "unknown", false, false);
    json_decref(answer);
    fake_block(h.node, NULL, 0); /* exactly then */
    answer = ask("tx_status", not_after);
    check_status(answer, "unknown", false, false);
    json_decref(answer);
    fake_block(h.node, NULL, 0); /* a millisecond after */
    answer = ask("tx_status", not_after);
    check_status(answer, "expired", true, false);
    json_decref(answer);
    fake_add(h.node, &txid, 1796115540000);
    fake_block(h.node, &txid, RESULT_ok); /* what a block holds is not expired, whatever one says */
    answer = ask("tx_status", not_after);
    check_status(answer, "committed", true, false);
    json_decref(answer);
}

Test(methods_submit, status_waits_for_min_height)
{
    cr_assert_null(ask("tx_status", ",\"min_height\":8,\"timeout_ms\":1000"));
    fake_block(h.node, NULL, 0);
    json_t *answer = harness_resumed(&h);
    check_status(answer, "unknown", false, false);
    cr_assert_eq(json_integer_value(at(answer, "result/ledger_height")), 8);
    json_decref(answer);
    answer = ask("tx_status", ",\"min_height\":9");
    check_error(answer, -32002, "unavailable", "after_delay");
    cr_assert_str_eq(text_at(answer, "error/data/reason"), "behind");
    cr_assert_eq(json_integer_value(at(answer, "error/data/height")), 8);
    cr_assert_eq(json_integer_value(at(answer, "error/data/target_height")), 9);
    json_decref(answer);
    cr_assert_null(ask("tx_status", ",\"min_height\":9,\"timeout_ms\":20"));
    waiters_sweep(h.core.waiters, rpc_monotonic_ms() + 30);
    answer = harness_resumed(&h);
    check_error(answer, -32002, "unavailable", "after_delay");
    json_decref(answer);
}

/* ---- tx_wait -------------------------------------------------------------------------------- */

Test(methods_submit, wait_sees_a_transaction_that_came_by_gossip)
{
    cr_assert_null(ask("tx_wait", ""));
    fake_add(h.node, &txid, 1796115600000);
    fake_block(h.node, &txid, RESULT_ok);
    json_t *answer = harness_resumed(&h);
    check_status(answer, "committed", true, false);
    json_decref(answer);
    answer = ask("tx_wait", ""); /* and at once what is committed already */
    check_status(answer, "committed", true, false);
    json_decref(answer);
}

Test(methods_submit, wait_for_the_seal_of_a_committed_one)
{
    fake_add(h.node, &txid, 1796115600000);
    fake_block(h.node, &txid, RESULT_ok);
    cr_assert_null(ask("tx_wait", ",\"until\":\"sealed\""));
    fake_block(h.node, NULL, 0);
    cr_assert_not(h.woken);
    fake_seal(h.node);
    json_t *answer = harness_resumed(&h);
    check_status(answer, "committed", true, true);
    json_decref(answer);
}

Test(methods_submit, wait_ends_with_expiry)
{
    cr_assert_null(ask("tx_wait", ",\"not_after\":\"2026-12-01T08:59:01.000Z\""));
    cr_assert_eq(waiters_not_after(h.core.waiters), 1796115541000);
    fake_block(h.node, NULL, 0);
    cr_assert_not(h.woken);
    h.node->now_ms += 1001;
    fake_block(h.node, NULL, 0);
    json_t *answer = harness_resumed(&h);
    check_status(answer, "expired", true, false);
    cr_assert_null(at(answer, "result/timed_out"));
    json_decref(answer);
}

Test(methods_submit, wait_for_a_seal_goes_on_after_not_after_has_passed)
{
    fake_add(h.node, &txid, 1796115600000);
    cr_assert_null(
        ask("tx_wait", ",\"until\":\"sealed\",\"not_after\":\"2026-12-01T09:00:00.000Z\""));
    fake_block(h.node, &txid, RESULT_ok);
    h.node->now_ms += 120000;
    fake_block(h.node, NULL, 0);
    cr_assert_not(h.woken);
    fake_seal(h.node);
    json_t *answer = harness_resumed(&h);
    check_status(answer, "committed", true, true);
    json_decref(answer);
}

Test(methods_submit, waiters_are_bounded)
{
    struct waiter *taken[4];
    for (size_t i = 0; i < 4; i++) {
        struct digest other = sample_digest("other", i);
        taken[i] = waiters_add_tx(h.core.waiters, &other, 0, false, 0);
        cr_assert(taken[i]);
    }
    json_t *answer = ask("tx_wait", "");
    check_error(answer, -32005, "limit_exceeded", "after_delay");
    cr_assert_str_eq(text_at(answer, "error/data/limit"), "waiters");
    json_decref(answer);
    for (size_t i = 0; i < 4; i++)
        waiter_drop(taken[i]);
}

Test(methods_submit, time_to_wait_has_bounds)
{
    json_t *answer = ask("tx_wait", ",\"timeout_ms\":0");
    check_error(answer, -32602, "invalid_params", "never");
    cr_assert_str_eq(text_at(answer, "error/data/path"), "/timeout_ms");
    json_decref(answer);
    answer = ask("tx_wait", ",\"timeout_ms\":30001");
    check_error(answer, -32602, "invalid_params", "never");
    json_decref(answer);
    h.core.limits.wait_ms_max = 1000; /* the configuration may be stricter */
    answer = ask("tx_wait", ",\"timeout_ms\":1001");
    check_error(answer, -32602, "invalid_params", "never");
    json_decref(answer);
}
