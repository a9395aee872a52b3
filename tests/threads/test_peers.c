/* Peers on loopback: pairs that find each other and keep one connection, frames in order, strangers
 * and liars refused, a slow reader, a restart. One loop, several nodes in it. */
#include "crypto/tls.h"
#include "node/peers.h"
#include "tests/threads/check.h"
#include <signal.h>
#include <stdbool.h>
#include <string.h>

enum { NODES_MAX = 4, BATCH_MAX = 1 << 20 };

struct node {
    struct peers *peers;
    struct secret_key secret;
    struct public_key key;
    uint16_t index;
    char address[PEER_ENDPOINT_MAX + 1];
    uint8_t chain; /* fills the chain id */
    uint64_t height;
    int ups, downs, frames, states, refusals;
    uint16_t up_peer;
    struct hello hello;
    uint64_t frame_bytes;
    uint64_t next_expected;
    enum status frame_answer;
    char down_reason[32];
    char refuse_reason[32];
    char refuse_detail[320];
    uint64_t seen_height;
    bool closed;
};

static uv_loop_t loop;
static struct node nodes[NODES_MAX];
static size_t queue_max = 4 << 20;

static void on_describe(void *user, struct hello *hello)
{
    struct node *node = user;
    memset(hello->chain_id.bytes, node->chain, sizeof hello->chain_id.bytes);
    hello->role = PEER_VALIDATOR;
    hello->state.height = node->height;
    strcpy(hello->software, "witan test");
}

static void on_up(void *user, uint16_t peer, const struct hello *hello)
{
    struct node *node = user;
    node->ups++;
    node->up_peer = peer;
    node->hello = *hello;
}

static void on_down(void *user, uint16_t peer, const char *reason, const char *detail)
{
    struct node *node = user;
    (void)peer;
    (void)detail;
    node->downs++;
    snprintf(node->down_reason, sizeof node->down_reason, "%s", reason);
}

/* Frames carry their number first; they must come in order, none missing. */
static enum status on_frame(void *user, uint16_t peer, enum frame_kind kind, struct blob *payload)
{
    struct node *node = user;
    (void)peer;
    CHECK(kind == FRAME_ENGINE || kind == FRAME_TRANSACTIONS);
    CHECK(payload->size >= 8);
    uint64_t number;
    memcpy(&number, payload->data, sizeof number);
    if (kind == FRAME_ENGINE) CHECK(number == node->next_expected++);
    node->frames++;
    node->frame_bytes += payload->size;
    return node->frame_answer;
}

static void on_state(void *user, uint16_t peer, const struct peer_state *state,
                     uint64_t round_trip_ms)
{
    struct node *node = user;
    (void)peer;
    (void)round_trip_ms;
    node->states++;
    node->seen_height = state->height;
}

static void on_refused(void *user, uint16_t peer, const char *reason, const char *detail)
{
    struct node *node = user;
    (void)peer;
    node->refusals++;
    snprintf(node->refuse_reason, sizeof node->refuse_reason, "%s", reason);
    snprintf(node->refuse_detail, sizeof node->refuse_detail, "%s", detail);
}

static void on_stopped(void *user)
{
    struct node *node = user;
    node->closed = true;
}

static void node_start(struct node *node, uint64_t hello_ms, uint64_t ping_ms)
{
    struct peers_options options = {
        .node_key = &node->secret,
        .listen = { node->address[0] ? node->address : "127.0.0.1:0" },
        .listen_count = 1,
        .batch_bytes_max = BATCH_MAX,
        .queue_max = queue_max,
        .retry_min_ms = 20,
        .retry_max_ms = 100,
        .hello_ms = hello_ms,
        .ping_ms = ping_ms,
        .callbacks = { on_describe, on_up, on_down, on_frame, on_state, on_refused },
        .user = node,
    };
    struct problem problem = { 0 };
    enum status status = peers_new(&node->peers, &loop, &options, &problem);
    if (status != STATUS_OK) fprintf(stderr, "%s\n", problem.text);
    CHECK(status == STATUS_OK);
    CHECK(peers_listen_address(node->peers, 0, node->address));
}

