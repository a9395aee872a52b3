/* A backup of this node, made on the RPC thread that was asked for it: it reads the ledger through
 * a connection of its own, as any reader does, and the node goes on. */
#include "node/node_internal.h"

#include "node/backup.h"

static bool goes_on(void *context, const struct audit_progress *progress)
{
    struct node *node = context;
    (void)progress;
    pthread_mutex_lock(&node->lock_replica);
    bool stopping = node->stopping;
    pthread_mutex_unlock(&node->lock_replica);
    return !stopping;
}

static json_t *make(struct node *node, const char *directory, struct problem *problem)
{
    struct backup_manifest manifest;
    struct backup_source source = {
        .genesis = node->genesis,
        .ledger_path = node->ledger_path,
        .genesis_path = config_text(node->config, CONFIG_node_genesis_file),
        .settings_path = config_file(node->config),
        .software = "witan " WITAN_VERSION,
        .progress = goes_on,
        .context = node,
    };
    enum status status = backup_create(&source, directory, &manifest, problem);
    if (status != STATUS_OK) {
        LOG(backup_failed, LOG_TEXT("directory", directory), LOG_TEXT("problem", problem->text),
            LOG_END);
        return NULL;
    }
    LOG(backup_made, LOG_TEXT("directory", directory), LOG_U64("height", manifest.height), LOG_END);
    json_t *result = json_pack("{s:s, s:o}", "directory", directory, "manifest",
                               backup_manifest_json(&manifest));
    if (!result) problem_set(problem, STATUS_NO_MEMORY, "out of memory");
    return result;
}

json_t *node_backup(void *context, const char *directory, struct problem *problem)
{
    struct node *node = context;
    if (pthread_mutex_trylock(&node->lock_backup) != 0) {
        problem_set(problem, STATUS_BUSY, "a backup is being made");
        return NULL;
    }
    json_t *result = make(node, directory, problem);
    pthread_mutex_unlock(&node->lock_backup);
    return result;
}
