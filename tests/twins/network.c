#include "world_internal.h"

#include <stdio.h>

enum { HOP_MS = 5 };

/* ---- Who hears whom ---- */

static uint8_t phase_of(uint8_t kind)
{
    uint8_t last = (uint8_t)(world.s->phases - 1);
    if (kind == PROPOSAL) return 0;
    if (kind == VOTE) return last == 2 ? 1 : 0;
    return last;
}

bool network_passes(uint64_t view, uint8_t kind, uint8_t from, uint8_t to)
{
    const struct scenario *s = world.s;
    if (world.healed || view == 0 || view > s->rounds) return true;
    if (s->eavesdrop && is_second(s, to)) return true;
    return same_set(s->round[view - 1].partition[phase_of(kind)], from, to);
}

static void trace_post(const struct post *post, uint32_t reached, uint32_t kept)
{
    const struct statement *statement = &post->message.statement;
    printf("%7llu %-2s > ", (unsigned long long)world.now_ms, name_of(post->sender));
    for (uint8_t i = 0; i < instances_of(world.s); i++)
        if (reached >> i & 1) printf("%s ", name_of(i));
    printf(": %s", hotstuff_ops.kinds[statement->kind]);
    if (statement->view > 0) printf(" of view %llu", (unsigned long long)statement->view);
    if (statement->index > 0)
        printf(" for %llu #%02x%02x", (unsigned long long)statement->index,
               statement->digest.bytes[0], statement->digest.bytes[1]);
    if (statement->kind == TIMEOUT) printf(" on %llu", (unsigned long long)statement->aux);
    if (kept) printf("; not to");
    for (uint8_t i = 0; i < instances_of(world.s); i++)
        if (kept >> i & 1) printf(" %s", name_of(i));
    printf("\n");
}

void queue_push(struct queue *queue, struct delivery delivery)
{
    if (queue->tail == QUEUE_MAX) {
        world_fail("bounds", "more than %u messages", QUEUE_MAX);
        return;
    }
    queue->list[queue->tail++] = delivery;
}

/* The two halves of a member do not talk to each other: each believes to be the only one. */
void network_spread(uint16_t post, uint16_t to_member)
{
    const struct post *sent = &world.posts[post];
    const struct statement *statement = &sent->message.statement;
    uint8_t from = sent->sender;
    uint8_t own_member = member_of(world.s, from);
    uint64_t view = statement->kind == SYNC_INFO ? world.instances[from].view : statement->view;
    uint32_t reached = 0;
    uint32_t kept = 0;
    for (uint8_t i = 0; i < instances_of(world.s); i++) {
        struct delivery delivery = { .post = post, .to = i };
        uint8_t member = member_of(world.s, i);
        if (to_member != NODE_ALL && to_member != member) continue;
        if (i == from) {
            queue_push(&world.own, delivery);
        } else if (member != own_member && network_passes(view, statement->kind, from, i)) {
            reached |= UINT32_C(1) << i;
            queue_push(&world.network, delivery);
        } else if (member != own_member) {
            kept |= UINT32_C(1) << i;
            if (statement->kind != SYNC_INFO) queue_push(&world.held, delivery);
        }
    }
    if (world.trace) trace_post(sent, reached, kept);
}

/* Lets through what was kept back of views up to this one; timeouts and commit votes stay lost. */
bool network_release(uint64_t view)
{
    uint32_t left = 0;
    bool any = false;
    for (uint32_t i = 0; i < world.held.tail; i++) {
        struct delivery delivery = world.held.list[i];
        const struct statement *statement = &world.posts[delivery.post].message.statement;
        bool of_interest = (statement->kind == PROPOSAL || statement->kind == VOTE) &&
                           world.s->late_to >> delivery.to & 1;
        if (of_interest && statement->view <= view) {
            queue_push(&world.network, delivery);
            any = true;
        } else {
            world.held.list[left++] = delivery;
        }
    }
    world.held.tail = left;
    return any;
}

/* ---- Its turn ---- */

static void deliver(const struct delivery *delivery)
{
    struct instance *own = &world.instances[delivery->to];
    if (!own->up) return;
    world.outcome->messages++;
    if (delivery->fetched) {
        struct known *known = &world.known[delivery->post];
        known->holders |= UINT32_C(1) << delivery->to;
        instance_step(delivery->to,
                      &(struct event){ .kind = EVENT_FETCHED, .proposal = &known->proposal });
        return;
    }
    struct post *post = &world.posts[delivery->post];
    uint16_t from = member_of(world.s, post->sender);
    if (!post->checked) {
        post->checked = true;
        post->status = hotstuff_ops.check(&own->config, from, &post->message, &post->facts);
    }
    if (post->status != STATUS_OK) {
        world.outcome->refused++;
        if (is_honest(world.s, post->sender))
            world_fail("refused", "a %s of %s, who is honest: %s",
                       hotstuff_ops.kinds[post->message.statement.kind], name_of(post->sender),
                       status_name(post->status));
        return;
    }
    if (post->facts.has_proposal)
        proposal_hold(delivery->to, &post->facts.proposal, &post->message.statement.digest);
    instance_step(
        delivery->to,
        &(struct event){ .kind = EVENT_MESSAGE, .from = from, .message = &post->message });
}

/* The next of those before `end`, in order of sending or by chance. */
static struct delivery queue_pop(struct queue *queue, uint32_t end)
{
    if (world.order != 0) {
        uint32_t pick = queue->head + (uint32_t)random_below(&world.order, end - queue->head);
        struct delivery first = queue->list[queue->head];
        queue->list[queue->head] = queue->list[pick];
        queue->list[pick] = first;
    }
    return queue->list[queue->head++];
}

/* What instances say to themselves comes first, and in order. */
static void deliver_own(void)
{
    while (!world_over() && world.own.head < world.own.tail)
        deliver(&world.own.list[world.own.head++]);
    world.own.head = world.own.tail = 0;
}

void timers_fire(void)
{
    for (uint8_t i = 0; i < instances_of(world.s) && !world_over(); i++)
        if (world.instances[i].up && world.instances[i].wake_at_ms <= world.now_ms)
            instance_step(i, &(struct event){ .kind = EVENT_TIMER });
    deliver_own();
}

/* All that is on its way arrives together, a hop's time after it was sent; what that leads to, a
 * hop later; until all are silent. */
void network_drain(void)
{
    struct queue *network = &world.network;
    deliver_own();
    while (!world_over() && !world_recovered() && network->tail > 0) {
        uint32_t end = network->tail;
        world.now_ms += HOP_MS;
        timers_fire();
        while (!world_over() && !world_recovered() && network->head < end) {
            struct delivery delivery = queue_pop(network, end);
            deliver(&delivery);
            deliver_own();
        }
        network->tail -= network->head;
        memmove(network->list, network->list + network->head,
                network->tail * sizeof *network->list);
        network->head = 0;
    }
}
