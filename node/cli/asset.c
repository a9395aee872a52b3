/* node/cli/asset.c -- assets and balances. */
#include "node/cli/write.h"
#include "node/cli_amount.h"

#define READING (CLI_GROUP_NODE | CLI_GROUP_OUTPUT | CLI_GROUP_READ)
#define WRITING (CLI_GROUP_NODE | CLI_GROUP_WRITE | CLI_GROUP_SECRET)

/* ---- create ---- */

static bool read_create(const struct cli_call *call, struct operation *operation, int *exit_code)
{
    const char *code = cli_argument(call, 0);
    size_t size = strlen(code);
    struct problem problem;
    if (size > 12 || strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != size) {
        *exit_code = cli_fail(CLI_EXIT_USAGE, NULL, NULL, "a code is 1 to 12 of A-Z and 0-9");
        return false;
    }
    memcpy(operation->asset_create.code, code, size);
    operation->asset_create.scale = (uint8_t)cli_number(call, "scale");
    operation->asset_create.max_supply = TX_AMOUNT_MAX;
    const char *most = cli_text(call, "max-supply");
    if (!most) return true;
    if (amount_parse(most, operation->asset_create.scale, &operation->asset_create.max_supply,
                     &problem) == STATUS_OK)
        return true;
    *exit_code = cli_fail(CLI_EXIT_USAGE, NULL, NULL, "--max-supply: %s", problem.text);
    return false;
}

static int create(struct cli_call *call)
{
    struct cli_writer writer;
    int exit_code = cli_writer_open(&writer, call);
    if (exit_code == CLI_EXIT_DONE) {
        struct operation *operation = cli_writer_add(&writer, OP_ASSET_CREATE);
        if (read_create(call, operation, &exit_code)) {
            struct id id = asset_id_of(&operation->actor, operation->asset_create.code);
            char text[ADDRESS_TEXT];
            address_encode(ADDRESS_ASSET, &id, text);
            if (!cli_switch(call, "json") && !cli_switch(call, "quiet") &&
                !cli_switch(call, "dry-run"))
                printf("asset      %s\n", text);
            exit_code = cli_writer_send(&writer);
        }
    }
    cli_writer_close(&writer);
    return exit_code;
}

static const struct cli_flag create_flags[] = {
    { .name = "scale",
      .type = CLI_NUMBER,
      .value = "N",
      .standard = "2",
      .most = TX_SCALE_MAX,
      .help = "decimals of its unit; 0 for what is not divided" },
    { .name = "max-supply",
      .type = CLI_TEXT,
      .value = "AMOUNT",
      .help = "most that may ever exist; default: no limit" },
    CLI_FLAGS_END,
};

/* ---- mint, burn ---- */

static int mint(struct cli_call *call)
{
    struct cli_writer writer;
    int exit_code = cli_writer_open(&writer, call);
    if (exit_code == CLI_EXIT_DONE) {
        struct operation *operation = cli_writer_add(&writer, OP_ASSET_MINT);
        const char *to = cli_text(call, "to");
        operation->asset_mint.to = writer.tx->source;
        bool read =
            (!to || cli_writer_account(&writer, to, &operation->asset_mint.to, &exit_code)) &&
            cli_writer_amount(&writer, cli_argument(call, 0), cli_argument(call, 1),
                              &operation->asset_mint.asset, &operation->asset_mint.amount,
                              &exit_code);
        if (read) exit_code = cli_writer_send(&writer);
    }
    cli_writer_close(&writer);
    return exit_code;
}

static const struct cli_flag mint_flags[] = {
    { .name = "to",
      .type = CLI_TEXT,
      .value = "ACCOUNT",
      .help = "who gets it; default: the issuer" },
    CLI_FLAGS_END,
};

static int burn(struct cli_call *call)
{
    struct cli_writer writer;
    int exit_code = cli_writer_open(&writer, call);
    if (exit_code == CLI_EXIT_DONE) {
        struct operation *operation = cli_writer_add(&writer, OP_ASSET_BURN);
        if (cli_writer_amount(&writer, cli_argument(call, 0), cli_argument(call, 1),
                              &operation->asset_burn.asset, &operation->asset_burn.amount,
                              &exit_code))
            exit_code = cli_writer_send(&writer);
    }
    cli_writer_close(&writer);
    return exit_code;
}

/* ---- credit lines ---- */

/* People name the line, the ledger its end: 500.00 is a floor of -500.00. */
static bool read_line(struct cli_writer *writer, struct operation *operation, int *exit_code)
{
    struct cli_asset asset;
    struct problem problem;
    uint64_t line;
    const struct cli_call *call = writer->call;
    if (!cli_writer_account(writer, cli_argument(call, 0), &operation->balance_set_floor.account,
                            exit_code) ||
        !cli_asset(writer->nodes[0], cli_argument(call, 1), &asset, exit_code))
        return false;
    operation->balance_set_floor.asset = asset.id;
    if (amount_parse(cli_argument(call, 2), asset.scale, &line, &problem) != STATUS_OK) {
        *exit_code = cli_fail(CLI_EXIT_USAGE, NULL, NULL, "%s", problem.text);
        return false;
    }
    operation->balance_set_floor.floor = -(int64_t)line;
    return true;
}

