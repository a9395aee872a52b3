/* P1, one sealed block, and P2, the chain of validator sets that says whose seal it must bear. */
#include "proof/judge.h"

#include "crypto/signer.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- what is established --------------------------------------------------------------------- */

static bool asks_memory(const struct judge *judge)
{
    const struct trust *trust = judge->policy->trust;
    return trust && !judge->evidence && !judge->contradicted;
}

static void note_highest(struct judge *judge, const struct header *header,
                         const struct digest *hash)
{
    struct trust *seen = &judge->verdict->seen;
    if (header->height <= seen->height) return;
    seen->chain_id = header->chain_id;
    seen->height = header->height;
    seen->epoch = header->epoch;
    seen->time_ms = header->time_ms;
    seen->block_hash = *hash;
    seen->history_root = header->history_root;
}

void judge_note_block(struct judge *judge, const struct header *header, const struct digest *hash)
{
    if (header->fault_model == FAULT_CRASH) judge->verdict->crash = true;
    if (!asks_memory(judge)) return;
    judge->contradicted = !trust_fits(judge->policy->trust, header, hash, judge->contradiction);
}

static bool note_boundary(struct judge *judge, const struct header *header,
                          const struct digest *hash)
{
    if (asks_memory(judge))
        judge->contradicted =
            !trust_fits_boundary(judge->policy->trust, header, hash, judge->contradiction);
    judge->status = trust_add_boundary(&judge->verdict->seen, header->height, hash);
    return judge->status == STATUS_OK;
}

/* ---- P1: a sealed block ---------------------------------------------------------------------- */

/* P1.2 and P1.3: the seal speaks of this header. */
static bool seal_names_header(struct judge *judge, const struct header *header,
                              const struct seal_view *seal, const struct digest *hash,
                              const char *what)
{
    if (!digest_equal(&seal->block_hash, hash))
        return judge_fail(judge, CHECK_P1_HASH, "%s: the seal is over another block hash", what);
    if (seal->epoch != header->epoch || seal->height != header->height)
        return judge_fail(judge, CHECK_P1_PLACE,
                          "%s: the seal says epoch %" PRIu64 ", height %" PRIu64
                          ", the header %" PRIu64 ", %" PRIu64,
                          what, seal->epoch, seal->height, header->epoch, header->height);
    return true;
}

/* P1.4 and P1.5: the header names the set of its epoch. */
static bool header_names_set(struct judge *judge, const struct header *header, const char *what)
{
    if (!digest_equal(&judge->set_hash, &header->validators_hash))
        return judge_fail(judge, CHECK_P1_SET,
                          "%s: its validators_hash is not that of the set of epoch %" PRIu64, what,
                          header->epoch);
    if (header->fault_model != (uint8_t)judge->set->fault_model)
        return judge_fail(judge, CHECK_P1_MODEL,
                          "%s: its fault model is not that of its validator set", what);
    return true;
}

/* P1.6 and P1.7: enough signers, each of them counted once. */
static bool seal_has_quorum(struct judge *judge, const struct seal_view *seal, const char *what)
{
    for (uint16_t i = 0; i < seal->count; i++) {
        unsigned validator = seal_view_signature(seal, i).validator;
        if (validator >= judge->set->count)
            return judge_fail(judge, CHECK_P1_SIGNERS, "%s: signer %u of a set of %u", what,
                              validator, judge->set->count);
        if (i > 0 && validator <= seal_view_signature(seal, (uint16_t)(i - 1)).validator)
            return judge_fail(judge, CHECK_P1_SIGNERS, "%s: signer %u is not above the one before",
                              what, validator);
    }
    uint16_t quorum = committee_quorum(judge->set);
    if (seal->count >= quorum) return true;
    return judge_fail(judge, CHECK_P1_QUORUM, "%s: %u of %u signatures, %u are a quorum", what,
                      seal->count, judge->set->count, quorum);
}

/* P1.8. */
static bool seal_is_signed(struct judge *judge, const struct header *header,
                           const struct seal_view *seal, const char *what)
{
    uint8_t statement[SEAL_STATEMENT_BYTES];
    seal_statement_encode(&header->chain_id, seal->epoch, seal->height, &seal->block_hash,
                          statement);
    for (uint16_t i = 0; i < seal->count; i++) {
        struct seal_signature by = seal_view_signature(seal, i);
        if (!verify_cached(judge->policy->cache, &judge->set->validators[by.validator].seal_key,
                           TAG_SEAL, span_of(statement, sizeof statement), &by.signature))
            return judge_fail(judge, CHECK_P1_SIGNATURE,
                              "%s: the signature of validator %u does not verify", what,
                              by.validator);
    }
    return true;
}

