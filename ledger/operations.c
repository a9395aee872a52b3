#include "ledger/operations.h"

#include "ledger/governance.h"
#include "ledger/holds.h"

/* Each rule below checks in the order of precedence of ledger.md, section 5, and changes the state
 * only behind its last check. That the actor is not frozen was asked before. */

static bool has_role(struct executor *x, const struct id *actor, enum role role)
{
    const struct account *account = state_account(x->state, actor);
    return account && (account->roles & (uint32_t)role) != 0;
}

static bool is_member(const struct executor *x, const struct id *account)
{
    for (uint16_t i = 0; i < x->member_count; i++)
        if (id_equal(&x->members[i].account, account)) return true;
    return false;
}

struct balance *balance_to_pay(struct executor *x, const struct id *account, const struct id *asset,
                               uint64_t position)
{
    if (!state_balance(x->state, account, asset)) {
        struct account *owner = state_edit_account(x->state, account);
        owner->balances++;
        owner->version = position;
    }
    return state_edit_balance(x->state, account, asset);
}

int64_t available(struct executor *x, const struct id *account, const struct id *asset)
{
    const struct balance *balance = state_balance(x->state, account, asset);
    return balance ? balance_free(balance) : 0;
}

enum result_code short_of(struct observed *observed, int64_t value)
{
    *observed = (struct observed){ OBSERVED_AVAILABLE, value };
    return RESULT_insufficient_funds;
}

/* ---- accounts -------------------------------------------------------------------------------- */

static void set_signers(struct account *account, uint16_t low, uint16_t medium, uint16_t high,
                        const struct signer_list *signers)
{
    ASSERT(signers->count <= SIGNERS_MAX);
    ASSERT(signers->bytes.size == (size_t)signers->count * SIGNER_BYTES);
    account->low = low;
    account->medium = medium;
    account->high = high;
    account->signer_count = signers->count;
    memset(account->signers, 0, sizeof account->signers);
    for (unsigned i = 0; i < signers->count; i++) {
        const uint8_t *bytes = signers->bytes.data + (size_t)i * SIGNER_BYTES;
        memcpy(account->signers[i].key.bytes, bytes, 32);
        account->signers[i].weight = bytes[32];
    }
}

static enum result_code account_create(struct executor *x, const struct operation *o,
                                       uint64_t position)
{
    if (!has_role(x, &o->actor, ROLE_REGISTRAR)) return RESULT_role_missing;
    if (state_account(x->state, &o->account_create.id)) return RESULT_account_exists;

    struct account *account = state_edit_signers(x->state, &o->account_create.id);
    account->version = position;
    account->sponsor = o->actor;
    account->metadata = o->account_create.metadata;
    set_signers(account, o->account_create.low, o->account_create.medium, o->account_create.high,
                &o->account_create.signers);
    return RESULT_ok;
}

static enum result_code account_set_signers(struct executor *x, const struct operation *o,
                                            uint64_t position)
{
    struct account *account = state_edit_signers(x->state, &o->actor);
    account->version = position;
    set_signers(account, o->account_set_signers.low, o->account_set_signers.medium,
                o->account_set_signers.high, &o->account_set_signers.signers);
    return RESULT_ok;
}

static enum result_code account_freeze(struct executor *x, const struct operation *o,
                                       uint64_t position)
{
    const struct id *id = &o->account_freeze.account;
    if (!has_role(x, &o->actor, ROLE_FREEZER)) return RESULT_role_missing;
    if (!state_account(x->state, id)) return RESULT_account_unknown;
    if (is_member(x, id)) return RESULT_account_protected;

    struct account *account = state_edit_account(x->state, id);
    account->version = position;
    if (o->account_freeze.frozen)
        account->flags |= ACCOUNT_FROZEN;
    else
        account->flags &= (uint8_t)~ACCOUNT_FROZEN;
    return RESULT_ok;
}

/* ---- assets, lines and transfers
 * -------------------------------------------------------------------- */

