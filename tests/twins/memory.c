#include "world_internal.h"

uint8_t *arena_take(size_t size)
{
    size_t aligned = (size + 15) & ~(size_t)15;
    ASSERT(aligned <= ARENA_BYTES - world.arena_used);
    uint8_t *bytes = world.arena + world.arena_used;
    world.arena_used += aligned;
    return bytes;
}

struct span arena_keep(struct span bytes)
{
    if (bytes.size == 0) return span_of(NULL, 0);
    uint8_t *copy = arena_take(bytes.size);
    memcpy(copy, bytes.data, bytes.size);
    return span_of(copy, bytes.size);
}

struct known *proposal_find(const struct digest *digest)
{
    for (uint32_t i = world.known_count; i-- > 0;)
        if (digest_equal(&world.known[i].digest, digest)) return &world.known[i];
    return NULL;
}

void proposal_hold(uint8_t instance, const struct proposal *proposal, const struct digest *digest)
{
    struct known *known = proposal_find(digest);
    if (!known) {
        ASSERT(world.known_count < PROPOSALS_MAX);
        known = &world.known[world.known_count++];
        *known = (struct known){ .digest = *digest, .proposal = *proposal };
    }
    known->holders |= UINT32_C(1) << instance;
}
