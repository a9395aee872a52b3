/* The report of a campaign. */
#include "campaign.h"

#include <inttypes.h>

/* Fewer runs say nothing about what cannot be reached. */
enum { MARKS_RUNS_MIN = 20 };

static double rate(double amount, double seconds)
{
    return seconds > 0 ? amount / seconds : 0;
}

static void print_virtual_time(uint64_t ms)
{
    double seconds = (double)ms / 1000, days = seconds / 86400;
    if (days >= 365)
        printf("%.2f virtual years", days / 365.25);
    else if (days >= 2)
        printf("%.2f virtual days", days);
    else if (seconds >= 7200)
        printf("%.1f virtual hours", seconds / 3600);
    else
        printf("%.1f virtual seconds", seconds);
}

static void print_counts(const char *what, const uint64_t counts[], const char *const names[],
                         size_t count)
{
    printf("%s:", what);
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        if (counts[i] == 0) continue;
        printf("%s %s %" PRIu64, any ? "," : "", names[i], counts[i]);
        any = true;
    }
    printf("%s\n", any ? "" : " none");
}

static void print_checks(const struct campaign_totals *totals)
{
    print_counts("violations", totals->checks + 1, check_names + 1, CHECK_NAMES - 1);
    if (totals->checks[CHECK_NONE] > 0)
        printf("crashes: %" PRIu64 "\n", totals->checks[CHECK_NONE]);
}

void campaign_print(const struct campaign *campaign, const struct campaign_totals *totals)
{
    const struct sim_result *sum = &totals->sum;
    printf("%" PRIu64 " runs, %" PRIu64 " events, ", totals->runs, sum->events);
    print_virtual_time(sum->virtual_ms);
    printf("\nblocks %" PRIu64 ", transactions %" PRIu64 ", view timeouts %" PRIu64
           ", restarts %" PRIu64 ", folds %" PRIu64 "\n",
           sum->height, sum->committed, sum->timeouts, sum->restarts, sum->folds);
    print_counts("faults", sum->faults, fault_names, FAULT_KINDS);
    print_counts("lies", sum->lies, lie_names, LIE_KINDS);
    printf("messages %" PRIu64 ", lost %" PRIu64 ", duplicated %" PRIu64 "\n", sum->messages,
           sum->lost, sum->duplicated);
    if (sum->reads + sum->reads_failed > 0)
        printf("reads %" PRIu64 ", to be tried again %" PRIu64 "\n", sum->reads, sum->reads_failed);
    printf("disk: %" PRIu64 " torn writes, %" PRIu64 " lost writes, %" PRIu64
           " flipped bits, %" PRIu64 " failed operations\n",
           sum->torn_writes, sum->lost_writes, sum->flipped_bits, sum->failed_ops);
    if (totals->failed > 0 || campaign->beyond) print_checks(totals);
    if (totals->runs >= MARKS_RUNS_MIN) marks_print(&totals->marks, stdout);
    printf("%.1f s wall, %.1f s CPU, %.1f runs/s, %.0f events/s per core\n", totals->wall_seconds,
           totals->cpu_seconds, rate((double)totals->runs, totals->wall_seconds),
           rate((double)sum->events, totals->cpu_seconds));
    if (totals->failed > CAMPAIGN_FAILURES_SHOWN)
        printf("(only the first %d failures are shown)\n", CAMPAIGN_FAILURES_SHOWN);
    printf("figure sim_events_rate %.0f events/s\n",
           rate((double)sum->events, totals->cpu_seconds));
    printf("figure sim_seeds %" PRIu64 " count\n", totals->runs);
    printf("figure sim_failures %" PRIu64 " count\n", totals->failed);
}
