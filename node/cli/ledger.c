/* node/cli/ledger.c -- the file ledger.db of a stopped node: look, check, make it again. */
#include "ledger/inspect.h"
#include "ledger/rebuild.h"
#include "node/cli/progress.h"
#include "node/cli/table.h"
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- files of a data directory ---- */

static int in_data(const struct cli_call *call, const char *name, char path[PATH_BYTES_MAX])
{
    char dir[PATH_BYTES_MAX];
    const char *data = cli_text(call, "data");
    if (data)
        snprintf(dir, sizeof dir, "%s", data);
    else
        cli_data_dir(call, dir);
    if (path_join(path, dir, name) == STATUS_OK) return CLI_EXIT_DONE;
    return cli_fail(CLI_EXIT_USAGE, NULL, NULL, "the path of the data directory is too long");
}

static int open_reader(const struct cli_call *call, struct ledger_reader **reader)
{
    char path[PATH_BYTES_MAX];
    struct problem problem = { .status = STATUS_OK };
    int exit_code = in_data(call, "ledger.db", path);
    if (exit_code != CLI_EXIT_DONE) return exit_code;
    enum status status = ledger_reader_open(reader, path, NULL, &problem);
    if (status == STATUS_OK) return CLI_EXIT_DONE;
    if (status == STATUS_UNSUPPORTED)
        return cli_fail(CLI_EXIT_NEWER, NULL, NULL, "%s: %s", path, problem.text);
    return cli_fail_problem(&problem, path);
}

#define DATA_FLAG \
    { \
        .name = "data", .type = CLI_FILE, .value = "DIR", \
        .help = "the data directory; default: the home's" \
    }

static const struct cli_flag data_flags[] = { DATA_FLAG, CLI_FLAGS_END };

/* ---- info ---- */

static const struct cli_column table_columns[] = {
    { "TABLE", "table", CELL_TEXT },       { "ROWS", "rows", CELL_NUMBER },
    { "PAGES", "pages", CELL_NUMBER },     { "BYTES", "bytes", CELL_NUMBER },
    { "CONTENT", "payload", CELL_NUMBER },
};

static json_t *info_json(const struct ledger_info *info)
{
    json_t *tables = json_array();
    for (uint32_t i = 0; i < info->table_count; i++) {
        const struct table_size *table = &info->tables[i];
        json_t *row = json_pack("{s:s, s:I, s:I, s:I}", "table", table->name, "pages",
                                (json_int_t)table->pages, "bytes", (json_int_t)table->bytes,
                                "payload", (json_int_t)table->payload);
        if (row && table->rows != UINT64_MAX)
            json_object_set_new(row, "rows", json_integer((json_int_t)table->rows));
        json_array_append_new(tables, row);
    }
    char hash[65];
    char chain[65];
    hex_encode(digest_span(&info->head.hash), hash);
    hex_encode(digest_span(&info->chain_id), chain);
    return json_pack("{s:s, s:I, s:I, s:s, s:I, s:I, s:I, s:I, s:I, s:o}",  //
                     "chain_id", chain,                                     //
                     "height", (json_int_t)info->head.header.height,        //
                     "sealed_height", (json_int_t)info->head.sealed_height, //
                     "block_hash", hash,                                    //
                     "epoch", (json_int_t)info->head.epoch,                 //
                     "sequence", (json_int_t)info->head.sequence,           //
                     "entries", (json_int_t)info->entries,                  //
                     "file_bytes", (json_int_t)info->file_bytes,            //
                     "free_bytes", (json_int_t)info->free_bytes, "tables", tables);
}

static const struct cli_column info_columns[] = {
    { "chain id", "chain_id", CELL_TEXT },
    { "height", "height", CELL_TEXT },
    { "sealed", "sealed_height", CELL_TEXT },
    { "block", "block_hash", CELL_TEXT },
    { "epoch", "epoch", CELL_TEXT },
    { "sequence", "sequence", CELL_TEXT },
    { "entries", "entries", CELL_TEXT },
    { "file bytes", "file_bytes", CELL_TEXT },
    { "unused bytes", "free_bytes", CELL_TEXT },
};

static int info(struct cli_call *call)
{
    struct ledger_reader *reader = NULL;
    int exit_code = open_reader(call, &reader);
    if (exit_code != CLI_EXIT_DONE) return exit_code;
    struct ledger_info *found = calloc(1, sizeof *found);
    enum status status = found ? ledger_inspect(reader, found) : STATUS_NO_MEMORY;
    json_t *document = status == STATUS_OK ? info_json(found) : NULL;
    if (status != STATUS_OK)
        exit_code = cli_fail(cli_exit_of_status(status), NULL, NULL, "ledger.db: %s",
                             ledger_reader_error(reader));
    else if (!document)
        exit_code = cli_fail_memory();
    else if (cli_wants_json(call))
        exit_code = cli_print_json(call, document);
    else if (cli_switch(call, "tables"))
        exit_code = cli_print_items(call, json_object_get(document, "tables"), table_columns,
                                    sizeof table_columns / sizeof table_columns[0], NULL, NULL);
    else
        exit_code = cli_print_record(call, document, info_columns,
                                     sizeof info_columns / sizeof info_columns[0], NULL, NULL);
    json_decref(document);
    free(found);
    ledger_reader_close(reader);
    return exit_code;
}

