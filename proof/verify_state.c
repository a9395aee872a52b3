/* P5: an object of the state, that there is none, or what it was in the past. */
#include "proof/judge.h"

#include <inttypes.h>

/* ---- P5.2: the object ------------------------------------------------------------------------ */

static bool governance_key_fits(struct span key)
{
    if (key.size == 0) return false;
    switch (key.data[0]) {
    case GOVERNANCE_PARAMS:
    case GOVERNANCE_MEMBERS:
    case GOVERNANCE_SET:
    case GOVERNANCE_NEXT_PROPOSAL: return key.size == 1;
    case GOVERNANCE_VALIDATOR: return key.size == 17;
    case GOVERNANCE_PROPOSAL: return key.size == 9;
    default: return false;
    }
}

static bool key_fits(uint8_t kind, struct span key)
{
    switch ((enum record_kind)kind) {
    case RECORD_ACCOUNT:
    case RECORD_ASSET:
    case RECORD_HOLD: return key.size == 16;
    case RECORD_BALANCE:
    case RECORD_WINDOW: return key.size == 32;
    case RECORD_KV: return key.size > 16 && key.size <= RECORD_KEY_MAX;
    case RECORD_LANE: return key.size == 20;
    case RECORD_GOVERNANCE: return governance_key_fits(key);
    }
    return false;
}

static bool value_decodes(uint8_t kind, struct span value)
{
    union {
        struct account account;
        struct asset asset;
        struct balance balance;
        struct hold hold;
        struct kv_record kv;
        struct window_entry window;
        struct lane lane;
    } object;
    switch ((enum record_kind)kind) {
    case RECORD_ACCOUNT: return account_decode(value, &object.account) == STATUS_OK;
    case RECORD_ASSET: return asset_decode(value, &object.asset) == STATUS_OK;
    case RECORD_BALANCE: return balance_decode(value, &object.balance) == STATUS_OK;
    case RECORD_HOLD: return hold_decode(value, &object.hold) == STATUS_OK;
    case RECORD_KV: return kv_decode(value, &object.kv) == STATUS_OK;
    case RECORD_WINDOW: return window_decode(value, &object.window) == STATUS_OK;
    case RECORD_LANE: return lane_decode(value, &object.lane) == STATUS_OK;
    case RECORD_GOVERNANCE: return value.size > 0;
    }
    return false;
}

static bool state_is_object(struct judge *judge, const struct state_proof *state)
{
    if (!key_fits(state->kind, state->key))
        return judge_fail(judge, CHECK_P5_OBJECT, "a key of %zu bytes is none of kind 0x%02x",
                          state->key.size, state->kind);
    bool has_value = state->form == STATE_PRESENT || state->form == STATE_SINCE;
    if (has_value && !value_decodes(state->kind, state->value))
        return judge_fail(judge, CHECK_P5_OBJECT, "%zu bytes are no value of kind 0x%02x",
                          state->value.size, state->kind);
    return true;
}

/* ---- P5.3, P5.4: the path -------------------------------------------------------------------- */

static bool same_bits(const struct digest *a, const struct digest *b, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (path_bit(a->bytes, i) != path_bit(b->bytes, i)) return false;
    return true;
}

/* What stands at the end of the path: the object's leaf, a neighbour's, or nothing. */
static bool find_leaf(struct judge *judge, const struct state_proof *state,
                      const struct digest *path, struct digest *leaf)
{
    *leaf = (struct digest){ { 0 } };
    unsigned depth = state->path.depth;
    if (depth > 0) {
        struct digest deepest = state_sibling(&state->path, (uint16_t)(depth - 1));
        if (digest_is_zero(&deepest))
            return judge_fail(judge, CHECK_P5_LEAF,
                              "a leaf without a sibling would stand higher in the tree");
    }
    if (state->form != STATE_ABSENT) {
        struct digest value_hash = state_value_hash(state->kind, state->key, state->value);
        *leaf = state_leaf_hash(path, &value_hash);
        return true;
    }
    if (!state->has_neighbour) return true;
    if (digest_equal(&state->neighbour_path, path))
        return judge_fail(judge, CHECK_P5_LEAF, "the neighbour is the object itself");
    if (!same_bits(&state->neighbour_path, path, depth))
        return judge_fail(judge, CHECK_P5_LEAF,
                          "the neighbour does not share the first %u bits of the path", depth);
    *leaf = state_leaf_hash(&state->neighbour_path, &state->neighbour_value_hash);
    return true;
}

static bool path_leads_to_root(struct judge *judge, const struct state_proof *state)
{
    struct digest path = state_proof_path(state);
    struct digest hash;
    if (!find_leaf(judge, state, &path, &hash)) return false;
    const struct digest *next = state->path.hashes;
    for (unsigned level = state->path.depth; level-- > 0;) {
        struct digest sibling = { { 0 } };
        if (path_bit(state->path.bitmap, level)) sibling = *next++;
        hash = path_bit(path.bytes, level) ? state_node_hash(&sibling, &hash)
                                           : state_node_hash(&hash, &sibling);
    }
    if (digest_equal(&hash, &state->sealed.header.state_root)) return true;
    return judge_fail(judge, CHECK_P5_ROOT,
                      "the path does not lead to the state root of block %" PRIu64,
                      state->sealed.header.height);
}

