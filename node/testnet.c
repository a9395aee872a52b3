/* node/testnet.c -- the document of a test network, its paths, and its removal. */
#include "node/testnet_inside.h"

#include "node/key_load.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

static const char document_name[] = "testnet.json";
static const char format_name[] = "witan-testnet/1";

enum { DOCUMENT_BYTES_MAX = 64 * 1024, FTW_DESCRIPTORS = 16 };

/* ---- paths ---- */

void testnet_file(const struct testnet *net, const char *name, char path[PATH_BYTES_MAX])
{
    /* testnet_load and testnet_create leave room for every name that is used. */
    enum status status = path_join(path, net->dir, name);
    ASSERT(status == STATUS_OK);
}

void testnet_home(const struct testnet *net, uint16_t index, char path[PATH_BYTES_MAX])
{
    char number[8];
    snprintf(number, sizeof number, "%u", index + 1u);
    testnet_file(net, number, path);
}

void testnet_url(const struct testnet *net, uint16_t index, char url[TESTNET_URL])
{
    snprintf(url, TESTNET_URL, "http://127.0.0.1:%u", net->nodes[index].rpc_port);
}

/* ---- writing ---- */

static json_t *document_of(const struct testnet *net)
{
    char treasury[ADDRESS_TEXT];
    address_encode(ADDRESS_ACCOUNT, &net->treasury, treasury);
    json_t *nodes = json_array();
    for (uint16_t i = 0; i < net->count; i++) {
        const struct testnet_node *node = &net->nodes[i];
        json_t *row =
            json_pack("{s:I, s:I, s:I}", "rpc_port", (json_int_t)node->rpc_port, "peer_port",
                      (json_int_t)node->peer_port, "pid", (json_int_t)node->pid);
        if (json_array_append_new(nodes, row) != 0) {
            json_decref(nodes);
            return NULL;
        }
    }
    return json_pack("{s:s, s:s, s:s, s:s, s:o}", "format", format_name, "network", net->network,
                     "engine", net->engine, "treasury", treasury, "nodes", nodes);
}

enum status testnet_write(const struct testnet *net, struct problem *problem)
{
    json_t *document = document_of(net);
    char *text = document ? json_dumps(document, JSON_INDENT(2)) : NULL;
    json_decref(document);
    if (!text) return problem_set(problem, STATUS_NO_MEMORY, "out of memory");
    char path[PATH_BYTES_MAX];
    testnet_file(net, document_name, path);
    enum status status = file_write(path, span_text(text), 0644, true, problem);
    free(text);
    return status;
}

