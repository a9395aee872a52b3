#include "ledger/genesis_state.h"

#include "crypto/merkle.h"

static void add_account(struct state *state, const struct genesis_account *from)
{
    struct account *account = state_edit_signers(state, &from->id);
    account->version = VERSION_GENESIS;
    account->roles = from->roles;
    account->low = from->low;
    account->medium = from->medium;
    account->high = from->high;
    account->metadata = from->metadata;
    account->signer_count = from->signer_count;
    memcpy(account->signers, from->signers, sizeof account->signers);
}

static void add_asset(struct state *state, const struct genesis_asset *from)
{
    struct asset *asset = state_edit_asset(state, &from->id);
    asset->version = VERSION_GENESIS;
    asset->issuer = from->issuer;
    memcpy(asset->code, from->code, sizeof asset->code);
    asset->scale = from->scale;
    asset->flags = from->flags;
    asset->max_supply = from->max_supply;
    asset->supply = from->supply;
    asset->metadata = from->metadata;
}

static void add_balance(struct store *store, struct state *state,
                        const struct genesis_balance *from, const struct digest *chain_id)
{
    struct movement movement = movement_of_genesis(from, chain_id);
    struct balance *balance = state_edit_balance(state, &from->account, &from->asset);
    balance->posted = movement.posted;
    balance->seq = movement.seq;
    balance->head = movement_head(&(struct digest){ { 0 } }, &movement);
    state_edit_account(state, &from->account)->balances++;
    store_write_movement(store, &movement);
}

/* ---- governance ------------------------------------------------------------------------------ */

/* Puts a governance record whose value is in w. */
static enum status add_governance(struct state *state, struct span key, struct writer *w)
{
    enum status status = writer_status(w);
    if (status == STATUS_OK) state_put_governance(state, key, writer_span(w));
    writer_free(w);
    return status;
}

static enum status add_validators(const struct genesis *genesis, struct state *state)
{
    enum status status = STATUS_OK;
    for (uint16_t i = 0; status == STATUS_OK && i < genesis->committee.count; i++) {
        const struct validator *validator = &genesis->committee.validators[i];
        const struct genesis_validator *more = &genesis->validators[i];
        uint8_t key[GOVERNANCE_KEY_MAX];
        size_t size = governance_key_validator(&validator->id, key);
        struct writer w;
        writer_init(&w, GOVERNANCE_BYTES_MAX);
        validator_record_encode(validator, &more->node_key, VALIDATOR_ACTIVE, more->endpoint, &w);
        status = add_governance(state, span_of(key, size), &w);
    }
    return status;
}

static enum status add_records(const struct genesis *genesis, struct state *state)
{
    static const uint8_t params_key = GOVERNANCE_PARAMS, members_key = GOVERNANCE_MEMBERS,
                         set_key = GOVERNANCE_SET, next_key = GOVERNANCE_NEXT_PROPOSAL;
    struct writer w;
    writer_init(&w, GOVERNANCE_BYTES_MAX);
    params_encode(&genesis->params, &w);
    enum status status = add_governance(state, span_of(&params_key, 1), &w);
    if (status != STATUS_OK) return status;

    writer_init(&w, GOVERNANCE_BYTES_MAX);
    members_encode(genesis->members, genesis->member_count, &w);
    status = add_governance(state, span_of(&members_key, 1), &w);
    if (status != STATUS_OK) return status;

    writer_init(&w, GOVERNANCE_BYTES_MAX);
    committee_encode(&genesis->committee, &w);
    status = add_governance(state, span_of(&set_key, 1), &w);
    if (status != STATUS_OK) return status;

    writer_init(&w, GOVERNANCE_BYTES_MAX);
    write_u64(&w, 1);
    return add_governance(state, span_of(&next_key, 1), &w);
}

static enum status write_governance(const struct genesis *genesis, struct store *store,
                                    struct state *state)
{
    enum status status = add_records(genesis, state);
    if (status == STATUS_OK) status = add_validators(genesis, state);
    store_write_epoch(store, 0, 0, &genesis->committee, &genesis->params);
    return status;
}

static enum status write_place(const struct genesis *genesis, struct store *store)
{
    struct store_place place = { .chain_id = genesis->chain_id };
    struct writer w;
    writer_init(&w, GENESIS_BYTES_MAX);
    genesis_encode(genesis, &w);
    enum status status = writer_status(&w);
    if (status == STATUS_OK) store_write_place(store, &place, writer_span(&w));
    writer_free(&w);
    return status;
}

/* ---- block 0 --------------------------------------------------------------------------------- */

static void fill_header(const struct genesis *genesis, const struct state_tree *tree,
                        struct header *header)
{
    struct merkle_frontier empty;
    merkle_frontier_init(&empty);
    *header = (struct header){
        .version = 1,
        .fault_model = (uint8_t)genesis->committee.fault_model,
        .chain_id = genesis->chain_id,
        .time_ms = genesis->time_ms,
        .tx_root = merkle_root(NULL, 0),
        .state_root = state_tree_root(tree),
        .history_root = merkle_frontier_root(&empty),
        .validators_hash = committee_hash(&genesis->committee),
        .next_validators_hash = committee_hash(&genesis->committee),
        .members_hash = members_hash(genesis->members, genesis->member_count),
        .params_hash = params_hash(&genesis->params),
    };
}

enum status genesis_state_write(const struct genesis *genesis, struct store *store,
                                struct state *state, struct state_tree *tree, struct header *header,
                                struct problem *problem)
{
    const struct state_change *changes;
    size_t count;
    for (uint32_t i = 0; i < genesis->account_count; i++)
        add_account(state, &genesis->accounts[i]);
    for (uint32_t i = 0; i < genesis->asset_count; i++)
        add_asset(state, &genesis->assets[i]);
    for (uint32_t i = 0; i < genesis->balance_count; i++)
        add_balance(store, state, &genesis->balances[i], &genesis->chain_id);
    enum status status = write_governance(genesis, store, state);
    state_accept(state);
    if (status == STATUS_OK) status = write_place(genesis, store);
    if (status != STATUS_OK) return problem_set(problem, status, "the genesis cannot be encoded");
    status = state_flush(state, &changes, &count);
    if (status != STATUS_OK) return problem_set(problem, status, "%s", store_error(store));
    status = state_tree_apply(tree, changes, count, problem);
    if (status == STATUS_OK) fill_header(genesis, tree, header);
    return status;
}
