/* Actions as people read and write them. */
#include "format/action.h"
#include "genesis/json.h"

#include <stdio.h>

static json_t *key_json(const struct public_key *key)
{
    return json_hex_new(span_of(key->bytes, sizeof key->bytes));
}

static json_t *ready_json(const struct ready *ready)
{
    return json_pack("{s:I, s:o, s:o}",                                           //
                     "height", (json_int_t)min_u64(ready->height, INT64_MAX),     //
                     "block_hash", json_hex_new(digest_span(&ready->block_hash)), //
                     "signature",                                                 //
                     json_hex_new(span_of(ready->signature.bytes, sizeof ready->signature.bytes)));
}

static json_t *account_json(const struct id *id)
{
    return json_address_new(ADDRESS_ACCOUNT, id);
}

static json_t *validator_json(const struct id *id)
{
    return json_address_new(ADDRESS_VALIDATOR, id);
}

/* A number, or "2/3". */
static json_t *value_json(enum param_index index, uint64_t value)
{
    char text[FRACTION_TEXT];
    if (!param_is_fraction(index)) return json_integer((json_int_t)min_u64(value, INT64_MAX));
    fraction_encode(value, text);
    return json_string(text);
}

static json_t *params_set_json(const struct action *action)
{
    enum param_index index = (enum param_index)action->params_set.index;
    return json_pack("{s:s, s:s, s:o}", "action", action_name(ACTION_PARAMS_SET), //
                     "name", param_name(index),                                   //
                     "value", value_json(index, action->params_set.value));
}

static json_t *validator_add_json(const struct action *action)
{
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:s, s:o}",                  //
                     "action", action_name(ACTION_VALIDATOR_ADD),            //
                     "validator", validator_json(&action->validator_add.id), //
                     "member", account_json(&action->validator_add.member),  //
                     "seal_key", key_json(&action->validator_add.seal_key),  //
                     "node_key", key_json(&action->validator_add.node_key),  //
                     "endpoint", action->validator_add.endpoint,             //
                     "ready", ready_json(&action->validator_add.ready));
}

json_t *action_json(const struct action *action)
{
    const char *name = action_name((uint8_t)action->kind);
    switch (action->kind) {
    case ACTION_PARAMS_SET: return params_set_json(action);
    case ACTION_ACCOUNT_ROLES:
        return json_pack("{s:s, s:o, s:o}", "action", name,                       //
                         "account", account_json(&action->account_roles.account), //
                         "roles", role_list_json(action->account_roles.roles));
    case ACTION_ACCOUNT_FROZEN:
        return json_pack("{s:s, s:o, s:b}", "action", name,                        //
                         "account", account_json(&action->account_frozen.account), //
                         "frozen", (int)action->account_frozen.frozen);
    case ACTION_MEMBER_ADD:
        return json_pack("{s:s, s:o, s:s}", "action", name,                    //
                         "account", account_json(&action->member_add.account), //
                         "name", action->member_add.name);
    case ACTION_MEMBER_REMOVE:
        return json_pack("{s:s, s:o}", "action", name, //
                         "account", account_json(&action->member_remove.account));
    case ACTION_VALIDATOR_ADD: return validator_add_json(action);
    case ACTION_VALIDATOR_REMOVE:
        return json_pack("{s:s, s:o}", "action", name, //
                         "validator", validator_json(&action->validator_remove.id));
    case ACTION_VALIDATOR_REKEY:
        return json_pack("{s:s, s:o, s:o, s:o}", "action", name,                   //
                         "validator", validator_json(&action->validator_rekey.id), //
                         "seal_key", key_json(&action->validator_rekey.seal_key),  //
                         "ready", ready_json(&action->validator_rekey.ready));
    case ACTION_ENGINE_PARAMS:
        return json_pack("{s:s, s:s, s:I}", "action", name,  //
                         "name", action->engine_params.name, //
                         "value", (json_int_t)min_u64(action->engine_params.value, INT64_MAX));
    }
    return NULL;
}

/* ---- reading -------------------------------------------------------------------------------- */

