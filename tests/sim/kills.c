#include "kills.h"

#include "crypto/base.h"
#include "sim.h"
#include <inttypes.h>
#include <stdlib.h>

struct times {
    uint32_t ms[2 * KILLS_MAX];
    uint32_t count;
};

static int ascending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* The least that so many percent of them do not exceed. */
static uint32_t percentile(struct times *times, unsigned percent)
{
    if (times->count == 0) return 0;
    qsort(times->ms, times->count, sizeof times->ms[0], ascending);
    return times->ms[(times->count * percent + 99) / 100 - 1];
}

static bool measure(uint64_t seed, uint16_t nodes, uint32_t kills, struct times *all)
{
    struct sim_result result;
    struct times times = { .count = 0 };
    struct plan *plan = calloc(1, sizeof *plan);
    if (!plan) return false;
    plan_leader_kills(plan, seed, nodes, kills);
    sim_run(plan, NULL, &result);
    free(plan);
    for (uint32_t i = 0; i < result.recovered; i++)
        times.ms[times.count++] = all->ms[all->count++] = result.recovered_ms[i];
    printf("%u members: %" PRIu64 " kills of the leader, %" PRIu32
           " times a client was served again, after %" PRIu32 " ms (p50), %" PRIu32
           " ms (p99), %" PRIu32 " ms at most; %" PRIu64 " transactions, nothing lost\n",
           nodes, result.faults[FAULT_KILL_LEADER], result.recovered, percentile(&times, 50),
           percentile(&times, 99), percentile(&times, 100), result.committed);
    if (!result.passed) printf("violation: %s: %s\n", check_names[result.check], result.problem);
    return result.passed && result.recovered == kills;
}

bool kills_measure(uint64_t seed, uint32_t kills)
{
    struct times times = { .count = 0 };
    ASSERT(kills <= KILLS_MAX);
    bool good = measure(seed, 3, kills, &times);
    good = measure(seed, 5, kills, &times) && good;
    sim_end();
    uint32_t p99 = percentile(&times, 99);
    printf("figure raft_leader_kill_ms_p50 %" PRIu32 " ms\n", percentile(&times, 50));
    printf("figure raft_leader_kill_ms_p99 %" PRIu32 " ms\n", p99);
    printf("leader kills: %s\n", good && p99 < KILLS_LIMIT_MS ? "as they should be" : "FAILED");
    return good && p99 < KILLS_LIMIT_MS;
}
