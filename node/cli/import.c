/* node/cli/import.c -- `witan tx import`: bulk payments from a CSV file. */
#include "node/cli/import.h"

#include "node/cli/read.h"
#include "node/cli/write.h"
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>

/* ---- progress and interruption ---- */

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

void import_show(struct import_shown *shown, const struct import_report *report)
{
    if (!shown->begun || shown->stage != report->stage) {
        import_shown_end(shown);
        bool accounts = report->stage == IMPORT_ACCOUNTS || report->stage == IMPORT_MAKE ||
                        report->stage == IMPORT_FUND;
        cli_progress_start(&shown->progress, shown->call, import_stage_word(report->stage),
                           accounts ? "accounts" : "rows");
        shown->begun = true;
        shown->stage = report->stage;
    }
    cli_progress_show(&shown->progress, report->stage_done, report->stage_total);
}

void import_shown_end(struct import_shown *shown)
{
    if (shown->begun) cli_progress_end(&shown->progress);
    shown->begun = false;
}

static bool tick(void *context, const struct import_report *report)
{
    import_show(context, report);
    return interrupted != 0;
}

/* ---- what the flags say ---- */

void import_columns(const struct cli_call *call, struct import_options *options)
{
    static const char *const names[IMPORT_COLUMNS] = { "from", "to", "amount", "ref", "memo" };
    for (unsigned i = 0; i < IMPORT_COLUMNS; i++)
        options->columns[i] = cli_text(call, names[i]);
}

static int read_key(const struct cli_call *call, struct cli_key *key)
{
    char path[PATH_BYTES_MAX];
    struct problem problem = { .status = STATUS_OK };
    const char *name = cli_text(call, "key");
    if (!name) name = cli_text(call, "accounts-by");
    if (!name)
        return cli_fail(CLI_EXIT_USAGE, NULL, "--key FILE, or --accounts-by NAME of a key",
                        "no key is named that signs the payments");
    enum status status = cli_key_path(call, name, path, &problem);
    if (status == STATUS_OK) status = cli_key_open(call, path, key, &problem);
    return status == STATUS_OK ? CLI_EXIT_DONE : cli_fail_document(&problem, "key");
}

/* Names are those of the account of --accounts-by. */
static int read_treasury(const struct cli_call *call, const struct cli_key *key,
                         struct import_options *options)
{
    const char *by = cli_text(call, "accounts-by");
    options->named = by != NULL;
    options->fund = strcmp(cli_text(call, "fund"), "exact") == 0;
    if (!by && options->fund)
        return cli_fail(CLI_EXIT_USAGE, NULL, NULL,
                        "--fund exact needs --accounts-by, which names the account that mints");
    if (!by) return CLI_EXIT_DONE;
    struct problem problem = { .status = STATUS_OK };
    if (cli_text(call, "key") && key->has_id && strncmp(by, "acc1", 4) != 0) {
        options->treasury = key->id;
        return CLI_EXIT_DONE;
    }
    if (cli_account(call, by, &options->treasury, &problem) == STATUS_OK) return CLI_EXIT_DONE;
    return cli_fail_problem(&problem, "--accounts-by");
}

static int read_asset(const struct cli_call *call, struct rpc_client *client,
                      struct import_options *options)
{
    struct cli_asset asset;
    int exit_code = CLI_EXIT_DONE;
    if (!cli_asset(client, cli_text(call, "asset"), &asset, &exit_code)) return exit_code;
    options->asset = asset.id;
    options->scale = asset.scale;
    return CLI_EXIT_DONE;
}

static int ask_chain(const struct cli_call *call, struct import_options *options)
{
    char network[33];
    int exit_code = CLI_EXIT_DONE;
    struct rpc_client *client = cli_client(call, &exit_code);
    if (!client) return exit_code;
    exit_code = cli_chain_of(client, network, &options->chain_id);
    if (exit_code == CLI_EXIT_DONE) exit_code = read_asset(call, client, options);
    rpc_client_close(client);
    return exit_code;
}

/* ---- the end ---- */

