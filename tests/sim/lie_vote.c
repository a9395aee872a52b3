/* Votes for more than one thing, and for nothing; timeouts that say less than is known. */
#include "liar_internal.h"

/* ---- votes ---- */

/* To everybody, or to one. */
static uint16_t someone(struct liar *liar, enum lie_kind lie)
{
    uint16_t one = liar_target(liar, lie);
    return stream_chance(&liar->streams[lie], 500) ? NODE_ALL : one;
}

/* Whatever is proposed gets our vote and our commit vote at once, whether or not it was certified,
 * whether or not another one was proposed in this view before. */
bool lie_twice_hears(struct liar *liar, uint16_t from, uint8_t frame, struct span payload)
{
    struct message message;
    if (frame != FRAME_ENGINE || from == liar->config.member) return false;
    if (message_read(payload, payload.size, &message) != STATUS_OK) return false;
    if (message.statement.kind != PROPOSAL || !lie_chance(liar, LIE_VOTE_TWICE)) return false;
    uint16_t to = someone(liar, LIE_VOTE_TWICE);
    struct proposal proposal;
    struct reader r = reader_of(message.attachment);
    proposal_read(&r, &proposal);
    if (reader_status(&r) != STATUS_OK) return false;
    liar_send_votes(liar, to, &proposal);
    return true;
}

/* With a vote goes another one for the same view; with a timeout a vote and a commit vote for what
 * it gives up. */
bool lie_twice_says(struct liar *liar, uint16_t to, uint8_t frame, struct blob *blob)
{
    struct stream *s = &liar->streams[LIE_VOTE_TWICE];
    struct message message;
    if (frame != FRAME_ENGINE) return false;
    if (message_read(blob_span(blob), blob->size, &message) != STATUS_OK) return false;
    struct statement other = message.statement;
    if (other.kind != VOTE && other.kind != COMMIT_VOTE && other.kind != TIMEOUT) return false;
    bool first = stream_chance(s, 500);
    const struct known_proposal *known = memory_proposal(liar, s);
    struct digest nothing = make_digest(s);
    bool for_nothing = stream_chance(s, 500);
    if (!first) liar_send(liar, to, frame, blob);
    if (other.kind == TIMEOUT) {
        for (size_t i = 0; i < PROPOSALS_MAX; i++)
            if (liar->proposals[i].blob && liar->proposals[i].proposal.view == other.view)
                liar_send_votes(liar, to, &liar->proposals[i].proposal);
    } else {
        other.digest = known && !for_nothing ? known->digest : nothing;
        if (known && !for_nothing) other.index = known->proposal.index;
        liar_send_made(liar, to, frame, make_statement(liar, &other));
    }
    if (first) liar_send(liar, to, frame, blob);
    return true;
}

/* For something of long ago: others' votes for it may be a quorum with ours. */
bool lie_twice_tick(struct liar *liar)
{
    bool told = lie_chance(liar, LIE_VOTE_TWICE);
    uint16_t to = someone(liar, LIE_VOTE_TWICE);
    const struct known_proposal *old = memory_proposal(liar, &liar->streams[LIE_VOTE_TWICE]);
    if (!told || !old) return false;
    liar_send_votes(liar, to, &old->proposal);
    return true;
}

/* ---- timeouts ---- */

/* Takes the signer at this position out. */
static void drop_signer(struct aux_certificate *list, uint16_t position)
{
    struct certificate *certificate = &list->certificate;
    uint16_t signers = signer_set_count(&certificate->signers);
    uint16_t place = 0;
    for (uint16_t i = 0; i < certificate->count; i++) {
        if (!signer_set_has(&certificate->signers, i)) continue;
        if (place++ != position) continue;
        certificate->signers.bits[i / 8] &= (uint8_t) ~(1u << (i % 8));
        break;
    }
    for (uint16_t i = position; i + 1 < signers; i++) {
        certificate->signatures[i] = certificate->signatures[i + 1];
        list->aux[i] = list->aux[i + 1];
    }
}

/* The same word twice: whoever is not in the set comes in with the signature and number of another,
 * who stays, in the place of the one at this position. */
static void double_signer(struct aux_certificate *list, uint16_t position)
{
    struct certificate *certificate = &list->certificate;
    uint16_t signers = signer_set_count(&certificate->signers);
    struct signature signature = certificate->signatures[(position + 1) % signers];
    uint64_t aux = list->aux[(position + 1) % signers];
    uint16_t place = 0;
    uint16_t newcomer = 0;
    while (newcomer < certificate->count && signer_set_has(&certificate->signers, newcomer))
        newcomer++;
    if (newcomer == certificate->count) return; /* All have signed already. */
    drop_signer(list, position);
    for (uint16_t i = 0; i < newcomer; i++)
        place += signer_set_has(&certificate->signers, i);
    for (uint16_t i = (uint16_t)(signers - 1); i > place; i--) {
        certificate->signatures[i] = certificate->signatures[i - 1];
        list->aux[i] = list->aux[i - 1];
    }
    signer_set_add(&certificate->signers, newcomer);
    certificate->signatures[place] = signature;
    list->aux[place] = aux;
}

