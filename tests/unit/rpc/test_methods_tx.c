#include "format/transaction_json.h"
#include "tests/unit/rpc/story_harness.h"

TestSuite(tx, .init = story_harness_open, .fini = story_harness_close);

Test(tx, get)
{
    const json_t *o = call("tx_get", "{\"tx_id\":\"%s\"}", txid_text(4));
    cr_assert_str_eq(text_at(o, "tx_id"), txid_text(4));
    cr_assert_str_eq(text_at(o, "status"), "committed");
    cr_assert(json_is_true(at(o, "sealed")));
    cr_assert_str_eq(text_at(o, "location/position"), "3.0");
    cr_assert_eq(number_at(o, "order/lane"), STORY_LANE);
    cr_assert_eq(size_at(o, "ops"), 2);
    cr_assert_eq(size_at(o, "effects"), 4, "three balances, and DAVE has his first");
    cr_assert_null(at(o, "raw"));
    o = call("tx_get", "{\"tx_id\":\"%s\"}", txid_text(story.id_count - 1));
    cr_assert(json_is_false(at(o, "sealed")));
}

Test(tx, raw_bytes_decode_to_the_same)
{
    const json_t *o = call("tx_get", "{\"tx_id\":\"%s\",\"raw\":true}", txid_text(5));
    char raw[4096];
    snprintf(raw, sizeof raw, "%s", text_at(o, "raw"));
    json_t *first = json_deep_copy(o);
    o = call("tx_decode", "{\"tx\":\"%s\"}", raw);
    cr_assert_null(at(o, "status"));
    cr_assert(json_equal(json_object_get(first, "ops"), json_object_get(o, "ops")));
    cr_assert_str_eq(text_at(o, "tx_id"), txid_text(5));
    json_decref(first);
}

Test(tx, an_unknown_one_is_not_found)
{
    char text[65];
    struct digest unknown = sample_digest("nothing", 0);
    hex_encode(digest_span(&unknown), text);
    const json_t *error = call_fails("not_found", "tx_get", "{\"tx_id\":\"%s\"}", text);
    cr_assert_str_eq(text_at(error, "what"), "transaction");
    cr_assert_eq(number_at(error, "ledger_height"), STORY_HEIGHT);
}

Test(tx, decoding_says_what_is_wrong)
{
    const json_t *error = call_fails("tx_malformed", "tx_decode", "{\"tx\":\"00\"}");
    cr_assert_neq(text_at(error, "detail")[0], '\0');
    call_fails("tx_malformed", "tx_decode", "{\"tx\":\"\"}");
    struct writer w;
    struct transaction *made = malloc(sizeof *made);
    sample_transfer(made, 1, 75);
    sample_sign(&w, made, 1, 1);
    char hex[2 * 288 + 1];
    hex_encode(writer_span(&w), hex);
    memset(hex + 2 * (4 + 179), '0', 16); /* the amount */
    error = call_fails("tx_malformed", "tx_decode", "{\"tx\":\"%s\"}", hex);
    cr_assert_eq(number_at(error, "op"), 0);
    writer_free(&w);
    free(made);
}

static void expect(const char *filters, const char *ids)
{
    char have[2048];
    walk_pages("tx_list", filters, "location/position", have, sizeof have);
    cr_assert_str_eq(have, ids, "%s", filters);
}

Test(tx, lists_by_operation)
{
    expect("", "7.0 6.0 5.2 5.1 5.0 3.0 2.1 2.0 1.1 1.0");
    expect("\"order\":\"asc\"", "1.0 1.1 2.0 2.1 3.0 5.0 5.1 5.2 6.0 7.0");
    expect("\"op\":\"kv.put\"", "5.1 2.0");
    expect("\"op\":\"account.freeze\"", "");
    call_fails("invalid_params", "tx_list", "{\"op\":\"transfer.tomorrow\"}");
}

Test(tx, lists_by_account_source_and_result)
{
    char filters[512];
    snprintf(filters, sizeof filters, "\"account\":\"%s\"", account_text(BOB));
    expect(filters, "7.0 5.0 3.0 1.1 1.0");
    snprintf(filters, sizeof filters, "\"source\":\"%s\"", account_text(BOB));
    expect(filters, "7.0 1.1");
    snprintf(filters, sizeof filters, "\"source\":\"%s\",\"result\":\"failed\"", account_text(BOB));
    expect(filters, "1.1");
    expect("\"result\":\"failed\"", "1.1");
    expect("\"result\":\"ok\",\"from_height\":5,\"to_height\":6", "6.0 5.2 5.1 5.0");
    struct id reference = sample_id("reference", 0);
    char hex[33];
    hex_encode(span_of(reference.bytes, 16), hex);
    snprintf(filters, sizeof filters, "\"source\":\"%s\",\"client_ref\":\"%s\"",
             account_text(ALICE), hex);
    expect(filters, "1.0");
    call_fails("invalid_params", "tx_list", "{\"client_ref\":\"%s\"}", hex);
}

Test(tx, lists_by_time)
{
    char filters[256], from[TIME_TEXT], to[TIME_TEXT];
    struct block_row block;
    cr_assert_eq(ledger_read_block(h.reader.ledger, 3, &block), STATUS_OK);
    time_encode(block.header.time_ms, from);
    cr_assert_eq(ledger_read_block(h.reader.ledger, 5, &block), STATUS_OK);
    time_encode(block.header.time_ms - 1, to);
    snprintf(filters, sizeof filters, "\"from_time\":\"%s\",\"to_time\":\"%s\"", from, to);
    expect(filters, "3.0");
    snprintf(filters, sizeof filters, "\"to_time\":\"%s\"", from);
    expect(filters, "3.0 2.1 2.0 1.1 1.0");
    expect("\"to_time\":\"2000-01-01T00:00:00.000Z\"", "");
    expect("\"from_time\":\"2100-01-01T00:00:00.000Z\"", "");
}

Test(tx, a_cursor_fits_only_its_own_query)
{
    const json_t *o = call("tx_list", "{\"limit\":2,\"result\":\"ok\"}");
    char cursor[256];
    snprintf(cursor, sizeof cursor, "%s", text_at(o, "next_cursor"));
    cr_assert_neq(cursor[0], '\0');
    call("tx_list", "{\"limit\":9,\"result\":\"ok\",\"cursor\":\"%s\"}", cursor);
    const json_t *error =
        call_fails("cursor_invalid", "tx_list",
                   "{\"limit\":2,\"result\":\"failed\",\"cursor\":\"%s\"}", cursor);
    cr_assert_str_eq(text_at(error, "reason"), "query_mismatch");
    call_fails("cursor_invalid", "tx_list", "{\"cursor\":\"%s\"}", cursor);
    call_fails("cursor_invalid", "block_list", "{\"cursor\":\"%s\"}", cursor);
    error = call_fails("cursor_invalid", "tx_list", "{\"cursor\":\"not a cursor\"}");
    cr_assert_str_eq(text_at(error, "reason"), "malformed");
}
