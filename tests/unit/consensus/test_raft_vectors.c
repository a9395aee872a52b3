/* The vectors of Raft's formats: each is read and written again, byte for byte. */
#include "consensus/raft.h"
#include "tests/unit/crypto/vectors.h"

static json_t *document;
static json_t *raft;
static uint8_t memory[ATTACHMENT_BYTES_MAX];
static struct writer w;

static void setup(void)
{
    document = vectors_load("consensus");
    raft = json_object_get(document, "raft");
    cr_assert_not_null(raft);
    writer_init_fixed(&w, memory, sizeof memory);
}

static void teardown(void)
{
    json_decref(document);
}

TestSuite(raft_vectors, .init = setup, .fini = teardown);

static void expect_same(struct span bytes, const char *what)
{
    cr_expect(span_equal(writer_span(&w), bytes), "%s", what);
    span_free(bytes);
    writer_init_fixed(&w, memory, sizeof memory);
}

Test(raft_vectors, members_and_their_digest)
{
    json_t *vector = json_array_get(json_object_get(raft, "members"), 0);
    struct span bytes = vector_bytes(vector, "bytes");
    struct reader r = reader_of(bytes);
    struct members members;
    members_read(&r, &members);
    cr_assert_eq(reader_end(&r), STATUS_OK);
    cr_expect(members.joint);
    cr_expect(signer_set_has(&members.voters, 4));
    cr_expect(signer_set_has(&members.learners, 9));
    cr_expect_not(signer_set_has(&members.old, 3));
    members_write(&w, &members);
    struct digest digest = members_digest(&members);
    char hex[65];
    hex_encode(digest_span(&digest), hex);
    cr_expect_str_eq(hex, vector_text(vector, "digest"));
    expect_same(bytes, "members");
}

Test(raft_vectors, appends)
{
    size_t i;
    json_t *vector;
    static struct append append;
    json_array_foreach(json_object_get(raft, "appends"), i, vector)
    {
        struct span bytes = hex_bytes(json_string_value(vector));
        cr_expect_eq(append_read(bytes, &append), STATUS_OK, "append %zu", i);
        append_write(&w, &append);
        for (size_t size = 0; size < bytes.size; size++)
            cr_expect_neq(append_read(span_of(bytes.data, size), &append), STATUS_OK);
        expect_same(bytes, "append");
    }
    json_array_foreach(json_object_get(raft, "appends_refused"), i, vector)
    {
        struct span bytes = vector_bytes(vector, "bytes");
        cr_expect_neq(append_read(bytes, &append), STATUS_OK, "%s", vector_text(vector, "why"));
        span_free(bytes);
    }
}

Test(raft_vectors, refusal)
{
    struct span bytes = vector_bytes(raft, "refusal");
    struct refusal refusal;
    cr_assert_eq(refusal_read(bytes, &refusal), STATUS_OK);
    cr_expect_eq(refusal.last, 5);
    cr_expect_eq(refusal.conflict_view, 2);
    cr_expect_eq(refusal.conflict_first, 3);
    refusal_write(&w, &refusal);
    expect_same(bytes, "refusal");
}

static struct proposal first_proposal(void)
{
    json_t *vector = json_array_get(json_object_get(document, "proposals"), 0);
    struct span bytes = vector_bytes(vector, "header");
    struct reader r = reader_of(bytes);
    struct proposal proposal;
    proposal_read(&r, &proposal);
    span_free(bytes);
    return proposal;
}

Test(raft_vectors, proofs)
{
    struct proposal proposal = first_proposal();
    struct digest digest = proposal_digest(&proposal);
    struct span bytes = vector_bytes(raft, "proof");
    cr_expect_eq(commit_proof_check(&proposal, bytes), STATUS_OK);
    cr_expect_eq(bytes.size, COMMIT_PROOF_BYTES);
    commit_proof_write(&w, &proposal, &digest);
    expect_same(bytes, "proof");
    size_t i;
    json_t *vector;
    json_array_foreach(json_object_get(raft, "proofs_refused"), i, vector)
    {
        bytes = vector_bytes(vector, "bytes");
        cr_expect_neq(commit_proof_check(&proposal, bytes), STATUS_OK, "%s",
                      vector_text(vector, "why"));
        span_free(bytes);
    }
}

static void rewrite(struct raft_record *record)
{
    switch (record->type) {
    case RECORD_TERM: record_write_term(&w, record->term, record->voted_for); return;
    case RECORD_ENTRY: record_write_entry(&w, &record->entry); return;
    case RECORD_COMMIT: record_write_commit(&w, record->commit); return;
    case RECORD_LOG:
        record_write_log(&w, &record->base, record->entries_count);
        for (uint32_t i = 0; i < record->entries_count; i++) {
            log_entry_read(&record->entries, &record->entry);
            log_entry_write(&w, &record->entry);
        }
        return;
    }
}

Test(raft_vectors, records)
{
    const char *name;
    json_t *vector;
    static struct raft_record record;
    json_object_foreach(json_object_get(raft, "records"), name, vector)
    {
        struct span bytes = hex_bytes(json_string_value(vector));
        cr_assert_eq(raft_record_read(bytes, &record), STATUS_OK, "%s", name);
        rewrite(&record);
        for (size_t size = 0; size < bytes.size; size++)
            cr_expect_neq(raft_record_read(span_of(bytes.data, size), &record), STATUS_OK);
        expect_same(bytes, name);
    }
    size_t i;
    json_array_foreach(json_object_get(raft, "records_refused"), i, vector)
    {
        struct span bytes = vector_bytes(vector, "bytes");
        cr_expect_neq(raft_record_read(bytes, &record), STATUS_OK, "%s",
                      vector_text(vector, "why"));
        span_free(bytes);
    }
}
