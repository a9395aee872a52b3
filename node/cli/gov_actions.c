/* node/cli/gov_actions.c -- actions out of files and flags.
 *
 * Every flag becomes the JSON of an action first, so that what is wrong is said by one reader. */
#include "node/cli/gov.h"

#include "genesis/json.h"
#include "node/cli/init.h"
#include "node/units.h"
#include <inttypes.h>
#include <stdlib.h>

enum { ACTIONS_FILE_MAX = 256 * 1024 };

/* Takes over document. */
static int add_json(struct cli_actions *actions, json_t *document, const char *origin)
{
    struct problem problem = { .status = STATUS_OK };
    if (!document) return cli_fail_memory();
    if (actions->count == ACTIONS_MAX) {
        json_decref(document);
        return cli_fail(CLI_EXIT_USAGE, NULL, NULL, "a proposal has at most %d actions",
                        ACTIONS_MAX);
    }
    enum status status = action_from_json(document, &actions->list[actions->count], &problem);
    json_decref(document);
    if (status != STATUS_OK)
        return cli_fail(CLI_EXIT_USAGE, NULL, NULL, "%s: %s", origin, problem.text);
    actions->count++;
    return CLI_EXIT_DONE;
}

/* ---- files ---- */

static int read_document(const char *path, json_t **document)
{
    struct problem problem = { .status = STATUS_OK };
    *document = NULL;
    if (strcmp(path, "-") != 0) {
        *document = json_read_file(path, ACTIONS_FILE_MAX, &problem);
    } else {
        struct buffer text;
        buffer_init(&text, ACTIONS_FILE_MAX);
        if (cli_read_stream(stdin, &text, &problem) == STATUS_OK)
            *document = json_read(buffer_span(&text), ACTIONS_FILE_MAX, &problem);
        buffer_free(&text);
    }
    return *document ? CLI_EXIT_DONE : cli_fail_document(&problem, path);
}

/* One action, or a list of them. */
static int add_file(struct cli_actions *actions, const char *path)
{
    json_t *document;
    int exit_code = read_document(path, &document);
    if (exit_code != CLI_EXIT_DONE || !json_is_array(document))
        return document ? add_json(actions, document, path) : exit_code;
    if (json_array_size(document) == 0)
        exit_code = cli_fail(CLI_EXIT_USAGE, NULL, NULL, "%s: no actions", path);
    for (size_t i = 0; i < json_array_size(document) && exit_code == CLI_EXIT_DONE; i++) {
        char origin[PATH_BYTES_MAX + 24];
        snprintf(origin, sizeof origin, "%s, action %zu", path, i);
        exit_code = add_json(actions, json_incref(json_array_get(document, i)), origin);
    }
    json_decref(document);
    return exit_code;
}

/* --add and --rekey: a file of validator ready, of the kind that is meant. */
static int add_ready_file(struct cli_actions *actions, const char *flag, const char *path,
                          enum action_kind kind)
{
    json_t *document;
    int exit_code = read_document(path, &document);
    if (exit_code != CLI_EXIT_DONE) return exit_code;
    const char *found = json_string_value(json_object_get(document, "action"));
    if (found && strcmp(found, action_name((uint8_t)kind)) == 0)
        return add_json(actions, document, path);
    json_decref(document);
    return cli_fail(CLI_EXIT_USAGE, NULL, "witan validator ready prints it on the new machine",
                    "--%s: %s holds no action %s", flag, path, action_name((uint8_t)kind));
}

/* ---- flags ---- */

/* "LEFT=RIGHT": the left side into left; the right side, or NULL. */
static const char *split(const char *text, char left[128])
{
    const char *equals = strchr(text, '=');
    if (!equals || equals == text || equals - text >= 128) return NULL;
    memcpy(left, text, (size_t)(equals - text));
    left[equals - text] = 0;
    return equals + 1;
}

/* A number, or text: a fraction. */
static json_t *value_json(const char *text)
{
    uint64_t number;
    if (amount_decode(text, &number)) return json_integer((json_int_t)number);
    return json_string(text);
}

/* Of a flag; takes over document. */
static int add_flag_json(struct cli_actions *actions, json_t *document, const char *flag)
{
    char origin[32];
    snprintf(origin, sizeof origin, "--%s", flag);
    return add_json(actions, document, origin);
}

static int fail_form(const char *flag, const char *form)
{
    return cli_fail(CLI_EXIT_USAGE, NULL, NULL, "--%s wants %s", flag, form);
}

static int add_parameter(struct cli_actions *actions, const char *flag, const char *text,
                         enum action_kind kind)
{
    char name[128];
    const char *value = split(text, name);
    if (!value) return fail_form(flag, "NAME=VALUE");
    return add_flag_json(actions,
                         json_pack("{s:s, s:s, s:o}", "action", action_name((uint8_t)kind), "name",
                                   name, "value", value_json(value)),
                         flag);
}

