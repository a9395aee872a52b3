/* Hundreds of random histories: loss, duplication, reordering, slow disks, crashes with any prefix
 * of the undurable records, ledgers that fall back, partitions, folds. After each, everything
 * heals, and what is submitted then must be executed by everybody, and then there must be silence.
 *
 * The trace hashes at the end are the same for every compiler: an engine is a function. */
#include "consensus/hotstuff.h"
#include "tests/unit/consensus/cluster.h"

#include <criterion/criterion.h>

struct chaos {
    uint64_t loss_permille;
    uint64_t twice_permille;
    uint64_t delay_ms_max;
    uint64_t sync_ms_max;
    uint16_t side[NODES_MAX]; /* of a partition */
    bool calm;
    bool anchors;      /* does the node around the engine sync? */
    uint16_t amnesiac; /* loses its journal at each crash, so it contradicts itself: one of f */
};

static bool chaos_network(struct cluster *c, const struct packet *packet, uint64_t *delay_ms)
{
    struct chaos *chaos = c->user;
    if (chaos->calm) return true;
    if (chaos->side[packet->from] != chaos->side[packet->to]) return false;
    uint64_t loss = random_below(&c->random, 1000);
    if (loss < chaos->loss_permille) return false;
    *delay_ms = 1 + random_below(&c->random, chaos->delay_ms_max);
    uint64_t twice = random_below(&c->random, 1000);
    if (twice >= chaos->twice_permille) return true;
    struct packet copy = *packet;
    if (packet->bytes) copy.bytes = duplicate(span_of(packet->bytes, packet->size));
    uint64_t later = random_below(&c->random, 4 * chaos->delay_ms_max);
    copy.at_ms = c->now_ms + *delay_ms + later;
    packet_add(c, copy);
    return true;
}

static uint64_t chaos_sync(struct cluster *c, uint16_t node)
{
    (void)node;
    struct chaos *chaos = c->user;
    return chaos->calm ? 1 : 1 + random_below(&c->random, chaos->sync_ms_max);
}

static void crash(struct cluster *c, uint16_t index)
{
    struct node *node = &c->nodes[index];
    uint64_t torn = random_below(&c->random, 4);
    uint64_t back = random_below(&c->random, 4);
    const struct chaos *chaos = c->user;
    cluster_crash(c, index, torn);
    if (index == chaos->amnesiac) {
        cluster_wipe(c, index);
        return;
    }
    node_execute_up_to(c, node, node->executed > back ? node->executed - back : 0);
}

static void one_act_of_chaos(struct cluster *c, struct chaos *chaos, uint64_t *tx)
{
    uint16_t index = (uint16_t)random_below(&c->random, c->count);
    uint64_t dice = random_below(&c->random, 100);
    struct node *node = &c->nodes[index];
    if (dice < 35 && node->up) {
        cluster_submit(c, index, ++*tx);
    } else if (dice < 43 && node->up) {
        crash(c, index);
        if (index == chaos->amnesiac) cluster_restart(c, index);
    } else if (dice < 65 && !node->up) {
        cluster_restart(c, index);
    } else if (dice < 72) {
        for (uint16_t i = 0; i < c->count; i++) {
            uint64_t side = random_below(&c->random, 3);
            chaos->side[i] = side == 0;
        }
    } else if (dice < 85) {
        memset(chaos->side, 0, sizeof chaos->side);
    } else if (dice < 92 && node->up) {
        cluster_fold(c, index);
    } else if (dice < 96 && node->up && chaos->anchors) {
        cluster_anchor(c, index, node->executed);
    } else if (dice < 97) {
        for (uint16_t i = 0; i < c->count; i++)
            if (c->nodes[i].up) crash(c, i);
        for (uint16_t i = 0; i < c->count; i++)
            cluster_restart(c, i);
    }
}

static void heal(struct cluster *c, struct chaos *chaos)
{
    chaos->calm = true;
    for (uint16_t i = 0; i < c->count; i++)
        if (!c->nodes[i].up) cluster_restart(c, i);
}

static bool all_have(const struct cluster *c, uint64_t tx)
{
    const struct chaos *chaos = c->user;
    for (uint16_t i = 0; i < c->count; i++)
        if (i != chaos->amnesiac && (!c->nodes[i].done[tx] || c->nodes[i].executed != c->decided))
            return false;
    return true;
}

/* One history; the trace hash, or 0 with c->failure set. */
static uint64_t history(struct cluster *c, uint64_t seed, enum hotstuff_phases phases)
{
    static const uint16_t sizes[] = { 4, 4, 4, 5, 6, 7, 1, 3 };
    uint64_t draw = seed;
    uint64_t size = random_below(&draw, 8);
    cluster_init(c, sizes[size], seed);
    struct chaos chaos = { 0 };
    chaos.loss_permille = random_below(&c->random, 150);
    chaos.twice_permille = random_below(&c->random, 100);
    chaos.delay_ms_max = 1 + random_below(&c->random, 300);
    chaos.sync_ms_max = 1 + random_below(&c->random, 60);
    chaos.anchors = random_below(&c->random, 2) == 0;
    chaos.amnesiac = NODES_MAX;
    uint64_t liar = random_below(&c->random, 3);
    if (liar == 0 && c->count >= 4) chaos.amnesiac = (uint16_t)(seed % c->count);
    c->options[c->options_count++] = (struct engine_option){ "view_ms", 500 };
    c->options[c->options_count++] = (struct engine_option){ "view_ms_max", 4000 };
    c->options[c->options_count++] = (struct engine_option){ "phases", phases };
    c->user = &chaos;
    c->network = chaos_network;
    c->sync_ms = chaos_sync;
    cluster_start(c);
    uint64_t tx = 0;
    for (int act = 0; act < 60 && !c->failure[0]; act++) {
        uint64_t pause = random_below(&c->random, 600);
        one_act_of_chaos(c, &chaos, &tx);
        cluster_run(c, pause);
    }
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
