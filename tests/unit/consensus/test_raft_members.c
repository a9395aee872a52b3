/* Joint consensus under fire. A ledger of three voters grows to five (first as learners) and
 * shrinks to three again, under load. At every step of each change, from the request until all know
 * that it is through, the leader is killed or cut off; then random histories of changes in the
 * chaos of chaos.h. After every step the five properties and those of raft_members_check.h are
 * looked for; with the leader still away there must be progress; nothing submitted may be lost. */
#include "tests/unit/consensus/chaos.h"
#include "tests/unit/consensus/raft_members_check.h"

#include <criterion/criterion.h>

enum { ALL_FIVE = 0x1f, FIRST_THREE = 0x07, LEARNERS = 0x18, NOBODY = 0 };

static struct cluster cluster;
static struct chaos luck;

static void setup(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
}

TestSuite(raft_members, .init = setup);

static void print_note(struct cluster *c, uint16_t node, struct span text)
{
    printf("%8llu %u: %.*s\n", (unsigned long long)c->now_ms, node, (int)text.size,
           (const char *)text.data);
}

/* Clients tell everybody themselves, so that the steps that are counted are those of the engines.
 */
static bool network(struct cluster *c, const struct packet *packet, uint64_t *delay_ms)
{
    return packet->kind != PACKET_GOSSIP && chaos_network(c, packet, delay_ms);
}

static void start(uint64_t seed)
{
    members_cluster_init(&cluster, seed);
    luck = (struct chaos){ .calm = true, .amnesiac = NODES_MAX };
    luck.delay_ms_max = 10;
    luck.sync_ms_max = 1;
    cluster.user = &luck;
    cluster.network = network;
    cluster.quiet = true;
    if (getenv("WITAN_NOTES")) cluster.note = print_note;
    cluster_start(&cluster);
}

/* ---- load ---- */

static uint64_t tx_count;

/* To everybody who lives, as a client does that does not give up. */
static void submit(void)
{
    tx_count++;
    for (uint16_t i = 0; i < cluster.count; i++)
        cluster_submit(&cluster, i, tx_count);
}

/* Has every one of these members executed all that was submitted? */
static bool have_all(struct signer_set set)
{
    for (uint16_t i = 0; i < cluster.count; i++) {
        if (!signer_set_has(&set, i)) continue;
        for (uint64_t tx = 1; tx <= tx_count; tx++)
            if (!cluster.nodes[i].done[tx]) return false;
    }
    return true;
}

/* Runs for so long, with a transaction every 100 ms. */
static void run_under_load(uint64_t ms)
{
    for (uint64_t i = 0; i < ms / 100; i++) {
        submit();
        cluster_run(&cluster, 100);
    }
}

/* Brings the change about if nothing is in the way. */
static bool reach(const struct members *wanted, uint64_t ms)
{
    for (uint64_t i = 0; i < ms / 100; i++) {
        if (members_reach(&cluster, wanted)) return true;
        submit();
        cluster_run(&cluster, 100);
    }
    return false;
}

/* ---- the changes ---- */

enum change { LEARN, GROW, SHRINK_WITHOUT_LEADER, SHRINK_WITH_LEADER, CHANGES };

/* The two of five that a change leaves out: the leader or not. */
static unsigned without_two(uint16_t leader, bool with_leader)
{
    uint16_t first = leader;
    if (with_leader) first = (uint16_t)((leader + 1) % 5);
    uint16_t second = (uint16_t)((first + 1) % 5);
    return ALL_FIVE & ~(1u << first) & ~(1u << second);
}

static struct members target_of(enum change change, uint16_t leader)
{
    switch (change) {
    case LEARN: return members_of(FIRST_THREE, LEARNERS);
    case GROW: return members_of(ALL_FIVE, NOBODY);
    case SHRINK_WITHOUT_LEADER: return members_of(without_two(leader, false), NOBODY);
    case SHRINK_WITH_LEADER: return members_of(without_two(leader, true), NOBODY);
    case CHANGES: break;
    }
    return members_of(FIRST_THREE, NOBODY);
}

/* A leader, some load, and all that comes before this change. */
static void prepare(enum change change)
{
    tx_count = 0;
    run_under_load(1400);
    struct members learn = target_of(LEARN, 0);
    struct members grow = target_of(GROW, 0);
    bool done = change == LEARN || reach(&learn, 3000);
    if (change > GROW) done = done && reach(&grow, 3000);
    if (!done || raft_leader(&cluster) == VALIDATOR_NONE)
        cluster_fail(&cluster, "the change could not be prepared");
}

/* ---- at every step ---- */

enum blow {
    KILL_WITH_ALL, /* what it has not synced and what it has sent is gone */
    KILL_AFTER,    /* what it has written and sent stays */
    CUT_OFF,       /* it lives on, alone */
    BLOWS
};

static void drop_packets_of(uint16_t index)
{
    size_t left = 0;
    for (size_t i = 0; i < cluster.packets_count; i++)
        if (cluster.packets[i].from == index)
            free(cluster.packets[i].bytes);
        else
            cluster.packets[left++] = cluster.packets[i];
    cluster.packets_count = left;
}

