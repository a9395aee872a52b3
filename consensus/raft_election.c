/* Who leads: pre-vote, votes, leadership. */
#include "consensus/raft.h"

static struct statement request(const struct raft *r, enum raft_kind kind, uint64_t term)
{
    return (struct statement){
        .kind = (uint8_t)kind, .view = term, .index = r->log.last, .aux = log_last_view(&r->log)
    };
}

/* Figure 3.1, RequestVote rule 2, and 3.6.1: the later last term, or the longer log of the same. */
static bool is_up_to_date(const struct raft *r, const struct statement *request)
{
    uint64_t last_view = log_last_view(&r->log);
    return request->aux > last_view || (request->aux == last_view && request->index >= r->log.last);
}

bool leader_is_alive(const struct raft *r)
{
    if (r->role == LEADER) return true; /* It steps down when it does not hear a quorum. */
    /* We may have heard one just before we were restarted, and it may read by our word. */
    if (r->lease_ms > 0 && r->now_ms < r->opened_ms + r->election_ms_min) return true;
    return r->leader != VALIDATOR_NONE && r->now_ms < r->heard_ms + r->election_ms_min;
}

static void persist_term(struct raft *r, struct effects *out)
{
    struct statement vote = { .kind = VOTE, .view = r->term, .aux = r->voted_for };
    bool voted = r->voted_for != VALIDATOR_NONE;
    if (voted) {
        r->vote_term = r->term;
        r->vote_for = r->voted_for;
    }
    struct writer w;
    effects_write_begin(out, &w);
    record_write_term(&w, r->term, r->voted_for);
    emit_persist(out, effects_write_end(out, &w), voted ? &vote : NULL, NULL);
}

void become_follower(struct raft *r, uint64_t term, uint16_t leader, struct effects *out)
{
    ASSERT(term >= r->term);
    if (r->role == LEADER) {
        emit_note(out, "no leader any more in term %llu", (unsigned long long)r->term);
        r->transfer_to = VALIDATOR_NONE;
        reset_deadline(r);
    }
    r->role = FOLLOWER;
    if (term > r->term) {
        r->term = term;
        r->voted_for = VALIDATOR_NONE;
        persist_term(r, out);
        emit_note(out, "term %llu", (unsigned long long)term);
    }
    r->leader = leader;
    reads_drop(r, out);
}

/* ---- our own campaign ---- */

static void send_to_voters(struct raft *r, enum effect_kind kind, const struct statement *statement,
                           struct span attachment, struct effects *out)
{
    const struct members *members = log_members(&r->log);
    for (uint16_t i = 0; i < r->config.committee->count; i++)
        if (i != r->config.self && is_voter(members, i))
            emit_send(out, kind, i, statement, attachment, NULL);
}

static void become_leader(struct raft *r, struct effects *out)
{
    ASSERT(r->role == CANDIDATE);
    r->role = LEADER;
    r->leader = r->config.self;
    r->led_since_ms = r->now_ms;
    r->round = 0;
    r->reads_count = 0;
    r->transfer_to = VALIDATOR_NONE;
    r->handed_over = false;
    for (uint16_t i = 0; i < r->config.committee->count; i++)
        r->progress[i] = (struct progress){ .next = r->log.last + 1, .heard_ms = r->now_ms };
    emit_note(out, "leader of term %llu", (unsigned long long)r->term);
    heartbeat(r, out);
}

void campaign(struct raft *r, bool transfer, struct effects *out)
{
    ASSERT(takes_part(r));
    r->role = CANDIDATE;
    r->leader = VALIDATOR_NONE;
    r->term++;
    r->voted_for = r->config.self;
    r->granted = (struct signer_set){ { 0 } };
    r->elections_count++;
    emit_note(out, "campaign in term %llu", (unsigned long long)r->term);
    persist_term(r, out);
    reset_deadline(r);
    struct statement ask = request(r, VOTE_REQUEST, r->term);
    uint8_t flag = transfer ? 1 : 0;
    send_to_voters(r, EFFECT_SEND, &ask, effects_copy(out, span_of(&flag, 1)), out);
    struct statement vote = { .kind = VOTE, .view = r->term, .aux = r->config.self };
    emit_send(out, EFFECT_SEND, r->config.self, &vote, span_of(NULL, 0), NULL);
}

