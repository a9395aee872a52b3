/* genesis/address.h -- ids as people see and type them: bech32m (BIP 350) of 16 bytes.
 *
 * The prefix says what an id names (`acc1...` account, `val1...` validator, `ast1...` asset,
 * `hld1...` hold) and the checksum stops a typing error before anything is signed. 36 characters.
 */
#ifndef GENESIS_ADDRESS_H
#define GENESIS_ADDRESS_H

#include "crypto/digest.h"

enum address_kind { ADDRESS_ACCOUNT, ADDRESS_VALIDATOR, ADDRESS_ASSET, ADDRESS_HOLD };
enum { ADDRESS_CHARS = 36, ADDRESS_TEXT = ADDRESS_CHARS + 1 };

/* "acc", "val", "ast", "hld". */
const char *address_prefix(enum address_kind kind);

/* Writes 36 characters and a zero byte. */
void address_encode(enum address_kind kind, const struct id *id, char text[ADDRESS_TEXT]);

/* Lower case only. STATUS_MALFORMED, or STATUS_INVALID if it is an id of another kind. */
enum status address_decode(enum address_kind kind, const char *text, struct id *id);

/* The first 16 bytes of H(witan/asset/v1, issuer 16 || code 12); code zero-filled. */
struct id asset_id_of(const struct id *issuer, const uint8_t code[12]);

/* Deterministic account ids for names of outside systems: the first 16 bytes of
 * H(witan/name/v1, source 16 || text8 set || text8 name). Both at most 255 bytes. */
struct id named_id_of(const struct id *source, const char *set, const char *name);

#endif
