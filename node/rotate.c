#include "node/rotate.h"

#include "node/key_load.h"
#include "node/safety.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- names ---- */

static enum status name_beside(char path[PATH_BYTES_MAX], const char *file, const char *word)
{
    static const char ending[] = ".json";
    size_t size = strlen(file);
    size_t tail = sizeof ending - 1;
    bool json = size > tail && strcmp(file + size - tail, ending) == 0;
    if (size + strlen(word) + tail + 2 > PATH_BYTES_MAX) return STATUS_TOO_LARGE;
    size_t stem = json ? size - tail : size;
    memcpy(path, file, stem);
    snprintf(path + stem, PATH_BYTES_MAX - stem, ".%s%s", word, json ? ending : "");
    return STATUS_OK;
}

enum status rotation_paths(struct rotation *rotation, const char *key_file, const char *data_dir)
{
    *rotation = (struct rotation){ .safety = "" };
    enum status status = name_beside(rotation->key_next, key_file, "next");
    if (status == STATUS_OK) status = name_beside(rotation->key_old, key_file, "old");
    if (status != STATUS_OK) return status;
    memcpy(rotation->key, key_file, strlen(key_file) + 1);
    if (!data_dir) return STATUS_OK;
    status = path_join(rotation->safety, data_dir, "safety");
    return status == STATUS_OK ? path_join(rotation->safety_next, data_dir, "safety.next") : status;
}

bool rotation_under_way(const struct rotation *rotation)
{
    return file_exists(rotation->key_next);
}

/* ---- files ---- */

static enum status io_problem(struct problem *problem, const char *path)
{
    return problem_set(problem, STATUS_IO, "%s: %s", path, strerror(errno));
}

static enum status overwrite(int file, const char *path, struct problem *problem)
{
    static const uint8_t zeros[4096];
    struct stat info;
    if (fstat(file, &info) != 0) return io_problem(problem, path);
    for (off_t at = 0; at < info.st_size; at += (off_t)sizeof zeros) {
        size_t size = (size_t)min_u64(sizeof zeros, (uint64_t)(info.st_size - at));
        if (pwrite(file, zeros, size, at) != (ssize_t)size) return io_problem(problem, path);
    }
    return fsync(file) == 0 ? STATUS_OK : io_problem(problem, path);
}

static enum status parent_sync(const char *path, struct problem *problem)
{
    char dir[PATH_BYTES_MAX];
    path_parent(dir, path);
    return directory_sync(dir, problem);
}

enum status file_wipe(const char *path, struct problem *problem)
{
    int file = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0) return errno == ENOENT ? STATUS_OK : io_problem(problem, path);
    enum status status = overwrite(file, path, problem);
    close(file);
    if (status == STATUS_OK && unlink(path) != 0) status = io_problem(problem, path);
    return status == STATUS_OK ? parent_sync(path, problem) : status;
}

static enum status move(const char *from, const char *to, struct problem *problem)
{
    if (rename(from, to) != 0) return io_problem(problem, from);
    return parent_sync(to, problem);
}

/* ---- begin, abandon ---- */

static enum status write_key(const struct rotation *rotation, enum key_kind kind, const char *name,
                             const struct id *id, const struct secret_key *secret,
                             struct span passphrase, struct problem *problem)
{
    char *text = key_file_format(kind, name, id, secret, passphrase, problem);
    if (!text) return problem->status;
    size_t size = strlen(text);
    enum status status = file_write(rotation->key_next, span_of(text, size), 0600, false, problem);
    explicit_bzero(text, size);
    free(text);
    return status;
}

