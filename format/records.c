#include "format/records.h"

#include <assert.h>

static_assert(SIGNERS_MAX <= UINT8_MAX, "the count of signers is a u8");

/* ---- keys ------------------------------------------------------------------------------------ */

size_t balance_key(const struct id *account, const struct id *asset, uint8_t *key)
{
    memcpy(key, account->bytes, 16);
    memcpy(key + 16, asset->bytes, 16);
    return 32;
}

size_t kv_key(const struct id *owner, struct span name, uint8_t *key)
{
    ASSERT(name.size <= TX_KEY_BYTES_MAX);
    memcpy(key, owner->bytes, 16);
    memcpy(key + 16, name.data, name.size);
    return 16 + name.size;
}

size_t window_key(const struct id *source, const struct id *client_ref, uint8_t *key)
{
    return balance_key(source, client_ref, key);
}

size_t lane_key(const struct id *account, uint32_t lane, uint8_t *key)
{
    memcpy(key, account->bytes, 16);
    store_u32(key + 16, lane);
    return 20;
}

size_t governance_key(enum governance_record what, uint8_t *key)
{
    key[0] = (uint8_t)what;
    return 1;
}

size_t governance_key_validator(const struct id *id, uint8_t *key)
{
    key[0] = GOVERNANCE_VALIDATOR;
    memcpy(key + 1, id->bytes, 16);
    return 17;
}

size_t governance_key_proposal(uint64_t number, uint8_t *key)
{
    key[0] = GOVERNANCE_PROPOSAL;
    store_u64(key + 1, number);
    return 9;
}

/* ---- values ---------------------------------------------------------------------------------- */

/* Ends a value whose size is known: our own formats cannot fail to fit. */
static size_t written(const struct writer *w)
{
    ASSERT(writer_status(w) == STATUS_OK);
    return writer_span(w).size;
}

size_t account_encode(const struct account *account, uint8_t value[ACCOUNT_VALUE_MAX])
{
    struct writer w;
    writer_init_fixed(&w, value, ACCOUNT_VALUE_MAX);
    write_u64(&w, account->version);
    write_u8(&w, account->flags);
    write_u32(&w, account->roles);
    write_u16(&w, account->low);
    write_u16(&w, account->medium);
    write_u16(&w, account->high);
    write_id(&w, &account->sponsor);
    write_u32(&w, account->balances);
    write_digest(&w, &account->metadata);
    write_u8(&w, account->signer_count);
    for (unsigned i = 0; i < account->signer_count; i++) {
        write_public_key(&w, &account->signers[i].key);
        write_u8(&w, account->signers[i].weight);
    }
    return written(&w);
}

size_t asset_encode(const struct asset *asset, uint8_t value[ASSET_VALUE_BYTES])
{
    struct writer w;
    writer_init_fixed(&w, value, ASSET_VALUE_BYTES);
    write_u64(&w, asset->version);
    write_id(&w, &asset->issuer);
    write_bytes(&w, span_of(asset->code, sizeof asset->code));
    write_u8(&w, asset->scale);
    write_u8(&w, asset->flags);
    write_u64(&w, asset->max_supply);
    write_u64(&w, asset->supply);
    write_digest(&w, &asset->metadata);
    return written(&w);
}

size_t balance_encode(const struct balance *balance, uint8_t value[BALANCE_VALUE_BYTES])
{
    struct writer w;
    writer_init_fixed(&w, value, BALANCE_VALUE_BYTES);
    write_i64(&w, balance->posted);
    write_i64(&w, balance->held_out);
    write_i64(&w, balance->held_in);
    write_i64(&w, balance->floor);
    write_u8(&w, balance->flags);
    write_u64(&w, balance->seq);
    write_digest(&w, &balance->head);
    return written(&w);
}

size_t hold_encode(const struct hold *hold, uint8_t value[HOLD_VALUE_BYTES])
{
    struct writer w;
    writer_init_fixed(&w, value, HOLD_VALUE_BYTES);
    write_u64(&w, hold->version);
    write_id(&w, &hold->payer);
    write_id(&w, &hold->payee);
    write_id(&w, &hold->arbiter);
    write_id(&w, &hold->asset);
    write_u64(&w, hold->amount);
    write_u64(&w, hold->expires_ms);
    write_id(&w, &hold->group);
    write_digest(&w, &hold->lock);
    return written(&w);
}

size_t kv_encode(const struct kv_record *kv, uint8_t value[KV_VALUE_BYTES])
{
    struct writer w;
    writer_init_fixed(&w, value, KV_VALUE_BYTES);
    write_u64(&w, kv->version);
    write_u8(&w, kv->kind);
    write_u32(&w, kv->size);
    write_digest(&w, &kv->value_hash);
    return written(&w);
}

