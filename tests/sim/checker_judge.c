/* The reference executor's judgement of a block, once for each height, and of batches of which
 * nothing got in. */
#include "checker_internal.h"

#include <inttypes.h>

/* An entry that the product made, and what the reference executor makes of it. */
static bool same_result(struct checker *checker, uint64_t height, uint32_t number,
                        const struct executed_entry *entry, const struct model_result *result)
{
    char txid[65];
    hex_encode(digest_span(&entry->id), txid);
    if (result->refusal != REFUSAL_none)
        return checker_fail(checker, CHECK_EXECUTION,
                            "block %" PRIu64 ", entry %u (%.16s): should have been skipped, %s",
                            height, number, txid, refusal_name(result->refusal));
    if (result->code != entry->code || result->at != entry->at)
        return checker_fail(checker, CHECK_EXECUTION,
                            "block %" PRIu64 ", entry %u (%.16s): %s at %u, should be %s at %u",
                            height, number, txid, result_name(entry->code), entry->at,
                            result_name(result->code), result->at);
    return true;
}

static bool add_entry(struct checker *checker, uint64_t height, uint32_t number,
                      const struct executed_entry *entry)
{
    char txid[65];
    hex_encode(digest_span(&entry->id), txid);
    struct made *made = shelf_find(&checker->transactions, &entry->id);
    if (entry->kind != ENTRY_TRANSACTION)
        return checker_fail(checker, CHECK_EXECUTION, "block %" PRIu64 ": entry %u is of kind %u",
                            height, number, entry->kind);
    if (!made)
        return checker_fail(checker, CHECK_ONCE, "block %" PRIu64 ": nobody has sent %.16s", height,
                            txid);
    if (made->height != 0)
        return checker_fail(checker, CHECK_ONCE,
                            "block %" PRIu64 ": %.16s is in block %" PRIu64 " already", height,
                            txid, made->height);
    made->height = height;
    made->entry = number;
    made->code = entry->code;
    made->at = entry->at;
    checker->committed++;
    return true;
}

/* Holds that are due stand in front, in their order. */
static bool judge_expired(struct checker *checker, const struct execution *e, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct id hold = model_expired(checker->model, i);
        struct digest id = digest_of(TAG_EXPIRY, span_of(hold.bytes, sizeof hold.bytes));
        if (i < e->entry_count && e->entries[i].kind == ENTRY_EXPIRY &&
            e->entries[i].code == RESULT_ok && e->entries[i].at == 0 &&
            digest_equal(&e->entries[i].id, &id))
            continue;
        return checker_fail(checker, CHECK_EXECUTION,
                            "block %" PRIu64 ": entry %u is not the end of a hold, as it should be",
                            e->header.height, i);
    }
    return true;
}

/* The batch was put in order as this: every transaction in turn is an entry or skipped. entries:
 * those before them. */
static bool judge_batch(struct checker *checker, const struct execution *e,
                        const struct batch *batch, uint32_t entries)
{
    struct span rest = batch->transactions, bytes;
    uint64_t height = e->header.height;
    while (batch_next(&rest, &bytes)) {
        struct model_result result = model_run(checker->model, bytes);
        if (result.refusal != REFUSAL_none) continue;
        if (entries == e->entry_count ||
            memcmp(&result.txid, &e->entries[entries].id, sizeof result.txid) != 0) {
            char txid[65];
            hex_encode(digest_span(&result.txid), txid);
            return checker_fail(checker, CHECK_EXECUTION,
                                "block %" PRIu64 ": %.16s is not entry %u, as it should be (%s)",
                                height, txid, entries, result_name(result.code));
        }
        if (!same_result(checker, height, entries, &e->entries[entries], &result)) return false;
        entries++;
    }
    if (entries == e->entry_count) return true;
    return checker_fail(checker, CHECK_EXECUTION,
                        "block %" PRIu64 " has %u entries, its batch gives %u", height,
                        e->entry_count, entries);
}

