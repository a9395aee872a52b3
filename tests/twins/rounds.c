#include "world_internal.h"

#include <stdio.h>

enum {
    ROUND_MS = 60 * 1000, /* no round may take longer, on average */
    FORCED_MAX = 100,     /* ends of rounds that the harness may help with */
    LIVENESS_MS = 120 * 1000,
};

static uint64_t highest_view(void)
{
    uint64_t view = 0;
    for (uint8_t i = 0; i < instances_of(world.s); i++)
        if (world.instances[i].up) view = max_u64(view, world.instances[i].view);
    return view;
}

/* ---- The end of a round ---- */

static bool all_gave_up(void)
{
    for (uint8_t i = 0; i < instances_of(world.s); i++) {
        const struct instance *own = &world.instances[i];
        if (own->up && !own->gave_up) return false;
    }
    return true;
}

/* The timeout of this view that names the lowest certificate, of a member that is not in `used`;
 * POSTS_MAX if there is none. */
static uint32_t least_timeout(uint64_t view, uint32_t used)
{
    uint32_t least = POSTS_MAX;
    for (uint32_t i = 0; i < world.posts_count; i++) {
        const struct statement *statement = &world.posts[i].message.statement;
        if (statement->kind != TIMEOUT || statement->view != view) continue;
        if (used >> member_of(world.s, world.posts[i].sender) & 1) continue;
        if (least == POSTS_MAX || statement->aux < world.posts[least].message.statement.aux)
            least = i;
    }
    return least;
}

static void show_timeout(uint32_t number, uint8_t to)
{
    queue_push(&world.network, (struct delivery){ .post = (uint16_t)number, .to = to });
}

/* Whoever is behind needs one timeout of that view to get there. False if nobody is. */
static bool bring_along(uint64_t view)
{
    bool behind = false;
    for (uint8_t i = 0; i < instances_of(world.s); i++) {
        if (!world.instances[i].up || world.instances[i].view >= view) continue;
        uint32_t number = least_timeout(view, UINT32_C(1) << member_of(world.s, i));
        if (number < POSTS_MAX) show_timeout(number, i);
        behind = true;
    }
    return behind;
}

/* Everybody has given up, no set can go on, and more rounds are to come: the timeouts that say
 * least get through. Whoever is behind is brought into the view first. */
static void end_round(void)
{
    uint64_t view = highest_view();
    world.outcome->forced++;
    if (world.trace) printf("%7llu --   the round is ended\n", (unsigned long long)world.now_ms);
    if (bring_along(view)) return;
    uint32_t used = 0;
    for (uint16_t n = committee_quorum(&world.committee); n > 0; n--) {
        uint32_t number = least_timeout(view, used);
        if (number == POSTS_MAX) return;
        uint8_t member = member_of(world.s, world.posts[number].sender);
        used |= UINT32_C(1) << member;
        for (uint8_t i = 0; i < instances_of(world.s); i++)
            if (member_of(world.s, i) != member) show_timeout(number, i);
    }
}

/* The last member forgets what it has written since the round before the last one began. */
static void forget(void)
{
    uint8_t last = (uint8_t)(world.s->members - 1);
    struct instance *own = &world.instances[last];
    uint64_t view = own->view;
    if (view > world.s->rounds || own->forgot >= view) return;
    for (uint64_t v = own->forgot + 1; v <= view; v++)
        own->records_at[v] = own->records_count;
    own->forgot = view;
    if (!world.s->round[view - 1].forget) return;
    uint32_t kept = view >= 2 ? own->records_at[view - 2] : 0;
    if (world.trace)
        printf("%7llu %-2s   forgets %u of %u records\n", (unsigned long long)world.now_ms,
               name_of(last), own->records_count - kept, own->records_count);
    for (uint64_t v = 0; v <= view; v++)
        own->records_at[v] = kept < own->records_at[v] ? kept : own->records_at[v];
    instance_open(last, kept);
    if (!world_over()) instance_step(last, &(struct event){ .kind = EVENT_TIMER });
    network_drain();
}

/* ---- Rounds ---- */

static void run_timers(void)
{
    uint64_t next = UINT64_MAX;
    for (uint8_t i = 0; i < instances_of(world.s); i++)
        if (world.instances[i].up && world.instances[i].wake_at_ms < next)
            next = world.instances[i].wake_at_ms;
    if (next == UINT64_MAX) {
        world_fail("liveness", "everybody is silent, and there is work");
        return;
    }
    world.now_ms = max_u64(world.now_ms, next);
    timers_fire();
}

void rounds_play(void)
{
    const struct scenario *s = world.s;
    uint64_t until_ms = world.now_ms + (uint64_t)s->rounds * ROUND_MS;
    network_drain();
    while (!world_over() && highest_view() <= s->rounds) {
        if (world.now_ms > until_ms || world.outcome->forced > FORCED_MAX) {
            world_fail("liveness", "the rounds do not end: view %llu",
                       (unsigned long long)highest_view());
            return;
        }
        if (s->amnesia) forget();
        uint64_t view = highest_view();
        bool late = s->late == LATE_AFTER && view >= 2 && network_release(view - 2);
        if (!late && all_gave_up()) {
            late = s->late == LATE_IN_ROUND && network_release(view);
            if (!late) end_round();
        } else if (!late) {
            run_timers();
        }
        network_drain();
    }
}

/* ---- Afterwards ---- */

void rounds_heal(void)
{
    const struct scenario *s = world.s;
    world.healed = true;
    world.wanted = world.outcome->decided + 1;
    if (world.trace) printf("%7llu --   the network heals\n", (unsigned long long)world.now_ms);
    for (uint8_t i = 0; i < instances_of(s); i++) {
        bool silent = s->ending == ENDING_SILENT ? !is_honest(s, i)
                                                 : s->ending == ENDING_FIRST && is_second(s, i);
        if (silent) world.instances[i].up = false;
    }
    if (s->late != LATE_LOST) network_release(UINT64_MAX);
    for (uint8_t i = 0; i < instances_of(s) && !world_over(); i++)
        if (world.instances[i].up) instance_step(i, &(struct event){ .kind = EVENT_TIMER });
}

void rounds_check_liveness(void)
{
    uint64_t until_ms = world.now_ms + LIVENESS_MS;
    network_drain();
    while (!world_over() && !world_recovered()) {
        if (world.now_ms > until_ms) {
            world_fail("liveness", "somebody has not decided %llu, %u s after the network healed",
                       (unsigned long long)world.wanted, LIVENESS_MS / 1000);
            return;
        }
        run_timers();
        network_drain();
    }
}
