/* ledger/state_inside.h -- the inside of a state, shared by state.c (reading, editing) and
 * state_flush.c (the end of a block). Nobody else includes this.
 */
#ifndef LEDGER_STATE_INSIDE_H
#define LEDGER_STATE_INSIDE_H

#include "ledger/arena.h"
#include "ledger/state.h"

/* An account's value here: the record, and what of it has rows of its own. Begins like an account.
 */
struct account_value {
    struct account account;
    bool signers_changed;
};

/* A kv record's value here. Begins like a kv_record. */
struct kv_value {
    struct kv_record kv;
    struct span value; /* of the last put, until the flush */
};

/* A governance record's value here: bytes of the records' arena, which stay in place while they
 * have room and are copied before the first change of an entry. */
struct governance_value {
    uint8_t *bytes;
    uint32_t size, capacity;
};

/* One object. In memory: this head, the value, the key. */
struct record {
    uint8_t kind;
    uint16_t key_size;
    bool exists;   /* after what was done so far */
    bool stored;   /* there is a row of it */
    bool changed;  /* since the flush: it stands in `changed` */
    uint64_t edit; /* number of the entry that edited it last */
    uint64_t hash;
    void *value;
    uint8_t *key;
};

struct undo {
    struct record *record;
    bool existed;
    void *before;
};

struct state {
    struct store *store;
    struct arena records_arena;
    struct arena undo_arena;
    uint64_t seed;

    struct record **index; /* open addressing; capacity is a power of two, at most half full */
    size_t index_capacity, record_count;

    struct undo *undo; /* of the entry in hand */
    size_t undo_count, undo_capacity;
    uint64_t entry; /* its number, from 1 */

    struct record **changed; /* since the flush */
    size_t changed_count, changed_capacity;

    struct state_change *changes; /* leaves */
    size_t change_count, change_capacity;

    enum status status;     /* of the heap; the store has its own */
    struct record *scratch; /* what edits change after an error */
};

/* The record of a key if it is in memory, else NULL. */
struct record *state_find(const struct state *state, uint8_t kind, struct span key);

/* Makes room for one more item in a growing array; false, and the status set, without memory. */
bool state_reserve(struct state *state, void *array, size_t item, size_t count, size_t *capacity);

#endif
