#include "liar_fixture.h"

static size_t count_told(const struct stage *stage, enum hotstuff_kind kind, uint16_t to,
                         const struct digest *digest)
{
    size_t count = 0;
    for (size_t i = 0; i < stage->told_count; i++) {
        if (stage->told[i].to != to || !stage_is(&stage->told[i], kind)) continue;
        struct message message = stage_message(&stage->told[i]);
        count += digest_equal(&message.statement.digest, digest);
    }
    return count;
}

static const struct told *proposal_of(const struct stage *stage, uint16_t from, size_t skip)
{
    for (size_t i = 0; i < stage->kept_count; i++)
        if (stage->kept[i].from == from && stage->kept[i].to == 0 &&
            stage_is(&stage->kept[i], PROPOSAL) && skip-- == 0)
            return &stage->kept[i];
    cr_assert_fail("no such proposal");
    return NULL;
}

Test(lie_vote, two_proposals_in_a_view_get_two_votes)
{
    struct stage *stage = stage_open(1u << LIE_VOTE_TWICE, 1000, 0);
    const struct told *first = proposal_of(stage, 1, 0);
    struct digest one = stage_message(first).statement.digest;
    uint8_t empty[BATCH_HEAD_BYTES] = { 1 };
    struct blob *second = world_rebatch(stage->w, 1, first->blob, span_of(empty, sizeof empty));
    struct digest two = world_message(second).statement.digest;
    liar_hears(stage->liar, 1, FRAME_ENGINE, first->blob);
    liar_hears(stage->liar, 1, FRAME_ENGINE, second);
    const enum hotstuff_kind kinds[] = { VOTE, COMMIT_VOTE };
    for (int k = 0; k < 2; k++) {
        size_t ones = 0, twos = 0;
        for (uint16_t to = 1; to < 4; to++) {
            ones += count_told(stage, kinds[k], to, &one);
            twos += count_told(stage, kinds[k], to, &two);
        }
        cr_assert_gt(ones, 0u);
        cr_assert_gt(twos, 0u);
    }
    for (size_t i = 0; i < stage->told_count; i++)
        cr_assert_eq(stage_check(stage, &stage->told[i]), STATUS_OK);
    blob_unref(second);
    stage_close(stage);
}

Test(lie_vote, three_chains_get_no_commit_votes)
{
    struct stage *stage = stage_open(1u << LIE_VOTE_TWICE, 1000, 0);
    stage->plan.phases = 3;
    liar_hears(stage->liar, 1, FRAME_ENGINE, proposal_of(stage, 1, 0)->blob);
    cr_assert_gt(stage->told_count, 0u);
    for (size_t i = 0; i < stage->told_count; i++)
        cr_assert(stage_is(&stage->told[i], VOTE));
    stage_close(stage);
}

Test(lie_vote, with_a_vote_goes_a_contradicting_one)
{
    struct stage *stage = stage_open(1u << LIE_VOTE_TWICE, 1000, 0);
    stage_hear(stage);
    int said = 0, contradicted = 0, for_nothing = 0;
    for (size_t i = 0; i < stage->kept_count; i++) {
        struct told *kept = &stage->kept[i];
        if (kept->from != 0 || !(stage_is(kept, VOTE) || stage_is(kept, COMMIT_VOTE))) continue;
        size_t before = stage->told_count;
        liar_says(stage->liar, kept->to, kept->frame, kept->blob);
        struct statement honest = stage_message(kept).statement;
        for (size_t t = before; t < stage->told_count; t++) {
            struct message message = stage_message(&stage->told[t]);
            cr_assert_eq(stage->told[t].to, kept->to);
            cr_assert_eq(message.statement.kind, honest.kind);
            cr_assert_eq(message.statement.view, honest.view);
            cr_assert(stage_signed(stage, &message));
            bool same = statement_equal(&message.statement, &honest);
            said += same;
            contradicted += !same;
            for_nothing += !same && !memory_find(stage->liar, &message.statement.digest);
        }
    }
    cr_assert_gt(said, 0);
    cr_assert_gt(contradicted, said / 2);
    cr_assert_gt(for_nothing, 0);
    cr_assert_lt(for_nothing, contradicted);
    stage_close(stage);
}

/* After a timeout there must be no vote in its view: the rule that this breaks. */
Test(lie_vote, after_a_timeout_it_votes_for_what_it_gave_up)
{
    struct stage *stage = stage_open(1u << LIE_VOTE_TWICE, 1000, 0);
    stage_hear(stage);
    struct message given_up = stage_message(proposal_of(stage, 1, 1));
    uint64_t view = given_up.statement.view;
    struct digest digest = given_up.statement.digest;
    size_t before = stage->told_count;
    struct blob *timeout = make_timeout(stage->liar, view, &stage->liar->root, NULL);
    liar_says(stage->liar, 2, FRAME_ENGINE, timeout);
    blob_unref(timeout);
    size_t timeouts = 0, votes = 0, commit_votes = 0;
    for (size_t i = before; i < stage->told_count; i++) {
        struct statement statement = stage_message(&stage->told[i]).statement;
        timeouts += statement.kind == TIMEOUT;
        votes += statement.kind == VOTE && digest_equal(&statement.digest, &digest);
        commit_votes += statement.kind == COMMIT_VOTE && digest_equal(&statement.digest, &digest);
    }
    cr_assert_eq(timeouts, 1u);
    cr_assert_eq(votes, 1u);
    cr_assert_eq(commit_votes, 1u);
    stage_close(stage);
}

/* ---- timeouts ---- */

