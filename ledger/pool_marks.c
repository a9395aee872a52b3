/* What undecided proposals hold. An id may stand in several of them, on branches that exclude each
 * other, and may be named before its transaction arrives here; so marks are counted by id. */
#include "ledger/pool_table.h"

#include <stdlib.h>

static struct pool_marked *find_marked(const struct pool *pool, const struct digest *txid)
{
    unsigned hash = pool_hash(pool, txid, sizeof *txid);
    struct pool_marked *marked;
    HASH_FIND_BYHASHVALUE(hh, pool->marked, txid, sizeof *txid, hash, marked);
    return marked;
}

static struct pool_mark *find_mark(const struct pool *pool, const struct digest *batch)
{
    unsigned hash = pool_hash(pool, batch, sizeof *batch);
    struct pool_mark *mark;
    HASH_FIND_BYHASHVALUE(hh, pool->marks, batch, sizeof *batch, hash, mark);
    return mark;
}

uint32_t pool_marks_of(const struct pool *pool, const struct digest *txid)
{
    const struct pool_marked *marked = find_marked(pool, txid);
    return marked ? marked->marks : 0;
}

void pool_set_marks(struct pool *pool, struct pool_tx *tx, uint32_t marks)
{
    if (tx->marks == 0 && marks > 0) pool->unmarked--;
    if (tx->marks > 0 && marks == 0) pool->unmarked++;
    tx->marks = marks;
}

/* One more proposal holds the id; false without memory. */
static bool id_mark(struct pool *pool, const struct digest *txid)
{
    struct pool_marked *marked = find_marked(pool, txid);
    if (!marked) {
        marked = calloc(1, sizeof *marked);
        if (!marked) return false;
        marked->txid = *txid;
        unsigned hash = pool_hash(pool, txid, sizeof *txid);
        HASH_ADD_KEYPTR_BYHASHVALUE(hh, pool->marked, &marked->txid, sizeof marked->txid, hash,
                                    marked);
        if (!marked->hh.tbl) {
            free(marked);
            return false;
        }
    }
    marked->marks++;
    struct pool_tx *tx = pool_find(pool, txid);
    if (tx) pool_set_marks(pool, tx, marked->marks);
    return true;
}

static void id_unmark(struct pool *pool, const struct digest *txid)
{
    struct pool_marked *marked = find_marked(pool, txid);
    ASSERT(marked != NULL);
    ASSERT(marked->marks > 0);
    marked->marks--;
    struct pool_tx *tx = pool_find(pool, txid);
    if (tx) pool_set_marks(pool, tx, marked->marks);
    if (marked->marks > 0) return;
    HASH_DEL(pool->marked, marked);
    free(marked);
}

/* Without memory or beyond a bound an id stays unmarked. At worst a transaction is proposed twice
 * then, and its second execution is skipped. */
void pool_mark(struct pool *pool, const struct digest *batch, const struct digest *txids,
               uint32_t count)
{
    if (count == 0 || find_mark(pool, batch)) return;
    if (HASH_COUNT(pool->marks) >= POOL_MARKS_MAX) return;
    uint64_t most = (uint64_t)POOL_MARKED_TIMES * pool->limits.txs_max;
    uint64_t room = most > pool->marked_total ? most - pool->marked_total : 0;
    uint32_t kept = (uint32_t)min_u64(count, room);
    struct pool_mark *mark = malloc(sizeof *mark + kept * sizeof mark->txids[0]);
    if (!mark) return;
    memset(mark, 0, sizeof *mark);
    mark->batch = *batch;
    unsigned hash = pool_hash(pool, batch, sizeof *batch);
    HASH_ADD_KEYPTR_BYHASHVALUE(hh, pool->marks, &mark->batch, sizeof mark->batch, hash, mark);
    if (!mark->hh.tbl) {
        free(mark);
        return;
    }
    while (mark->count < kept && id_mark(pool, &txids[mark->count])) {
        mark->txids[mark->count] = txids[mark->count];
        mark->count++;
    }
    pool->marked_total += mark->count;
}

static void mark_free(struct pool *pool, struct pool_mark *mark)
{
    for (uint32_t i = 0; i < mark->count; i++)
        id_unmark(pool, &mark->txids[i]);
    ASSERT(pool->marked_total >= mark->count);
    pool->marked_total -= mark->count;
    HASH_DEL(pool->marks, mark);
    free(mark);
}

void pool_unmark(struct pool *pool, const struct digest *batch)
{
    struct pool_mark *mark = find_mark(pool, batch);
    if (mark) mark_free(pool, mark);
}

void pool_marks_free(struct pool *pool)
{
    while (pool->marks) {
        ASSERT(pool->marks->hh.prev == NULL);
        mark_free(pool, pool->marks);
    }
}
