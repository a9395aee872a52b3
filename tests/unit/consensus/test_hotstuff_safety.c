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

/* ---- Three-chain ---- */

static struct proposal b3;
static struct certificate *votes2;
static struct timeout_certificate *timeouts3;

/* Holds b1 <- b2 <- b3, and votes 1 and 2; the first three views are open. */
static void setup_three(void)
{
    static const struct engine_option option = { "phases", THREE_CHAIN };
    setup();
    crafted_config.options = &option;
    crafted_config.options_count = 1;
    open_as(crafted_leader(2));
    votes2 = craft_votes(&b2);
    b3 = craft_proposal(votes2, 3, "three");
    timeouts3 = craft_timeouts(3, 2, 2, 2, votes2);
    learn_proposal(h, &b1, out);
}

static void teardown_three(void)
{
    free(votes2);
    free(timeouts3);
    teardown();
}

TestSuite(three_chain_safety, .init = setup_three, .fini = teardown_three);

/* Votes for b1, b2 and b3, each in its view. */
static void vote_three(void)
{
    promise_vote(h, &b1, out);
    learn_certificate(h, votes1, out);
    learn_proposal(h, &b2, out);
    promise_vote(h, &b2, out);
    learn_certificate(h, votes2, out);
    learn_proposal(h, &b3, out);
    cr_expect_eq(h->lock_view, 0, "two votes lock the root");
    promise_vote(h, &b3, out);
}

Test(three_chain_safety, a_vote_locks_the_grandparent)
{
    vote_three();
    cr_expect_eq(h->lock_view, 1);
    cr_expect_eq(h->voted_view, 3);
}

Test(three_chain_safety, nothing_older_than_the_lock)
{
    vote_three();
    learn_timeouts(h, timeouts3, out);
    cr_assert_eq(h->view, 4);
    struct proposal on_root = craft_proposal(root, 4, "x");
    struct proposal on_b1 = craft_proposal(votes1, 4, "x");
    struct proposal on_b2 = craft_proposal(votes2, 4, "x");
    cr_expect_not(safe_to_vote(h, &on_root));
    cr_expect(safe_to_vote(h, &on_b1), "the lock itself");
    cr_expect(safe_to_vote(h, &on_b2));
    h->lock_view = 0;
    cr_expect(safe_to_vote(h, &on_root), "nothing but the lock forbids it");
}

/* A lock never falls, also if a later vote grows from something older than its own lock. */
Test(three_chain_safety, a_lock_only_rises)
{
    vote_three();
    learn_timeouts(h, timeouts3, out);
    struct proposal on_b1 = craft_proposal(votes1, 4, "x");
    learn_proposal(h, &on_b1, out);
    promise_vote(h, &on_b1, out);
    cr_expect_eq(h->lock_view, 1, "not the root, which is the grandparent of this one");
}

Test(three_chain_safety, a_decided_parent_is_the_lock)
{
    vote_three();
    h->decided = (struct position){ 2, 2, votes2->statement.digest };
    tree_prune(&h->tree, 2, 2, &votes2->statement.digest);
    learn_timeouts(h, timeouts3, out);
    struct proposal on_b2 = craft_proposal(votes2, 4, "x");
    cr_assert(safe_to_vote(h, &on_b2));
    promise_vote(h, &on_b2, out);
    cr_expect_eq(h->lock_view, 2);
}

Test(three_chain_safety, there_are_no_commit_votes)
{
    cr_expect_not(safe_to_commit_vote(h, votes1));
    learn_certificate(h, votes1, out);
    cr_expect_eq(h->last_commit_vote.view, 0);
    for (uint32_t i = 0; i < out->count; i++)
        if (out->list[i].kind == EFFECT_SEND)
            cr_expect_neq(out->list[i].send.statement.kind, COMMIT_VOTE);
}

Test(three_chain_safety, r_vote_holds_as_in_the_two_chain)
{
    promise_vote(h, &b1, out);
    struct proposal other = craft_proposal(root, 1, "other");
    cr_expect_not(safe_to_vote(h, &other));
    promise_timeout(h, out);
    cr_expect_not(safe_to_time_out(h));
    learn_certificate(h, votes1, out);
    promise_timeout(h, out);
    cr_expect_not(safe_to_vote(h, &b2), "no vote after a timeout of the view");
}

Test(three_chain_safety, the_lock_is_in_the_record_of_the_vote)
{
    vote_three();
    const struct effect *last = NULL;
    for (uint32_t i = 0; i < out->count; i++)
        if (out->list[i].kind == EFFECT_PERSIST) last = &out->list[i];
    cr_assert_not_null(last);
    cr_assert_eq(record_read(last->persist.record, &h->record), STATUS_OK);
    cr_expect_eq(h->record.statement.view, 3);
    cr_assert(h->record.has_lock);
    cr_expect_eq(h->record.lock_view, 1);
}

Test(hotstuff_safety, a_two_chain_locks_nothing)
{
    promise_vote(h, &b1, out);
    cr_expect_eq(h->lock_view, 0);
    cr_assert_eq(record_read(out->list[0].persist.record, &h->record), STATUS_OK);
    cr_expect_not(h->record.has_lock);
}
