/* Pre-vote, votes, leadership: Raft, figure 3.1, 3.6.1, 4.2.3, 9.6. */
#include "tests/unit/consensus/lone.h"

static void setup(void)
{
    lone_start(5);
}

TestSuite(raft_election, .init = setup, .fini = lone_stop);

/* A log of an entry of term 1 and one of term 2, from leader 4 of term 2. */
static struct log_entry first, second;

static void give_log(void)
{
    first = entry_on(NULL, 1, "first");
    second = entry_on(&first, 2, "second");
    tell_entry(4, 2, &first, 0, 1);
    tell_entry(4, 2, &second, 0, 1);
    cr_assert_eq(lone->log.last, 2);
}

static void lose_leader(void)
{
    now_ms += lone->election_ms_max;
}

/* ---- our own campaign ---- */

Test(raft_election, the_deadline_is_drawn_between_the_limits)
{
    bool early = false;
    bool late = false;
    for (int i = 0; i < 100; i++) {
        reset_deadline(lone);
        uint64_t wait = lone->deadline_ms - lone->now_ms;
        cr_assert_geq(wait, lone->election_ms_min);
        cr_assert_leq(wait, lone->election_ms_max);
        early |= wait < lone->election_ms_min + 100;
        late |= wait > lone->election_ms_max - 100;
    }
    cr_expect(early && late);
}

Test(raft_election, nothing_happens_before_the_deadline)
{
    now_ms = lone->deadline_ms - 1;
    pass_ms(0);
    cr_expect_eq(lone->role, FOLLOWER);
    cr_expect_eq(out->wake_at_ms, lone->deadline_ms);
}

Test(raft_election, a_pre_vote_changes_nothing_durable)
{
    give_log();
    now_ms = lone->deadline_ms;
    pass_ms(0);
    cr_expect_eq(lone->role, PRE_CANDIDATE);
    cr_expect_eq(lone->term, 2);
    cr_expect_eq(said_count(EFFECT_PERSIST), 0);
    for (uint16_t i = 1; i < 5; i++) {
        const struct effect *ask = sent(PRE_VOTE_REQUEST, i);
        cr_assert_not_null(ask);
        cr_expect_eq(ask->send.statement.view, 3);
        cr_expect_eq(ask->send.statement.index, 2);
        cr_expect_eq(ask->send.statement.aux, 2);
    }
    cr_expect_null(sent(PRE_VOTE_REQUEST, SELF));
}

Test(raft_election, a_majority_of_pre_votes_begins_the_campaign)
{
    now_ms = lone->deadline_ms;
    pass_ms(0);
    tell_simple(1, PRE_VOTE, 1, 0, 0);
    tell_simple(1, PRE_VOTE, 1, 0, 0); /* Again: counts once. */
    tell_simple(2, PRE_VOTE, 2, 0, 0); /* Of another term. */
    cr_expect_eq(lone->role, PRE_CANDIDATE);
    tell_simple(3, PRE_VOTE, 1, 0, 0);
    cr_expect_eq(lone->role, CANDIDATE);
    cr_expect_eq(lone->term, 1);
    cr_expect_eq(lone->voted_for, SELF);
    cr_expect(is_behind_record(sent(VOTE_REQUEST, 1)), "asks before its own vote is durable");
    cr_expect(is_behind_record(sent(VOTE, SELF)));
    cr_expect(said(EFFECT_PERSIST)->persist.promises);
}

Test(raft_election, a_pre_vote_after_a_leader_was_heard_is_late)
{
    now_ms = lone->deadline_ms;
    pass_ms(0);
    tell_simple(1, PRE_VOTE, 1, 0, 0);
    tell_heartbeat(4, 1, NULL, 0, 1);
    tell_simple(2, PRE_VOTE, 1, 0, 0);
    tell_simple(2, PRE_VOTE, 2, 0, 0);
    cr_expect_eq(lone->role, FOLLOWER);
}

