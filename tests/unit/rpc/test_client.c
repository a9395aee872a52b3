#include "rpc/client.h"
#include "tests/unit/rpc/loopback.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdatomic.h>

static struct loopback l;
static struct rpc_client *client;
static struct rpc_failure failure;

static void open_all(void)
{
    loopback_options(&l);
    loopback_start(&l);
    cr_assert_eq(rpc_client_open(&client, l.url, 5000, NULL), STATUS_OK);
}

static void close_all(void)
{
    rpc_failure_clear(&failure);
    rpc_client_close(client);
    loopback_stop(&l);
}

TestSuite(client, .init = open_all, .fini = close_all, .timeout = 60);

Test(client, urls)
{
    static const char *const bad[] = { "",         "127.0.0.1:7780",    "https://x",
                                       "ftp://x/", "http://",           "http:///path",
                                       "unix:",    "file:///etc/passwd" };
    struct rpc_client *other;
    struct problem problem;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_assert_eq(rpc_client_open(&other, bad[i], 0, &problem), STATUS_INVALID, "%s", bad[i]);
    char longer[3000];
    memset(longer, 'a', sizeof longer);
    memcpy(longer, "http://", 7);
    longer[2999] = 0;
    cr_assert_eq(rpc_client_open(&other, longer, 0, &problem), STATUS_INVALID);
}

Test(client, many_calls_on_one_connection)
{
    for (int i = 0; i < 20; i++) {
        json_t *result = rpc_client_call(client, "node_health", NULL, &failure);
        cr_assert(result, "%s", failure.text);
        json_decref(result);
    }
    struct rpc_stats stats;
    rpc_stats(l.server, &stats);
    cr_assert_eq(stats.connections_tcp, 1);
    cr_assert_eq(stats.calls, 20);
    cr_assert(strlen(rpc_client_request_id(client)) > 0);
    cr_assert_str_eq(rpc_client_url(client), l.url);
}

Test(client, errors_come_whole)
{
    json_t *params = json_pack("{s:i}", "tx_id", 5);
    cr_assert_null(rpc_client_call(client, "tx_status", params, &failure));
    json_decref(params);
    cr_assert_eq(failure.what, FAILURE_ERROR);
    cr_assert_eq(failure.code, -32602);
    cr_assert_str_eq(failure.kind, "invalid_params");
    cr_assert_eq(failure.retry, RETRY_NEVER);
    cr_assert_eq(failure.http_status, 200);
    cr_assert_str_eq(json_string_value(json_object_get(failure.data, "path")), "/tx_id");
    cr_assert_str_eq(json_string_value(json_object_get(failure.data, "request_id")),
                     failure.request_id);
    rpc_failure_clear(&failure);

    l.node->mode = FAKE_REFUSE;
    l.node->refusal = (struct refusal){ .code = REFUSAL_mempool_full };
    char *hex = fake_transaction(1, NULL);
    params = json_pack("[s]", hex);
    cr_assert_null(rpc_client_call(client, "tx_submit", params, &failure));
    cr_assert_eq(failure.retry, RETRY_SAME_REQUEST);
    cr_assert_eq(failure.retry_after_ms, 1000);
    json_decref(params);
    free(hex);
}

Test(client, paths_other_than_the_servers)
{
    char url[128];
    struct rpc_client *other;
    snprintf(url, sizeof url, "%s/elsewhere", l.url);
    cr_assert_eq(rpc_client_open(&other, url, 5000, NULL), STATUS_OK);
    cr_assert_null(rpc_client_call(other, "node_health", NULL, &failure));
    cr_assert_eq(failure.what, FAILURE_ERROR); /* the body is a JSON-RPC error all the same */
    cr_assert_eq(failure.http_status, 404);
    rpc_client_close(other);
}

Test(client, gets)
{
    long status;
    char *body = rpc_client_get(client, "/readyz", &status, &failure);
    cr_assert_eq(status, 200);
    cr_assert_str_eq(body, "ready\n");
    free(body);
    body = rpc_client_get(client, "/nothing", &status, &failure);
    cr_assert_eq(status, 404);
    free(body);
    json_t *result = rpc_client_call(client, "node_health", NULL, &failure); /* and a call again */
    cr_assert(result);
    json_decref(result);
}

Test(client, nobody_there)
{
    struct rpc_client *other;
    long status;
    cr_assert_eq(rpc_client_open(&other, "http://127.0.0.1:1", 2000, NULL), STATUS_OK);
    cr_assert_null(rpc_client_call(other, "node_health", NULL, &failure));
    cr_assert_eq(failure.what, FAILURE_CONNECT);
    cr_assert(strlen(failure.text) > 0);
    cr_assert_null(rpc_client_get(other, "/livez", &status, &failure));
    cr_assert_eq(failure.what, FAILURE_CONNECT);
    rpc_client_close(other);
    cr_assert_eq(rpc_client_open(&other, "unix:/nowhere/x.sock", 2000, NULL), STATUS_OK);
    cr_assert_null(rpc_client_call(other, "node_health", NULL, &failure));
    cr_assert_eq(failure.what, FAILURE_CONNECT);
    rpc_client_close(other);
}

