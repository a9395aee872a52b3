#include "ledger/rebuild.h"
#include "tests/unit/ledger/story.h"
#include <criterion/criterion.h>

static struct story story;
static char target[64];
static struct rebuild_result result;
static struct problem problem;

static void open_story(void)
{
    story_open(&story);
    fixture_path(target);
}

static void close_story(void)
{
    fixture_remove(target);
    story_close(&story);
}

TestSuite(rebuild, .init = open_story, .fini = close_story);

static enum status rebuild(const struct rebuild_options *options)
{
    return ledger_rebuild(story.path, target, story.f.genesis, options, &result, &problem);
}

static struct digest target_hash(uint64_t height)
{
    struct ledger *ledger;
    cr_assert_eq(ledger_open(&ledger, story.f.genesis, target, NULL, &problem), STATUS_OK, "%s",
                 problem.text);
    cr_assert_eq(ledger_head(ledger)->header.height, height);
    struct digest hash = ledger_head(ledger)->hash;
    ledger_close(ledger);
    return hash;
}

Test(rebuild, gives_the_same_ledger)
{
    cr_assert_eq(rebuild(NULL), STATUS_OK, "%s", problem.text);
    cr_assert_eq(result.height, STORY_HEIGHT);
    cr_assert_eq(result.source_height, STORY_HEIGHT);
    cr_assert_eq(result.sealed_height, STORY_SEALED);
    cr_assert_eq(result.signatures, 6 * 3 + 1 + 1);
    cr_assert_eq(result.dropped, 0);
    cr_assert_str_empty(result.stopped);
    struct digest hash = target_hash(STORY_HEIGHT);
    cr_assert(digest_equal(&hash, &ledger_head(story.f.ledger)->hash));
}

Test(rebuild, repairs_rows_that_were_edited)
{
    story_rest(&story);
    edit(story.path, "UPDATE balance SET posted = posted + 7");
    edit(story.path, "DELETE FROM leaf");
    edit(story.path, "DELETE FROM movement");
    cr_assert_eq(rebuild(NULL), STATUS_OK, "%s", problem.text);
    target_hash(STORY_HEIGHT); /* opening compares the state root with the header's */
}

Test(rebuild, leaves_out_signatures_that_do_not_verify)
{
    story_rest(&story);
    edit(story.path, "UPDATE seal SET signature = zeroblob(64) WHERE height = 3 AND validator = 0");
    edit(story.path, "UPDATE seal SET validator = 9 WHERE height = 2 AND validator = 0");
    cr_assert_eq(rebuild(NULL), STATUS_OK, "%s", problem.text);
    cr_assert_eq(result.dropped, 2);
    cr_assert_eq(result.sealed_height, STORY_SEALED);
}

Test(rebuild, ends_before_an_unsealed_block_that_execution_does_not_give)
{
    story_rest(&story);
    edit(story.path, "UPDATE block SET header = CAST(substr(header, 1, 160) || x'00' || "
                     "substr(header, 162) AS BLOB) WHERE height = 7");
    cr_assert_eq(rebuild(NULL), STATUS_OK, "%s", problem.text);
    cr_assert_eq(result.height, STORY_HEIGHT - 1);
    cr_assert_not_null(strstr(result.stopped, "state_root"), "%s", result.stopped);
    target_hash(STORY_HEIGHT - 1);
}

Test(rebuild, refuses_a_sealed_block_that_execution_does_not_give)
{
    story_rest(&story);
    edit(story.path, "DELETE FROM entry WHERE position = (5 << 24)");
    cr_assert_eq(rebuild(NULL), STATUS_DIVERGED);
    cr_assert_not_null(strstr(problem.text, "block 5"), "%s", problem.text);
    cr_assert_eq(result.height, 4);
    target_hash(4);
}

Test(rebuild, says_where_a_block_is_missing)
{
    story_rest(&story);
    edit(story.path, "DELETE FROM block WHERE height = 3");
    cr_assert_eq(rebuild(NULL), STATUS_DAMAGED);
    cr_assert_not_null(strstr(problem.text, "block 3"), "%s", problem.text);
    cr_assert_eq(result.height, 2);
}

Test(rebuild, stops_at_the_height_asked_for)
{
    struct rebuild_options options = { .last = 5 };
    cr_assert_eq(rebuild(&options), STATUS_OK);
    cr_assert_eq(result.height, 5);
    cr_assert_eq(result.source_height, STORY_HEIGHT);
}

static bool until_2(void *context, uint64_t height, uint64_t last)
{
    cr_assert_eq(last, STORY_HEIGHT);
    *(uint64_t *)context = height;
    return height < 2;
}

Test(rebuild, stops_on_request)
{
    uint64_t seen = 0;
    struct rebuild_options options = { .progress = until_2, .context = &seen };
    cr_assert_eq(rebuild(&options), STATUS_CLOSED);
    cr_assert_eq(seen, 2);
    cr_assert_eq(result.height, 2);
    target_hash(2);
}

Test(rebuild, writes_over_nothing)
{
    FILE *file = fopen(target, "wb");
    fputs("somebody's file", file);
    fclose(file);
    cr_assert_eq(rebuild(NULL), STATUS_EXISTS);
    size_t size = 0;
    char text[32] = "";
    file = fopen(target, "rb");
    size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    cr_assert_eq(size, strlen("somebody's file"));
}

Test(rebuild, wants_a_ledger_of_its_own_chain)
{
    struct fixture other;
    fixture_prepare(&other);
    other.genesis->time_ms++;
    cr_assert_eq(genesis_seal(other.genesis, NULL), STATUS_OK);
    cr_assert_eq(ledger_rebuild(story.path, target, other.genesis, NULL, &result, &problem),
                 STATUS_MISMATCH);
    cr_assert_eq(
        ledger_rebuild("/tmp/witan-no-such-ledger", target, story.f.genesis, NULL, &result, NULL),
        STATUS_NOT_FOUND);
    cr_assert_neq(access(target, F_OK), 0, "nothing was made");
    fixture_stop(&other);
}
