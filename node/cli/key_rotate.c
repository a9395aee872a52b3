/* node/cli/key_rotate.c -- a new key in place of one in use: of a validator's seals, of an account.
 */
#include "node/cli/gov.h"

#include "genesis/json.h"
#include "node/cli/init.h"
#include "node/cli/ready.h"
#include "node/config.h"
#include "node/key_load.h"
#include "node/rotate.h"
#include <stdlib.h>

#define WRITING (CLI_GROUP_NODE | CLI_GROUP_WRITE | CLI_GROUP_SECRET)

/* Nothing is sent: no file may be made either. */
static bool only_shows(const struct cli_call *call)
{
    return cli_switch(call, "dry-run");
}

/* After these the transaction cannot come into the ledger any more. */
static bool came_to_nothing(int exit_code)
{
    return exit_code == CLI_EXIT_REFUSED || exit_code == CLI_EXIT_USAGE ||
           exit_code == CLI_EXIT_CONFIG || exit_code == CLI_EXIT_NOT_READY;
}

static int abandon(const struct cli_call *call, const struct rotation *rotation)
{
    struct problem problem = { .status = STATUS_OK };
    bool there = rotation_under_way(rotation);
    if (rotation_abandon(rotation, &problem) != STATUS_OK)
        return cli_fail_problem(&problem, "key rotate");
    cli_note(call, there ? "%s is wiped" : "there was no %s", rotation->key_next);
    return CLI_EXIT_DONE;
}

static int under_way(const struct rotation *rotation, const char *hint)
{
    return cli_fail(CLI_EXIT_REFUSED, "rotation_under_way", hint,
                    "a rotation is under way: %s is there", rotation->key_next);
}

/* ---- seal ---- */

struct sealing {
    struct cli_call *call;
    struct rotation rotation;
    char passphrase_file[PATH_BYTES_MAX]; /* with which the node opens its keys; "" = none */
    struct buffer passphrase;
    struct key_file present;
    bool has_present;
    char validator[ADDRESS_TEXT];
    struct secret_key secret;
};

/* Where the node keeps its key, and how it opens it. */
static int read_settings(struct sealing *s)
{
    struct config *config = NULL;
    struct problem problem = { .status = STATUS_OK };
    if (cli_config_load(s->call, &config, &problem) != STATUS_OK)
        return cli_fail_document(&problem, "configuration");
    const char *key = config_text(config, CONFIG_node_seal_key_file);
    enum status status =
        key[0] ? rotation_paths(&s->rotation, key, config_text(config, CONFIG_node_data_dir))
               : STATUS_NOT_FOUND;
    snprintf(s->passphrase_file, sizeof s->passphrase_file, "%s",
             config_text(config, CONFIG_node_passphrase_file));
    config_free(config);
    if (status == STATUS_OK) return CLI_EXIT_DONE;
    return cli_fail(CLI_EXIT_CONFIG, NULL, "run it on the validator's own machine, with its --home",
                    "node.seal_key_file names no key file");
}

/* The key in use may be lost: it is not needed. */
static int read_present(struct sealing *s)
{
    struct problem problem = { .status = STATUS_OK };
    enum status status = key_load_public(s->rotation.key, &s->present, &problem);
    if (status == STATUS_OK)
        status = key_check_kind(s->rotation.key, &s->present, KEY_SEAL, &problem);
    s->has_present = status == STATUS_OK;
    if (status == STATUS_OK || status == STATUS_NOT_FOUND) return CLI_EXIT_DONE;
    return cli_fail_document(&problem, s->rotation.key);
}

