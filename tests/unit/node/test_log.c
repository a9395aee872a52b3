#include "node/log.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TIME_MS = 1000 };
static char line[LOG_LINE_MAX + 1];

static const char *format_line(enum log_format format, bool journald, enum log_event_id event,
                               const struct log_field *fields)
{
    size_t size = log_format_line(line, format, TIME_MS, journald, event, fields);
    cr_assert_leq(size, LOG_LINE_MAX);
    cr_assert_eq(line[size - 1], '\n');
    line[size] = 0;
    return line;
}

#define FIELDS(...) \
    (const struct log_field[]) \
    { \
        __VA_ARGS__, LOG_END \
    }

Test(log, logfmt)
{
    const uint8_t hash[] = { 0xab, 0x01 };
    cr_assert_str_eq(format_line(LOG_FORMAT_LOGFMT, false, LOG_EVENT_block_sealed,
                                 FIELDS(LOG_U64("height", UINT64_MAX), LOG_I64("offset", -5),
                                        LOG_BOOL("last", true), LOG_HEX("hash", hash, 2),
                                        LOG_TEXT("peer", "val1abc"))),
                     "ts=1970-01-01T00:00:01.000Z level=info event=block_sealed "
                     "height=18446744073709551615 offset=-5 last=true hash=ab01 peer=val1abc\n");
}

Test(log, values_cannot_break_out)
{
    cr_assert_str_eq(format_line(LOG_FORMAT_LOGFMT, false, LOG_EVENT_peer_up,
                                 FIELDS(LOG_TEXT("a", "x\nlevel=error event=fake"),
                                        LOG_TEXT("b", "\x1b[31m\"q\"\\"), LOG_TEXT("c", ""),
                                        LOG_TEXT("d", "a=b"), LOG_TEXT("e", "\xff\xfe"),
                                        LOG_TEXT("f", "\xc3\xa9"), LOG_TEXT("g", "\x7f"))),
                     "ts=1970-01-01T00:00:01.000Z level=info event=peer_up "
                     "a=\"x\\x0Alevel=error event=fake\" b=\"\\x1B[31m\\\"q\\\"\\\\\" c=\"\" "
                     "d=\"a=b\" e=\"\\xFF\\xFE\" f=\"\xc3\xa9\" g=\"\\x7F\"\n");
}

Test(log, json_is_json)
{
    const uint8_t hash[] = { 0xab, 0x01 };
    const char *text =
        format_line(LOG_FORMAT_JSON, false, LOG_EVENT_journal_torn,
                    FIELDS(LOG_U64("n", 5), LOG_TEXT("t", "\x01\"\\\n\xff"), LOG_BOOL("b", false),
                           LOG_HEX("h", hash, 2), LOG_I64("i", -1)));
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    cr_assert(json, "%s", text);
    cr_assert_str_eq(json_string_value(json_object_get(json, "event")), "journal_torn");
    cr_assert_str_eq(json_string_value(json_object_get(json, "level")), "warn");
    cr_assert_str_eq(json_string_value(json_object_get(json, "ts")), "1970-01-01T00:00:01.000Z");
    cr_assert_eq(json_integer_value(json_object_get(json, "n")), 5);
    cr_assert_eq(json_integer_value(json_object_get(json, "i")), -1);
    cr_assert(json_is_false(json_object_get(json, "b")));
    cr_assert_str_eq(json_string_value(json_object_get(json, "h")), "ab01");
    cr_assert_str_eq(json_string_value(json_object_get(json, "t")), "\x01\"\\\n\xc3\xbf");
    json_decref(json);
}

Test(log, text_and_journald)
{
    cr_assert_str_eq(
        format_line(LOG_FORMAT_TEXT, false, LOG_EVENT_node_ready, FIELDS(LOG_U64("height", 3))),
        "00:00:01.000Z info  node_ready height=3\n");
    cr_assert_str_eq(
        format_line(LOG_FORMAT_LOGFMT, true, LOG_EVENT_node_failed, FIELDS(LOG_U64("code", 74))),
        "<3>level=error event=node_failed code=74\n");
    cr_assert_str_eq(
        format_line(LOG_FORMAT_LOGFMT, true, LOG_EVENT_disk_low, FIELDS(LOG_U64("n", 1))),
        "<4>level=warn event=disk_low n=1\n");
}

