/* node/cli/epoch.c -- the runs of blocks under one validator set. */
#include "node/cli/read.h"

static const struct cli_column list_columns[] = {
    { "EPOCH", "epoch", CELL_NUMBER },           { "FIRST", "first_height", CELL_NUMBER },
    { "LAST", "last_height", CELL_NUMBER },      { "ENGINE", "engine", CELL_TEXT },
    { "VALIDATORS", "validators", CELL_COUNT },  { "QUORUM", "quorum", CELL_NUMBER },
    { "MAX_FAULTY", "max_faulty", CELL_NUMBER }, { "SET", "validators_hash", CELL_TEXT },
};

static const struct cli_view list_view = { .items = "items", CLI_VIEW_COLUMNS(list_columns) };

const struct cli_command epoch_commands[] = {
    { .path = "epoch list",
      .summary = "List the epochs: first and last block, validators, quorum",
      .groups = CLI_GROUP_NODE | CLI_GROUP_OUTPUT | CLI_GROUP_READ,
      .method = "epoch_list",
      .data = &list_view,
      .examples = { "epoch list", "epoch list --json" },
      .run = cli_read },
    CLI_COMMANDS_END,
};
