#include "rpc/json_gov.h"

#include <criterion/criterion.h>

Test(json_gov, the_least_number_that_is_more_than_a_fraction)
{
    cr_assert_eq(votes_needed(PARAM_FRACTION(1, 2), 4), 3);
    cr_assert_eq(votes_needed(PARAM_FRACTION(1, 2), 5), 3);
    cr_assert_eq(votes_needed(PARAM_FRACTION(2, 3), 4), 3);
    cr_assert_eq(votes_needed(PARAM_FRACTION(2, 3), 6), 5);
    cr_assert_eq(votes_needed(PARAM_FRACTION(1, 3), 3), 2);
    cr_assert_eq(votes_needed(PARAM_FRACTION(0, 1), 9), 1);
}

/* The same number as the rule that decides. */
Test(json_gov, agrees_with_the_rule)
{
    for (uint32_t numerator = 0; numerator < 5; numerator++)
        for (uint16_t members = 1; members < 40; members++) {
            uint64_t fraction = PARAM_FRACTION(numerator, 5);
            uint16_t needed = (uint16_t)votes_needed(fraction, members);
            struct tally enough = { .members = members, .yes = needed };
            struct tally fewer = { .members = members, .yes = (uint16_t)(needed - 1) };
            cr_assert_eq(proposal_judge(&enough, fraction), PROPOSAL_PASSED);
            cr_assert_neq(proposal_judge(&fewer, fraction), PROPOSAL_PASSED);
        }
}

Test(json_gov, only_an_open_proposal_runs_out_of_time)
{
    static struct proposal_record record;
    record.status = PROPOSAL_OPEN;
    record.deadline_ms = 1000;
    cr_assert_eq(proposal_status_at(&record, 1000), PROPOSAL_OPEN);
    cr_assert_eq(proposal_status_at(&record, 1001), PROPOSAL_REJECTED);
    record.status = PROPOSAL_PASSED;
    cr_assert_eq(proposal_status_at(&record, 1001), PROPOSAL_PASSED);
}
