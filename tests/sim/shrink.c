#include "shrink.h"

#include "crypto/base.h"
#include "plan_internal.h"
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

struct search {
    struct shrink *shrink;
    struct plan *best;  /* fails */
    struct plan *trial; /* what is tried next */
    time_t until;
};

static bool spent(const struct search *s)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return s->shrink->runs >= s->shrink->runs_max || now.tv_sec >= s->until;
}

/* Runs the trial; it is the best from now on if it fails, too. */
static bool try_trial(struct search *s, const char *what)
{
    char problem[200];
    if (spent(s) || !plan_allowed(s->trial, problem)) return false;
    s->shrink->runs++;
    if (!s->shrink->fails(s->shrink->user, s->trial)) return false;
    *s->best = *s->trial;
    s->shrink->successes++;
    if (s->shrink->progress) {
        fprintf(s->shrink->progress,
                "shrink: run %u, %s: %u members, %u faults, %u transactions, %" PRIu64 " ms\n",
                s->shrink->runs, what, s->best->nodes, s->best->faults_count, s->best->transactions,
                s->best->faults_ms);
        fflush(s->shrink->progress);
    }
    return true;
}

/* ---- faults: ddmin ---- */

/* The best without its faults from first on, count of them. */
static void trial_without(struct search *s, uint32_t first, uint32_t count)
{
    const struct plan *best = s->best;
    *s->trial = *best;
    s->trial->faults_count = 0;
    for (uint32_t i = 0; i < best->faults_count; i++)
        if (i < first || i >= first + count)
            s->trial->faults[s->trial->faults_count++] = best->faults[i];
}

/* Takes away complements of ever smaller pieces. Subsets on their own are not tried: with faults
 * that interfere they seldom fail, and the halves are complements of each other. */
static bool shrink_faults(struct search *s)
{
    bool helped = false;
    uint32_t size = s->best->faults_count;
    while (size > 0 && s->best->faults_count > 0) {
        bool removed = false;
        for (uint32_t first = 0; first < s->best->faults_count;) {
            trial_without(s, first, size);
            if (try_trial(s, "fewer faults"))
                removed = helped = true; /* The next ones stand at `first` now. */
            else
                first += size;
        }
        if (spent(s)) break;
        if (!removed || size > s->best->faults_count) size /= 2;
    }
    return helped;
}

/* ---- what the options say ---- */

static bool shrink_option(struct search *s, const struct plan_option *option)
{
    uint64_t now = option_get(s->best, option);
    if (now == option->least) return false;
    *s->trial = *s->best;
    option_put(s->trial, option, option->least);
    return try_trial(s, option->name);
}

/* To the least, one option after the other. What has a shrinking of its own is left alone, and
 * so is the seed. */
static bool shrink_rates(struct search *s)
{
    static const char *const names[] = {
        "real_keys",      "loss_permille", "duplicate_permille", "tail_permille",
        "sync_ms_max",    "check_ms_max",  "ledger_ms_max",      "skew_ms_max",
        "brief_permille", "bad_permille",  "delay_ms_min",       "phases",
        "reads",
    };
    bool helped = false;
    for (size_t i = 0; i < plan_options_count; i++)
        for (size_t n = 0; n < sizeof names / sizeof names[0]; n++)
            if (strcmp(plan_options[i].name, names[n]) == 0)
                helped = shrink_option(s, &plan_options[i]) || helped;
    *s->trial = *s->best;
    s->trial->delay_ms_max = s->trial->delay_ms_min;
    if (s->best->delay_ms_max > s->best->delay_ms_min) helped = try_trial(s, "delay") || helped;
    return helped;
}

static bool shrink_lies(struct search *s)
{
    bool helped = false;
    for (unsigned lie = 0; lie < LIE_KINDS; lie++) {
        *s->trial = *s->best;
        s->trial->lies &= ~(1u << lie);
        if (s->trial->lies != s->best->lies) helped = try_trial(s, "fewer lies") || helped;
    }
    return helped;
}

static void drop_faults_of(struct plan *plan, uint16_t node, bool losses_only)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < plan->faults_count; i++) {
        enum fault_kind kind = plan->faults[i].kind;
        bool loses = kind == FAULT_FLIP || kind == FAULT_AMNESIA;
        if (plan->faults[i].node == node && (loses || !losses_only)) continue;
        plan->faults[kept++] = plan->faults[i];
    }
    plan->faults_count = kept;
}

/* A set of what is left when `gone` is no more. */
static uint64_t set_without(uint64_t set, uint16_t gone)
{
    uint64_t below = set_of_first(gone);
    return (set & below) | (set >> 1 & ~below);
}

