/* node/testnet_create.c -- keys and genesis of a new test network. */
#include "node/testnet_inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* ---- genesis ---- */

static void account_fill(struct genesis_account *account, const struct id *id, uint32_t roles,
                         const struct secret_key *secret)
{
    account->id = *id;
    account->roles = roles;
    account->low = account->medium = account->high = 1;
    account->signer_count = 1;
    account->signers[0].weight = 1;
    key_public(secret, &account->signers[0].key);
}

static void validator_fill(struct genesis *genesis, uint16_t i, const struct testnet *net,
                           const struct testnet_making *m)
{
    struct validator *validator = &genesis->committee.validators[i];
    struct genesis_validator *more = &genesis->validators[i];
    validator->id = m->id;
    validator->member = m->member;
    key_public(&m->seal, &validator->seal_key);
    key_public(&m->node, &more->node_key);
    snprintf(more->endpoint, sizeof more->endpoint, "127.0.0.1:%u", net->nodes[i].peer_port);
    possession_sign(&m->seal, genesis->network, &m->id, &m->member, &more->node_key,
                    &more->possession);
}

static enum status genesis_allocate(struct genesis *genesis, uint16_t count)
{
    genesis->validators = calloc(count, sizeof *genesis->validators);
    genesis->members = calloc(count, sizeof *genesis->members);
    genesis->accounts = calloc(count + 1u, sizeof *genesis->accounts);
    if (!genesis->validators || !genesis->members || !genesis->accounts) return STATUS_NO_MEMORY;
    genesis->committee.count = genesis->member_count = count;
    genesis->account_count = count + 1u;
    return STATUS_OK;
}

static enum status set_phases(struct genesis *genesis, uint64_t phases, struct problem *problem)
{
    struct params *params = &genesis->params;
    for (uint16_t i = 0; i < params->engine_count; i++) {
        if (strcmp(params->engine[i].name, "phases") != 0) continue;
        params->engine[i].value = phases;
        return STATUS_OK;
    }
    return problem_set(problem, STATUS_INVALID, "this engine has no parameter phases");
}

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static enum status build_genesis(const struct testnet *net, const struct testnet_options *options,
                                 const struct testnet_making *list,
                                 const struct secret_key *treasury, struct genesis **out,
                                 struct problem *problem)
{
    enum fault_model fault = options->engine == ENGINE_RAFT || options->engine == ENGINE_PAXOS ||
                                     options->engine == ENGINE_ZAB
                                 ? FAULT_CRASH
                                 : FAULT_BYZANTINE;
    struct genesis *genesis =
        genesis_new(net->network, PURPOSE_TEST, now_ms(), options->engine, fault);
    if (!genesis) return problem_set(problem, STATUS_NO_MEMORY, "out of memory");
    enum status status = genesis_allocate(genesis, net->count);
    if (status == STATUS_OK && options->phases > 0)
        status = set_phases(genesis, options->phases, problem);
    if (status == STATUS_OK) {
        /* The member of a validator is named after it, bank-1 and so on. */
        for (uint16_t i = 0; i < net->count; i++) {
            validator_fill(genesis, i, net, &list[i]);
            genesis->members[i].account = list[i].member;
            snprintf(genesis->members[i].name, sizeof genesis->members[i].name, "bank-%u", i + 1u);
            account_fill(&genesis->accounts[i], &list[i].member, 0, &list[i].member_key);
        }
        account_fill(&genesis->accounts[net->count], &net->treasury, ROLE_ALL, treasury);
        if (net->count < genesis->params.values[PARAM_validators_min])
            genesis->params.values[PARAM_validators_min] = net->count;
        status = genesis_seal(genesis, problem);
    }
    if (status == STATUS_OK)
        *out = genesis;
    else
        genesis_free(genesis);
    return status;
}

/* ---- files ---- */

static enum status write_keys(const struct testnet *net, const struct testnet_making *list,
                              const struct secret_key *treasury, struct problem *problem)
{
    char keys[PATH_BYTES_MAX];
    testnet_file(net, "keys", keys);
    enum status status = directory_create(keys, 0700, problem);
    if (status == STATUS_OK)
        status = testnet_write_key(keys, "treasury.json", KEY_ACCOUNT, "treasury", &net->treasury,
                                   treasury, problem);
    for (uint16_t i = 0; status == STATUS_OK && i < net->count; i++) {
        char file[32], name[32];
        snprintf(file, sizeof file, "member-%u.json", i + 1u);
        snprintf(name, sizeof name, "bank-%u", i + 1u);
        status = testnet_write_key(keys, file, KEY_ACCOUNT, name, &list[i].member,
                                   &list[i].member_key, problem);
    }
    return status;
}

