#include "genesis/json.h"
#include "ledger/audit_internal.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { FINDINGS_STANDARD = 1000, EXIT_CLEAN = 0, EXIT_INCOMPLETE = 6, EXIT_FINDINGS = 7 };
enum { EXIT_GENESIS = 10 };

static const struct {
    const char *name, *text;
    enum finding_severity severity;
} kinds[] = {
#define X(code, severity, text) { #code, text, FINDING_##severity },
    FINDING_LIST(X)
#undef X
};

const char *finding_name(enum finding_code code)
{
    ASSERT(code < FINDING_COUNT);
    return kinds[code].name;
}

const char *finding_text(enum finding_code code)
{
    ASSERT(code < FINDING_COUNT);
    return kinds[code].text;
}

struct audit_report *audit_report_new(const struct genesis *genesis,
                                      const struct audit_options *options)
{
    struct audit_report *report = calloc(1, sizeof *report);
    uint32_t most = options->findings_max ? options->findings_max : FINDINGS_STANDARD;
    if (!report) return NULL;
    report->findings = calloc(most, sizeof *report->findings);
    if (!report->findings) {
        free(report);
        return NULL;
    }
    report->findings_max = most;
    report->chain_id = genesis->chain_id;
    snprintf(report->network, sizeof report->network, "%s", genesis->network);
    snprintf(report->program, sizeof report->program, "%s",
             options->program ? options->program : "witan");
    return report;
}

void audit_report_free(struct audit_report *report)
{
    if (!report) return;
    free(report->findings);
    free(report);
}

static void add(struct audit_report *report, enum finding_code code, enum finding_severity severity,
                uint64_t height, uint32_t entry, const char *format, va_list arguments)
    __attribute__((format(printf, 6, 0)));

static void add(struct audit_report *report, enum finding_code code, enum finding_severity severity,
                uint64_t height, uint32_t entry, const char *format, va_list arguments)
{
    if (severity == FINDING_ERROR)
        report->error_count++;
    else
        report->note_count++;
    if (report->finding_count == report->findings_max) return;
    struct finding *finding = &report->findings[report->finding_count++];
    *finding =
        (struct finding){ .code = code, .severity = severity, .height = height, .entry = entry };
    vsnprintf(finding->text, sizeof finding->text, format, arguments);
}

void audit_find(struct audit *audit, enum finding_code code, uint64_t height, uint32_t entry,
                const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add(audit->report, code, kinds[code].severity, height, entry, format, arguments);
    va_end(arguments);
}

void audit_note(struct audit *audit, enum finding_code code, uint64_t height, const char *format,
                ...)
{
    va_list arguments;
    va_start(arguments, format);
    add(audit->report, code, FINDING_NOTE, height, FINDING_NO_ENTRY, format, arguments);
    va_end(arguments);
}

/* A genesis that is not this ledger's: its findings stand at the very beginning, before a header
 * was compared. */
static bool genesis_unusable(const struct audit_report *report)
{
    if (report->finding_count == 0) return false;
    const struct finding *first = &report->findings[0];
    return first->height == 0 &&
           (first->code == FINDING_genesis_invalid || first->code == FINDING_genesis_other_chain);
}

int audit_exit_code(const struct audit_report *report)
{
    if (genesis_unusable(report)) return EXIT_GENESIS;
    if (report->error_count > 0) return EXIT_FINDINGS;
    return report->complete ? EXIT_CLEAN : EXIT_INCOMPLETE;
}

/* ---- as text -------------------------------------------------------------------------------- */

