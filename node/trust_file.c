#include "node/trust_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

enum status trust_file_place(const struct digest *chain_id, char path[PATH_BYTES_MAX],
                             struct problem *problem)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    char dir[PATH_BYTES_MAX];
    char name[72];
    enum status status = STATUS_NOT_FOUND;
    if (state && state[0] == '/')
        status = path_join(dir, state, "witan/trust");
    else if (home && home[0] == '/')
        status = path_join(dir, home, ".local/state/witan/trust");
    if (status != STATUS_OK)
        return problem_set(problem, status,
                           "no place for what is remembered: neither XDG_STATE_HOME nor HOME is "
                           "set");
    hex_encode(digest_span(chain_id), name);
    memcpy(name + 64, ".json", 6);
    if (path_join(path, dir, name) != STATUS_OK)
        return problem_set(problem, STATUS_TOO_LARGE, "the path of what is remembered is too long");
    return directory_create(dir, 0700, problem);
}

/* The directory is locked, not the file: a file is replaced, and a lock on it with it. */
static enum status lock_directory(const char *path, int *lock, struct problem *problem)
{
    char dir[PATH_BYTES_MAX];
    path_parent(dir, path);
    *lock = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*lock < 0) return problem_set(problem, STATUS_IO, "%s: %s", dir, strerror(errno));
    int failed;
    do {
        failed = flock(*lock, LOCK_EX);
    } while (failed != 0 && errno == EINTR);
    if (failed == 0) return STATUS_OK;
    problem_set(problem, STATUS_IO, "%s: %s", dir, strerror(errno));
    close(*lock);
    *lock = -1;
    return STATUS_IO;
}

static enum status read_trust(struct trust_file *file, const struct digest *chain_id,
                              struct problem *problem)
{
    struct buffer text;
    struct problem inner = { .status = STATUS_OK };
    buffer_init(&text, TRUST_BYTES_MAX);
    enum status status = file_read(file->path, &text, problem);
    if (status == STATUS_OK) {
        status = trust_parse(buffer_span(&text), &file->trust, &inner);
        if (status != STATUS_OK) problem_set(problem, status, "%s: %s", file->path, inner.text);
    } else if (status == STATUS_NOT_FOUND) {
        status = STATUS_OK;
    }
    buffer_free(&text);
    bool other = file->trust.height > 0 && !digest_equal(&file->trust.chain_id, chain_id);
    if (status != STATUS_OK || !other) return status;
    return problem_set(problem, STATUS_MISMATCH, "%s is about another chain", file->path);
}

enum status trust_file_open(struct trust_file *file, const char *path,
                            const struct digest *chain_id, struct problem *problem)
{
    file->lock = -1;
    trust_init(&file->trust);
    if (path_join(file->path, "", path) != STATUS_OK)
        return problem_set(problem, STATUS_TOO_LARGE, "the path of what is remembered is too long");
    enum status status = lock_directory(file->path, &file->lock, problem);
    if (status == STATUS_OK) status = read_trust(file, chain_id, problem);
    if (status != STATUS_OK) trust_file_close(file);
    return status;
}

static enum status write_trust(const struct trust_file *file, struct problem *problem)
{
    json_t *document = trust_json(&file->trust);
    char *text = document ? json_dumps(document, JSON_INDENT(1)) : NULL;
    json_decref(document);
    if (!text) return problem_set(problem, STATUS_NO_MEMORY, "out of memory");
    enum status status = file_write(file->path, span_text(text), 0600, true, problem);
    free(text);
    return status;
}

enum status trust_file_raise(struct trust_file *file, const struct trust *seen,
                             struct problem *problem)
{
    bool changed = false;
    enum status status = trust_update(&file->trust, seen, &changed);
    if (status != STATUS_OK)
        return problem_set(problem, status, "%s: %s", file->path, status_text(status));
    return changed ? write_trust(file, problem) : STATUS_OK;
}

void trust_file_close(struct trust_file *file)
{
    trust_free(&file->trust);
    if (file->lock >= 0) close(file->lock);
    file->lock = -1;
}
