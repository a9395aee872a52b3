/* What a Byzantine member sends. It runs an honest replica, and then some of what it says is kept
 * back, changed, said again at the wrong time, or made up, signed with its own key or not at all.
 */
#include "sim_internal.h"

#include "crypto/signer.h"
#include <stdlib.h>

enum { LIES = 100 };

void liar_hears(struct sim *sim, uint8_t kind, struct blob *blob)
{
    struct heard *heard = &sim->heard[sim->heard_count++ % HEARD_MAX];
    struct blob *old = heard->blob;
    *heard = (struct heard){ kind, blob_ref(blob) }; /* It may be the same one. */
    blob_unref(old);
}

static void send_bytes(struct sim *sim, uint16_t from, uint16_t to, uint8_t kind, struct span bytes)
{
    struct blob *blob = blob_copy(bytes);
    ASSERT(blob != NULL);
    deliver(sim, from, to, kind, blob);
    blob_unref(blob);
}

static void send_changed(struct sim *sim, uint16_t from, uint16_t to, uint8_t kind,
                         const struct blob *original)
{
    struct blob *blob = blob_copy(blob_span(original));
    ASSERT(blob != NULL);
    uint64_t changes = stream_between(&sim->liar, 1, 4);
    for (uint64_t i = 0; i < changes && blob->size > 0; i++) {
        uint64_t at = stream_between(&sim->liar, 0, blob->size - 1);
        uint64_t bit = stream_between(&sim->liar, 0, 7);
        blob->data[at] ^= (uint8_t)(1u << bit);
    }
    bool shorter = stream_chance(&sim->liar, 200);
    uint64_t size = stream_between(&sim->liar, 0, blob->size);
    send_bytes(sim, from, to, kind, span_of(blob->data, shorter ? (size_t)size : blob->size));
    blob_unref(blob);
}

static void send_garbage(struct sim *sim, uint16_t from, uint16_t to)
{
    uint8_t bytes[300];
    uint64_t size = stream_between(&sim->liar, 0, sizeof bytes);
    uint64_t kind = stream_between(&sim->liar, FRAME_ENGINE, FRAME_TICK_WISH);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)stream_next(&sim->liar);
    send_bytes(sim, from, to, (uint8_t)kind, span_of(bytes, (size_t)size));
}

static void random_digest(struct sim *sim, struct digest *digest)
{
    for (size_t i = 0; i < sizeof digest->bytes; i += 8)
        store_u64(digest->bytes + i, stream_next(&sim->liar));
}

/* A second truth about a block, well signed. */
static void send_seal_vote(struct sim *sim, uint16_t from, uint16_t to)
{
    uint64_t more = stream_between(&sim->liar, 0, 130);
    struct seal_vote vote = { .height = sim->nodes[to].sealed + more, .by.validator = from };
    random_digest(sim, &vote.block_hash);
    uint8_t statement[SEAL_STATEMENT_BYTES];
    seal_statement_encode(&sim->genesis->chain_id, vote.epoch, vote.height, &vote.block_hash,
                          statement);
    key_sign(&sim->seal_keys[from], TAG_SEAL, span_of(statement, sizeof statement),
             &vote.by.signature);
    uint8_t bytes[2 + SEAL_VOTE_BYTES];
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    write_u16(&w, 1);
    seal_vote_write(&w, &vote);
    send_bytes(sim, from, to, FRAME_SEAL_VOTES, writer_span(&w));
}

static void sign_statement(struct sim *sim, uint16_t from, uint16_t to, struct message *message)
{
    const struct domain *domain = &replica_check_context(sim->nodes[to].replica)->config.domain;
    uint8_t bytes[STATEMENT_BYTES];
    statement_encode(domain, &message->statement, bytes);
    key_sign(&sim->seal_keys[from], TAG_ENGINE, span_of(bytes, sizeof bytes), &message->signature);
}

static void send_message(struct sim *sim, uint16_t from, uint16_t to, const struct message *message)
{
    struct writer w;
    writer_init(&w, SIZE_MAX / 2);
    message_write(&w, message);
    send_bytes(sim, from, to, FRAME_ENGINE, writer_span(&w));
    writer_free(&w);
}

/* A vote for something that nobody has proposed, well signed. */
static void send_statement(struct sim *sim, uint16_t from, uint16_t to)
{
    struct replica_status status;
    replica_status(sim->nodes[to].replica, &status);
    uint64_t kind = stream_between(&sim->liar, 1, 4);
    uint64_t index = stream_between(&sim->liar, 0, 4);
    uint64_t view = stream_between(&sim->liar, 0, 20);
    struct message message = { .statement = { .kind = (uint8_t)kind,
                                              .index = status.engine.index_decided + index,
                                              .view = status.engine.view + view } };
    random_digest(sim, &message.statement.digest);
    sign_statement(sim, from, to, &message);
    send_message(sim, from, to, &message);
}

/* Another proposal for the same view, well signed: an empty batch instead of the one that the
 * others get. */
static void send_twin(struct sim *sim, uint16_t from, uint16_t to, const struct blob *original)
{
    struct message message;
    struct proposal proposal;
    struct batch batch;
    if (message_read(blob_span(original), SIZE_MAX, &message) != STATUS_OK) return;
    if (message.batch.size == 0 ||
        batch_decode(message.batch, &sim->genesis->params, &batch) != STATUS_OK)
        return;
    uint8_t empty[BATCH_HEAD_BYTES];
    struct writer head;
    writer_init_fixed(&head, empty, sizeof empty);
    batch.count = 0;
    batch_write_head(&head, &batch);
    struct reader r = reader_of(message.attachment);
    proposal_read(&r, &proposal);
    proposal.batch = batch_digest(span_of(empty, sizeof empty));
    struct writer attachment;
    writer_init(&attachment, ATTACHMENT_BYTES_MAX);
    proposal_write(&attachment, &proposal);
    write_bytes(&attachment, r.rest);
    message.statement.digest = proposal_digest(&proposal);
    message.attachment = writer_span(&attachment);
    message.batch = span_of(empty, sizeof empty);
    sign_statement(sim, from, to, &message);
    send_message(sim, from, to, &message);
    writer_free(&attachment);
}

static void send_again(struct sim *sim, uint16_t from, uint16_t to)
{
    uint64_t most = min_u64(sim->heard_count, HEARD_MAX);
    if (most == 0) return;
    uint64_t which = stream_between(&sim->liar, 0, most - 1);
    deliver(sim, from, to, sim->heard[which].kind, sim->heard[which].blob);
}

void liar_sends(struct sim *sim, uint16_t from, uint16_t to, uint8_t kind, struct blob *blob)
{
    uint64_t lie = stream_between(&sim->liar, 0, LIES - 1);
    bool twin = stream_chance(&sim->liar, 500);
    if (!sim->nodes[to].alive) return;
    if (kind == FRAME_ENGINE && twin) send_twin(sim, from, to, blob);
    if (lie < 50 || lie >= 85) deliver(sim, from, to, kind, blob);
    if (lie < 50 || lie >= 97) return;
    if (lie < 65) return; /* It says nothing. */
    if (lie < 78)
        send_changed(sim, from, to, kind, blob);
    else if (lie < 83)
        send_garbage(sim, from, to);
    else if (lie < 87)
        send_again(sim, from, to);
    else if (lie < 92)
        send_seal_vote(sim, from, to);
    else
        send_statement(sim, from, to);
}