/* 9.6: nobody's term changes for somebody who could not win. Early: it promises nothing. */
static void pre_campaign(struct raft *r, struct effects *out)
{
    r->role = PRE_CANDIDATE;
    r->leader = VALIDATOR_NONE;
    r->granted = (struct signer_set){ { 0 } };
    signer_set_add(&r->granted, r->config.self);
    reset_deadline(r);
    if (is_quorum(log_members(&r->log), &r->granted)) {
        campaign(r, false, out);
        return;
    }
    emit_note(out, "ask for term %llu", (unsigned long long)r->term + 1);
    struct statement ask = request(r, PRE_VOTE_REQUEST, r->term + 1);
    send_to_voters(r, EFFECT_SEND_EARLY, &ask, span_of(NULL, 0), out);
}

void on_election_timeout(struct raft *r, struct effects *out)
{
    if (!may_campaign(r)) {
        reset_deadline(r); /* A learner follows, and so does one who was left out for good. */
        return;
    }
    pre_campaign(r, out);
}

void on_vote(struct raft *r, uint16_t from, const struct statement *statement, struct effects *out)
{
    if (r->role != CANDIDATE || statement->view != r->term || statement->aux != r->config.self)
        return;
    signer_set_add(&r->granted, from);
    if (is_quorum(log_members(&r->log), &r->granted)) become_leader(r, out);
}

void on_pre_vote(struct raft *r, uint16_t from, const struct statement *statement,
                 struct effects *out)
{
    if (r->role != PRE_CANDIDATE || statement->view != r->term + 1) return;
    signer_set_add(&r->granted, from);
    if (is_quorum(log_members(&r->log), &r->granted)) campaign(r, false, out);
}

/* 3.10: as if our time had run out, at once, and asking those who still hear the old leader. */
void on_timeout_now(struct raft *r, const struct statement *statement, struct effects *out)
{
    bool ours = takes_part(r) && r->role == FOLLOWER && statement->view == r->term &&
                is_voter(log_members(&r->log), r->config.self);
    if (ours) campaign(r, true, out);
}

/* ---- the campaigns of others ---- */

/* Whoever is asked answers, voter or not: a learner may not know yet that it has become one. */
void on_vote_request(struct raft *r, uint16_t from, const struct message *message,
                     struct effects *out)
{
    const struct statement *statement = &message->statement;
    if (!takes_part(r)) return;
    bool first = r->voted_for == VALIDATOR_NONE && r->leader == VALIDATOR_NONE;
    bool granted = statement->view == r->term && (r->voted_for == from || first) &&
                   is_up_to_date(r, statement);
    if (!granted) {
        struct statement refusal = { .kind = VOTE_REFUSAL, .view = r->term };
        emit_send(out, EFFECT_SEND, from, &refusal, span_of(NULL, 0), NULL);
        return;
    }
    if (r->voted_for != from) {
        r->voted_for = from;
        persist_term(r, out);
        emit_note(out, "vote for %u in term %llu", from, (unsigned long long)r->term);
    }
    reset_deadline(r);
    struct statement vote = { .kind = VOTE, .view = r->term, .aux = from };
    emit_send(out, EFFECT_SEND, from, &vote, span_of(NULL, 0), NULL);
}

/* A refusal carries our term: a member of a lower one with a longer log must come to know it, or
 * neither of the two would ever be elected (etcd 8243, 8501). */
void on_pre_vote_request(struct raft *r, uint16_t from, const struct statement *statement,
                         struct effects *out)
{
    if (!takes_part(r)) return;
    if (statement->view <= r->term) {
        struct statement refusal = { .kind = PRE_VOTE_REFUSAL, .view = r->term };
        emit_send(out, EFFECT_SEND, from, &refusal, span_of(NULL, 0), NULL);
        return;
    }
    bool heard = leader_is_alive(r);
    if (heard || !is_up_to_date(r, statement)) {
        emit_note(out, "no pre-vote for %u: %s", from,
                  heard ? "a leader is heard" : "its log is behind");
        return;
    }
    struct statement grant = { .kind = PRE_VOTE, .view = statement->view };
    send_early(r, from, &grant, out);
}
