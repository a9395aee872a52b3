/* Replication and commit: figure 3.1, AppendEntries, and what others have got wrong there. */
#include "tests/unit/consensus/lone.h"

static struct log_entry e[8]; /* e[i] stands at index i, of term 1; e[3] and later of term 2 */

static void setup(void)
{
    lone_start(5);
    const char *const names[] = { "", "one", "two", "three", "four", "five", "six", "seven" };
    for (int i = 1; i < 8; i++)
        e[i] = entry_on(i > 1 ? &e[i - 1] : NULL, i < 3 ? 1 : 2, names[i]);
}

TestSuite(raft_append, .init = setup, .fini = lone_stop);

/* Leader 4 of term 2 has sent so many. */
static void follow(int count)
{
    for (int i = 1; i <= count; i++)
        tell_entry(4, 2, &e[i], 0, 1);
    cr_assert_eq(lone->log.last, (uint64_t)count);
}

/* ---- the follower ---- */

Test(raft_append, an_entry_is_acknowledged_when_it_is_durable)
{
    tell_entry(4, 2, &e[1], 0, 7);
    const struct effect *ack = sent(ACK, 4);
    cr_assert(is_behind_record(ack));
    cr_expect_eq(ack->send.statement.index, 1);
    cr_expect_eq(ack->send.statement.aux, 7, "the heartbeat that it answers");
    cr_expect_eq(ack->send.statement.view, 2);
    bool stored = false;
    for (uint32_t i = 0; i < out->count; i++)
        stored |= out->list[i].kind == EFFECT_PERSIST && out->list[i].persist.stores;
    cr_expect(stored, "the batch must be durable too");
}

Test(raft_append, an_entry_that_stands_there_is_acknowledged_again)
{
    follow(3);
    tell_entry(4, 2, &e[2], 0, 2);
    cr_expect_eq(sent(ACK, 4)->send.statement.index, 2);
    cr_expect_eq(lone->log.last, 3, "an old message must not cut what stands behind it");
    cr_expect_eq(said_count(EFFECT_PERSIST), 0);
    cr_expect_eq(sent(ACK, 4)->kind, EFFECT_SEND, "the first record may not be durable yet");
}

Test(raft_append, an_entry_that_conflicts_is_dropped_with_all_behind_it)
{
    follow(4);
    struct log_entry other = entry_on(&e[1], 3, "other");
    tell_entry(3, 3, &other, 0, 1);
    cr_expect_eq(lone->log.last, 2);
    cr_expect(digest_equal(log_digest(&lone->log, 2), &other.digest));
    cr_expect_eq(sent(ACK, 3)->send.statement.index, 2);
    cr_expect(has_note("drop 2 to 4"));
}

Test(raft_append, what_is_dropped_stays_dropped_across_a_restart)
{
    follow(4);
    struct log_entry other = entry_on(&e[1], 3, "other");
    tell_entry(3, 3, &other, 0, 1);
    lone_reopen();
    cr_expect_eq(lone->log.last, 2);
    cr_expect(digest_equal(log_digest(&lone->log, 2), &other.digest));
    cr_expect_eq(lone->term, 3);
}

Test(raft_append, a_gap_is_refused_with_where_the_log_ends)
{
    follow(2);
    tell_entry(4, 2, &e[5], 0, 9);
    cr_expect_eq(lone->log.last, 2);
    cr_expect_null(sent(ACK, 4));
    const struct effect *effect = sent(APPEND_REFUSAL, 4);
    struct refusal refusal = refusal_in(effect);
    cr_expect_eq(effect->send.statement.index, 4);
    cr_expect_eq(effect->send.statement.aux, 9);
    cr_expect_eq(refusal.last, 2);
    cr_expect_eq(refusal.conflict_view, 0);
}

Test(raft_append, a_conflict_is_refused_with_its_whole_term)
{
    follow(5); /* 3, 4, 5 are of term 2. */
    struct append heartbeat = { .before_view = 3 };
    tell_append(3, (struct statement){ .kind = APPEND, .view = 4, .index = 5 }, &heartbeat);
    struct refusal refusal = refusal_in(sent(APPEND_REFUSAL, 3));
    cr_expect_eq(refusal.last, 5);
    cr_expect_eq(refusal.conflict_view, 2);
    cr_expect_eq(refusal.conflict_first, 3);
    cr_expect_eq(lone->log.last, 5, "a heartbeat drops nothing");
}

