/* ledger/reader_query.h -- how the files of the reader and of the audit ask SQLite; nobody else
 * includes this.
 *
 * A query is a statement with a sticky error, in the manner of crypto/codec.h: parameters are bound
 * and columns taken in order, and query_end tells what went wrong first. A column of another type
 * or size than the schema says is STATUS_DAMAGED, so a file that was edited by hand cannot put
 * wrong bytes into a fixed field.
 *
 *     struct query q = query_of(reader, "SELECT height FROM block WHERE hash = ?");
 *     bind_digest(&q, hash);
 *     if (query_row(&q)) height = column_u64(&q);
 *     return query_end_one(&q);
 */
#ifndef LEDGER_READER_QUERY_H
#define LEDGER_READER_QUERY_H

#include "ledger/reader.h"
#include <sqlite3.h>

/* Statements are kept between calls: parsing one costs more than most of them do. */
enum { STATEMENTS_KEPT = 48 };

struct kept_statement {
    sqlite3_stmt *statement; /* NULL: free */
    bool used;               /* by a query that has not ended */
};

struct ledger_reader {
    sqlite3 *db;
    struct kept_statement kept[STATEMENTS_KEPT];
    unsigned kept_next; /* where room is made next */
    bool (*expired)(void *context);
    void *context;
    uint64_t total_height; /* entry_total counts the blocks up to here */
    uint64_t entry_total;
    char error[256];
};

struct query {
    struct ledger_reader *reader;
    sqlite3_stmt *statement;
    struct kept_statement *kept; /* where it lives; NULL: it goes with the query */
    enum status status;
    int bound;       /* parameters so far */
    int column;      /* columns of the present row taken so far */
    uint64_t rows;   /* rows so far */
    const char *sql; /* for the sentence of an error */
};

struct query query_of(struct ledger_reader *reader, const char *sql);

void bind_u64(struct query *q, uint64_t value); /* at most INT64_MAX, else no row matches */
void bind_id(struct query *q, const struct id *id);
void bind_digest(struct query *q, const struct digest *digest);
void bind_key(struct query *q, const struct public_key *key);
void bind_blob(struct query *q, struct span bytes);
void bind_text(struct query *q, const char *text);

/* The next row; false at the end or after an error. */
bool query_row(struct query *q);

uint64_t column_u64(struct query *q, uint64_t most);
int64_t column_i64(struct query *q);
struct span column_blob(struct query *q); /* valid until the next row */
bool column_null(struct query *q);        /* looks at the next column without taking it */
void column_skip(struct query *q);
void column_id(struct query *q, struct id *id);
void column_digest(struct query *q, struct digest *digest);
void column_key(struct query *q, struct public_key *key);
void column_signature(struct query *q, struct signature *signature);
void column_text(struct query *q, char *text, size_t size); /* fits with its zero, else DAMAGED */

/* Records STATUS_DAMAGED with a sentence, unless there is an error already. */
void query_damaged(struct query *q, const char *what);

/* Gives the statement back. The first error, or STATUS_OK; _one also says STATUS_NOT_FOUND if there
 * was no row. */
enum status query_end(struct query *q);
enum status query_end_one(struct query *q);

/* The highest seq of a balance whose movement stands at or below position; 0 if there is none. */
enum status movement_seq_at(struct ledger_reader *reader, const struct id *account,
                            const struct id *asset, uint64_t position, uint64_t *seq);

#endif
