#include "tests/unit/ledger/audit_story.h"

TestSuite(audit_blocks, .init = open_story, .fini = close_story);

/* ---- headers ---- */

struct header_case {
    const char *what;
    size_t offset;
    enum finding_code code;
    uint64_t height; /* of the finding; the header is that of block 3 */
};

/* Fields whose value only the batch knew: execution agrees with any, the hashes do not. */
static const struct header_case header_cases[] = {
    { "version", 0, FINDING_header_malformed, VICTIM },
    { "fault model", 2, FINDING_validators_mismatch, VICTIM },
    { "flags", 3, FINDING_governance_mismatch, VICTIM },
    { "entry count", 4, FINDING_entry_count_mismatch, VICTIM },
    { "chain id", 8, FINDING_genesis_other_chain, VICTIM },
    { "epoch", 40, FINDING_epoch_link_broken, VICTIM },
    { "height", 48, FINDING_parent_mismatch, VICTIM },
    { "sequence", 56, FINDING_block_hash_mismatch, VICTIM },
    { "time", 64, FINDING_block_hash_mismatch, VICTIM },
    { "window horizon", 72, FINDING_horizon_wrong, VICTIM },
    { "proposer", 80, FINDING_block_hash_mismatch, VICTIM },
    { "parent hash", 96, FINDING_parent_mismatch, VICTIM },
    { "entry root", 128, FINDING_tx_root_mismatch, VICTIM },
    { "state root", 160, FINDING_state_root_mismatch, VICTIM },
    { "history root", 192, FINDING_history_mismatch, VICTIM },
    { "validators hash", 224, FINDING_validators_mismatch, VICTIM },
    { "next validators hash", 256, FINDING_validators_mismatch, VICTIM },
    { "members hash", 288, FINDING_members_mismatch, VICTIM },
    { "parameters hash", 320, FINDING_params_mismatch, VICTIM },
};

Test(audit_blocks, each_field_of_a_header_one_up_and_one_down)
{
    size_t size;
    uint8_t *right = edit_blob(story.path, "SELECT header FROM block WHERE height = 3", &size);
    cr_assert_eq(size, HEADER_BYTES);
    for (size_t i = 0; i < sizeof header_cases / sizeof *header_cases; i++) {
        for (int step = -1; step <= 1; step += 2) {
            const struct header_case *c = &header_cases[i];
            uint8_t wrong[HEADER_BYTES];
            memcpy(wrong, right, sizeof wrong);
            wrong[c->offset] = (uint8_t)(wrong[c->offset] + step);
            put_header(wrong, false);
            run(NULL);
            bool malformed = find(FINDING_header_malformed, VICTIM) != NULL;
            cr_assert(malformed || find(c->code, c->height), "%s %d:\n%s", c->what, step, text());
            cr_assert(malformed || find(FINDING_block_hash_mismatch, VICTIM), "%s", text());
            cr_assert_eq(audit_exit_code(report), 7);
        }
    }
    put_header(right, true);
    run(NULL);
    cr_assert_eq(report->error_count, 0, "%s", text());
    free(right);
}

Test(audit_blocks, a_header_that_was_altered_and_hashed_again_loses_its_seal)
{
    size_t size;
    uint8_t *header = edit_blob(story.path, "SELECT header FROM block WHERE height = 3", &size);
    for (size_t i = 0; i < sizeof header_cases / sizeof *header_cases; i++) {
        const struct header_case *c = &header_cases[i];
        uint8_t wrong[HEADER_BYTES];
        memcpy(wrong, header, sizeof wrong);
        wrong[c->offset] ^= 1;
        put_header(wrong, true);
        run(NULL);
        bool found = find(FINDING_header_malformed, VICTIM) ||
                     find(FINDING_seal_bad_signature, VICTIM) ||
                     find(FINDING_seal_other_block, VICTIM);
        cr_assert(found, "%s:\n%s", c->what, text());
        cr_assert_eq(audit_exit_code(report), 7);
    }
    free(header);
}

Test(audit_blocks, one_wrong_header_is_one_blocks_matter)
{
    size_t size;
    uint8_t *header = edit_blob(story.path, "SELECT header FROM block WHERE height = 3", &size);
    header[160] ^= 1;
    put_header(header, true);
    run(NULL);
    for (uint32_t i = 0; i < report->finding_count; i++)
        if (report->findings[i].severity == FINDING_ERROR)
            cr_assert_eq(report->findings[i].height, VICTIM, "%s", text());
    cr_assert_eq(report->executed_to, STORY_HEIGHT, "the next block goes on from the executed one");
    free(header);
}

Test(audit_blocks, every_byte_of_a_header_counts)
{
    size_t size;
    uint8_t *header = edit_blob(story.path, "SELECT header FROM block WHERE height = 3", &size);
    for (size_t i = 0; i < HEADER_BYTES; i += 7) {
        header[i] ^= 0x40;
        put_header(header, false);
        run(NULL);
        cr_assert_gt(report->error_count, 0, "byte %zu", i);
        cr_assert_eq(report->findings[0].height, VICTIM, "byte %zu:\n%s", i, text());
        header[i] ^= 0x40;
    }
    free(header);
}

