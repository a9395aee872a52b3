/* What a seed draws, the genesis, and the disks as `init` leaves them. */
#include "setup.h"

#include "tests/sim/keys.h"
#include <stdio.h>
#include <stdlib.h>

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

/* ---- genesis ---- */

static void add_validators(struct world *w, struct genesis *genesis)
{
    genesis->committee.count = w->first_set;
    genesis->validators = calloc(w->first_set, sizeof *genesis->validators);
    ASSERT(genesis->validators != NULL);
    for (uint16_t i = 0; i < w->first_set; i++) {
        struct validator *validator = &genesis->committee.validators[i];
        struct genesis_validator *more = &genesis->validators[i];
        struct secret_key secret;
        validator->id = w->machines[i].identity.id;
        validator->member = w->accounts[0];
        secret_of(i, 1, &secret, &validator->seal_key);
        more->node_key = w->machines[i].identity.node_key;
        snprintf(more->endpoint, sizeof more->endpoint, "127.0.0.1:%u", 7000u + i);
        possession_sign(&secret, genesis->network, &validator->id, &validator->member,
                        &more->node_key, &more->possession);
        w->machines[i].identity.registered = true;
    }
}

static void add_accounts(struct world *w, struct genesis *genesis)
{
    genesis->member_count = 4;
    genesis->members = calloc(4, sizeof *genesis->members);
    genesis->account_count = genesis->balance_count = ACCOUNTS;
    genesis->accounts = calloc(ACCOUNTS, sizeof *genesis->accounts);
    genesis->balances = calloc(ACCOUNTS, sizeof *genesis->balances);
    genesis->asset_count = 1;
    genesis->assets = calloc(1, sizeof *genesis->assets);
    ASSERT(genesis->members && genesis->accounts && genesis->balances && genesis->assets);
    struct genesis_asset *asset = &genesis->assets[0];
    asset->issuer = w->accounts[0];
    memcpy(asset->code, "EUR", 3);
    asset->scale = 2;
    asset->max_supply = INT64_MAX;
    asset->supply = 1000000u * ACCOUNTS;
    asset->id = w->asset = asset_id_of(&asset->issuer, asset->code);
    for (uint16_t i = 0; i < ACCOUNTS; i++) {
        struct genesis_account *account = &genesis->accounts[i];
        struct public_key key;
        uint8_t seed[32] = { 0 };
        store_u64(seed, 100 + i);
        key_from_seed(seed, &w->account_keys[i], &key);
        account->id = w->accounts[i];
        account->roles = i == 0 ? ROLE_ALL : 0;
        account->low = account->medium = account->high = 1;
        account->signer_count = 1;
        account->signers[0] = (struct account_signer){ key, 1 };
        genesis->balances[i] = (struct genesis_balance){ w->accounts[i], w->asset, 1000000 };
    }
    for (uint16_t i = 0; i < 4; i++) {
        genesis->members[i].account = w->accounts[i];
        snprintf(genesis->members[i].name, sizeof genesis->members[i].name, "member %u", i);
    }
}

static void make_genesis(struct world *w)
{
    bool raft = w->engine == ENGINE_RAFT;
    for (uint16_t i = 0; i < ACCOUNTS; i++)
        w->accounts[i].bytes[15] = (uint8_t)(i + 1);
    struct genesis *genesis = genesis_new("epochs", PURPOSE_TEST, WALL_BASE_MS - 1000, w->engine,
                                          raft ? FAULT_CRASH : FAULT_BYZANTINE);
    ASSERT(genesis != NULL);
    genesis->params.values[PARAM_validators_min] = 1;
    genesis->params.values[PARAM_tick_gap_ms_min] = 200;
    for (size_t i = 0; i < genesis->params.engine_count; i++)
        if (strcmp(genesis->params.engine[i].name, "phases") == 0)
            genesis->params.engine[i].value = w->phases;
    add_validators(w, genesis);
    add_accounts(w, genesis);
    struct problem problem = { .text = "" };
    enum status status = genesis_seal(genesis, &problem);
    if (status != STATUS_OK) fprintf(stderr, "the genesis: %s\n", problem.text);
    ASSERT(status == STATUS_OK);
    w->genesis = genesis;
}

/* ---- machines ---- */

static void machine_new(struct world *w, uint16_t place, uint16_t number)
{
    struct machine *m = &w->machines[place];
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

static void machine_disk(struct world *w, struct machine *m)
{
    struct problem problem = { .text = "" };
    m->disk = m->place == 0 ? disk_new(0) : disk_clone(w->machines[0].disk, m->place);
    if (m->place == 0) {
        struct ledger_options options = { .cache_bytes = 1024 * 1024, .vfs = "sim" };
        struct ledger *ledger;
        enum status status = ledger_open(&ledger, w->genesis, m->ledger_path, &options, &problem);
        if (status != STATUS_OK) fprintf(stderr, "%s\n", problem.text);
        ASSERT(status == STATUS_OK);
        w->judge->epochs[0].boundary_hash = ledger_head(ledger)->hash;
        ledger_close(ledger);
    }
}

/* After the others' disks are copies of it. */
static void machine_safety(struct world *w, struct machine *m)
{
    struct problem problem = { .text = "" };
    struct secret_key secret;
    struct public_key key;
    secret_of(m->number, m->key, &secret, &key);
    enum status status = safety_create(m->safety_path, &key, &w->genesis->chain_id, &problem);
    ASSERT(status == STATUS_OK);
}

static void machines_begin(struct world *w)
{
    struct stream s = stream_of(w->seed, STREAM_LIFE + 100);
    w->judge = calloc(1, sizeof *w->judge);
    ASSERT(w->judge != NULL);
    for (uint16_t i = 0; i < w->machines_count; i++)
        machine_new(w, i, i);
    if (w->twin) machine_new(w, MACHINES_MAX, w->liar);
    make_genesis(w);
    judge_begin(w);
    for (uint16_t i = 0; i < PLACES_MAX; i++)
        if (i < w->machines_count || (i == MACHINES_MAX && w->twin))
            machine_disk(w, &w->machines[i]);
    for (uint16_t i = 0; i < PLACES_MAX; i++)
        if (i < w->machines_count || (i == MACHINES_MAX && w->twin)) {
            struct machine *m = &w->machines[i];
            bool late = i >= w->first_set && i != MACHINES_MAX;
            machine_safety(w, m);
            uint64_t at = stream_between(&s, 0, late ? w->faults_ms / 3 : 20);
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
    disk_register_vfs();
    disk_seed(seed);
    keys_use_mac(true);
    draw_plan(w, setup);
    machines_begin(w);
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
    genesis_free(w->genesis);
    keys_use_mac(false);
}
