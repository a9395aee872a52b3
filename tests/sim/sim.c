#include "sim_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- load ---- */

/* A client sends to one node, and again to another one if it hears nothing. */
static void submit(struct sim *sim, uint64_t number)
{
    uint64_t n = stream_between(&sim->load, 0, sim->options.nodes - 1u);
    uint64_t again = stream_between(&sim->load, 1000, 3000);
    struct sim_node *node = &sim->nodes[n];
    if (node->alive) {
        replica_submit(node->replica, moment_of(sim, (uint16_t)n), number + 1, sim->txs[number]);
        drain(sim, (uint16_t)n);
    }
    struct refusal refusal = { .code = REFUSAL_none };
    struct transaction *tx = calloc(1, sizeof *tx);
    ASSERT(tx != NULL);
    transaction_decode(blob_span(sim->txs[number]), tx, NULL);
    uint64_t lane;
    bool final = false;
    if (node->ledger) {
        ledger_admit(node->ledger, tx, wall_of(sim, (uint16_t)n), &lane, &refusal);
        final = refusal.code == REFUSAL_duplicate || refusal.code == REFUSAL_tx_expired;
    }
    free(tx);
    if (!final)
        schedule(sim, sim->now_ms + again, (struct sim_event){ .type = SUBMIT, .number = number });
}

/* What the keep-alives of the connections carry. */
static void heights(struct sim *sim)
{
    for (uint16_t n = 0; n < sim->options.nodes; n++)
        for (uint16_t other = 0; other < sim->options.nodes; other++)
            if (n != other && sim->nodes[n].alive && sim->nodes[other].alive &&
                !cut(sim, n, other)) {
                replica_peer_height(sim->nodes[n].replica, moment_of(sim, n), other,
                                    sealed_shown(sim, other));
                drain(sim, n);
            }
}

static void consider_checkpoint(struct sim *sim, uint16_t n)
{
    struct sim_node *node = &sim->nodes[n];
    bool wanted = stream_chance(&sim->disk, 400) && node->height > node->checkpoint_height;
    if (node->alive && (wanted || replica_wants_checkpoint(node->replica))) checkpoint(sim, n);
    schedule(sim, sim->now_ms + 1000, (struct sim_event){ .type = CHECKPOINT, .node = n });
}

/* ---- the run ---- */

/* A node that stands still takes its events later, in the same order. */
static bool postpone(struct sim *sim, struct sim_event *event)
{
    struct sim_node *node = &sim->nodes[event->node];
    bool its_own = event->type <= TIMER && event->type != CHECKPOINT;
    if (!its_own || sim->now_ms >= node->paused_until_ms) return false;
    if (event->type == TIMER && node->timer_at_ms == event->at_ms)
        node->timer_at_ms = node->paused_until_ms;
    schedule_again(sim, node->paused_until_ms, *event);
    *event = (struct sim_event){ .type = event->type };
    return true;
}

static void handle(struct sim *sim, struct sim_event *event)
{
    struct sim_node *node = &sim->nodes[event->node];
    bool mine = node->alive && node->incarnation == event->incarnation;
    switch (event->type) {
    case DELIVER:
        if (!mine) return;
        replica_frame(node->replica, moment_of(sim, event->node), event->from, event->kind,
                      event->blob);
        break;
    case DURABLE:
        if (!mine) return;
        node->durable = max_u64(node->durable, event->number);
        replica_durable(node->replica, moment_of(sim, event->node), node->durable);
        break;
    case CHECKED:
        if (!mine) return;
        replica_checked(node->replica, moment_of(sim, event->node), event->job);
        event->job = NULL;
        break;
    case LEDGER_DONE:
        if (!mine) return;
        if (event->output == OUTPUT_ADMIT)
            replica_admitted(node->replica, moment_of(sim, event->node), event->job);
        else
            replica_executed(node->replica, moment_of(sim, event->node), event->status,
                             event->execution, event->problem);
        event->job = NULL;
        event->execution = NULL;
        break;
    case CHECKPOINT: consider_checkpoint(sim, event->node); return;
    case CHECKPOINTED:
        if (!mine) return;
        replica_checkpointed(node->replica, moment_of(sim, event->node), event->number);
        break;
    case RECONNECT: reconnect(sim, event->node, event->from); return;
    case TIMER:
        if (!mine || node->timer_at_ms != event->at_ms) return;
        node->timer_at_ms = 0;
        replica_timer(node->replica, moment_of(sim, event->node));
        break;
    case SUBMIT: submit(sim, event->number); return;
    case FAULT:
        if (!sim->healing) fault(sim);
        return;
    case RESTART:
        if (!node->alive) open_node(sim, event->node);
        return;
    case PING:
        heights(sim);
        schedule(sim, sim->now_ms + 5000, (struct sim_event){ .type = PING });
        return;
    }
    drain(sim, event->node);
}

