#include "genesis/json.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void expect_refused(struct span text, enum status status, const char *fragment)
{
    struct problem problem = { .status = STATUS_OK };
    json_t *value = json_read(text, 1000, &problem);
    cr_assert(value == NULL, "read although: %s", fragment);
    cr_assert_eq(problem.status, status, "%s: %s", status_name(problem.status), problem.text);
    cr_assert(strstr(problem.text, fragment) != NULL, "\"%s\" has no \"%s\"", problem.text,
              fragment);
}

Test(json_read, values)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        "0",
        "-1",
        "true",
        "null",
        "\"\"",
        "9223372036854775807",
        "-9223372036854775808",
        " \n{ \"a\": [ 1, { \"b\": null } ], \"1.5\": \"1e5\" }\n",
        "\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"",
        "\"\\\"[1.5\"",
        "\"\\\\\"",
        "\"\xc3\xa4\"",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct problem problem = { .text = "" };
        json_t *value = json_read(span_text(texts[i]), 1000, &problem);
        cr_assert(value != NULL, "%s: %s", texts[i], problem.text);
        json_decref(value);
    }
}

Test(json_read, refused)
{
    static const struct {
        const char *text;
        const char *fragment;
    } cases[] = {
        { "", "no JSON value" },
        { " ", "line 1" },
        { "{", "line 1" },
        { "{} {}", "end of file expected" },
        { "1 2", "end of file expected" },
        { "{\"a\":1,\"a\":1}", "duplicate" },
        { "{\"a\":1.0}", "line 1, column 6: a number with a fraction" },
        { "[\n  1e5]", "line 2, column 3: a number with a fraction or an exponent" },
        { "[1E5]", "exponent" },
        { "-0.0", "exponent" },
        { "[\"\xc3\xa4\", 1.5]", "line 1, column 7" },
        { "9223372036854775808", "too big" },
        { "-9223372036854775809", "too big" },
        { "18446744073709551616", "too big" },
        { "\"a\\u0000b\"", "\\u0000" },
        { "{\"a\\u0000b\": 1}", "\\u0000" },
        { "\"\xff\"", "unable to decode byte 0xff" },
        { "\"\xc0\x80\"", "unable to decode" },
        { "\"\xed\xa0\x80\"", "unable to decode" },
        { "\"\\ud800\"", "Unicode" },
        { "\"a\nb\"", "newline" },
        { "'a'", "line 1" },
        { "{a:1}", "line 1" },
        { "[1,]", "line 1" },
        { "{\"a\":1,}", "line 1" },
        { "// x\n1", "line 1" },
        { "01", "line 1" },
        { "+1", "line 1" },
        { "NaN", "line 1" },
        { "\xef\xbb\xbf{}", "line 1" },
        { "\"never ends", "line 1" },
        { "\"ends in \\", "line 1" },
        { "]", "line 1" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_refused(span_text(cases[i].text), STATUS_MALFORMED, cases[i].fragment);
    expect_refused(span_of("{}\0", 3), STATUS_MALFORMED, "line 1");
    expect_refused(span_of("\"a\0b\"", 5), STATUS_MALFORMED, "line 1");
    expect_refused(span_of(NULL, 0), STATUS_MALFORMED, "no JSON value");
}

Test(json_read, depth)
{
    char text[2 * (JSON_DEPTH_MAX + 1)];
    memset(text, '[', JSON_DEPTH_MAX);
    memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
    struct problem problem = { .text = "" };
    json_t *value = json_read(span_of(text, 2 * JSON_DEPTH_MAX), 1000, &problem);
    cr_assert(value != NULL, "%s", problem.text);
    json_decref(value);

    memset(text, '[', JSON_DEPTH_MAX + 1);
    memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
    expect_refused(span_of(text, sizeof text), STATUS_MALFORMED,
                   "column 33: nested more than 32 deep");
    expect_refused(span_text("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":"
                             "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":"
                             "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":"
                             "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{"),
                   STATUS_MALFORMED, "nested more than 32 deep");
}

/* A megabyte of brackets must not reach the parser that recurses. */
Test(json_read, very_deep)
{
    size_t size = 1024 * 1024;
    char *text = malloc(size);
    memset(text, '[', size);
    struct problem problem;
    cr_assert(json_read(span_of(text, size), size, &problem) == NULL);
    cr_assert_eq(problem.status, STATUS_MALFORMED);
    free(text);
}

Test(json_read, too_large)
{
    cr_assert(json_read(span_text("[1]"), 2, NULL) == NULL);
    struct problem problem;
    cr_assert(json_read(span_text("[1]"), 2, &problem) == NULL);
    cr_assert_eq(problem.status, STATUS_TOO_LARGE);
    json_t *value = json_read(span_text("[1]"), 3, &problem);
    cr_assert(value != NULL);
    json_decref(value);
}

static void file_write(char path[64], const char *text, size_t size)
{
    strcpy(path, "/tmp/witan_test_json_XXXXXX");
    int fd = mkstemp(path);
    cr_assert(fd >= 0);
    cr_assert_eq(write(fd, text, size), (ssize_t)size);
    close(fd);
}

Test(json_read, files)
{
    char path[64];
    struct problem problem;
    char text[40000];
    memset(text, ' ', sizeof text);
    memcpy(text + sizeof text - 4, "true", 4);
    file_write(path, text, sizeof text);
    json_t *value = json_read_file(path, sizeof text, &problem);
    cr_assert(json_is_true(value), "%s", problem.text);
    json_decref(value);

    cr_assert(json_read_file(path, sizeof text - 1, &problem) == NULL);
    cr_assert_eq(problem.status, STATUS_TOO_LARGE);
    cr_assert(strstr(problem.text, path) != NULL);
    unlink(path);

    cr_assert(json_read_file(path, 100, &problem) == NULL);
    cr_assert_eq(problem.status, STATUS_NOT_FOUND);
    cr_assert(strstr(problem.text, path) != NULL);

    cr_assert(json_read_file("/tmp", 100, &problem) == NULL);
    cr_assert_eq(problem.status, STATUS_IO);

    file_write(path, "{\n!", 3);
    cr_assert(json_read_file(path, 100, &problem) == NULL);
    cr_assert_eq(problem.status, STATUS_MALFORMED);
    cr_assert(strstr(problem.text, path) != NULL && strstr(problem.text, "line 2") != NULL);
    unlink(path);
}
