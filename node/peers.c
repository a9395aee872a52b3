#include "node/peers.h"

#include "node/peers_internal.h"
#include <sodium.h>
#include <stdlib.h>

struct peer *peer_find(const struct peers *peers, const struct public_key *key)
{
    for (size_t i = 0; i < peers->count; i++)
        if (peers->list[i]->listed && key_equal(&peers->list[i]->key, key)) return peers->list[i];
    return NULL;
}

struct peer *peer_at(const struct peers *peers, uint16_t index)
{
    for (size_t i = 0; i < peers->count; i++)
        if (peers->list[i]->listed && peers->list[i]->index == index) return peers->list[i];
    return NULL;
}

void refused(struct peers *peers, const struct peer *peer, const char *reason, const char *detail)
{
    if (peers->stopping || !peers->options.callbacks.on_refused) return;
    /* Both had dialled, or the other side left: nobody was refused. */
    if (strcmp(reason, "duplicate") == 0 || strcmp(reason, "closed") == 0) return;
    peers->options.callbacks.on_refused(peers->options.user, peer ? peer->index : PEER_NONE, reason,
                                        detail);
}

void handle_released(struct peers *peers)
{
    ASSERT(peers->handles > 0);
    peers->handles--;
    if (peers->handles > 0 || !peers->stopping) return;
    void (*on_closed)(void *user) = peers->on_closed;
    peers->on_closed = NULL;
    if (on_closed) on_closed(peers->closed_user);
}

/* Asked by TLS during the handshake. A shunned peer may still prove its key, so that it can be told
 * apart from a stranger. */
static bool may_connect(void *user, const struct public_key *key)
{
    return peer_find(user, key) != NULL;
}

/* For a start that failed: the memory goes when libuv has let go. */
static void discard(void *user)
{
    peers_free(user);
}

static enum status listeners_open(struct peers *peers, const struct peers_options *options,
                                  struct problem *problem)
{
    ASSERT(options->listen_count <= PEERS_LISTEN_MAX);
    for (size_t i = 0; i < options->listen_count; i++) {
        enum status status = listener_open(peers, options->listen[i], problem);
        if (status != STATUS_OK) return status;
    }
    return STATUS_OK;
}

enum status peers_new(struct peers **out, uv_loop_t *loop, const struct peers_options *options,
                      struct problem *problem)
{
    struct peers *peers = calloc(1, sizeof *peers);
    if (!peers) return problem_set(problem, STATUS_NO_MEMORY, "peers: out of memory");
    peers->loop = loop;
    peers->options = *options;
    if (peers->options.hello_ms == 0) peers->options.hello_ms = 5000;
    if (peers->options.ping_ms == 0) peers->options.ping_ms = 5000;
    peers->node_key = *options->node_key;
    key_public(&peers->node_key, &peers->self);
    peers->accepts = ACCEPTS_BURST;
    peers->accepts_ms = uv_now(loop);
    enum status status = tls_context_new(&peers->tls, &peers->node_key, may_connect, peers);
    if (status != STATUS_OK)
        problem_set(problem, status, "peers: no TLS context: %s", status_text(status));
    else
        status = listeners_open(peers, options, problem);
    if (status != STATUS_OK) {
        peers_stop(peers, discard, peers);
        return status;
    }
    *out = peers;
    return STATUS_OK;
}

/* ---- the list ---- */

static void on_peer_closed(uv_handle_t *handle)
{
    struct peer *peer = handle->data;
    struct peers *peers = peer->peers;
    free(peer);
    handle_released(peers);
}

static void peer_remove(struct peers *peers, size_t place, const char *reason)
{
    struct peer *peer = peers->list[place];
    struct bye bye = { .reason = "closing" };
    peer->listed = false;
    if (peer->up) connection_end(peer->up, reason, "", &bye);
    /* Those that have not said hello know their peer, too. */
    for (struct connection *c = peers->connections, *next; c; c = next) {
        next = c->next;
        if (c->peer == peer) connection_end(c, reason, "", &bye);
    }
    peers->list[place] = peers->list[--peers->count];
    uv_close((uv_handle_t *)&peer->retry, on_peer_closed);
}