static void node_prepare(struct node *node, uint16_t index)
{
    *node = (struct node){ .index = index, .chain = 9, .frame_answer = STATUS_OK };
    key_generate(&node->secret, &node->key);
}

static void know_each_other(size_t count)
{
    struct peer_member members[NODES_MAX] = { 0 };
    for (size_t i = 0; i < count; i++) {
        members[i].index = nodes[i].index;
        members[i].node_key = nodes[i].key;
        strcpy(members[i].endpoint, nodes[i].address);
    }
    for (size_t i = 0; i < count; i++)
        CHECK(peers_set_members(nodes[i].peers, members, count, NULL, 0) == STATUS_OK);
}

/* Only the second node can dial: there is one connection, and never a second that replaces it. */
static void know_one_way(void)
{
    struct peer_member members[2] = { 0 };
    for (size_t i = 0; i < 2; i++) {
        members[i].index = nodes[i].index;
        members[i].node_key = nodes[i].key;
    }
    CHECK(peers_set_members(nodes[0].peers, members, 2, NULL, 0) == STATUS_OK);
    strcpy(members[0].endpoint, nodes[0].address);
    CHECK(peers_set_members(nodes[1].peers, members, 2, NULL, 0) == STATUS_OK);
}

static void nodes_prepare(size_t count, uint64_t hello_ms, uint64_t ping_ms)
{
    for (size_t i = 0; i < count; i++) {
        node_prepare(&nodes[i], (uint16_t)i);
        node_start(&nodes[i], hello_ms, ping_ms);
    }
}

static void nodes_start(size_t count, uint64_t hello_ms, uint64_t ping_ms)
{
    nodes_prepare(count, hello_ms, ping_ms);
    know_each_other(count);
}

static void node_stop(struct node *node)
{
    node->closed = false;
    peers_stop(node->peers, on_stopped, node);
    while (!node->closed)
        uv_run(&loop, UV_RUN_ONCE);
    peers_free(node->peers);
    node->peers = NULL;
}

static void nodes_stop(size_t count)
{
    for (size_t i = 0; i < count; i++)
        node_stop(&nodes[i]);
    CHECK(uv_run(&loop, UV_RUN_DEFAULT) == 0);
}

/* Turns the loop until the condition holds, at most ten seconds. */
static void on_tick(uv_timer_t *timer)
{
    (void)timer;
}

static void spin(bool (*condition)(void))
{
    uv_timer_t timer;
    uv_timer_init(&loop, &timer);
    uv_timer_start(&timer, on_tick, 5, 5);
    uint64_t start = uv_hrtime();
    while (!condition()) {
        CHECK(uv_hrtime() - start < 10000000000u);
        uv_run(&loop, UV_RUN_ONCE);
    }
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&loop, UV_RUN_NOWAIT);
}

static uint64_t spin_until;
static bool time_passed(void)
{
    return uv_hrtime() >= spin_until;
}

static void spin_ms(uint64_t ms)
{
    spin_until = uv_hrtime() + ms * 1000000;
    spin(time_passed);
}

static bool all_connected_4(void)
{
    for (int i = 0; i < 4; i++)
        if (peers_connected_count(nodes[i].peers) != 3) return false;
    return true;
}

static bool pair_connected(void)
{
    return peers_connected(nodes[0].peers, 1) && peers_connected(nodes[1].peers, 0);
}

/* ---- good days ---- */

/* Four nodes dial each other at once; in the end each pair has one connection, dialled by the
 * smaller key or undisputed, and it stays. */
