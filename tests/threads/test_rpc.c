/* tests/threads/test_rpc.c -- the RPC server under many threads at once, for ThreadSanitizer.
 *
 * Clients submit, wait, ask and go away in the middle; a block is made every few milliseconds by
 * one thread and sealed by another; and while all that goes on the server stops. Whatever a client
 * is told must be true.
 */
#include "rpc/client.h"
#include "tests/unit/rpc/loopback.h"

#include <stdatomic.h>

enum { CLIENTS = 6, RUN_MS = 1500, ROUNDS = 2 };

static struct loopback l;
static atomic_bool stopping;
static atomic_uint committed, asked, failed;
static atomic_uint next_number = 1;

static void *make_blocks(void *context)
{
    (void)context;
    while (!atomic_load(&stopping)) {
        pthread_mutex_lock(&l.node->lock);
        struct digest txid;
        bool has_pending = false;
        for (uint32_t i = 0; i < l.node->tx_count && !has_pending; i++) {
            has_pending = !l.node->txs[i].committed;
            txid = l.node->txs[i].txid;
        }
        pthread_mutex_unlock(&l.node->lock);
        fake_block(l.node, has_pending ? &txid : NULL, RESULT_ok);
        usleep(1000);
    }
    return NULL;
}

static void *make_seals(void *context)
{
    (void)context;
    while (!atomic_load(&stopping)) {
        fake_seal(l.node);
        usleep(3000);
    }
    return NULL;
}

static bool is_text(const json_t *object, const char *name, const char *text)
{
    const char *have = json_string_value(json_object_get(object, name));
    return have && strcmp(have, text) == 0;
}

/* After a stop every failure is allowed; before it none is. */
static void check_failure(const struct rpc_failure *failure)
{
    atomic_fetch_add(&failed, 1);
    bool excused = atomic_load(&stopping) || strcmp(failure->kind, "unavailable") == 0;
    if (!excused) fprintf(stderr, "failed: %s %s\n", failure->kind, failure->text);
    ASSERT(excused);
}

static void submit_one(struct rpc_client *client, const char *until)
{
    struct rpc_failure failure;
    char *hex = fake_transaction(atomic_fetch_add(&next_number, 1), NULL);
    json_t *params = json_pack("{s:s, s:s, s:i}", "tx", hex, "wait", until, "timeout_ms", 20000);
    json_t *status = rpc_client_call(client, "tx_submit", params, &failure);
    if (status) {
        ASSERT(is_text(status, "status", "committed"));
        bool sealed = json_is_true(json_object_get(status, "sealed"));
        ASSERT(sealed || strcmp(until, "sealed") != 0);
        atomic_fetch_add(&committed, 1);
    } else {
        check_failure(&failure);
        rpc_failure_clear(&failure);
    }
    json_decref(status);
    json_decref(params);
    free(hex);
}

static void ask_one(struct rpc_client *client, const char *method)
{
    struct rpc_failure failure;
    json_t *result = rpc_client_call(client, method, NULL, &failure);
    if (result) {
        atomic_fetch_add(&asked, 1);
    } else {
        check_failure(&failure);
        rpc_failure_clear(&failure);
    }
    json_decref(result);
}

/* Sends a wait and goes away: the server must not mind. */
static void leave_one(void)
{
    static const char call[] =
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Content-Length: 145\r\n\r\n"
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tx_wait\",\"params\":{\"timeout_ms\":50,"
        "\"tx_id\":\"2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae\"}}";
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(rpc_port(l.server, 0)),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        raw_send(fd, call, strlen(call));
    close(fd);
}

static void *run_client(void *context)
{
    struct rpc_client *client;
    bool local = (uintptr_t)context % 2;
    enum status status = rpc_client_open(&client, local ? l.socket_url : l.url, 30000, NULL);
    ASSERT(status == STATUS_OK);
    while (!atomic_load(&stopping)) {
        submit_one(client, "committed");
        submit_one(client, "sealed");
        ask_one(client, "node_status");
        ask_one(client, "mempool_status");
        if (!local && !atomic_load(&stopping)) leave_one();
    }
    rpc_client_close(client);
    return NULL;
}

static void run_round(void)
{
    pthread_t clients[CLIENTS], blocks, seals;
    loopback_options(&l);
    l.options.limits.readers = 3;
    loopback_start(&l);
    atomic_store(&stopping, false);
    pthread_create(&blocks, NULL, make_blocks, NULL);
    pthread_create(&seals, NULL, make_seals, NULL);
    for (uintptr_t i = 0; i < CLIENTS; i++)
        pthread_create(&clients[i], NULL, run_client, (void *)i);
    usleep(RUN_MS * 1000);

    /* News stop first, as a node's loop does; the clients are still calling. */
    atomic_store(&stopping, true);
    pthread_join(blocks, NULL);
    pthread_join(seals, NULL);
    rpc_stop(l.server);
    for (size_t i = 0; i < CLIENTS; i++)
        pthread_join(clients[i], NULL);
    fake_free(l.node);
}

int main(void)
{
    for (int i = 0; i < ROUNDS; i++)
        run_round();
    printf("%u committed, %u asked, %u failed at the stop\n", atomic_load(&committed),
           atomic_load(&asked), atomic_load(&failed));
    ASSERT(atomic_load(&committed) > 20);
    ASSERT(atomic_load(&asked) > 20);
    return 0;
}
