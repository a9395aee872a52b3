#include "tests/unit/proof/say_expect.h"

Test(say_state, tells_what_an_object_was)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    struct story *s = story_new();
    struct proof proof = state_proof(s, story_balance_state(s, 8, &s->alice));
    EXPECT_WORDS(s, &proof, "the posted balance of acc1", "in EUR was 105.00 EUR after block 8");
    proof = state_proof(s, story_key_state(s, 8, &s->alice, "x"));
    EXPECT_WORDS(s, &proof, "record \"x\" of acc1", "at version 5.1.0, 1 byte with value hash");
    proof = state_proof(s, story_key_state(s, 8, &s->alice, "y"));
    EXPECT_WORDS(s, &proof, "record \"y\" of acc1", "did not exist after block 8");
    proof = state_proof(s, story_state(s, 8, RECORD_ACCOUNT, span_of(s->alice.bytes, 16), 0));
    EXPECT_WORDS(s, &proof, "account acc1", "at version 0.0.1 with 1 signer and 1 balance");
    proof = state_proof(s, story_state(s, 8, RECORD_ASSET, span_of(s->euro.bytes, 16), 0));
    EXPECT_WORDS(s, &proof, "asset ast1", "supply 10100.00 EUR");
    proof = state_proof(s, story_state(s, 8, RECORD_GOVERNANCE, span_text("\3"), 0));
    EXPECT_WORDS(s, &proof, "the record of the validator set was 324 bytes");
    proof = state_proof(s, lane_proof(s, &s->treasury, 7, 5).absence.state);
    EXPECT_WORDS(s, &proof, "lane 7 of acc1", "at next number 2");
    proof = state_proof(s, same_reference_proof(s).absence.state);
    EXPECT_WORDS(s, &proof, "reference ", "used by transaction");
    proof = state_proof(s, unsent_proof(s, false).absence.state);
    EXPECT_WORDS(s, &proof, "was not used, with a not_after of 2026");
    proof = balance_between(s);
    EXPECT_WORDS(s, &proof, "103.00 EUR after blocks 4 to 4");
    proof = x_between(s);
    EXPECT_WORDS(s, &proof, "at version 1.1.0", "after blocks 1 to 4");
    proof = x_since(s);
    EXPECT_WORDS(s, &proof, "at version 5.1.0", "after blocks 5 to 8");
    story_free(s);
}

Test(say_state, shows_amounts_with_the_scale_of_the_asset)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    struct story *s = story_new();
    struct proof proof = state_proof(s, story_balance_state(s, 8, &s->alice));
    uint8_t bytes[BALANCE_VALUE_BYTES];
    struct balance balance = { .posted = -1205, .held_out = 7, .floor = -200000 };
    proof.state.value = span_of(bytes, balance_encode(&balance, bytes));
    lonely_state(s, &proof.state);
    EXPECT_WORDS(s, &proof, "was -12.05 EUR, 0.07 EUR of it reserved, its floor -2000.00 EUR");
    s->genesis->assets[0].id.bytes[0] ^= 1; /* an asset that the genesis does not know */
    EXPECT_WORDS(s, &proof, "was -1205 minor units of ast1");
    story_free(s);
}
