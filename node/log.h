/* node/log.h -- structured lines on stderr: one event a line, data as fields.
 *
 *     LOG(block_sealed, LOG_U64("height", height), LOG_U64("txs", txs), LOG_END);
 *     -> ts=2026-12-01T09:00:00.000Z level=info event=block_sealed height=18204 txs=52
 *
 * An event's name never changes and stands in node/events.def with its level, module, meaning, and,
 * for warnings and errors, cause and remedy; a name that is not there does not compile.
 *
 * Callers never wait for stderr: a line is formatted on the caller's stack (at most 4 KiB, cut at a
 * field) and put into a bounded queue; one thread writes. What does not fit is counted and reported
 * (`log_dropped`). Beyond 50 lines a second of one event the rest is summed up (`log_repeated`).
 * Before log_start and after log_stop nothing is written. Never logged: secrets, tokens, payloads.
 *
 * Safe from any thread; not from signal handlers.
 */
#ifndef NODE_LOG_H
#define NODE_LOG_H

#include "crypto/base.h"

enum log_level { LEVEL_ERROR, LEVEL_WARN, LEVEL_INFO, LEVEL_DEBUG, LEVEL_TRACE };

/* X(module): what a level can be set for ("engine=debug"). */
#define LOG_MODULE_LIST(X) \
    X(node) \
    X(config) X(engine) X(ledger) X(seal) X(mempool) X(journal) X(sync) X(peers) X(rpc) X(log)

enum log_module {
#define X(name) LOG_MODULE_##name,
    LOG_MODULE_LIST(X)
#undef X
        LOG_MODULE_COUNT
};

enum log_event_id {
#define EVENT(name, level, module, meaning, remedy) LOG_EVENT_##name,
#include "node/events.def"
#undef EVENT
    LOG_EVENT_COUNT
};

struct log_event_info {
    const char *name;
    enum log_level level;
    enum log_module module;
    const char *meaning;
    const char *remedy; /* cause and remedy; "" for info and below */
};
extern const struct log_event_info log_events[LOG_EVENT_COUNT];

enum log_field_type { FIELD_END, FIELD_U64, FIELD_I64, FIELD_TEXT, FIELD_HEX, FIELD_BOOL };

struct log_field {
    const char *name; /* lower case, [a-z0-9_] */
    enum log_field_type type;
    uint64_t number;
    struct span bytes;
};

#define LOG_U64(name, value) \
    (struct log_field) \
    { \
        (name), FIELD_U64, (uint64_t)(value), \
        { \
            NULL, 0 \
        } \
    }
#define LOG_I64(name, value) \
    (struct log_field) \
    { \
        (name), FIELD_I64, (uint64_t)(int64_t)(value), \
        { \
            NULL, 0 \
        } \
    }
#define LOG_BOOL(name, value) \
    (struct log_field) \
    { \
        (name), FIELD_BOOL, (value) ? 1 : 0, \
        { \
            NULL, 0 \
        } \
    }
#define LOG_TEXT(name, text) \
    (struct log_field) \
    { \
        (name), FIELD_TEXT, 0, span_text(text) \
    }
#define LOG_SPAN(name, span) \
    (struct log_field) \
    { \
        (name), FIELD_TEXT, 0, (span) \
    }
#define LOG_HEX(name, data, size) \
    (struct log_field) \
    { \
        (name), FIELD_HEX, 0, span_of((data), (size)) \
    }
#define LOG_END \
    (struct log_field) \
    { \
        NULL, FIELD_END, 0, \
        { \
            NULL, 0 \
        } \
    }

/* LOG(event, fields..., LOG_END): at the level of the table. */
#define LOG(event, ...) log_event(LOG_EVENT_##event, (const struct log_field[]){ __VA_ARGS__ })

void log_event(enum log_event_id event, const struct log_field *fields);

/* Would it be written? To spare the work of computing its fields. */
bool log_enabled(enum log_event_id event);

enum log_format { LOG_FORMAT_AUTO, LOG_FORMAT_TEXT, LOG_FORMAT_LOGFMT, LOG_FORMAT_JSON };

struct log_options {
    int fd;                 /* 2 */
    enum log_format format; /* AUTO: text on a terminal, else logfmt */
    enum log_level level;
    size_t queue_bytes;               /* 0 = 1 MiB */
    uint64_t (*wall_ms)(void);        /* NULL: the clock; for tests */
    bool has_level[LOG_MODULE_COUNT]; /* a module's own level */
    enum log_level levels[LOG_MODULE_COUNT];
};

enum status log_start(const struct log_options *options);

/* Changes format and levels of a running log (reload, admin_log_level). */
void log_configure(const struct log_options *options);

/* Writes what waits and ends the thread. */
void log_stop(void);

/* Waits until all that was logged so far is written; before _exit. */
void log_flush(void);

struct log_figures {
    uint64_t lines[LEVEL_TRACE + 1]; /* written or to be written */
    uint64_t dropped;
    uint64_t repeated;
};
void log_figures(struct log_figures *figures);

/* "error" ... "trace"; false if unknown. "engine=debug" -> options. */
const char *log_level_name(enum log_level level);
bool log_level_find(const char *name, enum log_level *level);
const char *log_module_name(enum log_module module);
enum status log_module_level_parse(const char *text, struct log_options *options);

/* One line without the queue, for tests: formats into line (LOG_LINE_MAX bytes), returns its size,
 * newline included. */
enum { LOG_LINE_MAX = 4096 };
size_t log_format_line(char line[LOG_LINE_MAX], enum log_format format, uint64_t wall_ms,
                       bool journald, enum log_event_id event, const struct log_field *fields);

#endif
