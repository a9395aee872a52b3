/* From one epoch into the next, and into the right one at start: the rules of node/node_epoch.c. */
#include "epochs.h"

#include "node/promises.h"
#include <stdlib.h>

/* Has the ledger's last block ended its epoch without being sealed? Then we are still in there. */
static uint64_t epoch_to_open(const struct machine *m)
{
    const struct ledger_head *head = ledger_head(m->ledger);
    bool sealed = m->sealed >= head->header.height;
    return head->epoch_ended && !sealed ? head->header.epoch : head->epoch;
}

static enum status sealed_sequence(const struct machine *m, uint64_t *sequence)
{
    struct block_row row;
    const struct ledger_head *head = ledger_head(m->ledger);
    *sequence = 0;
    if (m->sealed == 0) return STATUS_OK;
    if (head->epoch_ended && m->epoch->number == head->epoch) return STATUS_OK;
    if (ledger_read_block(m->reader, m->sealed, &row) != STATUS_OK) return STATUS_DAMAGED;
    if (row.header.epoch == m->epoch->number) *sequence = row.header.sequence;
    return STATUS_OK;
}

/* A key that was made for this set becomes the machine's. */
static void take_next_key(struct world *w, struct machine *m)
{
    struct secret_key secret;
    struct public_key key;
    if (m->next_key == 0) return;
    secret_of(m->number, m->next_key, &secret, &key);
    if (committee_find_key(&m->epoch->committee, &key) == VALIDATOR_NONE) return;
    if (!storage_rekey(w, m, m->next_key)) return;
    signer_free(m->signer);
    m->signer = signer_new(&secret);
    ASSERT(m->signer != NULL);
    m->safety_state = (struct safety_state){ .counter = 0 };
    struct problem problem = { .status = STATUS_OK };
    m->may_vote = safety_open(&m->journal.safety, m->safety_path, &key, &w->genesis->chain_id,
                              &m->safety_state, NULL, &problem) == STATUS_OK;
}

static void find_self(struct world *w, struct machine *m)
{
    take_next_key(w, m);
    m->self = committee_find_key(&m->epoch->committee, signer_public_key(m->signer));
    m->votes = m->may_vote && m->self != VALIDATOR_NONE && !m->unrecorded;
}

enum status turn_open(struct world *w, struct machine *m, struct pool *pool,
                      struct replica **replica)
{
    uint64_t sequence;
    m->epoch = calloc(1, sizeof *m->epoch);
    ASSERT(m->epoch != NULL);
    enum status status = ledger_read_epoch(m->ledger, epoch_to_open(m), m->epoch);
    if (status != STATUS_OK) return status;
    find_self(w, m);
    status = sealed_sequence(m, &sequence);
    if (status != STATUS_OK) return status;
    struct replica_config config = {
        .genesis = w->genesis,
        .committee = &m->epoch->committee,
        .params = &m->epoch->params,
        .epoch = m->epoch->number,
        .boundary_hash = m->epoch->boundary_hash,
        .next_due_ms = ledger_next_due_ms(m->ledger),
        .tick_gap_ms = ledger_params(m->ledger)->values[PARAM_tick_gap_ms_min],
        .adopted = pool,
        .self = m->self,
        .signer = m->votes ? m->signer : NULL,
        .pool = { 20000, 64 * 1024 * 1024, 4096 },
        .seed = w->seed + m->place,
        .journal_roll_bytes = w->roll_bytes,
    };
    status = replica_new(replica, &config, ledger_head(m->ledger), m->sealed, sequence);
    uint64_t head = ledger_head(m->ledger)->header.height;
    for (uint64_t height = m->sealed + 1; status == STATUS_OK && height <= head; height++) {
        struct block_row row;
        if (ledger_read_block(m->reader, height, &row) != STATUS_OK) return STATUS_DAMAGED;
        if (row.header.epoch == m->epoch->number)
            replica_known_block(*replica, &row.header, &row.hash);
    }
    return status;
}

