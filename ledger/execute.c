#include "ledger/execute.h"

/* ---- checks ---------------------------------------------------------------------------------- */

static enum refusal_code refuse(struct refusal *refusal, enum refusal_code code, uint64_t value,
                                uint64_t limit)
{
    if (refusal) {
        refusal->code = code;
        refusal->value = value;
        refusal->limit = limit;
    }
    return code;
}

/* Check 6, for order none: the reference is used once while the window remembers it. */
static enum refusal_code check_reference(struct executor *x, const struct transaction *tx,
                                         struct refusal *refusal)
{
    const struct window_entry *first = state_window(x->state, &tx->source, &tx->client_ref);
    if (!first) return REFUSAL_none;
    if (refusal) refusal->txid = first->txid;
    if (digest_equal(&first->txid, &tx->txid)) return refuse(refusal, REFUSAL_duplicate, 0, 0);
    return refuse(refusal, REFUSAL_tx_ref_conflict, 0, 0);
}

/* Check 6, for a lane: its numbers are used in order, each once. */
static enum refusal_code check_lane(struct executor *x, const struct transaction *tx, bool ahead,
                                    struct refusal *refusal)
{
    uint64_t next = state_lane_next(x->state, &tx->source, tx->lane);
    if (tx->seq < next) return refuse(refusal, REFUSAL_tx_lane_past, tx->seq, next);
    if (tx->seq > next && !ahead) return refuse(refusal, REFUSAL_tx_lane_gap, tx->seq, next);
    return REFUSAL_none;
}

/* Checks 7 to 9. */
static enum refusal_code check_times(const struct executor *x, const struct transaction *tx,
                                     struct refusal *refusal)
{
    uint64_t latest = x->time_ms + x->params->values[PARAM_window_ms_max];
    if (x->time_ms > tx->not_after_ms)
        return refuse(refusal, REFUSAL_tx_expired, x->time_ms, tx->not_after_ms);
    if (x->time_ms < tx->not_before_ms)
        return refuse(refusal, REFUSAL_tx_too_early, x->time_ms, tx->not_before_ms);
    if (tx->order == ORDER_NONE && tx->not_after_ms > latest)
        return refuse(refusal, REFUSAL_tx_window_too_long, tx->not_after_ms, latest);
    return REFUSAL_none;
}

static uint32_t threshold(const struct account *account, enum level level)
{
    switch (level) {
    case LEVEL_LOW: return account->low;
    case LEVEL_MEDIUM: return account->medium;
    default: return account->high;
    }
}

/* The weights of an account's signers among the signatures; both ascend by key. Marks the
 * signatures that were of use. */
static uint32_t weight_of(const struct account *account, const struct transaction *tx,
                          uint32_t *used)
{
    uint32_t weight = 0;
    unsigned s = 0, k = 0;
    while (s < account->signer_count && k < tx->signature_count) {
        int order = key_compare(&account->signers[s].key, &tx->signatures[k].key);
        if (order == 0) {
            weight += account->signers[s].weight;
            *used |= (uint32_t)1 << k;
        }
        if (order <= 0) s++;
        if (order >= 0) k++;
    }
    return weight;
}

static enum refusal_code not_permitted(struct refusal *refusal, const struct actor *actor,
                                       uint32_t need, uint32_t have)
{
    if (refusal) {
        refusal->account = actor->account;
        refusal->level = (uint8_t)actor->level;
        refusal->weight_need = need;
        refusal->weight_have = have;
    }
    return refuse(refusal, REFUSAL_tx_not_permitted, 0, 0);
}

/* Check 12: every actor exists and its signers reach the threshold of its highest level, and every
 * attached key is a signer of some actor: otherwise anybody on the way could fatten a payment with
 * foreign signatures. */
static enum refusal_code check_actors(struct executor *x, const struct transaction *tx,
                                      struct refusal *refusal)
{
    uint32_t used = 0; /* bit k: signature k */
    size_t count = transaction_actors(tx, x->actors);
    for (size_t i = 0; i < count; i++) {
        const struct actor *actor = &x->actors[i];
        const struct account *account = state_account(x->state, &actor->account);
        if (!account) return not_permitted(refusal, actor, 0, 0);
        uint32_t need = threshold(account, actor->level);
        uint32_t have = weight_of(account, tx, &used);
        if (have < need) return not_permitted(refusal, actor, need, have);
    }
    for (unsigned k = 0; k < tx->signature_count; k++) {
        if ((used >> k & 1) != 0) continue;
        struct actor source = { tx->source, LEVEL_LOW };
        if (refusal) refusal->key = tx->signatures[k].key;
        return not_permitted(refusal, &source, 0, 0);
    }
    return REFUSAL_none;
}

enum refusal_code execute_check(struct executor *x, const struct transaction *tx, bool ahead,
                                struct refusal *refusal)
{
    if (refusal) {
        memset(refusal, 0, sizeof *refusal);
        refusal->account = tx->source;
    }
    enum refusal_code code = tx->order == ORDER_NONE ? check_reference(x, tx, refusal)
                                                     : check_lane(x, tx, ahead, refusal);
    if (code == REFUSAL_none) code = check_times(x, tx, refusal);
    if (code != REFUSAL_none) return code;

    const struct account *source = state_account(x->state, &tx->source);
    if (!source) return refuse(refusal, REFUSAL_tx_unknown_source, 0, 0);
    if ((source->flags & ACCOUNT_FROZEN) != 0)
        return refuse(refusal, REFUSAL_tx_source_frozen, 0, 0);
    return check_actors(x, tx, refusal);
}

