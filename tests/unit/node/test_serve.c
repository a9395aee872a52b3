/* Sealed blocks for a peer: whole, in order, up to the last one that is proven, within the limits.
 */
#include "node/serve.h"
#include "replica_fixture.h"

#include <unistd.h>

enum { BLOCKS = 6 };

static struct world *w;
static char dir[64], path[96];
static struct ledger *ledger;
static struct ledger_reader *reader;
static struct buffer answer;

/* A file with the blocks of a world, and the seals of some of them. */
static void setup(void)
{
    strcpy(dir, "/tmp/witan_serve_XXXXXX");
    cr_assert(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/ledger.db", dir);
    w = world_open(NULL);
    world_blocks(w, 0, 1, BLOCKS);
    struct problem problem;
    cr_assert_eq(ledger_open(&ledger, w->genesis, path, NULL, &problem), STATUS_OK);
    for (uint64_t height = 1; height <= BLOCKS; height++) {
        struct execution *execution;
        cr_assert_eq(ledger_execute_block(ledger, blob_span(w->nodes[0].blocks[height]), &execution,
                                          &problem),
                     STATUS_OK, "%s", problem.text);
        execution_free(execution);
    }
    cr_assert_eq(ledger_reader_open(&reader, path, NULL, &problem), STATUS_OK);
}

static void teardown(void)
{
    char name[128];
    buffer_free(&answer);
    ledger_reader_close(reader);
    ledger_close(ledger);
    world_close(w);
    for (const char *end = ""; end; end = *end == 0 ? "-wal" : end[1] == 'w' ? "-shm" : NULL) {
        snprintf(name, sizeof name, "%s%s", path, end);
        unlink(name);
    }
    rmdir(dir);
}
TestSuite(serve, .init = setup, .fini = teardown);

static void seal(uint64_t height, uint16_t signers)
{
    struct problem problem;
    struct seal some = *w->nodes[0].seals[height];
    some.count = signers;
    cr_assert_eq(ledger_store_seal(ledger, &some, &problem), STATUS_OK, "%s", problem.text);
}

static uint16_t serve(uint64_t height, uint16_t count)
{
    buffer_free(&answer);
    cr_assert_eq(serve_blocks(reader, 1 << 20, height, count, &answer), STATUS_OK);
    return load_u16(answer.data);
}

/* Reads the answer: blocks from this height on; how many of them have a seal. */
static uint16_t sealed_from(uint64_t height)
{
    struct reader r = reader_of(buffer_span(&answer));
    uint16_t count = read_u16(&r), sealed = 0;
    for (uint16_t i = 0; i < count; i++) {
        struct span block = read_bytes32(&r, 1 << 20);
        struct span bytes = read_bytes16(&r, SEAL_BYTES_MAX);
        cr_assert(span_equal(block, blob_span(w->nodes[0].blocks[height + i])));
        if (bytes.size > 0) sealed++;
        if (i + 1 == count) cr_assert_gt(bytes.size, 0, "the last one is proven");
    }
    cr_assert_eq(reader_end(&r), STATUS_OK);
    return sealed;
}

Test(serve, nothing_without_a_seal)
{
    cr_assert_eq(serve(1, 10), 0);
    cr_assert_eq(answer.size, 2);
}

Test(serve, up_to_the_last_seal)
{
    seal(2, 3);
    seal(4, 3);
    cr_assert_eq(serve(1, 10), 4);
    cr_assert_eq(sealed_from(1), 2);
    cr_assert_eq(serve(3, 10), 2);
    cr_assert_eq(sealed_from(3), 1);
    cr_assert_eq(serve(5, 10), 0, "5 and 6 are proven by nothing");
}

Test(serve, too_few_signatures_are_no_seal)
{
    seal(2, 3);
    seal(3, 2);
    cr_assert_eq(serve(1, 10), 2);
    cr_assert_eq(sealed_from(1), 1);
}

Test(serve, at_most_what_was_asked_for)
{
    for (uint64_t height = 1; height <= BLOCKS; height++)
        seal(height, 3);
    cr_assert_eq(serve(2, 3), 3);
    cr_assert_eq(sealed_from(2), 3);
    cr_assert_eq(serve(1, 0), 0);
    cr_assert_eq(serve(BLOCKS, 100), 1);
    cr_assert_eq(serve(BLOCKS + 1, 100), 0);
    cr_assert_eq(serve(UINT64_MAX, 100), 0);
}
