/* node/cli/prove.c -- proofs from a node: of entries, states, seals, histories. */
#include "node/cli/proof.h"
#include "node/cli/write.h"
#include <stdlib.h>

#define PROVING (CLI_GROUP_NODE | CLI_GROUP_OUTPUT)

#define DETAILS_FORM \
    "With -o the proof becomes a file that `witan verify` checks with the genesis alone: binary, " \
    "or the JSON twin if its name ends in .json, or base64 if it ends in .txt. Without -o it is " \
    "only shown."

/* ---- what a node answered ---- */

int cli_proof_take(const json_t *twin, struct writer *w)
{
    struct problem problem = { .status = STATUS_OK };
    enum status status = proof_from_json(twin, w, &problem);
    if (status == STATUS_OK) status = writer_status(w);
    if (status == STATUS_OK) return CLI_EXIT_DONE;
    if (status == STATUS_NO_MEMORY) return cli_fail_memory();
    return cli_fail(CLI_EXIT_FAILED, NULL, "ask another node",
                    "what the node answered is no proof: %s",
                    problem.text[0] ? problem.text : status_text(status));
}

int cli_proof_keep(const struct cli_call *call, struct span bytes, enum file_form form,
                   const char *path)
{
    struct problem problem = { .status = STATUS_OK };
    struct writer file;
    writer_init(&file, PROOF_TEXT_BYTES_MAX);
    enum status status = file_form_write(form, bytes, &file, &problem);
    struct span content = writer_span(&file);
    int exit_code = status == STATUS_OK
                        ? cli_write_file(path, (const char *)content.data, content.size, 0644, true)
                        : cli_fail(status == STATUS_NO_MEMORY ? CLI_EXIT_SYSTEM : CLI_EXIT_FAILED,
                                   NULL, NULL, "%s: %s", path, problem.text);
    writer_free(&file);
    if (exit_code == CLI_EXIT_DONE && strcmp(path, "-") != 0)
        cli_note(call, "proof      %s, %zu bytes; witan verify %s --genesis FILE checks it", path,
                 bytes.size, path);
    return exit_code;
}

static int keep_twin(const struct cli_call *call, const json_t *twin)
{
    const char *path = cli_text(call, "output");
    bool armor = cli_switch(call, "armor");
    struct writer bytes;
    writer_init(&bytes, PROOF_BYTES_MAX);
    int exit_code = cli_proof_take(twin, &bytes);
    if (exit_code == CLI_EXIT_DONE)
        exit_code =
            cli_proof_keep(call, writer_span(&bytes),
                           armor || !path ? FORM_ARMOR : file_form_of(path), path ? path : "-");
    writer_free(&bytes);
    return exit_code;
}

/* A file if one is named; as a table, csv, JSON, if that is asked for or nothing is. */
static int show_proof(const struct cli_call *call, const struct cli_view *view, const json_t *twin)
{
    bool table = !cli_switch(call, "json") && strcmp(cli_text(call, "format"), "table") == 0;
    bool file = cli_text(call, "output") && (table || cli_switch(call, "armor"));
    if (file || cli_switch(call, "armor")) return keep_twin(call, twin);
    if (cli_wants_json(call)) return cli_print_json(call, twin);
    return cli_print_record(call, twin, view->columns, view->column_count, NULL, NULL);
}

/* ---- by the method's parameters ---- */

static int prove_with(struct cli_call *call, json_t *params)
{
    const struct cli_view *view = call->command->data;
    int exit_code = CLI_EXIT_DONE;
    json_t *twin = cli_ask(call, call->command->method, params, &exit_code);
    if (twin) exit_code = show_proof(call, view, twin);
    json_decref(twin);
    return exit_code;
}

static int prove(struct cli_call *call)
{
    int exit_code = CLI_EXIT_DONE;
    json_t *params = cli_read_params(call, call->command->data, &exit_code);
    return params ? prove_with(call, params) : exit_code;
}

/* ---- tx prove-absent ---- */

