#include "consensus/hotstuff.h"
#include "tests/sim/keys.h"
#include "twins.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    POSTS_MAX = 1 << 14,
    QUEUE_MAX = 1 << 17,
    ARENA_BYTES = 64 << 20,
    PROPOSALS_MAX = 2048,
    RECORDS_MAX = 4096,
    SLOT_VIEWS = 256,
    INDEXES_MAX = 2048,
    VIEW_MS = 1000,
    HOP_MS = 5,
    LIVENESS_MS = 120 * 1000,
    ROUND_MS = 60 * 1000, /* no round may take longer, on average */
    FORCED_MAX = 100,     /* ends of rounds that the harness may help with */
    OFFERS_MAX = 8,       /* batches that an engine may ask for in a row */
};

/* A message on its way to some: check is asked once, for it is pure. */
struct post {
    struct message message;
    struct message_facts facts;
    uint8_t sender;
    bool checked;
    enum status status;
};

struct delivery {
    uint16_t post; /* or, if fetched, the proposal */
    uint8_t to;
    bool fetched;
};

struct queue {
    struct delivery list[QUEUE_MAX];
    uint32_t head, tail;
};

struct slot {
    uint32_t stamp;
    struct statement statement;
};

struct known {
    struct digest digest;
    struct proposal proposal;
    uint64_t number; /* its batch */
    uint32_t holders;
};

struct instance {
    bool up;
    struct engine_config config;
    void *engine;
    uint64_t view;
    bool gave_up; /* has timed out in this view */
    uint64_t wake_at_ms;
    uint64_t executed;
    struct certificate older, newest; /* for stale proposals */
    struct span records[RECORDS_MAX]; /* for amnesia */
    uint32_t records_count;
    uint32_t records_at[ROUNDS_MAX + 2]; /* when it entered that view */
    uint64_t forgot;                     /* last round in which it did */
    struct slot slots[HOTSTUFF_KINDS][SLOT_VIEWS];
};

static struct world {
    const struct scenario *s;
    struct outcome *outcome;
    bool trace;
    bool healed;
    uint64_t wanted; /* once healed: all honest members are to decide this index */
    uint32_t stamp;  /* what carries another one is of an earlier scenario */
    uint64_t now_ms;
    uint64_t order; /* state of the random order of messages; 0: in order of sending */
    uint64_t batches;
    struct committee committee;
    struct secret_key secrets[MEMBERS_MAX];
    struct engine_option options[2];
    struct domain domain;
    struct digest root;
    struct instance instances[INSTANCES_MAX];
    struct post posts[POSTS_MAX];
    uint32_t posts_count;
    struct queue own;     /* to the sender itself: first, and in order */
    struct queue network; /* to others */
    struct queue held;    /* kept back by a partition */
    struct known known[PROPOSALS_MAX];
    uint32_t known_count;
    struct {
        uint32_t stamp;
        struct digest digest;
    } decided[INDEXES_MAX];
    uint8_t *arena;
    size_t arena_used;
    size_t engine_size;
    struct effects *out;
    uint8_t acting; /* whose notes these are */
} world;

__attribute__((format(printf, 2, 3))) static void fail(const char *check, const char *format, ...)
{
    if (world.outcome->check) return;
    world.outcome->check = check;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(world.outcome->text, sizeof world.outcome->text, format, arguments);
    va_end(arguments);
}

static bool over(void)
{
    return world.outcome->check != NULL;
}

static const char *name(uint8_t instance)
{
    return instance_name(world.s, instance);
}

/* ---- What the linker hands to us ---- */

