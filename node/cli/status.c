/* node/cli/status.c -- one screen about a node, its checks, and several nodes compared. */
#include "genesis/json.h"
#include "node/cli/progress.h"
#include "node/cli/read.h"
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* ---- pieces of the screen ---- */

static const char *text_at(const json_t *object, const char *path)
{
    const char *text = json_string_value(json_at(object, path));
    return text ? text : "";
}

static uint64_t number_at(const json_t *object, const char *path)
{
    json_int_t number = json_integer_value(json_at(object, path));
    return number > 0 ? (uint64_t)number : 0;
}

/* "3 d 4 h", "12 s". */
static const char *span_text_of(uint64_t ms, char text[32])
{
    unsigned long long seconds = ms / 1000;
    if (seconds >= 86400)
        snprintf(text, 32, "%llu d %llu h", seconds / 86400, seconds % 86400 / 3600);
    else if (seconds >= 3600)
        snprintf(text, 32, "%llu h %llu min", seconds / 3600, seconds % 3600 / 60);
    else if (seconds >= 60)
        snprintf(text, 32, "%llu min %llu s", seconds / 60, seconds % 60);
    else
        snprintf(text, 32, "%llu.%llu s", seconds, (unsigned long long)(ms % 1000 / 100));
    return text;
}

/* From one of the answer's times to the node's own now. */
static uint64_t age_of(const json_t *status, const char *path)
{
    uint64_t then = 0;
    uint64_t now = 0;
    if (!time_decode(text_at(status, path), &then)) return 0;
    if (!time_decode(text_at(status, "node.time"), &now)) return 0;
    return now > then ? now - then : 0;
}

/* The member behind a validator's id, or the id. */
static void name_of(const json_t *validators, const char *id, char name[QUOTE_TEXT])
{
    size_t index;
    json_t *item;
    text_quote(id, name);
    json_array_foreach(json_object_get(validators, "items"), index, item)
    {
        if (strcmp(text_at(item, "validator"), id) == 0)
            text_quote(text_at(item, "member_name"), name);
    }
}

static void print_node(const json_t *status, FILE *stream)
{
    char name[QUOTE_TEXT];
    char up[32];
    const char *validator = text_at(status, "node.validator");
    bool votes = json_is_true(json_at(status, "node.votes"));
    const char *reason = text_at(status, "node.votes_reason");
    fprintf(stream, "NODE       %s%s%s%s, %s", text_quote(text_at(status, "node.name"), name),
            validator[0] ? " (" : "", validator, validator[0] ? ")" : "",
            votes ? "votes" : "does not vote");
    if (!votes && reason[0]) fprintf(stream, ": %s", reason);
    fprintf(stream, "   witan %s   up %s\n", text_at(status, "node.version"),
            span_text_of(age_of(status, "node.started"), up));
}

static void print_chain(const json_t *status, FILE *stream)
{
    bool crash = strcmp(text_at(status, "chain.fault_model"), "crash") == 0;
    bool test = strcmp(text_at(status, "chain.purpose"), "test") == 0;
    fprintf(stream, "CHAIN      %s   id %.8s...   %s, %s   epoch %llu%s\n",
            text_at(status, "chain.network"), text_at(status, "chain.chain_id"),
            text_at(status, "chain.engine"), crash ? "crash-fault" : "Byzantine",
            (unsigned long long)number_at(status, "chain.epoch"), test ? "   purpose: test" : "");
}

static void print_ledger(const json_t *status, FILE *stream)
{
    char height[32];
    char sealed[32];
    char age[32];
    char target[32];
    const char *state = text_at(status, "ledger.state");
    fprintf(stream, "LEDGER     %s at height %s, sealed %s   block %.8s...   %s ago",
            strcmp(state, "catching_up") == 0 ? "catching up" : state,
            cli_grouped(number_at(status, "ledger.height"), height),
            cli_grouped(number_at(status, "ledger.sealed_height"), sealed),
            text_at(status, "ledger.block_hash"),
            span_text_of(age_of(status, "ledger.block_time"), age));
    if (strcmp(state, "catching_up") == 0)
        fprintf(stream, "   of %s", cli_grouped(number_at(status, "ledger.target_height"), target));
    fputc('\n', stream);
}

static void print_rest(const json_t *status, const json_t *validators, FILE *stream)
{
    char view[32];
    char leader[QUOTE_TEXT];
    char txs[32];
    char bytes[32];
    uint64_t connected = number_at(status, "consensus.validators_connected");
    uint64_t count = number_at(status, "consensus.validators");
    bool self = text_at(status, "node.validator")[0] != 0;
    name_of(validators, text_at(status, "consensus.leader"), leader);
    fprintf(stream,
            "CONSENSUS  view %s%s%s   %llu validator%s, quorum %llu, tolerates %llu   %llu of %llu "
            "others connected%s\n",
            cli_grouped(number_at(status, "consensus.view"), view), leader[0] ? ", leader " : "",
            leader, (unsigned long long)count, count == 1 ? "" : "s",
            (unsigned long long)number_at(status, "consensus.quorum"),
            (unsigned long long)number_at(status, "consensus.max_faulty"),
            (unsigned long long)(self && connected > 0 ? connected - 1 : connected),
            (unsigned long long)(self && count > 0 ? count - 1 : count),
            json_is_true(json_at(status, "consensus.idle")) ? "   idle" : "");
    fprintf(stream, "MEMPOOL    %s transactions, %s bytes\n",
            cli_grouped(number_at(status, "mempool.txs"), txs),
            cli_grouped(number_at(status, "mempool.bytes"), bytes));
}

