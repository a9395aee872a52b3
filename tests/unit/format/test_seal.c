#include "tests/unit/format/fields.h"
#include "tests/unit/format/samples.h"

#include "crypto/signer.h"

#include <criterion/criterion.h>

static struct committee committee;
static uint64_t keys[COMMITTEE_MAX];
static struct header header;

static void start(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    sample_committee(&committee, 4, FAULT_BYZANTINE, keys);
    sample_header(&header, &committee);
}

TestSuite(seal, .init = start);

static void seal_of_json(const json_t *fields, struct seal *seal)
{
    const json_t *signatures = json_object_get(fields, "signatures");
    *seal = (struct seal){ .epoch = get_decimal(fields, "epoch"),
                           .height = get_decimal(fields, "height"),
                           .count = (uint16_t)json_array_size(signatures) };
    get_hex(fields, "block_hash", seal->block_hash.bytes, 32);
    for (size_t i = 0; i < seal->count; i++) {
        const json_t *by = json_array_get(signatures, i);
        seal->signatures[i].validator = (uint16_t)get_number(by, "validator");
        get_hex(by, "signature", seal->signatures[i].signature.bytes, 64);
    }
}

static void replay(const json_t *vector)
{
    const char *name = get_text(vector, "name");
    struct scrap scrap = { .count = 0 };
    static struct seal seal;
    static struct seal read;
    static struct committee set;
    static uint8_t bytes[SEAL_BYTES_MAX];
    struct header sealed;
    struct writer w;

    struct reader r = reader_of(get_span(vector, "validators", &scrap));
    cr_assert_eq(committee_decode(&r, &set), STATUS_OK, "%s", name);
    cr_assert_eq(committee_quorum(&set), get_number(vector, "quorum"), "%s", name);
    r = reader_of(get_span(vector, "header", &scrap));
    header_read(&r, &sealed);
    cr_assert_eq(reader_end(&r), STATUS_OK, "%s", name);

    seal_of_json(json_object_get(vector, "fields"), &seal);
    struct span given = get_span(vector, "bytes", &scrap);
    writer_init_fixed(&w, bytes, sizeof bytes);
    seal_write(&w, &seal);
    cr_assert(span_equal(writer_span(&w), given), "%s", name);
    cr_assert_eq(given.size, 50 + 66 * (size_t)seal.count);

    r = reader_of(given);
    seal_read(&r, &read);
    cr_assert_eq(reader_end(&r), STATUS_OK, "%s", name);
    uint16_t signer = VALIDATOR_NONE;
    cr_assert_eq(seal_check(&read, &sealed, &set, NULL, &signer), get_status(vector, "status"),
                 "%s", name);
    const json_t *expected = json_object_get(vector, "signer");
    cr_assert_eq(signer, expected ? (uint16_t)json_integer_value(expected) : VALIDATOR_NONE, "%s",
                 name);
    cr_assert_eq(seal_check(&read, &sealed, &set, NULL, NULL), get_status(vector, "status"));
    scrap_free(&scrap);
}

Test(seal, vectors)
{
    json_t *vectors = vectors_load("seal");
    const json_t *checked = json_object_get(vectors, "checked");
    cr_assert(json_array_size(checked) >= 18);
    for (size_t i = 0; i < json_array_size(checked); i++)
        replay(json_array_get(checked, i));

    const json_t *malformed = json_object_get(vectors, "malformed");
    cr_assert(json_array_size(malformed) >= 7);
    for (size_t i = 0; i < json_array_size(malformed); i++) {
        const json_t *vector = json_array_get(malformed, i);
        static struct seal read;
        struct scrap scrap = { .count = 0 };
        struct reader r = reader_of(get_span(vector, "bytes", &scrap));
        seal_read(&r, &read);
        cr_assert_neq(reader_end(&r), STATUS_OK, "%s", get_text(vector, "name"));
        scrap_free(&scrap);
    }
    json_decref(vectors);
}

static void sign(struct seal *seal, const uint16_t *validators, uint16_t count)
{
    uint8_t statement[SEAL_STATEMENT_BYTES];
    *seal = (struct seal){ .epoch = header.epoch,
                           .height = header.height,
                           .block_hash = header_hash(&header),
                           .count = count };
    seal_statement_encode(&header.chain_id, seal->epoch, seal->height, &seal->block_hash,
                          statement);
    for (size_t i = 0; i < count; i++) {
        struct sample_key key = sample_key(keys[validators[i]]);
        seal->signatures[i].validator = validators[i];
        key_sign(&key.secret, TAG_SEAL, span_of(statement, sizeof statement),
                 &seal->signatures[i].signature);
    }
}

/* Every choice of signers among four: a seal exactly if there are three or more. */
Test(seal, a_quorum_whoever_signs)
{
    static struct seal seal;
    for (unsigned bits = 0; bits < 16; bits++) {
        uint16_t validators[4];
        uint16_t count = 0;
        for (uint16_t i = 0; i < 4; i++)
            if (bits & 1U << i) validators[count++] = i;
        sign(&seal, validators, count);
        cr_assert_eq(seal_check(&seal, &header, &committee, NULL, NULL),
                     count >= 3 ? STATUS_OK : STATUS_NO_QUORUM);
    }
}

