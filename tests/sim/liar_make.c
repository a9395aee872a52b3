/* Statements, messages and certificates of a liar's own making, signed with its key where that
 * helps. Only what the encoders of the product would assert is left to lie_mutate.c, which changes
 * bytes. */
#include "liar_internal.h"

#include "crypto/signer.h"

enum { STATEMENT_OFFSET = 0, SIGNATURE_OFFSET = STATEMENT_WIRE_BYTES };

void make_signature(const struct liar *liar, const struct statement *statement,
                    struct signature *signature)
{
    uint8_t bytes[STATEMENT_BYTES];
    statement_encode(&liar->domain, statement, bytes);
    key_sign(liar->config.seal_key, TAG_ENGINE, span_of(bytes, sizeof bytes), signature);
}

struct digest make_digest(struct stream *s)
{
    struct digest digest;
    for (size_t i = 0; i < sizeof digest.bytes; i += 8)
        store_u64(digest.bytes + i, stream_next(s));
    return digest;
}

/* ---- messages ---- */

struct blob *make_message(const struct liar *liar, struct message *message)
{
    memset(&message->signature, 0, sizeof message->signature);
    if (message->statement.kind != SYNC_INFO)
        make_signature(liar, &message->statement, &message->signature);
    struct writer w;
    writer_init(&w, SIZE_MAX / 2);
    message_write(&w, message);
    struct blob *blob = writer_status(&w) == STATUS_OK ? blob_copy(writer_span(&w)) : NULL;
    writer_free(&w);
    return blob;
}

struct blob *make_statement(const struct liar *liar, const struct statement *statement)
{
    struct message message = { .statement = *statement };
    return make_message(liar, &message);
}

struct blob *make_vote(const struct liar *liar, enum hotstuff_kind kind,
                       const struct proposal *proposal)
{
    struct statement statement = proposal_statement(kind, proposal);
    return make_statement(liar, &statement);
}

/* The message with what w holds as its attachment; frees w. */
static struct blob *make_attached(const struct liar *liar, struct message *message,
                                  struct writer *w)
{
    struct blob *blob = NULL;
    message->attachment = writer_span(w);
    if (writer_status(w) == STATUS_OK) blob = make_message(liar, message);
    writer_free(w);
    return blob;
}

struct blob *make_proposal(const struct liar *liar, const struct proposal *proposal,
                           const struct certificate *high,
                           const struct timeout_certificate *timeouts, struct span batch)
{
    struct message message = { .statement = proposal_statement(PROPOSAL, proposal),
                               .batch = batch };
    struct writer w;
    writer_init(&w, ATTACHMENT_BYTES_MAX);
    proposal_write(&w, proposal);
    warrant_write(&w, high, timeouts);
    return make_attached(liar, &message, &w);
}

struct blob *make_timeout(const struct liar *liar, uint64_t view, const struct certificate *high,
                          const struct timeout_certificate *timeouts)
{
    struct message message = { .statement = {
                                   .kind = TIMEOUT, .view = view, .aux = high->statement.view } };
    struct writer w;
    writer_init(&w, ATTACHMENT_BYTES_MAX);
    warrant_write(&w, high, timeouts);
    return make_attached(liar, &message, &w);
}

struct blob *make_sync_info(const struct liar *liar, const struct certificate *high,
                            const struct timeout_certificate *timeouts)
{
    struct message message = { .statement = { .kind = SYNC_INFO } };
    struct writer w;
    writer_init(&w, ATTACHMENT_BYTES_MAX);
    warrant_write(&w, high, timeouts);
    write_bytes32(&w, span_of("", 0));
    return make_attached(liar, &message, &w);
}

/* ---- timeout certificates ---- */

