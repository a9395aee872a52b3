/* What makes a configuration whole: rules across keys, and the annotated sample. */
#include "crypto/key.h"
#include "genesis/address.h"
#include "node/config_internal.h"
#include "node/log.h"
#include "node/peers.h"
#include <stdio.h>

static enum status refuse(struct problem *problem, const struct config *config, enum config_key key,
                          const char *what, const char *value)
{
    char origin[64];
    config_origin_text(config, key, origin, sizeof origin);
    return problem_set(problem, STATUS_INVALID, "%s: \"%s\" %s (%s)", config_info(key)->full, value,
                       what, origin);
}

/* Is the text one of the words in a list that ends with NULL? */
static bool one_of(const char *text, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(text, *words) == 0) return true;
    return false;
}

static enum status node_check(const struct config *config, struct problem *problem)
{
    static const char *const roles[] = { "auto", "observer", NULL };
    const char *role = config_text(config, CONFIG_node_role);
    if (!one_of(role, roles))
        return refuse(problem, config, CONFIG_node_role, "is neither auto nor observer", role);
    const char *chain_id = config_text(config, CONFIG_node_chain_id);
    struct digest digest;
    if (chain_id[0] && !hex_decode(chain_id, strlen(chain_id), digest.bytes, sizeof digest.bytes))
        return refuse(problem, config, CONFIG_node_chain_id, "is not 64 lower-case hex digits",
                      chain_id);
    return STATUS_OK;
}

static enum status listen_check(const struct config *config, enum config_key key, bool loopback,
                                struct problem *problem)
{
    for (size_t i = 0; i < config_list_count(config, key); i++) {
        const char *text = config_list_item(config, key, i);
        char host[256];
        uint16_t port;
        if (!endpoint_parse(text, host, &port))
            return refuse(problem, config, key, "is not an address like 127.0.0.1:7780", text);
        if (loopback && !host_is_loopback(host))
            return refuse(problem, config, key,
                          "is not a loopback address; others need access tokens, which this "
                          "release does not have",
                          text);
    }
    return STATUS_OK;
}

/* "val1...=host:port" */
static bool address_override_valid(const char *text)
{
    const char *equals = strchr(text, '=');
    char address[ADDRESS_TEXT];
    struct id id;
    char host[256];
    uint16_t port;
    if (!equals || (size_t)(equals - text) != ADDRESS_CHARS) return false;
    memcpy(address, text, ADDRESS_CHARS);
    address[ADDRESS_CHARS] = 0;
    return address_decode(ADDRESS_VALIDATOR, address, &id) == STATUS_OK &&
           endpoint_parse(equals + 1, host, &port);
}

bool config_observer_read(const char *text, struct public_key *key, const char **endpoint)
{
    enum { HEX_CHARS = 2 * sizeof key->bytes };
    char host[256];
    uint16_t port;
    size_t size = strcspn(text, "=");
    *endpoint = text + size;
    if (size != HEX_CHARS || !hex_decode(text, size, key->bytes, sizeof key->bytes)) return false;
    if (**endpoint == '=' && !endpoint_parse(++*endpoint, host, &port)) return false;
    return key_valid(key);
}

static enum status peers_check(const struct config *config, struct problem *problem)
{
    enum status status = listen_check(config, CONFIG_peers_listen, false, problem);
    if (status != STATUS_OK) return status;
    for (size_t i = 0; i < config_list_count(config, CONFIG_peers_addresses); i++) {
        const char *text = config_list_item(config, CONFIG_peers_addresses, i);
        if (!address_override_valid(text))
            return refuse(problem, config, CONFIG_peers_addresses,
                          "is not VALIDATOR=host:port, with a validator id like val1...", text);
    }
    if (config_list_count(config, CONFIG_peers_observers) > PEER_OBSERVERS_MAX)
        return problem_set(problem, STATUS_INVALID, "peers.observers names more than %d keys",
                           PEER_OBSERVERS_MAX);
    for (size_t i = 0; i < config_list_count(config, CONFIG_peers_observers); i++) {
        const char *text = config_list_item(config, CONFIG_peers_observers, i);
        struct public_key key;
        const char *endpoint;
        if (!config_observer_read(text, &key, &endpoint))
            return refuse(problem, config, CONFIG_peers_observers,
                          "is not a node key of 64 lower-case hex digits, alone or with =host:port",
                          text);
    }
    if (config_number(config, CONFIG_peers_retry_min) >
        config_number(config, CONFIG_peers_retry_max))
        return problem_set(problem, STATUS_INVALID,
                           "peers.retry_min is longer than peers.retry_max");
    return STATUS_OK;
}

