/* A node's process: opened in the order of node/node_open.c, killed, repaired by its operator. */
#include "sim_internal.h"

#include "node/epochs.h"
#include <stdarg.h>
#include <stdio.h>

/* ---- opening ---- */

enum part { PART_SAFETY, PART_LEDGER, PART_JOURNAL };

struct opening {
    struct sim *sim;
    struct sim_node *node;
    struct journal_report report;
    struct problem problem;
    enum part part; /* that is being opened */
};

static enum status open_safety(struct opening *o)
{
    struct sim_node *node = o->node;
    o->part = PART_SAFETY;
    node->signer = signer_new(&o->sim->seal_keys[node->member]);
    ASSERT(node->signer != NULL);
    node->safety_state = (struct safety_state){ .counter = 0 };
    enum status status =
        safety_open(&node->journal.safety, node->safety_path, signer_public_key(node->signer),
                    &o->sim->genesis->chain_id, &node->safety_state, NULL, &o->problem);
    node->votes = status == STATUS_OK;
    if (status == STATUS_IO || status == STATUS_NO_MEMORY || status == STATUS_UNSUPPORTED)
        return status;
    if (node->votes) promises_floor(node->signer, &node->safety_state);
    return STATUS_OK;
}

static enum status open_ledger(struct opening *o)
{
    struct sim_node *node = o->node;
    o->part = PART_LEDGER;
    struct ledger_options options = { .cache_bytes = 1024 * 1024,
                                      .vfs = "sim",
                                      .cache = o->sim->cache,
                                      .hash_seed = o->sim->plan->seed };
    enum status status =
        ledger_open(&node->ledger, o->sim->genesis, node->ledger_path, &options, &o->problem);
    if (status != STATUS_OK) return status;
    struct ledger_reader_options reader = { .vfs = "sim", .cache_kib = 256, .retry_ms = 1 };
    return ledger_reader_open(&node->reader, node->ledger_path, &reader, &o->problem);
}

static enum status new_replica(struct opening *o)
{
    struct sim *sim = o->sim;
    struct sim_node *node = o->node;
    uint64_t sealed = ledger_sealed_height(node->ledger);
    struct block_row row = { .header.sequence = 0 };
    if (sealed > 0) {
        enum status status = ledger_read_block(node->reader, sealed, &row);
        if (status != STATUS_OK) return status == STATUS_IO ? STATUS_IO : STATUS_DAMAGED;
    }
    const struct ledger_head *head = ledger_head(node->ledger);
    node->height = head->header.height;
    node->sealed = sealed;
    struct replica_config config = {
        .genesis = sim->genesis,
        .committee = ledger_committee(node->ledger),
        .params = ledger_params(node->ledger),
        .epoch = head->epoch,
        .boundary_hash = *ledger_genesis_hash(node->ledger),
        .next_due_ms = ledger_next_due_ms(node->ledger),
        .tick_gap_ms = ledger_params(node->ledger)->values[PARAM_tick_gap_ms_min],
        .self = node->member,
        .signer = node->votes ? node->signer : NULL,
        .key_shared = !node->honest,
        .pool = { 20000, 64 * 1024 * 1024, 4096 },
        .seed = sim->plan->seed + node->number,
        .journal_roll_bytes = sim->plan->roll_bytes,
        .engine_cache = sim->cache,
        .account_cache = sim->cache,
    };
    return replica_new(&node->replica, &config, head, sealed, row.header.sequence);
}

static enum status on_record(void *user, const struct journal_record *record)
{
    struct opening *o = user;
    if (o->node->incarnation > 0)
        checker_replayed(o->sim->checker, o->node->number, record->number, record->kind,
                         record->payload);
    return replica_restore(o->node->replica, record->kind, record->payload);
}

static enum status open_journal(struct opening *o)
{
    struct sim_node *node = o->node;
    o->part = PART_JOURNAL;
    struct journal_options options = { .dir = node->journal_dir,
                                       .chain_id = o->sim->genesis->chain_id,
                                       .segment_size = 2 * o->sim->plan->roll_bytes };
    enum status status =
        journal_open(&node->journal.journal, &options, on_record, o, &o->report, &o->problem);
    if (status == STATUS_OK) status = replica_restored(node->replica);
    if (status != STATUS_OK) return status;
    enum epochs_word word = epochs_compare(&node->safety_state, node->replica,
                                           o->report.last_record, node->votes, node->votes);
    if (word == EPOCHS_SILENCE) node->votes = false;
    if (word != EPOCHS_TELL) return STATUS_OK;
    o->part = PART_SAFETY;
    status = safety_write(node->journal.safety, &node->safety_state);
    return status == STATUS_OK ? safety_sync(node->journal.safety) : status;
}

