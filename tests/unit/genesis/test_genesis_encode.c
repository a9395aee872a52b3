#include "sample.h"
#include "vectors.h"

#include "genesis/genesis_internal.h"

static void setup(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
}

TestSuite(genesis_encode, .init = setup);

static struct genesis *parsed(const json_t *document)
{
    char *text = json_line(document);
    struct genesis *genesis = NULL;
    struct problem problem = { .text = "" };
    cr_assert_eq(genesis_parse(span_text(text), &genesis, &problem), STATUS_OK, "%s", problem.text);
    free(text);
    return genesis;
}

static void expect_encoding(const struct genesis *genesis, struct span expected)
{
    struct writer w;
    writer_init(&w, GENESIS_BYTES_MAX);
    genesis_encode(genesis, &w);
    cr_assert(span_equal(writer_span(&w), expected));
    writer_free(&w);
}

/* Document to bytes to chain id, and back; a document told in another order is the same. */
Test(genesis_encode, vectors)
{
    json_t *vectors = vectors_load("genesis.json");
    const json_t *list = vectors_list(vectors, "documents");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *vector = json_array_get(list, i);
        struct span bytes = vector_span(vector, "bytes");
        struct digest chain_id, members;
        struct problem problem = { .text = "" };
        vector_bytes(vector, "chain_id", chain_id.bytes, sizeof chain_id.bytes);
        vector_bytes(vector, "members_hash", members.bytes, sizeof members.bytes);

        struct genesis *genesis = parsed(json_object_get(vector, "document"));
        struct genesis *same = parsed(json_object_get(vector, "same_document"));
        struct genesis *decoded = NULL;
        cr_assert_eq(genesis_decode(bytes, &decoded, &problem), STATUS_OK, "%s", problem.text);
        expect_encoding(genesis, bytes);
        expect_encoding(same, bytes);
        expect_encoding(decoded, bytes);
        cr_assert(digest_equal(&genesis->chain_id, &chain_id));
        cr_assert(digest_equal(&same->chain_id, &chain_id));
        cr_assert(digest_equal(&decoded->chain_id, &chain_id));
        struct digest computed = members_hash(genesis->members, genesis->member_count);
        cr_assert(digest_equal(&computed, &members));
        genesis_free(genesis);
        genesis_free(same);
        genesis_free(decoded);
        span_free(bytes);
    }
    json_decref(vectors);
}

static struct writer sample_bytes(size_t plan)
{
    struct genesis *genesis = sample_build(&sample_plans[plan]);
    struct writer w;
    writer_init(&w, GENESIS_BYTES_MAX);
    genesis_encode(genesis, &w);
    cr_assert_eq(writer_status(&w), STATUS_OK);
    genesis_free(genesis);
    return w;
}

Test(genesis_encode, every_cut_is_refused)
{
    struct writer w = sample_bytes(2);
    struct span bytes = writer_span(&w);
    for (size_t size = 0; size < bytes.size; size++) {
        struct genesis *genesis = NULL;
        uint8_t *exact = malloc(size + 1); /* on its own, so that a look beyond the end is seen */
        memcpy(exact, bytes.data, size);
        cr_assert_neq(genesis_decode(span_of(exact, size), &genesis, NULL), STATUS_OK, "%zu", size);
        cr_assert(genesis == NULL);
        free(exact);
    }
    writer_free(&w);
}

Test(genesis_encode, one_byte_more_is_refused)
{
    struct writer w = sample_bytes(2);
    write_u8(&w, 0);
    struct genesis *genesis = NULL;
    struct problem problem;
    cr_assert_eq(genesis_decode(writer_span(&w), &genesis, &problem), STATUS_MALFORMED);
    cr_assert(strstr(problem.text, "genesis bytes, offset ") == problem.text);
    writer_free(&w);
}

/* What is accepted encodes to the same bytes, whichever byte was changed. */
Test(genesis_encode, every_changed_byte)
{
    struct writer w = sample_bytes(2);
    struct span bytes = writer_span(&w);
    unsigned accepted = 0;
    for (size_t i = 0; i < bytes.size; i++) {
        w.buffer.data[i] ^= 1;
        struct genesis *genesis = NULL;
        if (genesis_decode(bytes, &genesis, NULL) == STATUS_OK) {
            expect_encoding(genesis, bytes);
            accepted++;
        }
        genesis_free(genesis);
        w.buffer.data[i] ^= 1;
    }
    cr_assert_gt(accepted, 0, "a changed time is another chain, but a good one");
    cr_assert_lt(accepted, bytes.size / 2, "keys, ids and signatures cannot be changed");
    writer_free(&w);
}

