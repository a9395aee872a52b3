#include "genesis/json.h"

#include <criterion/criterion.h>
#include <stdlib.h>

Test(json_text, times)
{
    static const struct {
        uint64_t time_ms;
        const char *text;
    } cases[] = {
        { 0, "1970-01-01T00:00:00.000Z" },
        { 1, "1970-01-01T00:00:00.001Z" },
        { 86399999, "1970-01-01T23:59:59.999Z" },
        { 86400000, "1970-01-02T00:00:00.000Z" },
        { UINT64_C(951782400000), "2000-02-29T00:00:00.000Z" },
        { UINT64_C(951868800000), "2000-03-01T00:00:00.000Z" },
        { UINT64_C(1709164800000), "2024-02-29T00:00:00.000Z" },
        { UINT64_C(1735689599999), "2024-12-31T23:59:59.999Z" },
        { UINT64_C(1796115600000), "2026-12-01T09:00:00.000Z" },
        { UINT64_C(4107542400000), "2100-03-01T00:00:00.000Z" },
        { UINT64_C(253402300799999), "9999-12-31T23:59:59.999Z" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[TIME_TEXT];
        uint64_t time_ms = 7;
        time_encode(cases[i].time_ms, text);
        cr_assert_str_eq(text, cases[i].text);
        cr_assert(time_decode(cases[i].text, &time_ms), "%s", cases[i].text);
        cr_assert_eq(time_ms, cases[i].time_ms, "%s", cases[i].text);
    }
}

Test(json_text, every_day_of_a_century)
{
    for (uint64_t day = 0; day < 36525; day++) {
        char text[TIME_TEXT];
        uint64_t back = 0;
        time_encode(day * 86400000 + 12345, text);
        cr_assert(time_decode(text, &back), "%s", text);
        cr_assert_eq(back, day * 86400000 + 12345, "%s", text);
    }
}

Test(json_text, times_behind_the_last_year)
{
    char text[TIME_TEXT];
    time_encode(UINT64_C(253402300800000), text);
    cr_assert_str_eq(text, "9999-12-31T23:59:59.999Z");
    time_encode(UINT64_MAX, text);
    cr_assert_str_eq(text, "9999-12-31T23:59:59.999Z");
}

Test(json_text, times_refused)
{
    static const char *const texts[] = {
        "",
        "2026-12-01",
        "2026-12-01T09:00:00Z",
        "2026-12-01T09:00:00.00Z",
        "2026-12-01T09:00:00.0000Z",
        "2026-12-01T09:00:00.000",
        "2026-12-01T09:00:00.000z",
        "2026-12-01t09:00:00.000Z",
        "2026-12-01 09:00:00.000Z",
        "2026-12-01T09:00:00,000Z",
        "2026-12-01T09:00:00.000+00:00",
        " 2026-12-01T09:00:00.000Z",
        "2026-12-01T09:00:00.000Z ",
        "1969-12-31T23:59:59.999Z",
        "0000-01-01T00:00:00.000Z",
        "2026-00-01T09:00:00.000Z",
        "2026-13-01T09:00:00.000Z",
        "2026-12-00T09:00:00.000Z",
        "2026-12-32T09:00:00.000Z",
        "2026-11-31T09:00:00.000Z",
        "2026-02-29T09:00:00.000Z",
        "2100-02-29T09:00:00.000Z",
        "2026-12-01T24:00:00.000Z",
        "2026-12-01T09:60:00.000Z",
        "2026-12-01T09:00:60.000Z",
        "2026-12-01T09:00:-1.000Z",
        "2026-12-01T09:00:+1.000Z",
        "2o26-12-01T09:00:00.000Z",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        uint64_t time_ms = 7;
        cr_assert(!time_decode(texts[i], &time_ms), "%s", texts[i]);
        cr_assert_eq(time_ms, 7);
    }
}

Test(json_text, amounts)
{
    uint64_t amount;
    cr_assert(amount_decode("0", &amount) && amount == 0);
    cr_assert(amount_decode("1", &amount) && amount == 1);
    cr_assert(amount_decode("9223372036854775807", &amount) && amount == INT64_MAX);
    static const char *const texts[] = { "",
                                         "00",
                                         "01",
                                         "-1",
                                         "+1",
                                         " 1",
                                         "1 ",
                                         "1.0",
                                         "1e3",
                                         "0x1",
                                         "1_000",
                                         "9223372036854775808",
                                         "18446744073709551615",
                                         "99999999999999999999999999" };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        cr_assert(!amount_decode(texts[i], &amount), "%s", texts[i]);
}

Test(json_text, quotes)
{
    char quoted[QUOTE_TEXT];
    cr_assert_str_eq(text_quote("a\x1b[0m\n\x7f", quoted), "a?[0m??");
    char text[400];
    memset(text, 'x', sizeof text);
    text[QUOTE_TEXT - 1] = 0;
    cr_assert_eq(strlen(text_quote(text, quoted)), QUOTE_TEXT - 1);
    cr_assert(strstr(quoted, "...") == NULL);
    text[QUOTE_TEXT - 1] = 'x';
    text[QUOTE_TEXT] = 0;
    text_quote(text, quoted);
    cr_assert_eq(strlen(quoted), QUOTE_TEXT - 1);
    cr_assert_str_eq(quoted + QUOTE_TEXT - 4, "...");
    for (size_t i = 0; i + 3 < sizeof text; i += 3)
        memcpy(text + i, "\xe2\x82\xac", 3);
    text[396] = 0;
    text_quote(text, quoted);
    cr_assert_str_eq(quoted + 96, "...");
    cr_assert_eq(memcmp(quoted + 93, "\xe2\x82\xac", 3), 0, "cut between two characters");
}

Test(json_text, nearest)
{
    static const char *const names[] = { "tx_submit", "tx_status", "block_get", "id" };
    cr_assert_str_eq(nearest_name("tx_submt", names, 4), "tx_submit");
    cr_assert_str_eq(nearest_name("tx_sbumit", names, 4), "tx_submit");
    cr_assert_str_eq(nearest_name("txsubmits", names, 4), "tx_submit");
    cr_assert_str_eq(nearest_name("block_got", names, 4), "block_get");
    cr_assert_str_eq(nearest_name("block_get", names, 4), "block_get");
    cr_assert(nearest_name("", names, 4) == NULL);
    cr_assert(nearest_name("ie", names, 4) == NULL, "a third of two letters is nothing");
    cr_assert(nearest_name("completely_else", names, 4) == NULL);
    cr_assert(nearest_name("tx_submit", names, 0) == NULL);
    char text[200];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = 0;
    const char *const long_name = text;
    cr_assert(nearest_name(text, &long_name, 1) == NULL);
    text[64] = 0;
    cr_assert(nearest_name(text, &long_name, 1) == text);
}

Test(json_text, new_values)
{
    struct id id = { { 1 } };
    char address[ADDRESS_TEXT];
    address_encode(ADDRESS_ASSET, &id, address);
    json_t *list = json_pack("[o, o, o, o]", json_hex_new(span_of("\x00\xff", 2)),
                             json_address_new(ADDRESS_ASSET, &id), json_amount_new(UINT64_MAX),
                             json_time_new(1));
    char *line = json_line(list);
    char expected[200];
    snprintf(expected, sizeof expected,
             "[\"00ff\",\"%s\",\"18446744073709551615\",\"1970-01-01T00:00:00.001Z\"]", address);
    cr_assert_str_eq(line, expected);
    free(line);
    json_decref(list);
}

Test(json_text, line_keeps_the_order)
{
    json_t *object = json_pack("{s:i, s:i, s:s}", "b", 1, "a", 2, "c", "x\ny");
    char *line = json_line(object);
    cr_assert_str_eq(line, "{\"b\":1,\"a\":2,\"c\":\"x\\ny\"}");
    free(line);
    json_decref(object);
    json_t *text = json_string("alone");
    line = json_line(text);
    cr_assert_str_eq(line, "\"alone\"");
    free(line);
    json_decref(text);
}
