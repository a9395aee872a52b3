/* rpc/value.h -- our scalar types as JSON values.
 *
 * Each returns a new reference, or NULL without memory; json_pack("{s:o}") and json_object_set_new
 * take a NULL as an error, so one check at the end of a result suffices.
 */
#ifndef RPC_VALUE_H
#define RPC_VALUE_H

#include "crypto/codec.h"
#include "genesis/address.h"
#include <jansson.h>

json_t *value_height(uint64_t height); /* any count below 2^53 */
json_t *value_amount(uint64_t amount); /* "25000" */
json_t *value_signed(int64_t amount);  /* "-25000" */
json_t *value_hex(struct span bytes);  /* lower case */
json_t *value_hash(const struct digest *digest);
json_t *value_key(const struct public_key *key);
json_t *value_signature(const struct signature *signature);
json_t *value_id16(const struct id *id); /* 32 hex digits: client_ref, group */
json_t *value_address(enum address_kind kind, const struct id *id);
json_t *value_time(uint64_t time_ms);            /* "2026-12-02T04:12:09.123Z" */
json_t *value_position(uint64_t position);       /* "1042.3.0"; versions too */
json_t *value_entry_position(uint64_t position); /* "1042.3" */

/* An asset's code: 12 bytes, zero-filled. */
json_t *value_code(const uint8_t code[12]);

#endif
