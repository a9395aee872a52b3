#include "genesis/genesis_internal.h"

#include <inttypes.h>
#include <stdlib.h>

/* Every message begins with the JSON Pointer of the field. The arrays are sorted, so neighbours
 * that are equal are the duplicates; order_place gives the place in the operator's file. */

enum { BYZANTINE_MIN = 4, PORT_MAX = 65535, HOST_MAX = 253 };

static const uint64_t genesis_time_max = UINT64_C(253402300799999); /* the end of year 9999 */

static enum status network_check(const struct genesis *g, struct problem *problem)
{
    size_t size = strnlen(g->network, sizeof g->network);
    bool good = size >= 1 && size <= NETWORK_NAME_MAX;
    for (size_t i = 0; good && i < size; i++) {
        char c = g->network[i];
        good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    }
    if (good) return STATUS_OK;
    return problem_set(problem, STATUS_INVALID,
                       "/network: not 1 to %d of the characters a-z, 0-9 and -", NETWORK_NAME_MAX);
}

static enum status model_check(const struct genesis *g, struct problem *problem)
{
    enum fault_model model = g->committee.fault_model;
    enum engine_kind engine = g->committee.engine;
    if (g->purpose != PURPOSE_PRODUCTION && g->purpose != PURPOSE_TEST)
        return problem_set(problem, STATUS_INVALID, "/purpose: neither production nor test");
    if (model != FAULT_BYZANTINE && model != FAULT_CRASH)
        return problem_set(problem, STATUS_INVALID, "/fault_model: neither byzantine nor crash");
    if (!engine_name(engine))
        return problem_set(problem, STATUS_INVALID, "/engine: kind %d is not known", (int)engine);
    if (engine == ENGINE_HOTSTUFF && model != FAULT_BYZANTINE)
        return problem_set(problem, STATUS_INVALID,
                           "/engine: hotstuff is for the fault model byzantine, not crash");
    if (engine == ENGINE_RAFT && model != FAULT_CRASH)
        return problem_set(problem, STATUS_INVALID,
                           "/engine: raft survives crashes but no lies; it needs the fault model "
                           "crash");
    return STATUS_OK;
}

/* The tables' own checks name the parameter; here it becomes a pointer. */
static enum status params_all_check(const struct genesis *g, struct problem *problem)
{
    struct problem inner;
    if (g->params.version != 1)
        return problem_set(problem, STATUS_INVALID, "/params: version %" PRIu64 ", not 1",
                           g->params.version);
    enum status status =
        params_check(&g->params, g->committee.fault_model, g->purpose == PURPOSE_TEST, &inner);
    if (status != STATUS_OK) return problem_set(problem, status, "/params/%s", inner.text);
    status = engine_params_check(g->committee.engine, &g->params, &inner);
    if (status != STATUS_OK) return problem_set(problem, status, "/engine_params/%s", inner.text);
    return STATUS_OK;
}

static enum status head_check(const struct genesis *g, struct problem *problem)
{
    enum status status = network_check(g, problem);
    if (status != STATUS_OK) return status;
    if (g->time_ms > genesis_time_max)
        return problem_set(problem, STATUS_INVALID, "/time: later than the year 9999");
    status = model_check(g, problem);
    if (status != STATUS_OK) return status;
    return params_all_check(g, problem);
}

bool member_name_valid(const char *name)
{
    size_t size = strnlen(name, MEMBER_NAME_MAX + 1);
    if (size < 1 || size > MEMBER_NAME_MAX) return false;
    for (size_t i = 0; i < size; i++)
        if ((uint8_t)name[i] < 0x20 || name[i] == 0x7f) return false;
    return utf8_valid(span_of(name, size));
}

static enum status member_check(const struct genesis *g, const uint32_t *order, uint32_t i,
                                struct problem *problem)
{
    const struct member *member = &g->members[i];
    uint32_t place = order_place(order, i);
    if (!member_name_valid(member->name))
        return problem_set(problem, STATUS_INVALID,
                           "/members/%u/name: not 1 to %d bytes of UTF-8 without control "
                           "characters",
                           place, MEMBER_NAME_MAX);
    if (i > 0 && id_equal(&member->account, &g->members[i - 1].account))
        return problem_set(problem, STATUS_INVALID,
                           "/members/%u/account: the same as in /members/%u", place,
                           order_place(order, i - 1));
    if (genesis_find_account(g, &member->account) < 0)
        return problem_set(problem, STATUS_INVALID,
                           "/members/%u/account: there is no such account in /accounts", place);
    return STATUS_OK;
}

static int compare_names(const void *a, const void *b, void *context)
{
    const struct member *members = context;
    return strcmp(members[*(const uint16_t *)a].name, members[*(const uint16_t *)b].name);
}

