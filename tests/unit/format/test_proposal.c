#include "tests/unit/format/samples.h"

#include <criterion/criterion.h>

static struct proposal_record *record, *again;
static struct writer w;

static void start(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    record = calloc(1, sizeof *record);
    again = calloc(1, sizeof *again);
    writer_init(&w, 65536);
}

static void stop(void)
{
    free(record);
    free(again);
    writer_free(&w);
}

TestSuite(proposal, .init = start, .fini = stop);

/* Ids that ascend with their number. */
static struct id ordered(uint8_t number)
{
    struct id id = { { number } };
    return id;
}

static void fill(uint16_t ballots)
{
    *record = (struct proposal_record){ .proposer = ordered(1),
                                        .class = CLASS_CRITICAL,
                                        .status = PROPOSAL_PASSED,
                                        .params_version = 3,
                                        .deadline_ms = 1796202000000,
                                        .activate_ms = 1796202000001,
                                        .passed_ms = 1796201000000,
                                        .rationale = sample_digest("rationale", 1) };
    for (unsigned kind = ACTION_PARAMS_SET; kind <= ACTION_ENGINE_PARAMS; kind++)
        record->actions[record->action_count++] = sample_action((enum action_kind)kind);
    for (uint16_t i = 0; i < ballots; i++) {
        struct ballot *ballot = &record->ballots[record->ballot_count++];
        store_u16(ballot->member.bytes, (uint16_t)(i >> 8 | i << 8)); /* big-endian: ascending */
        ballot->vote = (uint8_t)(VOTE_YES + i % 3);
    }
}

static struct span written(void)
{
    writer_free(&w);
    writer_init(&w, 65536);
    proposal_record_write(&w, record);
    cr_assert_eq(writer_status(&w), STATUS_OK);
    return writer_span(&w);
}

Test(proposal, a_record_goes_there_and_back)
{
    static const uint16_t counts[] = { 0, 1, 7, BALLOTS_MAX };
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        fill(counts[i]);
        struct span bytes = written();
        cr_assert_eq(proposal_record_decode(bytes, again), STATUS_OK, "%u", counts[i]);
        struct writer copy;
        writer_init(&copy, 65536);
        proposal_record_write(&copy, again);
        cr_assert(span_equal(writer_span(&copy), bytes));
        writer_free(&copy);
    }
}

Test(proposal, every_cut_and_every_byte_more_is_refused)
{
    fill(3);
    struct span bytes = written();
    for (size_t size = 0; size < bytes.size; size++)
        cr_assert_eq(proposal_record_decode(span_of(bytes.data, size), again), STATUS_MALFORMED);
    write_u8(&w, 0);
    cr_assert_eq(proposal_record_decode(writer_span(&w), again), STATUS_MALFORMED);
}

static void refused_record(const char *what)
{
    cr_assert_eq(proposal_record_decode(written(), again), STATUS_MALFORMED, "%s", what);
}

Test(proposal, values_out_of_range_are_refused)
{
    fill(2);
    record->class = 0;
    refused_record("class 0");
    fill(2);
    record->class = 4;
    refused_record("class 4");
    fill(2);
    record->status = 0;
    refused_record("status 0");
    fill(2);
    record->status = 7;
    refused_record("status 7");
    fill(2);
    record->action_count = 0;
    refused_record("no action");
    fill(2);
    record->ballots[1].vote = 0;
    refused_record("vote 0");
    fill(2);
    record->ballots[1].vote = 4;
    refused_record("vote 4");
    fill(2);
    record->ballots[1].member = record->ballots[0].member;
    refused_record("a member twice");
    fill(2);
    record->ballots[0].member = ordered(200);
    refused_record("members not in order");
}

/* ---- counting ---- */

static struct member members[8];

static struct tally count(uint8_t first, uint8_t member_count)
{
    for (uint8_t i = 0; i < member_count; i++)
        members[i] = (struct member){ .account = ordered((uint8_t)(first + i)) };
    return proposal_tally(record, members, member_count);
}

static void ballot_of(uint8_t number, enum vote vote)
{
    struct ballot ballot = { .member = ordered(number), .vote = (uint8_t)vote };
    record->ballots[record->ballot_count++] = ballot;
}

Test(proposal, only_present_members_count)
{
    ballot_of(1, VOTE_YES);
    ballot_of(2, VOTE_NO);
    ballot_of(4, VOTE_ABSTAIN);
    ballot_of(6, VOTE_YES);
    struct tally tally = count(1, 4);
    cr_assert_eq(tally.members, 4);
    cr_assert_eq(tally.yes, 1);
    cr_assert_eq(tally.no, 1);
    cr_assert_eq(tally.abstain, 1);
    tally = count(5, 3);
    cr_assert_eq(tally.yes, 1);
    cr_assert_eq(tally.no, 0);
    cr_assert_eq(tally.abstain, 0);
    tally = count(7, 1);
    cr_assert_eq(tally.yes + tally.no + tally.abstain, 0);
}