static enum status rpc_check(const struct config *config, struct problem *problem)
{
    enum status status = listen_check(config, CONFIG_rpc_listen, true, problem);
    if (status != STATUS_OK) return status;
    for (size_t i = 0; i < config_list_count(config, CONFIG_rpc_allowed_origins); i++) {
        const char *origin = config_list_item(config, CONFIG_rpc_allowed_origins, i);
        if (strchr(origin, '*'))
            return refuse(problem, config, CONFIG_rpc_allowed_origins, "must name one origin",
                          origin);
    }
    return STATUS_OK;
}

static enum status disk_check(const struct config *config, struct problem *problem)
{
    if (config_number(config, CONFIG_disk_critical) <= config_number(config, CONFIG_disk_low))
        return STATUS_OK;
    return problem_set(problem, STATUS_INVALID, "disk.critical is above disk.low");
}

static enum status log_check(const struct config *config, struct problem *problem)
{
    static const char *const formats[] = { "auto", "text", "logfmt", "json", NULL };
    const char *format = config_text(config, CONFIG_log_format);
    if (!one_of(format, formats))
        return refuse(problem, config, CONFIG_log_format, "is not auto, text, logfmt or json",
                      format);
    enum log_level level;
    const char *name = config_text(config, CONFIG_log_level);
    if (!log_level_find(name, &level))
        return refuse(problem, config, CONFIG_log_level, "is not error, warn, info, debug or trace",
                      name);
    for (size_t i = 0; i < config_list_count(config, CONFIG_log_modules); i++) {
        struct log_options unused = { 0 };
        const char *text = config_list_item(config, CONFIG_log_modules, i);
        if (log_module_level_parse(text, &unused) != STATUS_OK)
            return refuse(problem, config, CONFIG_log_modules,
                          "is not MODULE=LEVEL, like engine=debug", text);
    }
    return STATUS_OK;
}

enum status config_check(const struct config *config, struct problem *problem)
{
    enum status status = node_check(config, problem);
    if (status == STATUS_OK) status = peers_check(config, problem);
    if (status == STATUS_OK) status = rpc_check(config, problem);
    if (status == STATUS_OK) status = disk_check(config, problem);
    if (status == STATUS_OK) status = log_check(config, problem);
    return status;
}

/* ---- the sample ---- */

static enum status put(struct buffer *out, const char *text)
{
    return buffer_append(out, span_text(text));
}

/* The default in the file's syntax. */
static void sample_value(const struct config_info *info, char *text, size_t size)
{
    if (info->type == CONFIG_NUMBER || info->type == CONFIG_BOOL) {
        snprintf(text, size, "%s", info->standard);
        return;
    }
    if (info->type != CONFIG_LIST) {
        snprintf(text, size, "\"%s\"", info->standard);
        return;
    }
    size_t used = (size_t)snprintf(text, size, "[ ");
    const char *rest = info->standard;
    while (*rest) {
        size_t item = strcspn(rest, ",");
        used += (size_t)snprintf(text + used, size - used, "\"%.*s\"%s", (int)item, rest,
                                 rest[item] ? ", " : " ");
        ASSERT(used < size);
        rest += item + (rest[item] == ',');
    }
    snprintf(text + used, size - used, "]");
}

static enum status sample_key(struct buffer *out, const struct config_info *info)
{
    char value[256];
    char setting[320];
    char line[640];
    sample_value(info, value, sizeof value);
    snprintf(setting, sizeof setting, "%s = %s;", info->name, value);
    snprintf(line, sizeof line, "    %-39s # %s%s\n", setting, info->reload ? "[R] " : "",
             info->help);
    return put(out, line);
}

enum status config_sample(struct buffer *out)
{
    enum status status = put(
        out,
        "# witan.conf: one node's own settings. All keys are optional; the values shown are\n"
        "# the defaults. [R] takes effect on a reload (SIGHUP), the others at the next start.\n"
        "# Times \"500ms\" \"2s\" \"5m\" \"24h\"; sizes \"64KiB\" \"16MiB\" \"2GiB\". Relative "
        "paths begin at\n"
        "# this file's folder. What all validators must share is not here but in the genesis.\n");
    const char *section = "";
    for (int key = 0; key < CONFIG_COUNT && status == STATUS_OK; key++) {
        const struct config_info *info = config_info((enum config_key)key);
        char line[64];
        if (strcmp(info->section, section) != 0) {
            snprintf(line, sizeof line, "%s\n%s: {\n", section[0] ? "};" : "", info->section);
            status = put(out, line);
            section = info->section;
        }
        if (status == STATUS_OK) status = sample_key(out, info);
    }
    return status == STATUS_OK ? put(out, "};\n") : status;
}
