#include "crypto/certificate.h"

void statement_encode(const struct domain *domain, const struct statement *statement,
                      uint8_t bytes[STATEMENT_BYTES])
{
    struct writer w;
    writer_init_fixed(&w, bytes, STATEMENT_BYTES);
    write_digest(&w, &domain->chain_id);
    write_u64(&w, domain->epoch);
    write_digest(&w, &domain->validators_hash);
    write_u8(&w, domain->engine);
    statement_write(&w, statement);
    ASSERT(writer_span(&w).size == STATEMENT_BYTES);
}

bool statement_equal(const struct statement *a, const struct statement *b)
{
    return a->kind == b->kind && a->index == b->index && a->view == b->view && a->aux == b->aux &&
           digest_equal(&a->digest, &b->digest);
}

void statement_write(struct writer *w, const struct statement *statement)
{
    write_u8(w, statement->kind);
    write_u64(w, statement->index);
    write_u64(w, statement->view);
    write_u64(w, statement->aux);
    write_digest(w, &statement->digest);
}

void statement_read(struct reader *r, struct statement *statement)
{
    statement->kind = read_u8(r);
    statement->index = read_u64(r);
    statement->view = read_u64(r);
    statement->aux = read_u64(r);
    read_digest(r, &statement->digest);
}

enum status statement_verify(const struct domain *domain, const struct committee *committee,
                             struct verify_cache *cache, uint16_t signer,
                             const struct statement *statement, const struct signature *signature)
{
    if (signer >= committee->count) return STATUS_NOT_MEMBER;
    uint8_t bytes[STATEMENT_BYTES];
    statement_encode(domain, statement, bytes);
    bool valid = verify_cached(cache, &committee->validators[signer].seal_key, TAG_ENGINE,
                               span_of(bytes, sizeof bytes), signature);
    return valid ? STATUS_OK : STATUS_BAD_SIGNATURE;
}

bool signer_set_has(const struct signer_set *set, uint16_t index)
{
    return index < COMMITTEE_MAX && (set->bits[index / 8] >> (index % 8) & 1) == 1;
}

void signer_set_add(struct signer_set *set, uint16_t index)
{
    ASSERT(index < COMMITTEE_MAX);
    set->bits[index / 8] = (uint8_t)(set->bits[index / 8] | 1 << (index % 8));
}

uint16_t signer_set_count(const struct signer_set *set)
{
    uint16_t count = 0;
    for (size_t i = 0; i < sizeof set->bits; i++)
        for (unsigned bits = set->bits[i]; bits != 0; bits &= bits - 1)
            count++;
    return count;
}

/* No bit at n or above. Wanted when written and checked when read: a stray bit would be a second
 * encoding of the same signers. */
static bool signer_set_fits(const struct signer_set *set, uint16_t n)
{
    for (size_t bit = n; bit < 8 * sizeof set->bits; bit++)
        if ((set->bits[bit / 8] >> (bit % 8) & 1) == 1) return false;
    return true;
}

static size_t bitmap_size(uint16_t n)
{
    return ((size_t)n + 7) / 8;
}

void certificate_write(struct writer *w, const struct certificate *certificate)
{
    const struct statement *statement = &certificate->statement;
    ASSERT(statement->aux == 0);
    ASSERT(certificate->count <= COMMITTEE_MAX);
    ASSERT(signer_set_fits(&certificate->signers, certificate->count));

    write_u8(w, statement->kind);
    write_u64(w, statement->index);
    write_u64(w, statement->view);
    write_digest(w, &statement->digest);
    write_u16(w, certificate->count);
    write_bytes(w, span_of(certificate->signers.bits, bitmap_size(certificate->count)));
    uint16_t signers = signer_set_count(&certificate->signers);
    for (uint16_t i = 0; i < signers; i++)
        write_signature(w, &certificate->signatures[i]);
}

