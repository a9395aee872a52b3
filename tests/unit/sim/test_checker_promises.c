/* Statements: one for each slot, on the disk before they are said, and after any crash. */
#include "checker_suite.h"

CHECKER_SUITE(promises);

Test(promises, what_is_durable_may_be_said_and_repeated)
{
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
}

Test(promises, a_second_vote_is_found_when_it_is_promised)
{
    stand_promise(s, 1, VOTE, 7, 'a');
    stand_promise(s, 1, VOTE, 7, 'b');
    stand_expect(s, CHECK_SLOT);
}

Test(promises, a_second_vote_is_found_when_it_is_said)
{
    stand_promise(s, 1, VOTE, 7, 'a');
    stand_durable(s, 1);
    stand_say(s, 1, VOTE, 7, 'a');
    stand_say(s, 1, VOTE, 7, 'b');
    stand_expect(s, CHECK_SLOT);
}

Test(promises, two_members_are_two_slots_and_so_are_two_kinds)
{
    stand_promise(s, 1, VOTE, 7, 'a');
    stand_promise(s, 2, VOTE, 7, 'b');
    stand_promise(s, 1, COMMIT_VOTE, 7, 'c');
    stand_promise(s, 1, TIMEOUT, 7, 0);
    stand_expect(s, CHECK_NONE);
}

Test(promises, twins_and_liars_may_do_as_they_like)
{
    suite_doubting(7, 1u << 1, 1u << 2, 0);
    for (uint16_t n = 1; n <= 2; n++) {
        stand_promise(s, n, VOTE, 7, 'a');
        stand_promise(s, n, VOTE, 7, 'b');
        stand_say(s, n, VOTE, 9, 'c');
    }
    stand_say(s, 7, VOTE, 7, 'd'); /* the second twin */
    stand_expect(s, CHECK_NONE);
}

Test(promises, views_of_a_kind_ascend)
{
    stand_promise(s, 1, VOTE, 7, 'a');
    stand_promise(s, 1, VOTE, 6, 'b');
    stand_expect(s, CHECK_SLOT);
}

Test(promises, who_has_left_a_view_votes_in_it_no_more)
{
    for (uint8_t kind = VOTE; kind <= COMMIT_VOTE; kind++) {
        suite_again(4, 2);
        stand_promise(s, 1, TIMEOUT, 7, 0);
        stand_promise(s, 1, kind, 7, 'a');
        stand_expect(s, CHECK_SLOT);
    }
}

Test(promises, a_timeout_behind_a_vote_is_in_order)
{
    stand_promise(s, 1, VOTE, 7, 'a');
    stand_promise(s, 1, TIMEOUT, 7, 0);
    stand_promise(s, 1, VOTE, 8, 'a');
    stand_expect(s, CHECK_NONE);
    stand_promise(s, 1, TIMEOUT, 7, 0);
    stand_expect(s, CHECK_SLOT);
}

/* ---- durable ---- */

Test(promises, nothing_is_said_without_a_record)
{
    stand_say(s, 1, VOTE, 7, 'a');
    stand_expect(s, CHECK_DURABLE);
}

Test(promises, nothing_is_said_before_it_is_durable)
{
    stand_promise(s, 1, VOTE, 7, 'a');
    stand_durable(s, 1);
    stand_promise(s, 1, VOTE, 8, 'b');
    stand_say(s, 1, VOTE, 8, 'b');
    stand_expect(s, CHECK_DURABLE);
}

Test(promises, nothing_else_is_said_than_was_written)
{
    stand_promise(s, 1, VOTE, 7, 'a');
    stand_durable(s, 1);
    stand_say(s, 1, VOTE, 7, 'b');
    stand_expect(s, CHECK_DURABLE);
}

Test(promises, what_is_unsigned_promises_nothing)
{
    static struct certificate root;
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
}

Test(promises, a_seal_vote_wants_its_record)
{
    stand_seal_promise(s, 1, 3, 'h');
    stand_durable(s, 1);
    stand_say_seal(s, 1, 1, 3, 'h');
    stand_say_seal(s, 1, 2, 3, 'x'); /* another's, passed on */
    stand_expect(s, CHECK_NONE);
    stand_say_seal(s, 1, 1, 4, 'i');
    stand_expect(s, CHECK_DURABLE);
}

Test(promises, two_seals_of_a_height_are_two_votes)
{
    stand_seal_promise(s, 1, 3, 'h');
    stand_durable(s, 1);
    stand_say_seal(s, 1, 1, 3, 'h');
    stand_say_seal(s, 1, 1, 3, 'i');
    stand_expect(s, CHECK_SLOT);
}

/* ---- through a crash ---- */

static void said_and_crashed(void)
{
    stand_promise(s, 1, VOTE, 7, 'a');
    stand_promise(s, 1, VOTE, 8, 'b');
    stand_durable(s, 1);
    stand_say(s, 1, VOTE, 7, 'a');
    stand_say(s, 1, VOTE, 8, 'b');
    stand_promise(s, 1, VOTE, 9, 'c'); /* not durable, not said */
    checker_crashed(s->checker, 1);
}

Test(promises, what_was_said_comes_back)
{
    said_and_crashed();
    stand_replay(s, 1, 1, VOTE, 7, 'a');
    stand_replay(s, 1, 2, VOTE, 8, 'b');
    checker_restored(s->checker, 1, false);
    stand_say(s, 1, VOTE, 8, 'b');
    stand_promise(s, 1, VOTE, 9, 'd'); /* another one: the first was lost before it was said */
    stand_durable(s, 1);
    stand_say(s, 1, VOTE, 9, 'd');
    stand_expect(s, CHECK_NONE);
}

