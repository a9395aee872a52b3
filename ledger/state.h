/* ledger/state.h -- the state as the block in hand sees it: rows read once, changed in memory,
 * written at the end.
 *
 *     state_account, state_balance, ...     the present value, or NULL if there is none
 *     state_edit_account, ...               the same, to be changed; made (zeros) if there is none
 *     state_accept / state_undo             an entry ends: its changes stay, or leave no trace
 *     state_flush                           a block ends: rows written, leaves of the tree listed
 *     state_forget                          a block failed: everything is read again
 *
 * What an entry changed, with the value before it, is state_edits: effects and movements are made
 * from that, so that nothing can change without being told.
 *
 * Records stay in memory behind the block until there are many, because hot accounts come again.
 * This is sound because nobody else writes the file. Pointers are valid until state_forget or
 * state_trim; values change only by edits.
 *
 * Errors of the store and of the heap stick (state_status). After one, reads find nothing and edits
 * go to a scratch record: the caller finishes its loop and looks once.
 */
#ifndef LEDGER_STATE_H
#define LEDGER_STATE_H

#include "format/effect_list.h"
#include "format/records.h"
#include "ledger/store.h"

struct state;

/* Borrows the store. seed: of the hash table, best unknown to clients; no result depends on it. */
struct state *state_new(struct store *store, uint64_t seed);
void state_free(struct state *state);

enum status state_status(const struct state *state);

/* An error of a caller that reads or makes records; it sticks, unless something did before. */
void state_fail(struct state *state, enum status status);

/* A record's bytes do not decode. */
static inline void state_damaged(struct state *state)
{
    state_fail(state, STATUS_DAMAGED);
}

const struct account *state_account(struct state *state, const struct id *id);
const struct asset *state_asset(struct state *state, const struct id *id);
const struct balance *state_balance(struct state *state, const struct id *account,
                                    const struct id *asset);
const struct hold *state_hold(struct state *state, const struct id *id);
const struct kv_record *state_kv(struct state *state, const struct id *owner, struct span key);
const struct window_entry *state_window(struct state *state, const struct id *source,
                                        const struct id *client_ref);
uint64_t state_lane_next(struct state *state, const struct id *account, uint32_t lane);

/* A record of kind 0x80 as its bytes, which stay until the next change of it; false if there is
 * none. ledger/governance_records.h knows the keys. */
bool state_governance(struct state *state, struct span key, struct span *bytes);

struct account *state_edit_account(struct state *state, const struct id *id);
/* Its signers changed too; most changes leave their rows alone. */
struct account *state_edit_signers(struct state *state, const struct id *id);
struct asset *state_edit_asset(struct state *state, const struct id *id);
struct balance *state_edit_balance(struct state *state, const struct id *account,
                                   const struct id *asset);
void state_put_hold(struct state *state, const struct hold *hold);
/* It leaves the state. amount: what was paid of it, or what returns; position: of the entry. */
void state_end_hold(struct state *state, const struct id *id, enum hold_state how, uint64_t amount,
                    uint64_t position);
/* value is borrowed until the flush. */
void state_put_kv(struct state *state, const struct id *owner, struct span key, uint64_t version,
                  struct span value);
void state_remove_kv(struct state *state, const struct id *owner, struct span key);
void state_put_window(struct state *state, const struct window_entry *entry);
void state_put_lane(struct state *state, const struct id *account, uint32_t lane, uint64_t next);
void state_put_governance(struct state *state, struct span key, struct span bytes); /* a copy */

enum {
    STATE_GROUP_MAX = 101, /* ids that state_group finds */
    STATE_ENDED_MAX = 200, /* holds that one entry ends: its operations, and its groups */
};

/* The holds of a group with this arbiter at this moment of the entry, ascending, at most
 * STATE_GROUP_MAX; returns how many. */
size_t state_group(struct state *state, const struct id *group, const struct id *arbiter,
                   struct id ids[STATE_GROUP_MAX]);

/* A hold's value in the edits: the record, also of one that has ended, and what the entry did to it
 * last. Begins like a hold. */
struct hold_value {
    struct hold hold;
    uint8_t state;   /* enum hold_state */
    uint64_t amount; /* that the effect tells */
    uint64_t ended;  /* position of the entry that ended it */
};

/* What the entry in hand changed so far, each object once, in the order of the first change. now
 * and before point to the struct of the kind (format/records.h; struct hold_value of a hold); of a
 * governance record to no struct of others: its bytes are read by state_governance. */
struct state_edit {
    uint8_t kind; /* enum record_kind */
    bool existed; /* before the entry */
    bool exists;
    struct span key;
    const void *before; /* meaningless if it did not exist */
    void *now;
};
size_t state_edit_count(const struct state *state);
struct state_edit state_edit_at(const struct state *state, size_t index);

void state_accept(struct state *state);
void state_undo(struct state *state);

/* Takes the window entries below horizon_ms, by (not_after, txid), at most limit, out of the state.
 * Between the last entry of a block and its flush. */
void state_sweep(struct state *state, uint64_t horizon_ms, uint32_t limit);

/* Writes the rows of all accepted changes, in the order of kind and key, and returns the changed
 * leaves in *changes, sorted by path; valid until the next flush. Ends with state_status. */
enum status state_flush(struct state *state, const struct state_change **changes, size_t *count);

/* Forgets all records and changes. */
void state_forget(struct state *state);

/* The same if there are many records; between blocks, and before each admission, for strangers can
 * ask for any number of accounts that do not exist. */
void state_trim(struct state *state);

size_t state_records(const struct state *state); /* in memory, for tests and metrics */

#endif
