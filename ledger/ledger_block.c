#include "ledger/ledger.h"

#include "ledger/governance.h"
#include "ledger/ledger_inside.h"
#include <stdlib.h>

/* ---- what is to be executed ------------------------------------------------------------------ */

/* A batch, or a sealed block turned back into the batch it came from. */
struct work {
    uint64_t sequence;
    uint64_t time_ms; /* what the proposer wrote */
    struct id proposer;
    bool tick_wanted;
    uint32_t count;
    struct span transactions;      /* count x bytes32, inside the execution's bytes */
    const struct header *expected; /* NULL: whatever comes out is right */
};

static struct execution *execution_new(enum execution_kind kind, uint64_t epoch, uint64_t sequence)
{
    struct execution *execution = calloc(1, sizeof *execution);
    if (!execution) return NULL;
    execution->kind = kind;
    execution->epoch = epoch;
    execution->sequence = sequence;
    return execution;
}

/* Room for enactments and for what count transactions can become, and a copy of the bytes they
 * stand in. */
static bool execution_reserve(struct execution *execution, struct span bytes, uint32_t count)
{
    execution->bytes = malloc(bytes.size ? bytes.size : 1);
    execution->room = count + ENACTMENTS_MAX;
    execution->entries = calloc(execution->room, sizeof *execution->entries);
    execution->skipped = calloc(count ? count : 1, sizeof *execution->skipped);
    if (!execution->bytes || !execution->entries || !execution->skipped) return false;
    if (bytes.size > 0) memcpy(execution->bytes, bytes.data, bytes.size);
    return true;
}

void execution_free(struct execution *execution)
{
    if (!execution) return;
    free(execution->entries);
    free(execution->skipped);
    free(execution->bytes);
    free(execution->changed);
    free(execution);
}

/* ---- transactions ---------------------------------------------------------------------------- */

static bool reserve_leaves(struct ledger *ledger, uint32_t count)
{
    if (count <= ledger->leaf_capacity) return true;
    struct digest *leaves = realloc(ledger->leaves, count * sizeof *leaves);
    if (!leaves) return false;
    ledger->leaves = leaves;
    ledger->leaf_capacity = count;
    return true;
}

bool ledger_reserve_entries(struct ledger *ledger, struct execution *execution, uint32_t count)
{
    uint32_t room = execution->room + count;
    struct executed_entry *entries = realloc(execution->entries, room * sizeof *entries);
    if (!entries) return false;
    execution->entries = entries;
    execution->room = room;
    return reserve_leaves(ledger, room);
}

/* Executes or skips one transaction; the entry's number is how many were included before it. */
static void run_transaction(struct ledger *ledger, struct span bytes, struct execution *execution)
{
    struct executor *x = &ledger->executor;
    struct transaction *tx = &ledger->tx;
    struct refusal refusal = { .code = REFUSAL_none };
    bool decoded = transaction_check(bytes, &ledger->genesis->chain_id, &ledger->params,
                                     ledger->verified, tx, &refusal) == STATUS_OK;
    enum refusal_code code = decoded ? execute_check(x, tx, false, NULL) : refusal.code;
    if (code != REFUSAL_none) {
        struct skipped_transaction *skipped = &execution->skipped[execution->skipped_count++];
        skipped->refusal = code;
        if (decoded || code == REFUSAL_tx_bad_signature || code == REFUSAL_tx_wrong_chain)
            skipped->txid = tx->txid;
        return;
    }
    uint32_t index = execution->entry_count;
    struct outcome outcome = execute_transaction(x, tx, index);
    if (state_status(x->state) != STATUS_OK) return;
    ledger->leaves[index] = ledger_write_entry(ledger, tx, index, outcome);
    execution->entries[index] = (struct executed_entry){
        .kind = ENTRY_TRANSACTION,
        .id = tx->txid,
        .code = (uint16_t)outcome.code,
        .at = outcome.at,
        .transaction = bytes,
    };
    execution->entry_count++;
}

/* Step 5 of execution. */
static enum status run_transactions(struct ledger *ledger, const struct work *work,
                                    struct execution *execution)
{
    struct span rest = work->transactions, bytes;
    while (batch_next(&rest, &bytes)) {
        run_transaction(ledger, bytes, execution);
        if (state_status(ledger->state) != STATUS_OK) return state_status(ledger->state);
    }
    return STATUS_OK;
}

