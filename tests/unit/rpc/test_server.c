#include "rpc/client.h"
#include "tests/unit/rpc/loopback.h"

#include <criterion/criterion.h>
#include <stdatomic.h>
#include <sys/stat.h>

static struct loopback l;

static json_t *call(const char *url, const char *method, json_t *params,
                    struct rpc_failure *failure)
{
    struct rpc_client *client;
    cr_assert_eq(rpc_client_open(&client, url, 10000, NULL), STATUS_OK);
    json_t *result = rpc_client_call(client, method, params, failure);
    rpc_client_close(client);
    json_decref(params);
    return result;
}

static void open_options(void)
{
    loopback_options(&l);
}

TestSuite(server, .init = open_options, .timeout = 60);

Test(server, answers_over_tcp_and_the_local_socket)
{
    struct rpc_failure failure;
    loopback_start(&l);
    const char *const urls[] = { l.url, l.socket_url };
    for (size_t i = 0; i < 2; i++) {
        json_t *result = call(urls[i], "node_status", NULL, &failure);
        cr_assert(result, "%s", failure.text);
        const json_t *node = json_object_get(result, "node");
        cr_assert_str_eq(json_string_value(json_object_get(node, "name")), "bank-a");
        json_decref(result);
    }
    loopback_stop(&l);
    struct stat info;
    cr_assert_neq(stat(l.socket, &info), 0); /* nothing is left behind */
}

Test(server, several_listeners_and_none)
{
    struct rpc_failure failure;
    l.options.listen[1] = "127.0.0.2:0";
    l.options.listen[2] = "[::1]:0";
    l.options.listen_count = 3;
    loopback_start(&l);
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.2:%u", rpc_port(l.server, 1));
    json_decref(call(url, "node_health", NULL, &failure));
    cr_assert_eq(failure.what, FAILURE_NONE);
    snprintf(url, sizeof url, "http://[::1]:%u", rpc_port(l.server, 2));
    json_decref(call(url, "node_health", NULL, &failure));
    cr_assert_eq(failure.what, FAILURE_NONE);
    loopback_stop(&l);

    loopback_options(&l);
    l.options.listen_count = 0;
    struct problem problem;
    struct genesis *genesis;
    cr_assert_eq(genesis_load(WITAN_SOURCE "/genesis/samples/byzantine-4.json", &genesis, &problem),
                 STATUS_OK);
    l.node = fake_new(genesis);
    cr_assert_eq(rpc_start(&l.server, &l.options, &l.node->backend, &problem), STATUS_OK);
    snprintf(l.socket_url, sizeof l.socket_url, "unix:%s", l.socket);
    json_decref(call(l.socket_url, "admin_config", NULL, &failure));
    cr_assert_eq(failure.what, FAILURE_NONE);
    loopback_stop(&l);
}

/* ---- starts that fail ----------------------------------------------------------------------- */

static enum status start(struct problem *problem)
{
    struct genesis *genesis;
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    cr_assert_eq(genesis_load(WITAN_SOURCE "/genesis/samples/byzantine-4.json", &genesis, problem),
                 STATUS_OK);
    struct fake_node *node = fake_new(genesis);
    struct rpc_server *server;
    enum status status = rpc_start(&server, &l.options, &node->backend, problem);
    if (status == STATUS_OK) rpc_stop(server);
    fake_free(node);
    return status;
}

Test(server, other_addresses_than_loopback_are_refused)
{
    struct problem problem;
    l.options.listen[0] = "0.0.0.0:0";
    cr_assert_eq(start(&problem), STATUS_INVALID);
    cr_assert(strstr(problem.text, "0.0.0.0:0"));
}

Test(server, wrong_limits_and_paths)
{
    struct problem problem;
    l.options.limits.readers = 0;
    cr_assert_eq(start(&problem), STATUS_INVALID);
    l.options.limits.readers = 1;
    l.options.limits.response_max = l.options.limits.body_max;
    cr_assert_eq(start(&problem), STATUS_INVALID);
    rpc_limits_default(&l.options.limits);
    l.options.limits.wait_ms_max = 30001;
    cr_assert_eq(start(&problem), STATUS_INVALID);
    rpc_limits_default(&l.options.limits);
    l.options.ledger_path = "/nowhere/ledger.db";
    cr_assert_neq(start(&problem), STATUS_OK);
    l.options.ledger_path = NULL;
    cr_assert_eq(start(&problem), STATUS_OK, "%s", problem.text);
}

