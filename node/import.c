/* node/import.c -- the stages of an import. */
#include "node/import_internal.h"

#include "genesis/json.h"
#include "rpc/request.h"
#include <errno.h>
#include <stdlib.h>

enum { TICK_MS = 100, TICKS_A_STAGE = 16, ROWS_FIRST = 4096 };

const char *import_stage_word(enum import_stage stage)
{
    static const char *const words[] = { "reading", "looking up", "looking up", "making",
                                         "funding", "sending",    "done" };
    ASSERT((size_t)stage < sizeof words / sizeof words[0]);
    return words[stage];
}

void import_report_free(struct import_report *report)
{
    sample_free(&report->latency_us);
}

bool import_tick(struct import *im)
{
    uint64_t now_ms = rpc_monotonic_ms();
    if (im->stopped || !im->options->tick) return im->stopped;
    /* By time, and in a stage that is over quickly by what is done of it. */
    bool far =
        TICKS_A_STAGE * (im->report->stage_done - im->ticked_done) >= im->report->stage_total;
    if (now_ms < im->ticked_ms + TICK_MS && !(far && im->report->stage_done > im->ticked_done))
        return false;
    im->ticked_ms = now_ms;
    im->ticked_done = im->report->stage_done;
    im->stopped = im->options->tick(im->options->context, im->report);
    return im->stopped;
}

static void stage_begin(struct import *im, enum import_stage stage, uint64_t total)
{
    im->report->stage = stage;
    im->report->stage_done = 0;
    im->report->stage_total = total;
    im->ticked_ms = 0;
    im->ticked_done = 0;
}

/* ---- the file ---- */

/* From the first row again: the header is read and compared with nothing, for the columns are bound
 * by index and csv_next holds every row to their number. */
enum status import_rewind(struct import *im)
{
    FILE *stream = im->csv.stream;
    csv_close(&im->csv);
    if (fseeko(stream, 0, SEEK_SET) != 0)
        return problem_set(im->problem, STATUS_IO, "%s: %s", im->options->path, strerror(errno));
    return csv_open(&im->csv, stream, im->options->delimiter, im->problem);
}

enum status import_next(struct import *im)
{
    enum status status = csv_next(&im->csv, im->problem);
    if (status == STATUS_OK) status = import_row_read(&im->map, &im->csv, &im->row, im->problem);
    if (status != STATUS_OK) return status;
    bool grown = im->report->stage != IMPORT_READ && im->row.number > im->report->rows;
    return grown ? problem_set(im->problem, STATUS_INVALID, "the file has grown meanwhile")
                 : STATUS_OK;
}

