/* rpc/queue.h -- requests that wait for a reader thread.
 *
 * New requests are bounded by queue_max: beyond it a client is told so (503). Requests that come
 * back from a wait were let in before and always fit: there is at most one for each connection.
 */
#ifndef RPC_QUEUE_H
#define RPC_QUEUE_H

#include "rpc/request.h"

struct queue;

/* fresh_max new ones at a time; capacity of the whole, waking ones included. */
struct queue *queue_new(uint32_t fresh_max, uint32_t capacity);
void queue_free(struct queue *queue);

/* Takes a place for a new request: false if fresh_max are taken or the queue drains. The place
 * is used by queue_push(fresh = true) and given back when a reader takes the request. */
bool queue_reserve(struct queue *queue);
void queue_release(struct queue *queue); /* not used after all */
void queue_push(struct queue *queue, struct rpc_request *request, bool fresh);

/* Waits for one; NULL once the queue is closed and empty. */
struct rpc_request *queue_pop(struct queue *queue);

/* No new requests; those that were let in, also if they are still to be pushed, go on. */
void queue_drain(struct queue *queue);

/* New requests that have a place and were not taken yet. */
uint32_t queue_fresh(struct queue *queue);

/* The readers' end: queue_pop returns NULL once nothing is left. */
void queue_close(struct queue *queue);

uint32_t queue_size(struct queue *queue);

#endif