size_t window_encode(const struct window_entry *entry, uint8_t value[WINDOW_VALUE_BYTES])
{
    struct writer w;
    writer_init_fixed(&w, value, WINDOW_VALUE_BYTES);
    write_digest(&w, &entry->txid);
    write_u64(&w, entry->position);
    write_u16(&w, entry->code);
    write_u8(&w, entry->at);
    write_u64(&w, entry->not_after_ms);
    return written(&w);
}

size_t lane_encode(const struct lane *lane, uint8_t value[LANE_VALUE_BYTES])
{
    store_u64(value, lane->next);
    return LANE_VALUE_BYTES;
}

void validator_record_encode(const struct validator *validator, const struct public_key *node_key,
                             uint8_t status, const char *endpoint, struct writer *w)
{
    write_id(w, &validator->member);
    write_public_key(w, &validator->seal_key);
    write_public_key(w, node_key);
    write_u8(w, status);
    write_bytes8(w, span_text(endpoint));
}

/* ---- values, back ---------------------------------------------------------------------------- */

enum status account_decode(struct span value, struct account *account)
{
    struct reader r = reader_of(value);
    account->version = read_u64(&r);
    account->flags = read_u8(&r);
    account->roles = read_u32(&r);
    account->low = read_u16(&r);
    account->medium = read_u16(&r);
    account->high = read_u16(&r);
    read_id(&r, &account->sponsor);
    account->balances = read_u32(&r);
    read_digest(&r, &account->metadata);
    account->signer_count = read_u8(&r);
    if (account->signer_count > SIGNERS_MAX) reader_fail(&r, STATUS_MALFORMED);
    for (unsigned i = 0; reader_status(&r) == STATUS_OK && i < account->signer_count; i++) {
        struct account_signer *signer = &account->signers[i];
        read_public_key(&r, &signer->key);
        signer->weight = read_u8(&r);
        if (i > 0 && key_compare(&signer[-1].key, &signer->key) >= 0)
            reader_fail(&r, STATUS_MALFORMED);
    }
    return reader_end(&r);
}

enum status asset_decode(struct span value, struct asset *asset)
{
    struct reader r = reader_of(value);
    asset->version = read_u64(&r);
    read_id(&r, &asset->issuer);
    struct span code = read_bytes(&r, sizeof asset->code);
    if (code.size == sizeof asset->code) memcpy(asset->code, code.data, code.size);
    asset->scale = read_u8(&r);
    asset->flags = read_u8(&r);
    asset->max_supply = read_u64(&r);
    asset->supply = read_u64(&r);
    read_digest(&r, &asset->metadata);
    return reader_end(&r);
}

enum status balance_decode(struct span value, struct balance *balance)
{
    struct reader r = reader_of(value);
    balance->posted = read_i64(&r);
    balance->held_out = read_i64(&r);
    balance->held_in = read_i64(&r);
    balance->floor = read_i64(&r);
    balance->flags = read_u8(&r);
    balance->seq = read_u64(&r);
    read_digest(&r, &balance->head);
    return reader_end(&r);
}

enum status hold_decode(struct span value, struct hold *hold)
{
    struct reader r = reader_of(value);
    hold->version = read_u64(&r);
    read_id(&r, &hold->payer);
    read_id(&r, &hold->payee);
    read_id(&r, &hold->arbiter);
    read_id(&r, &hold->asset);
    hold->amount = read_u64(&r);
    hold->expires_ms = read_u64(&r);
    read_id(&r, &hold->group);
    read_digest(&r, &hold->lock);
    return reader_end(&r);
}

enum status kv_decode(struct span value, struct kv_record *kv)
{
    struct reader r = reader_of(value);
    kv->version = read_u64(&r);
    kv->kind = read_u8(&r);
    kv->size = read_u32(&r);
    read_digest(&r, &kv->value_hash);
    if (kv->kind != KV_VALUE && kv->kind != KV_COMMITMENT) reader_fail(&r, STATUS_MALFORMED);
    return reader_end(&r);
}

enum status window_decode(struct span value, struct window_entry *entry)
{
    struct reader r = reader_of(value);
    read_digest(&r, &entry->txid);
    entry->position = read_u64(&r);
    entry->code = read_u16(&r);
    entry->at = read_u8(&r);
    entry->not_after_ms = read_u64(&r);
    return reader_end(&r);
}

enum status lane_decode(struct span value, struct lane *lane)
{
    struct reader r = reader_of(value);
    lane->next = read_u64(&r);
    return reader_end(&r);
}

enum status validator_record_decode(struct span value, struct validator_record *record)
{
    struct reader r = reader_of(value);
    read_id(&r, &record->member);
    read_public_key(&r, &record->seal_key);
    read_public_key(&r, &record->node_key);
    record->status = read_u8(&r);
    if (record->status < VALIDATOR_LEARNER || record->status > VALIDATOR_REMOVED)
        reader_fail(&r, STATUS_MALFORMED);
    struct span endpoint = read_text8(&r, ENDPOINT_MAX);
    memset(record->endpoint, 0, sizeof record->endpoint);
    if (endpoint.size > 0) memcpy(record->endpoint, endpoint.data, endpoint.size);
    return reader_end(&r);
}

