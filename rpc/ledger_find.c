/* rpc/ledger_find.c -- where a transaction stands, from the ledger. */
#include "rpc/ledger_find.h"
#include "ledger/reader.h"

/* What a failed entry observed is in its effects, which are short; a successful one's are not
 * wanted. */
static bool take_effects(void *context, const struct entry_row *entry)
{
    struct tx_place *place = context;
    if (entry->effects.size > sizeof place->effects) return false;
    memcpy(place->effects, entry->effects.data, entry->effects.size);
    place->effects_size = (uint8_t)entry->effects.size;
    return false;
}

enum status ledger_find_tx(void *context, struct ledger_reader *reader, const struct digest *txid,
                           struct tx_place *place)
{
    (void)context;
    memset(place, 0, sizeof *place);
    struct ledger_read_head head;
    enum status status = ledger_read_head(reader, &head);
    if (status != STATUS_OK) return status == STATUS_NOT_FOUND ? STATUS_DAMAGED : status;
    place->ledger_height = head.header.height;
    place->ledger_time_ms = head.header.time_ms;
    place->sealed_height = head.sealed_height;

    status = ledger_read_entry_place(reader, txid, &place->position, &place->code, &place->at);
    if (status == STATUS_NOT_FOUND) return STATUS_OK;
    if (status != STATUS_OK) return status;
    struct block_row block;
    status = ledger_read_block(reader, position_height(place->position), &block);
    if (status != STATUS_OK) return status == STATUS_NOT_FOUND ? STATUS_DAMAGED : status;
    place->block_time_ms = block.header.time_ms;
    place->block_hash = block.hash;
    if (place->code != RESULT_ok) {
        status = ledger_read_entry_at(reader, place->position, take_effects, place);
        if (status != STATUS_OK) return status == STATUS_NOT_FOUND ? STATUS_DAMAGED : status;
    }
    place->found = true;
    return STATUS_OK;
}
