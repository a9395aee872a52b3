#include "crypto/codec.h"

#include <stdlib.h>

uint16_t load_u16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

uint32_t load_u32(const uint8_t *bytes)
{
    return (uint32_t)load_u16(bytes) | (uint32_t)load_u16(bytes + 2) << 16;
}

uint64_t load_u64(const uint8_t *bytes)
{
    return (uint64_t)load_u32(bytes) | (uint64_t)load_u32(bytes + 4) << 32;
}

void store_u16(uint8_t *bytes, uint16_t value)
{
    bytes[0] = (uint8_t)value;
    bytes[1] = (uint8_t)(value >> 8);
}

void store_u32(uint8_t *bytes, uint32_t value)
{
    store_u16(bytes, (uint16_t)value);
    store_u16(bytes + 2, (uint16_t)(value >> 16));
}

void store_u64(uint8_t *bytes, uint64_t value)
{
    store_u32(bytes, (uint32_t)value);
    store_u32(bytes + 4, (uint32_t)(value >> 32));
}

struct reader reader_of(struct span bytes)
{
    return (struct reader){ .rest = bytes };
}

void reader_fail(struct reader *r, enum status status)
{
    ASSERT(status != STATUS_OK);
    if (r->status != STATUS_OK) return;
    r->status = status;
    r->rest = (struct span){ NULL, 0 };
}

struct span read_bytes(struct reader *r, size_t size)
{
    if (r->status != STATUS_OK) return (struct span){ NULL, 0 };
    if (size > r->rest.size) {
        reader_fail(r, STATUS_MALFORMED);
        return (struct span){ NULL, 0 };
    }
    struct span bytes = { r->rest.data, size };
    if (size > 0) r->rest.data += size;
    r->rest.size -= size;
    r->offset += size;
    return bytes;
}

uint8_t read_u8(struct reader *r)
{
    struct span bytes = read_bytes(r, 1);
    return bytes.size == 1 ? bytes.data[0] : 0;
}

uint16_t read_u16(struct reader *r)
{
    struct span bytes = read_bytes(r, 2);
    return bytes.size == 2 ? load_u16(bytes.data) : 0;
}

uint32_t read_u32(struct reader *r)
{
    struct span bytes = read_bytes(r, 4);
    return bytes.size == 4 ? load_u32(bytes.data) : 0;
}

uint64_t read_u64(struct reader *r)
{
    struct span bytes = read_bytes(r, 8);
    return bytes.size == 8 ? load_u64(bytes.data) : 0;
}

int64_t read_i64(struct reader *r)
{
    uint64_t value = read_u64(r);
    int64_t result;
    memcpy(&result, &value, sizeof result);
    return result;
}

bool read_bool(struct reader *r)
{
    uint8_t value = read_u8(r);
    if (value > 1) reader_fail(r, STATUS_MALFORMED);
    return value == 1;
}

static struct span read_sized(struct reader *r, size_t size, size_t max)
{
    if (r->status == STATUS_OK && size > max) reader_fail(r, STATUS_TOO_LARGE);
    return read_bytes(r, size);
}

struct span read_bytes8(struct reader *r, size_t max)
{
    size_t size = read_u8(r);
    return read_sized(r, size, max);
}

struct span read_bytes16(struct reader *r, size_t max)
{
    size_t size = read_u16(r);
    return read_sized(r, size, max);
}

struct span read_bytes32(struct reader *r, size_t max)
{
    size_t size = read_u32(r);
    return read_sized(r, size, max);
}

struct span read_text8(struct reader *r, size_t max)
{
    struct span text = read_bytes8(r, max);
    if (r->status == STATUS_OK && !utf8_valid(text)) {
        reader_fail(r, STATUS_MALFORMED);
        return (struct span){ NULL, 0 };
    }
    return text;
}

static void read_into(struct reader *r, uint8_t *bytes, size_t size)
{
    struct span read = read_bytes(r, size);
    if (read.size == size)
        memcpy(bytes, read.data, size);
    else
        memset(bytes, 0, size);
}

void read_id(struct reader *r, struct id *id)
{
    read_into(r, id->bytes, sizeof id->bytes);
}

void read_digest(struct reader *r, struct digest *digest)
{
    read_into(r, digest->bytes, sizeof digest->bytes);
}

void read_public_key(struct reader *r, struct public_key *key)
{
    read_into(r, key->bytes, sizeof key->bytes);
}

void read_signature(struct reader *r, struct signature *signature)
{
    read_into(r, signature->bytes, sizeof signature->bytes);
}

enum status reader_end(struct reader *r)
{
    if (r->status == STATUS_OK && r->rest.size > 0) reader_fail(r, STATUS_MALFORMED);
    return r->status;
}

