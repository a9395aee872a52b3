/* node/journal_internal.h -- what the journal's three sources share; nobody else includes this.
 *
 *     journal_record.c   bytes of heads and records
 *     journal_read.c     replay: checks every record, tells torn from damaged
 *     journal.c          append, sync, segments
 */
#ifndef NODE_JOURNAL_INTERNAL_H
#define NODE_JOURNAL_INTERNAL_H

#include "crypto/codec.h"
#include "node/files.h"
#include "node/journal.h"
#include <assert.h>

enum {
    JOURNAL_VERSION = 1,
    JOURNAL_CHAIN_BYTES = 16,
    RECORD_HEAD_BYTES = 25, /* magic, length, number, durable_through, kind */
    RECORD_TAIL_BYTES = 20, /* crc, chain */
    RECORD_BYTES_MIN = 48,  /* an empty payload, padded */
    SEGMENT_NAME_BYTES = 25 /* 20 digits, ".log", zero */
};
static_assert(RECORD_HEAD_BYTES + RECORD_TAIL_BYTES == JOURNAL_RECORD_OVERHEAD,
              "the header promises the overhead");

struct segment_head {
    struct digest chain_id;
    uint64_t segment;
    uint64_t first_record;
    uint8_t chain[JOURNAL_CHAIN_BYTES]; /* of the record before the first */
    uint32_t crc;                       /* also the magic of its records */
};

/* Encode sets head->crc. Decode: STATUS_DAMAGED or STATUS_UNSUPPORTED. */
void segment_head_encode(struct segment_head *head, uint8_t bytes[JOURNAL_HEAD_BYTES]);
enum status segment_head_decode(const uint8_t bytes[JOURNAL_HEAD_BYTES], struct segment_head *head);
void segment_name(char name[SEGMENT_NAME_BYTES], uint64_t segment);
bool segment_name_parse(const char *name, uint64_t *segment);

struct record {
    uint64_t number;
    uint64_t durable_through;
    uint8_t kind;
    struct span payload;
    uint8_t chain[JOURNAL_CHAIN_BYTES];
};

/* Bytes on the disk of a record with a payload of this size, padding included. */
static inline uint64_t record_bytes(uint64_t payload_size)
{
    return (JOURNAL_RECORD_OVERHEAD + payload_size + 7) / 8 * 8;
}

/* Appends the record's bytes to out; chain goes in as the previous one and comes out as this
 * record's. STATUS_NO_MEMORY or STATUS_TOO_LARGE (out's limit): nothing changed. */
enum status record_encode(struct buffer *out, uint32_t magic, uint64_t number,
                          uint64_t durable_through, uint8_t kind, const struct span *parts,
                          size_t parts_count, uint8_t chain[JOURNAL_CHAIN_BYTES]);

/* Looks at the first RECORD_HEAD_BYTES: could a record begin here, and how many bytes would it
 * take? 0 if not. */
uint64_t record_peek(const uint8_t *bytes, uint32_t magic);

/* bytes are what record_peek asked for. Magic, length and crc are right? The chain is stored into
 * *record unchecked. */
bool record_decode(struct span bytes, uint32_t magic, struct record *record);

/* The chain value that this record must carry behind `previous`. */
void record_chain(const uint8_t previous[JOURNAL_CHAIN_BYTES], struct span up_to_crc,
                  uint8_t chain[JOURNAL_CHAIN_BYTES]);

struct segment {
    uint64_t number;
    uint64_t first_record;
    uint64_t bytes; /* of the file */
    bool folded;    /* its first record is a FOLD */
};

struct segment_list {
    struct segment *items; /* ascending, without gaps */
    size_t count;
    size_t capacity;
};
enum status segment_list_add(struct segment_list *list, const struct segment *segment);

/* Where replay ended: what appending goes on from. */
struct journal_end {
    uint64_t last_record;
    uint64_t offset; /* in the last segment's file */
    uint64_t bytes;  /* size of that file */
    uint8_t chain[JOURNAL_CHAIN_BYTES];
    uint32_t magic;
};

/* Reads the directory: fills list and *end, hands records to replay. The list is empty if there is
 * no segment. Changes nothing on the disk. */
enum status journal_read(int dir, const struct journal_options *options, struct segment_list *list,
                         struct journal_end *end,
                         enum status (*replay)(void *user, const struct journal_record *record),
                         void *user, struct journal_report *report, struct problem *problem);

#endif
