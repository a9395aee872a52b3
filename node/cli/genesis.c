/* node/cli/genesis.c -- how a network begins: a draft, its parts, the finished document. */
#include "node/cli/init.h"

#include "genesis/genesis.h"
#include "node/cli_amount.h"
#include <stdlib.h>
#include <time.h>

/* The draft is a genesis document that is not complete yet: JSON that an editor may change too.
 * Nothing is checked before `genesis build`, which checks everything. */

/* ---- new ---- */

static uint64_t wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int genesis_new_command(struct cli_call *call)
{
    const char *network = cli_text(call, "network");
    bool test = strcmp(cli_text(call, "purpose"), "test") == 0;
    enum engine_kind engine;
    uint64_t time_ms = wall_ms();
    if (!engine_find(cli_text(call, "engine"), &engine))
        return cli_fail(CLI_EXIT_USAGE, NULL, NULL, "no engine \"%s\"", cli_text(call, "engine"));
    if (cli_text(call, "time") && !time_decode(cli_text(call, "time"), &time_ms))
        return cli_fail(CLI_EXIT_USAGE, NULL, "for example 2026-12-01T09:00:00.000Z",
                        "--time is not a time in RFC 3339, UTC, with three decimals");
    struct genesis *genesis = genesis_new(
        network, test ? PURPOSE_TEST : PURPOSE_PRODUCTION, time_ms, engine,
        strcmp(cli_text(call, "fault-model"), "crash") == 0 ? FAULT_CRASH : FAULT_BYZANTINE);
    if (!genesis) return cli_fail_memory();
    if (test) genesis->params.values[PARAM_validators_min] = 1;
    struct problem problem = { .status = STATUS_OK };
    const char *draft = cli_text(call, "draft");
    enum status status = cli_write_document(draft, genesis_json(genesis), 0644, &problem);
    genesis_free(genesis);
    if (status != STATUS_OK) return cli_fail_document(&problem, "genesis new");
    cli_note(call, "made %s; next: witan genesis add validator.json...", draft);
    return CLI_EXIT_DONE;
}

/* ---- add ---- */

static json_t *find_by(json_t *array, const char *name, const char *value)
{
    size_t index;
    json_t *item;
    json_array_foreach(array, index, item)
    {
        const char *text = json_string_value(json_object_get(item, name));
        if (text && strcmp(text, value) == 0) return item;
    }
    return NULL;
}

static enum status append(json_t *draft, const char *list, const char *unique, json_t *item,
                          struct problem *problem)
{
    json_t *array = json_object_get(draft, list);
    if (!item) return problem_set(problem, STATUS_NO_MEMORY, "out of memory");
    if (!json_is_array(array)) {
        json_decref(item);
        return problem_set(problem, STATUS_MALFORMED, "the draft has no list \"%s\"", list);
    }
    const char *value = json_string_value(json_object_get(item, unique));
    if (value && find_by(array, unique, value)) {
        char text[QUOTE_TEXT];
        problem_set(problem, STATUS_EXISTS, "%s \"%s\" is in the draft already", unique,
                    text_quote(value, text));
        json_decref(item);
        return STATUS_EXISTS;
    }
    if (json_array_append_new(array, item) == 0) return STATUS_OK;
    return problem_set(problem, STATUS_NO_MEMORY, "out of memory");
}

static enum status add_validator(json_t *draft, struct span text, struct problem *problem)
{
    struct validator_document document;
    enum status status = validator_document_parse(text, &document, problem);
    if (status != STATUS_OK) return status;
    const char *network = json_string_value(json_object_get(draft, "network"));
    if (!network || strcmp(network, document.network) != 0)
        return problem_set(problem, STATUS_MISMATCH,
                           "made for network \"%s\", the draft is of \"%s\"", document.network,
                           network ? network : "");
    json_t *item = validator_document_json(&document);
    json_object_del(item, "format");
    json_object_del(item, "network");
    return append(draft, "validators", "id", item, problem);
}

