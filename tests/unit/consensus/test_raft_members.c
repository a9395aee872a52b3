/* Joint consensus under fire. A ledger of three voters grows to five (first as learners) and
 * shrinks to three again, under load. At every step of each change, from the request until all know
 * that it is through, the leader is killed or cut off; then random histories of changes in the
 * chaos of chaos.h. After every step the five properties and those of raft_members_check.h are
 * looked for; with the leader still away, and nobody else, what is submitted from then on must be
 * decided within PAUSE_MS_MAX, and the change brought to its end; nothing submitted may be lost.
 * The figures say how many such histories there were, and the longest pause. */
#include "tests/unit/consensus/members_load.h"

TestSuite(raft_members, .init = members_setup);

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

/* An election may fail twice for want of a majority; see the figure for how long it takes. */
enum { PAUSE_MS_MAX = 3000 };

static uint64_t pause_ms_longest;

/* A client comes right after the blow: until when does it wait? */
static void wait_for_progress(uint16_t away)
{
    uint64_t begun = cluster.now_ms;
    uint64_t first = tx_count + 1;
    bool decided = false;
    for (unsigned turn = 0; !decided && cluster.now_ms < begun + PAUSE_MS_MAX; turn++) {
        if (turn % 10 == 0) submit();
        cluster_run(&cluster, 10);
        for (uint16_t i = 0; i < cluster.count; i++)
            decided = decided || (i != away && cluster.nodes[i].done[first]);
    }
    if (!decided) cluster_fail(&cluster, "nothing is decided while one is away");
    pause_ms_longest = max_u64(pause_ms_longest, cluster.now_ms - begun);
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
    wait_for_progress(leader);
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

static void strike_at_every_step(enum change change, const char *name)
{
    unsigned histories = 0;
    for (enum blow blow = 0; blow < BLOWS; blow++) {
        unsigned steps = 0;
        for (bool more = true; more; steps++) {
            more = strike_at(change, blow, steps);
            cr_assert(cluster.failure[0] == '\0', "change %d blow %d step %u: %s", (int)change,
                      (int)blow, steps, cluster.failure);
            cluster_free(&cluster);
        }
        cr_expect_gt(steps, 20u, "the change has too few steps to be believed");
        histories += steps - 1; /* The last one was through before the blow. */
    }
    printf("figure raft_members_%s %u histories\n", name, histories);
    printf("figure raft_members_%s_pause_max %llu ms\n", name,
           (unsigned long long)pause_ms_longest);
}

Test(raft_members, learners_join_and_the_leader_dies_at_every_step)
{
    strike_at_every_step(LEARN, "learn");
}

Test(raft_members, grow_to_five_and_the_leader_dies_at_every_step)
{
    strike_at_every_step(GROW, "grow");
}

Test(raft_members, shrink_without_the_leader_that_dies_at_every_step)
{
    strike_at_every_step(SHRINK_WITHOUT_LEADER, "shrink_without_leader");
}

Test(raft_members, shrink_with_the_leader_that_dies_at_every_step)
{
    strike_at_every_step(SHRINK_WITH_LEADER, "shrink_with_leader");
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
    printf("%llu decisions, trace %016llx\n", (unsigned long long)decided, (unsigned long long)all);
    printf("figure raft_members_random %llu histories\n", (unsigned long long)(last - first + 1));
}