/* The new key is sealed as the present one is, so that the node can open it by itself. */
static int read_passphrase(struct sealing *s)
{
    struct problem problem = { .status = STATUS_OK };
    buffer_init(&s->passphrase, PASSPHRASE_BYTES_MAX);
    bool sealed = s->has_present && !s->present.plain;
    if (!sealed && !(s->passphrase_file[0] && !s->has_present)) return CLI_EXIT_DONE;
    if (!s->passphrase_file[0])
        return cli_fail(CLI_EXIT_CONFIG, NULL, "set node.passphrase_file in witan.conf",
                        "the present seal key is sealed, and the node could not open a new one");
    enum status status = file_read_secret(s->passphrase_file, &s->passphrase, &problem);
    if (status == STATUS_OK) passphrase_trim(&s->passphrase);
    return status == STATUS_OK ? CLI_EXIT_DONE : cli_fail_document(&problem, s->passphrase_file);
}

/* --validator, or what the key file says, or what the node says that it is. */
static int read_validator(struct sealing *s)
{
    const char *given = cli_text(s->call, "validator");
    if (given) {
        snprintf(s->validator, sizeof s->validator, "%s", given);
        return CLI_EXIT_DONE;
    }
    if (s->has_present && s->present.has_id) {
        address_encode(ADDRESS_VALIDATOR, &s->present.id, s->validator);
        return CLI_EXIT_DONE;
    }
    int exit_code = CLI_EXIT_DONE;
    json_t *status = cli_ask(s->call, "node_status", NULL, &exit_code);
    if (!status) return exit_code;
    const char *id = json_string_value(json_at(status, "node.validator"));
    if (id) snprintf(s->validator, sizeof s->validator, "%s", id);
    json_decref(status);
    if (s->validator[0]) return CLI_EXIT_DONE;
    return cli_fail(CLI_EXIT_USAGE, NULL, "witan validator list shows them",
                    "whose key is it? --validator names it");
}

static int make_files(struct sealing *s, const struct digest *chain_id)
{
    struct id id;
    char name[KEY_NAME_MAX + 1] = "validator";
    struct problem problem = { .status = STATUS_OK };
    if (s->has_present && s->present.name[0]) snprintf(name, sizeof name, "%s", s->present.name);
    if (address_decode(ADDRESS_VALIDATOR, s->validator, &id) != STATUS_OK)
        return cli_fail(CLI_EXIT_USAGE, NULL, NULL, "--validator is not the id of a validator");
    struct span passphrase = { NULL, 0 };
    if (s->passphrase.size > 0) passphrase = buffer_span(&s->passphrase);
    enum status status = rotation_begin(&s->rotation, KEY_SEAL, name, &id, &s->secret, passphrase,
                                        chain_id, &problem);
    return status == STATUS_OK ? CLI_EXIT_DONE : cli_fail_problem(&problem, "key rotate");
}

/* The files first: what the members vote for must not be lost with this process. */
static int propose_key(struct sealing *s, struct cli_writer *writer)
{
    struct cli_actions *actions = calloc(1, sizeof *actions);
    if (!actions) return cli_fail_memory();
    struct problem problem = { .status = STATUS_OK };
    actions->count = 1;
    int exit_code = cli_ready_rekey(s->call, s->validator, &s->secret, &actions->list[0]);
    if (exit_code == CLI_EXIT_DONE && !only_shows(s->call))
        exit_code = make_files(s, &writer->chain_id);
    bool made = exit_code == CLI_EXIT_DONE && !only_shows(s->call);
    if (exit_code == CLI_EXIT_DONE) exit_code = gov_propose(writer, actions);
    free(actions);
    if (made && came_to_nothing(exit_code)) (void)rotation_abandon(&s->rotation, &problem);
    if (made && exit_code == CLI_EXIT_DONE)
        cli_note(s->call,
                 "new key   %s\n          the node takes it when the members have agreed and the "
                 "epoch begins whose set has it",
                 s->rotation.key_next);
    if (made && exit_code != CLI_EXIT_DONE && !came_to_nothing(exit_code))
        cli_note(s->call, "%s is kept: the proposal may have been made (witan gov list)",
                 s->rotation.key_next);
    return exit_code;
}

