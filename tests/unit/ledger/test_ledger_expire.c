/* Holds that end by themselves, seen from outside of execution: rows, headers, a ledger opened
 * again, a peer's block, an audit. */
#include "ledger/audit.h"
#include "ledger/holds.h"
#include "ledger/ledger_inside.h"
#include "ledger/reader.h"
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

TestSuite(ledger_expire, .init = setup, .fini = teardown);

/* Two holds, due 500 ms later; in block 1. */
static void hold_two(void)
{
    fixture_tx(&f, ALICE);
    add_hold(&f, ALICE, BOB, 40, DAVE, f.time_ms + 500);
    add_hold(&f, ALICE, DAVE, 50, DAVE, f.time_ms + 400);
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_ok);
}

static int64_t number(const char *sql)
{
    sqlite3_stmt *s = NULL;
    cr_assert_eq(sqlite3_prepare_v2(f.ledger->store->db, sql, -1, &s, NULL), SQLITE_OK, "%s", sql);
    cr_assert_eq(sqlite3_step(s), SQLITE_ROW, "%s", sql);
    int64_t value = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return value;
}

Test(ledger_expire, the_rows_of_an_entry)
{
    hold_two();
    struct id first = fixture_hold(&f, 1), second = fixture_hold(&f, 0);
    cr_assert_eq(number("SELECT count(*) FROM hold"), 2);
    cr_assert_eq(number("SELECT count(*) FROM hold_end"), 0);
    cr_assert_eq(number("SELECT holds FROM audit_totals"), 90);
    cr_assert_eq(number("SELECT held_out FROM audit_totals"), 90);
    cr_assert_eq(number("SELECT held_in FROM audit_totals"), 90);
    fixture_run(&f);
    cr_assert_eq(f.last->entry_count, 2);
    struct digest ids[2] = { hold_entry_id(&first), hold_entry_id(&second) };
    for (unsigned i = 0; i < 2; i++) {
        uint64_t position;
        cr_assert(digest_equal(&f.last->entries[i].id, &ids[i]));
        cr_assert(store_read_entry(f.ledger->store, &ids[i], &position));
        cr_assert_eq(position, position_of(2, i, 0));
    }
    cr_assert_eq(number("SELECT count(*) FROM entry WHERE kind = 2 AND data IS NULL AND source IS"
                        " NULL AND code = 0"),
                 2);
    cr_assert_eq(number("SELECT count(*) FROM touch WHERE position >> 24 = 2"), 4);
    cr_assert_eq(number("SELECT count(*) FROM movement WHERE position >> 24 = 2"), 4);
    cr_assert_eq(number("SELECT sum(d_held_out) FROM movement WHERE position >> 24 = 2"), -90);
    cr_assert_eq(number("SELECT count(*) FROM hold"), 0);
    cr_assert_eq(
        number("SELECT count(*) FROM hold_end WHERE made >> 8 = 65536 AND ended >> 24 = 2"), 2);
    cr_assert_eq(number("SELECT count(*) FROM audit_ended_holds WHERE expired = 1 AND height = 2"
                        " AND made_height = 1"),
                 2);
    cr_assert_eq(f.last->header.entry_count, 2);
}

Test(ledger_expire, a_ledger_that_is_opened_again_knows_what_is_due)
{
    hold_two();
    uint64_t due_ms = f.last->header.time_ms + 400;
    ledger_close(f.ledger);
    fixture_open(&f, path);
    cr_assert_eq(ledger_next_due_ms(f.ledger), due_ms);
    fixture_run(&f);
    cr_assert_eq(f.last->entry_count, 2);
    cr_assert_eq(ledger_next_due_ms(f.ledger), UINT64_MAX);
}

/* The bytes of a block hold transactions alone: who executes it finds the others. */
Test(ledger_expire, a_peers_block_gives_the_same)
{
    struct ledger *peer;
    struct execution *execution = NULL;
    cr_assert_eq(ledger_open(&peer, f.genesis, ":memory:", NULL, &f.problem), STATUS_OK);
    for (unsigned block = 0; block < 3; block++) {
        struct writer w;
        if (block == 0) {
            hold_two();
        } else if (block == 1) {
            fixture_tx(&f, ALICE);
            add_transfer(&f, ALICE, BOB, 10000);
            cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_ok);
            cr_assert_eq(f.last->entry_count, 3);
        } else {
            f.tick = true;
            fixture_run(&f);
        }
        fixture_block(f.last, &f.last->header, &w);
        cr_assert_eq(ledger_execute_block(peer, writer_span(&w), &execution, &f.problem), STATUS_OK,
                     "%s", f.problem.text);
        cr_assert(digest_equal(&execution->hash, &f.last->hash));
        execution_free(execution);
        writer_free(&w);
    }
    ledger_close(peer);
}

/* A block that leaves out what was due, as a peer might have made it up, is none. */
Test(ledger_expire, a_block_without_what_is_due_diverges)
{
    struct execution *execution = NULL;
    struct writer w;
    hold_two();
    struct header header = ledger_head(f.ledger)->header;
    header.height++;
    header.sequence++;
    header.time_ms += 1000;
    header.flags = HEADER_TICK;
    header.entry_count = 0;
    writer_init(&w, 4096);
    header_write(&w, &header);
    write_u32(&w, 0);
    cr_assert_eq(ledger_execute_block(f.ledger, writer_span(&w), &execution, &f.problem),
                 STATUS_DIVERGED);
    writer_free(&w);
    cr_assert_eq(number("SELECT count(*) FROM hold"), 2, "and nothing has happened");
    fixture_run(&f);
    cr_assert_eq(f.last->entry_count, 2);
}

Test(ledger_expire, an_audit_executes_it_again)
{
    struct audit_report *report = NULL;
    hold_two();
    fixture_run(&f);
    fixture_tx(&f, ALICE);
    add_hold(&f, ALICE, BOB, 40, DAVE, f.time_ms + 90000);
    add_floor(&f, BANK, DAVE, -70);
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE | SIGNED_BANK), RESULT_ok);
    struct digest state_root = f.last->header.state_root;
    ledger_close(f.ledger);
    f.ledger = NULL;
    cr_assert_eq(audit_verify(&report, f.genesis, path, NULL, &f.problem), STATUS_OK, "%s",
                 f.problem.text);
    cr_assert_eq(report->error_count, 0);
    cr_assert_eq(report->executed_to, 3);
    cr_assert(digest_equal(&report->state_root, &state_root));
    audit_report_free(report);
}
