/* Statements: one for each slot, on the disk before they are said, and after any crash. */
#include "checker_fixture.h"

Test(promises, what_is_durable_may_be_said_and_repeated)
{
    struct stand *s = stand_open(4, 2);
    stand_promise(s, 1, VOTE, 7, 'a');
    stand_durable(s, 1);
    stand_say(s, 1, VOTE, 7, 'a');
    stand_promise(s, 1, COMMIT_VOTE, 7, 'a');
    stand_promise(s, 1, VOTE, 8, 'b');
    stand_durable(s, 1);
    stand_say(s, 1, VOTE, 7, 'a');
    stand_say(s, 1, VOTE, 8, 'b');
    stand_say(s, 1, COMMIT_VOTE, 7, 'a');
    stand_expect(s, CHECK_NONE);
    stand_close(s);
}

Test(promises, a_second_vote_is_found_when_it_is_promised)
{
    struct stand *s = stand_open(4, 2);
    stand_promise(s, 1, VOTE, 7, 'a');
    stand_promise(s, 1, VOTE, 7, 'b');
    stand_expect(s, CHECK_SLOT);
    stand_close(s);
}

Test(promises, a_second_vote_is_found_when_it_is_said)
{
    struct stand *s = stand_open(4, 2);
    stand_promise(s, 1, VOTE, 7, 'a');
    stand_durable(s, 1);
    stand_say(s, 1, VOTE, 7, 'a');
    stand_say(s, 1, VOTE, 7, 'b');
    stand_expect(s, CHECK_SLOT);
    stand_close(s);
}

Test(promises, two_members_are_two_slots_and_so_are_two_kinds)
{
    struct stand *s = stand_open(4, 2);
    stand_promise(s, 1, VOTE, 7, 'a');
    stand_promise(s, 2, VOTE, 7, 'b');
    stand_promise(s, 1, COMMIT_VOTE, 7, 'c');
    stand_promise(s, 1, TIMEOUT, 7, 0);
    stand_expect(s, CHECK_NONE);
    stand_close(s);
}

Test(promises, twins_and_liars_may_do_as_they_like)
{
    struct stand *s = stand_made(7, 2);
    s->plan.liars = 1u << 1;
    s->plan.twins = 1u << 2;
    stand_begin(s);
    for (uint16_t n = 1; n <= 2; n++) {
        stand_promise(s, n, VOTE, 7, 'a');
        stand_promise(s, n, VOTE, 7, 'b');
        stand_say(s, n, VOTE, 9, 'c');
    }
    stand_say(s, 7, VOTE, 7, 'd'); /* the second twin */
    stand_expect(s, CHECK_NONE);
    stand_close(s);
}

Test(promises, views_of_a_kind_ascend)
{
    struct stand *s = stand_open(4, 2);
    stand_promise(s, 1, VOTE, 7, 'a');
    stand_promise(s, 1, VOTE, 6, 'b');
    stand_expect(s, CHECK_SLOT);
    stand_close(s);
}

Test(promises, who_has_left_a_view_votes_in_it_no_more)
{
    for (uint8_t kind = VOTE; kind <= COMMIT_VOTE; kind++) {
        struct stand *s = stand_open(4, 2);
        stand_promise(s, 1, TIMEOUT, 7, 0);
        stand_promise(s, 1, kind, 7, 'a');
        stand_expect(s, CHECK_SLOT);
        stand_close(s);
    }
}

Test(promises, a_timeout_behind_a_vote_is_in_order)
{
    struct stand *s = stand_open(4, 2);
    stand_promise(s, 1, VOTE, 7, 'a');
    stand_promise(s, 1, TIMEOUT, 7, 0);
    stand_promise(s, 1, VOTE, 8, 'a');
    stand_expect(s, CHECK_NONE);
    stand_promise(s, 1, TIMEOUT, 7, 0);
    stand_expect(s, CHECK_SLOT);
    stand_close(s);
}

/* ---- durable ---- */

Test(promises, nothing_is_said_without_a_record)
{
    struct stand *s = stand_open(4, 2);
    stand_say(s, 1, VOTE, 7, 'a');
    stand_expect(s, CHECK_DURABLE);
    stand_close(s);
}

