/* ledger/schema.h -- the tables, indexes and audit views of ledger.db, in one place.
 *
 * Names and columns are an interface: auditors open the file with any SQLite tool, ledger/reader.h
 * reads the tables, and views only ever gain columns. Everything is made when the file is made,
 * also what is still empty (holds, proposals, ballots, evidence), so that a file of one version
 * always has one shape. All tables are STRICT and all columns NOT NULL unless stated.
 *
 * Ids, hashes, keys, signatures and records are BLOB; names, addresses and codes TEXT; the rest
 * INTEGER. Small rows with blob keys are WITHOUT ROWID (one tree instead of two); large rows have
 * an integer key in the order they are appended. (ledger.md, section 11;
 * docs/reference/database-views.md)
 */
#ifndef LEDGER_SCHEMA_H
#define LEDGER_SCHEMA_H

#include <stddef.h>

enum {
    SCHEMA_APPLICATION_ID = 0x5749544e, /* "WITN" */
    SCHEMA_VERSION = 1,
    SCHEMA_PAGE_BYTES = 4096,
};

/* Statements that make an empty database, to be run in order in one transaction; NULL at the end.
 */
extern const char *const schema_statements[];

/* The same, listed for those who compare: every table and every view with its columns in order. */
struct schema_object {
    const char *name;
    const char *columns; /* separated by one space */
};
extern const struct schema_object schema_tables[]; /* ends with a NULL name */
extern const struct schema_object schema_views[];

/* Before a database is opened, any number of times: SQLite keeps no statistics of its memory, which
 * would cost a lock for each allocation of every connection. */
void schema_library_start(void);

#endif