/* The signer that is not yet in the set and names the lowest view; VALIDATOR_NONE: no more. */
static uint16_t lowest_signer(const struct liar *liar, const struct ballots *ballots,
                              const struct signer_set *chosen)
{
    uint16_t lowest = VALIDATOR_NONE;
    for (uint16_t i = 0; i < liar->members; i++) {
        if (!signer_set_has(&ballots->signers, i) || signer_set_has(chosen, i)) continue;
        if (i == liar->config.member) continue;
        if (lowest == VALIDATOR_NONE || ballots->aux[i] < ballots->aux[lowest]) lowest = i;
    }
    return lowest;
}

static const struct certificate *certificate_of_view(const struct liar *liar, uint64_t view)
{
    if (view == 0) return liar->root.count > 0 ? &liar->root : NULL;
    for (size_t i = 0; i < CERTIFICATES_MAX; i++)
        if (liar->certificates[i].statement.view == view) return &liar->certificates[i];
    return NULL;
}

/* Our own timeout in it names view 0: the certificate that everybody has. */
static void fill_timeouts(const struct liar *liar, const struct ballots *ballots,
                          struct timeout_certificate *timeouts)
{
    struct aux_certificate *list = &timeouts->timeouts;
    uint16_t place = 0;
    for (uint16_t i = 0; i < liar->members; i++) {
        if (!signer_set_has(&list->certificate.signers, i)) continue;
        list->aux[place] = ballots->aux[i];
        list->certificate.signatures[place] = ballots->signatures[i];
        if (i == liar->config.member) {
            struct statement own = { .kind = TIMEOUT, .view = ballots->view };
            list->aux[place] = 0;
            make_signature(liar, &own, &list->certificate.signatures[place]);
        }
        place++;
    }
}

bool make_timeouts(const struct liar *liar, uint64_t view, struct timeout_certificate *timeouts)
{
    const struct ballots *ballots = memory_ballots(liar, view);
    if (!ballots) return false;
    struct certificate *certificate = &timeouts->timeouts.certificate;
    certificate->statement = (struct statement){ .kind = TIMEOUT, .view = view };
    certificate->count = liar->members;
    certificate->signers = (struct signer_set){ { 0 } };
    signer_set_add(&certificate->signers, liar->config.member);
    uint64_t highest = 0;
    while (signer_set_count(&certificate->signers) < liar->quorum) {
        uint16_t next = lowest_signer(liar, ballots, &certificate->signers);
        if (next == VALIDATOR_NONE) return false;
        signer_set_add(&certificate->signers, next);
        highest = max_u64(highest, ballots->aux[next]);
    }
    const struct certificate *high = certificate_of_view(liar, highest);
    if (!high) return false;
    timeouts->high = *high;
    fill_timeouts(liar, ballots, timeouts);
    return true;
}

/* ---- batches ---- */

enum { BATCH_TIME = 19, BATCH_COUNT = 27 };

/* The first two transactions of a batch, as far as it has them. */
struct batch_parts {
    struct span head, first, second, rest;
};

static struct span with_length(struct reader *r)
{
    const uint8_t *start = r->rest.data;
    struct span bytes = read_bytes32(r, r->rest.size);
    return reader_status(r) == STATUS_OK ? span_of(start, 4 + bytes.size) : span_of("", 0);
}

static struct batch_parts split_batch(struct span batch)
{
    struct reader r = reader_of(batch);
    struct batch_parts parts = { .head = read_bytes(&r, BATCH_HEAD_BYTES) };
    struct span all = r.rest;
    parts.first = r.rest.size > 0 ? with_length(&r) : r.rest;
    parts.second = r.rest.size > 0 ? with_length(&r) : r.rest;
    size_t taken = parts.first.size + parts.second.size;
    parts.rest = span_of(all.data + taken, all.size - taken);
    return parts;
}

static uint32_t write_parts(struct writer *w, uint64_t how, const struct batch_parts *parts,
                            uint32_t count)
{
    bool swap = how == 3 && parts->second.size > 0;
    bool drop = how == 2 && parts->first.size > 0;
    bool twice = how == 4 && parts->first.size > 0;
    if (how == 0) return 0;
    if (twice) write_bytes(w, parts->first);
    if (swap) write_bytes(w, parts->second);
    if (!drop) write_bytes(w, parts->first);
    if (!swap) write_bytes(w, parts->second);
    write_bytes(w, parts->rest);
    return count + twice - drop;
}

