/* ledger/prove_state.c -- P5 and P6: the state after a block, and what follows from it. */
#include "ledger/prove.h"

#include <stdlib.h>

/* ---- a reading becomes a proof --------------------------------------------------------------- */

static enum status keep_siblings(struct prover *p, const struct state_reading *reading,
                                 struct state_siblings *path)
{
    struct digest *room = arena_take(&p->arena, (reading->depth + 1u) * sizeof *room);
    if (!room) return STATUS_NO_MEMORY;
    state_siblings_set(path, reading->siblings, reading->depth, room);
    return STATUS_OK;
}

/* What absence speaks of: a window path has steps of about a second. */
static uint64_t window_step(const struct state_question *question)
{
    return question->not_after_ms / WINDOW_STEP_MS * WINDOW_STEP_MS;
}

enum status prover_reading(struct prover *p, const struct state_reading *reading,
                           struct state_proof *state)
{
    const struct state_question *question = &reading->question;
    state->form = reading->present ? STATE_PRESENT : STATE_ABSENT;
    state->kind = question->kind;
    state->has_neighbour = reading->has_neighbour;
    state->neighbour_path = reading->neighbour_path;
    state->neighbour_value_hash = reading->neighbour_value_hash;
    if (!reading->present) state->not_after_ms = window_step(question);
    bool kept = prover_keep_span(p, span_of(question->key, question->key_size), &state->key) &&
                prover_keep_span(p, span_of(reading->value, reading->value_size), &state->value);
    enum status status = kept ? keep_siblings(p, reading, &state->path) : STATUS_NO_MEMORY;
    if (status == STATUS_OK) status = prover_sealed(p, reading->header.height, &state->sealed);
    if (status != STATUS_OK) return status;
    struct digest hash = header_hash(&state->sealed.header);
    return digest_equal(&hash, &reading->hash) ? STATUS_OK : STATUS_DAMAGED;
}

enum status prove_state(struct prover *p, const struct state_reading *reading)
{
    p->proof.kind = PROOF_STATE;
    enum status status = prover_reading(p, reading, &p->proof.state);
    return status == STATUS_OK ? prover_chain(p, p->proof.state.sealed.header.epoch) : status;
}

/* ---- a balance in the past ------------------------------------------------------------------- */

static bool keep_position(void *context, const struct movement_row *movement)
{
    *(uint64_t *)context = movement->position;
    return false;
}

/* STATUS_NOT_FOUND: there is no such movement, or it is the genesis', which has no entry. */
static enum status receipt_of_movement(struct prover *p, const struct id *account,
                                       const struct id *asset, uint64_t seq,
                                       struct receipt *receipt)
{
    uint64_t position = 0;
    enum status status =
        ledger_read_movements(p->reader, account, asset, seq, seq, keep_position, &position);
    if (status != STATUS_OK) return status;
    if (position <= VERSION_GENESIS) return STATUS_NOT_FOUND;
    return prover_receipt_at(p, position, receipt);
}

/* Does the reading show the balance with `seq` movements, at `height` or later? */
static bool reading_shows(const struct state_reading *reading, uint64_t seq, uint64_t height)
{
    struct balance balance = { .seq = 0 };
    if (!reading || reading->header.height < height) return false;
    ASSERT(reading->question.kind == RECORD_BALANCE);
    if (reading->present &&
        balance_decode(span_of(reading->value, reading->value_size), &balance) != STATUS_OK)
        return false;
    return balance.seq == seq;
}

enum status prove_balance_at(struct prover *p, const struct id *account, const struct id *asset,
                             uint64_t height, const struct state_reading *reading)
{
    struct state_proof *state = &p->proof.state;
    uint8_t key[RECORD_KEY_MAX];
    uint64_t seq = 0;
    p->proof.kind = PROOF_STATE;
    enum status status = ledger_read_movement_count(p->reader, account, asset, height, &seq);
    if (status != STATUS_OK) return status;
    status = receipt_of_movement(p, account, asset, seq, &state->last);
    if (status != STATUS_OK) return status;

    status = receipt_of_movement(p, account, asset, seq + 1, &state->next);
    if (status == STATUS_OK) {
        state->form = STATE_BETWEEN;
        state->kind = RECORD_BALANCE;
        if (!prover_keep_span(p, span_of(key, balance_key(account, asset, key)), &state->key))
            return STATUS_NO_MEMORY;
        return prover_chain(p, state->next.sealed.header.epoch);
    }
    if (status != STATUS_NOT_FOUND) return status;
    if (!reading_shows(reading, seq, height)) return STATUS_STALE;
    status = prover_reading(p, reading, state);
    state->form = STATE_SINCE;
    if (status != STATUS_OK) return status;
    return prover_chain(p, max_u64(state->last.sealed.header.epoch, state->sealed.header.epoch));
}

