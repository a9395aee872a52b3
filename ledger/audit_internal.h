/* ledger/audit_internal.h -- an audit under way, shared by audit.c (the walk), audit_blocks.c
 * (headers and execution) and audit_seals.c. Nobody else includes this.
 *
 *                      stored header == executed header
 *              +------------------------------------------+
 *              v                                          |
 *        [EXECUTING] --- differs, next block goes on from the executed one (finding) --> itself
 *              |
 *              | differs, and the chain goes on from the stored one; or a block is missing,
 *              | malformed, too large, or gives no block                        (finding)
 *              v
 *         [LINKING]     headers are compared with the stored ones before them; no way back
 */
#ifndef LEDGER_AUDIT_INTERNAL_H
#define LEDGER_AUDIT_INTERNAL_H

#include "crypto/merkle.h"
#include "ledger/audit.h"
#include "ledger/audit_source.h"
#include "ledger/ledger.h"

/* Blocks in a row without an own quorum, not yet known to be covered by a later one. */
struct uncovered {
    uint64_t first, last; /* first > last: none */
    uint32_t most;        /* valid signatures of the best of them */
};

struct audit_bags;

struct audit {
    const struct audit_options *options;
    const struct genesis *genesis;
    struct audit_report *report;
    struct ledger_reader *reader;
    struct ledger *ledger;      /* executed again, from nothing */
    struct verify_cache *cache; /* NULL without memory: everything is computed here */
    struct audit_ahead *ahead;
    struct audit_bags *bags; /* of the history that was executed; NULL: it stands in its tables */
    bool bags_differ;        /* to be audited again, without bags, which tells where */
    struct audit_block block;
    enum status failed; /* running out of memory, or the file: ends the walk */

    bool executing;
    bool has_previous; /* the block before is known: */
    struct header previous;
    struct digest previous_hash;
    struct merkle_frontier history; /* over the hashes up to previous */
    bool has_history;

    struct committee committee; /* seals the block in hand */
    bool has_committee;
    struct uncovered missing, short_of_quorum;
    uint64_t crash_first, crash_last; /* of blocks under the crash model */
    uint32_t crash_blocks;
    uint64_t started_ms, told_ms;
};

/* Adds a finding to the report, with the severity of its code. entry may be FINDING_NO_ENTRY. */
void audit_find(struct audit *audit, enum finding_code code, uint64_t height, uint32_t entry,
                const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The same as a note, whatever the code's severity. */
void audit_note(struct audit *audit, enum finding_code code, uint64_t height, const char *format,
                ...) __attribute__((format(printf, 4, 5)));

/* The report of an audit that is to begin. NULL without memory. */
struct audit_report *audit_report_new(const struct genesis *genesis,
                                      const struct audit_options *options);

/* Begins the chain with what the genesis gives; the stored block 0 adds nothing to it. */
void audit_genesis_start(struct audit *audit);

/* Begins it behind the block that an earlier audit ended with, which audit->ledger stands at. */
void audit_resume_start(struct audit *audit);

/* The stored block 0 against it. */
void audit_genesis_block(struct audit *audit);

/* The block in hand, at a height above 0. */
void audit_one_block(struct audit *audit);

/* The block in hand is not there, or its header does not decode. */
void audit_lost_block(struct audit *audit);

/* Its signatures, over the stored header's hash. executed: the hash that execution gave, or NULL.
 */
void audit_seal(struct audit *audit, const struct header *header, const struct digest *hash,
                const struct digest *executed);

/* Tells how many rows were compared. false: the caller has had enough, and audit->failed is
 * STATUS_CLOSED. */
bool audit_tell_rows(struct audit *audit);

/* The seals of blocks that were executed by an earlier audit and not sealed then: judged now. */
void audit_seal_again(struct audit *audit, uint64_t first, uint64_t last);

/* What is known only at the end: the unsealed tail, the range under the crash model. */
void audit_seals_end(struct audit *audit, uint64_t last);

#endif
