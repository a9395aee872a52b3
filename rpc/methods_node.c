/* rpc/methods_node.c -- what a node says of itself: status, health, peers, mempool, consensus, its
 * own document, and the admin methods. */
#include "genesis/json.h"
#include "rpc/health.h"
#include "rpc/json_ledger.h"
#include "rpc/live.h"
#include "rpc/methods.h"
#include "rpc/openrpc.h"

#include <stdlib.h>

static json_t *count(uint64_t value)
{
    return value_height(min_u64(value, HEIGHT_LIMIT - 1));
}

static const char *sync_word(enum sync_state state)
{
    static const char *const words[] = { "starting", "catching_up", "synced", "stalled" };
    ASSERT((size_t)state < sizeof words / sizeof words[0]);
    return words[state];
}

/* A copy of the node's snapshot, for one call; NULL without memory. */
static struct node_view *view_new(const struct rpc_call *call)
{
    struct node_view *view = calloc(1, sizeof *view);
    if (view) call->backend->view(call->backend->context, view);
    return view;
}

/* Runs make on a snapshot. */
static json_t *with_view(struct rpc_call *call,
                         json_t *(*make)(const struct rpc_call *, const struct node_view *))
{
    struct node_view *view = view_new(call);
    if (!view) return NULL;
    json_t *result = make(call, view);
    free(view);
    return result;
}

/* ---- node_status ---------------------------------------------------------------------------- */

static json_t *status_node(const struct rpc_call *call, const struct node_view *v)
{
    json_t *o = json_with(json_object(), "name", json_string(v->name));
    o = json_with(o, "node_key", value_key(&v->node_key));
    o = json_with(o, "version", json_string(v->version));
    o = json_with(o, "revision", json_string(v->revision));
    o = json_with(o, "started", value_time(v->started_ms));
    o = json_with(o, "time", value_time(call->backend->now_ms(call->backend->context)));
    o = json_with(o, "role", json_string(node_role_word(v->role)));
    o = json_with(o, "votes", json_boolean(v->votes));
    o = json_with(o, "draining", json_boolean(v->draining));
    if (v->has_validator)
        o = json_with(o, "validator", value_address(ADDRESS_VALIDATOR, &v->validator));
    if (v->votes_reason[0]) o = json_with(o, "votes_reason", json_string(v->votes_reason));
    return o;
}

static json_t *status_chain(const struct genesis *genesis, const struct node_view *v)
{
    json_t *o = json_with(json_object(), "chain_id", value_hash(&genesis->chain_id));
    o = json_with(o, "network", json_string(genesis->network));
    o = json_with(o, "engine", json_string(engine_name(genesis->committee.engine)));
    o = json_with(o, "fault_model",
                  json_string(fault_model_word((uint8_t)genesis->committee.fault_model)));
    o = json_with(o, "purpose",
                  json_string(genesis->purpose == PURPOSE_TEST ? "test" : "production"));
    return json_with(o, "epoch", count(v->epoch));
}

static json_t *status_ledger(const struct node_view *v)
{
    json_t *o = json_with(json_object(), "state", json_string(sync_word(v->sync)));
    o = json_with(o, "height", count(v->height));
    o = json_with(o, "sealed_height", count(v->sealed_height));
    o = json_with(o, "target_height", count(max_u64(v->target_height, v->height)));
    o = json_with(o, "block_hash", value_hash(&v->block_hash));
    o = json_with(o, "block_time", value_time(v->block_time_ms));
    o = json_with(o, "state_root", value_hash(&v->state_root));
    o = json_with(o, "earliest_height", count(v->earliest_height));
    if (v->sync == SYNC_CATCHING_UP)
        o = json_with(o, "blocks_per_second", json_real(v->blocks_per_second));
    return o;
}

static json_t *leader_id(const struct node_view *v)
{
    if (v->leader >= v->committee.count) return json_null();
    return value_address(ADDRESS_VALIDATOR, &v->committee.validators[v->leader].id);
}

static json_t *status_consensus(const struct node_view *v)
{
    const struct committee *committee = &v->committee;
    json_t *o = json_with(json_object(), "view", count(v->view));
    o = json_with(o, "sequence", count(v->sequence));
    o = json_with(o, "leader", leader_id(v));
    o = json_with(o, "validators", count(committee->count));
    o = json_with(o, "quorum", count(committee_quorum(committee)));
    o = json_with(o, "max_faulty", count(committee_max_faulty(committee)));
    o = json_with(o, "validators_connected", count(v->validators_connected));
    return json_with(o, "idle", json_boolean(v->idle));
}

