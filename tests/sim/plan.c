/* What a plan may be: names, sets, the limits of the fault model. Drawn in plan_draw.c, written and
 * read in plan_text.c. */
#include "plan_internal.h"

#include "crypto/base.h"
#include <inttypes.h>
#include <stdarg.h>

const char *const fault_names[FAULT_KINDS] = {
    [FAULT_KILL] = "kill",           [FAULT_KILL_DISK] = "kill-disk",
    [FAULT_POWER] = "power",         [FAULT_POWER_ALL] = "power-all",
    [FAULT_PAUSE] = "pause",         [FAULT_CLOCK] = "clock",
    [FAULT_PARTITION] = "partition", [FAULT_ONE_WAY] = "one-way",
    [FAULT_BRIDGE] = "bridge",       [FAULT_FLAP] = "flap",
    [FAULT_SLOW_LINK] = "slow-link", [FAULT_LOSS] = "loss",
    [FAULT_SLOW_DISK] = "slow-disk", [FAULT_DISK_FULL] = "disk-full",
    [FAULT_EIO_WRITE] = "eio-write", [FAULT_EIO_SYNC] = "eio-sync",
    [FAULT_EIO_READ] = "eio-read",   [FAULT_WIPE] = "wipe",
    [FAULT_FLIP] = "flip",           [FAULT_AMNESIA] = "amnesia",
    [FAULT_BURST] = "burst",         [FAULT_KILL_LEADER] = "kill-leader",
    [FAULT_STOP] = "stop",
};

const char *const lie_names[LIE_KINDS] = {
    [LIE_EQUIVOCATE] = "equivocate",
    [LIE_STALE_PROPOSAL] = "stale-proposal",
    [LIE_WITHHOLD] = "withhold",
    [LIE_VOTE_TWICE] = "vote-twice",
    [LIE_MUTATE] = "mutate",
    [LIE_GARBAGE] = "garbage",
    [LIE_REPLAY] = "replay",
    [LIE_FUTURE] = "future",
    [LIE_SYNC] = "sync",
    [LIE_SEAL] = "seal",
    [LIE_TIMEOUTS] = "timeouts",
};

const char *const plan_engines[ENGINE_RAFT + 1] = {
    [0] = "",
    [ENGINE_HOTSTUFF] = "hotstuff",
    [ENGINE_RAFT] = "raft",
};

/* The most that `value` may be. Of a clock: either way; of a flip: which file. */
static const uint64_t value_limits[FAULT_KINDS] = {
    [FAULT_KILL] = 1000000,
    [FAULT_KILL_DISK] = 1000000,
    [FAULT_POWER] = 1000000,
    [FAULT_CLOCK] = CLOCK_MS_MAX,
    [FAULT_FLAP] = HOUR_MS,
    [FAULT_SLOW_LINK] = 10000,
    [FAULT_LOSS] = 1000,
    [FAULT_SLOW_DISK] = HOUR_MS,
    [FAULT_DISK_FULL] = 1u << 30,
    [FAULT_EIO_WRITE] = 1000000,
    [FAULT_EIO_SYNC] = 1000000,
    [FAULT_EIO_READ] = 1000000,
    [FAULT_FLIP] = 2,
    [FAULT_BURST] = 10000,
    [FAULT_KILL_LEADER] = 1,
    [FAULT_STOP] = 1,
};

