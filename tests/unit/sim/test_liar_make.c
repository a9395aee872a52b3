#include "liar_fixture.h"

static enum status check_blob(struct stage *stage, struct blob *blob)
{
    struct told told = { stage->member, 1, FRAME_ENGINE, blob };
    enum status status = stage_check(stage, &told);
    blob_unref(blob);
    return status;
}

static const struct known_proposal *newest(const struct liar *liar)
{
    const struct known_proposal *best = NULL;
    for (size_t i = 0; i < PROPOSALS_MAX; i++)
        if (liar->proposals[i].blob &&
            (!best || liar->proposals[i].proposal.view > best->proposal.view))
            best = &liar->proposals[i];
    cr_assert_not_null(best);
    return best;
}

Test(liar_make, votes_pass_the_production_check)
{
    struct stage *stage = stage_open(0, 0, 0);
    stage_hear(stage);
    const struct proposal *proposal = &newest(stage->liar)->proposal;
    cr_assert_eq(check_blob(stage, make_vote(stage->liar, VOTE, proposal)), STATUS_OK);
    cr_assert_eq(check_blob(stage, make_vote(stage->liar, COMMIT_VOTE, proposal)), STATUS_OK);
    struct blob *seal = make_seal_vote(stage->liar, 3, &newest(stage->liar)->digest);
    struct told told = { 0, 1, FRAME_SEAL_VOTES, seal };
    cr_assert_eq(stage_check(stage, &told), STATUS_OK);
    blob_unref(seal);
    stage_close(stage);
}

Test(liar_make, another_member_could_not_have_signed_them)
{
    struct stage *stage = stage_open(0, 0, 0);
    stage_hear(stage);
    struct blob *vote = make_vote(stage->liar, VOTE, &newest(stage->liar)->proposal);
    stage->member = 2;
    cr_assert_eq(check_blob(stage, vote), STATUS_BAD_SIGNATURE);
    stage_close(stage);
}

/* Timeouts for one view of the three others, who know certificates of different age. */
static uint64_t hear_timeouts(struct stage *stage, const uint64_t aux[4], uint64_t view)
{
    struct liar *liar = stage->liar;
    struct liar_config config = liar->config;
    liar_tick(liar, view, view, 1);
    for (uint16_t from = 1; from < 4; from++) {
        if (aux[from] == UINT64_MAX) continue;
        struct certificate high = liar->root;
        high.statement.view = aux[from];
        liar->config.seal_key = &stage->w->seal_keys[from];
        struct blob *blob = make_timeout(liar, view, &high, NULL);
        liar->config = config;
        /* The certificate in it is made up, so only the ballot may be remembered. */
        struct message message;
        cr_assert_eq(message_read(blob_span(blob), blob->size, &message), STATUS_OK);
        struct ballots *ballots = &liar->ballots[view % BALLOTS_MAX];
        if (ballots->view != view) *ballots = (struct ballots){ .view = view };
        signer_set_add(&ballots->signers, from);
        ballots->aux[from] = message.statement.aux;
        ballots->signatures[from] = message.signature;
        blob_unref(blob);
    }
    return view;
}

/* The views of the two certificates that the memory has of the highest views. */
static void two_certificates(const struct liar *liar, uint64_t *lower, uint64_t *higher)
{
    *lower = *higher = 0;
    for (size_t i = 0; i < CERTIFICATES_MAX; i++) {
        uint64_t view = liar->certificates[i].statement.view;
        if (view > *higher) {
            *lower = *higher;
            *higher = view;
        } else if (view > *lower && view < *higher) {
            *lower = view;
        }
    }
    cr_assert_gt(*lower, 0u);
}

Test(liar_make, timeout_certificates_are_of_the_lowest_and_valid)
{
    struct stage *stage = stage_open(0, 0, 0);
    struct liar *liar = stage->liar;
    stage_hear(stage);
    uint64_t lower, higher;
    two_certificates(liar, &lower, &higher);
    uint64_t view = hear_timeouts(stage, (const uint64_t[]){ 0, higher, 0, lower }, higher + 5);
    struct timeout_certificate *timeouts = &liar->timeouts;
    cr_assert_not(make_timeouts(liar, view + 1, timeouts), "of another view");
    cr_assert(make_timeouts(liar, view, timeouts));
    cr_assert_eq(timeouts->high.statement.view, lower, "member 1, who knows more, is left out");
    cr_assert_not(signer_set_has(&timeouts->timeouts.certificate.signers, 1));
    struct blob *sync_info = make_sync_info(liar, &timeouts->high, timeouts);
    cr_assert_eq(check_blob(stage, sync_info), STATUS_OK, "a true one, and the worst of all");
    cr_assert_eq(check_blob(stage, make_timeout(liar, view + 1, &timeouts->high, timeouts)),
                 STATUS_OK);
    stage_close(stage);
}

