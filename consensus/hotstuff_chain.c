/* Certificates, and what follows from them: the present view, decisions, and what is missing. */
#include "consensus/hotstuff.h"

uint64_t undecided_count(const struct hotstuff *h)
{
    uint64_t certified = h->high.statement.index;
    return certified > h->decided.index ? certified - h->decided.index : 0;
}

/* In a two-chain all of it, and commit votes bring that without more proposals. A three-chain is
 * decided up to the second last but one proposal: if its last two had to be decided for their own
 * sake there would be no end of them. So it is enough that what is left orders nothing, of which
 * we can be sure only if we hold all of it. */
bool decision_awaited(const struct hotstuff *h)
{
    if (undecided_count(h) == 0) return false;
    if (!is_three_chain(h) || !h->hollow) return true;
    struct tree_path path;
    return !tree_find_path(&h->tree, &h->high.statement.digest, h->high.statement.index,
                           h->decided.index, &path);
}

bool chain_knows(const struct hotstuff *h, const struct digest *digest, uint64_t index)
{
    if (index == h->decided.index)
        return !h->decided_known || digest_equal(digest, &h->decided.digest);
    return index > h->decided.index && tree_find(&h->tree, digest) != NULL;
}

void enter_view(struct hotstuff *h, uint64_t view, struct effects *out)
{
    ASSERT(view > h->view);
    h->view = view;
    h->entered_ms = h->now_ms;
    h->deadline_ms = UINT64_MAX;
    h->has_parked = false;
    certificate_of_root(&h->config, &h->timeouts_high);
    votes_advance(&h->votes, view);
    emit_note(out, "view %llu, leader %u", (unsigned long long)view, pacer_leader(&h->pacer, view));
}

/* The highest certificate's proposal, and in a three-chain its parent, the child of what may be
 * decided first; false unless each was proposed in the very next view after its parent. */
static bool find_consecutive(const struct hotstuff *h, struct proposal headers[PROOF_HEADERS_MAX])
{
    const struct digest *digest = &h->high.statement.digest;
    for (size_t i = is_three_chain(h) ? 2 : 1; i-- > 0;) {
        const struct tree_entry *step = tree_find(&h->tree, digest);
        if (!step || step->proposal.view != step->proposal.parent_view + 1) return false;
        headers[i] = step->proposal;
        digest = &step->proposal.parent;
    }
    return true;
}

/* The commit rule of the chained protocols, for the highest certificate. Two-chain: its proposal's
 * parent is decided if no view lies between them (Jolteon, section 3). Three-chain: its
 * grandparent, if no view lies between the three (HotStuff, algorithms 3 and 4, where dummy nodes
 * fill the views that failed). Being parent and child alone is not enough for either. */
static void decide_by_chain(struct hotstuff *h, struct effects *out)
{
    struct proposal headers[PROOF_HEADERS_MAX];
    const struct proposal *child = &headers[0];
    if (!find_consecutive(h, headers) || child->index == 0) return;
    if (child->parent_view <= h->decided.view || child->index - 1 <= h->decided.index) return;

    uint8_t bytes[PROOF_BYTES_MAX];
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    hotstuff_proof_write(&w, is_three_chain(h) ? PROOF_THREE_CHAIN : PROOF_TWO_CHAIN, headers,
                         &h->high);
    struct position position = { child->index - 1, child->parent_view, child->parent };
    learn_decision(h, &position, writer_span(&w), out);
}

void learn_certificate(struct hotstuff *h, const struct certificate *certificate,
                       struct effects *out)
{
    uint64_t view = certificate->statement.view;
    if (view <= h->high.statement.view) return;
    h->high = *certificate;
    emit_note(out, "certificate %llu of view %llu", (unsigned long long)h->high.statement.index,
              (unsigned long long)view);
    if (view >= h->view) enter_view(h, view + 1, out);
    if (safe_to_commit_vote(h, &h->high)) promise_commit_vote(h, &h->high, out);
    decide_by_chain(h, out);
}

void learn_timeouts(struct hotstuff *h, const struct timeout_certificate *timeouts,
                    struct effects *out)
{
    uint64_t view = timeouts->timeouts.certificate.statement.view;
    learn_certificate(h, &timeouts->high, out);
    if (view < h->view) return; /* also if a certificate of that view exists: it is worth more */
    h->timeouts = *timeouts;
    emit_note(out, "view %llu timed out", (unsigned long long)view);
    enter_view(h, view + 1, out);
}

void learn_warrant(struct hotstuff *h, const struct warrant *warrant, struct effects *out)
{
    learn_certificate(h, &warrant->high, out);
    if (warrant->has_timeouts) learn_timeouts(h, &warrant->timeouts, out);
}

/* ---- Decisions ---- */

/* More than f members have lied. Whatever we said now could serve them: we say nothing. */
static void halt(struct hotstuff *h, uint64_t index, struct effects *out)
{
    h->halted = true;
    h->has_goal = false;
    h->conflicts_count++;
    emit_note(out, "two decisions at index %llu contradict each other: halted",
              (unsigned long long)index);
}

