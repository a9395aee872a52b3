#include "ledger/state.h"

#include "ledger/ledger_inside.h"
#include "tests/unit/ledger/fixture.h"
#include <criterion/criterion.h>

static struct fixture f;
static struct state *state;

static void setup(void)
{
    fixture_start(&f);
    state = state_new(f.ledger->store, 7);
    cr_assert_not_null(state);
}

static void teardown(void)
{
    state_free(state);
    fixture_stop(&f);
}

TestSuite(state, .init = setup, .fini = teardown);

Test(state, rows_are_read_once_and_absence_is_remembered)
{
    struct id nobody = sample_id("nobody", 1);
    const struct account *alice = state_account(state, &f.cast[ALICE]);
    cr_assert_not_null(alice);
    cr_assert_eq(alice->signer_count, 1);
    cr_assert_eq(state_account(state, &f.cast[ALICE]), alice);
    cr_assert_null(state_account(state, &nobody));
    cr_assert_null(state_account(state, &nobody));
    cr_assert_eq(state_records(state), 2);
    cr_assert_eq(state_balance(state, &f.cast[ALICE], &f.eur)->posted, 10000);
    cr_assert_null(state_balance(state, &f.cast[DAVE], &f.eur));
    cr_assert_eq(state_asset(state, &f.eur)->supply, 10500);
    cr_assert_eq(state_lane_next(state, &f.cast[ALICE], 3), 1);
    cr_assert_null(state_kv(state, &f.cast[ALICE], span_text("x")));
    cr_assert_null(state_window(state, &f.cast[ALICE], &nobody));
    cr_assert_eq(state_status(state), STATUS_OK);
}

Test(state, undo_restores_values_and_existence)
{
    struct id id = sample_id("new", 1);
    state_edit_balance(state, &f.cast[ALICE], &f.eur)->posted = 1;
    state_edit_balance(state, &f.cast[ALICE], &f.eur)->posted = 2;
    state_edit_signers(state, &id)->version = 9;
    state_put_kv(state, &id, span_text("x"), 5, span_text("value"));
    state_put_lane(state, &id, 1, 2);
    cr_assert_eq(state_edit_count(state), 4, "each object once");
    struct state_edit edit = state_edit_at(state, 0);
    cr_assert_eq(edit.kind, RECORD_BALANCE);
    cr_assert(edit.existed);
    cr_assert_eq(((const struct balance *)edit.before)->posted, 10000);
    cr_assert_eq(((const struct balance *)edit.now)->posted, 2);
    cr_assert(!state_edit_at(state, 1).existed);

    state_undo(state);
    cr_assert_eq(state_edit_count(state), 0);
    cr_assert_eq(state_balance(state, &f.cast[ALICE], &f.eur)->posted, 10000);
    cr_assert_null(state_account(state, &id));
    cr_assert_null(state_kv(state, &id, span_text("x")));
    cr_assert_eq(state_lane_next(state, &id, 1), 1);
}

Test(state, undo_goes_back_to_the_entry_before_not_to_the_block_before)
{
    state_edit_balance(state, &f.cast[ALICE], &f.eur)->posted = 1;
    state_put_kv(state, &f.cast[ALICE], span_text("x"), 5, span_text("first"));
    state_accept(state);
    state_edit_balance(state, &f.cast[ALICE], &f.eur)->posted = 2;
    state_remove_kv(state, &f.cast[ALICE], span_text("x"));
    state_undo(state);
    cr_assert_eq(state_balance(state, &f.cast[ALICE], &f.eur)->posted, 1);
    cr_assert_eq(state_kv(state, &f.cast[ALICE], span_text("x"))->version, 5);
}

Test(state, forgetting_reads_everything_again)
{
    state_edit_balance(state, &f.cast[ALICE], &f.eur)->posted = 1;
    state_accept(state);
    state_forget(state);
    cr_assert_eq(state_records(state), 0);
    cr_assert_eq(state_balance(state, &f.cast[ALICE], &f.eur)->posted, 10000);
}

Test(state, thousands_of_records_are_found_again)
{
    for (uint64_t i = 0; i < 5000; i++) {
        struct id id = sample_id("many", i);
        state_edit_account(state, &id)->version = i + 1;
        if (i % 7 == 0) state_accept(state);
    }
    state_accept(state);
    for (uint64_t i = 0; i < 5000; i++) {
        struct id id = sample_id("many", i);
        cr_assert_eq(state_account(state, &id)->version, i + 1);
    }
    cr_assert_eq(state_records(state), 5000);
}

