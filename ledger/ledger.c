#include "ledger/ledger.h"

#include "ledger/genesis_state.h"
#include "ledger/governance.h"
#include "ledger/holds.h"
#include "ledger/ledger_inside.h"
#include <stdlib.h>

/* ---- the head -------------------------------------------------------------------------------- */

const struct ledger_head *ledger_head(const struct ledger *ledger)
{
    return &ledger->head;
}

const struct committee *ledger_committee(const struct ledger *ledger)
{
    return &ledger->committee;
}

const struct params *ledger_params(const struct ledger *ledger)
{
    return &ledger->params;
}

const struct digest *ledger_genesis_hash(const struct ledger *ledger)
{
    return &ledger->genesis_hash;
}

uint64_t ledger_sealed_height(const struct ledger *ledger)
{
    return ledger->sealed_height;
}

void ledger_set_head(struct ledger *ledger, const struct header *header, const struct digest *hash)
{
    bool ended = (header->flags & HEADER_EPOCH_END) != 0;
    ledger->head.header = *header;
    ledger->head.hash = *hash;
    ledger->head.epoch_ended = ended;
    ledger->head.epoch = header->epoch + (ended ? 1 : 0);
    ledger->head.sequence = ended ? 0 : header->sequence;
}

static void write_history(void *context, unsigned level, uint64_t index, const struct digest *hash)
{
    struct ledger *ledger = context;
    store_write_history(ledger->store, level, index, hash);
}

void ledger_append_history(struct ledger *ledger, const struct digest *hash)
{
    merkle_frontier_append(&ledger->history, hash, write_history, ledger);
}

enum status ledger_fail(struct ledger *ledger, enum status status, struct problem *problem)
{
    ASSERT(status != STATUS_OK);
    store_rollback(ledger->store);
    ledger->failed = status;
    if (store_status(ledger->store) != STATUS_OK)
        return problem_set(problem, status, "%s", store_error(ledger->store));
    if (problem && problem->status == status) return status; /* Whoever failed said where. */
    return problem_set(problem, status, "the ledger: %s", status_text(status));
}

/* ---- opening: a new file --------------------------------------------------------------------- */

static enum status create(struct ledger *ledger, struct problem *problem)
{
    struct header header;
    store_begin(ledger->store);
    store_create(ledger->store);
    enum status status = genesis_state_write(ledger->genesis, ledger->store, ledger->state,
                                             ledger->tree, &header, problem);
    if (status == STATUS_OK) {
        struct digest hash = header_hash(&header);
        store_write_block(ledger->store, &header, &hash);
        ledger_append_history(ledger, &hash);
        store_commit(ledger->store);
        status = store_status(ledger->store);
    }
    return status == STATUS_OK ? STATUS_OK : ledger_fail(ledger, status, problem);
}

/* ---- opening: an existing file --------------------------------------------------------------- */

/* The right-hand edge of the history over the first count blocks: node k is at index
 * (count >> k) - 1 of its level, where bit k of count is set. */
static bool read_frontier(struct ledger *ledger, uint64_t count)
{
    struct header header;
    struct digest hash;
    merkle_frontier_init(&ledger->history);
    ledger->history.count = count;
    for (unsigned level = 0; level < MERKLE_PATH_MAX; level++) {
        if ((count >> level & 1) == 0) continue;
        uint64_t index = (count >> level) - 1;
        struct digest *node = &ledger->history.nodes[level];
        if (level == 0) {
            if (!store_read_block(ledger->store, index, &header, &hash)) return false;
            *node = merkle_leaf(&hash);
        } else if (!store_read_history(ledger->store, level, index, node)) {
            return false;
        }
    }
    return true;
}

static enum status damaged(struct problem *problem, const char *what)
{
    return problem_set(problem, STATUS_DAMAGED, "ledger.db: %s", what);
}

