/* A small command table for the tests of parsing and help. */
#ifndef TESTS_UNIT_NODE_CLI_TABLE_H
#define TESTS_UNIT_NODE_CLI_TABLE_H

#include "node/cli_command.h"

static int table_run(struct cli_call *call)
{
    (void)call;
    return 0;
}

static const struct cli_flag table_flags[] = {
    { .name = "to", .type = CLI_TEXT, .value = "ACCOUNT", .required = true, .help = "who gets it" },
    { .name = "count",
      .type = CLI_NUMBER,
      .least = 1,
      .most = 9,
      .standard = "4",
      .help = "how many" },
    { .name = "key", .letter = 'k', .type = CLI_FILE, .repeat = true, .help = "who signs" },
    { .name = "wait",
      .type = CLI_WORD,
      .words = "no|yes",
      .standard = "no",
      .help = "for the end" },
    { .name = "pause", .type = CLI_DURATION, .standard = "2s", .help = "between two" },
    CLI_FLAGS_END,
};

static const struct cli_command table_bare[] = {
    { .path = "start",
      .summary = "Run",
      .groups = CLI_GROUP_HOME,
      .settings = true,
      .run = table_run },
    { .path = "explain",
      .summary = "Say what a word means",
      .arguments = "WORD",
      .arguments_min = 1,
      .arguments_max = 1,
      .run = table_run },
    CLI_COMMANDS_END,
};

static const struct cli_command table_tx[] = {
    { .path = "tx pay",
      .summary = "Pay somebody",
      .details =
          "A payment moves an amount; what happens to it is what this sentence is about, and "
          "it is long enough to be broken.",
      .arguments = "AMOUNT [MEMO]",
      .arguments_min = 1,
      .arguments_max = 2,
      .flags = table_flags,
      .examples = { "tx pay 5 --to bob" },
      .run = table_run },
    { .path = "tx list",
      .summary = "List | all",
      .groups = CLI_GROUP_NODE | CLI_GROUP_OUTPUT,
      .method = "tx_list",
      .examples = { "tx list" },
      .run = table_run },
    CLI_COMMANDS_END,
};

static const struct cli_command table_import[] = {
    { .path = "tx import",
      .summary = "Import",
      .arguments = "FILE",
      .arguments_min = 1,
      .arguments_max = 1,
      .run = table_run },
    CLI_COMMANDS_END,
};

static const struct cli_section table_sections[] = {
    { "", "Bare verbs", table_bare },
    { "tx", "Transactions", table_tx },
    { "tx", "Transactions in bulk", table_import },
};

static const struct cli_table table = { table_sections, 3 };

#endif
