#include "proof/twin.h"

#include <criterion/criterion.h>

Test(twin, has_no_form_for_what_javascript_cannot_count)
{
    json_t *value = twin_number(TWIN_NUMBER_MAX);
    cr_expect_eq(json_integer_value(value), (json_int_t)9007199254740991);
    json_decref(value);
    cr_expect_null(twin_number(TWIN_NUMBER_MAX + 1));
    cr_expect_null(twin_number(UINT64_MAX));
    cr_expect_null(twin_amount((uint64_t)INT64_MAX + 1));
    cr_expect_null(twin_position(UINT64_MAX));
    cr_expect_null(twin_word(NULL));
}

Test(twin, has_no_time_after_the_year_9999)
{
    json_t *value = twin_time(UINT64_C(253402300799999));
    cr_assert(value);
    cr_expect_str_eq(json_string_value(value), "9999-12-31T23:59:59.999Z");
    json_decref(value);
    cr_expect_null(twin_time(UINT64_C(253402300800000)));
}

Test(twin, passes_on_that_there_was_no_memory)
{
    cr_expect_null(twin_put(NULL, "a", json_true()));
    cr_expect_null(twin_put(json_object(), "a", NULL));
    cr_expect_null(twin_append(NULL, json_true()));
    cr_expect_null(twin_append(json_array(), NULL));
}

/* One member read as a signed number. */
static bool read_signed(const char *text, int64_t *value)
{
    struct problem problem;
    json_t *object = json_pack("{ss}", "n", text);
    struct json_fields fields = json_fields_of(object, "", &problem);
    *value = twin_read_signed(&fields, "n");
    bool ok = json_fields_done(&fields) == STATUS_OK;
    json_decref(object);
    return ok;
}

Test(twin, reads_signed_numbers_in_one_form_only)
{
    static const struct {
        const char *text;
        int64_t value;
    } good[] = { { "0", 0 },
                 { "-1", -1 },
                 { "2500", 2500 },
                 { "9223372036854775807", INT64_MAX },
                 { "-9223372036854775808", INT64_MIN } };
    static const char *const bad[] = { "",
                                       "-",
                                       "-0",
                                       "+1",
                                       "01",
                                       "-01",
                                       "1.0",
                                       " 1",
                                       "1 ",
                                       "9223372036854775808",
                                       "-9223372036854775809",
                                       "99999999999999999999" };
    int64_t value;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        cr_expect(read_signed(good[i].text, &value), "%s", good[i].text);
        cr_expect_eq(value, good[i].value);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_not(read_signed(bad[i], &value), "%s", bad[i]);
}

Test(twin, knows_its_words)
{
    cr_expect_null(twin_entry_kind_word(0));
    cr_expect_str_eq(twin_entry_kind_word(2), "hold_expiry");
    cr_expect_null(twin_entry_kind_word(5));
    cr_expect_str_eq(twin_object_word(0x60), "window");
    cr_expect_null(twin_object_word(0x61));
    cr_expect_str_eq(twin_code_word(40), "insufficient_funds");
    cr_expect_null(twin_code_word(1));
    cr_expect_null(twin_flag_word(3));
    cr_expect_null(twin_fault_model_word(3));
    cr_expect_str_eq(twin_fault_model_word(2), "crash");
    cr_expect_null(twin_engine_word(7));
}
