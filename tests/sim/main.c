/* witan_sim [--seeds N] [--from SEED] [--nodes N] [--trace] [--far-behind] [--seeds-file FILE]
 *
 * Runs seeds one after the other and ends with `N passed, N failed` and a hash over all traces,
 * which is the same for every compiler. A failing seed prints the command that replays it. --nodes
 * 0 (the default) lets each seed draw their number, 1 to 7. A file of seeds has a line for each:
 * nodes, seed, and what it once broke; lines that begin with # and empty ones are skipped. */
#include "sim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct totals {
    uint64_t passed, failed;
    uint64_t heights, crashes, timeouts, folds;
    struct digest traces;
};

static const char *text_after(int argc, char **argv, const char *name)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0) return argv[i + 1];
    return NULL;
}

static uint64_t number_after(int argc, char **argv, const char *name, uint64_t standard)
{
    const char *text = text_after(argc, argv, name);
    return text ? strtoull(text, NULL, 10) : standard;
}

static bool has(int argc, char **argv, const char *name)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], name) == 0) return true;
    return false;
}

static void run_seed(struct totals *totals, uint64_t seed, uint16_t nodes, bool far_behind,
                     bool trace)
{
    struct sim_options options;
    struct sim_result result;
    if (far_behind)
        sim_options_far_behind(&options, seed, nodes);
    else
        sim_options_draw(&options, seed, nodes);
    options.trace = trace;
    sim_run(&options, &result);
    struct span parts[2] = { digest_span(&totals->traces), digest_span(&result.trace) };
    totals->traces = digest_plain(parts, 2);
    totals->heights += result.height;
    totals->crashes += result.crashes;
    totals->timeouts += result.timeouts;
    totals->folds += result.folds;
    if (result.agreed && result.progressed) {
        totals->passed++;
        return;
    }
    totals->failed++;
    printf("seed %" PRIu64 " (%u nodes, %u of them lie) failed at %" PRIu64 " ms: %s\n", seed,
           options.nodes, options.liars, result.virtual_ms,
           result.problem[0] ? result.problem : "no progress");
    printf("    witan_sim --from %" PRIu64 " --seeds 1 --nodes %u --trace%s\n", seed, nodes,
           far_behind ? " --far-behind" : "");
    fflush(stdout);
}

static bool run_file(struct totals *totals, const char *path, bool trace)
{
    FILE *file = fopen(path, "r");
    if (!file) {
        fprintf(stderr, "witan_sim: %s cannot be read\n", path);
        return false;
    }
    char line[512];
    while (fgets(line, sizeof line, file)) {
        char *end;
        uint64_t nodes = strtoull(line, &end, 10);
        if (end == line || line[0] == '#') continue;
        uint64_t seed = strtoull(end, NULL, 10);
        run_seed(totals, seed, (uint16_t)nodes, false, trace);
    }
    fclose(file);
    return true;
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
    uint16_t nodes = (uint16_t)number_after(argc, argv, "--nodes", 0);
    const char *file = text_after(argc, argv, "--seeds-file");
    bool trace = has(argc, argv, "--trace");
    struct totals totals = { .passed = 0 };
    if (nodes > NODES_MAX) nodes = NODES_MAX;
    if (file && !run_file(&totals, file, trace)) return 1;
    for (uint64_t seed = from; !file && seed < from + seeds; seed++)
        run_seed(&totals, seed, nodes, has(argc, argv, "--far-behind"), trace);
    char hash[65];
    hex_encode(digest_span(&totals.traces), hash);
    printf("trace %s\n", hash);
    printf("blocks %" PRIu64 ", crashes %" PRIu64 ", view timeouts %" PRIu64 ", folds %" PRIu64
           "\n",
           totals.heights, totals.crashes, totals.timeouts, totals.folds);
    printf("sim: %" PRIu64 " passed, %" PRIu64 " failed\n", totals.passed, totals.failed);
    return totals.failed == 0 ? 0 : 1;
}
