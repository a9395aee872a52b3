/* Pages, and the text of every table, index, trigger and view. */
#include "tests/unit/ledger/audit_world.h"

TestSuite(audit_schema, .init = open_world, .fini = close_world);

/* ---- the schema ---- */

Test(audit_schema, views_indexes_and_tables_are_the_formats)
{
    renew();
    force("DROP VIEW audit_balances");
    expect(FINDING_view_mismatch, "audit_balances: it is missing");
    force("CREATE VIEW audit_balances AS SELECT account, posted + 1 AS posted FROM balance");
    expect(FINDING_view_mismatch, "audit_balances: its text is another");
    renew();
    force("CREATE VIEW audit_more AS SELECT 1 AS one");
    expect(FINDING_view_mismatch, "audit_more: the format has none");
    renew();
    force("DROP INDEX hold_by_payer");
    expect(FINDING_index_mismatch, "hold_by_payer: it is missing");
    renew();
    force("CREATE TABLE own (a INTEGER)");
    expect(FINDING_row_extra, "table own: the format has none");
    renew();
    force("CREATE TRIGGER own AFTER INSERT ON kv BEGIN DELETE FROM kv; END");
    expect(FINDING_row_extra, "trigger own");
    renew();
    force("ALTER TABLE lane ADD COLUMN more INTEGER");
    expect(FINDING_row_mismatch, "table lane: its text is another");
    renew();
    force("DROP TABLE evidence");
    expect(FINDING_row_missing, "table evidence: it is missing");
}

/* ---- pages ---- */

Test(audit_schema, a_page_that_is_damaged)
{
    renew();
    int64_t page = number_of("SELECT rootpage FROM sqlite_schema WHERE name = 'balance'");
    FILE *file = fopen(victim, "r+b");
    cr_assert_not_null(file);
    (void)fseek(file, (long)((page - 1) * SCHEMA_PAGE_BYTES), SEEK_SET);
    (void)fputc(0x55, file);
    (void)fclose(file);
    expect(FINDING_sqlite_damaged, "");
}
