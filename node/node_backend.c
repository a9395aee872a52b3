#include "node/node_internal.h"

#include "node/log_config.h"
#include "rpc/ledger_find.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Blocks. A fast engine makes one a millisecond, and a follower may lag by a tenth of a second
 * without being any worse a place for submissions. */
enum { FAR_BEHIND = 128 };

/* ---- submissions: RPC thread -> loop -> replica -> answer ---- */

/* A free ticket, or NULL; under lock_tickets. Lists run through index + 1. */
static struct ticket *ticket_take(struct node *node)
{
    if (node->ticket_free == 0) return NULL;
    struct ticket *ticket = &node->tickets[node->ticket_free - 1];
    node->ticket_free = ticket->next;
    ticket->next = 0;
    ticket->used = true;
    return ticket;
}

static void ticket_give(struct node *node, struct ticket *ticket)
{
    ticket->used = false;
    ticket->done = NULL;
    ticket->read = NULL;
    ticket->transaction = NULL;
    ticket->next = node->ticket_free;
    node->ticket_free = (uint32_t)(ticket - node->tickets) + 1;
}

static const char *unavailable_reason(struct node *node)
{
    pthread_mutex_lock(&node->lock_replica);
    struct replica_status status;
    replica_status(node->replica, &status);
    bool disk_low = node->disk_low;
    pthread_mutex_unlock(&node->lock_replica);
    if (disk_low) return "disk_low";
    return status.target_height > status.height + FAR_BEHIND ? "catching_up" : NULL;
}

/* Leaves what *model says for the loop, under lock_tickets. false: there are too many. */
static bool ticket_leave(struct node *node, const struct ticket *model)
{
    struct ticket *ticket = ticket_take(node);
    if (!ticket) return false;
    *ticket = *model;
    ticket->used = true;
    uint32_t index = (uint32_t)(ticket - node->tickets) + 1;
    if (node->ticket_last == 0)
        node->ticket_first = index;
    else
        node->tickets[node->ticket_last - 1].next = index;
    node->ticket_last = index;
    return true;
}

static bool backend_submit(void *context, struct blob *transaction, submit_done *done,
                           void *done_context)
{
    struct node *node = context;
    struct submit_outcome outcome = { .kind = SUBMIT_UNAVAILABLE };
    outcome.reason = unavailable_reason(node);
    if (outcome.reason) {
        done(done_context, &outcome);
        return true;
    }
    pthread_mutex_lock(&node->lock_tickets);
    bool stopping = node->stop_wanted;
    struct ticket model = { .done = done, .context = done_context, .transaction = transaction };
    bool left = !stopping && ticket_leave(node, &model);
    if (left) blob_ref(transaction);
    pthread_mutex_unlock(&node->lock_tickets);
    if (stopping) return false;
    if (left) {
        wake_send(&node->inbox_wake);
    } else {
        outcome.kind = SUBMIT_BUSY;
        done(done_context, &outcome);
    }
    return true;
}

static bool backend_read(void *context, uint64_t timeout_ms, read_done *done, void *done_context)
{
    struct node *node = context;
    pthread_mutex_lock(&node->lock_tickets);
    bool stopping = node->stop_wanted;
    struct ticket model = { .read = done, .context = done_context, .timeout_ms = timeout_ms };
    bool left = !stopping && ticket_leave(node, &model);
    pthread_mutex_unlock(&node->lock_tickets);
    if (stopping) return false;
    if (left)
        wake_send(&node->inbox_wake);
    else
        done(done_context, READ_BUSY);
    return true;
}

/* On the loop: what RPC threads have left for it. */
void node_take_inbox(struct node *node)
{
    node_proofs_turn(node);
    pthread_mutex_lock(&node->lock_tickets);
    if (node->epochs.ended && !node->stop_wanted) { /* They wait for the next replica. */
        pthread_mutex_unlock(&node->lock_tickets);
        return;
    }
    uint32_t index = node->ticket_first;
    node->ticket_first = node->ticket_last = 0;
    uint64_t wish = node->tick_wish_ms;
    node->tick_wish_ms = 0;
    bool stop = node->stop_wanted;
    pthread_mutex_unlock(&node->lock_tickets);

    node_enter(node);
    struct moment moment = node_moment(node);
    while (index != 0) {
        struct ticket *ticket = &node->tickets[index - 1];
        struct blob *transaction = ticket->transaction;
        uint32_t next = ticket->next;
        ticket->transaction = NULL;
        ticket->next = 0;
        if (ticket->read)
            replica_read(node->replica, moment, index, moment.now_ms + ticket->timeout_ms);
        else
            replica_submit(node->replica, moment, index, transaction);
        blob_unref(transaction);
        index = next;
    }
    if (wish != 0) replica_wish_tick(node->replica, moment, wish);
    node_leave(node);
    if (stop) node_stop(node);
}

