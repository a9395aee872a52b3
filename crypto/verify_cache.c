/* The cache of valid signatures that certificate.h declares: a ring of entries in order of age and
 * a hash table of chains through them; and the names that some thread is verifying right now, for
 * a transaction often comes as gossip and in a proposal at the same moment. */
#include "crypto/certificate.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

static const uint32_t entry_none = UINT32_MAX;

/* A thread verifies one signature at a time; a node has fewer threads. One more than these would
 * verify what another verifies as well. */
enum { UNDER_WAY_MAX = 64 };

struct entry {
    struct digest name; /* of key, tag, statement and signature, under the cache's seed */
    uint32_t next;      /* in the chain of its bucket; entry_none ends it */
};

struct verify_cache {
    pthread_mutex_t lock;   /* guards entries, buckets, used, oldest, under_way and its count */
    pthread_cond_t settled; /* one that was under way is not any more */
    uint8_t seed[16];       /* unknown outside, so nobody can aim at one bucket */
    uint32_t capacity;
    uint32_t used;
    uint32_t oldest;       /* once the ring is full, the next to be replaced */
    uint32_t buckets_mask; /* a power of two, less one */
    uint32_t *buckets;
    struct entry *entries;
    struct digest under_way[UNDER_WAY_MAX];
    unsigned under_way_count;
    atomic_uint_fast64_t computed;
    atomic_uint_fast64_t remembered;
};

static uint32_t buckets_for(uint32_t entries)
{
    uint32_t count = 1;
    while (count < entries)
        count *= 2;
    return count;
}

static bool locks_init(struct verify_cache *cache)
{
    if (pthread_mutex_init(&cache->lock, NULL) != 0) return false;
    if (pthread_cond_init(&cache->settled, NULL) == 0) return true;
    pthread_mutex_destroy(&cache->lock);
    return false;
}

struct verify_cache *verify_cache_new(size_t entries)
{
    ASSERT(entries >= 1);
    ASSERT(entries <= (size_t)1 << 30);
    struct verify_cache *cache = calloc(1, sizeof *cache);
    if (!cache) return NULL;
    uint32_t buckets = buckets_for((uint32_t)entries);
    cache->capacity = (uint32_t)entries;
    cache->buckets_mask = buckets - 1;
    cache->entries = calloc(entries, sizeof *cache->entries);
    cache->buckets = malloc(buckets * sizeof *cache->buckets);
    if (!cache->entries || !cache->buckets || !locks_init(cache)) {
        free(cache->entries);
        free(cache->buckets);
        free(cache);
        return NULL;
    }
    for (uint32_t i = 0; i < buckets; i++)
        cache->buckets[i] = entry_none;
    random_bytes(cache->seed, sizeof cache->seed);
    return cache;
}

void verify_cache_free(struct verify_cache *cache)
{
    if (!cache) return;
    pthread_cond_destroy(&cache->settled);
    pthread_mutex_destroy(&cache->lock);
    free(cache->entries);
    free(cache->buckets);
    free(cache);
}

struct verify_counts verify_cache_counts(const struct verify_cache *cache)
{
    return (struct verify_counts){ .computed = atomic_load(&cache->computed),
                                   .remembered = atomic_load(&cache->remembered) };
}

/* Key, tag with its zero byte and signature have no ambiguous length; the statement, the only part
 * of free length, comes last. */
static struct digest entry_name(const struct verify_cache *cache, const struct public_key *key,
                                enum tag tag, struct span statement,
                                const struct signature *signature)
{
    const char *text = tag_text(tag);
    const struct span parts[] = {
        span_of(cache->seed, sizeof cache->seed),
        span_of(key->bytes, sizeof key->bytes),
        span_of(signature->bytes, sizeof signature->bytes),
        span_of(text, strlen(text) + 1),
        statement,
    };
    return digest_plain(parts, sizeof parts / sizeof parts[0]);
}

static uint32_t *bucket_of(struct verify_cache *cache, const struct digest *name)
{
    return &cache->buckets[load_u32(name->bytes) & cache->buckets_mask];
}

static bool cache_has(struct verify_cache *cache, const struct digest *name)
{
    for (uint32_t i = *bucket_of(cache, name); i != entry_none; i = cache->entries[i].next)
        if (digest_equal(&cache->entries[i].name, name)) return true;
    return false;
}

/* Takes an entry out of its chain. */
static void entry_unlink(struct verify_cache *cache, uint32_t index)
{
    uint32_t *link = bucket_of(cache, &cache->entries[index].name);
    while (*link != index) {
        ASSERT(*link != entry_none);
        link = &cache->entries[*link].next;
    }
    *link = cache->entries[index].next;
}

static void cache_add(struct verify_cache *cache, const struct digest *name)
{
    if (cache_has(cache, name)) return; /* another thread verified the same meanwhile */
    uint32_t index = cache->used;
    if (cache->used < cache->capacity) {
        cache->used++;
    } else {
        index = cache->oldest;
        cache->oldest = (cache->oldest + 1) % cache->capacity;
        entry_unlink(cache, index);
    }
    uint32_t *bucket = bucket_of(cache, name);
    cache->entries[index] = (struct entry){ .name = *name, .next = *bucket };
    *bucket = index;
}

static unsigned under_way_find(const struct verify_cache *cache, const struct digest *name)
{
    unsigned i = 0;
    while (i < cache->under_way_count && !digest_equal(&cache->under_way[i], name))
        i++;
    return i;
}

/* Whether the signature is known, if need be when another thread is through with it. If not, it is
 * the caller's to verify: *announced tells whether others wait for that. One that was found invalid
 * is verified by each that waited: it is not remembered. */
static bool known_or_begin(struct verify_cache *cache, const struct digest *name, bool *announced)
{
    pthread_mutex_lock(&cache->lock);
    while (!cache_has(cache, name) && under_way_find(cache, name) < cache->under_way_count)
        pthread_cond_wait(&cache->settled, &cache->lock);
    bool known = cache_has(cache, name);
    *announced = !known && cache->under_way_count < UNDER_WAY_MAX;
    if (*announced) cache->under_way[cache->under_way_count++] = *name;
    pthread_mutex_unlock(&cache->lock);
    return known;
}

static void settle(struct verify_cache *cache, const struct digest *name, bool announced,
                   bool valid)
{
    pthread_mutex_lock(&cache->lock);
    if (valid) cache_add(cache, name);
    if (announced) {
        unsigned i = under_way_find(cache, name);
        ASSERT(i < cache->under_way_count);
        cache->under_way[i] = cache->under_way[--cache->under_way_count];
        pthread_cond_broadcast(&cache->settled);
    }
    pthread_mutex_unlock(&cache->lock);
}

bool verify_cached(struct verify_cache *cache, const struct public_key *key, enum tag tag,
                   struct span statement, const struct signature *signature)
{
    if (!cache) return key_verify(key, tag, statement, signature);
    struct digest name = entry_name(cache, key, tag, statement, signature);
    bool announced;
    if (known_or_begin(cache, &name, &announced)) {
        atomic_fetch_add(&cache->remembered, 1);
        return true;
    }
    atomic_fetch_add(&cache->computed, 1);
    bool valid = key_verify(key, tag, statement, signature);
    settle(cache, &name, announced, valid);
    return valid;
}
