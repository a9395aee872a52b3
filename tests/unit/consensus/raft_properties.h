/* tests/unit/consensus/raft_properties.h -- the five properties of Raft (Ongaro's thesis, figure
 * 3.2), looked for after every step in the memory of every engine.
 *
 *     election safety        at most one leader in a term
 *     leader append-only     a leader never drops or replaces entries of its own log
 *     log matching           entries of one index and term: the logs are the same up to there
 *     leader completeness    a leader of a later term has all that was ever committed
 *     state machine safety   nobody delivers two entries at one index (cluster.h)
 *
 * And: terms and commits only grow; what is acknowledged, to others or to ourselves, stands in the
 * sender's journal, durably, at the moment when that leaves, and so does the term. */
#ifndef TESTS_RAFT_PROPERTIES_H
#define TESTS_RAFT_PROPERTIES_H

#include "consensus/raft.h"
#include "tests/unit/consensus/cluster.h"

enum { TERMS_MAX = 4096, INDEXES_MAX = 4096 };

struct raft_properties {
    uint16_t leaders[TERMS_MAX]; /* of each term, plus 1; 0: nobody seen */
    struct digest committed[INDEXES_MAX];
    bool is_committed[INDEXES_MAX];
    uint64_t committed_term[INDEXES_MAX]; /* the term of whoever committed it first */
    struct {
        uint64_t incarnation, term, commit, last;
        bool led;
        struct digest last_digest;
    } before[NODES_MAX];
};

static struct raft_properties raft_properties;

static inline const struct raft *raft_of(const struct cluster *c, uint16_t index)
{
    return c->nodes[index].engine;
}

static inline bool raft_knows(const struct raft *r, uint64_t index)
{
    return index == r->log.base.index || log_has(&r->log, index);
}

static inline void check_election(struct cluster *c, uint16_t index, const struct raft *r)
{
    if (r->role != LEADER || r->term >= TERMS_MAX) return;
    uint16_t *leader = &raft_properties.leaders[r->term];
    if (*leader != 0 && *leader != index + 1)
        cluster_fail(c, "election safety: term %llu has leaders %u and %u",
                     (unsigned long long)r->term, *leader - 1u, index);
    *leader = (uint16_t)(index + 1);
}

static inline void check_append_only(struct cluster *c, uint16_t index, const struct raft *r)
{
    uint64_t last = raft_properties.before[index].last;
    bool leads_on = raft_properties.before[index].led && r->role == LEADER &&
                    raft_properties.before[index].term == r->term;
    if (!leads_on) return;
    bool kept = r->log.last >= last && (last < r->log.base.index ||
                                        digest_equal(log_digest(&r->log, last),
                                                     &raft_properties.before[index].last_digest));
    if (!kept)
        cluster_fail(c, "leader append-only: node %u of term %llu has dropped entries", index,
                     (unsigned long long)r->term);
}

static inline void check_matching(struct cluster *c, uint16_t index, const struct raft *r)
{
    for (uint16_t other = 0; other < c->count; other++) {
        if (other == index || !c->nodes[other].up) continue;
        const struct raft *o = raft_of(c, other);
        uint64_t top = min_u64(r->log.last, o->log.last);
        uint64_t floor = max_u64(r->log.base.index, o->log.base.index);
        bool below_must_match = false;
        for (uint64_t i = top; i > floor; i--) {
            bool same = digest_equal(log_digest(&r->log, i), log_digest(&o->log, i));
            if (log_view(&r->log, i) == log_view(&o->log, i)) below_must_match = true;
            if (below_must_match && !same) {
                cluster_fail(c, "log matching: nodes %u and %u differ at %llu", index, other,
                             (unsigned long long)i);
                return;
            }
            if (same) break; /* A digest covers all before it. */
        }
    }
}

static inline void check_committed(struct cluster *c, uint16_t index, const struct raft *r)
{
    uint64_t before = raft_properties.before[index].commit;
    for (uint64_t i = max_u64(before, r->log.base.index) + 1; i <= r->commit; i++) {
        if (i >= INDEXES_MAX) return;
        const struct digest *digest = log_digest(&r->log, i);
        if (!raft_properties.is_committed[i]) {
            raft_properties.is_committed[i] = true;
            raft_properties.committed[i] = *digest;
            raft_properties.committed_term[i] = r->term;
        } else if (!digest_equal(&raft_properties.committed[i], digest)) {
            cluster_fail(c, "state machine safety: node %u commits another entry at %llu", index,
                         (unsigned long long)i);
        }
    }
}

static inline void check_completeness(struct cluster *c, uint16_t index, const struct raft *r)
{
    bool begins = r->role == LEADER && !(raft_properties.before[index].led &&
                                         raft_properties.before[index].term == r->term);
    if (!begins) return;
    for (uint64_t i = r->log.base.index + 1; i < INDEXES_MAX; i++) {
        if (!raft_properties.is_committed[i] || raft_properties.committed_term[i] >= r->term)
            continue;
        if (!raft_knows(r, i) ||
            !digest_equal(log_digest(&r->log, i), &raft_properties.committed[i])) {
            cluster_fail(c, "leader completeness: node %u leads term %llu without entry %llu",
                         index, (unsigned long long)r->term, (unsigned long long)i);
            return;
        }
    }
}

