#include "tests/unit/ledger/prove_story.h"

TestSuite(ledger_evidence, .init = open_prover, .fini = close_prover);

/* Two seals of a validator for one height: of the block that is there, and of another. */
static struct seal_pair pair_of(uint16_t validator, uint64_t height, uint64_t number)
{
    struct block_row block;
    cr_assert_eq(ledger_read_block(reader, height, &block), STATUS_OK);
    struct digest other = sample_digest("another block", number);
    bool first = digest_compare(&block.hash, &other) < 0;
    struct seal_pair pair = { .first.height = height, .second.height = height };
    pair.first.block_hash = first ? block.hash : other;
    pair.second.block_hash = first ? other : block.hash;
    pair.first.by.validator = pair.second.by.validator = validator;
    story_sign(&story.f, validator, 0, height, &pair.first.block_hash, &pair.first.by.signature);
    story_sign(&story.f, validator, 0, height, &pair.second.block_hash, &pair.second.by.signature);
    return pair;
}

static enum status store(const struct seal_pair *pair)
{
    return ledger_store_evidence(story.f.ledger, pair, &story.f.problem);
}

struct found {
    unsigned count;
    struct digest ids[4];
    uint64_t heights[4];
};

static bool keep(void *context, const struct evidence_row *row)
{
    struct found *found = context;
    cr_assert_lt(found->count, 4);
    cr_assert_eq(row->kind, EVIDENCE_SEALS);
    found->heights[found->count] = row->height;
    found->ids[found->count++] = row->id;
    return true;
}

static struct found all(void)
{
    struct found found = { .count = 0 };
    cr_assert_eq(ledger_read_evidence(reader, NULL, 10, keep, &found), STATUS_OK);
    return found;
}

static bool prove(void *context, const struct evidence_row *row)
{
    *(enum status *)context = prove_evidence(&prover, row);
    return false;
}

Test(ledger_evidence, it_is_stored_and_proves)
{
    struct seal_pair pair = pair_of(2, 4, 1);
    enum status made = STATUS_NOT_FOUND;
    cr_assert_eq(store(&pair), STATUS_OK, "%s", story.f.problem.text);
    cr_assert_eq(ledger_read_evidence(reader, NULL, 1, prove, &made), STATUS_OK);
    const struct proof *proof = verified(made);
    cr_assert_eq(proof->kind, PROOF_EVIDENCE);
    cr_assert_eq(proof->evidence.validator, 2);
    cr_assert_eq(proof->evidence.height, 4);
    cr_assert(id_equal(&verdict.accused_id, &story.f.genesis->committee.validators[2].id));
}

Test(ledger_evidence, once_for_a_validator_and_epoch)
{
    struct seal_pair pair = pair_of(2, 4, 1);
    cr_assert_eq(store(&pair), STATUS_OK);
    pair = pair_of(2, 5, 2);
    cr_assert_eq(store(&pair), STATUS_OK);
    cr_assert_eq(all().count, 1);
    cr_assert_eq(all().heights[0], 4, "the first stays");
    pair = pair_of(0, 5, 3);
    cr_assert_eq(store(&pair), STATUS_OK);
    struct found found = all();
    cr_assert_eq(found.count, 2);
    struct found rest = { .count = 0 };
    cr_assert_eq(ledger_read_evidence(reader, &found.ids[0], 10, keep, &rest), STATUS_OK);
    cr_assert_eq(rest.count, 1);
    cr_assert(digest_equal(&rest.ids[0], &found.ids[1]));
}

Test(ledger_evidence, what_proves_nothing_is_not_stored)
{
    struct seal_pair good = pair_of(1, 4, 1);
    struct seal_pair bad = good;
    bad.second.by.signature.bytes[5] ^= 1;
    cr_assert_eq(store(&bad), STATUS_BAD_SIGNATURE);
    bad = good;
    bad.second = bad.first;
    cr_assert_eq(store(&bad), STATUS_INVALID);
    bad = good;
    bad.first = good.second;
    bad.second = good.first;
    cr_assert_eq(store(&bad), STATUS_INVALID, "out of order");
    bad = good;
    bad.second.height++;
    cr_assert_eq(store(&bad), STATUS_INVALID);
    bad = good;
    bad.second.by.validator = 0;
    cr_assert_eq(store(&bad), STATUS_INVALID);
    bad = good;
    bad.first.by.validator = bad.second.by.validator = 4;
    cr_assert_eq(store(&bad), STATUS_NOT_MEMBER);
    bad = good;
    bad.first.epoch = bad.second.epoch = 1;
    cr_assert_eq(store(&bad), STATUS_NOT_FOUND);
    cr_assert_eq(all().count, 0);
    cr_assert_eq(store(&good), STATUS_OK, "the ledger goes on");
    cr_assert_eq(all().count, 1);
}
