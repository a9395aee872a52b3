#include "crypto/key.h"

#include <criterion/criterion.h>
#include <signal.h>

static void start(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
}

TestSuite(key, .init = start);

Test(key, a_seed_gives_the_same_pair_for_ever)
{
    static const uint8_t seed[32] = {
        0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a,
        0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32,
        0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
    }; /* RFC 8032, 7.1, test 1 */
    struct secret_key secret;
    struct public_key key;
    struct public_key again;
    char hex[65];
    key_from_seed(seed, &secret, &key);
    hex_encode(span_of(key.bytes, 32), hex);
    cr_assert_str_eq(hex, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    cr_assert_arr_eq(secret.bytes, seed, 32);
    key_public(&secret, &again);
    cr_assert(key_equal(&key, &again));
}

Test(key, generated_keys_are_valid_and_differ)
{
    struct secret_key secret;
    struct public_key a;
    struct public_key b;
    key_generate(&secret, &a);
    key_generate(&secret, &b);
    cr_assert(key_valid(&a));
    cr_assert(key_valid(&b));
    cr_assert_not(key_equal(&a, &b));
    cr_assert_neq(key_compare(&a, &b), 0);
    cr_assert_eq(key_compare(&a, &a), 0);
}

Test(key, a_signature_is_for_one_key_tag_and_statement)
{
    struct secret_key secret;
    struct public_key key;
    struct public_key other;
    struct signature signature;
    key_generate(&secret, &other);
    key_generate(&secret, &key);
    key_sign(&secret, TAG_SEAL, span_text("statement"), &signature);
    cr_assert(key_verify(&key, TAG_SEAL, span_text("statement"), &signature));
    cr_assert_not(key_verify(&other, TAG_SEAL, span_text("statement"), &signature));
    cr_assert_not(key_verify(&key, TAG_ENGINE, span_text("statement"), &signature));
    cr_assert_not(key_verify(&key, TAG_SEAL, span_text("statemenu"), &signature));
    cr_assert_not(key_verify(&key, TAG_SEAL, span_text("statemen"), &signature));
    cr_assert_not(key_verify(&key, TAG_SEAL, span_of(NULL, 0), &signature));
    for (size_t bit = 0; bit < 512; bit++) {
        struct signature wrong = signature;
        wrong.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        cr_assert_not(key_verify(&key, TAG_SEAL, span_text("statement"), &wrong), "bit %zu", bit);
    }
}

Test(key, signing_is_deterministic)
{
    struct secret_key secret;
    struct public_key key;
    struct signature a;
    struct signature b;
    key_generate(&secret, &key);
    key_sign(&secret, TAG_ENGINE, span_text("same"), &a);
    key_sign(&secret, TAG_ENGINE, span_text("same"), &b);
    cr_assert_arr_eq(a.bytes, b.bytes, 64);
}

Test(key, statements_from_nothing_to_the_longest)
{
    static uint8_t bytes[1024]; /* as long as the largest frame that is signed, the hello */
    struct secret_key secret;
    struct public_key key;
    struct signature signature;
    key_generate(&secret, &key);
    for (size_t size = 0; size <= sizeof bytes; size += 64) {
        key_sign(&secret, TAG_TRANSACTION_SIGNATURE, span_of(bytes, size), &signature);
        cr_assert(key_verify(&key, TAG_TRANSACTION_SIGNATURE, span_of(bytes, size), &signature));
    }
}

Test(key, a_statement_longer_than_any_of_ours_is_a_bug, .signal = SIGABRT)
{
    static uint8_t bytes[4096];
    struct secret_key secret;
    struct public_key key;
    struct signature signature;
    key_generate(&secret, &key);
    key_sign(&secret, TAG_SEAL, span_of(bytes, sizeof bytes), &signature);
}

Test(key, zeros_are_no_key)
{
    struct public_key zero = { { 0 } };
    struct signature signature = { { 0 } };
    cr_assert_not(key_valid(&zero));
    cr_assert_not(key_verify(&zero, TAG_SEAL, span_text("x"), &signature));
}

Test(key, wiped_keys_are_zero)
{
    struct secret_key secret;
    struct public_key key;
    static const struct secret_key zero;
    key_generate(&secret, &key);
    key_wipe(&secret);
    cr_assert_arr_eq(secret.bytes, zero.bytes, sizeof zero.bytes);
}

Test(key, random_bytes_fill_all_and_do_not_repeat)
{
    uint8_t a[40] = { 0 };
    uint8_t b[40] = { 0 };
    random_bytes(a, 32);
    random_bytes(b, 32);
    cr_assert_neq(memcmp(a, b, 32), 0);
    cr_assert_eq(memcmp(a + 32, b + 32, 8), 0, "and no more than asked for");
}
