/* bench/bench_transaction.c -- what a transaction costs before it is executed.
 *
 *     figure tx_decode_us        decode one transfer, both hashes
 *     figure tx_check_us         and verify its signature
 *     figure tx_check_cached_us  and find the signature in the cache instead
 *     figure tx_decode_key_us    each key of a signer list: a point of the curve to check
 *     figure tx_check_rate       checks of a transfer that one core does in a second
 *     figure batch_check_us      a batch of 1,000 transfers, signatures in the cache, per transfer
 *     figure pool_add_us         a full pool of 20,000, per transaction
 *     figure pool_choose_us      1,000 out of it, per transaction
 */
#include "ledger/pool.h"
#include "tests/unit/format/samples.h"

#include <stdio.h>
#include <time.h>

enum { ROUNDS = 2000, BATCH = 1000, POOL = 20000 };

static struct transaction tx;
static struct transaction decoded;
static struct params params;
static struct digest chain;

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void figure(const char *name, double value, const char *unit)
{
    printf("figure %s %.3f %s\n", name, value, unit);
}

static double measure_decode(struct span bytes)
{
    double start = now_us();
    for (int i = 0; i < ROUNDS; i++) {
        enum status status = transaction_decode(bytes, &decoded, NULL);
        ASSERT(status == STATUS_OK);
    }
    return (now_us() - start) / ROUNDS;
}

static double measure_check(struct span bytes, struct verify_cache *cache)
{
    double start = now_us();
    for (int i = 0; i < ROUNDS; i++) {
        enum status status = transaction_check(bytes, &chain, &params, cache, &decoded, NULL);
        ASSERT(status == STATUS_OK);
    }
    return (now_us() - start) / ROUNDS;
}

static void bench_transfer(struct verify_cache *cache)
{
    struct writer w;
    sample_transfer(&tx, 1, 7500);
    sample_sign(&w, &tx, 1, 1);
    figure("tx_decode_us", measure_decode(writer_span(&w)), "us");
    double check = measure_check(writer_span(&w), NULL);
    figure("tx_check_us", check, "us");
    figure("tx_check_rate", 1e6 / check, "1/s");
    (void)transaction_check(writer_span(&w), &chain, &params, cache, &decoded, NULL);
    figure("tx_check_cached_us", measure_check(writer_span(&w), cache), "us");
    writer_free(&w);
}

static void bench_signers(void)
{
    static uint8_t bytes[SIGNERS_MAX * SIGNER_BYTES];
    struct writer w;
    sample_transfer(&tx, 1, 7500);
    struct operation *operation = &tx.operations[0];
    *operation = (struct operation){ .code = OP_ACCOUNT_SET_SIGNERS, .actor = tx.source };
    operation->account_set_signers.low = 1;
    operation->account_set_signers.medium = 1;
    operation->account_set_signers.high = 1;
    sample_signers(bytes, &operation->account_set_signers.signers, 1, SIGNERS_MAX, 1);
    sample_sign(&w, &tx, 1, 1);
    figure("tx_decode_key_us", measure_decode(writer_span(&w)) / SIGNERS_MAX, "us");
    writer_free(&w);
}

static void bench_batch(struct verify_cache *cache)
{
    struct writer w;
    struct batch batch = { .time_ms = 1, .count = BATCH };
    writer_init(&w, 1 << 22);
    batch_write_head(&w, &batch);
    for (uint64_t i = 0; i < BATCH; i++) {
        struct writer one;
        sample_transfer(&tx, i, 1);
        sample_sign(&one, &tx, 1, 1);
        write_bytes32(&w, writer_span(&one));
        writer_free(&one);
    }
    for (int i = 0; i < 2; i++) {
        double start = now_us();
        enum status status = batch_check(writer_span(&w), &chain, &params, cache, &batch, NULL);
        ASSERT(status == STATUS_OK);
        if (i == 1) figure("batch_check_us", (now_us() - start) / BATCH, "us");
    }
    writer_free(&w);
}

static void count_chosen(void *context, struct blob *blob, const struct digest *txid)
{
    (void)txid;
    *(size_t *)context += blob->size;
}

static void bench_pool(void)
{
    static const uint8_t key[16] = { 1 };
    struct pool_limits limits = { POOL, 1 << 26, 256 };
    struct pool *pool = pool_new(&limits, key);
    ASSERT(pool != NULL);
    sample_transfer(&tx, 1, 1);
    struct digest *ids = calloc(POOL, sizeof *ids);
    struct blob *blob = blob_new(288);
    ASSERT(ids != NULL);
    ASSERT(blob != NULL);
    for (uint64_t i = 0; i < POOL; i++)
        ids[i] = sample_digest("txid", i);
    tx.bytes = span_of(blob->data, blob->size);
    double start = now_us();
    for (uint64_t i = 0; i < POOL; i++) {
        struct refusal refusal;
        tx.txid = ids[i];
        store_u64(tx.client_ref.bytes, i);
        store_u64(tx.source.bytes, i / 200);
        enum refusal_code code = pool_add(pool, blob, &tx, 0, true, 0, &refusal);
        ASSERT(code == REFUSAL_none);
    }
    figure("pool_add_us", (now_us() - start) / POOL, "us");
    size_t bytes = 0;
    start = now_us();
    for (int i = 0; i < 20; i++) {
        uint32_t count = pool_choose(pool, 1000, 1000, UINT64_MAX, count_chosen, &bytes);
        ASSERT(count == 1000);
    }
    figure("pool_choose_us", (now_us() - start) / 20 / 1000, "us");
    pool_free(pool);
    blob_unref(blob);
    free(ids);
}

int main(void)
{
    enum status status = crypto_start(NULL);
    ASSERT(status == STATUS_OK);
    sample_params(&params);
    chain = sample_chain();
    struct verify_cache *cache = verify_cache_new(1 << 16);
    ASSERT(cache != NULL);
    bench_transfer(cache);
    bench_signers();
    bench_batch(cache);
    bench_pool();
    verify_cache_free(cache);
    return 0;
}
