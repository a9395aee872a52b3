#include "rpc/json_entry.h"
#include "format/effect_list.h"
#include "format/transaction_json.h"
#include <stdlib.h>

const char *entry_kind_word(uint8_t kind)
{
    switch (kind) {
    case ENTRY_EXPIRY: return "hold_expiry";
    case ENTRY_ENACTMENT: return "enactment";
    case ENTRY_RECOVERY: return "recovery";
    default: return "transaction";
    }
}

/* By how much a balance has moved, and where it stands now. */
static json_t *movement(json_t *o, const struct ledger_effect *effect)
{
    o = json_with(o, "seq", json_number(effect->balance.seq));
    o = json_with(o, "d_posted", value_signed(effect->balance.d_posted));
    o = json_with(o, "d_held_out", value_signed(effect->balance.d_held_out));
    o = json_with(o, "d_held_in", value_signed(effect->balance.d_held_in));
    o = json_with(o, "posted", value_signed(effect->balance.posted));
    o = json_with(o, "held_out", value_signed(effect->balance.held_out));
    return json_with(o, "held_in", value_signed(effect->balance.held_in));
}

static json_t *balance_effect(json_t *o, const struct ledger_effect *effect)
{
    o = json_with(o, "account", value_address(ADDRESS_ACCOUNT, &effect->id));
    o = json_with(o, "asset", value_address(ADDRESS_ASSET, &effect->asset));
    o = movement(o, effect);
    return json_with(o, "head", value_hash(&effect->balance.head));
}

static json_t *versions(json_t *o, uint64_t old, uint64_t new)
{
    o = json_with(o, "old", value_position(old));
    return json_with(o, "new", value_position(new));
}

static json_t *kv_effect(json_t *o, const struct ledger_effect *effect)
{
    o = json_with(o, "owner", value_address(ADDRESS_ACCOUNT, &effect->id));
    o = json_with(o, "key", value_hex(effect->kv.key));
    o = versions(o, effect->kv.old, effect->kv.new);
    return json_with(o, "value_hash", value_hash(&effect->kv.value_hash));
}

/* The observed value in the form of what was observed: a version is a position. */
static json_t *observed_value(uint8_t what, int64_t value)
{
    static const char version[] = "version";
    if (strcmp(observed_word(what), version) == 0 && value >= 0)
        return value_position((uint64_t)value);
    return value_signed(value);
}

static json_t *observed_members(json_t *o, uint8_t what, int64_t value)
{
    o = json_with(o, "what", json_string(observed_word(what)));
    return json_with(o, "value", observed_value(what, value));
}

static json_t *effect_json(const struct ledger_effect *effect)
{
    json_t *o = json_object();
    o = json_with(o, "kind", json_string(effect_kind_word(effect->kind)));
    switch (effect->kind) {
    case LEDGER_EFFECT_BALANCE: return balance_effect(o, effect);
    case LEDGER_EFFECT_ACCOUNT:
        o = json_with(o, "account", value_address(ADDRESS_ACCOUNT, &effect->id));
        return versions(o, effect->version.old, effect->version.new);
    case LEDGER_EFFECT_ASSET:
        o = json_with(o, "asset", value_address(ADDRESS_ASSET, &effect->id));
        o = versions(o, effect->version.old, effect->version.new);
        return json_with(o, "supply", value_amount(effect->version.supply));
    case LEDGER_EFFECT_HOLD:
        o = json_with(o, "hold", value_address(ADDRESS_HOLD, &effect->id));
        o = json_with(o, "state", json_string(hold_state_word(effect->hold.state)));
        return json_with(o, "amount", value_amount(effect->hold.amount));
    case LEDGER_EFFECT_KV: return kv_effect(o, effect);
    case LEDGER_EFFECT_PROPOSAL:
        o = json_with(o, "proposal", json_number(effect->proposal.number));
        o = json_with(o, "status", json_string(proposal_status_name(effect->proposal.status)));
        o = json_with(o, "yes", json_number(effect->proposal.yes));
        return json_with(o, "no", json_number(effect->proposal.no));
    case LEDGER_EFFECT_OBSERVED:
        return observed_members(o, effect->observed.what, effect->observed.value);
    }
    return o;
}

