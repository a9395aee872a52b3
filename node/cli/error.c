/* node/cli/error.c -- how a command says that it failed. */
#include "node/cli/cli.h"

#include "genesis/json.h"
#include "ledger/explain.h"
#include <stdarg.h>
#include <stdlib.h>

int cli_fail(int exit_code, const char *word, const char *hint, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fflush(stdout); /* What was said before comes first, also in a log that holds both. */
    fputs("witan: ", stderr);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    if (hint && hint[0]) fprintf(stderr, "       %s\n", hint);
    if (word && word[0]) fprintf(stderr, "       [%s]\n", word);
    return exit_code;
}

int cli_fail_memory(void)
{
    return cli_fail(CLI_EXIT_SYSTEM, NULL, NULL, "out of memory");
}

/* "WHAT: the sentence", unless the sentence begins so itself, as those that name a file do. */
static int fail_with(int exit_code, const struct problem *problem, const char *what)
{
    const char *text = problem->text[0] ? problem->text : status_text(problem->status);
    if (strncmp(text, what, strlen(what)) == 0) return cli_fail(exit_code, NULL, NULL, "%s", text);
    return cli_fail(exit_code, NULL, NULL, "%s: %s", what, text);
}

int cli_fail_problem(const struct problem *problem, const char *what)
{
    return fail_with(cli_exit_of_status(problem->status), problem, what);
}

int cli_fail_document(const struct problem *problem, const char *what)
{
    bool system = problem->status == STATUS_NO_MEMORY || problem->status == STATUS_IO ||
                  problem->status == STATUS_BUSY || problem->status == STATUS_EXISTS;
    return fail_with(system ? cli_exit_of_status(problem->status) : CLI_EXIT_CONFIG, problem, what);
}

void cli_note(const struct cli_call *call, const char *format, ...)
{
    if (cli_switch(call, "quiet")) return;
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

static int exit_of_error(const struct rpc_failure *failure)
{
    switch (rpc_error_by_kind(failure->kind)) {
    case RPC_ERROR_not_found: return CLI_EXIT_NOT_FOUND;
    case RPC_ERROR_unauthenticated:
    case RPC_ERROR_forbidden: return CLI_EXIT_FORBIDDEN;
    case RPC_ERROR_unavailable: return CLI_EXIT_NOT_READY;
    case RPC_ERROR_invalid_params: return CLI_EXIT_USAGE;
    default: break;
    }
    switch (failure->retry) {
    case RETRY_NEVER:
    case RETRY_RE_SIGN: return CLI_EXIT_REFUSED;
    case RETRY_SAME_REQUEST:
    case RETRY_AFTER_DELAY: return CLI_EXIT_OPEN;
    case RETRY_OTHER_NODE: return CLI_EXIT_FAILED;
    }
    return CLI_EXIT_FAILED;
}

static const char *hint_of(const struct rpc_failure *failure)
{
    const char *hint = json_string_value(json_object_get(failure->data, "hint"));
    if (hint) return hint;
    const struct explanation *explanation = explain_find(failure->kind);
    if (explanation) return explanation->remedy;
    switch (failure->retry) {
    case RETRY_SAME_REQUEST: return "send the same again in a moment";
    case RETRY_AFTER_DELAY: return "try again later";
    case RETRY_OTHER_NODE: return "ask another node";
    case RETRY_RE_SIGN: return "build a new transaction";
    case RETRY_NEVER: break;
    }
    return NULL;
}

/* The further members of an error's data as "name value, name value". */
static void data_text(const json_t *data, char *text, size_t size)
{
    const char *name;
    json_t *value;
    size_t used = 0;
    text[0] = 0;
    json_object_foreach((json_t *)data, name, value)
    {
        bool known = strcmp(name, "kind") == 0 || strcmp(name, "retry") == 0 ||
                     strcmp(name, "request_id") == 0 || strcmp(name, "hint") == 0;
        if (known || json_is_null(value)) continue;
        char *line = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        if (!line) return;
        char quoted[QUOTE_TEXT];
        const char *shown = json_is_string(value) ? json_string_value(value) : line;
        int wrote = snprintf(text + used, size - used, "%s%s %s", used ? ", " : ": ", name,
                             text_quote(shown, quoted));
        free(line);
        if (wrote < 0 || (size_t)wrote >= size - used) return;
        used += (size_t)wrote;
    }
}

int cli_fail_rpc(struct rpc_failure *failure, const char *what)
{
    int exit_code = CLI_EXIT_FAILED;
    char word[160] = "";
    char data[400] = "";
    char quoted[QUOTE_TEXT];
    const char *hint = NULL;
    switch (failure->what) {
    case FAILURE_CONNECT:
        exit_code = CLI_EXIT_UNREACHABLE;
        hint = "is the node running? --node names another one";
        break;
    case FAILURE_LOST:
    case FAILURE_TIMEOUT:
        exit_code = CLI_EXIT_OPEN;
        hint = "no answer came: running the same command again is safe";
        break;
    case FAILURE_ANSWER:
        exit_code = CLI_EXIT_UNREACHABLE;
        hint = "what answers there is not a node of this kind";
        break;
    case FAILURE_ERROR:
        exit_code = exit_of_error(failure);
        hint = hint_of(failure);
        data_text(failure->data, data, sizeof data);
        snprintf(word, sizeof word, "%s %lld%s%s", failure->kind, (long long)failure->code,
                 failure->request_id[0] ? ", request " : "", failure->request_id);
        break;
    default: break;
    }
    cli_fail(exit_code, word, hint, "%s: %s%s", what, text_quote(failure->text, quoted), data);
    rpc_failure_clear(failure);
    return exit_code;
}
