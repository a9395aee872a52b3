/* witan_twins -- which scenarios are played, and what came of them.
 *
 *     witan_twins [--members 4|7] [--rounds R] [--phases 1|2|3] [--chain 2|3] [--seconds S]
 *                 [--sample N] [--seed N] [--beyond] [--replay ID] [--trace]
 *
 * With --rounds: every scenario of so many rounds, up to renaming, in each of the variants, as far
 * as the seconds reach. Without: first all short ones, then a sample of long ones, of which every
 * fourth is of the three-chain unless --chain says which. The first failures are printed with the
 * command that replays them, and the status is 1. */
#include "twins.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    FAILURES_MAX = 3,
    BLOCK = 500,
    SAMPLE_ROUNDS_MIN = 3,
    SAMPLE_ROUNDS_FEW = 5,
    SAMPLE_ROUNDS_MAX = 8
};

struct flags {
    uint8_t members, rounds, phases, chain;
    double seconds;
    uint64_t sample, seed;
    bool beyond, trace;
    const char *replay;
};

/* In each of these ways all partitions and leaders are gone through. */
static const struct variant {
    const char *what;
    bool eavesdrop;
    enum late late;
    enum stale stale;
} variants[] = {
    { "kept back is lost", false, LATE_LOST, STALE_NO },
    { "late, in the round", false, LATE_IN_ROUND, STALE_NO },
    { "late, rounds after", false, LATE_AFTER, STALE_NO },
    { "a half hears all", true, LATE_LOST, STALE_NO },
    { "hears all, and late", true, LATE_AFTER, STALE_NO },
    { "proposes on the root", true, LATE_LOST, STALE_ROOT },
    { "proposes on the past", true, LATE_LOST, STALE_OLDER },
};
enum { VARIANTS = sizeof variants / sizeof variants[0] };

static struct flags flags;
static struct {
    uint64_t played, failed, messages, decided, refused, forced;
    uint64_t candidates; /* before symmetry */
    double begun;
} tally;

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool time_is_up(void)
{
    return seconds_now() - tally.begun >= flags.seconds || tally.failed >= FAILURES_MAX;
}

static void play(const struct scenario *s)
{
    struct outcome outcome;
    char id[ID_SIZE];
    if (flags.trace) {
        scenario_write(s, id);
        printf("# %s\n", id);
    }
    world_run(s, flags.trace, &outcome);
    tally.played++;
    tally.messages += outcome.messages;
    tally.decided += outcome.decided;
    tally.refused += outcome.refused;
    tally.forced += outcome.forced;
    if (!outcome.check) return;
    tally.failed++;
    scenario_write(s, id);
    printf("failed: %s: %s (after %llu scenarios, %.2f s)\n  again: ./dev twins --replay %s\n",
           outcome.check, outcome.text, (unsigned long long)tally.played,
           seconds_now() - tally.begun, id);
}

/* ---- All of them ---- */

static bool next_round(const struct scenario *s, struct round *round)
{
    for (uint8_t p = 0; p < s->phases; p++) {
        if (++round->partition[p] < partitions_count()) return true;
        round->partition[p] = 0;
    }
    if (s->amnesia && !round->forget) {
        round->forget = true;
        return true;
    }
    round->forget = false;
    return ++round->leader < s->members;
}

/* Endings take turns; but only one that treats both halves alike leaves them alike. */
static enum ending ending_of(const struct scenario *s)
{
    bool alike = !s->eavesdrop && s->stale == STALE_NO;
    if (alike) return tally.played % 2 == 0 ? ENDING_BOTH : ENDING_SILENT;
    return (enum ending)(tally.played % ENDING_KINDS);
}

/* Depth first; false if the time was up before the end. */
static bool enumerate(struct scenario *s, uint8_t depth)
{
    struct round *round = &s->round[depth];
    *round = (struct round){ 0 };
    do {
        if (depth + 1 == s->rounds) tally.candidates++;
        if (!scenario_is_first(s, (uint8_t)(depth + 1))) continue;
        if (depth + 1 < s->rounds) {
            if (!enumerate(s, (uint8_t)(depth + 1))) return false;
            continue;
        }
        struct scenario ended = *s;
        ended.ending = ending_of(s);
        play(&ended);
        if (time_is_up()) return false;
    } while (next_round(s, round));
    return true;
}

