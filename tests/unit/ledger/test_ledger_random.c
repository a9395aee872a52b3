/* Random operations, many blocks: the invariants of the state after each, three ledgers that came
 * by different ways to the same bytes, and the tree recomputed from the rows. */
#include "tests/unit/ledger/fixture_rows.h"

enum { BLOCKS = 120, TRANSACTIONS = 12, PLAYERS = 5 };

static struct fixture f;
static uint64_t random_state;

static uint64_t draw(uint64_t below)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (random_state >> 33) % below;
}

static const unsigned signed_by[CAST_COUNT] = {
    [BANK] = SIGNED_BANK, [ALICE] = SIGNED_ALICE,
    [BOB] = SIGNED_BOB,   [CAROL] = SIGNED_CAROL_1 | SIGNED_CAROL_2 | SIGNED_CAROL_3,
    [DAVE] = SIGNED_DAVE, [OTHER] = SIGNED_OTHER,
};

/* One operation of any kind, often one that fails. */
static unsigned add_any(unsigned source, uint8_t signer_bytes[SIGNER_BYTES])
{
    static const char *const keys[] = { "a", "b", "c" };
    static const char *const codes[] = { "GOLD", "SILVER", "EUR" };
    unsigned actor = draw(4) == 0 ? (unsigned)draw(PLAYERS) : source;
    unsigned other = (unsigned)((actor + 1 + draw(PLAYERS - 1)) % PLAYERS);
    struct id id;
    switch (draw(12)) {
    case 0: add_mint(&f, BANK, other, 1 + draw(50000)); return signed_by[BANK];
    case 1: add_burn(&f, BANK, 1 + draw(3000)); return signed_by[BANK];
    case 2: add_freeze(&f, BANK, other, draw(3) == 0); return signed_by[BANK];
    case 3: add_asset(&f, BANK, codes[draw(3)]); return signed_by[BANK];
    case 4:
        id = sample_id("made", draw(200));
        add_account(&f, BANK, &id, &f.keys[1].public_key, signer_bytes);
        return signed_by[BANK];
    case 5:
    case 6:
        add_put(&f, actor, keys[draw(3)], draw(2) ? "one" : "another",
                draw(3) == 0 ? EXPECT_ABSENT : EXPECT_ANY, 0);
        return signed_by[actor];
    case 7: add_delete(&f, actor, keys[draw(3)], EXPECT_ANY, 0); return signed_by[actor];
    default: add_transfer(&f, actor, other, 1 + draw(2500)); return signed_by[actor];
    }
}

static void add_transaction(void)
{
    static uint8_t signer_bytes[8][SIGNER_BYTES];
    unsigned source = (unsigned)draw(PLAYERS), signers = signed_by[source];
    uint64_t operations = 1 + draw(5);
    struct id old_reference = sample_id("reference", draw(f.reference + 1));
    fixture_tx(&f, source);
    f.tx->not_after_ms = f.time_ms + draw(20000);
    if (draw(20) == 0) f.tx->client_ref = old_reference;
    if (draw(6) == 0) {
        f.tx->order = ORDER_LANE;
        f.tx->lane = (uint32_t)draw(2);
        f.tx->seq = state_lane_next(f.ledger->state, &f.cast[source], f.tx->lane) + draw(2);
    }
    if (draw(8) == 0) fixture_assert(&f, ASSERT_BALANCE_SEQ, source)->number = draw(20);
    for (uint64_t i = 0; i < operations; i++)
        signers |= add_any(source, signer_bytes[i]);
    fixture_add(&f, signers);
}

/* Section 6, by SQL. */
static void check_invariants(void)
{
    cr_assert_eq(
        fixture_number(&f, "SELECT count(*) FROM audit_totals WHERE supply != posted OR held_out !="
                           " held_in OR held_in != holds"),
        0);
    cr_assert_eq(fixture_number(&f, "SELECT count(*) FROM asset WHERE supply > max_supply"), 0);
    cr_assert_eq(fixture_number(&f, "SELECT count(*) FROM audit_balances WHERE available < 0"), 0);
    cr_assert_eq(fixture_number(&f, "SELECT count(*) FROM account a WHERE balances !="
                                    " (SELECT count(*) FROM balance b WHERE b.account = a.id)"),
                 0);
    cr_assert_eq(
        fixture_number(&f,
                       "SELECT count(*) FROM balance b WHERE seq != (SELECT count(*) FROM movement"
                       " m WHERE m.account = b.account AND m.asset = b.asset) OR posted !="
                       " (SELECT sum(d_posted) FROM movement m WHERE m.account = b.account AND"
                       " m.asset = b.asset)"),
        0);
    cr_assert_eq(fixture_number(
                     &f, "SELECT count(*) FROM movement a JOIN movement b ON b.account = a.account"
                         " AND b.asset = a.asset AND b.seq = a.seq + 1 WHERE"
                         " b.posted != a.posted + b.d_posted OR b.position <= a.position"),
                 0);
    cr_assert_eq(
        fixture_number(&f, "SELECT count(*) FROM account WHERE version >> 24 > (SELECT height FROM"
                           " ledger)"),
        0);
}

