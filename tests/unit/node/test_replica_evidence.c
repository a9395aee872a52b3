#include "tests/unit/node/replica_fixture.h"

#include <criterion/criterion.h>

/* Once for a validator, however often and however it contradicts itself, and with both signatures.
 */
Test(replica_evidence, two_seals_of_one_validator_are_evidence_once)
{
    struct world *w = world_open(NULL);
    struct seal_pair pair;
    world_blocks(w, 0, 1, 1);
    cr_assert_not(replica_evidence(w->nodes[0].replica, &pair));
    struct digest other = { { 7 } }, third = { { 8 } };
    world_frame_in(w, 0, 1, FRAME_SEAL_VOTES, world_seal_vote(w, 2, 0, 1, &other));
    world_frame_in(w, 0, 1, FRAME_SEAL_VOTES, world_seal_vote(w, 2, 0, 1, &third));
    world_frame_in(w, 0, 2, FRAME_SEAL_VOTES, world_seal_vote(w, 1, 0, 1, &other));
    const struct check_context *context = replica_check_context(w->nodes[0].replica);
    bool accused[4] = { false };
    for (unsigned i = 0; i < 2; i++) {
        cr_assert(replica_evidence(w->nodes[0].replica, &pair));
        cr_assert_lt(digest_compare(&pair.first.block_hash, &pair.second.block_hash), 0);
        cr_assert_eq(pair.first.by.validator, pair.second.by.validator);
        cr_assert_eq(
            seal_vote_check(&pair.first, &context->chain_id, context->config.committee, NULL),
            STATUS_OK);
        cr_assert_eq(
            seal_vote_check(&pair.second, &context->chain_id, context->config.committee, NULL),
            STATUS_OK);
        accused[pair.first.by.validator] = true;
    }
    cr_assert(accused[1] && accused[2]);
    cr_assert_not(replica_evidence(w->nodes[0].replica, &pair));
    world_close(w);
}
