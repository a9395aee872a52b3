/* ledger/ledger_inside.h -- the inside of a ledger, shared by ledger.c (open, head, admission,
 * seals) and ledger_block.c (execution), ledger_epoch.c (what it decides for later blocks); tests
 * look inside too, nobody else.
 *
 *     batch -> executor -> state -> rows      one SQLite transaction
 *                            |                a block
 *                            +----> tree -> header
 */
#ifndef LEDGER_LEDGER_INSIDE_H
#define LEDGER_LEDGER_INSIDE_H

#include "crypto/merkle.h"
#include "ledger/execute.h"
#include "ledger/ledger.h"

/* What the block in hand leaves for those after it. */
struct ledger_next {
    bool enacted;    /* a proposal was: only then are the structs filled in */
    bool ends_epoch; /* the block is the last of its epoch */
    struct committee committee;
    struct params params;
    struct member *members;
    uint16_t member_count;
    struct digest committee_hash, members_hash, params_hash;
};

struct ledger {
    const struct genesis *genesis;
    struct store *store;
    struct state *state;
    struct state_tree *tree;
    struct verify_cache *verified; /* borrowed, may be NULL */
    struct executor executor;      /* with params and members in force */

    struct ledger_head head;
    struct digest genesis_hash;
    struct committee committee;
    struct params params;
    struct member *members;
    uint16_t member_count;
    struct digest committee_hash, members_hash, params_hash;
    struct ledger_next next;
    struct merkle_frontier history; /* over the hashes of blocks 0 ... head */
    uint64_t sealed_height;

    struct transaction tx; /* scratch, 25 KiB */
    struct digest *leaves; /* of the block in hand */
    size_t leaf_capacity;

    enum status failed; /* the ledger is not usable after */
};

/* Rolls back, remembers that nothing goes any more, and fills in the problem. */
enum status ledger_fail(struct ledger *ledger, enum status status, struct problem *problem);

/* Appends a block's hash to the history and writes the nodes that become complete. */
void ledger_append_history(struct ledger *ledger, const struct digest *hash);

/* Writes the rows of a transaction that was executed as entry number index of the block in hand;
 * returns d of its leaf. */
struct digest ledger_write_entry(struct ledger *ledger, const struct transaction *tx,
                                 uint32_t index, struct outcome outcome);

/* The same for an entry that no transaction asked for. */
struct digest ledger_write_system(struct ledger *ledger, enum entry_kind kind,
                                  const struct digest *id, uint32_t index, struct outcome outcome);

/* Ends the holds that are due, each as an entry: the first of a block. (ledger/ledger_expire.c) */
enum status ledger_expire(struct ledger *ledger, struct execution *execution);

/* Makes room for count entries more than an execution has. */
bool ledger_reserve_entries(struct ledger *ledger, struct execution *execution, uint32_t count);

/* Enacts what is due, each as an entry. */
enum status ledger_enact(struct ledger *ledger, struct execution *execution);

/* A block begins; its transactions are through; its rows are written; it is committed; it is not.
 */
void ledger_next_begin(struct ledger *ledger);
enum status ledger_next_end(struct ledger *ledger);
void ledger_next_write(struct ledger *ledger, const struct header *header);
enum status ledger_next_take(struct ledger *ledger);
void ledger_next_drop(struct ledger *ledger);

/* Takes a header that was committed as the new head. */
void ledger_set_head(struct ledger *ledger, const struct header *header, const struct digest *hash);

#endif
