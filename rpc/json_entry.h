/* rpc/json_entry.h -- entries of a block as the JSON of openrpc.json: transactions, results,
 * effects.
 *
 * As in rpc/json_ledger.h: new references, NULL without memory or where stored bytes do not decode.
 */
#ifndef RPC_JSON_ENTRY_H
#define RPC_JSON_ENTRY_H

#include "rpc/json_ledger.h"

const char *entry_kind_word(uint8_t kind); /* "transaction", "hold_expiry", ... */

json_t *json_effects(struct span effects);
json_t *json_result(uint16_t code, uint8_t at, struct span effects);
json_t *json_location(uint64_t position, const struct digest *block_hash, uint64_t time_ms);

/* Fields of a transaction; with place, result and effects if entry is not NULL (then block is its
 * block). raw adds the bytes. */
json_t *json_transaction(struct span bytes, const struct entry_row *entry,
                         const struct block_row *block, bool sealed, bool raw);

/* An entry of a block; full adds tx and effects. */
json_t *json_entry(const struct entry_row *entry, const struct block_row *block, bool sealed,
                   bool full);

/* The words of the operations in a transaction's bytes. */
json_t *json_operation_words(struct span bytes);

/* A balance effect of an entry as a movement of that balance. */
struct ledger_effect;
json_t *json_movement(const struct ledger_effect *effect, const struct entry_row *entry,
                      uint64_t time_ms);

#endif
