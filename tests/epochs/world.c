/* Occasions in order of time, faults, the end of a run. */
#include "epochs.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { CALM_MS = 90000, PING_MS = 1000, LOOK_MS = 50 };

/* ---- words ---- */

void trace_bytes(struct world *w, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < size; i++)
        w->trace_hash = (w->trace_hash ^ at[i]) * 0x100000001b3u;
}

static void say(struct world *w, uint16_t place, const char *text)
{
    trace_bytes(w, text, strlen(text));
    if (!w->trace) return;
    if (place < PLACES_MAX)
        printf("%8llu ms  machine %u  %s\n", (unsigned long long)w->now_ms, place, text);
    else
        printf("%8llu ms             %s\n", (unsigned long long)w->now_ms, text);
}

void remark(struct world *w, uint16_t place, const char *format, ...)
{
    char text[600];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    say(w, place, text);
}

void fail(struct world *w, const char *format, ...)
{
    if (w->failed) return;
    w->failed = true;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(w->why, sizeof w->why, format, arguments);
    va_end(arguments);
    say(w, PLACES_MAX, w->why);
}

struct moment moment_of(const struct world *w)
{
    return (struct moment){ w->now_ms, wall_ms(w) };
}

/* ---- the queue ---- */

struct occasion occasion_of(const struct machine *m, enum occasion_type type)
{
    return (struct occasion){ .type = type, .to = m->place, .life = m->life };
}

static bool before(const struct occasion *a, const struct occasion *b)
{
    return a->at_ms < b->at_ms || (a->at_ms == b->at_ms && a->order < b->order);
}

