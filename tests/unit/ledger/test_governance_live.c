/* Which proposals wait, and which are due. */
#include "ledger/governance.h"

#include "tests/unit/ledger/governance_fixture.h"
#include <criterion/criterion.h>

static struct fixture f;
static struct executor *x;

static void setup(void)
{
    governance_start(&f);
    x = &f.ledger->executor;
}

static void teardown(void)
{
    fixture_stop(&f);
}

TestSuite(governance_live, .init = setup, .fini = teardown);

static struct action idle(uint64_t value)
{
    return set_param(PARAM_max_idle_ms, value);
}

Test(governance_live, nothing_waits_at_first)
{
    uint64_t numbers[ENACTMENTS_MAX];
    cr_assert_eq(x->live.count, 0);
    cr_assert_eq(x->live.next, 1);
    cr_assert_eq(governance_next_due_ms(x), UINT64_MAX);
    cr_assert_eq(governance_due(x, numbers), 0);
}

Test(governance_live, open_ones_and_passed_wait_until_they_are_closed)
{
    struct action action = idle(5000);
    cr_assert_eq(propose(&f, BANK, &action, 1), RESULT_ok);
    cr_assert_eq(propose(&f, BANK, &action, 1), RESULT_ok);
    cr_assert_eq(x->live.count, 2);
    for (unsigned who = ALICE; who <= BOB; who++)
        cr_assert_eq(ballot(&f, who, 1, VOTE_NO), RESULT_ok);
    cr_assert_eq(status_of(&f, 1), PROPOSAL_REJECTED);
    cr_assert_eq(x->live.count, 1);
    cr_assert_eq(x->live.numbers[0], 2);
    uint64_t number = pass(&f, &action, 1);
    cr_assert_eq(x->live.count, 2);
    fixture_run(&f);
    cr_assert_eq(status_of(&f, number), PROPOSAL_ENACTED);
    cr_assert_eq(x->live.count, 1);
}

Test(governance_live, past_its_deadline_an_open_one_is_forgotten_and_makes_room)
{
    uint8_t bytes[ACTIONS_TEXT_MAX];
    struct action action = idle(5000);
    uint64_t deadline_ms = f.time_ms + 20000;
    for (unsigned i = 0; i < 10; i++) {
        fixture_tx(&f, BANK);
        add_proposal(&f, BANK, &action, 1, bytes)->gov_propose.deadline_ms = deadline_ms;
        cr_assert_eq(fixture_one(&f, SIGNED_BANK), RESULT_ok);
    }
    f.time_ms = deadline_ms;
    cr_assert_eq(propose(&f, BANK, &action, 1), RESULT_proposal_limit);
    cr_assert_eq(propose(&f, ALICE, &action, 1), RESULT_ok); /* each has its own ten */
    f.time_ms = deadline_ms + 1;
    cr_assert_eq(propose(&f, BANK, &action, 1), RESULT_ok);
    cr_assert_eq(x->live.count, 2);
}

Test(governance_live, a_passed_one_counts_until_it_is_enacted)
{
    struct action action = idle(5000);
    uint64_t when = f.time_ms + 50000;
    for (unsigned i = 0; i < 10; i++)
        pass_at(&f, &action, 1, when);
    cr_assert_eq(propose(&f, BANK, &action, 1), RESULT_proposal_limit);
    f.time_ms = when;
    fixture_run(&f);
    cr_assert_eq(f.last->entry_count, ENACTMENTS_MAX);
    cr_assert_eq(propose(&f, BANK, &action, 1), RESULT_ok);
}

Test(governance_live, those_of_one_transaction_count)
{
    uint8_t bytes[11][1024];
    struct action action = idle(5000);
    fixture_tx(&f, BANK);
    for (unsigned i = 0; i < 11; i++)
        add_proposal(&f, BANK, &action, 1, bytes[i]);
    cr_assert_eq(fixture_one(&f, SIGNED_BANK), RESULT_proposal_limit);
    cr_assert_eq(f.last->entries[0].at, 10);
    cr_assert_eq(x->live.count, 0);
    fixture_tx(&f, BANK);
    for (unsigned i = 0; i < 10; i++)
        add_proposal(&f, BANK, &action, 1, bytes[i]);
    cr_assert_eq(fixture_one(&f, SIGNED_BANK), RESULT_ok);
    cr_assert_eq(x->live.count, 10);
}