/* Step 6: whether a block without a transaction is to be made. */
static bool tick_is_due(const struct ledger *ledger, const struct work *work)
{
    const uint64_t *values = ledger->params.values;
    uint64_t idle = ledger->executor.time_ms - ledger->head.header.time_ms;
    if (values[PARAM_max_idle_ms] > 0 && idle >= values[PARAM_max_idle_ms]) return true;
    return work->tick_wanted && idle >= values[PARAM_tick_gap_ms_min];
}

/* ---- the end of a block ---------------------------------------------------------------------- */

/* It follows the parent's time, so that the first block after a not_after still holds its entry,
 * and never falls, so that absence stays proven when the grace grows. */
static uint64_t horizon_after(const struct ledger *ledger)
{
    const struct header *parent = &ledger->head.header;
    uint64_t grace = ledger->params.values[PARAM_window_grace_ms];
    uint64_t behind = parent->time_ms > grace ? parent->time_ms - grace : 0;
    return max_u64(parent->window_horizon_ms, behind);
}

/* Step 7: sweep, rows, tree. */
static enum status end_state(struct ledger *ledger, uint64_t horizon_ms, struct problem *problem)
{
    const struct state_change *changes;
    size_t count;
    state_sweep(ledger->state, horizon_ms, (uint32_t)ledger->params.values[PARAM_window_sweep_max]);
    enum status status = state_flush(ledger->state, &changes, &count);
    if (status != STATUS_OK) return status;
    return state_tree_apply(ledger->tree, changes, count, problem);
}

static void fill_header(const struct ledger *ledger, const struct work *work,
                        const struct execution *execution, uint64_t horizon_ms,
                        struct header *header)
{
    const struct header *parent = &ledger->head.header;
    *header = (struct header){
        .version = 1,
        .fault_model = (uint8_t)ledger->committee.fault_model,
        .flags = (uint8_t)((execution->entry_count == 0 ? HEADER_TICK : 0) |
                           (ledger->next.ends_epoch ? HEADER_EPOCH_END : 0)),
        .entry_count = execution->entry_count,
        .chain_id = ledger->genesis->chain_id,
        .epoch = ledger->head.epoch,
        .height = parent->height + 1,
        .sequence = work->sequence,
        .time_ms = ledger->executor.time_ms,
        .window_horizon_ms = horizon_ms,
        .proposer = work->proposer,
        .parent_hash = ledger->head.hash,
        .tx_root = merkle_root(ledger->leaves, execution->entry_count),
        .state_root = state_tree_root(ledger->tree),
        .history_root = merkle_frontier_root(&ledger->history),
        .validators_hash = ledger->committee_hash,
        .next_validators_hash = ledger->next.committee_hash,
        .members_hash = ledger->next.members_hash,
        .params_hash = ledger->next.params_hash,
    };
    ASSERT(ledger->next.ends_epoch ||
           digest_equal(&header->next_validators_hash, &header->validators_hash));
    ASSERT(header->time_ms > parent->time_ms);
    ASSERT(header->window_horizon_ms >= parent->window_horizon_ms);
    ASSERT(header->window_horizon_ms < header->time_ms);
}

static enum status diverged(const struct header *ours, const struct header *expected,
                            struct problem *problem)
{
    char a[80], b[80];
    const char *field = header_difference(ours, expected, a, b);
    if (!field) return STATUS_OK;
    return problem_set(problem, STATUS_DIVERGED,
                       "block %llu: %s is %s here and %s in the sealed header",
                       (unsigned long long)expected->height, field, a, b);
}

static enum status commit_block(struct ledger *ledger, const struct header *header,
                                const struct digest *hash)
{
    store_write_block(ledger->store, header, hash);
    ledger_append_history(ledger, hash);
    ledger_next_write(ledger, header);
    if (ledger->next.ends_epoch)
        store_move_place(ledger->store, header->height, header->epoch + 1, 0);
    else
        store_move_place(ledger->store, header->height, header->epoch, header->sequence);
    store_commit(ledger->store);
    if (store_status(ledger->store) == STATUS_OK) store_trim_wal(ledger->store);
    return store_status(ledger->store);
}

/* Says which parameters are in force from the next block on, if others are. */
static bool tell_params(const struct ledger *ledger, struct execution *execution)
{
    if (digest_equal(&ledger->next.params_hash, &ledger->params_hash)) return true;
    execution->changed = malloc(sizeof *execution->changed);
    if (!execution->changed) return false;
    *execution->changed = ledger->next.params;
    return true;
}

