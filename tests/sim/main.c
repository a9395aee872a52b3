/* witan_sim [--seeds N] [--from SEED] [--nodes N] [--trace] [--far-behind]
 *
 * Runs seeds one after the other and ends with `N passed, N failed` and a hash over all traces,
 * which is the same for every compiler. A failing seed prints the command that replays it. */
#include "sim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t number_after(int argc, char **argv, const char *name, uint64_t standard)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0) return strtoull(argv[i + 1], NULL, 10);
    return standard;
}

static bool has(int argc, char **argv, const char *name)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], name) == 0) return true;
    return false;
}

int main(int argc, char **argv)
{
    struct problem problem;
    if (crypto_start(&problem) != STATUS_OK) {
        fprintf(stderr, "witan_sim: %s\n", problem.text);
        return 1;
    }
    uint64_t from = number_after(argc, argv, "--from", 1);
    uint64_t seeds = number_after(argc, argv, "--seeds", 100);
    uint16_t nodes = (uint16_t)number_after(argc, argv, "--nodes", 4);
    bool trace = has(argc, argv, "--trace");
    bool far_behind = has(argc, argv, "--far-behind");
    uint64_t failed = 0;
    uint64_t heights = 0;
    uint64_t crashes = 0;
    uint64_t timeouts = 0;
    struct digest all = { 0 };
    for (uint64_t seed = from; seed < from + seeds; seed++) {
        struct sim_options options;
        struct sim_result result;
        if (far_behind)
            sim_options_far_behind(&options, seed, nodes);
        else
            sim_options_draw(&options, seed, nodes);
        options.trace = trace;
        sim_run(&options, &result);
        struct span parts[2] = { digest_span(&all), digest_span(&result.trace) };
        all = digest_plain(parts, 2);
        heights += result.height;
        crashes += result.crashes;
        timeouts += result.timeouts;
        if (result.agreed && result.progressed) continue;
        failed++;
        printf("seed %" PRIu64 " failed at %" PRIu64 " ms: %s\n", seed, result.virtual_ms,
               result.problem[0] ? result.problem : "no progress");
        printf("    witan_sim --from %" PRIu64 " --seeds 1 --nodes %u --trace%s\n", seed, nodes,
               far_behind ? " --far-behind" : "");
    }
    char hash[65];
    hex_encode(digest_span(&all), hash);
    printf("trace %s\n", hash);
    printf("blocks %" PRIu64 ", crashes %" PRIu64 ", view timeouts %" PRIu64 "\n", heights, crashes,
           timeouts);
    printf("sim: %" PRIu64 " passed, %" PRIu64 " failed\n", seeds - failed, failed);
    return failed == 0 ? 0 : 1;
}
