/* tests/unit/ledger/story.h -- a ledger in a file with a bit of everything, for those who read.
 *
 *     block  entries
 *     1      ALICE pays BOB 10.00; BOB pays DAVE 900.00 (insufficient_funds)
 *     2      BANK puts "limit" = "5" and "limit/day" = "7"; BANK makes the account NEW
 *     3      ALICE pays BOB 1.00 and DAVE 2.00 in one transaction, in lane 7
 *     4      a tick
 *     5      ALICE pays BOB 0.05; BANK puts "limit" = "6"; BANK makes the asset USD
 *     6      BANK mints 100.00 to CAROL; BANK deletes "limit/day"
 *     7      BOB pays CAROL 0.01
 *
 * Blocks 1 to 6 are sealed by validators 0, 1, 2 and block 3 by all four; block 7 has one
 * signature. The head is 7, the sealed height 6.
 */
#ifndef TESTS_LEDGER_STORY_H
#define TESTS_LEDGER_STORY_H

#include "crypto/signer.h"
#include "tests/unit/ledger/fixture.h"
#include <sqlite3.h>

enum { STORY_HEIGHT = 7, STORY_SEALED = 6, STORY_LANE = 7 };

struct story {
    struct fixture f;
    char path[64];
    struct digest ids[16]; /* of transactions, in order */
    unsigned id_count;
    struct id new_account;
    uint8_t signer[SIGNER_BYTES];
};

/* The seal key of the validator at an index of the set; the genesis has sorted them. */
static inline struct sample_key story_seal_key(const struct fixture *f, uint16_t index)
{
    for (unsigned i = 0; i < f->genesis->committee.count; i++) {
        struct sample_key key = sample_key(100u + i);
        if (key_equal(&key.public_key, &f->genesis->committee.validators[index].seal_key))
            return key;
    }
    abort(); /* not a validator of the fixture */
}

static inline void story_sign(const struct fixture *f, uint16_t index, uint64_t epoch,
                              uint64_t height, const struct digest *hash,
                              struct signature *signature)
{
    uint8_t statement[SEAL_STATEMENT_BYTES];
    struct sample_key key = story_seal_key(f, index);
    seal_statement_encode(&f->genesis->chain_id, epoch, height, hash, statement);
    key_sign(&key.secret, TAG_SEAL, span_of(statement, sizeof statement), signature);
}

/* Stores signatures on the last block by the validators whose bits are set. */
static inline void story_seal(struct fixture *f, unsigned signers)
{
    const struct ledger_head *head = ledger_head(f->ledger);
    struct seal *seal = calloc(1, sizeof *seal);
    ASSERT(seal);
    seal->epoch = head->header.epoch;
    seal->height = head->header.height;
    seal->block_hash = head->hash;
    for (uint16_t i = 0; i < 16; i++) {
        if ((signers >> i & 1) == 0) continue;
        struct seal_signature *by = &seal->signatures[seal->count++];
        by->validator = i;
        story_sign(f, i, seal->epoch, seal->height, &seal->block_hash, &by->signature);
    }
    if (ledger_store_seal(f->ledger, seal, &f->problem) != STATUS_OK) fixture_fail(f, "seal");
    free(seal);
}

static inline void story_add(struct story *s, unsigned signers)
{
    struct writer w;
    fixture_sign(&s->f, signers, &w);
    struct transaction *tx = malloc(sizeof *tx);
    enum status status = transaction_decode(writer_span(&w), tx, NULL);
    ASSERT(status == STATUS_OK);
    s->ids[s->id_count++] = tx->txid;
    free(tx);
    fixture_add_bytes(&s->f, writer_span(&w));
    writer_free(&w);
}

static inline void story_block(struct story *s, unsigned signers)
{
    struct execution *execution = fixture_run(&s->f);
    ASSERT(execution->kind == EXECUTION_BLOCK);
    ASSERT(execution->skipped_count == 0);
    story_seal(&s->f, signers);
}

static inline void story_first_blocks(struct story *s)
{
    struct fixture *f = &s->f;
    fixture_tx(f, ALICE);
    add_transfer(f, ALICE, BOB, 1000);
    story_add(s, SIGNED_ALICE);
    fixture_tx(f, BOB);
    add_transfer(f, BOB, DAVE, 90000);
    story_add(s, SIGNED_BOB);
    story_block(s, 7);

    fixture_tx(f, BANK);
    add_put(f, BANK, "limit", "5", EXPECT_ANY, 0);
    add_put(f, BANK, "limit/day", "7", EXPECT_ABSENT, 0);
    story_add(s, SIGNED_BANK);
    fixture_tx(f, BANK);
    add_account(f, BANK, &s->new_account, &f->keys[6].public_key, s->signer);
    story_add(s, SIGNED_BANK);
    story_block(s, 7);

    struct transaction *tx = fixture_tx(f, ALICE);
    tx->order = ORDER_LANE;
    tx->lane = STORY_LANE;
    tx->seq = 1;
    add_transfer(f, ALICE, BOB, 100);
    add_transfer(f, ALICE, DAVE, 200);
    story_add(s, SIGNED_ALICE);
    story_block(s, 15);
}

