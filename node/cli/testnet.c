/* node/cli/testnet.c -- `witan testnet`: a network of real processes on this machine. */
#include "node/cli/network.h"

#include <signal.h>
#include <stdlib.h>

enum { READY_MS = 30000, STOP_MS = 30000, END_MS = 10000 };

static int fail(const struct problem *problem)
{
    return cli_fail_problem(problem, "testnet");
}

static int load(const struct cli_call *call, struct testnet *net)
{
    struct problem problem = { .status = STATUS_OK };
    if (testnet_load(net, cli_text(call, "dir"), &problem) == STATUS_OK) return CLI_EXIT_DONE;
    return fail(&problem);
}

/* The argument N as an index; CLI_EXIT_USAGE unless there is such a node. */
static int node_argument(const struct cli_call *call, struct testnet *net, uint16_t *index)
{
    int exit_code = load(call, net);
    if (exit_code != CLI_EXIT_DONE) return exit_code;
    const char *text = cli_argument(call, 0);
    char *end;
    unsigned long number = strtoul(text, &end, 10);
    if (*end || text[0] < '0' || text[0] > '9' || number < 1 || number > net->count)
        return cli_fail(CLI_EXIT_USAGE, NULL, NULL, "N is a number from 1 to %u", net->count);
    *index = (uint16_t)(number - 1);
    return CLI_EXIT_DONE;
}

/* ---- create ---- */

static int create(struct cli_call *call)
{
    struct testnet net;
    struct problem problem = { .status = STATUS_OK };
    struct testnet_options options = {
        .dir = cli_text(call, "dir"),
        .network = cli_text(call, "network"),
        .validators = (uint16_t)cli_number(call, "validators"),
        .port_base = (uint16_t)cli_number(call, "port-base"),
        .phases = cli_number(call, "phases"),
    };
    if (!engine_find(cli_text(call, "engine"), &options.engine))
        return cli_fail(CLI_EXIT_USAGE, NULL, NULL, "no engine of that name is known");
    if (testnet_create(&net, &options, &problem) != STATUS_OK) return fail(&problem);
    cli_note(call, "created   %s: %u validators, engine %s, RPC from port %u on", net.dir,
             net.count, net.engine, net.nodes[0].rpc_port);
    return CLI_EXIT_DONE;
}

/* ---- add ---- */

static int add(struct cli_call *call)
{
    struct testnet net;
    char home[PATH_BYTES_MAX];
    struct problem problem = { .status = STATUS_OK };
    int exit_code = load(call, &net);
    if (exit_code != CLI_EXIT_DONE) return exit_code;
    enum status status = testnet_add(&net, &problem);
    uint16_t index = (uint16_t)(net.count - 1);
    bool alone = true; /* Then nobody is there to follow. */
    for (uint16_t i = 0; i < index; i++)
        alone = alone && testnet_state(&net, i) != TESTNET_UP;
    if (status == STATUS_OK) status = testnet_spawn(&net, index, &problem);
    if (status == STATUS_OK)
        status = testnet_await_answer(&net, index, alone ? "/livez" : "/readyz?verbose", READY_MS,
                                      &problem);
    if (status != STATUS_OK && status != STATUS_TIMEOUT) return fail(&problem);
    testnet_home(&net, index, home);
    cli_note(call, "added     node %u, an observer: %s, peers on 127.0.0.1:%u", net.count, home,
             net.nodes[index].peer_port);
    if (status == STATUS_TIMEOUT) cli_note(call, "it is still catching up");
    return CLI_EXIT_DONE;
}

/* ---- start and stop ---- */

static enum status start_all(struct testnet *net, struct problem *problem)
{
    enum status status = STATUS_OK;
    for (uint16_t i = 0; status == STATUS_OK && i < net->count; i++)
        if (testnet_state(net, i) == TESTNET_DOWN) status = testnet_spawn(net, i, problem);
    for (uint16_t i = 0; status == STATUS_OK && i < net->count; i++)
        status = testnet_await_answer(net, i, "/readyz?verbose", READY_MS, problem);
    return status;
}

