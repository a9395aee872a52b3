/* witan.conf through libconfig, with its two traps closed (node/config.h). */
#include "node/config_internal.h"
#include <ctype.h>
#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>

enum { DIGITS_MAX = 9, HEX_DIGITS_MAX = 7 };

/* ---- the scan before parsing ---- */

struct scan {
    const char *at, *end;
    unsigned line;
};

static void skip_line(struct scan *scan)
{
    while (scan->at < scan->end && *scan->at != '\n')
        scan->at++;
}

static void skip_comment(struct scan *scan)
{
    for (scan->at += 2; scan->at < scan->end; scan->at++) {
        if (*scan->at == '\n') scan->line++;
        if (*scan->at == '*' && scan->at + 1 < scan->end && scan->at[1] == '/') {
            scan->at += 2;
            return;
        }
    }
}

static void skip_string(struct scan *scan)
{
    for (scan->at++; scan->at < scan->end && *scan->at != '"'; scan->at++) {
        if (*scan->at == '\n') scan->line++;
        if (*scan->at == '\\' && scan->at + 1 < scan->end) scan->at++;
    }
    if (scan->at < scan->end) scan->at++;
}

/* A word: a name, a number, true. Returns whether it is a number that libconfig would cut. */
static bool word_too_long(struct scan *scan)
{
    const char *start = scan->at;
    while (scan->at < scan->end && (isalnum((unsigned char)*scan->at) || *scan->at == '_'))
        scan->at++;
    if (!isdigit((unsigned char)*start)) return false;
    size_t size = (size_t)(scan->at - start);
    bool hex = size > 1 && (start[1] == 'x' || start[1] == 'X');
    return hex ? size - 2 > HEX_DIGITS_MAX : size > DIGITS_MAX;
}

static enum status scan_check(const char *file, struct span text, struct problem *problem)
{
    struct scan scan = { (const char *)text.data, (const char *)text.data + text.size, 1 };
    while (scan.at < scan.end) {
        struct config_place place = { ORIGIN_FILE, file, scan.line };
        char c = *scan.at;
        bool pair = scan.at + 1 < scan.end;
        if (c == '\n') scan.line++;
        if (c == 0) return config_fail(problem, &place, "", "a NUL byte");
        if (c == '@')
            return config_fail(problem, &place, "",
                               "@include is refused, so that every value has one origin");
        if (c == '#' || (c == '/' && pair && scan.at[1] == '/'))
            skip_line(&scan);
        else if (c == '/' && pair && scan.at[1] == '*')
            skip_comment(&scan);
        else if (c == '"')
            skip_string(&scan);
        else if (isalnum((unsigned char)c) || c == '_') {
            if (word_too_long(&scan))
                return config_fail(problem, &place, "",
                                   "a number of more than %d digits; sizes and times are texts "
                                   "with units, like \"4GiB\"",
                                   DIGITS_MAX);
        } else
            scan.at++;
    }
    return STATUS_OK;
}

/* ---- values ---- */

static const char *type_wanted(enum config_type type)
{
    switch (type) {
    case CONFIG_BOOL: return "true or false";
    case CONFIG_NUMBER: return "a number";
    case CONFIG_SIZE: return "a size in quotes, like \"64KiB\"";
    case CONFIG_TIME: return "a time in quotes, like \"500ms\"";
    case CONFIG_LIST: return "a list of texts, like [ \"a\", \"b\" ]";
    default: return "a text in quotes";
    }
}

static enum status list_apply(struct config *config, enum config_key key,
                              const config_setting_t *setting, const struct config_place *place,
                              struct problem *problem)
{
    const char *items[CONFIG_LIST_MAX];
    int count = config_setting_length(setting);
    if (count > CONFIG_LIST_MAX)
        return config_fail(problem, place, config_info(key)->full, "more than %d items",
                           CONFIG_LIST_MAX);
    for (int i = 0; i < count; i++) {
        items[i] = config_setting_get_string_elem(setting, i);
        if (!items[i])
            return config_fail(problem, place, config_info(key)->full, "wants %s",
                               type_wanted(CONFIG_LIST));
    }
    return config_set_list(config, key, items, (size_t)count, place, problem);
}

