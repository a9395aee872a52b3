/* node/cli/gov.c -- proposals and ballots of the members. */
#include "node/cli/gov.h"

#include "genesis/json.h"
#include <stdlib.h>
#include <time.h>

#define READING (CLI_GROUP_NODE | CLI_GROUP_OUTPUT | CLI_GROUP_READ)
#define WRITING (CLI_GROUP_NODE | CLI_GROUP_WRITE | CLI_GROUP_SECRET)

/* What a deadline stays below the chain's longest term: block time may lag behind our clock. */
enum { TERM_MARGIN_MS = 10 * 60 * 1000 };

static uint64_t wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- preview ---- */

static json_t *preview_of_proposal(const struct cli_call *call, int *exit_code)
{
    json_int_t number = (json_int_t)cli_number(call, "proposal");
    return cli_ask(call, "gov_preview", json_pack("{s:I}", "proposal", number), exit_code);
}

static json_t *preview_of_actions(const struct cli_call *call, int *exit_code)
{
    struct cli_actions *actions = malloc(sizeof *actions);
    struct rpc_client *nodes[CLI_NODES_MAX];
    size_t count = 0;
    json_t *preview = NULL;
    *exit_code = actions ? gov_actions_read(call, actions) : cli_fail_memory();
    if (*exit_code == CLI_EXIT_DONE) *exit_code = cli_nodes_open(call, nodes, &count);
    if (*exit_code == CLI_EXIT_DONE) preview = gov_preview_ask(nodes, count, actions, exit_code);
    for (size_t i = 0; i < count; i++)
        rpc_client_close(nodes[i]);
    free(actions);
    return preview;
}

static int preview_command(struct cli_call *call)
{
    int exit_code = CLI_EXIT_DONE;
    json_t *preview = cli_given(call, "proposal") ? preview_of_proposal(call, &exit_code)
                                                  : preview_of_actions(call, &exit_code);
    if (!preview) return exit_code;
    if (cli_wants_json(call)) {
        exit_code = cli_print_json(call, preview);
    } else {
        FILE *stream = cli_open(call);
        if (stream) gov_preview_print(preview, stream);
        exit_code = stream ? cli_close(call, stream, CLI_EXIT_DONE) : CLI_EXIT_IO;
    }
    if (exit_code == CLI_EXIT_DONE) exit_code = gov_preview_judge(preview);
    json_decref(preview);
    return exit_code;
}

/* ---- propose ---- */

/* The parameters that the proposal is written for, and the longest term. */
static int read_chain(struct cli_writer *writer, struct operation *operation, uint64_t *term_ms)
{
    struct rpc_failure failure = { .what = FAILURE_NONE };
    json_t *params = rpc_client_call(writer->nodes[0], "chain_params", NULL, &failure);
    if (!params) return cli_fail_rpc(&failure, "chain_params");
    const json_t *version = json_object_get(params, "params_version");
    const json_t *term = json_at(params, "params.gov_term_ms_max");
    bool read = json_is_integer(version) && json_is_integer(term);
    operation->gov_propose.expects_params_version = (uint64_t)json_integer_value(version);
    *term_ms = (uint64_t)json_integer_value(term);
    json_decref(params);
    return read ? CLI_EXIT_DONE
                : cli_fail(CLI_EXIT_UNREACHABLE, NULL, NULL, "the node does not answer as a node");
}

static int read_times(const struct cli_call *call, struct operation *operation, uint64_t term_ms)
{
    uint64_t now = wall_ms();
    uint64_t latest = now + term_ms - min_u64(term_ms / 2, TERM_MARGIN_MS);
    const char *activate = cli_text(call, "activate");
    if (!gov_time_read(cli_text(call, "deadline"), now, &operation->gov_propose.deadline_ms))
        return cli_fail(CLI_EXIT_USAGE, NULL, "for example 7d, or 2026-12-02T04:12:09.123Z",
                        "--deadline is neither a duration nor a time");
    if (!cli_given(call, "deadline"))
        operation->gov_propose.deadline_ms = min_u64(operation->gov_propose.deadline_ms, latest);
    if (activate && !gov_time_read(activate, now, &operation->gov_propose.activate_ms))
        return cli_fail(CLI_EXIT_USAGE, NULL, "for example 12h, or 2026-12-02T04:12:09.123Z",
                        "--activate is neither a duration nor a time");
    return CLI_EXIT_DONE;
}

static int fill_actions(struct cli_writer *writer, struct operation *operation,
                        const struct cli_actions *actions)
{
    size_t size = (size_t)actions->count * ACTION_BYTES_MAX;
    char *bytes = malloc(size);
    if (!bytes) return cli_fail_memory();
    ASSERT(writer->kept_count < sizeof writer->kept / sizeof writer->kept[0]);
    writer->kept[writer->kept_count++] = bytes;
    struct writer w;
    writer_init_fixed(&w, bytes, size);
    for (unsigned i = 0; i < actions->count; i++)
        action_write(&w, &actions->list[i]);
    operation->gov_propose.action_count = actions->count;
    operation->gov_propose.actions = writer_span(&w);
    return CLI_EXIT_DONE;
}

