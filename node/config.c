#include "node/config.h"

#include "genesis/json.h"
#include "node/config_internal.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define KIB 1024ull
#define MIB (1024ull * KIB)
#define GIB (1024ull * MIB)
static const struct config_info infos[CONFIG_COUNT] = {
#define KEY(section, name, type, standard, least, most, reload, help) \
    { #section, #name, #section "." #name, CONFIG_##type, standard, least, most, reload, help },
#include "node/config.def"
};

const struct config_info *config_info(enum config_key key)
{
    ASSERT(key < CONFIG_COUNT);
    return &infos[key];
}

/* ---- errors ---- */

enum status config_fail(struct problem *problem, const struct config_place *place, const char *name,
                        const char *format, ...)
{
    char what[384];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    if (place->line > 0)
        return problem_set(problem, STATUS_INVALID, "%s line %u: %s%s%s", place->source,
                           place->line, name, name[0] ? ": " : "", what);
    return problem_set(problem, STATUS_INVALID, "%s: %s", place->source, what);
}

enum config_key config_find(const char *full, size_t size)
{
    for (int key = 0; key < CONFIG_COUNT; key++)
        if (strlen(infos[key].full) == size && memcmp(infos[key].full, full, size) == 0)
            return (enum config_key)key;
    return CONFIG_COUNT;
}

enum status config_unknown(struct problem *problem, const struct config_place *place,
                           const char *full)
{
    const char *names[CONFIG_COUNT];
    for (int key = 0; key < CONFIG_COUNT; key++)
        names[key] = infos[key].full;
    const char *nearest = nearest_name(full, names, CONFIG_COUNT);
    if (nearest) return config_fail(problem, place, full, "unknown key; did you mean %s?", nearest);
    return config_fail(problem, place, full, "unknown key");
}

/* ---- values ---- */

static void value_clear(struct config_value *value)
{
    free(value->text);
    for (size_t i = 0; i < value->items_count; i++)
        free(value->items[i]);
    free(value->items);
    *value = (struct config_value){ 0 };
}

enum status config_no_memory(struct problem *problem)
{
    return problem_set(problem, STATUS_NO_MEMORY, "configuration: out of memory");
}

static void value_mark(struct config_value *value, const struct config_place *place)
{
    value->origin = place->origin;
    value->line = place->line;
}

static const char *range_text(enum config_type type, uint64_t value, char text[24])
{
    if (type == CONFIG_SIZE)
        size_format(value, text);
    else if (type == CONFIG_TIME)
        duration_format(value, text);
    else
        snprintf(text, 24, "%" PRIu64, value);
    return text;
}

enum status config_set_number(struct config *config, enum config_key key, uint64_t number,
                              const struct config_place *place, struct problem *problem)
{
    const struct config_info *info = &infos[key];
    if (info->type != CONFIG_BOOL && (number < info->least || number > info->most)) {
        char value[24];
        char least[24];
        char most[24];
        return config_fail(problem, place, info->full, "%s is not between %s and %s",
                           range_text(info->type, number, value),
                           range_text(info->type, info->least, least),
                           range_text(info->type, info->most, most));
    }
    value_clear(&config->values[key]);
    config->values[key].number = number;
    value_mark(&config->values[key], place);
    return STATUS_OK;
}

enum status config_set_list(struct config *config, enum config_key key, const char *const *items,
                            size_t count, const struct config_place *place, struct problem *problem)
{
    if (count > CONFIG_LIST_MAX)
        return config_fail(problem, place, infos[key].full, "more than %d items", CONFIG_LIST_MAX);
    struct config_value *value = &config->values[key];
    value_clear(value);
    value_mark(value, place);
    if (count == 0) return STATUS_OK;
    value->items = calloc(count, sizeof *value->items);
    if (!value->items) return config_no_memory(problem);
    for (size_t i = 0; i < count; i++) {
        value->items[i] = strdup(items[i]);
        if (!value->items[i]) return config_no_memory(problem);
        value->items_count++;
    }
    return STATUS_OK;
}

static enum status set_string(struct config *config, enum config_key key, const char *text,
                              const struct config_place *place, struct problem *problem)
{
    char path[PATH_BYTES_MAX];
    bool beside_file = place->origin == ORIGIN_DEFAULT || place->origin == ORIGIN_FILE;
    if (infos[key].type == CONFIG_PATH && text[0] != 0 && beside_file) {
        if (path_join(path, config->folder, text) != STATUS_OK)
            return config_fail(problem, place, infos[key].full, "the path is too long");
        text = path;
    }
    if (strlen(text) > CONFIG_TEXT_MAX)
        return config_fail(problem, place, infos[key].full, "the text is too long");
    char *copy = strdup(text);
    if (!copy) return config_no_memory(problem);
    value_clear(&config->values[key]);
    config->values[key].text = copy;
    value_mark(&config->values[key], place);
    return STATUS_OK;
}

/* "a,b": an empty text is an empty list; spaces around items do not count. */
static enum status set_comma_list(struct config *config, enum config_key key, const char *text,
                                  const struct config_place *place, struct problem *problem)
{
    char *copy = strdup(text);
    if (!copy) return config_no_memory(problem);
    const char *items[CONFIG_LIST_MAX + 1];
    size_t count = 0;
    char *rest = copy;
    for (char *item; (item = strsep(&rest, ",")) && count <= CONFIG_LIST_MAX;) {
        item += strspn(item, " \t");
        size_t size = strlen(item);
        while (size > 0 && (item[size - 1] == ' ' || item[size - 1] == '\t'))
            item[--size] = 0;
        if (size > 0) items[count++] = item;
    }
    enum status status = config_set_list(config, key, items, count, place, problem);
    free(copy);
    return status;
}

static bool digits_parse(const char *text, uint64_t *number)
{
    size_t size = strlen(text);
    if (size == 0 || size > 18 || strspn(text, "0123456789") != size) return false;
    *number = strtoull(text, NULL, 10);
    return true;
}

enum status config_set_text(struct config *config, enum config_key key, const char *text,
                            const struct config_place *place, struct problem *problem)
{
    const char *full = infos[key].full;
    uint64_t number;
    switch (infos[key].type) {
    case CONFIG_TEXT:
    case CONFIG_PATH: return set_string(config, key, text, place, problem);
    case CONFIG_LIST: return set_comma_list(config, key, text, place, problem);
    case CONFIG_BOOL:
        if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
            return config_fail(problem, place, full, "\"%s\" is neither true nor false", text);
        return config_set_number(config, key, text[0] == 't', place, problem);
    case CONFIG_NUMBER:
        if (!digits_parse(text, &number))
            return config_fail(problem, place, full, "\"%s\" is not a number", text);
        return config_set_number(config, key, number, place, problem);
    case CONFIG_SIZE:
        if (!size_parse(text, &number))
            return config_fail(problem, place, full, "\"%s\" is not a size like 64KiB or 2GiB",
                               text);
        return config_set_number(config, key, number, place, problem);
    case CONFIG_TIME:
        if (!duration_parse(text, &number))
            return config_fail(problem, place, full, "\"%s\" is not a time like 500ms or 2s", text);
        return config_set_number(config, key, number, place, problem);
    }
    return STATUS_INVALID;
}

void config_free(struct config *config)
{
    if (!config) return;
    for (int key = 0; key < CONFIG_COUNT; key++)
        value_clear(&config->values[key]);
    free(config);
}

/* ---- reading ---- */

const char *config_text(const struct config *config, enum config_key key)
{
    ASSERT(infos[key].type == CONFIG_TEXT || infos[key].type == CONFIG_PATH);
    return config->values[key].text;
}

bool config_bool(const struct config *config, enum config_key key)
{
    ASSERT(infos[key].type == CONFIG_BOOL);
    return config->values[key].number != 0;
}

uint64_t config_number(const struct config *config, enum config_key key)
{
    ASSERT(infos[key].type == CONFIG_NUMBER || infos[key].type == CONFIG_SIZE ||
           infos[key].type == CONFIG_TIME);
    return config->values[key].number;
}

size_t config_list_count(const struct config *config, enum config_key key)
{
    ASSERT(infos[key].type == CONFIG_LIST);
    return config->values[key].items_count;
}

const char *config_list_item(const struct config *config, enum config_key key, size_t index)
{
    ASSERT(index < config_list_count(config, key));
    return config->values[key].items[index];
}

enum config_origin config_origin(const struct config *config, enum config_key key)
{
    return config->values[key].origin;
}

const char *config_file(const struct config *config)
{
    return config->file;
}

static void list_text(const struct config_value *value, char *text, size_t size)
{
    size_t used = 0;
    text[0] = 0;
    for (size_t i = 0; i < value->items_count && used < size; i++) {
        int added = snprintf(text + used, size - used, "%s%s", i > 0 ? "," : "", value->items[i]);
        if (added < 0) return;
        used += (size_t)added;
    }
}

void config_value_text(const struct config *config, enum config_key key, char *text, size_t size)
{
    const struct config_value *value = &config->values[key];
    char number[24];
    switch (infos[key].type) {
    case CONFIG_TEXT:
    case CONFIG_PATH: snprintf(text, size, "%s", value->text); break;
    case CONFIG_BOOL: snprintf(text, size, "%s", value->number ? "true" : "false"); break;
    case CONFIG_LIST: list_text(value, text, size); break;
    default: snprintf(text, size, "%s", range_text(infos[key].type, value->number, number));
    }
}

void config_origin_text(const struct config *config, enum config_key key, char *text, size_t size)
{
    const struct config_value *value = &config->values[key];
    switch (value->origin) {
    case ORIGIN_DEFAULT: snprintf(text, size, "default"); break;
    case ORIGIN_FILE: snprintf(text, size, "file line %u", value->line); break;
    case ORIGIN_ENVIRONMENT: snprintf(text, size, "environment"); break;
    case ORIGIN_FLAG: snprintf(text, size, "flag"); break;
    }
}

void config_adopt(struct config *config, struct config *other, enum config_key key)
{
    struct config_value value = config->values[key];
    config->values[key] = other->values[key];
    other->values[key] = value;
}

bool config_differs(const struct config *a, const struct config *b, enum config_key key)
{
    char one[CONFIG_TEXT_MAX + 1];
    char other[CONFIG_TEXT_MAX + 1];
    const struct config_value *x = &a->values[key];
    const struct config_value *y = &b->values[key];
    if (infos[key].type != CONFIG_LIST) {
        config_value_text(a, key, one, sizeof one);
        config_value_text(b, key, other, sizeof other);
        return strcmp(one, other) != 0;
    }
    if (x->items_count != y->items_count) return true;
    for (size_t i = 0; i < x->items_count; i++)
        if (strcmp(x->items[i], y->items[i]) != 0) return true;
    return false;
}
