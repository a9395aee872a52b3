/* tests/sim/trace.h -- a run as text, as a Mermaid sequence diagram, and as one hash.
 *
 * The hash covers everything that every replica puts out, so equal hashes mean equal runs: the same
 * for every compiler and optimisation. Text and diagram are for people.
 */
#ifndef SIM_TRACE_H
#define SIM_TRACE_H

#include "node/replica.h"
#include "plan.h"

struct trace;

/* text: every output, arrival and fault as a line on stdout. mermaid: a file, or NULL; messages
 * between replicas as arrows, promises, decisions, blocks, crashes and faults as notes; at most the
 * last `last` events are drawn (a diagram of thousands cannot be read). */
struct trace *trace_new(const struct plan *plan, bool text, FILE *mermaid, uint32_t last);
void trace_free(struct trace *trace); /* writes the diagram */

void trace_output(struct trace *trace, uint64_t now_ms, uint16_t replica,
                  const struct output *output);
/* A frame arrives. */
void trace_deliver(struct trace *trace, uint64_t now_ms, uint16_t from, uint16_t to, uint8_t frame,
                   struct span payload);
/* Crashes, restarts, partitions ...: one sentence; replica REPLICAS_MAX for all. */
void trace_fault(struct trace *trace, uint64_t now_ms, uint16_t replica, const char *text);

/* 16 bytes; over all outputs and faults so far. */
void trace_hash(const struct trace *trace, uint8_t hash[16]);

#endif