Test(raft_append, a_leader_of_an_older_term_is_refused_with_ours)
{
    follow(2);
    tell_simple(3, VOTE_REFUSAL, 5, 0, 0);
    tell_entry(4, 2, &e[3], 2, 1);
    const struct effect *refusal = sent(APPEND_REFUSAL, 4);
    cr_assert_not_null(refusal);
    cr_expect_eq(refusal->send.statement.view, 5);
    cr_expect_eq(lone->log.last, 2);
    cr_expect_eq(lone->commit, 0);
    cr_expect_eq(lone->leader, VALIDATOR_NONE);
}

Test(raft_append, a_leader_is_heard)
{
    uint64_t before = lone->deadline_ms;
    now_ms += 300;
    tell_heartbeat(4, 2, NULL, 0, 1);
    cr_expect_eq(lone->leader, 4);
    cr_expect_geq(lone->deadline_ms, now_ms + lone->election_ms_min);
    cr_expect_neq(lone->deadline_ms, before);
}

/* ScyllaDB 9965: what stands behind the entry that the message has shown may be obsolete. */
Test(raft_append, commit_is_bounded_by_what_the_message_has_shown)
{
    follow(4);
    tell_heartbeat(3, 3, &e[2], 4, 1);
    cr_expect_eq(lone->commit, 2);
    cr_expect_eq(said_count(EFFECT_COMMIT), 2);
    tell_entry(3, 3, &e[3], 9, 1);
    cr_expect_eq(lone->commit, 3);
}

Test(raft_append, commit_never_goes_back)
{
    follow(4);
    tell_heartbeat(4, 2, &e[4], 3, 1);
    cr_expect_eq(lone->commit, 3);
    tell_heartbeat(4, 2, &e[4], 1, 2);
    cr_expect_eq(lone->commit, 3);
    cr_expect_eq(said_count(EFFECT_COMMIT), 0);
}

Test(raft_append, below_its_commit_a_follower_agrees_with_everybody)
{
    follow(4);
    tell_heartbeat(4, 2, &e[4], 3, 1);
    tell_entry(4, 2, &e[2], 0, 1);
    cr_expect_eq(sent(ACK, 4)->send.statement.index, 3);
    struct append old = { .before_view = 9 }; /* Whatever it says. */
    tell_append(4, (struct statement){ .kind = APPEND, .view = 9, .index = 1 }, &old);
    cr_expect_eq(sent(ACK, 4)->send.statement.index, 3);
}

Test(raft_append, commits_come_in_order_and_the_last_with_its_proof)
{
    follow(3);
    tell_heartbeat(4, 2, &e[3], 3, 1);
    uint64_t next = 1;
    for (uint32_t i = 0; i < out->count; i++) {
        const struct effect *effect = &out->list[i];
        if (effect->kind != EFFECT_COMMIT) continue;
        cr_expect_eq(effect->commit.proposal.index, next);
        if (next == 3) {
            enum status status = raft_ops.check_decided(&lone_config, &effect->commit.proposal,
                                                        effect->commit.proof);
            cr_expect_eq(status, STATUS_OK);
        }
        next++;
    }
    cr_expect_eq(next, 4);
}

Test(raft_append, logs_that_contradict_each_other_halt)
{
    follow(2);
    struct log_entry liar = entry_on(&e[1], 1, "a second entry at two");
    struct log_entry next = entry_on(&liar, 2, "on it");
    tell_entry(4, 2, &next, 0, 1);
    cr_expect(lone->halted);
    cr_expect_null(sent(ACK, 4));
    struct engine_status status;
    raft_ops.status(lone, &status);
    cr_expect_eq(status.conflicts, 1);
    cr_expect_eq(out->wake_at_ms, UINT64_MAX);
    tell_vote_request(2, 9, 9, 9, false);
    cr_expect_eq(out->count, 0, "nothing is said any more");
    ask_read(5);
    cr_expect(said(EFFECT_READ)->read.refused);
}

Test(raft_append, two_leaders_of_one_term_halt)
{
    make_leader();
    tell_heartbeat(3, lone->term, NULL, 0, 1);
    cr_expect(lone->halted);
}

