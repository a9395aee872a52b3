#include "rpc/live.h"

const struct peer_view *live_validator(const struct node_view *view, const struct id *validator)
{
    for (size_t i = 0; i < view->peer_count; i++) {
        const struct peer_view *peer = &view->peers[i];
        if (peer->has_validator && id_equal(&peer->validator, validator)) return peer;
    }
    return NULL;
}

const struct peer_view *live_node(const struct node_view *view, const struct public_key *node_key)
{
    for (size_t i = 0; i < view->peer_count; i++)
        if (key_equal(&view->peers[i].node_key, node_key)) return &view->peers[i];
    return NULL;
}

bool live_has_validator(const struct node_view *view, const struct id *validator)
{
    bool itself = view->has_validator && id_equal(&view->validator, validator);
    return itself || live_validator(view, validator);
}

bool live_has_node(const struct node_view *view, const struct public_key *node_key)
{
    return key_equal(&view->node_key, node_key) || live_node(view, node_key);
}

const char *node_role_word(enum node_role role)
{
    static const char *const words[] = { "validator", "learner", "observer" };
    ASSERT((size_t)role < sizeof words / sizeof words[0]);
    return words[role];
}
