#include "node/promises.h"

bool promises_lost(const struct safety_state *state, const struct replica *replica,
                   uint64_t last_record)
{
    if (last_record < state->journal_record) return true;
    for (unsigned kind = 0; kind < SIGNER_KINDS; kind++) {
        const struct safety_mark *mark = &state->highest[kind];
        uint64_t epoch = 0;
        uint64_t slot = 0;
        if (mark->slot == 0) continue;
        bool known = replica_promised(replica, (uint8_t)kind, &epoch, &slot);
        if (!known || slot < mark->slot) return true;
    }
    return false;
}

bool promises_raise(struct safety_state *state, const struct replica *replica)
{
    bool changed = false;
    for (unsigned kind = 0; kind < SIGNER_KINDS; kind++) {
        struct safety_mark *mark = &state->highest[kind];
        uint64_t epoch;
        uint64_t slot;
        if (!replica_promised(replica, (uint8_t)kind, &epoch, &slot) || slot <= mark->slot)
            continue;
        *mark = (struct safety_mark){ epoch, slot };
        changed = true;
    }
    return changed;
}

void promises_floor(struct signer *signer, const struct safety_state *state)
{
    for (unsigned kind = 0; kind < SIGNER_KINDS; kind++) {
        const struct safety_mark *mark = &state->highest[kind];
        if (mark->slot > 0) signer_floor(signer, (uint8_t)kind, mark->epoch, mark->slot);
    }
}
