/* From one epoch into the next, and into the right one at start.
 *
 *     the replica says that its epoch has ended
 *       -> what is under way comes back, a full checkpoint makes the sealed boundary durable
 *       -> a new replica, with the pool of the old one; its first record names the new epoch
 *       -> peers get their new numbers, and a ping that says where we are now
 *
 * A ledger that is older than the journal (lost, or restored) is followed up to the journal's epoch
 * by a replica that promises nothing and whose records are not kept. Only then is the journal
 * heard.
 */
#include "node/node_internal.h"

#include "node/promises.h"
#include <stdio.h>
#include <stdlib.h>

/* ---- opening ---- */

/* Has the ledger's last block ended its epoch without being sealed? Then we are still in there, to
 * have it sealed. */
static uint64_t epoch_to_open(const struct node *node)
{
    const struct ledger_head *head = ledger_head(node->ledger);
    bool sealed = node->sealed_height >= head->header.height;
    return head->epoch_ended && !sealed ? head->header.epoch : head->epoch;
}

static enum status sealed_sequence(struct node *node, uint64_t *sequence, struct problem *problem)
{
    struct block_row row;
    const struct ledger_head *head = ledger_head(node->ledger);
    *sequence = 0;
    if (node->sealed_height == 0) return STATUS_OK;
    if (head->epoch_ended && node->epoch->number == head->epoch) return STATUS_OK;
    enum status status = ledger_read_block(node->block_reader, node->sealed_height, &row);
    if (status != STATUS_OK)
        return problem_set(problem, STATUS_DAMAGED, "block %llu cannot be read: %s",
                           (unsigned long long)node->sealed_height,
                           ledger_reader_error(node->block_reader));
    if (row.header.epoch == node->epoch->number) *sequence = row.header.sequence;
    return STATUS_OK;
}

/* Who we are in this epoch, and whether we may vote in it. */
static void find_self(struct node *node)
{
    node->self = node->signer
                     ? committee_find_key(&node->epoch->committee, signer_public_key(node->signer))
                     : VALIDATOR_NONE;
    node->votes = node->may_vote && node->self != VALIDATOR_NONE && !node->unrecorded;
    if (node->may_vote)
        snprintf(node->votes_reason, sizeof node->votes_reason, "%s",
                 node->votes                    ? ""
                 : node->self == VALIDATOR_NONE ? "key_unknown"
                                                : "catching_up");
}

static enum status make_replica(struct node *node, struct pool *pool, struct replica **replica,
                                struct problem *problem)
{
    uint64_t sequence;
    enum status status = sealed_sequence(node, &sequence, problem);
    if (status != STATUS_OK) return status;
    const struct config *config = node->config;
    struct replica_config wanted = {
        .genesis = node->genesis,
        .committee = &node->epoch->committee,
        .params = &node->epoch->params,
        .epoch = node->epoch->number,
        .boundary_hash = node->epoch->boundary_hash,
        .next_due_ms = ledger_next_due_ms(node->ledger),
        .tick_gap_ms = ledger_params(node->ledger)->values[PARAM_tick_gap_ms_min],
        .adopted = pool,
        .self = node->self,
        .signer = node->votes ? node->signer : NULL,
        .pool = { .txs_max = (uint32_t)config_number(config, CONFIG_mempool_txs_max),
                  .bytes_max = config_number(config, CONFIG_mempool_bytes_max),
                  .source_txs_max =
                      (uint32_t)config_number(config, CONFIG_mempool_source_txs_max) },
        .journal_roll_bytes = config_number(config, CONFIG_journal_segment_size) / 2,
        .engine_cache = node->engine_cache,
        .account_cache = node->account_cache,
    };
    random_bytes(wanted.hash_key, sizeof wanted.hash_key);
    random_bytes(&wanted.seed, sizeof wanted.seed);
    status =
        replica_new(replica, &wanted, ledger_head(node->ledger), node->sealed_height, sequence);
    if (status == STATUS_UNSUPPORTED)
        problem_set(problem, status, "this release does not run engine %s",
                    engine_name(wanted.committee->engine));
    return status;
}

/* Blocks of the epoch that were executed but not sealed: their signatures may never have left. */
static enum status known_blocks(struct node *node, struct replica *replica, struct problem *problem)
{
    uint64_t head = ledger_head(node->ledger)->header.height;
    for (uint64_t height = node->sealed_height + 1; height <= head; height++) {
        struct block_row row;
        if (ledger_read_block(node->block_reader, height, &row) != STATUS_OK)
            return problem_set(problem, STATUS_DAMAGED, "block %llu cannot be read: %s",
                               (unsigned long long)height, ledger_reader_error(node->block_reader));
        if (row.header.epoch == node->epoch->number)
            replica_known_block(replica, &row.header, &row.hash);
    }
    return STATUS_OK;
}

enum status node_epoch_open(struct node *node, struct pool *pool, struct replica **replica,
                            struct problem *problem)
{
    struct epoch_record *epoch = malloc(sizeof *epoch);
    if (!epoch) return STATUS_NO_MEMORY;
    uint64_t number = epoch_to_open(node);
    enum status status = ledger_read_epoch(node->ledger, number, epoch);
    if (status != STATUS_OK) {
        free(epoch);
        return problem_set(problem, status, "epoch %llu cannot be read: %s",
                           (unsigned long long)number, status_text(status));
    }
    node->epoch = epoch;
    status = node_rotate(node, problem);
    if (status != STATUS_OK) return status;
    find_self(node);
    status = make_replica(node, pool, replica, problem);
    return status == STATUS_OK ? known_blocks(node, *replica, problem) : status;
}

