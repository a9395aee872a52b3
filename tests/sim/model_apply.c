/* Operations, in the words of ledger.md section 5: what is asked stands in the order in which the
 * first failure counts. */
#include "model_internal.h"

static bool role(const struct model *m, const struct id *actor, uint32_t wanted)
{
    return (model_account(m, actor)->roles & wanted) != 0;
}

static bool member(const struct model *m, const struct id *account)
{
    for (uint16_t i = 0; i < m->genesis->member_count; i++)
        if (id_equal(&m->genesis->members[i].account, account)) return true;
    return false;
}

int64_t model_free_of(const struct model *m, const struct id *account, const struct id *asset)
{
    const struct model_balance *balance = model_balance(m, account, asset);
    return balance ? balance->posted - balance->held_out - balance->floor : 0;
}

struct model_balance *model_pay_into(struct model *m, const struct id *account,
                                     const struct id *asset, uint64_t position)
{
    if (!model_balance(m, account, asset)) {
        struct model_account *owner = change_account(m, account);
        owner->balances++;
        owner->version = position;
    }
    return change_balance(m, account, asset);
}

static void pay(struct model *m, const struct id *account, const struct id *asset, int64_t amount,
                uint64_t position)
{
    model_pay_into(m, account, asset, position)->posted += amount;
}

static void draw(struct model *m, const struct id *account, const struct id *asset, int64_t amount)
{
    change_balance(m, account, asset)->posted -= amount;
}

static void set_signers(struct model_account *a, uint16_t low, uint16_t medium, uint16_t high,
                        const struct signer_list *list)
{
    a->low = low;
    a->medium = medium;
    a->high = high;
    a->signers = list->count;
    memset(a->signer, 0, sizeof a->signer);
    for (unsigned i = 0; i < list->count; i++)
        memcpy(a->signer[i], list->bytes.data + i * SIGNER_BYTES, SIGNER_BYTES);
}

static enum result_code create_account(struct model *m, const struct operation *o,
                                       uint64_t position)
{
    if (!role(m, &o->actor, ROLE_REGISTRAR)) return RESULT_role_missing;
    if (model_account(m, &o->account_create.id)) return RESULT_account_exists;
    struct model_account *a = change_account(m, &o->account_create.id);
    a->version = position;
    a->sponsor = o->actor;
    a->metadata = o->account_create.metadata;
    set_signers(a, o->account_create.low, o->account_create.medium, o->account_create.high,
                &o->account_create.signers);
    return RESULT_ok;
}

static enum result_code change_signers(struct model *m, const struct operation *o,
                                       uint64_t position)
{
    struct model_account *a = change_account(m, &o->actor);
    a->version = position;
    set_signers(a, o->account_set_signers.low, o->account_set_signers.medium,
                o->account_set_signers.high, &o->account_set_signers.signers);
    return RESULT_ok;
}

static enum result_code freeze(struct model *m, const struct operation *o, uint64_t position)
{
    const struct id *id = &o->account_freeze.account;
    if (!role(m, &o->actor, ROLE_FREEZER)) return RESULT_role_missing;
    if (!model_account(m, id)) return RESULT_account_unknown;
    if (member(m, id)) return RESULT_account_protected;
    struct model_account *a = change_account(m, id);
    a->version = position;
    a->frozen = o->account_freeze.frozen;
    return RESULT_ok;
}

static enum result_code create_asset(struct model *m, const struct operation *o, uint64_t position)
{
    struct id id;
    struct span parts[] = { { o->actor.bytes, 16 }, { o->asset_create.code, 12 } };
    struct digest digest = digest_of_parts(TAG_ASSET, parts, 2);
    memcpy(id.bytes, digest.bytes, sizeof id.bytes);
    if (!role(m, &o->actor, ROLE_ISSUER)) return RESULT_role_missing;
    if (model_asset(m, &id)) return RESULT_asset_exists;
    struct model_asset *a = change_asset(m, &id);
    a->version = position;
    a->issuer = o->actor;
    memcpy(a->code, o->asset_create.code, sizeof a->code);
    a->scale = o->asset_create.scale;
    a->max_supply = o->asset_create.max_supply;
    a->metadata = o->asset_create.metadata;
    return RESULT_ok;
}

/* The credit lines of an asset, all together. */
static uint64_t lines_of(const struct model *m, const struct id *asset)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < m->balances.count; i++) {
        const struct model_balance *balance = shelf_at(&m->balances, i);
        if (balance->exists && id_equal(&balance->asset, asset)) sum -= (uint64_t)balance->floor;
    }
    return sum;
}

static enum result_code mint(struct model *m, const struct operation *o, uint64_t position)
{
    uint64_t amount = o->asset_mint.amount;
    const struct model_asset *asset = model_asset(m, &o->asset_mint.asset);
    const struct model_account *to = model_account(m, &o->asset_mint.to);
    if (!asset) return RESULT_asset_unknown;
    if (!id_equal(&asset->issuer, &o->actor)) return RESULT_not_issuer;
    if (!to) return RESULT_account_unknown;
    if (to->frozen) return RESULT_account_frozen;
    if (amount > asset->max_supply - asset->supply) return RESULT_supply_limit;
    if (amount > TX_AMOUNT_MAX - asset->supply - lines_of(m, &asset->id))
        return RESULT_supply_limit;
    struct model_asset *more = change_asset(m, &o->asset_mint.asset);
    more->supply += amount;
    more->version = position;
    pay(m, &o->asset_mint.to, &o->asset_mint.asset, (int64_t)amount, position);
    return RESULT_ok;
}

