/* Changes of members, rule by rule: thesis, 4.1 to 4.3. */
#include "tests/unit/consensus/members_load.h"

TestSuite(raft_joint, .init = members_setup);

/* The sentences that engines say. */
static char said[1 << 16];

static void keep_note(struct cluster *c, uint16_t node, struct span text)
{
    (void)c;
    (void)node;
    size_t used = strlen(said);
    if (used + text.size + 2 > sizeof said) return;
    memcpy(said + used, text.data, text.size);
    memcpy(said + used + text.size, "\n", 2);
}

static void start_at(enum change change)
{
    start(7);
    prepare(change);
    cr_assert(cluster.failure[0] == '\0', "%s", cluster.failure);
    said[0] = '\0';
    cluster.note = keep_note;
}

static void finish(void)
{
    cr_expect(cluster.failure[0] == '\0', "%s", cluster.failure);
    cluster_free(&cluster);
}

static void separate(unsigned side)
{
    luck.calm = side == 0;
    for (uint16_t i = 0; i < NODES_MAX; i++)
        luck.side[i] = side >> i & 1;
}

/* Does anybody decide anything in that time? */
static bool decides(uint64_t ms)
{
    uint64_t before = cluster.decided;
    run_under_load(ms);
    return cluster.decided > before;
}

Test(raft_joint, those_that_are_no_members_are_sent_nothing)
{
    start_at(LEARN);
    cr_expect_eq(raft_of(&cluster, 3)->log.last, 0);
    cr_expect_eq(cluster.nodes[4].executed, 0);
    finish();
}

Test(raft_joint, learners_hold_everything_and_do_not_count)
{
    start_at(GROW);
    run_under_load(300);
    cr_expect(have_all(set_of(LEARNERS)));
    uint16_t leader = raft_leader(&cluster);
    separate(LEARNERS | 1u << leader); /* Three of five, but one of the three voters. */
    run_under_load(100);               /* What was on its way arrives. */
    cr_expect_not(decides(300));
    cluster_run(&cluster, 3000);
    cr_expect_neq(raft_of(&cluster, leader)->role, LEADER, "it hears no quorum of voters");
    cr_expect_eq(raft_of(&cluster, 3)->elections_count, 0, "a learner does not campaign");
    finish();
}

Test(raft_joint, a_learner_votes_if_it_is_asked)
{
    start_at(GROW);
    const struct raft *r = raft_of(&cluster, 3);
    struct message ask = { .statement = { .kind = VOTE_REQUEST,
                                          .view = r->term + 1,
                                          .index = r->log.last,
                                          .aux = log_last_view(&r->log) } };
    const uint8_t transfer = 1;
    ask.attachment = span_of(&transfer, 1);
    struct event event = { .kind = EVENT_MESSAGE, .from = 1, .message = &ask };
    node_step(&cluster, 3, &event);
    cr_expect_eq(r->voted_for, 1);
    finish();
}

Test(raft_joint, a_newcomer_must_catch_up_before_it_votes)
{
    start_at(LEARN);
    uint16_t leader = raft_leader(&cluster);
    struct members grow = members_of(ALL_FIVE, NOBODY);
    members_ask(&cluster, leader, &grow);
    cr_expect(strstr(said, "a new voter has not caught up") != NULL, "%s", said);
    cr_expect_not(log_members(&raft_of(&cluster, leader)->log)->joint);
    finish();
}

Test(raft_joint, a_voter_that_is_down_does_not_stop_a_change)
{
    start_at(GROW);
    uint16_t leader = raft_leader(&cluster);
    cluster_crash(&cluster, (uint16_t)((leader + 1) % 3), 0);
    run_under_load(2000);
    struct members grow = members_of(ALL_FIVE, NOBODY);
    cr_expect(reach(&grow, 2000));
    finish();
}

Test(raft_joint, wishes_that_nobody_can_fulfil)
{
    start_at(GROW);
    uint16_t leader = raft_leader(&cluster);
    struct members nobody = members_of(NOBODY, LEARNERS);
    members_ask(&cluster, leader, &nobody);
    cr_expect(strstr(said, "nobody would vote") != NULL, "%s", said);
    struct members stranger = members_of(FIRST_THREE | 1u << 5, NOBODY);
    members_ask(&cluster, leader, &stranger);
    cr_expect(strstr(said, "there is no such member") != NULL, "%s", said);
    struct members good = members_of(ALL_FIVE, NOBODY);
    members_ask(&cluster, (uint16_t)((leader + 1) % 3), &good);
    cr_expect(strstr(said, "we do not lead") != NULL, "%s", said);
    finish();
}

