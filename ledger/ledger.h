/* ledger/ledger.h -- the front door of the state machine: ordered batches in, headers out.
 *
 * One thread owns a ledger: its only writing SQLite connection, the state tree, the head. A batch
 * is executed whole, in one SQLite transaction; the same batches give the same headers on every
 * machine. ledger.db is derived: what a crash takes is executed again from the journal.
 *
 * Readers (ledger/reader.h) have read-only connections of their own and never checkpoint.
 */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include "format/block.h"
#include "format/seal.h"

struct ledger;

/* The tables that are only appended to and that execution never reads. */
enum history_table { HISTORY_ENTRY, HISTORY_OPERATION, HISTORY_TOUCH, HISTORY_MOVEMENT };
enum { HISTORY_TABLES = HISTORY_MOVEMENT + 1 };

/* Where their rows go instead, of a ledger that is executed only to be compared with another: row
 * is handed an sqlite3_stmt whose columns are those of the table. Such a ledger is one transaction
 * that never ends; it cannot be opened again. */
struct history_sink {
    void (*row)(void *context, enum history_table table, void *statement);
    void *context;
};

struct ledger_options {
    uint64_t cache_bytes;       /* of SQLite's pages; 0 = 64 MiB */
    const char *vfs;            /* SQLite VFS by name; NULL = the default */
    struct verify_cache *cache; /* signatures found valid before the vote; NULL = verify again */
    uint64_t hash_seed; /* of tables in memory: best unknown to clients; changes no result */
    const struct history_sink *sink; /* NULL: all rows into the file */
};

/* Opens path, or makes it from the genesis if it does not exist (or ":memory:"). Checks that it is
 * of this chain (STATUS_MISMATCH), the format (STATUS_UNSUPPORTED), loads the slots and compares
 * the recomputed state root with the last header's (STATUS_DAMAGED, with the place). The genesis
 * must outlive the ledger. */
enum status ledger_open(struct ledger **ledger, const struct genesis *genesis, const char *path,
                        const struct ledger_options *options, struct problem *problem);
void ledger_close(struct ledger *ledger);

struct ledger_head {
    struct header header; /* of the last block */
    struct digest hash;
    uint64_t epoch;    /* in which the next batch is executed */
    uint64_t sequence; /* last executed in that epoch, batches without a block included */
    bool epoch_ended;  /* the last block has HEADER_EPOCH_END: what follows in its epoch is void */
};

const struct ledger_head *ledger_head(const struct ledger *ledger);
const struct committee *ledger_committee(const struct ledger *ledger); /* seals the next block */
const struct params *ledger_params(const struct ledger *ledger);       /* in force for it */
const struct digest *ledger_genesis_hash(const struct ledger *ledger); /* hash of block 0 */

/* What an epoch was opened with. Its engine's parameters, and those that are checked before
 * execution, stay what they were; all others may have changed since. About 30 KiB. */
struct epoch_record {
    uint64_t number;
    uint64_t first_height; /* 0 of epoch 0, else that of the block behind the boundary */
    struct committee committee;
    struct params params;
    struct digest boundary_hash; /* of block 0, or of the last block of the epoch before */
};

/* STATUS_NOT_FOUND: it has not begun; or what the ledger has failed with. */
enum status ledger_read_epoch(struct ledger *ledger, uint64_t number, struct epoch_record *epoch);

/* The block time from which on a hold ends by itself or a proposal that has passed is to be
 * enacted; UINT64_MAX: none waits. An empty batch then makes a block. */
uint64_t ledger_next_due_ms(const struct ledger *ledger);

enum execution_kind {
    EXECUTION_BLOCK, /* a block was made */
    EXECUTION_EMPTY, /* no transaction included, no tick due: only the sequence advanced */
    EXECUTION_VOID,  /* behind the end of its epoch */
    EXECUTION_PAST,  /* executed before: nothing happened */
};

struct executed_entry {
    uint8_t kind;     /* enum entry_kind */
    struct digest id; /* txid, or the entry id of a system entry */
    uint16_t code;
    uint8_t at;
    struct span transaction; /* borrowed from the execution's copy of the batch; empty for others */
};

