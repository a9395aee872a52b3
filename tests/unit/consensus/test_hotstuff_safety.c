/* Each rule alone, then what a promise leaves behind. */
#include "tests/unit/consensus/crafted.h"

static struct hotstuff *h;
static struct effects *out;
static struct certificate *root, *votes1;
static struct proposal b1, b2;

static void open_as(uint16_t self)
{
    crafted_config.self = self;
    free(h);
    h = calloc(1, hotstuff_ops.size(&crafted_config));
    cr_assert_not_null(h);
    effects_reset(out);
    cr_assert_eq(hotstuff_ops.open(h, &crafted_config, NULL, 0, out), STATUS_OK);
    effects_reset(out);
}

static void setup(void)
{
    crafted_setup();
    out = calloc(1, sizeof *out);
    cr_assert_not_null(out);
    open_as(crafted_leader(2));
    root = craft_root();
    b1 = craft_proposal(root, 1, "one");
    votes1 = craft_votes(&b1);
    b2 = craft_proposal(votes1, 2, "two");
}

static void teardown(void)
{
    free(h);
    free(out);
    free(root);
    free(votes1);
}

TestSuite(hotstuff_safety, .init = setup, .fini = teardown);

Test(hotstuff_safety, vote_in_the_present_view_only)
{
    cr_expect(safe_to_vote(h, &b1));
    h->view = 2;
    cr_expect_not(safe_to_vote(h, &b1));
    h->view = 1;
    cr_expect_not(safe_to_vote(h, &b2));
}

Test(hotstuff_safety, vote_once_in_a_view)
{
    promise_vote(h, &b1, out);
    cr_expect_not(safe_to_vote(h, &b1));
    struct proposal other = craft_proposal(root, 1, "other");
    cr_expect_not(safe_to_vote(h, &other));
}

Test(hotstuff_safety, no_vote_after_a_timeout_of_the_view)
{
    promise_timeout(h, out);
    cr_expect_not(safe_to_vote(h, &b1));
}

Test(hotstuff_safety, timeout_after_a_vote_is_allowed)
{
    promise_vote(h, &b1, out);
    cr_expect(safe_to_time_out(h));
}

Test(hotstuff_safety, vote_needs_the_parent)
{
    learn_certificate(h, votes1, out);
    cr_assert_eq(h->view, 2);
    cr_expect_not(safe_to_vote(h, &b2));
    learn_proposal(h, &b1, out);
    cr_expect(safe_to_vote(h, &b2));
}

Test(hotstuff_safety, no_commit_vote_in_a_view_that_was_given_up)
{
    promise_timeout(h, out);
    effects_reset(out);
    cr_expect_not(safe_to_commit_vote(h, votes1));
    learn_certificate(h, votes1, out);
    for (uint32_t i = 0; i < out->count; i++)
        cr_expect_neq(out->list[i].kind, EFFECT_SEND);
    cr_expect_eq(h->last_commit_vote.view, 0);
}

Test(hotstuff_safety, one_commit_vote_in_a_view_and_in_ascending_views)
{
    learn_certificate(h, votes1, out);
    cr_expect_eq(h->last_commit_vote.view, 1);
    cr_expect_not(safe_to_commit_vote(h, votes1));
    struct certificate *later = craft_certificate(proposal_statement(VOTE, &b2), 3);
    cr_expect(safe_to_commit_vote(h, later));
    free(later);
}

Test(hotstuff_safety, no_commit_vote_for_the_root)
{
    cr_expect_not(safe_to_commit_vote(h, root));
}

Test(hotstuff_safety, commit_vote_binds_later_timeouts)
{
    learn_certificate(h, votes1, out);
    cr_expect_eq(h->one_chain_view, 1);
    cr_expect(safe_to_time_out(h));
    h->high = *root; /* what a lost record would do */
    cr_expect_not(safe_to_time_out(h));
}

Test(hotstuff_safety, vote_binds_later_timeouts)
{
    learn_proposal(h, &b1, out);
    h->last_timeout.view = 1; /* so that the certificate itself gets no commit vote */
    learn_certificate(h, votes1, out);
    promise_vote(h, &b2, out);
    cr_expect_eq(h->one_chain_view, 1);
}

Test(hotstuff_safety, timeout_once_in_a_view)
{
    promise_timeout(h, out);
    cr_expect_not(safe_to_time_out(h));
}

