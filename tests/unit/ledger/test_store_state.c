#include "ledger/store.h"

#include "tests/unit/ledger/fixture_rows.h"

static struct fixture f;
static struct store *store;

static void setup(void)
{
    store = fixture_rows_start(&f);
}

static void teardown(void)
{
    fixture_rows_stop(&f);
}

TestSuite(store_state, .init = setup, .fini = teardown);

Test(store_state, accounts_and_signers)
{
    struct account account = { .id = sample_id("account", 9),
                               .version = position_of(7, 3, 1),
                               .flags = 1,
                               .roles = 5,
                               .low = 1,
                               .medium = 2,
                               .high = 65535,
                               .sponsor = sample_id("account", 8),
                               .balances = 4,
                               .metadata = sample_digest("metadata", 1),
                               .signer_count = 2 };
    struct account back = { .version = 0 };
    account.signers[0].weight = 255;
    account.signers[1].key.bytes[0] = 1;
    account.signers[1].weight = 1;
    store_write_account(store, &account, true);
    cr_assert(store_read_account(store, &account.id, &back));
    uint8_t a[ACCOUNT_VALUE_MAX], b[ACCOUNT_VALUE_MAX];
    size_t size = account_encode(&account, a);
    cr_assert_eq(account_encode(&back, b), size);
    cr_assert_eq(memcmp(a, b, size), 0);

    account.signer_count = 1;
    account.balances = 5;
    store_write_account(store, &account, false); /* signers as they were */
    cr_assert(store_read_account(store, &account.id, &back));
    cr_assert_eq(back.signer_count, 2);
    cr_assert_eq(back.balances, 5);
    store_write_account(store, &account, true);
    cr_assert(store_read_account(store, &account.id, &back));
    cr_assert_eq(back.signer_count, 1);
}

Test(store_state, assets_with_short_and_full_codes)
{
    static const uint8_t codes[2][12] = {
        "A", { 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L' }
    };
    for (unsigned i = 0; i < 2; i++) {
        struct asset asset = { .id = sample_id("asset", i),
                               .version = 1,
                               .issuer = sample_id("account", 1),
                               .scale = 12,
                               .flags = 1,
                               .max_supply = TX_AMOUNT_MAX,
                               .supply = TX_AMOUNT_MAX };
        struct asset back = { .version = 0 };
        memcpy(asset.code, codes[i], 12);
        store_write_asset(store, &asset);
        cr_assert(store_read_asset(store, &asset.id, &back));
        uint8_t a[ASSET_VALUE_BYTES], b[ASSET_VALUE_BYTES];
        asset_encode(&asset, a);
        asset_encode(&back, b);
        cr_assert_eq(memcmp(a, b, sizeof a), 0);
    }
}

Test(store_state, keys_of_any_bytes_and_empty_values)
{
    static const uint8_t key[4] = { 0, 0xff, 0, 1 };
    struct kv_record kv = { .owner = f.cast[ALICE], .key_size = 4, .version = 9, .kind = KV_VALUE };
    struct kv_record back;
    memcpy(kv.key, key, 4);
    store_write_kv(store, &kv, span_of(NULL, 0));
    cr_assert(store_read_kv(store, &kv.owner, span_of(key, 4), &back));
    cr_assert_eq(back.size, 0);
    cr_assert_eq(back.version, 9);
    struct digest empty = digest_of(TAG_KV_VALUE, span_of(NULL, 0));
    cr_assert(digest_equal(&back.value_hash, &empty));
    cr_assert(!store_read_kv(store, &kv.owner, span_of(key, 3), &back));

    kv.version = 10;
    kv.size = 3;
    store_write_kv(store, &kv, span_text("new"));
    cr_assert(store_read_kv(store, &kv.owner, span_of(key, 4), &back));
    cr_assert_eq(back.version, 10);
    store_remove_kv(store, &kv.owner, span_of(key, 4));
    cr_assert(!store_read_kv(store, &kv.owner, span_of(key, 4), &back));
    cr_assert_eq(store_status(store), STATUS_OK);
}

Test(store_state, balances_and_movements_of_negative_numbers)
{
    struct balance balance = { .account = f.cast[DAVE],
                               .asset = f.eur,
                               .posted = -5,
                               .floor = INT64_MIN,
                               .held_in = INT64_MAX,
                               .seq = 3 };
    struct balance back;
    store_write_balance(store, &balance);
    cr_assert(store_read_balance(store, &f.cast[DAVE], &f.eur, &back));
    cr_assert_eq(back.posted, -5);
    cr_assert_eq(back.floor, INT64_MIN);
    cr_assert_eq(back.held_in, INT64_MAX);
}

Test(store_state, a_column_of_another_size_is_damage)
{
    struct balance balance;
    cr_assert_eq(sqlite3_exec(store->db, "UPDATE balance SET head = x'00'", NULL, NULL, NULL),
                 SQLITE_OK);
    cr_assert(!store_read_balance(store, &f.cast[ALICE], &f.eur, &balance));
    cr_assert_eq(store_status(store), STATUS_DAMAGED);
    cr_assert_not_null(strstr(store_error(store), "head"));
}

Test(store_state, too_many_signers_are_damage)
{
    struct account account;
    char sql[200], hex[33];
    hex_encode(span_of(f.cast[ALICE].bytes, 16), hex);
    for (unsigned i = 0; i < SIGNERS_MAX; i++) {
        (void)snprintf(sql, sizeof sql, "INSERT INTO signer VALUES (x'%s', x'%02x', 1)", hex, i);
        cr_assert_eq(sqlite3_exec(store->db, sql, NULL, NULL, NULL), SQLITE_OK);
    }
    cr_assert(!store_read_account(store, &f.cast[ALICE], &account));
    cr_assert_eq(store_status(store), STATUS_DAMAGED);
}
