/* crypto/key.h -- Ed25519: keys, signing, and one rule for which signatures are valid.
 *
 * The rule is libsodium 1.0.18's: S canonical, public key canonical and not of small order, R not
 * of small order, and R equal, byte for byte, to the encoding of S*B - k*A. Releases and the
 * development branch of libsodium disagree about R with a torsion part, and one disagreement splits
 * a chain; so a program calls crypto_start() first, which answers a table of edge cases and refuses
 * to go on with a library that answers differently.
 *
 * Every signature is over tag || 0x00 || statement, where the tag names what is signed.
 */
#ifndef CRYPTO_KEY_H
#define CRYPTO_KEY_H

#include "crypto/base.h"
#include "crypto/digest.h"

struct public_key {
    uint8_t bytes[32];
};

struct signature {
    uint8_t bytes[64];
};

/* libsodium's form: the 32-byte seed and the public key. Wipe with key_wipe. */
struct secret_key {
    uint8_t bytes[64];
};

/* Initialises the libraries and runs the self-test of the verification rules. Once, before
 * anything else in crypto; STATUS_CRYPTO with a sentence if the library breaks the rule. */
enum status crypto_start(struct problem *problem);

void key_generate(struct secret_key *secret, struct public_key *public_key);
void key_from_seed(const uint8_t seed[32], struct secret_key *secret,
                   struct public_key *public_key);
void key_public(const struct secret_key *secret, struct public_key *public_key);
void key_wipe(struct secret_key *secret);

/* Canonical, on the curve, in the main subgroup, not of small order. Whatever registers a key asks
 * this first. */
bool key_valid(const struct public_key *key);

bool key_equal(const struct public_key *a, const struct public_key *b);
int key_compare(const struct public_key *a, const struct public_key *b);

/* Signs tag || 0x00 || statement. Deterministic. */
void key_sign(const struct secret_key *secret, enum tag tag, struct span statement,
              struct signature *signature);

bool key_verify(const struct public_key *key, enum tag tag, struct span statement,
                const struct signature *signature);

/* size random bytes from the operating system. Never called by engines or the replica. */
void random_bytes(void *bytes, size_t size);

#endif
