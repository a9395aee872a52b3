/* What the primitives cost on this machine, on one core: lines `figure NAME VALUE UNIT`. Each
 * figure is the best of several short runs, because what else the machine does can only make it
 * slower. */
#include "crypto/certificate.h"
#include "crypto/merkle.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { RUNS = 5, RUN_NS = 60 * 1000 * 1000, LEAVES = 1000 };

static struct secret_key secret;
static struct public_key key;
static struct signature signature;
static struct domain domain;
static struct statement statement;
static struct verify_cache *cache;
static struct digest leaves[LEAVES];
static uint8_t signed_bytes[STATEMENT_BYTES];
static uint8_t block[1024];
static volatile unsigned sink; /* keeps the compiler from leaving the work out */

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Nanoseconds a call of work. */
static double run_once(void (*work)(void))
{
    uint64_t start = now_ns();
    uint64_t calls = 0;
    uint64_t elapsed;
    do {
        work();
        calls++;
        elapsed = now_ns() - start;
    } while (elapsed < RUN_NS);
    return (double)elapsed / (double)calls;
}

static double best_ns(void (*work)(void))
{
    double best = run_once(work);
    for (int i = 1; i < RUNS; i++) {
        double ns = run_once(work);
        if (ns < best) best = ns;
    }
    return best;
}

static void sign(void)
{
    key_sign(&secret, TAG_ENGINE, span_of(signed_bytes, sizeof signed_bytes), &signature);
}

static void verify(void)
{
    sink += key_verify(&key, TAG_ENGINE, span_of(signed_bytes, sizeof signed_bytes), &signature);
}

static void verify_hit(void)
{
    sink += verify_cached(cache, &key, TAG_ENGINE, span_of(signed_bytes, sizeof signed_bytes),
                          &signature);
}

static void hash_64(void)
{
    sink += digest_plain(&(struct span){ block, 64 }, 1).bytes[0];
}

static void hash_1024(void)
{
    sink += digest_plain(&(struct span){ block, 1024 }, 1).bytes[0];
}

static void merkle_1000(void)
{
    sink += merkle_root(leaves, LEAVES).bytes[0];
}

static void codec_round_trip(void)
{
    uint8_t bytes[STATEMENT_WIRE_BYTES];
    struct statement back;
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    statement_write(&w, &statement);
    struct reader r = reader_of(writer_span(&w));
    statement_read(&r, &back);
    sink += reader_end(&r) == STATUS_OK && statement_equal(&statement, &back);
}

static void prepare(void)
{
    static const uint8_t seed[32] = { 1 };
    key_from_seed(seed, &secret, &key);
    statement = (struct statement){ .kind = 2, .index = 10, .view = 11, .digest = { { 12 } } };
    statement_encode(&domain, &statement, signed_bytes);
    sign();
    for (uint64_t i = 0; i < LEAVES; i++)
        leaves[i] = digest_of(TAG_ENTRY, span_of(&i, sizeof i));
}

int main(void)
{
    struct problem problem;
    if (crypto_start(&problem) != STATUS_OK) {
        fprintf(stderr, "%s\n", problem.text);
        return EXIT_FAILURE;
    }
    cache = verify_cache_new(1024);
    if (!cache) return EXIT_FAILURE;
    prepare();
    printf("figure sign_us %.2f us\n", best_ns(sign) / 1e3);
    double verify_ns = best_ns(verify);
    printf("figure verify_us %.2f us\n", verify_ns / 1e3);
    printf("figure verify_rate %.0f verifications/s\n", 1e9 / verify_ns);
    printf("figure verify_cached_us %.2f us\n", best_ns(verify_hit) / 1e3);
    printf("figure sha256_64_ns %.0f ns\n", best_ns(hash_64));
    printf("figure sha256_1024_ns %.0f ns\n", best_ns(hash_1024));
    printf("figure merkle_1000_us %.1f us\n", best_ns(merkle_1000) / 1e3);
    printf("figure codec_round_trip_ns %.0f ns\n", best_ns(codec_round_trip));
    verify_cache_free(cache);
    return EXIT_SUCCESS;
}