static void fill_facts(const struct judge *judge, const struct header *header,
                       const struct seal_view *seal, struct sealed_facts *facts)
{
    *facts = (struct sealed_facts){
        .height = header->height,
        .epoch = header->epoch,
        .time_ms = header->time_ms,
        .hash = seal->block_hash,
        .signatures = seal->count,
        .validators = judge->set->count,
        .quorum = committee_quorum(judge->set),
        .fault_model = header->fault_model,
    };
}

static bool judge_sealed(struct judge *judge, const struct sealed *sealed, const char *what,
                         struct sealed_facts *facts)
{
    const struct header *header = &sealed->header;
    struct seal_view seal = seal_view_of(sealed->seal);
    struct digest hash = header_hash(header);
    if (!seal_names_header(judge, header, &seal, &hash, what)) return false;
    if (!header_names_set(judge, header, what)) return false;
    if (!seal_has_quorum(judge, &seal, what)) return false;
    if (!seal_is_signed(judge, header, &seal, what)) return false;
    fill_facts(judge, header, &seal, facts);
    judge_note_block(judge, header, &hash);
    note_highest(judge, header, &hash);
    return true;
}

/* ---- P2: from set to set --------------------------------------------------------------------- */

/* Where the walk stands: the end of the epoch before, block 0 at first. */
struct place {
    uint64_t epoch;
    uint64_t height, time_ms;
};

/* P2.2: the last block of its epoch. */
static bool boundary_ends_epoch(struct judge *judge, const struct header *header,
                                const struct place *place, const char *what)
{
    if ((header->flags & HEADER_EPOCH_END) == 0)
        return judge_fail(judge, CHECK_P2_BOUNDARY, "%s: epoch_end is not set", what);
    if (header->epoch != place->epoch)
        return judge_fail(judge, CHECK_P2_BOUNDARY, "%s: it is of epoch %" PRIu64, what,
                          header->epoch);
    if (header->height <= place->height || header->time_ms <= place->time_ms)
        return judge_fail(judge, CHECK_P2_BOUNDARY,
                          "%s: height or time is not above that of the one before", what);
    return true;
}

/* A key of the current set was found valid when that set was entered. */
static bool key_is_usable(const struct committee *current, const struct committee *next, uint16_t i)
{
    const struct public_key *key = &next->validators[i].seal_key;
    uint16_t first = committee_find_key(next, key);
    if (first != i) return false; /* twice */
    return committee_find_key(current, key) != VALIDATOR_NONE || key_valid(key);
}

/* What committee_decode demands, but that only new keys are looked at: a point costs as much as a
 * signature. NULL, or what is wrong. */
static const char *set_decode(struct span bytes, const struct committee *current,
                              struct committee *next)
{
    struct reader r = reader_of(bytes);
    next->fault_model = (enum fault_model)read_u8(&r);
    next->engine = (enum engine_kind)read_u8(&r);
    next->count = read_u16(&r);
    ASSERT(next->count >= 1); /* the reader of the file has seen that it fits */
    ASSERT(next->count <= COMMITTEE_MAX);
    if (next->fault_model != FAULT_BYZANTINE && next->fault_model != FAULT_CRASH)
        return "an unknown fault model";
    if (!engine_name(next->engine)) return "an unknown engine";
    for (uint16_t i = 0; i < next->count; i++) {
        struct validator *validator = &next->validators[i];
        read_id(&r, &validator->id);
        read_id(&r, &validator->member);
        read_public_key(&r, &validator->seal_key);
        if (i > 0 && id_compare(&validator[-1].id, &validator->id) >= 0)
            return "validators are not in the order of their ids";
        if (!key_is_usable(current, next, i)) return "a key stands there twice, or is none";
    }
    ASSERT(reader_end(&r) == STATUS_OK);
    return NULL;
}

