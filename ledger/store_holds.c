/* The rows of holds: those that wait, and where the others ended. */
#include "ledger/store.h"
#include "ledger/store_query.h"

bool store_read_hold(struct store *store, const struct id *id, struct hold *hold)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_READ_HOLD);
    if (!s) return false;
    set_id(s, 1, id);
    if (!store_row(store, s)) return false;
    hold->id = *id;
    hold->version = get_u64(s, 0);
    get_id(store, s, 1, &hold->payer);
    get_id(store, s, 2, &hold->payee);
    get_id(store, s, 3, &hold->arbiter);
    get_id(store, s, 4, &hold->asset);
    hold->amount = get_u64(s, 5);
    hold->expires_ms = get_u64(s, 6);
    get_id(store, s, 7, &hold->group);
    get_digest(store, s, 8, &hold->lock);
    sqlite3_reset(s);
    return store->status == STATUS_OK;
}

static uint32_t read_ids(struct store *store, sqlite3_stmt *s, uint32_t limit, struct id *ids)
{
    uint32_t count = 0;
    while (store_row(store, s)) {
        ASSERT(count < limit);
        get_id(store, s, 0, &ids[count++]);
    }
    return count;
}

uint32_t store_read_group(struct store *store, const struct id *group, const struct id *arbiter,
                          uint32_t limit, struct id *ids)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_READ_GROUP);
    if (!s) return 0;
    set_id(s, 1, group);
    set_id(s, 2, arbiter);
    set_u64(s, 3, limit);
    return read_ids(store, s, limit, ids);
}

uint32_t store_read_due_holds(struct store *store, uint64_t time_ms, uint32_t limit, struct id *ids)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_READ_DUE_HOLDS);
    if (!s) return 0;
    set_u64(s, 1, time_ms);
    set_u64(s, 2, limit);
    return read_ids(store, s, limit, ids);
}

uint64_t store_read_next_expiry(struct store *store)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_READ_NEXT_EXPIRY);
    if (!s || !store_row(store, s)) return UINT64_MAX;
    uint64_t next = sqlite3_column_type(s, 0) == SQLITE_NULL ? UINT64_MAX : get_u64(s, 0);
    sqlite3_reset(s);
    return next;
}

void store_write_hold(struct store *store, const struct hold *hold)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_WRITE_HOLD);
    if (!s) return;
    set_id(s, 1, &hold->id);
    set_u64(s, 2, hold->version);
    set_id(s, 3, &hold->payer);
    set_id(s, 4, &hold->payee);
    set_id(s, 5, &hold->arbiter);
    set_id(s, 6, &hold->asset);
    set_u64(s, 7, hold->amount);
    set_u64(s, 8, hold->expires_ms);
    set_id(s, 9, &hold->group);
    set_digest(s, 10, &hold->lock);
    store_run(store, s);
}

void store_remove_hold(struct store *store, const struct id *id)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_REMOVE_HOLD);
    if (!s) return;
    set_id(s, 1, id);
    store_run(store, s);
}

void store_write_hold_end(struct store *store, const struct hold *hold, uint64_t position)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_WRITE_HOLD_END);
    if (!s) return;
    set_id(s, 1, &hold->id);
    set_u64(s, 2, hold->version);
    set_u64(s, 3, position);
    store_run(store, s);
}
