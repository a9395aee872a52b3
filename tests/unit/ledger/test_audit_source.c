#include "ledger/audit_source.h"
#include "tests/unit/ledger/audit_story.h"

TestSuite(audit_source, .init = open_story, .fini = close_story);

static struct ledger_reader *reader;
static struct audit_block block;

static void read_block(uint64_t height)
{
    struct problem problem;
    if (!block.batch.limit) audit_block_init(&block);
    ledger_reader_close(reader);
    cr_assert_eq(ledger_reader_open(&reader, story.path, NULL, &problem), STATUS_OK);
    cr_assert_eq(audit_source_block(reader, height, &block), STATUS_OK);
}

static void done(void)
{
    audit_block_free(&block);
    ledger_reader_close(reader);
}

Test(audit_source, a_block_is_its_raw_bytes)
{
    struct buffer bytes;
    buffer_init(&bytes, 1 << 20);
    for (uint64_t height = 0; height <= STORY_HEIGHT; height++) {
        read_block(height);
        cr_assert(block.present);
        cr_assert_eq(block.header_size, HEADER_BYTES);
        struct digest hash = digest_of(TAG_HEADER, span_of(block.header, HEADER_BYTES));
        cr_assert(digest_equal(&hash, &block.stored_hash));
        bytes.size = 0;
        cr_assert_eq(ledger_read_block_bytes(reader, height, &bytes), STATUS_OK);
        cr_assert_eq(bytes.size, HEADER_BYTES + 4 + block.batch.size);
        cr_assert_eq(load_u32(bytes.data + HEADER_BYTES), block.transactions);
        struct span rest = span_of(bytes.data + HEADER_BYTES + 4, block.batch.size);
        cr_assert(span_equal(rest, buffer_span(&block.batch)));
        cr_assert_eq(block.entries, block.transactions);
    }
    buffer_free(&bytes);
    done();
}

Test(audit_source, a_missing_block_is_not_present)
{
    read_block(STORY_HEIGHT + 1);
    cr_assert_not(block.present);
    done();
}

Test(audit_source, impossible_shapes_are_handed_over)
{
    edit(story.path, "UPDATE block SET header = x'0102', hash = x'' WHERE height = 2");
    edit(story.path, "UPDATE entry SET data = NULL WHERE position = (2 << 24)");
    edit(story.path, "UPDATE seal SET signature = x'' WHERE height = 2 AND validator = 0");
    edit(story.path, "UPDATE seal SET validator = -7 WHERE height = 2 AND validator = 1");
    read_block(2);
    cr_assert(block.present);
    cr_assert_eq(block.header_size, 2);
    cr_assert_eq(block.transactions, 2);
    cr_assert_eq(load_u32(block.batch.data), 0, "bytes that are gone are no bytes");
    cr_assert_eq(block.signatures_stored, 3);
    cr_assert_eq(block.signatures[0].validator, UINT64_MAX);
    cr_assert_not(block.signatures[1].whole);
    cr_assert(block.signatures[2].whole);
    done();
}

Test(audit_source, more_signatures_than_validators_can_be_are_counted)
{
    edit(story.path,
         "WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 400) "
         "INSERT INTO seal SELECT 2, i, zeroblob(64) FROM n");
    read_block(2);
    cr_assert_eq(block.signatures_stored, 3 + 391);
    cr_assert_eq(block.signature_count, COMMITTEE_MAX);
    done();
    expect(FINDING_seal_unknown_signer, 2);
}

Test(audit_source, a_block_out_of_all_proportion_is_cut)
{
    edit(story.path, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 70) "
                     "INSERT INTO entry SELECT (4 << 24) + 256 * i, 1, randomblob(32), NULL, NULL, "
                     "0, 0, zeroblob(1048576), x'0000', zeroblob(32) FROM n");
    read_block(4);
    cr_assert(block.oversized);
    cr_assert_leq(block.batch.size, (size_t)AUDIT_BATCH_BYTES_MAX);
    done();
    expect(FINDING_limit_exceeded, 4);
}

Test(audit_source, the_last_height_is_the_highest_that_anything_claims)
{
    uint64_t last = 0;
    edit(story.path, "DELETE FROM block WHERE height = 7");
    read_block(1);
    cr_assert_eq(audit_source_last(reader, &last), STATUS_OK);
    cr_assert_eq(last, 7);
    edit(story.path, "UPDATE ledger SET height = 2");
    read_block(1);
    cr_assert_eq(audit_source_last(reader, &last), STATUS_OK);
    cr_assert_eq(last, 6);
    done();
}

Test(audit_source, a_header_alone)
{
    struct header header;
    bool present = false;
    read_block(1);
    cr_assert_eq(audit_source_header(reader, 3, &present, &header), STATUS_OK);
    cr_assert(present);
    cr_assert_eq(header.height, 3);
    cr_assert_eq(audit_source_header(reader, 99, &present, &header), STATUS_OK);
    cr_assert_not(present);
    done();
}

/* That this one proves nothing is another matter: test_audit_local.c. */
Test(audit_source, evidence_is_a_note)
{
    edit(story.path, "INSERT INTO evidence VALUES (x'00', 1, 3, x'00')");
    run(NULL);
    cr_assert_not_null(find(FINDING_evidence_found, 0), "%s", text());
    cr_assert_not_null(find(FINDING_row_extra, 3), "%s", text());
}

Test(audit_source, a_file_that_sqlite_cannot_read)
{
    FILE *file = fopen(story.path, "r+b");
    cr_assert_not_null(file);
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    for (long at = 4096; at < size; at += 4096) {
        fseek(file, at, SEEK_SET);
        fputs("this was a page of the file", file);
    }
    fclose(file);
    run(NULL);
    cr_assert_not_null(find(FINDING_sqlite_damaged, 0), "%s", text());
    cr_assert_eq(audit_exit_code(report), 7);
}