enum spoiling {
    GENUINE, /* the least that a quorum named: a true one, and the worst of them */
    TOO_FEW,
    DOUBLED,
    MAXIMUM_LOWER, /* the certificate in it is below the highest number */
    NUMBER_LOWER,  /* one number is not what was signed, to fit an older certificate */
    OTHER_VIEW,    /* what was signed for another view */
    SPOILINGS,
};

static void spoil(struct liar *liar, enum spoiling how, struct timeout_certificate *timeouts)
{
    struct stream *s = &liar->streams[LIE_TIMEOUTS];
    struct aux_certificate *list = &timeouts->timeouts;
    uint16_t signers = signer_set_count(&list->certificate.signers);
    uint64_t highest = timeouts->high.statement.view;
    const struct certificate *lower = memory_certificate(liar, s, highest);
    uint16_t position = signers > 0 ? (uint16_t)stream_between(s, 0, signers - 1u) : 0;
    if (signers == 0) return;
    switch (how) {
    case TOO_FEW: drop_signer(list, position); break;
    case DOUBLED: double_signer(list, position); break;
    case NUMBER_LOWER:
        for (uint16_t i = 0; i < signers && lower; i++)
            list->aux[i] = min_u64(list->aux[i], lower->statement.view);
        if (lower) timeouts->high = *lower;
        break;
    case MAXIMUM_LOWER:
        if (lower) timeouts->high = *lower;
        break;
    case OTHER_VIEW: list->certificate.statement.view++; break;
    case GENUINE:
    case SPOILINGS: break;
    }
}

/* A timeout certificate of the view before: put together, or one that was heard. */
static const struct timeout_certificate *entry_with(struct liar *liar, uint64_t view,
                                                    uint64_t spoiling)
{
    const struct warrant *entry = memory_warrant(liar, view);
    if (!make_timeouts(liar, view - 1, &liar->timeouts)) {
        if (!entry || !entry->has_timeouts) return NULL;
        liar->timeouts = entry->timeouts;
    }
    spoil(liar, (enum spoiling)spoiling, &liar->timeouts);
    return &liar->timeouts;
}

enum leaving {
    EARLY,       /* in order, but at once */
    LOWER,       /* with a lower certificate than is known */
    BY_TIMEOUTS, /* with a timeout certificate of our making, mostly a bad one */
    TO_LAGGARDS, /* the same as help, which nobody signs */
    LEAVINGS,
};

static struct blob *make_leaving(struct liar *liar, uint64_t view)
{
    struct stream *s = &liar->streams[LIE_TIMEOUTS];
    uint64_t how = stream_between(s, 0, LEAVINGS - 1);
    uint64_t spoiling = stream_between(s, 0, SPOILINGS - 1);
    const struct certificate *lower = memory_certificate(liar, s, view > 0 ? view - 1 : 0);
    const struct warrant *entry = memory_warrant(liar, view);
    if (view == 0) return NULL;
    if (how == EARLY)
        return entry ? make_timeout(liar, view, &entry->high,
                                    entry->has_timeouts ? &entry->timeouts : NULL)
                     : NULL;
    const struct timeout_certificate *timeouts =
        how == LOWER ? (entry && entry->has_timeouts ? &entry->timeouts : NULL)
                     : entry_with(liar, view, spoiling);
    if (how != LOWER && timeouts) lower = &timeouts->high;
    if (!lower) return NULL;
    return how == TO_LAGGARDS ? make_sync_info(liar, lower, timeouts)
                              : make_timeout(liar, view, lower, timeouts);
}

/* With each vote it leaves the view that it votes in; of its own timeouts others are sent. */
bool lie_timeouts_says(struct liar *liar, uint16_t to, uint8_t frame, struct blob *blob)
{
    struct message message;
    if (frame != FRAME_ENGINE) return false;
    if (message_read(blob_span(blob), blob->size, &message) != STATUS_OK) return false;
    if (message.statement.kind != VOTE && message.statement.kind != TIMEOUT) return false;
    struct blob *leaving = make_leaving(liar, message.statement.view);
    if (!leaving) return false;
    bool in_its_place = message.statement.kind == TIMEOUT;
    if (!in_its_place) liar_send(liar, to, frame, blob);
    liar_send_made(liar, to, frame, leaving);
    return true;
}

/* The present view and its neighbours, all at once. */
bool lie_timeouts_tick(struct liar *liar)
{
    struct stream *s = &liar->streams[LIE_TIMEOUTS];
    bool told = lie_chance(liar, LIE_TIMEOUTS);
    bool many = stream_chance(s, 300);
    uint16_t to = someone(liar, LIE_TIMEOUTS);
    if (!told) return false;
    bool said = false;
    for (uint64_t view = many && liar->view > 2 ? liar->view - 2 : liar->view;
         view <= liar->view + (many ? 2 : 0); view++) {
        struct blob *leaving = make_leaving(liar, view);
        said = said || leaving != NULL;
        liar_send_made(liar, to, FRAME_ENGINE, leaving);
    }
    return said;
}
