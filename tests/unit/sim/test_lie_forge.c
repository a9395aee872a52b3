/* Forged history: it is told, the production checks refuse it, and nothing but its proof is wrong.
 */
#include "liar_fixture.h"

enum { TIMES = 200 };

/* What an honest member makes of an answer; the block that it begins with. */
struct look {
    enum status status;
    uint16_t taken;
    struct check_block first;
};

static struct look look_at(const struct stage *stage, const struct told *told)
{
    const struct check_context *context = replica_check_context(stage->w->nodes[1].replica);
    struct check_job *job = check_new(CHECK_BLOCKS, stage->member, 0, told->blob, context);
    check_run(job);
    struct look look = { .status = job->status, .taken = job->blocks_count };
    if (job->blocks) look.first = job->blocks[0];
    check_free(job);
    return look;
}

Test(lie_forge, forged_blocks_are_told_in_every_way_and_none_is_taken)
{
    struct stage *stage = stage_open(1u << LIE_SYNC, 1000, 0);
    struct blob *blocks = stage_blocks(stage, 2, 3);
    int unsealed = 0, alone = 0, quorum = 0, forged = 0;
    for (int i = 0; i < TIMES; i++) {
        size_t before = stage->told_count;
        if (!forge_blocks(stage->liar, 3, blob_span(blocks))) continue;
        cr_assert_eq(stage->told_count, before + 1);
        struct look look = look_at(stage, &stage->told[before]);
        cr_assert_neq(look.status, STATUS_OK);
        cr_assert_eq(look.taken, 0, "the forged one stands in front");
        cr_assert_eq(look.first.header.height, 2);
        cr_assert(!digest_equal(&look.first.hash, &stage->w->nodes[0].hashes[2]));
        forged++;
        unsealed += look.first.seal.count == 0;
        alone += look.first.seal.count == 1;
        quorum += look.first.seal.count >= 3;
    }
    cr_assert(forged > TIMES / 4 && forged < TIMES * 3 / 4, "not always");
    cr_assert(unsealed > 5 && alone > 5 && quorum > 5);
    blob_unref(blocks);
    stage_close(stage);
}

/* A ledger that is told to take it finds nothing wrong: only the proof is. */
Test(lie_forge, a_forged_block_executes_to_what_its_header_says)
{
    struct stage *stage = stage_open(1u << LIE_SYNC, 1000, 0);
    struct blob *blocks = stage_blocks(stage, 1, 1);
    struct world *other = world_open(NULL);
    struct problem problem = { .status = STATUS_OK };
    size_t before = stage->told_count;
    while (!forge_blocks(stage->liar, 3, blob_span(blocks)))
        continue;
    struct reader r = reader_of(blob_span(stage->told[before].blob));
    read_u16(&r);
    struct span block = read_bytes32(&r, SIZE_MAX);
    struct execution *execution = NULL;
    cr_assert_eq(ledger_execute_block(other->nodes[0].ledger, block, &execution, &problem),
                 STATUS_OK, "%s", problem.text);
    cr_assert(!digest_equal(&execution->hash, &stage->w->nodes[0].hashes[1]));
    execution_free(execution);
    world_close(other);
    blob_unref(blocks);
    stage_close(stage);
}

Test(lie_forge, forged_anchors_hang_together_and_prove_nothing)
{
    struct stage *stage = stage_open(1u << LIE_SYNC, 1000, 0);
    struct blob *anchor = stage_anchor(stage, 4);
    int longer = 0, as_long = 0;
    for (int i = 0; i < TIMES; i++) {
        size_t before = stage->told_count;
        if (!forge_anchor(stage->liar, 3, blob_span(anchor))) continue;
        cr_assert_eq(stage->told_count, before + 1);
        struct span told = blob_span(stage->told[before].blob);
        enum status status = stage_check(stage, &stage->told[before]);
        cr_assert(status != STATUS_OK && status != STATUS_MALFORMED);
        longer += load_u32(told.data + 8) == 5;
        as_long += load_u32(told.data + 8) == 4;
    }
    cr_assert(longer > 20 && as_long > 20);
    blob_unref(anchor);
    stage_close(stage);
}

Test(lie_forge, nothing_is_forged_from_nothing)
{
    struct stage *stage = stage_open(1u << LIE_SYNC, 1000, 0);
    size_t before = stage->told_count;
    for (int i = 0; i < TIMES; i++) {
        cr_assert_not(forge_blocks(stage->liar, 3, span_of("\0\0", 2)));
        cr_assert_not(forge_blocks(stage->liar, 3, span_of("\1\0\3\0\0\0abc", 9)));
        cr_assert_not(forge_anchor(stage->liar, 3, span_of("\0\0\0\0\0\0\0\0\0\0\0\0", 12)));
    }
    cr_assert_eq(stage->told_count, before);
    stage_close(stage);
}
