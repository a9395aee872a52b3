#include "consensus/hotstuff.h"

static void note_contradiction(struct hotstuff *h, uint16_t from, const struct statement *statement,
                               struct effects *out)
{
    h->conflicts_count++;
    emit_note(out, "validator %u contradicts itself: %s of view %llu", from,
              hotstuff_ops.kinds[statement->kind], (unsigned long long)statement->view);
}

static enum vote_news count_statement(struct hotstuff *h, uint16_t from,
                                      const struct message *message, struct effects *out)
{
    enum vote_news news = votes_add(&h->votes, from, &message->statement, &message->signature);
    if (news == VOTE_CONTRADICTION) note_contradiction(h, from, &message->statement, out);
    return news;
}

/* ---- Help for members that lag ---- */

/* Our highest certificates and our last decision, at once: they promise nothing and prove
 * themselves. Once for each member and view, or once a view's time: two nodes that both believe
 * the other to lag must not play ping-pong (Diem, round_manager.rs). */
static void help(struct hotstuff *h, uint16_t to, struct effects *out)
{
    bool again_too_soon =
        h->helped[to].view == h->view && h->now_ms < h->helped[to].at_ms + h->pacer.view_ms;
    if (!takes_part(h) || to == h->config.self || again_too_soon) return;
    h->helped[to].view = h->view;
    h->helped[to].at_ms = h->now_ms;

    struct writer w;
    effects_write_begin(out, &w);
    warrant_write(&w, &h->high, entry_timeouts(h));
    write_bytes32(&w, span_of(h->decided_proof, h->decided_proof_size));
    struct span attachment = effects_write_end(out, &w);
    static const struct statement nothing = { .kind = SYNC_INFO };
    emit_send(out, EFFECT_SEND_EARLY, to, &nothing, attachment, NULL);
    emit_note(out, "help for validator %u", to);
}

/* Who votes or proposes three views behind needs help (pipelined messages may be late by one or
 * two, commit votes by more). So does who goes on timing out in the view before ours, but not at
 * once: the last timeouts of a view always arrive after the certificate that they complete. And who
 * times out in our view while we have nothing to wait for has missed a decision. */
static bool needs_help(const struct hotstuff *h, const struct statement *statement)
{
    if (statement->kind == COMMIT_VOTE) return false;
    if (statement->kind != TIMEOUT) return statement->view + 3 <= h->view;
    if (statement->view + 2 <= h->view) return true;
    bool settled = h->now_ms >= h->entered_ms + h->pacer.view_ms / 4;
    if (statement->view < h->view) return settled;
    return !decision_awaited(h) && h->decided_proof_size > 0;
}

/* ---- Messages ---- */

/* Has a quorum, or we ourselves, asked for this very proposal? Then it is welcome whatever else its
 * leader has said. */
static bool is_wanted(const struct hotstuff *h, const struct digest *digest)
{
    return digest_equal(digest, &h->high.statement.digest) ||
           (h->has_goal && digest_equal(digest, &h->goal.digest)) ||
           (h->fetching && digest_equal(digest, &h->fetch_digest));
}

static void on_proposal(struct hotstuff *h, uint16_t from, const struct message *message,
                        struct effects *out)
{
    struct proposal proposal;
    enum status status = proposal_attachment_read(message->attachment, &proposal, &h->incoming);
    ASSERT(status == STATUS_OK);
    learn_warrant(h, &h->incoming, out);
    ASSERT(proposal.view <= h->view); /* Its warrant has brought us here, or further. */

    /* The first proposal of a leader is the one; a certificate may name another. */
    enum vote_news news = count_statement(h, from, message, out);
    bool first = news == VOTE_COUNTED || news == VOTE_REPEATED;
    if (!first && !is_wanted(h, &message->statement.digest)) return;
    learn_proposal(h, &proposal, out);
    if (!first || proposal.view < h->view) return;
    h->parked = proposal;
    h->has_parked = true;
}

/* The vote on the present view's proposal, as soon as nothing forbids it. */
static void vote_on_parked(struct hotstuff *h, struct effects *out)
{
    if (!h->has_parked || !safe_to_vote(h, &h->parked)) return;
    h->has_parked = false;
    promise_vote(h, &h->parked, out);
}

/* Exactly a quorum: the certificate is made once, by the vote that completes it. */
static bool completes_quorum(const struct hotstuff *h, const struct statement *statement)
{
    return votes_count(&h->votes, statement) == h->quorum;
}

static void on_vote(struct hotstuff *h, uint16_t from, const struct message *message,
                    struct effects *out)
{
    const struct statement *statement = &message->statement;
    if (count_statement(h, from, message, out) != VOTE_COUNTED) return;
    if (statement->view <= h->high.statement.view || !completes_quorum(h, statement)) return;
    votes_certify(&h->votes, statement, &h->formed);
    learn_certificate(h, &h->formed, out);
}

