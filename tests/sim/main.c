/* witan_sim -- the simulator's command; `./dev sim` passes its flags here.
 *
 * Runs seeds, plan files or a list of both and ends with a report, a hash over all traces, which is
 * the same for every compiler and number of processes, and `sim: N passed, N failed`. A failing run
 * prints the command that replays it and the one that shrinks it. Exit code 0: all went as it
 * should; 1: not; 2: the flags are wrong. */
#include "apart.h"
#include "campaign.h"
#include "kills.h"
#include "shrink.h"
#include "source.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

enum { SHRINK_RUNS = 3000, SHRINK_SECONDS = 900, DIAGRAM_EVENTS = 300 };

struct flags {
    uint64_t seeds, from, nodes, jobs, last, leader_kills;
    double minutes;
    bool seeds_given, jobs_given;
    bool shrink, trace, far_behind, beyond, check_order, stop;
    const char *plan, *mermaid, *seeds_file, *write_plan, *engine;
};

static const char usage[] =
    "witan_sim [FLAGS]\n"
    "    --seeds N          so many seeds (100), or with --minutes M as many as that takes\n"
    "    --from S           the first seed (1); also --seed-from\n"
    "    --engine NAME      hotstuff (standard) or raft\n"
    "    --nodes N          members, 1 to 31; 0 (standard): drawn by the seed\n"
    "    --jobs J           processes; as many as there are cores\n"
    "    --stop             end at the first failure\n"
    "    --far-behind       thousands of calm blocks, then losses\n"
    "    --beyond           f + 1 twins: every run must end with a violation\n"
    "    --leader-kills N   kill the leader of Raft N times and measure how long clients wait\n"
    "    --plan FILE        one plan instead of seeds\n"
    "    --seeds-file FILE  a list of seeds and plans\n"
    "    --trace            print every output and fault; in this process\n"
    "    --mermaid FILE     a sequence diagram of the last events, --last N of them (300)\n"
    "    --shrink           make the first plan that fails as small as it will be\n"
    "    --write-plan FILE  write the first plan, or with --shrink the small one; - is stdout\n"
    "    --check-order      run all twice, forwards and backwards: traces must be equal\n";

/* ---- flags ---- */

static bool number(const char *text, uint64_t most, uint64_t *value)
{
    char *end;
    errno = 0;
    *value = strtoull(text, &end, 10);
    return errno == 0 && text[0] >= '0' && text[0] <= '9' && *end == 0 && *value <= most;
}

static bool minutes(const char *text, double *value)
{
    char *end;
    *value = strtod(text, &end);
    return end != text && *end == 0 && *value > 0 && *value <= 100000;
}

static bool flag_alone(struct flags *flags, const char *name)
{
    const struct {
        const char *name;
        bool *flag;
    } known[] = {
        { "--shrink", &flags->shrink },           { "--trace", &flags->trace },
        { "--far-behind", &flags->far_behind },   { "--beyond", &flags->beyond },
        { "--check-order", &flags->check_order }, { "--stop", &flags->stop },
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(name, known[i].name) != 0) continue;
        *known[i].flag = true;
        return true;
    }
    return false;
}

static bool flag_with_text(struct flags *flags, const char *name, const char *text)
{
    const struct {
        const char *name;
        const char **value;
    } known[] = {
        { "--plan", &flags->plan },
        { "--mermaid", &flags->mermaid },
        { "--seeds-file", &flags->seeds_file },
        { "--write-plan", &flags->write_plan },
        { "--engine", &flags->engine },
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(name, known[i].name) != 0) continue;
        *known[i].value = text;
        return true;
    }
    return false;
}

static bool flag_with_number(struct flags *flags, const char *name, const char *text)
{
    if (strcmp(name, "--seeds") == 0) {
        flags->seeds_given = true;
        return number(text, UINT32_MAX, &flags->seeds);
    }
    if (strcmp(name, "--jobs") == 0) {
        flags->jobs_given = true;
        return number(text, CAMPAIGN_JOBS_MAX, &flags->jobs) && flags->jobs > 0;
    }
    if (strcmp(name, "--from") == 0 || strcmp(name, "--seed-from") == 0)
        return number(text, UINT64_MAX / 2, &flags->from);
    if (strcmp(name, "--nodes") == 0) return number(text, MEMBERS_MAX, &flags->nodes);
    if (strcmp(name, "--last") == 0) return number(text, 100000, &flags->last);
    if (strcmp(name, "--leader-kills") == 0)
        return number(text, KILLS_MAX, &flags->leader_kills) && flags->leader_kills > 0;
    if (strcmp(name, "--minutes") == 0) return minutes(text, &flags->minutes);
    return false;
}