uint16_t __wrap_pacer_leader(const struct pacer *pacer, uint64_t view);
void __wrap_emit_note(struct effects *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Leaders of the rounds as the scenario says, then in turn. */
uint16_t __wrap_pacer_leader(const struct pacer *pacer, uint64_t view)
{
    if (view >= 1 && view <= world.s->rounds) return world.s->round[view - 1].leader;
    return (uint16_t)(view % pacer->count);
}

/* Sentences cost more than what they tell about, unless somebody reads them. */
void __wrap_emit_note(struct effects *out, const char *format, ...)
{
    (void)out;
    if (!world.trace) return;
    va_list arguments;
    va_start(arguments, format);
    printf("%7llu %-2s   ", (unsigned long long)world.now_ms, name(world.acting));
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
}

/* ---- Memory of one scenario ---- */

static uint8_t *take_bytes(size_t size)
{
    size_t aligned = (size + 15) & ~(size_t)15;
    ASSERT(aligned <= ARENA_BYTES - world.arena_used);
    uint8_t *bytes = world.arena + world.arena_used;
    world.arena_used += aligned;
    return bytes;
}

static struct span keep_bytes(struct span bytes)
{
    if (bytes.size == 0) return span_of(NULL, 0);
    uint8_t *copy = take_bytes(bytes.size);
    memcpy(copy, bytes.data, bytes.size);
    return span_of(copy, bytes.size);
}

static void queue_push(struct queue *queue, struct delivery delivery)
{
    if (queue->tail == QUEUE_MAX) {
        fail("bounds", "more than %u messages", QUEUE_MAX);
        return;
    }
    queue->list[queue->tail++] = delivery;
}

static struct known *find_proposal(const struct digest *digest)
{
    for (uint32_t i = world.known_count; i-- > 0;)
        if (digest_equal(&world.known[i].digest, digest)) return &world.known[i];
    return NULL;
}

static void hold(uint8_t instance, const struct proposal *proposal, const struct digest *digest)
{
    struct known *known = find_proposal(digest);
    if (!known) {
        ASSERT(world.known_count < PROPOSALS_MAX);
        known = &world.known[world.known_count++];
        *known = (struct known){ .digest = *digest, .proposal = *proposal };
    }
    known->holders |= UINT32_C(1) << instance;
}

/* ---- Who hears whom ---- */

static uint8_t phase_of(uint8_t kind)
{
    uint8_t last = (uint8_t)(world.s->phases - 1);
    if (kind == PROPOSAL) return 0;
    if (kind == VOTE) return last == 2 ? 1 : 0;
    return last;
}

static bool passes(uint64_t view, uint8_t kind, uint8_t from, uint8_t to)
{
    const struct scenario *s = world.s;
    if (world.healed || view == 0 || view > s->rounds) return true;
    if (s->eavesdrop && is_second(s, to)) return true;
    return same_set(s->round[view - 1].partition[phase_of(kind)], from, to);
}

static void trace_post(const struct post *post, uint32_t reached, uint32_t kept)
{
    const struct statement *statement = &post->message.statement;
    printf("%7llu %-2s > ", (unsigned long long)world.now_ms, name(post->sender));
    for (uint8_t i = 0; i < instances_of(world.s); i++)
        if (reached >> i & 1) printf("%s ", name(i));
    printf(": %s", hotstuff_ops.kinds[statement->kind]);
    if (statement->view > 0) printf(" of view %llu", (unsigned long long)statement->view);
    if (statement->index > 0)
        printf(" for %llu #%02x%02x", (unsigned long long)statement->index,
               statement->digest.bytes[0], statement->digest.bytes[1]);
    if (statement->kind == TIMEOUT) printf(" on %llu", (unsigned long long)statement->aux);
    if (kept) printf("; not to");
    for (uint8_t i = 0; i < instances_of(world.s); i++)
        if (kept >> i & 1) printf(" %s", name(i));
    printf("\n");
}

/* The two halves of a member do not talk to each other: each believes to be the only one. */
static void spread(uint16_t post, uint16_t to_member)
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
        } else if (member != own_member && passes(view, statement->kind, from, i)) {
            reached |= UINT32_C(1) << i;
            queue_push(&world.network, delivery);
        } else if (member != own_member) {
            kept |= UINT32_C(1) << i;
            if (statement->kind != SYNC_INFO) queue_push(&world.held, delivery);
        }
    }
    if (world.trace) trace_post(sent, reached, kept);
}

/* ---- What an engine wants ---- */

