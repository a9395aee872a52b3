#include "node/peer_queue.h"

#include <stdlib.h>

struct queued_frame {
    struct queued_frame *next;
    struct blob *body; /* behind the bytes below; may be NULL */
    bool droppable;
    size_t head_size; /* frame head and the copied part of the payload */
    size_t size;      /* all of it */
    uint8_t head[];
};

void peer_queue_init(struct peer_queue *queue, size_t limit)
{
    *queue = (struct peer_queue){ .limit = limit };
    queue->last = &queue->first;
}

static void frame_free(struct queued_frame *frame)
{
    blob_unref(frame->body);
    free(frame);
}

void peer_queue_free(struct peer_queue *queue)
{
    while (queue->first) {
        struct queued_frame *frame = queue->first;
        queue->first = frame->next;
        frame_free(frame);
    }
    queue->last = &queue->first;
    queue->bytes = 0;
    queue->offset = 0;
}

/* Bytes that dropping would free. */
static size_t droppable_bytes(const struct peer_queue *queue)
{
    size_t bytes = 0;
    for (const struct queued_frame *frame = queue->first; frame; frame = frame->next)
        if (frame->droppable && !(frame == queue->first && queue->offset > 0)) bytes += frame->size;
    return bytes;
}

/* Drops the oldest droppable frames until `want` more bytes fit. */
static void make_room(struct peer_queue *queue, size_t want)
{
    struct queued_frame **link = &queue->first;
    while (*link && queue->bytes + want > queue->limit) {
        struct queued_frame *frame = *link;
        bool begun = frame == queue->first && queue->offset > 0;
        if (!frame->droppable || begun) {
            link = &frame->next;
            continue;
        }
        *link = frame->next;
        if (!*link) queue->last = link;
        queue->bytes -= frame->size;
        queue->dropped++;
        frame_free(frame);
    }
}

static struct queued_frame *frame_new(enum frame_kind kind, struct span head, struct blob *body)
{
    size_t payload = head.size + (body ? body->size : 0);
    struct queued_frame *frame = malloc(sizeof *frame + FRAME_HEAD_BYTES + head.size);
    if (!frame) return NULL;
    *frame = (struct queued_frame){
        .body = blob_ref(body),
        .head_size = FRAME_HEAD_BYTES + head.size,
        .size = FRAME_HEAD_BYTES + payload,
    };
    frame_head_encode(frame->head, kind, payload);
    if (head.size > 0) memcpy(frame->head + FRAME_HEAD_BYTES, head.data, head.size);
    return frame;
}

enum status peer_queue_add(struct peer_queue *queue, enum frame_kind kind, struct span head,
                           struct blob *body, bool droppable)
{
    size_t size = FRAME_HEAD_BYTES + head.size + (body ? body->size : 0);
    if (queue->bytes > 0 && queue->bytes + size > queue->limit) {
        size_t rest = queue->bytes - droppable_bytes(queue);
        if (rest > 0 && rest + size > queue->limit) return STATUS_FULL;
        make_room(queue, size);
    }
    struct queued_frame *frame = frame_new(kind, head, body);
    if (!frame) return STATUS_NO_MEMORY;
    frame->droppable = droppable;
    *queue->last = frame;
    queue->last = &frame->next;
    queue->bytes += size;
    return STATUS_OK;
}

/* Copies from the frame's two parts, beginning at offset. */
static size_t frame_copy(const struct queued_frame *frame, size_t offset, uint8_t *bytes,
                         size_t size)
{
    bool in_head = offset < frame->head_size;
    const uint8_t *source =
        in_head ? frame->head + offset : frame->body->data + (offset - frame->head_size);
    size_t left = (in_head ? frame->head_size : frame->size) - offset;
    size_t count = left < size ? left : size;
    memcpy(bytes, source, count);
    return count;
}

size_t peer_queue_take(struct peer_queue *queue, uint8_t *bytes, size_t size)
{
    size_t taken = 0;
    while (queue->first && taken < size) {
        struct queued_frame *frame = queue->first;
        size_t count = frame_copy(frame, queue->offset, bytes + taken, size - taken);
        taken += count;
        queue->offset += count;
        queue->bytes -= count;
        if (queue->offset < frame->size) continue;
        queue->first = frame->next;
        if (!queue->first) queue->last = &queue->first;
        queue->offset = 0;
        frame_free(frame);
    }
    return taken;
}
