/* The log in memory. */
#include "tests/unit/consensus/lone.h"

static struct raft_log *raft_log;

static void setup(void)
{
    lone_configure(5);
    raft_log = calloc(1, sizeof *raft_log);
    cr_assert_not_null(raft_log);
    struct log_base base = { .digest = lone_config.root };
    signer_set_add(&base.members.voters, 0);
    log_reset(raft_log, &base);
}

static void teardown(void)
{
    free(raft_log);
}

TestSuite(raft_log, .init = setup, .fini = teardown);

static struct log_entry put(const struct log_entry *before, uint64_t term, const char *batch)
{
    struct log_entry entry = entry_on(before, term, batch);
    log_put(raft_log, &entry);
    return entry;
}

static struct log_entry put_members(const struct log_entry *before, uint64_t term, uint16_t voter)
{
    struct members members = { .joint = false };
    signer_set_add(&members.voters, voter);
    struct log_entry entry = members_on(before, term, &members);
    log_put(raft_log, &entry);
    return entry;
}

static bool votes(uint16_t voter)
{
    return signer_set_has(&log_members(raft_log)->voters, voter);
}

Test(raft_log, an_empty_log_is_its_base)
{
    cr_expect_eq(raft_log->last, 0);
    cr_expect_not(log_has(raft_log, 0));
    cr_expect_not(log_has(raft_log, 1));
    cr_expect_eq(log_view(raft_log, 0), 0);
    cr_expect_eq(log_last_view(raft_log), 0);
    cr_expect(digest_equal(log_digest(raft_log, 0), &lone_config.root));
    cr_expect(votes(0));
}

Test(raft_log, entries_stand_at_their_indexes)
{
    struct log_entry one = put(NULL, 1, "one");
    struct log_entry two = put(&one, 3, "two");
    cr_expect_eq(raft_log->last, 2);
    cr_expect(log_has(raft_log, 1));
    cr_expect_eq(log_view(raft_log, 1), 1);
    cr_expect_eq(log_last_view(raft_log), 3);
    cr_expect(digest_equal(log_digest(raft_log, 2), &two.digest));
    cr_expect(digest_equal(&log_at(raft_log, 1)->digest, &one.digest));
}

Test(raft_log, what_is_put_drops_all_behind_it)
{
    struct log_entry one = put(NULL, 1, "one");
    struct log_entry two = put(&one, 1, "two");
    put(&two, 1, "three");
    struct log_entry other = put(&one, 2, "other");
    cr_expect_eq(raft_log->last, 2);
    cr_expect_not(log_has(raft_log, 3));
    cr_expect(digest_equal(log_digest(raft_log, 2), &other.digest));
}

Test(raft_log, a_change_of_members_is_in_force_at_once)
{
    struct log_entry one = put(NULL, 1, "one");
    struct log_entry two = put_members(&one, 1, 2);
    cr_expect(votes(2));
    cr_expect_not(votes(0));
    put(&two, 1, "three");
    cr_expect(votes(2));
    cr_expect(signer_set_has(&log_members_before(raft_log, 2)->voters, 0));
    cr_expect(signer_set_has(&log_members_before(raft_log, 3)->voters, 2));
}

Test(raft_log, a_change_that_is_dropped_is_undone)
{
    struct log_entry one = put_members(NULL, 1, 1);
    struct log_entry two = put_members(&one, 1, 2);
    struct log_entry three = put_members(&two, 1, 3);
    put(&three, 1, "four");
    cr_expect(votes(3));
    put(&three, 2, "another four"); /* Behind the last change: it stays. */
    cr_expect(votes(3));
    put(&one, 3, "another two"); /* Drops two changes. */
    cr_expect(votes(1));
    cr_expect_eq(raft_log->members_index, 1);
    put(NULL, 4, "another one");
    cr_expect(votes(0));
    cr_expect_eq(raft_log->members_index, 0);
}

Test(raft_log, a_change_takes_the_place_of_another)
{
    struct log_entry one = put(NULL, 1, "one");
    put_members(&one, 1, 2);
    put_members(&one, 2, 3);
    cr_expect(votes(3));
    cr_expect_not(votes(2));
}

Test(raft_log, what_is_forgotten_leaves_its_members_in_the_base)
{
    struct log_entry one = put(NULL, 1, "one");
    struct log_entry two = put_members(&one, 1, 2);
    struct log_entry three = put(&two, 2, "three");
    log_forget(raft_log, 2);
    cr_expect_eq(raft_log->base.index, 2);
    cr_expect_eq(log_view(raft_log, 2), 1);
    cr_expect(digest_equal(log_digest(raft_log, 2), &two.digest));
    cr_expect_not(log_has(raft_log, 2));
    cr_expect(log_has(raft_log, 3));
    cr_expect(votes(2));
    put(&two, 3, "another three");
    cr_expect(votes(2), "a change that was forgotten cannot be undone");
    log_forget(raft_log, 3);
    cr_expect(votes(2));
    (void)three;
}

Test(raft_log, forgetting_keeps_a_later_change)
{
    struct log_entry one = put(NULL, 1, "one");
    put_members(&one, 1, 2);
    log_forget(raft_log, 1);
    cr_expect(votes(2));
    cr_expect(signer_set_has(&raft_log->base.members.voters, 0));
    cr_expect_eq(raft_log->members_index, 2);
}

Test(raft_log, its_memory_is_bounded_and_used_round_and_round)
{
    struct log_entry last = put(NULL, 1, "first");
    while (!log_is_full(raft_log))
        last = put(&last, 1, "more");
    cr_expect_eq(raft_log->last, LOG_MAX - 1);
    log_forget(raft_log, LOG_RETAINED);
    cr_expect_not(log_is_full(raft_log));
    while (!log_is_full(raft_log))
        last = put(&last, 2, "again");
    cr_expect_eq(raft_log->last, LOG_RETAINED + LOG_MAX - 1);
    for (uint64_t i = LOG_RETAINED + 1; i <= raft_log->last; i++)
        cr_assert_eq(log_at(raft_log, i)->proposal.index, i);
    cr_expect_eq(log_view(raft_log, LOG_MAX - 1), 1);
    cr_expect_eq(log_view(raft_log, LOG_MAX), 2);
}
