/* ledger/audit_ahead.h -- threads that verify signatures ahead of an audit.
 *
 *     block   1   2   3   4   5   6   7   8   9 ...
 *             done        ^audit      ^--- threads: verify, remember in the cache
 *                             |<--- AHEAD_BLOCKS --->|
 *
 * Signatures take most of an audit's time and depend on nothing. Threads with readers of their own
 * run ahead and put those that are valid into a verify_cache; the audit, which asks that cache,
 * then computes only what they have not reached or what was not valid. They decide nothing and
 * report nothing: with or without them an audit finds the same.
 */
#ifndef LEDGER_AUDIT_AHEAD_H
#define LEDGER_AUDIT_AHEAD_H

#include "ledger/reader.h"

enum { AHEAD_THREADS_MAX = 32, AHEAD_BLOCKS = 32, AHEAD_CACHE_ENTRIES = 1 << 18 };

struct audit_ahead;

/* Threads for heights 1 .. last of path. NULL without memory or threads: the audit goes on alone.
 * genesis and cache must outlive it. */
struct audit_ahead *audit_ahead_start(const char *path, const struct ledger_reader_options *options,
                                      const struct genesis *genesis, struct verify_cache *cache,
                                      uint64_t last, uint32_t threads);

/* The audit has done this height. */
void audit_ahead_done(struct audit_ahead *ahead, uint64_t height);

/* Ends and joins the threads. NULL is allowed. */
void audit_ahead_stop(struct audit_ahead *ahead);

#endif