static void test_four(void)
{
    nodes_start(4, 5000, 50);
    nodes[2].height = 77;
    spin(all_connected_4);
    spin_ms(300);
    CHECK(all_connected_4());
    int downs = 0;
    for (int i = 0; i < 4; i++)
        downs += nodes[i].downs;
    spin_ms(300);
    for (int i = 0; i < 4; i++) {
        downs -= nodes[i].downs;
        CHECK(nodes[i].refusals == 0);
        CHECK(nodes[i].states > 5); /* pings */
    }
    CHECK(downs == 0); /* no flapping */
    CHECK(nodes[0].hello.version == WIRE_VERSION);
    CHECK(strcmp(nodes[0].hello.software, "witan test") == 0);
    size_t cursor = 0;
    struct peer_info info;
    int found = 0;
    while (peers_next(nodes[0].peers, &cursor, &info)) {
        CHECK(info.connected);
        CHECK(info.peer != 0); /* never ourselves */
        if (info.peer == 2) CHECK(info.state.height == 77);
        found++;
    }
    CHECK(found == 3);
    nodes_stop(4);
}

static int frames_wanted;
static bool frames_there(void)
{
    return nodes[1].frames >= frames_wanted;
}

static void send_numbered(struct node *node, uint16_t peer, uint64_t number, struct blob *body)
{
    struct span head = span_of(&number, sizeof number);
    CHECK(peers_send(node->peers, peer, FRAME_ENGINE, head, body, false) == STATUS_OK);
}

static void test_frames_in_order(void)
{
    nodes_prepare(2, 5000, 5000);
    know_one_way();
    spin(pair_connected);
    struct blob *body = blob_new(BATCH_MAX);
    memset(body->data, 0x5a, body->size);
    for (uint64_t i = 0; i < 200; i++)
        send_numbered(&nodes[0], 1, i, i == 100 ? body : NULL);
    frames_wanted = 200;
    spin(frames_there);
    CHECK(nodes[1].frame_bytes == 200 * 8 + BATCH_MAX);
    CHECK(atomic_load(&body->references) == 1); /* The queue has let go. */

    struct blob *too_large = blob_new(BATCH_MAX + FRAME_BATCH_EXTRA);
    CHECK(peers_send(nodes[0].peers, 1, FRAME_ENGINE, span_text("x"), too_large, false) ==
          STATUS_TOO_LARGE);
    CHECK(peers_send(nodes[0].peers, 7, FRAME_ENGINE, span_text("x"), NULL, false) ==
          STATUS_CLOSED);
    CHECK(peers_send(nodes[0].peers, 0, FRAME_ENGINE, span_text("x"), NULL, false) ==
          STATUS_CLOSED);
    peers_broadcast(nodes[0].peers, FRAME_TRANSACTIONS, span_text("12345678"), NULL, true);
    frames_wanted = 201;
    spin(frames_there);
    CHECK(nodes[0].downs + nodes[1].downs == 0);
    blob_unref(body);
    blob_unref(too_large);
    nodes_stop(2);
}

static bool node0_down(void)
{
    return nodes[0].downs > 0;
}

/* A node that goes and comes back at the same address is found again. */
static void test_restart(void)
{
    nodes_prepare(2, 5000, 5000);
    know_one_way();
    spin(pair_connected);
    int ups = nodes[0].ups;
    node_stop(&nodes[1]);
    spin(node0_down);
    CHECK(strcmp(nodes[0].down_reason, "closing") == 0);
    node_start(&nodes[1], 5000, 5000);
    know_each_other(2);
    spin(pair_connected);
    CHECK(nodes[0].ups > ups);
    nodes_stop(2);
}

