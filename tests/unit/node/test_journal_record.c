#include "node/journal_internal.h"
#include "tests/unit/node/vectors.h"

/* Heads and records that another implementation has made. */
Test(journal_record, vectors)
{
    json_t *vectors = vectors_load(WITAN_VECTORS "/disk.json");
    const json_t *v = json_object_get(vectors, "segment_head");
    struct segment_head head = { .segment = vector_number(v, "segment"),
                                 .first_record = vector_number(v, "first_record") };
    vector_bytes(v, "chain_id", head.chain_id.bytes, 32);
    vector_bytes(v, "chain", head.chain, sizeof head.chain);
    uint8_t bytes[256];
    uint8_t wanted[256];
    segment_head_encode(&head, bytes);
    cr_assert_eq(head.crc, vector_number(v, "crc"));
    cr_assert_eq(vector_bytes(v, "bytes", wanted, sizeof wanted), JOURNAL_HEAD_BYTES);
    cr_assert_arr_eq(bytes, wanted, JOURNAL_HEAD_BYTES);

    const json_t *list = json_object_get(vectors, "records");
    cr_assert_geq(json_array_size(list), 3);
    for (size_t i = 0; i < json_array_size(list); i++) {
        v = json_array_get(list, i);
        struct buffer out;
        buffer_init(&out, sizeof bytes);
        struct span payload = span_of(bytes, vector_bytes(v, "payload", bytes, sizeof bytes));
        cr_assert_eq(record_encode(&out, head.crc, vector_number(v, "number"),
                                   vector_number(v, "durable_through"),
                                   (uint8_t)vector_number(v, "kind"), &payload, 1, head.chain),
                     STATUS_OK);
        size_t size = vector_bytes(v, "bytes", wanted, sizeof wanted);
        cr_assert(span_equal(buffer_span(&out), span_of(wanted, size)), "record %zu", i);
        struct record record;
        cr_assert_eq(record_peek(wanted, head.crc), size);
        cr_assert(record_decode(span_of(wanted, size), head.crc, &record));
        cr_assert_eq(record.number, vector_number(v, "number"));
        cr_assert(span_equal(record.payload, payload));
        buffer_free(&out);
    }
    json_decref(vectors);
}

Test(journal_record, head_every_bit)
{
    struct segment_head head = { .segment = 1, .first_record = 1 };
    uint8_t bytes[JOURNAL_HEAD_BYTES];
    segment_head_encode(&head, bytes);
    struct segment_head back;
    cr_assert_eq(segment_head_decode(bytes, &back), STATUS_OK);
    for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_assert_eq(segment_head_decode(bytes, &back), STATUS_DAMAGED);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

Test(journal_record, impossible_records)
{
    uint8_t chain[JOURNAL_CHAIN_BYTES] = { 0 };
    struct buffer out;
    struct record record;
    buffer_init(&out, 1024);
    /* Durable through itself, or of no kind: nobody writes that. */
    cr_assert_eq(record_encode(&out, 5, 10, 10, 1, NULL, 0, chain), STATUS_OK);
    cr_assert_not(record_decode(buffer_span(&out), 5, &record));
    out.size = 0;
    cr_assert_eq(record_encode(&out, 5, 10, 9, 0, NULL, 0, chain), STATUS_OK);
    cr_assert_not(record_decode(buffer_span(&out), 5, &record));
    out.size = 0;
    cr_assert_eq(record_encode(&out, 5, 10, 9, 1, NULL, 0, chain), STATUS_OK);
    cr_assert(record_decode(buffer_span(&out), 5, &record));
    cr_assert_not(record_decode(buffer_span(&out), 6, &record)); /* another segment's magic */
    cr_assert_not(record_decode(span_of(out.data, out.size - 1), 5, &record));
    out.data[out.size - 1] ^= 1; /* the padding */
    cr_assert_not(record_decode(buffer_span(&out), 5, &record));
    store_u32(out.data + 4, JOURNAL_PAYLOAD_MAX + 1);
    cr_assert_eq(record_peek(out.data, 5), 0);
    buffer_free(&out);
}

/* A buffer that is too small leaves everything as it was. */
Test(journal_record, no_room)
{
    uint8_t chain[JOURNAL_CHAIN_BYTES] = { 1 };
    struct buffer out;
    struct span payload = span_text("payload");
    for (size_t limit = 0; limit < record_bytes(7); limit++) {
        buffer_init(&out, limit);
        cr_assert_eq(record_encode(&out, 5, 2, 1, 1, &payload, 1, chain), STATUS_TOO_LARGE);
        cr_assert_eq(out.size, 0);
        cr_assert_eq(chain[0], 1);
        buffer_free(&out);
    }
}

Test(journal_record, segment_names)
{
    uint64_t number;
    char name[SEGMENT_NAME_BYTES];
    segment_name(name, UINT64_MAX);
    cr_assert(segment_name_parse(name, &number));
    cr_assert_eq(number, UINT64_MAX);
    cr_assert(segment_name_parse("00000000000000000012.log", &number));
    cr_assert_eq(number, 12);
    static const char *const bad[] = { "00000000000000000000.log",
                                       "12.log",
                                       "00000000000000000012.log.tmp",
                                       "0000000000000000001a.log",
                                       "99999999999999999999.log",
                                       "-0000000000000000012.log",
                                       "" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_assert_not(segment_name_parse(bad[i], &number), "%s", bad[i]);
}
