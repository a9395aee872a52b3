/* node/peers_internal.h -- what the sources of peers share; nobody else includes this.
 *
 *     peers.c             the list of nodes, sending, what the owner calls
 *     peer_listen.c       listeners: whom to accept at all
 *     peer_dial.c         whom to dial, and when again
 *     peer_connection.c   one connection: socket, TLS, bytes in and out, the end
 *     peer_session.c      one connection: hello, duplicates, ping, frames
 *
 * Memory: libuv frees nothing before its handles are closed. A connection lives until both its
 * handles are closed and its name lookup has ended; a node of the list until its timer is closed.
 */
#ifndef NODE_PEERS_INTERNAL_H
#define NODE_PEERS_INTERNAL_H

#include "crypto/tls.h"
#include "node/peer_queue.h"
#include "node/peers.h"

enum {
    PENDING_MAX = 32,         /* accepted connections that have not proven anything yet */
    ACCEPTS_BURST = 128,      /* and how many are taken at once, ... */
    ACCEPTS_PER_SECOND = 50,  /* ... and then in a second */
    SOCKET_BYTES = 64 * 1024, /* read and written at once */
    TLS_RECORD_BYTES = 16 * 1024,
    SILENT_PINGS_MAX = 3, /* intervals without a byte from the peer: it is gone */
    LISTEN_BACKLOG = 128,
    SHUN_MS_MIN = 2000,
    SHUN_MS_MAX = 600000,
    PEERS_MAX = COMMITTEE_MAX + PEER_OBSERVERS_MAX,
    CONNECTION_DETAIL = 320,
};

enum connection_state {
    CONNECTION_DIALLING, /* name lookup and TCP */
    CONNECTION_TLS,
    CONNECTION_HELLO, /* ours is sent, theirs is awaited */
    CONNECTION_UP,
    CONNECTION_CLOSED, /* handles are closing; nothing happens any more */
};

struct connection {
    struct peers *peers;
    struct connection *previous, *next; /* all of them, newest first */
    struct peer *peer;                  /* NULL until the key is known */
    enum connection_state state;
    bool dialled;
    unsigned references; /* handles and requests that libuv still knows */
    uv_tcp_t socket;
    uv_timer_t timer; /* the hello's deadline; then the pings */
    uv_getaddrinfo_t lookup;
    uv_connect_t connect;
    uv_write_t write;
    bool writing;
    struct tls *tls;
    struct public_key key; /* theirs, proven by TLS */
    uint8_t exporter[32];
    struct frame_decoder decoder;
    struct peer_queue queue;
    unsigned silent;       /* pings since the last byte from the peer */
    uint64_t ping_sent_ms; /* the token of the last ping */
    uint64_t heard_ms;
    bool doomed; /* ends in the loop's next turn, with what follows */
    const char *doomed_reason;
    char doomed_detail[CONNECTION_DETAIL];
    bool doomed_bye;
    struct bye bye;
    uint8_t out[SOCKET_BYTES]; /* ciphertext being written */
};

/* A node we know: it may connect, and is dialled if it has an endpoint. */
struct peer {
    struct peers *peers;
    uint16_t index;
    bool listed; /* false: being removed */
    struct public_key key;
    char endpoint[PEER_ENDPOINT_MAX + 1];
    struct connection *up;      /* the one that counts */
    struct connection *dialled; /* ours, on its way; may become `up` */
    uv_timer_t retry;
    uint64_t pause_ms;
    uint64_t shunned_until_ms;
    uint64_t offended_ms;
    unsigned offences_recent;
    struct peer_info info; /* what does not follow from the above */
};

struct listener {
    struct peers *peers;
    uv_tcp_t socket;
    uv_timer_t again; /* when memory was short */
};

struct peers {
    uv_loop_t *loop;
    struct peers_options options; /* listen is not used after the start */
    struct secret_key node_key;
    struct public_key self;
    struct tls_context *tls;
    struct listener listeners[PEERS_LISTEN_MAX];
    size_t listener_count;
    struct peer *list[PEERS_MAX];
    size_t count;
    struct connection *connections;
    size_t pending; /* accepted, not up */
    double accepts; /* what may be accepted now */
    uint64_t accepts_ms;
    size_t handles; /* that libuv still knows, and name lookups */
    bool stopping;
    bool in_call; /* the owner is inside a function that promises not to call back */
    void (*on_closed)(void *user);
    void *closed_user;
    uint8_t in[SOCKET_BYTES];
};

/* peers.c */
struct peer *peer_find(const struct peers *peers, const struct public_key *key);
struct peer *peer_at(const struct peers *peers, uint16_t index);
void handle_released(struct peers *peers); /* after a handle or a lookup has gone */
void refused(struct peers *peers, const struct peer *peer, const char *reason, const char *detail);

/* peer_listen.c */
enum status listener_open(struct peers *peers, const char *address, struct problem *problem);
void listener_close(struct listener *listener);
bool listener_address(const struct listener *listener, char text[PEER_ENDPOINT_MAX + 1]);
bool address_parse(const char *text, struct sockaddr_storage *address);

/* peer_dial.c: dials after the pause, if the peer is to be dialled and is not connected. */
void peer_dial_later(struct peer *peer, uint64_t pause_ms);
void peer_dial_failed(struct peer *peer); /* doubles the pause and waits */

/* peer_connection.c */
struct connection *connection_new(struct peers *peers, struct peer *peer);
void connection_start(struct connection *connection); /* TCP is there: begin TLS and read */
void connection_flush(struct connection *connection); /* queue -> TLS -> socket */
bool connection_live(const struct connection *connection);
void connection_lookup_begin(struct connection *connection); /* libuv holds it until _done */
void connection_lookup_done(struct connection *connection);

/* The end. Sends bye if there is one and the peer can read it, tells the owner, dials again later.
 * Safe in any state; memory stays until libuv lets go. While the owner is inside a call of his own
 * (in_call) the connection only stops, and the end comes with the loop's next turn. reason is a
 * constant word. */
void connection_end(struct connection *connection, const char *reason, const char *detail,
                    const struct bye *bye);

/* peer_session.c */
void session_begin(struct connection *connection); /* TLS is finished: say hello */
void session_frame(struct connection *connection, enum frame_kind kind, struct blob *payload);
void session_announce(struct connection *connection); /* a ping, now */
void session_offend(struct connection *connection, const char *reason, const char *detail);

/* Counts a frame for the metrics. */
void frame_count(enum frame_kind kind, bool out, size_t payload_size);

#endif
