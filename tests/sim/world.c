/* The world around a replica: where its outputs go, and what is checked after each event. */
#include "sim_internal.h"

#include "marks.h"
#include "node/promises.h"

uint64_t wall_of(const struct sim *sim, uint16_t n)
{
    return (uint64_t)WORKLOAD_WALL_BASE * 1000 + sim->now_ms + (uint64_t)sim->nodes[n].skew_ms;
}

struct moment moment_of(const struct sim *sim, uint16_t n)
{
    return (struct moment){ sim->now_ms, wall_of(sim, n) };
}

/* A worker verifies at once; the answer comes later. */
static void check_output(struct sim *sim, struct sim_node *node, struct output *output)
{
    check_run(output->job);
    uint64_t delay = stream_between(&sim->threads, 0, sim->plan->check_ms_max);
    struct sim_event event = event_of(node, SIM_CHECKED);
    event.job = output->job;
    output->job = NULL;
    queue_push(sim, sim->now_ms + delay, &event);
}

/* Nobody honest accuses somebody honest, unless one of them may have bits flipped. */
static void broke_output(struct sim *sim, struct sim_node *node, const struct output *output)
{
    const struct sim_node *peer = &sim->nodes[output->peer];
    bool known = output->peer < sim->plan->nodes;
    bool excused = known && (!peer->honest || !node->honest || peer->frail || node->frail);
    if (!excused)
        sim_fail(sim, CHECK_HONEST_ACCUSED, "node %u accuses node %u: %s", node->number,
                 output->peer, output->text);
    else
        net_shun(sim, node->number, output->peer);
}

static void cut_output(struct sim *sim, struct sim_node *node, const struct output *output)
{
    checker_cut(sim->checker, node->number, output->record);
    node->journal.cut = max_u64(node->journal.cut, output->record - 1);
    sim->result->folds++;
}

static void handle(struct sim *sim, struct sim_node *node, struct output *output)
{
    switch (output->kind) {
    case OUTPUT_APPEND: journal_append_output(sim, node, output); break;
    case OUTPUT_SEND: net_output(sim, node, output); break;
    case OUTPUT_CHECK: check_output(sim, node, output); break;
    case OUTPUT_EXECUTE:
        checker_orders(sim->checker, node->number, output->sequence);
        ledger_output(sim, node, output);
        break;
    case OUTPUT_ADMIT:
    case OUTPUT_EXECUTE_BLOCK: ledger_output(sim, node, output); break;
    case OUTPUT_SEALED: ledger_seal_output(sim, node, output); break;
    case OUTPUT_SERVE_BLOCKS: ledger_serve_output(sim, node, output); break;
    case OUTPUT_ANSWER: clients_answered(sim, node, output); break;
    case OUTPUT_COMMITTED: client_reads_committed(sim, node, output->execution); break;
    case OUTPUT_READ: client_reads_answered(sim, node, output); break;
    case OUTPUT_LEFT:
    case OUTPUT_NOTE: break; /* Clients of the simulation ask again by themselves. */
    case OUTPUT_CUT: cut_output(sim, node, output); break;
    case OUTPUT_EPOCH_ENDED:
        sim_fail(sim, CHECK_STOPPED, "node %u ends epoch %llu, and nobody has proposed that",
                 node->number, (unsigned long long)output->epoch);
        break;
    case OUTPUT_PEER_BROKE: broke_output(sim, node, output); break;
    case OUTPUT_STOP: life_stopped(sim, node, output->exit_code, output->text); break;
    }
}

/* A process killed at an output never does it. */
static bool killed_here(struct sim *sim, struct sim_node *node)
{
    if (node->kill_in == 0 || --node->kill_in > 0) return false;
    life_doom(sim, node, node->kill_doom, node->kill_restart_ms);
    return true;
}

static void drain_outputs(struct sim *sim, struct sim_node *node)
{
    struct output output;
    while (!sim->failed && !node->doom && replica_next(node->replica, &output)) {
        if (!killed_here(sim, node)) {
            trace_output(sim->trace, sim->now_ms, node->number, &output);
            if (sim->view && sim->view->marks) marks_output(sim->view->marks, &output);
            handle(sim, node, &output);
        }
        check_free(output.job);
        output_release(&output);
    }
}

static void arm_timer(struct sim *sim, struct sim_node *node)
{
    uint64_t at = replica_wake_at(node->replica);
    if (at == UINT64_MAX) return;
    at = max_u64(at, sim->now_ms);
    if (node->timer_at_ms > sim->now_ms && node->timer_at_ms <= at) return;
    node->timer_at_ms = at;
    struct sim_event event = event_of(node, SIM_TIMER);
    event.number = at;
    queue_push(sim, at, &event);
}

/* After each input of a replica. */
void world_drain(struct sim *sim, uint16_t n)
{
    struct sim_node *node = &sim->nodes[n];
    drain_outputs(sim, node);
    if (sim->failed) return;
    if (node->stopping) life_stopping(sim, node);
    if (node->doom) {
        life_end(sim, n);
        return;
    }
    if (node->votes && promises_raise(&node->safety_state, node->replica)) {
        node->journal.state = node->safety_state;
        node->journal.has_safety = true;
    }
    journal_wake(sim, node);
    uint64_t view, decided, sealed;
    replica_progress(node->replica, &view, &decided, &sealed);
    checker_status(sim->checker, n, view, decided, sealed);
    arm_timer(sim, node);
}

/* What a replica keeps is bounded by its limits at any time. */
void world_bounds(struct sim *sim, uint16_t n)
{
    struct replica_status status;
    replica_status(sim->nodes[n].replica, &status);
    enum { PROPOSALS = 4096, GATED = 8192 + 1024, CHECKS = 20000 + 512 * MEMBERS_MAX };
    if (status.proposals > PROPOSALS)
        sim_fail(sim, CHECK_BOUNDS, "node %u keeps %u proposals", n, status.proposals);
    if (status.gated > GATED)
        sim_fail(sim, CHECK_BOUNDS, "node %u has %u outputs that wait for the disk", n,
                 status.gated);
    if (status.checks > CHECKS)
        sim_fail(sim, CHECK_BOUNDS, "node %u has %u checks under way", n, status.checks);
}
