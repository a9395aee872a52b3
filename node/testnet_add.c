/* node/testnet_add.c -- one more machine for a test network. */
#include "node/testnet_inside.h"

#include "node/key_load.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SETTINGS_MAX = 256 * 1024, GENESIS_MAX = 16 * 1024 * 1024 };

static void config_file(const struct testnet *net, uint16_t index, const char *name,
                        char path[PATH_BYTES_MAX])
{
    char part[64];
    snprintf(part, sizeof part, "%u/config/%s", index + 1u, name);
    testnet_file(net, part, path);
}

static enum status read_text(const char *path, size_t limit, struct buffer *buffer,
                             struct problem *problem)
{
    buffer_init(buffer, limit);
    enum status status = file_read(path, buffer, problem);
    if (status != STATUS_OK) return status;
    const uint8_t zero = 0;
    return buffer_append(buffer, span_of(&zero, 1));
}

/* ---- the settings of the others ---- */

/* What else somebody has written into the settings stays. */
static enum status insert(const char *path, const char *text, const char *key,
                          struct problem *problem)
{
    const char *line = strstr(text, "observers = [ ");
    const char *place = line ? strstr(line, " ]") : NULL;
    if (!place)
        return problem_set(problem, STATUS_INVALID,
                           "%s: there is no \"observers = [ ... ]\" to add a key to", path);
    size_t size = strlen(text) + TESTNET_OBSERVERS;
    char *changed = malloc(size);
    if (!changed) return problem_set(problem, STATUS_NO_MEMORY, "out of memory");
    snprintf(changed, size, "%.*s, %s%s", (int)(place - text), text, key, place);
    enum status status = file_write(path, span_text(changed), 0644, true, problem);
    free(changed);
    return status;
}

static enum status admit(const struct testnet *net, uint16_t index, const char *key,
                         struct problem *problem)
{
    char path[PATH_BYTES_MAX];
    struct buffer text;
    config_file(net, index, "witan.conf", path);
    enum status status = read_text(path, SETTINGS_MAX, &text, problem);
    if (status == STATUS_OK) status = insert(path, (const char *)text.data, key, problem);
    buffer_free(&text);
    if (status == STATUS_OK && testnet_state(net, index) != TESTNET_DOWN)
        status = testnet_signal(net, index, SIGHUP, problem);
    return status;
}

/* ---- its own home ---- */

static enum status list_others(const struct testnet *net, char observers[TESTNET_OBSERVERS],
                               struct problem *problem)
{
    for (uint16_t i = 0; i + 1 < net->count; i++) {
        char path[PATH_BYTES_MAX];
        struct key_file file;
        config_file(net, i, "node_key.json", path);
        enum status status = key_load_public(path, &file, problem);
        if (status != STATUS_OK) return status;
        testnet_list_key(observers, &file.public_key);
    }
    return STATUS_OK;
}

static enum status write_home(const struct testnet *net, const struct testnet_making *m,
                              struct problem *problem)
{
    uint16_t index = (uint16_t)(net->count - 1);
    char path[PATH_BYTES_MAX], observers[TESTNET_OBSERVERS] = "";
    struct genesis *genesis;
    struct buffer text;
    config_file(net, 0, "genesis.json", path);
    enum status status = genesis_load(path, &genesis, problem);
    if (status != STATUS_OK) return status;
    status = read_text(path, GENESIS_MAX, &text, problem);
    if (status == STATUS_OK) status = list_others(net, observers, problem);
    if (status == STATUS_OK)
        status = testnet_write_home(net, index, m, &genesis->chain_id, (const char *)text.data,
                                    observers, problem);
    buffer_free(&text);
    genesis_free(genesis);
    return status;
}

/* A key on the others' lists that has no machine does no harm, and the document comes last: when
 * something fails, adding may be tried again. */
static enum status make(struct testnet *net, struct testnet_making *m, struct problem *problem)
{
    struct testnet more = *net;
    struct public_key unused, node_key;
    char key[TESTNET_OBSERVERS] = "";
    more.count++;
    more.nodes[more.count - 1] = (struct testnet_node){ .pid = 0 };
    random_bytes(&m->id, sizeof m->id);
    key_generate(&m->seal, &unused);
    key_generate(&m->node, &node_key);
    testnet_list_key(key, &node_key);
    enum status status = testnet_choose_ports(&more, net->count, 0, problem);
    for (uint16_t i = 0; status == STATUS_OK && i < net->count; i++)
        status = admit(net, i, key, problem);
    if (status == STATUS_OK) status = write_home(&more, m, problem);
    if (status == STATUS_OK) status = testnet_write(&more, problem);
    if (status == STATUS_OK) *net = more;
    return status;
}

enum status testnet_add(struct testnet *net, struct problem *problem)
{
    int lock = testnet_lock(net, problem);
    if (lock < 0) return STATUS_IO;
    struct testnet_making m;
    struct testnet now = { .count = 0 };
    enum status status = testnet_load(&now, net->dir, problem);
    if (status == STATUS_OK && now.count == TESTNET_NODES_MAX)
        status = problem_set(problem, STATUS_FULL, "a test network has at most %d machines",
                             TESTNET_NODES_MAX);
    if (status == STATUS_OK) status = make(&now, &m, problem);
    if (status == STATUS_OK) *net = now;
    explicit_bzero(&m, sizeof m);
    close(lock);
    return status;
}
