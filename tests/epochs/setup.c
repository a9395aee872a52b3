/* What a seed draws, the genesis, and the disks as `init` leaves them. */
#include "setup.h"

#include "origin.h"
#include "tests/sim/keys.h"
#include "tests/sim/memory.h"
#include <stdio.h>
#include <stdlib.h>

enum {
    CLIENT_MS = 60,
    CHANGE_MS = 250,
    SHORT_MS = 15000, /* at most, until a short sequence is healed */
    LATE_MS = 1500,   /* and until its last machine is there */
    LONG_PERMILLE = 20,
};

enum {
    STREAM_PLAN = 1,
    STREAM_NET,
    STREAM_DISK,
    STREAM_LIFE,
    STREAM_THREADS,
    STREAM_CHANGES,
    STREAM_FAULTS,
    STREAM_LOAD
};

/* Most sequences are short: two to five changes, and the faults end soon after the last of them is
 * decided. On the others changes follow one another as long as the faults last. */
static void draw_length(struct world *w, struct stream *s, const struct setup *setup)
{
    bool is_long = stream_chance(s, LONG_PERMILLE);
    uint64_t most = stream_between(s, 2, 5);
    uint64_t changes = stream_between(s, 2, most);
    uint64_t pace = stream_between(s, 30, CHANGE_MS);
    uint64_t asks = stream_between(s, 10, CLIENT_MS);
    uint64_t behind = stream_between(s, 0, 800);
    uint64_t pause = stream_between(s, 100, 1500);
    uint64_t load = stream_between(s, 150, 1500);
    uint64_t few = stream_between(s, 3, 5);
    bool many = stream_chance(s, 100);
    w->change_ms = CHANGE_MS;
    w->client_ms = CLIENT_MS;
    w->pause_ms = 3000;
    w->vote_again_ms = 3000;
    w->changes_wanted = PROPOSALS_MAX;
    w->late_ms = w->faults_ms / 3;
    if (setup->lengths == LENGTHS_LONG || (setup->lengths == LENGTHS_BOTH && is_long)) return;
    w->changes_wanted = (uint16_t)changes;
    w->change_ms = pace;
    w->client_ms = asks;
    w->behind_ms = behind;
    w->faults_ms = SHORT_MS;
    w->late_ms = LATE_MS;
    w->pause_ms = pause;
    w->vote_again_ms = 10 * pace;
    w->crash_permille /= 2; /* they stand closer */
    w->load_ms = load;
    if (many) return;
    bool two = w->machines_count % 3 == 0;
    w->first_set = (uint16_t)max_u64(few, w->set_min);
    w->machines_count = (uint16_t)(w->first_set + 1 + two);
    if (w->liar != VALIDATOR_NONE) w->liar = (uint16_t)(w->liar % w->first_set);
}

static void draw_plan(struct world *w, const struct setup *setup)
{
    struct stream s = stream_of(w->seed, STREAM_PLAN);
    bool raft = stream_chance(&s, 400);
    uint64_t phases = stream_between(&s, 2, 3);
    uint64_t first = stream_between(&s, 3, SET_MAX);
    uint64_t more = stream_between(&s, 1, 4);
    bool lies = stream_chance(&s, 300);
    bool twin = stream_chance(&s, 600);
    w->liar = VALIDATOR_NONE;
    w->engine = raft ? ENGINE_RAFT : ENGINE_HOTSTUFF;
    w->phases = phases;
    w->set_min = 3;
    w->first_set = (uint16_t)first;
    uint64_t liar = stream_between(&s, 0, SET_MAX - 1);
    if (lies && !raft && !setup->no_faults) {
        w->set_min = 4;
        if (w->first_set < 4) w->first_set = 4;
        w->liar = (uint16_t)(liar % w->first_set);
        w->twin = twin;
    }
    w->machines_count = (uint16_t)min_u64(MACHINES_MAX, w->first_set + more);
    w->delay_ms = stream_between(&s, 1, 30);
    w->sync_ms = stream_between(&s, 1, 12);
    w->ledger_ms = stream_between(&s, 0, 12);
    w->load_ms = stream_between(&s, 60, 500);
    w->faults_ms = stream_between(&s, 8000, 30000);
    w->roll_bytes = stream_between(&s, 16, 256) * 1024;
    w->crash_permille = (unsigned)stream_between(&s, 0, 250);
    w->random_crash_permille = (unsigned)stream_between(&s, 0, 600);
    w->twin_side = (uint32_t)stream_next(&s);
    draw_length(w, &s, setup);
    w->no_faults = setup->no_faults;
    if (setup->no_faults) w->random_crash_permille = 0;
    w->net = stream_of(w->seed, STREAM_NET);
    w->disk = stream_of(w->seed, STREAM_DISK);
    w->life = stream_of(w->seed, STREAM_LIFE);
    w->threads = stream_of(w->seed, STREAM_THREADS);
    w->changes = stream_of(w->seed, STREAM_CHANGES);
    w->faults = stream_of(w->seed, STREAM_FAULTS);
    w->load = stream_of(w->seed, STREAM_LOAD);
}

