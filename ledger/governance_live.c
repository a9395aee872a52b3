/* Which proposals wait, and which of them are due. */
#include "ledger/governance.h"

#include "ledger/governance_draft.h"
#include <stdlib.h>

/* Whether a proposal may still change or be enacted after a block of this time. */
static bool waits(const struct proposal_head *head, uint64_t time_ms)
{
    if (head->status == PROPOSAL_PASSED) return true;
    return head->status == PROPOSAL_OPEN && head->deadline_ms > time_ms;
}

/* Block times strictly rise, so this is never in the block that passed it. */
static uint64_t due_from(const struct proposal_head *head)
{
    if (head->status != PROPOSAL_PASSED) return UINT64_MAX;
    return max_u64(head->activate_ms, head->passed_ms + 1);
}

static void keep(struct executor *x, uint64_t number)
{
    struct live_proposals *live = &x->live;
    if (live->count == live->capacity) {
        size_t capacity = live->capacity ? 2 * live->capacity : 16;
        uint64_t *numbers = realloc(live->numbers, capacity * sizeof *numbers);
        if (!numbers) {
            state_fail(x->state, STATUS_NO_MEMORY);
            return;
        }
        live->numbers = numbers;
        live->capacity = capacity;
    }
    live->numbers[live->count++] = number;
}

/* Keeps a number if its proposal waits. */
static void judge(struct executor *x, uint64_t number)
{
    struct proposal_head head;
    if (!governance_read_head(x->state, number, &head) || !waits(&head, x->time_ms)) return;
    x->live.due_ms = min_u64(x->live.due_ms, due_from(&head));
    keep(x, number);
}

enum status governance_load(struct executor *x)
{
    size_t count = 0;
    uint64_t *numbers = store_read_live_proposals(x->store, &count);
    x->live.count = 0;
    x->live.due_ms = UINT64_MAX;
    x->live.next = governance_read_next(x->state);
    for (size_t i = 0; i < count; i++)
        judge(x, numbers[i]);
    free(numbers);
    return state_status(x->state);
}

enum status governance_settle(struct executor *x)
{
    struct live_proposals *live = &x->live;
    size_t count = live->count;
    uint64_t next = governance_read_next(x->state);
    live->count = 0; /* What is kept never overtakes what is judged. */
    live->due_ms = UINT64_MAX;
    for (size_t i = 0; i < count; i++)
        judge(x, live->numbers[i]);
    for (uint64_t number = live->next; number < next; number++)
        judge(x, number);
    live->next = next;
    return state_status(x->state);
}

uint64_t governance_next_due_ms(const struct executor *x)
{
    return x->live.due_ms;
}

/* Whether its actions end the epoch. */
static bool ends_epoch(struct executor *x, uint64_t number)
{
    if (!governance_read_proposal(x->state, number, &x->proposal)) return false;
    return actions_end_epoch(x->proposal.actions, x->proposal.action_count);
}

size_t governance_due(struct executor *x, uint64_t numbers[ENACTMENTS_MAX])
{
    size_t count = 0;
    bool ended = false;
    if (x->live.due_ms > x->time_ms) return 0;
    for (size_t i = 0; i < x->live.count && count < ENACTMENTS_MAX; i++) {
        struct proposal_head head;
        uint64_t number = x->live.numbers[i];
        if (!governance_read_head(x->state, number, &head)) continue;
        if (due_from(&head) > x->time_ms) continue;
        bool ends = ends_epoch(x, number);
        if (ends && ended) continue; /* It waits for the next block. */
        ended = ended || ends;
        numbers[count++] = number;
    }
    return count;
}
