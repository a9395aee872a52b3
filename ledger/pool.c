/* Coming in and leaving. What is chosen and what is gossiped stands in pool_choose.c, what
 * proposals hold in pool_marks.c. */
#include "ledger/pool_table.h"

#include <sodium.h>
#include <stdlib.h>

_Static_assert(crypto_shorthash_KEYBYTES == 16, "the key that pool_new is given");

unsigned pool_hash(const struct pool *pool, const void *key, size_t size)
{
    uint8_t hash[crypto_shorthash_BYTES];
    crypto_shorthash(hash, key, size, pool->hash_key);
    return load_u32(hash);
}

struct pool *pool_new(const struct pool_limits *limits, const uint8_t hash_key[16])
{
    struct pool *pool = calloc(1, sizeof *pool);
    if (!pool) return NULL;
    pool->limits = *limits;
    memcpy(pool->hash_key, hash_key, sizeof pool->hash_key);
    pool->earliest_not_after = UINT64_MAX;
    return pool;
}

void pool_set_limits(struct pool *pool, const struct pool_limits *limits)
{
    pool->limits = *limits;
}

struct pool_tx *pool_find(const struct pool *pool, const struct digest *txid)
{
    unsigned hash = pool_hash(pool, txid, sizeof *txid);
    struct pool_tx *tx;
    HASH_FIND_BYHASHVALUE(by_txid, pool->txids, txid, sizeof *txid, hash, tx);
    return tx;
}

static struct pool_tx *find_reference(const struct pool *pool, const struct id *source,
                                      const struct id *client_ref)
{
    struct pool_reference key = { .source = *source, .client_ref = *client_ref };
    unsigned hash = pool_hash(pool, &key, sizeof key);
    struct pool_tx *tx;
    HASH_FIND_BYHASHVALUE(by_reference, pool->references, &key, sizeof key, hash, tx);
    return tx;
}

static struct pool_source *find_source(const struct pool *pool, const struct id *id)
{
    unsigned hash = pool_hash(pool, id, sizeof *id);
    struct pool_source *source;
    HASH_FIND_BYHASHVALUE(hh, pool->sources, id, sizeof *id, hash, source);
    return source;
}

static struct pool_lane *find_lane(const struct pool *pool, const struct pool_lane_key *key)
{
    unsigned hash = pool_hash(pool, key, sizeof *key);
    struct pool_lane *lane;
    HASH_FIND_BYHASHVALUE(hh, pool->lanes, key, sizeof *key, hash, lane);
    return lane;
}

/* The source's counter, made if needed; NULL without memory. */
static struct pool_source *take_source(struct pool *pool, const struct id *id)
{
    struct pool_source *source = find_source(pool, id);
    if (source) return source;
    source = calloc(1, sizeof *source);
    if (!source) return NULL;
    source->id = *id;
    unsigned hash = pool_hash(pool, id, sizeof *id);
    HASH_ADD_KEYPTR_BYHASHVALUE(hh, pool->sources, &source->id, sizeof source->id, hash, source);
    if (source->hh.tbl) return source;
    free(source);
    return NULL;
}

static struct pool_lane *take_lane(struct pool *pool, const struct pool_lane_key *key,
                                   uint64_t next)
{
    struct pool_lane *lane = find_lane(pool, key);
    if (lane) return lane;
    lane = calloc(1, sizeof *lane);
    if (!lane) return NULL;
    lane->key = *key;
    lane->next = next;
    unsigned hash = pool_hash(pool, key, sizeof *key);
    HASH_ADD_KEYPTR_BYHASHVALUE(hh, pool->lanes, &lane->key, sizeof lane->key, hash, lane);
    if (lane->hh.tbl) return lane;
    free(lane);
    return NULL;
}

static void drop_source(struct pool *pool, struct pool_source *source)
{
    if (!source || source->count > 0) return;
    HASH_DEL(pool->sources, source);
    free(source);
}

static void drop_lane(struct pool *pool, struct pool_lane *lane)
{
    if (!lane || lane->count > 0) return;
    HASH_DEL(pool->lanes, lane);
    free(lane);
}

