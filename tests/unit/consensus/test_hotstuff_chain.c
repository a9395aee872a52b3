/* Certificates, decisions, anchors, and what is asked for when something is missing. */
#include "tests/unit/consensus/crafted.h"

enum { LENGTH = 140 };

static struct hotstuff *h;
static struct effects *out;
static struct proposal chain[LENGTH + 1]; /* chain[i] has index and view i */
static struct certificate *votes[LENGTH + 1];
static uint64_t now_ms;

static void open_at(uint64_t executed)
{
    crafted_config.executed = executed;
    crafted_config.self = 0;
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
    votes[0] = craft_root();
    for (uint64_t i = 1; i <= LENGTH; i++) {
        chain[i] = craft_proposal(votes[i - 1], i, "batch");
        votes[i] = craft_certificate(proposal_statement(VOTE, &chain[i]), 0);
        for (uint16_t s = 0; s < CRAFTED_QUORUM; s++)
            signer_set_add(&votes[i]->signers, s); /* nobody looks at signatures here */
    }
    open_at(0);
}

static void teardown(void)
{
    for (size_t i = 0; i <= LENGTH; i++)
        free(votes[i]);
    free(h);
    free(out);
}

TestSuite(hotstuff_chain, .init = setup, .fini = teardown);

static struct span commit_proof(uint64_t index)
{
    static uint8_t bytes[PROOF_BYTES_MAX];
    struct certificate commits = *votes[index];
    commits.statement.kind = COMMIT_VOTE;
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    hotstuff_proof_write(&w, PROOF_COMMIT_VOTES, NULL, &commits);
    return writer_span(&w);
}

static void decide(uint64_t index)
{
    struct position position = { index, index, votes[index]->statement.digest };
    learn_decision(h, &position, commit_proof(index), out);
}

static void anchor(uint64_t first, uint64_t last, uint64_t executed)
{
    struct event event = { .kind = EVENT_DECIDED, .now_ms = now_ms };
    event.decided.list = &chain[first];
    event.decided.count = last - first + 1;
    event.decided.proof = commit_proof(last);
    event.decided.executed = executed;
    effects_reset(out);
    hotstuff_ops.step(h, &event, out);
}

static void tick(uint64_t ms)
{
    now_ms += ms;
    struct event event = { .kind = EVENT_TIMER, .now_ms = now_ms };
    effects_reset(out);
    hotstuff_ops.step(h, &event, out);
}

static uint32_t count_effects(enum effect_kind kind)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < out->count; i++)
        count += out->list[i].kind == kind;
    return count;
}

static const struct effect *find_effect(enum effect_kind kind)
{
    for (uint32_t i = 0; i < out->count; i++)
        if (out->list[i].kind == kind) return &out->list[i];
    return NULL;
}

Test(hotstuff_chain, certificate_moves_the_view)
{
    learn_certificate(h, votes[7], out);
    cr_expect_eq(h->view, 8);
    learn_certificate(h, votes[3], out);
    cr_expect_eq(h->view, 8);
    cr_expect_eq(h->high.statement.view, 7);
}

Test(hotstuff_chain, timeouts_move_the_view_and_bring_their_certificate)
{
    struct timeout_certificate *timeouts = craft_timeouts(9, 7, 3, 7, votes[7]);
    learn_timeouts(h, timeouts, out);
    cr_expect_eq(h->view, 10);
    cr_expect_eq(h->high.statement.view, 7);
    timeouts->timeouts.certificate.statement.view = 4;
    learn_timeouts(h, timeouts, out);
    cr_expect_eq(h->view, 10);
    free(timeouts);
}

Test(hotstuff_chain, two_chain_decides_the_parent)
{
    learn_proposal(h, &chain[1], out);
    learn_proposal(h, &chain[2], out);
    learn_certificate(h, votes[1], out);
    cr_expect_eq(h->decided.index, 0);
    learn_certificate(h, votes[2], out);
    cr_expect_eq(h->decided.index, 1);
    cr_expect_eq(count_effects(EFFECT_COMMIT), 1);
}

Test(hotstuff_chain, two_chain_waits_for_the_child)
{
    learn_proposal(h, &chain[1], out);
    learn_certificate(h, votes[2], out);
    cr_expect_eq(h->decided.index, 0);
    learn_proposal(h, &chain[2], out);
    cr_expect_eq(h->decided.index, 1);
}

Test(hotstuff_chain, a_gap_in_views_decides_nothing)
{
    struct proposal late = craft_proposal(votes[1], 3, "late");
    struct certificate *certified = craft_certificate(proposal_statement(VOTE, &late), 3);
    learn_proposal(h, &chain[1], out);
    learn_proposal(h, &late, out);
    learn_certificate(h, votes[1], out);
    learn_certificate(h, certified, out);
    cr_expect_eq(h->decided.index, 0);
    free(certified);
}

