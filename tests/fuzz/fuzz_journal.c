/* A journal whose last bytes are arbitrary: a good beginning (six synced records in two groups),
 * overwritten from a chosen place with the input. Opening answers, never crashes; when it succeeds,
 * the records that stand before the overwritten place are all there, appending works, and a second
 * opening shows the same records and the new one. */
#include "node/journal.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SEGMENT = 4096, RECORDS = 6, RECORD_BYTES = 64 };

static char dir[64];
static char segment[128];
static uint8_t original[SEGMENT];
static struct journal_options options;

struct seen {
    uint64_t count;
};

static enum status on_record(void *user, const struct journal_record *record)
{
    struct seen *seen = user;
    seen->count++;
    ASSERT(record->number == seen->count);
    return STATUS_OK;
}

static void original_make(void)
{
    struct journal *journal;
    if (journal_open(&journal, &options, NULL, NULL, NULL, NULL) != STATUS_OK) abort();
    struct span payload = span_text("a payload.");
    for (int i = 0; i < RECORDS; i++) {
        if (journal_append(journal, JOURNAL_ENGINE, &payload, 1, NULL) != STATUS_OK) abort();
        if (i % 3 == 2 && journal_sync(journal, NULL) != STATUS_OK) abort();
    }
    journal_close(journal);
    int fd = open(segment, O_RDONLY);
    if (read(fd, original, SEGMENT) != SEGMENT) abort();
    close(fd);
}

static void setup(void)
{
    const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(dir, sizeof dir, "%s/witan_fuzz_XXXXXX", base);
    if (!mkdtemp(dir)) abort();
    snprintf(segment, sizeof segment, "%s/00000000000000000001.log", dir);
    options = (struct journal_options){ .dir = dir, .segment_size = SEGMENT };
    original_make();
}

static void remove_all(void)
{
    unlink(segment);
    rmdir(dir);
}

static void segment_write(struct span bytes, size_t place)
{
    int fd = open(segment, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (write(fd, original, SEGMENT) != SEGMENT) abort();
    if (pwrite(fd, bytes.data, bytes.size, (off_t)place) != (ssize_t)bytes.size) abort();
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (dir[0] == 0) {
        setup();
        atexit(remove_all);
    }
    if (size < 2) return 0;
    size_t place = (size_t)(data[0] | data[1] << 8) % (JOURNAL_HEAD_BYTES + RECORDS * RECORD_BYTES);
    struct span bytes = span_of(data + 2, size - 2 < SEGMENT - place ? size - 2 : SEGMENT - place);
    segment_write(bytes, place);

    struct journal *journal;
    struct seen seen = { 0 };
    struct problem problem;
    enum status status = journal_open(&journal, &options, on_record, &seen, NULL, &problem);
    if (status != STATUS_OK) return 0;
    size_t whole = place < JOURNAL_HEAD_BYTES ? 0 : (place - JOURNAL_HEAD_BYTES) / RECORD_BYTES;
    ASSERT(seen.count >= whole);
    uint64_t before = seen.count;
    struct span payload = span_text("new");
    ASSERT(journal_append(journal, JOURNAL_ENGINE, &payload, 1, NULL) == STATUS_OK);
    ASSERT(journal_sync(journal, &problem) == STATUS_OK);
    journal_close(journal);
    seen.count = 0;
    status = journal_open(&journal, &options, on_record, &seen, NULL, &problem);
    ASSERT(status == STATUS_OK);
    ASSERT(seen.count == before + 1);
    journal_close(journal);
    return 0;
}
