#include "tests/unit/ledger/audit_story.h"

TestSuite(audit_seals, .init = open_story, .fini = close_story);

Test(audit_seals, one_signature_too_few)
{
    edit(story.path, "DELETE FROM seal WHERE height = 5 AND validator = 1");
    const struct finding *finding = expect(FINDING_seal_below_quorum, 5);
    cr_assert_eq(finding->severity, FINDING_NOTE, "block 6 covers it");
    cr_assert_eq(audit_exit_code(report), 0);
    struct audit_options options = { .every_seal = true };
    run(&options);
    cr_assert_eq(find(FINDING_seal_below_quorum, 5)->severity, FINDING_ERROR);
    cr_assert_eq(audit_exit_code(report), 7);
}

Test(audit_seals, no_signature_at_all)
{
    edit(story.path, "DELETE FROM seal WHERE height IN (2, 3)");
    const struct finding *finding = expect(FINDING_seal_missing, 2);
    cr_assert_not_null(strstr(finding->text, "blocks 2 to 3"), "%s", finding->text);
    cr_assert_eq(audit_exit_code(report), 0);
}

Test(audit_seals, no_seal_at_the_end_is_the_tail)
{
    edit(story.path, "DELETE FROM seal WHERE height >= 5");
    expect(FINDING_unsealed_tail, 5);
    cr_assert_eq(report->sealed_height, 4);
    cr_assert_null(find(FINDING_seal_missing, 5));
    cr_assert_eq(audit_exit_code(report), 0);
}

Test(audit_seals, a_flipped_bit_in_a_signature)
{
    size_t size;
    static const char select[] = "SELECT signature FROM seal WHERE height = 5 AND validator = 1";
    uint8_t *signature = edit_blob(story.path, select, &size);
    cr_assert_eq(size, 64);
    for (size_t i = 0; i < size; i += 13) {
        signature[i] ^= 1;
        edit_run(story.path, "UPDATE seal SET signature = ?1 WHERE height = 5 AND validator = 1",
                 span_of(signature, size), span_of("", 0));
        expect(FINDING_seal_bad_signature, 5);
        cr_assert_not_null(find(FINDING_seal_below_quorum, 5));
        signature[i] ^= 1;
    }
    free(signature);
}

Test(audit_seals, a_signature_of_another_size)
{
    edit(story.path, "UPDATE seal SET signature = x'00' WHERE height = 3 AND validator = 0");
    expect(FINDING_seal_bad_signature, 3);
    cr_assert_null(find(FINDING_seal_below_quorum, 3), "three others are left");
}

Test(audit_seals, a_signature_under_another_validators_name)
{
    edit(story.path, "UPDATE seal SET validator = 3 WHERE height = 5 AND validator = 1");
    expect(FINDING_seal_bad_signature, 5);
}

Test(audit_seals, a_signer_that_is_none)
{
    edit(story.path, "UPDATE seal SET validator = 4 WHERE height = 5 AND validator = 1");
    expect(FINDING_seal_unknown_signer, 5);
    edit(story.path, "UPDATE seal SET validator = -1 WHERE height = 5 AND validator = 4");
    expect(FINDING_seal_unknown_signer, 5);
}

static void put_signature(uint64_t epoch, uint64_t height, const struct digest *hash)
{
    struct signature signature;
    story_sign(&story.f, 1, epoch, height, hash, &signature);
    edit_run(story.path, "UPDATE seal SET signature = ?1 WHERE height = 5 AND validator = 1",
             span_of(signature.bytes, sizeof signature.bytes), span_of("", 0));
}

static struct digest hash_of(const char *sql)
{
    size_t size;
    struct digest hash;
    uint8_t *bytes = edit_blob(story.path, sql, &size);
    memcpy(hash.bytes, bytes, sizeof hash.bytes);
    free(bytes);
    return hash;
}

Test(audit_seals, a_seal_of_a_neighbour)
{
    struct digest before = hash_of("SELECT hash FROM block WHERE height = 4");
    struct digest after = hash_of("SELECT hash FROM block WHERE height = 6");
    put_signature(0, 4, &before);
    expect(FINDING_seal_other_block, 5);
    put_signature(0, 6, &after);
    expect(FINDING_seal_other_block, 5);
}

