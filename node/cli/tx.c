/* node/cli/tx.c -- transactions: make, sign, send, ask. */
#include "genesis/json.h"
#include "ledger/transaction_json.h"
#include "node/cli/init.h"
#include "node/cli/write.h"
#include <stdlib.h>
#include <time.h>

#define READING (CLI_GROUP_NODE | CLI_GROUP_OUTPUT)
#define WRITING (CLI_GROUP_NODE | CLI_GROUP_WRITE | CLI_GROUP_SECRET)

/* ---- transfer ---- */

static int transfer(struct cli_call *call)
{
    struct cli_writer writer;
    int exit_code = cli_writer_open(&writer, call);
    if (exit_code == CLI_EXIT_DONE) {
        struct operation *operation = cli_writer_add(&writer, OP_TRANSFER);
        bool read =
            cli_writer_account(&writer, cli_text(call, "to"), &operation->transfer.to,
                               &exit_code) &&
            cli_writer_amount(&writer, cli_text(call, "asset"), cli_text(call, "amount"),
                              &operation->transfer.asset, &operation->transfer.amount, &exit_code);
        if (read) exit_code = cli_writer_send(&writer);
    }
    cli_writer_close(&writer);
    return exit_code;
}

static const struct cli_flag transfer_flags[] = {
    { .name = "to",
      .type = CLI_TEXT,
      .value = "ACCOUNT",
      .required = true,
      .help = "who gets it: acc1..., or the name of a key file" },
    { .name = "asset",
      .type = CLI_TEXT,
      .value = "CODE|ID",
      .required = true,
      .help = "EUR, EUR:acc1... or ast1..." },
    { .name = "amount",
      .type = CLI_TEXT,
      .value = "AMOUNT",
      .required = true,
      .help = "in the asset's units, such as 250.00" },
    CLI_FLAGS_END,
};

/* ---- build ---- */

/* Fills in what the file leaves open: chain, source, reference, end of validity. */
static enum status complete(const struct cli_call *call, json_t *document,
                            const struct digest *chain_id, struct problem *problem)
{
    struct id id;
    struct timespec now;
    const char *source = cli_text(call, "source");
    if (source) {
        enum status status = cli_account(call, source, &id, problem);
        if (status != STATUS_OK) return status;
        json_object_set_new(document, "source", json_address_new(ADDRESS_ACCOUNT, &id));
    }
    if (!json_object_get(document, "chain_id"))
        json_object_set_new(document, "chain_id", json_hex_new(digest_span(chain_id)));
    if (!json_object_get(document, "client_ref")) {
        random_bytes(id.bytes, sizeof id.bytes);
        json_object_set_new(document, "client_ref", json_hex_new(span_of(id.bytes, 16)));
    }
    if (!json_object_get(document, "not_after")) {
        clock_gettime(CLOCK_REALTIME, &now);
        uint64_t at = (uint64_t)now.tv_sec * 1000 + cli_number(call, "expires");
        json_object_set_new(document, "not_after", json_time_new(at));
    }
    return STATUS_OK;
}

static int build_document(const struct cli_call *call, json_t *document,
                          const struct digest *chain_id)
{
    struct problem problem = { .status = STATUS_OK };
    struct writer body;
    struct tx_signature signatures[TX_SIGNATURES_MAX];
    uint8_t count = 0;
    struct transaction *tx = calloc(1, sizeof *tx);
    if (!tx) return cli_fail_memory();
    writer_init(&body, TX_BYTES_LIMIT);
    enum status status = complete(call, document, chain_id, &problem);
    if (status == STATUS_OK)
        status = transaction_json_read(document, &body, signatures, &count, &problem);
    if (status == STATUS_OK) status = transaction_decode_body(writer_span(&body), tx, NULL);
    json_t *built = status == STATUS_OK ? transaction_json(tx) : NULL;
    char *text = built ? json_dumps(built, JSON_INDENT(2)) : NULL;
    int exit_code = CLI_EXIT_DONE;
    if (status != STATUS_OK)
        exit_code = cli_fail(CLI_EXIT_USAGE, NULL, NULL, "tx build: %s", problem.text);
    else if (!text)
        exit_code = cli_fail_memory();
    else
        exit_code = cli_write_file(cli_text(call, "output"), text, strlen(text), 0644, false);
    free(text);
    json_decref(built);
    writer_free(&body);
    free(tx);
    return exit_code;
}

