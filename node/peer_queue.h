/* node/peer_queue.h -- frames that wait for one peer: bounded, the oldest droppable ones go first.
 *
 * Frames wait as plaintext, with their bodies by reference, so that a broadcast of a batch costs
 * its bytes once. They are taken out as a stream of bytes; a frame of which a byte has gone out is
 * never dropped.
 */
#ifndef NODE_PEER_QUEUE_H
#define NODE_PEER_QUEUE_H

#include "crypto/blob.h"
#include "node/frame.h"

struct queued_frame;

struct peer_queue {
    struct queued_frame *first;
    struct queued_frame **last;
    size_t bytes;  /* of what waits, heads included */
    size_t limit;  /* a frame always fits into an empty queue */
    size_t offset; /* bytes of the first frame that have gone out */
    uint64_t dropped;
};

void peer_queue_init(struct peer_queue *queue, size_t limit);

/* Drops everything. */
void peer_queue_free(struct peer_queue *queue);

/* STATUS_FULL: does not fit, even after all droppable frames that have not begun have gone (a
 * droppable frame never pushes out others' room that it cannot use). STATUS_NO_MEMORY. */
enum status peer_queue_add(struct peer_queue *queue, enum frame_kind kind, struct span head,
                           struct blob *body, bool droppable);

/* Moves up to size bytes of the stream into bytes; returns how many, 0 if nothing waits. */
size_t peer_queue_take(struct peer_queue *queue, uint8_t *bytes, size_t size);

#endif
