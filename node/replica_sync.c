#include "node/replica_internal.h"

#include <stdio.h>
#include <stdlib.h>

enum { FETCH_PROPOSAL = 1, FETCH_ANCHOR = 2, SYNC_FAR = 16, FETCH_WAIT_MS = 20, ASKED_MAX = 4 };

/* ---- what we want ---- */

static uint64_t highest_among(const struct replica *r, const struct replica_peer *peers,
                              size_t count)
{
    uint64_t target = r->sealed_height;
    for (size_t i = 0; i < count; i++)
        if (peers[i].up) target = max_u64(target, peers[i].sealed_height);
    return target;
}

/* The highest height that anybody shows. It may be a lie: then the liar is asked, does not deliver,
 * and is believed no more until its next ping. Only when no validator has more than we do are
 * observers looked at: of the epoch that a newcomer begins with, all validators may be gone for
 * good. What they send proves itself. */
static uint64_t highest_shown(const struct replica *r)
{
    uint64_t target = highest_among(r, r->peers, r->config.committee->count);
    if (target > r->sealed_height) return target;
    return highest_among(r, r->peers + COMMITTEE_MAX, OBSERVERS_MAX);
}

static uint16_t observer_next(const struct replica *r, uint16_t after, uint64_t sealed_height)
{
    unsigned last = after >= OBSERVER_FIRST && after != VALIDATOR_NONE ? after - OBSERVER_FIRST : 0;
    for (unsigned i = 1; i <= OBSERVERS_MAX; i++) {
        unsigned slot = (last + i) % OBSERVERS_MAX;
        const struct replica_peer *peer = &r->peers[COMMITTEE_MAX + slot];
        if (peer->up && peer->sealed_height >= sealed_height)
            return (uint16_t)(OBSERVER_FIRST + slot);
    }
    return VALIDATOR_NONE;
}

/* The highest height that more peers show than can lie: what we tell people. */
uint64_t sync_target(const struct replica *r)
{
    uint16_t count = r->config.committee->count;
    uint16_t liars_max = committee_max_faulty(r->config.committee);
    uint64_t target = r->sealed_height;
    for (uint16_t i = 0; i < count; i++) {
        if (!r->peers[i].up || r->peers[i].claimed <= target) continue;
        uint16_t as_high = 0;
        for (uint16_t j = 0; j < count; j++)
            if (r->peers[j].up && r->peers[j].claimed >= r->peers[i].claimed) as_high++;
        if (as_high > liars_max) target = r->peers[i].claimed;
    }
    return target;
}

static void fetch_send(struct replica *r, uint16_t to, uint8_t what, const struct digest *digest,
                       uint64_t index)
{
    struct writer w;
    writer_init(&w, 64);
    write_u8(&w, what);
    write_digest(&w, digest);
    write_u64(&w, index);
    send_frame(r, to, FRAME_FETCH, blob_of_writer(r, &w), true);
}

static void sync_ask(struct replica *r, uint64_t height, uint16_t count)
{
    uint16_t peer = peer_next(r, r->sync.last_peer, height);
    if (peer == VALIDATOR_NONE) peer = observer_next(r, r->sync.last_peer, height);
    struct replica_peer *state = peer_of(r, peer);
    if (!state) return;
    r->sync.waiting = true;
    r->sync.peer = r->sync.last_peer = peer;
    r->sync.asked_height = height;
    r->sync.deadline_ms = r->moment.now_ms + SYNC_TIMEOUT_MS;
    if (state->asked < ASKED_MAX) state->asked++;
    struct writer w;
    writer_init(&w, 16);
    write_u64(&w, height);
    write_u16(&w, count);
    send_frame(r, peer, FRAME_SYNC_REQUEST, blob_of_writer(r, &w), true);
}

/* Behind by a block or two our own decision may be on its way; it gets a moment. Far behind, or
 * standing still, sealed blocks are fetched. */
