#include "genesis/json.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

/* The last millisecond that four digits of a year can say: 9999-12-31T23:59:59.999Z. */
static const uint64_t time_ms_last = UINT64_C(253402300799999);
static const uint64_t day_ms = UINT64_C(86400000);

static bool year_is_leap(unsigned year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned month_days(unsigned year, unsigned month)
{
    static const uint8_t days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    return month == 2 && year_is_leap(year) ? 29 : days[month - 1];
}

/* Days from 1970-01-01 to the first of January of a year from 1970 to 9999. */
static uint64_t year_start_days(unsigned year)
{
    unsigned before = year - 1;
    unsigned leap_days = before / 4 - before / 100 + before / 400;
    const unsigned leap_days_1970 = 1969 / 4 - 1969 / 100 + 1969 / 400;
    return 365 * (uint64_t)(year - 1970) + (leap_days - leap_days_1970);
}

void time_encode(uint64_t time_ms, char text[TIME_TEXT])
{
    if (time_ms > time_ms_last) time_ms = time_ms_last;
    uint64_t days = time_ms / day_ms;
    unsigned rest = (unsigned)(time_ms % day_ms);

    unsigned year = 1970 + (unsigned)(days / 366);
    while (year_start_days(year + 1) <= days)
        year++;
    unsigned day = (unsigned)(days - year_start_days(year));
    unsigned month = 1;
    for (; day >= month_days(year, month); month++)
        day -= month_days(year, month);

    char line[64];
    snprintf(line, sizeof line, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", year, month, day + 1,
             rest / 3600000, rest / 60000 % 60, rest / 1000 % 60, rest % 1000);
    memcpy(text, line, TIME_TEXT - 1);
    text[TIME_TEXT - 1] = 0;
}

/* Reads the digits at the letters of a picture such as "YYYY-MM"; other characters must be equal.
 */
static bool picture_read(const char *picture, const char *text, unsigned fields[7])
{
    static const char letters[] = "YODHMSN";
    for (size_t i = 0; i < 7; i++)
        fields[i] = 0;
    for (size_t i = 0; picture[i]; i++) {
        const char *letter = strchr(letters, picture[i]);
        bool separator = !letter;
        if (separator && text[i] != picture[i]) return false;
        if (separator) continue;
        if (text[i] < '0' || text[i] > '9') return false;
        unsigned *field = &fields[letter - letters];
        *field = *field * 10 + (unsigned)(text[i] - '0');
    }
    return true;
}

bool time_decode(const char *text, uint64_t *time_ms)
{
    unsigned f[7];
    if (strnlen(text, TIME_TEXT) != TIME_TEXT - 1) return false;
    if (!picture_read("YYYY-OO-DDTHH:MM:SS.NNNZ", text, f)) return false;
    unsigned year = f[0], month = f[1], day = f[2];
    if (year < 1970 || month < 1 || month > 12) return false;
    if (day < 1 || day > month_days(year, month)) return false;
    if (f[3] > 23 || f[4] > 59 || f[5] > 59) return false;

    uint64_t days = year_start_days(year) + day - 1;
    for (unsigned m = 1; m < month; m++)
        days += month_days(year, m);
    *time_ms = days * day_ms + ((f[3] * 60 + f[4]) * 60 + f[5]) * 1000 + f[6];
    return true;
}

bool amount_decode(const char *text, uint64_t *amount)
{
    if (text[0] == 0 || (text[0] == '0' && text[1] != 0)) return false;
    uint64_t value = 0;
    for (size_t i = 0; text[i]; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        uint64_t digit = (uint64_t)(text[i] - '0');
        if (value > (INT64_MAX - digit) / 10) return false;
        value = value * 10 + digit;
    }
    *amount = value;
    return true;
}

const char *text_quote(const char *text, char quoted[QUOTE_TEXT])
{
    size_t size = strlen(text);
    bool cut = size >= QUOTE_TEXT;
    if (cut) {
        size = QUOTE_TEXT - 4;
        while (size > 0 && ((uint8_t)text[size] & 0xc0) == 0x80)
            size--; /* not inside a character */
    }
    for (size_t i = 0; i < size; i++) {
        uint8_t c = (uint8_t)text[i];
        quoted[i] = (char)(c < 0x20 || c == 0x7f ? '?' : c);
    }
    snprintf(quoted + size, QUOTE_TEXT - size, "%s", cut ? "..." : "");
    return quoted;
}

enum { NEAREST_NAME_MAX = 64 };

static unsigned smallest(unsigned a, unsigned b, unsigned c)
{
    unsigned least = a < b ? a : b;
    return least < c ? least : c;
}

/* Insertions, deletions, replacements and swaps of neighbours that turn a into b. */
static unsigned edit_distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
    unsigned table[3][NEAREST_NAME_MAX + 1];
    for (unsigned j = 0; j <= b_size; j++)
        table[0][j] = j;
    for (size_t i = 1; i <= a_size; i++) {
        unsigned *row = table[i % 3];
        const unsigned *above = table[(i - 1) % 3];
        const unsigned *above_that = table[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_size; j++) {
            unsigned replaced = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = smallest(above[j] + 1, row[j - 1] + 1, replaced);
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && above_that[j - 2] + 1 < row[j]) row[j] = above_that[j - 2] + 1;
        }
    }
    return table[a_size % 3][b_size];
}

const char *nearest_name(const char *name, const char *const *names, size_t count)
{
    size_t size = strnlen(name, NEAREST_NAME_MAX + 1);
    if (size > NEAREST_NAME_MAX) return NULL;
    const char *nearest = NULL;
    unsigned least = (unsigned)(size / 3) + 1;
    for (size_t i = 0; i < count; i++) {
        size_t other_size = strnlen(names[i], NEAREST_NAME_MAX + 1);
        if (other_size > NEAREST_NAME_MAX) continue;
        unsigned distance = edit_distance(name, size, names[i], other_size);
        if (distance >= least) continue;
        least = distance;
        nearest = names[i];
    }
    return nearest;
}

json_t *json_hex_new(struct span bytes)
{
    char *text = malloc(2 * bytes.size + 1);
    if (!text) return NULL;
    hex_encode(bytes, text);
    json_t *value = json_stringn(text, 2 * bytes.size);
    sodium_memzero(text, 2 * bytes.size); /* key files come through here */
    free(text);
    return value;
}

json_t *json_address_new(enum address_kind kind, const struct id *id)
{
    char text[ADDRESS_TEXT];
    address_encode(kind, id, text);
    return json_string(text);
}

json_t *json_amount_new(uint64_t amount)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, amount);
    return json_string(text);
}

json_t *json_time_new(uint64_t time_ms)
{
    char text[TIME_TEXT];
    time_encode(time_ms, text);
    return json_string(text);
}

char *json_line(const json_t *value)
{
    return json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
}
