/* tests/unit/sim/liar_fixture.h -- a liar on a stage: frames of an honest cluster go in, what it
 * tells comes out, and the production checks say what they think of it.
 *
 * The cluster is a `world` of four production replicas (replica_fixture.h). All frames between them
 * are kept; then a liar in the place of one member hears what that member heard and says what it
 * said.
 *
 *     struct stage *stage = stage_open(1u << LIE_MUTATE, 1000, 0);
 *     stage_play(stage);
 *     ... stage->told[0 .. told_count) ...
 *     stage_close(stage);
 */
#ifndef TESTS_SIM_LIAR_FIXTURE_H
#define TESTS_SIM_LIAR_FIXTURE_H

#include "tests/sim/liar_internal.h"
#include "tests/unit/node/replica_fixture.h"

enum { TOLD_MAX = 16384, KEPT_MAX = 16384 };

struct told {
    uint16_t from, to;
    uint8_t frame;
    struct blob *blob;
};

struct stage {
    struct world *w;
    struct plan plan;
    struct liar *liar;
    uint16_t member;
    struct told kept[KEPT_MAX]; /* of the honest run */
    size_t kept_count;
    struct told told[TOLD_MAX]; /* by the liar */
    size_t told_count;
};

static inline void stage_add(struct told *list, size_t *count, size_t max, struct told one)
{
    cr_assert_lt(*count, max);
    list[(*count)++] = (struct told){ one.from, one.to, one.frame, blob_copy(blob_span(one.blob)) };
}

static inline bool stage_keep(struct world *w, uint16_t from, uint16_t to, uint8_t frame,
                              struct blob **payload)
{
    struct stage *stage = w->context;
    stage_add(stage->kept, &stage->kept_count, KEPT_MAX,
              (struct told){ from, to, frame, *payload });
    return true;
}

static inline void stage_send(void *user, uint16_t from, uint16_t to, uint8_t frame,
                              struct blob *blob)
{
    struct stage *stage = user;
    cr_assert_eq(from, stage->member);
    cr_assert_neq(to, stage->member);
    cr_assert_lt(to, stage->w->options.nodes);
    stage_add(stage->told, &stage->told_count, TOLD_MAX, (struct told){ from, to, frame, blob });
}

/* A liar who begins anew, with the same world. */
static inline void stage_liar(struct stage *stage, uint32_t lies, unsigned permille, uint64_t seed)
{
    liar_free(stage->liar);
    for (size_t i = 0; i < stage->told_count; i++)
        blob_unref(stage->told[i].blob);
    stage->told_count = 0;
    stage->plan.nodes = stage->w->options.nodes;
    stage->plan.phases = 2;
    stage->plan.liars = UINT64_C(1) << stage->member;
    stage->plan.lies = lies;
    stage->plan.lie_permille = permille;
    struct liar_config config = { .plan = &stage->plan,
                                  .genesis = stage->w->genesis,
                                  .seal_key = &stage->w->seal_keys[stage->member],
                                  .replica = stage->member,
                                  .member = stage->member,
                                  .seed = seed,
                                  .send = stage_send,
                                  .user = stage };
    stage->liar = liar_new(&config);
}

/* Twelve blocks of a healthy cluster. */
static inline struct stage *stage_open(uint32_t lies, unsigned permille, uint16_t member)
{
    struct stage *stage = calloc(1, sizeof *stage);
    ASSERT(stage != NULL);
    stage->w = world_open(NULL);
    stage->w->context = stage;
    stage->w->filter = stage_keep;
    stage->member = member;
    for (uint64_t i = 0; i < 12; i++)
        world_load(stage->w, (uint16_t)(i % 4), 10 * i, 3), world_run(stage->w, 15);
    cr_assert_gt(stage->w->nodes[0].height, 8);
    stage_liar(stage, lies, permille, 1);
    return stage;
}

/* One member says nothing any more, so that its views time out; then the others go on. */
static inline void stage_time_out(struct stage *stage, uint16_t silent)
{
    for (uint16_t n = 0; n < 4; n++)
        stage->w->cut[silent][n] = stage->w->cut[n][silent] = true;
    for (uint64_t i = 0; i < 6; i++) {
        world_load(stage->w, (uint16_t)((silent + 1) % 4), 1000 + 10 * i, 3);
        world_run(stage->w, 1500);
    }
    for (uint16_t n = 0; n < 4; n++)
        stage->w->cut[silent][n] = stage->w->cut[n][silent] = false;
}

/* Who leads the views before the liar's. */
static inline uint16_t stage_before(const struct stage *stage)
{
    const struct pacer *pacer = &stage->liar->pacer;
    uint64_t view = 1;
    while (pacer_leader(pacer, view) != stage->member)
        view++;
    return pacer_leader(pacer, view - 1);
}

static inline void stage_close(struct stage *stage)
{
    liar_free(stage->liar);
    for (size_t i = 0; i < stage->told_count; i++)
        blob_unref(stage->told[i].blob);
    for (size_t i = 0; i < stage->kept_count; i++)
        blob_unref(stage->kept[i].blob);
    world_close(stage->w);
    free(stage);
}

static inline struct message stage_message(const struct told *told)
{
    struct message message;
    cr_assert_eq(told->frame, FRAME_ENGINE);
    cr_assert_eq(message_read(blob_span(told->blob), told->blob->size, &message), STATUS_OK);
    return message;
}

