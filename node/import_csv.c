/* node/import_csv.c -- RFC 4180, one row at a time. */
#include "node/import_csv.h"

#include "crypto/codec.h"
#include <errno.h>
#include <stdlib.h>

/* Reading a row. Where it stands within a field: */
enum place {
    PLACE_START,  /* nothing of it was read */
    PLACE_PLAIN,  /* in a field without quotes */
    PLACE_QUOTED, /* between its quotes */
    PLACE_CLOSED, /* behind a quote that ends it, or is the first of a doubled one */
};

struct row {
    struct csv *csv;
    struct problem *problem;
    enum place place;
    uint32_t fields;
    bool any;   /* a byte was read */
    bool ended; /* by a line's end or the file's */
    enum status status;
};

static void fail(struct row *row, enum status status, const char *text)
{
    if (row->status != STATUS_OK) return;
    row->status = problem_set(row->problem, status, "line %llu: %s",
                              (unsigned long long)row->csv->line, text);
}

static void put(struct row *row, char byte)
{
    struct csv *csv = row->csv;
    if (csv->row_size >= CSV_ROW_BYTES_MAX)
        fail(row, STATUS_TOO_LARGE, "the row is longer than 64 KiB");
    else
        csv->row[csv->row_size++] = byte;
}

/* The field that ends here is zero-ended, and the next one begins. */
static void end_field(struct row *row)
{
    put(row, 0);
    row->place = PLACE_START;
    row->fields++;
}

static void begin_field(struct row *row)
{
    struct csv *csv = row->csv;
    if (row->fields >= CSV_FIELDS_MAX)
        fail(row, STATUS_TOO_LARGE, "the row has more than 256 fields");
    else
        csv->fields[row->fields] = csv->row + csv->row_size;
}

static void take(struct row *row, int byte)
{
    struct csv *csv = row->csv;
    bool line_end = byte == '\n' || byte == EOF;
    if (byte == '\n') csv->next_line++;
    if (row->place == PLACE_QUOTED) {
        if (byte == EOF)
            fail(row, STATUS_MALFORMED, "a quote is not closed before the end of the file");
        else if (byte == '"')
            row->place = PLACE_CLOSED;
        else
            put(row, (char)byte);
    } else if (line_end) {
        end_field(row);
        row->ended = true;
    } else if (byte == csv->delimiter) {
        end_field(row);
        begin_field(row);
    } else if (row->place == PLACE_START && byte == '"') {
        row->place = PLACE_QUOTED;
    } else if (row->place == PLACE_CLOSED) {
        if (byte != '"') fail(row, STATUS_MALFORMED, "text stands behind a closing quote");
        put(row, '"');
        row->place = PLACE_QUOTED;
    } else {
        if (byte == '"') fail(row, STATUS_MALFORMED, "a quote stands within an unquoted field");
        put(row, (char)byte);
        row->place = PLACE_PLAIN;
    }
}

/* One byte, a carriage return before a line feed left out where it belongs to the line's end. */
static int next_byte(struct row *row)
{
    FILE *stream = row->csv->stream;
    int byte = getc_unlocked(stream);
    if (byte != '\r' || row->place == PLACE_QUOTED) return byte;
    byte = getc_unlocked(stream);
    if (byte == '\n' || byte == EOF) return byte;
    fail(row, STATUS_MALFORMED, "a carriage return stands without a line feed");
    return byte;
}

static enum status read_row(struct csv *csv, uint32_t *fields, struct problem *problem)
{
    struct row row = { .csv = csv, .problem = problem };
    csv->line = csv->next_line;
    csv->row_size = 0;
    begin_field(&row);
    while (!row.ended && row.status == STATUS_OK) {
        int byte = next_byte(&row);
        if (byte == EOF && ferror(csv->stream)) fail(&row, STATUS_IO, strerror(errno));
        if (byte == EOF && !row.any) return row.status == STATUS_OK ? STATUS_NOT_FOUND : row.status;
        row.any = true;
        take(&row, byte);
    }
    *fields = row.fields;
    for (uint32_t i = 0; i < row.fields && row.status == STATUS_OK; i++) {
        const char *end = i + 1 < row.fields ? csv->fields[i + 1] : csv->row + csv->row_size;
        if (!utf8_valid(span_of(csv->fields[i], (size_t)(end - csv->fields[i]) - 1)))
            fail(&row, STATUS_MALFORMED, "a field is not UTF-8 text");
    }
    return row.status;
}