static void sign(uint8_t instance, const struct statement *statement, struct signature *signature)
{
    uint8_t bytes[STATEMENT_BYTES];
    statement_encode(&world.domain, statement, bytes);
    key_sign(&world.secrets[member_of(world.s, instance)], TAG_ENGINE, span_of(bytes, sizeof bytes),
             signature);
}

/* One statement for each kind and view, whatever happens in between. */
static void check_slot(uint8_t instance, const struct statement *statement)
{
    if (!is_honest(world.s, instance) || statement->kind == SYNC_INFO) return;
    struct slot *slot =
        &world.instances[instance].slots[statement->kind][statement->view % SLOT_VIEWS];
    bool same_view = slot->stamp == world.stamp && slot->statement.view == statement->view;
    if (same_view && !statement_equal(&slot->statement, statement))
        fail("one-vote", "%s says two things: %s of view %llu", name(instance),
             hotstuff_ops.kinds[statement->kind], (unsigned long long)statement->view);
    *slot = (struct slot){ .stamp = world.stamp, .statement = *statement };
}

/* A second half that leads proposes on what nobody should believe any more. */
static void make_stale(uint8_t instance, struct message *message)
{
    struct instance *own = &world.instances[instance];
    const struct hotstuff *h = own->engine;
    struct proposal proposal;
    static struct warrant warrant;
    if (proposal_attachment_read(message->attachment, &proposal, &warrant) != STATUS_OK) return;
    if (world.s->stale == STALE_ROOT)
        certificate_of_root(&own->config, &warrant.high);
    else
        warrant.high = own->older;
    proposal.index = warrant.high.statement.index + 1;
    proposal.parent_view = warrant.high.statement.view;
    proposal.parent = warrant.high.statement.digest;
    bool timed_out = h->timeouts.timeouts.certificate.statement.view + 1 == proposal.view;
    struct writer w;
    writer_init_fixed(&w, take_bytes(ATTACHMENT_BYTES_MAX), ATTACHMENT_BYTES_MAX);
    proposal_write(&w, &proposal);
    warrant_write(&w, &warrant.high, timed_out ? &h->timeouts : NULL);
    message->attachment = writer_span(&w);
    message->statement = proposal_statement(PROPOSAL, &proposal);
}

static void on_send(uint8_t instance, const struct effect *effect)
{
    if (world.posts_count == POSTS_MAX) {
        fail("bounds", "more than %u statements", POSTS_MAX);
        return;
    }
    uint16_t number = (uint16_t)world.posts_count++;
    struct post *post = &world.posts[number];
    *post = (struct post){ .sender = instance };
    post->message.statement = effect->send.statement;
    post->message.attachment = keep_bytes(effect->send.attachment);
    if (effect->send.batch) {
        uint8_t *batch = take_bytes(8);
        store_u64(batch, world.batches);
        post->message.batch = span_of(batch, 8);
        if (is_second(world.s, instance) && world.s->stale != STALE_NO)
            make_stale(instance, &post->message);
    }
    check_slot(instance, &post->message.statement);
    if (post->message.statement.kind != SYNC_INFO)
        sign(instance, &post->message.statement, &post->message.signature);
    spread(number, effect->to);
}

static void on_persist(uint8_t instance, const struct effect *effect)
{
    struct instance *own = &world.instances[instance];
    if (effect->persist.promises) check_slot(instance, &effect->persist.promise);
    if (effect->persist.stores) {
        struct digest digest = proposal_digest(&effect->persist.proposal);
        hold(instance, &effect->persist.proposal, &digest);
    }
    if (!world.s->amnesia || is_honest(world.s, instance)) return;
    ASSERT(own->records_count < RECORDS_MAX);
    own->records[own->records_count++] = keep_bytes(effect->persist.record);
}

/* Twins decide by the same certificates as everybody, and with their proofs they could convince a
 * client: they may not contradict anybody either. Their order is their own affair. */
static void check_agreement(uint8_t instance, uint64_t index, const struct digest *digest)
{
    bool known = world.decided[index].stamp == world.stamp;
    if (known && !digest_equal(&world.decided[index].digest, digest))
        fail("agreement", "%s decides another proposal at index %llu", name(instance),
             (unsigned long long)index);
    world.decided[index].stamp = world.stamp;
    world.decided[index].digest = *digest;
}

