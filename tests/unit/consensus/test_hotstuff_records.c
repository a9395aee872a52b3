/* What an engine knows after a restart, and that a fold says the same in fewer words. */
#include "tests/unit/consensus/cluster.h"
#include "tests/unit/consensus/crafted.h"

static struct effects *out;
static struct certificate *root, *votes1;
static struct proposal b1, b2;

struct journal {
    struct span records[64];
    uint8_t *bytes[64];
    size_t count;
};

static struct journal journal;

static void keep_records(void)
{
    for (uint32_t i = 0; i < out->count; i++) {
        if (out->list[i].kind != EFFECT_PERSIST) continue;
        struct span record = out->list[i].persist.record;
        cr_assert_lt(journal.count, 64);
        journal.bytes[journal.count] = duplicate(record);
        journal.records[journal.count] = span_of(journal.bytes[journal.count], record.size);
        journal.count++;
    }
}

static void forget_records(void)
{
    for (size_t i = 0; i < journal.count; i++)
        free(journal.bytes[i]);
    journal.count = 0;
}

static struct hotstuff *reopen(uint64_t executed, enum status expected)
{
    crafted_config.executed = executed;
    struct hotstuff *h = calloc(1, hotstuff_ops.size(&crafted_config));
    cr_assert_not_null(h);
    effects_reset(out);
    enum status status = hotstuff_ops.open(h, &crafted_config, journal.records, journal.count, out);
    cr_assert_eq(status, expected, "%s", status_name(status));
    return h;
}

static void setup(void)
{
    crafted_setup();
    crafted_config.self = crafted_leader(2);
    out = calloc(1, sizeof *out);
    cr_assert_not_null(out);
    root = craft_root();
    b1 = craft_proposal(root, 1, "one");
    votes1 = craft_votes(&b1);
    b2 = craft_proposal(votes1, 2, "two");
}

static void teardown(void)
{
    forget_records();
    free(out);
    free(root);
    free(votes1);
}

TestSuite(hotstuff_records, .init = setup, .fini = teardown);

/* Voted b1, saw its certificate, proposed and voted b2, gave view 2 up. */
static struct hotstuff *busy_engine(void)
{
    struct hotstuff *h = reopen(0, STATUS_OK);
    learn_proposal(h, &b1, out);
    promise_vote(h, &b1, out);
    learn_certificate(h, votes1, out);
    learn_proposal(h, &b2, out);
    promise_proposal(h, &b2, out);
    promise_vote(h, &b2, out);
    promise_timeout(h, out);
    return h;
}

static uint32_t count_sends(enum hotstuff_kind kind)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < out->count; i++)
        count += out->list[i].kind == EFFECT_SEND && out->list[i].send.statement.kind == kind;
    return count;
}

static void expect_same_memory(const struct hotstuff *a, const struct hotstuff *b)
{
    cr_expect_eq(a->view, b->view);
    cr_expect_eq(a->voted_view, b->voted_view);
    cr_expect_eq(a->one_chain_view, b->one_chain_view);
    cr_expect_eq(a->lock_view, b->lock_view);
    cr_expect_eq(a->high.statement.view, b->high.statement.view);
    cr_expect_eq(a->timeouts.timeouts.certificate.statement.view,
                 b->timeouts.timeouts.certificate.statement.view);
    cr_expect_eq(a->last_proposal.view, b->last_proposal.view);
    cr_expect_eq(a->last_vote.view, b->last_vote.view);
    cr_expect(statement_equal(&a->last_commit_vote, &b->last_commit_vote));
    cr_expect(statement_equal(&a->last_timeout, &b->last_timeout));
    cr_expect(span_equal(span_of(a->last_timeout_bytes, a->last_timeout_size),
                         span_of(b->last_timeout_bytes, b->last_timeout_size)));
    cr_expect_eq(a->tree.count, b->tree.count);
    cr_expect_eq(a->decided.index, b->decided.index);
    cr_expect_eq(a->decided.view, b->decided.view);
    cr_expect_eq(a->decided_known, b->decided_known);
}