/* Too long: whole fields go, the line says so and is still well-formed. */
Test(log, long_lines_are_cut)
{
    static char big[8192];
    memset(big, '"', sizeof big - 1);
    for (size_t size = LOG_LINE_MAX / 2 - 100; size < LOG_LINE_MAX / 2 + 40; size++) {
        struct log_field fields[] = { LOG_U64("first", 1), LOG_SPAN("big", span_of(big, size)),
                                      LOG_U64("last", 2), LOG_END };
        const char *text = format_line(LOG_FORMAT_JSON, false, LOG_EVENT_node_ready, fields);
        json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
        cr_assert(json, "%s", text);
        cr_assert(json_object_get(json, "first"));
        bool cut = json_object_get(json, "cut") != NULL;
        cr_assert_eq(cut, json_object_get(json, "last") == NULL);
        json_decref(json);
        text = format_line(LOG_FORMAT_LOGFMT, false, LOG_EVENT_node_ready, fields);
        cr_assert(strstr(text, " cut=true\n") || strstr(text, " last=2\n"));
    }
}

Test(log, levels_and_modules)
{
    enum log_level level;
    for (int i = LEVEL_ERROR; i <= LEVEL_TRACE; i++) {
        cr_assert(log_level_find(log_level_name((enum log_level)i), &level));
        cr_assert_eq(level, (enum log_level)i);
    }
    cr_assert_not(log_level_find("INFO", &level));
    cr_assert_not(log_level_find("", &level));
    struct log_options options = { 0 };
    cr_assert_eq(log_module_level_parse("engine=debug", &options), STATUS_OK);
    cr_assert(options.has_level[LOG_MODULE_engine]);
    cr_assert_eq(options.levels[LOG_MODULE_engine], LEVEL_DEBUG);
    cr_assert_eq(log_module_level_parse("motor=debug", &options), STATUS_NOT_FOUND);
    cr_assert_eq(log_module_level_parse("engine=loud", &options), STATUS_INVALID);
    cr_assert_eq(log_module_level_parse("engine", &options), STATUS_INVALID);
    cr_assert_eq(log_module_level_parse("=debug", &options), STATUS_NOT_FOUND);
}

/* ---- through the queue ---- */

static char path[64];
static uint64_t now_ms;

static uint64_t test_clock(void)
{
    return now_ms;
}

static struct log_options file_options(void)
{
    strcpy(path, "/tmp/witan_log_XXXXXX");
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    now_ms = 5000;
    return (struct log_options){ .fd = fd, .level = LEVEL_INFO, .wall_ms = test_clock };
}

static size_t count_lines(const char *needle)
{
    FILE *file = fopen(path, "r");
    char text[LOG_LINE_MAX + 2];
    size_t count = 0;
    while (fgets(text, sizeof text, file)) {
        cr_assert_eq(strncmp(text, "ts=", 3), 0, "%s", text); /* never half a line */
        count += strstr(text, needle) != NULL;
    }
    fclose(file);
    return count;
}

Test(log, written_by_level)
{
    struct log_options options = file_options();
    LOG(node_ready, LOG_U64("before", 1), LOG_END); /* not started: nowhere */
    cr_assert_eq(log_start(&options), STATUS_OK);
    LOG(node_ready, LOG_U64("height", 1), LOG_END);
    LOG(engine_note, LOG_TEXT("text", "debug"), LOG_END);
    cr_assert(log_enabled(LOG_EVENT_node_ready));
    cr_assert_not(log_enabled(LOG_EVENT_engine_note));
    options.has_level[LOG_MODULE_engine] = true;
    options.levels[LOG_MODULE_engine] = LEVEL_DEBUG;
    log_configure(&options);
    LOG(engine_note, LOG_TEXT("text", "now"), LOG_END);
    log_flush();
    cr_assert_eq(count_lines("event="), 2);
    cr_assert_eq(count_lines("text=now"), 1);
    struct log_figures figures;
    log_figures(&figures);
    cr_assert_eq(figures.lines[LEVEL_INFO], 1);
    cr_assert_eq(figures.lines[LEVEL_DEBUG], 1);
    log_stop();
    LOG(node_ready, LOG_U64("after", 1), LOG_END);
    cr_assert_eq(count_lines("event="), 2);
    unlink(path);
}

Test(log, repeats_are_summed_up)
{
    struct log_options options = file_options();
    cr_assert_eq(log_start(&options), STATUS_OK);
    for (int i = 0; i < 175; i++)
        LOG(peer_refused, LOG_U64("i", i), LOG_END);
    LOG(node_ready, LOG_END); /* Another event is not held back. */
    now_ms += 1000;
    LOG(peer_refused, LOG_U64("i", 1000), LOG_END);
    for (int i = 0; i < 80; i++)
        LOG(peer_up, LOG_U64("i", i), LOG_END);
    log_stop(); /* Reports what is left. */
    cr_assert_eq(count_lines("event=peer_refused"), 51);
    cr_assert_eq(count_lines("event=node_ready"), 1);
    cr_assert_eq(count_lines("event=log_repeated repeated=peer_refused n=125"), 1);
    cr_assert_eq(count_lines("event=log_repeated repeated=peer_up n=30"), 1);
    unlink(path);
}

