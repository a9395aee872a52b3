/* Two proposals in one view (equivocation), or one on an old certificate.
 *
 * Whether a view is such a one, what the second proposal is and who believes in it is settled once
 * for the view. The believers get the second proposal with our votes for it, the others the first
 * one with ours for that; in loud scenes everybody gets all votes, and some get both proposals. Who
 * asks for the second one's batch gets it.
 */
#include "liar_internal.h"

static bool leads(const struct liar *liar, uint64_t view)
{
    return pacer_leader(&liar->pacer, view) == liar->config.member;
}

static bool believes(const struct liar *liar, uint16_t to)
{
    return (liar->second.believers >> to & 1) == 1;
}

/* ---- making it ---- */

static void equivocate(struct liar *liar, struct stream *s, const struct message *first)
{
    struct proposal proposal;
    struct warrant *warrant = &liar->warrant;
    if (proposal_attachment_read(first->attachment, &proposal, warrant) != STATUS_OK) return;
    struct writer batch;
    uint64_t how = stream_between(s, 0, BATCH_WAYS - 1);
    make_batch(s, how, first->batch, &batch);
    if (writer_status(&batch) == STATUS_OK) {
        proposal.batch = batch_digest(writer_span(&batch));
        liar->second.proposal = proposal;
        liar->second.blob =
            make_proposal(liar, &proposal, &warrant->high,
                          warrant->has_timeouts ? &warrant->timeouts : NULL, writer_span(&batch));
    }
    writer_free(&batch);
}

/* On a certificate that is older than need be. To enter the view without the certificate of the
 * view before takes a timeout certificate: one put together of the timeouts that name the least,
 * the genuine one of the view, one with the old certificate put in, or none. */
static void propose_stale(struct liar *liar, struct stream *s, uint64_t view, struct span batch)
{
    const struct certificate *high = memory_certificate(liar, s, view > 0 ? view - 1 : 0);
    uint64_t how = stream_between(s, 0, 3);
    if (!high) return;
    const struct warrant *entry = memory_warrant(liar, view);
    const struct timeout_certificate *timeouts = NULL;
    if (how <= 1 && make_timeouts(liar, view - 1, &liar->timeouts)) {
        timeouts = &liar->timeouts;
        high = how == 0 ? &liar->timeouts.high : high;
    } else if (how != 3 && entry && entry->has_timeouts) {
        liar->timeouts = entry->timeouts;
        timeouts = &liar->timeouts;
        if (how == 2) liar->timeouts.high = *high;
    }
    struct proposal proposal = { .index = high->statement.index + 1,
                                 .view = view,
                                 .parent_view = high->statement.view,
                                 .parent = high->statement.digest,
                                 .batch = batch_digest(batch) };
    liar->second.proposal = proposal;
    liar->second.blob = make_proposal(liar, &proposal, high, timeouts, batch);
}

/* Settles what this view is; once. */
static void settle_view(struct liar *liar, const struct message *first)
{
    uint64_t view = first->statement.view;
    if (liar->second.view == view) return;
    blob_unref(liar->second.blob);
    liar->second = (struct second){ .view = view };
    if (!leads(liar, view)) return;
    for (enum lie_kind lie = LIE_EQUIVOCATE; lie <= LIE_STALE_PROPOSAL; lie++) {
        struct stream s = scene_of(liar, lie, view);
        bool told = scene_chance(liar, &s);
        uint64_t believers = stream_next(&s);
        if (!told || !lies_by(liar, lie) || liar->second.blob) continue;
        liar->second.lie = lie;
        liar->second.believers = believers;
        if (lie == LIE_EQUIVOCATE)
            equivocate(liar, &s, first);
        else
            propose_stale(liar, &s, view, first->batch);
        liar->counts[lie] += liar->second.blob != NULL;
    }
}

/* ---- telling it ---- */

static bool loud(const struct liar *liar, uint16_t to)
{
    struct stream s = scene_of(liar, liar->second.lie, ~liar->second.view);
    bool all = stream_chance(&s, 250);
    uint64_t some = stream_next(&s);
    uint64_t more = stream_next(&s);
    return all || (some & more & more >> 32 & UINT64_C(1) << to) != 0;
}

bool lie_equivocate_says(struct liar *liar, uint16_t to, uint8_t frame, struct blob *blob)
{
    struct message message;
    if (frame != FRAME_ENGINE) return false;
    if (message_read(blob_span(blob), blob->size, &message) != STATUS_OK) return false;
    uint8_t kind = message.statement.kind;
    if (kind == PROPOSAL) settle_view(liar, &message);
    struct second *second = &liar->second;
    if (second->view != message.statement.view || !second->blob) return false;
    bool votes = kind == VOTE || kind == COMMIT_VOTE;
    if (votes) return believes(liar, to) && !loud(liar, to); /* They have got other ones. */
    if (kind != PROPOSAL) return false;

    struct proposal first;
    struct reader r = reader_of(message.attachment);
    proposal_read(&r, &first);
    bool both = loud(liar, to);
    if (believes(liar, to) || both) {
        liar_send(liar, to, FRAME_ENGINE, second->blob);
        liar_send_votes(liar, to, &second->proposal);
    }
    if (!believes(liar, to) || both) {
        liar_send(liar, to, FRAME_ENGINE, blob);
        liar_send_votes(liar, to, &first);
    }
    return true;
}

/* Somebody misses the batch of the second proposal, which the replica inside has never seen. */
bool lie_equivocate_hears(struct liar *liar, uint16_t from, uint8_t frame, struct span payload)
{
    if (frame != FRAME_FETCH || !liar->second.blob) return false;
    struct reader r = reader_of(payload);
    read_u8(&r);
    struct digest wanted;
    read_digest(&r, &wanted);
    struct digest second = proposal_digest(&liar->second.proposal);
    if (reader_status(&r) != STATUS_OK || !digest_equal(&wanted, &second)) return false;
    struct message message;
    enum status status =
        message_read(blob_span(liar->second.blob), liar->second.blob->size, &message);
    ASSERT(status == STATUS_OK);
    struct writer w;
    writer_init(&w, SIZE_MAX / 2);
    proposal_write(&w, &liar->second.proposal);
    write_bytes32(&w, message.batch);
    liar_send_written(liar, from, FRAME_FETCHED, &w);
    return false; /* The lie itself was counted before. */
}

/* It is our turn, and the replica inside has said nothing yet: an old batch on an old certificate,
 * to everybody. */
bool lie_stale_tick(struct liar *liar)
{
    struct stream *s = &liar->streams[LIE_STALE_PROPOSAL];
    bool told = lie_chance(liar, LIE_STALE_PROPOSAL);
    const struct known_proposal *old = memory_proposal(liar, s);
    if (!told || !old || liar->second.view >= liar->view || !leads(liar, liar->view)) return false;
    struct message message;
    enum status status = message_read(blob_span(old->blob), old->blob->size, &message);
    ASSERT(status == STATUS_OK);
    blob_unref(liar->second.blob);
    liar->second =
        (struct second){ .view = liar->view, .lie = LIE_STALE_PROPOSAL, .believers = UINT64_MAX };
    propose_stale(liar, s, liar->view, message.batch);
    if (!liar->second.blob) return false;
    liar_send(liar, NODE_ALL, FRAME_ENGINE, liar->second.blob);
    liar_send_votes(liar, NODE_ALL, &liar->second.proposal);
    return true;
}
