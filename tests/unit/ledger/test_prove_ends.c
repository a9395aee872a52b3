/* Whatever becomes of a submission, it ends with exactly one of two proofs: a receipt, or that it
 * was not executed and never will be; and the sums tie. Drops, duplicates, delays, rivals with the
 * same reference, expiries, restarts and blocks without a seal of their own, at random. */
#include "tests/unit/ledger/prove_story.h"

enum { SUBMISSIONS = 1500, A_BLOCK = 10, DELAY_MAX = 8 };

struct submission {
    struct digest txid;
    struct writer bytes;
    unsigned payer;
    uint32_t deliver[2]; /* in which blocks; 0: never */
};

static struct submission all[SUBMISSIONS];
static uint64_t random_state = 20261125;

static uint32_t draw(uint32_t below)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random_state >> 33) % below);
}

/* A payment of one cent. Every tenth has the reference of the one before it, and most of those are
 * another body. */
static void submit(uint32_t number, uint32_t block)
{
    struct submission *s = &all[number];
    struct transaction *tx = fixture_tx(&story.f, number % 2 == 0 ? ALICE : BOB);
    s->payer = number % 2 == 0 ? ALICE : BOB;
    tx->not_after_ms = story.f.time_ms + 500 + 1000 * draw(DELAY_MAX);
    if (number % 10 == 9) tx->client_ref = sample_id("reference", story.f.reference - 3);
    add_transfer(&story.f, s->payer, s->payer == ALICE ? BOB : ALICE, 1);
    fixture_sign(&story.f, s->payer == ALICE ? SIGNED_ALICE : SIGNED_BOB, &s->bytes);
    struct transaction *decoded = malloc(sizeof *decoded);
    cr_assert_eq(transaction_decode(writer_span(&s->bytes), decoded, NULL), STATUS_OK);
    s->txid = decoded->txid;
    free(decoded);
    if (draw(5) > 0) s->deliver[0] = block + draw(DELAY_MAX);
    if (draw(4) == 0) s->deliver[1] = block + draw(2 * DELAY_MAX);
}

static void restart(void)
{
    ledger_close(story.f.ledger);
    story.f.ledger = NULL;
    fixture_open(&story.f, story.path);
}

static void run_block(uint32_t block, uint32_t submitted)
{
    for (uint32_t i = 0; i < submitted; i++)
        for (unsigned k = 0; k < 2; k++)
            if (all[i].deliver[k] == block) fixture_add_bytes(&story.f, writer_span(&all[i].bytes));
    story.f.tick = true;
    struct execution *made = fixture_run(&story.f);
    cr_assert_eq(made->kind, EXECUTION_BLOCK);
    if (draw(8) > 0) story_seal(&story.f, 7);
    if (draw(12) == 0) restart();
}

/* The other of both proofs must not be possible. */
static bool ends_with_receipt(const struct submission *s, const struct transaction *tx)
{
    struct state_question question;
    next_proof();
    enum status status = prove_receipt(&prover, &s->txid, false);
    bool executed = status == STATUS_OK;
    if (executed)
        verified(status);
    else
        cr_assert_eq(status, STATUS_NOT_FOUND);
    absence_question(tx, &question);
    struct state_reading *made = reading_of(&question);
    next_proof();
    if (executed)
        cr_assert_eq(absence_of(tx, made), ABSENCE_PRESENT);
    else
        verified(prove_absence(&prover, tx, made));
    state_reading_free(made);
    return executed;
}

/* Is it, byte for byte, the one whose reference it has? */
static bool is_repeated(uint32_t number)
{
    return number >= 2 && digest_equal(&all[number].txid, &all[number - 2].txid);
}

Test(prove_ends, with_exactly_one_of_a_receipt_and_a_proof_of_absence, .init = open_prover,
     .fini = close_prover, .timeout = 120)
{
    uint32_t submitted = 0, block = 1, receipts = 0, absences = 0;
    int64_t moved = 0; /* from ALICE to BOB */
    struct balance before, after;
    cr_assert_eq(ledger_read_balance(reader, &story.f.cast[BOB], &story.f.eur, &before), STATUS_OK);
    for (; submitted < SUBMISSIONS; block++) {
        for (unsigned i = 0; i < A_BLOCK; i++)
            submit(submitted++, block);
        run_block(block, submitted);
    }
    for (unsigned i = 0; i < 2 * DELAY_MAX + 2; i++)
        run_block(block++, submitted);
    story_seal(&story.f, 7);

    struct transaction *tx = malloc(sizeof *tx);
    for (uint32_t i = 0; i < submitted; i++) {
        const struct submission *s = &all[i];
        cr_assert_eq(transaction_decode(writer_span(&s->bytes), tx, NULL), STATUS_OK);
        bool executed = ends_with_receipt(s, tx);
        receipts += executed;
        absences += !executed;
        if (executed && !is_repeated(i)) moved += s->payer == ALICE ? 1 : -1;
    }
    free(tx);
    cr_assert_eq(receipts + absences, submitted);
    cr_assert_gt(receipts, submitted / 3);
    cr_assert_gt(absences, submitted / 10);
    cr_assert_eq(ledger_read_balance(reader, &story.f.cast[BOB], &story.f.eur, &after), STATUS_OK);
    cr_assert_eq(after.posted - before.posted, moved);
    for (uint32_t i = 0; i < submitted; i++)
        writer_free(&all[i].bytes);
}
