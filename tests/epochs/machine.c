/* A machine's process: opened in the order of node/node_open.c, its outputs, its end. */
#include "epochs.h"
#include "origin.h"

#include "node/promises.h"
#include "node/serve.h"
#include "origin.h"
#include <stdio.h>
#include <stdlib.h>

/* The next one that its operator makes: of a machine that was removed the records stay. */
void machine_identity(struct machine *m)
{
    m->identity = identity_of(m->number, m->identities);
    m->identities++;
}

/* ---- opening ---- */

struct opening {
    struct world *w;
    struct machine *m;
    struct journal_report report;
    struct problem problem;
};

static enum status open_safety(struct opening *o)
{
    struct machine *m = o->m;
    struct secret_key secret;
    struct public_key key;
    secret_of(m->number, m->key, &secret, &key);
    m->epochs.signer = signer_new(&secret);
    ASSERT(m->epochs.signer != NULL);
    m->epochs.safety = (struct safety_state){ .counter = 0 };
    enum status status =
        safety_open(&m->journal.safety, m->safety_path, &key, &o->w->genesis->chain_id,
                    &m->epochs.safety, NULL, &o->problem);
    if (status == STATUS_OK) {
        epochs_arm(&m->epochs);
        promises_floor(m->epochs.signer, &m->epochs.safety);
    } else {
        epochs_silence(&m->epochs, "safety_missing");
    }
    return status == STATUS_IO ? STATUS_IO : STATUS_OK;
}

static enum status open_ledger(struct opening *o)
{
    struct machine *m = o->m;
    struct ledger_options options = { .cache_bytes = 1024 * 1024,
                                      .vfs = "sim",
                                      .hash_seed = o->w->seed };
    enum status status =
        ledger_open(&m->ledger, o->w->genesis, m->ledger_path, &options, &o->problem);
    if (status != STATUS_OK) return status;
    struct ledger_reader_options reader = { .vfs = "sim", .cache_kib = 256, .retry_ms = 1 };
    m->epochs.sealed_height = ledger_sealed_height(m->ledger);
    m->height = ledger_head(m->ledger)->header.height;
    return ledger_reader_open(&m->reader, m->ledger_path, &reader, &o->problem);
}

static enum status on_record(void *user, const struct journal_record *record)
{
    struct opening *o = user;
    o->m->opened = max_u64(o->m->opened, epoch_named(record->kind, record->payload));
    return replica_restore(o->m->replica, record->kind, record->payload);
}

static enum status open_journal(struct opening *o)
{
    struct machine *m = o->m;
    struct journal_options options = { .dir = m->journal_dir,
                                       .chain_id = o->w->genesis->chain_id,
                                       .segment_size = 2 * o->w->roll_bytes };
    enum status status =
        journal_open(&m->journal.journal, &options, on_record, o, &o->report, &o->problem);
    return status == STATUS_OK ? turn_restored(o->w, m, o->report.last_record, &o->problem)
                               : status;
}

static enum status open_parts(struct opening *o)
{
    enum status status = open_safety(o);
    if (status == STATUS_OK) status = open_ledger(o);
    if (status == STATUS_OK) status = turn_open(o->w, o->m, &o->problem);
    if (status == STATUS_OK) status = open_journal(o);
    return status;
}

void machine_close(struct machine *m)
{
    replica_free(m->replica);
    journal_close(m->journal.journal);
    safety_close(m->journal.safety);
    ledger_reader_close(m->reader);
    ledger_close(m->ledger);
    signer_free(m->epochs.signer);
    signer_free(m->signer_before);
    epochs_close(&m->epochs);
    m->replica = NULL;
    m->journal.journal = NULL;
    m->journal.safety = NULL;
    m->reader = NULL;
    m->ledger = NULL;
    m->epochs.signer = NULL;
    m->signer_before = NULL;
    m->alive = false;
}

static void restart_at(struct world *w, struct machine *m, uint64_t at_ms)
{
    push(w, max_u64(at_ms, w->now_ms + 1), occasion_of(m, ON_RESTART));
}

