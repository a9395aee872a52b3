#include "node/journal_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* One segment's file seen through a window that is moved along. */
struct window {
    int fd;
    uint64_t file_bytes;
    uint8_t *data;
    size_t capacity;
    uint64_t offset; /* of data[0] in the file */
    size_t size;
    bool io_failed;
};

enum { WINDOW_BYTES = 1024 * 1024, ALIGNMENT = 8 };

struct replay {
    const struct journal_options *options;
    struct segment_list *list;
    struct journal_end *end;
    enum status (*callback)(void *user, const struct journal_record *record);
    void *user;
    struct journal_report *report;
    struct problem *problem;
    struct window window;
    char name[SEGMENT_NAME_BYTES]; /* of the segment being read */
};

/* size bytes of the file at offset, or NULL if the file ends before, memory is short or reading
 * fails (window->io_failed). */
static const uint8_t *window_get(struct window *window, uint64_t offset, size_t size)
{
    if (offset > window->file_bytes || size > window->file_bytes - offset) return NULL;
    if (offset >= window->offset && offset + size <= window->offset + window->size)
        return window->data + (offset - window->offset);
    size_t want = size > WINDOW_BYTES ? size : WINDOW_BYTES;
    if (want > window->file_bytes - offset) want = (size_t)(window->file_bytes - offset);
    if (want > window->capacity) {
        uint8_t *data = realloc(window->data, want);
        if (!data) {
            window->io_failed = true;
            return NULL;
        }
        window->data = data;
        window->capacity = want;
    }
    window->offset = offset;
    window->size = 0;
    while (window->size < want) {
        ssize_t got = pread(window->fd, window->data + window->size, want - window->size,
                            (off_t)(offset + window->size));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) {
            if (got == 0) errno = EIO; /* The file became shorter under us. */
            window->io_failed = true;
            return NULL;
        }
        window->size += (size_t)got;
    }
    return window->data;
}

static enum status read_failed(struct replay *replay)
{
    return problem_set(replay->problem, STATUS_IO, "journal %s: cannot be read: %s", replay->name,
                       strerror(errno));
}

static enum status damaged(struct replay *replay, uint64_t offset, const char *what)
{
    return problem_set(replay->problem, STATUS_DAMAGED, "journal %s: %s at offset %" PRIu64,
                       replay->name, what, offset);
}

/* The record at offset, if one that checks and follows the last one begins there. */
static bool next_record(struct replay *replay, uint64_t offset, struct record *record,
                        uint64_t *bytes)
{
    struct window *window = &replay->window;
    const uint8_t *head = window_get(window, offset, RECORD_BYTES_MIN);
    if (!head) return false;
    *bytes = record_peek(head, replay->end->magic);
    if (*bytes == 0) return false;
    const uint8_t *whole = window_get(window, offset, (size_t)*bytes);
    if (!whole || !record_decode(span_of(whole, (size_t)*bytes), replay->end->magic, record))
        return false;
    if (record->number != replay->end->last_record + 1) return false;
    uint8_t chain[JOURNAL_CHAIN_BYTES];
    record_chain(replay->end->chain, span_of(whole, RECORD_HEAD_BYTES + record->payload.size),
                 chain);
    return memcmp(chain, record->chain, sizeof chain) == 0;
}

static enum status record_deliver(struct replay *replay, const struct record *record, bool first)
{
    struct segment *segment = &replay->list->items[replay->list->count - 1];
    if (first) segment->folded = record->kind == JOURNAL_FOLD;
    struct journal_record delivered = {
        .number = record->number,
        .kind = record->kind,
        .payload = record->payload,
        .segment = segment->number,
        .offset = replay->end->offset,
        .first = first,
    };
    if (replay->report->first_record == 0) replay->report->first_record = record->number;
    replay->report->last_record = record->number;
    return replay->callback ? replay->callback(replay->user, &delivered) : STATUS_OK;
}

