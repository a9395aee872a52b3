/* ledger/genesis_state.h -- block 0: the state that a genesis document describes.
 *
 * Accounts and assets at version 1 (position 0.0.1, so that version 0 always means "does not
 * exist"), sponsors zero, `balances` counted; balances with seq 1, each with movement 1 at position
 * 1 whose entry id is the chain id; the governance records: parameters, members, validator set,
 * each validator (active), next proposal number 1. No window entries. It fixes state_root(0), which
 * anyone recomputes from the document.
 */
#ifndef LEDGER_GENESIS_STATE_H
#define LEDGER_GENESIS_STATE_H

#include "ledger/state.h"

/* Writes rows and tree inside the caller's transaction and fills in the header of block 0. store
 * has its schema, state and tree are empty. Ends with the first error, *problem set. */
enum status genesis_state_write(const struct genesis *genesis, struct store *store,
                                struct state *state, struct state_tree *tree, struct header *header,
                                struct problem *problem);

#endif