Test(governance_live, at_most_ten_in_a_block_ascending_by_number)
{
    struct action action = idle(5000);
    uint64_t when = f.time_ms + 50000;
    for (unsigned i = 0; i < 10; i++)
        pass_at(&f, &action, 1, when);
    for (uint64_t number = 11; number <= 12; number++) { /* two more, of another proposer */
        uint8_t bytes[ACTIONS_TEXT_MAX];
        fixture_tx(&f, BOB);
        add_proposal(&f, BOB, &action, 1, bytes)->gov_propose.activate_ms = when;
        cr_assert_eq(fixture_one(&f, SIGNED_BOB), RESULT_ok);
        cr_assert_eq(ballot(&f, ALICE, number, VOTE_YES), RESULT_ok);
        cr_assert_eq(ballot(&f, OTHER, number, VOTE_YES), RESULT_ok);
        cr_assert_eq(status_of(&f, number), PROPOSAL_PASSED);
    }
    f.time_ms = when;
    fixture_run(&f);
    cr_assert_eq(f.last->entry_count, ENACTMENTS_MAX);
    for (unsigned i = 0; i < ENACTMENTS_MAX; i++) {
        struct digest id = governance_entry_id(i + 1);
        cr_assert(digest_equal(&f.last->entries[i].id, &id));
    }
    cr_assert_leq(f.last->next_due_ms, f.last->header.time_ms);
    fixture_run(&f);
    cr_assert_eq(f.last->entry_count, 2);
    fixture_run(&f);
    cr_assert_eq(f.last->kind, EXECUTION_EMPTY);
}

Test(governance_live, others_do_not_wait_for_a_second_end_of_the_epoch)
{
    struct action first = engine_param("view_ms", 2000), second = engine_param("view_ms", 3000);
    struct action third = idle(5000);
    uint64_t when = f.time_ms + 50000;
    pass_at(&f, &first, 1, when);
    uint64_t late = pass_at(&f, &second, 1, when);
    uint64_t other = pass_at(&f, &third, 1, when);
    f.time_ms = when;
    fixture_run(&f);
    cr_assert_eq(f.last->entry_count, 2);
    cr_assert_eq(status_of(&f, late), PROPOSAL_PASSED);
    cr_assert_eq(status_of(&f, other), PROPOSAL_ENACTED);
    cr_assert_eq(f.last->header.flags, HEADER_EPOCH_END);
    /* the set stays, the parameters are others */
    cr_assert(digest_equal(&f.last->header.validators_hash, &f.last->header.next_validators_hash));
    fixture_run(&f);
    cr_assert_eq(f.last->header.epoch, 1);
    cr_assert_eq(f.last->header.flags, HEADER_EPOCH_END);
    cr_assert_eq(ledger_head(f.ledger)->epoch, 2);
    cr_assert_eq(ledger_params(f.ledger)->version, 4);
}

Test(governance_live, loading_finds_what_settling_kept)
{
    struct action action = idle(5000);
    uint8_t bytes[ACTIONS_TEXT_MAX];
    fixture_tx(&f, ALICE);
    add_proposal(&f, ALICE, &action, 1, bytes)->gov_propose.deadline_ms = f.time_ms + 1;
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_ok);
    cr_assert_eq(propose(&f, BANK, &action, 1), RESULT_ok);
    uint64_t number = pass_at(&f, &action, 1, f.time_ms + 50000);
    struct live_proposals before = x->live;
    uint64_t kept[2] = { before.numbers[0], before.numbers[1] };
    cr_assert_eq(before.count, 2);
    x->time_ms = f.last->header.time_ms;
    cr_assert_eq(governance_load(x), STATUS_OK);
    cr_assert_eq(x->live.count, before.count);
    cr_assert_eq(x->live.numbers[0], kept[0]);
    cr_assert_eq(x->live.numbers[1], kept[1]);
    cr_assert_eq(x->live.numbers[1], number);
    cr_assert_eq(x->live.next, before.next);
    cr_assert_eq(x->live.due_ms, before.due_ms);
}
