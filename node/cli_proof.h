/* node/cli_proof.h -- the three forms of a proof file, as commands write and read them.
 *
 *     receipt.witan    binary        receipt.json    JSON twin        receipt.txt    base64 armour
 *
 * All three carry the same bytes (proof/text.h). Which one is written, the name decides; whoever
 * reads recognises them by what they begin with, whatever they are called.
 */
#ifndef NODE_CLI_PROOF_H
#define NODE_CLI_PROOF_H

#include "node/files.h"
#include "proof/text.h"

enum file_form { FORM_BINARY, FORM_ARMOR, FORM_TWIN };

/* .json: the twin; .txt, .asc, .pem: armour; every other name: binary. */
enum file_form file_form_of(const char *path);

/* The bytes of a proof file in one of the forms, appended to w; text ends in a newline.
 * STATUS_NO_MEMORY, STATUS_TOO_LARGE; STATUS_MALFORMED if the bytes are none; STATUS_UNSUPPORTED if
 * this proof has no twin. */
enum status file_form_write(enum file_form form, struct span bytes, struct writer *w,
                            struct problem *problem);

/* "statement.csv" -> "statement.witan": the name of the proof that lies beside a file.
 * STATUS_TOO_LARGE; STATUS_INVALID if the file would be its own proof. */
enum status proof_path_beside(const char *path, char beside[PATH_BYTES_MAX],
                              struct problem *problem);

#endif
