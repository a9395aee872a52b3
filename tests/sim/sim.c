#include "sim_internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

void sim_fail(struct sim *sim, enum check_name check, const char *format, ...)
{
    if (sim->failed) return;
    sim->failed = true;
    sim->result->check = check;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sim->result->problem, sizeof sim->result->problem, format, arguments);
    va_end(arguments);
    sim_note(sim, REPLICAS_MAX, "VIOLATION %s: %s", check_names[check], sim->result->problem);
}

void sim_note(struct sim *sim, uint16_t n, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    trace_fault(sim->trace, sim->now_ms, n, text);
}

/* ---- events ---- */

static void on_deliver(struct sim *sim, struct sim_node *node, const struct sim_event *event)
{
    if (node->liar) liar_hears(node->liar, event->from, event->kind, event->blob);
    trace_deliver(sim->trace, sim->now_ms, event->from, node->number, event->kind,
                  blob_span(event->blob));
    replica_frame(node->replica, moment_of(sim, node->number), event->from, event->kind,
                  event->blob);
}

static void on_ledger_done(struct sim *sim, struct sim_node *node, struct sim_event *event)
{
    struct moment moment = moment_of(sim, node->number);
    if (event->output == OUTPUT_ADMIT)
        replica_admitted(node->replica, moment, event->job);
    else
        replica_executed(node->replica, moment, event->status, event->execution, event->problem);
    event->job = NULL;
    event->execution = NULL;
}

static void on_house(struct sim *sim, struct sim_node *node)
{
    world_bounds(sim, node->number);
    struct sim_event event = event_of(node, SIM_HOUSE);
    queue_push(sim, sim->now_ms + HOUSE_MS, &event);
    storage_house(sim, node);
}

/* An event of a node's process. */
static void handle_own(struct sim *sim, struct sim_event *event)
{
    struct sim_node *node = &sim->nodes[event->node];
    struct moment moment = moment_of(sim, event->node);
    switch (event->type) {
    case SIM_DELIVER: on_deliver(sim, node, event); break;
    case SIM_PEER_UP: replica_peer_up(node->replica, moment, event->from, event->number); break;
    case SIM_PEER_DOWN: replica_peer_down(node->replica, moment, event->from); break;
    case SIM_PEER_HEIGHT:
        replica_peer_height(node->replica, moment, event->from, event->number);
        break;
    case SIM_WRITTEN: journal_written(sim, node); break;
    case SIM_CHECKED:
        replica_checked(node->replica, moment, event->job);
        event->job = NULL;
        break;
    case SIM_LEDGER_DONE: on_ledger_done(sim, node, event); break;
    case SIM_CHECKPOINTED: replica_checkpointed(node->replica, moment, event->number); break;
    case SIM_TIMER:
        if (node->timer_at_ms != event->number) return;
        node->timer_at_ms = 0;
        replica_timer(node->replica, moment);
        break;
    case SIM_STOP: life_stop(sim, node); break;
    case SIM_ASK: client_reads_ask(sim, node->number, event->number); break;
    default: on_house(sim, node); break;
    }
    world_drain(sim, event->node);
}

static void on_liar(struct sim *sim, uint16_t n)
{
    struct sim_node *node = &sim->nodes[n];
    struct sim_event event = { .type = SIM_LIAR, .node = n };
    queue_push(sim, sim->now_ms + LIAR_MS, &event);
    if (!node->alive) return;
    uint64_t view, decided, sealed;
    replica_progress(node->replica, &view, &decided, &sealed);
    liar_tick(node->liar, view, decided + 1, sealed);
}

static void on_restart(struct sim *sim, const struct sim_event *event)
{
    struct sim_node *node = &sim->nodes[event->node];
    if (node->alive || node->incarnation != event->incarnation) return;
    bool stays = sim->phase == PHASE_CORE && !(sim->plan->core >> event->node & 1);
    if (!stays) life_open(sim, event->node);
}

static void handle_world(struct sim *sim, const struct sim_event *event)
{
    bool faults = sim->phase == PHASE_FAULTS;
    uint32_t number = (uint32_t)event->number;
    switch (event->type) {
    case SIM_SUBMIT: clients_submit(sim, event->number); break;
    case SIM_READ: client_reads_come(sim); break;
    case SIM_RESTART: on_restart(sim, event); break;
    case SIM_LINKS: net_links(sim); break;
    case SIM_PING: {
        struct sim_event again = { .type = SIM_PING };
        net_pings(sim);
        queue_push(sim, sim->now_ms + PING_MS, &again);
        break;
    }
    case SIM_LIAR: on_liar(sim, event->node); break;
    case SIM_FAULT_BEGIN:
        if (faults) fault_begin(sim, number);
        break;
    case SIM_FAULT_END:
        if (faults) fault_end(sim, number);
        break;
    default:
        if (faults) fault_flap(sim, number);
        break;
    }
}

