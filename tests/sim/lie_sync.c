/* A bad source for those who are behind: blocks, anchors and proposals that are not what was asked
 * for, heights that it does not have, and requests without need. */
#include "liar_internal.h"

/* ---- sealed blocks ---- */

struct served {
    struct span block, seal;
};

enum { SERVED_MAX = 256, BLOCK_COUNT_OFFSET = HEADER_BYTES };

static size_t read_served(struct span payload, struct served list[SERVED_MAX])
{
    struct reader r = reader_of(payload);
    uint16_t count = read_u16(&r);
    size_t read = 0;
    while (read < count && read < SERVED_MAX) {
        list[read].block = read_bytes32(&r, r.rest.size);
        list[read].seal = read_bytes16(&r, SEAL_BYTES_MAX);
        if (reader_status(&r) != STATUS_OK) return 0;
        read++;
    }
    return read;
}

static void write_served(struct writer *w, struct span block, struct span seal)
{
    write_bytes32(w, block);
    write_bytes16(w, seal);
}

enum tampering {
    NO_BLOCKS,
    TRANSACTION, /* one of the last block, one bit */
    TRANSACTION_LESS,
    HEADER, /* one bit of the last one's */
    SEAL_BIT,
    SEAL_FOREIGN,  /* of another block */
    SEALS_MISSING, /* nothing proves the last block */
    GAP,
    BACKWARDS,
    TWICE,
    ONE_ONLY,       /* of however many were asked for */
    GARBAGE_BEHIND, /* true blocks first */
    COUNT_WRONG,
    TAMPERINGS,
    MORE_TRANSACTIONS = 4, /* that lie is believed until the block is executed: more of it */
};

/* The last block with one thing changed; w gets it and its seal. */
static void write_tampered(struct liar *liar, struct writer *w, enum tampering how,
                           const struct served *block, const struct served *other)
{
    struct stream *s = &liar->streams[LIE_SYNC];
    uint64_t bit = stream_next(s);
    struct blob *copy = blob_copy(block->block);
    struct blob *seal = blob_copy(block->seal);
    if (!copy || !seal) {
        blob_unref(copy);
        blob_unref(seal);
        return;
    }
    size_t body = copy->size > HEADER_BYTES + 4 ? copy->size - HEADER_BYTES - 4 : 0;
    if (how == TRANSACTION && body > 0)
        copy->data[HEADER_BYTES + 4 + bit / 8 % body] ^= (uint8_t)(1u << bit % 8);
    if (how == HEADER && copy->size >= HEADER_BYTES)
        copy->data[bit / 8 % HEADER_BYTES] ^= (uint8_t)(1u << bit % 8);
    if (how == SEAL_BIT && seal->size > 0)
        seal->data[bit / 8 % seal->size] ^= (uint8_t)(1u << bit % 8);
    struct span bytes = blob_span(copy);
    if (how == TRANSACTION_LESS && body > 4) {
        uint32_t count = load_u32(copy->data + BLOCK_COUNT_OFFSET);
        struct reader r = reader_of(span_of(copy->data + HEADER_BYTES + 4, body));
        for (uint32_t i = 0; i + 1 < count; i++)
            read_bytes32(&r, r.rest.size);
        store_u32(copy->data + BLOCK_COUNT_OFFSET, count - 1);
        if (reader_status(&r) == STATUS_OK) bytes.size = HEADER_BYTES + 4 + r.offset;
    }
    write_served(w, bytes, how == SEAL_FOREIGN ? other->seal : blob_span(seal));
    blob_unref(copy);
    blob_unref(seal);
}

static void write_garbage(struct liar *liar, struct writer *w)
{
    for (int i = 0; i < 40; i++)
        write_u64(w, stream_next(&liar->streams[LIE_SYNC]));
}