/* The account that people name, as JSON; NULL after an error that is printed. */
static json_t *account_of(const struct cli_call *call, const char *text)
{
    struct id id;
    struct problem problem;
    if (cli_account(call, text, &id, &problem) == STATUS_OK)
        return json_address_new(ADDRESS_ACCOUNT, &id);
    cli_fail(CLI_EXIT_USAGE, NULL, NULL, "%s", problem.text);
    return NULL;
}

static json_t *words_of(const char *list)
{
    json_t *words = json_array();
    while (*list) {
        size_t size = strcspn(list, ",");
        if (json_array_append_new(words, json_stringn(list, size)) != 0) {
            json_decref(words);
            return NULL;
        }
        list += size;
        if (*list) list++;
    }
    return words;
}

static int add_about_account(const struct cli_call *call, struct cli_actions *actions,
                             const char *flag, const char *text, enum action_kind kind)
{
    char name[128];
    const char *rest = "";
    bool divided = kind == ACTION_ACCOUNT_ROLES || kind == ACTION_MEMBER_ADD;
    if (divided) rest = split(text, name);
    if (!rest)
        return fail_form(flag, kind == ACTION_MEMBER_ADD ? "ACCOUNT=NAME" : "ACCOUNT=ROLE,ROLE");
    json_t *account = account_of(call, divided ? name : text);
    if (!account) return CLI_EXIT_USAGE;
    json_t *o = json_pack("{s:s, s:o}", "action", action_name((uint8_t)kind), "account", account);
    if (kind == ACTION_ACCOUNT_ROLES) json_object_set_new(o, "roles", words_of(rest));
    if (kind == ACTION_MEMBER_ADD) json_object_set_new(o, "name", json_string(rest));
    if (kind == ACTION_ACCOUNT_FROZEN)
        json_object_set_new(o, "frozen", json_boolean(strcmp(flag, "freeze") == 0));
    return add_flag_json(actions, o, flag);
}

static int add_flag(const struct cli_call *call, struct cli_actions *actions, const char *flag,
                    const char *text, enum action_kind kind)
{
    switch (kind) {
    case ACTION_PARAMS_SET:
    case ACTION_ENGINE_PARAMS: return add_parameter(actions, flag, text, kind);
    case ACTION_ACCOUNT_ROLES:
    case ACTION_ACCOUNT_FROZEN:
    case ACTION_MEMBER_ADD:
    case ACTION_MEMBER_REMOVE: return add_about_account(call, actions, flag, text, kind);
    case ACTION_VALIDATOR_ADD:
    case ACTION_VALIDATOR_REKEY: return add_ready_file(actions, flag, text, kind);
    case ACTION_VALIDATOR_REMOVE:
        return add_flag_json(
            actions,
            json_pack("{s:s, s:s}", "action", action_name((uint8_t)kind), "validator", text), flag);
    }
    return CLI_EXIT_FAILED;
}

/* In this order, for later actions are judged on what earlier ones leave: a member is there before
 * its machine, and a machine is gone before the one that replaces it and before its member. */
static const struct {
    const char *flag;
    enum action_kind kind;
} action_flags[] = {
    { "set", ACTION_PARAMS_SET },          { "engine", ACTION_ENGINE_PARAMS },
    { "roles", ACTION_ACCOUNT_ROLES },     { "freeze", ACTION_ACCOUNT_FROZEN },
    { "unfreeze", ACTION_ACCOUNT_FROZEN }, { "member-add", ACTION_MEMBER_ADD },
    { "remove", ACTION_VALIDATOR_REMOVE }, { "add", ACTION_VALIDATOR_ADD },
    { "rekey", ACTION_VALIDATOR_REKEY },   { "member-remove", ACTION_MEMBER_REMOVE },
};

int gov_actions_read(const struct cli_call *call, struct cli_actions *actions)
{
    int exit_code = CLI_EXIT_DONE;
    const char *file = cli_argument(call, 0);
    actions->count = 0;
    if (file) exit_code = add_file(actions, file);
    for (size_t i = 0; i < sizeof action_flags / sizeof action_flags[0]; i++) {
        const char *flag = action_flags[i].flag;
        for (size_t j = 0; j < cli_count(call, flag) && exit_code == CLI_EXIT_DONE; j++)
            exit_code =
                add_flag(call, actions, flag, cli_item(call, flag, j), action_flags[i].kind);
    }
    if (exit_code == CLI_EXIT_DONE && actions->count == 0)
        return cli_fail(CLI_EXIT_USAGE, NULL, "name a file of actions, or use flags: -h lists them",
                        "nothing is proposed");
    return exit_code;
}

bool gov_time_read(const char *text, uint64_t now_ms, uint64_t *time_ms)
{
    uint64_t duration;
    if (time_decode(text, time_ms)) return true;
    if (!duration_parse(text, &duration) || duration >= TX_TIME_LIMIT) return false;
    *time_ms = now_ms + duration;
    return true;
}
