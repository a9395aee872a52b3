/* Signatures of blocks that are not: all liars of a run sign the same false block of a height. And
 * seals of too few, of one signer twice, or with our signature in another's place. */
#include "liar_internal.h"

static struct digest false_hash(const struct liar *liar, uint64_t height)
{
    struct stream s = stream_of(liar->config.plan->seed, LIE_SEAL);
    s.state ^= height * UINT64_C(0xd6e8feb86659fd93);
    return make_digest(&s);
}

/* For each vote in the frame another one: of the false block. */
static bool vote_falsely(struct liar *liar, uint16_t to, struct blob *blob)
{
    struct stream *s = &liar->streams[LIE_SEAL];
    bool instead = stream_chance(s, 500);
    bool truth_first = stream_chance(s, 500);
    struct reader r = reader_of(blob_span(blob));
    uint16_t count = read_u16(&r);
    if (!instead && truth_first) liar_send(liar, to, FRAME_SEAL_VOTES, blob);
    for (uint16_t i = 0; i < count; i++) {
        struct seal_vote vote;
        seal_vote_read(&r, &vote);
        if (reader_status(&r) != STATUS_OK) break;
        if (vote.by.validator != liar->config.member) continue;
        struct digest hash = false_hash(liar, vote.height);
        liar_send_made(liar, to, FRAME_SEAL_VOTES, make_seal_vote(liar, vote.height, &hash));
    }
    if (!instead && !truth_first) liar_send(liar, to, FRAME_SEAL_VOTES, blob);
    return true;
}

/* ---- poisoned seals ---- */

enum { SEAL_COUNT = 48, SEAL_ITEMS = 50, SEAL_ITEM = 66 };
enum poison {
    ONE_LESS,
    ONE_TWICE, /* its signature under another's number */
    ONE_AGAIN, /* the very same entry once more */
    OURS_ONLY, /* signed by us alone, as often as there are signers */
    NOBODY,
    COUNT_MORE, /* than are there */
    POISONS,
};

/* Of a seal in its bytes; these may become fewer or more by one entry. */
static void write_poisoned(struct liar *liar, struct writer *w, enum poison how, struct span seal)
{
    uint8_t bytes[SEAL_BYTES_MAX + SEAL_ITEM];
    uint16_t count = load_u16(seal.data + SEAL_COUNT);
    size_t size = seal.size;
    memcpy(bytes, seal.data, size);
    uint8_t *items = bytes + SEAL_ITEMS;
    uint8_t *last = items + (size_t)(count - 1) * SEAL_ITEM;
    switch (how) {
    case ONE_LESS:
        count--;
        size -= SEAL_ITEM;
        break;
    case ONE_TWICE:
        if (count > 1) memcpy(last + 2, items + 2, SEAL_ITEM - 2);
        break;
    case ONE_AGAIN:
        memcpy(last + SEAL_ITEM, last, SEAL_ITEM);
        count++;
        size += SEAL_ITEM;
        break;
    case OURS_ONLY: {
        struct digest hash;
        memcpy(hash.bytes, bytes + 16, sizeof hash.bytes);
        struct blob *ours = make_seal_vote(liar, load_u64(bytes + 8), &hash);
        size_t signature = 2 + SEAL_VOTE_BYTES - sizeof(struct signature);
        for (uint16_t i = 0; i < count && ours; i++)
            memcpy(items + (size_t)i * SEAL_ITEM + 2, ours->data + signature, SEAL_ITEM - 2);
        blob_unref(ours);
        break;
    }
    case NOBODY:
        count = 0;
        size = SEAL_ITEMS;
        break;
    case COUNT_MORE: count++; break;
    case POISONS: break;
    }
    store_u16(bytes + SEAL_COUNT, count);
    write_bytes16(w, span_of(bytes, size));
}

static bool serve_poisoned(struct liar *liar, uint16_t to, struct span payload)
{
    struct stream *s = &liar->streams[LIE_SEAL];
    uint64_t how = stream_between(s, 0, POISONS - 1);
    struct reader r = reader_of(payload);
    uint16_t count = read_u16(&r);
    struct writer w;
    writer_init(&w, SIZE_MAX / 2);
    write_u16(&w, count);
    bool poisoned = false;
    for (uint16_t i = 0; i < count && reader_status(&r) == STATUS_OK; i++) {
        struct span block = read_bytes32(&r, r.rest.size);
        struct span seal = read_bytes16(&r, SEAL_BYTES_MAX);
        write_bytes32(&w, block);
        bool whole = seal.size > SEAL_ITEMS &&
                     seal.size == SEAL_ITEMS + (size_t)SEAL_ITEM * load_u16(seal.data + SEAL_COUNT);
        if (whole)
            write_poisoned(liar, &w, (enum poison)how, seal);
        else
            write_bytes16(&w, seal);
        poisoned = poisoned || whole;
    }
    if (!poisoned || reader_status(&r) != STATUS_OK) {
        writer_free(&w);
        return false;
    }
    liar_send_written(liar, to, FRAME_SYNC_BLOCKS, &w);
    return true;
}

bool lie_seal_says(struct liar *liar, uint16_t to, uint8_t frame, struct blob *blob)
{
    if (frame == FRAME_SEAL_VOTES) return vote_falsely(liar, to, blob);
    if (frame == FRAME_SYNC_BLOCKS) return serve_poisoned(liar, to, blob_span(blob));
    return false;
}

/* Before there is such a block, and where there has been one for long. */
bool lie_seal_tick(struct liar *liar)
{
    struct stream *s = &liar->streams[LIE_SEAL];
    bool ahead = stream_chance(s, 700);
    uint64_t distance = stream_between(s, 0, 130);
    uint16_t to = liar_target(liar, LIE_SEAL);
    if (!lie_chance(liar, LIE_SEAL)) return false;
    uint64_t below = min_u64(distance, liar->sealed_height);
    uint64_t height = ahead ? liar->sealed_height + distance : liar->sealed_height - below;
    struct digest hash = false_hash(liar, height);
    liar_send_made(liar, to, FRAME_SEAL_VOTES, make_seal_vote(liar, height, &hash));
    return true;
}
