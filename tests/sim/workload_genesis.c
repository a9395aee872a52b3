/* The genesis of a simulated network. Nothing in it is drawn: a disk prepared for a number of
 * members and an engine's parameters serves every run with them. */
#include "workload_internal.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    SEAL_KEYS = 1000, /* numbers of keys: a validator's first one ... */
    NODE_KEYS = 2000,
    VALUE_MAX = 1024,         /* of a key: small, so that some are too large */
    HOLD_SWEEP_MAX = 2,       /* so few that others have to wait */
    GRACE_MS = 1000,          /* small, so that references are swept during a run */
    FIRST_EUR = 1000,         /* of each account: small, so that they run out */
    FIRST_OIL = 200,          /* of the two accounts that have any */
    MOST_OIL = 2000,          /* soon reached */
    GENESIS_BEFORE_MS = 1000, /* the first block */
    NODES_MIN = 4,            /* of the default parameters */
};

void workload_key(uint64_t number, struct secret_key *secret, struct public_key *key)
{
    uint8_t seed[32] = { 0 };
    store_u64(seed, number);
    key_from_seed(seed, secret, key);
}

struct id workload_account(uint64_t number)
{
    struct id id = { { 0 } };
    store_u64(id.bytes + 8, 0);
    id.bytes[14] = (uint8_t)(number >> 8);
    id.bytes[15] = (uint8_t)number;
    return id;
}

struct id workload_asset(enum workload_asset asset)
{
    static const char *const codes[] = { "EUR", "OIL" };
    uint8_t code[12] = { 0 };
    memcpy(code, codes[asset], 3);
    struct id issuer = workload_account(asset == ASSET_EUR ? ACCOUNT_BANK : ACCOUNT_ISSUER);
    return asset_id_of(&issuer, code);
}

static void add_validators(struct genesis *genesis, uint16_t count, struct secret_key *seal_keys)
{
    genesis->committee.count = count;
    genesis->validators = calloc(count, sizeof *genesis->validators);
    genesis->member_count = 1;
    genesis->members = calloc(1, sizeof *genesis->members);
    ASSERT(genesis->validators != NULL);
    ASSERT(genesis->members != NULL);
    genesis->members[0].account = workload_account(ACCOUNT_BANK);
    snprintf(genesis->members[0].name, sizeof genesis->members[0].name, "bank");
    for (uint16_t i = 0; i < count; i++) {
        struct validator *validator = &genesis->committee.validators[i];
        struct genesis_validator *more = &genesis->validators[i];
        struct secret_key node_key;
        validator->id.bytes[15] = (uint8_t)(i + 1);
        validator->member = genesis->members[0].account;
        workload_key(SEAL_KEYS + i, &seal_keys[i], &validator->seal_key);
        workload_key(NODE_KEYS + i, &node_key, &more->node_key);
        snprintf(more->endpoint, sizeof more->endpoint, "127.0.0.1:%u", 7000u + i);
        possession_sign(&seal_keys[i], genesis->network, &validator->id, &validator->member,
                        &more->node_key, &more->possession);
    }
}

static void add_signer(struct genesis_account *account, uint64_t number)
{
    struct secret_key secret;
    struct account_signer signer = { .weight = 1 };
    workload_key(number, &secret, &signer.key);
    account->signers[account->signer_count++] = signer;
}

static void add_accounts(struct genesis *genesis)
{
    genesis->account_count = WORKLOAD_ACCOUNTS;
    genesis->accounts = calloc(WORKLOAD_ACCOUNTS, sizeof *genesis->accounts);
    ASSERT(genesis->accounts != NULL);
    for (uint32_t i = 0; i < WORKLOAD_ACCOUNTS; i++) {
        struct genesis_account *account = &genesis->accounts[i];
        account->id = workload_account(i + 1);
        account->low = account->medium = account->high = 1;
        add_signer(account, workload_key_numbers[i]);
    }
    genesis->accounts[ACCOUNT_BANK - 1].roles = ROLE_ALL;
    genesis->accounts[ACCOUNT_ISSUER - 1].roles = ROLE_REGISTRAR | ROLE_ISSUER;

    struct genesis_account *shared = &genesis->accounts[ACCOUNT_SHARED - 1];
    add_signer(shared, workload_key_numbers[KEY_SHARED]);
    add_signer(shared, workload_key_numbers[KEY_SHARED + 1]);
    shared->medium = 2;
    shared->high = 3;
    add_signer(&genesis->accounts[ACCOUNT_TURNING - 1], workload_key_numbers[KEY_TURNING]);
}

