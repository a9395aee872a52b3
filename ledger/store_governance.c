/* The records of kind 0x80 in their tables. */
#include "format/proposal.h"
#include "ledger/store.h"
#include "ledger/store_query.h"
#include <stdio.h>
#include <stdlib.h>

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

/* Chain parameters by name, params_version, and the engine's as `engine.NAME`. */
static void write_params(struct store *store, const struct params *params)
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

/* Doubles a list that is full; false with the store failed. */
static bool list_fit(struct store *store, void *list, size_t item, size_t count, size_t *capacity)
{
    void **items = list;
    if (count < *capacity) return true;
    size_t wanted = *capacity ? 2 * *capacity : 16;
    void *grown = realloc(*items, wanted * item);
    if (!grown) {
        store_fail(store, STATUS_NO_MEMORY, "out of memory");
        return false;
    }
    *items = grown;
    *capacity = wanted;
    return true;
}

/* Room for one more; false with the store failed. */
static bool members_fit(struct store *store, struct member **members, size_t *capacity,
                        uint16_t count)
{
    if (count < UINT16_MAX) return list_fit(store, members, sizeof **members, count, capacity);
    store_fail(store, STATUS_DAMAGED, "ledger.db: more members than a chain can have");
    return false;
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

/* ---- lists ----------------------------------------------------------------------------------- */

struct id *store_read_validator_ids(struct store *store, size_t *count)
{
    struct id *ids = NULL;
    size_t capacity = 0;
    sqlite3_stmt *s = store_statement(store, STATEMENT_READ_VALIDATOR_IDS);
    *count = 0;
    while (s && store_row(store, s)) {
        if (!list_fit(store, &ids, sizeof *ids, *count, &capacity)) {
            sqlite3_reset(s);
            break;
        }
        get_id(store, s, 0, &ids[(*count)++]);
    }
    return ids;
}

uint64_t *store_read_live_proposals(struct store *store, size_t *count)
{
    uint64_t *numbers = NULL;
    size_t capacity = 0;
    sqlite3_stmt *s = store_statement(store, STATEMENT_READ_LIVE_PROPOSALS);
    *count = 0;
    while (s && store_row(store, s)) {
        if (!list_fit(store, &numbers, sizeof *numbers, *count, &capacity)) {
            sqlite3_reset(s);
            break;
        }
        numbers[(*count)++] = get_u64(s, 0);
    }
    return numbers;
}

/* ---- records into rows ----------------------------------------------------------------------- */

/* A record that was made here decodes. */
static void decoded(enum status status)
{
    ASSERT(status == STATUS_OK);
}

static void write_params_record(struct store *store, struct span bytes)
{
    struct params params;
    struct reader r = reader_of(bytes);
    decoded(params_decode(&r, &params));
    write_params(store, &params);
}

/* All anew: it changes rarely. */
static void write_members(struct store *store, struct span bytes)
{
    struct reader r = reader_of(bytes);
    sqlite3_stmt *s = store_statement(store, STATEMENT_REMOVE_MEMBERS);
    if (!s) return;
    store_run(store, s);
    for (uint16_t count = read_u16(&r); count > 0; count--) {
        struct id account;
        read_id(&r, &account);
        struct span name = read_text8(&r, MEMBER_NAME_MAX);
        s = store_statement(store, STATEMENT_WRITE_MEMBER);
        if (!s) return;
        set_id(s, 1, &account);
        sqlite3_bind_text(s, 2, (const char *)name.data, (int)name.size, SQLITE_STATIC);
        store_run(store, s);
    }
    decoded(reader_end(&r));
}

static void write_validator(struct store *store, const uint8_t *id, struct span bytes)
{
    char address[ADDRESS_TEXT];
    struct validator_record record;
    sqlite3_stmt *s = store_statement(store, STATEMENT_WRITE_VALIDATOR);
    if (!s) return;
    memcpy(record.id.bytes, id, sizeof record.id.bytes);
    decoded(validator_record_decode(bytes, &record));
    address_encode(ADDRESS_VALIDATOR, &record.id, address);
    set_id(s, 1, &record.id);
    set_text(s, 2, address);
    set_id(s, 3, &record.member);
    set_bytes(s, 4, record.seal_key.bytes, sizeof record.seal_key.bytes);
    set_bytes(s, 5, record.node_key.bytes, sizeof record.node_key.bytes);
    set_text(s, 6, record.endpoint);
    set_u64(s, 7, record.status);
    store_run(store, s);
}

static void write_proposal(struct store *store, uint64_t number, struct span bytes)
{
    struct proposal_head head;
    sqlite3_stmt *s = store_statement(store, STATEMENT_WRITE_PROPOSAL);
    if (!s) return;
    decoded(proposal_head_decode(bytes, &head));
    set_u64(s, 1, number);
    set_id(s, 2, &head.proposer);
    set_u64(s, 3, head.class);
    set_u64(s, 4, head.status);
    set_u64(s, 5, head.deadline_ms);
    set_u64(s, 6, head.activate_ms);
    set_bytes(s, 7, bytes.data, bytes.size);
    store_run(store, s);
}

void store_write_governance(struct store *store, struct span key, struct span bytes)
{
    switch (key.data[0]) {
    case GOVERNANCE_PARAMS: write_params_record(store, bytes); break;
    case GOVERNANCE_MEMBERS: write_members(store, bytes); break;
    case GOVERNANCE_VALIDATOR: write_validator(store, key.data + 1, bytes); break;
    case GOVERNANCE_PROPOSAL: write_proposal(store, load_u64(key.data + 1), bytes); break;
    default: ASSERT(key.data[0] == GOVERNANCE_SET || key.data[0] == GOVERNANCE_NEXT_PROPOSAL);
    }
}

void store_write_ballot(struct store *store, uint64_t proposal, const struct id *member,
                        uint8_t vote, uint64_t position)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_WRITE_BALLOT);
    if (!s) return;
    set_u64(s, 1, proposal);
    set_id(s, 2, member);
    set_u64(s, 3, vote);
    set_u64(s, 4, position);
    store_run(store, s);
}

