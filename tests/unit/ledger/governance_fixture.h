/* tests/unit/ledger/governance_fixture.h -- the small chain with four members who vote.
 *
 *     members      BANK, ALICE, BOB, OTHER        1/2 of four is three, 2/3 of four is three
 *     validators   four, all of BANK; further ones by vote_validator(f, i)
 *
 *     propose(&f, BANK, &action, 1)       a transaction alone in a block: its result code
 *     ballot(&f, ALICE, 1, VOTE_YES)
 *     pass(&f, &action, 1)                both, until it has passed; the next block enacts it
 */
#ifndef TESTS_LEDGER_GOVERNANCE_FIXTURE_H
#define TESTS_LEDGER_GOVERNANCE_FIXTURE_H

#include "ledger/governance.h"
#include "ledger/ledger_inside.h"
#include "tests/unit/ledger/fixture.h"

static inline unsigned signed_by(unsigned who)
{
    static const unsigned bits[CAST_COUNT] = {
        SIGNED_BANK, SIGNED_ALICE, SIGNED_BOB, SIGNED_CAROL_1 | SIGNED_CAROL_2 | SIGNED_CAROL_3,
        SIGNED_DAVE, SIGNED_OTHER
    };
    return bits[who];
}

static inline void governance_prepare(struct fixture *f)
{
    fixture_prepare(f);
    struct genesis *g = f->genesis;
    free(g->members);
    g->member_count = 4;
    g->members = calloc(4, sizeof *g->members);
    static const unsigned who[4] = { BANK, ALICE, BOB, OTHER };
    static const char *const names[4] = { "Bank", "Alice", "Bob", "Other" };
    for (unsigned i = 0; i < 4; i++) {
        g->members[i].account = f->cast[who[i]];
        strcpy(g->members[i].name, names[i]);
    }
}

static inline void governance_start(struct fixture *f)
{
    governance_prepare(f);
    fixture_open(f, NULL);
}

/* ---- actions --------------------------------------------------------------------------------- */

static inline struct action set_param(enum param_index index, uint64_t value)
{
    return (struct action){ .kind = ACTION_PARAMS_SET, .params_set = { (uint16_t)index, value } };
}

static inline struct action engine_param(const char *name, uint64_t value)
{
    struct action action = { .kind = ACTION_ENGINE_PARAMS };
    (void)snprintf(action.engine_params.name, sizeof action.engine_params.name, "%s", name);
    action.engine_params.value = value;
    return action;
}

static inline struct action set_roles(const struct fixture *f, unsigned who, uint32_t roles)
{
    return (struct action){ .kind = ACTION_ACCOUNT_ROLES,
                            .account_roles = { f->cast[who], roles } };
}

static inline struct action set_frozen(const struct fixture *f, unsigned who, bool frozen)
{
    return (struct action){ .kind = ACTION_ACCOUNT_FROZEN,
                            .account_frozen = { f->cast[who], frozen } };
}

static inline struct action add_member(const struct fixture *f, unsigned who)
{
    struct action action = { .kind = ACTION_MEMBER_ADD };
    action.member_add.account = f->cast[who];
    (void)snprintf(action.member_add.name, sizeof action.member_add.name, "Member %u", who);
    return action;
}

static inline struct action remove_member(const struct fixture *f, unsigned who)
{
    return (struct action){ .kind = ACTION_MEMBER_REMOVE, .member_remove = { f->cast[who] } };
}

static inline void sign_ready(const struct fixture *f, struct ready *ready,
                              const struct sample_key *seal, const struct id *id,
                              const struct id *member)
{
    uint8_t statement[READY_STATEMENT_BYTES];
    ready->height = ledger_head(f->ledger)->header.height;
    ready->block_hash = ledger_head(f->ledger)->hash;
    ready_statement_encode(&f->genesis->chain_id, id, member, &seal->public_key, ready->height,
                           &ready->block_hash, statement);
    key_sign(&seal->secret, TAG_READY, span_of(statement, sizeof statement), &ready->signature);
}

/* Validator number i; those of the genesis are 0 to 3. */
static inline struct action add_validator(const struct fixture *f, unsigned i)
{
    struct sample_key seal = sample_key(100u + i), node = sample_key(200u + i);
    struct action action = { .kind = ACTION_VALIDATOR_ADD };
    action.validator_add.id = sample_id("validator", i);
    action.validator_add.member = f->cast[ALICE];
    action.validator_add.seal_key = seal.public_key;
    action.validator_add.node_key = node.public_key;
    (void)snprintf(action.validator_add.endpoint, sizeof action.validator_add.endpoint,
                   "127.0.0.1:%u", 7000u + i);
    sign_ready(f, &action.validator_add.ready, &seal, &action.validator_add.id,
               &action.validator_add.member);
    return action;
}

