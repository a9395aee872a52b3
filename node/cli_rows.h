/* node/cli_rows.h -- rows of text made from JSON, and their plain forms: csv, plain, ndjson.
 *
 * A reading command says which members of a result are its columns; here they become cells, the
 * same for every format. The table of a terminal is drawn by the command itself (libsmartcols).
 *
 * Text from a ledger is a stranger's: control characters never reach a terminal, and csv guards
 * cells that a spreadsheet would run as a formula.
 */
#ifndef NODE_CLI_ROWS_H
#define NODE_CLI_ROWS_H

#include "crypto/base.h"
#include <jansson.h>
#include <stdio.h>

enum cell_kind {
    CELL_TEXT,       /* a string, number, boolean, or a list of them; right-aligned if a number */
    CELL_NUMBER,     /* the same, always right-aligned */
    CELL_AMOUNT,     /* minor units of the row's asset, shown in its units */
    CELL_RECORD,     /* hex of a record's bytes, shown as text if it is text */
    CELL_COUNT,      /* how many items a list has */
    CELL_OPERATIONS, /* the names of a list of operations */
};

/* A column: its title, and where its value stands: member names with dots, "location.height". */
struct cli_column {
    const char *title;
    const char *path;
    enum cell_kind kind;
};

enum { ROWS_COLUMNS_MAX = 24 };

/* Gives the scale of an asset id ("ast1..."), for CELL_AMOUNT; false if it is not known, and minor
 * units are shown. */
typedef bool cli_scale_of(void *context, const char *asset, unsigned *scale);

struct cli_rows {
    struct cli_column columns[ROWS_COLUMNS_MAX]; /* those that are shown, in order */
    size_t column_count;
    char **cells; /* row by row */
    size_t row_count, row_capacity;
    cli_scale_of *scale_of;
    void *context;
};

/* All columns, or those of filter ("a,b"), a list of titles in any case; NULL: all. STATUS_INVALID
 * names an unknown one. */
enum status rows_init(struct cli_rows *rows, const struct cli_column *columns, size_t count,
                      const char *filter, struct problem *problem);
void rows_free(struct cli_rows *rows);

/* One row from a JSON object; what is not there is an empty cell. STATUS_NO_MEMORY. */
enum status rows_add(struct cli_rows *rows, const json_t *object);

const char *rows_cell(const struct cli_rows *rows, size_t row, size_t column);
bool rows_right(enum cell_kind kind);

/* RFC 4180 with a header line: cells with quotes, commas or line breaks are quoted; cells that
 * begin with = + - @, a tab or a carriage return get an apostrophe before them, unless they are
 * numbers. */
void rows_csv(const struct cli_rows *rows, bool headers, FILE *stream);

/* Cells separated by tabs, without quoting. */
void rows_plain(const struct cli_rows *rows, bool headers, FILE *stream);

/* One cell as csv. */
void csv_cell(const char *text, FILE *stream);

/* The value at a path of member names, or NULL. */
const json_t *json_at(const json_t *object, const char *path);

/* Control characters become spaces, in place. */
void text_calm(char *text);

/* Hex of UTF-8 text without control characters as that text, other bytes as "hex:..."; new string
 * on the heap, NULL without memory. */
char *record_text(const char *hex);
/* The way back: text, or "hex:..." -> hex. NULL without memory, or for bad hex. */
char *record_hex(const char *text);

#endif
