#include "crypto/certificate.h"
#include "tests/unit/crypto/vectors.h"

/* A committee of n with its secret keys, a domain and a vote. */
static struct committee committee;
static struct secret_key secrets[COMMITTEE_MAX];
static struct domain domain;
static struct statement vote;
static struct certificate certificate;
static struct certificate back;
static struct aux_certificate timeouts;
static uint8_t memory[CERTIFICATE_BYTES_MAX + 8 * COMMITTEE_MAX];

static void committee_make(uint16_t count)
{
    memset(&committee, 0, sizeof committee);
    committee.fault_model = FAULT_BYZANTINE;
    committee.engine = ENGINE_HOTSTUFF;
    committee.count = count;
    for (uint16_t i = 0; i < count; i++) {
        uint8_t seed[32] = { (uint8_t)(i + 1) };
        committee.validators[i].id.bytes[0] = (uint8_t)i;
        key_from_seed(seed, &secrets[i], &committee.validators[i].seal_key);
    }
    domain = (struct domain){ .chain_id = { { 1 } }, .epoch = 5, .engine = ENGINE_HOTSTUFF };
    domain.validators_hash = committee_hash(&committee);
    vote = (struct statement){ .kind = 2, .index = 10, .view = 11, .digest = { { 12 } } };
}

static void start(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    committee_make(4);
}

TestSuite(certificate, .init = start);

static struct signature sign(uint16_t signer, const struct statement *statement)
{
    uint8_t bytes[STATEMENT_BYTES];
    struct signature signature;
    statement_encode(&domain, statement, bytes);
    key_sign(&secrets[signer], TAG_ENGINE, span_of(bytes, sizeof bytes), &signature);
    return signature;
}

/* The vote, signed by every member whose bit is set. */
static void certificate_make(unsigned signers)
{
    memset(&certificate, 0, sizeof certificate);
    certificate.statement = vote;
    certificate.count = committee.count;
    uint16_t position = 0;
    for (uint16_t i = 0; i < committee.count; i++) {
        if ((signers >> i & 1) == 0) continue;
        signer_set_add(&certificate.signers, i);
        certificate.signatures[position++] = sign(i, &vote);
    }
}

static enum status check(void)
{
    return certificate_check(&domain, &committee, NULL, &certificate);
}

static struct span encoded(void)
{
    static struct writer w;
    writer_init_fixed(&w, memory, sizeof memory);
    certificate_write(&w, &certificate);
    cr_assert_eq(writer_status(&w), STATUS_OK);
    return writer_span(&w);
}

static enum status decode(struct span bytes)
{
    struct reader r = reader_of(bytes);
    certificate_read(&r, &back);
    return reader_end(&r);
}

Test(certificate, statements_are_equal_in_all_fields)
{
    struct statement other = vote;
    cr_assert(statement_equal(&vote, &other));
    other.kind++;
    cr_assert_not(statement_equal(&vote, &other));
    other = vote;
    other.index++;
    cr_assert_not(statement_equal(&vote, &other));
    other = vote;
    other.view++;
    cr_assert_not(statement_equal(&vote, &other));
    other = vote;
    other.aux++;
    cr_assert_not(statement_equal(&vote, &other));
    other = vote;
    other.digest.bytes[31]++;
    cr_assert_not(statement_equal(&vote, &other));
}

Test(certificate, statement_on_the_wire)
{
    struct writer w;
    struct statement read;
    vote.aux = 99;
    writer_init_fixed(&w, memory, sizeof memory);
    statement_write(&w, &vote);
    cr_assert_eq(writer_span(&w).size, STATEMENT_WIRE_BYTES);
    struct reader r = reader_of(writer_span(&w));
    statement_read(&r, &read);
    cr_assert_eq(reader_end(&r), STATUS_OK);
    cr_assert(statement_equal(&vote, &read));
}

