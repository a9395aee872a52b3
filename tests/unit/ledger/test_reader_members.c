#include "tests/unit/ledger/reader_story.h"

TestSuite(reader_members, .init = open_story, .fini = close_story);

static bool count_member(void *context, const struct member *member)
{
    (void)member;
    ++*(unsigned *)context;
    return true;
}

static bool check_validator(void *context, const struct validator_row *validator)
{
    const struct genesis *genesis = story.f.genesis;
    uint16_t index = committee_find_id(&genesis->committee, &validator->id);
    cr_assert_neq(index, VALIDATOR_NONE);
    cr_assert(key_equal(&validator->seal_key, &genesis->committee.validators[index].seal_key));
    cr_assert(key_equal(&validator->node_key, &genesis->validators[index].node_key));
    cr_assert_str_eq(validator->endpoint, genesis->validators[index].endpoint);
    cr_assert_eq(validator->status, VALIDATOR_ACTIVE);
    ++*(unsigned *)context;
    return true;
}

Test(reader_members, members_and_validators)
{
    unsigned members = 0, validators = 0;
    struct member member;
    cr_assert_eq(ledger_read_members(reader, count_member, &members), STATUS_OK);
    cr_assert_eq(members, 2);
    cr_assert_eq(ledger_read_member(reader, &story.f.cast[OTHER], &member), STATUS_OK);
    cr_assert_str_eq(member.name, "Other");
    cr_assert_eq(ledger_read_member(reader, &story.f.cast[BOB], &member), STATUS_NOT_FOUND);
    cr_assert_eq(ledger_read_validators(reader, check_validator, &validators), STATUS_OK);
    cr_assert_eq(validators, 4);
}

Test(reader_members, parameters_are_those_in_force)
{
    struct params params;
    cr_assert_eq(ledger_read_params(reader, &params), STATUS_OK, "%s", ledger_reader_error(reader));
    struct digest have = params_hash(&params), want = params_hash(ledger_params(story.f.ledger));
    cr_assert(digest_equal(&have, &want));
}
Test(reader_members, a_parameter_that_is_missing_is_damage)
{
    struct params params;
    edit_story("DELETE FROM param WHERE name = 'tx_bytes_max'");
    cr_assert_eq(ledger_read_params(reader, &params), STATUS_DAMAGED);
}
