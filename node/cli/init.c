/* node/cli/init.c -- makes a home: keys, settings, data directory, safety file. */
#include "node/cli/init.h"

#include "genesis/genesis.h"
#include "node/key_load.h"
#include "node/safety.h"
#include "node/units.h"
#include <stdlib.h>
#include <time.h>

/* ---- passphrase ---- */

enum status cli_passphrase(const struct cli_call *call, struct buffer *passphrase,
                           struct problem *problem)
{
    buffer_init(passphrase, PASSPHRASE_BYTES_MAX);
    const char *path = cli_text(call, "passphrase-file");
    if (!path) return STATUS_OK;
    enum status status = strcmp(path, "/dev/stdin") == 0
                             ? cli_read_stream(stdin, passphrase, problem)
                             : file_read_secret(path, passphrase, problem);
    if (status == STATUS_OK) passphrase_trim(passphrase);
    if (status == STATUS_OK && passphrase->size == 0)
        status = problem_set(problem, STATUS_INVALID, "%s holds no passphrase", path);
    return status;
}

enum status cli_read_stream(FILE *stream, struct buffer *out, struct problem *problem)
{
    uint8_t part[4096];
    size_t size;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && (size = fread(part, 1, sizeof part, stream)) > 0)
        status = buffer_append(out, span_of(part, size));
    if (status == STATUS_OK && ferror(stream)) status = STATUS_IO;
    if (status != STATUS_OK) problem_set(problem, status, "stdin: %s", status_text(status));
    return status;
}

enum status cli_write_key(const char *path, enum key_kind kind, const char *name,
                          const struct id *id, const struct secret_key *secret,
                          struct span passphrase, struct problem *problem)
{
    char *text = key_file_format(kind, name, id, secret, passphrase, problem);
    if (!text) return problem->status;
    size_t size = strlen(text);
    enum status status = file_write(path, span_of(text, size), 0600, false, problem);
    explicit_bzero(text, size);
    free(text);
    return status;
}

/* ---- the parts of a home ---- */

struct home {
    const struct cli_call *call;
    char config[PATH_BYTES_MAX], data[PATH_BYTES_MAX];
    const char *name;
    bool validator;
    struct id id, member; /* of the validator */
    struct buffer passphrase;
};

static enum status file_in(const char *dir, const char *name, char path[PATH_BYTES_MAX],
                           struct problem *problem)
{
    if (path_join(path, dir, name) == STATUS_OK) return STATUS_OK;
    return problem_set(problem, STATUS_INVALID, "the path %s/%s is too long", dir, name);
}

static enum status make_key(const struct home *home, const char *file, enum key_kind kind,
                            struct secret_key *secret, struct problem *problem)
{
    char path[PATH_BYTES_MAX];
    struct public_key public_key;
    key_generate(secret, &public_key);
    enum status status = file_in(home->config, file, path, problem);
    struct span passphrase = { NULL, 0 };
    if (home->passphrase.size > 0) passphrase = buffer_span(&home->passphrase);
    if (status == STATUS_OK)
        status = cli_write_key(path, kind, home->name, home->validator ? &home->id : NULL, secret,
                               passphrase, problem);
    return status;
}

/* libconfig's strings know two escapes that matter here. */
static void write_text(FILE *stream, const char *text)
{
    fputc('"', stream);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') fputc('\\', stream);
        fputc(*text, stream);
    }
    fputc('"', stream);
}

static enum status write_settings(const struct home *home, struct problem *problem)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    if (!stream) return problem_set(problem, STATUS_NO_MEMORY, "out of memory");
    char host[256];
    uint16_t port = 7790;
    const char *endpoint = cli_text(home->call, "endpoint");
    if (endpoint) (void)endpoint_parse(endpoint, host, &port);
    fputs(
        "# witan.conf: settings of this node. `witan config sample` prints every key, its default\n"
        "# and its meaning; `witan config check` tests this file.\n\nnode: {\n    name = ",
        stream);
    write_text(stream, home->name);
    fprintf(
        stream,
        ";\n    role = \"%s\";\n};\npeers: { listen = [ \"0.0.0.0:%u\" ]; };\nrpc: { listen = [ ",
        home->validator ? "auto" : "observer", port);
    write_text(stream, cli_text(home->call, "rpc-listen"));
    fputs(" ]; };\n", stream);
    if (home->passphrase.size > 0)
        fputs("# Add node.passphrase_file, or the systemd credential witan-passphrase.\n", stream);
    bool failed = ferror(stream) != 0;
    failed = fclose(stream) != 0 || failed;
    char path[PATH_BYTES_MAX];
    enum status status = failed ? problem_set(problem, STATUS_NO_MEMORY, "out of memory")
                                : file_in(home->config, "witan.conf", path, problem);
    if (status == STATUS_OK) status = file_write(path, span_of(text, size), 0640, false, problem);
    free(text);
    return status;
}

