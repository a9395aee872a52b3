/* Replication and commit: figure 3.1, AppendEntries. */
#include "consensus/raft.h"

enum {
    DELIVERED_MAX = 256,               /* COMMITs of a step */
    EFFECTS_KEPT = DELIVERED_MAX + 32, /* room for them, and for what else a step says */
};

/* ---- the leader sends ---- */

static bool has_room(const struct effects *out)
{
    return out->count + EFFECTS_KEPT < EFFECTS_MAX;
}

/* Early: that a leader sends an entry promises nothing about its own disk; its own ACK does, and it
 * comes through the queue (10.2.1). */
static void send_append(struct raft *r, uint16_t to, const struct log_entry *entry,
                        struct effects *out)
{
    uint64_t before = entry ? entry->proposal.index - 1 : r->progress[to].next - 1;
    struct append append = { .before_view = log_view(&r->log, before),
                             .commit = r->commit,
                             .round = r->round,
                             .has_entry = entry != NULL };
    if (entry) append.entry = *entry;
    struct statement statement = { .kind = APPEND,
                                   .view = r->term,
                                   .index = before,
                                   .digest = entry ? entry->digest : *log_digest(&r->log, before) };
    struct writer w;
    effects_write_begin(out, &w);
    append_write(&w, &append);
    struct span attachment = effects_write_end(out, &w);
    bool batch = entry && !entry->has_members;
    emit_send(out, EFFECT_SEND_EARLY, to, &statement, attachment,
              batch ? &entry->proposal.batch : NULL);
}

/* A follower that answers is sent what it lacks, some entries ahead of its answers, as if they
 * arrived; a refusal takes that back. One that does not is asked once a heartbeat. */
static void replicate(struct raft *r, uint16_t to, struct effects *out)
{
    struct progress *progress = &r->progress[to];
    if (!is_followed(r, to)) return;
    progress->next = max_u64(progress->next, r->log.base.index + 1);
    if (!progress->streaming) {
        if (progress->probed || !has_room(out)) return;
        progress->probed = true;
        bool lacks = progress->next <= r->log.last;
        send_append(r, to, lacks ? log_at(&r->log, progress->next) : NULL, out);
        return;
    }
    while (progress->next <= r->log.last && progress->next <= progress->match + IN_FLIGHT_MAX &&
           has_room(out))
        send_append(r, to, log_at(&r->log, progress->next++), out);
}

void replicate_all(struct raft *r, struct effects *out)
{
    for (uint16_t i = 0; i < r->config.committee->count; i++)
        replicate(r, i, out);
}

/* Through the queue: when it comes back, all that stands in our log now is durable. */
static void acknowledge_to_self(struct raft *r, struct effects *out)
{
    struct statement ack = { .kind = ACK, .view = r->term, .index = r->log.last, .aux = r->round };
    emit_send(out, EFFECT_SEND, r->config.self, &ack, span_of(NULL, 0), NULL);
}

void heartbeat(struct raft *r, struct effects *out)
{
    r->round++;
    r->round_sent_ms[r->round % ROUNDS_MAX] = r->now_ms;
    r->deadline_ms = r->now_ms + r->heartbeat_ms;
    for (uint16_t i = 0; i < r->config.committee->count; i++) {
        if (!is_followed(r, i) || !has_room(out)) continue;
        r->progress[i].next = max_u64(r->progress[i].next, r->log.base.index + 1);
        r->progress[i].probed = true;
        send_append(r, i, NULL, out);
    }
    acknowledge_to_self(r, out);
}

/* Our own disk counts as well: a leader that cannot write decides nothing, if others cannot help.
 */
static bool must_step_down(const struct raft *r)
{
    const struct members *members = log_members(&r->log);
    struct signer_set ourselves = { { 0 } };
    signer_set_add(&ourselves, r->config.self);
    if (is_quorum(members, &ourselves)) return false; /* There is nobody else to lead. */
    bool settled = r->now_ms >= r->led_since_ms + r->election_ms_min;
    bool stalled = r->now_ms >= r->progress[r->config.self].heard_ms + r->election_ms_max;
    return stalled || (settled && !quorum_heard(r, r->now_ms - r->election_ms_min));
}

void on_heartbeat_due(struct raft *r, struct effects *out)
{
    if (must_step_down(r)) {
        emit_note(out, "no quorum answers: step down");
        become_follower(r, r->term, VALIDATOR_NONE, out);
        return;
    }
    heartbeat(r, out);
    transfer_advance(r, out);
}

