#include "node/replica_internal.h"

#include <stdlib.h>

enum { SEAL_RESEND_HEIGHTS = 64, SEAL_LATE_MS = 200, SEAL_HOLE_TIMES = 8 };

_Static_assert((int)SEAL_RESEND_HEIGHTS <= (int)SEAL_VOTES_MAX, "one frame");

/* The votes of all slots are one block of memory: there are hundreds of slots, and few nodes ever
 * use more than some of them. */
enum status seals_init(struct replica *r)
{
    size_t count = r->config.committee->count;
    r->slots_count = SEALED_KEEP + 4 * (uint32_t)r->config.params->values[PARAM_unsealed_max] + 64;
    r->slots = calloc(r->slots_count, sizeof *r->slots);
    r->seal_promises = calloc(r->slots_count, sizeof *r->seal_promises);
    r->slots_votes = malloc(r->slots_count * count * sizeof *r->slots_votes);
    r->slots_have = calloc(r->slots_count * count, sizeof *r->slots_have);
    if (!r->slots || !r->seal_promises || !r->slots_votes || !r->slots_have)
        return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < r->slots_count; i++) {
        r->slots[i].votes = r->slots_votes + i * count;
        r->slots[i].have = r->slots_have + i * count;
    }
    return STATUS_OK;
}

void seals_free(struct replica *r)
{
    free(r->slots_have);
    free(r->slots_votes);
    free(r->slots);
    free(r->seal_promises);
}

struct seal_promise *seal_promise_find(const struct replica *r, uint64_t height)
{
    struct seal_promise *promise = &r->seal_promises[height % r->slots_count];
    return height > 0 && promise->height == height ? promise : NULL;
}

/* The ring keeps the promises that can still matter: the newest. */
void seal_promise_keep(struct replica *r, uint64_t height, uint64_t sequence,
                       const struct digest *hash)
{
    struct seal_promise *promise = &r->seal_promises[height % r->slots_count];
    if (promise->height > height) return;
    *promise = (struct seal_promise){ height, sequence, *hash };
}

struct seal_slot *seal_slot_find(const struct replica *r, uint64_t height)
{
    struct seal_slot *slot = &r->slots[height % r->slots_count];
    return height > 0 && slot->height == height ? slot : NULL;
}

static void slot_reset(const struct replica *r, struct seal_slot *slot, uint64_t height)
{
    struct seal_vote *votes = slot->votes;
    bool *have = slot->have;
    memset(have, 0, r->config.committee->count * sizeof *have);
    *slot = (struct seal_slot){ .height = height, .votes = votes, .have = have };
}

/* The slot of a height, made if it lies in the window that we gather for; else NULL. When sealing
 * stalls so long that the ring is shorter than the window the newest heights win: a seal on one of
 * them covers all below. */
struct seal_slot *seal_slot_of(struct replica *r, uint64_t height)
{
    uint64_t low = r->sealed_height > SEALED_KEEP ? r->sealed_height - SEALED_KEEP : 0;
    uint64_t high = r->head.header.height + 2 * r->config.params->values[PARAM_unsealed_max];
    if (height <= low || height > high) return NULL;
    struct seal_slot *slot = &r->slots[height % r->slots_count];
    if (slot->height > height) return NULL;
    if (slot->height < height) slot_reset(r, slot, height);
    return slot;
}

bool seal_exhausted(const struct replica *r, uint32_t times)
{
    uint64_t most = times * r->config.params->values[PARAM_unsealed_max];
    return r->entries_count > most && store_unsealed(r) > most; /* It is asked at every step. */
}

/* The signatures on our hash, in the order of the validators. */
void seal_of_slot(const struct replica *r, const struct seal_slot *slot, struct seal *seal)
{
    memset(seal, 0, sizeof *seal);
    seal->epoch = slot->header.epoch;
    seal->height = slot->height;
    seal->block_hash = slot->hash;
    for (uint16_t i = 0; i < r->config.committee->count; i++)
        if (slot->have[i] && digest_equal(&slot->votes[i].block_hash, &slot->hash))
            seal->signatures[seal->count++] = slot->votes[i].by;
}

