#include "node/draft.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct transaction *tx, *read;
static struct secret_key secret;
static struct public_key public_key;
static struct digest chain_id, txid;
static struct id alice, bob, asset;
static struct span bytes;

static void open_all(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    tx = malloc(sizeof *tx);
    read = malloc(sizeof *read);
    key_generate(&secret, &public_key);
    random_bytes(&chain_id, sizeof chain_id);
    random_bytes(&alice, sizeof alice);
    random_bytes(&bob, sizeof bob);
    random_bytes(&asset, sizeof asset);
}

static void close_all(void)
{
    free(tx);
    free(read);
    free((void *)(uintptr_t)bytes.data);
    bytes = span_of(NULL, 0);
}

TestSuite(draft, .init = open_all, .fini = close_all);

Test(draft, a_transfer_passes_every_check_without_state)
{
    struct params params;
    struct refusal refusal;
    params_default(&params);
    draft_begin(tx, &chain_id, &alice, 1796115600000);
    struct operation *operation = draft_add(tx, OP_TRANSFER, &alice);
    operation->transfer.to = bob;
    operation->transfer.asset = asset;
    operation->transfer.amount = 5;
    cr_assert_eq(draft_sign(tx, &secret, &bytes, &txid), STATUS_OK);
    cr_assert_eq(transaction_check(bytes, &chain_id, &params, NULL, read, &refusal), STATUS_OK);
    cr_assert(digest_equal(&read->txid, &txid));
    cr_assert_eq(read->signature_count, 1);
    cr_assert(key_equal(&read->signatures[0].key, &public_key));
    cr_assert(id_equal(&read->source, &alice));
    cr_assert_eq(read->operations[0].transfer.amount, 5);
}

Test(draft, an_account_has_one_signer)
{
    uint8_t signer[SIGNER_BYTES];
    draft_begin(tx, &chain_id, &alice, 1796115600000);
    draft_signer(&public_key, signer);
    draft_add_account(tx, &alice, &bob, signer);
    cr_assert_eq(draft_sign(tx, &secret, &bytes, &txid), STATUS_OK);
    cr_assert_eq(transaction_decode(bytes, read, NULL), STATUS_OK);
    const struct operation *operation = &read->operations[0];
    cr_assert_eq(operation->code, OP_ACCOUNT_CREATE);
    cr_assert(id_equal(&operation->account_create.id, &bob));
    cr_assert_eq(operation->account_create.signers.count, 1);
    cr_assert_eq(operation->account_create.signers.bytes.data[32], 1);
    cr_assert_arr_eq(operation->account_create.signers.bytes.data, public_key.bytes, 32);
}

Test(draft, what_breaks_a_rule_is_not_signed)
{
    draft_begin(tx, &chain_id, &alice, 1796115600000);
    cr_assert_neq(draft_sign(tx, &secret, &bytes, &txid), STATUS_OK, "no operation");
    cr_assert_null(bytes.data);
    struct operation *operation = draft_add(tx, OP_TRANSFER, &alice);
    operation->transfer.to = bob;
    operation->transfer.amount = 0;
    cr_assert_neq(draft_sign(tx, &secret, &bytes, &txid), STATUS_OK, "nothing is transferred");
    cr_assert_null(bytes.data);
}

Test(draft, references_differ_and_sort_by_time)
{
    struct id first = draft_reference(1000), same = draft_reference(1000);
    struct id later = draft_reference(1001), last = draft_reference((1ull << 48) - 1);
    cr_assert_not(id_equal(&first, &same));
    cr_assert(id_compare(&same, &later) < 0);
    cr_assert(id_compare(&later, &last) < 0);
    cr_assert_eq(first.bytes[6] >> 4, 7);
    cr_assert_eq(first.bytes[8] >> 6, 2);
    cr_assert_arr_eq(last.bytes, "\xff\xff\xff\xff\xff\xff", 6);
}