Test(raft_election, a_majority_of_votes_elects)
{
    make_candidate();
    tell_simple(1, VOTE, 1, 0, SELF);
    tell_simple(2, VOTE, 1, 0, SELF);
    cr_expect_eq(lone->role, CANDIDATE, "its own vote counts when it is durable, not before");
    tell_simple(2, VOTE, 1, 0, SELF);
    tell_simple(3, VOTE, 1, 0, 4);
    cr_expect_eq(lone->role, CANDIDATE);
    tell_simple(SELF, VOTE, 1, 0, SELF);
    cr_expect_eq(lone->role, LEADER);
    cr_expect_eq(lone->leader, SELF);
    for (uint16_t i = 1; i < 5; i++)
        cr_expect_not_null(sent(APPEND, i));
    cr_expect_eq(out->invite, INVITE_ANY, "an entry of its own term is due");
}

Test(raft_election, votes_of_an_older_term_do_not_count)
{
    make_candidate();
    now_ms = lone->deadline_ms;
    pass_ms(0);
    make_candidate();
    cr_assert_eq(lone->term, 2);
    for (uint16_t i = 0; i < 5; i++)
        tell_simple(i, VOTE, 1, 0, SELF);
    cr_expect_eq(lone->role, CANDIDATE);
}

Test(raft_election, a_candidate_asks_again_after_its_time)
{
    make_candidate();
    now_ms = lone->deadline_ms;
    pass_ms(0);
    cr_expect_eq(lone->role, PRE_CANDIDATE);
    cr_expect_eq(lone->term, 1, "without consent it does not raise its term");
    cr_expect_eq(sent(PRE_VOTE_REQUEST, 1)->send.statement.view, 2);
}

Test(raft_election, a_candidate_follows_the_leader_of_its_term)
{
    make_candidate();
    tell_heartbeat(3, 1, NULL, 0, 1);
    cr_expect_eq(lone->role, FOLLOWER);
    cr_expect_eq(lone->leader, 3);
    cr_expect_eq(lone->voted_for, SELF, "it has voted in this term");
}

Test(raft_election, a_refusal_with_a_higher_term_ends_a_campaign)
{
    make_candidate();
    tell_simple(2, VOTE_REFUSAL, 7, 0, 0);
    cr_expect_eq(lone->role, FOLLOWER);
    cr_expect_eq(lone->term, 7);
    cr_expect_eq(lone->voted_for, VALIDATOR_NONE);
    cr_expect_not_null(said(EFFECT_PERSIST));
}

Test(raft_election, one_member_alone_leads_at_once)
{
    lone_stop();
    lone_start(1);
    cr_expect_eq(out->wake_at_ms, now_ms);
    pass_ms(0);
    cr_expect_eq(lone->role, CANDIDATE);
    tell_simple(SELF, VOTE, 1, 0, SELF);
    cr_expect_eq(lone->role, LEADER);
    give_batch("only");
    cr_expect_eq(lone->commit, 0);
    own_ack();
    cr_expect_eq(lone->commit, 1);
    pass_ms(100 * 1000);
    cr_expect_eq(lone->role, LEADER, "there is nobody else whom it could miss");
}

/* ---- the campaigns of others ---- */

Test(raft_election, a_vote_is_durable_before_it_leaves)
{
    tell_vote_request(2, 1, 0, 0, false);
    cr_expect_eq(lone->voted_for, 2);
    const struct effect *vote = sent(VOTE, 2);
    cr_assert_not_null(vote);
    cr_expect(is_behind_record(vote));
    cr_expect_eq(vote->send.statement.aux, 2);
    bool promised = false;
    for (uint32_t i = 0; i < out->count; i++) {
        const struct effect *e = &out->list[i];
        promised |= e->kind == EFFECT_PERSIST && e->persist.promises &&
                    statement_equal(&e->persist.promise, &vote->send.statement);
    }
    cr_expect(promised);
}

