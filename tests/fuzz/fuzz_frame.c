/* Frames from arbitrary bytes in arbitrary pieces: the same frames come out as from one piece, and
 * never more memory than the limits allow. The first byte chooses the pieces. */
#include "node/frame.h"

#include <stdlib.h>

enum { BATCH_MAX = 4096, FRAMES_MAX = 64 };

struct result {
    size_t count;
    size_t sizes[FRAMES_MAX];
    uint8_t kinds[FRAMES_MAX];
    enum status status;
};

static void decode(struct result *result, struct span bytes, size_t piece)
{
    struct frame_decoder decoder;
    frame_decoder_init(&decoder, BATCH_MAX);
    *result = (struct result){ .status = STATUS_BUSY };
    while (bytes.size > 0 && result->status == STATUS_BUSY && result->count < FRAMES_MAX) {
        struct span part = span_of(bytes.data, bytes.size < piece ? bytes.size : piece);
        bytes.data += part.size;
        bytes.size -= part.size;
        while (result->count < FRAMES_MAX) {
            enum frame_kind kind;
            struct blob *payload;
            result->status = frame_decode(&decoder, &part, &kind, &payload);
            if (result->status != STATUS_OK) break;
            size_t limit;
            bool known = frame_limit((uint8_t)kind, BATCH_MAX, &limit);
            ASSERT(known);
            ASSERT(payload->size <= limit);
            ASSERT(result->count > 0 || kind == FRAME_HELLO);
            decoder.hello_only = false;
            result->kinds[result->count] = (uint8_t)kind;
            result->sizes[result->count++] = payload->size;
            blob_unref(payload);
        }
    }
    frame_decoder_free(&decoder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) return 0;
    struct span bytes = span_of(data + 1, size - 1);
    struct result whole;
    struct result pieces;
    decode(&whole, bytes, bytes.size > 0 ? bytes.size : 1);
    decode(&pieces, bytes, 1u + data[0] % 31);
    if (whole.count == FRAMES_MAX || pieces.count == FRAMES_MAX) return 0;
    ASSERT(whole.count == pieces.count);
    ASSERT(whole.status == pieces.status);
    for (size_t i = 0; i < whole.count; i++) {
        ASSERT(whole.sizes[i] == pieces.sizes[i]);
        ASSERT(whole.kinds[i] == pieces.kinds[i]);
    }
    return 0;
}
