/* The queue of events: by time, ties by the order of scheduling. A heap of small keys; the events
 * themselves stay where they are. */
#include "sim_internal.h"

#include <stdlib.h>

static bool before(const struct queue_key *a, const struct queue_key *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

static void grow(struct queue *q)
{
    uint32_t capacity = q->capacity ? q->capacity * 2 : 4096;
    q->heap = realloc(q->heap, capacity * sizeof *q->heap);
    q->events = realloc(q->events, capacity * sizeof *q->events);
    q->unused = realloc(q->unused, capacity * sizeof *q->unused);
    ASSERT(q->heap != NULL);
    ASSERT(q->events != NULL);
    ASSERT(q->unused != NULL);
    for (uint32_t slot = capacity; slot-- > q->capacity;)
        q->unused[q->unused_count++] = slot;
    q->capacity = capacity;
}

/* Keeps its place among events of the same time. */
void queue_push_again(struct sim *sim, uint64_t at_ms, uint64_t order,
                      const struct sim_event *event)
{
    struct queue *q = &sim->queue;
    if (q->count == q->capacity) grow(q);
    struct queue_key key = { at_ms, order, q->unused[--q->unused_count] };
    q->events[key.slot] = *event;
    uint32_t i = q->count++;
    while (i > 0 && before(&key, &q->heap[(i - 1) / 2])) {
        q->heap[i] = q->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    q->heap[i] = key;
}

void queue_push(struct sim *sim, uint64_t at_ms, const struct sim_event *event)
{
    queue_push_again(sim, at_ms, sim->queue.order++, event);
}

struct sim_event queue_pop(struct sim *sim, uint64_t *at_ms, uint64_t *order)
{
    struct queue *q = &sim->queue;
    ASSERT(q->count > 0);
    struct queue_key top = q->heap[0];
    struct queue_key last = q->heap[--q->count];
    uint32_t i = 0;
    for (;;) {
        uint32_t child = 2 * i + 1;
        if (child >= q->count) break;
        if (child + 1 < q->count && before(&q->heap[child + 1], &q->heap[child])) child++;
        if (!before(&q->heap[child], &last)) break;
        q->heap[i] = q->heap[child];
        i = child;
    }
    q->heap[i] = last;
    q->unused[q->unused_count++] = top.slot;
    *at_ms = top.at_ms;
    *order = top.order;
    return q->events[top.slot];
}

void event_free(struct sim_event *event)
{
    blob_unref(event->blob);
    check_free(event->job);
    execution_free(event->execution);
    free(event->problem);
}

/* Empty, but with its memory: for the next run. */
void queue_clear(struct sim *sim)
{
    struct queue *q = &sim->queue;
    for (uint32_t i = 0; i < q->count; i++) {
        event_free(&q->events[q->heap[i].slot]);
        q->unused[q->unused_count++] = q->heap[i].slot;
    }
    q->count = 0;
    q->order = 0;
}

void queue_free(struct sim *sim)
{
    queue_clear(sim);
    free(sim->queue.heap);
    free(sim->queue.events);
    free(sim->queue.unused);
    sim->queue = (struct queue){ NULL, 0, 0, NULL, NULL, 0, 0 };
}