Test(audit_blocks, a_header_of_another_size)
{
    edit(story.path, "UPDATE block SET header = CAST(header || x'00' AS BLOB) WHERE height = 3");
    expect(FINDING_header_malformed, VICTIM);
    edit(story.path, "UPDATE block SET header = x'' WHERE height = 3");
    expect(FINDING_header_malformed, VICTIM);
    cr_assert_eq(report->executed_to, VICTIM - 1);
    cr_assert_null(find(FINDING_parent_mismatch, VICTIM + 1), "what is behind is not to blame");
}

Test(audit_blocks, time_that_does_not_rise)
{
    size_t size;
    uint8_t *header = edit_blob(story.path, "SELECT header FROM block WHERE height = 3", &size);
    uint8_t *before = edit_blob(story.path, "SELECT header FROM block WHERE height = 2", &size);
    memcpy(header + 64, before + 64, 8);
    put_header(header, false);
    expect(FINDING_time_not_rising, VICTIM);
    free(header);
    free(before);
}

Test(audit_blocks, a_stored_hash_of_its_own)
{
    struct digest wrong = sample_digest("wrong", 0);
    edit_run(story.path, "UPDATE block SET hash = ?1 WHERE height = 5", digest_span(&wrong),
             span_of("", 0));
    expect(FINDING_block_hash_mismatch, 5);
    cr_assert_not_null(find(FINDING_row_mismatch, 5));
    cr_assert_eq(report->error_count, 2, "%s", text());
}

Test(audit_blocks, a_tick_that_was_not_due)
{
    /* Block 4 a moment after block 3: no tick would have been made. */
    size_t size;
    uint8_t *tick = edit_blob(story.path, "SELECT header FROM block WHERE height = 4", &size);
    uint8_t *before = edit_blob(story.path, "SELECT header FROM block WHERE height = 3", &size);
    store_u64(tick + 64, load_u64(before + 64) + 1);
    edit_run(story.path, "UPDATE block SET header = ?1 WHERE height = 4",
             span_of(tick, HEADER_BYTES), span_of("", 0));
    expect(FINDING_tick_without_reason, 4);
    tick[3] = 0;
    edit_run(story.path, "UPDATE block SET header = ?1 WHERE height = 4",
             span_of(tick, HEADER_BYTES), span_of("", 0));
    expect(FINDING_tick_without_reason, 4);
    free(tick);
    free(before);
}

Test(audit_blocks, a_sequence_out_of_all_proportion)
{
    size_t size;
    uint8_t *header = edit_blob(story.path, "SELECT header FROM block WHERE height = 3", &size);
    store_u64(header + 56, UINT64_MAX);
    put_header(header, false);
    expect(FINDING_epoch_link_broken, VICTIM);
    store_u64(header + 56, 1);
    put_header(header, false);
    expect(FINDING_epoch_link_broken, VICTIM);
    free(header);
}

/* ---- transactions ---- */

Test(audit_blocks, a_removed_transaction)
{
    edit(story.path, "DELETE FROM entry WHERE position = (1 << 24) + 256");
    expect(FINDING_entry_count_mismatch, 1);
    cr_assert_not_null(find(FINDING_tx_root_mismatch, 1));
    cr_assert_eq(report->executed_to, 1, "what follows stands on other entries");
}

Test(audit_blocks, transactions_in_another_order)
{
    edit(story.path, "UPDATE entry SET position = position + 512 WHERE position = 1 << 24");
    expect(FINDING_tx_root_mismatch, 1);
}

Test(audit_blocks, a_transaction_added)
{
    edit(story.path, "INSERT INTO entry SELECT (7 << 24) + 256, kind, x'00', source, client_ref, "
                     "code, at, data, effects, leaf FROM entry WHERE position = 5 << 24");
    const struct finding *finding = expect(FINDING_tx_duplicate, 7);
    cr_assert_eq(finding->entry, 1, "%s", text());
    cr_assert_null(find(FINDING_entry_count_mismatch, 7), "execution skips it");
}

Test(audit_blocks, bytes_of_a_transaction)
{
    size_t size;
    uint8_t *data = edit_blob(story.path, "SELECT data FROM entry WHERE position = 3 << 24", &size);
    uint32_t body = load_u32(data);
    static const struct {
        const char *what;
        size_t offset; /* SIZE_MAX: counted from the signatures */
        enum finding_code code;
    } cases[] = {
        { "length", 0, FINDING_tx_malformed },
        { "version", 4, FINDING_tx_malformed },
        { "chain id", 6, FINDING_tx_malformed },
        { "source", 38, FINDING_tx_bad_signature },
        { "reference", 54, FINDING_tx_bad_signature },
        { "not after", 78, FINDING_tx_bad_signature },
        { "sequence of the lane", 91, FINDING_tx_bad_signature },
        { "amount", 180, FINDING_tx_bad_signature },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        data[cases[i].offset] ^= 2;
        edit_run(story.path, "UPDATE entry SET data = ?1 WHERE position = 3 << 24",
                 span_of(data, size), span_of("", 0));
        const struct finding *finding = expect(cases[i].code, 3);
        cr_assert_eq(finding->entry, 0, "%s", cases[i].what);
        data[cases[i].offset] ^= 2;
    }
    size_t signature = 4 + body + 1 + 32; /* behind its key */
    data[signature] ^= 1;
    edit_run(story.path, "UPDATE entry SET data = ?1 WHERE position = 3 << 24", span_of(data, size),
             span_of("", 0));
    expect(FINDING_tx_bad_signature, 3);
    free(data);
    edit(story.path, "UPDATE entry SET data = NULL WHERE position = 3 << 24");
    expect(FINDING_tx_malformed, 3);
    edit(story.path, "UPDATE entry SET data = zeroblob(70000) WHERE position = 3 << 24");
    expect(FINDING_limit_exceeded, 3);
}

