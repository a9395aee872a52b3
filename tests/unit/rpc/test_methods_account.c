#include "tests/unit/rpc/story_harness.h"

TestSuite(account, .init = story_harness_open, .fini = story_harness_close);

Test(account, get)
{
    const json_t *o = call("account_get", "{\"account\":\"%s\"}", account_text(BANK));
    cr_assert_str_eq(text_at(o, "member"), "Bank");
    cr_assert_eq(size_at(o, "roles"), 3);
    cr_assert_eq(size_at(o, "signers"), 1);
    cr_assert_eq(size_at(o, "balances"), 0);
    cr_assert(json_is_null(at(o, "next_cursor")));
    o = call("account_get", "{\"account\":\"%s\"}", account_text(CAROL));
    cr_assert_null(at(o, "member"));
    cr_assert_eq(size_at(o, "signers"), 3);
    cr_assert_eq(number_at(o, "thresholds/high"), 3);
    cr_assert_str_eq(text_at(o, "balances/0/posted"), "10001");
    cr_assert_eq(number_at(o, "balance_count"), 1);
    cr_assert_str_eq(text_at(o, "version"), "6.0.0");
}

Test(account, unknown)
{
    char text[ADDRESS_TEXT];
    struct id id = sample_id("nobody", 0);
    address_encode(ADDRESS_ACCOUNT, &id, text);
    const json_t *error = call_fails("not_found", "account_get", "{\"account\":\"%s\"}", text);
    cr_assert_str_eq(text_at(error, "what"), "account");
    cr_assert_str_eq(text_at(error, "key"), text);
    call_fails("not_found", "account_history", "{\"account\":\"%s\"}", text);
    call_fails("invalid_params", "account_get", "{}");
}

Test(account, more_balances_than_fit_lead_to_balance_list)
{
    char codes[120][8];
    for (unsigned i = 0; i < 105; i++) {
        uint8_t code[12] = { 0 };
        snprintf(codes[i], sizeof codes[i], "C%03u", i);
        memcpy(code, codes[i], strlen(codes[i]));
        fixture_tx(&story.f, BANK);
        add_asset(&story.f, BANK, codes[i]);
        add_mint(&story.f, BANK, DAVE, 1);
        story.f.tx->operations[1].asset_mint.asset = asset_id_of(&story.f.cast[BANK], code);
        fixture_add(&story.f, SIGNED_BANK);
    }
    fixture_run(&story.f);
    const json_t *o = call("account_get", "{\"account\":\"%s\"}", account_text(DAVE));
    cr_assert_eq(size_at(o, "balances"), 100);
    cr_assert_eq(number_at(o, "balance_count"), 106);
    char cursor[256], last[64];
    snprintf(cursor, sizeof cursor, "%s", text_at(o, "next_cursor"));
    snprintf(last, sizeof last, "%s", text_at(o, "balances/99/asset"));
    o = call("balance_list", "{\"account\":\"%s\",\"cursor\":\"%s\"}", account_text(DAVE), cursor);
    cr_assert_eq(size_at(o, "items"), 6);
    cr_assert(json_is_null(at(o, "next_cursor")));
    for (unsigned i = 0; i < 6; i++)
        cr_assert_str_neq(text_at(json_array_get(at(o, "items"), i), "asset"), last);
    call_fails("cursor_invalid", "balance_list", "{\"account\":\"%s\",\"cursor\":\"%s\"}",
               account_text(ALICE), cursor);
}

Test(account, list)
{
    char words[1024], key[65];
    walk_pages("account_list", "", "account", words, sizeof words);
    cr_assert_eq(strlen(words), 37 * (CAST_COUNT + 1) - 1);
    cr_assert_not_null(strstr(words, account_text(DAVE)));
    walk_pages("account_list", "\"role\":\"freezer\"", "account", words, sizeof words);
    cr_assert_str_eq(words, account_text(BANK));
    hex_encode(span_of(story.f.keys[1].public_key.bytes, 32), key);
    const json_t *o = call("account_list", "{\"public_key\":\"%s\"}", key);
    cr_assert_eq(size_at(o, "items"), 1);
    cr_assert_str_eq(text_at(o, "items/0/account"), account_text(ALICE));
    cr_assert_str_eq(text_at(o, "items/0/balances/0/posted"), "8695");
}

Test(account, history_with_movements)
{
    const json_t *o = call("account_history", "{\"account\":\"%s\"}", account_text(BOB));
    cr_assert_eq(size_at(o, "items"), 5);
    cr_assert_str_eq(text_at(o, "items/0/position"), "7.0");
    cr_assert_str_eq(text_at(o, "items/0/ops/0"), "transfer");
    cr_assert_eq(size_at(o, "items/0/movements"), 1);
    cr_assert_str_eq(text_at(o, "items/0/movements/0/d_posted"), "-1");
    cr_assert_str_eq(text_at(o, "items/0/movements/0/posted"), "1604");
    cr_assert_str_eq(text_at(o, "items/3/code"), "insufficient_funds");
    cr_assert_eq(size_at(o, "items/3/movements"), 0);
    o = call("account_history", "{\"account\":\"%s\",\"asset\":\"%s\",\"order\":\"asc\"}",
             account_text(BOB), eur_text());
    cr_assert_eq(size_at(o, "items"), 4, "only what moved it");
    cr_assert_str_eq(text_at(o, "items/0/movements/0/posted"), "1500");
}

Test(account, history_by_pages)
{
    char filters[256], words[512];
    snprintf(filters, sizeof filters, "\"account\":\"%s\"", account_text(BOB));
    walk_pages("account_history", filters, "position", words, sizeof words);
    cr_assert_str_eq(words, "7.0 5.0 3.0 1.1 1.0");
    snprintf(filters, sizeof filters, "\"account\":\"%s\",\"asset\":\"%s\",\"from_height\":3",
             account_text(BOB), eur_text());
    walk_pages("account_history", filters, "position", words, sizeof words);
    cr_assert_str_eq(words, "7.0 5.0 3.0");
    snprintf(filters, sizeof filters, "\"account\":\"%s\",\"order\":\"asc\",\"to_height\":5",
             account_text(BANK));
    walk_pages("account_history", filters, "position", words, sizeof words);
    cr_assert_str_eq(words, "2.0 2.1 5.1 5.2");
}
