#include "rpc/tx_wait.h"
#include "tests/unit/rpc/harness.h"

#include <criterion/criterion.h>

/* The turns themselves are tested with the methods that use them (test_methods_submit.c); here are
 * the moments between two turns. */

static struct harness h;
static struct digest txid;
static char params[256];

static void open_all(void)
{
    char text[65];
    harness_open(&h);
    txid = sample_digest("tx", 1);
    hex_encode(digest_span(&txid), text);
    snprintf(params, sizeof params,
             "{\"tx_id\":\"%s\",\"until\":\"sealed\",\"not_after\":\"2026-12-01T08:59:30.000Z\","
             "\"timeout_ms\":20000}",
             text);
}

static void close_all(void)
{
    harness_close(&h);
}

TestSuite(tx_wait, .init = open_all, .fini = close_all);

/* The block that is later than not_after wakes the request; before it looks, the transaction turns
 * out to be in an earlier block that nobody announced, and only its seal is missing. */
Test(tx_wait, found_at_the_end_and_not_sealed)
{
    cr_assert_null(harness_call(&h, "tx_wait", params));
    struct fake_tx *tx = fake_add(h.node, &txid, 1796115570000);
    tx->committed = true;
    tx->place = (struct tx_place){ .found = true, .position = position_of(8, 0, 0) };
    h.node->now_ms = 1796115571000;
    fake_block(h.node, NULL, 0);
    cr_assert_null(harness_resumed(&h)); /* sleeps on */
    cr_assert_eq(waiters_count(h.core.waiters), 1);
    fake_seal(h.node);
    json_t *answer = harness_resumed(&h);
    cr_assert_str_eq(text_at(answer, "result/status"), "committed");
    cr_assert(json_is_true(at(answer, "result/sealed")));
    json_decref(answer);
}

Test(tx_wait, surely_expired)
{
    cr_assert_null(harness_call(&h, "tx_wait", params));
    h.node->now_ms = 1796115571000;
    fake_block(h.node, NULL, 0);
    json_t *answer = harness_resumed(&h);
    cr_assert_str_eq(text_at(answer, "result/status"), "expired");
    json_decref(answer);
}

/* Time runs out just as the block comes: whatever the ledger says then is the answer. */
Test(tx_wait, the_deadline_and_the_block_at_once)
{
    cr_assert_null(harness_call(&h, "tx_wait", params));
    waiters_sweep(h.core.waiters, rpc_monotonic_ms() + 20001);
    fake_add(h.node, &txid, 1796115570000);
    fake_block(h.node, &txid, RESULT_ok);
    fake_seal(h.node);
    json_t *answer = harness_resumed(&h);
    cr_assert_str_eq(text_at(answer, "result/status"), "committed");
    cr_assert_null(at(answer, "result/timed_out"));
    json_decref(answer);
}