static struct scenario common(uint8_t twins)
{
    return (struct scenario){ .members = flags.members,
                              .twins = twins,
                              .three_chain = flags.chain == 3,
                              .phases = flags.phases,
                              .late_to = UINT16_MAX };
}

/* A short name for the kind of scenarios, and how many of them were played. */
static void report(const char *what, const struct scenario *s, uint64_t before, bool full)
{
    printf("%-8s %u rounds, %u phases, %-21s %9llu scenarios %s\n",
           s->amnesia ? "amnesiac" : "twins", s->rounds, s->phases, what,
           (unsigned long long)(tally.played - before), full ? "full" : "cut short");
}

static bool enumerate_twins(uint8_t rounds, uint8_t phases)
{
    for (size_t v = 0; v < VARIANTS; v++) {
        struct scenario s = common(1);
        s.rounds = rounds;
        s.phases = phases;
        s.eavesdrop = variants[v].eavesdrop;
        s.late = variants[v].late;
        s.stale = variants[v].stale;
        scenario_tables(instances_of(&s));
        uint64_t before = tally.played;
        bool full = enumerate(&s, 0);
        report(variants[v].what, &s, before, full);
        if (!full) return false;
    }
    return true;
}

static bool enumerate_amnesia(uint8_t rounds, uint8_t phases)
{
    struct scenario s = common(0);
    s.rounds = rounds;
    s.phases = phases;
    s.amnesia = true;
    scenario_tables(instances_of(&s));
    uint64_t before = tally.played;
    bool full = enumerate(&s, 0);
    report("forgets", &s, before, full);
    return full;
}

/* ---- Some of them ---- */

/* Most attacks need few rounds, and a partition of its own for each step. */
static uint8_t draw_rounds(uint64_t *random)
{
    bool few = random_below(random, 4) > 0;
    uint64_t most = few ? SAMPLE_ROUNDS_FEW : SAMPLE_ROUNDS_MAX;
    return (uint8_t)(SAMPLE_ROUNDS_MIN + random_below(random, most - SAMPLE_ROUNDS_MIN + 1));
}

static uint8_t draw_phases(uint64_t *random)
{
    bool all = random_below(random, 2) == 0;
    return all ? PHASES_MAX : (uint8_t)(1 + random_below(random, PHASES_MAX - 1));
}

static void sample(uint8_t twins, uint64_t *random)
{
    uint64_t played = 0;
    for (uint64_t block = 0; !time_is_up(); block++) {
        struct scenario s = common(twins);
        if (flags.chain == 0) s.three_chain = block % 4 == 3;
        s.amnesia = twins == 1 && block % 5 == 4;
        if (s.amnesia) s.twins = 0;
        scenario_tables(instances_of(&s));
        for (int i = 0; i < BLOCK && !time_is_up(); i++) {
            if (played++ == flags.sample) return;
            s.rounds = flags.rounds ? flags.rounds : draw_rounds(random);
            s.phases = flags.phases ? flags.phases : draw_phases(random);
            scenario_draw(&s, random);
            if (flags.beyond) s.ending = ENDING_BOTH; /* without them there is no quorum */
            play(&s);
        }
    }
}

static void explore(void)
{
    uint64_t random = flags.seed;
    uint8_t twins = flags.members == 7 ? 2 : 1;
    if (flags.beyond) {
        sample((uint8_t)(twins + 1), &random);
        return;
    }
    bool all = flags.rounds > 0 && flags.sample == UINT64_MAX && flags.members == 4;
    uint8_t phases = flags.phases ? flags.phases : 1;
    if (all) {
        if (enumerate_twins(flags.rounds, phases)) enumerate_amnesia(flags.rounds, phases);
        return;
    }
    bool short_ones = flags.members == 4 && flags.sample == UINT64_MAX;
    if (short_ones && !(enumerate_twins(1, 2) && enumerate_twins(2, 1) && enumerate_amnesia(2, 1)))
        return;
    uint64_t before = tally.played;
    sample(twins, &random);
    printf("sampled  %llu scenarios of %u to %u rounds from seed %llu\n",
           (unsigned long long)(tally.played - before), SAMPLE_ROUNDS_MIN, SAMPLE_ROUNDS_MAX,
           (unsigned long long)flags.seed);
}