Test(hotstuff_safety, propose_once_by_the_leader_on_a_known_parent)
{
    cr_expect_not(safe_to_propose(h), "view 1 is another's");
    learn_certificate(h, votes1, out);
    cr_expect_not(safe_to_propose(h), "the parent is not here");
    learn_proposal(h, &b1, out);
    cr_expect(safe_to_propose(h));
    promise_proposal(h, &b2, out);
    cr_expect_not(safe_to_propose(h));
}

Test(hotstuff_safety, no_proposal_after_a_timeout_of_the_view)
{
    learn_proposal(h, &b1, out);
    learn_certificate(h, votes1, out);
    promise_timeout(h, out);
    cr_expect_not(safe_to_propose(h));
}

Test(hotstuff_safety, observers_promise_nothing)
{
    open_as(VALIDATOR_NONE);
    learn_proposal(h, &b1, out);
    learn_certificate(h, votes1, out);
    cr_expect_not(safe_to_vote(h, &b2));
    cr_expect_not(safe_to_commit_vote(h, votes1));
    cr_expect_not(safe_to_time_out(h));
    cr_expect_not(safe_to_propose(h));
    repeat_promises(h, out);
    for (uint32_t i = 0; i < out->count; i++)
        cr_expect_eq(out->list[i].kind, EFFECT_NOTE);
}

/* The effect of a kind, or NULL; and that a PERSIST with the same statement stands before it. */
static const struct effect *find_send(void)
{
    bool announced = false;
    for (uint32_t i = 0; i < out->count; i++) {
        const struct effect *effect = &out->list[i];
        if (effect->kind == EFFECT_PERSIST && effect->persist.promises) announced = true;
        if (effect->kind != EFFECT_SEND) continue;
        cr_expect(announced, "sent before it was promised");
        return effect;
    }
    return NULL;
}

Test(hotstuff_safety, a_vote_is_recorded_with_proposal_and_sent_behind)
{
    promise_vote(h, &b1, out);
    const struct effect *persist = &out->list[0];
    cr_assert_eq(persist->kind, EFFECT_PERSIST);
    cr_expect(persist->persist.stores);
    struct statement vote = proposal_statement(VOTE, &b1);
    cr_expect(statement_equal(&persist->persist.promise, &vote));
    const struct effect *send = find_send();
    cr_assert_not_null(send);
    cr_expect(statement_equal(&send->send.statement, &vote));
    cr_expect_eq(send->to, NODE_ALL);
}

Test(hotstuff_safety, a_commit_vote_is_recorded_with_its_certificate)
{
    learn_certificate(h, votes1, out);
    const struct effect *persist = NULL;
    for (uint32_t i = 0; i < out->count && !persist; i++)
        if (out->list[i].kind == EFFECT_PERSIST) persist = &out->list[i];
    cr_assert_not_null(persist);
    cr_assert_eq(record_read(persist->persist.record, &h->record), STATUS_OK);
    cr_expect_eq(h->record.statement.kind, COMMIT_VOTE);
    cr_assert(h->record.has_high);
    cr_expect_eq(h->record.warrant.high.statement.view, 1);
    cr_expect_not_null(find_send());
}

Test(hotstuff_safety, a_timeout_is_repeated_in_the_same_bytes)
{
    struct timeout_certificate *timeouts1 = craft_timeouts(1, 0, 0, 0, root);
    learn_timeouts(h, timeouts1, out);
    cr_assert_eq(h->view, 2);
    effects_reset(out);
    promise_timeout(h, out);
    const struct effect *first = find_send();
    cr_assert_not_null(first);
    uint8_t bytes[ATTACHMENT_BYTES_MAX];
    size_t size = first->send.attachment.size;
    memcpy(bytes, first->send.attachment.data, size);

    h->high = *votes1; /* a late certificate of view 1: of the view before, and higher */
    effects_reset(out);
    repeat_timeout(h, out);
    cr_expect(span_equal(out->list[0].send.attachment, span_of(bytes, size)));
    cr_expect_eq(out->list[0].send.statement.aux, 0);
    free(timeouts1);
}

Test(hotstuff_safety, a_view_entered_by_timeouts_shows_them)
{
    cr_expect_null(entry_timeouts(h));
    struct timeout_certificate *timeouts1 = craft_timeouts(1, 0, 0, 0, root);
    learn_timeouts(h, timeouts1, out);
    cr_expect_eq(entry_timeouts(h), &h->timeouts);
    learn_certificate(h, votes1, out);
    cr_expect_null(entry_timeouts(h), "a certificate of the same view is worth more");
    free(timeouts1);
}
