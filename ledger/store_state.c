#include "ledger/store.h"
#include "ledger/store_query.h"

/* ---- reading --------------------------------------------------------------------------------- */

static void read_signers(struct store *store, struct account *account)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_READ_SIGNERS);
    account->signer_count = 0;
    if (!s) return;
    set_id(s, 1, &account->id);
    while (store_row(store, s)) {
        if (account->signer_count == SIGNERS_MAX) {
            store_fail(store, STATUS_DAMAGED, "ledger.db: an account has too many signers");
            sqlite3_reset(s);
            return;
        }
        struct account_signer *signer = &account->signers[account->signer_count++];
        get_bytes(store, s, 0, signer->key.bytes, sizeof signer->key.bytes);
        signer->weight = (uint8_t)get_u64(s, 1);
    }
}

bool store_read_account(struct store *store, const struct id *id, struct account *account)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_READ_ACCOUNT);
    if (!s) return false;
    set_id(s, 1, id);
    if (!store_row(store, s)) return false;
    account->id = *id;
    account->version = get_u64(s, 0);
    account->flags = (uint8_t)get_u64(s, 1);
    account->roles = (uint32_t)get_u64(s, 2);
    account->low = (uint16_t)get_u64(s, 3);
    account->medium = (uint16_t)get_u64(s, 4);
    account->high = (uint16_t)get_u64(s, 5);
    get_id(store, s, 6, &account->sponsor);
    account->balances = (uint32_t)get_u64(s, 7);
    get_digest(store, s, 8, &account->metadata);
    sqlite3_reset(s);
    read_signers(store, account);
    return store->status == STATUS_OK;
}

static void read_lines(struct store *store, struct asset *asset)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_READ_LINES);
    if (!s) return;
    set_id(s, 1, &asset->id);
    if (!store_row(store, s)) return;
    asset->lines = get_u64(s, 0);
    sqlite3_reset(s);
}

bool store_read_asset(struct store *store, const struct id *id, struct asset *asset)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_READ_ASSET);
    if (!s) return false;
    set_id(s, 1, id);
    if (!store_row(store, s)) return false;
    asset->id = *id;
    asset->version = get_u64(s, 0);
    get_id(store, s, 1, &asset->issuer);
    size_t size = (size_t)sqlite3_column_bytes(s, 2);
    memset(asset->code, 0, sizeof asset->code);
    if (size > sizeof asset->code)
        store_fail(store, STATUS_DAMAGED, "ledger.db: an asset's code");
    else if (size > 0)
        memcpy(asset->code, sqlite3_column_text(s, 2), size);
    asset->scale = (uint8_t)get_u64(s, 3);
    asset->flags = (uint8_t)get_u64(s, 4);
    asset->max_supply = get_u64(s, 5);
    asset->supply = get_u64(s, 6);
    get_digest(store, s, 7, &asset->metadata);
    sqlite3_reset(s);
    read_lines(store, asset);
    return store->status == STATUS_OK;
}

bool store_read_balance(struct store *store, const struct id *account, const struct id *asset,
                        struct balance *balance)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_READ_BALANCE);
    if (!s) return false;
    set_id(s, 1, account);
    set_id(s, 2, asset);
    if (!store_row(store, s)) return false;
    balance->account = *account;
    balance->asset = *asset;
    balance->posted = get_i64(s, 0);
    balance->held_out = get_i64(s, 1);
    balance->held_in = get_i64(s, 2);
    balance->floor = get_i64(s, 3);
    balance->flags = (uint8_t)get_u64(s, 4);
    balance->seq = get_u64(s, 5);
    get_digest(store, s, 6, &balance->head);
    sqlite3_reset(s);
    return store->status == STATUS_OK;
}

bool store_read_kv(struct store *store, const struct id *owner, struct span key,
                   struct kv_record *kv)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_READ_KV);
    if (!s) return false;
    ASSERT(key.size <= sizeof kv->key);
    set_id(s, 1, owner);
    set_bytes(s, 2, key.data, key.size);
    if (!store_row(store, s)) return false;
    kv->owner = *owner;
    kv->key_size = (uint8_t)key.size;
    memcpy(kv->key, key.data, key.size);
    kv->version = get_u64(s, 0);
    kv->kind = (uint8_t)get_u64(s, 1);
    kv->size = (uint32_t)sqlite3_column_bytes(s, 2);
    kv->value_hash = digest_of(TAG_KV_VALUE, span_of(sqlite3_column_blob(s, 2), kv->size));
    sqlite3_reset(s);
    return true;
}

bool store_read_window(struct store *store, const struct id *source, const struct id *client_ref,
                       struct window_entry *entry)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_READ_WINDOW);
    if (!s) return false;
    set_id(s, 1, source);
    set_id(s, 2, client_ref);
    if (!store_row(store, s)) return false;
    entry->source = *source;
    entry->client_ref = *client_ref;
    entry->not_after_ms = get_u64(s, 0);
    get_digest(store, s, 1, &entry->txid);
    entry->position = get_u64(s, 2);
    entry->code = (uint16_t)get_u64(s, 3);
    entry->at = (uint8_t)get_u64(s, 4);
    sqlite3_reset(s);
    return store->status == STATUS_OK;
}

bool store_read_lane(struct store *store, const struct id *account, uint32_t number,
                     struct lane *lane)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_READ_LANE);
    if (!s) return false;
    set_id(s, 1, account);
    set_u64(s, 2, number);
    if (!store_row(store, s)) return false;
    lane->account = *account;
    lane->lane = number;
    lane->next = get_u64(s, 0);
    sqlite3_reset(s);
    return true;
}

