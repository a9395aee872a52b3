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
 */

void warrant_write(struct writer *w, const struct certificate *high,
                   const struct timeout_certificate *timeouts)
{
    certificate_write(w, high);
    write_bool(w, timeouts != NULL);
    if (!timeouts) return;
    aux_certificate_write(w, &timeouts->timeouts);
    certificate_write(w, &timeouts->high);
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

void proof_write(struct writer *w, enum proof_form form, const struct proposal *child,
                 const struct certificate *certificate)
{
    write_u8(w, (uint8_t)form);
    if (form == PROOF_TWO_CHAIN) proposal_write(w, child);
    certificate_write(w, certificate);
}

static bool in_range(uint64_t index, uint64_t view)
{
    return index < VIEW_LIMIT && view < VIEW_LIMIT;
}

/* What a proof says, once its certificate is believed. */
static enum status proof_place(struct proof *proof)
{
    const struct statement *statement = &proof->certificate.statement;
    const struct proposal *child = &proof->child;
    if (proof->form == PROOF_COMMIT_VOTES) {
        if (statement->kind != COMMIT_VOTE) return STATUS_INVALID;
        if (!in_range(statement->index, statement->view)) return STATUS_INVALID;
        if (statement->index == 0 || statement->view == 0) return STATUS_INVALID;
        proof->position = (struct position){ statement->index, statement->view, statement->digest };
        return STATUS_OK;
    }
    struct digest digest = proposal_digest(child);
    if (statement->kind != VOTE) return STATUS_INVALID;
    if (statement->index != child->index || statement->view != child->view) return STATUS_MISMATCH;
    if (!digest_equal(&statement->digest, &digest)) return STATUS_MISMATCH;
    if (!in_range(child->index, child->view)) return STATUS_INVALID;
    if (child->index < 2 || child->view < 2) return STATUS_INVALID; /* the root is not decided */
    /* Consecutive views, not just parent and child: no timeout certificate fits in between. */
    if (child->view != child->parent_view + 1) return STATUS_INVALID;
    proof->position = (struct position){ child->index - 1, child->parent_view, child->parent };
    return STATUS_OK;
}

enum status proof_read(struct span bytes, struct proof *proof)
{
    struct reader r = reader_of(bytes);
    uint8_t form = read_u8(&r);
    if (form != PROOF_COMMIT_VOTES && form != PROOF_TWO_CHAIN) reader_fail(&r, STATUS_UNSUPPORTED);
    proof->form = (enum proof_form)form;
    if (form == PROOF_TWO_CHAIN) proposal_read(&r, &proof->child);
    certificate_read(&r, &proof->certificate);
    if (reader_end(&r) != STATUS_OK) return reader_status(&r);
    return proof_place(proof);
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
 *     parts           flags u8 | [1: header 88] | [2: certificate] | [4: timeouts]
 */

enum { RECORD_VERSION = 1, PART_HEADER = 1, PART_HIGH = 2, PART_TIMEOUTS = 4, PARTS_ALL = 7 };

static void record_begin(struct writer *w, enum record_type type)
{
    write_u8(w, RECORD_VERSION);
    write_u8(w, (uint8_t)type);
}

static void parts_write(struct writer *w, const struct record_parts *parts)
{
    int flags = (parts->header ? PART_HEADER : 0) | (parts->high ? PART_HIGH : 0) |
                (parts->timeouts ? PART_TIMEOUTS : 0);
    write_u8(w, (uint8_t)flags);
    if (parts->header) proposal_write(w, parts->header);
    if (parts->high) certificate_write(w, parts->high);
    if (!parts->timeouts) return;
    aux_certificate_write(w, &parts->timeouts->timeouts);
    certificate_write(w, &parts->timeouts->high);
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
    if (record->has_header) proposal_read(r, &record->header);
    if (record->has_high) certificate_read(r, &record->warrant.high);
    if (record->has_timeouts) timeouts_read(r, &record->warrant.timeouts);
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
    record->has_header = record->has_high = record->has_timeouts = false;
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
