#include "crypto/committee.h"
#include "tests/unit/crypto/vectors.h"

static void start(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
}

TestSuite(committee, .init = start);

Test(committee, quorums_of_the_sizes_in_use)
{
    static const struct {
        uint16_t count, quorum, faulty, crash_quorum, crash_faulty;
    } known[] = {
        { 1, 1, 0, 1, 0 },       { 2, 2, 0, 2, 0 },          { 3, 2, 0, 2, 1 },
        { 4, 3, 1, 3, 1 },       { 5, 4, 1, 3, 2 },          { 6, 4, 1, 4, 2 },
        { 7, 5, 2, 4, 3 },       { 10, 7, 3, 6, 4 },         { 16, 11, 5, 9, 7 },
        { 100, 67, 33, 51, 49 }, { 255, 170, 84, 128, 127 },
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        uint16_t n = known[i].count;
        cr_assert_eq(quorum_of(FAULT_BYZANTINE, n), known[i].quorum, "n = %u", n);
        cr_assert_eq(max_faulty_of(FAULT_BYZANTINE, n), known[i].faulty, "n = %u", n);
        cr_assert_eq(quorum_of(FAULT_CRASH, n), known[i].crash_quorum, "n = %u", n);
        cr_assert_eq(max_faulty_of(FAULT_CRASH, n), known[i].crash_faulty, "n = %u", n);
    }
}

/* Two quorums share at least 2q - n validators. Byzantine: more than the f faulty ones, so an
 * honest one. Crash: at least one. And q is never more than what is left when f are gone. */
Test(committee, any_two_quorums_intersect_and_a_quorum_survives_the_faults)
{
    for (uint16_t n = 1; n <= COMMITTEE_MAX; n++) {
        int f = max_faulty_of(FAULT_BYZANTINE, n);
        int q = quorum_of(FAULT_BYZANTINE, n);
        cr_assert_geq(2 * q - n, f + 1, "n = %u", n);
        cr_assert_leq(q, n - f, "n = %u", n);
        cr_assert_lt(2 * (q - 1) - n, f + 1, "n = %u: a smaller quorum would do", n);
        cr_assert_geq(3 * (f + 1) + 1, n + 1, "n = %u: more faults could be borne", n);

        f = max_faulty_of(FAULT_CRASH, n);
        q = quorum_of(FAULT_CRASH, n);
        cr_assert_geq(2 * q - n, 1, "n = %u", n);
        cr_assert_leq(q, n - f, "n = %u", n);
    }
}

static unsigned bits_of(unsigned set)
{
    unsigned count = 0;
    for (; set != 0; set &= set - 1)
        count++;
    return count;
}

/* The same by exhaustion where that is feasible: every pair of quorums, set by set. */
Test(committee, quorums_as_sets)
{
    static const uint16_t sizes[] = { 4, 5, 6, 7, 10 };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint16_t n = sizes[i];
        unsigned q = quorum_of(FAULT_BYZANTINE, n);
        unsigned least = n;
        for (unsigned a = 0; a < 1u << n; a++) {
            if (bits_of(a) != q) continue;
            for (unsigned b = a; b < 1u << n; b++)
                if (bits_of(b) == q && bits_of(a & b) < least) least = bits_of(a & b);
        }
        cr_assert_geq(least, max_faulty_of(FAULT_BYZANTINE, n) + 1u, "n = %u", n);
        cr_assert_eq(least, 2 * q - n, "n = %u", n);
    }
}

/* With 2f+1 of six, {0,1,2} and {3,4,5} would be two quorums without a common member. */
Test(committee, a_quorum_of_six_is_four_not_three)
{
    unsigned f = max_faulty_of(FAULT_BYZANTINE, 6);
    cr_assert_eq(2 * f + 1, 3);
    cr_assert_eq(quorum_of(FAULT_BYZANTINE, 6), 4);
}

static void committee_of(const json_t *one, struct committee *committee)
{
    memset(committee, 0, sizeof *committee);
    committee->fault_model = (enum fault_model)vector_number(one, "fault_model");
    committee->engine = (enum engine_kind)vector_number(one, "engine");
    const json_t *list = vector_list(one, "validators");
    committee->count = (uint16_t)json_array_size(list);
    for (uint16_t i = 0; i < committee->count; i++) {
        const json_t *member = json_array_get(list, i);
        vector_into(member, "id", committee->validators[i].id.bytes, 16);
        vector_into(member, "member", committee->validators[i].member.bytes, 16);
        vector_into(member, "seal_key", committee->validators[i].seal_key.bytes, 32);
    }
}