const struct plan_option plan_options[] = {
    { "seed", OPTION_U64, offsetof(struct plan, seed), 0, UINT64_MAX, 0 },
    { "nodes", OPTION_U16, offsetof(struct plan, nodes), 1, MEMBERS_MAX, 0 },
    { "engine", OPTION_ENGINE, offsetof(struct plan, engine), ENGINE_HOTSTUFF, ENGINE_RAFT, 0 },
    { "phases", OPTION_U16, offsetof(struct plan, phases), 2, 3, ENGINE_HOTSTUFF },
    { "heartbeat_ms", OPTION_U16, offsetof(struct plan, heartbeat_ms), 5, 10000, ENGINE_RAFT },
    { "election_ms_min", OPTION_U16, offsetof(struct plan, election_ms_min), 10, 30000,
      ENGINE_RAFT },
    { "election_ms_max", OPTION_U16, offsetof(struct plan, election_ms_max), 11, 60000,
      ENGINE_RAFT },
    { "lease_ms", OPTION_U16, offsetof(struct plan, lease_ms), 0, 29999, ENGINE_RAFT },
    { "real_keys", OPTION_BOOL, offsetof(struct plan, real_keys), 0, 1, 0 },
    { "beyond", OPTION_BOOL, offsetof(struct plan, beyond), 0, 1, 0 },
    { "far_behind", OPTION_BOOL, offsetof(struct plan, far_behind), 0, 1, 0 },
    { "liars", OPTION_SET, offsetof(struct plan, liars), 0, UINT64_MAX, 0 },
    { "lies", OPTION_LIES, offsetof(struct plan, lies), 0, (1u << LIE_KINDS) - 1, 0 },
    { "lie_permille", OPTION_UNSIGNED, offsetof(struct plan, lie_permille), 0, 1000, 0 },
    { "twins", OPTION_SET, offsetof(struct plan, twins), 0, UINT64_MAX, 0 },
    { "frail", OPTION_SET, offsetof(struct plan, frail), 0, UINT64_MAX, 0 },
    { "core", OPTION_SET, offsetof(struct plan, core), 0, UINT64_MAX, 0 },
    { "transactions", OPTION_U32, offsetof(struct plan, transactions), 0, 100000, 0 },
    { "reads", OPTION_U32, offsetof(struct plan, reads), 0, 100000, ENGINE_RAFT },
    { "faults_ms", OPTION_U64, offsetof(struct plan, faults_ms), 0, HOUR_MS, 0 },
    { "loss_permille", OPTION_UNSIGNED, offsetof(struct plan, loss_permille), 0, 1000, 0 },
    { "duplicate_permille", OPTION_UNSIGNED, offsetof(struct plan, duplicate_permille), 0, 1000,
      0 },
    { "delay_ms_min", OPTION_UNSIGNED, offsetof(struct plan, delay_ms_min), 0, 10000, 0 },
    { "delay_ms_max", OPTION_UNSIGNED, offsetof(struct plan, delay_ms_max), 0, 10000, 0 },
    { "tail_permille", OPTION_UNSIGNED, offsetof(struct plan, tail_permille), 0, 1000, 0 },
    { "sync_ms_max", OPTION_UNSIGNED, offsetof(struct plan, sync_ms_max), 0, 10000, 0 },
    { "check_ms_max", OPTION_UNSIGNED, offsetof(struct plan, check_ms_max), 0, 10000, 0 },
    { "ledger_ms_max", OPTION_UNSIGNED, offsetof(struct plan, ledger_ms_max), 0, 10000, 0 },
    { "roll_bytes", OPTION_U64, offsetof(struct plan, roll_bytes), 1024, 1u << 30, 0 },
    { "skew_ms_max", OPTION_UNSIGNED, offsetof(struct plan, skew_ms_max), 0, 60000, 0 },
    { "brief_permille", OPTION_UNSIGNED, offsetof(struct plan, brief_permille), 0, 1000, 0 },
    { "bad_permille", OPTION_UNSIGNED, offsetof(struct plan, bad_permille), 0, 1000, 0 },
    { "checkpoint_ms", OPTION_UNSIGNED, offsetof(struct plan, checkpoint_ms), 1, HOUR_MS, 0 },
};
const size_t plan_options_count = sizeof plan_options / sizeof plan_options[0];

uint64_t option_get(const struct plan *plan, const struct plan_option *option)
{
    const void *at = (const char *)plan + option->offset;
    switch (option->type) {
    case OPTION_BOOL: return *(const bool *)at;
    case OPTION_ENGINE:
    case OPTION_U16: return *(const uint16_t *)at;
    case OPTION_U32:
    case OPTION_LIES: return *(const uint32_t *)at;
    case OPTION_UNSIGNED: return *(const unsigned *)at;
    case OPTION_U64:
    case OPTION_SET: break;
    }
    return *(const uint64_t *)at;
}

void option_put(struct plan *plan, const struct plan_option *option, uint64_t value)
{
    void *at = (char *)plan + option->offset;
    switch (option->type) {
    case OPTION_BOOL: *(bool *)at = value != 0; return;
    case OPTION_ENGINE:
    case OPTION_U16: *(uint16_t *)at = (uint16_t)value; return;
    case OPTION_U32:
    case OPTION_LIES: *(uint32_t *)at = (uint32_t)value; return;
    case OPTION_UNSIGNED: *(unsigned *)at = (unsigned)value; return;
    case OPTION_U64:
    case OPTION_SET: break;
    }
    *(uint64_t *)at = value;
}

uint64_t set_of_first(unsigned count)
{
    return count >= 64 ? UINT64_MAX : (1ull << count) - 1;
}

unsigned set_count(uint64_t set)
{
    return (unsigned)__builtin_popcountll(set);
}

uint16_t plan_faulty(const struct plan *plan)
{
    return (uint16_t)((plan->nodes - 1) / (plan_is_raft(plan) ? 2 : 3));
}

/* The least number of which any two sets have f + 1 in common; with Raft, one. */
uint16_t plan_quorum(const struct plan *plan)
{
    unsigned lying = plan_is_raft(plan) ? 0 : plan_faulty(plan);
    return (uint16_t)((plan->nodes + lying) / 2 + 1);
}

static bool __attribute__((format(printf, 2, 3))) say(char problem[200], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(problem, 200, format, arguments);
    va_end(arguments);
    return false;
}

