/* ledger/audit_source.h -- the raw bytes that an audit starts from, and nothing else.
 *
 * Of each block: the header's bytes, the transactions' bytes in the order of their positions, and
 * the rows of its seal. The stored hash comes along only so that it can be compared. What has an
 * impossible shape is handed over as it is; the audit gives it a name.
 */
#ifndef LEDGER_AUDIT_SOURCE_H
#define LEDGER_AUDIT_SOURCE_H

#include "ledger/reader.h"

enum { AUDIT_BATCH_BYTES_MAX = 64 * 1024 * 1024 }; /* far above what parameters allow */

struct audit_signature {
    uint64_t validator;
    bool whole; /* 64 bytes */
    struct signature signature;
};

struct audit_block {
    bool present;
    uint64_t height;
    uint8_t header[HEADER_BYTES];
    size_t header_size; /* as stored, HEADER_BYTES if right */
    struct digest stored_hash;
    uint32_t transactions;      /* entries of that kind */
    uint32_t entries;           /* of every kind */
    bool oversized;             /* more bytes than AUDIT_BATCH_BYTES_MAX: batch is cut */
    struct buffer batch;        /* transactions x bytes32 transaction */
    uint32_t signatures_stored; /* rows; those beyond COMMITTEE_MAX are only counted */
    uint32_t signature_count;
    struct audit_signature signatures[COMMITTEE_MAX]; /* ascending by validator */
};

void audit_block_init(struct audit_block *block);
void audit_block_free(struct audit_block *block);

/* The highest height that any table claims: of the blocks, or of the place the ledger was left at.
 */
enum status audit_source_last(struct ledger_reader *reader, uint64_t *last);

/* Reads a block; block->present is false if there is no row. */
enum status audit_source_block(struct ledger_reader *reader, uint64_t height,
                               struct audit_block *block);

/* Only the header of a block, if it is there and decodes. */
enum status audit_source_header(struct ledger_reader *reader, uint64_t height, bool *present,
                                struct header *header);

/* The validator set in the row of an epoch; false if there is none that decodes. */
bool audit_source_set(struct ledger_reader *reader, uint64_t epoch, struct committee *committee);

enum status audit_source_evidence(struct ledger_reader *reader, uint64_t *rows);

#endif
