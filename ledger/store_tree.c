/* The tables leaf and slot as the storage of a state tree. */
#include "ledger/store.h"
#include "ledger/store_query.h"

static enum status read_leaves(void *context, const struct digest *first, const struct digest *last,
                               enum status (*each)(void *reader, const struct state_leaf *leaf),
                               void *reader)
{
    struct store *store = context;
    struct state_leaf leaf;
    sqlite3_stmt *s = store_statement(store, STATEMENT_READ_LEAVES);
    if (!s) return store->status;
    set_digest(s, 1, first);
    set_digest(s, 2, last);
    while (store_row(store, s)) {
        get_digest(store, s, 0, &leaf.path);
        get_digest(store, s, 1, &leaf.hash);
        get_digest(store, s, 2, &leaf.value_hash);
        enum status status = store->status == STATUS_OK ? each(reader, &leaf) : store->status;
        if (status != STATUS_OK) {
            sqlite3_reset(s);
            return status;
        }
    }
    return store->status;
}

static enum status put_leaf(void *context, const struct state_leaf *leaf)
{
    struct store *store = context;
    sqlite3_stmt *s = store_statement(store, STATEMENT_WRITE_LEAF);
    if (!s) return store->status;
    set_digest(s, 1, &leaf->path);
    set_digest(s, 2, &leaf->hash);
    set_digest(s, 3, &leaf->value_hash);
    store_run(store, s);
    return store->status;
}

static enum status remove_leaf(void *context, const struct digest *path)
{
    struct store *store = context;
    sqlite3_stmt *s = store_statement(store, STATEMENT_REMOVE_LEAF);
    if (!s) return store->status;
    set_digest(s, 1, path);
    store_run(store, s);
    return store->status;
}

static enum status read_slots(void *context,
                              enum status (*each)(void *reader, const struct state_slot *slot),
                              void *reader)
{
    struct store *store = context;
    struct state_slot slot;
    sqlite3_stmt *s = store_statement(store, STATEMENT_READ_SLOTS);
    if (!s) return store->status;
    while (store_row(store, s)) {
        get_bytes(store, s, 0, slot.prefix, sizeof slot.prefix);
        uint64_t depth = get_u64(s, 1), count = get_u64(s, 2);
        if (depth > STATE_SLOT_DEPTH_MAX || count > UINT32_MAX)
            store_fail(store, STATUS_DAMAGED, "ledger.db: a row of slot is out of range");
        slot.depth = (uint8_t)depth;
        slot.count = (uint32_t)count;
        get_digest(store, s, 3, &slot.hash);
        enum status status = store->status == STATUS_OK ? each(reader, &slot) : store->status;
        if (status != STATUS_OK) {
            sqlite3_reset(s);
            return status;
        }
    }
    return store->status;
}

static enum status put_slot(void *context, const struct state_slot *slot)
{
    struct store *store = context;
    sqlite3_stmt *s = store_statement(store, STATEMENT_WRITE_SLOT);
    if (!s) return store->status;
    set_bytes(s, 1, slot->prefix, sizeof slot->prefix);
    set_u64(s, 2, slot->depth);
    set_u64(s, 3, slot->count);
    set_digest(s, 4, &slot->hash);
    store_run(store, s);
    return store->status;
}

static enum status remove_slot(void *context, const uint8_t prefix[STATE_PREFIX_BYTES])
{
    struct store *store = context;
    sqlite3_stmt *s = store_statement(store, STATEMENT_REMOVE_SLOT);
    if (!s) return store->status;
    set_bytes(s, 1, prefix, STATE_PREFIX_BYTES);
    store_run(store, s);
    return store->status;
}

struct state_storage store_tree_storage(struct store *store)
{
    return (struct state_storage){ store,      read_leaves, put_leaf,   remove_leaf,
                                   read_slots, put_slot,    remove_slot };
}
