#include "node/peers_internal.h"

#include <stdio.h>
#include <stdlib.h>

bool connection_live(const struct connection *connection)
{
    return connection->state != CONNECTION_CLOSED && !connection->doomed;
}

static void connection_release(struct connection *connection)
{
    struct peers *peers = connection->peers;
    ASSERT(connection->references > 0);
    connection->references--;
    if (connection->references == 0) {
        frame_decoder_free(&connection->decoder);
        peer_queue_free(&connection->queue);
        tls_free(connection->tls);
        free(connection);
    }
    handle_released(peers);
}

static void on_handle_closed(uv_handle_t *handle)
{
    connection_release(handle->data);
}

void connection_lookup_begin(struct connection *connection)
{
    connection->references++;
    connection->peers->handles++;
}

void connection_lookup_done(struct connection *connection)
{
    connection_release(connection);
}

static void on_deadline(uv_timer_t *timer)
{
    struct connection *connection = timer->data;
    connection_end(connection, "timeout", "no hello in time", NULL);
}

struct connection *connection_new(struct peers *peers, struct peer *peer)
{
    struct connection *connection = calloc(1, sizeof *connection);
    if (!connection) return NULL;
    connection->dialled = peer != NULL;
    if (tls_new(&connection->tls, peers->tls, !connection->dialled) != STATUS_OK) {
        free(connection);
        return NULL;
    }
    connection->peers = peers;
    connection->peer = peer;
    connection->state = CONNECTION_DIALLING;
    connection->next = peers->connections;
    if (connection->next) connection->next->previous = connection;
    peers->connections = connection;
    if (!connection->dialled) peers->pending++;

    uv_tcp_init(peers->loop, &connection->socket);
    uv_timer_init(peers->loop, &connection->timer);
    connection->socket.data = connection;
    connection->timer.data = connection;
    connection->references = 2;
    peers->handles += 2;
    frame_decoder_init(&connection->decoder, peers->options.batch_bytes_max);
    peer_queue_init(&connection->queue, peers->options.queue_max);
    uv_timer_start(&connection->timer, on_deadline, peers->options.hello_ms, 0);
    return connection;
}

/* ---- bytes out ---- */

static void on_written(uv_write_t *write, int result)
{
    struct connection *connection = write->data;
    connection->writing = false;
    if (!connection_live(connection)) return;
    if (result < 0)
        connection_end(connection, "closed", uv_strerror(result), NULL);
    else
        connection_flush(connection);
}

/* Encrypts what waits, as long as the next write has room for it. */
static enum status queue_encrypt(struct connection *connection)
{
    uint8_t plain[TLS_RECORD_BYTES];
    enum status status = STATUS_OK;
    while (status == STATUS_OK && tls_pending(connection->tls) < SOCKET_BYTES) {
        size_t size = peer_queue_take(&connection->queue, plain, sizeof plain);
        if (size == 0) break;
        status = tls_write(connection->tls, span_of(plain, size));
        if (connection->peer) connection->peer->info.bytes_out += size;
    }
    return status;
}

void connection_flush(struct connection *connection)
{
    if (!connection_live(connection) || connection->writing) return;
    if (connection->state >= CONNECTION_HELLO && queue_encrypt(connection) != STATUS_OK) {
        connection_end(connection, "tls", tls_error(connection->tls), NULL);
        return;
    }
    size_t size;
    if (tls_drain(connection->tls, connection->out, SOCKET_BYTES, &size) != STATUS_OK) {
        connection_end(connection, "tls", tls_error(connection->tls), NULL);
        return;
    }
    if (size == 0) return;
    uv_buf_t buffer = uv_buf_init((char *)connection->out, (unsigned)size);
    connection->write.data = connection;
    connection->writing = true;
    int result =
        uv_write(&connection->write, (uv_stream_t *)&connection->socket, &buffer, 1, on_written);
    if (result < 0) {
        connection->writing = false;
        connection_end(connection, "closed", uv_strerror(result), NULL);
    }
}

/* ---- bytes in ---- */

static void handshake(struct connection *connection)
{
    enum status status = tls_handshake(connection->tls);
    if (status == STATUS_OK) {
        connection->state = CONNECTION_HELLO;
        session_begin(connection);
    } else if (status != STATUS_BUSY) {
        bool unknown = status == STATUS_REFUSED;
        connection_end(connection, unknown ? "unknown_key" : "tls", tls_error(connection->tls),
                       NULL);
        return;
    }
    connection_flush(connection);
}

/* Hands whole frames on; says why a stream cannot be read any further. */
static void frames_take(struct connection *connection, struct span bytes)
{
    while (connection_live(connection)) {
        enum frame_kind kind;
        struct blob *payload;
        enum status status = frame_decode(&connection->decoder, &bytes, &kind, &payload);
        if (status == STATUS_BUSY) return;
        if (status == STATUS_OK) {
            session_frame(connection, kind, payload);
            blob_unref(payload);
        } else if (status == STATUS_NO_MEMORY) {
            connection_end(connection, "no_memory", "", NULL);
        } else {
            session_offend(connection, "malformed",
                           status == STATUS_TOO_LARGE ? "a frame is too large"
                           : status == STATUS_REFUSED ? "a frame before the hello"
                                                      : "a frame of an unknown kind");
        }
    }
}

