#include "tests/unit/format/samples.h"

#include <criterion/criterion.h>

static struct transaction tx;
static struct writer w;
static const uint8_t bytes[300] = { 'x' };

static void start(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    sample_transfer(&tx, 1, 7500);
    writer_init(&w, TX_BYTES_LIMIT);
}

static void finish(void)
{
    writer_free(&w);
}

TestSuite(transaction_write, .init = start, .fini = finish);

static enum status written(void)
{
    writer_free(&w);
    writer_init(&w, TX_BYTES_LIMIT);
    transaction_write_body(&w, &tx);
    return writer_status(&w);
}

static struct operation *only_operation(enum operation_code code)
{
    sample_transfer(&tx, 1, 7500);
    tx.operations[0] = (struct operation){ .code = code, .actor = tx.source };
    return &tx.operations[0];
}

Test(transaction_write, counts_have_bounds)
{
    cr_assert_eq(written(), STATUS_OK);
    tx.operation_count = 0;
    cr_assert_eq(written(), STATUS_INVALID);
    tx.operation_count = TX_OPERATIONS_MAX + 1;
    cr_assert_eq(written(), STATUS_INVALID);
    tx.operation_count = 1;
    tx.assert_count = TX_ASSERTS_MAX + 1;
    cr_assert_eq(written(), STATUS_INVALID);
    tx.assert_count = 1;
    tx.asserts[0] = (struct tx_assert){ .kind = ASSERT_HEIGHT_MAX };
    cr_assert_eq(written(), STATUS_OK);
    tx.asserts[0].kind = 0;
    cr_assert_eq(written(), STATUS_INVALID);
    tx.asserts[0].kind = 8;
    cr_assert_eq(written(), STATUS_INVALID);
}

Test(transaction_write, every_rule_of_the_head)
{
    tx.not_after_ms = TX_TIME_LIMIT;
    cr_assert_eq(written(), STATUS_INVALID);
    tx.not_after_ms = TX_TIME_LIMIT - 1;
    cr_assert_eq(written(), STATUS_OK);
    tx.not_before_ms = TX_TIME_LIMIT;
    cr_assert_eq(written(), STATUS_INVALID);
    tx.not_before_ms = 0;
    tx.lane = 1;
    cr_assert_eq(written(), STATUS_INVALID);
    tx.order = ORDER_LANE;
    cr_assert_eq(written(), STATUS_INVALID);
    tx.seq = 1;
    cr_assert_eq(written(), STATUS_OK);
    tx.order = ORDER_NONE;
    tx.lane = 0;
    cr_assert_eq(written(), STATUS_INVALID);
    tx.order = 2;
    cr_assert_eq(written(), STATUS_INVALID);
}

Test(transaction_write, amounts_and_accounts)
{
    tx.operations[0].transfer.amount = 0;
    cr_assert_eq(written(), STATUS_INVALID);
    tx.operations[0].transfer.amount = TX_AMOUNT_MAX + 1;
    cr_assert_eq(written(), STATUS_INVALID);
    tx.operations[0].transfer.amount = TX_AMOUNT_MAX;
    cr_assert_eq(written(), STATUS_OK);
    tx.operations[0].transfer.to = tx.operations[0].actor;
    cr_assert_eq(written(), STATUS_INVALID);
    tx.operations[0].code = (enum operation_code)0x0401;
    cr_assert_eq(written(), STATUS_INVALID, "not built");
}

Test(transaction_write, signer_lists)
{
    static uint8_t list[21 * SIGNER_BYTES];
    struct operation *operation = only_operation(OP_ACCOUNT_SET_SIGNERS);
    operation->account_set_signers.low = 1;
    operation->account_set_signers.medium = 2;
    operation->account_set_signers.high = 3;
    struct signer_list *signers = &operation->account_set_signers.signers;
    sample_signers(list, signers, 1, 3, 1);
    cr_assert_eq(written(), STATUS_OK);
    operation->account_set_signers.high = 4;
    cr_assert_eq(written(), STATUS_INVALID);
    operation->account_set_signers.high = 3;
    signers->count = 2;
    cr_assert_eq(written(), STATUS_INVALID, "count and bytes differ");
    sample_signers(list, signers, 1, 21, 1);
    cr_assert_eq(written(), STATUS_INVALID);
    sample_signers(list, signers, 1, 20, 1);
    cr_assert_eq(written(), STATUS_OK);
    list[32] = 0;
    cr_assert_eq(written(), STATUS_INVALID);
    sample_signers(list, signers, 1, 3, 1);
    memcpy(list + SIGNER_BYTES, list, SIGNER_BYTES);
    cr_assert_eq(written(), STATUS_INVALID);
    memset(list, 0, 32);
    cr_assert_eq(written(), STATUS_INVALID, "no point of the curve");
}

