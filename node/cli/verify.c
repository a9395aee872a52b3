/* node/cli/verify.c -- is it true? Proof files, and backups, against a genesis; offline.
 *
 * What is judged is judged by proof/verify.h, which knows neither files nor networks. Here are the
 * files, the memory of what was accepted before (node/trust_file.h), and the answer.
 */
#include "genesis/json.h"
#include "node/cli/init.h"
#include "node/cli/proof.h"
#include "node/trust_file.h"
#include "proof/say.h"
#include <stdlib.h>
#include <sys/stat.h>

struct checking {
    const struct cli_call *call;
    struct genesis *genesis;
    char genesis_path[PATH_BYTES_MAX];
    const char *file; /* that is judged */
    struct trust_file memory;
    bool remembers; /* the memory is open */
    struct verdict verdict;
};

int cli_genesis(const struct cli_call *call, struct genesis **genesis, char path[PATH_BYTES_MAX])
{
    struct problem problem = { .status = STATUS_OK };
    if (!cli_path_or_config(call, cli_text(call, "genesis"), "genesis.json", path))
        return CLI_EXIT_USAGE;
    if (genesis_load(path, genesis, &problem) == STATUS_OK) return CLI_EXIT_DONE;
    if (problem.status == STATUS_NOT_FOUND)
        return cli_fail(CLI_EXIT_CONFIG, NULL,
                        "--genesis names the genesis that you trust; one that came with the proof "
                        "proves nothing",
                        "%s", problem.text);
    return cli_fail_document(&problem, path);
}

/* ---- memory ---- */

/* What the operator named must work. The usual place is a help: without it (no home, a read-only
 * one) a proof is still judged, by itself. A memory that is there and cannot be read is never
 * passed over. */
static int memory_open(struct checking *c)
{
    char path[PATH_BYTES_MAX] = "";
    struct problem problem = { .status = STATUS_OK };
    const struct digest *chain_id = &c->genesis->chain_id;
    const char *named = cli_text(c->call, "trust");
    enum status status = STATUS_OK;
    if (!named) status = trust_file_place(chain_id, path, &problem);
    if (status == STATUS_OK)
        status = trust_file_open(&c->memory, named ? named : path, chain_id, &problem);
    c->remembers = status == STATUS_OK;
    if (status == STATUS_OK) return CLI_EXIT_DONE;
    bool there = file_exists(named ? named : path);
    bool no_place = status == STATUS_NOT_FOUND || (status == STATUS_IO && !there);
    if (no_place && !named) {
        cli_note(c->call, "memory     none: %s; --trust FILE names another place", problem.text);
        return CLI_EXIT_DONE;
    }
    return cli_fail(status == STATUS_NO_MEMORY ? CLI_EXIT_SYSTEM
                    : status == STATUS_IO      ? CLI_EXIT_IO
                                               : CLI_EXIT_CONFIG,
                    NULL,
                    no_place ? NULL
                             : "it holds the highest sealed block accepted so far: find out what "
                               "happened to it before you name another place (--trust)",
                    "%s", problem.text);
}

static void memory_close(struct checking *c)
{
    if (c->remembers) trust_file_close(&c->memory);
    c->remembers = false;
}

static int memory_raise(struct checking *c)
{
    struct problem problem = { .status = STATUS_OK };
    enum status status =
        c->remembers ? trust_file_raise(&c->memory, &c->verdict.seen, &problem) : STATUS_OK;
    if (status == STATUS_OK) return CLI_EXIT_DONE;
    if (status == STATUS_NO_MEMORY) return cli_fail_memory();
    if (cli_text(c->call, "trust")) return cli_fail(CLI_EXIT_IO, NULL, NULL, "%s", problem.text);
    cli_note(c->call, "memory     not written: %s; --trust FILE names another place", problem.text);
    return CLI_EXIT_DONE;
}

/* ---- the answer ---- */

/* Data on stdout, everything else on stderr: when the lines of a statement are the data, the
 * verdict is everything else. */
static FILE *answer_stream(const struct checking *c)
{
    const char *csv = cli_text(c->call, "csv");
    return csv && strcmp(csv, "-") == 0 ? stderr : stdout;
}

static void print_head(FILE *stream, const char *title, const struct digest *hash, uint64_t height,
                       uint64_t epoch, uint64_t time_ms)
{
    char hex[65];
    char time[TIME_TEXT];
    hex_encode(digest_span(hash), hex);
    time_encode(time_ms, time);
    fprintf(stream, "%-11s block %s, height %llu, epoch %llu, %s\n", title, hex,
            (unsigned long long)height, (unsigned long long)epoch, time);
}

/* Both sides of a contradiction. It is the last check, so the seals of what is shown are valid. */
static void print_contradiction(const struct checking *c, FILE *stream)
{
    const struct trust *trust = &c->memory.trust;
    print_head(stream, "remembered", &trust->block_hash, trust->height, trust->epoch,
               trust->time_ms);
    for (unsigned i = 0; i < c->verdict.sealed_count; i++) {
        const struct sealed_facts *sealed = &c->verdict.sealed[i];
        print_head(stream, "shown", &sealed->hash, sealed->height, sealed->epoch, sealed->time_ms);
    }
    fprintf(stream, "%-11s %s\n", "memory", c->memory.path);
}

