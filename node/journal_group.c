#include "node/journal_group.h"

enum status group_record(struct journal *journal, struct safety *safety, bool begins_segment,
                         uint8_t kind, const struct span *parts, size_t parts_count,
                         uint64_t number, struct problem *problem)
{
    uint64_t given = 0;
    enum status status;
    if (begins_segment) {
        status = journal_begin_segment(journal, parts, parts_count, &given, problem);
        ASSERT(status != STATUS_OK || given == number);
        if (status == STATUS_OK && safety) status = safety_sync(safety);
        return status;
    }
    status = journal_append(journal, kind, parts, parts_count, &given);
    if (status == STATUS_FULL) { /* The group is larger than what the journal keeps in memory. */
        status = journal_sync(journal, problem);
        if (status == STATUS_OK) status = journal_append(journal, kind, parts, parts_count, &given);
    }
    ASSERT(status != STATUS_OK || given == number);
    return status;
}

static enum status safety_update(struct journal *journal, struct safety *safety,
                                 struct safety_state *state, bool sync_safety,
                                 struct problem *problem)
{
    enum status status = STATUS_OK;
    if (state) {
        state->journal_record = journal_durable(journal);
        status = safety_write(safety, state);
    }
    if (status == STATUS_OK && sync_safety) status = safety_sync(safety);
    if (status != STATUS_OK)
        return problem_set(problem, status, "the safety file cannot be written or synced");
    return STATUS_OK;
}

enum status group_end(struct journal *journal, struct safety *safety, struct safety_state *state,
                      bool sync_safety, uint64_t cut, struct problem *problem)
{
    enum status status = STATUS_OK;
    if (safety) status = safety_update(journal, safety, state, sync_safety, problem);
    if (status == STATUS_OK && cut > 0) status = journal_cut(journal, cut, problem);
    return status;
}