/* Every field of domain and statement is in the signed bytes. */
Test(certificate, a_signature_holds_for_one_domain_and_one_statement)
{
    struct signature signature = sign(1, &vote);
#define REFUSED(change) \
    do { \
        struct domain d = domain; \
        struct statement s = vote; \
        change; \
        cr_assert_eq(statement_verify(&d, &committee, NULL, 1, &s, &signature), \
                     STATUS_BAD_SIGNATURE, "%s", #change); \
    } while (0)
    cr_assert_eq(statement_verify(&domain, &committee, NULL, 1, &vote, &signature), STATUS_OK);
    REFUSED(d.chain_id.bytes[31] ^= 1);
    REFUSED(d.epoch++);
    REFUSED(d.validators_hash.bytes[0] ^= 1);
    REFUSED(d.engine++);
    REFUSED(s.kind++);
    REFUSED(s.index++);
    REFUSED(s.view++);
    REFUSED(s.aux++);
    REFUSED(s.digest.bytes[0] ^= 1);
#undef REFUSED
    cr_assert_eq(statement_verify(&domain, &committee, NULL, 2, &vote, &signature),
                 STATUS_BAD_SIGNATURE);
    cr_assert_eq(statement_verify(&domain, &committee, NULL, 4, &vote, &signature),
                 STATUS_NOT_MEMBER);
    cr_assert_eq(statement_verify(&domain, &committee, NULL, VALIDATOR_NONE, &vote, &signature),
                 STATUS_NOT_MEMBER);
}

Test(certificate, signer_sets)
{
    struct signer_set set = { { 0 } };
    for (uint16_t i = 0; i < COMMITTEE_MAX; i++) {
        cr_assert_not(signer_set_has(&set, i));
        cr_assert_eq(signer_set_count(&set), i);
        signer_set_add(&set, i);
        signer_set_add(&set, i);
        cr_assert(signer_set_has(&set, i));
    }
    cr_assert_eq(signer_set_count(&set), COMMITTEE_MAX, "twice counts once");
    cr_assert_not(signer_set_has(&set, COMMITTEE_MAX));
    cr_assert_not(signer_set_has(&set, VALIDATOR_NONE));
}

Test(certificate, every_set_of_signers_counts_as_what_it_is)
{
    for (unsigned signers = 0; signers < 16; signers++) {
        certificate_make(signers);
        unsigned count = signer_set_count(&certificate.signers);
        cr_assert_eq(check(), count >= 3 ? STATUS_OK : STATUS_NO_QUORUM, "%x", signers);
    }
}

Test(certificate, quorum_of_the_crash_model)
{
    committee.fault_model = FAULT_CRASH;
    committee.count = 3;
    certificate_make(0x5);
    cr_assert_eq(check(), STATUS_OK);
    certificate_make(0x4);
    cr_assert_eq(check(), STATUS_NO_QUORUM);
}

Test(certificate, one_bad_signature_spoils_it_wherever_it_is)
{
    for (size_t i = 0; i < 4; i++) {
        certificate_make(0xf);
        certificate.signatures[i].bytes[40] ^= 1;
        cr_assert_eq(check(), STATUS_BAD_SIGNATURE);
    }
}

Test(certificate, signatures_belong_to_the_bits_in_order)
{
    certificate_make(0x7);
    certificate.signers.bits[0] = 0xb;
    cr_assert_eq(check(), STATUS_BAD_SIGNATURE);
    certificate_make(0x7);
    struct signature first = certificate.signatures[0];
    certificate.signatures[0] = certificate.signatures[1];
    certificate.signatures[1] = first;
    cr_assert_eq(check(), STATUS_BAD_SIGNATURE);
    certificate.signatures[1] = certificate.signatures[0];
    cr_assert_eq(check(), STATUS_BAD_SIGNATURE, "one signature for two signers");
}

Test(certificate, is_of_one_committee)
{
    certificate_make(0x7);
    certificate.count = 3;
    cr_assert_eq(check(), STATUS_MISMATCH);
    certificate.count = 5;
    cr_assert_eq(check(), STATUS_MISMATCH);
    certificate.count = 0;
    cr_assert_eq(check(), STATUS_MISMATCH);
    certificate_make(0x7);
    certificate.signers.bits[0] |= 0x10;
    cr_assert_eq(check(), STATUS_MALFORMED, "a signer who is not a member");
    certificate_make(0x7);
    domain.epoch++;
    cr_assert_eq(check(), STATUS_BAD_SIGNATURE);
}

Test(certificate, has_no_aux)
{
    certificate_make(0x7);
    certificate.statement.aux = 1;
    cr_assert_eq(check(), STATUS_INVALID);
}

Test(certificate, encodes_and_decodes_to_the_same_bytes)
{
    for (unsigned signers = 0; signers < 16; signers++) {
        certificate_make(signers);
        struct span bytes = encoded();
        cr_assert_eq(bytes.size, 49 + 2 + 1 + 64u * signer_set_count(&certificate.signers));
        cr_assert_eq(decode(bytes), STATUS_OK);
        cr_assert(statement_equal(&back.statement, &vote));
        cr_assert_eq(back.count, 4);
        cr_assert_eq(memcmp(&back.signers, &certificate.signers, sizeof back.signers), 0);
        cr_assert_eq(memcmp(back.signatures, certificate.signatures,
                            signer_set_count(&back.signers) * sizeof back.signatures[0]),
                     0);
    }
}

Test(certificate, the_largest_fits_its_limit)
{
    memset(&certificate, 0, sizeof certificate);
    certificate.statement = vote;
    certificate.count = COMMITTEE_MAX;
    for (uint16_t i = 0; i < COMMITTEE_MAX; i++)
        signer_set_add(&certificate.signers, i);
    cr_assert_eq(encoded().size, CERTIFICATE_BYTES_MAX);
    cr_assert_eq(decode(encoded()), STATUS_OK);
}

Test(certificate, of_the_root_has_no_signer_and_no_quorum)
{
    memset(&certificate, 0, sizeof certificate);
    cr_assert_eq(decode(encoded()), STATUS_OK);
    cr_assert_eq(back.count, 0);
    cr_assert_eq(check(), STATUS_MISMATCH);
}

Test(certificate, cut_anywhere_it_is_malformed_and_has_no_signer)
{
    certificate_make(0xd);
    struct span bytes = encoded();
    for (size_t size = 0; size < bytes.size; size++) {
        memset(&back, 0xff, sizeof back);
        cr_assert_eq(decode(span_of(bytes.data, size)), STATUS_MALFORMED);
        cr_assert_eq(signer_set_count(&back.signers), 0);
        cr_assert_eq(back.count, 0);
    }
}

Test(certificate, a_bit_beyond_n_is_malformed)
{
    for (uint16_t n = 1; n < 16; n++) {
        memset(&certificate, 0, sizeof certificate);
        certificate.statement = vote;
        certificate.count = n;
        struct span bytes = encoded();
        for (unsigned bit = n; bit < 8 * ((n + 7u) / 8); bit++) {
            memory[51 + bit / 8] = (uint8_t)(1 << bit % 8);
            cr_assert_eq(decode(bytes), STATUS_MALFORMED, "n = %u, bit %u", n, bit);
            memory[51 + bit / 8] = 0;
        }
        cr_assert_eq(decode(bytes), STATUS_OK);
    }
}

Test(certificate, with_a_cache_each_signature_is_computed_once)
{
    struct verify_cache *cache = verify_cache_new(16);
    struct signature signature = sign(0, &vote);
    cr_assert_eq(statement_verify(&domain, &committee, cache, 0, &vote, &signature), STATUS_OK);
    certificate_make(0x7);
    cr_assert_eq(certificate_check(&domain, &committee, cache, &certificate), STATUS_OK);
    cr_assert_eq(certificate_check(&domain, &committee, cache, &certificate), STATUS_OK);
    cr_assert_eq(verify_cache_counts(cache).computed, 3);
    cr_assert_eq(verify_cache_counts(cache).remembered, 1 + 3);
    certificate.signatures[2].bytes[0] ^= 1;
    cr_assert_eq(certificate_check(&domain, &committee, cache, &certificate), STATUS_BAD_SIGNATURE);
    verify_cache_free(cache);
}

/* Timeouts of view 11 by the members of `signers`; member i signed the high view 5 + i. */
static void timeouts_make(unsigned signers)
{
    vote = (struct statement){ .kind = 4, .view = 11 };
    memset(&timeouts, 0, sizeof timeouts);
    certificate_make(signers);
    timeouts.certificate = certificate;
    uint16_t position = 0;
    for (uint16_t i = 0; i < committee.count; i++) {
        if ((signers >> i & 1) == 0) continue;
        struct statement statement = vote;
        statement.aux = 5u + i;
        timeouts.aux[position] = statement.aux;
        timeouts.certificate.signatures[position++] = sign(i, &statement);
    }
}

static enum status check_timeouts(void)
{
    return aux_certificate_check(&domain, &committee, NULL, &timeouts);
}

Test(certificate, each_signer_of_an_aux_certificate_has_its_own_aux)
{
    timeouts_make(0xd);
    cr_assert_eq(check_timeouts(), STATUS_OK);
    for (size_t i = 0; i < 3; i++) {
        timeouts_make(0xd);
        timeouts.aux[i]++;
        cr_assert_eq(check_timeouts(), STATUS_BAD_SIGNATURE, "a claim that was not signed");
    }
    timeouts_make(0xd);
    timeouts.aux[3] = 77;
    cr_assert_eq(check_timeouts(), STATUS_OK, "nobody's aux does not count");
    timeouts_make(0x5);
    cr_assert_eq(check_timeouts(), STATUS_NO_QUORUM);
    timeouts_make(0xd);
    cr_assert_eq(certificate_check(&domain, &committee, NULL, &timeouts.certificate),
                 STATUS_BAD_SIGNATURE);
}

Test(certificate, aux_certificate_on_the_wire)
{
    static struct aux_certificate read;
    struct writer w;
    timeouts_make(0xd);
    writer_init_fixed(&w, memory, sizeof memory);
    aux_certificate_write(&w, &timeouts);
    struct span bytes = writer_span(&w);
    cr_assert_eq(bytes.size, 52 + 3 * 64 + 3 * 8);
    struct reader r = reader_of(bytes);
    aux_certificate_read(&r, &read);
    cr_assert_eq(reader_end(&r), STATUS_OK);
    cr_assert_eq(aux_certificate_check(&domain, &committee, NULL, &read), STATUS_OK);
    for (size_t size = 0; size < bytes.size; size++) {
        r = reader_of(span_of(bytes.data, size));
        aux_certificate_read(&r, &read);
        cr_assert_eq(reader_end(&r), STATUS_MALFORMED);
        cr_assert_eq(signer_set_count(&read.certificate.signers), 0);
    }
}

static void vectors_domain(const json_t *document)
{
    struct span set = vector_bytes(document, "validators");
    struct reader r = reader_of(set);
    cr_assert_eq(committee_decode(&r, &committee), STATUS_OK);
    span_free(set);
    vector_into(document, "chain_id", domain.chain_id.bytes, 32);
    vector_into(document, "validators_hash", domain.validators_hash.bytes, 32);
    domain.epoch = vector_number(document, "epoch");
    domain.engine = (uint8_t)vector_number(document, "engine");
    for (uint16_t i = 0; i < 4; i++) {
        uint8_t seed[32];
        struct public_key key;
        hex_into(json_string_value(json_array_get(vector_list(document, "seeds"), i)), seed, 32);
        key_from_seed(seed, &secrets[i], &key);
        cr_assert(key_equal(&key, &committee.validators[i].seal_key));
    }
}

Test(certificate, vectors_of_statement_and_certificates)
{
    json_t *document = vectors_load("certificate");
    const json_t *one = json_object_get(document, "statement");
    uint8_t bytes[STATEMENT_BYTES];
    uint8_t expected[STATEMENT_BYTES];
    vectors_domain(document);
    vote = (struct statement){ .kind = (uint8_t)vector_number(one, "kind"),
                               .index = vector_number(one, "index"),
                               .view = vector_number(one, "view") };
    vector_into(one, "digest", vote.digest.bytes, 32);
    vector_into(one, "signed_bytes", expected, sizeof expected);
    statement_encode(&domain, &vote, bytes);
    cr_assert_arr_eq(bytes, expected, sizeof bytes);
    for (uint16_t i = 0; i < 4; i++) {
        struct signature wanted;
        struct signature signature = sign(i, &vote);
        hex_into(json_string_value(json_array_get(vector_list(one, "signatures"), i)), wanted.bytes,
                 64);
        cr_assert_arr_eq(signature.bytes, wanted.bytes, 64);
    }

    struct span whole = vector_bytes(document, "certificate");
    certificate_make(0xd);
    cr_assert(span_equal(encoded(), whole));
    cr_assert_eq(decode(whole), STATUS_OK);
    cr_assert_eq(certificate_check(&domain, &committee, NULL, &back), STATUS_OK);
    span_free(whole);

    whole = vector_bytes(document, "aux_certificate");
    struct reader r = reader_of(whole);
    aux_certificate_read(&r, &timeouts);
    cr_assert_eq(reader_end(&r), STATUS_OK);
    cr_assert_eq(check_timeouts(), STATUS_OK);
    for (size_t i = 0; i < 3; i++)
        cr_assert_eq(timeouts.aux[i],
                     (uint64_t)json_integer_value(json_array_get(vector_list(document, "aux"), i)));
    span_free(whole);
    json_decref(document);
}

Test(certificate, vectors_tampered)
{
    json_t *document = vectors_load("certificate");
    vectors_domain(document);
    size_t i;
    const json_t *one;
    json_array_foreach(vector_list(document, "tampered"), i, one)
    {
        struct span bytes = vector_bytes(one, "hex");
        enum status status = decode(bytes);
        if (status == STATUS_OK) status = certificate_check(&domain, &committee, NULL, &back);
        cr_assert_str_eq(status_name(status), vector_text(one, "status"), "%s",
                         vector_text(one, "why"));
        span_free(bytes);
    }
    cr_assert_geq(i, 10);
    json_decref(document);
}
