#include "liar_fixture.h"

Test(lie_flood, replays_are_what_was_heard_or_said_before)
{
    struct stage *stage = stage_open(1u << LIE_REPLAY, 1000, 0);
    stage_play(stage);
    int others = 0, own_again = 0;
    size_t honest = 0;
    for (size_t i = 0; i < stage->kept_count; i++)
        honest += stage->kept[i].from == 0;
    for (size_t i = 0; i < stage->told_count; i++) {
        bool known = false;
        for (size_t k = 0; k < stage->kept_count && !known; k++)
            known = stage->kept[k].frame == stage->told[i].frame &&
                    span_equal(blob_span(stage->kept[k].blob), blob_span(stage->told[i].blob));
        cr_assert(known, "nothing is made up");
        *(stage_said(stage, &stage->told[i]) ? &own_again : &others) += 1;
    }
    cr_assert_gt(others, 50, "also what others said");
    cr_assert_gt(own_again, 50);
    cr_assert_gt(stage->told_count, honest);
    stage_close(stage);
}

Test(lie_flood, who_has_heard_nothing_replays_nothing)
{
    struct stage *stage = stage_open(1u << LIE_REPLAY, 1000, 0);
    for (int i = 0; i < 100; i++)
        liar_tick(stage->liar, 1, 1, 1);
    cr_assert_eq(stage->told_count, 0u);
    stage_close(stage);
}

Test(lie_flood, the_future_comes_in_floods_to_one_member)
{
    struct stage *stage = stage_open(1u << LIE_FUTURE, 1000, 0);
    liar_tick(stage->liar, 1, 1, 1);
    size_t at_once = stage->told_count;
    cr_assert(at_once >= 14 && at_once <= 16, "%zu", at_once);
    for (size_t i = 0; i < at_once; i++)
        cr_assert_eq(stage->told[i].to, stage->told[0].to);
    stage_close(stage);
}

Test(lie_flood, the_future_is_far_signed_and_mostly_believable)
{
    struct stage *stage = stage_open(1u << LIE_FUTURE, 1000, 0);
    stage_hear(stage);
    int believed = 0, refused = 0, beyond = 0, near = 0;
    bool frames[FRAME_KIND_LAST + 1] = { false };
    size_t before = stage->told_count;
    for (int i = 0; i < 100; i++)
        liar_tick(stage->liar, 100, 100, 100);
    for (size_t i = before; i < stage->told_count; i++) {
        struct told *told = &stage->told[i];
        frames[told->frame] = true;
        if (told->frame != FRAME_ENGINE) continue;
        struct message message = stage_message(told);
        cr_assert(stage_signed(stage, &message));
        cr_assert_gt(message.statement.view, 100u);
        near += message.statement.view < 200;
        beyond += message.statement.view > VIEW_LIMIT;
        *(stage_check(stage, told) == STATUS_OK ? &believed : &refused) += 1;
    }
    cr_assert_gt(near, 20);
    cr_assert_gt(beyond, 5);
    cr_assert_gt(refused, 5);
    cr_assert_gt(believed, 3 * refused, "else nobody listens any more");
    cr_assert(frames[FRAME_SEAL_VOTES] && frames[FRAME_FETCH] && frames[FRAME_SYNC_REQUEST] &&
              frames[FRAME_TICK_WISH]);
    stage_close(stage);
}
