#include "liar_fixture.h"
#include "tests/sim/liar_fields.h"

/* Fields stand one behind the other, and together they are the frame: nothing is missed, and
 * nothing is taken for something else. */
static void covers(uint8_t frame, struct span payload, size_t skipped)
{
    struct field fields[FIELDS_MAX];
    size_t count = fields_find(frame, payload, fields);
    size_t sum = skipped;
    cr_assert_gt(count, 0u);
    for (size_t i = 0; i < count; i++) {
        sum += fields[i].size;
        cr_assert_leq(fields[i].offset + fields[i].size, payload.size);
        cr_assert(i == 0 || fields[i].offset >= fields[i - 1].offset + fields[i - 1].size);
    }
    cr_assert(count == FIELDS_MAX || sum == payload.size, "frame %u: %zu of %zu bytes in %zu",
              frame, sum, payload.size, count);
}

Test(liar_fields, what_members_say_is_fields_throughout)
{
    struct stage *stage = stage_open(0, 0, 0);
    stage_time_out(stage, 2);
    bool seen[HOTSTUFF_KINDS] = { false };
    bool votes = false;
    for (size_t i = 0; i < stage->kept_count; i++) {
        struct told *kept = &stage->kept[i];
        bool engine = kept->frame == FRAME_ENGINE;
        if (engine) seen[kept->blob->data[0]] = true;
        votes = votes || kept->frame == FRAME_SEAL_VOTES;
        covers(kept->frame, blob_span(kept->blob), engine ? 64 : 0);
    }
    for (int kind = PROPOSAL; kind < HOTSTUFF_KINDS; kind++)
        cr_assert(seen[kind], "%d", kind);
    cr_assert(votes);
    stage_close(stage);
}

Test(liar_fields, answers_are_fields_throughout)
{
    struct stage *stage = stage_open(0, 0, 0);
    struct blob *blocks = stage_blocks(stage, 1, 3);
    struct blob *anchor = stage_anchor(stage, 4);
    covers(FRAME_SYNC_BLOCKS, blob_span(blocks), 0);
    covers(FRAME_ANCHOR, blob_span(anchor), 0);
    for (size_t i = 0; i < stage->kept_count; i++) {
        if (!stage_is(&stage->kept[i], PROPOSAL)) continue;
        struct message message = stage_message(&stage->kept[i]);
        struct writer w;
        writer_init(&w, SIZE_MAX / 2);
        write_bytes(&w, span_of(message.attachment.data, PROPOSAL_BYTES));
        write_bytes32(&w, message.batch);
        covers(FRAME_FETCHED, writer_span(&w), 0);
        writer_free(&w);
        break;
    }
    blob_unref(blocks);
    blob_unref(anchor);
    stage_close(stage);
}

Test(liar_fields, small_frames)
{
    static const uint8_t zeros[64];
    struct field fields[FIELDS_MAX];
    covers(FRAME_FETCH, span_of(zeros, 41), 0);
    covers(FRAME_SYNC_REQUEST, span_of(zeros, 10), 0);
    covers(FRAME_TICK_WISH, span_of(zeros, 8), 0);
    covers(FRAME_TRANSACTIONS, span_of(zeros, 4), 0);
    cr_assert_eq(fields_find(FRAME_PING, span_of(zeros, 41), fields), 0u);
    cr_assert_eq(fields_find(FRAME_ENGINE, span_of(zeros, 0), fields), 0u);
}

/* Cut anywhere, the fields that are there stay inside. */
Test(liar_fields, frames_that_end_early)
{
    struct stage *stage = stage_open(0, 0, 0);
    struct field fields[FIELDS_MAX];
    for (size_t i = 0; i < stage->kept_count; i += 97) {
        struct told *kept = &stage->kept[i];
        for (size_t size = 0; size < min_u64(kept->blob->size, 2000); size++) {
            struct blob *cut = blob_copy(span_of(kept->blob->data, size));
            size_t count = fields_find(kept->frame, blob_span(cut), fields);
            for (size_t f = 0; f < count; f++)
                cr_assert_leq(fields[f].offset + fields[f].size, size);
            blob_unref(cut);
        }
    }
    stage_close(stage);
}