static bool read_flags(struct flags *flags, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (flag_alone(flags, argv[i])) continue;
        bool good = i + 1 < argc && (flag_with_text(flags, argv[i], argv[i + 1]) ||
                                     flag_with_number(flags, argv[i], argv[i + 1]));
        if (!good) {
            fprintf(stderr, "witan_sim: %s: no such flag, or not with this value\n%s", argv[i],
                    usage);
            return false;
        }
        i++;
    }
    if (flags->far_behind && flags->beyond) {
        fprintf(stderr, "witan_sim: --far-behind and --beyond exclude each other\n");
        return false;
    }
    if (strcmp(flags->engine, "hotstuff") != 0 && strcmp(flags->engine, "raft") != 0) {
        fprintf(stderr, "witan_sim: --engine %s: hotstuff or raft\n", flags->engine);
        return false;
    }
    if ((flags->far_behind || flags->beyond) && strcmp(flags->engine, "raft") == 0) {
        fprintf(stderr, "witan_sim: --far-behind and --beyond run hotstuff\n");
        return false;
    }
    return true;
}

/* ---- what to run ---- */

static bool read_source(const struct flags *flags, struct source *source)
{
    *source = (struct source){ .from = flags->from, .nodes = (uint16_t)flags->nodes };
    if (strcmp(flags->engine, "raft") == 0) source->mode = SOURCE_RAFT;
    if (flags->far_behind) source->mode = SOURCE_FAR_BEHIND;
    if (flags->beyond) source->mode = SOURCE_BEYOND;
    if (flags->plan && !source_read_plan(source, flags->plan)) return false;
    if (flags->seeds_file && !source_read_list(source, flags->seeds_file)) return false;
    return true;
}

static unsigned count_jobs(const struct flags *flags, uint64_t count)
{
    if (flags->trace || flags->mermaid) return 0;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t jobs = flags->jobs_given ? flags->jobs : cores > 0 ? (uint64_t)cores : 1;
    if (jobs > CAMPAIGN_JOBS_MAX) jobs = CAMPAIGN_JOBS_MAX;
    if (jobs > count) jobs = count;
    return jobs > 0 ? (unsigned)jobs : 1;
}

static struct campaign campaign_of(const struct flags *flags, struct source *source)
{
    bool list = source->items != NULL;
    bool timed = flags->minutes > 0 && !list;
    struct campaign campaign = {
        .count = list                           ? source->items_count
                 : timed && !flags->seeds_given ? UINT64_MAX
                                                : flags->seeds,
        .seconds = timed ? (unsigned)(flags->minutes * 60 + 0.5) : 0,
        .stop = flags->stop,
        .beyond = flags->beyond || (list && source->items_count == 1 && source->items[0].plan &&
                                    source->items[0].plan->beyond),
        .plan_of = source_plan,
        .failed = source_failed,
        .user = source,
    };
    if (timed && campaign.seconds == 0) campaign.seconds = 1;
    campaign.jobs = count_jobs(flags, campaign.count);
    return campaign;
}

/* ---- commands ---- */

static int run(const struct flags *flags, struct source *source)
{
    struct campaign campaign = campaign_of(flags, source);
    struct sim_view view = { .text = flags->trace, .last = (uint32_t)flags->last };
    struct campaign_totals totals;
    if (flags->mermaid && !(view.mermaid = fopen(flags->mermaid, "w"))) {
        fprintf(stderr, "witan_sim: %s: %s\n", flags->mermaid, strerror(errno));
        return 2;
    }
    campaign.view = &view;
    bool good = campaign_run(&campaign, &totals);
    if (view.mermaid && fclose(view.mermaid) != 0) good = false;
    campaign_print(&campaign, &totals);
    if (campaign.seconds == 0) {
        char hash[65];
        struct digest trace = campaign_trace(&totals);
        hex_encode(digest_span(&trace), hash);
        printf("trace %s\n", hash);
    }
    uint64_t passed = totals.runs - (totals.failed < totals.runs ? totals.failed : totals.runs);
    printf("sim: %" PRIu64 " passed, %" PRIu64 " failed\n", passed, totals.failed);
    campaign_free(&totals);
    return good && totals.failed == 0 ? 0 : 1;
}

