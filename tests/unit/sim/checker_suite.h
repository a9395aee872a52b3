/* tests/unit/sim/checker_suite.h -- a stand for each test of a suite, opened before it and closed
 * after it: what stands in a test is only what is told, and what must be found.
 *
 *     CHECKER_SUITE(promises);
 *     Test(promises, nothing_is_said_without_a_record)
 *     {
 *         stand_say(s, 1, VOTE, 7, 'a');
 *         stand_expect(s, CHECK_DURABLE);
 *     }
 */
#ifndef TESTS_SIM_CHECKER_SUITE_H
#define TESTS_SIM_CHECKER_SUITE_H

#include "checker_fixture.h"

static struct stand *s; /* of the test that runs: four members, two phases */

static void suite_open(void)
{
    s = stand_open(4, 2);
}

static void suite_close(void)
{
    stand_close(s);
}

static struct proposal a, b, c; /* to be decided one after the other */

static inline void suite_open_proposals(void)
{
    suite_open();
    a = proposal_after(NULL, 'A');
    b = proposal_after(&a, 'B');
    c = proposal_after(&b, 'C');
}

#define CHECKER_SUITE(name) TestSuite(name, .init = suite_open, .fini = suite_close)

/* Another one in its place. */
static inline void suite_again(uint16_t nodes, uint16_t phases)
{
    stand_close(s);
    s = stand_open(nodes, phases);
}

/* The same, with these members to be doubted from its beginning. */
static inline void suite_doubting(uint16_t nodes, uint64_t liars, uint64_t twins, uint64_t frail)
{
    stand_close(s);
    s = stand_made(nodes, 2);
    s->plan.liars = liars;
    s->plan.twins = twins;
    s->plan.frail = frail;
    stand_begin(s);
}

#endif
