#include "liar_internal.h"

#include <stdlib.h>

/* On which occasions a lie is told; NULL: never on that one. */
struct lie {
    bool (*says)(struct liar *liar, uint16_t to, uint8_t frame, struct blob *blob);
    bool (*hears)(struct liar *liar, uint16_t from, uint8_t frame, struct span payload);
    bool (*tick)(struct liar *liar);
};

static const struct lie lie_table[LIE_KINDS] = {
    [LIE_EQUIVOCATE] = { lie_equivocate_says, lie_equivocate_hears, NULL },
    [LIE_STALE_PROPOSAL] = { lie_equivocate_says, lie_equivocate_hears, lie_stale_tick },
    [LIE_WITHHOLD] = { lie_withhold_says, NULL, lie_withhold_tick },
    [LIE_VOTE_TWICE] = { lie_twice_says, lie_twice_hears, lie_twice_tick },
    [LIE_MUTATE] = { lie_mutate_says, NULL, NULL },
    [LIE_GARBAGE] = { lie_garbage_says, NULL, lie_garbage_tick },
    [LIE_REPLAY] = { lie_replay_says, NULL, lie_replay_tick },
    [LIE_FUTURE] = { NULL, NULL, lie_future_tick },
    [LIE_SYNC] = { lie_sync_says, NULL, lie_sync_tick },
    [LIE_SEAL] = { lie_seal_says, NULL, lie_seal_tick },
    [LIE_TIMEOUTS] = { lie_timeouts_says, NULL, lie_timeouts_tick },
};

struct liar *liar_new(const struct liar_config *config)
{
    struct liar *liar = calloc(1, sizeof *liar);
    ASSERT(liar != NULL);
    const struct committee *committee = &config->genesis->committee;
    ASSERT(committee->count <= MEMBERS_MAX);
    ASSERT(config->member < committee->count);
    liar->config = *config;
    liar->config.seed +=
        config->replica * UINT64_C(0xd1342543de82ef95); /* Each lies its own way. */
    liar->members = committee->count;
    liar->quorum = committee_quorum(committee);
    liar->domain = (struct domain){ .chain_id = config->genesis->chain_id,
                                    .validators_hash = committee_hash(committee),
                                    .engine = (uint8_t)committee->engine };
    struct engine_config engine = { .committee = committee, .domain = liar->domain };
    pacer_init(&liar->pacer, &engine);
    liar->choice = stream_of(config->seed, LIE_KINDS);
    for (unsigned lie = 0; lie < LIE_KINDS; lie++)
        liar->streams[lie] = stream_of(config->seed, lie);
    liar->forging = stream_of(liar->config.seed, STREAM_FORGING);
    return liar;
}

void liar_free(struct liar *liar)
{
    if (!liar) return;
    memory_free(liar);
    free(liar);
}

/* ---- what the lies use ---- */

bool lie_chance(struct liar *liar, enum lie_kind lie)
{
    return stream_chance(&liar->streams[lie], liar->config.plan->lie_permille);
}

struct stream scene_of(const struct liar *liar, enum lie_kind lie, uint64_t number)
{
    struct stream s = stream_of(liar->config.seed, LIE_KINDS + 1 + lie);
    s.state ^= number * UINT64_C(0xd6e8feb86659fd93);
    stream_next(&s);
    return s;
}

enum { SCENE_TIMES = 5 };

bool scene_chance(const struct liar *liar, struct stream *scene)
{
    return stream_chance(scene, SCENE_TIMES * liar->config.plan->lie_permille);
}

uint16_t liar_target(struct liar *liar, enum lie_kind lie)
{
    if (liar->members < 2) return NODE_ALL;
    uint64_t step = stream_between(&liar->streams[lie], 1, liar->members - 1u);
    return (uint16_t)((liar->config.member + step) % liar->members);
}

static bool carried(const struct liar *liar, uint8_t frame, size_t size)
{
    size_t limit;
    uint64_t batch_bytes_max = liar->config.genesis->params.values[PARAM_batch_bytes_max];
    if (frame < FRAME_ENGINE || frame > FRAME_TICK_WISH) return false;
    return frame_limit(frame, (size_t)batch_bytes_max, &limit) && size <= limit;
}