Test(raft_append, a_full_log_takes_no_more)
{
    struct log_entry last = entry_on(NULL, 1, "first");
    tell_entry(4, 1, &last, 0, 1);
    while (!log_is_full(&lone->log)) {
        last = entry_on(&last, 1, "more");
        tell_entry(4, 1, &last, 0, 1);
    }
    struct log_entry more = entry_on(&last, 1, "too much");
    tell_entry(4, 1, &more, 0, 1);
    cr_expect_eq(lone->log.last, LOG_MAX - 1);
    cr_expect_eq(sent(ACK, 4)->send.statement.index, LOG_MAX - 1, "what stood before it is there");
    cr_expect(has_note("full"));
    struct log_entry other =
        entry_on(lone->log.entries[5].proposal.index == 5 ? &lone->log.entries[5] : NULL, 2,
                 "a conflict fits");
    tell_entry(3, 2, &other, 0, 1);
    cr_expect_eq(lone->log.last, 6);
}

Test(raft_append, a_long_backlog_is_delivered_in_parts)
{
    struct log_entry last = entry_on(NULL, 1, "first");
    tell_entry(4, 1, &last, 0, 1);
    while (lone->log.last < 600) {
        last = entry_on(&last, 1, "more");
        tell_entry(4, 1, &last, 0, 1);
    }
    tell_heartbeat(4, 1, &last, 600, 2);
    uint32_t commits = said_count(EFFECT_COMMIT);
    cr_expect_lt(commits, 600);
    cr_expect_eq(out->wake_at_ms, now_ms, "the rest follows at once");
    for (int i = 0; i < 5 && lone->delivered < 600; i++) {
        pass_ms(0);
        commits += said_count(EFFECT_COMMIT);
    }
    cr_expect_eq(commits, 600);
    cr_expect_eq(lone->delivered, 600);
    cr_expect_eq(lone->log.base.index, 600 - LOG_RETAINED);
    cr_expect_eq(out->wake_at_ms, lone->deadline_ms);
}

/* ---- the leader ---- */

Test(raft_append, a_leader_begins_with_an_entry_of_its_term)
{
    make_leader();
    cr_expect_eq(out->invite, INVITE_ANY);
    give_batch("first");
    cr_expect_eq(lone->log.last, 1);
    cr_expect_eq(log_view(&lone->log, 1), lone->term);
    cr_expect_eq(out->invite, INVITE_WORK);
}

Test(raft_append, its_own_log_counts_when_it_is_durable)
{
    make_leader();
    give_batch("first");
    cr_expect_eq(lone->progress[SELF].match, 0);
    const struct effect *own = sent(ACK, SELF);
    cr_expect(is_behind_record(own));
    ack_of(1, 1);
    ack_of(2, 1);
    cr_expect_eq(lone->commit, 0, "two of five");
    own_ack();
    cr_expect_eq(lone->commit, 1);
}

/* 10.2.1 */
Test(raft_append, others_can_decide_before_its_own_disk)
{
    make_leader();
    give_batch("first");
    ack_of(1, 1);
    ack_of(2, 1);
    ack_of(3, 1);
    cr_expect_eq(lone->commit, 1);
}

/* 3.6.2, figure 3.7 */
Test(raft_append, an_entry_of_an_older_term_is_not_committed_by_counting)
{
    follow(3);
    make_leader();
    cr_assert_eq(lone->term, 3);
    own_ack();
    for (uint16_t i = 1; i < 5; i++)
        ack_of(i, 3);
    cr_expect_eq(lone->commit, 0);
    give_batch("of term three");
    own_ack();
    ack_of(1, 4);
    cr_expect_eq(lone->commit, 0);
    ack_of(2, 4);
    cr_expect_eq(lone->commit, 4, "and with it all before it");
}

Test(raft_append, an_acknowledgement_of_another_term_does_not_count)
{
    make_leader();
    give_batch("first");
    own_ack();
    tell_simple(1, ACK, lone->term - 1, 1, 1);
    tell_simple(2, ACK, lone->term - 1, 1, 1);
    cr_expect_eq(lone->commit, 0);
    tell_simple(1, ACK, lone->term, 99, 1);
    cr_expect_eq(lone->progress[1].match, 0, "nobody holds what we do not");
}

Test(raft_append, an_older_acknowledgement_takes_nothing_back)
{
    make_settled_leader();
    give_batch("second");
    ack_of(1, 2);
    ack_of(1, 1);
    cr_expect_eq(lone->progress[1].match, 2);
}

