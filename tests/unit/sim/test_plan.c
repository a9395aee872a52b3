/* Plans: what seeds draw is allowed, text goes there and back, wrong text is refused by its line.
 */
#include "tests/sim/plan.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct plan a, b;
static char problem[200];

static bool read_text(struct plan *plan, const char *text)
{
    FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
    cr_assert(file != NULL);
    problem[0] = 0;
    bool good = plan_read(plan, file, problem);
    fclose(file);
    return good;
}

static char *text_of(const struct plan *plan)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    cr_assert(file != NULL);
    plan_write(plan, file);
    fclose(file);
    return text;
}

static unsigned count_of(uint64_t set)
{
    return (unsigned)__builtin_popcountll(set);
}

Test(plan, quorums_meet_in_one_honest_member)
{
    for (uint16_t n = 1; n <= MEMBERS_MAX; n++) {
        a.nodes = n;
        int f = plan_faulty(&a), q = plan_quorum(&a);
        cr_assert(3 * f < n && 3 * (f + 1) >= n);
        cr_assert(2 * q - n >= f + 1);
        cr_assert(2 * (q - 1) - n < f + 1, "a smaller quorum would do for %u", n);
        cr_assert(q <= n - f);
    }
}

Test(plan, what_is_drawn_is_allowed_and_the_same_again)
{
    for (uint64_t seed = 0; seed < 3000; seed++) {
        plan_draw(&a, seed, 0);
        plan_draw(&b, seed, 0);
        cr_assert(memcmp(&a, &b, sizeof a) == 0);
        cr_assert(plan_allowed(&a, problem), "seed %lu: %s", seed, problem);
        cr_assert(!a.beyond && !a.far_behind);
        cr_assert_geq(count_of(a.core), plan_quorum(&a));
    }
}

Test(plan, every_number_of_members_can_be_drawn)
{
    for (uint16_t n = 1; n <= MEMBERS_MAX; n++)
        for (uint64_t seed = 0; seed < 40; seed++) {
            plan_draw(&a, seed, n);
            cr_assert_eq(a.nodes, n);
            cr_assert(plan_allowed(&a, problem), "seed %lu of %u: %s", seed, n, problem);
        }
}

/* A swarm: every fault and lie comes up, none in every plan. */
Test(plan, draws_have_variety)
{
    unsigned faults[FAULT_KINDS] = { 0 }, lies[LIE_KINDS] = { 0 };
    unsigned liars = 0, twins = 0, frail = 0, three = 0, real = 0, calm = 0, sizes[32] = { 0 };
    enum { SEEDS = 2000 };
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        uint64_t seen = 0;
        plan_draw(&a, seed, 0);
        for (uint32_t i = 0; i < a.faults_count; i++)
            seen |= 1ull << a.faults[i].kind;
        for (unsigned i = 0; i < FAULT_KINDS; i++)
            faults[i] += (unsigned)(seen >> i & 1);
        for (unsigned i = 0; i < LIE_KINDS; i++)
            lies[i] += (unsigned)(a.lies >> i & 1);
        liars += a.liars != 0;
        twins += a.twins != 0;
        frail += a.frail != 0;
        three += a.phases == 3;
        real += a.real_keys;
        calm += a.faults_count == 0;
        sizes[a.nodes]++;
    }
    for (unsigned i = 0; i < FAULT_KINDS; i++)
        cr_assert(i == FAULT_KILL_LEADER || i == FAULT_STOP
                      ? faults[i] == 0
                      : faults[i] > SEEDS / 20 && faults[i] < SEEDS * 2 / 3,
                  "%s in %u", fault_names[i], faults[i]);
    for (unsigned i = 0; i < LIE_KINDS; i++)
        cr_assert(lies[i] > SEEDS / 50, "%s in %u", lie_names[i], lies[i]);
    cr_assert(liars > SEEDS / 10 && twins > SEEDS / 20 && frail > SEEDS / 10);
    cr_assert(three > SEEDS / 8 && three < SEEDS / 2);
    cr_assert(real > SEEDS / 50 && real < SEEDS / 8);
    cr_assert(calm > SEEDS / 10 && calm < SEEDS / 3);
    for (unsigned n = 1; n <= 7; n++)
        cr_assert(sizes[n] > 0);
    cr_assert(sizes[10] > 0 && sizes[13] > 0 && sizes[31] > 0 && sizes[8] == 0);
}

