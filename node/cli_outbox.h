/* node/cli_outbox.h -- transactions that were signed and whose end is not known yet.
 *
 * A command writes the bytes here, synced, before it sends them, and removes them when the answer
 * is final. Whatever interrupts it in between, `witan tx resume` sends the same bytes again: they
 * never take effect twice. One file for a transaction:
 *
 *     ~/.local/state/witan/outbox/TXID.json        ($XDG_STATE_HOME/witan/outbox)
 *     {"format":"witan-outbox/1","tx_id":"...","network":"...","not_after":"...","tx":"hex"}
 */
#ifndef NODE_CLI_OUTBOX_H
#define NODE_CLI_OUTBOX_H

#include "crypto/codec.h"
#include "node/files.h"

enum { OUTBOX_FILE_MAX = 4 * 1024 * 1024 };

struct outbox_entry {
    struct digest txid;
    char network[33];
    uint64_t not_after_ms;
    uint8_t *bytes; /* the signed transaction; heap, freed by outbox_entry_free */
    size_t size;
};

/* The directory, made (0700) if it is missing. STATUS_NOT_FOUND without a home directory. */
enum status outbox_open(char dir[PATH_BYTES_MAX], struct problem *problem);

/* Writes an entry; one of the same id is replaced. */
enum status outbox_add(const char *dir, const struct outbox_entry *entry, struct problem *problem);
/* Removes it; one that is not there is no error. */
enum status outbox_remove(const char *dir, const struct digest *txid, struct problem *problem);

/* STATUS_NOT_FOUND, STATUS_MALFORMED, STATUS_MISMATCH (the bytes are of another transaction). */
enum status outbox_read(const char *dir, const struct digest *txid, struct outbox_entry *entry,
                        struct problem *problem);
void outbox_entry_free(struct outbox_entry *entry);

/* The ids of all entries, in the order of their bytes: *txids on the heap, freed by the caller.
 * Other files are passed over. */
enum status outbox_list(const char *dir, struct digest **txids, size_t *count,
                        struct problem *problem);

#endif