static json_t *roles_json(const char *roles)
{
    json_t *list = json_array();
    while (roles && *roles) {
        size_t size = strcspn(roles, ",");
        json_array_append_new(list, json_stringn(roles, size));
        roles += size + (roles[size] == ',' ? 1 : 0);
    }
    return list;
}

static enum status add_account(const struct cli_call *call, json_t *draft, const json_t *key,
                               struct problem *problem)
{
    struct json_fields fields = json_fields_of(key, "", problem);
    struct public_key public_key;
    struct id id;
    json_expect(&fields, "format", "witan-public-key/1");
    json_expect(&fields, "kind", "account");
    const char *name = json_text(&fields, "name", KEY_NAME_MAX);
    json_address(&fields, "id", ADDRESS_ACCOUNT, &id);
    json_key(&fields, "public_key", &public_key);
    enum status status = json_fields_done(&fields);
    if (status != STATUS_OK) return status;
    json_t *account =
        json_pack("{s:o, s:o, s:i, s:i, s:i, s:[{s:o, s:i}]}",  //
                  "id", json_address_new(ADDRESS_ACCOUNT, &id), //
                  "roles", roles_json(cli_text(call, "roles")), //
                  "low", 1, "medium", 1, "high", 1,             //
                  "signers", "key", json_hex_new(span_of(public_key.bytes, 32)), "weight", 1);
    status = append(draft, "accounts", "id", account, problem);
    if (status != STATUS_OK || !cli_switch(call, "member")) return status;
    return append(
        draft, "members", "account",
        json_pack("{s:o, s:s}", "account", json_address_new(ADDRESS_ACCOUNT, &id), "name", name),
        problem);
}

static enum status add_file(const struct cli_call *call, json_t *draft, const char *path,
                            struct problem *problem)
{
    struct buffer text;
    buffer_init(&text, KEY_FILE_BYTES_MAX);
    enum status status = file_read(path, &text, problem);
    json_t *document = NULL;
    if (status == STATUS_OK) {
        document = json_read(buffer_span(&text), KEY_FILE_BYTES_MAX, problem);
        status = document ? STATUS_OK : problem->status;
    }
    if (status == STATUS_OK) {
        const char *format = json_string_value(json_object_get(document, "format"));
        if (format && strcmp(format, "witan-public-key/1") == 0)
            status = add_account(call, draft, document, problem);
        else if (format && strcmp(format, "witan-key/1") == 0)
            status = problem_set(problem, STATUS_INVALID,
                                 "holds a secret; hand in what witan key export prints");
        else
            status = add_validator(draft, buffer_span(&text), problem);
    }
    json_decref(document);
    buffer_wipe(&text);
    buffer_free(&text);
    return status;
}

static enum status save_draft(const char *path, const json_t *draft, struct problem *problem)
{
    char *text = json_dumps(draft, JSON_INDENT(2));
    if (!text) return problem_set(problem, STATUS_NO_MEMORY, "out of memory");
    enum status status = file_write(path, span_text(text), 0644, true, problem);
    free(text);
    return status;
}

static int add_command(struct cli_call *call)
{
    struct problem problem = { .status = STATUS_OK };
    const char *path = cli_text(call, "draft");
    json_t *draft = json_read_file(path, GENESIS_BYTES_MAX, &problem);
    if (!draft) return cli_fail_document(&problem, path);
    enum status status = STATUS_OK;
    const char *file = path;
    for (size_t i = 0; i < call->argument_count && status == STATUS_OK; i++) {
        file = call->arguments[i];
        status = add_file(call, draft, file, &problem);
    }
    if (status == STATUS_OK) status = save_draft(file = path, draft, &problem);
    json_decref(draft);
    return status == STATUS_OK ? CLI_EXIT_DONE : cli_fail_document(&problem, file);
}

