/* Coverage marks: sentences are found whatever their numbers, and what is unknown is kept. */
#include "tests/sim/marks.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct marks marks, more;

static void normal(const char *text, const char *wanted)
{
    char got[MARK_TEXT_BYTES];
    marks_normalise(text, got);
    cr_assert_str_eq(got, wanted);
}

static size_t mark(const char *name)
{
    for (size_t i = 0; i < marks_known(); i++)
        if (strcmp(marks_name(i), name) == 0) return i;
    cr_assert(false, "no mark %s", name);
    return 0;
}

Test(marks, numbers_go)
{
    normal("view 12, leader 3", "view #, leader #");
    normal("height=7 field x", "height=# field x");
    normal("hash 00ff12ab00ff12ab, decade", "hash #, decade");
    normal("deadbeef", "deadbeef"); /* A word, for all we know. */
    normal("dead1234", "#");
    normal("v12x and 3rd", "v#x and #rd");
    normal("", "");
    normal("90", "#");
}

Test(marks, long_texts_are_cut)
{
    char text[500], got[MARK_TEXT_BYTES];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = 0;
    marks_normalise(text, got);
    cr_assert_eq(strlen(got), MARK_TEXT_BYTES - 1);
}

Test(marks, sentences_are_counted)
{
    marks_clear(&marks);
    cr_assert_eq(marks_reached(&marks), 0);
    for (unsigned i = 0; i < 3; i++)
        marks_text(&marks, "note", i == 1 ? "view 7 timed out" : "view 12345 timed out");
    marks_text(&marks, "note", "decided up to 9");
    marks_text(&marks, "broke", "engine message: not a member of the committee");
    cr_assert_eq(marks.counts[mark("view_timed_out")], 3);
    cr_assert_eq(marks.counts[mark("decided")], 1);
    cr_assert_eq(marks.counts[mark("broke_message_other")], 1);
    cr_assert_eq(marks_reached(&marks), 3);
    cr_assert_eq(marks.others_count, 0);
}

Test(marks, outputs_are_counted)
{
    marks_clear(&marks);
    struct output output = { .kind = OUTPUT_NOTE };
    snprintf(output.text, sizeof output.text, "help for validator 3");
    marks_output(&marks, &output);
    output = (struct output){ .kind = OUTPUT_ANSWER, .refusal.code = REFUSAL_tx_expired };
    marks_output(&marks, &output);
    output = (struct output){ .kind = OUTPUT_LEFT, .refusal.code = REFUSAL_tx_expired };
    marks_output(&marks, &output);
    output = (struct output){ .kind = OUTPUT_SEND, .type = FRAME_ANCHOR };
    marks_output(&marks, &output);
    output = (struct output){ .kind = OUTPUT_SEND, .type = FRAME_ENGINE };
    marks_output(&marks, &output);
    output = (struct output){ .kind = OUTPUT_STOP };
    snprintf(output.text, sizeof output.text, "diverged: height 3");
    marks_output(&marks, &output);
    output = (struct output){ .kind = OUTPUT_APPEND };
    marks_output(&marks, &output);
    cr_assert_eq(marks.counts[mark("help")], 1);
    cr_assert_eq(marks.counts[mark("refused_expired")], 1);
    cr_assert_eq(marks.counts[mark("left_expired")], 1);
    cr_assert_eq(marks.counts[mark("sends_anchor")], 1);
    cr_assert_eq(marks.counts[mark("stop_diverged")], 1);
    cr_assert_eq(marks_reached(&marks), 5);
}

/* Of an engine that has not run nothing is missed. */
Test(marks, engines_that_did_not_run_are_left_out)
{
    char *text = NULL;
    size_t size;
    marks_clear(&marks);
    marks_text(&marks, "note", "campaign in term 3");
    FILE *file = open_memstream(&text, &size);
    cr_assert(file != NULL);
    marks_print(&marks, file);
    fclose(file);
    cr_assert(strstr(text, "not reached:") && strstr(text, " read_confirmed"), "%s", text);
    cr_assert(strstr(text, " view_entered") == NULL, "%s", text);
    free(text);
}

Test(marks, what_is_unknown_is_kept_once)
{
    char text[32];
    marks_clear(&marks);
    marks_text(&marks, "note", "a new sentence 5");
    marks_text(&marks, "note", "a new sentence 6");
    cr_assert_eq(marks.others_count, 1);
    cr_assert_eq(marks.others[0].count, 2);
    cr_assert_str_eq(marks.others[0].text, "note a new sentence #");
    for (unsigned i = 0; i < 100; i++) {
        snprintf(text, sizeof text, "sentence %c%c", 'a' + (int)i / 26, 'a' + (int)i % 26);
        marks_text(&marks, "note", text);
    }
    cr_assert_eq(marks.others_count, MARKS_OTHERS_MAX);
    cr_assert_eq(marks.beyond, 101 - MARKS_OTHERS_MAX);
}

Test(marks, merging_adds)
{
    marks_clear(&marks);
    marks_clear(&more);
    marks_text(&marks, "note", "decided up to 9");
    marks_text(&more, "note", "decided up to 9");
    marks_text(&more, "note", "something else");
    marks_merge(&marks, &more);
    marks_merge(&marks, &more);
    cr_assert_eq(marks.counts[mark("decided")], 3);
    cr_assert_eq(marks.others_count, 1);
    cr_assert_eq(marks.others[0].count, 2);
}

Test(marks, the_report_names_all)
{
    char *text = NULL;
    size_t size = 0;
    marks_clear(&marks);
    marks_text(&marks, "note", "campaign in term 4");
    marks_text(&marks, "note", "vote for 3 in view 4");
    marks_text(&marks, "note", "something else");
    FILE *file = open_memstream(&text, &size);
    marks_print(&marks, file);
    fclose(file);
    cr_assert(strncmp(text, "marks: 2 of ", 12) == 0);
    for (size_t i = 0; i < marks_known(); i++)
        cr_assert(strstr(text, marks_name(i)) != NULL);
    cr_assert(strstr(text, "note something else") != NULL);
    free(text);
}
