/* node/cli/account.c -- accounts: make, change, look at. */
#include "genesis/json.h"
#include "node/cli/write.h"
#include <stdlib.h>

#define READING (CLI_GROUP_NODE | CLI_GROUP_OUTPUT | CLI_GROUP_READ)
#define WRITING (CLI_GROUP_NODE | CLI_GROUP_WRITE | CLI_GROUP_SECRET)

/* ---- signers ---- */

struct signers {
    struct account_signer list[SIGNERS_MAX];
    uint8_t bytes[SIGNERS_MAX * SIGNER_BYTES];
    size_t count;
    bool has_id; /* of the only key that names an account */
    struct id id;
};

/* A public key: hex, or a key file or what `key export` prints. */
static enum status read_signer(const struct cli_call *call, const char *text,
                               struct signers *signers, struct public_key *key,
                               struct problem *problem)
{
    char path[PATH_BYTES_MAX];
    if (strlen(text) == 64 && hex_decode(text, 64, key->bytes, 32)) return STATUS_OK;
    enum status status = cli_key_path(call, text, path, problem);
    if (status != STATUS_OK) return status;
    json_t *document = json_read_file(path, KEY_FILE_BYTES_MAX, problem);
    if (!document) return problem->status;
    const char *hex = json_string_value(json_object_get(document, "public_key"));
    const char *kind = json_string_value(json_object_get(document, "kind"));
    const char *id = json_string_value(json_object_get(document, "id"));
    bool read =
        hex && kind && strcmp(kind, "account") == 0 && hex_decode(hex, strlen(hex), key->bytes, 32);
    if (read && id && address_decode(ADDRESS_ACCOUNT, id, &signers->id) == STATUS_OK)
        signers->has_id = true;
    json_decref(document);
    return read ? STATUS_OK
                : problem_set(problem, STATUS_INVALID, "%s holds no account's key", path);
}

static int compare_signers(const void *a, const void *b)
{
    const struct account_signer *left = a;
    const struct account_signer *right = b;
    return key_compare(&left->key, &right->key);
}

/* --signer KEY[=WEIGHT]..., sorted by key. */
static enum status read_signers(const struct cli_call *call, struct signers *signers,
                                struct problem *problem)
{
    memset(signers, 0, sizeof *signers);
    for (size_t i = 0; i < cli_count(call, "signer"); i++) {
        char text[PATH_BYTES_MAX];
        if (signers->count == SIGNERS_MAX)
            return problem_set(problem, STATUS_FULL, "an account has at most %d signers",
                               SIGNERS_MAX);
        snprintf(text, sizeof text, "%s", cli_item(call, "signer", i));
        char *equals = strrchr(text, '=');
        unsigned long weight = 1;
        char *end = NULL;
        if (equals) {
            *equals = 0;
            weight = strtoul(equals + 1, &end, 10);
            if (!end || *end || weight < 1 || weight > 255)
                return problem_set(problem, STATUS_INVALID, "a weight is a number from 1 to 255");
        }
        struct account_signer *signer = &signers->list[signers->count++];
        signer->weight = (uint8_t)weight;
        enum status status = read_signer(call, text, signers, &signer->key, problem);
        if (status != STATUS_OK) return status;
        if (!key_valid(&signer->key))
            return problem_set(problem, STATUS_BAD_KEY, "%s is not a valid public key", text);
    }
    qsort(signers->list, signers->count, sizeof signers->list[0], compare_signers);
    for (size_t i = 0; i < signers->count; i++) {
        memcpy(signers->bytes + i * SIGNER_BYTES, signers->list[i].key.bytes, 32);
        signers->bytes[i * SIGNER_BYTES + 32] = signers->list[i].weight;
    }
    return STATUS_OK;
}

static struct signer_list list_of(const struct signers *signers)
{
    return (struct signer_list){ (uint8_t)signers->count,
                                 span_of(signers->bytes, signers->count * SIGNER_BYTES) };
}

#define SIGNER_FLAGS \
    { .name = "signer", \
      .type = CLI_TEXT, \
      .value = "KEY[=WEIGHT]", \
      .repeat = true, \
      .required = true, \
      .help = "64 hex digits, or a file of key export; weight 1 unless said" }, \
        { .name = "low", \
          .type = CLI_NUMBER, \
          .value = "N", \
          .standard = "1", \
          .least = 1, \
          .most = 65535, \
          .help = "weight for records" }, \
        { .name = "medium", \
          .type = CLI_NUMBER, \
          .value = "N", \
          .standard = "1", \
          .least = 1, \
          .most = 65535, \
          .help = "weight for payments" }, \
    { \
        .name = "high", .type = CLI_NUMBER, .value = "N", .standard = "1", .least = 1, \
        .most = 65535, .help = "weight for changing signers" \
    }

