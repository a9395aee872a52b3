/* Amounts reserved, paid, given back or left to end by themselves; and credit lines. */
#include "workload_internal.h"

enum {
    HELD_MAX = 200,
    SHORT_MS_MIN = 200,
    SHORT_MS_MAX = 8000,
    LONG_MS_MAX = 20000,
    GROUPS = 6,
    LATEST = 8, /* those that may still wait */
    LINE_MAX = 500,
};

static uint64_t draw(struct workload *w, uint64_t least, uint64_t most)
{
    return stream_between(&w->stream, least, most);
}

/* Most end before anybody has thought of posting them; some cannot even begin. */
static uint64_t draw_term(struct workload *w)
{
    uint64_t brief = draw(w, SHORT_MS_MIN, SHORT_MS_MAX);
    uint64_t patient = draw(w, SHORT_MS_MAX, LONG_MS_MAX);
    uint64_t kind = draw(w, 0, 99);
    if (kind < 3) return 0;
    return kind < 60 ? brief : patient;
}

void draw_hold(struct workload *w)
{
    uint64_t payer = draw_account(w);
    uint64_t payee = draw_other_account(w, payer);
    uint64_t arbiter = draw_account(w);
    uint64_t amount = draw(w, 1, HELD_MAX);
    uint64_t term = draw_term(w);
    uint64_t group = draw(w, 1, GROUPS);
    bool grouped = stream_chance(&w->stream, 400);
    struct id asset = draw_asset(w);
    struct operation *o = draw_add(w, OP_HOLD_CREATE, payer);
    o->hold_create.payee = workload_account(payee);
    o->hold_create.arbiter = workload_account(arbiter);
    o->hold_create.asset = asset;
    o->hold_create.amount = amount;
    o->hold_create.expires_ms = w->wall_ms + term;
    if (grouped) store_u64(o->hold_create.group.bytes, group);
    w->wished[w->tx.operation_count - 1] = (struct wished_hold){
        .group = o->hold_create.group, .payee = payee, .arbiter = arbiter, .amount = amount
    };
}

void draw_any_hold(struct workload *w)
{
    uint64_t kind = draw(w, 0, 99);
    if (kind < 45)
        draw_hold(w);
    else if (kind < 80)
        draw_hold_end(w);
    else if (kind < 93)
        draw_group_end(w);
    else
        draw_floor(w);
}

void holds_remember(struct workload *w, const struct digest *txid)
{
    for (uint8_t i = 0; i < w->tx.operation_count; i++) {
        if (w->tx.operations[i].code != OP_HOLD_CREATE) continue;
        w->wished[i].id = hold_id_of(txid, i);
        w->holds[w->holds_count++ % HOLDS] = w->wished[i];
    }
}

/* One that was wished for not long ago; it may never have been made, or have ended. Of a group: the
 * next one before it. NULL: there is none. */
static const struct wished_hold *draw_wished(struct workload *w, bool of_group)
{
    for (uint64_t back = draw(w, 1, LATEST); back <= HOLDS && back <= w->holds_count; back++) {
        const struct wished_hold *hold = &w->holds[(w->holds_count - back) % HOLDS];
        if (!of_group || !id_is_zero(&hold->group)) return hold;
    }
    return NULL;
}

void draw_hold_end(struct workload *w)
{
    const struct wished_hold *hold = draw_wished(w, false);
    uint64_t other = draw_account(w);
    uint64_t part = draw(w, 1, HELD_MAX);
    uint64_t kind = draw(w, 0, 99);
    bool whole = stream_chance(&w->stream, 600);
    bool by_other = stream_chance(&w->stream, 50);
    if (!hold) {
        draw_hold(w);
        return;
    }
    if (kind < 65) { /* a part can be more than the whole */
        struct operation *o = draw_add(w, OP_HOLD_POST, by_other ? other : hold->arbiter);
        o->hold_post.hold = hold->id;
        o->hold_post.amount = whole ? hold->amount : part;
    } else {
        uint64_t actor = kind < 80 ? hold->arbiter : hold->payee;
        draw_add(w, OP_HOLD_VOID, by_other ? other : actor)->hold_void.hold = hold->id;
    }
}

void draw_group_end(struct workload *w)
{
    const struct wished_hold *hold = draw_wished(w, true);
    bool posted = stream_chance(&w->stream, 600);
    if (!hold) {
        draw_hold(w);
        return;
    }
    enum operation_code code = posted ? OP_HOLD_POST_GROUP : OP_HOLD_VOID_GROUP;
    draw_add(w, code, hold->arbiter)->hold_group.group = hold->group;
}

void draw_floor(struct workload *w)
{
    uint64_t issuer = draw(w, ACCOUNT_BANK, ACCOUNT_ISSUER);
    uint64_t account = draw_account(w);
    uint64_t line = draw(w, 0, LINE_MAX);
    bool none = stream_chance(&w->stream, 300);
    struct id asset = draw_asset(w);
    struct operation *o = draw_add(w, OP_BALANCE_SET_FLOOR, issuer);
    o->balance_set_floor.asset = asset;
    o->balance_set_floor.account = workload_account(account);
    o->balance_set_floor.floor = none ? 0 : -(int64_t)line;
}