static enum status compare_with_safety(struct world *w, struct machine *m, struct replica *replica,
                                       uint64_t last_record)
{
    if (!m->may_vote) return STATUS_OK;
    if (promises_lost(&m->safety_state, replica, last_record)) {
        remark(w, m->place, "its journal has lost promises");
        m->may_vote = m->votes = false;
        replica_disarm(replica);
        return STATUS_OK;
    }
    if (!m->votes || !promises_raise(&m->safety_state, replica)) return STATUS_OK;
    m->safety_state.journal_record = last_record;
    enum status status = safety_write(m->journal.safety, &m->safety_state);
    return status == STATUS_OK ? safety_sync(m->journal.safety) : status;
}

enum status turn_restored(struct world *w, struct machine *m, uint64_t last_record)
{
    struct public_key key;
    m->journal_epoch = replica_journal_epoch(m->replica, &key);
    if (m->journal_epoch <= m->epoch->number)
        return compare_with_safety(w, m, m->replica, last_record);
    m->unrecorded = true;
    replica_free(m->replica);
    free(m->epoch);
    m->replica = NULL;
    return turn_open(w, m, NULL, &m->replica);
}

static enum status on_record(void *user, const struct journal_record *record)
{
    return replica_restore(user, record->kind, record->payload);
}

static enum status hear_journal(struct world *w, struct machine *m, struct replica *replica)
{
    struct journal_options options = { .dir = m->journal_dir,
                                       .chain_id = w->genesis->chain_id,
                                       .segment_size = 2 * w->roll_bytes };
    struct problem problem = { .status = STATUS_OK };
    enum status status = journal_scan(&options, on_record, replica, NULL, &problem);
    if (status != STATUS_OK) return status;
    return compare_with_safety(w, m, replica, journal_last(m->journal.journal));
}

/* The number that the journal's next record gets: what waits is counted already. */
static uint64_t next_record(const struct machine *m)
{
    const struct journal_state *j = &m->journal;
    return j->count > 0 ? j->items[j->count - 1].record + 1 : journal_last(j->journal) + 1;
}

static enum status next_epoch(struct world *w, struct machine *m)
{
    struct replica *old = m->replica;
    struct epoch_record *before = m->epoch;
    struct pool *pool = replica_pool_take(old);
    bool hears = m->unrecorded && epoch_to_open(m) >= m->journal_epoch;
    if (hears) m->unrecorded = false;
    struct replica *new = NULL;
    enum status status = turn_open(w, m, pool, &new);
    if (status == STATUS_OK && hears) status = hear_journal(w, m, new);
    if (!new) pool_free(pool);
    replica_free(old);
    free(before);
    m->replica = new;
    if (status != STATUS_OK) return status;
    uint64_t first = m->unrecorded ? 1 : next_record(m);
    status = replica_start(new, moment_of(w), first);
    if (status != STATUS_OK) return status;
    network_introduce(w, m);
    network_send(w, m, NODE_ALL, FRAME_PING, NULL);
    return STATUS_OK;
}

void turn_saved(struct world *w, struct machine *m)
{
    m->ended = m->saving = false;
    step_reached(w, m, STEP_SAVED);
    if (m->doom != DOOM_NONE) return;
    m->timer_at_ms = 0;
    enum status status = next_epoch(w, m);
    if (status != STATUS_OK || disk_is_dead(m->disk)) {
        struct problem problem = { .text = "" };
        problem_set(&problem, status, "%s", status_text(status));
        machine_io_failed(w, m, "the next epoch cannot be opened", &problem);
        return;
    }
    w->figures->switches++;
    remark(w, m->place, "opens epoch %llu of %u, self %d%s", (unsigned long long)m->epoch->number,
           m->epoch->committee.count, m->self == VALIDATOR_NONE ? -1 : m->self,
           m->votes ? "" : ", without a vote");
    step_reached(w, m, STEP_STARTED);
}

void turn_consider(struct world *w, struct machine *m)
{
    if (!m->ended || m->saving || !replica_quiet(m->replica)) return;
    m->saving = true;
    step_reached(w, m, STEP_QUIET);
    if (m->doom == DOOM_NONE) storage_checkpoint(w, m, true);
}