Test(raft_append, a_follower_is_sent_a_bounded_number_ahead)
{
    make_settled_leader();
    for (int i = 0; i < 3 * IN_FLIGHT_MAX; i++) {
        give_batch("more");
        own_ack();
        ack_of(1, lone->log.last);
        ack_of(2, lone->log.last);
    }
    cr_expect_gt(lone->log.last, 2 * IN_FLIGHT_MAX);
    cr_expect_eq(lone->progress[3].next, lone->progress[3].match + IN_FLIGHT_MAX + 1);
    ack_of(3, 3);
    uint64_t index = 0;
    for (uint32_t i = 0; i < out->count; i++) {
        const struct effect *effect = &out->list[i];
        if (effect->kind == EFFECT_SEND_EARLY && effect->to == 3)
            index = effect->send.statement.index;
    }
    cr_expect_eq(index + 1, 3 + IN_FLIGHT_MAX);
}

Test(raft_append, undecided_entries_are_bounded)
{
    make_settled_leader();
    for (int i = 0; i < IN_FLIGHT_MAX; i++) {
        cr_assert_eq(out->invite, INVITE_WORK);
        give_batch("more");
    }
    cr_expect_eq(out->invite, INVITE_NONE);
    give_batch("too much");
    cr_expect(has_note("without an invitation"));
    cr_expect_eq(lone->log.last - lone->commit, IN_FLIGHT_MAX);
}

/* Leader of term 3 with seven entries of terms 1 and 2, of which nobody has said anything. */
static void lead_with_log(void)
{
    follow(7);
    make_leader();
    give_batch("of term three");
    cr_assert_eq(lone->progress[1].next, 8);
    cr_assert_not(lone->progress[1].streaming);
}

Test(raft_append, a_refusal_moves_next_back_to_the_end_of_the_log)
{
    lead_with_log();
    tell_refusal(1, lone->term, 7, (struct refusal){ .last = 2 });
    cr_expect_eq(lone->progress[1].next, 3);
    const struct effect *append = sent(APPEND, 1);
    cr_assert_not_null(append);
    cr_expect_eq(append->send.statement.index, 2);
    cr_expect(append_in(append).has_entry);
}

Test(raft_append, a_refusal_skips_a_whole_term)
{
    lead_with_log();
    /* It has entries of term 1 from 1 on, up to 7. */
    tell_refusal(1, lone->term, 7,
                 (struct refusal){ .last = 7, .conflict_view = 1, .conflict_first = 1 });
    cr_expect_eq(lone->progress[1].next, 3, "after our last entry of term 1");
}

Test(raft_append, a_refusal_of_a_term_that_we_lack_goes_before_it)
{
    struct log_entry one = entry_on(NULL, 1, "one");
    struct log_entry last = one;
    tell_entry(4, 3, &one, 0, 1);
    for (int i = 0; i < 6; i++) {
        last = entry_on(&last, i < 3 ? 1 : 3, "more");
        tell_entry(4, 3, &last, 0, 1);
    }
    make_leader();
    /* Ours: 1 1 1 1 3 3 3. Theirs: 1 1 2 2 2 2 2. */
    tell_refusal(1, lone->term, 7,
                 (struct refusal){ .last = 7, .conflict_view = 2, .conflict_first = 3 });
    cr_expect_eq(lone->progress[1].next, 3);
}

/* CCF 5325: what a refusal says may raise nothing; an acknowledgement alone does. */
Test(raft_append, a_hint_does_not_raise_match)
{
    lead_with_log();
    own_ack();
    for (uint16_t i = 1; i < 5; i++)
        tell_refusal(i, lone->term, 7, (struct refusal){ .last = 6 });
    for (uint16_t i = 1; i < 5; i++)
        cr_expect_eq(lone->progress[i].match, 0);
    cr_expect_eq(lone->commit, 0);
}

Test(raft_append, next_never_goes_below_what_was_acknowledged)
{
    lead_with_log();
    ack_of(1, 5);
    cr_assert(lone->progress[1].next > 6);
    tell_refusal(1, lone->term, 7, (struct refusal){ .last = 1 });
    cr_expect_eq(lone->progress[1].match, 5);
    cr_expect_eq(lone->progress[1].next, 6);
}