/* From --genesis without a node, else from the node. */
static int chain_for(const struct cli_call *call, struct digest *chain_id)
{
    const char *path = cli_text(call, "genesis");
    if (path) {
        struct genesis *genesis = NULL;
        struct problem problem;
        if (genesis_load(path, &genesis, &problem) != STATUS_OK)
            return cli_fail_document(&problem, path);
        *chain_id = genesis->chain_id;
        genesis_free(genesis);
        return CLI_EXIT_DONE;
    }
    int exit_code = CLI_EXIT_DONE;
    char network[33];
    struct rpc_client *client = cli_client(call, &exit_code);
    if (!client) return exit_code;
    exit_code = cli_chain_of(client, network, chain_id);
    rpc_client_close(client);
    return exit_code;
}

static int build(struct cli_call *call)
{
    struct problem problem = { .status = STATUS_OK };
    struct buffer text;
    struct digest chain_id;
    const char *path = cli_argument(call, 0);
    buffer_init(&text, OUTBOX_FILE_MAX);
    enum status status = strcmp(path, "-") == 0 ? cli_read_stream(stdin, &text, &problem)
                                                : file_read(path, &text, &problem);
    json_t *document = NULL;
    if (status == STATUS_OK) document = json_read(buffer_span(&text), OUTBOX_FILE_MAX, &problem);
    buffer_free(&text);
    if (!document) return cli_fail(CLI_EXIT_USAGE, NULL, NULL, "%s: %s", path, problem.text);
    int exit_code = chain_for(call, &chain_id);
    if (exit_code == CLI_EXIT_DONE) exit_code = build_document(call, document, &chain_id);
    json_decref(document);
    return exit_code;
}

static const struct cli_flag build_flags[] = {
    { .name = "source",
      .type = CLI_TEXT,
      .value = "ID|KEYNAME",
      .help = "the source, if the file does not name it" },
    { .name = "expires",
      .type = CLI_DURATION,
      .value = "TIME",
      .standard = "5m",
      .help = "how long from now it may be executed, if the file does not say" },
    { .name = "genesis", .type = CLI_FILE, .help = "take the chain's id from it and ask no node" },
    { .name = "output",
      .letter = 'o',
      .type = CLI_FILE,
      .value = "FILE",
      .help = "write it there instead of stdout" },
    CLI_FLAGS_END,
};

/* ---- sign ---- */

/* Adds the keys' signatures to those that are there already. */
static int add_signatures(const struct cli_call *call, struct transaction *tx)
{
    for (size_t i = 0; i < cli_count(call, "key"); i++) {
        char path[PATH_BYTES_MAX];
        struct cli_key key;
        struct problem problem;
        enum status status = cli_key_path(call, cli_item(call, "key", i), path, &problem);
        if (status == STATUS_OK) status = cli_key_open(call, path, &key, &problem);
        if (status != STATUS_OK) return cli_fail_document(&problem, "keys");
        bool known = tx->signature_count == TX_SIGNATURES_MAX;
        for (uint8_t j = 0; j < tx->signature_count; j++)
            known = known || key_equal(&tx->signatures[j].key, &key.public_key);
        if (!known)
            transaction_sign(&key.secret, &tx->chain_id, &tx->txid,
                             &tx->signatures[tx->signature_count++]);
        key_wipe(&key.secret);
    }
    return CLI_EXIT_DONE;
}

static int write_signed(const struct cli_call *call, const struct transaction *tx)
{
    struct writer out;
    writer_init(&out, TX_BYTES_LIMIT);
    transaction_write_signed(&out, tx->body, tx->signatures, tx->signature_count);
    struct span bytes = writer_span(&out);
    char *text = writer_status(&out) == STATUS_OK ? malloc(2 * bytes.size + 2) : NULL;
    int exit_code = CLI_EXIT_SYSTEM;
    if (text) {
        hex_encode(bytes, text);
        text[2 * bytes.size] = '\n';
        exit_code = cli_write_file(cli_text(call, "output"), text, 2 * bytes.size + 1, 0644, false);
    } else {
        cli_fail_memory();
    }
    free(text);
    writer_free(&out);
    return exit_code;
}

