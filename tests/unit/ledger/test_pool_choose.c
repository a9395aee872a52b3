#include "tests/unit/ledger/pool_fixture.h"

#include <criterion/criterion.h>

static struct pool *pool;
static struct fixture_ids out;
static struct refusal refusal;

static void start(void)
{
    static const struct pool_limits limits = { .txs_max = 100,
                                               .bytes_max = 1 << 20,
                                               .source_txs_max = 100 };
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    pool = pool_new(&limits, fixture_key);
    cr_assert_not_null(pool);
}

static void finish(void)
{
    pool_free(pool);
}

TestSuite(pool_choose, .init = start, .fini = finish);

static void add(struct transaction *tx, size_t size, bool local, uint64_t now_ms)
{
    cr_assert_eq(fixture_add(pool, tx, size, 1, local, now_ms, &refusal), REFUSAL_none);
}

static void chosen(uint64_t time_ms, uint32_t txs_max, uint64_t bytes_max, uint32_t count,
                   const uint64_t *numbers)
{
    out.count = 0;
    uint32_t got = pool_choose(pool, time_ms, txs_max, bytes_max, fixture_take, &out);
    cr_assert_eq(got, count);
    cr_assert(fixture_are(&out, numbers, count));
}

static void gossiped(uint64_t now_ms, uint64_t older_ms, uint32_t txs_max, uint64_t bytes_max,
                     uint32_t count, const uint64_t *numbers)
{
    out.count = 0;
    uint32_t got = pool_gossip(pool, now_ms, older_ms, txs_max, bytes_max, fixture_take_blob, &out);
    cr_assert_eq(got, count);
    cr_assert(fixture_are(&out, numbers, count));
}

Test(pool_choose, in_order_of_arrival_up_to_the_limits)
{
    for (uint64_t i = 1; i <= 4; i++)
        add(fixture_make(i, i), 96, true, 0);
    static const uint64_t all[] = { 1, 2, 3, 4 };
    chosen(1, 10, UINT64_MAX, 4, all);
    chosen(1, 10, UINT64_MAX, 4, all); /* choosing does not mark */
    chosen(1, 3, UINT64_MAX, 3, all);
    chosen(1, 0, UINT64_MAX, 0, all);
    chosen(1, 10, 400, 4, all);
    chosen(1, 10, 399, 3, all);
    chosen(1, 10, 99, 0, all);
    chosen(1, 10, 0, 0, all);
}

/* A small one does not overtake the large one before it, which goes first next time. */
Test(pool_choose, nobody_overtakes)
{
    add(fixture_make(1, 1), 100, true, 0);
    add(fixture_make(2, 2), 1000, true, 0);
    add(fixture_make(3, 3), 32, true, 0);
    chosen(1, 10, 500, 1, (const uint64_t[]){ 1 });
}

Test(pool_choose, only_what_may_execute_then)
{
    struct transaction *tx = fixture_make(1, 1);
    tx->not_before_ms = 10;
    tx->not_after_ms = 20;
    add(tx, 100, true, 0);
    chosen(9, 10, UINT64_MAX, 0, NULL);
    chosen(10, 10, UINT64_MAX, 1, (const uint64_t[]){ 1 });
    chosen(20, 10, UINT64_MAX, 1, (const uint64_t[]){ 1 });
    chosen(21, 10, UINT64_MAX, 0, NULL);
}

Test(pool_choose, a_lane_waits_for_its_predecessor)
{
    add(fixture_lane(1, 1, 1, 1), 100, true, 0);
    struct transaction *tx = fixture_lane(2, 1, 1, 2);
    tx->not_before_ms = 10;
    add(tx, 100, true, 0);
    add(fixture_lane(3, 1, 1, 3), 100, true, 0);
    add(fixture_lane(4, 1, 2, 1), 100, true, 0);
    chosen(1, 10, UINT64_MAX, 2, (const uint64_t[]){ 1, 4 });
    chosen(10, 10, UINT64_MAX, 4, (const uint64_t[]){ 1, 2, 3, 4 });
    chosen(10, 2, UINT64_MAX, 2, (const uint64_t[]){ 1, 2 });
    /* What the last choice took does not count in this one. */
    struct digest batch = sample_digest("batch", 1);
    struct digest first = fixture_id(1);
    pool_mark(pool, &batch, &first, 1);
    chosen(1, 10, UINT64_MAX, 1, (const uint64_t[]){ 4 });
    chosen(10, 10, UINT64_MAX, 3, (const uint64_t[]){ 2, 3, 4 });
}

Test(pool_choose, gossip_hands_out_once)
{
    add(fixture_make(1, 1), 96, true, 100);
    add(fixture_make(2, 1), 96, false, 110); /* came by gossip itself */
    add(fixture_make(3, 1), 96, true, 120);
    gossiped(130, 0, 10, UINT64_MAX, 2, (const uint64_t[]){ 1, 3 });
    gossiped(140, 0, 10, UINT64_MAX, 0, NULL);
}

Test(pool_choose, gossip_repeats_what_waits_long)
{
    add(fixture_make(1, 1), 96, true, 100);
    add(fixture_make(2, 1), 96, false, 110);
    gossiped(130, 0, 10, UINT64_MAX, 1, (const uint64_t[]){ 1 });
    gossiped(200, 110, 10, UINT64_MAX, 0, NULL);
    gossiped(200, 111, 10, UINT64_MAX, 1, (const uint64_t[]){ 2 });
    add(fixture_make(3, 1), 96, true, 210);
    gossiped(300, 250, 10, UINT64_MAX, 3, (const uint64_t[]){ 3, 1, 2 });
    gossiped(300, 300, 10, UINT64_MAX, 0, NULL);
    /* A wrong older_than_ms does not make it run in circles. */
    gossiped(301, UINT64_MAX, 10, UINT64_MAX, 3, (const uint64_t[]){ 3, 1, 2 });
    struct pool_stats stats;
    pool_stats(pool, &stats);
    cr_assert_eq(stats.oldest_ms, 100, "gossip does not change when it arrived");
}

Test(pool_choose, gossip_has_limits)
{
    for (uint64_t i = 1; i <= 4; i++)
        add(fixture_make(i, 1), i == 3 ? 1000 : 96, true, 100);
    gossiped(110, 0, 1, UINT64_MAX, 1, (const uint64_t[]){ 1 });
    gossiped(110, 0, 0, UINT64_MAX, 0, NULL);
    gossiped(110, 0, 10, 500, 1, (const uint64_t[]){ 2 });
    gossiped(110, 0, 10, 500, 1, (const uint64_t[]){ 3 }); /* larger than the limit: alone */
    gossiped(110, 0, 10, 500, 1, (const uint64_t[]){ 4 });
}

Test(pool_choose, what_left_is_not_handed_out)
{
    for (uint64_t i = 1; i <= 3; i++)
        add(fixture_make(i, 1), 96, i != 2, 100);
    struct digest id = fixture_id(1);
    pool_remove(pool, &id);
    id = fixture_id(2);
    pool_remove(pool, &id);
    gossiped(200, 200, 10, UINT64_MAX, 1, (const uint64_t[]){ 3 });
    chosen(1, 10, UINT64_MAX, 1, (const uint64_t[]){ 3 });
}