/* Shows it, and refuses what would stop the chain. */
static int look_before(struct cli_writer *writer, const struct cli_actions *actions)
{
    const struct cli_call *call = writer->call;
    int exit_code = CLI_EXIT_DONE;
    json_t *preview = gov_preview_ask(writer->nodes, writer->node_count, actions, &exit_code);
    if (!preview) return exit_code;
    if (!cli_switch(call, "quiet")) gov_preview_print(preview, stderr);
    if (!cli_switch(call, "force")) exit_code = gov_preview_judge(preview);
    json_decref(preview);
    return exit_code;
}

/* The number that it got, and where it stands already: its effect says so. */
static void tell_number(struct cli_writer *writer)
{
    const struct cli_call *call = writer->call;
    bool sent = !cli_switch(call, "dry-run") && !cli_given(call, "out");
    if (!sent || cli_switch(call, "json") || cli_switch(call, "quiet")) return;
    struct rpc_failure failure = { .what = FAILURE_NONE };
    json_t *params = json_pack("{s:o}", "tx_id", json_hex_new(digest_span(&writer->tx->txid)));
    json_t *tx = params ? rpc_client_call(writer->nodes[0], "tx_get", params, &failure) : NULL;
    size_t i;
    json_t *effect;
    json_array_foreach(json_object_get(tx, "effects"), i, effect)
    {
        const char *kind = json_string_value(json_object_get(effect, "kind"));
        const char *status = json_string_value(json_object_get(effect, "status"));
        if (!kind || !status || strcmp(kind, "proposal") != 0) continue;
        printf("proposal   %" JSON_INTEGER_FORMAT ", %s\n",
               json_integer_value(json_object_get(effect, "proposal")), status);
    }
    json_decref(tx);
    json_decref(params);
    rpc_failure_clear(&failure);
}

int gov_propose(struct cli_writer *writer, struct cli_actions *actions)
{
    const struct cli_call *call = writer->call;
    struct operation *operation = cli_writer_add(writer, OP_GOV_PROPOSE);
    uint64_t term_ms = 0;
    const char *why = cli_text(call, "why");
    if (why) operation->gov_propose.rationale = digest_of(TAG_MEMO, span_text(why));
    int exit_code = read_chain(writer, operation, &term_ms);
    if (exit_code == CLI_EXIT_DONE) exit_code = read_times(call, operation, term_ms);
    if (exit_code == CLI_EXIT_DONE) exit_code = fill_actions(writer, operation, actions);
    if (exit_code == CLI_EXIT_DONE) exit_code = look_before(writer, actions);
    if (exit_code == CLI_EXIT_DONE) exit_code = cli_writer_send(writer);
    if (exit_code == CLI_EXIT_DONE) tell_number(writer);
    return exit_code;
}

static int propose(struct cli_call *call)
{
    struct cli_actions *actions = malloc(sizeof *actions);
    if (!actions) return cli_fail_memory();
    int exit_code = gov_actions_read(call, actions);
    if (exit_code == CLI_EXIT_DONE) {
        struct cli_writer writer;
        exit_code = cli_writer_open(&writer, call);
        if (exit_code == CLI_EXIT_DONE) exit_code = gov_propose(&writer, actions);
        cli_writer_close(&writer);
    }
    free(actions);
    return exit_code;
}

/* ---- ballot ---- */

static int ballot(struct cli_call *call)
{
    uint64_t number;
    uint8_t vote;
    if (!amount_decode(cli_argument(call, 0), &number) || number == 0)
        return cli_fail(CLI_EXIT_USAGE, NULL, "witan gov list shows them",
                        "NUMBER is the number of a proposal");
    if (!vote_find(cli_argument(call, 1), &vote))
        return cli_fail(CLI_EXIT_USAGE, NULL, NULL, "a ballot is yes, no or abstain");
    struct cli_writer writer;
    int exit_code = cli_writer_open(&writer, call);
    if (exit_code == CLI_EXIT_DONE) {
        struct operation *operation = cli_writer_add(&writer, OP_GOV_BALLOT);
        operation->gov_ballot.proposal = number;
        operation->gov_ballot.vote = vote;
        exit_code = cli_writer_send(&writer);
        if (exit_code == CLI_EXIT_DONE) tell_number(&writer);
    }
    cli_writer_close(&writer);
    return exit_code;
}

/* ---- list, get ---- */

