#include "proof/say_words.h"

#include "genesis/json.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

void say(struct text *t, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int count = vsnprintf(t->bytes + t->used, t->size - t->used, format, arguments);
    va_end(arguments);
    if (count > 0) t->used += (size_t)count;
    if (t->used >= t->size) t->used = t->size - 1;
}

void say_hash(struct text *t, const struct digest *hash)
{
    char hex[65];
    hex_encode(digest_span(hash), hex);
    say(t, "%s", hex);
}

void say_short(struct text *t, const struct digest *hash)
{
    char hex[65];
    hex_encode(digest_span(hash), hex);
    say(t, "%.8s...", hex);
}

void say_address(struct text *t, enum address_kind kind, const struct id *id)
{
    char address[ADDRESS_TEXT];
    address_encode(kind, id, address);
    say(t, "%s", address);
}

void say_time(struct text *t, uint64_t time_ms)
{
    char time[TIME_TEXT];
    time_encode(time_ms, time);
    say(t, "%s", time);
}

static const struct genesis_asset *find_asset(const struct genesis *genesis, const struct id *id)
{
    for (uint32_t i = 0; i < genesis->asset_count; i++)
        if (id_equal(&genesis->assets[i].id, id)) return &genesis->assets[i];
    return NULL;
}

/* "-120.05", or "-12005" without a scale. */
static void say_decimal(struct text *t, int64_t amount, unsigned scale)
{
    uint64_t units = amount < 0 ? 0 - (uint64_t)amount : (uint64_t)amount;
    uint64_t unit = 1;
    for (unsigned i = 0; i < scale; i++)
        unit *= 10;
    say(t, "%s%" PRIu64, amount < 0 ? "-" : "", units / unit);
    if (scale > 0) say(t, ".%0*" PRIu64, (int)scale, units % unit);
}

void say_amount(struct text *t, const struct genesis *genesis, const struct id *asset,
                int64_t amount)
{
    const struct genesis_asset *known = find_asset(genesis, asset);
    say_decimal(t, amount, known ? known->scale : 0);
    if (known) {
        say(t, " %.12s", (const char *)known->code);
        return;
    }
    say(t, " minor units of ");
    say_address(t, ADDRESS_ASSET, asset);
}

void say_asset(struct text *t, const struct genesis *genesis, const struct id *asset)
{
    const struct genesis_asset *known = find_asset(genesis, asset);
    if (known)
        say(t, "%.12s", (const char *)known->code);
    else
        say_address(t, ADDRESS_ASSET, asset);
}

void say_hex(struct text *t, struct span bytes)
{
    for (size_t i = 0; i < bytes.size; i++)
        say(t, "%02x", bytes.data[i]);
}
