#include "node/promises.h"

static bool mark_is_below(const struct safety_mark *a, const struct safety_mark *b)
{
    return a->epoch < b->epoch || (a->epoch == b->epoch && a->slot < b->slot);
}

bool promises_lost(const struct safety_state *state, const struct replica *replica,
                   uint64_t last_record)
{
    if (last_record < state->journal_record) return true;
    struct public_key key;
    uint64_t journal_epoch = replica_journal_epoch(replica, &key);
    bool same_key = key_equal(&key, &state->seal_key);
    for (unsigned kind = 0; kind < SIGNER_KINDS; kind++) {
        const struct safety_mark *mark = &state->highest[kind];
        struct safety_mark known = { 0 };
        if (mark->slot == 0) continue;
        if (mark->epoch < journal_epoch && !same_key) return true;
        if (mark->epoch < journal_epoch) continue;
        replica_promised(replica, (uint8_t)kind, &known.epoch, &known.slot);
        if (mark_is_below(&known, mark)) return true;
    }
    return false;
}

bool promises_raise(struct safety_state *state, const struct replica *replica)
{
    struct public_key key;
    uint64_t epoch = replica_journal_epoch(replica, &key);
    uint64_t current = replica_check_context(replica)->config.domain.epoch;
    bool changed = epoch > state->epoch;
    state->epoch = max_u64(epoch, state->epoch);
    for (unsigned kind = 0; kind < SIGNER_KINDS; kind++) {
        struct safety_mark *mark = &state->highest[kind];
        struct safety_mark now;
        if (!replica_promised(replica, (uint8_t)kind, &now.epoch, &now.slot) ||
            now.epoch < current || !mark_is_below(mark, &now))
            continue;
        *mark = now;
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
