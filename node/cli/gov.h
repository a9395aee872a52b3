/* node/cli/gov.h -- proposals on the command line: what the gov commands share. */
#ifndef NODE_CLI_GOV_H
#define NODE_CLI_GOV_H

#include "format/proposal.h"
#include "node/cli/write.h"

struct cli_actions {
    struct action list[ACTIONS_MAX];
    uint8_t count;
};

/* Flags that name actions, for gov_actions_read. */
#define GOV_ACTION_FLAGS \
    { .name = "set", \
      .type = CLI_TEXT, \
      .value = "NAME=VALUE", \
      .repeat = true, \
      .help = "a chain parameter; fractions as 2/3" }, \
        { .name = "engine", \
          .type = CLI_TEXT, \
          .value = "NAME=VALUE", \
          .repeat = true, \
          .help = "a parameter of the engine; ends the epoch" }, \
        { .name = "roles", \
          .type = CLI_TEXT, \
          .value = "ACCOUNT=A,B", \
          .repeat = true, \
          .help = "registrar, issuer, freezer; nothing behind = takes all away" }, \
        { .name = "freeze", \
          .type = CLI_TEXT, \
          .value = "ACCOUNT", \
          .repeat = true, \
          .help = "stop this account, also a member's" }, \
        { .name = "unfreeze", \
          .type = CLI_TEXT, \
          .value = "ACCOUNT", \
          .repeat = true, \
          .help = "let it act again" }, \
        { .name = "member-add", \
          .type = CLI_TEXT, \
          .value = "ACCOUNT=NAME", \
          .repeat = true, \
          .help = "give an organisation a vote" }, \
        { .name = "remove", \
          .type = CLI_TEXT, \
          .value = "VALIDATOR", \
          .help = "take this machine out of the set" }, \
        { .name = "add", \
          .type = CLI_FILE, \
          .value = "READYFILE", \
          .help = "take in the machine that printed it with validator ready" }, \
        { .name = "rekey", \
          .type = CLI_FILE, \
          .value = "READYFILE", \
          .help = "a new seal key, from validator ready --rekey" }, \
    { \
        .name = "member-remove", .type = CLI_TEXT, .value = "ACCOUNT", .repeat = true, \
        .help = "take an organisation's vote" \
    }

/* Flags of a proposal, for gov_propose. */
#define GOV_PROPOSE_FLAGS \
    { .name = "deadline", \
      .type = CLI_TEXT, \
      .value = "TIME", \
      .standard = "7d", \
      .help = "until when ballots count: a duration from now, or RFC 3339" }, \
        { .name = "activate", \
          .type = CLI_TEXT, \
          .value = "TIME", \
          .help = "not to be enacted before; default: at once" }, \
        { .name = "why", \
          .type = CLI_TEXT, \
          .value = "TEXT", \
          .help = "its hash is put on the ledger; the text itself is kept nowhere" }, \
    { \
        .name = "force", .type = CLI_SWITCH, \
        .help = "propose it although an action does not hold, or the quorum would be lost" \
    }

/* Looks at what the actions would do, signs the proposal with the writer's keys, sends it and
 * prints its number. Wants GOV_PROPOSE_FLAGS. */
int gov_propose(struct cli_writer *writer, struct cli_actions *actions);

/* The actions of the argument (a file of JSON, "-": stdin; or none) and then those of the flags, in
 * the order of the table above. Prints what is wrong; exit code. */
int gov_actions_read(const struct cli_call *call, struct cli_actions *actions);

/* Asks the nodes what the actions would do. A machine counts as connected if one of them says so,
 * and *preview is the first answer with that in it; NULL after an error that is printed. */
json_t *gov_preview_ask(struct rpc_client *const *nodes, size_t node_count,
                        const struct cli_actions *actions, int *exit_code);

/* What people read before they sign. */
void gov_preview_print(const json_t *preview, FILE *stream);

/* May it be proposed? CLI_EXIT_DONE, or CLI_EXIT_REFUSED with the reason printed: an action that
 * does not hold, a set that misses its quorum of connected machines, a new machine that nobody is
 * connected to. */
int gov_preview_judge(const json_t *preview);

/* "7d" from now, or a time of RFC 3339. false: neither. */
bool gov_time_read(const char *text, uint64_t now_ms, uint64_t *time_ms);

#endif
