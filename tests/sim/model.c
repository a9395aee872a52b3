#include "model_internal.h"

#include <stdlib.h>

/* ---- records ---- */

static void *found(const struct shelf *shelf, const void *key, size_t exists_at)
{
    uint8_t *record = shelf_find(shelf, key);
    uint64_t exists = 0;
    if (record) memcpy(&exists, record + exists_at, sizeof exists);
    return exists ? record : NULL;
}

/* A copy to be put back if the transaction fails. */
static void save(struct model *m, struct shelf *shelf, const void *record)
{
    if (m->saved_count == m->saved_capacity) {
        m->saved_capacity = m->saved_capacity ? 2 * m->saved_capacity : 64;
        m->saved = realloc(m->saved, m->saved_capacity * sizeof *m->saved);
        ASSERT(m->saved != NULL);
    }
    while (m->saved_size + shelf->record_size > m->saved_bytes_capacity) {
        m->saved_bytes_capacity = m->saved_bytes_capacity ? 2 * m->saved_bytes_capacity : 65536;
        m->saved_bytes = realloc(m->saved_bytes, m->saved_bytes_capacity);
        ASSERT(m->saved_bytes != NULL);
    }
    m->saved[m->saved_count++] =
        (struct model_saved){ shelf, shelf_number(shelf, record), m->saved_size };
    memcpy(m->saved_bytes + m->saved_size, record, shelf->record_size);
    m->saved_size += (uint32_t)shelf->record_size;
}

static void undo(struct model *m)
{
    while (m->saved_count > 0) {
        const struct model_saved *s = &m->saved[--m->saved_count];
        memcpy(shelf_at(s->shelf, s->number), m->saved_bytes + s->at, s->shelf->record_size);
    }
    m->saved_size = 0;
}

/* The record to be changed. One that does not exist, or no more, begins with zeros. */
static void *changed(struct model *m, struct shelf *shelf, const void *key, size_t exists_at)
{
    bool added;
    uint64_t exists;
    uint8_t *record = shelf_add(shelf, key, &added);
    save(m, shelf, record);
    memcpy(&exists, record + exists_at, sizeof exists);
    if (exists) return record;
    memset(record + shelf->key_size, 0, shelf->record_size - shelf->key_size);
    exists = 1;
    memcpy(record + exists_at, &exists, sizeof exists);
    return record;
}

static struct model_value_key value_key(const struct id *owner, struct span key)
{
    struct model_value_key k = { .owner = *owner, .size = (uint8_t)key.size };
    memcpy(k.bytes, key.data, key.size);
    return k;
}

struct model_account *model_account(const struct model *m, const struct id *id)
{
    return found(&m->accounts, id, offsetof(struct model_account, exists));
}

struct model_asset *model_asset(const struct model *m, const struct id *id)
{
    return found(&m->assets, id, offsetof(struct model_asset, exists));
}

struct model_balance *model_balance(const struct model *m, const struct id *account,
                                    const struct id *asset)
{
    const struct id key[2] = { *account, *asset };
    return found(&m->balances, key, offsetof(struct model_balance, exists));
}

struct model_hold *model_hold(const struct model *m, const struct id *id)
{
    return found(&m->holds, id, offsetof(struct model_hold, exists));
}

struct model_value *model_value(const struct model *m, const struct id *owner, struct span key)
{
    struct model_value_key k = value_key(owner, key);
    return found(&m->values, &k, offsetof(struct model_value, exists));
}

struct model_account *change_account(struct model *m, const struct id *id)
{
    return changed(m, &m->accounts, id, offsetof(struct model_account, exists));
}

struct model_asset *change_asset(struct model *m, const struct id *id)
{
    return changed(m, &m->assets, id, offsetof(struct model_asset, exists));
}

/* All that one transaction does to a balance is one movement. */
struct model_balance *change_balance(struct model *m, const struct id *account,
                                     const struct id *asset)
{
    const struct id key[2] = { *account, *asset };
    struct model_balance *balance =
        changed(m, &m->balances, key, offsetof(struct model_balance, exists));
    if (balance->touched != m->number) balance->seq++;
    balance->touched = m->number;
    return balance;
}

struct model_hold *change_hold(struct model *m, const struct id *id)
{
    return changed(m, &m->holds, id, offsetof(struct model_hold, exists));
}

