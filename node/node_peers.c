/* Who the peers of an epoch are: its validators, the observers of the settings, and the validators
 * of the epoch before that have left. */
#include "node/node_internal.h"

#include <stdio.h>
#include <stdlib.h>

struct peer_list {
    const struct committee *committee;
    struct epoch_peers *peers;
    struct peer_member observers[PEER_OBSERVERS_MAX];
    size_t observers_count;
};

static enum status observers_parse(const struct node *node, struct peer_list *list,
                                   struct problem *problem)
{
    size_t count = config_list_count(node->config, CONFIG_peers_observers);
    if (count > PEER_OBSERVERS_MAX)
        return problem_set(problem, STATUS_TOO_LARGE, "peers.observers names more than %d keys",
                           PEER_OBSERVERS_MAX);
    for (size_t i = 0; i < count; i++) {
        const char *text = config_list_item(node->config, CONFIG_peers_observers, i);
        struct peer_member *observer = &list->observers[list->observers_count++];
        const char *endpoint;
        if (!config_observer_read(text, &observer->node_key, &endpoint))
            return problem_set(problem, STATUS_INVALID, "peers.observers: %s is not a node key",
                               text);
        snprintf(observer->endpoint, sizeof observer->endpoint, "%s", endpoint);
    }
    return STATUS_OK;
}

/* The endpoint that this machine's settings give for a validator ("val1...=host:port"), or its own.
 */
static void endpoint_of(const struct node *node, uint16_t index, char endpoint[])
{
    const struct validator *validator = &node->epochs.now->committee.validators[index];
    char address[ADDRESS_TEXT];
    address_encode(ADDRESS_VALIDATOR, &validator->id, address);
    const char *chosen = node->epoch_peers->endpoints[index];
    for (size_t i = 0; i < config_list_count(node->config, CONFIG_peers_addresses); i++) {
        const char *item = config_list_item(node->config, CONFIG_peers_addresses, i);
        if (strncmp(item, address, ADDRESS_CHARS) == 0 && item[ADDRESS_CHARS] == '=')
            chosen = item + ADDRESS_CHARS + 1;
    }
    snprintf(endpoint, PEER_ENDPOINT_MAX + 1, "%s", chosen);
}

/* Who has left goes on as an observer, and whoever is behind may need what it has. */
static bool on_validator(void *context, const struct validator_row *row)
{
    struct peer_list *list = context;
    uint16_t index = committee_find_id(list->committee, &row->id);
    if (index != VALIDATOR_NONE) {
        list->peers->node_keys[index] = row->node_key;
        snprintf(list->peers->endpoints[index], ENDPOINT_MAX + 1, "%s", row->endpoint);
    } else if (committee_find_id(&list->peers->before, &row->id) != VALIDATOR_NONE &&
               list->observers_count < PEER_OBSERVERS_MAX) {
        list->observers[list->observers_count++].node_key = row->node_key;
    }
    return true;
}

/* From the validators' records, which outlive their removal. */
static enum status read_records(struct node *node, struct peer_list *list, struct problem *problem)
{
    struct ledger_reader *reader;
    enum status status = ledger_reader_open(&reader, node->ledger_path, NULL, problem);
    if (status != STATUS_OK) return status;
    status = ledger_read_validators(reader, on_validator, list);
    for (uint16_t i = 0; status == STATUS_OK && i < list->committee->count; i++) {
        struct member member;
        const struct id *account = &list->committee->validators[i].member;
        if (ledger_read_member(reader, account, &member) == STATUS_OK)
            snprintf(list->peers->members[i], MEMBER_NAME_MAX + 1, "%s", member.name);
    }
    if (status != STATUS_OK)
        problem_set(problem, status, "the validators cannot be read: %s",
                    ledger_reader_error(reader));
    ledger_reader_close(reader);
    return status;
}

/* Every epoch up to this one: the set of the last but one, and the largest batch of any. Only
 * when an epoch opens: nothing else uses the ledger then. */
static enum status read_epochs(struct node *node, struct epoch_peers *peers,
                               struct problem *problem)
{
    peers->epoch = node->epochs.now->number;
    if (node->epoch_peers && node->epoch_peers->epoch == peers->epoch) {
        peers->before = node->epoch_peers->before;
        return STATUS_OK;
    }
    struct epoch_record *epoch = malloc(sizeof *epoch);
    if (!epoch) return STATUS_NO_MEMORY;
    enum status status = STATUS_OK;
    for (uint64_t i = 0; i <= node->epochs.now->number && status == STATUS_OK; i++) {
        status = ledger_read_epoch(node->ledger, i, epoch);
        if (status != STATUS_OK) break;
        size_t largest = (size_t)epoch->params.values[PARAM_batch_bytes_max];
        if (largest > node->batch_bytes_max) node->batch_bytes_max = largest;
        if (i + 1 == node->epochs.now->number) peers->before = epoch->committee;
    }
    if (status != STATUS_OK) problem_set(problem, status, "the epochs cannot be read");
    free(epoch);
    return status;
}

static enum status connect_to(struct node *node, const struct peer_list *list)
{
    uint16_t count = list->committee->count;
    struct peer_member *members = calloc(count, sizeof *members);
    if (!members) return STATUS_NO_MEMORY;
    for (uint16_t i = 0; i < count; i++) {
        members[i].index = i;
        members[i].node_key = list->peers->node_keys[i];
        endpoint_of(node, i, members[i].endpoint);
    }
    peers_set_batch_max(node->peers, node->batch_bytes_max);
    enum status status =
        peers_set_members(node->peers, members, count, list->observers, list->observers_count);
    free(members);
    return status;
}

size_t node_peer_slot(uint16_t peer)
{
    _Static_assert(COMMITTEE_MAX + PEER_OBSERVERS_MAX == NODE_PEERS_MAX, "a slot for each peer");
    if (peer < COMMITTEE_MAX) return peer;
    if (peer < PEER_OBSERVER_FIRST || peer - PEER_OBSERVER_FIRST >= PEER_OBSERVERS_MAX)
        return NODE_PEERS_MAX;
    return (size_t)COMMITTEE_MAX + peer - PEER_OBSERVER_FIRST;
}

enum status node_peers_set(struct node *node, struct problem *problem)
{
    struct peer_list *list = calloc(1, sizeof *list);
    struct epoch_peers *peers = calloc(1, sizeof *peers);
    enum status status = list && peers ? STATUS_OK : STATUS_NO_MEMORY;
    if (status == STATUS_OK) {
        *list = (struct peer_list){ .committee = &node->epochs.now->committee, .peers = peers };
        status = observers_parse(node, list, problem);
    }
    if (status == STATUS_OK) status = read_epochs(node, peers, problem);
    if (status == STATUS_OK) status = read_records(node, list, problem);
    if (status == STATUS_OK) {
        free(node->epoch_peers);
        node->epoch_peers = peers;
        peers = NULL;
        status = connect_to(node, list);
    }
    free(peers);
    free(list);
    return status;
}
