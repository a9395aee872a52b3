/* Records of governance in the state: read, put, undone, damaged. */
#include "ledger/governance_records.h"

#include "tests/unit/ledger/governance_fixture.h"
#include <criterion/criterion.h>

static struct fixture f;
static struct state *state;

static void setup(void)
{
    governance_start(&f);
    state = f.ledger->state;
}

static void teardown(void)
{
    fixture_stop(&f);
}

TestSuite(governance_records, .init = setup, .fini = teardown);

Test(governance_records, what_the_genesis_put)
{
    struct params params;
    struct committee *set = malloc(sizeof *set);
    struct validator_record record;
    uint16_t count;
    governance_read_params(state, &params);
    struct digest a = params_hash(&params), b = params_hash(&f.genesis->params);
    cr_assert(digest_equal(&a, &b));
    struct member *members = governance_read_members(state, &count);
    cr_assert_eq(count, 4);
    a = members_hash(members, count);
    b = members_hash(f.genesis->members, 4);
    cr_assert(digest_equal(&a, &b));
    free(members);
    governance_read_set(state, set);
    a = committee_hash(set);
    b = committee_hash(&f.genesis->committee);
    cr_assert(digest_equal(&a, &b));
    for (uint16_t i = 0; i < 4; i++) {
        cr_assert(governance_read_validator(state, &set->validators[i].id, &record));
        cr_assert_eq(record.status, VALIDATOR_ACTIVE);
        cr_assert_str_eq(record.endpoint, f.genesis->validators[i].endpoint);
    }
    struct proposal_head head;
    cr_assert_not(governance_read_validator(state, &f.cast[BANK], &record));
    cr_assert_not(governance_read_head(state, 1, &head));
    cr_assert_eq(governance_read_next(state), 1);
    cr_assert(governance_is_member(state, &f.cast[OTHER]));
    cr_assert_not(governance_is_member(state, &f.cast[DAVE]));
    cr_assert_eq(state_status(state), STATUS_OK);
    free(set);
}

/* Larger and smaller values in turn, some of them undone: the bytes are right each time. */
Test(governance_records, values_of_changing_size_are_undone)
{
    static struct proposal_record record, back;
    uint16_t sizes[] = { 1, 300, 2, 1000, 3 };
    record.proposer = f.cast[BANK];
    record.class = CLASS_ROUTINE;
    record.status = PROPOSAL_OPEN;
    record.action_count = 1;
    record.actions[0] = set_param(PARAM_max_idle_ms, 5000);
    uint16_t kept = 0;
    for (unsigned round = 0; round < 10; round++) {
        for (unsigned i = 0; i < 5; i++) {
            record.ballot_count = sizes[(round + i) % 5];
            for (uint16_t k = 0; k < record.ballot_count; k++) {
                record.ballots[k].vote = VOTE_YES;
                memset(record.ballots[k].member.bytes, 0, 16);
                record.ballots[k].member.bytes[0] = (uint8_t)(k >> 8);
                record.ballots[k].member.bytes[1] = (uint8_t)k;
            }
            governance_put_proposal(state, 7, &record);
            cr_assert(governance_read_proposal(state, 7, &back));
            cr_assert_eq(back.ballot_count, record.ballot_count);
        }
        if (round % 3 == 0) {
            state_accept(state);
            kept = record.ballot_count;
        } else {
            state_undo(state);
        }
        cr_assert(governance_read_proposal(state, 7, &back));
        cr_assert_eq(back.ballot_count, kept);
        cr_assert_eq(back.ballots[kept - 1].member.bytes[1], (uint8_t)(kept - 1));
    }
    state_forget(state);
}

Test(governance_records, a_record_that_was_not_there_is_undone_to_nothing)
{
    struct proposal_head head;
    static struct proposal_record record;
    record.class = CLASS_ROUTINE;
    record.status = PROPOSAL_OPEN;
    record.action_count = 1;
    record.actions[0] = set_param(PARAM_max_idle_ms, 5000);
    governance_put_proposal(state, 9, &record);
    governance_put_next(state, 10);
    cr_assert(governance_read_head(state, 9, &head));
    cr_assert_eq(state_edit_count(state), 2);
    cr_assert_eq(state_edit_at(state, 0).key.size, 9);
    state_undo(state);
    cr_assert_not(governance_read_head(state, 9, &head));
    cr_assert_eq(governance_read_next(state), 1);
}

Test(governance_records, a_tally_counts_present_members)
{
    static struct proposal_record record;
    record.ballot_count = 1;
    record.ballots[0] = (struct ballot){ f.cast[DAVE], VOTE_YES };
    struct tally tally = governance_tally(state, &record);
    cr_assert_eq(tally.members, 4);
    cr_assert_eq(tally.yes, 0);
    record.ballots[0] = (struct ballot){ f.cast[ALICE], VOTE_NO };
    tally = governance_tally(state, &record);
    cr_assert_eq(tally.no, 1);
}

Test(governance_records, what_does_not_decode_is_damage_and_reads_as_zeros)
{
    static const uint8_t key = GOVERNANCE_PARAMS;
    struct params params;
    state_put_governance(state, span_of(&key, 1), span_text("nonsense"));
    governance_read_params(state, &params);
    cr_assert_eq(params.version, 0);
    cr_assert_eq(state_status(state), STATUS_DAMAGED);
    state_undo(state);
}
