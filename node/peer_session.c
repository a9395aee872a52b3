#include "node/metrics.h"
#include "node/peers_internal.h"
#include <assert.h>
#include <stdio.h>

static_assert((int)LABEL_frame_bye == FRAME_BYE && (int)LABEL_frame_engine == FRAME_ENGINE,
              "the label of a frame is its kind");

void frame_count(enum frame_kind kind, bool out, size_t payload_size)
{
    uint32_t direction = out ? LABEL_direction_out : LABEL_direction_in;
    uint32_t cell = metric_cell(METRIC_peer_messages_total, (uint32_t)kind, direction);
    metric_add(METRIC_peer_messages_total, cell, 1);
    metric_add(METRIC_peer_bytes_total, cell, FRAME_HEAD_BYTES + payload_size);
}

/* ---- sending ---- */

static void send_small(struct connection *connection, enum frame_kind kind, const struct writer *w)
{
    ASSERT(writer_status(w) == STATUS_OK);
    if (peer_queue_add(&connection->queue, kind, writer_span(w), NULL, false) != STATUS_OK) return;
    if (connection->peer) connection->peer->info.frames_out++;
    frame_count(kind, true, writer_span(w).size);
    connection_flush(connection);
}

static void describe(struct connection *connection, struct hello *hello)
{
    const struct peers *peers = connection->peers;
    *hello = (struct hello){ 0 };
    peers->options.callbacks.describe(peers->options.user, hello);
    hello->version = WIRE_VERSION;
    hello->node_key = peers->self;
}

static void send_ping(struct connection *connection, bool pong, uint64_t token)
{
    struct hello hello;
    describe(connection, &hello);
    struct ping ping = { .pong = pong, .token = token, .state = hello.state };
    uint8_t bytes[PING_BYTES];
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    ping_write(&w, &ping);
    send_small(connection, FRAME_PING, &w);
}

static enum hello_direction own_direction(const struct connection *connection)
{
    return connection->dialled ? HELLO_DIALLED : HELLO_ACCEPTED;
}

/* ---- the beginning ---- */

/* Whose key has TLS proven? For a dialled connection it must be the one that was meant. */
static bool peer_identify(struct connection *connection)
{
    struct peers *peers = connection->peers;
    if (!tls_peer_key(connection->tls, &connection->key) ||
        tls_exporter(connection->tls, HELLO_EXPORTER, connection->exporter) != STATUS_OK) {
        connection_end(connection, "tls", tls_error(connection->tls), NULL);
        return false;
    }
    struct peer *peer = peer_find(peers, &connection->key);
    if (!peer) {
        connection_end(connection, "unknown_key", "not on the list any more", NULL);
        return false;
    }
    if (connection->dialled && peer != connection->peer) {
        connection_end(connection, "unknown_key", "another node answers at this address", NULL);
        return false;
    }
    connection->peer = peer;
    if (peer->shunned_until_ms > uv_now(peers->loop)) {
        connection_end(connection, "shunned", "broke the format before", NULL);
        return false;
    }
    return true;
}

void session_begin(struct connection *connection)
{
    if (!peer_identify(connection)) return;
    struct hello hello;
    describe(connection, &hello);
    uint8_t bytes[HELLO_BYTES_MAX];
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    if (hello_sign(&hello, &connection->peers->node_key, own_direction(connection),
                   &connection->key, connection->exporter) != STATUS_OK) {
        connection_end(connection, "bad_hello", "ours cannot be signed", NULL);
        return;
    }
    hello_write(&w, &hello);
    send_small(connection, FRAME_HELLO, &w);
}

/* ---- their hello ---- */

/* Another chain or version cannot be talked to: both sides are told both values. */
static void refuse_hello(struct connection *connection, const char *reason, const char *ours,
                         const char *yours)
{
    struct bye bye = { 0 };
    snprintf(bye.reason, sizeof bye.reason, "%s", reason);
    snprintf(bye.ours, sizeof bye.ours, "%s", ours);
    snprintf(bye.yours, sizeof bye.yours, "%s", yours);
    char detail[300];
    snprintf(detail, sizeof detail, "ours %s, theirs %s", ours, yours);
    connection_end(connection, reason, detail, &bye);
}

