/* crypto/selftest.h -- the Ed25519 signatures that tell one verification rule from another.
 *
 * RFC 8032 leaves open what happens with keys and points outside the main subgroup, and libraries
 * answer differently: with or without the cofactor, with or without a check of R. Two validators
 * that differ on one signature split the chain. So every case that is known to separate libraries
 * stands in one table; crypto_start() asks the library for each, and a node whose library gives one
 * other answer does not start. tests/vectors/ed25519.json holds the same table, with the reason of
 * each answer, for other implementations.
 */
#ifndef CRYPTO_SELFTEST_H
#define CRYPTO_SELFTEST_H

#include "crypto/key.h"

enum { SELFTEST_MESSAGE_MAX = 64 };

/* Bytes as lower-case hex. The message is signed as it is, without a tag. */
struct selftest_case {
    const char *name;
    const char *public_key;
    const char *message;
    const char *signature;
    bool valid;     /* the signature verifies */
    bool key_valid; /* the key may be registered */
};

extern const struct selftest_case selftest_cases[];
extern const size_t selftest_cases_count;

/* Asks the library all of these. STATUS_CRYPTO with the name of the first case that it answers
 * differently. crypto_start calls it with the table above; tests call it with wrong answers. */
enum status selftest_run(const struct selftest_case *cases, size_t count, struct problem *problem);

#endif
