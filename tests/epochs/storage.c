/* A machine's journal and ledger threads, on its disk: the production code, called at the time when
 * the thread would be done. */
#include "epochs.h"

#include "node/journal_group.h"
#include "node/serve.h"
#include <stdlib.h>

/* ---- the journal's thread ---- */

/* The epoch that a record opens: the first item of a fold. 0: none, or the first one. */
uint64_t epoch_named(uint8_t kind, struct span payload)
{
    enum { FOLD_HEAD = 4 + 1 + 4 };
    bool names =
        kind == JOURNAL_FOLD && payload.size >= FOLD_HEAD + 40 && payload.data[4] == JOURNAL_EPOCH;
    return names ? load_u64(payload.data + FOLD_HEAD) : 0;
}

void storage_append(struct world *w, struct machine *m, const struct output *output)
{
    struct journal_state *j = &m->journal;
    if (j->count == j->capacity) {
        j->capacity = j->capacity ? 2 * j->capacity : 64;
        j->items = realloc(j->items, j->capacity * sizeof *j->items);
        ASSERT(j->items != NULL);
    }
    j->items[j->count++] = (struct pending){ blob_ref(output->payload), output->record,
                                             output->type, output->starts_segment };
    if (epoch_named(output->type, blob_span(output->payload)) > m->opened)
        step_reached(w, m, STEP_NAMED);
}

void storage_wake(struct world *w, struct machine *m)
{
    struct journal_state *j = &m->journal;
    if (j->writing || (j->count == 0 && !j->has_safety && j->cut == 0)) return;
    j->writing = true;
    j->group = j->count;
    j->group_safety = j->has_safety;
    j->group_state = j->state;
    j->group_cut = j->cut;
    j->has_safety = false;
    j->cut = 0;
    uint64_t delay = stream_between(&w->disk, 1, w->sync_ms);
    push(w, w->now_ms + delay, occasion_of(m, ON_WRITTEN));
}

static enum status group_write(struct world *w, struct machine *m, struct problem *problem)
{
    struct journal_state *j = &m->journal;
    struct safety *safety = m->epochs.votes ? j->safety : NULL;
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < j->group && status == STATUS_OK; i++) {
        const struct pending *item = &j->items[i];
        struct span payload = blob_span(item->payload);
        status = group_record(j->journal, safety, item->begins_segment, item->kind, &payload, 1,
                              item->record, problem);
    }
    if (status == STATUS_OK) status = journal_sync(j->journal, problem);
    bool due = w->now_ms >= j->safety_synced_ms + 1000;
    if (status == STATUS_OK)
        status = group_end(j->journal, safety, j->group_safety ? &j->group_state : NULL, due,
                           j->group_cut, problem);
    if (due) j->safety_synced_ms = w->now_ms;
    return status;
}

static void group_drop(struct journal_state *j)
{
    for (uint32_t i = 0; i < j->group; i++)
        blob_unref(j->items[i].payload);
    if (j->count > j->group)
        memmove(j->items, j->items + j->group, (j->count - j->group) * sizeof *j->items);
    j->count -= j->group;
    j->group = 0;
    j->writing = false;
}

void storage_written(struct world *w, struct machine *m)
{
    struct journal_state *j = &m->journal;
    struct problem problem = { .status = STATUS_OK };
    uint64_t before = journal_durable(j->journal), named = 0;
    enum status status = group_write(w, m, &problem);
    for (uint32_t i = 0; i < j->group; i++)
        named = max_u64(named, epoch_named(j->items[i].kind, blob_span(j->items[i].payload)));
    group_drop(j);
    if (status != STATUS_OK || disk_is_dead(m->disk)) {
        machine_io_failed(w, m, "journal", &problem);
        return;
    }
    if (named > m->opened) {
        m->opened = named;
        step_reached(w, m, STEP_DURABLE);
    }
    uint64_t durable = journal_durable(j->journal);
    if (durable != before) replica_durable(m->replica, moment_of(w), durable);
}

/* What is on its way when the process dies is written, or a part of it, or nothing. */
void storage_dies(struct world *w, struct machine *m)
{
    struct journal_state *j = &m->journal;
    struct problem problem = { .status = STATUS_OK };
    uint64_t how = stream_between(&w->life, 0, 2);
    uint64_t part = stream_between(&w->life, 1, 8);
    if (j->writing && how > 0 && !disk_is_dead(m->disk)) {
        if (how == 1) disk_die_at(m->disk, part);
        (void)group_write(w, m, &problem);
    }
    j->group = j->count;
    group_drop(j);
    free(j->items);
    journal_close(j->journal);
    safety_close(j->safety);
    *j = (struct journal_state){ .journal = NULL };
}

