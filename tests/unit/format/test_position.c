#include "format/transaction.h"

#include <criterion/criterion.h>

static void round_trip(uint64_t height, uint32_t entry, uint8_t operation, const char *text)
{
    char written[POSITION_TEXT];
    uint64_t position = position_of(height, entry, operation);
    position_text(position, written);
    cr_assert_str_eq(written, text);
    uint64_t read = 1;
    cr_assert(position_decode(text, &read));
    cr_assert_eq(read, position);
    cr_assert_eq(position_height(position), height);
    cr_assert_eq(position_entry(position), entry);
}

Test(position, writes_and_reads)
{
    round_trip(1042, 3, 0, "1042.3.0");
    round_trip(0, 0, 0, "0.0.0");
    round_trip(0, 0, 1, "0.0.1");
    round_trip(549755813887, 65535, 255, "549755813887.65535.255");
    cr_assert_eq(position_of(1042, 3, 0), 17481859840, "the number of the worked example");
    cr_assert_eq(position_of(((uint64_t)1 << 39) - 1, 65535, 255), (uint64_t)INT64_MAX,
                 "the last position fits a signed column");
}

Test(position, writes_an_entry)
{
    char text[POSITION_TEXT];
    position_entry_text(position_of(1042, 3, 7), text);
    cr_assert_str_eq(text, "1042.3");
    position_entry_text(UINT64_MAX, text);
    cr_assert_str_eq(text, "1099511627775.65535");
}

Test(position, refuses_any_other_form)
{
    static const char *const texts[] = {
        "",
        "1042",
        "1042.3",
        "1042.3.",
        "1042.3.0.0",
        ".3.0",
        "1042..0",
        "01042.3.0",
        "1042.03.0",
        "1.2.00",
        "+1.0.0",
        "-1.0.0",
        " 1.0.0",
        "1.0.0 ",
        "1.0.0\n",
        "1,0,0",
        "0x1.0.0",
        "1.65536.0",
        "1.0.256",
        "1e3.0.0",
        "549755813888.0.0",
        "99999999999999999999.0.0",
        "18446744073709551617.0.0",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        uint64_t position;
        cr_assert_not(position_decode(texts[i], &position), "'%s'", texts[i]);
    }
}