/* ---- machines ---- */

static void machine_new(struct world *w, uint16_t place, uint16_t number)
{
    struct machine *m = &w->machines[place];
    m->world = w;
    m->place = place;
    m->number = number;
    m->liar = number == w->liar;
    m->withholds = m->liar && !w->twin;
    m->key = 1;
    m->keys = 2;
    machine_identity(m);
    snprintf(m->ledger_path, sizeof m->ledger_path, "/sim/%u/ledger.db", place);
    snprintf(m->journal_dir, sizeof m->journal_dir, "/sim/%u/journal", place);
    snprintf(m->safety_path, sizeof m->safety_path, "/sim/%u/safety", place);
}

static void machine_safety(struct world *w, struct machine *m)
{
    struct problem problem = { .text = "" };
    struct secret_key secret;
    struct public_key key;
    secret_of(m->number, m->key, &secret, &key);
    enum status status = safety_create(m->safety_path, &key, &w->genesis->chain_id, &problem);
    ASSERT(status == STATUS_OK);
}

static void machines_begin(struct world *w, const struct origin *origin)
{
    struct stream s = stream_of(w->seed, STREAM_LIFE + 100);
    w->judge = calloc(1, sizeof *w->judge);
    ASSERT(w->judge != NULL);
    for (uint16_t i = 0; i < w->machines_count; i++)
        machine_new(w, i, i);
    if (w->twin) machine_new(w, MACHINES_MAX, w->liar);
    for (uint16_t i = 0; i < w->first_set; i++)
        w->machines[i].identity.registered = true;
    judge_begin(w);
    w->judge->epochs[0].boundary_hash = origin->hash;
    for (uint16_t i = 0; i < PLACES_MAX; i++)
        if (i < w->machines_count || (i == MACHINES_MAX && w->twin)) {
            struct machine *m = &w->machines[i];
            bool late = i >= w->first_set && i != MACHINES_MAX;
            m->disk = disk_clone(origin->disk, i);
            machine_safety(w, m);
            uint64_t at = stream_between(&s, 0, late ? w->late_ms : 20);
            push(w, at, occasion_of(m, ON_RESTART));
        }
}

void setup_begin(struct world *w, const struct setup *setup, uint64_t seed)
{
    *w = (struct world){ .seed = seed, .trace = setup->trace, .figures = setup->figures };
    w->trace_hash = 0xcbf29ce484222325u;
    w->clients = calloc(CLIENTS_MAX, sizeof *w->clients);
    w->list = calloc(PROPOSALS_MAX + 1, sizeof *w->list);
    ASSERT(w->clients != NULL && w->list != NULL);
    memory_configure();
    disk_register_vfs();
    keys_use_mac(true);
    draw_plan(w, setup);
    const struct origin *origin = origin_of(w->engine, w->phases, w->first_set);
    w->genesis = origin->genesis;
    w->asset = asset_id();
    for (unsigned i = 0; i < ACCOUNTS; i++) {
        w->accounts[i] = account_id(i);
        w->account_keys[i] = *account_key(i);
    }
    disk_seed(seed);
    machines_begin(w, origin);
    static const enum occasion_type begun[] = { ON_PING, ON_CLIENT, ON_PAY, ON_CHANGE, ON_FAULT };
    for (unsigned i = 0; i < 5; i++)
        push(w, 30 + i, (struct occasion){ .type = begun[i] });
    if (w->twin) w->figures->twins++;
}

void setup_end(struct world *w)
{
    for (uint16_t i = 0; i < PLACES_MAX; i++) {
        struct machine *m = &w->machines[i];
        if (!m->disk) continue;
        storage_dies(w, m);
        disk_die_at(m->disk, 1);
        machine_close(m);
        disk_free(m->disk);
    }
    for (uint32_t i = 0; i < w->clients_count; i++)
        blob_unref(w->clients[i].transaction);
    free(w->clients);
    free(w->list);
    free(w->judge->slots);
    free(w->judge);
    keys_use_mac(false);
    memory_trim();
}