/* A node that stands still takes its events later, in the same order. */
static bool postponed(struct sim *sim, struct sim_event *event, uint64_t order)
{
    const struct sim_node *node = &sim->nodes[event->node];
    if (sim->now_ms >= node->paused_until_ms) return false;
    queue_push_again(sim, node->paused_until_ms, order, event);
    return true;
}

static void step(struct sim *sim)
{
    uint64_t order;
    struct sim_event event = queue_pop(sim, &sim->now_ms, &order);
    sim->result->events++;
    if (event.type > SIM_OWN_LAST) {
        handle_world(sim, &event);
        return;
    }
    const struct sim_node *node = &sim->nodes[event.node];
    bool mine = node->alive && node->incarnation == event.incarnation;
    if (mine && postponed(sim, &event, order)) return;
    if (mine) handle_own(sim, &event);
    event_free(&event);
}

/* ---- the end of a phase ---- */

/* Nothing is left to be done. A flipped bit in its ledger may make a frail one forget a transaction
 * for ever; a three-chain leaves its last proposals, which order nothing, undecided. */
static bool idle(const struct sim *sim, const struct sim_node *node,
                 const struct replica_status *status)
{
    if (node->frail) return true;
    bool decided = sim->plan->phases == 3 || status->engine.undecided == 0;
    bool wishes = status->tick_wish_ms != 0 && sim->plan->liars == 0; /* A liar has more of them. */
    return status->pool.txs == 0 && decided && !wishes;
}

/* Of these replicas: whatever was submitted is final, heads are equal and sealed. */
static bool all_final(struct sim *sim, uint64_t replicas, char why[160])
{
    uint64_t height = 0;
    why[0] = 0;
    if (sim->clients.open_count > 0 || sim->clients.to_come > 0) {
        snprintf(why, 160, "%u clients wait", sim->clients.open_count + sim->clients.to_come);
        return false;
    }
    uint32_t holds = checker_holds(sim->checker);
    if (holds > 0) {
        snprintf(why, 160, "%u holds wait to end by themselves", holds);
        return false;
    }
    for (uint16_t n = 0; n < sim->replicas; n++) {
        const struct sim_node *node = &sim->nodes[n];
        if (!(replicas >> n & 1)) continue;
        if (!node->alive) {
            snprintf(why, 160, "node %u is down", n);
            return false;
        }
        if (height == 0) height = node->height;
        struct replica_status status;
        replica_status(node->replica, &status);
        if (node->height == height && node->sealed == height && idle(sim, node, &status)) continue;
        snprintf(why, 160,
                 "node %u: height %" PRIu64 " of %" PRIu64 ", sealed %" PRIu64 ", view %" PRIu64
                 ", %u in its pool, %u undecided%s",
                 n, node->height, height, node->sealed, status.engine.view, status.pool.txs,
                 status.engine.undecided, status.tick_wish_ms ? ", a tick is wished for" : "");
        return false;
    }
    return true;
}

/* And reads are answered again. */
static bool all_done(struct sim *sim, uint64_t replicas, char why[160])
{
    bool read = client_reads_healed(sim, replicas);
    if (!all_final(sim, replicas, why)) return false;
    if (!read) snprintf(why, 160, "reads are not answered");
    return read;
}

/* Everybody but the liars; of twins neither half, for they share a place. */
static uint64_t honest(const struct sim *sim)
{
    uint64_t set = 0;
    for (uint16_t n = 0; n < sim->replicas; n++)
        if (sim->nodes[n].honest) set |= (uint64_t)1 << n;
    return set;
}

static void run_until(struct sim *sim, uint64_t at_ms)
{
    while (!sim->failed && sim->queue.count > 0 && sim->queue.heap[0].at_ms < at_ms)
        step(sim);
    if (!sim->failed) sim->now_ms = max_u64(sim->now_ms, at_ms);
}

/* Progress in bounded time, or it is a violation. */
static void run_until_final(struct sim *sim, uint64_t replicas, uint64_t most_ms, const char *who)
{
    uint64_t deadline = sim->now_ms + most_ms;
    char why[160];
    while (!sim->failed && !all_done(sim, replicas, why)) {
        if (sim->now_ms >= deadline)
            sim_fail(sim, CHECK_LIVENESS, "not all is final on %s after %" PRIu64 " s: %s", who,
                     most_ms / 1000, why);
        run_until(sim, sim->now_ms + LOOK_MS);
    }
}

