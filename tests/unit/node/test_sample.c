#include "node/sample.h"

#include <criterion/criterion.h>

Test(sample, of_nothing)
{
    struct sample sample = { .values = NULL };
    cr_assert_eq(sample_permille(&sample, 500), 0);
    sample_free(&sample);
}

Test(sample, nearest_rank)
{
    struct sample sample = { .values = NULL };
    for (uint64_t i = 1000; i > 0; i--)
        sample_add(&sample, i);
    cr_assert_eq(sample_permille(&sample, 0), 1);
    cr_assert_eq(sample_permille(&sample, 1), 1);
    cr_assert_eq(sample_permille(&sample, 500), 500);
    cr_assert_eq(sample_permille(&sample, 990), 990);
    cr_assert_eq(sample_permille(&sample, 1000), 1000);
    sample_free(&sample);
    cr_assert_eq(sample.count, 0);
}

Test(sample, values_may_come_after_a_question)
{
    struct sample sample = { .values = NULL };
    sample_add(&sample, 10);
    cr_assert_eq(sample_permille(&sample, 500), 10);
    sample_add(&sample, 1);
    sample_add(&sample, 2);
    cr_assert_eq(sample_permille(&sample, 500), 2);
    cr_assert_eq(sample_permille(&sample, 1000), 10);
    sample_free(&sample);
}

Test(sample, three_values)
{
    struct sample sample = { .values = NULL };
    sample_add(&sample, 3);
    sample_add(&sample, UINT64_MAX);
    sample_add(&sample, 1);
    cr_assert_eq(sample_permille(&sample, 333), 1);
    cr_assert_eq(sample_permille(&sample, 334), 3);
    cr_assert_eq(sample_permille(&sample, 667), UINT64_MAX);
    sample_free(&sample);
}
