/* Who must agree: quorums, changes of members, transfer of leadership, and reads. */
#include "consensus/raft.h"

bool is_voter(const struct members *members, uint16_t index)
{
    if (index >= COMMITTEE_MAX) return false;
    return signer_set_has(&members->voters, index) ||
           (members->joint && signer_set_has(&members->old, index));
}

static bool is_member(const struct members *members, uint16_t index)
{
    return is_voter(members, index) || signer_set_has(&members->learners, index);
}

/* Also those that a change leaves out, until it is committed: they should learn of it. */
bool is_followed(const struct raft *r, uint16_t index)
{
    if (index == r->config.self) return false;
    if (is_member(log_members(&r->log), index)) return true;
    return r->log.members_index > r->commit &&
           is_member(log_members_before(&r->log, r->log.members_index), index);
}

bool may_campaign(const struct raft *r)
{
    if (is_voter(log_members(&r->log), r->config.self)) return true;
    return r->log.members_index > r->commit &&
           is_voter(log_members_before(&r->log, r->log.members_index), r->config.self);
}

static bool is_majority(const struct signer_set *voters, const struct signer_set *agreed)
{
    uint16_t count = 0;
    uint16_t votes = 0;
    for (unsigned i = 0; i < COMMITTEE_MAX; i++) {
        if (!signer_set_has(voters, (uint16_t)i)) continue;
        count++;
        if (signer_set_has(agreed, (uint16_t)i)) votes++;
    }
    return votes > count / 2;
}

bool is_quorum(const struct members *members, const struct signer_set *agreed)
{
    return is_majority(&members->voters, agreed) &&
           (!members->joint || is_majority(&members->old, agreed));
}

uint64_t quorum_match(const struct raft *r)
{
    const struct members *members = log_members(&r->log);
    uint64_t best = r->commit;
    for (uint16_t i = 0; i < r->config.committee->count; i++) {
        uint64_t index = r->progress[i].match;
        if (index <= best || !is_voter(members, i)) continue;
        struct signer_set agreed = { { 0 } };
        for (uint16_t j = 0; j < r->config.committee->count; j++)
            if (r->progress[j].match >= index) signer_set_add(&agreed, j);
        if (is_quorum(members, &agreed)) best = index;
    }
    return best;
}

bool quorum_heard(const struct raft *r, uint64_t since_ms)
{
    struct signer_set heard = { { 0 } };
    for (uint16_t i = 0; i < r->config.committee->count; i++)
        if (r->progress[i].heard_ms >= since_ms) signer_set_add(&heard, i);
    return is_quorum(log_members(&r->log), &heard);
}

/* ---- joint consensus (thesis, 4.3) ---- */

static bool term_has_committed(const struct raft *r)
{
    return r->commit >= r->log.base.index && log_view(&r->log, r->commit) == r->term;
}

static void append_members(struct raft *r, const struct members *members, struct effects *out)
{
    struct log_entry entry = {
        .proposal = { .index = r->log.last + 1,
                      .view = r->term,
                      .parent_view = log_last_view(&r->log),
                      .parent = *log_digest(&r->log, r->log.last),
                      .batch = members_digest(members) },
        .has_members = true,
        .members = *members,
    };
    entry.digest = proposal_digest(&entry.proposal);
    append_own(r, &entry, out);
}

/* A newcomer that lacks much would hold up every decision from the moment that it counts. Who votes
 * already may be down: that is when members need to be changed. */
static bool is_caught_up(const struct raft *r, const struct members *wanted)
{
    for (uint16_t i = 0; i < r->config.committee->count; i++)
        if (signer_set_has(&wanted->voters, i) && !is_voter(log_members(&r->log), i) &&
            r->progress[i].match + IN_FLIGHT_MAX < r->log.last)
            return false;
    return true;
}