Test(plan, text_goes_there_and_back)
{
    for (uint64_t seed = 0; seed < 300; seed++) {
        plan_draw(&a, seed, 0);
        char *text = text_of(&a);
        cr_assert(read_text(&b, text), "seed %lu: %s", seed, problem);
        char *again = text_of(&b);
        cr_assert_str_eq(text, again);
        cr_assert_eq(a.faults_count, b.faults_count);
        for (uint32_t i = 0; i < a.faults_count; i++) {
            const struct fault *x = &a.faults[i], *y = &b.faults[i];
            cr_assert(x->at_ms == y->at_ms && x->until_ms == y->until_ms && x->kind == y->kind &&
                      x->node == y->node && x->nodes == y->nodes && x->value == y->value &&
                      x->seed == y->seed);
        }
        cr_assert(a.liars == b.liars && a.lies == b.lies && a.core == b.core);
        free(text);
        free(again);
    }
}

Test(plan, text_by_hand)
{
    cr_assert(read_text(&a, "# a comment\n"
                            "seed 17   # of all\n"
                            "nodes 7\n\n"
                            "liars 0x3\nlies equivocate,seal\nlie_permille 50\n"
                            "fault 3100 0 kill node=2 value=17 seed=99\r\n"
                            "\tfault 1200 2400 partition nodes=0x5\n"
                            "fault 1300 0 clock node=1 value=-250"),
              "%s", problem);
    cr_assert_eq(a.seed, 17);
    cr_assert_eq(a.core, 0x7c); /* Who may not break. */
    cr_assert_eq(a.lies, 1u << LIE_EQUIVOCATE | 1u << LIE_SEAL);
    cr_assert_eq(a.faults_count, 3);
    cr_assert_eq(a.faults[0].kind, FAULT_PARTITION); /* By time. */
    cr_assert_eq((int64_t)a.faults[1].value, -250);
    cr_assert_eq(a.faults[2].seed, 99);
}

static void refused(const char *text, const char *why)
{
    cr_assert(!read_text(&a, text), "taken: %s", text);
    cr_assert(strstr(problem, why) != NULL, "'%s' instead of '%s' of: %s", problem, why, text);
}

Test(plan, wrong_text_is_refused)
{
    refused("seed 1\nnods 4\n", "line 2: there is no option 'nods'");
    refused("nodes 32\n", "line 1: nodes is not within 1 .. 31");
    refused("nodes 0\n", "line 1");
    refused("nodes four\n", "is not a number");
    refused("nodes -4\n", "is not a number");
    refused("nodes 4x\n", "is not a number");
    refused("nodes\n", "takes one value");
    refused("nodes 4 5\n", "takes one value");
    refused("nodes 4\nnodes 4\n", "line 2: nodes is given twice");
    refused("seed 18446744073709551616\n", "is not a number");
    refused("liars 0xg\n", "is not a number");
    refused("phases 4\n", "line 1: phases");
    refused("lies equivocate,lie\n", "there is no lie 'lie'");
    refused("loss_permille 1001\n", "line 1: loss_permille");
    refused("fault 1 2\n", "a fault is");
    refused("\n\nfault 1 2 crash\n", "line 3: there is no fault 'crash'");
    refused("fault x 2 kill\n", "milliseconds");
    refused("fault 1 2 kill node=62\n", "node");
    refused("fault 1 2 kill node\n", "NAME=VALUE");
    refused("fault 1 2 kill size=3\n", "a fault has no 'size'");
    refused("fault 1 2 kill value=-3\n", "value");
    refused("fault 1 2 kill a=1 b=1 c=1 d=1 e=1 f=1 g=1\n", "more than");
    refused("fault 1 2 kill node=4\n", "there is no replica 4");
    refused("fault 3 2 kill node=1\n", "ends before it begins");
    refused("fault 1 2 loss value=1001\n", "beyond its limit");
    refused("fault 1 2 flip node=1\n", "not frail");
    refused("fault 1 2 partition nodes=0x10\n", "replicas that are not among");
}

