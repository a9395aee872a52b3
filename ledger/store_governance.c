#include "ledger/store.h"
#include "ledger/store_query.h"
#include <stdio.h>
#include <stdlib.h>

#define PARAMS_VERSION_NAME "params_version"
#define ENGINE_PARAM_PREFIX "engine."

void store_write_member(struct store *store, const struct member *member)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_WRITE_MEMBER);
    if (!s) return;
    set_id(s, 1, &member->account);
    set_text(s, 2, member->name);
    store_run(store, s);
}

void store_write_validator(struct store *store, const struct validator *validator,
                           const struct public_key *node_key, const char *endpoint, uint8_t status)
{
    char address[ADDRESS_TEXT];
    sqlite3_stmt *s = store_statement(store, STATEMENT_WRITE_VALIDATOR);
    if (!s) return;
    address_encode(ADDRESS_VALIDATOR, &validator->id, address);
    set_id(s, 1, &validator->id);
    set_text(s, 2, address);
    set_id(s, 3, &validator->member);
    set_bytes(s, 4, validator->seal_key.bytes, sizeof validator->seal_key.bytes);
    set_bytes(s, 5, node_key->bytes, sizeof node_key->bytes);
    set_text(s, 6, endpoint);
    set_u64(s, 7, status);
    store_run(store, s);
}

static void write_param(struct store *store, const char *prefix, const char *name, uint64_t value)
{
    char text[sizeof ENGINE_PARAM_PREFIX + ENGINE_PARAM_NAME_MAX];
    sqlite3_stmt *s = store_statement(store, STATEMENT_WRITE_PARAM);
    if (!s) return;
    int size = snprintf(text, sizeof text, "%s%s", prefix, name);
    ASSERT(size > 0 && (size_t)size < sizeof text);
    set_text(s, 1, text);
    set_u64(s, 2, value);
    store_run(store, s);
}

void store_write_params(struct store *store, const struct params *params)
{
    write_param(store, "", PARAMS_VERSION_NAME, params->version);
    for (unsigned i = 0; i < PARAM_COUNT; i++)
        write_param(store, "", param_name((enum param_index)i), params->values[i]);
    for (unsigned i = 0; i < params->engine_count; i++)
        write_param(store, ENGINE_PARAM_PREFIX, params->engine[i].name, params->engine[i].value);
}

/* One row of `param` into its field. */
static bool place_param(struct params *params, const char *name, uint64_t value)
{
    const size_t prefix = strlen(ENGINE_PARAM_PREFIX);
    if (strcmp(name, PARAMS_VERSION_NAME) == 0) {
        params->version = value;
        return true;
    }
    if (strncmp(name, ENGINE_PARAM_PREFIX, prefix) == 0) {
        if (params->engine_count == ENGINE_PARAMS_MAX) return false;
        if (strlen(name + prefix) > ENGINE_PARAM_NAME_MAX) return false;
        struct engine_param *param = &params->engine[params->engine_count++];
        strcpy(param->name, name + prefix);
        param->value = value;
        return true;
    }
    enum param_index index = param_find(name, strlen(name));
    if (index == PARAM_COUNT) return false;
    params->values[index] = value;
    return true;
}

bool store_read_params(struct store *store, struct params *params)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_READ_PARAMS);
    memset(params, 0, sizeof *params);
    if (!s) return false;
    while (store_row(store, s)) {
        const char *name = (const char *)sqlite3_column_text(s, 0);
        if (!name || !place_param(params, name, get_u64(s, 1))) {
            store_fail(store, STATUS_DAMAGED, "ledger.db: an unknown parameter %.64s",
                       name ? name : "");
            sqlite3_reset(s);
            return false;
        }
    }
    return store->status == STATUS_OK;
}

struct member *store_read_members(struct store *store, uint16_t *count)
{
    struct member *members = NULL;
    size_t capacity = 0;
    sqlite3_stmt *s = store_statement(store, STATEMENT_READ_MEMBERS);
    *count = 0;
    while (s && store_row(store, s)) {
        if (*count == capacity) {
            struct member *grown = realloc(members, (2 * capacity + 8) * sizeof *members);
            if (!grown)
                store_fail(store, STATUS_NO_MEMORY, "out of memory");
            else
                members = grown;
            capacity = 2 * capacity + 8;
        }
        const char *name = (const char *)sqlite3_column_text(s, 1);
        if (store->status == STATUS_OK &&
            (!name || strlen(name) > MEMBER_NAME_MAX || *count == UINT16_MAX))
            store_fail(store, STATUS_DAMAGED, "ledger.db: a member's row");
        if (store->status != STATUS_OK) {
            sqlite3_reset(s);
            break;
        }
        struct member *member = &members[(*count)++];
        get_id(store, s, 0, &member->account);
        strcpy(member->name, name);
    }
    return members;
}