/* The last block: it decodes, its hash and chain are right, and nothing stands above it. */
static enum status load_head(struct ledger *ledger, const struct store_place *place,
                             struct problem *problem)
{
    struct header header;
    struct digest hash;
    uint64_t last;
    if (!store_read_block(ledger->store, place->height, &header, &hash))
        return damaged(problem, "its last block is missing or does not decode");
    struct digest computed = header_hash(&header);
    if (!digest_equal(&computed, &hash) || header.height != place->height ||
        !digest_equal(&header.chain_id, &ledger->genesis->chain_id))
        return damaged(problem, "the header of its last block does not fit its hash and height");
    if (!store_read_last_height(ledger->store, &last) || last != place->height)
        return damaged(problem, "a block stands above the height that it was left at");

    ledger_set_head(ledger, &header, &hash);
    if (place->epoch != ledger->head.epoch || place->sequence < ledger->head.sequence)
        return damaged(problem, "epoch or sequence is below that of its last block");
    ledger->head.sequence = place->sequence;
    return STATUS_OK;
}

static enum status load_history(struct ledger *ledger, struct problem *problem)
{
    const struct header *header = &ledger->head.header;
    if (!read_frontier(ledger, header->height))
        return damaged(problem, "a node of the history tree is missing");
    struct digest root = merkle_frontier_root(&ledger->history);
    if (!digest_equal(&root, &header->history_root))
        return damaged(problem, "the nodes of the history tree do not give the last header's "
                                "history root");
    merkle_frontier_append(&ledger->history, &ledger->head.hash, NULL, NULL);
    return STATUS_OK;
}

static enum status load_tree(struct ledger *ledger, struct problem *problem)
{
    enum status status = state_tree_load(ledger->tree, problem);
    if (status != STATUS_OK) return status;
    struct digest root = state_tree_root(ledger->tree);
    if (!digest_equal(&root, &ledger->head.header.state_root)) {
        char have[65], want[65];
        hex_encode(digest_span(&root), have);
        hex_encode(digest_span(&ledger->head.header.state_root), want);
        return problem_set(problem, STATUS_DAMAGED,
                           "ledger.db: its slots give the state root %s, the header of block %llu "
                           "says %s",
                           have, (unsigned long long)ledger->head.header.height, want);
    }
    return STATUS_OK;
}

/* What the next block is executed under; the last header commits to it. */
static enum status load_governance(struct ledger *ledger, struct problem *problem)
{
    const struct header *header = &ledger->head.header;
    if (!store_read_epoch(ledger->store, ledger->head.epoch, &ledger->committee, NULL, NULL))
        return damaged(problem, "the validator set in force is missing or does not decode");
    if (!store_read_params(ledger->store, &ledger->params))
        return damaged(problem, "the parameters are missing");
    ledger->members = store_read_members(ledger->store, &ledger->member_count);
    if (store_status(ledger->store) != STATUS_OK) return store_status(ledger->store);

    ledger->committee_hash = committee_hash(&ledger->committee);
    ledger->params_hash = params_hash(&ledger->params);
    ledger->members_hash = members_hash(ledger->members, ledger->member_count);
    if (!digest_equal(&ledger->committee_hash, &header->next_validators_hash))
        return damaged(problem, "the validator set is not that of the last header");
    if (!digest_equal(&ledger->params_hash, &header->params_hash))
        return damaged(problem, "the parameters are not those of the last header");
    if (!digest_equal(&ledger->members_hash, &header->members_hash))
        return damaged(problem, "the members are not those of the last header");
    ledger->executor.params = &ledger->params;
    ledger->executor.members = ledger->members;
    ledger->executor.member_count = ledger->member_count;
    ledger->executor.time_ms = header->time_ms;
    enum status status = holds_load(&ledger->executor);
    return status == STATUS_OK ? governance_load(&ledger->executor) : status;
}

static enum status load(struct ledger *ledger, struct problem *problem)
{
    struct store_place place;
    struct header first;
    if (!store_read_place(ledger->store, &place))
        return damaged(problem, "it does not say where it stands");
    if (!digest_equal(&place.chain_id, &ledger->genesis->chain_id)) {
        char have[65], want[65];
        hex_encode(digest_span(&place.chain_id), have);
        hex_encode(digest_span(&ledger->genesis->chain_id), want);
        return problem_set(problem, STATUS_MISMATCH,
                           "the ledger is of chain %s, the genesis of chain %s", have, want);
    }
    enum status status = load_head(ledger, &place, problem);
    if (status == STATUS_OK) status = load_governance(ledger, problem);
    if (status == STATUS_OK) status = load_history(ledger, problem);
    if (status == STATUS_OK) status = load_tree(ledger, problem);
    if (status != STATUS_OK) return status;
    if (!store_read_block(ledger->store, 0, &first, &ledger->genesis_hash))
        return damaged(problem, "block 0 is missing or does not decode");
    ledger->sealed_height = store_read_sealed(ledger->store);
    return store_status(ledger->store);
}