uint32_t store_read_expired(struct store *store, uint64_t horizon_ms, uint32_t limit,
                            struct window_entry *entries)
{
    uint32_t count = 0;
    sqlite3_stmt *s = store_statement(store, STATEMENT_READ_EXPIRED);
    if (!s) return 0;
    set_u64(s, 1, horizon_ms);
    set_u64(s, 2, limit);
    while (store_row(store, s)) {
        ASSERT(count < limit);
        struct window_entry *entry = &entries[count++];
        memset(entry, 0, sizeof *entry);
        get_id(store, s, 0, &entry->source);
        get_id(store, s, 1, &entry->client_ref);
        entry->not_after_ms = get_u64(s, 2);
        get_digest(store, s, 3, &entry->txid);
    }
    return count;
}

/* ---- writing --------------------------------------------------------------------------------- */

void store_write_account(struct store *store, const struct account *account, bool with_signers)
{
    char address[ADDRESS_TEXT];
    sqlite3_stmt *s = store_statement(store, STATEMENT_WRITE_ACCOUNT);
    if (!s) return;
    address_encode(ADDRESS_ACCOUNT, &account->id, address);
    set_id(s, 1, &account->id);
    set_text(s, 2, address);
    set_u64(s, 3, account->version);
    set_u64(s, 4, account->flags);
    set_u64(s, 5, account->roles);
    set_u64(s, 6, account->low);
    set_u64(s, 7, account->medium);
    set_u64(s, 8, account->high);
    set_id(s, 9, &account->sponsor);
    set_u64(s, 10, account->balances);
    set_digest(s, 11, &account->metadata);
    store_run(store, s);
    if (!with_signers) return;

    s = store_statement(store, STATEMENT_REMOVE_SIGNERS);
    if (!s) return;
    set_id(s, 1, &account->id);
    store_run(store, s);
    s = store_statement(store, STATEMENT_WRITE_SIGNER);
    for (unsigned i = 0; s && store->status == STATUS_OK && i < account->signer_count; i++) {
        set_id(s, 1, &account->id);
        set_bytes(s, 2, account->signers[i].key.bytes, sizeof account->signers[i].key.bytes);
        set_u64(s, 3, account->signers[i].weight);
        store_run(store, s);
    }
}

void store_write_asset(struct store *store, const struct asset *asset)
{
    char address[ADDRESS_TEXT];
    sqlite3_stmt *s = store_statement(store, STATEMENT_WRITE_ASSET);
    if (!s) return;
    address_encode(ADDRESS_ASSET, &asset->id, address);
    set_id(s, 1, &asset->id);
    set_text(s, 2, address);
    set_u64(s, 3, asset->version);
    set_id(s, 4, &asset->issuer);
    sqlite3_bind_text(s, 5, (const char *)asset->code,
                      (int)strnlen((const char *)asset->code, sizeof asset->code), SQLITE_STATIC);
    set_u64(s, 6, asset->scale);
    set_u64(s, 7, asset->flags);
    set_u64(s, 8, asset->max_supply);
    set_u64(s, 9, asset->supply);
    set_digest(s, 10, &asset->metadata);
    store_run(store, s);
}

void store_write_balance(struct store *store, const struct balance *balance)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_WRITE_BALANCE);
    if (!s) return;
    set_id(s, 1, &balance->account);
    set_id(s, 2, &balance->asset);
    set_i64(s, 3, balance->posted);
    set_i64(s, 4, balance->held_out);
    set_i64(s, 5, balance->held_in);
    set_i64(s, 6, balance->floor);
    set_u64(s, 7, balance->flags);
    set_u64(s, 8, balance->seq);
    set_digest(s, 9, &balance->head);
    store_run(store, s);
}

void store_write_kv(struct store *store, const struct kv_record *kv, struct span value)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_WRITE_KV);
    if (!s) return;
    ASSERT(value.size == kv->size);
    set_u64(s, 1, kv->version);
    set_id(s, 2, &kv->owner);
    set_bytes(s, 3, kv->key, kv->key_size);
    set_u64(s, 4, kv->kind);
    set_bytes(s, 5, value.data, value.size);
    store_run(store, s);
}

void store_remove_kv(struct store *store, const struct id *owner, struct span key)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_REMOVE_KV);
    if (!s) return;
    set_id(s, 1, owner);
    set_bytes(s, 2, key.data, key.size);
    store_run(store, s);
}

void store_write_window(struct store *store, const struct window_entry *entry)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_WRITE_WINDOW);
    if (!s) return;
    set_id(s, 1, &entry->source);
    set_id(s, 2, &entry->client_ref);
    set_u64(s, 3, entry->not_after_ms);
    set_digest(s, 4, &entry->txid);
    set_u64(s, 5, entry->position);
    set_u64(s, 6, entry->code);
    set_u64(s, 7, entry->at);
    store_run(store, s);
}

void store_remove_window(struct store *store, const struct id *source, const struct id *client_ref)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_REMOVE_WINDOW);
    if (!s) return;
    set_id(s, 1, source);
    set_id(s, 2, client_ref);
    store_run(store, s);
}

void store_write_lane(struct store *store, const struct lane *lane)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_WRITE_LANE);
    if (!s) return;
    set_id(s, 1, &lane->account);
    set_u64(s, 2, lane->lane);
    set_u64(s, 3, lane->next);
    store_run(store, s);
}
