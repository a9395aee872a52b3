/* node/testnet_home.c -- the ports and the home of one node of a test network. */
#include "node/testnet_inside.h"

#include "node/safety.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    /* Below the range from which Linux takes ports of outgoing connections, so that none of these
     * is taken between creating and starting. */
    PORTS_FIRST = 20000,
    PORTS_LAST = 32000,
    PORTS_ATTEMPTS = 200,
};

/* ---- ports ---- */

static bool port_is_free(uint16_t port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    int on = 1;
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bool is_free = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
                   bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 1) == 0;
    close(fd);
    return is_free;
}

static bool ports_are_free(uint16_t base, uint16_t count)
{
    for (uint16_t i = 0; i < count; i++)
        if (!port_is_free((uint16_t)(base + i))) return false;
    return true;
}

enum status testnet_choose_ports(struct testnet *net, uint16_t first, uint16_t base,
                                 struct problem *problem)
{
    ASSERT(first < net->count);
    uint16_t wanted = (uint16_t)(2 * (net->count - first));
    if (base > UINT16_MAX - wanted)
        return problem_set(problem, STATUS_INVALID, "ports from %u on: there are only 65535", base);
    for (unsigned attempt = 0; base == 0 && attempt < PORTS_ATTEMPTS; attempt++) {
        uint16_t draw;
        random_bytes(&draw, sizeof draw);
        uint16_t candidate =
            (uint16_t)(PORTS_FIRST + draw % (PORTS_LAST - PORTS_FIRST - wanted + 1));
        if (ports_are_free(candidate, wanted)) base = candidate;
    }
    if (base == 0) return problem_set(problem, STATUS_FULL, "no free ports were found");
    for (uint16_t i = first; i < net->count; i++) {
        net->nodes[i].rpc_port = (uint16_t)(base + 2 * (i - first));
        net->nodes[i].peer_port = (uint16_t)(base + 2 * (i - first) + 1);
    }
    return STATUS_OK;
}

/* ---- files ---- */

enum status testnet_write_key(const char *dir, const char *file, enum key_kind kind,
                              const char *name, const struct id *id,
                              const struct secret_key *secret, struct problem *problem)
{
    char path[PATH_BYTES_MAX];
    enum status status = path_join(path, dir, file);
    if (status != STATUS_OK) return problem_set(problem, status, "%s: the path is too long", dir);
    char *text = key_file_format(kind, name, id, secret, span_of(NULL, 0), problem);
    if (!text) return problem->status;
    size_t size = strlen(text);
    status = file_write(path, span_of(text, size), 0600, false, problem);
    explicit_bzero(text, size);
    free(text);
    return status;
}

static enum status write_text(const char *dir, const char *file, const char *text,
                              struct problem *problem)
{
    char path[PATH_BYTES_MAX];
    enum status status = path_join(path, dir, file);
    if (status != STATUS_OK) return problem_set(problem, status, "%s: the path is too long", dir);
    return file_write(path, span_text(text), 0644, false, problem);
}

void testnet_list_key(char observers[TESTNET_OBSERVERS], const struct public_key *node_key)
{
    size_t size = strlen(observers);
    char hex[2 * sizeof node_key->bytes + 1];
    hex_encode(span_of(node_key->bytes, sizeof node_key->bytes), hex);
    ASSERT(size + sizeof hex + 4 < TESTNET_OBSERVERS);
    snprintf(observers + size, TESTNET_OBSERVERS - size, "%s\"%s\"", size > 0 ? ", " : "", hex);
}

/* Small segments and caches: a test network shares one machine, and journals should be cut often
 * enough to be tested. Retries are quick, because everything is near. Every machine may follow the
 * others as an observer: one that leaves the set goes on, one that is added begins. */
static enum status write_settings(const struct testnet *net, uint16_t index, const char *config,
                                  const char *observers, struct problem *problem)
{
    char text[TESTNET_OBSERVERS + 1024];
    snprintf(text, sizeof text,
             "# Made by `witan testnet`.\n"
             "node: { name = \"%s-%u\"; };\n"
             "peers: {\n"
             "    listen = [ \"127.0.0.1:%u\" ];\n"
             "    retry_min = \"100ms\"; retry_max = \"1s\";\n"
             "    observers = [ %s ];\n"
             "};\n"
             "rpc: { listen = [ \"127.0.0.1:%u\" ]; };\n"
             "journal: { segment_size = \"4MiB\"; };\n"
             "ledger: { cache = \"64MiB\"; };\n"
             "disk: { low = \"256MiB\"; critical = \"64MiB\"; };\n"
             "log: { format = \"logfmt\"; };\n",
             net->network, index + 1u, net->nodes[index].peer_port, observers,
             net->nodes[index].rpc_port);
    return write_text(config, "witan.conf", text, problem);
}

static void part_of(const struct testnet *net, uint16_t index, const char *part,
                    char path[PATH_BYTES_MAX])
{
    char name[32];
    snprintf(name, sizeof name, "%u/%s", index + 1u, part);
    testnet_file(net, name, path);
}

enum status testnet_write_home(const struct testnet *net, uint16_t index,
                               const struct testnet_making *m, const struct digest *chain_id,
                               const char *genesis_text, const char *observers,
                               struct problem *problem)
{
    char config[PATH_BYTES_MAX], data[PATH_BYTES_MAX], safety[PATH_BYTES_MAX];
    char name[KEY_NAME_MAX + 1];
    struct public_key seal_key;
    part_of(net, index, "config", config);
    part_of(net, index, "data", data);
    part_of(net, index, "data/safety", safety);
    snprintf(name, sizeof name, "%s-%u", net->network, index + 1u);
    enum status status = directory_create(config, 0750, problem);
    if (status == STATUS_OK) status = directory_create(data, 0750, problem);
    if (status == STATUS_OK) status = data_format_create(data, problem);
    if (status == STATUS_OK)
        status =
            testnet_write_key(config, "seal_key.json", KEY_SEAL, name, &m->id, &m->seal, problem);
    if (status == STATUS_OK)
        status =
            testnet_write_key(config, "node_key.json", KEY_NODE, name, &m->id, &m->node, problem);
    if (status == STATUS_OK) status = write_text(config, "genesis.json", genesis_text, problem);
    if (status == STATUS_OK) status = write_settings(net, index, config, observers, problem);
    if (status != STATUS_OK) return status;
    key_public(&m->seal, &seal_key);
    return safety_create(safety, &seal_key, chain_id, problem);
}
