/* tests/unit/ledger/fixture_rows.h -- the fixture's database seen from inside: rows written by a
 * test itself, and numbers read by SQL.
 */
#ifndef TESTS_LEDGER_FIXTURE_ROWS_H
#define TESTS_LEDGER_FIXTURE_ROWS_H

#include "ledger/ledger_inside.h"
#include "ledger/store_query.h"
#include "tests/unit/ledger/fixture.h"
#include <criterion/criterion.h>

/* Starts the fixture with a transaction of its store open, for a test that writes rows. */
static inline struct store *fixture_rows_start(struct fixture *f)
{
    fixture_start(f);
    store_begin(f->ledger->store);
    return f->ledger->store;
}

static inline void fixture_rows_stop(struct fixture *f)
{
    store_rollback(f->ledger->store);
    fixture_stop(f);
}

/* The first column of the first row. */
static inline int64_t fixture_number(const struct fixture *f, const char *sql)
{
    sqlite3_stmt *s = NULL;
    sqlite3 *db = f->ledger->store->db;
    cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
    cr_assert_eq(sqlite3_step(s), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return value;
}

#endif
