/* node/cli/hold.c -- holds: an amount reserved now, paid or given back later. */
#include "genesis/json.h"
#include "node/cli/write.h"
#include "node/cli_amount.h"

#define READING (CLI_GROUP_NODE | CLI_GROUP_OUTPUT | CLI_GROUP_READ)
#define WRITING (CLI_GROUP_NODE | CLI_GROUP_WRITE | CLI_GROUP_SECRET)

static bool read_group(const char *text, struct id *group, int *exit_code)
{
    if (hex_decode(text, strlen(text), group->bytes, sizeof group->bytes) && !id_is_zero(group))
        return true;
    *exit_code = cli_fail(CLI_EXIT_USAGE, NULL, NULL,
                          "--group is 32 lower-case hex digits, not all of them 0");
    return false;
}

/* ---- create ---- */

static bool read_create(struct cli_writer *writer, struct operation *operation, int *exit_code)
{
    const struct cli_call *call = writer->call;
    const char *group = cli_text(call, "group");
    uint64_t now_ms = writer->tx->not_after_ms - cli_number(call, "expires");
    operation->hold_create.expires_ms = now_ms + cli_number(call, "for");
    return (!group || read_group(group, &operation->hold_create.group, exit_code)) &&
           cli_writer_account(writer, cli_text(call, "payee"), &operation->hold_create.payee,
                              exit_code) &&
           cli_writer_account(writer, cli_text(call, "arbiter"), &operation->hold_create.arbiter,
                              exit_code) &&
           cli_writer_amount(writer, cli_text(call, "asset"), cli_text(call, "amount"),
                             &operation->hold_create.asset, &operation->hold_create.amount,
                             exit_code);
}

/* Its id follows from the body, so it is known before anything is sent. */
static void show_id(const struct cli_writer *writer)
{
    struct writer body;
    char text[ADDRESS_TEXT];
    const struct cli_call *call = writer->call;
    if (cli_switch(call, "json") || cli_switch(call, "quiet") || cli_switch(call, "dry-run"))
        return;
    writer_init(&body, TX_BYTES_LIMIT);
    transaction_write_body(&body, writer->tx);
    if (writer_status(&body) == STATUS_OK) {
        struct digest txid = transaction_id(writer_span(&body));
        struct id id = hold_id_of(&txid, 0);
        address_encode(ADDRESS_HOLD, &id, text);
        printf("hold       %s\n", text);
    }
    writer_free(&body);
}

static int create(struct cli_call *call)
{
    struct cli_writer writer;
    int exit_code = cli_writer_open(&writer, call);
    if (exit_code == CLI_EXIT_DONE) {
        struct operation *operation = cli_writer_add(&writer, OP_HOLD_CREATE);
        if (read_create(&writer, operation, &exit_code)) {
            show_id(&writer);
            exit_code = cli_writer_send(&writer);
        }
    }
    cli_writer_close(&writer);
    return exit_code;
}

static const struct cli_flag create_flags[] = {
    { .name = "payee",
      .type = CLI_TEXT,
      .value = "ACCOUNT",
      .required = true,
      .help = "for whom it is held: acc1..., or the name of a key file" },
    { .name = "asset",
      .type = CLI_TEXT,
      .value = "CODE|ID",
      .required = true,
      .help = "EUR, EUR:acc1... or ast1..." },
    { .name = "amount",
      .type = CLI_TEXT,
      .value = "AMOUNT",
      .required = true,
      .help = "the most that can be paid of it, such as 250.00" },
    { .name = "arbiter",
      .type = CLI_TEXT,
      .value = "ACCOUNT",
      .required = true,
      .help = "who posts or voids it; the payee, the source itself or a third" },
    { .name = "for",
      .type = CLI_DURATION,
      .value = "TIME",
      .standard = "24h",
      .help = "how long from now until it ends by itself and everything returns" },
    { .name = "group",
      .type = CLI_TEXT,
      .value = "HEX32",
      .help = "holds of one group and arbiter can be ended all together or not at all" },
    CLI_FLAGS_END,
};