static const struct cli_flag add_flags[] = {
    { .name = "draft",
      .type = CLI_FILE,
      .standard = "genesis-draft.json",
      .help = "the document in the making" },
    { .name = "member",
      .type = CLI_SWITCH,
      .help = "the accounts are members, under the names of their keys" },
    { .name = "roles",
      .type = CLI_TEXT,
      .value = "A,B",
      .help = "roles of the accounts: registrar, issuer, freezer" },
    CLI_FLAGS_END,
};

/* ---- asset ---- */

static enum status asset_of(const struct cli_call *call, struct id *issuer, struct id *holder,
                            uint64_t *most, uint64_t *supply, struct problem *problem)
{
    unsigned scale = (unsigned)cli_number(call, "scale");
    const char *holds = cli_text(call, "holder");
    if (address_decode(ADDRESS_ACCOUNT, cli_text(call, "issuer"), issuer) != STATUS_OK)
        return problem_set(problem, STATUS_INVALID, "--issuer is not an account id");
    *holder = *issuer;
    if (holds && address_decode(ADDRESS_ACCOUNT, holds, holder) != STATUS_OK)
        return problem_set(problem, STATUS_INVALID, "--holder is not an account id");
    enum status status = amount_parse(cli_text(call, "max-supply"), scale, most, problem);
    if (status == STATUS_OK)
        status = amount_parse(cli_text(call, "supply"), scale, supply, problem);
    return status;
}

static int asset_command(struct cli_call *call)
{
    struct problem problem = { .status = STATUS_OK };
    struct id issuer;
    struct id holder;
    uint64_t most = 0;
    uint64_t supply = 0;
    const char *code = cli_argument(call, 0);
    uint8_t bytes[12] = { 0 };
    size_t size = strlen(code);
    if (size == 0 || size > sizeof bytes ||
        strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != size)
        return cli_fail(CLI_EXIT_USAGE, NULL, NULL, "a code is 1 to 12 of A-Z and 0-9");
    memcpy(bytes, code, size);
    if (asset_of(call, &issuer, &holder, &most, &supply, &problem) != STATUS_OK)
        return cli_fail(CLI_EXIT_USAGE, NULL, NULL, "%s", problem.text);
    const char *path = cli_text(call, "draft");
    json_t *draft = json_read_file(path, GENESIS_BYTES_MAX, &problem);
    if (!draft) return cli_fail_document(&problem, path);
    struct id id = asset_id_of(&issuer, bytes);
    json_t *asset = json_pack("{s:o, s:o, s:s, s:I, s:[], s:o, s:o}",                  //
                              "id", json_address_new(ADDRESS_ASSET, &id),              //
                              "issuer", json_address_new(ADDRESS_ACCOUNT, &issuer),    //
                              "code", code,                                            //
                              "scale", (json_int_t)cli_number(call, "scale"), "flags", //
                              "max_supply", json_amount_new(most),                     //
                              "supply", json_amount_new(supply));
    enum status status = append(draft, "assets", "id", asset, &problem);
    if (status == STATUS_OK && supply > 0)
        status = append(draft, "balances", "",
                        json_pack("{s:o, s:o, s:o}",                                     //
                                  "account", json_address_new(ADDRESS_ACCOUNT, &holder), //
                                  "asset", json_address_new(ADDRESS_ASSET, &id),         //
                                  "posted", json_amount_new(supply)),
                        &problem);
    if (status == STATUS_OK) status = save_draft(path, draft, &problem);
    json_decref(draft);
    return status == STATUS_OK ? CLI_EXIT_DONE : cli_fail_document(&problem, path);
}

