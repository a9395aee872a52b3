/* tests/sim/shrink.h -- a plan that fails becomes the least that still fails in the same way.
 *
 * First the list of faults, by delta debugging (Zeller and Hildebrandt, "Simplifying and isolating
 * failure-inducing input", 2002, algorithm ddmin). Then whatever else there is in a plan: rates to
 * their least, lies and liars, twins, members, transactions, time. Again and again, until nothing
 * helps any more or the budget is spent. Every smaller plan is allowed if the first one is.
 */
#ifndef SIM_SHRINK_H
#define SIM_SHRINK_H

#include "plan.h"

struct shrink {
    /* Does this plan fail as the first one did? */
    bool (*fails)(void *user, const struct plan *plan);
    void *user;
    unsigned runs_max; /* calls of fails */
    unsigned seconds_max;
    FILE *progress; /* a line for each success; or NULL */
    /* Counted by shrink_plan. */
    unsigned runs, successes;
};

/* `plan` fails and is replaced by the smallest that was found. */
void shrink_plan(struct shrink *shrink, struct plan *plan);

/* The plan without this member, if it can be: faults that name it are left out, those behind it
 * move up by one. False, and nothing changed, if that is not allowed. */
bool shrink_member(struct plan *plan, uint16_t member);

#endif