static int rotate_with(struct sealing *s)
{
    struct public_key public_key;
    struct cli_writer writer;
    int exit_code = read_present(s);
    if (exit_code == CLI_EXIT_DONE) exit_code = read_passphrase(s);
    if (exit_code == CLI_EXIT_DONE) exit_code = read_validator(s);
    if (exit_code != CLI_EXIT_DONE) return exit_code;
    key_generate(&s->secret, &public_key);
    exit_code = cli_writer_open(&writer, s->call);
    if (exit_code == CLI_EXIT_DONE) exit_code = propose_key(s, &writer);
    cli_writer_close(&writer);
    return exit_code;
}

static int rotate_seal(struct cli_call *call)
{
    struct sealing *s = calloc(1, sizeof *s);
    if (!s) return cli_fail_memory();
    s->call = call;
    buffer_init(&s->passphrase, PASSPHRASE_BYTES_MAX);
    int exit_code = read_settings(s);
    if (exit_code != CLI_EXIT_DONE)
        ; /* Said already. */
    else if (cli_switch(call, "abandon"))
        exit_code = abandon(call, &s->rotation);
    else if (rotation_under_way(&s->rotation))
        exit_code = under_way(&s->rotation,
                              "wait until it is in force, or withdraw it with --abandon; a "
                              "proposal for it that still passes would leave the validator silent");
    else
        exit_code = rotate_with(s);
    key_wipe(&s->secret);
    buffer_wipe(&s->passphrase);
    buffer_free(&s->passphrase);
    free(s);
    return exit_code;
}

/* ---- account ---- */

struct signers {
    struct account_signer list[SIGNERS_MAX];
    uint8_t bytes[SIGNERS_MAX * SIGNER_BYTES];
    size_t count;
    bool has_old, has_new;
};

static int compare_signers(const void *a, const void *b)
{
    const struct account_signer *left = a;
    const struct account_signer *right = b;
    return key_compare(&left->key, &right->key);
}

/* The account's signers with one key in another's place. */
static bool read_signers(const json_t *account, const struct public_key *old,
                         const struct public_key *fresh, struct signers *signers)
{
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(account, "signers"), i, item)
    {
        const char *hex = json_string_value(json_object_get(item, "public_key"));
        if (signers->count == SIGNERS_MAX) return false;
        struct account_signer *signer = &signers->list[signers->count++];
        if (!hex || !hex_decode(hex, strlen(hex), signer->key.bytes, 32)) return false;
        signer->weight = (uint8_t)json_integer_value(json_object_get(item, "weight"));
        signers->has_new = signers->has_new || key_equal(&signer->key, fresh);
        if (!key_equal(&signer->key, old)) continue;
        signers->has_old = true;
        signer->key = *fresh;
    }
    qsort(signers->list, signers->count, sizeof signers->list[0], compare_signers);
    for (i = 0; i < signers->count; i++) {
        memcpy(signers->bytes + i * SIGNER_BYTES, signers->list[i].key.bytes, 32);
        signers->bytes[i * SIGNER_BYTES + 32] = signers->list[i].weight;
    }
    return signers->count > 0;
}

static uint16_t threshold_at(const json_t *account, const char *path)
{
    return (uint16_t)json_integer_value(json_at(account, path));
}

static json_t *ask_account(const struct cli_writer *writer, int *exit_code)
{
    struct rpc_failure failure = { .what = FAILURE_NONE };
    json_t *params =
        json_pack("{s:o}", "account", json_address_new(ADDRESS_ACCOUNT, &writer->tx->source));
    json_t *account =
        params ? rpc_client_call(writer->nodes[0], "account_get", params, &failure) : NULL;
    json_decref(params);
    if (!account) *exit_code = cli_fail_rpc(&failure, "account_get");
    return account;
}

static int send_signers(struct cli_writer *writer, const json_t *account,
                        const struct signers *signers)
{
    struct operation *operation = cli_writer_add(writer, OP_ACCOUNT_SET_SIGNERS);
    operation->account_set_signers.low = threshold_at(account, "thresholds.low");
    operation->account_set_signers.medium = threshold_at(account, "thresholds.medium");
    operation->account_set_signers.high = threshold_at(account, "thresholds.high");
    operation->account_set_signers.signers =
        (struct signer_list){ (uint8_t)signers->count,
                              span_of(signers->bytes, signers->count * SIGNER_BYTES) };
    return cli_writer_send(writer);
}

