/* Nodes start, stall, crash, lose power, are cut off and come back; clocks go wrong. */
#include "sim_internal.h"

#include <stdio.h>
#include <stdlib.h>

void reconnect(struct sim *sim, uint16_t n, uint16_t other)
{
    if (!sim->nodes[n].alive || !sim->nodes[other].alive || cut(sim, n, other)) return;
    uint64_t there = sealed_shown(sim, other);
    uint64_t here = sealed_shown(sim, n);
    replica_peer_up(sim->nodes[n].replica, moment_of(sim, n), other, there);
    replica_peer_up(sim->nodes[other].replica, moment_of(sim, other), n, here);
    drain(sim, other);
    drain(sim, n);
}

void links(struct sim *sim, uint16_t n)
{
    for (uint16_t other = 0; other < sim->options.nodes; other++)
        if (other != n) reconnect(sim, n, other);
    drain(sim, n);
}

/* Node n has been lied to: it closes the connection, and takes it up again a while later. */
void shun(struct sim *sim, uint16_t n, uint16_t other)
{
    if (sim->now_ms < sim->shunned_until_ms[n][other]) return;
    sim->shunned_until_ms[n][other] = sim->now_ms + SHUN_MS;
    if (sim->nodes[n].alive) replica_peer_down(sim->nodes[n].replica, moment_of(sim, n), other);
    if (sim->nodes[other].alive) {
        replica_peer_down(sim->nodes[other].replica, moment_of(sim, other), n);
        drain(sim, other);
    }
    schedule(sim, sim->now_ms + SHUN_MS,
             (struct sim_event){ .type = RECONNECT, .node = n, .from = other });
}

void open_node(struct sim *sim, uint16_t n)
{
    struct sim_node *node = &sim->nodes[n];
    struct problem problem = { .status = STATUS_OK };
    if (!node->ledger) {
        struct ledger_options options = { .cache = sim->cache };
        enum status status =
            ledger_open(&node->ledger, sim->genesis, ":memory:", &options, &problem);
        ASSERT(status == STATUS_OK);
        node->height = 0;
    }
    const struct ledger_head *head = ledger_head(node->ledger);
    node->height = head->header.height;
    node->sealed = min_u64(node->sealed, node->height);
    struct replica_config config = {
        .genesis = sim->genesis,
        .committee = ledger_committee(node->ledger),
        .params = ledger_params(node->ledger),
        .boundary_hash = *ledger_genesis_hash(node->ledger),
        .self = n,
        .pool = { 20000, 64 * 1024 * 1024, 4096 },
        .seed = sim->options.seed + n,
        .journal_roll_bytes = sim->options.roll_bytes,
        .engine_cache = sim->cache,
        .account_cache = sim->cache,
    };
    node->signer = node->disarmed ? NULL : signer_new(&sim->seal_keys[n]);
    config.signer = node->signer;
    uint64_t sequence = node->sealed ? node->headers[node->sealed].sequence : 0;
    enum status status = replica_new(&node->replica, &config, head, node->sealed, sequence);
    ASSERT(status == STATUS_OK);
    size_t first = node->first ? node->first : 1;
    for (size_t i = first; i <= node->records_count && status == STATUS_OK; i++)
        status = replica_restore(node->replica, node->records[i - 1].kind,
                                 blob_span(node->records[i - 1].payload));
    if (status != STATUS_OK) fail(sim, "node %u: restore: %s", n, status_name(status));
    for (uint64_t h = node->sealed + 1; h <= node->height; h++)
        replica_known_block(node->replica, &node->headers[h], &node->hashes[h]);
    node->alive = true;
    node->incarnation++;
    node->timer_at_ms = 0;
    status = replica_start(node->replica, moment_of(sim, n), node->records_count + 1);
    if (status != STATUS_OK) fail(sim, "node %u: start: %s", n, status_name(status));
    links(sim, n);
}

/* SQLite with synchronous=NORMAL: the power goes, and with it any number of the last blocks, down
 * to the last checkpoint. What is left is made anew from the same blocks. */
static void lose_power(struct sim *sim, uint16_t n)
{
    struct sim_node *node = &sim->nodes[n];
    uint64_t height =
        stream_between(&sim->crash, min_u64(node->checkpoint_height, node->height), node->height);
    struct problem problem = { .status = STATUS_OK };
    struct ledger_options options = { .cache = sim->cache };
    ledger_close(node->ledger);
    enum status status = ledger_open(&node->ledger, sim->genesis, ":memory:", &options, &problem);
    for (uint64_t h = 1; h <= height && status == STATUS_OK; h++) {
        struct execution *execution = NULL;
        status =
            ledger_execute_block(node->ledger, blob_span(node->blocks[h]), &execution, &problem);
        execution_free(execution);
    }
    if (status != STATUS_OK) fail(sim, "node %u executes again: %s", n, problem.text);
    for (uint64_t h = height + 1; h <= node->height; h++) {
        free(node->seals[h]);
        node->seals[h] = NULL;
    }
    node->height = height;
    while (node->sealed > 0 && (node->sealed > height || !node->seals[node->sealed]))
        node->sealed--;
}

