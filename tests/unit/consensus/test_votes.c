#include "consensus/votes.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { MEMBERS = 4 };

static struct votes votes;
static void *memory;

static void setup(void)
{
    memory = calloc(1, votes_size(MEMBERS));
    cr_assert_not_null(memory);
    votes_init(&votes, memory, MEMBERS);
    votes_advance(&votes, 1);
}

static void teardown(void)
{
    free(memory);
}

static struct statement statement_of(uint8_t kind, uint64_t view, uint8_t digest)
{
    struct statement statement = { .kind = kind, .index = 7, .view = view };
    statement.digest.bytes[0] = digest;
    return statement;
}

static enum vote_news add(uint16_t from, struct statement statement)
{
    struct signature signature = { { (uint8_t)(from + 1) } };
    return votes_add(&votes, from, &statement, &signature);
}

Test(votes, counts_each_member_once, .init = setup, .fini = teardown)
{
    struct statement vote = statement_of(2, 3, 9);
    cr_expect_eq(add(0, vote), VOTE_COUNTED);
    cr_expect_eq(add(0, vote), VOTE_REPEATED);
    cr_expect_eq(add(3, vote), VOTE_COUNTED);
    cr_expect_eq(votes_count(&votes, &vote), 2);
}

Test(votes, first_statement_wins, .init = setup, .fini = teardown)
{
    struct statement first = statement_of(2, 3, 9);
    struct statement second = statement_of(2, 3, 8);
    struct statement other_index = first;
    other_index.index = 8;
    cr_expect_eq(add(1, first), VOTE_COUNTED);
    cr_expect_eq(add(1, second), VOTE_CONTRADICTION);
    cr_expect_eq(add(1, other_index), VOTE_CONTRADICTION);
    cr_expect_eq(votes_count(&votes, &first), 1);
    cr_expect_eq(votes_count(&votes, &second), 0);
}

Test(votes, another_aux_is_a_contradiction_but_counts_together, .init = setup, .fini = teardown)
{
    struct statement low = statement_of(4, 3, 0);
    struct statement high = low;
    high.aux = 2;
    cr_expect_eq(add(0, low), VOTE_COUNTED);
    cr_expect_eq(add(0, high), VOTE_CONTRADICTION);
    cr_expect_eq(add(1, high), VOTE_COUNTED);
    cr_expect_eq(votes_count(&votes, &low), 2);
}

Test(votes, kinds_and_views_are_apart, .init = setup, .fini = teardown)
{
    struct statement vote = statement_of(2, 3, 9);
    struct statement commit = statement_of(3, 3, 8);
    struct statement later = statement_of(2, 4, 7);
    cr_expect_eq(add(0, vote), VOTE_COUNTED);
    cr_expect_eq(add(0, commit), VOTE_COUNTED);
    cr_expect_eq(add(0, later), VOTE_COUNTED);
    cr_expect_eq(votes_count(&votes, &vote), 1);
}

Test(votes, liars_cannot_push_out_honest_votes, .init = setup, .fini = teardown)
{
    struct statement vote = statement_of(2, 3, 9);
    for (uint8_t junk = 10; junk < 200; junk++)
        add(0, statement_of(2, 3, junk));
    cr_expect_eq(add(1, vote), VOTE_COUNTED);
    cr_expect_eq(add(2, vote), VOTE_COUNTED);
    cr_expect_eq(add(3, vote), VOTE_COUNTED);
    cr_expect_eq(votes_count(&votes, &vote), 3);
}

Test(votes, window_moves_and_forgets, .init = setup, .fini = teardown)
{
    votes_advance(&votes, 100);
    cr_expect_eq(add(0, statement_of(2, 0, 1)), VOTE_OUTSIDE);
    cr_expect_eq(add(0, statement_of(2, 100 + VOTES_AHEAD + 1, 1)), VOTE_OUTSIDE);
    cr_expect_eq(add(0, statement_of(2, UINT64_MAX, 1)), VOTE_OUTSIDE);
    uint64_t lowest = 100 + VOTES_AHEAD - VOTES_VIEWS + 1;
    cr_expect_eq(add(0, statement_of(2, lowest - 1, 1)), VOTE_OUTSIDE);
    for (uint64_t view = lowest; view <= 100 + VOTES_AHEAD; view++)
        cr_expect_eq(add(0, statement_of(2, view, 1)), VOTE_COUNTED);

    struct statement oldest = statement_of(2, lowest, 1);
    cr_expect_eq(votes_count(&votes, &oldest), 1);
    votes_advance(&votes, 101);
    cr_expect_eq(add(1, oldest), VOTE_OUTSIDE);
    struct statement newest = statement_of(2, 101 + VOTES_AHEAD, 1);
    cr_expect_eq(add(1, newest), VOTE_COUNTED);
    cr_expect_eq(votes_count(&votes, &newest), 1, "the old box of the slot is empty again");
    cr_expect_eq(votes_count(&votes, &oldest), 0);
}

Test(votes, window_never_moves_back, .init = setup, .fini = teardown)
{
    votes_advance(&votes, 100);
    votes_advance(&votes, 50);
    cr_expect_eq(add(0, statement_of(2, 100 + VOTES_AHEAD, 1)), VOTE_COUNTED);
}

Test(votes, certificate_has_the_signatures_in_order, .init = setup, .fini = teardown)
{
    struct statement vote = statement_of(2, 3, 9);
    add(3, vote);
    add(1, statement_of(2, 3, 8));
    add(0, vote);
    static struct certificate certificate;
    votes_certify(&votes, &vote, &certificate);
    cr_expect(statement_equal(&certificate.statement, &vote));
    cr_expect_eq(certificate.count, MEMBERS);
    cr_expect_eq(signer_set_count(&certificate.signers), 2);
    cr_expect(signer_set_has(&certificate.signers, 0) && signer_set_has(&certificate.signers, 3));
    cr_expect_eq(certificate.signatures[0].bytes[0], 1);
    cr_expect_eq(certificate.signatures[1].bytes[0], 4);
}

Test(votes, aux_certificate_keeps_what_each_has_said, .init = setup, .fini = teardown)
{
    struct statement timeout = statement_of(4, 3, 0);
    timeout.aux = 2;
    add(2, timeout);
    timeout.aux = 1;
    add(0, timeout);
    static struct aux_certificate certificate;
    votes_certify_aux(&votes, &timeout, &certificate);
    cr_expect_eq(certificate.certificate.statement.aux, 0);
    cr_expect_eq(certificate.aux[0], 1);
    cr_expect_eq(certificate.aux[1], 2);
}
