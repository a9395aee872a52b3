/* node/journal.h -- what this node must not forget: checksummed, append-only segments.
 *
 * The journal is the only store that the critical path waits for. It holds the engine's promises,
 * the batches they speak of, the decisions, and the seals, in the order in which they were made;
 * the payloads are opaque here. Records are numbered from 1, without gaps, for ever.
 *
 *     DIR/00000000000000000001.log         a segment: head, records, preallocated zeros
 *
 *     head     "WITNJRNL" | version u16 = 1 | chain id 32 | segment u64 | first record u64 |
 *              chain 16 | zero u16 | crc32c u32                                     (80 bytes)
 *     record   magic u32 | length u32 | number u64 | durable_through u64 | kind u8 | payload |
 *              crc32c u32 | chain 16 | zeros up to a multiple of 8
 *
 * `length` is the payload's; the crc covers everything before it. A record's chain is the first
 * half of SHA-256(previous chain || record up to its crc); the head carries the chain of the record
 * before it, which in a journal's very first segment is random. A record's magic is the crc of its
 * segment's head, which nobody outside can know: bytes that a client put into a payload never pass
 * for a record. `durable_through` is the highest record that was known to be on the disk when this
 * one was written.
 *
 * Torn or damaged? Records of a group that was never synced may reach the disk in any order, and
 * nobody was told about them: a bad record is a torn tail, and is cut off, unless a valid record
 * behind it was written when the bad one was durable already. Then the disk lost what it had
 * promised to keep: STATUS_DAMAGED, with file and offset. In all segments but the last everything
 * is durable, so there every bad record is damage.
 *
 * A segment begins with one record of kind FOLD that stands for everything before it (unless a
 * crash came in between); older segments may be cut when nothing but the fold needs them. Where
 * segments are missing at the front, a fold that cannot be read is damage, too.
 *
 * One thread at a time: before the node runs, the one that opens; then node/journal_thread. After
 * a failed write or sync the journal answers STATUS_IO for ever: the kernel may have dropped the
 * pages, so a second try would lie. The process ends (exit 74). The next one writes what it
 * reads of the last segment again before it believes it: unsynced pages that the kernel calls clean
 * can be read until the power goes.
 */
#ifndef NODE_JOURNAL_H
#define NODE_JOURNAL_H

#include "crypto/digest.h"

/* What records are, for tools and logs; the journal itself knows only FOLD. */
enum journal_kind {
    JOURNAL_ENGINE = 1,   /* an engine's record */
    JOURNAL_PROPOSAL = 2, /* a proposal with its batch */
    JOURNAL_DECIDED = 3,  /* epoch, sequence, digest, proof */
    JOURNAL_EXECUTED = 4, /* height, sequence, block hash */
    JOURNAL_SEAL = 5,     /* our signature on a header */
    JOURNAL_FOLD = 6,     /* all that still binds; first record of a segment */
    JOURNAL_EPOCH = 7,    /* who we are and in which epoch */
    JOURNAL_FOLDED = 8,   /* what a fold repeats ends here */
    JOURNAL_KIND_LAST = JOURNAL_FOLDED,
};

enum {
    JOURNAL_HEAD_BYTES = 80,
    JOURNAL_RECORD_OVERHEAD = 45,                  /* bytes around a payload, before the padding */
    JOURNAL_PAYLOAD_MAX = 32 * 1024 * 1024,        /* of one record */
    JOURNAL_PENDING_MAX = 2 * JOURNAL_PAYLOAD_MAX, /* appended but not yet written */
    JOURNAL_PARTS_MAX = 8,
};

struct journal; /* see journal_internal.h */

struct journal_options {
    const char *dir;        /* made if missing (0700); its parent exists */
    struct digest chain_id; /* another chain's journal is refused: STATUS_MISMATCH */
    uint64_t segment_size;  /* preallocated; a segment past it wants a successor */
};

/* One record during replay; payload is valid until the callback returns. */
struct journal_record {
    uint64_t number;
    uint8_t kind;
    struct span payload;
    uint64_t segment;
    uint64_t offset; /* in the segment's file */
    bool first;      /* the first record of its segment: a FOLD here replaces what came before */
};

/* What replay found; for logs. */
struct journal_report {
    bool created;                       /* there was no journal: this is a new one */
    uint64_t first_record, last_record; /* 0, 0 if it is empty */
    uint64_t segments;
    uint64_t torn_bytes; /* cut off behind the last whole record; 0 after a clean stop */
    uint64_t torn_offset;
    char torn_file[32];
};

/* Opens or creates the journal, checks every record and hands it to replay, in order. A status
 * other than OK from replay ends the opening and is returned. STATUS_DAMAGED: *problem names file
 * and offset. STATUS_MISMATCH: of another chain. STATUS_UNSUPPORTED: of a newer version.
 * STATUS_NOT_FOUND never: a missing directory is made, and what it means that a journal is missing
 * is for the safety file to say. report may be NULL. */
enum status journal_open(struct journal **journal, const struct journal_options *options,
                         enum status (*replay)(void *user, const struct journal_record *record),
                         void *user, struct journal_report *report, struct problem *problem);

/* Only reads: for `doctor`, tests and tools, also while a node is running. A torn tail is reported
 * and left alone. STATUS_NOT_FOUND if there is no journal. */
enum status journal_scan(const struct journal_options *options,
                         enum status (*replay)(void *user, const struct journal_record *record),
                         void *user, struct journal_report *report, struct problem *problem);

/* Frees without writing or syncing what is pending. */
void journal_close(struct journal *journal);

/* Appends a record whose payload is the parts one after the other; copied into memory, nothing is
 * written. *number (may be NULL) becomes its number. STATUS_TOO_LARGE, STATUS_FULL (sync first),
 * STATUS_NO_MEMORY: nothing changed. STATUS_IO: failed before. */
enum status journal_append(struct journal *journal, uint8_t kind, const struct span *parts,
                           size_t parts_count, uint64_t *number);

/* Writes and syncs what is pending, then opens a new segment (file and directory synced) and
 * appends the FOLD record to it, which the next journal_sync makes durable. STATUS_IO as there. */
enum status journal_begin_segment(struct journal *journal, const struct span *parts,
                                  size_t parts_count, uint64_t *number, struct problem *problem);

/* Writes all that is pending in one go and calls fdatasync. On STATUS_OK every record up to
 * journal_durable() is on the disk. STATUS_IO: the end, see above; *problem says what failed. */
enum status journal_sync(struct journal *journal, struct problem *problem);

/* Deletes the segments whose records are all <= up_to, as far as a later segment begins with a
 * durable FOLD. Records above up_to always stay. */
enum status journal_cut(struct journal *journal, uint64_t up_to, struct problem *problem);

uint64_t journal_last(const struct journal *journal);    /* highest number given; 0 = none */
uint64_t journal_durable(const struct journal *journal); /* highest number synced; 0 = none */

/* The present segment has reached segment_size: time for journal_begin_segment. */
bool journal_wants_segment(const struct journal *journal);

struct journal_sizes {
    uint64_t segments;
    uint64_t bytes;         /* of all files, as allocated */
    uint64_t segment_bytes; /* used in the present segment, pending ones included */
    uint64_t pending_bytes;
};
void journal_sizes(const struct journal *journal, struct journal_sizes *sizes);

#endif