/* P2.3 and P2.4: its successor's set becomes the current one. */
static bool enter_next_set(struct judge *judge, const struct epoch_item *item, const char *what)
{
    struct committee *next = judge->next_set;
    struct digest hash = digest_of(TAG_VALIDATORS, item->validators);
    if (!digest_equal(&hash, &item->boundary.header.next_validators_hash))
        return judge_fail(judge, CHECK_P2_NEXT, "%s: the set that follows is not the one it names",
                          what);
    const char *problem = set_decode(item->validators, judge->set, next);
    if (problem)
        return judge_fail(judge, CHECK_P2_SET, "%s: the set that follows: %s", what, problem);
    if (next->fault_model == FAULT_BYZANTINE && next->count < 4 &&
        judge->genesis->purpose != PURPOSE_TEST)
        return judge_fail(judge, CHECK_P2_SET,
                          "%s: the set that follows has %u validators, 4 are the least", what,
                          next->count);
    judge->next_set = judge->set;
    judge->set = next;
    judge->set_hash = hash;
    return true;
}

/* P2.5, first half, and P1 of the subjects of this epoch. */
static bool judge_subjects(struct judge *judge, struct subject *subjects, unsigned count,
                           const struct place *place)
{
    for (unsigned i = 0; i < count; i++) {
        struct subject *subject = &subjects[i];
        const struct header *header = &subject->sealed->header;
        if (header->epoch != place->epoch) continue;
        if (header->height <= place->height || header->time_ms <= place->time_ms)
            return judge_fail(judge, CHECK_P2_SUBJECT,
                              "%s: height or time is not above the end of the epoch before",
                              subject->what);
        if (!judge_sealed(judge, subject->sealed, subject->what, subject->facts)) return false;
        subject->done = true;
    }
    return true;
}

/* P2.5, second half: nothing of an epoch lies beyond its end. */
static bool subjects_end_with(struct judge *judge, const struct subject *subjects, unsigned count,
                              const struct header *boundary, const struct digest *hash)
{
    for (unsigned i = 0; i < count; i++) {
        const struct header *header = &subjects[i].sealed->header;
        if (header->epoch != boundary->epoch) continue;
        if (header->height > boundary->height ||
            (header->height == boundary->height && !digest_equal(&subjects[i].facts->hash, hash)))
            return judge_fail(judge, CHECK_P2_SUBJECT, "%s: it is not before the end of its epoch",
                              subjects[i].what);
    }
    return true;
}

static bool judge_item(struct judge *judge, const struct epoch_item *item, struct place *place,
                       const struct subject *subjects, unsigned count)
{
    char what[48];
    struct sealed_facts *facts = &judge->boundary;
    const struct header *header = &item->boundary.header;
    (void)snprintf(what, sizeof what, "the end of epoch %" PRIu64, place->epoch);
    if (!judge_sealed(judge, &item->boundary, what, facts)) return false;
    if (!boundary_ends_epoch(judge, header, place, what)) return false;
    if (!subjects_end_with(judge, subjects, count, header, &facts->hash)) return false;
    if (!enter_next_set(judge, item, what)) return false;
    if (!note_boundary(judge, header, &facts->hash)) return false;
    *place = (struct place){ place->epoch + 1, header->height, header->time_ms };
    return true;
}

static uint64_t highest_epoch(const struct subject *subjects, unsigned count, uint64_t last)
{
    uint64_t highest = count == 0 ? last : 0;
    for (unsigned i = 0; i < count; i++)
        highest = max_u64(highest, subjects[i].sealed->header.epoch);
    return highest;
}

static void begin_with_genesis(struct judge *judge)
{
    *judge->set = judge->genesis->committee;
    judge->set_hash = committee_hash(judge->set);
    judge->verdict->seen.boundary_count = 0;
}

bool judge_chain(struct judge *judge, const struct epoch_chain *chain, struct subject *subjects,
                 unsigned count, uint64_t last)
{
    uint64_t highest = highest_epoch(subjects, count, last);
    if (highest != chain->count)
        return judge_fail(judge, CHECK_P2_SUBJECT,
                          "the chain of validator sets leads to epoch %u, the proof is about epoch "
                          "%" PRIu64,
                          chain->count, highest);
    struct place place = { 0, 0, judge->genesis->time_ms };
    struct epoch_item item;
    begin_with_genesis(judge);
    if (!judge_subjects(judge, subjects, count, &place)) return false;
    for (struct span rest = chain->items; epoch_item_next(&rest, &item);) {
        if (!judge_item(judge, &item, &place, subjects, count)) return false;
        if (!judge_subjects(judge, subjects, count, &place)) return false;
    }
    for (unsigned i = 0; i < count; i++)
        ASSERT(subjects[i].done); /* each has an epoch between 0 and the highest */
    judge->verdict->epochs = chain->count;
    return true;
}
