/* node/cli/progress.h -- one line that says how far a long command has come.
 *
 *     verifying 412,000 of 1,204,331 blocks  34 %  18,100/s  ETA 44 s
 *
 * On stderr: on a terminal the same line again and again, after half a second; elsewhere a line
 * each ten per cent or ten seconds.
 */
#ifndef NODE_CLI_PROGRESS_H
#define NODE_CLI_PROGRESS_H

#include "node/cli/cli.h"
#include <time.h>

struct cli_progress {
    const char *verb, *unit; /* "verifying", "blocks" */
    bool quiet, terminal, shown;
    struct timespec start;
    uint64_t last_ms;      /* of the last line */
    unsigned last_percent; /* elsewhere than on a terminal */
};

void cli_progress_start(struct cli_progress *progress, const struct cli_call *call,
                        const char *verb, const char *unit);
void cli_progress_show(struct cli_progress *progress, uint64_t done, uint64_t total);
/* Clears the terminal's line. */
void cli_progress_end(struct cli_progress *progress);

/* "18,204"; room for 32 characters. */
const char *cli_grouped(uint64_t number, char text[32]);

#endif