/* Decodes what cli_tx_read gave. An unsigned transaction is one without signatures. */
static int decode(struct span bytes, struct transaction *tx)
{
    struct refusal refusal = { .code = REFUSAL_none };
    if (transaction_decode(bytes, tx, &refusal) == STATUS_OK) return CLI_EXIT_DONE;
    return cli_fail(CLI_EXIT_REFUSED, "tx_malformed 1001", NULL,
                    "the transaction is malformed at byte %u: %s", refusal.offset, refusal.detail);
}

static int with_transaction(struct cli_call *call,
                            int (*use)(struct cli_call *call, struct transaction *tx))
{
    struct buffer bytes;
    buffer_init(&bytes, TX_BYTES_LIMIT);
    struct transaction *tx = calloc(1, sizeof *tx);
    int exit_code = tx ? cli_tx_read(cli_argument(call, 0), &bytes) : cli_fail_memory();
    if (exit_code == CLI_EXIT_DONE) exit_code = decode(buffer_span(&bytes), tx);
    if (exit_code == CLI_EXIT_DONE) exit_code = use(call, tx);
    free(tx);
    buffer_free(&bytes);
    return exit_code;
}

static int sign_transaction(struct cli_call *call, struct transaction *tx)
{
    int exit_code = add_signatures(call, tx);
    return exit_code == CLI_EXIT_DONE ? write_signed(call, tx) : exit_code;
}

static int sign(struct cli_call *call)
{
    return with_transaction(call, sign_transaction);
}

static const struct cli_flag sign_flags[] = {
    { .name = "key",
      .type = CLI_FILE,
      .value = "FILE",
      .repeat = true,
      .required = true,
      .help = "key file or name of one" },
    { .name = "output",
      .letter = 'o',
      .type = CLI_FILE,
      .value = "FILE",
      .help = "write it there instead of stdout" },
    CLI_FLAGS_END,
};

/* ---- decode ---- */

static int print_transaction(struct cli_call *call, struct transaction *tx)
{
    (void)call;
    json_t *document = transaction_json(tx);
    char *text =
        document ? json_dumps(document, cli_switch(call, "json") ? JSON_COMPACT : JSON_INDENT(2))
                 : NULL;
    if (text) puts(text);
    free(text);
    json_decref(document);
    return text ? CLI_EXIT_DONE : cli_fail_memory();
}

static int decode_command(struct cli_call *call)
{
    return with_transaction(call, print_transaction);
}

static const struct cli_flag decode_flags[] = {
    { .name = "json", .type = CLI_SWITCH, .help = "on one line, as tx_decode answers" },
    CLI_FLAGS_END,
};

/* ---- submit, resume ---- */

static int submit_to_nodes(struct cli_call *call, struct transaction *tx)
{
    struct rpc_client *nodes[CLI_NODES_MAX];
    size_t count = 0;
    char network[33] = "";
    struct digest chain_id;
    int exit_code = cli_nodes_open(call, nodes, &count);
    if (exit_code == CLI_EXIT_DONE) exit_code = cli_chain_of(nodes[0], network, &chain_id);
    if (exit_code == CLI_EXIT_DONE) exit_code = cli_submit(call, nodes, count, network, tx);
    for (size_t i = 0; i < count; i++)
        rpc_client_close(nodes[i]);
    return exit_code;
}

static int submit(struct cli_call *call)
{
    return with_transaction(call, submit_to_nodes);
}

static int resume_one(struct cli_call *call, const char *dir, const struct digest *txid)
{
    struct outbox_entry entry;
    struct problem problem = { .status = STATUS_OK };
    if (outbox_read(dir, txid, &entry, &problem) != STATUS_OK)
        return cli_fail_document(&problem, "outbox");
    struct transaction *tx = calloc(1, sizeof *tx);
    int exit_code = tx ? decode(span_of(entry.bytes, entry.size), tx) : cli_fail_memory();
    if (exit_code == CLI_EXIT_DONE) exit_code = submit_to_nodes(call, tx);
    free(tx);
    outbox_entry_free(&entry);
    return exit_code;
}

