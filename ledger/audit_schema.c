/* The file as SQLite sees it: pages, and what its schema says. */
#include "ledger/audit_rows.h"
#include <stdio.h>

static uint64_t last_height(const struct row_sides *sides)
{
    return ledger_head(sides->audit->ledger)->header.height;
}

/* Pages, cells, order of rowids, types of columns. What indexes hold is compared entry by entry
 * later. */
void audit_pages(struct row_sides *sides)
{
    sqlite3_stmt *statement = audit_query(sides, sides->file, "PRAGMA quick_check");
    while (statement && audit_row(sides, statement, "quick_check")) {
        const char *text = (const char *)sqlite3_column_text(statement, 0);
        if (!text || strcmp(text, "ok") == 0) continue;
        audit_find(sides->audit, FINDING_sqlite_damaged, last_height(sides), FINDING_NO_ENTRY,
                   "%.280s", text);
    }
    sqlite3_finalize(statement);
}

static sqlite3_stmt *find_object(struct row_sides *sides, sqlite3 *db, const char *type,
                                 const char *name)
{
    sqlite3_stmt *statement = audit_query(sides, db,
                                          "SELECT sql, tbl_name, count(*) FROM sqlite_schema"
                                          " WHERE type = ? AND name = ?");
    if (!statement) return NULL;
    sqlite3_bind_text(statement, 1, type, -1, SQLITE_TRANSIENT);
    sqlite3_bind_text(statement, 2, name, -1, SQLITE_TRANSIENT);
    if (audit_row(sides, statement, "sqlite_schema") && sqlite3_column_int(statement, 2) == 1)
        return statement;
    sqlite3_finalize(statement);
    return NULL;
}

static bool same_text(sqlite3_stmt *a, sqlite3_stmt *b, int column)
{
    const char *left = (const char *)sqlite3_column_text(a, column);
    const char *right = (const char *)sqlite3_column_text(b, column);
    return left && right ? strcmp(left, right) == 0 : left == right;
}

bool audit_schema_same(struct row_sides *sides, const char *type, const char *name)
{
    sqlite3_stmt *file = find_object(sides, sides->file, type, name);
    sqlite3_stmt *right = find_object(sides, sides->right, type, name);
    bool same = file && right && same_text(file, right, 0) && same_text(file, right, 1);
    sqlite3_finalize(file);
    sqlite3_finalize(right);
    return same;
}

static enum finding_code code_of(const char *type, enum finding_code table)
{
    if (strcmp(type, "index") == 0) return FINDING_index_mismatch;
    return strcmp(type, "view") == 0 ? FINDING_view_mismatch : table;
}

/* Each object of one side that the other has not, or has otherwise. */
static void compare_objects(struct row_sides *sides, sqlite3 *from, sqlite3 *to)
{
    sqlite3_stmt *list =
        audit_query(sides, from, "SELECT type, name FROM sqlite_schema ORDER BY type, name");
    while (list && audit_row(sides, list, "sqlite_schema")) {
        const char *type = (const char *)sqlite3_column_text(list, 0);
        const char *name = (const char *)sqlite3_column_text(list, 1);
        if (!type || !name) continue;
        sqlite3_stmt *other = find_object(sides, to, type, name);
        sqlite3_finalize(other);
        if (other && (from == sides->file || audit_schema_same(sides, type, name))) continue;
        const char *what = from == sides->file ? "the format has none"
                           : other             ? "its text is another"
                                               : "it is missing";
        enum finding_code table = from == sides->file ? FINDING_row_extra
                                  : other             ? FINDING_row_mismatch
                                                      : FINDING_row_missing;
        audit_find(sides->audit, code_of(type, table), last_height(sides), FINDING_NO_ENTRY,
                   "sqlite_schema, %.16s %.80s: %s", type, name, what);
    }
    sqlite3_finalize(list);
}

void audit_schema(struct row_sides *sides)
{
    compare_objects(sides, sides->right, sides->file);
    compare_objects(sides, sides->file, sides->right);
}
