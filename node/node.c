#include "node/node_internal.h"

#include "node/proofs.h"
#include <stdio.h>
#include <stdlib.h>

/* ---- open ---- */

static void rpc_limits_of(const struct config *config, struct rpc_limits *limits)
{
    rpc_limits_default(limits);
    limits->body_max = (uint32_t)config_number(config, CONFIG_rpc_body_max);
    limits->response_max = (uint32_t)config_number(config, CONFIG_rpc_response_max);
    limits->batch_items_max = (uint32_t)config_number(config, CONFIG_rpc_batch_items_max);
    limits->connections_max = (uint32_t)config_number(config, CONFIG_rpc_connections_max);
    limits->readers = (uint32_t)config_number(config, CONFIG_rpc_readers);
    limits->queue_max = (uint32_t)config_number(config, CONFIG_rpc_queue_max);
    limits->read_ms_max = (uint32_t)config_number(config, CONFIG_rpc_read_time_max);
    limits->wait_ms_max = (uint32_t)config_number(config, CONFIG_rpc_wait_time_max);
    limits->waiters_max = (uint32_t)config_number(config, CONFIG_rpc_waiters_max);
}

static size_t names_of(const struct config *config, enum config_key key, const char **names,
                       size_t most)
{
    size_t count = config_list_count(config, key);
    if (count > most) count = most;
    for (size_t i = 0; i < count; i++)
        names[i] = config_list_item(config, key, i);
    return count;
}

void node_rpc_options(struct node *node, struct rpc_options *options)
{
    const struct config *config = node->config;
    *options = (struct rpc_options){ .socket_mode = 0660, .ledger_path = node->ledger_path };
    options->listen_count = names_of(config, CONFIG_rpc_listen, options->listen, RPC_LISTEN_MAX);
    options->allowed_hosts_count =
        names_of(config, CONFIG_rpc_allowed_hosts, options->allowed_hosts, RPC_NAMES_MAX);
    options->allowed_origins_count =
        names_of(config, CONFIG_rpc_allowed_origins, options->allowed_origins, RPC_NAMES_MAX);
    options->disabled_methods_count =
        names_of(config, CONFIG_rpc_disabled_methods, options->disabled_methods, RPC_NAMES_MAX);
    const char *socket = config_text(config, CONFIG_rpc_socket);
    options->socket = socket[0] ? socket : NULL;
    options->methods = rpc_methods;
    options->method_count = rpc_method_count;
    rpc_limits_of(config, &options->limits);
}

static enum status node_rpc_start(struct node *node, struct problem *problem)
{
    struct rpc_options options;
    node_rpc_options(node, &options);
    enum status status = rpc_start(&node->rpc, &options, &node->backend, problem);
    if (status != STATUS_OK) return status;
    for (size_t i = 0; i < options.listen_count; i++)
        LOG(rpc_listening, LOG_TEXT("address", options.listen[i]),
            LOG_U64("port", rpc_port(node->rpc, i)), LOG_END);
    return STATUS_OK;
}

static void lock_init(pthread_mutex_t *lock)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    /* peers_send never calls back, but peers_set_members may: an event within an event must wait
     * for nothing but itself. */
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
}

enum { CLOSE_TIMES_MAX = 8 };

/* ---- close, in the opposite order, and as far as it was opened ---- */

static void close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle)) uv_close(handle, NULL);
}

static void on_peers_closed(void *user)
{
    struct node *node = user;
    peers_free(node->peers);
    node->peers = NULL;
}

/* What these threads have not begun is dropped: the journal knows it, or a peer sends it again.
 * Only the journal's thread ends its queue. */
static void close_threads(struct node *node)
{
    if (node->checkers) workers_stop(node->checkers);
    if (node->block_server) workers_stop(node->block_server);
    if (node->ledger_thread) workers_stop(node->ledger_thread);
    if (node->journal_thread) journal_thread_stop(node->journal_thread);
    node->checkers = node->block_server = node->ledger_thread = NULL;
    node->journal_thread = NULL;
}

