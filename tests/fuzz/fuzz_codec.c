/* Statements, certificates, aux certificates and committees from arbitrary bytes: no reader leaves
 * its input, and what decodes encodes to the same bytes. The first byte chooses the format. */
#include "crypto/certificate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t memory[CERTIFICATE_BYTES_MAX + 8 * COMMITTEE_MAX];

/* What was written is what was read. */
static void expect_same(struct writer *w, struct span input)
{
    ASSERT(writer_status(w) == STATUS_OK);
    ASSERT(span_equal(writer_span(w), input));
}

static void on_statement(struct reader *r, struct writer *w, struct span input)
{
    struct statement statement;
    statement_read(r, &statement);
    if (reader_end(r) != STATUS_OK) return;
    statement_write(w, &statement);
    expect_same(w, input);
}

static void on_certificate(struct reader *r, struct writer *w, struct span input)
{
    static struct certificate certificate;
    certificate_read(r, &certificate);
    if (reader_end(r) != STATUS_OK) return;
    ASSERT(signer_set_count(&certificate.signers) <= certificate.count);
    certificate_write(w, &certificate);
    expect_same(w, input);
}

static void on_aux_certificate(struct reader *r, struct writer *w, struct span input)
{
    static struct aux_certificate certificate;
    aux_certificate_read(r, &certificate);
    if (reader_end(r) != STATUS_OK) return;
    aux_certificate_write(w, &certificate);
    expect_same(w, input);
}

static void on_committee(struct reader *r, struct writer *w, struct span input)
{
    static struct committee committee;
    enum status status = committee_decode(r, &committee);
    ASSERT(status == STATUS_OK || committee.count == 0);
    if (reader_end(r) != STATUS_OK) return;
    ASSERT(2 * committee_quorum(&committee) > committee.count);
    committee_encode(&committee, w);
    expect_same(w, input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool started;
    if (!started) {
        enum status status = crypto_start(NULL);
        ASSERT(status == STATUS_OK);
        started = true;
    }
    if (size == 0) return 0;
    struct span input = span_of(data + 1, size - 1);
    struct reader r = reader_of(input);
    struct writer w;
    writer_init_fixed(&w, memory, sizeof memory);
    switch (data[0] % 4) {
    case 0: on_statement(&r, &w, input); break;
    case 1: on_certificate(&r, &w, input); break;
    case 2: on_aux_certificate(&r, &w, input); break;
    default: on_committee(&r, &w, input); break;
    }
    return 0;
}