Test(plan, lines_and_lists_are_bounded)
{
    char line[700];
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = 0;
    refused(line, "line 1: longer than");
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    for (unsigned i = 0; i < PLAN_FAULTS_MAX + 1; i++)
        fputs("fault 1 2 kill\n", file);
    fclose(file);
    refused(text, "line 513: more than 512 faults");
    free(text);
}

Test(plan, the_fault_model_is_kept)
{
    refused("liars 0x3\nlies garbage\nlie_permille 9\n", "2 of 4 members may break");
    refused("liars 0x1\nlies garbage\nlie_permille 9\nfrail 0x2\n", "2 of 4 members may break");
    refused("nodes 3\nfrail 0x1\n", "1 of 3 members may break");
    refused("frail 0x10\n", "not among 4");
    refused("frail 0x1\ncore 0xf\n", "a member of the core may break");
    refused("core 0x3\n", "no quorum");
    refused("liars 0x1\n", "go together");
    refused("lies garbage\n", "go together");
    refused("delay_ms_min 30\ndelay_ms_max 20\n", "delay_ms_min");
    cr_assert(read_text(&a, "beyond 1\ntwins 0x3\n"), "%s", problem);
    cr_assert_eq(plan_replicas(&a), 6);
}

Test(plan, faults_out_of_order_are_not_allowed)
{
    cr_assert(read_text(&a, "fault 1 2 kill\nfault 5 6 kill\n"));
    a.faults[0].at_ms = 6;
    a.faults[0].until_ms = 7;
    cr_assert(!plan_allowed(&a, problem));
    cr_assert(strstr(problem, "behind a later fault") != NULL);
}

Test(plan, far_behind_is_calm_and_long)
{
    plan_far_behind(&a, 9, 0);
    cr_assert(plan_allowed(&a, problem), "%s", problem);
    cr_assert_eq(a.nodes, 4);
    cr_assert(a.far_behind && a.faults_count == 0 && a.transactions > 5000);
    plan_far_behind(&a, 9, 7);
    cr_assert_eq(a.nodes, 7);
}

/* Each side of the partitions is a quorum by itself, twins counted on both. */
Test(plan, beyond_gives_each_side_a_quorum)
{
    for (uint64_t seed = 0; seed < 200; seed++) {
        plan_beyond(&a, seed);
        cr_assert(a.beyond && plan_allowed(&a, problem), "%s", problem);
        cr_assert_eq(count_of(a.twins), plan_faulty(&a) + 1u);
        cr_assert_eq(a.faults_count, 2);
        uint64_t members = (1ull << a.nodes) - 1;
        for (unsigned i = 0; i < 2; i++) {
            uint64_t side = a.faults[i].nodes, other = (members & ~side) | a.twins;
            cr_assert_eq(a.faults[i].kind, FAULT_PARTITION);
            cr_assert_eq(side & ~members, 0, "second twins are on the other side");
            cr_assert_geq(count_of(side), plan_quorum(&a));
            cr_assert_geq(count_of(other), plan_quorum(&a));
        }
        char *text = text_of(&a);
        cr_assert(read_text(&b, text), "%s", problem);
        free(text);
    }
}

/* ---- Raft ---- */

Test(plan, majorities_of_raft)
{
    a.engine = ENGINE_RAFT;
    for (uint16_t n = 1; n <= MEMBERS_MAX; n++) {
        a.nodes = n;
        int f = plan_faulty(&a), q = plan_quorum(&a);
        cr_assert(2 * q > n && 2 * (q - 1) <= n);
        cr_assert(q <= n - f && n - f - 1 < q);
    }
}

