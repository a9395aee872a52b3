/* tests/unit/ledger/audit_story.h -- the ledger of story.h at rest, and its audit. */
#ifndef TESTS_LEDGER_AUDIT_STORY_H
#define TESTS_LEDGER_AUDIT_STORY_H

#include "ledger/audit.h"
#include "tests/unit/ledger/story.h"
#include <criterion/criterion.h>

static struct story story;
static struct audit_report *report;

static inline void open_story(void)
{
    story_open(&story);
    story_rest(&story);
}

static inline void close_story(void)
{
    audit_report_free(report);
    story_close(&story);
}

static inline void run(const struct audit_options *options)
{
    struct problem problem = { .text = "" };
    audit_report_free(report);
    enum status status = audit_verify(&report, story.f.genesis, story.path, options, &problem);
    cr_assert_eq(status, STATUS_OK, "%s", problem.text);
}

/* The report as text, for the message of a failed assertion. */
static inline const char *text(void)
{
    static char line[8192];
    struct buffer out;
    buffer_init(&out, sizeof line - 1);
    (void)audit_report_text(report, &out);
    memcpy(line, out.data, out.size);
    line[out.size] = '\0';
    buffer_free(&out);
    return line;
}

static inline const struct finding *find(enum finding_code code, uint64_t height)
{
    for (uint32_t i = 0; i < report->finding_count; i++)
        if (report->findings[i].code == code && report->findings[i].height == height)
            return &report->findings[i];
    return NULL;
}

/* Runs the audit and demands this finding. */
static inline const struct finding *expect(enum finding_code code, uint64_t height)
{
    run(NULL);
    const struct finding *finding = find(code, height);
    cr_assert_not_null(finding, "%s at %d is missing:\n%s", finding_name(code), (int)height,
                       text());
    if (finding->severity == FINDING_ERROR) cr_assert_eq(audit_exit_code(report), 7);
    return finding;
}

enum { VICTIM = 3 };

static inline void put_header(const uint8_t *header, bool rehash)
{
    edit_run(story.path, "UPDATE block SET header = ?1 WHERE height = 3",
             span_of(header, HEADER_BYTES), span_of("", 0));
    if (!rehash) return;
    struct digest hash = digest_of(TAG_HEADER, span_of(header, HEADER_BYTES));
    edit_run(story.path, "UPDATE block SET hash = ?1 WHERE height = 3", digest_span(&hash),
             span_of("", 0));
}

#endif
