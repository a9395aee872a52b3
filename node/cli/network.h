/* node/cli/network.h -- what `demo`, `testnet` and `testnet payments` share: networks of real
 * processes on this machine. */
#ifndef NODE_CLI_NETWORK_H
#define NODE_CLI_NETWORK_H

#include "node/cli/cli.h"
#include "node/testnet.h"

#define VALIDATORS_FLAG(least_) \
    { \
        .name = "validators", .type = CLI_NUMBER, .value = "N", .standard = "4", \
        .least = (least_), .most = TESTNET_NODES_MAX, .help = "how many processes" \
    }

#define ENGINE_FLAG \
    { \
        .name = "engine", .type = CLI_TEXT, .value = "NAME", .standard = "hotstuff", \
        .help = "consensus engine" \
    }

#define PHASES_FLAG \
    { \
        .name = "phases", .type = CLI_NUMBER, .value = "N", .least = 1, .most = 9, \
        .help = "engine parameter phases, where the engine has it" \
    }

/* For cli_network_dir. */
#define NETWORK_DIR_FLAG \
    { \
        .name = "dir", .type = CLI_FILE, .value = "DIR", \
        .help = "where the network lives; without it a new folder below TMPDIR or /tmp" \
    }

/* The folder of --dir, or a new one, witan-NAME.XXXXXX. */
enum status cli_network_dir(const struct cli_call *call, const char *name, char dir[PATH_BYTES_MAX],
                            struct problem *problem);

#endif
