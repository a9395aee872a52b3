#include "crypto/certificate.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <signal.h>

static struct secret_key secret;
static struct public_key key;

static void start(void)
{
    static const uint8_t seed[32] = { 7 };
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    key_from_seed(seed, &secret, &key);
}

TestSuite(verify_cache, .init = start);

/* The signature on one number. */
static bool ask(struct verify_cache *cache, uint32_t number)
{
    struct signature signature;
    key_sign(&secret, TAG_ENGINE, span_of(&number, sizeof number), &signature);
    return verify_cached(cache, &key, TAG_ENGINE, span_of(&number, sizeof number), &signature);
}

static void expect(const struct verify_cache *cache, uint64_t computed, uint64_t remembered)
{
    struct verify_counts counts = verify_cache_counts(cache);
    cr_assert_eq(counts.computed, computed);
    cr_assert_eq(counts.remembered, remembered);
}

Test(verify_cache, remembers_what_it_found_valid)
{
    struct verify_cache *cache = verify_cache_new(4);
    expect(cache, 0, 0);
    cr_assert(ask(cache, 1));
    expect(cache, 1, 0);
    cr_assert(ask(cache, 1));
    cr_assert(ask(cache, 1));
    expect(cache, 1, 2);
    verify_cache_free(cache);
}

Test(verify_cache, may_be_left_out)
{
    cr_assert(ask(NULL, 1));
    verify_cache_free(NULL);
}

Test(verify_cache, answers_only_for_exactly_what_was_verified)
{
    struct verify_cache *cache = verify_cache_new(4);
    struct signature good;
    struct public_key other = key;
    key_sign(&secret, TAG_ENGINE, span_text("statement"), &good);
    cr_assert(verify_cached(cache, &key, TAG_ENGINE, span_text("statement"), &good));

    struct signature bad = good;
    bad.bytes[63] ^= 1;
    other.bytes[0] ^= 1;
    for (int i = 0; i < 2; i++) { /* nor is a refusal taken for an answer the second time */
        cr_assert_not(verify_cached(cache, &key, TAG_ENGINE, span_text("statement"), &bad));
        cr_assert_not(verify_cached(cache, &other, TAG_ENGINE, span_text("statement"), &good));
        cr_assert_not(verify_cached(cache, &key, TAG_SEAL, span_text("statement"), &good));
        cr_assert_not(verify_cached(cache, &key, TAG_ENGINE, span_text("statemens"), &good));
        cr_assert_not(verify_cached(cache, &key, TAG_ENGINE, span_text("statemen"), &good));
        cr_assert_not(verify_cached(cache, &key, TAG_ENGINE, span_text(""), &good));
    }
    cr_assert(verify_cached(cache, &key, TAG_ENGINE, span_text("statement"), &good));
    expect(cache, 13, 1);
    verify_cache_free(cache);
}

Test(verify_cache, forgets_the_oldest_first)
{
    for (size_t size = 1; size <= 9; size++) {
        struct verify_cache *cache = verify_cache_new(size);
        for (uint32_t i = 0; i < 3 * size; i++)
            cr_assert(ask(cache, i));
        expect(cache, 3 * size, 0);
        for (uint32_t i = (uint32_t)(2 * size); i < 3 * size; i++)
            cr_assert(ask(cache, i));
        expect(cache, 3 * size, size);
        cr_assert(ask(cache, (uint32_t)(2 * size - 1)));
        expect(cache, 3 * size + 1, size);
        verify_cache_free(cache);
    }
}

Test(verify_cache, without_any_entry_is_a_bug, .signal = SIGABRT)
{
    verify_cache_new(0);
}

enum { THREADS = 4, NUMBERS = 400 };

static void *ask_all(void *cache)
{
    for (uint32_t i = 0; i < NUMBERS; i++)
        if (!ask(cache, i)) return cache;
    return NULL;
}

Test(verify_cache, verifies_once_what_several_threads_ask)
{
    struct verify_cache *cache = verify_cache_new(NUMBERS);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, ask_all, cache), 0);
    for (int i = 0; i < THREADS; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        cr_assert_null(failed);
    }
    /* Each was verified by one of them, also when several asked at the same moment. */
    expect(cache, NUMBERS, (uint64_t)(THREADS - 1) * NUMBERS);
    for (uint32_t i = 0; i < NUMBERS; i++)
        cr_assert(ask(cache, i));
    cr_assert_eq(verify_cache_counts(cache).computed, NUMBERS,
                 "none is there twice, so none was pushed out");
    verify_cache_free(cache);
}

static void *ask_for_an_invalid_one(void *cache)
{
    static const struct signature never = { { 1 } };
    for (int i = 0; i < 50; i++)
        if (verify_cached(cache, &key, TAG_ENGINE, span_text("statement"), &never)) return cache;
    return NULL;
}

Test(verify_cache, never_lets_a_waiting_thread_believe_an_invalid_one)
{
    struct verify_cache *cache = verify_cache_new(4);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, ask_for_an_invalid_one, cache), 0);
    for (int i = 0; i < THREADS; i++) {
        void *believed;
        pthread_join(threads[i], &believed);
        cr_assert_null(believed);
    }
    expect(cache, (uint64_t)THREADS * 50, 0);
    verify_cache_free(cache);
}