void push(struct world *w, uint64_t at_ms, struct occasion event)
{
    if (w->heap_count == w->heap_capacity) {
        w->heap_capacity = w->heap_capacity ? 2 * w->heap_capacity : 1024;
        w->heap = realloc(w->heap, w->heap_capacity * sizeof *w->heap);
        ASSERT(w->heap != NULL);
    }
    event.at_ms = at_ms;
    event.order = w->order++;
    uint32_t i = w->heap_count++;
    while (i > 0 && before(&event, &w->heap[(i - 1) / 2])) {
        w->heap[i] = w->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    w->heap[i] = event;
}

static struct occasion pop(struct world *w)
{
    struct occasion top = w->heap[0];
    struct occasion last = w->heap[--w->heap_count];
    uint32_t i = 0;
    for (;;) {
        uint32_t child = 2 * i + 1;
        if (child >= w->heap_count) break;
        if (child + 1 < w->heap_count && before(&w->heap[child + 1], &w->heap[child])) child++;
        if (!before(&w->heap[child], &last)) break;
        w->heap[i] = w->heap[child];
        i = child;
    }
    if (w->heap_count > 0) w->heap[i] = last;
    return top;
}

static void occasion_free(struct occasion *event)
{
    blob_unref(event->blob);
    check_free(event->job);
    execution_free(event->execution);
    free(event->problem);
}

/* ---- faults ---- */

static void kill_later(struct world *w, uint16_t place)
{
    struct occasion event = { .type = ON_KILL, .to = place };
    event.number = stream_between(&w->faults, 0, 2);
    push(w, w->now_ms, event);
}

static uint16_t leader_now(const struct world *w, uint16_t otherwise)
{
    for (uint16_t i = 0; i < w->machines_count; i++) {
        const struct machine *m = &w->machines[i];
        if (!m->alive) continue;
        struct replica_status status;
        replica_status(m->replica, &status);
        if (m->epochs.self != VALIDATOR_NONE && status.engine.leader == m->epochs.self &&
            m->epochs.now->number == w->judge->epoch)
            return i;
    }
    return otherwise;
}

/* Behind a step of a change somebody may die: the machine itself, the leader, or anybody. */
void step_reached(struct world *w, struct machine *m, enum step step)
{
    if (w->healing || w->no_faults || !stream_chance(&w->faults, w->crash_permille)) return;
    uint64_t who = stream_between(&w->faults, 0, 99);
    uint16_t place = (uint16_t)stream_between(&w->faults, 0, w->machines_count - 1u);
    w->figures->crashes[step]++;
    if (m && who < 60) {
        uint64_t how = stream_between(&w->faults, 0, 3);
        uint64_t pause = stream_between(&w->faults, 20, w->pause_ms);
        if (how == 0) /* inside an operation of its disk */
            disk_die_at(m->disk, stream_between(&w->faults, 1, 40));
        else
            machine_doom(w, m, how == 1 ? DOOM_KILL : DOOM_POWER, w->now_ms + pause);
        return;
    }
    kill_later(w, who < 85 ? leader_now(w, place) : place);
}

static void on_kill(struct world *w, const struct occasion *event)
{
    struct machine *m = &w->machines[event->to];
    if (!m->alive || w->healing) return;
    uint64_t pause = stream_between(&w->faults, 20, w->pause_ms);
    machine_end(w, m, event->number == 0 ? DOOM_KILL : DOOM_POWER);
    push(w, w->now_ms + pause, occasion_of(m, ON_RESTART));
}

static void lose(struct world *w, struct machine *m, bool everything)
{
    uint64_t pause = stream_between(&w->faults, 20, w->pause_ms);
    machine_end(w, m, DOOM_POWER);
    disk_remove(m->disk, everything ? "" : "ledger.db");
    m->height = m->epochs.sealed_height = 0;
    m->mourns = w->judge->sealed;
    if (everything) {
        m->lost = true;
        m->lost_key = m->key;
        m->opened = 0;
        w->figures->all_lost++;
    } else {
        w->figures->ledgers_lost++;
    }
    remark(w, m->place, everything ? "has lost everything" : "has lost its ledger");
    push(w, w->now_ms + pause, occasion_of(m, ON_RESTART));
}

/* One at a time: the others must have what it has lost. */
static bool somebody_mourns(const struct world *w)
{
    for (uint16_t i = 0; i < w->machines_count; i++)
        if (w->machines[i].epochs.sealed_height < w->machines[i].mourns) return true;
    return false;
}

/* The only seal of an epoch's last block must not go with a ledger: whoever has it is in the next
 * epoch and signs no more in this one, and the others could need its signature. With a machine that
 * has lost its key these are two failures at once. */
static bool known_elsewhere(const struct world *w, const struct machine *m)
{
    for (uint16_t i = 0; i < w->machines_count; i++) {
        const struct machine *other = &w->machines[i];
        if (other != m && other->epochs.sealed_height >= m->epochs.sealed_height) return true;
    }
    return false;
}

static void on_fault(struct world *w)
{
    uint64_t again = stream_between(&w->faults, 200, 1500);
    uint64_t what = stream_between(&w->faults, 0, 99);
    uint16_t place = (uint16_t)stream_between(&w->faults, 0, w->machines_count - 1u);
    uint64_t last = stream_between(&w->faults, 100, w->pause_ms + 1000);
    uint32_t cut = (uint32_t)stream_next(&w->faults) & ((1u << w->machines_count) - 1);
    struct machine *m = &w->machines[place];
    if (w->healing) return;
    push(w, w->now_ms + again, (struct occasion){ .type = ON_FAULT });
    if (!stream_chance(&w->faults, w->random_crash_permille)) return;
    bool able = m->alive && m->doom == DOOM_NONE;
    if (what < 35) {
        w->figures->crashes_random++;
        kill_later(w, place);
    } else if (what < 70) {
        if (w->cut) return;
        w->cut = what < 55 ? 1u << place : cut;
        w->figures->cuts++;
        remark(w, PLACES_MAX, "cut %x", (unsigned)w->cut);
        network_links(w);
        push(w, w->now_ms + last, (struct occasion){ .type = ON_MEND });
    } else if (what < 85) {
        if (able && !m->liar && !somebody_mourns(w) && known_elsewhere(w, m)) lose(w, m, false);
    } else if (what < 93) {
        if (able && !m->liar && !somebody_mourns(w) && changes_may_lose(w, m)) lose(w, m, true);
    }
}

/* ---- a run ---- */

static void on_own(struct world *w, struct occasion *event)
{
    struct machine *m = &w->machines[event->to];
    struct moment moment = moment_of(w);
    switch (event->type) {
    case ON_FRAME: network_frame(w, m, event); break;
    case ON_WRITTEN: storage_written(w, m); break;
    case ON_CHECKED:
        replica_checked(m->replica, moment, event->job);
        event->job = NULL;
        break;
    case ON_LEDGER:
        if (event->output == OUTPUT_ADMIT)
            replica_admitted(m->replica, moment, event->job);
        else
            replica_executed(m->replica, moment, event->status, event->execution, event->problem);
        event->job = NULL;
        event->execution = NULL;
        break;
    case ON_CHECKPOINTED:
        if (event->epoch == m->epochs.now->number)
            replica_checkpointed(m->replica, moment, event->number);
        break;
    case ON_SAVED: turn_saved(w, m); break;
    case ON_WAKE:
        if (m->timer_at_ms != event->number) return;
        m->timer_at_ms = 0;
        replica_timer(m->replica, moment);
        break;
    default:
        push(w, w->now_ms + 1000, occasion_of(m, ON_HOUSE));
        storage_house(w, m);
        break;
    }
    machine_drain(w, m);
}

static void on_world(struct world *w, struct occasion *event)
{
    struct machine *m = &w->machines[event->to];
    switch (event->type) {
    case ON_RESTART:
        if (!m->alive && m->life == event->life && !(m->place == MACHINES_MAX && w->healing))
            machine_open(w, m);
        return;
    case ON_KILL: on_kill(w, event); return;
    case ON_PING:
        push(w, w->now_ms + PING_MS, *event);
        network_ping(w);
        return;
    case ON_CLIENT:
        push(w, w->now_ms + w->client_ms, *event);
        changes_ask(w);
        return;
    case ON_PAY:
        if (w->healing) return;
        push(w, w->now_ms + w->load_ms, *event);
        changes_load(w);
        return;
    case ON_CHANGE:
        push(w, w->now_ms + w->change_ms, *event);
        changes_turn(w);
        return;
    case ON_FAULT: on_fault(w); return;
    default:
        w->cut = 0;
        network_links(w);
        return;
    }
}

static void run_until(struct world *w, uint64_t at_ms)
{
    while (!w->failed && w->heap_count > 0 && w->heap[0].at_ms <= at_ms) {
        struct occasion event = pop(w);
        w->now_ms = event.at_ms;
        w->figures->events++;
        if (event.type > ON_OWN_LAST) {
            on_world(w, &event);
            continue;
        }
        const struct machine *m = &w->machines[event.to];
        uint64_t words[2] = { event.at_ms << 8 | event.to, event.type | (uint64_t)event.kind << 8 };
        trace_bytes(w, words, sizeof words);
        if (m->alive && m->life == event.life) on_own(w, &event);
        occasion_free(&event);
    }
    if (!w->failed) w->now_ms = at_ms;
}

/* Nothing goes wrong any more, and who is down comes back. */
static void heal(struct world *w)
{
    w->healing = true;
    w->cut = 0;
    remark(w, PLACES_MAX, "all is healed");
    if (w->machines[MACHINES_MAX].alive) machine_end(w, &w->machines[MACHINES_MAX], DOOM_KILL);
    for (uint16_t i = 0; i < w->machines_count; i++) {
        struct machine *m = &w->machines[i];
        disk_die_at(m->disk, 0);
        m->doom = DOOM_NONE;
        if (!m->alive) machine_open(w, m);
    }
    network_links(w);
}

/* Whatever was admitted is final, and every machine has the same sealed head, in the last epoch. */
static bool all_final(const struct world *w, char why[200])
{
    const struct judge *j = w->judge;
    for (uint32_t i = 0; i < w->clients_count; i++)
        if (!w->clients[i].done) {
            const struct client *c = &w->clients[i];
            snprintf(why, 200, "transaction %u waits at machine %d%s", i,
                     c->machine == VALIDATOR_NONE ? -1 : c->machine,
                     c->admitted ? ", admitted" : "");
            return false;
        }
    for (uint16_t i = 0; i < w->machines_count; i++) {
        const struct machine *m = &w->machines[i];
        if (m->gone) continue;
        if (m->alive && m->height == j->height && m->epochs.sealed_height == j->height &&
            m->epochs.now->number == j->epoch)
            continue;
        snprintf(why, 200, "machine %u%s: height %llu of %llu, sealed %llu, epoch %llu of %llu", i,
                 m->alive ? "" : " is down", (unsigned long long)m->height,
                 (unsigned long long)j->height, (unsigned long long)m->epochs.sealed_height,
                 m->epochs.now ? (unsigned long long)m->epochs.now->number : 0,
                 (unsigned long long)j->epoch);
        return false;
    }
    return true;
}

static void run_until_final(struct world *w)
{
    uint64_t deadline = w->now_ms + CALM_MS;
    char why[200];
    while (!w->failed && !all_final(w, why)) {
        if (w->now_ms >= deadline) fail(w, "liveness: %s", why);
        run_until(w, w->now_ms + LOOK_MS);
    }
}

/* The last set is the one that votes, all of it but those whose promises are lost. */
static void check_votes(struct world *w)
{
    for (uint16_t i = 0; i < w->machines_count && !w->failed; i++) {
        const struct machine *m = &w->machines[i];
        bool silent = m->lost && m->key == m->lost_key;
        if (m->gone) continue;
        if (judge_in_set(w, m) != (m->epochs.self != VALIDATOR_NONE))
            fail(w, "votes: machine %u does not know its place", i);
        else if (m->epochs.votes != (judge_in_set(w, m) && !silent))
            fail(w, "votes: machine %u %s", i, m->epochs.votes ? "votes" : "does not vote");
    }
}

void world_run(struct world *w)
{
    while (!w->failed && w->now_ms < w->faults_ms && !changes_decided(w))
        run_until(w, w->now_ms + LOOK_MS);
    run_until(w, min_u64(w->faults_ms, w->now_ms + w->behind_ms));
    if (!w->failed) heal(w);
    run_until_final(w);
    if (!w->failed) pay(w);
    run_until_final(w);
    check_votes(w);
    if (!w->failed) judge_finish(w);
    w->figures->virtual_ms += w->now_ms;
    for (uint32_t i = 0; i < w->heap_count; i++)
        occasion_free(&w->heap[i]);
    free(w->heap);
    w->heap = NULL;
    w->heap_count = 0;
}