/* The socket of the node that runs must survive the start of another one on the same path. */
Test(server, a_second_server_leaves_the_first_one_alone)
{
    struct problem problem;
    struct rpc_failure failure;
    loopback_start(&l);
    cr_assert_eq(start(&problem), STATUS_BUSY);
    json_decref(call(l.socket_url, "node_health", NULL, &failure));
    cr_assert_eq(failure.what, FAILURE_NONE);
    loopback_stop(&l);
}

/* ---- a reload ------------------------------------------------------------------------------- */

static int64_t health(void)
{
    struct rpc_failure failure;
    json_decref(call(l.url, "node_health", NULL, &failure));
    int64_t code = failure.what == FAILURE_NONE ? 0 : failure.code;
    rpc_failure_clear(&failure);
    return code;
}

Test(server, a_reload_changes_methods_and_limits_of_a_running_server)
{
    struct problem problem;
    loopback_start(&l);
    cr_assert_eq(health(), 0);
    l.options.disabled_methods[0] = "node_*";
    l.options.disabled_methods_count = 1;
    cr_assert_eq(rpc_reload(l.server, &l.options, &problem), STATUS_OK);
    cr_assert_eq(health(), -32004);
    l.options.disabled_methods_count = 0;
    l.options.limits.response_max = l.options.limits.body_max;
    cr_assert_eq(rpc_reload(l.server, &l.options, &problem), STATUS_INVALID);
    cr_assert(strstr(problem.text, "response_max"));
    cr_assert_eq(health(), -32004, "nothing has changed");
    rpc_limits_default(&l.options.limits);
    cr_assert_eq(rpc_reload(l.server, &l.options, &problem), STATUS_OK);
    cr_assert_eq(health(), 0);
    loopback_stop(&l);
}

/* ---- limits --------------------------------------------------------------------------------- */

Test(server, connections_are_limited_but_not_for_the_local_socket)
{
    struct rpc_failure failure;
    l.options.limits.connections_max = 2;
    loopback_start(&l);
    int a = loopback_connect(&l), b = loopback_connect(&l);
    struct rpc_stats stats = { 0 };
    for (int i = 0; i < 100 && stats.connections_tcp < 2; i++) {
        usleep(10000);
        rpc_stats(l.server, &stats);
    }
    cr_assert_eq(stats.connections_tcp, 2);
    json_t *result = call(l.url, "node_health", NULL, &failure);
    cr_assert_null(result);
    cr_assert(failure.what == FAILURE_LOST || failure.what == FAILURE_CONNECT);
    result = call(l.socket_url, "node_health", NULL, &failure);
    cr_assert(result);
    json_decref(result);
    close(a);
    close(b);
    loopback_stop(&l);
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static atomic_int at_the_gate;

static json_t *slow(struct rpc_call *c)
{
    (void)c;
    atomic_fetch_add(&at_the_gate, 1);
    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
    return json_object();
}

static const struct rpc_method method_slow = { METHOD_BARE("slow", ACCESS_READ), .handle = slow };
static const struct rpc_method *const slow_methods[] = { &method_slow };

#define SLOW \
    "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" \
    "Content-Length: 40\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"slow\"}"

/* Until one call is being answered and so many wait. */
static void await_queue(uint32_t waiting)
{
    struct rpc_stats stats = { 0 };
    for (int i = 0; i < 1000; i++) {
        rpc_stats(l.server, &stats);
        if (atomic_load(&at_the_gate) == 1 && stats.queue == waiting) return;
        usleep(10000);
    }
    cr_assert_fail("%d at the gate, %u wait", atomic_load(&at_the_gate), stats.queue);
}

/* One reader busy and two places: the third that waits is told so, and health still answers. */
Test(server, a_full_queue_is_503)
{
    static char out[8192];
    l.options.methods = slow_methods;
    l.options.method_count = 1;
    l.options.limits.readers = 1;
    l.options.limits.queue_max = 2;
    loopback_start(&l);
    pthread_mutex_lock(&gate);
    int fds[3];
    for (size_t i = 0; i < 3; i++) {
        fds[i] = loopback_connect(&l);
        raw_send(fds[i], SLOW, strlen(SLOW));
        await_queue((uint32_t)i);
    }
    cr_assert_eq(raw_exchange(&l, SLOW, out, sizeof out), 503);
    cr_assert(strstr(out, "Retry-After: 1"));
    cr_assert(strstr(out, "\"limit\":\"rpc_queue\""));
    cr_assert(strstr(out, "\"id\":null"));
    cr_assert_eq(
        raw_exchange(&l, "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n", out, sizeof out), 200);
    pthread_mutex_unlock(&gate);
    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(raw_receive(fds[i], out, sizeof out, 3000), 200);
        close(fds[i]);
    }
    loopback_stop(&l);
}

/* ---- waits ---------------------------------------------------------------------------------- */

