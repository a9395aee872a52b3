/* Proofs across changes of the validator set: the ledger of governance_story.h. */
#include "ledger/prove.h"
#include "proof/verify.h"
#include "tests/unit/ledger/governance_story.h"
#include <criterion/criterion.h>
#include <sqlite3.h>

static struct epoch_story story;
static struct ledger_reader *reader;
static struct prover prover;
static struct verdict verdict;
static struct writer bytes;

static void setup(void)
{
    struct problem problem;
    epoch_story_open(&story);
    enum status status = ledger_reader_open(&reader, story.path, NULL, &problem);
    cr_assert_eq(status, STATUS_OK, "%s", problem.text);
    prover_init(&prover, reader);
    verdict_init(&verdict);
    writer_init(&bytes, PROOF_BYTES_MAX);
}

static void teardown(void)
{
    writer_free(&bytes);
    verdict_free(&verdict);
    prover_free(&prover);
    ledger_reader_close(reader);
    epoch_story_close(&story);
}

TestSuite(prove_epochs, .init = setup, .fini = teardown);

static const struct proof *verified(enum status made)
{
    cr_assert_eq(made, STATUS_OK, "%s: %s", status_name(made), ledger_reader_error(reader));
    writer_free(&bytes);
    writer_init(&bytes, PROOF_BYTES_MAX);
    proof_write(&bytes, &prover.proof);
    enum status status = proof_verify(writer_span(&bytes), story.f.genesis, NULL, &verdict);
    cr_assert_eq(status, STATUS_OK, "%s: %s", proof_check_name(verdict.check), verdict.text);
    prover_free(&prover);
    prover_init(&prover, reader);
    return &verdict.proof;
}

static void seal_head(void)
{
    const struct ledger_head *head = ledger_head(story.f.ledger);
    struct seal *seal = epoch_sign(&story.f, &head->header, &head->hash, 0);
    enum status status = ledger_store_seal(story.f.ledger, seal, &story.f.problem);
    cr_assert_eq(status, STATUS_OK, "%s", story.f.problem.text);
    free(seal);
}

Test(prove_epochs, the_chain_to_every_epoch)
{
    for (uint64_t epoch = 0; epoch < EPOCH_COUNT; epoch++) {
        verified(prove_epochs(&prover, epoch));
        cr_assert_eq(verdict.epochs, epoch);
    }
    cr_assert_eq(prove_epochs(&prover, EPOCH_COUNT), STATUS_NOT_FOUND);
}

Test(prove_epochs, seals_of_every_epoch)
{
    seal_head();
    for (uint64_t height = 1; height <= EPOCH_HEIGHT; height++) {
        verified(prove_seal(&prover, height));
        cr_assert_eq(verdict.sealed[0].height, height);
    }
    cr_assert_eq(verdict.sealed[0].epoch, EPOCH_COUNT - 1);
}

Test(prove_epochs, histories_over_the_boundaries)
{
    seal_head();
    for (uint64_t from = 1; from < EPOCH_HEIGHT; from++)
        verified(prove_history(&prover, from, EPOCH_HEIGHT));
}

Test(prove_epochs, an_enactment_has_a_receipt)
{
    uint8_t number[8];
    store_u64(number, 1);
    struct digest id = digest_of(TAG_ENACTMENT, span_of(number, sizeof number));
    const struct proof *proof = verified(prove_receipt(&prover, &id, false));
    cr_assert_eq(proof->receipt.entry.kind, ENTRY_ENACTMENT);
    cr_assert_eq(proof->receipt.transaction.size, 0);
    cr_assert_gt(proof->receipt.effects.size, 0);
    cr_assert_eq(receipt_header(&proof->receipt)->height, 3);
}

Test(prove_epochs, the_state_and_a_statement_under_the_last_set)
{
    struct state_question question = { .kind = RECORD_GOVERNANCE, .key_size = 1 };
    question.key[0] = GOVERNANCE_SET;
    struct state_reading *reading = NULL;
    seal_head();
    cr_assert_eq(ledger_read_state(story.f.ledger, &question, &reading, &story.f.problem),
                 STATUS_OK);
    verified(prove_state(&prover, reading));
    state_reading_free(reading);

    struct statement_range range;
    question = (struct state_question){ .kind = RECORD_BALANCE };
    question.key_size = (uint16_t)balance_key(&story.f.cast[BOB], &story.f.eur, question.key);
    cr_assert_eq(ledger_read_state(story.f.ledger, &question, &reading, &story.f.problem),
                 STATUS_OK);
    cr_assert_eq(
        prove_statement_range(reader, &story.f.cast[BOB], &story.f.eur, 1, EPOCH_HEIGHT, &range),
        STATUS_OK);
    verified(prove_statement(&prover, &range, reading));
    cr_assert_eq(verdict.lines, 4);
    state_reading_free(reading);
    cr_assert_eq(prove_statement_range(reader, &story.f.cast[BOB], &story.f.eur, 1, 3, &range),
                 STATUS_OK);
    verified(prove_statement(&prover, &range, NULL)); /* closed by a receipt of the next epoch */
}

Test(prove_epochs, a_boundary_that_lost_its_seal_breaks_the_chain)
{
    sqlite3 *db = NULL;
    cr_assert_eq(sqlite3_open(story.path, &db), SQLITE_OK);
    cr_assert_eq(
        sqlite3_exec(db, "DELETE FROM seal WHERE height = 3 AND validator = 0", NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(db);
    cr_assert_eq(prove_epochs(&prover, 1), STATUS_NO_QUORUM);
    cr_assert_eq(prover.unsealed, 3);
}
