/* rpc/links.h -- the open connections of all listeners and their deadlines.
 *
 * libmicrohttpd knows only how long a connection was idle; a client that sends a byte a second
 * would stay for ever. So each connection has a phase with a deadline, and a sweep shuts down those
 * whose time is over:
 *
 *     accept -> HEAD -> BODY -> WORK -> ANSWER -> IDLE -> HEAD ...
 *               5 s     15 s    none    30 s      60 s
 *
 * (WORK is ours, not the client's.) Sweep and closing hold one mutex: a descriptor that has been
 * closed, and perhaps opened again as something else, is never touched.
 */
#ifndef RPC_LINKS_H
#define RPC_LINKS_H

#include "rpc/meter.h"
#include "rpc/server.h"

struct links;
struct link;

enum link_phase { LINK_HEAD, LINK_BODY, LINK_WORK, LINK_ANSWER, LINK_IDLE };

struct links *links_new(const struct rpc_limits *limits, struct meter *meter);
void links_free(struct links *links);

/* May another TCP connection come in? Asked at accept. */
bool links_room(struct links *links);

/* A connection was accepted. NULL without memory: it then has no deadline, and is refused. */
struct link *link_open(struct links *links, int descriptor, enum meter_transport transport);
void link_close(struct link *link);

/* Enters a phase; now_ms is monotonic. LINK_BODY counts from the start of the head. */
void link_enter(struct link *link, enum link_phase phase, uint64_t now_ms);

/* The local socket's peer; zeros elsewhere. */
void link_peer(const struct link *link, uint32_t *uid, uint32_t *pid);
enum meter_transport link_transport(const struct link *link);

/* Connections on which a response is being written. */
uint32_t links_answering(struct links *links);

/* Shuts down what is past its deadline. Returns how many are open. */
uint32_t links_sweep(struct links *links, uint64_t now_ms);

#endif
