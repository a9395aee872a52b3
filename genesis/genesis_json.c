#include "genesis/genesis_internal.h"

/* Jansson passes a failure on: json_pack gives NULL when one of its values is NULL, and frees the
 * others. So each function here needs no check of its own but for what it appends. */

/* The words of the bits that are set. */
static json_t *words_json(uint32_t bits, const char *const *words, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        if (!(bits >> i & 1)) continue;
        if (json_array_append_new(array, json_string(words[i])) == 0) continue;
        json_decref(array);
        return NULL;
    }
    return array;
}

json_t *role_list_json(uint32_t roles)
{
    return words_json(roles, role_names, sizeof role_names / sizeof *role_names);
}

typedef json_t *item_json(const struct genesis *genesis, size_t i);

static json_t *items_json(const struct genesis *genesis, size_t count, item_json *item)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        if (json_array_append_new(array, item(genesis, i)) == 0) continue;
        json_decref(array);
        return NULL;
    }
    return array;
}

static json_t *member_json(const struct genesis *genesis, size_t i)
{
    const struct member *member = &genesis->members[i];
    return json_pack("{s:o, s:s}", "account", json_address_new(ADDRESS_ACCOUNT, &member->account),
                     "name", member->name);
}

static json_t *validator_json(const struct genesis *genesis, size_t i)
{
    const struct validator *validator = &genesis->committee.validators[i];
    const struct genesis_validator *more = &genesis->validators[i];
    return json_pack(
        "{s:o, s:o, s:s, s:o, s:o, s:o}",                                                        //
        "id", json_address_new(ADDRESS_VALIDATOR, &validator->id),                               //
        "member", json_address_new(ADDRESS_ACCOUNT, &validator->member),                         //
        "endpoint", more->endpoint,                                                              //
        "seal_key", json_hex_new(span_of(validator->seal_key.bytes, sizeof(struct public_key))), //
        "node_key", json_hex_new(span_of(more->node_key.bytes, sizeof(struct public_key))),      //
        "possession", json_hex_new(span_of(more->possession.bytes, sizeof(struct signature))));
}

static json_t *signers_json(const struct genesis_account *account)
{
    json_t *array = json_array();
    for (size_t i = 0; i < account->signer_count; i++) {
        const struct account_signer *signer = &account->signers[i];
        json_t *item = json_pack("{s:o, s:i}", "key", json_hex_new(span_of(signer->key.bytes, 32)),
                                 "weight", signer->weight);
        if (json_array_append_new(array, item) == 0) continue;
        json_decref(array);
        return NULL;
    }
    return array;
}

/* NULL for none: json_pack's o* leaves the member out then. */
static json_t *metadata_json(const struct digest *metadata)
{
    return digest_is_zero(metadata)
               ? NULL
               : json_hex_new(span_of(metadata->bytes, sizeof metadata->bytes));
}

static json_t *account_json(const struct genesis *genesis, size_t i)
{
    const struct genesis_account *account = &genesis->accounts[i];
    return json_pack("{s:o, s:o, s:i, s:i, s:i, s:o*, s:o}",                //
                     "id", json_address_new(ADDRESS_ACCOUNT, &account->id), //
                     "roles", role_list_json(account->roles),               //
                     "low", account->low,                                   //
                     "medium", account->medium,                             //
                     "high", account->high,                                 //
                     "metadata", metadata_json(&account->metadata),         //
                     "signers", signers_json(account));
}

static json_t *asset_json(const struct genesis *genesis, size_t i)
{
    const struct genesis_asset *asset = &genesis->assets[i];
    char code[sizeof asset->code + 1] = "";
    memcpy(code, asset->code, sizeof asset->code);
    return json_pack("{s:o, s:o, s:s, s:i, s:o, s:o, s:o, s:o*}",                 //
                     "id", json_address_new(ADDRESS_ASSET, &asset->id),           //
                     "issuer", json_address_new(ADDRESS_ACCOUNT, &asset->issuer), //
                     "code", code,                                                //
                     "scale", asset->scale,                                       //
                     "flags", words_json(asset->flags, asset_flag_names, 3),      //
                     "max_supply", json_amount_new(asset->max_supply),            //
                     "supply", json_amount_new(asset->supply),                    //
                     "metadata", metadata_json(&asset->metadata));
}

static json_t *balance_json(const struct genesis *genesis, size_t i)
{
    const struct genesis_balance *balance = &genesis->balances[i];
    return json_pack("{s:o, s:o, s:o}", "account",
                     json_address_new(ADDRESS_ACCOUNT, &balance->account), "asset",
                     json_address_new(ADDRESS_ASSET, &balance->asset), "posted",
                     json_amount_new(balance->posted));
}

static json_t *param_json(enum param_index index, uint64_t value)
{
    if (!param_is_fraction(index)) return json_integer((json_int_t)value);
    char text[FRACTION_TEXT];
    fraction_encode(value, text);
    return json_string(text);
}

static json_t *params_json(const struct params *params)
{
    json_t *object = json_object();
    for (enum param_index i = 0; i < PARAM_COUNT; i++) {
        if (json_object_set_new(object, param_name(i), param_json(i, params->values[i])) == 0)
            continue;
        json_decref(object);
        return NULL;
    }
    return object;
}

/* In the table's order, which is the documentation's; the record's is by name. */
static json_t *engine_params_json(const struct genesis *genesis)
{
    size_t count;
    const struct engine_row *rows = engine_rows(genesis->committee.engine, &count);
    json_t *object = json_object();
    for (size_t i = 0; i < count; i++) {
        const uint64_t *value = engine_param_find(&genesis->params, rows[i].name);
        ASSERT(value != NULL);
        if (json_object_set_new(object, rows[i].name, json_integer((json_int_t)*value)) == 0)
            continue;
        json_decref(object);
        return NULL;
    }
    return object;
}

json_t *genesis_json(const struct genesis *genesis)
{
    char time[TIME_TEXT];
    time_encode(genesis->time_ms, time);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",         //
                     "format", "witan-genesis/1",                                                 //
                     "network", genesis->network,                                                 //
                     "time", time,                                                                //
                     "purpose", purpose_names[genesis->purpose - 1],                              //
                     "fault_model", fault_model_names[genesis->committee.fault_model - 1],        //
                     "engine", engine_name(genesis->committee.engine),                            //
                     "engine_params", engine_params_json(genesis),                                //
                     "params", params_json(&genesis->params),                                     //
                     "members", items_json(genesis, genesis->member_count, member_json),          //
                     "validators", items_json(genesis, genesis->committee.count, validator_json), //
                     "accounts", items_json(genesis, genesis->account_count, account_json),       //
                     "assets", items_json(genesis, genesis->asset_count, asset_json),             //
                     "balances", items_json(genesis, genesis->balance_count, balance_json));
}
