/* tests/tamper/main.c -- turns random bits of a ledger, of proofs and of statements.
 *
 *     witan_tamper [--flips N] [--seed S] [--jobs N] [--only K [--keep FILE]]
 *
 * Flip number K of a seed is the same bit on every machine: half of them in the ledger, half in the
 * proofs. Processes share the flips among them; one that dies or hangs at a flip has missed it, and
 * another goes on behind it. Ends with
 *
 *     figure tamper_tried N count
 *     figure tamper_missed N count
 *
 * and exit code 1 if any was missed; each is named, to be tried again with --only; --keep copies
 * the ledger as it then is.
 */
#include "tests/tamper/tamper.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { JOBS_MAX = 64, FLIP_SECONDS = 30, TELL_FLIPS = 5000 };

/* What a process says while it works; survives it. */
struct lane {
    uint64_t next; /* flip it is at, or will do next */
    uint64_t counts[FLIP_MISSED + 1];
    uint64_t ledger; /* of them in the ledger */
};

static struct {
    uint64_t flips, seed, only;
    bool one;
    const char *keep;
    unsigned jobs;
} options = { .flips = 1000, .seed = 1 };

static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static enum flip try_flip(uint64_t number, struct lane *lane)
{
    char text[FLIP_TEXT] = "";
    uint64_t draw = mix(options.seed ^ mix(number));
    bool ledger = draw & 1;
    (void)alarm(FLIP_SECONDS);
    enum flip result = ledger ? ledger_flip(mix(draw) % ledger_bits(), options.keep, text)
                              : proofs_flip(mix(draw) % proofs_bits(), text);
    (void)alarm(0);
    lane->ledger += ledger;
    if (result == FLIP_MISSED)
        (void)printf("missed: flip %llu of seed %llu, %s\n", (unsigned long long)number,
                     (unsigned long long)options.seed, text);
    return result;
}

static void work(struct lane *lane)
{
    ledger_begin();
    for (; lane->next < options.flips; lane->next += options.jobs) {
        lane->counts[try_flip(lane->next, lane)]++;
        if (lane->next / options.jobs % TELL_FLIPS == 0)
            (void)fprintf(stderr, "tamper: flip %llu\n", (unsigned long long)lane->next);
    }
    ledger_end();
    (void)fflush(stdout);
}

static pid_t start(struct lane *lane)
{
    (void)fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        work(lane);
        _exit(0);
    }
    if (child < 0) {
        perror("tamper: fork");
        exit(1);
    }
    return child;
}

/* A process that ended by itself has done its share; else it died of the flip it was at. */
static bool goes_on(struct lane *lane, int state)
{
    if (WIFEXITED(state) && WEXITSTATUS(state) == 0) return false;
    (void)printf("missed: flip %llu of seed %llu, the process %s\n", (unsigned long long)lane->next,
                 (unsigned long long)options.seed,
                 WIFSIGNALED(state) && WTERMSIG(state) == SIGALRM ? "hung" : "died");
    lane->counts[FLIP_MISSED]++;
    lane->next += options.jobs;
    return lane->next < options.flips;
}

static void run(struct lane *lanes)
{
    pid_t child[JOBS_MAX];
    unsigned running = options.jobs;
    for (unsigned i = 0; i < options.jobs; i++) {
        lanes[i].next = i;
        child[i] = start(&lanes[i]);
    }
    while (running > 0) {
        int state = 0;
        pid_t ended = wait(&state);
        if (ended < 0 && errno == EINTR) continue;
        for (unsigned i = 0; i < options.jobs; i++) {
            if (child[i] != ended) continue;
            if (goes_on(&lanes[i], state))
                child[i] = start(&lanes[i]);
            else
                running--;
        }
    }
}

static double now_seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int tell(const struct lane *lanes, double seconds)
{
    struct lane sum = { 0 };
    for (unsigned i = 0; i < options.jobs; i++) {
        sum.ledger += lanes[i].ledger;
        for (unsigned r = 0; r <= FLIP_MISSED; r++)
            sum.counts[r] += lanes[i].counts[r];
    }
    uint64_t tried = sum.counts[0] + sum.counts[1] + sum.counts[2];
    (void)printf("tamper: %llu flips, seed %llu: %llu in the ledger, %llu in proofs; %llu "
                 "detected, %llu harmless, %llu missed; %.0f s\n",
                 (unsigned long long)tried, (unsigned long long)options.seed,
                 (unsigned long long)sum.ledger, (unsigned long long)(tried - sum.ledger),
                 (unsigned long long)sum.counts[FLIP_DETECTED],
                 (unsigned long long)sum.counts[FLIP_HARMLESS],
                 (unsigned long long)sum.counts[FLIP_MISSED], seconds);
    (void)printf("figure tamper_tried %llu count\n", (unsigned long long)tried);
    (void)printf("figure tamper_missed %llu count\n", (unsigned long long)sum.counts[FLIP_MISSED]);
    return sum.counts[FLIP_MISSED] > 0;
}

static int usage(void)
{
    (void)fprintf(stderr,
                  "usage: tamper [--flips N] [--seed S] [--jobs N] [--only K [--keep FILE]]\n");
    return 2;
}

static bool read_options(int argc, char **argv)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    options.jobs = processors > 0 && processors < JOBS_MAX ? (unsigned)processors : 1;
    for (int i = 1; i < argc; i += 2) {
        char *end = NULL;
        if (i + 1 == argc) return false;
        if (strcmp(argv[i], "--keep") == 0) {
            options.keep = argv[i + 1];
            continue;
        }
        uint64_t value = strtoull(argv[i + 1], &end, 10);
        if (*end || end == argv[i + 1]) return false;
        if (strcmp(argv[i], "--flips") == 0)
            options.flips = value;
        else if (strcmp(argv[i], "--seed") == 0)
            options.seed = value;
        else if (strcmp(argv[i], "--jobs") == 0 && value > 0 && value <= JOBS_MAX)
            options.jobs = (unsigned)value;
        else if (strcmp(argv[i], "--only") == 0)
            options.only = value, options.one = true;
        else
            return false;
    }
    return true;
}

/* In this process, for a debugger. */
static int run_one(void)
{
    struct lane lane = { 0 };
    ledger_begin();
    static const char *const names[] = { "detected", "harmless", "missed" };
    enum flip result = try_flip(options.only, &lane);
    (void)printf("flip %llu: %s\n", (unsigned long long)options.only, names[result]);
    ledger_end();
    return result == FLIP_MISSED;
}

int main(int argc, char **argv)
{
    if (!read_options(argc, argv)) return usage();
    struct lane *lanes = mmap(NULL, JOBS_MAX * sizeof *lanes, PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (lanes == MAP_FAILED) return 1;
    ledger_prepare();
    proofs_prepare(WITAN_VECTORS "/proofs");
    double start = now_seconds();
    int code = 0;
    if (options.one) {
        code = run_one();
    } else {
        run(lanes);
        code = tell(lanes, now_seconds() - start);
    }
    proofs_done();
    ledger_done();
    return code;
}
