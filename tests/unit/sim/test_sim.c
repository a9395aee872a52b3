/* The world as a whole: what a calm run gives, that runs repeat to the bit, that every kind of
 * fault does something and is survived, that too many faults are noticed. */
#include "tests/sim/sim.h"

#include "crypto/key.h"
#include "tests/sim/marks.h"
#include "tests/sim/plan_internal.h"
#include <criterion/criterion.h>
#include <inttypes.h>

static struct plan plan;
static struct sim_result result, again;

static void setup(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
}
TestSuite(sim, .init = setup, .fini = sim_end, .timeout = 120);

static void run(void)
{
    char problem[200];
    cr_assert(plan_allowed(&plan, problem), "%s", problem);
    sim_run(&plan, NULL, &result);
}

static void passes(void)
{
    run();
    cr_assert(result.passed, "seed %" PRIu64 ": %s: %s", plan.seed, check_names[result.check],
              result.problem);
    cr_assert_eq(result.check, CHECK_NONE);
}

static void add(enum fault_kind kind, uint64_t at_ms, uint64_t until_ms, uint16_t node,
                uint64_t nodes, uint64_t value)
{
    struct fault fault = { at_ms, until_ms, kind, node, nodes, value, plan.faults_count + 77 };
    plan_add(&plan, &fault);
}

/* ---- calm ---- */

Test(sim, a_calm_run_commits_what_is_submitted)
{
    for (uint16_t nodes = 1; nodes <= 7; nodes += 3) {
        plan_calm(&plan, 5, nodes);
        passes();
        cr_assert_geq(result.committed, plan.transactions * 9 / 10);
        cr_assert_gt(result.height, 5);
        cr_assert_eq(result.restarts, 0);
        cr_assert_eq(result.lost, 0);
        cr_assert_eq(result.duplicated, 0);
        cr_assert_eq(result.failed_ops, 0);
        if (nodes > 1) cr_assert_gt(result.messages, result.height * nodes);
    }
}

Test(sim, with_ed25519_too)
{
    plan_calm(&plan, 6, 4);
    plan.real_keys = true;
    plan.transactions = 20;
    passes();
    cr_assert_gt(result.committed, 10);
}

Test(sim, with_three_phases_too)
{
    plan_calm(&plan, 7, 4);
    plan.phases = 3;
    passes();
    cr_assert_gt(result.committed, 50);
}

/* ---- the same plan, the same run ---- */

static bool same_trace(void)
{
    return memcmp(result.trace, again.trace, sizeof result.trace) == 0;
}

Test(sim, the_same_plan_gives_the_same_run)
{
    plan_draw(&plan, 12, 4);
    run();
    again = result;
    run();
    cr_assert(memcmp(&result, &again, sizeof result) == 0);
    plan.seed++; /* Other delays. */
    run();
    cr_assert(!same_trace());
}

Test(sim, what_ran_before_leaves_no_trace)
{
    plan_draw(&plan, 13, 4);
    run();
    again = result;
    plan_draw(&plan, 14, 7);
    run();
    cr_assert(!same_trace());
    plan_draw(&plan, 13, 4);
    run();
    cr_assert(same_trace());
}

Test(sim, who_looks_changes_nothing)
{
    plan_draw(&plan, 15, 4);
    run();
    again = result;
    FILE *nowhere = fopen("/dev/null", "w");
    cr_assert(nowhere != NULL);
    struct sim_view view = { .mermaid = nowhere, .last = 100 };
    sim_run(&plan, &view, &result);
    fclose(nowhere);
    cr_assert(same_trace());
}

/* ---- each kind of fault alone ---- */

struct one {
    enum fault_kind kind;
    uint64_t until_ms, nodes, value;
    bool restarts; /* it ends a process */
};

static const struct one alone[] = {
    { FAULT_KILL, 4000, 0, 30, true },          { FAULT_KILL_DISK, 4000, 0, 30, true },
    { FAULT_POWER, 4000, 0, 30, true },         { FAULT_POWER_ALL, 5000, 0, 0, true },
    { FAULT_PAUSE, 4000, 0, 0, false },         { FAULT_CLOCK, 0, 0, 3000, false },
    { FAULT_PARTITION, 5000, 0x3, 0, false },   { FAULT_ONE_WAY, 5000, 0xc, 0, false },
    { FAULT_BRIDGE, 5000, 0x3, 0, false },      { FAULT_FLAP, 6000, 0, 300, false },
    { FAULT_SLOW_LINK, 6000, 0xe, 400, false }, { FAULT_LOSS, 6000, 0, 300, false },
    { FAULT_SLOW_DISK, 6000, 0, 300, false },   { FAULT_DISK_FULL, 5000, 0, 8192, true },
    { FAULT_EIO_WRITE, 0, 0, 20, true },        { FAULT_EIO_SYNC, 0, 0, 5, true },
    { FAULT_EIO_READ, 0, 0, 1, false },         { FAULT_WIPE, 4000, 0, 0, true },
    { FAULT_FLIP, 4000, 0, 0, true },           { FAULT_AMNESIA, 4000, 0, 0, true },
    { FAULT_BURST, 0, 0, 200, false },
};

