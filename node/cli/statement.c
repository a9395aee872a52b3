/* node/cli/statement.c -- every movement of a balance in a range, proven complete. */
#include "genesis/json.h"
#include "node/cli/proof.h"
#include "node/cli_outbox.h"
#include <errno.h>
#include <stdlib.h>

enum { PAGE_LINES = 500, WAIT_MS_MAX = 30000 };

struct statement_call {
    const struct cli_call *call;
    struct rpc_client *client;
    char account[ADDRESS_TEXT];
    struct cli_asset asset;
    int exit_code;
};

/* ---- the pages ---- */

static json_t *ask(struct statement_call *s, const char *method, json_t *params)
{
    struct rpc_failure failure = { .what = FAILURE_NONE };
    json_t *result = params ? rpc_client_call(s->client, method, params, &failure) : NULL;
    if (!params)
        s->exit_code = cli_fail_memory();
    else if (!result)
        s->exit_code = cli_fail_rpc(&failure, method);
    json_decref(params);
    return result;
}

/* Without --to-height: as far as the node is. */
static json_t *ask_page(struct statement_call *s, const char *cursor)
{
    const struct cli_call *call = s->call;
    uint64_t last =
        cli_text(call, "to-height") ? cli_number(call, "to-height") : ((uint64_t)1 << 53) - 1;
    json_t *params =
        json_pack("{s:s, s:s, s:I, s:I, s:i, s:I}",                           //
                  "account", s->account,                                      //
                  "asset", s->asset.text,                                     //
                  "from_height", (json_int_t)cli_number(call, "from-height"), //
                  "to_height", (json_int_t)last,                              //
                  "limit", PAGE_LINES,                                        //
                  "timeout_ms", (json_int_t)min_u64(cli_number(call, "patience"), WAIT_MS_MAX));
    if (params && cursor) json_object_set_new(params, "cursor", json_string(cursor));
    return ask(s, "account_statement", params);
}

/* The lines of a page behind those that are there; the rest of the proof is the first page's. */
static bool add_page(struct statement_call *s, json_t *twin, const char *cursor)
{
    json_t *page = ask_page(s, cursor);
    json_t *lines = json_object_get(twin, "movements");
    const json_t *more = json_object_get(page, "movements");
    bool room = json_array_size(lines) + json_array_size(more) <= PROOF_MOVEMENTS_MAX;
    if (page && !room)
        s->exit_code = cli_fail(CLI_EXIT_REFUSED, "range_too_large 2003",
                                "--from-height and --to-height make it shorter",
                                "a statement has at most %d lines", PROOF_MOVEMENTS_MAX);
    else if (page && json_array_extend(lines, (json_t *)more) != 0)
        s->exit_code = cli_fail(CLI_EXIT_FAILED, NULL, "ask another node",
                                "what the node answered is no statement");
    json_object_set(twin, "next_cursor", json_object_get(page, "next_cursor"));
    json_decref(page);
    return s->exit_code == CLI_EXIT_DONE;
}

static json_t *fetch(struct statement_call *s)
{
    json_t *twin = ask_page(s, NULL);
    const char *cursor;
    while (twin && (cursor = json_string_value(json_object_get(twin, "next_cursor")))) {
        char own[512];
        snprintf(own, sizeof own, "%s", cursor);
        if (add_page(s, twin, own)) continue;
        json_decref(twin);
        return NULL;
    }
    if (twin) json_object_del(twin, "next_cursor");
    return twin;
}

/* ---- times ---- */

/* "1042.3" as the position of the entry; false if it is none. */
static bool entry_position(const char *text, uint64_t *position)
{
    char whole[POSITION_TEXT];
    int size = snprintf(whole, sizeof whole, "%s.0", text);
    return size > 0 && (size_t)size < sizeof whole && position_decode(whole, position);
}

/* The movements' entries are among those of the account, and both lists ascend: one walk joins
 * them. What finds no company keeps its place empty. */
static void join_times(const json_t *items, const struct statement_proof *statement, uint32_t *next,
                       char (*times)[TIME_TEXT])
{
    size_t index;
    json_t *item;
    json_array_foreach((json_t *)items, index, item)
    {
        uint64_t position;
        const char *place = json_string_value(json_object_get(item, "position"));
        const char *time = json_string_value(json_object_get(item, "time"));
        if (!place || !time || !entry_position(place, &position)) continue;
        while (*next < statement->count && statement_movement(statement, *next).position < position)
            (*next)++;
        if (*next == statement->count) return;
        if (statement_movement(statement, *next).position != position) continue;
        snprintf(times[(*next)++], TIME_TEXT, "%s", time);
    }
}

