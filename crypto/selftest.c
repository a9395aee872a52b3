#include "crypto/selftest.h"

#include <sodium.h>

static enum status selftest_case_run(const struct selftest_case *one, struct problem *problem)
{
    struct public_key key;
    struct signature signature;
    uint8_t message[SELFTEST_MESSAGE_MAX];
    size_t size = strlen(one->message) / 2;
    ASSERT(size <= sizeof message);
    bool decoded = hex_decode(one->public_key, strlen(one->public_key), key.bytes, 32) &&
                   hex_decode(one->signature, strlen(one->signature), signature.bytes, 64) &&
                   hex_decode(one->message, strlen(one->message), message, size);
    ASSERT(decoded);

    bool valid = crypto_sign_verify_detached(signature.bytes, message, size, key.bytes) == 0;
    if (valid != one->valid)
        return problem_set(
            problem, STATUS_CRYPTO,
            "libsodium %s %s the Ed25519 signature \"%s\", which the ledger's rule %s",
            sodium_version_string(), valid ? "accepts" : "refuses", one->name,
            one->valid ? "accepts" : "refuses");
    if (key_valid(&key) != one->key_valid)
        return problem_set(problem, STATUS_CRYPTO,
                           "libsodium %s %s the public key of \"%s\", which the ledger's rule %s",
                           sodium_version_string(), one->key_valid ? "refuses" : "accepts",
                           one->name, one->key_valid ? "accepts" : "refuses");
    return STATUS_OK;
}

enum status selftest_run(const struct selftest_case *cases, size_t count, struct problem *problem)
{
    for (size_t i = 0; i < count; i++) {
        enum status status = selftest_case_run(&cases[i], problem);
        if (status != STATUS_OK) return status;
    }
    return STATUS_OK;
}

/* SHA-256("abc") of FIPS 180-4: is OpenSSL's hash there and right? */
static bool hash_works(void)
{
    static const uint8_t expected[32] = {
        0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
        0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
        0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad,
    };
    struct span abc = span_text("abc");
    struct digest digest = digest_plain(&abc, 1);
    return memcmp(digest.bytes, expected, sizeof expected) == 0;
}

enum status crypto_start(struct problem *problem)
{
    if (sodium_init() < 0)
        return problem_set(problem, STATUS_CRYPTO, "libsodium cannot be initialised");
    if (!hash_works())
        return problem_set(problem, STATUS_CRYPTO, "OpenSSL computes a wrong SHA-256");
    return selftest_run(selftest_cases, selftest_cases_count, problem);
}