static enum proposal_status judged(uint16_t of, uint16_t yes, uint16_t no, uint16_t abstain,
                                   uint64_t fraction)
{
    struct tally tally = { .members = of, .yes = yes, .no = no, .abstain = abstain };
    return proposal_judge(&tally, fraction);
}

Test(proposal, passes_above_the_fraction_and_is_rejected_when_that_is_out_of_reach)
{
    const uint64_t half = PARAM_FRACTION(1, 2), two_thirds = PARAM_FRACTION(2, 3);
    cr_assert_eq(judged(4, 2, 0, 0, half), PROPOSAL_OPEN, "half is not more than half");
    cr_assert_eq(judged(4, 3, 0, 0, half), PROPOSAL_PASSED);
    cr_assert_eq(judged(4, 2, 1, 0, half), PROPOSAL_OPEN);
    cr_assert_eq(judged(4, 2, 1, 1, half), PROPOSAL_REJECTED, "an abstention is not yes");
    cr_assert_eq(judged(4, 0, 2, 0, half), PROPOSAL_REJECTED);
    cr_assert_eq(judged(5, 2, 2, 0, half), PROPOSAL_OPEN);
    cr_assert_eq(judged(5, 3, 2, 0, half), PROPOSAL_PASSED);
    cr_assert_eq(judged(4, 2, 0, 0, two_thirds), PROPOSAL_OPEN);
    cr_assert_eq(judged(4, 3, 0, 0, two_thirds), PROPOSAL_PASSED);
    cr_assert_eq(judged(4, 2, 1, 0, two_thirds), PROPOSAL_OPEN);
    cr_assert_eq(judged(4, 2, 2, 0, two_thirds), PROPOSAL_REJECTED);
    cr_assert_eq(judged(6, 4, 0, 0, two_thirds), PROPOSAL_OPEN, "two thirds are not more");
    cr_assert_eq(judged(6, 4, 2, 0, two_thirds), PROPOSAL_REJECTED);
    cr_assert_eq(judged(6, 5, 1, 0, two_thirds), PROPOSAL_PASSED);
    cr_assert_eq(judged(1, 1, 0, 0, two_thirds), PROPOSAL_PASSED);
    cr_assert_eq(judged(1, 0, 0, 1, two_thirds), PROPOSAL_REJECTED);
    cr_assert_eq(judged(3, 1, 0, 0, PARAM_FRACTION(1, 3)), PROPOSAL_OPEN);
    cr_assert_eq(judged(3, 2, 0, 0, PARAM_FRACTION(1, 3)), PROPOSAL_PASSED);
    cr_assert_eq(judged(4, 1, 0, 0, PARAM_FRACTION(0, 1)), PROPOSAL_PASSED, "anyone");
    const uint64_t finest = PARAM_FRACTION(UINT32_MAX - 1, UINT32_MAX);
    cr_assert_eq(judged(1024, 1023, 0, 0, finest), PROPOSAL_OPEN);
    cr_assert_eq(judged(1024, 1024, 0, 0, finest), PROPOSAL_PASSED, "no overflow");
}

/* Whatever the votes, both at once is impossible, and with all votes in it is decided. */
Test(proposal, is_decided_at_the_latest_when_all_have_voted)
{
    for (uint16_t of = 1; of <= 12; of++)
        for (uint32_t numerator = 0; numerator < 7; numerator++)
            for (uint16_t yes = 0; yes <= of; yes++) {
                enum proposal_status status =
                    judged(of, yes, (uint16_t)(of - yes), 0, PARAM_FRACTION(numerator, 7));
                bool passes = (uint64_t)yes * 7 > (uint64_t)numerator * of;
                cr_assert_eq(status, passes ? PROPOSAL_PASSED : PROPOSAL_REJECTED);
            }
}

Test(proposal, fractions_of_the_classes)
{
    struct params params;
    params_default(&params);
    cr_assert_eq(proposal_fraction(&params, CLASS_ROUTINE), PARAM_FRACTION(1, 2));
    cr_assert_eq(proposal_fraction(&params, CLASS_CRITICAL), PARAM_FRACTION(2, 3));
    cr_assert_eq(proposal_fraction(&params, CLASS_EMERGENCY), PARAM_FRACTION(1, 3));
}

Test(proposal, words)
{
    uint8_t vote = 0;
    cr_assert(vote_find("abstain", &vote));
    cr_assert_eq(vote, VOTE_ABSTAIN);
    cr_assert_not(vote_find("maybe", &vote));
    cr_assert_not(vote_find("unknown", &vote));
    cr_assert_str_eq(vote_name(VOTE_YES), "yes");
    cr_assert_str_eq(vote_name(0), "unknown");
    cr_assert_str_eq(proposal_status_name(PROPOSAL_OPEN), "open");
    cr_assert_str_eq(proposal_status_name(PROPOSAL_WITHDRAWN), "withdrawn");
    cr_assert_str_eq(proposal_status_name(0), "unknown");
}
