#include "keys.h"

#include "crypto/codec.h"
#include <sodium.h>

/* What the linker calls instead of the functions of crypto/key.h, and what it left of those. */
void __wrap_key_sign(const struct secret_key *secret, enum tag tag, struct span statement,
                     struct signature *signature);
bool __wrap_key_verify(const struct public_key *key, enum tag tag, struct span statement,
                       const struct signature *signature);
bool __wrap_key_valid(const struct public_key *key);
void __real_key_sign(const struct secret_key *secret, enum tag tag, struct span statement,
                     struct signature *signature);
bool __real_key_verify(const struct public_key *key, enum tag tag, struct span statement,
                       const struct signature *signature);
bool __real_key_valid(const struct public_key *key);

/* The self-test of crypto_start comes before any run, and wants Ed25519. */
static bool mac_used;

void keys_use_mac(bool mac)
{
    mac_used = mac;
}

enum { SIGNED_MAX = 1280, HALF = 16 };

/* SipHash-2-4 of tag, the second half of the public key and the statement, under the first half:
 * 16 bytes; the other 48 follow from them, so that a change anywhere in a signature shows. */
static void mac_of(const struct public_key *key, enum tag tag, struct span statement,
                   struct signature *signature)
{
    uint8_t bytes[1 + HALF + SIGNED_MAX];
    ASSERT(statement.size <= SIGNED_MAX);
    bytes[0] = (uint8_t)tag;
    memcpy(bytes + 1, key->bytes + HALF, HALF);
    if (statement.size > 0) memcpy(bytes + 1 + HALF, statement.data, statement.size);
    crypto_shorthash_siphashx24(signature->bytes, bytes, 1 + HALF + statement.size, key->bytes);

    uint64_t low = load_u64(signature->bytes);
    uint64_t high = load_u64(signature->bytes + 8);
    for (size_t at = HALF; at < sizeof signature->bytes; at += HALF) {
        low = (low ^ (low >> 29)) * 0xbf58476d1ce4e5b9u + high;
        high = (high ^ (high >> 32)) * 0x94d049bb133111ebu + low;
        store_u64(signature->bytes + at, low);
        store_u64(signature->bytes + at + 8, high);
    }
}

void __wrap_key_sign(const struct secret_key *secret, enum tag tag, struct span statement,
                     struct signature *signature)
{
    if (!mac_used) {
        __real_key_sign(secret, tag, statement, signature);
        return;
    }
    struct public_key key;
    key_public(secret, &key);
    mac_of(&key, tag, statement, signature);
}

/* Ed25519 costs as much as a hundred events, and what one replica has verified every other one and
 * the checker verify again. What held is remembered byte for byte, the last of each slot; whether
 * it holds is a matter of these bytes alone, so that a run does not depend on those before it. */
enum { VERIFIED = 8192, VERIFIED_BYTES = 160 };

struct verified {
    struct signature signature;
    struct public_key key;
    uint8_t statement[VERIFIED_BYTES];
    uint16_t size; /* 0: an empty slot */
    uint8_t tag;
};

static struct verified verified[VERIFIED];

static bool verified_is(const struct verified *v, const struct public_key *key, enum tag tag,
                        struct span statement, const struct signature *signature)
{
    return v->size == statement.size && v->tag == (uint8_t)tag && key_equal(&v->key, key) &&
           memcmp(v->signature.bytes, signature->bytes, sizeof v->signature.bytes) == 0 &&
           memcmp(v->statement, statement.data, statement.size) == 0;
}

static bool ed25519_verify(const struct public_key *key, enum tag tag, struct span statement,
                           const struct signature *signature)
{
    if (statement.size == 0 || statement.size > VERIFIED_BYTES)
        return __real_key_verify(key, tag, statement, signature);
    struct verified *v = &verified[load_u16(signature->bytes) % VERIFIED];
    if (verified_is(v, key, tag, statement, signature)) return true;
    if (!__real_key_verify(key, tag, statement, signature)) return false;
    v->signature = *signature;
    v->key = *key;
    v->size = (uint16_t)statement.size;
    v->tag = (uint8_t)tag;
    memcpy(v->statement, statement.data, statement.size);
    return true;
}

bool __wrap_key_verify(const struct public_key *key, enum tag tag, struct span statement,
                       const struct signature *signature)
{
    if (!mac_used) return ed25519_verify(key, tag, statement, signature);
    struct signature ours;
    mac_of(key, tag, statement, &ours);
    return memcmp(ours.bytes, signature->bytes, sizeof ours.bytes) == 0;
}

/* Whether a key is valid costs as much as a verification, is asked of the same few keys by every
 * replica, and has one answer for ever: the last key of each slot is remembered. An empty slot
 * remembers that the key of zeros is not valid. */
enum { REMEMBERED = 1024 };
static struct {
    struct public_key key;
    bool valid;
} remembered[REMEMBERED];

bool __wrap_key_valid(const struct public_key *key)
{
    size_t slot = load_u16(key->bytes) % REMEMBERED;
    if (!key_equal(&remembered[slot].key, key)) {
        remembered[slot].key = *key;
        remembered[slot].valid = __real_key_valid(key);
    }
    return remembered[slot].valid;
}