void keep_proof(struct hotstuff *h, uint64_t index, struct span proof)
{
    ASSERT(proof.size > 0);
    ASSERT(proof.size <= sizeof h->decided_proof);
    h->decided_proof_index = index;
    memcpy(h->decided_proof, proof.data, proof.size);
    h->decided_proof_size = proof.size;
}

void chain_deliver(struct hotstuff *h, const struct proposal *proposal, const struct digest *digest,
                   struct span proof, struct effects *out)
{
    ASSERT(proposal->index == h->decided.index + 1);
    h->decided = (struct position){ proposal->index, proposal->view, *digest };
    h->decided_known = true;
    h->progress_view = max_u64(h->progress_view, proposal->view);
    h->recent[proposal->index % RECENT_MAX] = *proposal;
    if (proof.size > 0) keep_proof(h, proposal->index, proof);
    emit_commit(out, proposal, proof.size > 0 ? effects_copy(out, proof) : proof);
}

static void persist_decided(const struct proposal *const *headers, size_t count, struct span proof,
                            struct effects *out)
{
    struct writer w;
    effects_write_begin(out, &w);
    record_write_decided(&w, headers, count, proof);
    emit_persist(out, effects_write_end(out, &w), NULL, NULL);
}

/* What was decided without our vote is not durable yet; a restart that knows the decision must find
 * it. The records stand behind the COMMITs, which need not wait for them. */
static void persist_unstored(const struct tree_path *path, struct effects *out)
{
    for (size_t i = path->count; i-- > 0;) {
        const struct tree_entry *step = path->steps[i];
        if (step->stored) continue;
        struct writer w;
        effects_write_begin(out, &w);
        record_write_header(&w, &step->proposal);
        emit_persist(out, effects_write_end(out, &w), NULL, &step->proposal);
    }
}

/* The goal is at or below what the ledger holds: it may tell us which proposal that was. */
static void settle_goal(struct hotstuff *h, struct effects *out)
{
    struct span proof = span_of(h->goal_proof, h->goal_proof_size);
    h->has_goal = false;
    if (h->goal.index < h->decided.index) return;
    if (h->decided_known) {
        if (!digest_equal(&h->goal.digest, &h->decided.digest)) halt(h, h->goal.index, out);
        return;
    }
    h->decided = h->goal;
    h->decided_known = true;
    h->progress_view = max_u64(h->progress_view, h->goal.view);
    keep_proof(h, h->decided.index, proof);
    persist_decided(NULL, 0, proof, out);
    tree_prune(&h->tree, h->decided.index, h->decided.view, &h->decided.digest);
    emit_note(out, "position learned: index %llu, view %llu", (unsigned long long)h->decided.index,
              (unsigned long long)h->decided.view);
}

/* Delivers up to the goal if all that lies between is known; oldest first, by the chain of digests
 * and never by counting views. */
void chain_advance(struct hotstuff *h, struct effects *out)
{
    if (!h->has_goal) return;
    if (h->goal.index <= h->decided.index) {
        settle_goal(h, out);
        return;
    }
    struct tree_path path;
    bool complete =
        tree_find_path(&h->tree, &h->goal.digest, h->goal.index, h->decided.index, &path);
    if (!complete) return; /* chain_seek asks for what is missing */
    if (h->decided_known && !digest_equal(&path.next, &h->decided.digest)) {
        halt(h, h->decided.index, out);
        return;
    }
    const struct proposal *headers[TREE_CAPACITY];
    struct span proof = span_of(h->goal_proof, h->goal_proof_size);
    for (size_t i = 0; i < path.count; i++) {
        const struct tree_entry *step = path.steps[path.count - 1 - i];
        headers[i] = &step->proposal;
        bool last = i + 1 == path.count;
        chain_deliver(h, &step->proposal, &step->digest, last ? proof : span_of(NULL, 0), out);
    }
    persist_unstored(&path, out);
    h->has_goal = false;
    persist_decided(headers, path.count, proof, out);
    emit_note(out, "decided up to %llu", (unsigned long long)h->decided.index);
    tree_prune(&h->tree, h->decided.index, h->decided.view, &h->decided.digest);
}

void learn_decision(struct hotstuff *h, const struct position *position, struct span proof,
                    struct effects *out)
{
    bool news = position->index > h->decided.index ||
                (position->index == h->decided.index &&
                 (!h->decided_known || !digest_equal(&position->digest, &h->decided.digest)));
    if (!news || (h->has_goal && position->view <= h->goal.view)) return;
    ASSERT(proof.size > 0);
    ASSERT(proof.size <= sizeof h->goal_proof);
    h->has_goal = true;
    h->goal = *position;
    memcpy(h->goal_proof, proof.data, proof.size);
    h->goal_proof_size = proof.size;
    chain_advance(h, out);
}

void learn_proposal(struct hotstuff *h, const struct proposal *proposal, struct effects *out)
{
    if (proposal->index <= h->decided.index) return;
    struct digest digest = proposal_digest(proposal);
    if (!tree_insert(&h->tree, proposal, &digest)) return;
    chain_advance(h, out);
    if (!h->halted) decide_by_chain(h, out);
}

