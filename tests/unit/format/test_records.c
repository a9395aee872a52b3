#include "format/records.h"

#include "tests/unit/format/samples.h"
#include <criterion/criterion.h>

static struct account sample_account(uint8_t signers)
{
    struct account account = {
        .id = sample_id("account", 1),
        .version = 0x0102030405060708,
        .flags = ACCOUNT_FROZEN,
        .roles = ROLE_ALL,
        .low = 1,
        .medium = 2,
        .high = 3,
        .sponsor = sample_id("account", 2),
        .balances = 9,
        .metadata = sample_digest("metadata", 1),
        .signer_count = signers,
    };
    for (uint8_t i = 0; i < signers; i++) {
        account.signers[i].key = sample_key(i).public_key;
        account.signers[i].key.bytes[0] = i; /* ascending; only bytes here */
        account.signers[i].weight = (uint8_t)(i + 1);
    }
    return account;
}

Test(records, an_account_has_72_bytes_and_33_for_each_signer)
{
    for (uint8_t n = 0; n <= SIGNERS_MAX; n += 5) {
        uint8_t value[ACCOUNT_VALUE_MAX];
        struct account account = sample_account(n), back = { .id = account.id };
        size_t size = account_encode(&account, value);
        cr_assert_eq(size, 72 + 33u * n);
        cr_assert_eq(load_u64(value), account.version);
        cr_assert_eq(value[71], n);
        cr_assert_eq(account_decode(span_of(value, size), &back), STATUS_OK);
        uint8_t again[ACCOUNT_VALUE_MAX];
        cr_assert_eq(account_encode(&back, again), size);
        cr_assert_eq(memcmp(value, again, size), 0);
    }
}

Test(records, an_account_is_refused_short_long_unsorted_or_with_too_many_signers)
{
    uint8_t value[ACCOUNT_VALUE_MAX + 1] = { 0 };
    struct account account = sample_account(3), back;
    size_t size = account_encode(&account, value);
    for (size_t cut = 0; cut < size; cut++)
        cr_assert_neq(account_decode(span_of(value, cut), &back), STATUS_OK);
    cr_assert_neq(account_decode(span_of(value, size + 1), &back), STATUS_OK);
    value[71] = SIGNERS_MAX + 1;
    cr_assert_eq(account_decode(span_of(value, size), &back), STATUS_MALFORMED);
    struct account_signer swap = account.signers[0];
    account.signers[0] = account.signers[1];
    account.signers[1] = swap;
    size = account_encode(&account, value);
    cr_assert_eq(account_decode(span_of(value, size), &back), STATUS_MALFORMED);
    account.signers[1] = account.signers[0];
    size = account_encode(&account, value);
    cr_assert_eq(account_decode(span_of(value, size), &back), STATUS_MALFORMED);
}

Test(records, an_asset_has_86_bytes)
{
    uint8_t value[ASSET_VALUE_BYTES], again[ASSET_VALUE_BYTES];
    struct asset asset = { .version = 7,
                           .issuer = sample_id("account", 1),
                           .code = "EUR",
                           .scale = 2,
                           .max_supply = TX_AMOUNT_MAX,
                           .supply = 12345,
                           .metadata = sample_digest("metadata", 2) };
    struct asset back = { .id = asset.id };
    cr_assert_eq(asset_encode(&asset, value), 86);
    cr_assert_eq(asset_decode(span_of(value, 86), &back), STATUS_OK);
    cr_assert_eq(asset_encode(&back, again), 86);
    cr_assert_eq(memcmp(value, again, 86), 0);
    cr_assert_neq(asset_decode(span_of(value, 85), &back), STATUS_OK);
}

