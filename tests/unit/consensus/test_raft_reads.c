/* Reads without a log entry (6.4), and leadership handed over (3.10): what a leader may do by the
 * word of a quorum. */
#include "tests/unit/consensus/lone.h"

static void setup(void)
{
    lone_start(5);
}

TestSuite(raft_reads, .init = setup, .fini = lone_stop);

static void beat(void)
{
    now_ms = max_u64(now_ms, lone->deadline_ms);
    pass_ms(0);
}

/* ---- reads ---- */

Test(raft_reads, a_read_is_answered_after_a_round_that_began_behind_it)
{
    make_settled_leader();
    uint64_t round = lone->round;
    ask_read(77);
    cr_expect_null(said(EFFECT_READ));
    cr_expect_eq(lone->round, round + 1, "the round begins at once");
    cr_expect_not_null(sent(APPEND, 1));
    tell_simple(1, ACK, 1, 1, round);
    tell_simple(2, ACK, 1, 1, round);
    tell_simple(3, ACK, 1, 1, round);
    cr_expect_null(said(EFFECT_READ), "answers to an older round prove nothing");
    tell_simple(1, ACK, 1, 1, round + 1);
    cr_expect_null(said(EFFECT_READ), "two of five");
    tell_simple(2, ACK, 1, 1, round + 1);
    const struct effect *read = said(EFFECT_READ);
    cr_assert_not_null(read);
    cr_expect_eq(read->read.number, 77);
    cr_expect_eq(read->read.index, 1);
    cr_expect_not(read->read.refused);
}

Test(raft_reads, a_round_that_was_never_begun_is_not_answered)
{
    make_settled_leader();
    ask_read(77);
    tell_simple(1, ACK, 1, 1, UINT64_MAX);
    ask_read(78);
    tell_simple(2, ACK, 1, 1, UINT64_MAX);
    cr_expect_eq(lone->progress[1].round, lone->round - 1);
    cr_expect_eq(said_count(EFFECT_READ), 1, "the first one only");
    cr_expect_eq(lone->reads_count, 1);
}

Test(raft_reads, a_read_waits_for_the_first_commit_of_the_term)
{
    make_leader();
    ask_read(5);
    give_batch("first");
    own_ack();
    ack_of(1, 0);
    ack_of(2, 0);
    cr_expect_null(said(EFFECT_READ), "what is decided is not known yet");
    ack_of(1, 1);
    ack_of(2, 1);
    cr_expect_eq(lone->commit, 1);
    cr_expect_null(said(EFFECT_READ), "now its round begins");
    ack_of(1, 1);
    ack_of(2, 1);
    cr_assert_not_null(said(EFFECT_READ));
    cr_expect_eq(said(EFFECT_READ)->read.index, 1);
}

Test(raft_reads, a_follower_asks_its_leader)
{
    tell_heartbeat(4, 1, NULL, 0, 1);
    ask_read(9);
    const struct effect *ask = sent(READ_REQUEST, 4);
    cr_assert_not_null(ask);
    cr_expect_eq(ask->send.statement.aux, 9);
    tell_simple(4, READ_INDEX, 1, 33, 9);
    cr_assert_not_null(said(EFFECT_READ));
    cr_expect_eq(said(EFFECT_READ)->read.number, 9);
    cr_expect_eq(said(EFFECT_READ)->read.index, 33);
}

Test(raft_reads, a_leader_answers_a_follower)
{
    make_settled_leader();
    tell_simple(3, READ_REQUEST, 1, 0, 9);
    ack_of(1, 1);
    ack_of(2, 1);
    const struct effect *answer = sent(READ_INDEX, 3);
    cr_assert_not_null(answer);
    cr_expect_eq(answer->send.statement.aux, 9);
    cr_expect_eq(answer->send.statement.index, 1);
}

Test(raft_reads, nobody_leads_nobody_answers)
{
    ask_read(9);
    cr_assert_not_null(said(EFFECT_READ));
    cr_expect(said(EFFECT_READ)->read.refused);
    tell_simple(3, READ_REQUEST, 1, 0, 9);
    cr_expect_eq(said_count(EFFECT_SEND_EARLY), 0);
}

Test(raft_reads, who_leads_no_more_refuses_what_waits)
{
    make_settled_leader();
    ask_read(9);
    tell_simple(3, READ_REQUEST, 1, 0, 10);
    tell_simple(2, VOTE_REFUSAL, 7, 0, 0);
    cr_expect_eq(said_count(EFFECT_READ), 1);
    cr_expect(said(EFFECT_READ)->read.refused);
    cr_expect_eq(lone->reads_count, 0);
}

Test(raft_reads, waiting_reads_are_bounded)
{
    make_settled_leader();
    for (uint64_t i = 0; i < READS_MAX; i++)
        ask_read(i);
    cr_expect_null(said(EFFECT_READ));
    ask_read(9999);
    cr_assert_not_null(said(EFFECT_READ));
    cr_expect(said(EFFECT_READ)->read.refused);
    tell_simple(3, READ_REQUEST, 1, 0, 1);
    cr_expect_eq(lone->reads_count, READS_MAX);
    ack_of(1, 1);
    ack_of(2, 1);
    cr_expect_eq(said_count(EFFECT_READ), READS_MAX);
}

/* ---- the lease ---- */