/* Is it one of those that were asked for? Beginnings of an id will do. */
static bool is_wanted(const struct cli_call *call, const struct digest *txid)
{
    char text[65];
    hex_encode(digest_span(txid), text);
    for (size_t i = 0; i < call->argument_count; i++)
        if (strncmp(text, call->arguments[i], strlen(call->arguments[i])) == 0) return true;
    return call->argument_count == 0;
}

static int resume(struct cli_call *call)
{
    char dir[PATH_BYTES_MAX];
    struct digest *txids = NULL;
    size_t count = 0;
    struct problem problem = { .status = STATUS_OK };
    enum status status = outbox_open(dir, &problem);
    if (status == STATUS_OK) status = outbox_list(dir, &txids, &count, &problem);
    if (status != STATUS_OK) return cli_fail_problem(&problem, "outbox");
    int exit_code = CLI_EXIT_DONE;
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_wanted(call, &txids[i])) continue;
        int one = resume_one(call, dir, &txids[i]);
        if (one != CLI_EXIT_DONE) exit_code = one;
        found++;
    }
    free(txids);
    if (found == 0 && call->argument_count > 0)
        return cli_fail(CLI_EXIT_NOT_FOUND, NULL, NULL, "no such transaction in %s", dir);
    if (found == 0) cli_note(call, "the outbox is empty");
    return exit_code;
}

static const struct cli_flag submit_flags[] = {
    { .name = "wait",
      .type = CLI_WORD,
      .words = "admitted|committed|sealed",
      .standard = "committed",
      .help = "what to wait for" },
    { .name = "json", .type = CLI_SWITCH, .help = "print only how it ended, as JSON" },
    CLI_FLAGS_END,
};

/* ---- status, wait, get, list ---- */

static const struct cli_column status_columns[] = {
    { "transaction", "tx_id", CELL_TEXT },
    { "status", "status", CELL_TEXT },
    { "final", "final", CELL_TEXT },
    { "sealed", "sealed", CELL_TEXT },
    { "position", "location.position", CELL_TEXT },
    { "block", "location.block_hash", CELL_TEXT },
    { "time", "location.time", CELL_TEXT },
    { "result", "result.code", CELL_TEXT },
    { "at", "result.at", CELL_TEXT },
    { "observed", "result.observed", CELL_TEXT },
    { "not after", "not_after", CELL_TEXT },
    { "node's height", "ledger_height", CELL_TEXT },
};

static const struct cli_column tx_columns[] = {
    { "transaction", "tx_id", CELL_TEXT },   { "status", "status", CELL_TEXT },
    { "sealed", "sealed", CELL_TEXT },       { "position", "location.position", CELL_TEXT },
    { "time", "location.time", CELL_TEXT },  { "result", "result.code", CELL_TEXT },
    { "source", "source", CELL_TEXT },       { "client_ref", "client_ref", CELL_TEXT },
    { "not after", "not_after", CELL_TEXT }, { "operations", "ops", CELL_TEXT },
    { "asserts", "asserts", CELL_TEXT },     { "effects", "effects", CELL_TEXT },
    { "order", "order", CELL_TEXT },         { "signatures", "signatures", CELL_COUNT },
    { "bytes", "size_bytes", CELL_TEXT },    { "raw", "raw", CELL_TEXT },
};

static const struct cli_column list_columns[] = {
    { "POSITION", "location.position", CELL_NUMBER }, { "TIME", "location.time", CELL_TEXT },
    { "RESULT", "result.code", CELL_TEXT },           { "SOURCE", "source", CELL_TEXT },
    { "OPERATIONS", "ops", CELL_OPERATIONS },         { "TRANSACTION", "tx_id", CELL_TEXT },
};

/* 0 committed with ok; 5 committed otherwise, or expired; 6 not final yet. */
static int judge_wait(const json_t *result)
{
    const char *status = json_string_value(json_object_get(result, "status"));
    const char *code = json_string_value(json_at(result, "result.code"));
    if (!status || !json_is_true(json_object_get(result, "final"))) return CLI_EXIT_OPEN;
    bool ok = strcmp(status, "committed") == 0 && code && strcmp(code, "ok") == 0;
    return ok ? CLI_EXIT_DONE : CLI_EXIT_REFUSED;
}