static uint64_t records_written(const struct sim *sim)
{
    uint64_t count = 0;
    for (uint16_t n = 0; n < sim->replicas; n++)
        count += sim->nodes[n].records;
    return count;
}

/* Views or elections that timed out, of those that run. */
static uint64_t timeouts(const struct sim *sim)
{
    uint64_t count = 0;
    for (uint16_t n = 0; n < sim->replicas; n++) {
        struct replica_status status;
        if (!sim->nodes[n].alive) continue;
        replica_status(sim->nodes[n].replica, &status);
        count += status.engine.timeouts;
    }
    return count;
}

/* What is said while nothing happens. A leader of Raft must be heard: one heartbeat and one answer
 * for each follower, twice that if lost messages make them ask. */
static uint64_t messages_allowed(const struct sim *sim)
{
    if (!plan_is_raft(sim->plan)) return 0;
    return 4 * (sim->plan->nodes - 1u) * (SILENCE_MS / sim->plan->heartbeat_ms + 1u);
}

/* When all is final the network falls silent: no record, no block, no message. A liar may go on
 * talking, and a frail node may have forgotten what the others know; where messages are lost a
 * leader of Raft may lose its followers, and an election is written down. */
static void run_silence(struct sim *sim)
{
    char why[160];
    run_until(sim, sim->now_ms + SETTLE_MS);
    uint64_t written = records_written(sim);
    uint64_t sent = sim->result->messages, elections = timeouts(sim);
    run_until(sim, sim->now_ms + SILENCE_MS);
    if (sim->failed) return;
    uint64_t more = records_written(sim) - written;
    bool lied = sim->plan->liars != 0 || sim->plan->twins != 0;
    bool elected = plan_is_raft(sim->plan) && timeouts(sim) > elections;
    if (elected && sim->plan->loss_permille > 0) return;
    if (more > 0 && !lied && !sim->plan->frail)
        sim_fail(sim, CHECK_SILENCE, "%" PRIu64 " records were written while nothing happened",
                 more);
    if (sim->result->messages > sent + messages_allowed(sim) && !lied && !sim->plan->frail)
        sim_fail(sim, CHECK_SILENCE, "%" PRIu64 " messages were sent while nothing happened",
                 sim->result->messages - sent);
    if (lied)
        run_until_final(sim, honest(sim), CORE_MS, "every node");
    else if (!all_final(sim, honest(sim), why))
        sim_fail(sim, CHECK_LIVENESS, "what was final is so no more: %s", why);
}

/* At rest a node keeps what is unsealed, however long it has run. */
static void finish_nodes(struct sim *sim)
{
    for (uint16_t n = 0; n < sim->replicas && !sim->failed; n++) {
        struct sim_node *node = &sim->nodes[n];
        struct replica_status status;
        if (!node->honest || !node->alive) continue;
        replica_status(node->replica, &status);
        if (status.proposals > SIM_PROPOSALS_MAX)
            sim_fail(sim, CHECK_BOUNDS, "node %u keeps %u proposals at rest", n, status.proposals);
        if (!node->frail) checker_finish(sim->checker, n, node->reader);
    }
}

static void run(struct sim *sim)
{
    const struct plan *plan = sim->plan;
    run_until(sim, plan->faults_ms);
    if (sim->failed || plan->beyond) return;
    heal_core(sim);
    run_until_final(sim, plan->core, CORE_MS, "the core");
    if (sim->failed) return;
    heal_all(sim);
    run_until_final(sim, honest(sim), ALL_MS, "every node");
    for (unsigned losses = plan->far_behind ? 2 : 0; losses > 0 && !sim->failed; losses--) {
        lose_ledger(sim, losses == 1);
        run_until_final(sim, honest(sim), ALL_MS, "every node");
    }
    if (!sim->failed) run_silence(sim);
    if (!sim->failed) finish_nodes(sim);
}

void sim_run(const struct plan *plan, const struct sim_view *view, struct sim_result *result)
{
    static const struct sim_view blind = { .text = false };
    struct sim *sim = calloc(1, sizeof *sim);
    ASSERT(sim != NULL);
    memset(result, 0, sizeof *result);
    sim->plan = plan;
    sim->view = view ? view : &blind;
    sim->result = result;
    setup_begin(sim);
    run(sim);
    result->passed = !sim->failed;
    setup_end(sim);
    queue_free(sim);
    free(sim->clients.list);
    free(sim->clients.open);
    free(sim->clients.table);
    free(sim->reads.list);
    free(sim);
}
