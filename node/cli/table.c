/* node/cli/table.c -- results on paper: tables (libsmartcols), json, ndjson, csv, plain. */
#include "node/cli/table.h"

#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>

static const char *format_of(const struct cli_call *call)
{
    return cli_switch(call, "json") ? "json" : cli_text(call, "format");
}

bool cli_wants_json(const struct cli_call *call)
{
    return strcmp(format_of(call), "json") == 0;
}

static int print_line(const json_t *value, FILE *stream)
{
    char *line = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    if (!line) return cli_fail_memory();
    fprintf(stream, "%s\n", line);
    free(line);
    return CLI_EXIT_DONE;
}

int cli_print_json(const struct cli_call *call, const json_t *value)
{
    FILE *stream = cli_open(call);
    if (!stream) return CLI_EXIT_IO;
    return cli_close(call, stream, print_line(value, stream));
}

/* ---- the terminal's table ---- */

static int fill_table(struct libscols_table *table, const struct cli_call *call,
                      const struct cli_rows *rows)
{
    bool shorten = !cli_switch(call, "no-trunc");
    for (size_t c = 0; c < rows->column_count; c++) {
        const struct cli_column *column = &rows->columns[c];
        bool last = c + 1 == rows->column_count;
        int flags = rows_right(column->kind) ? SCOLS_FL_RIGHT : 0;
        if (last && shorten && flags == 0) flags = SCOLS_FL_TRUNC;
        if (!scols_table_new_column(table, column->title, 0, flags)) return -1;
    }
    for (size_t r = 0; r < rows->row_count; r++) {
        struct libscols_line *line = scols_table_new_line(table, NULL);
        if (!line) return -1;
        for (size_t c = 0; c < rows->column_count; c++)
            if (scols_line_set_data(line, c, rows_cell(rows, r, c)) != 0) return -1;
    }
    return 0;
}

static int draw_table(const struct cli_call *call, const struct cli_rows *rows, FILE *stream)
{
    scols_init_debug(0);
    struct libscols_table *table = scols_new_table();
    if (!table) return cli_fail_memory();
    scols_table_set_stream(table, stream);
    scols_table_enable_noheadings(table, cli_switch(call, "no-headers"));
    int failed = fill_table(table, call, rows);
    if (failed == 0 && rows->row_count > 0) failed = scols_print_table(table);
    scols_unref_table(table);
    return failed == 0 ? CLI_EXIT_DONE : cli_fail_memory();
}

static int print_rows(const struct cli_call *call, const struct cli_rows *rows, FILE *stream)
{
    bool headers = !cli_switch(call, "no-headers");
    const char *format = format_of(call);
    if (strcmp(format, "csv") == 0)
        rows_csv(rows, headers, stream);
    else if (strcmp(format, "plain") == 0)
        rows_plain(rows, headers, stream);
    else
        return draw_table(call, rows, stream);
    return CLI_EXIT_DONE;
}

/* ---- lists and records ---- */

static int fill_rows(struct cli_rows *rows, const json_t *items)
{
    size_t index;
    json_t *item;
    json_array_foreach((json_t *)items, index, item)
    {
        if (rows_add(rows, item) != STATUS_OK) return cli_fail_memory();
    }
    return CLI_EXIT_DONE;
}

int cli_print_items(const struct cli_call *call, const json_t *items,
                    const struct cli_column *columns, size_t count, cli_scale_of *scale_of,
                    void *context)
{
    struct cli_rows rows;
    struct problem problem;
    FILE *stream = cli_open(call);
    if (!stream) return CLI_EXIT_IO;
    int exit_code = CLI_EXIT_DONE;
    if (strcmp(format_of(call), "ndjson") == 0) {
        size_t index;
        json_t *item;
        json_array_foreach((json_t *)items, index, item)
        {
            if (exit_code == CLI_EXIT_DONE) exit_code = print_line(item, stream);
        }
        return cli_close(call, stream, exit_code);
    }
    if (rows_init(&rows, columns, count, cli_text(call, "columns"), &problem) != STATUS_OK)
        return cli_close(call, stream, cli_fail(CLI_EXIT_USAGE, NULL, NULL, "%s", problem.text));
    rows.scale_of = scale_of;
    rows.context = context;
    exit_code = fill_rows(&rows, items);
    if (exit_code == CLI_EXIT_DONE) exit_code = print_rows(call, &rows, stream);
    rows_free(&rows);
    return cli_close(call, stream, exit_code);
}

int cli_print_list(const struct cli_call *call, const json_t *document,
                   const struct cli_column *columns, size_t count)
{
    if (!document) return cli_fail_memory();
    if (cli_wants_json(call)) return cli_print_json(call, document);
    return cli_print_items(call, json_object_get(document, "items"), columns, count, NULL, NULL);
}

int cli_print_record(const struct cli_call *call, const json_t *record,
                     const struct cli_column *columns, size_t count, cli_scale_of *scale_of,
                     void *context)
{
    const char *format = format_of(call);
    if (strcmp(format, "table") != 0) {
        json_t *items = json_pack("[O]", record);
        if (!items) return cli_fail_memory();
        int exit_code = cli_print_items(call, items, columns, count, scale_of, context);
        json_decref(items);
        return exit_code;
    }
    struct cli_rows rows;
    struct problem problem;
    FILE *stream = cli_open(call);
    if (!stream) return CLI_EXIT_IO;
    if (rows_init(&rows, columns, count, cli_text(call, "columns"), &problem) != STATUS_OK)
        return cli_close(call, stream, cli_fail(CLI_EXIT_USAGE, NULL, NULL, "%s", problem.text));
    rows.scale_of = scale_of;
    rows.context = context;
    int exit_code = rows_add(&rows, record) == STATUS_OK ? CLI_EXIT_DONE : cli_fail_memory();
    int width = 0;
    for (size_t c = 0; c < rows.column_count; c++)
        width = (int)max_u64((uint64_t)width, strlen(rows.columns[c].title));
    for (size_t c = 0; exit_code == CLI_EXIT_DONE && c < rows.column_count; c++)
        if (rows_cell(&rows, 0, c)[0])
            fprintf(stream, "%-*s  %s\n", width, rows.columns[c].title, rows_cell(&rows, 0, c));
    rows_free(&rows);
    return cli_close(call, stream, exit_code);
}
