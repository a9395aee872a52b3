/* proof/anchor.h -- block 0, which anyone computes from the genesis document.
 *
 * It has no seal: the document is the trust. Accounts and assets have version 1 (position 0.0.1)
 * and no sponsor; each balance has seq 1 and movement 1 at position 1, whose entry id is the chain
 * id; the governance records are parameters, members, validator set, each validator (active) and
 * the next proposal number, 1. Windows and lanes are empty. (docs/maintainers/formats-state.md)
 */
#ifndef PROOF_ANCHOR_H
#define PROOF_ANCHOR_H

#include "format/block.h"

/* The header of block 0. STATUS_NO_MEMORY. Works in memory of 64 bytes for each object. */
enum status anchor_header(const struct genesis *genesis, struct header *header);

#endif