static bool hello_accept(struct connection *connection, struct span bytes, struct hello *hello)
{
    enum status status = hello_read(bytes, hello);
    if (status == STATUS_UNSUPPORTED) {
        char ours[8];
        char theirs[8];
        snprintf(ours, sizeof ours, "%u", (unsigned)WIRE_VERSION);
        snprintf(theirs, sizeof theirs, "%u", hello->version);
        refuse_hello(connection, "wrong_version", ours, theirs);
        return false;
    }
    enum hello_direction theirs = connection->dialled ? HELLO_ACCEPTED : HELLO_DIALLED;
    if (status == STATUS_OK)
        status = hello_verify(hello, theirs, &connection->peers->self, &connection->key,
                              connection->exporter);
    if (status != STATUS_OK) {
        session_offend(connection, "bad_hello", status_text(status));
        return false;
    }
    struct hello own;
    describe(connection, &own);
    if (digest_equal(&own.chain_id, &hello->chain_id)) return true;
    char ours_hex[65];
    char theirs_hex[65];
    hex_encode(digest_span(&own.chain_id), ours_hex);
    hex_encode(digest_span(&hello->chain_id), theirs_hex);
    refuse_hello(connection, "wrong_chain", ours_hex, theirs_hex);
    return false;
}

/* Both sides of a pair keep the connection that the smaller key dialled. */
static bool preferred(const struct connection *connection)
{
    bool we_are_smaller = key_compare(&connection->peers->self, &connection->key) < 0;
    return connection->dialled == we_are_smaller;
}

/* May this connection take the place of the one that is up? Yes if the rule says so, if it was made
 * by the same side (which then has lost the other one), or if the other one has gone quiet. */
static bool replaces(const struct connection *connection, const struct connection *up)
{
    if (connection->dialled == up->dialled) return true;
    return preferred(connection) || up->silent > 1;
}

/* This connection is up; is the one that we are dialling of no use? Not if the other side may keep
 * that one because the rule prefers it: then both would be closed. */
static bool redundant(const struct connection *dialled)
{
    return dialled->state < CONNECTION_HELLO || !preferred(dialled);
}

void session_announce(struct connection *connection)
{
    connection->ping_sent_ms = uv_now(connection->peers->loop);
    send_ping(connection, false, connection->ping_sent_ms);
}

static void on_ping_time(uv_timer_t *timer)
{
    struct connection *connection = timer->data;
    /* Counted in intervals, not in time: after this process was suspended, the peers' bytes wait in
     * the sockets and only one interval has passed. */
    if (++connection->silent > SILENT_PINGS_MAX) {
        connection_end(connection, "timeout", "no answer to pings", NULL);
        return;
    }
    session_announce(connection);
}

static void session_up(struct connection *connection, const struct hello *hello)
{
    struct peers *peers = connection->peers;
    struct peer *peer = connection->peer;
    connection->state = CONNECTION_UP;
    connection->decoder.hello_only = false;
    if (!connection->dialled) peers->pending--;
    if (peer->dialled == connection) peer->dialled = NULL;
    peer->up = connection;
    peer->pause_ms = peers->options.retry_min_ms;
    uv_timer_stop(&peer->retry);
    uv_timer_start(&connection->timer, on_ping_time, peers->options.ping_ms,
                   peers->options.ping_ms);

    struct peer_info *info = &peer->info;
    info->state = hello->state;
    info->heard_ms = info->up_since_ms = uv_now(peers->loop);
    info->last_error[0] = 0;
    memcpy(info->software, hello->software, sizeof info->software);
    peers->options.callbacks.on_up(peers->options.user, peer->index, hello);
}

