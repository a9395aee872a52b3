/* tests/unit/ledger/prove_story.h -- proofs out of the ledger of story.h, each judged by the
 * verifier with nothing but the genesis. */
#ifndef TESTS_LEDGER_PROVE_STORY_H
#define TESTS_LEDGER_PROVE_STORY_H

#include "ledger/prove.h"
#include "proof/verify.h"
#include "tests/unit/ledger/reader_story.h"

static struct prover prover;
static struct verdict verdict;
static struct writer proof_bytes;

static inline void open_prover(void)
{
    open_story();
    prover_init(&prover, reader);
    verdict_init(&verdict);
    writer_init(&proof_bytes, PROOF_BYTES_MAX);
}

static inline void close_prover(void)
{
    writer_free(&proof_bytes);
    verdict_free(&verdict);
    prover_free(&prover);
    close_story();
}

/* For another proof. */
static inline void next_proof(void)
{
    prover_free(&prover);
    prover_init(&prover, reader);
    writer_free(&proof_bytes);
    writer_init(&proof_bytes, PROOF_BYTES_MAX);
}

/* What was made is a proof: written, read back and verified. */
static inline const struct proof *verified(enum status made)
{
    cr_assert_eq(made, STATUS_OK, "%s: %s", status_name(made), ledger_reader_error(reader));
    proof_write(&proof_bytes, &prover.proof);
    cr_assert_eq(writer_status(&proof_bytes), STATUS_OK);
    enum status status = proof_verify(writer_span(&proof_bytes), story.f.genesis, NULL, &verdict);
    cr_assert_eq(status, STATUS_OK, "%s: %s", proof_check_name(verdict.check), verdict.text);
    return &verdict.proof;
}

/* A reading of the ledger as it stands; the caller frees. */
static inline struct state_reading *reading_of(const struct state_question *question)
{
    struct state_reading *reading = NULL;
    enum status status = ledger_read_state(story.f.ledger, question, &reading, &story.f.problem);
    cr_assert_eq(status, STATUS_OK, "%s", story.f.problem.text);
    return reading;
}

static inline struct state_question question_of_id(uint8_t kind, const struct id *id)
{
    struct state_question question = { .kind = kind, .key_size = 16 };
    memcpy(question.key, id->bytes, 16);
    return question;
}

static inline struct state_question question_of_balance(const struct id *account)
{
    struct state_question question = { .kind = RECORD_BALANCE };
    question.key_size = (uint16_t)balance_key(account, &story.f.eur, question.key);
    return question;
}

#endif