/* ---- status ---- */

static int show_once(struct cli_call *call, struct rpc_client *client)
{
    struct rpc_failure failure = { .what = FAILURE_NONE };
    json_t *status = rpc_client_call(client, "node_status", NULL, &failure);
    if (!status) return cli_fail_rpc(&failure, "status");
    if (cli_wants_json(call)) {
        int exit_code = cli_print_json(call, status);
        json_decref(status);
        return exit_code;
    }
    json_t *validators = rpc_client_call(client, "validator_list", NULL, &failure);
    rpc_failure_clear(&failure);
    FILE *stream = cli_open(call);
    int exit_code = CLI_EXIT_IO;
    if (stream) {
        print_node(status, stream);
        print_chain(status, stream);
        print_ledger(status, stream);
        print_rest(status, validators, stream);
        exit_code = cli_close(call, stream, CLI_EXIT_DONE);
    }
    json_decref(validators);
    json_decref(status);
    return exit_code;
}

static int watch(struct cli_call *call, struct rpc_client *client)
{
    struct timespec pause = { .tv_sec = 1 };
    for (;;) {
        if (isatty(STDOUT_FILENO)) fputs("\033[H\033[2J", stdout);
        int exit_code = show_once(call, client);
        if (exit_code != CLI_EXIT_DONE && exit_code != CLI_EXIT_UNREACHABLE) return exit_code;
        if (fflush(stdout) != 0) return CLI_EXIT_DONE;
        nanosleep(&pause, NULL);
    }
}

/* ---- status --all ---- */

static const struct cli_column all_columns[] = {
    { "NODE", "node", CELL_TEXT },       { "HEIGHT", "height", CELL_NUMBER },
    { "SEALED", "sealed", CELL_NUMBER }, { "VOTES", "votes", CELL_TEXT },
    { "VIEW", "view", CELL_NUMBER },     { "CONNECTED", "connected", CELL_NUMBER },
    { "BLOCK", "block", CELL_TEXT },     { "STATE_ROOT", "state_root", CELL_TEXT },
    { "URL", "url", CELL_TEXT },
};

struct comparison {
    struct rpc_client *nodes[CLI_NODES_MAX];
    size_t count, answering;
    uint64_t height; /* the lowest */
    bool equal;
};

static json_t *row_of(struct rpc_client *node, struct comparison *comparison)
{
    struct rpc_failure failure = { .what = FAILURE_NONE };
    json_t *status = rpc_client_call(node, "node_status", NULL, &failure);
    if (!status) {
        rpc_failure_clear(&failure);
        return json_pack("{s:s, s:s}", "node", "unreachable", "url", rpc_client_url(node));
    }
    uint64_t height = number_at(status, "ledger.height");
    comparison->height = comparison->answering == 0 ? height : min_u64(comparison->height, height);
    comparison->answering++;
    json_t *row =
        json_pack("{s:s, s:I, s:I, s:b, s:I, s:I, s:s, s:s, s:s}",                              //
                  "node", text_at(status, "node.name"), "height", (json_int_t)height,           //
                  "sealed", (json_int_t)number_at(status, "ledger.sealed_height"),              //
                  "votes", json_is_true(json_at(status, "node.votes")),                         //
                  "view", (json_int_t)number_at(status, "consensus.view"),                      //
                  "connected", (json_int_t)number_at(status, "consensus.validators_connected"), //
                  "block", text_at(status, "ledger.block_hash"),                                //
                  "state_root", text_at(status, "ledger.state_root"), "url", rpc_client_url(node));
    json_decref(status);
    return row;
}

/* Hash and state root at the lowest height: equal on all that answer? A node that is gone by now
 * is passed over. */
static void compare(struct comparison *comparison)
{
    char first[160] = "";
    comparison->equal = true;
    for (size_t i = 0; i < comparison->count; i++) {
        struct rpc_failure failure = { .what = FAILURE_NONE };
        json_t *params =
            json_pack("{s:I, s:s}", "height", (json_int_t)comparison->height, "entries", "none");
        json_t *block =
            params ? rpc_client_call(comparison->nodes[i], "block_get", params, &failure) : NULL;
        json_decref(params);
        if (block) {
            char own[160];
            snprintf(own, sizeof own, "%s %s", text_at(block, "header.hash"),
                     text_at(block, "header.state_root"));
            if (!first[0]) memcpy(first, own, sizeof first);
            comparison->equal = comparison->equal && strcmp(first, own) == 0;
        }
        json_decref(block);
        rpc_failure_clear(&failure);
    }
}

