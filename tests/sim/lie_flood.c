/* Too early, too late, too often: old frames again, and floods about the far future. */
#include "liar_internal.h"

bool lie_replay_says(struct liar *liar, uint16_t to, uint8_t frame, struct blob *blob)
{
    struct stream *s = &liar->streams[LIE_REPLAY];
    uint64_t again = stream_between(s, 0, 2);
    const struct heard *old = memory_frame(liar, s, again == 0 ? frame : 0);
    if (!old) return false;
    liar_send(liar, to, old->frame, old->blob);
    if (again == 2) liar_send(liar, to, frame, blob);
    return true;
}

bool lie_replay_tick(struct liar *liar)
{
    struct stream *s = &liar->streams[LIE_REPLAY];
    uint64_t count = stream_between(s, 1, 4);
    if (!lie_chance(liar, LIE_REPLAY)) return false;
    bool said = false;
    for (uint64_t i = 0; i < count; i++) {
        uint16_t to = liar_target(liar, LIE_REPLAY);
        const struct heard *old = memory_frame(liar, s, 0);
        if (!old) break;
        liar_send(liar, to, old->frame, old->blob);
        said = true;
    }
    return said;
}

/* A number ahead of this one: by little, by more than any window, or where sums overflow. What is
 * out of range is rare: it ends the connection, and then nobody listens to the rest. */
static uint64_t far_from(struct stream *s, uint64_t present)
{
    uint64_t how = stream_between(s, 0, 39);
    uint64_t power = stream_between(s, 0, 61);
    if (how == 0) return VIEW_LIMIT;
    if (how == 1) return UINT64_MAX - power;
    if (how < 5) return VIEW_LIMIT - 1;
    return present % VIEW_LIMIT + (UINT64_C(1) << (how < 10 ? power : power % 12));
}

static struct blob *far_statement(struct liar *liar, struct stream *s)
{
    bool three_chain = liar->config.plan->phases == THREE_CHAIN;
    uint64_t kind = stream_between(s, VOTE, three_chain ? VOTE : COMMIT_VOTE);
    if (stream_chance(s, 50)) kind = TIMEOUT;
    struct statement statement = { .kind = (uint8_t)kind };
    statement.view = far_from(s, liar->view);
    statement.index = far_from(s, liar->index);
    statement.digest = make_digest(s);
    const struct certificate *high = memory_certificate(liar, s, UINT64_MAX);
    if (statement.kind == TIMEOUT && high) return make_timeout(liar, statement.view, high, NULL);
    return make_statement(liar, &statement);
}

static struct blob *far_numbers(struct stream *s, uint8_t frame, uint64_t present)
{
    struct writer w;
    writer_init(&w, 64);
    if (frame == FRAME_FETCH) {
        struct digest digest = make_digest(s);
        write_u8(&w, (uint8_t)stream_between(s, 1, 2));
        write_digest(&w, &digest);
    }
    write_u64(&w, far_from(s, present));
    if (frame == FRAME_SYNC_REQUEST) write_u16(&w, UINT16_MAX);
    struct blob *blob = blob_copy(writer_span(&w));
    writer_free(&w);
    return blob;
}

enum { FLOOD = 16 };

/* Sixteen at once, to one member, which must not keep them. */
bool lie_future_tick(struct liar *liar)
{
    struct stream *s = &liar->streams[LIE_FUTURE];
    uint16_t to = liar_target(liar, LIE_FUTURE);
    if (!lie_chance(liar, LIE_FUTURE)) return false;
    for (int i = 0; i < FLOOD; i++) {
        uint64_t what = stream_between(s, 0, 9);
        struct digest hash = make_digest(s);
        uint64_t height = far_from(s, liar->sealed_height);
        if (what == 0)
            liar_send_made(liar, to, FRAME_SEAL_VOTES, make_seal_vote(liar, height, &hash));
        else if (what == 1)
            liar_send_made(liar, to, FRAME_SYNC_REQUEST,
                           far_numbers(s, FRAME_SYNC_REQUEST, liar->sealed_height));
        else if (what == 2)
            liar_send_made(liar, to, FRAME_FETCH, far_numbers(s, FRAME_FETCH, liar->index));
        else if (what == 3)
            liar_send_made(liar, to, FRAME_TICK_WISH, far_numbers(s, FRAME_TICK_WISH, 0));
        else
            liar_send_made(liar, to, FRAME_ENGINE, far_statement(liar, s));
    }
    return true;
}
