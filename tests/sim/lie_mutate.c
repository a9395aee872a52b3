/* Small changes of what an honest replica says: one field (ByzzFuzz's small scope), or bytes. */
#include "liar_fields.h"
#include "liar_internal.h"

/* ---- one field ---- */

/* The same field of an older frame of this kind, if there is one of this size and it differs. */
static bool from_older(struct liar *liar, uint8_t frame, struct blob *blob, size_t number,
                       const struct field *field)
{
    struct field fields[FIELDS_MAX];
    const struct heard *older = memory_frame(liar, &liar->streams[LIE_MUTATE], frame);
    if (!older) return false;
    size_t count = fields_find(frame, blob_span(older->blob), fields);
    if (number >= count || fields[number].size != field->size) return false;
    uint8_t *place = blob->data + field->offset;
    const uint8_t *value = older->blob->data + fields[number].offset;
    if (memcmp(place, value, field->size) == 0) return false;
    memcpy(place, value, field->size);
    return true;
}

/* A little-endian number of any size, up or down. */
static void step_number(uint8_t *bytes, size_t size, bool up)
{
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(up ? bytes[i] + 1 : bytes[i] - 1);
        bool carries = bytes[i] == (up ? 0x00 : 0xff);
        if (!carries) return;
    }
}

static void change_field(struct liar *liar, uint8_t frame, struct blob *blob, size_t number,
                         const struct field *field)
{
    struct stream *s = &liar->streams[LIE_MUTATE];
    uint64_t how = stream_between(s, 0, 3);
    uint64_t bit = stream_between(s, 0, 8 * field->size - 1);
    if (how == 0 && from_older(liar, frame, blob, number, field)) return;
    if (how <= 2 && field->size <= 8)
        step_number(blob->data + field->offset, field->size, how == 1);
    else
        blob->data[field->offset + bit / 8] ^= (uint8_t)(1u << (bit % 8));
}

/* Our own signature under each vote for a block, whoever it says it is of. */
static void sign_seal_votes(const struct liar *liar, struct blob *blob)
{
    for (size_t at = 2; at + SEAL_VOTE_BYTES <= blob->size; at += SEAL_VOTE_BYTES) {
        struct reader r = reader_of(span_of(blob->data + at, SEAL_VOTE_BYTES));
        struct seal_vote vote;
        seal_vote_read(&r, &vote);
        struct blob *made = make_seal_vote(liar, vote.height, &vote.block_hash);
        if (!made) return;
        size_t signature = SEAL_VOTE_BYTES - sizeof vote.by.signature.bytes;
        memcpy(blob->data + at + signature, made->data + 2 + signature,
               sizeof vote.by.signature.bytes);
        blob_unref(made);
    }
}

bool lie_mutate_says(struct liar *liar, uint16_t to, uint8_t frame, struct blob *blob)
{
    struct stream *s = &liar->streams[LIE_MUTATE];
    struct field fields[FIELDS_MAX];
    size_t count = fields_find(frame, blob_span(blob), fields);
    if (count == 0) return false;
    uint64_t number = stream_between(s, 0, count - 1);
    bool deep = stream_chance(s, 500);
    bool besides = stream_chance(s, 500);
    struct blob *changed = blob_copy(blob_span(blob));
    if (!changed) return false;
    change_field(liar, frame, changed, (size_t)number, &fields[number]);
    if (frame == FRAME_ENGINE) make_agree(liar, changed, deep);
    if (frame == FRAME_SEAL_VOTES) sign_seal_votes(liar, changed);
    liar_send_made(liar, to, frame, changed);
    if (besides) liar_send(liar, to, frame, blob);
    return true;
}

/* ---- bytes ---- */

bool lie_garbage_says(struct liar *liar, uint16_t to, uint8_t frame, struct blob *blob)
{
    struct stream *s = &liar->streams[LIE_GARBAGE];
    struct blob *changed = blob_copy(blob_span(blob));
    uint64_t flips = stream_between(s, 0, 4);
    bool cut = stream_chance(s, 200);
    if (!changed) return false;
    for (uint64_t i = 0; i < flips && changed->size > 0; i++) {
        uint64_t bit = stream_between(s, 0, 8 * changed->size - 1);
        changed->data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    uint64_t size = stream_between(s, 0, changed->size);
    if (cut || flips == 0) {
        struct blob *shorter = blob_copy(span_of(changed->data, (size_t)size));
        blob_unref(changed);
        changed = shorter;
    }
    liar_send_made(liar, to, frame, changed);
    return true;
}

/* Too many transactions of one byte, well signed: limits must be looked at before the bytes are. */
static void say_crowd(struct liar *liar, uint16_t to)
{
    const uint64_t *limits = liar->config.genesis->params.values;
    uint64_t count = min_u64(limits[PARAM_batch_txs_max] + 1, 20000);
    struct batch head = { .time_ms = 1, .count = (uint32_t)count };
    struct writer batch;
    writer_init(&batch, SIZE_MAX / 2);
    batch_write_head(&batch, &head);
    for (uint64_t i = 0; i < count; i++)
        write_bytes32(&batch, span_of("", 1));
    struct proposal proposal = { .index = liar->index + 1,
                                 .view = liar->view,
                                 .batch = batch_digest(writer_span(&batch)) };
    const struct warrant *warrant = memory_warrant(liar, liar->view);
    if (warrant && writer_status(&batch) == STATUS_OK) {
        proposal.parent = warrant->high.statement.digest;
        proposal.parent_view = warrant->high.statement.view;
        proposal.index = warrant->high.statement.index + 1;
        liar_send_made(liar, to, FRAME_ENGINE,
                       make_proposal(liar, &proposal, &warrant->high,
                                     warrant->has_timeouts ? &warrant->timeouts : NULL,
                                     writer_span(&batch)));
    }
    writer_free(&batch);
}

bool lie_garbage_tick(struct liar *liar)
{
    struct stream *s = &liar->streams[LIE_GARBAGE];
    bool told = lie_chance(liar, LIE_GARBAGE);
    uint16_t to = liar_target(liar, LIE_GARBAGE);
    uint64_t frame = stream_between(s, FRAME_ENGINE, FRAME_TICK_WISH);
    uint64_t size = stream_between(s, 0, 300);
    bool crowd = stream_chance(s, 20);
    if (!told) return false;
    if (crowd) {
        say_crowd(liar, to);
        return true;
    }
    uint8_t bytes[300];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)stream_next(s);
    liar_send_made(liar, to, (uint8_t)frame, blob_copy(span_of(bytes, (size_t)size)));
    return true;
}