Test(hotstuff_records, nothing_is_forgotten)
{
    struct hotstuff *before = busy_engine();
    keep_records();
    struct hotstuff *after = reopen(0, STATUS_OK);
    expect_same_memory(before, after);
    cr_expect_eq(after->view, 2);
    cr_expect_eq(count_sends(VOTE), 1);
    cr_expect_eq(count_sends(COMMIT_VOTE), 1);
    cr_expect_eq(count_sends(TIMEOUT), 1);
    cr_expect_eq(count_sends(PROPOSAL), 0);
    cr_expect_not(safe_to_propose(after));
    cr_expect_not(safe_to_vote(after, &b2));
    free(before);
    free(after);
}

Test(hotstuff_records, replay_twice_is_replay_once)
{
    struct hotstuff *before = busy_engine();
    keep_records();
    keep_records();
    struct hotstuff *after = reopen(0, STATUS_OK);
    expect_same_memory(before, after);
    free(before);
    free(after);
}

/* Any prefix is a state that the engine was in: never a promise without its reason. */
Test(hotstuff_records, every_prefix_opens)
{
    struct hotstuff *before = busy_engine();
    keep_records();
    size_t all = journal.count;
    for (size_t count = 0; count <= all; count++) {
        journal.count = count;
        struct hotstuff *after = reopen(0, STATUS_OK);
        cr_expect_leq(after->one_chain_view, after->high.statement.view);
        cr_expect_leq(after->last_timeout.view, after->view);
        cr_expect_leq(after->voted_view, after->view);
        free(after);
    }
    journal.count = all;
    free(before);
}

/* What let us into a view is durable with what we promised there. A restart that knew its vote of
 * view 2 and not the way into view 2 would wait in view 1 for ever (with three others like it). */
Test(hotstuff_records, the_way_into_a_view_is_recorded_with_the_vote)
{
    struct timeout_certificate *timeouts1 = craft_timeouts(1, 0, 0, 0, root);
    struct proposal late = craft_proposal(root, 2, "late");
    struct hotstuff *before = reopen(0, STATUS_OK);
    learn_timeouts(before, timeouts1, out);
    learn_proposal(before, &late, out);
    promise_vote(before, &late, out);
    keep_records();
    struct hotstuff *after = reopen(0, STATUS_OK);
    cr_expect_eq(after->view, 2);
    cr_expect_not_null(entry_timeouts(after));
    cr_expect_eq(count_sends(VOTE), 1);
    expect_same_memory(before, after);
    free(before);
    free(after);
    free(timeouts1);
}

Test(hotstuff_records, a_fold_stands_for_all_records)
{
    struct hotstuff *before = busy_engine();
    keep_records();
    effects_reset(out);
    hotstuff_ops.fold(before, out);
    for (uint32_t i = 0; i < out->count; i++)
        cr_expect_eq(out->list[i].kind, EFFECT_PERSIST);
    forget_records();
    keep_records();
    struct hotstuff *after = reopen(0, STATUS_OK);
    expect_same_memory(before, after);
    free(before);
    free(after);
}

Test(hotstuff_records, a_fold_repeats_promises_and_stores)
{
    struct hotstuff *h = busy_engine();
    effects_reset(out);
    hotstuff_ops.fold(h, out);
    int promises = 0, stores = 0;
    for (uint32_t i = 0; i < out->count; i++) {
        promises += out->list[i].persist.promises;
        stores += out->list[i].persist.stores;
    }
    cr_expect_eq(promises, 4);
    cr_expect_eq(stores, 2);
    free(h);
}

Test(hotstuff_records, a_timeout_whose_certificate_was_lost_is_followed_by_silence)
{
    struct hotstuff *h = busy_engine();
    keep_records();
    /* The commit vote's record without its certificate: what a damaged journal might leave. */
    forget_records();
    struct statement commit = proposal_statement(COMMIT_VOTE, &b1);
    struct record_parts nothing = { 0 };
    struct writer w;
    effects_reset(out);
    effects_write_begin(out, &w);
    record_write_promise(&w, &commit, &nothing);
    emit_persist(out, effects_write_end(out, &w), &commit, NULL);
    keep_records();
    struct hotstuff *after = reopen(0, STATUS_OK);
    cr_expect_eq(after->one_chain_view, 1);
    cr_expect_not(safe_to_time_out(after));
    learn_certificate(after, votes1, out);
    cr_expect(safe_to_time_out(after));
    free(h);
    free(after);
}