static inline struct proposal stage_proposal(const struct message *message)
{
    struct proposal proposal;
    struct reader r = reader_of(message->attachment);
    proposal_read(&r, &proposal);
    cr_assert_eq(reader_status(&r), STATUS_OK);
    return proposal;
}

/* The liar hears and says what its member heard and said; a tick now and then. */
static inline void stage_play(struct stage *stage)
{
    uint64_t view = 0;
    for (size_t i = 0; i < stage->kept_count; i++) {
        struct told *kept = &stage->kept[i];
        if (kept->frame == FRAME_ENGINE) view = max_u64(view, stage_message(kept).statement.view);
        if (kept->to == stage->member) liar_hears(stage->liar, kept->from, kept->frame, kept->blob);
        if (kept->from == stage->member) liar_says(stage->liar, kept->to, kept->frame, kept->blob);
        if (i % 16 == 0) liar_tick(stage->liar, view, view, stage->w->nodes[0].sealed);
    }
}

/* As stage_play, hearing alone; and it takes no occasion. */
static inline void stage_hear(struct stage *stage)
{
    unsigned permille = stage->plan.lie_permille;
    stage->plan.lie_permille = 0;
    for (size_t i = 0; i < stage->kept_count; i++) {
        struct told *kept = &stage->kept[i];
        liar_tick(stage->liar, i, i, 1);
        if (kept->to == stage->member) liar_hears(stage->liar, kept->from, kept->frame, kept->blob);
    }
    stage->plan.lie_permille = permille;
}

static inline bool stage_is(const struct told *told, enum hotstuff_kind kind)
{
    struct message message;
    return told->frame == FRAME_ENGINE &&
           message_read(blob_span(told->blob), told->blob->size, &message) == STATUS_OK &&
           message.statement.kind == kind;
}

/* Said by the honest one, to whomever? */
static inline bool stage_said(const struct stage *stage, const struct told *told)
{
    for (size_t i = 0; i < stage->kept_count; i++)
        if (stage->kept[i].from == stage->member && stage->kept[i].frame == told->frame &&
            span_equal(blob_span(stage->kept[i].blob), blob_span(told->blob)))
            return true;
    return false;
}

/* Signed with the member's own key. */
static inline bool stage_signed(const struct stage *stage, const struct message *message)
{
    const struct check_context *context = replica_check_context(stage->w->nodes[1].replica);
    return statement_verify(&context->config.domain, context->config.committee, NULL, stage->member,
                            &message->statement, &message->signature) == STATUS_OK;
}

/* What an honest member's check says. */
static inline enum status stage_check(const struct stage *stage, const struct told *told)
{
    const struct check_context *context = replica_check_context(stage->w->nodes[1].replica);
    static const enum check_kind kinds[] = { [FRAME_ENGINE] = CHECK_MESSAGE,
                                             [FRAME_TRANSACTIONS] = CHECK_GOSSIP,
                                             [FRAME_SEAL_VOTES] = CHECK_SEAL_VOTES,
                                             [FRAME_SYNC_BLOCKS] = CHECK_BLOCKS,
                                             [FRAME_ANCHOR] = CHECK_ANCHOR };
    struct check_job *job = check_new(kinds[told->frame], stage->member, 0, told->blob, context);
    ASSERT(job != NULL);
    check_run(job);
    enum status status = job->status;
    check_free(job);
    return status;
}

/* ---- answers to those who are behind ---- */

static inline struct blob *stage_blob(struct writer *w)
{
    struct blob *blob = blob_copy(writer_span(w));
    writer_free(w);
    return blob;
}

static inline struct blob *stage_blocks(const struct stage *stage, uint64_t first, uint16_t count)
{
    const struct world_node *node = &stage->w->nodes[0];
    struct writer w;
    writer_init(&w, SIZE_MAX / 2);
    write_u16(&w, count);
    for (uint64_t h = first; h < first + count; h++) {
        uint8_t bytes[SEAL_BYTES_MAX];
        struct writer seal;
        writer_init_fixed(&seal, bytes, sizeof bytes);
        cr_assert_not_null(node->seals[h]);
        seal_write(&seal, node->seals[h]);
        write_bytes32(&w, blob_span(node->blocks[h]));
        write_bytes16(&w, writer_span(&seal));
    }
    return stage_blob(&w);
}

/* The last `count` decisions in node 0's journal, with the proof of the last that has one. */
static inline struct blob *stage_anchor(const struct stage *stage, uint32_t count)
{
    const struct world_node *node = &stage->w->nodes[0];
    struct span proposals[64];
    struct span proof = { 0 };
    uint32_t found = 0;
    for (size_t i = node->records_count; i-- > 0 && found < count;) {
        if (node->records[i].kind != JOURNAL_DECIDED) continue;
        struct reader r = reader_of(blob_span(node->records[i].payload));
        read_u64(&r);
        struct span proposal = read_bytes(&r, PROPOSAL_BYTES);
        struct span own = read_bytes32(&r, SIZE_MAX);
        if (found == 0 && own.size == 0) continue;
        if (found == 0) proof = own;
        proposals[found++] = proposal;
    }
    cr_assert_eq(found, count);
    struct writer w;
    writer_init(&w, SIZE_MAX / 2);
    write_u64(&w, 0);
    write_u32(&w, count);
    while (found-- > 0)
        write_bytes(&w, proposals[found]);
    write_bytes32(&w, proof);
    return stage_blob(&w);
}

#endif
