#include "rpc/openrpc.h"
#include "tests/unit/rpc/harness.h"
#include "tests/unit/rpc/schema.h"

#include <criterion/criterion.h>

static json_t *document;

static void open_all(void)
{
    struct span text = openrpc_text();
    document = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, NULL);
    cr_assert(document);
}

static void close_all(void)
{
    json_decref(document);
}

TestSuite(openrpc, .init = open_all, .fini = close_all);

/* The build embeds what lies in the tree: a stale object would answer an old contract. */
Test(openrpc, is_the_file_in_the_tree)
{
    static char bytes[1 << 20];
    FILE *file = fopen(WITAN_SOURCE "/rpc/openrpc.json", "rb");
    cr_assert(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    struct span text = openrpc_text();
    cr_assert_eq(size, text.size);
    cr_assert_eq(memcmp(bytes, text.data, size), 0);
}

static const json_t *resolve(const json_t *schema)
{
    const char *reference = json_string_value(json_object_get(schema, "$ref"));
    return reference ? schema_refer(document, reference) : schema;
}

static bool refers_to(const json_t *schema, const char *name)
{
    const char *reference = json_string_value(json_object_get(schema, "$ref"));
    return reference && strcmp(strrchr(reference, '/') + 1, name) == 0;
}

static void check_words(const struct rpc_parameter *p, const json_t *schema)
{
    const json_t *words = json_object_get(schema, "enum");
    size_t count = 0;
    for (; p->words[count]; count++)
        cr_assert_str_eq(p->words[count], json_string_value(json_array_get(words, count)), "%s",
                         p->name);
    cr_assert_eq(count, json_array_size(words), "%s", p->name);
    const json_t *standard = json_object_get(schema, "default");
    cr_assert_eq(p->has_standard, standard != NULL, "%s", p->name);
    if (standard) cr_assert_str_eq(p->words[p->standard], json_string_value(standard));
}

static void check_integer(const struct rpc_parameter *p, const json_t *schema)
{
    cr_assert_str_eq(json_string_value(json_object_get(schema, "type")), "integer", "%s", p->name);
    static const char *const names[] = { "minimum", "maximum", "default" };
    const uint64_t values[] = { p->least, p->most, p->standard };
    for (size_t i = 0; i < 3; i++) {
        json_int_t documented = json_integer_value(json_object_get(schema, names[i]));
        cr_assert_eq(values[i], (uint64_t)documented, "%s %s", p->name, names[i]);
    }
}

static void check_flag(const struct rpc_parameter *p, const json_t *schema)
{
    cr_assert_str_eq(json_string_value(json_object_get(schema, "type")), "boolean", "%s", p->name);
    cr_assert_eq(p->standard != 0, json_is_true(json_object_get(schema, "default")), "%s", p->name);
}

static void check_parameter(const struct rpc_parameter *p, const json_t *parameter)
{
    static const char *const names[] = {
        [ARGUMENT_HEIGHT] = "Height",     [ARGUMENT_HEIGHT_OR_TAG] = "HeightOrTag",
        [ARGUMENT_HASH] = "Hash",         [ARGUMENT_PUBLIC_KEY] = "PublicKey",
        [ARGUMENT_ID16] = "Id16",         [ARGUMENT_HEX] = "Hex",
        [ARGUMENT_ACCOUNT] = "AccountId", [ARGUMENT_VALIDATOR] = "ValidatorId",
        [ARGUMENT_ASSET] = "AssetId",     [ARGUMENT_HOLD] = "HoldId",
        [ARGUMENT_TIME] = "Time",         [ARGUMENT_CURSOR] = "Cursor",
        [ARGUMENT_OPERATION] = "OpName",
    };
    cr_assert_str_eq(json_string_value(json_object_get(parameter, "name")), p->name);
    cr_assert_eq(json_is_true(json_object_get(parameter, "required")), p->required, "%s", p->name);
    const json_t *schema = json_object_get(parameter, "schema");
    switch (p->type) {
    case ARGUMENT_WORD: check_words(p, resolve(schema)); break;
    case ARGUMENT_INTEGER: check_integer(p, schema); break;
    case ARGUMENT_BOOL: check_flag(p, schema); break;
    case ARGUMENT_CODE:
        cr_assert_str_eq(json_string_value(json_object_get(schema, "pattern")), "^[A-Z0-9]{1,12}$");
        break;
    case ARGUMENT_TEXT:
        cr_assert_str_eq(json_string_value(json_object_get(schema, "type")), "string");
        break;
    case ARGUMENT_OBJECTS:
        cr_assert_str_eq(text_at(schema, "type"), "array");
        cr_assert_str_eq(text_at(schema, "items/type"), "object");
        break;
    default: cr_assert(refers_to(schema, names[p->type]), "%s", p->name);
    }
}

Test(openrpc, methods_are_those_of_the_table)
{
    const json_t *methods = json_object_get(document, "methods");
    cr_assert_eq(json_array_size(methods), rpc_method_count);
    for (size_t i = 0; i < rpc_method_count; i++) {
        const struct rpc_method *m = rpc_methods[i];
        const json_t *method = json_array_get(methods, i);
        cr_assert_str_eq(json_string_value(json_object_get(method, "name")), m->name);
        const char *access = json_string_value(json_object_get(method, "x-access"));
        cr_assert_str_eq(access, rpc_access_word(m->access), "%s", m->name);
        const json_t *parameters = json_object_get(method, "params");
        cr_assert_eq(json_array_size(parameters), m->parameter_count, "%s", m->name);
        for (size_t p = 0; p < m->parameter_count; p++)
            check_parameter(&m->parameters[p], json_array_get(parameters, p));
    }
}

Test(openrpc, errors_are_those_of_the_table)
{
    const json_t *errors = json_object_get(json_object_get(document, "components"), "errors");
    cr_assert_eq(json_object_size(errors), RPC_ERROR_COUNT - 1);
    for (int i = 1; i < RPC_ERROR_COUNT; i++) {
        const struct rpc_error_row *row = rpc_error_row((enum rpc_error)i);
        const json_t *error = json_object_get(errors, row->kind);
        cr_assert(error, "%s", row->kind);
        cr_assert_eq(json_integer_value(json_object_get(error, "code")), row->code);
        cr_assert_str_eq(text_at(error, "message"), row->message);
        cr_assert_str_eq(text_at(error, "data/kind"), row->kind);
        cr_assert_str_eq(text_at(error, "data/retry"), rpc_retry_word(row->retry));
    }
}

static void check_references(const json_t *value)
{
    const char *key;
    size_t i;
    json_t *member;
    json_object_foreach((json_t *)value, key, member)
    {
        if (strcmp(key, "$ref") == 0)
            cr_assert(schema_refer(document, json_string_value(member)), "%s",
                      json_string_value(member));
        check_references(member);
    }
    json_array_foreach(value, i, member)
    {
        check_references(member);
    }
}

Test(openrpc, references_lead_somewhere)
{
    check_references(document);
}

Test(openrpc, examples_fit_their_schemas)
{
    size_t i, e, examples = 0;
    json_t *method, *example;
    json_array_foreach(json_object_get(document, "methods"), i, method)
    {
        json_array_foreach(json_object_get(method, "examples"), e, example)
        {
            struct schema_check check = { .document = document };
            const char *name = text_at(method, "name");
            cr_assert(schema_result(&check, name, at(example, "result/value")), "%s: %s", name,
                      check.why);
            examples++;
        }
    }
    cr_assert(examples >= 2);
}

/* ---- answers of the methods that need no ledger --------------------------------------------- */

static void check_answer(struct harness *h, const char *method, const char *params)
{
    struct schema_check check = { .document = document };
    json_t *answer = harness_call(h, method, params);
    cr_assert(answer, "%s waits", method);
    const json_t *result = at(answer, "result");
    cr_assert(result, "%s: %s", method, text_at(answer, "error/message"));
    cr_assert(schema_result(&check, method, result), "%s: %s", method, check.why);
    json_decref(answer);
}

Test(openrpc, answers_fit_their_schemas)
{
    static struct harness h;
    char params[4096];
    struct digest txid;
    harness_open(&h);
    static const char *const bare[] = { "node_status",     "node_health",  "peer_list",
                                        "mempool_status",  "rpc.discover", "consensus_state",
                                        "admin_log_level", "admin_config", "admin_shutdown" };
    for (size_t i = 0; i < sizeof bare / sizeof bare[0]; i++)
        check_answer(&h, bare[i], "");
    h.node->view.sync = SYNC_CATCHING_UP;
    h.node->view.leader = VALIDATOR_NONE;
    snprintf(h.node->view.votes_reason, sizeof h.node->view.votes_reason, "not_voting");
    check_answer(&h, "node_status", "");
    check_answer(&h, "consensus_state", "");

    char *hex = fake_transaction(1, &txid);
    snprintf(params, sizeof params, "{\"tx\":\"%s\",\"wait\":\"committed\"}", hex);
    check_answer(&h, "tx_submit", params);
    fake_block(h.node, &txid, RESULT_insufficient_funds);
    check_answer(&h, "tx_submit", params);
    char id[65];
    hex_encode(digest_span(&txid), id);
    snprintf(params, sizeof params, "[\"%s\"]", id);
    check_answer(&h, "tx_status", params);
    check_answer(&h, "tx_wait", params);
    free(hex);
    harness_close(&h);
}

/* The check itself must be able to fail. */
Test(openrpc, wrong_answers_do_not_fit)
{
    static const char *const wrong[] = {
        "{}",
        "[]",
        "{\"ready\":true}",
        "{\"ready\":1,\"checks\":[]}",
        "{\"ready\":true,\"checks\":[{\"name\":\"x\",\"ok\":true}]}",
        "{\"ready\":true,\"checks\":[],\"more\":1}",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct schema_check check = { .document = document };
        json_t *value = json_loads(wrong[i], 0, NULL);
        cr_assert_not(schema_result(&check, "node_health", value), "%s", wrong[i]);
        json_decref(value);
    }
}