/* Nobody reads the pipe: callers do not wait, what does not fit is counted and reported. */
/* The sum of all `log_dropped n=` in a text. */
static uint64_t dropped_reported(const char *text)
{
    static const char event[] = "event=log_dropped n=";
    uint64_t sum = 0;
    for (const char *at = text; (at = strstr(at, event)) != NULL;) {
        at += sizeof event - 1;
        sum += strtoull(at, NULL, 10);
    }
    return sum;
}

Test(log, overflow_is_counted, .timeout = 30)
{
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    now_ms = 5000;
    struct log_options options = {
        .fd = ends[1], .level = LEVEL_INFO, .wall_ms = test_clock, .queue_bytes = 20000
    };
    cr_assert_eq(log_start(&options), STATUS_OK);
    static char big[1000];
    memset(big, 'x', sizeof big - 1);
    for (int i = 0; i < 400; i++) {
        if (i % 40 == 0) now_ms += 1000;
        LOG(node_ready, LOG_TEXT("big", big), LOG_END);
    }
    struct log_figures figures;
    log_figures(&figures);
    cr_assert_gt(figures.dropped, 100);
    uint64_t dropped = figures.dropped;

    static char read_back[1 << 20];
    size_t size = 0;
    cr_assert_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    /* A busy machine may report the losses in more than one line. */
    while (dropped_reported(read_back) < dropped) {
        ssize_t got = read(ends[0], read_back + size, sizeof read_back - 1 - size);
        if (got > 0) size += (size_t)got;
        read_back[size] = 0;
    }
    size_t lines = 0;
    for (const char *at = read_back; (at = strstr(at, "event=node_ready")) != NULL; at++)
        lines++;
    cr_assert_eq(dropped_reported(read_back), dropped);
    cr_assert_eq(lines, 400 - dropped);
    log_stop();
}

static void *log_much(void *argument)
{
    for (int i = 0; i < 40; i++) /* below what would be summed up */
        log_event((enum log_event_id)(LOG_EVENT_node_starting + *(int *)argument),
                  FIELDS(LOG_U64("i", i)));
    return NULL;
}

Test(log, many_threads)
{
    struct log_options options = file_options();
    cr_assert_eq(log_start(&options), STATUS_OK);
    pthread_t threads[4];
    int numbers[4];
    for (int i = 0; i < 4; i++) {
        numbers[i] = i;
        cr_assert_eq(pthread_create(&threads[i], NULL, log_much, &numbers[i]), 0);
    }
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    log_stop();
    cr_assert_eq(count_lines("event="), 160);
    unlink(path);
}

/* ---- the table and its page ---- */

Test(log, every_warning_says_what_to_do)
{
    for (int i = 0; i < LOG_EVENT_COUNT; i++) {
        const struct log_event_info *event = &log_events[i];
        cr_assert_gt(strlen(event->meaning), 10, "%s", event->name);
        cr_assert_eq(strspn(event->name, "abcdefghijklmnopqrstuvwxyz0123456789_"),
                     strlen(event->name));
        if (event->level <= LEVEL_WARN) cr_assert_gt(strlen(event->remedy), 20, "%s", event->name);
        for (int j = 0; j < i; j++)
            cr_assert_str_neq(event->name, log_events[j].name);
    }
}

Test(log, the_page_has_every_event)
{
    FILE *file = fopen(WITAN_SOURCE "/docs/reference/events.md", "r");
    cr_assert(file, "docs/reference/events.md is missing");
    static char page[1 << 18];
    size_t size = fread(page, 1, sizeof page - 1, file);
    page[size] = 0;
    fclose(file);
    for (int i = 0; i < LOG_EVENT_COUNT; i++) {
        const struct log_event_info *event = &log_events[i];
        char row[1024];
        snprintf(row, sizeof row, "| `%s` | %s | %s | %s | %s |\n", event->name,
                 log_level_name(event->level), log_module_name(event->module), event->meaning,
                 event->remedy);
        cr_assert(strstr(page, row), "docs/reference/events.md lacks this line:\n%s", row);
    }
    size_t rows = 0;
    for (const char *at = page; (at = strstr(at, "\n| `")); at++)
        rows++;
    cr_assert_eq(rows, LOG_EVENT_COUNT, "the page names an event that does not exist");
}