static void seal_store(struct replica *r, struct seal_slot *slot)
{
    struct seal *seal = malloc(sizeof *seal);
    struct output *output = seal ? output_push(r, OUTPUT_SEALED) : NULL;
    if (!output) {
        free(seal);
        out_of_memory(r);
        return;
    }
    seal_of_slot(r, slot, seal);
    output->seal = seal;
    output->height = slot->height;
    slot->late = false;
}

static void seal_journal(struct replica *r, const struct seal_slot *slot)
{
    struct seal *seal = malloc(sizeof *seal);
    if (!seal) {
        out_of_memory(r);
        return;
    }
    seal_of_slot(r, slot, seal);
    struct writer w;
    writer_init(&w, SEAL_BYTES_MAX);
    seal_write(&w, seal);
    append_record(r, JOURNAL_SEAL, blob_of_writer(r, &w));
    free(seal);
}

/* A block below a sealed one is sealed with it. Still it is good to have its own, for receipts: so
 * its votes are repeated for a while. */
static void seal_look_for_holes(struct replica *r, uint64_t height)
{
    if (height == r->sealed_height + 1 || r->sealed_height == 0) return;
    r->seal_holes = SEAL_HOLE_TIMES;
    if (r->seal_resend_ms < r->moment.now_ms) r->seal_resend_ms = r->moment.now_ms + SEAL_RESEND_MS;
}

static void seal_complete(struct replica *r, struct seal_slot *slot)
{
    slot->sealed = true;
    if (slot->height > r->sealed_height) {
        seal_look_for_holes(r, slot->height);
        r->sealed_height = slot->height;
        r->sealed_sequence = slot->header.sequence;
        seal_journal(r, slot);
        store_prune(r);
    }
    seal_store(r, slot);
}

static uint16_t votes_for(const struct replica *r, const struct seal_slot *slot,
                          const struct digest *hash)
{
    uint16_t count = 0;
    for (uint16_t i = 0; i < r->config.committee->count; i++)
        if (slot->have[i] && digest_equal(&slot->votes[i].block_hash, hash)) count++;
    return count;
}

/* A quorum has signed a block that we have not: its signers are the ones to ask for it. */
static void signers_hold(struct replica *r, const struct seal_slot *slot)
{
    for (uint16_t i = 0; i < r->config.committee->count; i++) {
        if (!slot->have[i] || votes_for(r, slot, &slot->votes[i].block_hash) < r->quorum) continue;
        r->peers[i].sealed_height = max_u64(r->peers[i].sealed_height, slot->height);
    }
}

/* A quorum signed another block at a height that we have executed: we are wrong. Its header is
 * asked for, so that the report can name the field, before the node stops. */
static void seal_diverged(struct replica *r, const struct seal_slot *slot)
{
    if (r->sync.diverged_height != 0) return;
    r->sync.diverged_height = slot->height;
    r->sync.diverged_until_ms = r->moment.now_ms + DIVERGED_WAIT_MS;
    note(r, "seal_conflict height=%llu a quorum has signed another block; asking for its header",
         (unsigned long long)slot->height);
    signers_hold(r, slot);
    sync_timer(r);
}

/* A quorum has signed a block that we have not executed: we lag. */
static void seal_ahead(struct replica *r, const struct seal_slot *slot)
{
    signers_hold(r, slot);
    sync_timer(r);
}

static void seal_count(struct replica *r, struct seal_slot *slot)
{
    if (!slot->executed) {
        uint16_t liars_max = committee_max_faulty(r->config.committee);
        if (slot->count > liars_max) r->seen_height = max_u64(r->seen_height, slot->height);
        if (slot->count >= r->quorum) seal_ahead(r, slot);
        return;
    }
    if (!r->started) return; /* What the journal holds is counted by seal_known. */
    if (!slot->sealed && votes_for(r, slot, &slot->hash) >= r->quorum) seal_complete(r, slot);
    for (uint16_t i = 0; i < r->config.committee->count && !slot->sealed; i++) {
        if (!slot->have[i] || digest_equal(&slot->votes[i].block_hash, &slot->hash)) continue;
        if (votes_for(r, slot, &slot->votes[i].block_hash) >= r->quorum) {
            seal_diverged(r, slot);
            return;
        }
    }
}

