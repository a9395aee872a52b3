/* node/cli/import.h -- the flags of an import and how it is shown, shared with the payments run. */
#ifndef NODE_CLI_IMPORT_H
#define NODE_CLI_IMPORT_H

#include "node/cli/progress.h"
#include "node/import.h"

/* Flags of both. A column's further members are named: .standard, .required, .help. */
#define IMPORT_DELIMITER_FLAG(standard_) \
    { \
        .name = "delimiter", .type = CLI_TEXT, .value = "CHAR", .standard = (standard_), \
        .help = "what stands between fields" \
    }
#define IMPORT_COLUMN_FLAG(name_, ...) \
    { \
        .name = (name_), .type = CLI_TEXT, .value = "COLUMN", __VA_ARGS__ \
    }
#define IMPORT_IN_FLIGHT_FLAG \
    { \
        .name = "in-flight", .type = CLI_NUMBER, .value = "N", .standard = "256", .least = 1, \
        .most = SENDER_IN_FLIGHT_MAX, .help = "payments under way at once" \
    }

/* Fills in options->columns from --from, --to, --amount, --ref and --memo. */
void import_columns(const struct cli_call *call, struct import_options *options);

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