/* In memory too one signature must not count twice. */
Test(seal, a_signer_counts_once)
{
    static struct seal seal;
    static const uint16_t same[] = { 1, 1, 1 };
    static const uint16_t falling[] = { 2, 1, 0 };
    sign(&seal, same, 3);
    cr_assert_eq(seal_check(&seal, &header, &committee, NULL, NULL), STATUS_MALFORMED);
    sign(&seal, falling, 3);
    cr_assert_eq(seal_check(&seal, &header, &committee, NULL, NULL), STATUS_MALFORMED);
}

/* Any single flipped bit of a seal is refused. */
Test(seal, each_bit_is_checked)
{
    static struct seal seal;
    static struct seal read;
    static const uint16_t validators[] = { 0, 1, 2 };
    static uint8_t bytes[SEAL_BYTES_MAX];
    struct writer w;
    sign(&seal, validators, 3);
    writer_init_fixed(&w, bytes, sizeof bytes);
    seal_write(&w, &seal);
    size_t size = writer_span(&w).size;
    cr_assert_eq(size, 248);
    for (size_t bit = 0; bit < size * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        struct reader r = reader_of(span_of(bytes, size));
        seal_read(&r, &read);
        if (reader_end(&r) == STATUS_OK)
            cr_assert_neq(seal_check(&read, &header, &committee, NULL, NULL), STATUS_OK, "bit %zu",
                          bit);
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}

Test(seal, the_signer_and_the_seal_agree)
{
    static struct seal seal;
    seal = (struct seal){ .epoch = header.epoch,
                          .height = header.height,
                          .block_hash = header_hash(&header),
                          .count = 3 };
    for (uint16_t i = 0; i < 3; i++) {
        struct sample_key key = sample_key(keys[i]);
        struct signer *signer = signer_new(&key.secret);
        cr_assert_not_null(signer);
        cr_assert_eq(signer_restore_seal(signer, seal.epoch, seal.height, &seal.block_hash),
                     STATUS_OK);
        cr_assert_eq(signer_sign_seal(signer, &header.chain_id, seal.epoch, seal.height,
                                      &seal.block_hash, &seal.signatures[i].signature),
                     STATUS_OK);
        seal.signatures[i].validator = i;
        signer_free(signer);
    }
    cr_assert_eq(seal_check(&seal, &header, &committee, NULL, NULL), STATUS_OK);
}

Test(seal, votes)
{
    static struct seal seal;
    static const uint16_t validators[] = { 2 };
    uint8_t bytes[SEAL_VOTE_BYTES];
    struct writer w;
    sign(&seal, validators, 1);
    struct seal_vote vote = { .epoch = seal.epoch,
                              .height = seal.height,
                              .block_hash = seal.block_hash,
                              .by = seal.signatures[0] };
    writer_init_fixed(&w, bytes, sizeof bytes);
    seal_vote_write(&w, &vote);
    cr_assert_eq(writer_span(&w).size, SEAL_VOTE_BYTES);
    struct seal_vote read;
    struct reader r = reader_of(writer_span(&w));
    seal_vote_read(&r, &read);
    cr_assert_eq(reader_end(&r), STATUS_OK);
    cr_assert_eq(seal_vote_check(&read, &header.chain_id, &committee, NULL), STATUS_OK);
    struct digest other = sample_digest("chain", 1);
    cr_assert_eq(seal_vote_check(&read, &other, &committee, NULL), STATUS_BAD_SIGNATURE);
    read.by.validator = 1;
    cr_assert_eq(seal_vote_check(&read, &header.chain_id, &committee, NULL), STATUS_BAD_SIGNATURE);
    read.by.validator = 4;
    cr_assert_eq(seal_vote_check(&read, &header.chain_id, &committee, NULL), STATUS_NOT_MEMBER);
    read.by.validator = 2;
    read.height++;
    cr_assert_eq(seal_vote_check(&read, &header.chain_id, &committee, NULL), STATUS_BAD_SIGNATURE);
    r = reader_of(span_of(bytes, sizeof bytes - 1));
    seal_vote_read(&r, &read);
    cr_assert_neq(reader_end(&r), STATUS_OK);
}

Test(seal, a_pair_of_contradicting_seals_as_bytes)
{
    struct seal_pair pair = { .first = { .epoch = 3, .height = 9, .by.validator = 2 } };
    pair.second = pair.first;
    pair.first.block_hash = (struct digest){ { 1 } };
    pair.second.block_hash = (struct digest){ { 2 } };
    pair.first.by.signature.bytes[0] = 11;
    pair.second.by.signature.bytes[63] = 12;
    struct writer w;
    writer_init(&w, SEAL_PAIR_BYTES);
    seal_pair_write(&w, &pair);
    struct span bytes = writer_span(&w);
    cr_assert_eq(bytes.size, SEAL_PAIR_BYTES);
    cr_assert_eq(load_u64(bytes.data), 3);
    cr_assert_eq(load_u64(bytes.data + 8), 9);
    cr_assert_eq(load_u16(bytes.data + 16), 2);
    cr_assert_eq(bytes.data[18], 1);
    cr_assert_eq(bytes.data[50], 2);
    cr_assert_eq(bytes.data[82], 11);
    cr_assert_eq(bytes.data[209], 12);
    writer_free(&w);
}