static enum status write_validator(const struct home *home, const struct secret_key *seal,
                                   const struct secret_key *node, struct problem *problem)
{
    struct validator_document document = { .id = home->id, .member = home->member };
    snprintf(document.network, sizeof document.network, "%s", cli_text(home->call, "network"));
    snprintf(document.endpoint, sizeof document.endpoint, "%s", cli_text(home->call, "endpoint"));
    key_public(seal, &document.seal_key);
    key_public(node, &document.node_key);
    possession_sign(seal, document.network, &document.id, &document.member, &document.node_key,
                    &document.possession);
    char path[PATH_BYTES_MAX];
    enum status status = file_in(home->config, "validator.json", path, problem);
    return status != STATUS_OK
               ? status
               : cli_write_document(path, validator_document_json(&document), 0644, problem);
}

enum status cli_write_document(const char *path, json_t *document, unsigned mode,
                               struct problem *problem)
{
    char *text = cli_json_text(document);
    json_decref(document);
    if (!text) return problem_set(problem, STATUS_NO_MEMORY, "out of memory");
    enum status status = file_write(path, span_text(text), mode, false, problem);
    free(text);
    return status;
}

static enum status make_directories(const struct home *home, struct problem *problem)
{
    enum status status = directory_create(home->config, 0750, problem);
    if (status == STATUS_OK) status = directory_create(home->data, 0750, problem);
    if (status == STATUS_OK) status = data_format_check(home->data, problem);
    return status == STATUS_NOT_FOUND ? data_format_create(home->data, problem) : status;
}

static enum status make_home(const struct home *home, struct problem *problem)
{
    enum status status = make_directories(home, problem);
    struct secret_key node;
    struct secret_key seal;
    memset(&seal, 0, sizeof seal);
    if (status != STATUS_OK) return status;
    status = make_key(home, "node_key.json", KEY_NODE, &node, problem);
    if (status == STATUS_OK && home->validator)
        status = make_key(home, "seal_key.json", KEY_SEAL, &seal, problem);
    if (status == STATUS_OK) status = write_settings(home, problem);
    if (status == STATUS_OK && home->validator && cli_text(home->call, "network"))
        status = write_validator(home, &seal, &node, problem);
    key_wipe(&node);
    key_wipe(&seal);
    return status;
}

/* ---- genesis and safety file ---- */

/* The public half of the seal key; STATUS_NOT_FOUND for an observer. */
static enum status seal_key_of(const struct home *home, struct public_key *key,
                               struct problem *problem)
{
    char path[PATH_BYTES_MAX];
    struct key_file file;
    enum status status = file_in(home->config, "seal_key.json", path, problem);
    if (status == STATUS_OK) status = key_load_public(path, &file, problem);
    if (status == STATUS_OK) *key = file.public_key;
    return status;
}

/* Is the home's genesis there already, and the same one? */
static enum status genesis_present(const struct home *home, const struct genesis *genesis,
                                   bool *present, struct problem *problem)
{
    char path[PATH_BYTES_MAX];
    struct genesis *own = NULL;
    *present = false;
    enum status status = file_in(home->config, "genesis.json", path, problem);
    if (status != STATUS_OK || !file_exists(path)) return status;
    status = genesis_load(path, &own, problem);
    if (status == STATUS_OK && !digest_equal(&own->chain_id, &genesis->chain_id))
        status = problem_set(problem, STATUS_MISMATCH, "%s is the genesis of another network, %s",
                             path, own->network);
    genesis_free(own);
    *present = status == STATUS_OK;
    return status;
}

/* Once for a seal key, before the genesis takes its place: a home that has its genesis has had its
 * safety file, and when that is gone, nobody knows what the key has promised. */
static enum status make_safety(const struct home *home, const struct genesis *genesis, bool present,
                               struct problem *problem)
{
    struct public_key key;
    char path[PATH_BYTES_MAX];
    enum status status = seal_key_of(home, &key, problem);
    if (status == STATUS_NOT_FOUND) return STATUS_OK; /* An observer promises nothing. */
    if (status == STATUS_OK) status = file_in(home->data, "safety", path, problem);
    if (status != STATUS_OK || file_exists(path)) return status;
    if (present)
        return problem_set(problem, STATUS_CONFLICT,
                           "%s is gone and is not made again: the seal key may have promised "
                           "something; the node follows without a vote until it has a new one",
                           path);
    return safety_create(path, &key, &genesis->chain_id, problem);
}

