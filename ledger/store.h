/* ledger/store.h -- ledger.db as the writing connection sees it: rows in, rows out.
 *
 * One store is the only connection that writes and checkpoints a file (SQLite before 3.51.3 can
 * corrupt a WAL that two connections reset). WAL, synchronous=NORMAL, no memory map, no automatic
 * checkpoint: the built-in one hides a failed sync. What a power cut takes is executed again from
 * the journal, which is cut only behind store_sync.
 *
 * Errors stick, as in crypto/codec.h: after the first one every call does nothing and reads find
 * nothing; store_status tells, store_error says what. An I/O error, a full disk or a damaged page
 * is never retried: after a failed sync the kernel may have dropped the pages, and a second attempt
 * would report success. The caller rolls back and ends.
 *
 * Statements are prepared once, at open. Nothing is allocated for a row.
 */
#ifndef LEDGER_STORE_H
#define LEDGER_STORE_H

#include "format/block.h"
#include "format/records.h"
#include "ledger/ledger.h"
#include "ledger/state_tree.h"

struct store;

/* Opens or makes the file; a new one is empty until store_create. STATUS_IO, STATUS_DAMAGED,
 * STATUS_BUSY, STATUS_UNSUPPORTED (another application's file or another version). */
enum status store_open(struct store **store, const char *path, const struct ledger_options *options,
                       struct problem *problem);
void store_close(struct store *store);

/* No schema yet. */
bool store_is_new(const struct store *store);

/* Makes the schema, inside the caller's transaction, so that a file is either nothing or has its
 * block 0; then prepares the statements. */
void store_create(struct store *store);

enum status store_status(const struct store *store);
const char *store_error(const struct store *store);

void store_begin(struct store *store);

/* The reads until store_commit see one state, and lock the file once instead of each time. */
void store_begin_reads(struct store *store);
void store_commit(struct store *store);
/* Ends the transaction without effect, if there is one; also after an error. */
void store_rollback(struct store *store);

/* Copies old WAL pages into the database if the WAL has grown long. Between transactions. */
void store_trim_wal(struct store *store);

/* Writes the place that was reached and syncs the WAL; then copies what readers allow into the
 * database. After STATUS_OK everything committed before is on disk. Between transactions. */
void store_sync(struct store *store, uint64_t height, uint64_t epoch, uint64_t sequence);

/* ---- history --------------------------------------------------------------------------------- */

void store_write_block(struct store *store, const struct header *header, const struct digest *hash);

struct store_entry {
    uint64_t position;
    uint8_t kind;
    const struct digest *id;
    const struct id *source, *client_ref; /* NULL unless a transaction */
    uint16_t code;
    uint8_t at;
    struct span data;    /* the transaction; no data: NULL */
    struct span effects; /* ledger/effects.h */
    const struct digest *leaf;
};
void store_write_entry(struct store *store, const struct store_entry *entry);

struct store_operation {
    uint64_t position;
    uint16_t kind;
    const struct id *actor;
    const struct id *other, *asset; /* or NULL */
    bool has_amount;
    uint64_t amount;
};
void store_write_operation(struct store *store, const struct store_operation *operation);
void store_write_touch(struct store *store, const struct id *account, uint64_t position);
void store_write_movement(struct store *store, const struct movement *movement);
void store_write_history(struct store *store, unsigned level, uint64_t index,
                         const struct digest *hash);
void store_write_epoch(struct store *store, uint64_t number, uint64_t first_height,
                       const struct committee *committee, const struct params *params);

/* The header and its hash as stored; false if there is none. */
bool store_read_block(struct store *store, uint64_t height, struct header *header,
                      struct digest *hash);
bool store_read_last_height(struct store *store, uint64_t *height);
bool store_read_history(struct store *store, unsigned level, uint64_t index, struct digest *hash);
/* params and first_height may be NULL. */
bool store_read_epoch(struct store *store, uint64_t number, struct committee *committee,
                      struct params *params, uint64_t *first_height);
/* Whether an entry of this id exists, and where. */
bool store_read_entry(struct store *store, const struct digest *id, uint64_t *position);

/* Keeps the first signature of a validator for a height. */
void store_write_seal(struct store *store, uint64_t height, const struct seal_signature *signature);
/* Keeps the first row of an id. */
void store_write_evidence(struct store *store, const struct digest *id, uint8_t kind,
                          uint64_t height, struct span data);