/* ---- the tree from the rows ------------------------------------------------------------------ */

struct leaves {
    struct state_leaf items[4096];
    size_t count;
};

static int by_path(const void *a, const void *b)
{
    return digest_compare(&((const struct state_leaf *)a)->path,
                          &((const struct state_leaf *)b)->path);
}

static void take(struct leaves *leaves, struct state_leaf leaf)
{
    cr_assert_lt(leaves->count, 4096);
    leaves->items[leaves->count++] = leaf;
}

/* Walks ids of a table: first column 16 bytes, second 16 bytes, an integer or bytes. */
static void each_row(const char *sql, struct leaves *leaves,
                     void (*row)(struct leaves *leaves, sqlite3_stmt *s))
{
    sqlite3_stmt *s = NULL;
    cr_assert_eq(sqlite3_prepare_v2(f.ledger->store->db, sql, -1, &s, NULL), SQLITE_OK);
    while (sqlite3_step(s) == SQLITE_ROW)
        row(leaves, s);
    sqlite3_finalize(s);
}

static struct id id_column(sqlite3_stmt *s, int at)
{
    struct id id;
    get_id(f.ledger->store, s, at, &id);
    return id;
}

static void account_row(struct leaves *leaves, sqlite3_stmt *s)
{
    struct account account = { .version = 0 };
    struct id id = id_column(s, 0);
    cr_assert(store_read_account(f.ledger->store, &id, &account));
    take(leaves, account_leaf(&account));
}

static void asset_row(struct leaves *leaves, sqlite3_stmt *s)
{
    struct asset asset = { .version = 0 };
    struct id id = id_column(s, 0);
    cr_assert(store_read_asset(f.ledger->store, &id, &asset));
    take(leaves, asset_leaf(&asset));
}

static void balance_row(struct leaves *leaves, sqlite3_stmt *s)
{
    struct balance balance;
    struct id account = id_column(s, 0), asset = id_column(s, 1);
    cr_assert(store_read_balance(f.ledger->store, &account, &asset, &balance));
    take(leaves, balance_leaf(&balance));
}

static void kv_row(struct leaves *leaves, sqlite3_stmt *s)
{
    struct kv_record kv;
    struct id owner = id_column(s, 0);
    struct span key = span_of(sqlite3_column_blob(s, 1), (size_t)sqlite3_column_bytes(s, 1));
    cr_assert(store_read_kv(f.ledger->store, &owner, key, &kv));
    take(leaves, kv_leaf(&kv));
}

static void window_row(struct leaves *leaves, sqlite3_stmt *s)
{
    struct window_entry entry;
    struct id source = id_column(s, 0), reference = id_column(s, 1);
    cr_assert(store_read_window(f.ledger->store, &source, &reference, &entry));
    take(leaves, window_leaf(&entry));
}

static void lane_row(struct leaves *leaves, sqlite3_stmt *s)
{
    struct lane lane;
    struct id account = id_column(s, 0);
    cr_assert(
        store_read_lane(f.ledger->store, &account, (uint32_t)sqlite3_column_int64(s, 1), &lane));
    take(leaves, lane_leaf(&lane));
}

/* Governance has not changed since block 0. */
static void governance_row(struct leaves *leaves, sqlite3_stmt *s)
{
    struct state_leaf leaf;
    get_digest(f.ledger->store, s, 0, &leaf.path);
    get_digest(f.ledger->store, s, 1, &leaf.hash);
    take(leaves, leaf);
}

static void check_tree(void)
{
    static struct leaves leaves;
    leaves.count = 0;
    each_row("SELECT id FROM account", &leaves, account_row);
    each_row("SELECT id FROM asset", &leaves, asset_row);
    each_row("SELECT account, asset FROM balance", &leaves, balance_row);
    each_row("SELECT owner, key FROM kv", &leaves, kv_row);
    each_row("SELECT source, client_ref FROM recent", &leaves, window_row);
    each_row("SELECT account, lane FROM lane", &leaves, lane_row);
    each_row("SELECT path, hash FROM leaf WHERE hex(path) LIKE '80%'", &leaves, governance_row);
    qsort(leaves.items, leaves.count, sizeof leaves.items[0], by_path);
    struct digest root = state_root_of(leaves.items, leaves.count, 0);
    cr_assert_eq(fixture_number(&f, "SELECT count(*) FROM leaf"), (int64_t)leaves.count);
    cr_assert(digest_equal(&root, &ledger_head(f.ledger)->header.state_root));
}

