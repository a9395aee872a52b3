/* Reads that see all that was decided when they were asked for. */
#include "node/replica_internal.h"

/* Numbers of questions differ from those before a restart: a late answer to one of these says
 * nothing about a read of now. In the simulator seeds repeat, in both hosts time does not. */
void reads_init(struct replica *r)
{
    uint64_t start = (r->config.seed + (r->moment.now_ms << 20)) >> 1;
    r->reads.first = r->reads.number = start;
}

static void answer(struct replica *r, uint64_t ticket, enum read_answer read)
{
    struct output *output = output_push(r, OUTPUT_READ);
    if (!output) return;
    output->ticket = ticket;
    output->read = read;
}

/* One question stands for all reads that wait when it is asked. */
static void reads_ask(struct replica *r)
{
    struct reads_state *reads = &r->reads;
    reads->number++;
    reads->asked = true;
    reads->again_ms = r->moment.now_ms + READ_AGAIN_MS;
    engine_read(r, reads->number);
}

void replica_read(struct replica *r, struct moment moment, uint64_t ticket, uint64_t deadline_ms)
{
    struct reads_state *reads = &r->reads;
    r->moment = moment;
    ASSERT(ticket != 0);
    if (r->stopped || !r->started) return;
    if (!r->ops->reads) {
        answer(r, ticket, READ_UNSUPPORTED);
        return;
    }
    if (r->ended) {
        answer(r, ticket, READ_LATE);
        return;
    }
    if (reads->count == READS_WAITING_MAX) {
        answer(r, ticket, READ_FULL);
        return;
    }
    reads->list[reads->count++] = (struct waiting_read){ .ticket = ticket,
                                                         .deadline_ms = deadline_ms,
                                                         .since = reads->number + 1 };
    pump(r);
}

void reads_answered(struct replica *r, uint64_t number, bool refused, uint64_t index)
{
    struct reads_state *reads = &r->reads;
    if (number <= reads->first || number > reads->number) return;
    if (number == reads->number) reads->asked = false;
    if (refused) {
        reads->again_ms = r->moment.now_ms + READ_REFUSED_MS;
        return;
    }
    for (uint32_t i = 0; i < reads->count; i++) {
        struct waiting_read *read = &reads->list[i];
        if (read->placed || read->since > number) continue;
        read->placed = true;
        read->index = index;
    }
}

/* What is read now may be answered; the rest keeps its order. */
static bool reads_settle(struct replica *r)
{
    struct reads_state *reads = &r->reads;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < reads->count; i++) {
        const struct waiting_read *read = &reads->list[i];
        if (read->placed && read->index <= r->executed_sequence)
            answer(r, read->ticket, READ_READY);
        else if (read->deadline_ms <= r->moment.now_ms)
            answer(r, read->ticket, READ_LATE);
        else
            reads->list[kept++] = *read;
    }
    bool settled = kept < reads->count;
    reads->count = kept;
    return settled;
}

/* Whom could an engine that has ended ask? The next one is asked anew. */
void reads_end(struct replica *r)
{
    for (uint32_t i = 0; i < r->reads.count; i++)
        answer(r, r->reads.list[i].ticket, READ_LATE);
    r->reads.count = 0;
}

/* Is there a read that the last question does not stand for, or whose answer stays out? */
static bool question_due(const struct replica *r)
{
    const struct reads_state *reads = &r->reads;
    for (uint32_t i = 0; i < reads->count; i++) {
        const struct waiting_read *read = &reads->list[i];
        if (read->placed) continue;
        bool unasked = read->since > reads->number;
        if ((unasked && !reads->asked) || r->moment.now_ms >= reads->again_ms) return true;
    }
    return false;
}

bool reads_go_on(struct replica *r)
{
    bool progress = reads_settle(r);
    if (!question_due(r) || r->gated.count >= GATED_MAX) return progress;
    reads_ask(r);
    return true;
}

uint64_t reads_wake_at(const struct replica *r)
{
    const struct reads_state *reads = &r->reads;
    uint64_t at = UINT64_MAX;
    for (uint32_t i = 0; i < reads->count; i++) {
        at = min_u64(at, reads->list[i].deadline_ms);
        if (!reads->list[i].placed) at = min_u64(at, reads->again_ms);
    }
    return at;
}
