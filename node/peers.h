/* node/peers.h -- connections to the other nodes: dial, accept, prove, keep, send.
 *
 * Mutual TLS 1.3 with pinned node keys, then a signed hello from both sides within 5 s, then frames
 * (node/frame). A peer whose key is not on the list is refused in the handshake. Each pair of nodes
 * keeps one connection: if both dialled, the one that the smaller key dialled. A connection lives
 * as long as frames or pings come; whatever goes wrong with one costs that one only, and it is
 * dialled again after a pause that doubles, with jitter. Who breaks the format is shunned for a
 * while that doubles too.
 *
 *     DIALLING -> TLS -> HELLO -> UP -> closed -> pause -> DIALLING
 *     accepted -> TLS -> HELLO -> UP -> closed
 *
 * Sending never blocks: each peer has a queue of queue_max bytes. When it is full, the oldest
 * droppable frames go first; if the frame still does not fit and must not be dropped, the
 * connection is closed, for its stream would have a hole.
 *
 * Everything here runs on the loop thread. peers_send, peers_broadcast and peers_punish never call
 * back: what they break ends in the loop's next turn. peers_set_members calls on_down for who is
 * gone. Callbacks may call anything but peers_free. The process must ignore SIGPIPE.
 */
#ifndef NODE_PEERS_H
#define NODE_PEERS_H

#include "crypto/blob.h"
#include "crypto/committee.h"
#include "node/frame.h"
#include "node/hello.h"
#include <uv.h>

/* Validators are named by their index in the committee; others by PEER_OBSERVER_FIRST + slot. */
enum {
    PEER_OBSERVER_FIRST = 0x8000,
    PEER_OBSERVERS_MAX = 32,
    PEER_NONE = 0xffff,
    PEER_ENDPOINT_MAX = 255,
    PEERS_LISTEN_MAX = 8,
};

struct peers;

struct peer_member {
    uint16_t index;
    struct public_key node_key;
    char endpoint[PEER_ENDPOINT_MAX + 1]; /* host:port or [ipv6]:port; "" is never dialled */
};

struct peers_callbacks {
    /* The hello of our own that would be right now; key, version and signature are filled in here.
     */
    void (*describe)(void *user, struct hello *hello);

    void (*on_up)(void *user, uint16_t peer, const struct hello *hello);

    /* reason is a constant word for logs and metrics; detail a sentence or "". */
    void (*on_down)(void *user, uint16_t peer, const char *reason, const char *detail);

    /* A whole frame other than hello, ping, bye. payload is valid until the callback returns; keep
     * it with blob_ref. STATUS_MALFORMED closes the connection and counts against the peer; any
     * other status is ignored. */
    enum status (*on_frame)(void *user, uint16_t peer, enum frame_kind kind, struct blob *payload);

    /* A ping or pong. round_trip_ms is UINT64_MAX with a ping. */
    void (*on_state)(void *user, uint16_t peer, const struct peer_state *state,
                     uint64_t round_trip_ms);

    /* A connection was refused before it counted, by us, or by the peer with a reason (peer is
     * PEER_NONE if the key is not known yet). May be NULL. */
    void (*on_refused)(void *user, uint16_t peer, const char *reason, const char *detail);
};

struct peers_options {
    const struct secret_key *node_key; /* copied */
    const char *listen[PEERS_LISTEN_MAX];
    size_t listen_count;
    size_t batch_bytes_max;
    size_t queue_max;                    /* unsent bytes for a peer */
    uint64_t retry_min_ms, retry_max_ms; /* see peers_set_retry */
    uint64_t hello_ms;                   /* deadline of TLS and hello together; 0 = 5000 */
    uint64_t ping_ms; /* idle time before a ping; 0 = 5000; three missed ones close */
    struct peers_callbacks callbacks;
    void *user;
};

/* Makes TLS context and listeners, dials nobody yet. STATUS_BUSY: an address is in use;
 * STATUS_INVALID: not an address; *problem names it. */
enum status peers_new(struct peers **peers, uv_loop_t *loop, const struct peers_options *options,
                      struct problem *problem);

/* The validators (ourselves may be among them: found by key and left out) and the observers, whose
 * index is not looked at. Both lists are copied. Connections of nodes that are still listed stay,
 * with their new index; others are closed. Then dials who has an endpoint. */
enum status peers_set_members(struct peers *peers, const struct peer_member *members,
                              size_t members_count, const struct peer_member *observers,
                              size_t observers_count);

/* Pauses before dialling again, from now on; one that is under way ends as it began. */
void peers_set_retry(struct peers *peers, uint64_t retry_min_ms, uint64_t retry_max_ms);

/* The largest batch of the chain, for the limits of frames from now on. */
void peers_set_batch_max(struct peers *peers, size_t batch_bytes_max);

/* A ping to everybody now: frames that follow are of the state that it tells. */
void peers_announce(struct peers *peers);

/* Enqueues a frame: head (copied), then body (referenced; may be NULL). STATUS_CLOSED: not
 * connected. STATUS_FULL: a droppable frame did not fit; an undroppable one closes the connection.
 * STATUS_TOO_LARGE: above the kind's limit (our own mistake). */
enum status peers_send(struct peers *peers, uint16_t peer, enum frame_kind kind, struct span head,
                       struct blob *body, bool droppable);

/* To every connected validator; signatures of blocks to observers too, who learn from them at once
 * what they may ask for. */
void peers_broadcast(struct peers *peers, enum frame_kind kind, struct span head, struct blob *body,
                     bool droppable);

/* Closes a connection for breaking the rules, as if the format were broken: counts, and shuns. */
void peers_punish(struct peers *peers, uint16_t peer, const char *reason);

bool peers_connected(const struct peers *peers, uint16_t peer);
size_t peers_connected_count(const struct peers *peers); /* validators only, without ourselves */

struct peer_info {
    uint16_t peer;
    struct public_key node_key;
    char endpoint[PEER_ENDPOINT_MAX + 1];
    bool connected;
    bool dialled;            /* by us */
    struct peer_state state; /* last said */
    uint64_t heard_ms;       /* loop time (uv_now) when it was said */
    uint64_t round_trip_ms;
    uint64_t up_since_ms; /* loop time */
    size_t queue_bytes;
    uint64_t bytes_in, bytes_out; /* plaintext, since start */
    uint64_t frames_in, frames_out;
    uint64_t dropped;     /* droppable frames that were */
    uint64_t disconnects; /* since start */
    uint64_t offences;    /* breaches of format since start */
    uint64_t shunned_until_ms;
    char software[SOFTWARE_MAX + 1];
    char last_error[384]; /* why it is not connected */
};
/* The next known peer at or after *cursor (start with 0); false at the end. */
bool peers_next(const struct peers *peers, size_t *cursor, struct peer_info *info);

/* The address a listener is bound to ("127.0.0.1:7790"); for tests with port 0 and for logs. */
bool peers_listen_address(const struct peers *peers, size_t listener,
                          char text[PEER_ENDPOINT_MAX + 1]);

/* Says bye, closes every connection, listener and timer, calls no callback any more; on_closed (may
 * be NULL) runs when the loop has closed everything, and it or somebody later calls peers_free. */
void peers_stop(struct peers *peers, void (*on_closed)(void *user), void *user);
void peers_free(struct peers *peers);

#endif
