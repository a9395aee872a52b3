#include "tests/unit/ledger/reader_story.h"

TestSuite(reader_block, .init = open_story, .fini = close_story);

Test(reader_block, the_head_is_the_ledgers)
{
    struct ledger_read_head head;
    const struct ledger_head *right = ledger_head(story.f.ledger);
    cr_assert_eq(ledger_read_head(reader, &head), STATUS_OK, "%s", ledger_reader_error(reader));
    cr_assert_eq(head.header.height, STORY_HEIGHT);
    cr_assert(digest_equal(&head.hash, &right->hash));
    cr_assert_eq(head.sealed_height, STORY_SEALED);
    cr_assert_eq(head.epoch, right->epoch);
    cr_assert_eq(head.sequence, right->sequence);
}

Test(reader_block, sealed_height_is_the_ledgers_and_rises_with_a_late_quorum)
{
    uint64_t sealed = 0;
    cr_assert_eq(ledger_read_sealed_height(reader, &sealed), STATUS_OK);
    cr_assert_eq(sealed, ledger_sealed_height(story.f.ledger));
    story_seal(&story.f, 4);
    cr_assert_eq(ledger_read_sealed_height(reader, &sealed), STATUS_OK);
    cr_assert_eq(sealed, STORY_SEALED, "two of four are no quorum");
    story_seal(&story.f, 1);
    cr_assert_eq(ledger_read_sealed_height(reader, &sealed), STATUS_OK);
    cr_assert_eq(sealed, STORY_HEIGHT);
}

Test(reader_block, the_first_seal_at_or_above)
{
    uint64_t sealed = 0;
    cr_assert_eq(ledger_read_sealed_above(reader, 0, &sealed), STATUS_OK);
    cr_assert_eq(sealed, 1);
    cr_assert_eq(ledger_read_sealed_above(reader, 6, &sealed), STATUS_OK);
    cr_assert_eq(sealed, 6);
    cr_assert_eq(ledger_read_sealed_above(reader, 7, &sealed), STATUS_NOT_FOUND);
}

Test(reader_block, entries_are_counted_once_and_then_added)
{
    uint64_t entries = 0;
    cr_assert_eq(ledger_read_entry_total(reader, &entries), STATUS_OK);
    cr_assert_eq(entries, story.id_count);
    fixture_tx(&story.f, ALICE);
    add_transfer(&story.f, ALICE, BOB, 1);
    story_add(&story, SIGNED_ALICE);
    story_block(&story, 7);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(ledger_read_entry_total(reader, &entries), STATUS_OK);
        cr_assert_eq(entries, story.id_count);
    }
}

Test(reader_block, the_genesis_comes_back_whole)
{
    struct digest chain_id;
    struct buffer out;
    struct genesis *read = NULL;
    buffer_init(&out, GENESIS_BYTES_MAX);
    cr_assert_eq(ledger_read_chain(reader, &chain_id, &out), STATUS_OK);
    cr_assert(digest_equal(&chain_id, &story.f.genesis->chain_id));
    cr_assert_eq(genesis_decode(buffer_span(&out), &read, NULL), STATUS_OK);
    cr_assert(digest_equal(&read->chain_id, &chain_id));
    genesis_free(read);
    buffer_free(&out);
}

Test(reader_block, a_block_by_height_and_by_hash)
{
    struct block_row by_height, by_hash;
    for (uint64_t height = 0; height <= STORY_HEIGHT; height++) {
        cr_assert_eq(ledger_read_block(reader, height, &by_height), STATUS_OK);
        cr_assert_eq(by_height.header.height, height);
        struct digest hash = header_hash(&by_height.header);
        cr_assert(digest_equal(&hash, &by_height.hash));
        cr_assert_eq(ledger_read_block_by_hash(reader, &hash, &by_hash), STATUS_OK);
        cr_assert_eq(by_hash.header.height, height);
    }
    struct digest unknown = sample_digest("no block", 0);
    cr_assert_eq(ledger_read_block(reader, STORY_HEIGHT + 1, &by_height), STATUS_NOT_FOUND);
    cr_assert_eq(ledger_read_block(reader, UINT64_MAX, &by_height), STATUS_NOT_FOUND);
    cr_assert_eq(ledger_read_block_by_hash(reader, &unknown, &by_hash), STATUS_NOT_FOUND);
}

struct heights {
    uint64_t seen[16];
    unsigned count, stop_after;
};

static bool keep_height(void *context, const struct block_row *block)
{
    struct heights *heights = context;
    heights->seen[heights->count++] = block->header.height;
    return heights->count != heights->stop_after;
}

Test(reader_block, blocks_in_both_orders_and_no_more_than_asked_for)
{
    struct heights heights = { .count = 0 };
    cr_assert_eq(ledger_read_blocks(reader, 2, 5, false, 3, keep_height, &heights), STATUS_OK);
    cr_assert_eq(heights.count, 3);
    cr_assert_eq(heights.seen[0], 2);
    cr_assert_eq(heights.seen[2], 4);
    heights = (struct heights){ .count = 0 };
    cr_assert_eq(ledger_read_blocks(reader, 2, 5, true, 10, keep_height, &heights), STATUS_OK);
    cr_assert_eq(heights.count, 4);
    cr_assert_eq(heights.seen[0], 5);
    cr_assert_eq(heights.seen[3], 2);
    heights = (struct heights){ .stop_after = 1 };
    cr_assert_eq(ledger_read_blocks(reader, 0, 7, true, 10, keep_height, &heights), STATUS_OK);
    cr_assert_eq(heights.count, 1);
}