/* Where nobody has stored the batch: the entries alone. */
static bool judge_entries(struct checker *checker, const struct execution *e, uint32_t first)
{
    for (uint32_t i = first; i < e->entry_count; i++) {
        struct model_result result = model_run(checker->model, e->entries[i].transaction);
        if (!same_result(checker, e->header.height, i, &e->entries[i], &result)) return false;
    }
    return true;
}

/* The batch that was decided as this sequence; false if it is not known here. What does not decode
 * is an empty batch. */
static bool batch_of(struct checker *checker, uint64_t sequence, struct batch *batch)
{
    if (chain_absurd(sequence)) return false;
    const struct decision *decision = chain_decision(checker, sequence);
    if (!decision->known) return false;
    const struct kept_batch *kept = shelf_find(&checker->batches, &decision->proposal.batch);
    if (!kept) return false;
    if (batch_decode(blob_span(kept->bytes), &checker->genesis->params, batch) != STATUS_OK)
        *batch = (struct batch){ .time_ms = 0 };
    return true;
}

static uint64_t block_time(const struct checker *checker, uint64_t wanted_ms)
{
    uint64_t least = model_time_ms(checker->model) + 1;
    return wanted_ms > least ? wanted_ms : least;
}

void judge_block(struct checker *checker, const struct execution *e)
{
    struct problem problem;
    struct batch batch;
    uint64_t height = e->header.height;
    bool known = batch_of(checker, e->sequence, &batch);
    if (known && e->header.time_ms != block_time(checker, batch.time_ms))
        checker_fail(checker, CHECK_EXECUTION, "block %" PRIu64 " has a time of its own", height);
    if (known && memcmp(&e->header.proposer, &batch.proposer, sizeof batch.proposer) != 0)
        checker_fail(checker, CHECK_EXECUTION, "block %" PRIu64 " names another proposer", height);
    if (e->header.time_ms <= model_time_ms(checker->model))
        checker_fail(checker, CHECK_EXECUTION, "block %" PRIu64 " is not later than its parent",
                     height);
    uint32_t expired = model_begin(checker->model, e->header.time_ms);
    if (!judge_expired(checker, e, expired)) return;
    for (uint32_t i = expired; i < e->entry_count; i++)
        if (!add_entry(checker, height, i, &e->entries[i])) return;
    if (known ? !judge_batch(checker, e, &batch, expired) : !judge_entries(checker, e, expired))
        return;
    model_end(checker->model);
    if (e->header.window_horizon_ms != model_horizon_ms(checker->model))
        checker_fail(checker, CHECK_EXECUTION,
                     "block %" PRIu64 " forgets references at another time", height);
    if (!model_sums_hold(checker->model, &problem))
        checker_fail(checker, CHECK_EXECUTION, "block %" PRIu64 ": %s", height, problem.text);
    checker->height = height;
}

/* Nothing of this batch got in: is that so? */
void judge_empty(struct checker *checker, uint16_t replica, const struct execution *e)
{
    struct batch batch;
    struct span bytes;
    const struct watched *w = &checker->watched[replica];
    if (w->frail) return;
    if (w->height != model_height(checker->model) || !batch_of(checker, e->sequence, &batch))
        return;
    struct decision *decision = chain_decision(checker, e->sequence);
    if (decision->judged) return;
    decision->judged = true;
    struct span rest = batch.transactions;
    if (model_begin(checker->model, block_time(checker, batch.time_ms)) > 0) {
        checker_fail(checker, CHECK_EXECUTION,
                     "sequence %" PRIu64 " gave no block, but a hold was due", e->sequence);
        return;
    }
    while (batch_next(&rest, &bytes)) {
        struct model_result result = model_run(checker->model, bytes);
        if (result.refusal != REFUSAL_none) continue;
        checker_fail(checker, CHECK_EXECUTION,
                     "sequence %" PRIu64 " gave no block, but a transaction of it is good (%s)",
                     e->sequence, result_name(result.code));
        return;
    }
}