struct skipped_transaction {
    struct digest txid; /* zeros if it does not even decode */
    enum refusal_code refusal;
};

struct execution {
    enum execution_kind kind;
    uint64_t epoch, sequence;
    struct header header; /* EXECUTION_BLOCK */
    struct digest hash;
    uint32_t entry_count, room; /* room: for how many entries there is memory */
    struct executed_entry *entries;
    uint32_t skipped_count;
    struct skipped_transaction *skipped;
    uint8_t *bytes;         /* what the entries' spans point into */
    uint64_t next_due_ms;   /* ledger_next_due_ms after it */
    struct params *changed; /* in force from the next block on; NULL: as before */
};

void execution_free(struct execution *execution);

/* Executes the batch that the engine ordered at (epoch, sequence), which must be the head's
 * sequence
 * + 1, or lower (EXECUTION_PAST). Total: every batch has a defined outcome, also one that does not
 * decode. On success the block is committed in SQLite. STATUS_IO, STATUS_DAMAGED and
 * STATUS_NO_MEMORY end the process of a node; the ledger is not usable after. *execution is the
 * caller's, to be freed by execution_free. */
enum status ledger_execute(struct ledger *ledger, uint64_t epoch, uint64_t sequence,
                           struct span batch, struct execution **execution,
                           struct problem *problem);

/* The sequence of a batch that is known to hold nothing (replay, anchors): cheap. */
enum status ledger_skip(struct ledger *ledger, uint64_t epoch, uint64_t sequence);

/* Executes a block that came with a seal from a peer: expected is its header (already checked
 * against a seal), height = head + 1. If execution gives another header nothing is committed and
 * STATUS_DIVERGED is returned: *problem names height, field and both values. The sequence becomes
 * the header's. */
enum status ledger_execute_block(struct ledger *ledger, struct span block,
                                 struct execution **execution, struct problem *problem);

/* E checks of a transaction (4, 6 to 12) against the latest state and block time
 * max(time of the last block + 1, now_ms). REFUSAL_none, REFUSAL_duplicate or a refusal;
 * REFUSAL_mempool_full if the ledger cannot be read (ledger_status).
 * *next_lane: the lane's next number, for the pool. */
enum refusal_code ledger_admit(struct ledger *ledger, const struct transaction *tx, uint64_t now_ms,
                               uint64_t *next_lane, struct refusal *refusal);

/* STATUS_OK, or why the ledger cannot be used any more: also a read may find that out. */
enum status ledger_status(const struct ledger *ledger);

/* Around several calls of ledger_admit in a row, and nothing else: they cost less together. */
void ledger_admit_begin(struct ledger *ledger);
void ledger_admit_end(struct ledger *ledger);

/* Stores signatures for a block (rows of the table `seal`); those that are there already stay. */
enum status ledger_store_seal(struct ledger *ledger, const struct seal *seal,
                              struct problem *problem);

/* Rows of the table `evidence`: what a validator has signed and cannot deny. */
enum evidence_kind { EVIDENCE_SEALS = 1 /* data: a seal_pair (format/seal.h) */ };

/* Stores two seals of a validator that contradict each other; its first pair of an epoch stays.
 * STATUS_INVALID (they do not contradict), STATUS_NOT_FOUND (no such epoch), STATUS_NOT_MEMBER,
 * STATUS_BAD_SIGNATURE: nothing is stored, and the ledger goes on. */
enum status ledger_store_evidence(struct ledger *ledger, const struct seal_pair *pair,
                                  struct problem *problem);

/* Highest height at or below which every block is covered by a stored quorum (a seal of a later
 * block covers its history). */
uint64_t ledger_sealed_height(const struct ledger *ledger);

/* Makes everything up to *height durable: syncs the WAL, and with it all that was committed before.
 * Then copies into the database what readers allow; it never waits for them. After STATUS_OK the
 * journal may be cut behind *height. */
enum status ledger_checkpoint(struct ledger *ledger, uint64_t *height, struct problem *problem);

#endif
