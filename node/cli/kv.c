/* node/cli/kv.c -- records: a key and a value of an account. */
#include "node/cli/write.h"

#define READING (CLI_GROUP_NODE | CLI_GROUP_OUTPUT | CLI_GROUP_READ)
#define WRITING (CLI_GROUP_NODE | CLI_GROUP_WRITE | CLI_GROUP_SECRET)

/* ---- put, delete ---- */

/* --expect any|absent|POSITION: compare and set. */
static bool read_expect(const struct cli_call *call, uint8_t *expect, uint64_t *version,
                        int *exit_code)
{
    const char *text = cli_text(call, "expect");
    *version = 0;
    *expect = EXPECT_ANY;
    if (strcmp(text, "any") == 0) return true;
    *expect = EXPECT_ABSENT;
    if (strcmp(text, "absent") == 0) return true;
    *expect = EXPECT_VERSION;
    if (position_decode(text, version)) return true;
    *exit_code = cli_fail(CLI_EXIT_USAGE, NULL, "for example 1042.3.0, which kv get shows",
                          "--expect is any, absent or a version");
    return false;
}

static int put(struct cli_call *call)
{
    struct cli_writer writer;
    int exit_code = cli_writer_open(&writer, call);
    if (exit_code == CLI_EXIT_DONE) {
        struct operation *operation = cli_writer_add(&writer, OP_KV_PUT);
        exit_code = CLI_EXIT_USAGE;
        bool read =
            cli_writer_bytes(&writer, cli_argument(call, 0), &operation->kv_put.key) &&
            cli_writer_bytes(&writer, cli_argument(call, 1), &operation->kv_put.value) &&
            read_expect(call, &operation->kv_put.expect, &operation->kv_put.version, &exit_code);
        if (read) exit_code = cli_writer_send(&writer);
    }
    cli_writer_close(&writer);
    return exit_code;
}

static int delete (struct cli_call *call)
{
    struct cli_writer writer;
    int exit_code = cli_writer_open(&writer, call);
    if (exit_code == CLI_EXIT_DONE) {
        struct operation *operation = cli_writer_add(&writer, OP_KV_DELETE);
        exit_code = CLI_EXIT_USAGE;
        bool read = cli_writer_bytes(&writer, cli_argument(call, 0), &operation->kv_delete.key) &&
                    read_expect(call, &operation->kv_delete.expect, &operation->kv_delete.version,
                                &exit_code);
        if (read) exit_code = cli_writer_send(&writer);
    }
    cli_writer_close(&writer);
    return exit_code;
}

static const struct cli_flag put_flags[] = {
    { .name = "expect",
      .type = CLI_TEXT,
      .value = "any|absent|VERSION",
      .standard = "any",
      .help = "write only if this is what is there" },
    CLI_FLAGS_END,
};

static const struct cli_flag delete_flags[] = {
    { .name = "expect",
      .type = CLI_TEXT,
      .value = "any|VERSION",
      .standard = "any",
      .help = "remove only if this is what is there" },
    CLI_FLAGS_END,
};

/* ---- get, list ---- */

static const struct cli_column get_columns[] = {
    { "owner", "owner", CELL_TEXT },      { "key", "key", CELL_RECORD },
    { "value", "value", CELL_RECORD },    { "version", "version", CELL_TEXT },
    { "bytes", "size_bytes", CELL_TEXT }, { "time", "time", CELL_TEXT },
    { "hash", "value_hash", CELL_TEXT },
};

static const struct cli_column list_columns[] = {
    { "KEY", "key", CELL_RECORD },     { "VERSION", "version", CELL_NUMBER },
    { "TIME", "time", CELL_TEXT },     { "BYTES", "size_bytes", CELL_NUMBER },
    { "VALUE", "value", CELL_RECORD },
};

static const struct cli_view get_view = { .positional = { "owner", "key" },
                                          CLI_VIEW_COLUMNS(get_columns) };
static const struct cli_view list_view = { .positional = { "owner" },
                                           .items = "items",
                                           CLI_VIEW_COLUMNS(list_columns) };

/* ---- rows ---- */

const struct cli_command kv_commands[] = {
    { .path = "kv put",
      .summary = "Write a record of the source",
      .details = "Key and value are text, or bytes as hex: and digits.",
      .arguments = "KEY VALUE",
      .arguments_min = 2,
      .arguments_max = 2,
      .groups = WRITING,
      .flags = put_flags,
      .examples = { "kv put invoice/1042 paid --source treasury --expect absent" },
      .run = put },
    { .path = "kv delete",
      .summary = "Remove a record of the source",
      .arguments = "KEY",
      .arguments_min = 1,
      .arguments_max = 1,
      .groups = WRITING,
      .flags = delete_flags,
      .examples = { "kv delete invoice/1042 --source treasury" },
      .run = delete },
    { .path = "kv get",
      .summary = "Show a record",
      .arguments = "OWNER KEY",
      .arguments_min = 2,
      .arguments_max = 2,
      .groups = READING,
      .method = "kv_get",
      .data = &get_view,
      .examples = { "kv get acc1... invoice/1042" },
      .run = cli_read },
    { .path = "kv list",
      .summary = "List the records of an account in the order of their keys",
      .arguments = "OWNER",
      .arguments_min = 1,
      .arguments_max = 1,
      .groups = READING,
      .method = "kv_list",
      .data = &list_view,
      .examples = { "kv list acc1... --prefix invoice/" },
      .run = cli_read },
    CLI_COMMANDS_END,
};
