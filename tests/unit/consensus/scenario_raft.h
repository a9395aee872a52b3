/* tests/unit/consensus/scenario_raft.h -- what only Raft can be asked in a script.
 *
 *     roles                       each validator's role, term and log
 *     voters                      who votes and listens, as each validator's log says
 *
 * A log is printed as INDEX:TERM of each entry in memory, with the transaction behind it if it has
 * one, `(members)` if it changes them, and a bar behind the last entry that is known to be
 * committed. The five properties of raft_properties.h are looked for after every step: a script in
 * which one of them breaks says FAILED, and its test fails. */
#ifndef TESTS_SCENARIO_RAFT_H
#define TESTS_SCENARIO_RAFT_H

#include "tests/unit/consensus/raft_properties.h"
#include "tests/unit/consensus/scenario_base.h"

static inline void say_entry(const struct log_entry *entry)
{
    uint64_t tx = batch_tx(&scenario.cluster, &entry->proposal.batch);
    say(" %llu:%llu", (unsigned long long)entry->proposal.index,
        (unsigned long long)entry->proposal.view);
    if (entry->has_members)
        say("(members)");
    else if (tx != 0)
        say("(%llu)", (unsigned long long)tx);
}

static inline void say_role(uint16_t index)
{
    static const char *const roles[] = { "follower", "pre-candidate", "candidate", "leader" };
    const struct raft *r = raft_of(&scenario.cluster, index);
    say("%u: %s, term %llu, log", index, roles[r->role], (unsigned long long)r->term);
    if (r->commit <= r->log.base.index) say(" |");
    for (uint64_t i = r->log.base.index + 1; i <= r->log.last; i++) {
        say_entry(log_at(&r->log, i));
        if (i == r->commit) say(" |");
    }
    say("\n");
}

static inline void say_set(const char *name, const struct signer_set *set)
{
    static const struct signer_set none;
    say(" %s ", name);
    if (memcmp(set, &none, sizeof none) == 0) say("unknown");
    for (uint16_t i = 0; i < scenario.cluster.count; i++)
        if (signer_set_has(set, i)) say("%u", i);
}

static inline void say_voters(uint16_t index)
{
    static const struct signer_set none;
    const struct members *members = log_members(&raft_of(&scenario.cluster, index)->log);
    say("%u:", index);
    say_set("voters", &members->voters);
    if (members->joint) say_set("and of the old", &members->old);
    if (memcmp(&members->learners, &none, sizeof none) != 0)
        say_set("learners", &members->learners);
    say("\n");
}

static inline bool raft_ask(const struct words *words)
{
    bool roles = strcmp(words->word[0], "roles") == 0;
    if (!roles && strcmp(words->word[0], "voters") != 0) return false;
    for (uint16_t i = 0; i < scenario.cluster.count; i++) {
        if (!scenario.cluster.nodes[i].up)
            say("%u: down\n", i);
        else if (roles)
            say_role(i);
        else
            say_voters(i);
    }
    return true;
}

/* ---- Drawings ---- */

static inline void describe_append(const struct message *message, char *text, size_t size)
{
    struct append append;
    if (append_read(message->attachment, &append) != STATUS_OK) return;
    unsigned long long index = message->statement.index;
    unsigned long long commit = append.commit;
    if (append.has_entry)
        snprintf(text, size, "append %llu (committed %llu)", index + 1, commit);
    else
        snprintf(text, size, "heartbeat after %llu (committed %llu)", index, commit);
}

static inline void raft_describe(const struct message *message, char *text, size_t size)
{
    const struct statement *s = &message->statement;
    unsigned long long index = s->index;
    unsigned long long view = s->view;
    switch ((enum raft_kind)s->kind) {
    case APPEND: describe_append(message, text, size); return;
    case ACK: snprintf(text, size, "ack up to %llu", index); return;
    case APPEND_REFUSAL:
        snprintf(text, size, "refused after %llu (term %llu)", index, view);
        return;
    case PRE_VOTE_REQUEST: snprintf(text, size, "would you vote in term %llu?", view); return;
    case PRE_VOTE: snprintf(text, size, "I would in term %llu", view); return;
    case VOTE_REQUEST: snprintf(text, size, "vote for me in term %llu", view); return;
    case VOTE: snprintf(text, size, "vote for %u in term %llu", (unsigned)s->aux, view); return;
    case VOTE_REFUSAL:
    case PRE_VOTE_REFUSAL: snprintf(text, size, "no (term %llu)", view); return;
    case TIMEOUT_NOW: snprintf(text, size, "lead instead of me (term %llu)", view); return;
    case READ_REQUEST: snprintf(text, size, "read %u", (unsigned)s->aux); return;
    case READ_INDEX: snprintf(text, size, "read %u: as of %llu", (unsigned)s->aux, index); return;
    case RAFT_KINDS: return;
    }
}

static const struct scenario_engine scenario_raft = { .name = "raft",
                                                      .kind = ENGINE_RAFT,
                                                      .faults = FAULT_CRASH,
                                                      .ask = raft_ask,
                                                      .watch = raft_watch,
                                                      .describe = raft_describe };

#endif