/* Times are the node's word (the proof has heights), so that without them the statement is as good:
 * what is not answered is left out. false without memory or node. */
static bool fetch_times(struct statement_call *s, const struct statement_proof *statement,
                        char (*times)[TIME_TEXT])
{
    uint64_t first = position_height(statement_movement(statement, 0).position);
    uint32_t next = 0;
    char cursor[512] = "";
    do {
        json_t *params = json_pack("{s:s, s:s, s:I, s:I, s:s, s:i}",              //
                                   "account", s->account,                         //
                                   "asset", s->asset.text,                        //
                                   "from_height", (json_int_t)first,              //
                                   "to_height", (json_int_t)statement->to_height, //
                                   "order", "asc",                                //
                                   "limit", PAGE_LINES);
        if (params && cursor[0]) json_object_set_new(params, "cursor", json_string(cursor));
        json_t *page = ask(s, "account_history", params);
        if (!page) return false;
        join_times(json_object_get(page, "items"), statement, &next, times);
        const char *more = json_string_value(json_object_get(page, "next_cursor"));
        snprintf(cursor, sizeof cursor, "%s", more ? more : "");
        json_decref(page);
    } while (cursor[0] && next < statement->count);
    return true;
}

/* ---- output ---- */

int cli_statement_csv(const struct statement_csv *csv, const char *path)
{
    bool to_stdout = !path || strcmp(path, "-") == 0;
    FILE *stream = to_stdout ? stdout : fopen(path, "we");
    if (!stream) return cli_fail(CLI_EXIT_IO, NULL, NULL, "%s: %s", path, strerror(errno));
    statement_csv_write(csv, stream);
    bool failed = fflush(stream) != 0 || ferror(stream) != 0;
    if (!to_stdout) failed = fclose(stream) != 0 || failed;
    if (!failed || (to_stdout && errno == EPIPE)) return CLI_EXIT_DONE;
    return cli_fail(CLI_EXIT_IO, NULL, NULL, "%s: writing failed", to_stdout ? "stdout" : path);
}

/* The csv, and beside its file the proof that it is made of. */
static int keep_csv(struct statement_call *s, const struct statement_proof *statement,
                    struct span bytes, const char *path)
{
    char beside[PATH_BYTES_MAX];
    struct problem problem;
    char(*times)[TIME_TEXT] = calloc((size_t)statement->count + 1, sizeof *times);
    struct statement_csv csv = { .statement = statement,
                                 .asset = s->asset.code,
                                 .scale = s->asset.scale,
                                 .times = (const char(*)[TIME_TEXT])times };
    if (!times) return cli_fail_memory();
    int exit_code = CLI_EXIT_DONE;
    bool to_file = path && strcmp(path, "-") != 0;
    if (to_file && proof_path_beside(path, beside, &problem) != STATUS_OK)
        exit_code = cli_fail(CLI_EXIT_USAGE, NULL, "name the csv; the proof is put beside it",
                             "--output: %s", problem.text);
    if (exit_code == CLI_EXIT_DONE && statement->count > 0 && !fetch_times(s, statement, times))
        exit_code = s->exit_code;
    if (exit_code == CLI_EXIT_DONE) exit_code = cli_statement_csv(&csv, path);
    if (exit_code == CLI_EXIT_DONE && to_file)
        exit_code = cli_proof_keep(s->call, bytes, FORM_BINARY, beside);
    free(times);
    return exit_code;
}

static const struct cli_column line_columns[] = {
    { "SEQ", "seq", CELL_NUMBER },           { "POSITION", "position", CELL_NUMBER },
    { "CHANGE", "d_posted", CELL_AMOUNT },   { "POSTED", "posted", CELL_AMOUNT },
    { "RESERVED", "held_out", CELL_AMOUNT }, { "INCOMING", "held_in", CELL_AMOUNT },
    { "ID", "entry_id", CELL_TEXT },
};

static int show_lines(struct statement_call *s, json_t *twin)
{
    size_t index;
    json_t *line;
    json_t *lines = json_object_get(twin, "movements");
    json_array_foreach(lines, index, line)
        json_object_set_new(line, "asset", json_string(s->asset.text));
    struct cli_scales scales = { .client = s->client };
    return cli_print_items(s->call, lines, line_columns,
                           sizeof line_columns / sizeof line_columns[0], cli_scales_of, &scales);
}

static bool has_suffix(const char *path, const char *suffix)
{
    size_t size = path ? strlen(path) : 0;
    size_t end = strlen(suffix);
    return size > end && strcmp(path + size - end, suffix) == 0;
}

