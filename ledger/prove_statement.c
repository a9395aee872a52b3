/* ledger/prove_statement.c -- P7 and P9: all movements of a balance; misbehaviour. */
#include "ledger/prove.h"

#include "format/effect_list.h"

#include <stdlib.h>

/* ---- the head before the first line ---------------------------------------------------------- */

struct head_walk {
    const struct id *account, *asset;
    struct digest head;
    bool found;
};

static bool find_head(void *context, const struct entry_row *entry)
{
    struct head_walk *walk = context;
    struct effect_list list = effect_list_of(entry->effects);
    struct ledger_effect effect;
    while (effect_list_next(&list, &effect)) {
        if (effect.kind != LEDGER_EFFECT_BALANCE) continue;
        if (!id_equal(&effect.id, walk->account) || !id_equal(&effect.asset, walk->asset)) continue;
        walk->head = effect.balance.head;
        walk->found = true;
    }
    return false;
}

static bool keep_movement(void *context, const struct movement *movement)
{
    *(struct movement *)context = *movement;
    return false;
}

enum status prover_movement_head(struct prover *p, const struct id *account, const struct id *asset,
                                 uint64_t seq, struct digest *head)
{
    struct head_walk walk = { .account = account, .asset = asset };
    struct movement movement = { .seq = 0 };
    memset(head, 0, sizeof *head);
    if (seq == 0) return STATUS_OK;
    enum status status =
        ledger_read_movement_records(p->reader, account, asset, seq, seq, keep_movement, &movement);
    if (status != STATUS_OK) return status;
    if (movement.seq != seq) return STATUS_DAMAGED;
    if (movement.position == VERSION_GENESIS) { /* The first of its chain. */
        *head = movement_head(head, &movement);
        return STATUS_OK;
    }
    status = ledger_read_entry_at(p->reader, movement.position, find_head, &walk);
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && !walk.found)) return STATUS_DAMAGED;
    *head = walk.head;
    return status;
}

/* ---- lines ----------------------------------------------------------------------------------- */

struct line_walk {
    uint8_t *bytes;
    uint32_t count, capacity;
};

static bool add_line(void *context, const struct movement *movement)
{
    struct line_walk *walk = context;
    if (walk->count == walk->capacity) return false;
    movement_encode(movement, walk->bytes + (size_t)MOVEMENT_BYTES * walk->count++);
    return true;
}

static enum status add_lines(struct prover *p, const struct statement_range *range)
{
    struct statement_proof *statement = &p->proof.statement;
    struct line_walk walk = { .capacity = range->count };
    walk.bytes = arena_take(&p->arena, (size_t)MOVEMENT_BYTES * range->count + 1);
    if (!walk.bytes) return STATUS_NO_MEMORY;
    enum status status = STATUS_OK;
    if (range->count > 0)
        status =
            ledger_read_movement_records(p->reader, &range->account, &range->asset, range->first,
                                         range->first + range->count - 1, add_line, &walk);
    if (status == STATUS_OK && walk.count != range->count) status = STATUS_DAMAGED;
    statement->count = walk.count;
    statement->movements = span_of(walk.bytes, (size_t)MOVEMENT_BYTES * walk.count);
    return status;
}

/* ---- the end --------------------------------------------------------------------------------- */

static bool is_reading_of(const struct state_reading *reading, const struct statement_range *range)
{
    struct balance balance = { .seq = 0 };
    if (!reading || reading->header.height < range->to_height) return false;
    if (reading->present &&
        balance_decode(span_of(reading->value, reading->value_size), &balance) != STATUS_OK)
        return false;
    return balance.seq == range->last;
}

/* The next movement stands above the range, and its head continues the last one's: one receipt
 * shows that nothing is left out. Where none has come yet the balance itself says so. */
static enum status add_closing(struct prover *p, const struct statement_range *range,
                               const struct state_reading *reading, uint64_t *epoch)
{
    struct statement_proof *statement = &p->proof.statement;
    struct movement next = { .seq = 0 };
    enum status status =
        ledger_read_movement_records(p->reader, &range->account, &range->asset, range->last + 1,
                                     range->last + 1, keep_movement, &next);
    if (status != STATUS_OK) return status;
    if (next.seq > 0) {
        statement->form = CLOSING_NEXT;
        status = prover_receipt_at(p, next.position, &statement->next);
        *epoch = statement->next.sealed.header.epoch;
        return status;
    }
    statement->form = CLOSING_STATE;
    if (!is_reading_of(reading, range)) return STATUS_STALE;
    status = prover_reading(p, reading, &statement->state);
    *epoch = statement->state.sealed.header.epoch;
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------- */

enum status prove_statement_range(struct ledger_reader *reader, const struct id *account,
                                  const struct id *asset, uint64_t from, uint64_t to,
                                  struct statement_range *range)
{
    ASSERT(from <= to);
    uint64_t before = 0;
    memset(range, 0, sizeof *range);
    range->account = *account;
    range->asset = *asset;
    range->from_height = from;
    range->to_height = to;
    enum status status = ledger_read_movement_count(reader, account, asset, from, &before);
    if (status == STATUS_OK)
        status = ledger_read_movement_count(reader, account, asset, to, &range->last);
    if (status != STATUS_OK) return status;
    range->first = max_u64(before, 1);
    if (range->last + 1 - range->first > PROVE_LINES_MAX) return STATUS_TOO_LARGE;
    range->count = (uint32_t)(range->last + 1 - range->first);
    return STATUS_OK;
}

enum status prove_statement(struct prover *p, const struct statement_range *range,
                            const struct state_reading *reading)
{
    struct statement_proof *statement = &p->proof.statement;
    uint64_t epoch = 0;
    p->proof.kind = PROOF_STATEMENT;
    statement->account = range->account;
    statement->asset = range->asset;
    statement->from_height = range->from_height;
    statement->to_height = range->to_height;
    enum status status = ledger_read_chain(p->reader, &p->proof.chain_id, NULL);
    if (status == STATUS_OK)
        status = prover_movement_head(p, &range->account, &range->asset, range->first - 1,
                                      &statement->head);
    if (status == STATUS_OK) status = add_lines(p, range);
    if (status == STATUS_OK) status = add_closing(p, range, reading, &epoch);
    return status == STATUS_OK ? prover_chain(p, epoch) : status;
}

/* ---- P9 -------------------------------------------------------------------------------------- */

enum status prove_evidence(struct prover *p, const struct evidence_row *row)
{
    struct evidence_proof *evidence = &p->proof.evidence;
    struct reader r = reader_of(row->data);
    p->proof.kind = PROOF_EVIDENCE;
    if (row->kind != EVIDENCE_SEALS) return STATUS_UNSUPPORTED;
    evidence->type = EVIDENCE_EQUIVOCATION;
    evidence->epoch = read_u64(&r);
    evidence->height = read_u64(&r);
    evidence->validator = read_u16(&r);
    for (unsigned i = 0; i < 2; i++)
        read_digest(&r, &evidence->hashes[i]);
    for (unsigned i = 0; i < 2; i++)
        read_signature(&r, &evidence->signatures[i]);
    if (reader_end(&r) != STATUS_OK) return STATUS_DAMAGED;
    enum status status = ledger_read_chain(p->reader, &p->proof.chain_id, NULL);
    return status == STATUS_OK ? prover_chain(p, evidence->epoch) : status;
}