Test(raft_election, one_vote_in_a_term)
{
    tell_vote_request(2, 1, 0, 0, false);
    tell_vote_request(3, 1, 0, 0, false);
    cr_expect_null(sent(VOTE, 3));
    cr_expect_not_null(sent(VOTE_REFUSAL, 3));
    tell_vote_request(2, 1, 0, 0, false);
    cr_expect_not_null(sent(VOTE, 2), "the same vote may be said again");
    cr_expect_eq(said_count(EFFECT_PERSIST), 0);
    tell_vote_request(3, 2, 0, 0, false);
    cr_expect_not_null(sent(VOTE, 3), "another term is another vote");
}

Test(raft_election, one_vote_in_a_term_across_a_restart)
{
    tell_vote_request(2, 1, 0, 0, false);
    lone_reopen();
    cr_expect_eq(lone->term, 1);
    cr_expect_eq(lone->voted_for, 2);
    tell_vote_request(3, 1, 0, 0, false);
    cr_expect_null(sent(VOTE, 3));
    tell_vote_request(2, 1, 0, 0, false);
    cr_expect_not_null(sent(VOTE, 2));
}

Test(raft_election, its_own_candidacy_is_a_vote_across_a_restart)
{
    make_candidate();
    lone_reopen();
    tell_vote_request(3, 1, 0, 0, false);
    cr_expect_null(sent(VOTE, 3));
}

Test(raft_election, no_vote_for_an_older_log)
{
    give_log();
    lose_leader();
    tell_vote_request(2, 3, 5, 1, false);
    cr_expect_null(sent(VOTE, 2), "longer, but of an older term");
    cr_expect_eq(lone->term, 3, "the term is adopted nevertheless");
    tell_vote_request(2, 3, 1, 2, false);
    cr_expect_null(sent(VOTE, 2), "shorter, of the same term");
    tell_vote_request(3, 3, 2, 2, false);
    cr_expect_not_null(sent(VOTE, 3), "as long, of the same term");
}

Test(raft_election, a_later_last_term_beats_length)
{
    give_log();
    lose_leader();
    tell_vote_request(2, 4, 1, 3, false);
    cr_expect_not_null(sent(VOTE, 2));
}

Test(raft_election, no_vote_in_a_term_that_has_a_leader)
{
    tell_heartbeat(4, 1, NULL, 0, 1);
    lose_leader();
    tell_vote_request(2, 1, 0, 0, false);
    cr_expect_null(sent(VOTE, 2));
}

Test(raft_election, a_request_of_an_older_term_is_told_ours)
{
    give_log();
    lose_leader();
    tell_vote_request(2, 1, 9, 1, false);
    const struct effect *refusal = sent(VOTE_REFUSAL, 2);
    cr_assert_not_null(refusal);
    cr_expect_eq(refusal->send.statement.view, 2);
}

/* 4.2.3: while a leader is heard, who asks for votes is not even listened to. */
Test(raft_election, who_disturbs_is_ignored_and_his_term_not_adopted)
{
    give_log();
    now_ms += lone->election_ms_min - 1;
    tell_vote_request(2, 9, 5, 8, false);
    cr_expect_eq(lone->term, 2);
    cr_expect_eq(out->count, 0);
    now_ms += 1;
    tell_vote_request(2, 9, 5, 8, false);
    cr_expect_eq(lone->term, 9);
    cr_expect_not_null(sent(VOTE, 2));
}

Test(raft_election, a_leader_is_not_disturbed)
{
    make_settled_leader();
    tell_vote_request(2, 9, 5, 8, false);
    cr_expect_eq(lone->role, LEADER);
    cr_expect_eq(lone->term, 1);
}

Test(raft_election, a_transfer_is_no_disturbance)
{
    give_log();
    tell_vote_request(2, 3, 2, 2, true);
    cr_expect_eq(lone->term, 3);
    cr_expect_not_null(sent(VOTE, 2));
}

