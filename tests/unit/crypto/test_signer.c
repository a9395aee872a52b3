#include "crypto/signer.h"

#include <criterion/criterion.h>

enum { VOTE = 2, TIMEOUT = 4 };

static struct secret_key secret;
static struct public_key key;
static struct signer *signer;
static struct domain domain = {
    .chain_id = { { 1 } }, .epoch = 3, .validators_hash = { { 2 } }, .engine = 1
};

static void start(void)
{
    static const uint8_t seed[32] = { 9 };
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    key_from_seed(seed, &secret, &key);
    signer = signer_new(&secret);
    cr_assert_not_null(signer);
}

static void stop(void)
{
    signer_free(signer);
}

TestSuite(signer, .init = start, .fini = stop);

static struct statement statement_of(uint8_t kind, uint64_t view, uint8_t what)
{
    return (struct statement){ .kind = kind, .index = view, .view = view, .digest = { { what } } };
}

static enum status announce(uint8_t kind, uint64_t view, uint8_t what)
{
    struct statement statement = statement_of(kind, view, what);
    return signer_restore(signer, domain.epoch, &statement);
}

/* Signs, and checks what comes out. */
static enum status sign(uint8_t kind, uint64_t view, uint8_t what)
{
    struct statement statement = statement_of(kind, view, what);
    static const struct signature untouched = { { 0xee } };
    struct signature signature = untouched;
    enum status status = signer_sign(signer, &domain, &statement, &signature);
    if (status == STATUS_OK) {
        uint8_t bytes[STATEMENT_BYTES];
        statement_encode(&domain, &statement, bytes);
        cr_assert(key_verify(&key, TAG_ENGINE, span_of(bytes, sizeof bytes), &signature));
    } else {
        cr_assert_arr_eq(signature.bytes, untouched.bytes, 64, "nothing leaks from a refusal");
    }
    return status;
}

Test(signer, signs_what_was_announced_again_and_again)
{
    cr_assert(key_equal(signer_public_key(signer), &key));
    cr_assert_eq(announce(VOTE, 10, 1), STATUS_OK);
    cr_assert_eq(sign(VOTE, 10, 1), STATUS_OK);
    cr_assert_eq(announce(VOTE, 11, 1), STATUS_OK);
    cr_assert_eq(announce(VOTE, 10, 1), STATUS_OK);
    cr_assert_eq(sign(VOTE, 10, 1), STATUS_OK);
    cr_assert_eq(sign(VOTE, 11, 1), STATUS_OK);
}

/* Whether a good signature of this can be ours. */
static bool ours(uint64_t epoch, uint8_t kind, uint64_t view, uint8_t what)
{
    struct statement statement = statement_of(kind, view, what);
    return signer_can_have_signed(signer, epoch, &statement);
}

Test(signer, knows_what_it_cannot_have_signed)
{
    cr_assert_not(ours(3, VOTE, 1, 1), "nothing was announced");
    announce(VOTE, 10, 1);
    cr_assert(ours(3, VOTE, 10, 1));
    cr_assert_not(ours(3, VOTE, 10, 2), "another statement in its slot");
    cr_assert_not(ours(3, VOTE, 11, 1), "above the highest");
    cr_assert_not(ours(4, VOTE, 1, 1), "of a later epoch");
    cr_assert(ours(3, VOTE, 9, 2), "below it may have been forgotten");
    cr_assert(ours(2, VOTE, 99, 1));
    cr_assert_not(ours(3, TIMEOUT, 1, 1), "each kind for itself");
    signer_floor(signer, TIMEOUT, 3, 7);
    cr_assert(ours(3, TIMEOUT, 7, 1), "a floor does not say what was promised");
    cr_assert_not(ours(3, TIMEOUT, 8, 1));
    cr_assert_not(ours(3, SIGNER_KIND_SEAL, 1, 1), "not an engine's");
}

Test(signer, gives_the_same_bytes_each_time)
{
    struct statement statement = statement_of(VOTE, 10, 1);
    struct signature a;
    struct signature b;
    announce(VOTE, 10, 1);
    cr_assert_eq(signer_sign(signer, &domain, &statement, &a), STATUS_OK);
    cr_assert_eq(signer_sign(signer, &domain, &statement, &b), STATUS_OK);
    cr_assert_arr_eq(a.bytes, b.bytes, 64);
}

Test(signer, refuses_what_was_not_announced)
{
    cr_assert_eq(sign(VOTE, 10, 1), STATUS_REFUSED);
    announce(VOTE, 10, 1);
    cr_assert_eq(sign(VOTE, 11, 1), STATUS_REFUSED);
    cr_assert_eq(sign(TIMEOUT, 10, 1), STATUS_REFUSED, "announcing is by kind");
    domain.epoch++;
    cr_assert_eq(sign(VOTE, 10, 1), STATUS_REFUSED, "and by epoch");
}