static void plaintext_read(struct connection *connection)
{
    uint8_t plain[TLS_RECORD_BYTES];
    while (connection_live(connection)) {
        size_t size;
        enum status status = tls_read(connection->tls, plain, sizeof plain, &size);
        if (status == STATUS_BUSY) break;
        if (status == STATUS_CLOSED)
            connection_end(connection, "closed", "by the peer", NULL);
        else if (status != STATUS_OK)
            connection_end(connection, "tls", tls_error(connection->tls), NULL);
        else
            frames_take(connection, span_of(plain, size));
    }
    connection_flush(connection); /* TLS itself may have something to say. */
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    (void)suggested;
    struct connection *connection = handle->data;
    /* One buffer for all: it is used up before the callback returns. */
    *buffer = uv_buf_init((char *)connection->peers->in, SOCKET_BYTES);
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
    struct connection *connection = stream->data;
    if (!connection_live(connection) || size == 0) return;
    if (size < 0) {
        connection_end(connection, "closed",
                       size == UV_EOF ? "by the peer" : uv_strerror((int)size), NULL);
        return;
    }
    connection->silent = 0;
    connection->heard_ms = uv_now(connection->peers->loop);
    if (tls_feed(connection->tls, span_of(buffer->base, (size_t)size)) != STATUS_OK) {
        connection_end(connection, "tls", tls_error(connection->tls), NULL);
        return;
    }
    if (connection->state == CONNECTION_TLS) handshake(connection);
    if (connection_live(connection) && connection->state != CONNECTION_TLS)
        plaintext_read(connection);
}

void connection_start(struct connection *connection)
{
    connection->state = CONNECTION_TLS;
    uv_tcp_nodelay(&connection->socket, 1);
    int result = uv_read_start((uv_stream_t *)&connection->socket, on_alloc, on_read);
    if (result < 0)
        connection_end(connection, "closed", uv_strerror(result), NULL);
    else if (connection->dialled)
        handshake(connection); /* The client speaks first. */
}

/* ---- the end ---- */

/* Last words, without waiting: if the socket takes them now, good. */
static void say_bye(struct connection *connection, const struct bye *bye)
{
    if (connection->state >= CONNECTION_HELLO) {
        if (bye && connection->queue.offset == 0) { /* Never inside another frame. */
            uint8_t bytes[512];
            struct writer w;
            writer_init_fixed(&w, bytes, sizeof bytes);
            bye_write(&w, bye);
            peer_queue_free(&connection->queue);
            if (peer_queue_add(&connection->queue, FRAME_BYE, writer_span(&w), NULL, false) ==
                STATUS_OK)
                (void)queue_encrypt(connection);
        }
        tls_shutdown(connection->tls);
    }
    if (connection->writing || connection->state < CONNECTION_TLS) return;
    size_t size;
    if (tls_drain(connection->tls, connection->out, SOCKET_BYTES, &size) != STATUS_OK || size == 0)
        return;
    uv_buf_t buffer = uv_buf_init((char *)connection->out, (unsigned)size);
    (void)uv_try_write((uv_stream_t *)&connection->socket, &buffer, 1);
}

static void connection_unlink(struct connection *connection)
{
    struct peers *peers = connection->peers;
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        peers->connections = connection->next;
    if (connection->next) connection->next->previous = connection->previous;
    connection->previous = connection->next = NULL;
}

static void on_doom(uv_timer_t *timer)
{
    struct connection *connection = timer->data;
    connection_end(connection, connection->doomed_reason, connection->doomed_detail,
                   connection->doomed_bye ? &connection->bye : NULL);
}

static void connection_doom(struct connection *connection, const char *reason, const char *detail,
                            const struct bye *bye)
{
    if (connection->doomed) return;
    connection->doomed = true;
    connection->doomed_reason = reason;
    snprintf(connection->doomed_detail, sizeof connection->doomed_detail, "%s", detail);
    connection->doomed_bye = bye != NULL;
    if (bye) connection->bye = *bye;
    uv_timer_start(&connection->timer, on_doom, 0, 0);
}

void connection_end(struct connection *connection, const char *reason, const char *detail,
                    const struct bye *bye)
{
    struct peers *peers = connection->peers;
    if (connection->state == CONNECTION_CLOSED) return;
    if (peers->in_call) {
        connection_doom(connection, reason, detail, bye);
        return;
    }
    struct peer *peer = connection->peer;
    enum connection_state before = connection->state;
    char kept[CONNECTION_DETAIL]; /* detail may point into what is about to go */
    snprintf(kept, sizeof kept, "%s", detail);

    say_bye(connection, bye);
    connection->state = CONNECTION_CLOSED;
    connection_unlink(connection);
    if (!connection->dialled && before < CONNECTION_UP) peers->pending--;
    uv_close((uv_handle_t *)&connection->socket, on_handle_closed);
    uv_close((uv_handle_t *)&connection->timer, on_handle_closed);
    if (connection->references > 2) uv_cancel((uv_req_t *)&connection->lookup);
    if (!peer) {
        refused(peers, NULL, reason, kept);
        return;
    }
    connection->peer = NULL;
    if (peer->dialled == connection) peer->dialled = NULL;
    bool was_up = peer->up == connection;
    if (was_up) peer->up = NULL;
    snprintf(peer->info.last_error, sizeof peer->info.last_error, "%s%s%s", reason,
             kept[0] ? ": " : "", kept);
    if (was_up) {
        peer->info.disconnects++;
        if (!peers->stopping)
            peers->options.callbacks.on_down(peers->options.user, peer->index, reason, kept);
    } else if (before > CONNECTION_DIALLING) {
        refused(peers, peer, reason, kept); /* Who cannot be reached was not refused. */
    }
    peer_dial_failed(peer);
}
