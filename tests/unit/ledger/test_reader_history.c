#include "tests/unit/ledger/reader_story.h"

TestSuite(reader_history, .init = open_story, .fini = close_story);

/* Block hashes 0 ... count - 1, as leaves' data. */
static void read_hashes(struct digest *hashes, uint64_t count)
{
    for (uint64_t height = 0; height < count; height++) {
        struct block_row block;
        cr_assert_eq(ledger_read_block(reader, height, &block), STATUS_OK);
        hashes[height] = block.hash;
    }
}

static void ticks(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        story.f.tick = true;
        fixture_run(&story.f);
    }
}

Test(reader_history, every_path_is_that_of_the_plain_definition)
{
    enum { BLOCKS = 70 };
    static struct digest hashes[BLOCKS];
    ticks(BLOCKS - 1 - STORY_HEIGHT);
    read_hashes(hashes, BLOCKS);
    for (uint64_t size = 1; size <= BLOCKS; size++)
        for (uint64_t height = 0; height < size; height++) {
            struct digest path[MERKLE_PATH_MAX], plain[MERKLE_PATH_MAX];
            uint8_t count = 0;
            enum status status = ledger_read_history_path(reader, height, size, path, &count);
            cr_assert_eq(status, STATUS_OK, "%s", ledger_reader_error(reader));
            cr_assert_eq(count, merkle_path(hashes, size, height, plain));
            cr_assert_eq(memcmp(path, plain, count * sizeof path[0]), 0);
        }
}

Test(reader_history, every_consistency_proof_is_that_of_the_plain_definition)
{
    enum { BLOCKS = 40 };
    static struct digest hashes[BLOCKS];
    ticks(BLOCKS - 1 - STORY_HEIGHT);
    read_hashes(hashes, BLOCKS);
    for (uint64_t size = 1; size <= BLOCKS; size++)
        for (uint64_t older = 0; older <= size; older++) {
            struct digest proof[MERKLE_PATH_MAX], plain[MERKLE_PATH_MAX];
            uint8_t count = 0;
            enum status status =
                ledger_read_history_consistency(reader, older, size, proof, &count);
            cr_assert_eq(status, STATUS_OK, "%s", ledger_reader_error(reader));
            cr_assert_eq(count, merkle_consistency(hashes, size, older, plain));
            cr_assert_eq(memcmp(proof, plain, count * sizeof proof[0]), 0);
        }
}

Test(reader_history, a_path_leads_to_the_root_in_the_header)
{
    for (uint64_t later = 1; later <= STORY_HEIGHT; later++) {
        struct block_row block, early;
        cr_assert_eq(ledger_read_block(reader, later, &block), STATUS_OK);
        for (uint64_t height = 0; height < later; height++) {
            struct digest path[MERKLE_PATH_MAX];
            uint8_t count = 0;
            cr_assert_eq(ledger_read_block(reader, height, &early), STATUS_OK);
            cr_assert_eq(ledger_read_history_path(reader, height, later, path, &count), STATUS_OK);
            cr_assert(merkle_verify_inclusion(&early.hash, height, later, path, count,
                                              &block.header.history_root));
        }
    }
}

Test(reader_history, what_is_not_there_yet_is_not_found)
{
    struct digest path[MERKLE_PATH_MAX];
    uint8_t count = 0;
    cr_assert_eq(ledger_read_history_path(reader, 1, 100, path, &count), STATUS_NOT_FOUND);
    cr_assert_eq(ledger_read_history_path(reader, 1, UINT64_MAX, path, &count), STATUS_NOT_FOUND);
    cr_assert_eq(ledger_read_history_consistency(reader, 3, 100, path, &count), STATUS_NOT_FOUND);
}

Test(reader_history, a_missing_node_is_not_found_and_an_odd_one_is_damage)
{
    struct digest path[MERKLE_PATH_MAX];
    uint8_t count = 0;
    edit_story("DELETE FROM history WHERE level = 2 AND idx = 0");
    cr_assert_eq(ledger_read_history_path(reader, 5, 7, path, &count), STATUS_NOT_FOUND);
    edit_story("UPDATE history SET hash = x'00' WHERE level = 1 AND idx = 2");
    cr_assert_eq(ledger_read_history_path(reader, 6, 7, path, &count), STATUS_DAMAGED);
}

Test(reader_history, the_leaves_of_a_block_are_as_many_as_its_header_says)
{
    struct digest leaves[4];
    struct block_row block;
    cr_assert_eq(ledger_read_block(reader, 5, &block), STATUS_OK);
    cr_assert_eq(block.header.entry_count, 3);
    cr_assert_eq(ledger_read_entry_leaves(reader, 5, leaves, 3), STATUS_OK);
    struct digest root = merkle_root(leaves, 3);
    cr_assert(digest_equal(&root, &block.header.tx_root));
    cr_assert_eq(ledger_read_entry_leaves(reader, 5, leaves, 2), STATUS_DAMAGED);
    cr_assert_eq(ledger_read_entry_leaves(reader, 5, leaves, 4), STATUS_DAMAGED);
    cr_assert_eq(ledger_read_entry_leaves(reader, 4, leaves, 0), STATUS_OK);
}
