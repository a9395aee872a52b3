#include "format/effect_list.h"

#define WORD_OF(words, number) ((number) < sizeof(words) / sizeof *(words) ? (words)[number] : NULL)

const char *effect_kind_word(unsigned kind)
{
    static const char *const words[] = {
        [LEDGER_EFFECT_BALANCE] = "balance",
        [LEDGER_EFFECT_ACCOUNT] = "account",
        [LEDGER_EFFECT_ASSET] = "asset",
        [LEDGER_EFFECT_HOLD] = "hold",
        [LEDGER_EFFECT_KV] = "kv",
        [LEDGER_EFFECT_PROPOSAL] = "proposal",
        [LEDGER_EFFECT_OBSERVED] = "observed",
    };
    return WORD_OF(words, kind);
}

const char *observed_word(unsigned what)
{
    static const char *const words[] = {
        NULL, "available", "posted", "seq", "version", "height", "params_version", "supply_left",
    };
    return WORD_OF(words, what);
}

const char *hold_state_word(unsigned state)
{
    static const char *const words[] = { NULL, "made", "posted", "voided", "expired" };
    return WORD_OF(words, state);
}

struct effect_list effect_list_of(struct span bytes)
{
    struct effect_list list = { .r = reader_of(bytes) };
    list.left = read_u16(&list.r);
    return list;
}

static void read_balance(struct reader *r, struct ledger_effect *effect)
{
    read_id(r, &effect->asset);
    effect->balance.seq = read_u64(r);
    effect->balance.d_posted = read_i64(r);
    effect->balance.d_held_out = read_i64(r);
    effect->balance.d_held_in = read_i64(r);
    effect->balance.posted = read_i64(r);
    effect->balance.held_out = read_i64(r);
    effect->balance.held_in = read_i64(r);
    read_digest(r, &effect->balance.head);
}

static void read_kv(struct reader *r, struct ledger_effect *effect)
{
    effect->kv.key = read_bytes8(r, UINT8_MAX);
    effect->kv.old = read_u64(r);
    effect->kv.new = read_u64(r);
    read_digest(r, &effect->kv.value_hash);
}

static void read_proposal(struct reader *r, struct ledger_effect *effect)
{
    effect->proposal.number = read_u64(r);
    effect->proposal.status = read_u8(r);
    effect->proposal.yes = read_u16(r);
    effect->proposal.no = read_u16(r);
}

static void read_observed(struct reader *r, struct ledger_effect *effect)
{
    effect->observed.what = read_u8(r);
    effect->observed.value = read_i64(r);
    if (!observed_word(effect->observed.what)) reader_fail(r, STATUS_UNSUPPORTED);
}

static void read_hold(struct reader *r, struct ledger_effect *effect)
{
    effect->hold.state = read_u8(r);
    effect->hold.amount = read_u64(r);
    if (!hold_state_word(effect->hold.state)) reader_fail(r, STATUS_UNSUPPORTED);
}

static void read_record(struct reader *r, struct ledger_effect *effect)
{
    *effect = (struct ledger_effect){ .kind = read_u8(r) };
    if (effect->kind <= LEDGER_EFFECT_KV) read_id(r, &effect->id);
    switch (effect->kind) {
    case LEDGER_EFFECT_BALANCE: read_balance(r, effect); return;
    case LEDGER_EFFECT_ACCOUNT:
    case LEDGER_EFFECT_ASSET:
        effect->version.old = read_u64(r);
        effect->version.new = read_u64(r);
        if (effect->kind == LEDGER_EFFECT_ASSET) effect->version.supply = read_u64(r);
        return;
    case LEDGER_EFFECT_HOLD: read_hold(r, effect); return;
    case LEDGER_EFFECT_KV: read_kv(r, effect); return;
    case LEDGER_EFFECT_PROPOSAL: read_proposal(r, effect); return;
    case LEDGER_EFFECT_OBSERVED: read_observed(r, effect); return;
    }
    reader_fail(r, STATUS_UNSUPPORTED);
}

bool effect_list_next(struct effect_list *list, struct ledger_effect *effect)
{
    if (list->left == 0 || reader_status(&list->r) != STATUS_OK) return false;
    const uint8_t *start = list->r.rest.data;
    size_t offset = list->r.offset;
    read_record(&list->r, effect);
    if (reader_status(&list->r) != STATUS_OK) return false;

    struct span record = span_of(start, list->r.offset - offset);
    if (list->previous.data && span_compare(list->previous, record) >= 0) {
        reader_fail(&list->r, STATUS_MALFORMED);
        return false;
    }
    list->previous = record;
    list->left--;
    return true;
}

enum status effect_list_end(struct effect_list *list)
{
    return reader_end(&list->r);
}

bool effects_observed(struct span bytes, uint8_t *what, int64_t *value)
{
    struct effect_list list = effect_list_of(bytes);
    struct ledger_effect effect;
    while (effect_list_next(&list, &effect)) {
        if (effect.kind != LEDGER_EFFECT_OBSERVED) continue;
        *what = effect.observed.what;
        *value = effect.observed.value;
        return true;
    }
    return false;
}