static const struct cli_column list_columns[] = {
    { "NUMBER", "proposal", CELL_NUMBER },   { "STATUS", "status", CELL_TEXT },
    { "CLASS", "class", CELL_TEXT },         { "YES", "yes", CELL_NUMBER },
    { "NEEDED", "yes_needed", CELL_NUMBER }, { "NO", "no", CELL_NUMBER },
    { "MEMBERS", "members", CELL_NUMBER },   { "DEADLINE", "deadline", CELL_TEXT },
    { "ACTIONS", "actions", CELL_TEXT },
};

static const struct cli_column get_columns[] = {
    { "number", "proposal", CELL_TEXT },
    { "status", "status", CELL_TEXT },
    { "class", "class", CELL_TEXT },
    { "proposer", "proposer", CELL_TEXT },
    { "for version", "params_version", CELL_TEXT },
    { "deadline", "deadline", CELL_TEXT },
    { "activate", "activate", CELL_TEXT },
    { "passed", "passed", CELL_TEXT },
    { "enacted", "enacted", CELL_TEXT },
    { "result", "code", CELL_TEXT },
    { "at action", "at", CELL_TEXT },
    { "rationale", "rationale_hash", CELL_TEXT },
    { "threshold", "threshold", CELL_TEXT },
    { "yes", "yes", CELL_TEXT },
    { "no", "no", CELL_TEXT },
    { "abstain", "abstain", CELL_TEXT },
    { "members", "members", CELL_TEXT },
    { "yes needed", "yes_needed", CELL_TEXT },
    { "actions", "actions", CELL_TEXT },
    { "ballots", "ballots", CELL_TEXT },
};

static const struct cli_view list_view = { .items = "items", CLI_VIEW_COLUMNS(list_columns) };
static const struct cli_view get_view = { .positional = { "proposal" },
                                          CLI_VIEW_COLUMNS(get_columns) };

/* ---- rows ---- */

static const struct cli_flag preview_flags[] = {
    GOV_ACTION_FLAGS,
    { .name = "proposal",
      .type = CLI_NUMBER,
      .value = "N",
      .least = 1,
      .help = "the actions of this proposal instead" },
    CLI_FLAGS_END,
};

static const struct cli_flag propose_flags[] = {
    GOV_ACTION_FLAGS,
    GOV_PROPOSE_FLAGS,
    CLI_FLAGS_END,
};

#define ACTIONS_DETAILS \
    "Actions come from FILE, a JSON action or a list of them, and from the flags. They are " \
    "carried " \
    "out together or not at all, those of the file first, then in the order of the flags' list."

const struct cli_command gov_commands[] = {
    { .path = "gov list",
      .summary = "List proposals, the newest first",
      .groups = READING,
      .method = "gov_list",
      .data = &list_view,
      .examples = { "gov list --status open" },
      .run = cli_read },
    { .path = "gov get",
      .summary = "Show a proposal with its actions and ballots",
      .arguments = "NUMBER",
      .arguments_min = 1,
      .arguments_max = 1,
      .groups = READING,
      .method = "gov_get",
      .data = &get_view,
      .examples = { "gov get 12", "gov get 12 --json" },
      .run = cli_read },
    { .path = "gov preview",
      .summary = "Show what actions would do: votes needed, quorum and who is connected",
      .details = ACTIONS_DETAILS "\n\nExit 5 where gov propose would refuse.",
      .arguments = "[FILE]",
      .arguments_max = 1,
      .groups = CLI_GROUP_NODE | CLI_GROUP_OUTPUT,
      .flags = preview_flags,
      .examples = { "gov preview --remove val1...", "gov preview --proposal 12" },
      .run = preview_command },
    { .path = "gov propose",
      .summary = "Open a proposal of the source, a member; it counts as the member's yes",
      .details = ACTIONS_DETAILS
      "\n\nBefore it signs it shows what gov preview shows, and refuses (exit 5) if an action "
      "does not hold, if a machine to be added is connected to none of the nodes of --node, or "
      "if fewer machines than the new quorum would be connected.",
      .arguments = "[FILE]",
      .arguments_max = 1,
      .groups = WRITING,
      .flags = propose_flags,
      .examples = { "gov propose --set max_idle_ms=60000 --source bank-a",
                    "gov propose --remove val1... --add ready.json --source bank-a --key a.json "
                    "--key b.json",
                    "gov propose actions.json --activate 12h --out proposal.tx --source bank-a" },
      .run = propose },
    { .path = "gov ballot",
      .summary = "Cast or replace the ballot of the source, a member",
      .arguments = "NUMBER yes|no|abstain",
      .arguments_min = 2,
      .arguments_max = 2,
      .groups = WRITING,
      .examples = { "gov ballot 12 yes --source bank-b" },
      .run = ballot },
    CLI_COMMANDS_END,
};