Test(reader_block, the_block_at_a_time)
{
    uint64_t height = 99;
    struct block_row block;
    cr_assert_eq(ledger_read_block(reader, 3, &block), STATUS_OK);
    cr_assert_eq(ledger_read_height_at(reader, block.header.time_ms, &height), STATUS_OK);
    cr_assert_eq(height, 3);
    cr_assert_eq(ledger_read_height_at(reader, block.header.time_ms - 1, &height), STATUS_OK);
    cr_assert_eq(height, 2);
    cr_assert_eq(ledger_read_height_at(reader, UINT64_MAX, &height), STATUS_OK);
    cr_assert_eq(height, STORY_HEIGHT);
    cr_assert_eq(ledger_read_height_at(reader, 1, &height), STATUS_NOT_FOUND);
}

Test(reader_block, bytes_of_a_block_execute_elsewhere)
{
    struct ledger *other;
    struct problem problem;
    cr_assert_eq(ledger_open(&other, story.f.genesis, ":memory:", NULL, &problem), STATUS_OK);
    for (uint64_t height = 1; height <= STORY_HEIGHT; height++) {
        struct buffer out;
        struct execution *execution = NULL;
        uint64_t size = 0;
        buffer_init(&out, 1 << 20);
        cr_assert_eq(ledger_read_block_bytes(reader, height, &out), STATUS_OK);
        cr_assert_eq(ledger_read_block_size(reader, height, &size), STATUS_OK);
        cr_assert_eq(out.size, size);
        cr_assert_eq(ledger_execute_block(other, buffer_span(&out), &execution, &problem),
                     STATUS_OK, "%s", problem.text);
        execution_free(execution);
        buffer_free(&out);
    }
    cr_assert(digest_equal(&ledger_head(other)->hash, &ledger_head(story.f.ledger)->hash));
    ledger_close(other);
}

Test(reader_block, bytes_of_a_block_fit_whole_or_not_at_all)
{
    struct buffer out;
    uint64_t size = 0;
    cr_assert_eq(ledger_read_block_size(reader, 1, &size), STATUS_OK);
    buffer_init(&out, size + 5);
    cr_assert_eq(buffer_append(&out, span_of("12345", 5)), STATUS_OK);
    cr_assert_eq(ledger_read_block_bytes(reader, 1, &out), STATUS_OK);
    cr_assert_eq(out.size, size + 5);
    cr_assert_eq(ledger_read_block_bytes(reader, 2, &out), STATUS_TOO_LARGE);
    cr_assert_eq(out.size, size + 5);
    cr_assert_eq(ledger_read_block_bytes(reader, 99, &out), STATUS_NOT_FOUND);
    buffer_free(&out);
    buffer_init(&out, size - 1);
    cr_assert_eq(ledger_read_block_bytes(reader, 1, &out), STATUS_TOO_LARGE);
    cr_assert_eq(out.size, 0);
    buffer_free(&out);
    buffer_init(&out, 1 << 20);
    cr_assert_eq(ledger_read_block_bytes(reader, 99, &out), STATUS_NOT_FOUND);
    cr_assert_eq(out.size, 0);
    buffer_free(&out);
}

Test(reader_block, a_seal_verifies)
{
    struct seal *seal = malloc(sizeof *seal);
    struct block_row block;
    for (uint64_t height = 1; height <= STORY_SEALED; height++) {
        cr_assert_eq(ledger_read_block(reader, height, &block), STATUS_OK);
        cr_assert_eq(ledger_read_seal(reader, height, seal), STATUS_OK);
        cr_assert_eq(seal->count, height == 3 ? 4 : 3);
        cr_assert_eq(seal_check(seal, &block.header, &story.f.genesis->committee, NULL, NULL),
                     STATUS_OK);
    }
    cr_assert_eq(ledger_read_seal(reader, STORY_HEIGHT, seal), STATUS_OK);
    cr_assert_eq(seal->count, 1);
    cr_assert_eq(ledger_read_seal(reader, 0, seal), STATUS_NOT_FOUND);
    cr_assert_eq(ledger_read_seal(reader, 99, seal), STATUS_NOT_FOUND);
    free(seal);
}

static bool keep_epoch(void *context, const struct epoch_row *epoch)
{
    cr_assert_eq(epoch->number, 0);
    ++*(unsigned *)context;
    return true;
}

Test(reader_block, epochs)
{
    unsigned count = 0;
    struct epoch_row *epoch = malloc(sizeof *epoch);
    cr_assert_eq(ledger_read_epochs(reader, 0, UINT32_MAX, keep_epoch, &count), STATUS_OK);
    cr_assert_eq(count, 1);
    cr_assert_eq(ledger_read_epoch_of(reader, UINT64_MAX, epoch), STATUS_OK);
    struct digest have = committee_hash(&epoch->committee);
    struct digest want = committee_hash(&story.f.genesis->committee);
    cr_assert(digest_equal(&have, &want));
    free(epoch);
}

Test(reader_block, a_header_that_does_not_decode_is_damage)
{
    struct block_row block;
    edit_story("UPDATE block SET header = x'00' WHERE height = 3");
    cr_assert_eq(ledger_read_block(reader, 3, &block), STATUS_DAMAGED);
    cr_assert_eq(ledger_read_block(reader, 2, &block), STATUS_OK);
}
