#include "format/batch.h"

#include <stdlib.h>

enum { BATCH_VERSION = 1 };

_Static_assert(BATCH_HEAD_BYTES == 2 + 1 + sizeof(struct id) + 8 + 4, "the layout in batch.h");

void batch_write_head(struct writer *w, const struct batch *batch)
{
    write_u16(w, BATCH_VERSION);
    write_u8(w, batch->flags);
    write_id(w, &batch->proposer);
    write_u64(w, batch->time_ms);
    write_u32(w, batch->count);
}

static void read_head(struct reader *r, struct batch *batch)
{
    if (read_u16(r) != BATCH_VERSION) reader_fail(r, STATUS_UNSUPPORTED);
    batch->flags = read_u8(r);
    if (batch->flags > BATCH_FLAG_TICK) reader_fail(r, STATUS_UNSUPPORTED);
    read_id(r, &batch->proposer);
    batch->time_ms = read_u64(r);
    if (batch->time_ms >= TX_TIME_LIMIT) reader_fail(r, STATUS_MALFORMED);
    batch->count = read_u32(r);
}

enum status batch_decode(struct span bytes, const struct params *params, struct batch *batch)
{
    if (bytes.size > params->values[PARAM_batch_bytes_max]) return STATUS_TOO_LARGE;
    struct reader r = reader_of(bytes);
    read_head(&r, batch);
    if (batch->count > params->values[PARAM_batch_txs_max]) reader_fail(&r, STATUS_TOO_LARGE);
    batch->transactions = r.rest;
    for (uint32_t i = 0; i < batch->count && reader_status(&r) == STATUS_OK; i++)
        (void)read_bytes32(&r, params->values[PARAM_tx_bytes_max]);
    return reader_end(&r);
}

bool batch_next(struct span *rest, struct span *transaction)
{
    if (rest->size == 0) return false;
    struct reader r = reader_of(*rest);
    *transaction = read_bytes32(&r, rest->size);
    ASSERT(reader_status(&r) == STATUS_OK); /* batch_decode and block_decode walked it before. */
    *rest = r.rest;
    return true;
}

struct digest batch_digest(struct span bytes)
{
    return digest_of(TAG_BATCH, bytes);
}

static int compare_digests(const void *a, const void *b)
{
    return digest_compare(a, b);
}

/* Sorts ids and looks for neighbours that are equal. */
static bool distinct(struct digest *ids, uint32_t count)
{
    if (count > 1) qsort(ids, count, sizeof ids[0], compare_digests);
    for (uint32_t i = 1; i < count; i++)
        if (digest_equal(&ids[i - 1], &ids[i])) return false;
    return true;
}

static enum status check_transactions(const struct batch *batch, const struct digest *chain_id,
                                      const struct params *params, struct verify_cache *cache,
                                      struct transaction *tx, struct digest *ids)
{
    struct span rest = batch->transactions;
    struct span bytes;
    for (uint32_t i = 0; batch_next(&rest, &bytes); i++) {
        enum status status = transaction_check(bytes, chain_id, params, cache, tx, NULL);
        if (status != STATUS_OK) return status;
        ids[i] = tx->txid;
    }
    return STATUS_OK;
}

enum status batch_check(struct span bytes, const struct digest *chain_id,
                        const struct params *params, struct verify_cache *cache,
                        struct batch *batch, struct digest *txids)
{
    enum status status = batch_decode(bytes, params, batch);
    if (status != STATUS_OK) return status;
    if (batch->count == 0) return STATUS_OK;

    struct transaction *tx = malloc(sizeof *tx);
    struct digest *ids = calloc(batch->count, sizeof *ids);
    if (!tx || !ids)
        status = STATUS_NO_MEMORY;
    else
        status = check_transactions(batch, chain_id, params, cache, tx, ids);
    if (status == STATUS_OK) {
        if (txids) memcpy(txids, ids, batch->count * sizeof *ids);
        if (!distinct(ids, batch->count)) status = STATUS_INVALID;
    }
    free(ids);
    free(tx);
    return status;
}