/* The id of one that an interrupted command left in the outbox, or bytes as everywhere. */
static int read_transaction(const char *source, struct buffer *bytes, struct transaction *tx)
{
    char dir[PATH_BYTES_MAX];
    struct digest txid;
    struct outbox_entry entry = { .bytes = NULL };
    struct problem problem = { .status = STATUS_OK };
    if (strlen(source) != 64 || !hex_decode(source, 64, txid.bytes, sizeof txid.bytes))
        return cli_tx_read(source, bytes, tx);
    enum status status = outbox_open(dir, &problem);
    if (status == STATUS_OK) status = outbox_read(dir, &txid, &entry, &problem);
    if (status == STATUS_OK) status = buffer_append(bytes, span_of(entry.bytes, entry.size));
    if (status == STATUS_OK) status = transaction_decode(buffer_span(bytes), tx, NULL);
    outbox_entry_free(&entry);
    if (status == STATUS_OK) return CLI_EXIT_DONE;
    return cli_fail(cli_exit_of_status(status), NULL,
                    "an id alone does not say until when it could be executed: name the file with "
                    "the transaction",
                    "%s is not in the outbox", source);
}

/* The body is enough: who signed does not matter for what never was. */
static int prove_absent(struct cli_call *call)
{
    struct transaction *tx = calloc(1, sizeof *tx);
    if (!tx) return cli_fail_memory();
    struct buffer bytes;
    buffer_init(&bytes, TX_BYTES_LIMIT);
    int exit_code = read_transaction(cli_argument(call, 0), &bytes, tx);
    json_t *body = exit_code == CLI_EXIT_DONE ? json_hex_new(tx->body) : NULL;
    free(tx);
    buffer_free(&bytes);
    if (exit_code != CLI_EXIT_DONE) return exit_code;
    static const struct cli_view flags_only = { .positional = { NULL } };
    json_t *params = cli_read_params(call, &flags_only, &exit_code);
    if (!params || json_object_set_new(params, "tx", body) != 0) {
        if (!params) json_decref(body);
        json_decref(params);
        return exit_code == CLI_EXIT_DONE ? cli_fail_memory() : exit_code;
    }
    return prove_with(call, params);
}

/* ---- what is shown ---- */

#define SEALED_COLUMNS \
    { "height", "header.height", CELL_TEXT }, { "time", "header.time", CELL_TEXT }, \
        { "epoch", "header.epoch", CELL_TEXT }, \
    { \
        "signatures", "seal.signatures", CELL_COUNT \
    }

static const struct cli_column receipt_columns[] = {
    { "transaction", "entry.id", CELL_TEXT },
    { "result", "entry.code", CELL_TEXT },
    { "at", "entry.at", CELL_TEXT },
    { "entry", "index", CELL_TEXT },
    SEALED_COLUMNS,
    { "later seal", "later.header.height", CELL_TEXT },
    { "fault model", "header.fault_model", CELL_TEXT },
};

static const struct cli_column absence_columns[] = {
    { "up to height", "state.header.height", CELL_TEXT },
    { "time", "state.header.time", CELL_TEXT },
    { "window from", "state.header.window_horizon", CELL_TEXT },
    { "signatures", "state.seal.signatures", CELL_COUNT },
    { "in its place", "other.entry.id", CELL_TEXT },
};

static const struct cli_column state_columns[] = {
    { "object", "object", CELL_TEXT },
    { "key", "key", CELL_TEXT },
    { "absent", "absent", CELL_TEXT },
    { "value", "value", CELL_TEXT },
    SEALED_COLUMNS,
    { "state root", "header.state_root", CELL_TEXT },
    { "fault model", "header.fault_model", CELL_TEXT },
};

static const struct cli_column seal_columns[] = {
    { "height", "seal.height", CELL_TEXT },
    { "epoch", "seal.epoch", CELL_TEXT },
    { "hash", "seal.hash", CELL_TEXT },
    { "signatures", "seal.signatures", CELL_COUNT },
    { "time", "header.time", CELL_TEXT },
    { "state root", "header.state_root", CELL_TEXT },
    { "fault model", "header.fault_model", CELL_TEXT },
};

static const struct cli_column epochs_columns[] = {
    { "finished epochs", "epochs", CELL_COUNT },
};

static const struct cli_column history_columns[] = {
    { "from height", "first.header.height", CELL_TEXT },
    { "from block", "first.seal.hash", CELL_TEXT },
    { "to height", "second.header.height", CELL_TEXT },
    { "to block", "second.seal.hash", CELL_TEXT },
};

static const struct cli_view receipt_view = { .positional = { "tx_id" },
                                              CLI_VIEW_COLUMNS(receipt_columns) };
static const struct cli_view absence_view = { CLI_VIEW_COLUMNS(absence_columns) };
static const struct cli_view state_view = { .positional = { "object" },
                                            CLI_VIEW_COLUMNS(state_columns) };
