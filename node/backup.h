/* node/backup.h -- copies of a running node's ledger that can be trusted.
 *
 *     DIR/manifest.json   what is in it: chain, height, hashes; each file's size and SHA-256
 *     DIR/ledger.db       the database as it stood at one moment
 *     DIR/genesis.json    what it begins with
 *     DIR/witan.conf      this node's settings, if it has a file
 *
 * Keys are not in it: they are kept offline. Journal and safety file never are: an old copy of them
 * has forgotten promises, and that is how validators vote twice. A backup is written into a
 * directory of another name, executed again block by block, synced and renamed: a directory that
 * has its name is whole.
 */
#ifndef NODE_BACKUP_H
#define NODE_BACKUP_H

#include "ledger/audit.h"
#include "node/files.h"
#include <jansson.h>

enum { BACKUP_FILES_MAX = 3 };

struct backup_file {
    char name[16]; /* one of the three above */
    uint64_t size;
    uint8_t sha256[32];
};

struct backup_manifest {
    char software[64];
    char network[33];
    struct digest chain_id;
    uint64_t height, sealed_height, epoch;
    uint64_t time_ms; /* of the last block */
    struct digest block_hash, state_root;
    struct backup_file files[BACKUP_FILES_MAX];
    size_t file_count;
};

/* New reference; NULL without memory. From JSON: STATUS_MALFORMED or STATUS_UNSUPPORTED, with the
 * member that is wrong. */
json_t *backup_manifest_json(const struct backup_manifest *manifest);
enum status backup_manifest_read(const json_t *json, struct backup_manifest *manifest,
                                 struct problem *problem);

struct backup_source {
    const struct genesis *genesis;
    const char *ledger_path, *genesis_path;
    const char *settings_path; /* "": none */
    const char *software;
    bool (*progress)(void *context, const struct audit_progress *progress); /* false stops it */
    void *context;
};

/* Makes dir. STATUS_EXISTS: it, or what an earlier attempt left of it, is there. STATUS_DIVERGED:
 * the copy does not pass the audit. STATUS_TIMEOUT: progress said no. Otherwise what the files say.
 * After an error nothing is left. */
enum status backup_create(const struct backup_source *source, const char *dir,
                          struct backup_manifest *manifest, struct problem *problem);

/* Sizes and sums of all files, and that the manifest is what the ledger says; not the audit.
 * STATUS_DAMAGED, STATUS_MISMATCH (another chain), STATUS_NOT_FOUND. */
enum status backup_check(const char *dir, const struct genesis *genesis,
                         struct backup_manifest *manifest, struct problem *problem);

/* Copies a backup that has been verified into a data directory that has no ledger, and genesis and
 * settings into the configuration's, where they are missing. What is there of safety file and
 * journal is renamed: they belong to another state, and nobody may vote with them. STATUS_EXISTS: a
 * ledger is there. The caller holds the directory's lock. */
enum status backup_restore(const char *dir, const struct backup_manifest *manifest,
                           const char *data_dir, const char *config_dir, struct problem *problem);

#endif
