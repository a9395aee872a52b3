#include "tests/unit/format/fields.h"
#include "tests/unit/format/samples.h"

#include <criterion/criterion.h>

static struct committee committee;
static struct header header;

static void start(void)
{
    uint64_t keys[COMMITTEE_MAX];
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    sample_committee(&committee, 4, FAULT_BYZANTINE, keys);
    sample_header(&header, &committee);
}

TestSuite(block, .init = start);

static void replay_header(const json_t *vector)
{
    const char *name = get_text(vector, "name");
    struct scrap scrap = { .count = 0 };
    struct header expected;
    struct header read;
    uint8_t bytes[HEADER_BYTES];
    struct writer w;
    header_of_json(json_object_get(vector, "fields"), &expected);
    writer_init_fixed(&w, bytes, sizeof bytes);
    header_write(&w, &expected);
    struct span given = get_span(vector, "bytes", &scrap);
    cr_assert(span_equal(writer_span(&w), given), "%s", name);
    cr_assert_eq(given.size, HEADER_BYTES);
    struct digest hash = header_hash(&expected);
    cr_assert(span_equal(digest_span(&hash), get_span(vector, "hash", &scrap)), "%s", name);

    struct reader r = reader_of(given);
    header_read(&r, &read);
    cr_assert_eq(reader_end(&r), STATUS_OK, "%s", name);
    json_t *fields = header_to_json(&read);
    cr_assert(json_equal(fields, json_object_get(vector, "fields")), "%s", name);
    json_decref(fields);
    scrap_free(&scrap);
}

Test(block, header_vectors)
{
    json_t *vectors = vectors_load("header");
    const json_t *headers = json_object_get(vectors, "headers");
    cr_assert(json_array_size(headers) >= 3);
    for (size_t i = 0; i < json_array_size(headers); i++)
        replay_header(json_array_get(headers, i));

    const json_t *refused = json_object_get(vectors, "refused");
    cr_assert(json_array_size(refused) >= 9);
    for (size_t i = 0; i < json_array_size(refused); i++) {
        const json_t *vector = json_array_get(refused, i);
        struct scrap scrap = { .count = 0 };
        struct header read;
        struct reader r = reader_of(get_span(vector, "bytes", &scrap));
        header_read(&r, &read);
        cr_assert_eq(reader_end(&r), get_status(vector, "status"), "%s", get_text(vector, "name"));
        scrap_free(&scrap);
    }
    json_decref(vectors);
}

Test(block, entry_vectors)
{
    json_t *vectors = vectors_load("header");
    const json_t *entries = json_object_get(vectors, "entries");
    cr_assert(json_array_size(entries) >= 4);
    for (size_t i = 0; i < json_array_size(entries); i++) {
        const json_t *vector = json_array_get(entries, i);
        const json_t *fields = json_object_get(vector, "fields");
        const char *name = get_text(vector, "name");
        struct scrap scrap = { .count = 0 };
        struct entry_record record = {
            .kind = (uint8_t)get_number(fields, "kind"),
            .code = (uint16_t)get_number(fields, "code"),
            .at = (uint8_t)get_number(fields, "at"),
        };
        get_hex(fields, "id", record.id.bytes, 32);
        get_hex(fields, "signed_hash", record.signed_hash.bytes, 32);
        get_hex(fields, "effects_hash", record.effects_hash.bytes, 32);
        uint8_t bytes[ENTRY_RECORD_BYTES];
        struct writer w;
        writer_init_fixed(&w, bytes, sizeof bytes);
        entry_record_write(&w, &record);
        struct span given = get_span(vector, "bytes", &scrap);
        cr_assert(span_equal(writer_span(&w), given), "%s", name);
        struct digest hash = entry_record_hash(&record);
        cr_assert(span_equal(digest_span(&hash), get_span(vector, "hash", &scrap)), "%s", name);

        struct entry_record read;
        struct reader r = reader_of(given);
        entry_record_read(&r, &read);
        cr_assert_eq(reader_end(&r), STATUS_OK, "%s", name);
        hash = entry_record_hash(&read);
        cr_assert(span_equal(digest_span(&hash), get_span(vector, "hash", &scrap)), "%s", name);
        scrap_free(&scrap);
    }
    json_decref(vectors);
}

static enum status read_entry(const uint8_t bytes[ENTRY_RECORD_BYTES], size_t size)
{
    struct entry_record read;
    struct reader r = reader_of(span_of(bytes, size));
    entry_record_read(&r, &read);
    return reader_end(&r);
}

Test(block, entry_records_are_checked)
{
    uint8_t bytes[ENTRY_RECORD_BYTES] = { ENTRY_EXPIRY };
    cr_assert_eq(read_entry(bytes, sizeof bytes), STATUS_OK);
    cr_assert_neq(read_entry(bytes, sizeof bytes - 1), STATUS_OK);
    bytes[33] = 1;
    cr_assert_eq(read_entry(bytes, sizeof bytes), STATUS_MALFORMED, "a signed hash, unsigned");
    bytes[0] = ENTRY_TRANSACTION;
    cr_assert_eq(read_entry(bytes, sizeof bytes), STATUS_OK);
    bytes[0] = 0;
    cr_assert_eq(read_entry(bytes, sizeof bytes), STATUS_UNSUPPORTED);
    bytes[0] = 5;
    cr_assert_eq(read_entry(bytes, sizeof bytes), STATUS_UNSUPPORTED);
}

