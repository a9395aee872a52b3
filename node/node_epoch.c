/* From one epoch into the next, and into the right one at start: what node/epochs.h asks of a node.
 *
 *     the replica says that its epoch has ended
 *       -> what is under way comes back, a full checkpoint makes the sealed boundary durable
 *       -> epochs_turn: a new replica, with the pool of the old one
 *       -> peers get their new numbers, and a ping that says where we are now
 */
#include "node/node_internal.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- what only the host can do ---- */

static enum status take_key(void *user, const struct committee *set, struct problem *problem)
{
    return node_rotate(user, set, problem);
}

static enum status read_block(void *user, uint64_t height, struct header *header,
                              struct digest *hash, struct problem *problem)
{
    const struct node *node = user;
    struct block_row row;
    if (ledger_read_block(node->block_reader, height, &row) != STATUS_OK)
        return problem_set(problem, STATUS_DAMAGED, "block %llu cannot be read: %s",
                           (unsigned long long)height, ledger_reader_error(node->block_reader));
    *header = row.header;
    *hash = row.hash;
    return STATUS_OK;
}

static void configure(void *user, struct replica_config *wanted)
{
    struct node *node = user;
    wanted->pool = node_pool_limits(node);
    wanted->journal_roll_bytes = config_number(node->config, CONFIG_journal_segment_size) / 2;
    wanted->engine_cache = node->engine_cache;
    wanted->account_cache = node->account_cache;
    random_bytes(wanted->hash_key, sizeof wanted->hash_key);
    random_bytes(&wanted->seed, sizeof wanted->seed);
}

static enum status on_record(void *user, const struct journal_record *record)
{
    struct replica *replica = user;
    return replica_restore(replica, record->kind, record->payload);
}

static enum status hear_journal(void *user, struct replica *replica, uint64_t *last_record,
                                struct problem *problem)
{
    struct node *node = user;
    char dir[PATH_BYTES_MAX];
    struct journal_options options;
    *last_record = node->journal_report.last_record; /* Nothing was kept since. */
    enum status status = node_journal_options(node, dir, &options);
    return status == STATUS_OK ? journal_scan(&options, on_record, replica, NULL, problem) : status;
}

/* The thread that has the file writes it with its next group, before anything of that is told. */
static enum status tell_safety(void *user, const struct safety_state *state,
                               struct problem *problem)
{
    struct node *node = user;
    if (!node->safety) {
        journal_thread_safety(node->journal_thread, state);
        return STATUS_OK;
    }
    enum status status = safety_write(node->safety, state);
    if (status == STATUS_OK) status = safety_sync(node->safety);
    if (status == STATUS_OK) return STATUS_OK;
    return problem_set(problem, status, "the safety file cannot be written");
}

static uint64_t last_record(void *user)
{
    const struct node *node = user;
    return journal_thread_last(node->journal_thread);
}

/* All that the new replica needs to know of the peers; it is told before it says anything. */
static enum status introduce(void *user, struct problem *problem)
{
    struct node *node = user;
    struct peer_info info;
    size_t cursor = 0;
    enum status status = node_peers_set(node, problem);
    if (status == STATUS_OK) {
        memset(node->peer_seen, 0, sizeof node->peer_seen);
        while (peers_next(node->peers, &cursor, &info))
            if (info.connected) node_peer_up(node, info.peer, &info);
        peers_announce(node->peers);
    }
    early_release(node, status == STATUS_OK);
    return status;
}

static const struct epochs_host host = { .take_key = take_key,
                                         .read_block = read_block,
                                         .configure = configure,
                                         .hear_journal = hear_journal,
                                         .tell_safety = tell_safety,
                                         .last_record = last_record,
                                         .introduce = introduce };

/* ---- at start ---- */

static void log_silence(const struct node *node)
{
    LOG(not_voting, LOG_TEXT("why", node->epochs.why),
        LOG_U64("journal_record", node->journal_report.last_record),
        LOG_U64("safety_record", node->epochs.safety.journal_record), LOG_END);
}

enum status node_epoch_open(struct node *node, struct problem *problem)
{
    struct epochs *epochs = &node->epochs;
    epochs->host = &host;
    epochs->user = node;
    epochs->genesis = node->genesis;
    epochs->ledger = node->ledger;
    return epochs_open(epochs, &node->replica, problem);
}

enum status node_epoch_restored(struct node *node, struct problem *problem)
{
    struct epochs *epochs = &node->epochs;
    bool could_vote = epochs->may_vote;
    enum status status =
        epochs_restored(epochs, &node->replica, node->journal_report.last_record, problem);
    if (status != STATUS_OK) return status;
    if (could_vote && !epochs->may_vote) log_silence(node);
    if (epochs->unrecorded)
        LOG(ledger_behind_journal, LOG_U64("epoch", epochs->now->number),
            LOG_U64("journal_epoch", epochs->journal_epoch), LOG_END);
    return STATUS_OK;
}

/* ---- the switch ---- */

static void log_epoch(const struct node *node)
{
    const struct epochs *epochs = &node->epochs;
    LOG(epoch_opened, LOG_U64("epoch", epochs->now->number),
        LOG_U64("height", epochs->now->first_height),
        LOG_U64("validators", epochs->now->committee.count), LOG_BOOL("votes", epochs->votes),
        LOG_END);
}

void node_epoch_saved(struct node *node)
{
    struct problem problem = { .status = STATUS_OK };
    bool could_vote = node->epochs.may_vote;
    enum status status = epochs_turn(&node->epochs, &node->replica, node_moment(node), &problem);
    if (status != STATUS_OK) {
        node_fail(node, 1, "the next epoch cannot be opened: %s",
                  problem.text[0] ? problem.text : status_text(status));
        return;
    }
    signer_free(node->signer_before);
    node->signer_before = NULL;
    if (could_vote && !node->epochs.may_vote) log_silence(node);
    node_view_epoch(node);
    log_epoch(node);
    wake_send(&node->inbox_wake); /* What clients have sent meanwhile. */
}

void node_epoch_turn(struct node *node)
{
    if (node->checkpointing || node->exit_code != 0 || node->closing) return;
    if (!epochs_due(&node->epochs, node->replica)) return;
    if (node_now_ms(node) < node->epoch_retry_ms) return;
    node->epochs.saving = true;
    ledger_job_checkpoint(node);
}