static void sync_consider(struct replica *r)
{
    uint64_t height = r->head.header.height;
    if (r->sync.diverged_height != 0) {
        sync_ask(r, r->sync.diverged_height, 1);
        return;
    }
    uint64_t target = highest_shown(r);
    bool behind = target > height && r->boundary == 0; /* Behind the last block nothing is ours. */
    bool unsealed = !behind && target > r->sealed_height;
    if (!behind && !unsealed) {
        r->sync.behind_since_ms = 0;
        return;
    }
    if (r->sync.behind_since_ms == 0) r->sync.behind_since_ms = r->moment.now_ms;
    bool patient = r->moment.now_ms < r->sync.behind_since_ms + SYNC_PATIENCE_MS;
    if (patient && target < height + SYNC_FAR) return;
    if (r->executing > 0) return;
    if (behind) {
        sync_ask(r, height + 1, SYNC_BLOCKS_MAX);
        return;
    }
    /* Only seals are missing; one near our head is as good as one on each block below. */
    uint64_t first = r->sealed_height + 1;
    if (height >= first + SYNC_BLOCKS_MAX) first = height - SYNC_BLOCKS_MAX + 1;
    sync_ask(r, first, SYNC_BLOCKS_MAX);
}

/* It has less than it said, or keeps it to itself. */
static void sync_disbelieve(struct replica *r, uint16_t peer)
{
    struct replica_peer *state = peer_of(r, peer);
    if (state) state->sealed_height = min_u64(state->sealed_height, r->sealed_height);
}

/* The header that would have named the field did not come. That a quorum has signed another block
 * is proof enough. */
static void sync_diverged(struct replica *r)
{
    char ours[65] = "unknown";
    struct seal_slot *slot = seal_slot_find(r, r->sync.diverged_height);
    if (slot) hex_encode(digest_span(&slot->hash), ours);
    stop(r, 7,
         "diverged: height %llu: a quorum has signed another block than the one that this node "
         "computed, which has hash %s; no peer has sent its header",
         (unsigned long long)r->sync.diverged_height, ours);
}

static void anchor_consider(struct replica *r)
{
    if (!r->anchor.wanted || r->moment.now_ms < r->anchor.retry_at_ms) return;
    uint16_t peer = peer_next(r, r->anchor.last_peer, 0);
    r->anchor.retry_at_ms = r->moment.now_ms + ANCHOR_RETRY_MS;
    if (peer == VALIDATOR_NONE) return;
    r->anchor.last_peer = peer;
    struct digest none = { 0 };
    fetch_send(r, peer, FETCH_ANCHOR, &none, r->executed_sequence);
}

static void fetch_consider(struct replica *r, struct fetch_state *fetch)
{
    if (!fetch->wanted || r->moment.now_ms < fetch->deadline_ms) return;
    uint16_t peer = peer_next(r, fetch->last_peer, 0);
    fetch->deadline_ms = r->moment.now_ms + FETCH_TIMEOUT_MS;
    if (peer == VALIDATOR_NONE) return;
    fetch->last_peer = peer;
    fetch_send(r, peer, FETCH_PROPOSAL, &fetch->digest, fetch->index);
}

void sync_timer(struct replica *r)
{
    if (!r->started || r->stopped || r->ended) return;
    if (r->sync.diverged_height != 0 && r->moment.now_ms >= r->sync.diverged_until_ms) {
        sync_diverged(r);
        return;
    }
    if (r->sync.waiting && r->moment.now_ms >= r->sync.deadline_ms) {
        r->sync.waiting = false;
        sync_disbelieve(r, r->sync.peer);
    }
    if (!r->sync.waiting && !r->sync.active) sync_consider(r);
    if (!r->sync.active) anchor_consider(r);
    fetch_consider(r, &r->fetch);
    fetch_consider(r, &r->batch_fetch);
}

uint64_t sync_wake_at(const struct replica *r)
{
    uint64_t at = UINT64_MAX;
    if (r->sync.waiting) at = r->sync.deadline_ms;
    if (!r->sync.waiting && !r->sync.active && r->sync.behind_since_ms != 0)
        at = max_u64(r->sync.behind_since_ms, r->moment.now_ms) + SYNC_PATIENCE_MS;
    if (r->sync.diverged_height != 0) at = min_u64(at, r->sync.diverged_until_ms);
    if (r->anchor.wanted) at = min_u64(at, max_u64(r->anchor.retry_at_ms, r->moment.now_ms + 1));
    if (r->fetch.wanted) at = min_u64(at, r->fetch.deadline_ms);
    if (r->batch_fetch.wanted) at = min_u64(at, r->batch_fetch.deadline_ms);
    return at;
}

/* ---- missing proposals ---- */

/* The proposal may be with a worker at this moment: then it gets a few milliseconds before a peer
 * is asked. `to` is the first to ask. */
