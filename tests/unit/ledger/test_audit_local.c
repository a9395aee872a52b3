/* What each node has of its own: slots, signatures, evidence, the place that was reached. */
#include "tests/unit/ledger/audit_world.h"

TestSuite(audit_local, .init = open_world, .fini = close_world);

/* ---- slots ---- */

Test(audit_local, slots_cover_every_path_once_and_are_what_their_leaves_give)
{
    static const char *const edits[] = {
        "UPDATE slot SET count = count + 1 WHERE prefix = (SELECT max(prefix) FROM slot)",
        "UPDATE slot SET depth = depth + 1 WHERE prefix = (SELECT min(prefix) FROM slot)",
        "UPDATE slot SET hash = zeroblob(32) WHERE count > 0",
        "UPDATE slot SET hash = x'00' WHERE prefix = (SELECT max(prefix) FROM slot)",
        "UPDATE slot SET depth = 129 WHERE prefix = (SELECT max(prefix) FROM slot)",
        ("UPDATE slot SET prefix = CAST(substr(prefix, 1, 15) || x'01' AS BLOB)"
         " WHERE prefix = (SELECT max(prefix) FROM slot)"),
        "DELETE FROM slot WHERE prefix = (SELECT min(prefix) FROM slot)",
        "DELETE FROM slot WHERE prefix = (SELECT max(prefix) FROM slot)",
        "DELETE FROM slot",
    };
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        renew();
        edit(victim, edits[i]);
        expect(FINDING_slot_mismatch, "");
    }
}

/* Another node's slots may be others: one that was split, with the same leaves. */
Test(audit_local, other_slots_over_the_same_leaves_are_right)
{
    struct state_leaf leaves[STATE_SLOT_LEAVES];
    uint8_t prefix[16] = { 0 };
    size_t size, count = 0;
    renew();
    int64_t depth = number_of("SELECT depth FROM slot WHERE count > 1 ORDER BY prefix LIMIT 1");
    uint8_t *first =
        edit_blob(victim, "SELECT prefix FROM slot WHERE count > 1 ORDER BY prefix LIMIT 1", &size);
    memcpy(prefix, first, sizeof prefix);
    free(first);
    sqlite3 *db = edit_open(victim);
    sqlite3_stmt *s = NULL;
    (void)sqlite3_prepare_v2(db, "SELECT path, hash FROM leaf WHERE path >= ? ORDER BY path", -1,
                             &s, NULL);
    (void)sqlite3_bind_blob(s, 1, prefix, sizeof prefix, SQLITE_STATIC);
    (void)sqlite3_step(s);
    int64_t have = number_of("SELECT count FROM slot WHERE count > 1 ORDER BY prefix LIMIT 1");
    for (; count < (size_t)have; count++) {
        memcpy(leaves[count].path.bytes, sqlite3_column_blob(s, 0), 32);
        memcpy(leaves[count].hash.bytes, sqlite3_column_blob(s, 1), 32);
        (void)sqlite3_step(s);
    }
    sqlite3_finalize(s);
    sqlite3_close(db);
    size_t left = leaves_left(leaves, count, (unsigned)depth);
    struct digest hashes[2] = { state_root_of(leaves, left, (unsigned)depth + 1),
                                state_root_of(leaves + left, count - left, (unsigned)depth + 1) };
    char sql[200];
    (void)snprintf(sql, sizeof sql,
                   "UPDATE slot SET depth = %d, count = %d, hash = ?1 WHERE prefix = ?2",
                   (int)depth + 1, (int)left);
    edit_run(victim, sql, digest_span(&hashes[0]), span_of(prefix, sizeof prefix));
    prefix[depth / 8] |= (uint8_t)(0x80 >> depth % 8);
    (void)snprintf(sql, sizeof sql, "INSERT INTO slot VALUES (?2, %d, %d, ?1)", (int)depth + 1,
                   (int)(count - left));
    edit_run(victim, sql, digest_span(&hashes[1]), span_of(prefix, sizeof prefix));
    run();
    cr_assert_eq(report->error_count, 0, "%s", text());
}