/* ---- rows into records ----------------------------------------------------------------------- */

static bool read_params_record(struct store *store, struct writer *w)
{
    struct params params;
    if (!store_read_params(store, &params) || params.version == 0) return false;
    params_encode(&params, w);
    return true;
}

static bool read_members_record(struct store *store, struct writer *w)
{
    uint16_t count = 0;
    struct member *members = store_read_members(store, &count);
    bool found = store->status == STATUS_OK && count > 0;
    if (found) members_encode(members, count, w);
    free(members);
    return found;
}

static bool read_validator_record(struct store *store, const uint8_t *id, struct writer *w)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_READ_VALIDATOR);
    struct validator validator;
    struct public_key node_key;
    if (!s) return false;
    set_bytes(s, 1, id, 16);
    if (!store_row(store, s)) return false;
    get_id(store, s, 0, &validator.member);
    get_bytes(store, s, 1, validator.seal_key.bytes, sizeof validator.seal_key.bytes);
    get_bytes(store, s, 2, node_key.bytes, sizeof node_key.bytes);
    const char *endpoint = (const char *)sqlite3_column_text(s, 3);
    validator_record_encode(&validator, &node_key, (uint8_t)get_u64(s, 4), endpoint ? endpoint : "",
                            w);
    sqlite3_reset(s);
    return store->status == STATUS_OK;
}

/* The one blob of a statement's one row. */
static bool read_blob(struct store *store, sqlite3_stmt *s, struct writer *w)
{
    if (!store_row(store, s)) return false;
    write_bytes(w, span_of(sqlite3_column_blob(s, 0), (size_t)sqlite3_column_bytes(s, 0)));
    sqlite3_reset(s);
    return true;
}

static bool read_set(struct store *store, struct writer *w)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_READ_SET);
    return s && read_blob(store, s, w);
}

static bool read_proposal(struct store *store, uint64_t number, struct writer *w)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_READ_PROPOSAL);
    if (!s) return false;
    set_u64(s, 1, number);
    return read_blob(store, s, w);
}

/* Numbers are given in order and no proposal is ever removed. */
static bool read_next_proposal(struct store *store, struct writer *w)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_READ_LAST_PROPOSAL);
    if (!s || !store_row(store, s)) return false;
    write_u64(w, get_u64(s, 0) + 1); /* NULL reads as 0 */
    sqlite3_reset(s);
    return true;
}

bool store_read_governance(struct store *store, struct span key, struct writer *w)
{
    switch (key.data[0]) {
    case GOVERNANCE_PARAMS: return read_params_record(store, w);
    case GOVERNANCE_MEMBERS: return read_members_record(store, w);
    case GOVERNANCE_SET: return read_set(store, w);
    case GOVERNANCE_VALIDATOR: return read_validator_record(store, key.data + 1, w);
    case GOVERNANCE_PROPOSAL: return read_proposal(store, load_u64(key.data + 1), w);
    default: ASSERT(key.data[0] == GOVERNANCE_NEXT_PROPOSAL); return read_next_proposal(store, w);
    }
}
