#include "node/node_internal.h"

#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>

/* The names of the validators and of the engine's statements. */
void node_metrics_epoch(struct node *node)
{
    const struct committee *committee = &node->epochs.now->committee;
    static char addresses[COMMITTEE_MAX][ADDRESS_TEXT];
    const char *names[COMMITTEE_MAX];
    for (uint16_t i = 0; i < committee->count; i++) {
        address_encode(ADDRESS_VALIDATOR, &committee->validators[i].id, addresses[i]);
        names[i] = addresses[i];
    }
    metrics_labels_set(LABELS_validator, names, committee->count);
    const struct check_context *context = replica_check_context(node->replica);
    metrics_labels_set(LABELS_statement, context->engine->kinds, context->engine->kinds_count);
}

void node_metrics_init(struct node *node)
{
    const struct committee *committee = &node->epochs.now->committee;
    char chain_id[65];
    hex_encode(digest_span(&node->genesis->chain_id), chain_id);
    const char *build[] = { "version", WITAN_VERSION,        "revision",  "unknown",
                            "sqlite",  sqlite3_libversion(), "libsodium", sodium_version_string(),
                            NULL };
    const char *chain[] = {
        "chain_id",    chain_id,
        "network",     node->genesis->network,
        "engine",      engine_name(committee->engine),
        "fault_model", committee->fault_model == FAULT_CRASH ? "crash" : "byzantine",
        NULL
    };
    metrics_info_set(METRIC_build_info, build);
    metrics_info_set(METRIC_chain_info, chain);
}

static void fill_replica(struct node *node)
{
    struct replica_status status;
    replica_status(node->replica, &status);
    metric_set(METRIC_node_votes, 0, status.votes ? 1 : 0);
    metric_set(METRIC_consensus_view, 0, (double)status.engine.view);
    metric_set(METRIC_consensus_sequence, 0, (double)status.engine.index_decided);
    metric_set(METRIC_consensus_leads, 0, status.engine.leader == node->epochs.self ? 1 : 0);
    metric_set(METRIC_consensus_validators, 0, node->epochs.now->committee.count);
    metric_set(METRIC_consensus_quorum, 0, committee_quorum(&node->epochs.now->committee));
    metric_set(METRIC_consensus_undecided, 0, status.undecided_max);
    metric_total(METRIC_consensus_views_total, LABEL_outcome_timeout, status.engine.timeouts);
    metric_total(METRIC_consensus_views_total, LABEL_outcome_decided, status.engine.index_decided);
    metric_set(METRIC_ledger_height, 0, (double)status.height);
    metric_set(METRIC_ledger_sealed_height, 0, (double)status.sealed_height);
    metric_set(METRIC_ledger_epoch, 0, (double)status.epoch);
    metric_set(METRIC_seal_unsealed, 0, (double)(status.height - status.sealed_height));
    metric_set(METRIC_mempool_txs, 0, status.pool.txs);
    metric_set(METRIC_mempool_bytes, 0, (double)status.pool.bytes);
    uint64_t now = uv_now(&node->loop);
    metric_set(METRIC_mempool_oldest_seconds, 0,
               status.pool.oldest_ms ? (double)(now - status.pool.oldest_ms) / 1000 : 0);
    metric_set(METRIC_sync_active, 0, status.syncing ? 1 : 0);
    metric_set(METRIC_sync_target_height, 0, (double)status.target_height);
    metric_set(METRIC_crypto_verify_queue, 0, status.checks);
}

static void fill_crypto(struct node *node)
{
    struct verify_counts account = verify_cache_counts(node->account_cache);
    struct verify_counts engine = verify_cache_counts(node->engine_cache);
    uint32_t cell =
        metric_cell(METRIC_crypto_verify_total, LABEL_verified_transaction, LABEL_verdict_ok);
    metric_total(METRIC_crypto_verify_total, cell, account.computed);
    cell =
        metric_cell(METRIC_crypto_verify_total, LABEL_verified_transaction, LABEL_verdict_cached);
    metric_total(METRIC_crypto_verify_total, cell, account.remembered);
    cell = metric_cell(METRIC_crypto_verify_total, LABEL_verified_statement, LABEL_verdict_ok);
    metric_total(METRIC_crypto_verify_total, cell, engine.computed);
    cell = metric_cell(METRIC_crypto_verify_total, LABEL_verified_statement, LABEL_verdict_cached);
    metric_total(METRIC_crypto_verify_total, cell, engine.remembered);
}

static void fill_files(struct node *node)
{
    struct stat st;
    if (stat(node->ledger_path, &st) == 0) metric_set(METRIC_db_bytes, 0, (double)st.st_size);
    char wal[PATH_BYTES_MAX + 8];
    snprintf(wal, sizeof wal, "%s-wal", node->ledger_path);
    if (stat(wal, &st) == 0) metric_set(METRIC_db_wal_bytes, 0, (double)st.st_size);
    metric_set(METRIC_disk_free_bytes, 0, (double)node->disk_free);
}