Test(state, after_an_error_reads_find_nothing_and_edits_go_nowhere)
{
    struct id id = sample_id("new", 1);
    store_begin(f.ledger->store);
    store_begin(f.ledger->store); /* a mistake that the store remembers */
    cr_assert_neq(state_status(state), STATUS_OK);
    cr_assert_null(state_account(state, &f.cast[ALICE]));
    cr_assert_null(state_balance(state, &f.cast[ALICE], &f.eur));
    state_edit_account(state, &id)->version = 1;
    state_edit_balance(state, &id, &id)->posted = 1;
    state_put_kv(state, &id, span_text("x"), 1, span_text("y"));
    cr_assert_eq(state_edit_count(state), 0);
    cr_assert_null(state_account(state, &id));
    store_rollback(f.ledger->store);
}

Test(state, strangers_cannot_fill_the_memory)
{
    state_account(state, &f.cast[ALICE]);
    state_trim(state);
    cr_assert_eq(state_records(state), 1, "a few are kept");
    for (uint64_t i = 0; i < 70000; i++) {
        struct id id = { { 0 } };
        store_u64(id.bytes, i);
        cr_assert_null(state_account(state, &id));
    }
    cr_assert_eq(state_records(state), 70001);
    state_trim(state);
    cr_assert_eq(state_records(state), 0);
    cr_assert_not_null(state_account(state, &f.cast[ALICE]));
}

/* ---- holds ---- */

static const struct id group = { { 7 } };

static struct hold hold_of(uint64_t number)
{
    return (struct hold){ .id = sample_id("hold", number),
                          .version = number,
                          .arbiter = f.cast[BOB],
                          .amount = 5,
                          .expires_ms = 100,
                          .group = group };
}

static size_t group_size(void)
{
    struct id ids[STATE_GROUP_MAX];
    size_t count = state_group(state, &group, &f.cast[BOB], ids);
    for (size_t i = 1; i < count; i++)
        cr_assert_lt(id_compare(&ids[i - 1], &ids[i]), 0);
    return count;
}

Test(state, a_hold_that_ends_is_gone_and_told)
{
    struct hold hold = hold_of(1);
    state_put_hold(state, &hold);
    struct state_edit edit = state_edit_at(state, 0);
    const struct hold_value *value = edit.now;
    cr_assert_eq(edit.kind, RECORD_HOLD);
    cr_assert_eq(value->state, HOLD_MADE);
    cr_assert_eq(value->amount, 5);
    state_accept(state);
    state_end_hold(state, &hold.id, HOLD_POSTED, 3, 77);
    edit = state_edit_at(state, 0);
    value = edit.now;
    cr_assert(edit.existed);
    cr_assert_not(edit.exists);
    cr_assert_eq(value->state, HOLD_POSTED);
    cr_assert_eq(value->amount, 3);
    cr_assert_eq(value->hold.amount, 5);
    cr_assert_null(state_hold(state, &hold.id));
    state_undo(state);
    cr_assert_not_null(state_hold(state, &hold.id));
}

Test(state, a_group_is_as_it_is_at_this_moment_of_the_entry)
{
    struct hold one = hold_of(1), two = hold_of(2), three = hold_of(3), other = hold_of(4);
    other.arbiter = f.cast[ALICE];
    state_put_hold(state, &one);
    state_put_hold(state, &two);
    state_put_hold(state, &other);
    cr_assert_eq(group_size(), 2, "made by the entry in hand");
    state_accept(state);
    cr_assert_eq(group_size(), 2, "made by one before it");
    state_put_hold(state, &three);
    state_end_hold(state, &one.id, HOLD_VOIDED, 5, 77);
    cr_assert_eq(group_size(), 2);
    state_undo(state);
    cr_assert_eq(group_size(), 2);
    state_end_hold(state, &one.id, HOLD_VOIDED, 5, 77);
    state_end_hold(state, &two.id, HOLD_VOIDED, 5, 77);
    state_accept(state);
    cr_assert_eq(group_size(), 0);
}

Test(state, of_a_large_group_the_first_are_found)
{
    for (uint64_t i = 0; i < 2 * STATE_GROUP_MAX; i++) {
        struct hold hold = hold_of(i);
        state_put_hold(state, &hold);
        if (i % 50 == 0) state_accept(state);
    }
    cr_assert_eq(group_size(), STATE_GROUP_MAX);
}
