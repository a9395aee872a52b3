/* The queue of events: by time, ties by the order of scheduling. */
#include "sim_internal.h"

#include <stdlib.h>

static bool before(const struct sim_event *a, const struct sim_event *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

void schedule(struct sim *sim, uint64_t at_ms, struct sim_event event)
{
    event.order = sim->order++;
    schedule_again(sim, at_ms, event);
}

/* Keeps its place among events of the same time. */
void schedule_again(struct sim *sim, uint64_t at_ms, struct sim_event event)
{
    ASSERT(sim->heap_count < EVENTS_MAX);
    event.at_ms = at_ms;
    if (event.type == SUBMIT) sim->submits++;
    size_t i = sim->heap_count++;
    while (i > 0 && before(&event, &sim->heap[(i - 1) / 2])) {
        sim->heap[i] = sim->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    sim->heap[i] = event;
}

struct sim_event next_event(struct sim *sim)
{
    struct sim_event top = sim->heap[0];
    struct sim_event last = sim->heap[--sim->heap_count];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= sim->heap_count) break;
        if (child + 1 < sim->heap_count && before(&sim->heap[child + 1], &sim->heap[child]))
            child++;
        if (!before(&sim->heap[child], &last)) break;
        sim->heap[i] = sim->heap[child];
        i = child;
    }
    sim->heap[i] = last;
    if (top.type == SUBMIT) sim->submits--;
    return top;
}

void event_free(struct sim_event *event)
{
    blob_unref(event->blob);
    check_free(event->job);
    execution_free(event->execution);
    free(event->problem);
}
