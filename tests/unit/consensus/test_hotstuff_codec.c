#include "consensus/hotstuff.h"
#include "tests/unit/crypto/vectors.h"

static json_t *document;
static struct warrant warrant;
static struct proof proof;
static struct record record;
static uint8_t memory[ATTACHMENT_BYTES_MAX];
static struct writer w;

static void setup(void)
{
    document = vectors_load("consensus");
    writer_init_fixed(&w, memory, sizeof memory);
}

static void teardown(void)
{
    json_decref(document);
}

static const struct timeout_certificate *timeouts_of(const struct warrant *read)
{
    return read->has_timeouts ? &read->timeouts : NULL;
}

/* Reads an attachment and writes it again into w. */
static enum status rewrite(const char *kind, struct span bytes)
{
    struct proposal proposal;
    struct span inner;
    enum status status;
    if (strcmp(kind, "proposal") == 0) {
        status = proposal_attachment_read(bytes, &proposal, &warrant);
        if (status == STATUS_OK) proposal_write(&w, &proposal);
    } else if (strcmp(kind, "timeout") == 0) {
        status = timeout_attachment_read(bytes, &warrant);
    } else {
        status = sync_attachment_read(bytes, &warrant, &inner);
    }
    if (status != STATUS_OK) return status;
    warrant_write(&w, &warrant.high, timeouts_of(&warrant));
    if (strcmp(kind, "sync_info") == 0) write_bytes32(&w, inner);
    return STATUS_OK;
}

Test(hotstuff_codec, attachments, .init = setup, .fini = teardown)
{
    size_t i;
    json_t *vector;
    json_array_foreach((json_t *)vector_list(document, "attachments"), i, vector)
    {
        struct span bytes = vector_bytes(vector, "bytes");
        const char *kind = vector_text(vector, "kind");
        writer_init_fixed(&w, memory, sizeof memory);
        cr_expect_eq(rewrite(kind, bytes), STATUS_OK, "attachment %zu", i);
        cr_expect(span_equal(writer_span(&w), bytes), "attachment %zu", i);
        for (size_t size = 0; size < bytes.size; size += 7)
            cr_expect_neq(rewrite(kind, span_of(bytes.data, size)), STATUS_OK);
        free((void *)bytes.data);
    }
}

Test(hotstuff_codec, proofs, .init = setup, .fini = teardown)
{
    size_t i;
    json_t *vector;
    json_array_foreach((json_t *)vector_list(document, "proofs"), i, vector)
    {
        struct span bytes = vector_bytes(vector, "bytes");
        struct digest digest;
        vector_into(vector, "digest", digest.bytes, 32);
        cr_assert_eq(hotstuff_proof_read(bytes, &proof), STATUS_OK);
        cr_expect_eq(proof.form, vector_number(vector, "form"));
        cr_expect_eq(proof.position.index, vector_number(vector, "index"));
        cr_expect_eq(proof.position.view, vector_number(vector, "view"));
        cr_expect(digest_equal(&proof.position.digest, &digest));
        writer_init_fixed(&w, memory, sizeof memory);
        hotstuff_proof_write(&w, proof.form, proof.headers, &proof.certificate);
        cr_expect(span_equal(writer_span(&w), bytes));
        free((void *)bytes.data);
    }
}

Test(hotstuff_codec, proofs_refused, .init = setup, .fini = teardown)
{
    size_t i;
    json_t *vector;
    json_array_foreach((json_t *)vector_list(document, "proofs_refused"), i, vector)
    {
        struct span bytes = vector_bytes(vector, "bytes");
        cr_expect_neq(hotstuff_proof_read(bytes, &proof), STATUS_OK, "%s",
                      vector_text(vector, "why"));
        free((void *)bytes.data);
    }
}

static void read_record(const char *name, struct span *bytes)
{
    *bytes = vector_bytes(json_object_get(document, "records"), name);
    cr_assert_eq(record_read(*bytes, &record), STATUS_OK, "%s", name);
}

Test(hotstuff_codec, promise_record, .init = setup, .fini = teardown)
{
    struct span bytes;
    read_record("promise", &bytes);
    cr_expect_eq(record.type, RECORD_PROMISE);
    cr_expect(record.has_header && record.has_high && !record.has_timeouts);
    struct record_parts parts = { .header = &record.header,
                                  .high = &record.warrant.high,
                                  .attachment = record.attachment };
    record_write_promise(&w, &record.statement, &parts);
    cr_expect(span_equal(writer_span(&w), bytes));
    free((void *)bytes.data);
}

Test(hotstuff_codec, promise_record_with_a_lock, .init = setup, .fini = teardown)
{
    struct span bytes;
    read_record("promise_locking", &bytes);
    cr_assert(record.has_lock);
    cr_expect_eq(record.lock_view, 1);
    struct record_parts parts = { .header = &record.header,
                                  .high = &record.warrant.high,
                                  .lock_view = &record.lock_view,
                                  .attachment = record.attachment };
    record_write_promise(&w, &record.statement, &parts);
    cr_expect(span_equal(writer_span(&w), bytes));
    for (size_t size = 0; size < bytes.size; size++)
        cr_expect_neq(record_read(span_of(bytes.data, size), &record), STATUS_OK);
    free((void *)bytes.data);
}

