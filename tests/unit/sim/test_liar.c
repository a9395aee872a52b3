#include "liar_fixture.h"

enum { ALL_LIES = (1 << LIE_KINDS) - 1 };

Test(liar, without_lies_it_is_honest)
{
    struct stage *stage = stage_open(0, 1000, 0);
    stage_play(stage);
    size_t said = 0;
    for (size_t i = 0; i < stage->kept_count; i++) {
        if (stage->kept[i].from != 0) continue;
        struct told *told = &stage->told[said++];
        cr_assert_eq(told->to, stage->kept[i].to);
        cr_assert_eq(told->frame, stage->kept[i].frame);
        cr_assert(span_equal(blob_span(told->blob), blob_span(stage->kept[i].blob)));
    }
    cr_assert_eq(said, stage->told_count);
    cr_assert_eq(liar_claims(stage->liar, 7), 7u);
    stage_close(stage);
}

Test(liar, who_never_takes_an_occasion_is_honest)
{
    struct stage *stage = stage_open(ALL_LIES & ~(1 << LIE_SYNC), 0, 0);
    stage_play(stage);
    for (size_t i = 0; i < stage->told_count; i++)
        cr_assert(stage_said(stage, &stage->told[i]), "%zu", i);
    uint64_t counts[LIE_KINDS];
    liar_counts(stage->liar, counts);
    for (int lie = 0; lie < LIE_KINDS; lie++)
        cr_assert_eq(counts[lie], 0u, "%d", lie);
    stage_close(stage);
}

/* Every kind, alone, with all that the cluster gives occasion to. */
Test(liar, every_lie_is_told)
{
    struct stage *stage = stage_open(0, 0, 0);
    stage_time_out(stage, 2);
    for (int lie = 0; lie < LIE_KINDS; lie++) {
        uint64_t counts[LIE_KINDS];
        stage_liar(stage, 1u << lie, 700, 3);
        stage_play(stage);
        liar_counts(stage->liar, counts);
        for (int other = 0; other < LIE_KINDS; other++)
            cr_assert_eq(counts[other] > 0, other == lie, "lie %d, counted %d", lie, other);
    }
    stage_close(stage);
}

static struct digest play_hash(struct stage *stage, uint32_t lies, uint64_t seed)
{
    struct digest hash = { { 0 } };
    stage_liar(stage, lies, 500, seed);
    stage_play(stage);
    for (size_t i = 0; i < stage->told_count; i++) {
        struct told *told = &stage->told[i];
        uint8_t head[3] = { (uint8_t)told->to, told->frame };
        struct span parts[] = { digest_span(&hash), span_of(head, sizeof head),
                                blob_span(told->blob) };
        hash = digest_plain(parts, 3);
    }
    return hash;
}

Test(liar, the_same_seed_tells_the_same_lies)
{
    struct stage *stage = stage_open(0, 0, 0);
    struct digest one = play_hash(stage, ALL_LIES, 5);
    struct digest same = play_hash(stage, ALL_LIES, 5);
    struct digest other = play_hash(stage, ALL_LIES, 6);
    struct digest fewer = play_hash(stage, ALL_LIES & ~(1u << LIE_GARBAGE), 5);
    cr_assert(digest_equal(&one, &same));
    cr_assert_not(digest_equal(&one, &other));
    cr_assert_not(digest_equal(&one, &fewer));
    stage_close(stage);
}

/* What no connection would carry would only crash what could never have happened. */
Test(liar, sends_nothing_that_a_connection_would_refuse)
{
    struct stage *stage = stage_open(0, 0, 0);
    struct blob *large = blob_new(FRAME_BATCH_EXTRA + 16 * 1024 * 1024);
    struct blob *small = blob_copy(span_text("x"));
    memset(large->data, 0, large->size);
    liar_send(stage->liar, 1, FRAME_ENGINE, large);
    liar_send(stage->liar, 1, FRAME_HELLO, small);
    liar_send(stage->liar, 1, FRAME_PING, small);
    liar_send(stage->liar, 1, FRAME_BYE, small);
    liar_send(stage->liar, 1, 200, small);
    cr_assert_eq(stage->told_count, 0u);
    liar_send(stage->liar, NODE_ALL, FRAME_ENGINE, small);
    cr_assert_eq(stage->told_count, 3u, "every other member");
    liar_send_made(stage->liar, 1, FRAME_ENGINE, NULL);
    cr_assert_eq(stage->told_count, 3u);
    blob_unref(large);
    blob_unref(small);
    stage_close(stage);
}

