/* node/cli/payments.h -- a payments run: what is sent, and what must come of it.
 *
 * The file is read twice by different code: the import pays its rows, and node/cli/payments_check.c
 * takes counts and sums of each payee, which every ledger must show in the end. A payee only
 * receives, so the number of movements of its balance is the number of payments it got.
 */
#ifndef NODE_CLI_PAYMENTS_H
#define NODE_CLI_PAYMENTS_H

#include "node/cli/import.h"
#include "node/testnet.h"

enum { PAYMENTS_SCALE = 2, PAYMENTS_STOP_MS = 20000 };

/* What the file says of a payee, and what a ledger says. */
struct payee {
    char name[IMPORT_NAME_MAX + 1];
    struct id account;
    uint64_t orders, sum;
    uint64_t ledger_orders, ledger_sum;
    bool same; /* in all ledgers */
};

struct payments_run {
    const struct cli_call *call;
    char dir[PATH_BYTES_MAX];
    bool made;
    struct testnet net;
    struct secret_key key;
    struct genesis *genesis;
    char urls[TESTNET_NODES_MAX][TESTNET_URL];
    const char *url_list[TESTNET_NODES_MAX];
    struct import_options options;
    struct import_report first, second;
    struct payee *payees;
    size_t payee_count;
    uint64_t orders;
    uint64_t entries_first, entries_second;
    struct import_shown shown;
    bool killed, restarted;
    struct problem undisturbed; /* why not, where it did not work */
    uint16_t victim;
    struct problem problem;
};

/* Counts and sums by payee, from the file. */
enum status payments_read_file(struct payments_run *run);

/* Stops the network, audits every ledger, compares heads, and fills in what ledgers say. */
enum status payments_check_ledgers(struct payments_run *run);

/* Prints figures and table; true if everything is as it should be. */
bool payments_print(struct payments_run *run);

#endif