/* The new key is in force: it takes the file's name, and the old secret is wiped. */
static int finish_account(const struct cli_call *call, const struct rotation *rotation)
{
    struct problem problem = { .status = STATUS_OK };
    if (rotation_finish(rotation, &problem) != STATUS_OK)
        return cli_fail_problem(&problem, "key rotate");
    cli_note(call, "%s holds the new key; the old secret is wiped", rotation->key);
    return CLI_EXIT_DONE;
}

static int begin_account(const struct cli_writer *writer, const struct rotation *rotation,
                         const struct key_file *old, struct key_file *fresh)
{
    const struct cli_call *call = writer->call;
    struct problem problem = { .status = STATUS_OK };
    struct secret_key secret;
    struct buffer passphrase;
    key_generate(&secret, &fresh->public_key);
    enum status status = cli_passphrase(call, &passphrase, &problem);
    struct span sealing = { NULL, 0 };
    if (!old->plain && passphrase.size > 0) sealing = buffer_span(&passphrase);
    if (status == STATUS_OK && !only_shows(call))
        status = rotation_begin(rotation, KEY_ACCOUNT, old->name, old->has_id ? &old->id : NULL,
                                &secret, sealing, NULL, &problem);
    buffer_wipe(&passphrase);
    buffer_free(&passphrase);
    key_wipe(&secret);
    return status == STATUS_OK ? CLI_EXIT_DONE : cli_fail_problem(&problem, "key rotate");
}

static int replace_signer(struct cli_writer *writer, const struct rotation *rotation,
                          const struct key_file *old, const struct key_file *fresh, bool again)
{
    struct signers signers = { .count = 0 };
    struct problem problem = { .status = STATUS_OK };
    int exit_code = CLI_EXIT_DONE;
    json_t *account = ask_account(writer, &exit_code);
    if (!account) return exit_code;
    bool read = read_signers(account, &old->public_key, &fresh->public_key, &signers);
    if (!read)
        exit_code =
            cli_fail(CLI_EXIT_UNREACHABLE, NULL, NULL, "the node does not answer as a node");
    else if (signers.has_new && !signers.has_old)
        exit_code = CLI_EXIT_DONE; /* An earlier run came so far. */
    else if (again)
        exit_code = under_way(rotation, "its transaction may still be executed: run this again "
                                        "when it has expired, with --abandon");
    else if (!signers.has_old)
        exit_code = cli_fail(CLI_EXIT_REFUSED, "key_unknown", "witan account get shows its signers",
                             "%s is no signer of the account", rotation->key);
    else
        exit_code = send_signers(writer, account, &signers);
    json_decref(account);
    bool final = !only_shows(writer->call) && !cli_given(writer->call, "out");
    if (exit_code == CLI_EXIT_DONE && final) return finish_account(writer->call, rotation);
    if (!again && came_to_nothing(exit_code)) (void)rotation_abandon(rotation, &problem);
    return exit_code;
}

static int account_with(struct cli_writer *writer, const struct rotation *rotation)
{
    struct key_file old;
    struct key_file fresh;
    struct problem problem = { .status = STATUS_OK };
    bool again = rotation_under_way(rotation);
    if (key_load_public(rotation->key, &old, &problem) != STATUS_OK)
        return cli_fail_document(&problem, rotation->key);
    if (again && key_load_public(rotation->key_next, &fresh, &problem) != STATUS_OK)
        return cli_fail_document(&problem, rotation->key_next);
    int exit_code = again ? CLI_EXIT_DONE : begin_account(writer, rotation, &old, &fresh);
    if (exit_code != CLI_EXIT_DONE) return exit_code;
    return replace_signer(writer, rotation, &old, &fresh, again);
}

