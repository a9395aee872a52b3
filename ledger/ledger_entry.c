/* The rows of one entry: entry, operation, touch, movement. */
#include "ledger/governance_records.h"
#include "ledger/ledger_inside.h"

#include <stdlib.h>

static void write_operation(struct ledger *ledger, const struct operation *o, uint64_t position)
{
    struct id asset;
    struct store_operation row = { .position = position,
                                   .kind = (uint16_t)o->code,
                                   .actor = &o->actor };
    switch (o->code) {
    case OP_ACCOUNT_CREATE: row.other = &o->account_create.id; break;
    case OP_ACCOUNT_FREEZE: row.other = &o->account_freeze.account; break;
    case OP_ASSET_CREATE:
        asset = asset_id_of(&o->actor, o->asset_create.code);
        row.asset = &asset;
        break;
    case OP_ASSET_MINT:
        row.other = &o->asset_mint.to;
        row.asset = &o->asset_mint.asset;
        row.has_amount = true;
        row.amount = o->asset_mint.amount;
        break;
    case OP_ASSET_BURN:
        row.asset = &o->asset_burn.asset;
        row.has_amount = true;
        row.amount = o->asset_burn.amount;
        break;
    case OP_TRANSFER:
        row.other = &o->transfer.to;
        row.asset = &o->transfer.asset;
        row.has_amount = true;
        row.amount = o->transfer.amount;
        break;
    case OP_BALANCE_SET_FLOOR:
        row.other = &o->balance_set_floor.account;
        row.asset = &o->balance_set_floor.asset;
        break;
    case OP_HOLD_CREATE:
        row.other = &o->hold_create.payee;
        row.asset = &o->hold_create.asset;
        row.has_amount = true;
        row.amount = o->hold_create.amount;
        break;
    case OP_HOLD_POST:
        row.has_amount = true;
        row.amount = o->hold_post.amount;
        break;
    case OP_HOLD_VOID:
    case OP_HOLD_POST_GROUP:
    case OP_HOLD_VOID_GROUP:
    case OP_ACCOUNT_SET_SIGNERS:
    case OP_KV_PUT:
    case OP_KV_DELETE:
    case OP_GOV_PROPOSE:
    case OP_GOV_BALLOT: break;
    }
    store_write_operation(ledger->store, &row);
}

static uint64_t proposals_of(const struct transaction *tx)
{
    uint64_t count = 0;
    for (uint8_t i = 0; i < tx->operation_count; i++)
        count += tx->operations[i].code == OP_GOV_PROPOSE;
    return count;
}

/* The ballots of a transaction that succeeded; a proposal is its proposer's yes. The last numbers
 * are those of its own proposals, in their order. */
static void write_ballots(struct ledger *ledger, const struct transaction *tx, uint64_t position)
{
    uint64_t proposals = proposals_of(tx);
    uint64_t number = proposals ? governance_read_next(ledger->state) - proposals : 0;
    for (uint8_t i = 0; i < tx->operation_count; i++) {
        const struct operation *o = &tx->operations[i];
        if (o->code == OP_GOV_PROPOSE)
            store_write_ballot(ledger->store, number++, &o->actor, VOTE_YES, position + i);
        else if (o->code == OP_GOV_BALLOT)
            store_write_ballot(ledger->store, o->gov_ballot.proposal, &o->actor, o->gov_ballot.vote,
                               position + i);
    }
}

/* The account that an operation makes or freezes, or NULL. */
static const struct id *other_account(const struct operation *o)
{
    switch (o->code) {
    case OP_ACCOUNT_CREATE: return &o->account_create.id;
    case OP_ACCOUNT_FREEZE: return &o->account_freeze.account;
    default: return NULL;
    }
}

static int compare_ids(const void *a, const void *b)
{
    return id_compare(a, b);
}

/* Each account once. */
static void write_touch(struct ledger *ledger, struct id *accounts, size_t count, uint64_t position)
{
    if (count > 1) qsort(accounts, count, sizeof accounts[0], compare_ids);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || !id_equal(&accounts[i - 1], &accounts[i]))
            store_write_touch(ledger->store, &accounts[i], position);
}

