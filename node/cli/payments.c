/* node/cli/payments.c -- `witan testnet payments FILE`: real payments on a fresh network, one
 * validator killed and restarted on the way, everything checked afterwards. */
#include "node/cli/payments.h"

#include "ledger/reader.h"
#include "node/cli/network.h"
#include "node/draft.h"
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>

enum { READY_MS = 30000, LEVEL_MS = 120000 };

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

/* ---- the network ---- */

static enum status open_network(struct payments_run *run)
{
    enum status status = cli_network_dir(run->call, "payments", run->dir, &run->problem);
    struct testnet_options options = { .dir = run->dir,
                                       .network = "payments",
                                       .validators =
                                           (uint16_t)cli_number(run->call, "validators") };
    if (status == STATUS_OK && !engine_find(cli_text(run->call, "engine"), &options.engine))
        status = problem_set(&run->problem, STATUS_UNSUPPORTED, "no engine of that name is known");
    if (status == STATUS_OK) status = testnet_create(&run->net, &options, &run->problem);
    if (status != STATUS_OK) return status;
    run->made = true;
    char path[PATH_BYTES_MAX];
    testnet_file(&run->net, "1/config/genesis.json", path);
    status = genesis_load(path, &run->genesis, &run->problem);
    if (status == STATUS_OK && committee_max_faulty(&run->genesis->committee) == 0)
        status =
            problem_set(&run->problem, STATUS_INVALID,
                        "%u validators tolerate no failure: this run kills one", run->net.count);
    if (status == STATUS_OK) status = testnet_treasury_key(&run->net, &run->key, &run->problem);
    for (uint16_t i = 0; status == STATUS_OK && i < run->net.count; i++) {
        testnet_url(&run->net, i, run->urls[i]);
        run->url_list[i] = run->urls[i];
        status = testnet_spawn(&run->net, i, &run->problem);
    }
    for (uint16_t i = 0; status == STATUS_OK && i < run->net.count; i++)
        status = testnet_await_answer(&run->net, i, "/readyz?verbose", READY_MS, &run->problem);
    return status;
}

/* ---- the asset ---- */

static enum status send_asset(struct payments_run *run, const struct transaction *tx)
{
    struct span bytes;
    struct digest txid;
    struct rpc_client *client;
    struct submit_report report;
    enum status status = draft_sign(tx, &run->key, &bytes, &txid);
    if (status == STATUS_OK) status = rpc_client_open(&client, run->urls[0], 0, &run->problem);
    if (status != STATUS_OK) return status;
    struct submit_options options = { .nodes = &client,
                                      .node_count = 1,
                                      .until = SUBMIT_UNTIL_COMMITTED,
                                      .not_after_ms = tx->not_after_ms,
                                      .timeout_ms = READY_MS };
    submit_transaction(&options, bytes, &txid, &report);
    const json_t *result = json_object_get(report.status, "result");
    const char *code = json_string_value(json_object_get(result, "code"));
    if (report.end != SUBMIT_END_COMMITTED || !code || strcmp(code, "ok") != 0)
        status = problem_set(&run->problem, STATUS_REFUSED, "the asset could not be made: %s %s",
                             code ? code : "", report.failure.text);
    submit_report_clear(&report);
    rpc_client_close(client);
    free((void *)(uintptr_t)bytes.data);
    return status;
}

static enum status make_asset(struct payments_run *run)
{
    enum { EXPIRES_MS = 60000 };
    const char *text = cli_text(run->call, "asset");
    uint8_t code[12] = { 0 };
    struct transaction *tx = malloc(sizeof *tx);
    if (!tx) return problem_set(&run->problem, STATUS_NO_MEMORY, "out of memory");
    if (strlen(text) > sizeof code) {
        free(tx);
        return problem_set(&run->problem, STATUS_INVALID, "--asset is longer than 12 characters");
    }
    memcpy(code, text, strlen(text));
    draft_begin(tx, &run->genesis->chain_id, &run->net.treasury, draft_now_ms() + EXPIRES_MS);
    struct operation *operation = draft_add(tx, OP_ASSET_CREATE, &run->net.treasury);
    memcpy(operation->asset_create.code, code, sizeof code);
    operation->asset_create.scale = PAYMENTS_SCALE;
    operation->asset_create.max_supply = TX_AMOUNT_MAX;
    enum status status = send_asset(run, tx);
    free(tx);
    run->options.asset = asset_id_of(&run->net.treasury, code);
    return status;
}

/* ---- the two imports ---- */

/* A third of the way a validator is killed, at two thirds it is started again. */
static void disturb(struct payments_run *run, const struct import_report *report)
{
    if (report->stage != IMPORT_SEND || report->stage_total == 0) return;
    struct problem *problem = &run->undisturbed;
    if (!run->killed && 3 * report->stage_done >= report->stage_total) {
        run->killed =
            testnet_signal(&run->net, run->victim, SIGKILL, problem) == STATUS_OK &&
            testnet_await_end(&run->net, run->victim, PAYMENTS_STOP_MS, problem) == STATUS_OK;
    } else if (run->killed && !run->restarted &&
               3 * report->stage_done >= 2 * report->stage_total) {
        run->restarted = testnet_spawn(&run->net, run->victim, problem) == STATUS_OK;
    }
}

static bool tick(void *context, const struct import_report *report)
{
    struct payments_run *run = context;
    disturb(run, report);
    import_show(&run->shown, report);
    return interrupted != 0;
}

