/* History that never was, made to be believed: blocks that execute to exactly what their headers
 * say, decisions that fit behind those that were made. Nothing is wrong with them but the proof, so
 * whoever does not look at that takes them. What is changed at random (lie_sync.c) shows in many
 * places; this shows in one. */
#include "liar_internal.h"

#include <stdlib.h>

enum { FORGED_PERMILLE = 500 };

static bool forges(struct liar *liar, uint64_t ways, uint64_t *how)
{
    *how = stream_between(&liar->forging, 0, ways - 1);
    return stream_chance(&liar->forging, FORGED_PERMILLE);
}

/* ---- blocks ---- */

enum forged_proof {
    PROVEN_BY_NEXT,  /* no seal; the true block behind it has another parent */
    PROVEN_BY_TRUTH, /* the seal of the true block */
    PROVEN_BY_NAME,  /* its signatures, over the forged block's hash */
    PROVEN_BY_ONE,   /* ours */
    PROVEN_BY_US,    /* ours, as often as a quorum asks for */
    FORGED_PROOFS,
};

/* Another member proposed it: the state does not know by whom a block was proposed. */
static bool forge_block(struct span block, struct writer *w, struct header *header)
{
    uint32_t count;
    struct span list;
    if (block_decode(block, header, &count, &list) != STATUS_OK) return false;
    header->proposer.bytes[0] ^= 1;
    struct writer forged;
    writer_init(&forged, block.size);
    header_write(&forged, header);
    write_bytes(&forged, span_of(block.data + HEADER_BYTES, block.size - HEADER_BYTES));
    bool whole = writer_status(&forged) == STATUS_OK;
    if (whole) write_bytes32(w, writer_span(&forged));
    writer_free(&forged);
    return whole;
}

static void write_seal(struct liar *liar, struct writer *w, enum forged_proof how,
                       const struct header *header, struct span truth)
{
    struct digest hash = header_hash(header);
    struct blob *ours = make_seal_vote(liar, header->height, &hash);
    uint8_t bytes[SEAL_BYTES_MAX];
    struct writer seal;
    writer_init_fixed(&seal, bytes, sizeof bytes);
    if (how == PROVEN_BY_TRUTH) write_bytes(&seal, truth);
    if (how == PROVEN_BY_NAME && truth.size > SEAL_SIGNED_BYTES) {
        write_bytes(&seal, span_of(truth.data, SEAL_SIGNED_BYTES - sizeof hash));
        write_digest(&seal, &hash);
        write_bytes(&seal, span_of(truth.data + SEAL_SIGNED_BYTES, truth.size - SEAL_SIGNED_BYTES));
    }
    if ((how == PROVEN_BY_ONE || how == PROVEN_BY_US) && ours) {
        /* Count of votes u16 | what is signed | validator u16, signature */
        uint16_t times = how == PROVEN_BY_ONE ? 1 : liar->quorum;
        struct span vote = span_of(ours->data + 2, SEAL_VOTE_BYTES);
        write_bytes(&seal, span_of(vote.data, SEAL_SIGNED_BYTES));
        write_u16(&seal, times);
        for (uint16_t i = 0; i < times; i++)
            write_bytes(&seal,
                        span_of(vote.data + SEAL_SIGNED_BYTES, vote.size - SEAL_SIGNED_BYTES));
    }
    write_bytes16(w, writer_status(&seal) == STATUS_OK ? writer_span(&seal) : span_of("", 0));
    blob_unref(ours);
}

bool forge_blocks(struct liar *liar, uint16_t to, struct span payload)
{
    uint64_t how;
    if (!forges(liar, FORGED_PROOFS, &how)) return false;
    struct reader r = reader_of(payload);
    uint16_t count = read_u16(&r);
    struct span block = read_bytes32(&r, r.rest.size);
    struct span seal = read_bytes16(&r, SEAL_BYTES_MAX);
    if (reader_status(&r) != STATUS_OK || count == 0) return false;
    if (how == PROVEN_BY_NEXT && count == 1) how = PROVEN_BY_US;
    struct writer w;
    struct header header;
    writer_init(&w, SIZE_MAX / 2);
    write_u16(&w, count);
    if (!forge_block(block, &w, &header)) {
        writer_free(&w);
        return false;
    }
    write_seal(liar, &w, (enum forged_proof)how, &header, seal);
    write_bytes(&w, r.rest);
    liar_send_written(liar, to, FRAME_SYNC_BLOCKS, &w);
    return true;
}

/* ---- anchors ---- */

/* The last decision with another batch, or one more behind it. */
bool forge_anchor(struct liar *liar, uint16_t to, struct span payload)
{
    uint64_t more;
    if (!forges(liar, 2, &more)) return false;
    struct digest batch = make_digest(&liar->forging);
    struct reader r = reader_of(payload);
    uint64_t epoch = read_u64(&r);
    uint32_t count = read_u32(&r);
    if (reader_status(&r) != STATUS_OK || count == 0) return false;
    struct span before = read_bytes(&r, (size_t)(count - 1) * PROPOSAL_BYTES);
    struct proposal last;
    proposal_read(&r, &last);
    if (reader_status(&r) != STATUS_OK) return false;
    struct writer w;
    writer_init(&w, SIZE_MAX / 2);
    write_u64(&w, epoch);
    write_u32(&w, count + (uint32_t)more);
    write_bytes(&w, before);
    if (more) {
        proposal_write(&w, &last);
        last = (struct proposal){ .index = last.index + 1,
                                  .view = last.view + 1,
                                  .parent_view = last.view,
                                  .parent = proposal_digest(&last) };
    }
    last.batch = batch;
    proposal_write(&w, &last);
    write_bytes(&w, r.rest); /* the proof of the true ones */
    liar_send_written(liar, to, FRAME_ANCHOR, &w);
    return true;
}
