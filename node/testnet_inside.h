/* node/testnet_inside.h -- what making a test network and adding a machine to it share. */
#ifndef NODE_TESTNET_INSIDE_H
#define NODE_TESTNET_INSIDE_H

#include "node/testnet.h"

/* What is known of a validator while it is being made. The maker wipes it. */
struct testnet_making {
    struct id id, member;
    struct secret_key seal, node, member_key;
};

/* Excludes other programs that change testnet.json: a descriptor to close, or -1. Not to be held
 * while testnet_note_pid is called, which takes it, too. */
int testnet_lock(const struct testnet *net, struct problem *problem);

/* Gives the nodes from `first` on two ports each, from base on or, with base 0, free ones.
 * STATUS_INVALID, STATUS_FULL. */
enum status testnet_choose_ports(struct testnet *net, uint16_t first, uint16_t base,
                                 struct problem *problem);

/* A plain key file, mode 0600, that must not exist yet. */
enum status testnet_write_key(const char *dir, const char *file, enum key_kind kind,
                              const char *name, const struct id *id,
                              const struct secret_key *secret, struct problem *problem);

/* Appends a key to the items of the setting peers.observers, which is "" at first. */
enum { TESTNET_OBSERVERS = TESTNET_NODES_MAX * 72 };
void testnet_list_key(char observers[TESTNET_OBSERVERS], const struct public_key *node_key);

/* DIR/N with keys, genesis, settings and an empty data directory that may vote. */
enum status testnet_write_home(const struct testnet *net, uint16_t index,
                               const struct testnet_making *m, const struct digest *chain_id,
                               const char *genesis_text, const char *observers,
                               struct problem *problem);

#endif
