#include "liar_fixture.h"

/* What one member was told in a view: proposals, and votes for the first and the second. */
struct heard_in_view {
    int first, second;
    int votes_first, votes_second;
};

/* The honest proposal of a view. */
static struct message honest_proposal(const struct stage *stage, uint64_t view)
{
    for (size_t i = 0; i < stage->kept_count; i++) {
        const struct told *kept = &stage->kept[i];
        if (kept->from == stage->member && stage_is(kept, PROPOSAL) &&
            stage_message(kept).statement.view == view)
            return stage_message(kept);
    }
    cr_assert_fail("no honest proposal in view %d", (int)view);
    return (struct message){ .statement = { .kind = 0 } };
}

static struct heard_in_view heard_by(const struct stage *stage, uint16_t to, uint64_t view,
                                     const struct digest *first)
{
    struct heard_in_view heard = { 0 };
    for (size_t i = 0; i < stage->told_count; i++) {
        const struct told *told = &stage->told[i];
        if (told->to != to || told->frame != FRAME_ENGINE) continue;
        struct statement statement = stage_message(told).statement;
        bool same = digest_equal(&statement.digest, first);
        if (statement.view != view) continue;
        if (statement.kind == PROPOSAL) *(same ? &heard.first : &heard.second) += 1;
        if (statement.kind == VOTE) *(same ? &heard.votes_first : &heard.votes_second) += 1;
    }
    return heard;
}

/* Views of the liar's in which somebody got another proposal than the honest one. */
static size_t second_views(const struct stage *stage, uint64_t views[64])
{
    size_t count = 0;
    for (size_t i = 0; i < stage->told_count; i++) {
        if (!stage_is(&stage->told[i], PROPOSAL) || stage_said(stage, &stage->told[i])) continue;
        uint64_t view = stage_message(&stage->told[i]).statement.view;
        bool known = false;
        for (size_t v = 0; v < count; v++)
            known = known || views[v] == view;
        if (!known && count < 64) views[count++] = view;
    }
    return count;
}

Test(lie_propose, equivocation_tells_each_half_its_own_proposal_and_votes_for_it)
{
    struct stage *stage = stage_open(0, 0, 0);
    uint64_t views[64];
    int halves = 0, loud = 0;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        stage_liar(stage, 1u << LIE_EQUIVOCATE, 1000, seed);
        stage_play(stage);
        size_t count = second_views(stage, views);
        cr_assert_gt(count, 0u);
        for (size_t v = 0; v < count; v++) {
            struct digest first = honest_proposal(stage, views[v]).statement.digest;
            int only_first = 0, only_second = 0;
            for (uint16_t to = 1; to < 4; to++) {
                struct heard_in_view heard = heard_by(stage, to, views[v], &first);
                cr_assert_gt(heard.first + heard.second, 0, "nobody is left out");
                cr_assert_eq(heard.first > 0, heard.votes_first > 0, "our votes fit");
                cr_assert_eq(heard.second > 0, heard.votes_second > 0, "our votes fit");
                only_first += heard.second == 0;
                only_second += heard.first == 0;
            }
            halves += only_first > 0 && only_second > 0 && only_first + only_second == 3;
            loud += only_first + only_second < 3;
        }
    }
    cr_assert_gt(halves, 3);
    cr_assert_gt(loud, 3);
    stage_close(stage);
}

Test(lie_propose, second_proposals_are_signed_and_some_of_them_would_be_believed)
{
    struct stage *stage = stage_open(0, 0, 0);
    int believed = 0, refused = 0;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        stage_liar(stage, 1u << LIE_EQUIVOCATE, 1000, seed);
        stage_play(stage);
        for (size_t i = 0; i < stage->told_count; i++) {
            struct told *told = &stage->told[i];
            if (!stage_is(told, PROPOSAL) || stage_said(stage, told)) continue;
            struct message message = stage_message(told);
            struct message first = honest_proposal(stage, message.statement.view);
            struct proposal second = stage_proposal(&message);
            struct digest batch = batch_digest(message.batch);
            cr_assert(stage_signed(stage, &message));
            cr_assert(digest_equal(&second.batch, &batch));
            cr_assert_not(span_equal(message.batch, first.batch));
            cr_assert_eq(message.statement.index, first.statement.index);
            *(stage_check(stage, told) == STATUS_OK ? &believed : &refused) += 1;
        }
    }
    cr_assert_gt(believed, 0);
    cr_assert_gt(refused, 0, "bad transactions among them");
    stage_close(stage);
}

/* Behind each proposal come a vote and a commit vote for it, before anybody else has voted. */
Test(lie_propose, our_votes_come_with_each_of_the_two)
{
    struct stage *stage = stage_open(1u << LIE_EQUIVOCATE, 1000, 0);
    stage_play(stage);
    uint64_t views[64];
    size_t count = second_views(stage, views);
    for (size_t i = 0; i < stage->told_count; i++) {
        if (!stage_is(&stage->told[i], PROPOSAL)) continue;
        struct statement proposed = stage_message(&stage->told[i]).statement;
        bool second = false;
        for (size_t v = 0; v < count; v++)
            second = second || views[v] == proposed.view;
        for (size_t k = 1; k <= 2 && second; k++) {
            struct told *told = &stage->told[i + k];
            struct statement voted = stage_message(told).statement;
            cr_assert_eq(told->to, stage->told[i].to);
            cr_assert_eq(voted.kind, k == 1 ? VOTE : COMMIT_VOTE);
            cr_assert(digest_equal(&voted.digest, &proposed.digest));
        }
    }
    stage_close(stage);
}