static enum result_code asset_create(struct executor *x, const struct operation *o,
                                     uint64_t position)
{
    struct id id = asset_id_of(&o->actor, o->asset_create.code);
    if (!has_role(x, &o->actor, ROLE_ISSUER)) return RESULT_role_missing;
    if (state_asset(x->state, &id)) return RESULT_asset_exists;

    struct asset *asset = state_edit_asset(x->state, &id);
    asset->version = position;
    asset->issuer = o->actor;
    memcpy(asset->code, o->asset_create.code, sizeof asset->code);
    asset->scale = o->asset_create.scale;
    asset->flags = o->asset_create.flags;
    asset->max_supply = o->asset_create.max_supply;
    asset->supply = 0;
    asset->metadata = o->asset_create.metadata;
    return RESULT_ok;
}

/* What may still be added to supply and credit lines together. They bound every balance from both
 * sides: what is held or owed of an asset fits an i64 for ever. */
static uint64_t room_of(const struct asset *asset)
{
    return TX_AMOUNT_MAX - asset->supply - asset->lines;
}

static enum result_code beyond_supply(struct observed *observed, uint64_t left)
{
    *observed = (struct observed){ OBSERVED_SUPPLY_LEFT, (int64_t)left };
    return RESULT_supply_limit;
}

static enum result_code asset_mint(struct executor *x, const struct operation *o, uint64_t position,
                                   struct observed *observed)
{
    const uint64_t amount = o->asset_mint.amount;
    const struct asset *asset = state_asset(x->state, &o->asset_mint.asset);
    const struct account *to = state_account(x->state, &o->asset_mint.to);
    if (!asset) return RESULT_asset_unknown;
    if (!id_equal(&asset->issuer, &o->actor)) return RESULT_not_issuer;
    if (!to) return RESULT_account_unknown;
    if (is_frozen(to)) return RESULT_account_frozen;
    uint64_t left = min_u64(asset->max_supply - asset->supply, room_of(asset));
    if (amount > left) return beyond_supply(observed, left);
    struct asset *grown = state_edit_asset(x->state, &o->asset_mint.asset);
    grown->supply += amount;
    grown->version = position;
    balance_to_pay(x, &o->asset_mint.to, &o->asset_mint.asset, position)->posted += (int64_t)amount;
    return RESULT_ok;
}

static enum result_code asset_burn(struct executor *x, const struct operation *o, uint64_t position,
                                   struct observed *observed)
{
    const int64_t amount = (int64_t)o->asset_burn.amount;
    const struct asset *asset = state_asset(x->state, &o->asset_burn.asset);
    if (!asset) return RESULT_asset_unknown;
    if (!id_equal(&asset->issuer, &o->actor)) return RESULT_not_issuer;
    int64_t have = available(x, &o->actor, &o->asset_burn.asset);
    if (have < amount) return short_of(observed, have);

    struct asset *shrunk = state_edit_asset(x->state, &o->asset_burn.asset);
    shrunk->supply -= (uint64_t)amount;
    shrunk->version = position;
    state_edit_balance(x->state, &o->actor, &o->asset_burn.asset)->posted -= amount;
    return RESULT_ok;
}

/* A credit line of an account, given by who issues the asset. The asset's sum of lines follows, but
 * its record does not say it and keeps its version. */
static enum result_code set_floor(struct executor *x, const struct operation *o, uint64_t position,
                                  struct observed *observed)
{
    const struct id *account = &o->balance_set_floor.account, *id = &o->balance_set_floor.asset;
    const int64_t floor = o->balance_set_floor.floor;
    const struct asset *asset = state_asset(x->state, id);
    if (!asset) return RESULT_asset_unknown;
    if (!id_equal(&asset->issuer, &o->actor)) return RESULT_not_issuer;
    if (!state_account(x->state, account)) return RESULT_account_unknown;
    const struct balance *balance = state_balance(x->state, account, id);
    uint64_t line = (uint64_t)-floor, old = balance ? (uint64_t)-balance->floor : 0;
    uint64_t left = room_of(asset) + old;
    if (line > left) return beyond_supply(observed, left);
    int64_t have = available(x, account, id);
    if (have - (int64_t)old + (int64_t)line < 0) return short_of(observed, have);