static enum status known_blocks(struct opening *o)
{
    struct sim_node *node = o->node;
    o->part = PART_LEDGER;
    for (uint64_t height = node->sealed + 1; height <= node->height; height++) {
        struct block_row row;
        enum status status = ledger_read_block(node->reader, height, &row);
        if (status != STATUS_OK) return status == STATUS_IO ? STATUS_IO : STATUS_DAMAGED;
        replica_known_block(node->replica, &row.header, &row.hash);
    }
    return STATUS_OK;
}

static enum status open_parts(struct opening *o)
{
    enum status status = open_safety(o);
    if (status == STATUS_OK) status = open_ledger(o);
    if (status == STATUS_OK) status = new_replica(o);
    if (status == STATUS_OK) status = open_journal(o);
    if (status == STATUS_OK) status = known_blocks(o);
    return status;
}

static void close_parts(struct sim_node *node)
{
    replica_free(node->replica);
    journal_close(node->journal.journal);
    safety_close(node->journal.safety);
    ledger_reader_close(node->reader);
    ledger_close(node->ledger);
    signer_free(node->signer);
    node->replica = NULL;
    node->journal.journal = NULL;
    node->journal.safety = NULL;
    node->reader = NULL;
    node->ledger = NULL;
    node->signer = NULL;
}

/* The process is gone. Of one that was killed nothing is written any more that closing would. */
static void end_process(struct sim *sim, struct sim_node *node, enum doom doom)
{
    if (doom != DOOM_EXIT) disk_die_at(node->disk, 1);
    close_parts(node);
    disk_crash(node->disk, doom == DOOM_POWER, &sim->life);
}

static void restart_later(struct sim *sim, struct sim_node *node, uint64_t at_ms)
{
    struct sim_event event = event_of(node, SIM_RESTART);
    queue_push(sim, max_u64(at_ms, sim->now_ms + 1), &event);
}

/* What the messages of the node tell its operator to do: have the ledger rebuilt, or set the
 * journal aside and follow without a vote. */
static void repair(struct sim *sim, struct sim_node *node, enum part part)
{
    sim_note(sim, node->number,
             part == PART_LEDGER ? "repair: ledger removed" : "repair: journal set aside");
    disk_remove(node->disk, part == PART_LEDGER ? "ledger.db" : "journal/");
    if (part == PART_LEDGER)
        node->damaged = false;
    else
        node->forgot = true;
    node->repairs++;
}

/* Has its disk given it a reason to end itself? */
static bool disk_failed(const struct sim_node *node)
{
    struct disk_counts counts;
    disk_counts(node->disk, &counts);
    return node->was_full || counts.failed > node->failed_ops;
}

static void open_failed(struct sim *sim, struct opening *o, enum status status)
{
    struct sim_node *node = o->node;
    bool planned = disk_is_dead(node->disk);
    bool excused = (status == STATUS_IO || status == STATUS_FULL) && disk_failed(node);
    end_process(sim, node, planned ? DOOM_KILL : DOOM_EXIT);
    if (planned || excused) {
        restart_later(sim, node, max_u64(node->disk_restart_ms, sim->now_ms + RETRY_MS));
        return;
    }
    if (node->frail && node->repairs < 8) {
        repair(sim, node, o->part);
        restart_later(sim, node, sim->now_ms + RETRY_MS);
        return;
    }
    sim_fail(sim, CHECK_REPLAY, "node %u cannot be opened: %s: %s", node->number,
             status_name(status), o->problem.text);
}

static void opened(struct sim *sim, struct opening *o)
{
    struct sim_node *node = o->node;
    bool again = node->incarnation > 0;
    node->alive = true;
    node->incarnation++;
    node->timer_at_ms = 0;
    node->executed = 0;
    node->checkpoint_at_ms = sim->now_ms;
    node->ledger_until_ms = sim->now_ms;
    node->journal.safety_synced_ms = sim->now_ms;
    if (again) {
        checker_ledger_at(sim->checker, node->number, node->height);
        checker_restored(sim->checker, node->number, node->forgot);
        sim->result->restarts++;
        sim_note(sim, node->number, "starts at height %llu, record %llu%s",
                 (unsigned long long)node->height, (unsigned long long)o->report.last_record,
                 node->votes ? "" : ", without a vote");
    }
    if (!node->votes && !node->promised && !node->frail)
        sim_fail(sim, CHECK_STOPPED, "node %u does not vote although its journal is whole",
                 node->number);
    if (node->promised && node->votes)
        sim_fail(sim, CHECK_SLOT, "node %u votes although its journal was lost", node->number);
    node->forgot = false;
    enum status status =
        replica_start(node->replica, moment_of(sim, node->number), o->report.last_record + 1);
    if (status != STATUS_OK)
        sim_fail(sim, CHECK_REPLAY, "node %u cannot start: %s", node->number, status_name(status));
    struct sim_event event = event_of(node, SIM_HOUSE);
    queue_push(sim, sim->now_ms + HOUSE_MS, &event);
    if (!sim->failed) world_drain(sim, node->number);
    net_links(sim);
}

