/* ledger/reader.h -- everything that reads a ledger.db: one read-only connection, plain rows.
 *
 * The RPC, the node's sync and the commands that work on a file read through here; none of them
 * writes SQL. A reader belongs to one thread. It opens the file read-only and never checkpoints, so
 * it neither waits for the writing connection nor makes it wait.
 *
 *     ledger_reader_begin(reader);            from here on every row belongs to one height
 *     ledger_read_head(reader, &head);
 *     ledger_read_account(reader, &id, &account);
 *     ledger_reader_end(reader);
 *
 * Rows are plain structs. One row of fixed size is filled in; rows with bytes of unknown size, and
 * lists, come through a callback, whose spans are valid until it returns. A callback returns true
 * to go on; false ends the walk without an error. It may read from the same reader.
 *
 * Every function returns STATUS_OK, STATUS_NOT_FOUND (where there is one thing to find),
 * STATUS_TIMEOUT (interrupted; rows handed out so far are good), STATUS_DAMAGED (a stored record
 * does not decode or the file is not sound), STATUS_BUSY, STATUS_IO or STATUS_NO_MEMORY;
 * ledger_reader_error says what in a sentence. Outside begin and end each call has a snapshot of
 * its own. Pages are keyset searches: "after" is the last key of the page before, never a count to
 * skip. (ledger.md, section 11)
 */
#ifndef LEDGER_READER_H
#define LEDGER_READER_H

#include "crypto/merkle.h"
#include "format/proposal.h"
#include "format/records.h"
#include "format/seal.h"

struct ledger_reader;

struct ledger_reader_options {
    const char *vfs;    /* SQLite VFS by name; NULL = the default */
    uint32_t cache_kib; /* page cache; 0 = 8 MiB */
    uint32_t mmap_mib;  /* memory-mapped reading; 0 = none */
    bool immutable;     /* nobody writes the file, and no -wal or -shm may be made beside it */
    uint32_t retry_ms;  /* how long to wait for a locked file (recovery of a WAL); 0 = 1000 */
};

/* Opens an existing ledger.db. options may be NULL. STATUS_NOT_FOUND, STATUS_UNSUPPORTED (another
 * application's file or another version), STATUS_DAMAGED, STATUS_BUSY, STATUS_IO. */
enum status ledger_reader_open(struct ledger_reader **reader, const char *path,
                               const struct ledger_reader_options *options,
                               struct problem *problem);
void ledger_reader_close(struct ledger_reader *reader);

/* One snapshot for the calls in between. begin takes the snapshot at once. */
enum status ledger_reader_begin(struct ledger_reader *reader);
void ledger_reader_end(struct ledger_reader *reader);

/* Copies the whole database as it stands at one moment into a new file, while others write it; the
 * copy is neither synced nor checked. STATUS_IO (with problem), STATUS_NO_MEMORY. The copy of a
 * database in WAL mode is in that mode too: open it immutable. (ledger/reader_copy.c) */
enum status ledger_reader_copy(struct ledger_reader *reader, const char *path,
                               struct problem *problem);

/* From now on a statement asks expired(context) about every 1,000 steps of SQLite's machine and is
 * given up with STATUS_TIMEOUT when the answer is true. NULL: no limit. */
void ledger_reader_limit(struct ledger_reader *reader, bool (*expired)(void *context),
                         void *context);

/* The sentence of the last status that was not OK, NOT_FOUND or TIMEOUT; "" if there was none. */
const char *ledger_reader_error(const struct ledger_reader *reader);

/* ---- the whole ------------------------------------------------------------------------------ */

struct ledger_read_head {
    struct header header;   /* of the last block: height, time_ms, epoch, ... */
    struct digest hash;     /* its block hash */
    uint64_t sealed_height; /* highest block at or below which a stored quorum covers everything */
    uint64_t epoch;         /* in which the next batch is executed */
    uint64_t sequence;      /* last executed in that epoch */
};

enum status ledger_read_head(struct ledger_reader *reader, struct ledger_read_head *head);
enum status ledger_read_sealed_height(struct ledger_reader *reader, uint64_t *height);

/* Entries of all blocks. The reader remembers the sum and adds what is new, so only the first call
 * walks the table. */
enum status ledger_read_entry_total(struct ledger_reader *reader, uint64_t *entries);

/* The chain id, and the genesis document's canonical bytes (appended to *out). */
enum status ledger_read_chain(struct ledger_reader *reader, struct digest *chain_id,
                              struct buffer *out);

/* The parameters in force for the next block. */
enum status ledger_read_params(struct ledger_reader *reader, struct params *params);

/* The lowest height whose transactions are kept (pruning comes later: 0). */
enum status ledger_read_earliest(struct ledger_reader *reader, uint64_t *height);

