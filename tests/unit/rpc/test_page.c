#include "rpc/page.h"
#include "tests/unit/rpc/story_harness.h"

TestSuite(page, .init = story_harness_open, .fini = story_harness_close);

static void add_ticks(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        story.f.tick = true;
        fixture_run(&story.f);
    }
}

/* A filter that does not lead to its rows walks over everything else, so its range is bounded. */
Test(page, a_range_without_a_selective_filter_is_bounded, .timeout = 120)
{
    add_ticks(RPC_RANGE_BLOCKS_MAX);
    const json_t *error =
        call_fails("range_too_large", "tx_list", "{\"result\":\"failed\",\"from_height\":1}");
    cr_assert_eq(number_at(error, "max_blocks"), RPC_RANGE_BLOCKS_MAX);
    cr_assert_eq(number_at(error, "got"), RPC_RANGE_BLOCKS_MAX + STORY_HEIGHT);
    const json_t *o = call("tx_list", "{\"result\":\"failed\"}");
    cr_assert_eq(size_at(o, "items"), 0, "the default range is the last blocks");
    cr_assert_eq(number_at(o, "range/from_height"), STORY_HEIGHT + 1);
    o = call("tx_list", "{\"result\":\"failed\",\"from_height\":1,\"to_height\":10000}");
    cr_assert_eq(size_at(o, "items"), 1);
    o = call("tx_list", "{\"result\":\"failed\",\"source\":\"%s\",\"from_height\":0}",
             account_text(BOB));
    cr_assert_eq(size_at(o, "items"), 1, "an account leads to its rows");
    o = call("block_list", "{\"from_height\":0,\"limit\":1}");
    cr_assert_eq(number_at(o, "range/from_height"), 0, "every block is a row");
}

static bool at_once(void *context)
{
    return (*(unsigned *)context)++ > 0;
}

Test(page, a_read_that_runs_out_of_time_is_an_error_or_a_shorter_page)
{
    unsigned asked = 1;
    for (unsigned i = 0; i < 600; i++) {
        fixture_tx(&story.f, ALICE);
        add_transfer(&story.f, ALICE, BOB, 1);
        fixture_add(&story.f, SIGNED_ALICE);
    }
    fixture_run(&story.f);
    ledger_reader_limit(h.reader.ledger, at_once, &asked);
    const json_t *error = call_fails("limit_exceeded", "tx_list",
                                     "{\"result\":\"failed\",\"order\":\"asc\",\"from_height\":2}");
    cr_assert_str_eq(text_at(error, "limit"), "read_time");
    const json_t *o = call("tx_list", "{\"result\":\"failed\",\"order\":\"asc\"}");
    cr_assert_eq(size_at(o, "items"), 1);
    cr_assert(json_is_string(at(o, "next_cursor")), "there may be more behind it");
}

Test(page, large_rows_end_a_page_early)
{
    char key[16], *value = malloc(30001);
    memset(value, 'x', 30000);
    value[30000] = '\0';
    for (unsigned i = 0; i < 200; i++) {
        snprintf(key, sizeof key, "%05u", i);
        fixture_tx(&story.f, BANK);
        add_put(&story.f, BANK, key, value, EXPECT_ANY, 0);
        fixture_add(&story.f, SIGNED_BANK);
        if (i % 100 == 99) fixture_run(&story.f);
    }
    const json_t *o = call("kv_list", "{\"owner\":\"%s\",\"limit\":500}", account_text(BANK));
    cr_assert_eq(size_at(o, "items"), PAGE_BYTES_MAX / 30005 + 1);
    cr_assert(json_is_string(at(o, "next_cursor")));
    free(value);
}
