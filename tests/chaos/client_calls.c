/* tests/chaos/client_calls.c -- one operation of a client, and its line in the history. */
#include "client.h"

#include "genesis/json.h"
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { ONCE_MS = 3000, LOCAL_MARGIN_MS = 2000 };

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- a client ---- */

void worker_open(struct worker *w, struct bank *bank, unsigned number, uint64_t seed)
{
    struct problem problem;
    *w = (struct worker){ .bank = bank, .number = number, .random_state = seed };
    w->tx = malloc(sizeof *w->tx);
    if (!w->tx) give_up("out of memory");
    for (size_t i = 0; i < bank->node_count; i++)
        if (rpc_client_open(&w->nodes[i], bank->urls[i], READ_MS, &problem) != STATUS_OK)
            give_up("%s", problem.text);
}

void worker_close(struct worker *w)
{
    for (size_t i = 0; i < w->bank->node_count; i++)
        rpc_client_close(w->nodes[i]);
    for (size_t i = 0; i < w->remembered_count; i++)
        sent_free(&w->remembered[i]);
    free(w->tx);
}

/* SplitMix64; the small bias of the remainder does not matter here. */
uint64_t worker_draw(struct worker *w, uint64_t below)
{
    uint64_t z = w->random_state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (z ^ z >> 31) % below;
}

/* The first clients stay with a node each, so that some are always at a healthy one: a client that
 * roams is held up by every node that stands still. */
static unsigned any_node(struct worker *w)
{
    if (w->number < w->bank->node_count) return w->number;
    return (unsigned)worker_draw(w, w->bank->node_count);
}

/* ---- transactions ---- */

void tx_begin(struct worker *w, const struct id *source, uint64_t term_ms)
{
    memset(w->tx, 0, sizeof *w->tx);
    w->tx->chain_id = w->bank->chain_id;
    w->tx->source = *source;
    store_u64(w->tx->client_ref.bytes, ++w->references);
    store_u64(w->tx->client_ref.bytes + 8, w->number);
    w->tx->not_after_ms = wall_ms() + term_ms;
}

struct operation *tx_add(struct worker *w, enum operation_code code)
{
    struct operation *operation = &w->tx->operations[w->tx->operation_count++];
    operation->code = code;
    operation->actor = w->tx->source;
    return operation;
}

struct sent tx_sign(struct worker *w, const struct secret_key *key, bool forged)
{
    struct writer body;
    struct writer whole;
    struct tx_signature signature;
    writer_init(&body, TX_BYTES_LIMIT);
    writer_init(&whole, TX_BYTES_LIMIT);
    transaction_write_body(&body, w->tx);
    if (writer_status(&body) != STATUS_OK) give_up("a transaction breaks a static rule");
    struct sent sent = { .txid = transaction_id(writer_span(&body)),
                         .source = w->tx->source,
                         .reference = w->tx->client_ref,
                         .not_after_ms = w->tx->not_after_ms };
    transaction_sign(key, &w->bank->chain_id, &sent.txid, &signature);
    if (forged) signature.signature.bytes[0] ^= 1;
    transaction_write_signed(&whole, writer_span(&body), &signature, 1);
    struct span bytes = writer_span(&whole);
    sent.bytes = malloc(bytes.size);
    if (!sent.bytes) give_up("out of memory");
    memcpy(sent.bytes, bytes.data, bytes.size);
    sent.size = bytes.size;
    writer_free(&body);
    writer_free(&whole);
    return sent;
}

void sent_free(struct sent *sent)
{
    free(sent->bytes);
    *sent = (struct sent){ .bytes = NULL };
}

/* ---- the history ---- */

static json_t *line_begin(const struct worker *w, const char *op, size_t node)
{
    json_t *line = json_pack("{s:s, s:i, s:i, s:I}", "op", op, "client", (int)w->number, "node",
                             (int)node, "invoke", (json_int_t)now_ns());
    if (!line) give_up("out of memory");
    return line;
}

