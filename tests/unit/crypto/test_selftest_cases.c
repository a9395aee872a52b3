#include "crypto/selftest.h"

#include <criterion/criterion.h>

static const struct selftest_case *find(const char *name)
{
    for (size_t i = 0; i < selftest_cases_count; i++)
        if (strcmp(selftest_cases[i].name, name) == 0) return &selftest_cases[i];
    return NULL;
}

Test(selftest_cases, are_well_formed_and_named_once)
{
    uint8_t bytes[SELFTEST_MESSAGE_MAX];
    for (size_t i = 0; i < selftest_cases_count; i++) {
        const struct selftest_case *one = &selftest_cases[i];
        cr_assert_eq(find(one->name), one, "%s", one->name);
        cr_assert(hex_decode(one->public_key, strlen(one->public_key), bytes, 32));
        cr_assert(hex_decode(one->signature, strlen(one->signature), bytes, 64));
        cr_assert_leq(strlen(one->message), 2 * SELFTEST_MESSAGE_MAX);
        cr_assert(hex_decode(one->message, strlen(one->message), bytes, strlen(one->message) / 2));
    }
}

Test(selftest_cases, hold_every_case_that_separates_libraries)
{
    static const struct {
        const char *name;
        bool valid;
    } wanted[] = {
        { "honest", true },
        { "S + L", false },
        { "all zero", false },
        { "A of order 1, 0 T", false },
        { "A of order 2, 4 T", false },
        { "A of order 4, 2 T", false },
        { "A of order 8, 1 T", false },
        { "A = p + 1, not canonical", false },
        { "R of order 1, 0 T", false },
        { "R of order 8, 1 T", false },
        { "R = p + 1, not canonical", false },
        { "A mixed and R of order 8, equation holds", false },
        { "A + T2, equation holds", true },
        { "A + T2, equation fails", false },
        { "A + T8, equation holds", true },
        { "A + T8, equation fails", false },
        { "R + T2", false },
        { "R + T4", false },
        { "R + T8", false },
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        const struct selftest_case *one = find(wanted[i].name);
        cr_assert_not_null(one, "%s", wanted[i].name);
        cr_assert_eq(one->valid, wanted[i].valid, "%s", wanted[i].name);
    }
}