static const struct cli_flag info_flags[] = {
    DATA_FLAG,
    { .name = "tables", .type = CLI_SWITCH, .help = "the size of each table and index" },
    CLI_FLAGS_END,
};

/* ---- check ---- */

static void on_sentence(void *context, const char *sentence)
{
    uint32_t *count = context;
    (*count)++;
    printf("%s\n", sentence);
}

static int check(struct cli_call *call)
{
    struct ledger_reader *reader = NULL;
    uint32_t count = 0;
    int exit_code = open_reader(call, &reader);
    if (exit_code != CLI_EXIT_DONE) return exit_code;
    enum status status = ledger_check_file(reader, 100, on_sentence, &count);
    if (status != STATUS_OK && status != STATUS_DAMAGED)
        exit_code = cli_fail(cli_exit_of_status(status), NULL, NULL, "ledger.db: %s",
                             ledger_reader_error(reader));
    else if (count > 0 || status == STATUS_DAMAGED)
        exit_code = cli_fail(CLI_EXIT_DAMAGED, NULL, "witan ledger rebuild makes it again",
                             "ledger.db is damaged: %u findings", count);
    else
        cli_note(call, "ledger.db is sound; witan audit verify says whether it is true");
    ledger_reader_close(reader);
    return exit_code;
}

/* ---- rebuild ---- */

struct rebuilding {
    const struct cli_call *call;
    struct cli_progress progress;
    char old[PATH_BYTES_MAX], fresh[PATH_BYTES_MAX], kept[PATH_BYTES_MAX];
};

static bool on_block(void *context, uint64_t height, uint64_t last)
{
    struct rebuilding *rebuilding = context;
    cli_progress_show(&rebuilding->progress, height, last);
    return true;
}

/* A name with an ending; all paths here were made by in_data and leave room. */
static void with_ending(const char *path, const char *ending, char out[PATH_BYTES_MAX])
{
    snprintf(out, PATH_BYTES_MAX, "%.*s%s", PATH_BYTES_MAX - 16, path, ending);
}

/* A database with its -wal and -shm, which belong to it. */
static enum status move_database(const char *from, const char *to, struct problem *problem)
{
    static const char *const endings[] = { "", "-wal", "-shm" };
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        char source[PATH_BYTES_MAX];
        char target[PATH_BYTES_MAX];
        with_ending(from, endings[i], source);
        with_ending(to, endings[i], target);
        if (unlink(target) != 0 && errno != ENOENT)
            return problem_set(problem, STATUS_IO, "%s: %s", target, strerror(errno));
        if (rename(source, target) != 0 && errno != ENOENT)
            return problem_set(problem, STATUS_IO, "%s: %s", source, strerror(errno));
    }
    return STATUS_OK;
}

static void remove_database(const char *path)
{
    static const char *const endings[] = { "", "-wal", "-shm" };
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        char file[PATH_BYTES_MAX];
        with_ending(path, endings[i], file);
        (void)unlink(file);
    }
}

/* The old one steps aside before the new one takes its place: a crash in between leaves no
 * ledger.db, and a node without one makes it again from its peers. */
static enum status swap(const struct rebuilding *rebuilding, struct problem *problem)
{
    char dir[PATH_BYTES_MAX];
    path_parent(dir, rebuilding->old);
    enum status status = move_database(rebuilding->old, rebuilding->kept, problem);
    if (status == STATUS_OK) status = move_database(rebuilding->fresh, rebuilding->old, problem);
    return status == STATUS_OK ? directory_sync(dir, problem) : status;
}

static int rebuild_into(struct rebuilding *rebuilding, const struct genesis *genesis)
{
    struct rebuild_options options = { .progress = on_block, .context = rebuilding };
    struct rebuild_result result = { .height = 0 };
    struct problem problem = { .status = STATUS_OK };
    remove_database(rebuilding->fresh);
    cli_progress_start(&rebuilding->progress, rebuilding->call, "executing", "blocks");
    enum status status =
        ledger_rebuild(rebuilding->old, rebuilding->fresh, genesis, &options, &result, &problem);
    cli_progress_end(&rebuilding->progress);
    if (status == STATUS_OK) status = swap(rebuilding, &problem);
    if (status == STATUS_DIVERGED)
        return cli_fail(CLI_EXIT_UNVERIFIED, NULL,
                        "the old file or the genesis is wrong; it is left as it was", "%s",
                        problem.text);
    if (status == STATUS_DAMAGED)
        return cli_fail(
            CLI_EXIT_DAMAGED, NULL,
            "move ledger.db away: without it the node fetches every block from its peers",
            "ledger rebuild: %s", problem.text);
    if (status != STATUS_OK) return cli_fail_problem(&problem, "ledger rebuild");
    cli_note(rebuilding->call,
             "made again up to height %llu of %llu, sealed %llu; the old one is %s",
             (unsigned long long)result.height, (unsigned long long)result.source_height,
             (unsigned long long)result.sealed_height, rebuilding->kept);
    if (result.stopped[0]) cli_note(rebuilding->call, "it ends there because %s", result.stopped);
    return CLI_EXIT_DONE;
}

