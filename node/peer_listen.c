#include "node/peers_internal.h"

#include "node/units.h"
#include <stdio.h>

bool address_parse(const char *text, struct sockaddr_storage *address)
{
    char host[256];
    uint16_t port;
    if (!endpoint_parse(text, host, &port)) return false;
    return uv_ip4_addr(host, port, (struct sockaddr_in *)address) == 0 ||
           uv_ip6_addr(host, port, (struct sockaddr_in6 *)address) == 0;
}

/* A handshake costs a signature and a key exchange, so that strangers must not ask for more of them
 * than the loop can bear. */
static bool accept_allowed(struct peers *peers)
{
    uint64_t now = uv_now(peers->loop);
    double earned = (double)(now - peers->accepts_ms) * ACCEPTS_PER_SECOND / 1000.0;
    peers->accepts_ms = now;
    peers->accepts =
        peers->accepts + earned > ACCEPTS_BURST ? ACCEPTS_BURST : peers->accepts + earned;
    if (peers->accepts < 1) return false;
    peers->accepts -= 1;
    return true;
}

/* The accepted connection that has been silent for the longest makes room. */
static void evict_oldest(struct peers *peers)
{
    struct connection *oldest = NULL;
    for (struct connection *c = peers->connections; c; c = c->next)
        if (!c->dialled && c->state < CONNECTION_UP) oldest = c;
    if (oldest) connection_end(oldest, "too_many", "too many connections without a hello", NULL);
}

static void on_connection(uv_stream_t *stream, int result);

static void on_again(uv_timer_t *timer)
{
    struct listener *listener = timer->data;
    on_connection((uv_stream_t *)&listener->socket, 0);
}

static void on_connection(uv_stream_t *stream, int result)
{
    struct listener *listener = stream->data;
    struct peers *peers = listener->peers;
    if (result < 0 || peers->stopping) return; /* Out of descriptors: libuv tries again. */
    bool allowed = accept_allowed(peers);
    if (allowed && peers->pending >= PENDING_MAX) evict_oldest(peers);
    struct connection *connection = connection_new(peers, NULL);
    if (!connection) { /* It waits in the backlog until memory is back. */
        uv_timer_start(&listener->again, on_again, 1000, 0);
        return;
    }
    int accepted = uv_accept(stream, (uv_stream_t *)&connection->socket);
    if (accepted < 0)
        connection_end(connection, "closed", uv_strerror(accepted), NULL);
    else if (!allowed)
        connection_end(connection, "too_many", "too many connections a second", NULL);
    else
        connection_start(connection);
}

enum status listener_open(struct peers *peers, const char *text, struct problem *problem)
{
    struct sockaddr_storage address;
    if (!address_parse(text, &address))
        return problem_set(problem, STATUS_INVALID,
                           "peers.listen: \"%s\" is not an address like 0.0.0.0:7790", text);
    struct listener *listener = &peers->listeners[peers->listener_count];
    listener->peers = peers;
    uv_tcp_init(peers->loop, &listener->socket);
    uv_timer_init(peers->loop, &listener->again);
    listener->socket.data = listener;
    listener->again.data = listener;
    peers->listener_count++;
    peers->handles += 2;
    int result = uv_tcp_bind(&listener->socket, (const struct sockaddr *)&address, 0);
    if (result == 0)
        result = uv_listen((uv_stream_t *)&listener->socket, LISTEN_BACKLOG, on_connection);
    if (result == 0) return STATUS_OK;
    return problem_set(problem, result == UV_EADDRINUSE ? STATUS_BUSY : STATUS_IO,
                       "peers.listen: %s: %s", text, uv_strerror(result));
}

static void on_listener_closed(uv_handle_t *handle)
{
    struct listener *listener = handle->data;
    handle_released(listener->peers);
}

void listener_close(struct listener *listener)
{
    uv_close((uv_handle_t *)&listener->socket, on_listener_closed);
    uv_close((uv_handle_t *)&listener->again, on_listener_closed);
}

bool listener_address(const struct listener *listener, char text[PEER_ENDPOINT_MAX + 1])
{
    struct sockaddr_storage address;
    int size = sizeof address;
    if (uv_tcp_getsockname(&listener->socket, (struct sockaddr *)&address, &size) != 0)
        return false;
    char host[64];
    if (address.ss_family == AF_INET6) {
        const struct sockaddr_in6 *ip6 = (const struct sockaddr_in6 *)&address;
        if (uv_ip6_name(ip6, host, sizeof host) != 0) return false;
        snprintf(text, PEER_ENDPOINT_MAX + 1, "[%s]:%u", host, ntohs(ip6->sin6_port));
        return true;
    }
    const struct sockaddr_in *ip4 = (const struct sockaddr_in *)&address;
    if (uv_ip4_name(ip4, host, sizeof host) != 0) return false;
    snprintf(text, PEER_ENDPOINT_MAX + 1, "%s:%u", host, ntohs(ip4->sin_port));
    return true;
}
