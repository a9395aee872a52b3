/* Rows go in and come out unchanged; the ones that the other tests of the ledger do not reach by
 * themselves. */
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

TestSuite(store_rows, .init = setup, .fini = teardown);

Test(store_rows, the_last_sealed_height_needs_a_quorum)
{
    struct seal_signature signature = { .validator = 0 };
    cr_assert_eq(store_read_sealed(store), 0);
    for (uint16_t i = 0; i < 3; i++) {
        signature.validator = i;
        store_write_seal(store, 0, &signature);
        store_write_seal(store, 0, &signature);
        cr_assert_eq(store_count_seal(store, 0), i + 1);
    }
    cr_assert_eq(store_read_sealed(store), 0);
    cr_assert_eq(store_status(store), STATUS_OK);
}

Test(store_rows, entries_are_found_by_id)
{
    uint64_t position = 0;
    struct digest id = sample_digest("entry", 1), leaf = sample_digest("leaf", 1);
    struct store_entry entry = { .position = position_of(3, 2, 0),
                                 .kind = ENTRY_EXPIRY,
                                 .id = &id,
                                 .effects = span_text("e"),
                                 .leaf = &leaf };
    cr_assert(!store_read_entry(store, &id, &position));
    store_write_entry(store, &entry);
    cr_assert(store_read_entry(store, &id, &position));
    cr_assert_eq(position, position_of(3, 2, 0));
    cr_assert_eq(store_status(store), STATUS_OK, "%s", store_error(store));
}
