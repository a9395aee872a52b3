/* node/cli/validator.c -- validators: who they are, and the statement of a machine that is to
 * become one. */
#include "node/cli/ready.h"

#include "format/action.h"
#include "genesis/json.h"
#include "node/cli/init.h"
#include "node/key_load.h"
#include <stdlib.h>

/* ---- what the statement is about ---- */

struct readying {
    const struct cli_call *call;
    const char *rekey; /* the validator that gets a new key; NULL: a new validator */
    struct digest chain_id;
    struct id validator, member;
    struct key_file seal;
    struct action action;
};

static enum status ask_passphrase(const void *context, const char *path, struct buffer *passphrase,
                                  struct problem *problem)
{
    const struct cli_call *call = context;
    if (cli_text(call, "passphrase-file")) return cli_passphrase(call, passphrase, problem);
    return problem_set(problem, STATUS_INVALID, "%s is sealed; --passphrase-file opens it", path);
}

static int read_seal_key(struct readying *r)
{
    char path[PATH_BYTES_MAX];
    struct problem problem = { .status = STATUS_OK };
    if (!cli_path_or_config(r->call, cli_text(r->call, "key"), "seal_key.json", path))
        return CLI_EXIT_USAGE;
    if (key_load(path, KEY_SEAL, ask_passphrase, r->call, &r->seal, &problem) == STATUS_OK)
        return CLI_EXIT_DONE;
    return cli_fail_document(&problem, path);
}

static int read_node_key(struct readying *r, struct public_key *node_key)
{
    char path[PATH_BYTES_MAX];
    struct key_file file;
    struct problem problem = { .status = STATUS_OK };
    if (!cli_path_or_config(r->call, NULL, "node_key.json", path)) return CLI_EXIT_USAGE;
    enum status status = key_load_public(path, &file, &problem);
    if (status == STATUS_OK) status = key_check_kind(path, &file, KEY_NODE, &problem);
    if (status != STATUS_OK) return cli_fail_document(&problem, path);
    *node_key = file.public_key;
    return CLI_EXIT_DONE;
}

static bool id_at(const json_t *object, const char *path, enum address_kind kind, struct id *id)
{
    const char *text = json_string_value(json_at(object, path));
    return text && address_decode(kind, text, id) == STATUS_OK;
}

static bool hash_at(const json_t *object, const char *path, struct digest *hash)
{
    const char *text = json_string_value(json_at(object, path));
    return text && hex_decode(text, strlen(text), hash->bytes, sizeof hash->bytes);
}

static int fail_answer(void)
{
    return cli_fail(CLI_EXIT_UNREACHABLE, NULL, NULL, "the node does not answer as a node");
}

/* ---- the node's last sealed block ---- */

static int ask_block(struct readying *r, struct ready *ready)
{
    int exit_code = CLI_EXIT_DONE;
    json_t *params = json_pack("{s:I}", "height", (json_int_t)ready->height);
    json_t *block = cli_ask(r->call, "block_get", params, &exit_code);
    if (!block) return exit_code;
    bool read = hash_at(block, "header.hash", &ready->block_hash);
    json_decref(block);
    return read ? CLI_EXIT_DONE : fail_answer();
}

/* A statement about an old block would be refused when the proposal is made. */
static int ask_node(struct readying *r, struct ready *ready)
{
    int exit_code = CLI_EXIT_DONE;
    json_t *status = cli_ask(r->call, "node_status", NULL, &exit_code);
    if (!status) return exit_code;
    const char *state = json_string_value(json_at(status, "ledger.state"));
    const json_t *height = json_at(status, "ledger.sealed_height");
    bool read = state && json_is_integer(height) && hash_at(status, "chain.chain_id", &r->chain_id);
    /* Who is connected to nobody has nothing to catch up with. */
    json_int_t connected = json_integer_value(json_at(status, "consensus.validators_connected"));
    json_int_t quorum = json_integer_value(json_at(status, "consensus.quorum"));
    bool synced = read && strcmp(state, "synced") == 0 && connected >= quorum;
    ready->height = (uint64_t)json_integer_value(height);
    json_decref(status);
    if (!read) return fail_answer();
    if (!synced)
        return cli_fail(CLI_EXIT_NOT_READY, NULL, "witan status shows how far it is",
                        "the node has not caught up with the chain, or is not connected to a "
                        "quorum of its validators");
    return ask_block(r, ready);
}

