/* tests/unit/consensus/scenario_liar.h -- a lie on its way: signed with a liar's own key, checked
 * at each receiver, and given to those who believe it. */
#ifndef TESTS_SCENARIO_LIAR_H
#define TESTS_SCENARIO_LIAR_H

#include "tests/unit/consensus/scenario_mermaid.h"

static inline enum status forge_check(uint16_t from, uint16_t to, const struct message *message,
                                      struct message_facts *facts)
{
    struct cluster *c = &scenario.cluster;
    return c->ops->check(&c->nodes[to].config, from, message, facts);
}

static inline bool forge_arrives(const char *list, uint16_t to)
{
    return list_has(list, to) && scenario.cluster.nodes[to].up;
}

/* Before anybody reacts to it. */
static inline void forge_draw(uint16_t from, const char *list, const struct message *message)
{
    struct message_facts facts;
    diagram_message(from, message);
    for (uint16_t to = 0; to < scenario.cluster.count; to++)
        if (forge_arrives(list, to))
            diagram_reaches(to, forge_check(from, to, message, &facts) == STATUS_OK);
}

static inline void forge_deliver(uint16_t from, const char *list, const struct message *message)
{
    struct cluster *c = &scenario.cluster;
    forge_draw(from, list, message);
    for (uint16_t to = 0; to < c->count; to++) {
        if (!forge_arrives(list, to)) continue;
        struct message_facts facts;
        enum status status = forge_check(from, to, message, &facts);
        say("%u: %s\n", to, status_name(status));
        if (status != STATUS_OK) continue;
        if (facts.has_proposal) node_hold(&c->nodes[to], &facts.proposal);
        struct event event = { .kind = EVENT_MESSAGE, .from = from, .message = message };
        node_step(c, to, &event);
    }
}

static inline void forge_send(uint16_t from, struct statement *statement, struct span attachment,
                              struct span batch, const char *list)
{
    struct message message = { .statement = *statement, .attachment = attachment, .batch = batch };
    sign_as(from, statement, &message.signature);
    pool_add_signature(from, statement, &message.signature);
    forge_deliver(from, list, &message);
}

#endif
