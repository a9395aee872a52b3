/* ledger/ledger_evidence.c -- what a validator cannot deny: rows of the table evidence. */
#include "ledger/ledger.h"

#include "ledger/ledger_inside.h"
#include <stdlib.h>

/* One row for a validator and epoch, whatever else it signs: its id says no more. */
static struct digest evidence_id(const struct seal_vote *vote)
{
    uint8_t bytes[11] = { EVIDENCE_SEALS };
    store_u64(bytes + 1, vote->epoch);
    store_u16(bytes + 9, vote->by.validator);
    struct span span = span_of(bytes, sizeof bytes);
    return digest_plain(&span, 1);
}

static bool contradict(const struct seal_pair *pair)
{
    const struct seal_vote *a = &pair->first, *b = &pair->second;
    return a->epoch == b->epoch && a->height == b->height && a->by.validator == b->by.validator &&
           digest_compare(&a->block_hash, &b->block_hash) < 0;
}

/* Both signatures are checked once more: it is an accusation. */
static enum status check(struct ledger *ledger, const struct seal_pair *pair)
{
    const struct digest *chain_id = &ledger->genesis->chain_id;
    if (!contradict(pair)) return STATUS_INVALID;
    struct committee *committee = malloc(sizeof *committee);
    if (!committee) return STATUS_NO_MEMORY;
    enum status status = STATUS_NOT_FOUND;
    if (store_read_epoch(ledger->store, pair->first.epoch, committee, NULL, NULL)) {
        status = seal_vote_check(&pair->first, chain_id, committee, ledger->verified);
        if (status == STATUS_OK)
            status = seal_vote_check(&pair->second, chain_id, committee, ledger->verified);
    }
    free(committee);
    return store_status(ledger->store) == STATUS_OK ? status : store_status(ledger->store);
}

enum status ledger_store_evidence(struct ledger *ledger, const struct seal_pair *pair,
                                  struct problem *problem)
{
    uint8_t bytes[SEAL_PAIR_BYTES];
    struct writer w;
    if (ledger->failed != STATUS_OK)
        return problem_set(problem, ledger->failed, "the ledger has failed before");
    enum status status = check(ledger, pair);
    if (store_status(ledger->store) != STATUS_OK) return ledger_fail(ledger, status, problem);
    if (status != STATUS_OK)
        return problem_set(problem, status,
                           "two seals of validator %u for block %llu prove nothing",
                           pair->first.by.validator, (unsigned long long)pair->first.height);
    writer_init_fixed(&w, bytes, sizeof bytes);
    seal_pair_write(&w, pair);
    ASSERT(writer_status(&w) == STATUS_OK);
    struct digest id = evidence_id(&pair->first);
    store_begin(ledger->store);
    store_write_evidence(ledger->store, &id, EVIDENCE_SEALS, pair->first.height, writer_span(&w));
    store_commit(ledger->store);
    if (store_status(ledger->store) != STATUS_OK)
        return ledger_fail(ledger, store_status(ledger->store), problem);
    return STATUS_OK;
}
