#include "ledger/state_inside.h"

#include <stdlib.h>

static void add_change(struct state *state, const struct state_leaf *leaf, bool removed)
{
    if (!state_reserve(state, &state->changes, sizeof *state->changes, state->change_count,
                       &state->change_capacity))
        return;
    state->changes[state->change_count++] =
        (struct state_change){ leaf->path, leaf->hash, removed, leaf->value_hash };
}

void state_sweep(struct state *state, uint64_t horizon_ms, uint32_t limit)
{
    uint8_t key[RECORD_KEY_MAX];
    struct window_entry *entries = malloc(limit * sizeof *entries);
    ASSERT(state->undo_count == 0);
    if (!entries) {
        state->status = STATUS_NO_MEMORY;
        return;
    }
    uint32_t count = store_read_expired(state->store, horizon_ms, limit, entries);
    for (uint32_t i = 0; i < count; i++) {
        const struct window_entry *entry = &entries[i];
        struct span k = span_of(key, window_key(&entry->source, &entry->client_ref, key));
        struct state_leaf leaf = { .path = state_path_window(k, entry->not_after_ms) };
        struct record *record = state_find(state, RECORD_WINDOW, k);
        if (record) {
            ASSERT(!record->changed); /* what this block added expires after the horizon */
            record->exists = false;
            record->stored = false;
        }
        store_remove_window(state->store, &entry->source, &entry->client_ref);
        add_change(state, &leaf, true);
    }
    free(entries);
}

static int compare_records(const void *a, const void *b)
{
    const struct record *x = *(const struct record *const *)a;
    const struct record *y = *(const struct record *const *)b;
    if (x->kind != y->kind) return x->kind < y->kind ? -1 : 1;
    return span_compare(span_of(x->key, x->key_size), span_of(y->key, y->key_size));
}

static int compare_changes(const void *a, const void *b)
{
    const struct state_change *x = a, *y = b;
    return digest_compare(&x->path, &y->path);
}

static struct state_leaf write_governance(struct state *state, const struct record *record)
{
    const struct governance_value *value = record->value;
    struct span key = span_of(record->key, record->key_size);
    struct span bytes = span_of(value->bytes, value->size);
    store_write_governance(state->store, key, bytes);
    return record_leaf(RECORD_GOVERNANCE, key, bytes);
}

static struct state_leaf write_row(struct state *state, struct record *record)
{
    switch (record->kind) {
    case RECORD_ACCOUNT: {
        struct account_value *value = record->value;
        store_write_account(state->store, &value->account, value->signers_changed);
        value->signers_changed = false;
        return account_leaf(&value->account);
    }
    case RECORD_ASSET:
        store_write_asset(state->store, record->value);
        return asset_leaf(record->value);
    case RECORD_BALANCE:
        store_write_balance(state->store, record->value);
        return balance_leaf(record->value);
    case RECORD_HOLD: return hold_leaf(record->value); /* Its row was written with the entry. */
    case RECORD_KV: {
        struct kv_value *value = record->value;
        store_write_kv(state->store, &value->kv, value->value);
        value->value = span_of(NULL, 0);
        return kv_leaf(&value->kv);
    }
    case RECORD_WINDOW:
        store_write_window(state->store, record->value);
        return window_leaf(record->value);
    case RECORD_LANE:
        store_write_lane(state->store, record->value);
        return lane_leaf(record->value);
    default: ASSERT(record->kind == RECORD_GOVERNANCE); return write_governance(state, record);
    }
}

/* Only keys and holds are ever removed by an entry; a hold's row went with it. */
static struct state_leaf remove_row(struct state *state, const struct record *record)
{
    struct span key = span_of(record->key, record->key_size);
    ASSERT(record->kind == RECORD_KV || record->kind == RECORD_HOLD);
    if (record->kind == RECORD_KV) {
        struct id owner;
        memcpy(owner.bytes, record->key, sizeof owner.bytes);
        store_remove_kv(state->store, &owner, span_of(key.data + 16, key.size - 16));
    }
    return (struct state_leaf){ .path = state_path(record->kind, key) };
}

enum status state_flush(struct state *state, const struct state_change **changes, size_t *count)
{
    ASSERT(state->undo_count == 0);
    if (state->changed_count > 0)
        qsort(state->changed, state->changed_count, sizeof *state->changed, compare_records);
    for (size_t i = 0; i < state->changed_count; i++) {
        struct record *record = state->changed[i];
        if (record->exists || record->stored) {
            struct state_leaf leaf =
                record->exists ? write_row(state, record) : remove_row(state, record);
            add_change(state, &leaf, !record->exists);
        }
        record->stored = record->exists;
        record->changed = false;
    }
    if (state->change_count > 0)
        qsort(state->changes, state->change_count, sizeof *state->changes, compare_changes);
    *changes = state->changes;
    *count = state->change_count;
    state->changed_count = 0;
    state->change_count = 0; /* the array stays as it is until it is filled again */
    return state_status(state);
}
