/* node/cli/chain.c -- what a node answers about chain, blocks, members and itself. */
#include "node/cli/read.h"

#define READING (CLI_GROUP_NODE | CLI_GROUP_OUTPUT | CLI_GROUP_READ)

/* ---- block ---- */

static const struct cli_column header_columns[] = {
    { "HEIGHT", "height", CELL_NUMBER },       { "TIME", "time", CELL_TEXT },
    { "ENTRIES", "entry_count", CELL_NUMBER }, { "SIGNERS", "signers", CELL_NUMBER },
    { "SEALED", "sealed", CELL_TEXT },         { "HASH", "hash", CELL_TEXT },
};

static const struct cli_column block_columns[] = {
    { "height", "header.height", CELL_TEXT },
    { "hash", "header.hash", CELL_TEXT },
    { "parent", "header.parent_hash", CELL_TEXT },
    { "time", "header.time", CELL_TEXT },
    { "epoch", "header.epoch", CELL_TEXT },
    { "sequence", "header.sequence", CELL_TEXT },
    { "proposer", "header.proposer", CELL_TEXT },
    { "entries", "header.entry_count", CELL_TEXT },
    { "bytes", "header.size_bytes", CELL_TEXT },
    { "sealed", "header.sealed", CELL_TEXT },
    { "signers", "header.signers", CELL_TEXT },
    { "validators", "header.validators", CELL_TEXT },
    { "state root", "header.state_root", CELL_TEXT },
    { "tx root", "header.tx_root", CELL_TEXT },
    { "history root", "header.history_root", CELL_TEXT },
    { "flags", "header.flags", CELL_TEXT },
};

static const struct cli_view block_view = { .positional = { "block" },
                                            CLI_VIEW_COLUMNS(block_columns) };
static const struct cli_view block_list_view = { .items = "items",
                                                 CLI_VIEW_COLUMNS(header_columns) };

const struct cli_command block_commands[] = {
    { .path = "block get",
      .summary = "Show a block, by height, hash, or latest",
      .arguments = "[HEIGHT|HASH]",
      .arguments_max = 1,
      .groups = READING,
      .method = "block_get",
      .data = &block_view,
      .examples = { "block get latest", "block get 1042 --entries full --json" },
      .run = cli_read },
    { .path = "block list",
      .summary = "List blocks, the latest first",
      .groups = READING,
      .method = "block_list",
      .data = &block_list_view,
      .examples = { "block list --limit 10" },
      .run = cli_read },
    CLI_COMMANDS_END,
};

/* ---- chain ---- */

static const struct cli_column info_columns[] = {
    { "network", "network", CELL_TEXT },         { "chain id", "chain_id", CELL_TEXT },
    { "purpose", "purpose", CELL_TEXT },         { "engine", "engine", CELL_TEXT },
    { "fault model", "fault_model", CELL_TEXT }, { "epoch", "epoch", CELL_TEXT },
    { "validators", "validators", CELL_TEXT },   { "quorum", "quorum", CELL_TEXT },
    { "tolerates", "max_faulty", CELL_TEXT },    { "height", "height", CELL_TEXT },
    { "sealed", "sealed_height", CELL_TEXT },    { "block", "block_hash", CELL_TEXT },
    { "transactions", "tx_count", CELL_TEXT },   { "began", "genesis_time", CELL_TEXT },
    { "node's time", "node_time", CELL_TEXT },
};

static const struct cli_column genesis_columns[] = {
    { "chain id", "chain_id", CELL_TEXT },
    { "network", "genesis.network", CELL_TEXT },
    { "time", "genesis.time", CELL_TEXT },
    { "engine", "genesis.engine", CELL_TEXT },
    { "validators", "genesis.validators", CELL_COUNT },
    { "members", "genesis.members", CELL_COUNT },
    { "accounts", "genesis.accounts", CELL_COUNT },
    { "assets", "genesis.assets", CELL_COUNT },
};

static const struct cli_column params_columns[] = {
    { "version", "params_version", CELL_TEXT },
    { "hash", "params_hash", CELL_TEXT },
    { "parameters", "params", CELL_TEXT },
    { "engine's", "engine_params", CELL_TEXT },
};

static const struct cli_view info_view = { CLI_VIEW_COLUMNS(info_columns) };
static const struct cli_view genesis_view = { CLI_VIEW_COLUMNS(genesis_columns) };
static const struct cli_view params_view = { CLI_VIEW_COLUMNS(params_columns) };