struct model_value *change_value(struct model *m, const struct id *owner, struct span key)
{
    struct model_value_key k = value_key(owner, key);
    return changed(m, &m->values, &k, offsetof(struct model_value, exists));
}

/* ---- the genesis ---- */

static void add_account(struct model *m, const struct genesis_account *from)
{
    struct model_account *a = change_account(m, &from->id);
    a->version = 1;
    a->roles = from->roles;
    a->low = from->low;
    a->medium = from->medium;
    a->high = from->high;
    a->metadata = from->metadata;
    a->signers = from->signer_count;
    for (unsigned i = 0; i < from->signer_count; i++) {
        memcpy(a->signer[i], from->signers[i].key.bytes, 32);
        a->signer[i][32] = from->signers[i].weight;
    }
}

static void add_asset(struct model *m, const struct genesis_asset *from)
{
    struct model_asset *a = change_asset(m, &from->id);
    a->version = 1;
    a->issuer = from->issuer;
    a->metadata = from->metadata;
    a->max_supply = from->max_supply;
    a->supply = from->supply;
    a->scale = from->scale;
    memcpy(a->code, from->code, sizeof a->code);
}

struct model *model_new(const struct genesis *genesis)
{
    struct model *m = calloc(1, sizeof *m);
    ASSERT(m != NULL);
    m->genesis = genesis;
    m->time_ms = genesis->time_ms;
    m->number = 1;
    shelf_init(&m->accounts, sizeof(struct model_account), sizeof(struct id), 64);
    shelf_init(&m->assets, sizeof(struct model_asset), sizeof(struct id), 16);
    shelf_init(&m->balances, sizeof(struct model_balance), 2 * sizeof(struct id), 128);
    shelf_init(&m->holds, sizeof(struct model_hold), sizeof(struct id), 256);
    shelf_init(&m->values, sizeof(struct model_value), sizeof(struct model_value_key), 64);
    shelf_init(&m->references, sizeof(struct model_reference), 2 * sizeof(struct id), 1024);
    shelf_init(&m->lanes, sizeof(struct model_lane), sizeof(struct model_lane_key), 64);
    for (uint32_t i = 0; i < genesis->account_count; i++)
        add_account(m, &genesis->accounts[i]);
    for (uint32_t i = 0; i < genesis->asset_count; i++)
        add_asset(m, &genesis->assets[i]);
    for (uint32_t i = 0; i < genesis->balance_count; i++) {
        const struct genesis_balance *b = &genesis->balances[i];
        change_account(m, &b->account)->balances++;
        change_balance(m, &b->account, &b->asset)->posted = (int64_t)b->posted;
    }
    m->saved_count = m->saved_size = 0;
    return m;
}

void model_free(struct model *m)
{
    if (!m) return;
    shelf_free(&m->accounts);
    shelf_free(&m->assets);
    shelf_free(&m->balances);
    shelf_free(&m->holds);
    shelf_free(&m->values);
    shelf_free(&m->references);
    shelf_free(&m->lanes);
    free(m->saved);
    free(m->saved_bytes);
    free(m);
}

uint64_t model_height(const struct model *m)
{
    return m->height;
}

uint64_t model_time_ms(const struct model *m)
{
    return m->time_ms;
}

uint64_t model_horizon_ms(const struct model *m)
{
    return m->horizon_ms;
}

int64_t model_posted(const struct model *m, const struct id *account, const struct id *asset)
{
    const struct model_balance *balance = model_balance(m, account, asset);
    return balance ? balance->posted : 0;
}

/* ---- does it count? ---- */

static enum refusal_code used_before(struct model *m, const struct transaction *tx)
{
    if (tx->order == ORDER_LANE) {
        struct model_lane_key key = { tx->source, tx->lane };
        const struct model_lane *lane = shelf_find(&m->lanes, &key);
        uint64_t next = lane ? lane->next : 1;
        if (tx->seq == next) return REFUSAL_none;
        return tx->seq < next ? REFUSAL_tx_lane_past : REFUSAL_tx_lane_gap;
    }
    const struct id key[2] = { tx->source, tx->client_ref };
    const struct model_reference *first =
        found(&m->references, key, offsetof(struct model_reference, exists));
    if (!first) return REFUSAL_none;
    return digest_equal(&first->txid, &tx->txid) ? REFUSAL_duplicate : REFUSAL_tx_ref_conflict;
}