void persist_entry(const struct log_entry *entry, struct effects *out)
{
    struct writer w;
    effects_write_begin(out, &w);
    record_write_entry(&w, entry);
    emit_persist(out, effects_write_end(out, &w), NULL,
                 entry->has_members ? NULL : &entry->proposal);
}

void append_own(struct raft *r, const struct log_entry *entry, struct effects *out)
{
    ASSERT(r->role == LEADER);
    ASSERT(entry->proposal.index == r->log.last + 1); /* leader append-only */
    log_put(&r->log, entry);
    persist_entry(entry, out);
    replicate_all(r, out);
    acknowledge_to_self(r, out);
}

/* ---- the leader hears ---- */

/* Figure 3.1, leaders: an entry of the own term that a quorum holds is committed, and with it all
 * before it; entries of earlier terms by themselves never (3.6.2, figure 3.7). */
static void advance_commit(struct raft *r, struct effects *out)
{
    uint64_t index = quorum_match(r);
    if (index <= r->commit || log_view(&r->log, index) != r->term) return;
    commit_up_to(r, index, out);
    members_committed(r, out);
    if (r->role != LEADER) return;
    for (uint16_t i = 0; i < r->config.committee->count; i++) {
        bool idle = r->progress[i].streaming && r->progress[i].next > r->log.last;
        if (idle && is_followed(r, i) && has_room(out)) send_append(r, i, NULL, out);
    }
}

void on_ack(struct raft *r, uint16_t from, const struct statement *statement, struct effects *out)
{
    if (r->role != LEADER || statement->view != r->term || statement->index > r->log.last) return;
    struct progress *progress = &r->progress[from];
    progress->heard_ms = r->now_ms;
    progress->round = max_u64(progress->round, min_u64(statement->aux, r->round));
    progress->match = max_u64(progress->match, statement->index);
    progress->next = max_u64(progress->next, progress->match + 1);
    progress->streaming = true;
    progress->probed = false;
    advance_commit(r, out);
    if (r->role != LEADER) return;
    replicate(r, from, out);
    reads_advance(r, out);
    transfer_advance(r, out);
}

/* Where the follower's log may agree with ours: not above its end, and past the whole term in which
 * they differ (3.5, the faster way back). Never below what it has acknowledged. */
static uint64_t back_up(const struct raft *r, const struct progress *progress, uint64_t before,
                        const struct refusal *refusal)
{
    uint64_t floor = max_u64(progress->match, r->log.base.index);
    uint64_t index = min_u64(before - 1, refusal->last);
    index = min_u64(index, r->log.last);
    if (index <= floor) return floor;
    if (refusal->conflict_view == 0) return index;
    while (index > floor && log_view(&r->log, index) > refusal->conflict_view)
        index--;
    if (index > floor && log_view(&r->log, index) < refusal->conflict_view &&
        refusal->conflict_first > 0)
        index = min_u64(index, refusal->conflict_first - 1);
    return max_u64(index, floor);
}

void on_append_refusal(struct raft *r, uint16_t from, const struct message *message,
                       struct effects *out)
{
    const struct statement *statement = &message->statement;
    struct refusal refusal;
    enum status status = refusal_read(message->attachment, &refusal);
    ASSERT(status == STATUS_OK);
    if (r->role != LEADER || statement->view != r->term) return;
    struct progress *progress = &r->progress[from];
    progress->heard_ms = r->now_ms;
    progress->round = max_u64(progress->round, min_u64(statement->aux, r->round));
    uint64_t before = statement->index;
    bool fresh = before > progress->match && before < progress->next;
    if (!fresh) return;
    uint64_t base = r->log.base.index;
    progress->next = back_up(r, progress, before, &refusal) + 1;
    progress->streaming = false;
    /* It lacks what we have forgotten: sealed blocks must bring it closer, so there is no hurry. */
    progress->probed = before <= base;
    if (before <= base)
        emit_note(out, "%u is behind: it lacks %llu", from, (unsigned long long)base);
    else
        emit_note(out, "%u refuses %llu: back to %llu", from, (unsigned long long)before,
                  (unsigned long long)progress->next - 1);
    replicate(r, from, out);
}

/* ---- decisions ---- */

bool delivery_waits(const struct raft *r)
{
    return r->commit > r->delivered && log_has(&r->log, r->delivered + 1);
}

static void persist_commit(struct raft *r, struct effects *out)
{
    struct writer w;
    effects_write_begin(out, &w);
    record_write_commit(&w, r->commit);
    emit_persist(out, effects_write_end(out, &w), NULL, NULL);
}

