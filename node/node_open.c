#include "node/node_internal.h"

#include "node/key_load.h"
#include "node/promises.h"
#include <stdio.h>
#include <stdlib.h>

enum {
    EXIT_CONFIG = 10,
    EXIT_DAMAGED = 65,
    EXIT_SYSTEM = 71,
    EXIT_IO = 74,
    EXIT_BUSY = 75,
    EXIT_NEWER = 76,
    ENGINE_CACHE_ENTRIES = 16384,
    ACCOUNT_CACHE_ENTRIES = 131072
};

/* ---- documents ---- */

static enum status open_genesis(struct node *node, struct problem *problem)
{
    const char *path = config_text(node->config, CONFIG_node_genesis_file);
    enum status status = genesis_load(path, &node->genesis, problem);
    if (status != STATUS_OK) return status;
    const char *pinned = config_text(node->config, CONFIG_node_chain_id);
    char id[65];
    hex_encode(digest_span(&node->genesis->chain_id), id);
    if (pinned[0] && strcmp(pinned, id) != 0)
        return problem_set(problem, STATUS_MISMATCH,
                           "%s has chain id %s, but node.chain_id pins %s", path, id, pinned);
    return STATUS_OK;
}

static enum status ask_passphrase(const void *context, const char *path, struct buffer *passphrase,
                                  struct problem *problem)
{
    (void)path;
    const struct node *node = context;
    const char *file = config_text(node->config, CONFIG_node_passphrase_file);
    if (!file[0])
        return problem_set(problem, STATUS_NOT_FOUND,
                           "the key file is encrypted and node.passphrase_file is not set");
    enum status status = file_read_secret(file, passphrase, problem);
    if (status == STATUS_OK) passphrase_trim(passphrase);
    return status;
}

static enum status open_key(const struct node *node, const char *path, enum key_kind kind,
                            struct secret_key *secret, struct problem *problem)
{
    struct key_file file;
    enum status status = key_load(path, kind, ask_passphrase, node, &file, problem);
    if (status != STATUS_OK) return status;
    if (file.plain) LOG(key_plain, LOG_TEXT("file", path), LOG_END);
    *secret = file.secret;
    key_wipe(&file.secret);
    return STATUS_OK;
}

/* The key with which we vote in the epochs of whose set it is. Without a safety file, or with one
 * that is damaged or of another key, nobody knows what this key has promised. */
static enum status open_seal_key(struct node *node, struct problem *problem)
{
    const char *path = config_text(node->config, CONFIG_node_seal_key_file);
    enum status status = node_rotate_resume(node, problem);
    if (status != STATUS_OK) return status;
    bool observer = strcmp(config_text(node->config, CONFIG_node_role), "observer") == 0;
    if (observer || !path[0] || !file_exists(path)) {
        epochs_silence(&node->epochs, observer ? "" : "key_missing");
        return STATUS_OK;
    }
    epochs_arm(&node->epochs);
    return node_open_seal_key(node, path, &node->epochs.signer, problem);
}

enum status node_open_seal_key(struct node *node, const char *path, struct signer **signer,
                               struct problem *problem)
{
    struct secret_key secret;
    enum status status = open_key(node, path, KEY_SEAL, &secret, problem);
    if (status != STATUS_OK) return status;
    *signer = signer_new(&secret);
    key_wipe(&secret);
    return *signer ? STATUS_OK : STATUS_NO_MEMORY;
}

enum status node_open_safety(struct node *node, struct problem *problem)
{
    if (!node->epochs.may_vote) return STATUS_OK;
    char path[PATH_BYTES_MAX];
    enum status status = path_join(path, node->data_dir, "safety");
    if (status != STATUS_OK) return status;
    struct safety_report report = { .slot_bad = { false } };
    struct problem why = { .status = STATUS_OK };
    status = safety_open(&node->safety, path, signer_public_key(node->epochs.signer),
                         &node->genesis->chain_id, &node->epochs.safety, &report, &why);
    if (status == STATUS_IO || status == STATUS_NO_MEMORY || status == STATUS_UNSUPPORTED) {
        *problem = why;
        return status;
    }
    if (status != STATUS_OK) {
        epochs_silence(&node->epochs, status == STATUS_NOT_FOUND  ? "safety_missing"
                                      : status == STATUS_MISMATCH ? "safety_mismatch"
                                                                  : "safety_damaged");
        LOG(not_voting, LOG_TEXT("why", node->epochs.why), LOG_TEXT("problem", why.text), LOG_END);
        return STATUS_OK;
    }
    for (unsigned i = 0; i < SAFETY_SLOTS; i++)
        if (report.slot_bad[i])
            LOG(safety_slot_bad, LOG_TEXT("file", path), LOG_U64("slot", i), LOG_END);
    promises_floor(node->epochs.signer, &node->epochs.safety);
    return STATUS_OK;
}

static enum status open_keys(struct node *node, struct problem *problem)
{
    enum status status = open_key(node, config_text(node->config, CONFIG_node_node_key_file),
                                  KEY_NODE, &node->node_key, problem);
    if (status != STATUS_OK) return status;
    key_public(&node->node_key, &node->node_public);
    return open_seal_key(node, problem);
}

/* Adds to the problem of a damaged file what helps. */
static enum status with_remedy(enum status status, const char *remedy, struct problem *problem)
{
    if (status != STATUS_DAMAGED && status != STATUS_MALFORMED) return status;
    size_t size = strlen(problem->text);
    snprintf(problem->text + size, sizeof problem->text - size, "; %s", remedy);
    return status;
}

/* ---- ledger ---- */

