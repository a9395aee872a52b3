/* Campaigns: the hash over all traces does not depend on the number of processes; what fails is
 * counted and shown. The runs are the shortest there are. */
#include "crypto/base.h"
#include "tests/sim/campaign.h"

#include <criterion/criterion.h>

static unsigned shown;

static void short_plan(void *user, uint64_t index, struct plan *plan)
{
    (void)user;
    *plan = (struct plan){ .seed = index + 1,
                           .nodes = 1,
                           .engine = ENGINE_HOTSTUFF,
                           .phases = 2,
                           .core = 1,
                           .transactions = 3,
                           .faults_ms = 1000,
                           .delay_ms_min = 1,
                           .delay_ms_max = 2,
                           .check_ms_max = 1,
                           .ledger_ms_max = 1,
                           .roll_bytes = 65536,
                           .checkpoint_ms = 1000 };
}

static void failed(void *user, uint64_t index, const struct plan *plan,
                   const struct sim_result *result)
{
    (void)user;
    (void)result;
    cr_assert_eq(plan->seed, index + 1);
    shown++;
}

static struct campaign campaign_of(uint64_t count, unsigned jobs)
{
    return (
        struct campaign){ .count = count, .jobs = jobs, .plan_of = short_plan, .failed = failed };
}

Test(campaign, the_trace_does_not_depend_on_processes)
{
    struct campaign_totals one, three, here;
    struct problem problem;
    cr_assert_eq(crypto_start(&problem), STATUS_OK);
    struct campaign a = campaign_of(7, 1), b = campaign_of(7, 3), c = campaign_of(7, 0);
    cr_assert(campaign_run(&a, &one));
    cr_assert(campaign_run(&b, &three));
    cr_assert(campaign_run(&c, &here));
    cr_assert_eq(one.runs, 7);
    cr_assert_eq(three.runs, 7);
    cr_assert_eq(here.runs, 7);
    cr_assert_eq(one.failed, 0);
    struct digest x = campaign_trace(&one), y = campaign_trace(&three), z = campaign_trace(&here);
    cr_assert(digest_equal(&x, &y));
    cr_assert(digest_equal(&x, &z));
    cr_assert_eq(one.sum.events, three.sum.events);
    cr_assert_gt(one.sum.events, 0);
    cr_assert_eq(marks_reached(&one.marks), marks_reached(&three.marks));
    campaign_free(&one);
    campaign_free(&three);
    campaign_free(&here);
}

/* Calm runs break nothing: in a campaign that wants violations each of them is a failure. */
Test(campaign, failures_are_counted_and_some_are_shown)
{
    struct campaign_totals totals;
    struct problem problem;
    cr_assert_eq(crypto_start(&problem), STATUS_OK);
    struct campaign campaign = campaign_of(CAMPAIGN_FAILURES_SHOWN + 3, 2);
    campaign.beyond = true;
    shown = 0;
    cr_assert(campaign_run(&campaign, &totals));
    cr_assert_eq(totals.failed, CAMPAIGN_FAILURES_SHOWN + 3);
    cr_assert_eq(shown, CAMPAIGN_FAILURES_SHOWN);
    campaign_free(&totals);
}

Test(campaign, which_violations_are_wanted)
{
    struct campaign usual = campaign_of(1, 1), beyond = campaign_of(1, 1);
    beyond.beyond = true;
    struct sim_result good = { .passed = true };
    struct sim_result agreement = { .check = CHECK_AGREEMENT };
    struct sim_result liveness = { .check = CHECK_LIVENESS };
    struct sim_result crash = { .check = CHECK_NONE };
    cr_assert(campaign_passed(&usual, &good));
    cr_assert(!campaign_passed(&usual, &agreement));
    cr_assert(!campaign_passed(&usual, &crash));
    cr_assert(campaign_passed(&beyond, &agreement));
    cr_assert(!campaign_passed(&beyond, &good));
    cr_assert(!campaign_passed(&beyond, &liveness));
    cr_assert(!campaign_passed(&beyond, &crash));
}

Test(campaign, time_ends_it)
{
    struct campaign_totals totals;
    struct problem problem;
    cr_assert_eq(crypto_start(&problem), STATUS_OK);
    struct campaign campaign = campaign_of(UINT64_MAX, 2);
    campaign.seconds = 1;
    cr_assert(campaign_run(&campaign, &totals));
    cr_assert_gt(totals.runs, 0);
    cr_assert_lt(totals.wall_seconds, 60);
    campaign_free(&totals);
}
