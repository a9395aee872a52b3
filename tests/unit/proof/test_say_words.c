#include "proof/say_words.h"

#include <criterion/criterion.h>

Test(say_words, cut_the_text_at_its_end)
{
    char bytes[8] = "";
    struct text t = { bytes, sizeof bytes, 0 };
    say(&t, "%s", "1234");
    say(&t, "%s", "56789");
    cr_expect_str_eq(bytes, "1234567");
    say(&t, "more");
    cr_expect_str_eq(bytes, "1234567");
}

/* An amount of an asset with a scale, as text. */
static const char *amount(int64_t value, uint8_t scale)
{
    static char bytes[64];
    struct genesis_asset asset = { .code = "EUR", .scale = scale };
    struct genesis genesis = { .asset_count = 1, .assets = &asset };
    struct text t = { bytes, sizeof bytes, 0 };
    bytes[0] = '\0';
    say_amount(&t, &genesis, &asset.id, value);
    return bytes;
}

Test(say_words, show_amounts_to_the_last_unit)
{
    cr_expect_str_eq(amount(0, 2), "0.00 EUR");
    cr_expect_str_eq(amount(5, 2), "0.05 EUR");
    cr_expect_str_eq(amount(-5, 2), "-0.05 EUR");
    cr_expect_str_eq(amount(12345, 0), "12345 EUR");
    cr_expect_str_eq(amount(12345, 12), "0.000000012345 EUR");
    cr_expect_str_eq(amount(INT64_MAX, 2), "92233720368547758.07 EUR");
    cr_expect_str_eq(amount(INT64_MIN, 2), "-92233720368547758.08 EUR");
}

Test(say_words, name_an_unknown_asset_by_its_id)
{
    char bytes[96] = "";
    struct genesis genesis = { .asset_count = 0 };
    struct id id = { { 7 } };
    struct text t = { bytes, sizeof bytes, 0 };
    say_amount(&t, &genesis, &id, 12);
    cr_expect(strncmp(bytes, "12 minor units of ast1", 22) == 0, "%s", bytes);
}
