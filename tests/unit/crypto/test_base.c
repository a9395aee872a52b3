#include "crypto/base.h"

#include <criterion/criterion.h>
#include <signal.h>

static const enum status all[] = {
#define X(name, text) STATUS_##name,
    STATUS_LIST(X)
#undef X
};

enum { ALL = sizeof all / sizeof all[0] };

Test(base, every_status_has_its_own_name_and_text)
{
    for (size_t i = 0; i < ALL; i++) {
        cr_assert(strlen(status_name(all[i])) > 0);
        cr_assert(strlen(status_text(all[i])) > 0);
        for (size_t j = 0; j < i; j++) {
            cr_assert_str_neq(status_name(all[i]), status_name(all[j]));
            cr_assert_str_neq(status_text(all[i]), status_text(all[j]));
        }
    }
    cr_assert_str_eq(status_name(STATUS_BAD_SIGNATURE), "BAD_SIGNATURE");
    cr_assert_eq(STATUS_OK, 0);
}

Test(base, a_number_that_is_no_status_has_a_name_too)
{
    cr_assert_str_eq(status_name((enum status)12345), "UNKNOWN");
    cr_assert_str_eq(status_text((enum status)12345), "unknown status");
}

Test(base, assert_lets_truth_pass)
{
    int calls = 0;
    ASSERT(++calls == 1);
    cr_assert_eq(calls, 1);
}

Test(base, assert_aborts, .signal = SIGABRT)
{
    ASSERT(1 == 2);
}

Test(base, spans_are_equal_by_bytes)
{
    cr_assert(span_equal(span_text("abc"), span_of("abcd", 3)));
    cr_assert_not(span_equal(span_text("abc"), span_text("abd")));
    cr_assert_not(span_equal(span_text("abc"), span_text("ab")));
    cr_assert(span_equal(span_of(NULL, 0), span_text("")));
}

Test(base, spans_are_ordered_by_unsigned_bytes)
{
    cr_assert_lt(span_compare(span_text("a"), span_text("b")), 0);
    cr_assert_gt(span_compare(span_text("b"), span_text("a")), 0);
    cr_assert_lt(span_compare(span_text("a"), span_text("ab")), 0);
    cr_assert_gt(span_compare(span_text("ab"), span_text("a")), 0);
    cr_assert_eq(span_compare(span_text("ab"), span_text("ab")), 0);
    cr_assert_lt(span_compare(span_text("\x7f"), span_text("\x80")), 0);
    cr_assert_lt(span_compare(span_of(NULL, 0), span_text("a")), 0);
    cr_assert_eq(span_compare(span_of(NULL, 0), span_of(NULL, 0)), 0);
}

Test(base, ids)
{
    struct id a = { { 1 } };
    struct id b = { { 1 } };
    struct id zero = { { 0 } };
    cr_assert(id_equal(&a, &b));
    cr_assert_eq(id_compare(&a, &b), 0);
    b.bytes[15] = 1;
    cr_assert_not(id_equal(&a, &b));
    cr_assert_lt(id_compare(&a, &b), 0);
    cr_assert_gt(id_compare(&b, &a), 0);
    cr_assert(id_is_zero(&zero));
    zero.bytes[15] = 1;
    cr_assert_not(id_is_zero(&zero));
}

Test(base, a_problem_tells_status_and_sentence)
{
    struct problem problem;
    enum status status = problem_set(&problem, STATUS_INVALID, "%s is %d", "field", 7);
    cr_assert_eq(status, STATUS_INVALID);
    cr_assert_eq(problem.status, STATUS_INVALID);
    cr_assert_str_eq(problem.text, "field is 7");
    cr_assert_eq(problem_set(NULL, STATUS_FULL, "nobody %s", "listens"), STATUS_FULL);
}

Test(base, a_long_problem_is_cut)
{
    struct problem problem;
    problem_set(&problem, STATUS_INVALID, "%2000d", 7);
    cr_assert_eq(strlen(problem.text), sizeof problem.text - 1);
}

Test(base, hex_both_ways)
{
    uint8_t bytes[256];
    uint8_t back[256];
    char text[513];
    for (size_t i = 0; i < 256; i++)
        bytes[i] = (uint8_t)i;
    hex_encode(span_of(bytes, 256), text);
    cr_assert_eq(strlen(text), 512);
    cr_assert_eq(strncmp(text, "000102", 6), 0);
    cr_assert_str_eq(text + 506, "fdfeff");
    cr_assert(hex_decode(text, 512, back, 256));
    cr_assert_arr_eq(back, bytes, 256);
    hex_encode(span_of(NULL, 0), text);
    cr_assert_str_eq(text, "");
    cr_assert(hex_decode("", 0, back, 0));
}

Test(base, hex_refuses_all_but_lower_case_digits_of_the_exact_number)
{
    uint8_t bytes[2];
    static const char *const wrong[] = {
        "",     "0",     "000",   "00000", "000g", "00A0", "0x00",
        " 000", "00 00", "000\n", "/000",  ":000", "`000", "00\xff"
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        cr_assert_not(hex_decode(wrong[i], strlen(wrong[i]), bytes, 2), "%s", wrong[i]);
    cr_assert(hex_decode("09af", 4, bytes, 2));
    cr_assert_eq(bytes[0], 0x09);
    cr_assert_eq(bytes[1], 0xaf);
}

Test(base, min_and_max)
{
    cr_assert_eq(min_u64(1, UINT64_MAX), 1);
    cr_assert_eq(min_u64(UINT64_MAX, 1), 1);
    cr_assert_eq(max_u64(1, UINT64_MAX), UINT64_MAX);
    cr_assert_eq(max_u64(7, 7), 7);
}
