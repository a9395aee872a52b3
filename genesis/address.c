#include "genesis/address.h"

#include <assert.h>

/* BIP 173's alphabet; BIP 350's constant. */
static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
static const uint32_t bech32m_constant = 0x2bc830a3;

/* "acc" "1", 26 groups of five bits (128 bits and two zeros), six of checksum. */
enum { PREFIX_CHARS = 3, DATA_GROUPS = 26, CHECK_GROUPS = 6 };
enum { GROUPS = DATA_GROUPS + CHECK_GROUPS };
static_assert(PREFIX_CHARS + 1 + GROUPS == ADDRESS_CHARS, "every address has the same length");

static const char *const prefixes[] = {
    [ADDRESS_ACCOUNT] = "acc",
    [ADDRESS_VALIDATOR] = "val",
    [ADDRESS_ASSET] = "ast",
    [ADDRESS_HOLD] = "hld",
};
enum { KIND_COUNT = sizeof prefixes / sizeof prefixes[0] };

const char *address_prefix(enum address_kind kind)
{
    ASSERT((size_t)kind < KIND_COUNT);
    return prefixes[kind];
}

/* One step of the BCH code over GF(32), as in BIP 173's reference. */
static uint32_t checksum_step(uint32_t sum, uint8_t group)
{
    static const uint32_t generator[5] = { 0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd,
                                           0x2a1462b3 };
    uint32_t top = sum >> 25;
    sum = (sum & 0x1ffffff) << 5 ^ group;
    for (unsigned i = 0; i < 5; i++)
        if (top >> i & 1) sum ^= generator[i];
    return sum;
}

static uint32_t checksum_of(const char *prefix, const uint8_t *groups, size_t count)
{
    uint32_t sum = 1;
    for (size_t i = 0; i < PREFIX_CHARS; i++)
        sum = checksum_step(sum, (uint8_t)(prefix[i] >> 5));
    sum = checksum_step(sum, 0);
    for (size_t i = 0; i < PREFIX_CHARS; i++)
        sum = checksum_step(sum, (uint8_t)(prefix[i] & 31));
    for (size_t i = 0; i < count; i++)
        sum = checksum_step(sum, groups[i]);
    return sum;
}

/* 128 bits into 26 groups of five, the last one filled with two zero bits. */
static void groups_of_id(const struct id *id, uint8_t groups[DATA_GROUPS])
{
    uint32_t bits = 0;
    unsigned have = 0;
    size_t count = 0;
    for (size_t i = 0; i < sizeof id->bytes; i++) {
        bits = bits << 8 | id->bytes[i];
        have += 8;
        for (; have >= 5; have -= 5)
            groups[count++] = (uint8_t)(bits >> (have - 5) & 31);
    }
    groups[count++] = (uint8_t)(bits << (5 - have) & 31);
    ASSERT(count == DATA_GROUPS);
}

/* The way back; false unless the filling is zero, so that an id has one address only. */
static bool groups_to_id(const uint8_t groups[DATA_GROUPS], struct id *id)
{
    uint32_t bits = 0;
    unsigned have = 0;
    size_t count = 0;
    for (size_t i = 0; i < DATA_GROUPS; i++) {
        bits = bits << 5 | groups[i];
        have += 5;
        if (have < 8) continue;
        have -= 8;
        id->bytes[count++] = (uint8_t)(bits >> have);
    }
    ASSERT(count == sizeof id->bytes);
    return (bits & ((1u << have) - 1)) == 0;
}

void address_encode(enum address_kind kind, const struct id *id, char text[ADDRESS_TEXT])
{
    const char *prefix = address_prefix(kind);
    uint8_t groups[GROUPS] = { 0 };
    groups_of_id(id, groups);
    uint32_t sum = checksum_of(prefix, groups, GROUPS) ^ bech32m_constant;
    for (unsigned i = 0; i < CHECK_GROUPS; i++)
        groups[DATA_GROUPS + i] = (uint8_t)(sum >> 5 * (CHECK_GROUPS - 1 - i) & 31);

    memcpy(text, prefix, PREFIX_CHARS);
    text[PREFIX_CHARS] = '1';
    for (size_t i = 0; i < GROUPS; i++)
        text[PREFIX_CHARS + 1 + i] = alphabet[groups[i]];
    text[ADDRESS_CHARS] = 0;
}

static bool prefix_find(const char *text, enum address_kind *kind)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (memcmp(text, prefixes[i], PREFIX_CHARS) != 0) continue;
        *kind = (enum address_kind)i;
        return true;
    }
    return false;
}

enum status address_decode(enum address_kind kind, const char *text, struct id *id)
{
    ASSERT((size_t)kind < KIND_COUNT);
    enum address_kind found;
    if (strnlen(text, ADDRESS_TEXT) != ADDRESS_CHARS) return STATUS_MALFORMED;
    if (text[PREFIX_CHARS] != '1' || !prefix_find(text, &found)) return STATUS_MALFORMED;

    uint8_t groups[GROUPS];
    for (size_t i = 0; i < GROUPS; i++) {
        const char *place = strchr(alphabet, text[PREFIX_CHARS + 1 + i]);
        if (!place) return STATUS_MALFORMED;
        groups[i] = (uint8_t)(place - alphabet);
    }
    if (checksum_of(prefixes[found], groups, GROUPS) != bech32m_constant) return STATUS_MALFORMED;

    struct id decoded;
    if (!groups_to_id(groups, &decoded)) return STATUS_MALFORMED;
    if (found != kind) return STATUS_INVALID;
    *id = decoded;
    return STATUS_OK;
}

static struct id id_of_digest(const struct digest *digest)
{
    struct id id;
    memcpy(id.bytes, digest->bytes, sizeof id.bytes);
    return id;
}

struct id asset_id_of(const struct id *issuer, const uint8_t code[12])
{
    struct span parts[] = { span_of(issuer->bytes, sizeof issuer->bytes), span_of(code, 12) };
    struct digest digest = digest_of_parts(TAG_ASSET, parts, 2);
    return id_of_digest(&digest);
}

struct id named_id_of(const struct id *source, const char *set, const char *name)
{
    size_t set_size = strlen(set);
    size_t name_size = strlen(name);
    ASSERT(set_size <= UINT8_MAX);
    ASSERT(name_size <= UINT8_MAX);
    uint8_t sizes[2] = { (uint8_t)set_size, (uint8_t)name_size };
    struct span parts[] = {
        span_of(source->bytes, sizeof source->bytes),
        span_of(&sizes[0], 1),
        span_of(set, set_size),
        span_of(&sizes[1], 1),
        span_of(name, name_size),
    };
    struct digest digest = digest_of_parts(TAG_NAME, parts, sizeof parts / sizeof parts[0]);
    return id_of_digest(&digest);
}