static void start_with_lease(void)
{
    lone_stop();
    lone_configure(5);
    lone_option("lease_ms", 300);
    cr_assert_eq(lone_open_with(NULL, 0), STATUS_OK);
    make_settled_leader();
}

Test(raft_reads, without_a_lease_every_read_asks)
{
    make_settled_leader();
    beat();
    ack_of(1, 1);
    ack_of(2, 1);
    ask_read(1);
    cr_expect_null(said(EFFECT_READ));
}

Test(raft_reads, a_lease_answers_at_once_while_it_lasts)
{
    start_with_lease();
    beat();
    uint64_t sent_ms = now_ms;
    now_ms += 40;
    ack_of(1, 1);
    ack_of(2, 1);
    ask_read(1);
    cr_expect_not_null(said(EFFECT_READ));
    now_ms = sent_ms + 299;
    ask_read(2);
    cr_expect_not_null(said(EFFECT_READ));
    now_ms = sent_ms + 300; /* From when it was sent, not from when it was answered. */
    ask_read(3);
    cr_expect_null(said(EFFECT_READ));
}

Test(raft_reads, a_lease_needs_a_quorum)
{
    start_with_lease();
    now_ms += 400;
    beat();
    ack_of(1, 1);
    ask_read(1);
    cr_expect_null(said(EFFECT_READ));
}

Test(raft_reads, a_lease_ends_with_a_transfer)
{
    start_with_lease();
    beat();
    own_ack();
    ack_of(1, 1);
    ack_of(2, 1);
    ask_transfer(1);
    cr_assert_not_null(sent(TIMEOUT_NOW, 1));
    ask_read(1);
    cr_expect_null(said(EFFECT_READ), "the other one may lead already");
    now_ms += 2 * lone->election_ms_max;
    lone->deadline_ms = now_ms;
    lone->progress[SELF].heard_ms = lone->progress[1].heard_ms = now_ms;
    lone->progress[2].heard_ms = now_ms;
    pass_ms(0);
    cr_assert_eq(lone->role, LEADER);
    ack_of(1, 1);
    ack_of(2, 1);
    ask_read(2);
    cr_expect_null(said(EFFECT_READ), "nor after it was given up: what was said stays said");
}

Test(raft_reads, with_a_lease_a_restarted_member_elects_nobody_for_a_while)
{
    start_with_lease();
    lone_reopen();
    tell_vote_request(3, 9, 9, 8, false);
    cr_expect_null(sent(VOTE, 3), "it may have heard a leader just before");
    cr_expect_eq(lone->term, 1);
    now_ms += lone->election_ms_min;
    tell_vote_request(3, 9, 9, 8, false);
    cr_expect_not_null(sent(VOTE, 3));
}

/* ---- transfer ---- */

Test(raft_reads, a_transfer_waits_until_the_other_one_has_everything)
{
    make_settled_leader();
    give_batch("second");
    ask_transfer(2);
    cr_expect_null(sent(TIMEOUT_NOW, 2));
    cr_expect_eq(out->invite, INVITE_NONE, "nothing new meanwhile");
    ack_of(2, 1);
    cr_expect_null(sent(TIMEOUT_NOW, 2));
    ack_of(2, 2);
    const struct effect *now = sent(TIMEOUT_NOW, 2);
    cr_assert_not_null(now);
    cr_expect_eq(now->send.statement.view, 1);
}

Test(raft_reads, a_transfer_without_a_wish_goes_to_who_has_most)
{
    make_settled_leader();
    give_batch("second");
    ack_of(3, 2);
    ask_transfer(VALIDATOR_NONE);
    cr_expect_not_null(sent(TIMEOUT_NOW, 3));
}

Test(raft_reads, a_transfer_is_given_up_after_its_time)
{
    make_settled_leader();
    give_batch("second");
    own_ack();
    ask_transfer(2);
    struct engine_status status;
    raft_ops.status(lone, &status);
    cr_expect(status.hands_over);
    uint64_t until = now_ms + lone->election_ms_max;
    while (now_ms < until + lone->heartbeat_ms && lone->transfer_to != VALIDATOR_NONE) {
        beat();
        own_ack();
        ack_of(1, 2);
        ack_of(3, 2);
    }
    cr_expect_eq(lone->transfer_to, VALIDATOR_NONE);
    cr_expect_geq(now_ms, until);
    cr_expect_eq(lone->role, LEADER);
    cr_expect_neq(out->invite, INVITE_NONE);
    raft_ops.status(lone, &status);
    cr_expect_not(status.hands_over);
}

Test(raft_reads, transfers_to_nobody_and_to_ourselves)
{
    make_settled_leader();
    ask_transfer(SELF);
    cr_expect_eq(lone->transfer_to, VALIDATOR_NONE);
    ask_transfer(5);
    cr_expect_eq(lone->transfer_to, VALIDATOR_NONE);
    tell_simple(2, VOTE_REFUSAL, 7, 0, 0);
    ask_transfer(1);
    cr_expect_null(sent(TIMEOUT_NOW, 1), "who does not lead has nothing to hand over");
}

Test(raft_reads, a_transfer_not_to_a_learner)
{
    lone_stop();
    lone_configure(5);
    lone_option("voters_first", 3);
    cr_assert_eq(lone_open_with(NULL, 0), STATUS_OK);
    make_settled_leader();
    ask_transfer(4);
    cr_expect_eq(lone->transfer_to, VALIDATOR_NONE);
}