static bool all_final(const struct sim *sim)
{
    uint64_t height = sim->nodes[sim->options.nodes - 1].height;
    if (sim->submits > 0) return false;
    for (uint16_t n = 0; n < sim->options.nodes; n++) {
        const struct sim_node *node = &sim->nodes[n];
        if (node->liar) continue;
        if (!node->alive || node->height != height || node->sealed != height) return false;
        struct replica_status status;
        replica_status(node->replica, &status);
        if (status.pool.txs > 0 || status.engine.undecided > 0) return false;
    }
    return true;
}

static void print_state(const struct sim *sim)
{
    for (uint16_t n = 0; n < sim->options.nodes && sim->options.trace; n++) {
        if (!sim->nodes[n].alive) continue;
        struct replica_status s;
        replica_status(sim->nodes[n].replica, &s);
        printf("n%u height %" PRIu64 " sealed %" PRIu64 " view %" PRIu64 " decided %" PRIu64
               " undecided %u pool %u unmarked %u gated %u handed %" PRIu64 " sequence %" PRIu64
               " placed %d sync %d\n",
               n, s.height, s.sealed_height, s.engine.view, s.engine.index_decided,
               s.engine.undecided, s.pool.txs, s.pool.unmarked, s.gated, s.handed, s.sequence,
               s.anchored, s.syncing);
    }
}

/* The last node stops and comes back without its ledger; the second time without its journal too,
 * so that the host gives it no signer. */
static void lose(struct sim *sim, bool everything)
{
    uint16_t n = (uint16_t)(sim->options.nodes - 1);
    struct sim_node *node = &sim->nodes[n];
    if (node->height < SIM_FAR_BLOCKS)
        fail(sim, "only %" PRIu64 " blocks to catch up", node->height);
    crash(sim, n, true);
    node->disarmed = everything;
    while (everything && node->records_count > 0)
        blob_unref(node->records[--node->records_count].payload);
    if (everything) node->durable = node->first = 0;
}

static uint64_t records_written(const struct sim *sim)
{
    uint64_t count = 0;
    for (uint16_t n = 0; n < sim->options.nodes; n++)
        count += sim->nodes[n].records_count;
    return count;
}

/* What a node keeps is bounded by what is unsealed, not by how long it has run. */
static void check_bounds(struct sim *sim)
{
    for (uint16_t n = 0; n < sim->options.nodes; n++) {
        struct replica_status status;
        if (sim->nodes[n].liar) continue;
        replica_status(sim->nodes[n].replica, &status);
        if (status.proposals > SIM_PROPOSALS_MAX)
            fail(sim, "node %u keeps %u proposals", n, status.proposals);
    }
}

static void step(struct sim *sim)
{
    struct sim_event event = next_event(sim);
    sim->now_ms = event.at_ms;
    if (!sim->healing && sim->now_ms >= sim->options.faults_ms) heal(sim);
    if (!postpone(sim, &event)) handle(sim, &event);
    event_free(&event);
    sim->result->events++;
}

/* When all is final the network falls silent: no record, no block. A liar may go on talking. */
static void run_idle(struct sim *sim)
{
    uint64_t settled = sim->now_ms + IDLE_SETTLE_MS;
    while (!sim->failed && sim->heap_count > 0 && sim->heap[0].at_ms < settled)
        step(sim);
    uint64_t written = records_written(sim);
    while (!sim->failed && sim->heap_count > 0 && sim->heap[0].at_ms < settled + IDLE_MS)
        step(sim);
    uint64_t more = records_written(sim) - written;
    if (more > 0 && sim->options.liars == 0)
        fail(sim, "%" PRIu64 " records were written while nothing happened", more);
    if (!sim->failed && !all_final(sim)) fail(sim, "what was final is so no more");
    check_bounds(sim);
}