/* Puts the transaction being built into block 7, in the place of its only one. */
static void replace_last(unsigned signers)
{
    struct writer w;
    fixture_sign(&story.f, signers, &w);
    edit_run(story.path, "UPDATE entry SET data = ?1 WHERE position = 7 << 24", writer_span(&w),
             span_of("", 0));
    writer_free(&w);
}

Test(audit_blocks, a_transaction_with_foreign_signatures)
{
    struct fixture *f = &story.f;
    f->time_ms -= 1000; /* block 7's */
    fixture_tx(f, BOB);
    add_transfer(f, BOB, CAROL, 1);
    replace_last(SIGNED_ALICE);
    expect(FINDING_tx_not_permitted, 7);
    replace_last(SIGNED_BOB | SIGNED_ALICE);
    expect(FINDING_tx_not_permitted, 7);
    fixture_tx(f, CAROL);
    add_transfer(f, CAROL, BOB, 1);
    replace_last(SIGNED_CAROL_1);
    expect(FINDING_tx_not_permitted, 7);
}

Test(audit_blocks, a_transaction_after_its_time)
{
    struct fixture *f = &story.f;
    f->time_ms -= 1000;
    fixture_tx(f, BOB)->not_after_ms = f->time_ms - 1;
    add_transfer(f, BOB, CAROL, 1);
    replace_last(SIGNED_BOB);
    expect(FINDING_tx_outside_window, 7);
    fixture_tx(f, BOB)->not_before_ms = f->time_ms + 1;
    add_transfer(f, BOB, CAROL, 1);
    replace_last(SIGNED_BOB);
    expect(FINDING_tx_outside_window, 7);
}

Test(audit_blocks, a_reference_and_a_lane_used_again)
{
    struct fixture *f = &story.f;
    f->time_ms -= 1000;
    fixture_tx(f, ALICE)->client_ref = sample_id("reference", 0);
    add_transfer(f, ALICE, CAROL, 1);
    replace_last(SIGNED_ALICE);
    expect(FINDING_ref_reused, 7);
    struct transaction *tx = fixture_tx(f, ALICE);
    tx->order = ORDER_LANE;
    tx->lane = STORY_LANE;
    tx->seq = 1;
    add_transfer(f, ALICE, CAROL, 1);
    replace_last(SIGNED_ALICE);
    expect(FINDING_lane_broken, 7);
    tx = fixture_tx(f, ALICE);
    tx->order = ORDER_LANE;
    tx->lane = STORY_LANE;
    tx->seq = 3;
    add_transfer(f, ALICE, CAROL, 1);
    replace_last(SIGNED_ALICE);
    expect(FINDING_lane_broken, 7);
}

Test(audit_blocks, another_payment_than_was_executed)
{
    struct fixture *f = &story.f;
    f->time_ms -= 1000;
    fixture_tx(f, BOB);
    add_transfer(f, BOB, CAROL, 2);
    replace_last(SIGNED_BOB);
    expect(FINDING_tx_root_mismatch, 7);
    cr_assert_not_null(find(FINDING_state_root_mismatch, 7));
}

Test(audit_blocks, a_transaction_whose_signature_was_stripped)
{
    size_t size;
    uint8_t *data = edit_blob(story.path, "SELECT data FROM entry WHERE position = 3 << 24", &size);
    size_t signatures = 4 + load_u32(data);
    data[signatures] = 0;
    edit_run(story.path, "UPDATE entry SET data = ?1 WHERE position = 3 << 24",
             span_of(data, signatures + 1), span_of("", 0));
    run(NULL);
    bool found = find(FINDING_tx_malformed, 3) || find(FINDING_tx_not_permitted, 3);
    cr_assert(found, "%s", text());
    cr_assert_eq(audit_exit_code(report), 7);
    free(data);
}

Test(audit_blocks, a_result_and_effects_that_were_edited)
{
    edit(story.path, "UPDATE entry SET code = 0 WHERE position = (1 << 24) + 256");
    expect(FINDING_result_mismatch, 1);
    edit(story.path, "UPDATE entry SET at = 3 WHERE position = 5 << 24");
    expect(FINDING_result_mismatch, 5);
    edit(story.path, "UPDATE entry SET effects = x'0102' WHERE position = 6 << 24");
    expect(FINDING_effects_mismatch, 6);
    cr_assert_eq(report->executed_to, STORY_HEIGHT, "none of them is input");
}