static json_t *head_json(const struct digest *hash, uint64_t height, uint64_t epoch,
                         uint64_t time_ms)
{
    return json_pack("{s:I, s:I, s:o, s:o}",                  //
                     "height", (json_int_t)height,            //
                     "epoch", (json_int_t)epoch,              //
                     "hash", json_hex_new(digest_span(hash)), //
                     "time", json_time_new(time_ms));
}

static json_t *shown_json(const struct checking *c)
{
    json_t *list = json_array();
    for (unsigned i = 0; list && i < c->verdict.sealed_count; i++) {
        const struct sealed_facts *sealed = &c->verdict.sealed[i];
        json_t *head = head_json(&sealed->hash, sealed->height, sealed->epoch, sealed->time_ms);
        if (json_array_append_new(list, head) == 0) continue;
        json_decref(list);
        return NULL;
    }
    return list;
}

/* With what is remembered, and what is shown against it; 0 if there was memory. */
static int add_memory(const struct checking *c, json_t *answer)
{
    const struct trust *trust = &c->memory.trust;
    if (!c->remembers || trust->height == 0) return 0;
    json_t *head = head_json(&trust->block_hash, trust->height, trust->epoch, trust->time_ms);
    int failed = json_object_set_new(answer, "remembered", head);
    if (c->verdict.check == CHECK_TRUST && !failed)
        failed = json_object_set_new(answer, "shown", shown_json(c));
    return failed ? failed : json_object_set_new(answer, "memory", json_string(c->memory.path));
}

static int print_json(const struct checking *c)
{
    json_t *answer = json_object();
    json_t *verdict = proof_verdict_json(&c->verdict, c->genesis);
    int failed = answer ? json_object_set_new(answer, "file", json_string(c->file)) : -1;
    if (!verdict || failed || json_object_update(answer, verdict) != 0) failed = -1;
    if (!failed) failed = add_memory(c, answer);
    char *line = failed ? NULL : json_dumps(answer, JSON_COMPACT);
    json_decref(verdict);
    json_decref(answer);
    if (!line) return cli_fail_memory();
    fprintf(answer_stream(c), "%s\n", line);
    free(line);
    return CLI_EXIT_DONE;
}

static int print_verdict(const struct checking *c)
{
    char report[PROOF_REPORT_TEXT];
    if (cli_switch(c->call, "json")) return print_json(c);
    proof_report(&c->verdict, c->genesis, report);
    fputs(report, answer_stream(c));
    if (c->verdict.check == CHECK_TRUST) print_contradiction(c, answer_stream(c));
    return CLI_EXIT_DONE;
}

static int refused(const struct checking *c)
{
    char hint[64];
    int exit_code = print_verdict(c);
    if (exit_code != CLI_EXIT_DONE) return exit_code;
    snprintf(hint, sizeof hint, "witan explain %s says what must hold",
             proof_check_number(c->verdict.check));
    return cli_fail(CLI_EXIT_UNVERIFIED, proof_check_name(c->verdict.check), hint,
                    "%s is not verified", c->file);
}

/* ---- one proof ---- */

static int write_csv(const struct checking *c, const char *path)
{
    const struct statement_proof *statement = &c->verdict.proof.statement;
    char name[ADDRESS_TEXT];
    struct statement_csv csv = { .statement = statement, .asset = name };
    if (c->verdict.proof.kind != PROOF_STATEMENT)
        return cli_fail(CLI_EXIT_USAGE, NULL, NULL, "--csv: %s is no statement", c->file);
    address_encode(ADDRESS_ASSET, &statement->asset, name);
    for (uint32_t i = 0; i < c->genesis->asset_count; i++) {
        const struct genesis_asset *asset = &c->genesis->assets[i];
        if (!id_equal(&asset->id, &statement->asset)) continue;
        snprintf(name, sizeof name, "%.12s", (const char *)asset->code);
        csv.scale = asset->scale;
    }
    return cli_statement_csv(&csv, path);
}

static int accepted(struct checking *c)
{
    int exit_code = memory_raise(c);
    if (exit_code == CLI_EXIT_DONE && cli_text(c->call, "csv"))
        exit_code = write_csv(c, cli_text(c->call, "csv"));
    return exit_code == CLI_EXIT_DONE ? print_verdict(c) : exit_code;
}

static int judge(struct checking *c, struct span bytes)
{
    struct proof_policy policy = { .allow_crash = cli_switch(c->call, "allow-crash"),
                                   .trust = c->remembers ? &c->memory.trust : NULL };
    switch (proof_verify(bytes, c->genesis, &policy, &c->verdict)) {
    case STATUS_OK: return accepted(c);
    case STATUS_REFUSED: return refused(c);
    default: return cli_fail_memory();
    }
}