/* ---- blocks --------------------------------------------------------------------------------- */

struct block_row {
    struct header header;
    struct digest hash;
};

/* By height or by block hash. */
enum status ledger_read_block(struct ledger_reader *reader, uint64_t height,
                              struct block_row *block);
enum status ledger_read_block_by_hash(struct ledger_reader *reader, const struct digest *hash,
                                      struct block_row *block);

typedef bool ledger_on_block(void *context, const struct block_row *block);

/* Blocks of heights from .. to (inclusive), in the order asked for, at most limit. */
enum status ledger_read_blocks(struct ledger_reader *reader, uint64_t from, uint64_t to,
                               bool descending, uint32_t limit, ledger_on_block *on_block,
                               void *context);

/* The last block with a time at or below time_ms. STATUS_NOT_FOUND before block 0. */
enum status ledger_read_height_at(struct ledger_reader *reader, uint64_t time_ms, uint64_t *height);

/* Appends a block's bytes (header | u32 count | count x bytes32 transaction) to *out, for sync.
 * STATUS_TOO_LARGE if they do not fit into what is left of its limit: nothing is appended then.
 * Only entries of kind transaction have bytes; the others are recomputed by execution. */
enum status ledger_read_block_bytes(struct ledger_reader *reader, uint64_t height,
                                    struct buffer *out);
enum status ledger_read_block_size(struct ledger_reader *reader, uint64_t height, uint64_t *bytes);

/* The stored signatures of a block, with its epoch and hash; the caller judges them
 * (seal_check). STATUS_NOT_FOUND if there is no block or no signature. */
enum status ledger_read_seal(struct ledger_reader *reader, uint64_t height, struct seal *seal);

/* The first block at or above height that carries a stored quorum: what a sync server or a proof
 * uses to cover height. STATUS_NOT_FOUND if none is sealed yet. */
enum status ledger_read_sealed_above(struct ledger_reader *reader, uint64_t height,
                                     uint64_t *sealed);

/* The path of block `height` in the history tree over the first `size` blocks, which is the
 * history_root of block `size`; and that the tree over the first `older` is its beginning. At most
 * two rows a level, however long the ledger. (ledger/reader_history.c) */
enum status ledger_read_history_path(struct ledger_reader *reader, uint64_t height, uint64_t size,
                                     struct digest path[MERKLE_PATH_MAX], uint8_t *count);
enum status ledger_read_history_consistency(struct ledger_reader *reader, uint64_t older,
                                            uint64_t size, struct digest proof[MERKLE_PATH_MAX],
                                            uint8_t *count);

/* The leaves' data of a block's entry tree; count is its header's entry_count. STATUS_DAMAGED if
 * there are not so many. */
enum status ledger_read_entry_leaves(struct ledger_reader *reader, uint64_t height,
                                     struct digest *leaves, uint32_t count);

struct epoch_row {
    uint64_t number;
    uint64_t first_height;
    struct committee committee;
    struct params params; /* in force at its first block */
};

typedef bool ledger_on_epoch(void *context, const struct epoch_row *epoch);

/* Epochs in order of their numbers, from number `from` on, at most limit; and the one that seals a
 * height (also one not reached yet: the latest). A row is 18 KiB: keep it off small stacks. */
enum status ledger_read_epochs(struct ledger_reader *reader, uint64_t from, uint32_t limit,
                               ledger_on_epoch *on_epoch, void *context);
enum status ledger_read_epoch_of(struct ledger_reader *reader, uint64_t height,
                                 struct epoch_row *epoch);

struct evidence_row {
    struct digest id;
    uint8_t kind; /* enum evidence_kind of ledger/ledger.h */
    uint64_t height;
    struct span data;
};

typedef bool ledger_on_evidence(void *context, const struct evidence_row *evidence);

/* By id, above *after (NULL: from the first), at most limit. */
enum status ledger_read_evidence(struct ledger_reader *reader, const struct digest *after,
                                 uint32_t limit, ledger_on_evidence *on_evidence, void *context);

/* ---- entries -------------------------------------------------------------------------------- */

struct entry_row {
    uint64_t position; /* of the whole entry: operation 0 */
    uint8_t kind;      /* enum entry_kind */
    struct digest id;
    bool has_source; /* transactions */
    struct id source;
    struct id client_ref;
    uint16_t code; /* enum result_code */
    uint8_t at;
    struct span data;    /* the transaction; empty for other kinds */
    struct span effects; /* ledger/effects.h */
    struct digest leaf;  /* as stored: H(entry tag, record) */
};

typedef bool ledger_on_entry(void *context, const struct entry_row *entry);

