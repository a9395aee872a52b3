/* rpc/methods_chain.c -- chain_info, chain_genesis, chain_params, member_list, validator_list. */
#include "ledger/reader.h"
#include "rpc/json_ledger.h"
#include "rpc/live.h"
#include "rpc/methods.h"
#include "rpc/page.h"
#include "rpc/server.h"
#include <stdlib.h>

#define API_VERSION "0.1"

/* ---- chain_info ----------------------------------------------------------------------------- */

static json_t *limits_json(const struct rpc_call *call, const struct params *params)
{
    const uint64_t *values = params->values;
    json_t *o = json_object();
    o = json_with(o, "tx_bytes_max", value_height(values[PARAM_tx_bytes_max]));
    o = json_with(o, "window_ms_max", value_height(values[PARAM_window_ms_max]));
    o = json_with(o, "window_grace_ms", value_height(values[PARAM_window_grace_ms]));
    o = json_with(o, "skew_ms_max", value_height(values[PARAM_skew_ms_max]));
    o = json_with(o, "batch_items_max", value_height(call->limits->batch_items_max));
    o = json_with(o, "body_bytes_max", value_height(call->limits->body_max));
    o = json_with(o, "page_max", value_height(RPC_PAGE_MAX));
    o = json_with(o, "range_blocks_max", value_height(RPC_RANGE_BLOCKS_MAX));
    return json_with(o, "wait_ms_max", value_height(call->limits->wait_ms_max));
}

static json_t *identity_json(const struct genesis *genesis)
{
    bool test = genesis->purpose == PURPOSE_TEST;
    json_t *o = json_object();
    o = json_with(o, "chain_id", value_hash(&genesis->chain_id));
    o = json_with(o, "network", json_string(genesis->network));
    o = json_with(o, "purpose", json_string(test ? "test" : "production"));
    return json_with(o, "genesis_time", value_time(genesis->time_ms));
}

static json_t *with_committee(json_t *o, const struct committee *committee, uint64_t epoch)
{
    uint8_t model = (uint8_t)committee->fault_model;
    o = json_with(o, "engine", json_string(engine_name(committee->engine)));
    o = json_with(o, "fault_model", json_string(fault_model_word(model)));
    o = json_with(o, "epoch", value_height(epoch));
    o = json_with(o, "validators", value_height(committee->count));
    o = json_with(o, "quorum", value_height(committee_quorum(committee)));
    return json_with(o, "max_faulty", value_height(committee_max_faulty(committee)));
}

static json_t *chain_info_of(struct rpc_call *call, struct epoch_row *epoch)
{
    struct ledger_read_head head;
    struct params params;
    uint64_t entries = 0;
    enum status status = ledger_read_head(call->reader, &head);
    if (status == STATUS_OK) status = ledger_read_epoch_of(call->reader, UINT64_MAX, epoch);
    if (status == STATUS_OK) status = ledger_read_params(call->reader, &params);
    if (status == STATUS_OK) status = ledger_read_entry_total(call->reader, &entries);
    if (status != STATUS_OK) return call_status(call, status);

    const struct rpc_backend *backend = call->backend;
    json_t *o = with_committee(identity_json(backend->genesis), &epoch->committee, epoch->number);
    o = json_with(o, "height", value_height(head.header.height));
    o = json_with(o, "sealed_height", value_height(head.sealed_height));
    o = json_with(o, "block_hash", value_hash(&head.hash));
    o = json_with(o, "tx_count", value_height(entries));
    o = json_with(o, "params_version", value_height(params.version));
    o = json_with(o, "api_version", json_string(API_VERSION));
    o = json_with(o, "node_time", value_time(backend->now_ms(backend->context)));
    return json_with(o, "limits", limits_json(call, &params));
}

static json_t *chain_info(struct rpc_call *call)
{
    struct epoch_row *epoch = malloc(sizeof *epoch);
    if (!epoch) return NULL;
    json_t *o = chain_info_of(call, epoch);
    free(epoch);
    return o;
}

const struct rpc_method method_chain_info = {
    METHOD_BARE("chain_info", ACCESS_READ),
    .reads = true,
    .handle = chain_info,
};

/* ---- chain_genesis, chain_params ------------------------------------------------------------ */

