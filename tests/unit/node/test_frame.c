#include "node/frame.h"

#include "crypto/codec.h"
#include <criterion/criterion.h>
#include <string.h>

enum { BATCH = 100000 };

static size_t frame_put(uint8_t *out, enum frame_kind kind, struct span payload)
{
    frame_head_encode(out, kind, payload.size);
    memcpy(out + FRAME_HEAD_BYTES, payload.data, payload.size);
    return FRAME_HEAD_BYTES + payload.size;
}

Test(frame, layout)
{
    uint8_t bytes[FRAME_HEAD_BYTES];
    frame_head_encode(bytes, FRAME_SEAL_VOTES, 0x010203);
    static const uint8_t wanted[] = { 3, 2, 1, 0, 5 };
    cr_assert_arr_eq(bytes, wanted, sizeof wanted);
}

Test(frame, limits)
{
    size_t limit;
    cr_assert(frame_limit(FRAME_HELLO, BATCH, &limit));
    cr_assert_eq(limit, 1024);
    cr_assert(frame_limit(FRAME_ENGINE, BATCH, &limit));
    cr_assert_eq(limit, BATCH + 65536);
    cr_assert(frame_limit(FRAME_SYNC_BLOCKS, BATCH, &limit));
    cr_assert_eq(limit, 4 * 1024 * 1024 + 65536);
    cr_assert(frame_limit(FRAME_SYNC_BLOCKS, 16 * 1024 * 1024, &limit));
    cr_assert_eq(limit, 16 * 1024 * 1024 + 65536);
    cr_assert(frame_limit(FRAME_TRANSACTIONS, BATCH, &limit));
    cr_assert_eq(limit, 256 * 1024);
    cr_assert_not(frame_limit(0, BATCH, &limit));
    cr_assert_not(frame_limit(FRAME_KIND_LAST + 1, BATCH, &limit));
    cr_assert_not(frame_limit(255, BATCH, &limit));
    for (uint8_t kind = 1; kind <= FRAME_KIND_LAST; kind++) {
        cr_assert(frame_limit(kind, BATCH, &limit));
        cr_assert_str_neq(frame_name(kind), "unknown");
    }
    cr_assert_str_eq(frame_name(0), "unknown");
}

/* Gossip has room for one transaction of any size that a chain allows, which its batches bound. */
Test(frame, limit_of_gossip)
{
    size_t limit;
    cr_assert(frame_limit(FRAME_TRANSACTIONS, 300 * 1024, &limit));
    cr_assert_eq(limit, 300 * 1024);
    cr_assert(frame_limit(FRAME_TRANSACTIONS, 16 * 1024 * 1024, &limit));
    cr_assert_geq(limit, 1024 * 1024 + 8);
    cr_assert_leq(limit, 1024 * 1024 + 1024);
}

/* The same three frames, however the bytes are cut. */
Test(frame, any_pieces)
{
    uint8_t stream[400];
    static const uint8_t hundred[100] = { 7 };
    size_t size = frame_put(stream, FRAME_HELLO, span_text("hello"));
    size += frame_put(stream + size, FRAME_TICK_WISH, span_of("", 0));
    size += frame_put(stream + size, FRAME_ENGINE, span_of(hundred, 100));
    for (size_t piece = 1; piece <= size; piece++) {
        struct frame_decoder decoder;
        frame_decoder_init(&decoder, BATCH);
        int frames = 0;
        for (size_t at = 0; at < size; at += piece) {
            struct span bytes = span_of(stream + at, at + piece > size ? size - at : piece);
            enum frame_kind kind;
            struct blob *payload;
            enum status status;
            while ((status = frame_decode(&decoder, &bytes, &kind, &payload)) == STATUS_OK) {
                static const enum frame_kind kinds[] = { FRAME_HELLO, FRAME_TICK_WISH,
                                                         FRAME_ENGINE };
                static const size_t sizes[] = { 5, 0, 100 };
                cr_assert_lt(frames, 3);
                cr_assert_eq(kind, kinds[frames]);
                cr_assert_eq(payload->size, sizes[frames]);
                decoder.hello_only = false;
                frames++;
                blob_unref(payload);
            }
            cr_assert_eq(status, STATUS_BUSY);
            cr_assert_eq(bytes.size, 0);
        }
        cr_assert_eq(frames, 3);
        cr_assert_not(frame_decoder_partial(&decoder));
        frame_decoder_free(&decoder);
    }
}

static enum status decode_head(bool hello_only, uint32_t length, uint8_t kind_byte)
{
    struct frame_decoder decoder;
    frame_decoder_init(&decoder, BATCH);
    decoder.hello_only = hello_only;
    uint8_t head[FRAME_HEAD_BYTES];
    store_u32(head, length);
    head[4] = kind_byte;
    struct span bytes = span_of(head, sizeof head);
    enum frame_kind kind;
    struct blob *payload = NULL;
    enum status status = frame_decode(&decoder, &bytes, &kind, &payload);
    if (status == STATUS_OK) blob_unref(payload);
    if (status != STATUS_OK && status != STATUS_BUSY) { /* Errors stick. */
        bytes = span_of(head, sizeof head);
        cr_assert_eq(frame_decode(&decoder, &bytes, &kind, &payload), status);
        cr_assert_eq(bytes.size, sizeof head);
    }
    frame_decoder_free(&decoder);
    return status;
}

Test(frame, refusals)
{
    cr_assert_eq(decode_head(true, 1024, FRAME_HELLO), STATUS_BUSY);
    cr_assert_eq(decode_head(true, 1025, FRAME_HELLO), STATUS_TOO_LARGE);
    cr_assert_eq(decode_head(true, 10, FRAME_PING), STATUS_REFUSED);
    cr_assert_eq(decode_head(true, UINT32_MAX, FRAME_ENGINE), STATUS_REFUSED);
    cr_assert_eq(decode_head(false, UINT32_MAX, FRAME_ENGINE), STATUS_TOO_LARGE);
    cr_assert_eq(decode_head(false, BATCH + 65536, FRAME_ENGINE), STATUS_BUSY);
    cr_assert_eq(decode_head(false, BATCH + 65537, FRAME_ENGINE), STATUS_TOO_LARGE);
    cr_assert_eq(decode_head(false, 0, 0), STATUS_UNSUPPORTED);
    cr_assert_eq(decode_head(true, 0, 99), STATUS_UNSUPPORTED);
}

Test(frame, partial)
{
    struct frame_decoder decoder;
    frame_decoder_init(&decoder, BATCH);
    uint8_t stream[20];
    frame_put(stream, FRAME_HELLO, span_text("hello"));
    struct span bytes = span_of(stream, 3);
    enum frame_kind kind;
    struct blob *payload;
    cr_assert_eq(frame_decode(&decoder, &bytes, &kind, &payload), STATUS_BUSY);
    cr_assert(frame_decoder_partial(&decoder));
    frame_decoder_free(&decoder);
}