/* One entry by its id (txid), or by its place. */
enum status ledger_read_entry(struct ledger_reader *reader, const struct digest *id,
                              ledger_on_entry *on_entry, void *context);
enum status ledger_read_entry_at(struct ledger_reader *reader, uint64_t position,
                                 ledger_on_entry *on_entry, void *context);

/* Only where it stands and how it ended. */
enum status ledger_read_entry_place(struct ledger_reader *reader, const struct digest *id,
                                    uint64_t *position, uint16_t *code, uint8_t *at);

/* The entries of a block in order. */
enum status ledger_read_entries(struct ledger_reader *reader, uint64_t height,
                                ledger_on_entry *on_entry, void *context);

enum entry_outcome { OUTCOME_ANY, OUTCOME_OK, OUTCOME_FAILED };

/* Which entries: NULL, 0 and OUTCOME_ANY do not filter. Positions are inclusive; for the page after
 * position p set first = p + 256 (ascending) or last = p - 1 (descending). */
struct entry_filter {
    const struct id *account;    /* touched it */
    const struct id *source;     /* submitted it */
    const struct id *client_ref; /* only with source */
    const struct id *asset;      /* with account: moved its balance of this asset */
    uint16_t operation;          /* holds at least one such operation */
    enum entry_outcome outcome;
    bool transactions_only;
    uint64_t first, last;
    bool descending;
    uint32_t limit;
};

/* The positions of a height range, for first and last. */
static inline uint64_t position_first(uint64_t height)
{
    return height << 24;
}

static inline uint64_t position_last(uint64_t height)
{
    return (height << 24) + 0xffffff;
}

enum status ledger_read_filtered(struct ledger_reader *reader, const struct entry_filter *filter,
                                 ledger_on_entry *on_entry, void *context);

/* ---- state ---------------------------------------------------------------------------------- */

/* Accounts, assets and balances are the structs of format/records.h. */
enum status ledger_read_account(struct ledger_reader *reader, const struct id *id,
                                struct account *account);

typedef bool ledger_on_account(void *context, const struct account *account);

/* By id, above *after (NULL: from the first). roles: only accounts with all of these; key: only
 * those that it signs for (NULL: all). */
enum status ledger_read_accounts(struct ledger_reader *reader, const struct id *after,
                                 uint32_t roles, const struct public_key *key, uint32_t limit,
                                 ledger_on_account *on_account, void *context);

enum status ledger_read_asset(struct ledger_reader *reader, const struct id *id,
                              struct asset *asset);

typedef bool ledger_on_asset(void *context, const struct asset *asset);

/* By id, above *after. issuer and code (12 bytes, zero-filled) filter unless NULL. A code belongs
 * to its issuer: two issuers may use the same one. */
enum status ledger_read_assets(struct ledger_reader *reader, const struct id *after,
                               const struct id *issuer, const uint8_t *code, uint32_t limit,
                               ledger_on_asset *on_asset, void *context);

/* A balance that does not exist is STATUS_NOT_FOUND; it counts as zeros. */
enum status ledger_read_balance(struct ledger_reader *reader, const struct id *account,
                                const struct id *asset, struct balance *balance);

/* As it was after block `height`, from its movements; head, floor and flags are zero. */
enum status ledger_read_balance_at(struct ledger_reader *reader, const struct id *account,
                                   const struct id *asset, uint64_t height,
                                   struct balance *balance);

typedef bool ledger_on_balance(void *context, const struct balance *balance);

/* Of an account by asset, or of an asset by account (exactly one of both is not NULL), above
 * *after, which is an asset or an account accordingly. */
enum status ledger_read_balances(struct ledger_reader *reader, const struct id *account,
                                 const struct id *asset, const struct id *after, uint32_t limit,
                                 ledger_on_balance *on_balance, void *context);

struct movement_row {
    struct id account, asset;
    uint64_t seq;
    uint64_t position; /* of the entry */
    int64_t d_posted, d_held_out, d_held_in;
    int64_t posted, held_out, held_in;
};

typedef bool ledger_on_movement(void *context, const struct movement_row *movement);

/* The movements of one balance with seq first .. last, ascending. */
enum status ledger_read_movements(struct ledger_reader *reader, const struct id *account,
                                  const struct id *asset, uint64_t first, uint64_t last,
                                  ledger_on_movement *on_movement, void *context);

typedef bool ledger_on_movement_record(void *context, const struct movement *movement);

/* The same as the records that their heads chain, with the ids of their entries (of the genesis:
 * the chain id). */
enum status ledger_read_movement_records(struct ledger_reader *reader, const struct id *account,
                                         const struct id *asset, uint64_t first, uint64_t last,
                                         ledger_on_movement_record *on_movement, void *context);