/* The list changes: who is no longer on it is closed, and refused from then on. */
static void test_removed(void)
{
    nodes_prepare(2, 5000, 5000);
    know_one_way();
    spin(pair_connected);
    nodes[0].downs = 0;
    CHECK(peers_set_members(nodes[0].peers, NULL, 0, NULL, 0) == STATUS_OK);
    CHECK(nodes[0].downs == 1);
    CHECK(strcmp(nodes[0].down_reason, "removed") == 0);
    spin_ms(200);
    CHECK(!peers_connected(nodes[1].peers, 0));
    CHECK(strcmp(nodes[0].refuse_reason, "unknown_key") == 0);
    /* Back as an observer: the same key under another name. */
    struct peer_member observer = { .node_key = nodes[1].key };
    CHECK(peers_set_members(nodes[0].peers, NULL, 0, &observer, 1) == STATUS_OK);
    nodes[0].ups = 0;
    spin_ms(400);
    CHECK(peers_connected(nodes[0].peers, PEER_OBSERVER_FIRST));
    CHECK(nodes[0].up_peer == PEER_OBSERVER_FIRST);
    CHECK(peers_connected_count(nodes[0].peers) == 0);
    /* Others come and go before it on the list: it stays connected under the number it has. */
    struct secret_key unused;
    struct peer_member list[2] = { { .index = 0 }, observer };
    key_generate(&unused, &list[0].node_key);
    nodes[0].downs = 0;
    CHECK(peers_set_members(nodes[0].peers, NULL, 0, list, 2) == STATUS_OK);
    CHECK(peers_connected(nodes[0].peers, PEER_OBSERVER_FIRST));
    CHECK(!peers_connected(nodes[0].peers, PEER_OBSERVER_FIRST + 1));
    CHECK(peers_set_members(nodes[0].peers, NULL, 0, &observer, 1) == STATUS_OK);
    CHECK(peers_connected(nodes[0].peers, PEER_OBSERVER_FIRST));
    CHECK(nodes[0].downs == 0);
    nodes_stop(2);
}

static bool observers_connected(void)
{
    return peers_connected(nodes[0].peers, PEER_OBSERVER_FIRST) &&
           peers_connected(nodes[1].peers, PEER_OBSERVER_FIRST);
}

/* Two that are no validators: one knows where the other is. */
static void test_observer_dialled(void)
{
    nodes_prepare(2, 5000, 5000);
    struct peer_member first = { .node_key = nodes[0].key }, second = { .node_key = nodes[1].key };
    CHECK(peers_set_members(nodes[0].peers, NULL, 0, &second, 1) == STATUS_OK);
    strcpy(first.endpoint, nodes[0].address);
    CHECK(peers_set_members(nodes[1].peers, NULL, 0, &first, 1) == STATUS_OK);
    spin(observers_connected);
    CHECK(peers_connected_count(nodes[1].peers) == 0);
    nodes_stop(2);
}

/* A frame that the owner calls malformed ends the connection, and the peer is left alone. */
static void test_punish(void)
{
    nodes_start(2, 5000, 5000);
    spin(pair_connected);
    spin_ms(100);
    nodes[1].downs = 0;
    nodes[1].frame_answer = STATUS_MALFORMED;
    send_numbered(&nodes[0], 1, 0, NULL);
    spin_ms(300);
    CHECK(nodes[1].downs == 1);
    CHECK(strcmp(nodes[1].down_reason, "malformed") == 0);
    CHECK(!pair_connected()); /* shunned for two seconds */
    size_t cursor = 0;
    struct peer_info info;
    CHECK(peers_next(nodes[1].peers, &cursor, &info));
    CHECK(info.offences == 1);
    CHECK(info.shunned_until_ms > uv_now(&loop));
    nodes[1].frame_answer = STATUS_OK;
    nodes[1].next_expected = 0;
    spin(pair_connected); /* and then forgiven */
    nodes_stop(2);
}

/* The owner finds fault from within a callback or elsewhere: the end comes later. */
static void test_punish_by_call(void)
{
    nodes_start(2, 5000, 5000);
    spin(pair_connected);
    spin_ms(100);
    nodes[0].downs = 0;
    peers_punish(nodes[0].peers, 1, "malformed");
    CHECK(nodes[0].downs == 0);
    CHECK(!peers_connected(nodes[0].peers, 1));
    spin(node0_down);
    CHECK(strcmp(nodes[0].down_reason, "malformed") == 0);
    nodes_stop(2);
}

