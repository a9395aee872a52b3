/* node/cli/key.c -- key files: make, look at, hand out the public half, take over a seed. */
#include "node/cli/init.h"

#include "genesis/json.h"
#include "node/key_load.h"
#include <dirent.h>
#include <stdlib.h>

static enum key_kind kind_of(const char *word)
{
    if (strcmp(word, "seal") == 0) return KEY_SEAL;
    return strcmp(word, "node") == 0 ? KEY_NODE : KEY_ACCOUNT;
}

static enum address_kind address_kind_of(enum key_kind kind)
{
    return kind == KEY_ACCOUNT ? ADDRESS_ACCOUNT : ADDRESS_VALIDATOR;
}

/* ---- new, import ---- */

static int write_new(struct cli_call *call, const struct secret_key *secret)
{
    enum key_kind kind = kind_of(cli_text(call, "kind"));
    struct problem problem = { .status = STATUS_OK };
    struct id id;
    const char *given = cli_text(call, "id");
    random_bytes(id.bytes, sizeof id.bytes);
    if (given && address_decode(address_kind_of(kind), given, &id) != STATUS_OK)
        return cli_fail(CLI_EXIT_USAGE, NULL, "accounts are acc1..., validators val1...",
                        "--id is not the id of %s",
                        kind == KEY_ACCOUNT ? "an account" : "a validator");
    struct buffer passphrase;
    enum status status = cli_passphrase(call, &passphrase, &problem);
    struct span sealing = passphrase.size > 0 ? buffer_span(&passphrase) : (struct span){ NULL, 0 };
    bool has_id = given || kind == KEY_ACCOUNT;
    if (status == STATUS_OK)
        status = cli_write_key(cli_argument(call, 0), kind, cli_text(call, "name"),
                               has_id ? &id : NULL, secret, sealing, &problem);
    buffer_wipe(&passphrase);
    buffer_free(&passphrase);
    if (status != STATUS_OK) return cli_fail_document(&problem, "key");
    struct public_key public_key;
    char text[ADDRESS_TEXT] = "";
    char hex[65];
    key_public(secret, &public_key);
    hex_encode(span_of(public_key.bytes, 32), hex);
    if (has_id) address_encode(address_kind_of(kind), &id, text);
    cli_note(call, "%s%s%s", text, has_id ? "  " : "", hex);
    return CLI_EXIT_DONE;
}

static int new_command(struct cli_call *call)
{
    struct secret_key secret;
    struct public_key public_key;
    key_generate(&secret, &public_key);
    int exit_code = write_new(call, &secret);
    key_wipe(&secret);
    return exit_code;
}

static int import_command(struct cli_call *call)
{
    struct buffer text;
    struct problem problem = { .status = STATUS_OK };
    uint8_t seed[32];
    buffer_init(&text, 256);
    enum status status = file_read_secret(cli_text(call, "seed-file"), &text, &problem);
    while (status == STATUS_OK && text.size > 0 && text.data[text.size - 1] == '\n')
        text.size--;
    if (status == STATUS_OK && !hex_decode((const char *)text.data, text.size, seed, sizeof seed))
        status = problem_set(&problem, STATUS_MALFORMED, "a seed is 64 lower-case hex digits");
    buffer_wipe(&text);
    buffer_free(&text);
    if (status != STATUS_OK) return cli_fail_document(&problem, "key import");
    struct secret_key secret;
    struct public_key public_key;
    key_from_seed(seed, &secret, &public_key);
    explicit_bzero(seed, sizeof seed);
    int exit_code = write_new(call, &secret);
    key_wipe(&secret);
    return exit_code;
}

/* ---- show, list, export ---- */

static json_t *public_json(const struct key_file *file)
{
    json_t *id = file->has_id ? json_address_new(address_kind_of(file->kind), &file->id) : NULL;
    return json_pack("{s:s, s:s, s:s, s:o*, s:o}", "format", "witan-public-key/1", "kind",
                     key_kind_name(file->kind), "name", file->name, "id", id, "public_key",
                     json_hex_new(span_of(file->public_key.bytes, 32)));
}

static int show_command(struct cli_call *call)
{
    struct key_file file;
    struct problem problem = { .status = STATUS_OK };
    const char *path = cli_argument(call, 0);
    if (key_load_public(path, &file, &problem) != STATUS_OK)
        return cli_fail_document(&problem, path);
    char id[ADDRESS_TEXT] = "none";
    char hex[65];
    char name[QUOTE_TEXT];
    if (file.has_id) address_encode(address_kind_of(file.kind), &file.id, id);
    hex_encode(span_of(file.public_key.bytes, 32), hex);
    printf("kind        %s\nname        %s\nid          %s\npublic key  %s\nsecret      %s\n",
           key_kind_name(file.kind), text_quote(file.name, name), id, hex,
           file.plain ? "plain: whoever reads the file has it" : "sealed with a passphrase");
    return CLI_EXIT_DONE;
}

