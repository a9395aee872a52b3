/* Silence: for a scene of two seconds some members do not hear all. */
#include "liar_internal.h"

enum silence {
    SILENT,       /* nothing at all */
    NO_PROPOSALS, /* they learn of them by the votes of others, and must ask */
    NO_VOTES,     /* neither votes nor timeouts */
    NO_BATCHES,   /* the header of a proposal alone */
    NO_ANSWERS,   /* and no seal votes */
    LATE,         /* all of it, but seconds later */
    LATE_PROPOSALS,
    SILENCES,
};

static bool is_statement(uint8_t frame, struct span payload, uint8_t *kind)
{
    *kind = payload.size > 0 ? payload.data[0] : 0;
    return frame == FRAME_ENGINE;
}

static void say_header(struct liar *liar, uint16_t to, struct span payload)
{
    struct message message;
    if (message_read(payload, payload.size, &message) != STATUS_OK) return;
    message.batch = span_of("", 0);
    struct writer w;
    writer_init(&w, SIZE_MAX / 2);
    message_write(&w, &message);
    liar_send_written(liar, to, FRAME_ENGINE, &w);
}

/* Keeps a frame back; false if there is no room for more. */
static bool hold(struct liar *liar, uint16_t to, uint8_t frame, struct blob *blob)
{
    uint64_t ticks = stream_between(&liar->streams[LIE_WITHHOLD], 1, 2 * WINDOW_TICKS);
    for (size_t i = 0; i < HELD_MAX; i++) {
        if (liar->held[i].blob) continue;
        liar->held[i] = (struct held){ to, frame, blob_ref(blob), liar->ticks + ticks };
        return true;
    }
    return false;
}

bool lie_withhold_says(struct liar *liar, uint16_t to, uint8_t frame, struct blob *blob)
{
    uint64_t window = liar->ticks / WINDOW_TICKS;
    struct stream s = scene_of(liar, LIE_WITHHOLD, window);
    bool active = scene_chance(liar, &s);
    uint64_t victims = stream_next(&s);
    uint64_t silence = stream_between(&s, 0, SILENCES - 1);
    if (!active || (victims >> to & 1) == 0) return false;

    uint8_t kind;
    bool statement = is_statement(frame, blob_span(blob), &kind);
    bool proposal = statement && kind == PROPOSAL;
    bool vote = statement && (kind == VOTE || kind == COMMIT_VOTE || kind == TIMEOUT);
    bool answer = frame == FRAME_FETCHED || frame == FRAME_SYNC_BLOCKS || frame == FRAME_ANCHOR ||
                  frame == FRAME_SEAL_VOTES;
    bool told = false;
    switch ((enum silence)silence) {
    case SILENT: told = true; break;
    case NO_PROPOSALS: told = proposal; break;
    case NO_VOTES: told = vote; break;
    case NO_BATCHES: told = proposal; break;
    case NO_ANSWERS: told = answer; break;
    case LATE: told = hold(liar, to, frame, blob); break;
    case LATE_PROPOSALS: told = proposal && hold(liar, to, frame, blob); break;
    case SILENCES: break;
    }
    if (told && silence == NO_BATCHES) say_header(liar, to, blob_span(blob));
    liar->counts[LIE_WITHHOLD] += told;
    return told;
}

/* What was kept back goes out. */
bool lie_withhold_tick(struct liar *liar)
{
    for (size_t i = 0; i < HELD_MAX; i++) {
        struct held *held = &liar->held[i];
        if (!held->blob || liar->ticks < held->until_tick) continue;
        liar_send_made(liar, held->to, held->frame, held->blob);
        held->blob = NULL;
    }
    return false;
}
