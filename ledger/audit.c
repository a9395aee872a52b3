#include "ledger/audit_ahead.h"
#include "ledger/audit_bags.h"
#include "ledger/reader_query.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TELL_MS = 500, TELL_BLOCKS = 256 };

/* ---- progress ------------------------------------------------------------------------------- */

static uint64_t clock_ms(const struct audit *audit)
{
    return audit->options->clock_ms ? audit->options->clock_ms(audit->options->context) : 0;
}

static bool is_due(struct audit *audit, uint64_t height, uint64_t last)
{
    if (height == last) return true;
    if (!audit->options->clock_ms) return height % TELL_BLOCKS == 0;
    uint64_t now = clock_ms(audit);
    if (now - audit->told_ms < TELL_MS) return false;
    audit->told_ms = now;
    return true;
}

/* false: the caller has had enough. */
static bool tell(struct audit *audit, uint64_t height, uint64_t last)
{
    if (!audit->options->progress || !is_due(audit, height, last)) return true;
    uint64_t spent_ms = clock_ms(audit) - audit->started_ms;
    struct audit_progress progress = { .height = height,
                                       .last = last,
                                       .rows = audit->report->rows,
                                       .errors = audit->report->error_count };
    if (spent_ms > 0) {
        progress.blocks_per_second = (double)height * 1000 / (double)spent_ms;
        if (height > 0)
            progress.remaining_ms =
                (uint64_t)((double)spent_ms * (double)(last - height) / (double)height);
    }
    return audit->options->progress(audit->options->context, &progress);
}

bool audit_tell_rows(struct audit *audit)
{
    uint64_t last = audit->report->last;
    if (tell(audit, last, last)) return true;
    audit->failed = STATUS_CLOSED;
    return false;
}

/* ---- the walk ------------------------------------------------------------------------------- */

static void stop(struct audit *audit, const char *why)
{
    if (!audit->report->incomplete[0])
        snprintf(audit->report->incomplete, sizeof audit->report->incomplete, "%s", why);
}

/* A file that SQLite cannot read is a finding; a lack of memory or time is not. */
static void fail(struct audit *audit, uint64_t height)
{
    if (audit->failed == STATUS_DAMAGED && ledger_reader_error(audit->reader)[0])
        audit_find(audit, FINDING_sqlite_damaged, height, FINDING_NO_ENTRY, "%s",
                   ledger_reader_error(audit->reader));
    char why[FINDING_TEXT];
    snprintf(why, sizeof why, "stopped at block %" PRIu64 ": %s", height,
             audit->failed == STATUS_CLOSED ? "on request" : status_text(audit->failed));
    stop(audit, why);
}

/* A run of missing blocks is one finding. */
static void report_missing(struct audit *audit, uint64_t first, uint64_t last)
{
    if (first > last) return;
    audit_find(audit, FINDING_block_missing, first, FINDING_NO_ENTRY,
               "blocks %" PRIu64 " to %" PRIu64 " are missing", first, last);
}

static void count_block(struct audit *audit)
{
    audit->report->blocks++;
    audit->report->entries += audit->block.entries;
}

/* Blocks first to last; false: it ended before. */
static bool walk(struct audit *audit, uint64_t first, uint64_t last)
{
    uint64_t missing_first = 1, missing_last = 0;
    for (uint64_t height = first; height <= last; height++) {
        audit->failed = audit_source_block(audit->reader, height, &audit->block);
        if (audit->failed != STATUS_OK) {
            fail(audit, height);
            return false;
        }
        if (!audit->block.present) {
            if (missing_first > missing_last) missing_first = height;
            missing_last = height;
            if (height > 0) audit_lost_block(audit);
            continue;
        }
        report_missing(audit, missing_first, missing_last);
        missing_first = 1;
        missing_last = 0;
        count_block(audit);
        if (height > 0)
            audit_one_block(audit);
        else
            audit_genesis_block(audit);
        if (audit->failed != STATUS_OK) {
            fail(audit, height);
            return false;
        }
        audit_ahead_done(audit->ahead, height);
        if (!tell(audit, height, last)) {
            audit->failed = STATUS_CLOSED;
            fail(audit, height);
            return false;
        }
    }
    report_missing(audit, missing_first, missing_last);
    return true;
}

/* The document that the ledger began with, as it says itself. */
static enum status check_chain(struct audit *audit)
{
    struct digest chain_id;
    char have[65];
    enum status status = ledger_read_chain(audit->reader, &chain_id, NULL);
    if (status != STATUS_OK) return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    if (digest_equal(&chain_id, &audit->genesis->chain_id)) return STATUS_OK;
    hex_encode(digest_span(&chain_id), have);
    audit_find(audit, FINDING_genesis_other_chain, 0, FINDING_NO_ENTRY, "the ledger is of chain %s",
               have);
    return STATUS_MISMATCH;
}

