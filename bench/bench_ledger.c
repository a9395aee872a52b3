/* bench/bench_ledger.c -- what the ledger alone costs, on one core: transfers per second in
 * transactions of one and of a hundred operations, microseconds by stage, bytes per transfer.
 *
 *     bench_ledger [ACCOUNTS [TRANSFERS]]        10000 accounts, 20000 transfers
 *
 * Signatures are made and checked outside the timed part (a node's workers check them before the
 * vote); execution finds them in the cache, as it does in a node. Lines `figure NAME VALUE UNIT`.
 */
#include "tests/unit/ledger/fixture.h"

#include "ledger/ledger_inside.h"
#include "ledger/store_query.h"
#include <sys/stat.h>
#include <time.h>

enum { BLOCK_TRANSFERS = 1000, GROUP = 100 };

static double now_seconds(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void figure(const char *name, double value, const char *unit)
{
    (void)printf("figure %s %.1f %s\n", name, value, unit);
}

/* Accounts beyond the cast, all with the bank's key, so that one signature moves anything. */
static void add_accounts(struct fixture *f, uint32_t count)
{
    struct genesis *g = f->genesis;
    g->accounts = realloc(g->accounts, (CAST_COUNT + count) * sizeof *g->accounts);
    g->balances = realloc(g->balances, (2 + count) * sizeof *g->balances);
    ASSERT(g->accounts != NULL);
    ASSERT(g->balances != NULL);
    for (uint32_t i = 0; i < count; i++) {
        struct genesis_account *account = &g->accounts[g->account_count++];
        *account = g->accounts[BANK];
        account->id = sample_id("payer", i);
        account->roles = 0;
        g->balances[g->balance_count++] = (struct genesis_balance){ account->id, f->eur, 1000000 };
        g->assets[0].supply += 1000000;
    }
    g->assets[0].max_supply = TX_AMOUNT_MAX;
}

static uint64_t random_state = 88172645463325252u;

static uint32_t draw(uint32_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state % below);
}

/* One transaction of `operations` transfers between random accounts. */
static void add_payment(struct fixture *f, uint32_t accounts, unsigned operations)
{
    struct transaction *tx = fixture_tx(f, BANK);
    uint32_t payer = draw(accounts);
    tx->source = sample_id("payer", payer);
    for (unsigned i = 0; i < operations; i++) {
        uint32_t payee = draw(accounts - 1);
        struct operation *o = &tx->operations[tx->operation_count++];
        *o = (struct operation){ .code = OP_TRANSFER, .actor = tx->source };
        o->transfer.to = sample_id("payer", payee < payer ? payee : payee + 1);
        o->transfer.asset = f->eur;
        o->transfer.amount = 1;
    }
    fixture_add(f, SIGNED_BANK);
}

/* What a worker does before the vote: the cache then knows the signatures. */
static void check_batch(struct fixture *f)
{
    struct batch batch;
    enum status status = batch_check(writer_span(&f->last_batch), &f->genesis->chain_id,
                                     ledger_params(f->ledger), f->options.cache, &batch, NULL);
    ASSERT(status == STATUS_OK);
}

static uint64_t file_bytes(const char *path, const char *suffix)
{
    char name[160];
    struct stat stat_of;
    (void)snprintf(name, sizeof name, "%s%s", path, suffix);
    return stat(name, &stat_of) == 0 ? (uint64_t)stat_of.st_size : 0;
}

static void run_payments(struct fixture *f, const char *name, uint32_t accounts, uint32_t transfers,
                         unsigned operations)
{
    char label[64];
    double spent = 0, worst = 0, checked = 0;
    uint64_t height;
    enum status status = ledger_checkpoint(f->ledger, &height, &f->problem);
    ASSERT(status == STATUS_OK);
    uint64_t before = file_bytes(f->path, "");
    for (uint32_t done = 0; done < transfers; done += BLOCK_TRANSFERS) {
        for (unsigned i = 0; i < BLOCK_TRANSFERS / operations; i++)
            add_payment(f, accounts, operations);
        fixture_batch(f);
        double start = now_seconds();
        check_batch(f);
        checked += now_seconds() - start;

        start = now_seconds();
        struct execution *execution = fixture_execute(f, f->ledger, writer_span(&f->last_batch));
        double block = now_seconds() - start;
        ASSERT(execution->entry_count == BLOCK_TRANSFERS / operations);
        ASSERT(execution->entries[0].code == RESULT_ok);
        execution_free(execution);
        spent += block;
        if (block > worst) worst = block;
    }
    double start = now_seconds();
    status = ledger_checkpoint(f->ledger, &height, &f->problem);
    ASSERT(status == STATUS_OK);
    double synced = now_seconds() - start;
    (void)snprintf(label, sizeof label, "ledger_%s_rate", name);
    figure(label, transfers / spent, "transfers/s");
    (void)snprintf(label, sizeof label, "ledger_%s_us", name);
    figure(label, spent / transfers * 1e6, "us/transfer");
    (void)snprintf(label, sizeof label, "ledger_%s_check_us", name);
    figure(label, checked / transfers * 1e6, "us/transfer");
    (void)snprintf(label, sizeof label, "ledger_%s_block_ms_max", name);
    figure(label, worst * 1e3, "ms");
    (void)snprintf(label, sizeof label, "ledger_%s_checkpoint_ms", name);
    figure(label, synced * 1e3, "ms");
    (void)snprintf(label, sizeof label, "ledger_%s_bytes", name);
    figure(label, (double)(file_bytes(f->path, "") - before) / transfers, "bytes/transfer");
}

