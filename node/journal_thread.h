/* node/journal_thread.h -- one thread that writes and syncs the journal in groups.
 *
 * The loop thread enqueues records and goes on; this thread takes everything that waits, writes it
 * at once, calls fdatasync once, writes the safety file, and tells the loop how far the journal is
 * durable. Under load a slow disk makes bigger groups, not longer queues.
 *
 *     loop:    append 7, append 8, append 9 ............................ on_durable(9)
 *     thread:                    take 7-9 -> write -> fdatasync -> safety ----^ (wake.h)
 *
 * All functions are called, and all callbacks run, on the loop thread.
 */
#ifndef NODE_JOURNAL_THREAD_H
#define NODE_JOURNAL_THREAD_H

#include "crypto/blob.h"
#include "node/journal.h"
#include "node/safety.h"
#include <uv.h>

struct journal_thread;

struct journal_thread_options {
    struct journal *journal; /* owned by the thread from here on, closed by stop */
    struct safety *safety;   /* the same; NULL if this node makes no promises */
    size_t queue_bytes_max;  /* records that wait; 0 = JOURNAL_PENDING_MAX */
    uint64_t segment_size;   /* as in journal_options */

    /* Every record up to number is on the disk. Numbers rise. */
    void (*on_durable)(void *user, uint64_t number);

    /* A write or sync failed; nothing is written after it and on_durable is never called again.
     * Once. The host logs it and ends the process with exit code 74. */
    void (*on_failed)(void *user, const struct problem *problem);
    void *user;
};

/* STATUS_NO_MEMORY or STATUS_IO (no thread); journal and safety stay the caller's then. */
enum status journal_thread_start(struct journal_thread **thread, uv_loop_t *loop,
                                 const struct journal_thread_options *options);

/* Enqueues a record: the parts (copied), then the blob's bytes (referenced until written; may be
 * NULL). Its number, which is given at once, is journal_last() + 1. STATUS_FULL beyond the bound:
 * nothing was enqueued, and the caller cannot keep its promise; size the bound so that this is a
 * bug or a dead disk. STATUS_IO: it has failed; on_failed comes or came. */
enum status journal_thread_append(struct journal_thread *thread, uint8_t kind,
                                  const struct span *parts, size_t parts_count, struct blob *blob,
                                  uint64_t *number);

/* The same for a record that nobody waits for: it is written with the next one that somebody does
 * wait for, and costs no sync of its own. */
enum status journal_thread_append_later(struct journal_thread *thread, uint8_t kind,
                                        struct blob *blob, uint64_t *number);

/* Enqueues a new segment that begins with this FOLD; parts and blob as above. */
enum status journal_thread_begin_segment(struct journal_thread *thread, const struct span *parts,
                                         size_t parts_count, struct blob *blob, uint64_t *number);

/* The segment being filled (queue included) has reached its size: time to fold. */
bool journal_thread_wants_segment(const struct journal_thread *thread);

/* Between the two nothing is taken out of the queue: records and the safety state that covers their
 * promises go into one group, so that no promise is told before the safety file knows it. */
void journal_thread_hold(struct journal_thread *thread);
void journal_thread_release(struct journal_thread *thread);

/* This state is to be written once everything enqueued so far is durable; a newer one replaces an
 * older one that still waits. journal_record is filled in by the thread. Without a safety file it
 * does nothing. */
void journal_thread_safety(struct journal_thread *thread, const struct safety_state *state);

/* Another safety file from the next group on, owned by the thread: this node has a new seal key. A
 * state of the old one that still waits is dropped; what that key promised binds no more. */
void journal_thread_replace_safety(struct journal_thread *thread, struct safety *safety);

/* Records up to this one are no longer needed: segments are cut after the next sync. */
void journal_thread_cut(struct journal_thread *thread, uint64_t up_to);

uint64_t journal_thread_last(const struct journal_thread *thread);    /* highest number given */
uint64_t journal_thread_durable(const struct journal_thread *thread); /* highest reported */

struct journal_thread_figures {
    uint64_t groups;         /* syncs so far */
    uint64_t records;        /* written so far */
    uint64_t sync_ns;        /* spent in fdatasync so far */
    uint64_t queue_bytes;    /* waiting now */
    uint64_t segments;       /* now */
    uint64_t bytes;          /* of all segments now */
    uint64_t last_sync_ns;   /* of the last group */
    uint64_t last_sync_size; /* records in the last group */
};
void journal_thread_figures(struct journal_thread *thread, struct journal_thread_figures *figures);

/* Writes and syncs all that waits (unless it has failed), calls on_durable a last time, syncs the
 * safety file, closes both and joins. The memory goes when the loop has run once more. */
void journal_thread_stop(struct journal_thread *thread);

#endif
