#include "sample.h"

#include "genesis/genesis_internal.h"

#include <criterion/criterion.h>

static void setup(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
}

TestSuite(genesis_sort, .init = setup);

Test(genesis_sort, both_halves_of_validators_move_together)
{
    struct genesis *g = sample_draft(&sample_plans[0]);
    struct genesis *before = sample_draft(&sample_plans[0]);
    struct genesis_order order;
    cr_assert_eq(genesis_sort(g, &order), STATUS_OK);
    bool moved = false;
    for (uint32_t i = 0; i < 4; i++) {
        uint32_t place = order_place(order.validators, i);
        moved |= place != i;
        cr_assert(
            id_equal(&g->committee.validators[i].id, &before->committee.validators[place].id));
        cr_assert(key_equal(&g->validators[i].node_key, &before->validators[place].node_key));
        if (i > 0)
            cr_assert_lt(
                id_compare(&g->committee.validators[i - 1].id, &g->committee.validators[i].id), 0);
    }
    cr_assert(moved, "a sample that is sorted already tests nothing");
    genesis_order_free(&order);
    genesis_free(g);
    genesis_free(before);
}

/* Permutations of many items, against the sort of the ids alone. */
Test(genesis_sort, many_members)
{
    enum { COUNT = 1000 };
    struct genesis *g = genesis_blank();
    g->members = genesis_array(COUNT, sizeof *g->members);
    g->validators = genesis_array(0, 1);
    g->member_count = COUNT;
    uint32_t seed = 12345;
    for (unsigned i = 0; i < COUNT; i++) {
        seed = seed * 1664525 + 1013904223;
        g->members[i].account.bytes[0] = (uint8_t)(seed >> 24);
        g->members[i].account.bytes[1] = (uint8_t)(seed >> 16);
        snprintf(g->members[i].name, sizeof g->members[i].name, "%u", i);
    }
    struct genesis_order order;
    cr_assert_eq(genesis_sort(g, &order), STATUS_OK);
    bool seen[COUNT] = { false };
    for (uint32_t i = 0; i < COUNT; i++) {
        unsigned place = (unsigned)atoi(g->members[i].name);
        cr_assert_eq(place, order_place(order.members, i));
        cr_assert(!seen[place]);
        seen[place] = true;
        if (i == 0) continue;
        int compared = id_compare(&g->members[i - 1].account, &g->members[i].account);
        cr_assert_leq(compared, 0);
        if (compared == 0) cr_assert_lt(order.members[i - 1], order.members[i], "stable");
    }
    genesis_order_free(&order);
    genesis_free(g);
}

Test(genesis_sort, nothing_to_sort)
{
    struct genesis *g = genesis_blank();
    struct genesis_order order;
    g->validators = genesis_array(0, 1);
    cr_assert_eq(genesis_sort(g, &order), STATUS_OK);
    genesis_order_free(&order);
    cr_assert_eq(order_place(NULL, 5), 5);
    genesis_free(g);
}

Test(genesis_sort, finds)
{
    struct genesis *g = sample_build(&sample_plans[0]);
    struct id none = { { 0 } };
    for (uint32_t i = 0; i < g->account_count; i++)
        cr_assert_eq(genesis_find_account(g, &g->accounts[i].id), i);
    for (uint32_t i = 0; i < g->member_count; i++)
        cr_assert_eq(genesis_find_member(g, &g->members[i].account), i);
    cr_assert_eq(genesis_find_asset(g, &g->assets[0].id), 0);
    cr_assert_eq(genesis_find_asset(g, &none), -1);
    memset(none.bytes, 255, sizeof none.bytes);
    cr_assert_eq(genesis_find_account(g, &none), -1);
    genesis_free(g);
}

Test(genesis_sort, signers)
{
    struct genesis_account account = { .signer_count = 3 };
    account.signers[0] = (struct account_signer){ { { 3 } }, 30 };
    account.signers[1] = (struct account_signer){ { { 1 } }, 10 };
    account.signers[2] = (struct account_signer){ { { 2 } }, 20 };
    signers_sort(&account);
    for (uint8_t i = 0; i < 3; i++) {
        cr_assert_eq(account.signers[i].key.bytes[0], i + 1);
        cr_assert_eq(account.signers[i].weight, 10 * (i + 1));
    }
}
