#include "liar_fixture.h"

static struct blob *text_blob(const char *text)
{
    return blob_copy(span_text(text));
}

Test(liar_memory, frames_are_kept_by_kind_and_the_oldest_are_forgotten)
{
    struct stage *stage = stage_open(0, 0, 0);
    struct liar *liar = stage->liar;
    struct stream s = stream_of(1, 1);
    cr_assert_null(memory_frame(liar, &s, 0));
    struct blob *first = text_blob("first");
    memory_add(liar, 1, FRAME_FETCH, first);
    for (int i = 1; i < HEARD_MAX; i++) {
        struct blob *more = text_blob("more");
        memory_add(liar, 2, FRAME_TICK_WISH, more);
        blob_unref(more);
    }
    const struct heard *heard = memory_frame(liar, &s, FRAME_FETCH);
    cr_assert_not_null(heard);
    cr_assert_eq(heard->from, 1);
    cr_assert(span_equal(blob_span(heard->blob), span_text("first")));
    cr_assert_null(memory_frame(liar, &s, FRAME_ANCHOR));
    memory_add(liar, 2, FRAME_TICK_WISH, first);
    cr_assert_null(memory_frame(liar, &s, FRAME_FETCH), "one too many");
    blob_unref(first);
    stage_close(stage);
}

Test(liar_memory, bytes_are_bounded)
{
    struct stage *stage = stage_open(0, 0, 0);
    struct liar *liar = stage->liar;
    for (int i = 0; i < 64; i++) {
        struct blob *blob = blob_new(HEARD_BYTES_MAX / 8 + (size_t)(i % 2));
        memset(blob->data, 0, blob->size);
        memory_add(liar, 1, FRAME_SYNC_BLOCKS, blob);
        blob_unref(blob);
        cr_assert_leq(liar->heard_bytes, (size_t)HEARD_BYTES_MAX);
    }
    cr_assert_eq(liar->heard_count, 32u, "those that are too large are not kept at all");
    cr_assert_eq(liar->heard_count - liar->heard_first, 8u);
    stage_close(stage);
}

/* One output goes to every member: it is remembered once. */
Test(liar_memory, what_is_said_to_all_is_one_thing)
{
    struct stage *stage = stage_open(0, 0, 0);
    struct blob *blob = text_blob("said");
    for (int to = 1; to < 4; to++)
        memory_add(stage->liar, 0, FRAME_FETCH, blob);
    cr_assert_eq(stage->liar->heard_count, 1u);
    memory_add(stage->liar, 1, FRAME_FETCH, blob);
    cr_assert_eq(stage->liar->heard_count, 2u, "another said the same");
    blob_unref(blob);
    stage_close(stage);
}

Test(liar_memory, certificates_proposals_and_warrants_are_those_of_the_cluster)
{
    struct stage *stage = stage_open(0, 0, 0);
    stage_time_out(stage, 2);
    struct liar *liar = stage->liar;
    const struct check_context *context = replica_check_context(stage->w->nodes[1].replica);
    struct stream s = stream_of(2, 2);
    cr_assert_null(memory_certificate(liar, &s, UINT64_MAX));
    cr_assert_null(memory_proposal(liar, &s));
    stage_hear(stage);
    cr_assert_eq(liar->root.count, 4u);
    for (int i = 0; i < 100; i++) {
        const struct certificate *one = memory_certificate(liar, &s, 6);
        cr_assert_not_null(one);
        cr_assert_lt(one->statement.view, 6u);
        const struct certificate *any = memory_certificate(liar, &s, UINT64_MAX);
        if (any->statement.view > 0)
            cr_assert_eq(
                certificate_check(&context->config.domain, context->config.committee, NULL, any),
                STATUS_OK);
        const struct known_proposal *known = memory_proposal(liar, &s);
        cr_assert_eq(memory_find(liar, &known->digest), known);
    }
    bool helped = false;
    for (size_t i = 0; i < stage->kept_count; i++)
        helped = helped || (stage->kept[i].to == 0 && stage_is(&stage->kept[i], SYNC_INFO));
    cr_assert(helped, "also of help that nobody signed");
    uint64_t views = 0;
    for (size_t i = 0; i < WARRANTS_MAX; i++) {
        uint64_t view = liar->warrant_views[i];
        if (view == 0) continue;
        views++;
        cr_assert_eq(memory_warrant(liar, view), &liar->warrants[i]);
        cr_assert(warrant_admits(&liar->warrants[i], view, TWO_CHAIN));
    }
    cr_assert_gt(views, 0u);
    cr_assert_null(memory_warrant(liar, 0));
    cr_assert_null(memory_warrant(liar, 1 << 20));
    stage_close(stage);
}

static void hear_timeout(struct stage *stage, uint16_t from, uint64_t view, uint64_t aux)
{
    struct certificate high = stage->liar->root;
    high.statement.view = aux;
    struct blob *blob = make_timeout(stage->liar, view, &high, NULL);
    memory_add(stage->liar, from, FRAME_ENGINE, blob);
    blob_unref(blob);
}

Test(liar_memory, timeouts_are_kept_by_view_and_the_far_future_is_not_believed)
{
    struct stage *stage = stage_open(0, 0, 0);
    struct liar *liar = stage->liar;
    stage_hear(stage);
    liar_tick(liar, 1000, 10, 10);
    hear_timeout(stage, 1, 1000, 7);
    hear_timeout(stage, 2, 1000, 8);
    hear_timeout(stage, 3, 1000 + (UINT64_C(1) << 40) * BALLOTS_MAX, 9);
    const struct ballots *ballots = memory_ballots(liar, 1000);
    cr_assert_not_null(ballots);
    cr_assert_eq(signer_set_count(&ballots->signers), 2);
    cr_assert_eq(ballots->aux[1], 7u);
    cr_assert_eq(ballots->aux[2], 8u);
    cr_assert_null(memory_ballots(liar, 0));
    hear_timeout(stage, 1, 1000 + BALLOTS_MAX, 7);
    cr_assert_null(memory_ballots(liar, 1000), "a newer view has taken its place");
    hear_timeout(stage, 1, 1000, 7);
    cr_assert_null(memory_ballots(liar, 1000), "and an older one does not get it back");
    stage_close(stage);
}

/* Another committee's certificate would be of no use, and too large for what is made of it. */
Test(liar_memory, certificates_of_another_size_are_not_kept)
{
    struct stage *stage = stage_open(0, 0, 0);
    struct liar *liar = stage->liar;
    struct stream s = stream_of(2, 2);
    struct certificate high = { .statement = { .kind = VOTE, .view = 3, .index = 3 }, .count = 7 };
    struct blob *blob = make_timeout(liar, 4, &high, NULL);
    memory_add(liar, 1, FRAME_ENGINE, blob);
    blob_unref(blob);
    cr_assert_null(memory_certificate(liar, &s, UINT64_MAX));
    stage_close(stage);
}