static json_t *chain_genesis(struct rpc_call *call)
{
    const struct genesis *genesis = call->backend->genesis;
    json_t *o = json_with(json_object(), "chain_id", value_hash(&genesis->chain_id));
    return json_with(o, "genesis", genesis_json(genesis));
}

const struct rpc_method method_chain_genesis = {
    METHOD_BARE("chain_genesis", ACCESS_READ),
    .handle = chain_genesis,
};

/* Fractions as people write them: "2/3". */
static json_t *param_json(enum param_index index, uint64_t value)
{
    char text[FRACTION_TEXT];
    if (!param_is_fraction(index)) return value_height(min_u64(value, INT64_MAX));
    fraction_encode(value, text);
    return json_string(text);
}

static json_t *chain_params(struct rpc_call *call)
{
    struct ledger_read_head head;
    struct params params;
    enum status status = ledger_read_head(call->reader, &head);
    if (status == STATUS_OK) status = ledger_read_params(call->reader, &params);
    if (status != STATUS_OK) return call_status(call, status);

    json_t *chain = json_object(), *engine = json_object();
    for (unsigned i = 0; i < PARAM_COUNT; i++) {
        enum param_index index = (enum param_index)i;
        chain = json_with(chain, param_name(index), param_json(index, params.values[i]));
    }
    for (unsigned i = 0; i < params.engine_count; i++)
        engine = json_with(engine, params.engine[i].name,
                           value_height(min_u64(params.engine[i].value, INT64_MAX)));
    struct digest hash = params_hash(&params);
    json_t *o = json_with(json_object(), "ledger_height", value_height(head.header.height));
    o = json_with(o, "params_version", value_height(params.version));
    o = json_with(o, "params_hash", value_hash(&hash));
    o = json_with(o, "params", chain);
    return json_with(o, "engine_params", engine);
}

const struct rpc_method method_chain_params = {
    METHOD_BARE("chain_params", ACCESS_READ),
    .reads = true,
    .handle = chain_params,
};

/* ---- member_list ---------------------------------------------------------------------------- */

/* Both tables are small: as many rows as organisations and machines. */
struct people {
    struct validator_row *validators;
    size_t validator_count;
    json_t *items;
    struct rpc_call *call;
    const struct committee *committee; /* validator_list: of the height asked for */
    const struct node_view *view;      /* validator_list: of the latest height; else NULL */
    bool latest;
};

static bool keep_validator(void *context, const struct validator_row *validator)
{
    struct people *people = context;
    size_t size = (people->validator_count + 1) * sizeof *validator;
    struct validator_row *grown = realloc(people->validators, size);
    if (!grown) {
        json_decref(people->items);
        people->items = NULL; /* ends as a failed call, not as a shorter list */
        return false;
    }
    people->validators = grown;
    people->validators[people->validator_count++] = *validator;
    return true;
}

static bool add_member(void *context, const struct member *member)
{
    struct people *people = context;
    json_t *validators = json_array();
    for (size_t i = 0; i < people->validator_count; i++) {
        const struct validator_row *row = &people->validators[i];
        if (!id_equal(&row->member, &member->account) || row->status == VALIDATOR_REMOVED) continue;
        validators = json_and(validators, value_address(ADDRESS_VALIDATOR, &row->id));
    }
    json_t *o =
        json_with(json_object(), "member", value_address(ADDRESS_ACCOUNT, &member->account));
    o = json_with(o, "name", json_string(member->name));
    people->items = json_and(people->items, json_with(o, "validators", validators));
    return people->items != NULL;
}

static json_t *member_list(struct rpc_call *call)
{
    struct ledger_read_head head;
    struct people people = { .items = json_array() };
    enum status status = ledger_read_head(call->reader, &head);
    if (status == STATUS_OK) status = ledger_read_validators(call->reader, keep_validator, &people);
    if (status == STATUS_OK) status = ledger_read_members(call->reader, add_member, &people);
    free(people.validators);
    if (status != STATUS_OK) {
        json_decref(people.items);
        return call_status(call, status);
    }
    json_t *o = json_with(json_object(), "ledger_height", value_height(head.header.height));
    o = json_with(o, "members_hash", value_hash(&head.header.members_hash));
    return json_with(o, "items", people.items);
}

const struct rpc_method method_member_list = {
    METHOD_BARE("member_list", ACCESS_READ),
    .reads = true,
    .handle = member_list,
};