static const struct cli_flag asset_flags[] = {
    { .name = "draft",
      .type = CLI_FILE,
      .standard = "genesis-draft.json",
      .help = "the document in the making" },
    { .name = "issuer",
      .type = CLI_TEXT,
      .value = "ACCOUNT",
      .required = true,
      .help = "account with the role issuer" },
    { .name = "scale",
      .type = CLI_NUMBER,
      .value = "N",
      .standard = "2",
      .most = 12,
      .help = "decimals of its unit" },
    { .name = "max-supply",
      .type = CLI_TEXT,
      .value = "AMOUNT",
      .required = true,
      .help = "most that may ever exist" },
    { .name = "supply",
      .type = CLI_TEXT,
      .value = "AMOUNT",
      .standard = "0",
      .help = "what exists from the beginning" },
    { .name = "holder",
      .type = CLI_TEXT,
      .value = "ACCOUNT",
      .help = "who holds it; default: the issuer" },
    CLI_FLAGS_END,
};

/* ---- build, check, show, id ---- */

static void print_id(FILE *stream, const struct genesis *genesis)
{
    char id[65];
    char words[128];
    hex_encode(digest_span(&genesis->chain_id), id);
    chain_id_words(&genesis->chain_id, words);
    fprintf(stream, "%s\n%s\n", id, words);
}

static int build_command(struct cli_call *call)
{
    struct problem problem = { .status = STATUS_OK };
    struct genesis *genesis = NULL;
    const char *path = cli_text(call, "draft");
    if (genesis_load(path, &genesis, &problem) != STATUS_OK)
        return cli_fail_document(&problem, path);
    enum status status =
        cli_write_document(cli_text(call, "into"), genesis_json(genesis), 0644, &problem);
    if (status == STATUS_OK && !cli_switch(call, "quiet")) print_id(stdout, genesis);
    genesis_free(genesis);
    return status == STATUS_OK ? CLI_EXIT_DONE : cli_fail_document(&problem, "genesis build");
}

static const struct cli_flag build_flags[] = {
    { .name = "draft",
      .type = CLI_FILE,
      .standard = "genesis-draft.json",
      .help = "the document in the making" },
    { .name = "into",
      .type = CLI_FILE,
      .standard = "genesis.json",
      .help = "the finished document" },
    CLI_FLAGS_END,
};

/* The genesis named by the argument, or the home's. */
static struct genesis *load_argument(const struct cli_call *call, int *exit_code)
{
    char path[PATH_BYTES_MAX];
    char dir[PATH_BYTES_MAX];
    struct problem problem = { .status = STATUS_OK };
    struct genesis *genesis = NULL;
    cli_config_dir(call, dir);
    enum status status = STATUS_OK;
    if (cli_argument(call, 0))
        status = path_join(path, ".", cli_argument(call, 0));
    else
        status = path_join(path, dir, "genesis.json");
    if (status == STATUS_OK)
        status = genesis_load(path, &genesis, &problem);
    else
        problem_set(&problem, status, "the path is too long");
    if (status != STATUS_OK) *exit_code = cli_fail_document(&problem, path);
    return status == STATUS_OK ? genesis : NULL;
}

static int check_command(struct cli_call *call)
{
    int exit_code = CLI_EXIT_DONE;
    struct genesis *genesis = load_argument(call, &exit_code);
    if (!genesis) return exit_code;
    const struct committee *committee = &genesis->committee;
    printf("network     %s%s\n", genesis->network,
           genesis->purpose == PURPOSE_TEST ? " (purpose: test)" : "");
    printf("engine      %s, %s\n", engine_name(committee->engine),
           committee->fault_model == FAULT_CRASH ? "crash-fault" : "Byzantine");
    printf("validators  %u, quorum %u, tolerates %u\n", (unsigned)committee->count,
           (unsigned)committee_quorum(committee), (unsigned)committee_max_faulty(committee));
    printf("accounts    %lu, assets %lu, balances %lu\n", (unsigned long)genesis->account_count,
           (unsigned long)genesis->asset_count, (unsigned long)genesis->balance_count);
    printf("chain id    ");
    print_id(stdout, genesis);
    genesis_free(genesis);
    return CLI_EXIT_DONE;
}

