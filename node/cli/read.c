#include "node/cli/read.h"

#include "genesis/json.h"
#include "rpc/method.h"
#include <stdlib.h>

static const struct rpc_method *method_of(const char *name)
{
    for (size_t i = 0; i < rpc_method_count; i++)
        if (strcmp(rpc_methods[i]->name, name) == 0) return rpc_methods[i];
    ASSERT(!"a command names a method that is not in the table");
    return NULL;
}

struct reading {
    const struct cli_call *call;
    struct rpc_client *client;
    json_t *params;
    int exit_code;
};

/* ---- arguments to parameters ---- */

static bool all_digits(const char *text)
{
    return text[0] && strspn(text, "0123456789") == strlen(text) && strlen(text) < 16;
}

static json_t *account_value(struct reading *reading, const char *text)
{
    struct id id;
    struct problem problem;
    if (cli_account(reading->call, text, &id, &problem) == STATUS_OK)
        return json_address_new(ADDRESS_ACCOUNT, &id);
    reading->exit_code = cli_fail(CLI_EXIT_USAGE, NULL, NULL, "%s", problem.text);
    return NULL;
}

static json_t *asset_value(struct reading *reading, const char *text)
{
    struct cli_asset asset;
    if (strncmp(text, "ast1", 4) == 0) return json_string(text);
    if (!cli_asset(reading->client, text, &asset, &reading->exit_code)) return NULL;
    return json_string(asset.text);
}

static json_t *hex_value(struct reading *reading, const char *text)
{
    char *hex = record_hex(text);
    json_t *value = hex ? json_string(hex) : NULL;
    free(hex);
    if (!value)
        reading->exit_code =
            cli_fail(CLI_EXIT_USAGE, NULL, "write text, or hex: and lower-case hex digits",
                     "not a record key");
    return value;
}

static json_t *value_of(struct reading *reading, enum argument_type type, const char *text)
{
    switch (type) {
    case ARGUMENT_BOOL: return json_boolean(strcmp(text, "true") == 0);
    case ARGUMENT_INTEGER:
    case ARGUMENT_HEIGHT:
    case ARGUMENT_HEIGHT_OR_TAG:
        return all_digits(text) ? json_integer((json_int_t)strtoll(text, NULL, 10))
                                : json_string(text);
    case ARGUMENT_ACCOUNT: return account_value(reading, text);
    case ARGUMENT_ASSET: return asset_value(reading, text);
    case ARGUMENT_HEX: return hex_value(reading, text);
    default: return json_string(text);
    }
}

static bool set_parameter(struct reading *reading, const char *name, const char *text)
{
    const struct rpc_method *method = method_of(reading->call->command->method);
    for (size_t i = 0; i < method->parameter_count; i++) {
        if (strcmp(method->parameters[i].name, name) != 0) continue;
        json_t *value = value_of(reading, method->parameters[i].type, text);
        if (value && json_object_set_new(reading->params, name, value) == 0) return true;
        if (reading->exit_code == CLI_EXIT_DONE) {
            char quoted[QUOTE_TEXT];
            reading->exit_code = cli_fail(CLI_EXIT_USAGE, NULL, NULL, "%s: \"%s\" is not text",
                                          name, text_quote(text, quoted));
        }
        return false;
    }
    ASSERT(!"a view names a parameter that the method does not have");
    return false;
}

/* A block is named by its height or its hash. */
static bool set_positional(struct reading *reading, const char *name, const char *text)
{
    bool is_hash = strlen(text) == 64;
    if (strcmp(name, "block") == 0)
        return set_parameter(reading, is_hash ? "hash" : "height", text);
    return set_parameter(reading, name, text);
}

static bool set_parameters(struct reading *reading, const struct cli_view *view)
{
    const struct cli_call *call = reading->call;
    for (size_t i = 0; i < call->argument_count; i++)
        if (!set_positional(reading, view->positional[i], call->arguments[i])) return false;
    for (const struct cli_flag *flag = call->method_flags; flag && flag->name; flag++) {
        if (!cli_given(call, flag->name)) continue;
        char name[32];
        size_t length = strlen(flag->name);
        for (size_t i = 0; i <= length; i++)
            name[i] = flag->name[i] == '-' ? '_' : flag->name[i];
        if (!set_parameter(reading, name, cli_text(call, flag->name))) return false;
    }
    return true;
}

/* ---- showing ---- */

static int show(struct reading *reading, const struct cli_view *view, const json_t *result)
{
    const struct cli_call *call = reading->call;
    if (cli_wants_json(call)) return cli_print_json(call, result);
    struct cli_scales scales = { .client = reading->client };
    if (!view->items)
        return cli_print_record(call, result, view->columns, view->column_count, cli_scales_of,
                                &scales);
    int exit_code = cli_print_items(call, json_at(result, view->items), view->columns,
                                    view->column_count, cli_scales_of, &scales);
    const char *cursor = json_string_value(json_object_get(result, "next_cursor"));
    if (cursor && exit_code == CLI_EXIT_DONE)
        cli_note(call, "there is more: the same command with --cursor %s", cursor);
    return exit_code;
}

int cli_read(struct cli_call *call)
{
    const struct cli_view *view = call->command->data;
    struct reading reading = { .call = call, .exit_code = CLI_EXIT_DONE };
    reading.client = cli_client(call, &reading.exit_code);
    if (!reading.client) return reading.exit_code;
    reading.params = json_object();
    if (!reading.params) reading.exit_code = cli_fail_memory();
    if (reading.params && set_parameters(&reading, view)) {
        struct rpc_failure failure = { .what = FAILURE_NONE };
        json_t *result =
            rpc_client_call(reading.client, call->command->method, reading.params, &failure);
        if (cli_switch(call, "verbose") && result)
            fprintf(stderr, "%s, request %s\n", rpc_client_url(reading.client),
                    rpc_client_request_id(reading.client));
        reading.exit_code =
            result ? show(&reading, view, result) : cli_fail_rpc(&failure, call->command->path);
        json_decref(result);
    }
    json_decref(reading.params);
    rpc_client_close(reading.client);
    return reading.exit_code;
}