/* All that the liar says with LIE_TIMEOUTS after a view of member 2 has failed. */
static struct stage *leaving_stage(void)
{
    struct stage *stage = stage_open(0, 0, 0);
    stage_time_out(stage, 2);
    return stage;
}

Test(lie_vote, it_leaves_views_early_and_is_believed)
{
    struct stage *stage = leaving_stage();
    int early = 0, refused = 0, lower = 0;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        stage_liar(stage, 1u << LIE_TIMEOUTS, 1000, seed);
        stage_play(stage);
        for (size_t i = 0; i < stage->told_count; i++) {
            struct told *told = &stage->told[i];
            if (!stage_is(told, TIMEOUT) || stage_said(stage, told)) continue;
            struct message message = stage_message(told);
            cr_assert(stage_signed(stage, &message));
            bool believed = stage_check(stage, told) == STATUS_OK;
            early += believed;
            refused += !believed;
            lower += message.statement.aux + 1 < message.statement.view;
        }
    }
    cr_assert_gt(early, 0);
    cr_assert_gt(refused, 0);
    cr_assert_gt(lower, 0);
    stage_close(stage);
}

struct spoiled {
    int genuine, too_few, doubled, maximum_lower, renumbered, other_view;
};

/* Who has signed this in a timeout that was heard: the statement, or kind 0. */
static struct statement heard_timeout(const struct stage *stage, const struct signature *signature)
{
    for (size_t i = 0; i < stage->kept_count; i++) {
        if (!stage_is(&stage->kept[i], TIMEOUT)) continue;
        struct message message = stage_message(&stage->kept[i]);
        if (memcmp(message.signature.bytes, signature->bytes, sizeof signature->bytes) == 0)
            return message.statement;
    }
    return (struct statement){ .kind = 0 };
}

/* What is wrong with it, judged by what was really said. */
static void classify(const struct stage *stage, const struct timeout_certificate *timeouts,
                     struct spoiled *spoiled)
{
    const struct certificate *list = &timeouts->timeouts.certificate;
    uint16_t count = signer_set_count(&list->signers);
    uint64_t highest = 0;
    bool doubled = false, renumbered = false, other_view = false;
    for (uint16_t i = 0; i < count; i++) {
        struct statement said = heard_timeout(stage, &list->signatures[i]);
        highest = max_u64(highest, timeouts->timeouts.aux[i]);
        for (uint16_t j = 0; j < i; j++)
            doubled = doubled || memcmp(list->signatures[i].bytes, list->signatures[j].bytes,
                                        sizeof list->signatures[i].bytes) == 0;
        if (said.kind != TIMEOUT) continue; /* Our own. */
        other_view = other_view || said.view != list->statement.view;
        renumbered = renumbered || said.aux != timeouts->timeouts.aux[i];
    }
    bool lower = highest > timeouts->high.statement.view;
    spoiled->too_few += count < 3;
    spoiled->doubled += doubled;
    spoiled->other_view += other_view;
    spoiled->renumbered += renumbered && !doubled && !lower;
    spoiled->maximum_lower += lower && !renumbered;
    spoiled->genuine += count == 3 && !doubled && !other_view && !renumbered && !lower;
}

Test(lie_vote, timeout_certificates_are_spoiled_in_every_way)
{
    struct stage *stage = leaving_stage();
    struct spoiled spoiled = { 0 };
    for (uint64_t seed = 1; seed <= 12; seed++) {
        stage_liar(stage, 1u << LIE_TIMEOUTS, 1000, seed);
        stage_play(stage);
        for (size_t i = 0; i < stage->told_count; i++) {
            struct told *told = &stage->told[i];
            struct warrant *warrant = &stage->liar->warrant;
            if (!stage_is(told, TIMEOUT) || stage_said(stage, told)) continue;
            struct message message = stage_message(told);
            cr_assert_eq(timeout_attachment_read(message.attachment, warrant), STATUS_OK);
            if (warrant->has_timeouts) classify(stage, &warrant->timeouts, &spoiled);
        }
    }
    cr_assert_gt(spoiled.genuine, 0);
    cr_assert_gt(spoiled.too_few, 0);
    cr_assert_gt(spoiled.doubled, 0);
    cr_assert_gt(spoiled.maximum_lower, 0);
    cr_assert_gt(spoiled.renumbered, 0);
    cr_assert_gt(spoiled.other_view, 0);
    stage_close(stage);
}

/* Timeout certificates of every kind of spoiling are refused for their own reason. */
Test(lie_vote, bad_timeout_certificates_are_refused_and_genuine_ones_are_not)
{
    struct stage *stage = leaving_stage();
    int counts[STATUS_CRYPTO + 1] = { 0 };
    for (uint64_t seed = 1; seed <= 12; seed++) {
        stage_liar(stage, 1u << LIE_TIMEOUTS, 1000, seed);
        stage_play(stage);
        for (size_t i = 0; i < stage->told_count; i++) {
            struct told *told = &stage->told[i];
            struct warrant *warrant = &stage->liar->warrant;
            if (!stage_is(told, SYNC_INFO) || stage_said(stage, told)) continue;
            struct span proof;
            struct message message = stage_message(told);
            cr_assert_eq(sync_attachment_read(message.attachment, warrant, &proof), STATUS_OK);
            counts[stage_check(stage, told)] += warrant->has_timeouts;
        }
    }
    cr_assert_gt(counts[STATUS_OK], 0, "put together of what was really said");
    cr_assert_gt(counts[STATUS_NO_QUORUM], 0, "too few");
    cr_assert_gt(counts[STATUS_BAD_SIGNATURE], 0, "doubled, renumbered or of another view");
    cr_assert_gt(counts[STATUS_MISMATCH], 0, "a maximum too low");
    stage_close(stage);
}
