#include "tests/unit/ledger/reader_story.h"

TestSuite(reader_state, .init = open_story, .fini = close_story);

Test(reader_state, an_account_with_its_signers)
{
    struct account account;
    cr_assert_eq(ledger_read_account(reader, &story.f.cast[CAROL], &account), STATUS_OK);
    cr_assert_eq(account.signer_count, 3);
    cr_assert_lt(key_compare(&account.signers[0].key, &account.signers[1].key), 0);
    cr_assert_eq(account.high, 3);
    cr_assert_eq(account.version, position_of(6, 0, 0) | 0, "a first balance changes it");
    cr_assert_eq(account.balances, 1);
    cr_assert_eq(ledger_read_account(reader, &story.new_account, &account), STATUS_OK);
    cr_assert(id_equal(&account.sponsor, &story.f.cast[BANK]));
    struct id unknown = sample_id("nobody", 0);
    cr_assert_eq(ledger_read_account(reader, &unknown, &account), STATUS_NOT_FOUND);
}

struct ids {
    struct id ids[32];
    unsigned count;
};

static bool keep_account(void *context, const struct account *account)
{
    struct ids *ids = context;
    ids->ids[ids->count++] = account->id;
    return true;
}

Test(reader_state, accounts_by_page_role_and_key)
{
    struct ids all = { .count = 0 }, page = { .count = 0 };
    cr_assert_eq(ledger_read_accounts(reader, NULL, 0, NULL, 100, keep_account, &all), STATUS_OK);
    cr_assert_eq(all.count, CAST_COUNT + 1);
    for (unsigned i = 1; i < all.count; i++)
        cr_assert_lt(id_compare(&all.ids[i - 1], &all.ids[i]), 0);
    while (page.count < all.count) {
        unsigned before = page.count;
        const struct id *after = before ? &page.ids[before - 1] : NULL;
        cr_assert_eq(ledger_read_accounts(reader, after, 0, NULL, 2, keep_account, &page),
                     STATUS_OK);
        cr_assert_gt(page.count, before);
    }
    cr_assert_eq(memcmp(all.ids, page.ids, all.count * sizeof all.ids[0]), 0);
    page.count = 0;
    cr_assert_eq(ledger_read_accounts(reader, NULL, ROLE_FREEZER, NULL, 100, keep_account, &page),
                 STATUS_OK);
    cr_assert_eq(page.count, 1);
    cr_assert(id_equal(&page.ids[0], &story.f.cast[BANK]));
    page.count = 0;
    cr_assert_eq(ledger_read_accounts(reader, NULL, 0, &story.f.keys[6].public_key, 100,
                                      keep_account, &page),
                 STATUS_OK);
    cr_assert_eq(page.count, 2, "DAVE and NEW have the same key");
}

static bool keep_asset(void *context, const struct asset *asset)
{
    struct ids *ids = context;
    ids->ids[ids->count++] = asset->id;
    return true;
}

Test(reader_state, assets_by_id_issuer_and_code)
{
    struct asset asset;
    struct ids ids = { .count = 0 };
    uint8_t usd[12] = "USD";
    cr_assert_eq(ledger_read_asset(reader, &story.f.eur, &asset), STATUS_OK);
    cr_assert_eq(asset.supply, 20500);
    cr_assert_eq(memcmp(asset.code, "EUR\0\0\0\0\0\0\0\0\0", 12), 0);
    cr_assert_eq(asset.scale, 2);
    cr_assert_eq(ledger_read_asset(reader, &story.f.cast[BANK], &asset), STATUS_NOT_FOUND);
    cr_assert_eq(ledger_read_assets(reader, NULL, NULL, NULL, 9, keep_asset, &ids), STATUS_OK);
    cr_assert_eq(ids.count, 2);
    ids.count = 0;
    cr_assert_eq(ledger_read_assets(reader, NULL, NULL, usd, 9, keep_asset, &ids), STATUS_OK);
    cr_assert_eq(ids.count, 1);
    ids.count = 0;
    cr_assert_eq(ledger_read_assets(reader, NULL, &story.f.cast[ALICE], NULL, 9, keep_asset, &ids),
                 STATUS_OK);
    cr_assert_eq(ids.count, 0);
}

Test(reader_state, balances_now_and_then)
{
    static const int64_t bob[] = { 500, 1500, 1500, 1600, 1600, 1605, 1605, 1604 };
    struct balance balance;
    const struct id *account = &story.f.cast[BOB];
    for (uint64_t height = 0; height <= STORY_HEIGHT; height++) {
        cr_assert_eq(ledger_read_balance_at(reader, account, &story.f.eur, height, &balance),
                     STATUS_OK);
        cr_assert_eq(balance.posted, bob[height], "at %d", (int)height);
    }
    cr_assert_eq(ledger_read_balance(reader, account, &story.f.eur, &balance), STATUS_OK);
    cr_assert_eq(balance.posted, 1604);
    cr_assert_eq(balance.seq, 5);
    account = &story.f.cast[CAROL];
    cr_assert_eq(ledger_read_balance_at(reader, account, &story.f.eur, 5, &balance),
                 STATUS_NOT_FOUND);
    cr_assert_eq(ledger_read_balance_at(reader, account, &story.f.eur, 6, &balance), STATUS_OK);
    cr_assert_eq(balance.posted, 10000);
    account = &story.f.cast[OTHER];
    cr_assert_eq(ledger_read_balance(reader, account, &story.f.eur, &balance), STATUS_NOT_FOUND);
    cr_assert_eq(ledger_read_balance_at(reader, account, &story.f.eur, 7, &balance),
                 STATUS_NOT_FOUND);
}

