/* Proposals and ballots, and what a proposal would do. */
#include "ledger/governance_draft.h"
#include "ledger/reader_query.h"
#include <stdlib.h>

#define NUMBER_MAX ((uint64_t)INT64_MAX)

/* ---- proposals ------------------------------------------------------------------------------- */

static void proposal_of_row(struct query *q, struct proposal_row *proposal)
{
    proposal->number = column_u64(q, NUMBER_MAX);
    struct span bytes = column_blob(q);
    if (q->status == STATUS_OK && proposal_record_decode(bytes, &proposal->record) != STATUS_OK)
        query_damaged(q, "a stored proposal does not decode");
}

enum status ledger_read_proposal(struct ledger_reader *reader, uint64_t number,
                                 struct proposal_row *proposal)
{
    struct query q = query_of(reader, "SELECT number, record FROM proposal WHERE number = ?");
    bind_u64(&q, number);
    if (query_row(&q)) proposal_of_row(&q, proposal);
    return query_end_one(&q);
}

enum status ledger_read_proposals(struct ledger_reader *reader, uint8_t status, uint64_t before,
                                  uint32_t limit, ledger_on_proposal *on_proposal, void *context)
{
    struct proposal_row *proposal = malloc(sizeof *proposal);
    if (!proposal) return STATUS_NO_MEMORY;
    struct query q = query_of(reader, "SELECT number, record FROM proposal "
                                      "WHERE number < ?1 AND (?2 = 0 OR status = ?2) "
                                      "ORDER BY number DESC LIMIT ?3");
    bind_u64(&q, before ? before : NUMBER_MAX);
    bind_u64(&q, status);
    bind_u64(&q, limit);
    while (query_row(&q)) {
        proposal_of_row(&q, proposal);
        if (q.status != STATUS_OK || !on_proposal(context, proposal)) break;
    }
    free(proposal);
    return query_end(&q);
}

enum status ledger_read_ballots(struct ledger_reader *reader, uint64_t number,
                                ledger_on_ballot *on_ballot, void *context)
{
    struct query q = query_of(reader, "SELECT member, vote, position FROM ballot "
                                      "WHERE proposal = ? ORDER BY member");
    bind_u64(&q, number);
    while (query_row(&q)) {
        struct ballot_row ballot;
        column_id(&q, &ballot.member);
        ballot.vote = (uint8_t)column_u64(&q, UINT8_MAX);
        ballot.position = column_u64(&q, NUMBER_MAX);
        if (q.status != STATUS_OK || !on_ballot(context, &ballot)) break;
    }
    return query_end(&q);
}

/* ---- a preview ------------------------------------------------------------------------------- */

/* What the rows are read into, and the first thing that went wrong with it. */
struct preview_load {
    struct ledger_reader *reader;
    struct governance_draft *draft;
    enum status status;
};

static bool account_exists(void *context, const struct id *account)
{
    struct preview_load *load = context;
    struct account row;
    if (load->status != STATUS_OK) return false;
    enum status status = ledger_read_account(load->reader, account, &row);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) load->status = status;
    return status == STATUS_OK;
}

static bool keep_member(void *context, const struct member *member)
{
    struct preview_load *load = context;
    load->draft->members[load->draft->member_count++] = *member;
    return true;
}

static bool keep_validator(void *context, const struct validator_row *row)
{
    struct preview_load *load = context;
    struct validator_record *record = &load->draft->validators[load->draft->validator_count++];
    record->id = row->id;
    record->member = row->member;
    record->seal_key = row->seal_key;
    record->node_key = row->node_key;
    record->status = row->status;
    memcpy(record->endpoint, row->endpoint, sizeof record->endpoint);
    return true;
}

static enum status count_rows(struct ledger_reader *reader, uint64_t *members, uint64_t *validators)
{
    struct query q = query_of(reader, "SELECT (SELECT count(*) FROM member), "
                                      "(SELECT count(*) FROM validator)");
    if (query_row(&q)) {
        *members = column_u64(&q, UINT16_MAX);
        *validators = column_u64(&q, NUMBER_MAX);
    }
    return query_end_one(&q);
}