/* ---- post, void ---- */

static bool read_hold_id(const struct cli_call *call, struct id *id, int *exit_code)
{
    const char *text = cli_argument(call, 0);
    if (text && address_decode(ADDRESS_HOLD, text, id) == STATUS_OK) return true;
    *exit_code = cli_fail(CLI_EXIT_USAGE, NULL, "hold list shows them; hold create says them",
                          text ? "not the id of a hold, which begins with hld1"
                               : "which hold? its id, or --group");
    return false;
}

/* The amount of a hold that waits, and the decimals of its asset. */
static bool ask_hold(struct cli_writer *writer, uint64_t *amount, unsigned *scale, int *exit_code)
{
    struct rpc_failure failure = { .what = FAILURE_NONE };
    struct cli_asset asset;
    json_t *params = json_pack("{s:s}", "hold", cli_argument(writer->call, 0));
    json_t *result =
        params ? rpc_client_call(writer->nodes[0], "hold_get", params, &failure) : NULL;
    json_decref(params);
    if (!result) {
        *exit_code = cli_fail_rpc(&failure, "hold_get");
        return false;
    }
    const char *text = json_string_value(json_object_get(result, "amount"));
    const char *asset_id = json_string_value(json_object_get(result, "asset"));
    bool read = text && asset_id && amount_decode(text, amount);
    if (!read) *exit_code = cli_fail(CLI_EXIT_UNREACHABLE, NULL, NULL, "the answer is not a hold");
    read = read && cli_asset(writer->nodes[0], asset_id, &asset, exit_code);
    if (read) *scale = asset.scale;
    json_decref(result);
    return read;
}

/* All of it unless an amount is typed. */
static bool read_amount(struct cli_writer *writer, uint64_t *amount, int *exit_code)
{
    struct problem problem = { .status = STATUS_OK };
    const char *text = cli_argument(writer->call, 1);
    unsigned scale = 0;
    if (!ask_hold(writer, amount, &scale, exit_code)) return false;
    if (!text) return true;
    if (amount_parse(text, scale, amount, &problem) == STATUS_OK && *amount > 0) return true;
    *exit_code = cli_fail(CLI_EXIT_USAGE, NULL, "hold void gives everything back", "%s",
                          problem.status == STATUS_INVALID ? problem.text : "the amount is zero");
    return false;
}

static bool add_group(struct cli_writer *writer, enum operation_code code, int *exit_code)
{
    const struct cli_call *call = writer->call;
    if (cli_argument(call, 0)) {
        *exit_code = cli_fail(CLI_EXIT_USAGE, NULL, NULL, "name a hold or --group, not both");
        return false;
    }
    struct operation *operation = cli_writer_add(writer, code);
    return read_group(cli_text(call, "group"), &operation->hold_group.group, exit_code);
}

static bool add_post(struct cli_writer *writer, int *exit_code)
{
    if (cli_text(writer->call, "group")) return add_group(writer, OP_HOLD_POST_GROUP, exit_code);
    struct operation *operation = cli_writer_add(writer, OP_HOLD_POST);
    return read_hold_id(writer->call, &operation->hold_post.hold, exit_code) &&
           read_amount(writer, &operation->hold_post.amount, exit_code);
}

static bool add_void(struct cli_writer *writer, int *exit_code)
{
    if (cli_text(writer->call, "group")) return add_group(writer, OP_HOLD_VOID_GROUP, exit_code);
    struct operation *operation = cli_writer_add(writer, OP_HOLD_VOID);
    return read_hold_id(writer->call, &operation->hold_void.hold, exit_code);
}

static int end_with(struct cli_call *call, bool (*add)(struct cli_writer *writer, int *exit_code))
{
    struct cli_writer writer;
    int exit_code = cli_writer_open(&writer, call);
    if (exit_code == CLI_EXIT_DONE && add(&writer, &exit_code))
        exit_code = cli_writer_send(&writer);
    cli_writer_close(&writer);
    return exit_code;
}

