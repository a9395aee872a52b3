#include "shelf.h"

#include "crypto/base.h"
#include <stdlib.h>

static uint64_t hash_of(const uint8_t *key, size_t size)
{
    uint64_t hash = size;
    for (size_t at = 0; at < size; at += 8) {
        uint64_t word;
        memcpy(&word, key + at, 8);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29;
    }
    hash *= 0xbf58476d1ce4e5b9u;
    return hash ^ hash >> 32;
}

/* Where the record with this key is named, or where it would be. */
static uint32_t *place(const struct shelf *shelf, const void *key)
{
    uint32_t mask = shelf->slots_count - 1;
    uint32_t at = (uint32_t)hash_of(key, shelf->key_size) & mask;
    while (shelf->slots[at] != 0 &&
           memcmp(shelf_at(shelf, shelf->slots[at] - 1), key, shelf->key_size) != 0)
        at = (at + 1) & mask;
    return &shelf->slots[at];
}

static void make_slots(struct shelf *shelf)
{
    free(shelf->slots);
    shelf->slots = calloc(shelf->slots_count, sizeof *shelf->slots);
    ASSERT(shelf->slots != NULL);
    for (uint32_t i = 0; i < shelf->count; i++)
        *place(shelf, shelf_at(shelf, i)) = i + 1;
}

static void grow(struct shelf *shelf)
{
    shelf->capacity *= 2;
    shelf->records = realloc(shelf->records, shelf->capacity * shelf->record_size);
    ASSERT(shelf->records != NULL);
    shelf->slots_count *= 2;
    make_slots(shelf);
}

void shelf_init(struct shelf *shelf, size_t record_size, size_t key_size, uint32_t expected)
{
    ASSERT(record_size % 8 == 0);
    ASSERT(key_size % 8 == 0);
    *shelf = (struct shelf){ .record_size = record_size, .key_size = key_size, .capacity = 16 };
    while (shelf->capacity < expected)
        shelf->capacity *= 2;
    shelf->records = malloc(shelf->capacity * record_size);
    ASSERT(shelf->records != NULL);
    shelf->slots_count = 2 * shelf->capacity;
    make_slots(shelf);
}

void shelf_free(struct shelf *shelf)
{
    free(shelf->records);
    free(shelf->slots);
    *shelf = (struct shelf){ .records = NULL };
}

void *shelf_find(const struct shelf *shelf, const void *key)
{
    uint32_t number = *place(shelf, key);
    return number == 0 ? NULL : shelf_at(shelf, number - 1);
}

void *shelf_add(struct shelf *shelf, const void *key, bool *added)
{
    if (shelf->count == shelf->capacity) grow(shelf);
    uint32_t *slot = place(shelf, key);
    *added = *slot == 0;
    if (!*added) return shelf_at(shelf, *slot - 1);
    uint8_t *record = shelf_at(shelf, shelf->count);
    memset(record, 0, shelf->record_size);
    memcpy(record, key, shelf->key_size);
    *slot = ++shelf->count;
    return record;
}