static enum status place_genesis(const struct home *home, const struct genesis *genesis,
                                 struct problem *problem)
{
    bool present;
    char path[PATH_BYTES_MAX];
    enum status status = genesis_present(home, genesis, &present, problem);
    if (status == STATUS_OK) status = make_directories(home, problem);
    if (status == STATUS_OK) status = make_safety(home, genesis, present, problem);
    if (status == STATUS_OK) status = file_in(home->config, "genesis.json", path, problem);
    if (status != STATUS_OK || present) return status;
    return cli_write_document(path, genesis_json(genesis), 0644, problem);
}

static int add_genesis(const struct home *home, const char *source)
{
    struct genesis *genesis = NULL;
    struct problem problem = { .status = STATUS_OK };
    enum status status = genesis_load(source, &genesis, &problem);
    if (status == STATUS_OK) status = place_genesis(home, genesis, &problem);
    if (status == STATUS_OK) {
        char id[65];
        char words[128];
        hex_encode(digest_span(&genesis->chain_id), id);
        chain_id_words(&genesis->chain_id, words);
        cli_note(home->call, "network   %s\nchain id  %s\n          %s", genesis->network, id,
                 words);
    }
    genesis_free(genesis);
    if (status == STATUS_CONFLICT) return cli_fail_problem(&problem, "init");
    return status == STATUS_OK ? CLI_EXIT_DONE : cli_fail_document(&problem, "genesis");
}

/* ---- the command ---- */

/* network, member and endpoint: all or none. */
static int read_validator_flags(struct home *home)
{
    static const char *const names[] = { "network", "member", "endpoint" };
    size_t given = 0;
    for (size_t i = 0; i < 3; i++)
        given += cli_text(home->call, names[i]) ? 1 : 0;
    if (given == 0) return CLI_EXIT_DONE;
    if (given < 3 || !home->validator)
        return cli_fail(CLI_EXIT_USAGE, NULL, "validator.json needs all three of them",
                        "--network, --member and --endpoint belong together, for a validator");
    char host[256];
    uint16_t port;
    if (address_decode(ADDRESS_ACCOUNT, cli_text(home->call, "member"), &home->member) != STATUS_OK)
        return cli_fail(CLI_EXIT_USAGE, NULL, "an account id begins with acc1",
                        "--member is not an account id");
    if (!endpoint_parse(cli_text(home->call, "endpoint"), host, &port))
        return cli_fail(CLI_EXIT_USAGE, NULL, "for example 10.0.0.1:7790",
                        "--endpoint is not HOST:PORT");
    if (strlen(cli_text(home->call, "network")) > NETWORK_NAME_MAX)
        return cli_fail(CLI_EXIT_USAGE, NULL, NULL, "--network has more than 32 characters");
    return CLI_EXIT_DONE;
}

static int new_home(struct home *home)
{
    int exit_code = read_validator_flags(home);
    if (exit_code != CLI_EXIT_DONE) return exit_code;
    if (!home->name || strlen(home->name) > KEY_NAME_MAX)
        return cli_fail(CLI_EXIT_USAGE, NULL, NULL, "--name is missing or longer than %d bytes",
                        KEY_NAME_MAX);
    random_bytes(home->id.bytes, sizeof home->id.bytes);
    struct problem problem = { .status = STATUS_OK };
    enum status status = cli_passphrase(home->call, &home->passphrase, &problem);
    if (status == STATUS_OK) status = make_home(home, &problem);
    buffer_wipe(&home->passphrase);
    buffer_free(&home->passphrase);
    if (status != STATUS_OK) return cli_fail_document(&problem, "init");
    char id[ADDRESS_TEXT];
    address_encode(ADDRESS_VALIDATOR, &home->id, id);
    cli_note(home->call, "made      %s%s%s", home->config, home->validator ? "\nvalidator " : "",
             home->validator ? id : "");
    if (cli_text(home->call, "network"))
        cli_note(home->call, "hand in   %s/validator.json", home->config);
    return CLI_EXIT_DONE;
}

int cli_init(struct cli_call *call)
{
    struct home home = { .call = call, .name = cli_text(call, "name") };
    home.validator = strcmp(cli_text(call, "role"), "validator") == 0;
    cli_config_dir(call, home.config);
    cli_data_dir(call, home.data);
    char path[PATH_BYTES_MAX];
    struct problem problem;
    if (file_in(home.config, "node_key.json", path, &problem) != STATUS_OK)
        return cli_fail_problem(&problem, "init");
    const char *genesis = cli_text(call, "genesis");
    int exit_code = CLI_EXIT_DONE;
    if (!file_exists(path))
        exit_code = new_home(&home);
    else if (!genesis)
        return cli_fail(CLI_EXIT_FAILED, NULL, "init --genesis FILE adds a genesis to it",
                        "%s has keys already", home.config);
    if (exit_code == CLI_EXIT_DONE && genesis) exit_code = add_genesis(&home, genesis);
    return exit_code;
}