static void on_hello(struct connection *connection, struct span bytes)
{
    struct hello hello;
    if (!hello_accept(connection, bytes, &hello)) return;
    struct connection *up = connection->peer->up;
    struct bye bye = { .reason = "duplicate" };
    if (up && !replaces(connection, up)) {
        connection_end(connection, "duplicate", "", &bye);
        return;
    }
    /* Takes the place first, so that the end of the other one dials nobody. */
    struct peer *peer = connection->peer;
    if (up) connection_end(up, "duplicate", "", &bye);
    if (!connection_live(connection) || connection->peer != peer) return;
    session_up(connection, &hello);
    if (connection_live(connection) && peer->dialled && redundant(peer->dialled))
        connection_end(peer->dialled, "duplicate", "", &bye);
}

/* ---- frames ---- */

static void on_ping(struct connection *connection, struct span bytes)
{
    struct ping ping;
    if (ping_read(bytes, &ping) != STATUS_OK) {
        session_offend(connection, "malformed", "a ping");
        return;
    }
    struct peers *peers = connection->peers;
    struct peer_info *info = &connection->peer->info;
    uint64_t now = uv_now(peers->loop);
    uint64_t round_trip_ms = UINT64_MAX;
    info->state = ping.state;
    info->heard_ms = now;
    if (ping.pong && ping.token == connection->ping_sent_ms)
        info->round_trip_ms = round_trip_ms = now - ping.token;
    peers->options.callbacks.on_state(peers->options.user, connection->peer->index, &ping.state,
                                      round_trip_ms);
    if (!ping.pong && connection_live(connection)) send_ping(connection, true, ping.token);
}

static void on_bye(struct connection *connection, struct span bytes)
{
    struct bye bye;
    if (bye_read(bytes, &bye) != STATUS_OK) {
        session_offend(connection, "malformed", "a bye");
        return;
    }
    /* Reasons are the peer's words: only those we know become words of our own. */
    static const char *const known[] = { "wrong_chain", "wrong_version", "duplicate", "closing" };
    const char *reason = "closed";
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(bye.reason, known[i]) == 0) reason = known[i];
    char detail[300] = "by the peer";
    if (bye.ours[0] || bye.yours[0])
        snprintf(detail, sizeof detail, "theirs %s, ours %s", bye.ours, bye.yours);
    connection_end(connection, reason, detail, NULL);
}

void session_frame(struct connection *connection, enum frame_kind kind, struct blob *payload)
{
    struct peers *peers = connection->peers;
    ASSERT(connection->peer != NULL);
    connection->peer->info.frames_in++;
    connection->peer->info.bytes_in += FRAME_HEAD_BYTES + payload->size;
    frame_count(kind, false, payload->size);
    if (connection->state == CONNECTION_HELLO) {
        on_hello(connection, blob_span(payload)); /* The decoder lets nothing else through. */
        return;
    }
    switch (kind) {
    case FRAME_HELLO: session_offend(connection, "malformed", "a second hello"); return;
    case FRAME_PING: on_ping(connection, blob_span(payload)); return;
    case FRAME_BYE: on_bye(connection, blob_span(payload)); return;
    default: break;
    }
    enum status status = peers->options.callbacks.on_frame(peers->options.user,
                                                           connection->peer->index, kind, payload);
    if (status == STATUS_MALFORMED && connection_live(connection))
        session_offend(connection, "malformed", frame_name((uint8_t)kind));
}

/* The first offence costs two seconds, each further one twice the one before; ten good minutes
 * forgive all. */
void session_offend(struct connection *connection, const char *reason, const char *detail)
{
    struct peer *peer = connection->peer;
    if (peer) {
        uint64_t now = uv_now(connection->peers->loop);
        if (peer->offences_recent > 0 && now - peer->offended_ms > SHUN_MS_MAX)
            peer->offences_recent = 0;
        peer->offended_ms = now;
        peer->info.offences++;
        uint64_t shun_ms = (uint64_t)SHUN_MS_MIN << peer->offences_recent;
        if (peer->offences_recent < 16) peer->offences_recent++;
        peer->shunned_until_ms = now + min_u64(shun_ms, SHUN_MS_MAX);
    }
    struct bye bye = { 0 };
    snprintf(bye.reason, sizeof bye.reason, "malformed");
    connection_end(connection, reason, detail, &bye);
}
