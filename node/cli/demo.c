/* node/cli/demo.c -- `witan demo`: four validators prove what the README says. */
#include "node/cli/demo.h"

#include "ledger/audit.h"
#include "node/cli/network.h"
#include "proof/text.h"
#include "proof/verify.h"
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
    STEPS = 7,
    READY_MS = 30000,
    LEVEL_MS = 60000,
    STOP_MS = 20000,
    SEALED_MS = 10000,
    STUCK_MS = 3000, /* how long nothing must be committed below the quorum */
    TRANSFERS = 200,
    TRANSFERS_LESS = 100,
    IN_FLIGHT = 32,
};

struct demo {
    const struct cli_call *call;
    char dir[PATH_BYTES_MAX];
    bool own_dir; /* made here; else named by --dir */
    bool made;    /* holds a network */
    unsigned step;
    uint16_t quorum, tolerates;
    uint16_t killed; /* the last ones of the network */
    struct testnet net;
    struct demo_bank bank;
    struct testnet_heads heads;
    struct problem problem;
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

static bool is_interrupted(void)
{
    return interrupted != 0;
}

static uint64_t clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* ---- what is printed ---- */

static void begin(struct demo *demo, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void begin(struct demo *demo, const char *format, ...)
{
    static const char dots[] = "...............................";
    enum { WIDTH = 32 };
    char name[WIDTH];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(name, sizeof name, format, arguments);
    va_end(arguments);
    ASSERT(size > 0 && size < WIDTH);
    printf(" %u/%d %s %.*s ", ++demo->step, STEPS, name, WIDTH - 1 - size, dots);
    fflush(stdout);
}

static enum status pass(const char *format, ...) __attribute__((format(printf, 1, 2)));
static enum status pass(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("ok  ", stdout);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
    fflush(stdout);
    return STATUS_OK;
}

/* ---- 1 and 2: a network ---- */

static enum status keys_and_genesis(struct demo *demo)
{
    begin(demo, "keys and genesis");
    uint16_t draw;
    char network[16];
    random_bytes(&draw, sizeof draw);
    snprintf(network, sizeof network, "demo-%04x", draw);
    struct testnet_options options = { .dir = demo->dir,
                                       .network = network,
                                       .validators = (uint16_t)cli_number(demo->call, "validators"),
                                       .phases = cli_number(demo->call, "phases") };
    if (!engine_find(cli_text(demo->call, "engine"), &options.engine))
        return problem_set(&demo->problem, STATUS_UNSUPPORTED, "no engine of that name is known");
    enum status status = testnet_create(&demo->net, &options, &demo->problem);
    if (status != STATUS_OK) return status;
    demo->made = true;
    status = demo_bank_open(&demo->bank, &demo->net, &demo->problem);
    if (status != STATUS_OK) return status;
    demo->bank.stop = is_interrupted;
    demo->quorum = committee_quorum(&demo->bank.genesis->committee);
    demo->tolerates = committee_max_faulty(&demo->bank.genesis->committee);
    if (demo->tolerates == 0)
        return problem_set(&demo->problem, STATUS_INVALID,
                           "%u validators tolerate no failure: the demo needs more",
                           demo->net.count);
    return pass("network %s: %u validators, quorum %u, tolerates %u", network, demo->net.count,
                demo->quorum, demo->tolerates);
}

static enum status start_validators(struct demo *demo)
{
    begin(demo, "start %u validators", demo->net.count);
    enum status status = STATUS_OK;
    for (uint16_t i = 0; status == STATUS_OK && i < demo->net.count; i++)
        status = testnet_spawn(&demo->net, i, &demo->problem);
    for (uint16_t i = 0; status == STATUS_OK && i < demo->net.count; i++)
        status = testnet_await_answer(&demo->net, i, "/readyz?verbose", READY_MS, &demo->problem);
    return status != STATUS_OK
               ? status
               : pass("RPC on http://127.0.0.1:%u and following", demo->net.nodes[0].rpc_port);
}

/* ---- 3 and 4: transfers, with all and with as few as may be ---- */

static enum status transfers(struct demo *demo, uint32_t count, struct demo_round *round)
{
    enum status status = demo_bank_transfers(&demo->bank, count, IN_FLIGHT, SUBMIT_UNTIL_SEALED,
                                             round, &demo->problem);
    if (status == STATUS_OK && round->ok != count)
        status = problem_set(&demo->problem, STATUS_REFUSED, "%u of %u transfers; %s", round->ok,
                             count, round->problem);
    return status;
}

static enum status commit_transfers(struct demo *demo)
{
    begin(demo, "commit %d transfers", TRANSFERS);
    enum status status = demo_bank_found(&demo->bank, &demo->problem);
    /* The transfers go to all nodes in turn: each must know the accounts by then. */
    if (status == STATUS_OK)
        status = testnet_await_level(&demo->net, LEVEL_MS, &demo->heads, &demo->problem);
    if (status != STATUS_OK) return status;
    struct demo_round round;
    status = transfers(demo, TRANSFERS, &round);
    if (status == STATUS_OK)
        status = pass("%u of %d sealed, median %.0f ms, p99 %.0f ms", round.ok, TRANSFERS,
                      (double)sample_permille(&round.latency_us, 500) / 1e3,
                      (double)sample_permille(&round.latency_us, 990) / 1e3);
    sample_free(&round.latency_us);
    return status;
}

static enum status kill_next(struct demo *demo)
{
    demo->killed++;
    uint16_t index = (uint16_t)(demo->net.count - demo->killed);
    enum status status = testnet_signal(&demo->net, index, SIGKILL, &demo->problem);
    return status == STATUS_OK ? testnet_await_end(&demo->net, index, STOP_MS, &demo->problem)
                               : status;
}

static enum status kill_tolerated(struct demo *demo)
{
    if (demo->tolerates == 1)
        begin(demo, "kill -9 one validator");
    else
        begin(demo, "kill -9 %u validators", demo->tolerates);
    enum status status = STATUS_OK;
    while (status == STATUS_OK && demo->killed < demo->tolerates)
        status = kill_next(demo);
    if (status != STATUS_OK) return status;
    struct demo_round round;
    status = transfers(demo, TRANSFERS_LESS, &round);
    sample_free(&round.latency_us);
    return status != STATUS_OK ? status
                               : pass("%u of %d more with %u of %u", round.ok, TRANSFERS_LESS,
                                      demo->net.count - demo->killed, demo->net.count);
}

/* ---- 5: below the quorum ---- */

/* A transfer that cannot be committed yet: sent once, then asked about. */
struct pending {
    struct span bytes;
    struct digest txid;
    uint64_t not_after_ms;
};

/* One call of the first node; params is taken over, *result is a new reference. */
static enum status call_node(struct demo *demo, const char *method, json_t *params,
                             uint64_t timeout_ms, json_t **result)
{
    enum { MARGIN_MS = 5000 };
    struct rpc_client *client;
    struct rpc_failure failure = { .what = FAILURE_NONE };
    enum status status = rpc_client_open(&client, demo->bank.urls[0],
                                         (uint32_t)(timeout_ms + MARGIN_MS), &demo->problem);
    if (status == STATUS_OK) {
        *result = rpc_client_call(client, method, params, &failure);
        if (!*result)
            status = problem_set(&demo->problem, STATUS_REFUSED, "%s: %s %s", method, failure.kind,
                                 failure.text);
        rpc_failure_clear(&failure);
        rpc_client_close(client);
    }
    json_decref(params);
    return status;
}

static enum status status_word(struct demo *demo, const struct pending *pending, const char *method,
                               uint64_t timeout_ms, char word[32])
{
    json_t *result = NULL;
    json_t *params =
        strcmp(method, "tx_submit") == 0
            ? json_pack("{s:o}", "tx", json_hex_new(pending->bytes))
            : json_pack("{s:o, s:I}", "tx_id", json_hex_new(digest_span(&pending->txid)),
                        "timeout_ms", (json_int_t)timeout_ms);
    enum status status = call_node(demo, method, params, timeout_ms, &result);
    const char *said = json_string_value(json_object_get(result, "status"));
    snprintf(word, 32, "%s", said ? said : "");
    json_decref(result);
    return status;
}

static enum status kill_one_more(struct demo *demo, struct pending *pending)
{
    begin(demo, "kill -9 %s", demo->tolerates == 1 ? "a second" : "one more");
    enum status status = kill_next(demo);
    if (status == STATUS_OK)
        status = demo_bank_transfer(&demo->bank, &pending->bytes, &pending->txid,
                                    &pending->not_after_ms);
    char word[32] = "";
    if (status == STATUS_OK) status = status_word(demo, pending, "tx_submit", 0, word);
    if (status == STATUS_OK) status = status_word(demo, pending, "tx_wait", STUCK_MS, word);
    if (status == STATUS_OK && strcmp(word, "pending") != 0)
        status = problem_set(&demo->problem, STATUS_CONFLICT,
                             "the transaction is %s with %u of %u validators", word,
                             demo->net.count - demo->killed, demo->net.count);
    return status != STATUS_OK
               ? status
               : pass("with %u of %u nothing commits; the transaction stays pending",
                      demo->net.count - demo->killed, demo->net.count);
}

/* ---- 6: all back ---- */

static enum status restart_killed(struct demo *demo, const struct pending *pending)
{
    if (demo->killed == 2)
        begin(demo, "restart both");
    else
        begin(demo, "restart all %u", demo->killed);
    uint64_t started_ms = clock_ms();
    enum status status = STATUS_OK;
    for (uint16_t i = 0; status == STATUS_OK && i < demo->killed; i++)
        status = testnet_spawn(&demo->net, (uint16_t)(demo->net.count - 1 - i), &demo->problem);
    char word[32] = "";
    if (status == STATUS_OK) status = status_word(demo, pending, "tx_wait", READY_MS, word);
    if (status == STATUS_OK && strcmp(word, "committed") != 0)
        status = problem_set(&demo->problem, STATUS_TIMEOUT, "the transaction is still %s", word);
    if (status == STATUS_OK)
        status = testnet_await_level(&demo->net, LEVEL_MS, &demo->heads, &demo->problem);
    if (status != STATUS_OK) return status;
    return pass("it commits; same header at height %" PRIu64 " on all %u after %.1f s",
                demo->heads.common_height, demo->net.count,
                (double)(clock_ms() - started_ms) / 1e3);
}

/* ---- 7: an auditor who has the files and the genesis ---- */

static enum status audit_one(struct demo *demo, const char *path)
{
    struct audit_report *report;
    struct audit_options options = { .program = "witan demo" };
    enum status status = audit_verify(&report, demo->bank.genesis, path, &options, &demo->problem);
    if (status != STATUS_OK) return status;
    char head[65];
    hex_encode(digest_span(&report->head_hash), head);
    if (audit_exit_code(report) != 0)
        status =
            problem_set(&demo->problem, STATUS_DIVERGED, "%s: %s", path,
                        report->finding_count > 0 ? report->findings[0].text : report->incomplete);
    else if (strcmp(head, demo->heads.nodes[0].block_hash) != 0)
        status = problem_set(&demo->problem, STATUS_DIVERGED, "%s ends with another block", path);
    audit_report_free(report);
    return status;
}

/* The receipt of the transaction that was pending for long, while its node still runs. */
static enum status take_receipt(struct demo *demo, const struct pending *pending,
                                struct writer *receipt)
{
    json_t *result = NULL;
    json_t *id = json_hex_new(digest_span(&pending->txid));
    json_t *params =
        json_pack("{s:O, s:s, s:i}", "tx_id", id, "until", "sealed", "timeout_ms", (int)SEALED_MS);
    enum status status = call_node(demo, "tx_wait", params, SEALED_MS, &result);
    json_decref(result);
    result = NULL;
    params = json_pack("{s:O}", "tx_id", id);
    json_decref(id);
    if (status == STATUS_OK)
        status = call_node(demo, "tx_receipt", params, 0, &result);
    else
        json_decref(params);
    if (status == STATUS_OK) status = proof_from_json(result, receipt, &demo->problem);
    json_decref(result);
    return status;
}

/* What anybody can do who has the genesis and the receipt. */
static enum status check_receipt(struct demo *demo, const struct writer *receipt, uint64_t *height,
                                 uint16_t *signatures)
{
    const struct genesis *genesis = demo->bank.genesis;
    struct proof_policy policy = { .allow_crash = genesis->committee.fault_model == FAULT_CRASH };
    struct verdict *verdict = malloc(sizeof *verdict);
    if (!verdict) return problem_set(&demo->problem, STATUS_NO_MEMORY, "out of memory");
    verdict_init(verdict);
    enum status status = proof_verify(writer_span(receipt), genesis, &policy, verdict);
    if (status == STATUS_REFUSED)
        status = problem_set(&demo->problem, STATUS_DIVERGED, "the receipt: %s: %s",
                             proof_check_name(verdict->check), verdict->text);
    *height = verdict->sealed[0].height;
    *signatures = verdict->sealed[0].signatures;
    verdict_free(verdict);
    free(verdict);
    return status;
}

static enum status audit_all(struct demo *demo)
{
    char path[PATH_BYTES_MAX], name[64];
    enum status status = testnet_stop(&demo->net, STOP_MS, false, &demo->problem);
    for (uint16_t i = 0; status == STATUS_OK && i < demo->net.count; i++) {
        snprintf(name, sizeof name, "%u/data/ledger.db", i + 1u);
        testnet_file(&demo->net, name, path);
        status = audit_one(demo, path);
    }
    return status;
}

static enum status verify_offline(struct demo *demo, const struct pending *pending)
{
    begin(demo, "verify offline");
    uint64_t height = 0;
    uint16_t signatures = 0;
    struct writer receipt;
    writer_init(&receipt, PROOF_BYTES_MAX);
    enum status status = take_receipt(demo, pending, &receipt);
    if (status == STATUS_OK) status = audit_all(demo);
    if (status == STATUS_OK) status = check_receipt(demo, &receipt, &height, &signatures);
    writer_free(&receipt);
    if (status != STATUS_OK) return status;
    bool crash = demo->bank.genesis->committee.fault_model == FAULT_CRASH;
    return pass("%u ledgers audited; a receipt of block %" PRIu64
                " (%u signatures) checked with genesis.json alone%s",
                demo->net.count, height, signatures,
                crash ? "; it holds only while no validator lies" : "");
}

/* ---- all of it ---- */

static enum status interrupted_or(struct demo *demo, enum status status)
{
    if (!interrupted) return status;
    return problem_set(&demo->problem, STATUS_CLOSED, "interrupted");
}

static enum status run(struct demo *demo)
{
    struct pending pending = { .bytes = { NULL, 0 } };
    enum status status = cli_network_dir(demo->call, "demo", demo->dir, &demo->problem);
    demo->own_dir = status == STATUS_OK && !cli_text(demo->call, "dir");
    if (status == STATUS_OK) status = interrupted_or(demo, keys_and_genesis(demo));
    if (status == STATUS_OK) status = interrupted_or(demo, start_validators(demo));
    if (status == STATUS_OK) status = interrupted_or(demo, commit_transfers(demo));
    if (status == STATUS_OK) status = interrupted_or(demo, kill_tolerated(demo));
    if (status == STATUS_OK) status = interrupted_or(demo, kill_one_more(demo, &pending));
    if (status == STATUS_OK) status = interrupted_or(demo, restart_killed(demo, &pending));
    if (status == STATUS_OK) status = interrupted_or(demo, verify_offline(demo, &pending));
    free((void *)(uintptr_t)pending.bytes.data);
    return status;
}

/* With --keep the network runs on. Without it nothing is left after success, and only files (the
 * logs) after a failure. */
static enum status leave(struct demo *demo, bool passed)
{
    struct problem problem = { .status = STATUS_OK };
    bool keep = cli_switch(demo->call, "keep");
    enum status status = STATUS_OK;
    for (uint16_t i = 0; keep && passed && status == STATUS_OK && i < demo->net.count; i++)
        status = testnet_spawn(&demo->net, i, &problem);
    if (!keep && demo->made) status = testnet_stop(&demo->net, STOP_MS, true, &problem);
    if (!keep && passed && demo->made && status == STATUS_OK)
        status = testnet_remove(&demo->net, &problem);
    if (!demo->made && demo->own_dir) (void)rmdir(demo->dir);
    if (status != STATUS_OK) cli_fail_problem(&problem, "cleaning up");
    return status;
}

static int demo(struct cli_call *call)
{
    struct demo *demo = calloc(1, sizeof *demo);
    if (!demo) return cli_fail_memory();
    demo->call = call;
    struct sigaction action = { .sa_handler = on_interrupt };
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    uint64_t started_ms = clock_ms();
    bool passed = run(demo) == STATUS_OK;
    double seconds = (double)(clock_ms() - started_ms) / 1e3;
    bool keep = cli_switch(call, "keep");
    if (!passed) {
        printf("FAILED\n");
        fflush(stdout);
        cli_fail_problem(&demo->problem, "demo");
    }
    bool clean = leave(demo, passed) == STATUS_OK;
    if (passed && clean && keep)
        printf("PASS in %.0f s        (it runs on: witan testnet status --dir %s)\n", seconds,
               demo->dir);
    else if (passed && clean)
        printf("PASS in %.0f s        (--keep leaves it running)\n", seconds);
    else
        printf("FAIL in %.0f s        (logs in %s)\n", seconds, demo->dir);
    demo_bank_close(&demo->bank);
    free(demo);
    return passed && clean ? CLI_EXIT_DONE : CLI_EXIT_FAILED;
}

static const struct cli_flag demo_flags[] = {
    { .name = "keep", .type = CLI_SWITCH, .help = "leave the network running" },
    VALIDATORS_FLAG(3),
    ENGINE_FLAG,
    PHASES_FLAG,
    NETWORK_DIR_FLAG,
    CLI_FLAGS_END,
};

const struct cli_command demo_commands[] = {
    { .path = "demo",
      .summary = "Four validators prove what the README says",
      .details = "Makes a network, commits transfers, kills as many validators as it tolerates and "
                 "goes on, kills one more and stands still, restarts them, and verifies every "
                 "ledger offline. Exit 0 or 1. Leaves nothing behind unless told to; after a "
                 "failure it leaves the logs.",
      .flags = demo_flags,
      .examples = { "demo", "demo --keep --dir /tmp/net" },
      .run = demo },
    CLI_COMMANDS_END,
};