static const struct cli_flag create_flags[] = {
    SIGNER_FLAGS,
    CLI_FLAGS_END,
};

static const struct cli_flag set_signers_flags[] = {
    SIGNER_FLAGS,
    CLI_FLAGS_END,
};

/* ---- create, set-signers, freeze ---- */

/* Opens the writer and reads --signer; the caller closes the writer in any case. */
static int begin_signers(struct cli_writer *writer, struct signers *signers, struct cli_call *call)
{
    struct problem problem;
    int exit_code = cli_writer_open(writer, call);
    if (exit_code == CLI_EXIT_DONE && read_signers(call, signers, &problem) != STATUS_OK)
        exit_code = cli_fail(CLI_EXIT_USAGE, NULL, NULL, "--signer: %s", problem.text);
    return exit_code;
}

static int create(struct cli_call *call)
{
    struct cli_writer writer;
    struct signers signers;
    int exit_code = begin_signers(&writer, &signers, call);
    if (exit_code == CLI_EXIT_DONE) {
        struct operation *operation = cli_writer_add(&writer, OP_ACCOUNT_CREATE);
        operation->account_create.low = (uint16_t)cli_number(call, "low");
        operation->account_create.medium = (uint16_t)cli_number(call, "medium");
        operation->account_create.high = (uint16_t)cli_number(call, "high");
        operation->account_create.signers = list_of(&signers);
        struct id *id = &operation->account_create.id;
        random_bytes(id->bytes, sizeof id->bytes);
        if (signers.count == 1 && signers.has_id) *id = signers.id;
        const char *given = cli_argument(call, 0);
        if (given && address_decode(ADDRESS_ACCOUNT, given, id) != STATUS_OK)
            exit_code = cli_fail(CLI_EXIT_USAGE, NULL, "an account id begins with acc1",
                                 "not an account id");
        char text[ADDRESS_TEXT];
        address_encode(ADDRESS_ACCOUNT, id, text);
        if (exit_code == CLI_EXIT_DONE && !cli_switch(call, "json") && !cli_switch(call, "quiet") &&
            !cli_switch(call, "dry-run"))
            printf("account    %s\n", text);
        if (exit_code == CLI_EXIT_DONE) exit_code = cli_writer_send(&writer);
    }
    cli_writer_close(&writer);
    return exit_code;
}

static int set_signers(struct cli_call *call)
{
    struct cli_writer writer;
    struct signers signers;
    int exit_code = begin_signers(&writer, &signers, call);
    if (exit_code == CLI_EXIT_DONE) {
        struct operation *operation = cli_writer_add(&writer, OP_ACCOUNT_SET_SIGNERS);
        operation->account_set_signers.low = (uint16_t)cli_number(call, "low");
        operation->account_set_signers.medium = (uint16_t)cli_number(call, "medium");
        operation->account_set_signers.high = (uint16_t)cli_number(call, "high");
        operation->account_set_signers.signers = list_of(&signers);
        const char *account = cli_argument(call, 0);
        if (!account || cli_writer_account(&writer, account, &operation->actor, &exit_code))
            exit_code = cli_writer_send(&writer);
    }
    cli_writer_close(&writer);
    return exit_code;
}

static int freeze(struct cli_call *call)
{
    struct cli_writer writer;
    int exit_code = cli_writer_open(&writer, call);
    if (exit_code == CLI_EXIT_DONE) {
        struct operation *operation = cli_writer_add(&writer, OP_ACCOUNT_FREEZE);
        operation->account_freeze.frozen = !cli_switch(call, "thaw");
        if (cli_writer_account(&writer, cli_argument(call, 0), &operation->account_freeze.account,
                               &exit_code))
            exit_code = cli_writer_send(&writer);
    }
    cli_writer_close(&writer);
    return exit_code;
}

static const struct cli_flag freeze_flags[] = {
    { .name = "thaw", .type = CLI_SWITCH, .help = "the opposite: let it act again" },
    CLI_FLAGS_END,
};

