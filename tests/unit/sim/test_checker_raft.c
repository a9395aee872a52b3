/* Raft's five safety properties, and what an acknowledgement rests on: each is told to the checker
 * as records and frames, kept and broken. */
#include "checker_fixture.h"

enum { R_VOTE = 1, R_VOTE_REQUEST = 2, R_APPEND = 7, R_ACK = 8 };
enum { R_TERM = 1, R_ENTRY = 2, R_COMMIT = 3, R_LOG = 4 };

static struct stand *s;

static void setup(void)
{
    s = stand_made(3, 2);
    s->plan.engine = ENGINE_RAFT;
    stand_begin(s);
}

static void teardown(void)
{
    stand_close(s);
}

TestSuite(raft, .init = setup, .fini = teardown);

static void head(uint8_t type)
{
    struct writer *w = stand_write(s);
    write_u8(w, 0);
    write_u8(w, 1);
    write_u8(w, type);
}

static void term(uint16_t n, uint64_t term)
{
    head(R_TERM);
    write_u64(&s->w, term);
    write_u16(&s->w, 0xffff);
    stand_append(s, n, JOURNAL_ENGINE);
}

/* Of this term, behind `before` (NULL: the root). */
static struct proposal entry(const struct proposal *before, uint64_t view, char batch)
{
    struct proposal p = proposal_after(before, batch);
    p.view = view;
    if (!before) p.parent = digest_letter('r');
    return p;
}

static void put(uint16_t n, const struct proposal *p)
{
    head(R_ENTRY);
    proposal_write(&s->w, p);
    write_u8(&s->w, 0);
    stand_append(s, n, JOURNAL_ENGINE);
}

static void say(uint16_t n, uint8_t kind, uint64_t view, uint64_t index)
{
    struct message message = { .statement = { .kind = kind, .view = view, .index = index } };
    message_write(stand_write(s), &message);
    checker_sent(s->checker, n, FRAME_ENGINE, stand_span(s));
}

static void decide(uint16_t n, const struct proposal *p)
{
    stand_decide(s, n, p, span_of(NULL, 0));
}

/* Node n has these, of term 1, on its disk. */
static void log_of(uint16_t n, const struct proposal *a, const struct proposal *b)
{
    term(n, 1);
    if (a) put(n, a);
    if (b) put(n, b);
    stand_durable(s, n);
}

static void crash(uint16_t n)
{
    checker_crashed(s->checker, n);
    s->record[n] = 0;
}

static void replay(uint16_t n, uint8_t type, const struct proposal *p, uint64_t view)
{
    head(type);
    if (p) {
        proposal_write(&s->w, p);
        write_u8(&s->w, 0);
    } else {
        write_u64(&s->w, view);
        write_u16(&s->w, 0xffff);
    }
    checker_replayed(s->checker, n, ++s->record[n], JOURNAL_ENGINE, stand_span(s));
}

Test(raft, a_term_with_one_leader)
{
    struct proposal a = entry(NULL, 1, 'a'), b = entry(&a, 1, 'b');
    log_of(0, NULL, NULL);
    say(0, R_APPEND, 1, 0);
    put(0, &a);
    put(0, &b);
    log_of(1, &a, &b);
    say(1, R_ACK, 1, 2);
    decide(0, &a);
    decide(0, &b);
    term(1, 2);
    stand_durable(s, 1);
    say(1, R_APPEND, 2, 2);
    stand_expect(s, CHECK_NONE);
}

Test(raft, two_leaders_of_a_term)
{
    log_of(0, NULL, NULL);
    log_of(1, NULL, NULL);
    say(0, R_APPEND, 1, 0);
    say(0, R_APPEND, 1, 0);
    stand_expect(s, CHECK_NONE);
    say(1, R_APPEND, 1, 0);
    stand_expect(s, CHECK_ELECTION_SAFETY);
}

Test(raft, one_who_leads_a_term_twice)
{
    log_of(0, NULL, NULL);
    say(0, R_APPEND, 1, 0);
    crash(0);
    replay(0, R_TERM, NULL, 1);
    checker_restored(s->checker, 0, false);
    stand_expect(s, CHECK_NONE);
    say(0, R_APPEND, 1, 0);
    stand_expect(s, CHECK_ELECTION_SAFETY);
}

Test(raft, a_leader_of_a_term_that_is_not_its_own)
{
    log_of(0, NULL, NULL);
    say(0, R_APPEND, 2, 0);
    stand_expect(s, CHECK_ELECTION_SAFETY);
}

