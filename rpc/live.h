/* rpc/live.h -- who is connected to this node, itself included, at one moment. */
#ifndef RPC_LIVE_H
#define RPC_LIVE_H

#include "rpc/backend.h"

/* The peer that is this validator, or has this node key; NULL if there is none. */
const struct peer_view *live_validator(const struct node_view *view, const struct id *validator);
const struct peer_view *live_node(const struct node_view *view, const struct public_key *node_key);

/* The same as questions; the node itself counts. */
bool live_has_validator(const struct node_view *view, const struct id *validator);
bool live_has_node(const struct node_view *view, const struct public_key *node_key);

/* "validator", "learner", "observer". */
const char *node_role_word(enum node_role role);

#endif
