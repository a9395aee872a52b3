#include "node/backup.h"

#include "genesis/genesis.h"
#include "genesis/json.h"
#include "ledger/reader.h"
#include "node/backup_files.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MANIFEST_BYTES_MAX = 64 * 1024 };

static const char manifest_name[] = "manifest.json";
static const char ledger_name[] = "ledger.db";
static const char format[] = "witan-backup/1";

/* ---- what the ledger in it says ---- */

static enum status read_ledger(const char *path, struct backup_manifest *manifest,
                               struct problem *problem)
{
    struct ledger_reader *reader;
    struct ledger_reader_options options = { .immutable = true };
    struct ledger_read_head head;
    struct buffer unused;
    enum status status = ledger_reader_open(&reader, path, &options, problem);
    if (status != STATUS_OK) return status;
    buffer_init(&unused, 16 * 1024 * 1024);
    status = ledger_read_chain(reader, &manifest->chain_id, &unused);
    if (status == STATUS_OK) status = ledger_read_head(reader, &head);
    if (status == STATUS_OK) {
        manifest->height = head.header.height;
        manifest->sealed_height = head.sealed_height;
        manifest->epoch = head.epoch;
        manifest->time_ms = head.header.time_ms;
        manifest->block_hash = head.hash;
        manifest->state_root = head.header.state_root;
    } else {
        problem_set(problem, status, "%s: %s", path, ledger_reader_error(reader));
    }
    buffer_free(&unused);
    ledger_reader_close(reader);
    return status;
}

/* ---- create ---- */

struct making {
    const struct backup_source *source;
    char dir[PATH_BYTES_MAX]; /* of another name, until it is whole */
    struct backup_manifest *manifest;
};

static enum status add_file(struct making *m, const char *name, struct problem *problem)
{
    char path[PATH_BYTES_MAX];
    ASSERT(m->manifest->file_count < BACKUP_FILES_MAX);
    struct backup_file *file = &m->manifest->files[m->manifest->file_count++];
    snprintf(file->name, sizeof file->name, "%s", name);
    enum status status = path_join(path, m->dir, name);
    return status == STATUS_OK ? file_sum(path, &file->size, file->sha256, problem) : status;
}

static enum status copy_in(struct making *m, const char *from, const char *name,
                           struct problem *problem)
{
    char path[PATH_BYTES_MAX];
    if (!from[0]) return STATUS_OK;
    enum status status = path_join(path, m->dir, name);
    if (status == STATUS_OK) status = file_copy(from, path, 0644, problem);
    return status == STATUS_OK ? add_file(m, name, problem) : status;
}

static enum status copy_ledger(struct making *m, char path[PATH_BYTES_MAX], struct problem *problem)
{
    struct ledger_reader *reader;
    enum status status = path_join(path, m->dir, ledger_name);
    if (status == STATUS_OK)
        status = ledger_reader_open(&reader, m->source->ledger_path, NULL, problem);
    if (status != STATUS_OK) return status;
    status = ledger_reader_copy(reader, path, problem);
    ledger_reader_close(reader);
    if (status == STATUS_OK) status = file_sync(path, problem);
    if (status == STATUS_OK) status = read_ledger(path, m->manifest, problem);
    return status == STATUS_OK ? add_file(m, ledger_name, problem) : status;
}

/* A copy of a ledger that was altered, or of a disk that lies, would be found when it is needed. */
static enum status audit_copy(const struct making *m, const char *path, struct problem *problem)
{
    struct audit_report *report = NULL;
    struct audit_options options = {
        .immutable = true,
        .program = m->source->software,
        .progress = m->source->progress,
        .context = m->source->context,
        .threads = 1,
    };
    enum status status = audit_verify(&report, m->source->genesis, path, &options, problem);
    if (status == STATUS_OK && !report->complete)
        status =
            problem_set(problem, STATUS_TIMEOUT, "the backup was given up: %s", report->incomplete);
    else if (status == STATUS_OK && report->error_count > 0)
        status = problem_set(
            problem, STATUS_DIVERGED, "the ledger does not pass its audit: height %llu: %s",
            (unsigned long long)report->findings[0].height, report->findings[0].text);
    audit_report_free(report);
    return status;
}

