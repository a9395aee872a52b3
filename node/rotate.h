/* node/rotate.h -- a new seal key in place of the old one: the files, and the order of the steps.
 *
 * `witan key rotate seal` makes two files beside the ones in use and proposes the key to the
 * members. The node takes them into use when it comes into an epoch whose set has the new key,
 * while it runs or when it starts:
 *
 *     config/seal_key.json      config/seal_key.next.json      the key, and the one that is to be
 *     data/safety               data/safety.next               and what each of them has promised
 *
 *     1. safety.next   -> safety          the directory is synced; from here on there is no way
 * back
 *     2. seal_key.json -> seal_key.old.json (a second name), seal_key.next.json -> seal_key.json
 *     3. seal_key.old.json is overwritten, synced and removed
 *
 * A crash after any step leaves files that say how far it was: rotation_resume, called at every
 * start before a key is opened, does the rest. At no moment is a key in place with a safety file
 * that could be another one's, for a safety file names its key. Steps 2 and 3 serve the key files
 * of accounts as well, which have no safety file.
 */
#ifndef NODE_ROTATE_H
#define NODE_ROTATE_H

#include "genesis/keyfile.h"
#include "node/files.h"

struct rotation {
    char key[PATH_BYTES_MAX], key_next[PATH_BYTES_MAX], key_old[PATH_BYTES_MAX];
    char safety[PATH_BYTES_MAX], safety_next[PATH_BYTES_MAX]; /* "" for an account's key */
};

/* The names beside a key file ("x.json": "x.next.json", "x.old.json") and, unless data_dir is NULL,
 * of the safety files there. STATUS_TOO_LARGE. */
enum status rotation_paths(struct rotation *rotation, const char *key_file, const char *data_dir);

/* Is a next key there? */
bool rotation_under_way(const struct rotation *rotation);

/* Makes the next key's file, and before it its safety file (chain_id NULL: none). STATUS_EXISTS if
 * one is there already. A passphrase without data leaves the secret plain. */
enum status rotation_begin(const struct rotation *rotation, enum key_kind kind, const char *name,
                           const struct id *id, const struct secret_key *secret,
                           struct span passphrase, const struct digest *chain_id,
                           struct problem *problem);

/* Wipes and removes what rotation_begin made; fine if nothing is there. STATUS_CONFLICT: it has
 * come into force already, and there is no way back. */
enum status rotation_abandon(const struct rotation *rotation, struct problem *problem);

/* All three steps, as far as they are still to be done. STATUS_NOT_FOUND: no next key, or a seal
 * key without its safety file: then nothing was changed. */
enum status rotation_finish(const struct rotation *rotation, struct problem *problem);

/* What a crash interrupted. Nothing to do is STATUS_OK. */
enum status rotation_resume(const struct rotation *rotation, struct problem *problem);

/* Overwrites a file with zeros, syncs and removes it. STATUS_OK if it is not there. */
enum status file_wipe(const char *path, struct problem *problem);

#endif
