/* tests/unit/consensus/scenario_folder.h -- plays the scripts of a folder in tests/scenarios: each
 * file must come out as it is. */
#ifndef TESTS_SCENARIO_FOLDER_H
#define TESTS_SCENARIO_FOLDER_H

#include "tests/unit/consensus/scenario.h"

#include <criterion/criterion.h>
#include <dirent.h>

static inline char *read_all(const char *path)
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
static inline void expect_same(const char *name, const char *actual, const char *expected)
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

/* WITAN_MERMAID=DIR: hotstuff_01_normal.mmd and so on; NULL if nobody asks. */
static inline FILE *open_drawing(const char *folder, const char *name)
{
    const char *directory = getenv("WITAN_MERMAID");
    char path[512];
    if (!directory) return NULL;
    snprintf(path, sizeof path, "%s/%s_%.*s.mmd", directory, folder, (int)strlen(name) - 4, name);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file, "%s", path);
    return file;
}

static inline void play(const struct scenario_engine *engine, const char *folder, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/tests/scenarios/%s/%s", WITAN_SOURCE, folder, name);
    char *expected = read_all(path);
    FILE *script = fopen(path, "r");
    cr_assert_not_null(script);
    FILE *drawing = open_drawing(folder, name);
    char *actual = scenario_play(engine, script, drawing);
    fclose(script);
    if (drawing) fclose(drawing);
    bool may_fail = engine->faults == FAULT_BYZANTINE; /* With more liars than the model has. */
    cr_expect(may_fail || !strstr(actual, "FAILED"), "%s: what must never break has broken", name);
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

/* All scripts of a folder, of which there are so many at least. */
static inline void play_all(const struct scenario_engine *engine, const char *folder, int least)
{
    char path[512];
    snprintf(path, sizeof path, "%s/tests/scenarios/%s", WITAN_SOURCE, folder);
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    DIR *directory = opendir(path);
    cr_assert_not_null(directory);
    int played = 0;
    for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
        size_t size = strlen(entry->d_name);
        if (size < 4 || strcmp(entry->d_name + size - 4, ".txt") != 0) continue;
        play(engine, folder, entry->d_name);
        played++;
    }
    closedir(directory);
    cr_assert_geq(played, least);
}

#endif
