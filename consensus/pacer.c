#include "consensus/pacer.h"

/* An hour a view is long enough for any network, and no product below overflows. */
static const uint64_t VIEW_MS_LIMIT = 3600 * 1000;
static const uint64_t GROWTH_LIMIT = 1000 * 1000;

/* The leader order's stream of numbers. */
struct stream {
    const struct engine_config *config;
    uint64_t counter;
    struct digest block;
    size_t used; /* bytes of the block */
};

static uint64_t stream_next(struct stream *stream)
{
    if (stream->used == sizeof stream->block.bytes) {
        uint8_t numbers[16];
        store_u64(numbers, stream->config->domain.epoch);
        store_u64(numbers + 8, stream->counter++);
        struct span parts[] = { digest_span(&stream->config->domain.chain_id),
                                span_of(numbers, sizeof numbers) };
        stream->block = digest_of_parts(TAG_LEADER, parts, 2);
        stream->used = 0;
    }
    uint64_t word = load_u64(stream->block.bytes + stream->used);
    stream->used += 8;
    return word;
}

/* Uniform in 0 .. count-1. Words in the incomplete last run of count are skipped, for they would
 * favour small numbers. */
static uint64_t stream_draw(struct stream *stream, uint64_t count)
{
    uint64_t skipped = (UINT64_MAX % count + 1) % count;
    uint64_t word = stream_next(stream);
    while (word > UINT64_MAX - skipped)
        word = stream_next(stream);
    return word % count;
}

void pacer_init(struct pacer *pacer, const struct engine_config *config)
{
    pacer->count = config->committee->count;
    pacer->view_ms = max_u64(engine_option(config, "view_ms", 1000), 1);
    uint64_t growth = engine_option(config, "view_growth_permille", 1500);
    pacer->growth_permille = min_u64(max_u64(growth, 1000), GROWTH_LIMIT);
    pacer->view_ms_max = max_u64(engine_option(config, "view_ms_max", 8000), pacer->view_ms);

    struct stream stream = { .config = config, .used = sizeof stream.block.bytes };
    for (uint16_t i = 0; i < pacer->count; i++)
        pacer->order[i] = i;
    for (uint16_t i = pacer->count; i-- > 1;) {
        uint64_t j = stream_draw(&stream, (uint64_t)i + 1);
        uint16_t other = pacer->order[j];
        pacer->order[j] = pacer->order[i];
        pacer->order[i] = other;
    }
}

uint16_t pacer_leader(const struct pacer *pacer, uint64_t view)
{
    return pacer->order[view % pacer->count];
}

uint64_t pacer_view_ms(const struct pacer *pacer, uint64_t views, uint64_t undecided)
{
    uint64_t limit = min_u64(pacer->view_ms_max, VIEW_MS_LIMIT);
    bool views_too_short = undecided > PACER_PATIENCE;
    if (views_too_short) {
        uint64_t doublings = min_u64((undecided - PACER_PATIENCE) / PACER_PATIENCE_STEP + 1, 22);
        return min_u64(limit << doublings, VIEW_MS_LIMIT);
    }
    uint64_t ms = min_u64(pacer->view_ms, limit);
    for (uint64_t view = PACER_CALM_VIEWS; view < views && ms < limit; view++) {
        uint64_t longer = ms * pacer->growth_permille / 1000;
        if (longer == ms) break; /* no growth, or too little for whole milliseconds */
        ms = min_u64(longer, limit);
    }
    return ms;
}
