#include "tests/unit/ledger/reader_story.h"

TestSuite(reader, .init = open_story, .fini = close_story);

Test(reader, a_snapshot_does_not_see_what_comes_after)
{
    struct ledger_read_head head;
    cr_assert_eq(ledger_reader_begin(reader), STATUS_OK);
    fixture_tx(&story.f, ALICE);
    add_transfer(&story.f, ALICE, BOB, 1);
    story_add(&story, SIGNED_ALICE);
    story_block(&story, 7);
    cr_assert_eq(ledger_read_head(reader, &head), STATUS_OK);
    cr_assert_eq(head.header.height, STORY_HEIGHT);
    ledger_reader_end(reader);
    ledger_reader_end(reader); /* once more does nothing */
    cr_assert_eq(ledger_read_head(reader, &head), STATUS_OK);
    cr_assert_eq(head.header.height, STORY_HEIGHT + 1);
}

static bool at_once(void *context)
{
    ++*(unsigned *)context;
    return true;
}

static bool count_entry(void *context, const struct entry_row *entry)
{
    (void)entry;
    ++*(unsigned *)context;
    return true;
}

Test(reader, an_expired_read_is_given_up)
{
    unsigned asked = 0, entries = 0;
    struct entry_filter filter = { .outcome = OUTCOME_FAILED,
                                   .last = INT64_MAX,
                                   .limit = UINT32_MAX };
    for (int i = 0; i < 600; i++) {
        fixture_tx(&story.f, ALICE);
        add_transfer(&story.f, ALICE, BOB, 1);
        fixture_add(&story.f, SIGNED_ALICE);
    }
    fixture_run(&story.f);
    ledger_reader_limit(reader, at_once, &asked);
    cr_assert_eq(ledger_read_filtered(reader, &filter, count_entry, &entries), STATUS_TIMEOUT);
    cr_assert_gt(asked, 0);
    ledger_reader_limit(reader, NULL, NULL);
    cr_assert_eq(ledger_read_filtered(reader, &filter, count_entry, &entries), STATUS_OK);
}

Test(reader, opening_what_is_no_ledger_says_what_it_is)
{
    struct ledger_reader *none;
    struct problem problem;
    char path[64];
    fixture_path(path);
    cr_assert_eq(ledger_reader_open(&none, path, NULL, &problem), STATUS_NOT_FOUND);
    cr_assert_null(none);
    FILE *file = fopen(path, "wb");
    fputs("no database, and long enough to look at as one: ...............................", file);
    fclose(file);
    cr_assert_eq(ledger_reader_open(&none, path, NULL, &problem), STATUS_DAMAGED);
    unlink(path);
    sqlite3 *db = edit_open(path);
    sqlite3_exec(db, "CREATE TABLE t (a)", NULL, NULL, NULL);
    sqlite3_close(db);
    cr_assert_eq(ledger_reader_open(&none, path, NULL, &problem), STATUS_UNSUPPORTED);
    cr_assert_not_null(strstr(problem.text, path));
    fixture_remove(path);
}

Test(reader, another_version_is_refused)
{
    struct ledger_reader *none;
    struct problem problem;
    char path[64];
    fixture_path(path);
    sqlite3 *db = edit_open(path);
    sqlite3_exec(db, "PRAGMA application_id = 1464423502; PRAGMA user_version = 2;", NULL, NULL,
                 NULL);
    sqlite3_close(db);
    cr_assert_eq(ledger_reader_open(&none, path, NULL, &problem), STATUS_UNSUPPORTED);
    fixture_remove(path);
}

Test(reader, a_path_with_every_sign_is_only_a_path)
{
    struct ledger_reader *other;
    struct ledger_reader_options options = { .immutable = true };
    struct problem problem;
    char odd[] = "/tmp/witan ?mode=rw&x=%41#\xc3\xa4";
    ledger_reader_close(reader); /* the last one to close leaves one file */
    story_rest(&story);
    file_copy(story.path, odd);
    cr_assert_eq(ledger_reader_open(&other, odd, &options, &problem), STATUS_OK, "%s",
                 problem.text);
    ledger_reader_close(other);
    unlink(odd);
    cr_assert_eq(ledger_reader_open(&reader, story.path, NULL, &problem), STATUS_OK);
}

Test(reader, nothing_is_written_through_it)
{
    struct ledger_read_head head;
    char wal[80];
    cr_assert_eq(ledger_read_head(reader, &head), STATUS_OK);
    story_rest(&story);
    snprintf(wal, sizeof wal, "%s-wal", story.path);
    ledger_reader_close(reader);
    struct problem problem;
    cr_assert_eq(ledger_reader_open(&reader, story.path, NULL, &problem), STATUS_OK);
    cr_assert_eq(ledger_read_head(reader, &head), STATUS_OK);
    cr_assert_eq(head.header.height, STORY_HEIGHT);
}