static inline struct action remove_validator(unsigned i)
{
    return (struct action){ .kind = ACTION_VALIDATOR_REMOVE,
                            .validator_remove = { sample_id("validator", i) } };
}

/* To key number `key`; one of the genesis. */
static inline struct action rekey_validator(const struct fixture *f, unsigned i, unsigned key)
{
    struct sample_key seal = sample_key(key);
    struct action action = { .kind = ACTION_VALIDATOR_REKEY };
    action.validator_rekey.id = sample_id("validator", i);
    action.validator_rekey.seal_key = seal.public_key;
    sign_ready(f, &action.validator_rekey.ready, &seal, &action.validator_rekey.id, &f->cast[BANK]);
    return action;
}

/* ---- transactions ---------------------------------------------------------------------------- */

enum { ACTIONS_TEXT_MAX = 8192 };
#define GOVERNANCE_TERM UINT64_C(86400000)

/* Adds the operation; bytes is the caller's. */
static inline struct operation *add_proposal(struct fixture *f, unsigned who,
                                             const struct action *actions, uint8_t count,
                                             uint8_t bytes[ACTIONS_TEXT_MAX])
{
    struct writer w;
    struct operation *o = fixture_operation(f, OP_GOV_PROPOSE, who);
    writer_init_fixed(&w, bytes, ACTIONS_TEXT_MAX);
    for (uint8_t i = 0; i < count; i++)
        action_write(&w, &actions[i]);
    ASSERT(writer_status(&w) == STATUS_OK);
    o->gov_propose.expects_params_version = ledger_params(f->ledger)->version;
    o->gov_propose.deadline_ms = f->time_ms + GOVERNANCE_TERM;
    o->gov_propose.action_count = count;
    o->gov_propose.actions = writer_span(&w);
    return o;
}

static inline unsigned propose(struct fixture *f, unsigned who, const struct action *actions,
                               uint8_t count)
{
    uint8_t bytes[ACTIONS_TEXT_MAX];
    fixture_tx(f, who);
    add_proposal(f, who, actions, count, bytes);
    return fixture_one(f, signed_by(who));
}

static inline void add_ballot(struct fixture *f, unsigned who, uint64_t number, uint8_t vote)
{
    struct operation *o = fixture_operation(f, OP_GOV_BALLOT, who);
    o->gov_ballot.proposal = number;
    o->gov_ballot.vote = vote;
}

static inline unsigned ballot(struct fixture *f, unsigned who, uint64_t number, uint8_t vote)
{
    fixture_tx(f, who);
    add_ballot(f, who, number, vote);
    return fixture_one(f, signed_by(who));
}

/* In one block: proposed by BANK, ALICE and OTHER agree. The number is the next one. */
static inline uint64_t pass_at(struct fixture *f, const struct action *actions, uint8_t count,
                               uint64_t activate_ms)
{
    uint8_t bytes[ACTIONS_TEXT_MAX];
    static const unsigned voters[2] = { ALICE, OTHER };
    uint64_t number = f->ledger->executor.live.next;
    fixture_tx(f, BANK);
    add_proposal(f, BANK, actions, count, bytes)->gov_propose.activate_ms = activate_ms;
    fixture_add(f, SIGNED_BANK);
    for (unsigned i = 0; i < 2; i++) {
        fixture_tx(f, voters[i]);
        add_ballot(f, voters[i], number, VOTE_YES);
        fixture_add(f, signed_by(voters[i]));
    }
    fixture_run(f);
    for (uint32_t i = 0; i < f->last->entry_count; i++)
        ASSERT(f->last->entries[i].code == RESULT_ok);
    return number;
}

static inline uint64_t pass(struct fixture *f, const struct action *actions, uint8_t count)
{
    return pass_at(f, actions, count, 0);
}

static inline enum proposal_status status_of(struct fixture *f, uint64_t number)
{
    struct proposal_head head;
    bool found = governance_read_head(f->ledger->state, number, &head);
    ASSERT(found);
    return (enum proposal_status)head.status;
}

#endif
