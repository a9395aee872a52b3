#include "node/epochs.h"

#include <stdlib.h>

/* ---- who votes ---- */

void epochs_arm(struct epochs *e)
{
    e->may_vote = true;
    e->why = "";
}

void epochs_silence(struct epochs *e, const char *why)
{
    e->may_vote = e->votes = false;
    e->why = why;
}

/* A key that may not vote for another reason keeps it. */
static void find_self(struct epochs *e)
{
    e->self = e->signer ? committee_find_key(&e->now->committee, signer_public_key(e->signer))
                        : VALIDATOR_NONE;
    bool member = e->self != VALIDATOR_NONE;
    e->votes = e->may_vote && member && !e->unrecorded;
    if (e->may_vote) e->why = !member ? "key_unknown" : e->votes ? "" : "catching_up";
}

/* That of a key without a vote in this epoch is told nothing: what the journal remembers may be an
 * older key's, and the new one would never be let vote. */
enum epochs_word epochs_compare(struct safety_state *state, struct replica *replica,
                                uint64_t last_record, bool may_vote, bool votes)
{
    if (!may_vote) return EPOCHS_AGREE;
    if (promises_lost(state, replica, last_record)) {
        replica_disarm(replica);
        return EPOCHS_SILENCE;
    }
    if (!votes || !promises_raise(state, replica)) return EPOCHS_AGREE;
    state->journal_record = last_record;
    return EPOCHS_TELL;
}

/* Whoever has left the set has promised nothing in this epoch: its journal says so, and what its
 * operator wants to hear is that it has left. */
static const char *lost_word(const struct epochs *e)
{
    return e->self == VALIDATOR_NONE ? "key_unknown" : "journal_lost";
}

static enum status compare(struct epochs *e, struct replica *replica, uint64_t last_record,
                           struct problem *problem)
{
    switch (epochs_compare(&e->safety, replica, last_record, e->may_vote, e->votes)) {
    case EPOCHS_AGREE: break;
    case EPOCHS_SILENCE: epochs_silence(e, lost_word(e)); break;
    case EPOCHS_TELL: return e->host->tell_safety(e->user, &e->safety, problem);
    }
    return STATUS_OK;
}

/* ---- opening ---- */

/* Has the ledger's last block ended its epoch without being sealed? Then we are still in there, to
 * have it sealed. */
static uint64_t epoch_to_open(const struct epochs *e)
{
    const struct ledger_head *head = ledger_head(e->ledger);
    bool sealed = e->sealed_height >= head->header.height;
    return head->epoch_ended && !sealed ? head->header.epoch : head->epoch;
}

static enum status read_epoch(struct epochs *e, struct problem *problem)
{
    uint64_t number = epoch_to_open(e);
    struct epoch_record *epoch = malloc(sizeof *epoch);
    if (!epoch) return STATUS_NO_MEMORY;
    enum status status = ledger_read_epoch(e->ledger, number, epoch);
    if (status == STATUS_OK) {
        e->now = epoch;
        return STATUS_OK;
    }
    free(epoch);
    return problem_set(problem, status, "epoch %llu cannot be read: %s", (unsigned long long)number,
                       status_text(status));
}

/* Sequences are counted within an epoch: in a new one nothing is sealed yet. */
static enum status sealed_sequence(struct epochs *e, uint64_t *sequence, struct problem *problem)
{
    struct header header;
    struct digest hash;
    *sequence = 0;
    ASSERT(e->now != NULL);
    if (e->sealed_height == 0) return STATUS_OK;
    enum status status = e->host->read_block(e->user, e->sealed_height, &header, &hash, problem);
    if (status == STATUS_OK && header.epoch == e->now->number) *sequence = header.sequence;
    return status;
}

static enum status new_replica(struct epochs *e, struct pool *pool, struct replica **replica,
                               struct problem *problem)
{
    uint64_t sequence;
    enum status status = sealed_sequence(e, &sequence, problem);
    if (status != STATUS_OK) return status;
    struct replica_config config = {
        .genesis = e->genesis,
        .committee = &e->now->committee,
        .params = &e->now->params,
        .epoch = e->now->number,
        .boundary_hash = e->now->boundary_hash,
        .next_due_ms = ledger_next_due_ms(e->ledger),
        .tick_gap_ms = ledger_params(e->ledger)->values[PARAM_tick_gap_ms_min],
        .adopted = pool,
        .self = e->self,
        .signer = e->votes ? e->signer : NULL,
    };
    e->host->configure(e->user, &config);
    status = replica_new(replica, &config, ledger_head(e->ledger), e->sealed_height, sequence);
    if (status == STATUS_UNSUPPORTED)
        problem_set(problem, status, "this release does not run engine %s",
                    engine_name(e->now->committee.engine));
    return status;
}

