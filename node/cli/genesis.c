/* node/cli/genesis.c -- how a network begins: a new draft, and the finished document. */
#include "node/cli/init.h"

#include "genesis/genesis.h"
#include <stdlib.h>
#include <time.h>

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
    struct problem problem = { .status = STATUS_OK };
    struct genesis *genesis = NULL;
    *exit_code = CLI_EXIT_USAGE;
    if (!cli_path_or_config(call, cli_argument(call, 0), "genesis.json", path)) return NULL;
    if (genesis_load(path, &genesis, &problem) == STATUS_OK) return genesis;
    *exit_code = cli_fail_document(&problem, path);
    return NULL;
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
           committee->fault_model == FAULT_CRASH
               ? "crash-fault: seals, receipts and audits hold only while no validator lies"
               : "Byzantine");
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
    char *text = cli_json_text(document);
    if (text)
        fputs(text, stdout);
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