static json_t *make_status(const struct rpc_call *call, const struct node_view *v)
{
    const struct genesis *genesis = call->backend->genesis;
    json_t *mempool = json_with(json_object(), "txs", count(v->mempool_txs));
    mempool = json_with(mempool, "bytes", count(v->mempool_bytes));
    json_t *o = json_with(json_object(), "node", status_node(call, v));
    o = json_with(o, "chain", status_chain(genesis, v));
    o = json_with(o, "ledger", status_ledger(v));
    o = json_with(o, "consensus", status_consensus(v));
    o = json_with(o, "mempool", mempool);
    return json_with(o, "peers", count(v->peer_count));
}

static json_t *node_status(struct rpc_call *call)
{
    return with_view(call, make_status);
}

const struct rpc_method method_node_status = { METHOD_BARE("node_status", ACCESS_READ),
                                               .handle = node_status };

/* ---- node_health ---------------------------------------------------------------------------- */

static json_t *make_health(const struct rpc_call *call, const struct node_view *v)
{
    (void)call;
    return health_json(v);
}

static json_t *node_health(struct rpc_call *call)
{
    return with_view(call, make_health);
}

const struct rpc_method method_node_health = { METHOD_BARE("node_health", ACCESS_READ),
                                               .handle = node_health };

/* ---- peer_list ------------------------------------------------------------------------------ */

static json_t *peer_item(const struct peer_view *p)
{
    json_t *o = json_with(json_object(), "node_key", value_key(&p->node_key));
    o = json_with(o, "address", json_string(p->address));
    o = json_with(o, "direction", json_string(p->dialled ? "out" : "in"));
    o = json_with(o, "role", json_string(node_role_word(p->role)));
    o = json_with(o, "connected_since", value_time(p->connected_since_ms));
    o = json_with(o, "rtt_ms", json_real((double)p->rtt_us / 1000));
    o = json_with(o, "clock_offset_ms", json_integer(p->clock_offset_ms));
    o = json_with(o, "height", count(p->height));
    o = json_with(o, "version", json_string(p->version));
    o = json_with(o, "protocols", json_and(json_array(), count(p->protocol)));
    o = json_with(o, "send_queue_bytes", count(p->send_queue_bytes));
    o = json_with(o, "bytes_in", count(p->bytes_in));
    o = json_with(o, "bytes_out", count(p->bytes_out));
    if (p->has_validator)
        o = json_with(o, "validator", value_address(ADDRESS_VALIDATOR, &p->validator));
    if (p->member_name[0]) o = json_with(o, "member_name", json_string(p->member_name));
    return o;
}

static json_t *make_peers(const struct rpc_call *call, const struct node_view *v)
{
    (void)call;
    json_t *items = json_array();
    for (uint16_t i = 0; i < v->peer_count; i++)
        items = json_and(items, peer_item(&v->peers[i]));
    return json_with(json_object(), "items", items);
}

static json_t *peer_list(struct rpc_call *call)
{
    return with_view(call, make_peers);
}

const struct rpc_method method_peer_list = { METHOD_BARE("peer_list", ACCESS_READ),
                                             .handle = peer_list };

/* ---- mempool_status ------------------------------------------------------------------------- */

static json_t *make_mempool(const struct rpc_call *call, const struct node_view *v)
{
    (void)call;
    json_t *o = json_with(json_object(), "txs", count(v->mempool_txs));
    o = json_with(o, "bytes", count(v->mempool_bytes));
    o = json_with(o, "txs_max", count(v->mempool_txs_max));
    o = json_with(o, "bytes_max", count(v->mempool_bytes_max));
    o = json_with(o, "oldest_age_ms", count(v->mempool_oldest_ms));
    return json_with(o, "sources", count(v->mempool_sources));
}

static json_t *mempool_status(struct rpc_call *call)
{
    return with_view(call, make_mempool);
}

const struct rpc_method method_mempool_status = { METHOD_BARE("mempool_status", ACCESS_READ),
                                                  .handle = mempool_status };

/* ---- consensus_state ------------------------------------------------------------------------ */

static json_t *vote_item(const struct committee *committee, const struct vote_view *votes)
{
    json_t *have = json_array(), *missing = json_array();
    for (uint16_t i = 0; i < committee->count; i++) {
        bool has = (votes->have[i / 8] >> i % 8 & 1) != 0;
        json_t *id = value_address(ADDRESS_VALIDATOR, &committee->validators[i].id);
        if (has)
            have = json_and(have, id);
        else
            missing = json_and(missing, id);
    }
    json_t *o = json_with(json_object(), "kind", json_string(votes->kind));
    o = json_with(o, "have", have);
    return json_with(o, "missing", missing);
}

static json_t *consensus_detail(const struct node_view *v)
{
    json_t *o = json_with(json_object(), "undecided", count(v->undecided));
    o = json_with(o, "views_timed_out", count(v->views_timed_out));
    return json_with(o, "conflicts", count(v->conflicts));
}

