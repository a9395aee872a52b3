#include "consensus/hotstuff.h"

/* Attachments:
 *
 *     warrant    = certificate | has timeouts bool | [timeouts]
 *     timeouts   = aux certificate | certificate
 *     proposal   = header 88 | warrant
 *     timeout    = warrant
 *     sync info  = warrant | bytes32 proof
 *     proof      = 1 u8 | certificate of kind COMMIT_VOTE
 *                | 2 u8 | header 88 of the child | certificate of kind VOTE, of the child
 *                | 3 u8 | headers 2 x 88 of child and grandchild | certificate of kind VOTE, of
 *                  the grandchild
 */

static void timeouts_write(struct writer *w, const struct timeout_certificate *timeouts)
{
    aux_certificate_write(w, &timeouts->timeouts);
    certificate_write(w, &timeouts->high);
}

void warrant_write(struct writer *w, const struct certificate *high,
                   const struct timeout_certificate *timeouts)
{
    certificate_write(w, high);
    write_bool(w, timeouts != NULL);
    if (timeouts) timeouts_write(w, timeouts);
}

static void timeouts_read(struct reader *r, struct timeout_certificate *timeouts)
{
    aux_certificate_read(r, &timeouts->timeouts);
    certificate_read(r, &timeouts->high);
}

void warrant_read(struct reader *r, struct warrant *warrant)
{
    certificate_read(r, &warrant->high);
    warrant->has_timeouts = read_bool(r);
    if (warrant->has_timeouts) timeouts_read(r, &warrant->timeouts);
}

enum status proposal_attachment_read(struct span bytes, struct proposal *proposal,
                                     struct warrant *warrant)
{
    struct reader r = reader_of(bytes);
    proposal_read(&r, proposal);
    warrant_read(&r, warrant);
    return reader_end(&r);
}

enum status timeout_attachment_read(struct span bytes, struct warrant *warrant)
{
    struct reader r = reader_of(bytes);
    warrant_read(&r, warrant);
    return reader_end(&r);
}

enum status sync_attachment_read(struct span bytes, struct warrant *warrant, struct span *proof)
{
    struct reader r = reader_of(bytes);
    warrant_read(&r, warrant);
    *proof = read_bytes32(&r, PROOF_BYTES_MAX);
    return reader_end(&r);
}

static size_t proof_headers(enum proof_form form)
{
    return (size_t)form - 1;
}

void hotstuff_proof_write(struct writer *w, enum proof_form form, const struct proposal *headers,
                          const struct certificate *certificate)
{
    write_u8(w, (uint8_t)form);
    for (size_t i = 0; i < proof_headers(form); i++)
        proposal_write(w, &headers[i]);
    certificate_write(w, certificate);
}

static bool in_range(uint64_t index, uint64_t view)
{
    return index < VIEW_LIMIT && view < VIEW_LIMIT;
}

/* What a quorum of commit votes says, once it is believed. */
static enum status proof_place_voted(struct proof *proof)
{
    const struct statement *statement = &proof->certificate.statement;
    if (statement->kind != COMMIT_VOTE) return STATUS_INVALID;
    if (!in_range(statement->index, statement->view)) return STATUS_INVALID;
    if (statement->index == 0 || statement->view == 0) return STATUS_INVALID;
    proof->position = (struct position){ statement->index, statement->view, statement->digest };
    return STATUS_OK;
}

/* Is each header the parent of the next, and the last one what the certificate names? */
static bool headers_link(const struct proof *proof, size_t count)
{
    const struct statement *certified = &proof->certificate.statement;
    for (size_t i = 0; i < count; i++) {
        const struct proposal *header = &proof->headers[i];
        const struct proposal *next = i + 1 < count ? header + 1 : NULL;
        struct digest digest = proposal_digest(header);
        if (header->view != (next ? next->parent_view : certified->view)) return false;
        if (header->index != (next ? next->index - 1 : certified->index)) return false;
        if (!digest_equal(&digest, next ? &next->parent : &certified->digest)) return false;
    }
    return true;
}

/* What the certificate of a child or a grandchild says, once it is believed. */
static enum status proof_place_chained(struct proof *proof)
{
    const struct statement *certified = &proof->certificate.statement;
    const struct proposal *child = &proof->headers[0];
    size_t count = proof_headers(proof->form);
    if (certified->kind != VOTE) return STATUS_INVALID;
    if (!headers_link(proof, count)) return STATUS_MISMATCH;
    if (!in_range(certified->index, certified->view)) return STATUS_INVALID;
    if (!in_range(child->index, child->view)) return STATUS_INVALID;
    if (child->index < 2 || child->view < 2) return STATUS_INVALID; /* the root is not decided */
    /* Consecutive views, not just parent and child: no timeout certificate fits in between. */
    for (size_t i = 0; i < count; i++)
        if (proof->headers[i].view != proof->headers[i].parent_view + 1) return STATUS_INVALID;
    proof->position = (struct position){ child->index - 1, child->parent_view, child->parent };
    return STATUS_OK;
}

enum status hotstuff_proof_read(struct span bytes, struct proof *proof)
{
    struct reader r = reader_of(bytes);
    uint8_t form = read_u8(&r);
    if (form < PROOF_COMMIT_VOTES || form > PROOF_THREE_CHAIN) {
        reader_fail(&r, STATUS_UNSUPPORTED);
        return reader_status(&r);
    }
    proof->form = (enum proof_form)form;
    for (size_t i = 0; i < proof_headers(proof->form); i++)
        proposal_read(&r, &proof->headers[i]);
    certificate_read(&r, &proof->certificate);
    if (reader_end(&r) != STATUS_OK) return reader_status(&r);
    return proof->form == PROOF_COMMIT_VOTES ? proof_place_voted(proof)
                                             : proof_place_chained(proof);
}

