/* SIGHUP: the settings are read again, checked as a whole, and those that can change in a running
 * node take effect. If anything is wrong with them, nothing changes. */
#include "node/node_internal.h"

/* One line for each key that is not as it was. *peers, *log: some of them are for these. */
static void adopt(struct node *node, struct config *fresh, bool *peers, bool *log)
{
    for (enum config_key key = 0; key < CONFIG_COUNT; key++) {
        const struct config_info *info = config_info(key);
        if (!config_differs(node->config, fresh, key)) continue;
        if (!info->reload) {
            LOG(config_needs_restart, LOG_TEXT("key", info->full), LOG_END);
            continue;
        }
        *peers = *peers || strcmp(info->section, "peers") == 0;
        *log = *log || strcmp(info->section, "log") == 0;
        config_adopt(node->config, fresh, key);
        LOG(config_changed, LOG_TEXT("key", info->full), LOG_END);
    }
}

static void apply(struct node *node, struct config *fresh)
{
    bool peers = false;
    bool log = false;
    struct problem problem = { .status = STATUS_OK };
    node_enter(node);
    adopt(node, fresh, &peers, &log);
    if (log) node_log_configure(node);
    enum status status = peers ? node_peers_set(node, &problem) : STATUS_OK;
    if (status != STATUS_OK)
        node_fail(node, 1, "the peers of the new settings cannot be set: %s",
                  problem.text[0] ? problem.text : status_text(status));
    node_leave(node);
    if (status == STATUS_OK) LOG(config_reloaded, LOG_END);
}

void node_reload(struct node *node)
{
    struct config *fresh = NULL;
    struct problem problem = { .status = STATUS_OK };
    if (node->reload->load(node->reload->context, &fresh, &problem) != STATUS_OK) {
        LOG(config_refused, LOG_TEXT("problem", problem.text), LOG_END);
        return;
    }
    apply(node, fresh);
    config_free(fresh);
}