Test(raft_append, a_stale_refusal_is_ignored)
{
    lead_with_log();
    ack_of(1, 5);
    uint64_t next = lone->progress[1].next;
    tell_refusal(1, lone->term, 4, (struct refusal){ .last = 1 });
    cr_expect_eq(lone->progress[1].next, next, "it was sent before the acknowledgement");
    cr_expect(lone->progress[1].streaming);
    tell_refusal(2, lone->term, 7, (struct refusal){ .last = 3 });
    cr_expect_eq(lone->progress[2].next, 4);
    tell_refusal(2, lone->term, 7, (struct refusal){ .last = 1 });
    cr_expect_eq(lone->progress[2].next, 4, "above what was asked: an older one");
    tell_refusal(2, lone->term - 1, 3, (struct refusal){ .last = 1 });
    cr_expect_eq(lone->progress[2].next, 4, "of another term");
}

Test(raft_append, who_does_not_answer_is_asked_once_a_heartbeat)
{
    make_settled_leader();
    now_ms = lone->deadline_ms;
    pass_ms(0);
    cr_assert_not_null(sent(APPEND, 1));
    tell_refusal(3, lone->term, 1, (struct refusal){ .last = 0 });
    struct progress *progress = &lone->progress[3];
    progress->streaming = false;
    progress->probed = true;
    give_batch("second");
    cr_expect_null(sent(APPEND, 3));
    cr_expect_not_null(sent(APPEND, 1));
    now_ms = lone->deadline_ms;
    pass_ms(0);
    cr_expect_not_null(sent(APPEND, 3));
}

/* Who lacks what is forgotten is brought closer by sealed blocks; meanwhile it is asked at
 * heartbeats, and not in a circle of refusals and probes. */
Test(raft_append, who_is_far_behind_is_not_asked_in_circles)
{
    struct log_entry last = entry_on(NULL, 1, "first");
    tell_entry(4, 1, &last, 0, 1);
    while (lone->log.last < 700) {
        last = entry_on(&last, 1, "more");
        tell_entry(4, 1, &last, min_u64(lone->log.last, 1000), 1);
    }
    tell_heartbeat(4, 1, &last, 700, 2);
    while (lone->delivered < 700)
        pass_ms(0);
    make_leader();
    uint64_t base = lone->log.base.index;
    cr_assert_gt(base, 0);
    tell_refusal(1, lone->term, 700, (struct refusal){ .last = 3 });
    cr_expect_eq(lone->progress[1].next, base + 1);
    cr_expect_not_null(sent(APPEND, 1), "the base is tried once");
    tell_refusal(1, lone->term, base, (struct refusal){ .last = 3 });
    cr_expect_null(sent(APPEND, 1));
    cr_expect(has_note("behind"));
    now_ms = lone->deadline_ms;
    pass_ms(0);
    cr_expect_not_null(sent(APPEND, 1));
    tell_simple(1, ACK, lone->term, base + 10, lone->round);
    cr_expect_eq(append_in(sent(APPEND, 1)).entry.proposal.index, base + 11);
}

/* 6.2 */
Test(raft_append, a_leader_without_a_quorum_steps_down)
{
    make_settled_leader();
    uint64_t until = now_ms + lone->election_ms_min;
    while (lone->role == LEADER && now_ms < until + 1000) {
        now_ms = lone->deadline_ms;
        pass_ms(0);
        own_ack();
        if (lone->role == LEADER) ack_of(1, 1); /* One of four others. */
    }
    cr_expect_neq(lone->role, LEADER);
    cr_expect_geq(now_ms, until);
    cr_expect_leq(now_ms, until + 2 * lone->heartbeat_ms);
    cr_expect_eq(lone->term, 1, "its term stays");
    cr_expect_eq(lone->commit, 1, "and what is committed too");
}

Test(raft_append, a_leader_that_hears_a_quorum_leads_on)
{
    make_settled_leader();
    for (int i = 0; i < 100; i++) {
        now_ms = lone->deadline_ms;
        pass_ms(0);
        own_ack();
        ack_of(1, 1);
        ack_of(2, 1);
    }
    cr_expect_eq(lone->role, LEADER);
}

Test(raft_append, a_leader_whose_disk_stalls_steps_down)
{
    make_settled_leader();
    for (int i = 0; i < 100 && lone->role == LEADER; i++) {
        now_ms = lone->deadline_ms;
        pass_ms(0);
        for (uint16_t m = 1; m < 5 && lone->role == LEADER; m++)
            ack_of(m, 1);
    }
    cr_expect_neq(lone->role, LEADER);
}

