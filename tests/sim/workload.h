/* tests/sim/workload.h -- what clients of a run submit: every operation, valid and not.
 *
 * Transactions are made from the plan's seed when they are wanted. Most are payments among few
 * accounts (so that balances run out and locks collide); others create accounts and assets, mint,
 * burn, freeze, change signers, put and delete values, in groups of several operations; some are
 * bad in a way that must be refused or fail with a known code; some are valid for seconds only;
 * some are sent twice, or twice in other words with one client reference.
 */
#ifndef SIM_WORKLOAD_H
#define SIM_WORKLOAD_H

#include "crypto/blob.h"
#include "genesis/genesis.h"
#include "plan.h"

enum { WORKLOAD_ACCOUNTS = 8, WORKLOAD_WALL_BASE = 1800000000 };

struct workload;

/* The genesis of all runs with this plan's number of members, engine and parameters of it: keys are
 * numbers, so it is always the same. seal_keys: `nodes` of them are written. */
struct genesis *workload_genesis_of(const struct plan *plan, struct secret_key *seal_keys);

/* The same for HotStuff. */
struct genesis *workload_genesis(uint16_t nodes, uint16_t phases, struct secret_key *seal_keys);

struct workload *workload_new(const struct plan *plan, const struct genesis *genesis);
void workload_free(struct workload *workload);

/* The next transaction, made at this Unix time; the caller owns the reference. `hopeless`: it must
 * never get into a block (bad signature, expired, wrong chain, malformed). */
struct blob *workload_next(struct workload *workload, uint64_t wall_ms, struct digest *txid,
                           bool *hopeless);

#endif