static int start(struct cli_call *call)
{
    struct testnet net;
    struct problem problem = { .status = STATUS_OK };
    int exit_code = load(call, &net);
    if (exit_code != CLI_EXIT_DONE) return exit_code;
    if (start_all(&net, &problem) != STATUS_OK) return fail(&problem);
    cli_note(call, "ready     %u nodes; RPC http://127.0.0.1:%u", net.count, net.nodes[0].rpc_port);
    return CLI_EXIT_DONE;
}

static int stop(struct cli_call *call)
{
    struct testnet net;
    struct problem problem = { .status = STATUS_OK };
    int exit_code = load(call, &net);
    if (exit_code != CLI_EXIT_DONE) return exit_code;
    if (testnet_stop(&net, STOP_MS, false, &problem) != STATUS_OK) return fail(&problem);
    cli_note(call, "stopped");
    return CLI_EXIT_DONE;
}

/* ---- one node ---- */

static int signal_one(struct cli_call *call, int number, bool ends)
{
    struct testnet net;
    uint16_t index = 0;
    struct problem problem = { .status = STATUS_OK };
    int exit_code = node_argument(call, &net, &index);
    if (exit_code != CLI_EXIT_DONE) return exit_code;
    enum status status = testnet_signal(&net, index, number, &problem);
    if (status == STATUS_OK && ends) status = testnet_await_end(&net, index, END_MS, &problem);
    return status == STATUS_OK ? CLI_EXIT_DONE : fail(&problem);
}

static int kill_node(struct cli_call *call)
{
    return signal_one(call, SIGKILL, true);
}

static int pause_node(struct cli_call *call)
{
    return signal_one(call, SIGSTOP, false);
}

static int resume_node(struct cli_call *call)
{
    return signal_one(call, SIGCONT, false);
}

static int restart(struct cli_call *call)
{
    struct testnet net;
    uint16_t index = 0;
    struct problem problem = { .status = STATUS_OK };
    int exit_code = node_argument(call, &net, &index);
    if (exit_code != CLI_EXIT_DONE) return exit_code;
    enum status status = STATUS_OK;
    if (testnet_state(&net, index) != TESTNET_DOWN) {
        (void)testnet_signal(&net, index, SIGTERM, &problem);
        (void)testnet_signal(&net, index, SIGCONT, &problem);
        status = testnet_await_end(&net, index, STOP_MS, &problem);
    }
    bool ready = strcmp(cli_text(call, "until"), "ready") == 0;
    if (status == STATUS_OK) status = testnet_spawn(&net, index, &problem);
    if (status == STATUS_OK)
        status = testnet_await_answer(&net, index, ready ? "/readyz?verbose" : "/livez", READY_MS,
                                      &problem);
    return status == STATUS_OK ? CLI_EXIT_DONE : fail(&problem);
}

static int logs(struct cli_call *call)
{
    struct testnet net;
    uint16_t index = 0;
    char home[PATH_BYTES_MAX], path[PATH_BYTES_MAX], part[16384];
    int exit_code = node_argument(call, &net, &index);
    if (exit_code != CLI_EXIT_DONE) return exit_code;
    testnet_home(&net, index, home);
    if (path_join(path, home, "log") != STATUS_OK) return cli_fail_memory();
    FILE *stream = fopen(path, "re");
    if (!stream)
        return cli_fail(CLI_EXIT_NOT_FOUND, NULL, "it was never started", "node %u has no log yet",
                        index + 1u);
    size_t size;
    while ((size = fread(part, 1, sizeof part, stream)) > 0)
        if (fwrite(part, 1, size, stdout) != size) break;
    fclose(stream);
    return CLI_EXIT_DONE;
}

/* ---- clean ---- */

static int clean(struct cli_call *call)
{
    struct testnet net;
    struct problem problem = { .status = STATUS_OK };
    int exit_code = load(call, &net);
    if (exit_code != CLI_EXIT_DONE) return exit_code;
    enum status status = testnet_stop(&net, END_MS, true, &problem);
    if (status == STATUS_OK) status = testnet_remove(&net, &problem);
    return status == STATUS_OK ? CLI_EXIT_DONE : fail(&problem);
}

/* ---- status ---- */

static const char *state_word(const struct testnet_head *head)
{
    static const char *const words[] = { "down", "up", "paused" };
    return head->state == TESTNET_UP && !head->answers ? "silent" : words[head->state];
}

