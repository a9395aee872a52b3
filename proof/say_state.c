/* What a state proof shows, in words. */
#include "proof/say_words.h"

#include "format/effect_list.h"

#include <inttypes.h>

/* ---- objects --------------------------------------------------------------------------------- */

static struct id key_id(struct span key, size_t offset)
{
    struct id id;
    memcpy(id.bytes, key.data + offset, sizeof id.bytes);
    return id;
}

/* A record's key: as text if it is plain text, else as hex. */
static void say_key(struct text *t, struct span key)
{
    bool plain = true;
    for (size_t i = 0; i < key.size; i++)
        plain = plain && key.data[i] > ' ' && key.data[i] < 0x7f && key.data[i] != '"';
    if (plain)
        say(t, "\"%.*s\"", (int)key.size, (const char *)key.data);
    else
        say_hex(t, key);
}

static void say_governance(struct text *t, struct span key)
{
    static const char *const names[] = { "",
                                         "parameters",
                                         "members",
                                         "validator set",
                                         "validator ",
                                         "proposal ",
                                         "number of the next proposal" };
    ASSERT(key.data[0] < sizeof names / sizeof *names); /* P5.2 */
    say(t, "the record of the %s", names[key.data[0]]);
    if (key.data[0] == GOVERNANCE_PROPOSAL) say(t, "%" PRIu64, load_u64(key.data + 1));
    if (key.data[0] != GOVERNANCE_VALIDATOR) return;
    struct id id = key_id(key, 1);
    say_address(t, ADDRESS_VALIDATOR, &id);
}

/* The object as a phrase: "the posted balance of acc1... in EUR". */
static void say_object(struct text *t, const struct state_proof *state,
                       const struct genesis *genesis)
{
    struct span key = state->key;
    struct id first = { { 0 } };
    if (state->kind != RECORD_GOVERNANCE) first = key_id(key, 0);
    switch ((enum record_kind)state->kind) {
    case RECORD_ACCOUNT: say(t, "account "); break;
    case RECORD_ASSET:
        say(t, "asset ");
        say_address(t, ADDRESS_ASSET, &first);
        return;
    case RECORD_BALANCE: say(t, "the posted balance of "); break;
    case RECORD_HOLD:
        say(t, "hold ");
        say_address(t, ADDRESS_HOLD, &first);
        return;
    case RECORD_KV:
        say(t, "record ");
        say_key(t, span_of(key.data + 16, key.size - 16));
        say(t, " of ");
        break;
    case RECORD_WINDOW:
        say(t, "reference ");
        say_hex(t, span_of(key.data + 16, key.size - 16));
        say(t, " of ");
        break;
    case RECORD_LANE: say(t, "lane %" PRIu32 " of ", load_u32(key.data + 16)); break;
    case RECORD_GOVERNANCE: say_governance(t, key); return;
    }
    say_address(t, ADDRESS_ACCOUNT, &first);
    if (state->kind != RECORD_BALANCE) return;
    struct id asset = key_id(key, 16);
    say(t, " in ");
    say_asset(t, genesis, &asset);
}

/* ---- values ---------------------------------------------------------------------------------- */

static void say_balance(struct text *t, const struct state_proof *state,
                        const struct genesis *genesis)
{
    struct balance balance = { .seq = 0 };
    struct id asset = key_id(state->key, 16);
    (void)balance_decode(state->value, &balance); /* it was verified */
    say_amount(t, genesis, &asset, balance.posted);
    if (balance.held_out != 0) {
        say(t, ", ");
        say_amount(t, genesis, &asset, balance.held_out);
        say(t, " of it reserved");
    }
    if (balance.floor != 0) {
        say(t, ", its floor ");
        say_amount(t, genesis, &asset, balance.floor);
    }
}

static void say_version(struct text *t, uint64_t version)
{
    char text[POSITION_TEXT];
    position_text(version, text);
    say(t, "at version %s", text);
}

static void say_kv(struct text *t, struct span value)
{
    struct kv_record kv = { .version = 0 };
    (void)kv_decode(value, &kv);
    say_version(t, kv.version);
    say(t, ", %" PRIu32 " byte%s with value hash ", kv.size, kv.size == 1 ? "" : "s");
    say_hash(t, &kv.value_hash);
    say(t, ",");
}

static void say_asset_value(struct text *t, const struct state_proof *state,
                            const struct genesis *genesis)
{
    struct asset asset = { .version = 0 };
    struct id id = key_id(state->key, 0);
    (void)asset_decode(state->value, &asset);
    say_version(t, asset.version);
    say(t, ", its supply ");
    say_amount(t, genesis, &id, (int64_t)asset.supply);
    say(t, ",");
}