/* For a journal that is damaged: it and the safety file step aside together, so that the node
 * follows and serves, but does not vote under a key whose promises nobody knows any more. */
static int set_aside(const struct cli_call *call, const char *name, const char *stamp)
{
    char path[PATH_BYTES_MAX];
    char target[PATH_BYTES_MAX];
    char ending[48];
    int exit_code = in_data(call, name, path);
    if (exit_code != CLI_EXIT_DONE) return exit_code;
    snprintf(ending, sizeof ending, ".aside-%s", stamp);
    snprintf(target, sizeof target, "%.*s%s", PATH_BYTES_MAX - 48, path, ending);
    if (rename(path, target) == 0) {
        cli_note(call, "%s is now %s", path, target);
        return CLI_EXIT_DONE;
    }
    if (errno == ENOENT) return CLI_EXIT_DONE;
    return cli_fail(CLI_EXIT_IO, NULL, NULL, "%s: %s", path, strerror(errno));
}

static int set_journal_aside(const struct cli_call *call)
{
    char stamp[24];
    snprintf(stamp, sizeof stamp, "%lld", (long long)time(NULL));
    int exit_code = set_aside(call, "safety", stamp);
    if (exit_code == CLI_EXIT_DONE) exit_code = set_aside(call, "journal", stamp);
    if (exit_code == CLI_EXIT_DONE)
        cli_note(call, "the node will follow without a vote until its seal key is replaced");
    return exit_code;
}

static int rebuild_locked(const struct cli_call *call)
{
    struct rebuilding rebuilding = { .call = call };
    struct genesis *genesis = NULL;
    struct problem problem = { .status = STATUS_OK };
    char path[PATH_BYTES_MAX];
    int exit_code = cli_switch(call, "set-journal-aside") ? set_journal_aside(call) : CLI_EXIT_DONE;
    if (exit_code == CLI_EXIT_DONE) exit_code = in_data(call, "ledger.db", rebuilding.old);
    if (exit_code != CLI_EXIT_DONE) return exit_code;
    with_ending(rebuilding.old, ".new", rebuilding.fresh);
    with_ending(rebuilding.old, ".old", rebuilding.kept);
    if (!file_exists(rebuilding.old)) {
        cli_note(call, "there is no %s: the node will make it from its journal and its peers",
                 rebuilding.old);
        return CLI_EXIT_DONE;
    }
    if (!cli_path_or_config(call, cli_text(call, "genesis"), "genesis.json", path))
        return CLI_EXIT_USAGE;
    if (genesis_load(path, &genesis, &problem) != STATUS_OK)
        return cli_fail_document(&problem, path);
    exit_code = rebuild_into(&rebuilding, genesis);
    genesis_free(genesis);
    return exit_code;
}

static int rebuild(struct cli_call *call)
{
    char lock_file[PATH_BYTES_MAX];
    char dir[PATH_BYTES_MAX];
    struct problem problem = { .status = STATUS_OK };
    int lock = -1;
    int exit_code = in_data(call, "LOCK", lock_file);
    if (exit_code != CLI_EXIT_DONE) return exit_code;
    path_parent(dir, lock_file);
    if (data_lock(dir, &lock, NULL, &problem) != STATUS_OK)
        return cli_fail_problem(&problem, "ledger rebuild wants a stopped node");
    exit_code = rebuild_locked(call);
    data_unlock(lock);
    return exit_code;
}

static const struct cli_flag rebuild_flags[] = {
    DATA_FLAG,
    { .name = "genesis", .type = CLI_FILE, .help = "default: the home's" },
    { .name = "set-journal-aside",
      .type = CLI_SWITCH,
      .help = "the journal is damaged: move it and the safety file away; the node then follows "
              "without a vote" },
    CLI_FLAGS_END,
};

/* ---- rows ---- */

const struct cli_command ledger_commands[] = {
    { .path = "ledger info",
      .summary = "Show what a ledger.db holds, and the size of its tables",
      .groups = CLI_GROUP_HOME | CLI_GROUP_OUTPUT,
      .flags = info_flags,
      .examples = { "ledger info --home ./a --tables" },
      .run = info },
    { .path = "ledger check",
      .summary = "Let SQLite check every page and index of ledger.db",
      .groups = CLI_GROUP_HOME,
      .flags = data_flags,
      .examples = { "ledger check --home ./a" },
      .run = check },
    { .path = "ledger rebuild",
      .summary = "Execute every transaction again into a new ledger.db; the node must be stopped",
      .groups = CLI_GROUP_HOME,
      .flags = rebuild_flags,
      .examples = { "ledger rebuild --home ./a", "ledger rebuild --home ./a --set-journal-aside" },
      .run = rebuild },
    CLI_COMMANDS_END,
};
