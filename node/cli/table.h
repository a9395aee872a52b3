/* node/cli/table.h -- results on paper, in the format that --format names. */
#ifndef NODE_CLI_TABLE_H
#define NODE_CLI_TABLE_H

#include "node/cli/cli.h"
#include "node/cli_rows.h"

bool cli_wants_json(const struct cli_call *call);

/* A JSON value as one line, to -o or stdout. Each returns an exit code. */
int cli_print_json(const struct cli_call *call, const json_t *value);

/* A list: a row for each item (not for --json, which shows the whole result). */
int cli_print_items(const struct cli_call *call, const json_t *items,
                    const struct cli_column *columns, size_t count, cli_scale_of *scale_of,
                    void *context);

/* A document made here, {"items": [...], ...}: as a whole for --json, else its items. NULL: there
 * was no memory to make it. */
int cli_print_list(const struct cli_call *call, const json_t *document,
                   const struct cli_column *columns, size_t count);

/* One object: a line for each column that has a value. */
int cli_print_record(const struct cli_call *call, const json_t *record,
                     const struct cli_column *columns, size_t count, cli_scale_of *scale_of,
                     void *context);

#endif
