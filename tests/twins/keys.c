/* Signatures for millions of scenarios: a hash of key, tag and statement instead of Ed25519. The
 * linker gives key_sign and key_verify to these (--wrap); nobody here would forge one. */
#include "crypto/codec.h"
#include "crypto/key.h"

void __wrap_key_sign(const struct secret_key *secret, enum tag tag, struct span statement,
                     struct signature *signature);
bool __wrap_key_verify(const struct public_key *key, enum tag tag, struct span statement,
                       const struct signature *signature);

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 32)) * UINT64_C(0xd6e8feb86659fd93);
    return x ^ (x >> 32);
}

static uint64_t mac(const uint8_t key[32], enum tag tag, struct span statement)
{
    uint64_t sum = mix(load_u64(key) ^ (uint64_t)tag << 56);
    size_t i = 0;
    for (; i + 8 <= statement.size; i += 8)
        sum = mix(sum ^ load_u64(statement.data + i)) + i;
    for (; i < statement.size; i++)
        sum = mix(sum ^ statement.data[i]) + i;
    return sum;
}

void __wrap_key_sign(const struct secret_key *secret, enum tag tag, struct span statement,
                     struct signature *signature)
{
    memset(signature, 0, sizeof *signature);
    store_u64(signature->bytes, mac(secret->bytes + 32, tag, statement));
}

bool __wrap_key_verify(const struct public_key *key, enum tag tag, struct span statement,
                       const struct signature *signature)
{
    return load_u64(signature->bytes) == mac(key->bytes, tag, statement);
}