uint16_t store_count_seal(struct store *store, uint64_t height);
/* Highest height with as many signatures as the quorum of its epoch; 0 if there is none. */
uint64_t store_read_sealed(struct store *store);

/* ---- state ----------------------------------------------------------------------------------- */

bool store_read_account(struct store *store, const struct id *id, struct account *account);
/* Its lines are summed up over the balances that have one. */
bool store_read_asset(struct store *store, const struct id *id, struct asset *asset);
bool store_read_balance(struct store *store, const struct id *account, const struct id *asset,
                        struct balance *balance);
bool store_read_hold(struct store *store, const struct id *id, struct hold *hold);
bool store_read_kv(struct store *store, const struct id *owner, struct span key,
                   struct kv_record *kv);
bool store_read_window(struct store *store, const struct id *source, const struct id *client_ref,
                       struct window_entry *entry);
bool store_read_lane(struct store *store, const struct id *account, uint32_t number,
                     struct lane *lane);

/* with_signers: also its rows of `signer`, which most changes leave alone. */
void store_write_account(struct store *store, const struct account *account, bool with_signers);
void store_write_asset(struct store *store, const struct asset *asset);
void store_write_balance(struct store *store, const struct balance *balance);
void store_write_hold(struct store *store, const struct hold *hold);
void store_remove_hold(struct store *store, const struct id *id);
void store_write_kv(struct store *store, const struct kv_record *kv, struct span value);
void store_remove_kv(struct store *store, const struct id *owner, struct span key);
void store_write_window(struct store *store, const struct window_entry *entry);
void store_remove_window(struct store *store, const struct id *source, const struct id *client_ref);
void store_write_lane(struct store *store, const struct lane *lane);

/* The window entries with not_after below horizon_ms, by (not_after, txid), at most limit, into
 * entries; returns how many. */
uint32_t store_read_expired(struct store *store, uint64_t horizon_ms, uint32_t limit,
                            struct window_entry *entries);

/* The ids of a group's holds with this arbiter, ascending, at most limit, into ids; returns how
 * many. (ledger/store_holds.c, as all that is about holds) */
uint32_t store_read_group(struct store *store, const struct id *group, const struct id *arbiter,
                          uint32_t limit, struct id *ids);

/* The holds that end by themselves at or before time_ms, by (expires_ms, id), likewise. */
uint32_t store_read_due_holds(struct store *store, uint64_t time_ms, uint32_t limit,
                              struct id *ids);

/* The time at which the next of all holds ends by itself; UINT64_MAX: there is none. */
uint64_t store_read_next_expiry(struct store *store);

/* Remembers where a hold was made and where it ended. */
void store_write_hold_end(struct store *store, const struct hold *hold, uint64_t position);

/* ---- governance ------------------------------------------------------------------------------ */

/* The record of kind 0x80 at a key, into its rows and, as its canonical bytes, back from them: the
 * tables param, member, validator and proposal. The validator set stands in the table epoch, which
 * store_write_epoch writes when it changes; the next number follows from the proposals. */
void store_write_governance(struct store *store, struct span key, struct span bytes);
bool store_read_governance(struct store *store, struct span key, struct writer *w);

/* Casts a ballot or replaces it. */
void store_write_ballot(struct store *store, uint64_t proposal, const struct id *member,
                        uint8_t vote, uint64_t position);

bool store_read_params(struct store *store, struct params *params);

/* All members, by account; the caller frees. */
struct member *store_read_members(struct store *store, uint16_t *count);

/* The ids of all registered validators, ascending; the caller frees. */
struct id *store_read_validator_ids(struct store *store, size_t *count);

/* The numbers of the proposals whose record says open or passed, ascending; the caller frees. */
uint64_t *store_read_live_proposals(struct store *store, size_t *count);

/* ---- the tree and the place ------------------------------------------------------------------ */

/* Leaves and slots, for ledger/state_tree.h. */
struct state_storage store_tree_storage(struct store *store);

struct store_place {
    struct digest chain_id;
    uint64_t height, epoch, sequence;
};
void store_write_place(struct store *store, const struct store_place *place, struct span genesis);
void store_move_place(struct store *store, uint64_t height, uint64_t epoch, uint64_t sequence);
bool store_read_place(struct store *store, struct store_place *place);

#endif
