/* tests/unit/ledger/governance_story.h -- a ledger of four epochs in a file.
 *
 *     block  entries                                                           epoch  set
 *     1      ALICE pays BOB                                                    0      0 1 2 3
 *     2      proposal 1 (add validator 4; max_idle_ms 5000) passes
 *     3      it is enacted; ALICE pays BOB                     end of epoch 0
 *     4      ALICE pays BOB                                                    1      0 1 2 3 4
 *     5      proposals 2 (rekey 0) and 3 (remove 1) pass
 *     6      2 is enacted                                      end of epoch 1
 *     7      3 is enacted; ALICE pays BOB                      end of epoch 2  2      with the new
 * key 8      ALICE pays BOB                                                    3      0 2 3 4
 *
 * Every block but the last is sealed by the first quorum of its own set. In memory are the bytes of
 * each block and the batches, for ledgers that follow.
 */
#ifndef TESTS_LEDGER_GOVERNANCE_STORY_H
#define TESTS_LEDGER_GOVERNANCE_STORY_H

#include "crypto/signer.h"
#include "tests/unit/ledger/governance_fixture.h"

enum { EPOCH_HEIGHT = 8, EPOCH_COUNT = 4 };

struct epoch_story {
    struct fixture f;
    char path[64];
    struct writer blocks[EPOCH_HEIGHT + 1]; /* by height */
    struct writer batches[EPOCH_HEIGHT + 1];
    struct digest hashes[EPOCH_HEIGHT + 1];
};

static inline struct sample_key epoch_key(const struct public_key *public_key)
{
    for (unsigned i = 50; i < 120; i++) {
        struct sample_key key = sample_key(i);
        if (key_equal(&key.public_key, public_key)) return key;
    }
    abort(); /* no key of this story */
}

/* The first count validators of the epoch's set sign a block. The caller frees. */
static inline struct seal *epoch_sign(const struct fixture *f, const struct header *header,
                                      const struct digest *hash, uint16_t count)
{
    struct epoch_record *epoch = malloc(sizeof *epoch);
    struct seal *seal = calloc(1, sizeof *seal);
    enum status status = ledger_read_epoch(f->ledger, header->epoch, epoch);
    ASSERT(status == STATUS_OK);
    *seal = (struct seal){ .epoch = header->epoch, .height = header->height, .block_hash = *hash };
    seal->count = count ? count : committee_quorum(&epoch->committee);
    for (uint16_t i = 0; i < seal->count; i++) {
        uint8_t statement[SEAL_STATEMENT_BYTES];
        struct sample_key key = epoch_key(&epoch->committee.validators[i].seal_key);
        seal->signatures[i].validator = i;
        seal_statement_encode(&f->genesis->chain_id, header->epoch, header->height, hash,
                              statement);
        key_sign(&key.secret, TAG_SEAL, span_of(statement, sizeof statement),
                 &seal->signatures[i].signature);
    }
    free(epoch);
    return seal;
}

/* What the last execution made becomes a block of the story, and is sealed. */
static inline void epoch_block(struct epoch_story *s, bool sealed)
{
    struct fixture *f = &s->f;
    const struct execution *made = f->last;
    ASSERT(made->kind == EXECUTION_BLOCK && made->skipped_count == 0);
    uint64_t height = made->header.height;
    fixture_block(made, &made->header, &s->blocks[height]);
    writer_init(&s->batches[height], 1 << 20);
    write_bytes(&s->batches[height], writer_span(&f->last_batch));
    s->hashes[height] = made->hash;
    if (!sealed) return;
    struct seal *seal = epoch_sign(f, &made->header, &made->hash, 0);
    if (ledger_store_seal(f->ledger, seal, &f->problem) != STATUS_OK) fixture_fail(f, "seal");
    free(seal);
}

static inline void epoch_pay(struct epoch_story *s)
{
    fixture_tx(&s->f, ALICE);
    add_transfer(&s->f, ALICE, BOB, 10);
    fixture_add(&s->f, SIGNED_ALICE);
}

static inline void epoch_pay_block(struct epoch_story *s, bool sealed)
{
    epoch_pay(s);
    fixture_run(&s->f);
    epoch_block(s, sealed);
}

/* Two proposals that pass in one block. */
static inline void epoch_pass_two(struct epoch_story *s)
{
    struct fixture *f = &s->f;
    uint8_t bytes[2][ACTIONS_TEXT_MAX];
    struct action actions[2] = { rekey_validator(f, 0, 60), remove_validator(1) };
    static const unsigned voters[2] = { ALICE, OTHER };
    uint64_t number = f->ledger->executor.live.next;
    fixture_tx(f, BANK);
    for (unsigned i = 0; i < 2; i++)
        add_proposal(f, BANK, &actions[i], 1, bytes[i]);
    fixture_add(f, SIGNED_BANK);
    for (unsigned i = 0; i < 2; i++) {
        fixture_tx(f, voters[i]);
        add_ballot(f, voters[i], number, VOTE_YES);
        add_ballot(f, voters[i], number + 1, VOTE_YES);
        fixture_add(f, signed_by(voters[i]));
    }
    fixture_run(f);
}

static inline void epoch_story_open(struct epoch_story *s)
{
    struct fixture *f = &s->f;
    memset(s, 0, sizeof *s);
    fixture_path(s->path);
    governance_prepare(f);
    fixture_open(f, s->path);
    epoch_pay_block(s, true);
    struct action actions[2] = { add_validator(f, 4), set_param(PARAM_max_idle_ms, 5000) };
    pass(f, actions, 2);
    epoch_block(s, true);
    epoch_pay_block(s, true);
    epoch_pay_block(s, true);
    epoch_pass_two(s);
    epoch_block(s, true);
    fixture_run(f);
    epoch_block(s, true);
    epoch_pay_block(s, true);
    epoch_pay_block(s, false);
}

static inline void epoch_story_close(struct epoch_story *s)
{
    for (unsigned i = 0; i <= EPOCH_HEIGHT; i++) {
        writer_free(&s->blocks[i]);
        writer_free(&s->batches[i]);
    }
    fixture_stop(&s->f);
    fixture_remove(s->path);
}

#endif
