/* ledger/arena.h -- memory that is taken piece by piece and given back all at once.
 *
 * Pieces never move and are aligned for any of our types. Emptying keeps the first chunk, so that a
 * block's work after the first takes nothing from the heap.
 */
#ifndef LEDGER_ARENA_H
#define LEDGER_ARENA_H

#include "crypto/base.h"

struct arena_chunk;

struct arena {
    struct arena_chunk *chunks; /* the one in use first */
    size_t used;                /* of the one in use */
    size_t bytes;               /* of all chunks */
};

void arena_init(struct arena *arena);
void arena_free(struct arena *arena);

/* size bytes, not cleared; NULL without memory. */
void *arena_take(struct arena *arena, size_t size);

/* Everything taken so far is void. */
void arena_empty(struct arena *arena);

#endif