static int output(struct statement_call *s, json_t *twin, struct span bytes)
{
    const struct cli_call *call = s->call;
    const char *path = cli_text(call, "output");
    const char *format = cli_text(call, "format");
    struct proof *proof = malloc(sizeof *proof);
    if (!proof) return cli_fail_memory();
    bool decoded = proof_decode(bytes, proof, NULL) == STATUS_OK && proof->kind == PROOF_STATEMENT;
    int exit_code = CLI_EXIT_DONE;
    if (!decoded)
        exit_code = cli_fail(CLI_EXIT_FAILED, NULL, "ask another node",
                             "what the node answered is no statement");
    else if (cli_wants_json(call))
        exit_code = cli_print_json(call, twin);
    else if (cli_switch(call, "csv") || strcmp(format, "csv") == 0 || has_suffix(path, ".csv"))
        exit_code = keep_csv(s, &proof->statement, bytes, path);
    else if (path || cli_switch(call, "armor"))
        exit_code = cli_proof_keep(
            call, bytes, cli_switch(call, "armor") || !path ? FORM_ARMOR : file_form_of(path),
            path ? path : "-");
    else
        exit_code = show_lines(s, twin);
    free(proof);
    return exit_code;
}

/* ---- the command ---- */

static bool read_names(struct statement_call *s)
{
    struct id id;
    struct problem problem;
    if (cli_account(s->call, cli_argument(s->call, 0), &id, &problem) != STATUS_OK) {
        s->exit_code = cli_fail(CLI_EXIT_USAGE, NULL, NULL, "%s", problem.text);
        return false;
    }
    address_encode(ADDRESS_ACCOUNT, &id, s->account);
    return cli_asset(s->client, cli_text(s->call, "asset"), &s->asset, &s->exit_code);
}

static void run_statement(struct statement_call *s)
{
    json_t *twin = read_names(s) ? fetch(s) : NULL;
    if (!twin) return;
    struct writer bytes;
    writer_init(&bytes, PROOF_BYTES_MAX);
    s->exit_code = cli_proof_take(twin, &bytes);
    if (s->exit_code == CLI_EXIT_DONE) s->exit_code = output(s, twin, writer_span(&bytes));
    writer_free(&bytes);
    json_decref(twin);
}

static int statement(struct cli_call *call)
{
    struct statement_call s = { .call = call, .exit_code = CLI_EXIT_DONE };
    s.client = cli_client(call, &s.exit_code);
    if (s.client) run_statement(&s);
    rpc_client_close(s.client);
    return s.exit_code;
}

static const struct cli_flag flags[] = {
    { .name = "asset",
      .type = CLI_TEXT,
      .value = "CODE|ID",
      .required = true,
      .help = "EUR, EUR:acc1... or ast1..." },
    { .name = "from-height",
      .type = CLI_NUMBER,
      .value = "HEIGHT",
      .standard = "0",
      .help = "movements above this block; the balance after it is the opening" },
    { .name = "to-height",
      .type = CLI_NUMBER,
      .value = "HEIGHT",
      .help = "up to this block; default: as far as the node is" },
    { .name = "csv",
      .type = CLI_SWITCH,
      .help = "for a spreadsheet; with -o the proof is put beside it, as FILE.witan" },
    { .name = "armor", .type = CLI_SWITCH, .help = "base64 between lines, for mail and chat" },
    { .name = "patience",
      .type = CLI_DURATION,
      .value = "TIME",
      .standard = "10s",
      .help = "how long the last block's seal is waited for; at most 30s" },
    CLI_FLAGS_END,
};

const struct cli_command statement_commands[] = {
    { .path = "account statement",
      .summary = "Get every movement of a balance in a range, with the proof that none is missing",
      .details =
          "With -o FILE.csv a file for spreadsheets, and beside it the proof that it is made of, "
          "FILE.witan; with any other -o the proof alone: binary, or the JSON twin if its name "
          "ends in .json, or base64 if it ends in .txt. `witan verify` checks it with the genesis "
          "alone, and makes the csv from it again. Times in the csv are the node's word.",
      .arguments = "ACCOUNT",
      .arguments_min = 1,
      .arguments_max = 1,
      .groups = CLI_GROUP_NODE | CLI_GROUP_OUTPUT,
      .flags = flags,
      .examples = { "account statement acc1... --asset EUR -o november.csv",
                    "account statement acc1... --asset EUR --from-height 1042 --to-height 18204 "
                    "-o november.witan" },
      .run = statement },
    CLI_COMMANDS_END,
};
