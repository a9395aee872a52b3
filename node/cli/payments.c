/* node/cli/payments.c -- `witan testnet payments FILE`: real payments on a fresh network, one
 * validator killed and restarted on the way, everything checked afterwards.
 *
 * The file is read twice by different code: the import pays its rows, and here counts and sums of
 * each payee are taken, which every ledger must show in the end. A payee only receives, so the
 * number of movements of its balance is the number of payments it got.
 */
#include "node/cli/import.h"

#include "ledger/audit.h"
#include "ledger/reader.h"
#include "node/cli/cli.h"
#include "node/cli_amount.h"
#include "node/draft.h"
#include "node/testnet.h"
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    READY_MS = 30000,
    LEVEL_MS = 120000,
    STOP_MS = 20000,
    SCALE = 2,
    PAYEES_MAX = 4096,
    NAME_WIDTH = 24,
};

/* What the file says of a payee, and what a ledger says. */
struct payee {
    char name[IMPORT_NAME_MAX + 1];
    struct id account;
    uint64_t orders, sum;
    uint64_t ledger_orders, ledger_sum;
    bool same; /* in all ledgers */
};

struct run {
    const struct cli_call *call;
    char dir[PATH_BYTES_MAX];
    bool made;
    struct testnet net;
    struct secret_key key;
    struct genesis *genesis;
    char urls[TESTNET_NODES_MAX][TESTNET_URL];
    const char *url_list[TESTNET_NODES_MAX];
    struct import_options options;
    struct import_report first, second;
    struct payee *payees;
    size_t payee_count;
    uint64_t orders;
    uint64_t entries_first, entries_second;
    struct import_shown shown;
    bool killed, restarted;
    uint16_t victim;
    struct problem problem;
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

/* ---- the network ---- */

static enum status choose_dir(struct run *run)
{
    const char *wanted = cli_text(run->call, "dir");
    const char *base = getenv("TMPDIR");
    if (wanted) {
        snprintf(run->dir, sizeof run->dir, "%s", wanted);
        return STATUS_OK;
    }
    snprintf(run->dir, sizeof run->dir, "%s/witan-payments.XXXXXX",
             base && base[0] ? base : "/tmp");
    return mkdtemp(run->dir)
               ? STATUS_OK
               : problem_set(&run->problem, STATUS_IO, "%s: %s", run->dir, strerror(errno));
}

static enum status open_network(struct run *run)
{
    enum status status = choose_dir(run);
    struct testnet_options options = { .dir = run->dir,
                                       .network = "payments",
                                       .validators = (uint16_t)cli_number(run->call, "validators"),
                                       .engine = ENGINE_HOTSTUFF };
    if (status == STATUS_OK) status = testnet_create(&run->net, &options, &run->problem);
    if (status != STATUS_OK) return status;
    run->made = true;
    char path[PATH_BYTES_MAX];
    testnet_file(&run->net, "1/config/genesis.json", path);
    status = genesis_load(path, &run->genesis, &run->problem);
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

static enum status send_asset(struct run *run, const struct transaction *tx)
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

static enum status make_asset(struct run *run)
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
    operation->asset_create.scale = SCALE;
    operation->asset_create.max_supply = TX_AMOUNT_MAX;
    enum status status = send_asset(run, tx);
    free(tx);
    run->options.asset = asset_id_of(&run->net.treasury, code);
    return status;
}

/* ---- what the file says ---- */

static struct payee *payee_of(struct run *run, const struct import_row *row)
{
    for (size_t i = 0; i < run->payee_count; i++)
        if (id_equal(&run->payees[i].account, &row->payee)) return &run->payees[i];
    if (run->payee_count == PAYEES_MAX) return NULL;
    struct payee *payee = &run->payees[run->payee_count++];
    *payee = (struct payee){ .account = row->payee, .same = true };
    snprintf(payee->name, sizeof payee->name, "%.255s", row->to);
    return payee;
}

static enum status add_rows(struct run *run, struct csv *csv, const struct import_map *map,
                            struct import_row *row)
{
    enum status status;
    while ((status = csv_next(csv, &run->problem)) == STATUS_OK) {
        status = import_row_read(map, csv, row, &run->problem);
        if (status != STATUS_OK) return status;
        struct payee *payee = payee_of(run, row);
        if (!payee)
            return problem_set(&run->problem, STATUS_TOO_LARGE, "more than %d payees", PAYEES_MAX);
        payee->orders++;
        payee->sum += row->amount;
        run->orders++;
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status read_file(struct run *run)
{
    const struct import_options *options = &run->options;
    struct csv *csv = calloc(1, sizeof *csv);
    struct import_map *map = calloc(1, sizeof *map);
    struct import_row *row = calloc(1, sizeof *row);
    FILE *stream = fopen(options->path, "re");
    enum status status = STATUS_OK;
    run->payees = calloc(PAYEES_MAX, sizeof *run->payees);
    if (!csv || !map || !row || !run->payees) {
        status = STATUS_NO_MEMORY;
        problem_set(&run->problem, status, "out of memory");
    } else if (!stream) {
        status = STATUS_NOT_FOUND;
        problem_set(&run->problem, status, "%s: %s", options->path, strerror(errno));
    }
    if (status == STATUS_OK) {
        map->scale = options->scale;
        map->named = true;
        map->namer = options->treasury;
        snprintf(map->set, sizeof map->set, "%s", options->set);
        snprintf(map->names, sizeof map->names, "%s", options->names);
        status = csv_open(csv, stream, options->delimiter, &run->problem);
        if (status == STATUS_OK)
            status = import_map_open(map, csv, options->columns, &run->problem);
        if (status == STATUS_OK) status = add_rows(run, csv, map, row);
        import_map_close(map);
        csv_close(csv);
    }
    if (stream) fclose(stream);
    free(csv);
    free(map);
    free(row);
    return status;
}

/* ---- the two imports ---- */

/* A third of the way a validator is killed, at two thirds it is started again. */
static void disturb(struct run *run, const struct import_report *report)
{
    if (report->stage != IMPORT_SEND || report->stage_total == 0) return;
    struct problem problem = { .status = STATUS_OK };
    if (!run->killed && 3 * report->stage_done >= report->stage_total) {
        run->killed = testnet_signal(&run->net, run->victim, SIGKILL, &problem) == STATUS_OK &&
                      testnet_await_end(&run->net, run->victim, STOP_MS, &problem) == STATUS_OK;
    } else if (run->killed && !run->restarted &&
               3 * report->stage_done >= 2 * report->stage_total) {
        run->restarted = testnet_spawn(&run->net, run->victim, &problem) == STATUS_OK;
    }
}

static bool tick(void *context, const struct import_report *report)
{
    struct run *run = context;
    disturb(run, report);
    import_show(&run->shown, report);
    return interrupted != 0;
}

static void set_options(struct run *run)
{
    static const char *const names[IMPORT_COLUMNS] = { "from", "to", "amount", "ref", "memo" };
    run->options = (struct import_options){
        .path = cli_argument(run->call, 0),
        .delimiter = cli_text(run->call, "delimiter")[0],
        .set = "payments",
        .names = "accounts",
        .chain_id = run->genesis->chain_id,
        .key = &run->key,
        .scale = SCALE,
        .named = true,
        .treasury = run->net.treasury,
        .fund = true,
        .urls = run->url_list,
        .url_count = run->net.count,
        .in_flight = (uint32_t)cli_number(run->call, "in-flight"),
        .tick = tick,
        .context = run,
    };
    for (unsigned i = 0; i < IMPORT_COLUMNS; i++)
        run->options.columns[i] = cli_text(run->call, names[i]);
    run->victim = (uint16_t)(run->net.count - 1);
}

static enum status entries_of(struct run *run, uint64_t *entries)
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

static enum status import_twice(struct run *run)
{
    struct testnet_heads heads;
    enum status status = import_run(&run->options, &run->first, &run->problem);
    import_shown_end(&run->shown);
    if (status == STATUS_OK && !run->killed)
        status = problem_set(&run->problem, STATUS_INVALID, "no validator was killed on the way");
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

/* ---- what the ledgers say ---- */

static enum status compare_payees(struct run *run, struct ledger_reader *reader)
{
    for (size_t i = 0; i < run->payee_count; i++) {
        struct payee *payee = &run->payees[i];
        struct balance balance = { .seq = 0 };
        enum status status =
            ledger_read_balance(reader, &payee->account, &run->options.asset, &balance);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND) return status;
        payee->ledger_orders = balance.seq;
        payee->ledger_sum = (uint64_t)balance.posted;
        payee->same = payee->same && payee->ledger_orders == payee->orders && balance.posted >= 0 &&
                      payee->ledger_sum == payee->sum;
    }
    return STATUS_OK;
}

static enum status check_ledger(struct run *run, uint16_t index, struct digest *head)
{
    char path[PATH_BYTES_MAX], name[64];
    snprintf(name, sizeof name, "%u/data/ledger.db", index + 1u);
    testnet_file(&run->net, name, path);
    struct audit_report *report;
    struct audit_options options = { .program = "witan testnet payments" };
    enum status status = audit_verify(&report, run->genesis, path, &options, &run->problem);
    if (status != STATUS_OK) return status;
    *head = report->head_hash;
    if (audit_exit_code(report) != 0)
        status =
            problem_set(&run->problem, STATUS_DIVERGED, "%s: %s", path,
                        report->finding_count > 0 ? report->findings[0].text : report->incomplete);
    audit_report_free(report);
    struct ledger_reader *reader;
    if (status == STATUS_OK) status = ledger_reader_open(&reader, path, NULL, &run->problem);
    if (status != STATUS_OK) return status;
    status = compare_payees(run, reader);
    if (status != STATUS_OK)
        problem_set(&run->problem, status, "%s: %s", path, ledger_reader_error(reader));
    ledger_reader_close(reader);
    return status;
}

static enum status check_ledgers(struct run *run)
{
    struct digest first, head;
    enum status status = testnet_stop(&run->net, STOP_MS, false, &run->problem);
    for (uint16_t i = 0; status == STATUS_OK && i < run->net.count; i++) {
        status = check_ledger(run, i, &head);
        if (i == 0) first = head;
        if (status == STATUS_OK && !digest_equal(&first, &head))
            status = problem_set(&run->problem, STATUS_DIVERGED,
                                 "ledgers 1 and %u end with different blocks", i + 1u);
    }
    return status;
}

/* ---- figures ---- */

static void print_amount(uint64_t minor)
{
    char digits[24], text[AMOUNT_TEXT];
    snprintf(digits, sizeof digits, "%" PRIu64, minor);
    amount_format(digits, SCALE, text);
    printf("  %18s", text);
}

static void print_table(const struct run *run)
{
    printf("%-*s  %8s  %18s  %18s  %s\n", NAME_WIDTH, "payee", "orders", "file", "ledgers", "same");
    for (size_t i = 0; i < run->payee_count; i++) {
        const struct payee *payee = &run->payees[i];
        printf("%-*.*s  %8" PRIu64, NAME_WIDTH, NAME_WIDTH, payee->name, payee->ledger_orders);
        print_amount(payee->sum);
        print_amount(payee->ledger_sum);
        printf("  %s\n", payee->same ? "yes" : "NO");
    }
}

/* Prints everything; true if it is as it should be. */
static bool print_figures(struct run *run)
{
    uint64_t in_ledger = 0, twice = 0, lost = 0;
    bool same = true;
    for (size_t i = 0; i < run->payee_count; i++) {
        const struct payee *payee = &run->payees[i];
        in_ledger += payee->ledger_orders;
        if (payee->ledger_orders > payee->orders) twice += payee->ledger_orders - payee->orders;
        if (payee->ledger_orders < payee->orders) lost += payee->orders - payee->ledger_orders;
        same = same && payee->same;
    }
    double seconds = (double)run->first.send_us / 1e6;
    uint64_t second_entries = run->entries_second - run->entries_first;
    printf("figure orders_total %" PRIu64 " count\n", run->orders);
    printf("figure orders_committed %" PRIu64 " count\n", in_ledger);
    printf("figure orders_lost %" PRIu64 " count\n", lost);
    printf("figure orders_twice %" PRIu64 " count\n", twice);
    printf("figure orders_rate %.0f orders/s\n",
           seconds > 0 ? (double)run->first.committed / seconds : 0.0);
    printf("figure orders_ms_p50 %.1f ms\n",
           (double)sample_permille(&run->first.latency_us, 500) / 1e3);
    printf("figure orders_ms_p99 %.1f ms\n",
           (double)sample_permille(&run->first.latency_us, 990) / 1e3);
    printf("figure kill_gap_ms %.0f ms\n", (double)run->first.gap_us / 1e3);
    printf("figure second_import_entries %" PRIu64 " count\n", second_entries);
    print_table(run);
    return same && lost == 0 && twice == 0 && in_ledger == run->orders && second_entries == 0 &&
           run->second.found == run->orders &&
           run->first.committed + run->first.found == run->orders;
}

/* ---- the command ---- */

static enum status run_all(struct run *run)
{
    enum status status = open_network(run);
    if (status != STATUS_OK) return status;
    set_options(run);
    status = make_asset(run);
    if (status == STATUS_OK) status = read_file(run);
    if (status == STATUS_OK) status = import_twice(run);
    return status == STATUS_OK ? check_ledgers(run) : status;
}

static void run_free(struct run *run)
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
    struct run *run = calloc(1, sizeof *run);
    if (!run) return cli_fail_memory();
    run->call = run->shown.call = call;
    struct sigaction action = { .sa_handler = on_interrupt };
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    enum status status = run_all(run);
    bool passed = status == STATUS_OK && print_figures(run);
    if (status != STATUS_OK) cli_fail_problem(&run->problem, "payments");
    struct problem problem = { .status = STATUS_OK };
    if (run->made && testnet_stop(&run->net, STOP_MS, true, &problem) != STATUS_OK)
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
    { .name = "delimiter",
      .type = CLI_TEXT,
      .value = "CHAR",
      .standard = ";",
      .help = "what stands between fields" },
    { .name = "from",
      .type = CLI_TEXT,
      .value = "COLUMN",
      .standard = "account-{account_id}",
      .help = "payer, as for tx import" },
    { .name = "to",
      .type = CLI_TEXT,
      .value = "COLUMN",
      .standard = "bank-{bank_to}",
      .help = "payee" },
    { .name = "amount",
      .type = CLI_TEXT,
      .value = "COLUMN",
      .standard = "amount",
      .help = "amount, at most two decimals" },
    { .name = "ref",
      .type = CLI_TEXT,
      .value = "COLUMN",
      .standard = "order_id",
      .help = "what identifies the payment" },
    { .name = "memo",
      .type = CLI_TEXT,
      .value = "COLUMN",
      .standard = "k_symbol",
      .help = "text that is recorded" },
    { .name = "asset",
      .type = CLI_TEXT,
      .value = "CODE",
      .standard = "CZK",
      .help = "the asset that is made for it" },
    { .name = "validators",
      .type = CLI_NUMBER,
      .value = "N",
      .standard = "4",
      .least = 4,
      .most = TESTNET_NODES_MAX,
      .help = "how many processes" },
    { .name = "in-flight",
      .type = CLI_NUMBER,
      .value = "N",
      .standard = "256",
      .least = 1,
      .most = SENDER_IN_FLIGHT_MAX,
      .help = "payments under way at once" },
    { .name = "dir",
      .type = CLI_FILE,
      .value = "DIR",
      .help = "where the network lives; without it a new folder below TMPDIR or /tmp" },
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
