#include "format/seal.h"

#include "crypto/signer.h"

enum { SEAL_HEAD_BYTES = 50, SEAL_ITEM_BYTES = 66 };

_Static_assert(SEAL_HEAD_BYTES == 8 + 8 + sizeof(struct digest) + 2, "the layout in seal.h");
_Static_assert(SEAL_ITEM_BYTES == 2 + sizeof(struct signature), "the layout in seal.h");
_Static_assert(SEAL_BYTES_MAX == SEAL_HEAD_BYTES + SEAL_ITEM_BYTES * COMMITTEE_MAX,
               "one signature of each validator");
_Static_assert(SEAL_VOTE_BYTES == 8 + 8 + sizeof(struct digest) + SEAL_ITEM_BYTES,
               "the layout in seal.h");

static void write_item(struct writer *w, const struct seal_signature *item)
{
    write_u16(w, item->validator);
    write_signature(w, &item->signature);
}

static void read_item(struct reader *r, struct seal_signature *item)
{
    item->validator = read_u16(r);
    read_signature(r, &item->signature);
}

/* A validator that stood twice would count twice. */
static bool ascending(const struct seal *seal)
{
    for (unsigned i = 1; i < seal->count; i++)
        if (seal->signatures[i - 1].validator >= seal->signatures[i].validator) return false;
    return true;
}

void seal_write(struct writer *w, const struct seal *seal)
{
    ASSERT(seal->count <= COMMITTEE_MAX);
    ASSERT(ascending(seal));
    write_u64(w, seal->epoch);
    write_u64(w, seal->height);
    write_digest(w, &seal->block_hash);
    write_u16(w, seal->count);
    for (unsigned i = 0; i < seal->count; i++)
        write_item(w, &seal->signatures[i]);
}

void seal_read(struct reader *r, struct seal *seal)
{
    seal->epoch = read_u64(r);
    seal->height = read_u64(r);
    read_digest(r, &seal->block_hash);
    seal->count = read_u16(r);
    if (seal->count > COMMITTEE_MAX) reader_fail(r, STATUS_TOO_LARGE);
    if (reader_status(r) != STATUS_OK) seal->count = 0;
    for (unsigned i = 0; i < seal->count; i++)
        read_item(r, &seal->signatures[i]);
    if (reader_status(r) == STATUS_OK && !ascending(seal)) reader_fail(r, STATUS_MALFORMED);
    if (reader_status(r) != STATUS_OK) seal->count = 0;
}

/* Checks 3 to 5 of P1: the seal speaks of this header, and the set is the one the header names. */
static enum status check_subject(const struct seal *seal, const struct header *header,
                                 const struct committee *committee)
{
    struct digest block_hash = header_hash(header);
    if (seal->epoch != header->epoch || seal->height != header->height) return STATUS_MISMATCH;
    if (!digest_equal(&seal->block_hash, &block_hash)) return STATUS_MISMATCH;
    struct digest validators_hash = committee_hash(committee);
    if (!digest_equal(&validators_hash, &header->validators_hash)) return STATUS_MISMATCH;
    if ((unsigned)committee->fault_model != header->fault_model) return STATUS_MISMATCH;
    return STATUS_OK;
}

enum status seal_check(const struct seal *seal, const struct header *header,
                       const struct committee *committee, struct verify_cache *cache,
                       uint16_t *signer)
{
    enum status status = check_subject(seal, header, committee);
    if (status != STATUS_OK) return status;
    if (seal->count > COMMITTEE_MAX || !ascending(seal)) return STATUS_MALFORMED;
    for (unsigned i = 0; i < seal->count; i++) {
        if (seal->signatures[i].validator < committee->count) continue;
        if (signer) *signer = seal->signatures[i].validator;
        return STATUS_NOT_MEMBER;
    }
    if (seal->count < committee_quorum(committee)) return STATUS_NO_QUORUM;

    uint8_t statement[SEAL_STATEMENT_BYTES];
    seal_statement_encode(&header->chain_id, seal->epoch, seal->height, &seal->block_hash,
                          statement);
    for (unsigned i = 0; i < seal->count; i++) {
        const struct seal_signature *by = &seal->signatures[i];
        if (verify_cached(cache, &committee->validators[by->validator].seal_key, TAG_SEAL,
                          span_of(statement, sizeof statement), &by->signature))
            continue;
        if (signer) *signer = by->validator;
        return STATUS_BAD_SIGNATURE;
    }
    return STATUS_OK;
}

void seal_vote_write(struct writer *w, const struct seal_vote *vote)
{
    write_u64(w, vote->epoch);
    write_u64(w, vote->height);
    write_digest(w, &vote->block_hash);
    write_item(w, &vote->by);
}

void seal_vote_read(struct reader *r, struct seal_vote *vote)
{
    vote->epoch = read_u64(r);
    vote->height = read_u64(r);
    read_digest(r, &vote->block_hash);
    read_item(r, &vote->by);
}

void seal_pair_write(struct writer *w, const struct seal_pair *pair)
{
    ASSERT(pair->first.by.validator == pair->second.by.validator);
    ASSERT(digest_compare(&pair->first.block_hash, &pair->second.block_hash) < 0);
    write_u64(w, pair->first.epoch);
    write_u64(w, pair->first.height);
    write_u16(w, pair->first.by.validator);
    write_digest(w, &pair->first.block_hash);
    write_digest(w, &pair->second.block_hash);
    write_signature(w, &pair->first.by.signature);
    write_signature(w, &pair->second.by.signature);
}

enum status seal_vote_check(const struct seal_vote *vote, const struct digest *chain_id,
                            const struct committee *committee, struct verify_cache *cache)
{
    if (vote->by.validator >= committee->count) return STATUS_NOT_MEMBER;
    uint8_t statement[SEAL_STATEMENT_BYTES];
    seal_statement_encode(chain_id, vote->epoch, vote->height, &vote->block_hash, statement);
    bool valid = verify_cached(cache, &committee->validators[vote->by.validator].seal_key, TAG_SEAL,
                               span_of(statement, sizeof statement), &vote->by.signature);
    return valid ? STATUS_OK : STATUS_BAD_SIGNATURE;
}
