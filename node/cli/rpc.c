/* node/cli/rpc.c -- any method, by name: `witan rpc METHOD name=value`. */
#include "genesis/json.h"
#include "node/cli/table.h"
#include "rpc/method.h"
#include "rpc/openrpc.h"
#include <stdlib.h>

/* ---- list, describe ---- */

static int list_methods(void)
{
    for (size_t i = 0; i < rpc_method_count; i++) {
        const struct rpc_method *method = rpc_methods[i];
        printf("%-18s %-7s", method->name, rpc_access_word(method->access));
        for (size_t p = 0; p < method->parameter_count; p++)
            printf("%s%s%s", p > 0 ? ", " : " ", method->parameters[p].name,
                   method->parameters[p].required ? " (required)" : "");
        putchar('\n');
    }
    return CLI_EXIT_DONE;
}

static int describe(const char *name)
{
    struct problem problem;
    json_t *document = json_read(openrpc_text(), 16 * 1024 * 1024, &problem);
    if (!document) return cli_fail_memory();
    size_t index;
    json_t *method;
    int exit_code = CLI_EXIT_NOT_FOUND;
    json_array_foreach(json_object_get(document, "methods"), index, method)
    {
        const char *own = json_string_value(json_object_get(method, "name"));
        if (!own || strcmp(own, name) != 0) continue;
        char *text = cli_json_text(method);
        exit_code = text ? CLI_EXIT_DONE : cli_fail_memory();
        if (text) fputs(text, stdout);
        free(text);
    }
    json_decref(document);
    if (exit_code == CLI_EXIT_NOT_FOUND)
        cli_fail(exit_code, NULL, "witan rpc --list shows them all", "no such method");
    return exit_code;
}

/* ---- call ---- */

/* name=value is a string, or a number if the method's parameter is one; name:=json is JSON. */
static const struct rpc_parameter *parameter_of(const char *method, const char *name, size_t size)
{
    for (size_t i = 0; i < rpc_method_count; i++) {
        if (strcmp(rpc_methods[i]->name, method) != 0) continue;
        for (size_t p = 0; p < rpc_methods[i]->parameter_count; p++) {
            const struct rpc_parameter *parameter = &rpc_methods[i]->parameters[p];
            if (strlen(parameter->name) == size && memcmp(parameter->name, name, size) == 0)
                return parameter;
        }
    }
    return NULL;
}

static json_t *plain_value(const struct rpc_parameter *parameter, const char *text)
{
    bool number =
        parameter && (parameter->type == ARGUMENT_INTEGER || parameter->type == ARGUMENT_HEIGHT ||
                      parameter->type == ARGUMENT_HEIGHT_OR_TAG);
    if (number && text[0] && strspn(text, "0123456789") == strlen(text) && strlen(text) < 16)
        return json_integer((json_int_t)strtoll(text, NULL, 10));
    if (parameter && parameter->type == ARGUMENT_BOOL &&
        (strcmp(text, "true") == 0 || strcmp(text, "false") == 0))
        return json_boolean(strcmp(text, "true") == 0);
    return json_string(text);
}

static int add_argument(json_t *params, const char *method, const char *argument)
{
    const char *equals = strchr(argument, '=');
    char quoted[QUOTE_TEXT];
    if (!equals || equals == argument)
        return cli_fail(CLI_EXIT_USAGE, NULL, "write name=value, or name:=json",
                        "\"%s\" is not a parameter", text_quote(argument, quoted));
    bool json = equals[-1] == ':';
    size_t size = (size_t)(equals - argument) - (json ? 1 : 0);
    struct problem problem = { .status = STATUS_OK };
    json_t *value = json ? json_read(span_text(equals + 1), 1024 * 1024, &problem)
                         : plain_value(parameter_of(method, argument, size), equals + 1);
    if (!value)
        return cli_fail(CLI_EXIT_USAGE, NULL, NULL, "%.*s: %s", (int)min_u64(size, 60), argument,
                        json ? problem.text : "not text");
    return json_object_setn_new(params, argument, size, value) == 0 ? CLI_EXIT_DONE
                                                                    : cli_fail_memory();
}

static int rpc(struct cli_call *call)
{
    if (cli_switch(call, "list")) return list_methods();
    if (cli_text(call, "describe")) return describe(cli_text(call, "describe"));
    const char *method = cli_argument(call, 0);
    if (!method)
        return cli_fail(CLI_EXIT_USAGE, NULL, "witan rpc --list shows them all", "which method?");
    json_t *params = json_object();
    int exit_code = params ? CLI_EXIT_DONE : cli_fail_memory();
    for (size_t i = 1; i < call->argument_count && exit_code == CLI_EXIT_DONE; i++)
        exit_code = add_argument(params, method, call->arguments[i]);
    if (exit_code != CLI_EXIT_DONE) {
        json_decref(params);
        return exit_code;
    }
    json_t *result = cli_ask(call, method, params, &exit_code);
    if (!result) return exit_code;
    char *text = json_dumps(result, cli_switch(call, "json") ? JSON_COMPACT : JSON_INDENT(2));
    if (text) puts(text);
    free(text);
    json_decref(result);
    return text ? CLI_EXIT_DONE : cli_fail_memory();
}

static const struct cli_flag flags[] = {
    { .name = "list", .type = CLI_SWITCH, .help = "the methods, their access and parameters" },
    { .name = "describe", .type = CLI_TEXT, .value = "METHOD", .help = "one method's schema" },
    { .name = "json", .type = CLI_SWITCH, .help = "the result on one line" },
    CLI_FLAGS_END,
};

const struct cli_command rpc_commands[] = {
    { .path = "rpc",
      .summary = "Call a method of the node",
      .arguments = "[METHOD [name=value | name:=json]...]",
      .arguments_max = 64,
      .groups = CLI_GROUP_NODE,
      .flags = flags,
      .examples = { "rpc --list", "rpc block_get height=latest entries=full",
                    "rpc tx_status tx_id=9f86..." },
      .run = rpc },
    CLI_COMMANDS_END,
};