static enum refusal_code in_time(const struct model *m, const struct transaction *tx)
{
    uint64_t now = m->block_time_ms;
    if (now > tx->not_after_ms) return REFUSAL_tx_expired;
    if (now < tx->not_before_ms) return REFUSAL_tx_too_early;
    if (tx->order == ORDER_NONE &&
        tx->not_after_ms > now + m->genesis->params.values[PARAM_window_ms_max])
        return REFUSAL_tx_window_too_long;
    return REFUSAL_none;
}

static enum level level_of(enum operation_code code)
{
    if (code == OP_KV_PUT || code == OP_KV_DELETE) return LEVEL_LOW;
    bool high = code == OP_ACCOUNT_SET_SIGNERS || code == OP_BALANCE_SET_FLOOR;
    return high ? LEVEL_HIGH : LEVEL_MEDIUM;
}

/* The highest level at which an account acts in a transaction. */
static enum level acts_at(const struct transaction *tx, const struct id *account)
{
    enum level level = LEVEL_LOW;
    for (unsigned i = 0; i < tx->operation_count; i++) {
        const struct operation *o = &tx->operations[i];
        if (id_equal(&o->actor, account) && level_of(o->code) > level) level = level_of(o->code);
    }
    return level;
}

/* Do its signers reach what it needs? Marks their signatures. */
static bool authorised(const struct model *m, const struct transaction *tx,
                       const struct id *account, bool *used)
{
    const struct model_account *a = model_account(m, account);
    uint32_t weight = 0;
    if (!a) return false;
    for (unsigned i = 0; i < a->signers; i++) {
        for (unsigned k = 0; k < tx->signature_count; k++) {
            if (memcmp(a->signer[i], tx->signatures[k].key.bytes, 32) != 0) continue;
            weight += a->signer[i][32];
            used[k] = true;
        }
    }
    enum level level = acts_at(tx, account);
    return weight >= (level == LEVEL_LOW ? a->low : level == LEVEL_MEDIUM ? a->medium : a->high);
}

static bool permitted(const struct model *m, const struct transaction *tx)
{
    bool used[TX_SIGNATURES_MAX] = { false };
    if (!authorised(m, tx, &tx->source, used)) return false;
    for (unsigned i = 0; i < tx->operation_count; i++)
        if (!authorised(m, tx, &tx->operations[i].actor, used)) return false;
    for (unsigned k = 0; k < tx->signature_count; k++)
        if (!used[k]) return false;
    return true;
}

/* Each is over chain id 32 | txid 32. */
static bool signatures_hold(const struct transaction *tx)
{
    uint8_t bytes[64];
    memcpy(bytes, tx->chain_id.bytes, 32);
    memcpy(bytes + 32, tx->txid.bytes, 32);
    for (unsigned k = 0; k < tx->signature_count; k++)
        if (!key_verify(&tx->signatures[k].key, TAG_TRANSACTION_SIGNATURE,
                        span_of(bytes, sizeof bytes), &tx->signatures[k].signature))
            return false;
    return true;
}

static enum refusal_code refused(struct model *m, struct span bytes)
{
    struct transaction *tx = &m->tx;
    tx->txid = (struct digest){ { 0 } };
    if (bytes.size > m->genesis->params.values[PARAM_tx_bytes_max]) return REFUSAL_tx_too_large;
    if (transaction_decode(bytes, tx, NULL) != STATUS_OK) {
        tx->txid = (struct digest){ { 0 } };
        return REFUSAL_tx_malformed;
    }
    if (!digest_equal(&tx->chain_id, &m->genesis->chain_id)) return REFUSAL_tx_wrong_chain;
    if (!signatures_hold(tx)) return REFUSAL_tx_bad_signature;
    enum refusal_code code = used_before(m, tx);
    if (code == REFUSAL_none) code = in_time(m, tx);
    if (code != REFUSAL_none) return code;
    const struct model_account *source = model_account(m, &tx->source);
    if (!source) return REFUSAL_tx_unknown_source;
    if (source->frozen) return REFUSAL_tx_source_frozen;
    return permitted(m, tx) ? REFUSAL_none : REFUSAL_tx_not_permitted;
}

/* ---- conditions ---- */

