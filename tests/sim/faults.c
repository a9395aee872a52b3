/* The plan's faults begin and end; and all of them end, for some or for all. */
#include "sim_internal.h"

static bool has(uint64_t set, uint16_t n)
{
    return set >> n & 1;
}

static uint64_t bit(uint16_t n)
{
    return (uint64_t)1 << n;
}

/* ---- the network ---- */

static uint64_t everybody(const struct sim *sim)
{
    return ((uint64_t)1 << sim->replicas) - 1;
}

static void cut_both(struct sim *sim, uint64_t some, uint64_t others)
{
    for (uint16_t n = 0; n < sim->replicas; n++) {
        if (has(some, n)) sim->cut[n] |= others;
        if (has(others, n)) sim->cut[n] |= some;
    }
}

static void apply(struct sim *sim, const struct fault *fault, bool flapped)
{
    uint64_t all = everybody(sim);
    uint64_t node = bit(fault->node);
    uint64_t nodes = fault->nodes & all;
    switch (fault->kind) {
    case FAULT_PARTITION: cut_both(sim, nodes, all & ~nodes); break;
    case FAULT_BRIDGE: cut_both(sim, nodes & ~node, all & ~nodes & ~node); break;
    case FAULT_ONE_WAY: sim->cut[fault->node] |= nodes & ~node; break;
    case FAULT_FLAP:
        if (flapped) cut_both(sim, node, all & ~node);
        break;
    case FAULT_LOSS: sim->loss_permille += (unsigned)fault->value; break;
    case FAULT_SLOW_LINK:
        for (uint16_t other = 0; other < sim->replicas; other++) {
            if (!has(nodes & ~node, other)) continue;
            sim->slow_ms[fault->node][other] += (uint16_t)fault->value;
            sim->slow_ms[other][fault->node] += (uint16_t)fault->value;
        }
        break;
    default: break;
    }
}

/* What is cut and slow now: all faults together, but not between those that are healed. */
void fault_network(struct sim *sim)
{
    memset(sim->cut, 0, sizeof sim->cut);
    memset(sim->slow_ms, 0, sizeof sim->slow_ms);
    sim->loss_permille = 0;
    for (uint32_t i = 0; i < sim->plan->faults_count; i++)
        if (sim->active[i]) apply(sim, &sim->plan->faults[i], sim->flapped[i]);
    uint64_t healed = sim->phase == PHASE_CORE  ? sim->plan->core
                      : sim->phase == PHASE_ALL ? everybody(sim)
                                                : 0;
    for (uint16_t n = 0; n < sim->replicas; n++)
        if (has(healed, n)) sim->cut[n] &= ~healed;
    net_links(sim);
}

/* ---- nodes ---- */

/* When a node that a fault has ended starts again. */
static uint64_t restart_of(const struct sim *sim, const struct fault *fault)
{
    struct stream stream = { fault->seed };
    uint64_t pause = stream_between(&stream, 200, 3000);
    return fault->until_ms > sim->now_ms ? fault->until_ms : sim->now_ms + pause;
}

static void kill_later(struct sim *sim, const struct fault *fault, enum doom doom)
{
    struct sim_node *node = &sim->nodes[fault->node];
    node->kill_in = max_u64(1, fault->value);
    node->kill_doom = doom;
    node->kill_restart_ms = restart_of(sim, fault);
}

static void kill_at_disk(struct sim *sim, const struct fault *fault)
{
    struct sim_node *node = &sim->nodes[fault->node];
    if (!node->alive) return;
    disk_die_at(node->disk, max_u64(1, fault->value));
    node->disk_restart_ms = restart_of(sim, fault);
}

static void power_all(struct sim *sim, const struct fault *fault)
{
    struct stream stream = { fault->seed };
    uint64_t last = restart_of(sim, fault);
    for (uint16_t n = 0; n < sim->replicas; n++) {
        uint64_t at = stream_between(&stream, sim->now_ms + 1, last);
        life_kill(sim, n, DOOM_POWER, at);
    }
}

/* Whoever leads the highest term that anybody leads; the fault's node if nobody does. */
static uint16_t leader_now(const struct sim *sim, uint16_t otherwise)
{
    uint16_t leader = otherwise;
    uint64_t term = 0;
    for (uint16_t n = 0; n < sim->replicas; n++) {
        struct replica_status status;
        if (!sim->nodes[n].alive) continue;
        replica_status(sim->nodes[n].replica, &status);
        if (status.engine.leader != sim->nodes[n].member || status.engine.view <= term) continue;
        leader = n;
        term = status.engine.view;
    }
    return leader;
}