/* An empty line has one empty field. */
static bool is_empty_line(const struct csv *csv, uint32_t fields)
{
    return fields == 1 && csv->row_size == 1;
}

static void skip_mark(FILE *stream)
{
    static const unsigned char mark[3] = { 0xef, 0xbb, 0xbf };
    int first = getc(stream);
    if (first != mark[0]) {
        if (first != EOF) ungetc(first, stream);
        return;
    }
    /* Anything else that begins with this byte is no UTF-8, or a letter that no name has. */
    if (getc(stream) != mark[1] || getc(stream) != mark[2]) rewind(stream);
}

static enum status check_names(const struct csv *csv, struct problem *problem)
{
    for (uint32_t i = 0; i < csv->columns; i++) {
        if (!csv->names[i][0])
            return problem_set(problem, STATUS_MALFORMED, "line %llu: column %u has no name",
                               (unsigned long long)csv->line, i + 1);
        if (csv_column(csv, csv->names[i], strlen(csv->names[i])) != (int)i)
            return problem_set(problem, STATUS_MALFORMED,
                               "line %llu: columns %d and %u have the same name",
                               (unsigned long long)csv->line,
                               csv_column(csv, csv->names[i], strlen(csv->names[i])) + 1, i + 1);
    }
    return STATUS_OK;
}

enum status csv_open(struct csv *csv, FILE *stream, char delimiter, struct problem *problem)
{
    csv->stream = stream;
    csv->delimiter = delimiter;
    csv->line = csv->next_line = 1;
    csv->rows = 0;
    csv->columns = 0;
    csv->header_text = NULL;
    skip_mark(stream);
    enum status status = read_row(csv, &csv->columns, problem);
    if (status == STATUS_NOT_FOUND)
        return problem_set(problem, STATUS_MALFORMED, "the file is empty: a header is needed");
    if (status != STATUS_OK) return status;
    csv->header_text = malloc(csv->row_size);
    if (!csv->header_text) return problem_set(problem, STATUS_NO_MEMORY, "out of memory");
    memcpy(csv->header_text, csv->row, csv->row_size);
    for (uint32_t i = 0; i < csv->columns; i++)
        csv->names[i] = csv->header_text + (csv->fields[i] - csv->row);
    return check_names(csv, problem);
}

enum status csv_next(struct csv *csv, struct problem *problem)
{
    uint32_t fields;
    enum status status;
    do {
        status = read_row(csv, &fields, problem);
    } while (status == STATUS_OK && csv->columns > 1 && is_empty_line(csv, fields));
    if (status != STATUS_OK) return status;
    if (fields != csv->columns)
        return problem_set(problem, STATUS_MALFORMED,
                           "line %llu: the row has %u fields, the header %u",
                           (unsigned long long)csv->line, fields, csv->columns);
    csv->rows++;
    return STATUS_OK;
}

int csv_column(const struct csv *csv, const char *name, size_t name_size)
{
    for (uint32_t i = 0; i < csv->columns; i++)
        if (strlen(csv->names[i]) == name_size && memcmp(csv->names[i], name, name_size) == 0)
            return (int)i;
    return -1;
}

void csv_close(struct csv *csv)
{
    free(csv->header_text);
    csv->header_text = NULL;
}

void csv_write(FILE *stream, const char *text)
{
    if (!text[strcspn(text, "\",;\r\n")]) {
        fputs(text, stream);
        return;
    }
    fputc('"', stream);
    for (; *text; text++) {
        if (*text == '"') fputc('"', stream);
        fputc(*text, stream);
    }
    fputc('"', stream);
}
