#include "crypto/codec.h"
#include "genesis/json.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Jansson recurses into arrays and objects and turns 1e5 into a double. Both are settled before it
 * is called, by one pass over the text that knows only strings, brackets and numbers. What is wrong
 * otherwise is jansson's to say. */
struct scan {
    struct span text;
    size_t at;
    size_t line;
    size_t column;
    unsigned depth;
};

static enum status scan_fail(const struct scan *scan, const char *what, struct problem *problem)
{
    return problem_set(problem, STATUS_MALFORMED, "line %zu, column %zu: %s", scan->line,
                       scan->column, what);
}

/* Columns count characters, so continuation bytes of UTF-8 do not. */
static void scan_advance(struct scan *scan)
{
    uint8_t c = scan->text.data[scan->at++];
    if (c == '\n') {
        scan->line++;
        scan->column = 1;
    } else if ((c & 0xc0) != 0x80) {
        scan->column++;
    }
}

static void scan_string(struct scan *scan)
{
    scan_advance(scan);
    while (scan->at < scan->text.size && scan->text.data[scan->at] != '"') {
        if (scan->text.data[scan->at] == '\\') scan_advance(scan);
        if (scan->at < scan->text.size) scan_advance(scan);
    }
    if (scan->at < scan->text.size) scan_advance(scan);
}

static bool number_char(uint8_t c)
{
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

static enum status scan_number(struct scan *scan, struct problem *problem)
{
    struct scan start = *scan;
    bool integer = true;
    while (scan->at < scan->text.size && number_char(scan->text.data[scan->at])) {
        uint8_t c = scan->text.data[scan->at];
        if (c == '.' || c == 'e' || c == 'E') integer = false;
        scan_advance(scan);
    }
    if (integer) return STATUS_OK;
    return scan_fail(&start, "a number with a fraction or an exponent; only integers", problem);
}

static enum status scan_step(struct scan *scan, struct problem *problem)
{
    uint8_t c = scan->text.data[scan->at];
    if (c == '"') {
        scan_string(scan);
        return STATUS_OK;
    }
    if (c == '-' || (c >= '0' && c <= '9')) return scan_number(scan, problem);
    if (c == '[' || c == '{') {
        if (scan->depth == JSON_DEPTH_MAX)
            return scan_fail(scan, "nested more than 32 deep", problem);
        scan->depth++;
    }
    if ((c == ']' || c == '}') && scan->depth > 0) scan->depth--;
    scan_advance(scan);
    return STATUS_OK;
}

static_assert(JSON_DEPTH_MAX == 32, "the message above says 32");

static enum status scan_text(struct span text, struct problem *problem)
{
    struct scan scan = { .text = text, .line = 1, .column = 1 };
    while (scan.at < text.size) {
        enum status status = scan_step(&scan, problem);
        if (status != STATUS_OK) return status;
    }
    return STATUS_OK;
}

json_t *json_read(struct span text, size_t bytes_max, struct problem *problem)
{
    if (text.size > bytes_max) {
        problem_set(problem, STATUS_TOO_LARGE, "%zu bytes of JSON, more than %zu", text.size,
                    bytes_max);
        return NULL;
    }
    if (text.size == 0) {
        problem_set(problem, STATUS_MALFORMED, "line 1, column 1: no JSON value");
        return NULL;
    }
    if (scan_text(text, problem) != STATUS_OK) return NULL;

    json_error_t error;
    const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY;
    json_t *value = json_loadb((const char *)text.data, text.size, flags, &error);
    if (value) return value;

    bool memory = json_error_code(&error) == json_error_out_of_memory;
    char quoted[QUOTE_TEXT];
    problem_set(problem, memory ? STATUS_NO_MEMORY : STATUS_MALFORMED, "line %d, column %d: %s",
                error.line, error.column, text_quote(error.text, quoted));
    return NULL;
}

/* Reads at most one byte more than allowed, enough to know that it is too large. */
static enum status file_read(FILE *file, size_t bytes_max, struct buffer *bytes)
{
    uint8_t piece[16384];
    for (;;) {
        size_t wanted = bytes_max - bytes->size + 1;
        size_t got = fread(piece, 1, wanted < sizeof piece ? wanted : sizeof piece, file);
        if (got == 0) return ferror(file) ? STATUS_IO : STATUS_OK;
        enum status status = buffer_append(bytes, span_of(piece, got));
        if (status != STATUS_OK) return status;
    }
}

json_t *json_read_file(const char *path, size_t bytes_max, struct problem *problem)
{
    FILE *file = fopen(path, "rbe");
    if (!file) {
        bool missing = errno == ENOENT || errno == ENOTDIR;
        problem_set(problem, missing ? STATUS_NOT_FOUND : STATUS_IO, "%s: %s", path,
                    strerror(errno));
        return NULL;
    }
    struct buffer bytes;
    buffer_init(&bytes, bytes_max);
    enum status status = file_read(file, bytes_max, &bytes);
    int error = errno;
    fclose(file);

    json_t *value = NULL;
    struct problem inner = { .status = STATUS_OK };
    if (status == STATUS_IO)
        problem_set(problem, status, "%s: %s", path, strerror(error));
    else if (status == STATUS_TOO_LARGE)
        problem_set(problem, status, "%s: more than %zu bytes", path, bytes_max);
    else if (status != STATUS_OK)
        problem_set(problem, status, "%s: %s", path, status_text(status));
    else if (!(value = json_read(buffer_span(&bytes), bytes_max, &inner)))
        problem_set(problem, inner.status, "%s: %s", path, inner.text);
    buffer_free(&bytes);
    return value;
}
