/* proof/text.h -- proofs as text: base64 armour and the JSON twin.
 *
 * Both carry exactly the bytes of the binary file: binary -> text -> binary is the identity, and so
 * is text -> binary -> text. Nothing is hashed or checked in this form. The table of the twin's
 * members is in docs/reference/proofs.md.
 */
#ifndef PROOF_TEXT_H
#define PROOF_TEXT_H

#include "proof/proof.h"

enum { PROOF_TEXT_BYTES_MAX = 512 * 1024 * 1024 };

#define PROOF_ARMOR_BEGIN "-----BEGIN WITAN PROOF-----"
#define PROOF_ARMOR_END "-----END WITAN PROOF-----"

/* The lines, 64 characters of base64 each, ending in a newline. */
void proof_armor_write(struct writer *w, struct span bytes);

/* Back, appended to w. Strict: these lines (a carriage return before a newline is allowed) and
 * nothing before or behind them. STATUS_MALFORMED. */
enum status proof_armor_read(struct span text, struct writer *w, struct problem *problem);

/* The twin of a decoded proof. New reference. NULL without memory, or if a number is beyond 2^53-1,
 * a time beyond the year 9999, or a word of a validator set unknown: no honest chain has those, and
 * such a proof exists in binary form only. */
json_t *proof_json(const struct proof *proof);

/* Parts of it, without format, kind, chain id and epochs, as they stand inside of other proofs. */
json_t *receipt_json(const struct receipt *receipt);
json_t *state_proof_json(const struct state_proof *state);

/* The bytes of a twin, appended to w: strict, *problem names the member. */
enum status proof_from_json(const json_t *json, struct writer *w, struct problem *problem);

/* Recognises which of the three forms it is given (WTNPROOF, armour, JSON object) and appends the
 * binary file to w. It is not decoded yet if it was binary or armoured. STATUS_MALFORMED,
 * STATUS_TOO_LARGE, and those of the twin. */
enum status proof_load(struct span file, struct writer *w, struct problem *problem);

#endif
