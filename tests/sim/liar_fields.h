/* tests/sim/liar_fields.h -- where the fields of a frame lie.
 *
 * For changing one thing in a message and nothing else. Every number, digest, bitmap, signature and
 * length is a field, a transaction one as a whole; where a frame stops making sense the list ends.
 */
#ifndef SIM_LIAR_FIELDS_H
#define SIM_LIAR_FIELDS_H

#include "crypto/base.h"

enum { FIELDS_MAX = 192 };

struct field {
    size_t offset, size;
};

/* How many; frames of unknown kinds have none. */
size_t fields_find(uint8_t frame, struct span payload, struct field fields[FIELDS_MAX]);

#endif