/* ---- the two actions ---- */

static int fill_add(struct readying *r)
{
    const struct cli_call *call = r->call;
    const char *id = cli_text(call, "id"), *member = cli_text(call, "member");
    const char *endpoint = cli_text(call, "endpoint");
    struct problem problem = { .status = STATUS_OK };
    random_bytes(r->validator.bytes, sizeof r->validator.bytes);
    if (r->seal.has_id) r->validator = r->seal.id;
    if (id && address_decode(ADDRESS_VALIDATOR, id, &r->validator) != STATUS_OK)
        return cli_fail(CLI_EXIT_USAGE, NULL, "validators are val1...",
                        "--id is not the id of a validator");
    if (!member || !endpoint)
        return cli_fail(CLI_EXIT_USAGE, NULL, "or --rekey for a validator that is there already",
                        "a new validator needs --member and --endpoint");
    if (cli_account(call, member, &r->member, &problem) != STATUS_OK)
        return cli_fail(CLI_EXIT_USAGE, NULL, NULL, "--member: %s", problem.text);
    if (!endpoint_valid(endpoint))
        return cli_fail(CLI_EXIT_USAGE, NULL, "an IPv6 address stands in brackets",
                        "--endpoint is not HOST:PORT");
    r->action.kind = ACTION_VALIDATOR_ADD;
    r->action.validator_add.id = r->validator;
    r->action.validator_add.member = r->member;
    r->action.validator_add.seal_key = r->seal.public_key;
    snprintf(r->action.validator_add.endpoint, sizeof r->action.validator_add.endpoint, "%s",
             endpoint);
    return read_node_key(r, &r->action.validator_add.node_key);
}

/* The statement names the validator's member, which the ledger knows. */
static int fill_rekey(struct readying *r)
{
    const char *wanted = r->rekey;
    if (address_decode(ADDRESS_VALIDATOR, wanted, &r->validator) != STATUS_OK)
        return cli_fail(CLI_EXIT_USAGE, NULL, "witan validator list shows them",
                        "--rekey is not the id of a validator");
    int exit_code = CLI_EXIT_DONE;
    json_t *list = cli_ask(r->call, "validator_list", NULL, &exit_code);
    if (!list) return exit_code;
    size_t i;
    json_t *item;
    bool found = false;
    json_array_foreach(json_object_get(list, "items"), i, item)
    {
        struct id id;
        found = found ||
                (id_at(item, "validator", ADDRESS_VALIDATOR, &id) && id_equal(&id, &r->validator) &&
                 id_at(item, "member", ADDRESS_ACCOUNT, &r->member));
    }
    json_decref(list);
    if (!found)
        return cli_fail(CLI_EXIT_NOT_FOUND, "validator_unknown", "witan validator list shows them",
                        "there is no validator %s", wanted);
    r->action.kind = ACTION_VALIDATOR_REKEY;
    r->action.validator_rekey.id = r->validator;
    r->action.validator_rekey.seal_key = r->seal.public_key;
    return CLI_EXIT_DONE;
}

static int print_action(struct readying *r)
{
    json_t *document = action_json(&r->action);
    char *text = cli_json_text(document);
    json_decref(document);
    if (!text) return cli_fail_memory();
    int exit_code = cli_write_file(cli_text(r->call, "output"), text, strlen(text), 0644, false);
    free(text);
    return exit_code;
}

static int state_ready(struct readying *r)
{
    bool rekey = r->rekey != NULL;
    uint8_t statement[READY_STATEMENT_BYTES];
    struct ready *ready = rekey ? &r->action.validator_rekey.ready : &r->action.validator_add.ready;
    int exit_code = rekey ? fill_rekey(r) : fill_add(r);
    if (exit_code == CLI_EXIT_DONE) exit_code = ask_node(r, ready);
    if (exit_code != CLI_EXIT_DONE) return exit_code;
    ready_statement_encode(&r->chain_id, &r->validator, &r->member, &r->seal.public_key,
                           ready->height, &ready->block_hash, statement);
    key_sign(&r->seal.secret, TAG_READY, span_of(statement, sizeof statement), &ready->signature);
    char text[ADDRESS_TEXT];
    address_encode(ADDRESS_VALIDATOR, &r->validator, text);
    cli_note(r->call, "%s is ready at block %llu", text, (unsigned long long)ready->height);
    return CLI_EXIT_DONE;
}

