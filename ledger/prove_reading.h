/* ledger/prove_reading.h -- one object of the state, or its absence, as it is after the last block.
 *
 * The state's tree stands in the memory of the thread that owns the ledger. Between two blocks,
 * where tree and rows belong to one height, it takes a reading: the value and its path, with the
 * header that commits to both. A reading is a copy; whoever asked adds the seal when it comes and
 * has a proof (ledger/prove.h).
 */
#ifndef LEDGER_PROVE_READING_H
#define LEDGER_PROVE_READING_H

#include "format/records.h"
#include "ledger/ledger.h"

/* Which object: its kind and key (format/records.h). */
struct state_question {
    uint8_t kind; /* enum record_kind */
    uint16_t key_size;
    uint8_t key[RECORD_KEY_MAX];
    /* Of the window: the time that is asked about. 0: whatever time its entry has; then absence
     * cannot be shown. */
    uint64_t not_after_ms;
};

/* About 9 KiB, and the value. */
struct state_reading {
    struct state_question question;
    struct header header; /* of the last block */
    struct digest hash;
    bool present;
    uint8_t *value;
    size_t value_size;
    bool has_neighbour; /* absent */
    struct digest neighbour_path, neighbour_value_hash;
    uint16_t depth;
    struct digest siblings[256]; /* of levels 0 ... depth - 1; zeros where there is none */
};

/* Whether a question names a kind that exists and a key of its shape. A peer's or client's question
 * is asked only after that. */
bool state_question_valid(const struct state_question *question);

/* On the ledger's thread, between two blocks. STATUS_NOT_FOUND: a window entry without a time that
 * is not there. STATUS_NO_MEMORY, STATUS_DAMAGED, STATUS_IO with *problem. The caller frees. */
enum status ledger_read_state(struct ledger *ledger, const struct state_question *question,
                              struct state_reading **reading, struct problem *problem);
void state_reading_free(struct state_reading *reading);

#endif