static enum result_code burn(struct model *m, const struct operation *o, uint64_t position)
{
    uint64_t amount = o->asset_burn.amount;
    const struct model_asset *asset = model_asset(m, &o->asset_burn.asset);
    if (!asset) return RESULT_asset_unknown;
    if (!id_equal(&asset->issuer, &o->actor)) return RESULT_not_issuer;
    if (model_free_of(m, &o->actor, &o->asset_burn.asset) < (int64_t)amount)
        return RESULT_insufficient_funds;
    struct model_asset *less = change_asset(m, &o->asset_burn.asset);
    less->supply -= amount;
    less->version = position;
    draw(m, &o->actor, &o->asset_burn.asset, (int64_t)amount);
    return RESULT_ok;
}

static enum result_code transfer(struct model *m, const struct operation *o, uint64_t position)
{
    int64_t amount = (int64_t)o->transfer.amount;
    const struct model_account *to = model_account(m, &o->transfer.to);
    if (!to) return RESULT_account_unknown;
    if (to->frozen) return RESULT_account_frozen;
    if (!model_asset(m, &o->transfer.asset)) return RESULT_asset_unknown;
    if (model_free_of(m, &o->actor, &o->transfer.asset) < amount) return RESULT_insufficient_funds;
    draw(m, &o->actor, &o->transfer.asset, amount);
    pay(m, &o->transfer.to, &o->transfer.asset, amount, position);
    return RESULT_ok;
}

static enum result_code set_floor(struct model *m, const struct operation *o, uint64_t position)
{
    const struct id *account = &o->balance_set_floor.account, *id = &o->balance_set_floor.asset;
    int64_t floor = o->balance_set_floor.floor;
    const struct model_asset *asset = model_asset(m, id);
    const struct model_balance *balance = model_balance(m, account, id);
    if (!asset) return RESULT_asset_unknown;
    if (!id_equal(&asset->issuer, &o->actor)) return RESULT_not_issuer;
    if (!model_account(m, account)) return RESULT_account_unknown;
    uint64_t others = lines_of(m, id) - (balance ? (uint64_t)-balance->floor : 0);
    if ((uint64_t)-floor > TX_AMOUNT_MAX - asset->supply - others) return RESULT_supply_limit;
    if (balance && balance->posted - balance->held_out < floor) return RESULT_insufficient_funds;
    model_pay_into(m, account, id, position)->floor = floor;
    return RESULT_ok;
}

static enum result_code put(struct model *m, const struct operation *o, uint64_t position)
{
    if (o->kv_put.value.size > m->genesis->params.values[PARAM_kv_value_max])
        return RESULT_value_too_large;
    const struct model_value *old = model_value(m, &o->actor, o->kv_put.key);
    if (o->kv_put.expect == EXPECT_ABSENT && old) return RESULT_version_mismatch;
    if (o->kv_put.expect == EXPECT_VERSION && (!old || old->version != o->kv_put.version))
        return RESULT_version_mismatch;
    struct model_value *value = change_value(m, &o->actor, o->kv_put.key);
    value->version = position;
    value->size = o->kv_put.value.size;
    value->hash = digest_of(TAG_KV_VALUE, o->kv_put.value);
    return RESULT_ok;
}

static enum result_code delete (struct model *m, const struct operation *o) {
    const struct model_value *old = model_value(m, &o->actor, o->kv_delete.key);
    if (!old) return RESULT_key_unknown;
    if (o->kv_delete.expect == EXPECT_VERSION &&
        old->version != o->kv_delete.version) return RESULT_version_mismatch;
    change_value(m, &o->actor, o->kv_delete.key)->exists = 0;
    return RESULT_ok;
}

enum result_code model_apply(struct model *m, const struct operation *o, uint64_t position)
{
    if (model_account(m, &o->actor)->frozen) return RESULT_account_frozen;
    switch (o->code) {
    case OP_ACCOUNT_CREATE: return create_account(m, o, position);
    case OP_ACCOUNT_SET_SIGNERS: return change_signers(m, o, position);
    case OP_ACCOUNT_FREEZE: return freeze(m, o, position);
    case OP_ASSET_CREATE: return create_asset(m, o, position);
    case OP_ASSET_MINT: return mint(m, o, position);
    case OP_ASSET_BURN: return burn(m, o, position);
    case OP_TRANSFER: return transfer(m, o, position);
    case OP_BALANCE_SET_FLOOR: return set_floor(m, o, position);
    case OP_HOLD_CREATE: return model_hold_create(m, o, position);
    case OP_HOLD_POST: return model_hold_post(m, o);
    case OP_HOLD_VOID: return model_hold_void(m, o);
    case OP_HOLD_POST_GROUP:
    case OP_HOLD_VOID_GROUP: return model_hold_group(m, o);
    case OP_KV_PUT: return put(m, o, position);
    case OP_KV_DELETE: return delete (m, o);
    case OP_GOV_PROPOSE:
    case OP_GOV_BALLOT: return RESULT_not_member; /* the workload's accounts are none */
    }
    return RESULT_ok;
}
