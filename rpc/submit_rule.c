/* rpc/submit_rule.c -- what the answer to a submission means for the next step. */
#include "rpc/submit_rule.h"

enum { HTTP_TOO_MANY = 429, HTTP_SERVER_ERROR = 500 };

static bool is_busy(long http_status)
{
    return http_status == HTTP_TOO_MANY || http_status >= HTTP_SERVER_ERROR;
}

bool submit_may_repeat(const struct rpc_failure *failure)
{
    switch (failure->what) {
    case FAILURE_CONNECT:
    case FAILURE_LOST:
    case FAILURE_TIMEOUT: return true;
    case FAILURE_NONE:
    case FAILURE_LOCAL: return false;
    case FAILURE_ANSWER: return is_busy(failure->http_status);
    case FAILURE_ERROR: break;
    }
    if (is_busy(failure->http_status)) return true;
    switch (rpc_error_by_code(failure->code)) {
    case RPC_ERROR_unavailable:
    case RPC_ERROR_limit_exceeded:
    case RPC_ERROR_internal_error:
    case RPC_ERROR_mempool_full:
    case RPC_ERROR_source_quota: return true;
    default: return false;
    }
}

static bool data_says(const struct rpc_failure *failure, const char *name, const char *word)
{
    const char *text = json_string_value(json_object_get(failure->data, name));
    return text && strcmp(text, word) == 0;
}

/* Of a failure after which the same bytes may be sent again: can the node have kept them? A node
 * that stops, or has no room for one more that waits, answers with an error after it has admitted
 * the transaction. Only what is certain to come before that leaves no doubt. */
static bool may_have_kept(const struct rpc_failure *failure)
{
    if (failure->what == FAILURE_CONNECT) return false;
    if (failure->what != FAILURE_ERROR) return true;
    switch (rpc_error_by_code(failure->code)) {
    case RPC_ERROR_mempool_full:
    case RPC_ERROR_source_quota: return false;
    case RPC_ERROR_unavailable: return !data_says(failure, "reason", "catching_up");
    case RPC_ERROR_limit_exceeded:
        return !data_says(failure, "limit", "rpc_queue") &&
               !data_says(failure, "limit", "submit_queue");
    default: return true;
    }
}

void submit_course_begin(struct submit_course *course, enum submit_until until, size_t node_count,
                         uint32_t agree)
{
    ASSERT(node_count >= 1);
    ASSERT(node_count <= SUBMIT_NODES_MAX);
    uint32_t nodes = (uint32_t)node_count;
    /* Nodes of which at least one is honest, if these are the validators. */
    uint32_t enough = agree ? agree : (nodes - 1) / 3 + 1;
    *course = (struct submit_course){ .until = until,
                                      .node_count = node_count,
                                      .agree = enough < nodes ? enough : nodes };
}

static uint32_t count_nodes(const struct submit_course *course, const bool *said)
{
    uint32_t count = 0;
    for (size_t i = 0; i < course->node_count; i++)
        count += said[i];
    return count;
}

static enum submit_verdict judge_expired(struct submit_course *course, size_t node,
                                         enum submit_end *end)
{
    course->expired[node] = true;
    if (count_nodes(course, course->expired) < course->agree) return VERDICT_AGAIN;
    *end = SUBMIT_END_EXPIRED;
    return VERDICT_END;
}

static enum submit_verdict judge_committed(const struct submit_course *course, const json_t *status,
                                           enum submit_end *end)
{
    bool sealed = json_is_true(json_object_get(status, "sealed"));
    if (course->until == SUBMIT_UNTIL_SEALED && !sealed) return VERDICT_WAIT;
    *end = SUBMIT_END_COMMITTED;
    return VERDICT_END;
}

/* What is still pending after a whole wait is sent to another node, too: this one may be cut off.
 */
enum submit_verdict submit_judge_status(struct submit_course *course, size_t node,
                                        const json_t *status, enum submit_end *end)
{
    const char *word = json_string_value(json_object_get(status, "status"));
    if (!word) word = "";
    if (strcmp(word, "committed") == 0) return judge_committed(course, status, end);
    if (strcmp(word, "expired") == 0) return judge_expired(course, node, end);
    bool pending = strcmp(word, "pending") == 0;
    course->doubt = course->doubt || pending;
    if (!pending || course->until != SUBMIT_UNTIL_ADMITTED) return VERDICT_AGAIN;
    *end = SUBMIT_END_ADMITTED;
    return VERDICT_END;
}

/* A node that knows the transaction answers with its status, so a refusal says that this one does
 * not. That ends it, unless an earlier attempt may have been admitted elsewhere: then every node
 * must have refused. tx_expired is a word about time only; how it ended is asked (VERDICT_WAIT). */
enum submit_verdict submit_judge_failure(struct submit_course *course, size_t node,
                                         const struct rpc_failure *failure, enum submit_end *end)
{
    if (submit_may_repeat(failure)) {
        course->doubt = course->doubt || may_have_kept(failure);
        return VERDICT_AGAIN;
    }
    if (course->doubt && failure->what == FAILURE_ERROR) {
        if (rpc_error_by_code(failure->code) == RPC_ERROR_tx_expired) return VERDICT_WAIT;
        course->refused[node] = true;
        if (count_nodes(course, course->refused) < course->node_count) return VERDICT_AGAIN;
    }
    /* What is no node has refused nothing, whatever it did with the bytes. */
    *end = failure->what == FAILURE_ANSWER ? SUBMIT_END_OPEN : SUBMIT_END_REFUSED;
    return VERDICT_END;
}