static enum status open_parts(struct ledger *ledger, const char *path,
                              const struct ledger_options *options, struct problem *problem)
{
    enum status status = store_open(&ledger->store, path, options, problem);
    if (status != STATUS_OK) return status;
    struct state_storage storage = store_tree_storage(ledger->store);
    ledger->state = state_new(ledger->store, options->hash_seed);
    ledger->tree = state_tree_new(&storage);
    if (!ledger->state || !ledger->tree)
        return problem_set(problem, STATUS_NO_MEMORY, "no memory for the ledger");
    ledger->executor.state = ledger->state;
    ledger->executor.store = ledger->store;
    ledger->executor.genesis = ledger->genesis;
    merkle_frontier_init(&ledger->history);
    if (store_is_new(ledger->store)) {
        status = create(ledger, problem);
        if (status != STATUS_OK) return status;
        state_forget(ledger->state);
    }
    return load(ledger, problem);
}

enum status ledger_open(struct ledger **ledger, const struct genesis *genesis, const char *path,
                        const struct ledger_options *options, struct problem *problem)
{
    static const struct ledger_options standard = { 0 };
    struct problem unwanted;
    struct ledger *made = calloc(1, sizeof *made);
    *ledger = NULL;
    if (!problem) problem = &unwanted;
    *problem = (struct problem){ .status = STATUS_OK };
    if (!made) return problem_set(problem, STATUS_NO_MEMORY, "no memory for the ledger");
    if (!options) options = &standard;
    made->genesis = genesis;
    made->verified = options->cache;
    enum status status = open_parts(made, path, options, problem);
    if (status != STATUS_OK) {
        if (made->store && store_status(made->store) != STATUS_OK)
            status =
                problem_set(problem, store_status(made->store), "%s", store_error(made->store));
        ledger_close(made);
        return status;
    }
    *ledger = made;
    return STATUS_OK;
}

void ledger_close(struct ledger *ledger)
{
    if (!ledger) return;
    state_free(ledger->state);
    state_tree_free(ledger->tree);
    store_close(ledger->store);
    ledger_next_drop(ledger);
    free(ledger->members);
    free(ledger->executor.live.numbers);
    free(ledger->leaves);
    free(ledger);
}

/* ---- admission ------------------------------------------------------------------------------- */

void ledger_admit_begin(struct ledger *ledger)
{
    store_begin_reads(ledger->store);
}

void ledger_admit_end(struct ledger *ledger)
{
    store_commit(ledger->store);
}

/* A ledger that cannot be read says nothing about a transaction: it is to be tried again, here
 * after a restart or elsewhere. */
static enum refusal_code admit_later(struct refusal *refusal)
{
    if (refusal) *refusal = (struct refusal){ .code = REFUSAL_mempool_full };
    return REFUSAL_mempool_full;
}

enum status ledger_status(const struct ledger *ledger)
{
    if (ledger->failed != STATUS_OK) return ledger->failed;
    if (store_status(ledger->store) != STATUS_OK) return store_status(ledger->store);
    return state_status(ledger->state);
}

enum refusal_code ledger_admit(struct ledger *ledger, const struct transaction *tx, uint64_t now_ms,
                               uint64_t *next_lane, struct refusal *refusal)
{
    struct executor *x = &ledger->executor;
    uint64_t position;
    *next_lane = 0;
    if (ledger_status(ledger) != STATUS_OK) return admit_later(refusal);
    state_trim(x->state);
    x->height = ledger->head.header.height + 1;
    x->time_ms = max_u64(ledger->head.header.time_ms + 1, now_ms);
    *next_lane = tx->order == ORDER_LANE ? state_lane_next(x->state, &tx->source, tx->lane) : 0;
    if (store_read_entry(ledger->store, &tx->txid, &position)) {
        if (refusal) {
            memset(refusal, 0, sizeof *refusal);
            refusal->code = REFUSAL_duplicate;
            refusal->txid = tx->txid;
            refusal->account = tx->source;
            refusal->value = position;
        }
        return REFUSAL_duplicate;
    }
    enum refusal_code code = execute_check(x, tx, true, refusal);
    return ledger_status(ledger) == STATUS_OK ? code : admit_later(refusal);
}