static void certificate_read_signers(struct reader *r, struct certificate *certificate)
{
    if (certificate->count > COMMITTEE_MAX) reader_fail(r, STATUS_TOO_LARGE);
    if (reader_status(r) != STATUS_OK) return;
    struct span bitmap = read_bytes(r, bitmap_size(certificate->count));
    if (bitmap.size > 0) memcpy(certificate->signers.bits, bitmap.data, bitmap.size);
    if (!signer_set_fits(&certificate->signers, certificate->count))
        reader_fail(r, STATUS_MALFORMED);
}

void certificate_read(struct reader *r, struct certificate *certificate)
{
    certificate->statement = (struct statement){ .kind = read_u8(r) };
    certificate->statement.index = read_u64(r);
    certificate->statement.view = read_u64(r);
    read_digest(r, &certificate->statement.digest);
    certificate->count = read_u16(r);
    memset(&certificate->signers, 0, sizeof certificate->signers);
    certificate_read_signers(r, certificate);

    uint16_t signers = signer_set_count(&certificate->signers);
    for (uint16_t i = 0; i < signers && reader_status(r) == STATUS_OK; i++)
        read_signature(r, &certificate->signatures[i]);
    if (reader_status(r) == STATUS_OK) return;
    certificate->count = 0; /* half a certificate must not look like one */
    memset(&certificate->signers, 0, sizeof certificate->signers);
}

/* What can be told without a signature: it is of this committee, and a quorum. */
static enum status certificate_check_shape(const struct committee *committee,
                                           const struct certificate *certificate)
{
    if (certificate->statement.aux != 0) return STATUS_INVALID;
    if (certificate->count != committee->count) return STATUS_MISMATCH;
    if (!signer_set_fits(&certificate->signers, certificate->count)) return STATUS_MALFORMED;
    if (signer_set_count(&certificate->signers) < committee_quorum(committee))
        return STATUS_NO_QUORUM;
    return STATUS_OK;
}

/* aux[i], if given, is what the i-th signer signed in the place of aux. */
static enum status certificate_check_signatures(const struct domain *domain,
                                                const struct committee *committee,
                                                struct verify_cache *cache,
                                                const struct certificate *certificate,
                                                const uint64_t *aux)
{
    struct statement statement = certificate->statement;
    uint16_t position = 0;
    for (uint16_t signer = 0; signer < committee->count; signer++) {
        if (!signer_set_has(&certificate->signers, signer)) continue;
        if (aux) statement.aux = aux[position];
        enum status status = statement_verify(domain, committee, cache, signer, &statement,
                                              &certificate->signatures[position]);
        if (status != STATUS_OK) return status;
        position++;
    }
    return STATUS_OK;
}

enum status certificate_check(const struct domain *domain, const struct committee *committee,
                              struct verify_cache *cache, const struct certificate *certificate)
{
    enum status status = certificate_check_shape(committee, certificate);
    if (status != STATUS_OK) return status;
    return certificate_check_signatures(domain, committee, cache, certificate, NULL);
}

void aux_certificate_write(struct writer *w, const struct aux_certificate *certificate)
{
    certificate_write(w, &certificate->certificate);
    uint16_t signers = signer_set_count(&certificate->certificate.signers);
    for (uint16_t i = 0; i < signers; i++)
        write_u64(w, certificate->aux[i]);
}

void aux_certificate_read(struct reader *r, struct aux_certificate *certificate)
{
    certificate_read(r, &certificate->certificate);
    uint16_t signers = signer_set_count(&certificate->certificate.signers);
    for (uint16_t i = 0; i < signers; i++)
        certificate->aux[i] = read_u64(r);
    if (reader_status(r) == STATUS_OK) return;
    certificate->certificate.count = 0;
    memset(&certificate->certificate.signers, 0, sizeof certificate->certificate.signers);
}

enum status aux_certificate_check(const struct domain *domain, const struct committee *committee,
                                  struct verify_cache *cache,
                                  const struct aux_certificate *certificate)
{
    enum status status = certificate_check_shape(committee, &certificate->certificate);
    if (status != STATUS_OK) return status;
    return certificate_check_signatures(domain, committee, cache, &certificate->certificate,
                                        certificate->aux);
}