/* A second signature of one validator for a height, for another hash: evidence against it. Still it
 * counts if it agrees with us and the first did not, or a liar who tells each member something else
 * first could keep one of them without a seal that all the others have. */
static void seal_conflict(struct replica *r, struct seal_slot *slot, const struct seal_vote *vote)
{
    uint16_t validator = vote->by.validator;
    r->conflicts++;
    if (!r->conflict_noted)
        note(r, "seal_conflict height=%llu validator=%u signed two blocks",
             (unsigned long long)vote->height, validator);
    r->conflict_noted = true;
    evidence_keep(r, &slot->votes[validator], vote);
    if (!slot->executed || !digest_equal(&vote->block_hash, &slot->hash)) return;
    slot->votes[validator] = *vote;
    if (!slot->sealed) seal_count(r, slot);
}

/* The first signature of a validator for a height counts. */
void seal_add(struct replica *r, const struct seal_vote *vote)
{
    if (vote->epoch != r->config.epoch) return;
    uint16_t validator = vote->by.validator;
    struct seal_slot *slot = seal_slot_of(r, vote->height);
    if (!slot || validator >= r->config.committee->count) return;
    if (slot->have[validator]) {
        if (!digest_equal(&slot->votes[validator].block_hash, &vote->block_hash))
            seal_conflict(r, slot, vote);
        return;
    }
    slot->have[validator] = true;
    slot->votes[validator] = *vote;
    slot->count++;
    if (slot->executed && !digest_equal(&vote->block_hash, &slot->hash))
        note(r, "seal_differs height=%llu validator=%u signed another block than ours",
             (unsigned long long)vote->height, validator);
    if (slot->sealed) {
        slot->late = true;
        if (r->seal_late_ms == 0) r->seal_late_ms = r->moment.now_ms + SEAL_LATE_MS;
        return;
    }
    seal_count(r, slot);
}

static void votes_frame_begin(struct writer *w, uint16_t count)
{
    writer_init(w, 2 + (size_t)SEAL_VOTE_BYTES * count);
    write_u16(w, count);
}

/* Our signature of a block, unless we once signed another one there: then only a quorum for the new
 * hash, against us, lets us go on (replica_doubt.c), and still we sign nothing there. */
static void seal_sign(struct replica *r, struct seal_slot *slot)
{
    if (!r->config.signer) return;
    const struct seal_promise *promise = seal_promise_find(r, slot->height);
    if (promise && !digest_equal(&promise->hash, &slot->hash)) {
        if (votes_for(r, slot, &slot->hash) < r->quorum) doubt_begin(r, slot, promise);
        return;
    }
    if (r->doubt.height != 0) return; /* It stands on a block in doubt; seal_known signs it then. */
    uint64_t epoch;
    uint64_t height;
    bool before = replica_promised(r, SIGNER_KIND_SEAL, &epoch, &height);
    if (!promise && before && slot->height <= height) return;
    if (signer_restore_seal(r->config.signer, r->config.epoch, slot->height, &slot->hash) !=
        STATUS_OK)
        return; /* Below what the safety file remembers: promised, but what is forgotten. */
    if (!promise) {
        struct writer record;
        writer_init(&record, 64);
        write_u64(&record, r->config.epoch);
        write_u64(&record, slot->height);
        write_u64(&record, slot->header.sequence);
        write_digest(&record, &slot->hash);
        append_record(r, JOURNAL_EXECUTED, blob_of_writer(r, &record));
        seal_promise_keep(r, slot->height, slot->header.sequence, &slot->hash);
        promise_remember(r, SIGNER_KIND_SEAL, r->config.epoch, slot->height);
    }
    struct seal_vote vote = { .epoch = r->config.epoch,
                              .height = slot->height,
                              .block_hash = slot->hash,
                              .by.validator = r->config.self };
    enum status status = signer_sign_seal(r->config.signer, &r->context.chain_id, r->config.epoch,
                                          slot->height, &slot->hash, &vote.by.signature);
    ASSERT(status == STATUS_OK);
    struct writer w;
    votes_frame_begin(&w, 1);
    seal_vote_write(&w, &vote);
    send_gated(r, NODE_ALL, FRAME_SEAL_VOTES, blob_of_writer(r, &w), false);
}