Test(plan, what_is_drawn_for_raft_is_allowed_and_various)
{
    unsigned sizes[MEMBERS_MAX + 1] = { 0 }, kills = 0, stops = 0, frail = 0, calm = 0;
    enum { SEEDS = 2000 };
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        plan_draw_raft(&a, seed, 0);
        plan_draw_raft(&b, seed, 0);
        cr_assert(memcmp(&a, &b, sizeof a) == 0);
        cr_assert(plan_allowed(&a, problem), "seed %lu: %s", seed, problem);
        cr_assert(plan_is_raft(&a) && a.liars == 0 && a.twins == 0);
        cr_assert(a.reads > 0);
        bool killed = false, stopped = false;
        for (uint32_t i = 0; i < a.faults_count; i++) {
            killed = killed || a.faults[i].kind == FAULT_KILL_LEADER;
            stopped = stopped || a.faults[i].kind == FAULT_STOP;
        }
        sizes[a.nodes]++;
        kills += killed;
        stops += stopped;
        frail += a.frail != 0;
        calm += a.faults_count == 0;
    }
    static const uint8_t wanted[] = { 1, 2, 3, 4, 5, 7 };
    for (size_t i = 0; i < sizeof wanted; i++)
        cr_assert(sizes[wanted[i]] > SEEDS / 20);
    cr_assert(kills > SEEDS / 4 && stops > SEEDS / 4 && frail > SEEDS / 10 && calm > SEEDS / 20);
}

Test(plan, the_engine_stands_in_the_text)
{
    plan_draw_raft(&a, 7, 0);
    char *text = text_of(&a);
    cr_assert(strstr(text, "engine raft\n") && strstr(text, "heartbeat_ms"));
    cr_assert(strstr(text, "phases") == NULL);
    cr_assert(read_text(&b, text), "%s", problem);
    cr_assert(plan_is_raft(&b) && b.heartbeat_ms == a.heartbeat_ms &&
              b.election_ms_min == a.election_ms_min && b.election_ms_max == a.election_ms_max);
    free(text);
    plan_draw(&a, 7, 0);
    text = text_of(&a);
    cr_assert(strstr(text, "engine hotstuff\n") && strstr(text, "heartbeat_ms") == NULL);
    free(text);
    cr_assert(read_text(&a, "nodes 4\n") && a.engine == ENGINE_HOTSTUFF);
    cr_assert(!read_text(&a, "engine paxos\n"));
}

Test(plan, what_raft_does_not_bear)
{
    cr_assert(!read_text(&a, "engine raft\nnodes 4\ntwins 0x1\n"));
    cr_assert(!read_text(&a, "engine raft\nnodes 4\nliars 0x1\nlies replay\nlie_permille 5\n"));
    cr_assert(!read_text(&a, "engine raft\nnodes 4\nfrail 0x3\n"));
    cr_assert(read_text(&a, "engine raft\nnodes 5\nfrail 0x3\n"), "%s", problem);
    cr_assert(!read_text(&a, "engine raft\nheartbeat_ms 300\n"));
    cr_assert(!read_text(&a, "engine raft\nelection_ms_max 500\n"));
    cr_assert(read_text(&a, "engine raft\nfault 5 9 kill-leader\n"), "%s", problem);
    cr_assert(!read_text(&a, "fault 5 9 kill-leader\n"));
    cr_assert(read_text(&a, "engine raft\nfault 5 9 stop value=1\n"), "%s", problem);
    cr_assert(!read_text(&a, "engine raft\nfault 5 9 stop value=2\n"));
    cr_assert(!read_text(&a, "fault 5 9 stop\n"));
    cr_assert(read_text(&a, "engine raft\nreads 7\n") && a.reads == 7);
}

Test(plan, leaders_are_killed_one_after_the_other)
{
    plan_leader_kills(&a, 1, 5, 100);
    cr_assert(plan_allowed(&a, problem), "%s", problem);
    cr_assert_eq(a.faults_count, 100);
    for (uint32_t i = 1; i < a.faults_count; i++)
        cr_assert(a.faults[i].at_ms > a.faults[i - 1].until_ms - 1);
    cr_assert_eq(a.heartbeat_ms, 50);
}
