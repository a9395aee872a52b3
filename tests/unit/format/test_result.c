#include "format/result.h"

#include <criterion/criterion.h>

static const struct {
    const char *name;
    unsigned number;
} refusals[] = {
#define X(name, number) { #name, number },
    REFUSAL_LIST(X)
#undef X
};

static const struct {
    const char *name;
    unsigned number;
} results[] = {
#define X(name, number) { #name, number },
    RESULT_LIST(X)
#undef X
};

enum { REFUSALS = sizeof refusals / sizeof refusals[0] };
enum { RESULTS = sizeof results / sizeof results[0] };

Test(result, names_every_refusal)
{
    for (size_t i = 0; i < REFUSALS; i++)
        cr_assert_str_eq(refusal_name((enum refusal_code)refusals[i].number), refusals[i].name);
    cr_assert_str_eq(refusal_name(REFUSAL_none), "none");
    cr_assert_str_eq(refusal_name(REFUSAL_duplicate), "duplicate");
    cr_assert_str_eq(refusal_name((enum refusal_code)1011), "unknown");
}

Test(result, names_every_result)
{
    for (size_t i = 0; i < RESULTS; i++)
        cr_assert_str_eq(result_name((uint16_t)results[i].number), results[i].name);
    cr_assert_str_eq(result_name(1), "unknown");
    cr_assert_str_eq(result_name(85), "unknown");
    cr_assert_str_eq(result_name(UINT16_MAX), "unknown");
}

Test(result, numbers_and_names_stand_once)
{
    for (size_t i = 0; i < REFUSALS; i++) {
        cr_assert(refusals[i].number > 1000 && refusals[i].number < 1100);
        for (size_t j = 0; j < i; j++) {
            cr_assert_neq(refusals[i].number, refusals[j].number);
            cr_assert_str_neq(refusals[i].name, refusals[j].name);
        }
    }
    for (size_t i = 0; i < RESULTS; i++)
        for (size_t j = 0; j < i; j++) {
            cr_assert(results[j].number < results[i].number, "results rise");
            cr_assert_str_neq(results[i].name, results[j].name);
        }
}

/* The normative order of the checks 1 to 14, as the format page has it. */
Test(result, refusals_stand_in_the_order_of_the_checks)
{
    static const unsigned order[] = { 1002, 1001, 1003, 1004, 1007, 1017, 1008, 1009,
                                      1015, 1010, 1005, 1016, 1006, 1012, 1013 };
    cr_assert_eq((size_t)REFUSALS, sizeof order / sizeof order[0]);
    for (size_t i = 0; i < REFUSALS; i++)
        cr_assert_eq(refusals[i].number, order[i]);
}
