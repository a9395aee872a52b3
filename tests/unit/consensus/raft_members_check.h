/* tests/unit/consensus/raft_members_check.h -- what must hold while members change, besides the
 * five properties; looked for after every step. And the host that asks for changes.
 *
 *     quorum            what a leader commits stands in the logs of a quorum of the members that
 *                       it had then: of the new voters and of the old ones while they are joint
 *     one at a time     a leader begins no change before the one before is committed
 *     force             the members in force are those of the last change in the log: from the
 *                       moment that it is appended until it is dropped
 *     farewell          no leader that a committed change leaves out */
#ifndef TESTS_RAFT_MEMBERS_CHECK_H
#define TESTS_RAFT_MEMBERS_CHECK_H

#include "tests/unit/consensus/raft_properties.h"

/* Of each node before its step, for the members under which it has committed. */
static struct {
    uint64_t incarnation, commit, last;
} members_before[NODES_MAX];

/* Those that are down count as holders: they may have said so before they died. */
static inline struct signer_set holders(const struct cluster *c, uint16_t index, uint64_t at)
{
    struct signer_set set = { { 0 } };
    const struct raft *r = raft_of(c, index);
    for (uint16_t i = 0; i < c->count; i++) {
        bool holds = !c->nodes[i].up;
        if (!holds) {
            const struct raft *o = raft_of(c, i);
            holds = at < o->log.base.index ||
                    (raft_knows(o, at) &&
                     digest_equal(log_digest(&o->log, at), log_digest(&r->log, at)));
        }
        if (holds) signer_set_add(&set, i);
    }
    return set;
}

static inline void check_quorum(struct cluster *c, uint16_t index, const struct raft *r)
{
    bool same_life = members_before[index].incarnation == c->nodes[index].incarnation;
    if (!same_life || r->role != LEADER || r->commit <= members_before[index].commit) return;
    const struct members *members = log_members_before(&r->log, members_before[index].last + 1);
    struct signer_set set = holders(c, index, r->commit);
    if (!is_quorum(members, &set))
        cluster_fail(c, "quorum: node %u commits %llu without one", index,
                     (unsigned long long)r->commit);
}

static inline void check_one_at_a_time(struct cluster *c, uint16_t index, const struct raft *r)
{
    uint64_t last = r->log.members_index;
    if (r->role != LEADER || last == r->log.base.index || log_view(&r->log, last) != r->term)
        return;
    for (uint64_t i = r->log.base.index + 1; i < last; i++)
        if (log_at(&r->log, i)->has_members && !raft_properties.is_committed[i])
            cluster_fail(c, "one at a time: node %u has changes at %llu and %llu", index,
                         (unsigned long long)i, (unsigned long long)last);
}

static inline void check_force(struct cluster *c, uint16_t index, const struct raft *r)
{
    const struct members *expected = &r->log.base.members;
    for (uint64_t i = r->log.base.index + 1; i <= r->log.last; i++)
        if (log_at(&r->log, i)->has_members) expected = &log_at(&r->log, i)->members;
    if (memcmp(expected, log_members(&r->log), sizeof *expected) != 0)
        cluster_fail(c, "force: node %u does not have the members of its log", index);
}

static inline void check_farewell(struct cluster *c, uint16_t index, const struct raft *r)
{
    if (r->role == LEADER && r->log.members_index <= r->commit &&
        !is_voter(log_members(&r->log), index))
        cluster_fail(c, "farewell: node %u leads and is no voter", index);
}

static inline void members_check(struct cluster *c, uint16_t index)
{
    const struct raft *r = raft_of(c, index);
    check_quorum(c, index, r);
    raft_check_properties(c, index);
    check_one_at_a_time(c, index, r);
    check_force(c, index, r);
    check_farewell(c, index, r);
    members_before[index].incarnation = c->nodes[index].incarnation;
    members_before[index].commit = r->commit;
    members_before[index].last = r->log.last;
}

/* Five nodes, of which three vote. */
static inline void members_cluster_init(struct cluster *c, uint64_t seed)
{
    raft_cluster_init(c, 5, seed);
    memset(members_before, 0, sizeof members_before);
    c->options[c->options_count++] = (struct engine_option){ "voters_first", 3 };
    c->options[c->options_count++] = (struct engine_option){ "members_in_log", 1 };
    c->stepped = members_check;
}

/* ---- the host ---- */

/* Bit i: member i. */
static inline struct signer_set set_of(unsigned bits)
{
    struct signer_set set = { { 0 } };
    for (uint16_t i = 0; i < NODES_MAX; i++)
        if (bits >> i & 1) signer_set_add(&set, i);
    return set;
}

static inline struct members members_of(unsigned voters, unsigned learners)
{
    return (struct members){ .voters = set_of(voters), .learners = set_of(learners) };
}

/* In force and committed, as far as this node knows. */
static inline bool members_are(const struct raft *r, const struct members *wanted)
{
    return r->log.members_index <= r->commit &&
           memcmp(log_members(&r->log), wanted, sizeof *wanted) == 0;
}

static inline void members_ask(struct cluster *c, uint16_t index, const struct members *wanted)
{
    struct event event = { .kind = EVENT_MEMBERS, .members = wanted };
    node_step(c, index, &event);
}

/* Asks whoever leads until that one says that it is done. */
static inline bool members_reach(struct cluster *c, const struct members *wanted)
{
    uint16_t leader = raft_leader(c);
    if (leader == VALIDATOR_NONE) return false;
    const struct raft *r = raft_of(c, leader);
    if (members_are(r, wanted)) return true;
    if (r->log.members_index <= r->commit && !log_members(&r->log)->joint)
        members_ask(c, leader, wanted);
    return false;
}

#endif