Test(lie_propose, who_misses_the_second_batch_gets_it)
{
    struct stage *stage = stage_open(1u << LIE_EQUIVOCATE, 1000, 0);
    stage_play(stage);
    cr_assert_not_null(stage->liar->second.blob);
    struct digest wanted = proposal_digest(&stage->liar->second.proposal);
    for (int known = 0; known < 2; known++) {
        struct writer w;
        writer_init(&w, 64);
        write_u8(&w, 1);
        write_digest(&w, &wanted);
        write_u64(&w, 0);
        struct blob *fetch = stage_blob(&w);
        size_t before = stage->told_count;
        liar_hears(stage->liar, 3, FRAME_FETCH, fetch);
        blob_unref(fetch);
        cr_assert_eq(stage->told_count, before + (known == 0), "only of what it made");
        wanted.bytes[0] ^= 1;
    }
    struct told *told = &stage->told[stage->told_count - 1];
    struct proposal proposal;
    struct reader r = reader_of(blob_span(told->blob));
    proposal_read(&r, &proposal);
    struct digest batch = batch_digest(read_bytes32(&r, SIZE_MAX));
    cr_assert_eq(told->to, 3);
    cr_assert_eq(told->frame, FRAME_FETCHED);
    cr_assert_eq(reader_end(&r), STATUS_OK);
    cr_assert(digest_equal(&proposal.batch, &batch));
    stage_close(stage);
}

Test(lie_propose, stale_proposals_stand_on_older_certificates)
{
    struct stage *stage = stage_open(0, 0, 0);
    stage_time_out(stage, stage_before(stage));
    int stale = 0, refused = 0, with_timeouts = 0;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        stage_liar(stage, 1u << LIE_STALE_PROPOSAL, 800, seed);
        stage_play(stage);
        for (size_t i = 0; i < stage->told_count; i++) {
            struct told *told = &stage->told[i];
            if (!stage_is(told, PROPOSAL) || stage_said(stage, told)) continue;
            struct message message = stage_message(told);
            struct proposal proposal = stage_proposal(&message);
            cr_assert(stage_signed(stage, &message));
            cr_assert_eq(pacer_leader(&stage->liar->pacer, proposal.view), 0);
            stale += proposal.parent_view + 1 < proposal.view;
            with_timeouts += message.attachment.size > PROPOSAL_BYTES + 400;
            refused += stage_check(stage, told) != STATUS_OK;
        }
    }
    cr_assert_gt(stale, 0);
    cr_assert_gt(refused, 0);
    cr_assert_gt(with_timeouts, 0);
    stage_close(stage);
}

/* The worst of the true ones: a quorum has named only an old certificate, and the leader takes it
 * although it knows a newer one. It must be believed, and it must not matter. */
Test(lie_propose, a_stale_proposal_with_genuine_timeouts_is_believed)
{
    struct stage *stage = stage_open(0, 0, 0);
    struct liar *liar = stage->liar;
    stage_hear(stage);
    uint64_t view = liar->view + 20;
    while (pacer_leader(&liar->pacer, view) != 0)
        view++;
    struct stream s = stream_of(3, 3);
    const struct certificate *old = memory_certificate(liar, &s, 8);
    cr_assert_not_null(old);
    liar_tick(liar, view, 1, 1);
    struct ballots *ballots = &liar->ballots[(view - 1) % BALLOTS_MAX];
    *ballots = (struct ballots){ .view = view - 1 };
    for (uint16_t from = 1; from < 4; from++) {
        struct message message = {
            .statement = { .kind = TIMEOUT, .view = view - 1, .aux = old->statement.view }
        };
        world_sign_message(stage->w, from, &message);
        signer_set_add(&ballots->signers, from);
        ballots->aux[from] = old->statement.view;
        ballots->signatures[from] = message.signature;
    }
    bool believed = false;
    for (uint64_t seed = 1; seed <= 40 && !believed; seed++) {
        stage->plan.lies = 1u << LIE_STALE_PROPOSAL;
        stage->plan.lie_permille = 1000;
        liar->second.view = 0;
        liar->streams[LIE_STALE_PROPOSAL] = stream_of(seed, 1);
        size_t before = stage->told_count;
        liar_tick(liar, view, 1, 1);
        for (size_t i = before; i < stage->told_count; i++)
            believed = believed || (stage_is(&stage->told[i], PROPOSAL) &&
                                    stage_check(stage, &stage->told[i]) == STATUS_OK);
    }
    cr_assert(believed);
    stage_close(stage);
}

Test(lie_propose, in_other_members_views_it_proposes_nothing)
{
    struct stage *stage = stage_open((1u << LIE_STALE_PROPOSAL) | (1u << LIE_EQUIVOCATE), 1000, 0);
    stage_play(stage);
    for (size_t i = 0; i < stage->told_count; i++)
        if (stage_is(&stage->told[i], PROPOSAL))
            cr_assert_eq(
                pacer_leader(&stage->liar->pacer, stage_message(&stage->told[i]).statement.view),
                0);
    stage_close(stage);
}