Test(promises, nothing_is_said_before_it_is_durable)
{
    struct stand *s = stand_open(4, 2);
    stand_promise(s, 1, VOTE, 7, 'a');
    stand_durable(s, 1);
    stand_promise(s, 1, VOTE, 8, 'b');
    stand_say(s, 1, VOTE, 8, 'b');
    stand_expect(s, CHECK_DURABLE);
    stand_close(s);
}

Test(promises, nothing_else_is_said_than_was_written)
{
    struct stand *s = stand_open(4, 2);
    stand_promise(s, 1, VOTE, 7, 'a');
    stand_durable(s, 1);
    stand_say(s, 1, VOTE, 7, 'b');
    stand_expect(s, CHECK_DURABLE);
    stand_close(s);
}

Test(promises, what_is_unsigned_promises_nothing)
{
    static struct certificate root;
    struct stand *s = stand_open(4, 2);
    struct statement statement = { .kind = VOTE };
    struct writer w;
    uint8_t attachment[256];
    stand_certify(s, &statement, 0, &root);
    writer_init_fixed(&w, attachment, sizeof attachment);
    certificate_write(&w, &root);
    write_bool(&w, false);
    write_u32(&w, 0);
    struct message message = { .statement = { .kind = SYNC_INFO }, .attachment = writer_span(&w) };
    message_write(stand_write(s), &message);
    checker_sent(s->checker, 1, FRAME_ENGINE, stand_span(s));
    stand_expect(s, CHECK_NONE);
    stand_close(s);
}

Test(promises, a_seal_vote_wants_its_record)
{
    struct stand *s = stand_open(4, 2);
    stand_seal_promise(s, 1, 3, 'h');
    stand_durable(s, 1);
    stand_say_seal(s, 1, 1, 3, 'h');
    stand_say_seal(s, 1, 2, 3, 'x'); /* another's, passed on */
    stand_expect(s, CHECK_NONE);
    stand_say_seal(s, 1, 1, 4, 'i');
    stand_expect(s, CHECK_DURABLE);
    stand_close(s);
}

Test(promises, two_seals_of_a_height_are_two_votes)
{
    struct stand *s = stand_open(4, 2);
    stand_seal_promise(s, 1, 3, 'h');
    stand_durable(s, 1);
    stand_say_seal(s, 1, 1, 3, 'h');
    stand_say_seal(s, 1, 1, 3, 'i');
    stand_expect(s, CHECK_SLOT);
    stand_close(s);
}

/* ---- through a crash ---- */

static struct stand *said_and_crashed(uint64_t frail)
{
    struct stand *s = stand_made(4, 2);
    s->plan.frail = frail;
    stand_begin(s);
    stand_promise(s, 1, VOTE, 7, 'a');
    stand_promise(s, 1, VOTE, 8, 'b');
    stand_durable(s, 1);
    stand_say(s, 1, VOTE, 7, 'a');
    stand_say(s, 1, VOTE, 8, 'b');
    stand_promise(s, 1, VOTE, 9, 'c'); /* not durable, not said */
    checker_crashed(s->checker, 1);
    return s;
}

Test(promises, what_was_said_comes_back)
{
    struct stand *s = said_and_crashed(0);
    stand_replay(s, 1, 1, VOTE, 7, 'a');
    stand_replay(s, 1, 2, VOTE, 8, 'b');
    checker_restored(s->checker, 1, false);
    stand_say(s, 1, VOTE, 8, 'b');
    stand_promise(s, 1, VOTE, 9, 'd'); /* another one: the first was lost before it was said */
    stand_durable(s, 1);
    stand_say(s, 1, VOTE, 9, 'd');
    stand_expect(s, CHECK_NONE);
    stand_close(s);
}

Test(promises, a_later_one_of_its_kind_stands_for_it)
{
    struct stand *s = said_and_crashed(0);
    stand_replay(s, 1, 2, VOTE, 8, 'b');
    checker_restored(s->checker, 1, false);
    stand_expect(s, CHECK_NONE);
    stand_close(s);
}

