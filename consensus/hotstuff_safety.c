/* The rules and the promises. A mistake in the other files can stop the network; a mistake here can
 * split it. Each rule stands alone, each promise is written down before it is sent, and nothing
 * else in the engine changes what has been promised.
 *
 * Why no two decisions contradict each other: of two proposals that are certified in one view there
 * is an honest member who voted for both, which r_vote forbids; so a view has one.
 *
 * Two-chain. Let b be certified in view r and decided, by commit votes or by a certified child in
 * view r+1. Either way a quorum, and in it a majority of honest members, had acted on the
 * certificate of b *before* leaving view r by a timeout: a commit vote wants r > r_to, and a vote
 * in r+1 forbids nothing less. From then on their timeouts name a certificate of view >= r. Every
 * timeout certificate of a view >= r contains one of them, so the lowest certificate that it lets a
 * proposal extend is of view >= r: b's own or, by induction, that of a descendant of b. (Jolteon,
 * theorem 1; Diem's safety_rules_2chain.rs has the same rules.)
 *
 * Three-chain. Let b0, b1 and b2 be certified in views r, r+1 and r+2, each the parent of the next.
 * Suppose something that does not grow from b0 is certified in a view above r, and let c be the one
 * of the lowest view s. Views r+1 and r+2 are taken, so s > r+2. Let p be the view of c's parent.
 * That is certified and does not grow from b0 either, so p <= r, for s is the lowest; and p is not
 * r, for that is b0. So p < r. One honest member voted for b2 and for c, in this order, for votes
 * ascend. With its vote for b2 it locked the view of b0: r_lock >= r. Then it could not vote for
 * c: p >= r_lock is a rule. So all that is certified above b0 grows from b0, and decisions with
 * it. What timeouts name plays no part in this; it only makes leaders propose what can be voted
 * for. (HotStuff, section 5, in the form of Diem's 3-chain safety_rules.rs.) That the three views
 * are consecutive is used where s > r+2: a c between them would not have met the lock. */
#include "consensus/hotstuff.h"

const struct timeout_certificate *entry_timeouts(const struct hotstuff *h)
{
    bool by_certificate = h->high.statement.view + 1 == h->view;
    return by_certificate ? NULL : &h->timeouts;
}

/* One proposal a view, by its leader, on the highest certificate, whose proposal we hold: the
 * batch is chosen by what its ancestors contain. */
bool safe_to_propose(const struct hotstuff *h)
{
    return takes_part(h) && pacer_leader(&h->pacer, h->view) == h->config.self &&
           h->view > h->last_proposal.view && /* 1 not twice, not after a restart either */
           h->view > h->voted_view &&         /* 2 we can vote for it ourselves */
           chain_knows(h, &h->high.statement.digest, h->high.statement.index); /* 3 its parent */
}

/* The proposal came from the view's leader with a warrant that admits it to its view (checked; in a
 * two-chain agreement rests on that, and lock_view stays 0). */
bool safe_to_vote(const struct hotstuff *h, const struct proposal *proposal)
{
    return takes_part(h) && proposal->view == h->view && /* 1 of this view */
           proposal->view > h->voted_view &&             /* 2 neither voted nor timed out in it */
           chain_knows(h, &proposal->parent, proposal->index - 1) && /* 3 it grows from there */
           proposal->parent_view >= h->lock_view; /* 4 from nothing older than our lock */
}

bool safe_to_commit_vote(const struct hotstuff *h, const struct certificate *certificate)
{
    uint64_t view = certificate->statement.view;
    return takes_part(h) && !is_three_chain(h) && view > 0 &&
           view > h->last_timeout.view &&     /* 1 we had not left that view before */
           view > h->last_commit_vote.view && /* 2 once, and in ascending views */
           certificate->statement.index >= h->decided.index; /* 3 it can still be of use */
}

/* r >= r_vote and entry into r hold by construction: we are in h->view, and promise nothing for a
 * later one. What a lost record could break is the last condition: then we are silent until we
 * have seen as much again as we had acted on. (A two-chain is safe by it. In a three-chain it is
 * what shows the next leader a certificate that no honest lock forbids.) */
bool safe_to_time_out(const struct hotstuff *h)
{
    return takes_part(h) && h->view > h->last_timeout.view && h->view >= h->voted_view &&
           h->high.statement.view >= h->one_chain_view;
}

/* The certificates that no record holds yet: they must be durable with what rests on them, or a
 * restart would know its promises and not their reasons. */
static void add_certificates(struct hotstuff *h, struct record_parts *parts)
{
    const struct timeout_certificate *timeouts = entry_timeouts(h);
    if (h->high.statement.view > h->recorded_high) {
        parts->high = &h->high;
        h->recorded_high = h->high.statement.view;
    }
    if (timeouts && timeouts->timeouts.certificate.statement.view > h->recorded_timeouts) {
        parts->timeouts = timeouts;
        h->recorded_timeouts = timeouts->timeouts.certificate.statement.view;
    }
}

