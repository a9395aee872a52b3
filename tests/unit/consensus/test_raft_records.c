/* Opening from records, and folding them. */
#include "tests/unit/consensus/lone.h"

static struct log_entry e[6];

static void setup(void)
{
    lone_start(5);
    const char *const names[] = { "", "one", "two", "three", "four", "five" };
    for (int i = 1; i < 6; i++)
        e[i] = entry_on(i > 1 ? &e[i - 1] : NULL, i < 3 ? 1 : 2, names[i]);
}

TestSuite(raft_records, .init = setup, .fini = lone_stop);

/* ---- records made by hand ---- */

static uint8_t memory[1 << 16];
static struct writer w;
static struct span made[16];
static size_t made_count;

static void begin(void)
{
    made_count = 0;
    writer_init_fixed(&w, memory, sizeof memory);
}

static void make(size_t from)
{
    made[made_count++] = span_of(memory + from, writer_span(&w).size - from);
}

static void make_term(uint64_t term, uint16_t voted_for)
{
    size_t from = writer_span(&w).size;
    record_write_term(&w, term, voted_for);
    make(from);
}

static void make_entry(const struct log_entry *entry)
{
    size_t from = writer_span(&w).size;
    record_write_entry(&w, entry);
    make(from);
}

static void make_commit(uint64_t commit)
{
    size_t from = writer_span(&w).size;
    record_write_commit(&w, commit);
    make(from);
}

static void make_log(const struct log_base *base, const struct log_entry *first, uint32_t count)
{
    size_t from = writer_span(&w).size;
    record_write_log(&w, base, count);
    for (uint32_t i = 0; i < count; i++)
        log_entry_write(&w, &first[i]);
    make(from);
}

static enum status open_made(void)
{
    return lone_open_with(made, made_count);
}

static void expect_refused(const char *why)
{
    cr_expect_eq(open_made(), STATUS_MALFORMED, "%s", why);
}

Test(raft_records, an_empty_journal_is_the_root)
{
    cr_expect_eq(lone->term, 0);
    cr_expect_eq(lone->voted_for, VALIDATOR_NONE);
    cr_expect_eq(lone->log.last, 0);
    cr_expect(lone->placed);
    cr_expect_eq(lone->role, FOLLOWER);
    cr_expect_eq(lone->leader, VALIDATOR_NONE);
    cr_expect(digest_equal(&out->parent, &lone_config.root));
}

Test(raft_records, records_are_replayed_in_order)
{
    begin();
    make_term(2, 3);
    make_entry(&e[1]);
    make_entry(&e[2]);
    make_entry(&e[3]);
    make_commit(2);
    make_term(4, VALIDATOR_NONE);
    cr_assert_eq(open_made(), STATUS_OK);
    cr_expect_eq(lone->term, 4);
    cr_expect_eq(lone->voted_for, VALIDATOR_NONE, "a vote is of one term");
    cr_expect_eq(lone->log.last, 3);
    cr_expect_eq(lone->commit, 2);
    cr_expect_eq(said_count(EFFECT_COMMIT), 2, "the ledger holds nothing yet");
}

Test(raft_records, what_the_ledger_holds_is_not_delivered_again)
{
    begin();
    for (int i = 1; i < 5; i++)
        make_entry(&e[i]);
    make_commit(4);
    lone_config.executed = 3;
    cr_assert_eq(open_made(), STATUS_OK);
    cr_expect_eq(said_count(EFFECT_COMMIT), 1);
    cr_expect_eq(said(EFFECT_COMMIT)->commit.proposal.index, 4);
}

Test(raft_records, a_ledger_beyond_the_records_waits_for_an_anchor)
{
    begin();
    make_entry(&e[1]);
    make_commit(1);
    lone_config.executed = 5;
    cr_assert_eq(open_made(), STATUS_OK);
    struct engine_status status;
    raft_ops.status(lone, &status);
    cr_expect_not(status.placed);
    cr_expect_eq(status.index_decided, 5);
    cr_expect_eq(said_count(EFFECT_COMMIT), 0);
}

Test(raft_records, an_entry_takes_the_place_of_those_behind_it)
{
    struct log_entry other = entry_on(&e[1], 3, "other");
    begin();
    make_entry(&e[1]);
    make_entry(&e[2]);
    make_entry(&e[3]);
    make_entry(&other);
    cr_assert_eq(open_made(), STATUS_OK);
    cr_expect_eq(lone->log.last, 2);
    cr_expect(digest_equal(log_digest(&lone->log, 2), &other.digest));
}

Test(raft_records, terms_that_go_back)
{
    begin();
    make_term(4, VALIDATOR_NONE);
    make_term(3, VALIDATOR_NONE);
    expect_refused("a lower term");
}

Test(raft_records, a_vote_for_a_stranger)
{
    begin();
    make_term(4, 5);
    expect_refused("member 5 of five");
    begin();
    make_term(4, 4);
    cr_expect_eq(open_made(), STATUS_OK);
}

