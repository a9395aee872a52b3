#include "node/cli/read.h"

#include "genesis/json.h"
#include "rpc/method.h"
#include <stdlib.h>

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

/* The type of a parameter; the method has it, for views and flags come from its table. */
static enum argument_type type_of(const char *method_name, const char *name)
{
    const struct rpc_method *method = cli_method(method_name);
    const struct rpc_parameter *found = NULL;
    for (size_t i = 0; i < method->parameter_count; i++)
        if (strcmp(method->parameters[i].name, name) == 0) found = &method->parameters[i];
    ASSERT(found != NULL);
    return found->type;
}

static bool set_parameter(struct reading *reading, const char *name, const char *text)
{
    char quoted[QUOTE_TEXT];
    enum argument_type type = type_of(reading->call->command->method, name);
    json_t *value = value_of(reading, type, text);
    if (value && json_object_set_new(reading->params, name, value) == 0) return true;
    if (reading->exit_code == CLI_EXIT_DONE)
        reading->exit_code = cli_fail(CLI_EXIT_USAGE, NULL, NULL, "%s: \"%s\" is not text", name,
                                      text_quote(text, quoted));
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
    for (size_t i = 0; i < call->argument_count && view->positional[i]; i++)
        if (!set_positional(reading, view->positional[i], call->arguments[i])) return false;
    for (const struct cli_flag *flag = call->method_flags; flag && flag->name; flag++) {
        if (!cli_given(call, flag->name)) continue;
        char name[32];
        size_t length = strlen(flag->name);
        ASSERT(length < sizeof name);
        for (size_t i = 0; i <= length; i++)
            name[i] = (char)(flag->name[i] == '-' ? '_' : flag->name[i]);
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

/* ---- agreement of several nodes ---- */

/* What may differ between honest nodes: how far each of them is, and its clock. */
static json_t *comparable(const json_t *result)
{
    static const char *const own[] = { "ledger_height", "ledger_time",   "node_time",
                                       "height",        "sealed_height", "block_hash" };
    json_t *copy = json_copy((json_t *)result);
    bool is_head = json_object_get(result, "node_time") != NULL; /* chain_info */
    for (size_t i = 0; copy && i < (is_head ? 6 : 3); i++)
        json_object_del(copy, own[i]);
    return copy;
}

static bool agrees(const char *url, const struct reading *reading, const json_t *wanted)
{
    struct rpc_client *client = NULL;
    struct rpc_failure failure = { .what = FAILURE_NONE };
    uint32_t timeout = (uint32_t)cli_number(reading->call, "timeout");
    if (rpc_client_open(&client, url, timeout, NULL) != STATUS_OK) return false;
    const char *method = reading->call->command->method;
    json_t *result = rpc_client_call(client, method, reading->params, &failure);
    json_t *own = result ? comparable(result) : NULL;
    bool same = own && json_equal(own, wanted) == 1;
    json_decref(own);
    json_decref(result);
    rpc_failure_clear(&failure);
    rpc_client_close(client);
    return same;
}

/* --agree N: the first answer is right if N nodes, the first one included, give it. */
static int check_agreement(const struct reading *reading, const json_t *result)
{
    uint64_t wanted = cli_number(reading->call, "agree");
    if (wanted <= 1) return CLI_EXIT_DONE;
    char *urls[CLI_NODES_MAX];
    size_t count = cli_urls(reading->call, urls);
    json_t *answer = comparable(result);
    uint64_t found = 1;
    size_t answered = 0;
    while (answered + 1 < count && strcmp(urls[answered], rpc_client_url(reading->client)) != 0)
        answered++;
    for (size_t i = 0; i < count && found < wanted && answer; i++)
        if (i != answered) found += agrees(urls[i], reading, answer) ? 1 : 0;
    bool compared = answer != NULL;
    json_decref(answer);
    cli_urls_free(urls, count);
    if (!compared) return cli_fail_memory();
    if (found >= wanted) return CLI_EXIT_DONE;
    return cli_fail(CLI_EXIT_UNVERIFIED, NULL,
                    "--node names them all; --min-height lets them reach the same height first",
                    "%llu of the %llu nodes asked for give this answer", (unsigned long long)found,
                    (unsigned long long)wanted);
}

/* ---- asking ---- */

static json_t *ask(struct reading *reading)
{
    const struct cli_call *call = reading->call;
    struct rpc_failure failure = { .what = FAILURE_NONE };
    json_t *result =
        rpc_client_call(reading->client, call->command->method, reading->params, &failure);
    if (cli_switch(call, "verbose") && result)
        fprintf(stderr, "%s, request %s\n", rpc_client_url(reading->client),
                rpc_client_request_id(reading->client));
    if (!result) reading->exit_code = cli_fail_rpc(&failure, call->command->path);
    return result;
}

/* Opens the client and gathers the parameters; false after an error that is printed. Ends with
 * reading_end in any case. */
static bool reading_begin(struct reading *reading, const struct cli_call *call,
                          const struct cli_view *view)
{
    *reading = (struct reading){ .call = call, .exit_code = CLI_EXIT_DONE };
    reading->client = cli_client(call, &reading->exit_code);
    if (!reading->client) return false;
    reading->params = json_object();
    if (!reading->params) reading->exit_code = cli_fail_memory();
    return reading->params && set_parameters(reading, view);
}

static void reading_end(struct reading *reading)
{
    json_decref(reading->params);
    rpc_client_close(reading->client);
}

json_t *cli_read_params(const struct cli_call *call, const struct cli_view *view, int *exit_code)
{
    struct reading reading;
    json_t *params = reading_begin(&reading, call, view) ? json_incref(reading.params) : NULL;
    *exit_code = reading.exit_code;
    reading_end(&reading);
    return params;
}

int cli_read(struct cli_call *call)
{
    const struct cli_view *view = call->command->data;
    struct reading reading;
    json_t *result = reading_begin(&reading, call, view) ? ask(&reading) : NULL;
    if (result) reading.exit_code = check_agreement(&reading, result);
    if (result && reading.exit_code == CLI_EXIT_DONE)
        reading.exit_code = show(&reading, view, result);
    if (result && view->judge && reading.exit_code == CLI_EXIT_DONE)
        reading.exit_code = view->judge(result);
    json_decref(result);
    reading_end(&reading);
    return reading.exit_code;
}
