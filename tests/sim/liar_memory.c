/* What a liar has heard and said: frames as they were, and what certificates can be made of. */
#include "liar_internal.h"

/* What other liars make up about the far future would keep out what is true. (The view is known
 * from the last tick.) */
enum { VIEWS_AHEAD = 64 };

static void forget_oldest(struct liar *liar)
{
    struct heard *oldest = &liar->heard[liar->heard_first++ % HEARD_MAX];
    liar->heard_bytes -= oldest->blob->size;
    blob_unref(oldest->blob);
    oldest->blob = NULL;
}

void memory_free(struct liar *liar)
{
    while (liar->heard_first < liar->heard_count)
        forget_oldest(liar);
    for (size_t i = 0; i < PROPOSALS_MAX; i++)
        blob_unref(liar->proposals[i].blob);
    for (size_t i = 0; i < HELD_MAX; i++)
        blob_unref(liar->held[i].blob);
    blob_unref(liar->second.blob);
}

static void add_frame(struct liar *liar, uint16_t from, uint8_t frame, struct blob *blob)
{
    if (blob->size > HEARD_BYTES_MAX / 8) return;
    while (liar->heard_count - liar->heard_first == HEARD_MAX ||
           liar->heard_bytes + blob->size > HEARD_BYTES_MAX)
        forget_oldest(liar);
    liar->heard[liar->heard_count++ % HEARD_MAX] = (struct heard){ from, frame, blob_ref(blob) };
    liar->heard_bytes += blob->size;
}

/* ---- certificates ---- */

static void add_certificate(struct liar *liar, const struct certificate *certificate)
{
    if (certificate->count != liar->members) return;
    if (certificate->statement.view == 0) {
        liar->root = *certificate;
        return;
    }
    for (size_t i = 0; i < CERTIFICATES_MAX; i++)
        if (statement_equal(&liar->certificates[i].statement, &certificate->statement)) return;
    liar->certificates[liar->certificates_count++ % CERTIFICATES_MAX] = *certificate;
}

static void add_warrant(struct liar *liar, uint64_t view, const struct warrant *warrant)
{
    add_certificate(liar, &warrant->high);
    if (warrant->has_timeouts) add_certificate(liar, &warrant->timeouts.high);
    if (memory_warrant(liar, view)) return;
    uint64_t place = liar->warrants_count++ % WARRANTS_MAX;
    liar->warrants[place] = *warrant;
    liar->warrant_views[place] = view;
}

static void add_ballot(struct liar *liar, uint16_t from, const struct message *message)
{
    if (from >= liar->members || message->statement.view > liar->view + VIEWS_AHEAD) return;
    struct ballots *ballots = &liar->ballots[message->statement.view % BALLOTS_MAX];
    if (ballots->view > message->statement.view) return;
    if (ballots->view < message->statement.view)
        *ballots = (struct ballots){ .view = message->statement.view };
    signer_set_add(&ballots->signers, from);
    ballots->aux[from] = message->statement.aux;
    ballots->signatures[from] = message->signature;
}

static void add_proposal(struct liar *liar, const struct message *message, struct blob *blob)
{
    struct proposal proposal;
    if (proposal_attachment_read(message->attachment, &proposal, &liar->warrant) != STATUS_OK)
        return;
    struct digest digest = proposal_digest(&proposal);
    add_warrant(liar, proposal.view, &liar->warrant);
    if (blob->size > HEARD_BYTES_MAX / 8 || memory_find(liar, &digest)) return;
    struct known_proposal *place = &liar->proposals[liar->proposals_count++ % PROPOSALS_MAX];
    blob_unref(place->blob);
    *place = (struct known_proposal){ proposal, digest, blob_ref(blob) };
}

/* The view that a warrant without a statement admits to: the one after what it proves. */
static uint64_t admits_to(const struct warrant *warrant)
{
    const struct certificate *timeouts = &warrant->timeouts.timeouts.certificate;
    return 1 + (warrant->has_timeouts ? timeouts->statement.view : warrant->high.statement.view);
}

static void add_message(struct liar *liar, uint16_t from, struct blob *blob)
{
    struct message message;
    struct span proof;
    struct warrant *warrant = &liar->warrant;
    if (message_read(blob_span(blob), blob->size, &message) != STATUS_OK) return;
    switch (message.statement.kind) {
    case PROPOSAL: add_proposal(liar, &message, blob); return;
    case TIMEOUT:
        if (timeout_attachment_read(message.attachment, warrant) != STATUS_OK) return;
        add_warrant(liar, message.statement.view, warrant);
        add_ballot(liar, from, &message);
        return;
    case SYNC_INFO:
        if (sync_attachment_read(message.attachment, warrant, &proof) != STATUS_OK) return;
        add_warrant(liar, admits_to(warrant), warrant);
        return;
    default: return;
    }
}

void memory_add(struct liar *liar, uint16_t from, uint8_t frame, struct blob *blob)
{
    bool said_to_the_last = from == liar->config.member && liar->heard_count > 0 &&
                            liar->heard[(liar->heard_count - 1) % HEARD_MAX].blob == blob;
    if (said_to_the_last) return; /* One output is said to each member. */
    add_frame(liar, from, frame, blob);
    if (frame == FRAME_ENGINE) add_message(liar, from, blob);
}

/* ---- asking ---- */

const struct heard *memory_frame(struct liar *liar, struct stream *s, uint8_t frame)
{
    uint64_t count = liar->heard_count - liar->heard_first;
    if (count == 0) return NULL;
    uint64_t start = stream_between(s, 0, count - 1);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t number = liar->heard_first + (start + i) % count;
        const struct heard *heard = &liar->heard[number % HEARD_MAX];
        if (frame == 0 || heard->frame == frame) return heard;
    }
    return NULL;
}

const struct known_proposal *memory_proposal(const struct liar *liar, struct stream *s)
{
    uint64_t count = min_u64(liar->proposals_count, PROPOSALS_MAX);
    if (count == 0) return NULL;
    return &liar->proposals[stream_between(s, 0, count - 1)];
}

const struct known_proposal *memory_find(const struct liar *liar, const struct digest *digest)
{
    for (size_t i = 0; i < PROPOSALS_MAX; i++)
        if (liar->proposals[i].blob && digest_equal(&liar->proposals[i].digest, digest))
            return &liar->proposals[i];
    return NULL;
}

const struct certificate *memory_certificate(const struct liar *liar, struct stream *s,
                                             uint64_t below_view)
{
    uint64_t count = min_u64(liar->certificates_count, CERTIFICATES_MAX);
    uint64_t start = stream_between(s, 0, count); /* the last one stands for the root's */
    for (uint64_t i = 0; i <= count; i++) {
        uint64_t place = (start + i) % (count + 1);
        const struct certificate *one = place < count ? &liar->certificates[place] : &liar->root;
        if (one->count > 0 && one->statement.view < below_view) return one;
    }
    return NULL;
}

const struct warrant *memory_warrant(const struct liar *liar, uint64_t view)
{
    for (size_t i = 0; i < WARRANTS_MAX; i++)
        if (liar->warrant_views[i] == view && view > 0) return &liar->warrants[i];
    return NULL;
}

const struct ballots *memory_ballots(const struct liar *liar, uint64_t view)
{
    const struct ballots *ballots = &liar->ballots[view % BALLOTS_MAX];
    return view > 0 && ballots->view == view ? ballots : NULL;
}
