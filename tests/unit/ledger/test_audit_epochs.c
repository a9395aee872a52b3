/* An audit over several epochs: each set for its own blocks, enactments executed again, and the
 * chain of sets. */
#include "ledger/audit.h"
#include "ledger/rebuild.h"
#include "tests/unit/ledger/governance_story.h"
#include "tests/unit/ledger/story.h"
#include <criterion/criterion.h>

static struct epoch_story s;
static struct audit_report *report;

static void setup(void)
{
    epoch_story_open(&s);
    ledger_close(s.f.ledger);
    s.f.ledger = NULL;
}

static void teardown(void)
{
    audit_report_free(report);
    epoch_story_close(&s);
}

TestSuite(audit_epochs, .init = setup, .fini = teardown);

static void run(uint32_t threads)
{
    struct problem problem = { .text = "" };
    struct audit_options options = { .threads = threads };
    audit_report_free(report);
    enum status status = audit_verify(&report, s.f.genesis, s.path, &options, &problem);
    cr_assert_eq(status, STATUS_OK, "%s", problem.text);
}

static const struct finding *find(enum finding_code code, uint64_t height)
{
    for (uint32_t i = 0; i < report->finding_count; i++)
        if (report->findings[i].code == code && report->findings[i].height == height)
            return &report->findings[i];
    return NULL;
}

static void expect(enum finding_code code, uint64_t height)
{
    run(1);
    const struct finding *finding = find(code, height);
    cr_assert_not_null(finding, "%s at %d is missing", finding_name(code), (int)height);
    cr_assert_eq(finding->severity, FINDING_ERROR);
    cr_assert_eq(audit_exit_code(report), 7);
}

Test(audit_epochs, a_good_ledger_of_four_epochs_is_clean)
{
    for (uint32_t threads = 1; threads <= 2; threads++) {
        run(threads);
        cr_assert_eq(audit_exit_code(report), 0);
        cr_assert_eq(report->error_count, 0);
        cr_assert_eq(report->executed_to, EPOCH_HEIGHT);
        cr_assert_eq(report->sealed_height, EPOCH_HEIGHT - 1);
        cr_assert_eq(report->seals, EPOCH_HEIGHT - 1);
        cr_assert_eq(report->signatures, 3 * 3 + 4 * 3 + 4);
        cr_assert(digest_equal(&report->head_hash, &s.hashes[EPOCH_HEIGHT]));
    }
}

/* ---- headers
 * ------------------------------------------------------------------------------------- */

/* Changes one byte of a stored header, and its hash with it. */
static void edit_header(uint64_t height, size_t offset, uint8_t value)
{
    size_t size;
    char sql[128];
    (void)snprintf(sql, sizeof sql, "SELECT header FROM block WHERE height = %u", (unsigned)height);
    uint8_t *header = edit_blob(s.path, sql, &size);
    cr_assert_eq(size, HEADER_BYTES);
    header[offset] = value;
    struct digest hash = digest_of(TAG_HEADER, span_of(header, size));
    (void)snprintf(sql, sizeof sql, "UPDATE block SET header = ?1, hash = ?2 WHERE height = %u",
                   (unsigned)height);
    edit_run(s.path, sql, span_of(header, size), digest_span(&hash));
    free(header);
}

Test(audit_epochs, a_boundary_that_is_hidden)
{
    edit_header(3, 3, 0);
    expect(FINDING_governance_mismatch, 3);
    cr_assert_not_null(find(FINDING_seal_other_block, 3));
}

Test(audit_epochs, a_boundary_that_is_none)
{
    edit_header(4, 3, HEADER_EPOCH_END);
    expect(FINDING_governance_mismatch, 4);
}

Test(audit_epochs, another_next_set)
{
    edit_header(3, 256, 1);
    expect(FINDING_validators_mismatch, 3);
}

Test(audit_epochs, other_parameters_and_members)
{
    edit_header(3, 320, 1);
    expect(FINDING_params_mismatch, 3);
    edit_header(6, 288, 1);
    expect(FINDING_members_mismatch, 6);
}

Test(audit_epochs, another_epoch)
{
    edit_header(4, 40, 0);
    expect(FINDING_epoch_link_broken, 4);
}

