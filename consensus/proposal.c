#include "consensus/proposal.h"

void proposal_write(struct writer *w, const struct proposal *proposal)
{
    write_u64(w, proposal->index);
    write_u64(w, proposal->view);
    write_u64(w, proposal->parent_view);
    write_digest(w, &proposal->parent);
    write_digest(w, &proposal->batch);
}

void proposal_read(struct reader *r, struct proposal *proposal)
{
    proposal->index = read_u64(r);
    proposal->view = read_u64(r);
    proposal->parent_view = read_u64(r);
    read_digest(r, &proposal->parent);
    read_digest(r, &proposal->batch);
}

struct digest proposal_digest(const struct proposal *proposal)
{
    uint8_t bytes[PROPOSAL_BYTES];
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    proposal_write(&w, proposal);
    struct span span = writer_span(&w);
    ASSERT(span.size == PROPOSAL_BYTES);
    return digest_of(TAG_PROPOSAL, span);
}

struct digest root_digest(uint64_t epoch, const struct digest *block_hash)
{
    uint8_t number[8];
    store_u64(number, epoch);
    struct span parts[] = { span_of(number, sizeof number), digest_span(block_hash) };
    return digest_of_parts(TAG_ROOT, parts, 2);
}
