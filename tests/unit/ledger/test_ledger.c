/* Opening, restarting, damage, admission, seals and durability. */
#include "ledger/ledger.h"

#include "ledger/ledger_inside.h"
#include "ledger/store_query.h"
#include "tests/unit/ledger/fixture.h"
#include <criterion/criterion.h>

static struct fixture f;
static char path[64];

static void setup(void)
{
    fixture_path(path);
    fixture_prepare(&f);
    fixture_open(&f, path);
}

static void teardown(void)
{
    fixture_stop(&f);
    fixture_remove(path);
}

TestSuite(ledger, .init = setup, .fini = teardown);

/* A payment that gives a block. */
static void pay(uint64_t amount)
{
    fixture_tx(&f, ALICE);
    add_transfer(&f, ALICE, BOB, amount);
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_ok);
}

/* Runs SQL on the file behind the ledger's back, while it is closed. */
static void edit(const char *sql)
{
    sqlite3 *db = NULL;
    ledger_close(f.ledger);
    f.ledger = NULL;
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
    cr_assert_gt(sqlite3_total_changes(db), 0, "nothing edited: %s", sql);
    sqlite3_close(db);
}

static enum status open_again(void)
{
    return ledger_open(&f.ledger, f.genesis, path, &f.options, &f.problem);
}

/* ---- opening --------------------------------------------------------------------------------- */

Test(ledger, a_new_ledger_stands_at_block_0)
{
    const struct ledger_head *head = ledger_head(f.ledger);
    const struct header *h = &head->header;
    cr_assert_eq(h->version, 1);
    cr_assert_eq(h->fault_model, FAULT_BYZANTINE);
    cr_assert_eq(h->flags, 0);
    cr_assert_eq(h->entry_count, 0);
    cr_assert_eq(h->height + h->epoch + h->sequence + h->window_horizon_ms, 0);
    cr_assert_eq(h->time_ms, FIXTURE_TIME);
    cr_assert(id_is_zero(&h->proposer));
    cr_assert(digest_is_zero(&h->parent_hash));
    struct digest empty = digest_plain(NULL, 0);
    cr_assert(digest_equal(&h->tx_root, &empty));
    cr_assert(digest_equal(&h->history_root, &empty));
    cr_assert(digest_equal(&h->chain_id, &f.genesis->chain_id));
    struct digest hash = header_hash(h);
    cr_assert(digest_equal(&head->hash, &hash));
    cr_assert(digest_equal(ledger_genesis_hash(f.ledger), &hash));
    cr_assert_eq(head->epoch, 0);
    cr_assert_eq(head->sequence, 0);
    cr_assert(!head->epoch_ended);
    cr_assert_eq(ledger_committee(f.ledger)->count, 4);
    cr_assert_eq(ledger_params(f.ledger)->version, 1);
    cr_assert_eq(ledger_sealed_height(f.ledger), 0);
}

Test(ledger, a_restart_at_every_block_gives_the_same_heads)
{
    struct fixture other;
    fixture_start(&other);
    for (unsigned i = 0; i < 20; i++) {
        fixture_tx(&f, ALICE);
        add_transfer(&f, ALICE, i % 3 == 0 ? DAVE : BOB, 1 + i);
        if (i % 5 == 0) add_put(&f, ALICE, i % 2 == 0 ? "x" : "y", "value", EXPECT_ANY, 0);
        fixture_add(&f, SIGNED_ALICE);
        fixture_run(&f);
        cr_assert_eq(f.last->kind, EXECUTION_BLOCK);
        execution_free(fixture_execute(&other, other.ledger, writer_span(&f.last_batch)));
        ledger_close(f.ledger);
        cr_assert_eq(open_again(), STATUS_OK, "%s", f.problem.text);
        const struct ledger_head *a = ledger_head(f.ledger), *b = ledger_head(other.ledger);
        cr_assert(digest_equal(&a->hash, &b->hash), "block %u", i);
        cr_assert_eq(a->sequence, b->sequence);
        cr_assert_null(
            header_difference(&a->header, &b->header, f.problem.text, f.problem.text + 100));
    }
    fixture_stop(&other);
}

