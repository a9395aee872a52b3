/* node/key_load.h -- key files on disk: the one place where secrets come from a file.
 *
 * genesis/keyfile.h knows the document; here are the file's mode (node/files.h), the kind of key
 * that is wanted, the passphrase if the secret is sealed, and the wiping of all that was read on
 * the way. The node, its checks and the commands read every key file through these functions.
 */
#ifndef NODE_KEY_LOAD_H
#define NODE_KEY_LOAD_H

#include "crypto/codec.h"
#include "genesis/keyfile.h"

enum { PASSPHRASE_BYTES_MAX = 1024 };

/* Called only when the file at path is sealed: puts the passphrase, without the line's end, into an
 * empty buffer of PASSPHRASE_BYTES_MAX, which key_load wipes and frees. */
typedef enum status key_ask(const void *context, const char *path, struct buffer *passphrase,
                            struct problem *problem);

/* Reads a key of that kind together with its secret; the caller wipes file->secret (key_wipe).
 * ask NULL: a sealed file is refused.
 *
 * STATUS_NOT_FOUND, STATUS_IO, STATUS_PERMISSION (others may read it): of the file, as
 * file_read_secret. STATUS_INVALID: of another kind, or sealed without ask. STATUS_REFUSED: wrong
 * passphrase. Else what ask or the document says. After an error *file holds no secret. */
enum status key_load(const char *path, enum key_kind kind, key_ask *ask, const void *context,
                     struct key_file *file, struct problem *problem);

/* The public parts of a key file, whatever its kind, sealed or not; *file holds no secret. */
enum status key_load_public(const char *path, struct key_file *file, struct problem *problem);

/* Is what path holds of that kind? STATUS_INVALID with a sentence if not. */
enum status key_check_kind(const char *path, const struct key_file *file, enum key_kind kind,
                           struct problem *problem);

/* Takes the line's end off a passphrase that came from a file. */
void passphrase_trim(struct buffer *passphrase);

#endif
