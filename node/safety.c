#include "node/safety.h"

#include "node/crc32c.h"
#include "node/files.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SAFETY_VERSION = 1, CRC_OFFSET = SAFETY_SLOT_BYTES - 4 };
static const char magic[8] = { 'W', 'I', 'T', 'N', 'S', 'A', 'F', 'E' };

struct safety {
    int fd;
    struct public_key seal_key;
    struct digest chain_id;
    uint64_t counter; /* of the newest slot */
    int newest;       /* which slot that is */
    bool changed;     /* written since the last sync */
    bool failed;      /* sticky */
};

void safety_encode(const struct safety_state *state, uint8_t slot[SAFETY_SLOT_BYTES])
{
    memset(slot, 0, SAFETY_SLOT_BYTES);
    struct writer w;
    writer_init_fixed(&w, slot, CRC_OFFSET);
    write_bytes(&w, span_of(magic, sizeof magic));
    write_u16(&w, SAFETY_VERSION);
    write_public_key(&w, &state->seal_key);
    write_digest(&w, &state->chain_id);
    write_u64(&w, state->counter);
    write_u64(&w, state->epoch);
    for (int kind = 0; kind < SIGNER_KINDS; kind++) {
        write_u64(&w, state->highest[kind].epoch);
        write_u64(&w, state->highest[kind].slot);
    }
    write_u64(&w, state->sealed_height);
    write_digest(&w, &state->sealed_hash);
    write_u64(&w, state->journal_record);
    ASSERT(writer_status(&w) == STATUS_OK);
    store_u32(slot + CRC_OFFSET, crc32c(0, span_of(slot, CRC_OFFSET)));
}

enum status safety_decode(const uint8_t slot[SAFETY_SLOT_BYTES], struct safety_state *state)
{
    if (load_u32(slot + CRC_OFFSET) != crc32c(0, span_of(slot, CRC_OFFSET))) return STATUS_DAMAGED;
    struct reader r = reader_of(span_of(slot, CRC_OFFSET));
    struct span mark = read_bytes(&r, sizeof magic);
    if (memcmp(mark.data, magic, sizeof magic) != 0) return STATUS_DAMAGED;
    if (read_u16(&r) != SAFETY_VERSION) return STATUS_UNSUPPORTED;
    read_public_key(&r, &state->seal_key);
    read_digest(&r, &state->chain_id);
    state->counter = read_u64(&r);
    state->epoch = read_u64(&r);
    for (int kind = 0; kind < SIGNER_KINDS; kind++) {
        state->highest[kind].epoch = read_u64(&r);
        state->highest[kind].slot = read_u64(&r);
    }
    state->sealed_height = read_u64(&r);
    read_digest(&r, &state->sealed_hash);
    state->journal_record = read_u64(&r);
    ASSERT(reader_status(&r) == STATUS_OK);
    return STATUS_OK;
}

enum status safety_create(const char *path, const struct public_key *seal_key,
                          const struct digest *chain_id, struct problem *problem)
{
    struct safety_state state = { .seal_key = *seal_key, .chain_id = *chain_id };
    uint8_t slots[SAFETY_SLOTS * SAFETY_SLOT_BYTES];
    for (int slot = 0; slot < SAFETY_SLOTS; slot++) {
        state.counter = (uint64_t)slot + 1;
        safety_encode(&state, slots + slot * SAFETY_SLOT_BYTES);
    }
    return file_write(path, span_of(slots, sizeof slots), 0600, false, problem);
}

/* The better of two slots that are read: valid, and with the higher counter. */
static int slot_newest(const enum status found[SAFETY_SLOTS],
                       const struct safety_state states[SAFETY_SLOTS])
{
    if (found[0] != STATUS_OK) return found[1] == STATUS_OK ? 1 : -1;
    if (found[1] != STATUS_OK) return 0;
    return states[1].counter > states[0].counter ? 1 : 0;
}

