#include "rpc/json_ledger.h"

json_t *json_with(json_t *object, const char *name, json_t *value)
{
    if (object && json_object_set_new(object, name, value) == 0) return object;
    if (!object) json_decref(value);
    json_decref(object);
    return NULL;
}

json_t *json_number(uint64_t value)
{
    return value_height(min_u64(value, INT64_MAX));
}

json_t *json_and(json_t *array, json_t *item)
{
    if (array && json_array_append_new(array, item) == 0) return array;
    if (!array) json_decref(item);
    json_decref(array);
    return NULL;
}

/* ---- words ---------------------------------------------------------------------------------- */

const char *fault_model_word(uint8_t fault_model)
{
    return fault_model == FAULT_CRASH ? "crash" : "byzantine";
}

const char *validator_status_word(uint8_t status)
{
    switch (status) {
    case VALIDATOR_LEARNER: return "learner";
    case VALIDATOR_REMOVED: return "removed";
    default: return "active";
    }
}

/* Words of the bits that are set, in the order of the bits. */
static json_t *bits_json(uint32_t bits, const char *const *words, unsigned count)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < count; i++)
        if (bits & 1u << i) array = json_and(array, json_string(words[i]));
    return array;
}

static json_t *header_flags_json(uint8_t flags)
{
    static const char *const words[] = { "epoch_end", "tick", "recovery" };
    return bits_json(flags, words, 3);
}

static json_t *asset_flags_json(uint8_t flags)
{
    static const char *const words[] = { "fixed_supply", "needs_authorisation", "clawback" };
    return bits_json(flags, words, 3);
}

/* ---- blocks --------------------------------------------------------------------------------- */

static json_t *header_roots(json_t *o, const struct header *header)
{
    o = json_with(o, "parent_hash", value_hash(&header->parent_hash));
    o = json_with(o, "tx_root", value_hash(&header->tx_root));
    o = json_with(o, "state_root", value_hash(&header->state_root));
    o = json_with(o, "history_root", value_hash(&header->history_root));
    o = json_with(o, "validators_hash", value_hash(&header->validators_hash));
    o = json_with(o, "next_validators_hash", value_hash(&header->next_validators_hash));
    o = json_with(o, "members_hash", value_hash(&header->members_hash));
    return json_with(o, "params_hash", value_hash(&header->params_hash));
}

json_t *json_header(const struct header *header)
{
    json_t *o = json_object();
    o = json_with(o, "version", json_number(header->version));
    o = json_with(o, "fault_model", json_string(fault_model_word(header->fault_model)));
    o = json_with(o, "flags", header_flags_json(header->flags));
    o = json_with(o, "entry_count", json_number(header->entry_count));
    o = json_with(o, "epoch", json_number(header->epoch));
    o = json_with(o, "height", json_number(header->height));
    o = json_with(o, "sequence", json_number(header->sequence));
    o = json_with(o, "time", value_time(header->time_ms));
    o = json_with(o, "window_horizon", value_time(header->window_horizon_ms));
    o = json_with(o, "proposer", value_address(ADDRESS_VALIDATOR, &header->proposer));
    return header_roots(o, header);
}

json_t *json_block_header(const struct block_row *block, const struct block_facts *facts)
{
    json_t *o = json_header(&block->header);
    o = json_with(o, "hash", value_hash(&block->hash));
    o = json_with(o, "sealed", json_boolean(facts->sealed));
    o = json_with(o, "size_bytes", json_number(facts->size_bytes));
    o = json_with(o, "signers", json_number(facts->signers));
    return json_with(o, "validators", json_number(facts->validators));
}

json_t *json_seal(const struct seal *seal, const struct committee *committee)
{
    json_t *signatures = json_array();
    for (unsigned i = 0; i < seal->count; i++) {
        const struct seal_signature *by = &seal->signatures[i];
        if (by->validator >= committee->count) continue; /* Stored, but nobody's: not shown. */
        const struct id *id = &committee->validators[by->validator].id;
        json_t *o = json_object();
        o = json_with(o, "validator", value_address(ADDRESS_VALIDATOR, id));
        o = json_with(o, "signature", value_signature(&by->signature));
        signatures = json_and(signatures, o);
    }
    json_t *o = json_object();
    o = json_with(o, "epoch", json_number(seal->epoch));
    o = json_with(o, "height", json_number(seal->height));
    o = json_with(o, "hash", value_hash(&seal->block_hash));
    return json_with(o, "signatures", signatures);
}

json_t *json_validator_set(const struct committee *committee)
{
    json_t *validators = json_array();
    for (unsigned i = 0; i < committee->count; i++) {
        const struct validator *validator = &committee->validators[i];
        json_t *o = json_object();
        o = json_with(o, "validator", value_address(ADDRESS_VALIDATOR, &validator->id));
        o = json_with(o, "member", value_address(ADDRESS_ACCOUNT, &validator->member));
        o = json_with(o, "seal_key", value_key(&validator->seal_key));
        validators = json_and(validators, o);
    }
    json_t *o = json_object();
    uint8_t model = (uint8_t)committee->fault_model;
    o = json_with(o, "fault_model", json_string(fault_model_word(model)));
    o = json_with(o, "engine", json_string(engine_name(committee->engine)));
    return json_with(o, "validators", validators);
}

/* ---- state ---------------------------------------------------------------------------------- */

