/* node/cli/backup.c -- backups: made by a running node, checked and put back offline. */
#include "node/backup.h"

#include "node/cli/progress.h"
#include "node/cli/proof.h"
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- create ---- */

/* The node has another working directory than we. */
static int absolute(const char *dir, char path[PATH_BYTES_MAX])
{
    char here[PATH_BYTES_MAX];
    if (dir[0] != '/' && !getcwd(here, sizeof here))
        return cli_fail(CLI_EXIT_SYSTEM, NULL, NULL, "%s", strerror(errno));
    enum status status = path_join(path, dir[0] == '/' ? "" : here, dir);
    size_t size = status == STATUS_OK ? strlen(path) : 0;
    while (size > 1 && path[size - 1] == '/')
        path[--size] = 0;
    if (status == STATUS_OK) return CLI_EXIT_DONE;
    return cli_fail(CLI_EXIT_USAGE, NULL, NULL, "the path is too long");
}

static int create(struct cli_call *call)
{
    char path[PATH_BYTES_MAX];
    int exit_code = absolute(cli_argument(call, 0), path);
    if (exit_code != CLI_EXIT_DONE) return exit_code;
    struct rpc_client *client = cli_client(call, &exit_code);
    if (!client) return exit_code;
    struct rpc_failure failure = { .what = FAILURE_NONE };
    json_t *params = json_pack("{s:s}", "directory", path);
    /* Every block is executed again before it answers. */
    rpc_client_set_timeout(client, (uint32_t)cli_number(call, "patience"));
    json_t *result =
        params ? rpc_client_call(client, "admin_backup_create", params, &failure) : NULL;
    json_decref(params);
    rpc_client_close(client);
    if (!result) return params ? cli_fail_rpc(&failure, "backup create") : cli_fail_memory();
    const json_t *manifest = json_object_get(result, "manifest");
    printf("backup     %s\nheight     %" JSON_INTEGER_FORMAT ", sealed %" JSON_INTEGER_FORMAT
           "\nblock      %s\nverified   every block was executed again from the genesis\n",
           path, json_integer_value(json_object_get(manifest, "height")),
           json_integer_value(json_object_get(manifest, "sealed_height")),
           json_string_value(json_object_get(manifest, "block_hash")));
    json_decref(result);
    return CLI_EXIT_DONE;
}

/* ---- verify ---- */

static bool on_progress(void *context, const struct audit_progress *at)
{
    cli_progress_show(context, at->height, at->last);
    return true;
}

static int audit(const struct cli_call *call, const char *dir, const struct genesis *genesis)
{
    char path[PATH_BYTES_MAX];
    struct cli_progress progress;
    struct audit_report *report = NULL;
    struct problem problem = { .status = STATUS_OK };
    struct audit_options options = { .immutable = true,
                                     .progress = on_progress,
                                     .context = &progress };
    if (path_join(path, dir, "ledger.db") != STATUS_OK)
        return cli_fail(CLI_EXIT_USAGE, NULL, NULL, "the path is too long");
    cli_progress_start(&progress, call, "verifying", "blocks");
    enum status status = audit_verify(&report, genesis, path, &options, &problem);
    cli_progress_end(&progress);
    if (status != STATUS_OK) return cli_fail_problem(&problem, path);
    int exit_code = audit_exit_code(report);
    if (exit_code != CLI_EXIT_DONE)
        cli_fail(exit_code, NULL, "witan audit verify --data DIR/ledger.db shows all of it",
                 "the ledger in %s does not pass its audit: %s", dir,
                 report->finding_count > 0 ? report->findings[0].text : report->incomplete);
    audit_report_free(report);
    return exit_code;
}

static int fail_check(const struct problem *problem)
{
    int exit_code = problem->status == STATUS_DAMAGED    ? CLI_EXIT_DAMAGED
                    : problem->status == STATUS_MISMATCH ? CLI_EXIT_CONFIG
                                                         : cli_exit_of_status(problem->status);
    return cli_fail(exit_code, NULL, NULL, "%s", problem->text);
}

static int verify_with(const struct cli_call *call, const char *dir, const struct genesis *genesis,
                       struct backup_manifest *manifest)
{
    struct problem problem = { .status = STATUS_OK };
    if (backup_check(dir, genesis, manifest, &problem) != STATUS_OK) return fail_check(&problem);
    return audit(call, dir, genesis);
}

int cli_backup_verify(const struct cli_call *call, const char *dir, const struct genesis *genesis)
{
    struct backup_manifest manifest;
    char hash[65];
    int exit_code = verify_with(call, dir, genesis, &manifest);
    if (exit_code != CLI_EXIT_DONE) return exit_code;
    hex_encode(digest_span(&manifest.block_hash), hash);
    printf("VERIFIED   %s at height %llu, sealed %llu, block %s\n", manifest.network,
           (unsigned long long)manifest.height, (unsigned long long)manifest.sealed_height, hash);
    return CLI_EXIT_DONE;
}

