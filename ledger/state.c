#include "ledger/state.h"

#include "ledger/state_inside.h"
#include <assert.h>
#include <stdlib.h>

enum {
    INDEX_START = 1024,
    RECORDS_KEPT = 65536, /* beyond it everything is read again: about 16 MiB */
};

static size_t value_size(uint8_t kind)
{
    switch (kind) {
    case RECORD_ACCOUNT: return sizeof(struct account_value);
    case RECORD_ASSET: return sizeof(struct asset);
    case RECORD_BALANCE: return sizeof(struct balance);
    case RECORD_HOLD: return sizeof(struct hold_value);
    case RECORD_KV: return sizeof(struct kv_value);
    case RECORD_WINDOW: return sizeof(struct window_entry);
    case RECORD_LANE: return sizeof(struct lane);
    default: ASSERT(kind == RECORD_GOVERNANCE); return sizeof(struct governance_value);
    }
}

enum { VALUE_MAX = sizeof(struct account_value) };
static_assert(sizeof(struct kv_value) <= VALUE_MAX && sizeof(struct hold_value) <= VALUE_MAX,
              "the scratch record holds a value of any kind");

/* ---- the table ------------------------------------------------------------------------------- */

/* Not cryptographic: the seed is what a client does not know. */
static uint64_t hash_of(uint64_t seed, uint8_t kind, struct span key)
{
    uint64_t hash = (seed ^ kind) * 0x9e3779b97f4a7c15u;
    size_t i = 0;
    for (; i + 8 <= key.size; i += 8) {
        hash = (hash ^ load_u64(key.data + i)) * 0xff51afd7ed558ccdu;
        hash ^= hash >> 32;
    }
    for (; i < key.size; i++)
        hash = (hash ^ key.data[i]) * 0x100000001b3u;
    hash ^= hash >> 29;
    hash *= 0xc4ceb9fe1a85ec53u;
    return hash ^ hash >> 32;
}

static void index_put(struct record **index, size_t capacity, struct record *record)
{
    size_t at = record->hash & (capacity - 1);
    while (index[at])
        at = (at + 1) & (capacity - 1);
    index[at] = record;
}

static bool index_grow(struct state *state)
{
    size_t capacity = state->index_capacity ? 2 * state->index_capacity : INDEX_START;
    struct record **index = calloc(capacity, sizeof *index);
    if (!index) return false;
    for (size_t i = 0; i < state->index_capacity; i++)
        if (state->index[i]) index_put(index, capacity, state->index[i]);
    free(state->index);
    state->index = index;
    state->index_capacity = capacity;
    return true;
}

static struct record *find(const struct state *state, uint8_t kind, struct span key, uint64_t hash)
{
    if (state->index_capacity == 0) return NULL;
    size_t at = hash & (state->index_capacity - 1);
    for (struct record *record; (record = state->index[at]) != NULL;
         at = (at + 1) & (state->index_capacity - 1)) {
        if (record->hash == hash && record->kind == kind && record->key_size == key.size &&
            memcmp(record->key, key.data, key.size) == 0)
            return record;
    }
    return NULL;
}

static struct record *record_make(struct arena *arena, uint8_t kind, struct span key, uint64_t hash)
{
    size_t value = (value_size(kind) + 7) / 8 * 8;
    struct record *record = arena_take(arena, sizeof *record + value + key.size);
    if (!record) return NULL;
    memset(record, 0, sizeof *record + value);
    record->kind = kind;
    record->key_size = (uint16_t)key.size;
    record->hash = hash;
    record->value = record + 1;
    record->key = (uint8_t *)record->value + value;
    memcpy(record->key, key.data, key.size);
    return record;
}

static struct id id_at(const uint8_t *bytes)
{
    struct id id;
    memcpy(id.bytes, bytes, sizeof id.bytes);
    return id;
}

/* Takes bytes as the record's value, in place if they have room. */
static bool set_governance(struct state *state, struct governance_value *value, struct span bytes)
{
    ASSERT(bytes.size <= GOVERNANCE_BYTES_MAX);
    if (bytes.size > value->capacity) {
        size_t capacity = max_u64(bytes.size, 2 * (uint64_t)value->capacity);
        uint8_t *larger = arena_take(&state->records_arena, capacity);
        if (!larger) {
            state->status = STATUS_NO_MEMORY;
            return false;
        }
        value->bytes = larger;
        value->capacity = (uint32_t)capacity;
    }
    if (bytes.size > 0) memcpy(value->bytes, bytes.data, bytes.size);
    value->size = (uint32_t)bytes.size;
    return true;
}

