/* A seed becomes a plan. Swarm testing (Groce et al., ISSTA 2012): every kind of fault is switched
 * on or off by each seed and gets a rate of its own, because a run with some of everything hides
 * what a run with much of one thing shows. Rates and lengths are log-uniform: small and large ones
 * are equally likely. */
#include "plan_internal.h"

enum {
    STREAM_PLAN = 101,
    STREAM_FAULTS = 102,
    STREAM_RAFT = 103,
    STREAM_READS = 104,
    STREAM_LEASE = 105
};
enum { EACH_KIND_MAX = 14 }; /* faults of one kind, but for the room in the plan */

/* From least to most, every power of two in between as likely as every other. */
static uint64_t between_log(struct stream *s, uint64_t least, uint64_t most)
{
    unsigned low = 0, high = 0;
    while (least >> low > 1)
        low++;
    while (most >> high > 1)
        high++;
    unsigned power = (unsigned)stream_between(s, low, high);
    uint64_t from = 1ull << power, to = 2 * from - 1;
    if (from < least) from = least;
    if (to > most) to = most;
    return stream_between(s, from, to);
}

/* Nothing as often as something. */
static unsigned perhaps(struct stream *s, uint64_t least, uint64_t most)
{
    uint64_t value = between_log(s, least, most);
    bool on = stream_chance(s, 500);
    return on ? (unsigned)value : 0;
}

/* So many of a set, any of them. */
static uint64_t some_of(struct stream *s, uint64_t set, unsigned count)
{
    uint64_t chosen = 0;
    while (count > 0 && set != 0) {
        uint64_t nth = stream_between(s, 0, set_count(set) - 1);
        uint64_t left = set;
        while (nth-- > 0)
            left &= left - 1;
        uint64_t bit = left & (0 - left);
        chosen |= bit;
        set &= ~bit;
        count--;
    }
    return chosen;
}

static uint64_t any_subset(struct stream *s, unsigned count)
{
    return stream_next(s) & set_of_first(count);
}

/* ---- who takes part ---- */

static uint16_t draw_nodes(struct stream *s)
{
    static const uint8_t few[] = { 1, 2, 3, 4, 4, 4, 4, 5, 6, 7, 7, 7 };
    static const uint8_t many[] = { 10, 10, 13, 16, 19, 22, 25, 31 };
    uint64_t which_few = stream_between(s, 0, sizeof few - 1);
    uint64_t which_many = stream_between(s, 0, sizeof many - 1);
    bool large = stream_chance(s, 250);
    return large ? many[which_many] : few[which_few];
}

static void draw_lies(struct stream *s, struct plan *plan)
{
    for (unsigned i = 0; i < LIE_KINDS; i++) {
        bool on = stream_chance(s, 500);
        plan->lies |= on ? 1u << i : 0;
    }
    if (plan->lies == 0) plan->lies = (1u << LIE_KINDS) - 1;
    plan->lie_permille = (unsigned)between_log(s, 8, 600);
}

/* Three phases want three leaders in a row who live: all but f must, or there may be none. */
static unsigned core_least(const struct plan *plan)
{
    unsigned quorum = plan_quorum(plan);
    unsigned all_but_f = plan->nodes - plan_faulty(plan);
    return plan->phases == 3 && all_but_f > quorum ? all_but_f : quorum;
}

/* Those who may break share f among themselves. Whoever cannot break may be of the core, which
 * is at least a quorum of them. */
static void draw_members(struct stream *s, struct plan *plan)
{
    bool lie = stream_chance(s, 333);
    bool twin = stream_chance(s, 200);
    bool frail = stream_chance(s, 333);
    uint64_t left = set_of_first(plan->nodes);
    unsigned budget = plan_faulty(plan);
    uint64_t *const sets[] = { &plan->liars, &plan->twins, &plan->frail };
    const bool on[] = { lie, twin, frail };
    unsigned first = (unsigned)stream_between(s, 0, 2);
    for (unsigned i = 0; i < 3; i++) {
        unsigned which = (first + i) % 3;
        if (!on[which] || budget == 0) continue;
        unsigned count = (unsigned)stream_between(s, 1, budget);
        *sets[which] = some_of(s, left, count);
        left &= ~*sets[which];
        budget -= count;
    }
    if (plan->liars) draw_lies(s, plan);
    unsigned core = (unsigned)stream_between(s, core_least(plan), set_count(left));
    plan->core = some_of(s, left, core);
}