static bool node0_refused(void)
{
    return nodes[0].refusals > 0;
}

static void test_wrong_chain(void)
{
    node_prepare(&nodes[0], 0);
    node_prepare(&nodes[1], 1);
    nodes[1].chain = 10;
    node_start(&nodes[0], 5000, 5000);
    node_start(&nodes[1], 5000, 5000);
    know_each_other(2);
    spin(node0_refused);
    spin_ms(100);
    CHECK(strcmp(nodes[0].refuse_reason, "wrong_chain") == 0);
    CHECK(strstr(nodes[0].refuse_detail, "0909"));
    CHECK(strstr(nodes[0].refuse_detail, "0a0a"));
    CHECK(nodes[0].ups == 0 && nodes[1].ups == 0);
    nodes_stop(2);
}

/* ---- a client of our own, for what our own code does not do ---- */

struct raw {
    uv_tcp_t socket;
    uv_connect_t connect;
    uv_write_t write;
    struct tls_context *context;
    struct tls *tls;
    struct secret_key secret;
    struct public_key key;
    bool handshake_done, closed;
    uint8_t in[65536], out[65536];
    uint8_t received[4096];
    size_t received_size;
};

static bool anyone(void *user, const struct public_key *key)
{
    (void)user;
    (void)key;
    return true;
}

static void raw_flush(struct raw *raw)
{
    size_t size;
    CHECK(tls_drain(raw->tls, raw->out, sizeof raw->out, &size) == STATUS_OK);
    if (size == 0 || raw->closed) return;
    uv_buf_t buffer = uv_buf_init((char *)raw->out, (unsigned)size);
    (void)uv_try_write((uv_stream_t *)&raw->socket, &buffer, 1);
}

static void raw_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buffer)
{
    struct raw *raw = handle->data;
    (void)size;
    *buffer = uv_buf_init((char *)raw->in, sizeof raw->in);
}

static void raw_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
    struct raw *raw = stream->data;
    if (size < 0) {
        raw->closed = true;
        uv_read_stop(stream);
        return;
    }
    if (!raw->tls) return;
    if (tls_feed(raw->tls, span_of(buffer->base, (size_t)size)) != STATUS_OK) return;
    if (!raw->handshake_done && tls_handshake(raw->tls) == STATUS_OK) raw->handshake_done = true;
    size_t got;
    while (raw->handshake_done && raw->received_size < sizeof raw->received &&
           tls_read(raw->tls, raw->received + raw->received_size,
                    sizeof raw->received - raw->received_size, &got) == STATUS_OK)
        raw->received_size += got;
    raw_flush(raw);
}

static void raw_connected(uv_connect_t *connect, int result)
{
    struct raw *raw = connect->data;
    CHECK(result == 0);
    uv_read_start((uv_stream_t *)&raw->socket, raw_alloc, raw_read);
    if (!raw->tls) return;
    (void)tls_handshake(raw->tls);
    raw_flush(raw);
}

static void raw_open(struct raw *raw, const struct node *target, const struct node *identity,
                     bool with_tls)
{
    memset(raw, 0, sizeof *raw);
    raw->secret = identity->secret;
    raw->key = identity->key;
    if (with_tls) {
        CHECK(tls_context_new(&raw->context, &raw->secret, anyone, NULL) == STATUS_OK);
        CHECK(tls_new(&raw->tls, raw->context, false) == STATUS_OK);
    }
    uv_tcp_init(&loop, &raw->socket);
    raw->socket.data = raw;
    raw->connect.data = raw;
    struct sockaddr_in address;
    unsigned port = (unsigned)atoi(strrchr(target->address, ':') + 1);
    CHECK(uv_ip4_addr("127.0.0.1", (int)port, &address) == 0);
    CHECK(uv_tcp_connect(&raw->connect, &raw->socket, (const struct sockaddr *)&address,
                         raw_connected) == 0);
}

