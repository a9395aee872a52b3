/* Our own signature on what this process has never promised: the seal key is in use elsewhere. Two
 * machines run with it, or this one was copied, went on, and is now started as it was then.
 *
 * What we promise is durable before it is told, and the journal gives it back: so our own words
 * from before a restart are known, and who has lost its journal has no signer here. What is so old
 * that it is forgotten says nothing. Looked at is whatever brings signatures of others along, when
 * they have been checked:
 *
 *     votes and timeouts     in the certificates of engine messages (HotStuff)
 *     seal signatures        in seal votes, and in the seals of blocks that are fetched
 *
 * The messages of Raft carry no signatures, and an acknowledgement that another machine gave in our
 * name reaches the leader alone: there the seals must show it, which all engines have. */
#include "node/replica_internal.h"

static bool looks(const struct replica *r)
{
    return r->config.signer && !r->config.key_shared;
}

/* It votes no more, here; what the other one does we cannot help. */
static void stop_for_twin(struct replica *r, const char *what, uint64_t number)
{
    stop(r, 81,
         "key in use elsewhere: %s %llu is signed with this validator's seal key, and not by "
         "this node; two machines run with one key, or this one was copied back from an old state. "
         "Leave one of them stopped for good and give the validator a new key (witan key rotate "
         "seal)",
         what, (unsigned long long)number);
}

bool message_of_a_twin(struct replica *r, const struct check_job *job)
{
    if (!looks(r)) return false;
    for (uint8_t i = 0; i < job->facts.own_count; i++) {
        const struct statement *own = &job->facts.own[i];
        if (signer_can_have_signed(r->config.signer, r->config.epoch, own)) continue;
        stop_for_twin(r, "view", own->view);
        return true;
    }
    return false;
}

bool seal_vote_of_a_twin(struct replica *r, const struct seal_vote *vote)
{
    if (!looks(r)) return false;
    if (vote->by.validator != r->config.self || vote->epoch != r->config.epoch) return false;
    const struct seal_promise *promise = seal_promise_find(r, vote->height);
    uint64_t epoch;
    uint64_t highest;
    bool before = replica_promised(r, SIGNER_KIND_SEAL, &epoch, &highest);
    bool ours = promise ? digest_equal(&promise->hash, &vote->block_hash)
                        : before && epoch == vote->epoch && vote->height <= highest;
    if (ours) return false;
    stop_for_twin(r, "block", vote->height);
    return true;
}

bool seal_of_a_twin(struct replica *r, const struct seal *seal)
{
    for (uint16_t i = 0; i < seal->count; i++) {
        struct seal_vote vote = { seal->epoch, seal->height, seal->block_hash,
                                  seal->signatures[i] };
        if (seal_vote_of_a_twin(r, &vote)) return true;
    }
    return false;
}
