#include "node/import_csv.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct csv csv;
static struct problem problem;
static FILE *stream;

static enum status open_text(const char *text, size_t size, char delimiter)
{
    problem = (struct problem){ .status = STATUS_OK };
    /* fmemopen refuses a size of 0. */
    stream = size > 0 ? fmemopen((void *)(uintptr_t)text, size, "r") : fopen("/dev/null", "r");
    cr_assert_not_null(stream);
    return csv_open(&csv, stream, delimiter, &problem);
}

static void close_text(void)
{
    csv_close(&csv);
    fclose(stream);
}

/* The rows after the header, fields between bars, rows between slashes; or the problem. */
static const char *rows_of(const char *text, size_t size, char delimiter)
{
    static char out[4096];
    size_t at = 0;
    enum status status = open_text(text, size, delimiter);
    while (status == STATUS_OK && (status = csv_next(&csv, &problem)) == STATUS_OK) {
        for (uint32_t i = 0; i < csv.columns; i++)
            at += (size_t)snprintf(out + at, sizeof out - at, "%s%s", i > 0 ? "|" : "",
                                   csv.fields[i]);
        at += (size_t)snprintf(out + at, sizeof out - at, "/");
    }
    out[at] = 0;
    if (status != STATUS_NOT_FOUND) snprintf(out, sizeof out, "%s", problem.text);
    close_text();
    return out;
}

#define ROWS(text, delimiter, wanted) \
    cr_assert_str_eq(rows_of(text, sizeof(text) - 1, delimiter), wanted)

Test(import_csv, plain_rows)
{
    ROWS("a,b\n1,2\n3,4\n", ',', "1|2/3|4/");
    ROWS("a,b\r\n1,2\r\n3,4", ',', "1|2/3|4/");
    ROWS("a;b;c\n1;;3\n;;\n", ';', "1||3/||/");
    ROWS("a,b\n 1 , 2 \n", ',', " 1 | 2 /");
    ROWS("a\n1\n\n2\n", ',', "1//2/");
    ROWS("a,b\n", ',', "");
    ROWS("a,b", ',', "");
}

Test(import_csv, quotes)
{
    ROWS("\"a\",\"b\"\n\"1\",2\n", ',', "1|2/");
    ROWS("a,b\n\"x,y\",\"say \"\"no\"\"\"\n", ',', "x,y|say \"no\"/");
    ROWS("a,b\n\"two\r\nlines\",2\r\n", ',', "two\r\nlines|2/");
    ROWS("a,b\n\"\",\"\"\"\"\n", ',', "|\"/");
    ROWS("a,b\n\"1\",\"2\"", ',', "1|2/");
}

Test(import_csv, empty_lines_are_skipped_between_columns)
{
    ROWS("a,b\n\n1,2\n\r\n\n3,4\n\n", ',', "1|2/3|4/");
}

Test(import_csv, a_byte_order_mark_is_no_part_of_the_first_name)
{
    cr_assert_eq(open_text("\xef\xbb\xbf"
                           "a,b\n1,2\n",
                           11, ','),
                 STATUS_OK);
    cr_assert_eq(csv_column(&csv, "a", 1), 0);
    close_text();
}

Test(import_csv, columns_are_found_by_name)
{
    cr_assert_eq(open_text("first,\"sec,ond\",third\n1,2,3\n", 28, ','), STATUS_OK);
    cr_assert_eq(csv.columns, 3);
    cr_assert_eq(csv_column(&csv, "first", 5), 0);
    cr_assert_eq(csv_column(&csv, "sec,ond", 7), 1);
    cr_assert_eq(csv_column(&csv, "third", 5), 2);
    cr_assert_eq(csv_column(&csv, "thir", 4), -1);
    cr_assert_eq(csv_column(&csv, "First", 5), -1);
    cr_assert_eq(csv_next(&csv, &problem), STATUS_OK);
    cr_assert_str_eq(csv.names[1], "sec,ond"); /* still, after another row */
    close_text();
}

Test(import_csv, lines_are_counted_within_quotes_too)
{
    cr_assert_eq(open_text("a,b\n\"x\ny\",2\n3,4\n", 17, ','), STATUS_OK);
    cr_assert_eq(csv_next(&csv, &problem), STATUS_OK);
    cr_assert_eq(csv.line, 2);
    cr_assert_eq(csv_next(&csv, &problem), STATUS_OK);
    cr_assert_eq(csv.line, 4);
    cr_assert_eq(csv.rows, 2);
    close_text();
}

Test(import_csv, what_is_wrong_is_said_with_its_line)
{
    ROWS("", ',', "the file is empty: a header is needed");
    ROWS("a,a\n", ',', "line 1: columns 1 and 2 have the same name");
    ROWS("a,,c\n", ',', "line 1: column 2 has no name");
    ROWS("a,b\n1,2\n3\n", ',', "line 3: the row has 1 fields, the header 2");
    ROWS("a,b\n1,2,3\n", ',', "line 2: the row has 3 fields, the header 2");
    ROWS("a,b\n1,\"2\n", ',', "line 2: a quote is not closed before the end of the file");
    ROWS("a,b\n1,\"2\"x\n", ',', "line 2: text stands behind a closing quote");
    ROWS("a,b\n1,2\"\n", ',', "line 2: a quote stands within an unquoted field");
    ROWS("a,b\n1\r2,3\n", ',', "line 2: a carriage return stands without a line feed");
    ROWS("a,b\n1,\xff\n", ',', "line 2: a field is not UTF-8 text");
    ROWS("a,b\n1,\0\n", ',', "line 2: a field is not UTF-8 text");
}

/* A row "xxx...,2" whose fields, each with its end, are size bytes. */
static enum status read_long_row(size_t size)
{
    static char text[2 * CSV_ROW_BYTES_MAX];
    memcpy(text, "a,b\n", 4);
    memset(text + 4, 'x', size - 3);
    memcpy(text + 4 + size - 3, ",2\n", 4);
    cr_assert_eq(open_text(text, strlen(text), ','), STATUS_OK);
    enum status status = csv_next(&csv, &problem);
    if (status == STATUS_OK) cr_assert_eq(strlen(csv.fields[0]), size - 3);
    close_text();
    return status;
}

Test(import_csv, sizes_are_bounded)
{
    cr_assert_eq(read_long_row(CSV_ROW_BYTES_MAX), STATUS_OK);
    cr_assert_eq(read_long_row(CSV_ROW_BYTES_MAX + 1), STATUS_TOO_LARGE);
    cr_assert_str_eq(problem.text, "line 2: the row is longer than 64 KiB");

    char many[CSV_FIELDS_MAX + 2];
    memset(many, ',', CSV_FIELDS_MAX);
    memcpy(many + CSV_FIELDS_MAX, "\n", 2);
    cr_assert_str_eq(rows_of(many, strlen(many), ','), "line 1: the row has more than 256 fields");
}

Test(import_csv, fields_are_quoted_where_needed)
{
    static const struct {
        const char *text, *wanted;
    } cases[] = { { "plain", "plain" },  { "", "" },           { "a,b", "\"a,b\"" },
                  { "a;b", "\"a;b\"" },  { "\"", "\"\"\"\"" }, { "a\nb", "\"a\nb\"" },
                  { "a\rb", "\"a\rb\"" } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *out = NULL;
        size_t size;
        FILE *memory = open_memstream(&out, &size);
        csv_write(memory, cases[i].text);
        fclose(memory);
        cr_assert_str_eq(out, cases[i].wanted);
        free(out);
    }
}