/* An encoding of arrays that are not sorted, or of two equal items. */
static void expect_order_matters(struct genesis *genesis)
{
    struct writer w;
    struct genesis *decoded = NULL;
    writer_init(&w, GENESIS_BYTES_MAX);
    genesis_encode(genesis, &w);
    enum status status = genesis_decode(writer_span(&w), &decoded, NULL);
    cr_assert_eq(status, STATUS_MALFORMED, "%s", status_name(status));
    writer_free(&w);
    genesis_free(genesis);
}

Test(genesis_encode, order)
{
    struct genesis *g = sample_build(&sample_plans[0]);
    struct member member = g->members[0];
    g->members[0] = g->members[1];
    g->members[1] = member;
    expect_order_matters(g);

    g = sample_build(&sample_plans[0]);
    g->members[0] = g->members[1];
    expect_order_matters(g);

    g = sample_build(&sample_plans[0]);
    struct genesis_account account = g->accounts[3];
    g->accounts[3] = g->accounts[4];
    g->accounts[4] = account;
    expect_order_matters(g);

    g = sample_build(&sample_plans[0]);
    struct validator validator = g->committee.validators[0];
    g->committee.validators[0] = g->committee.validators[1];
    g->committee.validators[1] = validator;
    expect_order_matters(g);

    g = sample_build(&sample_plans[0]);
    for (uint32_t i = 0; i < g->account_count; i++) {
        if (g->accounts[i].signer_count < 2) continue;
        struct account_signer signer = g->accounts[i].signers[0];
        g->accounts[i].signers[0] = g->accounts[i].signers[1];
        g->accounts[i].signers[1] = signer;
    }
    expect_order_matters(g);

    g = sample_build(&sample_plans[0]);
    g->assets = realloc(g->assets, 2 * sizeof *g->assets);
    g->assets[1] = g->assets[0];
    g->asset_count = 2;
    expect_order_matters(g);

    g = sample_build(&sample_plans[0]);
    g->balances = realloc(g->balances, 2 * sizeof *g->balances);
    g->balances[1] = g->balances[0];
    g->balance_count = 2;
    expect_order_matters(g);
}

/* The last account of the sample with 21 signers instead of its own. */
Test(genesis_encode, too_many_signers)
{
    enum { TAIL = 4 + 94 + 4 + 40 };
    struct genesis *sample = sample_build(&sample_plans[2]);
    struct writer w = sample_bytes(2), changed;
    size_t signers = sample->accounts[sample->account_count - 1].signer_count;
    size_t count_at = w.buffer.size - TAIL - 33 * signers - 1;
    cr_assert_eq(w.buffer.data[count_at], signers);
    writer_init(&changed, GENESIS_BYTES_MAX);
    write_bytes(&changed, span_of(w.buffer.data, count_at));
    write_u8(&changed, SIGNERS_MAX + 1);
    for (uint8_t i = 0; i <= SIGNERS_MAX; i++)
        write_bytes(&changed, span_of((uint8_t[33]){ i, [32] = 1 }, 33));
    write_bytes(&changed, span_of(w.buffer.data + w.buffer.size - TAIL, TAIL));

    struct genesis *genesis = NULL;
    cr_assert_eq(genesis_decode(writer_span(&changed), &genesis, NULL), STATUS_TOO_LARGE);
    writer_free(&changed);
    writer_free(&w);
    genesis_free(sample);
}

Test(genesis_encode, counts_without_bytes_take_no_memory)
{
    struct writer w = sample_bytes(2);
    struct genesis *genesis = NULL;
    memset(w.buffer.data + w.buffer.size - 44, 255, 4); /* the count of balances, of which one */
    cr_assert_eq(genesis_decode(writer_span(&w), &genesis, NULL), STATUS_MALFORMED);
    writer_free(&w);
}

Test(genesis_encode, decoded_documents_are_checked)
{
    struct writer w = sample_bytes(2);
    struct genesis *genesis = NULL;
    struct problem problem;
    w.buffer.data[w.buffer.size - 8] ^= 1; /* posted of the one balance */
    cr_assert_eq(genesis_decode(writer_span(&w), &genesis, &problem), STATUS_MISMATCH);
    cr_assert(strstr(problem.text, "/supply") || strstr(problem.text, "/posted"), "%s",
              problem.text);
    writer_free(&w);
}

Test(genesis_encode, versions)
{
    struct writer w = sample_bytes(2);
    struct genesis *genesis = NULL;
    w.buffer.data[0] = 2;
    cr_assert_eq(genesis_decode(writer_span(&w), &genesis, NULL), STATUS_UNSUPPORTED);
    writer_free(&w);
    static uint8_t large[GENESIS_BYTES_MAX + 1];
    cr_assert_eq(genesis_decode(span_of(large, sizeof large), &genesis, NULL), STATUS_TOO_LARGE);
}

Test(genesis_encode, members_without_any)
{
    struct digest expected = digest_of(TAG_MEMBERS, span_of("\0\0", 2));
    struct digest digest = members_hash(NULL, 0);
    cr_assert(digest_equal(&digest, &expected));
}