/* The ledger has moved by sealed blocks: what it holds is decided and delivered. */
static void follow_ledger(struct hotstuff *h, uint64_t executed)
{
    if (executed <= h->decided.index) return;
    h->decided = (struct position){ .index = executed, .view = h->decided.view };
    h->decided_known = false;
    tree_prune(&h->tree, executed, h->decided.view, NULL);
}

void learn_anchor(struct hotstuff *h, const struct event *event, struct effects *out)
{
    const struct proposal *list = event->decided.list;
    size_t count = event->decided.count;
    ASSERT(count > 0);
    follow_ledger(h, event->decided.executed);
    const struct proposal *last = &list[count - 1];
    struct position position = { last->index, last->view, proposal_digest(last) };
    size_t known = 0; /* list[0 .. known-1] is at or below what is decided */
    while (known < count && list[known].index <= h->decided.index)
        known++;
    bool reaches = known > 0 || list[0].index == h->decided.index + 1;
    if (known == count || !reaches || count - known > DECIDED_MAX) {
        learn_decision(h, &position, event->decided.proof, out);
        chain_advance(h, out);
        return;
    }
    if (h->decided_known && !digest_equal(&list[known].parent, &h->decided.digest)) {
        halt(h, h->decided.index, out);
        return;
    }
    const struct proposal *headers[DECIDED_MAX];
    size_t delivered = 0;
    for (size_t i = known; i < count; i++) {
        const struct digest *digest = i + 1 < count ? &list[i + 1].parent : &position.digest;
        struct span proof = i + 1 < count ? span_of(NULL, 0) : event->decided.proof;
        headers[delivered++] = &list[i];
        chain_deliver(h, &list[i], digest, proof, out);
    }
    persist_decided(headers, delivered, event->decided.proof, out);
    emit_note(out, "anchored at %llu", (unsigned long long)h->decided.index);
    tree_prune(&h->tree, h->decided.index, h->decided.view, &h->decided.digest);
    chain_advance(h, out);
}

/* ---- What is missing ---- */

/* The first thing that we lack and need: for a decision, for the vote on a parked proposal, to
 * build on the highest certificate, or (three-chain) to see what it may decide. False if there is
 * nothing. */
static bool find_missing(const struct hotstuff *h, struct digest *digest, uint64_t *index)
{
    uint64_t base = h->decided.index;
    if (h->has_goal) {
        struct tree_path path;
        if (tree_find_path(&h->tree, &h->goal.digest, h->goal.index, base, &path)) return false;
        *digest = path.next;
        *index = path.next_index;
        return true;
    }
    *digest = h->parked.parent;
    *index = h->parked.index - 1;
    if (h->has_parked && *index > base && !chain_knows(h, digest, *index)) return true;
    *digest = h->high.statement.digest;
    *index = h->high.statement.index;
    if (*index > base && !chain_knows(h, digest, *index)) return true;
    struct tree_path path;
    if (!is_three_chain(h) || *index <= base) return false;
    if (tree_find_path(&h->tree, digest, *index, base, &path)) return false;
    *digest = path.next;
    *index = path.next_index;
    return true;
}

/* Peers take turns, so that none of them can hold us up by silence. */
static uint16_t next_peer(const struct hotstuff *h, uint16_t peer)
{
    uint16_t count = h->config.committee->count;
    uint16_t next = (uint16_t)((peer + 1) % count);
    if (next != h->config.self) return next;
    return (uint16_t)((next + 1) % count);
}

uint64_t chain_seek(struct hotstuff *h, struct effects *out)
{
    struct digest digest;
    uint64_t index;
    bool alone = takes_part(h) && h->config.committee->count == 1;
    if (alone || !find_missing(h, &digest, &index)) {
        h->fetching = false;
        return UINT64_MAX;
    }
    if (index > h->decided.index + FETCH_REACH) {
        h->fetching = false;
        if (h->behind_index == 0)
            emit_note(out, "behind: decided %llu, certified %llu",
                      (unsigned long long)h->decided.index, (unsigned long long)index);
        h->behind_index = index;
        return UINT64_MAX;
    }
    h->behind_index = 0;
    if (!h->fetching) {
        /* Votes overtake large proposals: what is missing is mostly on its way already. */
        h->fetching = true;
        h->fetch_digest = (struct digest){ 0 };
        h->fetch_at_ms = h->now_ms + h->pacer.view_ms / 4;
        h->fetch_from = h->hint;
        return h->fetch_at_ms;
    }
    bool asked = !digest_is_zero(&h->fetch_digest);
    bool another = asked && !digest_equal(&digest, &h->fetch_digest);
    if (!another && h->now_ms < h->fetch_at_ms) return h->fetch_at_ms;
    if (asked && !another) h->fetch_from = next_peer(h, h->fetch_from);
    h->fetch_digest = digest;
    h->fetch_at_ms = h->now_ms + max_u64(h->pacer.view_ms / 2, 1);
    emit_fetch(out, h->fetch_from, &digest, index);
    return h->fetch_at_ms;
}
