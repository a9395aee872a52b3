/* format/block.h -- a decided batch, executed: the header that commits to it, and its entries.
 *
 *     header                  offset size       header                  offset size
 *     version                      0    2       proposer                    80   16
 *     fault_model                  2    1       parent_hash                 96   32
 *     flags                        3    1       tx_root                    128   32
 *     entry_count                  4    4       state_root                 160   32
 *     chain_id                     8   32       history_root               192   32
 *     epoch                       40    8       validators_hash            224   32
 *     height                      48    8       next_validators_hash       256   32
 *     sequence                    56    8       members_hash               288   32
 *     time_ms                     64    8       params_hash                320   32
 *     window_horizon_ms           72    8                                  352
 *
 *     entry record = kind u8 | id 32 | signed hash 32 | code u16 | at u8 | effects hash 32   100
 * bytes block = header | u32 count | count x bytes32 transaction
 */
#ifndef FORMAT_BLOCK_H
#define FORMAT_BLOCK_H

#include "format/batch.h"

enum { HEADER_BYTES = 352, ENTRY_RECORD_BYTES = 100 };
enum header_flag { HEADER_EPOCH_END = 1, HEADER_TICK = 2, HEADER_RECOVERY = 4 };
enum entry_kind {
    ENTRY_TRANSACTION = 1,
    ENTRY_EXPIRY = 2,
    ENTRY_ENACTMENT = 3,
    ENTRY_RECOVERY = 4
};

struct header {
    uint16_t version;
    uint8_t fault_model;
    uint8_t flags;
    uint32_t entry_count;
    struct digest chain_id;
    uint64_t epoch;
    uint64_t height;
    uint64_t sequence;
    uint64_t time_ms;
    uint64_t window_horizon_ms;
    struct id proposer;
    struct digest parent_hash;
    struct digest tx_root;
    struct digest state_root;
    struct digest history_root;
    struct digest validators_hash;
    struct digest next_validators_hash;
    struct digest members_hash;
    struct digest params_hash;
};

void header_write(struct writer *w, const struct header *header);
void header_read(struct reader *r, struct header *header); /* refuses unknown versions and flags */
struct digest header_hash(const struct header *header);    /* the block hash */

/* The name of the first field in which two headers differ, or NULL if they are equal, and both
 * values as text (each of at most 80 characters). For divergence reports. */
const char *header_difference(const struct header *a, const struct header *b, char value_a[80],
                              char value_b[80]);

struct entry_record {
    uint8_t kind;
    struct digest id;
    struct digest signed_hash; /* zeros unless a transaction */
    uint16_t code;
    uint8_t at;
    struct digest effects_hash;
};

void entry_record_write(struct writer *w, const struct entry_record *record);
void entry_record_read(struct reader *r, struct entry_record *record);
struct digest entry_record_hash(const struct entry_record *record); /* d of its leaf */

/* Splits a block's bytes. transactions as in struct batch. Shape only. */
enum status block_decode(struct span bytes, struct header *header, uint32_t *count,
                         struct span *transactions);

#endif