static bool compare(const struct tx_assert *a, int64_t value)
{
    if (a->relation == RELATION_EQUAL) return value == a->amount;
    return a->relation == RELATION_LEAST ? value >= a->amount : value <= a->amount;
}

static bool value_is(const struct model_value *value, const struct digest *hash)
{
    static const struct digest absent;
    return digest_equal(value ? &value->hash : &absent, hash);
}

/* What is not there counts as zeros. */
static bool condition(const struct model *m, const struct tx_assert *a)
{
    const struct model_balance *balance;
    const struct model_value *value;
    const struct model_account *account;
    switch (a->kind) {
    case ASSERT_BALANCE:
        return compare(a, a->field == FIELD_POSTED ? model_posted(m, &a->account, &a->asset)
                                                   : model_free_of(m, &a->account, &a->asset));
    case ASSERT_BALANCE_SEQ:
        balance = model_balance(m, &a->account, &a->asset);
        return (balance ? balance->seq : 0) == a->number;
    case ASSERT_KV_VERSION:
        value = model_value(m, &a->account, a->key);
        return (value ? value->version : 0) == a->number;
    case ASSERT_KV_VALUE: return value_is(model_value(m, &a->account, a->key), &a->value_hash);
    case ASSERT_ACCOUNT_VERSION:
        account = model_account(m, &a->account);
        return (account ? account->version : 0) == a->number;
    case ASSERT_PARAMS_VERSION: return m->genesis->params.version == a->number;
    case ASSERT_HEIGHT_MAX: return m->height + 1 <= a->number;
    }
    return false;
}

/* ---- a block ---- */

uint32_t model_begin(struct model *m, uint64_t time_ms)
{
    m->block_time_ms = time_ms;
    m->entries = 0;
    model_expire(m);
    m->saved_count = m->saved_size = 0;
    return m->entries;
}

struct id model_expired(const struct model *m, uint32_t number)
{
    return m->expired[number];
}

static void execute(struct model *m, struct model_result *result)
{
    const struct transaction *tx = &m->tx;
    for (unsigned i = 0; i < tx->assert_count; i++) {
        if (condition(m, &tx->asserts[i])) continue;
        result->code = RESULT_assert_failed;
        result->at = (uint8_t)(128 + i);
        return;
    }
    for (unsigned i = 0; i < tx->operation_count; i++) {
        uint64_t position = (m->height + 1) << 24 | (uint64_t)m->entries << 8 | i;
        result->code = (uint16_t)model_apply(m, &tx->operations[i], position);
        if (result->code == RESULT_ok) continue;
        result->at = (uint8_t)i;
        return;
    }
}

static void use_up(struct model *m)
{
    const struct transaction *tx = &m->tx;
    bool added;
    if (tx->order == ORDER_LANE) {
        struct model_lane_key key = { tx->source, tx->lane };
        struct model_lane *lane = shelf_add(&m->lanes, &key, &added);
        lane->next = tx->seq + 1;
        return;
    }
    const struct id key[2] = { tx->source, tx->client_ref };
    struct model_reference *reference = shelf_add(&m->references, key, &added);
    reference->exists = 1;
    reference->not_after_ms = tx->not_after_ms;
    reference->txid = tx->txid;
}

struct model_result model_run(struct model *m, struct span transaction)
{
    struct model_result result = { .refusal = refused(m, transaction) };
    result.txid = m->tx.txid;
    if (result.refusal != REFUSAL_none) return result;
    m->number++;
    m->ended_groups = 0;
    execute(m, &result);
    if (result.code != RESULT_ok) undo(m);
    m->saved_count = m->saved_size = 0;
    use_up(m);
    m->entries++;
    return result;
}

/* A used reference is forgotten a while after its transaction could have come again, by the time of
 * the block before. That no more than window_sweep_max go with one block is never reached here. */
static void sweep(struct model *m)
{
    uint64_t grace = m->genesis->params.values[PARAM_window_grace_ms];
    uint64_t behind = m->time_ms > grace ? m->time_ms - grace : 0;
    if (behind > m->horizon_ms) m->horizon_ms = behind;
    for (uint32_t i = 0; i < m->references.count; i++) {
        struct model_reference *reference = shelf_at(&m->references, i);
        if (reference->not_after_ms < m->horizon_ms) reference->exists = 0;
    }
}

void model_end(struct model *m)
{
    sweep(m);
    m->height++;
    m->time_ms = m->block_time_ms;
}
