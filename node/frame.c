#include "node/frame.h"

#include "crypto/codec.h"

const char *frame_name(uint8_t kind)
{
    switch (kind) {
#define X(name, number, text, limit) \
    case FRAME_##name: return text;
        FRAME_LIST(X)
#undef X
    default: return "unknown";
    }
}

static size_t limit_resolve(size_t limit, size_t batch_bytes_max)
{
    if (limit == FRAME_LIMIT_BATCH) return batch_bytes_max + FRAME_BATCH_EXTRA;
    if (limit == FRAME_LIMIT_GOSSIP) {
        if (batch_bytes_max < FRAME_GOSSIP_BYTES) return FRAME_GOSSIP_BYTES;
        return batch_bytes_max < FRAME_GOSSIP_BYTES_MAX ? batch_bytes_max : FRAME_GOSSIP_BYTES_MAX;
    }
    if (limit != FRAME_LIMIT_BLOCKS) return limit;
    size_t blocks = batch_bytes_max > FRAME_SYNC_BYTES ? batch_bytes_max : FRAME_SYNC_BYTES;
    return blocks + FRAME_BATCH_EXTRA;
}

bool frame_limit(uint8_t kind, size_t batch_bytes_max, size_t *limit)
{
    switch (kind) {
#define X(name, number, text, size) \
    case FRAME_##name: *limit = limit_resolve(size, batch_bytes_max); return true;
        FRAME_LIST(X)
#undef X
    default: return false;
    }
}

void frame_head_encode(uint8_t bytes[FRAME_HEAD_BYTES], enum frame_kind kind, size_t payload_size)
{
    ASSERT(payload_size <= UINT32_MAX);
    store_u32(bytes, (uint32_t)payload_size);
    bytes[4] = (uint8_t)kind;
}

void frame_decoder_init(struct frame_decoder *decoder, size_t batch_bytes_max)
{
    *decoder = (struct frame_decoder){
        .batch_bytes_max = batch_bytes_max,
        .hello_only = true,
        .status = STATUS_OK,
    };
}

void frame_decoder_free(struct frame_decoder *decoder)
{
    blob_unref(decoder->payload);
    decoder->payload = NULL;
}

bool frame_decoder_partial(const struct frame_decoder *decoder)
{
    return decoder->head_size > 0;
}

/* Moves up to `want` bytes from the front of *bytes to target. */
static size_t take(uint8_t *target, size_t want, struct span *bytes)
{
    size_t count = want < bytes->size ? want : bytes->size;
    if (count == 0) return 0;
    memcpy(target, bytes->data, count);
    bytes->data += count;
    bytes->size -= count;
    return count;
}

/* The head is whole: may this frame come at all? Its memory is taken at once. A peer can make us
 * reserve one frame in this way, but pages that were never written cost nothing. */
static enum status frame_begin(struct frame_decoder *decoder)
{
    size_t size = load_u32(decoder->head);
    uint8_t kind = decoder->head[4];
    size_t limit;
    if (!frame_limit(kind, decoder->batch_bytes_max, &limit)) return STATUS_UNSUPPORTED;
    if (decoder->hello_only && kind != FRAME_HELLO) return STATUS_REFUSED;
    if (size > limit) return STATUS_TOO_LARGE;
    decoder->payload = blob_new(size);
    decoder->payload_size = 0;
    return decoder->payload ? STATUS_OK : STATUS_NO_MEMORY;
}

enum status frame_decode(struct frame_decoder *decoder, struct span *bytes, enum frame_kind *kind,
                         struct blob **payload)
{
    if (decoder->status != STATUS_OK) return decoder->status;
    if (!decoder->payload) {
        decoder->head_size +=
            take(decoder->head + decoder->head_size, FRAME_HEAD_BYTES - decoder->head_size, bytes);
        if (decoder->head_size < FRAME_HEAD_BYTES) return STATUS_BUSY;
        decoder->status = frame_begin(decoder);
        if (decoder->status != STATUS_OK) return decoder->status;
    }
    struct blob *blob = decoder->payload;
    decoder->payload_size +=
        take(blob->data + decoder->payload_size, blob->size - decoder->payload_size, bytes);
    if (decoder->payload_size < blob->size) return STATUS_BUSY;

    *kind = (enum frame_kind)decoder->head[4];
    *payload = blob;
    decoder->payload = NULL;
    decoder->head_size = 0;
    return STATUS_OK;
}