/* What was not durable may be lost, from any point on. The ledger is a file: a killed process loses
 * nothing of it, a wiped one all. */
void crash(struct sim *sim, uint16_t n, bool wipe)
{
    struct sim_node *node = &sim->nodes[n];
    size_t kept = stream_between(&sim->crash, node->durable, node->records_count);
    while (node->records_count > kept)
        blob_unref(node->records[--node->records_count].payload);
    node->durable = node->records_count;
    node->durable_at_ms = node->ledger_at_ms = sim->now_ms;
    node->alive = false;
    node->incarnation++;
    struct replica_status status;
    replica_status(node->replica, &status);
    sim->result->timeouts += status.engine.timeouts;
    replica_free(node->replica);
    signer_free(node->signer);
    node->replica = NULL;
    if (wipe) {
        ledger_close(node->ledger);
        node->ledger = NULL;
        for (uint64_t h = 0; h <= node->height; h++) {
            free(node->seals[h]);
            node->seals[h] = NULL;
        }
        node->height = node->sealed = node->checkpoint_height = 0;
    } else {
        bool power = stream_chance(&sim->crash, sim->options.power_permille);
        if (power) lose_power(sim, n);
    }
    for (uint16_t other = 0; other < sim->options.nodes; other++) {
        if (other == n || !sim->nodes[other].alive) continue;
        replica_peer_down(sim->nodes[other].replica, moment_of(sim, other), n);
        drain(sim, other);
    }
    sim->result->crashes++;
    uint64_t pause = stream_between(&sim->crash, 1, 4000);
    schedule(sim, sim->now_ms + pause, (struct sim_event){ .type = RESTART, .node = n });
}

static void repartition(struct sim *sim, bool whole)
{
    for (uint16_t n = 0; n < sim->options.nodes; n++) {
        uint64_t side = stream_between(&sim->crash, 0, 1);
        sim->side[n] = whole ? 0 : (uint8_t)side;
    }
    for (uint16_t n = 0; n < sim->options.nodes; n++) {
        if (!sim->nodes[n].alive) continue;
        for (uint16_t other = 0; other < sim->options.nodes; other++)
            if (other != n && cut(sim, n, other))
                replica_peer_down(sim->nodes[n].replica, moment_of(sim, n), other);
        links(sim, n);
    }
}

/* Nobody may lose a ledger when the others do not hold all of it: then it would be gone for good.
 */
static bool others_hold(const struct sim *sim, uint16_t n)
{
    for (uint16_t other = 0; other < sim->options.nodes; other++)
        if (other != n && !sim->nodes[other].liar &&
            sim->nodes[other].height >= sim->nodes[n].height)
            return true;
    return false;
}

/* Once a virtual second, while faults last. */

/* A clock may be off by a little more than half of what proposals allow; one of them, at times, by
 * far too much: its proposals are refused and everything else of it counts. */
static void set_clocks(struct sim *sim, bool healing)
{
    uint64_t most = sim->options.skew_ms_max;
    uint64_t wild = stream_between(&sim->clock, 0, sim->options.nodes - 1u);
    bool goes_wild = stream_chance(&sim->clock, sim->options.wild_permille);
    for (uint16_t n = 0; n < sim->options.nodes; n++) {
        bool jumps = stream_chance(&sim->clock, 150);
        uint64_t skew = stream_between(&sim->clock, 0, 2 * most);
        uint64_t far = stream_between(&sim->clock, 0, 20000);
        if (jumps || healing) sim->nodes[n].skew_ms = (int64_t)skew - (int64_t)most;
        if (goes_wild && !healing && n == wild) sim->nodes[n].skew_ms = (int64_t)far - 10000;
    }
}

static void pause_nodes(struct sim *sim)
{
    for (uint16_t n = 0; n < sim->options.nodes; n++) {
        bool pauses = stream_chance(&sim->threads, sim->options.pause_permille);
        uint64_t length = stream_between(&sim->threads, 100, 5000);
        uint64_t until = max_u64(sim->nodes[n].paused_until_ms, sim->now_ms + length);
        if (pauses) sim->nodes[n].paused_until_ms = until;
    }
}

/* Once a virtual second, while faults last. */
void fault(struct sim *sim)
{
    for (uint16_t n = 0; n < sim->options.nodes; n++) {
        bool dies = stream_chance(&sim->crash, sim->options.crash_permille);
        bool wiped = stream_chance(&sim->crash, sim->options.wipe_permille);
        if (dies && sim->nodes[n].alive) crash(sim, n, wiped && others_hold(sim, n));
    }
    bool split = stream_chance(&sim->crash, sim->options.partition_permille);
    bool heal = stream_chance(&sim->crash, 400);
    if (split)
        repartition(sim, false);
    else if (heal)
        repartition(sim, true);
    set_clocks(sim, false);
    pause_nodes(sim);
    schedule(sim, sim->now_ms + 1000, (struct sim_event){ .type = FAULT });
}

void heal(struct sim *sim)
{
    sim->healing = true;
    set_clocks(sim, true);
    repartition(sim, true);
    for (uint16_t n = 0; n < sim->options.nodes; n++)
        if (!sim->nodes[n].alive) open_node(sim, n);
}