/* ---- how fast everything is, and how much there is to do ---- */

static void draw_load(struct stream *s, struct plan *plan, bool calm)
{
    uint64_t most_txs = plan->nodes <= 7 ? 300 : plan->nodes <= 13 ? 120 : 60;
    uint64_t most_ms = plan->nodes <= 7 ? 60000 : plan->nodes <= 13 ? 20000 : 10000;
    if (plan->real_keys && most_txs > 60) most_txs = 60;
    if (plan->real_keys && most_ms > 10000) most_ms = 10000;
    if (calm) most_txs *= 3;
    if (calm && most_ms > 20000) most_ms = 20000;
    plan->transactions = (uint32_t)between_log(s, most_txs / 6, most_txs);
    plan->faults_ms = between_log(s, 5000, most_ms);
    plan->brief_permille = perhaps(s, 4, 400);
    plan->bad_permille = perhaps(s, 4, 400);
}

static void draw_speeds(struct stream *s, struct plan *plan, bool calm)
{
    plan->delay_ms_max = (unsigned)between_log(s, 2, calm ? 16 : 200);
    plan->delay_ms_min = (unsigned)stream_between(s, 0, plan->delay_ms_max / 2);
    plan->sync_ms_max = perhaps(s, 1, calm ? 8 : 100);
    plan->check_ms_max = (unsigned)between_log(s, 1, calm ? 4 : 30);
    plan->ledger_ms_max = (unsigned)between_log(s, 1, calm ? 8 : 400);
    plan->roll_bytes = between_log(s, 2048, 256 * 1024);
    plan->checkpoint_ms = (unsigned)between_log(s, 200, 20000);
    plan->skew_ms_max = perhaps(s, 4, 1500);
}

static void draw_noise(struct stream *s, struct plan *plan)
{
    plan->loss_permille = perhaps(s, 2, 250);
    plan->duplicate_permille = perhaps(s, 2, 400);
    plan->tail_permille = perhaps(s, 1, 50);
}

/* ---- faults ---- */

static uint64_t partition_side(struct stream *s, const struct plan *plan)
{
    unsigned count = plan_replicas(plan);
    uint64_t all = set_of_first(count);
    uint64_t shape = stream_between(s, 0, 5);
    uint64_t one = stream_between(s, 0, count - 1);
    uint64_t any = any_subset(s, count);
    uint64_t twins = all & ~set_of_first(plan->nodes);
    switch (shape) {
    case 0: return 1ull << one;                             /* one alone */
    case 1: return some_of(s, all, plan_quorum(plan));      /* just enough on one side */
    case 2: return some_of(s, all, plan_quorum(plan) - 1u); /* just not enough */
    case 3: return some_of(s, all, (count + 1) / 2);        /* halves */
    case 4: return twins ? twins | any : 0x5555555555555555u & all;
    default: return any;
    }
}

/* Mostly a little wrong; at times by so much that it can take no part; one member in a run may be
 * off by days, more than one would take the time of blocks along. */
static uint64_t clock_offset(struct stream *s, const struct plan *plan, uint16_t node)
{
    uint64_t how = stream_between(s, 0, 9);
    uint64_t few = between_log(s, 1, 1500);
    uint64_t some = between_log(s, 1500, 10000);
    uint64_t days = between_log(s, 10000, 15u * 24 * HOUR_MS);
    bool back = stream_chance(s, 500);
    uint64_t first = plan->core & (0 - plan->core);
    uint64_t offset = how < 6 ? few : some;
    if (how == 9 && plan_faulty(plan) > 0 && 1ull << node == first) offset = days;
    return back ? 0 - offset : offset;
}

