#include "ledger/pool_table.h"
#include "tests/unit/ledger/pool_fixture.h"

#include <criterion/criterion.h>

static struct pool *pool;
static struct fixture_ids out;
static struct refusal refusal;
static struct digest ids[1000];

static void start(void)
{
    static const struct pool_limits limits = { .txs_max = 100,
                                               .bytes_max = 1 << 20,
                                               .source_txs_max = 100 };
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    pool = pool_new(&limits, fixture_key);
    cr_assert_not_null(pool);
    for (uint64_t i = 0; i < 1000; i++)
        ids[i] = fixture_id(i);
}

static void finish(void)
{
    pool_free(pool);
}

TestSuite(pool_marks, .init = start, .fini = finish);

static void add(uint64_t number)
{
    cr_assert_eq(fixture_add(pool, fixture_make(number, 1), FIXTURE_BYTES, 0, true, 0, &refusal),
                 REFUSAL_none);
}

static uint32_t unmarked(void)
{
    struct pool_stats stats;
    pool_stats(pool, &stats);
    out.count = 0;
    uint32_t chosen = pool_choose(pool, 1, 1000, UINT64_MAX, fixture_take, &out);
    cr_assert_eq(chosen, stats.unmarked);
    return stats.unmarked;
}

Test(pool_marks, what_a_proposal_holds_is_left_out)
{
    struct digest batch = sample_digest("batch", 1);
    for (uint64_t i = 0; i < 5; i++)
        add(i);
    pool_mark(pool, &batch, ids + 1, 2);
    cr_assert_eq(unmarked(), 3);
    cr_assert(fixture_are(&out, (const uint64_t[]){ 0, 3, 4 }, 3));
    pool_unmark(pool, &batch);
    cr_assert_eq(unmarked(), 5);
    pool_unmark(pool, &batch);
    cr_assert_eq(unmarked(), 5);
}

Test(pool_marks, two_branches_hold_the_same)
{
    struct digest one = sample_digest("batch", 1);
    struct digest two = sample_digest("batch", 2);
    add(0);
    pool_mark(pool, &one, ids, 1);
    pool_mark(pool, &two, ids, 1);
    pool_unmark(pool, &one);
    cr_assert_eq(unmarked(), 0, "the other branch still holds it");
    pool_unmark(pool, &two);
    cr_assert_eq(unmarked(), 1);
}

Test(pool_marks, the_same_proposal_counts_once)
{
    struct digest one = sample_digest("batch", 1);
    add(0);
    pool_mark(pool, &one, ids, 1);
    pool_mark(pool, &one, ids, 1);
    pool_unmark(pool, &one);
    cr_assert_eq(unmarked(), 1);
}

Test(pool_marks, one_that_arrives_later_is_marked_at_once)
{
    struct digest one = sample_digest("batch", 1);
    pool_mark(pool, &one, ids, 3);
    add(1);
    add(7);
    cr_assert_eq(unmarked(), 1);
    cr_assert_eq(pool_marks_of(pool, &ids[1]), 1);
    cr_assert_eq(pool_marks_of(pool, &ids[7]), 0);
    pool_remove(pool, &ids[1]);
    add(1);
    cr_assert_eq(unmarked(), 1, "the mark outlives the transaction");
    pool_unmark(pool, &one);
    cr_assert_eq(unmarked(), 2);
}

Test(pool_marks, remember_a_bounded_number_of_ids)
{
    struct digest batch = sample_digest("batch", 1);
    pool_mark(pool, &batch, ids, 1000);
    cr_assert_eq(pool->marked_total, 4 * 100);
    cr_assert_eq(pool_marks_of(pool, &ids[399]), 1);
    cr_assert_eq(pool_marks_of(pool, &ids[400]), 0);
    struct digest other = sample_digest("batch", 2);
    pool_mark(pool, &other, ids, 1);
    cr_assert_eq(pool_marks_of(pool, &ids[0]), 1, "no room");
    pool_unmark(pool, &batch);
    cr_assert_eq(pool->marked_total, 0);
    pool_unmark(pool, &other);
    pool_mark(pool, &other, ids, 1);
    cr_assert_eq(pool_marks_of(pool, &ids[0]), 1);
}

Test(pool_marks, remember_a_bounded_number_of_proposals)
{
    for (uint64_t i = 0; i < POOL_MARKS_MAX + 10; i++) {
        struct digest batch = sample_digest("batch", i);
        pool_mark(pool, &batch, ids, 1);
    }
    cr_assert_eq(pool_marks_of(pool, &ids[0]), POOL_MARKS_MAX);
    for (uint64_t i = 0; i < POOL_MARKS_MAX + 10; i++) {
        struct digest batch = sample_digest("batch", i);
        pool_unmark(pool, &batch);
    }
    cr_assert_eq(pool_marks_of(pool, &ids[0]), 0);
}

Test(pool_marks, an_empty_proposal_is_nothing)
{
    struct digest batch = sample_digest("batch", 1);
    pool_mark(pool, &batch, NULL, 0);
    pool_unmark(pool, &batch);
    cr_assert_eq(pool->marked_total, 0);
}
