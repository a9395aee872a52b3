#include "ledger/store.h"
#include "ledger/store_query.h"
#include <stdio.h>
#include <stdlib.h>

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

bool store_read_params(struct store *store, struct params *params)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_READ_PARAMS);
    memset(params, 0, sizeof *params);
    if (!s) return false;
    while (store_row(store, s)) {
        const char *name = (const char *)sqlite3_column_text(s, 0);
        if (!name || !params_place(params, name, get_u64(s, 1))) {
            store_fail(store, STATUS_DAMAGED, "ledger.db: an unknown parameter %.64s",
                       name ? name : "");
            sqlite3_reset(s);
            return false;
        }
    }
    return store->status == STATUS_OK;
}

/* Room for one more; false with the store failed. */
static bool members_fit(struct store *store, struct member **members, size_t *capacity,
                        uint16_t count)
{
    if (count == UINT16_MAX) {
        store_fail(store, STATUS_DAMAGED, "ledger.db: more members than a chain can have");
        return false;
    }
    if (count < *capacity) return true;
    size_t wanted = 2 * *capacity + 8;
    struct member *grown = realloc(*members, wanted * sizeof **members);
    if (!grown) {
        store_fail(store, STATUS_NO_MEMORY, "out of memory");
        return false;
    }
    *members = grown;
    *capacity = wanted;
    return true;
}

static bool read_member(struct store *store, sqlite3_stmt *s, struct member *member)
{
    const char *name = (const char *)sqlite3_column_text(s, 1);
    size_t size = name ? strlen(name) : SIZE_MAX;
    if (size > MEMBER_NAME_MAX) {
        store_fail(store, STATUS_DAMAGED, "ledger.db: a member's row");
        return false;
    }
    get_id(store, s, 0, &member->account);
    memcpy(member->name, name, size + 1);
    return store->status == STATUS_OK;
}

struct member *store_read_members(struct store *store, uint16_t *count)
{
    struct member *members = NULL;
    size_t capacity = 0;
    sqlite3_stmt *s = store_statement(store, STATEMENT_READ_MEMBERS);
    *count = 0;
    while (s && store_row(store, s)) {
        if (!members_fit(store, &members, &capacity, *count) ||
            !read_member(store, s, &members[*count])) {
            sqlite3_reset(s);
            break;
        }
        ++*count;
    }
    return members;
}