Test(raft_records, entries_that_do_not_fit)
{
    begin();
    make_entry(&e[2]);
    expect_refused("a gap");
    begin();
    make_entry(&e[1]);
    struct log_entry other = entry_on(NULL, 1, "other");
    struct log_entry on_other = entry_on(&other, 2, "on other");
    make_entry(&on_other);
    expect_refused("on another entry than stands there");
    begin();
    struct log_entry wrong = e[2];
    wrong.proposal.parent_view = 0;
    make_entry(&e[1]);
    make_entry(&wrong);
    expect_refused("on another term than stands there");
}

Test(raft_records, what_is_committed_is_not_replaced)
{
    begin();
    make_entry(&e[1]);
    make_entry(&e[2]);
    make_commit(2);
    struct log_entry other = entry_on(&e[1], 3, "other");
    make_entry(&other);
    expect_refused("a committed entry is replaced");
}

Test(raft_records, commits_of_what_is_not_there)
{
    begin();
    make_entry(&e[1]);
    make_commit(2);
    expect_refused("beyond the log");
    begin();
    struct log_base base = { .index = 2, .view = 1, .digest = e[2].digest };
    make_log(&base, &e[3], 1);
    make_commit(1);
    expect_refused("below its base");
}

Test(raft_records, a_log_replaces_everything)
{
    struct log_base base = { .index = 2, .view = 1, .digest = e[2].digest };
    base.members = *log_members(&lone->log);
    begin();
    make_term(2, VALIDATOR_NONE);
    make_entry(&e[1]);
    make_log(&base, &e[3], 2);
    make_entry(&e[5]);
    lone_config.executed = 4;
    cr_assert_eq(open_made(), STATUS_OK);
    cr_expect_eq(lone->log.base.index, 2);
    cr_expect_eq(lone->log.last, 5);
    cr_expect_eq(lone->commit, 4, "what a log record holds is decided");
}

Test(raft_records, a_log_whose_entries_do_not_fit)
{
    struct log_base base = { .index = 2, .view = 1, .digest = e[1].digest };
    begin();
    make_log(&base, &e[3], 2);
    expect_refused("not on its base");
}

Test(raft_records, records_of_somebody_else)
{
    made[0] = span_text("nothing of ours");
    made_count = 1;
    expect_refused("text");
    made[0] = span_of(NULL, 0);
    expect_refused("nothing");
}

