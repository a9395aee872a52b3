#include "tests/unit/rpc/loopback.h"

#include <criterion/criterion.h>

static struct loopback l;
static char out[65536];

/* Short deadlines, so that tests of them are short too. */
static void open_all(void)
{
    loopback_options(&l);
    l.options.limits.head_ms_max = 300;
    l.options.limits.request_ms_max = 600;
    l.options.limits.idle_ms_max = 700;
    l.options.limits.body_max = 4096;
    l.options.allowed_hosts[0] = "node.example";
    l.options.allowed_hosts_count = 1;
    l.options.allowed_origins[0] = "https://console.example";
    l.options.allowed_origins_count = 1;
    loopback_start(&l);
}

static void close_all(void)
{
    loopback_stop(&l);
}

TestSuite(http, .init = open_all, .fini = close_all, .timeout = 60);

#define CALL "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"node_health\"}" /* 47 bytes */
#define JSON "Content-Type: application/json\r\n"
#define LENGTH "Content-Length: 47\r\n"

static int exchange(const char *text)
{
    return raw_exchange(&l, text, out, sizeof out);
}

static bool answers(const char *part)
{
    return strcasestr(out, part) != NULL;
}

Test(http, a_call)
{
    cr_assert_eq(strlen(CALL), 47);
    cr_assert_eq(exchange("POST / HTTP/1.1\r\nHost: localhost\r\n" JSON LENGTH "\r\n" CALL), 200);
    cr_assert(answers("\r\nContent-Type: application/json\r\n"));
    cr_assert(answers("\r\nCache-Control: no-store\r\n"));
    cr_assert(answers("\r\nX-Content-Type-Options: nosniff\r\n"));
    cr_assert(answers("\r\nX-Request-Id: "));
    cr_assert(answers("\"id\":1"));
    cr_assert(answers("\"ready\":true"));
    cr_assert_not(answers("Access-Control-"));
    cr_assert_eq(exchange("POST /rpc HTTP/1.1\r\nHost: 127.0.0.1\r\n" JSON LENGTH "\r\n" CALL),
                 200);
}

Test(http, many_calls_on_one_connection)
{
    static const char call[] = "POST / HTTP/1.1\r\nHost: localhost\r\n" JSON LENGTH "\r\n" CALL;
    int fd = loopback_connect(&l);
    for (int i = 0; i < 50; i++) {
        raw_send(fd, call, strlen(call));
        cr_assert_eq(raw_receive(fd, out, sizeof out, 3000), 200);
    }
    close(fd);
}

Test(http, calls_sent_in_one_piece_are_answered_in_order)
{
    static const char both[] =
        "POST / HTTP/1.1\r\nHost: localhost\r\n" JSON LENGTH "\r\n" CALL
        "POST / HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: second\r\n" JSON LENGTH "\r\n" CALL;
    int fd = loopback_connect(&l);
    raw_send(fd, both, strlen(both));
    cr_assert_eq(raw_receive(fd, out, sizeof out, 3000), 200);
    if (!answers("X-Request-Id: second")) {
        cr_assert_eq(raw_receive(fd, out, sizeof out, 3000), 200);
        cr_assert(answers("X-Request-Id: second"));
    }
    close(fd);
}

Test(http, request_ids)
{
    cr_assert_eq(exchange("POST / HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: my-id_7\r\n" JSON
                          "Content-Length: 2\r\n\r\n{}"),
                 200);
    cr_assert(answers("X-Request-Id: my-id_7\r\n"));
    cr_assert(answers("\"request_id\":\"my-id_7\""));
    cr_assert_eq(exchange("POST / HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: bad id\r\n" JSON
                          "Content-Length: 2\r\n\r\n{}"),
                 200);
    cr_assert_not(answers("bad id"));
}

Test(http, notifications_have_no_body)
{
    cr_assert_eq(exchange("POST / HTTP/1.1\r\nHost: localhost\r\n" JSON "Content-Length: 40\r\n\r\n"
                          "{\"jsonrpc\":\"2.0\",\"method\":\"node_health\"}"),
                 204);
    cr_assert_not(answers("jsonrpc"));
}

