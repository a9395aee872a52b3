/* tests/unit/format/rich.h -- a transaction with every operation and every assert, for JSON. */
#ifndef TESTS_LEDGER_RICH_H
#define TESTS_LEDGER_RICH_H

#include "format/transaction_json.h"
#include "genesis/json.h"
#include "tests/unit/format/samples.h"
#include <criterion/criterion.h>

static struct transaction *tx, *again;
static struct writer bytes;
static uint8_t signers[3 * SIGNER_BYTES];
static uint8_t actions[ACTIONS_MAX * ACTION_BYTES_MAX];

static inline void start(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    tx = malloc(sizeof *tx);
    again = malloc(sizeof *again);
}

static inline void stop(void)
{
    free(tx);
    free(again);
}

static inline struct operation *add(enum operation_code code)
{
    struct operation *operation = &tx->operations[tx->operation_count++];
    *operation = (struct operation){ .code = code, .actor = sample_id("account", 1) };
    return operation;
}

static inline void add_all_operations(void)
{
    struct operation *o = add(OP_ACCOUNT_CREATE);
    o->account_create.id = sample_id("account", 9);
    o->account_create.low = 1;
    o->account_create.medium = 2;
    o->account_create.high = 3;
    o->account_create.metadata = sample_digest("metadata", 1);
    sample_signers(signers, &o->account_create.signers, 1, 3, 1);
    o = add(OP_ACCOUNT_SET_SIGNERS);
    o->account_set_signers.low = o->account_set_signers.medium = o->account_set_signers.high = 1;
    sample_signers(signers, &o->account_set_signers.signers, 1, 3, 1);
    o = add(OP_ACCOUNT_FREEZE);
    o->account_freeze.account = sample_id("account", 2);
    o->account_freeze.frozen = true;
    o = add(OP_ASSET_CREATE);
    memcpy(o->asset_create.code, "EUR", 3);
    o->asset_create.scale = 2;
    o->asset_create.max_supply = TX_AMOUNT_MAX;
    o = add(OP_ASSET_MINT);
    o->asset_mint.asset = sample_id("asset", 1);
    o->asset_mint.to = sample_id("account", 2);
    o->asset_mint.amount = 5;
    o = add(OP_ASSET_BURN);
    o->asset_burn.asset = sample_id("asset", 1);
    o->asset_burn.amount = 6;
    o = add(OP_TRANSFER);
    o->transfer.to = sample_id("account", 2);
    o->transfer.asset = sample_id("asset", 1);
    o->transfer.amount = TX_AMOUNT_MAX;
    o = add(OP_KV_PUT);
    o->kv_put.key = span_text("key");
    o->kv_put.value = span_text("");
    o->kv_put.expect = EXPECT_ABSENT;
    o = add(OP_KV_PUT);
    o->kv_put.key = span_text("another key");
    o->kv_put.value = span_of("\0\xff", 2);
    o->kv_put.expect = EXPECT_VERSION;
    o->kv_put.version = position_of(1042, 3, 7);
    o = add(OP_KV_DELETE);
    o->kv_delete.key = span_text("k");
    o = add(OP_GOV_PROPOSE);
    o->gov_propose.rationale = sample_digest("rationale", 1);
    o->gov_propose.expects_params_version = 3;
    o->gov_propose.deadline_ms = 1796115000123;
    o->gov_propose.activate_ms = 1796116000000;
    sample_actions(actions, sizeof actions, &o->gov_propose.actions, &o->gov_propose.action_count);
    o = add(OP_GOV_BALLOT);
    o->gov_ballot.proposal = 12;
    o->gov_ballot.vote = VOTE_ABSTAIN;
    o = add(OP_BALANCE_SET_FLOOR);
    o->balance_set_floor.asset = sample_id("asset", 1);
    o->balance_set_floor.account = sample_id("account", 2);
    o->balance_set_floor.floor = -(int64_t)TX_AMOUNT_MAX;
    o = add(OP_HOLD_CREATE);
    o->hold_create.payee = sample_id("account", 2);
    o->hold_create.asset = sample_id("asset", 1);
    o->hold_create.amount = 7;
    o->hold_create.expires_ms = 1796115600123;
    o->hold_create.arbiter = sample_id("account", 3);
    o = add(OP_HOLD_CREATE);
    o->hold_create = o[-1].hold_create;
    o->hold_create.group = sample_id("group", 1);
    o = add(OP_HOLD_POST);
    o->hold_post.hold = sample_id("hold", 1);
    o->hold_post.amount = 8;
    o = add(OP_HOLD_VOID);
    o->hold_void.hold = sample_id("hold", 2);
    o = add(OP_HOLD_POST_GROUP);
    o->hold_group.group = sample_id("group", 1);
    o = add(OP_HOLD_VOID_GROUP);
    o->hold_group.group = sample_id("group", 2);
}

static inline void add_all_asserts(void)
{
    for (unsigned kind = ASSERT_BALANCE; kind <= ASSERT_HEIGHT_MAX; kind++) {
        struct tx_assert *a = &tx->asserts[tx->assert_count++];
        *a = (struct tx_assert){ .kind = kind, .account = sample_id("account", 3) };
        a->asset = sample_id("asset", 2);
        a->field = FIELD_AVAILABLE;
        a->relation = RELATION_LEAST;
        a->key = span_text("a key");
        a->value_hash = sample_digest("value", 1);
        a->amount = -12;
        a->number = kind == ASSERT_BALANCE_SEQ ? 7 : position_of(8, 1, 0);
    }
}

static inline void make_rich(void)
{
    sample_transfer(tx, 1, 75);
    tx->operation_count = 0;
    tx->not_before_ms = 1796115000123;
    tx->order = ORDER_LANE;
    tx->lane = 7;
    tx->seq = 12;
    tx->memo_hash = sample_digest("memo", 1);
    add_all_operations();
    add_all_asserts();
    sample_sign(&bytes, tx, 10, 3);
    cr_assert_eq(transaction_decode(writer_span(&bytes), tx, NULL), STATUS_OK);
}

/* Reads it, signs it again with what it read, and wants the same bytes. */
static inline void expect_same(const json_t *document)
{
    struct writer body, whole;
    struct tx_signature signatures[TX_SIGNATURES_MAX];
    uint8_t count = 0;
    struct problem problem = { .text = "" };
    writer_init(&body, TX_BYTES_LIMIT);
    writer_init(&whole, TX_BYTES_LIMIT);
    enum status status = transaction_json_read(document, &body, signatures, &count, &problem);
    cr_assert_eq(status, STATUS_OK, "%s", problem.text);
    transaction_write_signed(&whole, writer_span(&body), signatures, count);
    cr_assert(span_equal(writer_span(&whole), writer_span(&bytes)));
    writer_free(&body);
    writer_free(&whole);
}

#endif