/* ---- get, list, history ---- */

static const struct cli_column account_columns[] = {
    { "account", "account", CELL_TEXT },
    { "member", "member", CELL_TEXT },
    { "roles", "roles", CELL_TEXT },
    { "frozen", "frozen", CELL_TEXT },
    { "closed", "closed", CELL_TEXT },
    { "thresholds", "thresholds", CELL_TEXT },
    { "signers", "signers", CELL_TEXT },
    { "sponsor", "sponsor", CELL_TEXT },
    { "balances", "balance_count", CELL_TEXT },
    { "version", "version", CELL_TEXT },
};

static const struct cli_column list_columns[] = {
    { "ACCOUNT", "account", CELL_TEXT },   { "MEMBER", "member", CELL_TEXT },
    { "ROLES", "roles", CELL_TEXT },       { "FROZEN", "frozen", CELL_TEXT },
    { "SIGNERS", "signers", CELL_COUNT },  { "BALANCES", "balance_count", CELL_NUMBER },
    { "VERSION", "version", CELL_NUMBER },
};

static const struct cli_column history_columns[] = {
    { "POSITION", "position", CELL_NUMBER },
    { "TIME", "time", CELL_TEXT },
    { "KIND", "kind", CELL_TEXT },
    { "RESULT", "code", CELL_TEXT },
    { "OPERATIONS", "ops", CELL_TEXT },
    { "MOVEMENTS", "movements", CELL_COUNT },
    { "ID", "id", CELL_TEXT },
};

static const struct cli_view get_view = { .positional = { "account" },
                                          CLI_VIEW_COLUMNS(account_columns) };
static const struct cli_view list_view = { .items = "items", CLI_VIEW_COLUMNS(list_columns) };
static const struct cli_view history_view = { .positional = { "account" },
                                              .items = "items",
                                              CLI_VIEW_COLUMNS(history_columns) };

/* ---- rows ---- */

const struct cli_command account_commands[] = {
    { .path = "account create",
      .summary = "Make an account; the source needs the role registrar",
      .details = "Its id is the argument, or that of the key file if there is one signer who has "
                 "one, or random.",
      .arguments = "[ACCOUNT]",
      .arguments_max = 1,
      .groups = WRITING,
      .flags = create_flags,
      .examples = { "account create --source treasury --signer alice.public.json" },
      .run = create },
    { .path = "account set-signers",
      .summary = "Replace signers and thresholds of an account, by default the source",
      .details = "The list replaces the old one as a whole. An operation of the account needs "
                 "signatures whose weights reach its threshold: low for records, medium for "
                 "payments, high for this command and for votes. Signatures of the old signers "
                 "count for this one. --key may be given several times; or --out FILE here, tx "
                 "sign on each other machine, and tx submit.",
      .arguments = "[ACCOUNT]",
      .arguments_max = 1,
      .groups = WRITING,
      .flags = set_signers_flags,
      .examples = { "account set-signers --source alice --signer a.json --signer b.json --medium 2 "
                    "--high 2" },
      .run = set_signers },
    { .path = "account freeze",
      .summary = "Stop an account from acting, or let it act again; needs the role freezer",
      .arguments = "ACCOUNT",
      .arguments_min = 1,
      .arguments_max = 1,
      .groups = WRITING,
      .flags = freeze_flags,
      .examples = { "account freeze acc1... --source treasury",
                    "account freeze acc1... --thaw --source treasury" },
      .run = freeze },
    { .path = "account get",
      .summary = "Show signers, roles and thresholds of an account",
      .arguments = "ACCOUNT",
      .arguments_min = 1,
      .arguments_max = 1,
      .groups = READING,
      .method = "account_get",
      .data = &get_view,
      .examples = { "account get acc1..." },
      .run = cli_read },
    { .path = "account list",
      .summary = "List accounts in the order of their ids",
      .groups = READING,
      .method = "account_list",
      .data = &list_view,
      .examples = { "account list --role issuer" },
      .run = cli_read },
    { .path = "account history",
      .summary = "List the entries that touched an account, the latest first",
      .arguments = "ACCOUNT",
      .arguments_min = 1,
      .arguments_max = 1,
      .groups = READING,
      .method = "account_history",
      .data = &history_view,
      .examples = { "account history acc1... --asset EUR" },
      .run = cli_read },
    CLI_COMMANDS_END,
};
