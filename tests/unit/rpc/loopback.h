/* tests/unit/rpc/loopback.h -- a real server on a free port over a fake node, and raw sockets. */
#ifndef TESTS_RPC_LOOPBACK_H
#define TESTS_RPC_LOOPBACK_H

#include "rpc/methods.h"
#include "tests/unit/rpc/fake_node.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct loopback {
    struct fake_node *node;
    struct rpc_server *server;
    struct rpc_options options;
    char socket[108];
    char url[64];
    char socket_url[128];
};

static inline void loopback_options(struct loopback *l)
{
    memset(l, 0, sizeof *l);
    snprintf(l->socket, sizeof l->socket, "/tmp/witan-rpc-%d-%d.sock", (int)getpid(), (int)rand());
    rpc_limits_default(&l->options.limits);
    l->options.listen[0] = "127.0.0.1:0";
    l->options.listen_count = 1;
    l->options.socket = l->socket;
    l->options.socket_mode = 0600;
    l->options.methods = rpc_methods;
    l->options.method_count = rpc_method_count;
    l->options.limits.readers = 2;
}

static inline void loopback_start(struct loopback *l)
{
    struct problem problem = { .status = STATUS_OK };
    struct genesis *genesis;
    ASSERT(crypto_start(NULL) == STATUS_OK);
    ASSERT(genesis_load(WITAN_SOURCE "/genesis/samples/byzantine-4.json", &genesis, &problem) ==
           STATUS_OK);
    l->node = fake_new(genesis);
    enum status status = rpc_start(&l->server, &l->options, &l->node->backend, &problem);
    if (status != STATUS_OK) fprintf(stderr, "rpc_start: %s\n", problem.text);
    ASSERT(status == STATUS_OK);
    l->node->server = l->server;
    snprintf(l->url, sizeof l->url, "http://127.0.0.1:%u", rpc_port(l->server, 0));
    snprintf(l->socket_url, sizeof l->socket_url, "unix:%s", l->socket);
}

static inline void loopback_stop(struct loopback *l)
{
    rpc_stop(l->server);
    fake_free(l->node);
}

static inline int loopback_connect(const struct loopback *l)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(rpc_port(l->server, 0)),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int connected = connect(fd, (const struct sockaddr *)&address, sizeof address);
    ASSERT(connected == 0);
    return fd;
}

static inline void raw_send(int fd, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(fd, text, size, MSG_NOSIGNAL);
        if (sent <= 0) return; /* closed by the server, which the caller will see */
        text += sent;
        size -= (size_t)sent;
    }
}

/* Reads until the response is whole (by its Content-Length), the server closes or timeout_ms pass.
 * Returns the HTTP status, 0 if nothing came. */
static inline int raw_receive(int fd, char *out, size_t size, int timeout_ms)
{
    size_t used = 0;
    out[0] = 0;
    uint64_t end_ms = rpc_monotonic_ms() + (uint64_t)timeout_ms;
    while (used + 1 < size && rpc_monotonic_ms() < end_ms) {
        struct pollfd ready = { .fd = fd, .events = POLLIN };
        if (poll(&ready, 1, (int)(end_ms - rpc_monotonic_ms()) + 1) <= 0) break;
        ssize_t got = recv(fd, out + used, size - used - 1, 0);
        if (got <= 0) break;
        used += (size_t)got;
        out[used] = 0;
        const char *body = strstr(out, "\r\n\r\n");
        const char *length = strcasestr(out, "\r\nContent-Length:");
        if (body && strncmp(out, "HTTP/1.1 204", 12) == 0) break;
        if (!body || !length || length > body) continue;
        if (used >= (size_t)(body + 4 - out) + strtoul(length + 17, NULL, 10)) break;
    }
    int status = 0;
    if (sscanf(out, "HTTP/1.1 %d", &status) != 1) return 0;
    return status;
}

/* One exchange on a connection of its own. */
static inline int raw_exchange(const struct loopback *l, const char *text, char *out, size_t size)
{
    int fd = loopback_connect(l);
    raw_send(fd, text, strlen(text));
    int status = raw_receive(fd, out, size, 3000);
    close(fd);
    return status;
}

#endif
