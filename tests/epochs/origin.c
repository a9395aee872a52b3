#include "origin.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    PHASES_MAX = 3,
    FIRST_DISK = 200, /* where the disks are mounted that machines copy */
    KEYS_OF_SEALS = 1000,
    KEYS_OF_NODES = 5000,
    KEYS_OF_ACCOUNTS = 100,
    MEMBERS = 4, /* of the accounts, at the beginning */
};

/* ---- keys ---- */

struct pair {
    bool made;
    struct secret_key secret;
    struct public_key key;
};

static const struct pair *pair_of(struct pair *pair, uint64_t number)
{
    uint8_t seed[32] = { 0 };
    if (pair->made) return pair;
    store_u64(seed, number);
    key_from_seed(seed, &pair->secret, &pair->key);
    pair->made = true;
    return pair;
}

void secret_of(uint16_t machine, unsigned key, struct secret_key *secret,
               struct public_key *public_key)
{
    static struct pair pairs[MACHINES_MAX * KEYS_A_MACHINE];
    unsigned number = machine * (unsigned)KEYS_A_MACHINE + key;
    ASSERT(key < KEYS_A_MACHINE && machine < MACHINES_MAX);
    const struct pair *pair = pair_of(&pairs[number], KEYS_OF_SEALS + number);
    *secret = pair->secret;
    *public_key = pair->key;
}

struct identity identity_of(uint16_t machine, unsigned nth)
{
    static struct pair pairs[MACHINES_MAX * KEYS_A_MACHINE];
    struct identity identity = { .registered = false };
    unsigned number = machine * (unsigned)KEYS_A_MACHINE + nth;
    ASSERT(nth < KEYS_A_MACHINE && machine < MACHINES_MAX);
    identity.id.bytes[14] = (uint8_t)nth;
    identity.id.bytes[15] = (uint8_t)(machine + 1);
    identity.node_key = pair_of(&pairs[number], KEYS_OF_NODES + number)->key;
    return identity;
}

static const struct pair *account_pair(unsigned account)
{
    static struct pair pairs[ACCOUNTS];
    ASSERT(account < ACCOUNTS);
    return pair_of(&pairs[account], KEYS_OF_ACCOUNTS + account);
}

const struct secret_key *account_key(unsigned account)
{
    return &account_pair(account)->secret;
}

/* ---- genesis ---- */

struct id account_id(unsigned account)
{
    struct id id = { .bytes[15] = (uint8_t)(account + 1) };
    return id;
}

static const uint8_t asset_code[] = { 'E', 'U', 'R' };

static struct genesis_asset asset_of(void)
{
    struct genesis_asset asset = {
        .issuer = account_id(0), .scale = 2, .max_supply = INT64_MAX, .supply = 1000000u * ACCOUNTS
    };
    memcpy(asset.code, asset_code, sizeof asset_code);
    asset.id = asset_id_of(&asset.issuer, asset.code);
    return asset;
}

struct id asset_id(void)
{
    return asset_of().id;
}

static void add_validators(struct genesis *genesis, uint16_t first_set)
{
    genesis->committee.count = first_set;
    genesis->validators = calloc(first_set, sizeof *genesis->validators);
    ASSERT(genesis->validators != NULL);
    for (uint16_t i = 0; i < first_set; i++) {
        struct validator *validator = &genesis->committee.validators[i];
        struct genesis_validator *more = &genesis->validators[i];
        struct identity identity = identity_of(i, 0);
        struct secret_key secret;
        validator->id = identity.id;
        validator->member = account_id(0);
        secret_of(i, 1, &secret, &validator->seal_key);
        more->node_key = identity.node_key;
        snprintf(more->endpoint, sizeof more->endpoint, "127.0.0.1:%u", 7000u + i);
        possession_sign(&secret, genesis->network, &validator->id, &validator->member,
                        &more->node_key, &more->possession);
    }
}

