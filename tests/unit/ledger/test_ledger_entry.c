/* The rows of one entry. */
#include "tests/unit/ledger/fixture_rows.h"

static struct fixture f;

static void setup(void)
{
    fixture_start(&f);
}

static void teardown(void)
{
    fixture_stop(&f);
}

TestSuite(ledger_entry, .init = setup, .fini = teardown);

static void pay(uint64_t amount)
{
    fixture_tx(&f, ALICE);
    add_transfer(&f, ALICE, BOB, amount);
    fixture_add(&f, SIGNED_ALICE);
}

Test(ledger_entry, a_leaf_is_the_tagged_hash_of_the_entry_record)
{
    static struct transaction tx;
    pay(1);
    fixture_run(&f);
    cr_assert_eq(transaction_decode(f.last->entries[0].transaction, &tx, NULL), STATUS_OK);
    struct entry_record record = {
        .kind = ENTRY_TRANSACTION,
        .id = tx.txid,
        .signed_hash = tx.signed_hash,
        .effects_hash = digest_of(TAG_EFFECTS, f.ledger->executor.effects.list),
    };
    struct digest leaf = entry_record_hash(&record), stored;
    cr_assert(digest_equal(&leaf, &f.ledger->leaves[0]));
    sqlite3_stmt *s = NULL;
    cr_assert_eq(sqlite3_prepare_v2(f.ledger->store->db,
                                    "SELECT leaf, data, effects, source, client_ref FROM entry", -1,
                                    &s, NULL),
                 SQLITE_OK);
    cr_assert_eq(sqlite3_step(s), SQLITE_ROW);
    get_digest(f.ledger->store, s, 0, &stored);
    cr_assert(digest_equal(&leaf, &stored));
    cr_assert_eq((size_t)sqlite3_column_bytes(s, 1), tx.bytes.size);
    cr_assert_eq((size_t)sqlite3_column_bytes(s, 2), f.ledger->executor.effects.list.size);
    cr_assert_eq(memcmp(sqlite3_column_blob(s, 3), f.cast[ALICE].bytes, 16), 0);
    cr_assert_eq(memcmp(sqlite3_column_blob(s, 4), tx.client_ref.bytes, 16), 0);
    sqlite3_finalize(s);
}

Test(ledger_entry, rows_of_history)
{
    pay(1);
    pay(99999);
    fixture_tx(&f, ALICE);
    add_transfer(&f, ALICE, DAVE, 1);
    add_put(&f, ALICE, "x", "5", EXPECT_ANY, 0);
    fixture_add(&f, SIGNED_ALICE);
    fixture_run(&f);
    cr_assert_eq(fixture_number(&f, "SELECT count(*) FROM entry"), 3);
    cr_assert_eq(fixture_number(&f, "SELECT count(*) FROM operation"), 4);
    cr_assert_eq(
        fixture_number(&f,
                       "SELECT count(*) FROM operation WHERE position = ((1 << 24) + (2 << 8) + 1)"
                       " AND kind = 0x0501 AND other IS NULL AND asset IS NULL AND amount IS"
                       " NULL"),
        1);
    /* Alice in all three, Bob where he was paid, Dave where he was. */
    cr_assert_eq(fixture_number(&f, "SELECT count(*) FROM touch"), 5);
    cr_assert_eq(fixture_number(&f, "SELECT count(*) FROM movement WHERE position > 1"), 4);
    cr_assert_eq(fixture_number(&f, "SELECT count(*) FROM recent"), 3);
    cr_assert_eq(fixture_number(&f, "SELECT count(*) FROM recent WHERE code = 40 AND at = 0"), 1);
    cr_assert_eq(fixture_number(&f, "SELECT height || epoch || sequence FROM ledger"), 101);
}