/* What a submission costs on the ledger's thread. */
static void run_admissions(struct fixture *f, uint32_t accounts)
{
    enum { ROUNDS = 2000 };
    uint64_t next_lane;
    double spent = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct writer w;
        static struct transaction decoded;
        struct transaction *tx = fixture_tx(f, BANK);
        tx->source = sample_id("payer", draw(accounts));
        add_transfer(f, BANK, ALICE, 1);
        tx->operations[0].actor = tx->source;
        fixture_sign(f, SIGNED_BANK, &w);
        enum status status = transaction_decode(writer_span(&w), &decoded, NULL);
        ASSERT(status == STATUS_OK);
        double start = now_seconds();
        enum refusal_code code = ledger_admit(f->ledger, &decoded, f->time_ms, &next_lane, NULL);
        spent += now_seconds() - start;
        ASSERT(code == REFUSAL_none);
        writer_free(&w);
    }
    figure("ledger_admit_us", spent / ROUNDS * 1e6, "us/transaction");
}

static int by_path(const void *a, const void *b)
{
    return digest_compare(&((const struct state_change *)a)->path,
                          &((const struct state_change *)b)->path);
}

/* The tree alone, rows and commit included: blocks of changed leaves among many. */
static void run_tree(uint32_t leaves)
{
    enum { CHANGES = 4000, ROUNDS = 20 };
    static struct fixture other;
    struct problem problem;
    char path[64];
    fixture_path(path);
    fixture_prepare(&other);
    fixture_open(&other, path);
    struct store *store = other.ledger->store;
    (void)sqlite3_exec(store->db, "DELETE FROM leaf; DELETE FROM slot", NULL, NULL, NULL);
    struct state_storage storage = store_tree_storage(store);
    struct state_tree *tree = state_tree_new(&storage);
    struct state_change *changes = calloc(leaves + CHANGES, sizeof *changes);
    ASSERT(changes != NULL);
    double spent = 0;
    for (unsigned round = 0; round <= ROUNDS; round++) {
        uint32_t count = round == 0 ? leaves : CHANGES, kept = 0;
        for (uint32_t i = 0; i < count; i++) {
            changes[i].path = sample_digest("path", round == 0 ? i : draw(leaves));
            changes[i].hash = sample_digest("leaf", draw(1000000));
        }
        qsort(changes, count, sizeof *changes, by_path);
        for (uint32_t i = 0; i < count; i++)
            if (kept == 0 || !digest_equal(&changes[kept - 1].path, &changes[i].path))
                changes[kept++] = changes[i];
        double start = now_seconds();
        store_begin(store);
        enum status status = state_tree_apply(tree, changes, kept, &problem);
        ASSERT(status == STATUS_OK);
        store_commit(store);
        store_trim_wal(store);
        if (round > 0) spent += (now_seconds() - start) / kept;
    }
    figure("ledger_tree_leaf_us", spent / ROUNDS * 1e6, "us/leaf");
    free(changes);
    state_tree_free(tree);
    fixture_stop(&other);
    fixture_remove(path);
}

int main(int argc, char **argv)
{
    static struct fixture f;
    char path[64];
    uint32_t accounts = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 10000;
    uint32_t transfers = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 20000;
    fixture_path(path);
    fixture_prepare(&f);
    add_accounts(&f, accounts);
    f.options.cache = verify_cache_new(65536);
    double start = now_seconds();
    fixture_open(&f, path);
    figure("ledger_open_genesis_ms", (now_seconds() - start) * 1e3, "ms");
    run_payments(&f, "single", accounts, transfers, 1);
    run_payments(&f, "group", accounts, transfers, GROUP);
    run_admissions(&f, accounts);
    run_tree(10 * accounts);

    ledger_close(f.ledger);
    start = now_seconds();
    fixture_open(&f, path);
    figure("ledger_open_ms", (now_seconds() - start) * 1e3, "ms");
    verify_cache_free(f.options.cache);
    fixture_stop(&f);
    fixture_remove(path);
    return 0;
}
