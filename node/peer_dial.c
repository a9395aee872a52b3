#include "node/peers_internal.h"

#include "node/units.h"
#include <stdio.h>

static void on_connected(uv_connect_t *connect, int result)
{
    struct connection *connection = connect->data;
    if (!connection_live(connection)) return;
    if (result < 0)
        connection_end(connection, "unreachable", uv_strerror(result), NULL);
    else
        connection_start(connection);
}

static void connect_to(struct connection *connection, const struct sockaddr *address)
{
    connection->connect.data = connection;
    int result = uv_tcp_connect(&connection->connect, &connection->socket, address, on_connected);
    if (result < 0) connection_end(connection, "unreachable", uv_strerror(result), NULL);
}

static void on_looked_up(uv_getaddrinfo_t *lookup, int result, struct addrinfo *found)
{
    struct connection *connection = lookup->data;
    if (connection_live(connection)) {
        if (result < 0)
            connection_end(connection, "unreachable", uv_strerror(result), NULL);
        else
            connect_to(connection, found->ai_addr);
    }
    uv_freeaddrinfo(found);
    connection_lookup_done(connection);
}

/* Numbers are connected to at once; names are asked for on libuv's own threads. */
static void dial(struct peer *peer)
{
    struct connection *connection = connection_new(peer->peers, peer);
    if (!connection) {
        peer_dial_failed(peer);
        return;
    }
    peer->dialled = connection;
    struct sockaddr_storage address;
    if (address_parse(peer->endpoint, &address)) {
        connect_to(connection, (const struct sockaddr *)&address);
        return;
    }
    char host[256];
    char port_text[8];
    uint16_t port;
    if (!endpoint_parse(peer->endpoint, host, &port)) {
        connection_end(connection, "unreachable", "not host:port", NULL);
        return;
    }
    snprintf(port_text, sizeof port_text, "%u", port);
    struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
    connection_lookup_begin(connection);
    connection->lookup.data = connection;
    int result = uv_getaddrinfo(peer->peers->loop, &connection->lookup, on_looked_up, host,
                                port_text, &hints);
    if (result == 0) return;
    connection_lookup_done(connection);
    connection_end(connection, "unreachable", uv_strerror(result), NULL);
}

static bool wants_dial(const struct peer *peer)
{
    return peer->listed && !peer->peers->stopping && peer->endpoint[0] != 0 && !peer->up &&
           !peer->dialled;
}

static void on_retry(uv_timer_t *timer)
{
    struct peer *peer = timer->data;
    if (wants_dial(peer)) dial(peer);
}

void peer_dial_later(struct peer *peer, uint64_t pause_ms)
{
    if (!wants_dial(peer)) return;
    uint64_t now = uv_now(peer->peers->loop);
    if (peer->shunned_until_ms > now) pause_ms = max_u64(pause_ms, peer->shunned_until_ms - now);
    uv_timer_start(&peer->retry, on_retry, pause_ms, 0);
}

/* Half to all of the pause: nodes that lost each other at the same moment do not come back at the
 * same moment. */
static uint64_t with_jitter(uint64_t pause_ms)
{
    uint32_t random;
    random_bytes(&random, sizeof random);
    return pause_ms / 2 + random % (pause_ms / 2 + 1);
}

void peer_dial_failed(struct peer *peer)
{
    const struct peers_options *options = &peer->peers->options;
    if (!wants_dial(peer)) return;
    if (peer->pause_ms < options->retry_min_ms) peer->pause_ms = options->retry_min_ms;
    peer_dial_later(peer, with_jitter(peer->pause_ms));
    peer->pause_ms = min_u64(2 * peer->pause_ms, options->retry_max_ms);
}