static int show_all(struct cli_call *call, struct comparison *comparison)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < comparison->count; i++)
        json_array_append_new(rows, row_of(comparison->nodes[i], comparison));
    if (comparison->answering > 0) compare(comparison);
    json_t *all = json_pack("{s:o, s:I, s:b}", "items", rows, "height",
                            (json_int_t)comparison->height, "equal", comparison->equal);
    int exit_code =
        cli_print_list(call, all, all_columns, sizeof all_columns / sizeof all_columns[0]);
    json_decref(all);
    if (exit_code != CLI_EXIT_DONE) return exit_code;
    if (comparison->answering == 0)
        return cli_fail(CLI_EXIT_UNREACHABLE, NULL, NULL, "no node answers");
    if (!comparison->equal)
        return cli_fail(CLI_EXIT_UNVERIFIED, NULL, "witan audit verify says which one is wrong",
                        "the nodes differ at height %llu", (unsigned long long)comparison->height);
    cli_note(call, "equal at height %llu: block hash and state root",
             (unsigned long long)comparison->height);
    return comparison->answering < comparison->count ? CLI_EXIT_UNREACHABLE : CLI_EXIT_DONE;
}

static int status_all(struct cli_call *call)
{
    struct comparison comparison = { .count = 0 };
    const char *list = cli_text(call, "all");
    int exit_code = CLI_EXIT_DONE;
    while (*list && comparison.count < CLI_NODES_MAX && exit_code == CLI_EXIT_DONE) {
        char url[PATH_BYTES_MAX];
        struct problem problem;
        size_t size = strcspn(list, ",");
        snprintf(url, sizeof url, "%.*s", (int)size, list);
        list += size + (list[size] == ',' ? 1 : 0);
        if (!url[0]) continue;
        if (rpc_client_open(&comparison.nodes[comparison.count], url,
                            (uint32_t)cli_number(call, "timeout"), &problem) == STATUS_OK)
            comparison.count++;
        else
            exit_code = cli_fail(CLI_EXIT_USAGE, NULL, "write unix:PATH or http://HOST:PORT",
                                 "--all: %s", problem.text);
    }
    if (exit_code == CLI_EXIT_DONE) exit_code = show_all(call, &comparison);
    for (size_t i = 0; i < comparison.count; i++)
        rpc_client_close(comparison.nodes[i]);
    return exit_code;
}

static int status_command(struct cli_call *call)
{
    if (cli_text(call, "all")) return status_all(call);
    int exit_code = CLI_EXIT_DONE;
    struct rpc_client *client = cli_client(call, &exit_code);
    if (!client) return exit_code;
    exit_code = cli_switch(call, "watch") ? watch(call, client) : show_once(call, client);
    rpc_client_close(client);
    return exit_code;
}

static const struct cli_flag status_flags[] = {
    { .name = "watch", .type = CLI_SWITCH, .help = "again every second, until interrupted" },
    { .name = "all",
      .type = CLI_TEXT,
      .value = "URL,...",
      .help = "compare these nodes: heads, and hash and state root at their common height" },
    CLI_FLAGS_END,
};

/* ---- health ---- */

static int health(struct cli_call *call)
{
    int exit_code = CLI_EXIT_DONE;
    json_t *result = cli_ask(call, "node_health", NULL, &exit_code);
    if (!result) return exit_code;
    bool ready = json_is_true(json_object_get(result, "ready"));
    if (cli_wants_json(call)) {
        exit_code = cli_print_json(call, result);
    } else {
        size_t index;
        json_t *check;
        char detail[QUOTE_TEXT];
        json_array_foreach(json_object_get(result, "checks"), index, check)
        {
            text_quote(text_at(check, "detail"), detail);
            printf("[%c] %-*s%s%s\n", json_is_true(json_object_get(check, "ok")) ? '+' : '-',
                   detail[0] ? 8 : 0, text_at(check, "name"), detail[0] ? "  " : "", detail);
        }
    }
    json_decref(result);
    if (exit_code != CLI_EXIT_DONE || ready) return exit_code;
    return CLI_EXIT_NOT_READY;
}

/* ---- rows ---- */

const struct cli_command status_commands[] = {
    { .path = "status",
      .summary = "Show a node on one screen, or compare several",
      .groups = CLI_GROUP_NODE | CLI_GROUP_OUTPUT,
      .flags = status_flags,
      .examples = { "status", "status --watch",
                    "status --all http://127.0.0.1:7781,http://127.0.0.1:7782" },
      .run = status_command },
    { .path = "health",
      .summary = "Show the readiness checks; exit 0 or 8",
      .groups = CLI_GROUP_NODE | CLI_GROUP_OUTPUT,
      .examples = { "health" },
      .run = health },
    CLI_COMMANDS_END,
};