static void emit_decided(struct raft *r, const struct proposal *proposal,
                         const struct digest *digest, bool proven, struct effects *out)
{
    ASSERT(proposal->index == r->delivered + 1);
    struct span proof = span_of(NULL, 0);
    if (proven) {
        struct writer w;
        effects_write_begin(out, &w);
        commit_proof_write(&w, proposal, digest);
        proof = effects_write_end(out, &w);
    }
    r->delivered = proposal->index;
    r->placed = true;
    emit_commit(out, proposal, proof);
}

void deliver(struct raft *r, struct effects *out)
{
    if (!delivery_waits(r)) return;
    uint64_t last = min_u64(r->commit, r->delivered + DELIVERED_MAX);
    while (r->delivered < last) {
        const struct log_entry *entry = log_at(&r->log, r->delivered + 1);
        emit_decided(r, &entry->proposal, &entry->digest, entry->proposal.index == last, out);
    }
    persist_commit(r, out);
    emit_note(out, "decided up to %llu", (unsigned long long)r->delivered);
    if (r->delivered > r->log.base.index + LOG_RETAINED)
        log_forget(&r->log, r->delivered - LOG_RETAINED);
}

void commit_up_to(struct raft *r, uint64_t commit, struct effects *out)
{
    if (commit <= r->commit) return;
    ASSERT(commit <= r->log.last);
    r->commit = commit;
    if (commit >= r->delivered && r->delivered >= r->log.base.index) r->placed = true;
    deliver(r, out);
}

/* ---- the follower ---- */

static void acknowledge(struct raft *r, uint16_t to, uint64_t index, struct effects *out)
{
    struct statement ack = {
        .kind = ACK, .view = r->term, .index = index, .aux = r->incoming.round
    };
    if (takes_part(r)) emit_send(out, EFFECT_SEND, to, &ack, span_of(NULL, 0), NULL);
}

static void refuse(struct raft *r, uint16_t to, uint64_t before, struct effects *out)
{
    struct refusal refusal = { .last = r->log.last };
    if (log_has(&r->log, before)) {
        uint64_t first = before;
        refusal.conflict_view = log_view(&r->log, before);
        while (first - 1 > r->log.base.index &&
               log_view(&r->log, first - 1) == refusal.conflict_view)
            first--;
        refusal.conflict_first = first;
    }
    struct statement statement = {
        .kind = APPEND_REFUSAL, .view = r->term, .index = before, .aux = r->incoming.round
    };
    struct writer w;
    effects_write_begin(out, &w);
    refusal_write(&w, &refusal);
    struct span attachment = effects_write_end(out, &w);
    if (takes_part(r)) emit_send(out, EFFECT_SEND, to, &statement, attachment, NULL);
}

/* Rules 3 and 4: what conflicts is dropped with all behind it; what we have already stays, and so
 * does what stands behind it, for this message may be an old one. False if nothing more fits. */
static bool append_entry(struct raft *r, const struct log_entry *entry, struct effects *out)
{
    uint64_t index = entry->proposal.index;
    if (log_has(&r->log, index) && digest_equal(&log_at(&r->log, index)->digest, &entry->digest))
        return true;
    ASSERT(index > r->commit);
    if (index > r->log.last && log_is_full(&r->log)) {
        emit_note(out, "the log is full at %llu", (unsigned long long)r->log.last);
        return false;
    }
    if (index <= r->log.last)
        emit_note(out, "drop %llu to %llu", (unsigned long long)index,
                  (unsigned long long)r->log.last);
    log_put(&r->log, entry);
    persist_entry(entry, out);
    return true;
}

void on_append(struct raft *r, uint16_t from, const struct message *message, struct effects *out)
{
    const struct statement *statement = &message->statement;
    struct append *append = &r->incoming;
    enum status status = append_read(message->attachment, append);
    ASSERT(status == STATUS_OK);
    uint64_t before = statement->index;
    if (statement->view < r->term) {
        refuse(r, from, before, out); /* It carries our term, and ends a leader that is over. */
        return;
    }
    if (r->role == LEADER) {
        raft_halt(r, "two leaders of one term", r->term, out);
        return;
    }
    if (r->leader != from)
        emit_note(out, "follow %u in term %llu", from, (unsigned long long)r->term);
    become_follower(r, r->term, from, out);
    r->heard_ms = r->now_ms;
    reset_deadline(r);
    if (before < r->commit) {
        acknowledge(r, from, r->commit, out); /* That much is the same in every log. */
        return;
    }
    if (before > r->log.last || log_view(&r->log, before) != append->before_view) {
        refuse(r, from, before, out);
        return;
    }
    const struct digest *named =
        append->has_entry ? &append->entry.proposal.parent : &statement->digest;
    if (!digest_equal(named, log_digest(&r->log, before))) {
        raft_halt(r, "two logs have different entries of one term", before, out);
        return;
    }
    uint64_t match = before;
    if (append->has_entry && append_entry(r, &append->entry, out)) match++;
    acknowledge(r, from, match, out);
    /* Not what the leader has committed, but what this message has shown to be the same (ScyllaDB
     * 9965). */
    commit_up_to(r, min_u64(append->commit, match), out);
}