/* Into both tables of transactions; false without memory, and then into neither. */
static bool index_add(struct pool *pool, struct pool_tx *tx)
{
    unsigned hash = pool_hash(pool, &tx->txid, sizeof tx->txid);
    HASH_ADD_KEYPTR_BYHASHVALUE(by_txid, pool->txids, &tx->txid, sizeof tx->txid, hash, tx);
    if (!tx->by_txid.tbl) return false;
    if (tx->lane) return true;
    hash = pool_hash(pool, &tx->reference, sizeof tx->reference);
    HASH_ADD_KEYPTR_BYHASHVALUE(by_reference, pool->references, &tx->reference,
                                sizeof tx->reference, hash, tx);
    if (tx->by_reference.tbl) return true;
    HASH_DELETE(by_txid, pool->txids, tx);
    return false;
}

static void index_remove(struct pool *pool, struct pool_tx *tx)
{
    HASH_DELETE(by_txid, pool->txids, tx);
    if (!tx->lane) HASH_DELETE(by_reference, pool->references, tx);
}

static void lists_add(struct pool *pool, struct pool_tx *tx)
{
    DL_APPEND(pool->arrival, tx);
    if (tx->sent)
        DL_APPEND2(pool->sent, tx, gossip_prev, gossip_next);
    else
        DL_APPEND2(pool->fresh, tx, gossip_prev, gossip_next);
    if (!tx->lane) return;
    DL_APPEND2(tx->lane->first, tx, lane_prev, lane_next);
    tx->lane->count++;
}

static void lists_remove(struct pool *pool, struct pool_tx *tx)
{
    DL_DELETE(pool->arrival, tx);
    if (tx->sent)
        DL_DELETE2(pool->sent, tx, gossip_prev, gossip_next);
    else
        DL_DELETE2(pool->fresh, tx, gossip_prev, gossip_next);
    if (!tx->lane) return;
    DL_DELETE2(tx->lane->first, tx, lane_prev, lane_next);
    tx->lane->count--;
}

/* One transaction leaves; nothing else does. */
static void take_out(struct pool *pool, struct pool_tx *tx)
{
    ASSERT(pool->txs > 0);
    ASSERT(tx->source->count > 0);
    lists_remove(pool, tx);
    index_remove(pool, tx);
    pool->txs--;
    pool->bytes -= tx->blob->size;
    if (tx->marks == 0) pool->unmarked--;
    tx->source->count--;
    drop_source(pool, tx->source);
    drop_lane(pool, tx->lane);
    blob_unref(tx->blob);
    free(tx);
    if (pool->txs == 0) pool->earliest_not_after = UINT64_MAX;
}

void pool_free(struct pool *pool)
{
    if (!pool) return;
    while (pool->arrival)
        take_out(pool, pool->arrival);
    pool_marks_free(pool);
    free(pool);
}

void pool_stats(const struct pool *pool, struct pool_stats *stats)
{
    *stats = (struct pool_stats){
        .txs = pool->txs,
        .bytes = pool->bytes,
        .unmarked = pool->unmarked,
        .oldest_ms = pool->arrival ? pool->arrival->arrived_ms : 0,
    };
}

/* The ledger has come to number `next` of this lane: what is below has no future. The lane is gone
 * if nothing is left, so that the caller must not use it after. */
static void lane_advance(struct pool *pool, struct pool_lane *lane, uint64_t next)
{
    if (next <= lane->next) return;
    lane->next = next;
    struct pool_tx *tx = lane->first;
    while (tx && tx->seq < next) {
        struct pool_tx *behind = tx->lane_next;
        take_out(pool, tx); /* With the last one goes the lane. */
        tx = behind;
    }
}

