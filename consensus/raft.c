/* What is done with each event. */
#include "consensus/raft.h"

void send_early(struct raft *r, uint16_t to, const struct statement *statement, struct effects *out)
{
    if (takes_part(r)) emit_send(out, EFFECT_SEND_EARLY, to, statement, span_of(NULL, 0), NULL);
}

/* splitmix64: Steele, Lea, Flood, OOPSLA 2014. */
static uint64_t draw(struct raft *r)
{
    uint64_t z = r->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void reset_deadline(struct raft *r)
{
    uint64_t spread = r->election_ms_max - r->election_ms_min + 1;
    r->deadline_ms = r->now_ms + r->election_ms_min + draw(r) % spread;
}

void raft_halt(struct raft *r, const char *what, uint64_t index, struct effects *out)
{
    reads_drop(r, out);
    r->halted = true;
    r->role = FOLLOWER;
    r->leader = VALIDATOR_NONE;
    r->conflicts_count++;
    emit_note(out, "%s at %llu: halted", what, (unsigned long long)index);
}

/* ---- messages ---- */

/* While a leader is heard nobody else needs to be elected: who asks has been cut off, or is not of
 * us any more, and his term stays his (4.2.3). Unless the leader itself has asked him to. */
static bool disturbs(const struct raft *r, const struct message *message)
{
    return message->statement.kind == VOTE_REQUEST && leader_is_alive(r) &&
           message->attachment.data[0] == 0;
}

/* Figure 3.1, all servers: a higher term is adopted. But a pre-vote is about a term that nobody has
 * yet. */
static void adopt_term(struct raft *r, const struct statement *statement, struct effects *out)
{
    bool asks = statement->kind == PRE_VOTE_REQUEST || statement->kind == PRE_VOTE;
    if (!asks && statement->view > r->term)
        become_follower(r, statement->view, VALIDATOR_NONE, out);
}

static void on_message(struct raft *r, const struct event *event, struct effects *out)
{
    const struct message *message = event->message;
    const struct statement *statement = &message->statement;
    uint16_t from = event->from;
    if (disturbs(r, message)) return;
    adopt_term(r, statement, out);
    switch ((enum raft_kind)statement->kind) {
    case VOTE: on_vote(r, from, statement, out); break;
    case VOTE_REQUEST: on_vote_request(r, from, message, out); break;
    case PRE_VOTE_REQUEST: on_pre_vote_request(r, from, statement, out); break;
    case PRE_VOTE: on_pre_vote(r, from, statement, out); break;
    case APPEND: on_append(r, from, message, out); break;
    case ACK: on_ack(r, from, statement, out); break;
    case APPEND_REFUSAL: on_append_refusal(r, from, message, out); break;
    case TIMEOUT_NOW: on_timeout_now(r, statement, out); break;
    case READ_REQUEST: on_read(r, from, statement->aux, out); break;
    case READ_INDEX: emit_read(out, statement->aux, false, statement->index); break;
    case VOTE_REFUSAL: /* These have said what they had to say by their term. */
    case PRE_VOTE_REFUSAL:
    case RAFT_KINDS: break;
    }
}

/* ---- our turn ---- */

/* A leader can commit only through an entry of its own term, so the first one is always due. */
static enum invite invitation(const struct raft *r)
{
    if (r->role != LEADER || r->transfer_to != VALIDATOR_NONE || log_is_full(&r->log))
        return INVITE_NONE;
    if (log_last_view(&r->log) != r->term) return INVITE_ANY;
    return r->log.last - r->commit < IN_FLIGHT_MAX ? INVITE_WORK : INVITE_NONE;
}

static void on_batch(struct raft *r, const struct digest *batch, struct effects *out)
{
    if (invitation(r) == INVITE_NONE) {
        emit_note(out, "a batch without an invitation");
        return;
    }
    struct log_entry entry = { .proposal = { .index = r->log.last + 1,
                                             .view = r->term,
                                             .parent_view = log_last_view(&r->log),
                                             .parent = *log_digest(&r->log, r->log.last),
                                             .batch = *batch } };
    entry.digest = proposal_digest(&entry.proposal);
    emit_note(out, "append %llu in term %llu", (unsigned long long)entry.proposal.index,
              (unsigned long long)r->term);
    append_own(r, &entry, out);
}

static void on_timer(struct raft *r, struct effects *out)
{
    if (r->now_ms < r->deadline_ms) return;
    if (r->role == LEADER)
        on_heartbeat_due(r, out);
    else
        on_election_timeout(r, out);
}

void raft_finish(struct raft *r, struct effects *out)
{
    out->wake_at_ms = UINT64_MAX;
    out->invite = INVITE_NONE;
    out->parent = *log_digest(&r->log, r->log.last);
    out->parent_index = r->log.last;
    if (r->halted) return;
    out->invite = invitation(r);
    if (takes_part(r)) out->wake_at_ms = r->deadline_ms;
    if (delivery_waits(r)) out->wake_at_ms = r->now_ms;
}

static void raft_step(void *engine, const struct event *event, struct effects *out)
{
    struct raft *r = engine;
    r->now_ms = event->now_ms;
    if (r->halted) {
        if (event->kind == EVENT_READ) emit_read(out, event->read, true, 0);
        raft_finish(r, out);
        return;
    }
    deliver(r, out); /* What did not fit into the step before. */
    switch (event->kind) {
    case EVENT_MESSAGE: on_message(r, event, out); break;
    case EVENT_TIMER:
        if (takes_part(r)) on_timer(r, out);
        break;
    case EVENT_BATCH: on_batch(r, &event->batch, out); break;
    case EVENT_FETCHED: break; /* Entries come with their batches. */
    case EVENT_DECIDED: on_decided(r, event, out); break;
    case EVENT_READ: on_read(r, r->config.self, event->read, out); break;
    case EVENT_TRANSFER: on_transfer(r, event->transfer, out); break;
    case EVENT_MEMBERS: on_members(r, event, out); break;
    }
    raft_finish(r, out);
}

static void raft_status(const void *engine, struct engine_status *status)
{
    const struct raft *r = engine;
    *status = (struct engine_status){
        .view = r->term,
        .index_decided = r->delivered,
        .index_high = max_u64(r->log.last, r->delivered),
        .leader = r->leader,
        .timeouts = r->elections_count,
        .conflicts = r->conflicts_count,
        .undecided = (uint32_t)(r->log.last - r->commit),
        .placed = r->placed,
        .hands_over = r->role == LEADER && r->transfer_to != VALIDATOR_NONE,
    };
}

static const char *const KINDS[RAFT_KINDS] = { "",
                                               "vote",
                                               "vote_request",
                                               "vote_refusal",
                                               "pre_vote_request",
                                               "pre_vote",
                                               "pre_vote_refusal",
                                               "append",
                                               "ack",
                                               "append_refusal",
                                               "timeout_now",
                                               "read_request",
                                               "read_index" };

const struct engine_ops raft_ops = {
    .name = "raft",
    .kinds = KINDS,
    .kinds_count = RAFT_KINDS,
    .unsigned_kinds = ((UINT32_C(1) << RAFT_KINDS) - 1) & ~(UINT32_C(1) << VOTE),
    .ordered = true,
    .reads = true,
    .size = raft_size,
    .open = raft_open,
    .step = raft_step,
    .check = raft_check,
    .check_decided = raft_check_decided,
    .fold = raft_fold,
    .status = raft_status,
};
