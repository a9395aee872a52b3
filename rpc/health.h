/* rpc/health.h -- /livez, /readyz and node_health: may traffic go here?
 *
 * Alive: the replica's loop turned within the last ten seconds; whoever restarts dead processes
 * asks this. Ready: every check passes; whoever spreads load asks that. The node fills the checks
 * in (struct node_view); here they are selected and printed, one line each:
 *
 *     [+]sync ok
 *     [-]disk 1.1 GiB free, 2 GiB wanted
 */
#ifndef RPC_HEALTH_H
#define RPC_HEALTH_H

#include "crypto/codec.h"
#include "rpc/backend.h"

enum { HEALTH_LOOP_AGE_MS_MAX = 10000, HEALTH_TEXT_MAX = 4096 };

/* What the query string asked for. */
struct health_query {
    bool verbose;
    bool excluded[HEALTH_COUNT];
    bool has_behind_max;
    uint64_t behind_max; /* instead of the node's own limit of the check `sync` */
};

const char *health_name(enum health_index index);

/* One argument of the query; value NULL: without "=". false: unknown name or value. */
bool health_query_add(struct health_query *query, const char *name, const char *value);

bool health_live(const struct node_view *view);

/* Appends the body of /readyz; true: ready. */
bool health_ready(const struct node_view *view, const struct health_query *query,
                  struct buffer *out);

/* {"ready", "checks": [...]}; new reference. */
json_t *health_json(const struct node_view *view);

#endif
