/* A node's journal and ledger threads, on its disk: the production code, called at the time when
 * the thread would be done. */
#include "sim_internal.h"

#include "node/journal_group.h"
#include "node/serve.h"
#include <inttypes.h>
#include <stdlib.h>

/* The process ends itself, or its planned death inside an operation of the disk has come. */
static void io_failed(struct sim *sim, struct sim_node *node, enum status status, const char *text)
{
    if (disk_is_dead(node->disk)) {
        life_doom(sim, node, DOOM_KILL, node->disk_restart_ms);
        return;
    }
    int exit_code = status == STATUS_DAMAGED ? 65 : status == STATUS_DIVERGED ? 7 : 74;
    life_stopped(sim, node, exit_code, text);
}

/* ---- the journal's thread ---- */

static struct pending *pending_at(struct sim_journal *j, uint32_t i)
{
    return &j->items[(j->first + i) % j->capacity];
}

static void pending_push(struct sim_journal *j, struct pending item)
{
    if (j->count == j->capacity) {
        uint32_t capacity = j->capacity ? j->capacity * 2 : 256;
        struct pending *items = calloc(capacity, sizeof *items);
        ASSERT(items != NULL);
        for (uint32_t i = 0; i < j->count; i++)
            items[i] = *pending_at(j, i);
        free(j->items);
        j->items = items;
        j->capacity = capacity;
        j->first = 0;
    }
    *pending_at(j, j->count++) = item;
}

void journal_append_output(struct sim *sim, struct sim_node *node, const struct output *output)
{
    checker_appended(sim->checker, node->number, output->record, output->type,
                     blob_span(output->payload));
    pending_push(&node->journal, (struct pending){ blob_ref(output->payload), output->record,
                                                   output->type, output->starts_segment });
    node->records++;
}

/* After each drain, so that records and the safety state of their promises go together: the thread
 * takes all that waits, and is done with it a while later. */
void journal_wake(struct sim *sim, struct sim_node *node)
{
    struct sim_journal *j = &node->journal;
    bool idle = j->count == 0 && !j->has_safety && j->cut == 0;
    if (j->writing || idle || node->doom) return;
    j->writing = true;
    j->group = j->count;
    j->group_safety = j->has_safety;
    if (j->has_safety) j->group_state = j->state;
    j->group_cut = j->cut;
    j->has_safety = false;
    j->cut = 0;
    uint64_t latency = stream_between(&sim->disk, 1, max_u64(1, sim->plan->sync_ms_max));
    struct sim_event event = event_of(node, SIM_WRITTEN);
    queue_push(sim, sim->now_ms + latency + node->slow_disk_ms, &event);
}

/* A node that does not vote makes no promises. */
static struct safety *safety_of(const struct sim_node *node)
{
    return node->votes ? node->journal.safety : NULL;
}

static enum status group_write(struct sim *sim, struct sim_node *node, struct problem *problem)
{
    struct sim_journal *j = &node->journal;
    struct safety *safety = safety_of(node);
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < j->group && status == STATUS_OK; i++) {
        struct pending *item = pending_at(j, i);
        struct span payload = blob_span(item->payload);
        status = group_record(j->journal, safety, item->begins_segment, item->kind, &payload, 1,
                              item->record, problem);
    }
    if (status == STATUS_OK) status = journal_sync(j->journal, problem);
    bool due = sim->now_ms >= j->safety_synced_ms + 1000;
    if (status == STATUS_OK)
        status = group_end(j->journal, safety, j->group_safety ? &j->group_state : NULL, due,
                           j->group_cut, problem);
    if (due) j->safety_synced_ms = sim->now_ms;
    j->failed = status != STATUS_OK;
    if (status == STATUS_OK && j->group_safety) node->written = true;
    return status;
}

static void group_drop(struct sim_journal *j)
{
    for (; j->group > 0; j->group--) {
        blob_unref(pending_at(j, 0)->payload);
        j->first = (j->first + 1) % j->capacity;
        j->count--;
    }
    j->writing = false;
}

void journal_written(struct sim *sim, struct sim_node *node)
{
    struct sim_journal *j = &node->journal;
    struct problem problem = { .status = STATUS_OK };
    uint64_t before = journal_durable(j->journal);
    enum status status = group_write(sim, node, &problem);
    group_drop(j);
    if (status != STATUS_OK || disk_is_dead(node->disk)) {
        io_failed(sim, node, status, problem.text);
        return;
    }
    uint64_t durable = journal_durable(j->journal);
    if (durable == before) return;
    checker_durable(sim->checker, node->number, durable);
    replica_durable(node->replica, moment_of(sim, node->number), durable);
}

/* A killed process has a group on its way: nothing of it is on the disk, or a part, or all. One
 * that ends itself writes all that waits. */
void journal_dies(struct sim *sim, struct sim_node *node, bool killed)
{
    struct sim_journal *j = &node->journal;
    struct problem problem = { .status = STATUS_OK };
    uint64_t how = stream_between(&sim->life, 0, 2);
    uint64_t part = stream_between(&sim->life, 1, 8);
    bool dead = disk_is_dead(node->disk);
    if (j->failed) {
        /* Nothing is written after a failure. */
    } else if (!killed && !dead) {
        j->group = j->count;
        j->group_safety = j->group_safety || j->has_safety;
        if (j->has_safety) j->group_state = j->state;
        group_write(sim, node, &problem);
    } else if (j->writing && how > 0 && !dead) {
        if (how == 1) disk_die_at(node->disk, part);
        group_write(sim, node, &problem);
    }
    j->group = j->count;
    group_drop(j);
    free(j->items);
    journal_close(j->journal);
    safety_close(j->safety);
    *j = (struct sim_journal){ .journal = NULL };
}