/* Into w, which has room for the count in front; returns the count. */
static size_t write_answer(struct liar *liar, struct writer *w, enum tampering how,
                           const struct served *list, size_t count)
{
    size_t written = 0;
    const struct served *last = &list[count - 1];
    bool last_only = how == TRANSACTION || how == TRANSACTION_LESS || how == HEADER ||
                     how == SEAL_BIT || how == SEAL_FOREIGN;
    for (size_t i = 0; i < count && how != NO_BLOCKS; i++) {
        const struct served *one = &list[how == BACKWARDS ? count - 1 - i : i];
        bool left_out = (how == GAP && i == count / 2) || (how == ONE_ONLY && i > 0) ||
                        (how == GARBAGE_BEHIND && i > count / 2);
        if (left_out) continue;
        if (last_only && i + 1 == count)
            write_tampered(liar, w, how, last, &list[0]);
        else
            write_served(w, one->block, how == SEALS_MISSING ? span_of("", 0) : one->seal);
        written++;
    }
    if (how == TWICE) {
        write_served(w, last->block, last->seal);
        written++;
    }
    if (how == GARBAGE_BEHIND) write_garbage(liar, w);
    return how == COUNT_WRONG || how == GARBAGE_BEHIND ? written + 1 : written;
}

static bool serve_blocks(struct liar *liar, uint16_t to, struct blob *blob)
{
    struct served list[SERVED_MAX + 1];
    struct stream *s = &liar->streams[LIE_SYNC];
    uint64_t how = stream_between(s, 0, TAMPERINGS + MORE_TRANSACTIONS - 1);
    if (how >= TAMPERINGS) how = TRANSACTION;
    size_t count = read_served(blob_span(blob), list);
    const struct heard *before = memory_frame(liar, s, FRAME_SYNC_BLOCKS);
    if (count == 0) {
        if (before) liar_send(liar, to, FRAME_SYNC_BLOCKS, before->blob);
        return before != NULL;
    }
    /* What it served or was served before may lend a seal to a block that stands alone. */
    struct served foreign[SERVED_MAX];
    size_t others = before ? read_served(blob_span(before->blob), foreign) : 0;
    if (how == SEAL_FOREIGN && count == 1 && others > 0) {
        list[1] = list[0];
        list[0] = foreign[0];
        count = 2;
    }
    struct writer w;
    writer_init(&w, SIZE_MAX / 2);
    write_u16(&w, 0);
    size_t written = write_answer(liar, &w, (enum tampering)how, list, count);
    if (writer_status(&w) == STATUS_OK) store_u16(w.buffer.data, (uint16_t)written);
    liar_send_written(liar, to, FRAME_SYNC_BLOCKS, &w);
    return true;
}

/* ---- anchors and proposals ---- */

enum { ANCHOR_HEAD = 12 };

/* With a proposal too few, one changed, or the proof of an earlier one. */
static bool serve_anchor(struct liar *liar, uint16_t to, struct span payload)
{
    struct stream *s = &liar->streams[LIE_SYNC];
    uint64_t how = stream_between(s, 0, 3);
    uint64_t bit = stream_next(s);
    const struct heard *before = memory_frame(liar, s, FRAME_ANCHOR);
    struct reader r = reader_of(payload);
    read_u64(&r);
    uint32_t count = read_u32(&r);
    if (reader_status(&r) != STATUS_OK || count == 0) return false;
    struct span list = read_bytes(&r, (size_t)count * PROPOSAL_BYTES);
    struct span proof = read_bytes32(&r, ATTACHMENT_BYTES_MAX);
    if (reader_status(&r) != STATUS_OK) return false;
    if (how == 0 && count > 1) {
        count--;
        list.size -= PROPOSAL_BYTES;
    }
    if (how == 1 && before) {
        struct reader other = reader_of(blob_span(before->blob));
        read_u64(&other);
        size_t size = (size_t)read_u32(&other) * PROPOSAL_BYTES;
        read_bytes(&other, size);
        struct span foreign = read_bytes32(&other, ATTACHMENT_BYTES_MAX);
        if (reader_status(&other) == STATUS_OK) proof = foreign;
    }
    if (how == 2) proof.size /= 2;
    struct writer w;
    writer_init(&w, SIZE_MAX / 2);
    write_u64(&w, load_u64(payload.data));
    write_u32(&w, count);
    write_bytes(&w, list);
    write_bytes32(&w, proof);
    if (how == 3 && writer_status(&w) == STATUS_OK)
        w.buffer.data[ANCHOR_HEAD + bit / 8 % list.size] ^= (uint8_t)(1u << bit % 8);
    liar_send_written(liar, to, FRAME_ANCHOR, &w);
    return true;
}

