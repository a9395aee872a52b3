#include "liar_fixture.h"

static struct seal_vote vote_in(const struct told *told)
{
    struct seal_vote vote;
    struct reader r = reader_of(blob_span(told->blob));
    cr_assert_eq(read_u16(&r), 1);
    seal_vote_read(&r, &vote);
    cr_assert_eq(reader_end(&r), STATUS_OK);
    return vote;
}

Test(lie_seal, it_signs_false_blocks_besides_or_instead)
{
    struct stage *stage = stage_open(1u << LIE_SEAL, 1000, 0);
    int besides = 0, instead = 0, false_first = 0;
    for (size_t i = 0; i < stage->kept_count; i++) {
        struct told *kept = &stage->kept[i];
        if (kept->from != 0 || kept->frame != FRAME_SEAL_VOTES) continue;
        size_t before = stage->told_count;
        liar_says(stage->liar, kept->to, kept->frame, kept->blob);
        size_t told = stage->told_count - before;
        cr_assert(told == 1 || told == 2);
        int falsehoods = 0;
        for (size_t t = before; t < stage->told_count; t++) {
            cr_assert_eq(stage_check(stage, &stage->told[t]), STATUS_OK, "well signed");
            if (stage_said(stage, &stage->told[t])) continue;
            struct seal_vote vote = vote_in(&stage->told[t]);
            cr_assert_eq(vote.height, vote_in(kept).height);
            cr_assert_eq(vote.by.validator, 0);
            falsehoods++;
            false_first += t == before && told == 2;
        }
        cr_assert_eq(falsehoods, 1);
        besides += told == 2;
        instead += told == 1;
    }
    cr_assert(besides > 0 && instead > 0 && false_first > 0);
    stage_close(stage);
}

/* Two liars of one run agree about what never was. */
Test(lie_seal, all_liars_sign_the_same_false_block)
{
    struct stage *stage = stage_open(0, 0, 0);
    struct digest seen[2][40];
    memset(seen, 0, sizeof seen);
    for (uint16_t member = 0; member < 2; member++) {
        stage->member = member;
        stage_liar(stage, 1u << LIE_SEAL, 1000, 10u + member);
        for (int i = 0; i < 600; i++)
            liar_tick(stage->liar, 1, 1, 20);
        for (size_t i = 0; i < stage->told_count; i++) {
            struct seal_vote vote = vote_in(&stage->told[i]);
            if (vote.height < 40) seen[member][vote.height] = vote.block_hash;
        }
    }
    int agreed = 0;
    for (int height = 0; height < 40; height++)
        if (!digest_is_zero(&seen[0][height]) && !digest_is_zero(&seen[1][height])) {
            cr_assert(digest_equal(&seen[0][height], &seen[1][height]));
            agreed++;
        }
    cr_assert_gt(agreed, 10);
    cr_assert_not(digest_equal(&seen[0][20], &seen[0][21]));
    stage_close(stage);
}

Test(lie_seal, poisoned_seals_are_refused_each_for_its_reason)
{
    struct stage *stage = stage_open(1u << LIE_SEAL, 1000, 0);
    struct blob *blocks = stage_blocks(stage, 1, 3);
    struct told honest = { 0, 1, FRAME_SYNC_BLOCKS, blocks };
    int counts[STATUS_CRYPTO + 1] = { 0 };
    cr_assert_eq(stage_check(stage, &honest), STATUS_OK);
    for (int i = 0; i < 200; i++) {
        size_t before = stage->told_count;
        liar_says(stage->liar, 3, FRAME_SYNC_BLOCKS, blocks);
        cr_assert_eq(stage->told_count, before + 1);
        counts[stage_check(stage, &stage->told[before])]++;
    }
    cr_assert_gt(counts[STATUS_NO_QUORUM], 0, "too few, or nobody");
    cr_assert_gt(counts[STATUS_BAD_SIGNATURE], 0, "doubled, or ours alone");
    cr_assert_gt(counts[STATUS_MALFORMED], 0, "the same entry again, or a wrong count");
    blob_unref(blocks);
    stage_close(stage);
}

/* The first seal of an answer: after the count and the first block. */
static struct span first_seal(const struct told *told)
{
    struct reader r = reader_of(blob_span(told->blob));
    read_u16(&r);
    read_bytes32(&r, SIZE_MAX);
    struct span seal = read_bytes16(&r, SIZE_MAX);
    cr_assert_eq(reader_status(&r), STATUS_OK);
    return seal;
}

Test(lie_seal, seals_are_poisoned_in_every_way)
{
    struct stage *stage = stage_open(1u << LIE_SEAL, 1000, 0);
    struct blob *blocks = stage_blocks(stage, 1, 1);
    struct told honest = { 0, 1, FRAME_SYNC_BLOCKS, blocks };
    uint16_t signers = load_u16(first_seal(&honest).data + 48);
    int fewer = 0, nobody = 0, count_more = 0, again = 0, twice = 0, ours = 0;
    for (int i = 0; i < 200; i++) {
        size_t before = stage->told_count;
        liar_says(stage->liar, 3, FRAME_SYNC_BLOCKS, blocks);
        struct span seal = first_seal(&stage->told[before]);
        uint16_t count = load_u16(seal.data + 48);
        size_t items = (seal.size - 50) / 66;
        const uint8_t *last = seal.data + 50 + (items - 1) * 66;
        bool same_numbers = items > 1 && load_u16(last) == load_u16(last - 66);
        int equal = 0;
        for (size_t k = 0; k + 1 < items; k++)
            equal += memcmp(last + 2, seal.data + 50 + k * 66 + 2, 64) == 0;
        nobody += count == 0 && items == 0;
        fewer += count == signers - 1 && items == count;
        count_more += count == items + 1;
        again += same_numbers && items == signers + 1u && count == items;
        twice += equal == 1 && items == signers && !same_numbers;
        ours += items == signers && equal == (int)items - 1;
    }
    cr_assert(nobody > 0 && fewer > 0 && count_more > 0);
    cr_assert(again > 0 && twice > 0 && ours > 0);
    blob_unref(blocks);
    stage_close(stage);
}

/* Nothing to poison: blocks without a seal, or bytes that are no blocks. */
Test(lie_seal, what_has_no_seal_is_passed_on)
{
    struct stage *stage = stage_open(1u << LIE_SEAL, 1000, 0);
    static const uint8_t empty[2];
    struct blob *none = blob_copy(span_of(empty, 2));
    struct blob *broken = blob_copy(span_text("xxxxxxxx"));
    liar_says(stage->liar, 3, FRAME_SYNC_BLOCKS, none);
    liar_says(stage->liar, 3, FRAME_SYNC_BLOCKS, broken);
    cr_assert_eq(stage->told_count, 2u);
    cr_assert(span_equal(blob_span(stage->told[0].blob), blob_span(none)));
    cr_assert(span_equal(blob_span(stage->told[1].blob), blob_span(broken)));
    blob_unref(none);
    blob_unref(broken);
    stage_close(stage);
}