Test(ledger, empty_batches_are_remembered_by_a_checkpoint_only)
{
    uint64_t height;
    pay(1);
    fixture_run(&f);
    cr_assert_eq(f.last->kind, EXECUTION_EMPTY);
    cr_assert_eq(ledger_head(f.ledger)->sequence, 2);
    ledger_close(f.ledger);
    cr_assert_eq(open_again(), STATUS_OK);
    cr_assert_eq(ledger_head(f.ledger)->sequence, 1); /* The journal has it, and it was empty. */
    cr_assert_eq(ledger_skip(f.ledger, 0, 2), STATUS_OK);
    cr_assert_eq(ledger_checkpoint(f.ledger, &height, &f.problem), STATUS_OK);
    cr_assert_eq(height, 1);
    ledger_close(f.ledger);
    cr_assert_eq(open_again(), STATUS_OK);
    cr_assert_eq(ledger_head(f.ledger)->sequence, 2);
}

Test(ledger, another_chain_is_a_mismatch)
{
    struct fixture other;
    fixture_prepare(&other);
    other.genesis->time_ms++;
    cr_assert_eq(genesis_seal(other.genesis, &f.problem), STATUS_OK);
    struct ledger *ledger;
    ledger_close(f.ledger);
    cr_assert_eq(ledger_open(&ledger, other.genesis, path, NULL, &f.problem), STATUS_MISMATCH);
    cr_assert_null(ledger);
    f.ledger = NULL;
    fixture_stop(&other);
}

Test(ledger, what_is_not_a_ledger_is_refused)
{
    ledger_close(f.ledger);
    f.ledger = NULL;
    fixture_remove(path);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    for (unsigned i = 0; i < 1000; i++)
        (void)fprintf(file, "this is no database %u\n", i);
    (void)fclose(file);
    cr_assert_eq(open_again(), STATUS_DAMAGED);
    fixture_remove(path);

    sqlite3 *db = NULL;
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, "CREATE TABLE t (x)", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    cr_assert_eq(open_again(), STATUS_UNSUPPORTED);
    cr_assert_eq(ledger_open(&f.ledger, f.genesis, "/nowhere/ledger.db", NULL, &f.problem),
                 STATUS_IO);
}

Test(ledger, another_format_is_unsupported)
{
    sqlite3 *db = NULL;
    ledger_close(f.ledger);
    f.ledger = NULL;
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, "PRAGMA user_version = 2", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    cr_assert_eq(open_again(), STATUS_UNSUPPORTED);
    cr_assert_not_null(strstr(f.problem.text, "format 2"));
}

/* ---- damage ---------------------------------------------------------------------------------- */

static void expect_damage(const char *sql, const char *word)
{
    edit(sql);
    cr_assert_eq(open_again(), STATUS_DAMAGED, "%s", sql);
    cr_assert_not_null(strstr(f.problem.text, word), "%s says: %s", sql, f.problem.text);
    cr_assert_null(f.ledger);
    fixture_remove(path);
    fixture_open(&f, path);
    f.time_ms = FIXTURE_TIME + 1000;
    f.reference = 0;
    pay(1);
    pay(2);
    pay(3);
}

