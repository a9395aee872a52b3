/* A report that is signed, and an audit that goes on behind it. */
#include "ledger/rebuild.h"
#include "tests/unit/ledger/audit_world.h"

static char scratch[64];
static json_t *first;
static struct sample_key auditor;

static enum status audit(const char *path, const struct audit_mark *from, struct problem *problem)
{
    struct audit_options options = { .scratch = scratch, .from = from };
    struct audit_report *made = NULL;
    enum status status = audit_verify(&made, w.f.genesis, path, &options, problem);
    if (status != STATUS_OK) return status;
    audit_report_free(report);
    report = made;
    return status;
}

/* The ledger up to block 50, in victim. */
static void cut(void)
{
    struct rebuild_result result;
    struct rebuild_options options = { .last = 50 };
    struct problem problem = { .text = "" };
    enum status status = ledger_rebuild(w.path, victim, w.f.genesis, &options, &result, &problem);
    cr_assert_eq(status, STATUS_OK, "%s", problem.text);
}

static void setup(void)
{
    struct problem problem = { .text = "" };
    open_world();
    fixture_path(scratch);
    auditor = sample_key(77);
    cut();
    enum status status = audit(victim, NULL, &problem);
    cr_assert_eq(status, STATUS_OK, "%s", problem.text);
    cr_assert_eq(report->error_count, 0, "%s", text());
    cr_assert(report->has_scratch);
    first = audit_report_json(report);
    cr_assert(audit_report_sign(first, &auditor.secret, &auditor.public_key));
    renew();
}

static void teardown(void)
{
    json_decref(first);
    fixture_remove(scratch);
    close_world();
}

TestSuite(audit_resume, .init = setup, .fini = teardown);

static enum status read_mark(struct audit_mark *mark)
{
    struct problem problem;
    return audit_mark_read(first, &auditor.public_key, &w.f.genesis->chain_id, mark, &problem);
}

static void resume(void)
{
    struct audit_mark mark;
    struct problem problem = { .text = "" };
    cr_assert_eq(read_mark(&mark), STATUS_OK);
    cr_assert_eq(mark.height, 50);
    enum status status = audit(victim, &mark, &problem);
    cr_assert_eq(status, STATUS_OK, "%s", problem.text);
}

Test(audit_resume, it_goes_on_and_finds_the_rest_clean)
{
    resume();
    cr_assert_eq(report->error_count, 0, "%s", text());
    cr_assert(report->complete);
    cr_assert(report->rows_compared);
    cr_assert_eq(report->first, 51);
    cr_assert_eq(report->blocks, WORLD_HEIGHT - 50);
    cr_assert_eq(report->executed_to, WORLD_HEIGHT);
    cr_assert_eq(report->sealed_height, WORLD_HEIGHT);
    /* And once more, with nothing new. */
    json_decref(first);
    first = audit_report_json(report);
    cr_assert(audit_report_sign(first, &auditor.secret, &auditor.public_key));
    struct audit_mark mark;
    struct problem problem = { .text = "" };
    cr_assert_eq(read_mark(&mark), STATUS_OK);
    cr_assert_eq(audit(victim, &mark, &problem), STATUS_OK, "%s", problem.text);
    cr_assert_eq(report->error_count, 0, "%s", text());
    cr_assert_eq(report->blocks, 0);
}

Test(audit_resume, what_was_edited_below_the_mark_is_found)
{
    edit(victim, "UPDATE operation SET amount = amount + 1 WHERE position >> 24 = 33");
    resume();
    cr_assert_not_null(find(FINDING_row_mismatch, "operation"), "%s", text());
}

Test(audit_resume, a_header_below_the_mark_is_a_row)
{
    edit(victim, "UPDATE block SET header = zeroblob(352) WHERE height = 20");
    resume();
    cr_assert_not_null(find(FINDING_row_mismatch, "block height 20: header"), "%s", text());
}

Test(audit_resume, what_is_behind_the_mark_is_checked_as_always)
{
    edit(victim, "UPDATE entry SET data = x'00' WHERE position = 55 << 24");
    resume();
    cr_assert_not_null(find(FINDING_tx_malformed, ""), "%s", text());
    cr_assert_eq(audit_exit_code(report), 7);
}

Test(audit_resume, a_ledger_that_is_shorter_than_it_was)
{
    fixture_remove(victim);
    struct rebuild_result result;
    struct rebuild_options options = { .last = 45 };
    struct problem problem;
    cr_assert_eq(ledger_rebuild(w.path, victim, w.f.genesis, &options, &result, &problem),
                 STATUS_OK);
    resume();
    cr_assert_not_null(find(FINDING_block_missing, "blocks 46 to 50"), "%s", text());
    cr_assert_eq(audit_exit_code(report), 7);
}

Test(audit_resume, another_scratch_file_is_refused)
{
    struct audit_mark mark;
    struct problem problem;
    cr_assert_eq(read_mark(&mark), STATUS_OK);
    mark.scratch.bytes[0] ^= 1;
    cr_assert_eq(audit(victim, &mark, &problem), STATUS_MISMATCH);
    mark.scratch.bytes[0] ^= 1;
    mark.height--;
    cr_assert_eq(audit(victim, &mark, &problem), STATUS_MISMATCH);
    mark.height++;
    mark.hash.bytes[5] ^= 1;
    cr_assert_eq(audit(victim, &mark, &problem), STATUS_MISMATCH);
    fixture_remove(scratch);
    cr_assert_eq(audit(victim, &mark, &problem), STATUS_NOT_FOUND);
}

Test(audit_resume, a_report_must_be_ones_own_and_whole)
{
    struct audit_mark mark;
    struct problem problem;
    struct digest other = w.f.genesis->chain_id;
    other.bytes[0] ^= 1;
    cr_assert_eq(audit_mark_read(first, NULL, &other, &mark, &problem), STATUS_MISMATCH);
    struct sample_key stranger = sample_key(78);
    cr_assert_eq(
        audit_mark_read(first, &stranger.public_key, &w.f.genesis->chain_id, &mark, &problem),
        STATUS_BAD_SIGNATURE);
    json_object_set_new(json_object_get(first, "range"), "sealed_height", json_integer(3));
    cr_assert_eq(read_mark(&mark), STATUS_BAD_SIGNATURE, "it was altered");
    cr_assert_eq(audit_mark_read(first, NULL, &w.f.genesis->chain_id, &mark, &problem), STATUS_OK,
                 "who asks for no signature gets none");
    cr_assert_eq(mark.sealed_height, 3);
    json_object_set_new(first, "verdict", json_string("failed"));
    cr_assert_eq(audit_mark_read(first, NULL, &w.f.genesis->chain_id, &mark, &problem),
                 STATUS_UNSUPPORTED);
    json_object_set_new(first, "verdict", json_string("verified"));
    (void)json_object_del(first, "scratch_hash");
    cr_assert_eq(audit_mark_read(first, NULL, &w.f.genesis->chain_id, &mark, &problem),
                 STATUS_UNSUPPORTED);
    (void)json_object_del(first, "signature");
    cr_assert_eq(read_mark(&mark), STATUS_BAD_SIGNATURE);
    (void)json_object_del(first, "range");
    cr_assert_eq(read_mark(&mark), STATUS_MALFORMED);
}
