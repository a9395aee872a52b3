/* The door: what only rises, the first violation alone, names. */
#include "checker_suite.h"

CHECKER_SUITE(checker);

Test(checker, every_check_has_a_name_of_its_own)
{
    for (unsigned i = 0; i < CHECK_NAMES; i++) {
        cr_assert(check_names[i] != NULL);
        for (unsigned k = 0; k < i; k++)
            cr_assert_str_neq(check_names[i], check_names[k]);
    }
}

Test(checker, what_rises_may)
{
    checker_status(s->checker, 1, 3, 2, 1);
    checker_status(s->checker, 1, 3, 2, 1);
    checker_status(s->checker, 1, 4, 3, 2);
    checker_status(s->checker, 2, 1, 1, 1);
    stand_expect(s, CHECK_NONE);
}

Test(checker, what_falls_is_found)
{
    for (unsigned which = 0; which < 3; which++) {
        suite_again(4, 2);
        checker_status(s->checker, 1, 3, 3, 3);
        checker_status(s->checker, 1, which == 0 ? 2 : 3, which == 1 ? 2 : 3, which == 2 ? 2 : 3);
        stand_expect(s, CHECK_MONOTONE);
    }
}

Test(checker, a_crash_begins_anew)
{
    checker_status(s->checker, 1, 3, 3, 3);
    checker_crashed(s->checker, 1);
    checker_status(s->checker, 1, 1, 0, 2);
    stand_expect(s, CHECK_NONE);
}

Test(checker, only_the_first_violation_is_told)
{
    checker_status(s->checker, 1, 3, 3, 3);
    checker_status(s->checker, 1, 2, 2, 2);
    stand_say(s, 1, VOTE, 7, 'a');
    stand_expect(s, CHECK_MONOTONE);
}

Test(checker, its_quorums_are_those_of_the_plan)
{
    for (uint16_t nodes = 1; nodes <= MEMBERS_MAX; nodes++) {
        suite_again(nodes, 2);
        cr_assert_eq(s->checker->quorum, plan_quorum(&s->plan), "%u members", nodes);
    }
}

Test(checker, nothing_is_known_of_what_was_never_made)
{
    struct digest txid = digest_letter('t');
    uint64_t height;
    uint16_t code;
    cr_assert(!checker_result(s->checker, &txid, &height, &code));
    checker_made(s->checker, &txid, span_of(NULL, 0));
    cr_assert(!checker_result(s->checker, &txid, &height, &code));
    cr_assert_eq(checker_height(s->checker), 0);
    cr_assert_eq(checker_committed(s->checker), 0);
}