/* 9.6 */
Test(raft_election, a_pre_vote_is_granted_only_if_one_could_be_elected)
{
    give_log();
    tell_simple(2, PRE_VOTE_REQUEST, 3, 2, 2);
    cr_expect_null(sent(PRE_VOTE, 2), "the leader is alive");
    lose_leader();
    tell_simple(2, PRE_VOTE_REQUEST, 3, 9, 1);
    cr_expect_null(sent(PRE_VOTE, 2), "the log is older");
    tell_simple(2, PRE_VOTE_REQUEST, 3, 2, 2);
    const struct effect *grant = sent(PRE_VOTE, 2);
    cr_assert_not_null(grant);
    cr_expect_eq(grant->send.statement.view, 3);
    cr_expect_eq(lone->term, 2, "nobody's term changes");
    cr_expect_eq(lone->voted_for, VALIDATOR_NONE);
    tell_simple(3, PRE_VOTE_REQUEST, 3, 2, 2);
    cr_expect_not_null(sent(PRE_VOTE, 3), "it is no promise");
}

/* etcd 8243, 8501: a longer log in a lower term, a shorter one in a higher term. */
Test(raft_election, a_pre_vote_of_a_lower_term_is_refused_with_ours)
{
    give_log();
    lose_leader();
    tell_simple(2, PRE_VOTE_REQUEST, 2, 9, 1);
    const struct effect *refusal = sent(PRE_VOTE_REFUSAL, 2);
    cr_assert_not_null(refusal);
    cr_expect_eq(refusal->send.statement.view, 2);
    tell_simple(3, PRE_VOTE_REFUSAL, 6, 0, 0);
    cr_expect_eq(lone->term, 6, "who is refused adopts the term");
}

Test(raft_election, a_pre_vote_does_not_raise_the_term)
{
    tell_simple(3, PRE_VOTE, 9, 0, 0);
    cr_expect_eq(lone->term, 0);
    tell_simple(3, PRE_VOTE_REQUEST, 9, 0, 0);
    cr_expect_eq(lone->term, 0);
}

/* ---- followers that only watch ---- */

Test(raft_election, who_has_no_part_says_nothing)
{
    lone_stop();
    lone_configure(3);
    lone_config.self = VALIDATOR_NONE;
    cr_assert_eq(lone_open_with(NULL, 0), STATUS_OK);
    cr_expect_eq(out->wake_at_ms, UINT64_MAX);
    tell_vote_request(2, 1, 0, 0, false);
    cr_expect_null(sent(VOTE, 2));
    tell_simple(2, PRE_VOTE_REQUEST, 2, 0, 0);
    cr_expect_null(sent(PRE_VOTE, 2));
    struct log_entry entry = entry_on(NULL, 1, "first");
    tell_entry(2, 1, &entry, 0, 1);
    cr_expect_null(sent(ACK, 2));
    tell_heartbeat(2, 1, &entry, 1, 2);
    cr_expect_eq(said_count(EFFECT_COMMIT), 1, "but it follows");
}

/* ---- leadership handed over ---- */

Test(raft_election, timeout_now_begins_a_campaign_without_pre_vote)
{
    give_log();
    tell_simple(4, TIMEOUT_NOW, 2, 0, 0);
    cr_expect_eq(lone->role, CANDIDATE);
    cr_expect_eq(lone->term, 3);
    const struct effect *ask = sent(VOTE_REQUEST, 1);
    cr_assert_not_null(ask);
    cr_expect_eq(ask->send.attachment.data[0], 1, "it says that the leader wants it");
}

Test(raft_election, timeout_now_of_an_older_term_is_ignored)
{
    give_log();
    tell_simple(4, TIMEOUT_NOW, 1, 0, 0);
    cr_expect_eq(lone->role, FOLLOWER);
}
