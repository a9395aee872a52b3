#include "liar_fixture.h"

/* How many blocks of an answer an honest member would take. */
static uint16_t proven(const struct stage *stage, const struct told *told, enum status *status)
{
    const struct check_context *context = replica_check_context(stage->w->nodes[1].replica);
    struct check_job *job = check_new(CHECK_BLOCKS, 0, 0, told->blob, context);
    check_run(job);
    uint16_t count = job->blocks_count;
    *status = job->status;
    check_free(job);
    return count;
}

Test(lie_sync, blocks_are_served_badly_in_every_way)
{
    struct stage *stage = stage_open(1u << LIE_SYNC, 1000, 0);
    struct blob *other = stage_blocks(stage, 5, 2);
    struct blob *blocks = stage_blocks(stage, 1, 4);
    liar_hears(stage->liar, 2, FRAME_SYNC_BLOCKS, other);
    int refused = 0, prefix = 0, none = 0, whole = 0, same = 0;
    for (int i = 0; i < 400; i++) {
        size_t before = stage->told_count;
        enum status status;
        liar_says(stage->liar, 3, FRAME_SYNC_BLOCKS, blocks);
        cr_assert_eq(stage->told_count, before + 1);
        struct told *told = &stage->told[before];
        cr_assert_eq(told->to, 3);
        uint16_t count = proven(stage, told, &status);
        refused += status != STATUS_OK;
        none += status == STATUS_OK && count == 0;
        prefix += status != STATUS_OK && count > 0;
        whole += status == STATUS_OK && count == 4;
        same += span_equal(blob_span(told->blob), blob_span(blocks));
    }
    cr_assert_eq(same, 0);
    cr_assert_gt(refused, 100);
    cr_assert_gt(prefix, 20, "true blocks first, then something else");
    cr_assert_gt(none, 10, "an answer without blocks");
    cr_assert_gt(whole, 10, "changed transactions do not show before they are executed");
    blob_unref(other);
    blob_unref(blocks);
    stage_close(stage);
}

/* A single block with another one's seal: what f + 1 of the field's real nodes have fallen for. */
Test(lie_sync, a_foreign_seal_is_on_a_true_block)
{
    struct stage *stage = stage_open(1u << LIE_SYNC, 1000, 0);
    struct blob *other = stage_blocks(stage, 5, 1);
    struct blob *block = stage_blocks(stage, 2, 1);
    uint32_t size = load_u32(block->data + 2);
    struct span foreign = span_of(other->data + 6 + load_u32(other->data + 2), 100);
    bool found = false;
    liar_hears(stage->liar, 2, FRAME_SYNC_BLOCKS, other);
    for (int i = 0; i < 400 && !found; i++) {
        size_t before = stage->told_count;
        liar_says(stage->liar, 3, FRAME_SYNC_BLOCKS, block);
        for (size_t t = before; t < stage->told_count; t++) {
            struct span bytes = blob_span(stage->told[t].blob);
            for (size_t at = 2; at + 6 + size + foreign.size <= bytes.size; at++)
                found =
                    found || (memcmp(bytes.data + at, block->data + 2, 4 + size) == 0 &&
                              memcmp(bytes.data + at + 4 + size, foreign.data, foreign.size) == 0);
        }
    }
    cr_assert(found);
    blob_unref(other);
    blob_unref(block);
    stage_close(stage);
}

Test(lie_sync, anchors_are_changed_and_refused)
{
    struct stage *stage = stage_open(1u << LIE_SYNC, 1000, 0);
    struct blob *anchor = stage_anchor(stage, 4);
    struct told honest = { 0, 1, FRAME_ANCHOR, anchor };
    cr_assert_eq(stage_check(stage, &honest), STATUS_OK);
    int refused = 0;
    for (int i = 0; i < 100; i++) {
        size_t before = stage->told_count;
        liar_says(stage->liar, 3, FRAME_ANCHOR, anchor);
        cr_assert_eq(stage->told_count, before + 1);
        refused += stage_check(stage, &stage->told[before]) != STATUS_OK;
    }
    cr_assert_gt(refused, 50);
    blob_unref(anchor);
    stage_close(stage);
}

Test(lie_sync, fetched_proposals_come_with_another_batch)
{
    struct stage *stage = stage_open(1u << LIE_SYNC, 1000, 0);
    stage_hear(stage);
    struct stream s = stream_of(1, 1);
    const struct known_proposal *known = memory_proposal(stage->liar, &s);
    struct message message = world_message(known->blob);
    struct writer w;
    writer_init(&w, SIZE_MAX / 2);
    proposal_write(&w, &known->proposal);
    write_bytes32(&w, message.batch);
    struct blob *fetched = stage_blob(&w);
    int other_batch = 0, other_proposal = 0;
    for (int i = 0; i < 200; i++) {
        size_t before = stage->told_count;
        liar_says(stage->liar, 3, FRAME_FETCHED, fetched);
        cr_assert_eq(stage->told_count, before + 1);
        struct proposal proposal;
        struct reader r = reader_of(blob_span(stage->told[before].blob));
        proposal_read(&r, &proposal);
        struct digest batch = batch_digest(read_bytes32(&r, SIZE_MAX));
        struct digest digest = proposal_digest(&proposal);
        cr_assert_eq(reader_end(&r), STATUS_OK);
        bool same = digest_equal(&digest, &known->digest);
        other_batch += same && !digest_equal(&batch, &proposal.batch);
        other_proposal += !same;
    }
    cr_assert_gt(other_batch, 100);
    cr_assert_gt(other_proposal, 5);
    blob_unref(fetched);
    stage_close(stage);
}

Test(lie_sync, it_asks_for_more_than_it_needs)
{
    struct stage *stage = stage_open(1u << LIE_SYNC, 1000, 0);
    stage_hear(stage);
    size_t requests = 0, fetches = 0;
    size_t before = stage->told_count;
    for (int i = 0; i < 200; i++)
        liar_tick(stage->liar, 50, 20, 10);
    for (size_t i = before; i < stage->told_count; i++) {
        struct told *told = &stage->told[i];
        requests += told->frame == FRAME_SYNC_REQUEST;
        fetches += told->frame == FRAME_FETCH;
        if (told->frame == FRAME_SYNC_REQUEST) cr_assert_eq(told->blob->size, 10u);
        if (told->frame == FRAME_FETCH) cr_assert_eq(told->blob->size, 41u);
    }
    cr_assert_gt(requests, 50u);
    cr_assert_gt(fetches, 50u);
    stage_close(stage);
}

Test(lie_sync, it_claims_what_it_does_not_have)
{
    struct stage *stage = stage_open(1u << LIE_SYNC, 1000, 0);
    int high = 0, higher = 0, none = 0, true_ones = 0;
    for (int i = 0; i < 100 * WINDOW_TICKS; i++) {
        uint64_t claim = liar_claims(stage->liar, 100);
        cr_assert_eq(claim, liar_claims(stage->liar, 100), "the same for a while");
        higher += claim == UINT64_MAX / 2;
        high += claim > 100 && claim <= 150;
        none += claim == 0;
        true_ones += claim == 100;
        liar_tick(stage->liar, 1, 1, 1);
    }
    cr_assert(high > 0 && higher > 0 && none > 0 && true_ones > 0);
    cr_assert_eq(high + higher + none + true_ones, 100 * WINDOW_TICKS);
    stage_close(stage);
}