Test(records, a_balance_has_73_bytes)
{
    uint8_t value[BALANCE_VALUE_BYTES], again[BALANCE_VALUE_BYTES];
    struct balance balance = { .posted = -1,
                               .held_out = 2,
                               .held_in = 3,
                               .floor = -4,
                               .flags = 1,
                               .seq = 5,
                               .head = sample_digest("head", 1) };
    struct balance back = { .seq = 0 };
    cr_assert_eq(balance_encode(&balance, value), 73);
    cr_assert_eq(balance_decode(span_of(value, 73), &back), STATUS_OK);
    cr_assert_eq(balance_encode(&back, again), 73);
    cr_assert_eq(memcmp(value, again, 73), 0);
    cr_assert_neq(balance_decode(span_of(value, 72), &back), STATUS_OK);
    cr_assert_eq(balance_free(&balance), -1 - 2 + 4);
}

Test(records, a_hold_has_136_bytes)
{
    uint8_t value[HOLD_VALUE_BYTES], again[HOLD_VALUE_BYTES];
    struct hold hold = { .id = sample_id("hold", 1),
                         .version = position_of(1042, 3, 0),
                         .payer = sample_id("account", 1),
                         .payee = sample_id("account", 2),
                         .arbiter = sample_id("account", 3),
                         .asset = sample_id("asset", 1),
                         .amount = TX_AMOUNT_MAX,
                         .expires_ms = 1796115600123,
                         .group = sample_id("group", 1),
                         .lock = sample_digest("lock", 1) };
    struct hold back = { .id = hold.id };
    cr_assert_eq(hold_encode(&hold, value), 136);
    cr_assert_eq(memcmp(value + 8, hold.payer.bytes, 16), 0);
    cr_assert_eq(memcmp(value + 104, hold.lock.bytes, 32), 0);
    cr_assert_eq(hold_decode(span_of(value, 136), &back), STATUS_OK);
    cr_assert_eq(hold_encode(&back, again), 136);
    cr_assert_eq(memcmp(value, again, 136), 0);
    cr_assert_neq(hold_decode(span_of(value, 135), &back), STATUS_OK);

    struct state_leaf leaf = hold_leaf(&hold);
    struct state_leaf same =
        record_leaf(RECORD_HOLD, span_of(hold.id.bytes, 16), span_of(value, sizeof value));
    cr_assert_eq(leaf.path.bytes[0], 0x40);
    cr_assert(digest_equal(&leaf.path, &same.path));
    cr_assert(digest_equal(&leaf.hash, &same.hash));
}

Test(records, kv_window_and_lane)
{
    uint8_t value[WINDOW_VALUE_BYTES + 1];
    struct kv_record kv = { .version = 1, .kind = KV_VALUE, .size = 5 }, kv_back;
    kv.value_hash = digest_of(TAG_KV_VALUE, span_text("hello"));
    cr_assert_eq(kv_encode(&kv, value), 45);
    cr_assert_eq(kv_decode(span_of(value, 45), &kv_back), STATUS_OK);
    cr_assert_eq(kv_back.size, 5);
    cr_assert(digest_equal(&kv_back.value_hash, &kv.value_hash));
    value[8] = 3;
    cr_assert_eq(kv_decode(span_of(value, 45), &kv_back), STATUS_MALFORMED);

    struct window_entry entry = { .txid = sample_digest("txid", 1),
                                  .position = 1042u << 24,
                                  .code = RESULT_insufficient_funds,
                                  .at = 128,
                                  .not_after_ms = 1796115600000 };
    struct window_entry entry_back;
    cr_assert_eq(window_encode(&entry, value), 51);
    cr_assert_eq(window_decode(span_of(value, 51), &entry_back), STATUS_OK);
    cr_assert_eq(entry_back.code, RESULT_insufficient_funds);
    cr_assert_eq(entry_back.at, 128);
    cr_assert_eq(entry_back.not_after_ms, 1796115600000);
    cr_assert_neq(window_decode(span_of(value, 52), &entry_back), STATUS_OK);

    struct lane lane = { .next = 77 }, lane_back;
    cr_assert_eq(lane_encode(&lane, value), 8);
    cr_assert_eq(lane_decode(span_of(value, 8), &lane_back), STATUS_OK);
    cr_assert_eq(lane_back.next, 77);
}