static void persist_promise(struct hotstuff *h, const struct statement *statement,
                            struct record_parts parts, struct effects *out)
{
    add_certificates(h, &parts);
    struct writer w;
    effects_write_begin(out, &w);
    record_write_promise(&w, statement, &parts);
    emit_persist(out, effects_write_end(out, &w), statement, parts.header);
    if (parts.header) tree_mark_stored(&h->tree, &statement->digest);
}

void promise_proposal(struct hotstuff *h, const struct proposal *proposal, struct effects *out)
{
    ASSERT(proposal->view == h->view);
    ASSERT(proposal->view > h->last_proposal.view);
    h->last_proposal = *proposal;
    struct statement statement = proposal_statement(PROPOSAL, proposal);
    persist_promise(h, &statement, (struct record_parts){ .header = proposal }, out);

    struct writer w;
    effects_write_begin(out, &w);
    proposal_write(&w, proposal);
    warrant_write(&w, &h->high, entry_timeouts(h));
    struct span attachment = effects_write_end(out, &w);
    emit_send(out, EFFECT_SEND, NODE_ALL, &statement, attachment, &proposal->batch);
}

static void send_statement(const struct statement *statement, struct effects *out)
{
    emit_send(out, EFFECT_SEND, NODE_ALL, statement, span_of(NULL, 0), NULL);
}

static void note_promise(const char *what, const struct statement *statement, struct effects *out)
{
    emit_note(out, "%s for %llu in view %llu", what, (unsigned long long)statement->index,
              (unsigned long long)statement->view);
}

/* Three-chain: the proposal we vote for brings the certificate of its parent, which makes the
 * parent and the grandparent a two-chain whose head is the grandparent; what stands against that is
 * refused from now on. A parent that is not in the tree is what we hold for decided. It will never
 * be abandoned, so it may be the lock itself. (HotStuff, algorithm 4, update: b' is the lock;
 * Diem's preferred round.) */
static uint64_t lock_of(const struct hotstuff *h, const struct proposal *proposal)
{
    const struct tree_entry *parent = tree_find(&h->tree, &proposal->parent);
    return parent ? parent->proposal.parent_view : proposal->parent_view;
}

void promise_vote(struct hotstuff *h, const struct proposal *proposal, struct effects *out)
{
    ASSERT(proposal->view > h->voted_view);
    h->voted_view = proposal->view;
    h->one_chain_view = max_u64(h->one_chain_view, proposal->parent_view);
    h->last_vote = *proposal;
    struct statement statement = proposal_statement(VOTE, proposal);
    struct record_parts parts = { .header = proposal };
    if (is_three_chain(h)) {
        h->lock_view = max_u64(h->lock_view, lock_of(h, proposal));
        parts.lock_view = &h->lock_view;
    }
    persist_promise(h, &statement, parts, out);
    send_statement(&statement, out);
    note_promise("vote", &statement, out);
}

void promise_commit_vote(struct hotstuff *h, const struct certificate *certificate,
                         struct effects *out)
{
    ASSERT(certificate->statement.view > h->last_commit_vote.view);
    ASSERT(certificate->statement.view <= h->high.statement.view);
    struct statement statement = certificate->statement;
    statement.kind = COMMIT_VOTE;
    h->last_commit_vote = statement;
    h->one_chain_view = max_u64(h->one_chain_view, statement.view);
    persist_promise(h, &statement, (struct record_parts){ 0 }, out);
    send_statement(&statement, out);
    note_promise("commit vote", &statement, out);
}

void promise_timeout(struct hotstuff *h, struct effects *out)
{
    ASSERT(h->view > h->last_timeout.view);
    ASSERT(h->high.statement.view < h->view);
    h->voted_view = max_u64(h->voted_view, h->view);
    h->one_chain_view = max_u64(h->one_chain_view, h->high.statement.view);
    h->last_timeout =
        (struct statement){ .kind = TIMEOUT, .view = h->view, .aux = h->high.statement.view };
    struct writer w;
    writer_init_fixed(&w, h->last_timeout_bytes, sizeof h->last_timeout_bytes);
    warrant_write(&w, &h->high, entry_timeouts(h));
    ASSERT(writer_status(&w) == STATUS_OK);
    h->last_timeout_size = writer_span(&w).size;

    struct record_parts parts = { .attachment = writer_span(&w) };
    persist_promise(h, &h->last_timeout, parts, out);
    repeat_timeout(h, out);
}

/* The bytes of the first time, even if we have seen a higher certificate since: a second timeout of
 * one view in other words would be a contradiction. */
void repeat_timeout(struct hotstuff *h, struct effects *out)
{
    ASSERT(h->last_timeout.view > 0);
    struct span attachment =
        effects_copy(out, span_of(h->last_timeout_bytes, h->last_timeout_size));
    emit_send(out, EFFECT_SEND, NODE_ALL, &h->last_timeout, attachment, NULL);
}

void repeat_promises(struct hotstuff *h, struct effects *out)
{
    if (!takes_part(h)) return;
    if (h->last_vote.view == h->view) {
        struct statement vote = proposal_statement(VOTE, &h->last_vote);
        send_statement(&vote, out);
    }
    if (h->last_commit_vote.view > h->decided.view) send_statement(&h->last_commit_vote, out);
    if (h->last_timeout.view == h->view) repeat_timeout(h, out);
}