/* ---- asserts --------------------------------------------------------------------------------- */

static bool relation_holds(uint8_t relation, int64_t value, int64_t limit)
{
    switch (relation) {
    case RELATION_EQUAL: return value == limit;
    case RELATION_LEAST: return value >= limit;
    default: ASSERT(relation == RELATION_MOST); return value <= limit;
    }
}

static bool balance_holds(struct executor *x, const struct tx_assert *a, struct observed *observed)
{
    const struct balance *balance = state_balance(x->state, &a->account, &a->asset);
    if (a->field == FIELD_POSTED)
        *observed = (struct observed){ OBSERVED_POSTED, balance ? balance->posted : 0 };
    else
        *observed = (struct observed){ OBSERVED_AVAILABLE, balance ? balance_free(balance) : 0 };
    return relation_holds(a->relation, observed->value, a->amount);
}

static bool number_holds(struct observed *observed, enum observed_what what, uint64_t value,
                         uint64_t wanted)
{
    *observed = (struct observed){ (uint8_t)what, (int64_t)value };
    return value == wanted;
}

/* An absent key has the hash zeros: no value hashes to that. */
static bool value_holds(struct executor *x, const struct tx_assert *a, struct observed *observed)
{
    static const struct digest absent;
    const struct kv_record *kv = state_kv(x->state, &a->account, a->key);
    *observed = (struct observed){ OBSERVED_VERSION, kv ? (int64_t)kv->version : 0 };
    return digest_equal(kv ? &kv->value_hash : &absent, &a->value_hash);
}

/* An absent object counts as zeros. */
static bool assert_holds(struct executor *x, const struct tx_assert *a, struct observed *observed)
{
    switch (a->kind) {
    case ASSERT_BALANCE: return balance_holds(x, a, observed);
    case ASSERT_BALANCE_SEQ: {
        const struct balance *balance = state_balance(x->state, &a->account, &a->asset);
        return number_holds(observed, OBSERVED_SEQ, balance ? balance->seq : 0, a->number);
    }
    case ASSERT_KV_VERSION: {
        const struct kv_record *kv = state_kv(x->state, &a->account, a->key);
        return number_holds(observed, OBSERVED_VERSION, kv ? kv->version : 0, a->number);
    }
    case ASSERT_KV_VALUE: return value_holds(x, a, observed);
    case ASSERT_ACCOUNT_VERSION: {
        const struct account *account = state_account(x->state, &a->account);
        return number_holds(observed, OBSERVED_VERSION, account ? account->version : 0, a->number);
    }
    case ASSERT_PARAMS_VERSION:
        return number_holds(observed, OBSERVED_PARAMS_VERSION, x->params->version, a->number);
    default:
        ASSERT(a->kind == ASSERT_HEIGHT_MAX);
        *observed = (struct observed){ OBSERVED_HEIGHT, (int64_t)x->height };
        return x->height <= a->number;
    }
}

/* ---- execution ------------------------------------------------------------------------------- */

enum { AT_ASSERT = 128 };

static struct outcome run_operations(struct executor *x, const struct transaction *tx,
                                     uint32_t entry, struct observed *observed)
{
    for (uint8_t i = 0; i < tx->assert_count; i++)
        if (!assert_holds(x, &tx->asserts[i], observed))
            return (struct outcome){ RESULT_assert_failed, (uint8_t)(AT_ASSERT + i) };

    *observed = (struct observed){ OBSERVED_NOTHING, 0 };
    for (uint8_t i = 0; i < tx->operation_count; i++) {
        uint64_t position = position_of(x->height, entry, i);
        enum result_code code = operation_apply(x, &tx->operations[i], position, observed);
        if (code != RESULT_ok) return (struct outcome){ code, i };
    }
    return (struct outcome){ RESULT_ok, 0 };
}

/* The reference or lane number is used up, whatever the result. Not an effect: the transaction
 * itself says it. */
static void use_up(struct executor *x, const struct transaction *tx, uint64_t position,
                   struct outcome outcome)
{
    if (tx->order == ORDER_LANE) {
        state_put_lane(x->state, &tx->source, tx->lane, tx->seq + 1);
        return;
    }
    struct window_entry entry = {
        .source = tx->source,
        .client_ref = tx->client_ref,
        .txid = tx->txid,
        .position = position,
        .code = (uint16_t)outcome.code,
        .at = outcome.at,
        .not_after_ms = tx->not_after_ms,
    };
    state_put_window(x->state, &entry);
}

struct outcome execute_transaction(struct executor *x, const struct transaction *tx, uint32_t entry)
{
    uint64_t position = position_of(x->height, entry, 0);
    struct observed observed = { OBSERVED_NOTHING, 0 };
    x->txid = tx->txid;
    x->holds.grouped = 0;
    struct outcome outcome = run_operations(x, tx, entry, &observed);
    if (state_status(x->state) != STATUS_OK) return outcome; /* The block fails as a whole. */

    if (outcome.code == RESULT_ok) {
        effects_of_edits(&x->effects, x->state, &tx->txid, position);
    } else {
        state_undo(x->state);
        effects_of_failure(&x->effects, &observed);
    }
    use_up(x, tx, position, outcome);
    state_accept(x->state);
    return outcome;
}
