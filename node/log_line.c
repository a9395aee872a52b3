/* The text of one log line. */
#include "crypto/codec.h"
#include "genesis/json.h"
#include "node/log.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* The newline and a mark that something is missing always find room. */
enum { CUT_ROOM = 24 };

const struct log_event_info log_events[LOG_EVENT_COUNT] = {
#define EVENT(name, level, module, meaning, remedy) \
    { #name, LEVEL_##level, LOG_MODULE_##module, meaning, remedy },
#include "node/events.def"
#undef EVENT
};

static const char *const level_names[] = { "error", "warn", "info", "debug", "trace" };

const char *log_level_name(enum log_level level)
{
    ASSERT(level <= LEVEL_TRACE);
    return level_names[level];
}

bool log_level_find(const char *name, enum log_level *level)
{
    for (int i = 0; i <= LEVEL_TRACE; i++) {
        if (strcmp(name, level_names[i]) != 0) continue;
        *level = (enum log_level)i;
        return true;
    }
    return false;
}

const char *log_module_name(enum log_module module)
{
    static const char *const names[] = {
#define X(name) #name,
        LOG_MODULE_LIST(X)
#undef X
    };
    ASSERT(module < LOG_MODULE_COUNT);
    return names[module];
}

enum status log_module_level_parse(const char *text, struct log_options *options)
{
    const char *equals = strchr(text, '=');
    enum log_level level;
    if (!equals || !log_level_find(equals + 1, &level)) return STATUS_INVALID;
    size_t size = (size_t)(equals - text);
    for (int module = 0; module < LOG_MODULE_COUNT; module++) {
        const char *name = log_module_name((enum log_module)module);
        if (strlen(name) != size || memcmp(name, text, size) != 0) continue;
        options->has_level[module] = true;
        options->levels[module] = level;
        return STATUS_OK;
    }
    return STATUS_NOT_FOUND;
}

/* A line being written; full once something did not fit. */
struct line {
    char *text;
    size_t size;
    bool full;
};

static void put(struct line *line, const char *text, size_t size)
{
    if (line->full || size > LOG_LINE_MAX - CUT_ROOM - line->size) {
        line->full = true;
        return;
    }
    memcpy(line->text + line->size, text, size);
    line->size += size;
}

static void put_text(struct line *line, const char *text)
{
    put(line, text, strlen(text));
}

static void put_format(struct line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void put_format(struct line *line, const char *format, ...)
{
    char text[64];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    ASSERT(size >= 0);
    ASSERT((size_t)size < sizeof text);
    put(line, text, (size_t)size);
}

static bool is_plain(struct span text)
{
    if (text.size == 0) return false;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        if (c <= ' ' || c >= 0x7f || c == '"' || c == '=' || c == '\\') return false;
    }
    return true;
}

/* Quotes, backslashes and control bytes escaped, so that no value can end its line, colour a
 * terminal or pretend to be another field. Bytes that are not UTF-8 are escaped, too; JSON has no
 * \x, so there the byte's code point stands for it. */
static void put_quoted(struct line *line, struct span text, bool json)
{
    bool utf8 = utf8_valid(text);
    put_text(line, "\"");
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        if (c == '"' || c == '\\')
            put_format(line, "\\%c", c);
        else if (c < 0x20 || c == 0x7f || (c >= 0x80 && !utf8))
            put_format(line, json ? "\\u%04x" : "\\x%02X", c);
        else
            put(line, (const char *)&c, 1);
    }
    put_text(line, "\"");
}

static void put_hex(struct line *line, struct span bytes, bool json)
{
    if (json) put_text(line, "\"");
    for (size_t i = 0; i < bytes.size; i++)
        put_format(line, "%02x", bytes.data[i]);
    if (json) put_text(line, "\"");
}

static void put_value(struct line *line, const struct log_field *field, bool json)
{
    switch (field->type) {
    case FIELD_U64: put_format(line, "%" PRIu64, field->number); break;
    case FIELD_I64: put_format(line, "%" PRId64, (int64_t)field->number); break;
    case FIELD_BOOL: put_text(line, field->number ? "true" : "false"); break;
    case FIELD_HEX: put_hex(line, field->bytes, json); break;
    case FIELD_TEXT:
        if (!json && is_plain(field->bytes))
            put(line, (const char *)field->bytes.data, field->bytes.size);
        else
            put_quoted(line, field->bytes, json);
        break;
    case FIELD_END: break;
    }
}

/* A field that does not fit is left out whole, and so is what follows it. */
static void put_fields(struct line *line, const struct log_field *fields, bool json)
{
    for (; fields->type != FIELD_END; fields++) {
        size_t before = line->size;
        if (json)
            put_format(line, ",\"%.40s\":", fields->name);
        else
            put_format(line, " %.40s=", fields->name);
        put_value(line, fields, json);
        if (!line->full) continue;
        line->size = before;
        return;
    }
}

static void put_priority(struct line *line, enum log_level level)
{
    static const int priorities[] = { 3, 4, 6, 7, 7 }; /* syslog's err, warning, info, debug */
    put_format(line, "<%d>", priorities[level]);
}

static void put_head(struct line *line, enum log_format format, const char *time, bool journald,
                     const struct log_event_info *event)
{
    const char *level = log_level_name(event->level);
    if (journald) put_priority(line, event->level);
    if (format == LOG_FORMAT_JSON) {
        put_text(line, "{");
        if (!journald) put_format(line, "\"ts\":\"%s\",", time);
        put_format(line, "\"level\":\"%s\",\"event\":\"", level);
        put_text(line, event->name);
        put_text(line, "\"");
    } else if (format == LOG_FORMAT_TEXT) {
        if (!journald) put_format(line, "%s ", time + 11); /* The date is known at a terminal. */
        put_format(line, "%-5s ", level);
        put_text(line, event->name);
    } else {
        if (!journald) put_format(line, "ts=%s ", time);
        put_format(line, "level=%s event=", level);
        put_text(line, event->name);
    }
}

size_t log_format_line(char text[LOG_LINE_MAX], enum log_format format, uint64_t wall_ms,
                       bool journald, enum log_event_id event, const struct log_field *fields)
{
    ASSERT(event < LOG_EVENT_COUNT);
    char time[TIME_TEXT];
    time_encode(wall_ms, time);
    struct line line = { .text = text };
    bool json = format == LOG_FORMAT_JSON;
    put_head(&line, format, time, journald, &log_events[event]);
    put_fields(&line, fields, json);
    const char *end = json ? "}\n" : "\n";
    const char *cut = json ? ",\"cut\":true}\n" : " cut=true\n";
    const char *last = line.full ? cut : end;
    memcpy(text + line.size, last, strlen(last));
    return line.size + strlen(last);
}
