/* Proofs of decisions, and seals: what holds, and everything that does not. */
#include "checker_suite.h"

TestSuite(proofs, .init = suite_open_proposals, .fini = suite_close);
CHECKER_SUITE(seals);

Test(proofs, a_quorum_of_commit_votes_decides)
{
    stand_decide_on(s, 1, &a, 1, NULL, COMMIT_VOTE, 3);
    stand_decide_on(s, 2, &a, 1, NULL, COMMIT_VOTE, 3); /* remembered */
    stand_expect(s, CHECK_NONE);
}

Test(proofs, so_does_a_certificate_of_the_child)
{
    stand_decide_on(s, 1, &a, 2, &b, VOTE, 3);
    stand_expect(s, CHECK_NONE);
}

Test(proofs, and_in_three_phases_of_the_grandchild)
{
    struct proposal headers[2];
    suite_again(4, 3);
    headers[0] = b;
    headers[1] = c;
    stand_decide_on(s, 1, &a, 3, headers, VOTE, 3);
    stand_expect(s, CHECK_NONE);
}

Test(proofs, an_empty_proof_waits_for_a_later_one)
{
    stand_decide(s, 1, &a, span_of(NULL, 0));
    stand_decide_on(s, 1, &b, 1, NULL, COMMIT_VOTE, 3);
    stand_expect(s, CHECK_NONE);
}

Test(proofs, two_signers_of_four_are_too_few)
{
    stand_decide_on(s, 1, &a, 1, NULL, COMMIT_VOTE, 2);
    stand_expect(s, CHECK_CERTIFICATE);
}

Test(proofs, three_signers_of_six_are_too_few_though_they_are_2f_plus_1)
{
    suite_again(6, 2);
    stand_decide_on(s, 1, &a, 1, NULL, COMMIT_VOTE, 3);
    stand_expect(s, CHECK_CERTIFICATE);
}

Test(proofs, votes_are_no_commit_votes)
{
    stand_decide_on(s, 1, &a, 1, NULL, VOTE, 3);
    stand_expect(s, CHECK_CERTIFICATE);
}

Test(proofs, the_child_must_be_of_the_very_next_view)
{
    b.view++;
    stand_decide_on(s, 1, &a, 2, &b, VOTE, 3);
    stand_expect(s, CHECK_CERTIFICATE);
}

Test(proofs, the_child_must_be_a_child)
{
    b.parent = digest_letter('x');
    stand_decide_on(s, 1, &a, 2, &b, VOTE, 3);
    stand_expect(s, CHECK_CERTIFICATE);
}

Test(proofs, two_in_a_row_decide_nothing_in_three_phases)
{
    suite_again(4, 3);
    stand_decide_on(s, 1, &a, 2, &b, VOTE, 3);
    stand_expect(s, CHECK_CERTIFICATE);
}

Test(proofs, nor_do_three_with_a_gap)
{
    struct proposal headers[2];
    suite_again(4, 3);
    c.view++;
    headers[0] = b;
    headers[1] = c;
    stand_decide_on(s, 1, &a, 3, headers, VOTE, 3);
    stand_expect(s, CHECK_CERTIFICATE);
}

/* Every bit of a proof counts: with any flipped it does not hold. */
Test(proofs, no_byte_may_be_another)
{
    static struct certificate certificate;
    uint8_t proof[512];
    struct writer w;
    struct statement statement = statement_on(COMMIT_VOTE, &a);
    stand_certify(s, &statement, 3, &certificate);
    writer_init_fixed(&w, proof, sizeof proof);
    write_u8(&w, 1);
    certificate_write(&w, &certificate);
    size_t size = writer_span(&w).size;
    for (size_t at = 0; at < size; at++) {
        suite_again(4, 2);
        proof[at] ^= 0x20;
        stand_decide(s, 1, &a, span_of(proof, size));
        stand_expect(s, CHECK_CERTIFICATE);
        proof[at] ^= 0x20;
    }
    for (size_t cut = 1; cut < size; cut += 7) {
        suite_again(4, 2);
        stand_decide(s, 1, &a, span_of(proof, size - cut));
        stand_expect(s, CHECK_CERTIFICATE);
    }
}

/* ---- seals ---- */

Test(seals, a_quorum_seals)
{
    stand_execute(s, 1, 1, 'h');
    checker_sealed(s->checker, 1, seal_of(s, 1, 'h', 0, 3));
    checker_sealed(s->checker, 2, seal_of(s, 1, 'h', 1, 3));
    stand_expect(s, CHECK_NONE);
}

Test(seals, fewer_do_not)
{
    checker_sealed(s->checker, 1, seal_of(s, 1, 'h', 0, 2));
    stand_expect(s, CHECK_SEAL);
}

Test(seals, one_signer_counts_once)
{
    struct seal *seal = seal_of(s, 1, 'h', 0, 3);
    seal->signatures[2] = seal->signatures[1];
    checker_sealed(s->checker, 1, seal);
    stand_expect(s, CHECK_SEAL);
}

Test(seals, a_strangers_signature_is_none)
{
    struct seal *seal = seal_of(s, 1, 'h', 0, 3);
    seal->signatures[2].validator = 4;
    checker_sealed(s->checker, 1, seal);
    stand_expect(s, CHECK_SEAL);
}

Test(seals, a_signature_that_was_right_once_is_checked_for_each_member)
{
    checker_sealed(s->checker, 1, seal_of(s, 1, 'h', 0, 3));
    struct seal *seal = seal_of(s, 1, 'h', 0, 3);
    seal->signatures[2].validator = 3; /* the signature is of another */
    checker_sealed(s->checker, 1, seal);
    stand_expect(s, CHECK_SEAL);
}

Test(seals, two_at_one_height_are_found)
{
    checker_sealed(s->checker, 1, seal_of(s, 1, 'h', 0, 3));
    checker_sealed(s->checker, 2, seal_of(s, 1, 'i', 1, 3));
    stand_expect(s, CHECK_SEAL);
}

Test(seals, a_block_that_is_not_what_was_sealed_is_found)
{
    checker_sealed(s->checker, 1, seal_of(s, 1, 'h', 0, 3));
    stand_execute(s, 2, 1, 'i');
    stand_expect(s, CHECK_SEAL);
}