struct caller {
    pthread_t thread;
    const char *url;
    const char *method;
    json_t *params;
    json_t *result;
    struct rpc_failure failure;
};

static void *run_caller(void *context)
{
    struct caller *c = context;
    c->result = call(c->url, c->method, c->params, &c->failure);
    return NULL;
}

static void start_submit(struct caller *c, uint64_t number, const char *until, struct digest *txid)
{
    char *hex = fake_transaction(number, txid);
    *c = (struct caller){ .url = l.url, .method = "tx_submit" };
    c->params = json_pack("{s:s, s:s, s:i}", "tx", hex, "wait", until, "timeout_ms", 20000);
    free(hex);
    cr_assert_eq(pthread_create(&c->thread, NULL, run_caller, c), 0);
}

static void wait_for_waiters(uint32_t count)
{
    struct rpc_stats stats = { 0 };
    for (int i = 0; i < 500 && stats.waiters != count; i++) {
        usleep(10000);
        rpc_stats(l.server, &stats);
    }
    cr_assert_eq(stats.waiters, count);
}

Test(server, blocks_and_seals_wake_waiters)
{
    struct digest first, second;
    struct caller a, b;
    loopback_start(&l);
    start_submit(&a, 1, "committed", &first);
    start_submit(&b, 2, "sealed", &second);
    wait_for_waiters(2);
    fake_block(l.node, &first, RESULT_ok);
    fake_block(l.node, &second, RESULT_ok);
    pthread_join(a.thread, NULL);
    cr_assert(a.result, "%s", a.failure.text);
    wait_for_waiters(1);
    fake_seal(l.node);
    pthread_join(b.thread, NULL);
    cr_assert(b.result, "%s", b.failure.text);
    cr_assert(json_is_true(json_object_get(b.result, "sealed")));
    json_decref(a.result);
    json_decref(b.result);
    loopback_stop(&l);
}

Test(server, a_wait_ends_at_its_deadline)
{
    struct rpc_failure failure;
    loopback_start(&l);
    char *hex = fake_transaction(1, NULL);
    uint64_t start_ms = rpc_monotonic_ms();
    json_t *result = call(
        l.url, "tx_submit",
        json_pack("{s:s, s:s, s:i}", "tx", hex, "wait", "committed", "timeout_ms", 200), &failure);
    uint64_t took_ms = rpc_monotonic_ms() - start_ms;
    cr_assert(result);
    cr_assert(json_is_true(json_object_get(result, "timed_out")));
    cr_assert(took_ms >= 200 && took_ms < 2000, "%lu", (unsigned long)took_ms);
    json_decref(result);
    free(hex);
    loopback_stop(&l);
}

Test(server, a_waiting_client_makes_an_idle_chain_tick)
{
    struct rpc_failure failure;
    loopback_start(&l);
    json_t *params = json_pack("{s:s, s:s, s:i}", "tx_id",
                               "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
                               "not_after", "2026-12-01T08:58:59.999Z", "timeout_ms", 400);
    json_t *result = call(l.url, "tx_wait", params, &failure);
    cr_assert(result);
    json_decref(result);
    pthread_mutex_lock(&l.node->lock);
    uint32_t ticks = l.node->ticks;
    pthread_mutex_unlock(&l.node->lock);
    cr_assert(ticks >= 1);
    loopback_stop(&l);
}

/* A stop answers everybody, also those whose submission the node never answers. */
Test(server, stopping_answers_those_who_wait)
{
    struct digest txid;
    struct caller a, b;
    loopback_start(&l);
    start_submit(&a, 1, "committed", &txid);
    wait_for_waiters(1);
    pthread_mutex_lock(&l.node->lock);
    l.node->mode = FAKE_HOLD;
    pthread_mutex_unlock(&l.node->lock);
    start_submit(&b, 2, "committed", &txid);
    for (int i = 0; i < 500; i++) {
        pthread_mutex_lock(&l.node->lock);
        bool held = l.node->held_count == 1;
        pthread_mutex_unlock(&l.node->lock);
        if (held) break;
        usleep(10000);
    }
    uint64_t start_ms = rpc_monotonic_ms();
    rpc_stop(l.server);
    cr_assert(rpc_monotonic_ms() - start_ms < 3000);
    struct caller *const callers[] = { &a, &b };
    for (size_t i = 0; i < 2; i++) {
        pthread_join(callers[i]->thread, NULL);
        cr_assert_null(callers[i]->result);
        cr_assert_eq(callers[i]->failure.what, FAILURE_ERROR);
        cr_assert_str_eq(callers[i]->failure.kind, "unavailable");
        rpc_failure_clear(&callers[i]->failure);
    }
    fake_free(l.node);
}