Test(ledger, damage_that_opening_notices)
{
    pay(1);
    pay(2);
    pay(3);
    expect_damage(
        "UPDATE slot SET hash = zeroblob(32) WHERE prefix = (SELECT min(prefix) FROM slot)",
        "state root");
    expect_damage("UPDATE slot SET count = 33", "slot");
    expect_damage("DELETE FROM slot", "state root");
    expect_damage("UPDATE block SET hash = zeroblob(32) WHERE height = 3", "does not fit its hash");
    expect_damage("UPDATE block SET header = zeroblob(352) WHERE height = 3", "does not decode");
    expect_damage("UPDATE block SET header = (SELECT header FROM block WHERE height = 2)"
                  " WHERE height = 3",
                  "does not fit its hash");
    expect_damage("DELETE FROM block WHERE height = 3", "last block is missing");
    expect_damage("DELETE FROM block WHERE height = 2", "history");
    expect_damage("UPDATE history SET hash = zeroblob(32) WHERE level = 1 AND idx = 0", "history");
    expect_damage("DELETE FROM history WHERE level = 1 AND idx = 0", "history");
    expect_damage("UPDATE ledger SET height = 2", "above the height");
    expect_damage("UPDATE ledger SET sequence = 2", "sequence");
    expect_damage("UPDATE ledger SET epoch = 1", "epoch");
    expect_damage("DELETE FROM ledger", "where it stands");
    expect_damage("UPDATE param SET value = value + 1 WHERE name = 'hold_sweep_max'", "parameters");
    expect_damage("INSERT INTO param VALUES ('nonsense', 1)", "nonsense");
    expect_damage("UPDATE member SET name = 'Bunk' WHERE name = 'Bank'", "members");
    expect_damage("UPDATE epoch SET validators = zeroblob(260)", "validator set");
    expect_damage("DELETE FROM epoch", "validator set");
}

/* Executes the same payment as an undamaged twin and takes its block as the sealed one. */
static enum status pay_as_sealed(uint64_t amount)
{
    struct fixture twin;
    struct writer block;
    struct execution *execution = NULL;
    fixture_start(&twin);
    for (unsigned i = 1; i <= 3; i++) {
        fixture_tx(&twin, ALICE);
        add_transfer(&twin, ALICE, BOB, i == 3 ? amount : i);
        cr_assert_eq(fixture_one(&twin, SIGNED_ALICE), RESULT_ok);
    }
    fixture_block(twin.last, &twin.last->header, &block);
    enum status status =
        ledger_execute_block(f.ledger, writer_span(&block), &execution, &f.problem);
    execution_free(execution);
    writer_free(&block);
    fixture_stop(&twin);
    return status;
}

Test(ledger, an_edited_balance_is_noticed_at_the_next_payment)
{
    pay(1);
    pay(2);
    edit("UPDATE balance SET posted = posted + 1 WHERE seq = 3 AND posted > 9000");
    cr_assert_eq(open_again(), STATUS_OK, "%s", f.problem.text);
    cr_assert_eq(pay_as_sealed(3), STATUS_DIVERGED);
    cr_assert_not_null(strstr(f.problem.text, "block 3"));
    cr_assert_not_null(strstr(f.problem.text, "_root"), "%s", f.problem.text);
    cr_assert_eq(ledger_head(f.ledger)->header.height, 2, "nothing was committed");
}

Test(ledger, an_edited_leaf_is_noticed_at_the_next_payment)
{
    pay(1);
    pay(2);
    edit("UPDATE leaf SET hash = zeroblob(32)");
    cr_assert_eq(open_again(), STATUS_OK, "opening reads slots, not leaves");
    cr_assert_eq(pay_as_sealed(3), STATUS_DIVERGED);
    cr_assert_not_null(strstr(f.problem.text, "state_root"));
}

Test(ledger, a_lost_leaf_is_damage_at_the_next_payment)
{
    struct execution *execution;
    pay(1);
    pay(2);
    edit("DELETE FROM leaf");
    cr_assert_eq(open_again(), STATUS_OK);
    fixture_tx(&f, ALICE);
    add_transfer(&f, ALICE, BOB, 1);
    fixture_add(&f, SIGNED_ALICE);
    fixture_batch(&f);
    cr_assert_eq(ledger_execute(f.ledger, 0, 3, writer_span(&f.last_batch), &execution, &f.problem),
                 STATUS_DAMAGED);
    cr_assert_not_null(strstr(f.problem.text, "prefix"));
    cr_assert_null(execution);
    cr_assert_eq(ledger_execute(f.ledger, 0, 3, writer_span(&f.last_batch), &execution, &f.problem),
                 STATUS_DAMAGED, "not usable after");
}