static bool options_allowed(const struct plan *plan, char problem[200])
{
    for (size_t i = 0; i < plan_options_count; i++) {
        const struct plan_option *option = &plan_options[i];
        uint64_t value = option_get(plan, option);
        if (value < option->least || value > option->most)
            return say(problem, "%s is %" PRIu64 ", not within %" PRIu64 " .. %" PRIu64,
                       option->name, value, option->least, option->most);
    }
    if (plan->delay_ms_min > plan->delay_ms_max)
        return say(problem, "delay_ms_min is above delay_ms_max");
    if (plan->election_ms_min < 2 * plan->heartbeat_ms ||
        plan->election_ms_max <= plan->election_ms_min)
        return say(problem, "two heartbeats take no longer than election_ms_min, which is less "
                            "than election_ms_max");
    if (plan->lease_ms >= plan->election_ms_min)
        return say(problem, "lease_ms is not less than election_ms_min");
    return true;
}

static bool sets_allowed(const struct plan *plan, char problem[200])
{
    uint64_t members = set_of_first(plan->nodes);
    uint64_t breaking = plan->liars | plan->twins | plan->frail;
    if ((breaking | plan->core) & ~members)
        return say(problem, "a set names members that are not among %u", plan->nodes);
    if (!plan->beyond && set_count(breaking) > plan_faulty(plan))
        return say(problem, "%u of %u members may break, which is more than %u",
                   set_count(breaking), plan->nodes, plan_faulty(plan));
    if (plan->core & breaking) return say(problem, "a member of the core may break");
    if (!plan->beyond && set_count(plan->core) < plan_quorum(plan))
        return say(problem, "the core of %u is no quorum of %u", set_count(plan->core),
                   plan->nodes);
    if (plan_is_raft(plan) && (plan->liars | plan->twins))
        return say(problem, "with raft nobody lies or exists twice");
    bool lies = plan->lies != 0;
    if ((plan->liars != 0) != lies || (plan->lie_permille != 0) != lies)
        return say(problem, "liars, lies and lie_permille go together");
    return true;
}

static bool value_allowed(const struct fault *fault)
{
    uint64_t size = fault->value;
    if (fault->kind == FAULT_CLOCK && (int64_t)fault->value < 0) size = 0 - fault->value;
    return size <= value_limits[fault->kind];
}

static bool fault_allowed(const struct plan *plan, const struct fault *fault, char problem[200])
{
    const char *name = fault_names[fault->kind];
    if (fault->at_ms > HOUR_MS || fault->until_ms > HOUR_MS)
        return say(problem, "%s is later than an hour", name);
    if (fault->until_ms != 0 && fault->until_ms < fault->at_ms)
        return say(problem, "%s ends before it begins", name);
    if (fault->node >= plan_replicas(plan))
        return say(problem, "%s: there is no replica %u", name, fault->node);
    if (fault->nodes & ~set_of_first(plan_replicas(plan)))
        return say(problem, "%s: nodes names replicas that are not among %u", name,
                   plan_replicas(plan));
    if (!value_allowed(fault)) return say(problem, "%s: value is beyond its limit", name);
    if ((fault->kind == FAULT_KILL_LEADER || fault->kind == FAULT_STOP) && !plan_is_raft(plan))
        return say(problem, "%s: only with raft", name);
    bool loses = fault->kind == FAULT_FLIP || fault->kind == FAULT_AMNESIA;
    if (loses && !(plan->frail >> fault->node & 1))
        return say(problem, "%s: member %u is not frail", name, fault->node);
    return true;
}

bool plan_allowed(const struct plan *plan, char problem[200])
{
    if (!options_allowed(plan, problem) || !sets_allowed(plan, problem)) return false;
    if (plan->faults_count > PLAN_FAULTS_MAX)
        return say(problem, "more than %d faults", PLAN_FAULTS_MAX);
    for (uint32_t i = 0; i < plan->faults_count; i++) {
        const struct fault *fault = &plan->faults[i];
        if ((unsigned)fault->kind >= FAULT_KINDS) return say(problem, "an unknown kind of fault");
        if (i > 0 && fault->at_ms < fault[-1].at_ms)
            return say(problem, "%s at %" PRIu64 " stands behind a later fault",
                       fault_names[fault->kind], fault->at_ms);
        if (!fault_allowed(plan, fault, problem)) return false;
    }
    return true;
}

void plan_calm(struct plan *plan, uint64_t seed, uint16_t nodes)
{
    *plan = (struct plan){
        .seed = seed,
        .nodes = nodes,
        .engine = ENGINE_HOTSTUFF,
        .phases = 2,
        .heartbeat_ms = 50,
        .election_ms_min = 500,
        .election_ms_max = 1000,
        .core = set_of_first(nodes),
        .transactions = 100,
        .faults_ms = 10000,
        .delay_ms_min = 1,
        .delay_ms_max = 10,
        .sync_ms_max = 2,
        .check_ms_max = 2,
        .ledger_ms_max = 2,
        .roll_bytes = 64 * 1024,
        .checkpoint_ms = 5000,
    };
}

void plan_add(struct plan *plan, const struct fault *fault)
{
    ASSERT(plan->faults_count < PLAN_FAULTS_MAX);
    uint32_t i = plan->faults_count++;
    for (; i > 0 && plan->faults[i - 1].at_ms > fault->at_ms; i--)
        plan->faults[i] = plan->faults[i - 1];
    plan->faults[i] = *fault;
}