Test(signer, a_slot_holds_one_statement)
{
    cr_assert_eq(announce(VOTE, 10, 1), STATUS_OK);
    cr_assert_eq(announce(VOTE, 10, 2), STATUS_CONFLICT);
    cr_assert_eq(sign(VOTE, 10, 2), STATUS_CONFLICT);
    cr_assert_eq(sign(VOTE, 10, 1), STATUS_OK);

    /* Not the digest alone: every field of the statement. */
    struct signature signature;
    struct statement other = statement_of(VOTE, 10, 1);
    other.index++;
    cr_assert_eq(signer_restore(signer, domain.epoch, &other), STATUS_CONFLICT);
    cr_assert_eq(signer_sign(signer, &domain, &other, &signature), STATUS_CONFLICT);
    other = statement_of(VOTE, 10, 1);
    other.aux++;
    cr_assert_eq(signer_restore(signer, domain.epoch, &other), STATUS_CONFLICT);
    cr_assert_eq(signer_sign(signer, &domain, &other, &signature), STATUS_CONFLICT);
}

Test(signer, slots_of_other_kinds_and_epochs_are_other_slots)
{
    cr_assert_eq(announce(VOTE, 10, 1), STATUS_OK);
    cr_assert_eq(announce(TIMEOUT, 10, 2), STATUS_OK);
    cr_assert_eq(sign(TIMEOUT, 10, 2), STATUS_OK);
    domain.epoch++;
    cr_assert_eq(announce(VOTE, 10, 3), STATUS_OK);
    cr_assert_eq(sign(VOTE, 10, 3), STATUS_OK);
    domain.epoch--;
    cr_assert_eq(sign(VOTE, 10, 1), STATUS_OK);
}

Test(signer, a_lower_slot_that_is_not_remembered_is_a_conflict)
{
    announce(VOTE, 10, 1);
    announce(VOTE, 12, 1);
    cr_assert_eq(sign(VOTE, 11, 1), STATUS_CONFLICT);
    cr_assert_eq(sign(VOTE, 9, 1), STATUS_CONFLICT);
    domain.epoch--;
    cr_assert_eq(sign(VOTE, 99, 1), STATUS_CONFLICT, "an earlier epoch is lower than any view");
}

Test(signer, remembers_so_many_slots_and_no_more)
{
    for (uint64_t view = 1; view <= SIGNER_MEMORY + 10; view++)
        cr_assert_eq(announce(VOTE, view, 1), STATUS_OK);
    cr_assert_eq(sign(VOTE, 11, 1), STATUS_OK);
    cr_assert_eq(sign(VOTE, SIGNER_MEMORY + 10, 1), STATUS_OK);
    cr_assert_eq(sign(VOTE, 10, 1), STATUS_CONFLICT, "the same as ever, but who remembers?");
    cr_assert_eq(announce(VOTE, 10, 2), STATUS_STALE);
    cr_assert_eq(announce(VOTE, 10, 1), STATUS_STALE);
    cr_assert_eq(sign(VOTE, 10, 2), STATUS_CONFLICT);
}

Test(signer, slots_may_be_restored_in_any_order)
{
    for (uint64_t view = SIGNER_MEMORY; view >= 1; view--)
        cr_assert_eq(announce(VOTE, view, (uint8_t)view), STATUS_OK);
    for (uint64_t view = 1; view <= SIGNER_MEMORY; view++) {
        cr_assert_eq(sign(VOTE, view, (uint8_t)view), STATUS_OK);
        cr_assert_eq(sign(VOTE, view, (uint8_t)(view + 1)), STATUS_CONFLICT);
    }
    cr_assert_eq(announce(VOTE, 0, 0), STATUS_STALE, "older than all, and no room");
    cr_assert_eq(sign(VOTE, 1, 1), STATUS_OK, "which pushed nothing out");
    cr_assert_eq(sign(VOTE, 0, 0), STATUS_CONFLICT);
}

Test(signer, nothing_at_or_below_a_floor_but_what_was_restored)
{
    signer_floor(signer, VOTE, 3, 100);
    cr_assert_eq(sign(VOTE, 100, 1), STATUS_CONFLICT);
    cr_assert_eq(sign(VOTE, 50, 1), STATUS_CONFLICT);
    cr_assert_eq(sign(VOTE, 101, 1), STATUS_REFUSED);
    cr_assert_eq(announce(VOTE, 100, 1), STATUS_OK);
    cr_assert_eq(sign(VOTE, 100, 1), STATUS_OK);
    cr_assert_eq(sign(VOTE, 100, 2), STATUS_CONFLICT);
    cr_assert_eq(sign(VOTE, 99, 1), STATUS_CONFLICT);
}

