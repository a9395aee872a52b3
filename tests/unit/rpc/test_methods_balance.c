#include "tests/unit/rpc/story_harness.h"

TestSuite(balance, .init = story_harness_open, .fini = story_harness_close);

Test(balance, now_and_then)
{
    const json_t *o =
        call("balance_get", "{\"account\":\"%s\",\"asset\":\"%s\"}", account_text(BOB), eur_text());
    cr_assert_str_eq(text_at(o, "posted"), "1604");
    cr_assert_str_eq(text_at(o, "available"), "1604");
    cr_assert_eq(number_at(o, "at_height"), STORY_HEIGHT);
    cr_assert_eq(number_at(o, "seq"), 5);
    o = call("balance_get", "{\"account\":\"%s\",\"asset\":\"%s\",\"at_height\":4}",
             account_text(BOB), eur_text());
    cr_assert_str_eq(text_at(o, "posted"), "1600");
    cr_assert_eq(number_at(o, "at_height"), 4);
    o = call("balance_get", "{\"account\":\"%s\",\"asset\":\"%s\",\"at_height\":\"earliest\"}",
             account_text(BOB), eur_text());
    cr_assert_str_eq(text_at(o, "posted"), "500");
}

Test(balance, at_a_time)
{
    struct block_row block;
    char time[TIME_TEXT];
    cr_assert_eq(ledger_read_block(h.reader.ledger, 3, &block), STATUS_OK);
    time_encode(block.header.time_ms - 1, time);
    const json_t *o =
        call("balance_get", "{\"account\":\"%s\",\"asset\":\"%s\",\"at_time\":\"%s\"}",
             account_text(BOB), eur_text(), time);
    cr_assert_eq(number_at(o, "at_height"), 2);
    cr_assert_str_eq(text_at(o, "posted"), "1500");
    call_fails("invalid_params", "balance_get",
               "{\"account\":\"%s\",\"asset\":\"%s\",\"at_time\":\"%s\",\"at_height\":1}",
               account_text(BOB), eur_text(), time);
    call_fails("not_found", "balance_get",
               "{\"account\":\"%s\",\"asset\":\"%s\",\"at_time\":\"2000-01-01T00:00:00.000Z\"}",
               account_text(BOB), eur_text());
}

Test(balance, what_does_not_exist_counts_as_zeros_between_those_that_do)
{
    char text[ADDRESS_TEXT];
    struct id id = sample_id("nobody", 0);
    const json_t *o = call("balance_get", "{\"account\":\"%s\",\"asset\":\"%s\"}",
                           account_text(OTHER), eur_text());
    cr_assert_str_eq(text_at(o, "posted"), "0");
    cr_assert_eq(number_at(o, "seq"), 0);
    address_encode(ADDRESS_ACCOUNT, &id, text);
    const json_t *error = call_fails("not_found", "balance_get",
                                     "{\"account\":\"%s\",\"asset\":\"%s\"}", text, eur_text());
    cr_assert_str_eq(text_at(error, "what"), "account");
    address_encode(ADDRESS_ASSET, &id, text);
    error = call_fails("not_found", "balance_get", "{\"account\":\"%s\",\"asset\":\"%s\"}",
                       account_text(OTHER), text);
    cr_assert_str_eq(text_at(error, "what"), "asset");
    call_fails("height_not_reached", "balance_get",
               "{\"account\":\"%s\",\"asset\":\"%s\",\"at_height\":8}", account_text(BOB),
               eur_text());
}

Test(balance, lists_of_an_account_and_of_an_asset)
{
    char filters[128], words[512];
    const json_t *o = call("balance_list", "{\"account\":\"%s\"}", account_text(BOB));
    cr_assert_eq(size_at(o, "items"), 1);
    snprintf(filters, sizeof filters, "\"asset\":\"%s\"", eur_text());
    walk_pages("balance_list", filters, "account", words, sizeof words);
    cr_assert_eq(strlen(words), 4 * 37 - 1);
    call_fails("invalid_params", "balance_list", "{}");
    call_fails("invalid_params", "balance_list", "{\"account\":\"%s\",\"asset\":\"%s\"}",
               account_text(BOB), eur_text());
    struct id id = sample_id("nobody", 0);
    char text[ADDRESS_TEXT];
    address_encode(ADDRESS_ASSET, &id, text);
    call_fails("not_found", "balance_list", "{\"asset\":\"%s\"}", text);
}

Test(balance, assets)
{
    const json_t *o = call("asset_get", "{\"asset\":\"%s\"}", eur_text());
    cr_assert_str_eq(text_at(o, "code"), "EUR");
    cr_assert_str_eq(text_at(o, "supply"), "20500");
    cr_assert_str_eq(text_at(o, "version"), "6.0.0");
    o = call("asset_get", "{\"issuer\":\"%s\",\"code\":\"USD\"}", account_text(BANK));
    cr_assert_str_eq(text_at(o, "supply"), "0");
    cr_assert_str_eq(text_at(o, "max_supply"), "9223372036854775807");
    call_fails("not_found", "asset_get", "{\"issuer\":\"%s\",\"code\":\"EUR\"}",
               account_text(ALICE));
    call_fails("invalid_params", "asset_get", "{}");
    call_fails("invalid_params", "asset_get", "{\"code\":\"EUR\"}");
    call_fails("invalid_params", "asset_get", "{\"asset\":\"%s\",\"code\":\"EUR\"}", eur_text());
    o = call("asset_list", "{}");
    cr_assert_eq(size_at(o, "items"), 2);
    o = call("asset_list", "{\"issuer\":\"%s\"}", account_text(ALICE));
    cr_assert_eq(size_at(o, "items"), 0);
}
