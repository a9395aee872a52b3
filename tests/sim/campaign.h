/* tests/sim/campaign.h -- many plans, one after the other, in as many processes as there are cores.
 *
 * A campaign asks its source for plan 0, 1, 2 ... and runs them until there are no more or its time
 * is over. Worker j of J takes every J-th; a worker that dies is a failure of the plan that it was
 * at, and another one goes on behind it. The hash over all traces is in the order of the plans, so
 * it does not depend on the number of workers.
 */
#ifndef SIM_CAMPAIGN_H
#define SIM_CAMPAIGN_H

#include "crypto/digest.h"
#include "marks.h"
#include "sim.h"

enum { CAMPAIGN_JOBS_MAX = 64, CAMPAIGN_FAILURES_SHOWN = 20 };

struct campaign {
    uint64_t count;   /* of plans; UINT64_MAX: until the time is over */
    unsigned seconds; /* of wall time after which no run begins; 0: no limit */
    unsigned jobs;    /* processes; 0: all runs in this one, as `view` wants */
    const struct sim_view *view;
    bool stop;   /* at the first failure; what runs then is ended */
    bool beyond; /* every run is to end with a violation of what more than f can break */

    /* Fills in the plan; the same index always gives the same. Called in workers, too. */
    void (*plan_of)(void *user, uint64_t index, struct plan *plan);
    /* A run has failed: what it was about and the commands that repeat it, on stdout. */
    void (*failed)(void *user, uint64_t index, const struct plan *plan,
                   const struct sim_result *result);
    void *user;
};

struct campaign_totals {
    uint64_t runs, failed;
    struct sim_result sum;        /* its counters, over all runs */
    uint64_t checks[CHECK_NAMES]; /* violations by name, expected ones too; 0: crashes */
    uint8_t (*traces)[16];        /* by index, of those that have run */
    uint64_t traces_count;
    double cpu_seconds, wall_seconds;
    struct marks marks;
};

/* False with a sentence on stderr if processes or memory cannot be had. */
bool campaign_run(const struct campaign *campaign, struct campaign_totals *totals);
void campaign_free(struct campaign_totals *totals);

/* Has this run gone as it should? */
bool campaign_passed(const struct campaign *campaign, const struct sim_result *result);

/* Over the traces of all plans, in order. */
struct digest campaign_trace(const struct campaign_totals *totals);

/* All figures, on stdout. */
void campaign_print(const struct campaign *campaign, const struct campaign_totals *totals);

#endif
