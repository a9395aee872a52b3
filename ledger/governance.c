#include "ledger/governance.h"

#include "ledger/governance_draft.h"
#include <stdlib.h>

/* ---- a draft of the state -------------------------------------------------------------------- */

static bool account_exists(void *context, const struct id *account)
{
    struct executor *x = context;
    return state_account(x->state, account) != NULL;
}

static int compare_ids(const void *a, const void *b)
{
    return id_compare(a, b);
}

static bool add_record(struct executor *x, struct governance_draft *draft, const struct id *id)
{
    return governance_read_validator(x->state, id, &draft->validators[draft->validator_count++]);
}

/* The rows know all validators but one that this block has added; that one is in the set. */
static bool load_validators(struct executor *x, struct governance_draft *draft,
                            const struct id *ids, size_t count)
{
    bool good = true;
    draft->validator_count = 0;
    for (size_t i = 0; i < count; i++)
        good = good && add_record(x, draft, &ids[i]);
    for (uint16_t i = 0; i < draft->set.count; i++) {
        const struct id *id = &draft->set.validators[i].id;
        bool known = count > 0 && bsearch(id, ids, count, sizeof *ids, compare_ids);
        good = good && (known || add_record(x, draft, id));
    }
    return good;
}

static bool load_draft(struct executor *x, struct governance_draft *draft)
{
    size_t ids_count = 0;
    uint16_t member_count = 0;
    governance_read_params(x->state, &draft->params);
    governance_read_set(x->state, &draft->set);
    struct member *members = governance_read_members(x->state, &member_count);
    struct id *ids = store_read_validator_ids(x->store, &ids_count);
    bool good = state_status(x->state) == STATUS_OK;
    if (good && !draft_reserve(draft, member_count, ids_count + draft->set.count)) {
        state_fail(x->state, STATUS_NO_MEMORY);
        good = false;
    }
    if (good) {
        memcpy(draft->members, members, member_count * sizeof *members);
        good = load_validators(x, draft, ids, ids_count);
    }
    free(members);
    free(ids);
    return good;
}

/* The parameters, members and validators as they stand. NULL: the state has failed. */
static struct governance_draft *draft_new(struct executor *x)
{
    struct governance_draft *draft = calloc(1, sizeof *draft);
    if (!draft) {
        state_fail(x->state, STATUS_NO_MEMORY);
        return NULL;
    }
    draft->test_chain = x->genesis->purpose == PURPOSE_TEST;
    draft->account_exists = account_exists;
    draft->context = x;
    if (load_draft(x, draft)) return draft;
    draft_free(draft);
    free(draft);
    return NULL;
}

static void draft_end(struct governance_draft *draft)
{
    if (draft) draft_free(draft);
    free(draft);
}

struct outcome governance_preview(struct executor *x, const struct action *actions, uint8_t count,
                                  struct committee *set, struct params *params)
{
    struct outcome outcome = { RESULT_action_invalid, 0 };
    struct governance_draft *draft = draft_new(x);
    if (draft) {
        outcome = draft_apply(draft, actions, count);
        *set = draft->set;
        *params = draft->params;
    }
    draft_end(draft);
    return outcome;
}

/* ---- voting ---------------------------------------------------------------------------------- */

/* Replaces the ballot or adds one. When there is no room, the ballots of those who are no members
 * any more go: they do not count. */
static bool cast(struct executor *x, struct proposal_record *record, const struct id *member,
                 uint8_t vote)
{
    uint16_t at = 0;
    while (at < record->ballot_count && id_compare(&record->ballots[at].member, member) < 0)
        at++;
    if (at < record->ballot_count && id_equal(&record->ballots[at].member, member)) {
        record->ballots[at].vote = vote;
        return true;
    }
    if (record->ballot_count == BALLOTS_MAX) {
        uint16_t kept = 0;
        for (uint16_t i = 0; i < record->ballot_count; i++)
            if (governance_is_member(x->state, &record->ballots[i].member))
                record->ballots[kept++] = record->ballots[i];
        record->ballot_count = kept;
        return kept < BALLOTS_MAX && cast(x, record, member, vote);
    }
    struct ballot *place = &record->ballots[at];
    memmove(place + 1, place, (size_t)(record->ballot_count - at) * sizeof *place);
    *place = (struct ballot){ *member, vote };
    record->ballot_count++;
    return true;
}

/* Closes the proposal if the ballots decide it, by the members and fractions of this moment. */
static void resolve(struct executor *x, struct proposal_record *record)
{
    struct params params;
    governance_read_params(x->state, &params);
    struct tally tally = governance_tally(x->state, record);
    if (state_status(x->state) != STATUS_OK) return;
    enum proposal_status status = proposal_judge(&tally, proposal_fraction(&params, record->class));
    record->status = (uint8_t)status;
    if (status == PROPOSAL_PASSED) record->passed_ms = x->time_ms;
}