static int verify(struct cli_call *call)
{
    char path[PATH_BYTES_MAX];
    struct genesis *genesis = NULL;
    int exit_code = cli_genesis(call, &genesis, path);
    if (exit_code == CLI_EXIT_DONE)
        exit_code = cli_backup_verify(call, cli_argument(call, 0), genesis);
    genesis_free(genesis);
    return exit_code;
}

/* ---- restore ---- */

static int restore_into(const struct cli_call *call, const struct backup_manifest *manifest,
                        const char *data)
{
    char config[PATH_BYTES_MAX];
    struct problem problem = { .status = STATUS_OK };
    cli_config_dir(call, config);
    enum status status = data_format_check(data, &problem);
    if (status == STATUS_NOT_FOUND) status = data_format_create(data, &problem);
    if (status == STATUS_OK) status = directory_create(config, 0750, &problem);
    if (status == STATUS_OK)
        status = backup_restore(cli_argument(call, 0), manifest, data, config, &problem);
    if (status == STATUS_EXISTS)
        return cli_fail(CLI_EXIT_REFUSED, "ledger_exists",
                        "a node with a ledger fetches what it lacks from its peers; move ledger.db "
                        "away if that is what you want",
                        "%s", problem.text);
    if (status != STATUS_OK) return cli_fail_problem(&problem, "backup restore");
    cli_note(
        call,
        "restored   height %llu into %s\n           the node follows and serves; it votes once "
        "it has a new key (witan key rotate seal)",
        (unsigned long long)manifest->height, data);
    return CLI_EXIT_DONE;
}

static int restore_locked(const struct cli_call *call, const struct genesis *genesis)
{
    char data[PATH_BYTES_MAX];
    char ledger[PATH_BYTES_MAX];
    struct backup_manifest manifest;
    struct problem problem = { .status = STATUS_OK };
    int lock = -1;
    cli_data_dir(call, data);
    if (path_join(ledger, data, "ledger.db") == STATUS_OK && file_exists(ledger))
        return cli_fail(CLI_EXIT_REFUSED, "ledger_exists",
                        "a node with a ledger fetches what it lacks from its peers; move ledger.db "
                        "away if that is what you want",
                        "%s is there: this data directory has a ledger already", ledger);
    int exit_code = verify_with(call, cli_argument(call, 0), genesis, &manifest);
    if (exit_code != CLI_EXIT_DONE) return exit_code;
    enum status status = directory_create(data, 0750, &problem);
    if (status == STATUS_OK) status = data_lock(data, &lock, NULL, &problem);
    if (status != STATUS_OK)
        return cli_fail_problem(&problem, "backup restore wants a stopped node");
    exit_code = restore_into(call, &manifest, data);
    data_unlock(lock);
    return exit_code;
}

static int restore(struct cli_call *call)
{
    char path[PATH_BYTES_MAX];
    struct genesis *genesis = NULL;
    int exit_code = cli_genesis(call, &genesis, path);
    if (exit_code == CLI_EXIT_DONE) exit_code = restore_locked(call, genesis);
    genesis_free(genesis);
    return exit_code;
}

/* ---- rows ---- */

static const struct cli_flag create_flags[] = {
    { .name = "patience",
      .type = CLI_DURATION,
      .value = "TIME",
      .standard = "24h",
      .help = "how long it may take" },
    CLI_FLAGS_END,
};

static const struct cli_flag genesis_flags[] = {
    { .name = "genesis",
      .type = CLI_FILE,
      .help = "the genesis that you trust; default: the home's" },
    CLI_FLAGS_END,
};

const struct cli_command backup_commands[] = {
    { .path = "backup create",
      .summary = "Let a running node write its ledger into a new directory, and verify it",
      .details = "Ledger, genesis and settings, with a manifest; never keys, journal or safety "
                 "file. The node writes it, on its own machine and as its own user, and executes "
                 "every block again before it says that it is done. Over the local socket only.",
      .arguments = "DIR",
      .arguments_min = 1,
      .arguments_max = 1,
      .groups = CLI_GROUP_NODE,
      .flags = create_flags,
      .examples = { "backup create /srv/backup/2026-12-02 --home ./a" },
      .run = create },
    { .path = "backup verify",
      .summary = "Check a backup offline: its sums, and every block executed again",
      .details = "Exit code 65: a file is not what was backed up; 7: the ledger does not pass its "
                 "audit; 10: it is of another chain.",
      .arguments = "DIR",
      .arguments_min = 1,
      .arguments_max = 1,
      .groups = CLI_GROUP_HOME,
      .flags = genesis_flags,
      .examples = { "backup verify /srv/backup/2026-12-02 --genesis genesis.json" },
      .run = verify },
    { .path = "backup restore",
      .summary = "Verify a backup and put it into a home that has no ledger",
      .details =
          "Refuses (exit 5) a home that has one. Journal and safety file that are there step "
          "aside: the node follows and serves, and does not vote until its seal key is "
          "replaced. Keys are not in a backup.",
      .arguments = "DIR",
      .arguments_min = 1,
      .arguments_max = 1,
      .groups = CLI_GROUP_HOME,
      .flags = genesis_flags,
      .examples = { "backup restore /srv/backup/2026-12-02 --home ./a --genesis genesis.json" },
      .run = restore },
    CLI_COMMANDS_END,
};
