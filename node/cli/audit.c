/* node/cli/audit.c -- is a ledger what its genesis and its signed transactions give? Offline. */
#include "ledger/audit.h"
#include "node/cli/progress.h"
#include "node/cli/write.h"
#include <stdlib.h>
#include <sys/stat.h>

/* ---- where things are ---- */

/* A file, or the ledger.db of a data directory or a home. */
static void ledger_path(const char *data, char path[PATH_BYTES_MAX])
{
    struct stat info;
    char inner[PATH_BYTES_MAX];
    if (path_join(path, "", data) != STATUS_OK) return;
    if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode)) return;
    bool home = path_join(inner, path, "data/ledger.db") == STATUS_OK && file_exists(inner);
    if (home || path_join(inner, path, "ledger.db") == STATUS_OK) memcpy(path, inner, sizeof inner);
}

static int load_genesis(const struct cli_call *call, struct genesis **genesis)
{
    char path[PATH_BYTES_MAX];
    struct problem problem = { .status = STATUS_OK };
    if (!cli_path_or_config(call, cli_text(call, "genesis"), "genesis.json", path))
        return CLI_EXIT_USAGE;
    if (genesis_load(path, genesis, &problem) == STATUS_OK) return CLI_EXIT_DONE;
    return cli_fail_document(&problem, path);
}

/* ---- one ledger ---- */

static bool on_progress(void *context, const struct audit_progress *at)
{
    /* Rows follow when all blocks are done: the line of the last block stays. */
    cli_progress_show(context, at->height, at->last);
    return true;
}