/* Another seal key, with a safety file of its own: what `init` makes. */
bool storage_rekey(struct world *w, struct machine *m, unsigned key)
{
    struct secret_key secret;
    struct public_key public_key;
    struct problem problem = { .status = STATUS_OK };
    secret_of(m->number, key, &secret, &public_key);
    safety_close(m->journal.safety);
    m->journal.safety = NULL;
    m->journal.has_safety = m->journal.group_safety = false;
    disk_remove(m->disk, "safety");
    enum status status =
        safety_create(m->safety_path, &public_key, &w->genesis->chain_id, &problem);
    if (status != STATUS_OK) {
        machine_io_failed(w, m, "a new safety file", &problem);
        return false;
    }
    m->key = key;
    if (m->next_key == key) m->next_key = 0;
    remark(w, m->place, "has seal key %u", key);
    return true;
}

/* ---- the ledger's thread ---- */

void storage_ledger(struct world *w, struct machine *m, struct output *output)
{
    struct occasion event = occasion_of(m, ON_LEDGER);
    struct problem problem = { .status = STATUS_OK };
    event.output = output->kind;
    if (output->kind == OUTPUT_EXECUTE)
        event.status = ledger_execute(m->ledger, output->epoch, output->sequence,
                                      blob_span(output->payload), &event.execution, &problem);
    else if (output->kind == OUTPUT_EXECUTE_BLOCK)
        event.status =
            ledger_execute_block(m->ledger, blob_span(output->payload), &event.execution, &problem);
    else
        check_admit(output->job, m->ledger, wall_ms(w));
    if (disk_is_dead(m->disk)) {
        execution_free(event.execution);
        machine_io_failed(w, m, "ledger", &problem);
        return;
    }
    if (event.execution && event.status == STATUS_OK) {
        m->executed++;
        if (event.execution->kind == EXECUTION_BLOCK) {
            m->height = event.execution->header.height;
            judge_executed(w, m, event.execution);
        }
    }
    if (event.status != STATUS_OK) {
        event.problem = malloc(sizeof *event.problem);
        ASSERT(event.problem != NULL);
        *event.problem = problem;
    }
    event.job = output->job;
    output->job = NULL;
    uint64_t delay = stream_between(&w->threads, 0, w->ledger_ms);
    m->ledger_until_ms = max_u64(m->ledger_until_ms, w->now_ms + delay);
    push(w, m->ledger_until_ms, event);
}

void storage_seal(struct world *w, struct machine *m, struct output *output)
{
    struct problem problem = { .status = STATUS_OK };
    judge_sealed(w, m, output->seal);
    enum status status = ledger_store_seal(m->ledger, output->seal, &problem);
    if (status != STATUS_OK || disk_is_dead(m->disk)) {
        machine_io_failed(w, m, "seal", &problem);
        return;
    }
    if (output->height <= m->epochs.sealed_height) return;
    m->epochs.sealed_height = m->epochs.safety.sealed_height = output->height;
    m->epochs.safety.sealed_hash = output->seal->block_hash;
}

void storage_serve(struct world *w, struct machine *m, const struct output *output)
{
    struct buffer answer;
    size_t batch_max = 16777216; /* no epoch has a larger one */
    enum status status = serve_blocks(m->reader, batch_max, output->height, output->count, &answer);
    struct blob *blob = status == STATUS_OK ? blob_copy(buffer_span(&answer)) : NULL;
    buffer_free(&answer);
    if (!blob) return;
    network_send(w, m, output->peer, FRAME_SYNC_BLOCKS, blob);
    blob_unref(blob);
}

void storage_checkpoint(struct world *w, struct machine *m, bool saves_epoch)
{
    struct problem problem = { .status = STATUS_OK };
    uint64_t height = 0;
    enum status status = ledger_checkpoint(m->ledger, &height, &problem);
    if (status == STATUS_BUSY) {
        if (saves_epoch) m->epochs.saving = false;
        return;
    }
    if (status != STATUS_OK || disk_is_dead(m->disk)) {
        machine_io_failed(w, m, "checkpoint", &problem);
        return;
    }
    m->executed = 0;
    m->checkpoint_at_ms = w->now_ms;
    struct occasion event = occasion_of(m, saves_epoch ? ON_SAVED : ON_CHECKPOINTED);
    event.number = ledger_head(m->ledger)->header.sequence;
    event.epoch = m->epochs.now->number;
    m->ledger_until_ms = max_u64(m->ledger_until_ms, w->now_ms + (saves_epoch ? 1 : 0));
    push(w, m->ledger_until_ms, event);
}

void storage_house(struct world *w, struct machine *m)
{
    struct journal_state *j = &m->journal;
    if (m->epochs.votes && safety_changed(j->safety) && w->now_ms >= j->safety_synced_ms + 1000) {
        if (safety_sync(j->safety) != STATUS_OK) {
            machine_io_failed(w, m, "the safety file", NULL);
            return;
        }
        j->safety_synced_ms = w->now_ms;
    }
    bool old = m->executed > 0 && w->now_ms >= m->checkpoint_at_ms + 3000;
    if (!m->epochs.saving && !m->epochs.ended && (old || replica_wants_checkpoint(m->replica)))
        storage_checkpoint(w, m, false);
}