/* ---- the journal's word ---- */

/* A journal that ends before what the safety file remembers has forgotten promises. One that goes
 * further stands alone, after a power cut that took what the safety file said last: it is told
 * again before anything else happens, or a journal that is lost now would not be missed. That
 * of a key without a vote in this epoch is told nothing: what the journal remembers may be an older
 * key's, and the new one would never be let vote. */
static enum status compare_with_safety(struct node *node, struct replica *replica,
                                       struct problem *problem)
{
    uint64_t last_record = node->journal_report.last_record;
    if (!node->may_vote) return STATUS_OK;
    if (promises_lost(&node->safety_state, replica, last_record)) {
        node_refuse_votes(node, "journal_lost");
        replica_disarm(replica);
        LOG(not_voting, LOG_TEXT("why", node->votes_reason), LOG_U64("journal_record", last_record),
            LOG_U64("safety_record", node->safety_state.journal_record), LOG_END);
        return STATUS_OK;
    }
    if (!node->safety || !node->votes) return STATUS_OK;
    if (!promises_raise(&node->safety_state, replica)) return STATUS_OK;
    node->safety_state.journal_record = last_record;
    enum status status = safety_write(node->safety, &node->safety_state);
    if (status == STATUS_OK) status = safety_sync(node->safety);
    if (status == STATUS_OK) return STATUS_OK;
    return problem_set(problem, status, "the safety file cannot be written");
}

enum status node_epoch_restored(struct node *node, struct problem *problem)
{
    struct public_key key;
    node->journal_epoch = replica_journal_epoch(node->replica, &key);
    if (node->journal_epoch <= node->epoch->number)
        return compare_with_safety(node, node->replica, problem);
    /* The ledger is older: the journal waits for it. */
    LOG(ledger_behind_journal, LOG_U64("epoch", node->epoch->number),
        LOG_U64("journal_epoch", node->journal_epoch), LOG_END);
    node->unrecorded = true;
    replica_free(node->replica);
    free(node->epoch);
    node->replica = NULL;
    node->epoch = NULL;
    return node_epoch_open(node, NULL, &node->replica, problem);
}

static enum status on_record(void *user, const struct journal_record *record)
{
    struct replica *replica = user;
    return replica_restore(replica, record->kind, record->payload);
}

/* The ledger has come to the epoch of the journal, whose records are heard now. */
static enum status hear_journal(struct node *node, struct replica *replica, struct problem *problem)
{
    char dir[PATH_BYTES_MAX];
    struct journal_options options;
    enum status status = node_journal_options(node, dir, &options);
    if (status != STATUS_OK) return status;
    status = journal_scan(&options, on_record, replica, NULL, problem);
    return status == STATUS_OK ? compare_with_safety(node, replica, problem) : status;
}

/* ---- the switch ---- */

/* All that the new replica needs to know of the peers; it is told before it says anything. */
static void introduce_peers(struct node *node)
{
    struct peer_info info;
    size_t cursor = 0;
    memset(node->peer_seen, 0, sizeof node->peer_seen);
    while (peers_next(node->peers, &cursor, &info))
        if (info.connected) node_peer_up(node, info.peer, &info);
    peers_announce(node->peers);
}

static enum status next_epoch(struct node *node, struct problem *problem)
{
    struct replica *old = node->replica;
    struct replica *new = NULL;
    struct epoch_record *before = node->epoch;
    struct pool *pool = replica_pool_take(old);
    uint64_t number = epoch_to_open(node);
    bool hears = node->unrecorded && number >= node->journal_epoch;
    if (hears) node->unrecorded = false;
    enum status status = node_epoch_open(node, pool, &new, problem);
    if (status == STATUS_OK && hears) status = hear_journal(node, new, problem);
    if (!new) {
        pool_free(pool);
        if (node->epoch != before) free(node->epoch);
        node->epoch = before;
        return status;
    }
    node->replica = new;
    replica_free(old);
    signer_free(node->signer_before);
    node->signer_before = NULL;
    free(before);
    if (status != STATUS_OK) return status;
    uint64_t first = node->unrecorded ? 1 : journal_thread_last(node->journal_thread) + 1;
    status = replica_start(new, node_moment(node), first);
    if (status == STATUS_OK) status = node_peers_set(node, problem);
    if (status == STATUS_OK) introduce_peers(node);
    early_release(node, status == STATUS_OK);
    return status;
}

static void log_epoch(const struct node *node)
{
    LOG(epoch_opened, LOG_U64("epoch", node->epoch->number),
        LOG_U64("height", node->epoch->first_height),
        LOG_U64("validators", node->epoch->committee.count), LOG_BOOL("votes", node->votes),
        LOG_END);
}

void node_epoch_saved(struct node *node)
{
    struct problem problem = { .status = STATUS_OK };
    node->epoch_ended = false;
    enum status status = next_epoch(node, &problem);
    if (status != STATUS_OK) {
        node_fail(node, 1, "the next epoch cannot be opened: %s",
                  problem.text[0] ? problem.text : status_text(status));
        return;
    }
    node_view_epoch(node);
    log_epoch(node);
    uv_async_send(&node->inbox_async); /* What clients have sent meanwhile. */
}

void node_epoch_turn(struct node *node)
{
    bool waits = node->epoch_ended && !node->checkpointing && node->exit_code == 0;
    if (!waits || node->closing || !replica_quiet(node->replica)) return;
    if (node_now_ms(node) < node->epoch_retry_ms) return;
    node->epoch_saving = true;
    ledger_job_checkpoint(node);
}