static int id_command(struct cli_call *call)
{
    int exit_code = CLI_EXIT_DONE;
    struct genesis *genesis = load_argument(call, &exit_code);
    if (!genesis) return exit_code;
    print_id(stdout, genesis);
    genesis_free(genesis);
    return CLI_EXIT_DONE;
}

static int show_command(struct cli_call *call)
{
    int exit_code = CLI_EXIT_DONE;
    struct genesis *genesis = load_argument(call, &exit_code);
    if (!genesis) return exit_code;
    json_t *document = genesis_json(genesis);
    char *text = document ? json_dumps(document, JSON_INDENT(2)) : NULL;
    if (text)
        puts(text);
    else
        exit_code = cli_fail_memory();
    free(text);
    json_decref(document);
    genesis_free(genesis);
    return exit_code;
}

static const struct cli_flag new_flags[] = {
    { .name = "network",
      .type = CLI_TEXT,
      .value = "NAME",
      .required = true,
      .help = "its name: 1 to 32 of a-z, 0-9 and -" },
    { .name = "purpose",
      .type = CLI_WORD,
      .words = "production|test",
      .standard = "production",
      .help = "test allows fewer than four validators, and is part of the chain id" },
    { .name = "engine",
      .type = CLI_TEXT,
      .value = "NAME",
      .standard = "hotstuff",
      .help = "the consensus protocol" },
    { .name = "fault-model",
      .type = CLI_WORD,
      .words = "byzantine|crash",
      .standard = "byzantine",
      .help = "may faulty validators lie, or only stop?" },
    { .name = "time", .type = CLI_TEXT, .value = "TIME", .help = "of block 0; default: now" },
    { .name = "draft",
      .type = CLI_FILE,
      .standard = "genesis-draft.json",
      .help = "where to write it" },
    CLI_FLAGS_END,
};

const struct cli_command genesis_commands[] = {
    { .path = "genesis new",
      .summary = "Begin a draft with all parameters at their defaults",
      .flags = new_flags,
      .examples = { "genesis new --network consortium-1" },
      .run = genesis_new_command },
    { .path = "genesis add",
      .summary = "Add validators (validator.json) and accounts (of key export) to the draft",
      .arguments = "FILE...",
      .arguments_min = 1,
      .arguments_max = 1024,
      .flags = add_flags,
      .examples = { "genesis add bank-a/validator.json bank-b/validator.json",
                    "genesis add bank-a.json --member --roles registrar,issuer" },
      .run = add_command },
    { .path = "genesis asset",
      .summary = "Add an asset, with what exists of it from the beginning",
      .arguments = "CODE",
      .arguments_min = 1,
      .arguments_max = 1,
      .flags = asset_flags,
      .examples = { "genesis asset EUR --issuer acc1... --max-supply 90000000000000.00" },
      .run = asset_command },
    { .path = "genesis build",
      .summary = "Check the draft and write the finished document and its chain id",
      .flags = build_flags,
      .examples = { "genesis build --into genesis.json" },
      .run = build_command },
    { .path = "genesis check",
      .summary = "Check a genesis as every start does, and say what it founds",
      .arguments = "[FILE]",
      .arguments_max = 1,
      .groups = CLI_GROUP_HOME,
      .examples = { "genesis check genesis.json" },
      .run = check_command },
    { .path = "genesis show",
      .summary = "Print it, sorted, with every member in its place",
      .arguments = "[FILE]",
      .arguments_max = 1,
      .groups = CLI_GROUP_HOME,
      .examples = { "genesis show genesis.json" },
      .run = show_command },
    { .path = "genesis id",
      .summary = "Print the chain id, and eight words of it to read over the phone",
      .arguments = "[FILE]",
      .arguments_max = 1,
      .groups = CLI_GROUP_HOME,
      .examples = { "genesis id genesis.json" },
      .run = id_command },
    CLI_COMMANDS_END,
};