/* Neither of the three forms, or one that is damaged in a way that leaves no bytes to judge. */
static int refuse_form(struct checking *c, struct span content, const struct problem *problem)
{
    bool text = content.size > 0 && strchr("-{ \t\r\n", content.data[0]) && content.data[0];
    c->verdict.check = problem->status == STATUS_TOO_LARGE ? CHECK_SIZE
                       : text                              ? CHECK_FORM
                                                           : CHECK_MAGIC;
    snprintf(c->verdict.text, sizeof c->verdict.text, "%.*s", (int)sizeof c->verdict.text - 1,
             problem->text);
    return refused(c);
}

static int judge_content(struct checking *c, struct span content)
{
    struct problem problem = { .status = STATUS_OK };
    struct writer bytes;
    writer_init(&bytes, PROOF_BYTES_MAX);
    enum status status = proof_load(content, &bytes, &problem);
    if (status == STATUS_OK) status = writer_status(&bytes);
    problem.status = status;
    int exit_code = status == STATUS_OK          ? judge(c, writer_span(&bytes))
                    : status == STATUS_NO_MEMORY ? cli_fail_memory()
                                                 : refuse_form(c, content, &problem);
    writer_free(&bytes);
    return exit_code;
}

static int check_content(struct checking *c, struct span content)
{
    if (cli_is_report(content)) return cli_verify_report(c->call, c->file, c->genesis, content);
    int exit_code = memory_open(c);
    return exit_code == CLI_EXIT_DONE ? judge_content(c, content) : exit_code;
}

/* The memory is held only while a proof is judged: who reads from a pipe may wait for long. */
static int check_file(struct checking *c)
{
    struct buffer content;
    struct problem problem = { .status = STATUS_OK };
    buffer_init(&content, PROOF_TEXT_BYTES_MAX);
    enum status status = strcmp(c->file, "-") == 0 ? cli_read_stream(stdin, &content, &problem)
                                                   : file_read(c->file, &content, &problem);
    int exit_code = status == STATUS_OK ? check_content(c, buffer_span(&content))
                                        : cli_fail_problem(&problem, c->file);
    memory_close(c);
    verdict_free(&c->verdict);
    buffer_free(&content);
    return exit_code;
}

/* ---- the command ---- */

static bool is_directory(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* All of them, whatever becomes of the first; what is refused outweighs what could not be read. */
static int check_all(struct checking *c)
{
    const struct cli_call *call = c->call;
    int exit_code = CLI_EXIT_DONE;
    for (size_t i = 0; i < call->argument_count; i++) {
        c->file = call->arguments[i];
        bool named = call->argument_count > 1 && !cli_switch(call, "json");
        if (named) printf("%s%s:\n", i > 0 ? "\n" : "", c->file);
        int one =
            is_directory(c->file) ? cli_backup_verify(call, c->file, c->genesis) : check_file(c);
        if (one != CLI_EXIT_DONE && exit_code != CLI_EXIT_UNVERIFIED) exit_code = one;
    }
    return exit_code;
}

static int verify(struct cli_call *call)
{
    struct checking *c = calloc(1, sizeof *c);
    if (!c) return cli_fail_memory();
    c->call = call;
    int exit_code = CLI_EXIT_DONE;
    if (cli_text(call, "csv") && call->argument_count > 1)
        exit_code = cli_fail(CLI_EXIT_USAGE, NULL, NULL, "--csv: of one statement at a time");
    if (exit_code == CLI_EXIT_DONE) exit_code = cli_genesis(call, &c->genesis, c->genesis_path);
    verdict_init(&c->verdict);
    if (exit_code == CLI_EXIT_DONE) exit_code = check_all(c);
    genesis_free(c->genesis);
    free(c);
    return exit_code;
}

static const struct cli_flag flags[] = {
    { .name = "genesis",
      .type = CLI_FILE,
      .help = "the genesis that you trust; default: the home's" },
    { .name = "trust",
      .type = CLI_FILE,
      .help = "where the highest sealed block is remembered; default: "
              "~/.local/state/witan/trust/CHAIN_ID.json" },
    { .name = "allow-crash",
      .type = CLI_SWITCH,
      .help = "accept blocks of a crash-fault engine, which hold only if no validator lied" },
    { .name = "csv",
      .type = CLI_FILE,
      .help = "write the lines of a statement there, once it is verified" },
    { .name = "json", .type = CLI_SWITCH, .help = "a line for each file, as JSON" },
    CLI_FLAGS_END,
};

const struct cli_command verify_commands[] = {
    { .path = "verify",
      .summary = "Check proofs offline, with the genesis alone, and say what they establish",
      .details =
          "Any proof file: binary, base64 or JSON; also the directory of a backup, and the signed "
          "report of an audit, of which it says whose word it is. Nothing that "
          "came with the proof is believed, and no node is asked. The highest sealed block "
          "that was accepted is remembered for each chain, and what contradicts it is refused. "
          "Exit code 0: verified; 7: refused, and the line says by which check; 10: the genesis, "
          "or what is remembered, is unusable.",
      .arguments = "FILE...",
      .arguments_min = 1,
      .arguments_max = 4096,
      .groups = CLI_GROUP_HOME,
      .flags = flags,
      .examples = { "verify receipt.witan --genesis genesis.json",
                    "verify november.witan --genesis genesis.json --csv november.csv" },
      .run = verify },
    CLI_COMMANDS_END,
};
