/* Engine messages of peers that are in the next epoch already.
 *
 * All switch within a moment, and whoever is first may lead: without its first proposal the others
 * would wait for a timeout. So a few messages are kept, bounded in number and bytes, until this
 * node is there too. A ping that names the sender's epoch comes before them on the same connection.
 */
#include "node/node_internal.h"

bool early_keep(struct node *node, uint16_t peer, enum frame_kind kind, struct blob *payload)
{
    struct early_messages *early = &node->early;
    size_t slot = node_peer_slot(peer);
    if (kind != FRAME_ENGINE || slot == NODE_PEERS_MAX || !node->peer_seen[slot]) return false;
    if (node->peer_epochs[slot] != node->epochs.now->number + 1) return false;
    if (early->count == EARLY_MAX || payload->size > EARLY_BYTES_MAX - early->bytes) return true;
    early->list[early->count++] =
        (struct early_message){ node->peer_views[slot].node_key, blob_ref(payload) };
    early->bytes += payload->size;
    return true;
}

/* The sender by its new number; nobody who is not in the set. */
static uint16_t index_of(const struct node *node, const struct public_key *key)
{
    for (uint16_t i = 0; i < node->epochs.now->committee.count; i++)
        if (key_equal(&node->epoch_peers->node_keys[i], key)) return i;
    return VALIDATOR_NONE;
}

void early_release(struct node *node, bool hear)
{
    struct early_messages *early = &node->early;
    for (uint32_t i = 0; i < early->count; i++) {
        uint16_t peer = index_of(node, &early->list[i].from);
        if (hear && peer != VALIDATOR_NONE)
            replica_frame(node->replica, node_moment(node), peer, FRAME_ENGINE,
                          early->list[i].payload);
        blob_unref(early->list[i].payload);
    }
    early->count = 0;
    early->bytes = 0;
}
