/* node/cli/import.h -- how an import is shown, shared with the payments run. */
#ifndef NODE_CLI_IMPORT_H
#define NODE_CLI_IMPORT_H

#include "node/cli/progress.h"
#include "node/import.h"

/* A progress line for each stage. Zero but for call. */
struct import_shown {
    const struct cli_call *call;
    struct cli_progress progress;
    enum import_stage stage;
    bool begun;
};

void import_show(struct import_shown *shown, const struct import_report *report);
void import_shown_end(struct import_shown *shown);

/* New reference; NULL without memory. */
json_t *import_report_json(const struct import_report *report);

/* Prints what went wrong, if something did; the exit code of the command. */
int import_exit(const struct import_report *report, enum status status,
                const struct problem *problem);

#endif
