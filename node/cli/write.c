#include "node/cli/write.h"

#include "format/transaction_json.h"
#include "genesis/json.h"
#include "node/cli/init.h"
#include "node/cli_amount.h"
#include "node/key_load.h"
#include <stdlib.h>
#include <time.h>

static uint64_t wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- keys ---- */

static enum status ask_passphrase(const void *context, const char *path, struct buffer *passphrase,
                                  struct problem *problem)
{
    const struct cli_call *call = context;
    if (cli_text(call, "passphrase-file")) return cli_passphrase(call, passphrase, problem);
    return problem_set(problem, STATUS_INVALID, "%s is sealed; --passphrase-file opens it", path);
}

enum status cli_key_open(const struct cli_call *call, const char *path, struct cli_key *key,
                         struct problem *problem)
{
    struct key_file file;
    enum status status = key_load(path, KEY_ACCOUNT, ask_passphrase, call, &file, problem);
    if (status != STATUS_OK) return status;
    *key = (struct cli_key){
        .secret = file.secret, .public_key = file.public_key, .has_id = file.has_id, .id = file.id
    };
    key_wipe(&file.secret);
    return STATUS_OK;
}

static enum status add_key(struct cli_writer *writer, const char *name, struct problem *problem)
{
    char path[PATH_BYTES_MAX];
    if (writer->key_count == CLI_KEYS_MAX)
        return problem_set(problem, STATUS_FULL, "at most %d keys sign a transaction",
                           CLI_KEYS_MAX);
    enum status status = cli_key_path(writer->call, name, path, problem);
    struct cli_key *key = &writer->keys[writer->key_count];
    if (status == STATUS_OK) status = cli_key_open(writer->call, path, key, problem);
    if (status != STATUS_OK) return status;
    for (size_t i = 0; i < writer->key_count; i++)
        if (key_equal(&writer->keys[i].public_key, &key->public_key)) return STATUS_OK;
    writer->key_count++;
    return STATUS_OK;
}

/* --source and --key: whose transaction it is, and who signs. */
static enum status read_keys(struct cli_writer *writer, struct problem *problem)
{
    const struct cli_call *call = writer->call;
    const char *source = cli_text(call, "source");
    enum status status = STATUS_OK;
    for (size_t i = 0; i < cli_count(call, "key") && status == STATUS_OK; i++)
        status = add_key(writer, cli_item(call, "key", i), problem);
    if (status != STATUS_OK) return status;
    if (source) {
        status = cli_account(call, source, &writer->tx->source, problem);
        bool is_name = strncmp(source, "acc1", 4) != 0;
        if (status == STATUS_OK && writer->key_count == 0 && is_name)
            status = add_key(writer, source, problem);
        return status;
    }
    if (writer->key_count == 0 || !writer->keys[0].has_id)
        return problem_set(problem, STATUS_INVALID,
                           "whose transaction is it? --source names an account or a key");
    writer->tx->source = writer->keys[0].id;
    return STATUS_OK;
}

/* ---- head ---- */

/* UUIDv7 (RFC 9562): time first, so that references sort as they were made. */
static void reference_new(struct id *reference)
{
    uint64_t now = wall_ms();
    random_bytes(reference->bytes, sizeof reference->bytes);
    for (unsigned i = 0; i < 6; i++)
        reference->bytes[i] = (uint8_t)(now >> (40 - 8 * i));
    reference->bytes[6] = (uint8_t)(0x70 | (reference->bytes[6] & 0x0f));
    reference->bytes[8] = (uint8_t)(0x80 | (reference->bytes[8] & 0x3f));
}

static enum status read_head(struct cli_writer *writer, struct problem *problem)
{
    const struct cli_call *call = writer->call;
    struct transaction *tx = writer->tx;
    const char *reference = cli_text(call, "client-ref");
    reference_new(&tx->client_ref);
    if (reference && !hex_decode(reference, strlen(reference), tx->client_ref.bytes, 16))
        return problem_set(problem, STATUS_INVALID, "--client-ref is not 32 lower-case hex digits");
    tx->not_after_ms = wall_ms() + cli_number(call, "expires");
    if (cli_given(call, "lane") != cli_given(call, "seq"))
        return problem_set(problem, STATUS_INVALID, "--lane and --seq belong together");
    if (cli_given(call, "lane")) {
        tx->order = ORDER_LANE;
        tx->lane = (uint32_t)cli_number(call, "lane");
        tx->seq = cli_number(call, "seq");
    }
    return STATUS_OK;
}

/* ---- nodes ---- */