Test(sim, every_kind_of_fault_alone_is_survived)
{
    /* All but those for Raft: FAULT_KILL_LEADER (test_plan.c, and the measurement of kills), and
     * FAULT_STOP (below). */
    const size_t count = sizeof alone / sizeof alone[0];
    cr_assert_eq(count, FAULT_KINDS - 2);
    for (size_t i = 0; i < count; i++) {
        const struct one *one = &alone[i];
        plan_calm(&plan, 100 + i, 4);
        bool forgets = one->kind == FAULT_FLIP || one->kind == FAULT_AMNESIA;
        if (forgets) {
            plan.frail = 0x2;
            plan.core = 0xd;
        }
        add(one->kind, 2000, one->until_ms, 1, one->nodes & ~(uint64_t)0x2, one->value);
        run();
        cr_assert(result.passed, "%s: %s: %s", fault_names[one->kind], check_names[result.check],
                  result.problem);
        cr_assert_eq(result.faults[one->kind], 1, "%s was not done", fault_names[one->kind]);
        if (one->restarts) cr_assert_gt(result.restarts, 0, "%s", fault_names[one->kind]);
    }
}

/* ---- what only Raft does ---- */

Test(sim, a_leader_that_is_stopped_hands_over)
{
    struct marks marks;
    struct sim_view view = { .marks = &marks };
    uint64_t quick = 0;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        plan_calm(&plan, seed, 3);
        plan.engine = ENGINE_RAFT;
        add(FAULT_STOP, 4000, 7000, 0, 0, 1);
        marks_clear(&marks);
        sim_run(&plan, &view, &result);
        cr_assert(result.passed, "%s: %s", check_names[result.check], result.problem);
        cr_assert_eq(result.restarts, 1);
        quick += result.timeouts == 2; /* The first election, and the one that was asked for. */
    }
    cr_assert_geq(quick, 8, "of 10 only %lu were handed over", quick);
}

Test(sim, who_does_not_lead_is_stopped_at_once)
{
    plan_calm(&plan, 3, 3);
    plan.engine = ENGINE_RAFT;
    for (uint16_t n = 0; n < 3; n++)
        add(FAULT_STOP, 3000 + 3000u * n, 4000 + 3000u * n, n, 0, 0);
    passes();
    cr_assert_eq(result.restarts, 3);
    cr_assert_eq(result.faults[FAULT_STOP], 3);
}

Test(sim, reads_are_answered)
{
    plan_calm(&plan, 4, 5);
    plan.engine = ENGINE_RAFT;
    plan.reads = 300;
    passes();
    cr_assert_gt(result.reads, 400, "some come at once"); /* And all are asked when healed. */
    cr_assert_lt(result.reads_failed, result.reads / 10, "while nobody leads yet");
}

Test(sim, reads_repeat_to_the_bit)
{
    plan_draw_raft(&plan, 13, 5);
    run();
    again = result;
    run();
    cr_assert(same_trace());
    cr_assert_gt(result.reads, 0);
    plan.reads++;
    run();
    cr_assert(!same_trace());
}

Test(sim, flipped_bits_in_every_file)
{
    for (uint64_t file = 0; file < 3; file++)
        for (uint64_t seed = 0; seed < 10; seed++) {
            plan_calm(&plan, seed, 4);
            plan.frail = 0x2;
            plan.core = 0xd;
            add(FAULT_FLIP, 3000 + seed * 300, 0, 1, 0, file);
            passes();
            cr_assert_eq(result.flipped_bits, 1);
        }
}

Test(sim, lost_and_torn_writes_are_counted)
{
    plan_calm(&plan, 3, 4);
    for (uint64_t at = 1000; at < 9000; at += 1000)
        add(FAULT_POWER_ALL, at, at + 500, 0, 0, 0);
    passes();
    cr_assert_gt(result.lost_writes, 0);
    cr_assert_geq(result.restarts, 20);
}

/* ---- a death inside every operation of the disk ---- */

Test(sim, killed_at_each_of_the_first_operations_of_a_disk)
{
    for (uint64_t operation = 1; operation <= 200; operation++) {
        plan_calm(&plan, 21, 2);
        plan.transactions = 20;
        plan.faults_ms = 3000;
        add(FAULT_KILL_DISK, 10, 1500, 1, 0, operation);
        run();
        cr_assert(result.passed, "at operation %" PRIu64 ": %s: %s", operation,
                  check_names[result.check], result.problem);
        cr_assert_geq(result.restarts, 1, "operation %" PRIu64, operation);
    }
}

/* ---- who lies, and who is two ---- */

Test(sim, a_liar_is_survived)
{
    plan_calm(&plan, 31, 4);
    plan.liars = 0x8;
    plan.core = 0x7;
    plan.lies = (1u << LIE_KINDS) - 1;
    plan.lie_permille = 200;
    passes();
    uint64_t lies = 0;
    for (size_t i = 0; i < LIE_KINDS; i++)
        lies += result.lies[i];
    cr_assert_gt(lies, 50);
}

Test(sim, twins_within_f_are_survived)
{
    plan_calm(&plan, 32, 4);
    plan.twins = 0x8;
    plan.core = 0x7;
    add(FAULT_PARTITION, 1000, 6000, 0, 0x9, 0);
    passes();
    cr_assert_gt(result.committed, 50);
}

Test(sim, more_than_f_end_with_a_violation)
{
    unsigned violations = 0;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        plan_beyond(&plan, seed);
        run();
        violations += !result.passed;
        cr_assert(result.passed == (result.check == CHECK_NONE));
    }
    cr_assert_gt(violations, 4, "only %u of 8", violations);
}