static void add_asset(struct genesis_asset *asset, enum workload_asset which, uint64_t max_supply,
                      uint64_t supply)
{
    asset->issuer = workload_account(which == ASSET_EUR ? ACCOUNT_BANK : ACCOUNT_ISSUER);
    memcpy(asset->code, which == ASSET_EUR ? "EUR" : "OIL", 3);
    asset->scale = 2;
    asset->max_supply = max_supply;
    asset->supply = supply;
    asset->id = workload_asset(which);
}

static void add_balances(struct genesis *genesis)
{
    genesis->asset_count = 2;
    genesis->assets = calloc(2, sizeof *genesis->assets);
    genesis->balance_count = WORKLOAD_ACCOUNTS + 2;
    genesis->balances = calloc(WORKLOAD_ACCOUNTS + 2, sizeof *genesis->balances);
    ASSERT(genesis->assets != NULL);
    ASSERT(genesis->balances != NULL);
    add_asset(&genesis->assets[0], ASSET_EUR, TX_AMOUNT_MAX, FIRST_EUR * WORKLOAD_ACCOUNTS);
    add_asset(&genesis->assets[1], ASSET_OIL, MOST_OIL, 2 * FIRST_OIL);

    struct id eur = workload_asset(ASSET_EUR), oil = workload_asset(ASSET_OIL);
    for (uint32_t i = 0; i < WORKLOAD_ACCOUNTS; i++)
        genesis->balances[i] = (struct genesis_balance){ workload_account(i + 1), eur, FIRST_EUR };
    for (uint32_t i = 0; i < 2; i++)
        genesis->balances[WORKLOAD_ACCOUNTS + i] =
            (struct genesis_balance){ workload_account(i + 1), oil, FIRST_OIL };
}

static void set_engine_param(struct params *params, const char *name, uint64_t value)
{
    for (uint16_t i = 0; i < params->engine_count; i++)
        if (strcmp(params->engine[i].name, name) == 0) params->engine[i].value = value;
}

static void set_engine_params(struct params *params, const struct plan *plan)
{
    if (plan_is_raft(plan)) {
        set_engine_param(params, "heartbeat_ms", plan->heartbeat_ms);
        set_engine_param(params, "election_ms_min", plan->election_ms_min);
        set_engine_param(params, "election_ms_max", plan->election_ms_max);
        set_engine_param(params, "lease_ms", plan->lease_ms);
    } else {
        set_engine_param(params, "phases", plan->phases);
    }
}

struct genesis *workload_genesis(uint16_t nodes, uint16_t phases, struct secret_key *seal_keys)
{
    struct plan plan = { .nodes = nodes, .engine = ENGINE_HOTSTUFF, .phases = phases };
    return workload_genesis_of(&plan, seal_keys);
}

struct genesis *workload_genesis_of(const struct plan *plan, struct secret_key *seal_keys)
{
    struct genesis *genesis = genesis_new(
        "sim", PURPOSE_TEST, WORKLOAD_WALL_BASE * UINT64_C(1000) - GENESIS_BEFORE_MS,
        (enum engine_kind)plan->engine, plan_is_raft(plan) ? FAULT_CRASH : FAULT_BYZANTINE);
    ASSERT(genesis != NULL);
    if (plan->nodes < NODES_MIN) genesis->params.values[PARAM_validators_min] = 1;
    genesis->params.values[PARAM_window_grace_ms] = GRACE_MS;
    genesis->params.values[PARAM_kv_value_max] = VALUE_MAX;
    genesis->params.values[PARAM_hold_sweep_max] = HOLD_SWEEP_MAX;
    set_engine_params(&genesis->params, plan);
    add_validators(genesis, plan->nodes, seal_keys);
    add_accounts(genesis);
    add_balances(genesis);

    struct problem problem = { .status = STATUS_OK };
    enum status status = genesis_seal(genesis, &problem);
    if (status != STATUS_OK) fprintf(stderr, "the genesis: %s\n", problem.text);
    ASSERT(status == STATUS_OK);
    return genesis;
}
