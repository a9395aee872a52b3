/* node/journal_group.h -- the order in which a group of records gets to the disk.
 *
 *     records written -> fdatasync -> safety file written (and at times synced) -> old segments cut
 *
 * The safety file may only remember what is durable, and nothing is cut before what stands for it
 * is. The journal's thread and the simulator both write through here. STATUS_IO ends the process.
 */
#ifndef NODE_JOURNAL_GROUP_H
#define NODE_JOURNAL_GROUP_H

#include "node/journal.h"
#include "node/safety.h"

/* One record; the first of a new segment is a FOLD, and syncs what was before it, safety file
 * included (safety may be NULL). number is the one that was promised for it. */
enum status group_record(struct journal *journal, struct safety *safety, bool begins_segment,
                         uint8_t kind, const struct span *parts, size_t parts_count,
                         uint64_t number, struct problem *problem);

/* Behind the last record and journal_sync: writes the state, if there is one (its journal_record is
 * filled in), and syncs the safety file if that is due; then cuts the segments up to a record (0:
 * none). */
enum status group_end(struct journal *journal, struct safety *safety, struct safety_state *state,
                      bool sync_safety, uint64_t cut, struct problem *problem);

#endif