static void check_evidence(struct audit *audit)
{
    uint64_t rows = 0;
    if (audit_source_evidence(audit->reader, &rows) == STATUS_OK && rows > 0)
        audit_note(audit, FINDING_evidence_found, 0, "%" PRIu64 " pieces of evidence are stored",
                   rows);
}

/* This thread executes; the others verify ahead of it. */
static void start_ahead(struct audit *audit, const char *path, uint64_t first, uint64_t last)
{
    struct ledger_reader_options options = { .immutable = audit->options->immutable };
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    uint32_t threads = audit->options->threads;
    if (threads == 0 && processors > 1) threads = (uint32_t)processors - 1;
    if (threads == 0 || threads == AUDIT_NO_THREADS || !audit->cache) return;
    audit->ahead = audit_ahead_start(path, &options, audit->genesis, audit->cache, last, threads);
    if (first > 1) audit_ahead_done(audit->ahead, first - 1);
}

/* Rows are those of one height: of the file's head, to which a live node may have added blocks in
 * the meantime, and in one snapshot, which is held only for this. false: it ended before. */
static bool compare_rows(struct audit *audit)
{
    uint64_t last = audit->report->last, now = last;
    audit->failed = audit_source_last(audit->reader, &now);
    if (audit->failed == STATUS_OK && now > last) {
        audit->report->last = now;
        if (!walk(audit, last + 1, now)) return false;
    }
    if (audit->failed == STATUS_OK && audit->report->executed_to == now) audit_rows(audit);
    if (audit->failed == STATUS_OK) return true;
    fail(audit, now);
    return false;
}

static bool finish(struct audit *audit, bool whole_file)
{
    if (!whole_file) return true;
    /* Not ledger_reader_begin, which wants the row of `ledger`: that it is gone would be a finding.
     * The first row read takes the snapshot. */
    struct query begin = query_of(audit->reader, "BEGIN");
    (void)query_row(&begin);
    audit->failed = query_end(&begin);
    if (audit->failed != STATUS_OK) {
        fail(audit, audit->report->last);
        return false;
    }
    bool whole = compare_rows(audit);
    ledger_reader_end(audit->reader);
    return whole;
}

/* The first height to look at. */
static uint64_t start(struct audit *audit, uint64_t last)
{
    const struct audit_mark *from = audit->options->from;
    if (!from) {
        audit_genesis_start(audit);
        return 0;
    }
    audit->report->first = from->height + 1;
    audit->report->executed_to = from->height;
    audit->report->sealed_height = from->sealed_height;
    report_missing(audit, last + 1, from->height);
    audit_seal_again(audit, from->sealed_height + 1, min_u64(last, from->height));
    audit_resume_start(audit);
    return from->height + 1;
}

static void run(struct audit *audit, const char *path)
{
    uint64_t last = 0;
    audit->failed = check_chain(audit);
    if (audit->failed == STATUS_MISMATCH) {
        stop(audit, "another chain's ledger");
        return;
    }
    if (audit->failed == STATUS_OK) audit->failed = audit_source_last(audit->reader, &last);
    if (audit->failed != STATUS_OK) {
        fail(audit, 0);
        return;
    }
    uint64_t wanted = audit->options->last ? audit->options->last : last;
    if (wanted > last) {
        char why[FINDING_TEXT];
        snprintf(why, sizeof why, "the ledger ends at block %" PRIu64, last);
        stop(audit, why);
    }
    last = min_u64(last, wanted);
    audit->report->last = last;
    audit->missing = audit->short_of_quorum = (struct uncovered){ .first = 1, .last = 0 };
    uint64_t first = start(audit, last);
    audit->report->head_hash = ledger_head(audit->ledger)->hash;
    audit->report->state_root = ledger_head(audit->ledger)->header.state_root;
    audit->started_ms = clock_ms(audit);
    start_ahead(audit, path, first, last);
    bool whole = audit->failed == STATUS_OK && walk(audit, first, last);
    if (audit->failed != STATUS_OK && !audit->report->incomplete[0]) fail(audit, first);
    audit_ahead_stop(audit->ahead);
    audit->ahead = NULL;
    if (whole) whole = finish(audit, wanted == last && !audit->options->last);
    if (!whole) return;
    audit_seals_end(audit, audit->report->last);
    check_evidence(audit);
    audit->report->complete = !audit->report->incomplete[0];
}

/* ---- the door ------------------------------------------------------------------------------- */

/* Empty, or where the earlier audit left it. */
static enum status check_scratch(const struct audit *audit, const char *scratch,
                                 struct problem *problem)
{
    const struct audit_mark *from = audit->options->from;
    const struct ledger_head *head = ledger_head(audit->ledger);
    if (!from && head->header.height != 0)
        return problem_set(problem, STATUS_EXISTS, "%s holds a ledger already", scratch);
    if (from && (head->header.height != from->height || !digest_equal(&head->hash, &from->hash)))
        return problem_set(problem, STATUS_MISMATCH, "%s does not stand where the report ended",
                           scratch);
    return STATUS_OK;
}