json_t *json_effects(struct span effects)
{
    json_t *array = json_array();
    struct effect_list list = effect_list_of(effects);
    struct ledger_effect effect;
    while (effect_list_next(&list, &effect))
        array = json_and(array, effect_json(&effect));
    if (effect_list_end(&list) == STATUS_OK) return array;
    json_decref(array);
    return NULL;
}

json_t *json_result(uint16_t code, uint8_t at, struct span effects)
{
    uint8_t what;
    int64_t value;
    json_t *o = json_with(json_object(), "code", json_string(result_name(code)));
    if (code == RESULT_ok) return o;
    o = json_with(o, "at", json_number(at));
    if (!effects_observed(effects, &what, &value)) return o;
    return json_with(o, "observed", observed_members(json_object(), what, value));
}

json_t *json_location(uint64_t position, const struct digest *block_hash, uint64_t time_ms)
{
    json_t *o = json_object();
    o = json_with(o, "height", json_number(position_height(position)));
    o = json_with(o, "entry", json_number(position_entry(position)));
    o = json_with(o, "position", value_entry_position(position));
    o = json_with(o, "block_hash", value_hash(block_hash));
    return json_with(o, "time", value_time(time_ms));
}

static json_t *with_place(json_t *o, const struct entry_row *entry, const struct block_row *block,
                          bool sealed)
{
    o = json_with(o, "status", json_string("committed"));
    o = json_with(o, "sealed", json_boolean(sealed));
    o = json_with(o, "location",
                  json_location(entry->position, &block->hash, block->header.time_ms));
    o = json_with(o, "result", json_result(entry->code, entry->at, entry->effects));
    return json_with(o, "effects", json_effects(entry->effects));
}

json_t *json_transaction(struct span bytes, const struct entry_row *entry,
                         const struct block_row *block, bool sealed, bool raw)
{
    struct transaction *tx = malloc(sizeof *tx);
    if (!tx) return NULL;
    json_t *o = NULL;
    if (transaction_decode(bytes, tx, NULL) == STATUS_OK) o = transaction_json(tx);
    free(tx);
    if (o && entry) o = with_place(o, entry, block, sealed);
    return o && raw ? json_with(o, "raw", value_hex(bytes)) : o;
}

json_t *json_entry(const struct entry_row *entry, const struct block_row *block, bool sealed,
                   bool full)
{
    json_t *o = json_object();
    o = json_with(o, "entry", json_number(position_entry(entry->position)));
    o = json_with(o, "position", value_entry_position(entry->position));
    o = json_with(o, "kind", json_string(entry_kind_word(entry->kind)));
    o = json_with(o, "id", value_hash(&entry->id));
    o = json_with(o, "code", json_string(result_name(entry->code)));
    if (entry->code != RESULT_ok) o = json_with(o, "at", json_number(entry->at));
    if (!full) return o;
    if (entry->kind == ENTRY_TRANSACTION)
        o = json_with(o, "tx", json_transaction(entry->data, entry, block, sealed, false));
    return json_with(o, "effects", json_effects(entry->effects));
}

json_t *json_operation_words(struct span bytes)
{
    struct transaction *tx = malloc(sizeof *tx);
    json_t *array = json_array();
    if (tx && transaction_decode(bytes, tx, NULL) == STATUS_OK) {
        for (unsigned i = 0; i < tx->operation_count; i++) {
            uint16_t code = (uint16_t)tx->operations[i].code;
            array = json_and(array, json_string(operation_name(code)));
        }
    } else {
        json_decref(array);
        array = NULL;
    }
    free(tx);
    return array;
}

json_t *json_movement(const struct ledger_effect *effect, const struct entry_row *entry,
                      uint64_t time_ms)
{
    json_t *o = json_object();
    o = json_with(o, "entry_id", value_hash(&entry->id));
    o = json_with(o, "position", value_entry_position(entry->position));
    o = movement(o, effect);
    o = json_with(o, "asset", value_address(ADDRESS_ASSET, &effect->asset));
    return json_with(o, "time", value_time(time_ms));
}
