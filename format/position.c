/* Positions as people write them: 1042.3.0 is height 1042, entry 3, operation 0. */
#include "format/transaction.h"

#include <inttypes.h>
#include <stdio.h>

static const uint64_t height_limit = (uint64_t)1 << 39;

void position_entry_text(uint64_t position, char text[POSITION_TEXT])
{
    (void)snprintf(text, POSITION_TEXT, "%" PRIu64 ".%" PRIu32, position_height(position),
                   position_entry(position));
}

void position_text(uint64_t position, char text[POSITION_TEXT])
{
    (void)snprintf(text, POSITION_TEXT, "%" PRIu64 ".%" PRIu32 ".%u", position_height(position),
                   position_entry(position), (unsigned)(position & 0xff));
}

/* Digits without sign or leading zeros, below limit, then `end`. */
static bool read_part(const char **text, uint64_t limit, char end, uint64_t *value)
{
    const char *digits = *text;
    size_t count = 0;
    *value = 0;
    while (digits[count] >= '0' && digits[count] <= '9') {
        if (count > 0 && digits[0] == '0') return false;
        *value = *value * 10 + (uint64_t)(digits[count] - '0');
        if (*value >= limit) return false;
        count++;
    }
    if (count == 0 || digits[count] != end) return false;
    *text = digits + count + (end != '\0' ? 1 : 0);
    return true;
}

bool position_decode(const char *text, uint64_t *position)
{
    uint64_t height;
    uint64_t entry;
    uint64_t operation;
    if (!read_part(&text, height_limit, '.', &height)) return false;
    if (!read_part(&text, UINT16_MAX + 1, '.', &entry)) return false;
    if (!read_part(&text, UINT8_MAX + 1, '\0', &operation)) return false;
    *position = position_of(height, (uint32_t)entry, (uint8_t)operation);
    return true;
}
