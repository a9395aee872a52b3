#include "ledger/arena.h"

#include <stdalign.h>
#include <stdlib.h>

enum { CHUNK_BYTES = 64 * 1024, ALIGNMENT = alignof(max_align_t) };

struct arena_chunk {
    struct arena_chunk *next;
    size_t size;
    alignas(max_align_t) uint8_t bytes[];
};

void arena_init(struct arena *arena)
{
    *arena = (struct arena){ 0 };
}

static void free_chunks(struct arena_chunk *chunk)
{
    while (chunk) {
        struct arena_chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
}

void arena_free(struct arena *arena)
{
    free_chunks(arena->chunks);
    arena_init(arena);
}

static bool add_chunk(struct arena *arena, size_t size)
{
    size_t bytes = size > CHUNK_BYTES ? size : CHUNK_BYTES;
    struct arena_chunk *chunk = malloc(sizeof *chunk + bytes);
    if (!chunk) return false;
    chunk->next = arena->chunks;
    chunk->size = bytes;
    arena->chunks = chunk;
    arena->used = 0;
    arena->bytes += bytes;
    return true;
}

void *arena_take(struct arena *arena, size_t size)
{
    size_t rounded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (!arena->chunks || arena->chunks->size - arena->used < rounded)
        if (!add_chunk(arena, rounded)) return NULL;
    void *piece = arena->chunks->bytes + arena->used;
    arena->used += rounded;
    return piece;
}

void arena_empty(struct arena *arena)
{
    if (!arena->chunks) return;
    free_chunks(arena->chunks->next);
    arena->chunks->next = NULL;
    arena->bytes = arena->chunks->size;
    arena->used = 0;
}