static void read_governance(struct state *state, struct record *record)
{
    struct writer w;
    writer_init(&w, GOVERNANCE_BYTES_MAX);
    bool found = store_read_governance(state->store, span_of(record->key, record->key_size), &w);
    if (writer_status(&w) != STATUS_OK) state->status = writer_status(&w);
    record->stored = found && writer_status(&w) == STATUS_OK &&
                     set_governance(state, record->value, writer_span(&w));
    writer_free(&w);
}

/* Reads a record's row, or sets what its key says. */
static void read_row(struct state *state, struct record *record)
{
    if (record->kind == RECORD_GOVERNANCE) {
        read_governance(state, record);
        record->exists = record->stored;
        return;
    }
    const struct id first = id_at(record->key);
    const struct id second = record->key_size >= 32 ? id_at(record->key + 16) : first;
    void *value = record->value;
    switch (record->kind) {
    case RECORD_ACCOUNT: record->stored = store_read_account(state->store, &first, value); break;
    case RECORD_ASSET: record->stored = store_read_asset(state->store, &first, value); break;
    case RECORD_BALANCE:
        record->stored = store_read_balance(state->store, &first, &second, value);
        break;
    case RECORD_HOLD: record->stored = store_read_hold(state->store, &first, value); break;
    case RECORD_KV:
        record->stored = store_read_kv(
            state->store, &first, span_of(record->key + 16, (size_t)record->key_size - 16), value);
        break;
    case RECORD_WINDOW:
        record->stored = store_read_window(state->store, &first, &second, value);
        break;
    default:
        ASSERT(record->kind == RECORD_LANE);
        record->stored = store_read_lane(state->store, &first, load_u32(record->key + 16), value);
    }
    record->exists = record->stored;
}

enum status state_status(const struct state *state)
{
    return state->status != STATUS_OK ? state->status : store_status(state->store);
}

void state_fail(struct state *state, enum status status)
{
    if (state_status(state) == STATUS_OK) state->status = status;
}

/* The record of a key, read if it is seen for the first time; the scratch record after an error. */
static struct record *get(struct state *state, uint8_t kind, struct span key)
{
    uint64_t hash = hash_of(state->seed, kind, key);
    struct record *record = find(state, kind, key, hash);
    if (record) return record;

    if (state_status(state) == STATUS_OK &&
        (2 * (state->record_count + 1) <= state->index_capacity || index_grow(state)))
        record = record_make(&state->records_arena, kind, key, hash);
    else if (state_status(state) != STATUS_OK)
        record = NULL;
    if (!record) {
        if (state_status(state) == STATUS_OK) state->status = STATUS_NO_MEMORY;
        memset(state->scratch->value, 0, VALUE_MAX);
        state->scratch->kind = kind;
        state->scratch->exists = false;
        return state->scratch;
    }
    read_row(state, record);
    index_put(state->index, state->index_capacity, record);
    state->record_count++;
    return record;
}

struct record *state_find(const struct state *state, uint8_t kind, struct span key)
{
    return find(state, kind, key, hash_of(state->seed, kind, key));
}

static const void *value_of(const struct record *record)
{
    return record->exists ? record->value : NULL;
}

/* ---- opening --------------------------------------------------------------------------------- */

struct state *state_new(struct store *store, uint64_t seed)
{
    struct state *state = calloc(1, sizeof *state);
    if (!state) return NULL;
    state->store = store;
    state->seed = seed;
    state->entry = 1;
    arena_init(&state->records_arena);
    arena_init(&state->undo_arena);
    state->scratch = calloc(1, sizeof *state->scratch + VALUE_MAX);
    if (!state->scratch) {
        free(state);
        return NULL;
    }
    state->scratch->value = state->scratch + 1;
    return state;
}

void state_free(struct state *state)
{
    if (!state) return;
    arena_free(&state->records_arena);
    arena_free(&state->undo_arena);
    free(state->index);
    free(state->undo);
    free(state->changed);
    free(state->changes);
    free(state->scratch);
    free(state);
}

