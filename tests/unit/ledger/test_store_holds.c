#include "ledger/store.h"

#include "tests/unit/ledger/fixture_rows.h"

static struct fixture f;
static struct store *store;

static void setup(void)
{
    store = fixture_rows_start(&f);
}

static void teardown(void)
{
    fixture_rows_stop(&f);
}

TestSuite(store_holds, .init = setup, .fini = teardown);

static struct hold hold_of(uint64_t number, uint64_t expires_ms)
{
    return (struct hold){ .id = sample_id("hold", number),
                          .version = position_of(7, 3, (uint8_t)number),
                          .payer = sample_id("account", 1),
                          .payee = sample_id("account", 2),
                          .arbiter = sample_id("account", 3 + number % 2),
                          .asset = sample_id("asset", 1),
                          .amount = TX_AMOUNT_MAX - number,
                          .expires_ms = expires_ms,
                          .group = sample_id("group", 1),
                          .lock = sample_digest("lock", number) };
}

Test(store_holds, a_hold_comes_back_whole_and_goes)
{
    struct hold hold = hold_of(1, 1796115600123), back = { .version = 0 };
    uint8_t a[HOLD_VALUE_BYTES], b[HOLD_VALUE_BYTES];
    cr_assert_not(store_read_hold(store, &hold.id, &back));
    store_write_hold(store, &hold);
    cr_assert(store_read_hold(store, &hold.id, &back));
    hold_encode(&hold, a);
    hold_encode(&back, b);
    cr_assert_eq(memcmp(a, b, sizeof a), 0);
    cr_assert(id_equal(&back.id, &hold.id));
    store_remove_hold(store, &hold.id);
    cr_assert_not(store_read_hold(store, &hold.id, &back));
    cr_assert_eq(store_status(store), STATUS_OK);
}

Test(store_holds, those_that_are_due_by_time_and_id)
{
    struct id ids[8];
    cr_assert_eq(store_read_next_expiry(store), UINT64_MAX);
    static const uint64_t times[] = { 300, 100, 200, 100, 300 };
    for (unsigned i = 0; i < 5; i++) {
        struct hold hold = hold_of(i, times[i]);
        store_write_hold(store, &hold);
    }
    cr_assert_eq(store_read_next_expiry(store), 100);
    cr_assert_eq(store_read_due_holds(store, 99, 8, ids), 0);
    cr_assert_eq(store_read_due_holds(store, 200, 8, ids), 3);
    struct id one = sample_id("hold", 1), three = sample_id("hold", 3), two = sample_id("hold", 2);
    cr_assert_lt(id_compare(&ids[0], &ids[1]), 0);
    cr_assert(id_equal(&ids[0], &one) || id_equal(&ids[0], &three));
    cr_assert(id_equal(&ids[2], &two));
    cr_assert_eq(store_read_due_holds(store, 300, 8, ids), 5);
    cr_assert_eq(store_read_due_holds(store, 300, 2, ids), 2);
}

Test(store_holds, a_group_is_that_of_its_arbiter)
{
    struct id group = sample_id("group", 1), other = sample_id("group", 2);
    struct id arbiter = sample_id("account", 3), ids[8];
    for (unsigned i = 0; i < 6; i++) { /* every other one has this arbiter */
        struct hold hold = hold_of(i, 100);
        store_write_hold(store, &hold);
    }
    cr_assert_eq(store_read_group(store, &group, &arbiter, 8, ids), 3);
    cr_assert_lt(id_compare(&ids[0], &ids[1]), 0);
    cr_assert_lt(id_compare(&ids[1], &ids[2]), 0);
    cr_assert_eq(store_read_group(store, &group, &arbiter, 2, ids), 2);
    cr_assert_eq(store_read_group(store, &other, &arbiter, 8, ids), 0);
}

Test(store_holds, the_same_hold_twice_is_an_error_that_stays)
{
    struct hold hold = hold_of(1, 100);
    store_write_hold(store, &hold);
    store_write_hold(store, &hold);
    cr_assert_neq(store_status(store), STATUS_OK);
}

Test(store_holds, an_asset_knows_the_sum_of_its_lines)
{
    struct asset asset = { .id = sample_id("asset", 1), .max_supply = 1, .code = "A" }, back;
    store_write_asset(store, &asset);
    static const int64_t floors[] = { -5, 0, -INT64_MAX + 12, -7 };
    for (unsigned i = 0; i < 4; i++) {
        struct balance balance = { .account = sample_id("account", i),
                                   .asset = asset.id,
                                   .floor = floors[i] };
        store_write_balance(store, &balance);
    }
    cr_assert(store_read_asset(store, &asset.id, &back));
    cr_assert_eq(back.lines, TX_AMOUNT_MAX);
}
