#include "node/peer_queue.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct span filler(size_t size)
{
    static uint8_t bytes[4096];
    memset(bytes, 'f', sizeof bytes);
    return span_of(bytes, size);
}

Test(peer_queue, stream)
{
    struct peer_queue queue;
    peer_queue_init(&queue, 1000);
    struct blob *body = blob_copy(span_text("body"));
    cr_assert_eq(peer_queue_add(&queue, FRAME_ENGINE, span_text("head"), body, false), STATUS_OK);
    cr_assert_eq(peer_queue_add(&queue, FRAME_BYE, span_of("", 0), NULL, false), STATUS_OK);
    cr_assert_eq(queue.bytes, 5 + 8 + 5);
    static const uint8_t wanted[] = { 8,   0,   0,   0,   3, 'h', 'e', 'a', 'd',
                                      'b', 'o', 'd', 'y', 0, 0,   0,   0,   12 };
    uint8_t stream[32];
    size_t size = 0;
    for (size_t got; (got = peer_queue_take(&queue, stream + size, 1)) > 0;)
        size += got;
    cr_assert_eq(size, sizeof wanted);
    cr_assert_arr_eq(stream, wanted, sizeof wanted);
    cr_assert_eq(queue.bytes, 0);
    cr_assert_eq(atomic_load(&body->references), 1);
    blob_unref(body);
    peer_queue_free(&queue);
}

Test(peer_queue, oldest_droppable_goes_first)
{
    struct peer_queue queue;
    peer_queue_init(&queue, 400);
    cr_assert_eq(peer_queue_add(&queue, FRAME_ENGINE, filler(95), NULL, false), STATUS_OK);
    cr_assert_eq(peer_queue_add(&queue, FRAME_TRANSACTIONS, filler(95), NULL, true), STATUS_OK);
    cr_assert_eq(peer_queue_add(&queue, FRAME_SEAL_VOTES, filler(95), NULL, true), STATUS_OK);
    cr_assert_eq(peer_queue_add(&queue, FRAME_ENGINE, filler(95), NULL, false), STATUS_OK);
    cr_assert_eq(queue.bytes, 400);
    cr_assert_eq(peer_queue_add(&queue, FRAME_ENGINE, filler(95), NULL, false), STATUS_OK);
    cr_assert_eq(queue.dropped, 1);
    cr_assert_eq(queue.bytes, 400);
    uint8_t stream[400];
    cr_assert_eq(peer_queue_take(&queue, stream, sizeof stream), 400);
    cr_assert_eq(stream[4], FRAME_ENGINE);
    cr_assert_eq(stream[104], FRAME_SEAL_VOTES); /* The transactions were older. */
    cr_assert_eq(stream[204], FRAME_ENGINE);
    cr_assert_eq(stream[304], FRAME_ENGINE);
    peer_queue_free(&queue);
}

Test(peer_queue, full_without_loss)
{
    struct peer_queue queue;
    peer_queue_init(&queue, 300);
    cr_assert_eq(peer_queue_add(&queue, FRAME_ENGINE, filler(195), NULL, false), STATUS_OK);
    cr_assert_eq(peer_queue_add(&queue, FRAME_PING, filler(95), NULL, true), STATUS_OK);
    /* Would not fit without the droppable one either: nothing is dropped in vain. */
    cr_assert_eq(peer_queue_add(&queue, FRAME_ENGINE, filler(200), NULL, false), STATUS_FULL);
    cr_assert_eq(peer_queue_add(&queue, FRAME_ENGINE, filler(200), NULL, true), STATUS_FULL);
    cr_assert_eq(queue.dropped, 0);
    cr_assert_eq(queue.bytes, 300);
    peer_queue_free(&queue);
    cr_assert_eq(queue.bytes, 0);
}

/* A batch larger than the queue must be sent, too. */
Test(peer_queue, one_always_fits)
{
    struct peer_queue queue;
    peer_queue_init(&queue, 100);
    cr_assert_eq(peer_queue_add(&queue, FRAME_ENGINE, filler(1000), NULL, false), STATUS_OK);
    cr_assert_eq(peer_queue_add(&queue, FRAME_ENGINE, filler(1), NULL, false), STATUS_FULL);
    peer_queue_free(&queue);
    cr_assert_eq(peer_queue_add(&queue, FRAME_PING, filler(90), NULL, true), STATUS_OK);
    cr_assert_eq(peer_queue_add(&queue, FRAME_ENGINE, filler(1000), NULL, false), STATUS_OK);
    cr_assert_eq(queue.dropped, 1);
    peer_queue_free(&queue);
}

/* Half a frame has gone out: dropping the rest would break the stream. */
Test(peer_queue, begun_frames_stay)
{
    struct peer_queue queue;
    peer_queue_init(&queue, 300);
    uint8_t stream[400];
    cr_assert_eq(peer_queue_add(&queue, FRAME_TRANSACTIONS, filler(195), NULL, true), STATUS_OK);
    cr_assert_eq(peer_queue_take(&queue, stream, 10), 10);
    cr_assert_eq(peer_queue_add(&queue, FRAME_ENGINE, filler(250), NULL, false), STATUS_FULL);
    cr_assert_eq(peer_queue_add(&queue, FRAME_ENGINE, filler(50), NULL, false), STATUS_OK);
    cr_assert_eq(peer_queue_take(&queue, stream + 10, sizeof stream - 10), 190 + 55);
    cr_assert_eq(stream[4], FRAME_TRANSACTIONS);
    cr_assert_eq(stream[204], FRAME_ENGINE);
    peer_queue_free(&queue);
}

/* Against a model: random adds and takes give a stream of whole frames within the bound. */
Test(peer_queue, random_use)
{
    struct peer_queue queue;
    peer_queue_init(&queue, 2000);
    srand(7);
    struct frame_decoder decoder;
    frame_decoder_init(&decoder, 100000);
    decoder.hello_only = false;
    uint64_t accepted = 0;
    uint64_t received = 0;
    for (int i = 0; i < 20000; i++) {
        if (rand() % 2) {
            bool droppable = rand() % 2;
            enum status status = peer_queue_add(&queue, FRAME_TRANSACTIONS,
                                                filler((size_t)rand() % 700), NULL, droppable);
            accepted += status == STATUS_OK;
        } else {
            uint8_t bytes[512];
            size_t size = peer_queue_take(&queue, bytes, (size_t)rand() % sizeof bytes);
            struct span taken = span_of(bytes, size);
            enum frame_kind kind;
            struct blob *payload;
            enum status status;
            while ((status = frame_decode(&decoder, &taken, &kind, &payload)) == STATUS_OK) {
                received++;
                blob_unref(payload);
            }
            cr_assert_eq(status, STATUS_BUSY);
        }
        cr_assert_leq(queue.bytes, queue.limit);
    }
    uint64_t left = 0;
    uint8_t rest[2048];
    struct span taken = span_of(rest, peer_queue_take(&queue, rest, sizeof rest));
    enum frame_kind kind;
    struct blob *payload;
    while (frame_decode(&decoder, &taken, &kind, &payload) == STATUS_OK) {
        left++;
        blob_unref(payload);
    }
    cr_assert_eq(accepted, received + left + queue.dropped);
    frame_decoder_free(&decoder);
    peer_queue_free(&queue);
}