static void add_accounts(struct genesis *genesis)
{
    genesis->member_count = MEMBERS;
    genesis->members = calloc(MEMBERS, sizeof *genesis->members);
    genesis->account_count = genesis->balance_count = ACCOUNTS;
    genesis->accounts = calloc(ACCOUNTS, sizeof *genesis->accounts);
    genesis->balances = calloc(ACCOUNTS, sizeof *genesis->balances);
    genesis->asset_count = 1;
    genesis->assets = calloc(1, sizeof *genesis->assets);
    ASSERT(genesis->members && genesis->accounts && genesis->balances && genesis->assets);
    genesis->assets[0] = asset_of();
    for (uint16_t i = 0; i < ACCOUNTS; i++) {
        struct genesis_account *account = &genesis->accounts[i];
        account->id = account_id(i);
        account->roles = i == 0 ? ROLE_ALL : 0;
        account->low = account->medium = account->high = 1;
        account->signer_count = 1;
        account->signers[0] = (struct account_signer){ account_pair(i)->key, 1 };
        genesis->balances[i] =
            (struct genesis_balance){ account->id, genesis->assets[0].id, 1000000 };
    }
    for (uint16_t i = 0; i < MEMBERS; i++) {
        genesis->members[i].account = account_id(i);
        snprintf(genesis->members[i].name, sizeof genesis->members[i].name, "member %u", i);
    }
}

static struct genesis *make_genesis(enum engine_kind engine, uint64_t phases, uint16_t first_set)
{
    struct problem problem = { .text = "" };
    struct genesis *genesis = genesis_new("epochs", PURPOSE_TEST, WALL_BASE_MS - 1000, engine,
                                          engine == ENGINE_RAFT ? FAULT_CRASH : FAULT_BYZANTINE);
    ASSERT(genesis != NULL);
    genesis->params.values[PARAM_validators_min] = 1;
    genesis->params.values[PARAM_tick_gap_ms_min] = 200;
    for (size_t i = 0; i < genesis->params.engine_count; i++)
        if (strcmp(genesis->params.engine[i].name, "phases") == 0)
            genesis->params.engine[i].value = phases;
    add_validators(genesis, first_set);
    add_accounts(genesis);
    enum status status = genesis_seal(genesis, &problem);
    if (status != STATUS_OK) fprintf(stderr, "the genesis: %s\n", problem.text);
    ASSERT(status == STATUS_OK);
    return genesis;
}

/* ---- the disk ---- */

static int drop_view(void *user, int count, char **values, char **names)
{
    char sql[200];
    (void)count;
    (void)names;
    snprintf(sql, sizeof sql, "DROP VIEW %s", values[0]);
    return sqlite3_exec(user, sql, NULL, NULL, NULL);
}

static void drop_views(const char *path)
{
    sqlite3 *db = NULL;
    int code = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, "sim");
    if (code == SQLITE_OK)
        code = sqlite3_exec(db, "SELECT name FROM sqlite_schema WHERE type = 'view'", drop_view, db,
                            NULL);
    ASSERT(code == SQLITE_OK);
    code = sqlite3_close(db);
    ASSERT(code == SQLITE_OK);
}

static void make_disk(struct origin *origin, unsigned number)
{
    char path[40];
    struct problem problem = { .text = "" };
    struct ledger_options options = { .cache_bytes = 1024 * 1024, .vfs = "sim" };
    struct ledger *ledger;
    snprintf(path, sizeof path, "/sim/%u/ledger.db", number);
    disk_seed(number);
    origin->disk = disk_new(number);
    enum status status = ledger_open(&ledger, origin->genesis, path, &options, &problem);
    if (status != STATUS_OK) fprintf(stderr, "%s\n", problem.text);
    ASSERT(status == STATUS_OK);
    origin->hash = ledger_head(ledger)->hash;
    ledger_close(ledger);
    drop_views(path);
}

const struct origin *origin_of(enum engine_kind engine, uint64_t phases, uint16_t first_set)
{
    static struct origin origins[(PHASES_MAX + 1) * (SET_MAX + 1)];
    unsigned number = engine == ENGINE_RAFT ? 0 : (unsigned)phases;
    ASSERT(phases <= PHASES_MAX && first_set <= SET_MAX);
    number = number * (SET_MAX + 1) + first_set;
    struct origin *origin = &origins[number];
    if (origin->genesis) return origin;
    origin->genesis = make_genesis(engine, phases, first_set);
    make_disk(origin, FIRST_DISK + number);
    return origin;
}
