/* Plays tests/scenarios/hotstuff: each file must come out as it is. */
#include "tests/unit/consensus/scenario.h"

#include <criterion/criterion.h>
#include <dirent.h>

static char *read_all(const char *path)
{
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file, "%s", path);
    char *text = calloc(1, TEXT_MAX);
    cr_assert_not_null(text);
    size_t size = fread(text, 1, TEXT_MAX - 1, file);
    cr_assert_lt(size, (size_t)TEXT_MAX - 1);
    fclose(file);
    return text;
}

/* Where two texts part: the line of the first difference. */
static void expect_same(const char *name, const char *actual, const char *expected)
{
    size_t line = 1;
    size_t i = 0;
    while (actual[i] && actual[i] == expected[i])
        line += actual[i++] == '\n';
    if (actual[i] == expected[i]) return;
    while (i > 0 && actual[i - 1] != '\n' && expected[i - 1] != '\n')
        i--;
    int expected_size = (int)strcspn(expected + i, "\n");
    int actual_size = (int)strcspn(actual + i, "\n");
    cr_expect_fail("%s:%zu\n  expected: %.*s\n  actual:   %.*s", name, line, expected_size,
                   expected + i, actual_size, actual + i);
}

static void play(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/tests/scenarios/hotstuff/%s", WITAN_SOURCE, name);
    char *expected = read_all(path);
    FILE *script = fopen(path, "r");
    cr_assert_not_null(script);
    char *actual = scenario_play(script);
    fclose(script);
    if (getenv("WITAN_REWRITE")) {
        FILE *file = fopen(path, "w");
        cr_assert_not_null(file);
        fputs(actual, file);
        fclose(file);
    } else {
        expect_same(name, actual, expected);
    }
    free(actual);
    free(expected);
}

Test(scenarios, hotstuff)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    DIR *folder = opendir(WITAN_SOURCE "/tests/scenarios/hotstuff");
    cr_assert_not_null(folder);
    int played = 0;
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        size_t size = strlen(entry->d_name);
        if (size < 4 || strcmp(entry->d_name + size - 4, ".txt") != 0) continue;
        play(entry->d_name);
        played++;
    }
    closedir(folder);
    cr_assert_geq(played, 10);
}
