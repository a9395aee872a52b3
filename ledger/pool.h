/* ledger/pool.h -- transactions that wait to be ordered. Pure; bounded in number and bytes.
 *
 * A transaction comes in once (by txid), after its signatures and its state checks were done by
 * others, and leaves by commit, by expiry, when another one uses its reference or lane number, or
 * when execution skips it: what has become inadmissible while it waited is proposed once and gone.
 * The order of proposals is the order of arrival; of a lane, the order of its numbers.
 *
 * A proposal's transactions are marked with its batch digest while it is undecided, so that the
 * proposer of the next one leaves out what its ancestors hold already. Marks fall when the proposal
 * is decided or abandoned.
 *
 * The pool owns a reference to each transaction's blob.
 */
#ifndef LEDGER_POOL_H
#define LEDGER_POOL_H

#include "crypto/blob.h"
#include "format/transaction.h"

struct pool;

struct pool_limits {
    uint32_t txs_max;        /* 20000 */
    uint64_t bytes_max;      /* 64 MiB */
    uint32_t source_txs_max; /* 256 */
};

/* hash_key seeds the keyed hash tables (a stranger chooses the keys): 16 bytes. */
struct pool *pool_new(const struct pool_limits *limits, const uint8_t hash_key[16]);
void pool_free(struct pool *pool);

/* Other limits from now on. What is in the pool beyond them stays until it leaves by itself. */
void pool_set_limits(struct pool *pool, const struct pool_limits *limits);

struct pool_stats {
    uint32_t txs;
    uint64_t bytes;
    uint32_t unmarked;  /* not in an undecided proposal */
    uint64_t oldest_ms; /* arrival of the oldest; 0 if empty */
};
void pool_stats(const struct pool *pool, struct pool_stats *stats);

/* How far a lane's numbers may run ahead of the ledger's next one. */
enum { POOL_LANE_AHEAD_MAX = 64 };

/* Adds a checked transaction; the blob holds exactly its bytes. local: it was submitted here, not
 * gossiped. next_lane is the ledger's next number of the transaction's lane (ignored without one).
 * In this order, *refusal filled in:
 *     REFUSAL_duplicate         it is here already; nothing changed
 *     REFUSAL_tx_ref_conflict   another txid without order has the same (source, reference)
 *     REFUSAL_tx_lane_past      its number is used, on the ledger or by another txid here
 *     REFUSAL_tx_lane_gap       a number before it is missing, or more than POOL_LANE_AHEAD_MAX
 * wait REFUSAL_mempool_full      txs_max or bytes_max (or no memory) REFUSAL_source_quota
 * source_txs_max */
enum refusal_code pool_add(struct pool *pool, struct blob *blob, const struct transaction *tx,
                           uint64_t next_lane, bool local, uint64_t now_ms,
                           struct refusal *refusal);

bool pool_has(const struct pool *pool, const struct digest *txid);

/* The bytes of a waiting transaction (borrowed), or NULL. */
struct blob *pool_get(const struct pool *pool, const struct digest *txid);

/* Chooses for a proposal: unmarked transactions in order, at most txs_max and bytes_max of batch
 * bytes (each counts 4 more for its length), admissible at block time time_ms (not before, not
 * after), lanes without gaps. Calls take(context, blob, txid) for each. Returns how many. Does not
 * mark. */
uint32_t pool_choose(struct pool *pool, uint64_t time_ms, uint32_t txs_max, uint64_t bytes_max,
                     void (*take)(void *context, struct blob *blob, const struct digest *txid),
                     void *context);

/* A proposal with this batch holds these transactions; unknown ids are remembered too, so that one
 * that arrives later is marked at once (at most a bounded number). */
void pool_mark(struct pool *pool, const struct digest *batch, const struct digest *txids,
               uint32_t count);

/* The proposal was executed (after pool_committed, lest its transactions be offered again in
 * between) or abandoned. */
void pool_unmark(struct pool *pool, const struct digest *batch);

/* Executed: leaves the pool, and with it whatever uses the same (source, reference) or the same or
 * a lower lane number. left(context, txid, committed) is called for each that left; it must not
 * call anything that changes the pool. */
void pool_committed(struct pool *pool, const struct transaction *tx,
                    void (*left)(void *context, const struct digest *txid, bool committed),
                    void *context);

/* Skipped at execution: leaves, and with it the higher numbers of its lane, which cannot be
 * proposed without it; all are unknown again and may be sent again. */
void pool_remove(struct pool *pool, const struct digest *txid);

/* Block time has come to time_ms: whatever has not_after below it leaves, as expired. Higher
 * numbers of its lane leave too; left, bound as above, is not called for one that is not past its
 * own not_after, since it is not expired but unknown again. */
void pool_expire(struct pool *pool, uint64_t time_ms,
                 void (*left)(void *context, const struct digest *txid, bool committed),
                 void *context);

/* No transaction here has a not_after before this; UINT64_MAX if it is empty. */
uint64_t pool_earliest_end(const struct pool *pool);

/* Local ones not yet gossiped, in order; each is handed out once. Then those that came or were
 * handed out before older_than_ms: handed out again and their time reset to now_ms. At most txs_max
 * and bytes_max (each counts 4 more for its length); a first one that is larger goes alone. */
uint32_t pool_gossip(struct pool *pool, uint64_t now_ms, uint64_t older_than_ms, uint32_t txs_max,
                     uint64_t bytes_max, void (*take)(void *context, struct blob *blob),
                     void *context);

#endif