/* What a run leaves in its process must not reach the next one. */
static int check_order(const struct flags *flags, struct source *source)
{
    struct campaign campaign = campaign_of(flags, source);
    struct campaign_totals there, back;
    uint64_t differ = 0;
    campaign.jobs = 1;
    campaign.seconds = 0;
    if (campaign.count == UINT64_MAX) campaign.count = flags->seeds;
    bool good = campaign_run(&campaign, &there);
    source->reverse_of = campaign.count;
    good = campaign_run(&campaign, &back) && good;
    for (uint64_t i = 0; good && i < campaign.count; i++) {
        if (memcmp(there.traces[i], back.traces[campaign.count - 1 - i], 16) == 0) continue;
        printf("plan %" PRIu64 " takes another course behind other plans\n", i);
        differ++;
    }
    printf("sim: %" PRIu64 " of %" PRIu64 " depend on the order\n", differ, campaign.count);
    campaign_free(&there);
    campaign_free(&back);
    return good && differ == 0 ? 0 : 1;
}

static int write_plan(const char *path, const struct plan *plan)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *file = standard ? stdout : fopen(path, "w");
    if (!file) {
        fprintf(stderr, "witan_sim: %s: %s\n", path, strerror(errno));
        return 2;
    }
    plan_write(plan, file);
    bool good = fflush(file) == 0 && !ferror(file);
    if (!standard) good = fclose(file) == 0 && good;
    if (!good) fprintf(stderr, "witan_sim: %s cannot be written\n", path);
    return good ? 0 : 1;
}

static bool fails_alike(void *user, const struct plan *plan)
{
    const enum check_name *wanted = user;
    struct sim_result result;
    apart_once(plan, &result);
    return !result.passed && result.check == *wanted;
}

static int shrink(const struct flags *flags, struct source *source, struct plan *plan)
{
    struct campaign campaign = campaign_of(flags, source);
    struct sim_result result = { .passed = true };
    if (campaign.count == UINT64_MAX) campaign.count = flags->seeds;
    for (uint64_t i = 0; i < campaign.count && result.passed; i++) {
        source_plan(source, i, plan);
        apart_once(plan, &result);
        if (!result.passed) source_failed(source, i, plan, &result);
    }
    if (result.passed) {
        printf("sim: nothing fails, nothing to shrink\n");
        return 0;
    }
    unsigned seconds = flags->minutes > 0 ? (unsigned)(flags->minutes * 60 + 1) : SHRINK_SECONDS;
    struct shrink shrink = { .fails = fails_alike,
                             .user = &result.check,
                             .runs_max = SHRINK_RUNS,
                             .seconds_max = seconds,
                             .progress = stdout };
    shrink_plan(&shrink, plan);
    printf("# %s, found in %u runs; replay with ./dev sim --plan FILE --trace\n",
           result.check == CHECK_NONE ? "crash" : check_names[result.check], shrink.runs);
    plan_write(plan, stdout);
    if (flags->write_plan) write_plan(flags->write_plan, plan);
    return 1;
}

int main(int argc, char **argv)
{
    struct flags flags = { .seeds = 100, .from = 1, .last = DIAGRAM_EVENTS, .engine = "hotstuff" };
    struct problem problem;
    struct source source = { .items = NULL };
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(usage, stdout);
        return 0;
    }
    if (!read_flags(&flags, argc, argv)) return 2;
    if (crypto_start(&problem) != STATUS_OK) {
        fprintf(stderr, "witan_sim: %s\n", problem.text);
        return 1;
    }
    if (flags.leader_kills > 0)
        return kills_measure(flags.from, (uint32_t)flags.leader_kills) ? 0 : 1;
    struct plan *plan = calloc(1, sizeof *plan);
    int code = 2;
    if (plan && read_source(&flags, &source)) {
        if (flags.shrink) {
            code = shrink(&flags, &source, plan);
        } else if (flags.write_plan) {
            source_plan(&source, 0, plan);
            code = write_plan(flags.write_plan, plan);
        } else {
            code = flags.check_order ? check_order(&flags, &source) : run(&flags, &source);
        }
    }
    source_free(&source);
    free(plan);
    return code;
}
