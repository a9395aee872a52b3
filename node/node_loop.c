#include "node/node_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

uint64_t wall_clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

struct moment node_moment(struct node *node)
{
    uv_update_time(&node->loop);
    return (struct moment){ uv_now(&node->loop), wall_clock_ms() };
}

void node_fail(struct node *node, int exit_code, const char *format, ...)
{
    if (node->exit_code != 0) return;
    node->exit_code = exit_code;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(node->problem.text, sizeof node->problem.text, format, arguments);
    va_end(arguments);
    LOG(node_failed, LOG_U64("exit", exit_code), LOG_TEXT("problem", node->problem.text), LOG_END);
    uv_stop(&node->loop);
}

static void on_patience_over(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

/* One who leads lets another lead first, so that nobody has to find out by waiting that it is gone.
 */
void node_stop(struct node *node)
{
    if (node->stopping) return;
    pthread_mutex_lock(&node->lock_replica); /* RPC threads read it. */
    node->stopping = true;
    pthread_mutex_unlock(&node->lock_replica);
    pthread_mutex_lock(&node->lock_tickets);
    node->stop_wanted = true;
    pthread_mutex_unlock(&node->lock_tickets);
    LOG(node_stopping, LOG_END);
    node_enter(node);
    node->handing_over = replica_hand_over(node->replica, node_moment(node));
    node_leave(node);
    if (node->handing_over)
        uv_timer_start(&node->stop_timer, on_patience_over, HAND_OVER_MS, 0);
    else
        uv_stop(&node->loop);
}

/* ---- outputs ---- */

struct check_work {
    struct worker_job job; /* first */
    struct node *node;
    struct check_job *check;
    uint64_t elapsed_ns;
};

static void check_work_run(struct worker_job *base)
{
    struct check_work *work = (struct check_work *)base;
    uint64_t begun = uv_hrtime();
    check_run(work->check);
    work->elapsed_ns = uv_hrtime() - begun;
}

/* Under which kind a check's time is counted: by the signatures that it is mostly about. */
static uint32_t check_label(enum check_kind kind)
{
    switch (kind) {
    case CHECK_TRANSACTION:
    case CHECK_GOSSIP: return LABEL_verified_transaction;
    case CHECK_SEAL_VOTES: return LABEL_verified_seal;
    case CHECK_BLOCKS:
    case CHECK_ANCHOR: return LABEL_verified_certificate;
    default: return LABEL_verified_statement;
    }
}

static void check_work_done(struct worker_job *base, bool finished)
{
    struct check_work *work = (struct check_work *)base;
    if (finished) {
        metric_observe_ns(METRIC_crypto_verify_seconds, check_label(work->check->kind),
                          work->elapsed_ns);
        metrics_message(work->check);
        node_enter(work->node);
        replica_checked(work->node->replica, node_moment(work->node), work->check);
        node_leave(work->node);
    } else {
        check_free(work->check);
    }
    free(work);
}

static void output_check(struct node *node, struct output *output)
{
    struct check_work *work = calloc(1, sizeof *work);
    if (work) {
        *work =
            (struct check_work){ { check_work_run, check_work_done, NULL }, node, output->job, 0 };
        bool payment = output->job->kind == CHECK_TRANSACTION || output->job->kind == CHECK_GOSSIP;
        enum status status = payment ? workers_submit(node->checkers, &work->job)
                                     : workers_submit_urgent(node->checkers, &work->job);
        if (status == STATUS_OK) {
            output->job = NULL;
            return;
        }
    }
    free(work);
    check_free(output->job);
    output->job = NULL;
    node_fail(node, 71, "the queue to the checking threads is full");
}

static void output_append(struct node *node, struct output *output)
{
    uint64_t number = 0;
    if (!epochs_keeps(&node->epochs, output->record)) return;
    timing_record(node, output->type, blob_span(output->payload));
    struct journal_thread *thread = node->journal_thread;
    enum status status;
    if (output->starts_segment)
        status = journal_thread_begin_segment(thread, NULL, 0, output->payload, &number);
    else if (output->later)
        status = journal_thread_append_later(thread, output->type, output->payload, &number);
    else
        status = journal_thread_append(thread, output->type, NULL, 0, output->payload, &number);
    if (status != STATUS_OK) {
        node_fail(node, 74, "journal: %s", status_text(status));
        return;
    }
    ASSERT(number == output->record);
}

/* The safety file repeats the highest promises; it is written after the sync that makes them
 * durable, by the journal's thread. */
static void update_safety(struct node *node)
{
    if (epochs_raise(&node->epochs, node->replica))
        journal_thread_safety(node->journal_thread, &node->epochs.safety);
}

static void output_send(struct node *node, struct output *output)
{
    struct span nothing = { NULL, 0 };
    enum frame_kind kind = (enum frame_kind)output->type;
    if (output->peer == NODE_ALL)
        peers_broadcast(node->peers, kind, nothing, output->payload, output->droppable);
    else
        peers_send(node->peers, output->peer, kind, nothing, output->payload, output->droppable);
}

static void tell_rpc(struct node *node, const struct execution *execution)
{
    if (!node->rpc) return;
    uint32_t count = execution->entry_count;
    struct rpc_entry *entries = calloc(count ? count : 1, sizeof *entries);
    if (!entries) {
        node_fail(node, 71, "out of memory");
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        entries[i] = (struct rpc_entry){ execution->entries[i].id, execution->entries[i].code,
                                         execution->entries[i].at, i };
    rpc_on_block(node->rpc, execution->header.height, execution->header.time_ms, &execution->hash,
                 node->sealed_stored, entries, count);
    free(entries);
}

static void output_committed(struct node *node, const struct execution *execution)
{
    for (uint32_t i = 0; i < execution->skipped_count; i++)
        metric_add(METRIC_ledger_skipped_total, LABEL_skip_other, 1);
    if (execution->kind != EXECUTION_BLOCK) return;
    const struct header *header = &execution->header;
    metric_add(METRIC_ledger_blocks_total, 0, 1);
    metric_observe(METRIC_ledger_block_entries, 0, execution->entry_count);
    size_t bytes = HEADER_BYTES + 4;
    for (uint32_t i = 0; i < execution->entry_count; i++) {
        const struct executed_entry *entry = &execution->entries[i];
        bytes += 4 + entry->transaction.size;
        metric_add(METRIC_ledger_entries_total,
                   metric_cell(METRIC_ledger_entries_total, LABEL_entry_transaction,
                               entry->code == RESULT_ok ? LABEL_entry_result_ok
                                                        : LABEL_entry_result_failed),
                   1);
        latency_committed(node, &entry->id, header->height);
    }
    metric_observe(METRIC_ledger_block_bytes, 0, (double)bytes);
    timing_executed(node, header->height);
    LOG(block_executed, LOG_U64("height", header->height), LOG_U64("entries", header->entry_count),
        LOG_HEX("hash", execution->hash.bytes, 32), LOG_END);
    tell_rpc(node, execution);
    node_proofs_block(node, header->time_ms);
}

static void output_sealed(struct node *node, struct output *output)
{
    if (output->height > node->epochs.sealed_height) {
        LOG(block_sealed, LOG_U64("height", output->height),
            LOG_U64("signers", output->seal->count), LOG_END);
        latency_sealed(node, node->epochs.sealed_height + 1, output->height);
        timing_sealed(node, node->epochs.sealed_height + 1, output->height);
        metrics_seal(output->seal, node->epochs.now->committee.count);
        node->epochs.sealed_height = output->height;
        node->epochs.safety.sealed_height = output->height;
        node->epochs.safety.sealed_hash = output->seal->block_hash;
    }
    ledger_job_output(node, output);
}

/* A report of what must not be lost with the log. */
static void write_report(struct node *node, const char *text)
{
    char dir[PATH_BYTES_MAX];
    char path[PATH_BYTES_MAX];
    char name[64];
    snprintf(name, sizeof name, "diverged-%llu.txt", (unsigned long long)wall_clock_ms());
    struct problem problem;
    if (path_join(dir, node->data_dir, "reports") != STATUS_OK ||
        directory_create(dir, 0750, &problem) != STATUS_OK ||
        path_join(path, dir, name) != STATUS_OK)
        return;
    char line[1024];
    snprintf(line, sizeof line, "%s\n", text);
    if (file_write(path, span_text(line), 0640, true, &problem) == STATUS_OK)
        LOG(diverged, LOG_TEXT("problem", text), LOG_TEXT("report", path), LOG_END);
}

static void output_stop(struct node *node, const struct output *output)
{
    if (output->exit_code == 7) write_report(node, output->text);
    node_fail(node, output->exit_code, "%s", output->text);
}

static void output_handle(struct node *node, struct output *output)
{
    switch (output->kind) {
    case OUTPUT_APPEND: output_append(node, output); return;
    case OUTPUT_SEND: output_send(node, output); return;
    case OUTPUT_CHECK: output_check(node, output); return;
    case OUTPUT_ADMIT: admission_output(node, output); return;
    case OUTPUT_EXECUTE:
    case OUTPUT_EXECUTE_BLOCK: ledger_job_output(node, output); return;
    case OUTPUT_SEALED: output_sealed(node, output); return;
    case OUTPUT_SERVE_BLOCKS: serve_job_output(node, output); return;
    case OUTPUT_ANSWER: node_answer(node, output); return;
    case OUTPUT_READ: node_answer_read(node, output); return;
    case OUTPUT_COMMITTED: output_committed(node, output->execution); return;
    case OUTPUT_LEFT: metric_add(METRIC_mempool_left_total, LABEL_left_expired, 1); return;
    case OUTPUT_CUT:
        if (!node->epochs.unrecorded) journal_thread_cut(node->journal_thread, output->record - 1);
        return;
    case OUTPUT_NOTE: LOG(engine_note, LOG_TEXT("note", output->text), LOG_END); return;
    case OUTPUT_PEER_BROKE:
        LOG(engine_message_bad, LOG_U64("peer", output->peer), LOG_TEXT("problem", output->text),
            LOG_END);
        peers_punish(node->peers, output->peer, "bad_message");
        return;
    case OUTPUT_EPOCH_ENDED:
        LOG(epoch_ended, LOG_U64("epoch", output->epoch), LOG_U64("height", output->height),
            LOG_END);
        node->epochs.ended = true;
        node_evidence(node);
        return;
    case OUTPUT_STOP: output_stop(node, output); return;
    }
}

/* Records that nobody keeps promise nothing: they count as durable at once. */
static bool let_go_records(struct node *node)
{
    uint64_t last = epochs_let_go(&node->epochs);
    if (last > 0) replica_durable(node->replica, node_moment(node), last);
    return last > 0;
}

void node_drain(struct node *node)
{
    struct output output;
    bool writes = node->journal_thread && node->exit_code == 0 && !node->closing;
    if (writes) journal_thread_hold(node->journal_thread);
    do {
        while (replica_next(node->replica, &output)) {
            if (node->exit_code == 0 && !node->closing) output_handle(node, &output);
            check_free(output.kind == OUTPUT_CHECK || output.kind == OUTPUT_ADMIT ? output.job
                                                                                  : NULL);
            output_release(&output);
        }
    } while (let_go_records(node));
    /* After a failure records are dropped: the safety file must not remember what they promised. */
    if (node->exit_code == 0 && !node->closing) update_safety(node);
    if (writes) journal_thread_release(node->journal_thread);
}

void node_enter(struct node *node)
{
    pthread_mutex_lock(&node->lock_replica);
    node->entered++;
}

static void on_wake(uv_timer_t *timer)
{
    struct node *node = timer->data;
    node_enter(node);
    replica_timer(node->replica, node_moment(node));
    node_leave(node);
}

void node_leave(struct node *node)
{
    ASSERT(node->entered > 0);
    if (--node->entered > 0) {
        pthread_mutex_unlock(&node->lock_replica);
        return;
    }
    node_drain(node);
    node_epoch_turn(node);
    uint64_t now = uv_now(&node->loop);
    uint64_t at = replica_wake_at(node->replica);
    if (node->epochs.ended) at = min_u64(at, now + EPOCH_RETRY_MS);
    struct replica_status status;
    replica_status(node->replica, &status);
    if (status.engine.view != node->last_view) {
        node->last_view = status.engine.view;
        node->waiting_since_ms = wall_clock_ms();
    }
    pthread_mutex_unlock(&node->lock_replica);
    if (node->handing_over && !status.engine.hands_over) uv_stop(&node->loop);
    atomic_store(&node->loop_turned_ms, uv_hrtime() / 1000000);
    if (!node->handles_open || node->exit_code != 0) return;
    if (at == UINT64_MAX)
        uv_timer_stop(&node->wake_timer);
    else
        uv_timer_start(&node->wake_timer, on_wake, at > now ? at - now : 0, 0);
}

/* ---- peers ---- */

static void describe(void *user, struct hello *hello)
{
    struct node *node = user;
    struct replica_status status;
    replica_status(node->replica, &status);
    hello->chain_id = node->genesis->chain_id;
    hello->validators_hash = committee_hash(&node->epochs.now->committee);
    hello->params_hash = params_hash(&node->epochs.now->params);
    hello->role = node->epochs.self == VALIDATOR_NONE ? PEER_OBSERVER : PEER_VALIDATOR;
    hello->state =
        (struct peer_state){ status.epoch, status.height, status.sealed_height, wall_clock_ms() };
    snprintf(hello->software, sizeof hello->software, "witan %s", WITAN_VERSION);
}

static void peer_said(struct node *node, uint16_t peer, const struct peer_state *state,
                      uint64_t round_trip_ms)
{
    size_t slot = node_peer_slot(peer);
    if (slot == NODE_PEERS_MAX) return;
    struct peer_view *view = &node->peer_views[slot];
    node->peer_epochs[slot] = state->epoch;
    view->height = state->height;
    view->clock_offset_ms = (int64_t)state->time_ms - (int64_t)wall_clock_ms();
    if (round_trip_ms != UINT64_MAX) view->rtt_us = round_trip_ms * 1000;
}

void node_peer_up(struct node *node, uint16_t peer, const struct peer_info *info)
{
    size_t slot = node_peer_slot(peer);
    if (slot < NODE_PEERS_MAX) {
        struct peer_view *view = &node->peer_views[slot];
        node->peer_seen[slot] = true;
        view->node_key = info->node_key;
        view->connected_since_ms = wall_clock_ms() - (node_now_ms(node) - info->up_since_ms);
        snprintf(view->version, sizeof view->version, "%.*s", (int)sizeof view->version - 1,
                 info->software);
        view->protocol = WIRE_VERSION;
        peer_said(node, peer, &info->state, info->round_trip_ms);
    }
    replica_peer_up(node->replica, node_moment(node), peer, info->state.sealed);
    replica_peer_epoch(node->replica, node_moment(node), peer, info->state.epoch);
}

static void on_peer_up(void *user, uint16_t peer, const struct hello *hello)
{
    struct node *node = user;
    LOG(peer_up, LOG_U64("peer", peer), LOG_U64("height", hello->state.height),
        LOG_U64("sealed", hello->state.sealed), LOG_TEXT("software", hello->software), LOG_END);
    node_enter(node);
    struct peer_info info = { .peer = peer,
                              .node_key = hello->node_key,
                              .state = hello->state,
                              .up_since_ms = node_now_ms(node),
                              .round_trip_ms = UINT64_MAX };
    snprintf(info.software, sizeof info.software, "%s", hello->software);
    node_peer_up(node, peer, &info);
    node_leave(node);
}

static void on_peer_down(void *user, uint16_t peer, const char *reason, const char *detail)
{
    struct node *node = user;
    LOG(peer_down, LOG_U64("peer", peer), LOG_TEXT("reason", reason), LOG_TEXT("detail", detail),
        LOG_END);
    metric_add(METRIC_peer_disconnects_total, 0, 1);
    node_enter(node);
    size_t slot = node_peer_slot(peer);
    if (slot < NODE_PEERS_MAX) node->peer_seen[slot] = false;
    replica_peer_down(node->replica, node_moment(node), peer);
    node_leave(node);
}

static enum status on_peer_frame(void *user, uint16_t peer, enum frame_kind kind,
                                 struct blob *payload)
{
    struct node *node = user;
    node_enter(node);
    if (!early_keep(node, peer, kind, payload))
        replica_frame(node->replica, node_moment(node), peer, (uint8_t)kind, payload);
    node_leave(node);
    return STATUS_OK;
}

static void on_peer_state(void *user, uint16_t peer, const struct peer_state *state,
                          uint64_t round_trip_ms)
{
    struct node *node = user;
    node_enter(node);
    peer_said(node, peer, state, round_trip_ms);
    replica_peer_epoch(node->replica, node_moment(node), peer, state->epoch);
    replica_peer_height(node->replica, node_moment(node), peer, state->sealed);
    node_leave(node);
}

static void on_peer_refused(void *user, uint16_t peer, const char *reason, const char *detail)
{
    (void)user;
    metric_add(METRIC_peer_refused_total,
               metric_label_find(LABELS_refusal, reason, LABEL_refusal_other), 1);
    LOG(peer_refused, LOG_U64("peer", peer), LOG_TEXT("reason", reason), LOG_TEXT("detail", detail),
        LOG_END);
}

static enum status peers_start(struct node *node, struct problem *problem)
{
    struct peers_options options = {
        .node_key = &node->node_key,
        .batch_bytes_max = (size_t)node->epochs.now->params.values[PARAM_batch_bytes_max],
        .queue_max = (size_t)config_number(node->config, CONFIG_peers_queue_max),
        .retry_min_ms = config_number(node->config, CONFIG_peers_retry_min),
        .retry_max_ms = config_number(node->config, CONFIG_peers_retry_max),
        .callbacks = { describe, on_peer_up, on_peer_down, on_peer_frame, on_peer_state,
                       on_peer_refused },
        .user = node,
    };
    options.listen_count = config_list_count(node->config, CONFIG_peers_listen);
    for (size_t i = 0; i < options.listen_count && i < PEERS_LISTEN_MAX; i++)
        options.listen[i] = config_list_item(node->config, CONFIG_peers_listen, i);
    enum status status = peers_new(&node->peers, &node->loop, &options, problem);
    return status == STATUS_OK ? node_peers_set(node, problem) : status;
}

/* ---- journal ---- */

static void on_durable(void *user, uint64_t number)
{
    struct node *node = user;
    if (!node->opened) return;
    node_enter(node);
    replica_durable(node->replica, node_moment(node), number);
    node_leave(node);
}

static void on_journal_failed(void *user, const struct problem *problem)
{
    (void)user;
    LOG(journal_failed, LOG_TEXT("problem", problem->text), LOG_END);
    /* What a failed sync has lost nobody knows: nothing is written after it, not even a clean end.
     */
    log_flush();
    fprintf(stderr, "witan: the journal cannot be written: %s\n", problem->text);
    _Exit(74);
}

/* ---- housekeeping ---- */

static void consider_checkpoint(struct node *node)
{
    uint64_t now = node_now_ms(node);
    bool many =
        node->checkpoint_blocks >= config_number(node->config, CONFIG_ledger_checkpoint_blocks);
    bool old =
        node->checkpoint_blocks > 0 &&
        now >= node->checkpoint_at_ms + config_number(node->config, CONFIG_ledger_checkpoint_time);
    bool full = replica_wants_checkpoint(node->replica);
    if (!node->checkpointing && (many || old || full)) ledger_job_checkpoint(node);
}

static void consider_disk(struct node *node)
{
    if (disk_space(node->data_dir, &node->disk_free, NULL) != STATUS_OK) return;
    bool low = node->disk_free < config_number(node->config, CONFIG_disk_low);
    bool critical = node->disk_free < config_number(node->config, CONFIG_disk_critical);
    if (low && !node->disk_low) LOG(disk_low, LOG_U64("free", node->disk_free), LOG_END);
    if (!low && node->disk_low) LOG(disk_recovered, LOG_U64("free", node->disk_free), LOG_END);
    node->disk_low = low;
    if (critical && !node->disk_critical)
        node_fail(node, 74,
                  "free space %llu bytes is below disk.critical: the node stops cleanly; free "
                  "space and start it again",
                  (unsigned long long)node->disk_free);
    node->disk_critical = critical;
}

static void consider_sync(struct node *node)
{
    struct replica_status status;
    replica_status(node->replica, &status);
    bool far = status.target_height > status.height + 2;
    if (far && !node->catching_up)
        LOG(sync_started, LOG_U64("height", status.height), LOG_U64("target", status.target_height),
            LOG_END);
    if (!far && node->catching_up) LOG(sync_finished, LOG_U64("height", status.height), LOG_END);
    node->catching_up = far;
}

/* What an operator must hear of: contradicting signatures, and blocks that nobody seals. */
static void consider_alarms(struct node *node)
{
    struct replica_status status;
    struct digest hash, state_root;
    uint64_t time_ms = 0;
    replica_status(node->replica, &status);
    replica_head(node->replica, &hash, &time_ms, &state_root);
    uint64_t conflicts = status.engine.conflicts + status.conflicts;
    if (conflicts > node->conflicts_seen) LOG(conflict, LOG_U64("count", conflicts), LOG_END);
    node->conflicts_seen = conflicts;
    bool late = status.height > status.sealed_height && wall_clock_ms() > time_ms + UNSEALED_MS_MAX;
    if (late && node->seal_late_height != status.sealed_height + 1)
        LOG(seal_late, LOG_U64("height", status.height), LOG_U64("sealed", status.sealed_height),
            LOG_END);
    if (late) node->seal_late_height = status.sealed_height + 1;
}

static void on_house(uv_timer_t *timer)
{
    struct node *node = timer->data;
    node_enter(node);
    consider_disk(node);
    consider_checkpoint(node);
    consider_sync(node);
    consider_alarms(node);
    node_proofs_house(node);
    node_leave(node);
}

static void on_inbox(struct wake *wake)
{
    struct node *node = wake->data;
    node_take_inbox(node);
}

static void on_signal(uv_signal_t *signal, int number)
{
    struct node *node = signal->data;
    (void)number;
    if (node->stopping) _Exit(0); /* A second one: at once, which is as safe as a crash. */
    node_stop(node);
}

static void on_hangup(uv_signal_t *signal, int number)
{
    (void)number;
    node_reload(signal->data);
}

static enum status handles_start(struct node *node)
{
    uv_loop_t *loop = &node->loop;
    uv_timer_init(loop, &node->wake_timer);
    uv_timer_init(loop, &node->house_timer);
    uv_timer_init(loop, &node->stop_timer);
    uv_signal_init(loop, &node->sigterm);
    uv_signal_init(loop, &node->sigint);
    uv_signal_init(loop, &node->sighup);
    node->wake_timer.data = node->house_timer.data = node;
    node->sigterm.data = node->sigint.data = node->sighup.data = node;
    if (wake_open(&node->inbox_wake, loop, on_inbox, node) != STATUS_OK) return STATUS_IO;
    node->handles_open = true;
    uv_timer_start(&node->house_timer, on_house, HOUSEKEEPING_MS, HOUSEKEEPING_MS);
    uv_signal_start(&node->sigterm, on_signal, SIGTERM);
    uv_signal_start(&node->sigint, on_signal, SIGINT);
    uv_signal_start(&node->sighup, on_hangup, SIGHUP);
    return STATUS_OK;
}

static unsigned checkers_count(const struct node *node)
{
    uint64_t wanted = config_number(node->config, CONFIG_workers_threads);
    if (wanted > 0) return (unsigned)wanted;
    unsigned cpus = uv_available_parallelism();
    return cpus < 1 ? 1 : cpus > 8 ? 8 : cpus;
}

/* Whatever has been checked or executed since the last turn of the loop is heard as one event. */
static void turn_begin(void *user)
{
    node_enter(user);
}

static void turn_end(void *user)
{
    node_leave(user);
}

static enum status threads_start(struct node *node)
{
    struct journal_thread_options options = {
        .journal = node->journal,
        .safety = node->epochs.may_vote ? node->safety : NULL,
        .queue_bytes_max = 512u * 1024 * 1024,
        .segment_size = config_number(node->config, CONFIG_journal_segment_size),
        .on_durable = on_durable,
        .on_failed = on_journal_failed,
        .user = node,
    };
    enum status status = journal_thread_start(&node->journal_thread, &node->loop, &options);
    if (status != STATUS_OK) return status;
    node->journal = NULL;
    if (node->epochs.may_vote) node->safety = NULL;
    status = workers_start(&node->checkers, &node->loop, checkers_count(node), CHECK_JOBS_MAX);
    if (status == STATUS_OK)
        status = workers_start(&node->ledger_thread, &node->loop, 1, LEDGER_JOBS_MAX);
    if (status == STATUS_OK)
        status = workers_start(&node->block_server, &node->loop, 1, SERVE_JOBS_MAX);
    if (status != STATUS_OK) return status;
    workers_around(node->checkers, turn_begin, turn_end, node);
    workers_around(node->ledger_thread, turn_begin, turn_end, node);
    workers_name(node->checkers, "check");
    workers_name(node->ledger_thread, "ledger");
    workers_name(node->block_server, "blocks");
    return STATUS_OK;
}

enum status node_loop_start(struct node *node, struct problem *problem)
{
    enum status status = handles_start(node);
    if (status == STATUS_OK) status = threads_start(node);
    if (status == STATUS_OK) status = peers_start(node, problem);
    if (status != STATUS_OK) return status;
    node_enter(node);
    status = replica_start(node->replica, node_moment(node), epochs_first_record(&node->epochs));
    node->opened = status == STATUS_OK;
    node->checkpoint_at_ms = node_now_ms(node);
    node_leave(node);
    if (status != STATUS_OK)
        return problem_set(problem, status, "the engine does not know its own records: %s",
                           status_text(status));
    LOG(engine_opened, LOG_TEXT("engine", engine_name(node->epochs.now->committee.engine)),
        LOG_END);
    if (node->epochs.votes) LOG(voting, LOG_U64("validator", node->epochs.self), LOG_END);
    return STATUS_OK;
}
