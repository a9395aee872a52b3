/* node/cli_exit.h -- the exit codes of `witan`, in one list.
 *
 * A script switches on the code, a person reads the sentence: `witan explain 7` prints it, and
 * docs/reference/cli.md has the same table. RestartPreventExitStatus of the service unit
 * names those after which a restart cannot help.
 */
#ifndef NODE_CLI_EXIT_H
#define NODE_CLI_EXIT_H

#include "crypto/base.h"

/* X(name, number, `start` may be restarted, meaning) */
#define CLI_EXIT_LIST(X) \
    X(DONE, 0, true, "Done, true, verified.") \
    X(FAILED, 1, true, "Another failure; the message says which.") \
    X(USAGE, 2, false, "The command line is wrong.") \
    X(UNREACHABLE, 3, true, "The node cannot be reached.") \
    X(NOT_FOUND, 4, true, "What was asked for does not exist.") \
    X(REFUSED, 5, true, \
      "Refused for good, or committed with a code other than ok: sending it again is useless.") \
    X(OPEN, 6, true, \
      "Not final yet, outcome unknown, or input incomplete: running the same command again is " \
      "safe.") \
    X(UNVERIFIED, 7, false, \
      "Verification failed, or this node's execution differs from the sealed block. Alert on " \
      "this one.") \
    X(NOT_READY, 8, true, "Not ready, or a check failed.") \
    X(FORBIDDEN, 9, true, "Not permitted.") \
    X(CONFIG, 10, false, "Configuration, genesis or key file invalid, or its mode too open.") \
    X(DAMAGED, 65, false, "Ledger, journal or safety file damaged.") \
    X(SYSTEM, 71, true, "A limit of the operating system, such as memory.") \
    X(IO, 74, true, "A write or sync failed; never tried again within the process.") \
    X(BUSY, 75, true, "The data directory is in use by another process.") \
    X(NEWER, 76, false, "The data's format is newer than this program.") \
    X(KEY_ELSEWHERE, 81, false, "This validator's key is in use elsewhere.")

enum cli_exit {
#define X(name, number, restart, meaning) CLI_EXIT_##name = number,
    CLI_EXIT_LIST(X)
#undef X
};

struct cli_exit_row {
    const char *name; /* "UNREACHABLE" */
    int number;
    bool restart;
    const char *meaning;
};

/* The row of a code, or NULL; all rows in order, NULL behind the last. */
const struct cli_exit_row *cli_exit_row(int number);
const struct cli_exit_row *cli_exit_at(size_t index);

/* The code for a status that ended a command; for documents, use CLI_EXIT_CONFIG instead. */
int cli_exit_of_status(enum status status);

#endif
