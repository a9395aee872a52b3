/* The record of a proposal, and when its ballots decide it. */
#include "format/proposal.h"

const char *proposal_status_name(uint8_t status)
{
    switch (status) {
    case PROPOSAL_OPEN: return "open";
    case PROPOSAL_PASSED: return "passed";
    case PROPOSAL_REJECTED: return "rejected";
    case PROPOSAL_ENACTED: return "enacted";
    case PROPOSAL_FAILED: return "failed";
    case PROPOSAL_WITHDRAWN: return "withdrawn";
    default: return "unknown";
    }
}

const char *vote_name(uint8_t vote)
{
    switch (vote) {
    case VOTE_YES: return "yes";
    case VOTE_NO: return "no";
    case VOTE_ABSTAIN: return "abstain";
    default: return "unknown";
    }
}

bool vote_find(const char *name, uint8_t *vote)
{
    for (unsigned i = VOTE_YES; i <= VOTE_ABSTAIN; i++) {
        if (strcmp(name, vote_name((uint8_t)i)) != 0) continue;
        *vote = (uint8_t)i;
        return true;
    }
    return false;
}

void proposal_record_write(struct writer *w, const struct proposal_record *record)
{
    write_id(w, &record->proposer);
    write_u8(w, record->class);
    write_u8(w, record->status);
    write_u64(w, record->params_version);
    write_u64(w, record->deadline_ms);
    write_u64(w, record->activate_ms);
    write_u64(w, record->passed_ms);
    write_digest(w, &record->rationale);
    write_u8(w, record->action_count);
    for (unsigned i = 0; i < record->action_count; i++)
        action_write(w, &record->actions[i]);
    write_u16(w, record->ballot_count);
    for (unsigned i = 0; i < record->ballot_count; i++) {
        write_id(w, &record->ballots[i].member);
        write_u8(w, record->ballots[i].vote);
    }
}

/* Fails with STATUS_MALFORMED unless number is least ... most. */
static void expect_range(struct reader *r, uint64_t number, uint64_t least, uint64_t most)
{
    if (number < least || number > most) reader_fail(r, STATUS_MALFORMED);
}

static void read_ballots(struct reader *r, struct proposal_record *record)
{
    record->ballot_count = read_u16(r);
    expect_range(r, record->ballot_count, 0, BALLOTS_MAX);
    for (unsigned i = 0; i < record->ballot_count && reader_status(r) == STATUS_OK; i++) {
        struct ballot *ballot = &record->ballots[i];
        read_id(r, &ballot->member);
        ballot->vote = read_u8(r);
        expect_range(r, ballot->vote, VOTE_YES, VOTE_ABSTAIN);
        if (i > 0 && id_compare(&record->ballots[i - 1].member, &ballot->member) >= 0)
            reader_fail(r, STATUS_MALFORMED);
    }
}

/* Its actions passed when it was proposed. */
static void read_actions(struct reader *r, struct proposal_record *record)
{
    record->action_count = read_u8(r);
    expect_range(r, record->action_count, 1, ACTIONS_MAX);
    for (unsigned i = 0; i < record->action_count && reader_status(r) == STATUS_OK; i++)
        action_read_again(r, &record->actions[i]);
}

enum status proposal_record_decode(struct span bytes, struct proposal_record *record)
{
    struct reader r = reader_of(bytes);
    memset(record, 0, sizeof *record);
    read_id(&r, &record->proposer);
    record->class = read_u8(&r);
    expect_range(&r, record->class, CLASS_ROUTINE, CLASS_EMERGENCY);
    record->status = read_u8(&r);
    expect_range(&r, record->status, PROPOSAL_OPEN, PROPOSAL_WITHDRAWN);
    record->params_version = read_u64(&r);
    record->deadline_ms = read_u64(&r);
    record->activate_ms = read_u64(&r);
    record->passed_ms = read_u64(&r);
    read_digest(&r, &record->rationale);
    read_actions(&r, record);
    read_ballots(&r, record);
    return reader_end(&r) == STATUS_OK ? STATUS_OK : STATUS_MALFORMED;
}

enum status proposal_head_decode(struct span bytes, struct proposal_head *head)
{
    struct reader r = reader_of(bytes);
    read_id(&r, &head->proposer);
    head->class = read_u8(&r);
    head->status = read_u8(&r);
    head->params_version = read_u64(&r);
    head->deadline_ms = read_u64(&r);
    head->activate_ms = read_u64(&r);
    head->passed_ms = read_u64(&r);
    return reader_status(&r) == STATUS_OK ? STATUS_OK : STATUS_MALFORMED;
}

static void count_vote(struct tally *tally, uint8_t vote)
{
    if (vote == VOTE_YES) tally->yes++;
    if (vote == VOTE_NO) tally->no++;
    if (vote == VOTE_ABSTAIN) tally->abstain++;
}

struct tally proposal_tally(const struct proposal_record *record, const struct member *members,
                            uint16_t member_count)
{
    struct tally tally = { .members = member_count };
    unsigned at = 0; /* Both lists ascend. */
    for (unsigned i = 0; i < record->ballot_count; i++) {
        const struct ballot *ballot = &record->ballots[i];
        while (at < member_count && id_compare(&members[at].account, &ballot->member) < 0)
            at++;
        if (at < member_count && id_equal(&members[at].account, &ballot->member))
            count_vote(&tally, ballot->vote);
    }
    return tally;
}

/* votes > fraction x members; no product reaches 2^64: members are at most 2^16. */
static bool above(uint64_t votes, uint64_t members, uint64_t fraction)
{
    uint64_t numerator = fraction >> 32, denominator = (uint32_t)fraction;
    return votes * denominator > numerator * members;
}

enum proposal_status proposal_judge(const struct tally *tally, uint64_t fraction)
{
    uint64_t against = (uint64_t)tally->no + tally->abstain;
    ASSERT(tally->yes + against <= tally->members);
    if (above(tally->yes, tally->members, fraction)) return PROPOSAL_PASSED;
    if (!above(tally->members - against, tally->members, fraction)) return PROPOSAL_REJECTED;
    return PROPOSAL_OPEN;
}

uint64_t proposal_fraction(const struct params *params, uint8_t class)
{
    switch (class) {
    case CLASS_ROUTINE: return params->values[PARAM_gov_routine];
    case CLASS_EMERGENCY: return params->values[PARAM_gov_emergency];
    default: return params->values[PARAM_gov_critical];
    }
}
