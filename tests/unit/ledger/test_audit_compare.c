#include "tests/unit/ledger/audit_story.h"

TestSuite(audit_compare, .init = open_story, .fini = close_story);

/* Another proposer in a block's header, and the hash of that header. */
static void fork_block(const char *path, int height)
{
    sqlite3 *db;
    sqlite3_stmt *select;
    sqlite3_stmt *update;
    uint8_t header[HEADER_BYTES];
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_prepare_v2(db, "SELECT header FROM block WHERE height = ?1", -1, &select, NULL);
    sqlite3_bind_int(select, 1, height);
    cr_assert_eq(sqlite3_step(select), SQLITE_ROW);
    cr_assert_eq(sqlite3_column_bytes(select, 0), HEADER_BYTES);
    memcpy(header, sqlite3_column_blob(select, 0), sizeof header);
    sqlite3_finalize(select);
    header[80] ^= 0x55;
    struct digest hash = digest_of(TAG_HEADER, span_of(header, sizeof header));
    sqlite3_prepare_v2(db, "UPDATE block SET header = ?2, hash = ?3 WHERE height = ?1", -1, &update,
                       NULL);
    sqlite3_bind_int(update, 1, height);
    sqlite3_bind_blob(update, 2, header, sizeof header, SQLITE_STATIC);
    sqlite3_bind_blob(update, 3, hash.bytes, sizeof hash.bytes, SQLITE_STATIC);
    cr_assert_eq(sqlite3_step(update), SQLITE_DONE);
    sqlite3_finalize(update);
    sqlite3_close(db);
}

Test(audit_compare, heads_that_agree_and_heads_that_do_not)
{
    char copy[64];
    struct problem problem;
    struct audit_comparison comparison;
    fixture_path(copy);
    file_copy(story.path, copy);
    edit(copy, "DELETE FROM block WHERE height > 5");
    edit(copy, "UPDATE ledger SET height = 5");
    struct audit_head heads[3] = { { .path = story.path },
                                   { .path = "/tmp/witan-no-such-ledger" },
                                   { .path = copy } };
    cr_assert_eq(audit_compare(heads, 3, &comparison, &problem), STATUS_OK);
    cr_assert(comparison.equal);
    cr_assert_eq(comparison.readable, 2);
    cr_assert_eq(comparison.common_height, 5);
    cr_assert_eq(heads[0].height, STORY_HEIGHT);
    cr_assert_eq(heads[1].status, STATUS_NOT_FOUND);
    cr_assert_eq(heads[2].height, 5);
    /* A fork: every header from 3 on is another, with the hash that belongs to it. */
    for (int height = 3; height <= 5; height++)
        fork_block(copy, height);
    cr_assert_eq(audit_compare(heads, 3, &comparison, &problem), STATUS_OK);
    cr_assert_not(comparison.equal);
    cr_assert_eq(comparison.differs_at, 3);
    cr_assert_eq(comparison.differing, 2);
    /* A header without its hash is damage, not a fork. */
    edit(copy, "UPDATE block SET hash = zeroblob(32) WHERE height = 5");
    cr_assert_eq(audit_compare(heads, 3, &comparison, &problem), STATUS_OK);
    cr_assert_eq(heads[2].status, STATUS_DAMAGED);
    cr_assert_eq(comparison.readable, 1);
    fixture_remove(copy);
    cr_assert_eq(audit_compare(heads + 1, 1, &comparison, &problem), STATUS_NOT_FOUND);
}