Test(http, hosts)
{
    static const struct {
        const char *host;
        int status;
    } cases[] = {
        { "localhost", 200 },      { "LOCALHOST:7780", 200 }, { "127.0.0.1:7780", 200 },
        { "[::1]:7780", 200 },     { "10.1.2.3", 200 },       { "node.example", 200 },
        { "NODE.example:1", 200 }, { "evil.example", 403 },   { "localhost.evil.example", 403 },
        { "127.0.0.1.evil", 403 }, { "node.example@x", 403 }, { "", 403 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[512];
        snprintf(text, sizeof text, "POST / HTTP/1.1\r\nHost: %s\r\n" JSON LENGTH "\r\n" CALL,
                 cases[i].host);
        int status = exchange(text);
        cr_assert_eq(status, cases[i].status, "%s: %d\n%s", cases[i].host, status, out);
        if (status == 403) cr_assert(answers("\"kind\":\"forbidden\""));
    }
}

Test(http, no_host_and_two_hosts)
{
    cr_assert_eq(exchange("POST / HTTP/1.1\r\n" JSON LENGTH "\r\n" CALL), 400);
    cr_assert_eq(exchange("POST / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n" JSON LENGTH
                          "\r\n" CALL),
                 400);
    cr_assert(answers("\"id\":null"));
    cr_assert(answers("invalid_request"));
}

Test(http, origins)
{
    static const struct {
        const char *origin;
        int status;
    } cases[] = {
        { "http://localhost:7780", 200 },
        { "https://console.example", 200 },
        { "null", 403 },
        { "http://evil.example", 403 },
        { "http://localhost", 403 },
        { "https://console.example.evil", 403 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[512];
        snprintf(text, sizeof text,
                 "POST / HTTP/1.1\r\nHost: localhost:7780\r\nOrigin: %s\r\n" JSON LENGTH
                 "\r\n" CALL,
                 cases[i].origin);
        int status = exchange(text);
        cr_assert_eq(status, cases[i].status, "%s: %d", cases[i].origin, status);
        cr_assert_eq(answers("Access-Control-Allow-Origin: https://console.example\r\n"), i == 1);
    }
}

Test(http, a_listed_origin_may_ask_first)
{
    cr_assert_eq(exchange("OPTIONS /rpc HTTP/1.1\r\nHost: localhost\r\n"
                          "Origin: https://console.example\r\n\r\n"),
                 204);
    cr_assert(answers("Access-Control-Allow-Headers: Content-Type"));
    cr_assert_eq(exchange("OPTIONS /rpc HTTP/1.1\r\nHost: localhost\r\n\r\n"), 405);
    cr_assert_eq(
        exchange("OPTIONS /rpc HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil\r\n\r\n"), 403);
}

Test(http, lengths)
{
    cr_assert_eq(exchange("POST / HTTP/1.1\r\nHost: localhost\r\n" JSON "\r\n"), 411);
    cr_assert_eq(exchange("POST / HTTP/1.1\r\nHost: localhost\r\n" JSON
                          "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
                 411);
    cr_assert_eq(exchange("POST / HTTP/1.1\r\nHost: localhost\r\n" JSON LENGTH
                          "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
                 400);
    cr_assert_eq(exchange("POST / HTTP/1.1\r\nHost: localhost\r\n" JSON LENGTH LENGTH "\r\n" CALL),
                 400);
    cr_assert_eq(exchange("POST / HTTP/1.1\r\nHost: localhost\r\n" JSON
                          "Content-Length: 2\r\nContent-Length: 47\r\n\r\n" CALL),
                 400);
    cr_assert_eq(
        exchange("POST / HTTP/1.1\r\nHost: localhost\r\n" JSON "Content-Length: 4097\r\n\r\n"),
        413);
    cr_assert(answers("\"limit\":\"body_max\""));
    cr_assert_eq(exchange("POST / HTTP/1.1\r\nHost: localhost\r\n" JSON
                          "Content-Length: 99999999999999999999\r\n\r\n"),
                 413);
    int status =
        exchange("POST / HTTP/1.1\r\nHost: localhost\r\n" JSON "Content-Length: -1\r\n\r\n{}");
    cr_assert_eq(status, 400, "%d", status);
    cr_assert_eq(
        exchange("POST / HTTP/1.1\r\nHost: localhost\r\n" JSON "Content-Length: 0\r\n\r\n"), 200);
    cr_assert(answers("parse_error"));
}

Test(http, content_types)
{
    static const struct {
        const char *type;
        int status;
    } cases[] = {
        { "application/json", 200 },
        { "Application/JSON; charset=UTF-8", 200 },
        { "application/json;charset=\"utf-8\"", 200 },
        { "text/plain", 415 },
        { "application/json5", 415 },
        { "application/json; charset=latin1", 415 },
        { "application/x-www-form-urlencoded", 415 },
        { "multipart/form-data; boundary=x", 415 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[512];
        snprintf(text, sizeof text,
                 "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\n" LENGTH "\r\n" CALL,
                 cases[i].type);
        int status = exchange(text);
        cr_assert_eq(status, cases[i].status, "%s: %d", cases[i].type, status);
    }
    cr_assert_eq(exchange("POST / HTTP/1.1\r\nHost: localhost\r\n" LENGTH "\r\n" CALL), 415);
}

Test(http, paths_and_verbs)
{
    cr_assert_eq(exchange("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), 405);
    cr_assert(answers("\r\nAllow: POST\r\n"));
    cr_assert_eq(exchange("PUT /rpc HTTP/1.1\r\nHost: localhost\r\n" JSON LENGTH "\r\n" CALL), 405);
    cr_assert_eq(exchange("POST /livez HTTP/1.1\r\nHost: localhost\r\n" JSON LENGTH "\r\n" CALL),
                 405);
    cr_assert(answers("\r\nAllow: GET, HEAD\r\n"));
    cr_assert_eq(exchange("GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n"), 404);
    cr_assert_eq(exchange("POST /rpc/ HTTP/1.1\r\nHost: localhost\r\n" JSON LENGTH "\r\n" CALL),
                 404);
    cr_assert_eq(exchange("GET /../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n"), 404);
    cr_assert_eq(exchange("POST / HTTP/1.0\r\nHost: localhost\r\n" JSON LENGTH "\r\n" CALL), 400);
}

Test(http, heads_over_the_limit_and_garbage)
{
    static char text[70000];
    memset(text, 'a', sizeof text);
    memcpy(text, "GET /", 5);
    snprintf(text + 40000, 100, " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    int status = exchange(text);
    cr_assert(status == 414 || status == 431 || status == 0, "%d", status);
    memset(text, 'a', sizeof text);
    int size = snprintf(text, 100, "GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Long: ");
    text[size] = 'a';
    snprintf(text + 40000, 100, "\r\n\r\n");
    status = exchange(text);
    cr_assert(status == 431 || status == 0, "%d", status);
    status = exchange("\x16\x03\x01\x02\r\n\r\n");
    cr_assert(status == 400 || status == 0, "%d", status);
    cr_assert_eq(exchange("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"), 200); /* still there */
}

/* Sends piece after piece with a pause; true if the server closed before `until_ms`. */
static bool closed_while_dripping(const char *first, char drip, uint64_t until_ms)
{
    int fd = loopback_connect(&l);
    raw_send(fd, first, strlen(first));
    uint64_t start_ms = rpc_monotonic_ms();
    bool closed = false;
    while (!closed && rpc_monotonic_ms() - start_ms < until_ms) {
        raw_send(fd, &drip, 1);
        struct pollfd ready = { .fd = fd, .events = POLLIN };
        char byte;
        if (poll(&ready, 1, 50) > 0) closed = recv(fd, &byte, 1, 0) <= 0;
    }
    close(fd);
    return closed;
}

Test(http, slow_heads_and_bodies_are_closed)
{
    cr_assert(
        closed_while_dripping("GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", 'a', 1500));
    cr_assert(closed_while_dripping("GE", 'T', 1500));
    cr_assert(closed_while_dripping(
        "POST / HTTP/1.1\r\nHost: localhost\r\n" JSON "Content-Length: 4000\r\n\r\n{", ' ', 2000));
}

Test(http, idle_connections_are_closed)
{
    int fd = loopback_connect(&l);
    static const char call[] = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";
    raw_send(fd, call, strlen(call));
    cr_assert_eq(raw_receive(fd, out, sizeof out, 3000), 200);
    cr_assert_not(answers("Connection: close"), "%s", out);
    uint64_t start_ms = rpc_monotonic_ms();
    cr_assert_eq(raw_receive(fd, out, sizeof out, 3000), 0, "%s", out);
    uint64_t took_ms = rpc_monotonic_ms() - start_ms;
    cr_assert(took_ms >= 600 && took_ms < 2000, "%lu ms", (unsigned long)took_ms);
    close(fd);
}

Test(http, a_body_in_pieces)
{
    int fd = loopback_connect(&l);
    static const char head[] = "POST / HTTP/1.1\r\nHost: localhost\r\n" JSON LENGTH "\r\n";
    static const char call[] = CALL;
    raw_send(fd, head, strlen(head));
    for (size_t i = 0; i < 47; i++) {
        raw_send(fd, &call[i], 1);
        usleep(1000);
    }
    cr_assert_eq(raw_receive(fd, out, sizeof out, 3000), 200);
    close(fd);
}

Test(http, health_metrics_and_document)
{
    cr_assert_eq(exchange("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"), 200);
    cr_assert_eq(exchange("GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n"), 200);
    cr_assert_eq(exchange("GET /readyz?verbose HTTP/1.1\r\nHost: localhost\r\n\r\n"), 200);
    cr_assert(answers("[+]sync ok\n"));
    pthread_mutex_lock(&l.node->lock);
    l.node->view.checks[HEALTH_disk] = (struct health_check){ false, "1.1 GiB free, 2 GiB wanted" };
    l.node->view.loop_age_ms = 10001;
    pthread_mutex_unlock(&l.node->lock);
    cr_assert_eq(exchange("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"), 503);
    cr_assert(answers("\r\nRetry-After: "));
    cr_assert_eq(exchange("GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n"), 503);
    cr_assert(answers("[-]disk 1.1 GiB free, 2 GiB wanted\n"));
    cr_assert_eq(exchange("GET /readyz?exclude=disk HTTP/1.1\r\nHost: localhost\r\n\r\n"), 200);
    cr_assert_eq(exchange("GET /readyz?exclude=dusk HTTP/1.1\r\nHost: localhost\r\n\r\n"), 400);
    cr_assert_eq(exchange("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"), 200);
    cr_assert(answers("witan_ledger_height 7\n"));
    struct rpc_stats stats;
    rpc_stats(l.server, &stats);
    cr_assert_eq(stats.rejected, 1);
    cr_assert_eq(exchange("HEAD /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"), 503);

    static char document[400000];
    int fd = loopback_connect(&l);
    static const char get[] = "GET /openrpc.json HTTP/1.1\r\nHost: localhost\r\n\r\n";
    raw_send(fd, get, strlen(get));
    cr_assert_eq(raw_receive(fd, document, sizeof document, 3000), 200);
    json_t *parsed = json_loads(strstr(document, "\r\n\r\n"), 0, NULL);
    cr_assert(parsed);
    json_decref(parsed);
    close(fd);
}

Test(http, admin_only_on_the_local_socket)
{
    static const char call[] =
        "POST / HTTP/1.1\r\nHost: localhost\r\n" JSON "Content-Length: 48\r\n\r\n"
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"admin_config\"}";
    cr_assert_eq(exchange(call), 200);
    cr_assert(answers("\"code\":-32011"));
    cr_assert(answers("\"required_access\":\"admin\""));
    cr_assert(answers("\"have_access\":\"submit\""));

    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    memcpy(address.sun_path, l.socket, strlen(l.socket) + 1);
    cr_assert_eq(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    raw_send(fd, call, strlen(call));
    cr_assert_eq(raw_receive(fd, out, sizeof out, 3000), 200);
    cr_assert(answers("\"key\":\"rpc.readers\""));
    close(fd);
}

Test(http, a_client_that_goes_away_while_it_waits)
{
    static const char call[] =
        "POST / HTTP/1.1\r\nHost: localhost\r\n" JSON "Content-Length: 148\r\n\r\n"
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tx_wait\",\"params\":{\"timeout_ms\":300,\"tx_"
        "id\":"
        "\"2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae\"}}  ";
    cr_assert_eq(strlen(strstr(call, "\r\n\r\n") + 4), 148);
    int fd = loopback_connect(&l);
    raw_send(fd, call, strlen(call));
    usleep(100000);
    struct rpc_stats stats;
    rpc_stats(l.server, &stats);
    cr_assert_eq(stats.waiters, 1);
    close(fd);
    usleep(700000);
    rpc_stats(l.server, &stats);
    cr_assert_eq(stats.waiters, 0);
    cr_assert_eq(stats.connections_tcp, 0);
}