static enum status write_manifest(const struct making *m, struct problem *problem)
{
    char path[PATH_BYTES_MAX];
    json_t *json = backup_manifest_json(m->manifest);
    char *text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
    json_decref(json);
    if (!text) return problem_set(problem, STATUS_NO_MEMORY, "out of memory");
    enum status status = path_join(path, m->dir, manifest_name);
    if (status == STATUS_OK) status = file_write(path, span_text(text), 0644, false, problem);
    free(text);
    return status;
}

static enum status fill(struct making *m, struct problem *problem)
{
    char path[PATH_BYTES_MAX];
    enum status status = copy_ledger(m, path, problem);
    if (status == STATUS_OK) status = audit_copy(m, path, problem);
    if (status == STATUS_OK) status = copy_in(m, m->source->genesis_path, "genesis.json", problem);
    if (status == STATUS_OK) status = copy_in(m, m->source->settings_path, "witan.conf", problem);
    if (status == STATUS_OK) status = write_manifest(m, problem);
    return status == STATUS_OK ? directory_sync(m->dir, problem) : status;
}

static void discard(const struct making *m)
{
    static const char *const names[] = { "genesis.json", "witan.conf", "manifest.json" };
    char path[PATH_BYTES_MAX];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (path_join(path, m->dir, names[i]) == STATUS_OK) (void)unlink(path);
    if (path_join(path, m->dir, ledger_name) == STATUS_OK) remove_database(path);
    (void)rmdir(m->dir);
}

static enum status place(const struct making *m, const char *dir, struct problem *problem)
{
    char parent[PATH_BYTES_MAX];
    if (rename(m->dir, dir) != 0)
        return problem_set(problem, STATUS_IO, "%s: %s", dir, strerror(errno));
    path_parent(parent, dir);
    return directory_sync(parent, problem);
}

enum status backup_create(const struct backup_source *source, const char *dir,
                          struct backup_manifest *manifest, struct problem *problem)
{
    struct making m = { .source = source, .manifest = manifest };
    *manifest = (struct backup_manifest){ .file_count = 0 };
    snprintf(manifest->software, sizeof manifest->software, "%s", source->software);
    snprintf(manifest->network, sizeof manifest->network, "%s", source->genesis->network);
    int size = snprintf(m.dir, sizeof m.dir, "%s.part", dir);
    if (size < 0 || (size_t)size >= sizeof m.dir - 32)
        return problem_set(problem, STATUS_INVALID, "the path is too long");
    if (file_exists(dir)) return problem_set(problem, STATUS_EXISTS, "%s is there already", dir);
    if (mkdir(m.dir, 0750) != 0)
        return problem_set(problem, errno == EEXIST ? STATUS_EXISTS : STATUS_IO, "%s: %s", m.dir,
                           strerror(errno));
    enum status status = fill(&m, problem);
    if (status == STATUS_OK) status = place(&m, dir, problem);
    if (status != STATUS_OK) discard(&m);
    return status;
}

/* ---- manifest ---- */

static json_t *file_json(const struct backup_file *file)
{
    return json_pack("{s:s, s:I, s:o}", "name", file->name, "size", (json_int_t)file->size,
                     "sha256", json_hex_new(span_of(file->sha256, sizeof file->sha256)));
}

json_t *backup_manifest_json(const struct backup_manifest *m)
{
    json_t *files = json_array();
    for (size_t i = 0; i < m->file_count; i++)
        json_array_append_new(files, file_json(&m->files[i]));
    return json_pack("{s:s, s:s, s:s, s:o, s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "format", format,
                     "software", m->software, "network", m->network, "chain_id",
                     json_hex_new(digest_span(&m->chain_id)), "height", (json_int_t)m->height,
                     "sealed_height", (json_int_t)m->sealed_height, "epoch", (json_int_t)m->epoch,
                     "time", json_time_new(m->time_ms), "block_hash",
                     json_hex_new(digest_span(&m->block_hash)), "state_root",
                     json_hex_new(digest_span(&m->state_root)), "files", files);
}