static void count_admission(const struct refusal *refusal)
{
    uint32_t cell = LABEL_admission_other;
    switch (refusal->code) {
    case REFUSAL_none: cell = LABEL_admission_admitted; break;
    case REFUSAL_duplicate: cell = LABEL_admission_duplicate; break;
    case REFUSAL_tx_malformed: cell = LABEL_admission_malformed; break;
    case REFUSAL_tx_expired: cell = LABEL_admission_expired; break;
    case REFUSAL_tx_not_permitted: cell = LABEL_admission_unauthorized; break;
    case REFUSAL_tx_ref_conflict: cell = LABEL_admission_conflict; break;
    case REFUSAL_mempool_full: cell = LABEL_admission_full; break;
    default: break;
    }
    metric_add(METRIC_mempool_admissions_total, cell, 1);
}

void node_answer(struct node *node, const struct output *output)
{
    ASSERT(output->ticket >= 1);
    ASSERT(output->ticket <= TICKETS_MAX);
    struct ticket *ticket = &node->tickets[output->ticket - 1];
    ASSERT(ticket->used);
    struct submit_outcome outcome = { .txid = output->txid, .refusal = output->refusal };
    count_admission(&output->refusal);
    switch (output->refusal.code) {
    case REFUSAL_none:
        outcome.kind = SUBMIT_ADMITTED;
        latency_admitted(node, &output->txid);
        break;
    case REFUSAL_duplicate:
        outcome.kind =
            replica_pool_get(node->replica, &output->txid) ? SUBMIT_PENDING : SUBMIT_COMMITTED;
        break;
    default: outcome.kind = SUBMIT_REFUSED; break;
    }
    submit_done *done = ticket->done;
    void *context = ticket->context;
    pthread_mutex_lock(&node->lock_tickets);
    ticket_give(node, ticket);
    pthread_mutex_unlock(&node->lock_tickets);
    done(context, &outcome);
}

void node_answer_read(struct node *node, const struct output *output)
{
    static const enum read_outcome outcomes[] = { [READ_READY] = READ_NOW,
                                                  [READ_LATE] = READ_NO_LEADER,
                                                  [READ_FULL] = READ_BUSY,
                                                  [READ_UNSUPPORTED] = READ_NONE };
    ASSERT(output->ticket >= 1);
    ASSERT(output->ticket <= TICKETS_MAX);
    struct ticket *ticket = &node->tickets[output->ticket - 1];
    ASSERT(ticket->used);
    read_done *done = ticket->read;
    void *context = ticket->context;
    pthread_mutex_lock(&node->lock_tickets);
    ticket_give(node, ticket);
    pthread_mutex_unlock(&node->lock_tickets);
    done(context, outcomes[output->read]);
}

/* At the end: whoever still waits is told that this node is going. */
void node_tickets_free(struct node *node)
{
    pthread_mutex_lock(&node->lock_tickets);
    node->stop_wanted = true;
    for (uint32_t i = 0; i < TICKETS_MAX; i++) {
        struct ticket *ticket = &node->tickets[i];
        if (!ticket->used) continue;
        struct submit_outcome outcome = { .kind = SUBMIT_UNAVAILABLE, .reason = "draining" };
        if (ticket->done) ticket->done(ticket->context, &outcome);
        if (ticket->read) ticket->read(ticket->context, READ_DRAINING);
        blob_unref(ticket->transaction);
        ticket_give(node, ticket);
    }
    pthread_mutex_unlock(&node->lock_tickets);
}

/* ---- questions ---- */