static enum status setting_apply(struct config *config, enum config_key key,
                                 const config_setting_t *setting, const struct config_place *place,
                                 struct problem *problem)
{
    enum config_type wanted = config_info(key)->type;
    int found = config_setting_type(setting);
    bool number = found == CONFIG_TYPE_INT || found == CONFIG_TYPE_INT64;
    if (wanted == CONFIG_LIST && (found == CONFIG_TYPE_ARRAY || found == CONFIG_TYPE_LIST))
        return list_apply(config, key, setting, place, problem);
    if (wanted == CONFIG_BOOL && found == CONFIG_TYPE_BOOL)
        return config_set_number(config, key, config_setting_get_bool(setting) ? 1 : 0, place,
                                 problem);
    if (wanted == CONFIG_NUMBER && number) {
        long long value = config_setting_get_int64(setting);
        if (value < 0)
            return config_fail(problem, place, config_info(key)->full, "%lld is negative", value);
        return config_set_number(config, key, (uint64_t)value, place, problem);
    }
    bool textual = wanted == CONFIG_TEXT || wanted == CONFIG_PATH || wanted == CONFIG_SIZE ||
                   wanted == CONFIG_TIME;
    if (textual && found == CONFIG_TYPE_STRING)
        return config_set_text(config, key, config_setting_get_string(setting), place, problem);
    return config_fail(problem, place, config_info(key)->full, "wants %s", type_wanted(wanted));
}

static enum status section_apply(struct config *config, const config_setting_t *section,
                                 struct problem *problem)
{
    const char *name = config_setting_name(section);
    struct config_place place = { ORIGIN_FILE, config->file, config_setting_source_line(section) };
    bool known = false;
    for (int key = 0; key < CONFIG_COUNT && !known; key++)
        known = strcmp(config_info((enum config_key)key)->section, name) == 0;
    if (!known || !config_setting_is_group(section))
        return config_fail(problem, &place, name,
                           known ? "is a section: %s: { ... };" : "unknown section", name);
    for (int i = 0; i < config_setting_length(section); i++) {
        const config_setting_t *setting = config_setting_get_elem(section, (unsigned)i);
        char full[160];
        snprintf(full, sizeof full, "%.70s.%.70s", name, config_setting_name(setting));
        place.line = config_setting_source_line(setting);
        enum config_key key = config_find(full, strlen(full));
        enum status status = key == CONFIG_COUNT
                                 ? config_unknown(problem, &place, full)
                                 : setting_apply(config, key, setting, &place, problem);
        if (status != STATUS_OK) return status;
    }
    return STATUS_OK;
}

static enum status text_parse(struct config *config, config_t *parsed, const char *text,
                              struct problem *problem)
{
    if (config_read_string(parsed, text) == CONFIG_TRUE) return STATUS_OK;
    struct config_place place = { ORIGIN_FILE, config->file, (unsigned)config_error_line(parsed) };
    return config_fail(problem, &place, "", "%s", config_error_text(parsed));
}

enum status config_file_apply(struct config *config, struct span text, struct problem *problem)
{
    enum status status = scan_check(config->file, text, problem);
    if (status != STATUS_OK) return status;
    char *copy = malloc(text.size + 1);
    if (!copy) return problem_set(problem, STATUS_NO_MEMORY, "configuration: out of memory");
    if (text.size > 0) memcpy(copy, text.data, text.size);
    copy[text.size] = 0;

    config_t parsed;
    config_init(&parsed);
    status = text_parse(config, &parsed, copy, problem);
    const config_setting_t *root = config_root_setting(&parsed);
    for (int i = 0; status == STATUS_OK && i < config_setting_length(root); i++)
        status = section_apply(config, config_setting_get_elem(root, (unsigned)i), problem);
    config_destroy(&parsed);
    free(copy);
    return status;
}