/* Any record cut anywhere, or with a bit turned over, is refused or replayed: never a crash. */
Test(raft_records, damaged_records)
{
    struct log_base base = { .index = 1, .view = 1, .digest = e[1].digest };
    for (int kind = 0; kind < 4; kind++) {
        begin();
        if (kind == 0) make_term(3, 2);
        if (kind == 1) make_entry(&e[1]);
        if (kind == 2) make_commit(0);
        if (kind == 3) make_log(&base, &e[2], 2);
        struct span whole = made[0];
        for (size_t size = 0; size < whole.size; size++) {
            made[0].size = size;
            cr_expect_neq(open_made(), STATUS_OK);
        }
        made[0] = whole;
        for (size_t bit = 0; bit < 8 * whole.size; bit++) {
            memory[bit / 8] ^= (uint8_t)(1u << bit % 8);
            (void)open_made();
            memory[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        lone_records_count = 0;
    }
}

/* ---- options ---- */

Test(raft_records, options_that_cannot_work)
{
    static const struct {
        const char *name;
        uint64_t value;
        enum status expected;
    } cases[] = {
        { "heartbeat_ms", 0, STATUS_UNSUPPORTED },
        { "heartbeat_ms", 251, STATUS_UNSUPPORTED }, /* Two must fit into the shortest wait. */
        { "heartbeat_ms", 250, STATUS_OK },
        { "election_ms_min", 1001, STATUS_UNSUPPORTED },
        { "election_ms_max", 499, STATUS_UNSUPPORTED },
        { "election_ms_max", TERM_LIMIT, STATUS_UNSUPPORTED },
        { "lease_ms", 500, STATUS_UNSUPPORTED }, /* As long as another election takes. */
        { "lease_ms", 499, STATUS_OK },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lone_config.options_count = 0;
        lone_option(cases[i].name, cases[i].value);
        cr_expect_eq(lone_open_with(NULL, 0), cases[i].expected, "%s %llu", cases[i].name,
                     (unsigned long long)cases[i].value);
    }
}

Test(raft_records, the_first_so_many_vote)
{
    lone_option("voters_first", 3);
    cr_assert_eq(lone_open_with(NULL, 0), STATUS_OK);
    for (uint16_t i = 0; i < 5; i++)
        cr_expect_eq(is_voter(log_members(&lone->log), i), i < 3);
}

/* ---- folding ---- */

/* The state that records must give back; what is volatile is not in it. */
static void expect_same_after_fold(void)
{
    struct raft *before = malloc(sizeof *before);
    cr_assert_not_null(before);
    *before = *lone;
    effects_reset(out);
    raft_ops.fold(lone, out);
    for (uint32_t i = 0; i < out->count; i++)
        cr_assert_eq(out->list[i].kind, EFFECT_PERSIST);
    for (size_t i = 0; i < lone_records_count; i++)
        free((void *)(uintptr_t)lone_records[i].data);
    lone_records_count = 0;
    lone_keep();
    lone_config.executed = before->delivered;
    lone_reopen();
    cr_expect_eq(said_count(EFFECT_COMMIT), 0);
    cr_expect_eq(lone->term, before->term);
    cr_expect_eq(lone->voted_for, before->voted_for);
    cr_expect_eq(lone->commit, before->commit);
    cr_expect_eq(lone->log.base.index, before->log.base.index);
    cr_expect_eq(lone->log.base.view, before->log.base.view);
    cr_expect_eq(lone->log.last, before->log.last);
    cr_expect(digest_equal(log_digest(&lone->log, lone->log.last),
                           log_digest(&before->log, before->log.last)));
    cr_expect_eq(lone->log.members_index, before->log.members_index);
    cr_expect_eq(memcmp(log_members(&lone->log), log_members(&before->log), sizeof(struct members)),
                 0);
    free(before);
}

Test(raft_records, a_fold_of_nothing)
{
    expect_same_after_fold();
}

Test(raft_records, a_fold_is_the_state_before)
{
    for (int i = 1; i < 6; i++)
        tell_entry(4, 2, &e[i], (uint64_t)(i > 2 ? i - 2 : 0), 1);
    cr_assert_eq(lone->commit, 3);
    expect_same_after_fold();
    tell_simple(3, VOTE_REFUSAL, 8, 0, 0);
    tell_vote_request(2, 8, 9, 7, false);
    cr_assert_eq(lone->voted_for, 2);
    expect_same_after_fold();
    tell_vote_request(3, 8, 9, 7, false);
    cr_expect_null(sent(VOTE, 3), "a fold remembers the vote");
}

Test(raft_records, a_fold_keeps_changes_of_members)
{
    struct members joint = { .joint = true };
    for (uint16_t i = 0; i < 5; i++) {
        if (i < 3) signer_set_add(&joint.voters, i);
        signer_set_add(&joint.old, i);
    }
    struct log_entry change = members_on(&e[1], 2, &joint);
    struct members after = joint;
    after.joint = false;
    after.old = (struct signer_set){ { 0 } };
    struct log_entry end = members_on(&change, 2, &after);
    tell_entry(4, 2, &e[1], 0, 1);
    tell_entry(4, 2, &change, 1, 1);
    expect_same_after_fold();
    cr_expect(log_members(&lone->log)->joint);
    tell_entry(4, 2, &end, 2, 1);
    expect_same_after_fold();
    tell_heartbeat(4, 2, &end, 3, 2);
    expect_same_after_fold();
    cr_expect_not(is_voter(log_members(&lone->log), 4));
}

Test(raft_records, a_fold_stores_what_is_not_committed_anew)
{
    for (int i = 1; i < 5; i++)
        tell_entry(4, 2, &e[i], 2, 1);
    cr_assert_eq(lone->commit, 2);
    effects_reset(out);
    raft_ops.fold(lone, out);
    uint64_t stored = 0;
    for (uint32_t i = 0; i < out->count; i++)
        if (out->list[i].persist.stores) stored |= 1u << out->list[i].persist.proposal.index;
    cr_expect_eq(stored, 1u << 3 | 1u << 4);
}

/* A journal that does not know a vote which was given has lost promises; the signer finds that. */
Test(raft_records, a_fold_tells_the_last_vote_again)
{
    tell_vote_request(2, 3, 0, 0, false);
    cr_assert_eq(lone->voted_for, 2);
    tell_simple(3, VOTE_REFUSAL, 8, 0, 0);
    effects_reset(out);
    raft_ops.fold(lone, out);
    const struct effect *first = said(EFFECT_PERSIST);
    cr_assert(first->persist.promises);
    cr_expect_eq(first->persist.promise.view, 3);
    cr_expect_eq(first->persist.promise.aux, 2);
    expect_same_after_fold();
    cr_expect_eq(lone->term, 8);
    cr_expect_eq(lone->voted_for, VALIDATOR_NONE);
    expect_same_after_fold();
}

Test(raft_records, a_fold_of_a_long_log_fits_into_a_step)
{
    struct log_entry last = entry_on(NULL, 1, "first");
    tell_entry(4, 1, &last, 0, 1);
    while (!log_is_full(&lone->log)) {
        last = entry_on(&last, 1, "more");
        tell_entry(4, 1, &last, lone->log.last < LOG_RETAINED ? lone->log.last : 0, 1);
    }
    expect_same_after_fold();
}

Test(raft_records, the_same_records_give_the_same_engine)
{
    for (int i = 1; i < 6; i++)
        tell_entry(4, 2, &e[i], 2, 1);
    lone_config.executed = 2;
    lone_reopen();
    uint64_t deadline = lone->deadline_ms;
    lone_reopen();
    cr_expect_eq(lone->deadline_ms, deadline);
    lone_config.seed = 2;
    lone_reopen();
    cr_expect_neq(lone->deadline_ms, deadline, "another seed draws another wait");
}
