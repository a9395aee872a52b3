/* tests/sim/kills.h -- how long a Raft cluster under load is without a leader when one is killed.
 *
 * Clusters of 3 and 5 with the standard parameters run in virtual time on a calm network; every few
 * seconds whoever leads is killed. Measured is the time until a client is told that a transaction,
 * made after the kill, is in a sealed block. The run is checked as every other: what a client was
 * told is still so at the end.
 */
#ifndef SIM_KILLS_H
#define SIM_KILLS_H

#include <stdbool.h>
#include <stdint.h>

enum { KILLS_LIMIT_MS = 1500 }; /* of the 99th percentile */

/* `kills` of each cluster. Prints what was measured, on stdout; false if a run failed, if after a
 * kill no client was told anything until the next one, or if it took too long. */
bool kills_measure(uint64_t seed, uint32_t kills);

#endif
