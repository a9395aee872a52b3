#include "world_internal.h"

#include "tests/sim/keys.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { VIEW_MS = 1000 };

struct world world;

void world_fail(const char *check, const char *format, ...)
{
    if (world.outcome->check) return;
    world.outcome->check = check;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(world.outcome->text, sizeof world.outcome->text, format, arguments);
    va_end(arguments);
}

bool world_over(void)
{
    return world.outcome->check != NULL;
}

const char *name_of(uint8_t instance)
{
    return instance_name(world.s, instance);
}

static uint64_t lowest_decided(void)
{
    uint64_t lowest = UINT64_MAX;
    for (uint8_t i = 0; i < instances_of(world.s); i++)
        if (is_honest(world.s, i)) lowest = min_u64(lowest, world.instances[i].executed);
    return lowest;
}

bool world_recovered(void)
{
    return world.healed && lowest_decided() >= world.wanted;
}

/* ---- What the linker hands to us ---- */

uint16_t __wrap_pacer_leader(const struct pacer *pacer, uint64_t view);
void __wrap_emit_note(struct effects *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Leaders of the rounds as the scenario says, then in turn. */
uint16_t __wrap_pacer_leader(const struct pacer *pacer, uint64_t view)
{
    if (view >= 1 && view <= world.s->rounds) return world.s->round[view - 1].leader;
    return (uint16_t)(view % pacer->count);
}

/* Sentences cost more than what they tell about, unless somebody reads them. */
void __wrap_emit_note(struct effects *out, const char *format, ...)
{
    (void)out;
    if (!world.trace) return;
    va_list arguments;
    va_start(arguments, format);
    printf("%7llu %-2s   ", (unsigned long long)world.now_ms, name_of(world.acting));
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
}

/* ---- One scenario ---- */

static void reset(const struct scenario *s, bool trace, struct outcome *outcome)
{
    static uint8_t members;
    *outcome = (struct outcome){ 0 };
    world.s = s;
    world.outcome = outcome;
    world.trace = trace;
    world.healed = false;
    world.stamp++;
    world.now_ms = 1;
    world.order = s->order;
    world.batches = 0;
    world.posts_count = 0;
    world.known_count = 0;
    world.arena_used = 0;
    world.own.head = world.own.tail = 0;
    world.network.head = world.network.tail = 0;
    world.held.head = world.held.tail = 0;
    world.options[0] = (struct engine_option){ "phases", s->three_chain ? 3 : 2 };
    world.options[1] = (struct engine_option){ "view_ms", VIEW_MS };
    if (members != s->members) {
        members = s->members;
        world.committee.count = members;
        world.domain.validators_hash = committee_hash(&world.committee);
    }
}

void world_run(const struct scenario *s, bool trace, struct outcome *outcome)
{
    reset(s, trace, outcome);
    for (uint8_t i = 0; i < instances_of(s); i++) {
        struct instance *own = &world.instances[i];
        own->config = (struct engine_config){ .self = member_of(s, i),
                                              .committee = &world.committee,
                                              .domain = world.domain,
                                              .options = world.options,
                                              .options_count = 2,
                                              .root = world.root };
        own->executed = 0;
        own->forgot = 0;
        memset(own->records_at, 0, sizeof own->records_at);
        certificate_of_root(&own->config, &own->older);
        own->newest.statement = own->older.statement;
    }
    for (uint8_t i = 0; i < instances_of(s) && !world_over(); i++)
        instance_open(i, 0);
    for (uint8_t i = 0; i < instances_of(s) && !world_over(); i++)
        instance_step(i, &(struct event){ .kind = EVENT_TIMER });
    rounds_play();
    if (world_over()) return;
    rounds_heal();
    rounds_check_liveness();
}

void world_open(void)
{
    ASSERT(crypto_start(NULL) == STATUS_OK);
    keys_use_mac(true);
    world.committee.fault_model = FAULT_BYZANTINE;
    world.committee.engine = ENGINE_HOTSTUFF;
    world.committee.count = MEMBERS_MAX;
    for (uint16_t i = 0; i < MEMBERS_MAX; i++) {
        uint8_t seed[32] = { 0x22, (uint8_t)i };
        struct validator *validator = &world.committee.validators[i];
        validator->id.bytes[0] = (uint8_t)(i + 1);
        key_from_seed(seed, &world.secrets[i], &validator->seal_key);
    }
    world.domain.chain_id = digest_of(TAG_GENESIS, span_text("twins"));
    world.domain.engine = ENGINE_HOTSTUFF;
    world.root = root_digest(0, &world.domain.chain_id);
    world.arena = malloc(ARENA_BYTES);
    world.out = calloc(1, sizeof *world.out);
    ASSERT(world.arena != NULL);
    ASSERT(world.out != NULL);
    struct engine_config config = { .committee = &world.committee };
    world.engine_size = hotstuff_ops.size(&config);
    for (uint8_t i = 0; i < INSTANCES_MAX; i++) {
        world.instances[i].engine = malloc(world.engine_size);
        ASSERT(world.instances[i].engine != NULL);
    }
}

void world_close(void)
{
    for (uint8_t i = 0; i < INSTANCES_MAX; i++)
        free(world.instances[i].engine);
    free(world.arena);
    free(world.out);
}