static int post(struct cli_call *call)
{
    return end_with(call, add_post);
}

static int void_hold(struct cli_call *call)
{
    return end_with(call, add_void);
}

static const struct cli_flag group_flags[] = {
    { .name = "group",
      .type = CLI_TEXT,
      .value = "HEX32",
      .help = "instead of a hold: all holds of this group whose arbiter is the source" },
    CLI_FLAGS_END,
};

/* ---- get, list ---- */

static const struct cli_column get_columns[] = {
    { "hold", "hold", CELL_TEXT },       { "state", "state", CELL_TEXT },
    { "payer", "payer", CELL_TEXT },     { "payee", "payee", CELL_TEXT },
    { "arbiter", "arbiter", CELL_TEXT }, { "asset", "asset", CELL_TEXT },
    { "amount", "amount", CELL_AMOUNT }, { "paid", "posted_amount", CELL_AMOUNT },
    { "expires", "expires", CELL_TEXT }, { "group", "group", CELL_TEXT },
    { "version", "version", CELL_TEXT }, { "ended", "ended", CELL_TEXT },
};

static const struct cli_column list_columns[] = {
    { "HOLD", "hold", CELL_TEXT },       { "PAYER", "payer", CELL_TEXT },
    { "PAYEE", "payee", CELL_TEXT },     { "AMOUNT", "amount", CELL_AMOUNT },
    { "EXPIRES", "expires", CELL_TEXT }, { "ARBITER", "arbiter", CELL_TEXT },
};

static const struct cli_view get_view = { .positional = { "hold" }, CLI_VIEW_COLUMNS(get_columns) };
static const struct cli_view list_view = { .positional = { "account" },
                                           .items = "items",
                                           CLI_VIEW_COLUMNS(list_columns) };

/* ---- rows ---- */

const struct cli_command hold_commands[] = {
    { .path = "hold create",
      .summary = "Reserve an amount of the source for a payee",
      .details = "The amount cannot be drawn while it is held, and is paid only when the arbiter "
                 "posts it. If nobody does, it returns by itself.",
      .groups = WRITING,
      .flags = create_flags,
      .examples = { "hold create --payee shop --asset EUR --amount 80.00 --arbiter shop"
                    " --source alice --for 72h" },
      .run = create },
    { .path = "hold post",
      .summary = "Pay a hold, whole or in part; the rest returns",
      .arguments = "[HOLD [AMOUNT]]",
      .arguments_max = 2,
      .groups = WRITING,
      .flags = group_flags,
      .examples = { "hold post hld1... 75.50 --source shop",
                    "hold post --group 018f6e2a5b7c7d3e9a1b2c3d4e5f6071 --source shop" },
      .run = post },
    { .path = "hold void",
      .summary = "Give a hold back to its payer",
      .details = "The arbiter may, and so may the payee of a single hold.",
      .arguments = "[HOLD]",
      .arguments_max = 1,
      .groups = WRITING,
      .flags = group_flags,
      .examples = { "hold void hld1... --source shop" },
      .run = void_hold },
    { .path = "hold get",
      .summary = "Show a hold, pending or ended",
      .arguments = "HOLD",
      .arguments_min = 1,
      .arguments_max = 1,
      .groups = READING,
      .method = "hold_get",
      .data = &get_view,
      .examples = { "hold get hld1..." },
      .run = cli_read },
    { .path = "hold list",
      .summary = "List the pending holds of an account or of a group",
      .arguments = "[ACCOUNT]",
      .arguments_max = 1,
      .groups = READING,
      .method = "hold_list",
      .data = &list_view,
      .examples = { "hold list alice", "hold list --group 018f6e2a5b7c7d3e9a1b2c3d4e5f6071" },
      .run = cli_read },
    CLI_COMMANDS_END,
};