Test(promises, what_was_said_and_is_lost_is_found)
{
    struct stand *s = said_and_crashed(0);
    stand_replay(s, 1, 1, VOTE, 7, 'a');
    checker_restored(s->checker, 1, false);
    stand_expect(s, CHECK_DURABLE);
    stand_close(s);
}

Test(promises, what_comes_back_in_other_words_is_found)
{
    struct stand *s = said_and_crashed(0);
    stand_replay(s, 1, 1, VOTE, 7, 'a');
    stand_replay(s, 1, 2, VOTE, 8, 'x');
    stand_expect(s, CHECK_SLOT);
    stand_close(s);
}

Test(promises, a_vote_against_one_before_the_crash_is_found)
{
    struct stand *s = said_and_crashed(0);
    stand_replay(s, 1, 2, VOTE, 8, 'b');
    checker_restored(s->checker, 1, false);
    stand_promise(s, 1, VOTE, 7, 'x');
    stand_expect(s, CHECK_SLOT);
    stand_close(s);
}

Test(promises, what_is_only_remembered_is_not_durable)
{
    struct stand *s = said_and_crashed(0);
    stand_replay(s, 1, 2, VOTE, 8, 'b');
    checker_restored(s->checker, 1, false);
    stand_say(s, 1, VOTE, 7, 'a'); /* its record is gone */
    stand_expect(s, CHECK_DURABLE);
    stand_close(s);
}

Test(promises, the_frail_may_lose_their_journal)
{
    struct stand *s = said_and_crashed(1u << 1);
    checker_restored(s->checker, 1, false);
    stand_expect(s, CHECK_NONE);
    stand_close(s);
}

Test(promises, so_may_those_from_whom_it_was_taken)
{
    struct stand *s = said_and_crashed(0);
    checker_restored(s->checker, 1, true);
    stand_expect(s, CHECK_NONE);
    stand_close(s);
}

/* ---- folds and cuts ---- */

Test(promises, a_fold_that_is_durable_stands_for_what_is_cut)
{
    struct stand *s = stand_open(4, 2);
    stand_promise(s, 1, VOTE, 7, 'a');
    stand_promise(s, 1, VOTE, 8, 'b');
    stand_fold(s, 1, VOTE, 8, 'b');
    stand_durable(s, 1);
    checker_cut(s->checker, 1, 3);
    stand_say(s, 1, VOTE, 8, 'b');
    stand_expect(s, CHECK_NONE);
    stand_close(s);
}

Test(promises, a_cut_before_the_fold_is_durable_is_found)
{
    struct stand *s = stand_open(4, 2);
    stand_promise(s, 1, VOTE, 7, 'a');
    stand_durable(s, 1);
    stand_fold(s, 1, VOTE, 7, 'a');
    checker_cut(s->checker, 1, 2);
    stand_expect(s, CHECK_LOST_UNSYNCED);
    stand_close(s);
}

Test(promises, a_cut_that_loses_a_promise_is_found)
{
    struct stand *s = stand_open(4, 2);
    stand_promise(s, 1, COMMIT_VOTE, 7, 'a');
    stand_promise(s, 1, VOTE, 8, 'b');
    stand_fold(s, 1, VOTE, 8, 'b'); /* without the commit vote */
    stand_durable(s, 1);
    checker_cut(s->checker, 1, 3);
    stand_expect(s, CHECK_LOST_UNSYNCED);
    stand_close(s);
}

Test(promises, a_fold_that_says_something_else_is_found)
{
    struct stand *s = stand_open(4, 2);
    stand_promise(s, 1, VOTE, 7, 'a');
    stand_fold(s, 1, VOTE, 7, 'b');
    stand_expect(s, CHECK_SLOT);
    stand_close(s);
}

Test(promises, records_are_numbered_without_gaps)
{
    struct stand *s = stand_open(4, 2);
    stand_promise(s, 1, VOTE, 7, 'a');
    s->record[1]++;
    stand_promise(s, 1, VOTE, 8, 'a');
    stand_expect(s, CHECK_ORDER);
    stand_close(s);
}
