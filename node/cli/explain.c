/* node/cli/explain.c -- what a word means: every table of words, asked in turn. */
#include "ledger/explain.h"
#include "genesis/json.h"
#include "ledger/audit.h"
#include "node/cli/cli.h"
#include "node/config.h"
#include "node/log.h"
#include "proof/check.h"
#include <stdlib.h>

/* Texts may be long: they are broken at spaces, indented. */
static void print_field(const char *name, const char *text)
{
    if (!text || !text[0]) return;
    printf("  %-8s ", name);
    size_t column = 0;
    for (const char *word = text; *word;) {
        size_t size = strcspn(word, " ");
        if (column > 0 && column + size > 84) {
            printf("\n           ");
            column = 0;
        }
        printf("%s%.*s", column > 0 ? " " : "", (int)size, word);
        column += size + 1;
        word += size + (word[size] == ' ' ? 1 : 0);
    }
    putchar('\n');
}

static bool explain_ledger(const char *word)
{
    bool found = false;
    for (size_t i = 0; explain_at(i); i++) {
        const struct explanation *row = explain_at(i);
        char number[16];
        snprintf(number, sizeof number, "%u", row->number);
        if (strcmp(row->word, word) != 0 && strcmp(number, word) != 0) continue;
        printf("%s   %s %u\n", row->word,
               row->kind == EXPLAIN_REFUSAL ? "error of admission" : "result code", row->number);
        print_field("meaning", row->meaning);
        print_field("cause", row->cause);
        print_field("remedy", row->remedy);
        found = true;
    }
    return found;
}

static bool explain_rpc(const char *word)
{
    static const char *const retries[] = {
        [RETRY_NEVER] = "The same request will be refused again.",
        [RETRY_SAME_REQUEST] = "Send the same request again, after retry_after_ms.",
        [RETRY_AFTER_DELAY] = "Try again later: the state will change.",
        [RETRY_OTHER_NODE] = "Ask another node: this one lacks it.",
        [RETRY_RE_SIGN] = "Build and sign a new transaction.",
    };
    enum rpc_error error = rpc_error_by_kind(word);
    if (error == RPC_ERROR_none) error = rpc_error_by_code(strtoll(word, NULL, 10));
    if (error == RPC_ERROR_none) return false;
    const struct rpc_error_row *row = rpc_error_row(error);
    if (explain_find(row->kind)) return false; /* Explained at length already. */
    printf("%s   error of the interface %d\n", row->kind, row->code);
    print_field("meaning", row->message);
    print_field("remedy", retries[row->retry]);
    print_field("data", row->fields);
    return true;
}

static bool explain_finding(const char *word)
{
    for (int code = 0; code < FINDING_COUNT; code++) {
        if (strcmp(finding_name((enum finding_code)code), word) != 0) continue;
        printf("%s   finding of an audit\n", word);
        print_field("meaning", finding_text((enum finding_code)code));
        return true;
    }
    return false;
}

/* By its number ("P3.5"), its word ("path"), or both, as `witan verify` prints them. */
static bool explain_check(const char *word)
{
    bool found = false;
    for (int i = CHECK_NONE + 1; i < CHECK_COUNT; i++) {
        enum proof_check check = (enum proof_check)i;
        if (strcmp(proof_check_number(check), word) != 0 &&
            strcmp(proof_check_word(check), word) != 0 &&
            strcmp(proof_check_name(check), word) != 0)
            continue;
        printf("%s   check of a proof\n", proof_check_name(check));
        print_field("holds", proof_check_text(check));
        print_field("failed", check == CHECK_TRUST
                                  ? "One of the two heads is of a fork. Keep both files, and show "
                                    "them to the members."
                              : check == CHECK_P11_CRASH
                                  ? "Allow it (--allow-crash) if you believe every validator."
                                  : "The file proves nothing: it is damaged, forged, or of another "
                                    "network. Ask for it again, from another node.");
        found = true;
    }
    return found;
}

static bool explain_exit(const char *word)
{
    for (size_t i = 0; cli_exit_at(i); i++) {
        const struct cli_exit_row *row = cli_exit_at(i);
        char number[16];
        snprintf(number, sizeof number, "%d", row->number);
        if (strcmp(number, word) != 0) continue;
        printf("%s   exit code\n", number);
        print_field("meaning", row->meaning);
        print_field("restart", row->restart ? "May help." : "Does not help: somebody must look.");
        return true;
    }
    return false;
}

static bool explain_key(const char *word)
{
    for (int key = 0; key < CONFIG_COUNT; key++) {
        const struct config_info *info = config_info((enum config_key)key);
        if (strcmp(info->full, word) != 0) continue;
        printf("%s   key of witan.conf\n", word);
        print_field("meaning", info->help);
        print_field("default", info->standard[0] ? info->standard : "empty");
        print_field("takes", info->reload ? "effect on reload" : "effect on restart");
        return true;
    }
    return false;
}