static void run(struct sim *sim)
{
    uint64_t deadline = sim->options.faults_ms + HEAL_MS;
    while (sim->heap_count > 0 && !sim->failed) {
        if (sim->healing && all_final(sim)) {
            if (sim->losses == 0) {
                sim->result->progressed = true;
                run_idle(sim);
                break;
            }
            lose(sim, --sim->losses == 0);
            deadline = sim->now_ms + HEAL_MS;
        }
        step(sim);
        if (sim->now_ms > deadline) fail(sim, "no end within %u s after healing", HEAL_MS / 1000);
    }
    if (sim->failed) print_state(sim);
}

static void draw_liars(struct sim_options *options, struct stream *rates)
{
    uint16_t most = (uint16_t)((options->nodes - 1) / 3);
    bool lie = stream_chance(rates, 350);
    if (most == 0) return;
    uint64_t liars = stream_between(rates, 1, most);
    options->liars = lie ? (uint16_t)liars : 0;
}

void sim_options_draw(struct sim_options *options, uint64_t seed, uint16_t nodes)
{
    struct stream rates = stream_of(seed, STREAM_RATES);
    *options = (struct sim_options){ .seed = seed, .nodes = nodes, .faults_ms = 12000 };
    uint64_t drawn = stream_between(&rates, 1, 7);
    if (nodes == 0) options->nodes = (uint16_t)drawn;
    options->transactions = (uint32_t)stream_between(&rates, 5, 40);
    options->loss_permille = (unsigned)stream_between(&rates, 0, 150);
    options->duplicate_permille = (unsigned)stream_between(&rates, 0, 150);
    options->delay_ms_max = (unsigned)stream_between(&rates, 2, 120);
    options->sync_ms_max = (unsigned)stream_between(&rates, 0, 60);
    options->crash_permille = (unsigned)stream_between(&rates, 0, 200);
    options->wipe_permille = (unsigned)stream_between(&rates, 0, 300);
    options->power_permille = (unsigned)stream_between(&rates, 0, 700);
    options->partition_permille = (unsigned)stream_between(&rates, 0, 300);
    options->pause_permille = (unsigned)stream_between(&rates, 0, 60);
    options->brief_permille = (unsigned)stream_between(&rates, 0, 300);
    options->wild_permille = (unsigned)stream_between(&rates, 0, 200);
    options->skew_ms_max = (unsigned)stream_between(&rates, 0, 1500);
    options->check_ms_max = (unsigned)stream_between(&rates, 1, 20);
    bool slow = stream_chance(&rates, 200);
    options->ledger_ms_max = (unsigned)stream_between(&rates, 1, slow ? 400 : 10);
    options->roll_bytes = stream_between(&rates, 2048, 128 * 1024);
    draw_liars(options, &rates);
}

void sim_options_far_behind(struct sim_options *options, uint64_t seed, uint16_t nodes)
{
    *options = (struct sim_options){
        .seed = seed,
        .nodes = nodes ? nodes : 4,
        .transactions = SIM_FAR_TXS,
        .faults_ms = (uint64_t)SIM_FAR_TXS * SIM_FAR_BEAT_MS,
        .delay_ms_max = 1,
        .check_ms_max = 2,
        .ledger_ms_max = 3,
        .roll_bytes = 256 * 1024,
        .far_behind = true,
    };
}

void sim_run(const struct sim_options *options, struct sim_result *result)
{
    struct sim *sim = calloc(1, sizeof *sim);
    ASSERT(sim != NULL);
    memset(result, 0, sizeof *result);
    sim->options = *options;
    sim->result = result;
    sim->losses = options->far_behind ? 2 : 0;
    set_up(sim);
    run(sim);
    result->height = sim->nodes[sim->options.nodes - 1].height;
    result->virtual_ms = sim->now_ms;
    result->agreed = !sim->failed;
    finish(sim);
    free(sim);
}
