/* rpc/cursor.h -- where the next page begins, in a string that fits only its own query.
 *
 *     base64url, unpadded: version u8 = 1 | first 4 bytes of the chain id | 8 bytes of the hash of
 *     method and filters | payload
 *
 * The payload is the method's: the last key of the page (a height, a position, an id) and, where a
 * page fixes the end of its range, that height. A cursor is not secret and not signed: whoever
 * makes one up starts a page elsewhere in the same answer. With other filters it is refused, so
 * that it never gives wrong data.
 */
#ifndef RPC_CURSOR_H
#define RPC_CURSOR_H

#include "rpc/method.h"

enum { CURSOR_PAYLOAD_MAX = 64 };

/* Reads the call's argument "cursor" with a payload of exactly size bytes. *present is false if
 * there is none. false: cursor_invalid (malformed, query_mismatch, chain_mismatch) is recorded. */
bool cursor_read(struct rpc_call *call, uint8_t *payload, size_t size, bool *present);

/* A cursor for this call's method and filters. New reference. */
json_t *cursor_make(const struct rpc_call *call, const uint8_t *payload, size_t size);

/* A cursor for balance_list of this account, above this asset: account_get ends with it. */
json_t *cursor_make_balances(const struct rpc_call *call, const struct id *account,
                             const struct id *asset);

#endif
