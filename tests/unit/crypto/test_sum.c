#include "crypto/key.h"
#include "crypto/sum.h"
#include <criterion/criterion.h>

static struct sum_key key;

static void setup(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    sum_key_draw(&key);
}

TestSuite(sum, .init = setup);

static struct sum sum_of(const char *const *words, size_t count)
{
    struct sum sum = { 0 };
    for (size_t i = 0; i < count; i++)
        sum_add(&sum, &key, span_text(words[i]));
    return sum;
}

Test(sum, the_order_does_not_matter_and_everything_else_does)
{
    static const char *const words[] = { "one", "two", "three", "" };
    static const char *const turned[] = { "", "three", "one", "two" };
    static const char *const other[] = { "one", "two", "thref", "" };
    static const char *const twice[] = { "one", "two", "three", "", "one" };
    static const char *const instead[] = { "one", "two", "two", "" };
    struct sum sum = sum_of(words, 4), a = sum_of(turned, 4), b = sum_of(other, 4);
    struct sum c = sum_of(twice, 5), d = sum_of(instead, 4), e = sum_of(words, 3);
    cr_assert(sum_equal(&sum, &a));
    cr_assert_not(sum_equal(&sum, &b));
    cr_assert_not(sum_equal(&sum, &c));
    cr_assert_not(sum_equal(&sum, &d));
    cr_assert_not(sum_equal(&sum, &e));
}

Test(sum, each_key_has_sums_of_its_own)
{
    static const char *const words[] = { "one" };
    struct sum first = sum_of(words, 1);
    sum_key_draw(&key);
    struct sum second = sum_of(words, 1);
    cr_assert_not(sum_equal(&first, &second));
}

Test(sum, half_of_it_is_not_enough)
{
    struct sum a = { 1, { 2, 3 } }, b = { 1, { 2, 4 } }, c = { 1, { 5, 3 } }, d = { 2, { 2, 3 } };
    cr_assert_not(sum_equal(&a, &b));
    cr_assert_not(sum_equal(&a, &c));
    cr_assert_not(sum_equal(&a, &d));
}