static void put(json_t *line, const char *name, json_t *value)
{
    if (json_object_set_new(line, name, value) != 0) give_up("out of memory");
}

static void put_hex(json_t *line, const char *name, struct span bytes)
{
    char text[2 * 64 + 1];
    ASSERT(bytes.size <= 64);
    hex_encode(bytes, text);
    put(line, name, json_string(text));
}

static void put_id(json_t *line, const char *name, const struct id *id)
{
    put_hex(line, name, span_of(id->bytes, sizeof id->bytes));
}

static void put_number(json_t *line, const char *name, uint64_t number)
{
    put(line, name, json_integer((json_int_t)number));
}

/* One write for each line, so that what was written before a crash of this program can be read. */
static void line_end(struct worker *w, json_t *line, const char *outcome)
{
    put(line, "outcome", json_string(outcome));
    if (!json_object_get(line, "return")) put_number(line, "return", now_ns());
    char *text = json_dumps(line, JSON_COMPACT);
    if (!text || fprintf(w->bank->history, "%s\n", text) < 0) give_up("writing the history");
    free(text);
    json_decref(line);
    w->operations++;
}

static void learn_height(struct worker *w, uint64_t height)
{
    w->height = max_u64(w->height, height);
}

static uint64_t number_of(const json_t *object, const char *name)
{
    return (uint64_t)json_integer_value(json_object_get(object, name));
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

/* "height.entry.operation" as the number that the ledger stores. */
static uint64_t version_of(const json_t *record)
{
    static const unsigned shifts[] = { 24, 8, 0 };
    const char *at = text_of(record, "version");
    uint64_t version = 0;
    for (size_t i = 0; i < sizeof shifts / sizeof *shifts && *at; i++) {
        char *end;
        version |= (uint64_t)strtoull(at, &end, 10) << shifts[i];
        at = *end == '.' ? end + 1 : end;
    }
    return version;
}

/* Where a committed transaction stands, from its TxStatus. */
static void put_place(struct worker *w, json_t *line, const json_t *status)
{
    const json_t *location = json_object_get(status, "location");
    uint64_t height = number_of(location, "height");
    put_number(line, "height", height);
    put_number(line, "entry", number_of(location, "entry"));
    put(line, "block", json_string(text_of(location, "block_hash")));
    put(line, "code", json_string(text_of(json_object_get(status, "result"), "code")));
    learn_height(w, height);
}

static void put_failure(json_t *line, const struct rpc_failure *failure)
{
    if (failure->what == FAILURE_NONE) return;
    put(line, "error", json_string(failure->what == FAILURE_ERROR ? failure->kind : failure->text));
}

/* ---- submissions ---- */

static bool is_stopped(void *context)
{
    const struct worker *w = context;
    return atomic_load(&w->bank->stop);
}

static json_t *submit_begin(const struct worker *w, const struct sent *sent, const char *what,
                            size_t node)
{
    json_t *line = line_begin(w, "submit", node);
    put(line, "what", json_string(what));
    put_hex(line, "txid", digest_span(&sent->txid));
    return line;
}

bool submit_everywhere(struct worker *w, const struct sent *sent, const char *what, bool again,
                       enum submit_until until)
{
    static const char *const outcomes[] = {
        [SUBMIT_END_ADMITTED] = "unknown", [SUBMIT_END_COMMITTED] = "ok",
        [SUBMIT_END_EXPIRED] = "expired",  [SUBMIT_END_REFUSED] = "rejected",
        [SUBMIT_END_OPEN] = "unknown",
    };
    struct submit_report report;
    struct submit_options options = {
        .nodes = w->nodes,
        .node_count = w->bank->node_count,
        .first = any_node(w),
        .until = until,
        .sent_before = again,
        .not_after_ms = sent->not_after_ms,
        .timeout_ms = SUBMIT_MS,
        .stop = is_stopped,
        .context = w,
    };
    json_t *line = submit_begin(w, sent, what, options.first);
    submit_transaction(&options, span_of(sent->bytes, sent->size), &sent->txid, &report);
    put_number(line, "return", now_ns());
    put_number(line, "node", report.node);
    put_number(line, "attempts", report.attempts);
    if (report.end == SUBMIT_END_COMMITTED)
        put_place(w, line, report.status);
    else
        put_failure(line, &report.failure);
    bool done = report.end == SUBMIT_END_COMMITTED && strcmp(text_of(line, "code"), "ok") == 0;
    line_end(w, line, outcomes[report.end]);
    submit_report_clear(&report);
    return done;
}

/* An error ends a single attempt for good if its retry word is not one that says "send again";
 * a request that could not be sent did nothing. Bytes that were sent before may be anywhere. */
static const char *outcome_of_failure(const struct rpc_failure *failure, bool again)
{
    if (again) return "unknown";
    if (failure->what == FAILURE_CONNECT) return "rejected";
    return failure->what == FAILURE_ERROR && !submit_may_repeat(failure) ? "rejected" : "unknown";
}

void submit_once(struct worker *w, const struct sent *sent, const char *what, bool again)
{
    struct rpc_failure failure = { .what = FAILURE_NONE };
    unsigned node = any_node(w);
    char *hex = malloc(2 * sent->size + 1);
    if (!hex) give_up("out of memory");
    hex_encode(span_of(sent->bytes, sent->size), hex);
    json_t *params =
        json_pack("{s:s, s:s, s:i}", "tx", hex, "wait", "committed", "timeout_ms", ONCE_MS);
    free(hex);
    json_t *line = submit_begin(w, sent, what, node);
    rpc_client_set_timeout(w->nodes[node], ONCE_MS + LOCAL_MARGIN_MS);
    json_t *status = rpc_client_call(w->nodes[node], "tx_submit", params, &failure);
    put_number(line, "return", now_ns());
    const char *word = text_of(status, "status");
    const char *outcome = "unknown";
    if (strcmp(word, "committed") == 0) {
        put_place(w, line, status);
        outcome = "ok";
    } else if (strcmp(word, "expired") == 0) {
        outcome = "expired";
    } else if (!status) {
        put_failure(line, &failure);
        outcome = outcome_of_failure(&failure, again);
    }
    line_end(w, line, outcome);
    json_decref(status);
    json_decref(params);
    rpc_failure_clear(&failure);
}

/* ---- reads ---- */

static json_t *read_params(json_t *params, uint64_t min_height)
{
    if (!params) give_up("out of memory");
    if (min_height > 0) {
        put_number(params, "min_height", min_height);
        put_number(params, "timeout_ms", READ_MS);
    }
    return params;
}

/* Calls; what came back, or NULL, with the line ended unless the answer is "not found". */
static json_t *read_call(struct worker *w, unsigned node, const char *method, json_t *params,
                         json_t *line, struct rpc_failure *failure)
{
    rpc_client_set_timeout(w->nodes[node], READ_MS + LOCAL_MARGIN_MS);
    json_t *result = rpc_client_call(w->nodes[node], method, params, failure);
    put_number(line, "return", now_ns());
    json_decref(params);
    if (!result) put_failure(line, failure);
    return result;
}

void read_balance(struct worker *w, unsigned account, uint64_t min_height, uint64_t at_height)
{
    struct rpc_failure failure = { .what = FAILURE_NONE };
    unsigned node = any_node(w);
    json_t *line = line_begin(w, "balance", node);
    put_id(line, "account", &w->bank->accounts[account]);
    put_id(line, "asset", &w->bank->asset);
    if (min_height > 0) put_number(line, "min_height", min_height);
    if (at_height > 0) put_number(line, "at_height", at_height);
    json_t *params = read_params(json_pack("{s:s, s:s}", "account", w->bank->account_text[account],
                                           "asset", w->bank->asset_text),
                                 min_height);
    if (at_height > 0) put_number(params, "at_height", at_height);
    json_t *result = read_call(w, node, "balance_get", params, line, &failure);
    if (result) {
        put_number(line, "height", number_of(result, "at_height"));
        put(line, "value", json_string(text_of(result, "posted")));
        learn_height(w, number_of(result, "at_height"));
    }
    line_end(w, line, result ? "ok" : "unknown");
    json_decref(result);
    rpc_failure_clear(&failure);
}

void read_block(struct worker *w, uint64_t height)
{
    struct rpc_failure failure = { .what = FAILURE_NONE };
    unsigned node = any_node(w);
    json_t *line = line_begin(w, "block", node);
    json_t *params = read_params(json_pack("{s:s}", "entries", "ids"), 0);
    if (height > 0) {
        put_number(line, "at_height", height);
        put_number(params, "height", height);
    }
    json_t *result = read_call(w, node, "block_get", params, line, &failure);
    if (result) {
        const json_t *header = json_object_get(result, "header");
        json_t *ids = json_array();
        size_t i;
        const json_t *entry;
        json_array_foreach(json_object_get(result, "entries"), i, entry)
            json_array_append(ids, json_object_get(entry, "id"));
        put_number(line, "height", number_of(header, "height"));
        put(line, "hash", json_string(text_of(header, "hash")));
        put(line, "txids", ids);
        learn_height(w, number_of(header, "height"));
    }
    line_end(w, line, result ? "ok" : "unknown");
    json_decref(result);
    rpc_failure_clear(&failure);
}

void read_status(struct worker *w, const struct sent *sent)
{
    struct rpc_failure failure = { .what = FAILURE_NONE };
    unsigned node = any_node(w);
    char txid[65];
    char not_after[TIME_TEXT];
    hex_encode(digest_span(&sent->txid), txid);
    time_encode(sent->not_after_ms, not_after);
    json_t *line = line_begin(w, "status", node);
    put(line, "txid", json_string(txid));
    json_t *params = read_params(json_pack("{s:s, s:s}", "tx_id", txid, "not_after", not_after), 0);
    json_t *result = read_call(w, node, "tx_status", params, line, &failure);
    if (result) {
        put(line, "status", json_string(text_of(result, "status")));
        put_number(line, "ledger_height", number_of(result, "ledger_height"));
        if (strcmp(text_of(result, "status"), "committed") == 0) put_place(w, line, result);
    }
    line_end(w, line, result ? "ok" : "unknown");
    json_decref(result);
    rpc_failure_clear(&failure);
}

bool read_record(struct worker *w, unsigned owner, const uint8_t key[1], uint64_t min_height,
                 uint64_t *version)
{
    struct rpc_failure failure = { .what = FAILURE_NONE };
    unsigned node = any_node(w);
    char key_text[3];
    const char *outcome = "ok";
    hex_encode(span_of(key, 1), key_text);
    json_t *line = line_begin(w, "record", node);
    put_id(line, "owner", &w->bank->accounts[owner]);
    put(line, "key", json_string(key_text));
    if (min_height > 0) put_number(line, "min_height", min_height);
    json_t *params =
        read_params(json_pack("{s:s, s:s}", "owner", w->bank->account_text[owner], "key", key_text),
                    min_height);
    json_t *result = read_call(w, node, "kv_get", params, line, &failure);
    *version = 0;
    if (result) {
        *version = version_of(result);
        put_number(line, "height", number_of(result, "ledger_height"));
        put_number(line, "version", *version);
        put(line, "value", json_string(text_of(result, "value")));
    } else if (failure.what == FAILURE_ERROR && strcmp(failure.kind, "not_found") == 0) {
        put_number(line, "height", number_of(failure.data, "ledger_height"));
        outcome = "none";
    } else {
        outcome = "unknown";
    }
    bool known = strcmp(outcome, "unknown") != 0;
    if (known) learn_height(w, number_of(line, "height"));
    line_end(w, line, outcome);
    json_decref(result);
    rpc_failure_clear(&failure);
    return known;
}
