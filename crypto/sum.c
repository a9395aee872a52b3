#include "crypto/sum.h"
#include "crypto/key.h"
#include <assert.h>
#include <sodium.h>

static_assert(sizeof(struct sum_key) == crypto_shorthash_siphashx24_KEYBYTES,
              "SipHash takes the key as it is");

void sum_key_draw(struct sum_key *key)
{
    random_bytes(key->bytes, sizeof key->bytes);
}

void sum_add(struct sum *sum, const struct sum_key *key, struct span bytes)
{
    uint8_t hash[crypto_shorthash_siphashx24_BYTES];
    crypto_shorthash_siphashx24(hash, bytes.data, bytes.size, key->bytes);
    sum->halves[0] += load_u64(hash);
    sum->halves[1] += load_u64(hash + 8);
    sum->count++;
}

bool sum_equal(const struct sum *a, const struct sum *b)
{
    return a->count == b->count && a->halves[0] == b->halves[0] && a->halves[1] == b->halves[1];
}