static struct seal_slot *slot_executed(struct replica *r, const struct header *header,
                                       const struct digest *hash)
{
    struct seal_slot *slot = seal_slot_of(r, header->height);
    if (!slot) return NULL;
    slot->executed = true;
    slot->header = *header;
    slot->hash = *hash;
    return slot;
}

void seal_executed(struct replica *r, const struct header *header, const struct digest *hash)
{
    struct seal_slot *slot = slot_executed(r, header, hash);
    if (!slot) return;
    seal_sign(r, slot);
    if (!r->stopped) seal_count(r, slot);
    if (r->seal_resend_ms < r->moment.now_ms) r->seal_resend_ms = r->moment.now_ms + SEAL_RESEND_MS;
}

void replica_known_block(struct replica *r, const struct header *header, const struct digest *hash)
{
    ASSERT(!r->started);
    slot_executed(r, header, hash);
}

/* After a restart: what was executed but not sealed is signed again, with the same bytes. */
void seal_known(struct replica *r)
{
    for (uint64_t height = r->sealed_height + 1; height <= r->head.header.height; height++) {
        struct seal_slot *slot = seal_slot_find(r, height);
        if (!slot || !slot->executed || r->stopped) continue;
        seal_sign(r, slot);
        if (!r->stopped) seal_count(r, slot);
    }
}

/* A block that came with its seal, already checked. */
void seal_from_sync(struct replica *r, const struct seal *seal, const struct header *header)
{
    struct seal_slot *slot = slot_executed(r, header, &seal->block_hash);
    if (!slot) return;
    for (uint16_t i = 0; i < seal->count; i++) {
        struct seal_vote vote = { seal->epoch, seal->height, seal->block_hash,
                                  seal->signatures[i] };
        seal_add(r, &vote);
    }
    seal_count(r, slot); /* The signatures may have been here before the block was executed. */
}

/* Our own signature is durable and on its way: it counts. */
void seal_own_released(struct replica *r, struct blob *payload)
{
    struct reader reader = reader_of(blob_span(payload));
    uint16_t count = read_u16(&reader);
    for (uint16_t i = 0; i < count; i++) {
        struct seal_vote vote;
        seal_vote_read(&reader, &vote);
        ASSERT(reader_status(&reader) == STATUS_OK);
        seal_add(r, &vote);
    }
}

static void send_votes(struct replica *r, uint16_t to, const struct seal_vote *votes,
                       uint16_t count)
{
    struct writer w;
    votes_frame_begin(&w, count);
    for (uint16_t i = 0; i < count; i++)
        seal_vote_write(&w, &votes[i]);
    send_frame(r, to, FRAME_SEAL_VOTES, blob_of_writer(r, &w), true);
}

/* Somebody repeats a signature of a block that we have sealed: it lacks the others. */
static void seal_help(struct replica *r, uint16_t peer, uint64_t height)
{
    struct replica_peer *state = peer_of(r, peer);
    struct seal_slot *slot = seal_slot_find(r, height);
    if (!state || !slot || !slot->sealed) return;
    if (state->helped_at_ms + SEAL_RESEND_MS / 8 > r->moment.now_ms) return;
    state->helped_at_ms = r->moment.now_ms;
    struct seal_vote votes[SEAL_VOTES_MAX];
    uint16_t count = 0;
    for (uint16_t i = 0; i < r->config.committee->count && count < SEAL_VOTES_MAX; i++)
        if (slot->have[i]) votes[count++] = slot->votes[i];
    if (count > 0) send_votes(r, peer, votes, count);
}