/* A scene does not depend on how often one asks, nor on other lies. */
Test(liar, scenes_stand_on_their_own)
{
    struct stage *stage = stage_open(0, 0, 0);
    struct stream one = scene_of(stage->liar, LIE_EQUIVOCATE, 7);
    liar_target(stage->liar, LIE_EQUIVOCATE);
    struct stream same = scene_of(stage->liar, LIE_EQUIVOCATE, 7);
    struct stream next = scene_of(stage->liar, LIE_EQUIVOCATE, 8);
    struct stream other = scene_of(stage->liar, LIE_WITHHOLD, 7);
    cr_assert_eq(one.state, same.state);
    cr_assert_neq(one.state, next.state);
    cr_assert_neq(one.state, other.state);
    for (int i = 0; i < 200; i++) {
        uint16_t target = liar_target(stage->liar, LIE_SEAL);
        cr_assert(target > 0 && target < 4);
    }
    stage_close(stage);
}

/* It hears other liars too. */
Test(liar, survives_garbage)
{
    struct stage *stage = stage_open(ALL_LIES, 900, 0);
    struct stream s = stream_of(9, 9);
    for (int i = 0; i < 4000; i++) {
        uint64_t which = stream_between(&s, 0, stage->kept_count - 1);
        struct told *kept = &stage->kept[which];
        struct blob *blob = blob_copy(blob_span(kept->blob));
        uint64_t bit = stream_between(&s, 0, 8 * blob->size - 1);
        uint64_t most = min_u64(8 * 300, 8 * blob->size) - 1;
        uint64_t front = stream_between(&s, 0, most);
        uint64_t size = stream_between(&s, 0, 3 * blob->size);
        blob->data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        blob->data[front / 8] ^= (uint8_t)(1u << front % 8);
        struct blob *cut = blob_copy(span_of(blob->data, min_u64(size, blob->size)));
        liar_hears(stage->liar, 1, kept->frame, cut);
        liar_says(stage->liar, 1, kept->frame, cut);
        if (i % 50 == 0) liar_tick(stage->liar, (uint64_t)i, (uint64_t)i, (uint64_t)i);
        blob_unref(cut);
        blob_unref(blob);
        while (stage->told_count > 0)
            blob_unref(stage->told[--stage->told_count].blob);
    }
    stage_close(stage);
}

/* ---- among honest members ---- */

static void post(void *user, uint16_t from, uint16_t to, uint8_t frame, struct blob *blob)
{
    struct stage *stage = user;
    if (!stage->w->cut[from][to]) world_post(stage->w, from, to, frame, blob);
}

/* What member 0 says goes through the liar, and it hears what member 0 hears. */
static bool lie_between(struct world *w, uint16_t from, uint16_t to, uint8_t frame,
                        struct blob **payload)
{
    struct stage *stage = w->context;
    if (to == 0) liar_hears(stage->liar, from, frame, *payload);
    if (from != 0) return true;
    liar_says(stage->liar, to, frame, *payload);
    return false;
}

static void live_with(struct stage *stage, uint32_t lies, uint64_t seed)
{
    struct world *w = stage->w;
    stage_liar(stage, lies, 400, seed);
    stage->liar->config.send = post;
    w->filter = lie_between;
    uint64_t height = w->nodes[1].height;
    for (int i = 0; i < 200; i++) {
        if (i % 10 == 0) world_load(w, (uint16_t)(1 + i % 3), 100 * seed + 10000u + (uint64_t)i, 2);
        struct replica_status status = world_status(w, 0);
        liar_tick(stage->liar, status.engine.view, status.engine.index_decided, w->nodes[0].sealed);
        world_run(w, 100);
    }
    cr_assert_gt(w->nodes[1].height, height + 5, "lies %x: %d", lies, (int)w->nodes[1].height);
    for (uint64_t h = 1; h <= w->nodes[1].height; h++)
        for (uint16_t n = 2; n < 4; n++)
            cr_assert(h > w->nodes[n].height ||
                      digest_equal(&w->nodes[1].hashes[h], &w->nodes[n].hashes[h]));
    for (uint16_t n = 1; n < 4; n++)
        cr_assert_null(world_find(w, n, 0, OUTPUT_STOP, 0), "lies %x", lies);
}

Test(liar, three_honest_members_live_with_each_lie, .timeout = 120)
{
    struct stage *stage = stage_open(0, 0, 0);
    for (unsigned lie = 0; lie < LIE_KINDS; lie++)
        live_with(stage, 1u << lie, lie + 1);
    stage_close(stage);
}

Test(liar, three_honest_members_live_with_all_lies, .timeout = 120)
{
    struct stage *stage = stage_open(0, 0, 0);
    for (uint64_t seed = 1; seed <= 4; seed++)
        live_with(stage, ALL_LIES, seed);
    stage_close(stage);
}

/* A plan has one seed for all its liars. */
Test(liar, two_liars_of_one_seed_lie_differently)
{
    struct stage *stage = stage_open(0, 0, 0);
    struct stream one = scene_of(stage->liar, LIE_WITHHOLD, 1);
    stage->member = 1;
    stage_liar(stage, 0, 0, 1);
    struct stream other = scene_of(stage->liar, LIE_WITHHOLD, 1);
    cr_assert_neq(one.state, other.state);
    stage_close(stage);
}
