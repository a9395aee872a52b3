/* tests/unit/ledger/reader_story.h -- a reader beside the ledger of story.h. */
#ifndef TESTS_LEDGER_READER_STORY_H
#define TESTS_LEDGER_READER_STORY_H

#include "ledger/reader.h"
#include "tests/unit/ledger/story.h"
#include <criterion/criterion.h>

static struct story story;
static struct ledger_reader *reader;

static inline void open_story(void)
{
    struct problem problem;
    story_open(&story);
    enum status status = ledger_reader_open(&reader, story.path, NULL, &problem);
    cr_assert_eq(status, STATUS_OK, "%s", problem.text);
}

static inline void close_story(void)
{
    ledger_reader_close(reader);
    story_close(&story);
}

/* Edits the file and opens the reader again. */
static inline void edit_story(const char *sql)
{
    struct problem problem;
    ledger_reader_close(reader);
    story_rest(&story);
    edit(story.path, sql);
    cr_assert_eq(ledger_reader_open(&reader, story.path, NULL, &problem), STATUS_OK);
}

#endif
