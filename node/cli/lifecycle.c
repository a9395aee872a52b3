/* node/cli/lifecycle.c -- start, stop, version, help. */
#include "node/cli/init.h"

#include "node/cli_help.h"
#include "node/log_config.h"
#include "node/metrics.h"
#include "node/node.h"

/* ---- start ---- */

static enum status start_log(const struct config *config)
{
    struct log_options options;
    log_options_of(config, &options);
    return log_start(&options);
}

static enum status load_settings(const void *context, struct config **config,
                                 struct problem *problem)
{
    return cli_config_load(context, config, problem);
}

static int start(struct cli_call *call)
{
    struct config *config = NULL;
    const struct node_reload reload = { load_settings, call };
    struct problem problem = { .status = STATUS_OK };
    if (cli_config_load(call, &config, &problem) != STATUS_OK)
        return cli_fail_document(&problem, "configuration");
    int exit_code = CLI_EXIT_SYSTEM;
    if (metrics_start() == STATUS_OK && start_log(config) == STATUS_OK) {
        exit_code = node_run(config, &reload, &problem);
        log_stop();
        if (exit_code != CLI_EXIT_DONE) {
            const struct cli_exit_row *row = cli_exit_row(exit_code);
            cli_fail(exit_code, NULL, row ? row->meaning : NULL, "the node stopped: %s",
                     problem.text[0] ? problem.text : "see the log above");
        }
    } else {
        cli_fail_memory();
    }
    metrics_stop();
    config_free(config);
    return exit_code;
}

/* ---- stop ---- */

static int stop(struct cli_call *call)
{
    int exit_code = CLI_EXIT_DONE;
    json_t *params = json_pack("{s:I}", "timeout_ms", (json_int_t)cli_number(call, "patience"));
    if (!params) return cli_fail_memory();
    json_t *result = cli_ask(call, "admin_shutdown", params, &exit_code);
    if (!result) return exit_code;
    json_decref(result);
    cli_note(call, "stopping");
    return CLI_EXIT_DONE;
}

static const struct cli_flag stop_flags[] = {
    { .name = "patience",
      .type = CLI_DURATION,
      .value = "TIME",
      .standard = "30s",
      .help = "how long calls in hand may take; at most 60s" },
    CLI_FLAGS_END,
};

/* ---- version, help ---- */

static int version(struct cli_call *call)
{
    (void)call;
    printf("witan %s\n", WITAN_VERSION);
    return CLI_EXIT_DONE;
}

static int help(struct cli_call *call)
{
    struct buffer text;
    buffer_init(&text, 4 * 1024 * 1024);
    enum status status = STATUS_OK;
    int exit_code = CLI_EXIT_DONE;
    size_t used = 0;
    if (cli_switch(call, "markdown")) {
        status = cli_help_markdown(&cli_table, &text);
    } else if (call->argument_count == 0) {
        status = cli_help_program(&cli_table, &text);
    } else {
        const struct cli_command *command =
            cli_find(&cli_table, call->arguments, call->argument_count, &used);
        if (command && used == call->argument_count)
            status = cli_help_command(command, &text);
        else
            status = cli_help_noun(&cli_table, call->arguments[0], &text);
        if (status == STATUS_OK && text.size == 0)
            exit_code =
                cli_fail(CLI_EXIT_USAGE, NULL, "witan help lists them all", "no such command");
    }
    if (status != STATUS_OK) exit_code = cli_fail_memory();
    if (exit_code == CLI_EXIT_DONE) fwrite(text.data, 1, text.size, stdout);
    buffer_free(&text);
    return exit_code;
}

static const struct cli_flag help_flags[] = {
    { .name = "markdown", .type = CLI_SWITCH, .help = "the whole reference as Markdown" },
    CLI_FLAGS_END,
};

/* ---- rows ---- */

static const struct cli_flag init_flags[] = {
    { .name = "name",
      .type = CLI_TEXT,
      .value = "NAME",
      .help = "the node's name, such as bank-a" },
    { .name = "role",
      .type = CLI_WORD,
      .words = "validator|observer",
      .standard = "validator",
      .help = "a validator votes and needs a seal key" },
    { .name = "genesis",
      .type = CLI_FILE,
      .help = "the network's genesis; may be added later, by the same command" },
    { .name = "network",
      .type = CLI_TEXT,
      .value = "NAME",
      .help = "for validator.json: the network to join" },
    { .name = "member",
      .type = CLI_TEXT,
      .value = "ACCOUNT",
      .help = "for validator.json: the account of the member it votes for" },
    { .name = "endpoint",
      .type = CLI_TEXT,
      .value = "HOST:PORT",
      .help = "for validator.json: where other nodes reach it" },
    { .name = "rpc-listen",
      .type = CLI_TEXT,
      .value = "HOST:PORT",
      .standard = "127.0.0.1:7780",
      .help = "for witan.conf: where clients reach it; loopback only" },
    CLI_FLAGS_END,
};

const struct cli_command lifecycle_commands[] = {
    { .path = "init",
      .summary = "Make a home: keys, witan.conf, and validator.json to hand in",
      .details =
          "Makes HOME/config with the keys (mode 0600), witan.conf and, for a validator whose "
          "network, member and endpoint are named, validator.json with a proof that it has "
          "the seal key. With --genesis also the genesis and the safety file, which is made "
          "once for a key and never again. On a home that has keys already, init adds only "
          "the genesis.",
      .groups = CLI_GROUP_HOME | CLI_GROUP_SECRET,
      .flags = init_flags,
      .examples = { "init --home ./a --name bank-a --network consortium-1 --member acc1... "
                    "--endpoint 10.0.0.1:7790",
                    "init --home ./a --genesis genesis.json" },
      .run = cli_init },
    { .path = "start",
      .summary = "Run the node in the foreground",
      .details = "Ends by SIGTERM, SIGINT or `witan stop`. Any key of witan.conf can be given as "
                 "--section.key=value. SIGHUP reads witan.conf again: the keys that config sample "
                 "marks with [R] take effect at once, the log names the others.",
      .groups = CLI_GROUP_HOME,
      .settings = true,
      .examples = { "start --home ./a", "start --home ./a --rpc.listen=127.0.0.1:7781 "
                                        "--log.level=debug" },
      .run = start },
    { .path = "stop",
      .summary = "Stop a node cleanly, through its local socket",
      .groups = CLI_GROUP_NODE,
      .flags = stop_flags,
      .examples = { "stop --home ./a" },
      .run = stop },
    { .path = "version", .summary = "Print the version", .run = version },
    { .path = "help",
      .summary = "Explain a command",
      .arguments = "[NOUN [VERB]]",
      .arguments_max = 2,
      .flags = help_flags,
      .examples = { "help tx transfer" },
      .run = help },
    CLI_COMMANDS_END,
};
