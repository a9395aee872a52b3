/* rpc/value.c -- our scalar types as JSON values. */
#include "rpc/value.h"
#include "format/transaction.h"
#include "genesis/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

json_t *value_height(uint64_t height)
{
    ASSERT(height <= INT64_MAX);
    return json_integer((json_int_t)height);
}

json_t *value_amount(uint64_t amount)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, amount);
    return json_string(text);
}

json_t *value_signed(int64_t amount)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, amount);
    return json_string(text);
}

json_t *value_hex(struct span bytes)
{
    char *text = malloc(2 * bytes.size + 1);
    if (!text) return NULL;
    hex_encode(bytes, text);
    json_t *value = json_stringn_nocheck(text, 2 * bytes.size);
    free(text);
    return value;
}

/* Fixed sizes need no heap of their own. */
static json_t *hex_of(const uint8_t *bytes, size_t size)
{
    char text[2 * 64 + 1];
    ASSERT(size <= 64);
    hex_encode(span_of(bytes, size), text);
    return json_stringn_nocheck(text, 2 * size);
}

json_t *value_hash(const struct digest *digest)
{
    return hex_of(digest->bytes, sizeof digest->bytes);
}

json_t *value_key(const struct public_key *key)
{
    return hex_of(key->bytes, sizeof key->bytes);
}

json_t *value_signature(const struct signature *signature)
{
    return hex_of(signature->bytes, sizeof signature->bytes);
}

json_t *value_id16(const struct id *id)
{
    return hex_of(id->bytes, sizeof id->bytes);
}

json_t *value_address(enum address_kind kind, const struct id *id)
{
    char text[ADDRESS_TEXT];
    address_encode(kind, id, text);
    return json_string(text);
}

json_t *value_time(uint64_t time_ms)
{
    char text[TIME_TEXT];
    time_encode(time_ms, text);
    return json_string(text);
}

json_t *value_position(uint64_t position)
{
    char text[POSITION_TEXT];
    position_text(position, text);
    return json_string(text);
}

json_t *value_entry_position(uint64_t position)
{
    char text[POSITION_TEXT];
    position_entry_text(position, text);
    return json_string(text);
}

json_t *value_code(const uint8_t code[12])
{
    return json_stringn((const char *)code, strnlen((const char *)code, 12));
}