static const char *members_refused(const struct raft *r, const struct members *wanted)
{
    const struct members *now = log_members(&r->log);
    const struct signer_set none = { { 0 } };
    bool same_voters = memcmp(&now->voters, &wanted->voters, sizeof now->voters) == 0;
    if (r->role != LEADER || r->transfer_to != VALIDATOR_NONE) return "we do not lead";
    /* Two changes of leaders without a common quorum: Ongaro, raft-dev, 2015-07-10. */
    if (!term_has_committed(r)) return "nothing of this term is committed";
    if (now->joint || r->log.members_index > r->commit) return "another change is under way";
    if (log_is_full(&r->log)) return "the log is full";
    if (memcmp(&wanted->voters, &none, sizeof none) == 0) return "nobody would vote";
    for (unsigned i = r->config.committee->count; i < COMMITTEE_MAX; i++)
        if (is_member(wanted, (uint16_t)i)) return "there is no such member";
    if (!same_voters && !is_caught_up(r, wanted)) return "a new voter has not caught up";
    return NULL;
}

void on_members(struct raft *r, const struct event *event, struct effects *out)
{
    struct members next = *event->members;
    ASSERT(!next.joint);
    const char *reason = members_refused(r, &next);
    if (reason) {
        emit_note(out, "change of members refused: %s", reason);
        return;
    }
    const struct members *now = log_members(&r->log);
    if (memcmp(&now->voters, &next.voters, sizeof next.voters) != 0) {
        next.joint = true;
        next.old = now->voters;
    } else {
        next.old = (struct signer_set){ { 0 } };
    }
    emit_note(out, next.joint ? "joint members at %llu" : "members at %llu",
              (unsigned long long)r->log.last + 1);
    append_members(r, &next, out);
}

static uint16_t best_successor(const struct raft *r)
{
    uint16_t best = VALIDATOR_NONE;
    for (uint16_t i = 0; i < r->config.committee->count; i++) {
        if (i == r->config.self || !signer_set_has(&log_members(&r->log)->voters, i)) continue;
        if (best == VALIDATOR_NONE || r->progress[i].match > r->progress[best].match) best = i;
    }
    return best;
}

/* Early: it promises nothing about our disk, and who is told knows by himself what he holds. */
static void tell_to_campaign(struct raft *r, uint16_t to, struct effects *out)
{
    struct statement now = { .kind = TIMEOUT_NOW, .view = r->term };
    r->handed_over = true;
    send_early(r, to, &now, out);
}

/* Nobody has to find out by waiting that we are gone: whoever holds most of our log campaigns at
 * once (4.2.2 with 3.10). The end of the change is committed, so it stands in that one's log. */
static void say_farewell(struct raft *r, struct effects *out)
{
    uint16_t to = best_successor(r);
    ASSERT(to != VALIDATOR_NONE);
    ASSERT(r->progress[to].match >= r->log.members_index);
    emit_note(out, "no voter any more: step down for %u", to);
    tell_to_campaign(r, to, out);
    become_follower(r, r->term, VALIDATOR_NONE, out);
}

/* A leader that sees the joint members committed ends the change; one whom it leaves out goes when
 * that is committed. */
void members_committed(struct raft *r, struct effects *out)
{
    if (r->role != LEADER || r->log.members_index > r->commit) return;
    const struct members *now = log_members(&r->log);
    if (now->joint && term_has_committed(r) && !log_is_full(&r->log)) {
        struct members next = *now;
        next.joint = false;
        next.old = (struct signer_set){ { 0 } };
        emit_note(out, "members at %llu", (unsigned long long)r->log.last + 1);
        append_members(r, &next, out);
    } else if (!now->joint && !is_voter(now, r->config.self)) {
        say_farewell(r, out);
    }
}

/* ---- transfer of leadership (3.10) ---- */

void transfer_advance(struct raft *r, struct effects *out)
{
    if (r->role != LEADER || r->transfer_to == VALIDATOR_NONE) return;
    if (r->now_ms >= r->transfer_until_ms) {
        emit_note(out, "transfer to %u given up", r->transfer_to);
        r->transfer_to = VALIDATOR_NONE;
        return;
    }
    if (r->progress[r->transfer_to].match < r->log.last) return;
    tell_to_campaign(r, r->transfer_to, out);
}