/* Blocks of the epoch that were executed but not sealed: their signatures may never have left. */
static enum status known_blocks(struct epochs *e, struct replica *replica, struct problem *problem)
{
    uint64_t head = ledger_head(e->ledger)->header.height;
    for (uint64_t height = e->sealed_height + 1; height <= head; height++) {
        struct header header;
        struct digest hash;
        enum status status = e->host->read_block(e->user, height, &header, &hash, problem);
        if (status != STATUS_OK) return status;
        if (header.epoch == e->now->number) replica_known_block(replica, &header, &hash);
    }
    return STATUS_OK;
}

/* Steps 1 to 4. The record of the epoch before is the caller's. */
static enum status open_epoch(struct epochs *e, struct pool *pool, struct replica **replica,
                              struct problem *problem)
{
    enum status status = read_epoch(e, problem);
    if (status == STATUS_OK) status = e->host->take_key(e->user, &e->now->committee, problem);
    if (status != STATUS_OK) return status;
    find_self(e);
    status = new_replica(e, pool, replica, problem);
    return status == STATUS_OK ? known_blocks(e, *replica, problem) : status;
}

enum status epochs_open(struct epochs *e, struct replica **replica, struct problem *problem)
{
    ASSERT(!e->now);
    return open_epoch(e, NULL, replica, problem);
}

enum status epochs_restored(struct epochs *e, struct replica **replica, uint64_t last_record,
                            struct problem *problem)
{
    struct public_key key;
    e->journal_epoch = replica_journal_epoch(*replica, &key);
    if (e->journal_epoch <= e->now->number) return compare(e, *replica, last_record, problem);
    e->unrecorded = true;
    replica_free(*replica);
    *replica = NULL;
    free(e->now);
    e->now = NULL;
    return open_epoch(e, NULL, replica, problem);
}

/* ---- the turn ---- */

bool epochs_due(const struct epochs *e, const struct replica *replica)
{
    return e->ended && !e->saving && replica_quiet(replica);
}

/* Does the ledger come to the epoch of a journal that has waited? */
static bool meets_journal(const struct epochs *e)
{
    return e->unrecorded && epoch_to_open(e) >= e->journal_epoch;
}

static enum status hear_journal(struct epochs *e, struct replica *replica, struct problem *problem)
{
    uint64_t last_record = 0;
    enum status status = e->host->hear_journal(e->user, replica, &last_record, problem);
    return status == STATUS_OK ? compare(e, replica, last_record, problem) : status;
}

enum status epochs_turn(struct epochs *e, struct replica **replica, struct moment moment,
                        struct problem *problem)
{
    struct epoch_record *before = e->now;
    struct replica *new = NULL;
    struct pool *pool = replica_pool_take(*replica);
    bool hears = meets_journal(e);
    if (hears) e->unrecorded = false;
    e->ended = e->saving = false;
    e->now = NULL;
    enum status status = open_epoch(e, pool, &new, problem);
    if (status == STATUS_OK && hears) status = hear_journal(e, new, problem);
    if (!new) {
        pool_free(pool);
        free(e->now);
        e->now = before;
        return status;
    }
    replica_free(*replica);
    free(before);
    *replica = new;
    if (status == STATUS_OK) status = replica_start(new, moment, epochs_first_record(e));
    return status == STATUS_OK ? e->host->introduce(e->user, problem) : status;
}

void epochs_close(struct epochs *e)
{
    free(e->now);
    e->now = NULL;
}

/* ---- while an epoch lasts ---- */

uint64_t epochs_first_record(const struct epochs *e)
{
    return e->unrecorded ? 1 : e->host->last_record(e->user) + 1;
}

bool epochs_keeps(struct epochs *e, uint64_t record)
{
    if (e->unrecorded) e->let_go = record;
    return !e->unrecorded;
}

uint64_t epochs_let_go(struct epochs *e)
{
    uint64_t record = e->let_go;
    e->let_go = 0;
    return record;
}

bool epochs_raise(struct epochs *e, const struct replica *replica)
{
    return e->votes && promises_raise(&e->safety, replica);
}