static enum status peer_put(struct peers *peers, const struct public_key *key, uint16_t index,
                            const char *endpoint)
{
    if (key_equal(key, &peers->self)) return STATUS_OK;
    struct peer *peer = NULL;
    for (size_t i = 0; i < peers->count && !peer; i++)
        if (key_equal(&peers->list[i]->key, key)) peer = peers->list[i];
    if (peer && peer->listed) return STATUS_OK; /* Twice on the lists: the validator counts. */
    if (!peer) {
        if (peers->count == PEERS_MAX) return STATUS_FULL;
        peer = calloc(1, sizeof *peer);
        if (!peer) return STATUS_NO_MEMORY;
        peer->peers = peers;
        peer->key = *key;
        peer->pause_ms = peers->options.retry_min_ms;
        uv_timer_init(peers->loop, &peer->retry);
        peer->retry.data = peer;
        peers->handles++;
        peers->list[peers->count++] = peer;
    }
    peer->listed = true;
    peer->index = index;
    memcpy(peer->endpoint, endpoint, strlen(endpoint) + 1);
    return STATUS_OK;
}

static bool slot_is_taken(const struct peers *peers, uint16_t index)
{
    for (size_t i = 0; i < peers->count; i++)
        if (peers->list[i]->index == index) return true;
    return false;
}

/* Whoever stays on the list keeps its number, wherever it stands there now. */
static uint16_t observer_slot(const struct peers *peers, const struct public_key *key)
{
    uint16_t index = PEER_OBSERVER_FIRST;
    for (size_t i = 0; i < peers->count; i++) {
        const struct peer *peer = peers->list[i];
        if (peer->index >= PEER_OBSERVER_FIRST && key_equal(&peer->key, key)) return peer->index;
    }
    while (slot_is_taken(peers, index))
        index++;
    return index;
}

/* The smaller key dials at once; the other one gives it a moment, so that a pair that starts
 * together makes one connection and not two. */
static void peers_dial(struct peers *peers)
{
    for (size_t i = 0; i < peers->count; i++) {
        struct peer *peer = peers->list[i];
        bool first = key_compare(&peers->self, &peer->key) < 0;
        if (!uv_is_active((uv_handle_t *)&peer->retry))
            peer_dial_later(peer, first ? 0 : peers->options.retry_min_ms / 2);
    }
}

/* Before new observers get the numbers of those that go. */
static void unlist_strangers(struct peers *peers, const struct peer_member *observers, size_t count)
{
    for (size_t i = peers->count; i > 0; i--) {
        const struct peer *peer = peers->list[i - 1];
        bool stays = peer->listed;
        for (size_t k = 0; k < count && !stays; k++)
            stays = key_equal(&observers[k].node_key, &peer->key);
        if (!stays) peer_remove(peers, i - 1, "removed");
    }
}

enum status peers_set_members(struct peers *peers, const struct peer_member *members,
                              size_t members_count, const struct peer_member *observers,
                              size_t observers_count)
{
    if (members_count > COMMITTEE_MAX || observers_count > PEER_OBSERVERS_MAX) return STATUS_FULL;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < peers->count; i++)
        peers->list[i]->listed = false;
    for (size_t i = 0; i < members_count && status == STATUS_OK; i++)
        status = peer_put(peers, &members[i].node_key, members[i].index, members[i].endpoint);
    unlist_strangers(peers, observers, observers_count);
    for (size_t i = 0; i < observers_count && status == STATUS_OK; i++)
        status = peer_put(peers, &observers[i].node_key,
                          observer_slot(peers, &observers[i].node_key), observers[i].endpoint);
    peers_dial(peers);
    return status;
}

void peers_set_retry(struct peers *peers, uint64_t retry_min_ms, uint64_t retry_max_ms)
{
    peers->options.retry_min_ms = retry_min_ms;
    peers->options.retry_max_ms = retry_max_ms;
    for (size_t i = 0; i < peers->count; i++) {
        uint64_t *pause_ms = &peers->list[i]->pause_ms;
        *pause_ms = max_u64(retry_min_ms, min_u64(*pause_ms, retry_max_ms));
    }
}

void peers_set_batch_max(struct peers *peers, size_t batch_bytes_max)
{
    peers->options.batch_bytes_max = batch_bytes_max;
    for (struct connection *c = peers->connections; c; c = c->next)
        c->decoder.batch_bytes_max = batch_bytes_max;
}

void peers_announce(struct peers *peers)
{
    peers->in_call = true;
    for (size_t i = 0; i < peers->count; i++)
        if (peers_connected(peers, peers->list[i]->index)) session_announce(peers->list[i]->up);
    peers->in_call = false;
}

/* ---- sending ---- */

