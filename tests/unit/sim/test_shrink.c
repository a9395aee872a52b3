/* The shrinker, on failures that are made up: what is needed stays, all else goes. */
#include "tests/sim/shrink.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct plan plan;
static char problem[200];

static struct shrink budget(bool (*fails)(void *, const struct plan *), unsigned runs)
{
    return (struct shrink){ .fails = fails, .runs_max = runs, .seconds_max = 60 };
}

/* A seed whose plan has many faults of many kinds, and liars. */
static void draw_rich(void)
{
    for (uint64_t seed = 0;; seed++) {
        plan_draw(&plan, seed, 7);
        if (plan.faults_count > 40 && plan.liars && plan.frail) return;
    }
}

static unsigned count(const struct plan *of, enum fault_kind kind)
{
    unsigned found = 0;
    for (uint32_t i = 0; i < of->faults_count; i++)
        found += of->faults[i].kind == kind;
    return found;
}

static bool always(void *user, const struct plan *tried)
{
    (void)user;
    cr_assert(plan_allowed(tried, problem), "%s", problem);
    return true;
}

Test(shrink, what_always_fails_becomes_nothing)
{
    draw_rich();
    struct shrink shrink = budget(always, 1000);
    shrink_plan(&shrink, &plan);
    cr_assert_eq(plan.faults_count, 0);
    cr_assert_eq(plan.nodes, 1);
    cr_assert_eq(plan.transactions, 0);
    cr_assert(plan.liars == 0 && plan.twins == 0 && plan.frail == 0 && plan.lies == 0);
    cr_assert_lt(plan.faults_ms, 400);
    cr_assert(plan.loss_permille == 0 && plan.delay_ms_max == 0 && plan.phases == 2);
    cr_assert(shrink.successes > 0 && shrink.runs < 200);
}

/* Two kinds of faults far apart, seven transactions, four members. */
static bool needs_two(void *user, const struct plan *tried)
{
    (void)user;
    cr_assert(plan_allowed(tried, problem), "%s", problem);
    return tried->transactions >= 7 && tried->nodes >= 4 && tried->faults_count >= 2 &&
           tried->faults[0].value == 11 && tried->faults[tried->faults_count - 1].value == 13;
}

Test(shrink, two_faults_out_of_many)
{
    plan_draw(&plan, 1, 7);
    plan.liars = plan.twins = plan.frail = 0;
    plan.lies = plan.lie_permille = 0;
    plan.core = 0x7f;
    plan.faults_ms = 10000;
    plan.transactions = 500;
    plan.faults_count = 100;
    for (uint32_t i = 0; i < plan.faults_count; i++)
        plan.faults[i] = (struct fault){ .at_ms = 10 * i + 1, .kind = FAULT_KILL, .value = 1 };
    plan.faults[0].value = 11;
    plan.faults[99].value = 13;
    struct shrink shrink = budget(needs_two, 2000);
    cr_assert(needs_two(NULL, &plan));
    shrink_plan(&shrink, &plan);
    cr_assert_eq(plan.faults_count, 2);
    cr_assert_eq(plan.transactions, 7);
    cr_assert_eq(plan.nodes, 4);
    cr_assert(plan.faults_ms > 991 && plan.faults_ms < 1200);
}

static bool needs_lie(void *user, const struct plan *tried)
{
    (void)user;
    return (tried->lies >> LIE_SEAL & 1) && count(tried, FAULT_PARTITION) > 0;
}

Test(shrink, one_liar_with_one_lie)
{
    draw_rich();
    plan.lies |= 1u << LIE_SEAL | 1u << LIE_GARBAGE;
    struct fault fault = { 5, 9, FAULT_PARTITION, 0, 1, 0, 0 };
    plan.faults[0] = fault;
    struct shrink shrink = budget(needs_lie, 2000);
    shrink_plan(&shrink, &plan);
    cr_assert_eq(plan.lies, 1u << LIE_SEAL);
    cr_assert_eq(__builtin_popcountll(plan.liars), 1);
    cr_assert_eq(plan.frail, 0);
    cr_assert_eq(plan.faults_count, 1);
    cr_assert_eq(plan.nodes, 4);
    cr_assert(plan_allowed(&plan, problem), "%s", problem);
}

static bool never(void *user, const struct plan *tried)
{
    (void)tried;
    (*(unsigned *)user)++;
    return false;
}

Test(shrink, what_does_not_fail_again_stays_and_the_budget_holds)
{
    unsigned calls = 0;
    draw_rich();
    struct plan *before = malloc(sizeof *before);
    cr_assert(before != NULL);
    *before = plan;
    struct shrink shrink = budget(never, 25);
    shrink.user = &calls;
    shrink_plan(&shrink, &plan);
    cr_assert_eq(calls, 25);
    cr_assert_eq(shrink.runs, 25);
    cr_assert_eq(shrink.successes, 0);
    cr_assert(memcmp(before, &plan, sizeof plan) == 0);
    free(before);
}

Test(shrink, without_its_last_member)
{
    plan_draw(&plan, 3, 7);
    plan.liars = 1u << 6;
    plan.lies = 1;
    plan.lie_permille = 10;
    plan.twins = 1u << 2;
    plan.frail = 0;
    plan.core = 0x3b;
    plan.faults_count = 4;
    plan.faults[0] = (struct fault){ 1, 0, FAULT_PAUSE, 6, 0, 0, 0 };
    plan.faults[1] = (struct fault){ 2, 0, FAULT_PAUSE, 7, 0, 0, 0 };        /* the second twin */
    plan.faults[2] = (struct fault){ 3, 0, FAULT_PARTITION, 0, 0xc1, 0, 0 }; /* 0, 6 and it */
    plan.faults[3] = (struct fault){ 4, 0, FAULT_PAUSE, 5, 0, 0, 0 };
    cr_assert(plan_allowed(&plan, problem), "%s", problem);
    cr_assert(shrink_member(&plan, 6));
    cr_assert_eq(plan.nodes, 6);
    cr_assert(plan.liars == 0 && plan.lies == 0 && plan.twins == 1u << 2);
    cr_assert_eq(plan.core, 0x3b);
    cr_assert_eq(plan.faults_count, 3);
    cr_assert_eq(plan.faults[0].node, 6);
    cr_assert_eq(plan.faults[1].nodes, 0x41);
    cr_assert_eq(plan.faults[2].node, 5);
}

Test(shrink, without_its_first_member)
{
    plan_draw(&plan, 3, 7);
    plan.liars = 1u << 6;
    plan.lies = 1;
    plan.lie_permille = 10;
    plan.twins = plan.frail = 0;
    plan.core = 0x3f;
    plan.faults_count = 1;
    plan.faults[0] = (struct fault){ 3, 0, FAULT_BRIDGE, 5, 0x43, 0, 0 };
    cr_assert(shrink_member(&plan, 0));
    cr_assert_eq(plan.liars, 1u << 5);
    cr_assert_eq(plan.core, 0x1f);
    cr_assert_eq(plan.faults[0].node, 4);
    cr_assert_eq(plan.faults[0].nodes, 0x21);
}

Test(shrink, the_last_but_one_and_the_needed_stay)
{
    plan_draw(&plan, 3, 1);
    cr_assert(!shrink_member(&plan, 0));
    plan_draw(&plan, 3, 4);
    plan.liars = plan.frail = plan.lies = plan.lie_permille = 0;
    plan.twins = 1;
    plan.core = 0xe;
    plan.faults_count = 0;
    cr_assert(!shrink_member(&plan, 3), "three members allow no twin");
    cr_assert_eq(plan.nodes, 4);
}