static void say_account_value(struct text *t, struct span value)
{
    struct account account = { .version = 0 };
    (void)account_decode(value, &account);
    say_version(t, account.version);
    say(t, " with %u signer%s and %" PRIu32 " balance%s%s", account.signer_count,
        account.signer_count == 1 ? "" : "s", account.balances, account.balances == 1 ? "" : "s",
        account.flags & ACCOUNT_FROZEN ? ", frozen," : "");
}

static void say_window(struct text *t, struct span value)
{
    struct window_entry entry = { .code = 0 };
    (void)window_decode(value, &entry);
    say(t, "used by transaction ");
    say_hash(t, &entry.txid);
}

static void say_hold(struct text *t, struct span value, const struct genesis *genesis)
{
    struct hold hold = { .amount = 0 };
    (void)hold_decode(value, &hold);
    say(t, "open over ");
    say_amount(t, genesis, &hold.asset, (int64_t)hold.amount);
    say(t, " of ");
    say_address(t, ADDRESS_ACCOUNT, &hold.payer);
    say(t, " for ");
    say_address(t, ADDRESS_ACCOUNT, &hold.payee);
    say(t, " until ");
    say_time(t, hold.expires_ms);
    say(t, ",");
}

static void say_value(struct text *t, const struct state_proof *state,
                      const struct genesis *genesis)
{
    switch ((enum record_kind)state->kind) {
    case RECORD_BALANCE: say_balance(t, state, genesis); return;
    case RECORD_ACCOUNT: say_account_value(t, state->value); return;
    case RECORD_ASSET: say_asset_value(t, state, genesis); return;
    case RECORD_KV: say_kv(t, state->value); return;
    case RECORD_WINDOW: say_window(t, state->value); return;
    case RECORD_LANE: say(t, "at next number %" PRIu64, load_u64(state->value.data)); return;
    case RECORD_HOLD: say_hold(t, state->value, genesis); return;
    case RECORD_GOVERNANCE: say(t, "%zu bytes", state->value.size); return;
    }
}

/* What the last receipt left, for the form that has no value. */
static void say_left(struct text *t, const struct state_proof *state, const struct genesis *genesis)
{
    struct effect_list list = effect_list_of(state->last.effects);
    struct ledger_effect effect;
    struct id first = key_id(state->key, 0);
    while (effect_list_next(&list, &effect)) {
        if (!id_equal(&effect.id, &first)) continue;
        if (state->kind == RECORD_BALANCE && effect.kind == LEDGER_EFFECT_BALANCE) {
            struct id asset = key_id(state->key, 16);
            if (id_equal(&effect.asset, &asset))
                say_amount(t, genesis, &asset, effect.balance.posted);
        }
        if (state->kind == RECORD_KV && effect.kind == LEDGER_EFFECT_KV &&
            span_equal(effect.kv.key, span_of(state->key.data + 16, state->key.size - 16))) {
            say_version(t, effect.kv.new);
            say(t, " with value hash ");
            say_hash(t, &effect.kv.value_hash);
        }
        if ((state->kind == RECORD_ACCOUNT && effect.kind == LEDGER_EFFECT_ACCOUNT) ||
            (state->kind == RECORD_ASSET && effect.kind == LEDGER_EFFECT_ASSET))
            say_version(t, effect.version.new);
    }
}

/* ---- the sentence ---------------------------------------------------------------------------- */

void say_state(struct text *t, const struct verdict *verdict, const struct genesis *genesis)
{
    const struct state_proof *state = &verdict->proof.state;
    uint64_t last = receipt_header(&state->last)->height;
    say_object(t, state, genesis);
    if (state->form == STATE_ABSENT) {
        if (state->kind == RECORD_WINDOW) {
            say(t, " was not used, with a not_after of ");
            say_time(t, state->not_after_ms);
            say(t, " or up to %d ms later, after block %" PRIu64, WINDOW_STEP_MS - 1,
                state->sealed.header.height);
            return;
        }
        say(t, " did not exist after block %" PRIu64, state->sealed.header.height);
        return;
    }
    say(t, " was ");
    if (state->form == STATE_BETWEEN)
        say_left(t, state, genesis);
    else
        say_value(t, state, genesis);
    switch (state->form) {
    case STATE_BETWEEN:
        say(t, " after blocks %" PRIu64 " to %" PRIu64, last,
            receipt_header(&state->next)->height - 1);
        return;
    case STATE_SINCE:
        say(t, " after blocks %" PRIu64 " to %" PRIu64, last, state->sealed.header.height);
        return;
    default: say(t, " after block %" PRIu64, state->sealed.header.height); return;
    }
}
