#include "campaign.h"

#include "apart.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

enum { MARKS_EVERY = 8 };

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double seconds_of_cpu(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* ---- adding up ---- */

static bool traces_room(struct campaign_totals *totals, uint64_t index)
{
    if (index < totals->traces_count) return true;
    uint64_t more = totals->traces_count ? totals->traces_count : 256;
    while (more <= index)
        more *= 2;
    void *grown = realloc(totals->traces, more * sizeof *totals->traces);
    if (!grown) return false;
    totals->traces = grown;
    memset(totals->traces + totals->traces_count, 0,
           (more - totals->traces_count) * sizeof *totals->traces);
    totals->traces_count = more;
    return true;
}

static void add_counters(struct sim_result *sum, const struct sim_result *more)
{
    sum->height += more->height;
    sum->virtual_ms += more->virtual_ms;
    sum->events += more->events;
    sum->committed += more->committed;
    sum->timeouts += more->timeouts;
    sum->folds += more->folds;
    sum->restarts += more->restarts;
    sum->messages += more->messages;
    sum->lost += more->lost;
    sum->duplicated += more->duplicated;
    sum->reads += more->reads;
    sum->reads_failed += more->reads_failed;
    sum->torn_writes += more->torn_writes;
    sum->lost_writes += more->lost_writes;
    sum->flipped_bits += more->flipped_bits;
    sum->failed_ops += more->failed_ops;
    for (size_t i = 0; i < FAULT_KINDS; i++)
        sum->faults[i] += more->faults[i];
    for (size_t i = 0; i < LIE_KINDS; i++)
        sum->lies[i] += more->lies[i];
}

bool campaign_passed(const struct campaign *campaign, const struct sim_result *result)
{
    if (!campaign->beyond) return result->passed;
    return !result->passed && (result->check == CHECK_AGREEMENT || result->check == CHECK_SEAL ||
                               result->check == CHECK_SLOT || result->check == CHECK_CERTIFICATE);
}

static void show_failure(const struct campaign *campaign, uint64_t index,
                         const struct sim_result *result)
{
    struct plan *plan = calloc(1, sizeof *plan);
    if (plan) campaign->plan_of(campaign->user, index, plan);
    if (plan) campaign->failed(campaign->user, index, plan, result);
    fflush(stdout);
    free(plan);
}

static bool add_result(const struct campaign *campaign, struct campaign_totals *totals,
                       uint64_t index, const struct sim_result *result)
{
    totals->runs++;
    add_counters(&totals->sum, result);
    if (!result->passed) totals->checks[result->check]++;
    if (!campaign_passed(campaign, result)) {
        totals->failed++;
        if (totals->failed <= CAMPAIGN_FAILURES_SHOWN) show_failure(campaign, index, result);
    }
    if (!traces_room(totals, index)) return false;
    memcpy(totals->traces[index], result->trace, sizeof result->trace);
    return true;
}

struct digest campaign_trace(const struct campaign_totals *totals)
{
    struct digest all = { { 0 } };
    for (uint64_t i = 0; i < totals->runs && i < totals->traces_count; i++) {
        struct span parts[] = { digest_span(&all), span_of(totals->traces[i], 16) };
        all = digest_plain(parts, 2);
    }
    return all;
}

void campaign_free(struct campaign_totals *totals)
{
    free(totals->traces);
    totals->traces = NULL;
    totals->traces_count = 0;
}

/* ---- workers ---- */

struct worker {
    const struct campaign *campaign;
    struct apart_child child;
    uint64_t next;    /* plan to begin with */
    uint64_t running; /* plan that was begun and has no result yet; UINT64_MAX: none */
    double until;     /* seconds_now */
    bool alive;
};

static bool stops(const struct campaign *campaign, const struct campaign_totals *totals)
{
    return campaign->stop && totals->failed > 0;
}

static bool over(const struct campaign *campaign, double until)
{
    return campaign->seconds > 0 && seconds_now() >= until;
}

static void work(void *user, int fd)
{
    const struct worker *worker = user;
    const struct campaign *campaign = worker->campaign;
    struct plan *plan = calloc(1, sizeof *plan);
    struct marks marks;
    uint64_t runs = 0;
    ASSERT(plan != NULL);
    marks_clear(&marks);
    for (uint64_t i = worker->next; i < campaign->count && !over(campaign, worker->until);
         i += campaign->jobs) {
        campaign->plan_of(campaign->user, i, plan);
        apart_run(fd, i, plan, &marks);
        if (++runs % MARKS_EVERY != 0) continue;
        apart_send_marks(fd, &marks);
        marks_clear(&marks);
    }
    apart_send_marks(fd, &marks);
    free(plan);
}

static bool worker_start(struct worker *worker)
{
    worker->running = UINT64_MAX;
    worker->alive = apart_start(&worker->child, work, worker);
    if (!worker->alive) fprintf(stderr, "witan_sim: no process: %s\n", strerror(errno));
    return worker->alive;
}

/* It has said all that it will. If it died, the plan that it was at is a failure, and another
 * process goes on with the next one. */
static bool worker_ended(struct worker *worker, struct campaign_totals *totals)
{
    struct sim_result crash = { .check = CHECK_NONE };
    bool well = apart_end(&worker->child, crash.problem);
    totals->cpu_seconds += worker->child.cpu_seconds;
    worker->alive = false;
    if (well) return true;
    uint64_t at = worker->running;
    if (at == UINT64_MAX) { /* Between runs, or on the way out: a leak. */
        fprintf(stderr, "witan_sim: a worker, behind its last run: %s\n", crash.problem);
        totals->failed++;
        return true;
    }
    if (!add_result(worker->campaign, totals, at, &crash)) return false;
    worker->next = at + worker->campaign->jobs;
    return over(worker->campaign, worker->until) || worker_start(worker);
}

static bool worker_says(struct worker *worker, struct campaign_totals *totals)
{
    struct apart_message message;
    if (!apart_receive(&worker->child, &message)) return worker_ended(worker, totals);
    switch (message.kind) {
    case APART_BEGUN: worker->running = message.index; return true;
    case APART_RESULT:
        worker->running = UINT64_MAX;
        return add_result(worker->campaign, totals, message.index, &message.result);
    case APART_MARKS: marks_merge(&totals->marks, &message.marks); return true;
    }
    return true;
}

static bool run_workers(const struct campaign *campaign, struct campaign_totals *totals,
                        double until)
{
    struct worker workers[CAMPAIGN_JOBS_MAX];
    struct pollfd polls[CAMPAIGN_JOBS_MAX];
    unsigned jobs = campaign->jobs, alive = 0;
    bool good = true;
    for (unsigned j = 0; j < jobs; j++) {
        workers[j] = (struct worker){ .campaign = campaign, .next = j, .until = until };
        if (good) good = worker_start(&workers[j]);
        alive += workers[j].alive;
    }
    while (alive > 0 && !stops(campaign, totals)) {
        for (unsigned j = 0; j < jobs; j++)
            polls[j] = (struct pollfd){ workers[j].alive ? workers[j].child.fd : -1, POLLIN, 0 };
        if (poll(polls, jobs, -1) < 0 && errno != EINTR) return false;
        for (unsigned j = 0; j < jobs; j++) {
            if (!workers[j].alive || polls[j].revents == 0) continue;
            good = worker_says(&workers[j], totals) && good;
            alive -= !workers[j].alive;
        }
    }
    for (unsigned j = 0; j < jobs; j++) {
        char ended[256];
        if (!workers[j].alive) continue;
        kill(workers[j].child.pid, SIGKILL);
        apart_end(&workers[j].child, ended);
        totals->cpu_seconds += workers[j].child.cpu_seconds;
    }
    return good;
}

/* What people look at: text, diagrams, a debugger. */
static bool run_here(const struct campaign *campaign, struct campaign_totals *totals, double until)
{
    struct plan *plan = calloc(1, sizeof *plan);
    struct sim_view view = campaign->view ? *campaign->view : (struct sim_view){ 0 };
    double begun = seconds_of_cpu();
    bool good = plan != NULL;
    view.marks = &totals->marks;
    for (uint64_t i = 0; good && i < campaign->count; i++) {
        struct sim_result result;
        if (over(campaign, until) || stops(campaign, totals)) break;
        campaign->plan_of(campaign->user, i, plan);
        sim_run(plan, &view, &result);
        good = add_result(campaign, totals, i, &result);
    }
    sim_end();
    free(plan);
    totals->cpu_seconds += seconds_of_cpu() - begun;
    return good;
}

bool campaign_run(const struct campaign *campaign, struct campaign_totals *totals)
{
    ASSERT(campaign->jobs <= CAMPAIGN_JOBS_MAX);
    memset(totals, 0, sizeof *totals);
    double begun = seconds_now();
    double until = begun + campaign->seconds;
    bool good = campaign->jobs == 0 ? run_here(campaign, totals, until)
                                    : run_workers(campaign, totals, until);
    totals->wall_seconds = seconds_now() - begun;
    return good;
}
