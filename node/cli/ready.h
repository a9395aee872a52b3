/* node/cli/ready.h -- the statement that a machine holds a seal key and has a working ledger. */
#ifndef NODE_CLI_READY_H
#define NODE_CLI_READY_H

#include "format/action.h"
#include "node/cli/read.h"

/* The action validator.rekey for a new seal key of this validator ("val1..."), signed by that key
 * over the last sealed block of the node that the call asks. Prints what is wrong; exit code. */
int cli_ready_rekey(const struct cli_call *call, const char *validator,
                    const struct secret_key *secret, struct action *action);

#endif