static enum status open_ledger(struct node *node, struct problem *problem)
{
    node->engine_cache = verify_cache_new(ENGINE_CACHE_ENTRIES);
    node->account_cache = verify_cache_new(ACCOUNT_CACHE_ENTRIES);
    if (!node->engine_cache || !node->account_cache) return STATUS_NO_MEMORY;
    struct ledger_options options = {
        .cache_bytes = config_number(node->config, CONFIG_ledger_cache),
        .cache = node->account_cache,
    };
    random_bytes(&options.hash_seed, sizeof options.hash_seed);
    enum status status = path_join(node->ledger_path, node->data_dir, "ledger.db");
    if (status != STATUS_OK) return status;
    status = ledger_open(&node->ledger, node->genesis, node->ledger_path, &options, problem);
    if (status != STATUS_OK)
        return with_remedy(status, "`witan ledger rebuild` executes its transactions again",
                           problem);
    const struct ledger_head *head = ledger_head(node->ledger);
    node->epochs.sealed_height = ledger_sealed_height(node->ledger);
    node->sealed_stored = node->epochs.sealed_height;
    LOG(ledger_opened, LOG_U64("height", head->header.height),
        LOG_U64("sealed", node->epochs.sealed_height), LOG_HEX("hash", head->hash.bytes, 32),
        LOG_HEX("state_root", head->header.state_root.bytes, 32), LOG_END);
    return ledger_reader_open(&node->block_reader, node->ledger_path, NULL, problem);
}

/* ---- replica and journal ---- */

static enum status open_epoch(struct node *node, struct problem *problem)
{
    return node_epoch_open(node, problem);
}

static enum status on_record(void *user, const struct journal_record *record)
{
    struct node *node = user;
    return replica_restore(node->replica, record->kind, record->payload);
}

enum status node_journal_options(const struct node *node, char dir[PATH_BYTES_MAX],
                                 struct journal_options *options)
{
    *options = (struct journal_options){
        .dir = dir,
        .chain_id = node->genesis->chain_id,
        .segment_size = config_number(node->config, CONFIG_journal_segment_size),
    };
    return path_join(dir, node->data_dir, "journal");
}

static enum status open_journal(struct node *node, struct problem *problem)
{
    char dir[PATH_BYTES_MAX];
    struct journal_options options;
    enum status status = node_journal_options(node, dir, &options);
    if (status != STATUS_OK) return status;
    status =
        journal_open(&node->journal, &options, on_record, node, &node->journal_report, problem);
    if (status == STATUS_OK && replica_restored(node->replica) != STATUS_OK)
        status = problem_set(problem, STATUS_DAMAGED,
                             "the journal in %s has lost records that were on the disk", dir);
    if (status == STATUS_CONFLICT)
        status = problem_set(problem, STATUS_DAMAGED, "the journal in %s contradicts itself", dir);
    if (status != STATUS_OK)
        return with_remedy(status,
                           "`witan ledger rebuild --set-journal-aside` lets the node follow "
                           "without a vote",
                           problem);
    const struct journal_report *report = &node->journal_report;
    if (report->torn_bytes > 0)
        LOG(journal_torn, LOG_TEXT("file", report->torn_file),
            LOG_U64("offset", report->torn_offset), LOG_U64("bytes", report->torn_bytes), LOG_END);
    LOG(journal_opened, LOG_U64("first", report->first_record),
        LOG_U64("last", report->last_record), LOG_U64("segments", report->segments), LOG_END);
    return node_epoch_restored(node, problem);
}

/* ---- all of it, in order ---- */

static int exit_code_of(enum status status, int standard)
{
    switch (status) {
    case STATUS_NO_MEMORY: return EXIT_SYSTEM;
    case STATUS_IO:
    case STATUS_FULL: return EXIT_IO;
    case STATUS_BUSY: return EXIT_BUSY;
    case STATUS_UNSUPPORTED: return standard == EXIT_CONFIG ? EXIT_CONFIG : EXIT_NEWER;
    case STATUS_DAMAGED:
    case STATUS_MALFORMED:
    case STATUS_CONFLICT: return standard;
    default: return EXIT_CONFIG;
    }
}

static enum status open_directory(struct node *node, struct problem *problem)
{
    snprintf(node->data_dir, sizeof node->data_dir, "%s",
             config_text(node->config, CONFIG_node_data_dir));
    if (!file_exists(node->data_dir)) {
        enum status status = directory_create(node->data_dir, 0750, problem);
        if (status != STATUS_OK) return status;
    }
    enum status status = data_lock(node->data_dir, &node->lock, NULL, problem);
    if (status != STATUS_OK) return status;
    status = data_format_check(node->data_dir, problem);
    if (status == STATUS_NOT_FOUND) status = data_format_create(node->data_dir, problem);
    if (status != STATUS_OK) return status;
    return disk_space(node->data_dir, &node->disk_free, NULL);
}

enum status node_open(struct node *node, struct problem *problem, int *exit_code)
{
    static const struct {
        enum status (*open)(struct node *node, struct problem *problem);
        int exit_code;
    } steps[] = {
        { open_genesis, EXIT_CONFIG },  { open_directory, EXIT_DAMAGED },
        { open_keys, EXIT_CONFIG },     { node_open_safety, EXIT_DAMAGED },
        { open_ledger, EXIT_DAMAGED },  { open_epoch, EXIT_DAMAGED },
        { open_journal, EXIT_DAMAGED },
    };
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        problem->text[0] = 0;
        enum status status = steps[i].open(node, problem);
        if (status == STATUS_OK) continue;
        if (!problem->text[0]) problem_set(problem, status, "%s", status_text(status));
        *exit_code = exit_code_of(status, steps[i].exit_code);
        return status;
    }
    return STATUS_OK;
}
