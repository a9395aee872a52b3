/* tests/sim/shelf.h -- records of one size, found by the bytes they begin with.
 *
 * What the checker and the reference executor remember: promises, transactions, accounts. A record
 * stays where it is by number for ever (nothing is removed); its address holds until the next
 * addition. There is no memory taken for each record, and a search is one hash and mostly one look.
 */
#ifndef SIM_SHELF_H
#define SIM_SHELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct shelf {
    size_t record_size; /* a multiple of 8 */
    size_t key_size;    /* also; the first bytes of a record */
    uint32_t count, capacity;
    uint8_t *records;
    uint32_t *slots; /* number + 1; 0: free */
    uint32_t slots_count;
};

void shelf_init(struct shelf *shelf, size_t record_size, size_t key_size, uint32_t expected);
void shelf_free(struct shelf *shelf);

/* NULL if there is none. */
void *shelf_find(const struct shelf *shelf, const void *key);

/* The one with this key, or a new one, zeroed behind the key. */
void *shelf_add(struct shelf *shelf, const void *key, bool *added);

static inline void *shelf_at(const struct shelf *shelf, uint32_t number)
{
    return shelf->records + number * shelf->record_size;
}

static inline uint32_t shelf_number(const struct shelf *shelf, const void *record)
{
    return (uint32_t)((size_t)((const uint8_t *)record - shelf->records) / shelf->record_size);
}

#endif
