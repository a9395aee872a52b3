#include "proof/anchor.h"

#include "crypto/merkle.h"
#include "format/records.h"

#include <stdlib.h>

struct leaf_list {
    struct state_leaf *leaves;
    size_t count, room;
};

static void add_leaf(struct leaf_list *list, const struct state_leaf *leaf)
{
    ASSERT(list->count < list->room);
    list->leaves[list->count++] = *leaf;
}

static int compare_paths(const void *a, const void *b)
{
    return digest_compare(&((const struct state_leaf *)a)->path,
                          &((const struct state_leaf *)b)->path);
}

/* ---- accounts, assets, balances -------------------------------------------------------------- */

static void add_account(struct leaf_list *list, const struct genesis_account *from,
                        uint32_t balances)
{
    struct account account = {
        .id = from->id,
        .version = VERSION_GENESIS,
        .roles = from->roles,
        .low = from->low,
        .medium = from->medium,
        .high = from->high,
        .balances = balances,
        .metadata = from->metadata,
        .signer_count = from->signer_count,
    };
    memcpy(account.signers, from->signers, sizeof account.signers);
    struct state_leaf leaf = account_leaf(&account);
    add_leaf(list, &leaf);
}

/* Accounts and balances are both sorted by account, so one walk counts. */
static void add_accounts(struct leaf_list *list, const struct genesis *genesis)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < genesis->account_count; i++) {
        const struct genesis_account *account = &genesis->accounts[i];
        uint32_t first = at;
        while (at < genesis->balance_count &&
               id_equal(&genesis->balances[at].account, &account->id))
            at++;
        add_account(list, account, at - first);
    }
}

static void add_asset(struct leaf_list *list, const struct genesis_asset *from)
{
    struct asset asset = {
        .id = from->id,
        .version = VERSION_GENESIS,
        .issuer = from->issuer,
        .scale = from->scale,
        .flags = from->flags,
        .max_supply = from->max_supply,
        .supply = from->supply,
        .metadata = from->metadata,
    };
    memcpy(asset.code, from->code, sizeof asset.code);
    struct state_leaf leaf = asset_leaf(&asset);
    add_leaf(list, &leaf);
}

static void add_balance(struct leaf_list *list, const struct genesis_balance *from,
                        const struct digest *chain_id)
{
    struct movement movement = movement_of_genesis(from, chain_id);
    struct balance balance = {
        .account = from->account,
        .asset = from->asset,
        .posted = movement.posted,
        .seq = movement.seq,
        .head = movement_head(&(struct digest){ { 0 } }, &movement),
    };
    struct state_leaf leaf = balance_leaf(&balance);
    add_leaf(list, &leaf);
}

/* ---- governance ------------------------------------------------------------------------------ */

/* The leaf of a governance record whose value is in w, which is freed. */
static enum status add_governance(struct leaf_list *list, const uint8_t *key, size_t key_size,
                                  struct writer *w)
{
    enum status status = writer_status(w);
    if (status == STATUS_OK) {
        struct state_leaf leaf =
            record_leaf(RECORD_GOVERNANCE, span_of(key, key_size), writer_span(w));
        add_leaf(list, &leaf);
    }
    writer_free(w);
    return status;
}

static enum status add_validator(struct leaf_list *list, const struct genesis *genesis, uint16_t i)
{
    uint8_t key[GOVERNANCE_KEY_MAX];
    struct writer w;
    const struct validator *validator = &genesis->committee.validators[i];
    const struct genesis_validator *more = &genesis->validators[i];
    writer_init(&w, GOVERNANCE_BYTES_MAX);
    validator_record_encode(validator, &more->node_key, VALIDATOR_ACTIVE, more->endpoint, &w);
    return add_governance(list, key, governance_key_validator(&validator->id, key), &w);
}

static enum status add_record(struct leaf_list *list, const struct genesis *genesis,
                              enum governance_record what)
{
    uint8_t key[GOVERNANCE_KEY_MAX];
    struct writer w;
    writer_init(&w, GOVERNANCE_BYTES_MAX);
    if (what == GOVERNANCE_PARAMS) params_encode(&genesis->params, &w);
    if (what == GOVERNANCE_MEMBERS) members_encode(genesis->members, genesis->member_count, &w);
    if (what == GOVERNANCE_SET) committee_encode(&genesis->committee, &w);
    if (what == GOVERNANCE_NEXT_PROPOSAL) write_u64(&w, 1);
    return add_governance(list, key, governance_key(what, key), &w);
}

static enum status add_records(struct leaf_list *list, const struct genesis *genesis)
{
    static const enum governance_record records[] = { GOVERNANCE_PARAMS, GOVERNANCE_MEMBERS,
                                                      GOVERNANCE_SET, GOVERNANCE_NEXT_PROPOSAL };
    enum status status = STATUS_OK;
    for (unsigned i = 0; status == STATUS_OK && i < sizeof records / sizeof *records; i++)
        status = add_record(list, genesis, records[i]);
    for (uint16_t i = 0; status == STATUS_OK && i < genesis->committee.count; i++)
        status = add_validator(list, genesis, i);
    return status;
}

/* ---- block 0 --------------------------------------------------------------------------------- */

static enum status state_root(const struct genesis *genesis, struct digest *root)
{
    struct leaf_list list = { .room = 4 + (size_t)genesis->committee.count +
                                      genesis->account_count + genesis->asset_count +
                                      genesis->balance_count };
    list.leaves = calloc(list.room, sizeof *list.leaves);
    if (!list.leaves) return STATUS_NO_MEMORY;
    add_accounts(&list, genesis);
    for (uint32_t i = 0; i < genesis->asset_count; i++)
        add_asset(&list, &genesis->assets[i]);
    for (uint32_t i = 0; i < genesis->balance_count; i++)
        add_balance(&list, &genesis->balances[i], &genesis->chain_id);
    enum status status = add_records(&list, genesis);
    if (status == STATUS_OK) {
        qsort(list.leaves, list.count, sizeof *list.leaves, compare_paths);
        *root = state_root_of(list.leaves, list.count, 0);
    }
    free(list.leaves);
    return status;
}

enum status anchor_header(const struct genesis *genesis, struct header *header)
{
    *header = (struct header){
        .version = 1,
        .fault_model = (uint8_t)genesis->committee.fault_model,
        .chain_id = genesis->chain_id,
        .time_ms = genesis->time_ms,
        .tx_root = merkle_root(NULL, 0),
        .history_root = merkle_root(NULL, 0),
        .validators_hash = committee_hash(&genesis->committee),
        .next_validators_hash = committee_hash(&genesis->committee),
        .members_hash = members_hash(genesis->members, genesis->member_count),
        .params_hash = params_hash(&genesis->params),
    };
    return state_root(genesis, &header->state_root);
}