/* ---- leaves ---------------------------------------------------------------------------------- */

static struct state_leaf leaf_at(const struct digest *path, uint8_t kind, struct span key,
                                 struct span value)
{
    struct digest value_hash = state_value_hash(kind, key, value);
    return (struct state_leaf){ *path, state_leaf_hash(path, &value_hash), value_hash };
}

struct state_leaf record_leaf(uint8_t kind, struct span key, struct span value)
{
    ASSERT(kind != RECORD_WINDOW); /* its path also has a time */
    struct digest path = state_path(kind, key);
    return leaf_at(&path, kind, key, value);
}

struct state_leaf account_leaf(const struct account *account)
{
    uint8_t value[ACCOUNT_VALUE_MAX];
    size_t size = account_encode(account, value);
    return record_leaf(RECORD_ACCOUNT, span_of(account->id.bytes, 16), span_of(value, size));
}

struct state_leaf asset_leaf(const struct asset *asset)
{
    uint8_t value[ASSET_VALUE_BYTES];
    size_t size = asset_encode(asset, value);
    return record_leaf(RECORD_ASSET, span_of(asset->id.bytes, 16), span_of(value, size));
}

struct state_leaf balance_leaf(const struct balance *balance)
{
    uint8_t key[RECORD_KEY_MAX], value[BALANCE_VALUE_BYTES];
    size_t key_size = balance_key(&balance->account, &balance->asset, key);
    size_t size = balance_encode(balance, value);
    return record_leaf(RECORD_BALANCE, span_of(key, key_size), span_of(value, size));
}

struct state_leaf hold_leaf(const struct hold *hold)
{
    uint8_t value[HOLD_VALUE_BYTES];
    size_t size = hold_encode(hold, value);
    return record_leaf(RECORD_HOLD, span_of(hold->id.bytes, 16), span_of(value, size));
}

struct state_leaf kv_leaf(const struct kv_record *kv)
{
    uint8_t key[RECORD_KEY_MAX], value[KV_VALUE_BYTES];
    size_t key_size = kv_key(&kv->owner, span_of(kv->key, kv->key_size), key);
    size_t size = kv_encode(kv, value);
    return record_leaf(RECORD_KV, span_of(key, key_size), span_of(value, size));
}

struct state_leaf window_leaf(const struct window_entry *entry)
{
    uint8_t key[RECORD_KEY_MAX], value[WINDOW_VALUE_BYTES];
    struct span k = span_of(key, window_key(&entry->source, &entry->client_ref, key));
    struct span v = span_of(value, window_encode(entry, value));
    struct digest path = state_path_window(k, entry->not_after_ms);
    return leaf_at(&path, RECORD_WINDOW, k, v);
}

struct state_leaf lane_leaf(const struct lane *lane)
{
    uint8_t key[RECORD_KEY_MAX], value[LANE_VALUE_BYTES];
    size_t key_size = lane_key(&lane->account, lane->lane, key);
    size_t size = lane_encode(lane, value);
    return record_leaf(RECORD_LANE, span_of(key, key_size), span_of(value, size));
}

/* ---- movements ------------------------------------------------------------------------------- */

void movement_encode(const struct movement *movement, uint8_t bytes[MOVEMENT_BYTES])
{
    struct writer w;
    writer_init_fixed(&w, bytes, MOVEMENT_BYTES);
    write_digest(&w, &movement->entry_id);
    write_u64(&w, movement->position);
    write_id(&w, &movement->account);
    write_id(&w, &movement->asset);
    write_u64(&w, movement->seq);
    write_i64(&w, movement->d_posted);
    write_i64(&w, movement->d_held_out);
    write_i64(&w, movement->d_held_in);
    write_i64(&w, movement->posted);
    write_i64(&w, movement->held_out);
    write_i64(&w, movement->held_in);
    ASSERT(written(&w) == MOVEMENT_BYTES);
}

struct movement movement_of_genesis(const struct genesis_balance *from,
                                    const struct digest *chain_id)
{
    return (struct movement){
        .entry_id = *chain_id,
        .position = VERSION_GENESIS,
        .account = from->account,
        .asset = from->asset,
        .seq = 1,
        .d_posted = (int64_t)from->posted,
        .posted = (int64_t)from->posted,
    };
}

struct digest movement_head(const struct digest *previous, const struct movement *movement)
{
    uint8_t bytes[MOVEMENT_BYTES];
    movement_encode(movement, bytes);
    struct span parts[2] = { digest_span(previous), { bytes, sizeof bytes } };
    return digest_of_parts(TAG_MOVEMENT, parts, 2);
}