static void strike(enum blow blow, uint16_t index)
{
    if (blow == CUT_OFF) {
        luck.calm = false;
        luck.side[index] = 1;
        return;
    }
    cluster_crash(&cluster, index, blow == KILL_AFTER ? 100 : 0);
    if (blow == KILL_WITH_ALL) drop_packets_of(index);
}

static void mend(uint16_t index)
{
    luck.calm = true;
    luck.side[index] = 0;
    if (!cluster.nodes[index].up) cluster_restart(&cluster, index);
}

static bool all_know(const struct members *wanted)
{
    for (uint16_t i = 0; i < cluster.count; i++) {
        bool told = is_voter(wanted, i) || signer_set_has(&wanted->learners, i);
        if (told && !members_are(raft_of(&cluster, i), wanted)) return false;
    }
    return true;
}

/* Asks for the change and strikes its leader `steps` steps later; false if by then all know that
 * the change is through. */
static bool strike_at(enum change change, enum blow blow, unsigned steps)
{
    start(1000 * change + steps);
    prepare(change);
    uint16_t leader = raft_leader(&cluster);
    if (cluster.failure[0]) return false;
    struct members wanted = target_of(change, leader);
    submit();
    members_ask(&cluster, leader, &wanted);
    for (unsigned i = 0; i < steps && !all_know(&wanted); i++) {
        if (i % 25 == 24) submit();
        cluster_step(&cluster, UINT64_MAX);
    }
    if (all_know(&wanted)) return false;

    strike(blow, leader);
    run_under_load(2000);
    if (!reach(&wanted, 5000)) cluster_fail(&cluster, "no progress while the old leader is away");
    cluster_run(&cluster, 300);
    struct signer_set rest = wanted.voters;
    rest.bits[leader / 8] &= (uint8_t) ~(1u << leader % 8);
    if (!have_all(rest)) cluster_fail(&cluster, "transactions lost while the leader is away");

    mend(leader);
    run_under_load(2000);
    cluster_run(&cluster, 2000);
    if (!all_know(&wanted)) cluster_fail(&cluster, "not all know the new members after healing");
    if (!have_all(wanted.voters)) cluster_fail(&cluster, "transactions lost after healing");
    return true;
}

static void strike_at_every_step(enum change change)
{
    for (enum blow blow = 0; blow < BLOWS; blow++) {
        unsigned steps = 0;
        for (bool more = true; more; steps++) {
            more = strike_at(change, blow, steps);
            cr_assert(cluster.failure[0] == '\0', "change %d blow %d step %u: %s", (int)change,
                      (int)blow, steps, cluster.failure);
            cluster_free(&cluster);
        }
        cr_expect_gt(steps, 20u, "the change has too few steps to be believed");
        printf("change %d, blow %d: %u steps\n", (int)change, (int)blow, steps);
    }
}

Test(raft_members, learners_join_and_the_leader_dies_at_every_step)
{
    strike_at_every_step(LEARN);
}

Test(raft_members, grow_to_five_and_the_leader_dies_at_every_step)
{
    strike_at_every_step(GROW);
}

Test(raft_members, shrink_without_the_leader_that_dies_at_every_step)
{
    strike_at_every_step(SHRINK_WITHOUT_LEADER);
}

Test(raft_members, shrink_with_the_leader_that_dies_at_every_step)
{
    strike_at_every_step(SHRINK_WITH_LEADER);
}

/* ---- rules, one by one ---- */

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

Test(raft_members, those_that_are_no_members_are_sent_nothing)
{
    start_at(LEARN);
    cr_expect_eq(raft_of(&cluster, 3)->log.last, 0);
    cr_expect_eq(cluster.nodes[4].executed, 0);
    finish();
}

Test(raft_members, learners_hold_everything_and_do_not_count)
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

Test(raft_members, a_learner_votes_if_it_is_asked)
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

Test(raft_members, a_newcomer_must_catch_up_before_it_votes)
{
    start_at(LEARN);
    uint16_t leader = raft_leader(&cluster);
    struct members grow = members_of(ALL_FIVE, NOBODY);
    members_ask(&cluster, leader, &grow);
    cr_expect(strstr(said, "a new voter has not caught up") != NULL, "%s", said);
    cr_expect_not(log_members(&raft_of(&cluster, leader)->log)->joint);
    finish();
}

Test(raft_members, a_voter_that_is_down_does_not_stop_a_change)
{
    start_at(GROW);
    uint16_t leader = raft_leader(&cluster);
    cluster_crash(&cluster, (uint16_t)((leader + 1) % 3), 0);
    run_under_load(2000);
    struct members grow = members_of(ALL_FIVE, NOBODY);
    cr_expect(reach(&grow, 2000));
    finish();
}

Test(raft_members, wishes_that_nobody_can_fulfil)
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