Test(signer, a_floor_never_falls)
{
    uint64_t epoch;
    uint64_t slot;
    cr_assert_not(signer_highest(signer, VOTE, &epoch, &slot));
    signer_floor(signer, VOTE, 3, 100);
    signer_floor(signer, VOTE, 3, 50);
    signer_floor(signer, VOTE, 2, 500);
    cr_assert(signer_highest(signer, VOTE, &epoch, &slot));
    cr_assert_eq(epoch, 3);
    cr_assert_eq(slot, 100);
    announce(VOTE, 99, 1);
    signer_highest(signer, VOTE, &epoch, &slot);
    cr_assert_eq(slot, 100);
    announce(VOTE, 101, 1);
    signer_highest(signer, VOTE, &epoch, &slot);
    cr_assert_eq(slot, 101);
    cr_assert_not(signer_highest(signer, TIMEOUT, &epoch, &slot));
}

Test(signer, refuses_kinds_that_no_engine_has)
{
    static const uint8_t wrong[] = { 0, SIGNER_KIND_SEAL, SIGNER_KINDS, 255 };
    for (size_t i = 0; i < sizeof wrong; i++) {
        cr_assert_eq(announce(wrong[i], 1, 1), STATUS_UNSUPPORTED);
        cr_assert_eq(sign(wrong[i], 1, 1), STATUS_UNSUPPORTED);
    }
}

Test(signer, serves_one_chain_and_one_committee_an_epoch)
{
    announce(VOTE, 10, 1);
    cr_assert_eq(sign(VOTE, 10, 1), STATUS_OK);
    struct domain before = domain;
    domain.chain_id.bytes[0]++;
    cr_assert_eq(sign(VOTE, 10, 1), STATUS_MISMATCH);
    domain = before;
    domain.validators_hash.bytes[0]++;
    cr_assert_eq(sign(VOTE, 10, 1), STATUS_MISMATCH);
    domain = before;
    domain.engine++;
    cr_assert_eq(sign(VOTE, 10, 1), STATUS_MISMATCH);

    domain = before;
    domain.epoch++;
    domain.engine++;
    domain.validators_hash.bytes[0]++;
    announce(VOTE, 1, 1);
    cr_assert_eq(sign(VOTE, 1, 1), STATUS_OK, "a new epoch has a new committee");
    domain.engine++;
    cr_assert_eq(sign(VOTE, 1, 1), STATUS_MISMATCH);
}

static enum status seal(uint64_t height, uint8_t what)
{
    struct digest block_hash = { { what } };
    struct signature signature;
    enum status status =
        signer_sign_seal(signer, &domain.chain_id, domain.epoch, height, &block_hash, &signature);
    if (status == STATUS_OK) {
        uint8_t bytes[SEAL_STATEMENT_BYTES];
        seal_statement_encode(&domain.chain_id, domain.epoch, height, &block_hash, bytes);
        cr_assert(key_verify(&key, TAG_SEAL, span_of(bytes, sizeof bytes), &signature));
    }
    return status;
}

static enum status announce_seal(uint64_t height, uint8_t what)
{
    struct digest block_hash = { { what } };
    return signer_restore_seal(signer, domain.epoch, height, &block_hash);
}

Test(signer, seals_one_block_a_height)
{
    uint64_t epoch;
    uint64_t height;
    cr_assert_eq(seal(7, 1), STATUS_REFUSED);
    cr_assert_eq(announce_seal(7, 1), STATUS_OK);
    cr_assert_eq(seal(7, 1), STATUS_OK);
    cr_assert_eq(seal(7, 2), STATUS_CONFLICT);
    cr_assert_eq(announce_seal(7, 2), STATUS_CONFLICT);
    cr_assert_eq(announce_seal(7, 1), STATUS_OK);
    cr_assert_eq(announce_seal(9, 1), STATUS_OK);
    cr_assert_eq(seal(8, 1), STATUS_CONFLICT);
    signer_floor(signer, SIGNER_KIND_SEAL, domain.epoch, 20);
    cr_assert_eq(seal(20, 1), STATUS_CONFLICT);
    cr_assert_eq(seal(9, 1), STATUS_OK);
    cr_assert(signer_highest(signer, SIGNER_KIND_SEAL, &epoch, &height));
    cr_assert_eq(epoch, domain.epoch);
    cr_assert_eq(height, 20);
}

Test(signer, seals_and_votes_do_not_touch)
{
    cr_assert_eq(announce_seal(7, 1), STATUS_OK);
    cr_assert_eq(announce(VOTE, 7, 2), STATUS_OK);
    cr_assert_eq(seal(7, 1), STATUS_OK);
    cr_assert_eq(sign(VOTE, 7, 2), STATUS_OK);
}

Test(signer, freeing_nothing_is_harmless)
{
    signer_free(NULL);
}
