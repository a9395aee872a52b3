/* Hundreds of random histories of Raft in the chaos of chaos.h, with the five properties looked for
 * after every step. After each, everything heals, and what is submitted then must be executed by
 * everybody. The trace hashes at the end are the same for every compiler. */
#include "tests/unit/consensus/chaos.h"
#include "tests/unit/consensus/raft_properties.h"

#include <criterion/criterion.h>

static void print_note(struct cluster *c, uint16_t node, struct span text)
{
    printf("%8llu %u: %.*s\n", (unsigned long long)c->now_ms, node, (int)text.size,
           (const char *)text.data);
}

static uint64_t history(struct cluster *c, uint64_t seed)
{
    static const uint16_t sizes[] = { 3, 3, 3, 5, 5, 4, 7, 1 };
    uint64_t draw = seed;
    uint64_t size = random_below(&draw, 8);
    raft_cluster_init(c, sizes[size], seed);
    struct chaos chaos;
    chaos_draw(c, &chaos, 200);
    if (getenv("WITAN_SEED")) c->note = print_note;
    cluster_start(c);
    uint64_t tx = 0;
    chaos_play(c, &chaos, 900, &tx);
    heal(c, &chaos);
    cluster_run(c, 10 * 1000);
    if (!c->failure[0]) {
        cluster_submit(c, 0, ++tx);
        cluster_run(c, 10 * 1000);
        if (!all_have(c, tx)) cluster_fail(c, "no progress after healing");
    }
    return c->failure[0] ? 0 : c->trace;
}

static struct cluster cluster;

static void setup(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
}

enum { SEEDS = 400 };

Test(raft_random, histories, .init = setup)
{
    const char *only = getenv("WITAN_SEED");
    uint64_t first = only ? strtoull(only, NULL, 10) : 1;
    uint64_t last = only ? first : SEEDS;
    uint64_t all = 0;
    uint64_t decided = 0;
    for (uint64_t seed = first; seed <= last; seed++) {
        uint64_t trace = history(&cluster, seed);
        cr_expect(trace != 0, "seed %llu: %s", (unsigned long long)seed, cluster.failure);
        hash_u64(&all, trace);
        decided += cluster.decided;
        cluster_free(&cluster);
    }
    printf("%llu histories, %llu decisions, trace %016llx\n",
           (unsigned long long)(last - first + 1), (unsigned long long)decided,
           (unsigned long long)all);
}