Test(hotstuff_chain, decision_delivers_all_ancestors_oldest_first_and_once)
{
    for (uint64_t i = 3; i >= 1; i--)
        learn_proposal(h, &chain[i], out);
    decide(3);
    uint64_t next = 1;
    const struct effect *last = NULL;
    for (uint32_t i = 0; i < out->count; i++) {
        if (out->list[i].kind != EFFECT_COMMIT) continue;
        cr_expect_eq(out->list[i].commit.proposal.index, next++);
        last = &out->list[i];
    }
    cr_assert_not_null(last);
    cr_expect_eq(next, 4);
    cr_expect(span_equal(last->commit.proof, commit_proof(3)));
    decide(3);
    decide(2);
    cr_expect_eq(count_effects(EFFECT_COMMIT), 3);
    cr_expect_eq(h->tree.count, 0);
}

Test(hotstuff_chain, decision_waits_for_what_is_missing_and_asks_for_it)
{
    learn_proposal(h, &chain[3], out);
    h->hint = 2;
    decide(3);
    cr_expect_eq(count_effects(EFFECT_COMMIT), 0);
    tick(0);
    cr_expect_null(find_effect(EFFECT_FETCH), "it may be on its way");
    tick(250);
    const struct effect *fetch = find_effect(EFFECT_FETCH);
    cr_assert_not_null(fetch);
    cr_expect_eq(fetch->to, 2);
    cr_expect_eq(fetch->fetch.index, 2);
    cr_expect(digest_equal(&fetch->fetch.digest, &chain[3].parent));

    tick(499);
    cr_expect_null(find_effect(EFFECT_FETCH));
    tick(1);
    fetch = find_effect(EFFECT_FETCH);
    cr_assert_not_null(fetch);
    cr_expect_eq(fetch->to, 3, "another peer");
    tick(500);
    cr_expect_eq(find_effect(EFFECT_FETCH)->to, 1, "never ourselves");

    struct event event = { .kind = EVENT_FETCHED, .now_ms = now_ms, .proposal = &chain[2] };
    effects_reset(out);
    hotstuff_ops.step(h, &event, out);
    fetch = find_effect(EFFECT_FETCH);
    cr_assert_not_null(fetch, "the next one is asked for at once");
    cr_expect_eq(fetch->fetch.index, 1);
    event.proposal = &chain[1];
    effects_reset(out);
    hotstuff_ops.step(h, &event, out);
    cr_expect_eq(count_effects(EFFECT_COMMIT), 3);
    cr_expect_null(find_effect(EFFECT_FETCH));
}

Test(hotstuff_chain, what_was_decided_without_our_vote_is_stored)
{
    learn_proposal(h, &chain[1], out);
    decide(1);
    uint32_t commit_at = 0, store_at = 0;
    for (uint32_t i = 0; i < out->count; i++) {
        if (out->list[i].kind == EFFECT_COMMIT) commit_at = i;
        if (out->list[i].kind == EFFECT_PERSIST && out->list[i].persist.stores) store_at = i;
    }
    cr_expect_gt(store_at, commit_at, "and the delivery does not wait for it");
}

Test(hotstuff_chain, too_far_behind_is_noted_not_fetched)
{
    learn_certificate(h, votes[FETCH_REACH + 1], out);
    tick(0);
    tick(10000);
    cr_expect_null(find_effect(EFFECT_FETCH));
    cr_expect_eq(h->behind_index, FETCH_REACH + 1);
    anchor(100, 128, 100);
    cr_expect_eq(h->decided.index, 128);
    cr_expect_eq(count_effects(EFFECT_COMMIT), 28);
    tick(10000);
    tick(10000);
    cr_expect_not_null(find_effect(EFFECT_FETCH), "what is certified is within reach again");
}

Test(hotstuff_chain, anchor_delivers_what_the_ledger_lacks)
{
    anchor(1, 10, 4);
    cr_expect_eq(count_effects(EFFECT_COMMIT), 6);
    cr_expect_eq(find_effect(EFFECT_COMMIT)->commit.proposal.index, 5);
    cr_expect_eq(h->decided.index, 10);
    cr_expect(h->decided_known);
    anchor(1, 10, 4);
    cr_expect_eq(count_effects(EFFECT_COMMIT), 0);
    anchor(8, 12, 4);
    cr_expect_eq(count_effects(EFFECT_COMMIT), 2);
}