static void close_loop(struct node *node)
{
    if (node->handles_open) {
        node->handles_open = false;
        close_handle((uv_handle_t *)&node->wake_timer);
        close_handle((uv_handle_t *)&node->house_timer);
        close_handle((uv_handle_t *)&node->stop_timer);
        close_handle((uv_handle_t *)&node->sigterm);
        close_handle((uv_handle_t *)&node->sigint);
        close_handle((uv_handle_t *)&node->sighup);
        wake_close(&node->inbox_wake, NULL);
    }
    if (node->peers) peers_stop(node->peers, on_peers_closed, node);
    /* A failure on the way asks the loop to stop once more, and handles must close all the same. */
    for (int i = 0; i < CLOSE_TIMES_MAX && uv_loop_close(&node->loop) != 0; i++)
        uv_run(&node->loop, UV_RUN_DEFAULT);
}

static void close_ledger(struct node *node)
{
    ledger_reader_close(node->block_reader);
    if (!node->ledger) return;
    struct problem problem;
    uint64_t height;
    if (node->exit_code == 0 && ledger_checkpoint(node->ledger, &height, &problem) == STATUS_OK)
        LOG(checkpoint, LOG_U64("height", height), LOG_END);
    ledger_close(node->ledger);
}

static void node_close(struct node *node)
{
    node->closing = true;
    node_tickets_free(node);
    if (node->proofs) proofs_stop(node->proofs);
    rpc_stop(node->rpc);
    node->rpc = NULL;
    close_threads(node);
    close_loop(node);
    if (node->replica) replica_free(node->replica);
    early_release(node, false);
    epochs_close(&node->epochs);
    free(node->epoch_peers);
    if (node->journal) journal_close(node->journal);
    if (node->safety) safety_close(node->safety);
    signer_free(node->signer_before);
    if (node->epochs.signer) signer_free(node->epochs.signer);
    close_ledger(node);
    verify_cache_free(node->engine_cache);
    verify_cache_free(node->account_cache);
    genesis_free(node->genesis);
    key_wipe(&node->node_key);
    if (node->lock >= 0) data_unlock(node->lock);
    pthread_mutex_destroy(&node->lock_replica);
    pthread_mutex_destroy(&node->lock_tickets);
    pthread_mutex_destroy(&node->lock_backup);
    admissions_free(node);
    proofs_free(node->proofs);
}

/* ---- run ---- */

static enum status node_start(struct node *node, struct problem *problem, int *exit_code)
{
    *exit_code = 71;
    node->proofs = proofs_new();
    if (!node->proofs) return problem_set(problem, STATUS_NO_MEMORY, "out of memory");
    enum status status = node_open(node, problem, exit_code);
    if (status != STATUS_OK) return status;
    node_backend_init(node);
    node_metrics_init(node);
    *exit_code = 1;
    status = node_loop_start(node, problem);
    if (status == STATUS_OK) status = node_rpc_start(node, problem);
    if (status == STATUS_BUSY) *exit_code = 75;
    if (status == STATUS_INVALID) *exit_code = 10;
    return status;
}

static void log_start_line(struct node *node)
{
    char chain_id[65];
    hex_encode(digest_span(&node->genesis->chain_id), chain_id);
    LOG(node_ready, LOG_TEXT("network", node->genesis->network), LOG_TEXT("chain_id", chain_id),
        LOG_TEXT("data", node->data_dir), LOG_BOOL("votes", node->epochs.votes), LOG_END);
}

int node_run(struct config *config, const struct node_reload *reload, struct problem *problem)
{
    struct node *node = calloc(1, sizeof *node);
    if (!node || uv_loop_init(&node->loop) != 0) {
        free(node);
        problem_set(problem, STATUS_NO_MEMORY, "out of memory");
        return 71;
    }
    node->config = config;
    node->reload = reload;
    node->lock = -1;
    node->started_ms = wall_clock_ms();
    atomic_init(&node->loop_turned_ms, uv_hrtime() / 1000000);
    lock_init(&node->lock_replica);
    pthread_mutex_init(&node->lock_tickets, NULL);
    pthread_mutex_init(&node->lock_backup, NULL);
    admissions_init(node);
    LOG(node_starting, LOG_TEXT("version", WITAN_VERSION), LOG_END);

    int exit_code = 1;
    if (node_start(node, problem, &exit_code) == STATUS_OK) {
        log_start_line(node);
        uv_run(&node->loop, UV_RUN_DEFAULT);
        exit_code = node->exit_code;
        *problem = node->problem;
    } else {
        LOG(node_failed, LOG_U64("exit", exit_code), LOG_TEXT("problem", problem->text), LOG_END);
    }
    node->exit_code = exit_code;
    node_close(node);
    LOG(node_stopped, LOG_U64("exit", exit_code), LOG_END);
    free(node);
    return exit_code;
}