/* ---- The command ---- */

static int replay(void)
{
    struct scenario s;
    struct outcome outcome;
    if (!scenario_read(flags.replay, &s)) {
        fprintf(stderr, "twins: this is no scenario: %s\n", flags.replay);
        return 2;
    }
    for (uint8_t r = 0; r < s.rounds; r++) {
        printf("round %u: leader %c%s", r + 1U, 'A' + s.round[r].leader,
               s.round[r].forget ? ", forgets" : "");
        for (uint8_t p = 0; p < s.phases; p++) {
            char text[64];
            partition_text(&s, s.round[r].partition[p], text);
            printf("%s %s", p ? "; then" : ",", text);
        }
        printf("\n");
    }
    world_run(&s, true, &outcome);
    if (outcome.check)
        printf("failed: %s: %s\n", outcome.check, outcome.text);
    else
        printf("passed, %llu decided\n", (unsigned long long)outcome.decided);
    return outcome.check ? 1 : 0;
}

static void finish(void)
{
    double took = seconds_now() - tally.begun;
    double rate = took > 0 ? (double)tally.played / took : 0;
    printf(
        "%llu scenarios in %.1f s; %llu messages, %llu decisions, %llu lies refused, %llu rounds "
        "ended by force\n",
        (unsigned long long)tally.played, took, (unsigned long long)tally.messages,
        (unsigned long long)tally.decided, (unsigned long long)tally.refused,
        (unsigned long long)tally.forced);
    if (tally.candidates > 0)
        printf("%llu candidates were gone through; the others differ from one of these in names "
               "only\n",
               (unsigned long long)tally.candidates);
    printf("figure twins_rate %.0f scenarios/s\n", rate);
}

static bool read_flags(int argc, char **argv)
{
    flags = (struct flags){ .members = 4, .seconds = 60, .sample = UINT64_MAX };
    for (int i = 1; i < argc; i++) {
        const char *flag = argv[i];
        if (strcmp(flag, "--beyond") == 0) {
            flags.beyond = true;
            continue;
        }
        if (strcmp(flag, "--trace") == 0) {
            flags.trace = true;
            continue;
        }
        if (i + 1 == argc) return false;
        const char *value = argv[++i];
        unsigned long long number = strtoull(value, NULL, 10);
        if (strcmp(flag, "--members") == 0)
            flags.members = (uint8_t)number;
        else if (strcmp(flag, "--rounds") == 0)
            flags.rounds = (uint8_t)number;
        else if (strcmp(flag, "--phases") == 0)
            flags.phases = (uint8_t)number;
        else if (strcmp(flag, "--chain") == 0)
            flags.chain = (uint8_t)number;
        else if (strcmp(flag, "--seconds") == 0)
            flags.seconds = strtod(value, NULL);
        else if (strcmp(flag, "--sample") == 0)
            flags.sample = number;
        else if (strcmp(flag, "--seed") == 0)
            flags.seed = number;
        else if (strcmp(flag, "--replay") == 0)
            flags.replay = value;
        else
            return false;
    }
    return (flags.members == 4 || flags.members == 7) && flags.rounds <= ROUNDS_MAX &&
           flags.phases <= PHASES_MAX && (flags.chain == 0 || flags.chain == 2 || flags.chain == 3);
}

int main(int argc, char **argv)
{
    if (!read_flags(argc, argv)) {
        fprintf(stderr, "usage: witan_twins [--members 4|7] [--rounds R] [--phases 1|2|3] "
                        "[--chain 2|3] [--seconds S] [--sample N] [--seed N] [--beyond] "
                        "[--replay ID] [--trace]\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    world_open();
    if (flags.replay) return replay();
    tally.begun = seconds_now();
    explore();
    finish();
    world_close();
    if (flags.beyond) {
        bool found = tally.failed > 0;
        printf("twins: more than f lie: %s\n", found ? "the checks found it" : "NOT FOUND");
        return found ? 0 : 1;
    }
    printf("twins: %llu passed, %llu failed\n", (unsigned long long)(tally.played - tally.failed),
           (unsigned long long)tally.failed);
    return tally.failed > 0 ? 1 : 0;
}