int cli_nodes_open(const struct cli_call *call, struct rpc_client *nodes[CLI_NODES_MAX],
                   size_t *count)
{
    char *urls[CLI_NODES_MAX];
    size_t url_count = cli_urls(call, urls);
    int exit_code = CLI_EXIT_DONE;
    *count = 0;
    for (size_t i = 0; i < url_count && exit_code == CLI_EXIT_DONE; i++) {
        struct problem problem;
        if (rpc_client_open(&nodes[*count], urls[i], (uint32_t)cli_number(call, "timeout"),
                            &problem) == STATUS_OK)
            (*count)++;
        else
            exit_code = cli_fail(CLI_EXIT_USAGE, NULL, "write unix:PATH or http://HOST:PORT",
                                 "--node: %s", problem.text);
    }
    if (exit_code == CLI_EXIT_DONE && *count == 0)
        exit_code = cli_fail(CLI_EXIT_USAGE, NULL, NULL, "--node is empty");
    cli_urls_free(urls, url_count);
    return exit_code;
}

int cli_chain_of(struct rpc_client *node, char network[33], struct digest *chain_id)
{
    struct rpc_failure failure = { .what = FAILURE_NONE };
    json_t *info = rpc_client_call(node, "chain_info", NULL, &failure);
    if (!info) return cli_fail_rpc(&failure, "chain_info");
    const char *name = json_string_value(json_object_get(info, "network"));
    const char *id = json_string_value(json_object_get(info, "chain_id"));
    bool read = name && id && hex_decode(id, strlen(id), chain_id->bytes, 32);
    if (read) snprintf(network, 33, "%s", name);
    json_decref(info);
    if (read) return CLI_EXIT_DONE;
    return cli_fail(CLI_EXIT_UNREACHABLE, NULL, NULL, "%s does not answer as a node",
                    rpc_client_url(node));
}

int cli_chain_of_any(struct rpc_client **nodes, size_t count, char network[33],
                     struct digest *chain_id)
{
    for (size_t i = 0; i + 1 < count; i++) {
        struct rpc_failure failure = { .what = FAILURE_NONE };
        json_t *info = rpc_client_call(nodes[i], "chain_info", NULL, &failure);
        bool answers = info != NULL;
        json_decref(info);
        rpc_failure_clear(&failure);
        if (!answers) continue;
        struct rpc_client *first = nodes[0];
        nodes[0] = nodes[i];
        nodes[i] = first;
        return cli_chain_of(nodes[0], network, chain_id);
    }
    struct rpc_client *first = nodes[0];
    nodes[0] = nodes[count - 1];
    nodes[count - 1] = first;
    return cli_chain_of(nodes[0], network, chain_id);
}

/* ---- the writer ---- */

int cli_writer_open(struct cli_writer *writer, struct cli_call *call)
{
    memset(writer, 0, sizeof *writer);
    writer->call = call;
    writer->tx = calloc(1, sizeof *writer->tx);
    if (!writer->tx) return cli_fail_memory();
    struct problem problem = { .status = STATUS_OK };
    enum status status = read_head(writer, &problem);
    if (status != STATUS_OK) return cli_fail(CLI_EXIT_USAGE, NULL, NULL, "%s", problem.text);
    status = read_keys(writer, &problem);
    if (status != STATUS_OK) return cli_fail_document(&problem, "keys");
    int exit_code = cli_nodes_open(call, writer->nodes, &writer->node_count);
    if (exit_code == CLI_EXIT_DONE)
        exit_code =
            cli_chain_of_any(writer->nodes, writer->node_count, writer->network, &writer->chain_id);
    writer->tx->chain_id = writer->chain_id;
    return exit_code;
}

void cli_writer_close(struct cli_writer *writer)
{
    for (size_t i = 0; i < writer->node_count; i++)
        rpc_client_close(writer->nodes[i]);
    for (size_t i = 0; i < writer->kept_count; i++)
        free(writer->kept[i]);
    free(writer->tx);
    explicit_bzero(writer->keys, sizeof writer->keys);
    memset(writer, 0, sizeof *writer);
}

struct operation *cli_writer_add(struct cli_writer *writer, enum operation_code code)
{
    ASSERT(writer->tx->operation_count < TX_OPERATIONS_MAX);
    struct operation *operation = &writer->tx->operations[writer->tx->operation_count++];
    operation->code = code;
    operation->actor = writer->tx->source;
    return operation;
}