void life_open(struct sim *sim, uint16_t n)
{
    struct sim_node *node = &sim->nodes[n];
    struct opening o = { .sim = sim, .node = node, .problem = { .status = STATUS_OK } };
    struct disk_counts counts;
    disk_counts(node->disk, &counts);
    node->failed_ops = counts.failed;
    node->was_full = node->full;
    if (node->incarnation > 0) checker_crashed(sim->checker, n);
    enum status status = open_parts(&o);
    if (status == STATUS_OK && !disk_is_dead(node->disk))
        opened(sim, &o);
    else
        open_failed(sim, &o, status);
}

/* ---- the end of a process ---- */

void life_doom(struct sim *sim, struct sim_node *node, enum doom doom, uint64_t restart_ms)
{
    (void)sim;
    if (node->doom) return;
    node->doom = doom;
    node->doom_restart_ms = restart_ms;
}

void life_end(struct sim *sim, uint16_t n)
{
    struct sim_node *node = &sim->nodes[n];
    static const char *const words[] = { "", "is killed", "loses power", "ends itself" };
    struct replica_status status;
    replica_status(node->replica, &status);
    sim->result->timeouts += status.engine.timeouts;
    journal_dies(sim, node, node->doom != DOOM_EXIT);
    end_process(sim, node, node->doom);
    node->alive = false;
    sim_note(sim, n, "%s", words[node->doom]);
    node->doom = DOOM_NONE;
    node->kill_in = 0;
    node->stopping = false;
    net_links(sim);
    /* If it still stops with a new ledger, its journal has signed what the damage made it believe.
     */
    if (node->repair_due) repair(sim, node, node->repairs % 2 == 0 ? PART_LEDGER : PART_JOURNAL);
    node->repair_due = false;
    restart_later(sim, node, node->doom_restart_ms);
}

void life_kill(struct sim *sim, uint16_t n, enum doom doom, uint64_t restart_ms)
{
    struct sim_node *node = &sim->nodes[n];
    if (!node->alive) return;
    life_doom(sim, node, doom, restart_ms);
    life_end(sim, n);
}

/* As node_stop does: one who leads lets another lead first. */
void life_stop(struct sim *sim, struct sim_node *node)
{
    if (node->stopping) return; /* And has waited long enough: see life_stopping. */
    sim_note(sim, node->number, "is stopped");
    node->stopping = true;
    node->stop_by_ms = sim->now_ms;
    if (!replica_hand_over(node->replica, moment_of(sim, node->number))) return;
    node->stop_by_ms = sim->now_ms + HAND_OVER_MS;
    struct sim_event event = event_of(node, SIM_STOP);
    queue_push(sim, node->stop_by_ms, &event);
}

void life_stopping(struct sim *sim, struct sim_node *node)
{
    struct replica_status status;
    replica_status(node->replica, &status);
    if (!status.engine.hands_over || sim->now_ms >= node->stop_by_ms)
        life_doom(sim, node, DOOM_EXIT, node->stop_restart_ms);
}

/* It wants to end. Only its disk is a reason for that, unless it is no honest node or may have been
 * damaged. */
void life_stopped(struct sim *sim, struct sim_node *node, int exit_code, const char *text)
{
    uint64_t pause = stream_between(&sim->life, 500, 3000);
    bool planned = disk_is_dead(node->disk);
    bool io = exit_code == 74 && disk_failed(node);
    bool damaged = node->frail && node->repairs < 8;
    sim_note(sim, node->number, "stops with %d: %s", exit_code, text);
    if (planned) {
        life_doom(sim, node, DOOM_KILL, node->disk_restart_ms);
    } else if (io || damaged || !node->honest) {
        node->repair_due = !io && node->frail;
        life_doom(sim, node, DOOM_EXIT, sim->now_ms + pause);
    } else {
        sim_fail(sim, CHECK_STOPPED, "node %u stops: %s", node->number, text);
    }
}

void life_free(struct sim *sim, struct sim_node *node)
{
    if (node->alive) {
        struct replica_status status;
        replica_status(node->replica, &status);
        sim->result->timeouts += status.engine.timeouts;
        journal_dies(sim, node, true);
        end_process(sim, node, DOOM_KILL);
    }
    struct disk_counts counts;
    disk_counts(node->disk, &counts);
    sim->result->torn_writes += counts.torn;
    sim->result->lost_writes += counts.lost;
    sim->result->flipped_bits += counts.flipped;
    sim->result->failed_ops += counts.failed;
    disk_free(node->disk);
    if (node->liar) {
        uint64_t lies[LIE_KINDS] = { 0 };
        liar_counts(node->liar, lies);
        for (size_t i = 0; i < LIE_KINDS; i++)
            sim->result->lies[i] += lies[i];
        liar_free(node->liar);
    }
}