void state_forget(struct state *state)
{
    arena_empty(&state->records_arena);
    arena_empty(&state->undo_arena);
    if (state->index) memset(state->index, 0, state->index_capacity * sizeof *state->index);
    state->record_count = 0;
    state->undo_count = 0;
    state->changed_count = 0;
    state->change_count = 0;
}

void state_trim(struct state *state)
{
    ASSERT(state->undo_count == 0);
    ASSERT(state->changed_count == 0);
    if (state->record_count > RECORDS_KEPT) state_forget(state);
}

size_t state_records(const struct state *state)
{
    return state->record_count;
}

/* ---- reading --------------------------------------------------------------------------------- */

static struct record *get_account(struct state *state, const struct id *id)
{
    return get(state, RECORD_ACCOUNT, span_of(id->bytes, 16));
}

static struct record *get_asset(struct state *state, const struct id *id)
{
    return get(state, RECORD_ASSET, span_of(id->bytes, 16));
}

static struct record *get_balance(struct state *state, const struct id *account,
                                  const struct id *asset)
{
    uint8_t key[RECORD_KEY_MAX];
    return get(state, RECORD_BALANCE, span_of(key, balance_key(account, asset, key)));
}

static struct record *get_hold(struct state *state, const struct id *id)
{
    return get(state, RECORD_HOLD, span_of(id->bytes, 16));
}

static struct record *get_kv(struct state *state, const struct id *owner, struct span name)
{
    uint8_t key[RECORD_KEY_MAX];
    return get(state, RECORD_KV, span_of(key, kv_key(owner, name, key)));
}

static struct record *get_window(struct state *state, const struct id *source,
                                 const struct id *client_ref)
{
    uint8_t key[RECORD_KEY_MAX];
    return get(state, RECORD_WINDOW, span_of(key, window_key(source, client_ref, key)));
}

static struct record *get_lane(struct state *state, const struct id *account, uint32_t lane)
{
    uint8_t key[RECORD_KEY_MAX];
    return get(state, RECORD_LANE, span_of(key, lane_key(account, lane, key)));
}

const struct account *state_account(struct state *state, const struct id *id)
{
    return value_of(get_account(state, id));
}

const struct asset *state_asset(struct state *state, const struct id *id)
{
    return value_of(get_asset(state, id));
}

const struct balance *state_balance(struct state *state, const struct id *account,
                                    const struct id *asset)
{
    return value_of(get_balance(state, account, asset));
}

const struct hold *state_hold(struct state *state, const struct id *id)
{
    return value_of(get_hold(state, id));
}

const struct kv_record *state_kv(struct state *state, const struct id *owner, struct span key)
{
    return value_of(get_kv(state, owner, key));
}

const struct window_entry *state_window(struct state *state, const struct id *source,
                                        const struct id *client_ref)
{
    return value_of(get_window(state, source, client_ref));
}

bool state_governance(struct state *state, struct span key, struct span *bytes)
{
    const struct governance_value *value = value_of(get(state, RECORD_GOVERNANCE, key));
    *bytes = value ? span_of(value->bytes, value->size) : (struct span){ NULL, 0 };
    return value != NULL;
}

uint64_t state_lane_next(struct state *state, const struct id *account, uint32_t lane)
{
    const struct lane *record = value_of(get_lane(state, account, lane));
    return record ? record->next : 1;
}

/* ---- editing --------------------------------------------------------------------------------- */

bool state_reserve(struct state *state, void *array, size_t item, size_t count, size_t *capacity)
{
    void **items = array;
    if (count < *capacity) return true;
    size_t larger = *capacity ? 2 * *capacity : 64;
    void *grown = realloc(*items, larger * item);
    if (!grown) {
        state->status = STATUS_NO_MEMORY;
        return false;
    }
    *items = grown;
    *capacity = larger;
    return true;
}

/* Moves what a value was into memory of its own, because the record's bytes change in place. */
static bool copy_governance(struct state *state, struct governance_value *before)
{
    uint8_t *copy = arena_take(&state->undo_arena, before->size ? before->size : 1);
    if (!copy) {
        state->status = STATUS_NO_MEMORY;
        memset(state->scratch->value, 0, VALUE_MAX);
        state->scratch->kind = RECORD_GOVERNANCE;
        return false;
    }
    if (before->size > 0) memcpy(copy, before->bytes, before->size);
    before->bytes = copy;
    return true;
}