static void draw_process_fault(struct stream *s, struct fault *fault)
{
    uint64_t length = between_log(s, 50, 8000);
    uint64_t outputs = between_log(s, 1, 200);
    uint64_t operations = between_log(s, 1, 100);
    fault->until_ms = fault->at_ms + length;
    if (fault->kind == FAULT_KILL || fault->kind == FAULT_POWER) fault->value = outputs;
    if (fault->kind == FAULT_KILL_DISK) fault->value = operations;
    if (fault->kind == FAULT_KILL_LEADER) fault->value = outputs & 1;
    if (fault->kind == FAULT_STOP) fault->value = outputs % 4 > 0;
    if (fault->kind == FAULT_POWER_ALL || fault->kind == FAULT_KILL_LEADER) fault->node = 0;
}

static void draw_net_fault(struct stream *s, const struct plan *plan, struct fault *fault)
{
    uint64_t length = between_log(s, 200, 15000);
    uint64_t others = any_subset(s, plan_replicas(plan));
    uint64_t slow = between_log(s, 50, 3000);
    uint64_t lost = between_log(s, 20, 950);
    bool stays = stream_chance(s, 100);
    fault->until_ms = stays ? 0 : fault->at_ms + length;
    if (fault->kind == FAULT_PARTITION || fault->kind == FAULT_BRIDGE)
        fault->nodes = partition_side(s, plan);
    if (fault->kind == FAULT_ONE_WAY || fault->kind == FAULT_SLOW_LINK)
        fault->nodes = others & ~(1ull << fault->node);
    if (fault->kind == FAULT_FLAP || fault->kind == FAULT_SLOW_LINK) fault->value = slow;
    if (fault->kind == FAULT_LOSS) fault->value = lost;
    if (fault->kind == FAULT_PARTITION || fault->kind == FAULT_LOSS) fault->node = 0;
}

static void draw_disk_fault(struct stream *s, struct fault *fault)
{
    uint64_t length = between_log(s, 200, 8000);
    uint64_t operations = between_log(s, 1, 100);
    uint64_t bytes = between_log(s, 1, 200000);
    uint64_t slow = between_log(s, 10, 1000);
    uint64_t file = stream_between(s, 0, 2);
    fault->until_ms = fault->at_ms + length;
    switch (fault->kind) {
    case FAULT_SLOW_DISK: fault->value = slow; break;
    case FAULT_DISK_FULL: fault->value = bytes; break;
    case FAULT_FLIP: fault->value = file; break;
    case FAULT_WIPE:
    case FAULT_AMNESIA: break;
    default: fault->value = operations; break;
    }
}

static void draw_fault(struct stream *s, const struct plan *plan, struct fault *fault)
{
    struct stream own = { stream_next(s) };
    fault->node = (uint16_t)stream_between(&own, 0, plan_replicas(plan) - 1u);
    fault->seed = stream_next(&own) >> 32; /* Short, for those who read it. */
    if (fault->kind == FAULT_FLIP || fault->kind == FAULT_AMNESIA)
        fault->node = (uint16_t)__builtin_ctzll(some_of(&own, plan->frail, 1));
    switch (fault->kind) {
    case FAULT_KILL:
    case FAULT_KILL_DISK:
    case FAULT_POWER:
    case FAULT_POWER_ALL:
    case FAULT_KILL_LEADER:
    case FAULT_STOP:
    case FAULT_PAUSE: draw_process_fault(&own, fault); break;
    case FAULT_CLOCK: fault->value = clock_offset(&own, plan, fault->node); break;
    case FAULT_BURST:
        fault->value = between_log(&own, 4, plan->nodes <= 7 && !plan->real_keys ? 250 : 30);
        break;
    case FAULT_PARTITION:
    case FAULT_ONE_WAY:
    case FAULT_BRIDGE:
    case FAULT_FLAP:
    case FAULT_SLOW_LINK:
    case FAULT_LOSS: draw_net_fault(&own, plan, fault); break;
    default: draw_disk_fault(&own, fault); break;
    }
    if (fault->until_ms > plan->faults_ms) fault->until_ms = plan->faults_ms;
}

/* With one member a lost ledger is lost for good; promises are lost by the frail alone. */
static bool fault_possible(const struct plan *plan, enum fault_kind kind)
{
    if (kind == FAULT_FLIP || kind == FAULT_AMNESIA) return plan->frail != 0;
    if (kind == FAULT_WIPE) return plan->nodes > 1;
    if (kind == FAULT_KILL_LEADER || kind == FAULT_STOP) return plan_is_raft(plan);
    bool net = kind >= FAULT_PARTITION && kind <= FAULT_LOSS;
    return !net || plan_replicas(plan) > 1;
}