Test(hotstuff_chain, anchor_of_what_the_ledger_holds_tells_the_position)
{
    anchor(5, 10, 10);
    cr_expect_eq(count_effects(EFFECT_COMMIT), 0);
    cr_expect_eq(h->decided.index, 10);
    cr_expect(h->decided_known);
    cr_expect(digest_equal(&h->decided.digest, &votes[10]->statement.digest));
}

Test(hotstuff_chain, anchor_below_the_ledger_only_moves_the_index)
{
    anchor(5, 10, 20);
    cr_expect_eq(h->decided.index, 20);
    cr_expect_not(h->decided_known);
}

Test(hotstuff_chain, anchor_with_a_gap_becomes_a_goal)
{
    anchor(5, 10, 2);
    cr_expect_eq(count_effects(EFFECT_COMMIT), 0);
    cr_expect(h->has_goal);
    tick(10000);
    cr_expect_not_null(find_effect(EFFECT_FETCH));
    for (uint64_t i = 10; i > 2; i--) {
        struct event event = { .kind = EVENT_FETCHED, .now_ms = now_ms, .proposal = &chain[i] };
        effects_reset(out);
        hotstuff_ops.step(h, &event, out);
    }
    cr_expect_eq(count_effects(EFFECT_COMMIT), 8);
}

Test(hotstuff_chain, opened_at_an_unknown_sequence)
{
    open_at(20);
    cr_expect_not(h->decided_known);
    learn_certificate(h, votes[20], out);
    learn_proposal(h, &chain[21], out);
    cr_expect(safe_to_vote(h, &chain[21]), "certified at the ledger's sequence");
    cr_expect_eq(h->decided.index, 20);
    decide(21);
    cr_expect_eq(count_effects(EFFECT_COMMIT), 1);
    cr_expect(h->decided_known);
    cr_expect_eq(h->decided.index, 21);
}

Test(hotstuff_chain, opened_at_an_unknown_sequence_never_builds_on_the_root)
{
    open_at(20);
    cr_expect_not(chain_knows(h, &crafted_config.root, 0));
    for (uint64_t view = 1; view < 5; view++) {
        h->view = view;
        cr_expect_not(safe_to_propose(h));
    }
}

Test(hotstuff_chain, contradicting_decisions_halt)
{
    learn_proposal(h, &chain[1], out);
    decide(1);
    struct proposal other = craft_proposal(votes[0], 9, "other");
    struct certificate *commits = craft_certificate(proposal_statement(COMMIT_VOTE, &other), 3);
    uint8_t bytes[PROOF_BYTES_MAX];
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    hotstuff_proof_write(&w, PROOF_COMMIT_VOTES, NULL, commits);
    struct position position = { 1, 9, commits->statement.digest };
    effects_reset(out);
    learn_decision(h, &position, writer_span(&w), out);
    cr_expect(h->halted);
    cr_expect_eq(count_effects(EFFECT_COMMIT), 0);
    struct event event = { .kind = EVENT_TIMER, .now_ms = 1000000, .work = true };
    effects_reset(out);
    hotstuff_ops.step(h, &event, out);
    cr_expect_eq(out->count, 0);
    cr_expect_eq(out->wake_at_ms, UINT64_MAX);
    cr_expect_eq(out->invite, INVITE_NONE);
    free(commits);
}

Test(hotstuff_chain, a_decision_on_a_branch_that_left_the_chain_halts)
{
    learn_proposal(h, &chain[1], out);
    decide(1);
    struct proposal other = craft_proposal(votes[0], 8, "other");
    struct certificate *certified = craft_certificate(proposal_statement(VOTE, &other), 3);
    struct proposal child = craft_proposal(certified, 9, "child");
    struct certificate *commits = craft_certificate(proposal_statement(COMMIT_VOTE, &child), 3);
    learn_proposal(h, &child, out);
    uint8_t bytes[PROOF_BYTES_MAX];
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    hotstuff_proof_write(&w, PROOF_COMMIT_VOTES, NULL, commits);
    struct position position = { 2, 9, commits->statement.digest };
    learn_decision(h, &position, writer_span(&w), out);
    cr_expect(h->halted);
    cr_expect_eq(h->decided.index, 1);
    free(commits);
    free(certified);
}

/* ---- Three-chain ---- */

static void open_three_chain(void)
{
    static const struct engine_option option = { "phases", THREE_CHAIN };
    crafted_config.options = &option;
    crafted_config.options_count = 1;
    open_at(0);
}

