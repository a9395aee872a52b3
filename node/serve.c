#include "node/serve.h"

#include "node/frame.h"
#include <stdlib.h>

struct serve {
    struct ledger_reader *reader;
    uint64_t height;         /* first of the answer */
    struct epoch_row *epoch; /* of all of its blocks */
    struct buffer *answer;
    struct buffer block; /* scratch */
    struct seal *seal;   /* scratch */
    uint16_t proven;     /* blocks in the answer up to the last one that has a seal ... */
    size_t proven_bytes; /* ... and where it ends */
};

/* One block, if it is there and fits; with its seal if it has one. */
static bool serve_block(struct serve *serve, uint64_t height)
{
    serve->block.size = 0;
    if (ledger_read_block_bytes(serve->reader, height, &serve->block) != STATUS_OK) return false;
    bool sealed = ledger_read_seal(serve->reader, height, serve->seal) == STATUS_OK &&
                  serve->seal->count >= committee_quorum(&serve->epoch->committee);
    struct writer seal_writer;
    uint8_t seal_bytes[SEAL_BYTES_MAX];
    writer_init_fixed(&seal_writer, seal_bytes, sizeof seal_bytes);
    if (sealed) seal_write(&seal_writer, serve->seal);
    struct writer w;
    writer_init(&w, serve->block.size + SEAL_BYTES_MAX + 16);
    write_bytes32(&w, buffer_span(&serve->block));
    write_bytes16(&w, writer_span(&seal_writer));
    bool fits = writer_status(&w) == STATUS_OK &&
                buffer_append(serve->answer, writer_span(&w)) == STATUS_OK;
    writer_free(&w);
    if (fits && sealed) {
        serve->proven = (uint16_t)(height - serve->height + 1);
        serve->proven_bytes = serve->answer->size;
    }
    return fits;
}

/* Whether a block is the last of its epoch. */
static bool ends_epoch(struct serve *serve, uint64_t height)
{
    struct block_row block;
    return ledger_read_block(serve->reader, height, &block) == STATUS_OK &&
           (block.header.flags & HEADER_EPOCH_END) != 0;
}

static void serve_all(struct serve *serve, uint16_t count)
{
    if (ledger_reader_begin(serve->reader) != STATUS_OK) return;
    uint16_t done = 0;
    bool more = ledger_read_epoch_of(serve->reader, serve->height, serve->epoch) == STATUS_OK;
    while (more && done < count && serve->answer->size < FRAME_SYNC_BYTES) {
        uint64_t height = serve->height + done++;
        more = serve_block(serve, height) && !ends_epoch(serve, height);
    }
    ledger_reader_end(serve->reader);
}

enum status serve_blocks(struct ledger_reader *reader, size_t batch_bytes_max, uint64_t height,
                         uint16_t count, struct buffer *answer)
{
    size_t limit = 0;
    bool known = frame_limit(FRAME_SYNC_BLOCKS, batch_bytes_max, &limit);
    ASSERT(known);
    static const uint8_t head[2] = { 0, 0 };
    struct serve serve = {
        .reader = reader, .height = height, .answer = answer, .proven_bytes = sizeof head
    };
    buffer_init(answer, limit);
    buffer_init(&serve.block, limit);
    serve.seal = malloc(sizeof *serve.seal);
    serve.epoch = malloc(sizeof *serve.epoch);
    enum status status = serve.seal && serve.epoch
                             ? buffer_append(answer, span_of(head, sizeof head))
                             : STATUS_NO_MEMORY;
    if (status == STATUS_OK) {
        serve_all(&serve, count);
        store_u16(answer->data, serve.proven);
        answer->size = serve.proven_bytes;
    }
    free(serve.seal);
    free(serve.epoch);
    buffer_free(&serve.block);
    return status;
}
