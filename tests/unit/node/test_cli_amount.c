#include "node/cli_amount.h"

#include <criterion/criterion.h>
#include <stdio.h>

static uint64_t parsed(const char *text, unsigned scale)
{
    uint64_t minor = 0;
    struct problem problem = { .status = STATUS_OK };
    cr_assert_eq(amount_parse(text, scale, &minor, &problem), STATUS_OK, "%s: %s", text,
                 problem.text);
    return minor;
}

static void refused(const char *text, unsigned scale, const char *why)
{
    uint64_t minor = 77;
    struct problem problem = { .status = STATUS_OK };
    cr_assert_eq(amount_parse(text, scale, &minor, &problem), STATUS_INVALID, "%s", text);
    cr_assert(strstr(problem.text, why), "%s: %s", text, problem.text);
    cr_assert_eq(minor, 77, "%s: a refused amount changes nothing", text);
}

Test(cli_amount, units_become_minor_units)
{
    cr_assert_eq(parsed("250", 2), 25000);
    cr_assert_eq(parsed("250.0", 2), 25000);
    cr_assert_eq(parsed("250.00", 2), 25000);
    cr_assert_eq(parsed("0.01", 2), 1);
    cr_assert_eq(parsed("0", 2), 0);
    cr_assert_eq(parsed("007.5", 2), 750);
    cr_assert_eq(parsed("42", 0), 42);
    cr_assert_eq(parsed("0.000000000001", 12), 1);
}

Test(cli_amount, the_largest_amount_and_one_more)
{
    cr_assert_eq(parsed("92233720368547758.07", 2), (uint64_t)INT64_MAX);
    cr_assert_eq(parsed("9223372036854775807", 0), (uint64_t)INT64_MAX);
    refused("92233720368547758.08", 2, "more than any amount");
    refused("9223372036854775808", 0, "more than any amount");
    refused("99999999999999999999999999999", 0, "more than any amount");
    refused("9223372036854775807", 12, "more than any amount");
}

Test(cli_amount, nothing_is_rounded)
{
    refused("1.001", 2, "3 decimals, the asset has 2");
    refused("1.0000", 2, "nothing is rounded");
    refused("1.5", 0, "1 decimals, the asset has 0");
}

Test(cli_amount, what_is_no_amount)
{
    static const char *const wrong[] = { "",     " 1",  "1 ",   "-1",  "+1",    "1.",   ".5",
                                         "1..2", "1e3", "0x10", "1,0", "1.2.3", "1.2-", "EUR" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        refused(wrong[i], 2, "is not an amount");
}

static void formatted(const char *minor, unsigned scale, const char *expected)
{
    char text[AMOUNT_TEXT];
    amount_format(minor, scale, text);
    cr_assert_str_eq(text, expected);
}

Test(cli_amount, minor_units_become_units)
{
    formatted("25000", 2, "250.00");
    formatted("-25000", 2, "-250.00");
    formatted("1", 2, "0.01");
    formatted("-1", 2, "-0.01");
    formatted("0", 2, "0.00");
    formatted("42", 0, "42");
    formatted("1", 12, "0.000000000001");
    formatted("9223372036854775807", 2, "92233720368547758.07");
    formatted("-9223372036854775808", 12, "-9223372.036854775808");
}

Test(cli_amount, what_is_no_number_is_shown_as_it_is)
{
    formatted("", 2, "");
    formatted("-", 2, "-");
    formatted("many", 2, "many");
    formatted("100", 13, "100");
    formatted("123456789012345678901", 2, "123456789012345678901");
}

Test(cli_amount, format_and_parse_are_opposites)
{
    static const char *const minors[] = {
        "0", "1", "99", "100", "123456789", "9223372036854775807"
    };
    for (unsigned scale = 0; scale <= AMOUNT_SCALE_MAX; scale++) {
        for (size_t i = 0; i < sizeof minors / sizeof minors[0]; i++) {
            char text[AMOUNT_TEXT];
            char again[32];
            amount_format(minors[i], scale, text);
            snprintf(again, sizeof again, "%llu", (unsigned long long)parsed(text, scale));
            cr_assert_str_eq(again, minors[i]);
        }
    }
}
