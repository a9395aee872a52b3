/* tests/unit/genesis/sample.h -- the consortiums of genesis/samples/, built from published seeds.
 *
 * Everything that would be random is the SHA-256 of a label, so that anybody can make the same
 * files again, keys included: of "witan sample: byzantine-4 validator 1 seal" the 32 bytes are the
 * seed of a key, of "witan sample: byzantine-4 validator 1 id" the first 16 are an id. Such keys
 * protect nothing; the purpose of the samples is test.
 */
#ifndef TESTS_GENESIS_SAMPLE_H
#define TESTS_GENESIS_SAMPLE_H

#include "genesis/genesis.h"

#include <stdio.h>
#include <stdlib.h>

enum { SAMPLE_COUNT = 3 };

struct sample_plan {
    const char *name;
    enum fault_model fault_model;
    enum engine_kind engine;
    uint16_t validators;
};

static const struct sample_plan sample_plans[SAMPLE_COUNT] = {
    { "byzantine-4", FAULT_BYZANTINE, ENGINE_HOTSTUFF, 4 },
    { "crash-3", FAULT_CRASH, ENGINE_RAFT, 3 },
    { "development-1", FAULT_BYZANTINE, ENGINE_HOTSTUFF, 1 },
};

enum { SAMPLE_TIME_DAYS = 20454 }; /* 2026-01-01 */

static inline struct digest sample_hash(const struct sample_plan *plan, const char *what)
{
    char label[160];
    snprintf(label, sizeof label, "witan sample: %.40s %.90s", plan->name, what);
    struct span part = span_text(label);
    return digest_plain(&part, 1);
}

static inline struct id sample_id(const struct sample_plan *plan, const char *what)
{
    struct digest digest = sample_hash(plan, what);
    struct id id;
    memcpy(id.bytes, digest.bytes, sizeof id.bytes);
    return id;
}

static inline struct public_key sample_key(const struct sample_plan *plan, const char *what,
                                           struct secret_key *secret)
{
    struct digest seed = sample_hash(plan, what);
    struct public_key public_key;
    struct secret_key unused;
    key_from_seed(seed.bytes, secret ? secret : &unused, &public_key);
    return public_key;
}

static inline struct id sample_member_id(const struct sample_plan *plan, unsigned number)
{
    char what[32];
    snprintf(what, sizeof what, "member %u id", number);
    return sample_id(plan, what);
}

/* Signs validator i (as it stands now in the arrays) with the seal key of its number. */
static inline void sample_possess(struct genesis *genesis, const struct sample_plan *plan,
                                  unsigned i, unsigned number)
{
    char what[96];
    struct secret_key secret;
    snprintf(what, sizeof what, "validator %u seal", number);
    sample_key(plan, what, &secret);
    const struct validator *validator = &genesis->committee.validators[i];
    possession_sign(&secret, genesis->network, &validator->id, &validator->member,
                    &genesis->validators[i].node_key, &genesis->validators[i].possession);
}

static inline void sample_validator(struct genesis *genesis, const struct sample_plan *plan,
                                    unsigned i)
{
    char what[96];
    unsigned number = i + 1;
    struct validator *validator = &genesis->committee.validators[i];
    struct genesis_validator *more = &genesis->validators[i];
    snprintf(what, sizeof what, "validator %u id", number);
    validator->id = sample_id(plan, what);
    validator->member = sample_member_id(plan, number);
    snprintf(what, sizeof what, "validator %u seal", number);
    validator->seal_key = sample_key(plan, what, NULL);
    snprintf(what, sizeof what, "validator %u node", number);
    more->node_key = sample_key(plan, what, NULL);
    snprintf(more->endpoint, sizeof more->endpoint, "127.0.0.1:%u", 7789 + number);
    sample_possess(genesis, plan, i, number);
}

static inline void sample_account(struct genesis_account *account, const struct sample_plan *plan,
                                  struct id id, const char *name, uint8_t signers, uint16_t medium)
{
    account->id = id;
    account->low = 1;
    account->medium = medium;
    account->high = medium;
    account->signer_count = signers;
    for (unsigned i = 0; i < signers; i++) {
        char what[96];
        snprintf(what, sizeof what, "%.60s signer %u", name, i + 1);
        account->signers[i].key = sample_key(plan, what, NULL);
        account->signers[i].weight = 1;
    }
}

static inline void sample_money(struct genesis *genesis, const struct sample_plan *plan)
{
    struct id treasury = sample_id(plan, "treasury id");
    struct genesis_asset *asset = &genesis->assets[0];
    memcpy(asset->code, "EUR", 3);
    asset->issuer = treasury;
    asset->id = asset_id_of(&treasury, asset->code);
    asset->scale = 2;
    asset->max_supply = UINT64_C(9000000000000000);
    asset->supply = UINT64_C(100000000000);
    genesis->balances[0] = (struct genesis_balance){ treasury, asset->id, asset->supply };
}

/* The document before it is sealed: member and validator number i + 1 stand at i; the first
 * member's account has three signers; account `validators` is the treasury, which issued EUR. */
static inline struct genesis *sample_draft(const struct sample_plan *plan)
{
    struct genesis *genesis =
        genesis_new(plan->name, PURPOSE_TEST, SAMPLE_TIME_DAYS * UINT64_C(86400000), plan->engine,
                    plan->fault_model);
    unsigned count = plan->validators;
    genesis->committee.count = plan->validators;
    genesis->member_count = plan->validators;
    genesis->account_count = count + 1;
    genesis->asset_count = 1;
    genesis->balance_count = 1;
    genesis->validators = calloc(count, sizeof *genesis->validators);
    genesis->members = calloc(count, sizeof *genesis->members);
    genesis->accounts = calloc(count + 1, sizeof *genesis->accounts);
    genesis->assets = calloc(1, sizeof *genesis->assets);
    genesis->balances = calloc(1, sizeof *genesis->balances);
    for (unsigned i = 0; i < count; i++) {
        char what[96];
        snprintf(what, sizeof what, "member %u", i + 1);
        genesis->members[i].account = sample_member_id(plan, i + 1);
        snprintf(genesis->members[i].name, MEMBER_NAME_MAX + 1, "bank-%c", (char)('a' + i));
        sample_account(&genesis->accounts[i], plan, genesis->members[i].account, what,
                       i == 0 ? 3 : 1, i == 0 ? 2 : 1);
        sample_validator(genesis, plan, i);
    }
    genesis->accounts[0].roles = ROLE_REGISTRAR | ROLE_FREEZER;
    sample_account(&genesis->accounts[count], plan, sample_id(plan, "treasury id"), "treasury", 1,
                   1);
    genesis->accounts[count].roles = ROLE_REGISTRAR | ROLE_ISSUER;
    sample_money(genesis, plan);
    return genesis;
}

/* Sealed; NULL with the problem on stderr if a sample is wrong. */
static inline struct genesis *sample_build(const struct sample_plan *plan)
{
    struct genesis *genesis = sample_draft(plan);
    struct problem problem;
    if (genesis_seal(genesis, &problem) == STATUS_OK) return genesis;
    fprintf(stderr, "%s: %s\n", plan->name, problem.text);
    genesis_free(genesis);
    return NULL;
}

static inline void sample_path(const struct sample_plan *plan, char path[512])
{
    snprintf(path, 512, "%s/genesis/samples/%s.json", WITAN_SOURCE, plan->name);
}

#endif
