/* rpc/json_ledger.h -- what stands in the ledger, as the JSON of openrpc.json.
 *
 * One function for each schema. All return a new reference, members in the document's order,
 * optional members left out when they do not apply; NULL without memory, and also where bytes that
 * the ledger stored do not decode: the caller then answers internal_error.
 */
#ifndef RPC_JSON_LEDGER_H
#define RPC_JSON_LEDGER_H

#include "ledger/reader.h"
#include "rpc/value.h"

/* Adds a member to an object and becomes NULL for ever if anything fails, so that a result is built
 * without a check at each line: `o = json_with(o, "height", value_height(h))`. Takes over value. */
json_t *json_with(json_t *object, const char *name, json_t *value);

/* Appends to an array in the same manner. */
json_t *json_and(json_t *array, json_t *item);

/* A number out of stored bytes, which may be anything: at most 2^63-1, as JSON has them. */
json_t *json_number(uint64_t value);

const char *fault_model_word(uint8_t fault_model); /* "byzantine", "crash" */
const char *validator_status_word(uint8_t status); /* "learner", "active", "removed" */

json_t *json_header(const struct header *header);
json_t *json_seal(const struct seal *seal, const struct committee *committee);
json_t *json_validator_set(const struct committee *committee);

/* A header with what this node knows of its block. */
struct block_facts {
    bool sealed;
    uint64_t size_bytes;
    uint64_t signers;    /* signatures held */
    uint64_t validators; /* of the epoch */
};
json_t *json_block_header(const struct block_row *block, const struct block_facts *facts);

json_t *json_balance(const struct balance *balance, uint64_t at_height);
json_t *json_asset(const struct asset *asset, uint64_t ledger_height);
json_t *json_hold(const struct hold *hold, const char *state, uint64_t ledger_height);
json_t *json_kv(const struct kv_row *kv, uint64_t time_ms, uint64_t ledger_height);

/* balances (taken over) and next_cursor (taken over) end the object; member: the name, or NULL. */
json_t *json_account(const struct account *account, json_t *balances, json_t *next_cursor,
                     uint64_t ledger_height, const char *member);

#endif
