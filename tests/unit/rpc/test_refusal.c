#include "ledger/pool.h"
#include "rpc/refusal.h"
#include "tests/unit/rpc/harness.h"

#include <criterion/criterion.h>

static struct harness h;
static struct rpc_call call;
static struct transaction tx;
static struct refusal refusal;
static struct refusal_facts facts;

static void open_all(void)
{
    harness_open(&h);
    memset(&call, 0, sizeof call);
    memset(&refusal, 0, sizeof refusal);
    call.backend = &h.node->backend;
    sample_transfer(&tx, 1, 75);
    refusal.account = tx.source;
    facts = (struct refusal_facts){ .tx = &tx,
                                    .ledger_height = 9,
                                    .ledger_time_ms = 1796115600000,
                                    .node_time_ms = 1796115601000 };
}

static void close_all(void)
{
    json_decref(call.error_data);
    harness_close(&h);
}

TestSuite(refusal, .init = open_all, .fini = close_all);

static const json_t *data(enum refusal_code code)
{
    refusal.code = code;
    cr_assert_null(call_refusal(&call, &refusal, &facts));
    cr_assert_eq(rpc_error_row(call.error)->code, (int)code);
    return call.error_data;
}

static json_int_t number(const json_t *value, const char *name)
{
    const json_t *member = json_object_get(value, name);
    cr_assert(json_is_integer(member), "%s", name);
    return json_integer_value(member);
}

Test(refusal, malformed_says_where)
{
    refusal.offset = 127;
    refusal.operation = 4;
    snprintf(refusal.detail, sizeof refusal.detail, "amount is zero");
    const json_t *d = data(REFUSAL_tx_malformed);
    cr_assert_eq(number(d, "offset"), 127);
    cr_assert_eq(number(d, "op"), 4);
    cr_assert_str_eq(text_at(d, "detail"), "amount is zero");
}

Test(refusal, outside_operations_there_is_no_op)
{
    refusal.operation = 255;
    cr_assert_null(json_object_get(data(REFUSAL_tx_malformed), "op"));
}

Test(refusal, lanes)
{
    tx.lane = 7;
    refusal.value = 80;
    refusal.limit = 12;
    const json_t *d = data(REFUSAL_tx_lane_gap);
    cr_assert_eq(number(d, "lane"), 7);
    cr_assert_eq(number(d, "seq"), 80);
    cr_assert_eq(number(d, "next"), 12);
    cr_assert_eq(number(d, "ahead_max"), POOL_LANE_AHEAD_MAX);
    cr_assert_null(json_object_get(d, "tx_id"));
}

Test(refusal, a_used_lane_number_names_its_transaction_if_known)
{
    refusal.txid = sample_digest("tx", 1);
    const json_t *d = data(REFUSAL_tx_lane_past);
    cr_assert_eq(strlen(text_at(d, "tx_id")), 64);
    cr_assert_null(json_object_get(d, "ahead_max"));
}

Test(refusal, expired)
{
    refusal.limit = 1796115599000;
    const json_t *d = data(REFUSAL_tx_expired);
    cr_assert_str_eq(text_at(d, "not_after"), "2026-12-01T08:59:59.000Z");
    cr_assert_str_eq(text_at(d, "ledger_time"), "2026-12-01T09:00:00.000Z");
    cr_assert_str_eq(text_at(d, "node_time"), "2026-12-01T09:00:01.000Z");
}

Test(refusal, too_early)
{
    refusal.limit = 1796115603500; /* not_before; the later clock is the node's */
    cr_assert_eq(number(data(REFUSAL_tx_too_early), "retry_after_ms"), 2500);
}

Test(refusal, too_early_and_past_by_now)
{
    refusal.limit = 1796115600500;
    cr_assert_eq(number(data(REFUSAL_tx_too_early), "retry_after_ms"), 0);
}

Test(refusal, permissions)
{
    refusal.level = LEVEL_HIGH;
    refusal.weight_need = 3;
    refusal.weight_have = 1;
    const json_t *d = data(REFUSAL_tx_not_permitted);
    cr_assert_str_eq(text_at(d, "level"), "high");
    cr_assert_eq(number(d, "weight_need"), 3);
    cr_assert_eq(number(d, "weight_have"), 1);
}

Test(refusal, a_full_mempool)
{
    h.node->view.mempool_txs = 20000;
    const json_t *d = data(REFUSAL_mempool_full);
    cr_assert_eq(number(d, "txs"), 20000);
    cr_assert_eq(number(d, "txs_max"), 20000);
    cr_assert(number(d, "retry_after_ms") > 0);
}

Test(refusal, numbers_beyond_json_are_cut)
{
    refusal.value = refusal.limit = UINT64_MAX;
    cr_assert_eq(number(data(REFUSAL_tx_too_large), "got_bytes"), (json_int_t)HEIGHT_LIMIT - 1);
}

Test(refusal, without_a_decoded_transaction)
{
    facts.tx = NULL;
    const json_t *d = data(REFUSAL_tx_ref_conflict);
    cr_assert_null(json_object_get(d, "client_ref"));
    cr_assert_str_eq(text_at(d, "status"), "unknown");
}