/* How many movements a balance had at or below block `height`. Halving, not walking. */
enum status ledger_read_movement_count(struct ledger_reader *reader, const struct id *account,
                                       const struct id *asset, uint64_t height, uint64_t *count);

/* A hold that waits, also past its time until a block has ended it. (ledger/reader_holds.c) */
enum status ledger_read_hold(struct ledger_reader *reader, const struct id *id, struct hold *hold);

typedef bool ledger_on_hold(void *context, const struct hold *hold);

/* Of an account, which pays or is paid, or of a group (exactly one of both is not NULL), by id,
 * above *after. */
enum status ledger_read_holds(struct ledger_reader *reader, const struct id *account,
                              const struct id *group, const struct id *after, uint32_t limit,
                              ledger_on_hold *on_hold, void *context);

/* A hold that has ended: the position of the operation that made it and of the entry that ended it.
 */
enum status ledger_read_hold_end(struct ledger_reader *reader, const struct id *id, uint64_t *made,
                                 uint64_t *ended);

struct kv_row {
    struct id owner;
    struct span key;
    uint64_t version; /* the position of the put */
    uint8_t kind;     /* 1 value, 2 commitment */
    struct span value;
};

typedef bool ledger_on_kv(void *context, const struct kv_row *kv);

enum status ledger_read_kv(struct ledger_reader *reader, const struct id *owner, struct span key,
                           ledger_on_kv *on_kv, void *context);

/* Keys of an owner that begin with prefix, above after (empty: from the first), by key. */
enum status ledger_read_kvs(struct ledger_reader *reader, const struct id *owner,
                            struct span prefix, struct span after, uint32_t limit,
                            ledger_on_kv *on_kv, void *context);

/* The next number of a lane; 1 if the lane has no record. */
enum status ledger_read_lane(struct ledger_reader *reader, const struct id *account, uint32_t lane,
                             uint64_t *next);

typedef bool ledger_on_member(void *context, const struct member *member);

/* Members by account; one member: STATUS_NOT_FOUND if the account is none. */
enum status ledger_read_members(struct ledger_reader *reader, ledger_on_member *on_member,
                                void *context);
enum status ledger_read_member(struct ledger_reader *reader, const struct id *account,
                               struct member *member);

struct validator_row {
    struct id id, member;
    struct public_key seal_key, node_key;
    char endpoint[ENDPOINT_MAX + 1];
    uint8_t status; /* enum validator_status */
};

typedef bool ledger_on_validator(void *context, const struct validator_row *validator);

/* All registered validators by id, learners and removed ones included. */
enum status ledger_read_validators(struct ledger_reader *reader, ledger_on_validator *on_validator,
                                   void *context);

/* ---- governance ------------------------------------------------------------------------------ */

/* About 30 KiB: keep it off small stacks. */
struct proposal_row {
    uint64_t number;
    struct proposal_record record; /* with its ballots, also of accounts that are no members now */
};

typedef bool ledger_on_proposal(void *context, const struct proposal_row *proposal);

enum status ledger_read_proposal(struct ledger_reader *reader, uint64_t number,
                                 struct proposal_row *proposal);

/* Newest first, those below number `before` (0: from the newest), at most limit. status: only those
 * whose record says so (0: all); an open one past its deadline still says open. */
enum status ledger_read_proposals(struct ledger_reader *reader, uint8_t status, uint64_t before,
                                  uint32_t limit, ledger_on_proposal *on_proposal, void *context);

struct ballot_row {
    struct id member;
    uint8_t vote;      /* enum vote */
    uint64_t position; /* of the operation that cast or replaced it last */
};

typedef bool ledger_on_ballot(void *context, const struct ballot_row *ballot);

/* The ballots of a proposal by member. */
enum status ledger_read_ballots(struct ledger_reader *reader, uint64_t number,
                                ledger_on_ballot *on_ballot, void *context);

/* What a list of actions would do to the state as it stands, were it enacted now. About 35 KiB.
 * Called between ledger_reader_begin and _end. */
struct preview {
    uint16_t code;      /* RESULT_ok or RESULT_action_invalid (a ready statement is not judged) */
    uint8_t at;         /* the first action that does not hold ... */
    const char *reason; /* ... and why, in a word: "last_member"; NULL if all hold */
    char reason_text[160];
    uint8_t class; /* enum proposal_class */
    bool ends_epoch;
    uint16_t members; /* now */
    uint16_t yes_needed;
    struct committee before, after; /* after: as before unless RESULT_ok */
    struct params params;           /* after */
};

enum status ledger_read_preview(struct ledger_reader *reader, const struct action *actions,
                                uint8_t count, struct preview *preview);

#endif
