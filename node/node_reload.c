/* SIGHUP: the settings are read again, checked as a whole, and those that can change in a running
 * node take effect. If anything is wrong with them nothing changes, the log says what, and the node
 * goes on as it was: a slip of the pen in a file stops no validator. */
#include "node/node_internal.h"

/* Which keys have changed, and which parts of the node they concern. */
struct change {
    bool key[CONFIG_COUNT];
    bool peers, rpc, mempool, log;
};

static void compare(const struct node *node, const struct config *fresh, struct change *change)
{
    for (enum config_key key = 0; key < CONFIG_COUNT; key++) {
        const char *section = config_info(key)->section;
        change->key[key] = config_differs(node->config, fresh, key);
        if (!change->key[key] || !config_info(key)->reload) continue;
        change->peers = change->peers || strcmp(section, "peers") == 0;
        change->rpc = change->rpc || strcmp(section, "rpc") == 0;
        change->mempool = change->mempool || strcmp(section, "mempool") == 0;
        change->log = change->log || strcmp(section, "log") == 0;
    }
}

/* What the one has becomes the other's; a second time takes it back. */
static void exchange(struct node *node, struct config *fresh, const struct change *change)
{
    for (enum config_key key = 0; key < CONFIG_COUNT; key++)
        if (change->key[key] && config_info(key)->reload) config_adopt(node->config, fresh, key);
}

struct pool_limits node_pool_limits(const struct node *node)
{
    const struct config *config = node->config;
    return (struct pool_limits){
        .txs_max = (uint32_t)config_number(config, CONFIG_mempool_txs_max),
        .bytes_max = config_number(config, CONFIG_mempool_bytes_max),
        .source_txs_max = (uint32_t)config_number(config, CONFIG_mempool_source_txs_max),
    };
}

/* What can fail comes first. The other settings are read whenever they are needed. */
static enum status apply(struct node *node, const struct change *change, struct problem *problem)
{
    if (change->rpc) {
        struct rpc_options options;
        node_rpc_options(node, &options);
        enum status status = rpc_reload(node->rpc, &options, problem);
        if (status != STATUS_OK) return status;
    }
    if (change->peers) {
        enum status status = node_peers_set(node, problem);
        if (status != STATUS_OK) return status;
        peers_set_retry(node->peers, config_number(node->config, CONFIG_peers_retry_min),
                        config_number(node->config, CONFIG_peers_retry_max));
    }
    if (change->mempool) {
        struct pool_limits limits = node_pool_limits(node);
        replica_limit_pool(node->replica, &limits);
        node_view_settings(node);
    }
    if (change->log) node_log_configure(node);
    return STATUS_OK;
}

static void refuse(const struct problem *problem, enum status status)
{
    LOG(config_refused, LOG_TEXT("problem", problem->text[0] ? problem->text : status_text(status)),
        LOG_END);
}

/* What was is set again, for some of it may have gone already. */
static void take_back(struct node *node, struct config *fresh, const struct change *change)
{
    struct problem unused = { .status = STATUS_OK };
    exchange(node, fresh, change);
    struct rpc_options options;
    node_rpc_options(node, &options);
    (void)rpc_reload(node->rpc, &options, &unused);
    (void)node_peers_set(node, &unused);
}

/* One line for each key that is not as it was. */
static void tell(const struct change *change)
{
    for (enum config_key key = 0; key < CONFIG_COUNT; key++) {
        const struct config_info *info = config_info(key);
        if (!change->key[key]) continue;
        if (info->reload)
            LOG(config_changed, LOG_TEXT("key", info->full), LOG_END);
        else
            LOG(config_needs_restart, LOG_TEXT("key", info->full), LOG_END);
    }
    LOG(config_reloaded, LOG_END);
}

static void reload(struct node *node, struct config *fresh)
{
    struct change change = { .peers = false };
    struct problem problem = { .status = STATUS_OK };
    node_enter(node);
    compare(node, fresh, &change);
    exchange(node, fresh, &change);
    enum status status = apply(node, &change, &problem);
    if (status != STATUS_OK) take_back(node, fresh, &change);
    node_leave(node);
    if (status == STATUS_OK)
        tell(&change);
    else
        refuse(&problem, status);
}

void node_reload(struct node *node)
{
    struct config *fresh = NULL;
    struct problem problem = { .status = STATUS_OK };
    enum status status = node->reload->load(node->reload->context, &fresh, &problem);
    if (status != STATUS_OK) {
        refuse(&problem, status);
        return;
    }
    reload(node, fresh);
    config_free(fresh);
}
