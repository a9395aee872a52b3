#include "ledger/store.h"

#include "ledger/store_query.h"
#include "tests/unit/ledger/fixture.h"
#include <criterion/criterion.h>

static struct store *store;
static struct problem problem;
static char path[64];

static void setup(void)
{
    static const struct ledger_options options = { 0 };
    fixture_path(path);
    cr_assert_eq(store_open(&store, path, &options, &problem), STATUS_OK, "%s", problem.text);
}

static void teardown(void)
{
    store_close(store);
    fixture_remove(path);
}

TestSuite(store, .init = setup, .fini = teardown);

static void make(void)
{
    struct store_place place = { .chain_id = sample_chain() };
    cr_assert(store_is_new(store));
    store_begin(store);
    store_create(store);
    store_write_place(store, &place, span_text("genesis"));
    store_commit(store);
    cr_assert_eq(store_status(store), STATUS_OK, "%s", store_error(store));
    cr_assert(!store_is_new(store));
}

static void reopen(uint64_t cache_bytes)
{
    struct ledger_options options = { .cache_bytes = cache_bytes };
    store_close(store);
    cr_assert_eq(store_open(&store, path, &options, &problem), STATUS_OK, "%s", problem.text);
}

static int64_t pragma(const char *sql)
{
    sqlite3_stmt *s = NULL;
    cr_assert_eq(sqlite3_prepare_v2(store->db, sql, -1, &s, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_step(s), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return value;
}

Test(store, the_connection_is_set_up_for_one_careful_writer)
{
    make();
    cr_assert_eq(pragma("PRAGMA synchronous"), 1);
    cr_assert_eq(pragma("PRAGMA mmap_size"), 0);
    cr_assert_eq(pragma("PRAGMA page_size"), 4096);
    cr_assert_eq(pragma("PRAGMA cache_size"), -65536);
    cr_assert_eq(pragma("PRAGMA cell_size_check"), 1);
    cr_assert_eq(pragma("SELECT (SELECT * FROM pragma_journal_mode) = 'wal'"), 1);
    reopen(1024 * 1024);
    cr_assert_eq(pragma("PRAGMA cache_size"), -1024);
}

Test(store, a_file_is_either_new_or_whole)
{
    store_begin(store);
    store_create(store);
    store_rollback(store); /* as a crash before the commit would */
    reopen(0);
    cr_assert(store_is_new(store));
    make();
    reopen(0);
    cr_assert(!store_is_new(store));
}

Test(store, rollback_without_a_transaction_does_nothing)
{
    make();
    store_rollback(store);
    cr_assert_eq(store_status(store), STATUS_OK);
}

Test(store, the_first_error_sticks)
{
    struct account account;
    struct id id = sample_id("account", 1);
    make();
    store_fail(store, STATUS_IO, "the first %d", 1);
    store_fail(store, STATUS_DAMAGED, "the second");
    cr_assert_eq(store_status(store), STATUS_IO);
    cr_assert_str_eq(store_error(store), "the first 1");
    cr_assert(!store_read_account(store, &id, &account));
    store_begin(store);
    cr_assert(sqlite3_get_autocommit(store->db), "nothing is done any more");
    store_sync(store, 1, 1, 1);
    struct store_place place = { .height = 77 };
    cr_assert(!store_read_place(store, &place));
}

Test(store, what_sqlite_says_in_our_words)
{
    cr_assert_eq(status_of_store(SQLITE_OK), STATUS_OK);
    cr_assert_eq(status_of_store(SQLITE_DONE), STATUS_OK);
    cr_assert_eq(status_of_store(SQLITE_NOMEM), STATUS_NO_MEMORY);
    cr_assert_eq(status_of_store(SQLITE_IOERR_FSYNC), STATUS_IO);
    cr_assert_eq(status_of_store(SQLITE_FULL), STATUS_IO);
    cr_assert_eq(status_of_store(SQLITE_READONLY), STATUS_IO);
    cr_assert_eq(status_of_store(SQLITE_CANTOPEN), STATUS_IO);
    cr_assert_eq(status_of_store(SQLITE_CORRUPT_INDEX), STATUS_DAMAGED);
    cr_assert_eq(status_of_store(SQLITE_NOTADB), STATUS_DAMAGED);
    cr_assert_eq(status_of_store(SQLITE_CONSTRAINT_UNIQUE), STATUS_DAMAGED);
    cr_assert_eq(status_of_store(SQLITE_BUSY), STATUS_BUSY);
}

Test(store, sync_moves_the_place_and_comes_back_to_normal)
{
    struct store_place place;
    make();
    store_sync(store, 5, 1, 42);
    cr_assert_eq(store_status(store), STATUS_OK, "%s", store_error(store));
    cr_assert_eq(pragma("PRAGMA synchronous"), 1);
    cr_assert(store_read_place(store, &place));
    cr_assert_eq(place.height, 5);
    cr_assert_eq(place.epoch, 1);
    cr_assert_eq(place.sequence, 42);
    struct digest chain = sample_chain();
    cr_assert(digest_equal(&place.chain_id, &chain));
}

Test(store, a_long_wal_is_copied_back)
{
    make();
    for (unsigned round = 0; round < 12; round++) {
        store_begin(store);
        for (unsigned i = 0; i < 1000; i++) {
            struct state_storage storage = store_tree_storage(store);
            struct state_leaf leaf = { .path = sample_digest("path", round * 1000 + i),
                                       .hash = sample_digest("leaf", i) };
            cr_assert_eq(storage.put_leaf(storage.context, &leaf), STATUS_OK);
        }
        store_commit(store);
        store_trim_wal(store);
        store->wal_frames += 1000; /* as if the blocks were larger */
    }
    cr_assert_eq(store_status(store), STATUS_OK);
    cr_assert_eq(pragma("SELECT count(*) FROM leaf"), 12000);
}