void liar_send(struct liar *liar, uint16_t to, uint8_t frame, struct blob *blob)
{
    if (!carried(liar, frame, blob->size)) return;
    for (uint16_t member = 0; member < liar->members; member++)
        if (member != liar->config.member && (to == NODE_ALL || to == member))
            liar->config.send(liar->config.user, liar->config.replica, member, frame, blob);
}

void liar_send_made(struct liar *liar, uint16_t to, uint8_t frame, struct blob *blob)
{
    if (!blob) return;
    liar_send(liar, to, frame, blob);
    blob_unref(blob);
}

void liar_send_written(struct liar *liar, uint16_t to, uint8_t frame, struct writer *w)
{
    if (writer_status(w) == STATUS_OK) liar_send_made(liar, to, frame, blob_copy(writer_span(w)));
    writer_free(w);
}

void liar_send_votes(struct liar *liar, uint16_t to, const struct proposal *proposal)
{
    liar_send_made(liar, to, FRAME_ENGINE, make_vote(liar, VOTE, proposal));
    if (liar->config.plan->phases == THREE_CHAIN) return;
    liar_send_made(liar, to, FRAME_ENGINE, make_vote(liar, COMMIT_VOTE, proposal));
}

/* ---- occasions ---- */

void liar_hears(struct liar *liar, uint16_t from_member, uint8_t frame, struct blob *blob)
{
    memory_add(liar, from_member, frame, blob);
    for (unsigned lie = 0; lie < LIE_KINDS; lie++)
        if (lies_by(liar, lie) && lie_table[lie].hears)
            liar->counts[lie] += lie_table[lie].hears(liar, from_member, frame, blob_span(blob));
}

/* Two proposals in a view, and whom it does not speak to at all, are matters of a whole scene: they
 * have been settled before. All other lies are told now and then. */
static bool is_scene(unsigned lie)
{
    return lie == LIE_EQUIVOCATE || lie == LIE_STALE_PROPOSAL || lie == LIE_WITHHOLD;
}

static bool tells(struct liar *liar, unsigned lie, uint16_t to, uint8_t frame, struct blob *blob)
{
    bool told =
        lies_by(liar, lie) && lie_table[lie].says && lie_table[lie].says(liar, to, frame, blob);
    if (told && !is_scene(lie)) liar->counts[lie]++;
    return told;
}

void liar_says(struct liar *liar, uint16_t to_member, uint8_t frame, struct blob *blob)
{
    memory_add(liar, liar->config.member, frame, blob);
    if (tells(liar, LIE_WITHHOLD, to_member, frame, blob)) return;
    bool two = lies_by(liar, LIE_EQUIVOCATE) || lies_by(liar, LIE_STALE_PROPOSAL);
    if (two && lie_equivocate_says(liar, to_member, frame, blob)) return;

    bool takes_it = stream_chance(&liar->choice, liar->config.plan->lie_permille);
    uint64_t first = stream_between(&liar->choice, 0, LIE_KINDS - 1);
    for (unsigned i = 0; i < LIE_KINDS && takes_it; i++) {
        unsigned lie = (unsigned)((first + i) % LIE_KINDS);
        if (!is_scene(lie) && tells(liar, lie, to_member, frame, blob)) return;
    }
    liar_send(liar, to_member, frame, blob);
}

void liar_tick(struct liar *liar, uint64_t view, uint64_t index, uint64_t sealed_height)
{
    liar->ticks++;
    liar->view = view;
    liar->index = index;
    liar->sealed_height = sealed_height;
    for (unsigned lie = 0; lie < LIE_KINDS; lie++)
        if (lies_by(liar, lie) && lie_table[lie].tick)
            liar->counts[lie] += lie_table[lie].tick(liar);
}

uint64_t liar_claims(struct liar *liar, uint64_t sealed_height)
{
    return lies_by(liar, LIE_SYNC) ? lie_sync_claims(liar, sealed_height) : sealed_height;
}

void liar_counts(const struct liar *liar, uint64_t counts[LIE_KINDS])
{
    memcpy(counts, liar->counts, sizeof liar->counts);
}