/* ---- servers that are none ------------------------------------------------------------------ */

struct impostor {
    int listener;
    const char *answer; /* NULL: never answers */
    char url[64];
    pthread_t thread;
};

static void *run_impostor(void *context)
{
    struct impostor *impostor = context;
    char request[4096];
    int fd = accept(impostor->listener, NULL, NULL);
    if (fd < 0) return NULL;
    if (recv(fd, request, sizeof request, 0) > 0 && impostor->answer)
        raw_send(fd, impostor->answer, strlen(impostor->answer));
    if (!impostor->answer) usleep(600000);
    close(fd);
    return NULL;
}

static void start_listener(struct impostor *impostor)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    impostor->listener = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(bind(impostor->listener, (struct sockaddr *)&address, size), 0);
    cr_assert_eq(listen(impostor->listener, 1), 0);
    getsockname(impostor->listener, (struct sockaddr *)&address, &size);
    snprintf(impostor->url, sizeof impostor->url, "http://127.0.0.1:%u", ntohs(address.sin_port));
}

static void start_impostor(struct impostor *impostor, const char *answer)
{
    start_listener(impostor);
    impostor->answer = answer;
    cr_assert_eq(pthread_create(&impostor->thread, NULL, run_impostor, impostor), 0);
}

static enum failure call_impostor(const char *answer)
{
    struct impostor impostor;
    struct rpc_client *other;
    start_impostor(&impostor, answer);
    cr_assert_eq(rpc_client_open(&other, impostor.url, 300, NULL), STATUS_OK);
    cr_assert_null(rpc_client_call(other, "node_health", NULL, &failure));
    pthread_join(impostor.thread, NULL);
    rpc_client_close(other);
    close(impostor.listener);
    return failure.what;
}

#define HTTP_OK(body, size) "HTTP/1.1 200 OK\r\nContent-Length: " size "\r\n\r\n" body

Test(client, impostors)
{
    cr_assert_eq(call_impostor(HTTP_OK("hello", "5")), FAILURE_ANSWER);
    cr_assert_eq(call_impostor(HTTP_OK("", "0")), FAILURE_ANSWER);
    cr_assert_eq(call_impostor(HTTP_OK("{\"id\":1}", "8")), FAILURE_ANSWER);
    cr_assert_eq(call_impostor(HTTP_OK("{\"id\":2,\"result\":{}}", "20")), FAILURE_ANSWER);
    cr_assert_eq(call_impostor(HTTP_OK("hel", "5")), FAILURE_LOST);
    cr_assert_eq(call_impostor(""), FAILURE_LOST);
    cr_assert_eq(call_impostor("SSH-2.0-OpenSSH\r\n"), FAILURE_LOST);
    cr_assert_eq(call_impostor(NULL), FAILURE_TIMEOUT);
    cr_assert_eq(call_impostor("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 2\r\n\r\nno"),
                 FAILURE_ANSWER);
    cr_assert_eq(failure.http_status, 502);
}

/* ---- several nodes -------------------------------------------------------------------------- */

#define ANSWER_OF(id, name) HTTP_OK("{\"id\":" id ",\"result\":{\"node\":\"" name "\"}}", "30")
#define ERROR_OF(retry) \
    "HTTP/1.1 200 OK\r\nConnection: " \
    "close\r\n\r\n{\"id\":1,\"error\":{\"code\":-32001,\"message\":" \
    "\"no\",\"data\":{\"kind\":\"some_kind\",\"retry\":\"" retry "\"}}}"

/* The call of a client of two nodes, of which the first answers so: whether the second was asked.
 */
static bool goes_on_after(const char *answer)
{
    struct impostor first, second;
    start_impostor(&first, answer);
    start_impostor(&second, ANSWER_OF("1", "b"));
    const char *const urls[] = { first.url, second.url };
    struct rpc_client *both;
    cr_assert_eq(rpc_client_open_any(&both, urls, 2, 300, NULL), STATUS_OK);
    json_t *result = rpc_client_call(both, "node_health", NULL, &failure);
    cr_assert_str_eq(rpc_client_url(both), urls[result ? 1 : 0]);
    cr_assert_eq(failure.what == FAILURE_NONE, result != NULL);
    rpc_failure_clear(&failure);
    pthread_join(first.thread, NULL);
    shutdown(second.listener, SHUT_RDWR);
    pthread_join(second.thread, NULL);
    rpc_client_close(both);
    close(first.listener);
    close(second.listener);
    json_decref(result);
    return result != NULL;
}

