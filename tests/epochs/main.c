/* witan_epochs -- which seeds run, and what came of them.
 *
 *     witan_epochs [--seeds N] [--from S] [--minutes M] [--jobs J] [--tell N] [--seeds-file FILE]
 *                  [--short | --long] [--calm] [--stop] [--trace]
 *
 * A seed is one sequence of changes. With --minutes as many as there is time for, at most N if that
 * is given; --tell: figures so far, behind every N of a worker. --short, --long: all sequences are;
 * --calm: changes without faults. A failure is printed with the command that replays it, and the
 * status is 1. The same seeds give the same trace. */
#include "setup.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { JOBS_MAX = 64 };

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

static const char *const length_texts[] = { "", " --short", " --long" };

static struct flags {
    uint64_t seeds, from, jobs, tell;
    double minutes;
    bool seeds_given, trace, calm, stop, is_short, is_long;
    const char *seeds_file;
} flags = { .seeds = 100, .from = 1, .jobs = 2 };

/* What a worker tells: figures, and the trace of each seed mixed without regard to their order. */
struct sum {
    struct figures figures;
    uint64_t trace;
};

static double begun;

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Of this process and of the workers that have ended. */
static double cpu_seconds(void)
{
    struct rusage mine, theirs;
    (void)getrusage(RUSAGE_SELF, &mine);
    (void)getrusage(RUSAGE_CHILDREN, &theirs);
    const struct timeval *times[] = { &mine.ru_utime, &mine.ru_stime, &theirs.ru_utime,
                                      &theirs.ru_stime };
    double sum = 0;
    for (unsigned i = 0; i < 4; i++)
        sum += (double)times[i]->tv_sec + (double)times[i]->tv_usec / 1e6;
    return sum;
}

/* ---- one seed ---- */

static volatile uint64_t seed_now;

/* An assertion of the product: the process ends, and must not take with it which seed it was. */
static void on_crash(int number)
{
    char text[] = "seed 00000000000000000000 crashed\n";
    uint64_t seed = seed_now;
    for (char *at = text + 24; at >= text + 5; at--, seed /= 10)
        *at = (char)('0' + seed % 10);
    ssize_t written = write(STDOUT_FILENO, text, sizeof text - 1);
    (void)written;
    (void)signal(number, SIG_DFL);
    raise(number);
}

static enum lengths lengths(void)
{
    return flags.is_short ? LENGTHS_SHORT : flags.is_long ? LENGTHS_LONG : LENGTHS_BOTH;
}

static void run_seed(uint64_t seed, struct sum *sum)
{
    struct world *w = malloc(sizeof *w);
    ASSERT(w != NULL);
    struct setup setup = { flags.trace, flags.calm, lengths(), &sum->figures };
    seed_now = seed;
    setup_begin(w, &setup, seed);
    world_run(w);
    sum->figures.runs++;
    if (w->failed) {
        sum->figures.failed++;
        printf(
            "seed %llu failed at %llu ms: %s\n  again: ./dev epochs --from %llu --seeds 1 --jobs 1"
            "%s%s --trace\n",
            (unsigned long long)seed, (unsigned long long)w->now_ms, w->why,
            (unsigned long long)seed, flags.calm ? " --calm" : "", length_texts[lengths()]);
        fflush(stdout);
    }
    sum->trace ^= w->trace_hash * (2 * seed + 1);
    setup_end(w);
    free(w);
}

/* ---- many ---- */

static void print(const struct sum *sum, double seconds);

static bool time_left(void)
{
    return flags.minutes <= 0 || seconds_now() < begun + 60 * flags.minutes;
}

static void run_share(uint64_t first, struct sum *sum)
{
    for (uint64_t i = first; i < flags.seeds && time_left(); i += flags.jobs) {
        run_seed(flags.from + i, sum);
        if (flags.stop && sum->figures.failed > 0) return;
        if (flags.tell == 0 || sum->figures.runs % flags.tell != 0) continue;
        print(sum, seconds_now() - begun);
        fflush(stdout);
    }
}