/* testnet.json comes last: a folder without it holds nothing that runs. */
static enum status write_all(const struct testnet *net, const struct genesis *genesis,
                             const struct testnet_making *list, const struct secret_key *treasury,
                             struct problem *problem)
{
    json_t *document = genesis_json(genesis);
    char *text = document ? json_dumps(document, JSON_INDENT(2)) : NULL;
    json_decref(document);
    if (!text) return problem_set(problem, STATUS_NO_MEMORY, "out of memory");
    char observers[TESTNET_OBSERVERS] = "";
    for (uint16_t i = 0; i < net->count; i++) {
        struct public_key node_key;
        key_public(&list[i].node, &node_key);
        testnet_list_key(observers, &node_key);
    }
    enum status status = write_keys(net, list, treasury, problem);
    for (uint16_t i = 0; status == STATUS_OK && i < net->count; i++)
        status = testnet_write_home(net, i, &list[i], &genesis->chain_id, text, observers, problem);
    free(text);
    return status == STATUS_OK ? testnet_write(net, problem) : status;
}

/* ---- all of it ---- */

static int by_id(const void *a, const void *b)
{
    return id_compare(&((const struct testnet_making *)a)->id,
                      &((const struct testnet_making *)b)->id);
}

/* The set is ordered by id. Sorting first makes validator N the one of DIR/N, so that logs, which
 * name peers by their index, can be read beside the folders. */
static void draw(struct testnet_making *list, uint16_t count)
{
    for (uint16_t i = 0; i < count; i++) {
        struct public_key unused;
        random_bytes(&list[i].id, sizeof list[i].id);
        random_bytes(&list[i].member, sizeof list[i].member);
        key_generate(&list[i].seal, &unused);
        key_generate(&list[i].node, &unused);
        key_generate(&list[i].member_key, &unused);
    }
    qsort(list, count, sizeof *list, by_id);
}

static enum status open_dir(struct testnet *net, const char *dir, struct problem *problem)
{
    struct testnet present;
    enum status status = directory_create(dir, 0750, problem);
    if (status != STATUS_OK) return status;
    status = testnet_load(&present, dir, problem);
    if (status == STATUS_OK)
        return problem_set(problem, STATUS_EXISTS, "%s holds the network %s already", dir,
                           present.network);
    if (status != STATUS_NOT_FOUND) return status;
    char *real = realpath(dir, NULL);
    if (!real) return problem_set(problem, STATUS_IO, "%s: %s", dir, strerror(errno));
    bool fits = strlen(real) + 256 < sizeof net->dir;
    if (fits) snprintf(net->dir, sizeof net->dir, "%s", real);
    free(real);
    return fits ? STATUS_OK
                : problem_set(problem, STATUS_TOO_LARGE, "%s: the path is too long", dir);
}

enum status testnet_create(struct testnet *net, const struct testnet_options *options,
                           struct problem *problem)
{
    if (options->validators < 1 || options->validators > TESTNET_NODES_MAX)
        return problem_set(problem, STATUS_INVALID, "a test network has 1 to %d validators",
                           TESTNET_NODES_MAX);
    *net = (struct testnet){ .count = options->validators };
    snprintf(net->network, sizeof net->network, "%s", options->network);
    snprintf(net->engine, sizeof net->engine, "%s", engine_name(options->engine));
    random_bytes(&net->treasury, sizeof net->treasury);
    enum status status = open_dir(net, options->dir, problem);
    if (status == STATUS_OK) status = testnet_choose_ports(net, 0, options->port_base, problem);
    if (status != STATUS_OK) return status;

    ASSERT(net->count > 0);
    struct testnet_making *list = calloc(net->count, sizeof *list);
    if (!list) return problem_set(problem, STATUS_NO_MEMORY, "out of memory");
    struct secret_key treasury;
    struct public_key unused;
    struct genesis *genesis = NULL;
    draw(list, net->count);
    key_generate(&treasury, &unused);
    status = build_genesis(net, options, list, &treasury, &genesis, problem);
    if (status == STATUS_OK) status = write_all(net, genesis, list, &treasury, problem);
    genesis_free(genesis);
    explicit_bzero(list, net->count * sizeof *list);
    key_wipe(&treasury);
    free(list);
    return status;
}