static void fill_peers(struct node *node)
{
    uint16_t connected = 1;
    for (uint16_t i = 0; i < node->epochs.now->committee.count; i++) {
        const struct peer_view *peer = &node->peer_views[i];
        metric_set(METRIC_peer_connected, i, node->peer_seen[i] ? 1 : 0);
        metric_set(METRIC_peer_height, i, (double)peer->height);
        metric_set(METRIC_peer_round_trip_seconds, i, (double)peer->rtt_us / 1e6);
        metric_set(METRIC_peer_queue_bytes, i, (double)peer->send_queue_bytes);
        metric_set(METRIC_peer_clock_offset_seconds, i, (double)peer->clock_offset_ms / 1e3);
        if (node->peer_seen[i]) connected++;
    }
    metric_set(METRIC_consensus_connected, 0, connected);
}

/* Gauges are filled in when somebody looks; an idle node does no work for them. */
void node_metrics_fill(struct node *node)
{
    pthread_mutex_lock(&node->lock_replica);
    fill_replica(node);
    fill_peers(node);
    pthread_mutex_unlock(&node->lock_replica);
    fill_crypto(node);
    fill_files(node);
    struct log_figures figures;
    log_figures(&figures);
    for (unsigned level = 0; level <= LEVEL_TRACE; level++)
        metric_total(METRIC_log_messages_total, level, figures.lines[level]);
    metric_total(METRIC_log_dropped_total, 0, figures.dropped);
}

/* An engine's message, as the checking threads judged it. */
void metrics_message(const struct check_job *job)
{
    if (job->kind != CHECK_MESSAGE) return;
    uint32_t heard = LABEL_heard_malformed;
    if (job->status == STATUS_OK) heard = LABEL_heard_ok;
    if (job->status == STATUS_BAD_SIGNATURE) heard = LABEL_heard_bad_signature;
    if (job->status == STATUS_STALE) heard = LABEL_heard_stale;
    metric_add(METRIC_consensus_messages_total,
               metric_cell(METRIC_consensus_messages_total, job->message.statement.kind, heard), 1);
}

/* Whose signatures made the quorum, and whose came too late for it. */
void metrics_seal(const struct seal *seal, uint16_t validators)
{
    uint16_t next = 0;
    for (uint16_t i = 0; i < validators; i++) {
        bool signs = next < seal->count && seal->signatures[next].validator == i;
        if (!signs) {
            metric_add(METRIC_seal_missed_total, i, 1);
            continue;
        }
        metric_add(METRIC_seal_signatures_total, i, 1);
        metric_set(METRIC_seal_last_height, i, (double)seal->height);
        next++;
    }
}

/* ---- from admission here to committed and sealed ---- */

static uint64_t now_ns(void)
{
    return uv_hrtime();
}

static struct latency *latency_of(struct node *node, const struct digest *txid)
{
    size_t index = ((size_t)txid->bytes[0] | (size_t)txid->bytes[1] << 8) % LATENCY_KEPT;
    return &node->latencies[index];
}

/* A direct-mapped table: a transaction that meets another one there is simply not measured. */
void latency_admitted(struct node *node, const struct digest *txid)
{
    struct latency *latency = latency_of(node, txid);
    *latency = (struct latency){ *txid, now_ns(), 0 };
}

void latency_committed(struct node *node, const struct digest *txid, uint64_t height)
{
    struct latency *latency = latency_of(node, txid);
    if (latency->admitted_ns == 0 || !digest_equal(&latency->txid, txid)) return;
    latency->height = height;
    metric_observe_ns(METRIC_tx_latency_seconds, LABEL_stage_committed,
                      now_ns() - latency->admitted_ns);
}

void latency_sealed(struct node *node, uint64_t from, uint64_t to)
{
    uint64_t now = now_ns();
    for (size_t i = 0; i < LATENCY_KEPT; i++) {
        struct latency *latency = &node->latencies[i];
        if (latency->height == 0 || latency->height < from || latency->height > to) continue;
        metric_observe_ns(METRIC_tx_latency_seconds, LABEL_stage_sealed,
                          now - latency->admitted_ns);
        *latency = (struct latency){ .height = 0 };
    }
}

/* ---- from proposed to decided, from executed to sealed ---- */

static void timing_begin(struct timing *table, uint64_t number)
{
    table[number % TIMING_KEPT] = (struct timing){ number, now_ns() };
}

static void timing_end(struct timing *table, uint64_t number, enum metric metric)
{
    struct timing *timing = &table[number % TIMING_KEPT];
    if (timing->number != number || timing->begun_ns == 0) return;
    metric_observe_ns(metric, 0, now_ns() - timing->begun_ns);
    timing->begun_ns = 0;
}

/* A proposal is written to the journal before it is voted for, and its decision when it is made;
 * the first number of either record's proposal is its index (node/replica.h). */
void timing_record(struct node *node, uint8_t kind, struct span payload)
{
    struct reader r = reader_of(payload);
    if (kind == JOURNAL_PROPOSAL) {
        timing_begin(node->proposed, read_u64(&r));
    } else if (kind == JOURNAL_DECIDED) {
        read_u64(&r); /* epoch */
        timing_end(node->proposed, read_u64(&r), METRIC_consensus_decide_seconds);
    }
}

void timing_executed(struct node *node, uint64_t height)
{
    timing_begin(node->executed, height);
}

void timing_sealed(struct node *node, uint64_t from, uint64_t to)
{
    if (to - from >= TIMING_KEPT) from = to - TIMING_KEPT + 1;
    for (uint64_t height = from; height <= to; height++)
        timing_end(node->executed, height, METRIC_seal_delay_seconds);
}