static void on_commit(uint8_t instance, const struct effect *effect)
{
    struct instance *own = &world.instances[instance];
    const struct proposal *proposal = &effect->commit.proposal;
    struct span proof = effect->commit.proof;
    uint64_t index = proposal->index;
    if (index >= INDEXES_MAX) {
        fail("bounds", "%s decides %llu", name(instance), (unsigned long long)index);
        return;
    }
    if (is_honest(world.s, instance) && index != own->executed + 1)
        fail("order", "%s decides %llu twice or too early", name(instance),
             (unsigned long long)index);
    if (proof.size > 0 && hotstuff_ops.check_decided(&own->config, proposal, proof) != STATUS_OK)
        fail("certificate", "%s: a proof of index %llu does not convince", name(instance),
             (unsigned long long)index);
    struct digest digest = proposal_digest(proposal);
    check_agreement(instance, index, &digest);
    own->executed = max_u64(own->executed, index);
    world.outcome->decided = max_u64(world.outcome->decided, index);
}

static void on_fetch(uint8_t instance, const struct effect *effect)
{
    const struct known *known = find_proposal(&effect->fetch.digest);
    uint64_t view = world.instances[instance].view;
    if (!known) return;
    for (uint8_t i = 0; i < instances_of(world.s); i++) {
        bool has = known->holders >> i & 1;
        if (member_of(world.s, i) != effect->to || !has || !world.instances[i].up) continue;
        if (!passes(view, PROPOSAL, i, instance)) continue;
        queue_push(&world.network,
                   (struct delivery){ (uint16_t)(known - world.known), instance, true });
        return;
    }
}

static void take(uint8_t instance)
{
    struct instance *own = &world.instances[instance];
    const struct hotstuff *h = own->engine;
    own->view = h->view;
    own->gave_up = h->last_timeout.view == h->view;
    own->wake_at_ms = world.out->wake_at_ms;
    if (h->halted) fail("agreement", "%s has seen two decisions at one index", name(instance));
    if (world.s->stale == STALE_OLDER && is_second(world.s, instance) &&
        h->high.statement.view > own->newest.statement.view) {
        own->older = own->newest;
        own->newest = h->high;
    }
    for (uint32_t i = 0; i < world.out->count && !over(); i++) {
        const struct effect *effect = &world.out->list[i];
        switch (effect->kind) {
        case EFFECT_SEND:
        case EFFECT_SEND_EARLY: on_send(instance, effect); break;
        case EFFECT_PERSIST: on_persist(instance, effect); break;
        case EFFECT_COMMIT: on_commit(instance, effect); break;
        case EFFECT_FETCH: on_fetch(instance, effect); break;
        case EFFECT_READ:
        case EFFECT_NOTE: break;
        }
    }
}

/* Clients always want something, but nothing is proposed between the last round and the healing:
 * a network without faults would decide for ever. */
static bool offers(const struct instance *own)
{
    return world.out->invite != INVITE_NONE && (world.healed || own->view <= world.s->rounds);
}

static void step(uint8_t instance, struct event *event)
{
    struct instance *own = &world.instances[instance];
    world.acting = instance;
    event->now_ms = world.now_ms;
    event->work = true;
    effects_reset(world.out);
    hotstuff_ops.step(own->engine, event, world.out);
    take(instance);
    for (int i = 0; i < OFFERS_MAX && offers(own) && !over(); i++) {
        uint8_t batch[8];
        store_u64(batch, ++world.batches);
        struct event offer = { .kind = EVENT_BATCH, .now_ms = world.now_ms, .work = true };
        offer.batch = digest_of(TAG_BATCH, span_of(batch, sizeof batch));
        effects_reset(world.out);
        hotstuff_ops.step(own->engine, &offer, world.out);
        take(instance);
    }
}

