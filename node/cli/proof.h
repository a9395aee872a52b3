/* node/cli/proof.h -- what the commands about proofs share: obtain, keep, check.
 *
 * A node answers with the JSON twin of a proof. What is kept of it is the proof alone, in the form
 * that the file's name asks for (node/cli_proof.h).
 */
#ifndef NODE_CLI_PROOF_COMMANDS_H
#define NODE_CLI_PROOF_COMMANDS_H

#include "node/cli/read.h"
#include "node/cli_proof.h"
#include "node/statement_csv.h"

/* The binary file of a twin, appended to w. Exit code; prints what is wrong with it. */
int cli_proof_take(const json_t *twin, struct writer *w);

/* Writes a proof to a file ("-": stdout) in that form and says how to check it. Exit code. */
int cli_proof_keep(const struct cli_call *call, struct span bytes, enum file_form form,
                   const char *path);

/* A genesis by --genesis, else the home's; *path is where it was. Exit code, 10 if it is unusable;
 * genesis_free. */
int cli_genesis(const struct cli_call *call, struct genesis **genesis, char path[PATH_BYTES_MAX]);

/* `backup verify` of a directory. Exit code. */
int cli_backup_verify(const struct cli_call *call, const char *dir, const struct genesis *genesis);

/* The report of an audit: is it signed, and what does it say? Exit code. */
bool cli_is_report(struct span content);
int cli_verify_report(const struct cli_call *call, const char *file, const struct genesis *genesis,
                      struct span content);

/* A statement as csv, to a file, or with path NULL or "-" to stdout. Exit code. */
int cli_statement_csv(const struct statement_csv *csv, const char *path);

#endif