/* ---- seals
 * --------------------------------------------------------------------------------------- */

static void put_seal(uint64_t height, const struct seal *seal)
{
    char sql[160];
    (void)snprintf(sql, sizeof sql, "DELETE FROM seal WHERE height = %u", (unsigned)height);
    edit(s.path, sql);
    for (uint16_t i = 0; i < seal->count; i++) {
        (void)snprintf(sql, sizeof sql, "INSERT INTO seal VALUES (%u, %u, ?1)", (unsigned)height,
                       i);
        edit_run(s.path, sql,
                 span_of(seal->signatures[i].signature.bytes,
                         sizeof seal->signatures[i].signature.bytes),
                 span_of("", 0));
    }
}

/* The seal that the set of another epoch would give a block. */
static void seal_by(uint64_t height, uint64_t epoch)
{
    struct reader r = reader_of(span_of(writer_span(&s.blocks[height]).data, HEADER_BYTES));
    struct header header;
    header_read(&r, &header);
    header.epoch = epoch;
    fixture_open(&s.f, s.path);
    struct seal *seal = epoch_sign(&s.f, &header, &s.hashes[height], 0);
    ledger_close(s.f.ledger);
    s.f.ledger = NULL;
    put_seal(height, seal);
    free(seal);
}

Test(audit_epochs, a_boundary_sealed_by_the_new_set)
{
    seal_by(3, 1);
    expect(FINDING_seal_below_quorum, 3);
    cr_assert_not_null(find(FINDING_seal_bad_signature, 3));
}

Test(audit_epochs, a_block_sealed_by_the_old_set)
{
    seal_by(4, 0);
    run(1);
    cr_assert_not_null(find(FINDING_seal_bad_signature, 4));
}

Test(audit_epochs, a_boundary_is_covered_by_no_later_seal)
{
    edit(s.path, "DELETE FROM seal WHERE height = 3");
    expect(FINDING_seal_missing, 3);
    edit(s.path, "DELETE FROM seal WHERE height = 6 AND validator > 0");
    expect(FINDING_seal_below_quorum, 6);
}

Test(audit_epochs, within_an_epoch_a_later_seal_covers)
{
    edit(s.path, "DELETE FROM seal WHERE height IN (1, 2, 4, 5)");
    run(1);
    cr_assert_eq(report->error_count, 0);
    cr_assert_eq(find(FINDING_seal_missing, 1)->severity, FINDING_NOTE);
}

/* ---- transactions
 * --------------------------------------------------------------------------------- */

Test(audit_epochs, a_ballot_that_was_taken_out_of_its_block)
{
    edit(s.path, "DELETE FROM entry WHERE position = (2 << 24) + (1 << 8)");
    expect(FINDING_entry_count_mismatch, 2);
    /* What it decided is not decided any more. */
    cr_assert_not_null(find(FINDING_tx_root_mismatch, 2));
}

/* After a wrong block headers are only linked; the sets then come from the rows, if the headers
 * name them. */
Test(audit_epochs, seals_are_checked_beyond_a_break)
{
    edit(s.path, "DELETE FROM entry WHERE position = (2 << 24) + (1 << 8)");
    run(1);
    cr_assert_eq(report->sealed_height, EPOCH_HEIGHT - 1);
    cr_assert_null(find(FINDING_unsealed_tail, 4));
    edit(s.path, "UPDATE epoch SET validators = (SELECT validators FROM epoch WHERE number = 0)"
                 " WHERE number = 2");
    run(1);
    cr_assert_not_null(find(FINDING_unsealed_tail, 7));
}

/* ---- rebuild
 * --------------------------------------------------------------------------------------- */

Test(audit_epochs, a_ledger_is_rebuilt_over_all_epochs)
{
    char path[64];
    struct rebuild_result result;
    struct problem problem;
    fixture_path(path);
    cr_assert_eq(ledger_rebuild(s.path, path, s.f.genesis, NULL, &result, &problem), STATUS_OK,
                 "%s", problem.text);
    cr_assert_eq(result.height, EPOCH_HEIGHT);
    cr_assert_eq(result.sealed_height, EPOCH_HEIGHT - 1);
    cr_assert_eq(result.dropped, 0);
    fixture_remove(path);
}
