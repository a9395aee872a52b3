#include "tests/unit/ledger/audit_story.h"

TestSuite(audit, .init = open_story, .fini = close_story);

Test(audit, a_good_ledger_is_verified)
{
    run(NULL);
    cr_assert_eq(report->error_count, 0, "%s", text());
    cr_assert(report->complete);
    cr_assert_eq(audit_exit_code(report), 0);
    cr_assert_eq(report->last, STORY_HEIGHT);
    cr_assert_eq(report->executed_to, STORY_HEIGHT);
    cr_assert_eq(report->sealed_height, STORY_SEALED);
    cr_assert_eq(report->blocks, STORY_HEIGHT + 1);
    cr_assert_eq(report->entries, story.id_count);
    cr_assert_eq(report->signatures, 6 * 3 + 1 + 1);
    cr_assert_eq(report->seals, STORY_SEALED);
    cr_assert_not_null(find(FINDING_unsealed_tail, STORY_SEALED + 1));
    cr_assert_eq(report->note_count, 1);
}

Test(audit, a_range_ends_where_it_is_told_to)
{
    struct audit_options options = { .last = 4 };
    edit(story.path, "UPDATE block SET header = x'00' WHERE height = 5");
    run(&options);
    cr_assert_eq(report->error_count, 0, "%s", text());
    cr_assert_eq(report->last, 4);
    options.last = 99;
    run(&options);
    cr_assert_not(report->complete);
    options.last = 0;
    run(&options);
    cr_assert_eq(audit_exit_code(report), 7);
}

static bool stop_at_3(void *context, const struct audit_progress *progress)
{
    *(uint64_t *)context = progress->height;
    return progress->height < 3;
}

static uint64_t ticking(void *context)
{
    static uint64_t now;
    (void)context;
    return now += 600;
}

Test(audit, progress_is_told_and_can_stop_it)
{
    uint64_t seen = 0;
    struct audit_options options = { .progress = stop_at_3, .clock_ms = ticking, .context = &seen };
    run(&options);
    cr_assert_eq(seen, 3);
    cr_assert_eq(audit_exit_code(report), 6);
}

Test(audit, a_scratch_file_instead_of_memory)
{
    char path[64];
    fixture_path(path);
    struct audit_options options = { .scratch = path };
    run(&options);
    cr_assert_eq(report->error_count, 0);
    struct problem problem;
    struct audit_report *again;
    cr_assert_eq(audit_verify(&again, story.f.genesis, story.path, &options, &problem),
                 STATUS_EXISTS);
    fixture_remove(path);
}

Test(audit, nothing_to_audit_is_no_report)
{
    struct problem problem;
    struct audit_report *none = NULL;
    cr_assert_eq(audit_verify(&none, story.f.genesis, "/tmp/witan-no-such-ledger", NULL, &problem),
                 STATUS_NOT_FOUND);
    cr_assert_null(none);
}

Test(audit, the_genesis_of_another_chain)
{
    struct genesis *own = story.f.genesis;
    struct fixture other;
    fixture_prepare(&other);
    other.genesis->time_ms++;
    cr_assert_eq(genesis_seal(other.genesis, NULL), STATUS_OK);
    story.f.genesis = other.genesis;
    run(NULL);
    cr_assert_eq(audit_exit_code(report), 10, "%s", text());
    cr_assert_not_null(find(FINDING_genesis_other_chain, 0));
    story.f.genesis = own;
    fixture_stop(&other);
}

Test(audit, edited_rows_of_the_state_are_found)
{
    edit(story.path, "UPDATE balance SET posted = posted + 1");
    expect(FINDING_row_mismatch, STORY_HEIGHT);
    cr_assert(report->rows_compared);
    cr_assert_eq(report->executed_to, STORY_HEIGHT);
}

Test(audit, a_missing_block)
{
    edit(story.path, "DELETE FROM block WHERE height = 4");
    expect(FINDING_block_missing, 4);
    cr_assert_eq(report->executed_to, 3);
    cr_assert_null(find(FINDING_parent_mismatch, 5));
    cr_assert_eq(report->sealed_height, STORY_SEALED, "seals are still looked at");
}

Test(audit, a_missing_range_is_one_finding)
{
    edit(story.path, "DELETE FROM block WHERE height IN (2, 3, 5)");
    expect(FINDING_block_missing, 2);
    cr_assert_not_null(find(FINDING_block_missing, 5));
    cr_assert_null(find(FINDING_block_missing, 3));
    cr_assert_eq(report->error_count, 2, "%s", text());
}

Test(audit, a_missing_last_block)
{
    edit(story.path, "DELETE FROM block WHERE height = 7");
    expect(FINDING_block_missing, 7);
}

Test(audit, a_missing_or_altered_block_0)
{
    edit(story.path, "UPDATE block SET header = CAST(substr(header, 1, 80) || x'01' || "
                     "substr(header, 82) AS BLOB) WHERE height = 0");
    expect(FINDING_genesis_state_mismatch, 0);
    cr_assert_eq(report->executed_to, STORY_HEIGHT, "the genesis itself is known");
    edit(story.path, "DELETE FROM block WHERE height = 0");
    expect(FINDING_block_missing, 0);
    cr_assert_eq(report->executed_to, STORY_HEIGHT);
}