/* 0 empty; 1 a little later; 2 one transaction less; 3 in another order; 4 one of them twice; 5 one
 * changed; 6 one byte too many. Whatever comes out as it was is also a little later. */
void make_batch(struct stream *s, uint64_t how, struct span batch, struct writer *w)
{
    writer_init(w, SIZE_MAX / 2);
    uint64_t later = stream_between(s, 1, 3);
    uint64_t at = stream_next(s);
    if (batch.size < BATCH_HEAD_BYTES) {
        write_bytes(w, batch);
        write_u8(w, (uint8_t)at);
        return;
    }
    struct batch_parts parts = split_batch(batch);
    write_bytes(w, parts.head);
    uint32_t count = write_parts(w, how, &parts, load_u32(batch.data + BATCH_COUNT));
    if (how == 6) write_u8(w, (uint8_t)at);
    if (writer_status(w) != STATUS_OK) return;
    struct buffer *made = &w->buffer;
    store_u32(made->data + BATCH_COUNT, count);
    size_t body = made->size - BATCH_HEAD_BYTES;
    if (how == 5 && body > 0) made->data[BATCH_HEAD_BYTES + at % body] ^= 1;
    if (span_equal(writer_span(w), batch))
        store_u64(made->data + BATCH_TIME, load_u64(batch.data + BATCH_TIME) + later);
}

/* ---- after changes of bytes ---- */

static size_t offset_in(const struct blob *blob, struct span part)
{
    return (size_t)(part.data - blob->data);
}

static void agree_proposal(struct blob *blob, struct message *message)
{
    struct digest batch = batch_digest(message->batch);
    struct reader r = reader_of(message->attachment);
    struct proposal proposal;
    proposal_read(&r, &proposal);
    if (reader_status(&r) != STATUS_OK) return;
    proposal.batch = batch;
    struct writer w;
    writer_init_fixed(&w, blob->data + offset_in(blob, message->attachment), PROPOSAL_BYTES);
    proposal_write(&w, &proposal);
    message->statement.index = proposal.index;
    message->statement.view = proposal.view;
    message->statement.digest = proposal_digest(&proposal);
}

void make_agree(const struct liar *liar, struct blob *blob, bool deep)
{
    struct message message;
    if (message_read(blob_span(blob), blob->size, &message) != STATUS_OK) return;
    if (deep && message.statement.kind == PROPOSAL) agree_proposal(blob, &message);
    if (deep && message.statement.kind == TIMEOUT) {
        struct reader r = reader_of(message.attachment);
        read_bytes(&r, 9);
        uint64_t high = read_u64(&r);
        if (reader_status(&r) == STATUS_OK) message.statement.aux = high;
    }
    if (message.statement.kind != SYNC_INFO)
        make_signature(liar, &message.statement, &message.signature);
    struct writer w;
    writer_init_fixed(&w, blob->data + STATEMENT_OFFSET, STATEMENT_WIRE_BYTES);
    statement_write(&w, &message.statement);
    memcpy(blob->data + SIGNATURE_OFFSET, message.signature.bytes, sizeof message.signature.bytes);
}

/* ---- seals ---- */

struct blob *make_seal_vote(const struct liar *liar, uint64_t height, const struct digest *hash)
{
    struct seal_vote vote = { .height = height,
                              .block_hash = *hash,
                              .by.validator = liar->config.member };
    uint8_t statement[SEAL_STATEMENT_BYTES];
    seal_statement_encode(&liar->domain.chain_id, vote.epoch, height, hash, statement);
    key_sign(liar->config.seal_key, TAG_SEAL, span_of(statement, sizeof statement),
             &vote.by.signature);
    uint8_t bytes[2 + SEAL_VOTE_BYTES];
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    write_u16(&w, 1);
    seal_vote_write(&w, &vote);
    return blob_copy(writer_span(&w));
}
