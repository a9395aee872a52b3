/* Where values come from: defaults, file, environment, flags; the later ones win. */
#include "node/config_internal.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

static enum status defaults_apply(struct config *config, struct problem *problem)
{
    struct config_place place = { .origin = ORIGIN_DEFAULT, .source = "default" };
    for (int key = 0; key < CONFIG_COUNT; key++) {
        enum status status =
            config_set_text(config, (enum config_key)key,
                            config_info((enum config_key)key)->standard, &place, problem);
        if (status != STATUS_OK) return status;
    }
    if (!config->home) return STATUS_OK;
    static const struct {
        enum config_key key;
        const char *name;
    } homes[] = { { CONFIG_node_data_dir, "data" }, { CONFIG_rpc_socket, "witan.sock" } };
    for (size_t i = 0; i < sizeof homes / sizeof *homes; i++) {
        char path[PATH_BYTES_MAX];
        if (path_join(path, config->home, homes[i].name) != STATUS_OK)
            return problem_set(problem, STATUS_INVALID, "--home: the path is too long");
        free(config->values[homes[i].key].text);
        config->values[homes[i].key].text = strdup(path);
        if (!config->values[homes[i].key].text) return config_no_memory(problem);
    }
    return STATUS_OK;
}

/* WITAN_RPC_LISTEN=... -> rpc.listen. Other variables that begin with WITAN_ are not ours, unless
 * they begin like a section: then somebody meant a key and mistyped it. */
static enum status variable_apply(struct config *config, const char *variable,
                                  struct problem *problem)
{
    static const char prefix[] = "WITAN_";
    const char *equals = strchr(variable, '=');
    if (!equals || strncmp(variable, prefix, sizeof prefix - 1) != 0) return STATUS_OK;
    char name[128];
    char full[128];
    size_t size = (size_t)(equals - variable);
    if (size >= sizeof name) return STATUS_OK;
    memcpy(name, variable, size);
    name[size] = 0;
    size_t full_size = size - (sizeof prefix - 1);
    for (size_t i = 0; i <= full_size; i++)
        full[i] = (char)tolower((unsigned char)name[sizeof prefix - 1 + i]);
    char *underscore = strchr(full, '_');
    if (!underscore) return STATUS_OK;
    *underscore = '.';

    struct config_place place = { .origin = ORIGIN_ENVIRONMENT, .source = name };
    enum config_key key = config_find(full, full_size);
    if (key != CONFIG_COUNT) return config_set_text(config, key, equals + 1, &place, problem);
    size_t section = (size_t)(underscore - full);
    for (int i = 0; i < CONFIG_COUNT; i++)
        if (strlen(config_info((enum config_key)i)->section) == section &&
            memcmp(config_info((enum config_key)i)->section, full, section) == 0)
            return config_unknown(problem, &place, full);
    return STATUS_OK;
}

static enum status flag_apply(struct config *config, const char *flag, struct problem *problem)
{
    const char *equals = strchr(flag, '=');
    size_t size = equals ? (size_t)(equals - flag) : strlen(flag);
    char source[80];
    snprintf(source, sizeof source, "--%.*s", (int)(size < 70 ? size : 70), flag);
    struct config_place place = { .origin = ORIGIN_FLAG, .source = source };
    enum config_key key = config_find(flag, size);
    if (key == CONFIG_COUNT) return config_unknown(problem, &place, source + 2);
    if (!equals) return config_fail(problem, &place, "", "wants a value: %s=...", source);
    return config_set_text(config, key, equals + 1, &place, problem);
}

/* Finds the file and its folder. *explicit_file: it must exist. */
static enum status file_find(struct config *config, const struct config_sources *sources,
                             bool *explicit_file, struct problem *problem)
{
    *explicit_file = sources->file != NULL;
    char folder[PATH_BYTES_MAX] = "/etc/witan";
    enum status status = STATUS_OK;
    if (sources->home) status = path_join(folder, sources->home, "config");
    if (status == STATUS_OK && sources->file)
        status = path_join(config->file, ".", sources->file);
    else if (status == STATUS_OK)
        status = path_join(config->file, folder, "witan.conf");
    if (status != STATUS_OK)
        return problem_set(problem, STATUS_INVALID, "the path of the configuration is too long");
    path_parent(config->folder, config->file);
    return STATUS_OK;
}

static enum status file_apply(struct config *config, bool explicit_file, struct problem *problem)
{
    struct buffer text;
    buffer_init(&text, CONFIG_FILE_MAX);
    struct problem why;
    enum status status = file_read(config->file, &text, &why);
    if (status == STATUS_NOT_FOUND && !explicit_file) {
        config->file[0] = 0;
        status = STATUS_OK;
    } else if (status != STATUS_OK) {
        if (problem) *problem = why;
    } else {
        status = config_file_apply(config, buffer_span(&text), problem);
    }
    buffer_free(&text);
    return status;
}

static enum status sources_apply(struct config *config, const struct config_sources *sources,
                                 struct problem *problem)
{
    bool explicit_file;
    enum status status = file_find(config, sources, &explicit_file, problem);
    if (status == STATUS_OK) status = defaults_apply(config, problem);
    if (status == STATUS_OK) status = file_apply(config, explicit_file, problem);
    for (char *const *v = sources->environment; v && *v && status == STATUS_OK; v++)
        status = variable_apply(config, *v, problem);
    for (size_t i = 0; i < sources->flags_count && status == STATUS_OK; i++)
        status = flag_apply(config, sources->flags[i], problem);
    if (status == STATUS_OK) status = config_check(config, problem);
    return status;
}

enum status config_load(struct config **out, const struct config_sources *sources,
                        struct problem *problem)
{
    struct config *config = calloc(1, sizeof *config);
    if (!config) return config_no_memory(problem);
    config->home = sources->home;
    enum status status = sources_apply(config, sources, problem);
    config->home = NULL;
    if (status != STATUS_OK) {
        config_free(config);
        return status;
    }
    *out = config;
    return STATUS_OK;
}