/* Reads records from the present offset as long as they check. */
static enum status records_read(struct replay *replay)
{
    bool first = true;
    struct record record;
    uint64_t bytes;
    while (next_record(replay, replay->end->offset, &record, &bytes)) {
        enum status status = record_deliver(replay, &record, first);
        if (status != STATUS_OK) return status;
        memcpy(replay->end->chain, record.chain, JOURNAL_CHAIN_BYTES);
        replay->end->last_record = record.number;
        replay->end->offset += bytes;
        first = false;
    }
    return replay->window.io_failed ? read_failed(replay) : STATUS_OK;
}

/* A valid record at offset that was written when `number` was durable already? */
static bool proves_durable(struct replay *replay, uint64_t offset, uint64_t number)
{
    const uint8_t *head = window_get(&replay->window, offset, RECORD_HEAD_BYTES);
    if (!head) return false;
    uint64_t bytes = record_peek(head, replay->end->magic);
    if (bytes == 0) return false;
    const uint8_t *whole = window_get(&replay->window, offset, (size_t)bytes);
    struct record record;
    return whole && record_decode(span_of(whole, (size_t)bytes), replay->end->magic, &record) &&
           record.number > number && record.durable_through >= number;
}

/* What stands behind the last good record of the last segment: nothing, a torn tail, or damage. */
static enum status tail_judge(struct replay *replay)
{
    uint64_t start = replay->end->offset;
    uint64_t number = replay->end->last_record + 1;
    uint64_t used = start;
    for (uint64_t at = start; at + ALIGNMENT <= replay->window.file_bytes; at += ALIGNMENT) {
        const uint8_t *bytes = window_get(&replay->window, at, ALIGNMENT);
        if (!bytes) return read_failed(replay);
        if (load_u64(bytes) == 0) continue;
        used = at + ALIGNMENT;
        if (at > start && proves_durable(replay, at, number))
            return damaged(replay, start, "a record that was durable is damaged");
        if (replay->window.io_failed) return read_failed(replay);
    }
    if (used == start) return STATUS_OK;
    replay->report->torn_bytes = used - start;
    replay->report->torn_offset = start;
    memcpy(replay->report->torn_file, replay->name, sizeof replay->name);
    return STATUS_OK;
}

static enum status head_check(struct replay *replay, uint64_t number, struct segment_head *head)
{
    const uint8_t *bytes = window_get(&replay->window, 0, JOURNAL_HEAD_BYTES);
    if (!bytes && replay->window.io_failed) return read_failed(replay);
    enum status status = bytes ? segment_head_decode(bytes, head) : STATUS_DAMAGED;
    if (status == STATUS_UNSUPPORTED)
        return problem_set(replay->problem, status, "journal %s: written by a newer version",
                           replay->name);
    if (status != STATUS_OK || head->segment != number || head->first_record == 0)
        return damaged(replay, 0, "the head is damaged");
    if (!digest_equal(&head->chain_id, &replay->options->chain_id))
        return problem_set(replay->problem, STATUS_MISMATCH, "journal %s belongs to another chain",
                           replay->name);
    return STATUS_OK;
}

/* Does this segment go on where the one before ended? If not, that one has lost its end. */
static enum status follows_check(struct replay *replay, const struct segment_head *head)
{
    const struct journal_end *end = replay->end;
    bool follows = head->first_record == end->last_record + 1 &&
                   memcmp(head->chain, end->chain, sizeof head->chain) == 0;
    if (follows) return STATUS_OK;
    segment_name(replay->name, replay->list->items[replay->list->count - 1].number);
    return damaged(replay, end->offset, "a durable record is damaged");
}

/* Segments are cut only behind a durable fold. If some were cut, one of those that are left begins
 * with a fold: the first, or, when a crash came in the middle of the cutting, a later one. */
static bool fold_missing(const struct replay *replay)
{
    if (replay->list->items[0].number == 1) return false;
    for (size_t i = 0; i < replay->list->count; i++)
        if (replay->list->items[i].folded) return false;
    return true;
}