static enum status send_to(struct peer *peer, enum frame_kind kind, struct span head,
                           struct blob *body, bool droppable)
{
    struct connection *connection = peer->up;
    if (!connection || !connection_live(connection)) return STATUS_CLOSED;
    uint64_t dropped = connection->queue.dropped;
    enum status status = peer_queue_add(&connection->queue, kind, head, body, droppable);
    peer->info.dropped += connection->queue.dropped - dropped;
    if (status == STATUS_OK) {
        peer->info.frames_out++;
        frame_count(kind, true, head.size + (body ? body->size : 0));
        connection_flush(connection);
    } else if (droppable) {
        peer->info.dropped++;
    } else {
        struct bye bye = { .reason = "too_slow" };
        connection_end(connection, "too_slow", "its queue is full", &bye);
    }
    return status;
}

static bool frame_fits(const struct peers *peers, enum frame_kind kind, struct span head,
                       const struct blob *body)
{
    size_t limit;
    bool known = frame_limit((uint8_t)kind, peers->options.batch_bytes_max, &limit);
    ASSERT(known);
    return head.size + (body ? body->size : 0) <= limit;
}

enum status peers_send(struct peers *peers, uint16_t index, enum frame_kind kind, struct span head,
                       struct blob *body, bool droppable)
{
    if (!frame_fits(peers, kind, head, body)) return STATUS_TOO_LARGE;
    struct peer *peer = peer_at(peers, index);
    if (!peer) return STATUS_CLOSED;
    peers->in_call = true;
    enum status status = send_to(peer, kind, head, body, droppable);
    peers->in_call = false;
    return status;
}

void peers_broadcast(struct peers *peers, enum frame_kind kind, struct span head, struct blob *body,
                     bool droppable)
{
    if (!frame_fits(peers, kind, head, body)) return;
    peers->in_call = true;
    for (size_t i = 0; i < peers->count; i++)
        if (peers->list[i]->index < PEER_OBSERVER_FIRST || kind == FRAME_SEAL_VOTES)
            (void)send_to(peers->list[i], kind, head, body, droppable);
    peers->in_call = false;
}

void peers_punish(struct peers *peers, uint16_t index, const char *reason)
{
    struct peer *peer = peer_at(peers, index);
    if (!peer || !peer->up) return;
    peers->in_call = true;
    session_offend(peer->up, reason, "");
    peers->in_call = false;
}

/* ---- looking ---- */

bool peers_connected(const struct peers *peers, uint16_t index)
{
    const struct peer *peer = peer_at(peers, index);
    return peer && peer->up && connection_live(peer->up);
}

size_t peers_connected_count(const struct peers *peers)
{
    size_t count = 0;
    for (size_t i = 0; i < peers->count; i++)
        count += peers->list[i]->up && peers->list[i]->index < PEER_OBSERVER_FIRST;
    return count;
}

bool peers_next(const struct peers *peers, size_t *cursor, struct peer_info *info)
{
    if (*cursor >= peers->count) return false;
    const struct peer *peer = peers->list[(*cursor)++];
    *info = peer->info;
    info->peer = peer->index;
    info->node_key = peer->key;
    memcpy(info->endpoint, peer->endpoint, sizeof info->endpoint);
    info->connected = peer->up != NULL;
    info->dialled = peer->up && peer->up->dialled;
    info->queue_bytes = peer->up ? peer->up->queue.bytes : 0;
    info->shunned_until_ms = peer->shunned_until_ms;
    return true;
}

bool peers_listen_address(const struct peers *peers, size_t listener,
                          char text[PEER_ENDPOINT_MAX + 1])
{
    if (listener >= peers->listener_count) return false;
    return listener_address(&peers->listeners[listener], text);
}

/* ---- the end ---- */

void peers_stop(struct peers *peers, void (*on_closed)(void *user), void *user)
{
    ASSERT(!peers->stopping);
    peers->stopping = true;
    peers->on_closed = on_closed;
    peers->closed_user = user;
    peers->handles++; /* Holds on_closed back until all is under way. */
    for (size_t i = 0; i < peers->listener_count; i++)
        listener_close(&peers->listeners[i]);
    while (peers->count > 0)
        peer_remove(peers, peers->count - 1, "closing");
    while (peers->connections)
        connection_end(peers->connections, "closing", "", NULL);
    handle_released(peers);
}

void peers_free(struct peers *peers)
{
    if (!peers) return;
    ASSERT(peers->handles == 0);
    tls_context_free(peers->tls);
    sodium_memzero(&peers->node_key, sizeof peers->node_key);
    free(peers);
}
