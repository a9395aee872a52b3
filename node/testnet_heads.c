/* node/testnet_heads.c -- do the nodes of a test network hold the same ledger? */
#include "node/testnet.h"

#include "rpc/client.h"
#include <stdio.h>
#include <time.h>

enum { ASK_MS = 3000, STEP_MS = 20 };

static uint64_t clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static json_t *ask(const struct testnet *net, uint16_t index, const char *method,
                   const json_t *params)
{
    char url[TESTNET_URL];
    struct rpc_client *client;
    struct rpc_failure failure = { .what = FAILURE_NONE };
    testnet_url(net, index, url);
    if (rpc_client_open(&client, url, ASK_MS, NULL) != STATUS_OK) return NULL;
    json_t *result = rpc_client_call(client, method, params, &failure);
    rpc_failure_clear(&failure);
    rpc_client_close(client);
    return result;
}

static void copy_hash(char hash[65], const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    snprintf(hash, 65, "%s", text ? text : "");
}

static uint64_t height_of(const json_t *object, const char *name)
{
    json_int_t value = json_integer_value(json_object_get(object, name));
    return value > 0 ? (uint64_t)value : 0;
}

static void ask_status(const struct testnet *net, uint16_t index, struct testnet_head *head)
{
    *head = (struct testnet_head){ .state = testnet_state(net, index) };
    json_t *status = head->state == TESTNET_UP ? ask(net, index, "node_status", NULL) : NULL;
    const json_t *ledger = json_object_get(status, "ledger");
    head->answers = json_is_object(ledger);
    head->votes = json_is_true(json_object_get(json_object_get(status, "node"), "votes"));
    head->height = height_of(ledger, "height");
    head->sealed_height = height_of(ledger, "sealed_height");
    copy_hash(head->block_hash, ledger, "block_hash");
    copy_hash(head->state_root, ledger, "state_root");
    json_decref(status);
}

static void ask_block(const struct testnet *net, uint16_t index, uint64_t height,
                      struct testnet_head *head)
{
    json_t *params = json_pack("{s:I, s:s}", "height", (json_int_t)height, "entries", "none");
    json_t *block = ask(net, index, "block_get", params);
    const json_t *header = json_object_get(block, "header");
    copy_hash(head->common_hash, header ? header : block, "hash");
    json_decref(params);
    json_decref(block);
}

void testnet_heads(const struct testnet *net, struct testnet_heads *heads)
{
    *heads = (struct testnet_heads){ .common_height = UINT64_MAX };
    for (uint16_t i = 0; i < net->count; i++) {
        struct testnet_head *head = &heads->nodes[i];
        ask_status(net, i, head);
        if (!head->answers) continue;
        heads->answering++;
        heads->common_height = min_u64(heads->common_height, head->height);
    }
    if (heads->answering == 0) heads->common_height = 0;
    heads->equal = heads->answering > 0;
    heads->level = heads->answering == net->count;
    const char *first = NULL;
    for (uint16_t i = 0; i < net->count; i++) {
        struct testnet_head *head = &heads->nodes[i];
        if (!head->answers) continue;
        ask_block(net, i, heads->common_height, head);
        if (!first) first = head->common_hash;
        heads->equal =
            heads->equal && head->common_hash[0] && strcmp(head->common_hash, first) == 0;
        heads->level = heads->level && head->height == heads->common_height &&
                       head->sealed_height == head->height;
    }
    heads->level = heads->level && heads->equal;
}

enum status testnet_await_level(const struct testnet *net, uint64_t timeout_ms,
                                struct testnet_heads *heads, struct problem *problem)
{
    uint64_t until_ms = clock_ms() + timeout_ms;
    for (testnet_heads(net, heads); !heads->level; testnet_heads(net, heads)) {
        if (clock_ms() >= until_ms)
            return problem_set(problem, STATUS_TIMEOUT,
                               "%u of %u nodes answer, %s at height %llu, but not all stand there "
                               "with a seal",
                               heads->answering, net->count, heads->equal ? "equal" : "different",
                               (unsigned long long)heads->common_height);
        const struct timespec pause = { .tv_nsec = STEP_MS * 1000000L };
        nanosleep(&pause, NULL);
    }
    return STATUS_OK;
}