Test(audit_seals, a_seal_of_another_epoch_height_or_hash)
{
    struct digest own = hash_of("SELECT hash FROM block WHERE height = 5");
    struct digest other = sample_digest("another", 0);
    put_signature(1, 5, &own);
    expect(FINDING_seal_bad_signature, 5);
    put_signature(0, 6, &own);
    expect(FINDING_seal_bad_signature, 5);
    put_signature(0, 5, &other);
    expect(FINDING_seal_bad_signature, 5);
    put_signature(0, 5, &own);
    run(NULL);
    cr_assert_eq(report->error_count, 0, "%s", text());
}

Test(audit_seals, a_seal_over_the_executed_header_accuses_the_stored_one)
{
    size_t size;
    uint8_t *header = edit_blob(story.path, "SELECT header FROM block WHERE height = 3", &size);
    header[160] ^= 1;
    put_header(header, true);
    expect(FINDING_seal_other_block, VICTIM);
    free(header);
}

Test(audit_seals, a_seal_of_another_chain)
{
    struct digest own = hash_of("SELECT hash FROM block WHERE height = 5");
    story.f.genesis->chain_id.bytes[0] ^= 1;
    put_signature(0, 5, &own);
    story.f.genesis->chain_id.bytes[0] ^= 1;
    expect(FINDING_seal_bad_signature, 5);
}

/* The same point of the curve, written by another number: S + L is refused, and so is a first half
 * that is a point of small order. */
Test(audit_seals, signatures_that_a_lax_verifier_takes)
{
    static const uint8_t order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,
                                       0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
                                       0,    0,    0,    0,    0,    0,    0,    0,
                                       0,    0,    0,    0,    0,    0,    0,    0x10 };
    struct digest own = hash_of("SELECT hash FROM block WHERE height = 5");
    struct signature signature;
    unsigned carry = 0;
    story_sign(&story.f, 1, 0, 5, &own, &signature);
    for (unsigned i = 0; i < 32; i++) {
        carry += (unsigned)signature.bytes[32 + i] + order[i];
        signature.bytes[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    edit_run(story.path, "UPDATE seal SET signature = ?1 WHERE height = 5 AND validator = 1",
             span_of(signature.bytes, sizeof signature.bytes), span_of("", 0));
    expect(FINDING_seal_bad_signature, 5);
    memset(signature.bytes, 0, sizeof signature.bytes);
    signature.bytes[0] = 1;
    edit_run(story.path, "UPDATE seal SET signature = ?1 WHERE height = 5 AND validator = 1",
             span_of(signature.bytes, sizeof signature.bytes), span_of("", 0));
    expect(FINDING_seal_bad_signature, 5);
}

/* ---- forks: validators that sign what execution does not give ---- */

/* Block 3 with another state, hashed again; validators first to last sign it. */
static void fork_block(uint16_t last)
{
    size_t size;
    uint8_t *header = edit_blob(story.path, "SELECT header FROM block WHERE height = 3", &size);
    header[160] ^= 1;
    put_header(header, true);
    struct digest hash = digest_of(TAG_HEADER, span_of(header, size));
    for (uint16_t i = 0; i < 4; i++) {
        char sql[96];
        struct signature signature;
        (void)snprintf(sql, sizeof sql, "DELETE FROM seal WHERE height = 3 AND validator = %u", i);
        edit(story.path, sql);
        if (i > last) continue;
        story_sign(&story.f, i, 0, 3, &hash, &signature);
        (void)snprintf(sql, sizeof sql, "INSERT INTO seal VALUES (3, %u, ?1)", i);
        edit_run(story.path, sql, span_of(signature.bytes, sizeof signature.bytes), span_of("", 0));
    }
    free(header);
}

Test(audit_seals, a_fork_that_two_of_four_sealed)
{
    fork_block(1);
    expect(FINDING_state_root_mismatch, 3);
    cr_assert_not_null(find(FINDING_seal_below_quorum, 3));
}

/* More than f lie: the seal is good, and what it seals is not what execution gives. */
Test(audit_seals, a_fork_that_a_quorum_sealed)
{
    fork_block(2);
    expect(FINDING_state_root_mismatch, 3);
    cr_assert_null(find(FINDING_seal_below_quorum, 3), "%s", text());
    cr_assert_null(find(FINDING_seal_bad_signature, 3), "%s", text());
    cr_assert_not_null(find(FINDING_row_mismatch, 3));
}