struct statement proposal_statement(enum hotstuff_kind kind, const struct proposal *proposal)
{
    return (struct statement){ .kind = (uint8_t)kind,
                               .index = proposal->index,
                               .view = proposal->view,
                               .digest = proposal_digest(proposal) };
}

/* Records:
 *
 *     version u8 = 1 | type u8 | body
 *     1 promise       statement 57 | parts | bytes32 attachment
 *     2 decided       u32 n | n x header 88 | bytes32 proof
 *     3 certificates  parts
 *     4 header        header 88
 *     parts           flags u8 | [1: header 88] | [2: certificate] | [4: timeouts] | [8: lock u64]
 */

enum { RECORD_VERSION = 1 };
enum { PART_HEADER = 1, PART_HIGH = 2, PART_TIMEOUTS = 4, PART_LOCK = 8, PARTS_ALL = 15 };

static void record_begin(struct writer *w, enum record_type type)
{
    write_u8(w, RECORD_VERSION);
    write_u8(w, (uint8_t)type);
}

static void parts_write(struct writer *w, const struct record_parts *parts)
{
    int flags = (parts->header ? PART_HEADER : 0) | (parts->high ? PART_HIGH : 0) |
                (parts->timeouts ? PART_TIMEOUTS : 0) | (parts->lock_view ? PART_LOCK : 0);
    write_u8(w, (uint8_t)flags);
    if (parts->header) proposal_write(w, parts->header);
    if (parts->high) certificate_write(w, parts->high);
    if (parts->timeouts) timeouts_write(w, parts->timeouts);
    if (parts->lock_view) write_u64(w, *parts->lock_view);
}

void record_write_promise(struct writer *w, const struct statement *statement,
                          const struct record_parts *parts)
{
    record_begin(w, RECORD_PROMISE);
    statement_write(w, statement);
    parts_write(w, parts);
    write_bytes32(w, parts->attachment);
}

void record_write_decided(struct writer *w, const struct proposal *const *headers, size_t count,
                          struct span proof)
{
    ASSERT(count <= RECORD_HEADERS_MAX);
    record_begin(w, RECORD_DECIDED);
    write_u32(w, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        proposal_write(w, headers[i]);
    write_bytes32(w, proof);
}

void record_write_certificates(struct writer *w, const struct record_parts *parts)
{
    record_begin(w, RECORD_CERTIFICATES);
    parts_write(w, parts);
}

void record_write_header(struct writer *w, const struct proposal *header)
{
    record_begin(w, RECORD_HEADER);
    proposal_write(w, header);
}

static void parts_read(struct reader *r, struct record *record)
{
    uint8_t flags = read_u8(r);
    if (flags & ~PARTS_ALL) reader_fail(r, STATUS_MALFORMED);
    record->has_header = flags & PART_HEADER;
    record->has_high = flags & PART_HIGH;
    record->has_timeouts = flags & PART_TIMEOUTS;
    record->has_lock = flags & PART_LOCK;
    if (record->has_header) proposal_read(r, &record->header);
    if (record->has_high) certificate_read(r, &record->warrant.high);
    if (record->has_timeouts) timeouts_read(r, &record->warrant.timeouts);
    if (record->has_lock) record->lock_view = read_u64(r);
}

/* Views of a record must be such as check would believe; then nothing that is computed from them
 * overflows. */
static bool record_in_range(const struct record *record)
{
    const struct statement *high = &record->warrant.high.statement;
    const struct statement *timed_out = &record->warrant.timeouts.timeouts.certificate.statement;
    const struct statement *below = &record->warrant.timeouts.high.statement;
    const struct statement *promise = &record->statement;
    bool is_promise = record->type == RECORD_PROMISE;
    return (!is_promise || in_range(promise->index, promise->view)) &&
           (!record->has_header || in_range(record->header.index, record->header.view)) &&
           (!record->has_high || in_range(high->index, high->view)) &&
           (!record->has_timeouts ||
            (in_range(timed_out->index, timed_out->view) && in_range(below->index, below->view)));
}

static void decided_read(struct reader *r, struct record *record)
{
    record->headers_count = read_u32(r);
    if (record->headers_count > RECORD_HEADERS_MAX) reader_fail(r, STATUS_TOO_LARGE);
    record->headers = read_bytes(r, (size_t)record->headers_count * PROPOSAL_BYTES);
    record->proof = read_bytes32(r, PROOF_BYTES_MAX);
}

enum status record_read(struct span bytes, struct record *record)
{
    struct reader r = reader_of(bytes);
    uint8_t version = read_u8(&r);
    uint8_t type = read_u8(&r);
    if (version != RECORD_VERSION) reader_fail(&r, STATUS_UNSUPPORTED);
    record->type = (enum record_type)type;
    record->has_header = record->has_high = record->has_timeouts = record->has_lock = false;
    switch (record->type) {
    case RECORD_PROMISE:
        statement_read(&r, &record->statement);
        parts_read(&r, record);
        record->attachment = read_bytes32(&r, ATTACHMENT_BYTES_MAX);
        break;
    case RECORD_DECIDED: decided_read(&r, record); break;
    case RECORD_CERTIFICATES: parts_read(&r, record); break;
    case RECORD_HEADER:
        proposal_read(&r, &record->header);
        record->has_header = true;
        break;
    default: reader_fail(&r, STATUS_UNSUPPORTED);
    }
    if (reader_end(&r) != STATUS_OK) return reader_status(&r);
    return record_in_range(record) ? STATUS_OK : STATUS_INVALID;
}