static inline void story_last_blocks(struct story *s)
{
    struct fixture *f = &s->f;
    f->tick = true;
    story_block(s, 7);

    fixture_tx(f, ALICE);
    add_transfer(f, ALICE, BOB, 5);
    story_add(s, SIGNED_ALICE);
    fixture_tx(f, BANK);
    add_put(f, BANK, "limit", "6", EXPECT_VERSION, position_of(2, 0, 0));
    story_add(s, SIGNED_BANK);
    fixture_tx(f, BANK);
    add_asset(f, BANK, "USD");
    story_add(s, SIGNED_BANK);
    story_block(s, 7);

    fixture_tx(f, BANK);
    add_mint(f, BANK, CAROL, 10000);
    add_delete(f, BANK, "limit/day", EXPECT_ANY, 0);
    story_add(s, SIGNED_BANK);
    story_block(s, 7);

    fixture_tx(f, BOB);
    add_transfer(f, BOB, CAROL, 1);
    story_add(s, SIGNED_BOB);
    story_block(s, 2);
}

/* The ledger is left open; readers come beside it. */
static inline void story_open(struct story *s)
{
    memset(s, 0, sizeof *s);
    fixture_path(s->path);
    fixture_prepare(&s->f);
    s->new_account = sample_id("new", 0);
    fixture_open(&s->f, s->path);
    story_first_blocks(s);
    story_last_blocks(s);
    ASSERT(ledger_head(s->f.ledger)->header.height == STORY_HEIGHT);
}

static inline void story_close(struct story *s)
{
    fixture_stop(&s->f);
    fixture_remove(s->path);
}

/* Closes the ledger, so that the file can be edited; the genesis stays. */
static inline void story_rest(struct story *s)
{
    ledger_close(s->f.ledger);
    s->f.ledger = NULL;
}

/* ---- editing a file that is at rest ---------------------------------------------------------- */

static inline sqlite3 *edit_open(const char *path)
{
    sqlite3 *db = NULL;
    int code = sqlite3_open(path, &db);
    ASSERT(code == SQLITE_OK);
    return db;
}

/* Runs SQL with up to two blobs as ?1 and ?2; at least one row must change. */
static inline void edit_run(const char *path, const char *sql, struct span first,
                            struct span second)
{
    sqlite3 *db = edit_open(path);
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    if (code != SQLITE_OK) (void)fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(db));
    ASSERT(code == SQLITE_OK);
    int wanted = sqlite3_bind_parameter_count(statement);
    if (wanted > 0) sqlite3_bind_blob64(statement, 1, first.data, first.size, SQLITE_TRANSIENT);
    if (wanted > 1) sqlite3_bind_blob64(statement, 2, second.data, second.size, SQLITE_TRANSIENT);
    code = sqlite3_step(statement);
    if (code != SQLITE_DONE) (void)fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(db));
    ASSERT(code == SQLITE_DONE);
    sqlite3_finalize(statement);
    ASSERT(sqlite3_changes(db) > 0);
    sqlite3_close(db);
}

static inline void edit(const char *path, const char *sql)
{
    edit_run(path, sql, span_of("", 0), span_of("", 0));
}

/* A blob out of the file; malloc'd. */
static inline uint8_t *edit_blob(const char *path, const char *sql, size_t *size)
{
    sqlite3 *db = edit_open(path);
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    ASSERT(code == SQLITE_OK);
    code = sqlite3_step(statement);
    ASSERT(code == SQLITE_ROW);
    *size = (size_t)sqlite3_column_bytes(statement, 0);
    uint8_t *copy = malloc(*size ? *size : 1);
    ASSERT(copy);
    if (*size) memcpy(copy, sqlite3_column_blob(statement, 0), *size);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return copy;
}

static inline void file_copy(const char *source, const char *target)
{
    char buffer[65536];
    FILE *from = fopen(source, "rb");
    FILE *to = fopen(target, "wb");
    size_t size;
    ASSERT(from && to);
    while ((size = fread(buffer, 1, sizeof buffer, from)) > 0) {
        size_t written = fwrite(buffer, 1, size, to);
        ASSERT(written == size);
    }
    fclose(from);
    fclose(to);
}

#endif