/* The proposal that was asked for with another batch, or another proposal. */
static bool serve_proposal(struct liar *liar, uint16_t to, struct span payload)
{
    struct stream *s = &liar->streams[LIE_SYNC];
    uint64_t how = stream_between(s, 0, BATCH_WAYS);
    const struct known_proposal *other = memory_proposal(liar, s);
    struct reader r = reader_of(payload);
    struct proposal proposal;
    proposal_read(&r, &proposal);
    struct span batch = read_bytes32(&r, r.rest.size);
    if (reader_status(&r) != STATUS_OK) return false;
    struct writer made;
    make_batch(s, how % BATCH_WAYS, batch, &made);
    if (how == BATCH_WAYS && other) proposal = other->proposal;
    struct writer w;
    writer_init(&w, SIZE_MAX / 2);
    proposal_write(&w, &proposal);
    write_bytes32(&w, how == BATCH_WAYS && other ? batch : writer_span(&made));
    writer_free(&made);
    liar_send_written(liar, to, FRAME_FETCHED, &w);
    return true;
}

bool lie_sync_says(struct liar *liar, uint16_t to, uint8_t frame, struct blob *blob)
{
    struct span payload = blob_span(blob);
    if (frame == FRAME_SYNC_BLOCKS)
        return forge_blocks(liar, to, payload) || serve_blocks(liar, to, blob);
    if (frame == FRAME_ANCHOR)
        return forge_anchor(liar, to, payload) || serve_anchor(liar, to, payload);
    if (frame == FRAME_FETCHED) return serve_proposal(liar, to, payload);
    return false;
}

/* ---- without being asked, and asking ---- */

static struct blob *make_request(struct liar *liar, struct stream *s, uint8_t frame)
{
    struct writer w;
    writer_init(&w, 64);
    const struct known_proposal *known = memory_proposal(liar, s);
    uint64_t height = stream_between(s, 1, liar->sealed_height + 2);
    uint64_t count = stream_between(s, 1, 64);
    if (frame == FRAME_SYNC_REQUEST) {
        write_u64(&w, height);
        write_u16(&w, (uint16_t)count);
    } else {
        struct digest digest = known ? known->digest : (struct digest){ { 0 } };
        write_u8(&w, count % 2 == 0 && known ? 1 : 2);
        write_digest(&w, &digest);
        write_u64(&w, known ? known->proposal.index : 0);
    }
    struct blob *blob = blob_copy(writer_span(&w));
    writer_free(&w);
    return blob;
}

/* Old answers to questions that nobody asked, or more questions than anybody needs. */
bool lie_sync_tick(struct liar *liar)
{
    struct stream *s = &liar->streams[LIE_SYNC];
    uint16_t to = liar_target(liar, LIE_SYNC);
    bool asks = stream_chance(s, 500);
    uint64_t times = stream_between(s, 1, 8);
    if (!lie_chance(liar, LIE_SYNC)) return false;
    if (!asks) {
        uint64_t what = stream_between(s, 0, 2);
        const uint8_t answers[] = { FRAME_SYNC_BLOCKS, FRAME_ANCHOR, FRAME_FETCHED };
        const struct heard *old = memory_frame(liar, s, answers[what]);
        if (old) liar_send(liar, to, old->frame, old->blob);
        return old != NULL;
    }
    uint8_t frame = stream_chance(s, 500) ? FRAME_SYNC_REQUEST : FRAME_FETCH;
    for (uint64_t i = 0; i < times; i++)
        liar_send_made(liar, to, frame, make_request(liar, s, frame));
    return true;
}

/* More than it has, much more than there is, or nothing: the same for a scene. Mostly the truth, or
 * nobody who is really behind would ask it. */
uint64_t lie_sync_claims(struct liar *liar, uint64_t sealed_height)
{
    struct stream s = scene_of(liar, LIE_SYNC, liar->ticks / WINDOW_TICKS);
    uint64_t how = stream_between(&s, 0, 7);
    uint64_t more = stream_between(&s, 1, 50);
    if (how == 0 || how > 3) return sealed_height;
    liar->counts[LIE_SYNC]++;
    if (how == 1) return sealed_height + more;
    return how == 2 ? UINT64_MAX / 2 : 0;
}
