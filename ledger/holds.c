#include "ledger/holds.h"

#include "ledger/operations.h"

/* ---- made ------------------------------------------------------------------------------------ */

static bool term_holds(const struct executor *x, uint64_t expires_ms)
{
    return expires_ms > x->time_ms &&
           expires_ms - x->time_ms <= x->params->values[PARAM_hold_ms_max];
}

static void reserve(struct executor *x, const struct hold *hold)
{
    state_put_hold(x->state, hold);
    state_edit_balance(x->state, &hold->payer, &hold->asset)->held_out += (int64_t)hold->amount;
    balance_to_pay(x, &hold->payee, &hold->asset, hold->version)->held_in += (int64_t)hold->amount;
    x->holds.changed = true;
}

enum result_code hold_create(struct executor *x, const struct operation *o, uint64_t position,
                             struct observed *observed)
{
    const struct hold hold = {
        .id = hold_id_of(&x->txid, (uint8_t)position),
        .version = position,
        .payer = o->actor,
        .payee = o->hold_create.payee,
        .arbiter = o->hold_create.arbiter,
        .asset = o->hold_create.asset,
        .amount = o->hold_create.amount,
        .expires_ms = o->hold_create.expires_ms,
        .group = o->hold_create.group,
    };
    const struct account *payee = state_account(x->state, &hold.payee);
    if (!payee) return RESULT_account_unknown;
    if (!state_account(x->state, &hold.arbiter)) return RESULT_account_unknown;
    if (is_frozen(payee)) return RESULT_account_frozen;
    if (!state_asset(x->state, &hold.asset)) return RESULT_asset_unknown;
    if (!term_holds(x, hold.expires_ms)) return RESULT_term_out_of_range;
    if (state_hold(x->state, &hold.id)) return RESULT_hold_exists;
    int64_t have = available(x, &hold.payer, &hold.asset);
    if (have < (int64_t)hold.amount) return short_of(observed, have);
    reserve(x, &hold);
    return RESULT_ok;
}

/* ---- ended ----------------------------------------------------------------------------------- */

/* Takes the hold out of both balances and pays what is to be paid of it. */
static void release(struct executor *x, const struct id *id, enum hold_state how, uint64_t paid,
                    uint64_t position)
{
    const struct hold hold = *state_hold(x->state, id);
    struct balance *from = state_edit_balance(x->state, &hold.payer, &hold.asset);
    struct balance *to = state_edit_balance(x->state, &hold.payee, &hold.asset);
    from->held_out -= (int64_t)hold.amount;
    to->held_in -= (int64_t)hold.amount;
    from->posted -= (int64_t)paid;
    to->posted += (int64_t)paid;
    uint64_t entry = position & ~(uint64_t)UINT8_MAX;
    state_end_hold(x->state, id, how, how == HOLD_POSTED ? paid : hold.amount, entry);
    x->holds.changed = true;
}

static bool account_frozen(struct executor *x, const struct id *id)
{
    const struct account *account = state_account(x->state, id);
    return account && is_frozen(account);
}

/* What keeps a hold of its arbiter's from being posted. */
static enum result_code post_check(struct executor *x, const struct hold *hold)
{
    if (hold->expires_ms <= x->time_ms) return RESULT_hold_expired; /* swept or not */
    if (account_frozen(x, &hold->payer) || account_frozen(x, &hold->payee))
        return RESULT_account_frozen;
    return RESULT_ok;
}

enum result_code hold_post(struct executor *x, const struct operation *o, uint64_t position,
                           struct observed *observed)
{
    const struct hold *hold = state_hold(x->state, &o->hold_post.hold);
    if (!hold) return RESULT_hold_unknown;
    if (!id_equal(&hold->arbiter, &o->actor)) return RESULT_not_arbiter;
    enum result_code code = post_check(x, hold);
    if (code != RESULT_ok) return code;
    if (o->hold_post.amount > hold->amount) {
        *observed = (struct observed){ OBSERVED_AVAILABLE, (int64_t)hold->amount };
        return RESULT_hold_amount;
    }
    release(x, &o->hold_post.hold, HOLD_POSTED, o->hold_post.amount, position);
    return RESULT_ok;
}

