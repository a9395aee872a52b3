/* node/cli/main.c -- the `witan` command: reads the line, finds the row, runs it. */
#include "node/cli/cli.h"

#include "crypto/key.h"
#include "node/cli_help.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

static const struct cli_section sections[] = {
    { "", "Bare verbs: the life of a node, and help", lifecycle_commands },
    { "", "About a node", status_commands },
    { "", "What words mean", explain_commands },
    { "", "Whom to believe: nobody", verify_commands },
    { "genesis", "How a network begins", genesis_commands },
    { "genesis", "What it is made of", genesis_draft_commands },
    { "key", "Key files", key_commands },
    { "key", "New keys in place of old ones", key_rotate_commands },
    { "config", "Settings of a node", config_commands },
    { "tx", "Transactions", tx_commands },
    { "tx", "Transactions in files", tx_file_commands },
    { "tx", "Transactions in bulk", import_commands },
    { "tx", "Proofs of what became of transactions", tx_proof_commands },
    { "account", "Accounts", account_commands },
    { "account", "Statements", statement_commands },
    { "asset", "Assets", asset_commands },
    { "balance", "Who has how much", balance_commands },
    { "hold", "Amounts reserved now and paid later", hold_commands },
    { "kv", "Records of accounts", kv_commands },
    { "block", "Blocks and their seals", block_commands },
    { "block", "Seals as proofs", block_seal_commands },
    { "state", "Proofs of the state", state_commands },
    { "history", "Proofs of the history", history_commands },
    { "chain", "The chain as a whole", chain_commands },
    { "member", "Organisations with a vote", member_commands },
    { "validator", "Machines that agree and seal", validator_commands },
    { "epoch", "Runs of blocks under one validator set", epoch_commands },
    { "epoch", "Their chain as a proof", epoch_prove_commands },
    { "gov", "Votes of the members", gov_commands },
    { "peer", "Connections of a node", peer_commands },
    { "consensus", "The engine of a node", consensus_commands },
    { "mempool", "Pending transactions of a node", mempool_commands },
    { "log", "Logs of a running node", log_commands },
    { "audit", "Ledgers checked offline", audit_commands },
    { "ledger", "The file of a stopped node", ledger_commands },
    { "backup", "Copies of the ledger", backup_commands },
    { "", "Any method of the interface", rpc_commands },
    { "", "Seeing it work", demo_commands },
    { "testnet", "A network of real processes on this machine", testnet_commands },
    { "testnet", "Payments on such a network", payments_commands },
};

const struct cli_table cli_table = { sections, sizeof sections / sizeof sections[0] };

static int show_help(const struct cli_call *call, const char *noun)
{
    struct buffer text;
    buffer_init(&text, 1024 * 1024);
    enum status status = call->command ? cli_help_command(call->command, &text)
                         : noun[0]     ? cli_help_noun(&cli_table, noun, &text)
                                       : cli_help_program(&cli_table, &text);
    if (status == STATUS_OK) fwrite(text.data, 1, text.size, call->help ? stdout : stderr);
    buffer_free(&text);
    if (status != STATUS_OK) return cli_fail_memory();
    return call->help ? CLI_EXIT_DONE : CLI_EXIT_USAGE;
}

static int run(struct cli_call *call)
{
    struct problem problem;
    enum status status = crypto_start(&problem);
    if (status != STATUS_OK) return cli_fail_problem(&problem, "cryptography");
    if (rpc_client_start() != STATUS_OK) return cli_fail_memory();
    return call->command->run(call);
}

int main(int argc, char **argv)
{
    /* A reader that closed its end is an error of write(), not a silent death. */
    signal(SIGPIPE, SIG_IGN);
    struct cli_call call;
    struct problem problem;
    const char *noun;
    int exit_code = CLI_EXIT_USAGE;
    switch (cli_parse(&cli_table, argc, argv, &call, &noun, &problem)) {
    case CLI_PARSED: exit_code = run(&call); break;
    case CLI_PARSED_HELP: exit_code = show_help(&call, noun); break;
    case CLI_PARSED_WRONG:
        exit_code = problem.status == STATUS_NO_MEMORY
                        ? cli_fail_memory()
                        : cli_fail(CLI_EXIT_USAGE, NULL, "-h explains", "%s", problem.text);
        break;
    }
    cli_call_free(&call);
    /* A reader that has seen enough (head) is no failure. */
    if (fflush(stdout) != 0 && errno != EPIPE && exit_code == CLI_EXIT_DONE)
        exit_code = cli_fail(CLI_EXIT_IO, NULL, NULL, "writing to stdout failed");
    return exit_code;
}
