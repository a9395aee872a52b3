#include "crypto/base.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

const char *status_name(enum status status)
{
    switch (status) {
#define X(name, text) \
    case STATUS_##name: return #name;
        STATUS_LIST(X)
#undef X
    }
    return "UNKNOWN";
}

const char *status_text(enum status status)
{
    switch (status) {
#define X(name, text) \
    case STATUS_##name: return text;
        STATUS_LIST(X)
#undef X
    }
    return "unknown status";
}

_Noreturn void assert_failed(const char *condition, const char *file, int line,
                             const char *function)
{
    fprintf(stderr, "witan: broken invariant: %s (%s:%d, %s)\n", condition, file, line, function);
    fflush(stderr);
    abort();
}

bool span_equal(struct span a, struct span b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

int span_compare(struct span a, struct span b)
{
    size_t shorter = a.size < b.size ? a.size : b.size;
    int order = shorter == 0 ? 0 : memcmp(a.data, b.data, shorter);
    if (order != 0) return order;
    return (a.size > b.size) - (a.size < b.size);
}

bool id_is_zero(const struct id *id)
{
    static const struct id zero;
    return id_equal(id, &zero);
}

enum status problem_set(struct problem *problem, enum status status, const char *format, ...)
{
    if (!problem) return status;
    problem->status = status;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(problem->text, sizeof problem->text, format, arguments);
    va_end(arguments);
    return status;
}

void hex_encode(struct span bytes, char *text)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.size; i++) {
        text[2 * i] = digits[bytes.data[i] >> 4];
        text[2 * i + 1] = digits[bytes.data[i] & 15];
    }
    text[2 * bytes.size] = 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

bool hex_decode(const char *text, size_t text_size, uint8_t *bytes, size_t size)
{
    if (text_size != 2 * size) return false;
    for (size_t i = 0; i < size; i++) {
        int high = hex_digit(text[2 * i]);
        int low = hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}
