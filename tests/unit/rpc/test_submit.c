#include "rpc/submit.h"
#include "tests/unit/rpc/loopback.h"

#include <criterion/criterion.h>

enum { NODES = 3 };
static struct loopback l[NODES];
static struct rpc_client *clients[NODES];
static struct submit_options options;
static struct submit_report report;
static struct digest txid;
static uint8_t bytes[1024];
static size_t size;

static void open_all(void)
{
    for (size_t i = 0; i < NODES; i++) {
        loopback_options(&l[i]);
        l[i].options.socket = NULL;
        loopback_start(&l[i]);
        cr_assert_eq(rpc_client_open(&clients[i], l[i].url, 5000, NULL), STATUS_OK);
    }
    char *hex = fake_transaction(1, &txid);
    size = strlen(hex) / 2;
    cr_assert(hex_decode(hex, 2 * size, bytes, size));
    free(hex);
    options = (struct submit_options){ .nodes = clients,
                                       .node_count = NODES,
                                       .until = SUBMIT_UNTIL_COMMITTED,
                                       .not_after_ms = 1796115600000,
                                       .timeout_ms = 10000,
                                       .pause_ms_min = 5,
                                       .pause_ms_max = 20 };
}

static void close_all(void)
{
    submit_report_clear(&report);
    for (size_t i = 0; i < NODES; i++) {
        rpc_client_close(clients[i]);
        if (l[i].server) rpc_stop(l[i].server);
        fake_free(l[i].node);
    }
}

TestSuite(submit, .init = open_all, .fini = close_all, .timeout = 60);

static void mode(size_t node, enum fake_mode fake)
{
    l[node].node->mode = fake;
}

static void all(enum fake_mode fake)
{
    for (size_t i = 0; i < NODES; i++)
        mode(i, fake);
}

static void refuse(size_t node, enum refusal_code code)
{
    mode(node, FAKE_REFUSE);
    l[node].node->refusal = (struct refusal){ .code = code };
}

static enum submit_end run(void)
{
    submit_transaction(&options, span_of(bytes, size), &txid, &report);
    return report.end;
}

static void stop(size_t node)
{
    rpc_stop(l[node].server);
    l[node].server = NULL;
}

Test(submit, the_first_node_commits)
{
    all(FAKE_COMMIT);
    cr_assert_eq(run(), SUBMIT_END_COMMITTED);
    cr_assert_eq(report.attempts, 1);
    cr_assert_eq(report.node, 0);
    cr_assert_str_eq(json_string_value(json_object_get(report.status, "status")), "committed");
}

Test(submit, begins_where_it_is_told)
{
    all(FAKE_COMMIT);
    options.first = 5;
    cr_assert_eq(run(), SUBMIT_END_COMMITTED);
    cr_assert_eq(report.node, 2);
}

Test(submit, dead_nodes_are_passed_over)
{
    all(FAKE_COMMIT);
    stop(0);
    stop(1);
    cr_assert_eq(run(), SUBMIT_END_COMMITTED);
    cr_assert_eq(report.node, 2);
    cr_assert_eq(report.attempts, 3);
}

Test(submit, busy_nodes_are_passed_over)
{
    mode(0, FAKE_BUSY);
    mode(1, FAKE_UNAVAILABLE);
    mode(2, FAKE_COMMIT);
    cr_assert_eq(run(), SUBMIT_END_COMMITTED);
    cr_assert_eq(report.attempts, 3);
    refuse(0, REFUSAL_mempool_full);
    refuse(1, REFUSAL_source_quota);
    submit_report_clear(&report);
    cr_assert_eq(run(), SUBMIT_END_COMMITTED);
}

