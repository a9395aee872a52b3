/* node/cli/submit.c -- sends signed bytes through the outbox and says how it ended. */
#include "node/cli/write.h"

#include "format/transaction_json.h"
#include "genesis/json.h"
#include "ledger/explain.h"
#include "node/cli/init.h"
#include <errno.h>
#include <stdlib.h>
#include <time.h>

static double seconds_since(const struct timespec *start)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

static enum submit_until until_of(const char *word)
{
    if (strcmp(word, "admitted") == 0) return SUBMIT_UNTIL_ADMITTED;
    return strcmp(word, "sealed") == 0 ? SUBMIT_UNTIL_SEALED : SUBMIT_UNTIL_COMMITTED;
}

static bool speaks(const struct cli_call *call)
{
    bool json = cli_has(call, "json") && cli_switch(call, "json");
    return !json && !cli_switch(call, "quiet");
}

/* ---- the answer ---- */

static int say_committed(const struct cli_call *call, const json_t *status, double seconds)
{
    const char *position = json_string_value(json_at(status, "location.position"));
    const char *code = json_string_value(json_at(status, "result.code"));
    const json_t *at = json_at(status, "result.at");
    if (!position) position = "?";
    if (!code) code = "?";
    if (speaks(call)) printf("committed  %s: %-60s %8.2f s\n", position, code, seconds);
    if (speaks(call) && json_is_true(json_object_get(status, "sealed")))
        printf("sealed     block %s\n",
               json_string_value(json_at(status, "location.block_hash"))
                   ? json_string_value(json_at(status, "location.block_hash"))
                   : "?");
    if (strcmp(code, "ok") == 0) return CLI_EXIT_DONE;
    const struct explanation *explanation = explain_find(code);
    char word[80];
    snprintf(word, sizeof word, "%s%s%lld", code, at ? " at " : "",
             at ? (long long)json_integer_value(at) : 0);
    if (!at) snprintf(word, sizeof word, "%s", code);
    return cli_fail(CLI_EXIT_REFUSED, word, explanation ? explanation->remedy : NULL,
                    "the transaction is committed, without effect: %s",
                    explanation ? explanation->meaning : code);
}

static int judge(const struct cli_call *call, struct submit_report *report, const char *txid,
                 double seconds)
{
    char hint[160];
    snprintf(hint, sizeof hint, "the bytes are kept: witan tx resume %.16s sends them again", txid);
    switch (report->end) {
    case SUBMIT_END_COMMITTED: return say_committed(call, report->status, seconds);
    case SUBMIT_END_ADMITTED:
        if (speaks(call)) printf("admitted   %.2f s\n", seconds);
        return CLI_EXIT_DONE;
    case SUBMIT_END_EXPIRED:
        return cli_fail(CLI_EXIT_REFUSED, "expired", "it never will be executed: build a new one",
                        "transaction %s has expired", txid);
    case SUBMIT_END_REFUSED: return cli_fail_rpc(&report->failure, "transaction refused");
    case SUBMIT_END_OPEN: break;
    }
    char quoted[QUOTE_TEXT];
    const char *why = report->failure.what == FAILURE_NONE
                          ? "not committed in time"
                          : text_quote(report->failure.text, quoted);
    return cli_fail(CLI_EXIT_OPEN, NULL, hint, "no final answer for transaction %s: %s", txid, why);
}

/* Nothing more will become of these bytes. A refusal is a node's word; a failure on this side says
 * nothing about them. */
static bool is_final(const struct submit_report *report)
{
    if (report->end == SUBMIT_END_REFUSED) return report->failure.what == FAILURE_ERROR;
    return report->end == SUBMIT_END_COMMITTED || report->end == SUBMIT_END_EXPIRED;
}

static void announce(const struct cli_call *call, const struct transaction *tx, const char *txid)
{
    char reference[33];
    char until[TIME_TEXT];
    hex_encode(span_of(tx->client_ref.bytes, 16), reference);
    time_encode(tx->not_after_ms, until);
    if (speaks(call))
        printf("submitted  %s   (client_ref %s, valid until %.8s)\n", txid, reference, until + 11);
    fflush(stdout);
}

int cli_submit(const struct cli_call *call, struct rpc_client *const *nodes, size_t node_count,
               const char *network, const struct transaction *tx, bool sent_before)
{
    char dir[PATH_BYTES_MAX];
    char txid[65];
    struct problem problem = { .status = STATUS_OK };
    struct outbox_entry entry = { .txid = tx->txid,
                                  .not_after_ms = tx->not_after_ms,
                                  .bytes = (uint8_t *)tx->bytes.data,
                                  .size = tx->bytes.size };
    snprintf(entry.network, sizeof entry.network, "%s", network);
    hex_encode(digest_span(&tx->txid), txid);
    enum status status = outbox_open(dir, &problem);
    if (status == STATUS_OK) status = outbox_add(dir, &entry, &problem);
    if (status != STATUS_OK)
        return cli_fail(cli_exit_of_status(status), NULL, "nothing was sent", "outbox: %s",
                        problem.text);
    announce(call, tx, txid);

    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    struct submit_options options = { .nodes = nodes,
                                      .node_count = min_u64(node_count, SUBMIT_NODES_MAX),
                                      .until = until_of(cli_text(call, "wait")),
                                      .sent_before = sent_before,
                                      .not_after_ms = tx->not_after_ms,
                                      .timeout_ms = cli_number(call, "timeout") };
    struct submit_report report;
    submit_transaction(&options, tx->bytes, &tx->txid, &report);
    bool final = is_final(&report);
    int exit_code = judge(call, &report, txid, seconds_since(&start));
    if (final && outbox_remove(dir, &tx->txid, &problem) != STATUS_OK)
        cli_note(call, "outbox: %s", problem.text);
    if (!speaks(call) && report.status && !cli_switch(call, "quiet")) {
        char *line = json_line(report.status);
        if (line) puts(line);
        free(line);
    }
    submit_report_clear(&report);
    return exit_code;
}