Test(ledger, a_row_that_cannot_be_is_damage)
{
    struct execution *execution;
    pay(1);
    edit(
        "INSERT INTO block SELECT 2, zeroblob(32), time_ms + 5000, epoch, proposer, entries, header"
        " FROM block WHERE height = 1; UPDATE ledger SET height = 1");
    cr_assert_eq(open_again(), STATUS_DAMAGED);
    edit("DELETE FROM block WHERE height = 2;"
         "INSERT INTO movement SELECT account, asset, 3, position, 0, 0, 0, 0, 0, 0 FROM movement"
         " WHERE seq = 2");
    cr_assert_eq(open_again(), STATUS_OK, "%s", f.problem.text);
    fixture_tx(&f, ALICE);
    add_transfer(&f, ALICE, BOB, 1);
    fixture_add(&f, SIGNED_ALICE);
    fixture_batch(&f);
    cr_assert_eq(ledger_execute(f.ledger, 0, 2, writer_span(&f.last_batch), &execution, &f.problem),
                 STATUS_DAMAGED);
}

Test(ledger, a_full_disk_ends_the_ledger_and_a_restart_stands_at_the_last_block)
{
    struct execution *execution;
    struct digest before;
    char limit[80];
    static char value[20000];
    pay(1);
    before = ledger_head(f.ledger)->hash;
    sqlite3 *db = f.ledger->store->db;
    (void)snprintf(limit, sizeof limit, "PRAGMA max_page_count = 1"); /* as large as it is now */
    cr_assert_eq(sqlite3_exec(db, limit, NULL, NULL, NULL), SQLITE_OK);
    memset(value, 'v', sizeof value - 1);
    fixture_tx(&f, ALICE);
    add_put(&f, ALICE, "x", value, EXPECT_ANY, 0);
    fixture_add(&f, SIGNED_ALICE);
    fixture_batch(&f);
    cr_assert_eq(ledger_execute(f.ledger, 0, 2, writer_span(&f.last_batch), &execution, &f.problem),
                 STATUS_IO);
    cr_assert_null(execution);
    uint64_t height;
    cr_assert_eq(ledger_checkpoint(f.ledger, &height, &f.problem), STATUS_IO);
    cr_assert_eq(ledger_skip(f.ledger, 0, 2), STATUS_IO);
    ledger_close(f.ledger);
    cr_assert_eq(open_again(), STATUS_OK);
    cr_assert(digest_equal(&ledger_head(f.ledger)->hash, &before));
    execution = fixture_execute(&f, f.ledger, writer_span(&f.last_batch));
    cr_assert_eq(execution->entries[0].code, RESULT_ok);
    execution_free(execution);
}

/* ---- admission ------------------------------------------------------------------------------- */

static enum refusal_code admit(unsigned signers, uint64_t now_ms, struct refusal *refusal,
                               uint64_t *next_lane)
{
    static struct transaction decoded;
    static struct writer w;
    writer_free(&w);
    fixture_sign(&f, signers, &w);
    cr_assert_eq(transaction_decode(writer_span(&w), &decoded, NULL), STATUS_OK);
    return ledger_admit(f.ledger, &decoded, now_ms, next_lane, refusal);
}