json_t *import_report_json(const struct import_report *report)
{
    uint64_t total = report->committed + report->failed + report->refused + report->open;
    double seconds = (double)report->send_us / 1e6;
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:s}", "rows",
                     (json_int_t)report->rows, "committed", (json_int_t)report->committed, "found",
                     (json_int_t)report->found, "failed", (json_int_t)report->failed, "refused",
                     (json_int_t)report->refused, "open", (json_int_t)report->open,
                     "accounts_created", (json_int_t)report->accounts_created, "accounts_funded",
                     (json_int_t)report->accounts_funded, "rows_per_second",
                     seconds > 0 ? (double)total / seconds : 0.0, "problem", report->problem);
}

static void print_report(const struct cli_call *call, struct import_report *report)
{
    if (cli_switch(call, "json")) {
        json_t *document = import_report_json(report);
        char *line = document ? json_line(document) : NULL;
        if (line) puts(line);
        free(line);
        json_decref(document);
        return;
    }
    double seconds = (double)report->send_us / 1e6;
    printf("rows       %" PRIu64 ", of which %" PRIu64 " were paid before\n", report->rows,
           report->found);
    printf("accounts   %" PRIu64 " made, %" PRIu64 " funded\n", report->accounts_created,
           report->accounts_funded);
    printf("committed  %" PRIu64 " in %.1f s", report->committed, seconds);
    if (report->committed > 0)
        printf(" (%.0f/s, median %.0f ms, p99 %.0f ms)",
               (double)report->committed / (seconds > 0 ? seconds : 1),
               (double)sample_permille(&report->latency_us, 500) / 1e3,
               (double)sample_permille(&report->latency_us, 990) / 1e3);
    putchar('\n');
    if (report->failed + report->refused + report->open > 0)
        printf("not paid   %" PRIu64 " failed, %" PRIu64 " refused, %" PRIu64 " not known\n",
               report->failed, report->refused, report->open);
}

int import_exit(const struct import_report *report, enum status status,
                const struct problem *problem)
{
    if (status == STATUS_CLOSED)
        return cli_fail(CLI_EXIT_OPEN, NULL, "run the same command again: nothing is paid twice",
                        "stopped");
    if (status == STATUS_TIMEOUT)
        return cli_fail(CLI_EXIT_UNREACHABLE, NULL,
                        "run the same command again: nothing is paid twice", "%s", problem->text);
    if (status == STATUS_REFUSED || status == STATUS_INVALID || status == STATUS_MALFORMED)
        return cli_fail(CLI_EXIT_REFUSED, NULL, NULL, "%s", problem->text);
    if (status != STATUS_OK) return cli_fail_problem(problem, "import");
    if (report->open > 0)
        return cli_fail(CLI_EXIT_OPEN, NULL, "run the same command again: nothing is paid twice",
                        "%" PRIu64 " rows are not final yet", report->open);
    if (report->failed + report->refused > 0)
        return cli_fail(CLI_EXIT_REFUSED, NULL, "--result FILE has a line for each row",
                        "%" PRIu64 " rows were not paid; the first: %s",
                        report->failed + report->refused, report->problem);
    return CLI_EXIT_DONE;
}

/* ---- the command ---- */

static int run(const struct cli_call *call, struct import_options *options)
{
    struct import_report report;
    struct problem problem = { .status = STATUS_OK };
    struct import_shown shown = { .call = call };
    const char *path = cli_text(call, "result");
    options->result = path ? fopen(path, "we") : NULL;
    if (path && !options->result)
        return cli_fail(CLI_EXIT_IO, NULL, NULL, "%s: %s", path, strerror(errno));
    options->tick = tick;
    options->context = &shown;
    struct sigaction action = { .sa_handler = on_interrupt };
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    enum status status = import_run(options, &report, &problem);
    import_shown_end(&shown);
    if (options->result && fclose(options->result) != 0 && status == STATUS_OK)
        status = problem_set(&problem, STATUS_IO, "%s: %s", path, strerror(errno));
    print_report(call, &report);
    int exit_code = import_exit(&report, status, &problem);
    import_report_free(&report);
    return exit_code;
}

