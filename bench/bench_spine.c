/* bench_spine WITAN [--dir DIR] [--seconds N] [--idle N] [--validators N] [--engine NAME]
 *             [--only PART] [--clients N] [--operation transfer|put]
 *
 * What a network of validators on this machine does: a fresh one is made with the program WITAN,
 * loaded over JSON-RPC with transactions that were signed before, watched, and removed. Prints
 * lines `figure NAME VALUE UNIT`; bench/README.md says what each means. The clients share the
 * machine with the validators, as they do in every figure here. */
#include "load.h"

#include "crypto/certificate.h"
#include <fcntl.h>
#include <inttypes.h>

enum {
    BATCH = 100,        /* transactions in one request, where the rate is measured */
    RATE_CLIENTS = 12,  /* such requests at once */
    WAITING_MAX = 6000, /* the loop is closed: no more than this wait to be committed */
    OPS_BATCH = 20,
    OPS = 100,
};

struct options {
    const char *program, *dir;
    const char *engine; /* NULL: the default one */
    const char *only;   /* "latency", "rate", "ops", "idle"; NULL: all */
    unsigned clients;   /* of the latency part; 0: 1, 64 and 256 one after the other */
    unsigned seconds, idle_seconds;
    uint16_t validators;
    bool puts; /* the latency part puts values, as bench_etcd does, instead of transferring */
};

static void figure(const char *name, double value, const char *unit)
{
    printf("figure %s %.*f %s\n", name, value < 10 ? 3 : value < 1000 ? 1 : 0, value, unit);
    (void)fflush(stdout);
}

/* ---- the machine ---- */

static double verify_rate(void)
{
    struct secret_key secret;
    struct public_key key;
    struct signature signature;
    uint8_t bytes[130] = { 1 };
    key_generate(&secret, &key);
    key_sign(&secret, TAG_TRANSACTION_SIGNATURE, span_of(bytes, sizeof bytes), &signature);
    uint64_t start = now_ns();
    uint64_t count = 0;
    for (; seconds_since(start) < 1; count++)
        if (!key_verify(&key, TAG_TRANSACTION_SIGNATURE, span_of(bytes, sizeof bytes), &signature))
            give_up("a good signature does not verify");
    return (double)count / seconds_since(start);
}

/* The median of what fdatasync takes behind an append of one page. */
static double sync_ms(const char *dir)
{
    enum { ROUNDS = 101, PAGE = 4096 };
    char path[300];
    static const uint8_t page[PAGE];
    double times[ROUNDS];
    (void)snprintf(path, sizeof path, "%s/sync", dir);
    int file = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);
    if (file < 0 || posix_fallocate(file, 0, (off_t)ROUNDS * PAGE) != 0)
        give_up("cannot write %s", path);
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t start = now_ns();
        if (pwrite(file, page, PAGE, (off_t)i * PAGE) != PAGE || fdatasync(file) != 0)
            give_up("cannot sync %s", path);
        times[i] = seconds_since(start) * 1000;
    }
    (void)close(file);
    (void)unlink(path);
    qsort(times, ROUNDS, sizeof *times, compare_doubles);
    return times[ROUNDS / 2];
}

/* ---- stages ---- */

static const struct {
    const char *name, *metric, *labels;
} stages[] = {
    { "verify_transaction", "witan_crypto_verify_seconds", "{kind=\"transaction\"}" },
    { "verify_statement", "witan_crypto_verify_seconds", "{kind=\"statement\"}" },
    { "verify_seal", "witan_crypto_verify_seconds", "{kind=\"seal\"}" },
    { "journal_sync", "witan_journal_sync_seconds", "" },
    { "decide", "witan_consensus_decide_seconds", "" },
    { "execute_block", "witan_ledger_execute_seconds", "" },
    { "seal_delay", "witan_seal_delay_seconds", "" },
    { "submit_to_committed", "witan_tx_latency_seconds", "{stage=\"committed\"}" },
    { "rpc_tx_submit", "witan_rpc_request_seconds", "{method=\"tx_submit\"}" },
};

