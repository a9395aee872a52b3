#include "rpc/submit_rule.h"

#include <criterion/criterion.h>

static struct submit_course course;
static enum submit_end end;

static enum submit_verdict status(size_t node, const char *word, bool sealed)
{
    json_t *object = json_pack("{s:s, s:b}", "status", word, "sealed", sealed);
    enum submit_verdict verdict = submit_judge_status(&course, node, object, &end);
    json_decref(object);
    return verdict;
}

static enum submit_verdict error(size_t node, int64_t code)
{
    struct rpc_failure failure = { .what = FAILURE_ERROR, .code = code };
    return submit_judge_failure(&course, node, &failure, &end);
}

/* With a word in its data. */
static enum submit_verdict error_says(size_t node, int64_t code, const char *name, const char *word)
{
    struct rpc_failure failure = { .what = FAILURE_ERROR,
                                   .code = code,
                                   .data = json_pack("{s:s}", name, word) };
    enum submit_verdict verdict = submit_judge_failure(&course, node, &failure, &end);
    rpc_failure_clear(&failure);
    return verdict;
}

static enum submit_verdict lost(size_t node)
{
    struct rpc_failure failure = { .what = FAILURE_LOST };
    return submit_judge_failure(&course, node, &failure, &end);
}

Test(submit_rule, quorum_of_expired)
{
    static const struct {
        size_t nodes;
        uint32_t agree, wanted;
    } cases[] = { { 1, 0, 1 }, { 3, 0, 1 },   { 4, 0, 2 }, { 6, 0, 2 },
                  { 7, 0, 3 }, { 64, 0, 22 }, { 4, 3, 3 }, { 4, 9, 4 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        submit_course_begin(&course, SUBMIT_UNTIL_COMMITTED, cases[i].nodes, cases[i].agree);
        cr_assert_eq(course.agree, cases[i].wanted, "case %zu", i);
    }
}

Test(submit_rule, committed_ends)
{
    submit_course_begin(&course, SUBMIT_UNTIL_COMMITTED, 4, 0);
    cr_assert_eq(status(0, "committed", false), VERDICT_END);
    cr_assert_eq(end, SUBMIT_END_COMMITTED);
}

Test(submit_rule, committed_waits_for_the_seal_if_asked)
{
    submit_course_begin(&course, SUBMIT_UNTIL_SEALED, 4, 0);
    cr_assert_eq(status(0, "committed", false), VERDICT_WAIT);
    cr_assert_eq(status(0, "committed", true), VERDICT_END);
    cr_assert_eq(end, SUBMIT_END_COMMITTED);
}

Test(submit_rule, pending_ends_only_an_admission)
{
    submit_course_begin(&course, SUBMIT_UNTIL_COMMITTED, 4, 0);
    cr_assert_eq(status(0, "pending", false), VERDICT_AGAIN);
    cr_assert(course.doubt);
    submit_course_begin(&course, SUBMIT_UNTIL_ADMITTED, 4, 0);
    cr_assert_eq(status(0, "pending", false), VERDICT_END);
    cr_assert_eq(end, SUBMIT_END_ADMITTED);
}

Test(submit_rule, unknown_words_prove_nothing)
{
    submit_course_begin(&course, SUBMIT_UNTIL_COMMITTED, 4, 0);
    cr_assert_eq(status(0, "unknown", false), VERDICT_AGAIN);
    cr_assert_eq(status(0, "a word of a newer server", true), VERDICT_AGAIN);
    cr_assert_eq(submit_judge_status(&course, 0, NULL, &end), VERDICT_AGAIN);
}

Test(submit_rule, expired_needs_enough_different_nodes)
{
    submit_course_begin(&course, SUBMIT_UNTIL_COMMITTED, 4, 0);
    cr_assert_eq(status(2, "expired", false), VERDICT_AGAIN);
    cr_assert_eq(status(2, "expired", false), VERDICT_AGAIN);
    cr_assert_eq(status(0, "expired", false), VERDICT_END);
    cr_assert_eq(end, SUBMIT_END_EXPIRED);
}

Test(submit_rule, a_refusal_without_doubt_ends)
{
    submit_course_begin(&course, SUBMIT_UNTIL_COMMITTED, 4, 0);
    cr_assert_eq(error(0, 1004), VERDICT_END);
    cr_assert_eq(end, SUBMIT_END_REFUSED);
}

Test(submit_rule, a_busy_node_leaves_no_doubt)
{
    submit_course_begin(&course, SUBMIT_UNTIL_COMMITTED, 4, 0);
    cr_assert_eq(error(0, 1012), VERDICT_AGAIN);
    cr_assert_eq(error(0, 1013), VERDICT_AGAIN);
    cr_assert_eq(error_says(1, -32002, "reason", "catching_up"), VERDICT_AGAIN);
    cr_assert_eq(error_says(1, -32005, "limit", "submit_queue"), VERDICT_AGAIN);
    cr_assert_eq(error_says(1, -32005, "limit", "rpc_queue"), VERDICT_AGAIN);
    cr_assert_not(course.doubt);
    cr_assert_eq(error(2, 1006), VERDICT_END);
    cr_assert_eq(end, SUBMIT_END_REFUSED);
}

/* These can come after the node has admitted the transaction. */
Test(submit_rule, an_error_behind_the_admission_leaves_a_doubt)
{
    static const struct {
        int64_t code;
        const char *name, *word;
    } cases[] = { { -32002, "reason", "draining" },
                  { -32002, "reason", "stalled" },
                  { -32002, "reason", "a word of a newer server" },
                  { -32005, "limit", "waiters" },
                  { -32603, "incident_id", "1" } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        submit_course_begin(&course, SUBMIT_UNTIL_COMMITTED, 4, 0);
        enum submit_verdict verdict = error_says(0, cases[i].code, cases[i].name, cases[i].word);
        cr_assert_eq(verdict, VERDICT_AGAIN, "case %zu", i);
        cr_assert(course.doubt, "case %zu", i);
        cr_assert_eq(error(1, 1006), VERDICT_AGAIN, "case %zu", i);
    }
}

/* Somebody may have it: only when all have refused is it refused. */
Test(submit_rule, after_a_doubt_all_must_refuse)
{
    submit_course_begin(&course, SUBMIT_UNTIL_COMMITTED, 3, 0);
    cr_assert_eq(lost(0), VERDICT_AGAIN);
    cr_assert_eq(error(1, 1006), VERDICT_AGAIN);
    cr_assert_eq(error(1, 1006), VERDICT_AGAIN);
    cr_assert_eq(error(2, 1006), VERDICT_AGAIN);
    cr_assert_eq(error(0, 1006), VERDICT_END);
    cr_assert_eq(end, SUBMIT_END_REFUSED);
}

Test(submit_rule, too_late_after_a_doubt_is_a_question)
{
    submit_course_begin(&course, SUBMIT_UNTIL_COMMITTED, 3, 0);
    cr_assert_eq(error(0, 1009), VERDICT_END);
    submit_course_begin(&course, SUBMIT_UNTIL_COMMITTED, 3, 0);
    cr_assert_eq(lost(0), VERDICT_AGAIN);
    cr_assert_eq(error(0, 1009), VERDICT_WAIT);
}

Test(submit_rule, what_is_no_node_refuses_nothing)
{
    struct rpc_failure failure = { .what = FAILURE_ANSWER, .http_status = 200 };
    submit_course_begin(&course, SUBMIT_UNTIL_COMMITTED, 1, 0);
    cr_assert_eq(submit_judge_failure(&course, 0, &failure, &end), VERDICT_END);
    cr_assert_eq(end, SUBMIT_END_OPEN);
}
