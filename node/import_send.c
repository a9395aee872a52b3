/* node/import_send.c -- the rows of an import, sent and brought to an end. */
#include "node/import_internal.h"

#include "genesis/json.h"
#include "rpc/request.h"
#include <stdlib.h>

enum {
    AGAIN_MS = 200,      /* before a row that a node was not ready for is sent again */
    TRIES_MAX = 50,      /* of a row */
    PATIENCE_MS = 60000, /* beyond a transaction's life */
};

/* A row under way, or waiting to be sent again. */
struct payment {
    struct import_row row;
    struct span bytes;
    struct digest txid;
    uint64_t not_after_ms;
    uint32_t tries;
    uint64_t due_ms;
    struct payment *next;
};

struct sending {
    struct import *im;
    struct payment *waiting; /* to be sent again, first in first out */
    struct payment **waiting_end;
    uint64_t under_way;
    bool read_all;
    uint64_t last_end_us;
    enum status status;
};

/* ---- building ---- */

static enum status payment_build(struct import *im, struct payment *p)
{
    const struct import_row *row = &p->row;
    uint64_t expires_ms = im->options->expires_ms ? im->options->expires_ms : IMPORT_EXPIRES_MS;
    draft_begin(im->tx, &im->options->chain_id, &row->payer, draft_now_ms() + expires_ms);
    /* The record first: a row that was paid meanwhile then fails for it, and not for want of funds.
     */
    struct operation *operation = draft_add(im->tx, OP_KV_PUT, &row->payer);
    operation->kv_put.key = span_of(row->key, row->key_size);
    operation->kv_put.expect = EXPECT_ABSENT;
    operation->kv_put.value = span_text(row->memo);
    operation = draft_add(im->tx, OP_TRANSFER, &row->payer);
    operation->transfer.to = row->payee;
    operation->transfer.asset = im->options->asset;
    operation->transfer.amount = row->amount;
    free((void *)(uintptr_t)p->bytes.data);
    p->not_after_ms = im->tx->not_after_ms;
    return draft_sign(im->tx, im->options->key, &p->bytes, &p->txid);
}

static void payment_free(struct payment *p)
{
    free((void *)(uintptr_t)p->bytes.data);
    free(p);
}

/* ---- the next one ---- */

static struct payment *take_waiting(struct sending *s)
{
    struct payment *p = s->waiting;
    if (!p || p->due_ms > rpc_monotonic_ms()) return NULL;
    s->waiting = p->next;
    if (!s->waiting) s->waiting_end = &s->waiting;
    p->next = NULL;
    return p;
}

/* The next row of the file that is not paid yet. */
static struct payment *take_row(struct sending *s)
{
    struct import *im = s->im;
    while (!s->read_all && s->status == STATUS_OK) {
        enum status status = import_next(im);
        s->read_all = status == STATUS_NOT_FOUND;
        if (s->read_all) return NULL;
        s->status = status;
        if (status != STATUS_OK || im->found[im->row.number - 1]) continue;
        struct payment *p = calloc(1, sizeof *p);
        s->status = p ? STATUS_OK : problem_set(im->problem, STATUS_NO_MEMORY, "out of memory");
        if (!p) return NULL;
        p->row = im->row;
        s->status = payment_build(im, p);
        if (s->status == STATUS_OK) return p;
        problem_set(im->problem, s->status, "line %llu: %s", (unsigned long long)p->row.line,
                    s->status == STATUS_INVALID ? "the transaction breaks a rule"
                                                : status_text(s->status));
        payment_free(p);
    }
    return NULL;
}

static enum sender_next next(void *context, struct send_item *item)
{
    struct sending *s = context;
    struct payment *p = take_waiting(s);
    if (!p) p = take_row(s);
    if (!p) {
        bool more = s->status == STATUS_OK && (s->waiting || s->under_way > 0);
        return more ? SENDER_LATER : SENDER_END;
    }
    *item = (struct send_item){
        .user = p, .bytes = p->bytes, .txid = p->txid, .not_after_ms = p->not_after_ms
    };
    s->under_way++;
    return SENDER_ITEM;
}

/* ---- the end of one ---- */