static int import(struct cli_call *call)
{
    char *urls[CLI_NODES_MAX];
    struct cli_key key = { .has_id = false };
    const char *delimiter = cli_text(call, "delimiter");
    struct import_options options = { .path = cli_argument(call, 0),
                                      .delimiter = delimiter[0],
                                      .set = cli_text(call, "set"),
                                      .names = cli_text(call, "names"),
                                      .key = &key.secret,
                                      .in_flight = (uint32_t)cli_number(call, "in-flight"),
                                      .expires_ms = cli_number(call, "expires") };
    import_columns(call, &options);
    if (strlen(delimiter) != 1)
        return cli_fail(CLI_EXIT_USAGE, NULL, NULL, "--delimiter is one character");
    int exit_code = read_key(call, &key);
    if (exit_code == CLI_EXIT_DONE) exit_code = read_treasury(call, &key, &options);
    size_t count = cli_urls(call, urls);
    options.urls = (const char *const *)urls;
    options.url_count = count;
    if (exit_code == CLI_EXIT_DONE) exit_code = ask_chain(call, &options);
    if (exit_code == CLI_EXIT_DONE) exit_code = run(call, &options);
    cli_urls_free(urls, count);
    key_wipe(&key.secret);
    return exit_code;
}

/* ---- row ---- */

static const struct cli_flag import_flags[] = {
    { .name = "set",
      .type = CLI_TEXT,
      .value = "NAME",
      .required = true,
      .help = "name of this set of payments; a reference is paid once in a set, for ever" },
    IMPORT_DELIMITER_FLAG(","),
    IMPORT_COLUMN_FLAG("from", .required = true,
                       .help = "payer: a column, or a template such as 'account-{account_id}'"),
    IMPORT_COLUMN_FLAG("to", .required = true, .help = "payee"),
    IMPORT_COLUMN_FLAG(
        "amount", .required = true,
        .help = "decimal, in units of the asset; more decimals than its scale are refused"),
    IMPORT_COLUMN_FLAG("ref", .required = true,
                       .help = "what identifies the payment within the set"),
    IMPORT_COLUMN_FLAG("memo", .help = "text that is recorded with the payment"),
    { .name = "asset",
      .type = CLI_TEXT,
      .value = "CODE",
      .required = true,
      .help = "CODE, CODE:ISSUER or ast1..." },
    { .name = "key",
      .type = CLI_FILE,
      .value = "FILE",
      .help = "key that signs; default: the one named by --accounts-by" },
    { .name = "accounts-by",
      .type = CLI_TEXT,
      .value = "ACCOUNT",
      .help = "payers and payees are names: this account makes those that are missing, with the "
              "signing key as their signer. Without it they are account ids" },
    { .name = "names",
      .type = CLI_TEXT,
      .value = "NAME",
      .standard = "accounts",
      .help = "the set of names that payers and payees belong to: the same name in it is the same "
              "account in every file" },
    { .name = "fund",
      .type = CLI_WORD,
      .words = "none|exact",
      .standard = "none",
      .help = "exact: that account mints to each payer what its payments exceed its balance by" },
    IMPORT_IN_FLIGHT_FLAG,
    { .name = "expires",
      .type = CLI_DURATION,
      .value = "TIME",
      .standard = "5m",
      .help = "how long a transaction may be executed before it is built anew" },
    { .name = "result",
      .type = CLI_FILE,
      .value = "FILE",
      .help = "write row, ref, tx_id, status, code and height of each row there, as CSV" },
    { .name = "json", .type = CLI_SWITCH, .help = "the summary as one JSON object" },
    CLI_FLAGS_END,
};

const struct cli_command import_commands[] = {
    { .path = "tx import",
      .summary = "Pay every row of a CSV file exactly once",
      .details =
          "The file has a header; quoting as in RFC 4180. Each row is one transaction: the "
          "transfer "
          "and a record import/SET/REF of the payer that must not exist yet. An import that broke "
          "off is run again: rows paid before are found and not sent.\n\nNames several nodes with "
          "--node URL,URL: payments go to them in turn, and past those that do not answer.",
      .arguments = "FILE",
      .arguments_min = 1,
      .arguments_max = 1,
      .groups = CLI_GROUP_NODE | CLI_GROUP_SECRET,
      .flags = import_flags,
      .examples = { "tx import orders.csv --set 2026-12 --delimiter ';' --from "
                    "'account-{account_id}' "
                    "--to 'bank-{bank_to}' --amount amount --ref order_id --asset CZK "
                    "--accounts-by treasury --fund exact --result paid.csv" },
      .run = import },
    CLI_COMMANDS_END,
};
