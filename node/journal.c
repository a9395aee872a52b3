#include "node/journal.h"

#include "crypto/key.h"
#include "node/journal_internal.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct journal {
    struct journal_options options;
    char dir_path[PATH_BYTES_MAX];
    int dir;
    int fd; /* of the last segment */
    struct segment_list segments;
    struct journal_end end; /* behind the last record appended; offset is where pending begins */
    struct buffer pending;  /* encoded records that are not written yet */
    uint64_t durable;
    bool failed; /* sticky: nothing is written or synced after a failure */
};

/* Says what failed, once and for ever. */
static enum status journal_fail(struct journal *journal, const char *what, struct problem *problem)
{
    journal->failed = true;
    return problem_set(problem, STATUS_IO, "journal %s: %s failed: %s", journal->dir_path, what,
                       strerror(errno));
}

static enum status write_all(int fd, struct span bytes, uint64_t offset)
{
    while (bytes.size > 0) {
        ssize_t written = pwrite(fd, bytes.data, bytes.size, (off_t)offset);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return STATUS_IO;
        bytes.data += written;
        bytes.size -= (size_t)written;
        offset += (uint64_t)written;
    }
    return STATUS_OK;
}

/* Blocks for `size` bytes now, so that a full disk shows when a segment begins, and so that
 * fdatasync has no new size to write. A file system that cannot do it does without. */
static bool preallocate(int fd, uint64_t size)
{
    if (fallocate(fd, 0, 0, (off_t)size) == 0) return true;
    return errno == EOPNOTSUPP && ftruncate(fd, (off_t)size) == 0;
}

/* Makes the segment under a temporary name, whole and synced, and only then gives it its name: a
 * segment that can be seen has a valid head. */
static enum status segment_create(struct journal *journal, uint64_t number, struct problem *problem)
{
    struct segment_head head = {
        .chain_id = journal->options.chain_id,
        .segment = number,
        .first_record = journal->end.last_record + 1,
    };
    memcpy(head.chain, journal->end.chain, sizeof head.chain);
    uint8_t bytes[JOURNAL_HEAD_BYTES];
    segment_head_encode(&head, bytes);
    struct segment segment = {
        .number = number,
        .first_record = head.first_record,
        .bytes = journal->options.segment_size,
    };
    if (segment_list_add(&journal->segments, &segment) != STATUS_OK) {
        errno = ENOMEM;
        return journal_fail(journal, "a new segment", problem);
    }

