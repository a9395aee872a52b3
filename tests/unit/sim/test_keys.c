#include "tests/sim/keys.h"

#include <criterion/criterion.h>

static struct secret_key secret, other_secret;
static struct public_key key, other_key;
static const char statement[] = "a statement";

static void start(void)
{
    struct problem problem;
    cr_assert_eq(crypto_start(&problem), STATUS_OK, "%s", problem.text);
    key_from_seed((const uint8_t[32]){ 1 }, &secret, &key);
    key_from_seed((const uint8_t[32]){ 2 }, &other_secret, &other_key);
}

TestSuite(keys, .init = start);

static bool verifies(const struct signature *signature)
{
    return key_verify(&key, TAG_ENGINE, span_text(statement), signature);
}

Test(keys, a_program_starts_with_ed25519)
{
    struct signature signature;
    uint8_t seed[32] = { 0 };
    key_sign(&secret, TAG_ENGINE, span_text(statement), &signature);
    cr_assert(verifies(&signature));
    cr_assert_lt(signature.bytes[63], 0x20, "S is below the group's order");
    /* The first test vector of RFC 8032 is over the empty message, ours over a tag: so compare with
     * what the library itself says. */
    key_from_seed(seed, &secret, &key);
    cr_assert_not(verifies(&signature));
}

Test(keys, a_mac_is_valid_for_its_key_tag_and_statement_alone)
{
    struct signature signature, again;
    keys_use_mac(true);
    key_sign(&secret, TAG_ENGINE, span_text(statement), &signature);
    key_sign(&secret, TAG_ENGINE, span_text(statement), &again);
    cr_assert_arr_eq(signature.bytes, again.bytes, sizeof signature.bytes);
    cr_assert(verifies(&signature));
    cr_assert_not(key_verify(&other_key, TAG_ENGINE, span_text(statement), &signature));
    cr_assert_not(key_verify(&key, TAG_SEAL, span_text(statement), &signature));
    cr_assert_not(key_verify(&key, TAG_ENGINE, span_text("a statement."), &signature));
    cr_assert_not(key_verify(&key, TAG_ENGINE, span_text("a statemenT"), &signature));
    cr_assert_not(key_verify(&key, TAG_ENGINE, span_of("", 0), &signature));
}

Test(keys, every_bit_of_a_mac_matters)
{
    struct signature signature;
    keys_use_mac(true);
    key_sign(&secret, TAG_ENGINE, span_text(statement), &signature);
    for (size_t bit = 0; bit < 8 * sizeof signature.bytes; bit++) {
        signature.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_assert_not(verifies(&signature), "bit %zu", bit);
        signature.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    cr_assert(verifies(&signature));
}

Test(keys, every_bit_of_the_key_matters_to_a_mac)
{
    struct signature signature;
    keys_use_mac(true);
    key_sign(&secret, TAG_ENGINE, span_text(statement), &signature);
    for (size_t bit = 0; bit < 8 * sizeof key.bytes; bit++) {
        key.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_assert_not(verifies(&signature), "bit %zu", bit);
        key.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

Test(keys, neither_kind_passes_for_the_other)
{
    struct signature real, mac;
    key_sign(&secret, TAG_ENGINE, span_text(statement), &real);
    keys_use_mac(true);
    key_sign(&secret, TAG_ENGINE, span_text(statement), &mac);
    cr_assert_not(verifies(&real));
    keys_use_mac(false);
    cr_assert_not(verifies(&mac));
    cr_assert(verifies(&real));
}

/* What held once is remembered: nothing that differs from it in a bit may profit. */
Test(keys, only_the_very_same_is_remembered_as_verified)
{
    uint8_t bytes[] = "a statement";
    struct span changed = span_of(bytes, strlen(statement));
    struct signature signature;
    key_sign(&secret, TAG_ENGINE, span_text(statement), &signature);
    cr_assert(verifies(&signature));
    for (size_t bit = 0; bit < 8 * sizeof signature.bytes; bit++) {
        signature.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_assert_not(verifies(&signature), "bit %zu", bit);
        signature.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t bit = 0; bit < 8 * changed.size; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_assert_not(key_verify(&key, TAG_ENGINE, changed, &signature), "bit %zu", bit);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    cr_assert_not(key_verify(&other_key, TAG_ENGINE, changed, &signature));
    cr_assert_not(key_verify(&key, TAG_SEAL, changed, &signature));
    changed.size--;
    cr_assert_not(key_verify(&key, TAG_ENGINE, changed, &signature));
    changed.size = 0;
    cr_assert_not(key_verify(&key, TAG_ENGINE, changed, &signature));
    cr_assert(verifies(&signature), "and the one itself still holds");
}

/* Of statements that are too long for that nothing is kept. */
Test(keys, a_long_statement_is_verified_each_time)
{
    static uint8_t longer[161];
    struct signature signature;
    key_sign(&secret, TAG_HELLO, span_of(longer, sizeof longer), &signature);
    for (int i = 0; i < 2; i++)
        cr_assert(key_verify(&key, TAG_HELLO, span_of(longer, sizeof longer), &signature));
    longer[160] = 1;
    cr_assert_not(key_verify(&key, TAG_HELLO, span_of(longer, sizeof longer), &signature));
}

/* So that a run on one machine can be replayed on another. */
Test(keys, a_mac_is_the_same_everywhere)
{
    struct signature signature;
    keys_use_mac(true);
    key_sign(&secret, TAG_GENESIS, span_text(statement), &signature);
    char text[129];
    hex_encode(span_of(signature.bytes, sizeof signature.bytes), text);
    cr_assert_str_eq(text, "4c358161ab561e46da8bf109c691894979af79d0a9bf4cb42d83d10b500aecb3ec1fd01"
                           "4a4ccacf5aba25be34389e1dd17dcc2018519d23d0f92fb92c69e82de");
}

Test(keys, the_longest_and_the_empty_statement)
{
    static const uint8_t longest[1280];
    struct signature signature;
    keys_use_mac(true);
    key_sign(&secret, TAG_HELLO, span_of(longest, sizeof longest), &signature);
    cr_assert(key_verify(&key, TAG_HELLO, span_of(longest, sizeof longest), &signature));
    cr_assert_not(key_verify(&key, TAG_HELLO, span_of(longest, sizeof longest - 1), &signature));
    key_sign(&secret, TAG_HELLO, span_of(NULL, 0), &signature);
    cr_assert(key_verify(&key, TAG_HELLO, span_of(NULL, 0), &signature));
}

/* Remembered or computed, the answer is the same; also when two keys share a place. */
Test(keys, what_is_remembered_of_keys_is_true)
{
    struct public_key bad = key; /* Every second such point is not on the curve. */
    while (key_valid(&bad))
        bad.bytes[30]++;
    for (int i = 0; i < 3; i++) {
        cr_assert(key_valid(&key));
        cr_assert_not(key_valid(&bad), "the same place as the valid one");
        cr_assert(key_valid(&other_key));
    }
    struct public_key zero = { { 0 } };
    cr_assert_not(key_valid(&zero), "also before anything is remembered there");
    cr_assert_not(key_valid(&zero));
}