static void raw_close(struct raw *raw)
{
    uv_close((uv_handle_t *)&raw->socket, NULL);
    uv_run(&loop, UV_RUN_NOWAIT);
    tls_free(raw->tls);
    tls_context_free(raw->context);
}

static struct raw client;
static bool client_closed(void)
{
    return client.closed;
}
static bool client_shook_hands(void)
{
    return client.handshake_done;
}

/* Node 0 listens; node 1 exists only as an identity that it knows. */
static void lone_server(uint64_t hello_ms, uint64_t ping_ms)
{
    node_prepare(&nodes[0], 0);
    node_prepare(&nodes[1], 1);
    node_start(&nodes[0], hello_ms, ping_ms);
    struct peer_member member = { .index = 1, .node_key = nodes[1].key };
    CHECK(peers_set_members(nodes[0].peers, &member, 1, NULL, 0) == STATUS_OK);
}

static void client_send(enum frame_kind kind, struct span payload)
{
    uint8_t head[FRAME_HEAD_BYTES];
    frame_head_encode(head, kind, payload.size);
    CHECK(tls_write(client.tls, span_of(head, sizeof head)) == STATUS_OK);
    CHECK(tls_write(client.tls, payload) == STATUS_OK);
    raw_flush(&client);
}

static struct hello client_hello(void)
{
    struct hello hello = { .version = WIRE_VERSION, .role = PEER_VALIDATOR };
    memset(hello.chain_id.bytes, 9, sizeof hello.chain_id.bytes);
    strcpy(hello.software, "raw");
    return hello;
}

static void client_send_hello(struct hello hello, bool right_exporter)
{
    uint8_t exporter[32];
    CHECK(tls_exporter(client.tls, HELLO_EXPORTER, exporter) == STATUS_OK);
    if (!right_exporter) exporter[0] ^= 1;
    CHECK(hello_sign(&hello, &client.secret, HELLO_DIALLED, &nodes[0].key, exporter) == STATUS_OK);
    uint8_t bytes[HELLO_BYTES_MAX];
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    hello_write(&w, &hello);
    client_send(FRAME_HELLO, writer_span(&w));
}

static bool node0_up(void)
{
    return nodes[0].ups > 0;
}

static void client_up(void)
{
    lone_server(5000, 5000);
    raw_open(&client, &nodes[0], &nodes[1], true);
    spin(client_shook_hands);
    client_send_hello(client_hello(), true);
    spin(node0_up);
}

/* The client of the tests below is a good one until it is bad. */
static void test_raw_good(void)
{
    client_up();
    CHECK(client.received_size > FRAME_HEAD_BYTES);
    CHECK(client.received[4] == FRAME_HELLO);
    raw_close(&client);
    spin(node0_down);
    CHECK(strcmp(nodes[0].down_reason, "closed") == 0);
    nodes_stop(1);
}

static void test_foreign_key(void)
{
    lone_server(5000, 5000);
    struct node stranger;
    node_prepare(&stranger, 5);
    raw_open(&client, &nodes[0], &stranger, true);
    spin(client_closed);
    CHECK(strcmp(nodes[0].refuse_reason, "unknown_key") == 0);
    CHECK(nodes[0].ups == 0);
    raw_close(&client);
    nodes_stop(1);
}

static void test_garbage_instead_of_tls(void)
{
    lone_server(5000, 5000);
    raw_open(&client, &nodes[0], &nodes[1], false);
    spin_ms(50);
    uv_buf_t buffer = uv_buf_init((char *)"GET / HTTP/1.1\r\n\r\n", 18);
    CHECK(uv_try_write((uv_stream_t *)&client.socket, &buffer, 1) == 18);
    spin(client_closed);
    CHECK(strcmp(nodes[0].refuse_reason, "tls") == 0);
    raw_close(&client);
    nodes_stop(1);
}

