/* tests/epochs/origin.h -- keys, and what `init` leaves: the same for many seeds, made once.
 *
 * A key is a matter of its numbers, and a genesis of its engine, its phases and its first set:
 * there are fifteen of them. For each one a process makes the genesis and a disk with the ledger
 * of block 0, from randomness of its own, so that a seed does not depend on those before it; every
 * machine begins with a copy of that disk. The copies lack the ledger's views. Nobody here asks
 * them, and SQLite would parse their text at every opening: two thirds of the schema.
 */
#ifndef TESTS_EPOCHS_ORIGIN_H
#define TESTS_EPOCHS_ORIGIN_H

#include "epochs.h"

struct origin {
    struct genesis *genesis;
    struct digest hash; /* of block 0 */
    struct disk *disk;
};

/* Never freed; signatures in it are made as keys_use_mac says at the first call. */
const struct origin *origin_of(enum engine_kind engine, uint64_t phases, uint16_t first_set);

/* Of the accounts that every genesis has; the secret key if it is wanted. */
struct id account_id(unsigned account);
struct id asset_id(void);
const struct secret_key *account_key(unsigned account);

/* The identity of a machine, the nth that its operator makes. */
struct identity identity_of(uint16_t machine, unsigned nth);

#endif