static void say(struct buffer *out, enum status *status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void say(struct buffer *out, enum status *status, const char *format, ...)
{
    char line[FINDING_TEXT + 160];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (*status == STATUS_OK) *status = buffer_append(out, span_text(line));
}

static void place_text(const struct finding *finding, char text[48])
{
    if (finding->entry == FINDING_NO_ENTRY)
        snprintf(text, 48, "%" PRIu64, finding->height);
    else
        snprintf(text, 48, "%" PRIu64 ".%" PRIu32, finding->height, finding->entry);
}

static void say_findings(const struct audit_report *report, struct buffer *out, enum status *status)
{
    for (uint32_t i = 0; i < report->finding_count; i++) {
        const struct finding *finding = &report->findings[i];
        char place[48];
        place_text(finding, place);
        say(out, status, "%-8s %s at %s: %s\n",
            finding->severity == FINDING_ERROR ? "error" : "note", finding_name(finding->code),
            place, finding->text);
    }
    uint32_t hidden = report->error_count + report->note_count - report->finding_count;
    if (hidden > 0) say(out, status, "         and %" PRIu32 " more\n", hidden);
}

static void say_verdict(const struct audit_report *report, struct buffer *out, enum status *status)
{
    if (report->error_count > 0)
        say(out, status, "FAILED     %" PRIu32 " finding%s\n", report->error_count,
            report->error_count == 1 ? "" : "s");
    else if (!report->complete)
        say(out, status, "INCOMPLETE %s\n", report->incomplete);
    else
        say(out, status, "VERIFIED   %" PRIu64 " blocks\n", report->blocks);
}

enum status audit_report_text(const struct audit_report *report, struct buffer *out)
{
    enum status status = STATUS_OK;
    char chain[65], root[65];
    hex_encode(digest_span(&report->chain_id), chain);
    hex_encode(digest_span(&report->state_root), root);
    say(out, &status, "genesis    id %s, network %s\n", chain, report->network);
    if (report->first > report->last)
        say(out, &status, "blocks     none behind %" PRIu64 "; sealed up to %" PRIu64 "\n",
            report->last, report->sealed_height);
    else
        say(out, &status,
            "blocks     %" PRIu64 " ... %" PRIu64 "   hashes, links, times; %" PRIu64
            " signatures, a quorum on %" PRIu64 " blocks; sealed up to %" PRIu64 "\n",
            report->first, report->last, report->signatures, report->seals, report->sealed_height);
    say(out, &status, "entries    %" PRIu64 "   ids, signatures, thresholds, windows, roots\n",
        report->entries);
    say(out, &status, "state      executed again up to %" PRIu64 ", state root %s\n",
        report->executed_to, root);
    if (report->rows_compared)
        say(out, &status, "rows       %" PRIu64 " of tables and indexes, compared both ways\n",
            report->rows);
    else
        say(out, &status, "rows       not compared: the state of the last block is not known\n");
    say_findings(report, out, &status);
    say_verdict(report, out, &status);
    return status;
}

/* ---- as JSON -------------------------------------------------------------------------------- */

static json_t *finding_json(const struct finding *finding)
{
    json_t *o = json_pack("{s:s, s:s, s:I}", "code", finding_name(finding->code), "severity",
                          finding->severity == FINDING_ERROR ? "error" : "note", "height",
                          (json_int_t)finding->height);
    if (!o) return NULL;
    if (finding->entry != FINDING_NO_ENTRY)
        json_object_set_new(o, "entry", json_integer((json_int_t)finding->entry));
    json_object_set_new(o, "detail", json_string(finding->text));
    return o;
}

static json_t *findings_json(const struct audit_report *report)
{
    json_t *array = json_array();
    for (uint32_t i = 0; array && i < report->finding_count; i++)
        if (json_array_append_new(array, finding_json(&report->findings[i])) != 0) {
            json_decref(array);
            array = NULL;
        }
    return array;
}

static json_t *counts_json(const struct audit_report *report)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "blocks", (json_int_t)report->blocks,
                     "entries", (json_int_t)report->entries, "signatures",
                     (json_int_t)report->signatures, "seals", (json_int_t)report->seals, "rows",
                     (json_int_t)report->rows, "errors", (json_int_t)report->error_count, "notes",
                     (json_int_t)report->note_count);
}

static const char *verdict_word(const struct audit_report *report)
{
    if (report->error_count > 0) return "failed";
    return report->complete ? "verified" : "incomplete";
}

json_t *audit_report_json(const struct audit_report *report)
{
    char chain[65], head[65], root[65];
    hex_encode(digest_span(&report->chain_id), chain);
    hex_encode(digest_span(&report->head_hash), head);
    hex_encode(digest_span(&report->state_root), root);
    json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s}", "format", "witan-audit/1", "program",
                          report->program, "network", report->network, "chain_id", chain, "verdict",
                          verdict_word(report));
    if (!o) return NULL;
    if (!report->complete) json_object_set_new(o, "incomplete", json_string(report->incomplete));
    json_t *range =
        json_pack("{s:I, s:I, s:I, s:I}", "from_height", (json_int_t)report->first, "to_height",
                  (json_int_t)report->last, "executed_to", (json_int_t)report->executed_to,
                  "sealed_height", (json_int_t)report->sealed_height);
    bool failed = json_object_set_new(o, "range", range) != 0;
    failed |= json_object_set_new(o, "counts", counts_json(report)) != 0;
    failed |= json_object_set_new(o, "head_hash", json_string(head)) != 0;
    failed |= json_object_set_new(o, "state_root", json_string(root)) != 0;
    failed |= json_object_set_new(o, "rows_compared", json_boolean(report->rows_compared)) != 0;
    if (report->has_scratch) {
        hex_encode(digest_span(&report->scratch), root);
        failed |= json_object_set_new(o, "scratch_hash", json_string(root)) != 0;
    }
    failed |= json_object_set_new(o, "findings", findings_json(report)) != 0;
    if (!failed) return o;
    json_decref(o);
    return NULL;
}
