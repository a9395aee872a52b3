#include "node/cli_amount.h"

#include "genesis/json.h"
#include <stdio.h>

static bool add_digit(uint64_t *value, char digit)
{
    unsigned number = (unsigned)(digit - '0');
    if (*value > ((uint64_t)INT64_MAX - number) / 10) return false;
    *value = *value * 10 + number;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

enum status amount_parse(const char *text, unsigned scale, uint64_t *minor, struct problem *problem)
{
    ASSERT(scale <= AMOUNT_SCALE_MAX);
    char quoted[QUOTE_TEXT];
    const char *at = text;
    uint64_t value = 0;
    bool fits = true;
    if (!is_digit(*at))
        return problem_set(problem, STATUS_INVALID,
                           "\"%s\" is not an amount: write digits, such as 250 or 250.00",
                           text_quote(text, quoted));
    for (; is_digit(*at); at++)
        fits = fits && add_digit(&value, *at);
    unsigned decimals = 0;
    if (*at == '.') {
        at++;
        for (; is_digit(*at); at++, decimals++)
            if (decimals < scale) fits = fits && add_digit(&value, *at);
        if (decimals == 0) at = "."; /* "250." is not a number. */
    }
    if (*at)
        return problem_set(problem, STATUS_INVALID,
                           "\"%s\" is not an amount: write digits, such as 250 or 250.00",
                           text_quote(text, quoted));
    if (decimals > scale)
        return problem_set(problem, STATUS_INVALID,
                           "\"%s\" has %u decimals, the asset has %u: nothing is rounded",
                           text_quote(text, quoted), decimals, scale);
    for (; decimals < scale; decimals++)
        fits = fits && add_digit(&value, '0');
    if (!fits)
        return problem_set(problem, STATUS_INVALID, "\"%s\" is more than any amount can be",
                           text_quote(text, quoted));
    *minor = value;
    return STATUS_OK;
}

void amount_format(const char *minor, unsigned scale, char text[AMOUNT_TEXT])
{
    const char *digits = minor[0] == '-' ? minor + 1 : minor;
    size_t size = strlen(digits);
    bool plain = size > 0 && size <= 20 && scale <= AMOUNT_SCALE_MAX;
    for (size_t i = 0; i < size && plain; i++)
        plain = is_digit(digits[i]);
    if (!plain || scale == 0) {
        snprintf(text, AMOUNT_TEXT, "%s", minor);
        return;
    }
    char padded[AMOUNT_TEXT];
    size_t zeros = size <= scale ? scale + 1 - size : 0;
    memset(padded, '0', zeros);
    memcpy(padded + zeros, digits, size + 1);
    size_t whole = zeros + size - scale;
    snprintf(text, AMOUNT_TEXT, "%s%.*s.%s", minor[0] == '-' ? "-" : "", (int)whole, padded,
             padded + whole);
}
