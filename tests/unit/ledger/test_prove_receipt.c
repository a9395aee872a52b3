#include "tests/unit/ledger/prove_story.h"

TestSuite(prove_receipt, .init = open_prover, .fini = close_prover);

Test(prove_receipt, of_every_sealed_transaction)
{
    for (unsigned i = 0; i + 1 < story.id_count; i++) {
        const struct proof *proof = verified(prove_receipt(&prover, &story.ids[i], false));
        cr_assert_eq(proof->kind, PROOF_RECEIPT);
        cr_assert(digest_equal(&proof->receipt.entry.id, &story.ids[i]));
        cr_assert(!proof->receipt.later);
        cr_assert_gt(proof->receipt.transaction.size, 0);
        cr_assert_gt(proof->receipt.effects.size, 0);
        next_proof();
    }
}

Test(prove_receipt, of_one_that_failed)
{
    const struct proof *proof = verified(prove_receipt(&prover, &story.ids[1], false));
    cr_assert_eq(proof->receipt.entry.code, RESULT_insufficient_funds);
}

Test(prove_receipt, what_is_withheld_is_not_there)
{
    const struct proof *proof = verified(prove_receipt(&prover, &story.ids[0], true));
    cr_assert_eq(proof->receipt.transaction.size, 0);
    cr_assert_eq(proof->receipt.effects.size, 0);
    size_t without = writer_span(&proof_bytes).size;
    next_proof();
    verified(prove_receipt(&prover, &story.ids[0], false));
    cr_assert_gt(writer_span(&proof_bytes).size, without);
}

Test(prove_receipt, a_block_without_a_seal_is_covered_by_a_later_one)
{
    const struct digest *last = &story.ids[story.id_count - 1];
    cr_assert_eq(prove_receipt(&prover, last, false), STATUS_NO_QUORUM);
    cr_assert_eq(prover.unsealed, 7);
    for (unsigned i = 0; i < 4; i++) {
        story.f.tick = true;
        fixture_run(&story.f);
    }
    next_proof();
    cr_assert_eq(prove_receipt(&prover, last, false), STATUS_NO_QUORUM);
    story_seal(&story.f, 14);
    next_proof();
    const struct proof *proof = verified(prove_receipt(&prover, last, false));
    cr_assert(proof->receipt.later);
    cr_assert_eq(proof->receipt.header.height, 7);
    cr_assert_eq(proof->receipt.sealed.header.height, 11);
}

Test(prove_receipt, an_unknown_id_has_none)
{
    struct digest unknown = sample_digest("nobody", 1);
    cr_assert_eq(prove_receipt(&prover, &unknown, false), STATUS_NOT_FOUND);
}

Test(prove_receipt, an_edited_row_gives_no_receipt)
{
    static const char *const edits[] = {
        "UPDATE entry SET code = 5 WHERE position = (1 << 24)",
        "UPDATE entry SET effects = x'0000' WHERE position = (1 << 24)",
        "UPDATE entry SET leaf = zeroblob(32) WHERE position = (1 << 24) + 256",
        "DELETE FROM entry WHERE position = (1 << 24) + 256",
    };
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        close_prover();
        open_prover();
        edit_story(edits[i]);
        prover_init(&prover, reader);
        cr_assert_eq(prove_receipt(&prover, &story.ids[0], false), STATUS_DAMAGED, "%s", edits[i]);
    }
}