int cli_ready_rekey(const struct cli_call *call, const char *validator,
                    const struct secret_key *secret, struct action *action)
{
    struct readying r = { .call = call, .rekey = validator };
    r.seal.secret = *secret;
    key_public(secret, &r.seal.public_key);
    int exit_code = state_ready(&r);
    *action = r.action;
    key_wipe(&r.seal.secret);
    return exit_code;
}

static int ready_command(struct cli_call *call)
{
    struct readying r = { .call = call, .rekey = cli_text(call, "rekey") };
    if (cli_given(call, "rekey") && !cli_given(call, "key"))
        return cli_fail(CLI_EXIT_USAGE, NULL, "witan key new --kind seal makes one",
                        "--rekey needs --key, the file of the new seal key");
    int exit_code = read_seal_key(&r);
    if (exit_code == CLI_EXIT_DONE) exit_code = state_ready(&r);
    if (exit_code == CLI_EXIT_DONE) exit_code = print_action(&r);
    key_wipe(&r.seal.secret);
    return exit_code;
}

/* ---- rows ---- */

static const struct cli_column list_columns[] = {
    { "MEMBER", "member_name", CELL_TEXT },   { "VALIDATOR", "validator", CELL_TEXT },
    { "STATUS", "status", CELL_TEXT },        { "CONNECTED", "connected", CELL_TEXT },
    { "ROLE", "node.role", CELL_TEXT },       { "HEIGHT", "node.height", CELL_NUMBER },
    { "VERSION", "node.version", CELL_TEXT }, { "ENDPOINT", "endpoint", CELL_TEXT },
};

static const struct cli_view list_view = { .items = "items", CLI_VIEW_COLUMNS(list_columns) };

static const struct cli_flag ready_flags[] = {
    { .name = "key",
      .type = CLI_FILE,
      .value = "FILE",
      .help = "the seal key that is to be; default: config/seal_key.json of the home" },
    { .name = "id",
      .type = CLI_TEXT,
      .value = "VALIDATOR",
      .help = "default: the one the key file names, else a new, random one" },
    { .name = "member",
      .type = CLI_TEXT,
      .value = "ACCOUNT",
      .help = "the organisation whose machine it is" },
    { .name = "endpoint",
      .type = CLI_TEXT,
      .value = "HOST:PORT",
      .help = "where the other nodes reach it" },
    { .name = "rekey",
      .type = CLI_TEXT,
      .value = "VALIDATOR",
      .help = "a new seal key for this validator, in --key" },
    { .name = "output",
      .letter = 'o',
      .type = CLI_FILE,
      .value = "FILE",
      .help = "write the action there instead of stdout" },
    CLI_FLAGS_END,
};

const struct cli_command validator_commands[] = {
    { .path = "validator list",
      .summary = "List the validators, now or at a height",
      .groups = CLI_GROUP_NODE | CLI_GROUP_OUTPUT | CLI_GROUP_READ,
      .method = "validator_list",
      .data = &list_view,
      .examples = { "validator list --height 1000" },
      .run = cli_read },
    { .path = "validator ready",
      .summary = "State on a new machine that it is ready to vote, for gov propose",
      .details = "Run it on the machine that is to be a validator, while its node follows as an "
                 "observer and has caught up. It prints the action validator.add (with --rekey "
                 "validator.rekey), signed by the seal key: proof that the key is held and that "
                 "the node has a working copy of the ledger. It is good for the number of blocks "
                 "that the parameter ready_blocks_max says, and until the proposal is made.",
      .groups = CLI_GROUP_NODE | CLI_GROUP_SECRET,
      .flags = ready_flags,
      .examples = { "validator ready --home /srv/e --member acc1... --endpoint e.example:7790 "
                    "-o ready.json",
                    "validator ready --rekey val1... --key new_seal_key.json -o rekey.json" },
      .run = ready_command },
    CLI_COMMANDS_END,
};