/* Who lacks a seal repeats its own signatures. Who helps sends those of a quorum, its own among
 * them, and must not be helped in turn, or two nodes that have everything would talk for ever. */
static bool asks_for_help(const struct check_job *job)
{
    for (uint16_t i = 0; i < job->votes_count; i++)
        if (job->votes[i].by.validator != job->from) return false;
    return true;
}

void seal_votes_checked(struct replica *r, struct check_job *job)
{
    bool asks = asks_for_help(job);
    for (uint16_t i = 0; i < job->votes_count && !r->stopped; i++) {
        const struct seal_vote *vote = &job->votes[i];
        struct seal_slot *slot = seal_slot_find(r, vote->height);
        if (seal_vote_of_a_twin(r, vote)) return;
        bool repeated = asks && slot && slot->have[job->from];
        if (repeated)
            seal_help(r, job->from, vote->height);
        else
            seal_add(r, vote);
    }
}

static void seal_flush_late(struct replica *r)
{
    r->seal_late_ms = 0;
    uint64_t low = r->sealed_height > SEALED_KEEP ? r->sealed_height - SEALED_KEEP : 0;
    for (uint64_t height = r->sealed_height; height > low; height--) {
        struct seal_slot *slot = seal_slot_find(r, height);
        if (slot && slot->late) seal_store(r, slot);
    }
}

/* Repeats what the others may have lost, while something executed is not sealed: the newest first,
 * for a seal on one of them covers what is below. */
static void seal_resend(struct replica *r)
{
    r->seal_resend_ms = r->moment.now_ms + SEAL_RESEND_MS;
    uint64_t low = r->sealed_height;
    if (r->seal_holes > 0) {
        r->seal_holes--;
        low -= min_u64(low, SEALED_KEEP);
    }
    if (r->config.self == VALIDATOR_NONE) return;
    struct seal_vote votes[SEAL_RESEND_HEIGHTS];
    uint16_t count = 0;
    for (uint64_t height = r->head.header.height; height > low && count < SEAL_RESEND_HEIGHTS;
         height--) {
        struct seal_slot *slot = seal_slot_find(r, height);
        if (slot && !slot->sealed && slot->have[r->config.self])
            votes[count++] = slot->votes[r->config.self];
    }
    if (count > 0) send_votes(r, NODE_ALL, votes, count);
}

static bool seals_missing(const struct replica *r)
{
    return r->head.header.height > r->sealed_height || r->seal_holes > 0;
}

/* Did the batch of this sequence make one of the blocks that we know? */
bool seal_made_block(const struct replica *r, uint64_t sequence)
{
    for (uint32_t i = 0; i < r->slots_count; i++)
        if (r->slots[i].executed && r->slots[i].header.sequence == sequence) return true;
    return false;
}

void seal_timer(struct replica *r)
{
    doubt_timer(r);
    if (r->stopped) return;
    if (r->seal_late_ms != 0 && r->moment.now_ms >= r->seal_late_ms) seal_flush_late(r);
    if (seals_missing(r) && r->moment.now_ms >= r->seal_resend_ms) seal_resend(r);
}

uint64_t seal_wake_at(const struct replica *r)
{
    uint64_t at = doubt_wake_at(r);
    if (r->seal_late_ms != 0) at = min_u64(at, r->seal_late_ms);
    return seals_missing(r) ? min_u64(at, r->seal_resend_ms) : at;
}

bool replica_seal_votes(const struct replica *r, uint64_t height, struct seal *seal)
{
    struct seal_slot *slot = seal_slot_find(r, height);
    if (!slot || !slot->executed) return false;
    seal_of_slot(r, slot, seal);
    return true;
}