/* A name is never a path: only these stand in a backup. */
static enum status file_read_json(const json_t *json, struct backup_file *file,
                                  struct problem *problem)
{
    static const char *const names[] = { "ledger.db", "genesis.json", "witan.conf" };
    struct json_fields fields = json_fields_of(json, "files", problem);
    size_t name = json_choice(&fields, "name", names, 3);
    file->size = json_u64(&fields, "size", INT64_MAX);
    json_hex(&fields, "sha256", file->sha256, sizeof file->sha256);
    enum status status = json_fields_done(&fields);
    if (status == STATUS_OK) snprintf(file->name, sizeof file->name, "%s", names[name]);
    return status;
}

enum status backup_manifest_read(const json_t *json, struct backup_manifest *m,
                                 struct problem *problem)
{
    *m = (struct backup_manifest){ .file_count = 0 };
    struct json_fields fields = json_fields_of(json, "manifest.json", problem);
    json_expect(&fields, "format", format);
    json_text_into(&fields, "software", m->software, sizeof m->software);
    json_text_into(&fields, "network", m->network, sizeof m->network);
    json_hex(&fields, "chain_id", m->chain_id.bytes, 32);
    m->height = json_u64(&fields, "height", INT64_MAX);
    m->sealed_height = json_u64(&fields, "sealed_height", INT64_MAX);
    m->epoch = json_u64(&fields, "epoch", INT64_MAX);
    m->time_ms = json_time(&fields, "time");
    json_hex(&fields, "block_hash", m->block_hash.bytes, 32);
    json_hex(&fields, "state_root", m->state_root.bytes, 32);
    const json_t *files = json_array_of(&fields, "files", BACKUP_FILES_MAX);
    enum status status = json_fields_done(&fields);
    size_t i;
    json_t *item;
    json_array_foreach(files, i, item)
    {
        if (status == STATUS_OK) status = file_read_json(item, &m->files[m->file_count++], problem);
    }
    return status;
}

/* ---- check ---- */

static enum status check_file(const char *dir, const struct backup_file *file,
                              struct problem *problem)
{
    char path[PATH_BYTES_MAX];
    struct backup_file found;
    enum status status = path_join(path, dir, file->name);
    if (status == STATUS_OK) status = file_sum(path, &found.size, found.sha256, problem);
    if (status != STATUS_OK) return status;
    if (found.size != file->size)
        return problem_set(problem, STATUS_DAMAGED, "%s has %llu bytes, the manifest says %llu",
                           path, (unsigned long long)found.size, (unsigned long long)file->size);
    if (memcmp(found.sha256, file->sha256, sizeof found.sha256) != 0)
        return problem_set(problem, STATUS_DAMAGED,
                           "%s is not what was backed up: its SHA-256 "
                           "differs from the manifest's",
                           path);
    return STATUS_OK;
}

static bool has_file(const struct backup_manifest *m, const char *name)
{
    for (size_t i = 0; i < m->file_count; i++)
        if (strcmp(m->files[i].name, name) == 0) return true;
    return false;
}

/* The sums may have been made to fit; then the manifest still has to be what the ledger says. */
static enum status check_ledger(const char *dir, const struct backup_manifest *m,
                                struct problem *problem)
{
    char path[PATH_BYTES_MAX];
    struct backup_manifest found;
    memset(&found, 0, sizeof found);
    enum status status = path_join(path, dir, ledger_name);
    if (status == STATUS_OK) status = read_ledger(path, &found, problem);
    if (status != STATUS_OK) return status;
    bool same = found.height == m->height && found.sealed_height == m->sealed_height &&
                found.epoch == m->epoch && digest_equal(&found.chain_id, &m->chain_id) &&
                digest_equal(&found.block_hash, &m->block_hash) &&
                digest_equal(&found.state_root, &m->state_root);
    if (same) return STATUS_OK;
    return problem_set(problem, STATUS_DAMAGED, "%s is at another block than the manifest says",
                       path);
}