static enum status segment_read(struct replay *replay, uint64_t number, bool last)
{
    struct segment_head head = { 0 };
    enum status status = head_check(replay, number, &head);
    if (status == STATUS_OK && replay->list->count > 0) status = follows_check(replay, &head);
    if (status != STATUS_OK) return status;

    struct segment segment = {
        .number = number,
        .first_record = head.first_record,
        .bytes = replay->window.file_bytes,
    };
    status = segment_list_add(replay->list, &segment);
    if (status != STATUS_OK) return problem_set(replay->problem, status, "journal: out of memory");
    replay->report->segments++;
    replay->end->last_record = head.first_record - 1;
    replay->end->offset = JOURNAL_HEAD_BYTES;
    replay->end->bytes = replay->window.file_bytes;
    replay->end->magic = head.crc;
    memcpy(replay->end->chain, head.chain, sizeof head.chain);

    status = records_read(replay);
    if (status == STATUS_OK && last && fold_missing(replay))
        status = damaged(replay, JOURNAL_HEAD_BYTES, "the fold that was durable is damaged");
    if (status == STATUS_OK && last) status = tail_judge(replay);
    return status;
}

static enum status segment_open_read(struct replay *replay, int dir, uint64_t number, bool last)
{
    segment_name(replay->name, number);
    int fd = openat(dir, replay->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat info;
    if (fd < 0 || fstat(fd, &info) != 0) {
        if (fd >= 0) close(fd);
        return read_failed(replay);
    }
    replay->window.fd = fd;
    replay->window.file_bytes = (uint64_t)info.st_size;
    replay->window.size = 0;
    enum status status = segment_read(replay, number, last);
    close(fd);
    return status;
}

static int compare_numbers(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* The numbers of the segments in the directory, ascending; freed by the caller. */
static enum status segments_find(int dir, uint64_t **numbers, size_t *count)
{
    *numbers = NULL;
    *count = 0;
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    if (!stream) {
        if (fd >= 0) close(fd);
        return STATUS_IO;
    }
    enum status status = STATUS_OK;
    size_t capacity = 0;
    errno = 0;
    for (struct dirent *entry; status == STATUS_OK && (entry = readdir(stream));) {
        uint64_t number;
        if (!segment_name_parse(entry->d_name, &number)) continue;
        if (*count == capacity) {
            capacity = capacity == 0 ? 64 : 2 * capacity;
            uint64_t *grown = realloc(*numbers, capacity * sizeof *grown);
            if (!grown) {
                status = STATUS_NO_MEMORY;
                break;
            }
            *numbers = grown;
        }
        (*numbers)[(*count)++] = number;
    }
    if (status == STATUS_OK && errno != 0) status = STATUS_IO;
    closedir(stream);
    if (*count > 0) qsort(*numbers, *count, sizeof **numbers, compare_numbers);
    return status;
}

enum status journal_read(int dir, const struct journal_options *options, struct segment_list *list,
                         struct journal_end *end,
                         enum status (*callback)(void *user, const struct journal_record *record),
                         void *user, struct journal_report *report, struct problem *problem)
{
    struct replay replay = {
        .options = options,
        .list = list,
        .end = end,
        .callback = callback,
        .user = user,
        .report = report,
        .problem = problem,
    };
    uint64_t *numbers;
    size_t count;
    enum status status = segments_find(dir, &numbers, &count);
    if (status != STATUS_OK)
        problem_set(problem, status, "journal %s: cannot be listed: %s", options->dir,
                    strerror(errno));
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        if (i > 0 && numbers[i] != numbers[i - 1] + 1)
            status =
                problem_set(problem, STATUS_DAMAGED, "journal %s: segment %" PRIu64 " is missing",
                            options->dir, numbers[i - 1] + 1);
        else
            status = segment_open_read(&replay, dir, numbers[i], i + 1 == count);
    }
    free(numbers);
    free(replay.window.data);
    return status;
}
