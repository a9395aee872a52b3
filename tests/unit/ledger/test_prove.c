#include "tests/unit/ledger/prove_story.h"

TestSuite(prove, .init = open_prover, .fini = close_prover);

Test(prove, every_sealed_block_has_its_proof)
{
    for (uint64_t height = 1; height <= STORY_SEALED; height++) {
        const struct proof *proof = verified(prove_seal(&prover, height));
        cr_assert_eq(proof->kind, PROOF_SEAL);
        cr_assert_eq(verdict.sealed[0].height, height);
        cr_assert_eq(verdict.sealed[0].signatures, height == 3 ? 4 : 3);
        next_proof();
    }
}

Test(prove, a_block_without_a_quorum_says_how_many_have_signed)
{
    cr_assert_eq(prove_seal(&prover, 7), STATUS_NO_QUORUM);
    cr_assert_eq(prover.unsealed, 7);
    cr_assert_eq(prover.signed_by, 1);
    cr_assert_eq(prover.quorum, 3);
    next_proof();
    cr_assert_eq(prove_seal(&prover, 0), STATUS_NO_QUORUM);
    cr_assert_eq(prover.unsealed, 0);
    next_proof();
    cr_assert_eq(prove_seal(&prover, 8), STATUS_NOT_FOUND);
}

Test(prove, the_chain_of_the_first_epoch_is_empty)
{
    const struct proof *proof = verified(prove_epochs(&prover, 0));
    cr_assert_eq(proof->kind, PROOF_EPOCHS);
    cr_assert_eq(proof->epochs.count, 0);
    next_proof();
    cr_assert_eq(prove_epochs(&prover, 1), STATUS_NOT_FOUND);
}

Test(prove, each_sealed_history_continues_each_before)
{
    for (uint64_t to = 2; to <= STORY_SEALED; to++)
        for (uint64_t from = 1; from < to; from++) {
            verified(prove_history(&prover, from, to));
            cr_assert_eq(verdict.sealed[0].height, from);
            cr_assert_eq(verdict.sealed[1].height, to);
            next_proof();
        }
    cr_assert_eq(prove_history(&prover, 1, 7), STATUS_NO_QUORUM);
    next_proof();
    cr_assert_eq(prove_history(&prover, 1, 8), STATUS_NOT_FOUND);
}

Test(prove, a_seal_that_was_edited_is_not_verified)
{
    edit_story("UPDATE seal SET signature = zeroblob(64) WHERE height = 2 AND validator = 1");
    prover_init(&prover, reader);
    cr_assert_eq(prove_seal(&prover, 2), STATUS_OK);
    proof_write(&proof_bytes, &prover.proof);
    cr_assert_eq(proof_verify(writer_span(&proof_bytes), story.f.genesis, NULL, &verdict),
                 STATUS_REFUSED);
    cr_assert_eq(verdict.check, CHECK_P1_SIGNATURE);
}