json_t *json_balance(const struct balance *balance, uint64_t at_height)
{
    json_t *o = json_object();
    o = json_with(o, "account", value_address(ADDRESS_ACCOUNT, &balance->account));
    o = json_with(o, "asset", value_address(ADDRESS_ASSET, &balance->asset));
    o = json_with(o, "posted", value_signed(balance->posted));
    o = json_with(o, "held_out", value_signed(balance->held_out));
    o = json_with(o, "held_in", value_signed(balance->held_in));
    o = json_with(o, "available", value_signed(balance_free(balance)));
    o = json_with(o, "floor", value_signed(balance->floor));
    o = json_with(o, "seq", json_number(balance->seq));
    return json_with(o, "at_height", json_number(at_height));
}

json_t *json_asset(const struct asset *asset, uint64_t ledger_height)
{
    json_t *o = json_object();
    o = json_with(o, "asset", value_address(ADDRESS_ASSET, &asset->id));
    o = json_with(o, "version", value_position(asset->version));
    o = json_with(o, "code", value_code(asset->code));
    o = json_with(o, "issuer", value_address(ADDRESS_ACCOUNT, &asset->issuer));
    o = json_with(o, "scale", json_number(asset->scale));
    o = json_with(o, "flags", asset_flags_json(asset->flags));
    o = json_with(o, "max_supply", value_amount(asset->max_supply));
    o = json_with(o, "supply", value_amount(asset->supply));
    o = json_with(o, "ledger_height", json_number(ledger_height));
    if (digest_is_zero(&asset->metadata)) return o;
    return json_with(o, "metadata_hash", value_hash(&asset->metadata));
}

json_t *json_hold(const struct hold *hold, const char *state, uint64_t ledger_height)
{
    json_t *o = json_object();
    o = json_with(o, "hold", value_address(ADDRESS_HOLD, &hold->id));
    o = json_with(o, "version", value_position(hold->version));
    o = json_with(o, "payer", value_address(ADDRESS_ACCOUNT, &hold->payer));
    o = json_with(o, "payee", value_address(ADDRESS_ACCOUNT, &hold->payee));
    o = json_with(o, "arbiter", value_address(ADDRESS_ACCOUNT, &hold->arbiter));
    o = json_with(o, "asset", value_address(ADDRESS_ASSET, &hold->asset));
    o = json_with(o, "amount", value_amount(hold->amount));
    o = json_with(o, "expires", value_time(hold->expires_ms));
    o = json_with(o, "state", json_string(state));
    o = json_with(o, "ledger_height", json_number(ledger_height));
    if (!id_is_zero(&hold->group)) o = json_with(o, "group", value_id16(&hold->group));
    return digest_is_zero(&hold->lock) ? o : json_with(o, "lock", value_hash(&hold->lock));
}

json_t *json_kv(const struct kv_row *kv, uint64_t time_ms, uint64_t ledger_height)
{
    bool value = kv->kind == KV_VALUE;
    struct digest hash = digest_of(TAG_KV_VALUE, kv->value);
    json_t *o = json_object();
    o = json_with(o, "owner", value_address(ADDRESS_ACCOUNT, &kv->owner));
    o = json_with(o, "key", value_hex(kv->key));
    o = json_with(o, "version", value_position(kv->version));
    o = json_with(o, "kind", json_string(value ? "value" : "commitment"));
    o = json_with(o, "size_bytes", json_number(kv->value.size));
    o = json_with(o, "value_hash", value_hash(&hash));
    o = json_with(o, "time", value_time(time_ms));
    o = json_with(o, "value", value_hex(kv->value));
    return json_with(o, "ledger_height", json_number(ledger_height));
}

static json_t *thresholds_json(const struct account *account)
{
    json_t *o = json_object();
    o = json_with(o, "low", json_number(account->low));
    o = json_with(o, "medium", json_number(account->medium));
    return json_with(o, "high", json_number(account->high));
}

static json_t *signers_json(const struct account *account)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < account->signer_count; i++) {
        json_t *o = json_with(json_object(), "public_key", value_key(&account->signers[i].key));
        o = json_with(o, "weight", json_number(account->signers[i].weight));
        array = json_and(array, o);
    }
    return array;
}

json_t *json_account(const struct account *account, json_t *balances, json_t *next_cursor,
                     uint64_t ledger_height, const char *member)
{
    json_t *o = json_object();
    o = json_with(o, "account", value_address(ADDRESS_ACCOUNT, &account->id));
    o = json_with(o, "version", value_position(account->version));
    o = json_with(o, "frozen", json_boolean((account->flags & ACCOUNT_FROZEN) != 0));
    o = json_with(o, "closed", json_boolean((account->flags & ACCOUNT_CLOSED) != 0));
    o = json_with(o, "roles", role_list_json(account->roles));
    o = json_with(o, "thresholds", thresholds_json(account));
    o = json_with(o, "signers", signers_json(account));
    o = json_with(o, "sponsor", value_address(ADDRESS_ACCOUNT, &account->sponsor));
    o = json_with(o, "balances", balances);
    o = json_with(o, "balance_count", json_number(account->balances));
    o = json_with(o, "next_cursor", next_cursor);
    o = json_with(o, "ledger_height", json_number(ledger_height));
    if (member) o = json_with(o, "member", json_string(member));
    if (digest_is_zero(&account->metadata)) return o;
    return json_with(o, "metadata_hash", value_hash(&account->metadata));
}