static void open_engine(uint8_t instance, uint32_t records)
{
    struct instance *own = &world.instances[instance];
    world.acting = instance;
    own->up = true;
    own->config.now_ms = world.now_ms;
    own->config.executed = own->executed;
    own->records_count = records;
    memset(own->engine, 0, world.engine_size);
    effects_reset(world.out);
    enum status status =
        hotstuff_ops.open(own->engine, &own->config, own->records, records, world.out);
    if (status != STATUS_OK)
        fail("open", "%s does not open: %s", name(instance), status_name(status));
    else
        take(instance);
}

/* ---- The network's turn ---- */

static void deliver(const struct delivery *delivery)
{
    struct instance *own = &world.instances[delivery->to];
    if (!own->up) return;
    world.outcome->messages++;
    if (delivery->fetched) {
        struct known *known = &world.known[delivery->post];
        known->holders |= UINT32_C(1) << delivery->to;
        step(delivery->to, &(struct event){ .kind = EVENT_FETCHED, .proposal = &known->proposal });
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
            fail("refused", "a %s of %s, who is honest: %s",
                 hotstuff_ops.kinds[post->message.statement.kind], name(post->sender),
                 status_name(post->status));
        return;
    }
    if (post->facts.has_proposal)
        hold(delivery->to, &post->facts.proposal, &post->message.statement.digest);
    step(delivery->to,
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
    while (!over() && world.own.head < world.own.tail)
        deliver(&world.own.list[world.own.head++]);
    world.own.head = world.own.tail = 0;
}

static uint64_t lowest_decided(void)
{
    uint64_t lowest = UINT64_MAX;
    for (uint8_t i = 0; i < instances_of(world.s); i++)
        if (is_honest(world.s, i)) lowest = min_u64(lowest, world.instances[i].executed);
    return lowest;
}

static bool has_recovered(void)
{
    return world.healed && lowest_decided() >= world.wanted;
}

static void fire_timers(void)
{
    for (uint8_t i = 0; i < instances_of(world.s) && !over(); i++)
        if (world.instances[i].up && world.instances[i].wake_at_ms <= world.now_ms)
            step(i, &(struct event){ .kind = EVENT_TIMER });
    deliver_own();
}

/* All that is on its way arrives together, a hop's time after it was sent; what that leads to, a
 * hop later; until all are silent. */
static void drain(void)
{
    struct queue *network = &world.network;
    deliver_own();
    while (!over() && !has_recovered() && network->tail > 0) {
        uint32_t end = network->tail;
        world.now_ms += HOP_MS;
        fire_timers();
        while (!over() && !has_recovered() && network->head < end) {
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

/* ---- Rounds ---- */

static uint64_t highest_view(void)
{
    uint64_t view = 0;
    for (uint8_t i = 0; i < instances_of(world.s); i++)
        if (world.instances[i].up) view = max_u64(view, world.instances[i].view);
    return view;
}

/* Lets through what was kept back of views up to this one; timeouts and commit votes stay lost. */
static bool release_held(uint64_t view)
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

static bool all_gave_up(void)
{
    for (uint8_t i = 0; i < instances_of(world.s); i++) {
        const struct instance *own = &world.instances[i];
        if (own->up && !own->gave_up) return false;
    }
    return true;
}

/* The timeout of this view that names the lowest certificate, of a member that is not in `used`;
 * POSTS_MAX if there is none. */
static uint32_t least_timeout(uint64_t view, uint32_t used)
{
    uint32_t least = POSTS_MAX;
    for (uint32_t i = 0; i < world.posts_count; i++) {
        const struct statement *statement = &world.posts[i].message.statement;
        if (statement->kind != TIMEOUT || statement->view != view) continue;
        if (used >> member_of(world.s, world.posts[i].sender) & 1) continue;
        if (least == POSTS_MAX || statement->aux < world.posts[least].message.statement.aux)
            least = i;
    }
    return least;
}

static void show_timeout(uint32_t number, uint8_t to)
{
    queue_push(&world.network, (struct delivery){ .post = (uint16_t)number, .to = to });
}

/* Whoever is behind needs one timeout of that view to get there. False if nobody is. */
static bool bring_along(uint64_t view)
{
    bool behind = false;
    for (uint8_t i = 0; i < instances_of(world.s); i++) {
        if (!world.instances[i].up || world.instances[i].view >= view) continue;
        uint32_t number = least_timeout(view, UINT32_C(1) << member_of(world.s, i));
        if (number < POSTS_MAX) show_timeout(number, i);
        behind = true;
    }
    return behind;
}

/* Everybody has given up, no set can go on, and more rounds are to come: the timeouts that say
 * least get through. Whoever is behind is brought into the view first. */
static void end_round(void)
{
    uint64_t view = highest_view();
    world.outcome->forced++;
    if (world.trace) printf("%7llu --   the round is ended\n", (unsigned long long)world.now_ms);
    if (bring_along(view)) return;
    uint32_t used = 0;
    for (uint16_t n = committee_quorum(&world.committee); n > 0; n--) {
        uint32_t number = least_timeout(view, used);
        if (number == POSTS_MAX) return;
        uint8_t member = member_of(world.s, world.posts[number].sender);
        used |= UINT32_C(1) << member;
        for (uint8_t i = 0; i < instances_of(world.s); i++)
            if (member_of(world.s, i) != member) show_timeout(number, i);
    }
}

/* The last member forgets what it has written since the round before the last one began. */
static void forget(void)
{
    uint8_t last = (uint8_t)(world.s->members - 1);
    struct instance *own = &world.instances[last];
    uint64_t view = own->view;
    if (view > world.s->rounds || own->forgot >= view) return;
    for (uint64_t v = own->forgot + 1; v <= view; v++)
        own->records_at[v] = own->records_count;
    own->forgot = view;
    if (!world.s->round[view - 1].forget) return;
    uint32_t kept = view >= 2 ? own->records_at[view - 2] : 0;
    if (world.trace)
        printf("%7llu %-2s   forgets %u of %u records\n", (unsigned long long)world.now_ms,
               name(last), own->records_count - kept, own->records_count);
    for (uint64_t v = 0; v <= view; v++)
        own->records_at[v] = kept < own->records_at[v] ? kept : own->records_at[v];
    open_engine(last, kept);
    if (!over()) step(last, &(struct event){ .kind = EVENT_TIMER });
    drain();
}

static void run_timers(void)
{
    uint64_t next = UINT64_MAX;
    for (uint8_t i = 0; i < instances_of(world.s); i++)
        if (world.instances[i].up && world.instances[i].wake_at_ms < next)
            next = world.instances[i].wake_at_ms;
    if (next == UINT64_MAX) {
        fail("liveness", "everybody is silent, and there is work");
        return;
    }
    world.now_ms = max_u64(world.now_ms, next);
    fire_timers();
}

static void play_rounds(void)
{
    const struct scenario *s = world.s;
    uint64_t until_ms = world.now_ms + (uint64_t)s->rounds * ROUND_MS;
    drain();
    while (!over() && highest_view() <= s->rounds) {
        if (world.now_ms > until_ms || world.outcome->forced > FORCED_MAX) {
            fail("liveness", "the rounds do not end: view %llu",
                 (unsigned long long)highest_view());
            return;
        }
        if (s->amnesia) forget();
        uint64_t view = highest_view();
        bool late = s->late == LATE_AFTER && view >= 2 && release_held(view - 2);
        if (!late && all_gave_up()) {
            late = s->late == LATE_IN_ROUND && release_held(view);
            if (!late) end_round();
        } else if (!late) {
            run_timers();
        }
        drain();
    }
}

/* ---- Afterwards ---- */

static void heal(void)
{
    const struct scenario *s = world.s;
    world.healed = true;
    world.wanted = world.outcome->decided + 1;
    if (world.trace) printf("%7llu --   the network heals\n", (unsigned long long)world.now_ms);
    for (uint8_t i = 0; i < instances_of(s); i++) {
        bool silent = s->ending == ENDING_SILENT ? !is_honest(s, i)
                                                 : s->ending == ENDING_FIRST && is_second(s, i);
        if (silent) world.instances[i].up = false;
    }
    if (s->late != LATE_LOST) release_held(UINT64_MAX);
    for (uint8_t i = 0; i < instances_of(s) && !over(); i++)
        if (world.instances[i].up) step(i, &(struct event){ .kind = EVENT_TIMER });
}

static void check_liveness(void)
{
    uint64_t until_ms = world.now_ms + LIVENESS_MS;
    drain();
    while (!over() && !has_recovered()) {
        if (world.now_ms > until_ms) {
            fail("liveness", "somebody has not decided %llu, %u s after the network healed",
                 (unsigned long long)world.wanted, LIVENESS_MS / 1000);
            return;
        }
        run_timers();
        drain();
    }
}

/* ---- One scenario ---- */

static void reset(const struct scenario *s, bool trace, struct outcome *outcome)
{
    static uint8_t members;
    *outcome = (struct outcome){ 0 };
    world.s = s;
    world.outcome = outcome;
    world.trace = trace;
    world.healed = false;
    world.stamp++;
    world.now_ms = 1;
    world.order = s->order;
    world.batches = 0;
    world.posts_count = 0;
    world.known_count = 0;
    world.arena_used = 0;
    world.own.head = world.own.tail = 0;
    world.network.head = world.network.tail = 0;
    world.held.head = world.held.tail = 0;
    world.options[0] = (struct engine_option){ "phases", s->three_chain ? 3 : 2 };
    world.options[1] = (struct engine_option){ "view_ms", VIEW_MS };
    if (members != s->members) {
        members = s->members;
        world.committee.count = members;
        world.domain.validators_hash = committee_hash(&world.committee);
    }
}

void world_run(const struct scenario *s, bool trace, struct outcome *outcome)
{
    reset(s, trace, outcome);
    for (uint8_t i = 0; i < instances_of(s); i++) {
        struct instance *own = &world.instances[i];
        own->config = (struct engine_config){ .self = member_of(s, i),
                                              .committee = &world.committee,
                                              .domain = world.domain,
                                              .options = world.options,
                                              .options_count = 2,
                                              .root = world.root };
        own->executed = 0;
        own->forgot = 0;
        memset(own->records_at, 0, sizeof own->records_at);
        certificate_of_root(&own->config, &own->older);
        own->newest.statement = own->older.statement;
    }
    for (uint8_t i = 0; i < instances_of(s) && !over(); i++)
        open_engine(i, 0);
    for (uint8_t i = 0; i < instances_of(s) && !over(); i++)
        step(i, &(struct event){ .kind = EVENT_TIMER });
    play_rounds();
    if (over()) return;
    heal();
    check_liveness();
}

void world_open(void)
{
    ASSERT(crypto_start(NULL) == STATUS_OK);
    keys_use_mac(true);
    world.committee.fault_model = FAULT_BYZANTINE;
    world.committee.engine = ENGINE_HOTSTUFF;
    world.committee.count = MEMBERS_MAX;
    for (uint16_t i = 0; i < MEMBERS_MAX; i++) {
        uint8_t seed[32] = { 0x22, (uint8_t)i };
        struct validator *validator = &world.committee.validators[i];
        validator->id.bytes[0] = (uint8_t)(i + 1);
        key_from_seed(seed, &world.secrets[i], &validator->seal_key);
    }
    world.domain.chain_id = digest_of(TAG_GENESIS, span_text("twins"));
    world.domain.engine = ENGINE_HOTSTUFF;
    world.root = root_digest(0, &world.domain.chain_id);
    world.arena = malloc(ARENA_BYTES);
    world.out = calloc(1, sizeof *world.out);
    ASSERT(world.arena != NULL);
    ASSERT(world.out != NULL);
    struct engine_config config = { .committee = &world.committee };
    world.engine_size = hotstuff_ops.size(&config);
    for (uint8_t i = 0; i < INSTANCES_MAX; i++) {
        world.instances[i].engine = malloc(world.engine_size);
        ASSERT(world.instances[i].engine != NULL);
    }
}

void world_close(void)
{
    for (uint8_t i = 0; i < INSTANCES_MAX; i++)
        free(world.instances[i].engine);
    free(world.arena);
    free(world.out);
}
