/* tests/sim/liar.h -- a Byzantine member: an honest replica with a liar between it and the network.
 *
 * The replica inside runs the production code. What it wants to say goes through the liar, which
 * lets it pass, keeps it back, changes it, says it to some only, or says something else, signed
 * with the member's own key where that helps. It knows all that it has heard, and no other key. So
 * everything that a Byzantine member can do is open to it; which of it, the plan's `lies` say.
 */
#ifndef SIM_LIAR_H
#define SIM_LIAR_H

#include "crypto/blob.h"
#include "genesis/genesis.h"
#include "plan.h"

struct liar;

struct liar_config {
    const struct plan *plan;
    const struct genesis *genesis;
    const struct secret_key *seal_key;
    uint16_t replica, member;
    uint64_t seed;

    /* Puts a frame on the network; to is a member (both twins of it hear). Borrows the blob. */
    void (*send)(void *user, uint16_t from_replica, uint16_t to_member, uint8_t frame,
                 struct blob *blob);
    void *user;
};

struct liar *liar_new(const struct liar_config *config);
void liar_free(struct liar *liar);

/* The replica inside got this frame. Remembers a bounded number. */
void liar_hears(struct liar *liar, uint16_t from_member, uint8_t frame, struct blob *blob);

/* The replica inside wants to say this to one member. */
void liar_says(struct liar *liar, uint16_t to_member, uint8_t frame, struct blob *blob);

/* Every 100 ms or so: what needs no occasion (floods, early timeouts, old messages). view, index
 * and sealed height are where the replica inside stands. */
void liar_tick(struct liar *liar, uint64_t view, uint64_t index, uint64_t sealed_height);

/* The sealed height that it claims in hellos and keep-alives. */
uint64_t liar_claims(struct liar *liar, uint64_t sealed_height);

/* How often each lie was told, for reports. */
void liar_counts(const struct liar *liar, uint64_t counts[LIE_KINDS]);

#endif