enum status rotation_begin(const struct rotation *rotation, enum key_kind kind, const char *name,
                           const struct id *id, const struct secret_key *secret,
                           struct span passphrase, const struct digest *chain_id,
                           struct problem *problem)
{
    if (rotation_under_way(rotation))
        return problem_set(problem, STATUS_EXISTS, "%s is there: a rotation is under way",
                           rotation->key_next);
    struct public_key public_key;
    key_public(secret, &public_key);
    if (chain_id) {
        /* One without a key is what a crash left here, between the two files. */
        enum status status = file_wipe(rotation->safety_next, problem);
        if (status == STATUS_OK)
            status = safety_create(rotation->safety_next, &public_key, chain_id, problem);
        if (status != STATUS_OK) return status;
    }
    return write_key(rotation, kind, name, id, secret, passphrase, problem);
}

/* Does the safety file in use belong to the next key? Then there is no way back. */
static bool safety_is_next(const struct rotation *rotation)
{
    struct key_file next;
    struct buffer bytes;
    struct safety_state state;
    struct problem unused;
    bool found = false;
    if (!rotation->safety[0]) return false;
    if (key_load_public(rotation->key_next, &next, &unused) != STATUS_OK) return false;
    buffer_init(&bytes, SAFETY_SLOTS * SAFETY_SLOT_BYTES);
    if (file_read(rotation->safety, &bytes, &unused) == STATUS_OK)
        for (size_t at = 0; at + SAFETY_SLOT_BYTES <= bytes.size; at += SAFETY_SLOT_BYTES)
            found = found || (safety_decode(bytes.data + at, &state) == STATUS_OK &&
                              key_equal(&state.seal_key, &next.public_key));
    buffer_free(&bytes);
    return found;
}

enum status rotation_abandon(const struct rotation *rotation, struct problem *problem)
{
    if (safety_is_next(rotation))
        return problem_set(problem, STATUS_CONFLICT,
                           "the new key is in force; the next start of the node ends the rotation");
    enum status status = file_wipe(rotation->key_next, problem);
    if (status != STATUS_OK || !rotation->safety_next[0]) return status;
    return file_wipe(rotation->safety_next, problem);
}

/* ---- finish ---- */

/* A second name of the key in use is only a name: a crash or a change of mind left it. */
static enum status old_wipe(const struct rotation *rotation, struct problem *problem)
{
    struct stat key;
    struct stat old;
    bool same = stat(rotation->key, &key) == 0 && stat(rotation->key_old, &old) == 0 &&
                key.st_dev == old.st_dev && key.st_ino == old.st_ino;
    if (!same) return file_wipe(rotation->key_old, problem);
    if (unlink(rotation->key_old) != 0) return io_problem(problem, rotation->key_old);
    return parent_sync(rotation->key_old, problem);
}

/* The old file keeps a second name until its secret is wiped. */
static enum status place_key(const struct rotation *rotation, struct problem *problem)
{
    if (link(rotation->key, rotation->key_old) != 0 && errno != EEXIST && errno != ENOENT)
        return io_problem(problem, rotation->key_old);
    enum status status = move(rotation->key_next, rotation->key, problem);
    return status == STATUS_OK ? old_wipe(rotation, problem) : status;
}

enum status rotation_finish(const struct rotation *rotation, struct problem *problem)
{
    if (!rotation_under_way(rotation))
        return problem_set(problem, STATUS_NOT_FOUND, "%s does not exist", rotation->key_next);
    enum status status = STATUS_OK;
    if (rotation->safety[0] && !safety_is_next(rotation)) {
        if (!file_exists(rotation->safety_next))
            return problem_set(problem, STATUS_NOT_FOUND, "%s does not exist",
                               rotation->safety_next);
        status = move(rotation->safety_next, rotation->safety, problem);
    }
    return status == STATUS_OK ? place_key(rotation, problem) : status;
}

enum status rotation_resume(const struct rotation *rotation, struct problem *problem)
{
    if (rotation_under_way(rotation) && safety_is_next(rotation))
        return place_key(rotation, problem);
    if (file_exists(rotation->key_old) && file_exists(rotation->key) &&
        !rotation_under_way(rotation))
        return old_wipe(rotation, problem);
    return STATUS_OK;
}