/* Says nothing, before TLS and after it. */
static void test_late_hello(void)
{
    lone_server(150, 5000);
    raw_open(&client, &nodes[0], &nodes[1], false);
    spin(client_closed);
    CHECK(strcmp(nodes[0].refuse_reason, "timeout") == 0);
    raw_close(&client);
    nodes[0].refuse_reason[0] = 0;
    raw_open(&client, &nodes[0], &nodes[1], true);
    spin(client_closed);
    CHECK(client.handshake_done);
    CHECK(strcmp(nodes[0].refuse_reason, "timeout") == 0);
    raw_close(&client);
    nodes_stop(1);
}

static void expect_hello_refused(struct hello hello, bool right_exporter, const char *reason)
{
    lone_server(5000, 5000);
    raw_open(&client, &nodes[0], &nodes[1], true);
    spin(client_shook_hands);
    client_send_hello(hello, right_exporter);
    spin(client_closed);
    CHECK(strcmp(nodes[0].refuse_reason, reason) == 0);
    CHECK(nodes[0].ups == 0);
    raw_close(&client);
    nodes_stop(1);
}

static void test_bad_hellos(void)
{
    struct hello hello = client_hello();
    expect_hello_refused(hello, false, "bad_hello"); /* replayed from another connection */
    hello.version = WIRE_VERSION + 1;
    expect_hello_refused(hello, true, "wrong_version");
    hello = client_hello();
    hello.chain_id.bytes[31] = 8;
    expect_hello_refused(hello, true, "wrong_chain");
}

static void test_frame_before_hello(void)
{
    lone_server(5000, 5000);
    raw_open(&client, &nodes[0], &nodes[1], true);
    spin(client_shook_hands);
    client_send(FRAME_ENGINE, span_text("12345678"));
    spin(client_closed);
    CHECK(strcmp(nodes[0].refuse_reason, "malformed") == 0);
    CHECK(nodes[0].frames == 0);
    raw_close(&client);
    nodes_stop(1);
}

static void expect_frame_refused(uint32_t length, uint8_t kind)
{
    client_up();
    uint8_t head[FRAME_HEAD_BYTES];
    store_u32(head, length);
    head[4] = kind;
    CHECK(tls_write(client.tls, span_of(head, sizeof head)) == STATUS_OK);
    raw_flush(&client);
    spin(client_closed);
    CHECK(nodes[0].downs == 1);
    CHECK(strcmp(nodes[0].down_reason, "malformed") == 0);
    CHECK(nodes[0].frames == 0);
    raw_close(&client);
    nodes_stop(1);
}

static void test_bad_frames(void)
{
    expect_frame_refused(UINT32_MAX, FRAME_ENGINE);
    expect_frame_refused(BATCH_MAX + FRAME_BATCH_EXTRA + 1, FRAME_ENGINE);
    expect_frame_refused(0, 0);
    expect_frame_refused(0, FRAME_KIND_LAST + 1);
    client_up(); /* a ping of the wrong size */
    client_send(FRAME_PING, span_text("short"));
    spin(client_closed);
    CHECK(strcmp(nodes[0].down_reason, "malformed") == 0);
    raw_close(&client);
    nodes_stop(1);
    client_up(); /* a second hello */
    client_send_hello(client_hello(), true);
    spin(client_closed);
    CHECK(strcmp(nodes[0].down_reason, "malformed") == 0);
    raw_close(&client);
    nodes_stop(1);
}

/* A peer that answers no ping is gone, also if its TCP connection stays open. */
static void test_silent_peer(void)
{
    lone_server(5000, 50);
    raw_open(&client, &nodes[0], &nodes[1], true);
    spin(client_shook_hands);
    client_send_hello(client_hello(), true);
    spin(node0_down);
    CHECK(strcmp(nodes[0].down_reason, "timeout") == 0);
    raw_close(&client);
    nodes_stop(1);
}

/* A peer that does not read: droppable frames are dropped, others close the connection; never does
 * the queue exceed its bound. */
