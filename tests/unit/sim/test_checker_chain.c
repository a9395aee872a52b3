/* Decisions and blocks: one for each place, in order, and what the reference executor says. */
#include "checker_suite.h"

TestSuite(decisions, .init = suite_open_proposals, .fini = suite_close);
CHECKER_SUITE(blocks);

static void decide(uint16_t replica, const struct proposal *p)
{
    stand_decide(s, replica, p, span_of(NULL, 0));
}

/* ---- decisions ---- */

Test(decisions, the_same_in_order_everywhere)
{
    for (uint16_t n = 0; n < 4; n++) {
        decide(n, &a);
        decide(n, &b);
        decide(n, &c);
    }
    stand_expect(s, CHECK_NONE);
}

Test(decisions, two_at_one_index_are_found)
{
    decide(0, &a);
    a.batch = digest_letter('X');
    decide(1, &a);
    stand_expect(s, CHECK_AGREEMENT);
}

Test(decisions, but_not_of_those_who_are_not_honest)
{
    suite_doubting(4, 1u << 1, 0, 0);
    decide(0, &a);
    a.batch = digest_letter('X');
    decide(1, &a);
    stand_expect(s, CHECK_NONE);
}

Test(decisions, each_is_the_child_of_the_one_before)
{
    decide(0, &a);
    b.parent = digest_letter('x');
    decide(0, &b);
    stand_expect(s, CHECK_AGREEMENT);
}

Test(decisions, whichever_is_heard_of_first)
{
    b.parent = digest_letter('x');
    decide(1, &b);
    decide(0, &a);
    stand_expect(s, CHECK_AGREEMENT);
}

Test(decisions, none_is_left_out)
{
    decide(0, &a);
    decide(0, &c);
    stand_expect(s, CHECK_ORDER);
}

Test(decisions, none_comes_twice)
{
    decide(0, &a);
    decide(0, &a);
    stand_expect(s, CHECK_ORDER);
}

Test(decisions, a_fold_repeats_them_once)
{
    decide(0, &a);
    decide(0, &b);
    stand_fold(s, 0, VOTE, 1, 'a');
    decide(0, &a);
    decide(0, &b);
    decide(0, &c);
    stand_expect(s, CHECK_NONE);
    decide(0, &b);
    stand_expect(s, CHECK_ORDER);
}

Test(decisions, another_life_begins_anywhere)
{
    decide(0, &a);
    decide(0, &b);
    checker_crashed(s->checker, 0);
    checker_restored(s->checker, 0, false);
    decide(0, &b);
    decide(0, &c);
    stand_expect(s, CHECK_NONE);
}

Test(decisions, a_ledger_that_was_brought_up_may_be_ahead_of_them)
{
    decide(0, &a);
    struct execution e = execution_of(1, 'h');
    e.sequence = e.header.sequence = 2; /* out of a block from a peer */
    checker_executed(s->checker, 0, &e);
    decide(0, &c);
    stand_expect(s, CHECK_NONE);
}

Test(decisions, a_batch_is_stored_with_its_proposal)
{
    struct writer *w = stand_write(s);
    proposal_write(w, &a); /* names a batch 'A' */
    write_bytes32(w, span_of((const uint8_t *)"something else", 14));
    stand_append(s, 0, JOURNAL_PROPOSAL);
    stand_expect(s, CHECK_CERTIFICATE);
}

/* ---- blocks ---- */

Test(blocks, the_same_in_order_everywhere)
{
    for (uint16_t n = 0; n < 4; n++) {
        stand_execute(s, n, 1, 'h');
        stand_execute(s, n, 2, 'i');
    }
    stand_expect(s, CHECK_NONE);
    cr_assert_eq(checker_height(s->checker), 2);
}

Test(blocks, two_at_one_height_are_found)
{
    stand_execute(s, 0, 1, 'h');
    stand_execute(s, 1, 1, 'i');
    stand_expect(s, CHECK_AGREEMENT);
}

Test(blocks, each_has_the_one_before_as_its_parent)
{
    stand_execute(s, 0, 1, 'h');
    stand_execute(s, 0, 2, 'k');
    stand_expect(s, CHECK_AGREEMENT);
}

Test(blocks, no_height_is_left_out_or_comes_twice)
{
    for (uint64_t height = 1; height <= 3; height += 2) {
        suite_again(4, 2);
        stand_execute(s, 0, 1, 'h');
        stand_execute(s, 0, height, (char)('g' + height));
        stand_expect(s, CHECK_ORDER);
    }
}

Test(blocks, sequences_ascend_and_empty_ones_by_one)
{
    struct execution empty = { .kind = EXECUTION_EMPTY, .sequence = 1 };
    checker_executed(s->checker, 0, &empty);
    empty.sequence = 2;
    checker_executed(s->checker, 0, &empty);
    stand_expect(s, CHECK_NONE);
    empty.sequence = 4;
    checker_executed(s->checker, 0, &empty);
    stand_expect(s, CHECK_ORDER);
}

Test(blocks, a_ledger_falls_back_in_a_crash_and_comes_again)
{
    stand_execute(s, 0, 1, 'h');
    stand_execute(s, 0, 2, 'i');
    checker_crashed(s->checker, 0);
    checker_ledger_at(s->checker, 0, 1);
    stand_execute(s, 0, 2, 'i');
    checker_crashed(s->checker, 0);
    checker_ledger_at(s->checker, 0, 0);
    stand_execute(s, 0, 1, 'h');
    stand_expect(s, CHECK_NONE);
    stand_execute(s, 0, 2, 'j');
    stand_expect(s, CHECK_AGREEMENT);
}

/* Its ledger held a block when it died before it could say so. */
Test(blocks, one_may_be_ahead_of_what_was_told)
{
    stand_execute(s, 0, 1, 'h');
    checker_crashed(s->checker, 0);
    checker_ledger_at(s->checker, 0, 2);
    stand_execute(s, 0, 3, 'j');
    stand_expect(s, CHECK_NONE);
    cr_assert_eq(checker_height(s->checker), 1);
    stand_execute(s, 1, 1, 'h');
    stand_execute(s, 1, 2, 'i');
    stand_expect(s, CHECK_NONE);
    cr_assert_eq(checker_height(s->checker), 3);
}

Test(blocks, one_is_later_than_its_parent)
{
    struct execution e = execution_of(1, 'h');
    e.header.time_ms = s->genesis->time_ms;
    checker_executed(s->checker, 0, &e);
    stand_expect(s, CHECK_EXECUTION);
}