static void draw_faults(struct stream *s, struct plan *plan)
{
    _Static_assert((int)FAULT_KINDS * EACH_KIND_MAX <= PLAN_FAULTS_MAX, "all find room");
    for (unsigned kind = 0; kind < FAULT_KINDS; kind++) {
        struct stream own = { stream_next(s) };
        bool on = stream_chance(&own, 500);
        uint64_t count = between_log(&own, 1, EACH_KIND_MAX);
        if (!on || !fault_possible(plan, (enum fault_kind)kind)) continue;
        for (uint64_t i = 0; i < count; i++) {
            struct fault fault = { .kind = (enum fault_kind)kind };
            fault.at_ms = stream_between(&own, 1, plan->faults_ms - 1);
            draw_fault(&own, plan, &fault);
            plan_add(plan, &fault);
        }
    }
}

/* ---- plans ---- */

void plan_draw(struct plan *plan, uint64_t seed, uint16_t nodes)
{
    struct stream s = stream_of(seed, STREAM_PLAN);
    uint16_t drawn = draw_nodes(&s);
    plan_calm(plan, seed, nodes ? nodes : drawn);
    bool calm = stream_chance(&s, 167);
    bool three = stream_chance(&s, 250);
    plan->real_keys = stream_chance(&s, 50);
    plan->phases = three ? 3 : 2;
    draw_load(&s, plan, calm);
    draw_speeds(&s, plan, calm);
    if (calm) return;
    draw_noise(&s, plan);
    draw_members(&s, plan);
    struct stream faults = stream_of(seed, STREAM_FAULTS);
    draw_faults(&faults, plan);
}

/* Raft wants messages to be faster than elections by far; the parameters are of a few kinds, so
 * that a genesis and a disk made for one serve many runs. */
static void draw_elections(struct stream *s, struct plan *plan)
{
    static const uint16_t kinds[][3] = {
        { 20, 200, 400 }, { 50, 500, 1000 }, { 100, 1000, 2000 }, { 200, 3000, 6000 }
    };
    enum { KINDS = sizeof kinds / sizeof kinds[0] };
    uint64_t round_ms = 4u * plan->delay_ms_max + 2u * plan->sync_ms_max + 2u * plan->check_ms_max;
    unsigned which = 0;
    while (which + 1 < KINDS && kinds[which][1] < round_ms)
        which++;
    bool slower = stream_chance(s, 200);
    if (slower && which + 1 < KINDS) which++;
    plan->heartbeat_ms = kinds[which][0];
    plan->election_ms_min = kinds[which][1];
    plan->election_ms_max = kinds[which][2];
}

static void draw_frail(struct stream *s, struct plan *plan)
{
    bool frail = stream_chance(s, 333);
    uint64_t all = set_of_first(plan->nodes);
    unsigned most = plan_faulty(plan);
    uint64_t count = stream_between(s, 1, most ? most : 1);
    if (frail && most > 0) plan->frail = some_of(s, all, (unsigned)count);
    uint64_t left = all & ~plan->frail;
    unsigned core = (unsigned)stream_between(s, plan_quorum(plan), set_count(left));
    plan->core = some_of(s, left, core);
}

/* In a third of the runs the leader answers reads by itself for a while. Everybody's clock runs at
 * one rate here, so that a lease may be as long as is allowed. */
static void draw_lease(struct plan *plan)
{
    struct stream s = stream_of(plan->seed, STREAM_LEASE);
    bool lease = stream_chance(&s, 333);
    bool longest = stream_chance(&s, 500);
    if (lease)
        plan->lease_ms =
            (uint16_t)(longest ? plan->election_ms_min - 1 : plan->election_ms_min / 2);
}

/* Each costs the leader a round of messages, so about as many as transactions. */
static void draw_reads(struct plan *plan)
{
    struct stream s = stream_of(plan->seed, STREAM_READS);
    plan->reads = (uint32_t)between_log(&s, 20, 400);
}

