/* node/import_csv.h -- RFC 4180, one row at a time.
 *
 *     row    = field *(delimiter field) (CRLF | LF | end of file)
 *     field  = quoted | plain        quoted = '"' *(anything, '"' doubled) '"'
 *
 * The file is read as a stream, whatever its length; a row has at most CSV_ROW_BYTES_MAX bytes and
 * CSV_FIELDS_MAX fields. The first row is the header: names that are not empty and differ. Every
 * further row has as many fields. Text is UTF-8 without NUL; a byte order mark is skipped. Empty
 * lines are skipped where there is more than one column. Anything else is refused with the number
 * of the line, because a payment read wrongly is worse than one not read.
 */
#ifndef NODE_IMPORT_CSV_H
#define NODE_IMPORT_CSV_H

#include "crypto/base.h"
#include <stdio.h>

enum { CSV_FIELDS_MAX = 256, CSV_ROW_BYTES_MAX = 64 * 1024 };

struct csv {
    FILE *stream; /* borrowed */
    char delimiter;
    uint64_t line; /* where the last row began, from 1 */
    uint64_t next_line;
    uint64_t rows; /* read, without the header */
    uint32_t columns;
    char *header_text; /* owned: what the names below point into */
    const char *names[CSV_FIELDS_MAX];
    const char *fields[CSV_FIELDS_MAX]; /* of the last row, until the next one; zero-ended */
    size_t row_size;
    char row[CSV_ROW_BYTES_MAX + 1];
};

/* Reads the header. STATUS_MALFORMED, STATUS_TOO_LARGE, STATUS_IO, STATUS_NO_MEMORY; the message
 * names the line. csv_close in every case. */
enum status csv_open(struct csv *csv, FILE *stream, char delimiter, struct problem *problem);

/* The next row into csv->fields. STATUS_NOT_FOUND: there is none. */
enum status csv_next(struct csv *csv, struct problem *problem);

/* Index of a column, or -1. */
int csv_column(const struct csv *csv, const char *name, size_t name_size);

void csv_close(struct csv *csv);

/* Writes a field, quoted where needed. */
void csv_write(FILE *stream, const char *text);

#endif