/* A line is a seed and, for the reader, what it once broke. */
static bool run_file(struct sum *sum)
{
    char line[400];
    unsigned number = 0;
    FILE *file = fopen(flags.seeds_file, "r");
    if (!file) {
        perror(flags.seeds_file);
        return false;
    }
    bool good = true;
    while (good && fgets(line, sizeof line, file)) {
        char *end;
        number++;
        if (line[0] == '#' || line[0] == '\n') continue;
        uint64_t seed = strtoull(line, &end, 10);
        good = end != line && *end == ' ' && strchr(line, '\n');
        if (good)
            run_seed(seed, sum);
        else
            fprintf(stderr, "%s:%u: not a seed and what it broke\n", flags.seeds_file, number);
    }
    (void)fclose(file);
    return good;
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
    int ends[JOBS_MAX][2];
    pid_t workers[JOBS_MAX];
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
    printf("%llu events, %.0f s of virtual time in %.1f s, %.1f s of CPU\n",
           (unsigned long long)f->events, (double)f->virtual_ms / 1000, seconds, cpu_seconds());
    uint64_t enacted = 0;
    for (unsigned i = 0; i < CHANGES; i++)
        enacted += f->enacted[i];
    printf("figure epochs_sequences %llu\nfigure epochs_changes %llu\nfigure epochs_epochs %llu\n"
           "figure epochs_failures %llu\nfigure epochs_sequences_per_second %.2f\n"
           "figure epochs_sequences_per_cpu_second %.2f\n",
           (unsigned long long)f->runs, (unsigned long long)enacted, (unsigned long long)f->epochs,
           (unsigned long long)f->failed, (double)f->runs / seconds,
           (double)f->runs / cpu_seconds());
    if (flags.minutes == 0) printf("trace %016llx\n", (unsigned long long)sum->trace);
    printf("epochs: %llu passed, %llu failed\n", (unsigned long long)(f->runs - f->failed),
           (unsigned long long)f->failed);
}

/* ---- flags ---- */

static bool flag_alone(const char *name)
{
    const struct {
        const char *name;
        bool *flag;
    } known[] = {
        { "--trace", &flags.trace },    { "--calm", &flags.calm },    { "--stop", &flags.stop },
        { "--short", &flags.is_short }, { "--long", &flags.is_long },
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(name, known[i].name) != 0) continue;
        *known[i].flag = true;
        return true;
    }
    return false;
}

static bool flag_with_value(const char *name, const char *text)
{
    const struct {
        const char *name;
        uint64_t *value;
    } known[] = {
        { "--seeds", &flags.seeds },
        { "--from", &flags.from },
        { "--jobs", &flags.jobs },
        { "--tell", &flags.tell },
    };
    char *end;
    if (text[0] < '0' || text[0] > '9') {
        if (strcmp(name, "--seeds-file") != 0 || text[0] == 0) return false;
        flags.seeds_file = text;
        return true;
    }
    if (strcmp(name, "--minutes") == 0) {
        flags.minutes = strtod(text, &end);
        return *end == 0 && flags.minutes > 0;
    }
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(name, known[i].name) != 0) continue;
        *known[i].value = strtoull(text, &end, 10);
        flags.seeds_given |= i == 0;
        return *end == 0;
    }
    return false;
}

static bool read_flags(int argc, char **argv)
{
    bool good = true;
    for (int i = 1; i < argc && good; i++) {
        if (flag_alone(argv[i])) continue;
        good = i + 1 < argc && flag_with_value(argv[i], argv[i + 1]);
        i++;
    }
    good = good && flags.jobs > 0 && flags.jobs <= JOBS_MAX && !(flags.is_short && flags.is_long);
    if (!good)
        fprintf(stderr,
                "usage: witan_epochs [--seeds N] [--from S] [--minutes M] [--jobs J] [--tell N]\n"
                "                    [--seeds-file FILE] [--short | --long] [--calm] [--stop]\n"
                "                    [--trace]\n");
    if (flags.minutes > 0 && !flags.seeds_given) flags.seeds = UINT64_MAX;
    return good;
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
    (void)signal(SIGABRT, on_crash);
    (void)signal(SIGSEGV, on_crash);
    begun = seconds_now();
    if (flags.seeds_file)
        good = run_file(&sum);
    else if (flags.jobs == 1 || flags.trace) {
        flags.jobs = 1;
        run_share(0, &sum);
    } else {
        good = run_jobs(&sum);
    }
    if (!good) printf("epochs: not all was run\n");
    print(&sum, seconds_now() - begun);
    return good && sum.figures.failed == 0 ? 0 : 1;
}
