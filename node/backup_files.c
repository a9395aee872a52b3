#include "node/backup_files.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PART_BYTES = 256 * 1024 };

static enum status fail(struct problem *problem, const char *path)
{
    enum status status = errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO;
    if (errno == EEXIST) status = STATUS_EXISTS;
    return problem_set(problem, status, "%s: %s", path, strerror(errno));
}

/* Reads a file to its end; each part goes into the sum and, unless it is -1, into another file. */
static enum status pass(int file, int into, const char *path, crypto_hash_sha256_state *sum,
                        uint64_t *size, struct problem *problem)
{
    uint8_t *part = malloc(PART_BYTES);
    if (!part) return problem_set(problem, STATUS_NO_MEMORY, "out of memory");
    enum status status = STATUS_OK;
    ssize_t got;
    *size = 0;
    while (status == STATUS_OK && (got = read(file, part, PART_BYTES)) != 0) {
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            status = fail(problem, path);
            break;
        }
        crypto_hash_sha256_update(sum, part, (unsigned long long)got);
        *size += (uint64_t)got;
        for (ssize_t at = 0; into >= 0 && at < got && status == STATUS_OK;) {
            ssize_t put = write(into, part + at, (size_t)(got - at));
            if (put > 0) at += put;
            if (put < 0 && errno != EINTR) status = fail(problem, path);
        }
    }
    free(part);
    return status;
}

enum status file_sum(const char *path, uint64_t *size, uint8_t sha256[32], struct problem *problem)
{
    crypto_hash_sha256_state sum;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return fail(problem, path);
    crypto_hash_sha256_init(&sum);
    enum status status = pass(file, -1, path, &sum, size, problem);
    crypto_hash_sha256_final(&sum, sha256);
    close(file);
    return status;
}

enum status file_copy(const char *from, const char *to, unsigned mode, struct problem *problem)
{
    crypto_hash_sha256_state sum;
    uint64_t size;
    int source = open(from, O_RDONLY | O_CLOEXEC);
    if (source < 0) return fail(problem, from);
    int target = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);
    enum status status = target < 0 ? fail(problem, to) : STATUS_OK;
    bool made = target >= 0;
    crypto_hash_sha256_init(&sum);
    if (status == STATUS_OK) status = pass(source, target, to, &sum, &size, problem);
    if (status == STATUS_OK && fsync(target) != 0) status = fail(problem, to);
    if (made && close(target) != 0 && status == STATUS_OK) status = fail(problem, to);
    close(source);
    if (made && status != STATUS_OK) (void)unlink(to);
    return status;
}

enum status file_sync(const char *path, struct problem *problem)
{
    int file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) return fail(problem, path);
    enum status status = fsync(file) == 0 ? STATUS_OK : fail(problem, path);
    close(file);
    return status;
}

void remove_database(const char *path)
{
    static const char *const endings[] = { "", "-wal", "-shm", "-journal" };
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        char file[PATH_BYTES_MAX];
        snprintf(file, sizeof file, "%.*s%s", PATH_BYTES_MAX - 16, path, endings[i]);
        (void)unlink(file);
    }
}
