#include "ledger/audit_ahead.h"
#include "ledger/audit_internal.h"
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
                                       .errors = audit->report->error_count };
    if (spent_ms > 0) {
        progress.blocks_per_second = (double)height * 1000 / (double)spent_ms;
        if (height > 0)
            progress.remaining_ms =
                (uint64_t)((double)spent_ms * (double)(last - height) / (double)height);
    }
    return audit->options->progress(audit->options->context, &progress);
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
             status_text(audit->failed));
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

static bool walk(struct audit *audit, uint64_t last)
{
    uint64_t missing_first = 1, missing_last = 0;
    for (uint64_t height = 0; height <= last; height++) {
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
            stop(audit, "stopped on request");
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
static void start_ahead(struct audit *audit, const char *path, uint64_t last)
{
    struct ledger_reader_options options = { .immutable = audit->options->immutable };
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    uint32_t threads = audit->options->threads;
    if (threads == 0 && processors > 1) threads = (uint32_t)processors - 1;
    if (threads == 0 || !audit->cache) return;
    audit->ahead = audit_ahead_start(path, &options, audit->genesis, audit->cache, last, threads);
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
    audit_genesis_start(audit);
    audit->report->head_hash = ledger_head(audit->ledger)->hash;
    audit->report->state_root = ledger_head(audit->ledger)->header.state_root;
    audit->started_ms = clock_ms(audit);
    start_ahead(audit, path, last);
    bool whole = walk(audit, last);
    audit_ahead_stop(audit->ahead);
    if (!whole) return;
    audit_seals_end(audit, last);
    check_evidence(audit);
    audit->report->complete = !audit->report->incomplete[0];
}

/* ---- the door ------------------------------------------------------------------------------- */

/* No snapshot is held: blocks never change, and one that lasts as long as an audit would keep a
 * node beside it from shortening its WAL. */
static enum status open_all(struct audit *audit, const char *path, struct problem *problem)
{
    struct ledger_reader_options options = { .immutable = audit->options->immutable };
    struct ledger_options own = { .cache = audit->cache };
    const char *scratch = audit->options->scratch ? audit->options->scratch : ":memory:";
    enum status status = ledger_reader_open(&audit->reader, path, &options, problem);
    if (status == STATUS_OK)
        status = ledger_open(&audit->ledger, audit->genesis, scratch, &own, problem);
    if (status != STATUS_OK) return status;
    if (ledger_head(audit->ledger)->header.height != 0)
        return problem_set(problem, STATUS_EXISTS, "%s holds a ledger already", scratch);
    return STATUS_OK;
}

static void close_all(struct audit *audit)
{
    ledger_reader_close(audit->reader);
    ledger_close(audit->ledger);
    verify_cache_free(audit->cache);
    audit_block_free(&audit->block);
    free(audit);
}

enum status audit_verify(struct audit_report **report, const struct genesis *genesis,
                         const char *path, const struct audit_options *options,
                         struct problem *problem)
{
    static const struct audit_options standard = { 0 };
    struct problem unwanted;
    struct audit *audit = calloc(1, sizeof *audit);
    *report = NULL;
    if (!problem) problem = &unwanted;
    if (!audit) return problem_set(problem, STATUS_NO_MEMORY, "out of memory");
    audit->options = options ? options : &standard;
    audit->genesis = genesis;
    audit_block_init(&audit->block);
    audit->cache = verify_cache_new(AHEAD_CACHE_ENTRIES);
    audit->report = audit_report_new(genesis, audit->options);
    enum status status = STATUS_NO_MEMORY;
    if (audit->report)
        status = open_all(audit, path, problem);
    else
        problem_set(problem, status, "out of memory");
    if (status == STATUS_OK) run(audit, path);
    if (status == STATUS_DAMAGED && !audit->reader) {
        /* A ledger of which not even the schema can be read is a finding, too. */
        audit_find(audit, FINDING_sqlite_damaged, 0, FINDING_NO_ENTRY, "%.200s", problem->text);
        stop(audit, "the file cannot be read");
        status = STATUS_OK;
    }
    if (status == STATUS_OK) {
        *report = audit->report;
    } else {
        audit_report_free(audit->report);
    }
    close_all(audit);
    return status;
}