/* Admission check 6 against what waits here. */
static enum refusal_code check_lane(struct pool *pool, const struct transaction *tx,
                                    uint64_t next_lane, struct refusal *refusal)
{
    struct pool_lane_key key = { .source = tx->source, .lane = tx->lane };
    struct pool_lane *lane = find_lane(pool, &key);
    if (lane) lane_advance(pool, lane, next_lane);
    lane = find_lane(pool, &key);
    uint64_t next = lane ? lane->next : next_lane;
    uint64_t free_number = next + (lane ? lane->count : 0);
    refusal->value = tx->seq;
    refusal->limit = next;
    refusal->account = tx->source;
    if (tx->seq < free_number) {
        struct pool_tx *first = lane && tx->seq >= next ? lane->first : NULL;
        while (first && first->seq < tx->seq)
            first = first->lane_next;
        if (first) refusal->txid = first->txid;
        return REFUSAL_tx_lane_past;
    }
    if (tx->seq > free_number || tx->seq - next > POOL_LANE_AHEAD_MAX) return REFUSAL_tx_lane_gap;
    return REFUSAL_none;
}

static enum refusal_code check_reference(const struct pool *pool, const struct transaction *tx,
                                         struct refusal *refusal)
{
    const struct pool_tx *other = find_reference(pool, &tx->source, &tx->client_ref);
    if (!other) return REFUSAL_none;
    refusal->account = tx->source;
    refusal->txid = other->txid;
    return REFUSAL_tx_ref_conflict;
}

/* Admission checks 13 and 14. */
static enum refusal_code check_room(const struct pool *pool, const struct transaction *tx,
                                    struct refusal *refusal)
{
    refusal->account = tx->source;
    refusal->value = pool->txs;
    refusal->limit = pool->limits.txs_max;
    if (pool->txs >= pool->limits.txs_max) return REFUSAL_mempool_full;
    refusal->value = pool->bytes;
    refusal->limit = pool->limits.bytes_max;
    if (pool->bytes + tx->bytes.size > pool->limits.bytes_max) return REFUSAL_mempool_full;
    const struct pool_source *source = find_source(pool, &tx->source);
    refusal->value = source ? source->count : 0;
    refusal->limit = pool->limits.source_txs_max;
    if (refusal->value >= refusal->limit) return REFUSAL_source_quota;
    return REFUSAL_none;
}

static enum refusal_code check(struct pool *pool, const struct transaction *tx, uint64_t next_lane,
                               struct refusal *refusal)
{
    if (pool_find(pool, &tx->txid)) {
        refusal->txid = tx->txid;
        return REFUSAL_duplicate;
    }
    enum refusal_code code = tx->order == ORDER_LANE ? check_lane(pool, tx, next_lane, refusal)
                                                     : check_reference(pool, tx, refusal);
    if (code != REFUSAL_none) return code;
    return check_room(pool, tx, refusal);
}

static struct pool_tx *tx_new(struct pool *pool, const struct transaction *tx, uint64_t next_lane)
{
    struct pool_tx *added = calloc(1, sizeof *added);
    if (!added) return NULL;
    added->txid = tx->txid;
    added->reference = (struct pool_reference){ tx->source, tx->client_ref };
    added->not_before_ms = tx->not_before_ms;
    added->not_after_ms = tx->not_after_ms;
    added->seq = tx->seq;
    added->source = take_source(pool, &tx->source);
    bool complete = added->source != NULL;
    if (complete && tx->order == ORDER_LANE) {
        struct pool_lane_key key = { .source = tx->source, .lane = tx->lane };
        added->lane = take_lane(pool, &key, next_lane);
        complete = added->lane != NULL;
    }
    if (complete && index_add(pool, added)) return added;
    drop_source(pool, added->source);
    drop_lane(pool, added->lane);
    free(added);
    return NULL;
}

