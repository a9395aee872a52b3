#include "genesis/json.h"
#include "tests/unit/format/samples.h"

#include <criterion/criterion.h>

static void start(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
}

TestSuite(action_json, .init = start);

static struct span written(const struct action *action, uint8_t bytes[ACTION_BYTES_MAX])
{
    struct writer w;
    writer_init_fixed(&w, bytes, ACTION_BYTES_MAX);
    action_write(&w, action);
    return writer_span(&w);
}

Test(action_json, every_kind_goes_there_and_back)
{
    for (unsigned kind = ACTION_PARAMS_SET; kind <= ACTION_ENGINE_PARAMS; kind++) {
        uint8_t bytes[ACTION_BYTES_MAX], again[ACTION_BYTES_MAX];
        struct action action = sample_action((enum action_kind)kind), read;
        struct problem problem = { .text = "" };
        json_t *document = action_json(&action);
        cr_assert_not_null(document);
        cr_assert_str_eq(json_string_value(json_object_get(document, "action")),
                         action_name((uint8_t)kind));
        cr_assert_eq(action_from_json(document, &read, &problem), STATUS_OK, "%s", problem.text);
        cr_assert(span_equal(written(&action, bytes), written(&read, again)));
        json_decref(document);
    }
}

Test(action_json, values_are_numbers_and_fractions)
{
    struct action action = sample_action(ACTION_PARAMS_SET);
    json_t *document = action_json(&action);
    cr_assert_str_eq(json_string_value(json_object_get(document, "value")), "3/4");
    json_decref(document);
    action.params_set.index = PARAM_max_idle_ms;
    action.params_set.value = 5000;
    document = action_json(&action);
    cr_assert_str_eq(json_string_value(json_object_get(document, "name")), "max_idle_ms");
    cr_assert_eq(json_integer_value(json_object_get(document, "value")), 5000);
    json_decref(document);
}

static void refused(const char *text, enum status wanted, const char *where)
{
    struct problem problem = { .text = "" };
    struct action action;
    json_t *document = json_loads(text, JSON_DECODE_ANY, NULL);
    cr_assert_not_null(document, "%s", text);
    enum status status = action_from_json(document, &action, &problem);
    cr_assert_eq(status, wanted, "%s: %s: %s", text, status_name(status), problem.text);
    cr_assert_not_null(strstr(problem.text, where), "%s", problem.text);
    json_decref(document);
}

Test(action_json, what_is_refused)
{
    refused("[]", STATUS_MALFORMED, "object");
    refused("{}", STATUS_MALFORMED, "/action");
    refused("{\"action\":\"params.put\"}", STATUS_INVALID, "did you mean \"params.set\"?");
    refused("{\"action\":\"engine.switch\"}", STATUS_INVALID, "/action");
    refused("{\"action\":\"params.set\",\"name\":\"max_idel_ms\",\"value\":1}", STATUS_INVALID,
            "did you mean \"max_idle_ms\"?");
    refused("{\"action\":\"params.set\",\"name\":\"max_idle_ms\",\"value\":\"1\"}",
            STATUS_MALFORMED, "/value");
    refused("{\"action\":\"params.set\",\"name\":\"gov_critical\",\"value\":1}", STATUS_MALFORMED,
            "/value");
    refused("{\"action\":\"params.set\",\"name\":\"gov_critical\",\"value\":\"2:3\"}",
            STATUS_MALFORMED, "2/3");
    refused("{\"action\":\"params.set\",\"name\":\"max_idle_ms\",\"value\":1,\"more\":1}",
            STATUS_MALFORMED, "/more");
    refused("{\"action\":\"member.remove\",\"account\":\"val1\"}", STATUS_MALFORMED, "/account");
    refused("{\"action\":\"engine.params\",\"name\":\"View\",\"value\":1}", STATUS_INVALID,
            "not the name of a parameter");
}

static json_t *sample(enum action_kind kind)
{
    struct action action = sample_action(kind);
    json_t *document = action_json(&action);
    cr_assert_not_null(document);
    return document;
}

static void refused_with(json_t *document, const char *name, json_t *value, enum status wanted,
                         const char *where)
{
    json_object_set_new(document, name, value);
    char *text = json_dumps(document, 0);
    refused(text, wanted, where);
    free(text);
    json_decref(document);
}

Test(action_json, the_static_rules_hold_here_too)
{
    refused_with(sample(ACTION_VALIDATOR_ADD), "endpoint", json_string("nowhere"), STATUS_INVALID,
                 "endpoint is not host:port");
    refused_with(sample(ACTION_VALIDATOR_ADD), "ready", json_object(), STATUS_MALFORMED,
                 "/ready/height");
    refused_with(sample(ACTION_VALIDATOR_ADD), "ready", json_integer(1), STATUS_MALFORMED,
                 "/ready");
    refused_with(sample(ACTION_MEMBER_ADD), "name", json_string(""), STATUS_INVALID, "name");
    refused_with(sample(ACTION_ACCOUNT_ROLES), "roles", json_pack("[s]", "auditor"), STATUS_INVALID,
                 "/roles");
    refused_with(sample(ACTION_ACCOUNT_FROZEN), "frozen", json_integer(1), STATUS_MALFORMED,
                 "/frozen");
    char zeros[65];
    memset(zeros, '0', 64);
    zeros[64] = 0;
    refused_with(sample(ACTION_VALIDATOR_REKEY), "seal_key", json_string(zeros), STATUS_BAD_KEY,
                 "/seal_key");
}

Test(action_json, no_problem_is_wanted)
{
    struct action action;
    json_t *document = json_object();
    cr_assert_neq(action_from_json(document, &action, NULL), STATUS_OK);
    json_decref(document);
}