/* Those whose balances the entry moved. */
static size_t add_moved(const struct effects *effects, struct id *accounts)
{
    for (uint32_t i = 0; i < effects->movement_count; i++)
        accounts[i] = effects->movements[i].account;
    return effects->movement_count;
}

/* The entry stands in the history of its source and actors, and, if it succeeded, of those whom it
 * paid, made or froze: a failed payment is no event in the life of its payee. */
static void write_touches(struct ledger *ledger, const struct transaction *tx, uint64_t position,
                          bool succeeded)
{
    struct id accounts[1 + 2 * TX_OPERATIONS_MAX + MOVEMENTS_MAX];
    size_t count = 0;
    accounts[count++] = tx->source;
    for (unsigned i = 0; i < tx->operation_count; i++) {
        const struct id *other = other_account(&tx->operations[i]);
        accounts[count++] = tx->operations[i].actor;
        if (succeeded && other) accounts[count++] = *other;
    }
    count += add_moved(&ledger->executor.effects, accounts + count);
    write_touch(ledger, accounts, count, position);
}

struct digest ledger_write_entry(struct ledger *ledger, const struct transaction *tx,
                                 uint32_t index, struct outcome outcome)
{
    const struct effects *effects = &ledger->executor.effects;
    uint64_t position = position_of(ledger->executor.height, index, 0);
    struct entry_record record = {
        .kind = ENTRY_TRANSACTION,
        .id = tx->txid,
        .signed_hash = tx->signed_hash,
        .code = (uint16_t)outcome.code,
        .at = outcome.at,
        .effects_hash = digest_of(TAG_EFFECTS, effects->list),
    };
    struct digest leaf = entry_record_hash(&record);
    struct store_entry row = {
        .position = position,
        .kind = record.kind,
        .id = &record.id,
        .source = &tx->source,
        .client_ref = &tx->client_ref,
        .code = record.code,
        .at = record.at,
        .data = tx->bytes,
        .effects = effects->list,
        .leaf = &leaf,
    };
    store_write_entry(ledger->store, &row);
    for (uint8_t i = 0; i < tx->operation_count; i++)
        write_operation(ledger, &tx->operations[i], position + i);
    write_touches(ledger, tx, position, outcome.code == RESULT_ok);
    if (outcome.code == RESULT_ok) write_ballots(ledger, tx, position);
    for (uint32_t i = 0; i < effects->movement_count; i++)
        store_write_movement(ledger->store, &effects->movements[i]);
    return leaf;
}

/* It stands in the history of the accounts that it changed or moved a balance of. */
static void write_changed(struct ledger *ledger, uint64_t position)
{
    struct id accounts[EFFECTS_MAX];
    struct effect_list list = effect_list_of(ledger->executor.effects.list);
    struct ledger_effect effect;
    size_t count = 0;
    while (effect_list_next(&list, &effect))
        if (effect.kind == LEDGER_EFFECT_ACCOUNT || effect.kind == LEDGER_EFFECT_BALANCE)
            accounts[count++] = effect.id;
    ASSERT(effect_list_end(&list) == STATUS_OK);
    write_touch(ledger, accounts, count, position);
}

struct digest ledger_write_system(struct ledger *ledger, enum entry_kind kind,
                                  const struct digest *id, uint32_t index, struct outcome outcome)
{
    const struct effects *effects = &ledger->executor.effects;
    struct entry_record record = {
        .kind = (uint8_t)kind,
        .id = *id,
        .code = (uint16_t)outcome.code,
        .at = outcome.at,
        .effects_hash = digest_of(TAG_EFFECTS, effects->list),
    };
    struct digest leaf = entry_record_hash(&record);
    struct store_entry row = {
        .position = position_of(ledger->executor.height, index, 0),
        .kind = record.kind,
        .id = id,
        .code = record.code,
        .at = record.at,
        .effects = effects->list,
        .leaf = &leaf,
    };
    store_write_entry(ledger->store, &row);
    write_changed(ledger, row.position);
    for (uint32_t i = 0; i < effects->movement_count; i++)
        store_write_movement(ledger->store, &effects->movements[i]);
    return leaf;
}
