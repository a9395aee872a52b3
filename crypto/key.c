#include "crypto/key.h"

#include <assert.h>
#include <sodium.h>

static_assert(sizeof(struct public_key) == crypto_sign_PUBLICKEYBYTES, "keys are libsodium's");
static_assert(sizeof(struct secret_key) == crypto_sign_SECRETKEYBYTES, "keys are libsodium's");
static_assert(sizeof(struct signature) == crypto_sign_BYTES, "signatures are libsodium's");

/* Tag and statement; the longest is the hello of peers, whose frame is at most 1 KiB. */
enum { SIGNED_STACK_MAX = 1280 };

void key_generate(struct secret_key *secret, struct public_key *public_key)
{
    crypto_sign_keypair(public_key->bytes, secret->bytes);
}

void key_from_seed(const uint8_t seed[32], struct secret_key *secret, struct public_key *public_key)
{
    crypto_sign_seed_keypair(public_key->bytes, secret->bytes, seed);
}

void key_public(const struct secret_key *secret, struct public_key *public_key)
{
    memcpy(public_key->bytes, secret->bytes + 32, sizeof public_key->bytes);
}

void key_wipe(struct secret_key *secret)
{
    sodium_memzero(secret->bytes, sizeof secret->bytes);
}

bool key_valid(const struct public_key *key)
{
    return crypto_core_ed25519_is_valid_point(key->bytes) == 1;
}

bool key_equal(const struct public_key *a, const struct public_key *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

int key_compare(const struct public_key *a, const struct public_key *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

/* tag || 0x00 || statement in the caller's memory; returns its size. */
static size_t signed_bytes(enum tag tag, struct span statement, uint8_t bytes[SIGNED_STACK_MAX])
{
    const char *text = tag_text(tag);
    size_t tag_size = strlen(text) + 1;
    ASSERT(tag_size + statement.size <= SIGNED_STACK_MAX);
    memcpy(bytes, text, tag_size);
    if (statement.size > 0) memcpy(bytes + tag_size, statement.data, statement.size);
    return tag_size + statement.size;
}

void key_sign(const struct secret_key *secret, enum tag tag, struct span statement,
              struct signature *signature)
{
    uint8_t bytes[SIGNED_STACK_MAX];
    size_t size = signed_bytes(tag, statement, bytes);
    int done = crypto_sign_detached(signature->bytes, NULL, bytes, size, secret->bytes);
    ASSERT(done == 0);
}

bool key_verify(const struct public_key *key, enum tag tag, struct span statement,
                const struct signature *signature)
{
    uint8_t bytes[SIGNED_STACK_MAX];
    size_t size = signed_bytes(tag, statement, bytes);
    return crypto_sign_verify_detached(signature->bytes, bytes, size, key->bytes) == 0;
}

void random_bytes(void *bytes, size_t size)
{
    randombytes_buf(bytes, size);
}