static const struct cli_view seal_view = { .positional = { "height" },
                                           CLI_VIEW_COLUMNS(seal_columns) };
static const struct cli_view epochs_view = { .positional = { "epoch" },
                                             CLI_VIEW_COLUMNS(epochs_columns) };
static const struct cli_view history_view = { .positional = { "from_height", "to_height" },
                                              CLI_VIEW_COLUMNS(history_columns) };

/* ---- rows ---- */

static const struct cli_flag proof_flags[] = {
    { .name = "armor", .type = CLI_SWITCH, .help = "base64 between lines, for mail and chat" },
    CLI_FLAGS_END,
};

const struct cli_command tx_proof_commands[] = {
    { .path = "tx receipt",
      .summary = "Get the proof that a transaction was executed, with its result and place",
      .details =
          DETAILS_FORM " --withhold leaves transaction and effects out: the proof then shows "
                       "that something with this id was executed with this result, not what.",
      .arguments = "TX_ID",
      .arguments_min = 1,
      .arguments_max = 1,
      .groups = PROVING,
      .flags = proof_flags,
      .method = "tx_receipt",
      .data = &receipt_view,
      .examples = { "tx receipt 9f86d081... -o receipt.witan" },
      .run = prove },
    { .path = "tx prove-absent",
      .summary = "Get the proof that a transaction was not executed and never can be",
      .details =
          "Of the signed bytes, its JSON, or an id that is in the outbox. Exit code 5: it was "
          "executed; 6: its not_after has not passed yet, ask again. Asked before, the node "
          "remembers the wish; it can be had until window_grace_ms after. " DETAILS_FORM,
      .arguments = "FILE|HEX|TX_ID|-",
      .arguments_min = 1,
      .arguments_max = 1,
      .groups = PROVING,
      .flags = proof_flags,
      .method = "tx_prove_absent",
      .data = &absence_view,
      .examples = { "tx prove-absent payment.tx -o absent.witan" },
      .run = prove_absent },
    CLI_COMMANDS_END,
};

const struct cli_command state_commands[] = {
    { .path = "state prove",
      .summary = "Get the proof of one object of the state, or that there is none",
      .details = "OBJECT is account, asset, balance, hold, kv, lane, window, params, members, "
                 "validators, validator or proposal; the flags say which. The state is that after "
                 "the next sealed block: the node waits for the seal. " DETAILS_FORM,
      .arguments = "OBJECT",
      .arguments_min = 1,
      .arguments_max = 1,
      .groups = PROVING,
      .flags = proof_flags,
      .method = "state_prove",
      .data = &state_view,
      .examples = { "state prove balance --account acc1... --asset EUR -o balance.witan",
                    "state prove kv --account acc1... --key order/17" },
      .run = prove },
    CLI_COMMANDS_END,
};

const struct cli_command block_seal_commands[] = {
    { .path = "block seal",
      .summary = "Get the quorum's signatures on a block",
      .details = DETAILS_FORM,
      .arguments = "[HEIGHT]",
      .arguments_max = 1,
      .groups = PROVING,
      .flags = proof_flags,
      .method = "block_seal",
      .data = &seal_view,
      .examples = { "block seal 1042 --json", "block seal -o head.witan" },
      .run = prove },
    CLI_COMMANDS_END,
};

const struct cli_command epoch_prove_commands[] = {
    { .path = "epoch prove",
      .summary = "Get the chain of validator sets from the genesis",
      .details = DETAILS_FORM,
      .arguments = "[EPOCH]",
      .arguments_max = 1,
      .groups = PROVING,
      .flags = proof_flags,
      .method = "epoch_prove",
      .data = &epochs_view,
      .examples = { "epoch prove -o epochs.witan" },
      .run = prove },
    CLI_COMMANDS_END,
};

const struct cli_command history_commands[] = {
    { .path = "history prove",
      .summary = "Get the proof that one sealed history extends another",
      .details = DETAILS_FORM,
      .arguments = "FROM_HEIGHT TO_HEIGHT",
      .arguments_min = 2,
      .arguments_max = 2,
      .groups = PROVING,
      .flags = proof_flags,
      .method = "history_prove",
      .data = &history_view,
      .examples = { "history prove 1042 18204 -o history.witan" },
      .run = prove },
    CLI_COMMANDS_END,
};