Test(hotstuff_codec, decided_record, .init = setup, .fini = teardown)
{
    struct span bytes;
    read_record("decided", &bytes);
    cr_expect_eq(record.headers_count, 1);
    struct reader r = reader_of(record.headers);
    struct proposal header;
    proposal_read(&r, &header);
    const struct proposal *headers[] = { &header };
    record_write_decided(&w, headers, 1, record.proof);
    cr_expect(span_equal(writer_span(&w), bytes));
    free((void *)bytes.data);
}

Test(hotstuff_codec, certificates_record, .init = setup, .fini = teardown)
{
    struct span bytes;
    read_record("certificates", &bytes);
    struct record_parts parts = { .high = &record.warrant.high,
                                  .timeouts = &record.warrant.timeouts };
    record_write_certificates(&w, &parts);
    cr_expect(span_equal(writer_span(&w), bytes));
    free((void *)bytes.data);
}

Test(hotstuff_codec, header_record, .init = setup, .fini = teardown)
{
    struct span bytes;
    read_record("header", &bytes);
    cr_expect(record.has_header);
    record_write_header(&w, &record.header);
    cr_expect(span_equal(writer_span(&w), bytes));
    for (size_t size = 0; size < bytes.size; size++)
        cr_expect_neq(record_read(span_of(bytes.data, size), &record), STATUS_OK);
    free((void *)bytes.data);
}

Test(hotstuff_codec, records_refused, .init = setup, .fini = teardown)
{
    size_t i;
    json_t *vector;
    json_array_foreach((json_t *)vector_list(document, "records_refused"), i, vector)
    {
        struct span bytes = vector_bytes(vector, "bytes");
        cr_expect_neq(record_read(bytes, &record), STATUS_OK, "%s", vector_text(vector, "why"));
        free((void *)bytes.data);
    }
}

/* No view of a record may make a sum overflow: check would never have believed it. */
Test(hotstuff_codec, records_out_of_range, .init = setup, .fini = teardown)
{
    struct proposal header = { .index = 1, .view = VIEW_LIMIT };
    record_write_header(&w, &header);
    cr_expect_eq(record_read(writer_span(&w), &record), STATUS_INVALID);

    struct span bytes;
    read_record("certificates", &bytes);
    struct record_parts parts = { .high = &record.warrant.high };
    record.warrant.high.statement.view = UINT64_MAX;
    writer_init_fixed(&w, memory, sizeof memory);
    record_write_certificates(&w, &parts);
    cr_expect_eq(record_read(writer_span(&w), &record), STATUS_INVALID);
    free((void *)bytes.data);
}

/* Indexes that wrap around link as numbers do; they are out of range all the same. */
Test(hotstuff_codec, a_proof_does_not_wrap_around, .init = setup, .fini = teardown)
{
    static struct certificate certificate;
    struct proposal headers[] = { { .index = UINT64_MAX, .view = 3, .parent_view = 2 },
                                  { .index = 0, .view = 4, .parent_view = 3 } };
    headers[1].parent = proposal_digest(&headers[0]);
    certificate.statement = proposal_statement(VOTE, &headers[1]);
    hotstuff_proof_write(&w, PROOF_THREE_CHAIN, headers, &certificate);
    cr_expect_eq(hotstuff_proof_read(writer_span(&w), &proof), STATUS_INVALID);
}

Test(hotstuff_codec, the_root_is_not_decided, .init = setup, .fini = teardown)
{
    static struct certificate certificate;
    struct proposal child = { .index = 1, .view = 1 };
    certificate.statement = proposal_statement(VOTE, &child);
    hotstuff_proof_write(&w, PROOF_TWO_CHAIN, &child, &certificate);
    cr_expect_eq(hotstuff_proof_read(writer_span(&w), &proof), STATUS_INVALID);
    struct proposal headers[] = { child, { .index = 2, .view = 2, .parent_view = 1 } };
    headers[1].parent = proposal_digest(&child);
    certificate.statement = proposal_statement(VOTE, &headers[1]);
    writer_init_fixed(&w, memory, sizeof memory);
    hotstuff_proof_write(&w, PROOF_THREE_CHAIN, headers, &certificate);
    cr_expect_eq(hotstuff_proof_read(writer_span(&w), &proof), STATUS_INVALID);
    certificate.statement = (struct statement){ .kind = COMMIT_VOTE };
    writer_init_fixed(&w, memory, sizeof memory);
    hotstuff_proof_write(&w, PROOF_COMMIT_VOTES, NULL, &certificate);
    cr_expect_eq(hotstuff_proof_read(writer_span(&w), &proof), STATUS_INVALID);
}