/* Keeps the value before the entry's first change of a record, then lets it be changed. */
static struct record *edit(struct state *state, struct record *record)
{
    if (record == state->scratch || record->edit == state->entry) {
        record->exists = true;
        return record;
    }
    size_t size = value_size(record->kind);
    void *before = arena_take(&state->undo_arena, size);
    if (!before) state->status = STATUS_NO_MEMORY;
    if (!before || !state_reserve(state, &state->undo, sizeof *state->undo, state->undo_count,
                                  &state->undo_capacity)) {
        memcpy(state->scratch->value, record->value, size);
        state->scratch->kind = record->kind;
        return state->scratch;
    }
    memcpy(before, record->value, size);
    if (record->kind == RECORD_GOVERNANCE && !copy_governance(state, before)) return state->scratch;
    state->undo[state->undo_count++] = (struct undo){ record, record->exists, before };
    record->edit = state->entry;
    record->exists = true;
    return record;
}

struct account *state_edit_account(struct state *state, const struct id *id)
{
    struct account_value *value = edit(state, get_account(state, id))->value;
    value->account.id = *id;
    return &value->account;
}

struct account *state_edit_signers(struct state *state, const struct id *id)
{
    struct account_value *value = edit(state, get_account(state, id))->value;
    value->account.id = *id;
    value->signers_changed = true;
    return &value->account;
}

struct asset *state_edit_asset(struct state *state, const struct id *id)
{
    struct asset *asset = edit(state, get_asset(state, id))->value;
    asset->id = *id;
    return asset;
}

struct balance *state_edit_balance(struct state *state, const struct id *account,
                                   const struct id *asset)
{
    struct balance *balance = edit(state, get_balance(state, account, asset))->value;
    balance->account = *account;
    balance->asset = *asset;
    return balance;
}

void state_put_hold(struct state *state, const struct hold *hold)
{
    struct hold_value *value = edit(state, get_hold(state, &hold->id))->value;
    *value = (struct hold_value){ .hold = *hold, .state = HOLD_MADE, .amount = hold->amount };
}

void state_end_hold(struct state *state, const struct id *id, enum hold_state how, uint64_t amount,
                    uint64_t position)
{
    struct record *record = edit(state, get_hold(state, id));
    struct hold_value *value = record->value;
    value->state = (uint8_t)how;
    value->amount = amount;
    value->ended = position;
    record->exists = false;
}

void state_put_kv(struct state *state, const struct id *owner, struct span key, uint64_t version,
                  struct span value)
{
    struct kv_value *kv = edit(state, get_kv(state, owner, key))->value;
    kv->kv.owner = *owner;
    kv->kv.key_size = (uint8_t)key.size;
    memcpy(kv->kv.key, key.data, key.size);
    kv->kv.version = version;
    kv->kv.kind = KV_VALUE;
    kv->kv.size = (uint32_t)value.size;
    kv->kv.value_hash = digest_of(TAG_KV_VALUE, value);
    kv->value = value;
}

void state_remove_kv(struct state *state, const struct id *owner, struct span key)
{
    edit(state, get_kv(state, owner, key))->exists = false;
}

void state_put_window(struct state *state, const struct window_entry *entry)
{
    struct record *record = edit(state, get_window(state, &entry->source, &entry->client_ref));
    memcpy(record->value, entry, sizeof *entry);
}

void state_put_lane(struct state *state, const struct id *account, uint32_t lane, uint64_t next)
{
    struct lane *value = edit(state, get_lane(state, account, lane))->value;
    *value = (struct lane){ *account, lane, next };
}

void state_put_governance(struct state *state, struct span key, struct span bytes)
{
    struct record *record = edit(state, get(state, RECORD_GOVERNANCE, key));
    if (record != state->scratch) (void)set_governance(state, record->value, bytes);
}

/* ---- groups of holds ------------------------------------------------------------------------- */

static int compare_ids(const void *a, const void *b)
{
    return id_compare(a, b);
}