static enum status member_names_check(const struct genesis *g, const uint32_t *order,
                                      struct problem *problem)
{
    uint16_t *by_name = genesis_array(g->member_count, sizeof *by_name);
    if (!by_name) return problem_set(problem, STATUS_NO_MEMORY, "/members: out of memory");
    for (uint16_t i = 0; i < g->member_count; i++)
        by_name[i] = i;
    qsort_r(by_name, g->member_count, sizeof *by_name, compare_names, g->members);

    enum status status = STATUS_OK;
    for (size_t i = 1; i < g->member_count && status == STATUS_OK; i++) {
        uint16_t one = by_name[i - 1], other = by_name[i];
        if (strcmp(g->members[one].name, g->members[other].name) != 0) continue;
        uint32_t first = order_place(order, one), second = order_place(order, other);
        if (first > second) {
            uint32_t swap = first;
            first = second;
            second = swap;
        }
        status = problem_set(problem, STATUS_INVALID,
                             "/members/%u/name: the same as in /members/%u", second, first);
    }
    free(by_name);
    return status;
}

static enum status members_check(const struct genesis *g, const uint32_t *order,
                                 struct problem *problem)
{
    if (g->member_count == 0)
        return problem_set(problem, STATUS_INVALID, "/members: empty; a chain needs one at least");
    if (g->member_count > CHAIN_MEMBERS_MAX)
        return problem_set(problem, STATUS_TOO_LARGE, "/members: more than %d", CHAIN_MEMBERS_MAX);
    for (uint32_t i = 0; i < g->member_count; i++) {
        enum status status = member_check(g, order, i, problem);
        if (status != STATUS_OK) return status;
    }
    return member_names_check(g, order, problem);
}

static bool port_valid(const char *text)
{
    uint64_t port;
    return amount_decode(text, &port) && port >= 1 && port <= PORT_MAX;
}

bool endpoint_valid(const char *endpoint)
{
    if (strnlen(endpoint, ENDPOINT_MAX + 1) > ENDPOINT_MAX) return false;
    const char *colon = strrchr(endpoint, ':');
    if (!colon || !port_valid(colon + 1)) return false;
    size_t size = (size_t)(colon - endpoint);
    bool bracketed = size > 2 && endpoint[0] == '[' && endpoint[size - 1] == ']';
    if (bracketed) {
        size_t inner = strspn(endpoint + 1, "0123456789abcdefABCDEF:.");
        return inner == size - 2;
    }
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";
    return size >= 1 && size <= HOST_MAX && strspn(endpoint, letters) == size;
}

static enum status validator_count_check(const struct genesis *g, struct problem *problem)
{
    uint64_t count = g->committee.count;
    bool test = g->purpose == PURPOSE_TEST;
    if (count == 0)
        return problem_set(problem, STATUS_INVALID,
                           "/validators: empty; a chain needs one at least");
    if (g->committee.fault_model == FAULT_BYZANTINE && !test && count < BYZANTINE_MIN)
        return problem_set(problem, STATUS_INVALID,
                           "/validators: %" PRIu64 " tolerate no Byzantine fault; 4 at least, or "
                           "\"purpose\": \"test\"",
                           count);
    if (count < g->params.values[PARAM_validators_min])
        return problem_set(problem, STATUS_INVALID,
                           "/validators: %" PRIu64 ", fewer than /params/validators_min, %" PRIu64,
                           count, g->params.values[PARAM_validators_min]);
    if (count > g->params.values[PARAM_validators_max])
        return problem_set(problem, STATUS_INVALID,
                           "/validators: %" PRIu64 ", more than /params/validators_max, %" PRIu64,
                           count, g->params.values[PARAM_validators_max]);
    return STATUS_OK;
}

static enum status endpoint_check(const struct genesis *g, const uint32_t *order, uint32_t i,
                                  struct problem *problem)
{
    const char *endpoint = g->validators[i].endpoint;
    if (!endpoint_valid(endpoint))
        return problem_set(problem, STATUS_INVALID,
                           "/validators/%u/endpoint: not host:port (an IPv6 address in brackets)",
                           order_place(order, i));
    for (uint32_t j = 0; j < i; j++)
        if (strcmp(g->validators[j].endpoint, endpoint) == 0)
            return problem_set(problem, STATUS_INVALID,
                               "/validators/%u/endpoint: the same as in /validators/%u",
                               order_place(order, i), order_place(order, j));
    return STATUS_OK;
}