static const struct cli_view status_view = { .positional = { "tx_id" },
                                             CLI_VIEW_COLUMNS(status_columns) };
static const struct cli_view wait_view = { .positional = { "tx_id" },
                                           CLI_VIEW_COLUMNS(status_columns),
                                           .judge = judge_wait };
static const struct cli_view tx_view = { .positional = { "tx_id" }, CLI_VIEW_COLUMNS(tx_columns) };
static const struct cli_view list_view = { .items = "items", CLI_VIEW_COLUMNS(list_columns) };

/* ---- rows ---- */

const struct cli_command tx_commands[] = {
    { .path = "tx transfer",
      .summary = "Pay: move an amount from the source to another account",
      .groups = WRITING,
      .flags = transfer_flags,
      .examples = { "tx transfer --source treasury --to acc1... --asset EUR --amount 250.00" },
      .run = transfer },
    { .path = "tx build",
      .summary = "Make a transaction of any operations from JSON",
      .details = "The file has the form of docs/reference/transaction-json.md; source, chain_id, "
                 "client_ref and not_after may be left out. The result is unsigned: tx sign signs "
                 "it, tx submit sends it.",
      .arguments = "FILE|-",
      .arguments_min = 1,
      .arguments_max = 1,
      .groups = CLI_GROUP_NODE,
      .flags = build_flags,
      .examples = { "tx build payments.json --source treasury -o payments.tx.json" },
      .run = build },
    { .path = "tx sign",
      .summary = "Add signatures to a transaction, without a node",
      .arguments = "FILE|-",
      .arguments_min = 1,
      .arguments_max = 1,
      .groups = CLI_GROUP_HOME | CLI_GROUP_SECRET,
      .flags = sign_flags,
      .examples = { "tx sign payments.tx.json --key alice.json --key bob.json -o payments.tx" },
      .run = sign },
    { .path = "tx submit",
      .summary = "Send a signed transaction and wait",
      .arguments = "FILE|-",
      .arguments_min = 1,
      .arguments_max = 1,
      .groups = CLI_GROUP_NODE,
      .flags = submit_flags,
      .examples = { "tx submit payments.tx --wait sealed" },
      .run = submit },
    { .path = "tx resume",
      .summary = "Send again what interrupted commands left in the outbox",
      .arguments = "[TX_ID...]",
      .arguments_max = 1024,
      .groups = CLI_GROUP_NODE,
      .flags = submit_flags,
      .examples = { "tx resume" },
      .run = resume },
    { .path = "tx status",
      .summary = "Ask where a transaction stands",
      .arguments = "TX_ID",
      .arguments_min = 1,
      .arguments_max = 1,
      .groups = READING,
      .method = "tx_status",
      .data = &status_view,
      .examples = { "tx status 9f86d081..." },
      .run = cli_read },
    { .path = "tx wait",
      .summary = "Wait until a transaction is final or sealed",
      .details =
          "Exit code 0: committed and ok; 5: committed with another code, or expired; 6: not "
          "final yet.",
      .arguments = "TX_ID",
      .arguments_min = 1,
      .arguments_max = 1,
      .groups = READING,
      .method = "tx_wait",
      .data = &wait_view,
      .examples = { "tx wait 9f86d081... --until sealed" },
      .run = cli_read },
    { .path = "tx get",
      .summary = "Show a transaction with its place, result and effects",
      .arguments = "TX_ID",
      .arguments_min = 1,
      .arguments_max = 1,
      .groups = READING,
      .method = "tx_get",
      .data = &tx_view,
      .examples = { "tx get 9f86d081... --json" },
      .run = cli_read },
    { .path = "tx list",
      .summary = "List committed transactions, the latest first",
      .groups = READING,
      .method = "tx_list",
      .data = &list_view,
      .examples = { "tx list --account acc1... --result failed" },
      .run = cli_read },
    { .path = "tx decode",
      .summary = "Show what signed bytes say, without a node",
      .arguments = "FILE|HEX|-",
      .arguments_min = 1,
      .arguments_max = 1,
      .flags = decode_flags,
      .examples = { "tx decode payments.tx" },
      .run = decode_command },
    CLI_COMMANDS_END,
};