Test(records, keys_join_their_parts)
{
    uint8_t key[RECORD_KEY_MAX];
    struct id a = sample_id("a", 1), b = sample_id("b", 1);
    cr_assert_eq(balance_key(&a, &b, key), 32);
    cr_assert_eq(memcmp(key, a.bytes, 16), 0);
    cr_assert_eq(memcmp(key + 16, b.bytes, 16), 0);
    cr_assert_eq(lane_key(&a, 0x01020304, key), 20);
    cr_assert_eq(load_u32(key + 16), 0x01020304);
    uint8_t longest[TX_KEY_BYTES_MAX];
    memset(longest, 'k', sizeof longest);
    cr_assert_eq(kv_key(&a, span_of(longest, sizeof longest), key), RECORD_KEY_MAX);
}

Test(records, a_leaf_is_path_and_value_hash_of_kind_key_and_value)
{
    uint8_t value[ACCOUNT_VALUE_MAX];
    struct account account = sample_account(2);
    struct span key = span_of(account.id.bytes, 16);
    size_t size = account_encode(&account, value);
    struct digest path = state_path(RECORD_ACCOUNT, key);
    struct digest value_hash = state_value_hash(RECORD_ACCOUNT, key, span_of(value, size));
    struct digest hash = state_leaf_hash(&path, &value_hash);
    struct state_leaf leaf = account_leaf(&account);
    cr_assert(digest_equal(&leaf.path, &path));
    cr_assert(digest_equal(&leaf.hash, &hash));
    account.balances++;
    leaf = account_leaf(&account);
    cr_assert(digest_equal(&leaf.path, &path));
    cr_assert(!digest_equal(&leaf.hash, &hash));
}

Test(records, a_window_entry_moves_with_its_time)
{
    struct window_entry entry = { .source = sample_id("a", 1), .not_after_ms = 1796115600000 };
    struct state_leaf early = window_leaf(&entry);
    entry.not_after_ms += 1024;
    struct state_leaf late = window_leaf(&entry);
    cr_assert_lt(digest_compare(&early.path, &late.path), 0);
    cr_assert_eq(memcmp(early.path.bytes + 6, late.path.bytes + 6, 26), 0);
}

Test(records, a_movement_has_128_bytes_and_chains)
{
    uint8_t bytes[MOVEMENT_BYTES];
    struct digest none = { { 0 } };
    struct movement movement = { .entry_id = sample_digest("txid", 1),
                                 .position = 1042u << 24,
                                 .account = sample_id("a", 1),
                                 .asset = sample_id("b", 1),
                                 .seq = 8,
                                 .d_posted = -7500,
                                 .posted = 2500 };
    movement_encode(&movement, bytes);
    cr_assert_eq(memcmp(bytes, movement.entry_id.bytes, 32), 0);
    cr_assert_eq(load_u64(bytes + 72), 8);
    cr_assert_eq((int64_t)load_u64(bytes + 80), -7500);
    cr_assert_eq(load_u64(bytes + 104), 2500);
    struct digest first = movement_head(&none, &movement);
    struct digest second = movement_head(&first, &movement);
    cr_assert(!digest_equal(&first, &second));
    struct span parts[2] = { digest_span(&none), span_of(bytes, sizeof bytes) };
    struct digest expected = digest_of_parts(TAG_MOVEMENT, parts, 2);
    cr_assert(digest_equal(&first, &expected));
}

Test(records, a_validator_record_ends_with_its_endpoint)
{
    uint8_t bytes[200];
    struct writer w;
    struct validator validator = { .member = sample_id("m", 1),
                                   .seal_key = sample_key(1).public_key };
    struct public_key node = sample_key(2).public_key;
    writer_init_fixed(&w, bytes, sizeof bytes);
    validator_record_encode(&validator, &node, VALIDATOR_ACTIVE, "a.example:1", &w);
    cr_assert_eq(writer_span(&w).size, 16 + 32 + 32 + 1 + 1 + 11);
    cr_assert_eq(bytes[80], 2);
    cr_assert_eq(bytes[81], 11);
    cr_assert_eq(memcmp(bytes + 82, "a.example:1", 11), 0);
}