void fetch_want(struct replica *r, struct fetch_state *fetch, uint16_t to,
                const struct digest *digest, uint64_t index)
{
    if (fetch->wanted && digest_equal(&fetch->digest, digest)) return;
    uint16_t count = r->config.committee->count;
    uint16_t before_first = fetch->last_peer;
    if (to < count) before_first = (uint16_t)((to + count - 1) % count);
    *fetch = (struct fetch_state){
        .wanted = true,
        .digest = *digest,
        .index = index,
        .deadline_ms = r->moment.now_ms + (r->checks > 0 ? FETCH_WAIT_MS : 0),
        .last_peer = before_first,
    };
}

/* What the engine or the ledger waits for may be here already, or have come as a message. */
bool fetch_local(struct replica *r)
{
    bool found = false;
    if (r->batch_fetch.wanted) {
        struct entry *entry = store_find(r, &r->batch_fetch.digest);
        if (entry && entry->batch) {
            r->batch_fetch.wanted = false;
            order_hand_over(r);
            found = true;
        }
    }
    if (r->fetch.wanted) {
        struct entry *entry = store_find(r, &r->fetch.digest);
        if (entry && (entry->batch || entry->decided)) {
            struct proposal proposal = entry->proposal;
            r->fetch.wanted = false;
            engine_fetched(r, &proposal);
            found = true;
        }
    }
    return found;
}

/* What the engine or the ledger has passed by is not wanted any more. */
void fetch_settled(struct replica *r)
{
    if (r->fetch.index != 0 && r->fetch.index <= store_passed(r)) r->fetch.wanted = false;
    if (r->batch_fetch.index <= r->executed_sequence) r->batch_fetch.wanted = false;
}

/* A request is small and the answer large: each peer gets so many in a window. */
static bool serve_allowed(struct replica *r, uint16_t peer, size_t bytes)
{
    struct replica_peer *state = peer_of(r, peer);
    if (!state) return false;
    if (r->moment.now_ms >= state->served_at_ms + SERVE_WINDOW_MS) {
        state->served_at_ms = r->moment.now_ms;
        state->served_bytes = state->served_times = 0;
    }
    state->served_times++;
    state->served_bytes += bytes;
    return state->served_times <= SERVE_TIMES_MAX && state->served_bytes <= SERVE_BYTES_MAX;
}

static void serve_proposal(struct replica *r, uint16_t peer, const struct digest *digest)
{
    struct entry *entry = store_find(r, digest);
    if (!entry || !entry->batch || !serve_allowed(r, peer, entry->batch->size)) return;
    struct writer w;
    writer_init(&w, SIZE_MAX / 2);
    proposal_write(&w, &entry->proposal);
    write_bytes32(&w, blob_span(entry->batch));
    send_frame(r, peer, FRAME_FETCHED, blob_of_writer(r, &w), true);
}

/* The decided proposals from index on, up to the last one that we can prove and that the asker's
 * engine takes in at once; it asks again for what is above. */
static void serve_anchor(struct replica *r, uint16_t peer, uint64_t index)
{
    uint64_t last = r->decided_last;
    if (last < index || !serve_allowed(r, peer, 0)) return;
    if (last - index > DECIDED_MAX) last = index + DECIDED_MAX;
    struct entry *proven = store_decided(r, last);
    while (proven && !proven->proof && last > max_u64(r->decided_first, index))
        proven = store_decided(r, --last);
    if (!proven || !proven->proof) return;
    uint64_t first = min_u64(max_u64(index, r->decided_first), last);
    struct writer w;
    writer_init(&w, SIZE_MAX / 2);
    write_u64(&w, r->config.epoch);
    write_u32(&w, (uint32_t)(last - first + 1));
    for (uint64_t i = first; i <= last; i++) {
        struct entry *entry = store_decided(r, i);
        if (!entry) {
            writer_free(&w);
            return;
        }
        proposal_write(&w, &entry->proposal);
    }
    write_bytes32(&w, blob_span(proven->proof));
    send_frame(r, peer, FRAME_ANCHOR, blob_of_writer(r, &w), true);
}

void fetch_frame(struct replica *r, uint16_t peer, struct span payload)
{
    struct reader reader = reader_of(payload);
    uint8_t what = read_u8(&reader);
    struct digest digest;
    read_digest(&reader, &digest);
    uint64_t index = read_u64(&reader);
    if (reader_end(&reader) != STATUS_OK) return;
    if (what == FETCH_PROPOSAL) serve_proposal(r, peer, &digest);
    if (what == FETCH_ANCHOR) serve_anchor(r, peer, index);
}