enum status import_walk(struct import *im, enum status (*on_row)(struct import *im, void *context),
                        void *context)
{
    enum status status = import_rewind(im);
    while (status == STATUS_OK) {
        status = import_next(im);
        if (status == STATUS_OK) status = on_row(im, context);
        if (status == STATUS_OK && import_tick(im))
            status = problem_set(im->problem, STATUS_CLOSED, "stopped");
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* ---- reading ---- */

static enum status rows_reserve(struct import *im)
{
    if (im->row.number <= im->found_capacity) return STATUS_OK;
    size_t capacity = im->found_capacity ? 2 * im->found_capacity : ROWS_FIRST;
    uint8_t *found = realloc(im->found, capacity);
    if (found) im->found = found;
    struct id *refs = found ? realloc(im->refs, capacity * sizeof *refs) : NULL;
    if (!refs) return problem_set(im->problem, STATUS_NO_MEMORY, "out of memory");
    im->refs = refs;
    memset(im->found + im->found_capacity, 0, capacity - im->found_capacity);
    im->found_capacity = capacity;
    return STATUS_OK;
}

static enum status on_row_read(struct import *im, void *context)
{
    (void)context;
    enum status status = rows_reserve(im);
    if (status != STATUS_OK) return status;
    const struct import_row *row = &im->row;
    /* Records belong to their payer, so a reference must be unique among its rows only. */
    struct span parts[] = { span_of(row->payer.bytes, sizeof row->payer.bytes),
                            span_of(row->key, row->key_size) };
    struct digest digest = digest_plain(parts, 2);
    memcpy(im->refs[row->number - 1].bytes, digest.bytes, sizeof im->refs->bytes);
    im->report->rows = im->report->stage_done = row->number;
    struct import_account *payer = import_accounts_add(&im->accounts, &row->payer);
    if (payer) payer->pays = true;
    if (!payer || !import_accounts_add(&im->accounts, &row->payee))
        return problem_set(im->problem, STATUS_NO_MEMORY, "out of memory");
    return STATUS_OK;
}

static int by_id(const void *a, const void *b)
{
    return id_compare(a, b);
}

static enum status check_refs(struct import *im)
{
    size_t count = (size_t)im->report->rows;
    if (count > 0) qsort(im->refs, count, sizeof *im->refs, by_id);
    uint64_t doubled = 0;
    for (size_t i = 1; i < count; i++)
        doubled += id_equal(&im->refs[i - 1], &im->refs[i]);
    if (doubled == 0) return STATUS_OK;
    return problem_set(im->problem, STATUS_INVALID,
                       "--ref: %llu rows repeat the reference of another row of the same payer",
                       (unsigned long long)doubled);
}

static enum status read_stage(struct import *im)
{
    stage_begin(im, IMPORT_READ, 0);
    enum status status = import_walk(im, on_row_read, NULL);
    return status == STATUS_OK ? check_refs(im) : status;
}

/* ---- looking up ---- */

struct look_up {
    struct import *im;
    json_t *params;
    uint64_t numbers[IMPORT_BATCH];
    size_t count;
};

static enum status on_record(void *context, size_t index, const json_t *result)
{
    struct look_up *look = context;
    look->im->found[look->numbers[index] - 1] = result != NULL;
    return STATUS_OK;
}

static enum status flush(struct look_up *look)
{
    json_t *params = look->params;
    size_t count = look->count;
    look->params = NULL;
    enum status status =
        count > 0 ? import_ask(look->im, "kv_get", params, on_record, look) : STATUS_OK;
    look->count = 0;
    look->im->report->stage_done += count;
    return status;
}

static enum status on_row_look_up(struct import *im, void *context)
{
    struct look_up *look = context;
    const struct import_row *row = &im->row;
    if (!look->params) look->params = json_array();
    json_t *one = json_pack("{s:o, s:o}", "owner", json_address_new(ADDRESS_ACCOUNT, &row->payer),
                            "key", json_hex_new(span_of(row->key, row->key_size)));
    if (json_array_append_new(look->params, one) != 0)
        return problem_set(im->problem, STATUS_NO_MEMORY, "out of memory");
    look->numbers[look->count++] = row->number;
    return look->count == IMPORT_BATCH ? flush(look) : STATUS_OK;
}

static enum status records_stage(struct import *im)
{
    struct look_up look = { .im = im };
    enum status status = import_walk(im, on_row_look_up, &look);
    if (status == STATUS_OK) status = flush(&look);
    json_decref(look.params);
    return status;
}

/* ---- what is to be paid ---- */

static enum status on_row_sum(struct import *im, void *context)
{
    (void)context;
    const struct import_row *row = &im->row;
    if (im->found[row->number - 1]) {
        im->report->found++;
        import_result(im, row, NULL, "found", "", 0);
        return STATUS_OK;
    }
    struct import_account *payee = import_accounts_find(&im->accounts, &row->payee);
    struct import_account *payer = import_accounts_find(&im->accounts, &row->payer);
    if (!payee || !payer)
        return problem_set(im->problem, STATUS_INVALID, "the file has changed meanwhile");
    payee->wanted = payer->wanted = true;
    if (row->amount > TX_AMOUNT_MAX - payer->sum)
        return problem_set(im->problem, STATUS_TOO_LARGE,
                           "line %llu: the rows of one payer exceed the largest amount",
                           (unsigned long long)row->line);
    payer->sum += row->amount;
    return STATUS_OK;
}

/* ---- results ---- */

void import_result(struct import *im, const struct import_row *row, const struct digest *txid,
                   const char *word, const char *code, uint64_t height)
{
    bool paid = strcmp(word, "found") == 0 || strcmp(code, "ok") == 0;
    if (!paid && !im->report->problem[0])
        snprintf(im->report->problem, sizeof im->report->problem, "line %llu: %s %s",
                 (unsigned long long)row->line, word, code);
    FILE *result = im->options->result;
    if (!result) return;
    char text[65] = "";
    if (txid) hex_encode(digest_span(txid), text);
    fprintf(result, "%llu,", (unsigned long long)row->number);
    csv_write(result, row->ref);
    fprintf(result, ",%s,%s,%s,", text, word, code);
    if (height > 0) fprintf(result, "%llu", (unsigned long long)height);
    fputc('\n', result);
}

static enum status result_end(struct import *im)
{
    FILE *result = im->options->result;
    if (!result || (fflush(result) == 0 && !ferror(result))) return STATUS_OK;
    return problem_set(im->problem, STATUS_IO, "the result file cannot be written: %s",
                       strerror(errno));
}

/* ---- all of it ---- */

static enum status open_all(struct import *im, FILE *stream)
{
    const struct import_options *options = im->options;
    struct public_key public_key;
    im->map.scale = options->scale;
    im->map.named = options->named;
    im->map.namer = options->treasury;
    snprintf(im->map.set, sizeof im->map.set, "%s", options->set);
    snprintf(im->map.names, sizeof im->map.names, "%s", options->names);
    key_public(options->key, &public_key);
    draft_signer(&public_key, im->signer);
    im->tx = malloc(sizeof *im->tx);
    if (!im->tx) return problem_set(im->problem, STATUS_NO_MEMORY, "out of memory");
    enum status status = import_clients_open(im);
    if (status == STATUS_OK) status = csv_open(&im->csv, stream, options->delimiter, im->problem);
    if (status == STATUS_OK)
        status = import_map_open(&im->map, &im->csv, options->columns, im->problem);
    if (options->result) fputs("row,ref,tx_id,status,code,height\n", options->result);
    return status;
}

static void close_all(struct import *im)
{
    import_clients_close(im);
    csv_close(&im->csv);
    import_map_close(&im->map);
    import_accounts_free(&im->accounts);
    free(im->found);
    free(im->refs);
    free(im->tx);
}

static enum status run(struct import *im)
{
    enum status status = read_stage(im);
    if (status == STATUS_OK) {
        stage_begin(im, IMPORT_ACCOUNTS, im->accounts.count);
        status = import_accounts_stage(im);
    }
    if (status == STATUS_OK) {
        stage_begin(im, IMPORT_RECORDS, im->report->rows);
        status = records_stage(im);
    }
    if (status == STATUS_OK) status = import_walk(im, on_row_sum, NULL);
    if (status == STATUS_OK) {
        stage_begin(im, IMPORT_MAKE, 0);
        status = import_make_stage(im);
    }
    if (status == STATUS_OK && im->options->fund) {
        stage_begin(im, IMPORT_FUND, 0);
        status = import_fund_stage(im);
    }
    if (status == STATUS_OK) {
        stage_begin(im, IMPORT_SEND, im->report->rows - im->report->found);
        status = import_send_stage(im);
    }
    enum status written = result_end(im);
    if (status == STATUS_OK) status = written;
    if (status == STATUS_OK) im->report->stage = IMPORT_DONE;
    return status;
}

static bool is_set_name(const char *name)
{
    size_t size = strlen(name);
    return size > 0 && size <= IMPORT_SET_MAX && !strchr(name, '/');
}

static enum status check_options(const struct import_options *options, struct problem *problem)
{
    if (!is_set_name(options->set) || !is_set_name(options->names))
        return problem_set(problem, STATUS_INVALID,
                           "--set and --names are words of 1 to %d bytes without a slash",
                           IMPORT_SET_MAX);
    if (options->delimiter == '"' || options->delimiter == '\n' || options->delimiter == '\r' ||
        options->delimiter == 0)
        return problem_set(problem, STATUS_INVALID, "--delimiter is one character, not a quote");
    return STATUS_OK;
}

enum status import_run(const struct import_options *options, struct import_report *report,
                       struct problem *problem)
{
    *report = (struct import_report){ .stage = IMPORT_READ };
    enum status status = check_options(options, problem);
    if (status != STATUS_OK) return status;
    FILE *stream = fopen(options->path, "re");
    if (!stream)
        return problem_set(problem, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO, "%s: %s",
                           options->path, strerror(errno));
    struct import *im = calloc(1, sizeof *im);
    if (!im) {
        fclose(stream);
        return problem_set(problem, STATUS_NO_MEMORY, "out of memory");
    }
    im->options = options;
    im->report = report;
    im->problem = problem;
    status = open_all(im, stream);
    if (status == STATUS_OK) status = run(im);
    close_all(im);
    free(im);
    fclose(stream);
    return status;
}
