/* Each column of each table, rows that are gone and rows that are too many, each index under an
 * intact table: what was edited where it lies is found, and named. */
#include "tests/unit/ledger/audit_world.h"

TestSuite(audit_rows, .init = open_world, .fini = close_world);

Test(audit_rows, the_good_ledger_is_clean_and_no_table_of_it_is_empty)
{
    renew();
    run();
    cr_assert_eq(report->error_count, 0, "%s", text());
    cr_assert(report->rows_compared);
    cr_assert_gt(report->rows, 1000);
    for (const struct schema_object *table = schema_tables; table->name; table++) {
        char sql[64];
        (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM \"%s\"", table->name);
        bool empty = strcmp(table->name, "evidence") == 0;
        cr_assert_eq(number_of(sql) == 0, empty, "%s", table->name);
    }
}

/* ---- tables ---- */

/* Which code a change of a table must have. NULL: the table is judged elsewhere. */
static bool code_of(const char *table, enum finding_code row, enum finding_code *code)
{
    if (strcmp(table, "evidence") == 0 || strcmp(table, "seal") == 0) return false;
    *code = row;
    if (strcmp(table, "leaf") == 0) *code = FINDING_leaf_mismatch;
    if (strcmp(table, "slot") == 0) *code = FINDING_slot_mismatch;
    return true;
}

/* What only the walk of the chain reads; it stops executing there, so rows are not compared. */
static bool is_input(const char *table, const char *column)
{
    return (strcmp(table, "block") == 0 && strcmp(column, "header") == 0) ||
           (strcmp(table, "block") == 0 && strcmp(column, "height") == 0) ||
           (strcmp(table, "entry") == 0 && strcmp(column, "data") == 0) ||
           (strcmp(table, "entry") == 0 && strcmp(column, "kind") == 0) ||
           (strcmp(table, "entry") == 0 && strcmp(column, "position") == 0);
}

static void edit_column(const char *table, const char *key, const char *column)
{
    char sql[400];
    /* One row in the middle; another value of the same type, and never one that is there. */
    (void)snprintf(sql, sizeof sql,
                   "UPDATE OR REPLACE \"%s\" SET \"%s\" = CASE typeof(\"%s\")"
                   " WHEN 'integer' THEN \"%s\" - 77777"
                   " WHEN 'text' THEN \"%s\" || 'x'"
                   " WHEN 'blob' THEN CAST(\"%s\" || x'00' AS BLOB)"
                   " ELSE NULL END WHERE \"%s\" = (SELECT \"%s\" FROM \"%s\""
                   " WHERE \"%s\" IS NOT NULL ORDER BY random() LIMIT 1)",
                   table, column, column, column, column, column, key, key, table, column);
    edit(victim, sql);
}

static void edit_each_column(const struct schema_object *table)
{
    char columns[200], key[32];
    enum finding_code row, code;
    if (!code_of(table->name, FINDING_row_mismatch, &row)) return;
    (void)snprintf(columns, sizeof columns, "%s", table->columns);
    (void)snprintf(key, sizeof key, "%.*s", (int)strcspn(columns, " "), columns);
    unsigned at = 0;
    char *rest = NULL;
    for (char *c = strtok_r(columns, " ", &rest); c; c = strtok_r(NULL, " ", &rest), at++) {
        bool one_row = strcmp(table->name, "ledger") == 0 &&
                       (strcmp(c, "one") == 0 || strcmp(c, "sequence") == 0);
        bool no_value = strcmp(table->name, "epoch") == 0 && strcmp(c, "recovery") == 0;
        /* Nobody reads the hash of a neighbour's value but a proof. */
        if (one_row || no_value ||
            (strcmp(table->name, "ledger") == 0 && strcmp(c, "chain_id") == 0))
            continue;
        code = row;
        renew();
        edit_column(table->name, key, c);
        run();
        cr_assert_eq(audit_exit_code(report), 7, "%s.%s:\n%s", table->name, c, text());
        if (is_input(table->name, c) || strcmp(c, "height") == 0) continue;
        if (strcmp(table->name, "entry") == 0 && (strcmp(c, "code") == 0 || strcmp(c, "at") == 0))
            code = FINDING_result_mismatch;
        if (strcmp(table->name, "entry") == 0 && strcmp(c, "effects") == 0)
            code = FINDING_effects_mismatch;
        bool found = find(code, table->name) || find(FINDING_row_missing, table->name) ||
                     (code == FINDING_slot_mismatch && find(code, ""));
        cr_assert(found, "%s.%s:\n%s", table->name, c, text());
    }
}

Test(audit_rows, each_column_of_each_table_edited)
{
    for (const struct schema_object *table = schema_tables; table->name; table++)
        edit_each_column(table);
}