static void *serve_hello(void *context)
{
    static const char hello[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    char request[8192];
    int fd = accept(*(int *)context, NULL, NULL);
    if (recv(fd, request, sizeof request, 0) > 0) raw_send(fd, hello, strlen(hello));
    close(fd);
    return NULL;
}

Test(submit, a_refusal_ends_it)
{
    refuse(0, REFUSAL_tx_bad_signature);
    cr_assert_eq(run(), SUBMIT_END_REFUSED);
    cr_assert_str_eq(report.failure.kind, "tx_bad_signature");
    cr_assert_eq(report.attempts, 1);
}

/* Some other web server: whatever it did with the bytes, they were not refused. */
Test(submit, a_server_that_is_no_node_proves_nothing)
{
    char url[128];
    rpc_client_close(clients[0]);
    snprintf(url, sizeof url, "%s/livez", l[0].url);
    cr_assert_eq(rpc_client_open(&clients[0], url, 5000, NULL), STATUS_OK);
    cr_assert_eq(run(), SUBMIT_END_REFUSED); /* 405 by one of ours */
    submit_report_clear(&report);
    options.node_count = 1;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof address;
    cr_assert_eq(bind(listener, (struct sockaddr *)&address, length), 0);
    cr_assert_eq(listen(listener, 8), 0);
    getsockname(listener, (struct sockaddr *)&address, &length);
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, serve_hello, &listener), 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%u", ntohs(address.sin_port));
    rpc_client_close(clients[0]);
    cr_assert_eq(rpc_client_open(&clients[0], url, 5000, NULL), STATUS_OK);
    cr_assert_eq(run(), SUBMIT_END_OPEN);
    cr_assert_eq(report.failure.what, FAILURE_ANSWER);
    pthread_join(thread, NULL);
    close(listener);
}

/* A node that never answers may have admitted it: one refusal is no proof then. */
Test(submit, after_a_doubt_every_node_must_refuse)
{
    char url[64];
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof address;
    cr_assert_eq(bind(listener, (struct sockaddr *)&address, length), 0);
    cr_assert_eq(listen(listener, 8), 0);
    getsockname(listener, (struct sockaddr *)&address, &length);
    snprintf(url, sizeof url, "http://127.0.0.1:%u", ntohs(address.sin_port));
    rpc_client_close(clients[0]);
    cr_assert_eq(rpc_client_open(&clients[0], url, 100, NULL), STATUS_OK);
    options.until = SUBMIT_UNTIL_ADMITTED;
    options.node_count = 2;
    options.timeout_ms = 6000; /* more than one call to the deaf node */
    refuse(1, REFUSAL_tx_unknown_source);
    cr_assert_eq(run(), SUBMIT_END_OPEN);
    cr_assert(l[1].node->submits >= 1);
    close(listener);
}

Test(submit, all_refuse_after_a_doubt)
{
    all(FAKE_ADMIT);
    options.until = SUBMIT_UNTIL_SEALED;
    options.timeout_ms = 300;
    cr_assert_eq(run(), SUBMIT_END_OPEN); /* pending at the first: that is a doubt */
    cr_assert_str_eq(json_string_value(json_object_get(report.status, "status")), "pending");
}

Test(submit, admitted_is_enough_if_that_is_asked)
{
    all(FAKE_ADMIT);
    options.until = SUBMIT_UNTIL_ADMITTED;
    cr_assert_eq(run(), SUBMIT_END_ADMITTED);
}

Test(submit, waits_for_the_seal)
{
    all(FAKE_COMMIT);
    options.until = SUBMIT_UNTIL_SEALED;
    options.timeout_ms = 400;
    cr_assert_eq(run(), SUBMIT_END_OPEN);
    for (size_t i = 0; i < NODES; i++)
        fake_seal(l[i].node);
    submit_report_clear(&report);
    cr_assert_eq(run(), SUBMIT_END_COMMITTED);
    cr_assert(json_is_true(json_object_get(report.status, "sealed")));
}

Test(submit, tx_expired_without_a_doubt_is_a_refusal)
{
    refuse(0, REFUSAL_tx_expired);
    cr_assert_eq(run(), SUBMIT_END_REFUSED);
    cr_assert_eq(report.failure.retry, RETRY_RE_SIGN);
}