static bool explain_event(const char *word)
{
    for (int event = 0; event < LOG_EVENT_COUNT; event++) {
        const struct log_event_info *info = &log_events[event];
        if (strcmp(info->name, word) != 0) continue;
        printf("%s   event of the log, level %s\n", word, log_level_name(info->level));
        print_field("meaning", info->meaning);
        print_field("remedy", info->remedy);
        return true;
    }
    return false;
}

/* Why a validator does not vote: `why` of the event not_voting, votes_reason of node_status. */
static const struct {
    const char *word, *meaning, *remedy;
} reasons[] = {
    { "key_missing", "No seal key file is configured, or it is not there.",
      "Set node.seal_key_file, or be content: the node follows and serves." },
    { "key_unknown", "The seal key is not that of a validator of this network.",
      "Compare `witan key show` of the seal key with `witan validator list`." },
    { "safety_missing", "The safety file, which remembers the promises made, is not there.",
      "Put it back only if it is the very file this validator wrote last, never an older copy. "
      "Otherwise the validator needs a new key; until then it follows and serves." },
    { "safety_mismatch", "The safety file is of another seal key, or of another network.",
      "An old key file was put back, or the safety file was copied here. Put back the key that the "
      "file belongs to; or give the validator a new key (witan key rotate seal)." },
    { "safety_damaged", "Neither slot of the safety file can be read.",
      "Look at the disk. The validator needs a new key; until then it follows and serves." },
    { "catching_up", "The ledger is older than the journal, in whose epoch the promises stand.",
      "Wait: the node follows, and votes again when the ledger has come to that epoch." },
    { "journal_lost", "The journal ends before what the safety file remembers.",
      "An old copy was restored, or records were lost. The validator needs a new key; until then "
      "it follows and serves." },
};

static bool explain_reason(const char *word)
{
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (strcmp(reasons[i].word, word) != 0) continue;
        printf("%s   reason of not_voting\n", word);
        print_field("meaning", reasons[i].meaning);
        print_field("remedy", reasons[i].remedy);
        return true;
    }
    return false;
}

/* The nearest word of all tables. */
static const char *nearest_word(const char *word)
{
    const char *names[1024];
    size_t count = 0;
    size_t most = sizeof names / sizeof names[0];
    for (size_t i = 0; explain_at(i) && count < most; i++)
        names[count++] = explain_at(i)->word;
    for (int e = RPC_ERROR_none + 1; e < RPC_ERROR_COUNT && count < most; e++)
        names[count++] = rpc_error_row((enum rpc_error)e)->kind;
    for (int code = 0; code < FINDING_COUNT && count < most; code++)
        names[count++] = finding_name((enum finding_code)code);
    for (int check = CHECK_NONE + 1; check < CHECK_COUNT && count < most; check++)
        names[count++] = proof_check_number((enum proof_check)check);
    for (int key = 0; key < CONFIG_COUNT && count < most; key++)
        names[count++] = config_info((enum config_key)key)->full;
    for (int event = 0; event < LOG_EVENT_COUNT && count < most; event++)
        names[count++] = log_events[event].name;
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0] && count < most; i++)
        names[count++] = reasons[i].word;
    return nearest_name(word, names, count);
}

static int explain(struct cli_call *call)
{
    const char *word = cli_argument(call, 0);
    bool found = explain_ledger(word);
    found = explain_rpc(word) || found;
    found = explain_finding(word) || found;
    found = explain_check(word) || found;
    found = explain_exit(word) || found;
    found = explain_key(word) || found;
    found = explain_event(word) || found;
    found = explain_reason(word) || found;
    if (found) return CLI_EXIT_DONE;
    char quoted[QUOTE_TEXT];
    char hint[QUOTE_TEXT + 32];
    const char *nearest = nearest_word(word);
    snprintf(hint, sizeof hint, "did you mean %s?", nearest ? nearest : "");
    return cli_fail(CLI_EXIT_NOT_FOUND, NULL, nearest ? hint : NULL,
                    "no error, result code, finding, check, exit code, setting or event is called "
                    "\"%s\"",
                    text_quote(word, quoted));
}

const struct cli_command explain_commands[] = {
    { .path = "explain",
      .summary =
          "Say what an error, result code, finding, check, exit code, setting or event means",
      .arguments = "WORD",
      .arguments_min = 1,
      .arguments_max = 1,
      .examples = { "explain tx_expired", "explain P3.5", "explain 7", "explain rpc.listen" },
      .run = explain },
    CLI_COMMANDS_END,
};
