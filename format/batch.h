/* format/batch.h -- what an engine orders: a time, a proposer and transactions.
 *
 *     version u16 | flags u8 (1 tick requested) | proposer 16 | time_ms u64 | u32 count |
 *     count x bytes32 transaction
 *
 * Its digest, H(witan/batch/v1, batch), is what a proposal names.
 */
#ifndef FORMAT_BATCH_H
#define FORMAT_BATCH_H

#include "format/transaction.h"

enum { BATCH_HEAD_BYTES = 31, BATCH_FLAG_TICK = 1 };

struct batch {
    uint8_t flags;
    struct id proposer;
    uint64_t time_ms;
    uint32_t count;
    struct span transactions; /* count x bytes32, still encoded */
};

void batch_write_head(struct writer *w, const struct batch *batch);

/* Shape and limits: batch_bytes_max, batch_txs_max, each transaction at most tx_bytes_max. */
enum status batch_decode(struct span bytes, const struct params *params, struct batch *batch);

/* Walks the transactions: *rest starts as batch.transactions; false at the end. */
bool batch_next(struct span *rest, struct span *transaction);

struct digest batch_digest(struct span bytes);

/* Everything that can be said of a batch without the state: shape, limits, the S checks of every
 * transaction, no txid twice. Pure; on a worker. txids (room for batch_txs_max, may be NULL) gets
 * the ids in order. */
enum status batch_check(struct span bytes, const struct digest *chain_id,
                        const struct params *params, struct verify_cache *cache,
                        struct batch *batch, struct digest *txids);

#endif