Test(raft_members, one_change_at_a_time)
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
Test(raft_members, not_before_the_own_term_has_committed)
{
    start_at(GROW);
    uint16_t old = raft_leader(&cluster);
    cluster_crash(&cluster, old, 0);
    while (raft_leader(&cluster) == VALIDATOR_NONE)
        cluster_step(&cluster, UINT64_MAX);
    struct members grow = members_of(ALL_FIVE, NOBODY);
    members_ask(&cluster, raft_leader(&cluster), &grow);
    cr_expect(strstr(said, "nothing of this term is committed") != NULL, "%s", said);
    cr_expect(reach(&grow, 3000));
    finish();
}

/* 4.1: a change is in force when it is appended, and no more when it is dropped. */
Test(raft_members, a_change_that_is_dropped_is_undone)
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
Test(raft_members, joint_members_need_both_quorums)
{
    expect_no_decision(FIRST_THREE); /* Two of three old ones, two of five new ones. */
    expect_no_decision(LEARNERS);    /* Three of five new ones, one of three old ones. */
}

Test(raft_members, a_leader_that_is_left_out_leads_until_that_is_committed)
{
    start_at(SHRINK_WITHOUT_LEADER);
    uint16_t leader = raft_leader(&cluster);
    struct members shrink = target_of(SHRINK_WITHOUT_LEADER, leader);
    members_ask(&cluster, leader, &shrink);
    const struct raft *r = raft_of(&cluster, leader);
    while (log_members(&r->log)->joint || r->log.members_index > r->commit) {
        cr_assert_eq(r->role, LEADER);
        cr_assert(cluster_step(&cluster, UINT64_MAX));
    }
    cr_expect_neq(r->role, LEADER);
    cr_expect(members_are(r, &shrink));
    cr_expect(strstr(said, "no voter any more: step down") != NULL, "%s", said);
    cr_expect(decides(2000));
    finish();
}

/* 4.2.3: who is left out asks for votes for ever and disturbs nobody. */
Test(raft_members, those_that_are_left_out_do_not_disturb)
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
Test(raft_members, who_is_left_out_leads_if_nobody_else_can)
{
    start_at(SHRINK_WITH_LEADER);
    uint16_t leader = raft_leader(&cluster);
    struct members shrink = target_of(SHRINK_WITH_LEADER, leader);
    unsigned left_out = ALL_FIVE & ~(unsigned)shrink.voters.bits[0];
    members_ask(&cluster, leader, &shrink);
    const struct raft *r = raft_of(&cluster, leader);
    while (log_members(&r->log)->joint && cluster_step(&cluster, UINT64_MAX)) {
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

/* ---- random histories ---- */

static uint64_t one_history(uint64_t seed)
{
    members_cluster_init(&cluster, seed);
    struct cluster *c = &cluster;
    luck = (struct chaos){ .amnesiac = NODES_MAX };
    luck.loss_permille = random_below(&c->random, 100);
    luck.twice_permille = random_below(&c->random, 100);
    luck.delay_ms_max = 1 + random_below(&c->random, 80);
    luck.sync_ms_max = 1 + random_below(&c->random, 40);
    c->user = &luck;
    c->network = chaos_network;
    c->sync_ms = chaos_sync;
    if (getenv("WITAN_NOTES")) c->note = print_note;
    cluster_start(c);
    uint64_t tx = 0;
    struct members wanted = members_of(FIRST_THREE, NOBODY);
    for (int act = 0; act < 70 && !c->failure[0]; act++) {
        uint64_t pause = random_below(&c->random, 600);
        if (random_below(&c->random, 3) == 0) {
            unsigned voters = (unsigned)random_below(&c->random, 32);
            unsigned learners = ALL_FIVE & ~voters;
            if (voters != NOBODY) wanted = members_of(voters, learners);
        }
        for (uint16_t i = 0; i < c->count; i++)
            if (c->nodes[i].up && raft_of(c, i)->role == LEADER) members_ask(c, i, &wanted);
        one_act_of_chaos(c, &luck, &tx);
        cluster_run(c, pause);
    }
    heal(c, &luck);
    wanted = members_of(ALL_FIVE, NOBODY);
    bool reached = false;
    for (int i = 0; i < 200 && !reached; i++) {
        cluster_run(c, 100);
        reached = members_reach(c, &wanted);
    }
    if (!reached) cluster_fail(c, "the members cannot be changed after healing");
    cluster_submit(c, 0, ++tx);
    cluster_run(c, 5000);
    if (!all_have(c, tx)) cluster_fail(c, "no progress after healing");
    return c->failure[0] ? 0 : c->trace;
}

enum { SEEDS = 300 };

Test(raft_members, random_changes)
{
    const char *only = getenv("WITAN_SEED");
    uint64_t first = only ? strtoull(only, NULL, 10) : 1;
    uint64_t last = only ? first : SEEDS;
    uint64_t all = 0;
    uint64_t decided = 0;
    for (uint64_t seed = first; seed <= last; seed++) {
        uint64_t trace = one_history(seed);
        cr_expect(trace != 0, "seed %llu: %s", (unsigned long long)seed, cluster.failure);
        hash_u64(&all, trace);
        decided += cluster.decided;
        cluster_free(&cluster);
    }
    printf("%llu histories, %llu decisions, trace %016llx\n",
           (unsigned long long)(last - first + 1), (unsigned long long)decided,
           (unsigned long long)all);
}