static void kill_leader(struct sim *sim, const struct fault *fault)
{
    uint16_t leader = leader_now(sim, fault->node);
    sim->leaderless = true;
    sim->leader_died_ms = sim->now_ms;
    life_kill(sim, leader, fault->value ? DOOM_POWER : DOOM_KILL, restart_of(sim, fault));
}

static void stop(struct sim *sim, const struct fault *fault)
{
    uint16_t n = fault->value ? leader_now(sim, fault->node) : fault->node;
    struct sim_node *node = &sim->nodes[n];
    if (!node->alive || node->stopping) return;
    node->stop_restart_ms = restart_of(sim, fault);
    struct sim_event event = event_of(node, SIM_STOP);
    queue_push(sim, sim->now_ms, &event);
}

static void io_error(struct sim *sim, const struct fault *fault, enum disk_fault kind)
{
    disk_fail(sim->nodes[fault->node].disk, kind, max_u64(1, fault->value));
}

/* Nobody may lose a ledger when no other disk holds what has left its journal: then it would be
 * gone for good. What another has executed and not synced is not held by its disk. */
static bool others_hold(const struct sim *sim, uint16_t n)
{
    for (uint16_t other = 0; other < sim->replicas; other++) {
        const struct sim_node *node = &sim->nodes[other];
        bool reachable = !has(sim->plan->core, n) || has(sim->plan->core, other);
        if (other != n && reachable && node->alive && node->honest && !node->frail &&
            node->kept_height >= sim->nodes[n].kept_height)
            return true;
    }
    return false;
}

static void wipe(struct sim *sim, const struct fault *fault)
{
    struct sim_node *node = &sim->nodes[fault->node];
    bool gone = others_hold(sim, fault->node);
    life_kill(sim, fault->node, DOOM_KILL, restart_of(sim, fault));
    if (!gone || node->alive) return;
    disk_remove(node->disk, "ledger.db");
    node->kept_height = 0;
    sim_note(sim, fault->node, "has lost its ledger");
}

static void amnesia(struct sim *sim, const struct fault *fault)
{
    struct sim_node *node = &sim->nodes[fault->node];
    if (!node->alive) return;
    life_kill(sim, fault->node, DOOM_KILL, restart_of(sim, fault));
    node->promised = node->promised || node->written;
    node->forgot = true;
    disk_remove(node->disk, "journal/");
    sim_note(sim, fault->node, "has lost its journal");
}

static void flip(struct sim *sim, const struct fault *fault)
{
    static const char *const files[] = { "ledger.db", "journal/", "safety" };
    struct sim_node *node = &sim->nodes[fault->node];
    struct stream stream = { fault->seed };
    if (!node->alive) return;
    life_kill(sim, fault->node, DOOM_KILL, restart_of(sim, fault));
    const char *file = files[fault->value % 3];
    if (!disk_flip(node->disk, file, &stream)) return;
    if (fault->value % 3 == 0) node->damaged = true;
    if (fault->value % 3 == 1) node->forgot = true;
    if (fault->value % 3 == 2) node->written = node->promised = false;
    sim_note(sim, fault->node, "has a bit flipped in %s", file);
}

/* ---- begin and end ---- */

static void disk_full(struct sim *sim, const struct fault *fault)
{
    struct sim_node *node = &sim->nodes[fault->node];
    disk_limit(node->disk, disk_bytes(node->disk) + fault->value);
    node->full = node->was_full = true;
}

static void disk_empty(struct sim_node *node)
{
    disk_limit(node->disk, UINT64_MAX);
    node->full = false;
}

static void lasting_begin(struct sim *sim, uint32_t number)
{
    const struct fault *fault = &sim->plan->faults[number];
    sim->active[number] = true;
    if (fault->until_ms > sim->now_ms) {
        struct sim_event event = { .type = SIM_FAULT_END, .number = number };
        queue_push(sim, fault->until_ms, &event);
    }
    if (fault->kind == FAULT_FLAP) fault_flap(sim, number);
    if (fault->kind == FAULT_SLOW_DISK)
        sim->nodes[fault->node].slow_disk_ms += fault->value;
    else if (fault->kind == FAULT_DISK_FULL)
        disk_full(sim, fault);
    else
        fault_network(sim);
}

