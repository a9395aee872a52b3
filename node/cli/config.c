/* node/cli/config.c -- settings: sample, check, show; and the log's level. */
#include "node/config.h"
#include "genesis/genesis.h"
#include "node/cli/read.h"
#include "node/key_load.h"
#include <stdlib.h>
#include <unistd.h>

enum status cli_config_load(const struct cli_call *call, struct config **config,
                            struct problem *problem)
{
    struct config_sources sources = { .home = cli_text(call, "home"),
                                      .file = cli_text(call, "config"),
                                      .flags = call->settings,
                                      .flags_count = call->setting_count,
                                      .environment = environ };
    return config_load(config, &sources, problem);
}

/* ---- sample ---- */

static int sample(struct cli_call *call)
{
    struct buffer text;
    buffer_init(&text, 1024 * 1024);
    (void)call;
    int exit_code = CLI_EXIT_DONE;
    if (config_sample(&text) != STATUS_OK)
        exit_code = cli_fail_memory();
    else
        fwrite(text.data, 1, text.size, stdout);
    buffer_free(&text);
    return exit_code;
}

/* ---- check ---- */

static enum status check_genesis(const struct config *config, struct problem *problem)
{
    struct genesis *genesis = NULL;
    char id[65];
    enum status status =
        genesis_load(config_text(config, CONFIG_node_genesis_file), &genesis, problem);
    if (status != STATUS_OK) return status;
    const char *pinned = config_text(config, CONFIG_node_chain_id);
    hex_encode(digest_span(&genesis->chain_id), id);
    genesis_free(genesis);
    if (!pinned[0] || strcmp(pinned, id) == 0) return STATUS_OK;
    return problem_set(problem, STATUS_MISMATCH,
                       "the genesis has chain id %s, node.chain_id pins %s", id, pinned);
}

static enum status check_key(const char *path, enum key_kind kind, struct problem *problem)
{
    struct key_file file;
    enum status status = key_load_public(path, &file, problem);
    return status == STATUS_OK ? key_check_kind(path, &file, kind, problem) : status;
}

/* What a start reads before it opens the ledger. A node without a seal key observes. */
static enum status check_all(const struct config *config, struct problem *problem)
{
    const char *seal = config_text(config, CONFIG_node_seal_key_file);
    const char *data = config_text(config, CONFIG_node_data_dir);
    enum status status = check_genesis(config, problem);
    if (status == STATUS_OK)
        status = check_key(config_text(config, CONFIG_node_node_key_file), KEY_NODE, problem);
    if (status == STATUS_OK && seal[0] && file_exists(seal))
        status = check_key(seal, KEY_SEAL, problem);
    if (status == STATUS_OK && file_exists(data)) {
        status = data_format_check(data, problem);
        if (status == STATUS_NOT_FOUND) status = STATUS_OK; /* The first start makes it. */
    }
    return status;
}

static int check(struct cli_call *call)
{
    struct config *config = NULL;
    struct problem problem = { .status = STATUS_OK };
    if (cli_config_load(call, &config, &problem) != STATUS_OK)
        return cli_fail_document(&problem, "configuration");
    enum status status = check_all(config, &problem);
    const char *file = config_file(config);
    int exit_code = CLI_EXIT_DONE;
    if (status == STATUS_OK)
        cli_note(call, "%s: right", file[0] ? file : "no file: the defaults");
    else
        exit_code = status == STATUS_UNSUPPORTED
                        ? cli_fail(CLI_EXIT_NEWER, NULL, NULL, "%s", problem.text)
                        : cli_fail_document(&problem, "configuration");
    config_free(config);
    return exit_code;
}

/* ---- show ---- */

static const struct cli_column columns[] = {
    { "KEY", "key", CELL_TEXT },
    { "VALUE", "value", CELL_TEXT },
    { "RELOAD", "reloadable", CELL_TEXT },
    { "ORIGIN", "origin", CELL_TEXT },
};

static json_t *keys_json(const struct config *config)
{
    json_t *items = json_array();
    for (int key = 0; key < CONFIG_COUNT; key++) {
        const struct config_info *info = config_info((enum config_key)key);
        char value[CONFIG_TEXT_MAX + 1];
        char origin[PATH_BYTES_MAX];
        config_value_text(config, (enum config_key)key, value, sizeof value);
        config_origin_text(config, (enum config_key)key, origin, sizeof origin);
        json_array_append_new(items,
                              json_pack("{s:s, s:s, s:s, s:b}", "key", info->full, "value", value,
                                        "origin", origin, "reloadable", info->reload));
    }
    return items;
}

static int show(struct cli_call *call)
{
    struct config *config = NULL;
    struct problem problem = { .status = STATUS_OK };
    if (cli_config_load(call, &config, &problem) != STATUS_OK)
        return cli_fail_document(&problem, "configuration");
    json_t *items = keys_json(config);
    config_free(config);
    json_t *all = json_pack("{s:o}", "items", items);
    int exit_code = cli_print_list(call, all, columns, sizeof columns / sizeof columns[0]);
    json_decref(all);
    return exit_code;
}

/* ---- the log's level ---- */

static int log_level(struct cli_call *call)
{
    json_t *params = json_object();
    int exit_code = CLI_EXIT_DONE;
    const char *level = cli_argument(call, 0);
    const char *module = cli_text(call, "module");
    if (params && level) json_object_set_new(params, "level", json_string(level));
    if (params && module) json_object_set_new(params, "module", json_string(module));
    json_t *result = cli_ask(call, "admin_log_level", params, &exit_code);
    if (!result) return exit_code;
    if (cli_wants_json(call)) {
        exit_code = cli_print_json(call, result);
    } else {
        const char *name;
        json_t *value;
        json_object_foreach(json_object_get(result, "levels"), name, value)
            printf("%-10s %s\n", name[0] ? name : "(others)",
                   json_string_value(value) ? json_string_value(value) : "");
    }
    json_decref(result);
    return exit_code;
}

static const struct cli_flag log_flags[] = {
    { .name = "module", .type = CLI_TEXT, .value = "NAME", .help = "only this module" },
    CLI_FLAGS_END,
};

/* ---- rows ---- */

const struct cli_command config_commands[] = {
    { .path = "config sample",
      .summary = "Print a witan.conf with every key, its default and its meaning",
      .examples = { "config sample > witan.conf" },
      .run = sample },
    { .path = "config check",
      .summary = "Check settings, genesis and keys as a start does, without starting",
      .groups = CLI_GROUP_HOME,
      .settings = true,
      .examples = { "config check --home ./a" },
      .run = check },
    { .path = "config show",
      .summary =
          "Show the value of every key, where it comes from, and whether a reload applies it",
      .groups = CLI_GROUP_HOME | CLI_GROUP_OUTPUT,
      .settings = true,
      .examples = { "config show --home ./a --columns key,value,origin" },
      .run = show },
    CLI_COMMANDS_END,
};

const struct cli_command log_commands[] = {
    { .path = "log level",
      .summary = "Read or set the level of a running node's log, through its local socket",
      .arguments = "[error|warn|info|debug|trace]",
      .arguments_max = 1,
      .groups = CLI_GROUP_NODE | CLI_GROUP_OUTPUT,
      .flags = log_flags,
      .examples = { "log level", "log level debug --module engine" },
      .run = log_level },
    CLI_COMMANDS_END,
};
