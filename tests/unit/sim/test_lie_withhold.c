#include "liar_fixture.h"

/* Nobody hears more than an honest member says, but for headers without batches. */
Test(lie_withhold, silence_only_takes_away)
{
    struct stage *stage = stage_open(0, 0, 0);
    size_t honest = 0;
    for (size_t i = 0; i < stage->kept_count; i++)
        honest += stage->kept[i].from == 0;
    int less = 0, headers = 0;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        stage_liar(stage, 1u << LIE_WITHHOLD, 1000, seed);
        stage_play(stage);
        cr_assert_leq(stage->told_count, honest);
        less += stage->told_count < honest;
        for (size_t i = 0; i < stage->told_count; i++) {
            if (stage_said(stage, &stage->told[i])) continue;
            struct message message = stage_message(&stage->told[i]);
            cr_assert_eq(message.statement.kind, PROPOSAL);
            cr_assert_eq(message.batch.size, 0u);
            cr_assert(stage_signed(stage, &message));
            cr_assert_neq(stage_check(stage, &stage->told[i]), STATUS_OK);
            headers++;
        }
    }
    cr_assert_gt(less, 15);
    cr_assert_gt(headers, 0);
    stage_close(stage);
}

/* Silence towards some, not towards all: the others hear everything. */
Test(lie_withhold, some_hear_all)
{
    struct stage *stage = stage_open(0, 0, 0);
    size_t honest[4] = { 0 };
    for (size_t i = 0; i < stage->kept_count; i++)
        if (stage->kept[i].from == 0) honest[stage->kept[i].to]++;
    int one_sided = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        size_t told[4] = { 0 };
        stage_liar(stage, 1u << LIE_WITHHOLD, 1000, seed);
        for (size_t i = 0; i < stage->kept_count; i++)
            if (stage->kept[i].from == 0)
                liar_says(stage->liar, stage->kept[i].to, stage->kept[i].frame,
                          stage->kept[i].blob);
        for (size_t i = 0; i < stage->told_count; i++)
            told[stage->told[i].to]++;
        int all = 0, fewer = 0;
        for (uint16_t to = 1; to < 4; to++)
            *(told[to] == honest[to] ? &all : &fewer) += 1;
        one_sided += all > 0 && fewer > 0;
    }
    cr_assert_gt(one_sided, 3);
    stage_close(stage);
}

/* What is kept back comes, once. */
Test(lie_withhold, late_is_not_never)
{
    struct stage *stage = stage_open(0, 0, 0);
    struct blob *wish = blob_copy(span_text("12345678"));
    int late = 0;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        stage_liar(stage, 1u << LIE_WITHHOLD, 1000, seed);
        liar_says(stage->liar, 1, FRAME_TICK_WISH, wish);
        if (stage->told_count > 0) continue; /* Another kind of silence, or none. */
        for (int tick = 0; tick < 2 * WINDOW_TICKS + 1; tick++)
            liar_tick(stage->liar, 1, 1, 1);
        cr_assert_leq(stage->told_count, 1u);
        late += stage->told_count == 1;
        for (int tick = 0; tick < 2 * WINDOW_TICKS; tick++)
            liar_tick(stage->liar, 1, 1, 1);
        cr_assert_leq(stage->told_count, 1u);
    }
    cr_assert_gt(late, 0);
    blob_unref(wish);
    stage_close(stage);
}

/* When there is no more room, what would be kept back goes out. */
Test(lie_withhold, what_is_kept_back_is_bounded)
{
    struct stage *stage = stage_open(0, 0, 0);
    struct blob *wish = blob_copy(span_text("12345678"));
    int bounded = 0;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        stage_liar(stage, 1u << LIE_WITHHOLD, 1000, seed);
        for (int i = 0; i < 2 * HELD_MAX; i++)
            liar_says(stage->liar, 1, FRAME_TICK_WISH, wish);
        bounded += stage->told_count == HELD_MAX;
    }
    cr_assert_gt(bounded, 0);
    blob_unref(wish);
    stage_close(stage);
}
