#include "ledger/governance_records.h"

#include <stdlib.h>

/* ---- bytes ----------------------------------------------------------------------------------- */

static bool read_one(struct state *state, enum governance_record what, struct reader *r)
{
    uint8_t key[GOVERNANCE_KEY_MAX];
    struct span bytes;
    bool found = state_governance(state, span_of(key, governance_key(what, key)), &bytes);
    *r = reader_of(bytes);
    if (!found) state_damaged(state); /* Each chain has one from its genesis on. */
    return found;
}

/* Ends a record that was read as a whole. */
static bool ended(struct state *state, struct reader *r)
{
    if (reader_end(r) == STATUS_OK) return true;
    state_damaged(state);
    return false;
}

/* Puts what was written, and frees the writer. */
static void put(struct state *state, struct span key, struct writer *w)
{
    if (writer_status(w) == STATUS_OK)
        state_put_governance(state, key, writer_span(w));
    else
        state_fail(state, writer_status(w));
    writer_free(w);
}

static void put_one(struct state *state, enum governance_record what, struct writer *w)
{
    uint8_t key[GOVERNANCE_KEY_MAX];
    put(state, span_of(key, governance_key(what, key)), w);
}

/* ---- parameters, members, the set ------------------------------------------------------------ */

void governance_read_params(struct state *state, struct params *params)
{
    struct reader r;
    memset(params, 0, sizeof *params);
    if (!read_one(state, GOVERNANCE_PARAMS, &r)) return;
    params_decode(&r, params);
    if (!ended(state, &r)) memset(params, 0, sizeof *params);
}

void governance_put_params(struct state *state, const struct params *params)
{
    struct writer w;
    writer_init(&w, PARAMS_BYTES_MAX);
    params_encode(params, &w);
    put_one(state, GOVERNANCE_PARAMS, &w);
}

static void read_member(struct reader *r, struct member *member)
{
    memset(member, 0, sizeof *member);
    read_id(r, &member->account);
    struct span name = read_text8(r, MEMBER_NAME_MAX);
    if (name.size > 0) memcpy(member->name, name.data, name.size);
}

struct member *governance_read_members(struct state *state, uint16_t *count)
{
    struct reader r;
    *count = 0;
    if (!read_one(state, GOVERNANCE_MEMBERS, &r)) return NULL;
    uint16_t announced = read_u16(&r);
    struct member *members = calloc(announced ? announced : 1, sizeof *members);
    if (!members) {
        state_fail(state, STATUS_NO_MEMORY);
        return NULL;
    }
    for (uint16_t i = 0; i < announced; i++)
        read_member(&r, &members[i]);
    if (ended(state, &r)) {
        *count = announced;
        return members;
    }
    free(members);
    return NULL;
}

void governance_put_members(struct state *state, const struct member *members, uint16_t count)
{
    struct writer w;
    writer_init(&w, GOVERNANCE_BYTES_MAX);
    members_encode(members, count, &w);
    put_one(state, GOVERNANCE_MEMBERS, &w);
}

bool governance_is_member(struct state *state, const struct id *account)
{
    struct reader r;
    if (!read_one(state, GOVERNANCE_MEMBERS, &r)) return false;
    for (uint16_t left = read_u16(&r); left > 0; left--) {
        struct member member;
        read_member(&r, &member);
        if (id_equal(&member.account, account)) return true;
    }
    return false;
}

void governance_read_set(struct state *state, struct committee *committee)
{
    struct reader r;
    memset(committee, 0, sizeof *committee);
    if (!read_one(state, GOVERNANCE_SET, &r)) return;
    committee_decode(&r, committee);
    if (!ended(state, &r)) memset(committee, 0, sizeof *committee);
}

void governance_put_set(struct state *state, const struct committee *committee)
{
    struct writer w;
    writer_init(&w, COMMITTEE_BYTES_MAX);
    committee_encode(committee, &w);
    put_one(state, GOVERNANCE_SET, &w);
}

/* ---- validators ------------------------------------------------------------------------------ */

bool governance_read_validator(struct state *state, const struct id *id,
                               struct validator_record *record)
{
    uint8_t key[GOVERNANCE_KEY_MAX];
    struct span bytes;
    memset(record, 0, sizeof *record);
    record->id = *id;
    if (!state_governance(state, span_of(key, governance_key_validator(id, key)), &bytes))
        return false;
    if (validator_record_decode(bytes, record) == STATUS_OK) return true;
    state_damaged(state);
    return false;
}

void governance_put_validator(struct state *state, const struct validator_record *record)
{
    uint8_t key[GOVERNANCE_KEY_MAX];
    struct validator validator = { record->id, record->member, record->seal_key };
    struct writer w;
    writer_init(&w, GOVERNANCE_BYTES_MAX);
    validator_record_encode(&validator, &record->node_key, record->status, record->endpoint, &w);
    put(state, span_of(key, governance_key_validator(&record->id, key)), &w);
}

/* ---- proposals ------------------------------------------------------------------------------- */

static bool proposal_bytes(struct state *state, uint64_t number, struct span *bytes)
{
    uint8_t key[GOVERNANCE_KEY_MAX];
    return state_governance(state, span_of(key, governance_key_proposal(number, key)), bytes);
}

bool governance_read_proposal(struct state *state, uint64_t number, struct proposal_record *record)
{
    struct span bytes;
    if (!proposal_bytes(state, number, &bytes)) return false;
    if (proposal_record_decode(bytes, record) == STATUS_OK) return true;
    state_damaged(state);
    return false;
}

bool governance_read_head(struct state *state, uint64_t number, struct proposal_head *head)
{
    struct span bytes;
    if (!proposal_bytes(state, number, &bytes)) return false;
    if (proposal_head_decode(bytes, head) == STATUS_OK) return true;
    state_damaged(state);
    return false;
}

void governance_put_proposal(struct state *state, uint64_t number,
                             const struct proposal_record *record)
{
    uint8_t key[GOVERNANCE_KEY_MAX];
    struct writer w;
    writer_init(&w, GOVERNANCE_BYTES_MAX);
    proposal_record_write(&w, record);
    put(state, span_of(key, governance_key_proposal(number, key)), &w);
}

uint64_t governance_read_next(struct state *state)
{
    struct reader r;
    if (!read_one(state, GOVERNANCE_NEXT_PROPOSAL, &r)) return 0;
    uint64_t next = read_u64(&r);
    return ended(state, &r) ? next : 0;
}

void governance_put_next(struct state *state, uint64_t next)
{
    struct writer w;
    writer_init(&w, sizeof next);
    write_u64(&w, next);
    put_one(state, GOVERNANCE_NEXT_PROPOSAL, &w);
}

struct tally governance_tally(struct state *state, const struct proposal_record *record)
{
    uint16_t count;
    struct member *members = governance_read_members(state, &count);
    struct tally tally = proposal_tally(record, members, count);
    free(members);
    return tally;
}