Test(ledger, admission_judges_by_the_latest_state_and_the_time_now)
{
    struct refusal refusal;
    uint64_t next;
    fixture_tx(&f, ALICE);
    add_transfer(&f, ALICE, BOB, 99999); /* what an operation will say is no refusal */
    cr_assert_eq(admit(SIGNED_ALICE, f.time_ms, &refusal, &next), REFUSAL_none);
    cr_assert_eq(next, 0);
    cr_assert_eq(admit(SIGNED_ALICE, f.tx->not_after_ms + 1, &refusal, &next), REFUSAL_tx_expired);
    cr_assert_eq(admit(SIGNED_ALICE, 0, &refusal, &next), REFUSAL_none, "the block time counts");
    cr_assert_eq(admit(SIGNED_BOB, f.time_ms, &refusal, &next), REFUSAL_tx_not_permitted);
    cr_assert_eq(refusal.weight_need, 1);

    fixture_add(&f, SIGNED_ALICE);
    fixture_run(&f);
    cr_assert_eq(admit(SIGNED_ALICE, f.time_ms, &refusal, &next), REFUSAL_duplicate);
    cr_assert(digest_equal(&refusal.txid, &f.last->entries[0].id));
    cr_assert_eq(refusal.value, position_of(1, 0, 0));
    f.tx->not_after_ms++;
    cr_assert_eq(admit(SIGNED_ALICE, f.time_ms, &refusal, &next), REFUSAL_tx_ref_conflict);
    cr_assert(digest_equal(&refusal.txid, &f.last->entries[0].id), "it names the first");
}

Test(ledger, admission_leaves_gaps_in_lanes_to_the_pool)
{
    struct refusal refusal;
    uint64_t next;
    fixture_tx(&f, ALICE);
    f.tx->order = ORDER_LANE;
    f.tx->lane = 3;
    f.tx->seq = 7;
    add_transfer(&f, ALICE, BOB, 1);
    cr_assert_eq(admit(SIGNED_ALICE, f.time_ms, &refusal, &next), REFUSAL_none);
    cr_assert_eq(next, 1);
    f.tx->seq = 1;
    fixture_add(&f, SIGNED_ALICE);
    fixture_run(&f);
    cr_assert_eq(f.last->entry_count, 1);
    f.tx->memo_hash.bytes[0] = 1; /* another transaction with the number */
    cr_assert_eq(admit(SIGNED_ALICE, f.time_ms, &refusal, &next), REFUSAL_tx_lane_past);
    cr_assert_eq(next, 2);
}

/* ---- seals ----------------------------------------------------------------------------------- */

static struct seal seal_of(uint64_t height, const struct digest *hash, uint16_t first,
                           uint16_t count)
{
    struct seal seal = { .epoch = 0, .height = height, .block_hash = *hash, .count = count };
    for (uint16_t i = 0; i < count; i++) {
        seal.signatures[i].validator = (uint16_t)(first + i);
        memset(seal.signatures[i].signature.bytes, first + i + 1, 64);
    }
    return seal;
}

Test(ledger, a_ledger_that_has_failed_admits_nothing)
{
    struct refusal refusal;
    uint64_t next = 1;
    fixture_tx(&f, ALICE);
    add_transfer(&f, ALICE, BOB, 1);
    ledger_fail(f.ledger, STATUS_IO, &f.problem);
    cr_assert_eq(admit(SIGNED_ALICE, f.time_ms, &refusal, &next), REFUSAL_mempool_full,
                 "it is to be tried again");
    cr_assert_eq(refusal.code, REFUSAL_mempool_full);
    cr_assert_eq(next, 0);
}

