/* A node that was repaired, or that has gone wrong since its last start, executes another block at
 * a height where it once signed one. It waits a while for a seal, which may also be on a block
 * above:
 *
 *     seal on what it has now    it goes on, and signs nothing at that height
 *     seal on another block      it has diverged (seal_count, sync_known_block)
 *     neither in DOUBT_WAIT_MS   it stops
 *
 * Meanwhile the engine goes on as ever, whose promises do not rest on what was executed; but
 * nothing is executed on top (order_hand_over) and nothing above is signed (seal_sign). */
#include "node/replica_internal.h"

void doubt_begin(struct replica *r, const struct seal_slot *slot,
                 const struct seal_promise *promise)
{
    if (r->doubt.height != 0) return;
    r->doubt = (struct seal_doubt){ .height = slot->height,
                                    .until_ms = r->moment.now_ms + DOUBT_WAIT_MS,
                                    .hash = slot->hash,
                                    .signed_hash = promise->hash };
    note(r, "seal_conflict height=%llu this node once signed another block; waiting for the seal",
         (unsigned long long)slot->height);
}

/* A seal on the block in doubt, or above it, says that the ledger is right now; one on another
 * block there has set diverged_height and ends the node in its own time. */
void doubt_timer(struct replica *r)
{
    if (r->doubt.height == 0 || r->sync.diverged_height != 0) return;
    if (r->sealed_height >= r->doubt.height) {
        r->doubt.height = 0;
        seal_known(r);
        order_hand_over(r);
        return;
    }
    if (r->moment.now_ms < r->doubt.until_ms) return;
    char now[65];
    char before[65];
    hex_encode(digest_span(&r->doubt.hash), now);
    hex_encode(digest_span(&r->doubt.signed_hash), before);
    stop(r, 7,
         "diverged: height %llu was executed again and its hash is %s, but this node "
         "signed %s, and no seal has come that says which is right",
         (unsigned long long)r->doubt.height, now, before);
}

uint64_t doubt_wake_at(const struct replica *r)
{
    if (r->doubt.height == 0 || r->sync.diverged_height != 0) return UINT64_MAX;
    return r->sealed_height >= r->doubt.height ? r->moment.now_ms : r->doubt.until_ms;
}