/* Entries that change members bring no batch: for the nodes around the engine they are empty ones,
 * which they hold from the moment that their engine does. */
static inline void hold_members(struct cluster *c, uint16_t index, const struct raft *r)
{
    for (uint64_t i = r->log.base.index + 1; i <= r->log.last; i++) {
        const struct log_entry *entry = log_at(&r->log, i);
        if (!entry->has_members || node_find(&c->nodes[index], &entry->digest)) continue;
        batch_register(c, &entry->proposal.batch, 0);
        node_hold(&c->nodes[index], &entry->proposal);
    }
}

/* For cluster.stepped. */
static inline void raft_check_properties(struct cluster *c, uint16_t index)
{
    const struct raft *r = raft_of(c, index);
    uint64_t incarnation = c->nodes[index].incarnation;
    if (raft_properties.before[index].incarnation != incarnation) {
        memset(&raft_properties.before[index], 0, sizeof raft_properties.before[index]);
        raft_properties.before[index].incarnation = incarnation;
    }
    if (r->term < raft_properties.before[index].term ||
        r->commit < raft_properties.before[index].commit)
        cluster_fail(c, "node %u goes back: term %llu commit %llu", index,
                     (unsigned long long)r->term, (unsigned long long)r->commit);
    if (r->conflicts_count > 0) cluster_fail(c, "node %u has halted", index);
    hold_members(c, index, r);
    check_election(c, index, r);
    check_append_only(c, index, r);
    check_matching(c, index, r);
    check_completeness(c, index, r);
    check_committed(c, index, r);
    raft_properties.before[index].term = r->term;
    raft_properties.before[index].commit = r->commit;
    raft_properties.before[index].last = r->log.last;
    raft_properties.before[index].led = r->role == LEADER;
    raft_properties.before[index].last_digest = *log_digest(&r->log, r->log.last);
}

/* ---- what an acknowledgement rests on ---- */

/* Does this record, read from the last one back, settle which entry stands at index? *digest: that
 * one; none: nothing stands there. */
static inline bool settles(struct raft_record *record, uint64_t index, const struct digest **digest)
{
    *digest = NULL;
    if (record->type == RECORD_ENTRY) {
        uint64_t at = record->entry.proposal.index;
        if (at == index) *digest = &record->entry.digest;
        return at <= index; /* A lower one has cut what stood above it. */
    }
    if (record->type != RECORD_LOG) return false;
    if (record->base.index >= index) *digest = &record->base.digest;
    for (uint32_t i = 0; i < record->entries_count; i++) {
        log_entry_read(&record->entries, &record->entry);
        if (record->entry.proposal.index == index) *digest = &record->entry.digest;
    }
    return true;
}

static inline bool acknowledged_stands(const struct cluster *c, uint16_t index,
                                       const struct statement *ack)
{
    static struct raft_record record;
    const struct node *node = &c->nodes[index];
    const struct raft *r = raft_of(c, index);
    bool term = false, entry = ack->index == 0;
    for (uint64_t i = node->durable - node->records_first; i-- > 0 && !(term && entry);) {
        const struct digest *digest;
        struct span bytes = span_of(node->records[i].bytes, node->records[i].size);
        if (raft_record_read(bytes, &record) != STATUS_OK) return false;
        if (record.type == RECORD_TERM) term = term || record.term >= ack->view;
        if (entry || !settles(&record, ack->index, &digest)) continue;
        /* Within a term no entry that was acknowledged is replaced. */
        bool ours = ack->view == r->term && log_has(&r->log, ack->index);
        if (!digest || (ours && !digest_equal(digest, log_digest(&r->log, ack->index))))
            return false;
        entry = true;
    }
    return term && entry;
}

/* For cluster.sent. */
static inline void raft_check_sent(struct cluster *c, uint16_t index, const struct message *message)
{
    const struct statement *s = &message->statement;
    if (s->kind == ACK && !acknowledged_stands(c, index, s))
        cluster_fail(c,
                     "durability: node %u acknowledges %llu in term %llu, which its disk does "
                     "not hold",
                     index, (unsigned long long)s->index, (unsigned long long)s->view);
}

/* For a cluster that runs Raft, before its start: every step is looked at. */
static inline void raft_watch(struct cluster *c)
{
    memset(&raft_properties, 0, sizeof raft_properties);
    c->stepped = raft_check_properties;
}

static inline void raft_cluster_init(struct cluster *c, uint16_t count, uint64_t seed)
{
    cluster_init_engine(c, count, seed, ENGINE_RAFT, FAULT_CRASH);
    raft_watch(c);
    c->sent = raft_check_sent;
}

/* Who leads the highest term that anybody leads; VALIDATOR_NONE if nobody does. */
static inline uint16_t raft_leader(const struct cluster *c)
{
    uint16_t leader = VALIDATOR_NONE;
    for (uint16_t i = 0; i < c->count; i++) {
        if (!c->nodes[i].up || raft_of(c, i)->role != LEADER) continue;
        if (leader == VALIDATOR_NONE || raft_of(c, i)->term > raft_of(c, leader)->term) leader = i;
    }
    return leader;
}

#endif