/* ---- signatures ---- */

Test(audit_local, a_signature_of_no_block)
{
    renew();
    edit(victim, "INSERT INTO seal SELECT 0, validator, signature FROM seal LIMIT 1");
    expect(FINDING_row_extra, "seal height 0");
    renew();
    edit(victim, "INSERT INTO seal SELECT 61, validator, signature FROM seal LIMIT 1");
    expect(FINDING_row_extra, "seal height 61");
    renew();
    edit(victim, "UPDATE seal SET height = -1 WHERE height = 7 AND validator = 3");
    expect(FINDING_row_extra, "seal height -1");
}

/* ---- evidence ---- */

/* Validator 2 seals two blocks of one height. */
static void accuse(void)
{
    struct seal_pair pair = { 0 };
    struct sample_key key = epoch_key(&w.f.genesis->committee.validators[2].seal_key);
    struct problem problem = { .text = "" };
    struct ledger *ledger = NULL;
    for (unsigned i = 0; i < 2; i++) {
        struct seal_vote *vote = i == 0 ? &pair.first : &pair.second;
        uint8_t statement[SEAL_STATEMENT_BYTES];
        vote->height = 5;
        vote->by.validator = 2;
        vote->block_hash.bytes[0] = (uint8_t)(i + 1);
        seal_statement_encode(&w.f.genesis->chain_id, 0, 5, &vote->block_hash, statement);
        key_sign(&key.secret, TAG_SEAL, span_of(statement, sizeof statement), &vote->by.signature);
    }
    renew();
    enum status status = ledger_open(&ledger, w.f.genesis, victim, NULL, &problem);
    cr_assert_eq(status, STATUS_OK, "%s", problem.text);
    status = ledger_store_evidence(ledger, &pair, &problem);
    cr_assert_eq(status, STATUS_OK, "%s", problem.text);
    ledger_close(ledger);
}

Test(audit_local, evidence_that_holds_is_a_note)
{
    accuse();
    run();
    cr_assert_eq(report->error_count, 0, "%s", text());
    cr_assert_not_null(find(FINDING_evidence_found, "1 piece"));
}

Test(audit_local, evidence_that_proves_nothing_is_an_error)
{
    static const char *const edits[] = {
        "UPDATE evidence SET id = zeroblob(32)",
        "UPDATE evidence SET kind = 2",
        "UPDATE evidence SET height = 6",
        "UPDATE evidence SET data = x'00'",
        "UPDATE evidence SET data = CAST(substr(data, 1, 30) || x'77' || substr(data, 32) AS BLOB)",
        ("UPDATE evidence SET data = CAST(substr(data, 1, 100) || x'77' || substr(data, 102) AS "
         "BLOB)"),
        "UPDATE evidence SET data = CAST(x'09' || substr(data, 2) AS BLOB)",
    };
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        accuse();
        edit(victim, edits[i]);
        run();
        cr_assert_eq(audit_exit_code(report), 7, "%s:\n%s", edits[i], text());
        bool found = find(FINDING_row_extra, "evidence") || find(FINDING_row_mismatch, "evidence");
        cr_assert(found, "%s:\n%s", edits[i], text());
    }
}

/* ---- the place ---- */

Test(audit_local, the_sequence_is_not_below_that_of_the_last_block)
{
    renew();
    edit(victim, "UPDATE ledger SET sequence = sequence - 1");
    expect(FINDING_row_mismatch, "sequence");
    renew();
    edit(victim, "UPDATE ledger SET sequence = -1");
    expect(FINDING_row_mismatch, "sequence");
    renew();
    edit(victim, "UPDATE ledger SET sequence = sequence + 3");
    run();
    cr_assert_eq(report->error_count, 0, "batches that gave no block:\n%s", text());
    cr_assert_eq(report->idle_batches, 3);
}
