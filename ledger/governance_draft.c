#include "ledger/governance_draft.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { BYZANTINE_MIN = 4 };

/* Always false, for whoever says that something does not hold. */
static bool refuse(struct governance_draft *draft, const char *word, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool refuse(struct governance_draft *draft, const char *word, const char *format, ...)
{
    va_list arguments;
    draft->reason.word = word;
    va_start(arguments, format);
    vsnprintf(draft->reason.text, sizeof draft->reason.text, format, arguments);
    va_end(arguments);
    return false;
}

bool draft_reserve(struct governance_draft *draft, uint16_t member_count, size_t validator_count)
{
    draft->members = calloc((size_t)member_count + ACTIONS_MAX, sizeof *draft->members);
    draft->validators = calloc(validator_count + 1, sizeof *draft->validators);
    draft->member_count = member_count;
    draft->validator_count = validator_count;
    return draft->members && draft->validators;
}

void draft_free(struct governance_draft *draft)
{
    free(draft->members);
    free(draft->validators);
}

/* ---- one change of a thing ------------------------------------------------------------------- */

static const struct id *member_of(const struct action *action)
{
    return action->kind == ACTION_MEMBER_ADD ? &action->member_add.account
                                             : &action->member_remove.account;
}

static bool changes_membership(const struct action *action)
{
    return action->kind == ACTION_MEMBER_ADD || action->kind == ACTION_MEMBER_REMOVE;
}

/* Whether two actions would change the same thing. */
static bool collide(const struct action *a, const struct action *b)
{
    if (changes_membership(a) && changes_membership(b)) return id_equal(member_of(a), member_of(b));
    if (a->kind != b->kind) return false;
    switch (a->kind) {
    case ACTION_PARAMS_SET: return a->params_set.index == b->params_set.index;
    case ACTION_ENGINE_PARAMS: return strcmp(a->engine_params.name, b->engine_params.name) == 0;
    case ACTION_ACCOUNT_ROLES:
        return id_equal(&a->account_roles.account, &b->account_roles.account);
    case ACTION_ACCOUNT_FROZEN:
        return id_equal(&a->account_frozen.account, &b->account_frozen.account);
    default: return false; /* of validators: change_of_set_holds */
    }
}

static bool is_first_of_its_thing(struct governance_draft *draft, const struct action *actions,
                                  uint8_t at)
{
    for (uint8_t i = 0; i < at; i++)
        if (collide(&actions[i], &actions[at]))
            return refuse(draft, "repeated", "action %u changes the same thing as action %u", at,
                          i);
    return true;
}

static bool changes_set(const struct action *action)
{
    return action->kind == ACTION_VALIDATOR_ADD || action->kind == ACTION_VALIDATOR_REMOVE ||
           action->kind == ACTION_VALIDATOR_REKEY;
}

/* The first change of the set, or the addition behind one removal. */
static bool change_of_set_holds(struct governance_draft *draft, const struct action *actions,
                                uint8_t at)
{
    unsigned earlier = 0, removals = 0;
    for (uint8_t i = 0; i < at; i++) {
        earlier += changes_set(&actions[i]);
        removals += actions[i].kind == ACTION_VALIDATOR_REMOVE;
    }
    bool replaces = earlier == 1 && removals == 1 && actions[at].kind == ACTION_VALIDATOR_ADD;
    if (earlier == 0 || replaces || !changes_set(&actions[at])) return true;
    return refuse(draft, "one_change_at_a_time",
                  "one validator is added, removed or gets a key in a proposal, or one is removed "
                  "and then one added");
}

/* ---- parameters ------------------------------------------------------------------------------ */

static bool set_param(struct governance_draft *draft, const struct action *action)
{
    draft->params.values[action->params_set.index] = action->params_set.value;
    draft->params_changed = true;
    return true;
}

static bool set_engine_param(struct governance_draft *draft, const struct action *action)
{
    for (uint16_t i = 0; i < draft->params.engine_count; i++) {
        struct engine_param *param = &draft->params.engine[i];
        if (strcmp(param->name, action->engine_params.name) != 0) continue;
        param->value = action->engine_params.value;
        draft->params_changed = true;
        return true;
    }
    return refuse(draft, "engine_param_unknown", "%s has no parameter %s",
                  engine_name(draft->set.engine), action->engine_params.name);
}

/* ---- members --------------------------------------------------------------------------------- */

/* Where the account stands among the members, or would stand. */
static uint16_t member_place(const struct governance_draft *draft, const struct id *account)
{
    uint16_t at = 0;
    while (at < draft->member_count && id_compare(&draft->members[at].account, account) < 0)
        at++;
    return at;
}

static bool is_member(const struct governance_draft *draft, const struct id *account)
{
    uint16_t at = member_place(draft, account);
    return at < draft->member_count && id_equal(&draft->members[at].account, account);
}

static bool exists(struct governance_draft *draft, const struct id *account)
{
    return draft->account_exists(draft->context, account) ||
           refuse(draft, "account_unknown", "there is no such account");
}

static bool add_member(struct governance_draft *draft, const struct action *action)
{
    const struct id *account = &action->member_add.account;
    if (!exists(draft, account)) return false;
    if (is_member(draft, account)) return refuse(draft, "member_exists", "it is a member already");
    if (draft->member_count >= BALLOTS_MAX)
        return refuse(draft, "members_full", "there are %u members, and no more can vote",
                      draft->member_count);
    uint16_t at = member_place(draft, account);
    struct member *place = &draft->members[at];
    memmove(place + 1, place, (size_t)(draft->member_count - at) * sizeof *place);
    memset(place, 0, sizeof *place);
    place->account = *account;
    memcpy(place->name, action->member_add.name, sizeof place->name);
    draft->member_count++;
    draft->members_changed = true;
    return true;
}

static bool has_validator(const struct governance_draft *draft, const struct id *member)
{
    for (uint16_t i = 0; i < draft->set.count; i++)
        if (id_equal(&draft->set.validators[i].member, member)) return true;
    return false;
}

static bool remove_member(struct governance_draft *draft, const struct action *action)
{
    const struct id *account = &action->member_remove.account;
    if (!is_member(draft, account)) return refuse(draft, "member_unknown", "it is no member");
    if (draft->member_count == 1)
        return refuse(draft, "last_member", "it is the last member: nobody could vote any more");
    if (has_validator(draft, account))
        return refuse(draft, "member_has_validators", "it still has validators: remove them first");
    uint16_t at = member_place(draft, account);
    struct member *place = &draft->members[at];
    memmove(place, place + 1, (size_t)(draft->member_count - at - 1) * sizeof *place);
    draft->member_count--;
    draft->members_changed = true;
    return true;
}

/* ---- validators ------------------------------------------------------------------------------ */

static struct validator_record *find_validator(struct governance_draft *draft, const struct id *id)
{
    for (size_t i = 0; i < draft->validator_count; i++)
        if (id_equal(&draft->validators[i].id, id)) return &draft->validators[i];
    return NULL;
}

/* Whether a key stands in a record of whatever status, as seal key or as node key. */
static bool key_is_known(const struct governance_draft *draft, const struct public_key *key)
{
    for (size_t i = 0; i < draft->validator_count; i++) {
        const struct validator_record *record = &draft->validators[i];
        if (key_compare(&record->seal_key, key) == 0) return true;
        if (key_compare(&record->node_key, key) == 0) return true;
    }
    return false;
}

static void touch(struct governance_draft *draft, const struct validator_record *record)
{
    ASSERT(draft->touched_count < DRAFT_VALIDATORS_TOUCHED);
    draft->touched[draft->touched_count++] = (size_t)(record - draft->validators);
}

static void enter_set(struct committee *set, const struct validator_record *record)
{
    uint16_t at = 0;
    while (at < set->count && id_compare(&set->validators[at].id, &record->id) < 0)
        at++;
    struct validator *place = &set->validators[at];
    memmove(place + 1, place, (size_t)(set->count - at) * sizeof *place);
    *place = (struct validator){ record->id, record->member, record->seal_key };
    set->count++;
}

static bool add_validator(struct governance_draft *draft, const struct action *action)
{
    if (find_validator(draft, &action->validator_add.id))
        return refuse(draft, "validator_exists",
                      "a validator has or had this id: a new machine makes a new one");
    if (!is_member(draft, &action->validator_add.member))
        return refuse(draft, "member_unknown", "the account that is to have it is no member");
    if (key_is_known(draft, &action->validator_add.seal_key))
        return refuse(draft, "key_known", "a validator has or had its seal key");
    if (key_is_known(draft, &action->validator_add.node_key))
        return refuse(draft, "key_known", "a validator has or had its node key");
    if (draft->set.count == COMMITTEE_MAX)
        return refuse(draft, "validators_full", "there are %u validators, and no more can be",
                      draft->set.count);
    struct validator_record *record = &draft->validators[draft->validator_count++];
    memset(record, 0, sizeof *record);
    record->id = action->validator_add.id;
    record->member = action->validator_add.member;
    record->seal_key = action->validator_add.seal_key;
    record->node_key = action->validator_add.node_key;
    record->status = VALIDATOR_ACTIVE;
    memcpy(record->endpoint, action->validator_add.endpoint, sizeof record->endpoint);
    enter_set(&draft->set, record);
    touch(draft, record);
    return true;
}

static struct validator_record *find_active(struct governance_draft *draft, const struct id *id)
{
    struct validator_record *record = find_validator(draft, id);
    return record && record->status == VALIDATOR_ACTIVE ? record : NULL;
}

static bool remove_validator(struct governance_draft *draft, const struct action *action)
{
    struct validator_record *record = find_active(draft, &action->validator_remove.id);
    uint16_t at = committee_find_id(&draft->set, &action->validator_remove.id);
    if (!record || at == VALIDATOR_NONE)
        return refuse(draft, "validator_not_active", "it is no validator, or none any more");
    struct validator *place = &draft->set.validators[at];
    memmove(place, place + 1, (size_t)(draft->set.count - at - 1) * sizeof *place);
    draft->set.count--;
    memset(&draft->set.validators[draft->set.count], 0, sizeof *place);
    record->status = VALIDATOR_REMOVED;
    touch(draft, record);
    return true;
}

static bool rekey_validator(struct governance_draft *draft, const struct action *action)
{
    struct validator_record *record = find_active(draft, &action->validator_rekey.id);
    uint16_t at = committee_find_id(&draft->set, &action->validator_rekey.id);
    if (!record || at == VALIDATOR_NONE)
        return refuse(draft, "validator_not_active", "it is no validator, or none any more");
    if (key_is_known(draft, &action->validator_rekey.seal_key))
        return refuse(draft, "key_known", "a validator has or had this key");
    record->seal_key = action->validator_rekey.seal_key;
    draft->set.validators[at].seal_key = record->seal_key;
    touch(draft, record);
    return true;
}

/* ---- the list -------------------------------------------------------------------------------- */

static bool apply(struct governance_draft *draft, const struct action *action)
{
    switch (action->kind) {
    case ACTION_PARAMS_SET: return set_param(draft, action);
    case ACTION_ENGINE_PARAMS: return set_engine_param(draft, action);
    case ACTION_ACCOUNT_ROLES: return exists(draft, &action->account_roles.account);
    case ACTION_ACCOUNT_FROZEN: return exists(draft, &action->account_frozen.account);
    case ACTION_MEMBER_ADD: return add_member(draft, action);
    case ACTION_MEMBER_REMOVE: return remove_member(draft, action);
    case ACTION_VALIDATOR_ADD: return add_validator(draft, action);
    case ACTION_VALIDATOR_REMOVE: return remove_validator(draft, action);
    default: ASSERT(action->kind == ACTION_VALIDATOR_REKEY); return rekey_validator(draft, action);
    }
}

static bool params_hold(struct governance_draft *draft)
{
    struct problem problem = { .text = "" };
    const struct committee *set = &draft->set;
    if (params_check(&draft->params, set->fault_model, draft->test_chain, &problem) == STATUS_OK &&
        engine_params_check(set->engine, &draft->params, &problem) == STATUS_OK)
        return true;
    return refuse(draft, "params_invalid", "%s", problem.text);
}

static bool removal_holds(struct governance_draft *draft, uint16_t before)
{
    const struct committee *set = &draft->set;
    uint64_t least = draft->params.values[PARAM_validators_min];
    if (set->fault_model == FAULT_BYZANTINE && !draft->test_chain && set->count < BYZANTINE_MIN)
        return refuse(draft, "below_byzantine_min",
                      "%u validators become %u: of fewer than %d not one could fail", before,
                      set->count, BYZANTINE_MIN);
    if (set->count >= least) return true;
    return refuse(draft, "below_validators_min",
                  "%u validators become %u: below validators_min %llu", before, set->count,
                  (unsigned long long)least);
}

static bool addition_holds(struct governance_draft *draft, uint16_t before)
{
    uint64_t most = draft->params.values[PARAM_validators_max];
    if (draft->set.count <= most) return true;
    return refuse(draft, "above_validators_max",
                  "%u validators become %u: above validators_max %llu", before, draft->set.count,
                  (unsigned long long)most);
}

/* What can be said only of all actions together. */
static bool whole_holds(struct governance_draft *draft, uint16_t before, enum action_kind kind)
{
    switch (kind) {
    case ACTION_PARAMS_SET:
    case ACTION_ENGINE_PARAMS: return params_hold(draft);
    case ACTION_VALIDATOR_ADD: return addition_holds(draft, before);
    case ACTION_VALIDATOR_REMOVE: return removal_holds(draft, before);
    default: return true;
    }
}

static struct outcome invalid(uint8_t at)
{
    return (struct outcome){ RESULT_action_invalid, at };
}

struct outcome draft_apply(struct governance_draft *draft, const struct action *actions,
                           uint8_t count)
{
    ASSERT(count <= ACTIONS_MAX);
    uint16_t before = draft->set.count;
    for (uint8_t i = 0; i < count; i++) {
        if (!is_first_of_its_thing(draft, actions, i)) return invalid(i);
        if (!change_of_set_holds(draft, actions, i)) return invalid(i);
        if (!apply(draft, &actions[i])) return invalid(i);
    }
    for (uint8_t i = 0; i < count; i++)
        if (!whole_holds(draft, before, actions[i].kind)) return invalid(i);
    if (draft->params_changed) draft->params.version++;
    return (struct outcome){ RESULT_ok, 0 };
}

bool actions_end_epoch(const struct action *actions, uint8_t count)
{
    for (uint8_t i = 0; i < count; i++)
        if (action_ends_epoch(&actions[i])) return true;
    return false;
}

static bool freezes_member(const struct action *action, const struct member *members,
                           uint16_t member_count)
{
    if (action->kind != ACTION_ACCOUNT_FROZEN) return false;
    for (uint16_t i = 0; i < member_count; i++)
        if (id_equal(&members[i].account, &action->account_frozen.account)) return true;
    return false;
}

enum proposal_class actions_class(const struct action *actions, uint8_t count,
                                  const struct member *members, uint16_t member_count)
{
    enum proposal_class class = CLASS_ROUTINE;
    for (uint8_t i = 0; i < count; i++) {
        bool member = freezes_member(&actions[i], members, member_count);
        if (action_class(&actions[i], member) > class) class = action_class(&actions[i], member);
    }
    return class;
}
