/* node/cli/write.h -- the one way in which commands write: build, sign, keep, send, wait.
 *
 *     struct cli_writer writer;
 *     int exit_code = cli_writer_open(&writer, call);
 *     if (exit_code == CLI_EXIT_DONE) {
 *         ... fill in an operation: struct operation *operation = cli_writer_add(&writer, OP_...)
 *         exit_code = cli_writer_send(&writer);
 *     }
 *     cli_writer_close(&writer);
 *
 * The signed bytes are in the outbox before they are sent, and leave it when the answer is final;
 * what an interrupted command left, `witan tx resume` sends.
 */
#ifndef NODE_CLI_WRITE_H
#define NODE_CLI_WRITE_H

#include "format/transaction.h"
#include "node/cli/read.h"
#include "node/cli_outbox.h"
#include "rpc/submit.h"

enum { CLI_KEYS_MAX = TX_SIGNATURES_MAX };

struct cli_key {
    struct secret_key secret;
    struct public_key public_key;
    bool has_id;
    struct id id;
};

struct cli_writer {
    const struct cli_call *call;
    struct rpc_client *nodes[CLI_NODES_MAX]; /* those of --node */
    size_t node_count;
    char network[33];
    struct digest chain_id;
    struct cli_key keys[CLI_KEYS_MAX]; /* wiped by close */
    size_t key_count;
    struct transaction *tx;
    char *kept[8]; /* what operations borrow */
    size_t kept_count;
};

/* Reads the keys, opens the nodes, asks for the chain's id, fills in the transaction's head. Prints
 * what fails. cli_writer_close in every case. */
int cli_writer_open(struct cli_writer *writer, struct cli_call *call);
void cli_writer_close(struct cli_writer *writer);

/* A new operation of the source. */
struct operation *cli_writer_add(struct cli_writer *writer, enum operation_code code);

/* Bytes of a record's key or value that live as long as the writer: from text or "hex:...". false
 * after an error that is printed. */
bool cli_writer_bytes(struct cli_writer *writer, const char *text, struct span *bytes);

/* An account, or an asset and an amount of it; false after an error that is printed, with
 * *exit_code. */
bool cli_writer_account(struct cli_writer *writer, const char *text, struct id *id, int *exit_code);
bool cli_writer_amount(struct cli_writer *writer, const char *asset, const char *amount,
                       struct id *id, uint64_t *minor, int *exit_code);

/* Signs, keeps, sends and waits as the flags say; prints how it ended. */
int cli_writer_send(struct cli_writer *writer);

/* ---- parts of it ---- */

/* Reads a key file; opens it with --passphrase-file if it is sealed. */
enum status cli_key_open(const struct cli_call *call, const char *path, struct cli_key *key,
                         struct problem *problem);

/* Opens clients for all URLs of --node. */
int cli_nodes_open(const struct cli_call *call, struct rpc_client *nodes[CLI_NODES_MAX],
                   size_t *count);

/* The chain that a node serves. */
int cli_chain_of(struct rpc_client *node, char network[33], struct digest *chain_id);

/* That of the first node that answers, which becomes nodes[0]. */
int cli_chain_of_any(struct rpc_client **nodes, size_t count, char network[33],
                     struct digest *chain_id);

/* Sends signed bytes, through the outbox, and waits. sent_before: they may have been sent already,
 * so one node's refusal does not say what became of them. */
int cli_submit(const struct cli_call *call, struct rpc_client *const *nodes, size_t node_count,
               const char *network, const struct transaction *tx, bool sent_before);

/* A transaction from a file ("-": stdin) or the argument itself: hex, bytes, or JSON; without
 * signatures, if it is JSON. *tx borrows from *bytes. Prints what is wrong; exit code. */
int cli_tx_read(const char *source, struct buffer *bytes, struct transaction *tx);

#endif