Test(raft, who_leads_only_appends)
{
    struct proposal a = entry(NULL, 1, 'a'), other = entry(NULL, 2, 'b');
    log_of(0, &a, NULL);
    term(0, 2);
    put(0, &other); /* Still a follower. */
    say(0, R_APPEND, 2, 1);
    struct proposal next = entry(&other, 2, 'c'), instead = entry(&other, 2, 'd');
    put(0, &next);
    stand_expect(s, CHECK_NONE);
    instead.view = 3;
    put(0, &instead);
    stand_expect(s, CHECK_LEADER_APPEND_ONLY);
}

Test(raft, one_entry_for_an_index_and_a_term)
{
    struct proposal a = entry(NULL, 1, 'a'), other = entry(NULL, 1, 'b');
    log_of(0, &a, NULL);
    log_of(1, &other, NULL);
    stand_expect(s, CHECK_LOG_MATCHING);
}

Test(raft, an_entry_that_does_not_fit)
{
    struct proposal a = entry(NULL, 1, 'a'), b = entry(&a, 1, 'b');
    b.parent = digest_letter('x');
    log_of(0, &a, &b);
    stand_expect(s, CHECK_LOG_MATCHING);
}

Test(raft, a_gap_in_a_log)
{
    struct proposal a = entry(NULL, 1, 'a'), b = entry(&a, 1, 'b');
    log_of(0, NULL, &b);
    stand_expect(s, CHECK_LOG_MATCHING);
}

Test(raft, a_leader_without_what_was_decided)
{
    struct proposal a = entry(NULL, 1, 'a');
    log_of(0, &a, NULL);
    decide(0, &a);
    term(1, 2);
    stand_expect(s, CHECK_NONE);
    say(1, R_APPEND, 2, 0);
    stand_expect(s, CHECK_LEADER_COMPLETENESS);
}

Test(raft, what_is_decided_late_must_be_in_the_log_of_a_later_leader)
{
    struct proposal a = entry(NULL, 1, 'a');
    log_of(0, &a, NULL);
    term(1, 2);
    say(1, R_APPEND, 2, 0);
    stand_expect(s, CHECK_NONE);
    decide(0, &a);
    stand_expect(s, CHECK_LEADER_COMPLETENESS);
}

Test(raft, a_decided_entry_is_never_dropped)
{
    struct proposal a = entry(NULL, 1, 'a'), other = entry(NULL, 2, 'b');
    log_of(0, &a, NULL);
    log_of(1, &a, NULL);
    decide(0, &a);
    term(1, 2);
    put(1, &other);
    stand_expect(s, CHECK_LEADER_COMPLETENESS);
}

Test(raft, two_entries_decided_at_an_index)
{
    struct proposal a = entry(NULL, 1, 'a'), other = entry(NULL, 2, 'b');
    decide(0, &a);
    decide(1, &other);
    stand_expect(s, CHECK_STATE_MACHINE);
}

Test(raft, an_acknowledgement_before_the_entry_is_durable)
{
    struct proposal a = entry(NULL, 1, 'a');
    log_of(0, NULL, NULL);
    put(0, &a);
    say(0, R_ACK, 1, 0);
    stand_expect(s, CHECK_NONE);
    say(0, R_ACK, 1, 1);
    stand_expect(s, CHECK_DURABLE);
}

Test(raft, an_acknowledgement_before_the_term_is_durable)
{
    term(0, 1);
    say(0, R_ACK, 1, 0);
    stand_expect(s, CHECK_DURABLE);
}

Test(raft, a_campaign_with_a_log_that_is_not_durable)
{
    struct proposal a = entry(NULL, 1, 'a');
    log_of(0, NULL, NULL);
    put(0, &a);
    say(0, R_VOTE_REQUEST, 1, 1);
    stand_expect(s, CHECK_DURABLE);
}

Test(raft, an_acknowledgement_of_what_is_not_there)
{
    log_of(0, NULL, NULL);
    say(0, R_ACK, 1, 1);
    stand_expect(s, CHECK_DURABLE);
}

Test(raft, an_acknowledgement_of_another_entry_than_the_leaders)
{
    struct proposal a = entry(NULL, 1, 'a'), b = entry(NULL, 2, 'b');
    term(0, 2);
    put(0, &b);
    stand_durable(s, 0);
    say(0, R_APPEND, 2, 1);
    log_of(1, &a, NULL);
    term(1, 2);
    stand_durable(s, 1);
    say(1, R_ACK, 2, 1);
    stand_expect(s, CHECK_LOG_MATCHING);
}

Test(raft, what_was_acknowledged_is_there_after_a_crash)
{
    struct proposal a = entry(NULL, 1, 'a');
    log_of(0, &a, NULL);
    say(0, R_ACK, 1, 1);
    crash(0);
    replay(0, R_TERM, NULL, 1);
    replay(0, R_ENTRY, &a, 0);
    checker_restored(s->checker, 0, false);
    stand_expect(s, CHECK_NONE);
    crash(0);
    replay(0, R_TERM, NULL, 1);
    checker_restored(s->checker, 0, false);
    stand_expect(s, CHECK_DURABLE);
}

