#include "tests/unit/proof/say_expect.h"

Test(say, tells_what_each_proof_shows)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    struct story *s = story_new();
    struct proof proof = story_anchor(s);
    EXPECT_WORDS(s, &proof, "block 0 of network proof-story", "4 validators, quorum 3");
    proof = seal_proof(s, 8);
    EXPECT_WORDS(s, &proof, "height 8", "sealed by 4 of 5 validators of epoch 2");
    proof = story_proof(s, PROOF_EPOCHS, 2);
    EXPECT_WORDS(s, &proof, "epochs 0 to 2", "epoch 1 ended with block 6");
    proof = story_proof(s, PROOF_EPOCHS, 0);
    EXPECT_WORDS(s, &proof, "epoch 0 has the validators of the genesis");
    proof = consistency_proof(s, 2, 9);
    EXPECT_WORDS(s, &proof, "up to block 9 extends that up to block 2");
    proof = statement_proof(s);
    EXPECT_WORDS(s, &proof, "these 2 lines are all movements", "from 103.00 EUR to 105.00 EUR");
    proof = unsent_proof(s, true);
    EXPECT_WORDS(s, &proof, "was in no block up to 8 and can be in none after");
    proof = lane_other_proof(s, 1);
    EXPECT_WORDS(s, &proof, "never executed and never will be");
    proof = evidence_proof(s, story_equivocation(s), 1);
    EXPECT_WORDS(s, &proof, "signed two blocks at height 5 in epoch 1");
    proof = evidence_proof(s, story_fork(s), 2);
    EXPECT_WORDS(s, &proof, "contradict each other", "validators 0, 1, 2, 3 of epoch 2");
    story_free(s);
}

Test(say, tells_what_an_entry_did)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    struct story *s = story_new();
    struct proof proof = receipt_proof(s, 1, 0);
    EXPECT_WORDS(s, &proof, "executed with result ok at height 1", "position 1.0.0",
                 "2026-01-01T00:00:01.000Z");
    cr_expect(strstr(report, "VERIFIED    transferred 5.00 EUR from "), "%s", report);
    cr_expect(strstr(report, ", entry 0 of 3\n"), "%s", report);
    cr_expect(
        strstr(report, "seal        0 epochs from genesis; 3 of 4 signatures valid (quorum 3)"),
        "%s", report);
    proof = receipt_proof(s, 1, 2);
    EXPECT_WORDS(s, &proof, "result insufficient_funds of operation 0");
    cr_expect_null(strstr(report, "transferred"));
    proof = receipt_proof(s, 3, 0);
    EXPECT_WORDS(s, &proof, "the enactment of a proposal");
    proof = later_proof(s, 1, 1, 9);
    EXPECT_WORDS(s, &proof, "in the history of block 9");
    story_free(s);
}

Test(say, names_the_check_that_failed)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    struct story *s = story_new();
    struct verdict verdict;
    struct proof proof = receipt_proof(s, 1, 0);
    proof.receipt.index = 1;
    verdict_init(&verdict);
    cr_assert_eq(proof_verify(story_file(s, &proof), s->genesis, NULL, &verdict), STATUS_REFUSED);
    proof_sentence(&verdict, s->genesis, sentence);
    cr_expect_str_eq(sentence, "P3.5 path: the receipt: it is not entry 1 of the 3 of block 1");
    proof_report(&verdict, s->genesis, report);
    cr_expect(strncmp(report, "REFUSED     P3.5 path: ", 23) == 0, "%s", report);
    json_t *json = proof_verdict_json(&verdict, s->genesis);
    cr_expect(json_is_false(json_object_get(json, "verified")));
    cr_expect_str_eq(json_string_value(json_object_get(json, "check")), "P3.5");
    cr_expect_str_eq(json_string_value(json_object_get(json, "word")), "path");
    json_decref(json);
    verdict_free(&verdict);
    story_free(s);
}

Test(say, warns_of_the_crash_model)
{
    struct cases c = { .emit = NULL };
    struct verdict verdict;
    struct proof_policy policy = { .allow_crash = true };
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    cases_open(&c);
    struct proof proof = crash_proof(&c);
    verdict_init(&verdict);
    cr_assert_eq(proof_verify(story_file(c.s, &proof), c.crash, &policy, &verdict), STATUS_OK);
    proof_sentence(&verdict, c.crash, sentence);
    cr_expect(strstr(sentence, "valid only if no validator lied"), "%s", sentence);
    verdict_free(&verdict);
    cases_close(&c);
}