/* Pending at one node, which then dies; the others say, from their ledgers, that it is over. */
Test(submit, expired_needs_enough_nodes)
{
    options.agree = 2;
    options.timeout_ms = 20000;
    for (size_t i = 0; i < NODES; i++) {
        l[i].node->now_ms = options.not_after_ms + 1000;
        fake_block(l[i].node, NULL, 0);
    }
    fake_add(l[0].node, &txid, options.not_after_ms);
    l[0].node->view.block_time_ms = options.not_after_ms - 1; /* the first one is behind */
    options.until = SUBMIT_UNTIL_ADMITTED;
    cr_assert_eq(run(), SUBMIT_END_ADMITTED);
    submit_report_clear(&report);
    options.until = SUBMIT_UNTIL_COMMITTED;
    refuse(1, REFUSAL_tx_expired);
    refuse(2, REFUSAL_tx_expired);
    cr_assert_eq(run(), SUBMIT_END_EXPIRED);
    cr_assert_str_eq(json_string_value(json_object_get(report.status, "status")), "expired");
}

/* Another process may have sent them, as before `tx resume`: one node's word about time, or its
 * refusal, is not how it ended. */
Test(submit, bytes_sent_before_are_in_doubt)
{
    options.sent_before = true;
    options.agree = 2;
    options.timeout_ms = 20000;
    l[0].node->now_ms = options.not_after_ms + 1000;
    fake_block(l[0].node, NULL, 0);
    refuse(0, REFUSAL_tx_expired);
    mode(1, FAKE_COMMIT);
    cr_assert_eq(run(), SUBMIT_END_COMMITTED);
    cr_assert_eq(report.node, 1);
}

Test(submit, bytes_sent_before_are_refused_by_all)
{
    options.sent_before = true;
    for (size_t i = 0; i < NODES; i++)
        refuse(i, REFUSAL_tx_unknown_source);
    cr_assert_eq(run(), SUBMIT_END_REFUSED);
    cr_assert_eq(report.attempts, NODES);
}

static bool stop_at_once(void *context)
{
    (void)context;
    return true;
}

Test(submit, can_be_stopped)
{
    options.stop = stop_at_once;
    cr_assert_eq(run(), SUBMIT_END_OPEN);
    cr_assert_eq(report.attempts, 0);
}

Test(submit, what_may_be_repeated)
{
    static const struct {
        struct rpc_failure failure;
        bool repeat;
    } cases[] = {
        { { .what = FAILURE_CONNECT }, true },
        { { .what = FAILURE_LOST }, true },
        { { .what = FAILURE_TIMEOUT }, true },
        { { .what = FAILURE_LOCAL }, false },
        { { .what = FAILURE_ANSWER, .http_status = 503 }, true },
        { { .what = FAILURE_ANSWER, .http_status = 429 }, true },
        { { .what = FAILURE_ANSWER, .http_status = 502 }, true },
        { { .what = FAILURE_ANSWER, .http_status = 404 }, false },
        { { .what = FAILURE_ANSWER, .http_status = 200 }, false },
        { { .what = FAILURE_ERROR, .code = -32002 }, true },
        { { .what = FAILURE_ERROR, .code = -32005 }, true },
        { { .what = FAILURE_ERROR, .code = -32603 }, true },
        { { .what = FAILURE_ERROR, .code = 1012 }, true },
        { { .what = FAILURE_ERROR, .code = 1013 }, true },
        { { .what = FAILURE_ERROR, .code = 1001, .http_status = 503 }, true },
        { { .what = FAILURE_ERROR, .code = 1001 }, false },
        { { .what = FAILURE_ERROR, .code = 1009 }, false },
        { { .what = FAILURE_ERROR, .code = -32602 }, false },
        { { .what = FAILURE_ERROR, .code = 424242 }, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_eq(submit_may_repeat(&cases[i].failure), cases[i].repeat, "case %zu", i);
}