static enum status end_block(struct ledger *ledger, const struct work *work,
                             struct execution *execution, struct problem *problem)
{
    uint64_t horizon_ms = horizon_after(ledger);
    enum status status = ledger_next_end(ledger);
    if (status == STATUS_OK) status = end_state(ledger, horizon_ms, problem);
    if (status != STATUS_OK) return status;
    fill_header(ledger, work, execution, horizon_ms, &execution->header);
    if (work->expected) {
        status = diverged(&execution->header, work->expected, problem);
        if (status != STATUS_OK) return status;
    }
    execution->hash = header_hash(&execution->header);
    execution->kind = EXECUTION_BLOCK;
    if (!tell_params(ledger, execution)) return STATUS_NO_MEMORY;
    status = commit_block(ledger, &execution->header, &execution->hash);
    if (status != STATUS_OK) return status;
    ledger_set_head(ledger, &execution->header, &execution->hash);
    return ledger_next_take(ledger);
}

/* Nothing was included and no tick is due: only the sequence advances, and nothing is written. */
static enum status end_empty(struct ledger *ledger, const struct work *work,
                             struct execution *execution, struct problem *problem)
{
    store_rollback(ledger->store);
    if (store_status(ledger->store) != STATUS_OK) return store_status(ledger->store);
    if (work->expected)
        return problem_set(problem, STATUS_DIVERGED,
                           "block %llu: its transactions give no block here",
                           (unsigned long long)work->expected->height);
    execution->kind = EXECUTION_EMPTY;
    ledger->head.sequence = work->sequence;
    return STATUS_OK;
}

/* ---- execution ------------------------------------------------------------------------------- */

/* After a divergence everything is as before: rows by rollback, memory by reading it again. */
static enum status restore(struct ledger *ledger, struct problem *problem)
{
    struct problem second = { .status = STATUS_OK };
    store_rollback(ledger->store);
    state_forget(ledger->state);
    ledger_next_drop(ledger);
    enum status status = state_tree_load(ledger->tree, &second);
    if (status == STATUS_OK) status = store_status(ledger->store);
    if (status == STATUS_OK) return STATUS_DIVERGED;
    *problem = second;
    return ledger_fail(ledger, status, problem);
}

static enum status run(struct ledger *ledger, const struct work *work, struct execution *execution,
                       struct problem *problem)
{
    struct executor *x = &ledger->executor;
    state_trim(x->state);
    x->height = ledger->head.header.height + 1;
    x->time_ms = max_u64(work->time_ms, ledger->head.header.time_ms + 1);
    bool due = ledger_next_due_ms(ledger) <= x->time_ms;
    if (work->count > 0 || due || tick_is_due(ledger, work)) store_begin(ledger->store);

    ledger_next_begin(ledger);
    enum status status = STATUS_NO_MEMORY;
    if (reserve_leaves(ledger, execution->room)) status = ledger_expire(ledger, execution);
    if (status == STATUS_OK) status = ledger_enact(ledger, execution);
    if (status == STATUS_OK) status = run_transactions(ledger, work, execution);
    if (status == STATUS_OK) {
        if (execution->entry_count > 0 || tick_is_due(ledger, work))
            status = end_block(ledger, work, execution, problem);
        else
            status = end_empty(ledger, work, execution, problem);
    }
    execution->next_due_ms = ledger_next_due_ms(ledger);
    if (status == STATUS_OK) return STATUS_OK;
    if (status == STATUS_DIVERGED) return restore(ledger, problem);
    return ledger_fail(ledger, status, problem);
}

static enum status finish(enum status status, struct execution *made, struct execution **execution)
{
    if (status == STATUS_OK)
        *execution = made;
    else
        execution_free(made);
    return status;
}

/* Runs what `work` says, whose transactions point into bytes, on a copy of them. */
static enum status run_copy(struct ledger *ledger, struct work *work, struct span bytes,
                            struct execution **execution, struct problem *problem)
{
    struct execution *made = execution_new(EXECUTION_EMPTY, ledger->head.epoch, work->sequence);
    if (!made || !execution_reserve(made, bytes, work->count)) {
        execution_free(made);
        return ledger_fail(ledger, STATUS_NO_MEMORY, problem);
    }
    if (work->transactions.size > 0)
        work->transactions.data = made->bytes + (work->transactions.data - bytes.data);
    return finish(run(ledger, work, made, problem), made, execution);
}

static enum status answer(struct ledger *ledger, enum execution_kind kind, uint64_t epoch,
                          uint64_t sequence, struct execution **execution, struct problem *problem)
{
    *execution = execution_new(kind, epoch, sequence);
    if (!*execution) return ledger_fail(ledger, STATUS_NO_MEMORY, problem);
    (*execution)->next_due_ms = ledger_next_due_ms(ledger);
    return STATUS_OK;
}