static void print_stages(const char *before, const char *after, uint64_t transactions)
{
    printf("# stage (validator 1)      count    us each    us/tx\n");
    for (size_t i = 0; i < sizeof stages / sizeof *stages; i++) {
        struct measure a = metric_measure(before, stages[i].metric, stages[i].labels);
        struct measure b = metric_measure(after, stages[i].metric, stages[i].labels);
        double count = b.count - a.count;
        double us = (b.sum - a.sum) * 1e6;
        printf("# %-20s %10.0f %10.1f %8.1f\n", stages[i].name, count, count > 0 ? us / count : 0,
               us / (double)transactions);
    }
    struct measure a = metric_measure(before, "witan_ledger_block_entries", "");
    struct measure b = metric_measure(after, "witan_ledger_block_entries", "");
    if (b.count > a.count)
        printf(
            "# %.0f blocks, %.1f entries each; most proposals in flight %.0f; view timeouts "
            "%.0f\n",
            b.count - a.count, (b.sum - a.sum) / (b.count - a.count),
            metric_value(after, "witan_consensus_undecided", "", ""),
            metric_value(after, "witan_consensus_views_total", "", "{outcome=\"timeout\"}") -
                metric_value(before, "witan_consensus_views_total", "", "{outcome=\"timeout\"}"));
}

static void print_threads(const struct thread_time *before, const struct thread_time *after,
                          uint64_t transactions, uint16_t validators)
{
    double each = (double)transactions * validators;
    printf("# thread           CPU us/tx  switches/tx (a validator)\n");
    for (size_t i = 0; i < THREADS_MAX && after[i].name[0]; i++) {
        struct thread_time spent = after[i];
        for (size_t k = 0; k < THREADS_MAX; k++) {
            if (strcmp(before[k].name, after[i].name) != 0) continue;
            spent.seconds -= before[k].seconds;
            spent.switches -= before[k].switches;
        }
        if (spent.seconds > 0.005)
            printf("# %-16s %9.1f %12.2f\n", spent.name, spent.seconds * 1e6 / each,
                   spent.switches / each);
    }
}

/* ---- latency ---- */

