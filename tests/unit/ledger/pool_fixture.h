/* tests/unit/ledger/pool_fixture.h -- small transactions for the tests of the pool.
 *
 * The pool looks at a few fields only, so that a transaction here is a number (its id), a source
 * and whatever a test sets besides. Its blob begins with the id, by which it is known again.
 */
#ifndef TESTS_LEDGER_POOL_FIXTURE_H
#define TESTS_LEDGER_POOL_FIXTURE_H

#include "ledger/pool.h"
#include "tests/unit/format/samples.h"

enum { FIXTURE_BYTES = 100, FIXTURE_IDS_MAX = 4096 };

static const uint8_t fixture_key[16] = { 7 };
static struct transaction fixture_tx;

static inline struct digest fixture_id(uint64_t number)
{
    return sample_digest("txid", number);
}

/* Without order, references as numbers, admissible at any time. */
static inline struct transaction *fixture_make(uint64_t number, uint64_t source)
{
    memset(&fixture_tx, 0, sizeof fixture_tx);
    fixture_tx.txid = fixture_id(number);
    fixture_tx.source = sample_id("source", source);
    fixture_tx.client_ref = sample_id("reference", number);
    fixture_tx.not_after_ms = TX_TIME_LIMIT - 1;
    return &fixture_tx;
}

static inline struct transaction *fixture_lane(uint64_t number, uint64_t source, uint32_t lane,
                                               uint64_t seq)
{
    (void)fixture_make(number, source);
    fixture_tx.order = ORDER_LANE;
    fixture_tx.lane = lane;
    fixture_tx.seq = seq;
    return &fixture_tx;
}

static inline struct blob *fixture_blob(const struct transaction *tx, size_t size)
{
    ASSERT(size >= sizeof tx->txid);
    struct blob *blob = blob_new(size);
    ASSERT(blob != NULL);
    memset(blob->data, 0, size);
    memcpy(blob->data, &tx->txid, sizeof tx->txid);
    return blob;
}

/* Adds tx with `size` bytes; the pool alone keeps the blob. */
static inline enum refusal_code fixture_add(struct pool *pool, struct transaction *tx, size_t size,
                                            uint64_t next_lane, bool local, uint64_t now_ms,
                                            struct refusal *refusal)
{
    struct blob *blob = fixture_blob(tx, size);
    tx->bytes = blob_span(blob);
    enum refusal_code code = pool_add(pool, blob, tx, next_lane, local, now_ms, refusal);
    blob_unref(blob);
    return code;
}

/* The ids that came out of pool_choose, pool_gossip, pool_committed or pool_expire. */
struct fixture_ids {
    uint32_t count;
    struct digest ids[FIXTURE_IDS_MAX];
    bool committed[FIXTURE_IDS_MAX];
};

static inline void fixture_note(struct fixture_ids *ids, const struct digest *txid, bool committed)
{
    ASSERT(ids->count < FIXTURE_IDS_MAX);
    ids->ids[ids->count] = *txid;
    ids->committed[ids->count++] = committed;
}

static inline void fixture_take(void *context, struct blob *blob, const struct digest *txid)
{
    ASSERT(memcmp(blob->data, txid, sizeof *txid) == 0);
    fixture_note(context, txid, false);
}

static inline void fixture_take_blob(void *context, struct blob *blob)
{
    struct digest txid;
    memcpy(&txid, blob->data, sizeof txid);
    fixture_note(context, &txid, false);
}

static inline void fixture_left(void *context, const struct digest *txid, bool committed)
{
    fixture_note(context, txid, committed);
}

/* ids are exactly these numbers, in this order. */
static inline bool fixture_are(const struct fixture_ids *ids, const uint64_t *numbers,
                               uint32_t count)
{
    if (ids->count != count) return false;
    for (uint32_t i = 0; i < count; i++) {
        struct digest id = fixture_id(numbers[i]);
        if (!digest_equal(&id, &ids->ids[i])) return false;
    }
    return true;
}

#endif