static void open_failed(struct world *w, struct opening *o, enum status status)
{
    struct machine *m = o->m;
    if (!disk_is_dead(m->disk))
        fail(w, "replay: machine %u cannot be opened: %s: %s", m->place, status_name(status),
             o->problem.text);
    disk_die_at(m->disk, 1);
    machine_close(m);
    disk_crash(m->disk, true, &w->life);
    m->life++;
    restart_at(w, m, w->now_ms + 500);
}

void machine_open(struct world *w, struct machine *m)
{
    struct opening o = { .w = w, .m = m, .problem = { .status = STATUS_OK } };
    if (m->gone) return;
    m->life++;
    m->epochs = (struct epochs){ .sealed_height = m->epochs.sealed_height };
    m->timer_at_ms = m->executed = 0;
    m->doom = DOOM_NONE;
    m->ledger_until_ms = m->checkpoint_at_ms = w->now_ms;
    m->journal.safety_synced_ms = w->now_ms;
    enum status status = open_parts(&o);
    if (status != STATUS_OK || disk_is_dead(m->disk)) {
        open_failed(w, &o, status);
        return;
    }
    m->alive = true;
    w->figures->restarts++;
    if (m->epochs.unrecorded) w->figures->behind++;
    remark(w, m->place, "starts in epoch %llu, self %d, height %llu, sealed %llu, record %llu%s%s",
           (unsigned long long)m->epochs.now->number,
           m->epochs.self == VALIDATOR_NONE ? -1 : m->epochs.self, (unsigned long long)m->height,
           (unsigned long long)m->epochs.sealed_height, (unsigned long long)o.report.last_record,
           m->epochs.votes ? "" : ", without a vote",
           m->epochs.unrecorded ? ", behind its journal" : "");
    status = replica_start(m->replica, moment_of(w), epochs_first_record(&m->epochs));
    if (status != STATUS_OK)
        fail(w, "replay: machine %u cannot start: %s", m->place, status_name(status));
    push(w, w->now_ms + 1000, occasion_of(m, ON_HOUSE));
    machine_drain(w, m);
    network_links(w);
}

/* ---- its end ---- */

void machine_doom(struct world *w, struct machine *m, enum doom doom, uint64_t restart_ms)
{
    (void)w;
    if (m->doom != DOOM_NONE) return;
    m->doom = doom;
    m->doom_restart_ms = restart_ms;
}

void machine_end(struct world *w, struct machine *m, enum doom doom)
{
    if (!m->alive) return;
    remark(w, m->place, doom == DOOM_POWER ? "loses power" : "is killed");
    storage_dies(w, m);
    disk_die_at(m->disk, 1);
    machine_close(m);
    disk_crash(m->disk, doom == DOOM_POWER, &w->life);
    m->doom = DOOM_NONE;
    m->life++;
    network_links(w);
}

/* Only a planned death of its disk is a reason to stop. */
void machine_io_failed(struct world *w, struct machine *m, const char *what,
                       const struct problem *problem)
{
    if (!disk_is_dead(m->disk))
        fail(w, "stopped: machine %u: %s: %s", m->place, what, problem ? problem->text : "");
    machine_doom(w, m, DOOM_POWER, w->now_ms + 700);
}

/* ---- outputs ---- */

static uint64_t word_of(const struct output *output)
{
    return (uint64_t)output->kind ^ (uint64_t)output->type << 8 ^ (uint64_t)output->peer << 16 ^
           output->record << 32 ^ output->sequence << 40 ^ output->height << 48;
}

static void output_check(struct world *w, struct machine *m, struct output *output)
{
    struct occasion event = occasion_of(m, ON_CHECKED);
    check_run(output->job);
    event.job = output->job;
    output->job = NULL;
    uint64_t delay = stream_between(&w->threads, 0, 2);
    push(w, w->now_ms + delay, event);
}

