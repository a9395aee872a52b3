#include "tests/unit/ledger/audit_story.h"

TestSuite(audit_report, .init = open_story, .fini = close_story);

Test(audit_report, the_report_as_text_and_json)
{
    run(NULL);
    cr_assert_not_null(strstr(text(), "VERIFIED   8 blocks"), "%s", text());
    json_t *o = audit_report_json(report);
    cr_assert_str_eq(json_string_value(json_object_get(o, "format")), "witan-audit/1");
    cr_assert_str_eq(json_string_value(json_object_get(o, "verdict")), "verified");
    cr_assert_eq(json_array_size(json_object_get(o, "findings")), 1);
    cr_assert(json_is_true(json_object_get(o, "rows_compared")));
    json_decref(o);
    edit(story.path, "DELETE FROM block WHERE height = 5");
    run(NULL);
    cr_assert_not_null(strstr(text(), "error    block_missing at 5:"), "%s", text());
    cr_assert_not_null(strstr(text(), "FAILED"));
    o = audit_report_json(report);
    cr_assert_str_eq(json_string_value(json_object_get(o, "verdict")), "failed");
    json_decref(o);
}

Test(audit_report, a_shorter_ledger_than_asked_for_is_incomplete)
{
    struct audit_options options = { .last = 99 };
    run(&options);
    cr_assert_eq(audit_exit_code(report), 6, "%s", text());
}

Test(audit_report, findings_beyond_the_limit_are_counted)
{
    struct audit_options options = { .findings_max = 2 };
    edit(story.path, "UPDATE seal SET signature = zeroblob(64)");
    run(&options);
    cr_assert_eq(report->finding_count, 2);
    cr_assert_eq(report->error_count, STORY_HEIGHT);
    cr_assert_not_null(strstr(text(), "and "), "%s", text());
}

/* ---- the list and its documentation ---- */

Test(findings, the_documentation_has_a_row_for_each)
{
    static const char *const names[] = {
#define X(code, severity, text) #code,
        FINDING_LIST(X)
#undef X
    };
    FILE *file = fopen(WITAN_SOURCE "/docs/reference/findings.md", "r");
    cr_assert_not_null(file);
    char line[1024], row[512];
    bool seen[FINDING_COUNT] = { false };
    while (fgets(line, sizeof line, file)) {
        if (strncmp(line, "| `", 3) != 0) continue;
        char *name = line + 3, *end = strchr(name, '`');
        cr_assert_not_null(end, "%s", line);
        *end = '\0';
        size_t i = 0;
        while (i < FINDING_COUNT && strcmp(names[i], name) != 0)
            i++;
        cr_assert_lt(i, FINDING_COUNT, "%s is documented and not in the list", name);
        snprintf(row, sizeof row, "| %s |", finding_text((enum finding_code)i));
        cr_assert_not_null(strstr(end + 1, row), "%s: the sentence differs: %s", name, end + 1);
        seen[i] = true;
    }
    fclose(file);
    for (size_t i = 0; i < FINDING_COUNT; i++)
        cr_assert(seen[i], "%s is not documented", names[i]);
}
