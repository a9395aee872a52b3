/* Evidence against a validator: two signatures of its own, for two blocks at one height. Kept once
 * for a validator of the epoch, until the host takes it; it is told again after a restart if it is
 * met again. */
#include "node/replica_internal.h"

#include <stdlib.h>

/* Without memory it is not kept: it decides nothing. */
void evidence_keep(struct replica *r, const struct seal_vote *first, const struct seal_vote *second)
{
    struct evidence_state *state = &r->evidence;
    uint16_t validator = first->by.validator;
    ASSERT(validator == second->by.validator);
    ASSERT(!digest_equal(&first->block_hash, &second->block_hash));
    if (!state->accused) state->accused = calloc(r->config.committee->count, sizeof(bool));
    if (!state->pairs) state->pairs = calloc(r->config.committee->count, sizeof *state->pairs);
    if (!state->accused || !state->pairs || state->accused[validator]) return;
    bool in_order = digest_compare(&first->block_hash, &second->block_hash) < 0;
    struct seal_pair *pair = &state->pairs[state->count++];
    pair->first = in_order ? *first : *second;
    pair->second = in_order ? *second : *first;
    state->accused[validator] = true;
}

void evidence_free(struct replica *r)
{
    free(r->evidence.accused);
    free(r->evidence.pairs);
}

bool replica_evidence(struct replica *r, struct seal_pair *pair)
{
    struct evidence_state *state = &r->evidence;
    if (state->taken == state->count) return false;
    *pair = state->pairs[state->taken++];
    return true;
}
