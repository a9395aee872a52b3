/* Holds, in the words of ledger.md section 5. Each question walks all holds there ever were. */
#include "model_internal.h"

static bool frozen(const struct model *m, const struct id *id)
{
    return model_account(m, id)->frozen;
}

enum result_code model_hold_create(struct model *m, const struct operation *o, uint64_t position)
{
    uint8_t operation = (uint8_t)position;
    struct span parts[] = { { m->tx.txid.bytes, 32 }, { &operation, 1 } };
    struct digest digest = digest_of_parts(TAG_HOLD, parts, 2);
    struct id id;
    memcpy(id.bytes, digest.bytes, sizeof id.bytes);
    uint64_t now = m->block_time_ms, ends = o->hold_create.expires_ms;
    int64_t amount = (int64_t)o->hold_create.amount;
    if (!model_account(m, &o->hold_create.payee)) return RESULT_account_unknown;
    if (!model_account(m, &o->hold_create.arbiter)) return RESULT_account_unknown;
    if (frozen(m, &o->hold_create.payee)) return RESULT_account_frozen;
    if (!model_asset(m, &o->hold_create.asset)) return RESULT_asset_unknown;
    if (ends <= now || ends > now + m->genesis->params.values[PARAM_hold_ms_max])
        return RESULT_term_out_of_range;
    if (model_hold(m, &id)) return RESULT_hold_exists;
    if (model_free_of(m, &o->actor, &o->hold_create.asset) < amount)
        return RESULT_insufficient_funds;
    struct model_hold *hold = change_hold(m, &id);
    hold->version = position;
    hold->amount = o->hold_create.amount;
    hold->expires_ms = ends;
    hold->payer = o->actor;
    hold->payee = o->hold_create.payee;
    hold->arbiter = o->hold_create.arbiter;
    hold->asset = o->hold_create.asset;
    hold->group = o->hold_create.group;
    change_balance(m, &o->actor, &hold->asset)->held_out += amount;
    model_pay_into(m, &o->hold_create.payee, &o->hold_create.asset, position)->held_in += amount;
    return RESULT_ok;
}

static void end_hold(struct model *m, const struct id *id, uint64_t paid)
{
    struct model_hold *hold = change_hold(m, id);
    struct model_balance *from = change_balance(m, &hold->payer, &hold->asset);
    from->held_out -= (int64_t)hold->amount;
    from->posted -= (int64_t)paid;
    struct model_balance *to = change_balance(m, &hold->payee, &hold->asset);
    to->held_in -= (int64_t)hold->amount;
    to->posted += (int64_t)paid;
    hold->exists = 0;
}

static enum result_code may_be_posted(const struct model *m, const struct model_hold *hold)
{
    if (hold->expires_ms <= m->block_time_ms) return RESULT_hold_expired;
    bool stopped = frozen(m, &hold->payer) || frozen(m, &hold->payee);
    return stopped ? RESULT_account_frozen : RESULT_ok;
}

enum result_code model_hold_post(struct model *m, const struct operation *o)
{
    const struct model_hold *hold = model_hold(m, &o->hold_post.hold);
    if (!hold) return RESULT_hold_unknown;
    if (!id_equal(&hold->arbiter, &o->actor)) return RESULT_not_arbiter;
    enum result_code code = may_be_posted(m, hold);
    if (code != RESULT_ok) return code;
    if (o->hold_post.amount > hold->amount) return RESULT_hold_amount;
    end_hold(m, &o->hold_post.hold, o->hold_post.amount);
    return RESULT_ok;
}

enum result_code model_hold_void(struct model *m, const struct operation *o)
{
    const struct model_hold *hold = model_hold(m, &o->hold_void.hold);
    if (!hold) return RESULT_hold_unknown;
    if (!id_equal(&hold->arbiter, &o->actor) && !id_equal(&hold->payee, &o->actor))
        return RESULT_not_arbiter;
    end_hold(m, &o->hold_void.hold, 0);
    return RESULT_ok;
}

static bool is_meant(const struct model_hold *hold, const struct operation *o)
{
    return hold->exists && id_equal(&hold->group, &o->hold_group.group) &&
           id_equal(&hold->arbiter, &o->actor);
}

/* All or none: the failure of the lowest id is that of the group. */
static enum result_code group_may_be_posted(const struct model *m, const struct operation *o)
{
    const struct model_hold *first = NULL;
    for (uint32_t i = 0; i < m->holds.count; i++) {
        const struct model_hold *hold = shelf_at(&m->holds, i);
        if (!is_meant(hold, o) || may_be_posted(m, hold) == RESULT_ok) continue;
        if (!first || id_compare(&hold->id, &first->id) < 0) first = hold;
    }
    return first ? may_be_posted(m, first) : RESULT_ok;
}

enum result_code model_hold_group(struct model *m, const struct operation *o)
{
    bool posted = o->code == OP_HOLD_POST_GROUP;
    uint32_t count = 0;
    for (uint32_t i = 0; i < m->holds.count; i++)
        count += is_meant(shelf_at(&m->holds, i), o);
    if (count == 0) return RESULT_hold_unknown;
    if (m->ended_groups + count > 100) return RESULT_hold_amount;
    m->ended_groups += count;
    enum result_code code = posted ? group_may_be_posted(m, o) : RESULT_ok;
    if (code != RESULT_ok) return code;
    for (uint32_t i = 0; i < m->holds.count; i++) {
        const struct model_hold *hold = shelf_at(&m->holds, i);
        const struct id id = hold->id;
        if (is_meant(hold, o)) end_hold(m, &id, posted ? hold->amount : 0);
    }
    return RESULT_ok;
}

static bool sooner(const struct model_hold *a, const struct model_hold *b)
{
    if (a->expires_ms != b->expires_ms) return a->expires_ms < b->expires_ms;
    return id_compare(&a->id, &b->id) < 0;
}

/* The next of those whose time has come, again and again; each is an entry of its own. */
void model_expire(struct model *m)
{
    while (m->entries < m->genesis->params.values[PARAM_hold_sweep_max]) {
        const struct model_hold *next = NULL;
        for (uint32_t i = 0; i < m->holds.count; i++) {
            const struct model_hold *hold = shelf_at(&m->holds, i);
            if (!hold->exists || hold->expires_ms > m->block_time_ms) continue;
            if (!next || sooner(hold, next)) next = hold;
        }
        if (!next) return;
        const struct id id = next->id;
        m->number++;
        end_hold(m, &id, 0);
        m->expired[m->entries++] = id;
    }
}

uint32_t model_holds(const struct model *m)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < m->holds.count; i++)
        count += ((const struct model_hold *)shelf_at(&m->holds, i))->exists != 0;
    return count;
}