Test(transaction_write, records)
{
    struct operation *operation = only_operation(OP_KV_PUT);
    operation->kv_put.key = span_of(bytes, 255);
    cr_assert_eq(written(), STATUS_OK);
    operation->kv_put.key = span_of(bytes, 256);
    cr_assert_neq(written(), STATUS_OK);
    operation->kv_put.key = span_of(bytes, 0);
    cr_assert_eq(written(), STATUS_INVALID);
    operation->kv_put.key = span_of(bytes, 1);
    operation->kv_put.expect = EXPECT_VERSION;
    cr_assert_eq(written(), STATUS_INVALID);
    operation->kv_put.version = 1;
    cr_assert_eq(written(), STATUS_OK);
    operation->kv_put.expect = EXPECT_ABSENT;
    cr_assert_eq(written(), STATUS_INVALID);

    operation = only_operation(OP_KV_DELETE);
    operation->kv_delete.key = span_of(bytes, 1);
    cr_assert_eq(written(), STATUS_OK);
    operation->kv_delete.expect = EXPECT_ABSENT;
    cr_assert_eq(written(), STATUS_INVALID);
}

Test(transaction_write, asset_codes)
{
    struct operation *operation = only_operation(OP_ASSET_CREATE);
    operation->asset_create.max_supply = 1;
    cr_assert_eq(written(), STATUS_INVALID, "no code");
    memcpy(operation->asset_create.code, "EUR", 3);
    cr_assert_eq(written(), STATUS_OK);
    operation->asset_create.code[5] = 'X';
    cr_assert_eq(written(), STATUS_INVALID);
    memcpy(operation->asset_create.code, "ABCDEFGHIJ12", 12);
    cr_assert_eq(written(), STATUS_OK);
    operation->asset_create.scale = TX_SCALE_MAX;
    cr_assert_eq(written(), STATUS_OK);
    operation->asset_create.scale = TX_SCALE_MAX + 1;
    cr_assert_eq(written(), STATUS_INVALID);
    operation->asset_create.scale = 0;
    operation->asset_create.flags = 1;
    cr_assert_eq(written(), STATUS_INVALID);
}

/* The body is what stands behind what was written before, and a full writer stays as it is. */
Test(transaction_write, appends)
{
    write_u64(&w, 77);
    transaction_write_body(&w, &tx);
    cr_assert_eq(writer_status(&w), STATUS_OK);
    cr_assert_eq(writer_span(&w).size, 8 + 187);

    uint8_t small[186];
    struct writer fixed;
    writer_init_fixed(&fixed, small, sizeof small);
    transaction_write_body(&fixed, &tx);
    cr_assert_eq(writer_status(&fixed), STATUS_TOO_LARGE);
    transaction_write_body(&fixed, &tx);
    cr_assert_eq(writer_status(&fixed), STATUS_TOO_LARGE, "the first error stays");
}

Test(transaction_write, signatures_are_sorted)
{
    struct tx_signature signatures[TX_SIGNATURES_MAX + 1];
    struct digest chain = sample_chain();
    struct digest txid = sample_digest("txid", 1);
    for (uint64_t i = 0; i <= TX_SIGNATURES_MAX; i++) {
        struct sample_key key = sample_key(i);
        transaction_sign(&key.secret, &chain, &txid, &signatures[i]);
    }
    struct span body = span_of(bytes, 3);
    transaction_write_signed(&w, body, signatures, TX_SIGNATURES_MAX);
    cr_assert_eq(writer_status(&w), STATUS_OK);
    struct span span = writer_span(&w);
    cr_assert_eq(span.size, 4 + 3 + 1 + 32 * 96);
    for (size_t i = 1; i < TX_SIGNATURES_MAX; i++)
        cr_assert(memcmp(span.data + 8 + (i - 1) * 96, span.data + 8 + i * 96, 32) < 0);

    struct writer other;
    writer_init(&other, TX_BYTES_LIMIT);
    transaction_write_signed(&other, body, signatures, 0);
    cr_assert_eq(writer_status(&other), STATUS_INVALID);
    writer_init(&other, TX_BYTES_LIMIT);
    transaction_write_signed(&other, body, signatures, TX_SIGNATURES_MAX + 1);
    cr_assert_eq(writer_status(&other), STATUS_INVALID);
    writer_init(&other, TX_BYTES_LIMIT);
    signatures[9] = signatures[4];
    transaction_write_signed(&other, body, signatures, TX_SIGNATURES_MAX);
    cr_assert_eq(writer_status(&other), STATUS_INVALID, "a key twice");
}