static void wait_again(struct sending *s, struct payment *p)
{
    p->tries++;
    p->due_ms = rpc_monotonic_ms() + AGAIN_MS;
    *s->waiting_end = p;
    s->waiting_end = &p->next;
}

/* A node that has not executed the payer's creation yet refuses for now; and a transaction that has
 * certainly expired may be replaced by a new one. */
static bool may_try_again(struct sending *s, struct payment *p, const struct send_result *result)
{
    if (s->im->stopped || s->status != STATUS_OK || p->tries >= TRIES_MAX) return false;
    if (result->end == SUBMIT_END_REFUSED && result->failure->retry == RETRY_AFTER_DELAY)
        return true;
    bool late = result->end == SUBMIT_END_REFUSED && result->failure->retry == RETRY_RE_SIGN;
    if (result->end != SUBMIT_END_EXPIRED && !late) return false;
    s->status = payment_build(s->im, p);
    return s->status == STATUS_OK;
}

static void committed(struct sending *s, const struct payment *p, const struct send_result *result)
{
    struct import *im = s->im;
    const json_t *outcome = json_object_get(result->status, "result");
    const json_t *place = json_object_get(result->status, "location");
    const char *code = json_string_value(json_object_get(outcome, "code"));
    uint64_t height = (uint64_t)json_integer_value(json_object_get(place, "height"));
    if (!code) code = "";
    if (strcmp(code, "ok") == 0) {
        im->report->committed++;
        sample_add(&im->report->latency_us, result->latency_us);
    } else if (strcmp(code, result_name(RESULT_version_mismatch)) == 0) {
        im->report->found++; /* The record is there: somebody else has imported this row. */
    } else {
        im->report->failed++;
    }
    import_result(im, &p->row, &p->txid, "committed", code, height);
}

static void done(void *context, const struct send_item *item, const struct send_result *result)
{
    struct sending *s = context;
    struct payment *p = item->user;
    struct import_report *report = s->im->report;
    s->under_way--;
    if (may_try_again(s, p, result)) {
        wait_again(s, p);
        return;
    }
    uint64_t now_us = rpc_monotonic_us();
    report->gap_us = max_u64(report->gap_us, now_us - s->last_end_us);
    s->last_end_us = now_us;
    report->stage_done++;
    if (result->end == SUBMIT_END_COMMITTED) {
        committed(s, p, result);
    } else if (result->end == SUBMIT_END_REFUSED) {
        report->refused++;
        import_result(s->im, &p->row, &p->txid, "refused", result->failure->kind, 0);
    } else {
        report->open++;
        import_result(s->im, &p->row, &p->txid, "open", result->failure->kind, 0);
    }
    payment_free(p);
    /* Here too: between two calls of `stop` a quick network settles all that is left. */
    (void)import_tick(s->im);
}

static bool stop(void *context)
{
    return import_tick(((struct sending *)context)->im);
}

/* ---- the stage ---- */

enum status import_send_stage(struct import *im)
{
    struct sending s = { .im = im, .last_end_us = rpc_monotonic_us() };
    s.waiting_end = &s.waiting;
    uint64_t expires_ms = im->options->expires_ms ? im->options->expires_ms : IMPORT_EXPIRES_MS;
    uint64_t started_us = rpc_monotonic_us();
    struct sender_options options = { .urls = im->options->urls,
                                      .url_count = im->options->url_count,
                                      .in_flight = im->options->in_flight,
                                      .until = SUBMIT_UNTIL_COMMITTED,
                                      .patience_ms = expires_ms + PATIENCE_MS,
                                      .next = next,
                                      .done = done,
                                      .stop = stop,
                                      .context = &s };
    enum status status = import_rewind(im);
    if (status == STATUS_OK) status = sender_run(&options, im->problem);
    im->report->send_us = rpc_monotonic_us() - started_us;
    for (struct payment *p = s.waiting; p; p = s.waiting) {
        s.waiting = p->next;
        im->report->open++;
        import_result(im, &p->row, &p->txid, "open", "", 0);
        payment_free(p);
    }
    if (status == STATUS_OK && s.status != STATUS_OK) status = s.status;
    if (status == STATUS_OK && im->stopped)
        status = problem_set(im->problem, STATUS_CLOSED, "stopped");
    return status;
}