/* CPU seconds of this process: the clients. */
static double own_cpu(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void measure_latency(struct workload *w, const struct options *options, unsigned clients)
{
    unsigned seconds = options->seconds;
    size_t count = (size_t)seconds * (clients == 1 ? 1000 : 6000);
    char **bodies = calloc(count, sizeof *bodies);
    struct load *load = calloc(1, sizeof *load);
    if (!bodies || !load) give_up("out of memory");
    for (size_t i = 0; i < count; i++)
        bodies[i] = options->puts ? put_body(w) : transfer_body(w, 1, "committed");
    load_open(load, w->network, clients, bodies, count);
    struct thread_time threads_before[THREADS_MAX], threads_after[THREADS_MAX];
    struct usage usage_before, usage_after;
    char *before = network_metrics(w->network, 0);
    thread_times(w->network, threads_before);
    network_usage(w->network, &usage_before);
    double own_before = own_cpu();
    uint64_t start = now_ns();
    while (!load->paused || !load_idle(load)) {
        load->paused = seconds_since(start) >= seconds || load->bodies_next == count;
        load_turn(load, 100);
    }
    double elapsed = seconds_since(start);
    double own = own_cpu() - own_before;
    network_usage(w->network, &usage_after);
    thread_times(w->network, threads_after);
    if (load->failed > 0) give_up("%zu of %zu failed: %s", load->failed, load->done, load->problem);
    char name[64];
    (void)snprintf(name, sizeof name, "commit_ms_p50_%u", clients);
    figure(name, load_percentile(load, 0.50), "ms");
    (void)snprintf(name, sizeof name, "commit_ms_p99_%u", clients);
    figure(name, load_percentile(load, 0.99), "ms");
    (void)snprintf(name, sizeof name, "waited_tx_rate_%u", clients);
    figure(name, (double)load->done / elapsed, "tx/s");
    uint16_t validators = w->network->net.count;
    (void)snprintf(name, sizeof name, "waited_cpu_us_tx_%u", clients);
    figure(name,
           (usage_after.cpu_seconds - usage_before.cpu_seconds) * 1e6 / (double)load->done /
               validators,
           "us");
    (void)snprintf(name, sizeof name, "waited_written_bytes_tx_%u", clients);
    figure(name,
           (double)(usage_after.written_bytes - usage_before.written_bytes) / (double)load->done /
               validators,
           "B");
    (void)snprintf(name, sizeof name, "waited_client_us_tx_%u", clients);
    figure(name, own * 1e6 / (double)load->done, "us");
    network_settle(w->network, 60);
    char *after = network_metrics(w->network, 0);
    print_stages(before, after, load->done);
    print_threads(threads_before, threads_after, load->done, validators);
    free(before);
    free(after);
    load_close(load);
    free(load);
}

/* ---- rate ---- */

struct rate {
    double per_second;
    uint64_t transactions;
    double seconds;
};

/* Sends batches while fewer than WAITING_MAX transactions wait, for so many seconds, and then
 * until the last one is committed. */
static struct rate measure_rate(struct workload *w, unsigned batch, unsigned operations,
                                unsigned seconds, size_t batches)
{
    char **bodies = calloc(batches, sizeof *bodies);
    struct load *load = calloc(1, sizeof *load);
    if (!bodies || !load) give_up("out of memory");
    for (size_t i = 0; i < batches; i++)
        bodies[i] = batch_body(w, batch, operations);
    load_open(load, w->network, RATE_CLIENTS, bodies, batches);
    uint64_t start = now_ns();
    uint64_t looked = 0;
    bool over = false;
    while (!over || !load_idle(load)) {
        if (seconds_since(looked) > 0.025) {
            load->paused = network_waiting(w->network, 0) > WAITING_MAX;
            looked = now_ns();
        }
        over = seconds_since(start) >= seconds || load->bodies_next == batches;
        load->paused = load->paused || over;
        load_turn(load, 10);
    }
    while (network_waiting(w->network, 0) > 0)
        sleep_ms(5);
    struct rate rate = { .transactions = load->done * batch, .seconds = seconds_since(start) };
    rate.per_second = (double)rate.transactions / rate.seconds;
    if (load->failed > 0) give_up("%zu of %zu failed: %s", load->failed, load->done, load->problem);
    load_close(load);
    free(load);
    network_settle(w->network, 60);
    return rate;
}

/* ---- the parts ---- */

static void part_rate(struct workload *w, const struct options *options, double limit)
{
    struct usage before;
    struct usage after;
    struct thread_time threads_before[THREADS_MAX];
    struct thread_time threads_after[THREADS_MAX];
    char *metrics_before = network_metrics(w->network, 0);
    network_usage(w->network, &before);
    thread_times(w->network, threads_before);
    struct rate rate = measure_rate(w, BATCH, 1, options->seconds, 60 * options->seconds);
    thread_times(w->network, threads_after);
    network_usage(w->network, &after);
    char *metrics_after = network_metrics(w->network, 0);
    figure("signed_tx_rate", rate.per_second, "tx/s");
    figure("verify_limit", limit, "tx/s");
    figure("signed_ratio", rate.per_second / limit, "1");
    double txs = (double)rate.transactions;
    double each = (double)options->validators;
    figure("cpu_us_tx", (after.cpu_seconds - before.cpu_seconds) * 1e6 / txs / each, "us");
    static const char verified[] = "{kind=\"transaction\",result=\"ok\"}";
    figure("verifications_tx",
           (metric_value(metrics_after, "witan_crypto_verify_total", "", verified) -
            metric_value(metrics_before, "witan_crypto_verify_total", "", verified)) /
               txs,
           "1");
    double disk =
        after.disk_bytes > before.disk_bytes ? (double)(after.disk_bytes - before.disk_bytes) : 0;
    figure("disk_bytes_tx", disk / txs / each, "B");
    figure("written_bytes_tx", (double)(after.written_bytes - before.written_bytes) / txs / each,
           "B");
    figure("rss_mib", after.rss_mib_max, "MiB");
    print_stages(metrics_before, metrics_after, rate.transactions);
    print_threads(threads_before, threads_after, rate.transactions, options->validators);
    free(metrics_before);
    free(metrics_after);
}

/* What the load left behind: late signatures, and the checkpoint that is due a minute later. The
 * minute begins when nothing was written for a while. */
static void wait_for_silence(const struct network *network)
{
    enum { SILENCE_S = 10, PATIENCE_S = 100 };
    struct usage usage;
    uint64_t written = UINT64_MAX;
    unsigned silent = 0;
    sleep_ms(60000);
    for (unsigned s = 0; s < PATIENCE_S && silent < SILENCE_S; s++) {
        network_usage(network, &usage);
        silent = usage.written_bytes == written ? silent + 1 : 0;
        written = usage.written_bytes;
        sleep_ms(1000);
    }
}

static void part_idle(struct network *network, const struct options *options)
{
    struct usage before;
    struct usage after;
    wait_for_silence(network);
    network_usage(network, &before);
    sleep_ms(options->idle_seconds * 1000);
    network_usage(network, &after);
    double each = (double)options->validators;
    figure("idle_cpu_percent",
           (after.cpu_seconds - before.cpu_seconds) * 100 / options->idle_seconds / each, "%");
    figure("idle_bytes_minute",
           (double)(after.written_bytes - before.written_bytes) * 60 / options->idle_seconds / each,
           "B");
}

static void part_ops(struct workload *w, const struct options *options)
{
    struct rate ops = measure_rate(w, OPS_BATCH, OPS, options->seconds, 8 * options->seconds);
    figure("ops_rate_100", ops.per_second * OPS, "op/s");
}

static bool wanted(const struct options *options, const char *part)
{
    return !options->only || strcmp(options->only, part) == 0;
}

static void run(const struct options *options)
{
    static struct network network;
    struct workload *w = malloc(sizeof *w);
    if (!w) give_up("out of memory");
    double cores = (double)sysconf(_SC_NPROCESSORS_ONLN);
    double verify = verify_rate();
    printf("# %u validators and the clients on %.0f cores; one verification takes %.1f us\n",
           options->validators, cores, 1e6 / verify);
    network_start(&network, options->program, options->dir, options->validators, options->engine);
    figure("sync_ms", sync_ms(options->dir), "ms");
    workload_open(w, &network);
    for (unsigned clients = 1; clients <= 256 && wanted(options, "latency");
         clients = clients == 1 ? 64 : clients * 4)
        if (options->clients == 0 || options->clients == clients)
            measure_latency(w, options, clients);
    if (wanted(options, "rate")) part_rate(w, options, cores * verify / options->validators);
    if (wanted(options, "ops")) part_ops(w, options);
    if (wanted(options, "idle") && options->idle_seconds > 0) part_idle(&network, options);
    network_remove(&network);
    free(w);
}

static void usage(void)
{
    (void)fputs("usage: bench_spine WITAN [--dir DIR] [--seconds N] [--idle N] [--validators N]\n"
                "       [--engine NAME] [--only latency|rate|ops|idle] [--clients 1|64|256]\n"
                "       [--operation transfer|put]\n"
                "WITAN is the program to be measured; DIR must not exist\n",
                stderr);
    exit(64);
}

int main(int argc, char **argv)
{
    static char dir[64];
    (void)snprintf(dir, sizeof dir, "/tmp/witan-bench-%ld", (long)getpid());
    struct options options = { .dir = dir, .seconds = 8, .idle_seconds = 60, .validators = 4 };
    if (argc < 2 || argv[1][0] == '-') usage();
    char program[PATH_MAX];
    if (!realpath(argv[1], program)) give_up("no such program: %s", argv[1]);
    options.program = program;
    for (int i = 2; i < argc; i += 2) {
        if (i + 1 == argc) usage();
        unsigned long number = strtoul(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--dir") == 0)
            options.dir = argv[i + 1];
        else if (strcmp(argv[i], "--seconds") == 0 && number > 0)
            options.seconds = (unsigned)number;
        else if (strcmp(argv[i], "--idle") == 0)
            options.idle_seconds = (unsigned)number;
        else if (strcmp(argv[i], "--clients") == 0)
            options.clients = (unsigned)number;
        else if (strcmp(argv[i], "--operation") == 0)
            options.puts = strcmp(argv[i + 1], "put") == 0;
        else if (strcmp(argv[i], "--engine") == 0)
            options.engine = argv[i + 1];
        else if (strcmp(argv[i], "--only") == 0)
            options.only = argv[i + 1];
        else if (strcmp(argv[i], "--validators") == 0 && number > 0 && number <= TESTNET_NODES_MAX)
            options.validators = (uint16_t)number;
        else
            usage();
    }
    struct problem problem;
    if (crypto_start(&problem) != STATUS_OK) give_up("%s", problem.text);
    if (rpc_client_start() != STATUS_OK) give_up("libcurl does not start");
    run(&options);
    return 0;
}
