#include "rpc/json_gov.h"
#include "ledger/governance.h"
#include "rpc/json_ledger.h"
#include "rpc/live.h"

static bool keep_member(void *context, const struct member *member)
{
    struct gov_facts *facts = context;
    if (facts->member_count == BALLOTS_MAX) return false;
    facts->members[facts->member_count++] = *member;
    return true;
}

enum status gov_facts_read(struct ledger_reader *reader, struct gov_facts *facts)
{
    struct ledger_read_head head;
    facts->member_count = 0;
    enum status status = ledger_read_head(reader, &head);
    if (status == STATUS_OK) status = ledger_read_params(reader, &facts->params);
    if (status == STATUS_OK) status = ledger_read_members(reader, keep_member, facts);
    if (status == STATUS_OK) facts->time_ms = head.header.time_ms;
    return status;
}

uint64_t votes_needed(uint64_t fraction, uint64_t members)
{
    uint64_t denominator = (uint32_t)fraction;
    return denominator ? (fraction >> 32) * members / denominator + 1 : members;
}

uint8_t proposal_status_at(const struct proposal_record *record, uint64_t time_ms)
{
    bool late = record->status == PROPOSAL_OPEN && time_ms > record->deadline_ms;
    return late ? PROPOSAL_REJECTED : record->status;
}

static json_t *fraction_json(uint64_t fraction)
{
    char text[FRACTION_TEXT];
    fraction_encode(fraction, text);
    return json_string(text);
}

/* ---- a proposal ------------------------------------------------------------------------------ */

static bool add_ballot(void *context, const struct ballot_row *ballot)
{
    json_t **ballots = context;
    json_t *o = json_with(json_object(), "member", value_address(ADDRESS_ACCOUNT, &ballot->member));
    o = json_with(o, "ballot", json_string(vote_name(ballot->vote)));
    *ballots = json_and(*ballots, json_with(o, "position", value_position(ballot->position)));
    return *ballots != NULL;
}

static json_t *record_actions(const struct proposal_record *record)
{
    json_t *actions = json_array();
    for (unsigned i = 0; i < record->action_count; i++)
        actions = json_and(actions, action_json(&record->actions[i]));
    return actions;
}

static json_t *with_times(json_t *o, const struct proposal_record *record)
{
    o = json_with(o, "deadline", value_time(record->deadline_ms));
    if (record->activate_ms != 0) o = json_with(o, "activate", value_time(record->activate_ms));
    if (record->passed_ms != 0) o = json_with(o, "passed", value_time(record->passed_ms));
    if (!digest_is_zero(&record->rationale))
        o = json_with(o, "rationale_hash", value_hash(&record->rationale));
    return o;
}

static json_t *with_votes(json_t *o, const struct proposal_record *record,
                          const struct gov_facts *facts)
{
    struct tally tally = proposal_tally(record, facts->members, facts->member_count);
    uint64_t fraction = proposal_fraction(&facts->params, record->class);
    o = json_with(o, "threshold", fraction_json(fraction));
    o = json_with(o, "yes", value_height(tally.yes));
    o = json_with(o, "no", value_height(tally.no));
    o = json_with(o, "abstain", value_height(tally.abstain));
    o = json_with(o, "members", value_height(tally.members));
    return json_with(o, "yes_needed", value_height(votes_needed(fraction, tally.members)));
}

/* Where it was enacted, and how that ended. */
static json_t *with_enactment(json_t *o, struct ledger_reader *reader, uint64_t number,
                              enum status *status)
{
    uint64_t position = 0;
    uint16_t code = 0;
    uint8_t at = 0;
    struct digest id = governance_entry_id(number);
    *status = ledger_read_entry_place(reader, &id, &position, &code, &at);
    if (*status == STATUS_NOT_FOUND) *status = STATUS_DAMAGED;
    if (*status != STATUS_OK) {
        json_decref(o);
        return NULL;
    }
    o = json_with(o, "enacted", value_entry_position(position));
    o = json_with(o, "code", json_string(result_name(code)));
    return code == RESULT_ok ? o : json_with(o, "at", value_height(at));
}

json_t *json_proposal(struct ledger_reader *reader, const struct proposal_row *proposal,
                      const struct gov_facts *facts, enum status *status)
{
    const struct proposal_record *record = &proposal->record;
    json_t *ballots = json_array();
    *status = ledger_read_ballots(reader, proposal->number, add_ballot, &ballots);
    if (*status != STATUS_OK) {
        json_decref(ballots);
        return NULL;
    }
    uint8_t shown = proposal_status_at(record, facts->time_ms);
    json_t *o = json_with(json_object(), "proposal", value_height(proposal->number));
    o = json_with(o, "class", json_string(proposal_class_name(record->class)));
    o = json_with(o, "status", json_string(proposal_status_name(shown)));
    o = json_with(o, "proposer", value_address(ADDRESS_ACCOUNT, &record->proposer));
    o = json_with(o, "params_version", json_number(record->params_version));
    o = with_times(o, record);
    o = json_with(o, "actions", record_actions(record));
    o = json_with(o, "ballots", ballots);
    o = with_votes(o, record, facts);
    bool tried = record->status == PROPOSAL_ENACTED || record->status == PROPOSAL_FAILED;
    return tried ? with_enactment(o, reader, proposal->number, status) : o;
}

