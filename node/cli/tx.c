/* node/cli/tx.c -- payments, and questions about transactions. */
#include "node/cli/write.h"

#define READING (CLI_GROUP_NODE | CLI_GROUP_OUTPUT | CLI_GROUP_READ)
#define WRITING (CLI_GROUP_NODE | CLI_GROUP_WRITE | CLI_GROUP_SECRET)

/* ---- transfer ---- */

static int transfer(struct cli_call *call)
{
    struct cli_writer writer;
    int exit_code = cli_writer_open(&writer, call);
    if (exit_code == CLI_EXIT_DONE) {
        struct operation *operation = cli_writer_add(&writer, OP_TRANSFER);
        bool read =
            cli_writer_account(&writer, cli_text(call, "to"), &operation->transfer.to,
                               &exit_code) &&
            cli_writer_amount(&writer, cli_text(call, "asset"), cli_text(call, "amount"),
                              &operation->transfer.asset, &operation->transfer.amount, &exit_code);
        if (read) exit_code = cli_writer_send(&writer);
    }
    cli_writer_close(&writer);
    return exit_code;
}

static const struct cli_flag transfer_flags[] = {
    { .name = "to",
      .type = CLI_TEXT,
      .value = "ACCOUNT",
      .required = true,
      .help = "who gets it: acc1..., or the name of a key file" },
    { .name = "asset",
      .type = CLI_TEXT,
      .value = "CODE|ID",
      .required = true,
      .help = "EUR, EUR:acc1... or ast1..." },
    { .name = "amount",
      .type = CLI_TEXT,
      .value = "AMOUNT",
      .required = true,
      .help = "in the asset's units, such as 250.00" },
    CLI_FLAGS_END,
};

/* ---- status, wait, get, list ---- */

static const struct cli_column status_columns[] = {
    { "transaction", "tx_id", CELL_TEXT },
    { "status", "status", CELL_TEXT },
    { "final", "final", CELL_TEXT },
    { "sealed", "sealed", CELL_TEXT },
    { "position", "location.position", CELL_TEXT },
    { "block", "location.block_hash", CELL_TEXT },
    { "time", "location.time", CELL_TEXT },
    { "result", "result.code", CELL_TEXT },
    { "at", "result.at", CELL_TEXT },
    { "observed", "result.observed", CELL_TEXT },
    { "not after", "not_after", CELL_TEXT },
    { "node's height", "ledger_height", CELL_TEXT },
};

static const struct cli_column tx_columns[] = {
    { "transaction", "tx_id", CELL_TEXT },   { "status", "status", CELL_TEXT },
    { "sealed", "sealed", CELL_TEXT },       { "position", "location.position", CELL_TEXT },
    { "time", "location.time", CELL_TEXT },  { "result", "result.code", CELL_TEXT },
    { "source", "source", CELL_TEXT },       { "client_ref", "client_ref", CELL_TEXT },
    { "not after", "not_after", CELL_TEXT }, { "operations", "ops", CELL_TEXT },
    { "asserts", "asserts", CELL_TEXT },     { "effects", "effects", CELL_TEXT },
    { "order", "order", CELL_TEXT },         { "signatures", "signatures", CELL_COUNT },
    { "bytes", "size_bytes", CELL_TEXT },    { "raw", "raw", CELL_TEXT },
};

static const struct cli_column list_columns[] = {
    { "POSITION", "location.position", CELL_NUMBER }, { "TIME", "location.time", CELL_TEXT },
    { "RESULT", "result.code", CELL_TEXT },           { "SOURCE", "source", CELL_TEXT },
    { "OPERATIONS", "ops", CELL_OPERATIONS },         { "TRANSACTION", "tx_id", CELL_TEXT },
};

/* 0 committed with ok; 5 committed otherwise, or expired; 6 not final yet. */
static int judge_wait(const json_t *result)
{
    const char *status = json_string_value(json_object_get(result, "status"));
    const char *code = json_string_value(json_at(result, "result.code"));
    if (!status || !json_is_true(json_object_get(result, "final"))) return CLI_EXIT_OPEN;
    bool ok = strcmp(status, "committed") == 0 && code && strcmp(code, "ok") == 0;
    return ok ? CLI_EXIT_DONE : CLI_EXIT_REFUSED;
}

static const struct cli_view status_view = { .positional = { "tx_id" },
                                             CLI_VIEW_COLUMNS(status_columns) };
static const struct cli_view wait_view = { .positional = { "tx_id" },
                                           CLI_VIEW_COLUMNS(status_columns),
                                           .judge = judge_wait };
static const struct cli_view tx_view = { .positional = { "tx_id" }, CLI_VIEW_COLUMNS(tx_columns) };
static const struct cli_view list_view = { .items = "items", CLI_VIEW_COLUMNS(list_columns) };

/* ---- rows ---- */

const struct cli_command tx_commands[] = {
    { .path = "tx transfer",
      .summary = "Pay: move an amount from the source to another account",
      .groups = WRITING,
      .flags = transfer_flags,
      .examples = { "tx transfer --source treasury --to acc1... --asset EUR --amount 250.00" },
      .run = transfer },
    { .path = "tx status",
      .summary = "Ask where a transaction stands",
      .arguments = "TX_ID",
      .arguments_min = 1,
      .arguments_max = 1,
      .groups = READING,
      .method = "tx_status",
      .data = &status_view,
      .examples = { "tx status 9f86d081..." },
      .run = cli_read },
    { .path = "tx wait",
      .summary = "Wait until a transaction is final or sealed",
      .details =
          "Exit code 0: committed and ok; 5: committed with another code, or expired; 6: not "
          "final yet.",
      .arguments = "TX_ID",
      .arguments_min = 1,
      .arguments_max = 1,
      .groups = READING,
      .method = "tx_wait",
      .data = &wait_view,
      .examples = { "tx wait 9f86d081... --until sealed" },
      .run = cli_read },
    { .path = "tx get",
      .summary = "Show a transaction with its place, result and effects",
      .arguments = "TX_ID",
      .arguments_min = 1,
      .arguments_max = 1,
      .groups = READING,
      .method = "tx_get",
      .data = &tx_view,
      .examples = { "tx get 9f86d081... --json" },
      .run = cli_read },
    { .path = "tx list",
      .summary = "List committed transactions, the latest first",
      .groups = READING,
      .method = "tx_list",
      .data = &list_view,
      .examples = { "tx list --account acc1... --result failed" },
      .run = cli_read },
    CLI_COMMANDS_END,
};