enum status backup_check(const char *dir, const struct genesis *genesis, struct backup_manifest *m,
                         struct problem *problem)
{
    char path[PATH_BYTES_MAX];
    enum status status = path_join(path, dir, manifest_name);
    if (status != STATUS_OK) return status;
    if (!file_exists(path))
        return problem_set(problem, STATUS_NOT_FOUND, "%s is not there: %s is no whole backup",
                           path, dir);
    json_t *json = json_read_file(path, MANIFEST_BYTES_MAX, problem);
    status = json ? backup_manifest_read(json, m, problem) : problem->status;
    json_decref(json);
    if (status == STATUS_MALFORMED || status == STATUS_INVALID) status = STATUS_DAMAGED;
    if (status == STATUS_OK && !digest_equal(&m->chain_id, &genesis->chain_id))
        status = problem_set(problem, STATUS_MISMATCH, "%s is a backup of another chain, %s", dir,
                             m->network);
    if (status == STATUS_OK && (!has_file(m, ledger_name) || !has_file(m, "genesis.json")))
        status = problem_set(problem, STATUS_DAMAGED, "%s lists no ledger, or no genesis", path);
    for (size_t i = 0; i < m->file_count && status == STATUS_OK; i++)
        status = check_file(dir, &m->files[i], problem);
    return status == STATUS_OK ? check_ledger(dir, m, problem) : status;
}

/* ---- restore ---- */

static enum status set_aside(const char *data_dir, const char *name, long long stamp,
                             struct problem *problem)
{
    char path[PATH_BYTES_MAX];
    char target[PATH_BYTES_MAX];
    char aside[64];
    snprintf(aside, sizeof aside, "%s.aside-%lld", name, stamp);
    enum status status = path_join(path, data_dir, name);
    if (status == STATUS_OK) status = path_join(target, data_dir, aside);
    if (status != STATUS_OK || rename(path, target) == 0 || errno == ENOENT) return status;
    return problem_set(problem, STATUS_IO, "%s: %s", path, strerror(errno));
}

/* Copies name into a directory unless it is there; through another name, so that what has its name
 * is whole. */
static enum status put(const char *from_dir, const char *name, const char *to_dir, unsigned mode,
                       struct problem *problem)
{
    char from[PATH_BYTES_MAX];
    char part[PATH_BYTES_MAX];
    char to[PATH_BYTES_MAX];
    char part_name[32];
    snprintf(part_name, sizeof part_name, "%s.part", name);
    enum status status = path_join(from, from_dir, name);
    if (status == STATUS_OK) status = path_join(to, to_dir, name);
    if (status == STATUS_OK) status = path_join(part, to_dir, part_name);
    if (status != STATUS_OK || file_exists(to) || !file_exists(from)) return status;
    (void)unlink(part); /* An attempt that was interrupted. */
    status = file_copy(from, part, mode, problem);
    if (status == STATUS_OK && rename(part, to) != 0)
        status = problem_set(problem, STATUS_IO, "%s: %s", to, strerror(errno));
    return status == STATUS_OK ? directory_sync(to_dir, problem) : status;
}

enum status backup_restore(const char *dir, const struct backup_manifest *m, const char *data_dir,
                           const char *config_dir, struct problem *problem)
{
    static const char *const ledger_files[] = { "ledger.db", "ledger.db-wal", "ledger.db-shm" };
    char path[PATH_BYTES_MAX];
    long long stamp = (long long)time(NULL);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < 3 && status == STATUS_OK; i++) {
        status = path_join(path, data_dir, ledger_files[i]);
        if (status == STATUS_OK && file_exists(path))
            status = problem_set(problem, STATUS_EXISTS,
                                 "%s is there: this data directory has a "
                                 "ledger already",
                                 path);
    }
    if (status == STATUS_OK) status = set_aside(data_dir, "safety", stamp, problem);
    if (status == STATUS_OK) status = set_aside(data_dir, "journal", stamp, problem);
    if (status == STATUS_OK) status = directory_sync(data_dir, problem);
    if (status == STATUS_OK) status = put(dir, "genesis.json", config_dir, 0644, problem);
    if (status == STATUS_OK && has_file(m, "witan.conf"))
        status = put(dir, "witan.conf", config_dir, 0640, problem);
    return status == STATUS_OK ? put(dir, ledger_name, data_dir, 0640, problem) : status;
}
