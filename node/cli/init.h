/* node/cli/init.h -- making homes and key files; shared by init, key and testnet. */
#ifndef NODE_CLI_INIT_H
#define NODE_CLI_INIT_H

#include "genesis/keyfile.h"
#include "node/cli/cli.h"

int cli_init(struct cli_call *call);

/* What --passphrase-file holds, without the line's end; empty if it is not given. The caller wipes
 * (buffer_wipe) and frees it in every case. */
enum status cli_passphrase(const struct cli_call *call, struct buffer *passphrase,
                           struct problem *problem);

/* A new key file, mode 0600; STATUS_EXISTS if it is there. A passphrase without data leaves the
 * secret plain. */
enum status cli_write_key(const char *path, enum key_kind kind, const char *name,
                          const struct id *id, const struct secret_key *secret,
                          struct span passphrase, struct problem *problem);

/* A new file with a JSON document, indented; document is taken over (NULL: STATUS_NO_MEMORY). */
enum status cli_write_document(const char *path, json_t *document, unsigned mode,
                               struct problem *problem);

/* All of a stream, up to the buffer's limit. */
enum status cli_read_stream(FILE *stream, struct buffer *out, struct problem *problem);

#endif