static bool backend_pending(void *context, const struct digest *txid, uint64_t *not_after_ms)
{
    struct node *node = context;
    pthread_mutex_lock(&node->lock_replica);
    struct blob *blob = blob_ref(replica_pool_get(node->replica, txid));
    pthread_mutex_unlock(&node->lock_replica);
    if (!blob) return false;
    struct transaction *tx = malloc(sizeof *tx);
    bool decoded = tx && transaction_decode(blob_span(blob), tx, NULL) == STATUS_OK;
    if (decoded) *not_after_ms = tx->not_after_ms;
    free(tx);
    blob_unref(blob);
    return decoded;
}

static void backend_tick_wish(void *context, uint64_t not_after_ms)
{
    struct node *node = context;
    pthread_mutex_lock(&node->lock_tickets);
    node->tick_wish_ms = max_u64(node->tick_wish_ms, not_after_ms);
    pthread_mutex_unlock(&node->lock_tickets);
    wake_send(&node->inbox_wake);
}

static void backend_shutdown(void *context, uint64_t timeout_ms)
{
    struct node *node = context;
    (void)timeout_ms;
    pthread_mutex_lock(&node->lock_tickets);
    node->stop_wanted = true;
    pthread_mutex_unlock(&node->lock_tickets);
    wake_send(&node->inbox_wake);
}

static json_t *backend_config(void *context)
{
    struct node *node = context;
    json_t *list = json_array();
    pthread_mutex_lock(&node->lock_replica); /* A reload changes values. */
    for (enum config_key key = 0; list && key < CONFIG_COUNT; key++) {
        char value[512];
        char origin[128];
        config_value_text(node->config, key, value, sizeof value);
        config_origin_text(node->config, key, origin, sizeof origin);
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:b}", "key", config_info(key)->full,
                                              "value", value, "origin", origin, "reloadable",
                                              config_info(key)->reload));
    }
    pthread_mutex_unlock(&node->lock_replica);
    return list;
}

/* The levels in force, so that one of them can be changed. */
static struct log_options log_now;
static pthread_mutex_t lock_log = PTHREAD_MUTEX_INITIALIZER;

static enum status backend_log_level_set(void *context, const char *module, const char *level)
{
    (void)context;
    enum log_level value = LEVEL_INFO;
    if (level && !log_level_find(level, &value)) return STATUS_INVALID;
    pthread_mutex_lock(&lock_log);
    enum status status = STATUS_OK;
    if (!module && level) log_now.level = value;
    if (module) {
        status = STATUS_NOT_FOUND;
        for (unsigned i = 0; i < LOG_MODULE_COUNT; i++) {
            if (strcmp(log_module_name((enum log_module)i), module) != 0) continue;
            status = STATUS_OK;
            if (!level) continue;
            log_now.has_level[i] = true;
            log_now.levels[i] = value;
        }
    }
    if (status == STATUS_OK && level) log_configure(&log_now);
    pthread_mutex_unlock(&lock_log);
    return status;
}

void node_log_configure(struct node *node)
{
    pthread_mutex_lock(&lock_log);
    log_options_of(node->config, &log_now);
    log_configure(&log_now);
    pthread_mutex_unlock(&lock_log);
}

static json_t *backend_log_levels(void *context)
{
    (void)context;
    json_t *levels = json_object();
    pthread_mutex_lock(&lock_log);
    json_object_set_new(levels, "", json_string(log_level_name(log_now.level)));
    for (unsigned i = 0; i < LOG_MODULE_COUNT; i++)
        json_object_set_new(
            levels, log_module_name((enum log_module)i),
            json_string(log_level_name(log_now.has_level[i] ? log_now.levels[i] : log_now.level)));
    pthread_mutex_unlock(&lock_log);
    return levels;
}

static void backend_view(void *context, struct node_view *view);

/* Readiness as figures: what /readyz says of the same view. */
static void fill_health(struct node *node)
{
    struct node_view *view = malloc(sizeof *view);
    if (!view) return;
    backend_view(node, view);
    bool ready = true;
    for (uint32_t i = 0; i < HEALTH_COUNT; i++) {
        ready = ready && view->checks[i].ok;
        metric_set(METRIC_node_check, i, view->checks[i].ok ? 1 : 0);
    }
    metric_set(METRIC_node_ready, 0, ready ? 1 : 0);
    metric_set(METRIC_ledger_block_timestamp_seconds, 0, (double)view->block_time_ms / 1e3);
    free(view);
}