/* ---- anchors ---- */

/* Whether the log holds this position already; STATUS_CONFLICT if it is decided otherwise. */
static enum status log_compare(const struct raft *r, uint64_t index, const struct digest *digest)
{
    if (index < r->log.base.index) return STATUS_OK; /* Forgotten, and decided. */
    if (index > r->log.last) return STATUS_NOT_FOUND;
    if (digest_equal(log_digest(&r->log, index), digest)) return STATUS_OK;
    return index <= r->commit ? STATUS_CONFLICT : STATUS_NOT_FOUND;
}

void persist_log(const struct raft *r, uint64_t last, struct effects *out)
{
    struct writer w;
    effects_write_begin(out, &w);
    record_write_log(&w, &r->log.base, (uint32_t)(last - r->log.base.index));
    for (uint64_t i = r->log.base.index + 1; i <= last; i++)
        log_entry_write(&w, log_at(&r->log, i));
    emit_persist(out, effects_write_end(out, &w), NULL, NULL);
}

/* An anchor does not say who takes part. Where the log does, a change may have been overlooked, and
 * old members together with new ones could decide twice. Nobody is never a quorum: until the log
 * names the members again we follow and vote, but do not campaign. */
static struct members members_after_anchor(const struct raft *r)
{
    if (engine_option(&r->config, "members_in_log", 0) != 0)
        return (struct members){ .joint = false };
    return *log_members_before(&r->log, r->commit + 1);
}

/* The log begins anew with these; one record says all of it, so that no crash can leave half. */
static void install(struct raft *r, const struct proposal *list, size_t count, struct effects *out)
{
    struct log_base base = { .index = list[0].index - 1,
                             .view = list[0].parent_view,
                             .digest = list[0].parent,
                             .members = members_after_anchor(r) };
    log_reset(&r->log, &base);
    for (size_t i = 0; i < count; i++) {
        struct log_entry entry = { .proposal = list[i], .digest = proposal_digest(&list[i]) };
        log_put(&r->log, &entry);
    }
    r->commit = r->log.last;
    persist_log(r, r->log.last, out);
    emit_note(out, "anchored at %llu", (unsigned long long)r->commit);
}

void on_decided(struct raft *r, const struct event *event, struct effects *out)
{
    const struct proposal *list = event->decided.list;
    size_t count = event->decided.count;
    ASSERT(count > 0);
    if (event->decided.executed > r->delivered) {
        r->delivered = event->decided.executed;
        r->placed = false;
    }
    const struct proposal *last = &list[count - 1];
    struct digest digest = proposal_digest(last);
    enum status status = log_compare(r, last->index, &digest);
    if (status == STATUS_CONFLICT) {
        raft_halt(r, "two decisions contradict each other", last->index, out);
        return;
    }
    bool reaches = list[0].index <= r->delivered + 1 && last->index >= r->delivered;
    if (status == STATUS_NOT_FOUND && !reaches) return; /* A gap: another anchor must help. */
    for (size_t i = 0; reaches && i < count; i++) {
        if (list[i].index <= r->delivered) continue;
        struct digest own = proposal_digest(&list[i]);
        emit_decided(r, &list[i], &own, i + 1 == count, out);
    }
    if (reaches) r->placed = true;
    if (status == STATUS_OK) {
        uint64_t before = r->commit;
        r->commit = max_u64(r->commit, min_u64(last->index, r->log.last));
        if (r->commit > before) persist_commit(r, out);
        deliver(r, out);
        return;
    }
    /* No log is of a later term than its member. */
    if (last->view > r->term || r->role != FOLLOWER)
        become_follower(r, max_u64(last->view, r->term), VALIDATOR_NONE, out);
    install(r, list, count, out);
}
