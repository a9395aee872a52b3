#include "liar_fields.h"

#include "consensus/hotstuff.h"
#include "format/block.h"
#include "node/frame.h"

struct walk {
    struct reader r;
    struct field *list;
    size_t count;
};

static void note_field(struct walk *walk, size_t offset, size_t size)
{
    if (reader_status(&walk->r) != STATUS_OK || walk->count == FIELDS_MAX || size == 0) return;
    walk->list[walk->count++] = (struct field){ offset, size };
}

static struct span walk_field(struct walk *walk, size_t size)
{
    size_t offset = walk->r.offset;
    struct span bytes = read_bytes(&walk->r, size);
    note_field(walk, offset, size);
    return bytes;
}

static void walk_fields(struct walk *walk, const uint8_t *sizes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        walk_field(walk, sizes[i]);
}

#define WALK(walk, ...) \
    walk_fields(walk, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static uint32_t walk_u32(struct walk *walk)
{
    struct span bytes = walk_field(walk, 4);
    return reader_status(&walk->r) == STATUS_OK ? load_u32(bytes.data) : 0;
}

static uint16_t walk_u16(struct walk *walk)
{
    struct span bytes = walk_field(walk, 2);
    return reader_status(&walk->r) == STATUS_OK ? load_u16(bytes.data) : 0;
}

static bool walking(const struct walk *walk)
{
    return reader_status(&walk->r) == STATUS_OK && walk->r.rest.size > 0 &&
           walk->count < FIELDS_MAX;
}

/* ---- of the engine ---- */

static unsigned walk_certificate(struct walk *walk)
{
    WALK(walk, 1, 8, 8, 32);
    struct span bitmap = walk_field(walk, ((size_t)walk_u16(walk) + 7) / 8);
    unsigned signers = 0;
    for (size_t i = 0; i < bitmap.size; i++)
        signers += (unsigned)__builtin_popcount(bitmap.data[i]);
    for (unsigned i = 0; i < signers && walking(walk); i++)
        walk_field(walk, 64);
    return signers;
}

static void walk_header(struct walk *walk)
{
    WALK(walk, 8, 8, 8, 32, 32);
}

static void walk_warrant(struct walk *walk)
{
    walk_certificate(walk);
    struct span has_timeouts = walk_field(walk, 1);
    if (reader_status(&walk->r) != STATUS_OK || has_timeouts.data[0] == 0) return;
    unsigned signers = walk_certificate(walk);
    for (unsigned i = 0; i < signers; i++)
        walk_field(walk, 8);
    walk_certificate(walk);
}

static void walk_proof(struct walk *walk)
{
    walk_u32(walk);
    if (!walking(walk)) return;
    struct span form = walk_field(walk, 1);
    if (form.data[0] >= PROOF_TWO_CHAIN) walk_header(walk);
    if (form.data[0] == PROOF_THREE_CHAIN) walk_header(walk);
    walk_certificate(walk);
}

static void walk_transactions(struct walk *walk, uint32_t count)
{
    for (uint32_t i = 0; i < count && walking(walk); i++)
        walk_field(walk, walk_u32(walk));
}

/* version, flags, proposer, time, count */
static void walk_batch(struct walk *walk)
{
    if (walk_u32(walk) == 0) return;
    WALK(walk, 2, 1, 16, 8);
    walk_transactions(walk, walk_u32(walk));
}

static void walk_message(struct walk *walk, uint8_t kind)
{
    WALK(walk, 1, 8, 8, 8, 32);
    read_bytes(&walk->r, 64); /* Who signs again need not change a signature. */
    bool attached = walk_u32(walk) > 0;
    if (attached && kind == PROPOSAL) walk_header(walk);
    if (attached) walk_warrant(walk);
    if (attached && kind == SYNC_INFO) walk_proof(walk);
    walk_batch(walk);
}

/* ---- of blocks ---- */

static void walk_block(struct walk *walk)
{
    walk_u32(walk);
    WALK(walk, 2, 1, 1, 4, 32, 8, 8, 8, 8, 8, 16, 32, 32, 32, 32, 32, 32, 32, 32);
    walk_transactions(walk, walk_u32(walk));
    if (walk_u16(walk) == 0) return;
    WALK(walk, 8, 8, 32);
    uint16_t signers = walk_u16(walk);
    for (uint16_t i = 0; i < signers && walking(walk); i++)
        WALK(walk, 2, 64);
}

size_t fields_find(uint8_t frame, struct span payload, struct field fields[FIELDS_MAX])
{
    struct walk walk = { .r = reader_of(payload), .list = fields };
    uint32_t count;
    switch (frame) {
    case FRAME_ENGINE: walk_message(&walk, payload.size > 0 ? payload.data[0] : 0); break;
    case FRAME_TRANSACTIONS: walk_transactions(&walk, walk_u32(&walk)); break;
    case FRAME_SEAL_VOTES:
        walk_u16(&walk);
        while (walking(&walk))
            WALK(&walk, 8, 8, 32, 2, 64);
        break;
    case FRAME_FETCH: WALK(&walk, 1, 32, 8); break;
    case FRAME_FETCHED:
        walk_header(&walk);
        walk_batch(&walk);
        break;
    case FRAME_SYNC_REQUEST: WALK(&walk, 8, 2); break;
    case FRAME_SYNC_BLOCKS:
        walk_u16(&walk);
        while (walking(&walk))
            walk_block(&walk);
        break;
    case FRAME_ANCHOR:
        walk_field(&walk, 8);
        count = walk_u32(&walk);
        for (uint32_t i = 0; i < count && walking(&walk); i++)
            walk_header(&walk);
        walk_proof(&walk);
        break;
    case FRAME_TICK_WISH: walk_field(&walk, 8); break;
    default: break;
    }
    return walk.count;
}
