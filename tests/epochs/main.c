/* witan_epochs -- which seeds run, and what came of them.
 *
 *     witan_epochs [--seeds N] [--from S] [--jobs J] [--minutes M] [--stop] [--trace] [--calm]
 *
 * --calm: changes without faults. A failure is printed with the command that replays it, and the
 * status is 1. The same seeds give the same trace. */
#include "setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *const change_texts[CHANGES] = {
#define X(name, text) text,
    CHANGE_LIST(X)
#undef X
};
static const char *const step_texts[STEPS] = {
#define X(name, text) text,
    STEP_LIST(X)
#undef X
};

static struct flags {
    uint64_t seeds, from, jobs;
    double minutes;
    bool trace, calm, stop;
} flags = { .seeds = 100, .from = 1, .jobs = 2 };

/* What a worker tells: figures, and the trace of each seed mixed without regard to their order. */
struct sum {
    struct figures figures;
    uint64_t trace;
};

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void run_seed(uint64_t seed, struct sum *sum)
{
    struct world *w = malloc(sizeof *w);
    ASSERT(w != NULL);
    struct setup setup = { flags.trace, flags.calm, &sum->figures };
    setup_begin(w, &setup, seed);
    world_run(w);
    sum->figures.runs++;
    if (w->failed) {
        sum->figures.failed++;
        printf(
            "seed %llu failed at %llu ms: %s\n  again: ./dev epochs --from %llu --seeds 1 --jobs 1"
            "%s --trace\n",
            (unsigned long long)seed, (unsigned long long)w->now_ms, w->why,
            (unsigned long long)seed, flags.calm ? " --calm" : "");
        fflush(stdout);
    }
    sum->trace ^= w->trace_hash * (2 * seed + 1);
    setup_end(w);
    free(w);
}

static void run_share(uint64_t first, struct sum *sum)
{
    double begun = seconds_now();
    for (uint64_t i = first; flags.minutes > 0 || i < flags.seeds; i += flags.jobs) {
        if (flags.minutes > 0 && seconds_now() >= begun + 60 * flags.minutes) return;
        run_seed(flags.from + i, sum);
        if (flags.stop && sum->figures.failed > 0) return;
    }
}

static void add(struct sum *sum, const struct sum *more)
{
    uint64_t *to = (uint64_t *)&sum->figures;
    const uint64_t *from = (const uint64_t *)&more->figures;
    for (size_t i = 0; i < sizeof sum->figures / sizeof *to; i++)
        to[i] += from[i];
    sum->trace ^= more->trace;
}

/* One process for each job: a crash of one is a failure of its seed, and ends only that one. */
static bool run_jobs(struct sum *sum)
{
    int ends[64][2];
    pid_t workers[64];
    bool good = true;
    for (uint64_t i = 0; i < flags.jobs; i++) {
        if (pipe(ends[i]) != 0) return false;
        fflush(stdout);
        workers[i] = fork();
        if (workers[i] < 0) return false;
        if (workers[i] == 0) {
            struct sum mine = { .trace = 0 };
            run_share(i, &mine);
            _exit(write(ends[i][1], &mine, sizeof mine) == (ssize_t)sizeof mine ? 0 : 1);
        }
        close(ends[i][1]);
    }
    for (uint64_t i = 0; i < flags.jobs; i++) {
        struct sum its;
        int status;
        if (read(ends[i][0], &its, sizeof its) == (ssize_t)sizeof its)
            add(sum, &its);
        else
            good = false;
        close(ends[i][0]);
        if (waitpid(workers[i], &status, 0) != workers[i] || status != 0) good = false;
    }
    return good;
}

static void print(const struct sum *sum, double seconds)
{
    const struct figures *f = &sum->figures;
    printf("changes");
    for (unsigned i = 0; i < CHANGES; i++)
        printf("%s %s %llu of %llu", i ? "," : "", change_texts[i],
               (unsigned long long)f->enacted[i], (unsigned long long)f->proposed[i]);
    printf("; %llu refused\ncrashes behind", (unsigned long long)f->refused);
    for (unsigned i = 0; i < STEPS; i++)
        printf("%s %s %llu", i ? "," : "", step_texts[i], (unsigned long long)f->crashes[i]);
    printf("; %llu at random\n", (unsigned long long)f->crashes_random);
    printf(
        "%llu epochs, %llu switches, %llu blocks, %llu payments, %llu restarts, %llu behind their "
        "journal\n",
        (unsigned long long)f->epochs, (unsigned long long)f->switches,
        (unsigned long long)f->heights, (unsigned long long)f->payments,
        (unsigned long long)f->restarts, (unsigned long long)f->behind);
    printf(
        "%llu ledgers lost, %llu machines lost all, %llu cuts, %llu twins, %llu frames withheld\n",
        (unsigned long long)f->ledgers_lost, (unsigned long long)f->all_lost,
        (unsigned long long)f->cuts, (unsigned long long)f->twins, (unsigned long long)f->withheld);
    printf("%llu events, %.0f s of virtual time in %.1f s: %.2f seeds a second\n",
           (unsigned long long)f->events, (double)f->virtual_ms / 1000, seconds,
           (double)f->runs / seconds);
    printf("figure epochs_seeds %llu\nfigure epochs_failures %llu\n", (unsigned long long)f->runs,
           (unsigned long long)f->failed);
    if (flags.minutes == 0) printf("trace %016llx\n", (unsigned long long)sum->trace);
    printf("epochs: %llu passed, %llu failed\n", (unsigned long long)(f->runs - f->failed),
           (unsigned long long)f->failed);
}

static bool read_flags(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *flag = argv[i];
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        char *end = NULL;
        if (strcmp(flag, "--trace") == 0) {
            flags.trace = true;
            continue;
        }
        if (strcmp(flag, "--calm") == 0) {
            flags.calm = true;
            continue;
        }
        if (strcmp(flag, "--stop") == 0) {
            flags.stop = true;
            continue;
        }
        if (strcmp(flag, "--seeds") == 0)
            flags.seeds = strtoull(value, &end, 10);
        else if (strcmp(flag, "--from") == 0)
            flags.from = strtoull(value, &end, 10);
        else if (strcmp(flag, "--jobs") == 0)
            flags.jobs = strtoull(value, &end, 10);
        else if (strcmp(flag, "--minutes") == 0)
            flags.minutes = strtod(value, &end);
        if (!end || end == value || *end != 0 || flags.jobs == 0 || flags.jobs > 64) {
            fprintf(stderr, "usage: witan_epochs [--seeds N] [--from S] [--jobs J] [--minutes M] "
                            "[--stop] [--trace] [--calm]\n");
            return false;
        }
        i++;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct problem problem;
    struct sum sum = { .trace = 0 };
    bool good = true;
    if (!read_flags(argc, argv)) return 2;
    if (crypto_start(&problem) != STATUS_OK) {
        fprintf(stderr, "witan_epochs: %s\n", problem.text);
        return 1;
    }
    double begun = seconds_now();
    if (flags.jobs == 1 || flags.trace) {
        flags.jobs = 1;
        run_share(0, &sum);
    } else {
        good = run_jobs(&sum);
    }
    if (!good) printf("epochs: a worker crashed\n");
    print(&sum, seconds_now() - begun);
    return good && sum.figures.failed == 0 ? 0 : 1;
}
