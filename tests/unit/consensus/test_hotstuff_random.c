/* Hundreds of random histories: loss, duplication, reordering, slow disks, crashes with any prefix
 * of the undurable records, ledgers that fall back, partitions, folds. After each, everything
 * heals, and what is submitted then must be executed by everybody, and then there must be silence.
 *
 * The trace hashes at the end are the same for every compiler: an engine is a function. */
#include "consensus/hotstuff.h"
#include "tests/unit/consensus/chaos.h"

#include <criterion/criterion.h>

/* One history; the trace hash, or 0 with c->failure set. */
static uint64_t history(struct cluster *c, uint64_t seed, enum hotstuff_phases phases)
{
    static const uint16_t sizes[] = { 4, 4, 4, 5, 6, 7, 1, 3 };
    uint64_t draw = seed;
    uint64_t size = random_below(&draw, 8);
    cluster_init(c, sizes[size], seed);
    struct chaos chaos;
    chaos_draw(c, &chaos, 300);
    uint64_t liar = random_below(&c->random, 3);
    if (liar == 0 && c->count >= 4) chaos.amnesiac = (uint16_t)(seed % c->count);
    c->options[c->options_count++] = (struct engine_option){ "view_ms", 500 };
    c->options[c->options_count++] = (struct engine_option){ "view_ms_max", 4000 };
    c->options[c->options_count++] = (struct engine_option){ "phases", phases };
    cluster_start(c);
    uint64_t tx = 0;
    chaos_play(c, &chaos, 600, &tx);
    heal(c, &chaos);
    cluster_run(c, 30 * 1000);
    if (!c->failure[0]) {
        cluster_submit(c, 0, ++tx);
        cluster_run(c, 60 * 1000);
        if (!all_have(c, tx)) cluster_fail(c, "no progress after healing");
        if (!cluster_is_idle(c)) cluster_fail(c, "no silence after the work is done");
    }
    return c->failure[0] ? 0 : c->trace;
}

static struct cluster cluster;

static void setup(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
}

enum { SEEDS = 320 };

static void play_histories(enum hotstuff_phases phases)
{
    const char *only = getenv("WITAN_SEED");
    uint64_t first = only ? strtoull(only, NULL, 10) : 1;
    uint64_t last = only ? first : SEEDS;
    uint64_t all = 0;
    uint64_t decided = 0;
    for (uint64_t seed = first; seed <= last; seed++) {
        uint64_t trace = history(&cluster, seed, phases);
        cr_expect(trace != 0, "seed %llu: %s", (unsigned long long)seed, cluster.failure);
        hash_u64(&all, trace);
        decided += cluster.decided;
        cluster_free(&cluster);
    }
    printf("%u phases: %llu histories, %llu decisions, trace %016llx\n", (unsigned)phases,
           (unsigned long long)(last - first + 1), (unsigned long long)decided,
           (unsigned long long)all);
}

Test(hotstuff_random, histories_of_the_two_chain, .init = setup)
{
    play_histories(TWO_CHAIN);
}

Test(hotstuff_random, histories_of_the_three_chain, .init = setup)
{
    play_histories(THREE_CHAIN);
}

static void expect_recorded(enum hotstuff_phases phases, const uint64_t *recorded, size_t count)
{
    for (uint64_t seed = 1; seed <= count; seed++) {
        uint64_t trace = history(&cluster, seed, phases);
        cr_expect_eq(trace, recorded[seed - 1], "seed %llu: 0x%016llx", (unsigned long long)seed,
                     (unsigned long long)trace);
        cluster_free(&cluster);
    }
}

/* What these histories were on the day they were recorded, with every compiler. A change here means
 * that engines behave differently: record it anew only if that was the intention. */
Test(hotstuff_random, traces_do_not_depend_on_the_compiler, .init = setup)
{
    static const uint64_t two_chain[] = {
        UINT64_C(0x54ad92de4434e6fd), UINT64_C(0x8716d15571f2bb00), UINT64_C(0x07bc99d1fba0f1c9),
        UINT64_C(0x88cd99f5878df4d9), UINT64_C(0xf584196c158fe823), UINT64_C(0x8d9e0018a5e60664),
    };
    static const uint64_t three_chain[] = {
        UINT64_C(0xfc0eb5b1710e9911), UINT64_C(0x18a9b58d45632ebc), UINT64_C(0xb47823adefd2e344),
        UINT64_C(0xe911d0567164cfd9), UINT64_C(0x0004a1f3ee2a3cd4), UINT64_C(0xb0714a7d079ac03b),
    };
    expect_recorded(TWO_CHAIN, two_chain, sizeof two_chain / sizeof *two_chain);
    expect_recorded(THREE_CHAIN, three_chain, sizeof three_chain / sizeof *three_chain);
}
