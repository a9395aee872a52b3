/* node/serve.h -- sealed blocks of our ledger for a peer that catches up.
 *
 * The payload of a FRAME_SYNC_BLOCKS (node/frame.h): blocks from a height on, each with its seal if
 * it has one. A block without stands for itself once a later one has a seal, for that one names it
 * as an ancestor; so an answer ends with a block that has one, and may be empty. Pure reading: the
 * block server's thread runs it in the node, the simulator inline.
 */
#ifndef NODE_SERVE_H
#define NODE_SERVE_H

#include "ledger/reader.h"

/* A seal has the quorum of the set of its block's epoch. No answer goes beyond the last block of an
 * epoch: who asks checks it with one set, and learns the next by executing that block.
 * batch_bytes_max: of the chain, for the frame's limit. The
 * answer has at most `count` blocks and about FRAME_SYNC_BYTES. Initialises *answer, which the
 * caller frees in any case. STATUS_NO_MEMORY: there is no answer. What the ledger cannot read ends
 * the answer before it. */
enum status serve_blocks(struct ledger_reader *reader, size_t batch_bytes_max, uint64_t height,
                         uint16_t count, struct buffer *answer);

#endif