static enum status slots_read(struct safety *safety, const char *path, struct safety_state *state,
                              struct safety_report *report, struct problem *problem)
{
    struct safety_state states[SAFETY_SLOTS];
    enum status found[SAFETY_SLOTS];
    for (int i = 0; i < SAFETY_SLOTS; i++) {
        uint8_t slot[SAFETY_SLOT_BYTES];
        ssize_t size = pread(safety->fd, slot, sizeof slot, i * SAFETY_SLOT_BYTES);
        /* What cannot be read now may be the newer one: the other says too little then. */
        if (size < 0) return problem_set(problem, STATUS_IO, "%s: %s", path, strerror(errno));
        found[i] = size == sizeof slot ? safety_decode(slot, &states[i]) : STATUS_DAMAGED;
        if (report) report->slot_bad[i] = found[i] == STATUS_DAMAGED;
        /* A newer version in either slot: whoever wrote it knows more than we can read. */
        if (found[i] == STATUS_UNSUPPORTED)
            return problem_set(problem, STATUS_UNSUPPORTED,
                               "%s: slot %d was written by a newer version", path, i);
    }
    int newest = slot_newest(found, states);
    if (newest < 0)
        return problem_set(problem, STATUS_DAMAGED, "%s: neither of its two slots is valid", path);
    *state = states[newest];
    safety->newest = newest;
    safety->counter = state->counter;
    return STATUS_OK;
}

static enum status owner_check(const struct safety *safety, const char *path,
                               const struct safety_state *state, struct problem *problem)
{
    if (!key_equal(&state->seal_key, &safety->seal_key))
        return problem_set(problem, STATUS_MISMATCH, "%s belongs to another seal key", path);
    if (!digest_equal(&state->chain_id, &safety->chain_id))
        return problem_set(problem, STATUS_MISMATCH, "%s belongs to another chain", path);
    return STATUS_OK;
}

/* What a process wrote that was killed before it synced must outlive a power cut too, also if we
 * never write again. It is written once more, into the other slot: after a failed sync the kernel
 * shows what it has not written and calls it clean, and a sync alone would succeed. */
static enum status slot_settle(struct safety *safety, const char *path, struct safety_state *state,
                               struct problem *problem)
{
    enum status status = safety_write(safety, state);
    if (status == STATUS_OK) status = safety_sync(safety);
    state->counter = safety->counter;
    if (status == STATUS_OK) return STATUS_OK;
    return problem_set(problem, status, "%s cannot be written: %s", path, strerror(errno));
}

enum status safety_open(struct safety **out, const char *path, const struct public_key *seal_key,
                        const struct digest *chain_id, struct safety_state *state,
                        struct safety_report *report, struct problem *problem)
{
    struct safety *safety = calloc(1, sizeof *safety);
    if (!safety) return problem_set(problem, STATUS_NO_MEMORY, "%s: out of memory", path);
    if (report) *report = (struct safety_report){ 0 };
    safety->seal_key = *seal_key;
    safety->chain_id = *chain_id;
    safety->fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    enum status status;
    if (safety->fd < 0) {
        status = problem_set(problem, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO, "%s: %s",
                             path, strerror(errno));
    } else {
        status = slots_read(safety, path, state, report, problem);
        if (status == STATUS_OK) status = owner_check(safety, path, state, problem);
        if (status == STATUS_OK) status = slot_settle(safety, path, state, problem);
    }
    if (status != STATUS_OK) {
        safety_close(safety);
        return status;
    }
    *out = safety;
    return STATUS_OK;
}

void safety_close(struct safety *safety)
{
    if (!safety) return;
    if (safety->fd >= 0) close(safety->fd);
    free(safety);
}

enum status safety_write(struct safety *safety, const struct safety_state *state)
{
    if (safety->failed) return STATUS_IO;
    int older = 1 - safety->newest;
    struct safety_state next = *state;
    next.seal_key = safety->seal_key;
    next.chain_id = safety->chain_id;
    next.counter = safety->counter + 1;
    uint8_t slot[SAFETY_SLOT_BYTES];
    safety_encode(&next, slot);
    ssize_t size = pwrite(safety->fd, slot, sizeof slot, older * SAFETY_SLOT_BYTES);
    if (size != sizeof slot) {
        safety->failed = true;
        return STATUS_IO;
    }
    safety->newest = older;
    safety->counter = next.counter;
    safety->changed = true;
    return STATUS_OK;
}

enum status safety_sync(struct safety *safety)
{
    if (safety->failed) return STATUS_IO;
    if (!safety->changed) return STATUS_OK;
    if (fdatasync(safety->fd) != 0) {
        safety->failed = true;
        return STATUS_IO;
    }
    safety->changed = false;
    return STATUS_OK;
}

bool safety_changed(const struct safety *safety)
{
    return safety->changed;
}
