#include "node/import_accounts.h"

#include "crypto/digest.h"
#include <criterion/criterion.h>

static struct id id_of(uint64_t number)
{
    struct span part = span_of(&number, sizeof number);
    struct digest digest = digest_plain(&part, 1);
    struct id id;
    memcpy(id.bytes, digest.bytes, sizeof id.bytes);
    return id;
}

Test(import_accounts, an_empty_table_finds_nothing)
{
    struct import_accounts accounts = { .list = NULL };
    struct id id = id_of(1);
    cr_assert_null(import_accounts_find(&accounts, &id));
    import_accounts_free(&accounts);
}

Test(import_accounts, each_id_has_one_entry_in_the_order_of_arrival)
{
    enum { COUNT = 50000 };
    struct import_accounts accounts = { .list = NULL };
    for (uint64_t i = 0; i < COUNT; i++) {
        struct id id = id_of(i);
        struct import_account *account = import_accounts_add(&accounts, &id);
        cr_assert_not_null(account);
        account->sum = i;
        cr_assert_eq(import_accounts_add(&accounts, &id), account);
    }
    cr_assert_eq(accounts.count, COUNT);
    for (uint64_t i = 0; i < COUNT; i++) {
        struct id id = id_of(i);
        struct import_account *account = import_accounts_find(&accounts, &id);
        cr_assert_eq(account, &accounts.list[i]);
        cr_assert_eq(account->sum, i);
        id = id_of(COUNT + i);
        cr_assert_null(import_accounts_find(&accounts, &id));
    }
    import_accounts_free(&accounts);
}

/* Ids that differ only behind what is hashed meet in one slot. */
Test(import_accounts, ids_that_collide)
{
    struct import_accounts accounts = { .list = NULL };
    for (unsigned i = 0; i < 300; i++) {
        struct id id = { .bytes = { 7, 7, 7, 7, 7, 7, 7, 7, (uint8_t)i, (uint8_t)(i >> 8) } };
        struct import_account *account = import_accounts_add(&accounts, &id);
        cr_assert(id_equal(&account->id, &id));
    }
    cr_assert_eq(accounts.count, 300);
    import_accounts_free(&accounts);
}
