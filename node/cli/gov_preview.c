/* node/cli/gov_preview.c -- what a proposal would do, before it is signed. */
#include "node/cli/gov.h"

#include "genesis/json.h"
#include <inttypes.h>

static json_t *params_of(const struct cli_actions *actions)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < actions->count; i++)
        if (json_array_append_new(list, action_json(&actions->list[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    return json_pack("{s:o}", "actions", list);
}

static const json_t *machine_of(const json_t *preview, const char *validator)
{
    size_t i;
    json_t *machine;
    json_array_foreach(json_object_get(preview, "machines"), i, machine)
    {
        const char *name = json_string_value(json_object_get(machine, "validator"));
        if (name && strcmp(name, validator) == 0) return machine;
    }
    return NULL;
}

static void count_live(json_t *preview, const char *side)
{
    size_t i;
    json_t *machine;
    json_int_t live = 0;
    json_t *set = json_object_get(preview, side);
    json_array_foreach(json_object_get(preview, "machines"), i, machine)
    {
        bool in = json_is_true(json_object_get(machine, side));
        live += in && json_is_true(json_object_get(machine, "connected"));
    }
    json_int_t quorum = json_integer_value(json_object_get(set, "quorum"));
    json_object_set_new(set, "live", json_integer(live));
    json_object_set_new(set, "tolerates", json_integer(live - quorum));
}

/* Another node may be connected to a machine that the first is not. */
static void merge(json_t *preview, const json_t *other)
{
    size_t i;
    json_t *machine;
    json_array_foreach(json_object_get(preview, "machines"), i, machine)
    {
        const char *name = json_string_value(json_object_get(machine, "validator"));
        const json_t *same = name ? machine_of(other, name) : NULL;
        if (same && json_is_true(json_object_get(same, "connected")))
            json_object_set_new(machine, "connected", json_true());
    }
    count_live(preview, "before");
    count_live(preview, "after");
}

json_t *gov_preview_ask(struct rpc_client *const *nodes, size_t node_count,
                        const struct cli_actions *actions, int *exit_code)
{
    json_t *params = params_of(actions);
    if (!params) {
        *exit_code = cli_fail_memory();
        return NULL;
    }
    struct rpc_failure failure = { .what = FAILURE_NONE };
    json_t *preview = rpc_client_call(nodes[0], "gov_preview", params, &failure);
    if (!preview) *exit_code = cli_fail_rpc(&failure, "gov_preview");
    for (size_t i = 1; preview && i < node_count; i++) {
        struct rpc_failure other_failure = { .what = FAILURE_NONE };
        json_t *other = rpc_client_call(nodes[i], "gov_preview", params, &other_failure);
        if (other) merge(preview, other);
        json_decref(other);
        rpc_failure_clear(&other_failure); /* One node that is down changes no answer. */
    }
    json_decref(params);
    return preview;
}

/* ---- showing ---- */

static json_int_t number_at(const json_t *object, const char *path)
{
    return json_integer_value(json_at(object, path));
}

static const char *text_at(const json_t *object, const char *path)
{
    const char *text = json_string_value(json_at(object, path));
    return text ? text : "";
}

static void print_set(const json_t *preview, const char *side, FILE *stream)
{
    const json_t *set = json_object_get(preview, side);
    fprintf(stream,
            "%-8s %10" JSON_INTEGER_FORMAT " %10" JSON_INTEGER_FORMAT " %10" JSON_INTEGER_FORMAT
            " %10" JSON_INTEGER_FORMAT " %10" JSON_INTEGER_FORMAT "\n",
            side, number_at(set, "validators"), number_at(set, "max_faulty"),
            number_at(set, "quorum"), number_at(set, "live"), number_at(set, "tolerates"));
}

static void print_machine(const json_t *machine, FILE *stream)
{
    char name[QUOTE_TEXT];
    bool before = json_is_true(json_object_get(machine, "before"));
    bool after = json_is_true(json_object_get(machine, "after"));
    const char *change = before && after ? "stays" : after ? "comes" : "goes";
    fprintf(stream, "  %-36s  %-5s  %-13s  %s\n", text_at(machine, "validator"), change,
            json_is_true(json_object_get(machine, "connected")) ? "connected" : "not connected",
            text_quote(text_at(machine, "member_name"), name));
}

static void print_action(const json_t *action, size_t at, FILE *stream)
{
    fprintf(stream, "action   %zu %s: %s", at, text_at(action, "action"),
            text_at(action, "result"));
    if (json_object_get(action, "reason"))
        fprintf(stream, ", %s: %s", text_at(action, "reason"), text_at(action, "detail"));
    fputc('\n', stream);
}

void gov_preview_print(const json_t *preview, FILE *stream)
{
    size_t i;
    json_t *item;
    fprintf(stream,
            "class    %s: more than %s of %" JSON_INTEGER_FORMAT
            " members, that is %" JSON_INTEGER_FORMAT " yes\n",
            text_at(preview, "class"), text_at(preview, "threshold"), number_at(preview, "members"),
            number_at(preview, "yes_needed"));
    json_array_foreach(json_object_get(preview, "actions"), i, item) print_action(item, i, stream);
    if (!json_is_true(json_object_get(preview, "ends_epoch"))) return;
    fprintf(stream, "%-8s %10s %10s %10s %10s %10s\n", "", "VALIDATORS", "MAX_FAULTY", "QUORUM",
            "LIVE", "MAY_FAIL");
    print_set(preview, "before", stream);
    print_set(preview, "after", stream);
    json_array_foreach(json_object_get(preview, "machines"), i, item) print_machine(item, stream);
}

/* ---- judging ---- */

static const char *missing_machine(const json_t *preview)
{
    size_t i;
    json_t *machine;
    json_array_foreach(json_object_get(preview, "machines"), i, machine)
    {
        bool comes = json_is_true(json_object_get(machine, "after")) &&
                     !json_is_true(json_object_get(machine, "before"));
        if (comes && !json_is_true(json_object_get(machine, "connected")))
            return text_at(machine, "validator");
    }
    return NULL;
}

static int refuse_action(const json_t *preview)
{
    json_int_t at = number_at(preview, "at");
    const json_t *action = json_array_get(json_object_get(preview, "actions"), (size_t)at);
    return cli_fail(CLI_EXIT_REFUSED, "action_invalid",
                    "witan explain action_invalid; --force proposes it all the same",
                    "action %" JSON_INTEGER_FORMAT " (%s) does not hold: %s: %s", at,
                    text_at(action, "action"), text_at(action, "reason"),
                    text_at(action, "detail"));
}

int gov_preview_judge(const json_t *preview)
{
    if (strcmp(text_at(preview, "code"), "ok") != 0) return refuse_action(preview);
    if (!json_is_true(json_object_get(preview, "ends_epoch"))) return CLI_EXIT_DONE;
    const char *missing = missing_machine(preview);
    if (missing)
        return cli_fail(CLI_EXIT_REFUSED, NULL,
                        "start it as an observer and let it catch up; --node names more nodes to "
                        "ask; --force proposes it all the same",
                        "no node that was asked is connected to %s", missing);
    json_int_t live = number_at(preview, "after.live");
    json_int_t quorum = number_at(preview, "after.quorum");
    if (live >= quorum) return CLI_EXIT_DONE;
    return cli_fail(CLI_EXIT_REFUSED, "below_quorum",
                    "bring machines back first; --node names more nodes to ask; --force proposes "
                    "it all the same",
                    "after it only %" JSON_INTEGER_FORMAT
                    " machines would be connected, of %" JSON_INTEGER_FORMAT
                    " that a quorum needs: the chain would stop",
                    live, quorum);
}