static json_t *head_json(const struct testnet *net, const struct testnet_head *head, uint16_t index)
{
    char url[TESTNET_URL];
    testnet_url(net, index, url);
    return json_pack("{s:I, s:s, s:I, s:s, s:b, s:I, s:I, s:s, s:s, s:s}", "node",
                     (json_int_t)index + 1, "state", state_word(head), "pid",
                     (json_int_t)net->nodes[index].pid, "url", url, "votes", head->votes, "height",
                     (json_int_t)head->height, "sealed_height", (json_int_t)head->sealed_height,
                     "block_hash", head->block_hash, "state_root", head->state_root, "common_hash",
                     head->common_hash);
}

static int print_json(const struct testnet *net, const struct testnet_heads *heads)
{
    json_t *nodes = json_array();
    for (uint16_t i = 0; i < net->count; i++)
        json_array_append_new(nodes, head_json(net, &heads->nodes[i], i));
    json_t *document = json_pack("{s:s, s:I, s:b, s:b, s:o}", "network", net->network,
                                 "common_height", (json_int_t)heads->common_height, "equal",
                                 heads->equal, "level", heads->level, "nodes", nodes);
    char *line = document ? json_line(document) : NULL;
    json_decref(document);
    if (!line) return cli_fail_memory();
    puts(line);
    free(line);
    return CLI_EXIT_DONE;
}

static void print_table(const struct testnet *net, const struct testnet_heads *heads)
{
    printf("%-4s  %-6s  %8s  %9s  %9s  %-16s  %-16s  %s\n", "node", "state", "pid", "height",
           "sealed", "block", "state root", "RPC");
    for (uint16_t i = 0; i < net->count; i++) {
        const struct testnet_head *head = &heads->nodes[i];
        char url[TESTNET_URL];
        testnet_url(net, i, url);
        printf("%-4u  %-6s  %8lld  %9llu  %9llu  %-16.16s  %-16.16s  %s\n", i + 1u,
               state_word(head), (long long)net->nodes[i].pid, (unsigned long long)head->height,
               (unsigned long long)head->sealed_height, head->block_hash, head->state_root, url);
    }
}

static int judge(const struct cli_call *call, const struct testnet *net,
                 const struct testnet_heads *heads)
{
    if (heads->answering == 0)
        return cli_fail(CLI_EXIT_UNREACHABLE, NULL, "witan testnet start", "no node answers");
    if (!heads->equal)
        return cli_fail(CLI_EXIT_UNVERIFIED, NULL, NULL, "the blocks at height %llu differ",
                        (unsigned long long)heads->common_height);
    cli_note(call, "the same block at height %llu on %u of %u nodes",
             (unsigned long long)heads->common_height, heads->answering, net->count);
    return heads->answering == net->count ? CLI_EXIT_DONE : CLI_EXIT_NOT_READY;
}

static int status(struct cli_call *call)
{
    struct testnet net;
    struct testnet_heads heads;
    struct problem problem = { .status = STATUS_OK };
    int exit_code = load(call, &net);
    if (exit_code != CLI_EXIT_DONE) return exit_code;
    uint64_t wait_ms = cli_number(call, "until-level");
    if (wait_ms > 0)
        (void)testnet_await_level(&net, wait_ms, &heads, &problem);
    else
        testnet_heads(&net, &heads);
    if (cli_switch(call, "json"))
        exit_code = print_json(&net, &heads);
    else
        print_table(&net, &heads);
    if (exit_code == CLI_EXIT_DONE) exit_code = judge(call, &net, &heads);
    if (exit_code == CLI_EXIT_DONE && wait_ms > 0 && !heads.level)
        exit_code = cli_fail(CLI_EXIT_NOT_READY, NULL, NULL, "%s", problem.text);
    return exit_code;
}

/* ---- rows ---- */

#define DIR_FLAG \
    { \
        .name = "dir", .type = CLI_FILE, .value = "DIR", .standard = "testnet", \
        .environment = "WITAN_TESTNET", .help = "the network's folder" \
    }

static const struct cli_flag dir_flags[] = { DIR_FLAG, CLI_FLAGS_END };