Test(raft_joint, one_change_at_a_time)
{
    start_at(GROW);
    uint16_t leader = raft_leader(&cluster);
    struct members grow = members_of(ALL_FIVE, NOBODY);
    struct members other = members_of(FIRST_THREE, NOBODY);
    members_ask(&cluster, leader, &grow);
    uint64_t joint = raft_of(&cluster, leader)->log.members_index;
    members_ask(&cluster, leader, &other);
    cr_expect(strstr(said, "another change is under way") != NULL, "%s", said);
    cr_expect_eq(raft_of(&cluster, leader)->log.members_index, joint);
    cr_expect(reach(&grow, 2000));
    finish();
}

/* Ongaro, raft-dev, 2015: not before something of the leader's own term is committed. */
Test(raft_joint, not_before_the_own_term_has_committed)
{
    start_at(GROW);
    uint16_t old = raft_leader(&cluster);
    cluster_crash(&cluster, old, 0);
    uint64_t until = cluster.now_ms + 5000;
    while (raft_leader(&cluster) == VALIDATOR_NONE && cluster_step(&cluster, until)) {
    }
    cr_assert_neq(raft_leader(&cluster), VALIDATOR_NONE);
    struct members grow = members_of(ALL_FIVE, NOBODY);
    members_ask(&cluster, raft_leader(&cluster), &grow);
    cr_expect(strstr(said, "nothing of this term is committed") != NULL, "%s", said);
    cr_expect(reach(&grow, 3000));
    finish();
}

/* 4.1: a change is in force when it is appended, and no more when it is dropped. */
Test(raft_joint, a_change_that_is_dropped_is_undone)
{
    start_at(GROW);
    uint16_t leader = raft_leader(&cluster);
    separate(1u << leader);
    struct members grow = members_of(ALL_FIVE, NOBODY);
    members_ask(&cluster, leader, &grow);
    cr_expect(log_members(&raft_of(&cluster, leader)->log)->joint);
    uint64_t joint = raft_of(&cluster, leader)->log.members_index;
    run_under_load(3000);
    separate(0);
    run_under_load(3000);
    struct members learn = members_of(FIRST_THREE, LEARNERS);
    const struct raft *r = raft_of(&cluster, leader);
    cr_expect(members_are(r, &learn), "the old leader keeps members that were never decided");
    cr_expect_lt(r->log.members_index, joint);
    finish();
}

/* A leader of joint members hears these alone. */
static void expect_no_decision(unsigned others)
{
    start_at(GROW);
    uint16_t leader = raft_leader(&cluster);
    unsigned side = others == LEARNERS ? LEARNERS : 1u << (leader + 1) % 3;
    struct members grow = members_of(ALL_FIVE, NOBODY);
    separate(side | 1u << leader);
    members_ask(&cluster, leader, &grow);
    run_under_load(400);
    const struct raft *r = raft_of(&cluster, leader);
    cr_expect(log_members(&r->log)->joint);
    cr_expect_gt(r->log.members_index, r->commit);
    separate(0);
    cr_expect(reach(&grow, 5000));
    finish();
}

/* 4.3: while joint, neither the old voters nor the new ones decide alone. */
Test(raft_joint, joint_members_need_both_quorums)
{
    expect_no_decision(FIRST_THREE); /* Two of three old ones, two of five new ones. */
    expect_no_decision(LEARNERS);    /* Three of five new ones, one of three old ones. */
}

Test(raft_joint, a_leader_that_is_left_out_leads_until_that_is_committed)
{
    start_at(SHRINK_WITHOUT_LEADER);
    uint16_t leader = raft_leader(&cluster);
    struct members shrink = target_of(SHRINK_WITHOUT_LEADER, leader);
    members_ask(&cluster, leader, &shrink);
    const struct raft *r = raft_of(&cluster, leader);
    uint64_t until = cluster.now_ms + 5000;
    while (log_members(&r->log)->joint || r->log.members_index > r->commit) {
        cr_assert_eq(r->role, LEADER);
        cr_assert(cluster_step(&cluster, until));
    }
    cr_expect_neq(r->role, LEADER);
    cr_expect(members_are(r, &shrink));
    cr_expect(strstr(said, "no voter any more: step down for") != NULL, "%s", said);
    finish();
}