void plan_draw_raft(struct plan *plan, uint64_t seed, uint16_t nodes)
{
    static const uint8_t sizes[] = { 1, 2, 3, 3, 3, 3, 4, 5, 5, 5, 7, 7 };
    struct stream s = stream_of(seed, STREAM_RAFT);
    uint64_t which = stream_between(&s, 0, sizeof sizes - 1);
    plan_calm(plan, seed, nodes ? nodes : sizes[which]);
    plan->engine = ENGINE_RAFT;
    bool calm = stream_chance(&s, 125);
    plan->real_keys = stream_chance(&s, 50);
    draw_load(&s, plan, calm);
    draw_speeds(&s, plan, calm);
    draw_elections(&s, plan);
    draw_lease(plan);
    draw_reads(plan);
    if (calm) return;
    draw_noise(&s, plan);
    draw_frail(&s, plan);
    struct stream faults = stream_of(seed, STREAM_FAULTS);
    draw_faults(&faults, plan);
}

void plan_leader_kills(struct plan *plan, uint64_t seed, uint16_t nodes, uint32_t kills)
{
    enum { EVERY_MS = 4000, DOWN_MS = 2000, BEAT_MS = 20 };
    struct stream s = stream_of(seed, STREAM_RAFT);
    plan_calm(plan, seed, nodes);
    plan->engine = ENGINE_RAFT;
    plan->faults_ms = (uint64_t)EVERY_MS * (kills + 1);
    plan->transactions = (uint32_t)(plan->faults_ms / BEAT_MS);
    plan->delay_ms_max = 2;
    plan->sync_ms_max = 4;
    for (uint32_t i = 0; i < kills; i++) {
        struct fault fault = { .kind = FAULT_KILL_LEADER };
        uint64_t early = stream_between(&s, 0, EVERY_MS - DOWN_MS);
        fault.at_ms = (uint64_t)EVERY_MS * (i + 1) - early;
        fault.until_ms = fault.at_ms + DOWN_MS;
        fault.seed = stream_next(&s) >> 32;
        plan_add(plan, &fault);
    }
}

void plan_far_behind(struct plan *plan, uint64_t seed, uint16_t nodes)
{
    enum { TRANSACTIONS = 5400, BEAT_MS = 16 };
    plan_calm(plan, seed, nodes ? nodes : 4);
    plan->far_behind = true;
    plan->transactions = TRANSACTIONS;
    plan->faults_ms = (uint64_t)TRANSACTIONS * BEAT_MS;
    plan->delay_ms_max = 1;
    plan->sync_ms_max = 0;
    plan->ledger_ms_max = 3;
    plan->roll_bytes = 256 * 1024;
}

/* Members 0 .. f run twice. With them either side has a quorum, and honest members on both sides
 * decide for themselves. Of these numbers of members two quorums share f + 1 and no more; of others
 * (5, 8) more twins would be needed. */
void plan_beyond(struct plan *plan, uint64_t seed)
{
    static const uint8_t sizes[] = { 3, 4, 4, 6, 7, 9, 10 };
    struct stream s = stream_of(seed, STREAM_PLAN);
    uint64_t which = stream_between(&s, 0, sizeof sizes - 1);
    bool three = stream_chance(&s, 250);
    plan_calm(plan, seed, sizes[which]);
    unsigned twins = plan_faulty(plan) + 1u;
    plan->beyond = true;
    plan->phases = three && plan->nodes > 3 ? 3 : 2;
    plan->twins = set_of_first(twins);
    plan->core = set_of_first(plan->nodes) & ~plan->twins;
    plan->transactions = 200;
    plan->faults_ms = 20000;
    plan->delay_ms_max = (unsigned)stream_between(&s, 2, 40);
    unsigned honest = set_count(plan->core);
    uint64_t half = some_of(&s, plan->core, honest / 2);
    /* Three phases want three leaders in a row on one side. */
    if (plan->phases == 3) half = set_of_first(twins + honest / 2) & plan->core;
    const uint64_t sides[] = { plan->twins | half, plan->twins | (plan->core & ~half) };
    for (unsigned i = 0; i < 2; i++) {
        uint64_t from = i * plan->faults_ms / 2, until = (i + 1) * plan->faults_ms / 2;
        struct fault fault = { from, until, FAULT_PARTITION, 0, sides[i], 0, 0 };
        plan_add(plan, &fault);
    }
}
