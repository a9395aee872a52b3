/* rpc/submit.c -- sending a transaction so that it takes effect once. */
#include "rpc/submit.h"
#include "genesis/json.h"
#include "rpc/request.h"
#include "rpc/submit_rule.h"

#include <stdlib.h>
#include <time.h>

enum {
    PAUSE_MS_MIN = 50,
    PAUSE_MS_MAX = 2000,
    WAIT_MS = 5000,   /* of one call: a dead node must not hold us up for long */
    MARGIN_MS = 5000, /* a call's time on top of its wait */
    STEP_MS = 20,     /* a pause is slept in such steps, so that stop is seen */
};

struct attempt {
    const struct submit_options *options;
    struct submit_report *report;
    json_t *params; /* of tx_submit */
    const struct digest *txid;
    uint64_t until_ms; /* monotonic; UINT64_MAX: no limit */
    size_t node;       /* to be asked next */
    uint32_t pause_ms;
    struct submit_course course;
};

void submit_report_clear(struct submit_report *report)
{
    json_decref(report->status);
    rpc_failure_clear(&report->failure);
    *report = (struct submit_report){ .end = SUBMIT_END_OPEN };
}

static uint64_t time_left(const struct attempt *a)
{
    if (a->until_ms == UINT64_MAX) return UINT64_MAX;
    uint64_t now_ms = rpc_monotonic_ms();
    return a->until_ms > now_ms ? a->until_ms - now_ms : 0;
}

static bool is_over(const struct attempt *a)
{
    if (a->options->stop && a->options->stop(a->options->context)) return true;
    return time_left(a) == 0;
}

static void step(uint64_t ms)
{
    const struct timespec pause = { .tv_sec = (time_t)(ms / 1000),
                                    .tv_nsec = (long)(ms % 1000 * 1000000) };
    nanosleep(&pause, NULL);
}

/* Jitter between half and all of it, so that many clients do not come back together. */
static void pause_for(struct attempt *a, uint64_t at_least_ms)
{
    uint32_t draw;
    random_bytes(&draw, sizeof draw);
    uint64_t ms = max_u64(a->pause_ms / 2 + draw % (a->pause_ms / 2 + 1), at_least_ms);
    ms = min_u64(ms, time_left(a));
    uint64_t end_ms = rpc_monotonic_ms() + ms;
    for (uint64_t now_ms = end_ms - ms; now_ms < end_ms; now_ms = rpc_monotonic_ms()) {
        if (is_over(a)) return;
        step(min_u64(end_ms - now_ms, STEP_MS));
    }
    uint32_t most = a->options->pause_ms_max ? a->options->pause_ms_max : PAUSE_MS_MAX;
    a->pause_ms = (uint32_t)min_u64((uint64_t)a->pause_ms * 2, most);
}

static json_t *call(struct attempt *a, const char *method, json_t *params, uint64_t wait_ms)
{
    struct rpc_client *client = a->options->nodes[a->node];
    rpc_client_set_timeout(client, (uint32_t)(wait_ms + MARGIN_MS));
    rpc_failure_clear(&a->report->failure);
    a->report->attempts++;
    a->report->node = a->node;
    return rpc_client_call(client, method, params, &a->report->failure);
}

/* ---- what an answer means ------------------------------------------------------------------- */

/* status is taken over. */
static enum submit_verdict judge_status(struct attempt *a, json_t *status)
{
    json_decref(a->report->status);
    a->report->status = status;
    return submit_judge_status(&a->course, a->node, status, &a->report->end);
}

static enum submit_verdict judge_failure(struct attempt *a)
{
    return submit_judge_failure(&a->course, a->node, &a->report->failure, &a->report->end);
}

/* ---- the two calls -------------------------------------------------------------------------- */

static uint64_t wait_of(const struct attempt *a)
{
    return min_u64(time_left(a), WAIT_MS);
}

static enum submit_verdict send(struct attempt *a)
{
    static const char *const words[] = { "admitted", "committed", "sealed" };
    enum submit_until until = a->options->until;
    uint64_t wait_ms = until == SUBMIT_UNTIL_ADMITTED ? 0 : wait_of(a);
    json_object_set_new(a->params, "wait", json_string(words[until]));
    json_object_set_new(a->params, "timeout_ms", json_integer((json_int_t)wait_ms));
    json_t *status = call(a, "tx_submit", a->params, wait_ms);
    return status ? judge_status(a, status) : judge_failure(a);
}

/* Asks the same node how it ended. */
static enum submit_verdict wait_for(struct attempt *a)
{
    static const char *const words[] = { "committed", "committed", "sealed" };
    char txid[65], not_after[TIME_TEXT];
    hex_encode(digest_span(a->txid), txid);
    time_encode(a->options->not_after_ms, not_after);
    uint64_t wait_ms = max_u64(wait_of(a), 1);
    json_t *params =
        json_pack("{s:s, s:s, s:s, s:I}", "tx_id", txid, "until", words[a->options->until],
                  "not_after", not_after, "timeout_ms", (json_int_t)wait_ms);
    json_t *status = params ? call(a, "tx_wait", params, wait_ms) : NULL;
    json_decref(params);
    if (!status || judge_status(a, status) != VERDICT_END) return VERDICT_AGAIN;
    return VERDICT_END;
}

static void run(struct attempt *a)
{
    while (!is_over(a)) {
        enum submit_verdict verdict = send(a);
        if (verdict == VERDICT_WAIT) verdict = wait_for(a);
        if (verdict == VERDICT_END) return;
        /* What this node wants a client to wait does not bind the next one. */
        uint64_t after_ms = a->options->node_count > 1 ? 0 : a->report->failure.retry_after_ms;
        a->node = (a->node + 1) % a->options->node_count;
        pause_for(a, after_ms);
    }
}

void submit_transaction(const struct submit_options *options, struct span bytes,
                        const struct digest *txid, struct submit_report *report)
{
    ASSERT(options->node_count >= 1);
    ASSERT(options->node_count <= SUBMIT_NODES_MAX);
    *report = (struct submit_report){ .end = SUBMIT_END_OPEN };
    struct attempt a = {
        .options = options,
        .report = report,
        .params = json_pack("{s:o}", "tx", value_hex(bytes)),
        .txid = txid,
        .until_ms = options->timeout_ms ? rpc_monotonic_ms() + options->timeout_ms : UINT64_MAX,
        .node = options->first % options->node_count,
        .pause_ms = options->pause_ms_min ? options->pause_ms_min : PAUSE_MS_MIN,
    };
    submit_course_begin(&a.course, options->until, options->node_count, options->agree);
    a.course.doubt = options->sent_before;
    if (a.params) run(&a);
    json_decref(a.params);
}