enum result_code hold_void(struct executor *x, const struct operation *o, uint64_t position)
{
    const struct hold *hold = state_hold(x->state, &o->hold_void.hold);
    if (!hold) return RESULT_hold_unknown;
    if (!id_equal(&hold->arbiter, &o->actor) && !id_equal(&hold->payee, &o->actor))
        return RESULT_not_arbiter;
    release(x, &o->hold_void.hold, HOLD_VOIDED, 0, position);
    return RESULT_ok;
}

/* ---- groups ---------------------------------------------------------------------------------- */

_Static_assert((int)HOLD_GROUP_MAX == (int)EFFECTS_GROUPED_MAX, "effects have room for groups");
_Static_assert((int)STATE_GROUP_MAX > (int)HOLD_GROUP_MAX, "that a group is too large can be seen");
_Static_assert((int)STATE_ENDED_MAX >= (int)HOLD_GROUP_MAX + (int)TX_OPERATIONS_MAX,
               "an entry ends no more");

/* The actor's holds of the group; hold_unknown if there is none, hold_amount if there are more than
 * the transaction may still end. */
static enum result_code find_group(struct executor *x, const struct operation *o,
                                   struct id ids[STATE_GROUP_MAX], size_t *count)
{
    *count = state_group(x->state, &o->hold_group.group, &o->actor, ids);
    if (*count == 0) return RESULT_hold_unknown;
    if (*count > HOLD_GROUP_MAX - x->holds.grouped) return RESULT_hold_amount;
    x->holds.grouped += (uint32_t)*count;
    return RESULT_ok;
}

enum result_code hold_post_group(struct executor *x, const struct operation *o, uint64_t position)
{
    struct id ids[STATE_GROUP_MAX];
    size_t count;
    enum result_code code = find_group(x, o, ids, &count);
    for (size_t i = 0; i < count && code == RESULT_ok; i++) {
        const struct hold *hold = state_hold(x->state, &ids[i]);
        if (!hold) return RESULT_hold_unknown; /* only of a state that has failed */
        code = post_check(x, hold);
        if (code == RESULT_ok) release(x, &ids[i], HOLD_POSTED, hold->amount, position);
    }
    return code;
}

enum result_code hold_void_group(struct executor *x, const struct operation *o, uint64_t position)
{
    struct id ids[STATE_GROUP_MAX];
    size_t count;
    enum result_code code = find_group(x, o, ids, &count);
    for (size_t i = 0; i < count && code == RESULT_ok; i++) {
        if (!state_hold(x->state, &ids[i])) return RESULT_hold_unknown; /* as above */
        release(x, &ids[i], HOLD_VOIDED, 0, position);
    }
    return code;
}

/* ---- expired --------------------------------------------------------------------------------- */

enum status holds_load(struct executor *x)
{
    x->holds.due_ms = store_read_next_expiry(x->store);
    x->holds.changed = false;
    return state_status(x->state);
}

enum status holds_settle(struct executor *x)
{
    return x->holds.changed ? holds_load(x) : state_status(x->state);
}

uint64_t holds_next_due_ms(const struct executor *x)
{
    return x->holds.due_ms;
}

uint32_t holds_due(struct executor *x, struct id *ids)
{
    uint32_t limit = (uint32_t)x->params->values[PARAM_hold_sweep_max];
    return x->holds.due_ms > x->time_ms ? 0
                                        : store_read_due_holds(x->store, x->time_ms, limit, ids);
}

struct digest hold_entry_id(const struct id *hold)
{
    return digest_of(TAG_EXPIRY, span_of(hold->bytes, sizeof hold->bytes));
}

void hold_expire(struct executor *x, const struct id *id, uint32_t entry)
{
    uint64_t position = position_of(x->height, entry, 0);
    struct digest entry_id = hold_entry_id(id);
    if (!state_hold(x->state, id)) return; /* only of a state that has failed */
    release(x, id, HOLD_EXPIRED, 0, position);
    if (state_status(x->state) != STATUS_OK) return; /* The block fails as a whole. */
    effects_of_edits(&x->effects, x->state, &entry_id, position);
    state_accept(x->state);
}