const struct cli_command chain_commands[] = {
    { .path = "chain info",
      .summary = "Show the chain's identity, engine, quorum and head",
      .groups = READING,
      .method = "chain_info",
      .data = &info_view,
      .examples = { "chain info" },
      .run = cli_read },
    { .path = "chain genesis",
      .summary = "Show the genesis that the node began with",
      .groups = READING,
      .method = "chain_genesis",
      .data = &genesis_view,
      .examples = { "chain genesis --json" },
      .run = cli_read },
    { .path = "chain params",
      .summary = "Show the parameters in force",
      .groups = READING,
      .method = "chain_params",
      .data = &params_view,
      .examples = { "chain params --json" },
      .run = cli_read },
    CLI_COMMANDS_END,
};

/* ---- members, peers, consensus, mempool ---- */

static const struct cli_column member_columns[] = {
    { "NAME", "name", CELL_TEXT },
    { "ACCOUNT", "member", CELL_TEXT },
    { "VALIDATORS", "validators", CELL_TEXT },
};

static const struct cli_column peer_columns[] = {
    { "MEMBER", "member_name", CELL_TEXT },
    { "VALIDATOR", "validator", CELL_TEXT },
    { "ROLE", "role", CELL_TEXT },
    { "DIRECTION", "direction", CELL_TEXT },
    { "HEIGHT", "height", CELL_NUMBER },
    { "RTT_MS", "rtt_ms", CELL_NUMBER },
    { "CLOCK_MS", "clock_offset_ms", CELL_NUMBER },
    { "QUEUE", "send_queue_bytes", CELL_NUMBER },
    { "VERSION", "version", CELL_TEXT },
    { "ADDRESS", "address", CELL_TEXT },
};

static const struct cli_column consensus_columns[] = {
    { "engine", "engine", CELL_TEXT },
    { "epoch", "epoch", CELL_TEXT },
    { "view", "view", CELL_TEXT },
    { "leader", "leader", CELL_TEXT },
    { "sequence", "sequence", CELL_TEXT },
    { "height", "height", CELL_TEXT },
    { "sealed", "sealed_height", CELL_TEXT },
    { "waits since", "waiting_since", CELL_TEXT },
    { "timeout ms", "timeout_ms", CELL_TEXT },
    { "detail", "detail", CELL_TEXT },
};

static const struct cli_column mempool_columns[] = {
    { "transactions", "txs", CELL_TEXT },
    { "of at most", "txs_max", CELL_TEXT },
    { "bytes", "bytes", CELL_TEXT },
    { "bytes at most", "bytes_max", CELL_TEXT },
    { "oldest ms", "oldest_age_ms", CELL_TEXT },
    { "sources", "sources", CELL_TEXT },
};

static const struct cli_view member_view = { .items = "items", CLI_VIEW_COLUMNS(member_columns) };
static const struct cli_view peer_view = { .items = "items", CLI_VIEW_COLUMNS(peer_columns) };
static const struct cli_view consensus_view = { CLI_VIEW_COLUMNS(consensus_columns) };
static const struct cli_view mempool_view = { CLI_VIEW_COLUMNS(mempool_columns) };

const struct cli_command member_commands[] = {
    { .path = "member list",
      .summary = "List the organisations with a vote",
      .groups = READING,
      .method = "member_list",
      .data = &member_view,
      .examples = { "member list" },
      .run = cli_read },
    CLI_COMMANDS_END,
};

const struct cli_command peer_commands[] = {
    { .path = "peer list",
      .summary = "List the nodes that this one is connected to",
      .groups = READING,
      .method = "peer_list",
      .data = &peer_view,
      .examples = { "peer list" },
      .run = cli_read },
    CLI_COMMANDS_END,
};

const struct cli_command consensus_commands[] = {
    { .path = "consensus state",
      .summary = "Show what the engine is doing",
      .groups = READING,
      .method = "consensus_state",
      .data = &consensus_view,
      .examples = { "consensus state --json" },
      .run = cli_read },
    CLI_COMMANDS_END,
};

const struct cli_command mempool_commands[] = {
    { .path = "mempool status",
      .summary = "Show how full the node's mempool is",
      .groups = READING,
      .method = "mempool_status",
      .data = &mempool_view,
      .examples = { "mempool status" },
      .run = cli_read },
    CLI_COMMANDS_END,
};