/* A proposal proves itself by its digest, and its batch by the batch's: whoever sent it. */
void fetched_frame(struct replica *r, uint16_t peer, struct blob *payload)
{
    (void)peer;
    struct reader reader = reader_of(blob_span(payload));
    struct proposal proposal;
    proposal_read(&reader, &proposal);
    struct span bytes =
        read_bytes32(&reader, (size_t)r->config.params->values[PARAM_batch_bytes_max]);
    if (reader_end(&reader) != STATUS_OK) return;
    struct digest digest = proposal_digest(&proposal);
    bool wanted = (r->fetch.wanted && digest_equal(&digest, &r->fetch.digest)) ||
                  (r->batch_fetch.wanted && digest_equal(&digest, &r->batch_fetch.digest));
    if (!wanted) return;
    struct digest batch_hash = batch_digest(bytes);
    if (!digest_equal(&batch_hash, &proposal.batch)) return;
    struct blob *batch = blob_copy(bytes);
    if (!batch) {
        out_of_memory(r);
        return;
    }
    struct entry *entry = store_add(r, &proposal, &digest, batch, true);
    blob_unref(batch);
    if (entry) store_mark(r, entry);
}

/* ---- sealed blocks ---- */

void sync_request_frame(struct replica *r, uint16_t peer, struct span payload)
{
    struct reader reader = reader_of(payload);
    uint64_t height = read_u64(&reader);
    uint16_t count = read_u16(&reader);
    if (reader_end(&reader) != STATUS_OK || height == 0) return;
    struct output *output = output_push(r, OUTPUT_SERVE_BLOCKS);
    if (!output) return;
    output->peer = peer;
    output->height = height;
    output->count = count < SYNC_BLOCKS_MAX ? count : SYNC_BLOCKS_MAX;
}

/* A sealed block at a height that we have executed: its seal if it is ours, our end if it is not.
 */
static void sync_known_block(struct replica *r, const struct check_block *block)
{
    struct seal_slot *slot = seal_slot_find(r, block->header.height);
    if (!slot || !slot->executed) return;
    if (digest_equal(&slot->hash, &block->hash)) {
        seal_from_sync(r, &block->seal, &block->header);
        return;
    }
    char theirs[80];
    char ours[80];
    const char *field = header_difference(&block->header, &slot->header, theirs, ours);
    stop(r, 7, "diverged: height %llu, field %s: the sealed block says %s, this node computed %s",
         (unsigned long long)block->header.height, field ? field : "hash", theirs, ours);
}

/* An answer is welcome even if it comes late and somebody else has been asked since: on a slow line
 * nothing would ever come in time. One for each request. */
void sync_blocks_frame(struct replica *r, uint16_t peer, struct blob *payload)
{
    struct replica_peer *state = peer_of(r, peer);
    if (!state || state->asked == 0) return;
    state->asked--;
    if (r->sync.peer == peer) r->sync.waiting = false;
    if (!r->sync.active) r->sync.active = check_push(r, CHECK_BLOCKS, peer, 0, payload);
}

static bool sync_execute(struct replica *r, const struct check_block *block)
{
    struct output *output = output_push(r, OUTPUT_EXECUTE_BLOCK);
    struct blob *payload = output ? blob_copy(block->block) : NULL;
    if (!payload) {
        out_of_memory(r);
        return false;
    }
    output->payload = payload;
    output->height = block->header.height;
    r->sync.seals[r->sync.executing++] = block->seal;
    return true;
}

static void sync_finish(struct replica *r)
{
    r->sync.active = false;
    r->sync.discarding = false;
    r->sync.seals_first = 0;
    r->sync.behind_since_ms = 0;
    anchor_need(r);
    r->anchor.retry_at_ms = r->moment.now_ms;
    fetch_settled(r);
    store_prune(r);
    order_hand_over(r);
    sync_timer(r);
}

void sync_blocks_checked(struct replica *r, struct check_job *job)
{
    uint64_t next = r->head.header.height + 1;
    uint64_t sealed = r->sealed_height;
    ASSERT(r->sync.executing == 0);
    r->sync.seals_first = 0;
    r->sync.peer = job->from;
    for (uint16_t i = 0; i < job->blocks_count && !r->stopped; i++) {
        const struct check_block *block = &job->blocks[i];
        if (seal_of_a_twin(r, &block->seal)) return;
        if (block->header.height < next) {
            sync_known_block(r, block);
        } else if (block->header.height == next && r->executing == 0) {
            /* While own decisions are being executed they are faster than a peer's blocks. */
            if (!sync_execute(r, block)) return;
            next++;
        }
    }
    if (r->sync.executing > 0 || r->stopped) return;
    bool of_use = r->sealed_height > sealed || r->executing > 0;
    if (!of_use) sync_disbelieve(r, job->from);
    r->sync.active = false;
    r->sync.behind_since_ms = r->moment.now_ms;
    order_hand_over(r);
}