/* Every byte of a header is in its hash. */
Test(block, each_byte_changes_the_hash)
{
    uint8_t bytes[HEADER_BYTES];
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    header_write(&w, &header);
    struct digest hash = header_hash(&header);
    for (size_t i = 0; i < sizeof bytes; i++) {
        struct header read;
        bytes[i] ^= 1;
        struct reader r = reader_of(span_of(bytes, sizeof bytes));
        header_read(&r, &read);
        if (reader_end(&r) == STATUS_OK) {
            struct digest other = header_hash(&read);
            cr_assert_not(digest_equal(&hash, &other), "byte %zu", i);
        }
        bytes[i] ^= 1;
    }
}

Test(block, difference_names_the_first_field)
{
    char a[80];
    char b[80];
    struct header other = header;
    cr_assert_null(header_difference(&header, &other, a, b));
    other.params_hash.bytes[0] ^= 1;
    cr_assert_str_eq(header_difference(&header, &other, a, b), "params_hash");
    cr_assert_eq(strlen(a), 64);
    cr_assert_str_neq(a, b);
    other.state_root.bytes[31] ^= 1;
    cr_assert_str_eq(header_difference(&header, &other, a, b), "state_root");
    other.proposer = committee.validators[1].id;
    cr_assert_str_eq(header_difference(&header, &other, a, b), "proposer");
    cr_assert_eq(strncmp(a, "val1", 4), 0);
    other.time_ms++;
    cr_assert_str_eq(header_difference(&header, &other, a, b), "time_ms");
    cr_assert_str_eq(a, "1796115600123");
    cr_assert_str_eq(b, "1796115600124");
    other.entry_count = 4;
    cr_assert_str_eq(header_difference(&header, &other, a, b), "entry_count");
    cr_assert_str_eq(a, "3");
    cr_assert_str_eq(b, "4");
    other.fault_model = FAULT_CRASH;
    cr_assert_str_eq(header_difference(&header, &other, a, b), "fault_model");
}

/* Each field by itself: whatever differs is found, and by its own name. */
Test(block, difference_knows_every_field)
{
    json_t *fields = header_to_json(&header);
    const char *name;
    json_t *value;
    size_t count = 0;
    json_object_foreach(fields, name, value)
    {
        struct header other;
        char a[80];
        char b[80];
        json_t *altered = json_deep_copy(fields);
        if (json_is_integer(value)) {
            json_object_set_new(altered, name, json_integer(json_integer_value(value) + 1));
        } else {
            char *text = strdup(json_string_value(value));
            text[0] = text[0] == '1' ? '2' : '1';
            json_object_set_new(altered, name, json_string(text));
            free(text);
        }
        header_of_json(altered, &other);
        cr_assert_str_eq(header_difference(&header, &other, a, b), name);
        cr_assert_str_neq(a, b);
        json_decref(altered);
        count++;
    }
    cr_assert_eq(count, 19);
    json_decref(fields);
}

static void write_block(struct writer *w, uint32_t count, uint32_t said)
{
    writer_init(w, 1 << 20);
    header_write(w, &header);
    write_u32(w, said);
    for (uint32_t i = 0; i < count; i++)
        write_bytes32(w, span_text("a transaction"));
}

Test(block, decodes_into_header_and_transactions)
{
    struct writer w;
    struct header read;
    uint32_t count = 99;
    struct span transactions;
    struct span one;
    for (uint32_t i = 0; i <= 3; i++) {
        write_block(&w, i, i);
        cr_assert_eq(block_decode(writer_span(&w), &read, &count, &transactions), STATUS_OK);
        cr_assert_eq(count, i);
        char a[80];
        char b[80];
        cr_assert_null(header_difference(&read, &header, a, b));
        for (uint32_t j = 0; j < i; j++) {
            cr_assert(batch_next(&transactions, &one));
            cr_assert(span_equal(one, span_text("a transaction")));
        }
        cr_assert_not(batch_next(&transactions, &one));
        writer_free(&w);
    }
}

Test(block, refuses_wrong_counts_and_lengths)
{
    static const struct {
        uint32_t count, said;
    } wrong[] = { { 2, 1 }, { 1, 2 }, { 4, 4 }, { 0, UINT32_MAX } };
    struct writer w;
    struct header read;
    uint32_t count;
    struct span transactions;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        write_block(&w, wrong[i].count, wrong[i].said);
        cr_assert_eq(block_decode(writer_span(&w), &read, &count, &transactions), STATUS_MALFORMED);
        writer_free(&w);
    }
    write_block(&w, 2, 2);
    for (size_t size = 0; size < writer_span(&w).size; size++) {
        struct span cut = span_of(w.buffer.data, size);
        cr_assert_neq(block_decode(cut, &read, &count, &transactions), STATUS_OK);
    }
    w.buffer.data[0] = 2;
    cr_assert_eq(block_decode(writer_span(&w), &read, &count, &transactions), STATUS_UNSUPPORTED);
    writer_free(&w);
}
