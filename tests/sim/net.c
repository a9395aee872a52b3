/* Links between replicas, and frames on their way.
 *
 * A connection comes up when both ends live and hear each other, and goes down when one of them
 * dies, closes it, or neither hears the other. What is said over a link that is cut in one
 * direction only is lost without a word.
 */
#include "sim_internal.h"

static bool has(uint64_t set, uint16_t n)
{
    return set >> n & 1;
}

static uint64_t bit(uint16_t n)
{
    return (uint64_t)1 << n;
}

/* Between these two nothing goes wrong any more. */
static bool link_healed(const struct sim *sim, uint16_t a, uint16_t b)
{
    if (sim->phase == PHASE_ALL) return true;
    return sim->phase == PHASE_CORE && has(sim->plan->core, a) && has(sim->plan->core, b);
}

/* ---- frames ---- */

static void deliver(struct sim *sim, uint16_t from, uint16_t to, uint8_t frame, struct blob *blob)
{
    const struct plan *plan = sim->plan;
    bool healed = link_healed(sim, from, to);
    bool tail = stream_chance(&sim->net, plan->tail_permille);
    uint64_t delay = stream_between(&sim->net, plan->delay_ms_min, plan->delay_ms_max);
    if (tail && !healed) delay *= 20;
    if (!healed) delay += sim->slow_ms[from][to];
    struct sim_event event = event_of(&sim->nodes[to], SIM_DELIVER);
    event.from = sim->nodes[from].member;
    event.kind = frame;
    event.blob = blob_ref(blob);
    queue_push(sim, sim->now_ms + delay, &event);
}

static void send_to_replica(struct sim *sim, uint16_t from, uint16_t to, uint8_t frame,
                            struct blob *blob)
{
    if (!has(sim->connected[from], to)) return;
    sim->result->messages++;
    bool healed = link_healed(sim, from, to);
    unsigned loss = healed ? 0 : sim->plan->loss_permille + sim->loss_permille;
    unsigned duplicate = healed ? 0 : sim->plan->duplicate_permille;
    bool lost = stream_chance(&sim->net, loss);
    bool twice = stream_chance(&sim->net, duplicate);
    if (lost || has(sim->cut[from], to)) {
        sim->result->lost++;
        return;
    }
    deliver(sim, from, to, frame, blob);
    if (!twice) return;
    sim->result->duplicated++;
    deliver(sim, from, to, frame, blob);
}

/* Puts a frame on the network; both twins of a member hear it. */
void net_send(void *user, uint16_t from_replica, uint16_t to_member, uint8_t frame,
              struct blob *blob)
{
    struct sim *sim = user;
    if (to_member >= sim->plan->nodes || to_member == sim->nodes[from_replica].member) return;
    for (uint16_t i = 0; i < sim->of_member_count[to_member]; i++)
        send_to_replica(sim, from_replica, sim->of_member[to_member][i], frame, blob);
}

/* What a replica wants to say; if it is inside a liar, that one decides. */
void net_say(struct sim *sim, struct sim_node *node, uint16_t to_member, uint8_t frame,
             struct blob *blob)
{
    if (node->liar)
        liar_says(node->liar, to_member, frame, blob);
    else
        net_send(sim, node->number, to_member, frame, blob);
}

void net_output(struct sim *sim, struct sim_node *node, const struct output *output)
{
    if (node->honest)
        checker_sent(sim->checker, node->number, output->type, blob_span(output->payload));
    for (uint16_t to = 0; to < sim->plan->nodes; to++)
        if (to != node->member && (output->peer == NODE_ALL || output->peer == to))
            net_say(sim, node, to, output->type, output->payload);
}

/* ---- connections ---- */

/* The sealed height that hellos and keep-alives name. */
static uint64_t height_said(const struct sim_node *node)
{
    return node->liar ? liar_claims(node->liar, node->sealed) : node->sealed;
}

static bool connected_to_member(const struct sim *sim, uint16_t n, uint16_t member)
{
    for (uint16_t i = 0; i < sim->of_member_count[member]; i++)
        if (has(sim->connected[n], sim->of_member[member][i])) return true;
    return false;
}

static void tell(struct sim *sim, uint16_t n, uint16_t other, enum sim_event_type type,
                 uint64_t height, uint64_t delay)
{
    if (!sim->nodes[n].alive) return;
    struct sim_event event = event_of(&sim->nodes[n], type);
    event.from = sim->nodes[other].member;
    event.number = height;
    queue_push(sim, sim->now_ms + delay, &event);
}

static void half_up(struct sim *sim, uint16_t n, uint16_t other)
{
    bool before = connected_to_member(sim, n, sim->nodes[other].member);
    sim->connected[n] |= bit(other);
    tell(sim, n, other, before ? SIM_PEER_HEIGHT : SIM_PEER_UP, height_said(&sim->nodes[other]), 0);
}

static void half_down(struct sim *sim, uint16_t n, uint16_t other)
{
    sim->connected[n] &= ~bit(other);
    if (!connected_to_member(sim, n, sim->nodes[other].member))
        tell(sim, n, other, SIM_PEER_DOWN, 0, 0);
}

static void pair(struct sim *sim, uint16_t a, uint16_t b)
{
    bool shunned =
        sim->now_ms < sim->shunned_until_ms[a][b] || sim->now_ms < sim->shunned_until_ms[b][a];
    bool possible = sim->nodes[a].alive && sim->nodes[b].alive && !shunned;
    bool there = has(sim->cut[a], b);
    bool back = has(sim->cut[b], a);
    if (has(sim->connected[a], b)) {
        if (possible && !(there && back)) return;
        half_down(sim, a, b);
        half_down(sim, b, a);
    } else if (possible && !there && !back) {
        half_up(sim, a, b);
        half_up(sim, b, a);
    }
}

/* After anything that connections depend on. */
void net_links(struct sim *sim)
{
    for (uint16_t a = 0; a < sim->replicas; a++)
        for (uint16_t b = (uint16_t)(a + 1); b < sim->replicas; b++)
            if (sim->nodes[a].member != sim->nodes[b].member) pair(sim, a, b);
}

/* Node n has been lied to: it closes the connections, and takes them up again a while later. */
void net_shun(struct sim *sim, uint16_t n, uint16_t member)
{
    if (member >= sim->plan->nodes) return;
    for (uint16_t i = 0; i < sim->of_member_count[member]; i++)
        sim->shunned_until_ms[n][sim->of_member[member][i]] = sim->now_ms + SHUN_MS;
    net_links(sim);
    struct sim_event event = { .type = SIM_LINKS };
    queue_push(sim, sim->now_ms + SHUN_MS, &event);
}

void net_pings(struct sim *sim)
{
    for (uint16_t from = 0; from < sim->replicas; from++)
        for (uint16_t to = 0; to < sim->replicas; to++)
            if (has(sim->connected[from], to) && !has(sim->cut[from], to))
                tell(sim, to, from, SIM_PEER_HEIGHT, height_said(&sim->nodes[from]),
                     sim->plan->delay_ms_min);
}