static void decide_b1(struct hotstuff *h)
{
    uint8_t bytes[PROOF_BYTES_MAX];
    struct certificate *commits = craft_certificate(proposal_statement(COMMIT_VOTE, &b1), 3);
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    hotstuff_proof_write(&w, PROOF_COMMIT_VOTES, NULL, commits);
    struct position position = { 1, 1, commits->statement.digest };
    learn_decision(h, &position, writer_span(&w), out);
    free(commits);
}

static uint32_t count_commits(void)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < out->count; i++)
        count += out->list[i].kind == EFFECT_COMMIT;
    return count;
}

Test(hotstuff_records, what_the_ledger_lacks_is_delivered_again)
{
    struct hotstuff *before = busy_engine();
    decide_b1(before);
    cr_assert_eq(count_commits(), 1);
    keep_records();
    struct hotstuff *after = reopen(0, STATUS_OK);
    cr_expect_eq(count_commits(), 1);
    expect_same_memory(before, after);
    free(after);

    after = reopen(1, STATUS_OK);
    cr_expect_eq(count_commits(), 0);
    expect_same_memory(before, after);

    effects_reset(out);
    hotstuff_ops.fold(after, out);
    forget_records();
    keep_records();
    free(after);
    after = reopen(0, STATUS_OK);
    cr_expect_eq(count_commits(), 1, "a ledger may fall back behind the fold");
    free(after);
    free(before);
}

Test(hotstuff_records, a_ledger_ahead_of_the_records)
{
    struct hotstuff *before = busy_engine();
    decide_b1(before);
    keep_records();
    struct hotstuff *after = reopen(7, STATUS_OK);
    cr_expect_eq(after->decided.index, 7);
    cr_expect_not(after->decided_known);
    cr_expect_eq(after->voted_view, before->voted_view);
    cr_expect_eq(after->tree.count, 0);
    cr_expect_eq(count_commits(), 0);
    free(after);
    free(before);
}

Test(hotstuff_records, damage_is_refused)
{
    struct hotstuff *h = busy_engine();
    keep_records();
    for (size_t i = 0; i < journal.count; i++) {
        struct span whole = journal.records[i];
        journal.records[i].size--;
        free(reopen(0, STATUS_MALFORMED));
        journal.records[i] = whole;
        journal.bytes[i][0] = 9;
        free(reopen(0, STATUS_MALFORMED));
        journal.bytes[i][0] = 1;
    }
    free(h);
}

Test(hotstuff_records, a_promise_must_match_its_header)
{
    struct hotstuff *h = busy_engine();
    keep_records();
    journal.bytes[0][3]++; /* the statement's index */
    free(reopen(0, STATUS_MALFORMED));
    free(h);
}

Test(hotstuff_records, options_that_are_not_built)
{
    const struct engine_option options[] = {
        { "phases", 1 }, { "phases", 4 }, { "votes_to", 1 }, { "leader_turn", 2 }
    };
    for (int i = 0; i < 4; i++) {
        crafted_config.options = &options[i];
        crafted_config.options_count = 1;
        free(reopen(0, STATUS_UNSUPPORTED));
    }
}

/* ---- Three-chain ---- */

static void three_chain(void)
{
    static const struct engine_option option = { "phases", THREE_CHAIN };
    crafted_config.options = &option;
    crafted_config.options_count = 1;
}

/* Voted b1, b2 and b3, each on the certificate of the one before: locked on b1. */
static struct hotstuff *locked_engine(void)
{
    three_chain();
    struct certificate *votes2 = craft_votes(&b2);
    struct proposal b3 = craft_proposal(votes2, 3, "three");
    struct hotstuff *h = reopen(0, STATUS_OK);
    learn_proposal(h, &b1, out);
    promise_vote(h, &b1, out);
    learn_certificate(h, votes1, out);
    learn_proposal(h, &b2, out);
    promise_vote(h, &b2, out);
    learn_certificate(h, votes2, out);
    learn_proposal(h, &b3, out);
    promise_vote(h, &b3, out);
    free(votes2);
    return h;
}

/* Does a vote in view 4, entered by timeouts, follow a proposal on the root, or on b1? */
static void expect_locked_on_b1(struct hotstuff *h)
{
    struct certificate *votes2 = craft_votes(&b2);
    struct timeout_certificate *timeouts3 = craft_timeouts(3, 2, 2, 2, votes2);
    struct proposal on_root = craft_proposal(root, 4, "x");
    struct proposal on_b1 = craft_proposal(votes1, 4, "x");
    learn_timeouts(h, timeouts3, out);
    cr_assert_eq(h->view, 4);
    cr_expect_eq(h->lock_view, 1);
    cr_expect_not(safe_to_vote(h, &on_root));
    cr_expect(safe_to_vote(h, &on_b1));
    free(timeouts3);
    free(votes2);
}

