/* The verdict: every case has the one that it must have; what it establishes is what the story is.
 */
#include "tests/unit/proof/cases.h"

#include <criterion/criterion.h>

static void expect_verdict(void *context, const struct proof_case *item)
{
    struct verdict verdict;
    verdict_init(&verdict);
    enum status status = case_verify(context, item, &verdict);
    const char *found = status == STATUS_OK ? "verified" : proof_check_name(verdict.check);
    cr_expect_str_eq(found, item->expect, "%s is %s: %s", item->name, found, verdict.text);
    cr_expect_eq(status == STATUS_OK, verdict.check == CHECK_NONE);
    cr_expect_eq(verdict.text[0] != '\0', status != STATUS_OK, "%s", item->name);
    if (status != STATUS_OK) cr_expect_eq(verdict.seen.height, 0, "%s", item->name);
    verdict_free(&verdict);
}

Test(verify, gives_every_case_its_verdict)
{
    struct cases c = { .emit = expect_verdict, .context = &c };
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    cases_open(&c);
    emit_good(&c);
    emit_bad(&c);
    cases_close(&c);
}

Test(verify, establishes_what_a_receipt_says)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    struct story *s = story_new();
    struct verdict verdict;
    struct proof proof = later_proof(s, 1, 1, 9);
    verdict_init(&verdict);
    cr_assert_eq(proof_verify(story_file(s, &proof), s->genesis, NULL, &verdict), STATUS_OK);
    cr_assert_eq(verdict.sealed_count, 1);
    cr_expect_eq(verdict.sealed[0].height, 9);
    cr_expect_eq(verdict.sealed[0].epoch, 2);
    cr_expect_eq(verdict.sealed[0].signatures, 4);
    cr_expect_eq(verdict.sealed[0].validators, 5);
    cr_expect_eq(verdict.sealed[0].quorum, 4);
    cr_expect(digest_equal(&verdict.sealed[0].hash, &s->blocks[9].hash));
    cr_expect_eq(verdict.epochs, 2);
    cr_expect_not(verdict.crash);
    cr_expect_eq(receipt_header(&verdict.proof.receipt)->height, 1);
    verdict_free(&verdict);
    story_free(s);
}

Test(verify, remembers_the_highest_block_and_the_ends_before_it)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    struct story *s = story_new();
    struct verdict verdict;
    struct proof proof = consistency_proof(s, 2, 9);
    verdict_init(&verdict);
    cr_assert_eq(proof_verify(story_file(s, &proof), s->genesis, NULL, &verdict), STATUS_OK);
    cr_expect_eq(verdict.seen.height, 9);
    cr_expect_eq(verdict.seen.epoch, 2);
    cr_assert_eq(verdict.seen.boundary_count, 2);
    cr_expect_eq(verdict.seen.boundaries[0].height, 3);
    cr_expect(digest_equal(&verdict.seen.boundaries[1].hash, &s->blocks[6].hash));
    proof = story_proof(s, PROOF_EPOCHS, 2);
    cr_assert_eq(proof_verify(story_file(s, &proof), s->genesis, NULL, &verdict), STATUS_OK);
    cr_expect_eq(verdict.seen.height, 6);
    cr_expect_eq(verdict.seen.epoch, 1);
    cr_expect_eq(verdict.seen.boundary_count, 1);
    proof = evidence_proof(s, story_fork(s), 2);
    cr_assert_eq(proof_verify(story_file(s, &proof), s->genesis, NULL, &verdict), STATUS_OK);
    cr_expect_eq(verdict.seen.height, 0);
    verdict_free(&verdict);
    story_free(s);
}

Test(verify, wants_the_genesis_of_the_chain)
{
    struct cases c = { .emit = NULL };
    struct verdict verdict;
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    cases_open(&c);
    struct proof proof = receipt_proof(c.s, 1, 0);
    verdict_init(&verdict);
    cr_expect_eq(proof_verify(story_file(c.s, &proof), c.crash, NULL, &verdict), STATUS_REFUSED);
    cr_expect_eq(verdict.check, CHECK_CHAIN);
    verdict_free(&verdict);
    cases_close(&c);
}
