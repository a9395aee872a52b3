/* rpc/queue.c -- requests that wait for a reader thread. */
#include "rpc/queue.h"

#include <pthread.h>
#include <stdlib.h>

struct slot {
    struct rpc_request *request;
    bool fresh;
};

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    uint32_t fresh, fresh_max; /* reserved or queued, not yet taken */
    uint32_t idle;             /* threads that wait for one */
    uint32_t first, count, capacity;
    bool draining, closed;
    struct slot slots[];
};

struct queue *queue_new(uint32_t fresh_max, uint32_t capacity)
{
    struct queue *q = calloc(1, sizeof *q + capacity * sizeof q->slots[0]);
    if (!q) return NULL;
    q->fresh_max = fresh_max;
    q->capacity = capacity;
    if (pthread_mutex_init(&q->lock, NULL) != 0) {
        free(q);
        return NULL;
    }
    if (pthread_cond_init(&q->filled, NULL) != 0) {
        pthread_mutex_destroy(&q->lock);
        free(q);
        return NULL;
    }
    return q;
}

void queue_free(struct queue *q)
{
    if (!q) return;
    ASSERT(q->count == 0);
    pthread_cond_destroy(&q->filled);
    pthread_mutex_destroy(&q->lock);
    free(q);
}

bool queue_reserve(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    bool reserved = !q->draining && q->fresh < q->fresh_max;
    if (reserved) q->fresh++;
    pthread_mutex_unlock(&q->lock);
    return reserved;
}

void queue_release(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    ASSERT(q->fresh > 0);
    q->fresh--;
    pthread_mutex_unlock(&q->lock);
}

void queue_push(struct queue *q, struct rpc_request *request, bool fresh)
{
    pthread_mutex_lock(&q->lock);
    ASSERT(q->count < q->capacity);
    q->slots[(q->first + q->count) % q->capacity] = (struct slot){ request, fresh };
    q->count++;
    bool wanted = q->idle > 0;
    pthread_mutex_unlock(&q->lock);
    /* Behind the lock, so that whoever is woken finds it open. */
    if (wanted) pthread_cond_signal(&q->filled);
}

struct rpc_request *queue_pop(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->idle++;
    while (q->count == 0 && !q->closed)
        pthread_cond_wait(&q->filled, &q->lock);
    q->idle--;
    struct rpc_request *request = NULL;
    if (q->count > 0) {
        struct slot *slot = &q->slots[q->first];
        request = slot->request;
        if (slot->fresh) q->fresh--;
        q->first = (q->first + 1) % q->capacity;
        q->count--;
    }
    pthread_mutex_unlock(&q->lock);
    return request;
}

void queue_drain(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->draining = true;
    pthread_mutex_unlock(&q->lock);
}

uint32_t queue_fresh(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    uint32_t fresh = q->fresh;
    pthread_mutex_unlock(&q->lock);
    return fresh;
}

void queue_close(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->closed = true;
    pthread_cond_broadcast(&q->filled);
    pthread_mutex_unlock(&q->lock);
}

uint32_t queue_size(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    uint32_t size = q->count;
    pthread_mutex_unlock(&q->lock);
    return size;
}