enum refusal_code pool_add(struct pool *pool, struct blob *blob, const struct transaction *tx,
                           uint64_t next_lane, bool local, uint64_t now_ms, struct refusal *refusal)
{
    ASSERT(blob->size == tx->bytes.size);
    *refusal = (struct refusal){ .code = REFUSAL_none };
    struct refusal found = { .code = REFUSAL_none };
    found.code = check(pool, tx, next_lane, &found);
    if (found.code != REFUSAL_none) {
        *refusal = found;
        return found.code;
    }
    struct pool_tx *added = tx_new(pool, tx, next_lane);
    if (!added) {
        refusal->code = REFUSAL_mempool_full;
        return REFUSAL_mempool_full;
    }
    added->blob = blob_ref(blob);
    added->arrived_ms = now_ms;
    added->gossiped_ms = now_ms;
    added->sent = !local;
    lists_add(pool, added);
    added->source->count++;
    pool->txs++;
    pool->bytes += blob->size;
    added->marks = pool_marks_of(pool, &added->txid);
    if (added->marks == 0) pool->unmarked++;
    pool->earliest_not_after = min_u64(pool->earliest_not_after, added->not_after_ms);
    return REFUSAL_none;
}

bool pool_has(const struct pool *pool, const struct digest *txid)
{
    return pool_find(pool, txid) != NULL;
}

struct blob *pool_get(const struct pool *pool, const struct digest *txid)
{
    const struct pool_tx *tx = pool_find(pool, txid);
    return tx ? tx->blob : NULL;
}

typedef void left_function(void *context, const struct digest *txid, bool committed);

static void leave(struct pool *pool, struct pool_tx *tx, bool committed, left_function *left,
                  void *context)
{
    struct digest txid = tx->txid;
    take_out(pool, tx);
    if (left) left(context, &txid, committed);
}

static void committed_lane(struct pool *pool, const struct transaction *tx, left_function *left,
                           void *context)
{
    struct pool_lane_key key = { .source = tx->source, .lane = tx->lane };
    struct pool_lane *lane = find_lane(pool, &key);
    if (!lane || tx->seq < lane->next) return;
    lane->next = tx->seq + 1;
    struct pool_tx *waiting = lane->first;
    while (waiting && waiting->seq <= tx->seq) {
        struct pool_tx *behind = waiting->lane_next;
        leave(pool, waiting, digest_equal(&waiting->txid, &tx->txid), left, context);
        waiting = behind;
    }
}

void pool_committed(struct pool *pool, const struct transaction *tx,
                    void (*left)(void *context, const struct digest *txid, bool committed),
                    void *context)
{
    if (tx->order == ORDER_LANE) {
        committed_lane(pool, tx, left, context);
        return;
    }
    struct pool_tx *waiting = find_reference(pool, &tx->source, &tx->client_ref);
    if (!waiting) return;
    leave(pool, waiting, digest_equal(&waiting->txid, &tx->txid), left, context);
}

/* The numbers behind tx in its lane cannot be proposed without it. Those that are past time_ms
 * themselves are announced, the others are simply unknown again and may be sent again. */
static void followers_leave(struct pool *pool, struct pool_tx *tx, uint64_t time_ms,
                            left_function *left, void *context)
{
    if (!tx->lane) return;
    struct pool_tx *last = tx->lane->first->lane_prev;
    while (last != tx) {
        struct pool_tx *before = last->lane_prev;
        bool expired = last->not_after_ms < time_ms;
        leave(pool, last, false, expired ? left : NULL, context);
        last = before;
    }
}

void pool_remove(struct pool *pool, const struct digest *txid)
{
    struct pool_tx *tx = pool_find(pool, txid);
    if (!tx) return;
    followers_leave(pool, tx, 0, NULL, NULL);
    take_out(pool, tx);
}

uint64_t pool_earliest_end(const struct pool *pool)
{
    return pool->earliest_not_after;
}

void pool_expire(struct pool *pool, uint64_t time_ms,
                 void (*left)(void *context, const struct digest *txid, bool committed),
                 void *context)
{
    if (pool->earliest_not_after >= time_ms) return;
    uint64_t earliest = UINT64_MAX;
    struct pool_tx *tx = pool->arrival;
    while (tx) {
        struct pool_tx *next = tx->next;
        if (tx->not_after_ms >= time_ms) {
            earliest = min_u64(earliest, tx->not_after_ms);
        } else {
            followers_leave(pool, tx, time_ms, left, context);
            next = tx->next; /* A follower may have stood there. */
            leave(pool, tx, false, left, context);
        }
        tx = next;
    }
    pool->earliest_not_after = earliest;
}
