/* tests/unit/consensus/members_load.h -- five validators of which three vote, under load, and the
 * changes that they go through: three learn of two newcomers, grow to five, shrink to three. */
#ifndef TESTS_MEMBERS_LOAD_H
#define TESTS_MEMBERS_LOAD_H

#include "tests/unit/consensus/chaos.h"
#include "tests/unit/consensus/raft_members_check.h"

#include <criterion/criterion.h>

enum { ALL_FIVE = 0x1f, FIRST_THREE = 0x07, LEARNERS = 0x18, NOBODY = 0 };

static struct cluster cluster;
static struct chaos luck;

static inline void members_setup(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
}

static inline void print_note(struct cluster *c, uint16_t node, struct span text)
{
    printf("%8llu %u: %.*s\n", (unsigned long long)c->now_ms, node, (int)text.size,
           (const char *)text.data);
}

/* Clients tell everybody themselves, so that the steps counted are those of the engines. */
static inline bool network(struct cluster *c, const struct packet *packet, uint64_t *delay_ms)
{
    return packet->kind != PACKET_GOSSIP && chaos_network(c, packet, delay_ms);
}

static inline void start(uint64_t seed)
{
    members_cluster_init(&cluster, seed);
    luck = (struct chaos){ .calm = true, .amnesiac = NODES_MAX };
    luck.delay_ms_max = 10;
    luck.sync_ms_max = 1;
    cluster.user = &luck;
    cluster.network = network;
    cluster.quiet = true;
    if (getenv("WITAN_NOTES")) cluster.note = print_note;
    cluster_start(&cluster);
}

/* ---- load ---- */

static uint64_t tx_count;

/* To everybody who lives, as a client does that does not give up. */
static inline void submit(void)
{
    tx_count++;
    for (uint16_t i = 0; i < cluster.count; i++)
        cluster_submit(&cluster, i, tx_count);
}

/* Has every one of these members executed all that was submitted? */
static inline bool have_all(struct signer_set set)
{
    for (uint16_t i = 0; i < cluster.count; i++) {
        if (!signer_set_has(&set, i)) continue;
        for (uint64_t tx = 1; tx <= tx_count; tx++)
            if (!cluster.nodes[i].done[tx]) return false;
    }
    return true;
}

/* Runs for so long, with a transaction every 100 ms. */
static inline void run_under_load(uint64_t ms)
{
    for (uint64_t i = 0; i < ms / 100; i++) {
        submit();
        cluster_run(&cluster, 100);
    }
}

/* Brings the change about if nothing is in the way. */
static inline bool reach(const struct members *wanted, uint64_t ms)
{
    for (uint64_t i = 0; i < ms / 100; i++) {
        if (members_reach(&cluster, wanted)) return true;
        submit();
        cluster_run(&cluster, 100);
    }
    return false;
}

/* ---- the changes ---- */

enum change { LEARN, GROW, SHRINK_WITHOUT_LEADER, SHRINK_WITH_LEADER, CHANGES };

/* The two of five that a change leaves out: the leader or not. */
static inline unsigned without_two(uint16_t leader, bool with_leader)
{
    uint16_t first = leader;
    if (with_leader) first = (uint16_t)((leader + 1) % 5);
    uint16_t second = (uint16_t)((first + 1) % 5);
    return ALL_FIVE & ~(1u << first) & ~(1u << second);
}

static inline struct members target_of(enum change change, uint16_t leader)
{
    switch (change) {
    case LEARN: return members_of(FIRST_THREE, LEARNERS);
    case GROW: return members_of(ALL_FIVE, NOBODY);
    case SHRINK_WITHOUT_LEADER: return members_of(without_two(leader, false), NOBODY);
    case SHRINK_WITH_LEADER: return members_of(without_two(leader, true), NOBODY);
    case CHANGES: break;
    }
    return members_of(FIRST_THREE, NOBODY);
}

/* A leader, some load, and all that comes before this change. */
static inline void prepare(enum change change)
{
    tx_count = 0;
    run_under_load(1400);
    struct members learn = target_of(LEARN, 0);
    struct members grow = target_of(GROW, 0);
    bool done = change == LEARN || reach(&learn, 3000);
    if (change > GROW) done = done && reach(&grow, 3000);
    if (!done || raft_leader(&cluster) == VALIDATOR_NONE)
        cluster_fail(&cluster, "the change could not be prepared");
}

#endif