/* ---- P6 -------------------------------------------------------------------------------------- */

void absence_question(const struct transaction *tx, struct state_question *question)
{
    memset(question, 0, sizeof *question);
    if (tx->order == ORDER_LANE) {
        question->kind = RECORD_LANE;
        question->key_size = (uint16_t)lane_key(&tx->source, tx->lane, question->key);
        return;
    }
    question->kind = RECORD_WINDOW;
    question->key_size = (uint16_t)window_key(&tx->source, &tx->client_ref, question->key);
    question->not_after_ms = tx->not_after_ms;
}

enum absence_shown absence_of(const struct transaction *tx, const struct state_reading *reading)
{
    const struct header *header = &reading->header;
    struct window_entry entry;
    struct lane lane = { .next = 1 };
    struct span value = span_of(reading->value, reading->value_size);
    if (header->time_ms <= tx->not_after_ms) return ABSENCE_TOO_EARLY;
    if (tx->order == ORDER_LANE) {
        if (reading->present && lane_decode(value, &lane) != STATUS_OK) return ABSENCE_PRESENT;
        return lane.next <= tx->seq ? ABSENCE_SHOWN : ABSENCE_LANE_USED;
    }
    if (header->window_horizon_ms > tx->not_after_ms) return ABSENCE_TOO_LATE;
    if (!reading->present) return ABSENCE_SHOWN;
    if (window_decode(value, &entry) != STATUS_OK) return ABSENCE_PRESENT;
    return digest_equal(&entry.txid, &tx->txid) ? ABSENCE_PRESENT : ABSENCE_SHOWN;
}

static enum status begin_absence(struct prover *p, const struct transaction *tx)
{
    struct absence_proof *absence = &p->proof.absence;
    p->proof.kind = PROOF_ABSENCE;
    absence->txid = tx->txid;
    return prover_keep_span(p, tx->body, &absence->body) ? STATUS_OK : STATUS_NO_MEMORY;
}

enum status prove_absence(struct prover *p, const struct transaction *tx,
                          const struct state_reading *reading)
{
    struct absence_proof *absence = &p->proof.absence;
    if (absence_of(tx, reading) != ABSENCE_SHOWN) return STATUS_STALE;
    enum status status = begin_absence(p, tx);
    if (status == STATUS_OK) status = prover_reading(p, reading, &absence->state);
    absence->form = ABSENCE_STATE;
    return status == STATUS_OK ? prover_chain(p, absence->state.sealed.header.epoch) : status;
}

/* Looks for the place in a lane among the entries of its account, newest first. */
struct lane_walk {
    const struct transaction *wanted;
    struct transaction *tx; /* scratch */
    struct digest id;
    bool found;
};

static bool is_in_place(void *context, const struct entry_row *entry)
{
    struct lane_walk *walk = context;
    const struct transaction *wanted = walk->wanted;
    if (transaction_decode_again(entry->data, walk->tx) != STATUS_OK) return true;
    bool same_lane = walk->tx->order == ORDER_LANE && walk->tx->lane == wanted->lane;
    if (!same_lane || walk->tx->seq > wanted->seq) return true;
    walk->found = walk->tx->seq == wanted->seq && !digest_equal(&entry->id, &wanted->txid);
    walk->id = entry->id;
    return false; /* Numbers of a lane only rise: further back there is nothing. */
}

enum status prove_absence_other(struct prover *p, const struct transaction *tx)
{
    struct absence_proof *absence = &p->proof.absence;
    ASSERT(tx->order == ORDER_LANE);
    const struct entry_filter filter = { .source = &tx->source,
                                         .transactions_only = true,
                                         .last = INT64_MAX,
                                         .descending = true,
                                         .limit = PROVE_LANE_ENTRIES_MAX };
    struct lane_walk walk = { .wanted = tx, .tx = malloc(sizeof *walk.tx) };
    if (!walk.tx) return STATUS_NO_MEMORY;
    enum status status = ledger_read_filtered(p->reader, &filter, is_in_place, &walk);
    free(walk.tx);
    if (status == STATUS_OK && !walk.found) status = STATUS_NOT_FOUND;
    if (status == STATUS_OK) status = begin_absence(p, tx);
    if (status == STATUS_OK) status = prover_receipt(p, &walk.id, false, &absence->other);
    absence->form = ABSENCE_OTHER;
    return status == STATUS_OK ? prover_chain(p, absence->other.sealed.header.epoch) : status;
}
