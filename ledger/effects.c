#include "ledger/effects.h"

#include "ledger/governance_records.h"

#include <stdlib.h>

/* ---- invariants ------------------------------------------------------------------------------ */

/* What an entry changed of one asset, summed up. */
struct change {
    int64_t posted, held_out, held_in; /* of its balances */
    int64_t holds;                     /* of the amounts of its holds */
    int64_t supply;
};

static int64_t supply_of(const struct asset *asset)
{
    return (int64_t)asset->supply;
}

static void add_balance(struct change *change, const struct state_edit *edit)
{
    static const struct balance none;
    const struct balance *now = edit->now, *before = edit->existed ? edit->before : &none;
    change->posted += now->posted - before->posted;
    change->held_out += now->held_out - before->held_out;
    change->held_in += now->held_in - before->held_in;
}

static void add_hold(struct change *change, const struct state_edit *edit)
{
    const struct hold_value *now = edit->now, *before = edit->before;
    if (edit->exists) change->holds += (int64_t)now->hold.amount;
    if (edit->existed) change->holds -= (int64_t)before->hold.amount;
}

static struct change change_of(const struct state *state, const struct id *asset)
{
    struct change change = { 0 };
    for (size_t i = 0; i < state_edit_count(state); i++) {
        struct state_edit edit = state_edit_at(state, i);
        const struct balance *balance = edit.now;
        const struct hold_value *hold = edit.now;
        const struct asset *now = edit.now;
        if (edit.kind == RECORD_BALANCE && id_equal(&balance->asset, asset))
            add_balance(&change, &edit);
        if (edit.kind == RECORD_HOLD && id_equal(&hold->hold.asset, asset))
            add_hold(&change, &edit);
        if (edit.kind == RECORD_ASSET && id_equal(&now->id, asset))
            change.supply = supply_of(now) - (edit.existed ? supply_of(edit.before) : 0);
    }
    return change;
}

static void assert_change(const struct state *state, const struct id *asset)
{
    struct change change = change_of(state, asset);
    ASSERT(change.posted == change.supply);
    ASSERT(change.held_out == change.holds);
    ASSERT(change.held_in == change.holds);
}

static void assert_balance(const struct state *state, const struct state_edit *edit)
{
    const struct balance *now = edit->now;
    ASSERT(now->floor <= 0 && now->held_out >= 0 && now->held_in >= 0);
    ASSERT(balance_free(now) >= 0);
    /* Each asset once, at its first balance: the others would only repeat the sum. */
    for (size_t i = 0;; i++) {
        struct state_edit first = state_edit_at(state, i);
        if (first.kind != RECORD_BALANCE) continue;
        const struct balance *balance = first.now;
        if (!id_equal(&balance->asset, &now->asset)) continue;
        if (first.now != edit->now) return;
        break;
    }
    assert_change(state, &now->asset);
}

static void assert_asset(const struct state *state, const struct state_edit *edit)
{
    const struct asset *now = edit->now;
    ASSERT(now->supply <= now->max_supply);
    ASSERT(now->lines <= TX_AMOUNT_MAX - now->supply);
    assert_change(state, &now->id);
}

/* ---- records --------------------------------------------------------------------------------- */

/* A balance that was touched gets its next number and head, and its movement is kept. */
static const struct movement *move_balance(struct effects *effects, const struct state_edit *edit,
                                           const struct digest *entry_id, uint64_t position)
{
    static const struct balance none;
    struct balance *now = edit->now;
    const struct balance *before = edit->existed ? edit->before : &none;
    ASSERT(effects->movement_count < MOVEMENTS_MAX);
    struct movement *movement = &effects->movements[effects->movement_count++];
    *movement = (struct movement){
        .entry_id = *entry_id,
        .position = position,
        .account = now->account,
        .asset = now->asset,
        .seq = before->seq + 1,
        .d_posted = now->posted - before->posted,
        .d_held_out = now->held_out - before->held_out,
        .d_held_in = now->held_in - before->held_in,
        .posted = now->posted,
        .held_out = now->held_out,
        .held_in = now->held_in,
    };
    now->seq = movement->seq;
    now->head = movement_head(&before->head, movement);
    return movement;
}

static void write_balance(struct writer *w, const struct movement *movement,
                          const struct balance *balance)
{
    write_u8(w, LEDGER_EFFECT_BALANCE);
    write_id(w, &movement->account);
    write_id(w, &movement->asset);
    write_u64(w, movement->seq);
    write_i64(w, movement->d_posted);
    write_i64(w, movement->d_held_out);
    write_i64(w, movement->d_held_in);
    write_i64(w, movement->posted);
    write_i64(w, movement->held_out);
    write_i64(w, movement->held_in);
    write_digest(w, &balance->head);
}

static void write_account(struct writer *w, const struct state_edit *edit)
{
    const struct account *now = edit->now, *before = edit->before;
    write_u8(w, LEDGER_EFFECT_ACCOUNT);
    write_id(w, &now->id);
    write_u64(w, edit->existed ? before->version : 0);
    write_u64(w, now->version);
}

/* A credit line changes an asset's sum of lines, which its record does not tell: the balance does.
 */