static json_t *make_consensus(const struct rpc_call *call, const struct node_view *v)
{
    (void)call;
    ASSERT(v->vote_count <= VOTE_KINDS_MAX);
    json_t *votes = json_array();
    for (uint8_t i = 0; i < v->vote_count; i++)
        votes = json_and(votes, vote_item(&v->committee, &v->votes_seen[i]));
    json_t *o = json_with(json_object(), "engine", json_string(engine_name(v->committee.engine)));
    o = json_with(o, "epoch", count(v->epoch));
    o = json_with(o, "view", count(v->view));
    o = json_with(o, "leader", leader_id(v));
    o = json_with(o, "sequence", count(v->sequence));
    o = json_with(o, "height", count(v->height));
    o = json_with(o, "sealed_height", count(v->sealed_height));
    o = json_with(o, "waiting_since", value_time(v->waiting_since_ms));
    o = json_with(o, "timeout_ms", count(v->timeout_ms));
    o = json_with(o, "votes", votes);
    return json_with(o, "detail", consensus_detail(v));
}

static json_t *consensus_state(struct rpc_call *call)
{
    return with_view(call, make_consensus);
}

const struct rpc_method method_consensus_state = { METHOD_BARE("consensus_state", ACCESS_READ),
                                                   .handle = consensus_state };

/* ---- rpc.discover --------------------------------------------------------------------------- */

/* Parsed anew for each call: rare, and nothing to keep. Its schemas hold patterns and fractions
 * that the strict reader is not for. */
static json_t *rpc_discover(struct rpc_call *call)
{
    (void)call;
    struct span text = openrpc_text();
    return json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, NULL);
}

const struct rpc_method method_rpc_discover = { METHOD_BARE("rpc.discover", ACCESS_READ),
                                                .handle = rpc_discover };

/* ---- admin ---------------------------------------------------------------------------------- */

static json_t *admin_config(struct rpc_call *call)
{
    return json_with(json_object(), "items", call->backend->config(call->backend->context));
}

const struct rpc_method method_admin_config = { METHOD_BARE("admin_config", ACCESS_ADMIN),
                                                .handle = admin_config };

static const char *const words_level[] = { "error", "warn", "info", "debug", "trace", NULL };

static const struct rpc_parameter log_level_parameters[] = {
    PARAMETER_WORD_OPTIONAL("level", words_level),
    PARAMETER_OPTIONAL("module", ARGUMENT_TEXT),
};

static json_t *admin_log_level(struct rpc_call *call)
{
    const struct rpc_backend *backend = call->backend;
    const struct argument *level = call_argument(call, "level");
    const struct argument *module = call_argument(call, "module");
    const char *word = level->given ? words_level[level->number] : NULL;
    enum status status = backend->log_level_set(backend->context, module->text, word);
    if (status == STATUS_NOT_FOUND) {
        char quoted[QUOTE_TEXT];
        return call_invalid(call, "/module", "the name of a module",
                            text_quote(module->text ? module->text : "", quoted));
    }
    if (status != STATUS_OK) return call_status(call, status);
    return json_with(json_object(), "levels", backend->log_levels(backend->context));
}

const struct rpc_method method_admin_log_level = {
    METHOD("admin_log_level", ACCESS_ADMIN, log_level_parameters),
    .handle = admin_log_level,
};

static const struct rpc_parameter backup_create_parameters[] = {
    PARAMETER_REQUIRED("directory", ARGUMENT_TEXT),
};

/* The process has its own working directory, which the caller does not know. */
static json_t *admin_backup_create(struct rpc_call *call)
{
    const char *directory = call_argument(call, "directory")->text;
    struct problem problem = { .status = STATUS_OK };
    char quoted[QUOTE_TEXT];
    if (directory[0] != '/')
        return call_invalid(call, "/directory", "an absolute path", text_quote(directory, quoted));
    json_t *result = call->backend->backup(call->backend->context, directory, &problem);
    if (result) return result;
    switch (problem.status) {
    case STATUS_NO_MEMORY: return NULL;
    case STATUS_EXISTS:
    case STATUS_INVALID: return call_invalid(call, "/directory", "a new directory", problem.text);
    default:
        return call_error(call, RPC_ERROR_unavailable, json_pack("{s:s}", "reason", problem.text));
    }
}

const struct rpc_method method_admin_backup_create = {
    METHOD("admin_backup_create", ACCESS_ADMIN, backup_create_parameters),
    .waits = true,
    .handle = admin_backup_create,
};

static const struct rpc_parameter shutdown_parameters[] = {
    PARAMETER_INTEGER("timeout_ms", 30000, 0, 60000),
};

static json_t *admin_shutdown(struct rpc_call *call)
{
    call->backend->shutdown(call->backend->context, call_argument(call, "timeout_ms")->number);
    return json_with(json_object(), "stopping", json_true());
}

const struct rpc_method method_admin_shutdown = {
    METHOD("admin_shutdown", ACCESS_ADMIN, shutdown_parameters),
    .handle = admin_shutdown,
};