/* ---- seals ----------------------------------------------------------------------------------- */

static enum status committee_limits(const struct committee *committee, const struct seal *seal,
                                    uint16_t *quorum, struct problem *problem)
{
    for (uint16_t i = 0; i < seal->count; i++)
        if (seal->signatures[i].validator >= committee->count)
            return problem_set(problem, STATUS_NOT_MEMBER,
                               "signature %u of the seal is of no validator", i);
    *quorum = committee_quorum(committee);
    return STATUS_OK;
}

/* The set that seals a block is nearly always the present one, which is here decoded and with its
 * keys checked; any other is found. */
static enum status seal_limits(struct ledger *ledger, const struct seal *seal, uint16_t *quorum,
                               struct problem *problem)
{
    if (seal->epoch == ledger->head.epoch)
        return committee_limits(&ledger->committee, seal, quorum, problem);
    struct committee *committee = malloc(sizeof *committee);
    if (!committee) return problem_set(problem, STATUS_NO_MEMORY, "no memory for a seal");
    enum status status = store_read_epoch(ledger->store, seal->epoch, committee, NULL, NULL)
                             ? committee_limits(committee, seal, quorum, problem)
                             : problem_set(problem, STATUS_NOT_FOUND, "no epoch %llu",
                                           (unsigned long long)seal->epoch);
    free(committee);
    return status;
}

static enum status seal_place(struct ledger *ledger, const struct seal *seal,
                              struct problem *problem)
{
    struct header header;
    struct digest hash;
    if (!store_read_block(ledger->store, seal->height, &header, &hash))
        return problem_set(problem, STATUS_NOT_FOUND, "no block %llu to seal",
                           (unsigned long long)seal->height);
    if (!digest_equal(&hash, &seal->block_hash) || header.epoch != seal->epoch)
        return problem_set(problem, STATUS_MISMATCH, "the seal is of another block %llu",
                           (unsigned long long)seal->height);
    return STATUS_OK;
}

enum status ledger_store_seal(struct ledger *ledger, const struct seal *seal,
                              struct problem *problem)
{
    uint16_t quorum = 0;
    if (ledger->failed != STATUS_OK)
        return problem_set(problem, ledger->failed, "the ledger has failed before");
    enum status status = seal_place(ledger, seal, problem);
    if (status == STATUS_OK) status = seal_limits(ledger, seal, &quorum, problem);
    if (store_status(ledger->store) != STATUS_OK)
        return ledger_fail(ledger, store_status(ledger->store), problem);
    if (status != STATUS_OK) return status;

    store_begin(ledger->store);
    for (uint16_t i = 0; i < seal->count; i++)
        store_write_seal(ledger->store, seal->height, &seal->signatures[i]);
    uint16_t count = store_count_seal(ledger->store, seal->height);
    store_commit(ledger->store);
    if (store_status(ledger->store) != STATUS_OK)
        return ledger_fail(ledger, store_status(ledger->store), problem);
    if (count >= quorum) ledger->sealed_height = max_u64(ledger->sealed_height, seal->height);
    return STATUS_OK;
}

/* ---- durability ------------------------------------------------------------------------------ */

enum status ledger_checkpoint(struct ledger *ledger, uint64_t *height, struct problem *problem)
{
    if (ledger->failed != STATUS_OK)
        return problem_set(problem, ledger->failed, "the ledger has failed before");
    store_sync(ledger->store, ledger->head.header.height, ledger->head.epoch,
               ledger->head.sequence);
    if (store_status(ledger->store) != STATUS_OK)
        return ledger_fail(ledger, store_status(ledger->store), problem);
    *height = ledger->head.header.height;
    return STATUS_OK;
}