Test(liar_make, too_few_timeouts_are_no_certificate)
{
    struct stage *stage = stage_open(0, 0, 0);
    stage_hear(stage);
    uint64_t lower, higher;
    two_certificates(stage->liar, &lower, &higher);
    const uint64_t one[] = { 0, UINT64_MAX, UINT64_MAX, lower };
    uint64_t view = hear_timeouts(stage, one, higher + 5);
    cr_assert_not(make_timeouts(stage->liar, view, &stage->liar->timeouts));
    stage_close(stage);
}

/* A proposal of ours in the next view that we lead, extending what is there. */
Test(liar_make, proposals_pass_the_production_check)
{
    struct stage *stage = stage_open(0, 0, 0);
    struct liar *liar = stage->liar;
    stage_play(stage);
    bool found = false;
    for (size_t i = 0; i < WARRANTS_MAX && !found; i++) {
        uint64_t view = liar->warrant_views[i];
        if (view == 0 || pacer_leader(&liar->pacer, view) != 0) continue;
        const struct warrant *warrant = &liar->warrants[i];
        struct message message;
        const struct known_proposal *known = newest(liar);
        message_read(blob_span(known->blob), SIZE_MAX, &message);
        struct proposal proposal = { .index = warrant->high.statement.index + 1,
                                     .view = view,
                                     .parent_view = warrant->high.statement.view,
                                     .parent = warrant->high.statement.digest,
                                     .batch = batch_digest(message.batch) };
        struct blob *blob =
            make_proposal(liar, &proposal, &warrant->high,
                          warrant->has_timeouts ? &warrant->timeouts : NULL, message.batch);
        cr_assert_eq(check_blob(stage, blob), STATUS_OK);
        found = true;
    }
    cr_assert(found);
    stage_close(stage);
}

/* ---- batches ---- */

static struct span batch_with(const struct stage *stage, uint32_t least)
{
    for (size_t i = 0; i < stage->kept_count; i++) {
        if (!stage_is(&stage->kept[i], PROPOSAL)) continue;
        struct message message = stage_message(&stage->kept[i]);
        if (load_u32(message.batch.data + 27) >= least) return message.batch;
    }
    cr_assert_fail("no such batch");
    return span_of("", 0);
}

Test(liar_make, every_way_gives_another_batch)
{
    struct stage *stage = stage_open(0, 0, 0);
    const struct check_context *context = replica_check_context(stage->w->nodes[1].replica);
    struct span original = batch_with(stage, 2);
    uint32_t count = load_u32(original.data + 27);
    static const bool valid[BATCH_WAYS] = { true, true, true, true, false, false, false };
    const uint32_t counts[BATCH_WAYS] = { 0, count, count - 1, count, count + 1, count, count };
    for (uint64_t how = 0; how < BATCH_WAYS; how++) {
        struct stream s = stream_of(how, 4);
        struct writer w;
        struct batch batch;
        make_batch(&s, how, original, &w);
        struct span made = writer_span(&w);
        cr_assert_not(span_equal(made, original), "way %d", (int)how);
        struct digest *txids = calloc(count + 1, sizeof *txids);
        enum status status =
            batch_check(made, &context->chain_id, &context->params, NULL, &batch, txids);
        free(txids);
        cr_assert_eq(status == STATUS_OK, valid[how], "way %d: %s", (int)how, status_name(status));
        cr_assert_eq(load_u32(made.data + 27), counts[how], "way %d", (int)how);
        writer_free(&w);
    }
    stage_close(stage);
}

Test(liar_make, an_empty_or_broken_batch_becomes_another_one_too)
{
    static const uint8_t head[BATCH_HEAD_BYTES] = { 1 };
    for (uint64_t how = 0; how < BATCH_WAYS; how++)
        for (size_t size = 0; size <= sizeof head; size++) {
            struct stream s = stream_of(how, 4);
            struct writer w;
            make_batch(&s, how, span_of(head, size), &w);
            cr_assert_eq(writer_status(&w), STATUS_OK);
            cr_assert_not(span_equal(writer_span(&w), span_of(head, size)));
            writer_free(&w);
        }
}

/* ---- agreement ---- */

Test(liar_make, a_changed_message_agrees_with_itself_again)
{
    struct stage *stage = stage_open(0, 0, 0);
    size_t proposals = 0;
    for (size_t i = 0; i < stage->kept_count; i++) {
        struct told *kept = &stage->kept[i];
        if (kept->from != 0 || !stage_is(kept, PROPOSAL)) continue;
        proposals++;
        struct blob *deep = blob_copy(blob_span(kept->blob));
        size_t time = (size_t)(stage_message(kept).batch.data - kept->blob->data) + 19;
        deep->data[time]++;
        struct blob *shallow = blob_copy(blob_span(deep));
        make_agree(stage->liar, deep, true);
        make_agree(stage->liar, shallow, false);
        cr_assert_eq(check_blob(stage, deep), STATUS_OK);
        cr_assert_eq(check_blob(stage, shallow), STATUS_MISMATCH);
    }
    cr_assert_gt(proposals, 0u);
    struct blob *broken = blob_copy(span_text("no message"));
    make_agree(stage->liar, broken, true);
    cr_assert(span_equal(blob_span(broken), span_text("no message")));
    blob_unref(broken);
    stage_close(stage);
}
