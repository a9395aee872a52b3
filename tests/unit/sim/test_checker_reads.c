/* Reads of the latest state: never below what somebody knew when they were asked for. */
#include "checker_fixture.h"

static struct stand *s;

static void set_up(void)
{
    s = stand_made(5, 2);
    s->plan.engine = ENGINE_RAFT;
    s->plan.frail = 0x10;
    stand_begin(s);
}

static void tear_down(void)
{
    stand_close(s);
}
TestSuite(reads, .init = set_up, .fini = tear_down);

Test(reads, of_what_is_known_or_more)
{
    cr_assert_eq(checker_read_floor(s->checker), 0);
    checker_read(s->checker, 0, checker_read_floor(s->checker), 0);
    checker_acknowledged(s->checker, 1, 7);
    cr_assert_eq(checker_read_floor(s->checker), 7);
    checker_read(s->checker, 0, 7, 7);
    checker_read(s->checker, 2, 7, 9);
    stand_expect(s, CHECK_NONE);
}

Test(reads, not_of_less_than_a_client_was_told_of)
{
    checker_acknowledged(s->checker, 1, 7);
    checker_acknowledged(s->checker, 2, 3);
    checker_read(s->checker, 0, checker_read_floor(s->checker), 6);
    stand_expect(s, CHECK_READS);
}

Test(reads, not_of_less_than_an_earlier_one_showed)
{
    checker_read(s->checker, 0, 0, 8);
    checker_read(s->checker, 0, checker_read_floor(s->checker), 7);
    stand_expect(s, CHECK_READS);
}

Test(reads, at_the_same_time_may_show_one_or_the_other)
{
    uint64_t floor = checker_read_floor(s->checker);
    checker_read(s->checker, 0, floor, 8);
    checker_acknowledged(s->checker, 1, 9);
    checker_read(s->checker, 2, floor, 7);
    stand_expect(s, CHECK_NONE);
    cr_assert_eq(checker_read_floor(s->checker), 9);
}

/* What a frail member says may come from a flipped bit. */
Test(reads, of_a_frail_member_prove_nothing)
{
    checker_acknowledged(s->checker, 4, 900);
    checker_acknowledged(s->checker, 1, 5);
    checker_read(s->checker, 4, 5, 1);
    checker_read(s->checker, 0, checker_read_floor(s->checker), 5);
    stand_expect(s, CHECK_NONE);
}