/* ---- the whole content ----------------------------------------------------------------------- */

/* A digest of all rows of a table in the order of their keys. */
static struct digest table_digest(sqlite3 *db, const char *table)
{
    char sql[100];
    struct writer w;
    sqlite3_stmt *s = NULL;
    (void)snprintf(sql, sizeof sql, "SELECT * FROM %s ORDER BY 1, 2", table);
    cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
    writer_init(&w, 64u * 1024 * 1024);
    while (sqlite3_step(s) == SQLITE_ROW)
        for (int i = 0; i < sqlite3_column_count(s); i++) {
            write_u8(&w, (uint8_t)sqlite3_column_type(s, i));
            write_bytes32(&w,
                          span_of(sqlite3_column_blob(s, i), (size_t)sqlite3_column_bytes(s, i)));
        }
    sqlite3_finalize(s);
    struct span bytes = writer_span(&w);
    struct digest digest = digest_plain(&bytes, 1);
    writer_free(&w);
    return digest;
}

static void expect_same_content(struct ledger *other)
{
    static const char *const tables[] = {
        "block",   "entry",  "operation", "touch", "movement", "history", "epoch",
        "account", "signer", "asset",     "hold",  "balance",  "kv",      "recent",
        "lane",    "member", "validator", "param", "proposal", "ballot",  "leaf",
    };
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        struct digest a = table_digest(f.ledger->store->db, tables[i]);
        struct digest b = table_digest(other->store->db, tables[i]);
        cr_assert(digest_equal(&a, &b), "table %s", tables[i]);
    }
}

static void play(uint64_t seed)
{
    char path[64];
    struct fixture restarted, synced;
    unsigned codes[100] = { 0 };
    random_state = seed;
    fixture_prepare(&f);
    fixture_path(path);
    fixture_prepare(&restarted);
    fixture_prepare(&synced);
    f.genesis->params.values[PARAM_window_grace_ms] = 3000; /* so that entries are swept */
    restarted.genesis->params.values[PARAM_window_grace_ms] = 3000;
    synced.genesis->params.values[PARAM_window_grace_ms] = 3000;
    fixture_open(&f, NULL);
    fixture_open(&restarted, path);
    fixture_open(&synced, NULL);

    for (unsigned block = 0; block < BLOCKS; block++) {
        uint64_t transactions = draw(TRANSACTIONS);
        for (uint64_t i = 0; i < transactions; i++)
            add_transaction();
        f.tick = draw(10) == 0;
        fixture_run(&f);
        for (uint32_t i = 0; i < f.last->entry_count; i++)
            codes[f.last->entries[i].code]++;
        if (block % 10 == 0) check_invariants();
        if (block % 20 == 0) check_tree();

        execution_free(fixture_execute(&restarted, restarted.ledger, writer_span(&f.last_batch)));
        if (draw(3) == 0) {
            uint64_t sequence = ledger_head(restarted.ledger)->sequence;
            ledger_close(restarted.ledger);
            fixture_open(&restarted, path);
            while (ledger_head(restarted.ledger)->sequence < sequence) /* empty ones */
                cr_assert_eq(
                    ledger_skip(restarted.ledger, 0, ledger_head(restarted.ledger)->sequence + 1),
                    STATUS_OK);
        }
        if (f.last->kind == EXECUTION_BLOCK) {
            struct writer bytes;
            struct execution *execution;
            fixture_block(f.last, &f.last->header, &bytes);
            cr_assert_eq(
                ledger_execute_block(synced.ledger, writer_span(&bytes), &execution, &f.problem),
                STATUS_OK, "%s", f.problem.text);
            execution_free(execution);
            writer_free(&bytes);
        }
        cr_assert(digest_equal(&ledger_head(f.ledger)->hash, &ledger_head(restarted.ledger)->hash));
        cr_assert(digest_equal(&ledger_head(f.ledger)->hash, &ledger_head(synced.ledger)->hash));
    }
    check_invariants();
    check_tree();
    expect_same_content(restarted.ledger);
    expect_same_content(synced.ledger);
    cr_assert_gt(codes[RESULT_ok], 50, "the game should have been worth playing");
    cr_assert_gt(codes[RESULT_insufficient_funds], 5);
    cr_assert_gt(codes[RESULT_account_frozen], 5);
    fixture_stop(&synced);
    fixture_stop(&restarted);
    fixture_stop(&f);
    fixture_remove(path);
}

Test(ledger_random, seed_1)
{
    play(1);
}

Test(ledger_random, seed_2)
{
    play(2);
}

Test(ledger_random, seed_3)
{
    play(3);
}