/* The arrays have room for what was counted, in the same snapshot. */
static enum status load_lists(struct preview_load *load)
{
    uint64_t members = 0, validators = 0;
    enum status status = count_rows(load->reader, &members, &validators);
    if (status != STATUS_OK) return status;
    if (!draft_reserve(load->draft, (uint16_t)members, validators)) return STATUS_NO_MEMORY;
    load->draft->member_count = 0;
    load->draft->validator_count = 0;
    status = ledger_read_members(load->reader, keep_member, load);
    if (status != STATUS_OK) return status;
    return ledger_read_validators(load->reader, keep_validator, load);
}

static enum status load_set(struct preview_load *load)
{
    struct epoch_row *epoch = malloc(sizeof *epoch);
    if (!epoch) return STATUS_NO_MEMORY;
    enum status status = ledger_read_epoch_of(load->reader, NUMBER_MAX, epoch);
    if (status == STATUS_OK) load->draft->set = epoch->committee;
    free(epoch);
    return status;
}

/* The purpose stands in front of the genesis document. */
static enum status load_purpose(struct preview_load *load)
{
    struct query q = query_of(load->reader, "SELECT genesis FROM ledger");
    if (query_row(&q)) {
        struct reader r = reader_of(column_blob(&q));
        (void)read_u16(&r);
        (void)read_text8(&r, NETWORK_NAME_MAX);
        (void)read_u64(&r);
        load->draft->test_chain = read_u8(&r) == PURPOSE_TEST;
        if (reader_status(&r) != STATUS_OK) query_damaged(&q, "the genesis does not decode");
    }
    return query_end_one(&q);
}

static enum status load_draft(struct preview_load *load)
{
    enum status status = ledger_read_params(load->reader, &load->draft->params);
    if (status == STATUS_OK) status = load_lists(load);
    if (status == STATUS_OK) status = load_set(load);
    if (status == STATUS_OK) status = load_purpose(load);
    return status;
}

/* The least number of votes above the fraction of the members. */
static uint16_t votes_needed(uint64_t fraction, uint64_t members)
{
    uint64_t numerator = fraction >> 32, denominator = (uint32_t)fraction;
    return (uint16_t)(numerator * members / denominator + 1);
}

static void look_ahead(struct governance_draft *draft, const struct action *actions, uint8_t count,
                       struct preview *preview)
{
    preview->class = (uint8_t)actions_class(actions, count, draft->members, draft->member_count);
    preview->ends_epoch = actions_end_epoch(actions, count);
    preview->members = draft->member_count;
    preview->yes_needed =
        votes_needed(proposal_fraction(&draft->params, preview->class), draft->member_count);
    preview->before = preview->after = draft->set;
    preview->params = draft->params;
    struct outcome outcome = draft_apply(draft, actions, count);
    preview->code = (uint16_t)outcome.code;
    preview->at = outcome.at;
    preview->reason = draft->reason.word;
    memcpy(preview->reason_text, draft->reason.text, sizeof preview->reason_text);
    if (outcome.code != RESULT_ok) return;
    preview->after = draft->set;
    preview->params = draft->params;
}

enum status ledger_read_preview(struct ledger_reader *reader, const struct action *actions,
                                uint8_t count, struct preview *preview)
{
    struct governance_draft *draft = calloc(1, sizeof *draft);
    if (!draft) return STATUS_NO_MEMORY;
    struct preview_load load = { reader, draft, STATUS_OK };
    draft->account_exists = account_exists;
    draft->context = &load;
    memset(preview, 0, sizeof *preview);
    load.status = load_draft(&load);
    if (load.status == STATUS_OK) look_ahead(draft, actions, count, preview);
    draft_free(draft);
    free(draft);
    return load.status;
}
