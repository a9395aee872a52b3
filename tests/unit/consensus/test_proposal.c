#include "consensus/proposal.h"
#include "tests/unit/crypto/vectors.h"

static struct proposal from_vector(const json_t *vector)
{
    struct proposal proposal = { .index = vector_number(vector, "index"),
                                 .view = vector_number(vector, "view"),
                                 .parent_view = vector_number(vector, "parent_view") };
    vector_into(vector, "parent", proposal.parent.bytes, 32);
    vector_into(vector, "batch", proposal.batch.bytes, 32);
    return proposal;
}

Test(proposal, vectors)
{
    json_t *document = vectors_load("consensus");
    const json_t *list = vector_list(document, "proposals");
    cr_assert_gt(json_array_size(list), 0);
    size_t i;
    json_t *vector;
    json_array_foreach((json_t *)list, i, vector)
    {
        struct proposal proposal = from_vector(vector);
        struct digest expected;
        vector_into(vector, "digest", expected.bytes, 32);
        struct digest digest = proposal_digest(&proposal);
        cr_expect(digest_equal(&digest, &expected));

        uint8_t header[PROPOSAL_BYTES];
        vector_into(vector, "header", header, sizeof header);
        struct reader r = reader_of(span_of(header, sizeof header));
        struct proposal read;
        proposal_read(&r, &read);
        cr_expect_eq(reader_end(&r), STATUS_OK);
        digest = proposal_digest(&read);
        cr_expect(digest_equal(&digest, &expected));
    }
    json_decref(document);
}

Test(proposal, root_vector)
{
    json_t *document = vectors_load("consensus");
    struct digest chain_id, expected;
    vector_into(document, "chain_id", chain_id.bytes, 32);
    vector_into(document, "root", expected.bytes, 32);
    struct digest root = root_digest(vector_number(document, "epoch"), &chain_id);
    cr_expect(digest_equal(&root, &expected));
    root = root_digest(4, &chain_id);
    cr_expect_not(digest_equal(&root, &expected));
    json_decref(document);
}

Test(proposal, digest_covers_every_field)
{
    const struct proposal base = { .index = 1, .view = 2, .parent_view = 1 };
    struct proposal changed[5] = { base, base, base, base, base };
    changed[0].index++;
    changed[1].view++;
    changed[2].parent_view++;
    changed[3].parent.bytes[31]++;
    changed[4].batch.bytes[31]++;
    struct digest original = proposal_digest(&base);
    for (int i = 0; i < 5; i++) {
        struct digest digest = proposal_digest(&changed[i]);
        cr_expect_not(digest_equal(&digest, &original), "field %d", i);
    }
}

Test(proposal, short_header_is_malformed)
{
    uint8_t bytes[PROPOSAL_BYTES - 1] = { 0 };
    struct reader r = reader_of(span_of(bytes, sizeof bytes));
    struct proposal proposal;
    proposal_read(&r, &proposal);
    cr_expect_neq(reader_end(&r), STATUS_OK);
}