static int set_floor(struct cli_call *call)
{
    struct cli_writer writer;
    int exit_code = cli_writer_open(&writer, call);
    if (exit_code == CLI_EXIT_DONE) {
        struct operation *operation = cli_writer_add(&writer, OP_BALANCE_SET_FLOOR);
        if (read_line(&writer, operation, &exit_code)) exit_code = cli_writer_send(&writer);
    }
    cli_writer_close(&writer);
    return exit_code;
}

/* ---- get, list ---- */

static const struct cli_column asset_columns[] = {
    { "asset", "asset", CELL_TEXT },     { "code", "code", CELL_TEXT },
    { "issuer", "issuer", CELL_TEXT },   { "scale", "scale", CELL_TEXT },
    { "supply", "supply", CELL_AMOUNT }, { "at most", "max_supply", CELL_AMOUNT },
    { "flags", "flags", CELL_TEXT },     { "version", "version", CELL_TEXT },
};

static const struct cli_column asset_list_columns[] = {
    { "CODE", "code", CELL_TEXT },
    { "ASSET", "asset", CELL_TEXT },
    { "ISSUER", "issuer", CELL_TEXT },
    { "SUPPLY", "supply", CELL_AMOUNT },
    { "AT_MOST", "max_supply", CELL_AMOUNT },
};

static const struct cli_column balance_columns[] = {
    { "account", "account", CELL_TEXT },       { "asset", "asset", CELL_TEXT },
    { "posted", "posted", CELL_AMOUNT },       { "held out", "held_out", CELL_AMOUNT },
    { "held in", "held_in", CELL_AMOUNT },     { "floor", "floor", CELL_AMOUNT },
    { "available", "available", CELL_AMOUNT }, { "movements", "seq", CELL_TEXT },
    { "at height", "at_height", CELL_TEXT },
};

static const struct cli_column balance_list_columns[] = {
    { "ACCOUNT", "account", CELL_TEXT },       { "ASSET", "asset", CELL_TEXT },
    { "POSTED", "posted", CELL_AMOUNT },       { "HELD", "held_out", CELL_AMOUNT },
    { "AVAILABLE", "available", CELL_AMOUNT }, { "MOVEMENTS", "seq", CELL_NUMBER },
};

static const struct cli_view asset_view = { .positional = { "asset" },
                                            CLI_VIEW_COLUMNS(asset_columns) };
static const struct cli_view asset_list_view = { .items = "items",
                                                 CLI_VIEW_COLUMNS(asset_list_columns) };
static const struct cli_view balance_view = { .positional = { "account", "asset" },
                                              CLI_VIEW_COLUMNS(balance_columns) };
static const struct cli_view balance_list_view = { .positional = { "account" },
                                                   .items = "items",
                                                   CLI_VIEW_COLUMNS(balance_list_columns) };

/* ---- rows ---- */

const struct cli_command asset_commands[] = {
    { .path = "asset create",
      .summary = "Make an asset; the source is its issuer and needs that role",
      .arguments = "CODE",
      .arguments_min = 1,
      .arguments_max = 1,
      .groups = WRITING,
      .flags = create_flags,
      .examples = { "asset create EUR --source treasury --scale 2" },
      .run = create },
    { .path = "asset mint",
      .summary = "Issue an amount",
      .arguments = "ASSET AMOUNT",
      .arguments_min = 2,
      .arguments_max = 2,
      .groups = WRITING,
      .flags = mint_flags,
      .examples = { "asset mint EUR 1000.00 --source treasury --to acc1..." },
      .run = mint },
    { .path = "asset burn",
      .summary = "Take an amount of the issuer's out of existence",
      .arguments = "ASSET AMOUNT",
      .arguments_min = 2,
      .arguments_max = 2,
      .groups = WRITING,
      .examples = { "asset burn EUR 10.00 --source treasury" },
      .run = burn },
    { .path = "asset get",
      .summary = "Show an asset and its supply",
      .arguments = "ASSET",
      .arguments_min = 1,
      .arguments_max = 1,
      .groups = READING,
      .method = "asset_get",
      .data = &asset_view,
      .examples = { "asset get EUR" },
      .run = cli_read },
    { .path = "asset list",
      .summary = "List assets",
      .groups = READING,
      .method = "asset_list",
      .data = &asset_list_view,
      .examples = { "asset list" },
      .run = cli_read },
    CLI_COMMANDS_END,
};

const struct cli_command balance_commands[] = {
    { .path = "balance set-floor",
      .summary = "Let an account's balance go below zero: a credit line",
      .details = "The source is the asset's issuer. LINE is how far below zero the balance may go; "
                 "0 takes the line back, which needs a balance that stands without it.",
      .arguments = "ACCOUNT ASSET LINE",
      .arguments_min = 3,
      .arguments_max = 3,
      .groups = WRITING,
      .examples = { "balance set-floor acc1... EUR 500.00 --source treasury" },
      .run = set_floor },
    { .path = "balance get",
      .summary = "Show what an account has of an asset, now or in the past",
      .arguments = "ACCOUNT ASSET",
      .arguments_min = 2,
      .arguments_max = 2,
      .groups = READING,
      .method = "balance_get",
      .data = &balance_view,
      .examples = { "balance get acc1... EUR", "balance get acc1... EUR --at-height 1000" },
      .run = cli_read },
    { .path = "balance list",
      .summary = "List the balances of an account or of an asset",
      .arguments = "[ACCOUNT]",
      .arguments_max = 1,
      .groups = READING,
      .method = "balance_list",
      .data = &balance_list_view,
      .examples = { "balance list acc1...", "balance list --asset EUR" },
      .run = cli_read },
    CLI_COMMANDS_END,
};
