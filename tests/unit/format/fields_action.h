/* tests/unit/format/fields_action.h -- the actions of a proposal as fields of the vector files;
 * included by fields.h, whose form it shares. */
#ifndef TESTS_LEDGER_FIELDS_ACTION_H
#define TESTS_LEDGER_FIELDS_ACTION_H

static inline void put_text_hex(json_t *to, const char *name, const char *text)
{
    put_hex(to, name, text, strlen(text));
}

static inline void put_ready(json_t *to, const struct ready *ready)
{
    put_decimal(to, "height", ready->height);
    put_hex(to, "block_hash", &ready->block_hash, 32);
    put_hex(to, "signature", &ready->signature, 64);
}

static inline json_t *action_to_json(const struct action *action)
{
    json_t *to = json_object();
    json_object_set_new(to, "action", json_string(action_name((uint8_t)action->kind)));
    switch (action->kind) {
    case ACTION_PARAMS_SET:
        put_number(to, "index", action->params_set.index);
        put_decimal(to, "value", action->params_set.value);
        break;
    case ACTION_ACCOUNT_ROLES:
        put_hex(to, "account", &action->account_roles.account, 16);
        put_number(to, "roles", action->account_roles.roles);
        break;
    case ACTION_ACCOUNT_FROZEN:
        put_hex(to, "account", &action->account_frozen.account, 16);
        json_object_set_new(to, "frozen", json_boolean(action->account_frozen.frozen));
        break;
    case ACTION_MEMBER_ADD:
        put_hex(to, "account", &action->member_add.account, 16);
        put_text_hex(to, "name", action->member_add.name);
        break;
    case ACTION_MEMBER_REMOVE: put_hex(to, "account", &action->member_remove.account, 16); break;
    case ACTION_VALIDATOR_ADD:
        put_hex(to, "id", &action->validator_add.id, 16);
        put_hex(to, "member", &action->validator_add.member, 16);
        put_hex(to, "seal_key", &action->validator_add.seal_key, 32);
        put_hex(to, "node_key", &action->validator_add.node_key, 32);
        put_text_hex(to, "endpoint", action->validator_add.endpoint);
        put_ready(to, &action->validator_add.ready);
        break;
    case ACTION_VALIDATOR_REMOVE: put_hex(to, "id", &action->validator_remove.id, 16); break;
    case ACTION_VALIDATOR_REKEY:
        put_hex(to, "id", &action->validator_rekey.id, 16);
        put_hex(to, "seal_key", &action->validator_rekey.seal_key, 32);
        put_ready(to, &action->validator_rekey.ready);
        break;
    case ACTION_ENGINE_PARAMS:
        put_text_hex(to, "name", action->engine_params.name);
        put_decimal(to, "value", action->engine_params.value);
        break;
    }
    return to;
}

static inline void put_actions(json_t *to, const struct operation *operation)
{
    json_t *actions = json_array();
    struct reader r = reader_of(operation->gov_propose.actions);
    for (unsigned i = 0; i < operation->gov_propose.action_count; i++) {
        struct action action;
        action_read(&r, &action);
        json_array_append_new(actions, action_to_json(&action));
    }
    ASSERT(reader_end(&r) == STATUS_OK);
    json_object_set_new(to, "actions", actions);
}

/* size is that of an array that ends with a zero. */
static inline void get_text_hex(const json_t *from, const char *name, char *text, size_t size)
{
    size_t bytes = strlen(get_text(from, name)) / 2;
    ASSERT(bytes < size);
    get_hex(from, name, text, bytes);
}

static inline void get_ready(const json_t *from, struct ready *ready)
{
    ready->height = get_decimal(from, "height");
    get_hex(from, "block_hash", &ready->block_hash, 32);
    get_hex(from, "signature", &ready->signature, 64);
}

static inline void action_of_json(const json_t *from, struct action *action)
{
    uint8_t kind = 0;
    bool found = action_find(get_text(from, "action"), &kind);
    ASSERT(found);
    memset(action, 0, sizeof *action);
    action->kind = (enum action_kind)kind;
    switch (action->kind) {
    case ACTION_PARAMS_SET:
        action->params_set.index = (uint16_t)get_number(from, "index");
        action->params_set.value = get_decimal(from, "value");
        break;
    case ACTION_ACCOUNT_ROLES:
        get_hex(from, "account", &action->account_roles.account, 16);
        action->account_roles.roles = (uint32_t)get_number(from, "roles");
        break;
    case ACTION_ACCOUNT_FROZEN:
        get_hex(from, "account", &action->account_frozen.account, 16);
        action->account_frozen.frozen = json_is_true(json_object_get(from, "frozen"));
        break;
    case ACTION_MEMBER_ADD:
        get_hex(from, "account", &action->member_add.account, 16);
        get_text_hex(from, "name", action->member_add.name, sizeof action->member_add.name);
        break;
    case ACTION_MEMBER_REMOVE: get_hex(from, "account", &action->member_remove.account, 16); break;
    case ACTION_VALIDATOR_ADD:
        get_hex(from, "id", &action->validator_add.id, 16);
        get_hex(from, "member", &action->validator_add.member, 16);
        get_hex(from, "seal_key", &action->validator_add.seal_key, 32);
        get_hex(from, "node_key", &action->validator_add.node_key, 32);
        get_text_hex(from, "endpoint", action->validator_add.endpoint,
                     sizeof action->validator_add.endpoint);
        get_ready(from, &action->validator_add.ready);
        break;
    case ACTION_VALIDATOR_REMOVE: get_hex(from, "id", &action->validator_remove.id, 16); break;
    case ACTION_VALIDATOR_REKEY:
        get_hex(from, "id", &action->validator_rekey.id, 16);
        get_hex(from, "seal_key", &action->validator_rekey.seal_key, 32);
        get_ready(from, &action->validator_rekey.ready);
        break;
    case ACTION_ENGINE_PARAMS:
        get_text_hex(from, "name", action->engine_params.name, sizeof action->engine_params.name);
        action->engine_params.value = get_decimal(from, "value");
        break;
    }
}

static inline void get_actions(const json_t *from, struct operation *operation, struct scrap *scrap)
{
    const json_t *actions = json_object_get(from, "actions");
    size_t count = json_array_size(actions);
    uint8_t *bytes = scrap_take(scrap, count * ACTION_BYTES_MAX);
    struct writer w;
    writer_init_fixed(&w, bytes, count * ACTION_BYTES_MAX);
    for (size_t i = 0; i < count; i++) {
        struct action action;
        action_of_json(json_array_get(actions, i), &action);
        action_write(&w, &action);
    }
    operation->gov_propose.action_count = (uint8_t)count;
    operation->gov_propose.actions = writer_span(&w);
}

#endif