static uint64_t clock_ms(void *context)
{
    struct timespec now;
    (void)context;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The key of --key; wiped by its owner. false after an error that is printed, with *exit_code. */
static bool open_key(const struct cli_call *call, struct cli_key *key, int *exit_code)
{
    char path[PATH_BYTES_MAX];
    struct problem problem = { .status = STATUS_OK };
    const char *name = cli_text(call, "key");
    enum status status = cli_key_path(call, name, path, &problem);
    if (status == STATUS_OK) status = cli_key_open(call, path, key, &problem);
    if (status != STATUS_OK) *exit_code = cli_fail_problem(&problem, name);
    return status == STATUS_OK;
}

static int sign_report(const struct cli_call *call, json_t *document)
{
    struct cli_key key;
    int exit_code = CLI_EXIT_DONE;
    if (!cli_text(call, "key") || !open_key(call, &key, &exit_code)) return exit_code;
    bool done = audit_report_sign(document, &key.secret, &key.public_key);
    key_wipe(&key.secret);
    return done ? CLI_EXIT_DONE : cli_fail_memory();
}

/* The report of --from. A report that is to be signed goes on only from one by the same key. */
static int read_mark(const struct cli_call *call, const struct genesis *genesis,
                     struct audit_mark *mark)
{
    const char *path = cli_text(call, "from");
    struct problem problem = { .status = STATUS_OK };
    struct cli_key key;
    json_error_t where;
    int exit_code = CLI_EXIT_DONE;
    bool has_key = cli_text(call, "key") != NULL;
    if (!cli_text(call, "scratch"))
        return cli_fail(CLI_EXIT_USAGE, NULL, NULL,
                        "--from goes on in the file that the earlier audit had as --scratch");
    if (has_key && !open_key(call, &key, &exit_code)) return exit_code;
    if (has_key) key_wipe(&key.secret);
    json_t *document = json_load_file(path, JSON_REJECT_DUPLICATES, &where);
    if (!document) return cli_fail(CLI_EXIT_USAGE, NULL, NULL, "%s: %s", path, where.text);
    enum status status = audit_mark_read(document, has_key ? &key.public_key : NULL,
                                         &genesis->chain_id, mark, &problem);
    json_decref(document);
    if (status != STATUS_OK)
        return cli_fail(CLI_EXIT_USAGE, NULL, NULL, "%s: %s", path, problem.text);
    return CLI_EXIT_DONE;
}

static int print_report(const struct cli_call *call, const struct audit_report *report)
{
    json_t *document = audit_report_json(report);
    struct buffer text;
    buffer_init(&text, 64 * 1024 * 1024);
    int exit_code = document ? sign_report(call, document) : cli_fail_memory();
    if (exit_code != CLI_EXIT_DONE) {
        /* It is printed. */
    } else if (audit_report_text(report, &text) != STATUS_OK) {
        exit_code = cli_fail_memory();
    } else if (cli_switch(call, "json")) {
        char *line = json_dumps(document, JSON_COMPACT);
        if (line) puts(line);
        free(line);
    } else {
        fwrite(text.data, 1, text.size, stdout);
    }
    const char *path = cli_text(call, "report");
    if (path && exit_code == CLI_EXIT_DONE) {
        char *pretty = cli_json_text(document);
        exit_code =
            pretty ? cli_write_file(path, pretty, strlen(pretty), 0644, true) : cli_fail_memory();
        free(pretty);
    }
    buffer_free(&text);
    json_decref(document);
    return exit_code;
}

static int audit_one(const struct cli_call *call, const struct genesis *genesis, const char *path)
{
    struct cli_progress progress;
    struct problem problem = { .status = STATUS_OK };
    struct audit_report *report = NULL;
    struct audit_options options = {
        .last = cli_number(call, "last"),
        .every_seal = cli_switch(call, "every-seal"),
        .immutable = cli_switch(call, "immutable"),
        .scratch = cli_text(call, "scratch"),
        .program = "witan " WITAN_VERSION,
        .progress = on_progress,
        .clock_ms = clock_ms,
        .context = &progress,
    };
    struct audit_mark mark;
    if (cli_text(call, "from")) {
        int failed = read_mark(call, genesis, &mark);
        if (failed != CLI_EXIT_DONE) return failed;
        options.from = &mark;
    }
    cli_progress_start(&progress, call, "verifying", "blocks");
    enum status status = audit_verify(&report, genesis, path, &options, &problem);
    cli_progress_end(&progress);
    if (status == STATUS_UNSUPPORTED || status == STATUS_DAMAGED)
        return cli_fail(CLI_EXIT_DAMAGED, NULL, "nothing was audited", "%s: %s", path,
                        problem.text);
    if (status == STATUS_MISMATCH || status == STATUS_EXISTS)
        return cli_fail(CLI_EXIT_USAGE, NULL, NULL, "--scratch: %s", problem.text);
    if (status != STATUS_OK) return cli_fail_problem(&problem, path);
    int exit_code = print_report(call, report);
    if (exit_code == CLI_EXIT_DONE) exit_code = audit_exit_code(report);
    audit_report_free(report);
    return exit_code;
}

/* ---- several ---- */

static int compare(const struct cli_call *call, struct audit_head *heads, uint32_t count)
{
    struct audit_comparison comparison;
    struct problem problem = { .status = STATUS_OK };
    if (audit_compare(heads, count, &comparison, &problem) != STATUS_OK)
        return cli_fail_problem(&problem, "comparing");
    char hash[65];
    hex_encode(digest_span(&comparison.hash), hash);
    if (!comparison.equal)
        return cli_fail(CLI_EXIT_UNVERIFIED, NULL, NULL, "%s differs from %s at height %llu",
                        heads[comparison.differing].path, heads[0].path,
                        (unsigned long long)comparison.differs_at);
    if (!cli_switch(call, "json"))
        printf("EQUAL      %u ledgers at height %llu, block %s\n", comparison.readable,
               (unsigned long long)comparison.common_height, hash);
    return comparison.readable == count ? CLI_EXIT_DONE : CLI_EXIT_OPEN;
}

/* Each by itself, then all against the first. */
static int verify_all(struct cli_call *call, const struct genesis *genesis,
                      char (*path)[PATH_BYTES_MAX], struct audit_head *heads, uint32_t count)
{
    bool named = cli_count(call, "data") > 0;
    int exit_code = CLI_EXIT_DONE;
    for (uint32_t i = 0; exit_code != CLI_EXIT_SYSTEM && i < count; i++) {
        char data[PATH_BYTES_MAX];
        cli_data_dir(call, data);
        ledger_path(named ? cli_item(call, "data", i) : data, path[i]);
        heads[i].path = path[i];
        if (count > 1 && !cli_switch(call, "json")) printf("ledger     %s\n", path[i]);
        int one = audit_one(call, genesis, path[i]);
        if (one != CLI_EXIT_DONE && exit_code != CLI_EXIT_UNVERIFIED) exit_code = one;
    }
    if (count > 1 && exit_code == CLI_EXIT_DONE) exit_code = compare(call, heads, count);
    return exit_code;
}

static int verify(struct cli_call *call)
{
    struct genesis *genesis = NULL;
    if (cli_count(call, "data") > AUDIT_LEDGERS_MAX)
        return cli_fail(CLI_EXIT_USAGE, NULL, NULL, "--data: at most %d ledgers",
                        AUDIT_LEDGERS_MAX);
    if (cli_count(call, "data") > 1 && cli_text(call, "scratch"))
        return cli_fail(CLI_EXIT_USAGE, NULL, NULL, "--scratch: of one ledger at a time");
    int exit_code = load_genesis(call, &genesis);
    if (exit_code != CLI_EXIT_DONE) return exit_code;
    uint32_t count = (uint32_t)max_u64(1, cli_count(call, "data"));
    char(*path)[PATH_BYTES_MAX] = calloc(count, sizeof *path);
    struct audit_head *heads = calloc(count, sizeof *heads);
    exit_code = path && heads ? verify_all(call, genesis, path, heads, count) : cli_fail_memory();
    free(heads);
    free(path);
    genesis_free(genesis);
    return exit_code;
}

static const struct cli_flag flags[] = {
    { .name = "genesis",
      .type = CLI_FILE,
      .help = "the auditor's own genesis; default: the home's" },
    { .name = "data",
      .type = CLI_FILE,
      .value = "FILE|DIR",
      .repeat = true,
      .help = "ledger.db, a data directory or a home; several are compared, too" },
    { .name = "report", .type = CLI_FILE, .help = "write the report there as JSON" },
    { .name = "last", .type = CLI_NUMBER, .value = "HEIGHT", .help = "up to this block" },
    { .name = "every-seal",
      .type = CLI_SWITCH,
      .help = "a block without a quorum of its own is an error, not a note" },
    { .name = "immutable",
      .type = CLI_SWITCH,
      .help = "the file is a copy at rest, or on a medium that cannot be written" },
    { .name = "scratch",
      .type = CLI_FILE,
      .help = "file for the ledger that is executed again; default: one that vanishes" },
    { .name = "from",
      .type = CLI_FILE,
      .value = "REPORT",
      .help = "go on behind an earlier audit: its report, in its --scratch file" },
    { .name = "key",
      .type = CLI_TEXT,
      .value = "NAME|FILE",
      .help = "sign the report; with --from, that one must carry the same key's signature" },
    { .name = "json", .type = CLI_SWITCH, .help = "print the report as JSON" },
    CLI_FLAGS_END,
};

const struct cli_command audit_commands[] = {
    { .path = "audit verify",
      .summary =
          "Check a ledger: hashes, links, signatures, seals, everything executed again, rows",
      .details =
          "Believes no stored hash: executes the signed transactions again from the genesis, "
          "compares each header, and at the end every row of every table and index. Exit code 0: "
          "verified; 6: input incomplete; 7: findings, each with "
          "its place; 10: the genesis is not this ledger's.",
      .groups = CLI_GROUP_HOME,
      .flags = flags,
      .examples = { "audit verify --genesis genesis.json --data /var/lib/witan",
                    "audit verify --genesis genesis.json --data 1 --data 2 --report audit.json",
                    "audit verify --from may.json --scratch audit.db --report june.json" },
      .run = verify },
    CLI_COMMANDS_END,
};
