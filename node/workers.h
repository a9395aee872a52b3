/* node/workers.h -- a few threads for pure work: signatures, certificates, transaction checks.
 *
 * A job is a function of its own memory: it reads no state of the replica and takes no lock. The
 * loop thread hands it over and gets it back, in order of completion, through `done`. With no
 * workers a job runs at once and its `done` runs in the loop's next turn, so that callers need not
 * be re-entrant.
 *
 * Urgent jobs are begun before the others: a vote must not wait behind ten thousand payments. So
 * that the others are never forgotten, one of them follows each run of URGENT_RUN urgent ones.
 *
 *     struct check { struct worker_job job; ... };
 *     check->job.run = check_run; check->job.done = check_done;
 *     if (workers_submit(workers, &check->job) != STATUS_OK) ... full: refuse the work
 */
#ifndef NODE_WORKERS_H
#define NODE_WORKERS_H

#include "crypto/base.h"
#include <uv.h>

/* The first member of the caller's own struct; owned by the caller again in `done`. */
struct worker_job {
    void (*run)(struct worker_job *job);                 /* on a worker */
    void (*done)(struct worker_job *job, bool finished); /* on the loop; false: stopped, not run */
    struct worker_job *next;                             /* the pool's */
};

struct workers;

enum { URGENT_RUN = 32 };

/* count 0 runs inline; queue_max bounds the jobs that were submitted and not yet given back. */
enum status workers_start(struct workers **workers, uv_loop_t *loop, unsigned count,
                          unsigned queue_max);

/* What `top -H` and a profile show; at most 15 characters. */
void workers_name(struct workers *workers, const char *name);

/* Jobs come back in groups, as they are found finished: begin is called before the first of a group
 * and end after the last, so that what follows from all of them is done once. */
void workers_around(struct workers *workers, void (*begin)(void *user), void (*end)(void *user),
                    void *user);

/* STATUS_FULL: the caller keeps the job and refuses what it was for. */
enum status workers_submit(struct workers *workers, struct worker_job *job);
enum status workers_submit_urgent(struct workers *workers, struct worker_job *job);

/* Jobs not yet given back. */
unsigned workers_waiting(const struct workers *workers);

/* Waits for the jobs that run, gives every job back (finished or not), joins. The memory goes when
 * the loop has run once more. */
void workers_stop(struct workers *workers);

#endif
