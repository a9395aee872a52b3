/* node/promises.h -- what the journal and the safety file know of this key's promises, compared.
 *
 * Pure rules between a replica and a safety_state, shared by the node and the simulator: whether a
 * journal has lost promises, what the safety file is to say next, what the signer must never do.
 */
#ifndef NODE_PROMISES_H
#define NODE_PROMISES_H

#include "node/replica.h"
#include "node/safety.h"

/* After the journal was replayed into the replica, before replica_start: does the safety file
 * remember promises, or a record, that the journal (whose last record is given) does not? Then
 * nobody knows what this key has promised, and it must not vote. Promises of epochs before that of
 * the journal bind no more; but a key that made some, and is not the one that this epoch of the
 * journal was opened with, had been silenced then, and stays so. */
bool promises_lost(const struct safety_state *state, const struct replica *replica,
                   uint64_t last_record);

/* Raises the state to the replica's highest promises in its epoch; true if it changed and is to be
 * written once the records behind them are durable. Those of earlier epochs, which the journal
 * repeats, may be another key's: each key's file was told its own when they were made. */
bool promises_raise(struct safety_state *state, const struct replica *replica);

/* Tells the signer's floors: nothing at or below is signed unless the journal restores it. */
void promises_floor(struct signer *signer, const struct safety_state *state);

#endif