void fault_begin(struct sim *sim, uint32_t number)
{
    const struct fault *fault = &sim->plan->faults[number];
    struct sim_node *node = &sim->nodes[fault->node];
    sim->result->faults[fault->kind]++;
    sim_note(sim, fault->node, "fault %s", fault_names[fault->kind]);
    switch (fault->kind) {
    case FAULT_KILL: kill_later(sim, fault, DOOM_KILL); break;
    case FAULT_POWER: kill_later(sim, fault, DOOM_POWER); break;
    case FAULT_KILL_DISK: kill_at_disk(sim, fault); break;
    case FAULT_POWER_ALL: power_all(sim, fault); break;
    case FAULT_KILL_LEADER: kill_leader(sim, fault); break;
    case FAULT_STOP: stop(sim, fault); break;
    case FAULT_PAUSE:
        node->paused_until_ms = max_u64(node->paused_until_ms, fault->until_ms);
        break;
    case FAULT_CLOCK: node->skew_ms = (int64_t)fault->value; break;
    case FAULT_EIO_WRITE: io_error(sim, fault, DISK_EIO_WRITE); break;
    case FAULT_EIO_SYNC: io_error(sim, fault, DISK_EIO_SYNC); break;
    case FAULT_EIO_READ: io_error(sim, fault, DISK_EIO_READ); break;
    case FAULT_WIPE: wipe(sim, fault); break;
    case FAULT_FLIP: flip(sim, fault); break;
    case FAULT_AMNESIA: amnesia(sim, fault); break;
    case FAULT_BURST: clients_burst(sim, fault->node, fault->value); break;
    default: lasting_begin(sim, number); break;
    }
}

void fault_end(struct sim *sim, uint32_t number)
{
    const struct fault *fault = &sim->plan->faults[number];
    struct sim_node *node = &sim->nodes[fault->node];
    if (!sim->active[number]) return;
    sim->active[number] = false;
    sim_note(sim, fault->node, "end of fault %s", fault_names[fault->kind]);
    if (fault->kind == FAULT_SLOW_DISK)
        node->slow_disk_ms -= fault->value;
    else if (fault->kind == FAULT_DISK_FULL)
        disk_empty(node);
    else
        fault_network(sim);
}

void fault_flap(struct sim *sim, uint32_t number)
{
    if (!sim->active[number]) return;
    sim->flapped[number] = !sim->flapped[number];
    struct sim_event event = { .type = SIM_FLAP, .number = number };
    queue_push(sim, sim->now_ms + max_u64(1, sim->plan->faults[number].value), &event);
    fault_network(sim);
}

/* ---- healing ---- */

/* Clocks of healed nodes agree to within what proposals allow (2 s). */
static int64_t healed_skew(int64_t skew_ms)
{
    enum { MOST_MS = 900 };
    return skew_ms > MOST_MS ? MOST_MS : skew_ms < -MOST_MS ? -MOST_MS : skew_ms;
}

/* Its pause, if it stands still, ends when it was to end: its messages wait until then. */
static void heal_node(struct sim *sim, struct sim_node *node)
{
    node->kill_in = 0;
    node->skew_ms = healed_skew(node->first_skew_ms);
    node->slow_disk_ms = 0;
    disk_die_at(node->disk, 0);
    disk_fail(node->disk, DISK_EIO_WRITE, 0);
    disk_fail(node->disk, DISK_EIO_SYNC, 0);
    disk_fail(node->disk, DISK_EIO_READ, 0);
    disk_empty(node);
    if (!node->alive) life_open(sim, node->number);
}

void heal_core(struct sim *sim)
{
    sim->phase = PHASE_CORE;
    sim_note(sim, REPLICAS_MAX, "the core is healed");
    fault_network(sim);
    for (uint16_t n = 0; n < sim->replicas && !sim->failed; n++)
        if (has(sim->plan->core, n)) heal_node(sim, &sim->nodes[n]);
}

void heal_all(struct sim *sim)
{
    sim->phase = PHASE_ALL;
    sim_note(sim, REPLICAS_MAX, "everybody is healed");
    memset(sim->active, 0, sizeof sim->active);
    fault_network(sim);
    for (uint16_t n = 0; n < sim->replicas && !sim->failed; n++)
        heal_node(sim, &sim->nodes[n]);
}

/* Far behind: the last member comes back without its ledger; the second time without its journal
 * too, so that it follows without a vote. */
void lose_ledger(struct sim *sim, bool everything)
{
    uint16_t n = (uint16_t)(sim->plan->nodes - 1);
    struct sim_node *node = &sim->nodes[n];
    if (node->height < FAR_BLOCKS)
        sim_fail(sim, CHECK_LIVENESS, "only %llu blocks to catch up",
                 (unsigned long long)node->height);
    life_kill(sim, n, DOOM_KILL, sim->now_ms + 1000);
    disk_remove(node->disk, "ledger.db");
    if (!everything) return;
    node->promised = node->forgot = true;
    disk_remove(node->disk, "journal/");
}
