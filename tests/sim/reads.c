/* Reads of the latest state: a client asks any node, and when that says that it is ready the
 * client reads the node's ledger. It must find there whatever any client has been told of before it
 * asked; or it is told to try again. Once nodes are healed each must be able to answer. */
#include "sim_internal.h"

#include <stdlib.h>

enum { PATIENCE_MS_MIN = 20, PATIENCE_MS_MAX = 4000, AT_ONCE_MAX = 6, HEALED_PATIENCE_MS = 2000 };

/* ---- questions ---- */

static uint32_t read_new(struct sim *sim)
{
    struct client_reads *reads = &sim->reads;
    if (reads->count == reads->capacity) {
        reads->capacity = reads->capacity ? reads->capacity * 2 : 256;
        reads->list = realloc(reads->list, reads->capacity * sizeof *reads->list);
        ASSERT(reads->list != NULL);
    }
    reads->list[reads->count++] = (struct client_read){ .floor = checker_read_floor(sim->checker),
                                                        .known_height = reads->known_height,
                                                        .known_txid = reads->known_txid };
    return reads->count;
}

void client_reads_ask(struct sim *sim, uint16_t n, uint64_t patience_ms)
{
    uint32_t ticket = read_new(sim);
    replica_read(sim->nodes[n].replica, moment_of(sim, n), ticket, sim->now_ms + patience_ms);
}

/* Any node; or one that leads as far as it knows, and of several the one in the lowest term: who is
 * deposed and has not heard of it has an answer at hand that is wrong. */
static uint16_t choose_node(struct sim *sim)
{
    uint16_t chosen = (uint16_t)stream_between(&sim->reading, 0, sim->replicas - 1u);
    bool any = stream_chance(&sim->reading, 500);
    uint64_t term = UINT64_MAX;
    for (uint16_t n = 0; n < sim->replicas && !any; n++) {
        struct replica_status status;
        if (!sim->nodes[n].alive) continue;
        replica_status(sim->nodes[n].replica, &status);
        if (status.engine.leader != sim->nodes[n].member || status.engine.view >= term) continue;
        chosen = n;
        term = status.engine.view;
    }
    return chosen;
}

/* One client, or some at once, with little or much patience. What is asked of a node that stands
 * still waits with everything else that is meant for it. */
void client_reads_come(struct sim *sim)
{
    uint16_t n = choose_node(sim);
    uint64_t patience = stream_between(&sim->reading, PATIENCE_MS_MIN, PATIENCE_MS_MAX);
    uint64_t many = stream_between(&sim->reading, 1, AT_ONCE_MAX);
    bool several = stream_chance(&sim->reading, 250);
    if (!sim->nodes[n].alive) return;
    struct sim_event event = event_of(&sim->nodes[n], SIM_ASK);
    event.number = patience;
    for (uint64_t i = several ? many : 1; i > 0; i--)
        queue_push(sim, sim->now_ms, &event);
}

/* ---- answers ---- */

/* Clients that wait at this node are told, before there is a seal. */
void client_reads_committed(struct sim *sim, struct sim_node *node,
                            const struct execution *execution)
{
    if (execution->kind != EXECUTION_BLOCK || !node->honest || node->frail) return;
    checker_acknowledged(sim->checker, node->number, execution->header.height);
    if (execution->entry_count == 0 || execution->header.height <= sim->reads.known_height) return;
    sim->reads.known_height = execution->header.height;
    sim->reads.known_txid = execution->entries[0].id;
}

/* What the client finds in the ledger, whose head the replica may not have heard of yet. */
static void look(struct sim *sim, struct sim_node *node, const struct client_read *read)
{
    uint64_t position = 0;
    uint16_t code = 0;
    uint8_t at = 0;
    if (read->known_height == 0 || node->frail) return;
    enum status status =
        ledger_read_entry_place(node->reader, &read->known_txid, &position, &code, &at);
    if (status == STATUS_IO) return; /* The client is told of that, too. */
    if (status != STATUS_OK || position_height(position) != read->known_height)
        sim_fail(sim, CHECK_READS, "node %u: a read misses a transaction of block %llu",
                 node->number, (unsigned long long)read->known_height);
}

void client_reads_answered(struct sim *sim, struct sim_node *node, const struct output *output)
{
    ASSERT(output->ticket >= 1);
    ASSERT(output->ticket <= sim->reads.count);
    struct client_read *read = &sim->reads.list[output->ticket - 1];
    if (read->done) sim_fail(sim, CHECK_READS, "node %u answers a read twice", node->number);
    read->done = true;
    if (output->read != READ_READY) {
        sim->result->reads_failed++;
        return;
    }
    sim->result->reads++;
    struct replica_status status;
    replica_status(node->replica, &status);
    checker_read(sim->checker, node->number, read->floor, status.height);
    look(sim, node, read);
    if (sim->reads.healed_ticket[node->number] == output->ticket)
        sim->reads.healed |= (uint64_t)1 << node->number;
}

/* ---- when they are healed ---- */

static void ask_healed(struct sim *sim, uint16_t n)
{
    struct client_reads *reads = &sim->reads;
    const struct sim_node *node = &sim->nodes[n];
    if (!node->alive || sim->now_ms < max_u64(node->paused_until_ms, reads->healed_until_ms[n]))
        return;
    reads->healed_ticket[n] = reads->count + 1; /* It may be answered at once. */
    reads->healed_until_ms[n] = sim->now_ms + HEALED_PATIENCE_MS;
    client_reads_ask(sim, n, HEALED_PATIENCE_MS);
    world_drain(sim, n);
}

/* Asks each of these until it has answered a read. Of a healed core one must: the leader may be
 * somebody else, and the way from some of the core to it cut for good, but whoever leads is in
 * touch with a quorum. When all are healed all must, but for frail ones, which may have lost their
 * vote and with it the right to be answered. */
bool client_reads_healed(struct sim *sim, uint64_t replicas)
{
    if (sim->plan->reads == 0) return true;
    for (uint16_t n = 0; n < sim->replicas; n++)
        if (sim->nodes[n].frail) replicas &= ~((uint64_t)1 << n);
    for (uint16_t n = 0; n < sim->replicas && !sim->failed; n++)
        if ((replicas & ~sim->reads.healed) >> n & 1) ask_healed(sim, n);
    uint64_t healed = sim->reads.healed & replicas;
    return sim->phase == PHASE_CORE ? healed != 0 : healed == replicas;
}

/* ---- begin ---- */

void client_reads_begin(struct sim *sim)
{
    for (uint32_t i = 0; i < sim->plan->reads; i++) {
        uint64_t at = stream_between(&sim->reading, 1, max_u64(sim->plan->faults_ms, 1));
        struct sim_event event = { .type = SIM_READ };
        queue_push(sim, at, &event);
    }
}
