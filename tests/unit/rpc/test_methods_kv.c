#include "tests/unit/rpc/story_harness.h"

TestSuite(kv, .init = story_harness_open, .fini = story_harness_close);

static const char *hex(const char *text)
{
    static char out[4][600];
    static unsigned turn;
    char *to = out[turn++ % 4];
    hex_encode(span_text(text), to);
    return to;
}

Test(kv, get)
{
    const json_t *o =
        call("kv_get", "{\"owner\":\"%s\",\"key\":\"%s\"}", account_text(BANK), hex("limit"));
    cr_assert_str_eq(text_at(o, "value"), hex("6"));
    cr_assert_str_eq(text_at(o, "version"), "5.1.0");
    cr_assert_eq(number_at(o, "size_bytes"), 1);
    struct digest hash = digest_of(TAG_KV_VALUE, span_text("6"));
    char text[65];
    hex_encode(digest_span(&hash), text);
    cr_assert_str_eq(text_at(o, "value_hash"), text);
    struct block_row block;
    char time[TIME_TEXT];
    cr_assert_eq(ledger_read_block(h.reader.ledger, 5, &block), STATUS_OK);
    time_encode(block.header.time_ms, time);
    cr_assert_str_eq(text_at(o, "time"), time);
    const json_t *error = call_fails("not_found", "kv_get", "{\"owner\":\"%s\",\"key\":\"%s\"}",
                                     account_text(BANK), hex("limit/day"));
    cr_assert_str_eq(text_at(error, "what"), "record");
    call_fails("not_found", "kv_get", "{\"owner\":\"%s\",\"key\":\"%s\"}", account_text(ALICE),
               hex("limit"));
    call_fails("invalid_params", "kv_get", "{\"owner\":\"%s\",\"key\":\"\"}", account_text(BANK));
}

Test(kv, lists_by_prefix_and_pages)
{
    char filters[128], words[1024], longest[256];
    memset(longest, 'z', 255);
    longest[255] = '\0';
    fixture_tx(&story.f, BANK);
    add_put(&story.f, BANK, "limit/1", "a", EXPECT_ANY, 0);
    add_put(&story.f, BANK, "limit/2", "", EXPECT_ANY, 0);
    add_put(&story.f, BANK, "other", "b", EXPECT_ANY, 0);
    add_put(&story.f, BANK, longest, "c", EXPECT_ANY, 0);
    cr_assert_eq(fixture_one(&story.f, SIGNED_BANK), RESULT_ok);
    snprintf(filters, sizeof filters, "\"owner\":\"%s\"", account_text(BANK));
    walk_pages("kv_list", filters, "version", words, sizeof words);
    cr_assert_str_eq(words, "5.1.0 8.0.0 8.0.1 8.0.2 8.0.3");
    snprintf(filters, sizeof filters, "\"owner\":\"%s\",\"prefix\":\"%s\"", account_text(BANK),
             hex("limit/"));
    walk_pages("kv_list", filters, "version", words, sizeof words);
    cr_assert_str_eq(words, "8.0.0 8.0.1");
    const json_t *o = call("kv_list", "{\"owner\":\"%s\"}", account_text(ALICE));
    cr_assert_eq(size_at(o, "items"), 0);
}

/* The cursor names the write that the page ended with, so what became of the record is no matter.
 */
Test(kv, a_page_goes_on_behind_a_record_that_is_gone)
{
    fixture_tx(&story.f, BANK);
    add_put(&story.f, BANK, "a", "1", EXPECT_ANY, 0);
    add_put(&story.f, BANK, "b", "2", EXPECT_ANY, 0);
    cr_assert_eq(fixture_one(&story.f, SIGNED_BANK), RESULT_ok);
    const json_t *o = call("kv_list", "{\"owner\":\"%s\",\"limit\":1}", account_text(BANK));
    cr_assert_str_eq(text_at(o, "items/0/key"), hex("a"));
    char cursor[256];
    snprintf(cursor, sizeof cursor, "%s", text_at(o, "next_cursor"));
    fixture_tx(&story.f, BANK);
    add_delete(&story.f, BANK, "a", EXPECT_ANY, 0);
    cr_assert_eq(fixture_one(&story.f, SIGNED_BANK), RESULT_ok);
    o = call("kv_list", "{\"owner\":\"%s\",\"limit\":1,\"cursor\":\"%s\"}", account_text(BANK),
             cursor);
    cr_assert_str_eq(text_at(o, "items/0/key"), hex("b"));
}
