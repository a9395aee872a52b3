/* node/trust_file.h -- the sealed head of a chain that `witan verify` remembers, in its file.
 *
 *     ~/.local/state/witan/trust/CHAIN_ID.json        ($XDG_STATE_HOME/witan/trust)
 *
 * One file for each chain, mode 0600, in the form of proof/trust.h. It only ever goes forward: from
 * opening to closing, no other process of this machine gets past trust_file_open of the same
 * directory (a lock of the kernel's, which a crash releases), and what is written replaces the old
 * file at once, so that a reader sees either.
 */
#ifndef NODE_TRUST_FILE_H
#define NODE_TRUST_FILE_H

#include "node/files.h"
#include "proof/trust.h"

struct trust_file {
    char path[PATH_BYTES_MAX];
    int lock;           /* on the directory; -1: none */
    struct trust trust; /* what is remembered; height 0: nothing yet */
};

/* The usual place for a chain, its directory made (0700) if it is missing. STATUS_NOT_FOUND without
 * a home directory, STATUS_IO, STATUS_TOO_LARGE. */
enum status trust_file_place(const struct digest *chain_id, char path[PATH_BYTES_MAX],
                             struct problem *problem);

/* Waits for its turn and reads the file; one that is not there yet remembers nothing.
 * STATUS_MALFORMED and its kin: not such a file; STATUS_MISMATCH: of another chain; STATUS_IO.
 * After success end with trust_file_close. */
enum status trust_file_open(struct trust_file *file, const char *path,
                            const struct digest *chain_id, struct problem *problem);

/* Takes over a higher head, which was found to fit, and writes it. One that is not higher changes
 * nothing. STATUS_IO and its kin leave the file as it was. */
enum status trust_file_raise(struct trust_file *file, const struct trust *seen,
                             struct problem *problem);

void trust_file_close(struct trust_file *file);

#endif
