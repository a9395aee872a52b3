/* The order in which a group gets to the disk: the safety file says what is durable, and nothing is
 * cut before its fold is. */
#include "node/journal_group.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char dir[64], journal_dir[96], safety_path[96];
static struct journal_options options;
static struct public_key key;
static struct journal *journal;
static struct safety *safety;
static struct safety_state state;
static struct problem problem;

static enum status count_record(void *user, const struct journal_record *record)
{
    uint64_t *count = user;
    (void)record;
    ++*count;
    return STATUS_OK;
}

static uint64_t reopen(struct journal_report *report)
{
    uint64_t count = 0;
    journal_close(journal);
    cr_assert_eq(journal_open(&journal, &options, count_record, &count, report, &problem),
                 STATUS_OK, "%s", problem.text);
    safety_close(safety);
    cr_assert_eq(safety_open(&safety, safety_path, &key, &options.chain_id, &state, NULL, &problem),
                 STATUS_OK, "%s", problem.text);
    return count;
}

static void setup(void)
{
    strcpy(dir, "/tmp/witan_group_XXXXXX");
    cr_assert(mkdtemp(dir));
    snprintf(journal_dir, sizeof journal_dir, "%s/journal", dir);
    snprintf(safety_path, sizeof safety_path, "%s/safety", dir);
    memset(key.bytes, 5, sizeof key.bytes);
    options = (struct journal_options){ .dir = journal_dir, .segment_size = 65536 };
    cr_assert_eq(safety_create(safety_path, &key, &options.chain_id, &problem), STATUS_OK);
    cr_assert_eq(reopen(NULL), 0);
}

static void teardown(void)
{
    char command[128];
    journal_close(journal);
    safety_close(safety);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    cr_assert_eq(system(command), 0);
}
TestSuite(journal_group, .init = setup, .fini = teardown);

static void record(uint64_t number, bool begins_segment)
{
    struct span parts[2] = { span_text("some "), span_text("bytes") };
    cr_assert_eq(
        group_record(journal, safety, begins_segment, JOURNAL_ENGINE, parts, 2, number, &problem),
        STATUS_OK, "%s", problem.text);
}

static void end(struct safety_state *safe, bool sync_safety, uint64_t cut)
{
    cr_assert_eq(journal_sync(journal, &problem), STATUS_OK);
    cr_assert_eq(group_end(journal, safety, safe, sync_safety, cut, &problem), STATUS_OK);
}

Test(journal_group, the_safety_file_names_the_last_durable_record)
{
    record(1, false);
    record(2, false);
    state.highest[2] = (struct safety_mark){ 0, 9 };
    state.journal_record = 77; /* Not for us to say. */
    end(&state, false, 0);
    cr_assert(safety_changed(safety));
    cr_assert_eq(reopen(NULL), 2);
    cr_assert_eq(state.highest[2].slot, 9);
    cr_assert_eq(state.journal_record, 2);
}

Test(journal_group, it_is_synced_when_that_is_due)
{
    record(1, false);
    end(&state, true, 0);
    cr_assert_not(safety_changed(safety));
    record(2, false);
    end(NULL, true, 0);
    cr_assert_not(safety_changed(safety), "nothing new was written");
    reopen(NULL);
    cr_assert_eq(state.journal_record, 1);
}

Test(journal_group, a_new_segment_syncs_both)
{
    record(1, false);
    end(&state, false, 0);
    cr_assert(safety_changed(safety));
    record(2, false);
    record(3, true);
    cr_assert_not(safety_changed(safety));
    cr_assert_eq(journal_durable(journal), 2, "what was before the fold");
    end(NULL, false, 2);
    struct journal_report report;
    cr_assert_eq(reopen(&report), 1, "only the fold is left");
    cr_assert_eq(report.first_record, 3);
}

Test(journal_group, nothing_is_cut_before_its_fold)
{
    record(1, false);
    record(2, false);
    end(NULL, false, 2);
    struct journal_report report;
    cr_assert_eq(reopen(&report), 2, "no segment begins with a fold");
    cr_assert_eq(report.first_record, 1);
}

Test(journal_group, a_node_that_promises_nothing_has_no_safety_file)
{
    struct span part = span_text("x");
    cr_assert_eq(group_record(journal, NULL, false, JOURNAL_SEAL, &part, 1, 1, &problem),
                 STATUS_OK);
    cr_assert_eq(group_record(journal, NULL, true, 0, &part, 1, 2, &problem), STATUS_OK);
    cr_assert_eq(journal_sync(journal, &problem), STATUS_OK);
    cr_assert_eq(group_end(journal, NULL, NULL, true, 1, &problem), STATUS_OK);
    cr_assert_eq(reopen(NULL), 1);
    cr_assert_eq(state.journal_record, 0);
}

Test(journal_group, a_group_larger_than_the_journals_memory)
{
    size_t size = 9 * 1024 * 1024;
    uint8_t *bytes = calloc(1, size);
    struct span part = span_of(bytes, size);
    for (uint64_t number = 1; number <= 9; number++)
        cr_assert_eq(
            group_record(journal, safety, false, JOURNAL_PROPOSAL, &part, 1, number, &problem),
            STATUS_OK);
    cr_assert_gt(journal_durable(journal), 0, "it was synced in between");
    end(&state, false, 0);
    cr_assert_eq(reopen(NULL), 9);
    free(bytes);
}