/* The header and the seal were true, but these transactions do not give that header: they are not
 * those that were sealed, or this node is wrong. A header does not show its transactions before
 * they are executed, so that a liar can do this to us; but not f + 1 peers. */
void sync_block_refused(struct replica *r, const struct problem *problem)
{
    ASSERT(r->sync.executing > 0);
    r->sync.executing--;
    r->sync.seals_first++;
    uint64_t height = r->head.header.height + 1;
    if (!r->sync.discarding) {
        r->sync.discarding = true;
        if (r->sync.refused_height != height) r->sync.refused_from = (struct signer_set){ { 0 } };
        r->sync.refused_height = height;
        if (r->sync.peer < COMMITTEE_MAX) signer_set_add(&r->sync.refused_from, r->sync.peer);
        const char *text = problem ? problem->text : "refused";
        uint16_t liars_max = (uint16_t)(r->config.committee->count - r->quorum);
        if (signer_set_count(&r->sync.refused_from) > liars_max) {
            stop(r, 7, "diverged: %s", text);
            return;
        }
        note(r, "sync_block_refused peer=%u %s; asking another", r->sync.peer, text);
    }
    if (r->sync.executing == 0) sync_finish(r);
}

/* Another peer's block at this height was executed well: the earlier ones had been tampered with.
 */
static void sync_accuse(struct replica *r)
{
    for (uint16_t i = 0; i < r->config.committee->count; i++) {
        if (!signer_set_has(&r->sync.refused_from, i)) continue;
        struct output *output = output_push(r, OUTPUT_PEER_BROKE);
        if (!output) return;
        output->peer = i;
        snprintf(output->text, sizeof output->text,
                 "sealed blocks: the transactions of height %llu are not those that were sealed",
                 (unsigned long long)r->sync.refused_height);
    }
    r->sync.refused_from = (struct signer_set){ { 0 } };
    r->sync.refused_height = 0;
}

void sync_block_executed(struct replica *r, struct execution *execution)
{
    ASSERT(r->sync.executing > 0);
    struct seal *seal = &r->sync.seals[r->sync.seals_first++];
    r->sync.executing--;
    r->executed_sequence = execution->sequence;
    r->handed = max_u64(r->handed, execution->sequence);
    struct replica_peer *peer = peer_of(r, r->sync.peer);
    peer->sealed_height = peer->claimed;
    store_executed_up_to(r, execution->sequence, execution->sequence);
    if (execution->kind == EXECUTION_BLOCK) {
        order_head(r, &execution->header, &execution->hash);
        epoch_executed(r, execution);
        if (execution->header.height == r->sync.refused_height) sync_accuse(r);
        pool_block_executed(r, execution);
        seal_from_sync(r, seal, &execution->header);
        struct output *output = output_push(r, OUTPUT_COMMITTED);
        if (output)
            output->execution = execution;
        else
            execution_free(execution);
    } else {
        execution_free(execution);
    }
    if (r->sync.executing == 0) sync_finish(r);
}

/* ---- anchors ---- */

/* Our own journal may know better than the engine's records, which stand behind the decisions. */
void anchor_from_journal(struct replica *r)
{
    struct entry *last = store_decided(r, r->decided_last);
    bool same = r->engine_status.index_decided == r->decided_last;
    if (!last || !last->proof || r->engine_status.placed || !same) return;
    struct proposal proposal = last->proposal;
    engine_decided(r, &proposal, 1, blob_span(last->proof));
}

/* The ledger has left the engine behind, or the engine does not know the proposal at its place. */
void anchor_need(struct replica *r)
{
    r->anchor.wanted =
        r->executed_sequence > r->engine_status.index_decided || !r->engine_status.placed;
}

void anchor_checked(struct replica *r, struct check_job *job)
{
    if (job->status != STATUS_OK || !r->anchor.wanted || r->sync.active || r->executing > 0) return;
    const struct proposal *first = &job->proposals[0];
    const struct proposal *last = &job->proposals[job->proposals_count - 1];
    if (first->index > r->executed_sequence + 1 || last->index < r->executed_sequence) return;
    if (last->index - r->executed_sequence > DECIDED_MAX) return;
    engine_decided(r, job->proposals, job->proposals_count, job->proof);
    anchor_need(r);
    fetch_settled(r);
}