static enum status validator_check(const struct genesis *g, const uint32_t *order, uint32_t i,
                                   struct problem *problem)
{
    const struct validator *v = &g->committee.validators[i];
    const struct genesis_validator *more = &g->validators[i];
    uint32_t place = order_place(order, i);
    if (id_is_zero(&v->id))
        return problem_set(problem, STATUS_INVALID, "/validators/%u/id: zero means none", place);
    if (i > 0 && id_equal(&v->id, &g->committee.validators[i - 1].id))
        return problem_set(problem, STATUS_INVALID,
                           "/validators/%u/id: the same as in /validators/%u", place,
                           order_place(order, i - 1));
    if (genesis_find_member(g, &v->member) < 0)
        return problem_set(problem, STATUS_INVALID,
                           "/validators/%u/member: there is no such member in /members", place);
    if (!key_valid(&v->seal_key))
        return problem_set(problem, STATUS_BAD_KEY,
                           "/validators/%u/seal_key: not a valid Ed25519 key", place);
    if (!key_valid(&more->node_key))
        return problem_set(problem, STATUS_BAD_KEY,
                           "/validators/%u/node_key: not a valid Ed25519 key", place);
    if (!possession_verify(g->network, &v->id, &v->member, &v->seal_key, &more->node_key,
                           &more->possession))
        return problem_set(problem, STATUS_BAD_SIGNATURE,
                           "/validators/%u/possession: not the seal key's signature for this "
                           "network, id, member and node key",
                           place);
    return endpoint_check(g, order, i, problem);
}

static enum status validators_check(const struct genesis *g, const uint32_t *order,
                                    struct problem *problem)
{
    enum status status = validator_count_check(g, problem);
    for (uint32_t i = 0; i < g->committee.count && status == STATUS_OK; i++)
        status = validator_check(g, order, i, problem);
    return status;
}

/* A validator's key and where it stands. */
struct key_use {
    struct public_key key;
    uint32_t place;
    const char *field;
};

static int compare_uses(const void *a, const void *b)
{
    const struct key_use *one = a;
    const struct key_use *other = b;
    int order = key_compare(&one->key, &other->key);
    if (order == 0) order = (one->place > other->place) - (one->place < other->place);
    return order != 0 ? order : strcmp(one->field, other->field);
}

static int compare_key_to_use(const void *key, const void *use)
{
    return key_compare(key, &((const struct key_use *)use)->key);
}

static enum status signer_keys_check(const struct genesis *g, const uint32_t *order,
                                     const struct key_use *uses, size_t count,
                                     struct problem *problem)
{
    for (uint32_t i = 0; i < g->account_count; i++) {
        for (unsigned j = 0; j < g->accounts[i].signer_count; j++) {
            const struct key_use *use = bsearch(&g->accounts[i].signers[j].key, uses, count,
                                                sizeof *uses, compare_key_to_use);
            if (!use) continue;
            return problem_set(problem, STATUS_INVALID,
                               "/accounts/%u/signers/%u/key: is also /validators/%u/%s; seal, node "
                               "and account keys are never shared",
                               order_place(order, i), j, use->place, use->field);
        }
    }
    return STATUS_OK;
}

/* The three kinds never share a key; accounts may share theirs with other accounts. */
static enum status keys_check(const struct genesis *g, const struct genesis_order *order,
                              struct problem *problem)
{
    struct key_use uses[2 * COMMITTEE_MAX];
    size_t count = 0;
    for (uint32_t i = 0; i < g->committee.count; i++) {
        uint32_t place = order_place(order->validators, i);
        uses[count++] = (struct key_use){ g->committee.validators[i].seal_key, place, "seal_key" };
        uses[count++] = (struct key_use){ g->validators[i].node_key, place, "node_key" };
    }
    qsort(uses, count, sizeof uses[0], compare_uses);
    for (size_t i = 1; i < count; i++)
        if (key_equal(&uses[i - 1].key, &uses[i].key))
            return problem_set(problem, STATUS_INVALID,
                               "/validators/%u/%s: is also /validators/%u/%s", uses[i].place,
                               uses[i].field, uses[i - 1].place, uses[i - 1].field);
    return signer_keys_check(g, order->accounts, uses, count, problem);
}

enum status genesis_check(const struct genesis *g, const struct genesis_order *order,
                          struct problem *problem)
{
    enum status status = head_check(g, problem);
    if (status == STATUS_OK) status = members_check(g, order->members, problem);
    if (status == STATUS_OK) status = validators_check(g, order->validators, problem);
    if (status == STATUS_OK) status = accounts_check(g, order->accounts, problem);
    if (status == STATUS_OK) status = keys_check(g, order, problem);
    if (status == STATUS_OK) status = assets_check(g, order->assets, problem);
    if (status == STATUS_OK) status = balances_check(g, order, problem);
    return status;
}