static void on_commit_vote(struct hotstuff *h, uint16_t from, const struct message *message,
                           struct effects *out)
{
    const struct statement *statement = &message->statement;
    ASSERT(!is_three_chain(h)); /* Refused by check. */
    if (count_statement(h, from, message, out) != VOTE_COUNTED) return;
    if (statement->index < h->decided.index || !completes_quorum(h, statement)) return;
    votes_certify(&h->votes, statement, &h->formed);
    uint8_t bytes[PROOF_BYTES_MAX];
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    hotstuff_proof_write(&w, PROOF_COMMIT_VOTES, NULL, &h->formed);
    struct position position = { statement->index, statement->view, statement->digest };
    learn_decision(h, &position, writer_span(&w), out);
}

static void give_up_view(struct hotstuff *h, struct effects *out)
{
    h->timeouts_count++;
    emit_note(out, "time out in view %llu", (unsigned long long)h->view);
    promise_timeout(h, out);
}

static void on_timeout(struct hotstuff *h, uint16_t from, const struct message *message,
                       struct effects *out)
{
    const struct statement *statement = &message->statement;
    enum status status = timeout_attachment_read(message->attachment, &h->incoming);
    ASSERT(status == STATUS_OK);
    learn_warrant(h, &h->incoming, out);
    if (statement->view < h->view) return;
    ASSERT(statement->view == h->view); /* The warrant leads no further than its view. */

    if (count_statement(h, from, message, out) != VOTE_COUNTED) return;
    if (statement->aux > h->timeouts_high.statement.view) h->timeouts_high = h->incoming.high;
    uint16_t count = votes_count(&h->votes, statement);
    if (count == h->quorum) {
        votes_certify_aux(&h->votes, statement, &h->formed_timeouts.timeouts);
        h->formed_timeouts.high = h->timeouts_high;
        learn_timeouts(h, &h->formed_timeouts, out);
    } else if (count >= h->some_honest && safe_to_time_out(h)) {
        give_up_view(h, out); /* An honest member has: it will not help this view any more. */
    }
}

static void on_sync_info(struct hotstuff *h, const struct message *message, struct effects *out)
{
    struct span proof;
    enum status status = sync_attachment_read(message->attachment, &h->incoming, &proof);
    ASSERT(status == STATUS_OK);
    if (proof.size > 0) {
        status = hotstuff_proof_read(proof, &h->proof);
        ASSERT(status == STATUS_OK);
        learn_decision(h, &h->proof.position, proof, out);
    }
    if (!h->halted) learn_warrant(h, &h->incoming, out);
}

static void on_message(struct hotstuff *h, const struct event *event, struct effects *out)
{
    const struct message *message = event->message;
    uint16_t from = event->from;
    if (from != h->config.self) h->hint = from;
    switch (message->statement.kind) {
    case PROPOSAL: on_proposal(h, from, message, out); break;
    case VOTE: on_vote(h, from, message, out); break;
    case COMMIT_VOTE: on_commit_vote(h, from, message, out); break;
    case TIMEOUT: on_timeout(h, from, message, out); break;
    case SYNC_INFO: on_sync_info(h, message, out); return;
    }
    if (needs_help(h, &message->statement)) help(h, from, out);
}

/* ---- Our turn ---- */

/* While views succeed, commit votes decide what is in flight, and the limit keeps it short. After a
 * timeout, or when we have left the certified view too early for a commit vote, only a successor
 * helps: then an empty one is better than none, and no limit may forbid it. In a three-chain there
 * are no commit votes, so that is always so. */
static enum invite invitation(const struct hotstuff *h)
{
    if (!safe_to_propose(h)) return INVITE_NONE;
    uint64_t undecided = undecided_count(h);
    if (is_three_chain(h)) return decision_awaited(h) ? INVITE_ANY : INVITE_WORK;
    bool by_timeouts = entry_timeouts(h) != NULL;
    bool needs_successor =
        undecided > 0 && (by_timeouts || h->last_timeout.view >= h->high.statement.view);
    if (needs_successor) return INVITE_ANY;
    return undecided < h->undecided_max ? INVITE_WORK : INVITE_NONE;
}

static void on_batch(struct hotstuff *h, const struct digest *batch, struct effects *out)
{
    if (invitation(h) == INVITE_NONE) {
        emit_note(out, "a batch without an invitation");
        return;
    }
    struct proposal proposal = { .index = h->high.statement.index + 1,
                                 .view = h->view,
                                 .parent_view = h->high.statement.view,
                                 .parent = h->high.statement.digest,
                                 .batch = *batch };
    emit_note(out, "propose %llu in view %llu", (unsigned long long)proposal.index,
              (unsigned long long)h->view);
    learn_proposal(h, &proposal, out);
    promise_proposal(h, &proposal, out);
    h->parked = proposal; /* Our vote goes out with it: one sync for both. */
    h->has_parked = true;
}