static const struct cli_flag create_flags[] = {
    DIR_FLAG,
    VALIDATORS_FLAG(1),
    ENGINE_FLAG,
    { .name = "network",
      .type = CLI_TEXT,
      .value = "NAME",
      .standard = "testnet",
      .help = "the network's name" },
    { .name = "port-base",
      .type = CLI_NUMBER,
      .value = "PORT",
      .least = 1024,
      .most = UINT16_MAX,
      .help = "first of two ports for each validator; without it free ones are found" },
    PHASES_FLAG,
    CLI_FLAGS_END,
};

static const struct cli_flag restart_flags[] = {
    DIR_FLAG,
    { .name = "until",
      .type = CLI_WORD,
      .words = "alive|ready",
      .standard = "alive",
      .help = "what to wait for; a node is ready only with a quorum" },
    CLI_FLAGS_END,
};

static const struct cli_flag status_flags[] = {
    DIR_FLAG,
    { .name = "json", .type = CLI_SWITCH, .help = "as one JSON object" },
    { .name = "until-level",
      .type = CLI_DURATION,
      .value = "TIME",
      .help = "wait so long for all nodes to stand at one height, sealed" },
    CLI_FLAGS_END,
};

const struct cli_command testnet_commands[] = {
    { .path = "testnet create",
      .summary = "Make keys, genesis and homes of a network on this machine",
      .details = "The genesis has purpose `test`; everything listens on 127.0.0.1. "
                 "DIR/keys/treasury.json is an account key with all roles, DIR/keys/member-N.json "
                 "that of the member whose machine is node N, all of them unencrypted.",
      .flags = create_flags,
      .examples = { "testnet create", "testnet create --dir /tmp/net --validators 7" },
      .run = create },
    { .path = "testnet add",
      .summary = "Make the home of one more machine, and start it as an observer",
      .details = "Its number is the next one. It has keys of its own and is on the other nodes' "
                 "list of observers. It votes when the members have voted it in: validator ready, "
                 "gov propose, gov ballot.",
      .flags = dir_flags,
      .examples = { "testnet add", "testnet add --dir /tmp/net" },
      .run = add },
    { .path = "testnet start",
      .summary = "Start every node that is down, and wait until all are ready",
      .flags = dir_flags,
      .examples = { "testnet start" },
      .run = start },
    { .path = "testnet stop",
      .summary = "Stop every node cleanly",
      .flags = dir_flags,
      .run = stop },
    { .path = "testnet status",
      .summary = "Compare the nodes' heights, and their blocks at the lowest of them",
      .details = "Exit 0 if all answer and agree, 8 if some do not answer, 7 if blocks differ.",
      .flags = status_flags,
      .run = status },
    { .path = "testnet kill",
      .summary = "End a node at once, as a crash would (SIGKILL)",
      .arguments = "N",
      .arguments_min = 1,
      .arguments_max = 1,
      .flags = dir_flags,
      .examples = { "testnet kill 3" },
      .run = kill_node },
    { .path = "testnet restart",
      .summary = "Stop a node cleanly if it runs, and start it",
      .arguments = "N",
      .arguments_min = 1,
      .arguments_max = 1,
      .flags = restart_flags,
      .run = restart },
    { .path = "testnet pause",
      .summary = "Halt a node without ending it (SIGSTOP)",
      .arguments = "N",
      .arguments_min = 1,
      .arguments_max = 1,
      .flags = dir_flags,
      .run = pause_node },
    { .path = "testnet resume",
      .summary = "Let a paused node go on (SIGCONT)",
      .arguments = "N",
      .arguments_min = 1,
      .arguments_max = 1,
      .flags = dir_flags,
      .run = resume_node },
    { .path = "testnet logs",
      .summary = "Print what a node has logged",
      .arguments = "N",
      .arguments_min = 1,
      .arguments_max = 1,
      .flags = dir_flags,
      .run = logs },
    { .path = "testnet clean",
      .summary = "End every process of the network and remove its folder",
      .details = "Refuses a folder without testnet.json. Processes are ended by their id, after "
                 "their command line has confirmed that they are of this network.",
      .flags = dir_flags,
      .run = clean },
    CLI_COMMANDS_END,
};
