/* node/cli/cli.h -- what the commands share: errors, clients, output.
 *
 * A command is a function that gets its line (node/cli_command.h) and returns an exit code. Errors
 * go through cli_fail and its kin, which print what failed, why, what to do, and the word for
 * scripts, and return the code:
 *
 *     witan: transaction refused: client_ref 5d41...c592 belongs to another transaction
 *            send the same bytes, or choose another reference
 *            [tx_ref_conflict 1007, request 8Zk1qW]
 *
 * To add a group of commands: export `const struct cli_command NAME_commands[]` from a file of its
 * own, declare it below, and add a row to the sections in main.c.
 */
#ifndef NODE_CLI_CLI_H
#define NODE_CLI_CLI_H

#include "crypto/codec.h"
#include "node/cli_command.h"
#include "node/files.h"
#include "rpc/client.h"
#include <jansson.h>
#include <stdio.h>

/* ---- groups ---- */

extern const struct cli_command lifecycle_commands[]; /* init start stop version help */
extern const struct cli_command status_commands[];    /* status health */
extern const struct cli_command explain_commands[];
extern const struct cli_command verify_commands[];
extern const struct cli_command genesis_commands[];
extern const struct cli_command genesis_draft_commands[];
extern const struct cli_command key_commands[];
extern const struct cli_command key_rotate_commands[];
extern const struct cli_command config_commands[];
extern const struct cli_command log_commands[];
extern const struct cli_command tx_commands[];
extern const struct cli_command tx_file_commands[];
extern const struct cli_command tx_proof_commands[]; /* tx receipt, prove-absent */
extern const struct cli_command account_commands[];
extern const struct cli_command statement_commands[]; /* account statement */
extern const struct cli_command asset_commands[];
extern const struct cli_command balance_commands[];
extern const struct cli_command hold_commands[];
extern const struct cli_command kv_commands[];
extern const struct cli_command block_commands[];
extern const struct cli_command block_seal_commands[];
extern const struct cli_command state_commands[];
extern const struct cli_command history_commands[];
extern const struct cli_command chain_commands[];
extern const struct cli_command member_commands[];
extern const struct cli_command validator_commands[];
extern const struct cli_command epoch_commands[];
extern const struct cli_command epoch_prove_commands[];
extern const struct cli_command gov_commands[];
extern const struct cli_command peer_commands[];
extern const struct cli_command consensus_commands[];
extern const struct cli_command mempool_commands[];
extern const struct cli_command audit_commands[];
extern const struct cli_command ledger_commands[];
extern const struct cli_command backup_commands[];
extern const struct cli_command rpc_commands[];
extern const struct cli_command import_commands[]; /* tx import */
extern const struct cli_command testnet_commands[];
extern const struct cli_command payments_commands[]; /* testnet payments */
extern const struct cli_command demo_commands[];

/* The whole table. */
extern const struct cli_table cli_table;

/* ---- errors ---- */

/* Prints "witan: TEXT" and, if not NULL, the hint and the word; returns exit_code. */
int cli_fail(int exit_code, const char *word, const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* "witan: WHAT: the problem's sentence" (without WHAT if the sentence begins so); the exit code by
 * its status. */
int cli_fail_problem(const struct problem *problem, const char *what);

/* The same for what an operator wrote: genesis, key and configuration files (exit 10), unless the
 * system itself failed. */
int cli_fail_document(const struct problem *problem, const char *what);

/* An RPC call that has no result; clears the failure. */
int cli_fail_rpc(struct rpc_failure *failure, const char *what);

/* Out of memory (exit 71). */
int cli_fail_memory(void);

/* A sentence on stderr, unless --quiet. */
void cli_note(const struct cli_call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- settings ---- */

struct config;

/* Of a command with CLI_GROUP_HOME: file, environment, and --section.key=value if it takes them. */
enum status cli_config_load(const struct cli_call *call, struct config **config,
                            struct problem *problem);

/* ---- a node ---- */

enum { CLI_NODES_MAX = 64 };

/* The URLs of the nodes to ask: those of --node or WITAN_NODE, else one of the home's socket, the
 * system's and loopback. urls has room for CLI_NODES_MAX; freed by cli_urls_free. */
size_t cli_urls(const struct cli_call *call, char *urls[CLI_NODES_MAX]);
void cli_urls_free(char *urls[CLI_NODES_MAX], size_t count);

/* Opens a client to all of them: the first one that can answers (rpc_client_open_any). NULL after
 * an error that is printed; *exit_code then is set. */
struct rpc_client *cli_client(const struct cli_call *call, int *exit_code);

/* One call on a client of its own; the result or NULL after an error that is printed. params
 * (taken over) may be NULL. */
json_t *cli_ask(const struct cli_call *call, const char *method, json_t *params, int *exit_code);

/* ---- output ---- */

/* The stream for data: stdout or the file of -o. NULL after an error that is printed. cli_close
 * says whether all of it was written. */
FILE *cli_open(const struct cli_call *call);
int cli_close(const struct cli_call *call, FILE *stream, int exit_code);

/* Writes text to a file or, with path NULL or "-", to stdout; exit code. */
int cli_write_file(const char *path, const char *text, size_t size, unsigned mode, bool replace);

/* A JSON value indented, with a line end behind it; heap; NULL without memory or value. */
char *cli_json_text(const json_t *value);

/* `given`, or NAME in the home's config directory. false if the path is too long (printed). */
bool cli_path_or_config(const struct cli_call *call, const char *given, const char *name,
                        char path[PATH_BYTES_MAX]);

/* Home directories: config/ and data/ of --home, else /etc/witan and /var/lib/witan. */
void cli_config_dir(const struct cli_call *call, char path[PATH_BYTES_MAX]);
void cli_data_dir(const struct cli_call *call, char path[PATH_BYTES_MAX]);

#endif