/* ---- transactions in files ---- */

/* body_only: there are no signatures, and the bytes are the body's. */
static enum status append_json(struct span text, struct buffer *bytes, bool *body_only,
                               struct problem *problem)
{
    json_t *document = json_read(text, OUTBOX_FILE_MAX, problem);
    if (!document) return problem->status;
    struct writer body;
    struct writer out;
    struct tx_signature signatures[TX_SIGNATURES_MAX];
    uint8_t count = 0;
    writer_init(&body, TX_BYTES_LIMIT);
    writer_init(&out, TX_BYTES_LIMIT);
    enum status status = transaction_json_read(document, &body, signatures, &count, problem);
    *body_only = count == 0;
    if (status == STATUS_OK) {
        if (count > 0) transaction_write_signed(&out, writer_span(&body), signatures, count);
        status = writer_status(&out);
        if (status == STATUS_OK)
            status = buffer_append(bytes, writer_span(count > 0 ? &out : &body));
        if (status != STATUS_OK) problem_set(problem, status, "%s", status_text(status));
    }
    writer_free(&body);
    writer_free(&out);
    json_decref(document);
    return status;
}

static enum status append_hex(const char *text, size_t size, struct buffer *bytes)
{
    uint8_t *decoded = malloc(size / 2 + 1);
    if (!decoded) return STATUS_NO_MEMORY;
    enum status status = hex_decode(text, size, decoded, size / 2) ? STATUS_OK : STATUS_MALFORMED;
    if (status == STATUS_OK) status = buffer_append(bytes, span_of(decoded, size / 2));
    free(decoded);
    return status;
}

static bool is_hex(struct span text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!strchr("0123456789abcdef", text.data[i]) || !text.data[i]) return false;
    return text.size > 0 && text.size % 2 == 0;
}

/* Hex, JSON, or the bytes themselves. */
static enum status append_content(const struct buffer *content, struct buffer *bytes,
                                  bool *body_only, struct problem *problem)
{
    struct span text = buffer_span(content);
    struct span trimmed = text;
    while (trimmed.size > 0 && strchr(" \r\n\t", trimmed.data[trimmed.size - 1]) &&
           trimmed.data[trimmed.size - 1])
        trimmed.size--;
    if (is_hex(trimmed)) return append_hex((const char *)trimmed.data, trimmed.size, bytes);
    if (trimmed.size > 0 && trimmed.data[0] == '{')
        return append_json(trimmed, bytes, body_only, problem);
    return buffer_append(bytes, text);
}

static enum status read_source(const char *source, struct buffer *bytes, bool *body_only,
                               struct problem *problem)
{
    struct buffer content;
    buffer_init(&content, OUTBOX_FILE_MAX);
    enum status status;
    if (strcmp(source, "-") == 0)
        status = cli_read_stream(stdin, &content, problem);
    else if (is_hex(span_text(source)) && strlen(source) >= 2 * TX_BODY_BYTES_MIN)
        status = buffer_append(&content, span_text(source));
    else
        status = file_read(source, &content, problem);
    *body_only = false;
    if (status == STATUS_OK) status = append_content(&content, bytes, body_only, problem);
    buffer_free(&content);
    if (status != STATUS_OK && !problem->text[0])
        problem_set(problem, status, "%s", status_text(status));
    return status;
}

int cli_tx_read(const char *source, struct buffer *bytes, struct transaction *tx)
{
    struct problem problem = { .status = STATUS_OK };
    struct refusal refusal = { .code = REFUSAL_none };
    char quoted[QUOTE_TEXT];
    bool body_only;
    enum status status = read_source(source, bytes, &body_only, &problem);
    bool named = strncmp(problem.text, source, strlen(source)) == 0;
    if (status != STATUS_OK)
        return cli_fail(status == STATUS_NOT_FOUND ? CLI_EXIT_NOT_FOUND : CLI_EXIT_FAILED, NULL,
                        "a transaction is JSON, hex or its bytes, in a file or on stdin (-)",
                        "%s%s%s", named ? "" : text_quote(source, quoted), named ? "" : ": ",
                        problem.text);
    status = body_only ? transaction_decode_body(buffer_span(bytes), tx, &refusal)
                       : transaction_decode(buffer_span(bytes), tx, &refusal);
    if (status == STATUS_OK) return CLI_EXIT_DONE;
    return cli_fail(CLI_EXIT_REFUSED, "tx_malformed 1001", NULL,
                    "%s: the transaction is malformed at byte %u: %s", text_quote(source, quoted),
                    refusal.offset, refusal.detail);
}