static void write_asset(struct writer *w, const struct state_edit *edit)
{
    const struct asset *now = edit->now, *before = edit->before;
    if (edit->existed && before->version == now->version) return;
    write_u8(w, LEDGER_EFFECT_ASSET);
    write_id(w, &now->id);
    write_u64(w, edit->existed ? before->version : 0);
    write_u64(w, now->version);
    write_u64(w, now->supply);
}

/* Also of a hold that the entry both made and ended: it is told how it ended. */
static void write_hold(struct writer *w, const struct state_edit *edit)
{
    const struct hold_value *now = edit->now;
    write_u8(w, LEDGER_EFFECT_HOLD);
    write_id(w, &now->hold.id);
    write_u8(w, now->state);
    write_u64(w, now->amount);
}

static void write_kv(struct writer *w, const struct state_edit *edit)
{
    static const struct digest none;
    const struct kv_record *now = edit->now, *before = edit->before;
    if (!edit->existed && !edit->exists) return;
    const struct kv_record *key = edit->exists ? now : before;
    write_u8(w, LEDGER_EFFECT_KV);
    write_id(w, &key->owner);
    write_bytes8(w, span_of(key->key, key->key_size));
    write_u64(w, edit->existed ? before->version : 0);
    write_u64(w, edit->exists ? now->version : 0);
    write_digest(w, edit->exists ? &now->value_hash : &none);
}

/* Votes are counted among the members as they stand at the end of the entry. */
static void write_proposal(struct effects *effects, struct writer *w, struct state *state,
                           const struct state_edit *edit)
{
    if (edit->key.data[0] != GOVERNANCE_PROPOSAL) return;
    uint64_t number = load_u64(edit->key.data + 1);
    if (!governance_read_proposal(state, number, &effects->proposal)) return;
    struct tally tally = governance_tally(state, &effects->proposal);
    write_u8(w, LEDGER_EFFECT_PROPOSAL);
    write_u64(w, number);
    write_u8(w, effects->proposal.status);
    write_u16(w, tally.yes);
    write_u16(w, tally.no);
}

static void write_edit(struct effects *effects, struct writer *w, struct state *state,
                       const struct state_edit *edit, const struct digest *entry_id,
                       uint64_t position)
{
    switch (edit->kind) {
    case RECORD_BALANCE:
        write_balance(w, move_balance(effects, edit, entry_id, position), edit->now);
        break;
    case RECORD_ACCOUNT: write_account(w, edit); break;
    case RECORD_ASSET: write_asset(w, edit); break;
    case RECORD_HOLD: write_hold(w, edit); break;
    case RECORD_GOVERNANCE: write_proposal(effects, w, state, edit); break;
    default: ASSERT(edit->kind == RECORD_KV); write_kv(w, edit);
    }
}

/* ---- the list -------------------------------------------------------------------------------- */

static int compare_spans(const void *a, const void *b)
{
    return span_compare(*(const struct span *)a, *(const struct span *)b);
}

/* Sorts the records into the list. */
static void write_list(struct effects *effects)
{
    struct writer w;
    if (effects->record_count > 1)
        qsort(effects->records, effects->record_count, sizeof effects->records[0], compare_spans);
    writer_init_fixed(&w, effects->bytes, sizeof effects->bytes);
    write_u16(&w, (uint16_t)effects->record_count);
    for (uint32_t i = 0; i < effects->record_count; i++) {
        if (i > 0) ASSERT(compare_spans(&effects->records[i - 1], &effects->records[i]) < 0);
        write_bytes(&w, effects->records[i]);
    }
    ASSERT(writer_status(&w) == STATUS_OK);
    effects->list = writer_span(&w);
}

void effects_of_edits(struct effects *effects, struct state *state, const struct digest *entry_id,
                      uint64_t position)
{
    struct writer w;
    writer_init_fixed(&w, effects->unsorted, sizeof effects->unsorted);
    effects->movement_count = 0;
    effects->record_count = 0;
    for (size_t i = 0; i < state_edit_count(state); i++) {
        struct state_edit edit = state_edit_at(state, i);
        size_t start = writer_span(&w).size;
        if (edit.kind == RECORD_BALANCE) assert_balance(state, &edit);
        if (edit.kind == RECORD_ASSET) assert_asset(state, &edit);
        write_edit(effects, &w, state, &edit, entry_id, position);
        ASSERT(writer_status(&w) == STATUS_OK);
        size_t size = writer_span(&w).size - start;
        if (size == 0) continue;
        ASSERT(effects->record_count < EFFECTS_MAX);
        effects->records[effects->record_count++] = span_of(effects->unsorted + start, size);
    }
    write_list(effects);
}

void effects_of_failure(struct effects *effects, const struct observed *observed)
{
    struct writer w;
    effects->movement_count = 0;
    effects->record_count = 0;
    if (observed->what != OBSERVED_NOTHING) {
        writer_init_fixed(&w, effects->unsorted, sizeof effects->unsorted);
        write_u8(&w, LEDGER_EFFECT_OBSERVED);
        write_u8(&w, observed->what);
        write_i64(&w, observed->value);
        effects->records[effects->record_count++] = writer_span(&w);
    }
    write_list(effects);
}
