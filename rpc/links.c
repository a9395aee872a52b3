/* rpc/links.c -- the open connections of all listeners and their deadlines. */
#include "rpc/links.h"
#include "rpc/request.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

struct link {
    struct links *owner;
    struct link *previous, *next;
    int descriptor;
    enum meter_transport transport;
    uint32_t uid, pid;
    enum link_phase phase;
    uint64_t head_ms; /* when the head began */
    uint64_t deadline_ms;
    bool shut;
};

struct links {
    pthread_mutex_t lock;
    const struct rpc_limits *limits;
    struct meter *meter;
    struct link *first;
    uint32_t count;
};

struct links *links_new(const struct rpc_limits *limits, struct meter *meter)
{
    struct links *links = calloc(1, sizeof *links);
    if (!links) return NULL;
    if (pthread_mutex_init(&links->lock, NULL) != 0) {
        free(links);
        return NULL;
    }
    links->limits = limits;
    links->meter = meter;
    return links;
}

void links_free(struct links *links)
{
    if (!links) return;
    ASSERT(!links->first);
    pthread_mutex_destroy(&links->lock);
    free(links);
}

bool links_room(struct links *links)
{
    return meter_connections(links->meter, TRANSPORT_HTTP) < links->limits->connections_max;
}

struct link *link_open(struct links *links, int descriptor, enum meter_transport transport)
{
    struct link *link = calloc(1, sizeof *link);
    if (!link) return NULL;
    link->owner = links;
    link->descriptor = descriptor;
    link->transport = transport;
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (transport == TRANSPORT_LOCAL &&
        getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0) {
        link->uid = peer.uid;
        link->pid = (uint32_t)peer.pid;
    }
    meter_connection(links->meter, transport, 1);
    pthread_mutex_lock(&links->lock);
    link->next = links->first;
    if (links->first) links->first->previous = link;
    links->first = link;
    links->count++;
    pthread_mutex_unlock(&links->lock);
    link_enter(link, LINK_HEAD, rpc_monotonic_ms());
    return link;
}

void link_close(struct link *link)
{
    struct links *links = link->owner;
    pthread_mutex_lock(&links->lock);
    if (link->previous)
        link->previous->next = link->next;
    else
        links->first = link->next;
    if (link->next) link->next->previous = link->previous;
    links->count--;
    pthread_mutex_unlock(&links->lock);
    meter_connection(links->meter, link->transport, -1);
    free(link);
}

static uint64_t deadline_of(const struct rpc_limits *limits, const struct link *link,
                            enum link_phase phase, uint64_t now_ms)
{
    switch (phase) {
    case LINK_HEAD: return now_ms + limits->head_ms_max;
    case LINK_BODY: return link->head_ms + limits->request_ms_max;
    case LINK_ANSWER: return now_ms + limits->answer_ms_max;
    case LINK_IDLE: return now_ms + limits->idle_ms_max;
    case LINK_WORK: break;
    }
    return UINT64_MAX;
}

void link_enter(struct link *link, enum link_phase phase, uint64_t now_ms)
{
    struct links *links = link->owner;
    pthread_mutex_lock(&links->lock);
    link->phase = phase;
    if (phase == LINK_HEAD) link->head_ms = now_ms;
    link->deadline_ms = deadline_of(links->limits, link, phase, now_ms);
    pthread_mutex_unlock(&links->lock);
}

void link_peer(const struct link *link, uint32_t *uid, uint32_t *pid)
{
    *uid = link->uid;
    *pid = link->pid;
}

enum meter_transport link_transport(const struct link *link)
{
    return link->transport;
}

uint32_t links_answering(struct links *links)
{
    uint32_t count = 0;
    pthread_mutex_lock(&links->lock);
    for (const struct link *link = links->first; link; link = link->next)
        count += !link->shut && (link->phase == LINK_ANSWER || link->phase == LINK_WORK);
    pthread_mutex_unlock(&links->lock);
    return count;
}

uint32_t links_sweep(struct links *links, uint64_t now_ms)
{
    pthread_mutex_lock(&links->lock);
    for (struct link *link = links->first; link; link = link->next) {
        if (link->shut || link->deadline_ms > now_ms) continue;
        link->shut = true;
        shutdown(link->descriptor, SHUT_RDWR);
        meter_reject(links->meter, RPC_REJECTION_other);
    }
    uint32_t count = links->count;
    pthread_mutex_unlock(&links->lock);
    return count;
}
