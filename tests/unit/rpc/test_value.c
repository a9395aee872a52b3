#include "format/transaction.h"
#include "rpc/value.h"

#include <criterion/criterion.h>

static void check(json_t *value, const char *expected)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY);
    cr_assert_str_eq(text, expected);
    free(text);
    json_decref(value);
}

Test(value, numbers_and_amounts)
{
    check(value_height(0), "0");
    check(value_height(9007199254740991), "9007199254740991");
    check(value_amount(0), "\"0\"");
    check(value_amount(INT64_MAX), "\"9223372036854775807\"");
    check(value_signed(-25000), "\"-25000\"");
    check(value_signed(INT64_MIN + 1), "\"-9223372036854775807\"");
}

Test(value, bytes)
{
    check(value_hex(span_of("\x00\xff", 2)), "\"00ff\"");
    check(value_hex(span_of(NULL, 0)), "\"\"");
    struct digest digest = { { 0xab } };
    check(value_hash(&digest),
          "\"ab00000000000000000000000000000000000000000000000000000000000000\"");
    struct id id = { { 1, 2 } };
    check(value_id16(&id), "\"01020000000000000000000000000000\"");
}

Test(value, ids_are_read_back)
{
    struct id id = { { 9, 8, 7 } }, read;
    json_t *value = value_address(ADDRESS_ASSET, &id);
    cr_assert_eq(address_decode(ADDRESS_ASSET, json_string_value(value), &read), STATUS_OK);
    cr_assert(id_equal(&id, &read));
    json_decref(value);
}

Test(value, times_and_positions)
{
    check(value_time(1796115600000), "\"2026-12-01T09:00:00.000Z\"");
    check(value_position(position_of(1042, 3, 0)), "\"1042.3.0\"");
    check(value_entry_position(position_of(1042, 3, 0)), "\"1042.3\"");
}

Test(value, codes)
{
    check(value_code((const uint8_t[12]){ 'E', 'U', 'R' }), "\"EUR\"");
    check(value_code((const uint8_t *)"ABCDEFGHIJKLxxx"), "\"ABCDEFGHIJKL\"");
}
