/* The log in memory: a base that is decided, and the entries above it. */
#include "consensus/raft.h"

void log_reset(struct raft_log *log, const struct log_base *base)
{
    log->base = *base;
    log->last = log->members_index = base->index;
}

bool log_has(const struct raft_log *log, uint64_t index)
{
    return index > log->base.index && index <= log->last;
}

const struct log_entry *log_at(const struct raft_log *log, uint64_t index)
{
    ASSERT(log_has(log, index));
    const struct log_entry *entry = &log->entries[index % LOG_MAX];
    ASSERT(entry->proposal.index == index);
    return entry;
}

uint64_t log_view(const struct raft_log *log, uint64_t index)
{
    return index == log->base.index ? log->base.view : log_at(log, index)->proposal.view;
}

const struct digest *log_digest(const struct raft_log *log, uint64_t index)
{
    return index == log->base.index ? &log->base.digest : &log_at(log, index)->digest;
}

uint64_t log_last_view(const struct raft_log *log)
{
    return log_view(log, log->last);
}

bool log_is_full(const struct raft_log *log)
{
    return log->last - log->base.index >= LOG_MAX - 1;
}

/* Of the last change of members below index; the base's if there is none. */
static uint64_t members_index_below(const struct raft_log *log, uint64_t index)
{
    for (uint64_t i = index; i-- > log->base.index + 1;)
        if (log_at(log, i)->has_members) return i;
    return log->base.index;
}

static const struct members *members_at(const struct raft_log *log, uint64_t index)
{
    return index == log->base.index ? &log->base.members : &log_at(log, index)->members;
}

void log_put(struct raft_log *log, const struct log_entry *entry)
{
    uint64_t index = entry->proposal.index;
    ASSERT(index > log->base.index && index <= log->last + 1);
    ASSERT(index - log->base.index < LOG_MAX);
    ASSERT(entry->proposal.parent_view == log_view(log, index - 1));
    ASSERT(digest_equal(&entry->proposal.parent, log_digest(log, index - 1)));
    log->entries[index % LOG_MAX] = *entry;
    log->last = index;
    if (entry->has_members)
        log->members_index = index;
    else if (log->members_index >= index) /* What made them is gone. */
        log->members_index = members_index_below(log, index);
}

void log_forget(struct raft_log *log, uint64_t index)
{
    ASSERT(log_has(log, index));
    struct log_base base = { index, log_view(log, index), *log_digest(log, index),
                             *log_members_before(log, index + 1) };
    log->base = base;
    log->members_index = max_u64(log->members_index, index);
}

const struct members *log_members_before(const struct raft_log *log, uint64_t index)
{
    return members_at(log, members_index_below(log, index));
}

const struct members *log_members(const struct raft_log *log)
{
    return members_at(log, log->members_index);
}
