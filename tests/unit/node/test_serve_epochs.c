/* Sealed blocks for a peer over several epochs: no answer crosses a boundary, and a seal has the
 * quorum of its own set. */
#include "node/serve.h"
#include "tests/unit/ledger/governance_story.h"

#include <criterion/criterion.h>
#include <sqlite3.h>

static struct buffer answer;
static struct epoch_story epochs;
static struct ledger_reader *epoch_reader;

static void setup_epochs(void)
{
    struct problem problem;
    epoch_story_open(&epochs);
    cr_assert_eq(ledger_reader_open(&epoch_reader, epochs.path, NULL, &problem), STATUS_OK);
}

static void teardown_epochs(void)
{
    buffer_free(&answer);
    ledger_reader_close(epoch_reader);
    epoch_story_close(&epochs);
}
TestSuite(serve_epochs, .init = setup_epochs, .fini = teardown_epochs);

/* How many blocks an answer has, each sealed by a quorum of its own epoch's set. */
static uint16_t serve_epoch(uint64_t height)
{
    buffer_free(&answer);
    cr_assert_eq(serve_blocks(epoch_reader, 1 << 20, height, 100, &answer), STATUS_OK);
    struct reader r = reader_of(buffer_span(&answer));
    uint16_t count = read_u16(&r);
    for (uint16_t i = 0; i < count; i++) {
        struct span block = read_bytes32(&r, 1 << 20);
        cr_assert(span_equal(block, writer_span(&epochs.blocks[height + i])));
        cr_assert_gt(read_bytes16(&r, SEAL_BYTES_MAX).size, 0);
    }
    cr_assert_eq(reader_end(&r), STATUS_OK);
    return count;
}

Test(serve_epochs, an_answer_ends_with_the_last_block_of_an_epoch)
{
    static const uint16_t counts[EPOCH_HEIGHT + 1] = { 0, 3, 2, 1, 3, 2, 1, 1, 0 };
    for (uint64_t height = 1; height <= EPOCH_HEIGHT; height++)
        cr_assert_eq(serve_epoch(height), counts[height], "from %d", (int)height);
}

Test(serve_epochs, the_quorum_is_that_of_the_epoch)
{
    /* three signatures seal block 3 of four validators, but not block 5 of five */
    sqlite3 *db;
    cr_assert_eq(sqlite3_open(epochs.path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, "DELETE FROM seal WHERE height IN (5, 6) AND validator = 3", NULL,
                              NULL, NULL),
                 SQLITE_OK);
    sqlite3_close(db);
    cr_assert_eq(serve_epoch(1), 3);
    cr_assert_eq(serve_epoch(4), 1);
    cr_assert_eq(serve_epoch(5), 0);
}