enum result_code governance_ballot(struct executor *x, const struct operation *o)
{
    uint64_t number = o->gov_ballot.proposal;
    struct proposal_record *record = &x->proposal;
    if (!governance_is_member(x->state, &o->actor)) return RESULT_not_member;
    if (!governance_read_proposal(x->state, number, record)) return RESULT_proposal_unknown;
    if (record->status != PROPOSAL_OPEN || x->time_ms > record->deadline_ms)
        return RESULT_proposal_closed;
    if (!cast(x, record, &o->actor, o->gov_ballot.vote)) return RESULT_proposal_closed;
    resolve(x, record);
    governance_put_proposal(x->state, number, record);
    return RESULT_ok;
}

/* ---- proposing ------------------------------------------------------------------------------- */

static bool terms_hold(const struct executor *x, const struct operation *o, uint64_t term_ms_max)
{
    uint64_t deadline_ms = o->gov_propose.deadline_ms, activate_ms = o->gov_propose.activate_ms;
    if (deadline_ms <= x->time_ms || deadline_ms - x->time_ms > term_ms_max) return false;
    return activate_ms <= deadline_ms || activate_ms - deadline_ms <= term_ms_max;
}

static bool counts_for(struct executor *x, uint64_t number, const struct id *proposer)
{
    struct proposal_head head;
    if (!governance_read_head(x->state, number, &head)) return false;
    if (!id_equal(&head.proposer, proposer)) return false;
    return head.status == PROPOSAL_PASSED ||
           (head.status == PROPOSAL_OPEN && head.deadline_ms >= x->time_ms);
}

/* How many proposals of a member wait, those of this block and transaction included. */
static uint64_t open_proposals(struct executor *x, const struct id *proposer)
{
    uint64_t count = 0, next = governance_read_next(x->state);
    for (size_t i = 0; i < x->live.count; i++)
        count += counts_for(x, x->live.numbers[i], proposer);
    for (uint64_t number = x->live.next; number < next; number++)
        count += counts_for(x, number, proposer);
    return count;
}

static void read_actions(const struct operation *o, struct proposal_record *record)
{
    struct reader r = reader_of(o->gov_propose.actions);
    record->action_count = o->gov_propose.action_count;
    for (uint8_t i = 0; i < record->action_count; i++)
        action_read_again(&r, &record->actions[i]);
    ASSERT(reader_end(&r) == STATUS_OK); /* decoding the transaction has checked them */
}

/* A statement names a block of this chain, not too old, and is signed by the key that is to be. */
static bool statement_holds(struct executor *x, const struct ready *ready,
                            const struct id *validator, const struct id *member,
                            const struct public_key *seal_key)
{
    struct header header;
    struct digest hash;
    struct params params;
    uint64_t last = x->height - 1;
    governance_read_params(x->state, &params);
    if (ready->height > last || last - ready->height > params.values[PARAM_ready_blocks_max])
        return false;
    if (!store_read_block(x->store, ready->height, &header, &hash)) return false;
    return digest_equal(&hash, &ready->block_hash) &&
           ready_check(ready, &x->genesis->chain_id, validator, member, seal_key, NULL) ==
               STATUS_OK;
}

static bool is_ready(struct executor *x, const struct action *action)
{
    struct validator_record record;
    switch (action->kind) {
    case ACTION_VALIDATOR_ADD:
        return statement_holds(x, &action->validator_add.ready, &action->validator_add.id,
                               &action->validator_add.member, &action->validator_add.seal_key);
    case ACTION_VALIDATOR_REKEY:
        return governance_read_validator(x->state, &action->validator_rekey.id, &record) &&
               statement_holds(x, &action->validator_rekey.ready, &record.id, &record.member,
                               &action->validator_rekey.seal_key);
    default: return true;
    }
}

/* The class, or 0 if the actions would not hold now. */
static uint8_t judge_actions(struct executor *x, const struct proposal_record *record)
{
    uint8_t class = 0;
    struct governance_draft *draft = draft_new(x);
    if (draft) {
        class = (uint8_t)actions_class(record->actions, record->action_count, draft->members,
                                       draft->member_count);
        if (draft_apply(draft, record->actions, record->action_count).code != RESULT_ok) class = 0;
    }
    draft_end(draft);
    return class;
}

