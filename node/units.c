#include "node/units.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>

struct unit {
    const char *name;
    uint64_t factor;
};

/* Largest first: formatting takes the first one that divides. */
static const struct unit durations[] = {
    { "d", 86400000 }, { "h", 3600000 }, { "m", 60000 }, { "s", 1000 }, { "ms", 1 },
};
static const struct unit sizes[] = {
    { "GiB", 1 << 30 },
    { "MiB", 1 << 20 },
    { "KiB", 1 << 10 },
    { "B", 1 },
};
enum { DURATIONS = sizeof durations / sizeof *durations, SIZES = sizeof sizes / sizeof *sizes };

static bool number_parse(const char **text, uint64_t *number)
{
    const char *at = *text;
    uint64_t value = 0;
    for (; *at >= '0' && *at <= '9'; at++) {
        uint64_t digit = (uint64_t)(*at - '0');
        if (value > (UINT64_MAX - digit) / 10) return false;
        value = 10 * value + digit;
    }
    if (at == *text) return false;
    *text = at;
    *number = value;
    return true;
}

static bool unit_parse(const char *text, const struct unit *units, size_t count, uint64_t *value)
{
    uint64_t number;
    if (!number_parse(&text, &number)) return false;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, units[i].name) != 0) continue;
        if (number > UINT64_MAX / units[i].factor) return false;
        *value = number * units[i].factor;
        return true;
    }
    return false;
}

static void unit_format(uint64_t value, const struct unit *units, size_t count, char text[24])
{
    size_t i = 0;
    while (i + 1 < count && (value == 0 || value % units[i].factor != 0))
        i++;
    snprintf(text, 24, "%" PRIu64 "%s", value / units[i].factor, units[i].name);
}

bool duration_parse(const char *text, uint64_t *ms)
{
    return unit_parse(text, durations, DURATIONS, ms);
}

bool size_parse(const char *text, uint64_t *bytes)
{
    return unit_parse(text, sizes, SIZES, bytes);
}

void duration_format(uint64_t ms, char text[24])
{
    unit_format(ms, durations, DURATIONS, text);
}

void size_format(uint64_t bytes, char text[24])
{
    unit_format(bytes, sizes, SIZES, text);
}

bool endpoint_parse(const char *text, char host[256], uint16_t *port)
{
    const char *colon = strrchr(text, ':');
    if (!colon) return false;
    const char *start = text;
    size_t size = (size_t)(colon - text);
    if (size >= 2 && text[0] == '[' && text[size - 1] == ']') {
        start++;
        size -= 2;
    } else if (memchr(text, ':', size)) {
        return false; /* An IPv6 address without brackets: which colon is the port's? */
    }
    const char *digits = colon + 1;
    uint64_t number;
    if (size == 0 || size > 255 || !number_parse(&digits, &number) || *digits != 0) return false;
    if (number > UINT16_MAX) return false;
    memcpy(host, start, size);
    host[size] = 0;
    *port = (uint16_t)number;
    return true;
}

bool host_is_loopback(const char *host)
{
    struct in_addr ip4;
    struct in6_addr ip6;
    if (inet_pton(AF_INET, host, &ip4) == 1) return (ntohl(ip4.s_addr) >> 24) == 127;
    if (inet_pton(AF_INET6, host, &ip6) == 1)
        return memcmp(&ip6, &in6addr_loopback, sizeof ip6) == 0;
    return strcmp(host, "localhost") == 0;
}
