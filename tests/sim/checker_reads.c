/* Reads of the latest state are linearizable: each takes effect at one moment between its question
 * and its answer. State only grows here, block by block, so that it is enough to compare heights:
 * an answer is not below what any client knew when the question was asked, be it from a receipt or
 * from another read. */
#include "checker_internal.h"

#include <inttypes.h>

/* A frail member may have been made to believe anything by a flipped bit. */
void checker_acknowledged(struct checker *checker, uint16_t replica, uint64_t height)
{
    const struct watched *w = &checker->watched[replica];
    if (w->honest && !w->frail) checker->shown = max_u64(checker->shown, height);
}

uint64_t checker_read_floor(const struct checker *checker)
{
    return checker->shown;
}

void checker_read(struct checker *checker, uint16_t replica, uint64_t floor, uint64_t height)
{
    const struct watched *w = &checker->watched[replica];
    if (!w->honest || w->frail) return;
    if (height < floor)
        checker_fail(checker, CHECK_READS,
                     "node %u: a read shows block %" PRIu64
                     ", but when it was asked for block %" PRIu64 " was known",
                     replica, height, floor);
    checker->shown = max_u64(checker->shown, height);
}
