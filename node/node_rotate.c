/* The next seal key of this validator (node/rotate.h) in a running node. */
#include "node/node_internal.h"

#include "node/key_load.h"
#include "node/rotate.h"

static enum status paths_of(const struct node *node, struct rotation *rotation,
                            struct problem *problem)
{
    const char *key = config_text(node->config, CONFIG_node_seal_key_file);
    enum status status = rotation_paths(rotation, key, node->data_dir);
    if (status == STATUS_OK) return status;
    return problem_set(problem, status, "the path of the seal key is too long");
}

/* An observer by its settings has no seal key at all. */
static bool observes(const struct node *node)
{
    return strcmp(config_text(node->config, CONFIG_node_role), "observer") == 0 ||
           !config_text(node->config, CONFIG_node_seal_key_file)[0];
}

enum status node_rotate_resume(struct node *node, struct problem *problem)
{
    struct rotation rotation;
    if (observes(node)) return STATUS_OK;
    enum status status = paths_of(node, &rotation, problem);
    return status == STATUS_OK ? rotation_resume(&rotation, problem) : status;
}

/* Is there a next key, and is it in the set of this epoch? Else it stays aside. */
static bool set_has_next(const struct committee *set, const struct rotation *rotation)
{
    struct key_file next;
    struct problem unused;
    return rotation_under_way(rotation) &&
           key_load_public(rotation->key_next, &next, &unused) == STATUS_OK &&
           committee_find_key(set, &next.public_key) != VALIDATOR_NONE;
}

/* The key and its safety file, which says that it has promised nothing yet. From the old ones
 * nothing is taken over: another key, other promises. */
static enum status take_key(struct node *node, const struct rotation *rotation,
                            struct problem *problem)
{
    struct signer *signer = NULL;
    enum status status = node_open_seal_key(node, rotation->key, &signer, problem);
    if (status != STATUS_OK) return status;
    if (node->replica) { /* It still knows the old one. */
        ASSERT(!node->signer_before);
        node->signer_before = node->epochs.signer;
    } else {
        signer_free(node->epochs.signer);
    }
    node->epochs.signer = signer;
    epochs_arm(&node->epochs);
    safety_close(node->safety);
    node->safety = NULL;
    status = node_open_safety(node, problem);
    if (status != STATUS_OK || !node->safety || !node->journal_thread) return status;
    journal_thread_replace_safety(node->journal_thread, node->safety);
    node->safety = NULL;
    return STATUS_OK;
}

enum status node_rotate(struct node *node, const struct committee *set, struct problem *problem)
{
    struct rotation rotation;
    if (observes(node)) return STATUS_OK;
    enum status status = paths_of(node, &rotation, problem);
    if (status != STATUS_OK || !set_has_next(set, &rotation)) return status;
    status = rotation_finish(&rotation, problem);
    if (status == STATUS_NOT_FOUND) {
        LOG(key_rotation_incomplete, LOG_TEXT("problem", problem->text), LOG_END);
        return STATUS_OK;
    }
    if (status == STATUS_OK) status = take_key(node, &rotation, problem);
    if (status != STATUS_OK) return status;
    LOG(key_rotated, LOG_HEX("key", signer_public_key(node->epochs.signer)->bytes, 32),
        LOG_U64("epoch", node->epochs.now->number), LOG_END);
    return STATUS_OK;
}
