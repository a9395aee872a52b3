#include "ledger/schema.h"

#include "ledger/ledger_inside.h"
#include "ledger/store.h"
#include "ledger/store_query.h"
#include "tests/unit/ledger/fixture.h"
#include <criterion/criterion.h>

static struct fixture f;

static void setup(void)
{
    fixture_start(&f);
}

static void teardown(void)
{
    fixture_stop(&f);
}

TestSuite(schema, .init = setup, .fini = teardown);

static sqlite3 *db(void)
{
    return f.ledger->store->db;
}

static int64_t number(const char *sql)
{
    sqlite3_stmt *s = NULL;
    cr_assert_eq(sqlite3_prepare_v2(db(), sql, -1, &s, NULL), SQLITE_OK, "%s",
                 sqlite3_errmsg(db()));
    cr_assert_eq(sqlite3_step(s), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return value;
}

/* The columns of a table or view as one text. */
static void columns_of(const char *name, char *text, size_t size)
{
    char sql[200];
    sqlite3_stmt *s = NULL;
    (void)snprintf(sql, sizeof sql, "SELECT group_concat(name, ' ') FROM pragma_table_info('%s')",
                   name);
    cr_assert_eq(sqlite3_prepare_v2(db(), sql, -1, &s, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_step(s), SQLITE_ROW);
    (void)snprintf(text, size, "%s", (const char *)sqlite3_column_text(s, 0));
    sqlite3_finalize(s);
}

static void compare(const struct schema_object *objects, const char *type)
{
    int64_t count = 0;
    char sql[200];
    for (; objects->name; objects++, count++) {
        char text[400];
        columns_of(objects->name, text, sizeof text);
        cr_assert_str_eq(text, objects->columns, "%s", objects->name);
    }
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM sqlite_schema WHERE type = '%s'", type);
    cr_assert_eq(number(sql), count, "no %s besides those listed", type);
}

Test(schema, every_table_has_its_columns)
{
    compare(schema_tables, "table");
}

Test(schema, every_view_has_its_columns)
{
    compare(schema_views, "view");
}

Test(schema, every_view_can_be_read)
{
    for (const struct schema_object *view = schema_views; view->name; view++) {
        char sql[200];
        (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM (SELECT * FROM %s)", view->name);
        cr_assert_geq(number(sql), 0);
    }
}

Test(schema, the_file_says_what_it_is)
{
    cr_assert_eq(number("PRAGMA application_id"), 1464423502);
    cr_assert_eq(number("PRAGMA user_version"), 1);
    cr_assert_eq(number("PRAGMA page_size"), 4096);
}

Test(schema, tables_are_strict_and_small_rows_without_rowid)
{
    static const char without[] =
        "touch movement hold_end history seal account signer asset balance hold "
        "recent lane member validator param ballot leaf slot evidence ";
    cr_assert_eq(number("SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND"
                        " type = 'table' AND name NOT LIKE 'sqlite%' AND strict = 0"),
                 0);
    for (const struct schema_object *table = schema_tables; table->name; table++) {
        char sql[200], word[40];
        (void)snprintf(sql, sizeof sql, "SELECT wr FROM pragma_table_list WHERE name = '%s'",
                       table->name);
        (void)snprintf(word, sizeof word, "%s ", table->name);
        cr_assert_eq(number(sql), strstr(without, word) != NULL, "%s", table->name);
    }
}

Test(schema, columns_are_not_null_but_for_seven)
{
    int64_t nullable = 0;
    for (const struct schema_object *table = schema_tables; table->name; table++) {
        char sql[200];
        (void)snprintf(sql, sizeof sql,
                       "SELECT count(*) FROM pragma_table_info('%s') WHERE \"notnull\" = 0",
                       table->name);
        nullable += number(sql);
    }
    /* entry: source, client_ref, data; operation: other, asset, amount; epoch: recovery. */
    cr_assert_eq(nullable, 7);
}

static void expect_index(const char *name, const char *columns, bool unique)
{
    char sql[300];
    sqlite3_stmt *s = NULL;
    (void)snprintf(sql, sizeof sql, "SELECT group_concat(name, ' ') FROM pragma_index_info('%s')",
                   name);
    cr_assert_eq(sqlite3_prepare_v2(db(), sql, -1, &s, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_step(s), SQLITE_ROW);
    cr_assert_str_eq((const char *)sqlite3_column_text(s, 0), columns, "%s", name);
    sqlite3_finalize(s);
    (void)snprintf(sql, sizeof sql,
                   "SELECT sql LIKE 'CREATE UNIQUE%%' FROM sqlite_schema WHERE name = '%s'", name);
    cr_assert_eq(number(sql), unique, "%s", name);
}

Test(schema, indexes)
{
    expect_index("block_by_hash", "hash", true);
    expect_index("block_by_time", "time_ms", true);
    expect_index("entry_by_id", "id", true);
    expect_index("entry_by_reference", "source client_ref", false);
    expect_index("operation_by_kind", "kind position", false);
    expect_index("account_by_address", "address", true);
    expect_index("signer_by_key", "key", false);
    expect_index("asset_by_address", "address", true);
    expect_index("balance_by_asset", "asset account", false);
    expect_index("hold_by_expiry", "expires_ms id", false);
    expect_index("hold_by_payer", "payer", false);
    expect_index("hold_by_payee", "payee", false);
    expect_index("hold_by_group", "group_id arbiter", false);
    expect_index("balance_by_line", "asset floor", false);
    expect_index("kv_by_key", "owner key", true);
    expect_index("recent_by_time", "not_after_ms txid", false);
    expect_index("validator_by_address", "address", true);
    cr_assert_eq(number("SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND sql IS NOT"
                        " NULL"),
                 17);
}

static void expect_text(const char *sql, const char *expected)
{
    sqlite3_stmt *s = NULL;
    cr_assert_eq(sqlite3_prepare_v2(db(), sql, -1, &s, NULL), SQLITE_OK, "%s",
                 sqlite3_errmsg(db()));
    cr_assert_eq(sqlite3_step(s), SQLITE_ROW, "no row: %s", sql);
    const char *text = (const char *)sqlite3_column_text(s, 0);
    cr_assert_str_eq(text ? text : "NULL", expected, "%s", sql);
    sqlite3_finalize(s);
}

Test(schema, views_show_addresses_names_and_times)
{
    char alice[ADDRESS_TEXT], bank[ADDRESS_TEXT], eur[ADDRESS_TEXT], sql[400];
    address_encode(ADDRESS_ACCOUNT, &f.cast[ALICE], alice);
    address_encode(ADDRESS_ACCOUNT, &f.cast[BANK], bank);
    address_encode(ADDRESS_ASSET, &f.eur, eur);
    fixture_tx(&f, ALICE);
    add_transfer(&f, ALICE, BANK, 7500);
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_ok);
    fixture_tx(&f, ALICE);
    add_transfer(&f, ALICE, BANK, 7500);
    add_put(&f, ALICE, "x", "5", EXPECT_ANY, 0);
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_insufficient_funds);
    fixture_tx(&f, ALICE);
    add_put(&f, ALICE, "x", "5", EXPECT_ANY, 0);
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_ok);

    expect_text("SELECT time FROM audit_blocks WHERE height = 1", "2026-09-21T14:13:21.000Z");
    expect_text("SELECT fault_model || quorum || signatures FROM audit_blocks WHERE height = 1",
                "byzantine30");
    expect_text("SELECT code || operations || at FROM audit_transactions WHERE height = 2",
                "insufficient_funds20");
    expect_text("SELECT source FROM audit_transactions WHERE height = 1", alice);
    expect_text("SELECT kind || code FROM audit_entries WHERE height = 1", "transactionok");
    expect_text("SELECT kind || asset || scale || amount || code FROM audit_operations"
                " WHERE height = 1",
                "transferEUR27500ok");
    expect_text("SELECT other FROM audit_operations WHERE height = 1", bank);
    expect_text("SELECT kind FROM audit_operations WHERE height = 2 AND op = 1", "kv.put");
    (void)snprintf(sql, sizeof sql,
                   "SELECT seq || ':' || d_posted || ':' || posted || ':' || height FROM"
                   " audit_movements WHERE account = '%s' ORDER BY seq DESC LIMIT 1",
                   alice);
    expect_text(sql, "2:-7500:2500:1");
    (void)snprintf(sql, sizeof sql,
                   "SELECT entry_id = (SELECT lower(hex(chain_id)) FROM ledger) FROM"
                   " audit_movements WHERE account = '%s' AND seq = 1",
                   alice);
    expect_text(sql, "1");
    (void)snprintf(sql, sizeof sql,
                   "SELECT posted || ':' || available || asset || scale FROM audit_balances WHERE"
                   " account = '%s' AND asset_id = '%s'",
                   alice, eur);
    expect_text(sql, "2500:2500EUR2");
    expect_text("SELECT supply = posted AND held_out = held_in AND held_in = holds FROM"
                " audit_totals",
                "1");
    expect_text("SELECT cast(value AS TEXT) FROM audit_kv WHERE key = CAST('x' AS BLOB)", "5");
    expect_text("SELECT issuer FROM audit_assets", bank);
    expect_text("SELECT count(*) FROM audit_signers", "8");
    expect_text("SELECT account FROM audit_members WHERE name = 'Bank'", bank);
    expect_text("SELECT status FROM audit_validators LIMIT 1", "active");
    expect_text("SELECT engine || n || quorum FROM audit_epochs", "hotstuff43");
    expect_text("SELECT value FROM audit_params WHERE name = 'window_ms_max'", "600000");
    expect_text("SELECT balances || ':' || frozen || ':' || coalesce(sponsor, 'genesis') FROM"
                " audit_accounts WHERE roles = 7",
                "1:0:genesis");
}

Test(schema, seals_show_validator_and_member)
{
    char validator[ADDRESS_TEXT], bank[ADDRESS_TEXT];
    struct header header = ledger_head(f.ledger)->header;
    struct seal seal = { .epoch = 0, .height = header.height, .count = 1 };
    seal.block_hash = ledger_head(f.ledger)->hash;
    seal.signatures[0].validator = 2;
    cr_assert_eq(ledger_store_seal(f.ledger, &seal, &f.problem), STATUS_OK);
    address_encode(ADDRESS_VALIDATOR, &f.genesis->committee.validators[2].id, validator);
    address_encode(ADDRESS_ACCOUNT, &f.cast[BANK], bank);
    expect_text("SELECT validator FROM audit_seals", validator);
    expect_text("SELECT member FROM audit_seals", bank);
    expect_text("SELECT length(signature) FROM audit_seals", "128");
    expect_text("SELECT signatures FROM audit_blocks WHERE height = 0", "1");
}
