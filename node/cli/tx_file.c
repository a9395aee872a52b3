/* node/cli/tx_file.c -- transactions in files: build, sign, decode, submit; and the outbox. */
#include "format/transaction_json.h"
#include "genesis/json.h"
#include "node/cli/init.h"
#include "node/cli/write.h"
#include <stdlib.h>
#include <time.h>

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
    char *text = cli_json_text(built);
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

static int with_transaction(struct cli_call *call,
                            int (*use)(struct cli_call *call, struct transaction *tx))
{
    struct transaction *tx = calloc(1, sizeof *tx);
    if (!tx) return cli_fail_memory();
    struct buffer bytes;
    buffer_init(&bytes, TX_BYTES_LIMIT);
    int exit_code = cli_tx_read(cli_argument(call, 0), &bytes, tx);
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
    if (tx->signature_count == 0)
        return cli_fail(CLI_EXIT_USAGE, NULL, "witan tx sign adds signatures",
                        "the transaction is not signed");
    int exit_code = cli_nodes_open(call, nodes, &count);
    if (exit_code == CLI_EXIT_DONE) exit_code = cli_chain_of_any(nodes, count, network, &chain_id);
    if (exit_code == CLI_EXIT_DONE) exit_code = cli_submit(call, nodes, count, network, tx, true);
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
    int exit_code = CLI_EXIT_SYSTEM;
    if (!tx)
        cli_fail_memory();
    else if (transaction_decode(span_of(entry.bytes, entry.size), tx, NULL) != STATUS_OK)
        exit_code = cli_fail(CLI_EXIT_FAILED, NULL, NULL, "the outbox holds malformed bytes");
    else
        exit_code = submit_to_nodes(call, tx);
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

/* ---- rows ---- */

const struct cli_command tx_file_commands[] = {
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
