#include "liar_fixture.h"
#include "tests/sim/liar_fields.h"

/* How many fields differ; -1: they are not the same fields any more. */
static int differing(const struct told *honest, const struct told *changed)
{
    struct field ours[FIELDS_MAX], theirs[FIELDS_MAX];
    struct span a = blob_span(honest->blob);
    struct span b = blob_span(changed->blob);
    size_t count = fields_find(honest->frame, a, ours);
    if (fields_find(changed->frame, b, theirs) != count || a.size != b.size) return -1;
    int differences = 0;
    for (size_t i = 0; i < count; i++) {
        if (ours[i].offset != theirs[i].offset || ours[i].size != theirs[i].size) return -1;
        differences += memcmp(a.data + ours[i].offset, b.data + ours[i].offset, ours[i].size) != 0;
    }
    return differences;
}

Test(lie_mutate, one_field_changes_and_the_signature_fits)
{
    struct stage *stage = stage_open(1u << LIE_MUTATE, 1000, 0);
    stage_time_out(stage, 2);
    stage_hear(stage);
    int same = 0, one = 0, more = 0, shapeless = 0, refused = 0, believed = 0;
    for (size_t i = 0; i < stage->kept_count; i++) {
        struct told *kept = &stage->kept[i];
        if (kept->from != 0) continue;
        size_t before = stage->told_count;
        liar_says(stage->liar, kept->to, kept->frame, kept->blob);
        size_t told = stage->told_count - before;
        cr_assert(told == 1 || told == 2);
        struct told *changed = &stage->told[before];
        cr_assert_eq(changed->blob->size, kept->blob->size);
        if (told == 2)
            cr_assert(span_equal(blob_span(stage->told[before + 1].blob), blob_span(kept->blob)));
        int differences = differing(kept, changed);
        same += differences == 0;
        one += differences == 1;
        more += differences > 1;
        shapeless += differences < 0;
        struct message message;
        bool engine =
            kept->frame == FRAME_ENGINE &&
            message_read(blob_span(changed->blob), changed->blob->size, &message) == STATUS_OK;
        if (engine && message.statement.kind != SYNC_INFO) cr_assert(stage_signed(stage, &message));
        if (!engine || differences <= 0) continue;
        *(stage_check(stage, changed) == STATUS_OK ? &believed : &refused) += 1;
    }
    cr_assert_gt(one, 100);
    cr_assert_gt(more, 10, "header, digest and statement changed together");
    cr_assert_gt(shapeless, 0, "lengths and bitmaps too");
    cr_assert_lt(same, one / 4, "an older value may be the same one");
    cr_assert_gt(refused, 20);
    cr_assert_gt(believed, 20, "votes for something else, well signed");
    stage_close(stage);
}

/* A certificate's bitmap, its number of members, and its signatures are among what changes. */
Test(lie_mutate, every_field_of_a_proposal_is_changed_in_time)
{
    struct stage *stage = stage_open(1u << LIE_MUTATE, 1000, 0);
    const struct told *proposal = NULL;
    for (size_t i = 0; i < stage->kept_count && !proposal; i++)
        if (stage->kept[i].from == 0 && stage_is(&stage->kept[i], PROPOSAL) &&
            stage_message(&stage->kept[i]).statement.view > 1)
            proposal = &stage->kept[i];
    cr_assert_not_null(proposal);
    struct field fields[FIELDS_MAX];
    bool changed[FIELDS_MAX] = { false };
    size_t count = fields_find(FRAME_ENGINE, blob_span(proposal->blob), fields);
    for (int i = 0; i < 3000; i++) {
        liar_says(stage->liar, 1, FRAME_ENGINE, proposal->blob);
        for (size_t t = 0; t < stage->told_count; t++) {
            for (size_t f = 0; f < count; f++)
                if (memcmp(stage->told[t].blob->data + fields[f].offset,
                           proposal->blob->data + fields[f].offset, fields[f].size) != 0)
                    changed[f] = true;
            blob_unref(stage->told[t].blob);
        }
        stage->told_count = 0;
    }
    for (size_t f = 0; f < count; f++)
        cr_assert(changed[f], "field %zu at %zu", f, fields[f].offset);
    stage_close(stage);
}

Test(lie_mutate, seal_votes_are_signed_again)
{
    struct stage *stage = stage_open(1u << LIE_MUTATE, 1000, 0);
    int believed = 0;
    for (size_t i = 0; i < stage->kept_count; i++) {
        struct told *kept = &stage->kept[i];
        if (kept->from != 0 || kept->frame != FRAME_SEAL_VOTES) continue;
        size_t before = stage->told_count;
        liar_says(stage->liar, kept->to, kept->frame, kept->blob);
        believed += differing(kept, &stage->told[before]) > 1 &&
                    stage_check(stage, &stage->told[before]) == STATUS_OK;
    }
    cr_assert_gt(believed, 0, "another height or hash, and a signature that fits");
    stage_close(stage);
}

Test(lie_mutate, garbage_differs_from_what_was_said_and_is_mostly_refused)
{
    struct stage *stage = stage_open(1u << LIE_GARBAGE, 1000, 0);
    int refused = 0, checked = 0, shorter = 0;
    for (size_t i = 0; i < stage->kept_count; i++) {
        struct told *kept = &stage->kept[i];
        if (kept->from != 0) continue;
        size_t before = stage->told_count;
        liar_says(stage->liar, kept->to, kept->frame, kept->blob);
        cr_assert_eq(stage->told_count, before + 1, "in its place");
        struct told *told = &stage->told[before];
        cr_assert_leq(told->blob->size, kept->blob->size);
        shorter += told->blob->size < kept->blob->size;
        if (told->frame != FRAME_ENGINE) continue;
        checked++;
        refused += stage_check(stage, told) != STATUS_OK;
    }
    cr_assert_gt(shorter, 10);
    cr_assert_gt(refused, checked * 8 / 10);
    stage_close(stage);
}

/* So many that the count must be looked at before anything is done for each. */
Test(lie_mutate, crowds_are_well_signed_and_refused)
{
    struct stage *stage = stage_open(1u << LIE_GARBAGE, 0, 0);
    stage_play(stage);
    stage->plan.lie_permille = 1000;
    uint64_t view = 0;
    for (size_t i = 0; i < WARRANTS_MAX; i++)
        if (pacer_leader(&stage->liar->pacer, stage->liar->warrant_views[i]) == 0)
            view = max_u64(view, stage->liar->warrant_views[i]);
    cr_assert_gt(view, 0u, "a view that it leads");
    const struct told *crowd = NULL;
    for (int i = 0; i < 1000 && !crowd; i++) {
        size_t before = stage->told_count;
        liar_tick(stage->liar, view, 1, 1);
        if (stage->told_count > before && stage_is(&stage->told[before], PROPOSAL))
            crowd = &stage->told[before];
    }
    cr_assert_not_null(crowd);
    struct message message = stage_message(crowd);
    cr_assert(stage_signed(stage, &message));
    cr_assert_gt(load_u32(message.batch.data + 27), 10000u);
    cr_assert_eq(stage_check(stage, crowd), STATUS_TOO_LARGE);
    stage_close(stage);
}
