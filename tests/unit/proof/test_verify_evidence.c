/* P9. Each check's failures are in cases.h. */
#include "tests/unit/proof/cases.h"

#include <criterion/criterion.h>

static struct story *open_story(struct verdict *verdict)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    verdict_init(verdict);
    return story_new();
}

Test(verify_evidence, names_the_validator_that_signed_twice)
{
    struct verdict verdict;
    struct story *s = open_story(&verdict);
    struct proof proof = evidence_proof(s, story_equivocation(s), 1);
    cr_assert_eq(proof_verify(story_file(s, &proof), s->genesis, NULL, &verdict), STATUS_OK);
    const struct validator *accused = &s->sets[1].validators[2];
    cr_expect(id_equal(&verdict.accused_id, &accused->id));
    cr_expect(id_equal(&verdict.accused_member, &accused->member));
    cr_expect(key_equal(&verdict.accused, &accused->seal_key));
    cr_expect_eq(verdict.sealed_count, 0);
    verdict_free(&verdict);
    story_free(s);
}

/* By quorums of different validators: those in both are at least 2q - n. */
Test(verify_evidence, names_who_signed_both_branches)
{
    struct verdict verdict;
    struct story *s = open_story(&verdict);
    struct proof proof = evidence_proof(s, story_fork(s), 2);
    cr_assert_eq(proof_verify(story_file(s, &proof), s->genesis, NULL, &verdict), STATUS_OK);
    cr_assert_eq(verdict.both_count, 4);
    struct span seal = story_seal(s, &proof.evidence.second.header, 2, 5);
    uint8_t *bytes = story_alter(s, &seal);
    memmove(bytes + SEAL_HEAD, bytes + SEAL_HEAD + SEAL_SIGNATURE_BYTES, 4 * SEAL_SIGNATURE_BYTES);
    bytes[SEAL_HEAD - 2] = 4;
    seal.size -= SEAL_SIGNATURE_BYTES;
    proof.evidence.second.seal = seal; /* validators 1 to 4 */
    cr_assert_eq(proof_verify(story_file(s, &proof), s->genesis, NULL, &verdict), STATUS_OK, "%s",
                 verdict.text);
    cr_assert_eq(verdict.both_count, 3);
    for (uint16_t i = 0; i < 3; i++)
        cr_expect_eq(verdict.both[i], i + 1);
    verdict_free(&verdict);
    story_free(s);
}

Test(verify_evidence, finds_a_fork_across_epochs)
{
    struct verdict verdict;
    struct story *s = open_story(&verdict);
    struct proof proof = story_proof(s, PROOF_EVIDENCE, 2);
    struct evidence_proof *evidence = &proof.evidence;
    struct digest hashes[STORY_BLOCKS];
    evidence->type = EVIDENCE_FORK;
    evidence->form = FORK_HISTORY;
    evidence->first = story_sealed(s, 2);
    evidence->first.header.state_root.bytes[0] ^= 1; /* sealed, but in no history */
    reseal(s, &evidence->first);
    evidence->first_epochs = story_epochs(s, 0);
    evidence->second = story_sealed(s, 9);
    story_hashes(s, 9, hashes);
    evidence->other = hashes[2];
    evidence->other_path = story_path(s, hashes, 9, 2);
    cr_assert_eq(proof_verify(story_file(s, &proof), s->genesis, NULL, &verdict), STATUS_OK, "%s",
                 verdict.text);
    cr_expect_eq(verdict.both_count, 0);
    cr_expect_eq(verdict.sealed_count, 2);
    verdict_free(&verdict);
    story_free(s);
}