/* The length of a well-formed sequence (RFC 3629) at the start of text, or 0. */
static size_t utf8_sequence(struct span text)
{
    uint8_t a = text.data[0];
    if (a == 0) return 0;
    if (a < 0x80) return 1;
    size_t size = a >= 0xf0 ? 4 : a >= 0xe0 ? 3 : 2;
    if (a < 0xc2 || a > 0xf4 || text.size < size) return 0;
    for (size_t i = 1; i < size; i++)
        if ((text.data[i] & 0xc0) != 0x80) return 0;
    uint8_t b = text.data[1];
    if (a == 0xe0 && b < 0xa0) return 0;
    if (a == 0xed && b > 0x9f) return 0;
    if (a == 0xf0 && b < 0x90) return 0;
    if (a == 0xf4 && b > 0x8f) return 0;
    return size;
}

bool utf8_valid(struct span text)
{
    while (text.size > 0) {
        size_t size = utf8_sequence(text);
        if (size == 0) return false;
        text.data += size;
        text.size -= size;
    }
    return true;
}

void buffer_init(struct buffer *buffer, size_t limit)
{
    *buffer = (struct buffer){ .limit = limit };
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){ .limit = buffer->limit };
}

static enum status buffer_reserve(struct buffer *buffer, size_t size)
{
    if (size <= buffer->capacity) return STATUS_OK;
    size_t capacity = buffer->capacity < 64 ? 64 : buffer->capacity;
    while (capacity < size)
        capacity = capacity > SIZE_MAX / 2 ? size : capacity * 2;
    if (capacity > buffer->limit) capacity = buffer->limit;
    uint8_t *data = realloc(buffer->data, capacity);
    if (!data) return STATUS_NO_MEMORY;
    buffer->data = data;
    buffer->capacity = capacity;
    return STATUS_OK;
}

enum status buffer_append(struct buffer *buffer, struct span bytes)
{
    if (bytes.size > buffer->limit - buffer->size) return STATUS_TOO_LARGE;
    if (bytes.size == 0) return STATUS_OK;
    enum status status = buffer_reserve(buffer, buffer->size + bytes.size);
    if (status != STATUS_OK) return status;
    memcpy(buffer->data + buffer->size, bytes.data, bytes.size);
    buffer->size += bytes.size;
    return STATUS_OK;
}

void writer_init(struct writer *w, size_t limit)
{
    *w = (struct writer){ .fixed = false };
    buffer_init(&w->buffer, limit);
}

void writer_init_fixed(struct writer *w, void *memory, size_t size)
{
    *w = (struct writer){ .fixed = true };
    w->buffer = (struct buffer){ .data = memory, .capacity = size, .limit = size };
}

void writer_free(struct writer *w)
{
    if (!w->fixed) buffer_free(&w->buffer);
}

void write_bytes(struct writer *w, struct span bytes)
{
    if (w->status == STATUS_OK) w->status = buffer_append(&w->buffer, bytes);
}

void write_u8(struct writer *w, uint8_t value)
{
    write_bytes(w, span_of(&value, 1));
}

void write_u16(struct writer *w, uint16_t value)
{
    uint8_t bytes[2];
    store_u16(bytes, value);
    write_bytes(w, span_of(bytes, sizeof bytes));
}

void write_u32(struct writer *w, uint32_t value)
{
    uint8_t bytes[4];
    store_u32(bytes, value);
    write_bytes(w, span_of(bytes, sizeof bytes));
}

void write_u64(struct writer *w, uint64_t value)
{
    uint8_t bytes[8];
    store_u64(bytes, value);
    write_bytes(w, span_of(bytes, sizeof bytes));
}

void write_i64(struct writer *w, int64_t value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    write_u64(w, bits);
}

void write_bool(struct writer *w, bool value)
{
    write_u8(w, value ? 1 : 0);
}

static bool write_fits(struct writer *w, size_t size, size_t max)
{
    if (w->status == STATUS_OK && size > max) w->status = STATUS_TOO_LARGE;
    return w->status == STATUS_OK;
}

void write_bytes8(struct writer *w, struct span bytes)
{
    if (!write_fits(w, bytes.size, UINT8_MAX)) return;
    write_u8(w, (uint8_t)bytes.size);
    write_bytes(w, bytes);
}

void write_bytes16(struct writer *w, struct span bytes)
{
    if (!write_fits(w, bytes.size, UINT16_MAX)) return;
    write_u16(w, (uint16_t)bytes.size);
    write_bytes(w, bytes);
}

void write_bytes32(struct writer *w, struct span bytes)
{
    if (!write_fits(w, bytes.size, UINT32_MAX)) return;
    write_u32(w, (uint32_t)bytes.size);
    write_bytes(w, bytes);
}

void write_id(struct writer *w, const struct id *id)
{
    write_bytes(w, span_of(id->bytes, sizeof id->bytes));
}

void write_digest(struct writer *w, const struct digest *digest)
{
    write_bytes(w, digest_span(digest));
}

void write_public_key(struct writer *w, const struct public_key *key)
{
    write_bytes(w, span_of(key->bytes, sizeof key->bytes));
}

void write_signature(struct writer *w, const struct signature *signature)
{
    write_bytes(w, span_of(signature->bytes, sizeof signature->bytes));
}

struct span writer_span(const struct writer *w)
{
    if (w->status != STATUS_OK) return (struct span){ NULL, 0 };
    return buffer_span(&w->buffer);
}