static bool sum_balance(void *context, const struct balance *balance)
{
    *(int64_t *)context += balance->posted;
    return true;
}

Test(reader_state, balances_of_an_asset_add_up_to_its_supply)
{
    int64_t sum = 0;
    cr_assert_eq(ledger_read_balances(reader, NULL, &story.f.eur, NULL, 100, sum_balance, &sum),
                 STATUS_OK);
    cr_assert_eq(sum, 20500);
    sum = 0;
    cr_assert_eq(
        ledger_read_balances(reader, &story.f.cast[CAROL], NULL, NULL, 100, sum_balance, &sum),
        STATUS_OK);
    cr_assert_eq(sum, 10001);
    sum = 0;
    cr_assert_eq(ledger_read_balances(reader, &story.f.cast[CAROL], NULL, &story.f.eur, 100,
                                      sum_balance, &sum),
                 STATUS_OK);
    cr_assert_eq(sum, 0, "behind the last one there is nothing");
}

static bool chain_movement(void *context, const struct movement_row *movement)
{
    struct movement_row *last = context;
    cr_assert_eq(movement->seq, last->seq + 1);
    cr_assert_eq(movement->posted, last->posted + movement->d_posted);
    *last = *movement;
    return true;
}

Test(reader_state, movements_are_a_chain)
{
    struct movement_row last = { .seq = 0 };
    cr_assert_eq(ledger_read_movements(reader, &story.f.cast[BOB], &story.f.eur, 1, 100,
                                       chain_movement, &last),
                 STATUS_OK);
    cr_assert_eq(last.seq, 5);
    cr_assert_eq(last.posted, 1604);
}

struct kvs {
    char keys[8][32];
    char values[8][32];
    uint64_t versions[8];
    unsigned count;
};

static bool keep_kv(void *context, const struct kv_row *kv)
{
    struct kvs *kvs = context;
    snprintf(kvs->keys[kvs->count], 32, "%.*s", (int)kv->key.size, (const char *)kv->key.data);
    snprintf(kvs->values[kvs->count], 32, "%.*s", (int)kv->value.size,
             (const char *)kv->value.data);
    kvs->versions[kvs->count++] = kv->version;
    return true;
}

Test(reader_state, records_by_key_and_prefix)
{
    struct kvs kvs = { .count = 0 };
    const struct id *bank = &story.f.cast[BANK];
    cr_assert_eq(ledger_read_kv(reader, bank, span_text("limit"), keep_kv, &kvs), STATUS_OK);
    cr_assert_str_eq(kvs.values[0], "6");
    cr_assert_eq(kvs.versions[0], position_of(5, 1, 0));
    cr_assert_eq(ledger_read_kv(reader, bank, span_text("limit/day"), keep_kv, &kvs),
                 STATUS_NOT_FOUND);
    fixture_tx(&story.f, BANK);
    add_put(&story.f, BANK, "lim", "a", EXPECT_ANY, 0);
    add_put(&story.f, BANK, "limit/week", "b", EXPECT_ANY, 0);
    add_put(&story.f, BANK, "m", "", EXPECT_ANY, 0);
    cr_assert_eq(fixture_one(&story.f, SIGNED_BANK), RESULT_ok);
    kvs.count = 0;
    cr_assert_eq(
        ledger_read_kvs(reader, bank, span_text("limit"), span_text(""), 10, keep_kv, &kvs),
        STATUS_OK);
    cr_assert_eq(kvs.count, 2);
    cr_assert_str_eq(kvs.keys[1], "limit/week");
    kvs.count = 0;
    cr_assert_eq(
        ledger_read_kvs(reader, bank, span_text("limit"), span_text("limit"), 10, keep_kv, &kvs),
        STATUS_OK);
    cr_assert_eq(kvs.count, 1);
    kvs.count = 0;
    cr_assert_eq(ledger_read_kvs(reader, bank, span_text(""), span_text(""), 10, keep_kv, &kvs),
                 STATUS_OK);
    cr_assert_eq(kvs.count, 4);
    cr_assert_str_eq(kvs.keys[3], "m");
    cr_assert_str_eq(kvs.values[3], "");
}

Test(reader_state, lanes)
{
    uint64_t next = 0;
    cr_assert_eq(ledger_read_lane(reader, &story.f.cast[ALICE], STORY_LANE, &next), STATUS_OK);
    cr_assert_eq(next, 2);
    cr_assert_eq(ledger_read_lane(reader, &story.f.cast[ALICE], 8, &next), STATUS_OK);
    cr_assert_eq(next, 1);
}

/* ---- rows that were edited by hand ---- */

static enum status damaged_account(const char *sql)
{
    struct account account;
    edit_story(sql);
    return ledger_read_account(reader, &story.f.cast[BANK], &account);
}

Test(reader_state, a_field_of_another_size_is_damage)
{
    cr_assert_eq(damaged_account("UPDATE account SET metadata = x'00'"), STATUS_DAMAGED);
    cr_assert_neq(ledger_reader_error(reader)[0], 0);
}

Test(reader_state, a_number_out_of_range_is_damage)
{
    cr_assert_eq(damaged_account("UPDATE account SET low = -1"), STATUS_DAMAGED);
}

Test(reader_state, a_key_of_another_size_is_damage)
{
    cr_assert_eq(damaged_account("UPDATE signer SET key = x'0102' WHERE weight = 1 AND "
                                 "account = (SELECT account FROM member WHERE name = 'Bank')"),
                 STATUS_DAMAGED);
}