void on_transfer(struct raft *r, uint16_t to, struct effects *out)
{
    if (r->role != LEADER) return;
    if (to == VALIDATOR_NONE) to = best_successor(r);
    bool possible = to != r->config.self && to < r->config.committee->count &&
                    signer_set_has(&log_members(&r->log)->voters, to);
    if (!possible) return;
    emit_note(out, "transfer to %u", to);
    r->transfer_to = to;
    r->transfer_until_ms = r->now_ms + r->election_ms_max;
    transfer_advance(r, out);
}

/* ---- reads (6.4) ---- */

static void answer_read(struct raft *r, const struct read *read, struct effects *out)
{
    if (read->from == r->config.self) {
        emit_read(out, read->number, false, read->index);
        return;
    }
    struct statement answer = {
        .kind = READ_INDEX, .view = r->term, .index = read->index, .aux = read->number
    };
    send_early(r, read->from, &answer, out);
}

/* The clock of whoever could elect another leader must not run faster than ours by more than the
 * rest of election_ms_min: that is what lease_ms assumes, and why 0 is its default. */
static bool lease_holds(const struct raft *r)
{
    if (r->lease_ms == 0 || r->handed_over) return false;
    struct signer_set fresh = { { 0 } };
    for (uint16_t i = 0; i < r->config.committee->count; i++) {
        uint64_t round = r->progress[i].round;
        bool remembered = round > 0 && r->round - round < ROUNDS_MAX;
        if (i == r->config.self ||
            (remembered && r->round_sent_ms[round % ROUNDS_MAX] + r->lease_ms > r->now_ms))
            signer_set_add(&fresh, i);
    }
    return is_quorum(log_members(&r->log), &fresh);
}

void on_read(struct raft *r, uint16_t from, uint64_t number, struct effects *out)
{
    bool ours = from == r->config.self;
    if (r->role != LEADER) {
        if (!ours) return;
        if (r->leader == VALIDATOR_NONE || !takes_part(r)) {
            emit_read(out, number, true, 0);
            return;
        }
        struct statement ask = { .kind = READ_REQUEST, .view = r->term, .aux = number };
        send_early(r, r->leader, &ask, out);
        return;
    }
    if (r->reads_count == READS_MAX) {
        if (ours) emit_read(out, number, true, 0);
        return;
    }
    struct read *read = &r->reads[r->reads_count];
    *read = (struct read){ from, number, UINT64_MAX, 0 };
    if (term_has_committed(r)) {
        read->index = r->commit;
        if (lease_holds(r)) {
            answer_read(r, read, out);
            return;
        }
        heartbeat(r, out); /* It begins after the question: 6.4, step 3. */
        read->round = r->round;
    }
    r->reads_count++;
    reads_advance(r, out);
}

/* Those that waited for this term's first commit get their index and a round; those whose round a
 * quorum has answered are done. */
void reads_advance(struct raft *r, struct effects *out)
{
    if (r->role != LEADER || r->reads_count == 0) return;
    bool placed = term_has_committed(r);
    bool begun = false;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < r->reads_count; i++) {
        struct read *read = &r->reads[i];
        if (read->index == UINT64_MAX && placed) {
            if (!begun) heartbeat(r, out);
            begun = true;
            read->index = r->commit;
            read->round = r->round;
        }
        struct signer_set answered = { { 0 } };
        signer_set_add(&answered, r->config.self);
        for (uint16_t j = 0; j < r->config.committee->count; j++)
            if (r->progress[j].round >= read->round) signer_set_add(&answered, j);
        if (read->index != UINT64_MAX && is_quorum(log_members(&r->log), &answered))
            answer_read(r, read, out);
        else
            r->reads[kept++] = *read;
    }
    r->reads_count = kept;
}

void reads_drop(struct raft *r, struct effects *out)
{
    for (uint32_t i = 0; i < r->reads_count; i++)
        if (r->reads[i].from == r->config.self) emit_read(out, r->reads[i].number, true, 0);
    r->reads_count = 0;
}