/* Who goes tells a voter that has the end of the change to campaign: no timeout is waited for. */
Test(raft_joint, a_leader_that_is_left_out_hands_over)
{
    start_at(SHRINK_WITHOUT_LEADER);
    uint16_t leader = raft_leader(&cluster);
    struct members shrink = target_of(SHRINK_WITHOUT_LEADER, leader);
    members_ask(&cluster, leader, &shrink);
    const struct raft *r = raft_of(&cluster, leader);
    uint64_t until = cluster.now_ms + 5000;
    while (r->role == LEADER)
        cr_assert(cluster_step(&cluster, until));
    cluster_run(&cluster, 100);
    uint16_t next = raft_leader(&cluster);
    cr_assert_neq(next, VALIDATOR_NONE, "%s", said);
    cr_expect(is_voter(&shrink, next));
    cr_expect_eq(raft_of(&cluster, next)->term, r->term);
    cr_expect(decides(500));
    finish();
}

/* Its word may be lost: then somebody's time runs out, as after a crash. */
Test(raft_joint, handing_over_is_no_promise)
{
    start_at(SHRINK_WITHOUT_LEADER);
    uint16_t leader = raft_leader(&cluster);
    struct members shrink = target_of(SHRINK_WITHOUT_LEADER, leader);
    members_ask(&cluster, leader, &shrink);
    const struct raft *r = raft_of(&cluster, leader);
    uint64_t until = cluster.now_ms + 5000;
    while (r->role == LEADER)
        cr_assert(cluster_step(&cluster, until));
    cluster_crash(&cluster, leader, 100);
    for (size_t i = cluster.packets_count; i-- > 0;) {
        struct packet *packet = &cluster.packets[i];
        if (packet->statement_kind != TIMEOUT_NOW) continue;
        free(packet->bytes);
        *packet = cluster.packets[--cluster.packets_count];
    }
    cluster_run(&cluster, 100);
    cr_expect_eq(raft_leader(&cluster), VALIDATOR_NONE);
    cr_expect(decides(2500));
    finish();
}

/* 4.2.3: who is left out asks for votes for ever and disturbs nobody. */
Test(raft_joint, those_that_are_left_out_do_not_disturb)
{
    start_at(SHRINK_WITH_LEADER);
    uint16_t leader = raft_leader(&cluster);
    struct members shrink = target_of(SHRINK_WITH_LEADER, leader);
    cr_expect(reach(&shrink, 3000));
    uint64_t term = raft_of(&cluster, leader)->term;
    run_under_load(8000);
    cr_expect_eq(raft_leader(&cluster), leader);
    cr_expect_eq(raft_of(&cluster, leader)->term, term);
    finish();
}

/* 4.2.2: the end of a change may stand in the logs of those alone whom it leaves out. Nobody else
 * can be elected then, so they are, and end it. */
Test(raft_joint, who_is_left_out_leads_if_nobody_else_can)
{
    start_at(SHRINK_WITH_LEADER);
    uint16_t leader = raft_leader(&cluster);
    struct members shrink = target_of(SHRINK_WITH_LEADER, leader);
    unsigned left_out = ALL_FIVE & ~(unsigned)shrink.voters.bits[0];
    members_ask(&cluster, leader, &shrink);
    const struct raft *r = raft_of(&cluster, leader);
    uint64_t until = cluster.now_ms + 5000;
    while (log_members(&r->log)->joint && cluster_step(&cluster, until)) {
    }
    for (size_t i = cluster.packets_count; i-- > 0;) { /* What ends it reaches only them. */
        struct packet *packet = &cluster.packets[i];
        if (packet->from != leader || left_out >> packet->to & 1) continue;
        free(packet->bytes);
        *packet = cluster.packets[--cluster.packets_count];
    }
    separate(left_out | 1u << leader);
    cluster_run(&cluster, 30);
    cluster_crash(&cluster, leader, 0);
    separate(0);
    cr_expect(decides(4000), "nobody leads");
    uint16_t next = raft_leader(&cluster);
    cr_assert_neq(next, VALIDATOR_NONE);
    cr_expect(is_voter(&shrink, next), "who was left out goes when that is committed");
    cr_expect(members_are(raft_of(&cluster, next), &shrink));
    finish();
}