static bool is_of_group(const struct hold *hold, const struct id *group, const struct id *arbiter)
{
    return id_equal(&hold->group, group) && id_equal(&hold->arbiter, arbiter);
}

/* Takes what the entry in hand has ended out of count ids, and returns how many are left. */
static size_t drop_ended(const struct state *state, struct id *ids, size_t count)
{
    size_t left = 0;
    for (size_t i = 0; i < count; i++) {
        const struct record *record = state_find(state, RECORD_HOLD, span_of(ids[i].bytes, 16));
        if (!record || record->exists) ids[left++] = ids[i];
    }
    return left;
}

static size_t count_ended(const struct state *state)
{
    size_t count = 0;
    for (size_t i = 0; i < state->undo_count; i++)
        count += state->undo[i].record->kind == RECORD_HOLD && !state->undo[i].record->exists;
    return count;
}

size_t state_group(struct state *state, const struct id *group, const struct id *arbiter,
                   struct id ids[STATE_GROUP_MAX])
{
    enum { ROOM = STATE_GROUP_MAX + STATE_ENDED_MAX };
    struct id found[ROOM];
    size_t ended = count_ended(state);
    ASSERT(ended <= STATE_ENDED_MAX);
    size_t count =
        store_read_group(state->store, group, arbiter, (uint32_t)(STATE_GROUP_MAX + ended), found);
    count = drop_ended(state, found, count);
    for (size_t i = 0; i < state->undo_count && count < ROOM; i++) {
        const struct undo *undo = &state->undo[i];
        const struct hold *hold = undo->record->value;
        if (undo->record->kind != RECORD_HOLD || undo->existed || !undo->record->exists) continue;
        if (is_of_group(hold, group, arbiter)) found[count++] = hold->id;
    }
    if (count > 1) qsort(found, count, sizeof found[0], compare_ids);
    if (count > STATE_GROUP_MAX) count = STATE_GROUP_MAX;
    memcpy(ids, found, count * sizeof found[0]);
    return count;
}

/* ---- what an entry changed ------------------------------------------------------------------- */

size_t state_edit_count(const struct state *state)
{
    return state->undo_count;
}

struct state_edit state_edit_at(const struct state *state, size_t index)
{
    ASSERT(index < state->undo_count);
    const struct undo *undo = &state->undo[index];
    const struct record *record = undo->record;
    return (struct state_edit){
        .kind = record->kind,
        .existed = undo->existed,
        .exists = record->exists,
        .key = span_of(record->key, record->key_size),
        .before = undo->before,
        .now = record->value,
    };
}

static void next_entry(struct state *state)
{
    state->undo_count = 0;
    state->entry++;
    arena_empty(&state->undo_arena);
}

/* The rows of holds are written with the entry, not with the block: groups are asked of them. */
static void accept_hold(struct state *state, const struct record *record)
{
    const struct hold_value *value = record->value;
    if (record->exists) {
        store_write_hold(state->store, &value->hold);
        return;
    }
    store_remove_hold(state->store, &value->hold.id);
    store_write_hold_end(state->store, &value->hold, value->ended);
}

void state_accept(struct state *state)
{
    for (size_t i = 0; i < state->undo_count; i++) {
        struct record *record = state->undo[i].record;
        if (record->kind == RECORD_HOLD) accept_hold(state, record);
        if (record->changed) continue;
        if (!state_reserve(state, &state->changed, sizeof *state->changed, state->changed_count,
                           &state->changed_capacity))
            break;
        record->changed = true;
        state->changed[state->changed_count++] = record;
    }
    next_entry(state);
}

/* What was there fits again: the room of a record's bytes never shrinks. */
static void undo_value(struct record *record, const void *before)
{
    if (record->kind != RECORD_GOVERNANCE) {
        memcpy(record->value, before, value_size(record->kind));
        return;
    }
    const struct governance_value *old = before;
    struct governance_value *value = record->value;
    ASSERT(old->size <= value->capacity);
    if (old->size > 0) memcpy(value->bytes, old->bytes, old->size);
    value->size = old->size;
}

void state_undo(struct state *state)
{
    for (size_t i = state->undo_count; i-- > 0;) {
        struct record *record = state->undo[i].record;
        undo_value(record, state->undo[i].before);
        record->exists = state->undo[i].existed;
    }
    next_entry(state);
}
