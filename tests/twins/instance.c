#include "world_internal.h"

enum { OFFERS_MAX = 8 }; /* batches that an engine may ask for in a row */

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
        world_fail("one-vote", "%s says two things: %s of view %llu", name_of(instance),
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
    writer_init_fixed(&w, arena_take(ATTACHMENT_BYTES_MAX), ATTACHMENT_BYTES_MAX);
    proposal_write(&w, &proposal);
    warrant_write(&w, &warrant.high, timed_out ? &h->timeouts : NULL);
    message->attachment = writer_span(&w);
    message->statement = proposal_statement(PROPOSAL, &proposal);
}

static void on_send(uint8_t instance, const struct effect *effect)
{
    if (world.posts_count == POSTS_MAX) {
        world_fail("bounds", "more than %u statements", POSTS_MAX);
        return;
    }
    uint16_t number = (uint16_t)world.posts_count++;
    struct post *post = &world.posts[number];
    *post = (struct post){ .sender = instance };
    post->message.statement = effect->send.statement;
    post->message.attachment = arena_keep(effect->send.attachment);
    if (effect->send.batch) {
        uint8_t *batch = arena_take(8);
        store_u64(batch, world.batches);
        post->message.batch = span_of(batch, 8);
        if (is_second(world.s, instance) && world.s->stale != STALE_NO)
            make_stale(instance, &post->message);
    }
    check_slot(instance, &post->message.statement);
    if (post->message.statement.kind != SYNC_INFO)
        sign(instance, &post->message.statement, &post->message.signature);
    network_spread(number, effect->to);
}

static void on_persist(uint8_t instance, const struct effect *effect)
{
    struct instance *own = &world.instances[instance];
    if (effect->persist.promises) check_slot(instance, &effect->persist.promise);
    if (effect->persist.stores) {
        struct digest digest = proposal_digest(&effect->persist.proposal);
        proposal_hold(instance, &effect->persist.proposal, &digest);
    }
    if (!world.s->amnesia || is_honest(world.s, instance)) return;
    ASSERT(own->records_count < RECORDS_MAX);
    own->records[own->records_count++] = arena_keep(effect->persist.record);
}

/* Twins decide by the same certificates as everybody, and with their proofs they could convince a
 * client: they may not contradict anybody either. Their order is their own affair. */
static void check_agreement(uint8_t instance, uint64_t index, const struct digest *digest)
{
    bool known = world.decided[index].stamp == world.stamp;
    if (known && !digest_equal(&world.decided[index].digest, digest))
        world_fail("agreement", "%s decides another proposal at index %llu", name_of(instance),
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
        world_fail("bounds", "%s decides %llu", name_of(instance), (unsigned long long)index);
        return;
    }
    if (is_honest(world.s, instance) && index != own->executed + 1)
        world_fail("order", "%s decides %llu twice or too early", name_of(instance),
                   (unsigned long long)index);
    if (proof.size > 0 && hotstuff_ops.check_decided(&own->config, proposal, proof) != STATUS_OK)
        world_fail("certificate", "%s: a proof of index %llu does not convince", name_of(instance),
                   (unsigned long long)index);
    struct digest digest = proposal_digest(proposal);
    check_agreement(instance, index, &digest);
    own->executed = max_u64(own->executed, index);
    world.outcome->decided = max_u64(world.outcome->decided, index);
}

static void on_fetch(uint8_t instance, const struct effect *effect)
{
    const struct known *known = proposal_find(&effect->fetch.digest);
    uint64_t view = world.instances[instance].view;
    if (!known) return;
    for (uint8_t i = 0; i < instances_of(world.s); i++) {
        bool has = known->holders >> i & 1;
        if (member_of(world.s, i) != effect->to || !has || !world.instances[i].up) continue;
        if (!network_passes(view, PROPOSAL, i, instance)) continue;
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
    if (h->halted)
        world_fail("agreement", "%s has seen two decisions at one index", name_of(instance));
    if (world.s->stale == STALE_OLDER && is_second(world.s, instance) &&
        h->high.statement.view > own->newest.statement.view) {
        own->older = own->newest;
        own->newest = h->high;
    }
    for (uint32_t i = 0; i < world.out->count && !world_over(); i++) {
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

/* ---- What it is told ---- */

/* Clients always want something, but nothing is proposed between the last round and the healing:
 * a network without faults would decide for ever. */
static bool offers(const struct instance *own)
{
    return world.out->invite != INVITE_NONE && (world.healed || own->view <= world.s->rounds);
}

void instance_step(uint8_t instance, struct event *event)
{
    struct instance *own = &world.instances[instance];
    world.acting = instance;
    event->now_ms = world.now_ms;
    event->work = true;
    effects_reset(world.out);
    hotstuff_ops.step(own->engine, event, world.out);
    take(instance);
    for (int i = 0; i < OFFERS_MAX && offers(own) && !world_over(); i++) {
        uint8_t batch[8];
        store_u64(batch, ++world.batches);
        struct event offer = { .kind = EVENT_BATCH, .now_ms = world.now_ms, .work = true };
        offer.batch = digest_of(TAG_BATCH, span_of(batch, sizeof batch));
        effects_reset(world.out);
        hotstuff_ops.step(own->engine, &offer, world.out);
        take(instance);
    }
}

void instance_open(uint8_t instance, uint32_t records)
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
        world_fail("open", "%s does not open: %s", name_of(instance), status_name(status));
    else
        take(instance);
}
