/* node/cli/verify_report.c -- `witan verify` of an audit's report: who signed it, what it says.
 *
 * A report proves nothing about the ledger; it shows that whoever holds a key says so. Whether that
 * key is the auditor's, the reader must know. Whoever wants more than a word runs the audit.
 */
#include "genesis/json.h"
#include "ledger/audit.h"
#include "node/cli/proof.h"
#include <stdlib.h>

enum { REPORT_BYTES_MAX = 64 * 1024 * 1024, REPORT_HEAD_BYTES = 4096 };

bool cli_is_report(struct span content)
{
    static const char format[] = "\"witan-audit/";
    size_t size = (size_t)min_u64(content.size, REPORT_HEAD_BYTES);
    return size > 0 && content.data[0] == '{' &&
           memmem(content.data, size, format, sizeof format - 1) != NULL;
}

/* A stranger's text on a terminal. */
static const char *text_at(const json_t *document, const char *path, char quoted[QUOTE_TEXT])
{
    const char *text = json_string_value(json_at(document, path));
    return text_quote(text ? text : "?", quoted);
}

static long long number_at(const json_t *document, const char *path)
{
    return (long long)json_integer_value(json_at(document, path));
}

/* {"file", "verified", "kind": "audit", "auditor", "verdict"} */
static int say_json(const char *file, const json_t *document, bool clean)
{
    json_t *answer = json_pack("{s:s, s:b, s:s, s:O, s:O}", "file", file, "verified", clean, "kind",
                               "audit", "auditor", json_object_get(document, "auditor"), "verdict",
                               json_object_get(document, "verdict"));
    char *line = answer ? json_dumps(answer, JSON_COMPACT) : NULL;
    json_decref(answer);
    if (!line) return cli_fail_memory();
    puts(line);
    free(line);
    return CLI_EXIT_DONE;
}

static void say_lines(const json_t *document, bool clean)
{
    char words[3][QUOTE_TEXT];
    printf("report      audit of %s by %s\n", text_at(document, "network", words[0]),
           text_at(document, "program", words[1]));
    printf("signed      by key %s: is it the auditor's?\n", text_at(document, "auditor", words[2]));
    printf("%-11s blocks %lld to %lld, %lld errors, %lld notes; block %lld is %s\n",
           clean ? "VERIFIED" : "REFUSED", number_at(document, "range.from_height"),
           number_at(document, "range.to_height"), number_at(document, "counts.errors"),
           number_at(document, "counts.notes"), number_at(document, "range.executed_to"),
           text_at(document, "head_hash", words[0]));
}

static int say(const struct cli_call *call, const char *file, const json_t *document)
{
    char quoted[QUOTE_TEXT];
    const char *verdict = text_at(document, "verdict", quoted);
    bool clean = strcmp(verdict, "verified") == 0;
    int exit_code = CLI_EXIT_DONE;
    if (cli_switch(call, "json"))
        exit_code = say_json(file, document, clean);
    else
        say_lines(document, clean);
    if (exit_code != CLI_EXIT_DONE) return exit_code;
    if (clean) return CLI_EXIT_DONE;
    return cli_fail(strcmp(verdict, "incomplete") == 0 ? CLI_EXIT_OPEN : CLI_EXIT_UNVERIFIED, NULL,
                    NULL, "the audit ended with: %s", verdict);
}

static int judge(const struct cli_call *call, const char *file, const struct genesis *genesis,
                 const json_t *document)
{
    struct public_key auditor;
    struct audit_mark mark;
    struct problem problem = { .status = STATUS_OK };
    const char *key = json_string_value(json_object_get(document, "auditor"));
    if (!key || strlen(key) != 64 || !hex_decode(key, 64, auditor.bytes, sizeof auditor.bytes))
        return cli_fail(CLI_EXIT_UNVERIFIED, "report_unsigned",
                        "witan audit verify --key signs its report; without that, run the audit",
                        "%s is the report of an audit, and not signed: anybody may have written it",
                        file);
    /* That there is nothing to go on from is no fault here. */
    enum status status = audit_mark_read(document, &auditor, &genesis->chain_id, &mark, &problem);
    if (status == STATUS_NO_MEMORY) return cli_fail_memory();
    if (status != STATUS_OK && status != STATUS_UNSUPPORTED)
        return cli_fail(CLI_EXIT_UNVERIFIED,
                        status == STATUS_MISMATCH ? "report_other_chain" : "report_altered", NULL,
                        "%s: %s", file, problem.text);
    return say(call, file, document);
}

int cli_verify_report(const struct cli_call *call, const char *file, const struct genesis *genesis,
                      struct span content)
{
    struct problem problem = { .status = STATUS_OK };
    json_t *document = json_read(content, REPORT_BYTES_MAX, &problem);
    if (!document)
        return cli_fail(problem.status == STATUS_NO_MEMORY ? CLI_EXIT_SYSTEM : CLI_EXIT_UNVERIFIED,
                        "report_altered", NULL, "%s: %s", file, problem.text);
    int exit_code = judge(call, file, genesis, document);
    json_decref(document);
    return exit_code;
}
