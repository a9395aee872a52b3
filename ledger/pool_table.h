/* ledger/pool_table.h -- what the pool's files share: its tables and lists. Private to pool*.c.
 *
 *     arrival      every transaction, oldest first                        choose, expire
 *     fresh, sent  each is in one of them: not yet gossiped, in order of
 *                  arrival; gossiped, by the time of the last gossip      gossip
 *     lane         the transactions of one (source, lane), by number,     add, choose, committed
 *                  without a gap from the lane's next number
 *
 * The hash tables are keyed with a secret, for strangers choose ids, references and accounts.
 * Nothing ever depends on the order inside a table: whatever is walked is a list.
 */
#ifndef LEDGER_POOL_TABLE_H
#define LEDGER_POOL_TABLE_H

#include "ledger/pool.h"

/* Without memory the macros leave an item's table pointer NULL instead of ending the process. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include <utlist.h>

enum {
    POOL_MARKS_MAX = 256,  /* undecided proposals that are remembered */
    POOL_MARKED_TIMES = 4, /* ids remembered in all of them, in multiples of txs_max */
    POOL_LENGTH_BYTES = 4, /* of a transaction in a batch or a frame */
};

/* Keys of tables: plain bytes without padding. */
struct pool_reference {
    struct id source;
    struct id client_ref;
};

struct pool_lane_key {
    struct id source;
    uint32_t lane;
};

_Static_assert(sizeof(struct pool_reference) == 32, "hashed as bytes: no padding");
_Static_assert(sizeof(struct pool_lane_key) == 20, "hashed as bytes: no padding");

/* How many transactions of one source wait; lives as long as there is one. */
struct pool_source {
    struct id id;
    uint32_t count;
    UT_hash_handle hh;
};

/* A lane with waiting transactions, numbered next, next + 1, ..., next + count - 1. */
struct pool_lane {
    struct pool_lane_key key;
    uint64_t next;
    uint32_t count;
    struct pool_tx *first;
    UT_hash_handle hh;
};

struct pool_tx {
    struct digest txid;
    struct pool_reference reference;
    struct blob *blob;
    uint64_t not_before_ms, not_after_ms;
    uint64_t arrived_ms;
    uint64_t gossiped_ms;   /* if in `sent`; for one that came by gossip, its arrival */
    uint64_t chosen;        /* the round of pool_choose that took it last */
    uint64_t seq;           /* in its lane */
    struct pool_lane *lane; /* NULL if it has no order */
    struct pool_source *source;
    uint32_t marks; /* undecided proposals that hold it */
    bool sent;      /* which of the two gossip lists it is in */
    struct pool_tx *prev, *next;
    struct pool_tx *gossip_prev, *gossip_next;
    struct pool_tx *lane_prev, *lane_next;
    UT_hash_handle by_txid;
    UT_hash_handle by_reference; /* only without order: a lane's references may repeat */
};

/* An id that stands in at least one undecided proposal, whether it waits here or not. */
struct pool_marked {
    struct digest txid;
    uint32_t marks;
    UT_hash_handle hh;
};

/* An undecided proposal. */
struct pool_mark {
    struct digest batch;
    UT_hash_handle hh;
    uint32_t count;
    struct digest txids[];
};

struct pool {
    struct pool_limits limits;
    uint8_t hash_key[16];
    uint32_t txs;
    uint32_t unmarked;
    uint64_t bytes;
    uint64_t rounds;             /* of pool_choose */
    uint64_t earliest_not_after; /* no transaction ends before: most blocks expire nothing */
    struct pool_tx *arrival;
    struct pool_tx *fresh;
    struct pool_tx *sent;
    struct pool_tx *txids;
    struct pool_tx *references;
    struct pool_source *sources;
    struct pool_lane *lanes;
    struct pool_mark *marks;
    struct pool_marked *marked;
    uint64_t marked_total; /* sum of the marks' counts */
};

/* SipHash under the pool's key. */
unsigned pool_hash(const struct pool *pool, const void *key, size_t size);

struct pool_tx *pool_find(const struct pool *pool, const struct digest *txid);

/* In how many undecided proposals the id stands. */
uint32_t pool_marks_of(const struct pool *pool, const struct digest *txid);

void pool_set_marks(struct pool *pool, struct pool_tx *tx, uint32_t marks);

/* Frees what pool_mark remembers. */
void pool_marks_free(struct pool *pool);

#endif
