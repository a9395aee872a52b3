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

TestSuite(state_flush, .init = setup, .fini = teardown);

Test(state_flush, flush_writes_rows_and_lists_leaves_in_the_order_of_their_paths)
{
    const struct state_change *changes;
    size_t count;
    struct id id = sample_id("new", 1);
    struct account *account = state_edit_signers(state, &id);
    account->version = 9;
    account->signer_count = 1;
    account->signers[0] = (struct account_signer){ f.keys[1].public_key, 3 };
    state_edit_balance(state, &f.cast[ALICE], &f.eur)->posted = 77;
    state_put_kv(state, &id, span_text("x"), 5, span_text("value"));
    state_put_lane(state, &id, 1, 2);
    struct window_entry entry = { .source = id, .client_ref = id, .not_after_ms = 5000 };
    state_put_window(state, &entry);
    state_accept(state);

    store_begin(f.ledger->store);
    cr_assert_eq(state_flush(state, &changes, &count), STATUS_OK);
    cr_assert_eq(count, 5);
    for (size_t i = 1; i < count; i++)
        cr_assert_lt(digest_compare(&changes[i - 1].path, &changes[i].path), 0);
    struct state_leaf leaf = account_leaf(state_account(state, &id));
    cr_assert(digest_equal(&changes[0].path, &leaf.path));
    cr_assert(digest_equal(&changes[0].hash, &leaf.hash));

    struct account read = { .version = 0 };
    struct balance balance;
    struct kv_record kv;
    struct lane lane;
    cr_assert(store_read_account(f.ledger->store, &id, &read));
    cr_assert_eq(read.signer_count, 1);
    cr_assert_eq(read.signers[0].weight, 3);
    cr_assert(store_read_balance(f.ledger->store, &f.cast[ALICE], &f.eur, &balance));
    cr_assert_eq(balance.posted, 77);
    cr_assert(store_read_kv(f.ledger->store, &id, span_text("x"), &kv));
    cr_assert_eq(kv.size, 5);
    cr_assert(store_read_lane(f.ledger->store, &id, 1, &lane));
    cr_assert_eq(lane.next, 2);
    cr_assert(store_read_window(f.ledger->store, &id, &id, &entry));
    cr_assert_eq(entry.not_after_ms, 5000);

    cr_assert_eq(state_flush(state, &changes, &count), STATUS_OK);
    cr_assert_eq(count, 0, "nothing changed since");
    store_rollback(f.ledger->store);
}

Test(state_flush, a_key_made_and_removed_within_a_block_leaves_no_trace)
{
    const struct state_change *changes;
    size_t count;
    state_put_kv(state, &f.cast[ALICE], span_text("x"), 5, span_text("value"));
    state_accept(state);
    state_remove_kv(state, &f.cast[ALICE], span_text("x"));
    state_accept(state);
    store_begin(f.ledger->store);
    cr_assert_eq(state_flush(state, &changes, &count), STATUS_OK);
    cr_assert_eq(count, 0);

    state_put_kv(state, &f.cast[ALICE], span_text("x"), 6, span_text("value"));
    state_accept(state);
    cr_assert_eq(state_flush(state, &changes, &count), STATUS_OK);
    cr_assert_eq(count, 1);
    state_remove_kv(state, &f.cast[ALICE], span_text("x"));
    state_accept(state);
    cr_assert_eq(state_flush(state, &changes, &count), STATUS_OK);
    cr_assert_eq(count, 1);
    cr_assert(changes[0].removed);
    struct kv_record kv;
    cr_assert(!store_read_kv(f.ledger->store, &f.cast[ALICE], span_text("x"), &kv));
    store_rollback(f.ledger->store);
}

Test(state_flush, the_sweep_takes_the_oldest_first_and_at_most_so_many)
{
    const struct state_change *changes;
    size_t count;
    store_begin(f.ledger->store);
    for (uint64_t i = 0; i < 5; i++) {
        struct window_entry entry = { .source = f.cast[ALICE],
                                      .client_ref = sample_id("reference", i),
                                      .txid = sample_digest("txid", i),
                                      .not_after_ms = 1000 * (5 - i) };
        state_put_window(state, &entry);
    }
    state_accept(state);
    cr_assert_eq(state_flush(state, &changes, &count), STATUS_OK);

    state_sweep(state, 3000, 10); /* below, not at, the horizon */
    cr_assert_eq(state_flush(state, &changes, &count), STATUS_OK);
    cr_assert_eq(count, 2);
    cr_assert(changes[0].removed);
    struct id gone = sample_id("reference", 4), kept = sample_id("reference", 2);
    cr_assert_null(state_window(state, &f.cast[ALICE], &gone));
    cr_assert_not_null(state_window(state, &f.cast[ALICE], &kept));

    state_sweep(state, 9000, 2);
    cr_assert_eq(state_flush(state, &changes, &count), STATUS_OK);
    cr_assert_eq(count, 2);
    cr_assert_null(state_window(state, &f.cast[ALICE], &kept));
    struct id last = sample_id("reference", 0);
    cr_assert_not_null(state_window(state, &f.cast[ALICE], &last));

    /* A reference that was swept may come again. */
    struct window_entry entry = { .source = f.cast[ALICE],
                                  .client_ref = gone,
                                  .not_after_ms = 20000 };
    state_put_window(state, &entry);
    state_accept(state);
    cr_assert_eq(state_flush(state, &changes, &count), STATUS_OK);
    cr_assert_eq(count, 1);
    store_rollback(f.ledger->store);
}