static int export_command(struct cli_call *call)
{
    struct key_file file;
    struct problem problem = { .status = STATUS_OK };
    const char *path = cli_argument(call, 0);
    if (key_load_public(path, &file, &problem) != STATUS_OK)
        return cli_fail_document(&problem, path);
    json_t *document = public_json(&file);
    const char *into = cli_text(call, "output");
    int exit_code = CLI_EXIT_DONE;
    if (into) {
        if (cli_write_document(into, document, 0644, &problem) != STATUS_OK)
            exit_code = cli_fail_document(&problem, "key export");
        return exit_code;
    }
    char *text = cli_json_text(document);
    if (text)
        fputs(text, stdout);
    else
        exit_code = cli_fail_memory();
    free(text);
    json_decref(document);
    return exit_code;
}

static int is_json(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name);
    return size > 5 && strcmp(entry->d_name + size - 5, ".json") == 0;
}

static int list_command(struct cli_call *call)
{
    char dir[PATH_BYTES_MAX];
    cli_config_dir(call, dir);
    if (cli_argument(call, 0)) snprintf(dir, sizeof dir, "%s", cli_argument(call, 0));
    struct dirent **entries;
    int count = scandir(dir, &entries, is_json, alphasort);
    if (count < 0)
        return cli_fail(CLI_EXIT_NOT_FOUND, NULL, "name a directory, or give --home",
                        "%s cannot be read", dir);
    for (int i = 0; i < count; i++) {
        char path[PATH_BYTES_MAX];
        struct key_file file;
        struct problem problem;
        char id[ADDRESS_TEXT] = "-";
        char hex[65];
        bool read = path_join(path, dir, entries[i]->d_name) == STATUS_OK &&
                    key_load_public(path, &file, &problem) == STATUS_OK;
        if (read) {
            if (file.has_id) address_encode(address_kind_of(file.kind), &file.id, id);
            hex_encode(span_of(file.public_key.bytes, 32), hex);
            printf("%-8s %-36s %s  %s\n", key_kind_name(file.kind), id, hex, entries[i]->d_name);
        }
        free(entries[i]);
    }
    free(entries);
    return CLI_EXIT_DONE;
}

/* ---- rows ---- */

#define KEY_FLAGS \
    { .name = "name", \
      .type = CLI_TEXT, \
      .value = "NAME", \
      .required = true, \
      .help = "what people call it" }, \
        { .name = "kind", \
          .type = CLI_WORD, \
          .words = "account|seal|node", \
          .standard = "account", \
          .help = "what it signs; the three are never mixed" }, \
    { \
        .name = "id", .type = CLI_TEXT, .value = "ID", \
        .help = "the account or validator it is for; default for an account: a new, random one" \
    }

static const struct cli_flag new_flags[] = { KEY_FLAGS, CLI_FLAGS_END };

static const struct cli_flag import_flags[] = {
    KEY_FLAGS,
    { .name = "seed-file",
      .type = CLI_FILE,
      .required = true,
      .help = "the 32-byte seed as hex; mode 0600" },
    CLI_FLAGS_END,
};

static const struct cli_flag export_flags[] = {
    { .name = "output", .letter = 'o', .type = CLI_FILE, .help = "write it there" },
    CLI_FLAGS_END,
};

const struct cli_command key_commands[] = {
    { .path = "key new",
      .summary = "Make a key file, mode 0600",
      .details = "With --passphrase-file the secret is sealed with argon2id and XSalsa20-Poly1305; "
                 "without it stands there as it is.",
      .arguments = "FILE",
      .arguments_min = 1,
      .arguments_max = 1,
      .groups = CLI_GROUP_SECRET,
      .flags = new_flags,
      .examples = { "key new treasury.json --name treasury" },
      .run = new_command },
    { .path = "key show",
      .summary = "Show a key file's public parts",
      .arguments = "FILE",
      .arguments_min = 1,
      .arguments_max = 1,
      .examples = { "key show treasury.json" },
      .run = show_command },
    { .path = "key list",
      .summary = "List the key files of a directory",
      .arguments = "[DIR]",
      .arguments_max = 1,
      .groups = CLI_GROUP_HOME,
      .examples = { "key list --home ./a" },
      .run = list_command },
    { .path = "key export",
      .summary = "Print the public half, to hand out",
      .arguments = "FILE",
      .arguments_min = 1,
      .arguments_max = 1,
      .flags = export_flags,
      .examples = { "key export treasury.json -o treasury.public.json" },
      .run = export_command },
    { .path = "key import",
      .summary = "Make a key file from a seed",
      .arguments = "FILE",
      .arguments_min = 1,
      .arguments_max = 1,
      .groups = CLI_GROUP_SECRET,
      .flags = import_flags,
      .examples = { "key import cold.json --name cold --seed-file seed.hex" },
      .run = import_command },
    CLI_COMMANDS_END,
};
