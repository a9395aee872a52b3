/* bench/bench_audit.c -- how fast a whole ledger is audited, against the speed at which the same
 * machine verifies its signatures and does nothing else.
 *
 *     bench_audit [TRANSFERS]        200000
 *
 * Two ledgers are made by execution, of a quarter of the transfers and of all; one transfer a
 * transaction, 500 a block, each block sealed by four validators. Each is audited whole in a
 * process of its own: signatures, seals, execution, every row of every table and index. Lines
 * `figure NAME VALUE UNIT`:
 *
 *     audit_rate         transactions per second of an audit
 *     audit_limit        the same if only the signatures of transactions and seals were verified,
 * by a thread on each processor audit_ratio        one by the other audit_rss_1x, _4x  memory at
 * its highest, for the short ledger and the long one
 */
#include "tests/unit/ledger/story.h"

#include "ledger/audit.h"
#include <pthread.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

enum { ACCOUNTS = 10000, BLOCK_TRANSFERS = 500, SEALS = 4, THREADS_MAX = 32 };

static double now_seconds(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double seconds_of(const struct rusage *usage)
{
    return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
           (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e6;
}

static void figure(const char *name, double value, const char *unit)
{
    (void)printf("figure %s %.3f %s\n", name, value, unit);
    (void)fflush(stdout);
}

/* ---- the ledger ---- */

static uint64_t random_state = 88172645463325252u;

static uint32_t draw(uint32_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state % below);
}

/* Payers beyond the cast, all with the bank's key. */
static void add_payers(struct fixture *f)
{
    struct genesis *g = f->genesis;
    g->accounts = realloc(g->accounts, (CAST_COUNT + ACCOUNTS) * sizeof *g->accounts);
    g->balances = realloc(g->balances, (2 + ACCOUNTS) * sizeof *g->balances);
    ASSERT(g->accounts != NULL);
    ASSERT(g->balances != NULL);
    for (uint32_t i = 0; i < ACCOUNTS; i++) {
        struct genesis_account *account = &g->accounts[g->account_count++];
        *account = g->accounts[BANK];
        account->id = sample_id("payer", i);
        account->roles = 0;
        g->balances[g->balance_count++] = (struct genesis_balance){ account->id, f->eur, 1000000 };
        g->assets[0].supply += 1000000;
    }
    g->assets[0].max_supply = TX_AMOUNT_MAX;
}

static void add_payment(struct fixture *f)
{
    struct transaction *tx = fixture_tx(f, BANK);
    uint32_t payer = draw(ACCOUNTS), payee = draw(ACCOUNTS - 1);
    tx->source = sample_id("payer", payer);
    struct operation *o = &tx->operations[tx->operation_count++];
    *o = (struct operation){ .code = OP_TRANSFER, .actor = tx->source };
    o->transfer.to = sample_id("payer", payee < payer ? payee : payee + 1);
    o->transfer.asset = f->eur;
    o->transfer.amount = 1 + draw(100);
    fixture_add(f, SIGNED_BANK);
}

static void make_ledger(struct fixture *f, const char *path, uint32_t transfers)
{
    fixture_prepare(f);
    add_payers(f);
    f->options.cache = verify_cache_new(1 << 16);
    fixture_open(f, path);
    for (uint32_t done = 0; done < transfers; done += BLOCK_TRANSFERS) {
        for (unsigned i = 0; i < BLOCK_TRANSFERS; i++)
            add_payment(f);
        fixture_run(f);
        ASSERT(f->last->entry_count == BLOCK_TRANSFERS);
        story_seal(f, 15);
    }
    uint64_t height;
    enum status status = ledger_checkpoint(f->ledger, &height, &f->problem);
    ASSERT(status == STATUS_OK);
    ledger_close(f->ledger);
    f->ledger = NULL;
    verify_cache_free(f->options.cache);
    f->options.cache = NULL;
}

/* ---- signatures and nothing else ---- */

enum { LIMIT_MESSAGES = 4096, LIMIT_SECONDS = 3 };

struct verifier {
    const struct sample_key *key;
    const struct signature *signatures;
    double until;
    uint64_t count;
};

static void *verify_alone(void *context)
{
    struct verifier *v = context;
    for (uint64_t i = 0; now_seconds() < v->until;) {
        for (unsigned n = 0; n < 64; n++, i++) {
            uint8_t message[64] = { 0 };
            uint64_t which = i % LIMIT_MESSAGES;
            store_u64(message, which);
            bool valid = key_verify(&v->key->public_key, TAG_TRANSACTION_SIGNATURE,
                                    span_of(message, sizeof message), &v->signatures[which]);
            ASSERT(valid);
            v->count++;
        }
    }
    return NULL;
}

struct limit {
    double rate;   /* signatures per second on all processors */
    double cpu_us; /* of one */
};

/* What a transaction signs is the chain id and its id: 64 bytes. */
static struct limit measure_limit(const struct fixture *f, long processors)
{
    struct rusage before, after;
    static struct signature signatures[LIMIT_MESSAGES];
    static struct verifier verifiers[THREADS_MAX];
    pthread_t threads[THREADS_MAX];
    uint64_t total = 0;
    for (uint64_t i = 0; i < LIMIT_MESSAGES; i++) {
        uint8_t message[64] = { 0 };
        store_u64(message, i);
        key_sign(&f->keys[BANK].secret, TAG_TRANSACTION_SIGNATURE, span_of(message, sizeof message),
                 &signatures[i]);
    }
    double start = now_seconds();
    (void)getrusage(RUSAGE_SELF, &before);
    for (long i = 0; i < processors; i++) {
        verifiers[i] = (struct verifier){ &f->keys[BANK], signatures, start + LIMIT_SECONDS, 0 };
        int code = pthread_create(&threads[i], NULL, verify_alone, &verifiers[i]);
        ASSERT(code == 0);
    }
    for (long i = 0; i < processors; i++) {
        (void)pthread_join(threads[i], NULL);
        total += verifiers[i].count;
    }
    (void)getrusage(RUSAGE_SELF, &after);
    return (struct limit){ (double)total / (now_seconds() - start),
                           (seconds_of(&after) - seconds_of(&before)) / (double)total * 1e6 };
}

/* ---- the audit ---- */

struct audited {
    double seconds, cpu_seconds;
    uint64_t rows;
};

static bool show(void *context, const struct audit_progress *at)
{
    (void)context;
    (void)fprintf(stderr, "\r%8llu of %llu blocks, %llu rows ", (unsigned long long)at->height,
                  (unsigned long long)at->last, (unsigned long long)at->rows);
    return true;
}

static uint64_t clock_ms(void *context)
{
    (void)context;
    return (uint64_t)(now_seconds() * 1000);
}

static void audit_child(const struct fixture *f, const char *path, int out)
{
    struct audit_options options = { .immutable = true, .progress = show, .clock_ms = clock_ms };
    struct audit_report *report;
    struct problem problem = { .text = "" };
    double start = now_seconds();
    enum status status = audit_verify(&report, f->genesis, path, &options, &problem);
    struct audited result = { .seconds = now_seconds() - start };
    (void)fputc('\n', stderr);
    if (status != STATUS_OK || audit_exit_code(report) != 0 || !report->rows_compared) {
        (void)fprintf(stderr, "the audit failed: %s\n",
                      status != STATUS_OK ? problem.text : report->incomplete);
        _exit(1);
    }
    result.rows = report->rows;
    audit_report_free(report);
    ssize_t written = write(out, &result, sizeof result);
    _exit(written == (ssize_t)sizeof result ? 0 : 1);
}

/* Resident memory at its highest of the child that did it, in MiB. */
static double audit_apart(const struct fixture *f, const char *path, struct audited *result)
{
    int ends[2], state = 0;
    struct rusage usage;
    int code = pipe(ends);
    ASSERT(code == 0);
    pid_t child = fork();
    ASSERT(child >= 0);
    if (child == 0) audit_child(f, path, ends[1]);
    ssize_t got = read(ends[0], result, sizeof *result);
    pid_t ended = wait4(child, &state, 0, &usage);
    (void)close(ends[0]);
    (void)close(ends[1]);
    if (ended != child || got != (ssize_t)sizeof *result || state != 0) exit(1);
    result->cpu_seconds = seconds_of(&usage);
    return (double)usage.ru_maxrss / 1024;
}

/* Made in a child, too, so that its memory is not inherited. */
static void make_apart(const char *path, uint32_t transfers)
{
    static struct fixture f;
    int state = 0;
    pid_t child = fork();
    ASSERT(child >= 0);
    if (child == 0) {
        make_ledger(&f, path, transfers);
        _exit(0);
    }
    if (waitpid(child, &state, 0) != child || state != 0) exit(1);
}

int main(int argc, char **argv)
{
    static struct fixture f;
    char path[64];
    struct audited result;
    uint32_t transfers = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 200000;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (processors < 1 || processors > THREADS_MAX) processors = 1;
    fixture_prepare(&f);
    add_payers(&f);
    enum status status = genesis_seal(f.genesis, &f.problem);
    ASSERT(status == STATUS_OK);
    struct limit signatures = measure_limit(&f, processors);
    double each = 1 + (double)SEALS / BLOCK_TRANSFERS; /* one of its own, and a share of the seal */
    double limit = signatures.rate / each;
    for (unsigned times = 1; times <= 4; times *= 4) {
        char name[32];
        fixture_path(path);
        make_apart(path, transfers / 4 * times);
        double mib = audit_apart(&f, path, &result);
        fixture_remove(path);
        (void)snprintf(name, sizeof name, "audit_rss_%ux", times);
        figure(name, mib, "MiB");
        (void)snprintf(name, sizeof name, "audit_rate_%ux", times);
        figure(name, transfers / 4 * times / result.seconds, "transactions/s");
    }
    double rate = transfers / result.seconds;
    figure("audit_cpu_us", result.cpu_seconds / transfers * 1e6, "us/transaction");
    figure("audit_signature_cpu_us", signatures.cpu_us * each, "us/transaction");
    figure("audit_transfers", transfers, "count");
    figure("audit_rows", (double)result.rows, "count");
    figure("audit_rate", rate, "transactions/s");
    figure("audit_limit", limit, "transactions/s");
    figure("audit_ratio", rate / limit, "ratio");
    fixture_stop(&f);
    return 0;
}