/* Before it is opened: every byte is what the earlier audit left. */
static enum status check_mark(const struct audit *audit, struct problem *problem)
{
    struct digest hash;
    const struct audit_mark *from = audit->options->from;
    if (!from) return STATUS_OK;
    if (!audit->options->scratch)
        return problem_set(problem, STATUS_MISMATCH, "going on needs the earlier scratch file");
    enum status status = audit_file_hash(audit->options->scratch, &hash, problem);
    if (status != STATUS_OK || digest_equal(&hash, &from->scratch)) return status;
    return problem_set(problem, STATUS_MISMATCH, "%s is not the file that the report names",
                       audit->options->scratch);
}

/* No snapshot is held: blocks never change, and one that lasts as long as an audit would keep a
 * node beside it from shortening its WAL. */
static enum status open_all(struct audit *audit, const char *path, struct problem *problem)
{
    struct ledger_reader_options options = { .immutable = audit->options->immutable };
    struct ledger_options own = { .cache = audit->cache,
                                  .sink = audit->bags ? audit_bags_sink(audit->bags) : NULL };
    const char *scratch = audit->options->scratch ? audit->options->scratch : "";
    enum status status = check_mark(audit, problem);
    if (status == STATUS_OK) status = ledger_reader_open(&audit->reader, path, &options, problem);
    if (status == STATUS_OK)
        status = ledger_open(&audit->ledger, audit->genesis, scratch, &own, problem);
    return status == STATUS_OK ? check_scratch(audit, scratch, problem) : status;
}

/* Closed, so that all of it stands in the one file; then its hash is what a report can name. */
static void end_scratch(struct audit *audit)
{
    struct audit_report *report = audit->report;
    const char *scratch = audit->options->scratch;
    if (!scratch || !report->complete) return;
    ledger_close(audit->ledger);
    audit->ledger = NULL;
    report->has_scratch = audit_file_hash(scratch, &report->scratch, NULL) == STATUS_OK;
}

static void close_all(struct audit *audit)
{
    ledger_reader_close(audit->reader);
    ledger_close(audit->ledger);
    audit_bags_free(audit->bags);
    if (!audit->options->cache) verify_cache_free(audit->cache);
    audit_block_free(&audit->block);
    free(audit);
}

/* With what it needs beside the files; NULL without memory. with_bags: the history is only summed
 * up, where no scratch file is to be left that holds it. */
static struct audit *audit_new(const struct genesis *genesis, const struct audit_options *options,
                               bool with_bags)
{
    struct audit *audit = calloc(1, sizeof *audit);
    if (!audit) return NULL;
    audit->options = options;
    audit->genesis = genesis;
    audit_block_init(&audit->block);
    audit->cache = options->cache ? options->cache : verify_cache_new(AHEAD_CACHE_ENTRIES);
    audit->report = audit_report_new(genesis, options);
    if (with_bags) audit->bags = audit_bags_new();
    if (audit->report && (audit->bags || !with_bags)) return audit;
    audit_report_free(audit->report);
    close_all(audit);
    return NULL;
}

/* *again: a sum differs, and rows are needed to say where. */
static enum status verify_once(struct audit_report **report, const struct genesis *genesis,
                               const char *path, const struct audit_options *options,
                               bool with_bags, bool *again, struct problem *problem)
{
    struct audit *audit = audit_new(genesis, options, with_bags);
    if (!audit) return problem_set(problem, STATUS_NO_MEMORY, "out of memory");
    enum status status = open_all(audit, path, problem);
    if (status == STATUS_OK) run(audit, path);
    if (status == STATUS_OK) end_scratch(audit);
    if (status == STATUS_DAMAGED && !audit->reader) {
        /* A ledger of which not even the schema can be read is a finding, too. */
        audit_find(audit, FINDING_sqlite_damaged, 0, FINDING_NO_ENTRY, "%.200s", problem->text);
        stop(audit, "the file cannot be read");
        status = STATUS_OK;
    }
    *again = audit->bags_differ;
    if (status == STATUS_OK && !*again)
        *report = audit->report;
    else
        audit_report_free(audit->report);
    close_all(audit);
    return status;
}

enum status audit_verify(struct audit_report **report, const struct genesis *genesis,
                         const char *path, const struct audit_options *options,
                         struct problem *problem)
{
    static const struct audit_options standard = { 0 };
    struct problem unwanted;
    bool again = false;
    *report = NULL;
    if (!problem) problem = &unwanted;
    if (!options) options = &standard;
    enum status status =
        verify_once(report, genesis, path, options, !options->scratch, &again, problem);
    if (status != STATUS_OK || !again) return status;
    return verify_once(report, genesis, path, options, false, &again, problem);
}