static char *backend_metrics(void *context)
{
    struct node *node = context;
    node_metrics_fill(node);
    fill_health(node);
    struct buffer text;
    buffer_init(&text, METRICS_TEXT_MAX);
    uint8_t zero = 0;
    if (metrics_write(&text) == STATUS_OK && buffer_append(&text, span_of(&zero, 1)) == STATUS_OK)
        return (char *)text.data;
    buffer_free(&text);
    return NULL;
}

static void backend_log(void *context, int level, const char *event, const json_t *fields)
{
    (void)context;
    enum log_event_id id = LOG_EVENT_rpc_request;
    if (level == RPC_LOG_ERROR) id = LOG_EVENT_rpc_internal_error;
    if (level == RPC_LOG_INFO) id = LOG_EVENT_rpc_admin_call;
    if (!log_enabled(id)) return;
    char *line = json_line(fields);
    const struct log_field list[] = { LOG_TEXT("what", event), LOG_TEXT("fields", line ? line : ""),
                                      LOG_END };
    log_event(id, list);
    free(line);
}

static uint64_t backend_now_ms(void *context)
{
    (void)context;
    return wall_clock_ms();
}

/* ---- the view ---- */

static void health(struct node_view *view, enum health_index index, bool ok, const char *detail)
{
    view->checks[index].ok = ok;
    snprintf(view->checks[index].detail, sizeof view->checks[index].detail, "%s", detail);
}

static void view_health(struct node *node, struct node_view *view,
                        const struct replica_status *status)
{
    char text[96];
    uint16_t quorum = committee_quorum(&node->epochs.now->committee);
    health(view, HEALTH_genesis, true, "");
    health(view, HEALTH_data, true, "");
    snprintf(text, sizeof text, "height %llu of %llu", (unsigned long long)view->height,
             (unsigned long long)view->target_height);
    health(view, HEALTH_sync, view->height + 2 >= view->target_height, text);
    snprintf(text, sizeof text, "%u connected, %u needed", view->validators_connected, quorum);
    health(view, HEALTH_quorum, view->validators_connected >= quorum, text);
    bool stuck = status->pool.txs > 0 && view->mempool_oldest_ms > 3 * view->timeout_ms;
    health(view, HEALTH_progress, !stuck, stuck ? "transactions wait" : "");
    snprintf(text, sizeof text, "sealed %llu of %llu", (unsigned long long)view->sealed_height,
             (unsigned long long)view->height);
    bool late = view->height > view->sealed_height &&
                wall_clock_ms() > view->block_time_ms + UNSEALED_MS_MAX;
    health(view, HEALTH_seal, !late, text);
    bool may_vote = node->epochs.self == VALIDATOR_NONE || node->epochs.votes;
    health(view, HEALTH_votes, may_vote, node->epochs.why);
    snprintf(text, sizeof text, "%llu MiB free", (unsigned long long)(node->disk_free >> 20));
    health(view, HEALTH_disk, !node->disk_low, text);
    health(view, HEALTH_clock, true, "");
    health(view, HEALTH_drain, !view->draining, "");
}

static void view_peers(struct node *node, struct node_view *view)
{
    view->validators_connected = node->epochs.self == VALIDATOR_NONE ? 0 : 1;
    view->peer_count = 0;
    for (uint16_t i = 0; i < node->epochs.now->committee.count; i++) {
        if (!node->peer_seen[i]) continue;
        view->validators_connected++;
        struct peer_view *peer = &view->peers[view->peer_count++];
        *peer = node->peer_views[i];
        peer->has_validator = true;
        peer->role = NODE_VALIDATOR;
        peer->validator = node->epochs.now->committee.validators[i].id;
        snprintf(peer->address, sizeof peer->address, "%s", node->epoch_peers->endpoints[i]);
        snprintf(peer->member_name, sizeof peer->member_name, "%s", node->epoch_peers->members[i]);
    }
    for (size_t slot = COMMITTEE_MAX; slot < NODE_PEERS_MAX; slot++) {
        if (!node->peer_seen[slot]) continue;
        struct peer_view *peer = &view->peers[view->peer_count++];
        *peer = node->peer_views[slot];
        peer->role = NODE_OBSERVER;
    }
}

