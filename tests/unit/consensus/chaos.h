/* tests/unit/consensus/chaos.h -- bad luck for a cluster, drawn from its seed: loss, duplication,
 * reordering, slow disks, crashes with any prefix of the undurable records, ledgers that fall back,
 * partitions, folds. */
#ifndef TESTS_CHAOS_H
#define TESTS_CHAOS_H

#include "tests/unit/consensus/cluster.h"

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

static inline bool chaos_network(struct cluster *c, const struct packet *packet, uint64_t *delay_ms)
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

static inline uint64_t chaos_sync(struct cluster *c, uint16_t node)
{
    (void)node;
    struct chaos *chaos = c->user;
    return chaos->calm ? 1 : 1 + random_below(&c->random, chaos->sync_ms_max);
}

static inline void crash(struct cluster *c, uint16_t index)
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

static inline void one_act_of_chaos(struct cluster *c, struct chaos *chaos, uint64_t *tx)
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

static inline void heal(struct cluster *c, struct chaos *chaos)
{
    chaos->calm = true;
    for (uint16_t i = 0; i < c->count; i++)
        if (!c->nodes[i].up) cluster_restart(c, i);
}

static inline bool all_have(const struct cluster *c, uint64_t tx)
{
    const struct chaos *chaos = c->user;
    for (uint16_t i = 0; i < c->count; i++)
        if (i != chaos->amnesiac && (!c->nodes[i].done[tx] || c->nodes[i].executed != c->decided))
            return false;
    return true;
}

/* Draws what kind of bad luck it is, and puts it around the cluster. */
static inline void chaos_draw(struct cluster *c, struct chaos *chaos, uint64_t delay_ms_most)
{
    *chaos = (struct chaos){ .amnesiac = NODES_MAX };
    chaos->loss_permille = random_below(&c->random, 150);
    chaos->twice_permille = random_below(&c->random, 100);
    chaos->delay_ms_max = 1 + random_below(&c->random, delay_ms_most);
    chaos->sync_ms_max = 1 + random_below(&c->random, 60);
    chaos->anchors = random_below(&c->random, 2) == 0;
    c->user = chaos;
    c->network = chaos_network;
    c->sync_ms = chaos_sync;
}

/* Sixty acts with pauses between them; *tx is the last transaction that was submitted. */
static inline void chaos_play(struct cluster *c, struct chaos *chaos, uint64_t pause_ms_most,
                              uint64_t *tx)
{
    for (int act = 0; act < 60 && !c->failure[0]; act++) {
        uint64_t pause = random_below(&c->random, pause_ms_most);
        one_act_of_chaos(c, chaos, tx);
        cluster_run(c, pause);
    }
}

#endif