/* ---- the ledger's thread ---- */

enum { READ_MS = 5 }; /* at most, for a job that writes nothing */

static void executed(struct sim *sim, struct sim_node *node, const struct execution *execution)
{
    node->executed++;
    if (!node->damaged) checker_executed(sim->checker, node->number, execution);
    if (execution->kind != EXECUTION_BLOCK) return;
    node->height = execution->header.height;
    clients_executed(sim, execution);
}

void ledger_output(struct sim *sim, struct sim_node *node, struct output *output)
{
    struct sim_event event = event_of(node, SIM_LEDGER_DONE);
    struct problem problem = { .status = STATUS_OK };
    event.output = output->kind;
    if (output->kind == OUTPUT_EXECUTE)
        event.status = ledger_execute(node->ledger, output->epoch, output->sequence,
                                      blob_span(output->payload), &event.execution, &problem);
    else if (output->kind == OUTPUT_EXECUTE_BLOCK)
        event.status = ledger_execute_block(node->ledger, blob_span(output->payload),
                                            &event.execution, &problem);
    else
        check_admit(output->job, node->ledger, wall_of(sim, node->number));
    if (disk_is_dead(node->disk)) {
        execution_free(event.execution);
        life_doom(sim, node, DOOM_KILL, node->disk_restart_ms);
        return;
    }
    if (event.execution && event.status == STATUS_OK) executed(sim, node, event.execution);
    if (event.status != STATUS_OK) {
        event.problem = malloc(sizeof *event.problem);
        ASSERT(event.problem != NULL);
        *event.problem = problem;
    }
    event.job = output->job;
    output->job = NULL;
    uint64_t delay = stream_between(&sim->threads, 0, sim->plan->ledger_ms_max);
    bool writes = event.execution && event.execution->kind == EXECUTION_BLOCK;
    if (!writes) delay = min_u64(delay, READ_MS); /* What is slow is the disk. */
    node->ledger_until_ms = max_u64(node->ledger_until_ms, sim->now_ms + delay);
    queue_push(sim, node->ledger_until_ms, &event);
}

void ledger_seal_output(struct sim *sim, struct sim_node *node, struct output *output)
{
    struct problem problem = { .status = STATUS_OK };
    if (!node->damaged) checker_sealed(sim->checker, node->number, output->seal);
    enum status status = ledger_store_seal(node->ledger, output->seal, &problem);
    if (status != STATUS_OK || disk_is_dead(node->disk)) {
        io_failed(sim, node, status, problem.text);
        return;
    }
    if (output->height <= node->sealed) return;
    node->sealed = node->safety_state.sealed_height = output->height;
    node->safety_state.sealed_hash = output->seal->block_hash;
    clients_sealed(sim, node);
}

void ledger_serve_output(struct sim *sim, struct sim_node *node, const struct output *output)
{
    struct buffer answer;
    size_t batch_max = (size_t)ledger_params(node->ledger)->values[PARAM_batch_bytes_max];
    enum status status =
        serve_blocks(node->reader, batch_max, output->height, output->count, &answer);
    ASSERT(status == STATUS_OK);
    struct blob *blob = blob_copy(buffer_span(&answer));
    ASSERT(blob != NULL);
    buffer_free(&answer);
    net_say(sim, node, output->peer, FRAME_SYNC_BLOCKS, blob);
    blob_unref(blob);
}

static void checkpoint(struct sim *sim, struct sim_node *node)
{
    struct problem problem = { .status = STATUS_OK };
    uint64_t height = 0;
    enum status status = ledger_checkpoint(node->ledger, &height, &problem);
    if (status == STATUS_BUSY) return; /* A reader was in the way; next time. */
    if (status != STATUS_OK || disk_is_dead(node->disk)) {
        io_failed(sim, node, status, problem.text);
        return;
    }
    node->executed = 0;
    node->kept_height = height;
    node->checkpoint_at_ms = sim->now_ms;
    struct sim_event event = event_of(node, SIM_CHECKPOINTED);
    event.number = ledger_head(node->ledger)->header.sequence;
    node->ledger_until_ms = max_u64(node->ledger_until_ms, sim->now_ms);
    queue_push(sim, node->ledger_until_ms, &event);
}

/* Once a second: what the real host does then, and the journal's thread by itself. */
void storage_house(struct sim *sim, struct sim_node *node)
{
    struct sim_journal *j = &node->journal;
    struct safety *safety = safety_of(node);
    if (safety && safety_changed(safety) && sim->now_ms >= j->safety_synced_ms + 1000) {
        if (safety_sync(safety) != STATUS_OK) {
            io_failed(sim, node, STATUS_IO, "the safety file cannot be synced");
            return;
        }
        j->safety_synced_ms = sim->now_ms;
    }
    bool old =
        node->executed > 0 && sim->now_ms >= node->checkpoint_at_ms + sim->plan->checkpoint_ms;
    if (old || replica_wants_checkpoint(node->replica)) checkpoint(sim, node);
}