Test(client, another_node_is_asked_if_one_does_not_answer)
{
    cr_assert(goes_on_after(""));
    cr_assert(goes_on_after(NULL));
    cr_assert(goes_on_after(HTTP_OK("hello", "5")));
    cr_assert(goes_on_after(ERROR_OF("other_node")));
    cr_assert(goes_on_after(ERROR_OF("after_delay")));
    cr_assert_not(goes_on_after(ERROR_OF("never")));
    cr_assert_not(goes_on_after(ERROR_OF("re_sign")));
    cr_assert_not(goes_on_after(ERROR_OF("same_request")));
}

Test(client, nodes_are_asked_once_round)
{
    /* Three of which only the second is there, for one answer: it is found, and the next call
     * begins with it, goes on to the third and ends before the second again. */
    struct impostor second;
    start_impostor(&second, ANSWER_OF("1", "b"));
    const char *const urls[] = { "unix:/nowhere/a.sock", second.url, "unix:/nowhere/c.sock" };
    struct rpc_client *all;
    cr_assert_eq(rpc_client_open_any(&all, urls, 3, 300, NULL), STATUS_OK);
    json_t *result = rpc_client_call(all, "node_health", NULL, &failure);
    cr_assert(result, "%s", failure.text);
    json_decref(result);
    pthread_join(second.thread, NULL);
    close(second.listener);
    cr_assert_null(rpc_client_call(all, "node_health", NULL, &failure));
    cr_assert_eq(failure.what, FAILURE_CONNECT);
    cr_assert_str_eq(rpc_client_url(all), urls[0]);
    rpc_client_close(all);
}

Test(client, a_list_with_a_bad_address_is_no_client)
{
    struct rpc_client *none;
    const char *const urls[] = { "unix:/nowhere/a.sock", "ftp://b" };
    cr_assert_eq(rpc_client_open_any(&none, urls, 2, 300, NULL), STATUS_INVALID);
    cr_assert_eq(rpc_client_open_any(&none, urls, 0, 300, NULL), STATUS_INVALID);
}

/* ---- a node that dies with a request in its hands ------------------------------------------- */

struct dying {
    struct impostor impostor;
    bool comes_back;
    atomic_int copies; /* of the request that it did not answer */
};

static void *run_dying(void *context)
{
    static const char first[] = HTTP_OK("{\"id\":1,\"result\":{}}", "20");
    static const char second[] = HTTP_OK("{\"id\":2,\"result\":{}}", "20");
    struct dying *dying = context;
    int listener = dying->impostor.listener;
    char request[4096];
    int fd = accept(listener, NULL, NULL);
    if (recv(fd, request, sizeof request, 0) > 0) raw_send(fd, first, sizeof first - 1);
    if (recv(fd, request, sizeof request, 0) > 0) dying->copies++;
    if (!dying->comes_back) shutdown(listener, SHUT_RDWR);
    close(fd);
    struct pollfd wait = { .fd = listener, .events = POLLIN };
    if (!dying->comes_back || poll(&wait, 1, 500) != 1) return NULL;
    fd = accept(listener, NULL, NULL);
    if (recv(fd, request, sizeof request, 0) > 0) dying->copies++;
    raw_send(fd, second, sizeof second - 1);
    close(fd);
    return NULL;
}

/* libcurl sends a request again by itself if a kept connection breaks before the first byte of the
 * answer. We may not: the first copy may have been carried out, and only the caller knows whether
 * it may be repeated; and "nobody answers there" would be a lie about what was sent. */
static void call_dying(bool comes_back)
{
    struct dying dying = { .comes_back = comes_back };
    struct rpc_client *other;
    start_listener(&dying.impostor);
    cr_assert_eq(pthread_create(&dying.impostor.thread, NULL, run_dying, &dying), 0);
    cr_assert_eq(rpc_client_open(&other, dying.impostor.url, 2000, NULL), STATUS_OK);
    json_t *result = rpc_client_call(other, "node_health", NULL, &failure);
    cr_assert(result, "%s", failure.text);
    json_decref(result);
    cr_assert_null(rpc_client_call(other, "node_health", NULL, &failure));
    cr_assert_eq(failure.what, FAILURE_LOST);
    pthread_join(dying.impostor.thread, NULL);
    cr_assert_eq(dying.copies, 1);
    rpc_client_close(other);
    close(dying.impostor.listener);
}

Test(client, a_node_that_dies_with_the_request)
{
    call_dying(false);
    call_dying(true);
}
