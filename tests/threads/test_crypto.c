/* What threads share in crypto/: the verify cache, blobs, and (not shared, but made and freed by
 * each) the hash contexts. A plain program, for ThreadSanitizer. */
#include "crypto/blob.h"
#include "crypto/certificate.h"

#include <pthread.h>
#include <stdio.h>

enum { THREADS = 4, NUMBERS = 64, ROUNDS = 400, CACHE_ENTRIES = 16, BLOB_ROUNDS = 5000 };

static struct secret_key secret;
static struct public_key key;
static struct signature signatures[NUMBERS];
static struct verify_cache *cache;
static struct blob *shared;

static struct span number_span(const uint32_t *number)
{
    return span_of(number, sizeof *number);
}

/* Each thread walks the numbers in another order; the cache is too small for all of them, so that
 * entries come and go all the time. Every other question has a wrong signature. */
static void *verify_all(void *argument)
{
    const uint32_t *stride = argument;
    uint32_t number = 0;
    for (int round = 0; round < ROUNDS; round++) {
        number = (number + *stride) % NUMBERS;
        struct signature signature = signatures[number];
        ASSERT(verify_cached(cache, &key, TAG_ENGINE, number_span(&number), &signature));
        signature.bytes[40] ^= 1;
        ASSERT(!verify_cached(cache, &key, TAG_ENGINE, number_span(&number), &signature));
    }
    for (int round = 0; round < BLOB_ROUNDS; round++) {
        struct blob *mine = blob_ref(shared);
        ASSERT(span_equal(blob_span(mine), span_text("shared")));
        blob_unref(mine);
    }
    return NULL;
}

int main(void)
{
    static const uint8_t seed[32] = { 5 };
    static const uint32_t strides[THREADS] = { 1, 3, 5, 63 };
    ASSERT(crypto_start(NULL) == STATUS_OK);
    key_from_seed(seed, &secret, &key);
    for (uint32_t i = 0; i < NUMBERS; i++)
        key_sign(&secret, TAG_ENGINE, number_span(&i), &signatures[i]);
    cache = verify_cache_new(CACHE_ENTRIES);
    shared = blob_copy(span_text("shared"));
    ASSERT(cache != NULL);
    ASSERT(shared != NULL);

    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        int failed = pthread_create(&threads[i], NULL, verify_all, (void *)(uintptr_t)&strides[i]);
        ASSERT(failed == 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);

    struct verify_counts counts = verify_cache_counts(cache);
    ASSERT(counts.computed + counts.remembered == 2 * THREADS * ROUNDS);
    ASSERT(counts.computed >= THREADS * ROUNDS + NUMBERS);
    ASSERT(atomic_load(&shared->references) == 1);
    verify_cache_free(cache);
    blob_unref(shared);
    puts("crypto and threads: ok");
    return 0;
}