Test(audit_rows, a_row_of_each_table_deleted)
{
    for (const struct schema_object *table = schema_tables; table->name; table++) {
        char sql[200], key[32];
        enum finding_code code;
        if (!code_of(table->name, FINDING_row_missing, &code)) continue;
        if (strcmp(table->name, "block") == 0 || strcmp(table->name, "entry") == 0) continue;
        (void)snprintf(key, sizeof key, "%.*s", (int)strcspn(table->columns, " "), table->columns);
        (void)snprintf(sql, sizeof sql,
                       "DELETE FROM \"%s\" WHERE \"%s\" = (SELECT max(\"%s\") FROM \"%s\")",
                       table->name, key, key, table->name);
        renew();
        edit(victim, sql);
        expect(code, code == FINDING_slot_mismatch ? "" : table->name);
    }
}

/* A row like one that is there, but for its first column. */
Test(audit_rows, a_row_too_many_in_each_table)
{
    static const char *const rows[][2] = {
        { "operation",
          ("INSERT INTO operation SELECT position + 9, kind, actor, other, asset, amount"
           " FROM operation ORDER BY position LIMIT 1") },
        { "touch", "INSERT INTO touch SELECT zeroblob(16), position FROM touch LIMIT 1" },
        { "movement", ("INSERT INTO movement SELECT account, asset, seq + 1000, position, d_posted,"
                       " d_held_out, d_held_in, posted, held_out, held_in FROM movement LIMIT 1") },
        { "hold_end",
          "INSERT INTO hold_end SELECT zeroblob(16), made, ended FROM hold_end LIMIT 1" },
        { "history", "INSERT INTO history SELECT level + 20, idx, hash FROM history LIMIT 1" },
        { "epoch", ("INSERT INTO epoch SELECT number + 7, first_height, fault_model, engine, n,"
                    " quorum, validators, recovery, params FROM epoch LIMIT 1") },
        { "account", ("INSERT INTO account SELECT zeroblob(16), 'acc', version, flags, roles, low,"
                      " medium, high, sponsor, balances, metadata FROM account LIMIT 1") },
        { "signer", "INSERT INTO signer SELECT account, zeroblob(32), weight FROM signer LIMIT 1" },
        { "balance", ("INSERT INTO balance SELECT zeroblob(16), asset, posted, held_out, held_in,"
                      " floor, flags, seq, head FROM balance LIMIT 1") },
        { "hold", ("INSERT INTO hold SELECT zeroblob(16), version, payer, payee, arbiter, asset,"
                   " amount, expires_ms, group_id, lock FROM hold LIMIT 1") },
        { "kv", "INSERT INTO kv SELECT version + 1, owner, x'00', kind, value FROM kv LIMIT 1" },
        { "recent", ("INSERT INTO recent SELECT zeroblob(16), client_ref, not_after_ms, txid,"
                     " position, code, at FROM recent LIMIT 1") },
        { "lane", "INSERT INTO lane SELECT account, lane + 1, next FROM lane LIMIT 1" },
        { "member", "INSERT INTO member SELECT zeroblob(16), name FROM member LIMIT 1" },
        { "param", "INSERT INTO param VALUES ('own', 1)" },
        { "ballot", ("INSERT INTO ballot SELECT proposal, zeroblob(16), vote, position"
                     " FROM ballot LIMIT 1") },
        { "leaf", "INSERT INTO leaf SELECT zeroblob(32), hash, value_hash FROM leaf LIMIT 1" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool leaf = strcmp(rows[i][0], "leaf") == 0;
        renew();
        edit(victim, rows[i][1]);
        expect(leaf ? FINDING_leaf_mismatch : FINDING_row_extra, rows[i][0]);
    }
}

Test(audit_rows, heights_are_those_of_the_rows)
{
    renew();
    edit(victim, "DELETE FROM movement WHERE position >> 24 = 40");
    cr_assert_eq(expect(FINDING_row_missing, "movement")->height, 40);
    cr_assert_eq(find(FINDING_movement_chain_broken, "")->height, 43, "%s", text());
    renew();
    edit(victim, "UPDATE operation SET amount = amount + 1 WHERE position >> 24 = 33");
    cr_assert_eq(expect(FINDING_row_mismatch, "operation")->height, 33);
    renew();
    edit(victim, "UPDATE balance SET posted = posted + 1 WHERE posted > 100");
    cr_assert_eq(expect(FINDING_row_mismatch, "posted")->height, WORLD_HEIGHT);
    cr_assert_not_null(find(FINDING_supply_mismatch, ""));
    cr_assert_not_null(find(FINDING_movement_chain_broken, "does not end"));
}

Test(audit_rows, many_differences_are_counted)
{
    renew();
    edit(victim, "DELETE FROM touch");
    expect(FINDING_row_mismatch, "more differences");
}

/* ---- indexes ---- */

/* An index that no longer follows its table: it is taken out of the schema while a row changes. */
static void stale_index(const char *index, const char *change, const char *back)
{
    char sql[1200];
    renew();
    (void)snprintf(sql, sizeof sql,
                   "%s; CREATE TABLE kept AS SELECT * FROM sqlite_schema WHERE name = '%s';"
                   "DELETE FROM sqlite_schema WHERE name = '%s'",
                   change, index, index);
    force(sql);
    (void)snprintf(sql, sizeof sql,
                   "%s; INSERT INTO sqlite_schema SELECT * FROM kept; DROP TABLE kept", back);
    force(sql);
}

Test(audit_rows, an_index_under_an_intact_table)
{
    static const char *const indexes[][3] = {
        { "block_by_time", "UPDATE block SET time_ms = time_ms + 1 WHERE height = 9",
          "UPDATE block SET time_ms = time_ms - 1 WHERE height = 9" },
        { "operation_by_kind", "UPDATE operation SET kind = kind + 1 WHERE position >> 24 = 30",
          "UPDATE operation SET kind = kind - 1 WHERE position >> 24 = 30" },
        { "account_by_address", "UPDATE account SET address = address || 'x' WHERE low = 1",
          "UPDATE account SET address = substr(address, 1, length(address) - 1) WHERE low = 1" },
        { "balance_by_line", "UPDATE balance SET floor = floor - 1 WHERE floor < 0",
          "UPDATE balance SET floor = floor + 1 WHERE floor < -1" },
        { "hold_by_expiry", "UPDATE hold SET expires_ms = expires_ms + 5",
          "UPDATE hold SET expires_ms = expires_ms - 5" },
        { "recent_by_time", "UPDATE recent SET not_after_ms = not_after_ms + 1",
          "UPDATE recent SET not_after_ms = not_after_ms - 1" },
    };
    for (size_t i = 0; i < sizeof indexes / sizeof *indexes; i++) {
        stale_index(indexes[i][0], indexes[i][1], indexes[i][2]);
        expect(FINDING_index_mismatch, indexes[i][0]);
        cr_assert_null(find(FINDING_row_mismatch, ""), "%s", text());
    }
}

Test(audit_rows, an_index_that_lacks_a_row)
{
    stale_index("entry_by_reference",
                "CREATE TABLE gone AS SELECT * FROM entry WHERE position = 30 << 24;"
                "DELETE FROM entry WHERE position = 30 << 24",
                "INSERT INTO entry SELECT * FROM gone; DROP TABLE gone");
    expect(FINDING_index_mismatch, "entry_by_reference");
    stale_index("balance_by_asset", "SELECT 1",
                "CREATE TABLE gone AS SELECT * FROM balance WHERE posted > 100;"
                "DELETE FROM balance WHERE posted > 100;"
                "INSERT INTO balance SELECT * FROM gone; DROP TABLE gone");
    run();
    cr_assert_eq(report->error_count, 0, "the same rows again:\n%s", text());
}

Test(audit_rows, an_index_of_a_table_that_differs_is_held_against_it)
{
    renew();
    edit(victim, "UPDATE hold SET expires_ms = expires_ms + 5");
    expect(FINDING_row_mismatch, "expires_ms");
    cr_assert_null(find(FINDING_index_mismatch, ""), "it follows its table:\n%s", text());
    stale_index("hold_by_expiry", "SELECT 1", "UPDATE hold SET expires_ms = expires_ms + 5");
    expect(FINDING_index_mismatch, "hold");
}

/* ---- where rows cannot be compared ---- */

Test(audit_rows, below_the_head_or_after_a_break_rows_are_not_compared)
{
    struct problem problem;
    struct audit_options options = { .last = WORLD_HEIGHT - 1 };
    renew();
    edit(victim, "UPDATE balance SET posted = posted + 1");
    enum status status = audit_verify(&report, w.f.genesis, victim, &options, &problem);
    cr_assert_eq(status, STATUS_OK);
    cr_assert_eq(report->error_count, 0, "%s", text());
    cr_assert_not(report->rows_compared);
    cr_assert_not_null(strstr(text(), "rows       not compared"));
    edit(victim, "UPDATE entry SET data = x'00' WHERE position = 20 << 24");
    run();
    cr_assert_not(report->rows_compared);
    cr_assert_null(find(FINDING_row_mismatch, "balance"), "%s", text());
}