bool cli_writer_bytes(struct cli_writer *writer, const char *text, struct span *bytes)
{
    char *hex = record_hex(text);
    if (!hex) {
        cli_fail(CLI_EXIT_USAGE, NULL, "write text, or hex: and lower-case hex digits",
                 "not the bytes of a record");
        return false;
    }
    size_t size = strlen(hex) / 2;
    ASSERT(writer->kept_count < sizeof writer->kept / sizeof writer->kept[0]);
    (void)hex_decode(hex, 2 * size, (uint8_t *)hex, size); /* In place: the bytes stay behind. */
    writer->kept[writer->kept_count++] = hex;
    *bytes = span_of(hex, size);
    return true;
}

bool cli_writer_account(struct cli_writer *writer, const char *text, struct id *id, int *exit_code)
{
    struct problem problem;
    if (cli_account(writer->call, text, id, &problem) == STATUS_OK) return true;
    *exit_code = cli_fail(CLI_EXIT_USAGE, NULL, NULL, "%s", problem.text);
    return false;
}

bool cli_writer_amount(struct cli_writer *writer, const char *asset, const char *amount,
                       struct id *id, uint64_t *minor, int *exit_code)
{
    struct cli_asset found;
    struct problem problem;
    if (!cli_asset(writer->nodes[0], asset, &found, exit_code)) return false;
    *id = found.id;
    if (amount_parse(amount, found.scale, minor, &problem) == STATUS_OK && *minor > 0) return true;
    *exit_code = cli_fail(CLI_EXIT_USAGE, NULL, NULL, "%s",
                          problem.status == STATUS_INVALID ? problem.text : "the amount is zero");
    return false;
}

/* ---- signing ---- */

static enum status sign(struct cli_writer *writer, struct span body, struct writer *signed_bytes)
{
    struct tx_signature signatures[CLI_KEYS_MAX];
    struct digest txid = transaction_id(body);
    for (size_t i = 0; i < writer->key_count; i++)
        transaction_sign(&writer->keys[i].secret, &writer->chain_id, &txid, &signatures[i]);
    transaction_write_signed(signed_bytes, body, signatures, (uint8_t)writer->key_count);
    return writer_status(signed_bytes);
}

static int show_unsigned(struct cli_writer *writer, struct span body)
{
    struct refusal refusal;
    if (transaction_decode_body(body, writer->tx, &refusal) != STATUS_OK)
        return cli_fail(CLI_EXIT_FAILED, NULL, NULL, "the transaction is malformed: %s",
                        refusal.detail);
    json_t *document = transaction_json(writer->tx);
    char *text = cli_json_text(document);
    if (text) fputs(text, stdout);
    free(text);
    json_decref(document);
    return text ? CLI_EXIT_DONE : cli_fail_memory();
}

static int write_out(const char *path, struct span bytes)
{
    char *text = malloc(2 * bytes.size + 2);
    if (!text) return cli_fail_memory();
    hex_encode(bytes, text);
    text[2 * bytes.size] = '\n';
    int exit_code = cli_write_file(path, text, 2 * bytes.size + 1, 0600, false);
    free(text);
    return exit_code;
}

static int send_signed(struct cli_writer *writer, struct span body)
{
    struct writer out;
    struct refusal refusal;
    if (writer->key_count == 0)
        return cli_fail(CLI_EXIT_USAGE, NULL, "--key names the key file of the source",
                        "no key signs the transaction");
    writer_init(&out, TX_BYTES_LIMIT);
    enum status status = sign(writer, body, &out);
    if (status == STATUS_OK) status = transaction_decode(writer_span(&out), writer->tx, &refusal);
    const char *path = cli_text(writer->call, "out");
    int exit_code = CLI_EXIT_DONE;
    if (status != STATUS_OK)
        exit_code =
            cli_fail(CLI_EXIT_FAILED, NULL, NULL, "the transaction is %s", status_text(status));
    else if (path)
        exit_code = write_out(path, writer_span(&out));
    else
        exit_code = cli_submit(writer->call, writer->nodes, writer->node_count, writer->network,
                               writer->tx, false);
    writer_free(&out);
    return exit_code;
}

int cli_writer_send(struct cli_writer *writer)
{
    struct writer body;
    writer_init(&body, TX_BYTES_LIMIT);
    transaction_write_body(&body, writer->tx);
    int exit_code;
    if (writer_status(&body) != STATUS_OK)
        exit_code = cli_fail(CLI_EXIT_USAGE, NULL,
                             "amounts are above zero, both accounts differ, thresholds rise and "
                             "can be reached",
                             "these values break a rule of the operation");
    else if (cli_switch(writer->call, "dry-run"))
        exit_code = show_unsigned(writer, writer_span(&body));
    else
        exit_code = send_signed(writer, writer_span(&body));
    writer_free(&body);
    return exit_code;
}
