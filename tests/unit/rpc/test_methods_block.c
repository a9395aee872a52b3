#include "tests/unit/rpc/story_harness.h"

TestSuite(block, .init = story_harness_open, .fini = story_harness_close);

Test(block, the_latest_by_default)
{
    const json_t *o = call("block_get", "{}");
    cr_assert_eq(number_at(o, "header/height"), STORY_HEIGHT);
    cr_assert(json_is_false(at(o, "header/sealed")));
    cr_assert_eq(number_at(o, "header/signers"), 1);
    cr_assert_eq(number_at(o, "header/validators"), 4);
    cr_assert_eq(size_at(o, "entries"), 1);
    cr_assert_null(at(o, "entries/0/tx"));
    cr_assert_null(at(o, "seal"));
    o = call("block_get", "{\"height\":\"earliest\",\"entries\":\"none\"}");
    cr_assert_eq(number_at(o, "header/height"), 0);
    cr_assert_null(at(o, "entries"));
}

Test(block, in_full_with_its_seal)
{
    const json_t *o = call("block_get", "{\"height\":1,\"entries\":\"full\",\"seal\":true}");
    cr_assert(json_is_true(at(o, "header/sealed")));
    cr_assert_eq(size_at(o, "entries"), 2);
    cr_assert_str_eq(text_at(o, "entries/0/tx/tx_id"), txid_text(0));
    cr_assert_str_eq(text_at(o, "entries/0/tx/result/code"), "ok");
    cr_assert_str_eq(text_at(o, "entries/0/effects/0/kind"), "balance");
    cr_assert_str_eq(text_at(o, "entries/1/code"), "insufficient_funds");
    cr_assert_eq(number_at(o, "entries/1/at"), 0);
    cr_assert_str_eq(text_at(o, "entries/1/tx/result/observed/what"), "available");
    cr_assert_str_eq(text_at(o, "entries/1/tx/result/observed/value"), "1500");
    cr_assert_eq(size_at(o, "seal/signatures"), 3);
    cr_assert_str_eq(text_at(o, "seal/hash"), text_at(o, "header/hash"));
}

Test(block, by_hash)
{
    char hash[65];
    const json_t *o = call("block_get", "{\"height\":3}");
    snprintf(hash, sizeof hash, "%s", text_at(o, "header/hash"));
    cr_assert_gt(number_at(o, "header/size_bytes"), HEADER_BYTES + 4);
    o = call("block_get", "{\"hash\":\"%s\"}", hash);
    cr_assert_eq(number_at(o, "header/height"), 3);
    call_fails("invalid_params", "block_get", "{\"hash\":\"%s\",\"height\":3}", hash);
    hash[0] = hash[0] == '0' ? '1' : '0';
    const json_t *error = call_fails("not_found", "block_get", "{\"hash\":\"%s\"}", hash);
    cr_assert_str_eq(text_at(error, "what"), "block");
    cr_assert_str_eq(text_at(error, "key"), hash);
    call_fails("height_not_reached", "block_get", "{\"height\":8}");
}

Test(block, a_tick_has_no_entries)
{
    const json_t *o = call("block_get", "{\"height\":4}");
    cr_assert_eq(size_at(o, "entries"), 0);
    cr_assert_str_eq(text_at(o, "header/flags/0"), "tick");
}

static void expect_heights(const char *params, const char *heights)
{
    char have[256] = "";
    const json_t *o = call("block_list", "%s", params);
    size_t i;
    json_t *item;
    json_array_foreach(at(o, "items"), i, item)
    {
        size_t used = strlen(have);
        snprintf(have + used, sizeof have - used, "%s%d", used ? " " : "",
                 (int)number_at(item, "height"));
    }
    cr_assert_str_eq(have, heights, "%s", params);
}

Test(block, lists_in_both_orders)
{
    expect_heights("{}", "7 6 5 4 3 2 1 0");
    expect_heights("{\"order\":\"asc\",\"from_height\":2,\"to_height\":4}", "2 3 4");
    expect_heights("{\"from_height\":5,\"to_height\":99}", "7 6 5");
    expect_heights("{\"from_height\":6,\"to_height\":5}", "");
    expect_heights("{\"from_height\":8}", "");
    expect_heights("{\"from_height\":9007199254740991}", "");
}

Test(block, pages_go_on_behind_each_other)
{
    char words[1024], other[1024];
    walk_pages("block_list", "", "parent_hash", words, sizeof words);
    walk_pages("block_list", "\"order\":\"asc\"", "parent_hash", other, sizeof other);
    cr_assert_eq(strlen(words), 8 * 65 - 1);
    cr_assert_eq(strncmp(words, other + 7 * 65, 64), 0);
    cr_assert_eq(strncmp(words + 7 * 65, other, 64), 0);
}

Test(block, a_scan_is_a_snapshot)
{
    const json_t *o = call("block_list", "{\"limit\":3,\"order\":\"asc\"}");
    char cursor[256];
    snprintf(cursor, sizeof cursor, "%s", text_at(o, "next_cursor"));
    cr_assert_eq(number_at(o, "range/to_height"), STORY_HEIGHT);
    fixture_tx(&story.f, ALICE);
    add_transfer(&story.f, ALICE, BOB, 1);
    cr_assert_eq(fixture_one(&story.f, SIGNED_ALICE), RESULT_ok);
    o = call("block_list", "{\"limit\":100,\"order\":\"asc\",\"cursor\":\"%s\"}", cursor);
    cr_assert_eq(size_at(o, "items"), 5);
    cr_assert_eq(number_at(o, "range/to_height"), STORY_HEIGHT);
    cr_assert_eq(number_at(o, "ledger_height"), STORY_HEIGHT + 1);
}

Test(block, a_seal_is_proof_p1)
{
    const json_t *o = call("block_seal", "{\"height\":3}");
    cr_assert_eq(number_at(o, "header/height"), 3);
    cr_assert_eq(size_at(o, "seal/signatures"), 4);
    cr_assert_eq(size_at(o, "epochs"), 0);
    o = call("block_seal", "{}");
    cr_assert_eq(number_at(o, "header/height"), STORY_SEALED, "the latest that is sealed");
    const json_t *error = call_fails("not_sealed", "block_seal", "{\"height\":7}");
    cr_assert_eq(number_at(error, "signers"), 1);
    cr_assert_eq(number_at(error, "quorum"), 3);
    call_fails("not_sealed", "block_seal", "{\"height\":0}");
    call_fails("height_not_reached", "block_seal", "{\"height\":8}");
}