/* A proposal on parent in this view, its certificate learned; its index is the parent's plus 1. */
static struct certificate *extend(const struct certificate *parent, uint64_t view)
{
    struct proposal proposal = craft_proposal(parent, view, "batch");
    struct certificate *certificate = craft_certificate(proposal_statement(VOTE, &proposal), 0);
    learn_proposal(h, &proposal, out);
    learn_certificate(h, certificate, out);
    return certificate;
}

Test(hotstuff_chain, three_in_consecutive_views_decide_the_first)
{
    open_three_chain();
    for (uint64_t i = 1; i <= 3; i++) {
        cr_expect_eq(h->decided.index, 0);
        learn_proposal(h, &chain[i], out);
        learn_certificate(h, votes[i], out);
    }
    cr_expect_eq(h->decided.index, 1);
    cr_expect_eq(count_effects(EFFECT_COMMIT), 1);
    struct span proof = find_effect(EFFECT_COMMIT)->commit.proof;
    cr_assert_eq(hotstuff_proof_read(proof, &h->proof), STATUS_OK);
    cr_expect_eq(h->proof.form, PROOF_THREE_CHAIN);
    cr_expect_eq(h->proof.position.index, 1);
    learn_proposal(h, &chain[4], out);
    learn_certificate(h, votes[4], out);
    cr_expect_eq(h->decided.index, 2);
}

Test(hotstuff_chain, three_with_a_view_between_decide_nothing)
{
    static const uint64_t views[][3] = { { 1, 2, 4 }, { 1, 3, 4 }, { 2, 4, 6 }, { 1, 3, 5 } };
    for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
        open_three_chain();
        struct certificate *first = extend(votes[0], views[i][0]);
        struct certificate *second = extend(first, views[i][1]);
        struct certificate *third = extend(second, views[i][2]);
        cr_expect_eq(h->decided.index, 0, "views %zu", i);
        struct certificate *fourth = extend(third, views[i][2] + 1);
        struct certificate *fifth = extend(fourth, views[i][2] + 2);
        cr_expect_eq(h->decided.index, 3, "with all that is below");
        free(first);
        free(second);
        free(third);
        free(fourth);
        free(fifth);
    }
}

/* Whichever of the three headers comes last. */
Test(hotstuff_chain, a_late_header_completes_the_three)
{
    for (uint64_t late = 1; late <= 3; late++) {
        open_three_chain();
        for (uint64_t i = 1; i <= 3; i++)
            if (i != late) learn_proposal(h, &chain[i], out);
        for (uint64_t i = 1; i <= 3; i++)
            learn_certificate(h, votes[i], out);
        cr_expect_eq(h->decided.index, 0);
        learn_proposal(h, &chain[late], out);
        cr_expect_eq(h->decided.index, 1, "late %llu", (unsigned long long)late);
        cr_expect_eq(h->view, 4);
    }
}

/* Without the header in the middle nobody can tell what is decided: it is fetched. */
Test(hotstuff_chain, a_hole_below_the_highest_certificate_is_fetched)
{
    open_three_chain();
    learn_proposal(h, &chain[1], out);
    learn_proposal(h, &chain[3], out);
    learn_certificate(h, votes[3], out);
    tick(0);
    tick(1000);
    const struct effect *fetch = find_effect(EFFECT_FETCH);
    cr_assert_not_null(fetch);
    cr_expect(digest_equal(&fetch->fetch.digest, &votes[2]->statement.digest));
    cr_expect_eq(fetch->fetch.index, 2);
}

/* What is left at the end orders nothing: no clock ticks for it, and no proposal is wanted. */
Test(hotstuff_chain, hollow_proposals_await_no_decision)
{
    open_three_chain();
    for (uint64_t i = 1; i <= 3; i++)
        learn_proposal(h, &chain[i], out);
    learn_certificate(h, votes[3], out);
    cr_assert_eq(undecided_count(h), 2);
    cr_expect(decision_awaited(h), "nobody has said that they are hollow");

    struct event event = { .kind = EVENT_TIMER, .hollow = true };
    struct engine_status status;
    effects_reset(out);
    hotstuff_ops.step(h, &event, out);
    hotstuff_ops.status(h, &status);
    cr_expect_not(decision_awaited(h));
    cr_expect_eq(out->wake_at_ms, UINT64_MAX);
    cr_expect_eq(status.undecided, 0);
    cr_expect_eq(status.index_high, 3);

    learn_proposal(h, &chain[5], out);
    learn_certificate(h, votes[5], out);
    cr_expect(decision_awaited(h), "who knows what the missing one holds?");
}

Test(hotstuff_chain, a_two_chain_awaits_the_decision_of_everything)
{
    learn_proposal(h, &chain[1], out);
    learn_certificate(h, votes[1], out);
    h->hollow = true;
    cr_expect(decision_awaited(h));
}