/* The proposer's yes is a ballot like others; a single member's proposal passes with it. */
static void open_proposal(struct executor *x, const struct operation *o,
                          struct proposal_record *record)
{
    uint64_t number = governance_read_next(x->state);
    record->proposer = o->actor;
    record->status = PROPOSAL_OPEN;
    record->params_version = o->gov_propose.expects_params_version;
    record->deadline_ms = o->gov_propose.deadline_ms;
    record->activate_ms = o->gov_propose.activate_ms;
    record->rationale = o->gov_propose.rationale;
    record->ballot_count = 1;
    record->ballots[0] = (struct ballot){ o->actor, VOTE_YES };
    resolve(x, record);
    governance_put_proposal(x->state, number, record);
    governance_put_next(x->state, number + 1);
}

enum result_code governance_propose(struct executor *x, const struct operation *o,
                                    struct observed *observed)
{
    struct params params;
    struct proposal_record *record = &x->proposal;
    if (!governance_is_member(x->state, &o->actor)) return RESULT_not_member;
    governance_read_params(x->state, &params);
    if (o->gov_propose.expects_params_version != params.version) {
        *observed = (struct observed){ OBSERVED_PARAMS_VERSION, (int64_t)params.version };
        return RESULT_params_changed;
    }
    if (!terms_hold(x, o, params.values[PARAM_gov_term_ms_max])) return RESULT_term_out_of_range;
    if (open_proposals(x, &o->actor) >= params.values[PARAM_gov_open_max])
        return RESULT_proposal_limit;

    memset(record, 0, sizeof *record);
    read_actions(o, record);
    record->class = judge_actions(x, record);
    if (record->class == 0) return RESULT_action_invalid;
    for (uint8_t i = 0; i < record->action_count; i++)
        if (!is_ready(x, &record->actions[i])) return RESULT_not_ready;
    open_proposal(x, o, record);
    return RESULT_ok;
}

/* ---- enacting -------------------------------------------------------------------------------- */

static void change_accounts(struct executor *x, const struct action *action, uint64_t position)
{
    if (action->kind == ACTION_ACCOUNT_ROLES) {
        struct account *account = state_edit_account(x->state, &action->account_roles.account);
        account->roles = action->account_roles.roles;
        account->version = position;
    } else if (action->kind == ACTION_ACCOUNT_FROZEN) {
        struct account *account = state_edit_account(x->state, &action->account_frozen.account);
        account->flags = (uint8_t)(account->flags & ~ACCOUNT_FROZEN);
        if (action->account_frozen.frozen) account->flags |= ACCOUNT_FROZEN;
        account->version = position;
    }
}

/* Puts what the draft became into the state. */
static void carry_out(struct executor *x, const struct governance_draft *draft,
                      const struct proposal_record *record, uint64_t position)
{
    if (draft->params_changed) governance_put_params(x->state, &draft->params);
    if (draft->members_changed)
        governance_put_members(x->state, draft->members, draft->member_count);
    if (draft->touched_count > 0) governance_put_set(x->state, &draft->set);
    for (unsigned i = 0; i < draft->touched_count; i++)
        governance_put_validator(x->state, &draft->validators[draft->touched[i]]);
    for (uint8_t i = 0; i < record->action_count; i++)
        change_accounts(x, &record->actions[i], position);
}

struct digest governance_entry_id(uint64_t number)
{
    uint8_t bytes[8];
    store_u64(bytes, number);
    return digest_of(TAG_ENACTMENT, span_of(bytes, sizeof bytes));
}

struct outcome governance_enact(struct executor *x, uint64_t number, uint32_t entry,
                                bool *ends_epoch)
{
    uint64_t position = position_of(x->height, entry, 0);
    struct digest id = governance_entry_id(number);
    struct proposal_record *record = &x->proposal;
    struct outcome outcome = { RESULT_action_invalid, 0 };
    bool found = governance_read_proposal(x->state, number, record);
    struct governance_draft *draft = found ? draft_new(x) : NULL;
    if (draft) outcome = draft_apply(draft, record->actions, record->action_count);
    if (draft && outcome.code == RESULT_ok) carry_out(x, draft, record, position);
    draft_end(draft);
    if (state_status(x->state) != STATUS_OK) return outcome; /* The block fails as a whole. */

    ASSERT(found && record->status == PROPOSAL_PASSED); /* governance_due found it so */
    record->status = outcome.code == RESULT_ok ? PROPOSAL_ENACTED : PROPOSAL_FAILED;
    governance_put_proposal(x->state, number, record);
    if (outcome.code == RESULT_ok && actions_end_epoch(record->actions, record->action_count))
        *ends_epoch = true;
    effects_of_edits(&x->effects, x->state, &id, position);
    state_accept(x->state);
    return outcome;
}
