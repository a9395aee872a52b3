/* What goes out of the pool: into proposals and, as gossip, to the other validators. */
#include "ledger/pool_table.h"

/* The number before tx in its lane is on the ledger, in an undecided proposal, or in this one. */
static bool lane_ready(const struct pool *pool, const struct pool_tx *tx)
{
    if (!tx->lane || tx == tx->lane->first) return true;
    return tx->lane_prev->marks > 0 || tx->lane_prev->chosen == pool->rounds;
}

static bool admissible(const struct pool *pool, const struct pool_tx *tx, uint64_t time_ms)
{
    if (tx->marks > 0) return false;
    if (time_ms < tx->not_before_ms || time_ms > tx->not_after_ms) return false;
    return lane_ready(pool, tx);
}

uint32_t pool_choose(struct pool *pool, uint64_t time_ms, uint32_t txs_max, uint64_t bytes_max,
                     void (*take)(void *context, struct blob *blob, const struct digest *txid),
                     void *context)
{
    uint32_t count = 0;
    uint64_t bytes = 0;
    uint32_t unmarked = pool->unmarked; /* Behind the last of them there is nothing to see. */
    pool->rounds++;
    for (struct pool_tx *tx = pool->arrival; tx && unmarked > 0 && count < txs_max; tx = tx->next) {
        if (tx->marks == 0) unmarked--;
        if (!admissible(pool, tx, time_ms)) continue;
        uint64_t size = tx->blob->size + POOL_LENGTH_BYTES;
        if (size > bytes_max - bytes) break; /* The first of the next proposal. */
        bytes += size;
        count++;
        tx->chosen = pool->rounds;
        take(context, tx->blob, &tx->txid);
    }
    return count;
}

/* A transaction larger than the limit alone goes alone: it could never go otherwise. */
static bool fits(uint32_t count, uint64_t bytes, uint64_t size, uint32_t txs_max,
                 uint64_t bytes_max)
{
    if (count >= txs_max) return false;
    return count == 0 || bytes + size <= bytes_max;
}

static void move_to_sent(struct pool *pool, struct pool_tx *tx, uint64_t now_ms)
{
    if (tx->sent)
        DL_DELETE2(pool->sent, tx, gossip_prev, gossip_next);
    else
        DL_DELETE2(pool->fresh, tx, gossip_prev, gossip_next);
    tx->sent = true;
    tx->gossiped_ms = now_ms;
    DL_APPEND2(pool->sent, tx, gossip_prev, gossip_next);
}

uint32_t pool_gossip(struct pool *pool, uint64_t now_ms, uint64_t older_than_ms, uint32_t txs_max,
                     uint64_t bytes_max, void (*take)(void *context, struct blob *blob),
                     void *context)
{
    uint64_t before_ms = min_u64(older_than_ms, now_ms); /* Each at most once in a call. */
    uint32_t count = 0;
    uint64_t bytes = 0;
    for (;;) {
        struct pool_tx *tx = pool->fresh;
        if (!tx && pool->sent && pool->sent->gossiped_ms < before_ms) tx = pool->sent;
        if (!tx) break;
        ASSERT(tx->sent == (tx != pool->fresh));
        uint64_t size = tx->blob->size + POOL_LENGTH_BYTES;
        if (!fits(count, bytes, size, txs_max, bytes_max)) break;
        bytes += size;
        count++;
        move_to_sent(pool, tx, now_ms);
        take(context, tx->blob);
    }
    return count;
}