/* ---- P5.5, P5.6: the past -------------------------------------------------------------------- */

/* How a change names what was before it and what it left: versions or, of balances, numbers. */
struct change {
    uint64_t before, after;
    struct digest head; /* of a balance */
};

static bool effect_is_of(const struct ledger_effect *effect, uint8_t kind, struct span key)
{
    struct span id = span_of(effect->id.bytes, sizeof effect->id.bytes);
    struct span first = span_of(key.data, 16), rest = span_of(key.data + 16, key.size - 16);
    if (!span_equal(id, first)) return false;
    switch ((enum record_kind)kind) {
    case RECORD_ACCOUNT: return effect->kind == LEDGER_EFFECT_ACCOUNT;
    case RECORD_ASSET: return effect->kind == LEDGER_EFFECT_ASSET;
    case RECORD_BALANCE:
        return effect->kind == LEDGER_EFFECT_BALANCE &&
               span_equal(span_of(effect->asset.bytes, sizeof effect->asset.bytes), rest);
    case RECORD_KV: return effect->kind == LEDGER_EFFECT_KV && span_equal(effect->kv.key, rest);
    default: return false; /* effects of other kinds do not name what was before */
    }
}

static struct change change_of(const struct ledger_effect *effect)
{
    struct change change = { .before = effect->version.old, .after = effect->version.new };
    if (effect->kind == LEDGER_EFFECT_BALANCE)
        change =
            (struct change){ effect->balance.seq - 1, effect->balance.seq, effect->balance.head };
    if (effect->kind == LEDGER_EFFECT_KV) {
        change.before = effect->kv.old;
        change.after = effect->kv.new;
    }
    return change;
}

static bool find_change(const struct state_proof *state, const struct receipt *receipt,
                        struct change *change)
{
    if (receipt->effects.size == 0) return false;
    struct effect_list list = effect_list_of(receipt->effects);
    struct ledger_effect effect;
    while (effect_list_next(&list, &effect)) {
        if (!effect_is_of(&effect, state->kind, state->key)) continue;
        *change = change_of(&effect);
        return true;
    }
    return false;
}

/* The version in a value, or a balance's number and head. */
static struct change value_mark(const struct state_proof *state)
{
    struct change mark = { 0 };
    if (state->kind == RECORD_BALANCE) {
        struct balance balance = { 0 };
        (void)balance_decode(state->value, &balance); /* P5.2 has decoded it */
        mark.after = balance.seq;
        mark.head = balance.head;
    } else {
        mark.after = load_u64(state->value.data); /* version u64 comes first */
    }
    return mark;
}

/* P5.5. */
static bool last_changed_object(struct judge *judge, const struct state_proof *state,
                                struct change *last)
{
    if (!find_change(state, &state->last, last))
        return judge_fail(judge, CHECK_P5_LAST, "the first receipt has no effect on the object");
    if (last->after == 0)
        return judge_fail(judge, CHECK_P5_LAST, "the first receipt removed the object");
    return true;
}

/* P5.6 with a second receipt. */
static bool next_follows_last(struct judge *judge, const struct state_proof *state,
                              const struct change *last)
{
    struct change next;
    if (!find_change(state, &state->next, &next))
        return judge_fail(judge, CHECK_P5_NEXT, "the second receipt has no effect on the object");
    if (next.before != last->after)
        return judge_fail(judge, CHECK_P5_NEXT, "something lies between the two receipts");
    if (receipt_header(&state->next)->height <= receipt_header(&state->last)->height)
        return judge_fail(judge, CHECK_P5_NEXT, "the second receipt is not of a later block");
    return true;
}

/* P5.6 with the state. */
static bool value_follows_last(struct judge *judge, const struct state_proof *state,
                               const struct change *last)
{
    struct change now = value_mark(state);
    if (now.after != last->after || !digest_equal(&now.head, &last->head))
        return judge_fail(judge, CHECK_P5_NEXT, "the value is not that of the first receipt");
    if (state->sealed.header.height < receipt_header(&state->last)->height)
        return judge_fail(judge, CHECK_P5_NEXT, "the state is older than the receipt");
    return true;
}

bool judge_state(struct judge *judge, const struct state_proof *state)
{
    struct change last = { 0 };
    if (state->form == STATE_BETWEEN || state->form == STATE_SINCE)
        if (!judge_receipt(judge, &state->last, "the first receipt")) return false;
    if (state->form == STATE_BETWEEN)
        if (!judge_receipt(judge, &state->next, "the second receipt")) return false;
    if (!state_is_object(judge, state)) return false;
    if (state->form != STATE_BETWEEN && !path_leads_to_root(judge, state)) return false;
    if (state->form == STATE_PRESENT || state->form == STATE_ABSENT) return true;
    if (!last_changed_object(judge, state, &last)) return false;
    return state->form == STATE_BETWEEN ? next_follows_last(judge, state, &last)
                                        : value_follows_last(judge, state, &last);
}
