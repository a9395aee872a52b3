/* ledger/audit_rows.h -- every row of every table and every index, against the ledger that was
 * executed again. Part of an audit; nobody else includes this.
 *
 *     file      a  b     d  e'        both in the order of their b-tree, one row of each in memory
 *     right     a  b  c     e  f
 *                     |  |  |  |
 *               missing  |  |  missing
 *                    extra  differs
 *
 * The right ledger was written by the code of a node, out of signed transactions alone; so whatever
 * a node stores can be compared without a word about its meaning. An index is walked like a table:
 * its entries in its own order, which finds one that is gone, doubled, stale or out of order. An
 * index of a table that differs is held against that table instead, or each wrong row would be
 * told twice.
 *
 * What no two nodes have alike (slots, seals, evidence, the sequence that was reached) is
 * judged by itself: ledger/audit_local.c. (ledger.md, section 12, step 6)
 */
#ifndef LEDGER_AUDIT_ROWS_H
#define LEDGER_AUDIT_ROWS_H

#include "ledger/audit_internal.h"
#include <sqlite3.h>

/* The whole step: the file's pages, its schema, its rows, its indexes, and the sums over them. To
 * be called inside a snapshot of the file whose head is the head of audit->ledger. Findings go to
 * the report; audit->failed says if memory or the medium failed, or the caller asked to stop. */
void audit_rows(struct audit *audit);

/* ---- its parts, each in a file of its own ---------------------------------------------------- */

/* Two databases side by side. */
struct row_sides {
    struct audit *audit;
    sqlite3 *file, *right;
};

/* SQLite's own check of pages, cells and column types, and the text of every table, index, trigger
 * and view. (ledger/audit_schema.c) */
void audit_pages(struct row_sides *sides);
void audit_schema(struct row_sides *sides);

/* Whether the file has an object of this type and name, made by the same text. */
bool audit_schema_same(struct row_sides *sides, const char *type, const char *name);

/* Gives the right ledger the file's evidence, as far as it holds; then slots against leaves,
 * signatures of no block, the place that was reached. (ledger/audit_local.c) */
void audit_take_evidence(struct row_sides *sides);
void audit_local(struct row_sides *sides);

/* What must hold of the file's own rows, whatever execution says: sums, floors, chains of
 * movements. (ledger/audit_sums.c) */
void audit_sums(struct row_sides *sides);

/* ---- helpers --------------------------------------------------------------------------------- */

/* Prepares a query on one side; NULL after a finding (the file) or a failure (ours). */
sqlite3_stmt *audit_query(struct row_sides *sides, sqlite3 *db, const char *sql);

/* The next row; false at the end, and after an error, which is told as audit_query's. table: for
 * its sentence. */
bool audit_row(struct row_sides *sides, sqlite3_stmt *statement, const char *table);

/* A column's value for a sentence: a number, a text, or hex, cut if it is long. */
enum { AUDIT_VALUE_TEXT = 80 };
const char *audit_value(sqlite3_stmt *statement, int column, char text[AUDIT_VALUE_TEXT]);

/* The hash of a column of 32 bytes; false if it is something else. */
bool audit_digest(sqlite3_stmt *statement, int column, struct digest *digest);

#endif