Test(promises, a_later_one_of_its_kind_stands_for_it)
{
    said_and_crashed();
    stand_replay(s, 1, 2, VOTE, 8, 'b');
    checker_restored(s->checker, 1, false);
    stand_expect(s, CHECK_NONE);
}

Test(promises, what_was_said_and_is_lost_is_found)
{
    said_and_crashed();
    stand_replay(s, 1, 1, VOTE, 7, 'a');
    checker_restored(s->checker, 1, false);
    stand_expect(s, CHECK_DURABLE);
}

Test(promises, what_comes_back_in_other_words_is_found)
{
    said_and_crashed();
    stand_replay(s, 1, 1, VOTE, 7, 'a');
    stand_replay(s, 1, 2, VOTE, 8, 'x');
    stand_expect(s, CHECK_SLOT);
}

Test(promises, a_vote_against_one_before_the_crash_is_found)
{
    said_and_crashed();
    stand_replay(s, 1, 2, VOTE, 8, 'b');
    checker_restored(s->checker, 1, false);
    stand_promise(s, 1, VOTE, 7, 'x');
    stand_expect(s, CHECK_SLOT);
}

Test(promises, what_is_only_remembered_is_not_durable)
{
    said_and_crashed();
    stand_replay(s, 1, 2, VOTE, 8, 'b');
    checker_restored(s->checker, 1, false);
    stand_say(s, 1, VOTE, 7, 'a'); /* its record is gone */
    stand_expect(s, CHECK_DURABLE);
}

Test(promises, the_frail_may_lose_their_journal)
{
    suite_doubting(4, 0, 0, 1u << 1);
    said_and_crashed();
    checker_restored(s->checker, 1, false);
    stand_expect(s, CHECK_NONE);
}

Test(promises, so_may_those_from_whom_it_was_taken)
{
    said_and_crashed();
    checker_restored(s->checker, 1, true);
    stand_expect(s, CHECK_NONE);
}

/* ---- folds and cuts ---- */

Test(promises, a_fold_that_is_durable_stands_for_what_is_cut)
{
    stand_promise(s, 1, VOTE, 7, 'a');
    stand_promise(s, 1, VOTE, 8, 'b');
    stand_fold(s, 1, VOTE, 8, 'b');
    stand_durable(s, 1);
    checker_cut(s->checker, 1, 3);
    stand_say(s, 1, VOTE, 8, 'b');
    stand_expect(s, CHECK_NONE);
}

Test(promises, a_cut_before_the_fold_is_durable_is_found)
{
    stand_promise(s, 1, VOTE, 7, 'a');
    stand_durable(s, 1);
    stand_fold(s, 1, VOTE, 7, 'a');
    checker_cut(s->checker, 1, 2);
    stand_expect(s, CHECK_LOST_UNSYNCED);
}

Test(promises, a_cut_that_loses_a_promise_is_found)
{
    stand_promise(s, 1, COMMIT_VOTE, 7, 'a');
    stand_promise(s, 1, VOTE, 8, 'b');
    stand_fold(s, 1, VOTE, 8, 'b'); /* without the commit vote */
    stand_durable(s, 1);
    checker_cut(s->checker, 1, 3);
    stand_expect(s, CHECK_LOST_UNSYNCED);
}

Test(promises, a_fold_that_says_something_else_is_found)
{
    stand_promise(s, 1, VOTE, 7, 'a');
    stand_fold(s, 1, VOTE, 7, 'b');
    stand_expect(s, CHECK_SLOT);
}

Test(promises, records_are_numbered_without_gaps)
{
    stand_promise(s, 1, VOTE, 7, 'a');
    s->record[1]++;
    stand_promise(s, 1, VOTE, 8, 'a');
    stand_expect(s, CHECK_ORDER);
}

/* ---- decisions ---- */

/* The one of node 1, with a proof that is not looked at here: two certificates' worth of nothing
 * would not hold. So it stands in a journal that is replayed. */
static void replay_decided(uint64_t record, uint64_t index, const char *proof)
{
    struct proposal proposal = { .index = index };
    struct writer *w = stand_write(s);
    write_u64(w, 0);
    proposal_write(w, &proposal);
    write_bytes32(w, span_of(proof, strlen(proof)));
    checker_replayed(s->checker, 1, record, JOURNAL_DECIDED, stand_span(s));
}

Test(promises, a_decision_is_executed_when_the_disk_proves_it)
{
    checker_crashed(s->checker, 1);
    replay_decided(1, 4, "");
    replay_decided(2, 5, "proof");
    replay_decided(3, 6, "");
    checker_restored(s->checker, 1, false);
    checker_orders(s->checker, 1, 4);
    checker_orders(s->checker, 1, 5);
    stand_expect(s, CHECK_NONE);
    checker_orders(s->checker, 1, 6);
    stand_expect(s, CHECK_DURABLE);
}

Test(promises, a_crash_may_take_the_proof)
{
    checker_crashed(s->checker, 1);
    replay_decided(1, 5, "proof");
    checker_restored(s->checker, 1, false);
    checker_crashed(s->checker, 1);
    checker_restored(s->checker, 1, false);
    checker_orders(s->checker, 1, 5);
    stand_expect(s, CHECK_DURABLE);
}