static struct committee mine;
static struct committee read;

Test(committee, vectors_encode_decode_and_hash)
{
    json_t *document = vectors_load("validators");
    size_t i;
    const json_t *one;
    json_array_foreach(vector_list(document, "valid"), i, one)
    {
        struct span bytes = vector_bytes(one, "hex");
        uint8_t memory[COMMITTEE_BYTES_MAX];
        struct writer w;
        committee_of(one, &mine);
        writer_init_fixed(&w, memory, sizeof memory);
        committee_encode(&mine, &w);
        cr_assert(span_equal(writer_span(&w), bytes));

        struct reader r = reader_of(bytes);
        cr_assert_eq(committee_decode(&r, &read), STATUS_OK);
        cr_assert_eq(reader_end(&r), STATUS_OK);
        cr_assert_eq(memcmp(&mine, &read, sizeof mine), 0);
        cr_assert_eq(committee_quorum(&read), vector_number(one, "quorum"));

        struct digest expected;
        struct digest hash = committee_hash(&read);
        vector_into(one, "hash", expected.bytes, 32);
        cr_assert(digest_equal(&hash, &expected));
        span_free(bytes);
    }
    cr_assert_geq(i, 4);
    json_decref(document);
}

Test(committee, vectors_refuse)
{
    json_t *document = vectors_load("validators");
    size_t i;
    const json_t *one;
    json_array_foreach(vector_list(document, "refused"), i, one)
    {
        struct span bytes = vector_bytes(one, "hex");
        struct reader r = reader_of(bytes);
        enum status status = committee_decode(&r, &read);
        if (status != STATUS_OK) cr_assert_eq(read.count, 0, "%s", vector_text(one, "why"));
        status = reader_end(&r);
        cr_assert_str_eq(status_name(status), vector_text(one, "status"), "%s",
                         vector_text(one, "why"));
        span_free(bytes);
    }
    cr_assert_geq(i, 10);
    json_decref(document);
}

Test(committee, the_largest_one_encodes_and_decodes)
{
    static uint8_t memory[COMMITTEE_BYTES_MAX];
    memset(&mine, 0, sizeof mine);
    mine.fault_model = FAULT_BYZANTINE;
    mine.engine = ENGINE_HOTSTUFF;
    mine.count = COMMITTEE_MAX;
    for (uint16_t i = 0; i < mine.count; i++) {
        struct secret_key secret;
        mine.validators[i].id.bytes[0] = (uint8_t)i;
        key_generate(&secret, &mine.validators[i].seal_key);
    }
    struct writer w;
    writer_init_fixed(&w, memory, sizeof memory);
    committee_encode(&mine, &w);
    cr_assert_eq(writer_span(&w).size, COMMITTEE_BYTES_MAX);
    struct reader r = reader_of(writer_span(&w));
    cr_assert_eq(committee_decode(&r, &read), STATUS_OK);
    cr_assert_eq(memcmp(&mine, &read, sizeof mine), 0);
    cr_assert_eq(committee_quorum(&read), 170);
    cr_assert_eq(committee_max_faulty(&read), 84);
}

Test(committee, members_are_found_by_id_and_by_key)
{
    json_t *document = vectors_load("validators");
    committee_of(json_array_get(vector_list(document, "valid"), 2), &mine);
    for (uint16_t i = 0; i < mine.count; i++) {
        cr_assert_eq(committee_find_id(&mine, &mine.validators[i].id), i);
        cr_assert_eq(committee_find_key(&mine, &mine.validators[i].seal_key), i);
    }
    struct id id = mine.validators[0].id;
    struct public_key key = mine.validators[0].seal_key;
    id.bytes[15] ^= 1;
    key.bytes[31] ^= 1;
    cr_assert_eq(committee_find_id(&mine, &id), VALIDATOR_NONE);
    cr_assert_eq(committee_find_key(&mine, &key), VALIDATOR_NONE);
    json_decref(document);
}