Test(hotstuff_records, a_restart_restores_the_lock)
{
    struct hotstuff *before = locked_engine();
    keep_records();
    struct hotstuff *after = reopen(0, STATUS_OK);
    expect_same_memory(before, after);
    expect_locked_on_b1(after);
    free(before);
    free(after);
}

Test(hotstuff_records, a_fold_repeats_the_lock)
{
    struct hotstuff *before = locked_engine();
    effects_reset(out);
    hotstuff_ops.fold(before, out);
    keep_records();
    struct hotstuff *after = reopen(0, STATUS_OK);
    expect_same_memory(before, after);
    expect_locked_on_b1(after);
    free(before);
    free(after);
}

/* The lock stands in the record of the vote that set it, so no prefix has the vote without it. */
Test(hotstuff_records, every_prefix_has_the_lock_of_its_votes)
{
    struct hotstuff *before = locked_engine();
    keep_records();
    size_t all = journal.count;
    for (size_t count = 0; count <= all; count++) {
        journal.count = count;
        struct hotstuff *after = reopen(0, STATUS_OK);
        cr_expect_eq(after->lock_view, after->voted_view == 3 ? 1 : 0);
        free(after);
    }
    journal.count = all;
    free(before);
}

Test(hotstuff_records, a_vote_and_its_lock_belong_to_the_three_chain)
{
    struct hotstuff *h = locked_engine();
    keep_records();
    crafted_config.options_count = 0;
    free(reopen(0, STATUS_MALFORMED));
    forget_records();
    free(h);

    h = busy_engine();
    keep_records();
    size_t all = journal.count;
    journal.count = 1; /* the vote for b1, by itself */
    free(reopen(0, STATUS_OK));
    three_chain();
    free(reopen(0, STATUS_MALFORMED));
    journal.count = all;
    free(h);
}

Test(hotstuff_records, a_commit_vote_is_no_promise_of_a_three_chain)
{
    struct statement commit = proposal_statement(COMMIT_VOTE, &b1);
    struct record_parts nothing = { 0 };
    struct writer w;
    effects_reset(out);
    effects_write_begin(out, &w);
    record_write_promise(&w, &commit, &nothing);
    emit_persist(out, effects_write_end(out, &w), &commit, NULL);
    keep_records();
    free(reopen(0, STATUS_OK));
    three_chain();
    free(reopen(0, STATUS_MALFORMED));
}

/* A record that says a lock above the certificate it was taken from. */
Test(hotstuff_records, a_lock_is_not_above_its_vote)
{
    three_chain();
    uint64_t lock = 2;
    struct statement vote = proposal_statement(VOTE, &b2);
    struct record_parts parts = { .header = &b2, .high = votes1, .lock_view = &lock };
    for (int i = 0; i < 2; i++, lock--) {
        struct writer w;
        effects_reset(out);
        effects_write_begin(out, &w);
        record_write_promise(&w, &vote, &parts);
        emit_persist(out, effects_write_end(out, &w), &vote, &b2);
        forget_records();
        keep_records();
        free(reopen(0, i == 0 ? STATUS_MALFORMED : STATUS_OK));
    }
}

Test(hotstuff_records, a_two_chain_decision_is_none_of_a_three_chain)
{
    struct hotstuff *h = busy_engine();
    decide_b1(h);
    forget_records();
    effects_reset(out);
    hotstuff_ops.fold(h, out);
    uint32_t decided = 0;
    cr_assert_eq(record_read(out->list[decided].persist.record, &h->record), STATUS_OK);
    cr_assert_eq(h->record.type, RECORD_DECIDED);
    out->count = 1;
    keep_records();
    three_chain();
    free(reopen(0, STATUS_MALFORMED));
    free(h);
}

Test(hotstuff_records, size_depends_on_the_committee_only)
{
    size_t four = hotstuff_ops.size(&crafted_config);
    crafted_start(16);
    cr_expect_gt(hotstuff_ops.size(&crafted_config), four);
    cr_expect_lt(four, (size_t)1 << 20);
}