Test(raft_append, who_refuses_is_alive_nevertheless)
{
    make_settled_leader();
    for (int i = 0; i < 30; i++) {
        now_ms = lone->deadline_ms;
        pass_ms(0);
        own_ack();
        tell_refusal(1, lone->term, 1, (struct refusal){ .last = 0 });
        tell_refusal(2, lone->term, 1, (struct refusal){ .last = 0 });
    }
    cr_expect_eq(lone->role, LEADER);
}

Test(raft_append, a_higher_term_ends_a_leader)
{
    make_settled_leader();
    tell_refusal(2, 9, 1, (struct refusal){ .last = 0 });
    cr_expect_eq(lone->role, FOLLOWER);
    cr_expect_eq(lone->term, 9);
    cr_expect_eq(lone->commit, 1);
    cr_expect_not_null(said(EFFECT_PERSIST));
}

Test(raft_append, followers_learn_of_a_commit_at_once)
{
    make_settled_leader();
    give_batch("second");
    own_ack();
    ack_of(1, 2);
    ack_of(2, 2);
    cr_expect_eq(lone->commit, 2);
    cr_expect_eq(append_in(sent(APPEND, 1)).commit, 2);
}

/* ---- anchors ---- */

static void give_anchor(const struct log_entry *first, size_t count, uint64_t executed)
{
    static struct proposal list[8];
    for (size_t i = 0; i < count; i++)
        list[i] = first[i].proposal;
    struct event event = { .kind = EVENT_DECIDED };
    event.decided.list = list;
    event.decided.count = count;
    event.decided.executed = executed;
    lone_step(&event);
}

Test(raft_append, an_anchor_takes_the_place_of_a_log_that_does_not_reach_it)
{
    follow(2);
    give_anchor(&e[3], 3, 3);
    cr_expect_eq(lone->log.last, 5);
    cr_expect_eq(lone->log.base.index, 2);
    cr_expect_eq(lone->commit, 5);
    cr_expect_eq(said_count(EFFECT_COMMIT), 2, "four and five: the ledger held three");
    cr_expect(lone->placed);
    lone_config.executed = 5;
    lone_reopen();
    cr_expect_eq(lone->log.last, 5);
    cr_expect_eq(lone->commit, 5);
    tell_entry(4, 2, &e[6], 5, 1);
    cr_expect_eq(sent(ACK, 4)->send.statement.index, 6, "and the log goes on from there");
}

Test(raft_append, an_anchor_that_the_log_holds_keeps_what_stands_behind_it)
{
    follow(5);
    give_anchor(&e[1], 3, 0);
    cr_expect_eq(lone->log.last, 5, "what was acknowledged must not be lost");
    cr_expect_eq(lone->commit, 3);
    cr_expect_eq(said_count(EFFECT_COMMIT), 3);
}

Test(raft_append, an_anchor_beyond_a_gap_waits_for_another)
{
    follow(2);
    give_anchor(&e[5], 2, 2);
    cr_expect_eq(lone->log.last, 2);
    cr_expect_eq(said_count(EFFECT_COMMIT), 0);
}

Test(raft_append, an_anchor_of_a_later_term_raises_the_term)
{
    tell_heartbeat(4, 1, NULL, 0, 1);
    give_anchor(&e[1], 4, 0);
    cr_expect_eq(lone->term, 2, "no log is of a later term than its member");
    lone_config.executed = 4;
    lone_reopen();
    cr_expect_eq(lone->term, 2);
}

Test(raft_append, an_anchor_that_contradicts_a_commit_halts)
{
    follow(3);
    tell_heartbeat(4, 2, &e[3], 3, 1);
    struct log_entry other[3];
    other[0] = entry_on(NULL, 1, "another one");
    other[1] = entry_on(&other[0], 1, "another two");
    other[2] = entry_on(&other[1], 2, "another three");
    give_anchor(other, 3, 3);
    cr_expect(lone->halted);
}

Test(raft_append, an_anchor_replaces_what_was_not_committed)
{
    follow(3);
    struct log_entry other[3];
    other[0] = entry_on(NULL, 4, "another one");
    other[1] = entry_on(&other[0], 4, "another two");
    other[2] = entry_on(&other[1], 5, "another three");
    give_anchor(other, 3, 0);
    cr_expect_not(lone->halted);
    cr_expect(digest_equal(log_digest(&lone->log, 3), &other[2].digest));
    cr_expect_eq(lone->term, 5);
    cr_expect_eq(said_count(EFFECT_COMMIT), 3);
}
