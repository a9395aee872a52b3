#include "crypto/codec.h"
#include "tests/unit/crypto/vectors.h"

#include <inttypes.h>

enum { NO_LIMIT = 1 << 20 };

/* Reads one value of a type that encoding.json names, writes it again, and gives its text. */
static void value_copy(struct reader *r, struct writer *w, const char *type, size_t max, char *text)
{
    struct span bytes = { NULL, 0 };
    text[0] = 0;
#define INTEGER(name, format) \
    if (strcmp(type, #name) == 0) { \
        name##_type value = read_##name(r); \
        write_##name(w, value); \
        sprintf(text, "%" format, value); \
        return; \
    }
    typedef uint8_t u8_type;
    typedef uint16_t u16_type;
    typedef uint32_t u32_type;
    typedef uint64_t u64_type;
    typedef int64_t i64_type;
    typedef bool bool_type;
    INTEGER(u8, PRIu8)
    INTEGER(u16, PRIu16)
    INTEGER(u32, PRIu32)
    INTEGER(u64, PRIu64)
    INTEGER(i64, PRId64)
    INTEGER(bool, "d")
#undef INTEGER
#define BYTES(name) \
    if (strcmp(type, #name) == 0) { \
        bytes = read_##name(r, max); \
        write_##name(w, bytes); \
        hex_encode(bytes, text); \
        return; \
    }
    BYTES(bytes8)
    BYTES(bytes16)
    BYTES(bytes32)
#undef BYTES
#define FIXED(name, structure) \
    if (strcmp(type, #name) == 0) { \
        struct structure value; \
        read_##name(r, &value); \
        write_##name(w, &value); \
        hex_encode(span_of(value.bytes, sizeof value.bytes), text); \
        return; \
    }
    FIXED(id, id)
    FIXED(digest, digest)
    FIXED(public_key, public_key)
    FIXED(signature, signature)
#undef FIXED
    cr_assert_str_eq(type, "text8");
    bytes = read_text8(r, max);
    write_bytes8(w, bytes);
    memcpy(text, bytes.size > 0 ? (const char *)bytes.data : "", bytes.size);
    text[bytes.size] = 0;
}

Test(codec, vectors_read_and_write_to_the_same_bytes)
{
    static char text[NO_LIMIT];
    json_t *document = vectors_load("encoding");
    size_t i;
    const json_t *one;
    json_array_foreach(vector_list(document, "values"), i, one)
    {
        struct span bytes = vector_bytes(one, "hex");
        struct reader r = reader_of(bytes);
        struct writer w;
        writer_init(&w, NO_LIMIT);
        value_copy(&r, &w, vector_text(one, "type"), NO_LIMIT, text);
        cr_assert_eq(reader_end(&r), STATUS_OK, "value %zu", i);
        cr_assert_str_eq(text, vector_text(one, "value"), "value %zu", i);
        cr_assert(span_equal(writer_span(&w), bytes), "value %zu", i);
        writer_free(&w);
        span_free(bytes);
    }
    cr_assert_gt(i, 40);
    json_decref(document);
}

Test(codec, vectors_refuse)
{
    static char text[NO_LIMIT];
    json_t *document = vectors_load("encoding");
    size_t i;
    const json_t *one;
    json_array_foreach(vector_list(document, "refused"), i, one)
    {
        struct span bytes = vector_bytes(one, "hex");
        struct reader r = reader_of(bytes);
        struct writer w;
        writer_init(&w, NO_LIMIT);
        size_t max = json_object_get(one, "max") ? vector_number(one, "max") : NO_LIMIT;
        value_copy(&r, &w, vector_text(one, "type"), max, text);
        cr_assert_str_eq(status_name(reader_end(&r)), vector_text(one, "status"), "%s, %s",
                         vector_text(one, "type"), vector_text(one, "why"));
        writer_free(&w);
        span_free(bytes);
    }
    cr_assert_gt(i, 40);
    json_decref(document);
}

Test(codec, the_first_error_of_a_reader_sticks)
{
    static const uint8_t bytes[] = { 2, 1, 2, 3, 4, 5, 6, 7, 8 };
    struct reader r = reader_of(span_of(bytes, sizeof bytes));
    read_bool(&r);
    cr_assert_eq(reader_status(&r), STATUS_MALFORMED);
    cr_assert_eq(r.offset, 1);
    cr_assert_eq(read_u64(&r), 0);
    cr_assert_eq(read_bytes(&r, 0).size, 0);
    struct id id;
    memset(&id, 7, sizeof id);
    read_id(&r, &id);
    cr_assert(id_is_zero(&id));
    reader_fail(&r, STATUS_TOO_LARGE);
    cr_assert_eq(reader_end(&r), STATUS_MALFORMED);
    cr_assert_eq(r.offset, 1);
}

Test(codec, a_reader_counts_what_it_consumed)
{
    static const uint8_t bytes[] = { 1, 2, 0, 3, 'a', 'b', 'c', 9 };
    struct reader r = reader_of(span_of(bytes, sizeof bytes));
    cr_assert_eq(read_u8(&r), 1);
    cr_assert_eq(read_u16(&r), 2);
    struct span text = read_text8(&r, 3);
    cr_assert_eq(text.data, bytes + 4, "a span points into the input");
    cr_assert_eq(r.offset, 7);
    cr_assert_eq(r.rest.size, 1);
    cr_assert_eq(reader_end(&r), STATUS_MALFORMED, "one byte is left over");
}

Test(codec, an_empty_reader_is_at_its_end)
{
    struct reader r = reader_of(span_of(NULL, 0));
    cr_assert_eq(read_bytes(&r, 0).size, 0);
    cr_assert_eq(reader_end(&r), STATUS_OK);
    cr_assert_eq(read_u8(&r), 0);
    cr_assert_eq(reader_end(&r), STATUS_MALFORMED);
}

Test(codec, a_writer_stops_at_its_limit)
{
    struct writer w;
    writer_init(&w, 10);
    write_u64(&w, 1);
    write_u16(&w, 2);
    cr_assert_eq(writer_status(&w), STATUS_OK);
    cr_assert_eq(writer_span(&w).size, 10);
    write_u8(&w, 3);
    cr_assert_eq(writer_status(&w), STATUS_TOO_LARGE);
    cr_assert_eq(writer_span(&w).size, 0, "nothing half-written can be taken for the whole");
    writer_free(&w);
}

Test(codec, after_an_error_a_writer_does_nothing)
{
    uint8_t memory[4];
    struct writer w;
    writer_init_fixed(&w, memory, sizeof memory);
    write_u64(&w, 1);
    write_u8(&w, 1);
    cr_assert_eq(writer_status(&w), STATUS_TOO_LARGE);
    cr_assert_eq(w.buffer.size, 0);
    writer_free(&w);
}

Test(codec, a_fixed_writer_fills_exactly_its_memory)
{
    uint8_t memory[5] = { 0, 0, 0, 0, 0xee };
    struct writer w;
    writer_init_fixed(&w, memory, 4);
    write_u32(&w, 0x01020304);
    cr_assert_eq(writer_status(&w), STATUS_OK);
    cr_assert_eq(writer_span(&w).data, memory);
    cr_assert_arr_eq(memory, ((uint8_t[]){ 4, 3, 2, 1, 0xee }), 5);
    write_bytes(&w, span_of(NULL, 0));
    cr_assert_eq(writer_status(&w), STATUS_OK);
}

Test(codec, a_length_that_does_not_fit_its_integer_is_refused)
{
    static uint8_t big[65536];
    struct writer w;
    writer_init(&w, NO_LIMIT);
    write_bytes8(&w, span_of(big, 255));
    write_bytes16(&w, span_of(big, 65535));
    write_bytes32(&w, span_of(big, 65536));
    cr_assert_eq(writer_status(&w), STATUS_OK);
    cr_assert_eq(writer_span(&w).size, 1 + 255 + 2 + 65535 + 4 + 65536);
    writer_free(&w);
    writer_init(&w, NO_LIMIT);
    write_bytes8(&w, span_of(big, 256));
    cr_assert_eq(writer_status(&w), STATUS_TOO_LARGE);
    writer_free(&w);
    writer_init(&w, NO_LIMIT);
    write_bytes16(&w, span_of(big, 65536));
    cr_assert_eq(writer_status(&w), STATUS_TOO_LARGE);
    writer_free(&w);
}

Test(codec, a_buffer_is_unchanged_by_what_it_refuses)
{
    struct buffer buffer;
    buffer_init(&buffer, 100);
    cr_assert_eq(buffer_append(&buffer, span_text("kept")), STATUS_OK);
    uint8_t more[97] = { 0 };
    cr_assert_eq(buffer_append(&buffer, span_of(more, 97)), STATUS_TOO_LARGE);
    cr_assert(span_equal(buffer_span(&buffer), span_text("kept")));
    cr_assert_eq(buffer_append(&buffer, span_of(more, 96)), STATUS_OK);
    cr_assert_eq(buffer.size, 100);
    cr_assert_leq(buffer.capacity, 100);
    buffer_free(&buffer);
    cr_assert_eq(buffer_append(&buffer, span_text("again")), STATUS_OK);
    buffer_free(&buffer);
}

Test(codec, every_truncation_of_a_record_is_malformed)
{
    struct writer w;
    writer_init(&w, NO_LIMIT);
    struct digest digest = { { 7 } };
    write_u16(&w, 1);
    write_bytes16(&w, span_text("sixteen"));
    write_digest(&w, &digest);
    write_i64(&w, -5);
    for (size_t size = 0; size <= writer_span(&w).size; size++) {
        struct reader r = reader_of(span_of(writer_span(&w).data, size));
        read_u16(&r);
        read_bytes16(&r, 100);
        read_digest(&r, &digest);
        read_i64(&r);
        bool whole = size == writer_span(&w).size;
        cr_assert_eq(reader_end(&r), whole ? STATUS_OK : STATUS_MALFORMED);
    }
    writer_free(&w);
}

Test(codec, plain_little_endian_access)
{
    uint8_t bytes[8];
    store_u64(bytes, 0x0102030405060708);
    cr_assert_arr_eq(bytes, ((uint8_t[]){ 8, 7, 6, 5, 4, 3, 2, 1 }), 8);
    cr_assert_eq(load_u64(bytes), 0x0102030405060708);
    cr_assert_eq(load_u32(bytes), 0x05060708);
    cr_assert_eq(load_u16(bytes), 0x0708);
    store_u32(bytes, UINT32_MAX - 1);
    cr_assert_eq(load_u32(bytes), UINT32_MAX - 1);
    store_u16(bytes, 0x8001);
    cr_assert_eq(load_u16(bytes), 0x8001);
}