/* ---- validator_list ------------------------------------------------------------------------- */

/* Whether it is connected, and what its node said of itself in its hello. */
static json_t *with_node(json_t *o, const struct node_view *view, const struct validator_row *row)
{
    bool itself = key_equal(&view->node_key, &row->node_key);
    const struct peer_view *peer = live_node(view, &row->node_key);
    if (!peer) peer = live_validator(view, &row->id);
    o = json_with(o, "connected", json_boolean(itself || peer));
    if (!itself && !peer) return o;
    json_t *node = json_with(json_object(), "role",
                             json_string(node_role_word(itself ? view->role : peer->role)));
    node = json_with(node, "height", value_height(itself ? view->height : peer->height));
    if (!itself) node = json_with(node, "version", json_string(peer->version));
    return json_with(o, "node", node);
}

/* The set of the height, whatever has become of its validators since; for the latest height also
 * those that are not in it. Keys of the set are the epoch's; node key and endpoint are today's. */
static bool add_validator(void *context, const struct validator_row *row)
{
    struct people *people = context;
    uint16_t index = committee_find_id(people->committee, &row->id);
    bool member_of_set = index != VALIDATOR_NONE;
    if (!member_of_set && !people->latest) return true;

    struct member member;
    enum status found = ledger_read_member(people->call->reader, &row->member, &member);
    const struct public_key *seal_key =
        member_of_set ? &people->committee->validators[index].seal_key : &row->seal_key;
    uint8_t status = member_of_set ? VALIDATOR_ACTIVE : row->status;
    json_t *o = json_with(json_object(), "validator", value_address(ADDRESS_VALIDATOR, &row->id));
    o = json_with(o, "member", value_address(ADDRESS_ACCOUNT, &row->member));
    o = json_with(o, "member_name", json_string(found == STATUS_OK ? member.name : ""));
    o = json_with(o, "seal_key", value_key(seal_key));
    o = json_with(o, "node_key", value_key(&row->node_key));
    o = json_with(o, "endpoint", json_string(row->endpoint));
    o = json_with(o, "status", json_string(validator_status_word(status)));
    if (people->view) o = with_node(o, people->view, row);
    people->items = json_and(people->items, o);
    return people->items != NULL;
}

/* view: NULL unless the height is the latest. */
static json_t *validator_list_of(struct rpc_call *call, const struct block_row *block,
                                 const struct node_view *view, struct epoch_row *epoch)
{
    struct people people = {
        .call = call, .committee = &epoch->committee, .view = view, .latest = view != NULL
    };
    enum status status = ledger_read_epoch_of(call->reader, block->header.height, epoch);
    if (status != STATUS_OK) return call_status(call, status);
    people.items = json_array();
    status = ledger_read_validators(call->reader, add_validator, &people);
    if (status != STATUS_OK) {
        json_decref(people.items);
        return call_status(call, status);
    }
    struct digest hash = committee_hash(&epoch->committee);
    json_t *o = json_with(json_object(), "height", value_height(block->header.height));
    o = json_with(o, "epoch", value_height(epoch->number));
    o = json_with(o, "validators_hash", value_hash(&hash));
    o = json_with(o, "quorum", value_height(committee_quorum(&epoch->committee)));
    o = json_with(o, "max_faulty", value_height(committee_max_faulty(&epoch->committee)));
    return json_with(o, "items", people.items);
}

static json_t *validator_list(struct rpc_call *call)
{
    struct block_row block;
    struct ledger_read_head head;
    if (!call_block(call, call_argument(call, "height"), &head, &block)) return NULL;
    struct epoch_row *epoch = malloc(sizeof *epoch);
    struct node_view *view = malloc(sizeof *view);
    bool latest = block.header.height == head.header.height;
    if (view) call->backend->view(call->backend->context, view);
    json_t *o = epoch && view ? validator_list_of(call, &block, latest ? view : NULL, epoch) : NULL;
    free(view);
    free(epoch);
    return o;
}

static const struct rpc_parameter validator_list_parameters[] = {
    PARAMETER_HEIGHT_OR_TAG("height"),
};

const struct rpc_method method_validator_list = {
    METHOD("validator_list", ACCESS_READ, validator_list_parameters),
    .reads = true,
    .handle = validator_list,
};
