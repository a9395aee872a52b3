#include "ledger/effects.h"
#include "rpc/ledger_find.h"
#include "tests/unit/ledger/reader_story.h"

TestSuite(ledger_find, .init = open_story, .fini = close_story);

static void find(const struct digest *txid, struct tx_place *place)
{
    cr_assert_eq(ledger_reader_begin(reader), STATUS_OK);
    cr_assert_eq(ledger_find_tx(NULL, reader, txid, place), STATUS_OK);
    ledger_reader_end(reader);
    cr_assert_eq(place->ledger_height, STORY_HEIGHT);
    cr_assert_eq(place->sealed_height, STORY_SEALED);
    cr_assert(place->ledger_time_ms > 0);
}

Test(ledger_find, one_that_succeeded)
{
    struct tx_place place;
    struct block_row block;
    find(&story.ids[0], &place);
    cr_assert(place.found);
    cr_assert_eq(place.position, position_of(1, 0, 0));
    cr_assert_eq(place.code, RESULT_ok);
    cr_assert_eq(place.effects_size, 0);
    cr_assert_eq(ledger_read_block(reader, 1, &block), STATUS_OK);
    cr_assert(digest_equal(&place.block_hash, &block.hash));
    cr_assert_eq(place.block_time_ms, block.header.time_ms);
}

Test(ledger_find, one_that_failed_with_what_it_observed)
{
    struct tx_place place;
    uint8_t what;
    int64_t value;
    find(&story.ids[1], &place);
    cr_assert(place.found);
    cr_assert_eq(place.code, RESULT_insufficient_funds);
    cr_assert(effects_observed(span_of(place.effects, place.effects_size), &what, &value));
    cr_assert_eq(what, OBSERVED_AVAILABLE);
}

Test(ledger_find, one_that_no_block_holds)
{
    struct tx_place place;
    struct digest unknown = sample_digest("unknown", 1);
    find(&unknown, &place);
    cr_assert_not(place.found);
}

Test(ledger_find, a_damaged_row_is_not_not_found)
{
    struct tx_place place;
    edit_story("DELETE FROM block WHERE height = 1");
    enum status status = ledger_find_tx(NULL, reader, &story.ids[0], &place);
    cr_assert(status != STATUS_OK && status != STATUS_NOT_FOUND, "%s", status_name(status));
}
