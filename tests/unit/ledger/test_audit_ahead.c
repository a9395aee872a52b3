#include "ledger/audit_ahead.h"
#include "tests/unit/ledger/audit_story.h"

TestSuite(audit_ahead, .init = open_story, .fini = close_story);

static struct verify_cache *cache;

static struct audit_ahead *start(const char *path, uint64_t last, uint32_t threads)
{
    static const struct ledger_reader_options options = { 0 };
    cache = verify_cache_new(AHEAD_CACHE_ENTRIES);
    cr_assert_not_null(cache);
    struct audit_ahead *ahead =
        audit_ahead_start(path, &options, story.f.genesis, cache, last, threads);
    cr_assert_not_null(ahead);
    return ahead;
}

static uint64_t computed(void)
{
    return verify_cache_counts(cache).computed;
}

/* Waits, at most ten seconds, until that many signatures were computed. */
static bool reach(uint64_t count)
{
    for (int i = 0; i < 1000 && computed() < count; i++)
        usleep(10000);
    return computed() >= count;
}

Test(audit_ahead, verifies_every_signature_once)
{
    struct audit_ahead *ahead = start(story.path, STORY_HEIGHT, 3);
    uint64_t signatures = story.id_count + 6 * 3 + 1 + 1;
    cr_assert(reach(signatures), "%d", (int)computed());
    audit_ahead_stop(ahead);
    cr_assert_eq(computed(), signatures);
    verify_cache_free(cache);
}

Test(audit_ahead, an_end_while_it_works_is_clean)
{
    for (int i = 0; i < 20; i++) {
        struct audit_ahead *ahead = start(story.path, STORY_HEIGHT, 4);
        audit_ahead_done(ahead, (uint64_t)(i % 9));
        audit_ahead_stop(ahead);
        verify_cache_free(cache);
    }
    audit_ahead_done(NULL, 1);
    audit_ahead_stop(NULL);
}

Test(audit_ahead, what_cannot_be_read_ends_it_quietly)
{
    struct audit_ahead *ahead = start("/tmp/witan-no-such-ledger", STORY_HEIGHT, 2);
    audit_ahead_stop(ahead);
    cr_assert_eq(computed(), 0);
    verify_cache_free(cache);
}

Test(audit_ahead, it_does_not_run_further_than_it_may)
{
    cr_assert_eq(ledger_open(&story.f.ledger, story.f.genesis, story.path, NULL, NULL), STATUS_OK);
    for (unsigned i = 0; i < 2 * AHEAD_BLOCKS; i++) {
        story.f.tick = true;
        fixture_run(&story.f);
        story_seal(&story.f, 1);
    }
    uint64_t last = ledger_head(story.f.ledger)->header.height;
    uint64_t first = story.id_count + 6 * 3 + 1 + 1;
    struct audit_ahead *ahead = start(story.path, last, 2);
    cr_assert(reach(first + AHEAD_BLOCKS - STORY_HEIGHT));
    usleep(50000);
    cr_assert_eq(computed(), first + AHEAD_BLOCKS - STORY_HEIGHT);
    audit_ahead_done(ahead, last);
    audit_ahead_stop(ahead);
    verify_cache_free(cache);
}

Test(audit_ahead, an_audit_finds_the_same_with_any_number_of_threads)
{
    edit(story.path, "UPDATE seal SET signature = zeroblob(64) WHERE height = 3 AND validator = 1");
    edit(story.path, "DELETE FROM entry WHERE position = (5 << 24)");
    json_t *reports[3];
    static const uint32_t threads[3] = { 0, 1, 7 };
    for (int i = 0; i < 3; i++) {
        struct audit_options options = { .threads = threads[i] };
        run(&options);
        cr_assert_gt(report->error_count, 1);
        reports[i] = audit_report_json(report);
    }
    cr_assert(json_equal(reports[0], reports[1]));
    cr_assert(json_equal(reports[0], reports[2]));
    for (int i = 0; i < 3; i++)
        json_decref(reports[i]);
}