static enum param_index read_param_name(struct json_fields *fields)
{
    static const char *const names[] = {
#define X(name, standard, least, most) #name,
        PARAM_LIST(X)
#undef X
    };
    const char *text = json_text(fields, "name", 64);
    if (fields->failed) return PARAM_COUNT;
    enum param_index index = param_find(text, strlen(text));
    if (index < PARAM_COUNT) return index;
    char quoted[QUOTE_TEXT];
    const char *nearest = nearest_name(text, names, PARAM_COUNT);
    json_fail(fields, "name", STATUS_INVALID, "no parameter \"%s\"%s%s%s", text_quote(text, quoted),
              nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
    return PARAM_COUNT;
}

static void read_params_set(struct json_fields *fields, struct action *action)
{
    enum param_index index = read_param_name(fields);
    if (fields->failed) return;
    action->params_set.index = (uint16_t)index;
    if (!param_is_fraction(index)) {
        action->params_set.value = json_u64(fields, "value", INT64_MAX);
        return;
    }
    const char *text = json_text(fields, "value", FRACTION_TEXT);
    if (!fields->failed && !fraction_decode(text, &action->params_set.value))
        json_fail(fields, "value", STATUS_MALFORMED, "not a fraction such as \"2/3\"");
}

static void read_ready(struct json_fields *fields, struct ready *ready)
{
    char path[sizeof fields->path];
    const json_t *object = json_member(fields, "ready");
    if (fields->failed) return;
    snprintf(path, sizeof path, "%s/ready", fields->path);
    struct json_fields inner = json_fields_of(object, path, fields->problem);
    ready->height = json_u64(&inner, "height", INT64_MAX);
    json_hex(&inner, "block_hash", ready->block_hash.bytes, sizeof ready->block_hash.bytes);
    json_hex(&inner, "signature", ready->signature.bytes, sizeof ready->signature.bytes);
    enum status status = json_fields_done(&inner);
    if (status == STATUS_OK) return;
    fields->failed = true; /* the record is the inner fields' */
    fields->status = status;
}

static void read_validator_add(struct json_fields *fields, struct action *action)
{
    json_address(fields, "validator", ADDRESS_VALIDATOR, &action->validator_add.id);
    json_address(fields, "member", ADDRESS_ACCOUNT, &action->validator_add.member);
    json_key(fields, "seal_key", &action->validator_add.seal_key);
    json_key(fields, "node_key", &action->validator_add.node_key);
    json_text_into(fields, "endpoint", action->validator_add.endpoint,
                   sizeof action->validator_add.endpoint);
    read_ready(fields, &action->validator_add.ready);
}

static void read_members(struct json_fields *fields, struct action *action)
{
    switch (action->kind) {
    case ACTION_PARAMS_SET: read_params_set(fields, action); return;
    case ACTION_ACCOUNT_ROLES:
        json_address(fields, "account", ADDRESS_ACCOUNT, &action->account_roles.account);
        action->account_roles.roles = role_list_read(fields, "roles");
        return;
    case ACTION_ACCOUNT_FROZEN:
        json_address(fields, "account", ADDRESS_ACCOUNT, &action->account_frozen.account);
        action->account_frozen.frozen = json_bool(fields, "frozen");
        return;
    case ACTION_MEMBER_ADD:
        json_address(fields, "account", ADDRESS_ACCOUNT, &action->member_add.account);
        json_text_into(fields, "name", action->member_add.name, sizeof action->member_add.name);
        return;
    case ACTION_MEMBER_REMOVE:
        json_address(fields, "account", ADDRESS_ACCOUNT, &action->member_remove.account);
        return;
    case ACTION_VALIDATOR_ADD: read_validator_add(fields, action); return;
    case ACTION_VALIDATOR_REMOVE:
        json_address(fields, "validator", ADDRESS_VALIDATOR, &action->validator_remove.id);
        return;
    case ACTION_VALIDATOR_REKEY:
        json_address(fields, "validator", ADDRESS_VALIDATOR, &action->validator_rekey.id);
        json_key(fields, "seal_key", &action->validator_rekey.seal_key);
        read_ready(fields, &action->validator_rekey.ready);
        return;
    case ACTION_ENGINE_PARAMS:
        json_text_into(fields, "name", action->engine_params.name,
                       sizeof action->engine_params.name);
        action->engine_params.value = json_u64(fields, "value", INT64_MAX);
        return;
    }
}

void action_fields_read(struct json_fields *fields, struct action *action)
{
    static const char *const names[] = {
#define X(name, code, text) text,
        ACTION_LIST(X)
#undef X
    };
    uint8_t kind = 0;
    memset(action, 0, sizeof *action);
    const char *text = json_text(fields, "action", 64);
    if (fields->failed) return;
    if (action_find(text, &kind)) {
        action->kind = (enum action_kind)kind;
        read_members(fields, action);
        return;
    }
    char quoted[QUOTE_TEXT];
    const char *nearest = nearest_name(text, names, sizeof names / sizeof *names);
    json_fail(fields, "action", STATUS_INVALID, "no action \"%s\"%s%s%s", text_quote(text, quoted),
              nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}

/* The static rules stand in one place: with the bytes. */
static enum status static_rules_check(const struct action *action, struct problem *problem)
{
    uint8_t bytes[ACTION_BYTES_MAX];
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    action_write(&w, action);
    struct reader r = reader_of(writer_span(&w));
    struct action again;
    struct action_reader reader = { .r = &r };
    action_reader_next(&reader, &again);
    enum status status = reader_end(&r);
    if (status == STATUS_OK) return STATUS_OK;
    return problem_set(problem, status, "%s: %s", action_name((uint8_t)action->kind),
                       reader.detail ? reader.detail : status_text(status));
}

enum status action_from_json(const json_t *json, struct action *action, struct problem *problem)
{
    struct problem unused;
    struct json_fields fields = json_fields_of(json, "", problem ? problem : &unused);
    action_fields_read(&fields, action);
    enum status status = json_fields_done(&fields);
    return status == STATUS_OK ? static_rules_check(action, problem) : status;
}