    struct asset *changed = state_edit_asset(x->state, id);
    changed->lines = changed->lines - old + line;
    balance_to_pay(x, account, id, position)->floor = floor;
    return RESULT_ok;
}

static enum result_code transfer(struct executor *x, const struct operation *o, uint64_t position,
                                 struct observed *observed)
{
    const int64_t amount = (int64_t)o->transfer.amount;
    const struct account *to = state_account(x->state, &o->transfer.to);
    if (!to) return RESULT_account_unknown;
    if (is_frozen(to)) return RESULT_account_frozen;
    if (!state_asset(x->state, &o->transfer.asset)) return RESULT_asset_unknown;
    int64_t have = available(x, &o->actor, &o->transfer.asset);
    if (have < amount) return short_of(observed, have);

    state_edit_balance(x->state, &o->actor, &o->transfer.asset)->posted -= amount;
    balance_to_pay(x, &o->transfer.to, &o->transfer.asset, position)->posted += amount;
    return RESULT_ok;
}

/* ---- keys and values ------------------------------------------------------------------------- */

static enum result_code wrong_version(struct observed *observed, uint64_t version)
{
    *observed = (struct observed){ OBSERVED_VERSION, (int64_t)version };
    return RESULT_version_mismatch;
}

static enum result_code kv_put(struct executor *x, const struct operation *o, uint64_t position,
                               struct observed *observed)
{
    if (o->kv_put.value.size > x->params->values[PARAM_kv_value_max]) return RESULT_value_too_large;
    const struct kv_record *old = state_kv(x->state, &o->actor, o->kv_put.key);
    uint64_t version = old ? old->version : 0;
    if (o->kv_put.expect == EXPECT_ABSENT && version != 0) return wrong_version(observed, version);
    if (o->kv_put.expect == EXPECT_VERSION && version != o->kv_put.version)
        return wrong_version(observed, version);
    state_put_kv(x->state, &o->actor, o->kv_put.key, position, o->kv_put.value);
    return RESULT_ok;
}

static enum result_code kv_delete(struct executor *x, const struct operation *o,
                                  struct observed *observed)
{
    const struct kv_record *old = state_kv(x->state, &o->actor, o->kv_delete.key);
    if (!old) return RESULT_key_unknown;
    if (o->kv_delete.expect == EXPECT_VERSION && old->version != o->kv_delete.version)
        return wrong_version(observed, old->version);
    state_remove_kv(x->state, &o->actor, o->kv_delete.key);
    return RESULT_ok;
}

enum result_code operation_apply(struct executor *x, const struct operation *o, uint64_t position,
                                 struct observed *observed)
{
    const struct account *actor = state_account(x->state, &o->actor);
    if (actor && is_frozen(actor)) return RESULT_account_frozen;
    switch (o->code) {
    case OP_ACCOUNT_CREATE: return account_create(x, o, position);
    case OP_ACCOUNT_SET_SIGNERS: return account_set_signers(x, o, position);
    case OP_ACCOUNT_FREEZE: return account_freeze(x, o, position);
    case OP_ASSET_CREATE: return asset_create(x, o, position);
    case OP_ASSET_MINT: return asset_mint(x, o, position, observed);
    case OP_ASSET_BURN: return asset_burn(x, o, position, observed);
    case OP_BALANCE_SET_FLOOR: return set_floor(x, o, position, observed);
    case OP_TRANSFER: return transfer(x, o, position, observed);
    case OP_HOLD_CREATE: return hold_create(x, o, position, observed);
    case OP_HOLD_POST: return hold_post(x, o, position, observed);
    case OP_HOLD_VOID: return hold_void(x, o, position);
    case OP_HOLD_POST_GROUP: return hold_post_group(x, o, position);
    case OP_HOLD_VOID_GROUP: return hold_void_group(x, o, position);
    case OP_KV_PUT: return kv_put(x, o, position, observed);
    case OP_KV_DELETE: return kv_delete(x, o, observed);
    case OP_GOV_PROPOSE: return governance_propose(x, o, observed);
    default: ASSERT(o->code == OP_GOV_BALLOT); return governance_ballot(x, o);
    }
}