static void output_handle(struct world *w, struct machine *m, struct output *output)
{
    switch (output->kind) {
    case OUTPUT_APPEND:
        if (epochs_keeps(&m->epochs, output->record)) storage_append(w, m, output);
        return;
    case OUTPUT_SEND:
        judge_sent(w, m, output->type, blob_span(output->payload));
        network_send(w, m, output->peer, output->type, output->payload);
        return;
    case OUTPUT_CHECK: output_check(w, m, output); return;
    case OUTPUT_ADMIT:
    case OUTPUT_EXECUTE:
    case OUTPUT_EXECUTE_BLOCK: storage_ledger(w, m, output); return;
    case OUTPUT_SEALED: storage_seal(w, m, output); return;
    case OUTPUT_SERVE_BLOCKS: storage_serve(w, m, output); return;
    case OUTPUT_ANSWER: changes_answered(w, m, output); return;
    case OUTPUT_CUT:
        if (!m->epochs.unrecorded) m->journal.cut = max_u64(m->journal.cut, output->record - 1);
        return;
    case OUTPUT_NOTE: remark(w, m->place, "note: %s", output->text); return;
    case OUTPUT_PEER_BROKE:
        remark(w, m->place, "peer %u broke a rule: %s", output->peer, output->text);
        if (w->liar == VALIDATOR_NONE)
            fail(w, "rules: machine %u says peer %u broke one: %s", m->place, output->peer,
                 output->text);
        return;
    case OUTPUT_EPOCH_ENDED:
        remark(w, m->place, "epoch %llu ended with block %llu", (unsigned long long)output->epoch,
               (unsigned long long)output->height);
        m->epochs.ended = true;
        step_reached(w, m, STEP_SEALED);
        return;
    case OUTPUT_STOP:
        if (m->liar && output->exit_code == 81) { /* It has met its twin: it is not to come back. */
            m->gone = true;
            machine_doom(w, m, DOOM_KILL, w->now_ms + 1);
            return;
        }
        if (!disk_is_dead(m->disk))
            fail(w, "stopped: machine %u with %d: %s", m->place, output->exit_code, output->text);
        machine_doom(w, m, DOOM_POWER, w->now_ms + 700);
        return;
    default: return;
    }
}

static bool let_go_records(struct world *w, struct machine *m)
{
    uint64_t last = epochs_let_go(&m->epochs);
    if (last > 0) replica_durable(m->replica, moment_of(w), last);
    return last > 0;
}

static void arm(struct world *w, struct machine *m)
{
    uint64_t at = replica_wake_at(m->replica);
    if (at == UINT64_MAX) return;
    at = max_u64(at, w->now_ms + 1);
    if (m->timer_at_ms != 0 && m->timer_at_ms <= at) return;
    m->timer_at_ms = at;
    struct occasion event = occasion_of(m, ON_WAKE);
    event.number = at;
    push(w, at, event);
}

void machine_drain(struct world *w, struct machine *m)
{
    struct output output;
    if (!m->alive) return;
    do {
        while (replica_next(m->replica, &output)) {
            uint64_t words[2] = { word_of(&output), m->place ^ w->now_ms << 8 };
            trace_bytes(w, words, sizeof words);
            if (m->doom == DOOM_NONE && !w->failed) output_handle(w, m, &output);
            check_free(output.kind == OUTPUT_CHECK || output.kind == OUTPUT_ADMIT ? output.job
                                                                                  : NULL);
            output_release(&output);
        }
    } while (let_go_records(w, m));
    if (m->doom == DOOM_NONE && epochs_raise(&m->epochs, m->replica)) {
        m->journal.state = m->epochs.safety;
        m->journal.has_safety = true;
    }
    if (m->doom == DOOM_NONE && !m->epochs.unrecorded) storage_wake(w, m);
    if (m->doom == DOOM_NONE) turn_consider(w, m);
    if (m->doom == DOOM_NONE) {
        arm(w, m);
        return;
    }
    uint64_t again = m->doom_restart_ms;
    machine_end(w, m, m->doom);
    restart_at(w, m, again);
}
