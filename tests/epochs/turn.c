/* From one epoch into the next, and into the right one at start: what node/epochs.h asks of a
 * machine. */
#include "epochs.h"

#include <stdlib.h>

/* A key that was made for this set becomes the machine's. */
static enum status take_key(void *user, const struct committee *set, struct problem *problem)
{
    struct machine *m = user;
    struct secret_key secret;
    struct public_key key;
    if (m->next_key == 0) return STATUS_OK;
    secret_of(m->number, m->next_key, &secret, &key);
    if (committee_find_key(set, &key) == VALIDATOR_NONE) return STATUS_OK;
    if (!storage_rekey(m->world, m, m->next_key)) return STATUS_OK;
    signer_free(m->signer_before);
    m->signer_before = m->epochs.signer; /* A replica still knows it. */
    m->epochs.signer = signer_new(&secret);
    ASSERT(m->epochs.signer != NULL);
    m->epochs.safety = (struct safety_state){ .counter = 0 };
    enum status status =
        safety_open(&m->journal.safety, m->safety_path, &key, &m->world->genesis->chain_id,
                    &m->epochs.safety, NULL, problem);
    if (status == STATUS_OK)
        epochs_arm(&m->epochs);
    else
        epochs_silence(&m->epochs, "safety_missing");
    return STATUS_OK;
}

static enum status read_block(void *user, uint64_t height, struct header *header,
                              struct digest *hash, struct problem *problem)
{
    const struct machine *m = user;
    struct block_row row;
    (void)problem;
    if (ledger_read_block(m->reader, height, &row) != STATUS_OK) return STATUS_DAMAGED;
    *header = row.header;
    *hash = row.hash;
    return STATUS_OK;
}

static void configure(void *user, struct replica_config *config)
{
    struct machine *m = user;
    config->pool = (struct pool_limits){ 20000, 64 * 1024 * 1024, 4096 };
    config->seed = m->world->seed + m->place;
    config->journal_roll_bytes = m->world->roll_bytes;
}

static enum status on_record(void *user, const struct journal_record *record)
{
    return replica_restore(user, record->kind, record->payload);
}

static enum status hear_journal(void *user, struct replica *replica, uint64_t *last_record,
                                struct problem *problem)
{
    struct machine *m = user;
    struct journal_options options = { .dir = m->journal_dir,
                                       .chain_id = m->world->genesis->chain_id,
                                       .segment_size = 2 * m->world->roll_bytes };
    *last_record = journal_last(m->journal.journal);
    return journal_scan(&options, on_record, replica, NULL, problem);
}

/* What waits is counted already. */
static uint64_t last_record(void *user)
{
    const struct machine *m = user;
    const struct journal_state *j = &m->journal;
    return j->count > 0 ? j->items[j->count - 1].record : journal_last(j->journal);
}

/* While the journal's thread runs it has the file, and writes it with its next group. */
static enum status tell_safety(void *user, const struct safety_state *state,
                               struct problem *problem)
{
    struct machine *m = user;
    (void)problem;
    if (m->alive) {
        m->journal.state = *state;
        m->journal.has_safety = true;
        return STATUS_OK;
    }
    enum status status = safety_write(m->journal.safety, state);
    return status == STATUS_OK ? safety_sync(m->journal.safety) : status;
}

static enum status introduce(void *user, struct problem *problem)
{
    struct machine *m = user;
    (void)problem;
    network_introduce(m->world, m);
    network_send(m->world, m, NODE_ALL, FRAME_PING, NULL);
    return STATUS_OK;
}

static const struct epochs_host host = { .take_key = take_key,
                                         .read_block = read_block,
                                         .configure = configure,
                                         .hear_journal = hear_journal,
                                         .tell_safety = tell_safety,
                                         .last_record = last_record,
                                         .introduce = introduce };

enum status turn_open(struct world *w, struct machine *m, struct problem *problem)
{
    struct epochs *epochs = &m->epochs;
    epochs->host = &host;
    epochs->user = m;
    epochs->genesis = w->genesis;
    epochs->ledger = m->ledger;
    return epochs_open(epochs, &m->replica, problem);
}

enum status turn_restored(struct world *w, struct machine *m, uint64_t last_record_read,
                          struct problem *problem)
{
    bool could_vote = m->epochs.may_vote;
    enum status status = epochs_restored(&m->epochs, &m->replica, last_record_read, problem);
    if (could_vote && !m->epochs.may_vote) remark(w, m->place, "its journal has lost promises");
    return status;
}

void turn_saved(struct world *w, struct machine *m)
{
    step_reached(w, m, STEP_SAVED);
    if (m->doom != DOOM_NONE) return;
    m->timer_at_ms = 0;
    struct problem problem = { .text = "" };
    enum status status = epochs_turn(&m->epochs, &m->replica, moment_of(w), &problem);
    signer_free(m->signer_before);
    m->signer_before = NULL;
    if (status != STATUS_OK || disk_is_dead(m->disk)) {
        if (!problem.text[0]) problem_set(&problem, status, "%s", status_text(status));
        machine_io_failed(w, m, "the next epoch cannot be opened", &problem);
        return;
    }
    w->figures->switches++;
    remark(w, m->place, "opens epoch %llu of %u, self %d%s",
           (unsigned long long)m->epochs.now->number, m->epochs.now->committee.count,
           m->epochs.self == VALIDATOR_NONE ? -1 : m->epochs.self,
           m->epochs.votes ? "" : ", without a vote");
    step_reached(w, m, STEP_STARTED);
}

void turn_consider(struct world *w, struct machine *m)
{
    if (!epochs_due(&m->epochs, m->replica)) return;
    m->epochs.saving = true;
    step_reached(w, m, STEP_QUIET);
    if (m->doom == DOOM_NONE) storage_checkpoint(w, m, true);
}