static void view_engine(struct node *node, struct node_view *view,
                        const struct replica_status *status)
{
    view->view = status->engine.view;
    view->sequence = status->engine.index_decided;
    view->leader = status->engine.leader;
    view->undecided = status->engine.undecided;
    view->views_timed_out = status->engine.timeouts;
    view->conflicts = status->engine.conflicts + status->conflicts;
    view->idle = status->pool.txs == 0 && status->engine.undecided == 0;
    view->waiting_since_ms = node->waiting_since_ms;
    view->timeout_ms =
        engine_option(&replica_check_context(node->replica)->config, "view_ms", 1000);
}

static void backend_view(void *context, struct node_view *view)
{
    struct node *node = context;
    pthread_mutex_lock(&node->lock_replica);
    *view = node->view_base;
    struct replica_status status;
    replica_status(node->replica, &status);
    view->votes = status.votes;
    snprintf(view->votes_reason, sizeof view->votes_reason, "%s", node->epochs.why);
    view->height = status.height;
    view->sealed_height = status.sealed_height;
    view->target_height = max_u64(status.target_height, status.height);
    replica_head(node->replica, &view->block_hash, &view->block_time_ms, &view->state_root);
    view->sync = view->target_height > view->height + 2 ? SYNC_CATCHING_UP : SYNC_SYNCED;
    view_engine(node, view, &status);
    view_peers(node, view);
    view->mempool_txs = status.pool.txs;
    view->mempool_bytes = status.pool.bytes;
    uint64_t now = uv_now(&node->loop);
    if (status.pool.oldest_ms != 0 && now > status.pool.oldest_ms)
        view->mempool_oldest_ms = now - status.pool.oldest_ms;
    view->disk_low = node->disk_low;
    view->draining = node->stopping;
    view_health(node, view, &status);
    pthread_mutex_unlock(&node->lock_replica);
    uint64_t turned = atomic_load(&node->loop_turned_ms);
    uint64_t clock = uv_hrtime() / 1000000;
    view->loop_age_ms = clock > turned ? clock - turned : 0;
}

static void view_base(struct node *node)
{
    struct node_view *view = &node->view_base;
    const char *name = config_text(node->config, CONFIG_node_name);
    char host[64] = "node";
    if (!name[0] && gethostname(host, sizeof host - 1) == 0) name = host;
    snprintf(view->name, sizeof view->name, "%s", name);
    snprintf(view->version, sizeof view->version, "%s", WITAN_VERSION);
    view->node_key = node->node_public;
    view->started_ms = node->started_ms;
    node_view_settings(node);
    node_view_epoch(node);
}

void node_view_settings(struct node *node)
{
    struct pool_limits limits = node_pool_limits(node);
    node->view_base.mempool_txs_max = limits.txs_max;
    node->view_base.mempool_bytes_max = limits.bytes_max;
    node->view_base.mempool_source_txs_max = limits.source_txs_max;
}

void node_view_epoch(struct node *node)
{
    struct node_view *view = &node->view_base;
    view->epoch = node->epochs.now->number;
    view->committee = node->epochs.now->committee;
    view->role = node->epochs.self == VALIDATOR_NONE ? NODE_OBSERVER : NODE_VALIDATOR;
    view->has_validator = node->epochs.self != VALIDATOR_NONE;
    if (view->has_validator)
        view->validator = node->epochs.now->committee.validators[node->epochs.self].id;
    view->tx_bytes_max = node->epochs.now->params.values[PARAM_tx_bytes_max];
    view->window_ms_max = node->epochs.now->params.values[PARAM_window_ms_max];
    node_metrics_epoch(node);
}

void node_backend_init(struct node *node)
{
    log_options_of(node->config, &log_now);
    for (uint32_t i = TICKETS_MAX; i-- > 0;)
        ticket_give(node, &node->tickets[i]);
    view_base(node);
    node_observe_init();
    node->backend = (struct rpc_backend){
        .context = node,
        .genesis = node->genesis,
        .view = backend_view,
        .submit = backend_submit,
        .read = backend_read,
        .prove = node_prove,
        .wish_absence = node_wish_absence,
        .absence = node_absence,
        .pending = backend_pending,
        .find_tx = ledger_find_tx,
        .tick_wish = backend_tick_wish,
        .config = backend_config,
        .log_level_set = backend_log_level_set,
        .log_levels = backend_log_levels,
        .backup = node_backup,
        .shutdown = backend_shutdown,
        .metrics = backend_metrics,
        .observe = node_observe_rpc,
        .log = backend_log,
        .now_ms = backend_now_ms,
    };
}