/* Where a place stands to the head. STATUS_STALE: before it; STATUS_CLOSED: behind the end of its
 * epoch; STATUS_INVALID: it leaves a gap, which only a caller's mistake can. */
static enum status place_of(const struct ledger *ledger, uint64_t epoch, uint64_t sequence)
{
    const struct ledger_head *head = &ledger->head;
    if (head->epoch_ended && epoch == head->header.epoch && sequence > head->header.sequence)
        return STATUS_CLOSED;
    if (epoch < head->epoch || (epoch == head->epoch && sequence <= head->sequence))
        return STATUS_STALE;
    return epoch == head->epoch && sequence == head->sequence + 1 ? STATUS_OK : STATUS_INVALID;
}

static enum status refuse_gap(const struct ledger *ledger, uint64_t epoch, uint64_t sequence,
                              struct problem *problem)
{
    return problem_set(
        problem, STATUS_INVALID, "batch %llu of epoch %llu does not follow %llu of epoch %llu",
        (unsigned long long)sequence, (unsigned long long)epoch,
        (unsigned long long)ledger->head.sequence, (unsigned long long)ledger->head.epoch);
}

static enum status usable(const struct ledger *ledger, struct problem *problem)
{
    *problem = (struct problem){ .status = STATUS_OK };
    if (ledger->failed == STATUS_OK) return STATUS_OK;
    return problem_set(problem, ledger->failed, "the ledger has failed before");
}

enum status ledger_execute(struct ledger *ledger, uint64_t epoch, uint64_t sequence,
                           struct span batch, struct execution **execution, struct problem *problem)
{
    struct problem unwanted;
    struct batch decoded;
    struct work work = { .sequence = sequence };
    *execution = NULL;
    if (!problem) problem = &unwanted;
    enum status status = usable(ledger, problem);
    if (status != STATUS_OK) return status;
    switch (place_of(ledger, epoch, sequence)) {
    case STATUS_OK: break;
    case STATUS_STALE: return answer(ledger, EXECUTION_PAST, epoch, sequence, execution, problem);
    case STATUS_CLOSED: return answer(ledger, EXECUTION_VOID, epoch, sequence, execution, problem);
    default: return refuse_gap(ledger, epoch, sequence, problem);
    }
    /* What does not decode is an empty batch with time 0, flags 0 and zeros as proposer. */
    if (batch_decode(batch, &ledger->params, &decoded) == STATUS_OK) {
        work.time_ms = decoded.time_ms;
        work.proposer = decoded.proposer;
        work.tick_wanted = (decoded.flags & BATCH_FLAG_TICK) != 0;
        work.count = decoded.count;
        work.transactions = decoded.transactions;
    }
    return run_copy(ledger, &work, batch, execution, problem);
}

enum status ledger_skip(struct ledger *ledger, uint64_t epoch, uint64_t sequence)
{
    if (ledger->failed != STATUS_OK) return ledger->failed;
    switch (place_of(ledger, epoch, sequence)) {
    case STATUS_OK: ledger->head.sequence = sequence; return STATUS_OK;
    case STATUS_STALE:
    case STATUS_CLOSED: return STATUS_OK;
    default: return STATUS_INVALID;
    }
}

enum status ledger_execute_block(struct ledger *ledger, struct span block,
                                 struct execution **execution, struct problem *problem)
{
    struct problem unwanted;
    struct header header;
    struct work work = { .expected = &header };
    *execution = NULL;
    if (!problem) problem = &unwanted;
    enum status status = usable(ledger, problem);
    if (status != STATUS_OK) return status;
    status = block_decode(block, &header, &work.count, &work.transactions);
    if (status != STATUS_OK) return problem_set(problem, status, "the block does not decode");
    if (header.height != ledger->head.header.height + 1)
        return problem_set(problem, STATUS_INVALID, "block %llu does not follow block %llu",
                           (unsigned long long)header.height,
                           (unsigned long long)ledger->head.header.height);
    if (header.epoch == ledger->head.epoch && header.sequence <= ledger->head.sequence)
        return problem_set(problem, STATUS_DIVERGED,
                           "block %llu: sequence is above %llu here and %llu in the sealed header",
                           (unsigned long long)header.height,
                           (unsigned long long)ledger->head.sequence,
                           (unsigned long long)header.sequence);
    work.sequence = header.sequence;
    work.time_ms = header.time_ms;
    work.proposer = header.proposer;
    work.tick_wanted = (header.flags & HEADER_TICK) != 0;
    return run_copy(ledger, &work, block, execution, problem);
}