static void test_slow_reader(void)
{
    queue_max = 256 * 1024;
    client_up();
    uv_read_stop((uv_stream_t *)&client.socket);
    struct blob *body = blob_new(64 * 1024);
    memset(body->data, 1, body->size);
    struct peer_info info;
    for (int i = 0; i < 400; i++) {
        enum status status =
            peers_send(nodes[0].peers, 1, FRAME_TRANSACTIONS, span_text("12345678"), body, true);
        CHECK(status == STATUS_OK);
        size_t cursor = 0;
        CHECK(peers_next(nodes[0].peers, &cursor, &info));
        CHECK(info.queue_bytes <= queue_max);
        uv_run(&loop, UV_RUN_NOWAIT);
    }
    CHECK(info.dropped > 0);
    CHECK(nodes[0].downs == 0);
    enum status status = STATUS_OK;
    for (int i = 0; i < 400 && status == STATUS_OK; i++)
        status = peers_send(nodes[0].peers, 1, FRAME_ENGINE, span_text("12345678"), body, false);
    CHECK(status == STATUS_FULL);
    CHECK(nodes[0].downs == 0); /* Not from inside peers_send ... */
    CHECK(!peers_connected(nodes[0].peers, 1));
    CHECK(peers_send(nodes[0].peers, 1, FRAME_ENGINE, span_text("x"), NULL, false) ==
          STATUS_CLOSED);
    spin(node0_down); /* ... but soon. */
    CHECK(strcmp(nodes[0].down_reason, "too_slow") == 0);
    blob_unref(body);
    raw_close(&client);
    nodes_stop(1);
    queue_max = 4 << 20;
}

/* More strangers than there is room for: the oldest make room, and the peer still gets in. */
static void test_flood(void)
{
    enum { FLOOD = 80 };
    lone_server(5000, 5000);
    static struct raw flood[FLOOD];
    for (int i = 0; i < FLOOD; i++) {
        raw_open(&flood[i], &nodes[0], &nodes[1], false);
        uv_run(&loop, UV_RUN_NOWAIT);
    }
    spin_ms(100);
    int closed = 0;
    for (int i = 0; i < FLOOD; i++)
        closed += flood[i].closed;
    CHECK(closed >= FLOOD / 2);
    CHECK(closed < FLOOD);
    raw_open(&client, &nodes[0], &nodes[1], true);
    spin(client_shook_hands);
    client_send_hello(client_hello(), true);
    spin(node0_up);
    raw_close(&client);
    for (int i = 0; i < FLOOD; i++)
        raw_close(&flood[i]);
    nodes_stop(1);
}

static void test_listen_errors(void)
{
    node_prepare(&nodes[0], 0);
    node_start(&nodes[0], 5000, 5000);
    struct peers_options options = { .node_key = &nodes[0].secret,
                                     .listen = { nodes[0].address },
                                     .listen_count = 1,
                                     .batch_bytes_max = BATCH_MAX };
    struct peers *second;
    struct problem problem;
    CHECK(peers_new(&second, &loop, &options, &problem) == STATUS_BUSY);
    CHECK(strstr(problem.text, nodes[0].address));
    options.listen[0] = "nonsense";
    CHECK(peers_new(&second, &loop, &options, &problem) == STATUS_INVALID);
    CHECK(strstr(problem.text, "nonsense"));
    nodes_stop(1);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    struct problem problem;
    CHECK(crypto_start(&problem) == STATUS_OK);
    CHECK(uv_loop_init(&loop) == 0);
    test_listen_errors();
    test_four();
    test_frames_in_order();
    test_restart();
    test_removed();
    test_observer_dialled();
    test_punish();
    test_punish_by_call();
    test_wrong_chain();
    test_raw_good();
    test_foreign_key();
    test_garbage_instead_of_tls();
    test_late_hello();
    test_bad_hellos();
    test_frame_before_hello();
    test_bad_frames();
    test_silent_peer();
    test_slow_reader();
    test_flood();
    CHECK(uv_loop_close(&loop) == 0);
    return 0;
}
