/* Connections between machines and frames on their way: in order, as TCP brings them, and gone with
 * the connection. Every frame says where its sender stood, as the pings in front of it would. */
#include "epochs.h"

#include <stdlib.h>

enum { OBSERVERS = 0x8000 };

/* Under which number m's replica knows this machine: its place in the set of m's epoch. */
uint16_t peer_number(const struct world *w, const struct machine *m, uint16_t place)
{
    const struct machine *other = &w->machines[place];
    uint16_t index = committee_find_id(&m->epochs.now->committee, &other->identity.id);
    return index != VALIDATOR_NONE ? index : (uint16_t)(OBSERVERS + other->number);
}

static bool connected(const struct world *w, uint16_t a, uint16_t b)
{
    return w->link[a][b] & 1;
}

/* A twin and its original share a number: everybody knows one of them. */
static bool may_connect(const struct world *w, uint16_t a, uint16_t b)
{
    const struct machine *x = &w->machines[a];
    const struct machine *y = &w->machines[b];
    if (!x->alive || !y->alive || x->number == y->number) return false;
    if ((w->cut >> a & 1) != (w->cut >> b & 1)) return false;
    if (!w->twin || w->healing) return true;
    if (x->number == w->liar && (w->twin_side >> b & 1) != (a == MACHINES_MAX)) return false;
    return y->number != w->liar || (w->twin_side >> a & 1) == (b == MACHINES_MAX);
}

static void told_epoch(struct world *w, struct machine *m, uint16_t from, uint64_t epoch)
{
    if (m->said_epoch[from] == epoch) return;
    m->said_epoch[from] = epoch;
    replica_peer_epoch(m->replica, moment_of(w), peer_number(w, m, from), epoch);
}

static void half_up(struct world *w, struct machine *m, uint16_t from)
{
    const struct machine *other = &w->machines[from];
    replica_peer_up(m->replica, moment_of(w), peer_number(w, m, from), other->epochs.sealed_height);
    m->said_epoch[from] = UINT64_MAX;
    told_epoch(w, m, from, other->epochs.now->number);
}

void network_links(struct world *w)
{
    for (uint16_t a = 0; a < PLACES_MAX; a++)
        for (uint16_t b = (uint16_t)(a + 1); b < PLACES_MAX; b++) {
            bool wanted = may_connect(w, a, b);
            if (wanted == connected(w, a, b)) continue;
            w->link[a][b]++;
            w->link[b][a] = w->link[a][b];
            w->last_at[a][b] = w->last_at[b][a] = 0;
            uint16_t ends[2][2] = { { a, b }, { b, a } };
            for (unsigned i = 0; i < 2; i++) {
                struct machine *m = &w->machines[ends[i][0]];
                if (!m->alive) continue;
                if (wanted)
                    half_up(w, m, ends[i][1]);
                else
                    replica_peer_down(m->replica, moment_of(w), peer_number(w, m, ends[i][1]));
                machine_drain(w, m);
            }
        }
}

/* To the replica of a new epoch, all that is known of the peers. */
void network_introduce(struct world *w, struct machine *m)
{
    for (uint16_t other = 0; other < PLACES_MAX; other++) {
        if (!connected(w, m->place, other)) continue;
        uint64_t epoch = m->said_epoch[other];
        replica_peer_up(m->replica, moment_of(w), peer_number(w, m, other),
                        w->machines[other].epochs.sealed_height);
        replica_peer_epoch(m->replica, moment_of(w), peer_number(w, m, other), epoch);
    }
}

static void post(struct world *w, struct machine *m, uint16_t to, uint8_t kind, struct blob *blob)
{
    uint64_t delay = stream_between(&w->net, 1, w->delay_ms);
    uint64_t at = w->now_ms + delay;
    if (at < w->last_at[m->place][to]) at = w->last_at[m->place][to];
    w->last_at[m->place][to] = at;
    struct occasion event = occasion_of(&w->machines[to], ON_FRAME);
    event.from = m->place;
    event.link = w->link[m->place][to];
    event.kind = kind;
    event.epoch = m->epochs.now->number;
    event.number = m->epochs.sealed_height;
    event.blob = blob ? blob_ref(blob) : NULL;
    push(w, at, event);
}

void network_send(struct world *w, struct machine *m, uint16_t peer, uint8_t kind,
                  struct blob *blob)
{
    for (uint16_t to = 0; to < PLACES_MAX; to++) {
        if (!connected(w, m->place, to)) continue;
        bool observer = peer_number(w, m, to) >= OBSERVERS;
        bool kept = observer && kind != FRAME_SEAL_VOTES && kind != FRAME_PING;
        if (peer == NODE_ALL ? kept : peer_number(w, m, to) != peer) continue;
        if (m->withholds && !w->healing && stream_chance(&w->net, 400)) {
            w->figures->withheld++;
            continue;
        }
        post(w, m, to, kind, blob);
    }
}

void network_frame(struct world *w, struct machine *m, const struct occasion *event)
{
    if (event->link != w->link[event->from][m->place] || !(event->link & 1)) return;
    told_epoch(w, m, event->from, event->epoch);
    uint16_t peer = peer_number(w, m, event->from);
    if (event->kind == FRAME_PING)
        replica_peer_height(m->replica, moment_of(w), peer, event->number);
    else
        replica_frame(m->replica, moment_of(w), peer, event->kind, event->blob);
}

void network_ping(struct world *w)
{
    for (uint16_t a = 0; a < PLACES_MAX; a++)
        if (w->machines[a].alive) network_send(w, &w->machines[a], NODE_ALL, FRAME_PING, NULL);
}
