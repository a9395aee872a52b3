/* History as sums: what they notice, and that an audit finds the same with them and without. */
#include "tests/unit/ledger/audit_world.h"

#include "ledger/audit_bags.h"
#include "ledger/store_query.h"

TestSuite(audit_bags, .init = open_world, .fini = close_world);

/* An audit that writes everything down. */
static void run_plain(void)
{
    char scratch[64];
    struct problem problem = { .text = "" };
    struct audit_options options = { .scratch = scratch };
    fixture_path(scratch);
    audit_report_free(report);
    enum status status = audit_verify(&report, w.f.genesis, victim, &options, &problem);
    cr_assert_eq(status, STATUS_OK, "%s", problem.text);
    fixture_remove(scratch);
}

Test(audit_bags, an_audit_finds_the_same_with_and_without)
{
    static const char *const edits[] = {
        "UPDATE ledger SET sequence = sequence",
        "UPDATE entry SET code = 7 WHERE position = 30 << 24",
        "UPDATE operation SET amount = amount + 1 WHERE position = 30 << 24",
        "DELETE FROM touch WHERE position = 30 << 24",
        "UPDATE movement SET d_posted = -d_posted WHERE seq = 5",
        "UPDATE touch SET position = position + 9 WHERE position = 30 << 24",
    };
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        static char with[16384];
        renew();
        edit(victim, edits[i]);
        run();
        (void)snprintf(with, sizeof with, "%s", strstr(text(), "state "));
        cr_assert_eq(report->error_count > 0, i > 0, "%s", with);
        run_plain();
        const char *found = strstr(with, "\nerror"), *plain = strstr(text(), "\nerror");
        cr_assert_eq(found == NULL, plain == NULL);
        if (found) cr_assert_str_eq(found, plain);
    }
}

Test(audit_bags, a_ledger_with_a_sink_writes_no_history_and_has_the_same_head)
{
    struct problem problem = { .text = "" };
    struct audit_bags *bags = audit_bags_new();
    cr_assert_not_null(bags);
    struct ledger_options options = { .sink = audit_bags_sink(bags) };
    struct ledger *with = NULL, *without = NULL;
    cr_assert_eq(ledger_open(&with, w.f.genesis, "", &options, &problem), STATUS_OK, "%s",
                 problem.text);
    cr_assert_eq(ledger_open(&without, w.f.genesis, "", NULL, &problem), STATUS_OK);
    fixture_tx(&w.f, ALICE)->not_after_ms = FIXTURE_TIME + 60000;
    add_transfer(&w.f, ALICE, BOB, 1);
    fixture_add(&w.f, SIGNED_ALICE);
    w.f.time_ms = FIXTURE_TIME + 1000;
    fixture_batch(&w.f);
    struct execution *a = fixture_execute(&w.f, with, writer_span(&w.f.last_batch));
    struct execution *b = fixture_execute(&w.f, without, writer_span(&w.f.last_batch));
    cr_assert_eq(a->kind, EXECUTION_BLOCK);
    cr_assert(digest_equal(&a->hash, &b->hash));
    sqlite3_stmt *count = NULL;
    (void)sqlite3_prepare_v2(with->store->db,
                             "SELECT (SELECT count(*) FROM entry) + (SELECT count(*) FROM movement)"
                             " + (SELECT count(*) FROM touch) + (SELECT count(*) FROM operation)",
                             -1, &count, NULL);
    cr_assert_eq(sqlite3_step(count), SQLITE_ROW);
    cr_assert_eq(sqlite3_column_int64(count, 0), 0);
    sqlite3_finalize(count);
    execution_free(a);
    execution_free(b);
    ledger_close(with);
    ledger_close(without);
    audit_bags_free(bags);
}

Test(audit_bags, only_the_history_is_summed_up)
{
    cr_assert(audit_bags_have("entry"));
    cr_assert(audit_bags_have("movement"));
    cr_assert_not(audit_bags_have("balance"));
    cr_assert_not(audit_bags_have("history"));
}
