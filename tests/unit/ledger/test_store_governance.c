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

TestSuite(store_governance, .init = setup, .fini = teardown);

Test(store_governance, parameters_with_fractions_beyond_63_bits_and_of_the_engine)
{
    struct params params = f.genesis->params, back;
    params.values[PARAM_gov_critical] = PARAM_FRACTION(4000000000u, 4000000001u);
    params.version = 7;
    store_write_params(store, &params);
    cr_assert(store_read_params(store, &back));
    cr_assert_eq(back.values[PARAM_gov_critical], params.values[PARAM_gov_critical]);
    struct digest a = params_hash(&params), b = params_hash(&back);
    cr_assert(digest_equal(&a, &b));
}

Test(store_governance, members_in_the_order_of_their_accounts)
{
    uint16_t count = 0;
    for (uint64_t i = 0; i < 20; i++) {
        struct member member = { .account = sample_id("member", i) };
        (void)snprintf(member.name, sizeof member.name, "Member %u", (unsigned)i);
        store_write_member(store, &member);
    }
    struct member *members = store_read_members(store, &count);
    cr_assert_eq(count, 22);
    for (uint16_t i = 1; i < count; i++)
        cr_assert_lt(id_compare(&members[i - 1].account, &members[i].account), 0);
    free(members);
    cr_assert_eq(store_status(store), STATUS_OK);
}

Test(store_governance, a_name_that_is_too_long_is_damage)
{
    uint16_t count = 0;
    char sql[200], name[MEMBER_NAME_MAX + 2];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = 0;
    (void)snprintf(sql, sizeof sql, "UPDATE member SET name = '%s'", name);
    cr_assert_eq(sqlite3_exec(store->db, sql, NULL, NULL, NULL), SQLITE_OK);
    free(store_read_members(store, &count));
    cr_assert_eq(store_status(store), STATUS_DAMAGED);
}