Test(ledger, a_quorum_of_stored_signatures_seals_the_block_and_all_before)
{
    struct digest hashes[4];
    for (unsigned i = 1; i < 4; i++) {
        pay(i);
        hashes[i] = ledger_head(f.ledger)->hash;
    }
    struct seal seal = seal_of(2, &hashes[2], 0, 2);
    cr_assert_eq(ledger_store_seal(f.ledger, &seal, &f.problem), STATUS_OK);
    cr_assert_eq(ledger_sealed_height(f.ledger), 0, "two of four are no quorum");
    seal = seal_of(2, &hashes[2], 1, 2); /* one known, one new */
    seal.signatures[0].signature.bytes[0] ^= 1;
    cr_assert_eq(ledger_store_seal(f.ledger, &seal, &f.problem), STATUS_OK);
    cr_assert_eq(ledger_sealed_height(f.ledger), 2);
    seal = seal_of(1, &hashes[1], 0, 3);
    cr_assert_eq(ledger_store_seal(f.ledger, &seal, &f.problem), STATUS_OK);
    cr_assert_eq(ledger_sealed_height(f.ledger), 2);
    ledger_close(f.ledger);
    cr_assert_eq(open_again(), STATUS_OK);
    cr_assert_eq(ledger_sealed_height(f.ledger), 2);

    sqlite3_stmt *s = NULL;
    cr_assert_eq(sqlite3_prepare_v2(f.ledger->store->db,
                                    "SELECT count(*), min(hex(substr(signature, 1, 1))) FROM seal"
                                    " WHERE height = 2 AND validator <= 1",
                                    -1, &s, NULL),
                 SQLITE_OK);
    cr_assert_eq(sqlite3_step(s), SQLITE_ROW);
    cr_assert_eq(sqlite3_column_int(s, 0), 2);
    cr_assert_str_eq((const char *)sqlite3_column_text(s, 1), "01", "the first one stays");
    sqlite3_finalize(s);
}

Test(ledger, a_seal_of_something_else_is_refused)
{
    pay(1);
    struct digest hash = ledger_head(f.ledger)->hash, other = sample_digest("other", 1);
    struct seal seal = seal_of(2, &hash, 0, 3);
    cr_assert_eq(ledger_store_seal(f.ledger, &seal, &f.problem), STATUS_NOT_FOUND);
    seal = seal_of(1, &other, 0, 3);
    cr_assert_eq(ledger_store_seal(f.ledger, &seal, &f.problem), STATUS_MISMATCH);
    seal = seal_of(1, &hash, 0, 3);
    seal.epoch = 1;
    cr_assert_eq(ledger_store_seal(f.ledger, &seal, &f.problem), STATUS_MISMATCH);
    seal = seal_of(1, &hash, 2, 3);
    cr_assert_eq(ledger_store_seal(f.ledger, &seal, &f.problem), STATUS_NOT_MEMBER);
    cr_assert_eq(ledger_sealed_height(f.ledger), 0);
    pay(2); /* none of it ends the ledger */
}

/* ---- durability ------------------------------------------------------------------------------ */

Test(ledger, a_checkpoint_works_beside_a_reader_that_holds_a_snapshot)
{
    sqlite3 *reader = NULL;
    uint64_t height = 0;
    pay(1);
    cr_assert_eq(sqlite3_open_v2(path, &reader, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(reader, "BEGIN; SELECT height FROM ledger", NULL, NULL, NULL),
                 SQLITE_OK);
    pay(2);
    cr_assert_eq(ledger_checkpoint(f.ledger, &height, &f.problem), STATUS_OK, "%s", f.problem.text);
    cr_assert_eq(height, 2);
    pay(3);
    cr_assert_eq(sqlite3_close(reader), SQLITE_OK);
}

Test(ledger, a_copy_taken_after_a_checkpoint_has_everything)
{
    char copy[80], command[300];
    uint64_t height = 0;
    for (unsigned i = 1; i < 6; i++)
        pay(i);
    cr_assert_eq(ledger_checkpoint(f.ledger, &height, &f.problem), STATUS_OK);
    (void)snprintf(copy, sizeof copy, "%s-copy", path);
    (void)snprintf(command, sizeof command, "cp %s %s && cp %s-wal %s-wal", path, copy, path, copy);
    cr_assert_eq(system(command), 0);
    struct ledger *ledger = NULL;
    cr_assert_eq(ledger_open(&ledger, f.genesis, copy, NULL, &f.problem), STATUS_OK);
    cr_assert(digest_equal(&ledger_head(ledger)->hash, &ledger_head(f.ledger)->hash));
    ledger_close(ledger);
    fixture_remove(copy);
}