static void set_options(struct payments_run *run)
{
    run->options = (struct import_options){
        .path = cli_argument(run->call, 0),
        .delimiter = cli_text(run->call, "delimiter")[0],
        .set = "payments",
        .names = "accounts",
        .chain_id = run->genesis->chain_id,
        .key = &run->key,
        .scale = PAYMENTS_SCALE,
        .named = true,
        .treasury = run->net.treasury,
        .fund = true,
        .urls = run->url_list,
        .url_count = run->net.count,
        .in_flight = (uint32_t)cli_number(run->call, "in-flight"),
        .tick = tick,
        .context = run,
    };
    import_columns(run->call, &run->options);
    run->victim = (uint16_t)(run->net.count - 1);
}

static enum status entries_of(struct payments_run *run, uint64_t *entries)
{
    char path[PATH_BYTES_MAX];
    struct ledger_reader *reader;
    testnet_file(&run->net, "1/data/ledger.db", path);
    enum status status = ledger_reader_open(&reader, path, NULL, &run->problem);
    if (status != STATUS_OK) return status;
    status = ledger_read_entry_total(reader, entries);
    if (status != STATUS_OK)
        problem_set(&run->problem, status, "%s: %s", path, ledger_reader_error(reader));
    ledger_reader_close(reader);
    return status;
}

static enum status import_twice(struct payments_run *run)
{
    struct testnet_heads heads;
    enum status status = import_run(&run->options, &run->first, &run->problem);
    import_shown_end(&run->shown);
    if (status == STATUS_OK && !run->killed)
        status =
            problem_set(&run->problem, STATUS_INVALID, "no validator was killed on the way%s%s",
                        run->undisturbed.text[0] ? ": " : "", run->undisturbed.text);
    if (status == STATUS_OK && !run->restarted)
        status = testnet_spawn(&run->net, run->victim, &run->problem);
    if (status == STATUS_OK)
        status = testnet_await_level(&run->net, LEVEL_MS, &heads, &run->problem);
    if (status == STATUS_OK) status = entries_of(run, &run->entries_first);
    if (status == STATUS_OK) status = import_run(&run->options, &run->second, &run->problem);
    import_shown_end(&run->shown);
    if (status == STATUS_OK)
        status = testnet_await_level(&run->net, LEVEL_MS, &heads, &run->problem);
    return status == STATUS_OK ? entries_of(run, &run->entries_second) : status;
}

/* ---- the command ---- */

static enum status run_all(struct payments_run *run)
{
    enum status status = open_network(run);
    if (status != STATUS_OK) return status;
    set_options(run);
    status = make_asset(run);
    if (status == STATUS_OK) status = payments_read_file(run);
    if (status == STATUS_OK) status = import_twice(run);
    return status == STATUS_OK ? payments_check_ledgers(run) : status;
}

static void run_free(struct payments_run *run)
{
    import_report_free(&run->first);
    import_report_free(&run->second);
    genesis_free(run->genesis);
    key_wipe(&run->key);
    free(run->payees);
    free(run);
}

static int payments(struct cli_call *call)
{
    struct payments_run *run = calloc(1, sizeof *run);
    if (!run) return cli_fail_memory();
    run->call = run->shown.call = call;
    struct sigaction action = { .sa_handler = on_interrupt };
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    enum status status = run_all(run);
    bool passed = status == STATUS_OK && payments_print(run);
    if (status != STATUS_OK) cli_fail_problem(&run->problem, "payments");
    struct problem problem = { .status = STATUS_OK };
    if (run->made && testnet_stop(&run->net, PAYMENTS_STOP_MS, true, &problem) != STATUS_OK)
        passed = cli_fail_problem(&problem, "cleaning up") == CLI_EXIT_DONE;
    if (run->made && passed && !cli_switch(call, "keep") &&
        testnet_remove(&run->net, &problem) != STATUS_OK)
        passed = cli_fail_problem(&problem, "cleaning up") == CLI_EXIT_DONE;
    if (passed)
        puts("PASS");
    else
        printf("FAIL        (logs in %s)\n", run->dir);
    run_free(run);
    return passed ? CLI_EXIT_DONE : CLI_EXIT_FAILED;
}

/* The defaults are those of the standing orders of the PKDD'99 financial data set. */
static const struct cli_flag payments_flags[] = {
    IMPORT_DELIMITER_FLAG(";"),
    IMPORT_COLUMN_FLAG("from", .standard = "account-{account_id}",
                       .help = "payer, as for tx import"),
    IMPORT_COLUMN_FLAG("to", .standard = "bank-{bank_to}", .help = "payee"),
    IMPORT_COLUMN_FLAG("amount", .standard = "amount", .help = "amount, at most two decimals"),
    IMPORT_COLUMN_FLAG("ref", .standard = "order_id", .help = "what identifies the payment"),
    IMPORT_COLUMN_FLAG("memo", .standard = "k_symbol", .help = "text that is recorded"),
    { .name = "asset",
      .type = CLI_TEXT,
      .value = "CODE",
      .standard = "CZK",
      .help = "the asset that is made for it" },
    VALIDATORS_FLAG(3),
    ENGINE_FLAG,
    IMPORT_IN_FLIGHT_FLAG,
    NETWORK_DIR_FLAG,
    { .name = "keep", .type = CLI_SWITCH, .help = "leave the (stopped) network's files" },
    CLI_FLAGS_END,
};

const struct cli_command payments_commands[] = {
    { .path = "testnet payments",
      .summary = "Settle a file of payments on a fresh network, and check every ledger",
      .details = "Imports FILE through all validators in turn while one of them is killed and "
                 "restarted; then every payment must be in every ledger exactly once, sums per "
                 "payee equal those of the file, the heads equal, the audits clean, and a second "
                 "import change nothing. Prints lines `figure NAME VALUE UNIT`, a table, and PASS "
                 "or FAIL.",
      .arguments = "FILE",
      .arguments_min = 1,
      .arguments_max = 1,
      .flags = payments_flags,
      .examples = { "testnet payments orders.csv" },
      .run = payments },
    CLI_COMMANDS_END,
};