/* ---- a preview ------------------------------------------------------------------------------- */

/* The actions that add a machine tell its node key before the ledger does. */
static const struct public_key *node_key_of(const struct preview_subject *subject,
                                            const struct id *validator)
{
    for (unsigned i = 0; i < subject->count; i++) {
        const struct action *action = &subject->actions[i];
        if (action->kind == ACTION_VALIDATOR_ADD && id_equal(&action->validator_add.id, validator))
            return &action->validator_add.node_key;
    }
    return NULL;
}

static bool is_live(const struct preview_subject *subject, const struct node_view *view,
                    const struct id *validator)
{
    const struct public_key *node_key = node_key_of(subject, validator);
    return live_has_validator(view, validator) || (node_key && live_has_node(view, node_key));
}

static json_t *set_json(const struct preview_subject *subject, const struct node_view *view,
                        const struct committee *set)
{
    uint16_t quorum = committee_quorum(set), live = 0;
    for (uint16_t i = 0; i < set->count; i++)
        live = (uint16_t)(live + is_live(subject, view, &set->validators[i].id));
    json_t *o = json_with(json_object(), "validators", value_height(set->count));
    o = json_with(o, "max_faulty", value_height(committee_max_faulty(set)));
    o = json_with(o, "quorum", value_height(quorum));
    o = json_with(o, "live", value_height(live));
    return json_with(o, "tolerates", json_integer(live - quorum));
}

static json_t *machine_json(struct ledger_reader *reader, const struct preview_subject *subject,
                            const struct node_view *view, const struct validator *validator)
{
    struct member member;
    const struct preview *preview = subject->preview;
    bool before = committee_find_id(&preview->before, &validator->id) != VALIDATOR_NONE;
    bool after = committee_find_id(&preview->after, &validator->id) != VALIDATOR_NONE;
    bool named = ledger_read_member(reader, &validator->member, &member) == STATUS_OK;
    json_t *o =
        json_with(json_object(), "validator", value_address(ADDRESS_VALIDATOR, &validator->id));
    o = json_with(o, "member", value_address(ADDRESS_ACCOUNT, &validator->member));
    o = json_with(o, "member_name", json_string(named ? member.name : ""));
    o = json_with(o, "before", json_boolean(before));
    o = json_with(o, "after", json_boolean(after));
    return json_with(o, "connected", json_boolean(is_live(subject, view, &validator->id)));
}

/* Both sets, in the order of their ids. */
static json_t *machines_json(struct ledger_reader *reader, const struct preview_subject *subject,
                             const struct node_view *view)
{
    const struct committee *before = &subject->preview->before, *after = &subject->preview->after;
    json_t *machines = json_array();
    for (uint16_t i = 0, j = 0; i < before->count || j < after->count;) {
        int order = i == before->count ? 1
                    : j == after->count
                        ? -1
                        : id_compare(&before->validators[i].id, &after->validators[j].id);
        const struct validator *next = order <= 0 ? &before->validators[i] : &after->validators[j];
        machines = json_and(machines, machine_json(reader, subject, view, next));
        if (order <= 0) i++;
        if (order >= 0) j++;
    }
    return machines;
}

/* Actions are judged in order, up to the first that does not hold. */
static json_t *results_json(const struct preview_subject *subject)
{
    const struct preview *preview = subject->preview;
    json_t *results = json_array();
    for (unsigned i = 0; i < subject->count; i++) {
        bool judged = preview->code == RESULT_ok || i <= preview->at;
        bool fails = preview->code != RESULT_ok && i == preview->at;
        const char *name = action_name((uint8_t)subject->actions[i].kind);
        json_t *o = json_with(json_object(), "action", json_string(name));
        o = json_with(o, "result",
                      json_string(!judged ? "not_judged" : result_name(fails ? preview->code : 0)));
        if (fails && preview->reason) {
            o = json_with(o, "reason", json_string(preview->reason));
            o = json_with(o, "detail", json_string(preview->reason_text));
        }
        results = json_and(results, o);
    }
    return results;
}

json_t *json_preview(struct ledger_reader *reader, const struct preview_subject *subject,
                     const struct gov_facts *facts, const struct node_view *view)
{
    const struct preview *preview = subject->preview;
    uint64_t fraction = proposal_fraction(&facts->params, preview->class);
    json_t *o = json_with(json_object(), "code", json_string(result_name(preview->code)));
    if (preview->code != RESULT_ok) o = json_with(o, "at", value_height(preview->at));
    o = json_with(o, "class", json_string(proposal_class_name(preview->class)));
    o = json_with(o, "threshold", fraction_json(fraction));
    o = json_with(o, "members", value_height(preview->members));
    o = json_with(o, "yes_needed", value_height(preview->yes_needed));
    o = json_with(o, "ends_epoch", json_boolean(preview->ends_epoch));
    o = json_with(o, "params_version", json_number(facts->params.version));
    o = json_with(o, "before", set_json(subject, view, &preview->before));
    o = json_with(o, "after", set_json(subject, view, &preview->after));
    o = json_with(o, "actions", results_json(subject));
    return json_with(o, "machines", machines_json(reader, subject, view));
}