    char name[SEGMENT_NAME_BYTES];
    char temporary[SEGMENT_NAME_BYTES + 4];
    segment_name(name, number);
    snprintf(temporary, sizeof temporary, "%s.tmp", name);
    int fd =
        openat(journal->dir, temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return journal_fail(journal, "creating a segment", problem);
    if (journal->fd >= 0) close(journal->fd);
    journal->fd = fd;
    if (!preallocate(fd, journal->options.segment_size))
        return journal_fail(journal, "preallocating a segment", problem);
    if (write_all(fd, span_of(bytes, sizeof bytes), 0) != STATUS_OK || fsync(fd) != 0)
        return journal_fail(journal, "writing the head of a segment", problem);
    if (renameat(journal->dir, temporary, journal->dir, name) != 0 || fsync(journal->dir) != 0)
        return journal_fail(journal, "naming a segment", problem);

    journal->end.offset = JOURNAL_HEAD_BYTES;
    journal->end.bytes = journal->options.segment_size;
    journal->end.magic = head.crc;
    return STATUS_OK;
}

/* Names that a crash left behind while a segment was being made. */
static enum status temporaries_remove(struct journal *journal, struct problem *problem)
{
    uint64_t next = 1;
    if (journal->segments.count > 0)
        next = journal->segments.items[journal->segments.count - 1].number + 1;
    char name[SEGMENT_NAME_BYTES];
    char temporary[SEGMENT_NAME_BYTES + 4];
    segment_name(name, next);
    snprintf(temporary, sizeof temporary, "%s.tmp", name);
    if (unlinkat(journal->dir, temporary, 0) != 0 && errno != ENOENT)
        return journal_fail(journal, "removing a temporary file", problem);
    return STATUS_OK;
}

/* Writes the last segment again, byte for byte as replay has read it. If the sync of an earlier
 * process failed, the kernel calls the pages clean: they can be read until the power goes, and no
 * later sync writes them. Written again, they are part of the next one. */
static enum status segment_rewrite(struct journal *journal, struct problem *problem)
{
    uint8_t chunk[16384];
    for (uint64_t offset = 0; offset < journal->end.offset;) {
        size_t want = (size_t)min_u64(sizeof chunk, journal->end.offset - offset);
        ssize_t got = pread(journal->fd, chunk, want, (off_t)offset);
        if (got < 0 && errno == EINTR) continue;
        if (got == 0) errno = EIO; /* The file became shorter under us. */
        if (got <= 0) return journal_fail(journal, "reading the last segment", problem);
        if (write_all(journal->fd, span_of(chunk, (size_t)got), offset) != STATUS_OK)
            return journal_fail(journal, "rewriting the last segment", problem);
        offset += (uint64_t)got;
    }
    return STATUS_OK;
}

/* Cuts a torn tail off and takes the last segment up where it ends. Cutting makes sure that no
 * stale record stands behind the next one that is written. */
static enum status segment_resume(struct journal *journal, uint64_t torn_bytes,
                                  struct problem *problem)
{
    const struct segment *last = &journal->segments.items[journal->segments.count - 1];
    char name[SEGMENT_NAME_BYTES];
    segment_name(name, last->number);
    journal->fd = openat(journal->dir, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (journal->fd < 0) return journal_fail(journal, "opening the last segment", problem);
    if (torn_bytes > 0) {
        if (ftruncate(journal->fd, (off_t)journal->end.offset) != 0)
            return journal_fail(journal, "cutting a torn tail", problem);
        uint64_t size = max_u64(journal->end.offset, journal->options.segment_size);
        if (!preallocate(journal->fd, size))
            return journal_fail(journal, "preallocating a segment", problem);
    }
    enum status status = segment_rewrite(journal, problem);
    if (status != STATUS_OK) return status;
    /* What replay saw may still be only in the kernel's memory, if a process died and not the
     * machine. It counts as durable from here on, so it has to be. */
    if (fsync(journal->fd) != 0 || fsync(journal->dir) != 0)
        return journal_fail(journal, "syncing the last segment", problem);
    return STATUS_OK;
}

static enum status journal_prepare(struct journal *journal, const struct journal_options *options,
                                   bool create, struct problem *problem)
{
    journal->options = *options;
    journal->fd = -1;
    journal->dir = -1;
    buffer_init(&journal->pending, JOURNAL_PENDING_MAX);
    enum status status = path_join(journal->dir_path, options->dir, "");
    if (status == STATUS_OK && create) status = directory_create(options->dir, 0700, problem);
    if (status != STATUS_OK) return status;
    journal->dir = open(options->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (journal->dir >= 0) return STATUS_OK;
    return problem_set(problem, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO, "%s: %s",
                       options->dir, strerror(errno));
}

static enum status journal_load(struct journal *journal,
                                enum status (*replay)(void *user,
                                                      const struct journal_record *record),
                                void *user, struct journal_report *report, struct problem *problem)
{
    enum status status = journal_read(journal->dir, &journal->options, &journal->segments,
                                      &journal->end, replay, user, report, problem);
    if (status == STATUS_OK) status = temporaries_remove(journal, problem);
    if (status != STATUS_OK) return status;
    if (journal->segments.count > 0) {
        status = segment_resume(journal, report->torn_bytes, problem);
    } else {
        random_bytes(journal->end.chain, sizeof journal->end.chain);
        report->created = true;
        report->segments = 1;
        status = segment_create(journal, 1, problem);
    }
    journal->durable = journal->end.last_record;
    return status;
}

enum status journal_open(struct journal **out, const struct journal_options *options,
                         enum status (*replay)(void *user, const struct journal_record *record),
                         void *user, struct journal_report *report, struct problem *problem)
{
    ASSERT(options->segment_size >= JOURNAL_HEAD_BYTES);
    struct journal_report unused;
    if (!report) report = &unused;
    *report = (struct journal_report){ 0 };
    struct journal *journal = calloc(1, sizeof *journal);
    if (!journal) return problem_set(problem, STATUS_NO_MEMORY, "journal: out of memory");
    enum status status = journal_prepare(journal, options, true, problem);
    if (status == STATUS_OK) status = journal_load(journal, replay, user, report, problem);
    if (status != STATUS_OK) {
        journal_close(journal);
        return status;
    }
    *out = journal;
    return STATUS_OK;
}

enum status journal_scan(const struct journal_options *options,
                         enum status (*replay)(void *user, const struct journal_record *record),
                         void *user, struct journal_report *report, struct problem *problem)
{
    struct journal_report unused;
    if (!report) report = &unused;
    *report = (struct journal_report){ 0 };
    struct journal *journal = calloc(1, sizeof *journal);
    if (!journal) return problem_set(problem, STATUS_NO_MEMORY, "journal: out of memory");
    enum status status = journal_prepare(journal, options, false, problem);
    if (status == STATUS_OK)
        status = journal_read(journal->dir, options, &journal->segments, &journal->end, replay,
                              user, report, problem);
    if (status == STATUS_OK && journal->segments.count == 0)
        status = problem_set(problem, STATUS_NOT_FOUND, "%s holds no journal", options->dir);
    journal_close(journal);
    return status;
}

void journal_close(struct journal *journal)
{
    if (!journal) return;
    if (journal->fd >= 0) close(journal->fd);
    if (journal->dir >= 0) close(journal->dir);
    buffer_free(&journal->pending);
    free(journal->segments.items);
    free(journal);
}

enum status journal_append(struct journal *journal, uint8_t kind, const struct span *parts,
                           size_t parts_count, uint64_t *number)
{
    ASSERT(kind != 0);
    if (journal->failed) return STATUS_IO;
    uint64_t size = 0;
    for (size_t i = 0; i < parts_count; i++) {
        if (parts[i].size > JOURNAL_PAYLOAD_MAX - size) return STATUS_TOO_LARGE;
        size += parts[i].size;
    }
    if (record_bytes(size) > JOURNAL_PENDING_MAX - journal->pending.size) return STATUS_FULL;
    uint64_t next = journal->end.last_record + 1;
    enum status status =
        record_encode(&journal->pending, journal->end.magic, next, journal->durable, kind, parts,
                      parts_count, journal->end.chain);
    if (status != STATUS_OK) return status;
    journal->end.last_record = next;
    if (number) *number = next;
    return STATUS_OK;
}

enum status journal_sync(struct journal *journal, struct problem *problem)
{
    if (journal->failed)
        return problem_set(problem, STATUS_IO, "journal %s: failed before", journal->dir_path);
    if (journal->pending.size == 0) return STATUS_OK;
    if (write_all(journal->fd, buffer_span(&journal->pending), journal->end.offset) != STATUS_OK)
        return journal_fail(journal, "writing", problem);
    if (fdatasync(journal->fd) != 0) return journal_fail(journal, "fdatasync", problem);
    journal->end.offset += journal->pending.size;
    journal->pending.size = 0;
    journal->durable = journal->end.last_record;
    struct segment *last = &journal->segments.items[journal->segments.count - 1];
    last->bytes = max_u64(last->bytes, journal->end.offset);
    return STATUS_OK;
}

enum status journal_begin_segment(struct journal *journal, const struct span *parts,
                                  size_t parts_count, uint64_t *number, struct problem *problem)
{
    enum status status = journal_sync(journal, problem);
    if (status != STATUS_OK) return status;
    uint64_t last = journal->segments.items[journal->segments.count - 1].number;
    status = segment_create(journal, last + 1, problem);
    if (status != STATUS_OK) return status;
    status = journal_append(journal, JOURNAL_FOLD, parts, parts_count, number);
    if (status != STATUS_OK)
        return problem_set(problem, status, "journal %s: the fold cannot be appended: %s",
                           journal->dir_path, status_text(status));
    journal->segments.items[journal->segments.count - 1].folded = true;
    return STATUS_OK;
}

/* The last segment that can be the first one: it begins with a durable fold, and nobody needs what
 * stands before it. */
static size_t cut_target(const struct journal *journal, uint64_t up_to)
{
    size_t target = 0;
    for (size_t i = 1; i < journal->segments.count; i++) {
        const struct segment *segment = &journal->segments.items[i];
        if (segment->first_record > journal->durable || segment->first_record - 1 > up_to) break;
        if (segment->folded) target = i;
    }
    return target;
}

enum status journal_cut(struct journal *journal, uint64_t up_to, struct problem *problem)
{
    if (journal->failed)
        return problem_set(problem, STATUS_IO, "journal %s: failed before", journal->dir_path);
    size_t target = cut_target(journal, up_to);
    for (size_t i = 0; i < target; i++) {
        char name[SEGMENT_NAME_BYTES];
        segment_name(name, journal->segments.items[0].number);
        /* Oldest first, each synced, so that a crash leaves no gap. */
        if (unlinkat(journal->dir, name, 0) != 0 || fsync(journal->dir) != 0)
            return journal_fail(journal, "deleting a segment", problem);
        journal->segments.count--;
        memmove(journal->segments.items, journal->segments.items + 1,
                journal->segments.count * sizeof *journal->segments.items);
    }
    return STATUS_OK;
}

uint64_t journal_last(const struct journal *journal)
{
    return journal->end.last_record;
}

uint64_t journal_durable(const struct journal *journal)
{
    return journal->durable;
}

bool journal_wants_segment(const struct journal *journal)
{
    return journal->end.offset + journal->pending.size >= journal->options.segment_size;
}

void journal_sizes(const struct journal *journal, struct journal_sizes *sizes)
{
    *sizes = (struct journal_sizes){
        .segments = journal->segments.count,
        .segment_bytes = journal->end.offset + journal->pending.size,
        .pending_bytes = journal->pending.size,
    };
    for (size_t i = 0; i < journal->segments.count; i++)
        sizes->bytes += journal->segments.items[i].bytes;
}
