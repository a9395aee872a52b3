/* A request's body, against all methods, a fake node and no ledger.
 *
 * The first byte says where it comes from and what the node does with submissions; the rest is the
 * body. Whatever comes, the answer is nothing (only notifications), or one line of JSON: an object
 * or a non-empty array of objects with version, id and either result or error, and within the limit
 * of the response. A request that waits is ended by a block, by its deadline or by a stop.
 *
 * Seeds: any line of docs/reference/rpc.md's examples with a byte before it.
 */
#include "rpc/methods.h"
#include "tests/unit/rpc/fake_node.h"

int LLVMFuzzerInitialize(int *count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RESPONSE_MAX = 4 * 1024 * 1024, METHODS_MAX = 64 };

/* Methods that read want a ledger; here only those that do not are called for real. */
static json_t *handle_nothing(struct rpc_call *call)
{
    return call_not_found(call, "ledger", "", 0);
}

static struct fake_node *node;
static struct rpc_core core;
static struct rpc_method copies[METHODS_MAX];
static const struct rpc_method *methods[METHODS_MAX];
static bool woken;

static void wake(void *context, struct rpc_request *request)
{
    (void)context;
    woken |= request_wake(request);
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count;
    (void)arguments;
    if (crypto_start(NULL) != STATUS_OK) return 1;
    ASSERT(rpc_method_count <= METHODS_MAX);
    for (size_t i = 0; i < rpc_method_count; i++) {
        copies[i] = *rpc_methods[i];
        if (copies[i].reads) copies[i].handle = handle_nothing;
        methods[i] = &copies[i];
    }
    uint64_t keys[4];
    struct genesis *genesis =
        genesis_new("fuzz", PURPOSE_TEST, 0, ENGINE_HOTSTUFF, FAULT_BYZANTINE);
    ASSERT(genesis != NULL);
    sample_committee(&genesis->committee, 4, FAULT_BYZANTINE, keys);
    node = fake_new(genesis);
    core.backend = &node->backend;
    core.methods = methods;
    core.method_count = rpc_method_count;
    rpc_limits_default(&core.limits);
    core.limits.response_max = RESPONSE_MAX;
    core.meter = meter_new(&node->backend);
    return core.meter ? 0 : 1;
}

static void check_item(const json_t *item)
{
    const json_t *id = json_object_get(item, "id");
    const json_t *error = json_object_get(item, "error");
    ASSERT(json_is_object(item));
    ASSERT(json_is_string(json_object_get(item, "jsonrpc")));
    ASSERT(json_is_string(id) || json_is_integer(id) || json_is_null(id));
    ASSERT(!error != !json_object_get(item, "result"));
    ASSERT(json_object_size(item) == 3);
    if (!error) return;
    const json_t *data = json_object_get(error, "data");
    const json_t *kind = json_object_get(data, "kind");
    ASSERT(json_is_string(kind));
    ASSERT(rpc_error_by_kind(json_string_value(kind)) ==
           rpc_error_by_code(json_integer_value(json_object_get(error, "code"))));
}

static void check_answer(struct span answer)
{
    if (answer.size == 0) return;
    ASSERT(answer.size <= RESPONSE_MAX);
    ASSERT(answer.data[answer.size - 1] == '\n');
    ASSERT(memchr(answer.data, '\n', answer.size) == answer.data + answer.size - 1);
    json_t *value = json_loadb((const char *)answer.data, answer.size, 0, NULL);
    ASSERT(value != NULL);
    if (json_is_array(value)) {
        ASSERT(json_array_size(value) > 0);
        size_t i;
        json_t *item;
        json_array_foreach(value, i, item) check_item(item);
    } else {
        check_item(value);
    }
    json_decref(value);
}

/* Ends the wait by one of the ways in which waits end. */
static void end_wait(uint8_t choice)
{
    struct digest txid = { { 0 } };
    if (node->tx_count > 0) txid = node->txs[node->tx_count - 1].txid;
    fake_release(node);
    if (!woken && choice % 3 == 0) {
        fake_block(node, node->tx_count ? &txid : NULL, RESULT_ok);
        fake_seal(node);
    }
    if (!woken && choice % 3 == 1) waiters_stop(core.waiters);
    if (!woken) waiters_sweep(core.waiters, UINT64_MAX);
    ASSERT(woken);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) return 0;
    uint8_t choice = data[0];
    core.waiters = waiters_new(16, 16, wake, NULL);
    ASSERT(core.waiters != NULL);
    node->waiters = core.waiters;
    node->tx_count = 0;
    node->mode = (enum fake_mode)(choice / 4 % 7);
    node->refusal = (struct refusal){ .code = REFUSAL_tx_expired };

    struct request_options options = { .granted = choice & 1 ? ACCESS_ADMIN : ACCESS_SUBMIT };
    struct rpc_reader reader = { .deadline_ms = 0 };
    char *body = malloc(size);
    ASSERT(body != NULL);
    memcpy(body, data + 1, size - 1);
    struct rpc_request *request = request_new(&core, &options, body, size - 1);
    ASSERT(request != NULL);
    woken = false;
    while (request_run(request, &reader) == REQUEST_WAITS) {
        if (!woken) end_wait(choice >> 5);
        woken = false;
    }
    check_answer(request_answer(request));
    request_free(request);
    node->waiters = NULL;
    fake_release(node);
    waiters_free(core.waiters);
    return 0;
}
