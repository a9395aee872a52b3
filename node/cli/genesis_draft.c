/* node/cli/genesis_draft.c -- what a genesis is made of: validators, accounts, assets.
 *
 * The draft is a genesis document that is not complete yet: JSON that an editor may change too.
 * Nothing is checked as a whole before `genesis build`, which checks everything. */
#include "genesis/genesis.h"
#include "node/cli/init.h"
#include "node/cli_amount.h"
#include <stdlib.h>

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
    char *text = cli_json_text(draft);
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

/* ---- rows ---- */

const struct cli_command genesis_draft_commands[] = {
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
    CLI_COMMANDS_END,
};