/* The directory itself is the lock: the document is replaced, so a lock on it would be lost. */
int testnet_lock(const struct testnet *net, struct problem *problem)
{
    int fd = open(net->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (fd >= 0 && flock(fd, LOCK_EX) != 0) {
        if (errno == EINTR) continue;
        close(fd);
        fd = -1;
    }
    if (fd < 0)
        problem_set(problem, STATUS_IO, "%s cannot be locked: %s", net->dir, strerror(errno));
    return fd;
}

/* Another program may have noted the process of another node meanwhile. */
enum status testnet_note_pid(struct testnet *net, uint16_t index, int64_t pid,
                             struct problem *problem)
{
    ASSERT(index < net->count);
    int lock = testnet_lock(net, problem);
    if (lock < 0) return STATUS_IO;
    struct testnet now = { .count = 0 };
    enum status status = testnet_load(&now, net->dir, problem);
    if (status == STATUS_OK) {
        now.nodes[index].pid = pid;
        status = testnet_write(&now, problem);
    }
    if (status == STATUS_OK) *net = now;
    close(lock);
    return status;
}

/* ---- reading ---- */

static uint16_t port_of(struct json_fields *fields, const char *name)
{
    uint64_t port = json_u64(fields, name, UINT16_MAX);
    if (port == 0) json_fail(fields, name, STATUS_INVALID, "is not a port");
    return (uint16_t)port;
}

static enum status read_nodes(struct testnet *net, const json_t *list, struct problem *problem)
{
    net->count = (uint16_t)json_array_size(list);
    if (net->count == 0) return problem_set(problem, STATUS_INVALID, "/nodes: is empty");
    for (uint16_t i = 0; i < net->count; i++) {
        char path[32];
        snprintf(path, sizeof path, "/nodes/%u", i);
        struct json_fields fields = json_fields_of(json_array_get(list, i), path, problem);
        net->nodes[i].rpc_port = port_of(&fields, "rpc_port");
        net->nodes[i].peer_port = port_of(&fields, "peer_port");
        net->nodes[i].pid = (int64_t)json_u64(&fields, "pid", INT32_MAX);
        enum status status = json_fields_done(&fields);
        if (status != STATUS_OK) return status;
    }
    return STATUS_OK;
}

static enum status read_document(struct testnet *net, const json_t *document,
                                 struct problem *problem)
{
    struct json_fields fields = json_fields_of(document, "", problem);
    json_expect(&fields, "format", format_name);
    json_text_into(&fields, "network", net->network, sizeof net->network);
    json_text_into(&fields, "engine", net->engine, sizeof net->engine);
    json_address(&fields, "treasury", ADDRESS_ACCOUNT, &net->treasury);
    const json_t *nodes = json_array_of(&fields, "nodes", TESTNET_NODES_MAX);
    enum status status = json_fields_done(&fields);
    return status == STATUS_OK ? read_nodes(net, nodes, problem) : status;
}

static enum status absolute(const char *dir, char path[PATH_BYTES_MAX], struct problem *problem)
{
    enum { NAMES = 256 }; /* what is appended to it */
    char *real = realpath(dir, NULL);
    if (!real)
        return problem_set(problem, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO, "%s: %s", dir,
                           strerror(errno));
    bool fits = strlen(real) + NAMES < PATH_BYTES_MAX;
    if (fits) snprintf(path, PATH_BYTES_MAX, "%s", real);
    free(real);
    return fits ? STATUS_OK
                : problem_set(problem, STATUS_TOO_LARGE, "%s: the path is too long", dir);
}

enum status testnet_load(struct testnet *net, const char *dir, struct problem *problem)
{
    struct testnet read = { .count = 0 };
    char path[PATH_BYTES_MAX];
    enum status status = absolute(dir, read.dir, problem);
    if (status != STATUS_OK) return status;
    testnet_file(&read, document_name, path);
    if (!file_exists(path))
        return problem_set(problem, STATUS_NOT_FOUND, "%s is no test network: it has no %s", dir,
                           document_name);
    json_t *document = json_read_file(path, DOCUMENT_BYTES_MAX, problem);
    if (!document) return problem->status;
    struct problem field = { .status = STATUS_OK };
    status = read_document(&read, document, &field);
    json_decref(document);
    if (status != STATUS_OK) return problem_set(problem, status, "%s: %s", path, field.text);
    *net = read;
    return STATUS_OK;
}

enum status testnet_treasury_key(const struct testnet *net, struct secret_key *secret,
                                 struct problem *problem)
{
    char path[PATH_BYTES_MAX];
    struct key_file file;
    testnet_file(net, "keys/treasury.json", path);
    enum status status = key_load(path, KEY_ACCOUNT, NULL, NULL, &file, problem);
    if (status != STATUS_OK) return status;
    *secret = file.secret;
    key_wipe(&file.secret);
    return STATUS_OK;
}

/* ---- removing ---- */

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *place)
{
    (void)info;
    (void)place;
    return type == FTW_DP ? rmdir(path) : unlink(path);
}

/* The document goes last but the folder, so that an interrupted removal can be repeated. */
enum status testnet_remove(const struct testnet *net, struct problem *problem)
{
    struct testnet now = { .count = 0 };
    enum status status = testnet_load(&now, net->dir, problem);
    if (status != STATUS_OK) return status;
    for (uint16_t i = 0; i < now.count; i++)
        if (testnet_state(&now, i) != TESTNET_DOWN)
            return problem_set(problem, STATUS_BUSY, "node %u still runs", i + 1u);
    char path[PATH_BYTES_MAX];
    for (uint16_t i = 0; i < now.count; i++) {
        testnet_home(&now, i, path);
        if (nftw(path, remove_one, FTW_DESCRIPTORS, FTW_DEPTH | FTW_PHYS) != 0 && errno != ENOENT)
            return problem_set(problem, STATUS_IO, "%s cannot be removed: %s", path,
                               strerror(errno));
    }
    if (nftw(now.dir, remove_one, FTW_DESCRIPTORS, FTW_DEPTH | FTW_PHYS) != 0)
        return problem_set(problem, STATUS_IO, "%s cannot be removed: %s", now.dir,
                           strerror(errno));
    return STATUS_OK;
}