Test(raft, the_term_that_was_spoken_in_is_there_after_a_crash)
{
    log_of(0, NULL, NULL);
    say(0, R_ACK, 1, 0);
    crash(0);
    checker_restored(s->checker, 0, false);
    stand_expect(s, CHECK_DURABLE);
}

Test(raft, a_term_does_not_fall)
{
    term(0, 2);
    term(0, 1);
    stand_expect(s, CHECK_MONOTONE);
}

Test(raft, a_commit_does_not_fall_and_not_exceed_the_log)
{
    struct proposal a = entry(NULL, 1, 'a');
    log_of(0, &a, NULL);
    head(R_COMMIT);
    write_u64(&s->w, 1);
    stand_append(s, 0, JOURNAL_ENGINE);
    stand_expect(s, CHECK_NONE);
    head(R_COMMIT);
    write_u64(&s->w, 2);
    stand_append(s, 0, JOURNAL_ENGINE);
    stand_expect(s, CHECK_MONOTONE);
}

/* A fold with the term and a log of `count` of the entries. */
static void fold(uint16_t n, uint64_t term, const struct proposal *list, uint32_t count)
{
    enum { TERM_SIZE = 3 + 10, LOG_SIZE = 3 + 48 + 97 + 4, ENTRY_SIZE = 89 };
    static const uint8_t nobody[97];
    struct writer *w = stand_write(s);
    struct digest root = digest_letter('r');
    write_u32(w, 2);
    write_u8(w, JOURNAL_ENGINE);
    write_u32(w, TERM_SIZE);
    write_u8(w, 0);
    write_u8(w, 1);
    write_u8(w, R_TERM);
    write_u64(w, term);
    write_u16(w, 0xffff);
    write_u8(w, JOURNAL_ENGINE);
    write_u32(w, LOG_SIZE + count * ENTRY_SIZE);
    write_u8(w, 0);
    write_u8(w, 1);
    write_u8(w, R_LOG);
    write_u64(w, 0);
    write_u64(w, 0);
    write_digest(w, &root);
    write_bytes(w, span_of(nobody, sizeof nobody));
    write_u32(w, count);
    for (uint32_t i = 0; i < count; i++) {
        proposal_write(w, &list[i]);
        write_u8(w, 0);
    }
    stand_append(s, n, JOURNAL_FOLD);
}

Test(raft, a_fold_stands_for_all_before_it)
{
    struct proposal list[2];
    list[0] = entry(NULL, 1, 'a');
    list[1] = entry(&list[0], 1, 'b');
    log_of(0, &list[0], &list[1]);
    fold(0, 1, list, 2);
    stand_durable(s, 0);
    checker_cut(s->checker, 0, s->record[0]);
    stand_expect(s, CHECK_NONE);
}

Test(raft, a_fold_that_leaves_an_entry_out)
{
    struct proposal list[2];
    list[0] = entry(NULL, 1, 'a');
    list[1] = entry(&list[0], 1, 'b');
    log_of(0, &list[0], &list[1]);
    fold(0, 1, list, 1);
    stand_expect(s, CHECK_LOST_UNSYNCED);
}

Test(raft, a_fold_with_an_earlier_term)
{
    struct proposal a = entry(NULL, 1, 'a');
    log_of(0, &a, NULL);
    term(0, 2);
    fold(0, 1, &a, 1);
    stand_expect(s, CHECK_LOST_UNSYNCED);
}

Test(raft, a_cut_without_a_fold)
{
    struct proposal a = entry(NULL, 1, 'a');
    log_of(0, &a, NULL);
    checker_cut(s->checker, 0, s->record[0]);
    stand_expect(s, CHECK_LOST_UNSYNCED);
}

Test(raft, a_record_that_nobody_can_read)
{
    head(9);
    stand_append(s, 0, JOURNAL_ENGINE);
    stand_expect(s, CHECK_REPLAY);
}

Test(raft, a_proof_names_what_it_proves)
{
    struct proposal a = entry(NULL, 1, 'a');
    struct digest digest = proposal_digest(&a);
    uint8_t bytes[49] = { 1 };
    store_u64(bytes + 1, 1);
    store_u64(bytes + 9, 1);
    memcpy(bytes + 17, digest.bytes, 32);
    stand_decide(s, 0, &a, span_of(bytes, sizeof bytes));
    stand_expect(s, CHECK_NONE);
    bytes[20] ^= 1;
    stand_decide(s, 1, &a, span_of(bytes, sizeof bytes));
    stand_expect(s, CHECK_CERTIFICATE);
}