static int rotate_account(struct cli_call *call)
{
    char path[PATH_BYTES_MAX];
    struct rotation *rotation = calloc(1, sizeof *rotation);
    struct problem problem = { .status = STATUS_OK };
    if (!rotation) return cli_fail_memory();
    enum status status = cli_key_path(call, cli_argument(call, 1), path, &problem);
    if (status == STATUS_OK) status = rotation_paths(rotation, path, NULL);
    int exit_code = status == STATUS_OK ? CLI_EXIT_DONE : cli_fail_problem(&problem, "key rotate");
    if (status == STATUS_OK && cli_switch(call, "abandon")) {
        exit_code = abandon(call, rotation);
    } else if (status == STATUS_OK) {
        struct cli_writer writer;
        exit_code = cli_writer_open(&writer, call);
        if (exit_code == CLI_EXIT_DONE) exit_code = account_with(&writer, rotation);
        cli_writer_close(&writer);
    }
    free(rotation);
    return exit_code;
}

/* ---- node ---- */

static int rotate_node(struct cli_call *call)
{
    (void)call;
    return cli_fail(CLI_EXIT_REFUSED, "node_key_fixed",
                    "make a home with a new node key, let it follow, and replace the machine: "
                    "witan gov propose --remove OLD --add ready.json",
                    "a validator's node key is in its record in the ledger and changes only with "
                    "the machine");
}

/* ---- the command ---- */

static int rotate(struct cli_call *call)
{
    static const struct {
        const char *word;
        size_t arguments;
        int (*run)(struct cli_call *call);
    } kinds[] = { { "seal", 1, rotate_seal },
                  { "account", 2, rotate_account },
                  { "node", 1, rotate_node } };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(cli_argument(call, 0), kinds[i].word) == 0 &&
            call->argument_count == kinds[i].arguments)
            return kinds[i].run(call);
    return cli_fail(CLI_EXIT_USAGE, NULL,
                    "key rotate seal, key rotate account FILE, or key rotate node",
                    "which key is it?");
}

static const struct cli_flag rotate_flags[] = {
    { .name = "config",
      .type = CLI_FILE,
      .value = "FILE",
      .environment = "WITAN_CONFIG",
      .help = "seal: settings of the node; without it HOME/config/witan.conf or "
              "/etc/witan/witan.conf" },
    { .name = "validator",
      .type = CLI_TEXT,
      .value = "VALIDATOR",
      .help = "seal: whose key; default: what the present key's file or the node says" },
    { .name = "abandon",
      .type = CLI_SWITCH,
      .help = "wipe the next key of a rotation that is not to come into force" },
    GOV_PROPOSE_FLAGS,
    CLI_FLAGS_END,
};

const struct cli_command key_rotate_commands[] = {
    { .path = "key rotate",
      .summary = "Put a new key in the place of one in use, and wipe the old one",
      .details =
          "seal: run it on the validator's own machine, while its node runs. Makes "
          "seal_key.next.json and safety.next, states that the machine is ready with the new key, "
          "and proposes validator.rekey, signed by the member's account keys. The present seal "
          "key is not needed: it may be lost. When the members have agreed, the node takes the "
          "new key at the beginning of the epoch and wipes the old one."
          "\n\naccount FILE: sets a new key in the old one's place among the signers of the "
          "source, and when that is committed gives it the file's name and wipes the old secret. "
          "Run it again if it was interrupted."
          "\n\nnode: a node key is part of the validator's record in the ledger, and changes only "
          "by replacing the machine: one removed and one added in the same proposal.",
      .arguments = "seal|account|node [FILE]",
      .arguments_min = 1,
      .arguments_max = 2,
      .groups = WRITING,
      .flags = rotate_flags,
      .examples = { "key rotate seal --home /srv/a --source bank-a --key bank-a.json",
                    "key rotate seal --home /srv/a --abandon",
                    "key rotate account bank-a.json --key bank-a.json --key second.json" },
      .run = rotate },
    CLI_COMMANDS_END,
};