/* ---- Time ---- */

static bool proposal_in_flight(const struct hotstuff *h)
{
    for (size_t i = 0; i < h->tree.count; i++)
        if (h->tree.entries[i].proposal.view >= h->view) return true;
    return false;
}

/* Is there anything that this view should bring about? If not, no clock ticks, and an idle network
 * is silent. */
static bool view_is_awaited(const struct hotstuff *h)
{
    struct statement timeout = { .kind = TIMEOUT, .view = h->view };
    return takes_part(h) &&
           (h->work || h->has_goal || decision_awaited(h) || h->last_timeout.view == h->view ||
            proposal_in_flight(h) || votes_count(&h->votes, &timeout) > 0);
}

/* A three-chain decides two views later: these do not mean that anything is wrong. */
static void arm_deadline(struct hotstuff *h)
{
    uint64_t progress = h->progress_view + (is_three_chain(h) ? 2 : 0);
    uint64_t views = h->view > progress ? h->view - progress : 0;
    h->deadline_ms = h->now_ms + pacer_view_ms(&h->pacer, views, undecided_count(h));
}

static void on_timer(struct hotstuff *h, struct effects *out)
{
    if (h->now_ms < h->deadline_ms || !view_is_awaited(h)) return;
    if (h->last_timeout.view == h->view)
        repeat_timeout(h, out); /* Messages get lost when connections break. */
    else if (safe_to_time_out(h))
        give_up_view(h, out);
    arm_deadline(h);
}

void hotstuff_finish(struct hotstuff *h, struct effects *out)
{
    out->wake_at_ms = UINT64_MAX;
    out->invite = INVITE_NONE;
    if (h->halted) return;
    vote_on_parked(h, out);
    uint64_t seek_at_ms = chain_seek(h, out);
    if (!view_is_awaited(h))
        h->deadline_ms = UINT64_MAX;
    else if (h->deadline_ms == UINT64_MAX)
        arm_deadline(h);
    out->wake_at_ms = min_u64(h->deadline_ms, seek_at_ms);
    out->invite = invitation(h);
    out->parent = h->high.statement.digest;
    out->parent_index = h->high.statement.index;
}

static void hotstuff_step(void *engine, const struct event *event, struct effects *out)
{
    struct hotstuff *h = engine;
    h->now_ms = event->now_ms;
    h->work = event->work;
    h->hollow = event->hollow;
    if (!h->halted) {
        switch (event->kind) {
        case EVENT_MESSAGE: on_message(h, event, out); break;
        case EVENT_TIMER: on_timer(h, out); break;
        case EVENT_BATCH: on_batch(h, &event->batch, out); break;
        case EVENT_FETCHED: learn_proposal(h, event->proposal, out); break;
        case EVENT_DECIDED: learn_anchor(h, event, out); break;
        case EVENT_READ:           /* What is decided may be decided without us. */
        case EVENT_TRANSFER:       /* Every view has its own leader anyway. */
        case EVENT_MEMBERS: break; /* A change of members is a change of epochs. */
        }
    }
    if (event->kind == EVENT_READ) emit_read(out, event->read, true, 0);
    hotstuff_finish(h, out);
}

static void hotstuff_status(const void *engine, struct engine_status *status)
{
    const struct hotstuff *h = engine;
    *status = (struct engine_status){
        .view = h->view,
        .index_decided = h->decided.index,
        .index_high = max_u64(h->high.statement.index, h->decided.index),
        .leader = pacer_leader(&h->pacer, h->view),
        .timeouts = h->timeouts_count,
        .conflicts = h->conflicts_count,
        .undecided = decision_awaited(h) ? (uint32_t)min_u64(undecided_count(h), UINT32_MAX) : 0,
        .placed = h->decided_known,
    };
}

static const char *const KINDS[HOTSTUFF_KINDS] = { "",        "proposal", "vote", "commit_vote",
                                                   "timeout", "sync_info" };

const struct engine_ops hotstuff_ops = {
    .name = "hotstuff",
    .kinds = KINDS,
    .kinds_count = HOTSTUFF_KINDS,
    .unsigned_kinds = UINT32_C(1) << SYNC_INFO,
    .size = hotstuff_size,
    .open = hotstuff_open,
    .step = hotstuff_step,
    .check = hotstuff_check,
    .check_decided = hotstuff_check_decided,
    .fold = hotstuff_fold,
    .status = hotstuff_status,
};