/* Replica `gone` is no more: faults of it are left out, and those behind it move up. */
static void drop_replica(struct plan *plan, uint16_t gone)
{
    drop_faults_of(plan, gone, false);
    for (uint32_t i = 0; i < plan->faults_count; i++) {
        struct fault *fault = &plan->faults[i];
        if (fault->node > gone) fault->node--;
        fault->nodes = set_without(fault->nodes, gone);
    }
}

/* A member that does not lie, have a twin or lose promises any more. */
static void make_honest(struct plan *plan, uint16_t member)
{
    uint64_t bit = 1ull << member;
    if (plan->frail & bit) drop_faults_of(plan, member, true);
    if (plan->twins & bit)
        drop_replica(plan, (uint16_t)(plan->nodes + set_count(plan->twins & (bit - 1))));
    plan->twins &= ~bit;
    plan->frail &= ~bit;
    plan->liars &= ~bit;
    if (plan->liars == 0) plan->lies = plan->lie_permille = 0;
    plan->core |= bit;
}

static bool shrink_breaking(struct search *s)
{
    bool helped = false;
    for (uint16_t member = 0; member < s->best->nodes; member++) {
        uint64_t breaking = s->best->liars | s->best->twins | s->best->frail;
        if (!(breaking >> member & 1)) continue;
        *s->trial = *s->best;
        make_honest(s->trial, member);
        helped = try_trial(s, "one more honest member") || helped;
    }
    return helped;
}

bool shrink_member(struct plan *plan, uint16_t member)
{
    char problem[200];
    struct plan *smaller = calloc(1, sizeof *smaller);
    ASSERT(smaller != NULL);
    *smaller = *plan;
    make_honest(smaller, member);
    drop_replica(smaller, member);
    smaller->nodes--;
    smaller->liars = set_without(smaller->liars, member);
    smaller->twins = set_without(smaller->twins, member);
    smaller->frail = set_without(smaller->frail, member);
    smaller->core =
        set_of_first(smaller->nodes) & ~(smaller->liars | smaller->twins | smaller->frail);
    bool allowed = smaller->nodes > 0 && plan_allowed(smaller, problem);
    if (allowed) *plan = *smaller;
    free(smaller);
    return allowed;
}

/* From the last one on, so that the others keep their numbers as long as they can. */
static bool shrink_members(struct search *s)
{
    bool helped = false;
    for (uint16_t member = s->best->nodes; member-- > 0;) {
        *s->trial = *s->best;
        helped = (shrink_member(s->trial, member) && try_trial(s, "fewer members")) || helped;
    }
    return helped;
}

/* ---- how much, how long ---- */

static bool shrink_transactions(struct search *s)
{
    uint32_t low = 0; /* Passes, or has not been tried. */
    bool helped = false;
    while (low < s->best->transactions && !spent(s)) {
        *s->trial = *s->best;
        s->trial->transactions = low + (s->best->transactions - low) / 2;
        uint32_t tried = s->trial->transactions;
        if (try_trial(s, "fewer transactions"))
            helped = true;
        else
            low = tried + 1;
    }
    return helped;
}

static void cut_horizon(struct plan *plan, uint64_t faults_ms)
{
    uint32_t kept = 0;
    plan->faults_ms = faults_ms;
    for (uint32_t i = 0; i < plan->faults_count; i++) {
        struct fault fault = plan->faults[i];
        if (fault.at_ms >= faults_ms) continue;
        if (fault.until_ms > faults_ms) fault.until_ms = faults_ms;
        plan->faults[kept++] = fault;
    }
    plan->faults_count = kept;
}

static bool shrink_horizon(struct search *s)
{
    bool helped = false;
    uint64_t step = s->best->faults_ms / 2;
    while (step >= 100 && !spent(s)) {
        *s->trial = *s->best;
        cut_horizon(s->trial, s->best->faults_ms - step);
        if (try_trial(s, "a shorter time with faults"))
            helped = true;
        else
            step /= 2;
        if (step > s->best->faults_ms / 2) step = s->best->faults_ms / 2;
    }
    return helped;
}

void shrink_plan(struct shrink *shrink, struct plan *plan)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    struct search s = { .shrink = shrink, .best = plan, .until = now.tv_sec + shrink->seconds_max };
    s.trial = calloc(1, sizeof *s.trial);
    ASSERT(s.trial != NULL);
    shrink->runs = shrink->successes = 0;
    bool helped = true;
    while (helped && !spent(&s)) {
        helped = shrink_faults(&s);
        helped = shrink_members(&s) || helped;
        helped = shrink_breaking(&s) || helped;
        helped = shrink_lies(&s) || helped;
        helped = shrink_horizon(&s) || helped;
        helped = shrink_transactions(&s) || helped;
        helped = shrink_rates(&s) || helped;
    }
    free(s.trial);
}
